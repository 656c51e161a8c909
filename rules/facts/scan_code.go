package facts

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"milepost/rules/lex"
)

// codeScanners find how code handles errors, what tests assert, what is said of complexity and practice problems, and what keeps a
// program running.
var codeScanners = slices.Concat(errorScanners, testScanners, practiceScanners, toolScanners)

var codeDocuments = []document{
	declaresJUnit,
	{applies: func(string, string) bool { return true }, scan: declarations},
	{applies: func(string, string) bool { return true }, scan: shellDocument},
}

// decl is a function or type while its file is read. Offsets are into the file; end is 0 when unknown.
type decl struct {
	kind                Kind
	name, value, parent string
	pos, end            int
	scopeOnly           bool // names what lies within it and is no fact of its own
}

// declarations emits the functions and types of a source.
func declarations(s *Source) {
	var ds []decl
	switch s.Lang {
	case lex.Python:
		ds = indented(s, pythonWords)
	case lex.Ruby, lex.Crystal:
		ds = indented(s, rubyWords)
	case lex.Elixir:
		ds = indented(s, elixirWords)
	case lex.Kotlin:
		ds = indented(s, kotlinWords)
	case lex.Scala:
		ds = indented(s, scalaWords)
	case lex.Swift:
		ds = indented(s, swiftWords)
	case lex.Lua, lex.Julia, lex.R, lex.Perl:
		ds = indented(s, scriptWords)
	case lex.Go:
		ds = declsOfGo(s)
	case lex.Rust:
		ds = declsOfRust(s)
	case lex.PHP:
		ds = declsOfPHP(s)
	case lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte, lex.HTML, lex.EJS, lex.Java, lex.CSharp, lex.C, lex.CPP, lex.Dart, lex.Groovy, lex.ObjectiveC:
		ds = declsOfBraces(s)
	default:
		return
	}
	emitDeclarations(s, ds)
}

// emitDeclarations gives each declaration the innermost type around it and emits it, in the order of the file.
func emitDeclarations(s *Source, ds []decl) {
	order, open := s.order[:0], s.open[:0] // open: types around the current place
	for i := range ds {
		order = append(order, i)
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Or(cmp.Compare(ds[a].pos, ds[b].pos), cmp.Compare(a, b)) })
	for _, i := range order {
		d := &ds[i]
		for len(open) > 0 && ds[open[len(open)-1]].end <= d.pos {
			open = open[:len(open)-1]
		}
		scope := d.parent
		if d.kind == KindFunction && scope == "" && len(open) > 0 {
			scope = ds[open[len(open)-1]].name
		}
		if !d.scopeOnly {
			f := Fact{Kind: d.kind, Name: d.name, Value: d.value, Scope: scope, Line: s.LineOf(d.pos)}
			if d.end > d.pos {
				f.End = s.LineOf(d.end - 1)
			}
			s.Emit(f)
		}
		if d.kind == KindType && d.end > d.pos && len(open) < 64 {
			open = append(open, i)
		}
	}
	s.decls, s.order, s.open = ds, order, open
}

// keywordDecl is a word that begins a declaration on its line in a language whose layout shows where it ends.
type keywordDecl struct {
	word string
	kind Kind
}

var (
	pythonWords = []keywordDecl{{"def ", KindFunction}, {"class ", KindType}}
	rubyWords   = []keywordDecl{{"def ", KindFunction}, {"class ", KindType}, {"module ", KindType}}
	elixirWords = []keywordDecl{{"def ", KindFunction}, {"defp ", KindFunction}, {"defmodule ", KindType}}
	kotlinWords = []keywordDecl{{"fun ", KindFunction}, {"class ", KindType}, {"interface ", KindType}, {"object ", KindType}}
	scalaWords  = []keywordDecl{{"def ", KindFunction}, {"class ", KindType}, {"trait ", KindType}, {"object ", KindType}, {"enum ", KindType}}
	swiftWords  = []keywordDecl{{"func ", KindFunction}, {"init(", KindFunction}, {"class ", KindType}, {"struct ", KindType}, {"protocol ", KindType}, {"enum ", KindType}, {"extension ", KindType}}
	scriptWords = []keywordDecl{{"function ", KindFunction}, {"sub ", KindFunction}}
)

