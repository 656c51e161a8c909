package facts

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"
	"strings"

	"milepost/rules/lex"
)

// brace is a pair of curly brackets; end is the offset of the closing one, or the file's length.
type brace struct{ open, end int }

// maxBraces and maxDecls bound the pairs and the declarations of one sort looked at in a file.
const (
	maxBraces = 20_000
	maxDecls  = 3000
)

// braces matches the curly brackets of the code, in the order in which they open. What it returns is good until the next file.
func (s *Source) braces() []brace {
	out, stack := s.pairs[:0], s.open[:0]
	for i := nextBrace(s.Code, 0); i < len(s.Code); i = nextBrace(s.Code, i+1) {
		opens := s.Code[i] == '{'
		if opens && len(out) == maxBraces {
			break
		}
		switch {
		case opens:
			stack = append(stack, len(out))
			out = append(out, brace{i, len(s.Code)})
		case len(stack) > 0:
			out[stack[len(stack)-1]].end = i
			stack = stack[:len(stack)-1]
		}
	}
	s.pairs, s.open = out, stack
	return out
}

// nextBrace is the offset of the next curly bracket at or after off, or the length of code. Eight bytes are looked at together: but for the
// bits that tell '{' from '}' (and from 'y' and DEL, which are few), one of them is 0x79.
func nextBrace(code []byte, off int) int {
	const same, brackets, low, high = 0xf9f9f9f9f9f9f9f9, 0x7979797979797979, 0x0101010101010101, 0x8080808080808080
	for ; off+8 <= len(code); off += 8 {
		if w := binary.LittleEndian.Uint64(code[off:])&same ^ brackets; (w-low)&^w&high == 0 {
			continue
		}
		for i, c := range code[off : off+8] {
			if c == '{' || c == '}' {
				return off + i
			}
		}
	}
	for ; off < len(code); off++ {
		if c := code[off]; c == '{' || c == '}' {
			return off
		}
	}
	return len(code)
}

// bodyAfter is the first pair that opens at or after off and before any of the bytes in stop.
func bodyAfter(code []byte, pairs []brace, off int, stop string) (brace, bool) {
	i, _ := slices.BinarySearchFunc(pairs, off, func(b brace, o int) int { return cmp.Compare(b.open, o) })
	if i == len(pairs) || pairs[i].open-off > 2000 || bytes.ContainsAny(code[off:pairs[i].open], stop) {
		return brace{}, false
	}
	return pairs[i], true
}

func blankBody(code []byte, b brace) bool {
	return len(bytes.TrimSpace(code[b.open+1:max(b.open+1, b.end)])) == 0
}

// words calls f with the offset of each occurrence of word (which ends in a space) that no identifier runs into, up to maxDecls times.
func words(code []byte, word string, f func(off int)) {
	for at, n := 0, 0; n < maxDecls; n++ {
		i := bytes.Index(code[at:], []byte(word))
		if i < 0 {
			return
		}
		off := at + i
		at = off + len(word)
		if off == 0 || !identifier(code[off-1]) && code[off-1] != '.' {
			f(off)
		}
	}
}

func nameAt(code []byte, off int) string {
	n := off
	for n < len(code) && identifier(code[n]) {
		n++
	}
	return string(code[off:n])
}

func skipSpace(code []byte, off int) int {
	for off < len(code) && (code[off] == ' ' || code[off] == '\t' || code[off] == '\n' || code[off] == '\r') {
		off++
	}
	return off
}

// backSpace is the offset just after the last byte before off that is no white space.
func backSpace(code []byte, off int) int {
	for off > 0 && (code[off-1] == ' ' || code[off-1] == '\t' || code[off-1] == '\n' || code[off-1] == '\r') {
		off--
	}
	return off
}

// backWord is the identifier that ends at off, with its start.
func backWord(code []byte, off int) (string, int) {
	start := off
	for start > 0 && off-start < 100 && identifier(code[start-1]) {
		start--
	}
	return string(code[start:off]), start
}

