// Package probe holds the conditions of which rules are composed, and the named detectors for what a condition cannot say.
//
// A condition is data (it is written in a roadmap's YAML) and judges an [Input]: the facts of a repository and what is known of its
// history. Judging is pure: no file is read, no clock and no network is asked, and the same input gives the same [Result].
package probe

import (
	"slices"

	"milepost/rules/facts"
	"milepost/rules/snapshot"
	"milepost/rules/words"
)

// Status is how far a milestone is.
type Status string

// The statuses of a milestone. Conditions answer with the first four and NotApplicable.
const (
	Met           Status = "met"
	Partial       Status = "partial"        // tried, and the reason it falls short is said
	Missing       Status = "missing"        // nothing found
	Unknown       Status = "unknown"        // needs data that this run does not have
	NotApplicable Status = "not_applicable" // makes no sense for the ecosystem at hand
	Skipped       Status = "skipped"        // the repository's configuration says so
	Attested      Status = "attested"       // a mentor signed it off
)

// Evidence is what a status rests on: a place in the repository and what stands there. Lines are 1-based; 0 where a line means nothing. For
// history, Path is empty and URL or Commit tell the place.
type Evidence struct {
	Path      string `json:"path,omitempty"`
	StartLine int    `json:"start_line,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	Note      string `json:"note,omitempty"`
	Commit    string `json:"commit,omitempty"`
	URL       string `json:"url,omitempty"`
	// Excerpt is the text found, one line, for those who show it. It is as hostile as the repository.
	Excerpt string `json:"-"`
}

// Result is a condition's answer.
type Result struct {
	Status   Status
	Evidence []Evidence // of met and partial; of missing: the nearest miss
	Reason   string     // one sentence, for every status but met
	Next     string     // one action, where the condition knows a better one than the milestone
	// Case is a detector's name for this near miss, one of its Cases: a milestone may have an action of its own for it.
	Case string
	// Action is the action that a rule has of its own, by stack.
	Action words.Text
}

// As is the result under a detector's name for it.
func (r Result) As(name string) Result {
	r.Case = name
	return r
}

// Input is what conditions judge, one after another: it keeps what several of them ask, so it is not safe for concurrent use.
type Input struct {
	Repo     *facts.Repo
	Activity snapshot.Activity
	// Learner is the login or name whose work counts, "" when unknown: then the main human author's does.
	Learner string

	memo memo
}

// MaxEvidence is how many places a result names at most.
const MaxEvidence = 5

// At is the evidence of a hit.
func At(h facts.Hit, note string) Evidence {
	end := h.LastLine()
	return Evidence{Path: h.File.Path, StartLine: h.Line, EndLine: end, Note: note, Excerpt: h.Value}
}

// MetBy is a met result resting on the hits.
func MetBy(note string, hits ...facts.Hit) Result {
	return Result{Status: Met, Evidence: places(note, hits)}
}

// PartialBy is a partial result resting on the hits.
func PartialBy(reason, note string, hits ...facts.Hit) Result {
	return Result{Status: Partial, Reason: reason, Evidence: places(note, hits)}
}

// MissingBecause is a missing result with its reason and, where there is one, the nearest miss.
func MissingBecause(reason string, near ...Evidence) Result {
	return Result{Status: Missing, Reason: reason, Evidence: near}
}

func places(note string, hits []facts.Hit) []Evidence {
	var out []Evidence
	for _, h := range hits {
		if len(out) == MaxEvidence {
			break
		}
		out = appendNew(out, At(h, note))
	}
	return out
}

// appendNew appends evidence unless the same is there already.
func appendNew(out []Evidence, e Evidence) []Evidence {
	if slices.ContainsFunc(out, func(o Evidence) bool {
		return o.Path == e.Path && o.StartLine == e.StartLine && o.Note == e.Note && o.URL == e.URL
	}) {
		return out
	}
	return append(out, e)
}

// rank orders statuses by how much they say for the learner.
func rank(s Status) int {
	switch s {
	case Met, Attested:
		return 4
	case Partial:
		return 3
	case Unknown:
		return 2
	case NotApplicable:
		return 0
	default:
		return 1
	}
}

// best returns the better of two results; of equal ones the first, with a nearest miss taken from the other if it has none.
func best(a, b Result) Result {
	switch {
	case rank(b.Status) > rank(a.Status):
		return b
	case rank(a.Status) > rank(b.Status):
		return a
	case len(a.Evidence) == 0 && len(b.Evidence) > 0:
		return b
	case a.Reason == "":
		a.Reason = b.Reason
	}
	return a
}

// merge adds evidence without repeating a place.
func merge(a, b []Evidence) []Evidence {
	out := slices.Clone(a)
	for _, e := range b {
		if len(out) >= MaxEvidence {
			break
		}
		if !slices.ContainsFunc(out, func(o Evidence) bool { return o.Path == e.Path && o.StartLine == e.StartLine && o.URL == e.URL }) {
			out = append(out, e)
		}
	}
	return out
}
