package web

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"milepost/rules"
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
	milestone  string // "": none in particular
	When       string // what Since is the time of
}

// URL leads to the milestone in the repository's report.
func (r reason) URL() string { return r.Repo.URL(r.milestone) }

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
	if err := p.offer(everybody, &bar); err != nil {
		return err
	}
	queue := ask(g, aspect("queue"), func() waiting { return g.queue() })
	all := queue.all
	words, shown := sorted(all, bar.Scope, p.URL.Query().Get("why"))
	body := struct {
		Words          []wordCount
		Waiting        int // for a word of any sort
		Bar            scopeBar
		Everybody      int
		Owners         bool // more than one: their names are needed
		All            []attention
		More           int
		Learners, Calm int
		Started        int
		Moved          []*learner
	}{Words: words, Waiting: len(all), Bar: bar, Everybody: len(everybody.learners), Owners: len(bar.Orgs) > 1, Learners: len(g.learners), Calm: queue.calm, Started: queue.started, Moved: queue.moved}
	body.All = shown[:min(len(shown), todayMost)]
	body.More = len(shown) - len(body.All)
	l := p.layout("Today", "today", body)
	l.Fresh, l.Scope = g.freshest(), bar.Scope.Query()
	return p.show("today", l)
}

// waiting is who waits for a word, who does not, and who moved on this week.
type waiting struct {
	all           []attention
	calm, started int
	moved         []*learner
}

// queue finds who would gain most from a word.
func (g *group) queue() (out waiting) {
	for _, l := range g.learners {
		if l.Started() {
			out.started++
		}
		if l.Change7 > 0 {
			out.moved = append(out.moved, l)
		}
		if rs := l.reasons(); len(rs) > 0 {
			out.all = append(out.all, attention{l, displayName(l), rs})
		} else {
			out.calm++
		}
	}
	slices.SortStableFunc(out.all, func(a, b attention) int {
		return cmp.Or(cmp.Compare(b.Reasons[0].weight, a.Reasons[0].weight), a.Reasons[0].Since.Compare(b.Reasons[0].Since), cmp.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(out.moved, func(a, b *learner) int { return b.Fresh.Compare(a.Fresh) })
	out.moved = slices.Clone(out.moved[:min(len(out.moved), 8)])
	return out
}

// wordCount is a sort of reason, with how many learners have one.
type wordCount struct {
	Word, URL string
	N         int
	On        bool
}

// sorted counts who waits by sort of reason, and leaves those of one sort if the address asks for it.
func sorted(all []attention, s scope, why string) (words []wordCount, shown []attention) {
	add := func(word string, n int) {
		v := url.Values{}
		s.put(v)
		if word != "" {
			v.Set("why", strings.ToLower(word))
		}
		words = append(words, wordCount{Word: orElse(word, "All"), URL: address("/today", v), N: n})
	}
	add("", len(all))
	shown = all
	on := 0
	for _, word := range []string{"Asked", "Lost", "Stuck", "Silent"} {
		var some []attention
		for _, a := range all {
			if slices.ContainsFunc(a.Reasons, func(r reason) bool { return r.Word == word }) {
				some = append(some, a)
			}
		}
		if strings.EqualFold(word, why) {
			shown, on = some, len(words)
		}
		if len(some) > 0 || strings.EqualFold(word, why) {
			add(word, len(some))
		}
	}
	words[on].On = true
	return words, shown
}

func displayName(l *learner) string {
	if l.Login == "" {
		return l.Repos[0].repo.FullName()
	}
	return l.Login
}

// words finds why a mentor should look at a learner. Repositories that rest count nowhere.
func (l *learner) words(now time.Time) []reason {
	var out []reason
	active := false
	for _, e := range l.Repos {
		if e.repo.Archived || e.repo.PausedUntil.After(now) {
			continue
		}
		active = true
		if !e.asked.IsZero() && now.Sub(e.asked) < askedFor {
			out = append(out, reason{"Asked", "asked for a mentor’s look", e.asked, e, 4, "", ""})
		}
		for _, cl := range e.claims {
			out = append(out, reason{"Asked", fmt.Sprintf("points at evidence for “%s”, to be confirmed", e.plan.titleOf(cl.Milestone)), cl.At, e, 4, cl.Milestone, "claimed"})
		}
		for _, x := range e.earned {
			i, ok := l.plan.index[x.Milestone]
			if ok && !x.LostAt.IsZero() && now.Sub(x.LostAt) < lostFor && rank(l.Status[i]) < 6 {
				out = append(out, reason{"Lost", fmt.Sprintf("“%s” was met, and its evidence is gone", l.plan.flat[i].Title), x.LostAt, e, 3, x.Milestone, "noticed"})
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
		text, when := "nothing was pushed", "last push"
		if !l.Started() {
			text, when = "has not started", "added"
		}
		out = append(out, reason{"Silent", text, last, l.Repos[0], 1, "", when})
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
	r := reason{"Stuck", fmt.Sprintf("“%s” was started and is not met", l.plan.flat[best].Title), l.Since[best], l.from[best], 2, l.plan.flat[best].ID, "started"}
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
