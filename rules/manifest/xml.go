package manifest

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// element is an XML element; names are without namespace prefix.
type element struct {
	name  string
	line  int
	text  string // its own text, trimmed
	attrs []attribute
	kids  []element
}

// maxText bounds the text that one element gathers between comments and children.
const maxText = 4 << 10

// add appends text, within the bound.
func (e *element) add(t string) {
	if e.text == "" {
		e.text = t
	} else if len(e.text) < maxText {
		e.text += t
	}
}

type attribute struct{ name, value string }

// attr returns an attribute's value, compared without regard to case as MSBuild does.
func (e *element) attr(name string) string {
	for _, a := range e.attrs {
		if strings.EqualFold(a.name, name) {
			return a.value
		}
	}
	return ""
}

// kid returns the first element at a path, or an empty one.
func (e *element) kid(path ...string) *element {
next:
	for _, name := range path {
		for i := range e.kids {
			if e.kids[i].name == name {
				e = &e.kids[i]
				continue next
			}
		}
		return &element{}
	}
	return e
}

// value returns the text of an element's attribute or, without one, of its child
// of that name.
func (e *element) value(name string) string {
	if v := e.attr(name); v != "" {
		return v
	}
	for i := range e.kids {
		if strings.EqualFold(e.kids[i].name, name) {
			return e.kids[i].text
		}
	}
	return ""
}

// xmlReader reads XML into a tree. It knows what manifests use: elements,
// attributes, comments, CDATA, the five named entities and numeric ones. Other
// entities stay as written, so nothing expands.
type xmlReader struct {
	src  string
	pos  int
	line int
	seen int // lines are counted up to here
	err  *Error
}

// readXML reads a document; after a fault the tree holds what stood before it.
func readXML(src string) (element, *Error) {
	r := &xmlReader{src: src, line: 1}
	var doc element
	r.children(&doc, 0)
	if r.err == nil && len(doc.kids) == 0 {
		r.err = &Error{Line: 1, Msg: "the file holds no XML element"}
	}
	if len(doc.kids) == 0 {
		return doc, r.err
	}
	return doc.kids[0], r.err
}

// fail notes the first fault and moves to the end.
func (r *xmlReader) fail(at int, msg string) {
	if r.err == nil {
		at = min(at, len(r.src))
		start := strings.LastIndexByte(r.src[:at], '\n') + 1
		r.err = &Error{Line: 1 + strings.Count(r.src[:at], "\n"), Column: utf8.RuneCountInString(r.src[start:at]) + 1, Msg: msg}
	}
	r.pos = len(r.src)
}

// lineAt counts lines up to at, which never goes back.
func (r *xmlReader) lineAt(at int) int {
	r.line += strings.Count(r.src[r.seen:at], "\n")
	r.seen = at
	return r.line
}

// past moves behind the next occurrence of end.
func (r *xmlReader) past(end, what string) string {
	n := strings.Index(r.src[r.pos:], end)
	if n < 0 {
		r.fail(r.pos, what+" is not closed")
		return ""
	}
	s := r.src[r.pos : r.pos+n]
	r.pos += n + len(end)
	return s
}

// children reads the content of e up to its end tag.
func (r *xmlReader) children(e *element, depth int) {
	for r.pos < len(r.src) {
		n := strings.IndexByte(r.src[r.pos:], '<')
		if n < 0 {
			n = len(r.src) - r.pos
		}
		if t := strings.TrimSpace(r.src[r.pos : r.pos+n]); t != "" {
			e.add(xmlText(t))
		}
		r.pos += n
		rest := r.src[r.pos:]
		switch {
		case rest == "":
		case strings.HasPrefix(rest, "<!--"):
			r.pos += 4
			r.past("-->", "a comment")
		case strings.HasPrefix(rest, "<![CDATA["):
			r.pos += 9
			e.add(strings.TrimSpace(r.past("]]>", "a CDATA section")))
		case strings.HasPrefix(rest, "<?"):
			r.past("?>", "a processing instruction")
		case strings.HasPrefix(rest, "<!"):
			r.doctype()
		case strings.HasPrefix(rest, "</"):
			at := r.pos
			r.pos += 2
			name := local(strings.TrimSpace(r.past(">", "an end tag")))
			if depth == 0 || name != e.name && r.err == nil {
				r.fail(at, fmt.Sprintf("</%.40s> closes nothing that is open", name))
			}
			return
		default:
			r.element(e, depth)
		}
	}
	if depth > 0 && r.err == nil {
		r.fail(r.pos, fmt.Sprintf("<%.40s> of line %d is not closed", e.name, e.line))
	}
}

