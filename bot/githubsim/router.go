package githubsim

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
)

// route is one operation of the REST interface.
type route struct {
	method   string
	template string // as in GitHub's description
	access   string // what the caller must hold, see access.go
	pattern  *regexp.Regexp
	names    []string
	handle   func(*call) answer
}

var templateVar = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{([a-z_]+)\}`) })

// spanning are the variables that may hold slashes.
var spanning = map[string]bool{"path": true, "ref": true, "basehead": true, "dir": true, "tree_sha": true, "branch": true}

// newRoute compiles a template. A variable spans one segment, but for those whose values may
// hold slashes (paths, refs).
func newRoute(method, template, access string, handle func(*call) answer) *route {
	r := &route{method: method, template: template, access: access, handle: handle}
	var b strings.Builder
	b.WriteString("^")
	last := 0
	for _, m := range templateVar().FindAllStringSubmatchIndex(template, -1) {
		b.WriteString(regexp.QuoteMeta(template[last:m[0]]))
		name := template[m[2]:m[3]]
		r.names = append(r.names, name)
		if spanning[name] {
			b.WriteString("(.+?)")
		} else {
			b.WriteString("([^/]+)")
		}
		last = m[1]
	}
	b.WriteString(regexp.QuoteMeta(template[last:]))
	b.WriteString("/?$")
	r.pattern = regexp.MustCompile(b.String())
	return r
}

// match finds the route for an escaped path; the second result is false when no
// template fits, and the route is nil when one fits with another method only.
func (s *Sim) match(method, path string) (*route, map[string]string, bool) {
	known := false
	for _, r := range s.routes {
		if r.method != method && known {
			continue
		}
		m := r.pattern.FindStringSubmatch(path)
		if m == nil {
			continue
		}
		known = true
		if r.method != method && (method != http.MethodHead || r.method != http.MethodGet) {
			continue
		}
		vars := make(map[string]string, len(r.names))
		for i, name := range r.names {
			v, err := url.PathUnescape(m[i+1])
			if err != nil {
				v = m[i+1]
			}
			vars[name] = v
		}
		return r, vars, true
	}
	return nil, nil, known
}
