package lex

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// splitCase has the marked source: the text in «» belongs to Strings, in ‹› to
// Comments, in ⟦⟧ to none, all else to Code.
type splitCase struct {
	name   string
	lang   Language
	marked string
}

// unmark returns the source and the views that the marks ask for.
func unmark(marked string) (src string, want [3]string) {
	var code, strs, coms, all strings.Builder
	where := &code
	for _, r := range marked {
		switch r {
		case '«':
			where = &strs
			continue
		case '‹':
			where = &coms
			continue
		case '⟦':
			where = nil
			continue
		case '»', '›', '⟧':
			where = &code
			continue
		}
		text := string(r)
		all.WriteString(text)
		blank := strings.Repeat(" ", len(text))
		if r == '\n' || r == '\r' || r == '\t' {
			blank = text
		}
		for _, b := range []*strings.Builder{&code, &strs, &coms} {
			if b == where {
				b.WriteString(text)
			} else {
				b.WriteString(blank)
			}
		}
	}
	return all.String(), [3]string{code.String(), strs.String(), coms.String()}
}

// plainSpace makes tabs spaces: which view a tab between tokens is in does not matter.
func plainSpace(b []byte) string { return strings.ReplaceAll(string(b), "\t", " ") }

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, cases := range [][]splitCase{scriptCases, classCases, systemCases, dynamicCases, dataCases} {
		for _, c := range cases {
			t.Run(c.lang.String()+"/"+c.name, func(t *testing.T) {
				t.Parallel()
				src, want := unmark(c.marked)
				for k := range want {
					want[k] = plainSpace([]byte(want[k]))
				}
				var v Views
				Split(c.lang, []byte(src), &v)
				got := [3]string{plainSpace(v.Code), plainSpace(v.Strings), plainSpace(v.Comments)}
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("source:\n%s\ncode, strings, comments (-want +got):\n%s", src, d)
				}
				checkViews(t, []byte(src), &v)
			})
		}
	}
}

// checkViews checks what holds for every source.
func checkViews(t *testing.T, src []byte, v *Views) {
	t.Helper()
	if len(v.Code) != len(src) || len(v.Strings) != len(src) || len(v.Comments) != len(src) {
		t.Fatalf("lengths %d, %d, %d; source has %d", len(v.Code), len(v.Strings), len(v.Comments), len(src))
	}
	for i, c := range src {
		in := 0
		for _, b := range []byte{v.Code[i], v.Strings[i], v.Comments[i]} {
			if b == c {
				in++
			} else if b != ' ' {
				t.Fatalf("byte %d is %q in a view, %q in the source", i, b, c)
			}
		}
		switch {
		case c == '\n' || c == '\r':
			if in != 3 {
				t.Fatalf("line end at %d is in %d views", i, in)
			}
		case c != ' ' && in > 1:
			t.Fatalf("byte %d, %q, is in %d views", i, c, in)
		}
	}
	l := v.Lines
	if l.Total != l.Code+l.Comment+l.Blank+l.Markup {
		t.Fatalf("lines do not add up: %+v", l)
	}
	if want := strings.Count(string(src), "\n") + boolInt(len(src) > 0 && src[len(src)-1] != '\n'); l.Total != want {
		t.Fatalf("%d lines, want %d", l.Total, want)
	}
}

func TestLines(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		lang Language
		src  string
		want Lines
	}{
		{Go, "", Lines{}},
		{Go, "\n", Lines{Total: 1, Blank: 1}},
		{Go, "package a // b\r\n\r\n// c\r\nvar s = `\nx\n`", Lines{Total: 6, Code: 4, Comment: 1, Blank: 1}},
		{Go, "/* a\n\n b */ x", Lines{Total: 3, Code: 1, Comment: 1, Blank: 1}},
		{Python, "#!/usr/bin/python\n\"\"\"Doc.\n\nMore.\n\"\"\"\nx = 'a'\n", Lines{Total: 6, Code: 1, Comment: 4, Blank: 1}},
		{PHP, "<p>\n<?php\necho 1;\n?>\n", Lines{Total: 4, Code: 3, Markup: 1}},
		{Vue, "<template>\n  <p/>\n</template>\n<script>\nlet a\n</script>\n", Lines{Total: 6, Code: 1, Markup: 5}},
		{JavaScript, "\ufeff// a\nx", Lines{Total: 2, Code: 1, Comment: 1}},
		{JavaScript, "\ufeff\nx", Lines{Total: 2, Code: 1, Blank: 1}},
	} {
		var v Views
		Split(c.lang, []byte(c.src), &v)
		if v.Lines != c.want {
			t.Errorf("%s %q: %+v, want %+v", c.lang, c.src, v.Lines, c.want)
		}
	}
}

