package lex

import (
	"bytes"
	"unicode/utf8"
)

// form says how a string is read.
type form uint16

const (
	escapes    form = 1 << iota // a backslash takes the next byte with it
	multiline                   // may hold newlines; others end at one
	continues                   // a backslash before a newline continues it
	doubled                     // the quote written twice is a quote
	dollar                      // ${ } holds code
	hashed                      // #{ } holds code
	fields                      // { } holds code, {{ does not
	phpBrace                    // {$ } holds code
	swiftParen                  // \( ) holds code
	shellParen                  // $( ) holds code
	lastQuotes                  // of more quotes than close it, the last do
)

// Bits of the bytes a string may have to be looked at for.
const (
	bitDouble = 1 << iota
	bitSingle
	bitBack
	bitSlash
	bitNewline
	bitDollar
	bitHash
	bitBrace
)

var stringBits = [256]uint8{
	'"': bitDouble, '\'': bitSingle, '`': bitBack, '\\': bitSlash,
	'\n': bitNewline, '$': bitDollar, '#': bitHash, '{': bitBrace,
}

// mask returns the bits to stop at in a string of the form.
func (f form) mask(quote byte) uint8 {
	m := stringBits[quote]
	if f&(escapes|swiftParen) != 0 {
		m |= bitSlash
	}
	if f&multiline == 0 {
		m |= bitNewline
	}
	if f&(dollar|shellParen) != 0 {
		m |= bitDollar
	}
	if f&hashed != 0 {
		m |= bitHash
	}
	if f&(fields|phpBrace) != 0 {
		m |= bitBrace
	}
	return m
}

// str reads the contents of a string from i on, after the quotes that open it,
// to the count quotes that close it, and returns what follows them. Quote 0
// reads to the end. Width is the number of braces that open a field.
func (s *scanner) str(i int, quote byte, count, width int, f form) int {
	m := f.mask(quote)
	from := i
	for {
		src := s.src[:s.n]
		for i < len(src) && stringBits[src[i]]&m == 0 {
			i++
		}
		if i >= len(src) {
			s.asString(from, s.n)
			return s.n
		}
		c := src[i]
		switch {
		case c == quote && c != 0:
			run := 1
			if count > 1 || f&doubled != 0 {
				for s.at(i+run) == quote && run < count+8 {
					run++
				}
			}
			if run < count {
				i += run
				continue
			}
			if f&doubled != 0 && run > 1 {
				i += 2
				continue
			}
			if f&lastQuotes != 0 {
				i += run - count
			}
			s.asString(from, i)
			return i + count
		case c == '\n':
			s.asString(from, i)
			return i
		case c == '\\':
			if f&swiftParen != 0 && s.at(i+1) == '(' && s.depth < maxDepth {
				s.asString(from, i)
				i = s.interpolation(i + 2)
				from = i
				continue
			}
			i = s.escape(i, f)
		default:
			open, next := s.opens(i, c, width, f)
			if !open || s.depth >= maxDepth {
				i = next
				continue
			}
			if f&fields != 0 {
				s.asString(from, next-width)
				i = s.field(next, width, f&multiline != 0)
			} else {
				s.asString(from, i)
				i = s.interpolation(next)
			}
			from = i
		}
	}
}

// escape returns what follows the backslash at i and the byte it takes.
func (s *scanner) escape(i int, f form) int {
	if f&escapes == 0 || f&fields != 0 && s.at(i+1) == '{' {
		return i + 1
	}
	if f&fields != 0 && s.has(i+1, "N{") {
		return i + 3 // \N{NAME}
	}
	next := i + 1
	if s.at(next) == '\r' && s.at(next+1) == '\n' {
		next++
	}
	if s.at(next) == '\n' && f&(multiline|continues) == 0 {
		return next
	}
	return min(next+1, s.n)
}

