package probe

import (
	"fmt"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/strict"
	"milepost/rules/words"
)

// Rule is a condition or a composition of conditions. Exactly one of the kinds is set; Note, Reason and Next may stand beside it.
type Rule struct {
	All     []Rule   `yaml:"all" json:"all,omitempty"`           // every one holds
	Any     []Rule   `yaml:"any" json:"any,omitempty"`           // one holds
	Not     *Rule    `yaml:"not" json:"not,omitempty"`           // it does not hold
	AtLeast *AtLeast `yaml:"at_least" json:"at_least,omitempty"` // some hold

	Files    *Files   `yaml:"files" json:"files,omitempty"`
	Uses     *Uses    `yaml:"uses" json:"uses,omitempty"`
	Imports  *Imports `yaml:"imports" json:"imports,omitempty"`
	Code     *Pattern `yaml:"code" json:"code,omitempty"`
	Facts    *Facts   `yaml:"facts" json:"facts,omitempty"`
	Detector string   `yaml:"detector" json:"detector,omitempty"` // the name of a detector, see Detectors

	// Note is said beside the evidence. Reason is said when the condition does not hold, or holds as the partial form of a milestone. Next is
	// the action that goes with the reason, in place of the milestone's.
	Note   string     `yaml:"note" json:"note,omitempty"`
	Reason string     `yaml:"reason" json:"reason,omitempty"`
	Next   words.Text `yaml:"next" json:"next,omitempty"`
}

// AtLeast holds when Count of Of hold.
type AtLeast struct {
	Count int    `yaml:"count" json:"count"`
	Of    []Rule `yaml:"of" json:"of"`
}

// condition is one kind of condition.
type condition interface {
	// check says what is wrong with the condition as it was written; nil is right.
	check() error
	judge(in *Input, note string) Result
}

// conditions returns what is set in r, in the order of the fields.
func (r *Rule) conditions() []condition {
	var out []condition
	if r.All != nil {
		out = append(out, all(r.All))
	}
	if r.Any != nil {
		out = append(out, anyOf(r.Any))
	}
	if r.Not != nil {
		out = append(out, not{r.Not})
	}
	if r.AtLeast != nil {
		out = append(out, r.AtLeast)
	}
	if r.Files != nil {
		out = append(out, r.Files)
	}
	if r.Uses != nil {
		out = append(out, r.Uses)
	}
	if r.Imports != nil {
		out = append(out, r.Imports)
	}
	if r.Code != nil {
		out = append(out, r.Code)
	}
	if r.Facts != nil {
		out = append(out, r.Facts)
	}
	if r.Detector != "" {
		out = append(out, detector(r.Detector))
	}
	return out
}

// Check says what is wrong with a rule and the rules in it: no condition or several at one place, an unknown detector, a pattern that does
// not compile. It must be called once before Judge: it also compiles.
func (r *Rule) Check() error {
	cs := r.conditions()
	switch len(cs) {
	case 1:
		return cs[0].check()
	case 0:
		return fmt.Errorf("a rule needs one condition: all, any, not, at_least, files, uses, imports, code, facts or detector")
	default:
		return fmt.Errorf("a rule takes one condition, here are %d; join them with all or any", len(cs))
	}
}

// Judge evaluates the rule. A rule that Check refused is missing.
func (r *Rule) Judge(in *Input) Result {
	cs := r.conditions()
	if len(cs) != 1 {
		return Result{Status: Missing, Reason: "the rule is not valid"}
	}
	res := cs[0].judge(in, r.Note)
	if res.Status != Met && res.Reason == "" {
		res.Reason = r.Reason
	}
	if res.Action == nil && res.Status != Met {
		res.Action = r.Next
	}
	return res
}

// Walk calls f for r and every rule in it.
func (r *Rule) Walk(f func(*Rule)) {
	f(r)
	for i := range r.All {
		r.All[i].Walk(f)
	}
	for i := range r.Any {
		r.Any[i].Walk(f)
	}
	if r.Not != nil {
		r.Not.Walk(f)
	}
	if r.AtLeast != nil {
		for i := range r.AtLeast.Of {
			r.AtLeast.Of[i].Walk(f)
		}
	}
}

// Patterns returns the patterns that the rule needs the scan to look for. Call it after Check.
func (r *Rule) Patterns() []facts.Pattern {
	var out []facts.Pattern
	r.Walk(func(r *Rule) {
		if r.Code != nil {
			out = append(out, r.Code.compiled)
		}
	})
	return out
}

type all []Rule

func (a all) check() error { return checkEach(a) }

