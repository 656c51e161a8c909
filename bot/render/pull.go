package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"milepost/rules"
)

// CheckRunText is what a check run says.
type CheckRunText struct {
	Title       string // up to 60 characters, plain text
	Summary     string // Markdown, up to 65,535 bytes
	Text        string // the same
	Conclusion  string // "success", "neutral" or "failure"
	Annotations []Annotation
	Actions     []Action // up to three
}

// Annotation is a remark on lines of a file that the pull request touches.
type Annotation struct {
	Path               string
	StartLine, EndLine int    // 1-based, inclusive
	Level              string // "notice", "warning" or "failure"
	Title, Message     string // plain text
}

// Action is a button of a check run: a label up to 20, a description up to 40, an identifier up to 20 characters.
type Action struct{ Label, Description, Identifier string }

// Identifiers of the buttons.
const (
	ActionRecheck = "recheck"
	ActionExplain = "explain"
)

// MaxCheckText is how long the summary and the text of a check run may be, in bytes each.
const MaxCheckText = 65_535

const maxCheckTitle = 60

// pull is a pull request with its delta.
type pull struct {
	PullInput
	delta Delta
}

func newPull(in PullInput) pull {
	if in.Head == nil {
		in.Head = &rules.Report{}
	}
	if in.Base == nil {
		in.Base = in.Head
	}
	return pull{in, DeltaOf(in.Base, in.Head)}
}

// CheckRun renders what a pull request gains and loses.
func CheckRun(in PullInput) CheckRunText {
	p := newPull(in)
	out := CheckRunText{
		Title: p.title(), Conclusion: p.conclusion(), Annotations: p.annotations(),
		Actions: []Action{
			{Label: "Check again", Description: "Check this commit once more", Identifier: ActionRecheck},
			{Label: "Explain", Description: "Say why each open milestone is open", Identifier: ActionExplain},
		},
	}
	for n := 40; n > 0; n /= 2 {
		if out.Summary = p.summary(n); len(out.Summary) <= MaxCheckText {
			break
		}
	}
	for level := range levels {
		if out.Text = strings.TrimSpace(p.explained(level) + "\n\n" + p.whole(level)); len(out.Text) <= MaxCheckText {
			break
		}
	}
	return out
}

// conclusion fails for nothing but the loss of a required milestone.
func (p pull) conclusion() string {
	switch {
	case slices.ContainsFunc(p.delta.Losses, func(id string) bool { return slices.Contains(p.Require, id) }):
		return "failure"
	case len(p.delta.Losses) > 0 || len(p.ConfigFaults) > 0:
		return "neutral"
	default:
		return "success"
	}
}

// name is a milestone's short name for lists: "CI tests".
func (p pull) name(id string) string {
	if p.Roadmap != nil {
		if def, _, ok := p.Roadmap.Milestone(id); ok {
			return shortName(def) + beside(def.Tier)
		}
	}
	if m, ok := p.Head.Milestone(id); ok {
		return lowerFirst(visible(m.Title)) + beside(m.Tier)
	}
	return id
}

// beside marks what the count of a pull request's sentence leaves out.
func beside(t rules.Tier) string {
	if t == rules.Bonus {
		return " (bonus)"
	}
	return ""
}

// shortName is what a milestone is called in lists.
func shortName(def *rules.Milestone) string {
	if def.Short != "" {
		return visible(def.Short)
	}
	return lowerFirst(visible(def.Title))
}

func (p pull) names(ids []string) []string {
	out := make([]string, 0, len(ids))
	for _, id := range ids {
		out = append(out, p.name(id))
	}
	return out
}

