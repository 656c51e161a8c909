package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules"
)

// IssueText is the progress issue as it is to be.
type IssueText struct {
	Title   string
	Managed string // the bot's part of the body, down to the line below which the learner's notes stand
	Hash    string // of everything but the time of the check and the commit: one that changes neither a verdict nor its reason is no news

	in    *IssueInput // renders the part again with less detail, for notes that leave no room for all of it
	level int
}

// How much of the page is written. Controls, footer and the line above the notes are always there.
const (
	inFull        = iota
	onePlace      // one place of evidence for a milestone, no files to start with but for the next step
	noExamples    // no hints but the first, no milestones after the next one
	openOnly      // of the steps' milestones only the open ones, in a line each
	tableOnly     // the steps as a table only
	bareNecessity // standing and controls
	levels
)

// roomForNotes is kept free below our part, so that a few notes change nothing above them.
const roomForNotes = 6_000

// timeMark stands for the time of the check while the page is written and hashed. No text from elsewhere can hold it: it is invisible.
const timeMark = "\x00"

// commitMark stands for the commit that was checked while the page is written and hashed. A text that names it by chance shows the commit instead.
const commitMark = "b7d1c3a90e5f4862d3b9a1c7e8f0526494adc0fe1d2b7c95a3e8f6047b1d9c53"

// Issue renders the progress issue.
func Issue(in IssueInput) IssueText {
	if c := in.Report.Repository.Commit; commitPattern().MatchString(c) && len(c) <= len(commitMark) {
		report := *in.Report
		report.Repository.Commit, in.Report, in.commit = commitMark[:len(c)], &report, c
	}
	t := IssueText{Title: fmt.Sprintf(msgTitle, clip(visible(roadmapName(in.Report.Roadmap.Title)), 80)), in: &in}
	sum := sha256.New()
	for ; ; t.level++ {
		s := in.page(t.level)
		sum.Write([]byte(t.Title + "\n" + s))
		if t.Managed = in.timed(s); t.level == levels-1 || length(t.Managed) <= maxBody-roomForNotes {
			break
		}
	}
	t.Hash = hex.EncodeToString(sum.Sum(nil)[:16])
	return t
}

// timed puts the time of the check and its commit in their places.
func (in IssueInput) timed(s string) string {
	when := ""
	if !in.CheckedAt.IsZero() {
		when = " on " + minute(in.CheckedAt)
	}
	if in.commit != "" {
		mark := in.Report.Repository.Commit
		s = strings.NewReplacer(mark, in.commit, short(mark), short(in.commit)).Replace(s)
	}
	return strings.ReplaceAll(s, timeMark, when)
}

// fitting returns our part of the body in as much detail as there is room for; ok is false when there is none.
func (t IssueText) fitting(room int) (managed string, ok bool) {
	if length(t.Managed) <= room {
		return t.Managed, true
	}
	if t.in == nil {
		return "", false
	}
	for level := t.level + 1; level < levels; level++ {
		if s := t.in.timed(t.in.page(level)); length(s) <= room {
			return s, true
		}
	}
	return "", false
}

// page is a text that is being written.
type page struct {
	strings.Builder
	in    IssueInput
	level int
	once  bool // nothing writes the page again
}

// blockf writes a paragraph or another block, apart from what stands above.
func (p *page) blockf(format string, args ...any) {
	s := format
	if len(args) > 0 {
		s = fmt.Sprintf(format, args...)
	}
	if s == "" {
		return
	}
	if p.Len() > 0 {
		p.WriteString("\n\n")
	}
	p.WriteString(s)
}

// fold writes a block that opens by a click. The blank lines make GitHub read the inside as Markdown.
func fold(summary, inside string) string {
	return "<details><summary>" + summary + "</summary>\n\n" + inside + "\n\n</details>"
}

// page renders our part of the body at a level of detail. The order is that of the product: standing, next step, what needs attention, steps,
// changes, controls, notes, footer. The footer stands above the line, because everything below it belongs to the learner.
func (in IssueInput) page(level int) string {
	p := &page{in: in, level: level}
	p.WriteString(Marker(in.Repo.ID))
	p.standing()
	if level < bareNecessity {
		p.next()
		p.attention()
		p.steps()
		p.changes()
	}
	p.controls()
	p.footer()
	p.WriteString("\n\n" + notesLine)
	return p.String()
}

