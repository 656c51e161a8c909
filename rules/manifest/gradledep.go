package manifest

import "strings"

// dependency reads a line of a dependencies block: a configuration and what it
// takes.
func (g *gradleReader) dependency(s []token) {
	config := s[0].text
	if s[0].kind != wordToken && s[0].kind != stringToken || len(s) < 2 {
		return
	}
	switch config {
	case "if", "else", "for", "while", "exclude", "because", "return", "import", "println":
		return
	case "add":
		if v := literals(s); len(v) > 0 {
			config = v[0]
		}
	}
	scope := configurationScope(config)
	if g.up(0).test {
		scope = Test
	}
	n := 0
	g.each(s[1:], func(d Dependency) {
		n++
		d.Scope = scope
		g.m.Dependencies = append(g.m.Dependencies, d)
	})
	if n > 0 || s[0].text == "add" {
		return
	}
	// Positional: implementation("group", "name", "version").
	if v := literals(s[1:]); len(v) >= 2 && len(v) <= 3 && plainID(v[0]) && plainID(v[1]) && s[1].is('(') && s[2].kind == stringToken && s[3].is(',') {
		d := Dependency{Ecosystem: Maven, Name: v[0] + ":" + v[1], Scope: scope, Line: s[0].line}
		if len(v) == 3 {
			d.Version = v[2]
		}
		g.m.Dependencies = append(g.m.Dependencies, d)
	}
}

// configurationScope tells what a Gradle configuration is for. "compileOnly" and
// Maven's "provided" are Runtime: the program is written against them.
func configurationScope(name string) Scope {
	low := strings.ToLower(name)
	switch {
	case strings.Contains(low, "test"):
		return Test
	case low == "compile", low == "runtime", low == "api", strings.HasPrefix(low, "provided"),
		strings.HasSuffix(low, "implementation"), strings.HasSuffix(low, "compileonly"), strings.HasSuffix(low, "compileonlyapi"),
		strings.HasSuffix(low, "runtimeonly"), strings.HasSuffix(name, "Api"), strings.HasSuffix(name, "Compile"):
		return Runtime
	}
	return Dev
}

// each calls add with every coordinate among the arguments; platforms become
// Managed and projects References.
func (g *gradleReader) each(s []token, add func(Dependency)) {
	for i := 0; i < len(s); i++ {
		switch t := s[i]; t.kind {
		case stringToken:
			if d, ok := parseCoordinate(t.text); ok {
				d.Line = t.line
				if name, _ := chain(s, i+2); name != "" && d.Version == "" && s[i+1].is('+') {
					d.Version = "${" + name + "}"
				}
				add(d)
			}
		case wordToken:
			i = g.word(s, i, add)
		}
	}
}

// word reads a call, a map of group, name and version, an accessor or a variable at
// i and returns the index of its last token.
func (g *gradleReader) word(s []token, i int, add func(Dependency)) int {
	t := s[i]
	if i+1 < len(s) && s[i+1].is('(') {
		if !t.word("platform", "enforcedPlatform", "project", "kotlin", "files", "fileTree", "npm", "gradleApi", "localGroovy") {
			return i // what stands inside is read as if it stood alone
		}
		end := max(closing(s, i+1), i+2)
		args := s[i+2 : min(end, len(s))]
		switch t.text {
		case "platform", "enforcedPlatform":
			g.each(args, func(d Dependency) {
				d.Scope = Dev
				g.m.Managed = append(g.m.Managed, d)
			})
		case "project":
			if v := literals(args); len(v) > 0 {
				g.m.References = append(g.m.References, gradlePath(v[0]))
			}
		case "kotlin":
			if v := literals(args); len(v) > 0 {
				d := Dependency{Ecosystem: Maven, Name: "org.jetbrains.kotlin:kotlin-" + v[0], Line: t.line}
				if len(v) > 1 {
					d.Version = v[1]
				}
				add(d)
			}
		}
		return end
	}
	if t.text == "project" {
		// Groovy: implementation project(...) is a call; project.foo is a variable.
		_, end := chain(s, i)
		return end
	}
	if t.text == "group" && i+2 < len(s) && (s[i+1].is(':') || s[i+1].is('=')) {
		return mapNotation(s, i, add)
	}
	name, end := chain(s, i)
	name = strings.TrimSuffix(name, ".get")
	root, rest, dotted := strings.Cut(name, ".")
	switch {
	case !dotted:
		if d, ok := parseCoordinate(g.m.Properties[name]); ok && (i == 0 || !s[i-1].is('+') && !s[i-1].is(':')) {
			d.Line = t.line
			add(d)
		}
	case strings.HasPrefix(rest, "versions.") || root == "versions":
	case root == "libs" || strings.HasSuffix(strings.ToLower(root), "libs") || root == "deps" || root == "Deps" || root == "libraries" || root == "Libraries":
		add(Dependency{Ecosystem: Maven, Name: name, Line: t.line})
	}
	return end
}