// title says it in 60 characters. Names are left out from the end until the rest fits.
func (p pull) title() string {
	d := p.delta
	switch {
	case len(p.ConfigFaults) > 0 && !d.Moves():
		return Count(len(p.ConfigFaults), "mistake") + " in the Milepost configuration"
	case len(d.Gains) > 0 && len(d.Losses) > 0:
		both := "Completes " + strings.Join(p.names(d.Gains), ", ") + "; breaks " + strings.Join(p.names(d.Losses), ", ")
		if utf8.RuneCountInString(both) <= maxCheckTitle {
			return both
		}
		return fit(fmt.Sprintf("Completes %s, breaks %d", Count(len(d.Gains), "milestone"), len(d.Losses)), p.names(d.Losses))
	case len(d.Gains) > 0:
		return fit("Completes "+Count(len(d.Gains), "milestone"), p.names(d.Gains))
	case len(d.Losses) > 0:
		return fit("Breaks "+Count(len(d.Losses), "milestone"), p.names(d.Losses))
	default:
		return msgNothingMoves
	}
}

// fit writes as many names behind head as there is room for; those left out are counted.
func fit(head string, names []string) string {
	for n := len(names); n > 0; n-- {
		s := head + ": " + strings.Join(names[:n], ", ")
		if n < len(names) {
			s += fmt.Sprintf(" and %d more", len(names)-n)
		}
		if utf8.RuneCountInString(s) <= maxCheckTitle {
			return s
		}
	}
	return head
}

// verdict is the delta in a sentence: "This pull request completes 2 milestones: tests and CI."
func (p pull) verdict() string {
	what := "This pull request"
	if p.Number == 0 {
		what = "This change"
	}
	d := p.delta
	switch {
	case len(d.Gains) > 0 && len(d.Losses) > 0:
		return fmt.Sprintf("**%s completes %s, %s, and breaks %d, %s.**%s", what, Count(len(d.Gains), "milestone"), p.some(d.Gains), len(d.Losses), p.some(d.Losses), p.counts())
	case len(d.Gains) > 0:
		return fmt.Sprintf("**%s completes %s: %s.** %s%s", what, Count(len(d.Gains), "milestone"), p.some(d.Gains), msgNothingIsLost, p.counts())
	case len(d.Losses) > 0:
		return fmt.Sprintf("**%s breaks %s: %s.**%s", what, Count(len(d.Losses), "milestone"), p.some(d.Losses), p.counts())
	default:
		return fmt.Sprintf("**%s moves no milestone.** It stays at %d of %d.", what, d.MetAfter, d.Total)
	}
}

// some are milestones' names in a sentence, at most six.
func (p pull) some(ids []string) string {
	names, more := most(p.names(ids), 6)
	shown := make([]string, 0, len(names)+1)
	for _, n := range names {
		shown = append(shown, Inline(clip(n, 60)))
	}
	if more > 0 {
		shown = append(shown, fmt.Sprintf("%d more", more))
	}
	return list(shown)
}

func (p pull) counts() string {
	d := p.delta
	if d.MetBefore == d.MetAfter {
		return fmt.Sprintf(" It stays at %d of %d.", d.MetAfter, d.Total)
	}
	return fmt.Sprintf(" %d of %d becomes %d of %d.", d.MetBefore, p.Base.Summary.Total, d.MetAfter, d.Total)
}

// summary is what the pull request gains, loses and nearly reaches, at most n of each.
func (p pull) summary(n int) string {
	blocks := []string{p.verdict()}
	var items []string
	add := func(ids []string, line func(rules.MilestoneReport) string) {
		ids, more := most(ids, n)
		for _, id := range ids {
			if m, ok := p.Head.Milestone(id); ok {
				items = append(items, "- "+line(m))
			}
		}
		items = appendMore(items, more)
	}
	add(p.delta.Losses, p.lossLine)
	add(p.delta.Gains, p.gainLine)
	add(p.delta.Nearer, func(m rules.MilestoneReport) string { return p.stepLine(m, "is begun") })
	add(p.delta.Further, func(m rules.MilestoneReport) string { return p.stepLine(m, "is further away") })
	blocks = append(blocks, joinItems(items)...)
	if p.conclusion() == "failure" {
		blocks = append(blocks, msgRequired)
	}
	blocks = append(blocks, p.configuration(n)...)
	if s := p.suggestion(); s != "" {
		blocks = append(blocks, s)
	}
	if n := p.unknown(); n > 0 {
		blocks = append(blocks, fmt.Sprintf("%s could not be checked on one of the two commits, and so %s neither as won nor as lost.", Count(n, "milestone"), plural(n, "counts", "count")))
	}
	blocks = append(blocks, p.checked())
	return strings.Join(blocks, "\n\n")
}

