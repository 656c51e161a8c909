package manifest

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// MaxSize is the largest manifest, in bytes, that [Parse] reads.
const MaxSize = 2 << 20

// maxDepth bounds the nesting of documents and of blocks.
const maxDepth = 200

// maxDeclared bounds the dependencies, and the scripts, taken from one file.
const maxDeclared = 20_000

// maxCommand bounds the bytes of a line joined from several, and of a command
// gathered line by line.
const maxCommand = 8 << 10

// Ecosystem is the family of packages that a name belongs to.
type Ecosystem string

// The ecosystems. Gradle, Maven and sbt share coordinates and are all [Maven].
const (
	NPM      Ecosystem = "npm"
	PyPI     Ecosystem = "pypi"
	Maven    Ecosystem = "maven"
	Gem      Ecosystem = "gem"
	Composer Ecosystem = "composer"
	NuGet    Ecosystem = "nuget"
	Go       Ecosystem = "go"
	Cargo    Ecosystem = "cargo"
	Hex      Ecosystem = "hex"
)

// Scope says what a dependency is needed for.
type Scope uint8

// Runtime is what the program itself uses; Test is known to be for tests alone;
// Dev is anything else that is not the program's own: development and build
// tools, optional and peer dependencies.
const (
	Runtime Scope = iota
	Dev
	Test
)

// String returns "runtime", "dev" or "test".
func (s Scope) String() string {
	switch s {
	case Runtime:
		return "runtime"
	case Dev:
		return "dev"
	case Test:
		return "test"
	}
	return fmt.Sprintf("Scope(%d)", uint8(s))
}

// Dependency is one declared package.
type Dependency struct {
	Ecosystem Ecosystem
	// Name is normalised by ecosystem: npm, gem, cargo and hex names as they are,
	// PyPI lower-case with "-" for "_" and ".", Maven "group:artifact" (sbt without
	// the Scala suffix), Composer "vendor/name" and NuGet lower-case, Go the module
	// path. An npm alias keeps the name it is imported by, a Cargo rename the
	// crate's own name. Before Resolve, a Gradle catalogue reference is
	// its accessor, such as "libs.spring.boot.starter.web".
	Name    string
	Version string // as written, "" when not given here
	Scope   Scope
	Line    int    // 1-based line in the manifest, or in From; 0 when unknown
	Extras  string // PyPI extras, comma-separated, such as "bcrypt" of passlib[bcrypt]
	From    string // path of the manifest that declares it, "" for the manifest that lists it
}

// Script is a named command of the project.
type Script struct {
	Name    string
	Command string   // one command line, or several joined by "\n"
	Line    int      // 1-based line of the name; 0 when unknown
	Needs   []string // scripts of the same file that run before it (make, just, task, rake, poe)
}

// Alias is a short name under which a shared list offers dependencies: an entry
// of a Gradle version catalogue ("libs.foo.bar", "libs.bundles.db",
// "libs.plugins.boot"), of a pnpm catalogue ("catalog:react",
// "catalog:legacy/react"), or of a map in a Gradle script.
type Alias struct {
	Name    string
	Targets []Dependency
}

// Include is a reference to another file of the same repository that belongs to
// this manifest (pip's -r, Gradle's "apply from", eval_gemfile), relative to the
// repository's root.
type Include struct {
	Path string
	Line int
}

// Manifest is what one file declares.
type Manifest struct {
	Path string // as given to Parse: slash-separated, relative to the repository's root
	// Kind is the sort of file: "package.json", "requirements", "pyproject",
	// "pipfile", "setup.py", "setup.cfg", "environment.yml", "pom.xml",
	// "build.gradle", "build.gradle.kts", "settings.gradle", "gradle.properties",
	// "libs.versions.toml", "go.mod", "go.work", "Gemfile", "gemspec", "Rakefile",
	// "composer.json", "csproj", "Directory.Packages.props",
	// "Directory.Build.props", "packages.config", "Cargo.toml", "mix.exs",
	// "build.sbt", "Makefile", "justfile", "Taskfile", "tox.ini", "noxfile",
	// "deno.json", "pnpm-workspace.yaml" or "lerna.json".
	Kind          string
	Ecosystem     Ecosystem // "" for task files that belong to none
	Name, Version string    // of the project itself

	Dependencies []Dependency
	// Indirect are dependencies listed only because others need them ("// indirect"
	// in go.mod). A go.mod with nothing but such lines was never tidied; its
	// requirements are Dependencies.
	Indirect []Dependency
	// Managed are versions offered to whoever declares the package, no declaration
	// by themselves: Maven's dependencyManagement and BOMs, Gradle platforms,
	// Directory.Packages.props, Cargo's workspace.dependencies.
	Managed []Dependency
	Scripts []Script
	// Workspaces are the members as written: npm, pnpm and yarn globs, Maven
	// modules, Gradle includes (as paths), Cargo and uv members, go.work uses.
	Workspaces []string
	// References are other projects of the repository that this one uses: project
	// references of a csproj (as relative paths), Gradle's project(":a:b") (as "a/b").
	References []string
	// Plugins are build plugins: of Gradle by id, of Maven and sbt by coordinates
	// (an sbt plugin that is only enabled by its object's name), the SDK of a csproj.
	Plugins    []Dependency
	Parent     string            // Maven parent, "group:artifact"
	Properties map[string]string // Maven properties, Gradle variables and ext where plainly written
	Fields     map[string]string // notable scalars, see the readers
	Aliases    []Alias
	Includes   []Include
	Root       string // after Resolve: path of the workspace root's manifest that this one is a member of
}

