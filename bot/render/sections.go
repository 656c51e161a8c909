package render

import (
	"fmt"
	"strings"

	"milepost/rules"
)

// lost are the milestones that were earned once and whose evidence is gone, in the order of the roadmap.
func (p *page) lost() []rules.MilestoneReport {
	var out []rules.MilestoneReport
	for _, m := range p.in.Report.Milestones() {
		if _, earned := p.in.Earned[m.ID]; earned && (m.Status == rules.Partial || m.Status == rules.Missing) {
			out = append(out, m)
		}
	}
	return out
}

// attention says what needs a look: evidence that is gone, a configuration that is broken, what could not be checked.
func (p *page) attention() {
	var items []string
	lost, more := most(p.lost(), 10)
	for _, m := range lost {
		items = append(items, "- "+p.lostLine(m))
	}
	items = appendMore(items, more)
	if len(lost) > 0 {
		items[len(items)-1] += "\n\n" + msgEarnedForGood
	}
	blocks := joinItems(items)
	if faults, more := most(p.in.ConfigFaults, 10); len(faults) > 0 {
		items = nil
		for _, f := range faults {
			items = append(items, "- "+Prose(f))
		}
		blocks = append(blocks, msgLastGood+"\n\n"+strings.Join(appendMore(items, more), "\n"))
	}
	if items := p.unknown(); len(items) > 0 {
		blocks = append(blocks, msgCouldNot+"\n\n"+strings.Join(items, "\n"))
	}
	if problems, more := most(p.in.Problems, 8); len(problems) > 0 {
		items = nil
		for _, s := range problems {
			items = append(items, "- "+stop(Prose(s)))
		}
		blocks = append(blocks, "Worth knowing:\n\n"+strings.Join(appendMore(items, more), "\n"))
	}
	if len(blocks) > 0 {
		p.blockf("### %s\n\n%s", msgAttention, strings.Join(blocks, "\n\n"))
	}
}

func joinItems(items []string) []string {
	if len(items) == 0 {
		return nil
	}
	return []string{strings.Join(items, "\n")}
}

func appendMore(items []string, more int) []string {
	if more > 0 {
		items = append(items, fmt.Sprintf("- and %d more", more))
	}
	return items
}

func (p *page) lostLine(m rules.MilestoneReport) string {
	e := p.in.Earned[m.ID]
	now := p.in.CheckedAt
	out := "**" + Inline(clip(m.Title, 100)) + "** ("
	if !e.At.IsZero() {
		out += "earned " + day(e.At, now) + ", "
	} else {
		out += "earned before, "
	}
	if e.LostAt.IsZero() {
		out += "not found at this commit)"
	} else {
		out += "needs attention since " + day(e.LostAt, now)
		if e.LostCommit != "" {
			out += ", commit " + p.in.Repo.commitLink(e.LostCommit)
		}
		out += ")"
	}
	if m.Reason != "" {
		out += ": " + sentence(Prose(m.Reason))
	} else {
		out += "."
	}
	if m.Next != "" {
		out += " " + sentence(Prose(m.Next))
	}
	return out
}

// unknown groups what could not be checked by the reason why.
func (p *page) unknown() []string {
	var reasons []string
	names := map[string][]string{}
	for _, m := range p.in.Report.Milestones() {
		if m.Status != rules.Unknown {
			continue
		}
		why := m.Reason
		if why == "" {
			why = "no reason is known"
		}
		if names[why] == nil {
			reasons = append(reasons, why)
		}
		names[why] = append(names[why], m.ID)
	}
	var out []string
	reasons, more := most(reasons, 8)
	for _, why := range reasons {
		out = append(out, "- "+list(p.titles(names[why], 6))+": "+stop(Prose(why)))
	}
	out = appendMore(out, more)
	if len(out) > 0 && !p.once {
		out[len(out)-1] += "\n\n" + msgNobodyAtFault
	}
	return out
}

// steps are a table of the steps, then each step's milestones, folded.
func (p *page) steps() {
	r := p.in.Report
	if len(r.Steps) == 0 {
		return
	}
	next, hasNext := r.NextMilestone()
	var b strings.Builder
	b.WriteString("| | Step | Status | Milestones |\n| ---: | --- | --- | ---: |")
	for i, s := range r.Steps {
		word := StepWord(s, hasNext && contains(s, next.ID))
		if word == "Done" {
			word = "Done ✓"
		}
		fmt.Fprintf(&b, "\n| %d | %s | %s | %s |", i+1, Cell(clip(s.Title, 80)), word, stepCount(s))
	}
	p.blockf("### %s\n\n%s", msgSteps, b.String())
	if p.level >= tableOnly {
		return
	}
	for i, s := range r.Steps {
		var items []string
		for _, m := range s.Milestones {
			if p.level >= openOnly && (m.Done() || !m.Counts()) {
				continue
			}
			items = append(items, "- "+p.milestoneLine(m))
		}
		if len(items) == 0 {
			continue
		}
		word := StepWord(s, hasNext && contains(s, next.ID))
		p.blockf("%s", fold(fmt.Sprintf("%d · %s: %s, %s", i+1, HTML(clip(s.Title, 80)), strings.ToLower(word), stepCount(s)), strings.Join(items, "\n")))
	}
}