// backParen is the offset of the parenthesis that the one just before off closes, or -1. It looks back a bounded way.
func backParen(code []byte, off int) int {
	depth := 0
	for i := off - 1; i >= 0 && off-i < 1500; i-- {
		switch code[i] {
		case ')':
			depth++
		case '(':
			depth--
			if depth == 0 {
				return i
			}
		}
	}
	return -1
}

var typeWords = map[lex.Language][]string{
	lex.JavaScript: {"class "},
	lex.TypeScript: {"class ", "interface ", "enum "},
	lex.Java:       {"class ", "interface ", "enum ", "record "},
	lex.CSharp:     {"class ", "interface ", "enum ", "record ", "struct "},
	lex.CPP:        {"class ", "struct ", "enum "},
	lex.C:          {"struct ", "enum "},
	lex.Dart:       {"class ", "mixin ", "enum "},
	lex.Groovy:     {"class ", "interface ", "enum ", "trait "},
	lex.PHP:        {"class ", "interface ", "trait ", "enum "},
	lex.Rust:       {"struct ", "enum ", "trait "},
}

// typesOf reads the types of a language whose bodies stand in curly brackets, and appends them to ds.
func typesOf(s *Source, pairs []brace, ds []decl) []decl {
	list := typeWords[s.Lang]
	if list == nil {
		list = typeWords[lex.JavaScript]
	}
	for _, w := range list {
		words(s.Code, w, func(off int) {
			if d, ok := typeAt(s, pairs, w, off); ok {
				ds = append(ds, d)
			}
		})
	}
	return ds
}

func typeAt(s *Source, pairs []brace, word string, off int) (decl, bool) {
	at := skipSpace(s.Code, off+len(word))
	d := decl{kind: KindType, pos: off, value: strings.TrimSpace(word), name: nameAt(s.Code, at)}
	if before, _ := backWord(s.Code, backSpace(s.Code, off)); before == "enum" || word == "class " && before == "record" || before == "new" && s.Lang != lex.PHP {
		return d, false // enum class, record class: read at the first word
	}
	if word == "record " && (d.name == "class" || d.name == "struct") {
		at = skipSpace(s.Code, at+len(d.name))
		d.name = nameAt(s.Code, at)
	}
	switch d.name {
	case "extends", "implements":
		d.name = "" // an anonymous class
	case "":
		return d, false
	default:
		at += len(d.name)
	}
	stop := ";="
	if s.Lang == lex.C || s.Lang == lex.CPP {
		stop = ";=()" // struct Node *push(...)
	}
	body, ok := bodyAfter(s.Code, pairs, at, stop)
	if !ok {
		if s.Lang == lex.CSharp || s.Lang == lex.Rust { // record X(int A); struct X(i32);
			if rest := s.Code[at:min(len(s.Code), at+600)]; d.value != "class" && len(rest) > 0 && (rest[0] == '(' || rest[0] == ';' || rest[0] == '<') {
				d.parent = ""
				return d, true
			}
		}
		return d, false
	}
	head := string(s.Code[at:body.open])
	if word == "record " && !strings.Contains(head, "(") && s.Lang == lex.Java {
		return d, false
	}
	d.parent = parentsOf(head)
	d.end = body.end + 1
	return d, true
}

// parentsOf reads "<T> extends A implements B, C" or "(params) : A, B".
func parentsOf(head string) string {
	head = strings.TrimLeft(head, " \t\r\n")
	for strings.HasPrefix(head, "<") || strings.HasPrefix(head, "(") {
		head = strings.TrimLeft(head[min(len(head), closing(head)+1):], " \t\r\n")
	}
	if n := strings.Index(head, " where "); n >= 0 {
		head = head[:n]
	}
	rest, ok := strings.CutPrefix(head, ":")
	if ok {
		for _, w := range []string{"public ", "private ", "protected ", "virtual "} {
			rest = strings.ReplaceAll(rest, w, "")
		}
		return joinParents(rest)
	}
	for _, w := range []string{"extends ", "implements ", "with ", "permits ", "on "} {
		head = strings.ReplaceAll(" "+strings.ReplaceAll(head, "\n", " "), " "+w, ",")
	}
	return joinParents(strings.TrimLeft(head, ", "))
}

