package render

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"milepost/rules"
)

// maxAnnotations bounds what a check run marks in files; more would be noise.
const maxAnnotations = 200

var hunk = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^@@ -[0-9]{1,9}(?:,[0-9]{1,9})? \+([0-9]{1,9})(?:,([0-9]{1,9}))? @@`)
})

// touchedLines are the lines of the new file that a unified diff adds or changes, in order.
func touchedLines(patch string) []int {
	var out []int
	at := 0
	for l := range strings.SplitSeq(patch, "\n") {
		if m := hunk().FindStringSubmatch(l); m != nil {
			n, err := strconv.Atoi(m[1])
			if err != nil {
				return out
			}
			at = n
			continue
		}
		switch {
		case at == 0: // before the first hunk
		case strings.HasPrefix(l, "+"):
			out = append(out, at)
			at++
		case strings.HasPrefix(l, "-"), strings.HasPrefix(l, `\`):
		default:
			at++
		}
	}
	return out
}

// annotations mark the lines at fault that the pull request itself touches: those of open milestones, and of a broken configuration.
func (p pull) annotations() []Annotation {
	touched := map[string][]int{}
	for _, f := range p.Files {
		if lines := touchedLines(f.Patch); len(lines) > 0 {
			touched[f.Path] = lines
		}
	}
	var out []Annotation
	for _, f := range p.ConfigFaults {
		if start, end, ok := overlap(touched[f.File], f.Line, f.Line); ok {
			out = append(out, Annotation{Path: f.File, StartLine: start, EndLine: end, Level: "warning", Title: "Milepost configuration", Message: plain(f.Msg)})
		}
	}
	for _, m := range p.Head.Milestones() {
		if m.Status != rules.Partial && m.Status != rules.Missing {
			continue
		}
		for _, e := range m.Evidence {
			start, end, ok := overlap(touched[e.Path], e.StartLine, e.EndLine)
			if !ok || len(out) == maxAnnotations {
				continue
			}
			out = append(out, Annotation{Path: e.Path, StartLine: start, EndLine: end, Level: p.level(m), Title: clip(plain(m.Title), 200), Message: p.remark(m, e)})
		}
	}
	return out
}

// overlap is the part of the lines from start to end that is touched, up to its first gap. Evidence without a line is shown at the first
// touched line of its file.
func overlap(touched []int, start, end int) (from, to int, ok bool) {
	if len(touched) == 0 {
		return 0, 0, false
	}
	if start <= 0 {
		return touched[0], touched[0], true
	}
	end = max(start, end)
	for _, n := range touched {
		switch {
		case n < start:
		case n > end:
			return from, to, ok
		case !ok:
			from, to, ok = n, n, true
		case n == to+1:
			to = n
		default:
			return from, to, ok
		}
	}
	return from, to, ok
}

func (p pull) level(m rules.MilestoneReport) string {
	lost := slices.Contains(p.delta.Losses, m.ID)
	switch {
	case lost && slices.Contains(p.Require, m.ID):
		return "failure"
	case lost || m.Kind == rules.KindGuard:
		return "warning"
	default:
		return "notice"
	}
}

// remark is an annotation's text. It is shown as it is, without Markdown.
func (p pull) remark(m rules.MilestoneReport, e rules.Evidence) string {
	parts := []string{}
	for _, s := range []string{m.Reason, e.Note, m.Next} {
		if s = plain(s); s != "" && !slices.Contains(parts, sentence(s)) {
			parts = append(parts, sentence(s))
		}
	}
	if len(parts) == 0 {
		return StatusWord(m.Status)
	}
	return strings.Join(parts, " ")
}

// plain is text for places that show it as it is.
func plain(s string) string { return clip(strings.Join(strings.Fields(visible(s)), " "), 600) }
