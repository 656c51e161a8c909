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
	Have, Started, Lack, Off int // Off: skipped or not applicable
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
func (c *cohort) counts(g *group) []tally {
	g.once.Do(func() { g.tallies = c.tallies(g.learners) })
	return g.tallies
}

// tallies counts a cohort by milestone. Near misses that differ in numbers and names alone are taken together by their shape.
func (c *cohort) tallies(all []*learner) []tally {
	out := make([]tally, len(c.flat))
	for i, m := range c.flat {
		out[i].flatMilestone = m
		shapes, sample := map[string]int{}, map[string]string{}
		for _, l := range all {
			switch rank(l.Status[i]) {
			case 6:
				out[i].Have++
			case 5:
				out[i].Started++
				if why := reasonOf(l, i); why != "" {
					k := shape(why)
					shapes[k]++
					if old, ok := sample[k]; !ok || why < old {
						sample[k] = why
					}
				}
			case 1, 2:
				out[i].Off++
			default:
				out[i].Lack++
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

func reasonOf(l *learner, i int) string {
	for _, e := range l.Repos {
		if e.status[i] == rules.Partial && e.reasons[i] != "" {
			return e.reasons[i]
		}
	}
	return ""
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
	entries, err := p.visible()
	if err != nil {
		return err
	}
	g := s.cohort.group(entries)
	all := g.learners
	type part struct {
		rules.Step
		Rows []tally
	}
	body := struct {
		Groups   []part
		Learners int
		Stuck    []tally
	}{Learners: len(all)}
	for _, st := range s.cohort.roadmap.Steps {
		body.Groups = append(body.Groups, part{Step: st})
	}
	rows := s.cohort.counts(g)
	for _, t := range rows {
		body.Groups[t.step].Rows = append(body.Groups[t.step].Rows, t)
		if t.Started > 0 && t.Tier == rules.Core {
			body.Stuck = append(body.Stuck, t)
		}
	}
	slices.SortStableFunc(body.Stuck, func(a, b tally) int { return cmp.Compare(b.Started, a.Started) })
	body.Stuck = body.Stuck[:min(3, len(body.Stuck))]
	l := p.layout("Milestones", "milestones", body)
	l.Fresh = newest(all)
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
}

// milestonePage lists who has a milestone, who has started and who lacks it.
func (s *Server) milestonePage(p *request) error {
	i, ok := s.cohort.index[p.PathValue("id")]
	if !ok {
		return errNotFound
	}
	entries, err := p.visible()
	if err != nil {
		return err
	}
	g := s.cohort.group(entries)
	all := g.learners
	m := s.cohort.flat[i]
	body := struct {
		M     *rules.Milestone
		Step  rules.Step
		T     tally
		Rows  []standing
		More  int
		Since bool
	}{M: m.Milestone, Step: s.cohort.roadmap.Steps[m.step], T: s.cohort.counts(g)[i]}
	for _, l := range all {
		st := standing{Learner: l, Name: displayName(l), Status: l.Status[i], Repo: l.Repos[0], I: i}
		if st.Status == "" {
			st.Status = rules.Missing
		}
		if st.Status == rules.Partial {
			st.Reason = reasonOf(l, i)
		}
		for _, e := range l.Repos {
			if e.status[i] == l.Status[i] {
				st.Repo = e
				break
			}
		}
		body.Rows = append(body.Rows, st)
	}
	order := map[int]int{5: 0, 3: 1, 0: 1, 4: 2, 6: 3, 2: 4, 1: 4} // who can use a word first
	slices.SortStableFunc(body.Rows, func(a, b standing) int {
		return cmp.Or(cmp.Compare(order[rank(a.Status)], order[rank(b.Status)]), a.Learner.Since[i].Compare(b.Learner.Since[i]), cmp.Compare(a.Name, b.Name))
	})
	const most = 200
	body.More = max(0, len(body.Rows)-most)
	body.Rows = body.Rows[:min(len(body.Rows), most)]
	l := p.layout(m.Title, "milestones", body)
	l.Fresh = newest(all)
	return p.show("milestone", l)
}