func (p pull) unknown() int {
	n := 0
	for _, m := range p.Head.Milestones() {
		before, ok := p.Base.Milestone(m.ID)
		if ok && (m.Status == rules.Unknown) != (before.Status == rules.Unknown) {
			n++
		}
	}
	return n
}

func (p pull) checked() string {
	out := "Checked commit " + p.Repo.commitLink(p.HeadSHA)
	if p.BaseSHA != "" {
		out += " against " + p.Repo.commitLink(p.BaseSHA)
	}
	return out + "."
}

func (p pull) bold(m rules.MilestoneReport) string { return "**" + Inline(clip(m.Title, 100)) + "**" }

func (p pull) gainLine(m rules.MilestoneReport) string {
	out := "✓ " + p.bold(m)
	switch {
	case m.Status == rules.Attested:
		return out + ": " + stop(Prose(m.Reason))
	case len(m.Evidence) > 0:
		at := p.Repo.place(p.HeadSHA, m.Evidence[0])
		note := Prose(clip(m.Evidence[0].Note, 160))
		switch {
		case at != "" && note != "":
			return out + ": " + at + " (" + note + ")"
		case at != "" || note != "":
			return out + ": " + at + note
		}
	case m.Reason != "":
		return out + ": " + stop(Prose(m.Reason))
	}
	return out
}

func (p pull) lossLine(m rules.MilestoneReport) string {
	out := p.bold(m) + " was met and no longer is"
	if before, ok := p.Base.Milestone(m.ID); ok && len(before.Evidence) > 0 && before.Evidence[0].Path != "" {
		out += " (before: " + p.Repo.place(p.BaseSHA, before.Evidence[0]) + ")"
	}
	if m.Reason == "" {
		return out + "."
	}
	return out + ": " + stop(Prose(m.Reason))
}

func (p pull) stepLine(m rules.MilestoneReport, what string) string {
	out := p.bold(m) + " " + what
	if m.Reason == "" {
		return out + "."
	}
	return out + ": " + stop(Prose(m.Reason))
}

// suggestion is the one thing that this pull request could still do: mend what it breaks, else finish what its own files begin.
func (p pull) suggestion() string {
	var pick *rules.MilestoneReport
	touched := map[string]bool{}
	for _, f := range p.Files {
		touched[f.Path] = true
	}
	all := p.Head.Milestones()
	for _, want := range []func(m rules.MilestoneReport) bool{
		func(m rules.MilestoneReport) bool { return slices.Contains(p.delta.Losses, m.ID) },
		func(m rules.MilestoneReport) bool { return slices.Contains(p.delta.Nearer, m.ID) },
		func(m rules.MilestoneReport) bool {
			return m.Status == rules.Partial && slices.ContainsFunc(m.Evidence, func(e rules.Evidence) bool { return touched[e.Path] })
		},
	} {
		for i := range all {
			if pick == nil && all[i].Next != "" && !all[i].Done() && want(all[i]) {
				pick = &all[i]
			}
		}
	}
	if pick == nil {
		return ""
	}
	return fmt.Sprintf("**%s** %s", msgOneSuggestion, sentence(Prose(pick.Next)))
}

// configuration says what is wrong with a changed configuration file, or what it would do.
func (p pull) configuration(n int) []string {
	var out []string
	if faults, more := most(p.ConfigFaults, n); len(faults) > 0 {
		var items []string
		for _, f := range faults {
			items = append(items, "- "+Prose(f.Error()))
		}
		out = append(out, "**The new configuration has "+Count(len(p.ConfigFaults), "mistake")+"**, so Milepost would not use it, and would go on with the last good one:\n\n"+
			strings.Join(appendMore(items, more), "\n"))
	}
	if p.Preview != nil {
		out = append(out, p.preview(n))
	}
	return out
}

