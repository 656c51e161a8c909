package manifest

import "strings"

// readPipfile reads pipenv's manifest. Fields: "python".
func readPipfile(m *Manifest, src string) error {
	doc, err := readTOML(src)
	m.field("python", doc.str("requires", "python_version"))
	poetryTable(m, doc.table("packages"), Runtime)
	for _, f := range doc.table() {
		switch f.key {
		case "packages", "source", "requires", "scripts", "pipenv", "pipfile":
		default:
			poetryTable(m, f.node.table(), scopeOfGroup(f.key))
		}
	}
	for _, f := range doc.table("scripts") {
		taskTable(m, f)
	}
	if err != nil {
		return err
	}
	return nil
}

// readSetupCfg reads the declarative form of setuptools. Fields: "tool.pytest" and
// its like as "1" for the tools configured here.
func readSetupCfg(m *Manifest, src string) error {
	for _, e := range readINI(src, 1) {
		switch {
		case e.section == "metadata" && e.key == "name":
			m.Name = pypiName(e.value())
		case e.section == "metadata" && e.key == "version":
			m.Version = e.value()
		case e.section == "options" && e.key == "install_requires":
			cfgRequirements(m, e, Runtime)
		case e.section == "options" && e.key == "tests_require":
			cfgRequirements(m, e, Test)
		case e.section == "options" && e.key == "setup_requires":
			cfgRequirements(m, e, Dev)
		case e.section == "options" && e.key == "python_requires":
			m.field("python", e.value())
		case e.section == "options.extras_require":
			cfgRequirements(m, e, scopeOfGroup(e.key))
		}
		iniTool(m, e.section)
	}
	return nil
}

// iniTool notes the tools that setup.cfg and tox.ini configure.
func iniTool(m *Manifest, section string) {
	switch name := strings.TrimPrefix(section, "tool:"); name {
	case "pytest", "flake8", "mypy", "isort", "pycodestyle":
		m.field("tool."+name, "1")
	}
}

// cfgRequirements adds one requirement a line, or several behind semicolons.
func cfgRequirements(m *Manifest, e iniEntry, scope Scope) {
	for _, v := range e.values {
		pep508(m, v.text, scope, v.line)
	}
}

// readTox reads tox.ini.
func readTox(m *Manifest, src string) error {
	toxEnvironments(m, src, 1)
	for _, e := range readINI(src, 1) {
		iniTool(m, e.section)
	}
	return nil
}

// maxLists bounds the lists of requirements that one setup.py may hold.
const maxLists = 50

// readSetupPy reads the literal lists and strings that setup() is given, directly,
// through a variable of the file or through a dictionary.
func readSetupPy(m *Manifest, src string) error {
	toks := withoutLineEnds(tokenize(src, python))
	lists := make(map[string]int) // variable -> index of its value
	for i := 0; i+2 < len(toks); i++ {
		if toks[i].kind == wordToken && toks[i+1].is('=') && (toks[i+2].is('[') || toks[i+2].is('{') || toks[i+2].is('(') || toks[i+2].kind == stringToken) {
			if _, ok := lists[toks[i].text]; !ok {
				lists[toks[i].text] = i + 2
			}
		}
	}
	inSetup := false
	done := make(map[int]bool)
	for i := 0; i+2 < len(toks); i++ {
		t := toks[i]
		if t.word("setup") && toks[i+1].is('(') {
			inSetup = true
		}
		keyword := t.kind == wordToken && toks[i+1].is('=') || t.kind == stringToken && toks[i+1].is(':')
		if !keyword || toks[i+2].is('=') {
			continue
		}
		at := i + 2
		if toks[at].kind == wordToken {
			v, ok := lists[toks[at].text]
			if !ok {
				continue
			}
			at = v
		}
		scope := Runtime
		switch t.text {
		case "name", "version":
			if inSetup && toks[at].kind == stringToken {
				if t.text == "name" && m.Name == "" {
					m.Name = pypiName(toks[at].text)
				} else if t.text == "version" && m.Version == "" {
					m.Version = toks[at].text
				}
			}
			continue
		case "install_requires":
		case "tests_require":
			scope = Test
		case "setup_requires", "extras_require":
			scope = Dev
		default:
			continue
		}
		if !done[at] && len(done) < maxLists {
			done[at] = true
			literalRequirements(m, toks, at, scope)
		}
	}
	return nil
}