// Error is a manifest that cannot be read as it stands: the file, the 1-based
// line and column (0 when unknown), and one sentence.
type Error struct {
	Path         string
	Line, Column int
	Msg          string
}

// Error returns "path:line:column: message", without the parts that are unknown.
func (e *Error) Error() string {
	switch {
	case e.Line == 0:
		return e.Path + ": " + e.Msg
	case e.Column == 0:
		return fmt.Sprintf("%s:%d: %s", e.Path, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.Path, e.Line, e.Column, e.Msg)
}

// Parse reads the manifest at path (slash-separated, relative to the
// repository's root). The kind follows from the path alone, as in [Recognise].
// When it returns an error, always an *Error, the Manifest still holds what
// could be read: everything before the fault and, where the format allows it, after.
func Parse(path string, content []byte) (Manifest, error) {
	m := Manifest{Path: path}
	f, ok := lookup(path)
	if !ok {
		return m, &Error{Path: path, Msg: "this is no manifest that is known by its name"}
	}
	m.Kind, m.Ecosystem = f.kind, f.eco
	if len(content) > MaxSize {
		return m, &Error{Path: path, Msg: fmt.Sprintf("the file has %d bytes, more than the %d that are read", len(content), MaxSize)}
	}
	err := f.read(&m, text(content))
	for _, list := range [...]*[]Dependency{&m.Dependencies, &m.Indirect, &m.Managed, &m.Plugins} {
		*list = (*list)[:min(len(*list), maxDeclared)]
	}
	if err == nil {
		return m, nil
	}
	e := &Error{Msg: err.Error()}
	errors.As(err, &e)
	e.Path = path
	return m, e
}

// field records a notable scalar; empty values are not notable.
func (m *Manifest) field(key, value string) {
	if value == "" {
		return
	}
	if m.Fields == nil {
		m.Fields = make(map[string]string, 8)
	}
	m.Fields[key] = value
}

// property records a variable; the first one wins for scripts where a later
// assignment usually stands in another branch.
func (m *Manifest) property(key, value string) {
	if key == "" {
		return
	}
	if m.Properties == nil {
		m.Properties = make(map[string]string, 8)
	}
	if _, ok := m.Properties[key]; !ok {
		m.Properties[key] = value
	}
}

// depend records a dependency of the manifest's own ecosystem.
func (m *Manifest) depend(name, version string, scope Scope, line int) {
	if name != "" && len(m.Dependencies) < maxDeclared {
		m.Dependencies = append(m.Dependencies, Dependency{Ecosystem: m.Ecosystem, Name: name, Version: version, Scope: scope, Line: line})
	}
}

// plugin records a build plugin.
func (m *Manifest) plugin(name, version string, line int) {
	if name != "" {
		m.Plugins = append(m.Plugins, Dependency{Ecosystem: m.Ecosystem, Name: name, Version: version, Scope: Dev, Line: line})
	}
}

// script records a named command and returns its index, -1 when there is no name
// or no room.
func (m *Manifest) script(name, command string, line int, needs ...string) int {
	if name == "" || len(m.Scripts) >= maxDeclared {
		return -1
	}
	m.Scripts = append(m.Scripts, Script{Name: name, Command: command, Line: line, Needs: needs})
	return len(m.Scripts) - 1
}

// include records another file, written relative to this manifest.
func (m *Manifest) include(file string, line int) {
	if p := relative(m.Path, file); p != "" {
		m.Includes = append(m.Includes, Include{Path: p, Line: line})
	}
}

// relative returns file, as written in the manifest at base, as a path from the
// repository's root; "" when it is absolute, a URL, or leaves the repository.
func relative(base, file string) string {
	file = strings.ReplaceAll(strings.TrimSpace(file), `\`, "/")
	if file == "" || file[0] == '/' || strings.Contains(file, ":") {
		return ""
	}
	p := path.Join(path.Dir(base), file)
	if p == ".." || strings.HasPrefix(p, "../") {
		return ""
	}
	return p
}