// notFunctions are words before "(" that open no function.
var notFunctions = []string{
	"if", "for", "while", "switch", "catch", "with", "foreach", "using", "lock", "synchronized", "when", "fixed", "return", "await", "typeof", "sizeof", "elseif",
	"match", "super", "this", "new", "else", "do", "try", "until", "unless", "checked", "nameof", "default", "constexpr", "require", "import",
}

// declsOfBraces reads types, and functions by what stands before their body.
func declsOfBraces(s *Source) []decl {
	pairs := s.braces()
	ds := typesOf(s, pairs, s.decls[:0])
	js := s.Lang == lex.JavaScript || s.Lang == lex.TypeScript || s.Lang == lex.Vue || s.Lang == lex.Svelte || s.Lang == lex.HTML || s.Lang == lex.EJS
	for _, p := range pairs {
		if d, ok := functionBefore(s, p, js); ok {
			d.end = p.end + 1
			if blankBody(s.Code, p) {
				d.value = "empty"
			}
			ds = append(ds, d)
		}
	}
	if js || s.Lang == lex.CSharp || s.Lang == lex.Dart {
		ds = arrows(s, js, ds)
	}
	if js {
		ds = append(ds, prototypes(s)...)
	}
	return ds
}

// functionBefore tells whether the block is the body of a function, by looking back from its bracket.
func functionBefore(s *Source, p brace, js bool) (decl, bool) {
	code := s.Code
	end := backSpace(code, p.open)
	if end == 0 {
		return decl{}, false
	}
	if js && end > 1 && code[end-1] == '>' && code[end-2] == '=' {
		name, pos := arrowName(code, end-2)
		return decl{kind: KindFunction, name: name, pos: pos}, true
	}
	if code[end-1] != ')' {
		end = beforeSuffix(s, end)
		if end < 0 {
			return decl{}, false
		}
	}
	open := backParen(code, end)
	if open < 0 {
		return decl{}, false
	}
	at := backSpace(code, open)
	if at > 0 && code[at-1] == '>' && !js { // generic arguments of a method's name
		for n := 0; at > 0 && n < 200; n++ {
			at--
			if code[at] == '<' {
				break
			}
		}
	}
	name, start := backWord(code, at)
	if s.Lang == lex.CSharp && (name == "base" || name == "this") {
		if colon := backSpace(code, start); colon > 1 && code[colon-1] == ':' { // the constructor that calls another
			if open = backParen(code, backSpace(code, colon-1)); open >= 0 {
				name, start = backWord(code, backSpace(code, open))
			}
		}
	}
	if js && name == "function" || js && at > 0 && code[at-1] == '*' {
		pos := start
		n, p2 := assignedName(code, backSpace(code, start))
		if n != "" {
			pos = p2
		}
		return decl{kind: KindFunction, name: n, pos: pos}, true
	}
	if name == "" || slices.Contains(notFunctions, name) || name[0] >= '0' && name[0] <= '9' {
		return decl{}, false
	}
	before := backSpace(code, start)
	prev, prevAt := backWord(code, before)
	if js {
		if prev == "new" || prev == "extends" || before > 0 && (code[before-1] == '.' || code[before-1] == '=' && prev == "") {
			return decl{}, false
		}
		if prev == "function" {
			start = prevAt
		}
		return decl{kind: KindFunction, name: name, pos: start}, true
	}
	switch {
	case prev == "record" || prev == "class" || prev == "struct" || prev == "enum" || prev == "interface":
		return decl{}, false // the parameters of a type
	case prev == "new" || prev == "return" || prev == "else" || prev == "throw" || prev == "await":
		return decl{}, false
	case prev == "" && before > 0 && (code[before-1] == '.' || code[before-1] == '=' || code[before-1] == '(' || code[before-1] == ','):
		return decl{}, false
	case (s.Lang == lex.C || s.Lang == lex.CPP) && name == strings.ToUpper(name) && len(name) > 3:
		return decl{}, false // a macro
	case s.Lang == lex.Groovy && (prev == "" || bytes.IndexByte(code[prevAt:start], '\n') >= 0):
		return decl{}, false // a call that is handed a closure
	}
	return decl{kind: KindFunction, name: name, pos: start}, true
}

