package manifest_test

import (
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"milepost/rules/manifest"
)

var update = flag.Bool("update", false, "write the golden listings anew")

// golden is the file of a fixture that lists what is read from the others.
const golden = "golden"

func TestFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			t.Parallel()
			a, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var b strings.Builder
			var ms []manifest.Manifest
			want := ""
			at := len(a.Files)
			for i, f := range a.Files {
				if f.Name == golden {
					want, at = string(f.Data), i
					continue
				}
				if !manifest.Recognise(f.Name) {
					fmt.Fprintf(&b, "%s is no manifest\n", f.Name)
					continue
				}
				m, err := manifest.Parse(f.Name, f.Data)
				if err != nil {
					fmt.Fprintf(&b, "error %v\n", err)
				}
				ms = append(ms, m)
			}
			for _, m := range manifest.Resolve(ms) {
				list(&b, m)
			}
			if *update {
				a.Files = append(a.Files[:at:at], txtar.File{Name: golden, Data: []byte(b.String())})
				if err := os.WriteFile(file, txtar.Format(a), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(want, b.String()); diff != "" {
				t.Errorf("listing (-want +got):\n%s", diff)
			}
		})
	}
}

// list writes a manifest, one fact a line.
func list(b *strings.Builder, m manifest.Manifest) {
	fmt.Fprintf(b, "%s: %s %s", m.Path, m.Kind, m.Ecosystem)
	for _, part := range [][2]string{{"name", m.Name}, {"version", m.Version}, {"parent", m.Parent}, {"root", m.Root}} {
		if part[1] != "" {
			fmt.Fprintf(b, " %s=%s", part[0], part[1])
		}
	}
	b.WriteByte('\n')
	dep := func(what string, d manifest.Dependency) {
		fmt.Fprintf(b, "  %s %d %s %s", what, d.Line, d.Scope, d.Name)
		if d.Extras != "" {
			fmt.Fprintf(b, "[%s]", d.Extras)
		}
		if d.Version != "" {
			fmt.Fprintf(b, " %q", d.Version)
		}
		if d.From != "" {
			fmt.Fprintf(b, " from %s", d.From)
		}
		b.WriteByte('\n')
	}
	for _, group := range []struct {
		what string
		deps []manifest.Dependency
	}{{"dependency", m.Dependencies}, {"indirect", m.Indirect}, {"managed", m.Managed}, {"plugin", m.Plugins}} {
		for _, d := range group.deps {
			dep(group.what, d)
		}
	}
	for _, s := range m.Scripts {
		fmt.Fprintf(b, "  script %d %s %q", s.Line, s.Name, s.Command)
		if len(s.Needs) > 0 {
			fmt.Fprintf(b, " needs %s", strings.Join(s.Needs, " "))
		}
		b.WriteByte('\n')
	}
	for _, w := range m.Workspaces {
		fmt.Fprintf(b, "  workspace %s\n", w)
	}
	for _, r := range m.References {
		fmt.Fprintf(b, "  reference %s\n", r)
	}
	for _, a := range m.Aliases {
		fmt.Fprintf(b, "  alias %s\n", a.Name)
		for _, d := range a.Targets {
			b.WriteString("  ")
			dep("target", d)
		}
	}
	for _, i := range m.Includes {
		fmt.Fprintf(b, "  include %d %s\n", i.Line, i.Path)
	}
	for _, k := range slices.Sorted(maps.Keys(m.Fields)) {
		fmt.Fprintf(b, "  field %s=%q\n", k, m.Fields[k])
	}
	for _, k := range slices.Sorted(maps.Keys(m.Properties)) {
		fmt.Fprintf(b, "  property %s=%q\n", k, m.Properties[k])
	}
}

