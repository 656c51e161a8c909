package lex

import (
	"bytes"
	"strings"
)

// Language names a programming, markup or data language. The zero value is
// Unknown, which Split treats as text that is all code.
type Language uint8

// The languages ByPath and ByShebang can answer.
const (
	Unknown Language = iota
	JavaScript
	TypeScript
	Python
	Java
	Kotlin
	CSharp
	Go
	Ruby
	PHP
	Rust
	Scala
	Elixir
	C
	CPP
	Groovy
	Swift
	Dart
	Lua
	Clojure
	Haskell
	FSharp
	ObjectiveC
	Perl
	R
	Julia
	Erlang
	OCaml
	Zig
	Crystal
	VisualBasic

	// Not general purpose, from here on.

	SQL
	Shell
	PowerShell
	Vue
	Svelte
	HTML
	ERB
	EJS
	CSS
	SCSS
	Markdown
	JSON
	YAML
	TOML
	INI
	Properties
	XML
	Dockerfile
	Makefile
	CMake
	HCL
	Protobuf
	GraphQL
	Prisma
	languageCount
)

var languageNames = [languageCount]string{
	Unknown: "Unknown", JavaScript: "JavaScript", TypeScript: "TypeScript", Python: "Python",
	Java: "Java", Kotlin: "Kotlin", CSharp: "C#", Go: "Go", Ruby: "Ruby", PHP: "PHP",
	Rust: "Rust", Scala: "Scala", Elixir: "Elixir", C: "C", CPP: "C++", Groovy: "Groovy",
	Swift: "Swift", Dart: "Dart", Lua: "Lua", Clojure: "Clojure", Haskell: "Haskell",
	FSharp: "F#", ObjectiveC: "Objective-C", Perl: "Perl", R: "R", Julia: "Julia",
	Erlang: "Erlang", OCaml: "OCaml", Zig: "Zig", Crystal: "Crystal", VisualBasic: "Visual Basic",
	SQL: "SQL", Shell: "Shell", PowerShell: "PowerShell", Vue: "Vue", Svelte: "Svelte",
	HTML: "HTML", ERB: "ERB", EJS: "EJS", CSS: "CSS", SCSS: "SCSS", Markdown: "Markdown",
	JSON: "JSON", YAML: "YAML", TOML: "TOML", INI: "INI", Properties: "Properties", XML: "XML",
	Dockerfile: "Dockerfile", Makefile: "Makefile", CMake: "CMake", HCL: "HCL",
	Protobuf: "Protocol Buffers", GraphQL: "GraphQL", Prisma: "Prisma",
}

// String returns the display name, such as "C#"; "Unknown" for values that name no language.
func (l Language) String() string {
	if l >= languageCount {
		return languageNames[Unknown]
	}
	return languageNames[l]
}

// GeneralPurpose reports whether an application or a backend is written in l.
// Markup, styles, data, build files, SQL and shells are not general purpose,
// nor are single-file components and templates, whose code is in another language.
func (l Language) GeneralPurpose() bool { return l > Unknown && l < SQL }

// longestName is the length of the longest base name or extension that is looked at.
const longestName = 32

