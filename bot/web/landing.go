package web

import (
	"net/http"

	"milepost/rules"
)

// pageRoutes are the addresses of pages.
func (s *Server) pageRoutes(m *http.ServeMux) {
	for pattern, fn := range map[string]func(*request) error{ // for people who are signed in
		"GET /today":                          s.today,
		"GET /learners":                       s.learnersPage,
		"GET /learners.csv":                   s.learnersCSV,
		"GET /learners.json":                  s.learnersJSON,
		"GET /learners/{login}":               s.learnerPage,
		"POST /learners/{login}/signoff":      s.signOffFor,
		"POST /learners/{login}/notes":        s.addNote,
		"POST /learners/{login}/notes/delete": s.deleteNote,
		"GET /repos/{owner}/{repo}":           s.repoPage,
		"POST /repos/{owner}/{repo}/signoff":  s.signOff,
		"POST /repos/{owner}/{repo}/revoke":   s.revoke,
		"POST /repos/{owner}/{repo}/check":    s.checkNow,
		"GET /milestones":                     s.milestonesPage,
		"GET /milestones/{id}":                s.milestonePage,
		"GET /settings":                       s.settingsPage,
		"POST /settings":                      s.saveSettings,
		"GET /settings/data.json":             s.ownData,
		"POST /settings/delete":               s.deleteOwn,
		"GET /admin":                          s.adminPage,
		"POST /admin/requeue":                 s.requeue,
	} {
		m.HandleFunc(pattern, s.page(false, fn))
	}
	for pattern, fn := range map[string]func(*request) error{ // for everybody
		"GET /{$}":                  s.landing,
		"GET /privacy":              s.privacy,
		"GET /p/{login}":            s.portfolio,
		"GET /p/{login}/card.svg":   s.card,
		"GET /badge/{owner}/{repo}": s.badge,
		"POST /logout":              s.logout,
		"GET /setup":                s.setupPage,
		"GET /setup/callback":       s.setupCallback,
		"/":                         func(*request) error { return errNotFound },
	} {
		m.HandleFunc(pattern, s.page(true, fn))
	}
	m.HandleFunc("GET /login", s.login)
	m.HandleFunc("GET /login/callback", s.callback)
}

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
