// Package rules judges repositories against a roadmap.
//
// A [Roadmap] is data: steps of milestones, each with the rule that decides it and the words that go with it. [Roadmap.Evaluate] makes a
// [Report] of the facts of one snapshot; it is pure. The package knows no GitHub, no database and no clock.
package rules

import (
	"fmt"
	"slices"

	"milepost/rules/facts"
	"milepost/rules/probe"
	"milepost/rules/strict"
	"milepost/rules/words"
)

// Kind says what decides a milestone.
type Kind string

// The kinds: files at one commit, history and GitHub events, or a mistake that must be absent (met means absent).
const (
	KindCode     Kind = "code"
	KindActivity Kind = "activity"
	KindGuard    Kind = "guard"
)

// Tier says whether a milestone counts towards "complete".
type Tier string

// The tiers.
const (
	Core  Tier = "core"
	Bonus Tier = "bonus"
)

// Roadmap is an ordered list of steps.
type Roadmap struct {
	ID      string `yaml:"id" json:"id"`
	Version int    `yaml:"version" json:"version"`
	Title   string `yaml:"title" json:"title"`
	// Extends names the built-in roadmap that this one changes; see [Extend].
	Extends  string            `yaml:"extends" json:"extends,omitempty"`
	Drop     []string          `yaml:"drop" json:"drop,omitempty"`     // milestone ids to leave out
	Change   map[string]Change `yaml:"change" json:"change,omitempty"` // by milestone id
	Steps    []Step            `yaml:"steps" json:"steps"`             // of an extending roadmap: steps to add, or to add milestones to
	patterns *facts.PatternSet
}

// Change rewords or re-tiers a milestone of the roadmap that is extended; what is empty stays.
type Change struct {
	Tier   Tier        `yaml:"tier" json:"tier,omitempty"`
	Title  string      `yaml:"title" json:"title,omitempty"`
	Why    string      `yaml:"why" json:"why,omitempty"`
	Effort string      `yaml:"effort" json:"effort,omitempty"`
	Next   Text        `yaml:"next" json:"next,omitempty"`
	Rule   *probe.Rule `yaml:"rule" json:"rule,omitempty"`
}

// Step is a stage of the way with its milestones in the order in which to take them.
type Step struct {
	ID         string      `yaml:"id" json:"id"`
	Title      string      `yaml:"title" json:"title"`
	Why        string      `yaml:"why" json:"why,omitempty"` // one sentence: what the step is good for
	Milestones []Milestone `yaml:"milestones" json:"milestones"`
}

// Milestone is one thing to reach.
type Milestone struct {
	ID     string `yaml:"id" json:"id"`
	Title  string `yaml:"title" json:"title"` // an action or a state, up to 50 characters: "Run the tests in CI"
	Short  string `yaml:"short" json:"short"` // a word or two for lists and titles: "CI tests"
	Kind   Kind   `yaml:"kind" json:"kind"`
	Tier   Tier   `yaml:"tier" json:"tier"`
	Effort string `yaml:"effort" json:"effort,omitempty"` // how long it takes a learner: "15 minutes", "an evening"
	Why    string `yaml:"why" json:"why"`                 // one or two sentences: what it is good for
	Signal string `yaml:"signal" json:"signal"`           // how it is recognised, in a learner's words

	// Applies is the rule that must hold for the milestone to make sense; otherwise it is not applicable.
	Applies *probe.Rule `yaml:"applies" json:"applies,omitempty"`
	// Rule decides: met when it holds. It may answer partial by itself.
	Rule probe.Rule `yaml:"rule" json:"rule"`
	// Partial are rules tried in order when Rule does not hold: the first that does makes the milestone partial, with its Reason.
	Partial []probe.Rule `yaml:"partial" json:"partial,omitempty"`
	// Missing is the reason when nothing was found: what was looked for.
	Missing string `yaml:"missing" json:"missing,omitempty"`
	// Next is the smallest action, by stack, framework or tool. A rule, also one of Partial, may have its own.
	Next Text `yaml:"next" json:"next"`
	// Near are the actions for the near misses that a detector of the rules tells apart, by its name for them; see the detectors' Cases.
	Near  map[string]Text `yaml:"near" json:"near,omitempty"`
	Hints Hints           `yaml:"hints" json:"hints,omitzero"`
	// Starter is a file to begin with, by stack, framework or tool; the learner creates it.
	Starter words.Starters `yaml:"starter" json:"starter,omitempty"`
}

// Hints are three levels of help, by stack: a nudge (a question or a thought), a pointer (where to look), a worked example.
type Hints struct {
	Nudge   Text `yaml:"nudge" json:"nudge,omitempty"`
	Pointer Text `yaml:"pointer" json:"pointer,omitempty"`
	Example Text `yaml:"example" json:"example,omitempty"`
}

