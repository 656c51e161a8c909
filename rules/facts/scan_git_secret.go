package facts

import (
	"bytes"
	"strings"
)

// KindSecret is a secret that is written into a file. No fact holds any part of the secret itself. Name is its sort: "private-key" and
// "token" (Value says whose), "env" (a value in an environment file; Value is the variable), "signing-key" and "password" (Value is the
// name that it is assigned to, or the call). Scope is "fallback" where it is used only when a variable is unset, "plain" where its name
// alone does not tell what it opens, "set" for any value of an environment file whose name is no secret's.
const KindSecret Kind = "secret"

// tokenForm is a format of access tokens: a start and what follows it.
type tokenForm struct {
	start, owner string
	min          int    // characters after the start, at least
	only         string // characters allowed besides letters and digits
}

// tokenForms are formats that tell by themselves what they are.
var tokenForms = []tokenForm{
	{"ghp_", "GitHub token", 36, ""}, {"gho_", "GitHub token", 36, ""}, {"ghu_", "GitHub token", 36, ""}, {"ghs_", "GitHub token", 36, ""}, {"github_pat_", "GitHub token", 40, "_"},
	{"AKIA", "AWS access key", 16, ""}, {"ASIA", "AWS access key", 16, ""}, {"AIza", "Google API key", 35, "-_"}, {"GOCSPX-", "Google client secret", 24, "-_"},
	{"ya29.", "Google token", 40, "-_"}, {"xoxb-", "Slack token", 20, "-"}, {"xoxp-", "Slack token", 20, "-"}, {"xoxa-", "Slack token", 20, "-"}, {"xapp-", "Slack token", 20, "-"},
	{"hooks.slack.com/services/T", "Slack webhook", 30, "/"}, {"sk_live_", "Stripe key", 20, ""}, {"rk_live_", "Stripe key", 20, ""}, {"sk_test_", "Stripe test key", 20, ""}, {"whsec_", "Stripe webhook secret", 24, ""},
	{"sk-proj-", "OpenAI key", 40, "-_"}, {"sk-ant-", "Anthropic key", 40, "-_"}, {"sk-or-v1-", "OpenRouter key", 40, ""}, {"sk-", "OpenAI key", 40, ""}, {"gsk_", "Groq key", 40, ""}, {"hf_", "Hugging Face token", 30, ""},
	{"SG.", "SendGrid key", 60, "-_."}, {"npm_", "npm token", 36, ""}, {"pypi-AgE", "PyPI token", 50, "-_"}, {"glpat-", "GitLab token", 20, "-_"}, {"dop_v1_", "DigitalOcean token", 60, ""},
	{"shpat_", "Shopify token", 32, ""}, {"EAAC", "Facebook token", 80, ""}, {"dckr_pat_", "Docker token", 24, "-_"}, {"xkeysib-", "Brevo key", 60, "-"}, {"r8_", "Replicate token", 36, ""}, {"rnd_", "Render key", 28, ""},
	{"discord.com/api/webhooks/", "Discord webhook", 70, "-_/"}, {"discordapp.com/api/webhooks/", "Discord webhook", 70, "-_/"}, {":AAE", "Telegram token", 30, "-_"}, {":AAF", "Telegram token", 30, "-_"}, {":AAG", "Telegram token", 30, "-_"}, {":AAH", "Telegram token", 30, "-_"},
}

var tokenScanner = scanner{langs: anyLanguage, view: Text, triggers: tokenStarts(), scan: scanToken}

func tokenStarts() []string {
	out := make([]string, 0, len(tokenForms))
	for _, f := range tokenForms {
		out = append(out, f.start)
	}
	return out
}

func alnum(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}

