package manifest

import "strings"

// jsonDocument reads strict JSON: what a lenient reader would allow is reported,
// after everything was read.
func jsonDocument(src string) (node, error) {
	doc, err, loose := readJSON(src)
	switch {
	case err != nil:
		return doc, err
	case loose != nil:
		return doc, loose
	}
	return doc, nil
}

// readPackageJSON reads npm's manifest. Fields: "main", "module", "type", "bin",
// "homepage", "packageManager", "private", "proxy", "engines.node",
// "prisma.schema", "prisma.seed"; and "jest", "nodemonConfig", "eslintConfig",
// "mocha", "ava", "husky", "lint-staged", "prettier", "babel" as "1" where present.
func readPackageJSON(m *Manifest, src string) error {
	doc, err := jsonDocument(src)
	m.Name, m.Version = doc.str("name"), doc.str("version")
	for _, group := range [...]struct {
		key   string
		scope Scope
	}{
		{"dependencies", Runtime}, {"devDependencies", Dev}, {"optionalDependencies", Dev}, {"peerDependencies", Dev},
	} {
		for _, f := range doc.table(group.key) {
			if f.key != "" && !strings.HasPrefix(f.key, "//") {
				m.depend(f.key, f.node.text, group.scope, f.line)
			}
		}
	}
	for _, f := range doc.table("scripts") {
		if f.node.kind == stringNode {
			m.script(f.key, f.node.text, f.line)
		}
	}
	m.Workspaces = doc.strings("workspaces")
	if m.Workspaces == nil {
		m.Workspaces = doc.strings("workspaces", "packages")
	}
	catalogues(m, doc.get("workspaces"))
	catalogues(m, &doc)
	for _, key := range [...]string{"main", "module", "type", "homepage", "packageManager", "private", "proxy"} {
		m.field(key, doc.str(key))
	}
	m.field("engines.node", doc.str("engines", "node"))
	m.field("prisma.schema", doc.str("prisma", "schema"))
	m.field("prisma.seed", doc.str("prisma", "seed"))
	m.field("bin", doc.str("bin"))
	for _, f := range doc.table("bin") {
		m.field("bin", f.node.text)
		break
	}
	for _, key := range [...]string{"jest", "nodemonConfig", "eslintConfig", "mocha", "ava", "husky", "lint-staged", "prettier", "babel"} {
		if doc.get(key).kind != nullNode {
			m.field(key, "1")
		}
	}
	return err
}

// catalogues reads the shared versions of pnpm and bun: "catalog" is the one
// without a name, "catalogs" holds named ones.
func catalogues(m *Manifest, doc *node) {
	add := func(prefix string, fields []field) {
		for _, f := range fields {
			dep := Dependency{Ecosystem: NPM, Name: f.key, Version: f.node.text, Line: f.line}
			m.Aliases = append(m.Aliases, Alias{Name: "catalog:" + prefix + f.key, Targets: []Dependency{dep}})
		}
	}
	add("", doc.table("catalog"))
	for _, c := range doc.table("catalogs") {
		prefix := c.key + "/"
		if c.key == "default" {
			prefix = ""
		}
		add(prefix, c.node.table())
	}
}

// readLerna reads the members of a lerna.json.
func readLerna(m *Manifest, src string) error {
	doc, err := jsonDocument(src)
	m.Version = doc.str("version")
	m.Workspaces = doc.strings("packages")
	return err
}

// readDeno reads deno.json and deno.jsonc: imports of npm: and jsr: packages are
// dependencies (jsr's as "@jsr/scope__name", its name on npm), tasks are scripts.
// Comments are allowed in both.
func readDeno(m *Manifest, src string) error {
	doc, err, _ := readJSON(src)
	m.Name, m.Version = doc.str("name"), doc.str("version")
	for _, f := range doc.table("imports") {
		spec := f.node.text
		switch {
		case strings.HasPrefix(spec, "npm:"):
			name, version := atVersion(strings.TrimPrefix(spec[4:], "/"))
			m.depend(name, version, Runtime, f.line)
		case strings.HasPrefix(spec, "jsr:"):
			name, version := atVersion(strings.TrimPrefix(spec[4:], "/"))
			name = "@jsr/" + strings.ReplaceAll(strings.TrimPrefix(name, "@"), "/", "__")
			m.depend(name, version, Runtime, f.line)
		}
	}
	for _, f := range doc.table("tasks") {
		command := f.node.text
		if f.node.kind == tableNode {
			command = f.node.str("command")
		}
		m.script(f.key, command, f.line, f.node.strings("dependencies")...)
	}
	m.Workspaces = doc.strings("workspace")
	if m.Workspaces == nil {
		m.Workspaces = doc.strings("workspace", "members")
	}
	if err != nil {
		return err
	}
	return nil
}

// atVersion splits "name@version/path" or "@scope/name@version/path" into name and version.
func atVersion(spec string) (name, version string) {
	end := len(spec)
	slashes := 1
	if strings.HasPrefix(spec, "@") {
		slashes = 2
	}
	for i := range len(spec) {
		if spec[i] == '/' {
			if slashes--; slashes == 0 {
				end = i
				break
			}
		}
	}
	spec = spec[:end]
	if i := strings.LastIndexByte(spec, '@'); i > 0 {
		return spec[:i], spec[i+1:]
	}
	return spec, ""
}

// readComposer reads PHP's manifest; platform packages (php, ext-*) are no
// dependencies. Fields: "php" (the version asked for), "type", "homepage".
func readComposer(m *Manifest, src string) error {
	doc, err := jsonDocument(src)
	m.Name, m.Version = strings.ToLower(doc.str("name")), doc.str("version")
	for i, key := range [...]string{"require", "require-dev"} {
		scope := [...]Scope{Runtime, Dev}[i]
		for _, f := range doc.table(key) {
			if f.key == "php" {
				m.field("php", f.node.text)
			}
			if strings.Contains(f.key, "/") {
				m.depend(strings.ToLower(f.key), f.node.text, scope, f.line)
			}
		}
	}
	for _, f := range doc.table("scripts") {
		if c := f.node.strings(); len(c) > 0 {
			m.script(f.key, strings.Join(c, "\n"), f.line)
		}
	}
	m.field("type", doc.str("type"))
	m.field("homepage", doc.str("homepage"))
	return err
}