// literalRequirements adds the strings of the list at i; in a dictionary each key
// names a group.
func literalRequirements(m *Manifest, toks []token, i int, scope Scope) {
	end := i + len(toks[i:min(len(toks), i+maxStatement)]) - 1
	depth := 0
	for ; i <= end; i++ {
		t := toks[i]
		switch {
		case t.is('['), t.is('('), t.is('{'):
			depth++
		case t.is(']'), t.is(')'), t.is('}'):
			if depth--; depth <= 0 && !(i+1 <= end && toks[i+1].is('+')) {
				return
			}
		case t.kind == stringToken && i+1 <= end && toks[i+1].is(':'):
			scope = scopeOfGroup(t.text)
		case t.kind == stringToken && depth > 0:
			for _, l := range strings.Split(t.text, "\n") {
				pep508(m, l, scope, t.line)
			}
		case depth == 0 && !t.is('+'):
			return
		}
	}
}

// readNoxfile reads nox sessions; the commands are what session.run is given.
func readNoxfile(m *Manifest, src string) error {
	name, decorated, current := "", false, -1
	for _, l := range logicalLines(tokenize(src, python)) {
		switch {
		case l[0].is('@'):
			if len(l) > 1 && (l[1].word("nox") || l[1].word("session")) {
				decorated, name = true, ""
				for i := range l {
					if l[i].word("name") && i+2 < len(l) && l[i+1].is('=') && l[i+2].kind == stringToken {
						name = l[i+2].text
					}
				}
			}
		case l[0].word("def") && len(l) > 1:
			current = -1
			if decorated {
				if name == "" {
					name = l[1].text
				}
				current, decorated = m.script(name, "", l[0].line), false
			}
		case current >= 0 && l[0].word("session") && len(l) > 3 && l[1].is('.'):
			noxCall(m, &m.Scripts[current], l)
		}
	}
	return nil
}

// noxCall reads session.run("pytest", "-q") and session.install("pytest").
func noxCall(m *Manifest, s *Script, l []token) {
	var args []string
	for i, t := range l {
		if t.kind == wordToken && i+1 < len(l) && l[i+1].is('=') {
			break // keyword arguments stand last
		}
		if t.kind == stringToken {
			args = append(args, t.text)
		}
	}
	switch l[2].text {
	case "run", "run_always", "run_install":
		if len(s.Command) < maxText {
			s.Command = strings.TrimPrefix(s.Command+"\n"+strings.Join(args, " "), "\n")
		}
	case "install", "conda_install":
		for i := 0; i < len(args); i++ {
			switch args[i] {
			case "-r", "--requirement":
				if i+1 < len(args) {
					m.include(args[i+1], l[0].line)
				}
				i++
			case "-e", "-c":
				i++
			default:
				requirementLine(m, args[i], Test, l[0].line)
			}
		}
	}
}

// readConda reads environment.yml. Fields: "python".
func readConda(m *Manifest, src string) error {
	doc, err := readYAML(src)
	m.Name = doc.str("name")
	for _, f := range doc.list("dependencies") {
		if f.node.kind == tableNode {
			for _, p := range f.node.list("pip") {
				requirementLine(m, p.node.text, Runtime, p.line)
			}
			continue
		}
		spec := f.node.text
		if i := strings.Index(spec, "::"); i >= 0 {
			spec = spec[i+2:]
		}
		i := strings.IndexAny(spec, " =<>!~[")
		if i < 0 {
			i = len(spec)
		}
		name, version := strings.TrimSpace(spec[:i]), strings.TrimSpace(spec[i:])
		switch name {
		case "python":
			m.field("python", strings.TrimLeft(version, "= "))
		case "pip", "":
		default:
			m.depend(pypiName(name), version, Runtime, f.line)
		}
	}
	return err
}
