package web

import (
	"net/http"

	"milepost/rules"
)

// pageRoutes are the addresses of pages.
func (s *Server) pageRoutes(m *http.ServeMux) {
	m.HandleFunc("GET /{$}", s.page(true, s.landing))
	m.HandleFunc("GET /login", s.login)
	m.HandleFunc("GET /login/callback", s.callback)
	m.HandleFunc("POST /logout", s.page(true, s.logout))
	m.HandleFunc("/", s.page(true, func(*request) error { return errNotFound }))
}

func (s *Server) apiRoutes(*http.ServeMux) {}

// landing tells strangers what this is, and takes the others to their day.
func (s *Server) landing(p *request) error {
	if p.viewer != nil {
		return p.redirect("/today")
	}
	l := p.layout("The road to backend developer", "", struct {
		Setup   bool
		Roadmap *rules.Roadmap
	}{s.cfg.Setup != nil && !s.setUp.Load(), s.cfg.Roadmap})
	l.NoIndex = false
	return p.show("landing", l)
}