func TestRecognise(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"package.json": true, "a/b/Package.json": true, "package-lock.json": false,
		"requirements.txt": true, "requirements-dev.txt": true, "dev-requirements.txt": true, "requirements/base.txt": true,
		"reqs/prod.txt": true, "notes.txt": false, "requirements.md": false, "REQUIREMENTS.TXT": true,
		"pom.xml": true, "app/build.gradle.kts": true, "gradle/libs.versions.toml": true, "main.kts": false,
		"Gemfile": true, "gemfile": true, "Gemfile.lock": false, "x.gemspec": true,
		"src/Api/Api.csproj": true, "Directory.Packages.props": true, "Makefile": true, "makefile": true, "rules.mk": true,
		"project/Dependencies.scala": true, "src/Dependencies.scala": false, "": false, "/": false,
	} {
		if got := manifest.Recognise(path); got != want {
			t.Errorf("Recognise(%q) = %v, want %v", path, got, want)
		}
	}
}

func TestLockFile(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]manifest.Ecosystem{
		"a/package-lock.json": manifest.NPM, "pnpm-lock.yaml": manifest.NPM, "poetry.lock": manifest.PyPI, "Gemfile.lock": manifest.Gem,
		"composer.lock": manifest.Composer, "go.sum": manifest.Go, "Cargo.lock": manifest.Cargo, "mix.lock": manifest.Hex,
		"packages.lock.json": manifest.NuGet, "package.json": "", "lock": "",
	} {
		got, ok := manifest.LockFile(path)
		if got != want || ok != (want != "") {
			t.Errorf("LockFile(%q) = %q, %v, want %q", path, got, ok, want)
		}
	}
}

// names returns the names of the dependencies.
func names(m manifest.Manifest) []string {
	var out []string
	for _, d := range m.Dependencies {
		out = append(out, d.Name)
	}
	return out
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	wide := func(s string, mark, big bool) []byte {
		var b []byte
		units := utf16.Encode([]rune(s))
		if mark {
			units = append([]uint16{0xFEFF}, units...)
		}
		for _, u := range units {
			if big {
				b = append(b, byte(u>>8), byte(u))
			} else {
				b = append(b, byte(u), byte(u>>8))
			}
		}
		return b
	}
	const src = "flask==3.0\r\n# django\r\nSQLAlchemy>=2\r\n"
	for name, content := range map[string][]byte{
		"utf-8 with mark": append([]byte{0xEF, 0xBB, 0xBF}, src...),
		"crlf":            []byte(src),
		"cr alone":        []byte(strings.ReplaceAll(src, "\r\n", "\r")),
		"utf-16le":        wide(src, true, false),
		"utf-16be":        wide(src, true, true),
		"utf-16le bare":   wide(src, false, false),
		"utf-16be bare":   wide(src, false, true),
	} {
		m, err := manifest.Parse("requirements.txt", content)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := []manifest.Dependency{
			{Ecosystem: manifest.PyPI, Name: "flask", Version: "==3.0", Line: 1},
			{Ecosystem: manifest.PyPI, Name: "sqlalchemy", Version: ">=2", Line: 3},
		}
		if diff := cmp.Diff(want, m.Dependencies); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	m, err := manifest.Parse("package.json", []byte("{\"dependencies\": {\"a\xff\": \"1\", \"b\": \"1\x00\"}}"))
	if err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"a\uFFFD", "b"}, names(m)); diff != "" {
		t.Errorf("invalid UTF-8 (-want +got):\n%s", diff)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat(`{"a":`, 100_000)
	for _, tt := range []struct {
		path, content, want string
	}{
		{"package.json", "", "package.json:1:1: the file is empty"},
		{"package.json", "{\n  \"name\": \"x\"\n  \"version\": \"1\"\n}", "package.json:3:3: a comma is missing before this"},
		{"package.json", "{\n  \"dependencies\": {\"express\": \"4\",},\n}", "package.json:2:34: there is a comma after the last element"},
		{"package.json", "{\n  // no\n}", "package.json:2:3: JSON has no comments; remove this one"},
		{"package.json", "{\"a\": \"b", "package.json:1:9: the string is not closed"},
		{"package.json", deep, "package.json:1:1001: the document is nested too deeply"},
		{"pom.xml", "<project>\n<a></b></project>", "pom.xml:2:4: </b> closes nothing that is open"},
		{"pom.xml", "<project>\n <a>", "pom.xml:2:5: <a> of line 2 is not closed"},
		{"pom.xml", strings.Repeat("<a>", 1000), "pom.xml:1:601: the document is nested too deeply"},
		{"pyproject.toml", "[project\nname = 'x'", "pyproject.toml:1:9: the table's name is not closed by a bracket"},
		{"pyproject.toml", "x = " + strings.Repeat("[", 1000), "pyproject.toml:1:205: the document is nested too deeply"},
		{"environment.yml", "a: [", "environment.yml:1: this is no valid YAML: did not find expected node content"},
		{"package.json", strings.Repeat(" ", manifest.MaxSize+1), "package.json: the file has 2097153 bytes, more than the 2097152 that are read"},
		{"README.md", "x", "README.md: this is no manifest that is known by its name"},
	} {
		_, err := manifest.Parse(tt.path, []byte(tt.content))
		var e *manifest.Error
		if !errors.As(err, &e) {
			t.Errorf("Parse(%q) = %v, want an *Error", tt.path, err)
			continue
		}
		if e.Error() != tt.want {
			t.Errorf("Parse(%q, %.40q) = %q, want %q", tt.path, tt.content, e, tt.want)
		}
	}
}