// isID reports whether s is lower-case letters and digits in parts joined by single dashes, a letter first.
func isID(s string) bool {
	before := byte('-')
	for i := range len(s) {
		c := s[i]
		letter, digit := c >= 'a' && c <= 'z', c >= '0' && c <= '9'
		if !letter && (i == 0 || !digit && (c != '-' || before == '-')) {
			return false
		}
		before = c
	}
	return before != '-'
}

// Limits of a roadmap, so that one of somebody's own costs a bounded amount of time.
const (
	maxSteps      = 40
	maxMilestones = 200
	maxPatterns   = 400
)

// Prepare checks a roadmap and compiles its rules. It must be called once before Evaluate; the readers of this package do.
func (r *Roadmap) Prepare() error {
	if !isID(r.ID) {
		return fmt.Errorf("roadmap id %q: lower-case letters, digits and dashes are allowed", r.ID)
	}
	if len(r.Steps) == 0 || len(r.Steps) > maxSteps {
		return fmt.Errorf("roadmap %s has %d steps; 1 to %d are allowed", r.ID, len(r.Steps), maxSteps)
	}
	seen := map[string]bool{}
	var patterns []facts.Pattern
	for i := range r.Steps {
		s := &r.Steps[i]
		if !isID(s.ID) || s.Title == "" {
			return fmt.Errorf("step %q needs an id of lower-case letters, digits and dashes, and a title", s.ID)
		}
		for j := range s.Milestones {
			m := &s.Milestones[j]
			if seen[m.ID] {
				return fmt.Errorf("milestone %q is there twice", m.ID)
			}
			seen[m.ID] = true
			if err := m.prepare(); err != nil {
				return fmt.Errorf("milestone %q: %w", m.ID, err)
			}
			for _, rule := range m.rules() {
				patterns = append(patterns, rule.Patterns()...)
			}
		}
	}
	if len(seen) > maxMilestones || len(patterns) > maxPatterns {
		return fmt.Errorf("roadmap %s has %d milestones and %d patterns; %d and %d are allowed", r.ID, len(seen), len(patterns), maxMilestones, maxPatterns)
	}
	r.patterns = facts.NewPatternSet(patterns)
	return nil
}

func (m *Milestone) prepare() error {
	if !isID(m.ID) {
		return fmt.Errorf("an id has lower-case letters, digits and dashes")
	}
	if m.Title == "" {
		return fmt.Errorf("it needs a title")
	}
	if m.Kind == "" {
		m.Kind = KindCode
	}
	if m.Tier == "" {
		m.Tier = Core
	}
	if m.Kind != KindCode && m.Kind != KindActivity && m.Kind != KindGuard {
		return fmt.Errorf("kind takes code, activity or guard, not %q", m.Kind)
	}
	if m.Tier != Core && m.Tier != Bonus {
		return fmt.Errorf("tier takes core or bonus, not %q", m.Tier)
	}
	var cases []string
	for _, rule := range m.rules() {
		if err := rule.Check(); err != nil {
			return err
		}
		cases = append(cases, rule.Cases()...)
	}
	for key := range m.Starter {
		if !slices.Contains(words.Keys(), key) {
			return fmt.Errorf("starter: there is no stack, framework or tool %q; known are %v", key, words.Keys())
		}
	}
	for name := range m.Near {
		if slices.Contains(cases, name) {
			continue
		}
		if near := strict.Nearest(name, cases); near != "" {
			return fmt.Errorf("near: there is no near miss %q; did you mean %q?", name, near)
		}
		return fmt.Errorf("near: its detectors tell no near miss %q apart; they know %v", name, cases)
	}
	return nil
}

// rules are all rules of a milestone.
func (m *Milestone) rules() []*probe.Rule {
	out := []*probe.Rule{&m.Rule}
	if m.Applies != nil {
		out = append(out, m.Applies)
	}
	for i := range m.Partial {
		out = append(out, &m.Partial[i])
	}
	return out
}

// Patterns is what the scan of a repository has to look for.
func (r *Roadmap) Patterns() *facts.PatternSet { return r.patterns }

// Milestone returns the milestone of an id, with its step.
func (r *Roadmap) Milestone(id string) (*Milestone, *Step, bool) {
	for i := range r.Steps {
		for j := range r.Steps[i].Milestones {
			if r.Steps[i].Milestones[j].ID == id {
				return &r.Steps[i].Milestones[j], &r.Steps[i], true
			}
		}
	}
	return nil, nil, false
}

// IDs are the milestones' ids in order.
func (r *Roadmap) IDs() []string {
	var out []string
	for i := range r.Steps {
		for j := range r.Steps[i].Milestones {
			out = append(out, r.Steps[i].Milestones[j].ID)
		}
	}
	return out
}
