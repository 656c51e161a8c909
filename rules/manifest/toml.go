package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tomlReader reads TOML with the line of every key. A line that is not
// understood is skipped and the first such fault remembered.
type tomlReader struct {
	src       string
	pos       int
	line      int
	lineStart int
	depth     int
	work      int // keys compared so far
	err       *Error
}

// maxTOMLWork bounds the keys compared when tables are looked up, which is
// quadratic in the number of tables; real files need a few thousand.
const maxTOMLWork = 4 << 20

// child looks a key up within the bound; beyond it nothing more is read.
func (r *tomlReader) child(at *node, key string) *node {
	if r.work += len(at.kids); r.work > maxTOMLWork {
		r.note("the document has too many tables")
		r.pos = len(r.src)
	}
	return at.child(key)
}

// readTOML reads a document; it is complete but for the faulty lines.
func readTOML(src string) (node, *Error) {
	r := &tomlReader{src: src, line: 1}
	root := node{kind: tableNode, line: 1}
	at := &root
	for {
		r.space(true)
		if r.pos >= len(r.src) {
			return root, r.err
		}
		switch {
		case r.src[r.pos] == '[':
			at = r.header(&root)
		case !r.pair(at):
			r.skipLine()
			continue
		}
		r.space(false)
		if r.pos < len(r.src) && r.src[r.pos] != '\n' {
			r.note("this does not belong to the value before it")
			r.skipLine()
		}
	}
}

func (r *tomlReader) note(msg string) {
	if r.err == nil {
		r.err = &Error{Line: r.line, Column: utf8.RuneCountInString(r.src[r.lineStart:r.pos]) + 1, Msg: msg}
	}
}

func (r *tomlReader) skipLine() {
	for r.pos < len(r.src) && r.src[r.pos] != '\n' {
		r.pos++
	}
}

// space skips blanks and comments, and line ends if told to.
func (r *tomlReader) space(lines bool) {
	for r.pos < len(r.src) {
		switch r.src[r.pos] {
		case ' ', '\t':
		case '#':
			r.skipLine()
			continue
		case '\n':
			if !lines {
				return
			}
			r.line++
			r.lineStart = r.pos + 1
		default:
			return
		}
		r.pos++
	}
}

// header reads [a.b] or [[a.b]] and returns the table it opens.
func (r *tomlReader) header(root *node) *node {
	line := r.line
	array := strings.HasPrefix(r.src[r.pos:], "[[")
	r.pos++
	if array {
		r.pos++
	}
	keys, ok := r.keys()
	r.space(false)
	if !ok || r.pos >= len(r.src) || r.src[r.pos] != ']' {
		r.note("the table's name is not closed by a bracket")
		r.skipLine()
		return &node{kind: tableNode}
	}
	for r.pos < len(r.src) && r.src[r.pos] == ']' {
		r.pos++
	}
	at := root
	for i, k := range keys {
		last := i == len(keys)-1
		next := r.child(at, k)
		switch {
		case next == nil:
			at.kids = append(at.kids, field{key: k, line: line, node: node{kind: tableNode, line: line}})
			next = &at.kids[len(at.kids)-1].node
			if last && array {
				next.kind = listNode
			}
		case next.kind != tableNode && next.kind != listNode:
			r.note(fmt.Sprintf("%q already has a value", k))
			return &node{kind: tableNode}
		}
		if next.kind == listNode {
			if last && array || len(next.kids) == 0 {
				next.kids = append(next.kids, field{line: line, node: node{kind: tableNode, line: line}})
			}
			next = &next.kids[len(next.kids)-1].node
			if next.kind != tableNode {
				r.note(fmt.Sprintf("%q already has a value", k))
				return &node{kind: tableNode}
			}
		}
		at = next
	}
	return at
}

// keys reads a dotted key.
func (r *tomlReader) keys() ([]string, bool) {
	var keys []string
	for {
		r.space(false)
		if r.pos >= len(r.src) || len(keys) > maxDepth {
			return keys, false
		}
		c := r.src[r.pos]
		if c == '"' || c == '\'' {
			s, ok := r.str()
			if !ok {
				return keys, false
			}
			keys = append(keys, s)
		} else {
			start := r.pos
			for r.pos < len(r.src) && (letter(r.src[r.pos]) || digit(r.src[r.pos]) || r.src[r.pos] == '-') {
				r.pos++
			}
			if r.pos == start {
				return keys, false
			}
			keys = append(keys, r.src[start:r.pos])
		}
		r.space(false)
		if r.pos >= len(r.src) || r.src[r.pos] != '.' {
			return keys, true
		}
		r.pos++
	}
}