func (p *page) standing() {
	r := p.in.Report
	s := r.Summary
	line := Standing(s)
	next, ok := r.NextMilestone()
	switch {
	case ok && next.Tier == rules.Core:
		line += " · next: " + lowerFirst(Inline(clip(next.Title, 100)))
	case s.Total > 0 && s.Met == s.Total:
		line += ". Congratulations!"
	}
	p.blockf("**%s**", line)
	bar := Code(Bar(s.Met, s.Total, 30))
	if s.BonusTotal > 0 {
		bar += fmt.Sprintf(" · bonus: %d of %d", s.BonusMet, s.BonusTotal)
	}
	if lost := p.lost(); len(lost) > 0 {
		bar += fmt.Sprintf(" · %s earned earlier %s attention", Count(len(lost), "milestone"), plural(len(lost), "needs", "need"))
	}
	p.blockf("%s", bar)
	if r.Repository.Commit == "" && p.in.Repo.ID != 0 {
		p.blockf(msgNoCommit)
	}
	if z := p.in.Paused; z != nil {
		p.blockf("%s", p.pausedLine(z))
	}
	if p.level < tableOnly {
		for _, pull := range p.in.OpenPulls[:min(len(p.in.OpenPulls), 5)] {
			if names := p.titles(pull.Completes, 4); len(names) > 0 {
				p.blockf("Waiting in pull request %d, not merged yet: %s.", pull.Number, list(names))
			}
		}
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (p *page) pausedLine(z *Paused) string {
	out := "Paused"
	if z.By != "" {
		out += " by " + Inline(z.By)
	}
	if z.Until.IsZero() {
		return "_" + out + ". Write `/milepost resume` in a comment to go on._"
	}
	return "_" + out + " until " + day(z.Until, p.in.CheckedAt) + ". Write `/milepost resume` in a comment to go on earlier._"
}

// titles are milestones' titles as they stand in a sentence.
func (p *page) titles(ids []string, n int) []string {
	var out []string
	ids, more := most(ids, n)
	for _, id := range ids {
		if m, ok := p.in.Report.Milestone(id); ok {
			out = append(out, "**"+Inline(clip(m.Title, 80))+"**")
		} else {
			out = append(out, Code(id))
		}
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	return out
}

// inPull is the open pull request that would complete a milestone; 0 when none does. It is written as words, without # and without a link: either
// would put a line "mentioned this" into the pull request's timeline each time the page is written.
func (in IssueInput) inPull(id string) int {
	for _, pull := range in.OpenPulls {
		if slices.Contains(pull.Completes, id) {
			return pull.Number
		}
	}
	return 0
}

func (p *page) next() {
	open := p.in.Report.Open(3)
	if len(open) == 0 {
		s := p.in.Report.Summary
		switch {
		case s.Total > 0 && s.Met == s.Total:
			p.blockf("### %s\n\n%s", "All done", msgAllDone)
		case s.Total > 0:
			p.blockf("### %s\n\n%s", msgNext, msgNothingMore)
		}
		return
	}
	first := open[0]
	if first.Tier == rules.Bonus && p.in.Report.Summary.Total > 0 && p.in.Report.Summary.Met == p.in.Report.Summary.Total {
		p.blockf("### %s\n\n%s", "All done", msgAllDone+" What follows is a bonus, if you feel like it.")
	}
	p.blockf("### %s: %s", msgNext, Inline(clip(first.Title, 100)))
	p.blockf("%s", p.in.advice(first, p.level, true))
	if p.level >= noExamples {
		return
	}
	for _, m := range open[1:] {
		p.blockf("%s", fold(msgAfter+": "+HTML(clip(m.Title, 100)), p.in.advice(m, p.level, false)))
	}
}

// advice is all there is to say about an open milestone: where it belongs, why, what is missing, what to do, how it is recognised, hints.
func (in IssueInput) advice(m rules.MilestoneReport, level int, hints bool) string {
	def, step, ok := in.milestone(m.ID)
	p := &page{in: in, level: level}
	if ok {
		var place []string
		if step != "" {
			place = append(place, step)
		}
		if m.Tier == rules.Bonus {
			place = append(place, "bonus")
		}
		if def.Effort != "" {
			place = append(place, "about "+Inline(clip(def.Effort, 40)))
		}
		p.blockf("_%s_ · %s", strings.Join(place, " · "), Code(m.ID))
	}
	fill := in.Report.Setup().Fill
	if ok && def.Why != "" {
		p.blockf("**%s** %s", msgWhy, richInline(fill(clip(def.Why, 600))))
	}
	if m.Reason != "" {
		p.blockf("**%s** %s", msgMissing, in.reason(m, sentence(Prose(m.Reason))))
	}
	if n := in.inPull(m.ID); n > 0 {
		p.blockf("**%s** "+sentence(msgNotMerged)+" Merge it, and this milestone is met.", "Almost there:", n)
	}
	if m.Next != "" {
		p.blockf("**%s** %s", msgAction, sentence(Prose(m.Next)))
	}
	if ok && level <= onePlace {
		p.blockf("%s", in.starter(m, def))
	}
	if ok && def.Signal != "" {
		p.blockf("**%s** %s", msgSignal, sentence(richInline(fill(clip(def.Signal, 400)))))
	}
	if ok && hints {
		p.blockf("%s", in.hints(def, level))
	}
	return p.String()
}

// milestone finds the roadmap's words on a milestone, and its step as "Step 9, Deployment".
func (in IssueInput) milestone(id string) (*rules.Milestone, string, bool) {
	if in.Roadmap == nil {
		return nil, "", false
	}
	def, step, ok := in.Roadmap.Milestone(id)
	if !ok {
		return nil, "", false
	}
	for i := range in.Roadmap.Steps {
		if in.Roadmap.Steps[i].ID == step.ID {
			return def, fmt.Sprintf("Step %d, %s", i+1, Inline(clip(step.Title, 80))), true
		}
	}
	return def, "", true
}

// near leads to the place of a near miss: behind a reason that names the file only to the lines, else with the file's name.
func (in IssueInput) near(m rules.MilestoneReport) string {
	for _, e := range m.Evidence {
		at := in.place(e)
		switch {
		case at == "":
			continue
		case e.Path == "" || !strings.Contains(m.Reason, path.Base(e.Path)):
			return " Nearest: " + at + "."
		}
		words := "open it"
		if e.StartLine > 0 {
			words = strings.TrimSpace(lines(e))
		}
		address := in.Repo.blobURL(in.Report.Repository.Commit, e.Path, e.StartLine, e.EndLine)
		if address == "" {
			return ""
		}
		return " (" + link(words, address) + ")"
	}
	return ""
}

// reason is why a milestone is open, with a link to the nearest miss. end is the full stop, which stands behind the link.
func (in IssueInput) reason(m rules.MilestoneReport, text string) string {
	near := in.near(m)
	if strings.HasPrefix(near, " (") {
		return stop(strings.TrimSuffix(text, ".") + near)
	}
	return stop(text) + near
}

// place is a piece of evidence with a permanent link: "`src/app.js` lines 1–9".
func (in IssueInput) place(e rules.Evidence) string {
	return in.Repo.place(in.Report.Repository.Commit, e)
}

func (r Repo) place(commit string, e rules.Evidence) string {
	switch {
	case e.Path != "":
		if e.Commit != "" {
			commit = e.Commit
		}
		return link(Code(e.Path)+lines(e), r.blobURL(commit, e.Path, e.StartLine, e.EndLine))
	case e.URL != "":
		if n := r.pullNumber(e.URL); n != "" {
			return "pull request " + n
		}
		if l := r.webLink(Code(strings.TrimPrefix(e.URL, r.base()+"/")), e.URL); l != "" {
			return l
		}
		return Code(e.URL)
	case e.Commit != "":
		return "commit " + r.commitLink(e.Commit)
	}
	return ""
}

func lines(e rules.Evidence) string {
	switch {
	case e.StartLine <= 0:
		return ""
	case e.EndLine > e.StartLine:
		return fmt.Sprintf(" lines %d–%d", e.StartLine, e.EndLine)
	default:
		return fmt.Sprintf(" line %d", e.StartLine)
	}
}

// maxPrefill is the longest address of a prefilled new file that GitHub's servers take without complaint.
const maxPrefill = 6_000

// starter offers a file to begin with: as a link to GitHub's editor when there is no such file yet, else as a block to compare with.
func (in IssueInput) starter(m rules.MilestoneReport, def *rules.Milestone) string {
	st, ok := def.Starter.For(in.Report.Setup())
	if !ok || st.Path == "" || st.Content == "" {
		return ""
	}
	block := Fence(st.Content, fenceLanguage(st.Path))
	if m.Existing != "" || slices.ContainsFunc(m.Evidence, func(e rules.Evidence) bool { return e.Path == st.Path }) {
		return fold("For comparison: a complete "+htmlCode(st.Path), block)
	}
	address := in.newFileURL(st.Path, st.Content)
	if address == "" || len(address) > maxPrefill {
		return fold("A "+htmlCode(st.Path)+" to start from", block)
	}
	return "[Create " + Code(st.Path) + " from a starter](" + address + "). " + msgOwn + "\n\n" + fold("What the starter holds", block)
}

// newFileURL is the address of GitHub's editor for a new file with a content.
func (in IssueInput) newFileURL(file, content string) string {
	base := in.Repo.base()
	if base == "" {
		return ""
	}
	branch := in.Repo.DefaultBranch
	if branch == "" {
		branch = "main"
	}
	return base + "/new/" + pathURL(branch) + "?filename=" + queryURL(file) + "&value=" + queryURL(content)
}

// hints are three levels of help, each folded inside the one before.
func (in IssueInput) hints(def *rules.Milestone, level int) string {
	setup := in.Report.Setup()
	texts := []string{def.Hints.Nudge.For(setup), def.Hints.Pointer.For(setup), def.Hints.Example.For(setup)}
	names := []string{msgHint1, msgHint2, msgHint3}
	if level >= noExamples {
		texts = texts[:1]
	}
	if level >= tableOnly {
		return ""
	}
	out := ""
	for i := len(texts) - 1; i >= 0; i-- {
		if strings.TrimSpace(texts[i]) == "" {
			continue
		}
		inside := Rich(texts[i])
		if out != "" {
			inside += "\n\n" + out
		}
		out = fold(names[i], inside)
	}
	return out
}
