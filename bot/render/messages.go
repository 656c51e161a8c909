// Package render turns reports into what people read: the progress issue, the check run and the comment as Markdown, the terminal report,
// SARIF, the badge and the card. It is pure: the same input gives the same bytes. All text that comes from a repository passes through this
// package's escaping on its way out.
package render

import (
	"fmt"
	"strings"

	"milepost/rules"
)

// StatusWord is the word for a status wherever a person reads it.
func StatusWord(s rules.Status) string {
	switch s {
	case rules.Met:
		return "Done"
	case rules.Attested:
		return "Signed off"
	case rules.Partial:
		return "Started"
	case rules.Unknown:
		return "Could not check"
	case rules.NotApplicable:
		return "Does not apply"
	case rules.Skipped:
		return "Skipped"
	default:
		return "Not yet"
	}
}

// StepWord is the word for the state of a step; next is the step that holds the next action.
func StepWord(s rules.StepReport, next bool) string {
	started := false
	for _, m := range s.Milestones {
		started = started || m.Done() || m.Status == rules.Partial
	}
	switch {
	case s.Total > 0 && s.Met == s.Total:
		return "Done"
	case next:
		return "Next"
	case started:
		return "Started"
	default:
		return "Later"
	}
}

// Standing is the first sentence about a report: "14 of 38 milestones met".
func Standing(s rules.Summary) string {
	switch {
	case s.Total == 0:
		return "No milestones apply to this repository"
	case s.Met == s.Total:
		return fmt.Sprintf("All %d milestones met", s.Total)
	default:
		return fmt.Sprintf("%d of %d milestones met", s.Met, s.Total)
	}
}

// Bar is a progress bar of width cells made of text.
func Bar(met, total, width int) string {
	if total <= 0 {
		return strings.Repeat("░", width)
	}
	n := met * width / total
	if n == 0 && met > 0 {
		n = 1
	}
	return strings.Repeat("█", n) + strings.Repeat("░", width-n)
}

// Count is "1 milestone" or "3 milestones".
func Count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// lowerFirst makes a title fit into a sentence, unless its first word is a name ("CI", "JWT").
func lowerFirst(s string) string {
	if len(s) > 1 && s[1] >= 'a' && s[1] <= 'z' {
		return strings.ToLower(s[:1]) + s[1:]
	}
	return s
}
