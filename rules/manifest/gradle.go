package manifest

import "strings"

// readGradle reads build and settings scripts in Groovy and Kotlin. It follows the
// blocks, not the logic: both branches of an if count. Fields:
// "sourceCompatibility", "mainClass".
func readGradle(m *Manifest, src string) error {
	lang := groovy
	if strings.HasSuffix(strings.ToLower(m.Path), ".kts") {
		lang = kotlin
	}
	g := gradleReader{m: m, statements: statements{toks: tokenize(src, lang)}}
	for {
		stmt, opens, closes, ok := g.next()
		if !ok {
			return nil
		}
		if len(stmt) > 0 {
			g.statement(stmt)
		}
		if opens {
			g.enter(stmt)
		}
		if closes && len(g.blocks) > 0 {
			g.blocks = g.blocks[:len(g.blocks)-1]
		}
	}
}

// statements cuts the tokens of a language with braces into statements.
type statements struct {
	toks []token
	pos  int
	torn int // statements whose brackets never close
}

// maxStatement and maxTorn bound the search for the end of a statement.
const (
	maxStatement = 20_000
	maxTorn      = 20
)

// next returns the next statement, without the brace that it opens or that ends
// its block; ok is false at the end.
func (s *statements) next() (stmt []token, opens, closes, ok bool) {
	for s.toks[s.pos].kind == lineToken || s.toks[s.pos].is(';') {
		s.pos++
	}
	start, depth, firstLine := s.pos, 0, -1
	for {
		t := s.toks[s.pos]
		switch {
		case t.kind == endToken:
			if depth > 0 && firstLine >= 0 {
				return s.tear(start, firstLine)
			}
			return s.toks[start:s.pos], false, false, s.pos > start
		case t.kind == lineToken:
			if firstLine < 0 {
				firstLine = s.pos
			}
			if depth > 0 && (s.pos-start > maxStatement || s.torn > maxTorn) {
				return s.tear(start, firstLine)
			}
			if depth == 0 && !s.continues() {
				return s.toks[start:s.pos], s.braceFollows(start), false, true
			}
		case depth == 0 && t.is(';'):
			return s.toks[start:s.pos], false, false, true
		case depth == 0 && t.is('{'):
			s.pos++
			return s.toks[start : s.pos-1], true, false, true
		case depth == 0 && t.is('}'):
			s.pos++
			return s.toks[start : s.pos-1], false, true, true
		case t.is('('), t.is('['), t.is('{'):
			depth++
		case t.is(')'), t.is(']'), t.is('}'):
			depth = max(depth-1, 0)
		}
		s.pos++
	}
}

// tear ends a statement whose brackets do not close at its first line.
func (s *statements) tear(start, line int) (stmt []token, opens, closes, ok bool) {
	s.torn++
	s.pos = line
	return s.toks[start:line], false, false, true
}

// continues reports whether the line that ends at pos goes on in the next: after a
// comma, an operator, or before a dot.
func (s *statements) continues() bool {
	if s.pos > 0 {
		if p := s.toks[s.pos-1]; p.is(',') || p.is('+') || p.is('=') || p.is('%') {
			return true
		}
	}
	n := s.toks[min(s.pos+1, len(s.toks)-1)]
	return n.is('.') || n.is('+') || n.is('%')
}

// braceFollows moves behind a brace that stands on a line of its own after a
// one-word statement.
func (s *statements) braceFollows(start int) bool {
	if s.pos-start != 1 || s.toks[start].kind != wordToken {
		return false
	}
	i := s.pos
	for s.toks[i].kind == lineToken {
		i++
	}
	if !s.toks[i].is('{') {
		return false
	}
	s.pos = i + 1
	return true
}

// block is a brace that is open.
type block struct {
	name string // last word before the brace, outside of parentheses
	arg  string // first string before the brace
	test bool   // it or a block around it is named after tests
	flow bool   // an if or a loop, which is looked through
}

type gradleReader struct {
	statements
	m      *Manifest
	blocks []block
}

