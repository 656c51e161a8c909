package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"milepost/bot/render"
	"milepost/rules"
	"milepost/storage"
)

// preferences are a person's own choices, kept with the user.
type preferences struct {
	Public bool `json:"public,omitempty"` // everybody may see the portfolio of the public repositories
}

func preferencesOf(u storage.User) preferences {
	var p preferences
	if len(u.Settings) > 0 && json.Unmarshal(u.Settings, &p) != nil {
		return preferences{}
	}
	return p
}

// shown are the repositories of a learner that everybody may see: those of the learner's account whose configuration says "public: true" and, when
// the learner chose so here, public ones and those of others whose configuration says so.
func (s *Server) shown(p *request, login string) (*learner, error) {
	ctx := p.Context()
	chosen := false
	switch u, err := s.cfg.Store.UserByLogin(ctx, login); {
	case err == nil:
		chosen = preferencesOf(u).Public
	case !errors.Is(err, storage.ErrNotFound):
		return nil, err
	}
	ids, err := s.cfg.Store.ShownRepositories(ctx, login, chosen)
	if err != nil {
		return nil, err
	}
	if len(ids) == 0 {
		return nil, errNotFound
	}
	entries, err := s.cohort.fresh(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := s.cohort.groupOf(entries, time.Time{}, nil).learners
	if len(all) != 1 || all[0].Login == "" {
		return nil, errNotFound
	}
	return all[0], nil
}

// portfolio is a learner's public page.
func (s *Server) portfolio(p *request) error {
	l, err := s.shown(p, p.PathValue("login"))
	if err != nil {
		return err
	}
	body, err := s.learnerBody(p.Context(), l)
	if err != nil {
		return err
	}
	for i := range body.Steps { // strangers see what was reached, not what a try fell short of
		for j := range body.Steps[i].Milestones {
			if m := &body.Steps[i].Milestones[j]; rank(m.Status) != 6 {
				m.Reason, m.Place, m.Since = "", nil, time.Time{}
			}
		}
	}
	lay := p.layout(l.Login+"’s way to backend developer", "", body)
	lay.Fresh = l.Fresh
	return p.show("portfolio", lay)
}

// card is the picture of a public portfolio for READMEs.
func (s *Server) card(p *request) error {
	l, err := s.shown(p, p.PathValue("login"))
	if errors.Is(err, errNotFound) {
		return s.noPicture(p)
	}
	if err != nil {
		return err
	}
	in := render.CardInput{Name: l.Login, Roadmap: l.plan.title, Met: l.Met, Total: l.Total}
	for i, st := range l.Steps {
		if st.Word != wordNone {
			in.Steps = append(in.Steps, cardStep(l.plan.steps[i], st))
		}
	}
	return s.picture(p, render.Card(in), true)
}

// badge is the picture of a repository for READMEs: for everybody when the repository or its learner's wish is public, else for those who may
// see the repository.
func (s *Server) badge(p *request) error {
	name, ok := strings.CutSuffix(p.PathValue("repo"), ".svg")
	if !ok {
		return errNotFound
	}
	repo, err := s.cfg.Store.RepositoryByName(p.Context(), p.PathValue("owner"), name)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	public := err == nil && (!repo.Private || repo.Public)
	if err != nil || !public && !p.viewer.sees(repo.ID) {
		return s.noPicture(p)
	}
	if repo.ReportID == 0 {
		return s.picture(p, render.Badge("milepost", "not checked yet", "grey"), public)
	}
	return s.picture(p, render.BadgeOf(rules.Summary{Met: repo.Met, Total: repo.Total, BonusMet: repo.BonusMet, BonusTotal: repo.BonusTotal, Percent: repo.Percent}), public)
}

// picture answers with an SVG that caches may keep for five minutes when everybody may see it.
func (s *Server) picture(p *request, svg []byte, public bool) error {
	h := p.w.Header()
	sum := sha256.Sum256(svg)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	h.Set("Content-Type", "image/svg+xml; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Vary", "Cookie")
	if public {
		h.Set("Cache-Control", "public, max-age=300, s-maxage=300")
		h.Set("ETag", tag)
		h.Del("Vary")
		if slices.Contains(strings.Split(strings.ReplaceAll(p.Header.Get("If-None-Match"), "W/", ""), ", "), tag) {
			p.w.WriteHeader(http.StatusNotModified)
			return nil
		}
	}
	_, _ = p.w.Write(svg) // a client that went away needs no answer
	return nil
}

// noPicture is the answer to what does not exist and to what is not public, byte for byte the same.
func (s *Server) noPicture(p *request) error {
	h := p.w.Header()
	h.Set("Content-Type", "image/svg+xml; charset=utf-8")
	p.w.WriteHeader(http.StatusNotFound)
	_, _ = p.w.Write(render.Badge("milepost", "not found", "grey")) // a client that went away needs no answer
	return nil
}

func cardStep(step rules.Step, c stepCell) render.CardStep {
	return render.CardStep{Title: step.Title, Met: c.Met, Total: c.Total}
}