func (a all) judge(in *Input, _ string) Result {
	var out Result
	var worst *Result
	for i := range a {
		res := a[i].Judge(in)
		if res.Status == Met || res.Status == Partial {
			out.Evidence = merge(out.Evidence, res.Evidence)
		}
		if res.Status != Met && (worst == nil || rank(res.Status) < rank(worst.Status)) {
			worst = &res
		}
	}
	if worst == nil {
		out.Status = Met
		return out
	}
	return Result{Status: worst.Status, Reason: worst.Reason, Next: worst.Next, Case: worst.Case, Action: worst.Action, Evidence: merge(out.Evidence, worst.Evidence)}
}

type anyOf []Rule

func (a anyOf) check() error { return checkEach(a) }

func (a anyOf) judge(in *Input, _ string) Result {
	out := Result{Status: NotApplicable}
	for i := range a {
		res := a[i].Judge(in)
		if res.Status == Met && out.Status == Met {
			out.Evidence = merge(out.Evidence, res.Evidence)
			continue
		}
		out = best(out, res)
	}
	return out
}

type not struct{ rule *Rule }

func (n not) check() error { return n.rule.Check() }

func (n not) judge(in *Input, _ string) Result {
	res := n.rule.Judge(in)
	switch res.Status {
	case Met, Partial:
		return Result{Status: Missing, Evidence: res.Evidence}
	case Unknown:
		return res
	default:
		return Result{Status: Met}
	}
}

func (a *AtLeast) check() error {
	if a.Count < 1 || a.Count > len(a.Of) {
		return fmt.Errorf("at_least needs a count from 1 to %d, the number of its conditions", len(a.Of))
	}
	return checkEach(a.Of)
}

func (a *AtLeast) judge(in *Input, _ string) Result {
	met, unknown := 0, 0
	var out Result
	for i := range a.Of {
		res := a.Of[i].Judge(in)
		switch res.Status {
		case Met:
			met++
			out.Evidence = merge(out.Evidence, res.Evidence)
		case Unknown:
			unknown++
		default:
			out.Reason = res.Reason
		}
	}
	switch {
	case met >= a.Count:
		out.Status, out.Reason = Met, ""
	case met+unknown >= a.Count:
		out.Status = Unknown
	case met > 0:
		out.Status, out.Reason = Partial, fmt.Sprintf("%d of the %d needed were found", met, a.Count)
	default:
		out.Status = Missing
	}
	return out
}

func checkEach(rules []Rule) error {
	if len(rules) == 0 {
		return fmt.Errorf("a list of conditions is empty")
	}
	for i := range rules {
		if err := rules[i].Check(); err != nil {
			return err
		}
	}
	return nil
}

// Detector judges what no condition can say. Doc is one sentence for the documentation of the rule language. Cases are its names for the near
// misses that it tells apart.
type Detector struct {
	Name  string
	Doc   string
	Cases []string
	Judge func(in *Input) Result
}

type detector string

func (d detector) check() error {
	if _, ok := find(string(d)); ok {
		return nil
	}
	var names []string
	for _, k := range Detectors() {
		names = append(names, k.Name)
	}
	hint := "; see `milepost roadmap schema` for the list"
	if near := strict.Nearest(string(d), names); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("there is no detector %q%s", string(d), hint)
}

func (d detector) judge(in *Input, _ string) Result {
	k, ok := find(string(d))
	if !ok {
		return Result{Status: Missing, Reason: "the rule names an unknown detector"}
	}
	return k.Judge(in)
}

func find(name string) (Detector, bool) {
	i := slices.IndexFunc(detectors, func(d Detector) bool { return d.Name == name })
	if i < 0 {
		return Detector{}, false
	}
	return detectors[i], true
}

// Cases are the names for near misses that the conditions of the rule tell apart, sorted.
func (r *Rule) Cases() []string {
	var out []string
	r.Walk(func(r *Rule) {
		if d, ok := find(r.Detector); ok {
			out = append(out, d.Cases...)
		}
		if r.Uses != nil {
			out = append(out, unusedPackage)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// Cases are the names of all near misses that conditions tell apart, sorted.
func Cases() []string {
	out := []string{unusedPackage}
	for _, d := range detectors {
		out = append(out, d.Cases...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Detectors lists the detectors a rule may name.
func Detectors() []Detector { return slices.Clone(detectors) }

var detectors = slices.Concat(codeDetectors, dataDetectors, serverDetectors, apiDetectors, authDetectors, gitDetectors, deployDetectors)

// counted is a number with its noun: "one service", "2 services".
func counted(n int, noun string) string {
	if n == 1 {
		return "one " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// clean makes text of a repository fit for a sentence: one line, bounded.
func clean(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 80 {
		s = s[:80] + "..."
	}
	return s
}
