package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonReader reads JSON with the line of every key. It goes on after what people
// get wrong (comments, trailing or missing commas, conflict markers) and
// remembers the first fault.
type jsonReader struct {
	src       string
	pos       int
	line      int
	lineStart int
	depth     int
	err       *Error // first fault
	loose     *Error // first comment or trailing comma, which some readers allow
	stop      bool   // too deep: nothing more is read
}

// readJSON reads a document. loose reports comments and trailing commas, which
// are errors in package.json and allowed in deno.json.
func readJSON(src string) (doc node, err, loose *Error) {
	r := &jsonReader{src: src, line: 1}
	r.space()
	if r.pos == len(r.src) {
		return doc, r.fault("the file is empty"), nil
	}
	doc = r.value()
	r.space()
	if r.err == nil && r.pos < len(r.src) {
		r.note("there is more text after the end of the document")
	}
	return doc, r.err, r.loose
}

func (r *jsonReader) fault(msg string) *Error {
	return &Error{Line: r.line, Column: utf8.RuneCountInString(r.src[r.lineStart:r.pos]) + 1, Msg: msg}
}

func (r *jsonReader) note(msg string) {
	if r.err == nil {
		r.err = r.fault(msg)
	}
}

func (r *jsonReader) slack(msg string) {
	if r.loose == nil {
		r.loose = r.fault(msg)
	}
}

func (r *jsonReader) newline() {
	r.line++
	r.lineStart = r.pos + 1
}

// space skips white space and comments.
func (r *jsonReader) space() {
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == '\n':
			r.newline()
		case c == ' ' || c == '\t':
		case c == '/' && strings.HasPrefix(r.src[r.pos:], "//"):
			r.slack("JSON has no comments; remove this one")
			n := strings.IndexByte(r.src[r.pos:], '\n')
			if n < 0 {
				n = len(r.src) - r.pos
			}
			r.pos += n
			continue
		case c == '/' && strings.HasPrefix(r.src[r.pos:], "/*"):
			r.slack("JSON has no comments; remove this one")
			r.pos += 2
			for r.pos < len(r.src) && !strings.HasPrefix(r.src[r.pos:], "*/") {
				if r.src[r.pos] == '\n' {
					r.newline()
				}
				r.pos++
			}
			r.pos = min(r.pos+2, len(r.src))
			continue
		default:
			return
		}
		r.pos++
	}
}

func (r *jsonReader) peek() byte {
	if r.stop || r.pos >= len(r.src) {
		return 0
	}
	return r.src[r.pos]
}

// value reads the value at pos; it always moves on or leaves a fault.
func (r *jsonReader) value() node {
	n := node{line: r.line}
	switch c := r.peek(); {
	case c == '{':
		r.enter(&n, '}')
	case c == '[':
		r.enter(&n, ']')
	case c == '"':
		n.kind, n.text = stringNode, r.str()
	case c == '-' || digit(c) || letter(c):
		start := r.pos
		for r.pos < len(r.src) && (letter(r.src[r.pos]) || digit(r.src[r.pos]) || strings.IndexByte("+-.", r.src[r.pos]) >= 0) {
			r.pos++
		}
		n.kind, n.text = otherNode, r.src[start:r.pos]
		if n.text == "null" {
			n = node{line: n.line}
		} else if letter(c) && n.text != "true" && n.text != "false" {
			r.note(fmt.Sprintf("%.40q is no JSON value; strings stand in double quotes", n.text))
		}
	default:
		r.note("a value is missing here")
	}
	return n
}

// enter reads a list or a table up to its closing bracket.
func (r *jsonReader) enter(n *node, end byte) {
	n.kind = listNode
	if end == '}' {
		n.kind = tableNode
	}
	if r.depth++; r.depth > maxDepth {
		r.note("the document is nested too deeply")
		r.stop = true
		return
	}
	defer func() { r.depth-- }()
	r.pos++
	comma := true // an element may follow
	for !r.stop {
		r.space()
		c := r.peek()
		switch c {
		case 0:
			r.note(fmt.Sprintf("the closing %q is missing", end))
			return
		case end:
			r.pos++
			return
		case ',':
			if comma {
				r.note("there is a comma too many")
			}
			comma = true
			at := *r
			r.pos++
			r.space()
			if r.peek() == end && r.loose == nil {
				r.loose = at.fault("there is a comma after the last element")
			}
			continue
		case '}', ']':
			// The other bracket: this level was never closed.
			r.note(fmt.Sprintf("%q where %q is due", c, end))
			return
		}
		if !comma {
			r.note("a comma is missing before this")
		}
		comma = false
		r.element(n, end == '}')
	}
}

// element reads one element of a list, or a key and its value.
func (r *jsonReader) element(n *node, keyed bool) {
	if !keyed {
		start, line := r.pos, r.line
		v := r.value()
		if r.pos == start {
			r.skipLine()
			return
		}
		n.kids = append(n.kids, field{line: line, node: v})
		return
	}
	if r.peek() != '"' {
		r.note("a key in double quotes is due here")
		r.skipLine()
		return
	}
	f := field{line: r.line, key: r.str()}
	r.space()
	if r.peek() != ':' {
		r.note("a colon is missing after the key")
		r.skipLine()
		return
	}
	r.pos++
	r.space()
	start := r.pos
	f.node = r.value()
	if r.pos == start && !r.stop {
		if c := r.peek(); c != '}' && c != ']' && c != ',' {
			r.skipLine()
		}
		return
	}
	n.kids = append(n.kids, f)
}

// skipLine moves to the end of the line; what stands there is not understood.
func (r *jsonReader) skipLine() {
	n := strings.IndexByte(r.src[r.pos:], '\n')
	if n < 0 {
		n = len(r.src) - r.pos
	}
	r.pos += n
}

// str reads a string; a string ends at the end of its line at the latest.
func (r *jsonReader) str() string {
	r.pos++
	start := r.pos
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case '"':
			s := r.src[start:r.pos]
			r.pos++
			return s
		case '\n':
			r.note("the string is not closed on its line")
			return r.src[start:r.pos]
		case '\\':
			return r.escaped(start)
		}
		r.pos++
	}
	r.note("the string is not closed")
	return r.src[start:]
}

// escaped reads the rest of a string that has a backslash at pos.
func (r *jsonReader) escaped(start int) string {
	var b strings.Builder
	b.WriteString(r.src[start:r.pos])
	for r.pos < len(r.src) {
		c := r.src[r.pos]
		if c == '"' {
			r.pos++
			return b.String()
		}
		if c == '\n' {
			break
		}
		r.pos++
		if c != '\\' || r.pos >= len(r.src) {
			b.WriteByte(c)
			continue
		}
		c = r.src[r.pos]
		if c == '\n' {
			break
		}
		r.pos++
		switch c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r', 'b', 'f':
			b.WriteByte(' ')
		case 'u':
			b.WriteRune(r.unicode())
		default:
			b.WriteByte(c)
		}
	}
	r.note("the string is not closed on its line")
	return b.String()
}

// unicode reads four hexadecimal digits; halves of a pair become U+FFFD.
func (r *jsonReader) unicode() rune {
	if r.pos+4 > len(r.src) {
		return utf8.RuneError
	}
	v, err := strconv.ParseUint(r.src[r.pos:r.pos+4], 16, 16)
	if err != nil || v == 0 {
		return utf8.RuneError
	}
	r.pos += 4
	if !utf8.ValidRune(rune(v)) {
		return utf8.RuneError
	}
	return rune(v)
}
