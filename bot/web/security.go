package web

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// headers sets what every answer carries. Nothing is kept by caches unless the handler says otherwise.
func (s *Server) headers(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", csp(""))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
	h.Set("Cache-Control", "private, no-store")
	if s.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// csp allows style sheets and pictures of our own, and forms to ourselves and one other origin. No script runs on any page.
func csp(formsTo string) string {
	form := "'self'"
	if formsTo != "" {
		form += " " + formsTo
	}
	return "default-src 'none'; style-src 'self'; img-src 'self'; form-action " + form + "; base-uri 'none'; frame-ancestors 'none'"
}

// cookieName carries the prefix by which browsers refuse a cookie that another host or a page without encryption set.
func (s *Server) cookieName(name string) string {
	if s.secure {
		return "__Host-milepost-" + name
	}
	return "milepost-" + name
}

func (s *Server) setCookie(w http.ResponseWriter, name, value string, life time.Duration) {
	c := &http.Cookie{Name: s.cookieName(name), Value: value, Path: "/", HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode, MaxAge: int(life / time.Second)}
	if life <= 0 {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

func (s *Server) cookie(r *http.Request, name string) string {
	c, err := r.Cookie(s.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// ownPath is where to go after a sign-in: a path of ours, whatever was asked for. Browsers take "//host", "/\host" and paths with control
// characters for addresses of other sites.
func ownPath(to string) string {
	const home = "/today"
	if len(to) > 512 || !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsFunc(to, func(c rune) bool { return c < ' ' || c == '\\' || c == 0x7f }) {
		return home
	}
	u, err := url.Parse(to)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(u.Path, "//") || strings.Contains(u.Path, "\\") ||
		strings.HasPrefix(u.Path, "/login") || strings.HasPrefix(u.Path, "/logout") {
		return home
	}
	return u.RequestURI()
}