// TestSplitReuses checks that one Views serves sources of all sizes without
// allocation and without remains.
func TestSplitReuses(t *testing.T) {
	var v Views
	Split(Java, []byte(strings.Repeat("\"abc\" /* d */", 100)), &v)
	src := []byte("x = 'a' # b")
	Split(Python, src, &v)
	checkViews(t, src, &v)
	if n := testing.AllocsPerRun(5, func() { ByPath("src/Component.TSX") }); n > 0 {
		t.Errorf("ByPath allocates %v times", n)
	}
	for l := range languageCount {
		if n := testing.AllocsPerRun(5, func() { Split(l, src, &v) }); n > 0 {
			t.Errorf("%s: %v allocations", l, n)
		}
	}
}

func TestByPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]Language{
		"": Unknown, "README": Unknown, "a.b/c": Unknown, ".": Unknown, strings.Repeat("x", 200) + ".go": Go,
		"src/App.TSX": TypeScript, "a.jsx": JavaScript, "x.d.ts": TypeScript, "a/b.mjs": JavaScript, "x.py": Python,
		"A.java": Java, "build.gradle.kts": Kotlin, "build.gradle": Groovy, "Program.CS": CSharp, "main.go": Go,
		"Rakefile": Ruby, "sub/gemfile": Ruby, "config.ru": Ruby, "lib/x.rake": Ruby, "v.blade.php": PHP, "a.rs": Rust,
		"build.sbt": Scala, "test.exs": Elixir, "a.h": C, "a.hpp": CPP, "a.cc": CPP, "schema.sql": SQL, "x.bash": Shell,
		"a.yml": YAML, "A.vue": Vue, "A.svelte": Svelte, "index.HTM": HTML, "v.html.erb": ERB, "v.ejs": EJS,
		"a.css": CSS, "a.scss": SCSS, "README.md": Markdown, "package.json": JSON, "Cargo.toml": TOML, "pom.xml": XML,
		"DOCKERFILE": Dockerfile, "Dockerfile.dev": Dockerfile, "web.dockerfile": Dockerfile, "Makefile": Makefile,
		"x.mk": Makefile, "makefile.py": Python, "Makefile.am": Makefile, "Dockerfile.go": Dockerfile, "CMakeLists.txt": CMake, `win\path\a.cs`: CSharp, "Jenkinsfile": Groovy, "main.tf": HCL,
		"schema.prisma": Prisma, "a.fs": FSharp, "a.hs": Haskell, "a.clj": Clojure, "a.lua": Lua, "a.dart": Dart, "a.swift": Swift,
	} {
		if got := ByPath(path); got != want {
			t.Errorf("ByPath(%q) = %s, want %s", path, got, want)
		}
	}
}

func TestByShebang(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]Language{
		"": Unknown, "#!": Unknown, "x": Unknown, "#!/bin/sh": Shell, "#! /bin/bash -e\n": Shell,
		"#!/usr/bin/env python3\n": Python, "#!/usr/bin/python2.7\r\n": Python, "#!/usr/bin/env -S FOO=1 node --x\n": JavaScript,
		"\ufeff#!/usr/bin/env ruby": Ruby, "#!/usr/bin/env": Unknown, "#!/usr/bin/php\n<?php": PHP, "#!/opt/thing": Unknown,
		"#!/usr/bin/env ts-node": TypeScript,
	} {
		if got := ByShebang([]byte(src)); got != want {
			t.Errorf("ByShebang(%q) = %s, want %s", src, got, want)
		}
	}
}

func TestLanguageNames(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for l := range languageCount {
		name := l.String()
		if name == "" || seen[name] {
			t.Errorf("language %d has the name %q", l, name)
		}
		seen[name] = true
	}
	if got := Language(255).String(); got != "Unknown" {
		t.Errorf("Language(255) = %q", got)
	}
	if CSharp.String() != "C#" || CPP.String() != "C++" {
		t.Error("display names of C# and C++")
	}
	for l, want := range map[Language]bool{Unknown: false, JavaScript: true, VisualBasic: true, SQL: false, Shell: false, HTML: false, YAML: false, Language(255): false} {
		if l.GeneralPurpose() != want {
			t.Errorf("%s.GeneralPurpose() = %v", l, !want)
		}
	}
	var v Views
	Split(Language(255), []byte("a 'b'"), &v)
	if string(v.Code) != "a 'b'" {
		t.Errorf("unknown language: code %q", v.Code)
	}
}
