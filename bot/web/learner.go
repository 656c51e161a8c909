package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"net/url"
	"slices"
	"strings"
	"time"

	"milepost/rules"
	"milepost/storage"
)

// learner is the one that the path names, as far as the person may see, and the installations in which the person is the learner's mentor.
func (p *request) learner() (*learner, []int64, error) {
	ctx, s := p.Context(), p.srv
	for try := 0; ; try++ {
		g, err := s.cohort.see(ctx, p.viewer.ids)
		if err != nil {
			return nil, nil, err
		}
		if l := g.learner(p.PathValue("login")); l != nil {
			l = s.cohort.groupOf(l.Repos, g.hour, nil).learners[0] // with the learner's own roadmaps
			mentored, err := p.mentoredInstallations(ctx, l)
			return l, mentored, err
		}
		if try == 1 {
			return nil, nil, errNotFound
		}
		if fresh, err := s.again(ctx, p.viewer); err != nil || !fresh {
			return nil, nil, orNotFound(err)
		}
	}
}

// mentoredInstallations are those in which the person may sign off for at least one of the learner's repositories, without repetition.
func (p *request) mentoredInstallations(ctx context.Context, l *learner) ([]int64, error) {
	var out []int64
	for _, e := range l.Repos {
		if slices.Contains(out, e.repo.InstallationID) {
			continue
		}
		row, err := p.srv.cfg.Store.Repository(ctx, e.repo.ID)
		if errors.Is(err, storage.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		ok, err := p.mentors(ctx, &row)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, e.repo.InstallationID)
		}
	}
	return out, nil
}

// place is a link into a repository.
type place struct{ Text, URL, Note string }

// wayStep is a step of a learner with its milestones.
type wayStep struct {
	rules.Step
	Cell       stepCell
	Milestones []wayMilestone
}

// wayMilestone is a milestone of a learner over all repositories.
type wayMilestone struct {
	flatMilestone
	Status rules.Status
	Since  time.Time
	Reason string
	Repo   string // where it stands as it does; "" when there is one repository only
	Place  *place // the first piece of evidence
	URL    string // in the report of the repository that decides
}

// earnedLine is a line of the timeline.
type earnedLine struct {
	At    time.Time
	Title string
	Repo  string
	Link  place
	Lost  time.Time
}

// learnerBody is what the learner's page and the public portfolio show.
type learnerBody struct {
	*learner
	Name     string
	Steps    []wayStep
	Next     *wayMilestone
	NextDo   string
	Near     []wayMilestone
	Timeline []earnedLine
	Chart    template.HTML
	Points   []point
	Issues   []place
	Notes    []storage.Note
	SignOffs []signOffLine
	Mentor   bool
	Can      []*entry // repositories in which the person may sign off
	Open     []flatMilestone
	Me       string
}

type signOffLine struct {
	storage.SignOff
	Title string
	Repo  *entry
}

func (s *Server) learnerPage(p *request) error {
	l, mentored, err := p.learner()
	if err != nil {
		return err
	}
	ctx := p.Context()
	body, err := s.learnerBody(ctx, l)
	if err != nil {
		return err
	}
	body.Me = p.viewer.user.Login
	body.Mentor = len(mentored) > 0
	if body.Notes, err = s.cfg.Store.Notes(ctx, l.Login, mentored); err != nil {
		return err
	}
	if body.Mentor {
		body.Can = slices.DeleteFunc(slices.Clone(l.Repos), func(e *entry) bool { return !slices.Contains(mentored, e.repo.InstallationID) })
		for i, m := range l.plan.flat {
			if l.Status[i] != off && rank(l.Status[i]) != 6 {
				body.Open = append(body.Open, m)
			}
		}
	}
	for _, e := range l.Repos {
		offs, err := s.cfg.Store.SignOffs(ctx, e.repo.ID)
		if err != nil {
			return err
		}
		for _, o := range offs {
			if o.Counts(e.repo.Learner) {
				body.SignOffs = append(body.SignOffs, signOffLine{o, l.plan.titleOf(o.Milestone), e})
			}
		}
		pub, err := s.cfg.Store.Publication(ctx, e.repo.ID, storage.PublicationIssue, "")
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return err
		}
		if err == nil && pub.URL != "" {
			body.Issues = append(body.Issues, place{Text: fmt.Sprintf("%s #%d", e.repo.FullName(), pub.Number), URL: pub.URL})
		}
	}
	lay := p.layout(l.Login, "learners", body)
	lay.Fresh = l.Fresh
	return p.show("learner", lay)
}