// mapNotation reads group: 'g', name: 'a', version: 'v' at i.
func mapNotation(s []token, i int, add func(Dependency)) int {
	d := Dependency{Ecosystem: Maven, Line: s[i].line}
	var group, name string
	for ; i+2 < len(s) && s[i].kind == wordToken && (s[i+1].is(':') || s[i+1].is('=')); i++ {
		value := s[i+2].text
		end := i + 2
		if s[end].kind == wordToken {
			value, end = chain(s, end)
			value = "${" + value + "}"
		}
		switch s[i].text {
		case "group":
			group = value
		case "name":
			name = value
		case "version":
			d.Version = value
		}
		if i = end + 1; i >= len(s) || !s[i].is(',') {
			break
		}
		for i+1 < len(s) && s[i+1].kind == lineToken {
			i++
		}
	}
	if d.Name = coordinate(group, name); d.Name != "" && group != "" {
		add(d)
	}
	return min(i, len(s)) - 1
}

// maxCall bounds the tokens of one call, because calls may nest.
const maxCall = 500

// closing returns the index of the bracket that closes the one at i, or the last index.
func closing(s []token, i int) int {
	depth := 0
	s = s[:min(len(s), i+maxCall)]
	for ; i < len(s); i++ {
		switch {
		case s[i].is('('), s[i].is('['), s[i].is('{'):
			depth++
		case s[i].is(')'), s[i].is(']'), s[i].is('}'):
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return len(s) - 1
}

// chain reads words joined by dots at i and returns them with the index of the last.
func chain(s []token, i int) (string, int) {
	if i >= len(s) || s[i].kind != wordToken {
		return "", i
	}
	name := s[i].text
	for i+2 < len(s) && s[i+1].is('.') && s[i+2].kind == wordToken && len(name) < maxText {
		i += 2
		name += "." + s[i].text
	}
	return name, i
}

// parseCoordinate reads "group:artifact", "group:artifact:version" and
// "group:artifact:version:classifier@type".
func parseCoordinate(s string) (Dependency, bool) {
	if len(s) > 300 {
		return Dependency{}, false
	}
	group, rest, ok := strings.Cut(s, ":")
	if !ok {
		return Dependency{}, false
	}
	artifact, version := cutOutside(rest)
	if !plainID(group) || !plainID(artifact) {
		return Dependency{}, false
	}
	version, _ = cutOutside(version)
	version, _, _ = strings.Cut(version, "@")
	version = strings.TrimSuffix(version, "!!")
	return Dependency{Ecosystem: Maven, Name: group + ":" + artifact, Version: version}, true
}

// cutOutside cuts at the first colon that stands in no braces.
func cutOutside(s string) (before, after string) {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			depth--
		case ':':
			if depth <= 0 {
				return s[:i], s[i+1:]
			}
		}
	}
	return s, ""
}

// plainID reports whether s can be a group or an artifact, variables included.
func plainID(s string) bool {
	if s == "" {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !letter(c) && !digit(c) && strings.IndexByte(".-${}", c) < 0 {
			return false
		}
	}
	return true
}

