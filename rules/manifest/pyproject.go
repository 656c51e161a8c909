package manifest

import "strings"

// readPyproject reads PEP 621 metadata, PEP 735 groups and the tables of poetry,
// pdm, uv, hatch, rye, flit, poe and taskipy. Fields: "build-backend", "python"
// (the version asked for), and "tool.X" as "1" for every tool that is configured.
func readPyproject(m *Manifest, src string) error {
	doc, err := readTOML(src)
	m.Name, m.Version = pypiName(doc.str("project", "name")), doc.str("project", "version")
	m.field("python", doc.str("project", "requires-python"))
	m.field("build-backend", doc.str("build-system", "build-backend"))
	requirements(m, doc.list("project", "dependencies"), Runtime)
	for _, g := range doc.table("project", "optional-dependencies") {
		requirements(m, g.node.list(), scopeOfGroup(g.key))
	}
	for _, g := range doc.table("dependency-groups") {
		requirements(m, g.node.list(), scopeOfGroup(g.key))
	}
	requirements(m, doc.list("build-system", "requires"), Dev)
	for _, f := range doc.table("project", "scripts") {
		m.script(f.key, f.node.text, f.line)
	}
	tool := doc.get("tool")
	for _, f := range tool.table() {
		m.field("tool."+f.key, "1")
	}
	for _, file := range tool.strings("setuptools", "dynamic", "dependencies", "file") {
		m.include(file, tool.get("setuptools", "dynamic", "dependencies").line)
	}
	poetry(m, tool.get("poetry"))
	pdm(m, tool)
	hatch(m, tool.get("hatch"))
	for _, f := range tool.table("taskipy", "tasks") {
		taskTable(m, f)
	}
	for _, f := range tool.table("poe", "tasks") {
		taskTable(m, f)
	}
	if ini := tool.get("tox", "legacy_tox_ini"); ini.kind == stringNode {
		toxEnvironments(m, ini.text, ini.line)
	}
	for _, f := range tool.table("tox", "env") {
		toxNative(m, f.key, f.line, &f.node)
	}
	if f := tool.get("tox", "env_run_base"); f.kind == tableNode {
		toxNative(m, "testenv", f.line, f)
	}
	if err != nil {
		return err
	}
	return nil
}

// requirements adds a list of PEP 508 strings.
func requirements(m *Manifest, list []field, scope Scope) {
	for _, f := range list {
		if f.node.kind == stringNode {
			pep508(m, f.node.text, scope, f.line)
		}
	}
}

// poetry reads poetry's own tables.
func poetry(m *Manifest, p *node) {
	if m.Name == "" {
		m.Name, m.Version = pypiName(p.str("name")), p.str("version")
	}
	poetryTable(m, p.table("dependencies"), Runtime)
	poetryTable(m, p.table("dev-dependencies"), Dev)
	for _, g := range p.table("group") {
		scope := scopeOfGroup(g.key)
		if g.key == "main" {
			scope = Runtime
		}
		poetryTable(m, g.node.table("dependencies"), scope)
	}
	for _, f := range p.table("scripts") {
		taskTable(m, f)
	}
}

// poetryTable adds name = "version" or name = {version, extras, optional}; Pipfile
// has the same form.
func poetryTable(m *Manifest, table []field, scope Scope) {
	for _, f := range table {
		if f.key == "python" {
			m.field("python", f.node.text)
			continue
		}
		v := &f.node
		if v.kind == listNode && len(v.kids) > 0 {
			v = &v.kids[0].node // one entry for each platform
		}
		version, s := v.text, scope
		if v.kind == tableNode {
			version = v.str("version")
			for _, key := range [...]string{"git", "url", "file"} {
				if version == "" {
					version = v.str(key)
				}
			}
			if v.str("optional") == "true" && s == Runtime {
				s = Dev
			}
		}
		n := len(m.Dependencies)
		m.depend(pypiName(f.key), version, s, f.line)
		if len(m.Dependencies) > n {
			m.Dependencies[n].Extras = strings.ToLower(strings.Join(v.strings("extras"), ","))
		}
	}
}

// pdm reads the tables of pdm, uv, rye and flit, which hold PEP 508 strings.
func pdm(m *Manifest, tool *node) {
	for _, g := range tool.table("pdm", "dev-dependencies") {
		requirements(m, g.node.list(), scopeOfGroup(g.key))
	}
	requirements(m, tool.list("uv", "dev-dependencies"), Dev)
	requirements(m, tool.list("rye", "dev-dependencies"), Dev)
	requirements(m, tool.list("flit", "metadata", "requires"), Runtime)
	for _, g := range tool.table("flit", "metadata", "requires-extra") {
		requirements(m, g.node.list(), scopeOfGroup(g.key))
	}
	m.Workspaces = append(m.Workspaces, tool.strings("uv", "workspace", "members")...)
	m.Workspaces = append(m.Workspaces, tool.strings("rye", "workspace", "members")...)
	for _, key := range [...]string{"pdm", "rye"} {
		for _, f := range tool.table(key, "scripts") {
			if f.key != "_" {
				taskTable(m, f)
			}
		}
	}
}

// hatch reads the environments of hatch and their scripts; a script "x" of an
// environment "e" is named "e:x" as on the command line, but for the default one.
func hatch(m *Manifest, h *node) {
	for _, e := range h.table("envs") {
		scope := scopeOfGroup(e.key)
		requirements(m, e.node.list("dependencies"), scope)
		requirements(m, e.node.list("extra-dependencies"), scope)
		for _, f := range e.node.table("scripts") {
			name := f.key
			if e.key != "default" {
				name = e.key + ":" + f.key
			}
			m.script(name, strings.Join(f.node.strings(), "\n"), f.line)
		}
	}
}

// taskTable adds a script that is a string, a list (a sequence of tasks or
// commands), or a table with one of the keys that poe, pdm, rye, taskipy and
// poetry know.
func taskTable(m *Manifest, f field) {
	v := &f.node
	var needs []string
	var command string
	switch v.kind {
	case listNode:
		var lines []string
		for i := range v.kids {
			if k := &v.kids[i].node; k.kind == stringNode {
				lines = append(lines, k.text)
			} else if c := taskCommand(k); c != "" {
				lines = append(lines, c)
			}
		}
		needs, command = lines, strings.Join(lines, "\n")
	case tableNode:
		command = taskCommand(v)
		needs = v.strings("deps")
		needs = append(needs, v.strings("composite")...)
		needs = append(needs, v.strings("sequence")...)
		needs = append(needs, v.strings("chain")...)
	default:
		command = v.text
	}
	m.script(f.key, command, f.line, needs...)
}

// taskCommand returns the command of a task's table.
func taskCommand(v *node) string {
	for _, key := range [...]string{"cmd", "shell", "call", "script", "reference", "expr"} {
		if lines := v.strings(key); len(lines) > 0 {
			return strings.Join(lines, " ")
		}
	}
	for _, key := range [...]string{"composite", "sequence", "chain"} {
		if lines := v.strings(key); len(lines) > 0 {
			return strings.Join(lines, "\n")
		}
	}
	return ""
}

// toxNative reads one environment of tox's own TOML form.
func toxNative(m *Manifest, name string, line int, env *node) {
	requirements(m, env.list("deps"), Test)
	var lines []string
	for _, c := range env.list("commands") {
		if words := c.node.strings(); len(words) > 0 {
			lines = append(lines, strings.Join(words, " "))
		}
	}
	m.script(name, strings.Join(lines, "\n"), line)
}