// modifiers are the words that may stand before a declaring keyword.
var modifiers = []string{
	"public", "private", "protected", "internal", "open", "abstract", "final", "static", "sealed", "override", "suspend", "inline", "data", "async", "case",
	"implicit", "lazy", "inner", "enum", "annotation", "companion", "value", "operator", "infix", "tailrec", "fun", "export", "default", "readonly", "partial", "virtual",
	"extern", "unsafe", "pub", "const", "mutating", "convenience", "required", "local", "actual", "expect", "new", "transparent", "given", "fileprivate", "declare", "async", "class",
	"private_class_method", "strictfp", "non-sealed", "file", "ref", "memoize",
}

// onlyModifiers reports whether nothing but modifiers and annotations stands before off on its line.
func (s *Source) onlyModifiers(off int) bool {
	head := s.Code[s.LineStart(off):off]
	if len(head) > 200 {
		return false
	}
	for word := range bytes.FieldsSeq(head) {
		w := string(word)
		if w[0] == '@' || w[0] == '[' || w[0] == '#' || strings.HasPrefix(w, "pub(") || strings.HasPrefix(w, "private[") || strings.HasSuffix(w, ")") {
			continue
		}
		if !slices.Contains(modifiers, w) {
			return false
		}
	}
	return true
}

// indented reads declarations that begin with a keyword and end where the indentation does.
func indented(s *Source, words []keywordDecl) []decl {
	ds := s.decls[:0]
	for _, k := range words {
		for at := 0; at < len(s.Code) && len(ds) < maxDecls; {
			i := bytes.Index(s.Code[at:], []byte(k.word))
			if i < 0 {
				break
			}
			off := at + i
			at = off + len(k.word)
			if off > 0 && identifier(s.Code[off-1]) || !s.onlyModifiers(off) {
				continue
			}
			if d, ok := indentedDecl(s, k, off); ok {
				d.end = s.blockEnd(off)
				ds = append(ds, d)
			}
		}
	}
	return ds
}

func indentedDecl(s *Source, k keywordDecl, off int) (decl, bool) {
	head := s.Code[off+len(k.word) : min(len(s.Code), off+len(k.word)+400)]
	d := decl{kind: k.kind, pos: off, value: strings.TrimSpace(k.word)}
	if k.kind == KindFunction {
		d.value = ""
		if k.word == "init(" {
			d.name = "init"
			return d, true
		}
		head = skipGeneric(head)
		d.name = dottedName(head)
		if s.Lang == lex.Python || s.Lang == lex.Kotlin || s.Lang == lex.Scala || s.Lang == lex.Swift {
			d.name = d.name[strings.LastIndexByte(d.name, '.')+1:] // extension functions
		}
		return d, d.name != ""
	}
	d.name = dottedName(head)
	if d.name == "" {
		if s.Lang == lex.Kotlin && k.word == "object " || s.Lang == lex.Ruby {
			d.name = "self"
			d.scopeOnly = true
			return d, s.Lang == lex.Kotlin
		}
		return d, false
	}
	if before := string(s.Code[s.LineStart(off):off]); strings.Contains(before, "data ") || strings.Contains(before, "case ") {
		d.value = "record"
	} else if strings.Contains(before, "enum ") {
		d.value = "enum"
	} else if strings.Contains(before, "annotation ") {
		d.value = "annotation"
	}
	d.parent = parentsAfter(s.Lang, head[len(d.name):])
	return d, true
}

// skipGeneric steps over "<T : Any> " between a keyword and a name.
func skipGeneric(b []byte) []byte {
	if len(b) == 0 || b[0] != '<' {
		return b
	}
	if n := bytes.IndexByte(b, '>'); n > 0 {
		return bytes.TrimLeft(b[n+1:], " ")
	}
	return b
}

// dottedName is the name at the start of b, with dots and colons of scopes.
func dottedName(b []byte) string {
	n := 0
	for n < len(b) && (identifier(b[n]) || b[n] == '.' || b[n] == ':' && n+1 < len(b) && b[n+1] == ':' || b[n] == ':' && n > 0 && b[n-1] == ':' || (b[n] == '?' || b[n] == '!' || b[n] == '=') && n > 0 && identifier(b[n-1])) {
		if b[n] == '=' && (n+1 >= len(b) || b[n+1] != '(') {
			break
		}
		n++
	}
	return strings.TrimRight(string(b[:n]), ".:")
}

