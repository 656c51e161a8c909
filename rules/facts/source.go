package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// Source is a file while it is being scanned. Scanners read it and keep nothing of it.
type Source struct {
	Path string // for its base name and extension; where it lies says nothing about a blob
	Lang lex.Language
	Raw  []byte
	lex.Views
	buffers

	starts []int // offsets at which lines start
	facts  []Fact
	tally  []tally
	counts map[countKey]int
	found  map[string]bool // texts that the file was searched for, with the answers
	recent [256]string     // short texts of facts, by a hash: they repeat, and one copy will do
	texts  strings.Builder // of the facts of many files: one allocation for all
	room   []Fact          // likewise
}

// buffers are used again for each file.
type buffers struct {
	pairs  []brace
	open   []int
	decls  []decl
	order  []int
	places []place // where the literals of scanners and patterns stand
	words  []place // where those of tests do
}

type countKey struct {
	kind Kind
	name string
}

// tally is how many facts of a kind were emitted, of matches those of one pattern. A file has few kinds.
type tally struct {
	countKey
	n int
}

// emitted is the count of facts of a kind in the file so far.
func (s *Source) emitted(k Kind) int { return *s.tallied(countKey{k, ""}) }

func (s *Source) tallied(k countKey) *int {
	for i := range s.tally {
		if s.tally[i].countKey == k {
			return &s.tally[i].n
		}
	}
	s.tally = append(s.tally, tally{countKey: k})
	return &s.tally[len(s.tally)-1].n
}

// Emit adds a fact, cut to the bounds of this package. Facts beyond them are dropped.
func (s *Source) Emit(f Fact) {
	if len(s.facts) >= maxFacts {
		return
	}
	k := countKey{f.Kind, ""}
	if f.Kind == KindMatch {
		k.name = f.Name
	}
	limit := maxFactsPerKind
	switch f.Kind {
	case KindRoute, KindImport, KindLocalImport, KindFunction, KindType:
		limit = 400 // these are counted or joined across files
	case KindReadme, KindIgnore, KindCI, KindOperation, KindDocker, KindCompose:
		limit = 150
	default:
	}
	n := s.tallied(k)
	if *n >= limit {
		return
	}
	*n++
	f.Name, f.Value, f.Scope = s.text(f.Name), s.text(f.Value), s.text(f.Scope)
	s.facts = append(s.facts, f)
}

// text is t as clip makes it, in memory of its own: t may be a part of a larger text and would keep all of it.
func (s *Source) text(t string) string {
	if t == "" || len(t) > 40 {
		return s.copied(clip(t))
	}
	at := &s.recent[(int(t[0])*31+int(t[len(t)-1])*7+int(t[len(t)/2])+len(t))&0xff]
	if *at != t {
		*at = s.copied(clip(t))
	}
	return *at
}

// textRoom is the bytes, factRoom the facts that are allocated at once, for a few files.
const (
	textRoom = 4 << 10
	factRoom = 512
)

func (s *Source) copied(t string) string {
	n := s.texts.Len()
	if s.texts.Cap()-n < len(t) {
		s.texts.Reset() // what it held stays where it is
		s.texts.Grow(textRoom)
		n = 0
	}
	s.texts.WriteString(t)
	return s.texts.String()[n:]
}

// taken are the facts of the file; the next file begins anew.
func (s *Source) taken() []Fact {
	n := len(s.facts)
	if n == 0 {
		return nil
	}
	if len(s.room) < n {
		s.room = make([]Fact, max(n, factRoom))
	}
	out := s.room[:n:n]
	s.room = s.room[n:]
	copy(out, s.facts)
	return out
}

// clip bounds text and makes it one valid UTF-8 line.
func clip(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	if plainASCII(s) {
		return s
	}
	return string(bytes.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t':
			return ' '
		case r < 0x20 || r == 0x7f:
			return -1
		}
		return r
	}, bytes.ToValidUTF8([]byte(s), nil)))
}

// plainASCII reports whether s holds nothing that clip would change.
func plainASCII(s string) bool {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// LineOf is the 1-based line of offset off.
func (s *Source) LineOf(off int) int {
	lo, hi := 0, len(s.starts)
	for lo < hi {
		mid := (lo + hi) / 2
		if s.starts[mid] <= off {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

// LineStart is the offset at which the line of off starts.
func (s *Source) LineStart(off int) int { return s.starts[max(0, s.LineOf(off)-1)] }

// LineEnd is the offset just after the last byte of the n-th line after the one of off (n = 0: the same line), without its newline.
func (s *Source) LineEnd(off, n int) int {
	i := s.LineOf(off) + n
	if i < len(s.starts) {
		return s.starts[i] - 1
	}
	return len(s.Raw)
}

// View returns the bytes of a view; offsets agree in all views.
func (s *Source) View(v View) []byte {
	switch v {
	case Strings:
		return s.Strings
	case Comments:
		return s.Comments
	case Text:
		return s.Raw
	default:
		return s.Code
	}
}

// Between is a view's text from offset from up to to, bounded to the file.
func (s *Source) Between(v View, from, to int) []byte {
	b := s.View(v)
	from, to = max(0, from), min(len(b), to)
	if from >= to {
		return nil
	}
	return b[from:to]
}

// reset makes s the source of another file; what the last one's buffers hold is forgotten.
func (s *Source) reset(path string, l lex.Language, content []byte) {
	s.Path, s.Lang, s.Raw = path, l, content
	clear(s.facts)
	s.facts = s.facts[:0]
	if s.counts == nil {
		s.counts, s.found = map[countKey]int{}, map[string]bool{}
	}
	s.tally = s.tally[:0]
	clear(s.counts)
	clear(s.found)
}