// beforeSuffix steps back over what may stand between a parameter list and a body: "throws A, B", ": Promise<T>", "const", "where T : class".
// It returns the offset after the closing parenthesis, or -1.
func beforeSuffix(s *Source, end int) int {
	code := s.Code
	limit := max(0, end-300)
	depth := 0
	for i := end - 1; i >= limit; i-- {
		switch c := code[i]; {
		case c == ';' || c == '=' && (i+1 >= len(code) || code[i+1] != '>'):
			return -1
		case c == '}' || c == '>' || c == ']':
			depth++
		case c == '{' || c == '<' || c == '[':
			depth--
			if depth < 0 {
				return -1
			}
		case c == ')' && depth <= 0:
			rest := strings.TrimSpace(string(code[i+1 : end]))
			if strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "throws ") || strings.HasPrefix(rest, "const") || strings.HasPrefix(rest, "override") ||
				strings.HasPrefix(rest, "noexcept") || strings.HasPrefix(rest, "where ") || rest == "async" || strings.HasPrefix(rest, "->") || rest == "sync*" || rest == "async*" {
				return i + 1
			}
			return -1
		}
	}
	return -1
}

// arrowName looks back from "=>" for the name that the function is given, "" for none, and where it starts.
func arrowName(code []byte, arrow int) (string, int) {
	end := backSpace(code, arrow)
	if end == 0 {
		return "", arrow
	}
	if code[end-1] != ')' {
		// x => ..., or a return type: (a: A): Promise<B> => ...
		_, start := backWord(code, end)
		if b := backSpace(code, start); b > 0 && (code[b-1] == '=' || code[b-1] == '(' || code[b-1] == ',' || code[b-1] == ':' && !bytes.Contains(code[max(0, b-120):b], []byte{')'})) {
			return assignedName(code, b)
		}
		i := bytes.LastIndexByte(code[max(0, end-200):end], ')')
		if i < 0 {
			return "", start
		}
		end = max(0, end-200) + i + 1
	}
	open := backParen(code, end)
	if open < 0 {
		return "", end - 1
	}
	at := backSpace(code, open)
	if w, start := backWord(code, at); w == "async" {
		at = backSpace(code, start)
	}
	if name, pos := assignedName(code, at); name != "" {
		return name, pos
	}
	return "", open
}

// assignedName is the name that what starts at off is given by "name =" or "name:"; types after a colon are stepped over.
func assignedName(code []byte, off int) (string, int) {
	if w, start := backWord(code, off); w == "async" {
		off = backSpace(code, start)
	}
	if off == 0 {
		return "", off
	}
	switch code[off-1] {
	case '=':
		at := backSpace(code, off-1)
		lineStart := max(0, at-200)
		lineStart += bytes.LastIndexByte(code[lineStart:at], '\n') + 1
		head := string(code[lineStart:at])
		if n := strings.IndexByte(head, ':'); n > 0 { // const f: Handler =
			at = backSpace(code, lineStart+n)
		}
		w, start := backWord(code, at)
		return w, start
	case ':':
		w, start := backWord(code, backSpace(code, off-1))
		return w, start
	}
	return "", off
}

