package lex

import "strings"

// operandBefore reports whether the code before i ends with a value, after which
// '/' divides and '<' compares. keyword says which names are no values.
func (s *splitter) operandBefore(i int, keyword func([]byte) bool) bool {
	j := s.lastCode(i)
	if j < 0 {
		return false
	}
	switch c := s.code[j]; {
	case isWord(c) || c == '$' || c == '@':
		w := s.word(j)
		k := j - len(w)
		return !keyword(w) || k >= 0 && (s.code[k] == '.' && (k == 0 || s.code[k-1] != '.') || s.code[k] == '$')
	case c == ']' || c == '"' || c == '\'' || c == '`':
		return true
	case c == ')':
		return !s.conditionEnds(j)
	case c == '+' || c == '-':
		return j > 0 && s.code[j-1] == c // i++ / 2
	}
	return false
}

// conditionEnds reports whether the parenthesis at j closes the condition of a
// statement, after which a value begins. It looks at what is near.
func (s *splitter) conditionEnds(j int) bool {
	level := 0
	for i, stop := j, max(0, j-200); i >= stop; i-- {
		switch s.code[i] {
		case ')':
			level++
		case '(':
			level--
		}
		if level > 0 {
			continue
		}
		for i--; i >= stop && s.code[i] <= ' '; i-- { //nolint:revive // all is in the head
		}
		if i < 0 || !isWord(s.code[i]) {
			return false
		}
		switch string(s.word(i)) {
		case "if", "while", "for", "with":
			return true
		}
		return false
	}
	return false
}

// jsKeyword reports whether a value begins after w.
func jsKeyword(w []byte) bool {
	switch string(w) {
	case "return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "instanceof",
		"else", "do", "yield", "await", "default", "extends":
		return true
	}
	return false
}

// jsRegex reads the slash at i as a regular expression where a value may begin
// and one ends on the line, else as a division.
func (s *splitter) jsRegex(i int) int {
	if i < s.noRegexUntil || s.operandBefore(i, jsKeyword) {
		return i + 1
	}
	end := s.regexEnd(i+1, true)
	if end < 0 {
		return i + 1
	}
	s.asString(i+1, end)
	return end + 1
}

// regexEnd returns the slash that ends the expression from i on, -1 when there
// is none on the line.
func (s *splitter) regexEnd(i int, classes bool) int {
	class := false
	for ; i < s.n; i++ {
		switch s.src[i] {
		case '\\':
			if s.at(i+1) != '\n' {
				i++
			}
		case '[':
			class = classes
		case ']':
			class = false
		case '/':
			if !class {
				return i
			}
		case '\n':
			s.noRegexUntil = i
			return -1
		}
	}
	s.noRegexUntil = s.n
	return -1
}

// groovySlashy reads a slashy string.
func (s *splitter) groovySlashy(i int) int {
	j := s.lastCode(i)
	if i < s.noRegexUntil || j < 0 || strings.IndexByte("=(,[~:{!&|?", s.code[j]) < 0 {
		return i + 1
	}
	end := s.regexEnd(i+1, false)
	if end < 0 {
		return i + 1
	}
	s.asString(i+1, end)
	return end + 1
}

// jsxBegins reports whether the '<' at i begins an element and neither compares
// nor begins type parameters or an assertion.
func (s *splitter) jsxBegins(i int) bool {
	c := s.at(i + 1)
	if c != '>' && (!isWord(c) || isDigit(c)) && c != '$' || s.operandBefore(i, jsKeyword) || !s.jsxAfter(i) {
		return false
	}
	if c == '>' {
		return true
	}
	end := i + 1
	for end-i < 128 && isNamePart(s.at(end)) {
		end++
	}
	name := s.src[i+1 : end]
	next := end
	for next-end < 256 && isSpace(s.at(next)) {
		next++
	}
	switch c = s.at(next); {
	case c == '>', c == '<' && next == end:
		return s.jsxCloses(next, name)
	case c == '/':
		return s.at(next+1) == '>' || next > end
	case next == end:
		return false
	case c == '{':
		return true
	case isWord(c):
		stop := next
		for stop-next < 16 && isWord(s.at(stop)) {
			stop++
		}
		return string(s.src[next:stop]) != "extends" && string(name) != "const"
	}
	return false
}

// jsxAfter reports whether an element may follow the last code before i.
func (s *splitter) jsxAfter(i int) bool {
	j := s.lastCode(i)
	if j < 0 {
		return true
	}
	switch c := s.code[j]; c {
	case '(', ',', '=', '?', ':', '&', '|', '{', '[', '!', ';', '}':
		return true
	case '>':
		return j > 0 && s.code[j-1] == '='
	default:
		return isWord(c) // a keyword
	}
}

// jsxCloses reports whether an end tag of the name follows.
func (s *splitter) jsxCloses(i int, name []byte) bool {
	var buf [136]byte
	return s.find(i, append(append(buf[:0], '<', '/'), name...)) >= 0
}

func isNamePart(c byte) bool { return isWord(c) || c == '.' || c == ':' || c == '-' || c == '$' }

// jsx reads the element that begins at i with all within it. Tags are code, the
// text between them is markup.
func (s *splitter) jsx(i int) int {
	for level := 0; ; {
		next, change := s.jsxTag(i)
		level += change
		if level <= 0 || next >= s.n {
			return next
		}
		if i = s.jsxText(next); i >= s.n {
			return s.n
		}
	}
}

// jsxText reads text and the code in braces within it, to the next tag.
func (s *splitter) jsxText(i int) int {
	from := i
	for ; i < s.n; i++ {
		switch s.src[i] {
		case '{':
			if s.depth >= maxDepth {
				continue
			}
			s.asMarkup(from, i)
			i = s.interpolation(i + 1)
			from = i
			i--
		case '<':
			if c := s.at(i + 1); isWord(c) || c == '/' || c == '>' || c == '$' {
				s.asMarkup(from, i)
				return i
			}
		}
	}
	s.asMarkup(from, s.n)
	return s.n
}

// jsxTag reads the tag at i and returns what follows it and by how much it
// changes the depth of elements.
func (s *splitter) jsxTag(i int) (next, change int) {
	change = 1
	i++
	if s.at(i) == '/' {
		change = -1
		i++
	}
	angles := 0
	for i < s.n {
		switch c := s.src[i]; c {
		case '>':
			if s.src[i-1] == '=' && angles > 0 {
				i++ // => in a type
				continue
			}
			if angles > 0 {
				angles--
				i++
				continue
			}
			if change > 0 && s.src[i-1] == '/' {
				change = 0
			}
			return i + 1, change
		case '<':
			angles++
			i++
		case '"', '\'':
			if s.src[i-1] != '=' && !isSpace(s.src[i-1]) {
				i++
				continue
			}
			i = s.str(i+1, c, 1, 0, multiline)
		case '{':
			if s.depth >= maxDepth {
				i++
				continue
			}
			i = s.interpolation(i + 1)
		case '/':
			if n := s.at(i + 1); n == '*' || n == '/' {
				i = s.slash(i)
				continue
			}
			i++
		case ';', '}':
			return i, -1 << 30 // no tag after all: give the code back
		default:
			i++
		}
	}
	return s.n, change
}
