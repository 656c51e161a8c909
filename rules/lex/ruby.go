package lex

import (
	"bytes"
	"strings"
)

// ruby reads a file of Ruby, whose data after __END__ is markup.
func (s *splitter) ruby(i int) {
	if end := s.rubyEnd(i); end >= 0 {
		n := s.n
		s.n = end
		s.scan(i, false)
		s.n = n
		s.asMarkup(end, n)
		return
	}
	s.scan(i, false)
}

// rubyEnd returns where the line __END__ is, -1 when there is none.
func (s *splitter) rubyEnd(i int) int {
	const mark = "__END__"
	for i < s.n {
		j := bytes.Index(s.src[i:s.n], []byte(mark))
		if j < 0 {
			return -1
		}
		i += j
		if (i == 0 || s.src[i-1] == '\n') && (s.lineEnd(i) == i+len(mark) || s.at(i+len(mark)) == '\r') {
			return i
		}
		i += len(mark)
	}
	return -1
}

// rubyKeyword reports whether a value begins after w.
func rubyKeyword(w []byte) bool {
	switch string(w) {
	case "if", "unless", "when", "while", "until", "and", "or", "not", "return", "in", "then",
		"else", "elsif", "do", "begin", "case", "yield", "raise", "puts":
		return true
	}
	return false
}

// rubyValue reports whether the byte at i, which can begin a literal or be an
// operator, begins a literal: where a value is due (sure), at the start of a line,
// or after a name and a space when none follows, as in "split /,/".
func (s *splitter) rubyValue(i int) (value, sure bool) {
	j := s.lastCode(i)
	if j >= 0 && string(s.word(j)) == "def" {
		return false, false // the operator's definition
	}
	if !s.operandBefore(i, rubyKeyword) && (j < 0 || s.code[j] != '}') {
		return true, true
	}
	if s.lineStart(i) {
		return true, false
	}
	return isSpace(s.before(i)) && !isSpace(s.at(i+1)) && s.at(i+1) != '=' && isWord(s.code[j]) && !isDigit(s.code[j]), false
}

func (s *splitter) rubyRegex(i int) int {
	if s.before(i) == ':' || s.before(i) == '.' || s.before(i) == '&' && s.at(i+1) == ')' {
		return i + 1 // :/ and &:/ name the operator
	}
	value, sure := s.rubyValue(i)
	if !value {
		return i + 1
	}
	if i < s.noRegexUntil || s.regexEnd(i+1, false) < 0 {
		// Expressions over many lines begin where nothing else can.
		if !sure && s.at(i+1) != '\n' || s.find(i+1, []byte("/")) < 0 {
			return i + 1
		}
	}
	return s.delimited(i+1, '/', '/', true)
}

// delimited reads a literal from i on to the delimiter that closes it, with
// interpolations or without, and returns what follows. Brackets nest.
func (s *splitter) delimited(i int, open, end byte, interpolates bool) int {
	from, level := i, 0
	for i < s.n {
		switch c := s.src[i]; {
		case c == '\\':
			i += 2
		case c == end:
			if level == 0 {
				s.asString(from, i)
				return i + 1
			}
			level--
			i++
		case c == open:
			level++
			i++
		case c == '#' && interpolates && s.at(i+1) == '{' && s.depth < maxDepth:
			s.asString(from, i)
			i = s.interpolation(i + 2)
			from = i
		default:
			i++
		}
	}
	s.asString(from, s.n)
	return s.n
}

// closer returns the byte that closes what c opens.
func closer(c byte) byte {
	switch c {
	case '(':
		return ')'
	case '[':
		return ']'
	case '{':
		return '}'
	case '<':
		return '>'
	}
	return c
}

// rubyPercent reads literals such as %w[a b] and %q(text).
func (s *splitter) rubyPercent(i int) int {
	open, at, interpolates := s.at(i+1), i+1, true
	switch open {
	case 'w', 'i', 'q', 's':
		interpolates = false
		fallthrough
	case 'W', 'I', 'Q', 'r', 'x':
		at++
		open = s.at(at)
	}
	switch {
	case open <= ' ' || isWord(open) || strings.IndexByte(";,.)]}>=", open) >= 0:
		return i + 1
	case at == i+1 && strings.IndexByte("([{|!", open) < 0:
		return i + 1
	}
	if value, _ := s.rubyValue(i); !value {
		return i + 1
	}
	return s.delimited(at+1, open, closer(open), interpolates)
}

func (s *splitter) rubyQuote(i int, q byte) int {
	if s.before(i) == '$' {
		return i + 1 // a global variable such as $'
	}
	if q == '\'' {
		return s.str(i+1, q, 1, 0, escapes|multiline)
	}
	if q == '`' && (s.before(i) == ':' || s.before(i) == '.') {
		return i + 1
	}
	return s.str(i+1, q, 1, 0, escapes|multiline|hashed)
}

// rubyDoc reads the comment from =begin to =end.
func (s *splitter) rubyDoc(i int) int {
	if i > 0 && s.src[i-1] != '\n' || !s.has(i, "=begin") || isWord(s.at(i+6)) {
		return i + 1
	}
	end := s.n
	if j := bytes.Index(s.src[i:s.n], []byte("\n=end")); j >= 0 {
		end = s.lineEnd(i + j + 1)
	}
	s.asComment(i, end)
	return end
}

// elixirQuote reads strings and charlists; those of @doc and its like are comments.
func (s *splitter) elixirQuote(i int, q byte, triple bool) int {
	count := 1
	if triple {
		count = 3
	}
	if at := s.elixirDoc(i); at >= 0 {
		end := s.pyEnd(i+count, q, count, escapes|multiline)
		s.asComment(at, end)
		return end
	}
	return s.str(i+count, q, count, 0, escapes|multiline|hashed)
}

// elixirDoc returns the offset of the attribute that the value at i documents
// something with, -1 when there is none.
func (s *splitter) elixirDoc(i int) int {
	j := s.lastCode(i)
	if j < 0 || !isWord(s.code[j]) {
		return -1
	}
	w := s.word(j)
	at := j - len(w)
	if at < 0 || s.code[at] != '@' {
		return -1
	}
	switch string(w) {
	case "doc", "moduledoc", "typedoc", "shortdoc":
		return at
	}
	return -1
}

// sigil reads a sigil of Elixir; those with a capital letter take all as it is.
func (s *splitter) sigil(i int) int {
	at := i + 1
	for at-i < 16 && isWord(s.at(at)) && !isDigit(s.at(at)) {
		at++
	}
	open := s.at(at)
	if at == i+1 || strings.IndexByte(`"'/|([{<`, open) < 0 || open == 0 {
		return i + 1
	}
	plain := s.src[i+1] < 'a'
	count := 1
	if (open == '"' || open == '\'') && s.at(at+1) == open && s.at(at+2) == open {
		count = 3
	}
	if doc := s.elixirDoc(i); doc >= 0 && (open == '"' || open == '\'') {
		end := s.pyEnd(at+count, open, count, escapes|multiline)
		s.asComment(doc, end)
		return end
	}
	if count == 3 {
		f := multiline
		if !plain {
			f |= escapes | hashed
		}
		return s.str(at+3, open, 3, 0, f)
	}
	return s.delimited(at+1, open, closer(open), !plain)
}
