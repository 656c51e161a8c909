package manifest

// logicalLines cuts tokens into lines as Ruby, Python and Scala see them: a line
// goes on inside round and square brackets and after a comma or an operator.
func logicalLines(toks []token) [][]token {
	var out [][]token
	start, depth, firstLine, torn := 0, 0, -1, 0
	for i := 0; i < len(toks); i++ {
		t := toks[i]
		switch {
		case t.is('('), t.is('['):
			depth++
		case t.is(')'), t.is(']'):
			depth = max(depth-1, 0)
		case t.kind == lineToken || t.kind == endToken:
			if firstLine < 0 {
				firstLine = i
			}
			open := depth > 0 && t.kind == lineToken && i-start < maxStatement && torn <= maxTorn
			if open || i > start && (toks[i-1].is(',') || toks[i-1].is('=') || toks[i-1].is('%')) && t.kind == lineToken && i-start < maxStatement {
				continue
			}
			if depth > 0 {
				// A bracket that never closes must not swallow the rest of the file.
				torn++
				i = firstLine
			}
			if line := withoutLineEnds(toks[start:i]); len(line) > 0 {
				out = append(out, line)
			}
			start, depth, firstLine = i+1, 0, -1
		}
	}
	return out
}

// withoutLineEnds drops line ends, without a copy where there are none.
func withoutLineEnds(s []token) []token {
	n := 0
	for _, t := range s {
		if t.kind == lineToken {
			n++
		}
	}
	if n == 0 {
		return s
	}
	out := make([]token, 0, len(s)-n)
	for _, t := range s {
		if t.kind != lineToken {
			out = append(out, t)
		}
	}
	return out
}

// word reports whether the token is one of the words.
func (t token) word(words ...string) bool {
	if t.kind != wordToken {
		return false
	}
	for _, w := range words {
		if t.text == w {
			return true
		}
	}
	return false
}
