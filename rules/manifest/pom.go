package manifest

import "strings"

// readPom reads Maven's manifest. Names and versions may hold ${properties} until
// Resolve. Fields: "packaging".
func readPom(m *Manifest, src string) error {
	project, err := readXML(src)
	if p := project.kid("parent"); p.name != "" {
		m.Parent = coordinate(p.kid("groupId").text, p.kid("artifactId").text)
		m.property("project.parent.version", p.kid("version").text)
		m.property("project.parent.groupId", p.kid("groupId").text)
	}
	group, version := project.kid("groupId").text, project.kid("version").text
	if group == "" {
		group = project.kid("parent", "groupId").text
	}
	if version == "" {
		version = project.kid("parent", "version").text
	}
	m.Name, m.Version = coordinate(group, project.kid("artifactId").text), version
	m.field("packaging", project.kid("packaging").text)
	for _, name := range [...]string{"project", "pom"} {
		m.property(name+".groupId", group)
		m.property(name+".artifactId", project.kid("artifactId").text)
		m.property(name+".version", version)
	}
	pomProfile(m, &project)
	for i := range project.kid("profiles").kids {
		pomProfile(m, &project.kid("profiles").kids[i])
	}
	if err != nil {
		return err
	}
	return nil
}

// pomProfile reads what a project and each of its profiles may hold.
func pomProfile(m *Manifest, e *element) {
	for _, p := range e.kid("properties").kids {
		m.property(p.name, p.text)
	}
	for _, k := range e.kid("modules").kids {
		m.Workspaces = append(m.Workspaces, strings.ReplaceAll(k.text, `\`, "/"))
	}
	for i := range e.kid("dependencies").kids {
		if d, ok := pomDependency(&e.kid("dependencies").kids[i]); ok {
			m.Dependencies = append(m.Dependencies, d)
		}
	}
	managed := e.kid("dependencyManagement", "dependencies").kids
	for i := range managed {
		if d, ok := pomDependency(&managed[i]); ok {
			m.Managed = append(m.Managed, d)
		}
	}
	plugins := e.kid("build", "plugins").kids
	for i := range plugins {
		group := plugins[i].kid("groupId").text
		if group == "" {
			group = "org.apache.maven.plugins"
		}
		m.plugin(coordinate(group, plugins[i].kid("artifactId").text), plugins[i].kid("version").text, plugins[i].line)
	}
}

// pomDependency reads one <dependency>. Its scope is Runtime for what is compiled
// against ("compile", "provided", "runtime", "system"), Dev when it is optional
// or a BOM.
func pomDependency(e *element) (Dependency, bool) {
	d := Dependency{
		Ecosystem: Maven, Line: e.line, Version: e.kid("version").text,
		Name: coordinate(e.kid("groupId").text, e.kid("artifactId").text),
	}
	switch scope := e.kid("scope").text; {
	case scope == "test":
		d.Scope = Test
	case scope == "import" || e.kid("optional").text == "true":
		d.Scope = Dev
	}
	return d, d.Name != "" && e.name == "dependency"
}

// coordinate joins group and artifact; "" without an artifact.
func coordinate(group, artifact string) string {
	if artifact == "" {
		return ""
	}
	return group + ":" + artifact
}