// enter opens a block; beyond the bound the innermost one stands for all deeper.
func (g *gradleReader) enter(head []token) {
	b := block{test: g.up(0).test, flow: len(head) > 0 && head[0].word("if", "else", "for", "while", "try")}
	depth := 0
	for _, t := range head {
		switch {
		case t.is('('), t.is('['):
			depth++
		case t.is(')'), t.is(']'):
			depth--
		case t.kind == wordToken:
			if depth == 0 {
				b.name = t.text
			}
			b.test = b.test || strings.Contains(strings.ToLower(t.text), "test")
		case t.kind == stringToken && b.arg == "":
			b.arg = t.text
			b.test = b.test || strings.Contains(strings.ToLower(t.text), "test")
		}
	}
	g.blocks = append(g.blocks, b)
}

// up returns the n-th block around the statement, 0 being the innermost.
func (g *gradleReader) up(n int) block {
	for i := len(g.blocks) - 1; i >= 0; i-- {
		if g.blocks[i].flow {
			continue
		}
		if n--; n < 0 {
			return g.blocks[i]
		}
	}
	return block{}
}

// statement reads one statement where it stands.
func (g *gradleReader) statement(s []token) {
	if g.assignment(s) {
		return
	}
	switch in, outer := g.up(0).name, g.up(1).name; {
	case in == "plugins":
		g.pluginLine(s)
	case in == "dependencies" && outer == "buildscript":
		g.each(s[1:], func(d Dependency) {
			d.Scope = Dev
			g.m.Plugins = append(g.m.Plugins, d)
		})
	case in == "dependencies" && outer == "dependencyManagement",
		in == "imports" && outer == "dependencyManagement", in == "constraints":
		g.each(s[1:], func(d Dependency) {
			if in == "imports" {
				d.Scope = Dev
			}
			g.m.Managed = append(g.m.Managed, d)
		})
	case in == "dependencies":
		g.dependency(s)
	case g.up(1).name == "versionCatalogs":
		g.catalogueLine(s, g.up(0).arg)
	default:
		g.topLevel(s)
	}
}

// topLevel reads what may stand outside of the known blocks.
func (g *gradleReader) topLevel(s []token) {
	if s[0].kind != wordToken || len(s) < 2 {
		return
	}
	switch s[0].text {
	case "include":
		if g.m.Kind != "settings.gradle" {
			return // a copy specification has includes too
		}
		for _, t := range s[1:] {
			if t.kind == stringToken {
				g.m.Workspaces = append(g.m.Workspaces, gradlePath(t.text))
			}
		}
	case "apply":
		for i, t := range s[:len(s)-1] {
			if t.kind != wordToken || i+2 >= len(s) || s[i+2].kind != stringToken {
				continue
			}
			switch t.text {
			case "plugin":
				g.m.plugin(s[i+2].text, "", t.line)
			case "from":
				file := strings.TrimPrefix(strings.TrimPrefix(s[i+2].text, "$rootDir/"), "${rootDir}/")
				g.m.include(file, t.line)
			}
		}
	case "group", "version", "sourceCompatibility", "mainClass", "mainClassName":
		if s[1].kind == stringToken || s[1].kind == numberToken {
			g.scalar(s[0].text, s[1].text)
		} else if v := literals(s); len(v) == 1 && len(s) == 6 && s[2].word("set") { // mainClass.set("x")
			g.scalar(s[0].text, v[0])
		}
	case "set":
		if in := g.up(0).name; in == "ext" || in == "extra" {
			if v := literals(s); len(v) == 2 {
				g.m.property(v[0], v[1])
			}
		}
	}
}

// gradlePath turns ":a:b" into "a/b".
func gradlePath(p string) string {
	return strings.ReplaceAll(strings.TrimPrefix(p, ":"), ":", "/")
}

// literals returns the strings among tokens.
func literals(s []token) []string {
	var out []string
	for _, t := range s {
		if t.kind == stringToken {
			out = append(out, t.text)
		}
	}
	return out
}

// scalar records a setting of the project itself.
func (g *gradleReader) scalar(name, value string) {
	switch in := g.up(0).name; {
	case name == "mainClass" || name == "mainClassName":
		g.m.field("mainClass", value)
	case name == "sourceCompatibility":
		g.m.field(name, value)
	case in != "" && in != "allprojects" && in != "subprojects":
	case name == "version":
		g.m.Version = value
	case name == "group":
		g.m.property("group", value)
	}
}