// opens reports whether the byte c at i opens an interpolation, and where to go on.
func (s *scanner) opens(i int, c byte, width int, f form) (open bool, next int) {
	after := s.at(i + 1)
	switch c {
	case '$':
		if f&dollar != 0 && after == '$' && s.syn.kind == kindScala {
			return false, i + 2
		}
		return f&dollar != 0 && after == '{' || f&shellParen != 0 && after == '(', i + boolInt(after == '{' || after == '(') + 1
	case '#':
		return after == '{', i + 1 + boolInt(after == '{')
	case '{':
		if f&phpBrace != 0 {
			return after == '$', i + 1
		}
		run := 1
		for s.at(i+run) == '{' {
			run++
		}
		switch {
		case width > 1:
			return run >= width, i + run
		case run == 1:
			return true, i + 1
		case run%2 == 0:
			return false, i + run
		}
		return true, i + run
	}
	return false, i + 1
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// interpolation reads code from i on to the bracket that closes it and returns what follows.
func (s *scanner) interpolation(i int) int {
	s.depth++
	i = s.scan(i, true)
	s.depth--
	return min(i+1, s.n)
}

// field reads a replacement field of Python or C# from i on, after its brace, to
// the brace that closes it. A format after ':' is string. Where the string ends
// at a newline, so does the field.
func (s *scanner) field(i, width int, multi bool) int {
	s.depth++
	i = s.fieldEnd(i, width, multi)
	s.depth--
	return i
}

func (s *scanner) fieldEnd(i, width int, multi bool) int {
	level := 0
	for i < s.n {
		switch c := s.src[i]; c {
		case '\n':
			if !multi {
				return i
			}
			i++
		case '(', '[', '{':
			level++
			i++
		case ')', ']':
			level--
			i++
		case '}':
			if level <= 0 {
				return min(i+width, s.n)
			}
			level--
			i++
		case '"', '\'':
			i = s.quote(i, c)
		case '#':
			if s.syn.kind != kindPython || !multi {
				i++
				continue
			}
			i = s.lineComment(i)
		case ':':
			if level > 0 || s.at(i+1) == ':' || s.before(i) == ':' {
				i++
				continue
			}
			i = s.format(i+1, multi)
		default:
			i++
		}
	}
	return s.n
}

// format reads the format of a field, with fields of its own, to the brace or
// newline that ends it, which is left.
func (s *scanner) format(i int, multi bool) int {
	from := i
	for i < s.n {
		switch c := s.src[i]; {
		case c == '}', c == '\n' && !multi:
			s.asString(from, i)
			return i
		case c == '{' && s.depth < maxDepth:
			s.asString(from, i)
			i = s.field(i+1, 1, multi)
			from = i
		default:
			i++
		}
	}
	s.asString(from, s.n)
	return s.n
}

// quote reads what the quote q at i begins.
func (s *scanner) quote(i int, q byte) int {
	triple := s.at(i+1) == q && s.at(i+2) == q
	switch s.syn.kind {
	case kindJS:
		if q == '`' {
			return s.str(i+1, q, 1, 0, escapes|multiline|dollar)
		}
		return s.str(i+1, q, 1, 0, escapes|continues)
	case kindPython:
		return s.pyQuote(i, q, triple)
	case kindC:
		return s.cQuote(i, q)
	case kindJava:
		if triple && q == '"' {
			return s.str(i+3, q, 3, 0, escapes|multiline)
		}
	case kindGo:
		if q == '`' {
			return s.str(i+1, q, 1, 0, multiline)
		}
	case kindKotlin, kindScala:
		return s.jvmQuote(i, q, triple)
	case kindGroovy, kindDart:
		return s.dartQuote(i, q, triple)
	case kindCSharp:
		if q == '"' {
			return s.sharpQuote(i)
		}
	case kindFSharp:
		return s.fsharpQuote(i, q, triple)
	case kindRuby:
		return s.rubyQuote(i, q)
	case kindElixir:
		return s.elixirQuote(i, q, triple)
	case kindPHP:
		if q == '\'' {
			return s.str(i+1, q, 1, 0, escapes|multiline)
		}
		return s.str(i+1, q, 1, 0, escapes|multiline|phpBrace)
	case kindRust:
		return s.rustQuote(i, q)
	case kindSwift:
		return s.swiftQuote(i, q, triple)
	case kindHaskell, kindOCaml:
		if q == '\'' {
			return s.charOrTick(i)
		}
		return s.str(i+1, q, 1, 0, escapes|multiline)
	case kindClojure, kindErlang:
		return s.str(i+1, q, 1, 0, escapes|multiline)
	case kindLua:
		return s.str(i+1, q, 1, 0, escapes|continues)
	case kindHash:
		if triple {
			return s.str(i+3, q, 3, 0, escapes|multiline)
		}
		if q == '\'' && isWord(s.before(i)) {
			return i + 1 // a transpose in Julia, an old package separator in Perl
		}
	case kindVisualBasic:
		if q == '\'' {
			return s.lineComment(i)
		}
		return s.str(i+1, q, 1, 0, doubled)
	case kindSQL:
		return s.sqlQuote(i, q)
	case kindShell:
		return s.shellQuote(i, q)
	case kindPowerShell:
		return s.str(i+1, q, 1, 0, multiline|doubled)
	case kindHCL:
		return s.str(i+1, q, 1, 0, escapes|dollar)
	case kindCSS, kindSCSS, kindJSON, kindData:
		return s.value(i, q, triple)
	}
	return s.str(i+1, q, 1, 0, escapes)
}

// cQuote reads the strings of C and C++: raw strings, and the digit separators
// that look like the start of a character.
func (s *scanner) cQuote(i int, q byte) int {
	if q == '\'' && isHex(s.before(i)) && isHex(s.at(i+1)) {
		start := i
		for start > 0 && i-start < 40 && (isWord(s.src[start-1]) || s.src[start-1] == '\'') {
			start--
		}
		if isDigit(s.src[start]) {
			return i + 1
		}
	}
	if q == '"' && s.before(i) == 'R' && s.rawPrefix(i-1) {
		end := i + 1
		for c := s.at(end); end-i <= 17 && c > ' ' && c != '(' && c != ')' && c != '\\' && c != '"'; c = s.at(end) {
			end++
		}
		if s.at(end) == '(' {
			var buf [24]byte
			mark := append(append(append(buf[:0], ')'), s.src[i+1:end]...), '"')
			if at := s.find(end+1, mark); at >= 0 {
				s.asString(end+1, at)
				return at + len(mark)
			}
		}
	}
	return s.str(i+1, q, 1, 0, escapes|continues)
}

// rawPrefix reports whether the R at i is a prefix of a raw string and not the end of a name.
func (s *scanner) rawPrefix(i int) bool {
	start := i
	for start > 0 && i-start < 4 && isWord(s.src[start-1]) {
		start--
	}
	switch string(s.src[start:i]) {
	case "", "u", "U", "L", "u8":
		return true
	}
	return false
}

// jvmQuote reads the strings of Kotlin and Scala.
func (s *scanner) jvmQuote(i int, q byte, triple bool) int {
	scala := s.syn.kind == kindScala
	f := dollar
	if scala && !isWord(s.before(i)) {
		f = 0 // interpolated only after a name, as in s"..."
	}
	switch {
	case q == '`':
		return s.quotedName(i)
	case q == '\'' && scala:
		return s.charOrTick(i)
	case q == '\'':
		return s.str(i+1, q, 1, 0, escapes)
	case triple:
		return s.str(i+3, q, 3, 0, f|multiline|lastQuotes)
	}
	return s.str(i+1, q, 1, 0, f|escapes)
}

// dartQuote reads the strings of Dart and Groovy.
func (s *scanner) dartQuote(i int, q byte, triple bool) int {
	f := escapes | dollar
	switch {
	case s.syn.kind == kindGroovy && q == '\'':
		f = escapes
	case s.syn.kind == kindDart && s.before(i) == 'r' && (i < 2 || !isWord(s.src[i-2])):
		f = 0
	}
	if triple {
		return s.str(i+3, q, 3, 0, f|multiline)
	}
	return s.str(i+1, q, 1, 0, f)
}

// sharpQuote reads the strings of C#: plain, verbatim, interpolated, raw.
func (s *scanner) sharpQuote(i int) int {
	dollars, verbatim := 0, false
	for p := i - 1; p >= 0 && i-p <= 8; p-- {
		switch s.src[p] {
		case '$':
			dollars++
			continue
		case '@':
			verbatim = true
			continue
		}
		break
	}
	var f form
	if dollars > 0 {
		f = fields
	}
	run := 1
	for s.at(i+run) == '"' {
		run++
	}
	switch {
	case verbatim:
		return s.str(i+1, '"', 1, max(1, dollars), f|multiline|doubled)
	case run == 2:
		return i + 2
	case run >= 3:
		return s.str(i+run, '"', run, max(1, dollars), f|multiline|lastQuotes)
	}
	return s.str(i+1, '"', 1, 1, f|escapes)
}

func (s *scanner) fsharpQuote(i int, q byte, triple bool) int {
	var f form
	if s.before(i) == '$' || s.before(i) == '@' && i > 1 && s.src[i-2] == '$' {
		f = fields
	}
	switch {
	case q == '`':
		return s.quotedName(i)
	case q == '\'':
		return s.charOrTick(i)
	case triple:
		return s.str(i+3, q, 3, 1, f|multiline)
	case s.before(i) == '@':
		return s.str(i+1, q, 1, 1, f|multiline|doubled)
	}
	return s.str(i+1, q, 1, 1, f|multiline|escapes)
}

// rustQuote reads strings, raw strings, characters and lifetimes.
func (s *scanner) rustQuote(i int, q byte) int {
	if q == '\'' {
		return s.charOrTick(i)
	}
	hashes := 0
	for p := i - 1; p >= 0 && s.src[p] == '#' && hashes < 255; p-- {
		hashes++
	}
	p := i - hashes - 1
	if p < 0 || s.src[p] != 'r' || p > 0 && isWord(s.src[p-1]) && (s.src[p-1] != 'b' && s.src[p-1] != 'c' || p > 1 && isWord(s.src[p-2])) {
		return s.str(i+1, q, 1, 0, escapes|multiline)
	}
	return s.hashQuoted(i+1, 1, hashes)
}

// swiftQuote reads the strings of Swift.
func (s *scanner) swiftQuote(i int, q byte, triple bool) int {
	if q == '`' {
		return s.quotedName(i)
	}
	hashes := 0
	for p := i - 1; p >= 0 && s.src[p] == '#' && hashes < 16; p-- {
		hashes++
	}
	count, f := 1, form(0)
	if triple {
		count, f = 3, multiline
	}
	if hashes > 0 {
		return s.hashQuoted(i+count, count, hashes)
	}
	return s.str(i+count, q, count, 0, f|escapes|swiftParen)
}

// hashQuoted reads a raw string closed by count quotes and a number of '#'.
func (s *scanner) hashQuoted(i, count, hashes int) int {
	for at := i; ; at++ {
		j := -1
		if at < s.n {
			j = bytes.IndexByte(s.src[at:s.n], '"')
		}
		if j < 0 {
			s.asString(i, s.n)
			return s.n
		}
		at += j
		end := at
		for end-at < count && s.at(end) == '"' {
			end++
		}
		if end-at < count {
			continue
		}
		stop := end + hashes
		for end < stop && s.at(end) == '#' {
			end++
		}
		if end == stop {
			s.asString(i, at)
			return end
		}
	}
}

// charOrTick reads the quote at i as a character, or else as the tick of a
// lifetime, a type variable, a symbol or a primed name, which is code.
func (s *scanner) charOrTick(i int) int {
	if s.at(i+1) == '\\' {
		for end := i + 3; end < i+14 && end < s.n && s.src[end] != '\n'; end++ {
			if s.src[end] == '\'' {
				s.asString(i+1, end)
				return end + 1
			}
		}
		return i + 1
	}
	if i+1 >= s.n || isWord(s.before(i)) && (s.syn.kind == kindHaskell || s.syn.kind == kindOCaml || s.syn.kind == kindFSharp) {
		return i + 1
	}
	_, size := utf8.DecodeRune(s.src[i+1 : s.n])
	if c := s.src[i+1]; c == '\n' || c == '\'' || s.at(i+1+size) != '\'' {
		return i + 1
	}
	s.asString(i+1, i+1+size)
	return i + 2 + size
}

// quotedName skips a name in backquotes, which is code.
func (s *scanner) quotedName(i int) int {
	mark := s.src[i : i+1]
	if s.at(i+1) == '`' {
		mark = s.src[i : i+2]
	}
	from := i + len(mark)
	if i < s.noQuoteUntil['`'&3] || from > s.n {
		return i + 1
	}
	end := from
	for end < s.n && s.src[end] != '\n' {
		if s.src[end] == '`' && s.has(end, string(mark)) {
			return end + len(mark)
		}
		end++
	}
	s.noQuoteUntil['`'&3] = end
	return from
}

// sqlQuote reads the strings of SQL; names in double quotes and backquotes are code.
func (s *scanner) sqlQuote(i int, q byte) int {
	if q != '\'' {
		if i < s.noQuoteUntil[q&3] {
			return i + 1
		}
		for j := i + 1; j < s.n && s.src[j] != '\n'; j++ {
			if s.src[j] == q {
				return j + 1
			}
			s.noQuoteUntil[q&3] = j
		}
		return i + 1
	}
	escaped := s.before(i) == 'E' || s.before(i) == 'e'
	for j := i + 1; ; j++ {
		for j < s.n && s.src[j] != '\'' && s.src[j] != '\\' {
			j++
		}
		if j >= s.n {
			s.asString(i+1, s.n)
			return s.n
		}
		switch next := s.at(j + 1); {
		case s.src[j] == '\\':
			// Only some dialects escape. A quote that ends a value is followed
			// by what follows a value.
			after := s.at(j + 2)
			if next == '\\' || next == '\'' && (escaped || after != 0 && after != ',' && after != ')' && after != ';' && !isSpace(after)) {
				j++
			}
		case next == '\'':
			j++
		default:
			s.asString(i+1, j)
			return j + 1
		}
	}
}

func (s *scanner) shellQuote(i int, q byte) int {
	switch {
	case q == '"':
		return s.str(i+1, q, 1, 0, escapes|multiline|shellParen)
	case s.before(i) == '$':
		return s.str(i+1, q, 1, 0, escapes|multiline)
	}
	return s.str(i+1, q, 1, 0, multiline)
}

// value skips a quoted value of a data language, so that what is within does not
// look like a comment. An apostrophe in a word quotes nothing.
func (s *scanner) value(i int, q byte, triple bool) int {
	switch {
	case s.syn.kind == kindJSON, s.syn.kind == kindCSS, s.syn.kind == kindSCSS:
		return s.str(i+1, q, 1, 0, escapes|continues)
	case triple:
		return s.str(i+3, q, 3, 0, escapes|multiline)
	case isWord(s.before(i)), i < s.noQuoteUntil[q&3]:
		return i + 1
	}
	for j := i + 1; j < s.n; j++ {
		switch c := s.src[j]; {
		case c == '\\' && q == '"':
			j++
		case c == '\n':
			s.noQuoteUntil[q&3] = j
			return i + 1
		case c == q:
			return j + 1
		}
	}
	s.noQuoteUntil[q&3] = s.n
	return i + 1
}
