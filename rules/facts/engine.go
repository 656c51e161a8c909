package facts

import (
	"bytes"
	"math"
	"strings"
	"sync"

	"milepost/rules/lex"
)

// scanner looks at the places of a source where one of its triggers stands. Its scan is called with the offset of the trigger,
// at most once for each offset.
type scanner struct {
	langs    langSet // zero: every language that lex knows as general purpose
	view     View    // the view in which the trigger must lie; empty: Code
	triggers []string
	scan     func(s *Source, off int)
}

// document looks once at a whole file that it recognises by the last two parts of its path ("workflows/ci.yml"); most look at
// the base name only. The content of documents of languages is seen by scanners too.
type document struct {
	applies func(path, base string) bool // base is lower-case
	scan    func(s *Source)
}

// langSet is a set of languages.
type langSet [4]uint64

func langs(ls ...lex.Language) langSet {
	var s langSet
	for _, l := range ls {
		s[l/64] |= 1 << (l % 64)
	}
	return s
}

func (s langSet) has(l lex.Language) bool { return s[l/64]&(1<<(l%64)) != 0 }

func (s langSet) empty() bool { return s == langSet{} }

// engine is the compiled form of all scanners and of one set of patterns.
type engine struct {
	scanners []scanner
	patterns []Pattern
	programs [256]lazyProgram // by language
}

// lazyProgram is made when the first file of its language is seen: a repository has few languages.
type lazyProgram struct {
	once sync.Once
	*program
}

// program is what is looked for in files of one language.
type program struct {
	find     *searcher
	literals []string
	users    [][]user // by literal
}

// user is who wants to know of a literal: a scanner (n >= 0) or a pattern (-1-n).
type user int

func newEngine(patterns []Pattern) *engine {
	return &engine{scanners: builtin(), patterns: patterns}
}

// program returns what is looked for in files of language l.
func (e *engine) program(l lex.Language) *program {
	p := &e.programs[l]
	p.once.Do(func() { p.program = e.compile(l) })
	return p.program
}

func (e *engine) compile(l lex.Language) *program {
	p := &program{}
	index := map[string]int{}
	add := func(literal string, u user) {
		i, ok := index[literal]
		if !ok {
			i = len(p.literals)
			index[literal] = i
			p.literals = append(p.literals, literal)
			p.users = append(p.users, nil)
		}
		p.users[i] = append(p.users[i], u)
	}
	for i := range e.scanners {
		if sc := &e.scanners[i]; sc.sees(l) {
			for _, t := range sc.triggers {
				add(t, user(i))
			}
		}
	}
	for i := range e.patterns {
		if pt := &e.patterns[i]; pt.sees(l) {
			for _, t := range pt.literals {
				add(t, user(-1-i))
			}
		}
	}
	p.find = newSearcher(p.literals)
	return p
}

// sees reports whether a scanner looks at files of language l.
func (sc *scanner) sees(l lex.Language) bool {
	if sc.langs.empty() {
		return l.GeneralPurpose()
	}
	return sc.langs.has(l)
}

// run calls the scanners and patterns on s, whose views are filled.
func (e *engine) run(s *Source) {
	p := e.program(s.Lang)
	var last []int // by pattern: offset before which it need not be tried
	s.places = p.find.find(s.Raw, s.places[:0])
	for _, at := range s.places {
		start, end := int(at.start), int(at.start)+len(p.literals[at.literal])
		for _, u := range p.users[at.literal] {
			if u >= 0 {
				if sc := &e.scanners[u]; inView(s.View(sc.view), start, end) {
					sc.scan(s, start)
				}
				continue
			}
			i := int(-1 - u)
			if last == nil {
				last = make([]int, len(e.patterns))
			}
			pt := &e.patterns[i]
			if start >= last[i] && inView(s.View(pt.View), start, end) {
				last[i] = e.match(s, pt, start)
			}
		}
	}
}

// inView tells whether the first and last bytes of a literal are visible in a view.
func inView(view []byte, start, end int) bool {
	return len(view) >= end && (view[start] != ' ' || view[end-1] != ' ')
}

// match tries p around off and returns the offset before which it need not be tried again.
func (e *engine) match(s *Source, p *Pattern, off int) int {
	from := off
	for range p.Lines + 1 {
		from = s.LineStart(max(0, from-1))
		if from == 0 {
			break
		}
	}
	if p.Lines == 0 {
		from = s.LineStart(off)
	}
	to := s.LineEnd(off, p.Lines)
	if to-from > 8<<10 { // a minified line: look at the neighbourhood only
		from, to = max(from, off-1<<10), min(to, off+4<<10)
	}
	window := s.Between(p.View, from, to)
	var loc []int
	if p.possible(window) {
		loc = p.compile().FindIndex(window)
	}
	if loc == nil {
		if p.Lines == 0 {
			return to
		}
		return off + 1
	}
	start, end := from+loc[0], from+loc[1]
	text := bytes.TrimSpace(s.Between(Text, start, end))
	start += bytes.Index(s.Raw[start:end], text)
	s.Emit(Fact{Kind: KindMatch, Name: p.key, Value: string(text), Line: s.LineOf(start), End: s.LineOf(max(start, end-1))})
	return max(end, s.LineEnd(off, 0))
}

// Scanner reads files into facts, reusing its buffers. It is not safe for concurrent use; make one for each goroutine.
type Scanner struct {
	engine *engine
	src    Source
}

// NewScanner returns a scanner for the built-in facts and patterns (nil: none).
func NewScanner(patterns *PatternSet) *Scanner {
	if patterns == nil {
		patterns = NewPatternSet(nil)
	}
	return &Scanner{engine: patterns.engine()}
}

// Scan returns the facts of content, read under the name path. It never fails: what cannot be read is itself a fact.
// Of path only the last two parts are looked at.
func (sc *Scanner) Scan(path string, content []byte) File {
	path = scanName(path)
	f := File{Size: int32(min(len(content), math.MaxInt32))} //nolint:gosec // as it says
	content = toUTF8(content)
	if isBinary(content) {
		f.Binary = true
		return f
	}
	f.Placeholder = placeholder(content)
	base := strings.ToLower(path[strings.LastIndexByte(path, '/')+1:])
	f.Lang = lex.ByPath(path)
	if f.Lang == lex.Unknown && bytes.HasPrefix(content, []byte("#!")) {
		f.Lang = lex.ByShebang(content)
	}
	s := &sc.src
	s.reset(path, f.Lang, content)
	lex.Split(f.Lang, content, &s.Views)
	s.starts = s.Starts
	f.Lines = s.Lines
	f.Generated = generated(base, content)
	scanManifest(path, content, &f)
	if f.Generated && f.Manifest == nil {
		return f
	}
	for _, d := range documents() {
		if d.applies(path, base) {
			d.scan(s)
		}
	}
	sc.engine.run(s)
	f.Facts = s.taken()
	return f
}
