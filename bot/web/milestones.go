package web

import (
	"cmp"
	"slices"
	"strings"

	"milepost/rules"
)

// tally is how a cohort stands on one milestone.
type tally struct {
	flatMilestone
	Have, Started, Lack, Off int // Off: skipped, not applicable, or not on the learner's roadmap
	Near                     string
	NearN                    int
}

// Percent is the share of those it applies to who have it.
func (t tally) Percent() int {
	if n := t.Have + t.Started + t.Lack; n > 0 {
		return t.Have * 100 / n
	}
	return 0
}

// Bars are the shares for drawing, in percent.
func (t tally) Bars() [3]int {
	n := max(1, t.Have+t.Started+t.Lack)
	have, started := t.Have*100/n, t.Started*100/n
	return [3]int{have, started, 100 - have - started}
}

// counts are the tallies of a group, computed once.
func (g *group) counts() []tally {
	g.once.Do(func() { g.tallies = g.plan.tallies(g.learners) })
	return g.tallies
}

// tallies counts a cohort by milestone. Near misses that differ in numbers and names alone are taken together by their shape.
func (p *plan) tallies(all []*learner) []tally {
	out := make([]tally, len(p.flat))
	for i, m := range p.flat {
		out[i].flatMilestone = m
		shapes, sample := map[string]int{}, map[string]string{}
		for _, l := range all {
			switch rank(l.Status[i]) {
			case 6:
				out[i].Have++
			case 5:
				out[i].Started++
				if why := l.reason(i); why != "" {
					k := shape(why)
					shapes[k]++
					if old, ok := sample[k]; !ok || why < old {
						sample[k] = why
					}
				}
			case 3, 4:
				out[i].Lack++
			default:
				out[i].Off++
			}
		}
		best := ""
		for k, n := range shapes {
			if best == "" || n > shapes[best] || n == shapes[best] && k < best {
				best = k
			}
		}
		out[i].Near, out[i].NearN = cut(sample[best], 140), shapes[best]
	}
	return out
}

// shape is a reason without what differs from one repository to the next: words with digits, and what looks like a path or a quotation.
func shape(s string) string {
	words := strings.Fields(s)
	for i, w := range words {
		if strings.ContainsAny(strings.TrimRight(w, ".,:;"), "0123456789/`\"“”'.:") {
			words[i] = "…"
		}
	}
	return strings.ToLower(strings.Join(words, " "))
}

// milestonesPage shows where the cohort gets stuck.
func (s *Server) milestonesPage(p *request) error {
	everybody, g, bar, err := p.group()
	if err != nil {
		return err
	}
	if err := p.offer(everybody, &bar); err != nil {
		return err
	}
	all := g.learners
	type part struct {
		rules.Step
		Only string
		Rows []tally
	}
	body := struct {
		Bar      scopeBar
		Groups   []part
		Learners int
		Stuck    []tally
	}{Bar: bar, Learners: len(all)}
	for i, st := range g.plan.steps {
		body.Groups = append(body.Groups, part{Step: st, Only: g.plan.only[i]})
	}
	rows := g.counts()
	for _, t := range rows {
		body.Groups[t.step].Rows = append(body.Groups[t.step].Rows, t)
		if t.Started > 0 && t.Tier == rules.Core {
			body.Stuck = append(body.Stuck, t)
		}
	}
	slices.SortStableFunc(body.Stuck, func(a, b tally) int { return cmp.Compare(b.Started, a.Started) })
	body.Stuck = body.Stuck[:min(3, len(body.Stuck))]
	l := p.layout("Milestones", "milestones", body)
	l.Fresh, l.Scope = newest(all), bar.Scope.Query()
	return p.show("milestones", l)
}

// standing is a learner's state on one milestone.
type standing struct {
	Learner *learner
	Name    string
	Status  rules.Status
	Reason  string
	Repo    *entry
	I       int
	URL     string // of the milestone in the repository's report
}

// milestonePage lists who has a milestone, who has started and who lacks it.
func (s *Server) milestonePage(p *request) error {
	_, g, bar, err := p.group()
	if err != nil {
		return err
	}
	i, ok := g.plan.index[p.PathValue("id")]
	if !ok {
		return errNotFound
	}
	all := g.learners
	m := g.plan.flat[i]
	body := struct {
		M    flatMilestone
		Bar  scopeBar
		Step rules.Step
		T    tally
		Rows []standing
		More int
	}{M: m, Bar: bar, Step: g.plan.steps[m.step], T: g.counts()[i]}
	for _, l := range all {
		if l.Status[i] != off {
			body.Rows = append(body.Rows, standing{Learner: l, Name: displayName(l), Status: l.Status[i], Reason: l.reason(i), Repo: l.from[i], I: i, URL: l.from[i].URL(m.ID)})
		}
	}
	order := map[int]int{5: 0, 3: 1, 4: 2, 6: 3, 2: 4, 1: 4} // who can use a word first
	slices.SortStableFunc(body.Rows, func(a, b standing) int {
		return cmp.Or(cmp.Compare(order[rank(a.Status)], order[rank(b.Status)]), a.Learner.Since[i].Compare(b.Learner.Since[i]), cmp.Compare(a.Name, b.Name))
	})
	const most = 200
	body.More = max(0, len(body.Rows)-most)
	body.Rows = body.Rows[:min(len(body.Rows), most)]
	l := p.layout(m.Title, "milestones", body)
	l.Fresh, l.Scope = newest(all), bar.Scope.Query()
	return p.show("milestone", l)
}