func TestBestEffort(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		path, content string
		want          []string
	}{
		{"package.json", "{\"dependencies\": {\n<<<<<<< HEAD\n\"a\": \"1\",\n=======\n\"b\": \"2\"\n>>>>>>> x\n, \"c\": \"3\"}}", []string{"a", "b", "c"}},
		{"package.json", "{\"dependencies\": {\"a\": \"1\", \"b\": \"2", []string{"a", "b"}},
		{"pom.xml", "<project><dependencies><dependency><artifactId>a</artifactId><groupId>g</groupId></dependency><x></dependencies>", []string{"g:a"}},
		{"Cargo.toml", "[dependencies]\na = \"1\"\n???\nb = \"2\"\n", []string{"a", "b"}},
		{"build.gradle", "dependencies {\n  implementation 'g:a:1'\n  implementation('g:b:1'\n  implementation 'g:c:1'\n}\n", []string{"g:a", "g:b", "g:c"}},
		{"Gemfile", "gem 'a'\ngem('b'\ngem 'c'\n", []string{"a", "b", "c"}},
	} {
		m, err := manifest.Parse(tt.path, []byte(tt.content))
		if err == nil && !strings.Contains(tt.path, "radle") && tt.path != "Gemfile" {
			t.Errorf("Parse(%q): no error", tt.path)
		}
		if diff := cmp.Diff(tt.want, names(m)); diff != "" {
			t.Errorf("Parse(%q, %q) (-want +got):\n%s", tt.path, tt.content, diff)
		}
	}
}

// TestLimits reads long repetitions that ask for work or memory out of proportion;
// what comes back is bounded.
func TestLimits(t *testing.T) {
	t.Parallel()
	for path, piece := range map[string]string{
		"requirements.txt": "a\n",
		"package.json":     `{"dependencies":{"a":"1",`,
		"go.mod":           "require a v1\n",
		"pom.xml":          "<a><!-- -->b",
		"setup.py":         "install_requires=[",
		"pyproject.toml":   "[a.b.c]\n[[d]]\n",
		"build.gradle":     "dependencies { implementation(platform(",
		"Gemfile":          "%w[",
		"mix.exs":          "~s(",
		"Makefile":         "A=$(A)$(A)\na b c d:\n\t$(A)\n",
		"build.sbt":        `"a" % "b" % `,
		"environment.yml":  "- a: &a [*a, *a]\n",
		"noxfile.py":       "@nox.session\ndef \"\"\n",
		"settings.gradle":  "include ':a',\n",
	} {
		m, _ := manifest.Parse(path, []byte(strings.Repeat(piece, 200_000/max(1, len(piece)))))
		for what, n := range map[string]int{"dependencies": len(m.Dependencies), "scripts": len(m.Scripts), "plugins": len(m.Plugins)} {
			if n > 20_000 {
				t.Errorf("%s: %d %s", path, n, what)
			}
		}
		size := 0
		for _, s := range m.Scripts {
			size += len(s.Command)
		}
		if size > 64<<20 {
			t.Errorf("%s: %d bytes of commands", path, size)
		}
		manifest.Resolve([]manifest.Manifest{m})
	}
}
