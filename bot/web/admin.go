package web

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"milepost/rules"
	"milepost/storage"
)

// cause is a sort of failure and how often it is there now.
type cause struct {
	Text    string
	N       int
	Example string
	Last    time.Time
}

// scoreLine says how often people corrected a milestone's detector.
type scoreLine struct {
	Milestone, Title      string
	Claims, Skips, Signed int
	Stacks                string
}

// adminPage is the operator's view. To everybody else it does not exist.
func (s *Server) adminPage(p *request) error {
	if !p.viewer.admin {
		return errNotFound
	}
	ctx, q, now := p.Context(), s.cfg.Store, s.cfg.Now()
	var body struct {
		Installations []storage.Installation
		Repos         []storage.Tally
		Queue         []storage.QueueStats
		Parked        []storage.WorkRow
		Failing       []storage.WorkRow
		Causes        []cause
		Aside         []storage.StoredDelivery
		Recent        []storage.StoredDelivery
		Counts        []storage.Tally
		Limits        []storage.RateLimit
		Score         []scoreLine
		Last          time.Time
		Day           int64
	}
	for _, read := range []func() error{
		func() (err error) { body.Installations, err = q.Installations(ctx); return },
		func() (err error) { body.Repos, err = q.RepositoryStates(ctx); return },
		func() (err error) { body.Queue, err = q.QueueStats(ctx); return },
		func() (err error) { body.Parked, err = q.ParkedWork(ctx, 50); return },
		func() (err error) { body.Failing, err = q.FailingWork(ctx, 500); return },
		func() (err error) { body.Aside, err = q.DeliveriesAside(ctx, 50); return },
		func() (err error) { body.Recent, err = q.RecentDeliveries(ctx, 20); return },
		func() (err error) { body.Counts, err = q.DeliveryCounts(ctx, now.Add(-24*time.Hour)); return },
		func() (err error) { body.Limits, err = q.RateLimits(ctx); return },
		func() (err error) { body.Score, err = s.score(p); return },
	} {
		if err := read(); err != nil {
			return err
		}
	}
	last, err := q.LastDelivery(ctx)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	body.Last = last
	for _, c := range body.Counts {
		body.Day += c.N
	}
	body.Causes = causes(body.Failing)
	l := p.layout("Operator", "admin", body)
	return p.show("admin", l)
}

// digits is what differs between errors of one cause.
var digits = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\b[0-9a-f]{7,40}\b|\d+`) })

// causes takes failures together that differ in ids and numbers alone.
func causes(rows []storage.WorkRow) []cause {
	by := map[string]*cause{}
	var all []*cause
	for _, w := range rows {
		text := cut(digits().ReplaceAllString(w.LastError, "…"), 160)
		c := by[text]
		if c == nil {
			c = &cause{Text: text, Example: w.Kind + " " + w.ID, Last: w.ChangedAt}
			by[text] = c
			all = append(all, c)
		}
		c.N++
	}
	slices.SortStableFunc(all, func(a, b *cause) int { return cmp.Compare(b.N, a.N) })
	out := make([]cause, 0, len(all))
	for _, c := range all[:min(len(all), 20)] {
		out = append(out, *c)
	}
	return out
}

// score is the report card of the detectors: where people claimed, skipped or signed off what the rules did not see.
func (s *Server) score(p *request) ([]scoreLine, error) {
	rows, err := s.cfg.Store.Overrides(p.Context(), 20_000)
	if err != nil {
		return nil, err
	}
	stacks, titles, err := s.stacks(p, rows)
	if err != nil {
		return nil, err
	}
	by, kinds := map[string]*scoreLine{}, map[string]map[string]int{}
	for _, r := range rows {
		l := by[r.Milestone]
		if l == nil {
			l = &scoreLine{Milestone: r.Milestone, Title: orElse(titles[r.Milestone], r.Milestone)}
			by[r.Milestone], kinds[r.Milestone] = l, map[string]int{}
		}
		kinds[r.Milestone][orElse(stacks[r.RepoID], "other")]++
		switch r.Kind {
		case "claim":
			l.Claims++
		case "skip":
			l.Skips++
		default:
			l.Signed++
		}
	}
	out := make([]scoreLine, 0, len(by))
	for id, l := range by {
		var words []string
		for k, n := range kinds[id] {
			words = append(words, k+" "+strconv.Itoa(n))
		}
		slices.Sort(words)
		l.Stacks = strings.Join(words, ", ")
		out = append(out, *l)
	}
	slices.SortFunc(out, func(a, b scoreLine) int {
		return cmp.Or(cmp.Compare(b.Claims+b.Skips+b.Signed, a.Claims+a.Skips+a.Signed), cmp.Compare(a.Milestone, b.Milestone))
	})
	return out, nil
}

// stacks are the ecosystems of the repositories that occur, of 300 at most: each takes a report to be read. titles are those of the milestones by
// id, in the words of the roadmap that is in force where they occur.
func (s *Server) stacks(p *request, rows []storage.Override) (out map[int64]string, titles map[string]string, err error) {
	out, titles = map[int64]string{}, map[string]string{}
	for _, m := range s.cohort.builtin.flat {
		titles[m.ID] = m.Title
	}
	reports := map[int64]*rules.Report{}
	for _, r := range rows {
		report, seen := reports[r.RepoID]
		if !seen && len(reports) < 300 {
			if report, _, err = s.report(p.Context(), &storage.Repository{ID: r.RepoID}); err != nil {
				return nil, nil, err
			}
			reports[r.RepoID] = report
		}
		if report == nil {
			continue
		}
		out[r.RepoID] = report.Stack
		if m, ok := report.Milestone(r.Milestone); ok && titles[m.ID] == "" {
			titles[m.ID] = m.Title
		}
	}
	return out, titles, nil
}

// requeue gives work or a delivery that was set aside another chance.
func (s *Server) requeue(p *request) error {
	if !p.viewer.admin {
		return errNotFound
	}
	var err error
	if id := p.PostForm.Get("delivery"); id != "" {
		n, perr := strconv.ParseInt(id, 10, 64)
		if perr != nil {
			return badRequest("There is no such delivery.")
		}
		err = s.cfg.Store.RequeueDelivery(p.Context(), n)
	} else {
		err = s.cfg.Store.UnparkWork(p.Context(), storage.Key{Kind: p.PostForm.Get("kind"), ID: p.PostForm.Get("key")})
	}
	if errors.Is(err, storage.ErrNotFound) {
		return badRequest("It is not set aside any more.")
	}
	if err != nil {
		return err
	}
	return p.redirect("/admin?done=requeued")
}