// stepCount is "2 of 5"; a step of bonus milestones alone says so.
func stepCount(s rules.StepReport) string {
	if s.Total > 0 {
		return fmt.Sprintf("%d of %d", s.Met, s.Total)
	}
	met, total := 0, 0
	for _, m := range s.Milestones {
		if m.Counts() {
			total++
			if m.Done() {
				met++
			}
		}
	}
	if total == 0 {
		return "none"
	}
	return fmt.Sprintf("%d of %d bonus", met, total)
}

// milestoneLine is one milestone of a step: its state in words, and what that rests on.
func (p *page) milestoneLine(m rules.MilestoneReport) string {
	if p.level >= openOnly {
		return Inline(clip(m.Title, 80)) + ": " + strings.ToLower(StatusWord(m.Status)) + ". " + Code(m.ID)
	}
	mark := ""
	if m.Done() {
		mark = "✓ "
	}
	out := mark + "**" + Inline(clip(m.Title, 100)) + "**"
	if m.Tier == rules.Bonus {
		out += " (bonus)"
	}
	out += " · " + strings.ToLower(StatusWord(m.Status))
	if m.Status == rules.Partial || m.Status == rules.Missing || m.Status == rules.Unknown {
		return out + p.open(m)
	}
	return out + p.standsFor(m)
}

// standsFor is what follows the status of a milestone that is not open: since when, and what it rests on.
func (p *page) standsFor(m rules.MilestoneReport) string {
	out := ""
	switch m.Status {
	case rules.Met:
		return p.since(m) + p.proof(m)
	case rules.Attested:
		out = p.since(m)
		if m.Reason != "" {
			out += ", " + stop(Prose(strings.TrimPrefix(m.Reason, "signed off ")))
		}
	case rules.Skipped, rules.NotApplicable, rules.Unknown:
		if m.Reason != "" {
			out = ": " + stop(Prose(m.Reason))
		}
	default:
	}
	return out
}

// since is when a milestone was earned, and by which pull request.
func (p *page) since(m rules.MilestoneReport) string {
	e, ok := p.in.Earned[m.ID]
	at := e.At
	if !ok || at.IsZero() {
		at = p.in.Since[m.ID]
	}
	if at.IsZero() {
		return ""
	}
	out := " since " + day(at, p.in.CheckedAt)
	if e.Pull > 0 {
		out += fmt.Sprintf(", by pull request %d", e.Pull)
	}
	return out
}

