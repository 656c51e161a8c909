package facts

import (
	"bytes"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"

	"milepost/rules/lex"
)

// maxReadme is how much of a README is read, in bytes; the rest of a longer one is left out.
const maxReadme = 128 << 10

// isReadme recognises a README in the formats GitHub shows, translations among them ("README.pt-br.md").
func isReadme(_, base string) bool {
	rest, ok := strings.CutPrefix(base, "readme")
	if !ok {
		return false
	}
	if rest == "" {
		return true
	}
	if strings.IndexByte(".-_", rest[0]) < 0 {
		return false
	}
	switch rest[strings.LastIndexByte(rest, '.')+1:] {
	case "md", "markdown", "mdown", "mkd", "rst", "txt", "adoc", "asciidoc", "org":
		return true
	}
	return false
}

// readmeBlock is a paragraph, list item, table or heading of a README.
type readmeBlock struct {
	text    string // prose: no code, no images, no addresses
	code    string // what stands in code spans
	heading bool
	level   int  // of a heading, 1 to 6
	item    bool // of a list
	section int  // index of the heading block it stands under, -1 before the first
	line    int
}

type readmeLink struct {
	url, label string
	line       int
}

// readmeReader gathers the blocks of a README.
type readmeReader struct {
	src    []byte
	line   func(off int) int
	blocks []readmeBlock
	links  []readmeLink
	codes  []readmeBlock // code blocks
	last   int           // index of the last heading block
}

func scanReadme(s *Source) {
	src := s.Raw[:min(len(s.Raw), maxReadme)]
	if s.Lang != lex.Markdown {
		src = asMarkdown(src, strings.ToLower(s.Path))
	}
	r := readmeReader{src: tamed(src), last: -1}
	r.line = lineCounter(r.src)
	p := parser.NewParser(
		parser.WithBlockParsers(parser.DefaultBlockParsers()...),
		parser.WithInlineParsers(parser.DefaultInlineParsers()...),
		parser.WithParagraphTransformers(parser.DefaultParagraphTransformers()...),
	)
	r.walk(p.Parse(text.NewReader(r.src)), 0, false)
	r.emit(s)
}

// The parser's time grows with depth times length and with the square of unclosed links, so lists and quotes are followed to
// maxNesting, and lines are read up to maxReadmeLine bytes.
const (
	maxNesting    = 24
	maxReadmeLine = 4 << 10
)