func scanToken(s *Source, off int) {
	for _, f := range tokenForms {
		if !bytes.HasPrefix(s.Raw[off:], []byte(f.start)) {
			continue
		}
		if off > 0 && f.start[0] != ':' && (alnum(s.Raw[off-1]) || s.Raw[off-1] == '_' || s.Raw[off-1] == '-') {
			return
		}
		end := off + len(f.start)
		for end < len(s.Raw) && end-off < 400 && (alnum(s.Raw[end]) || strings.IndexByte(f.only, s.Raw[end]) >= 0) {
			end++
		}
		body := string(s.Raw[off+len(f.start) : end])
		if len(body) < f.min || f.start[0] == 'A' && f.min == 16 && (len(body) != 16 || strings.ToUpper(body) != body) || f.start == "AIza" && len(body) != 35 {
			continue
		}
		if f.start[0] == ':' && !digitsBefore(s.Raw[:off], 8) {
			return
		}
		if !madeUp(body) {
			s.Emit(Fact{Kind: KindSecret, Name: "token", Value: f.owner, Line: s.LineOf(off)})
		}
		return
	}
}

func digitsBefore(b []byte, n int) bool {
	if len(b) < n {
		return false
	}
	for _, c := range b[len(b)-n:] {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// madeUp tells a token that stands for one: words in it, or too few different characters.
func madeUp(body string) bool {
	low := strings.ToLower(body)
	for _, w := range []string{"example", "xxxx", "your", "placeholder", "123456789", "abcdef", "fake", "dummy", "sample", "0000000", "redacted", "changeme", "replace"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	var seen [256]bool
	n := 0
	for i := range len(body) {
		if !seen[body[i]] {
			seen[body[i]] = true
			n++
		}
	}
	return n < 8
}

// keyScanner finds private keys: PEM, and the base64 of their ASN.1 without the armour. The literals are the parts that every key of a
// sort begins with, whatever its size.
var keyScanner = scanner{
	langs: anyLanguage, view: Text,
	triggers: []string{"PRIVATE KEY-----", "IBADANBgkqhkiG9w0BAQEFAASC", "IBAAKCAQEA", "IBAAKBgQ", "IBAAKCAgEA", "MHcCAQEEI", "MIGHAgEAMBMGByqGSM49"},
	scan:     scanPrivateKey,
}

func scanPrivateKey(s *Source, off int) {
	if s.Raw[off] == 'P' {
		head := s.Between(Text, off-40, off)
		i := bytes.LastIndex(head, []byte("-----BEGIN "))
		if i < 0 || bytes.IndexByte(head[i:], '\n') >= 0 {
			return
		}
		// The body may follow in the next line, after an escaped line end, or in the next string of a concatenation.
		n := 0
		for _, c := range s.Between(Text, off+len("PRIVATE KEY-----"), off+400) {
			if alnum(c) || c == '+' || c == '/' {
				n++
			} else if c == '.' || c == '<' || c == '[' || c == '$' {
				break
			}
		}
		if n >= 60 {
			s.Emit(Fact{Kind: KindSecret, Name: "private-key", Value: "private key", Line: s.LineOf(off)})
		}
		return
	}
	n, end := 0, off
	for end < len(s.Raw) && n < 200 && (alnum(s.Raw[end]) || s.Raw[end] == '+' || s.Raw[end] == '/') {
		end++
		n++
	}
	if n >= 60 {
		s.Emit(Fact{Kind: KindSecret, Name: "private-key", Value: "private key", Line: s.LineOf(off)})
	}
}

// isKeyFile recognises files that hold nothing but a key: config/master.key and tmp/development_secret.txt of Rails, secret.key.
func isKeyFile(_, base string) bool {
	name, ext, _ := strings.Cut(base, ".")
	return ext == "key" || strings.Contains(name, "secret") && (ext == "" || ext == "txt") || base == ".secret"
}

func scanKeyFile(s *Source) {
	if key := strings.TrimSpace(string(s.Raw[:min(len(s.Raw), 1<<10)])); len(key) < 1<<9 && random(key) && !madeUp(key) {
		s.Emit(Fact{Kind: KindSecret, Name: "signing-key", Value: "a file of its own", Line: 1})
	}
}

// isEnvFile recognises environment files: ".env", ".env.local", "prod.env".
func isEnvFile(_, base string) bool {
	return base == ".env" || strings.HasPrefix(base, ".env.") || strings.HasSuffix(base, ".env") || base == ".envrc" || base == ".flaskenv"
}

// stores are variables by which Laravel chooses where it keeps what; the file of its generator names a database or a file for each.
var stores = map[string]bool{"CACHE_STORE": true, "CACHE_DRIVER": true, "QUEUE_CONNECTION": true, "QUEUE_DRIVER": true, "SESSION_DRIVER": true, "BROADCAST_DRIVER": true, "BROADCAST_CONNECTION": true}

// scanEnvFile reads the names that an environment file gives a value to.
func scanEnvFile(s *Source) {
	set := false
	for i, l := range bytes.Split(s.Raw[:min(len(s.Raw), 64<<10)], []byte{'\n'}) {
		t := strings.TrimPrefix(strings.TrimSpace(string(l)), "export ")
		name, value, ok := strings.Cut(t, "=")
		name = strings.TrimSpace(name)
		if !ok || name == "" || name[0] == '#' || strings.ContainsAny(name, " \"'{<") {
			continue
		}
		value = strings.Trim(stripComment(value), " \t\r\"'")
		if value == "" {
			continue
		}
		if stores[name] && strings.EqualFold(value, "redis") {
			s.Emit(Fact{Kind: KindNoSQL, Name: "Redis", Value: name, Line: i + 1})
		}
		sort := secretName(name)
		switch {
		case sort == "" && credentialed(value):
			s.Emit(Fact{Kind: KindSecret, Name: "env", Value: name, Line: i + 1})
		case sort != "" && !reference(value) && !placeholderSecret(value) && !(sort == "password" && stockPassword(value)):
			scope := ""
			if sort == "signing-key" && random(value) {
				scope = "random"
			}
			s.Emit(Fact{Kind: KindSecret, Name: "env", Value: name, Scope: scope, Line: i + 1})
		case !set:
			set = true
			s.Emit(Fact{Kind: KindSecret, Name: "env", Value: name, Scope: "set", Line: i + 1})
		}
	}
}

// random reports whether a value looks drawn by lot: long, without separators, of digits and of letters in both cases or in hexadecimal. Such a value in an
// example is a key that somebody uses.
func random(v string) bool {
	v = strings.TrimPrefix(v, "base64:")
	if len(v) < 32 || strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/=") != "" || !strings.ContainsAny(v, "0123456789") {
		return false
	}
	both := strings.ContainsAny(v, "abcdefghijklmnopqrstuvwxyz") && strings.ContainsAny(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	distinct := map[rune]bool{}
	for _, r := range v {
		distinct[r] = true
	}
	return (both || strings.Trim(v, "0123456789abcdef") == "") && len(distinct) >= 12
}

// stripComment takes a trailing comment off an unquoted value.
func stripComment(v string) string {
	v = strings.TrimSpace(v)
	if v == "" || v[0] == '"' || v[0] == '\'' {
		return v
	}
	if v[0] == '#' {
		return ""
	}
	if i := strings.Index(v, " #"); i >= 0 {
		v = v[:i]
	}
	return strings.TrimSpace(v)
}

// credentialed reports whether a value is an address with a password that is no stock word.
func credentialed(v string) bool {
	_, rest, ok := strings.Cut(v, "://")
	if !ok {
		return false
	}
	user, host, ok := strings.Cut(rest, "@")
	_, pass, has := strings.Cut(user, ":")
	return ok && has && host != "" && pass != "" && !strings.ContainsAny(user, "/ ") && !reference(pass) && !stockPassword(pass) && !placeholderSecret(pass)
}
