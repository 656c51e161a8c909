package rules

import "milepost/rules/probe"

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

// NextMilestone is the one thing to do next: the first open core milestone in the order of the roadmap, those tried already before others of
// the same step. ok is false when nothing is open.
func (r *Report) NextMilestone() (MilestoneReport, bool) {
	next := r.Open(1)
	if len(next) == 0 {
		return MilestoneReport{}, false
	}
	return next[0], true
}

// Open returns up to n open milestones in the order in which to take them: core before bonus, by step, within a step those begun first. Unknown
// ones are left out, since what they lack is not the learner's to add.
func (r *Report) Open(n int) []MilestoneReport {
	var out []MilestoneReport
	for _, tier := range []Tier{Core, Bonus} {
		for _, s := range r.Steps {
			for _, want := range []Status{Partial, Missing} {
				for _, m := range s.Milestones {
					if m.Tier == tier && m.Status == want && len(out) < n {
						out = append(out, m)
					}
				}
			}
		}
	}
	return out
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
