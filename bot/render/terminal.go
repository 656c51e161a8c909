package render

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"milepost/rules"
)

// TerminalOptions are the choices of the terminal report.
type TerminalOptions struct {
	Colour bool
	All    bool // every milestone with its evidence, not the open ones of the steps begun
	Width  int  // columns; 0 is 80
}

// ANSI styles of the terminal report.
const (
	bold   = "1"
	dim    = "2"
	green  = "32"
	yellow = "33"
	cyan   = "36"
	grey   = "90"
)

type terminal struct {
	strings.Builder
	opts  TerminalOptions
	width int
}

// Terminal renders a report for a terminal: where it stands, the steps, and the next action.
func Terminal(r *rules.Report, opts TerminalOptions) string {
	t := &terminal{opts: opts, width: opts.Width}
	if t.width <= 0 {
		t.width = 80
	}
	t.width = max(40, min(t.width, 100))
	t.head(r)
	next, hasNext := r.NextMilestone()
	for i, s := range r.Steps {
		t.step(i+1, s, hasNext && contains(s, next.ID))
	}
	t.next(r, next, hasNext)
	t.warnings(r)
	return t.String()
}

func contains(s rules.StepReport, id string) bool {
	for _, m := range s.Milestones {
		if m.ID == id {
			return true
		}
	}
	return false
}

func (t *terminal) style(code, s string) string {
	if !t.opts.Colour {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

func (t *terminal) head(r *rules.Report) {
	title := printable(r.Repository.Name)
	if r.Repository.Commit != "" {
		title += " at " + printable(short(r.Repository.Commit))
	}
	fmt.Fprintf(t, "%s  %s\n\n", t.style(bold, title), t.style(grey, printable(roadmapName(r.Roadmap.Title))))
	s := r.Summary
	fmt.Fprintf(t, "%s  %s", t.style(green, Bar(s.Met, s.Total, 30)), t.style(bold, Standing(s)))
	if s.BonusTotal > 0 {
		fmt.Fprintf(t, "%s", t.style(grey, fmt.Sprintf(" · bonus %d of %d", s.BonusMet, s.BonusTotal)))
	}
	t.WriteString("\n\n")
}

func (t *terminal) step(n int, s rules.StepReport, next bool) {
	word := StepWord(s, next)
	code := grey
	switch word {
	case "Done":
		code = green
	case "Next":
		code = cyan
	case "Started":
		code = yellow
	}
	count := fmt.Sprintf("%d of %d", s.Met, s.Total)
	name := fmt.Sprintf("%2d  %s", n, printable(s.Title))
	pad := max(1, t.width-utf8.RuneCountInString(name)-len(count)-10)
	fmt.Fprintf(t, "%s%s%s  %s\n", t.style(bold, name), strings.Repeat(" ", pad), count, t.style(code, word))
	for _, m := range s.Milestones {
		if t.opts.All || next && !m.Done() && m.Counts() || m.Status == rules.Partial {
			t.milestone(m)
		}
	}
}

func (t *terminal) milestone(m rules.MilestoneReport) {
	mark, code := "·", grey
	switch m.Status {
	case rules.Met, rules.Attested:
		mark, code = "✓", green
	case rules.Partial:
		mark, code = "~", yellow
	case rules.Unknown:
		mark, code = "?", grey
	case rules.Skipped, rules.NotApplicable:
		mark, code = "-", grey
	default:
	}
	tier := ""
	if m.Tier == rules.Bonus {
		tier = t.style(grey, " (bonus)")
	}
	fmt.Fprintf(t, "    %s %s%s %s\n", t.style(code, mark), printable(m.Title), tier, t.style(grey, "["+m.ID+"] "+StatusWord(m.Status)))
	if m.Reason != "" && !m.Done() {
		t.wrap("      ", m.Reason, grey)
	}
	if !t.opts.All {
		return
	}
	for _, e := range m.Evidence {
		t.wrap("      ", Place(e), grey)
	}
}

// Place is a piece of evidence in one line: "src/app.js:12-14 Express route".
func Place(e rules.Evidence) string {
	at := e.Path
	if at == "" {
		at = e.URL
	}
	if at == "" && e.Commit != "" {
		at = "commit " + short(e.Commit)
	}
	if e.StartLine > 0 {
		at += fmt.Sprintf(":%d", e.StartLine)
		if e.EndLine > e.StartLine {
			at += fmt.Sprintf("-%d", e.EndLine)
		}
	}
	return strings.TrimSpace(at + " " + e.Note)
}

func (t *terminal) next(r *rules.Report, m rules.MilestoneReport, ok bool) {
	t.WriteString("\n")
	if !ok {
		if r.Summary.Total > 0 && r.Summary.Met == r.Summary.Total {
			t.WriteString(t.style(green, "Every milestone of the roadmap is met.") + "\n")
			return
		}
		t.WriteString("Nothing more can be judged from these files alone.\n")
		return
	}
	fmt.Fprintf(t, "%s %s %s\n", t.style(cyan, "Next:"), t.style(bold, printable(m.Title)), t.style(grey, "["+m.ID+"]"))
	if m.Reason != "" {
		t.wrap("  ", "Now: "+m.Reason, "")
	}
	if m.Next != "" {
		t.wrap("  ", "Do:  "+m.Next, "")
	}
	t.wrap("  ", "More: milepost roadmap explain "+m.ID+stackFlag(r.Setup()), grey)
}

// stackFlag is the flag by which the words of a stack are asked for.
func stackFlag(s rules.Stack) string {
	name := s.Framework
	if name == "" {
		name = s.Name
	}
	if name == "" {
		return ""
	}
	return " --stack " + name
}

func (t *terminal) warnings(r *rules.Report) {
	const most = 8
	for i, w := range r.Warnings {
		if i == 0 {
			t.WriteString("\n" + t.style(yellow, "Worth knowing") + "\n")
		}
		if i == most && !t.opts.All {
			fmt.Fprintf(t, "  and %d more (--all shows them)\n", len(r.Warnings)-most)
			return
		}
		t.wrap("  ", w, "")
	}
}

// wrap writes text in lines of the terminal's width, each with the indent.
func (t *terminal) wrap(indent, text, code string) {
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		cur := indent
		for _, w := range strings.Fields(printable(line)) {
			if utf8.RuneCountInString(cur)+1+utf8.RuneCountInString(w) > t.width && strings.TrimSpace(cur) != "" {
				t.WriteString(t.style(code, cur) + "\n")
				cur = indent
			}
			if strings.TrimSpace(cur) != "" {
				cur += " "
			}
			cur += w
		}
		t.WriteString(t.style(code, cur) + "\n")
	}
}

// short is the customary abbreviation of a commit id.
func short(sha string) string { return sha[:min(len(sha), 7)] }

// printable drops what could steer a terminal or hide text: control characters, and those that reorder or are invisible.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' {
			return ' '
		}
		if hides(r) {
			return -1
		}
		return r
	}, s)
}
