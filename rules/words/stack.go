package words

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

// Stack is what a repository is built with, as far as texts depend on it.
type Stack struct {
	Name      string   `json:"name,omitempty"`      // one of Stacks, "" when there is no code of any
	Framework string   `json:"framework,omitempty"` // one of Frameworks, the one that most files are written for, or ""
	Tools     []string `json:"tools,omitempty"`     // of Tools, the most special first
	// Words are commands and paths by placeholder: "install" is "npm ci". What the repository has no word for is left out.
	Words map[string]string `json:"words,omitempty"`
}

// keys are the keys of texts that fit, the most special first.
func (s Stack) keys() []string {
	out := make([]string, 0, len(s.Tools)+4)
	if s.Framework != "" {
		out = append(out, s.Framework)
	}
	out = append(append(out, s.Tools...), s.Name)
	if s.Name == "kotlin" || s.Name == "scala" {
		out = append(out, "java")
	}
	return append(out, "default")
}

// With is the stack with more words.
func (s Stack) With(more map[string]string) Stack {
	s.Words = maps.Clone(s.Words)
	if s.Words == nil {
		s.Words = map[string]string{}
	}
	maps.Copy(s.Words, more)
	return s
}

// frameworkOf tells the framework by the name of the server that code starts, and the stacks that it belongs to.
var frameworkOf = map[string]struct{ key, stacks string }{
	"Django": {"django", "python"}, "Django REST framework": {"django", "python"}, "Django Ninja": {"django", "python"}, "Flask": {"flask", "python"}, "FastAPI": {"fastapi", "python"},
	"Spring": {"spring", "java kotlin scala"}, "Spring Boot": {"spring", "java kotlin scala"}, "Ktor": {"ktor", "kotlin"}, "Play": {"play", "java scala"},
	"Rails": {"rails", "ruby"}, "Sinatra": {"sinatra", "ruby"}, "Laravel": {"laravel", "php"}, "Symfony": {"symfony", "php"}, "Express": {"express", "node"}, "NestJS": {"nest", "node"}, "Phoenix": {"phoenix", "elixir"},
	"Gin": {"gin", "go"}, "Echo": {"gin", "go"}, "Fiber": {"fiber", "go"}, "Spring WebFlux": {"spring", "java kotlin scala"},
}

// declared are packages that tell the framework of a program whose files start no server yet.
var declared = []struct {
	stack, framework string
	eco              manifest.Ecosystem
	name             string
}{
	{"python", "django", manifest.PyPI, "django"}, {"python", "flask", manifest.PyPI, "flask"}, {"python", "fastapi", manifest.PyPI, "fastapi"}, {"java", "spring", manifest.Maven, "spring-boot-starter*"}, {"kotlin", "spring", manifest.Maven, "spring-boot-starter*"},
	{"ruby", "rails", manifest.Gem, "rails"}, {"ruby", "sinatra", manifest.Gem, "sinatra"}, {"php", "laravel", manifest.Composer, "laravel/framework"}, {"php", "symfony", manifest.Composer, "symfony/framework-bundle"},
	{"node", "nest", manifest.NPM, "@nestjs/core"}, {"node", "express", manifest.NPM, "express"}, {"elixir", "phoenix", manifest.Hex, "phoenix"},
}

var stackOf = map[lex.Language]string{
	lex.JavaScript: "node", lex.TypeScript: "node", lex.Python: "python", lex.Java: "java", lex.Kotlin: "kotlin", lex.CSharp: "csharp", lex.FSharp: "csharp",
	lex.Go: "go", lex.Ruby: "ruby", lex.PHP: "php", lex.Rust: "rust", lex.Scala: "scala", lex.Elixir: "elixir", lex.Groovy: "java",
}

// ecosystems are where the packages of a stack come from.
var ecosystems = map[string]manifest.Ecosystem{
	"node": manifest.NPM, "python": manifest.PyPI, "java": manifest.Maven, "kotlin": manifest.Maven, "scala": manifest.Maven, "csharp": manifest.NuGet,
	"go": manifest.Go, "ruby": manifest.Gem, "php": manifest.Composer, "rust": manifest.Cargo, "elixir": manifest.Hex,
}