// whole is the state of the whole repository at the head, folded.
func (p pull) whole(level int) string {
	q := &page{in: IssueInput{Roadmap: p.Roadmap, Report: p.Head, Repo: p.Repo}, level: level}
	q.in.Report = withCommit(p.Head, p.HeadSHA)
	q.steps()
	if q.Len() == 0 {
		return ""
	}
	return fold(msgSeeWhole+": "+strings.ToLower(Standing(p.Head.Summary)[:1])+Standing(p.Head.Summary)[1:], q.String())
}

// explained says of each open milestone why it is open and what to do, for those who asked.
func (p pull) explained(level int) string {
	if !p.Explain || level >= tableOnly {
		return ""
	}
	q := &page{in: IssueInput{Roadmap: p.Roadmap, Report: withCommit(p.Head, p.HeadSHA), Repo: p.Repo}}
	var items []string
	for _, m := range p.Head.Milestones() {
		if m.Done() || !m.Counts() {
			continue
		}
		item := "- " + q.milestoneLine(m)
		if m.Next != "" && level < openOnly {
			item += " **" + msgAction + "** " + sentence(Prose(m.Next))
		}
		items = append(items, item)
	}
	if len(items) == 0 {
		return msgNothingOpen
	}
	return "### " + msgWhyOpen + "\n\n" + strings.Join(items, "\n")
}

// withCommit makes links of a report lead to a commit.
func withCommit(r *rules.Report, sha string) *rules.Report {
	out := *r
	if out.Repository.Commit == "" {
		out.Repository.Commit = sha
	}
	return &out
}

// CommentText is the one comment on a pull request.
type CommentText struct {
	Body   string
	Hash   string // of Body
	Wanted bool   // whether there is anything to say
}

// Comment renders the comment on a pull request. It is wanted when a milestone moves; previous says that there is one already, which then
// shrinks to a line when nothing is left to say.
func Comment(in PullInput, previous bool) CommentText {
	p := newPull(in)
	blocks := []string{CommentMarker(in.Repo.ID, in.Number)}
	if !p.delta.Moves() {
		blocks = append(blocks, fmt.Sprintf("%s with commit %s; it stays at %d of %d.", msgNothingMoves, p.Repo.commitLink(p.HeadSHA), p.delta.MetAfter, p.delta.Total))
	} else {
		blocks = append(blocks, p.verdict())
		blocks = append(blocks, joinItems(p.commentRows())...)
		if s := p.suggestion(); s != "" {
			blocks = append(blocks, s)
		}
		q := &page{in: IssueInput{Roadmap: p.Roadmap, Report: withCommit(p.Head, p.HeadSHA), Repo: p.Repo}, level: tableOnly}
		q.steps()
		if q.Len() > 0 {
			blocks = append(blocks, fold(msgSeeWhole, q.String()))
		}
		blocks = append(blocks, p.commentFooter())
	}
	body := strings.Join(blocks, "\n\n")
	sum := sha256.Sum256([]byte(body))
	return CommentText{Body: body, Hash: hex.EncodeToString(sum[:16]), Wanted: p.delta.Moves() || previous}
}

// commentRows are at most five lines: losses first, since they ask for a decision before merging.
func (p pull) commentRows() []string {
	const rows = 4
	var items []string
	left := 0
	for _, part := range []struct {
		ids  []string
		line func(rules.MilestoneReport) string
	}{{p.delta.Losses, p.lossLine}, {p.delta.Gains, p.gainLine}} {
		for _, id := range part.ids {
			m, ok := p.Head.Milestone(id)
			switch {
			case !ok:
			case len(items) < rows:
				items = append(items, "- "+part.line(m))
			default:
				left++
			}
		}
	}
	return appendMore(items, left)
}

func (p pull) commentFooter() string {
	out := p.checked()
	if p.IssueURL != "" && p.Repo.base() != "" {
		// By label, not by number: a link to the issue itself would add a line to its timeline for every pull request.
		out += " " + link("Progress issue", p.Repo.base()+"/issues?q=label%3Amilepost") + "."
	}
	if p.DashboardURL != "" {
		out += " " + link("Details", p.DashboardURL) + "."
	}
	return "<sub>" + out + "</sub>"
}
