package facts_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/snapshot"
)

func pattern(t *testing.T, p facts.Pattern) facts.Pattern {
	t.Helper()
	out, err := facts.NewPattern(p)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func matches(f facts.File, key string) []string {
	var out []string
	for _, x := range f.Facts {
		if x.Kind == facts.KindMatch && x.Name == key {
			out = append(out, fmt.Sprintf("%d-%d %s", x.Line, x.LastLine(), x.Value))
		}
	}
	return out
}

func TestPatternsSeeOnlyTheirView(t *testing.T) {
	t.Parallel()
	const src = "// app.listen(1)\nconst s = 'app.listen(2)';\napp.listen(3);\n"
	tests := map[facts.View][]string{
		facts.Code:     {"3-3 app.listen(3"},
		facts.Strings:  {"2-2 app.listen(2"},
		facts.Comments: {"1-1 app.listen(1"},
		facts.Text:     {"1-1 app.listen(1", "2-2 app.listen(2", "3-3 app.listen(3"},
	}
	for view, want := range tests {
		t.Run(string(view), func(t *testing.T) {
			t.Parallel()
			p := pattern(t, facts.Pattern{View: view, Expr: `app\.listen\(\d`})
			got := facts.NewScanner(facts.NewPatternSet([]facts.Pattern{p})).Scan("app.js", []byte(src))
			if diff := cmp.Diff(want, matches(got, p.Key())); diff != "" {
				t.Errorf("matches (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPatternOverLines(t *testing.T) {
	t.Parallel()
	src := "package x\n\nfunc main() {\n\thttp.Handle(\n\t\tpath,\n\t\thandler)\n}\n"
	p := pattern(t, facts.Pattern{Languages: []lex.Language{lex.Go}, Expr: `http\.Handle\(\s*path,\s*handler`, Lines: 3})
	got := facts.NewScanner(facts.NewPatternSet([]facts.Pattern{p})).Scan("main.go", []byte(src))
	if diff := cmp.Diff([]string{"4-6 http.Handle( path, handler"}, matches(got, p.Key())); diff == "" {
		return
	}
	if m := matches(got, p.Key()); len(m) != 1 || !strings.HasPrefix(m[0], "4-6 ") {
		t.Errorf("matches = %q, want one over lines 4 to 6", m)
	}
}

func TestPatternLimitsItsLanguages(t *testing.T) {
	t.Parallel()
	p := pattern(t, facts.Pattern{Languages: []lex.Language{lex.Python}, Expr: `listen`})
	got := facts.NewScanner(facts.NewPatternSet([]facts.Pattern{p})).Scan("app.js", []byte("listen();"))
	if m := matches(got, p.Key()); m != nil {
		t.Errorf("a Python pattern matched JavaScript: %q", m)
	}
}

func TestNewPatternRefuses(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]facts.Pattern{
		"no literal":  {Expr: `\w+\(`},
		"short":       {Expr: `ab|cd`},
		"one of many": {Expr: `listen|\d+`},
		"syntax":      {Expr: `listen(`},
		"lines":       {Expr: `listen`, Lines: 21},
	} {
		if _, err := facts.NewPattern(p); err == nil {
			t.Errorf("%s: %q was taken", name, p.Expr)
		}
	}
}

// TestPatternsAgreeWithRegexp holds the search by literals to what the expressions match line by line.
func TestPatternsAgreeWithRegexp(t *testing.T) {
	t.Parallel()
	words := []string{"save", "savepoint", "unsave", "resave(", "load", "payload", "(", ")", " ", "\n", ".", "x"}
	rng := rand.New(rand.NewPCG(1, 2))
	p := pattern(t, facts.Pattern{View: facts.Text, Expr: `\bsave\b|load\(`})
	set := facts.NewPatternSet([]facts.Pattern{p})
	for range 500 {
		var b strings.Builder
		for range 30 {
			b.WriteString(words[rng.IntN(len(words))])
		}
		want := 0
		for line := range strings.SplitSeq(b.String(), "\n") {
			if strings.Contains(line, "load(") || hasWord(line, "save") {
				want++
			}
		}
		got := facts.NewScanner(set).Scan("notes.txt", []byte(b.String()))
		lines := map[int]bool{}
		for _, f := range got.Facts {
			if f.Kind == facts.KindMatch {
				lines[f.Line] = true
			}
		}
		if len(lines) != want {
			t.Fatalf("%q: %d lines matched, want %d", b.String(), len(lines), want)
		}
	}
}

func hasWord(line, word string) bool {
	for i := 0; ; {
		j := strings.Index(line[i:], word)
		if j < 0 {
			return false
		}
		start, end := i+j, i+j+len(word)
		if (start == 0 || !wordByte(line[start-1])) && (end == len(line) || !wordByte(line[end])) {
			return true
		}
		i = start + 1
	}
}

func wordByte(b byte) bool { return b == '_' || b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

func imports(f facts.File) []string {
	var out []string
	for _, x := range f.Facts {
		switch x.Kind {
		case facts.KindImport:
			out = append(out, x.Name)
		case facts.KindLocalImport:
			out = append(out, "local "+x.Name)
		default:
		}
	}
	return out
}

func TestImports(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, src string
		want      []string
	}{
		{"a.js", "import express from 'express'\nconst m = require(\"mongoose\");\nimport './x.js'\n// import no from 'no'\nconst s = \"from 'never'\";\nexport * from '@scope/pkg/sub'\nawait import('node:fs')", []string{"express", "mongoose", "local ./x.js", "@scope/pkg", "fs"}},
		{"a.ts", "import type { A } from 'zod';\nimport {\n  B,\n} from \"@nestjs/common\";\n", []string{"zod", "@nestjs/common"}},
		{"a.py", "import os, flask_sqlalchemy as fs\nfrom fastapi import FastAPI\nfrom .models import User\n\"\"\"\nimport never\n\"\"\"\n# import no\n", []string{"os", "flask_sqlalchemy", "fastapi", "local .models"}},
		{"A.java", "package x;\nimport static org.junit.Assert.*;\nimport org.springframework.web.bind.annotation.GetMapping;\n", []string{"org.junit.Assert", "org.springframework.web.bind.annotation.GetMapping"}},
		{"a.go", "package x\n\nimport \"fmt\"\n\nimport (\n\t\"net/http\"\n\tchi \"github.com/go-chi/chi/v5\"\n)\n", []string{"fmt", "net/http", "github.com/go-chi/chi/v5"}},
		{"A.cs", "using Microsoft.EntityFrameworkCore;\nglobal using System;\nusing var x = Open();\nusing (var y = Open()) {}\n", []string{"Microsoft.EntityFrameworkCore", "System"}},
		{"a.rb", "require 'sinatra'\nrequire_relative 'lib/x'\n", []string{"sinatra", "local lib/x"}},
		{"a.php", "<?php\nuse Illuminate\\Support\\Facades\\Hash;\nuse App\\{A, B};\nrequire __DIR__ . '/db.php';\n", []string{`Illuminate\Support\Facades\Hash`, `App\A`, `App\B`, "local /db.php"}},
		{"a.rs", "use actix_web::{get, App};\nuse crate::db;\n", []string{"actix_web", "local crate::db"}},
		{"a.ex", "use Phoenix.Controller\nalias App.Repo\n", []string{"Phoenix.Controller", "App.Repo"}},
		{"a.kt", "import io.ktor.server.application.*\n", []string{"io.ktor.server.application"}},
		{"a.c", "#include <stdio.h>\n#include \"x.h\"\n", []string{"stdio.h", "local x.h"}},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, imports(facts.NewScanner(nil).Scan(tt.path, []byte(tt.src)))); diff != "" {
				t.Errorf("imports (-want +got):\n%s", diff)
			}
		})
	}
}

func TestScanBearsOddContent(t *testing.T) {
	t.Parallel()
	sc := facts.NewScanner(nil)
	utf16 := []byte{0xff, 0xfe}
	for _, r := range "import os\n" {
		utf16 = append(utf16, byte(r), 0)
	}
	if got := imports(sc.Scan("a.py", utf16)); len(got) != 1 || got[0] != "os" {
		t.Errorf("UTF-16 source: imports = %q", got)
	}
	if f := sc.Scan("a.py", []byte("x = 1\x00")); !f.Binary {
		t.Error("a NUL byte makes no binary file")
	}
	if f := sc.Scan("Dockerfile", []byte("  \n")); !f.Placeholder {
		t.Error("white space is no placeholder")
	}
	if f := sc.Scan("a.js", []byte("// Code generated by protoc. DO NOT EDIT.\nlisten()")); !f.Generated {
		t.Error("generated code was not recognised")
	}
}

func TestFactsOfAFileAreBounded(t *testing.T) {
	t.Parallel()
	src := strings.Repeat("import x from '"+strings.Repeat("y", 500)+"'\nimport a from 'a'\n", 20_000)
	f := facts.NewScanner(nil).Scan("a.js", []byte(src))
	if len(f.Facts) > 2000 {
		t.Errorf("%d facts from one file", len(f.Facts))
	}
	for _, x := range f.Facts {
		if len(x.Name) > 200 || len(x.Value) > 200 {
			t.Fatalf("a fact of %d bytes", len(x.Name)+len(x.Value))
		}
	}
}

// memory is a cache that counts what it is asked to keep.
type memory struct {
	files map[facts.Key]*facts.File
	puts  int
}

func (m *memory) Get(_ context.Context, keys []facts.Key) (map[facts.Key]*facts.File, error) {
	out := map[facts.Key]*facts.File{}
	for _, k := range keys {
		if f := m.files[k]; f != nil {
			out[k] = f
		}
	}
	return out, nil
}

func (m *memory) Put(_ context.Context, files map[facts.Key]*facts.File) error {
	for k, f := range files {
		m.files[k] = f
		m.puts++
	}
	return nil
}

func repo(files map[string]string) *snapshot.Snapshot {
	var entries []snapshot.Entry
	for p, c := range files {
		entries = append(entries, snapshot.Entry{Path: p, Blob: snapshot.BlobID([]byte(c)), Size: int64(len(c))})
	}
	return snapshot.New(entries, func(_ context.Context, e snapshot.Entry) ([]byte, error) { return []byte(files[e.Path]), nil })
}

func TestCollectReadsOnlyWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	files := map[string]string{"a.js": "import a from 'a'", "b.js": "import b from 'b'", "node_modules/x/index.js": "import no from 'no'"}
	m := &memory{files: map[facts.Key]*facts.File{}}
	for i, want := range []int{2, 0, 1} {
		if i == 2 {
			files["b.js"] = "import c from 'c'"
		}
		before := m.puts
		r, err := facts.Collect(t.Context(), repo(files), nil, facts.CollectOptions{Cache: m})
		if err != nil {
			t.Fatal(err)
		}
		if got := m.puts - before; got != want {
			t.Errorf("round %d: %d files were read, want %d", i, got, want)
		}
		if n := len(r.Hits(facts.KindImport)); n != 2 {
			t.Errorf("round %d: %d imports, want 2 (vendored ones never count)", i, n)
		}
	}
}

// TestPanicReachesTheCaller: a file that makes a scanner panic does so where the caller can catch it, not in a goroutine that would end the process.
func TestPanicReachesTheCaller(t *testing.T) {
	t.Parallel()
	var entries []snapshot.Entry
	for i := range 1000 {
		entries = append(entries, snapshot.Entry{Path: fmt.Sprintf("src/%d.js", i), Blob: fmt.Sprintf("%040d", i), Size: 1})
	}
	s := snapshot.New(entries, func(_ context.Context, e snapshot.Entry) ([]byte, error) {
		if e.Path == "src/7.js" {
			panic("boom")
		}
		return []byte("x"), nil
	})
	defer func() {
		if text := fmt.Sprint(recover()); !strings.HasPrefix(text, "scanning src/7.js: boom\n") || !strings.Contains(text, "engine_test.go") {
			t.Errorf("panicked with %.100q", text)
		}
	}()
	_, err := facts.Collect(t.Context(), s, nil, facts.CollectOptions{Workers: 4})
	t.Errorf("no panic, and %v", err)
}

func TestClasses(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"package.json": "{}", "src/app.js": "x", "dist/app.js": "x", "src/build/tool.js": "x", "build/Dockerfile": "x", "build/app.js": "x", "web/system/core/CodeIgniter.php": "x", "web/system/libraries/Cart.php": "x", "system/own.php": "x", "src/app.test.js": "x", "vendor/lib.js": "x", "api/vendor/lib.php": "x",
		"tests/a.py": "x", "examples/a.py": "x", "package-lock.json": "{}", ".venv/lib/a.py": "x", "docs/a.md": "x",
	}
	r, err := facts.Collect(t.Context(), repo(files), nil, facts.CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]facts.Class{
		"package.json": 0, "src/app.js": 0, "dist/app.js": facts.Vendored, "src/build/tool.js": 0, "build/Dockerfile": 0, "build/app.js": facts.Vendored, "web/system/core/CodeIgniter.php": facts.Vendored, "web/system/libraries/Cart.php": facts.Vendored, "system/own.php": 0, "src/app.test.js": facts.Test, "vendor/lib.js": facts.Vendored, "api/vendor/lib.php": 0,
		"tests/a.py": facts.Test, "examples/a.py": facts.Example, "package-lock.json": facts.Lock, ".venv/lib/a.py": facts.Vendored, "docs/a.md": facts.Docs,
	}
	got := map[string]facts.Class{}
	for i := range r.Files {
		got[r.Files[i].Path] = r.Files[i].Class
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("classes (-want +got):\n%s", diff)
	}
}