// tamed takes the marks of lists and quotes beyond maxNesting off lines and cuts long ones, keeping line ends.
func tamed(src []byte) []byte {
	var out []byte
	for start := 0; start < len(src); {
		end := len(src)
		if i := bytes.IndexByte(src[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		line := src[start:end]
		head := line[:len(line)-len(bytes.TrimLeft(line, "> \t-*+.)0123456789"))]
		deep := len(head) > maxNesting && marks(head) > maxNesting && !ruled(line)
		if out == nil && (deep || len(line) > maxReadmeLine) {
			out = append(make([]byte, 0, len(src)), src[:start]...)
		}
		if out != nil {
			if deep {
				line = line[len(head):]
			}
			if len(line) > maxReadmeLine {
				line = bytes.ToValidUTF8(line[:maxReadmeLine], nil)
			}
			if out = append(out, line...); !bytes.HasSuffix(line, []byte{'\n'}) {
				out = append(out, '\n')
			}
		}
		start = end
	}
	if out == nil {
		return src
	}
	return out
}

func marks(head []byte) int {
	n := 0
	for _, c := range head {
		if strings.IndexByte(">-*+.)", c) >= 0 {
			n++
		}
	}
	return n
}

// ruled reports whether a line is a rule: one mark repeated.
func ruled(line []byte) bool {
	line = bytes.TrimSpace(line)
	return len(line) > 0 && len(bytes.Trim(line, string(line[:1]))) == 0 && line[0] != '>'
}

func lineCounter(src []byte) func(int) int {
	at, line := 0, 1
	return func(off int) int {
		off = min(off, len(src))
		if off < at {
			at, line = 0, 1
		}
		line += bytes.Count(src[at:off], []byte{'\n'})
		at = off
		return line
	}
}

// walk visits block nodes; item is set inside lists.
func (r *readmeReader) walk(n ast.Node, depth int, item bool) {
	if depth > 100 {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			r.inline(c, true, false)
			if n := len(r.blocks); n > 0 {
				r.blocks[n-1].level = c.Level
			}
		case *ast.Paragraph, *ast.TextBlock:
			r.inline(c, false, item)
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			r.codeBlock(c)
		case *ast.HTMLBlock:
			r.html(c)
		case *ast.List, *ast.ListItem:
			r.walk(c, depth+1, true)
		default:
			r.walk(c, depth+1, item)
		}
	}
}

func (r *readmeReader) offset(n ast.Node) int {
	if n.Type() == ast.TypeBlock && n.Lines().Len() > 0 {
		return n.Lines().At(0).Start
	}
	return 0
}

func (r *readmeReader) add(b readmeBlock) {
	if len(r.blocks) >= 4000 {
		return
	}
	b.section = r.last
	b.text = strings.Join(strings.Fields(b.text), " ")
	if b.heading {
		r.last = len(r.blocks)
	}
	r.blocks = append(r.blocks, b)
}

func (r *readmeReader) addLink(url, label, before string, line int) {
	if len(r.links) >= 200 || !strings.Contains(url, "://") {
		return
	}
	label = strings.Trim(strings.Join(strings.Fields(label), " "), " :*")
	if generic(label) {
		before = strings.TrimSpace(before)
		if i := strings.LastIndexAny(before, "\n|"); i >= 0 && strings.TrimSpace(before[i+1:]) != "" {
			before = before[i+1:]
		}
		if len(before) > 80 {
			before = strings.ToValidUTF8(before[len(before)-80:], "")
		}
		if before = strings.Trim(before, " :-*|\n"); before == "" && r.last >= 0 {
			before = r.blocks[r.last].text
		}
		label = strings.TrimSpace(before + " " + label)
	}
	r.links = append(r.links, readmeLink{url: url, label: label, line: line})
}

// generic tells a link's text that says nothing by itself.
func generic(label string) bool {
	switch strings.ToLower(strings.Trim(label, ".! ")) {
	case "", "here", "link", "this", "this link", "click", "click here", "aqui", "aquí", "ici", "hier", "url", "website", "site":
		return true
	}
	return strings.Contains(label, "://") || strings.HasPrefix(label, "www.") || !strings.ContainsRune(label, ' ') && strings.Count(label, ".") > 1
}

// inline reads a block of text.
func (r *readmeReader) inline(n ast.Node, heading, item bool) {
	var prose, code strings.Builder
	line := r.line(r.offset(n))
	r.collect(n, &prose, &code, line, 0)
	r.add(readmeBlock{text: prose.String(), code: code.String(), heading: heading, item: item, line: line})
}

func (r *readmeReader) collect(n ast.Node, prose, code *strings.Builder, line, depth int) {
	if depth > 60 {
		return
	}
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			r.plain(string(c.Segment.Value(r.src)), prose, line)
			if c.SoftLineBreak() || c.HardLineBreak() {
				prose.WriteByte('\n')
				line++
			}
		case *ast.CodeSpan:
			start := code.Len()
			for t := c.FirstChild(); t != nil; t = t.NextSibling() {
				if t, ok := t.(*ast.Text); ok {
					code.Write(t.Segment.Value(r.src))
				}
			}
			if span := code.String()[start:]; strings.HasPrefix(span, "http") {
				r.addLink(span, "", prose.String(), line)
			}
			code.WriteByte('\n')
			prose.WriteByte(' ')
		case *ast.Link:
			var label strings.Builder
			r.collect(c, &label, code, line, depth+1)
			r.addLink(string(c.Destination), label.String(), prose.String(), line)
			prose.WriteString(label.String())
		case *ast.AutoLink:
			r.addLink(string(c.URL(r.src)), "", prose.String(), line)
		case *ast.Image, *ast.RawHTML:
			r.rawHTML(c, prose, line)
		default:
			r.collect(c, prose, code, line, depth+1)
		}
	}
}

