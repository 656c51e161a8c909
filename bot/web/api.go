package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"milepost/rules"
	"milepost/storage"
)

// apiRoutes are the addresses of the JSON interface.
func (s *Server) apiRoutes(m *http.ServeMux) {
	for pattern, fn := range map[string]func(*request) error{
		"GET /api/v1/repos/{owner}/{repo}/report": s.apiReport,
		"GET /api/v1/learners":                    s.apiLearners,
		"GET /api/v1/learners/{login}":            s.apiLearner,
		"GET /api/v1/milestones":                  s.apiMilestones,
		"/api/v1/":                                func(*request) error { return errNotFound },
	} {
		m.HandleFunc(pattern, s.api(fn))
	}
	m.HandleFunc("GET /api/v1/openapi.json", s.openAPI)
}

// problem is an error of the interface.
type problem struct {
	Error   string `json:"error"`
	Message string `json:"message"`
}

// api makes a handler of the interface: errors are JSON, and a token of GitHub's counts as well as a session.
func (s *Server) api(fn func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := &request{Request: r, w: w, srv: s}
		w.Header().Set("Vary", "Authorization, Cookie")
		err := s.identifyAPI(r.Context(), p)
		if err == nil && p.viewer == nil {
			err = errSignedOut
		}
		if err == nil {
			err = fn(p)
		}
		if err != nil {
			s.problem(w, r, err)
		}
	}
}

func (s *Server) identifyAPI(ctx context.Context, p *request) error {
	kind, token, ok := strings.Cut(p.Header.Get("Authorization"), " ")
	if !ok {
		return s.identify(p)
	}
	if !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "token") {
		return errSignedOut
	}
	v, err := s.byToken(ctx, strings.TrimSpace(token))
	p.viewer = v
	return err
}

func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	var status int
	out := problem{"internal", "Something went wrong on our side; it was logged."}
	if errors.Is(err, errSignedOut) {
		w.Header().Set("WWW-Authenticate", `Bearer realm="milepost"`)
		status, out = http.StatusUnauthorized, problem{"signed_out", "Sign in, or send a GitHub user access token of this app: Authorization: Bearer <token>."}
	} else {
		pe := s.asPageError(r.Context(), r, err)
		if pe == nil {
			return // the client went away
		}
		status, out.Message = pe.status, pe.text
		switch pe.status {
		case http.StatusNotFound:
			out = problem{"not_found", "There is no such thing, or GitHub does not show it to you."}
		case http.StatusServiceUnavailable:
			out.Error = "unavailable"
		case http.StatusTooManyRequests:
			out.Error = "too_many"
			w.Header().Set("Retry-After", "60")
		case http.StatusInternalServerError:
		default:
			out.Error = "invalid"
		}
	}
	if err := writeJSON(w, status, out); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "answer of an error", "error", err)
	}
}

// apiReport is the newest report of a repository, as the command line prints it.
func (s *Server) apiReport(p *request) error {
	repo, err := p.repository()
	if err != nil {
		return err
	}
	report, _, err := s.report(p.Context(), &repo)
	if err != nil {
		return err
	}
	if report == nil {
		return &pageError{http.StatusNotFound, "", ""}
	}
	if report.Warnings == nil {
		report.Warnings = []string{}
	}
	if report.Languages == nil {
		report.Languages = []rules.Language{}
	}
	return writeJSON(p.w, http.StatusOK, report)
}

// apiLearners is the list of learners, with the filters of the page.
func (s *Server) apiLearners(p *request) error {
	in, err := s.listed(p)
	if err != nil {
		return err
	}
	some, q := in.rows, in.q
	from := min((q.Page-1)*q.Per, len(some))
	out := []learnerJSON{}
	for _, l := range some[from:min(from+q.Per, len(some))] {
		out = append(out, l.json())
	}
	return writeJSON(p.w, http.StatusOK, struct {
		Total    int           `json:"total"`
		Page     int           `json:"page"`
		PerPage  int           `json:"per_page"`
		Learners []learnerJSON `json:"learners"`
	}{len(some), q.Page, q.Per, out})
}

// milestoneJSON is a milestone of a learner or of a cohort.
type milestoneJSON struct {
	ID     string       `json:"id"`
	Title  string       `json:"title"`
	Step   string       `json:"step"`
	Kind   rules.Kind   `json:"kind"`
	Tier   rules.Tier   `json:"tier"`
	Status rules.Status `json:"status,omitempty"`
	Earned *earnedJSON  `json:"earned,omitempty"`
	Have   *int         `json:"have,omitempty"`
	Start  *int         `json:"started,omitempty"`
	Lack   *int         `json:"lack,omitempty"`
	Near   string       `json:"commonest_near_miss,omitempty"`
}

type earnedJSON struct {
	At         string `json:"at"`
	Repository string `json:"repository"`
	Commit     string `json:"commit"`
	Pull       int    `json:"pull_request,omitempty"`
}

func (p *plan) milestoneJSON(m flatMilestone) milestoneJSON {
	return milestoneJSON{ID: m.ID, Title: m.Title, Step: p.steps[m.step].ID, Kind: m.Kind, Tier: m.Tier}
}

// apiLearner is one learner with each milestone over all repositories.
func (s *Server) apiLearner(p *request) error {
	l, _, err := p.learner()
	if err != nil {
		return err
	}
	out := struct {
		learnerJSON
		Milestones []milestoneJSON `json:"milestones"`
	}{l.json(), []milestoneJSON{}}
	names := map[int64]*storage.Repository{}
	for _, e := range l.Repos {
		names[e.repo.ID] = &e.repo
	}
	for i, x := range l.firsts() {
		if l.Status[i] == off {
			continue
		}
		m := l.plan.milestoneJSON(l.plan.flat[i])
		m.Status, m.Tier = l.Status[i], l.view.tiers[i]
		if x != nil {
			m.Earned = &earnedJSON{iso(x.At), names[x.RepoID].FullName(), x.Commit, x.PullNumber}
		}
		out.Milestones = append(out.Milestones, m)
	}
	return writeJSON(p.w, http.StatusOK, out)
}

// apiMilestones is how the people one sees stand on each milestone.
func (s *Server) apiMilestones(p *request) error {
	_, g, _, err := p.group()
	if err != nil {
		return err
	}
	out := []milestoneJSON{}
	for _, t := range g.counts() {
		m := g.plan.milestoneJSON(t.flatMilestone)
		m.Have, m.Start, m.Lack, m.Near = &t.Have, &t.Started, &t.Lack, t.Near
		out = append(out, m)
	}
	p.w.Header().Set("X-Total-Count", strconv.Itoa(len(out)))
	return writeJSON(p.w, http.StatusOK, struct {
		Learners   int             `json:"learners"`
		Milestones []milestoneJSON `json:"milestones"`
	}{len(g.learners), out})
}