// TestTheProjectMayBeCalledAnExample: a folder called "demo" is an example beside the project, unless it is the project.
func TestTheProjectMayBeCalledAnExample(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files []string
		of    string
		want  facts.Class
	}{
		"all that there is":                {[]string{"README.md", "demo/index.php", "demo/Dockerfile"}, "demo/Dockerfile", 0},
		"beside the pages":                 {[]string{"demo/pom.xml", "demo/src/main/java/com/example/demo/App.java", "frontend/package.json", "frontend/src/app.js"}, "demo/pom.xml", 0},
		"within a folder":                  {[]string{"backend/demo/pom.xml", "backend/demo/mvnw", "web/package.json", "web/a.js"}, "backend/demo/mvnw", 0},
		"one within it":                    {[]string{"demo/pom.xml", "demo/example/a.py", "web/a.js"}, "demo/example/a.py", 0},
		"several within it":                {[]string{"demo/pom.xml", "demo/examples/a.py", "web/a.js"}, "demo/examples/a.py", facts.Example},
		"of a library":                     {[]string{"package.json", "index.js", "example/package.json", "example/app.js"}, "example/app.js", facts.Example},
		"of a package of a larger project": {[]string{"packages/a/pubspec.yaml", "packages/a/package.json", "packages/a/lib.js", "packages/a/example/package.json", "packages/a/example/app.js"}, "packages/a/example/app.js", facts.Example},
		"without a manifest, beside code":  {[]string{"index.php", "demo/index.php"}, "demo/index.php", facts.Example},
		"several, and all that there is":   {[]string{"README.md", "examples/a.py", "examples/b.py"}, "examples/a.py", facts.Example},
		"by another name":                  {[]string{"package.json", "index.js", "sample-app/Dockerfile"}, "sample-app/Dockerfile", 0},
		"beside tests alone":               {[]string{"sample/app.py", "tests/test_app.py"}, "sample/app.py", 0},
		"the package of a generator":       {[]string{"lib/a.py", "src/com/example/demo/App.java"}, "src/com/example/demo/App.java", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := map[string]string{}
			for _, path := range c.files {
				files[path] = "{}"
			}
			r, err := facts.Collect(t.Context(), repo(files), nil, facts.CollectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Lookup(c.of).Class; got != c.want {
				t.Errorf("%s is of class %b, want %b", c.of, got, c.want)
			}
		})
	}
}

