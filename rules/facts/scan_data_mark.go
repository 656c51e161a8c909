package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// nameMark is a name that says what code does wherever it stands: a call, a class, an annotation. Names are written "a|b|c"; one that starts or
// ends with a letter stands as a word of its own.
type nameMark struct {
	kind  Kind
	name  string // the fact's Name: what is found, in words fit for a note
	langs langSet
	lits  string
	view  View // empty: Code
	// when says whether the place counts, nil: always. It gets the offset and length of the name found.
	when func(s *Source, off, n int) bool
}

// scanner turns a mark into the scanner that emits its facts.
func (m nameMark) scanner() scanner {
	lits := strings.Split(m.lits, "|")
	return scanner{langs: m.langs, view: m.view, triggers: lits, scan: func(s *Source, off int) {
		for _, l := range lits {
			if !bytes.HasPrefix(s.Raw[off:], []byte(l)) || !s.standsAlone(off, l) {
				continue
			}
			if line := s.LineOf(off); !s.said(m.kind, m.name, line) && (m.when == nil || m.when(s, off, len(l))) {
				s.Emit(Fact{Kind: m.kind, Name: m.name, Value: s.excerpt(off), Line: line})
				return
			}
		}
	}}
}

// said reports whether one of the last facts says the same of a line: several names of a mark often stand together.
func (s *Source) said(kind Kind, name string, line int) bool {
	all := s.facts
	for _, f := range all[max(0, len(all)-6):] {
		if f.Kind == kind && f.Name == name && f.Line == line {
			return true
		}
	}
	return false
}

func scannersOf(ms []nameMark) []scanner {
	out := make([]scanner, 0, len(ms))
	for _, m := range ms {
		out = append(out, m.scanner())
	}
	return out
}

// standsAlone reports whether a literal is not the middle of a longer word.
func (s *Source) standsAlone(off int, l string) bool {
	if identifier(l[0]) && off > 0 && identifier(s.Raw[off-1]) {
		return false
	}
	end := off + len(l)
	return !identifier(l[len(l)-1]) || end >= len(s.Raw) || !identifier(s.Raw[end])
}

// excerpt is the line of off as it is written, trimmed and bounded.
func (s *Source) excerpt(off int) string {
	from := max(s.LineStart(off), off-60)
	to := min(s.LineEnd(off, 0), from+maxText)
	return string(bytes.TrimSpace(s.Raw[from:max(from, to)]))
}

// line is the line of off in a view.
func (s *Source) line(v View, off int) string {
	from, to := s.LineStart(off), s.LineEnd(off, 0)
	if to-from > 2000 {
		from, to = max(from, off-500), min(to, off+500)
	}
	return string(s.Between(v, from, to))
}

// commented reports whether the byte at off is part of a comment.
func (s *Source) commented(off int) bool { return off < len(s.Comments) && s.Comments[off] != ' ' }

// mentions reports whether the raw source has one of the texts. A file is searched for each of them once.
func (s *Source) mentions(texts ...string) bool {
	for _, t := range texts {
		has, known := s.found[t]
		if !known {
			has = bytes.Contains(s.Raw, []byte(t))
			s.found[t] = has
		}
		if has {
			return true
		}
	}
	return false
}

// fileMentions is a condition of a mark: the file has one of the texts.
func fileMentions(texts ...string) func(*Source, int, int) bool {
	return func(s *Source, _, _ int) bool { return s.mentions(texts...) }
}

// lineHas is a condition of a mark: the line, letter case ignored, has one of the texts.
func lineHas(texts ...string) func(*Source, int, int) bool {
	return func(s *Source, off, _ int) bool { return containsAny(strings.ToLower(s.line(Text, off)), texts...) }
}

func containsAny(s string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}

// families of languages that marks name.
func inJS() langSet     { return langs(lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte) }
func inJVM() langSet    { return langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy) }
func inPython() langSet { return langs(lex.Python) }
func inRuby() langSet   { return langs(lex.Ruby) }
func inPHP() langSet    { return langs(lex.PHP) }
func inDotNet() langSet { return langs(lex.CSharp, lex.FSharp) }
func inGo() langSet     { return langs(lex.Go) }
func inRust() langSet   { return langs(lex.Rust) }
func inElixir() langSet { return langs(lex.Elixir) }
func inConfig() langSet {
	return langs(lex.YAML, lex.Properties, lex.INI, lex.TOML, lex.XML, lex.JSON, lex.Unknown)
}
