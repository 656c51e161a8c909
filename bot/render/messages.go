// Package render turns reports into what people read: the progress issue, the check run and the comment as Markdown, the terminal report,
// SARIF, the badge and the card. It is pure: the same input gives the same bytes. All text that comes from a repository passes through this
// package's escaping on its way out.
package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/rules"
)

// The wording that more than one place shares. Sentences state what is; they blame nobody, and they say what to do next.
const (
	msgTitle          = "%s: your progress" // of the issue; the roadmap's name
	msgNext           = "Next step"
	msgAfter          = "After that"
	msgWhy            = "Why it matters."
	msgMissing        = "What is missing here."
	msgAction         = "What to do."
	msgSignal         = "How it is recognised."
	msgAttention      = "Needs attention"
	msgSteps          = "The steps"
	msgChanged        = "What changed"
	msgControls       = "Controls"
	msgNotes          = "Your notes"
	msgNotMerged      = "done in pull request %d, not merged yet"
	msgOwn            = "You look it over and commit it as your own."
	msgHint1          = "A hint, if you want one"
	msgHint2          = "A second hint: where to look"
	msgHint3          = "A worked example"
	msgBoxRecheck     = "Check again now"
	msgBoxPause       = "Pause for 14 days"
	msgBoxMentor      = "Ask my mentor to look"
	msgLastGood       = "The configuration has a mistake. Milepost goes on with the last good one:"
	msgCouldNot       = "Could not be checked, so neither met nor missing:"
	msgNobodyAtFault  = "Milepost tries again by itself."
	msgNothingMoves   = "No milestone moves"
	msgNothingIsLost  = "Nothing is lost."
	msgRequired       = "The configuration of this repository requires a milestone that is lost here, so this check fails."
	msgWhyOpen        = "Why each open milestone is open"
	msgNothingOpen    = "No milestone is open."
	msgSeeWhole       = "The whole repository"
	msgOneSuggestion  = "One suggestion."
	msgEarnedForGood  = "What you earned stays on record. Only the evidence for it is no longer found."
	msgOtherCommands  = "Or write a comment: `/milepost why ID`, `/milepost skip ID reason`, `/milepost evidence ID path-or-url`; `/milepost help` lists them all."
	msgNotesBelow     = "Everything below the line is yours. Write there what you like: Milepost never changes it. The text above the line is written again at each check."
	msgOff            = "To turn Milepost off here: close this issue (it pauses until you open it again), or write `issue: {enabled: false}` into `.github/milepost.yml`."
	msgPrivacy        = "Whoever can read this repository can read this page. Milepost reads your code; it never changes it and never runs it."
	msgNothingMore    = "Milepost sees nothing more to do from here. The open milestones wait for the checks named below."
	msgAllDone        = "Every milestone of this roadmap is met. That is a whole backend, from the first function to a running service: well done!"
	msgNoCommit       = "This repository has no commit yet. This page follows along from the first one."
	msgUnknownPending = "What could not be checked counts neither as met nor as missing."
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
	started, counts, known := false, false, false
	for _, m := range s.Milestones {
		started = started || m.Done() || m.Status == rules.Partial
		counts = counts || m.Counts()
		known = known || m.Counts() && m.Status != rules.Unknown
	}
	switch {
	case !counts:
		return StatusWord(rules.NotApplicable)
	case !known:
		return StatusWord(rules.Unknown)
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
	case s.Total == 1:
		return fmt.Sprintf("%d of 1 milestone met", s.Met)
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

// roadmapName is a roadmap's title with the word roadmap: "Backend developer roadmap".
func roadmapName(title string) string {
	if strings.HasSuffix(strings.ToLower(strings.TrimSpace(title)), "roadmap") {
		return strings.TrimSpace(title)
	}
	return strings.TrimSpace(title) + " roadmap"
}

func itoa(n int) string { return strconv.Itoa(n) }

// day is a date as people write it; the year is left out when it is that of now.
func day(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Year() == now.Year() {
		return t.Format("2 January")
	}
	return t.Format("2 January 2006")
}

// minute is a moment in UTC.
func minute(t time.Time) string { return t.UTC().Format("2 January 2006 at 15:04 UTC") }

// list joins words: "a, b and c".
func list(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:len(words)-1], ", ") + " and " + words[len(words)-1]
	}
}

// sentence ends text with a full stop and begins it with a capital letter.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" {
		return ""
	}
	if c := s[0]; c >= 'a' && c <= 'z' && !strings.ContainsAny(firstWord(s), "./_") {
		s = strings.ToUpper(s[:1]) + s[1:]
	}
	return stop(s)
}

// stop ends text with a full stop, if nothing ends it yet.
func stop(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

func firstWord(s string) string {
	w, _, _ := strings.Cut(s, " ")
	return w
}

// most returns the first n of a list, and how many were left out.
func most[T any](all []T, n int) ([]T, int) {
	if len(all) <= n {
		return all, 0
	}
	return slices.Clip(all[:n]), len(all) - n
}
