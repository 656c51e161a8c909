package lex

// pyQuote reads the strings of Python. Those that are statements, docstrings
// among them, are comments, quotes included.
func (s *splitter) pyQuote(i int, q byte, triple bool) int {
	start := i
	formatted := false
	for start > 0 && i-start < 2 && pyPrefix(s.src[start-1]) {
		start--
	}
	if start > 0 && isWord(s.src[start-1]) {
		start = i
	}
	for _, c := range s.src[start:i] {
		formatted = formatted || c|0x20 == 'f' || c|0x20 == 't'
	}
	count, f := 1, escapes|continues
	if triple {
		count, f = 3, escapes|multiline
	}
	if formatted {
		return s.str(i+count, q, count, 1, f|fields)
	}
	if s.depth > 0 || !s.lineStart(start) || !s.statementBegins(start) {
		return s.str(i+count, q, count, 0, f)
	}
	end := s.pyEnd(i+count, q, count, f)
	if s.statementEnds(end) {
		s.asComment(start, end)
		return end
	}
	return s.str(i+count, q, count, 0, f)
}

func pyPrefix(c byte) bool {
	switch c | 0x20 {
	case 'r', 'b', 'f', 'u', 't':
		return c > '@'
	}
	return false
}

// pyEnd returns what follows the string from i on.
func (s *splitter) pyEnd(i int, q byte, count int, f form) int {
	m := f.mask(q)
	for i < s.n {
		c := s.src[i]
		switch {
		case stringBits[c]&m == 0:
			i++
		case c == '\\':
			i = s.escape(i, f)
		case c == '\n':
			return i
		case count == 1 || s.at(i+1) == q && s.at(i+2) == q:
			return i + count
		default:
			i++
		}
	}
	return s.n
}

// statementBegins reports whether a statement, not the rest of an expression,
// begins at i, the first code of its line.
func (s *splitter) statementBegins(i int) bool {
	j := s.lastCode(i)
	if j < 0 {
		return true
	}
	switch s.code[j] {
	case '(', '[', '{', ',', '=', '+', '-', '*', '/', '%', '|', '&', '<', '>', '\\', '.', '^', '@', '~':
		return false
	}
	for ; s.bracketsUntil < i; s.bracketsUntil++ {
		s.brackets += int(bracketSteps[s.code[s.bracketsUntil]])
	}
	return s.brackets <= 0
}

var bracketSteps = [256]int8{'(': 1, '[': 1, '{': 1, ')': -1, ']': -1, '}': -1}

// statementEnds reports whether nothing follows on the line.
func (s *splitter) statementEnds(i int) bool {
	for ; i < s.n; i++ {
		switch s.src[i] {
		case ' ', '\t', '\f':
		case '\n', '\r', '#', ';':
			return true
		default:
			return false
		}
	}
	return true
}
