package render

import (
	"fmt"
	"strings"

	"milepost/rules"
)

// Preview is what a changed configuration would do once merged.
type Preview struct {
	After    *rules.Report // of the same commit, by the new configuration
	Settings []string      // what else it changes, a sentence each
}

// preview says what the changed configuration would do: to the milestones, by kind of change, and to everything else. n bounds the names in a line.
func (p pull) preview(n int) string {
	items := p.milestoneChanges(n)
	settings, more := most(p.Preview.Settings, n)
	for _, s := range settings {
		items = append(items, "- "+stop(Prose(s)))
	}
	items = appendMore(items, more)
	if len(items) == 0 {
		return "**Once merged, the new configuration changes nothing here.**"
	}
	return "**Once merged, the new configuration changes this:**\n\n" + strings.Join(items, "\n")
}

// milestoneChanges compares the head as it is judged now with the head as it would be judged.
func (p pull) milestoneChanges(n int) []string {
	before, after := p.Head, p.Preview.After
	var items []string
	if b, a := before.Roadmap, after.Roadmap; b.ID != a.ID || b.Version != a.Version || b.Title != a.Title {
		items = append(items, fmt.Sprintf("- The roadmap becomes **%s**, version %d (now **%s**, version %d).",
			Inline(clip(a.Title, 80)), a.Version, Inline(clip(b.Title, 80)), b.Version))
	}
	b, a := before.Summary, after.Summary
	if a.Met != b.Met || a.Total != b.Total {
		items = append(items, fmt.Sprintf("- Milestones met: %d of %d (now %d of %d).", a.Met, a.Total, b.Met, b.Total))
	}
	if a.BonusMet != b.BonusMet || a.BonusTotal != b.BonusTotal {
		items = append(items, fmt.Sprintf("- Bonus milestones met: %d of %d (now %d of %d).", a.BonusMet, a.BonusTotal, b.BonusMet, b.BonusTotal))
	}
	groups := map[string][]string{}
	for _, m := range after.Milestones() {
		old, known := before.Milestone(m.ID)
		for _, kind := range kindsOfChange(old, known, m) {
			groups[kind] = append(groups[kind], p.titleOf(m))
		}
	}
	for _, m := range before.Milestones() {
		if _, still := after.Milestone(m.ID); !still {
			groups[changeGone] = append(groups[changeGone], p.titleOf(m))
		}
	}
	for _, kind := range changeOrder {
		names, more := most(groups[kind], n)
		if len(names) == 0 {
			continue
		}
		if more > 0 {
			names = append(names, fmt.Sprintf("%d more", more))
		}
		items = append(items, "- "+kind+": "+list(names)+".")
	}
	return items
}

// The kinds of change, in the words and the order in which they are said.
const (
	changeLost    = "No longer met"
	changeWon     = "Met"
	changeSkipped = "Skipped"
	changeCounted = "Counted again"
	changeNewMet  = "New, and already met"
	changeNewOpen = "New, not met yet"
	changeNewNot  = "New, not counted"
	changeGone    = "Removed from the roadmap"
	changeCore    = "From bonus to core"
	changeBonus   = "From core to bonus"
	changeStatus  = "Still open, with another status"
	changeWords   = "New title"
)

var changeOrder = []string{changeLost, changeWon, changeSkipped, changeCounted, changeNewMet, changeNewOpen, changeNewNot, changeGone, changeCore, changeBonus, changeStatus, changeWords}

func kindsOfChange(old rules.MilestoneReport, known bool, m rules.MilestoneReport) []string {
	switch {
	case !known && m.Done():
		return []string{changeNewMet}
	case !known && m.Counts():
		return []string{changeNewOpen}
	case !known:
		return []string{changeNewNot}
	}
	var out []string
	switch {
	case m.Status == old.Status:
	case m.Status == rules.Skipped:
		out = append(out, changeSkipped)
	case old.Status == rules.Skipped:
		out = append(out, changeCounted)
	case m.Done() && !old.Done():
		out = append(out, changeWon)
	case old.Done() && !m.Done():
		out = append(out, changeLost)
	case !m.Done():
		out = append(out, changeStatus)
	}
	switch m.Tier {
	case old.Tier:
	case rules.Core:
		out = append(out, changeCore)
	default:
		out = append(out, changeBonus)
	}
	if m.Title != old.Title {
		out = append(out, changeWords)
	}
	return out
}

// titleOf is a milestone's title as it stands in a list.
func (p pull) titleOf(m rules.MilestoneReport) string {
	return "**" + Inline(clip(m.Title, 80)) + "**"
}