func (r *readmeReader) rawHTML(n ast.Node, prose *strings.Builder, line int) {
	raw, ok := n.(*ast.RawHTML)
	if !ok {
		return
	}
	for i := range raw.Segments.Len() {
		seg := raw.Segments.At(i)
		if url := attribute(string(seg.Value(r.src)), "href"); url != "" {
			label, _, _ := bytes.Cut(r.src[seg.Stop:min(len(r.src), seg.Stop+maxText)], []byte{'<'})
			r.addLink(url, string(label), prose.String(), line)
		}
	}
}

// plain adds text, taking bare addresses out of it.
func (r *readmeReader) plain(t string, prose *strings.Builder, line int) {
	for {
		i := strings.Index(t, "http")
		if i < 0 || !strings.HasPrefix(t[i+4:], "://") && !strings.HasPrefix(t[i+4:], "s://") {
			prose.WriteString(t)
			return
		}
		prose.WriteString(t[:i])
		url := t[i:]
		if end := strings.IndexAny(url, " \t\n<>\"'`|)]"); end >= 0 {
			url = url[:end]
		}
		t = t[i+len(url):]
		r.addLink(strings.TrimRight(url, ".,;:!*"), "", prose.String(), line)
		prose.WriteByte(' ')
	}
}

func (r *readmeReader) codeBlock(n ast.Node) {
	var b strings.Builder
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		if b.Len() < 4<<10 {
			b.Write(seg.Value(r.src))
		}
	}
	if len(r.codes) < 400 {
		r.codes = append(r.codes, readmeBlock{code: b.String(), section: r.last, line: r.line(r.offset(n))})
	}
}

// html reads the text between the tags of an HTML block.
func (r *readmeReader) html(n *ast.HTMLBlock) {
	var raw strings.Builder
	for i := range n.Lines().Len() {
		seg := n.Lines().At(i)
		raw.Write(seg.Value(r.src))
	}
	if n.HasClosure() {
		raw.Write(n.ClosureLine.Value(r.src))
	}
	line := r.line(r.offset(n))
	var prose strings.Builder
	heading, level, skip := false, 0, ""
	flush := func() {
		r.add(readmeBlock{text: prose.String(), heading: heading, level: level, line: line})
		prose.Reset()
	}
	for rest := raw.String(); rest != ""; {
		before, after, found := strings.Cut(rest, "<")
		if skip == "" {
			r.plain(before, &prose, line)
		}
		line += strings.Count(before, "\n")
		if !found {
			break
		}
		tag, tail, closed := strings.Cut(after, ">")
		if strings.HasPrefix(after, "!--") {
			_, tail, closed = strings.Cut(after, "-->")
			tag = ""
		}
		if !closed {
			break
		}
		name, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), " ")
		switch {
		case skip != "":
			if name == "/"+skip {
				skip = ""
			}
		case name == "pre" || name == "code" || name == "script" || name == "style" || name == "svg":
			skip = name
		case len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6':
			flush()
			heading, level = true, int(name[1]-'0')
		case len(name) == 3 && strings.HasPrefix(name, "/h") && name[2] >= '1' && name[2] <= '6', name == "p", name == "/p", name == "li", name == "/li", name == "td", name == "/td", name == "div", name == "/div":
			flush()
			heading, level = false, 0
		case name == "a":
			label, _, _ := strings.Cut(tail, "<")
			r.addLink(attribute(tag, "href"), label, prose.String(), line)
		case name == "br" || name == "br/":
			prose.WriteByte('\n')
		}
		line += strings.Count(after[:len(after)-len(tail)], "\n")
		rest = tail
	}
	flush()
}

// attribute is the value of an attribute in a tag.
func attribute(tag, name string) string {
	_, v, ok := strings.Cut(tag, name+"=")
	if !ok || v == "" {
		return ""
	}
	if q := v[0]; q == '"' || q == '\'' {
		v, _, _ = strings.Cut(v[1:], string(q))
		return strings.TrimSpace(v)
	}
	v, _, _ = strings.Cut(v, " ")
	return strings.TrimRight(v, ">")
}

// countWords counts words of prose: runs of letters and digits with what joins them. Scripts without spaces count two signs as one word.
func countWords(t string) int {
	n := 0
	for f := range strings.FieldsSeq(t) {
		letters, signs := false, 0
		for _, c := range f {
			switch {
			case unicode.In(c, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai):
				signs++
			case unicode.IsLetter(c) || unicode.IsDigit(c):
				letters = true
			}
		}
		if letters {
			n++
		}
		n += (signs + 1) / 2
	}
	return n
}