func FuzzScan(f *testing.F) {
	f.Add("a.js", []byte("import x from 'y'\napp.listen(3)"))
	f.Add("a.py", []byte("from x import (y,\n z)"))
	f.Add("package.json", []byte(`{"dependencies":{"a":"1"}}`))
	f.Add("workflows/ci.yml", []byte("on: push\njobs: {a: {steps: [{run: x}]}}"))
	f.Add("Dockerfile", []byte("FROM a\nCMD b"))
	sc := facts.NewScanner(nil)
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		got := sc.Scan(path, content)
		lines := strings.Count(string(content), "\n") + 1
		for _, x := range got.Facts {
			if x.Line < 0 || x.Line > 2*lines+1 || x.LastLine() < x.Line { // UTF-16 has other line breaks
				t.Errorf("fact at line %d-%d of %d: %+v", x.Line, x.End, lines, x)
			}
		}
	})
}

func TestGeneratedLibraries(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("function f(a) {\n  return a + 1;\n}\n", 400)
	for _, c := range []struct {
		name, head string
		want       bool
	}{
		{"axios.js", "/* axios v0.18.0 | (c) 2018 by Matt Zabriskie */\n", true},
		{"chart.js", "//! chart.js 2.29.1, license: MIT\n", true},
		{"sdk.js", "(function webpackUniversalModuleDefinition(root, factory) {\n", true},
		{"server.js", "/*\n * Copyright 2023 Ana\n * Licensed under the Apache License, Version 2.0\n */\n", false},
		{"server.js", "// the server of release 1.2.3\n", false},
		{"server.js", "const app = require('express')();\n", false},
	} {
		if got := facts.NewScanner(nil).Scan(c.name, []byte(c.head+long)).Generated; got != c.want {
			t.Errorf("%s beginning %q: generated %v, want %v", c.name, c.head, got, c.want)
		}
	}
}