// doctype skips a declaration with its internal subset.
func (r *xmlReader) doctype() {
	depth := 0
	for i := r.pos; i < len(r.src); i++ {
		switch r.src[i] {
		case '<', '[':
			depth++
		case ']':
			depth--
		case '>':
			if depth--; depth <= 0 {
				r.pos = i + 1
				return
			}
		}
	}
	r.fail(r.pos, "a declaration is not closed")
}

// element reads a start tag and, unless it closes itself, what follows up to its end.
func (r *xmlReader) element(parent *element, depth int) {
	at := r.pos
	e := element{line: r.lineAt(at)}
	r.pos++
	e.name = local(r.word())
	if e.name == "" {
		r.fail(at, "an element's name is due after <")
		return
	}
	if depth >= maxDepth {
		r.fail(at, "the document is nested too deeply")
		return
	}
	for {
		r.blank()
		if r.pos >= len(r.src) {
			r.fail(at, fmt.Sprintf("the tag <%.40s is not closed", e.name))
			return
		}
		if strings.HasPrefix(r.src[r.pos:], "/>") {
			r.pos += 2
			break
		}
		if r.src[r.pos] == '>' {
			r.pos++
			r.children(&e, depth+1)
			break
		}
		if !r.attribute(&e) {
			return
		}
	}
	parent.kids = append(parent.kids, e)
}

// attribute reads name="value".
func (r *xmlReader) attribute(e *element) bool {
	at := r.pos
	name := local(r.word())
	r.blank()
	if name == "" || r.pos >= len(r.src) || r.src[r.pos] != '=' {
		r.fail(at, fmt.Sprintf("an attribute of <%.40s> has no value", e.name))
		return false
	}
	r.pos++
	r.blank()
	if r.pos >= len(r.src) || r.src[r.pos] != '"' && r.src[r.pos] != '\'' {
		r.fail(at, fmt.Sprintf("the value of %.40q stands in no quotes", name))
		return false
	}
	q := r.src[r.pos : r.pos+1]
	r.pos++
	e.attrs = append(e.attrs, attribute{name, xmlText(r.past(q, "an attribute's value"))})
	return r.err == nil
}

func (r *xmlReader) blank() {
	for r.pos < len(r.src) && strings.IndexByte(" \t\n", r.src[r.pos]) >= 0 {
		r.pos++
	}
}

func (r *xmlReader) word() string {
	start := r.pos
	for r.pos < len(r.src) && strings.IndexByte(" \t\n=/><\"'", r.src[r.pos]) < 0 {
		r.pos++
	}
	return r.src[start:r.pos]
}

// local drops a namespace prefix.
func local(name string) string { return name[strings.LastIndexByte(name, ':')+1:] }

// xmlText resolves the named and numeric entities that every document has.
func xmlText(s string) string {
	if strings.IndexByte(s, '&') < 0 {
		return s
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '&')
		if i < 0 {
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		name, _, ok := strings.Cut(s[1:min(len(s), 12)], ";")
		r := entity(name)
		if !ok || r == 0 {
			b.WriteByte('&')
			s = s[1:]
			continue
		}
		b.WriteRune(r)
		s = s[len(name)+2:]
	}
	b.WriteString(s)
	return b.String()
}

func entity(name string) rune {
	switch name {
	case "lt":
		return '<'
	case "gt":
		return '>'
	case "amp":
		return '&'
	case "quot":
		return '"'
	case "apos":
		return '\''
	}
	if !strings.HasPrefix(name, "#") {
		return 0
	}
	digits, base := name[1:], 10
	if strings.HasPrefix(digits, "x") {
		digits, base = digits[1:], 16
	}
	v, err := strconv.ParseUint(digits, base, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0
	}
	return rune(v)
}