// parentsAfter reads the parents that follow a type's name, separated by ",".
func parentsAfter(l lex.Language, rest []byte) string {
	text := string(rest)
	switch l {
	case lex.Python:
		if !strings.HasPrefix(text, "(") {
			return ""
		}
		n := closing(text)
		return joinParents(text[1:n])
	case lex.Ruby, lex.Crystal:
		line, _, _ := strings.Cut(text, "\n")
		_, parent, ok := strings.Cut(line, "<")
		if !ok {
			return ""
		}
		parent, _, _ = strings.Cut(parent, ";")
		return joinParents(parent)
	case lex.Elixir:
		return ""
	}
	// Kotlin, Scala, Swift: [<generics>] [modifiers (parameters)] [: or extends parents] {
	text = strings.TrimLeft(text, " ")
	for strings.HasPrefix(text, "<") || strings.HasPrefix(text, "[") || strings.HasPrefix(text, "(") || strings.HasPrefix(text, "@") || strings.HasPrefix(text, "private") || strings.HasPrefix(text, "constructor") || strings.HasPrefix(text, "internal") {
		switch text[0] {
		case '@', 'p', 'c', 'i':
			n := strings.IndexAny(text, " (")
			if n < 0 {
				return ""
			}
			text = strings.TrimLeft(text[n:], " ")
		default:
			text = strings.TrimLeft(text[min(len(text), closing(text)+1):], " \n\r\t")
		}
	}
	if l == lex.Scala {
		rest, ok := strings.CutPrefix(text, "extends ")
		if !ok {
			return ""
		}
		text = strings.ReplaceAll(upTo(rest, "{\n"), " with ", ",")
		return joinParents(text)
	}
	rest2, ok := strings.CutPrefix(text, ":")
	if !ok {
		return ""
	}
	return joinParents(upTo(rest2, "{\n"))
}

func upTo(s, stop string) string {
	if n := strings.IndexAny(s, stop); n >= 0 {
		return s[:n]
	}
	return s
}

// closing is the offset of the bracket that closes the one text starts with, or its length.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '<', '{':
			depth++
		case ')', ']', '>', '}':
			if text[i] == '>' && i > 0 && (text[i-1] == '-' || text[i-1] == '=') {
				continue
			}
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return len(text)
}

// joinParents splits a list of parents at its outer commas and joins the names again, without arguments.
func joinParents(text string) string {
	var out []string
	depth, start := 0, 0
	add := func(p string) {
		p = strings.Join(strings.Fields(p), " ")
		if n := strings.IndexByte(p, '('); n > 0 {
			p = p[:n]
		}
		if p != "" {
			out = append(out, p)
		}
	}
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '<', '{':
			depth++
		case ')', ']', '>', '}':
			depth--
		case ',':
			if depth <= 0 {
				add(text[start:i])
				start = i + 1
			}
		}
	}
	add(text[start:])
	return strings.Join(out, ",")
}

// maxBlock bounds how many lines are looked at for the end of a block.
const maxBlock = 4000

// blockEnd is the offset at which the block that the line of off opens ends, by indentation.
func (s *Source) blockEnd(off int) int {
	line := s.LineOf(off) - 1
	own := indentOf(s.Code[s.starts[line]:])
	end := s.LineEnd(off, 0)
	for n := line + 1; n < len(s.starts) && n < line+maxBlock; n++ {
		start := s.starts[n]
		stop := len(s.Code)
		if n+1 < len(s.starts) {
			stop = s.starts[n+1] - 1
		}
		text := s.Code[start:stop]
		trimmed := bytes.TrimSpace(text)
		if len(trimmed) == 0 {
			continue
		}
		if indentOf(text) <= own {
			if closes(trimmed) && indentOf(text) == own {
				end = stop
				if trimmed[0] == ')' {
					continue // the end of a list of parameters
				}
			} else if trimmed[0] == '{' {
				end = stop
				continue
			}
			return end
		}
		end = stop
	}
	return end
}

func closes(line []byte) bool {
	switch line[0] {
	case '}', ')', ']':
		return true
	}
	return bytes.HasPrefix(line, []byte("end")) && (len(line) == 3 || !identifier(line[3]))
}

// indentOf counts the columns of white space that line starts with; a tab is four.
func indentOf(line []byte) int {
	n := 0
	for _, c := range line {
		switch c {
		case ' ':
			n++
		case '\t':
			n += 4
		default:
			return n
		}
	}
	return n
}
