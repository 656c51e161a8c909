package rules

import (
	"slices"
	"strconv"
	"strings"

	"milepost/rules/probe"
)

// Schema is the version of the report's JSON.
const Schema = "milepost.report/v1"

// The words of a verdict, for those who need no more of package probe.
type (
	// Status is how far a milestone is.
	Status = probe.Status
	// Evidence is what a status rests on.
	Evidence = probe.Evidence
)

// The statuses of a milestone.
const (
	Met           = probe.Met
	Partial       = probe.Partial
	Missing       = probe.Missing
	Unknown       = probe.Unknown
	NotApplicable = probe.NotApplicable
	Skipped       = probe.Skipped
	Attested      = probe.Attested
)

// Report is the verdict on one snapshot.
type Report struct {
	Schema     string       `json:"schema"`
	Repository Repository   `json:"repository"`
	Roadmap    RoadmapRef   `json:"roadmap"`
	Summary    Summary      `json:"summary"`
	Steps      []StepReport `json:"steps"`
	Languages  []Language   `json:"languages"`
	Warnings   []string     `json:"warnings"`
	// Stack is the main stack of the repository, which chooses the words of hints: "node", "python" ...; "" when there is no code.
	Stack string `json:"stack,omitempty"`
	// Words are what hints and starters are chosen by and filled with; empty in reports of older programs.
	Words Stack `json:"words,omitzero"`
}

// Repository says what was judged.
type Repository struct {
	Name   string `json:"name"`   // "owner/repo", or a folder
	Commit string `json:"commit"` // hex, empty for a folder with changes
	Ref    string `json:"ref"`
}

// RoadmapRef says against what.
type RoadmapRef struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	Title   string `json:"title"`
}

// Summary counts milestones. Those skipped or not applicable count nowhere; attested ones count as met.
type Summary struct {
	Met        int `json:"met"`   // of the core
	Total      int `json:"total"` // of the core
	BonusMet   int `json:"bonus_met"`
	BonusTotal int `json:"bonus_total"`
	Percent    int `json:"percent"` // 100 × Met ÷ Total, rounded; 100 only when all are met
}

// Language is a general-purpose language and its share of the code, 0 to 1.
type Language struct {
	Name  string  `json:"name"`
	Share float64 `json:"share"`
}

// StepReport is a step with its milestones. Met and Total count its core milestones.
type StepReport struct {
	ID         string            `json:"id"`
	Title      string            `json:"title"`
	Met        int               `json:"met"`
	Total      int               `json:"total"`
	Milestones []MilestoneReport `json:"milestones"`
}

// MilestoneReport is the verdict on one milestone.
type MilestoneReport struct {
	ID       string     `json:"id"`
	Title    string     `json:"title"`
	Kind     Kind       `json:"kind"`
	Tier     Tier       `json:"tier"`
	Status   Status     `json:"status"`
	Reason   string     `json:"reason"` // one sentence; for a met milestone, what was found
	Next     string     `json:"next"`   // one action; empty when there is nothing to do
	Evidence []Evidence `json:"evidence"`
	// Effort is how long the milestone takes a learner, as the roadmap says: "an hour".
	Effort string `json:"effort,omitempty"`
	// Existing is the file that stands already where the starter of an open milestone would be created.
	Existing string `json:"existing,omitempty"`
}

// Done reports whether the milestone counts as reached.
func (m MilestoneReport) Done() bool { return m.Status == Met || m.Status == Attested }

// Counts reports whether the milestone counts at all.
func (m MilestoneReport) Counts() bool { return m.Status != Skipped && m.Status != NotApplicable }

// Milestone returns the verdict of an id.
func (r *Report) Milestone(id string) (MilestoneReport, bool) {
	for _, s := range r.Steps {
		for _, m := range s.Milestones {
			if m.ID == id {
				return m, true
			}
		}
	}
	return MilestoneReport{}, false
}

// Milestones are all verdicts in order.
func (r *Report) Milestones() []MilestoneReport {
	var out []MilestoneReport
	for _, s := range r.Steps {
		out = append(out, s.Milestones...)
	}
	return out
}

// Setup is the stack for which hints and starters are chosen.
func (r *Report) Setup() Stack {
	if r.Words.Words != nil {
		return r.Words
	}
	return StackNamed(r.Stack)
}

// NextMilestone is the one thing to do next, the first of [Report.Open]. ok is false when nothing is open.
func (r *Report) NextMilestone() (MilestoneReport, bool) {
	next := r.Open(1)
	if len(next) == 0 {
		return MilestoneReport{}, false
	}
	return next[0], true
}

// Open returns up to n open milestones in the order in which to take them: core before bonus; first those that are begun and can be finished
// within a day, the quickest first, since a step from done is where a word helps most; then the others in the order of the roadmap, within a
// step those begun first. Unknown ones are left out, since what they lack is not the learner's to add.
func (r *Report) Open(n int) []MilestoneReport {
	var out []MilestoneReport
	for _, tier := range []Tier{Core, Bonus} {
		var begun, rest []MilestoneReport
		for _, s := range r.Steps {
			var later []MilestoneReport
			for _, m := range s.Milestones {
				switch {
				case m.Tier != tier || m.Status != Partial && m.Status != Missing:
				case m.begun() && minutes(m.Effort) <= aDay:
					begun = append(begun, m)
				case m.Status == Partial:
					rest = append(rest, m)
				default:
					later = append(later, m)
				}
			}
			rest = append(rest, later...)
		}
		slices.SortStableFunc(begun, func(a, b MilestoneReport) int { return minutes(a.Effort) - minutes(b.Effort) })
		out = append(append(out, begun...), rest...)
	}
	return out[:min(n, len(out))]
}

// begun reports whether something of an open milestone is there: it is partial, or a near miss was found.
func (m MilestoneReport) begun() bool { return m.Status == Partial || len(m.Evidence) > 0 }

// aDay is the work of a day in minutes.
const aDay = 8 * 60

// minutes reads how long a milestone takes: "15 minutes", "an evening". What says nothing is an evening; what is no such time takes long.
func minutes(effort string) int {
	number, unit, _ := strings.Cut(effort, " ")
	each := map[string]int{"minute": 1, "hour": 60, "evening": 180, "day": aDay}[strings.TrimSuffix(unit, "s")]
	n, err := strconv.Atoi(number)
	switch {
	case effort == "":
		return 180
	case each == 0 || err != nil && number != "a" && number != "an" && number != "one":
		return 100 * aDay
	case err != nil:
		return each
	}
	return min(n, 10_000) * each
}

// Tally recounts the summary and the steps from the milestones.
func (r *Report) Tally() {
	r.Summary = Summary{}
	for i := range r.Steps {
		s := &r.Steps[i]
		s.Met, s.Total = 0, 0
		for _, m := range s.Milestones {
			if !m.Counts() {
				continue
			}
			done := 0
			if m.Done() {
				done = 1
			}
			if m.Tier == Bonus {
				r.Summary.BonusTotal++
				r.Summary.BonusMet += done
				continue
			}
			s.Total++
			s.Met += done
		}
		r.Summary.Met += s.Met
		r.Summary.Total += s.Total
	}
	if t := r.Summary.Total; t > 0 {
		r.Summary.Percent = (200*r.Summary.Met + t) / (2 * t)
		if r.Summary.Met < t {
			r.Summary.Percent = min(r.Summary.Percent, 99)
		}
	}
}
