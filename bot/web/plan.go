package web

import (
	"slices"
	"strings"

	"milepost/rules"
)

// plan is a roadmap as the pages need it, or several taken together: steps and milestones by place.
type plan struct {
	title string
	steps []rules.Step
	flat  []flatMilestone
	index map[string]int // milestone id -> its place in flat
	only  []string       // by place of a step: the roadmaps that alone have it, "" for all
}

// flatMilestone is a milestone with its step's place.
type flatMilestone struct {
	*rules.Milestone
	step int
	Only string // of several roadmaps, those that alone have it; "" when all do
}

// off is the status of a milestone that no roadmap of a learner has. It counts nowhere.
const off rules.Status = "off"

// planOf lays a roadmap out by place.
func planOf(r *rules.Roadmap) *plan {
	p := &plan{title: r.Title, steps: r.Steps, only: make([]string, len(r.Steps))}
	p.number()
	return p
}

// number fills in places from the steps.
func (p *plan) number() {
	p.index = map[string]int{}
	for i := range p.steps {
		for j := range p.steps[i].Milestones {
			m := &p.steps[i].Milestones[j]
			p.index[m.ID] = len(p.flat)
			p.flat = append(p.flat, flatMilestone{Milestone: m, step: i})
		}
	}
}

// together joins plans: the steps and milestones of the first, then what the others add, by id. Words are those of the first that has them; a
// milestone is core if one of them says so. The same plans make the same result.
func together(all []*plan) *plan {
	if len(all) == 1 {
		return all[0]
	}
	p := &plan{title: all[0].title}
	place := map[string]int{} // of a step
	milestones, steps := map[string][]string{}, map[string][]string{}
	tiers := map[string]rules.Tier{}
	for _, one := range all {
		name := orElse(cut(strings.TrimSpace(one.title), 60), "a roadmap of their own")
		for _, s := range one.steps {
			steps[s.ID] = append(steps[s.ID], name)
			at, ok := place[s.ID]
			if !ok {
				at = len(p.steps)
				place[s.ID] = at
				p.steps = append(p.steps, rules.Step{ID: s.ID, Title: s.Title, Why: s.Why})
			}
			for _, m := range s.Milestones {
				if milestones[m.ID] == nil {
					p.steps[at].Milestones = append(p.steps[at].Milestones, m)
				}
				milestones[m.ID] = append(milestones[m.ID], name)
				if tiers[m.ID] != rules.Core {
					tiers[m.ID] = m.Tier
				}
			}
		}
	}
	p.number()
	for i := range p.flat {
		m := &p.flat[i]
		m.Tier, m.Only = tiers[m.ID], onlyOf(milestones[m.ID], len(all))
	}
	for _, s := range p.steps {
		p.only = append(p.only, onlyOf(steps[s.ID], len(all)))
	}
	return p
}

// onlyOf names the roadmaps that have something, unless all of them do.
func onlyOf(names []string, all int) string {
	slices.Sort(names)
	names = slices.Compact(names)
	switch {
	case len(names) >= all:
		return ""
	case len(names) > 2:
		return "some roadmaps"
	}
	return strings.Join(names, " and ")
}

// idOf is the plan's own copy of an id, so that a hundred thousand rows share fifty texts.
func (p *plan) idOf(id string) string {
	if i, ok := p.index[id]; ok {
		return p.flat[i].ID
	}
	return id
}

// titleOf is a milestone's title, or its id when the plan does not have it.
func (p *plan) titleOf(id string) string {
	if i, ok := p.index[id]; ok {
		return p.flat[i].Title
	}
	return id
}

// stepIndex is the place of the step that a sorting by "step-" and its id means; -1: none.
func (p *plan) stepIndex(sort string) int {
	id, ok := strings.CutPrefix(sort, "step-")
	if !ok {
		return -1
	}
	return slices.IndexFunc(p.steps, func(s rules.Step) bool { return s.ID == id })
}

// view is how a learner's roadmaps lie in the plan of a page: the tier of each milestone by the page's places, "" for those that the learner's
// roadmaps lack.
type view struct{ tiers []rules.Tier }

// viewOf makes the view of some plans in the joined one.
func viewOf(joined *plan, own []*plan) *view {
	v := &view{tiers: make([]rules.Tier, len(joined.flat))}
	for _, p := range own {
		for _, m := range p.flat {
			if i := joined.index[m.ID]; v.tiers[i] != rules.Core {
				v.tiers[i] = m.Tier
			}
		}
	}
	return v
}

// report makes a report of statuses by place, for those who count and look for what is next. What the learner's roadmaps lack is left out.
func (p *plan) report(v *view, status []rules.Status) *rules.Report {
	r := &rules.Report{Steps: make([]rules.StepReport, len(p.steps))}
	at := 0
	for i, s := range p.steps {
		ms := make([]rules.MilestoneReport, 0, len(s.Milestones))
		for _, m := range s.Milestones {
			if v.tiers[at] != "" {
				ms = append(ms, rules.MilestoneReport{ID: m.ID, Title: m.Title, Kind: m.Kind, Tier: v.tiers[at], Status: status[at], Effort: m.Effort})
			}
			at++
		}
		r.Steps[i] = rules.StepReport{ID: s.ID, Title: s.Title, Milestones: ms}
	}
	r.Tally()
	return r
}
