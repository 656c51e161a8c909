package manifest

// readCargo reads Cargo.toml. A dependency inherited from the workspace has the
// version "workspace" until Resolve. Fields: "edition", "rust-version".
func readCargo(m *Manifest, src string) error {
	doc, err := readTOML(src)
	m.Name, m.Version = doc.str("package", "name"), doc.str("package", "version")
	m.field("edition", doc.str("package", "edition"))
	m.field("rust-version", doc.str("package", "rust-version"))
	cargoTables(m, &doc)
	for _, target := range doc.table("target") {
		cargoTables(m, &target.node)
	}
	for _, f := range doc.table("workspace", "dependencies") {
		m.Managed = append(m.Managed, cargoDependency(f, Runtime))
	}
	m.Workspaces = doc.strings("workspace", "members")
	if err != nil {
		return err
	}
	return nil
}

func cargoTables(m *Manifest, n *node) {
	for i, key := range [...]string{"dependencies", "dev-dependencies", "build-dependencies"} {
		scope := Dev
		if i == 0 {
			scope = Runtime
		}
		for _, f := range n.table(key) {
			m.Dependencies = append(m.Dependencies, cargoDependency(f, scope))
		}
	}
}

// cargoDependency reads name = "version" or name = {version, package, optional}.
func cargoDependency(f field, scope Scope) Dependency {
	d := Dependency{Ecosystem: Cargo, Name: f.key, Version: f.node.text, Scope: scope, Line: f.line}
	if f.node.kind != tableNode {
		return d
	}
	if p := f.node.str("package"); p != "" {
		d.Name = p
	}
	d.Version = f.node.str("version")
	if f.node.str("workspace") == "true" {
		d.Version = "workspace"
	}
	if f.node.str("optional") == "true" {
		d.Scope = Dev
	}
	return d
}
