package lex

import (
	"bytes"
	"unicode/utf8"
)

// cQuote reads the strings of C and C++: raw strings, and the digit separators
// that look like the start of a character.
func (s *splitter) cQuote(i int, q byte) int {
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
func (s *splitter) rawPrefix(i int) bool {
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
func (s *splitter) jvmQuote(i int, q byte, triple bool) int {
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
func (s *splitter) dartQuote(i int, q byte, triple bool) int {
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
func (s *splitter) sharpQuote(i int) int {
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

func (s *splitter) fsharpQuote(i int, q byte, triple bool) int {
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
func (s *splitter) rustQuote(i int, q byte) int {
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
func (s *splitter) swiftQuote(i int, q byte, triple bool) int {
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
func (s *splitter) hashQuoted(i, count, hashes int) int {
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
func (s *splitter) charOrTick(i int) int {
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
func (s *splitter) quotedName(i int) int {
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
func (s *splitter) sqlQuote(i int, q byte) int {
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

func (s *splitter) shellQuote(i int, q byte) int {
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
func (s *splitter) value(i int, q byte, triple bool) int {
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
