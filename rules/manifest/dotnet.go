package manifest

import "strings"

// readMSBuild reads project files (csproj, fsproj, vbproj) and the two shared
// files Directory.Build.props and Directory.Packages.props. In a test project
// every package is for tests. Fields: "Sdk", "TargetFramework", "OutputType",
// "UserSecretsId", "IsTestProject".
func readMSBuild(m *Manifest, src string) error {
	project, err := readXML(src)
	sdk := project.attr("Sdk")
	line := project.line
	for i := range project.kids {
		if k := &project.kids[i]; k.name == "Sdk" && sdk == "" {
			sdk, line = k.attr("Name"), k.line
		}
	}
	if name, version, _ := strings.Cut(sdk, "/"); name != "" {
		m.field("Sdk", name)
		m.plugin(strings.ToLower(name), version, line)
	}
	test := false
	for i := range project.kids {
		group := &project.kids[i]
		for j := range group.kids {
			switch item := &group.kids[j]; group.name {
			case "PropertyGroup":
				m.property(item.name, item.text)
			case "ItemGroup":
				test = msbuildItem(m, item) || test
			}
		}
	}
	m.Version = m.Properties["Version"]
	m.Name = m.Properties["AssemblyName"]
	m.field("TargetFramework", m.Properties["TargetFramework"])
	m.field("TargetFramework", m.Properties["TargetFrameworks"])
	for _, key := range [...]string{"OutputType", "UserSecretsId", "IsTestProject"} {
		m.field(key, m.Properties[key])
	}
	if test || strings.EqualFold(m.Properties["IsTestProject"], "true") {
		for i := range m.Dependencies {
			m.Dependencies[i].Scope = Test
		}
	}
	if err != nil {
		return err
	}
	return nil
}

// msbuildItem reads one item and reports whether it marks a test project.
func msbuildItem(m *Manifest, item *element) bool {
	name := item.attr("Include")
	if name == "" {
		name = item.attr("Update")
	}
	if strings.TrimSpace(name) == "" {
		return false
	}
	scope := Runtime
	if strings.EqualFold(item.value("PrivateAssets"), "all") {
		scope = Dev
	}
	version := item.value("Version")
	if v := item.value("VersionOverride"); v != "" {
		version = v
	}
	id := strings.ToLower(strings.TrimSpace(name))
	switch item.name {
	case "PackageReference":
		m.depend(id, version, scope, item.line)
		return id == "microsoft.net.test.sdk"
	case "FrameworkReference":
		m.depend(id, "", Runtime, item.line)
	case "GlobalPackageReference":
		m.depend(id, version, Dev, item.line)
	case "PackageVersion":
		m.Managed = append(m.Managed, Dependency{Ecosystem: NuGet, Name: id, Version: version, Line: item.line})
	case "ProjectReference":
		if p := relative(m.Path, name); p != "" {
			m.References = append(m.References, p)
		}
	}
	return false
}

// readPackagesConfig reads the older list of NuGet packages.
func readPackagesConfig(m *Manifest, src string) error {
	doc, err := readXML(src)
	for i := range doc.kids {
		p := &doc.kids[i]
		if p.name != "package" {
			continue
		}
		scope := Runtime
		if strings.EqualFold(p.attr("developmentDependency"), "true") {
			scope = Dev
		}
		m.depend(strings.ToLower(p.attr("id")), p.attr("version"), scope, p.line)
	}
	if err != nil {
		return err
	}
	return nil
}
