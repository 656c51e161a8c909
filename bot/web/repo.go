package web

import (
	"errors"
	"fmt"
	"html/template"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/storage"
)

// repoStep is a step of a repository's report.
type repoStep struct {
	rules.StepReport
	Word string
	Open bool
	Rows []repoMilestone
}

// repoMilestone is a milestone of a repository's report with its links.
type repoMilestone struct {
	rules.MilestoneReport
	Places []place
	Since  time.Time
	Earned *storage.Earned
	Link   place
	Mentor string // who signed it off
}

// repoBody is what the page of a repository shows.
type repoBody struct {
	Repo     *storage.Repository
	URL      string
	Report   *rules.Report
	Row      storage.Report
	Standing string
	Steps    []repoStep
	Next     *rules.MilestoneReport
	NextAt   *place
	Why      string
	History  []storage.Report
	Chart    template.HTML
	Events   []storage.Event
	Issue    *place
	Pulls    []pullLine
	Claims   []storage.EvidenceClaim
	SignOffs []storage.SignOff
	Work     *storage.WorkRow
	Faults   string
	Paused   bool
	ForEver  bool
	Mentor   bool
	Write    bool
	Choices  []rules.MilestoneReport
	Title    func(string) string
	plan     *plan
}

type pullLine struct {
	storage.Pull
	URL string
}

const (
	historyMost = 20
	eventsMost  = 30
)

func (s *Server) repoPage(p *request) error {
	repo, err := p.repository()
	if err != nil {
		return err
	}
	body := &repoBody{Repo: &repo, URL: s.cfg.ServerURL + "/" + repo.FullName(), Faults: repo.ConfigError}
	plan, err := s.cohort.inForce(p.Context(), &repo, map[string]config.Config{})
	if err != nil {
		return err
	}
	body.Title, body.plan = plan.titleOf, plan
	if body.Mentor, err = p.mentors(p.Context(), &repo); err != nil {
		return err
	}
	role := p.viewer.roles[repo.ID]
	body.Write = role != roleRead && role != "triage"
	body.Paused = repo.PausedUntil.After(s.cfg.Now())
	body.ForEver = repo.PausedUntil.After(s.cfg.Now().AddDate(10, 0, 0))
	if err := s.fillReport(p, body); err != nil {
		return err
	}
	if err := s.fillLog(p, body); err != nil {
		return err
	}
	l := p.layout(repo.FullName(), "learners", body)
	l.Fresh = repo.ReportAt
	return p.show("repo", l)
}

// fillReport adds the newest report with its links.
func (s *Server) fillReport(p *request, body *repoBody) error {
	ctx, repo := p.Context(), body.Repo
	var err error
	if body.Report, body.Row, err = s.report(ctx, repo); err != nil || body.Report == nil {
		return err
	}
	if body.SignOffs, err = s.cfg.Store.SignOffs(ctx, repo.ID); err != nil {
		return err
	}
	body.SignOffs = slices.DeleteFunc(body.SignOffs, func(o storage.SignOff) bool { return !o.Counts(repo.Learner) })
	statuses, err := s.cfg.Store.Statuses(ctx, repo.ID)
	if err != nil {
		return err
	}
	earned, err := s.cfg.Store.Earned(ctx, repo.ID)
	if err != nil {
		return err
	}
	since, first, signed := map[string]time.Time{}, map[string]*storage.Earned{}, map[string]string{}
	for _, x := range statuses {
		since[x.Milestone] = x.Since
	}
	for i := range earned {
		first[earned[i].Milestone] = &earned[i]
	}
	for _, o := range body.SignOffs {
		signed[o.Milestone] = o.Mentor
	}
	next, has := body.Report.NextMilestone()
	if has {
		body.Next = &next
		if i, ok := body.plan.index[next.ID]; ok {
			body.Why = body.plan.flat[i].Why
		}
	}
	for _, st := range body.Report.Steps {
		holds := has && slices.ContainsFunc(st.Milestones, func(m rules.MilestoneReport) bool { return m.ID == next.ID })
		asked := slices.ContainsFunc(st.Milestones, func(m rules.MilestoneReport) bool { return m.ID == p.URL.Query().Get("m") })
		rs := repoStep{StepReport: st, Word: render.StepWord(st, holds), Open: holds || asked}
		for _, m := range st.Milestones {
			rm := repoMilestone{MilestoneReport: m, Since: since[m.ID], Earned: first[m.ID], Mentor: signed[m.ID]}
			for _, e := range m.Evidence[:min(len(m.Evidence), 5)] {
				rm.Places = append(rm.Places, s.place(repo, body.Report.Repository.Commit, unsaid(e, m.Reason)))
			}
			if has && m.ID == next.ID && len(rm.Places) > 0 {
				body.NextAt = &rm.Places[0]
			}
			if rm.Earned != nil {
				rm.Link = s.commitPlace(repo, *rm.Earned)
			}
			rs.Rows = append(rs.Rows, rm)
			if !m.Done() {
				body.Choices = append(body.Choices, m)
			}
		}
		body.Steps = append(body.Steps, rs)
	}
	body.Standing = render.Standing(body.Report.Summary)
	return nil
}

// fillLog adds what the bot did and what waits.
func (s *Server) fillLog(p *request, body *repoBody) error {
	ctx, q, repo := p.Context(), s.cfg.Store, body.Repo
	var err error
	if body.History, err = q.ReportHistory(ctx, repo.ID, time.UnixMilli(0), 200); err != nil {
		return err
	}
	var points []point
	for i := len(body.History) - 1; i >= 0; i-- {
		points = append(points, point{body.History[i].CreatedAt, body.History[i].Percent})
	}
	if n := len(points); n > 1 {
		body.Chart = chart(points, 100, s.cfg.Now(), fmt.Sprintf("Percent of core milestones over time: %d percent on %s, %d percent now", points[0].N, points[0].At.UTC().Format("2 January 2006"), points[n-1].N))
	}
	body.History = body.History[:min(len(body.History), historyMost)]
	if body.Events, err = q.Events(ctx, repo.ID, eventsMost); err != nil {
		return err
	}
	pub, err := q.Publication(ctx, repo.ID, storage.PublicationIssue, "")
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if err == nil && pub.URL != "" {
		body.Issue = &place{Text: fmt.Sprintf("Progress issue #%d", pub.Number), URL: pub.URL, Note: pub.State}
	}
	claims, err := q.EvidenceClaims(ctx, repo.ID)
	if err != nil {
		return err
	}
	body.Claims = slices.DeleteFunc(claims, func(c storage.EvidenceClaim) bool { return c.State != storage.ClaimOpen })
	pulls, err := q.Pulls(ctx, repo.ID, "open", 10)
	if err != nil {
		return err
	}
	for _, pr := range pulls {
		body.Pulls = append(body.Pulls, pullLine{pr, fmt.Sprintf("%s/pull/%d", body.URL, pr.Number)})
	}
	w, err := q.Work(ctx, storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(repo.ID, 10)})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if err == nil && (w.LastError != "" || w.Parked || !w.ReadyAt.IsZero()) {
		w.LastError, _, _ = strings.Cut(w.LastError, "\n") // what follows the first line is for the operator
		body.Work = &w
	}
	return nil
}