// learnerBody gathers a learner's way.
func (s *Server) learnerBody(ctx context.Context, l *learner) (*learnerBody, error) {
	body := &learnerBody{learner: l, Name: displayName(l)}
	reports, err := s.reports(ctx, l.Repos)
	if err != nil {
		return nil, err
	}
	report := l.report()
	next, has := report.NextMilestone()
	at := 0
	for i, st := range l.plan.steps {
		ws := wayStep{Step: st, Cell: l.Steps[i]}
		for range st.Milestones {
			m := s.wayMilestone(l, at, reports)
			ws.Milestones = append(ws.Milestones, m)
			if m.Status == rules.Partial {
				body.Near = append(body.Near, m)
			}
			if has && m.ID == next.ID {
				body.Next = &m
				body.NextDo = nextAction(m.ID, l.Repos, reports)
			}
			at++
		}
		body.Steps = append(body.Steps, ws)
	}
	s.timeline(l, body)
	return body, nil
}

// reports reads the newest report of each repository, of ten at most.
func (s *Server) reports(ctx context.Context, entries []*entry) (map[int64]*rules.Report, error) {
	out := map[int64]*rules.Report{}
	for _, e := range entries[:min(len(entries), 10)] {
		if e.repo.ReportID == 0 {
			continue
		}
		r, _, err := s.report(ctx, &e.repo)
		if err != nil {
			return nil, err
		}
		if r != nil {
			out[e.repo.ID] = r
		}
	}
	return out, nil
}

// report reads the newest report of a repository; nil while there is none.
func (s *Server) report(ctx context.Context, repo *storage.Repository) (*rules.Report, storage.Report, error) {
	row, err := s.cfg.Store.LatestReport(ctx, repo.ID)
	if errors.Is(err, storage.ErrNotFound) || err == nil && len(row.Data) == 0 {
		return nil, row, nil
	}
	if err != nil {
		return nil, row, err
	}
	var r rules.Report
	if err := json.Unmarshal(row.Data, &r); err != nil {
		return nil, row, fmt.Errorf("web: stored report %d: %w", row.ID, err)
	}
	return &r, row, nil
}

// wayMilestone says how a milestone stands and where.
func (s *Server) wayMilestone(l *learner, i int, reports map[int64]*rules.Report) wayMilestone {
	m := wayMilestone{flatMilestone: l.plan.flat[i], Status: l.Status[i], Since: l.Since[i]}
	e := l.from[i]
	if e == nil {
		return m
	}
	if len(l.Repos) > 1 && m.Status != rules.Missing {
		m.Repo = e.repo.FullName()
	}
	m.Reason, m.URL = l.reason(i), e.URL(m.ID)
	if r := reports[e.repo.ID]; r != nil {
		if v, ok := r.Milestone(m.ID); ok {
			m.Reason = v.Reason
			if len(v.Evidence) > 0 {
				pl := s.place(&e.repo, r.Repository.Commit, unsaid(v.Evidence[0], v.Reason))
				m.Place = &pl
			}
		}
	}
	return m
}

func nextAction(id string, entries []*entry, reports map[int64]*rules.Report) string {
	for _, e := range entries {
		if r := reports[e.repo.ID]; r != nil {
			if v, ok := r.Milestone(id); ok && v.Next != "" {
				return v.Next
			}
		}
	}
	return ""
}