// arrows reads functions whose body is an expression (a named arrow of JavaScript, an expression-bodied member of C#), and appends them to ds.
func arrows(s *Source, js bool, ds []decl) []decl {
	code := s.Code
	for at := 0; ; {
		i := bytes.Index(code[at:], []byte("=>"))
		if i < 0 {
			return ds
		}
		off := at + i
		at = off + 2
		if next := skipSpace(code, at); next < len(code) && code[next] == '{' {
			continue
		}
		if js {
			if name, pos := arrowName(code, off); name != "" {
				ds = append(ds, decl{kind: KindFunction, name: name, pos: pos, end: s.LineEnd(off, 0)})
			}
			continue
		}
		end := backSpace(code, off)
		if end == 0 || code[end-1] != ')' {
			continue
		}
		open := backParen(code, end)
		if open < 0 {
			continue
		}
		name, start := backWord(code, backSpace(code, open))
		before := backSpace(code, start)
		prev, _ := backWord(code, before)
		if name == "" || slices.Contains(notFunctions, name) || prev == "new" || prev == "return" || prev == "await" || before == 0 {
			continue
		}
		if c := code[before-1]; identifier(c) || c == '>' || c == '?' || c == ']' {
			ds = append(ds, decl{kind: KindFunction, name: name, pos: start, end: s.LineEnd(off, 0)})
		}
	}
}

// prototypes reads the classes of older JavaScript: "Stack.prototype.push = function".
func prototypes(s *Source) []decl {
	var ds []decl
	seen := map[string]bool{}
	for at := 0; ; {
		i := bytes.Index(s.Code[at:], []byte(".prototype"))
		if i < 0 {
			return ds
		}
		off := at + i
		at = off + len(".prototype")
		name, start := backWord(s.Code, off)
		rest := strings.TrimLeft(s.rest(at), " ")
		if name == "" || seen[name] || builtinPrototype(name) || !strings.HasPrefix(rest, ".") && !strings.HasPrefix(rest, "=") {
			continue
		}
		method := nameAt([]byte(rest), 1)
		if strings.HasPrefix(rest, ".") && !strings.HasPrefix(strings.TrimLeft(rest[1+len(method):], " "), "=") {
			continue
		}
		seen[name] = true
		ds = append(ds, decl{kind: KindType, name: name, value: "prototype", pos: start})
	}
}

func builtinPrototype(name string) bool {
	switch name {
	case "Object", "Array", "String", "Function", "Date", "Number", "Promise", "RegExp", "Query", "Element":
		return true
	}
	return false
}

func declsOfPHP(s *Source) []decl {
	pairs := s.braces()
	ds := typesOf(s, pairs, s.decls[:0])
	at := 0
	for {
		i := bytes.Index(s.Code[at:], []byte("function"))
		if i < 0 {
			return ds
		}
		off := at + i
		at = off + len("function")
		if off > 0 && (identifier(s.Code[off-1]) || s.Code[off-1] == '>') || at < len(s.Code) && identifier(s.Code[at]) {
			continue
		}
		n := skipSpace(s.Code, at)
		if n < len(s.Code) && s.Code[n] == '&' {
			n++
		}
		d := decl{kind: KindFunction, name: nameAt(s.Code, n), pos: off}
		if body, ok := bodyAfter(s.Code, pairs, n, ";"); ok {
			d.end = body.end + 1
			if blankBody(s.Code, body) {
				d.value = "empty"
			}
			ds = append(ds, d)
		}
	}
}

