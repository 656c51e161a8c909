package manifest_test

import (
	"errors"
	"path/filepath"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"milepost/rules/manifest"
)

// fixtures calls f with every file of the fixtures.
func fixtures(tb testing.TB, f func(path string, content []byte)) {
	tb.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		tb.Fatalf("no fixtures: %v", err)
	}
	for _, file := range files {
		a, err := txtar.ParseFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		for _, e := range a.Files {
			if e.Name != golden {
				f(e.Name, e.Data)
			}
		}
	}
}

// FuzzParse checks that nothing makes a reader panic or report a line that the
// file does not have, that errors are of the documented type, and that joining
// what was read with a sibling works.
func FuzzParse(f *testing.F) {
	fixtures(f, func(path string, content []byte) { f.Add(path, content) })
	f.Add("requirements.txt", []byte("\xff\xfef\x00l\x00a\x00s\x00k\x00"))
	f.Add("Gemfile", []byte("%w[a\n%q(\n=begin"))
	f.Add("mix.exs", []byte("defp deps do [{:a, ~s(x), only: test:}] ~r/x"))
	f.Add("build.gradle.kts", []byte("dependencies { implementation(\"${\"a\"}:b\") /* /* */"))
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		m, err := manifest.Parse(path, content)
		var e *manifest.Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("%v is no *Error", err)
		}
		if !manifest.Recognise(path) && err == nil {
			t.Fatal("an unknown name has no error")
		}
		lines := 1
		for _, c := range content {
			if c == '\n' || c == '\r' {
				lines++
			}
		}
		deps := append(append([]manifest.Dependency(nil), m.Dependencies...), m.Managed...)
		for _, d := range deps {
			if d.Name == "" || !utf8.ValidString(d.Name) {
				t.Errorf("dependency with the name %q", d.Name)
			}
			if d.Line < 0 || d.Line > lines && utf8.Valid(content) {
				t.Errorf("dependency %q in line %d of %d", d.Name, d.Line, lines)
			}
		}
		joined := manifest.Resolve([]manifest.Manifest{m, {Path: "a/" + path, Kind: m.Kind, Ecosystem: m.Ecosystem, Parent: m.Name, Dependencies: m.Managed}})
		if len(joined) != 2 {
			t.Fatalf("%d manifests of 2", len(joined))
		}
	})
}