// assignment reads "name = value", "def name = value", "val name by extra(value)"
// and `extra["name"] = value`, in the places where variables are set.
func (g *gradleReader) assignment(s []token) bool {
	eq := assignIndex(s)
	if eq < 1 {
		return false
	}
	name, declared := s[eq-1].text, false
	switch {
	case s[eq-1].is(']') && eq >= 2 && s[eq-2].kind == stringToken:
		name = s[eq-2].text
	case s[eq-1].kind == wordToken && s[eq].kind == wordToken: // val x by extra("1")
		declared = true
	case s[eq-1].kind != wordToken:
		return false
	}
	for _, t := range s[:eq-1] {
		if t.kind == wordToken && (t.text == "def" || t.text == "val" || t.text == "var" || t.text == "ext" || t.text == "extra" || t.text == "String") {
			declared = true
		}
		if t.is(':') { // val x: String = "1"
			name = s[max(0, indexMark(s, ':')-1)].text
		}
	}
	if eq+1 >= len(s) {
		return true
	}
	value := s[eq+1:]
	if value[0].is('[') || value[0].kind == wordToken && value[0].text == "mapOf" {
		g.table(name, value)
		return true
	}
	if s[eq].kind == wordToken { // behind "by"
		if v := literals(value); len(v) > 0 {
			g.m.property(name, v[0])
		}
		return true
	}
	if value[0].kind != stringToken && value[0].kind != numberToken {
		return true
	}
	text := value[0].text
	if value[0].kind == numberToken {
		for _, t := range value[1:] {
			if !t.is('.') && t.kind != numberToken {
				break
			}
			text += t.text
		}
	}
	if eq == 3 && s[0].text == "rootProject" && name == "name" {
		g.m.Name = text
		return true
	}
	g.scalar(name, text)
	switch in := g.up(0).name; {
	case declared, in == "", in == "ext", in == "extra", in == "buildscript", in == "allprojects", in == "subprojects":
		g.m.property(name, text)
	}
	return true
}

// assignIndex finds the "=" of an assignment, or the "by" of a delegated one,
// outside of parentheses; -1 without.
func assignIndex(s []token) int {
	depth := 0
	for i, t := range s {
		switch {
		case t.is('('), t.is('['):
			depth++
		case t.is(')'), t.is(']'):
			depth--
		case depth > 0:
		case t.kind == wordToken && t.text == "by" && i >= 2:
			return i
		case t.is('='):
			if i+1 < len(s) && s[i+1].is('=') || i > 0 && (s[i-1].is('=') || s[i-1].is('!') || s[i-1].is('<') || s[i-1].is('>')) {
				return -1
			}
			if i > 0 && s[i-1].is('+') {
				return -1
			}
			return i
		}
	}
	return -1
}

func indexMark(s []token, mark byte) int {
	for i, t := range s {
		if t.is(mark) {
			return i
		}
	}
	return -1
}

// table reads a map of names to coordinates or versions: `libraries = [web:
// "g:a:v"]`, `mapOf("web" to "g:a:v")`. Entries are aliases "libraries.web" and
// properties of the same name.
func (g *gradleReader) table(name string, s []token) {
	for i := 1; i+2 < len(s); i++ {
		colon := s[i+1].is(':') || s[i+1].kind == wordToken && s[i+1].text == "to"
		if !colon || s[i+2].kind != stringToken || s[i].kind != wordToken && s[i].kind != stringToken {
			continue
		}
		key, value := name+"."+s[i].text, s[i+2].text
		g.m.property(key, value)
		if d, ok := parseCoordinate(value); ok {
			d.Line = s[i].line
			g.m.Aliases = append(g.m.Aliases, Alias{Name: key, Targets: []Dependency{d}})
		}
	}
}

// pluginLine reads a line of a plugins block.
func (g *gradleReader) pluginLine(s []token) {
	if s[0].kind != wordToken {
		return
	}
	version := ""
	for i := range s[:len(s)-1] {
		if t := s[i]; t.kind == wordToken && t.text == "version" {
			if v := literals(s[i:]); len(v) > 0 {
				version = v[0]
			}
		}
	}
	args := literals(s)
	switch name := s[0].text; {
	case name == "id" && len(args) > 0:
		g.m.plugin(args[0], version, s[0].line)
	case name == "kotlin" && len(s) > 1 && len(args) > 0:
		g.m.plugin("org.jetbrains.kotlin."+args[0], version, s[0].line)
	case name == "alias":
		if c, _ := chain(s, 2); c != "" {
			g.m.plugin(c, version, s[0].line)
		}
	case len(s) == 1 || s[1].kind == wordToken:
		g.m.plugin(name, version, s[0].line)
	}
}
