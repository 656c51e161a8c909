package facts

import (
	"bytes"
	"strconv"
	"strings"
)

// proxyConfiguration tells the files in which proxies are configured.
func proxyConfiguration(path, base string) bool {
	switch {
	case strings.HasSuffix(base, ".conf"), strings.HasSuffix(base, ".conf.template"), strings.HasSuffix(base, ".vhost"), strings.HasSuffix(base, ".cfg"), strings.HasSuffix(base, ".nginx"),
		strings.HasPrefix(base, "nginx"), strings.HasPrefix(base, "default.conf"), strings.HasPrefix(base, "caddyfile"), strings.HasSuffix(base, "caddyfile"), strings.HasPrefix(base, "haproxy"), strings.HasPrefix(base, "traefik"),
		base == ".htaccess", strings.Contains(path, "nginx/"), strings.Contains(path, "sites-"):
		return true
	}
	return false
}

// maxProxyLines bounds how much of a proxy's configuration is read.
const maxProxyLines = 4000

// proxies reads proxy_pass of nginx, ProxyPass of Apache, reverse_proxy of Caddy, backends of HAProxy, and upstreams with several servers.
func proxies(s *Source) {
	line, servers, section := 0, 0, ""
	begin := 0
	flush := func() {
		if section == "upstream" && servers > 1 || section == "backend" && servers > 1 {
			s.Emit(Fact{Kind: KindScale, Name: "load balancer", Value: section + " with " + strconv.Itoa(servers) + " servers", Line: begin})
		}
		servers = 0
	}
	for text := range bytes.Lines(s.Raw) {
		if line++; line > maxProxyLines {
			break
		}
		t := strings.TrimSpace(string(text[:min(len(text), 400)]))
		if t == "" || t[0] == '#' {
			continue
		}
		word, rest, _ := strings.Cut(t, " ")
		rest = strings.TrimSpace(rest)
		lower := strings.ToLower(word)
		switch lower {
		case "upstream":
			flush()
			section, begin = "upstream", line
		case "backend", "listen", "frontend", "defaults", "global":
			if strings.HasSuffix(t, ";") { // listen 80; of nginx
				break
			}
			flush()
			section, begin = "other", line
			if lower == "backend" || lower == "listen" {
				section = "backend"
			}
		case "server":
			if section == "upstream" && strings.Contains(rest, ";") && !strings.Contains(rest, " down") {
				servers++
			}
			if section == "backend" && len(strings.Fields(rest)) >= 2 {
				servers++
				s.proxy("HAProxy", t, line)
			}
		case "}":
			flush()
			section = ""
		case "proxy_pass", "fastcgi_pass", "uwsgi_pass", "grpc_pass", "scgi_pass":
			s.proxy("nginx", t, line)
		case "proxypass", "proxypassmatch", "balancermember":
			s.proxy("Apache", t, line)
		case "reverse_proxy", "php_fastcgi":
			s.proxy("Caddy", t, line)
			if len(strings.Fields(strings.TrimSuffix(rest, "{"))) > 2 || strings.Count(rest, ":") > 1 && strings.Contains(rest, " ") && !strings.Contains(rest, "://") {
				s.Emit(Fact{Kind: KindScale, Name: "load balancer", Value: t, Line: line})
			}
		case "loadbalancer:", "[http.services", "[backends":
			s.proxy("Traefik", t, line)
		default:
			if i := strings.Index(t, "proxy_pass "); i > 0 && strings.Contains(t[:i], "{") { // location / { proxy_pass ...; } on one line
				s.proxy("nginx", t, line)
			}
			if strings.HasPrefix(t, "[http.services") || strings.Contains(t, "entryPoints") && strings.Contains(t, "http") {
				s.proxy("Traefik", t, line)
			}
		}
	}
	flush()
}

func (s *Source) proxy(name, text string, line int) {
	s.Emit(Fact{Kind: KindProxy, Name: name, Value: text, Line: line})
}