// emit states what was read.
func (r *readmeReader) emit(s *Source) {
	gen := templateOf(r.blocks)
	own := make([]bool, len(r.blocks))
	words := 0
	for i, b := range r.blocks {
		own[i] = gen == nil || !gen.wrote(r, b)
		if own[i] && !b.heading {
			words += countWords(b.text)
		}
	}
	s.Emit(Fact{Kind: KindReadme, Name: "words", Value: strconv.Itoa(words)})
	if gen != nil {
		s.Emit(Fact{Kind: KindReadme, Name: "template", Value: gen.name, Line: gen.line})
	}
	r.purpose(s, own)
	r.topics(s, own, gen != nil)
	for i, b := range r.blocks {
		if b.heading && own[i] && b.text != "" {
			s.Emit(Fact{Kind: KindReadme, Name: "section", Value: b.text, Line: b.line})
		}
	}
	for _, l := range r.links {
		if len(l.url) <= maxText {
			s.Emit(Fact{Kind: KindReadme, Name: "link", Value: l.url, Scope: l.label, Line: l.line})
		}
	}
}

// purpose emits the first sentence that says what the project is.
func (r *readmeReader) purpose(s *Source, own []bool) {
	kinds := []struct {
		scope string
		fits  func(b readmeBlock, under string) bool
	}{
		{"", func(b readmeBlock, under string) bool {
			return !b.heading && !b.item && countWords(b.text) >= 4 && !procedural(under) && !instruction(b.text) && !strings.HasPrefix(b.text, "(")
		}},
		{"", func(b readmeBlock, _ string) bool { return !b.heading && countWords(b.text) >= 5 && introduces(b.text) }},
		{"feature", func(b readmeBlock, under string) bool {
			return !b.heading && b.item && countWords(b.text) >= 3 && describes(under) && !procedural(under) && !instruction(b.text) && !b.step()
		}},
		{"title", func(b readmeBlock, _ string) bool { return b.heading && countWords(b.text) >= 6 }},
	}
	for _, k := range kinds {
		for i, b := range r.blocks {
			if data(b.text) {
				continue
			}
			under := ""
			if b.section >= 0 && !r.title(b.section) {
				under = r.blocks[b.section].text
			}
			if own[i] && k.fits(b, under) {
				s.Emit(Fact{Kind: KindReadme, Name: "purpose", Value: sentence(b.text), Scope: k.scope, Line: b.line})
				return
			}
		}
	}
}

// data reports whether a text is a piece of JSON that no code block holds.
func data(t string) bool {
	return strings.HasPrefix(t, "{") || strings.Contains(t, `": `) || strings.Contains(t, `":"`)
}

// step reports whether a block gives a command: what it says is how to go on.
func (b readmeBlock) step() bool {
	for line := range strings.SplitSeq(b.code, "\n") {
		if command(line) {
			return true
		}
	}
	return false
}

// introduces tells a sentence that says what the project is, wherever it stands.
func introduces(t string) bool {
	low := strings.ToLower(sentence(t))
	for _, w := range []string{" needs ", " need ", " requires ", " expects ", " assumes ", " must ", " was generated ", " was bootstrapped ", " can be run ", " can be started ", " should be ", " runs on ", " will run ", " will start "} {
		if i := strings.Index(low, w); i >= 0 && countWords(low[:i]) <= 3 {
			return false // what it takes to run it
		}
	}
	for _, w := range []string{" is a ", " is an ", "this is ", "this project ", "this application ", "this app ", "this repository ", "this api ", "allows you to", "este proyecto", "este projeto", "ce projet"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// sentence is the first sentence of a text.
func sentence(t string) string {
	for i := range len(t) {
		if (t[i] == '.' || t[i] == '!' || t[i] == '?') && i+1 < len(t) && t[i+1] == ' ' && countWords(t[:i]) >= 4 {
			return t[:i+1]
		}
	}
	if len(t) > maxText {
		t = t[:maxText]
		for !utf8.ValidString(t) && t != "" {
			t = t[:len(t)-1]
		}
	}
	return t
}