// Of finds the main stack: the language with most of the project's own code that is not a browser's, with the framework, the tools and the
// commands that the repository shows.
func Of(r *facts.Repo) Stack {
	best, lines := lex.Unknown, map[lex.Language]int{}
	for i := range r.Files {
		f := &r.Files[i]
		if f.Own() && stackOf[f.Lang()] != "" {
			lines[f.Lang()] += weight(r, f)
		}
	}
	for l, n := range lines {
		if best == lex.Unknown || n > lines[best] || n == lines[best] && l < best {
			best = l
		}
	}
	if best == lex.Unknown {
		return Stack{Words: map[string]string{"dir": "", "cd": "", "port": "8080"}}
	}
	s := Stack{Name: stackOf[best], Words: map[string]string{"language": best.String()}}
	s.framework(r)
	b := &bench{r: r, s: &s, eco: ecosystems[s.Name], lang: best}
	b.settle()
	return s
}

// weight is how much of the project's own code a file is: a large front end does not make a backend.
func weight(r *facts.Repo, f *facts.RepoFile) int {
	if r.Browser(f) {
		return f.Facts.Lines.Code / 4
	}
	return f.Facts.Lines.Code
}

// framework finds the framework that most files of the stack are written for.
func (s *Stack) framework(r *facts.Repo) {
	if s.Name == "csharp" && slices.ContainsFunc(r.Files, func(f facts.RepoFile) bool {
		return strings.EqualFold(f.Base(), "Global.asax") && !f.Class.Has(facts.Vendored)
	}) {
		s.Framework = "aspnet"
		return
	}
	seen, most, others := map[string]int{}, 0, 0
	for _, h := range r.Hits(facts.KindServer) {
		if !h.File.Own() || h.File.Class.Has(facts.Test|facts.Example) || h.Value == "plain" || stackOf[h.File.Lang()] != s.Name {
			continue
		}
		known := frameworkOf[h.Name]
		if !slices.Contains(strings.Fields(known.stacks), s.Name) {
			others++
			continue
		}
		seen[known.key]++
		if n := seen[known.key]; n > most || n == most && known.key < s.Framework {
			s.Framework, most = known.key, n
		}
	}
	if s.Framework == "spring" && len(r.Dependencies(manifest.Maven, "quarkus-*")) > 0 {
		s.Framework, others = "", 1 // it reads the annotations of Spring, and is none
	}
	if most > 0 || others > 0 {
		return
	}
	for _, d := range declared {
		if d.stack == s.Name && len(r.Dependencies(d.eco, d.name)) > 0 {
			s.Framework = d.framework
			return
		}
	}
}

// bench is where the words of one stack are found. dir is the folder of the main package; m its manifest, nil when it has none.
type bench struct {
	r    *facts.Repo
	s    *Stack
	eco  manifest.Ecosystem
	lang lex.Language
	dir  string
	m    *manifest.Manifest
}

// settle finds the main package and its words.
func (b *bench) settle() {
	b.dir = b.mainFolder()
	if b.dir != "" && !safe(b.dir) {
		return // nothing can be said of a folder whose name does not fit into a command
	}
	switch b.s.Name {
	case "node":
		b.node()
	case "python":
		b.python()
	case "java", "kotlin", "scala":
		b.jvm()
	case "csharp":
		b.dotnet()
	case "go":
		b.golang()
	case "ruby":
		b.ruby()
	case "php":
		b.php()
	case "rust":
		b.rust()
	case "elixir":
		b.elixir()
	}
	b.databases()
	b.set("port", portOf(b.s.Name))
	b.s.Words["dir"], b.s.Words["cd"] = "", ""
	if b.dir != "" {
		b.s.Words["dir"], b.s.Words["cd"] = b.dir+"/", "cd "+b.dir+" && "
		b.set("workdir", b.dir)
	}
	for _, h := range b.r.Hits(facts.KindDocker) {
		if h.File.Own() && h.File.Base() == "Dockerfile" {
			b.set("dockerfile", h.File.Path)
			break
		}
	}
}

