package render

import "milepost/rules"

// Delta is how a report differs from another, by milestone ids in the order of the roadmap.
type Delta struct {
	Gains     []string `json:"gains,omitempty"`
	Losses    []string `json:"losses,omitempty"`
	Nearer    []string `json:"nearer,omitempty"`  // from missing to partial
	Further   []string `json:"further,omitempty"` // from partial to missing
	MetBefore int      `json:"met_before"`        // of the core
	MetAfter  int      `json:"met_after"`
	Total     int      `json:"total"`
}

// Moves reports whether a milestone is gained or lost.
func (d Delta) Moves() bool { return len(d.Gains)+len(d.Losses) > 0 }

// DeltaOf compares two reports on one roadmap. What could not be checked on either side is no gain and no loss.
func DeltaOf(base, head *rules.Report) Delta {
	d := Delta{MetBefore: base.Summary.Met, MetAfter: head.Summary.Met, Total: head.Summary.Total}
	for _, m := range head.Milestones() {
		before, ok := base.Milestone(m.ID)
		if !ok || m.Status == rules.Unknown || before.Status == rules.Unknown {
			continue
		}
		switch {
		case m.Done() && !before.Done() && before.Counts():
			d.Gains = append(d.Gains, m.ID)
		case before.Done() && !m.Done() && m.Counts():
			d.Losses = append(d.Losses, m.ID)
		case before.Status == rules.Missing && m.Status == rules.Partial:
			d.Nearer = append(d.Nearer, m.ID)
		case before.Status == rules.Partial && m.Status == rules.Missing:
			d.Further = append(d.Further, m.ID)
		}
	}
	return d
}
