package web

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"milepost/rules"
	"milepost/storage"
)

const (
	stuckAfter  = 7 * 24 * time.Hour
	silentAfter = 14 * 24 * time.Hour
	lostFor     = 60 * 24 * time.Hour // a loss older than this is no news
	askedFor    = 30 * 24 * time.Hour
	todayMost   = 60
)

// reason is why a learner would gain from a word.
type reason struct {
	Word, Text string
	Since      time.Time
	Repo       *entry
	weight     int
}

// attention is a learner with the reasons, the weightiest first.
type attention struct {
	Learner *learner
	Name    string
	Reasons []reason
}

// today lists who would gain most from a word now.
func (s *Server) today(p *request) error {
	everybody, g, bar, err := p.group()
	if err != nil {
		return err
	}
	p.offer(everybody, &bar)
	ids := make([]int64, 0, len(g.entries))
	for _, e := range g.entries {
		ids = append(ids, e.repo.ID)
	}
	claims, err := s.cfg.Store.OpenEvidenceClaims(p.Context(), ids)
	if err != nil {
		return err
	}
	byRepo := map[int64][]storage.EvidenceClaim{}
	for _, c := range claims {
		byRepo[c.RepoID] = append(byRepo[c.RepoID], c)
	}
	learners := g.learners
	var all []attention
	calm, started := 0, 0
	for _, l := range learners {
		if l.Started() {
			started++
		}
		rs := l.reasons(s.cfg.Now(), byRepo)
		if len(rs) == 0 {
			calm++
			continue
		}
		all = append(all, attention{l, displayName(l), rs})
	}
	slices.SortStableFunc(all, func(a, b attention) int {
		return cmp.Or(cmp.Compare(b.Reasons[0].weight, a.Reasons[0].weight), a.Reasons[0].Since.Compare(b.Reasons[0].Since), cmp.Compare(a.Name, b.Name))
	})
	body := struct {
		Bar            scopeBar
		Everybody      int
		All            []attention
		More           int
		Learners, Calm int
		Started        int
		Moved          []*learner
	}{Bar: bar, Everybody: len(everybody.learners), Learners: len(learners), Calm: calm, Started: started}
	body.All = all[:min(len(all), todayMost)]
	body.More = len(all) - len(body.All)
	for _, l := range learners {
		if l.Change7 > 0 {
			body.Moved = append(body.Moved, l)
		}
	}
	slices.SortStableFunc(body.Moved, func(a, b *learner) int { return b.Fresh.Compare(a.Fresh) })
	body.Moved = body.Moved[:min(len(body.Moved), 8)]
	l := p.layout("Today", "today", body)
	l.Fresh, l.Scope = newest(learners), bar.Scope.Query()
	return p.show("today", l)
}

func displayName(l *learner) string {
	if l.Login == "" {
		return l.Repos[0].repo.FullName()
	}
	return l.Login
}

func newest(all []*learner) time.Time {
	var t time.Time
	for _, l := range all {
		if l.Fresh.After(t) {
			t = l.Fresh
		}
	}
	return t
}

// reasons finds why a mentor should look at a learner. Repositories that rest count nowhere.
func (l *learner) reasons(now time.Time, claims map[int64][]storage.EvidenceClaim) []reason {
	var out []reason
	active := false
	for _, e := range l.Repos {
		if e.repo.Archived || e.repo.PausedUntil.After(now) {
			continue
		}
		active = true
		if !e.asked.IsZero() && now.Sub(e.asked) < askedFor {
			out = append(out, reason{"Asked", "asked for a mentor's look", e.asked, e, 4})
		}
		for _, cl := range claims[e.repo.ID] {
			out = append(out, reason{"Asked", fmt.Sprintf("points at evidence for “%s”, to be confirmed", e.plan.titleOf(cl.Milestone)), cl.At, e, 4})
		}
		for _, x := range e.earned {
			i, ok := l.plan.index[x.Milestone]
			if ok && !x.LostAt.IsZero() && now.Sub(x.LostAt) < lostFor && rank(l.Status[i]) < 6 {
				out = append(out, reason{"Lost", fmt.Sprintf("“%s” was met, and its evidence is gone", l.plan.flat[i].Title), x.LostAt, e, 3})
			}
		}
	}
	if !active {
		return nil
	}
	if r, ok := l.stuck(now); ok {
		out = append(out, r)
	}
	if last := lastSign(l); l.Percent < 100 && now.Sub(last) > silentAfter {
		text := "nothing was pushed"
		if !l.Started() {
			text = "has not started"
		}
		out = append(out, reason{"Silent", text, last, l.Repos[0], 1})
	}
	slices.SortStableFunc(out, func(a, b reason) int { return cmp.Or(cmp.Compare(b.weight, a.weight), a.Since.Compare(b.Since)) })
	return out
}

// lastSign is when a learner was last active; before the first push that is when the repository came.
func lastSign(l *learner) time.Time {
	last := l.Last
	for _, e := range l.Repos {
		if e.repo.PushedAt.IsZero() && e.repo.CreatedAt.After(last) {
			last = e.repo.CreatedAt
		}
	}
	return last
}

// stuck is the core milestone that a learner has tried the longest without success.
func (l *learner) stuck(now time.Time) (reason, bool) {
	best := -1
	for i, st := range l.Status {
		if st == rules.Partial && l.view.tiers[i] == rules.Core && now.Sub(l.Since[i]) > stuckAfter && (best < 0 || l.Since[i].Before(l.Since[best])) {
			best = i
		}
	}
	if best < 0 {
		return reason{}, false
	}
	r := reason{"Stuck", fmt.Sprintf("“%s” was started and is not met", l.plan.flat[best].Title), l.Since[best], l.from[best], 2}
	if why := l.reason(best); why != "" {
		r.Text += ": " + strings.TrimSuffix(cut(why, 160), ".")
	}
	return r, true
}

// cut shortens a text at a rune's border.
func cut(s string, most int) string {
	r := []rune(s)
	if len(r) <= most {
		return s
	}
	return strings.TrimSpace(string(r[:most])) + " …"
}
