package facts

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"

	"milepost/rules/lex"
)

// View says which part of a source a pattern sees.
type View string

// The views. In [Code] the contents of strings and comments are blank (the quotes stay), in [Strings] and [Comments] all but
// those; [Text] is the file as it is.
const (
	Code     View = "code"
	Strings  View = "strings"
	Comments View = "comments"
	Text     View = "text"
)

// Pattern is a regular expression (RE2 syntax) to be found in files of some languages. It is matched against the line that
// holds one of its literals, and the Lines lines that follow.
type Pattern struct {
	Languages []lex.Language // empty: every language
	View      View           // empty: Code
	Expr      string
	Lines     int // how many lines after the first a match may reach into; at most 20
	Fold      bool

	key      string
	literals []string
	needs    [][]string // of each, one stands in every match: what is cheap to ask before the expression
	compile  func() *regexp.Regexp
}

// KindMatch is the kind of the fact that a pattern's match leaves: Name is the pattern's key, Value the matched text.
const KindMatch Kind = "match"

// NewPattern checks p and returns it ready for a [PatternSet]. The error says what is wrong with the expression: it does not
// compile, or no literal of three letters or more must occur in each of its matches, so that every line would have to be tried.
func NewPattern(p Pattern) (Pattern, error) {
	if p.View == "" {
		p.View = Code
	}
	if p.Lines < 0 || p.Lines > 20 {
		return p, fmt.Errorf("a pattern reaches over 0 to 20 lines, not %d", p.Lines)
	}
	expr := "(?m)" + p.Expr
	if p.Fold {
		expr = "(?mi)" + p.Expr
	}
	re, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return p, fmt.Errorf("the pattern does not compile: %w", err)
	}
	re = re.Simplify()
	p.literals = required(re, 3)
	if !p.Fold && !strings.Contains(p.Expr, "(?i") { // other spellings would have to be asked for too
		p.needs = parts(re, nil)
	}
	if len(p.literals) == 0 {
		return p, errors.New("the pattern needs a literal of three letters or more that every match contains")
	}
	h := sha256.New()
	fmt.Fprintf(h, "%s|%v|%d|%v|%s", p.View, p.Languages, p.Lines, p.Fold, p.Expr)
	p.key = hex.EncodeToString(h.Sum(nil)[:6])
	p.compile = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
	return p, nil
}

// Key identifies the pattern in facts; it depends on what the pattern matches alone.
func (p Pattern) Key() string { return p.key }

func (p Pattern) sees(l lex.Language) bool {
	return len(p.Languages) == 0 || slices.Contains(p.Languages, l)
}

// parts returns, for each part of re that has them, literals of which every match contains one.
func parts(re *syntax.Regexp, to [][]string) [][]string {
	switch re.Op {
	case syntax.OpConcat:
		for _, sub := range re.Sub {
			to = parts(sub, to)
		}
		return to
	case syntax.OpCapture:
		return parts(re.Sub[0], to)
	case syntax.OpLiteral, syntax.OpAlternate:
		if got := required(re, 1); got != nil && len(got) <= 8 {
			return append(to, got)
		}
	default:
	}
	return to
}

// possible reports whether text has what every match has.
func (p *Pattern) possible(text []byte) bool {
	for _, some := range p.needs {
		if !slices.ContainsFunc(some, func(l string) bool { return bytes.Contains(text, []byte(l)) }) {
			return false
		}
	}
	return true
}

// required returns literals of least letters or more such that every match of re contains at least one of them, or nil if there are none.
// Case is folded to lower by the caller's search where the expression folds it.
func required(re *syntax.Regexp, least int) []string {
	switch re.Op {
	case syntax.OpLiteral:
		s := string(re.Rune)
		if len(s) < least {
			return nil
		}
		if re.Flags&syntax.FoldCase != 0 {
			return foldVariants(s)
		}
		return []string{s}
	case syntax.OpCapture, syntax.OpPlus:
		return required(re.Sub[0], least)
	case syntax.OpRepeat:
		if re.Min >= 1 {
			return required(re.Sub[0], least)
		}
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if got := required(sub, least); better(got, best) {
				best = got
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			got := required(sub, least)
			if got == nil {
				return nil
			}
			all = append(all, got...)
		}
		return all
	default:
	}
	return nil
}

// better prefers the set whose shortest literal is longest, then the smaller set: rarer triggers, fewer looks.
func better(a, b []string) bool {
	if len(b) == 0 {
		return len(a) > 0
	}
	if len(a) == 0 {
		return false
	}
	if la, lb := shortest(a), shortest(b); la != lb {
		return la > lb
	}
	return len(a) < len(b)
}

func shortest(l []string) int {
	n := len(l[0])
	for _, s := range l[1:] {
		n = min(n, len(s))
	}
	return n
}

// foldVariants gives the spellings of s that a search sensitive to case must try: all lower, all upper, first upper. Mixed
// spellings are given up, which documents for authors of patterns say.
func foldVariants(s string) []string {
	lower, upper := strings.ToLower(s), strings.ToUpper(s)
	title := upper[:1] + lower[1:]
	out := []string{lower}
	for _, v := range []string{upper, title} {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

// PatternSet is what a scan looks for besides the built-in scanners: the patterns of one roadmap. The zero value and nil are
// empty. It is safe for concurrent use.
type PatternSet struct {
	patterns []Pattern
	engine   func() *engine
}

// NewPatternSet joins patterns; equal ones count once.
func NewPatternSet(patterns []Pattern) *PatternSet {
	s := &PatternSet{}
	seen := map[string]bool{}
	for _, p := range patterns {
		if p.key != "" && !seen[p.key] {
			seen[p.key] = true
			s.patterns = append(s.patterns, p)
		}
	}
	s.engine = sync.OnceValue(func() *engine { return newEngine(s.patterns) })
	return s
}

// Fingerprint identifies the patterns together with the scanners' version. Facts are good for one fingerprint.
func (s *PatternSet) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintln(h, Version)
	keys := make([]string, 0, len(s.patterns))
	for _, p := range s.patterns {
		keys = append(keys, p.key)
	}
	slices.Sort(keys)
	for _, k := range keys {
		fmt.Fprintln(h, k)
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}