// lowerASCII writes s in lower case to buf and returns that part of buf; nil when s does not fit.
func lowerASCII(buf *[longestName]byte, s string) []byte {
	if len(s) > len(buf) {
		return nil
	}
	for i := range len(s) {
		c := s[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		buf[i] = c
	}
	return buf[:len(s)]
}

// ByPath returns the language of a file by its base name or extension, in any
// case: Unknown when neither says. Both slashes and backslashes separate folders.
func ByPath(path string) Language {
	if i := strings.LastIndexAny(path, `/\`); i >= 0 {
		path = path[i+1:]
	}
	var buf [longestName]byte
	if l := byBaseName(lowerASCII(&buf, path)); l != Unknown {
		return l
	}
	if dot := strings.LastIndexByte(path, '.'); dot >= 0 {
		if l := byExtension(lowerASCII(&buf, path[dot+1:])); l != Unknown {
			return l
		}
	}
	if bytes.HasPrefix(lowerASCII(&buf, path), []byte("makefile.")) {
		return Makefile
	}
	return Unknown
}

func byBaseName(base []byte) Language {
	switch string(base) {
	case "dockerfile", "containerfile":
		return Dockerfile
	case "makefile", "gnumakefile", "bsdmakefile", "kbuild", "justfile":
		return Makefile
	case "cmakelists.txt":
		return CMake
	case "rakefile", "gemfile", "guardfile", "capfile", "vagrantfile", "podfile", "fastfile",
		"brewfile", "berksfile", "thorfile", "dangerfile", "appraisals", ".irbrc", ".pryrc":
		return Ruby
	case "jenkinsfile":
		return Groovy
	case "go.mod", "go.work":
		return Unknown
	case "pipfile", "cargo.lock", "poetry.lock", "uv.lock", "gopkg.lock":
		return TOML
	case "procfile":
		return YAML
	case ".editorconfig", ".gitconfig", ".gitattributes", ".gitignore", ".dockerignore", ".npmrc", ".env":
		return INI
	case ".babelrc", ".eslintrc", ".prettierrc", ".swcrc", "composer.lock", "pipfile.lock":
		return JSON
	case ".bashrc", ".bash_profile", ".profile", ".zshrc", ".zprofile", "gradlew", "mvnw", "pkgbuild":
		return Shell
	}
	switch {
	case bytes.HasPrefix(base, []byte("dockerfile.")), bytes.HasPrefix(base, []byte("containerfile.")):
		return Dockerfile
	case bytes.HasPrefix(base, []byte(".env.")):
		return INI
	case bytes.HasPrefix(base, []byte("jenkinsfile.")):
		return Groovy
	}
	return Unknown
}

func byExtension(ext []byte) Language { //nolint:funlen // a table
	switch string(ext) {
	case "js", "mjs", "cjs", "jsx", "es6":
		return JavaScript
	case "ts", "mts", "cts", "tsx":
		return TypeScript
	case "py", "pyi", "pyw", "pyx", "bzl", "star":
		return Python
	case "java":
		return Java
	case "kt", "kts":
		return Kotlin
	case "cs", "csx", "cake":
		return CSharp
	case "go":
		return Go
	case "rb", "rake", "ru", "gemspec", "podspec", "jbuilder", "rabl", "thor":
		return Ruby
	case "php", "phtml", "php3", "php4", "php5", "php7", "inc":
		return PHP
	case "rs":
		return Rust
	case "scala", "sbt", "sc":
		return Scala
	case "ex", "exs":
		return Elixir
	case "c", "h":
		return C
	case "cc", "cpp", "cxx", "c++", "hpp", "hh", "hxx", "h++", "ino", "ipp", "tpp", "cu":
		return CPP
	case "groovy", "gradle", "gvy":
		return Groovy
	case "swift":
		return Swift
	case "dart":
		return Dart
	case "lua":
		return Lua
	case "clj", "cljs", "cljc", "edn":
		return Clojure
	case "hs":
		return Haskell
	case "fs", "fsx", "fsi":
		return FSharp
	case "m", "mm":
		return ObjectiveC
	case "pl", "pm":
		return Perl
	case "r":
		return R
	case "jl":
		return Julia
	case "erl", "hrl":
		return Erlang
	case "ml", "mli":
		return OCaml
	case "zig":
		return Zig
	case "cr":
		return Crystal
	case "vb":
		return VisualBasic
	}
	return byMarkupExtension(ext)
}

func byMarkupExtension(ext []byte) Language {
	switch string(ext) {
	case "sql", "psql", "ddl", "pgsql", "mysql":
		return SQL
	case "sh", "bash", "zsh", "ksh", "bats":
		return Shell
	case "ps1", "psm1", "psd1":
		return PowerShell
	case "vue":
		return Vue
	case "svelte":
		return Svelte
	case "html", "htm", "xhtml", "hbs", "handlebars", "mustache", "njk", "jinja", "jinja2", "j2",
		"twig", "liquid", "cshtml", "razor", "heex", "leex", "eex", "gohtml", "tmpl", "jsp":
		return HTML
	case "erb", "rhtml":
		return ERB
	case "ejs":
		return EJS
	case "css":
		return CSS
	case "scss", "sass", "less":
		return SCSS
	case "md", "markdown", "mdx":
		return Markdown
	case "json", "jsonc", "json5", "webmanifest", "ipynb", "har", "geojson":
		return JSON
	case "yml", "yaml":
		return YAML
	case "toml":
		return TOML
	case "ini", "cfg", "conf", "env", "cnf":
		return INI
	case "properties":
		return Properties
	case "xml", "csproj", "fsproj", "vbproj", "props", "targets", "svg", "xsd", "xsl", "pom", "nuspec", "config", "plist":
		return XML
	case "dockerfile", "containerfile":
		return Dockerfile
	case "mk", "mak":
		return Makefile
	case "cmake":
		return CMake
	case "tf", "tfvars", "hcl", "nomad":
		return HCL
	case "proto":
		return Protobuf
	case "graphql", "gql", "graphqls":
		return GraphQL
	case "prisma":
		return Prisma
	}
	return Unknown
}

// ByShebang returns the language of a script by its first line, such as
// "#!/usr/bin/env python3"; Unknown when there is none or its interpreter is not known.
func ByShebang(src []byte) Language {
	src = bytes.TrimPrefix(src, bom)
	if !bytes.HasPrefix(src, []byte("#!")) {
		return Unknown
	}
	line := src[2:]
	const longestLine = 512
	if len(line) > longestLine {
		line = line[:longestLine]
	}
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	word, rest := nextWord(line)
	name := word[bytes.LastIndexByte(word, '/')+1:]
	if string(name) == "env" {
		for {
			word, rest = nextWord(rest)
			if len(word) == 0 || word[0] != '-' && bytes.IndexByte(word, '=') < 0 {
				break
			}
		}
		name = word[bytes.LastIndexByte(word, '/')+1:]
	}
	return byInterpreter(name)
}

// nextWord cuts the first word off line.
func nextWord(line []byte) (word, rest []byte) {
	line = bytes.TrimLeft(line, " \t\r")
	if i := bytes.IndexAny(line, " \t\r"); i >= 0 {
		return line[:i], line[i:]
	}
	return line, nil
}

func byInterpreter(name []byte) Language {
	name = bytes.TrimSuffix(name, []byte(".exe"))
	switch string(bytes.TrimRight(name, "0123456789.-")) {
	case "sh", "bash", "zsh", "dash", "ksh", "ash", "bats":
		return Shell
	case "python", "pypy", "uv", "ipython":
		return Python
	case "node", "nodejs", "bun", "zx":
		return JavaScript
	case "ts-node", "tsx", "deno":
		return TypeScript
	case "ruby", "jruby", "rake":
		return Ruby
	case "php":
		return PHP
	case "perl":
		return Perl
	case "lua", "luajit":
		return Lua
	case "groovy":
		return Groovy
	case "scala", "scala-cli", "amm":
		return Scala
	case "kotlin", "kscript":
		return Kotlin
	case "java":
		return Java
	case "elixir", "iex":
		return Elixir
	case "escript":
		return Erlang
	case "swift":
		return Swift
	case "dart":
		return Dart
	case "runhaskell", "runghc", "stack":
		return Haskell
	case "Rscript":
		return R
	case "julia":
		return Julia
	case "bb", "clojure", "clj":
		return Clojure
	case "crystal":
		return Crystal
	case "make":
		return Makefile
	case "pwsh", "powershell":
		return PowerShell
	case "rust-script":
		return Rust
	}
	return Unknown
}