// catalogueLine reads a line of a catalogue that a settings script declares.
func (g *gradleReader) catalogueLine(s []token, name string) {
	v := literals(s)
	if name == "" {
		name = "libs"
	}
	if len(v) < 2 || s[0].kind != wordToken {
		return
	}
	alias := name + "." + accessor(v[0])
	switch s[0].text {
	case "version":
		g.m.property("versions."+v[0], v[1])
	case "library":
		d, ok := parseCoordinate(v[1])
		if !ok && len(v) >= 3 {
			d = Dependency{Ecosystem: Maven, Name: v[1] + ":" + v[2]}
			if len(v) >= 4 {
				d.Version = v[3]
				if ref, isRef := g.m.Properties["versions."+v[3]]; isRef {
					d.Version = ref
				}
			}
		}
		if d.Name != "" {
			d.Line = s[0].line
			g.m.Aliases = append(g.m.Aliases, Alias{Name: alias, Targets: []Dependency{d}})
		}
	case "plugin":
		d := Dependency{Ecosystem: Maven, Name: v[1], Line: s[0].line}
		if len(v) > 2 {
			d.Version = v[2]
		}
		g.m.Aliases = append(g.m.Aliases, Alias{Name: name + ".plugins." + accessor(v[0]), Targets: []Dependency{d}})
	case "bundle":
		a := Alias{Name: name + ".bundles." + accessor(v[0])}
		for _, member := range v[1:] {
			if t, ok := findAlias(g.m.Aliases, name+"."+accessor(member)); ok {
				a.Targets = append(a.Targets, t...)
			}
		}
		g.m.Aliases = append(g.m.Aliases, a)
	}
}

func findAlias(aliases []Alias, name string) ([]Dependency, bool) {
	for _, a := range aliases {
		if a.Name == name {
			return a.Targets, true
		}
	}
	return nil, false
}

// accessor turns a catalogue's alias into the form that scripts use.
func accessor(alias string) string {
	if strings.ContainsAny(alias, "-_") {
		alias = strings.NewReplacer("-", ".", "_", ".").Replace(alias)
	}
	return alias
}

// readCatalogue reads a Gradle version catalogue: its entries are Aliases, no
// dependencies, until a build script uses them.
func readCatalogue(m *Manifest, src string) error {
	doc, err := readTOML(src)
	_, base := split(m.Path)
	name := strings.TrimSuffix(base, ".versions.toml")
	version := func(v *node) string {
		if ref := v.str("version", "ref"); ref != "" {
			v = doc.get("versions", ref)
		} else {
			v = v.get("version")
		}
		for _, key := range [...]string{"strictly", "require", "prefer"} {
			if s := v.str(key); s != "" {
				return s
			}
		}
		return v.text
	}
	targets := make(map[string]Dependency)
	for _, f := range doc.table("libraries") {
		d, ok := parseCoordinate(f.node.text)
		if f.node.kind == tableNode {
			d = Dependency{Ecosystem: Maven, Name: f.node.str("module"), Version: version(&f.node)}
			if d.Name == "" {
				d.Name = coordinate(f.node.str("group"), f.node.str("name"))
			}
			ok = d.Name != ""
		}
		if !ok {
			continue
		}
		d.Line = f.line
		targets[accessor(f.key)] = d
		m.Aliases = append(m.Aliases, Alias{Name: name + "." + accessor(f.key), Targets: []Dependency{d}})
	}
	for _, f := range doc.table("bundles") {
		a := Alias{Name: name + ".bundles." + accessor(f.key)}
		for _, member := range f.node.strings() {
			if d, ok := targets[accessor(member)]; ok {
				a.Targets = append(a.Targets, d)
			}
		}
		m.Aliases = append(m.Aliases, a)
	}
	for _, f := range doc.table("plugins") {
		d := Dependency{Ecosystem: Maven, Line: f.line}
		if f.node.kind == tableNode {
			d.Name, d.Version = f.node.str("id"), version(&f.node)
		} else {
			d.Name, d.Version, _ = strings.Cut(f.node.text, ":")
		}
		if d.Name != "" {
			m.Aliases = append(m.Aliases, Alias{Name: name + ".plugins." + accessor(f.key), Targets: []Dependency{d}})
		}
	}
	if err != nil {
		return err
	}
	return nil
}

// readGradleProperties reads key=value lines.
func readGradleProperties(m *Manifest, src string) error {
	eachLine(src, func(_ int, text string) {
		text = strings.TrimSpace(text)
		if text == "" || text[0] == '#' || text[0] == '!' {
			return
		}
		if key, value, ok := strings.Cut(text, "="); ok {
			m.property(strings.TrimSpace(key), strings.TrimSpace(value))
		}
	})
	return nil
}
