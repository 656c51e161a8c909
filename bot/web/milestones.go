package web

import (
	"cmp"
	"slices"
	"strings"
	"unique"

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
	n := t.Have + t.Started + t.Lack
	if n == 0 {
		return 0
	}
	percent := (200*t.Have + n) / (2 * n) // rounded; 100 only when all have it, as in a report
	if t.Have < n {
		return min(percent, 99)
	}
	return percent
}

// Bars are the shares for drawing, in percent.
func (t tally) Bars() [3]int {
	n := max(1, t.Have+t.Started+t.Lack)
	have, started := t.Have*100/n, t.Started*100/n
	return [3]int{have, started, 100 - have - started}
}

// counts are the tallies of a group.
func (g *group) counts() []tally {
	return ask(g, aspect("tallies"), func() []tally { return g.plan.tallies(g.learners) })
}

// near counts the near misses of a milestone that have one shape, with the words that they share.
type near struct {
	n      int
	sample string
}

// tallies counts a cohort by milestone. Near misses that differ in numbers and names alone are taken together by their shape.
func (p *plan) tallies(all []*learner) []tally {
	out := make([]tally, len(p.flat))
	shapes := make([]map[unique.Handle[string]]near, len(p.flat))
	for i, m := range p.flat {
		out[i].flatMilestone, shapes[i] = m, map[unique.Handle[string]]near{}
	}
	for _, l := range all {
		for i, r := range l.ranks {
			switch r {
			case 6:
				out[i].Have++
			case 5:
				out[i].Started++
				if miss := l.miss(i); miss.why != "" {
					k := shapes[i][miss.shape]
					if k.n++; k.n == 1 {
						k.sample = miss.why
					} else {
						k.sample = common(k.sample, miss.why)
					}
					shapes[i][miss.shape] = k
				}
			case 3, 4:
				out[i].Lack++
			default:
				out[i].Off++
			}
		}
	}
	for i := range out {
		best := ""
		for k, x := range shapes[i] {
			if word := k.Value(); x.n > out[i].NearN || x.n == out[i].NearN && word < best {
				best, out[i].NearN, out[i].Near = word, x.n, cut(x.sample, 140)
			}
		}
	}
	return out
}

// common is a reason of several learners: the words in which they differ are left out. Both have the same shape.
func common(a, b string) string {
	if a == b {
		return a
	}
	words, others := strings.Fields(a), strings.Fields(b)
	for i := range words {
		if words[i] != others[i] {
			words[i] = "…"
		}
	}
	return strings.Join(words, " ")
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
	}{Bar: bar, Learners: len(g.learners)}
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
	l.Fresh, l.Scope = g.freshest(), bar.Scope.Query()
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

// standings are those of a milestone that a page shows, and how many there are beyond.
type standings struct {
	Rows []standing
	More int
}

// milestonePlace names the standings of the milestone of a place in the plan.
type milestonePlace int

// standings are those who can use a word first.
func (g *group) standings(i int) standings {
	var out standings
	id := g.plan.flat[i].ID
	for _, l := range g.learners {
		if l.Status[i] != off {
			out.Rows = append(out.Rows, standing{Learner: l, Name: displayName(l), Status: l.Status[i], Repo: l.from[i], I: i})
		}
	}
	order := [...]int{1: 4, 2: 4, 3: 1, 4: 2, 5: 0, 6: 3}
	slices.SortStableFunc(out.Rows, func(a, b standing) int {
		return cmp.Or(cmp.Compare(order[a.Learner.ranks[i]], order[b.Learner.ranks[i]]), a.Learner.Since[i].Compare(b.Learner.Since[i]), cmp.Compare(a.Name, b.Name))
	})
	const most = 200
	out.More = max(0, len(out.Rows)-most)
	out.Rows = slices.Clone(out.Rows[:min(len(out.Rows), most)])
	for k := range out.Rows {
		r := &out.Rows[k]
		r.Reason, r.URL = r.Learner.reason(i), r.Repo.URL(id)
	}
	return out
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
	m := g.plan.flat[i]
	body := struct {
		M    flatMilestone
		Bar  scopeBar
		Step rules.Step
		T    tally
		standings
	}{M: m, Bar: bar, Step: g.plan.steps[m.step], T: g.counts()[i], standings: ask(g, milestonePlace(i), func() standings { return g.standings(i) })}
	l := p.layout(m.Title, "milestones", body)
	l.Fresh, l.Scope = g.freshest(), bar.Scope.Query()
	return p.show("milestone", l)
}