// timeline fills in what was earned when, newest first, and how the number grew.
func (s *Server) timeline(l *learner, body *learnerBody) {
	byID := map[int64]*entry{}
	for _, e := range l.Repos {
		byID[e.repo.ID] = e
	}
	for i, x := range l.firsts() {
		if x == nil {
			continue
		}
		e := byID[x.RepoID]
		line := earnedLine{At: x.At, Title: l.plan.flat[i].Title, Link: s.commitPlace(&e.repo, *x)}
		if len(l.Repos) > 1 {
			line.Repo = e.repo.FullName()
		}
		if rank(l.Status[i]) != 6 {
			line.Lost = x.LostAt
		}
		body.Timeline = append(body.Timeline, line)
	}
	slices.SortStableFunc(body.Timeline, func(a, b earnedLine) int { return b.At.Compare(a.At) })
	for i := len(body.Timeline) - 1; i >= 0; i-- {
		t := body.Timeline[i]
		if n := len(body.Points); n > 0 && body.Points[n-1].At.Format(time.DateOnly) == t.At.Format(time.DateOnly) {
			body.Points[n-1].N++
			continue
		}
		n := 1
		if k := len(body.Points); k > 0 {
			n += body.Points[k-1].N
		}
		body.Points = append(body.Points, point{t.At, n})
	}
	if n := len(body.Points); n > 0 {
		body.Chart = chart(body.Points, len(l.plan.flat), s.cfg.Now(), fmt.Sprintf("Milestones earned over time, bonus ones included: %d of %d by now, the first on %s", body.Points[n-1].N, len(l.plan.flat), body.Points[0].At.UTC().Format("2 January 2006")))
	}
}

func (s *Server) commitPlace(repo *storage.Repository, x storage.Earned) place {
	base := s.cfg.ServerURL + "/" + url.PathEscape(repo.Owner) + "/" + url.PathEscape(repo.Name)
	switch {
	case x.PullNumber > 0:
		return place{Text: fmt.Sprintf("pull request #%d", x.PullNumber), URL: fmt.Sprintf("%s/pull/%d", base, x.PullNumber)}
	case x.Commit != "":
		return place{Text: "commit " + x.Commit[:min(7, len(x.Commit))], URL: base + "/commit/" + url.PathEscape(x.Commit)}
	}
	return place{Text: "a mentor’s sign-off"}
}

// unsaid is a piece of evidence without a note that the reason beside it says already.
func unsaid(e rules.Evidence, reason string) rules.Evidence {
	if e.Note == reason && (e.Path != "" || e.Commit != "" || e.URL != "") {
		e.Note = ""
	}
	return e
}

// place is where a piece of evidence is on GitHub, at the commit that was judged.
func (s *Server) place(repo *storage.Repository, commit string, e rules.Evidence) place {
	base := s.cfg.ServerURL + "/" + url.PathEscape(repo.Owner) + "/" + url.PathEscape(repo.Name)
	switch {
	case e.Path != "":
		at := orElse(commit, orElse(repo.HeadSHA, repo.DefaultBranch))
		parts := strings.Split(e.Path, "/")
		for i := range parts {
			parts[i] = url.PathEscape(parts[i])
		}
		pl := place{Text: e.Path, URL: base + "/blob/" + url.PathEscape(at) + "/" + strings.Join(parts, "/"), Note: e.Note}
		if e.StartLine > 0 {
			pl.Text += fmt.Sprintf(":%d", e.StartLine)
			pl.URL += fmt.Sprintf("#L%d", e.StartLine)
			if e.EndLine > e.StartLine {
				pl.Text += fmt.Sprintf("–%d", e.EndLine)
				pl.URL += fmt.Sprintf("-L%d", e.EndLine)
			}
		}
		return pl
	case e.Commit != "":
		return place{Text: "commit " + e.Commit[:min(7, len(e.Commit))], URL: base + "/commit/" + url.PathEscape(e.Commit), Note: e.Note}
	case strings.HasPrefix(e.URL, "https://"), strings.HasPrefix(e.URL, "http://"):
		return place{Text: cut(strings.TrimPrefix(strings.TrimPrefix(e.URL, "https://"), "http://"), 60), URL: e.URL, Note: e.Note}
	}
	return place{Text: e.Note}
}