// portOf is the port on which servers of a stack mostly listen.
func portOf(stack string) string {
	switch stack {
	case "node", "ruby":
		return "3000"
	case "python", "php":
		return "8000"
	case "elixir":
		return "4000"
	}
	return "8080"
}

// set keeps a word, unless there is none.
func (b *bench) set(name, word string) {
	if word != "" {
		b.s.Words[name] = word
	}
}

// tool notes a tool and its usual words: install, test, add, add_dev.
func (b *bench) tool(name string, install, test, add, addDev string) {
	if name != "" {
		b.s.Tools = append(b.s.Tools, name)
	}
	b.set("install", install)
	b.set("test", test)
	b.set("add", add)
	b.set("add_dev", addDev)
}

// mainFolder is the folder of the package in which most of the stack's code lies.
func (b *bench) mainFolder() string {
	units := map[string]bool{}
	for _, u := range b.r.Units() {
		if slices.Contains(u.Ecosystems, b.eco) {
			units[u.Dir] = true
		}
	}
	lines := map[string]int{}
	for i := range b.r.Files {
		f := &b.r.Files[i]
		if !f.Own() || stackOf[f.Lang()] != b.s.Name || f.Class.Has(facts.Test|facts.Example) {
			continue
		}
		for dir := f.Dir(); ; dir = parent(dir) {
			if units[dir] {
				lines[dir] += weight(b.r, f) + 1
				break
			}
			if dir == "" {
				break
			}
		}
	}
	best := ""
	for dir, n := range lines {
		if n > lines[best] || n == lines[best] && dir < best {
			best = dir
		}
	}
	return best
}

// parent is the folder around a folder, "" for the root.
func parent(dir string) string {
	if i := strings.LastIndexByte(dir, '/'); i >= 0 {
		return dir[:i]
	}
	return ""
}

var safePath = regexp.MustCompile(`^[A-Za-z0-9_.@+][A-Za-z0-9_.@+-]*(?:/[A-Za-z0-9_.@+][A-Za-z0-9_.@+-]*)*$`)

// safe reports whether a path may stand in a command, a Dockerfile, YAML or Markdown as it is.
func safe(p string) bool { return len(p) <= 120 && safePath.MatchString(p) }

// at is a path below the main package.
func (b *bench) at(name string) string { return path.Join(b.dir, name) }

// has reports whether a file lies below the main package, and is no folder of others.
func (b *bench) has(name string) bool {
	f := b.r.Lookup(b.at(name))
	return f != nil && !f.Class.Has(facts.Vendored)
}

// first is the first of the names that are there, or "".
func (b *bench) first(names ...string) string {
	for _, n := range names {
		if b.has(n) {
			return n
		}
	}
	return ""
}

// up moves the main package to the nearest folder above it, itself included, in which one of the files lies, and says which.
func (b *bench) up(names ...string) string {
	was := b.dir
	for {
		if n := b.first(names...); n != "" {
			return n
		}
		if b.dir == "" {
			b.dir = was
			return ""
		}
		b.dir = parent(b.dir)
	}
}

// declares reports whether any manifest declares one of the packages.
func (b *bench) declares(names ...string) bool {
	for _, n := range names {
		if len(b.r.Dependencies(b.eco, n)) > 0 {
			return true
		}
	}
	return false
}

// here reports whether the main package declares one of the packages, or any member of the workspace that it is the root of.
func (b *bench) here(names ...string) bool {
	if b.m == nil {
		return false
	}
	for _, n := range names {
		for _, d := range b.r.Dependencies(b.eco, n) {
			if d.Manifest.Path == b.m.Path || len(b.m.Workspaces) > 0 {
				return true
			}
		}
	}
	return false
}