// proof is what a met milestone rests on.
func (p *page) proof(m rules.MilestoneReport) string {
	n := 3
	if p.level >= onePlace {
		n = 1
	}
	var out []string
	evidence, more := most(m.Evidence, n)
	for _, e := range evidence {
		at := p.in.place(e)
		note := Prose(clip(e.Note, 160))
		switch {
		case at == "" && note == "":
			continue
		case at == "":
			out = append(out, note)
		case note == "" || note == at || p.level >= noExamples:
			out = append(out, at)
		default:
			out = append(out, at+" ("+note+")")
		}
	}
	if len(out) == 0 {
		if m.Reason == "" {
			return ""
		}
		return ": " + stop(Prose(m.Reason))
	}
	if more > 0 && p.level == inFull {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return ": " + list(out) + "."
}

// open is what an open milestone lacks, the nearest miss, and what is under way.
func (p *page) open(m rules.MilestoneReport) string {
	out := ""
	if e, ok := p.in.Earned[m.ID]; ok && !e.At.IsZero() {
		out += " (earned " + day(e.At, p.in.CheckedAt) + ")"
	}
	if m.Reason != "" {
		out += ": " + p.in.reason(m, Prose(m.Reason))
	} else {
		out += "."
	}
	if n := p.in.inPull(m.ID); n > 0 {
		out += " " + sentence(fmt.Sprintf(msgNotMerged, n))
	}
	for _, c := range p.in.Claims {
		if c.Milestone == m.ID {
			out += fmt.Sprintf(" %s points at %s; a mentor has yet to look.", Inline(clip(c.By, 60)), Code(c.What))
			break
		}
	}
	return out + " " + Code(m.ID)
}

// changes are the last five lines of what changed.
func (p *page) changes() {
	changes, _ := most(p.in.Changes, 5)
	var items []string
	for _, c := range changes {
		if l := p.changeLine(c); l != "" {
			items = append(items, "- "+day(c.At, p.in.CheckedAt)+": "+l)
		}
	}
	if len(items) > 0 {
		p.blockf("### %s\n\n%s", msgChanged, strings.Join(items, "\n"))
	}
}

func (p *page) changeLine(c Change) string {
	var parts []string
	switch by := Inline(clip(c.By, 60)); {
	case len(c.Gained) > 0 && by != "":
		parts = append(parts, list(p.titles(c.Gained, 6))+" "+plural(len(c.Gained), "was", "were")+" signed off by "+by)
	case len(c.Gained) > 0:
		parts = append(parts, "earned "+list(p.titles(c.Gained, 6)))
	}
	if len(c.Lost) > 0 {
		parts = append(parts, list(p.titles(c.Lost, 6))+" "+plural(len(c.Lost), "needs", "need")+" attention")
	}
	if len(c.TakenBack) > 0 {
		parts = append(parts, "the sign-off of "+list(p.titles(c.TakenBack, 6))+" was taken back")
	}
	if len(c.Skipped) > 0 {
		parts = append(parts, list(p.titles(c.Skipped, 6))+" "+plural(len(c.Skipped), "is", "are")+" skipped")
	}
	if len(c.Unskipped) > 0 {
		parts = append(parts, list(p.titles(c.Unskipped, 6))+" "+plural(len(c.Unskipped), "counts", "count")+" again")
	}
	if len(parts) == 0 {
		return ""
	}
	out := strings.Join(parts, "; ")
	switch {
	case c.By != "":
	case c.Pull > 0:
		out += fmt.Sprintf(", with pull request %d", c.Pull)
	case c.Commit != "":
		out += ", with commit " + p.in.Repo.commitLink(c.Commit)
	}
	return out
}

// controls are the boxes and the line of commands. They are never left out.
func (p *page) controls() {
	boxes := []string{boxLine(msgBoxRecheck, "recheck"), boxLine(msgBoxPause, "pause"), boxLine(msgBoxMentor, "ask-mentor")}
	if at := p.in.Rechecked; !at.IsZero() {
		news := ": nothing new"
		if p.in.RecheckNews {
			news = ""
		}
		boxes[0] = boxLine(msgBoxRecheck+" (checked again on "+minute(at)+news+")", "recheck")
	}
	if at := p.in.AskedMentor; !at.IsZero() {
		boxes[2] = boxLine(msgBoxMentor+" (asked on "+day(at, p.in.CheckedAt)+")", "ask-mentor")
	}
	p.blockf("### %s\n\n%s\n\n%s", msgControls, strings.Join(boxes, "\n"), msgOtherCommands)
}

func (p *page) footer() {
	p.blockf("### %s\n\n%s", msgNotes, msgNotesBelow)
	r := p.in.Report
	checked := "No commit is there to check yet"
	if r.Repository.Commit != "" {
		checked = "Checked commit " + p.in.Repo.commitLink(r.Repository.Commit)
	} else if !p.in.CheckedAt.IsZero() {
		checked = "Looked for a first commit"
	}
	checked += timeMark
	more := ""
	if p.in.DashboardURL != "" {
		more = " " + link("History, what is stored and who sees it", p.in.DashboardURL) + "."
	}
	p.blockf("<sub>%s · %s, version %d · %s%s %s</sub>", checked, Inline(clip(roadmapName(r.Roadmap.Title), 80)), r.Roadmap.Version, msgPrivacy, more, msgOff)
}

// StepCompleted is the comment on a step that is complete.
func StepCompleted(in IssueInput, step rules.StepReport) string {
	s := in.Report.Summary
	out := fmt.Sprintf("**Step complete: %s.** ", Inline(clip(step.Title, 100)))
	var names []string
	for _, m := range step.Milestones {
		if m.Done() {
			name := lowerFirst(m.Title)
			if def, _, ok := in.milestone(m.ID); ok {
				name = shortName(def)
			}
			names = append(names, Inline(clip(name, 60)))
		}
	}
	if shown, more := most(names, 6); len(shown) > 0 {
		if more > 0 {
			shown = append(shown, fmt.Sprintf("%d more", more))
		}
		out += "It rests on " + list(shown) + ". "
	}
	out += "Well done!\n\n" + sentence(Standing(s))
	return out + in.onward()
}

// onward names the next step.
func (in IssueInput) onward() string {
	next, ok := in.Report.NextMilestone()
	switch {
	case ok && next.Tier == rules.Core:
		return " Next, whenever you like: " + lowerFirst(Inline(clip(next.Title, 100))) + "."
	case in.Report.Summary.Total > 0 && in.Report.Summary.Met == in.Report.Summary.Total:
		return " " + msgAllDone
	}
	return ""
}

// MilestoneEarned is the comment on milestones that were reached.
func MilestoneEarned(in IssueInput, ids []string) string {
	p := &page{in: in}
	names := p.titles(ids, 8)
	if len(names) == 0 {
		return ""
	}
	return fmt.Sprintf("%s earned: %s. Well done!\n\n%s", Count(len(ids), "milestone"), list(names), sentence(Standing(in.Report.Summary))+in.onward())
}