func declsOfGo(s *Source) []decl {
	pairs := s.braces()
	ds := s.decls[:0]
	for at := 0; ; {
		i := bytes.Index(s.Code[at:], []byte("func"))
		if i < 0 {
			break
		}
		off := at + i
		at = off + 4
		if !s.word(off, 4) {
			continue
		}
		n := skipSpace(s.Code, at)
		d := decl{kind: KindFunction, pos: off}
		top := off == s.LineStart(off)
		if top && n < len(s.Code) && s.Code[n] == '(' {
			c := bytes.IndexByte(s.Code[n:], ')')
			if c < 0 {
				break
			}
			d.parent = receiver(string(s.Code[n+1 : n+c]))
			n = skipSpace(s.Code, n+c+1)
		}
		if top {
			d.name = nameAt(s.Code, n)
		}
		if body, ok := bodyAfter(s.Code, pairs, n, "\n"); ok || top {
			d.end = body.end + 1
			if ok && !top && !bytes.HasSuffix(bytes.TrimSpace(s.Code[n:body.open]), []byte(")")) && bytes.Contains(s.Code[n:body.open], []byte("func")) {
				continue
			}
			ds = append(ds, d)
		}
	}
	for _, w := range []string{" struct", " interface"} {
		for at := 0; ; {
			i := bytes.Index(s.Code[at:], []byte(w))
			if i < 0 {
				break
			}
			off := at + i
			at = off + len(w)
			head := s.Code[s.LineStart(off):off]
			if len(head) > maxNear {
				continue
			}
			head = bytes.TrimSpace(head)
			head = bytes.TrimPrefix(head, []byte("type "))
			name, _, _ := bytes.Cut(head, []byte("["))
			body, ok := bodyAfter(s.Code, pairs, at, "\n;")
			if !ok || len(name) == 0 || bytes.ContainsAny(name, " (){}:=*.,") {
				continue
			}
			ds = append(ds, decl{kind: KindType, name: string(name), value: w[1:], pos: off - len(head), end: body.end + 1, parent: embedded(s.Code[body.open+1 : body.end])})
		}
	}
	return ds
}

// receiver is the type of "r *Repo[T]".
func receiver(text string) string {
	text = strings.TrimSpace(text)
	text = text[strings.LastIndexAny(text, " *")+1:]
	name, _, _ := strings.Cut(text, "[")
	return name
}

// embedded are the fields of a Go struct that are types alone.
func embedded(body []byte) string {
	var out []string
	for line := range strings.SplitSeq(string(body[:min(len(body), 4000)]), "\n") {
		line, _, _ = strings.Cut(strings.TrimSpace(line), "`")
		line = strings.TrimPrefix(strings.TrimSpace(line), "*")
		if line != "" && !strings.ContainsAny(line, " (){}[],;/\t\"'") && len(out) < 6 {
			out = append(out, line)
		}
	}
	return strings.Join(out, ",")
}

func declsOfRust(s *Source) []decl {
	pairs := s.braces()
	ds := typesOf(s, pairs, s.decls[:0])
	words(s.Code, "fn ", func(off int) {
		name := nameAt(s.Code, off+3)
		if body, ok := bodyAfter(s.Code, pairs, off, ";"); ok && name != "" {
			ds = append(ds, decl{kind: KindFunction, name: name, pos: off, end: body.end + 1})
		}
	})
	for at := 0; ; {
		i := bytes.Index(s.Code[at:], []byte("impl"))
		if i < 0 {
			return ds
		}
		off := at + i
		at = off + 4
		if !s.word(off, 4) || !s.onlyModifiers(off) {
			continue
		}
		body, ok := bodyAfter(s.Code, pairs, at, ";")
		if !ok {
			continue
		}
		head := strings.TrimSpace(string(s.Code[at:body.open]))
		if strings.HasPrefix(head, "<") {
			head = strings.TrimSpace(head[min(len(head), closing(head)+1):])
		}
		head, _, _ = strings.Cut(head, " where")
		parent, name, ok := strings.Cut(head, " for ")
		if !ok {
			parent, name = "", head
		}
		name, _, _ = strings.Cut(strings.TrimSpace(name), "<")
		ds = append(ds, decl{kind: KindType, name: name, value: "impl", parent: strings.TrimSpace(parent), pos: off, end: body.end + 1})
	}
}