// manifest takes the manifest at a name below the main package.
func (b *bench) manifest(name string) bool {
	b.m = nil
	p := b.at(name)
	for i := range b.r.Manifests {
		if b.r.Manifests[i].Path == p {
			b.m = &b.r.Manifests[i]
		}
	}
	if b.m == nil && !b.has(name) {
		return false
	}
	b.set("manifest", p)
	return true
}

// field is a notable setting of the manifest.
func (b *bench) field(name string) string {
	if b.m == nil {
		return ""
	}
	return b.m.Fields[name]
}

// script is the command of a script of the manifest, "" when there is none.
func (b *bench) script(name string) string {
	if b.m == nil {
		return ""
	}
	for _, s := range b.m.Scripts {
		if s.Name == name {
			return s.Command
		}
	}
	return ""
}

// tested reports whether the stack has tests of its own that assert something, in one of the styles if any are given.
func (b *bench) tested(styles ...string) bool {
	for _, h := range b.r.Hits(facts.KindTest) {
		if _, asserts := facts.TestCounts(*h.Fact); asserts > 0 && h.File.Own() && stackOf[h.File.Lang()] == b.s.Name && (len(styles) == 0 || slices.Contains(styles, h.Name)) {
			return true
		}
	}
	return false
}

// servers are the files of the main package that start a server, tests left out, as paths below it, the shortest first.
func (b *bench) servers(names ...string) []string {
	var out []string
	for _, h := range b.r.Hits(facts.KindServer) {
		rel, ok := b.rel(h.File.Path)
		if ok && h.File.Own() && !h.File.Class.Has(facts.Test|facts.Example) && stackOf[h.File.Lang()] == b.s.Name && (len(names) == 0 || slices.Contains(names, h.Name)) {
			out = append(out, rel)
		}
	}
	slices.SortStableFunc(out, func(x, y string) int { return strings.Count(x, "/") - strings.Count(y, "/") })
	return slices.Compact(out)
}

// rel is a path as seen from the main package; ok is false for what lies elsewhere or fits into no command.
func (b *bench) rel(p string) (string, bool) {
	if b.dir != "" {
		rest, ok := strings.CutPrefix(p, b.dir+"/")
		if !ok {
			return "", false
		}
		p = rest
	}
	return p, safe(p)
}

// find is the shortest path of an own file of that name below the main package, as seen from it, or "".
func (b *bench) find(name string) string {
	best := ""
	for i := range b.r.Files {
		f := &b.r.Files[i]
		rel, ok := b.rel(f.Path)
		if ok && f.Base() == name && !f.Class.Has(facts.Vendored|facts.Test|facts.Example) && (best == "" || strings.Count(rel, "/") < strings.Count(best, "/")) {
			best = rel
		}
	}
	return best
}

// databases notes the databases that the code uses.
func (b *bench) databases() {
	marks := map[string][]string{
		"postgres": {"pg", "postgres", "psycopg2", "psycopg2-binary", "psycopg", "asyncpg", "org.postgresql:postgresql", "npgsql", "npgsql.entityframeworkcore.postgresql", "github.com/lib/pq", "github.com/jackc/pgx/v5", "github.com/jackc/pgx/v4", "gorm.io/driver/postgres", "tokio-postgres", "postgrex"},
		"mysql":    {"mysql", "mysql2", "pymysql", "mysqlclient", "mysql-connector-python", "mysql-connector-j", "mysql-connector-java", "pomelo.entityframeworkcore.mysql", "github.com/go-sql-driver/mysql", "gorm.io/driver/mysql"},
		"mongodb":  {"mongoose", "mongodb", "pymongo", "motor", "spring-boot-starter-data-mongodb", "mongodb.driver", "go.mongodb.org/mongo-driver", "mongoid"},
	}
	for _, db := range []string{"postgres", "mysql", "mongodb"} {
		if b.declares(marks[db]...) {
			b.s.Tools = append(b.s.Tools, db)
		}
	}
	if b.declares("prisma", "@prisma/client") {
		b.s.Tools = append(b.s.Tools, "prisma")
	}
}