// pair reads key = value into a table.
func (r *tomlReader) pair(at *node) bool {
	line := r.line
	keys, ok := r.keys()
	if !ok || r.pos >= len(r.src) || r.src[r.pos] != '=' {
		r.note("a key, an equals sign and a value are due here")
		return false
	}
	r.pos++
	r.space(false)
	v, ok := r.value()
	if !ok {
		return false
	}
	for _, k := range keys[:len(keys)-1] {
		next := r.child(at, k)
		if next == nil {
			at.kids = append(at.kids, field{key: k, line: line, node: node{kind: tableNode, line: line}})
			next = &at.kids[len(at.kids)-1].node
		}
		if next.kind != tableNode {
			r.note(fmt.Sprintf("%q already has a value", k))
			return true
		}
		at = next
	}
	at.kids = append(at.kids, field{key: keys[len(keys)-1], line: line, node: v})
	return true
}

// value reads a value; false leaves a fault.
func (r *tomlReader) value() (node, bool) {
	n := node{line: r.line}
	if r.pos >= len(r.src) {
		r.note("a value is missing here")
		return n, false
	}
	switch c := r.src[r.pos]; c {
	case '"', '\'':
		s, ok := r.str()
		n.kind, n.text = stringNode, s
		return n, ok
	case '[', '{':
		if r.depth++; r.depth > maxDepth {
			r.note("the document is nested too deeply")
			r.pos = len(r.src)
			return n, false
		}
		defer func() { r.depth-- }()
		r.pos++
		if c == '[' {
			n.kind = listNode
			return n, r.elements(&n, ']')
		}
		n.kind = tableNode
		return n, r.elements(&n, '}')
	}
	start := r.pos
	for r.pos < len(r.src) && strings.IndexByte(" \t\n,]}#", r.src[r.pos]) < 0 {
		r.pos++
	}
	n.kind, n.text = otherNode, r.src[start:r.pos]
	if r.pos == start {
		r.note("a value is missing here")
		return n, false
	}
	return n, true
}

// elements reads what stands between brackets; line ends and comments are allowed
// in tables too, as TOML 1.1 has it.
func (r *tomlReader) elements(n *node, end byte) bool {
	for {
		r.space(true)
		if r.pos >= len(r.src) {
			r.note(fmt.Sprintf("the closing %q is missing", end))
			return true
		}
		if r.src[r.pos] == end {
			r.pos++
			return true
		}
		if end == '}' {
			if !r.pair(n) {
				return false
			}
		} else {
			line := r.line
			v, ok := r.value()
			if !ok {
				return false
			}
			n.kids = append(n.kids, field{line: line, node: v})
		}
		r.space(true)
		if r.pos < len(r.src) && r.src[r.pos] == ',' {
			r.pos++
		} else if r.pos < len(r.src) && r.src[r.pos] != end {
			r.note(fmt.Sprintf("a comma or the closing %q is due here", end))
			return false
		}
	}
}

// str reads one of the four kinds of strings.
func (r *tomlReader) str() (string, bool) {
	q := r.src[r.pos : r.pos+1]
	if strings.HasPrefix(r.src[r.pos:], q+q+q) {
		return r.long(q + q + q)
	}
	r.pos++
	start := r.pos
	escaped := false
	for r.pos < len(r.src) && r.src[r.pos] != '\n' {
		c := r.src[r.pos]
		if c == q[0] {
			s := r.src[start:r.pos]
			r.pos++
			if escaped {
				s = tomlUnescape(s)
			}
			return s, true
		}
		if c == '\\' && q == `"` {
			escaped = true
			r.pos++
			if r.pos >= len(r.src) || r.src[r.pos] == '\n' {
				break
			}
		}
		r.pos++
	}
	r.pos = min(r.pos, len(r.src))
	r.note("the string is not closed on its line")
	return "", false
}

// long reads a string of several lines.
func (r *tomlReader) long(q string) (string, bool) {
	r.pos += 3
	start := r.pos
	for r.pos < len(r.src) {
		switch c := r.src[r.pos]; {
		case c == '\n':
			r.line++
			r.lineStart = r.pos + 1
		case c == '\\' && q[0] == '"':
			if r.pos+1 < len(r.src) && r.src[r.pos+1] != '\n' {
				r.pos++
			}
		case c == q[0] && strings.HasPrefix(r.src[r.pos:], q):
			s := strings.TrimPrefix(r.src[start:r.pos], "\n")
			r.pos += 3
			if q[0] == '"' {
				s = tomlUnescape(s)
			}
			return s, true
		}
		r.pos++
	}
	r.note("the string is not closed")
	return "", false
}

// tomlUnescape resolves the escapes of a basic string.
func tomlUnescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 >= len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		switch c := s[i]; c {
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case 'r', 'b', 'f', 'e':
			b.WriteByte(' ')
		case 'u', 'U':
			n := 4
			if c == 'U' {
				n = 8
			}
			if i+n < len(s) {
				if v, err := strconv.ParseUint(s[i+1:i+1+n], 16, 32); err == nil && v > 0 && v <= utf8.MaxRune && utf8.ValidRune(rune(v)) {
					b.WriteRune(rune(v))
				}
				i += n
			}
		case '\n', ' ':
			for i+1 < len(s) && strings.IndexByte(" \t\n", s[i+1]) >= 0 {
				i++
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
