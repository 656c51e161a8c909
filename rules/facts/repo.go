package facts

import (
	"slices"
	"sort"
	"strings"

	"milepost/rules/lex"
	"milepost/rules/manifest"
	"milepost/rules/snapshot"
)

// RepoFile is a file of a repository: where it lies, what part it plays, and what its content says.
type RepoFile struct {
	snapshot.Entry
	Class Class
	// set by Index
	own, browser bool
	number       int32
	// Facts is nil when the content was not read: it is not wanted, or Unread says why it could not be.
	Facts  *File
	Unread string
}

// Number is the file's place in Files of its [Repo].
func (f *RepoFile) Number() int { return int(f.number) }

// Lang is the file's language, also of a file that was not read.
func (f *RepoFile) Lang() lex.Language {
	if f.Facts != nil {
		return f.Facts.Lang
	}
	return lex.ByPath(f.Path)
}

// Own reports whether the file was written by hand for this project: not vendored, generated, locked or binary.
func (f *RepoFile) Own() bool { return f.own }

// OwnCode reports whether the file is the project's own code in a general-purpose language, tests and examples left out.
func (f *RepoFile) OwnCode() bool {
	return f.Own() && !f.Class.Has(Test) && f.Lang().GeneralPurpose()
}

// Dir is the folder of the file, "" for the root; Base its name.
func (f *RepoFile) Dir() string { return dirOf(f.Path) }

// Base is the last part of the path.
func (f *RepoFile) Base() string { return baseOf(f.Path) }

// Hit is a fact and the file it stands in. The fact is the file's own, which others see too: to change one, take [Hit.With].
type Hit struct {
	File *RepoFile
	*Fact
}

// With is the hit with another name and value.
func (h Hit) With(name, value string) Hit {
	f := *h.Fact
	f.Name, f.Value = name, value
	return Hit{h.File, &f}
}

// Repo is all that is known of the files of one snapshot. It is immutable once made.
type Repo struct {
	Name, Commit string
	Files        []RepoFile // sorted by path
	// Truncated says that Files are not all there, so that absence proves nothing.
	Truncated bool
	// Unread is an own file of code whose content could not be read, so that nothing can be said to stand nowhere; "" when there is none.
	Unread   string
	Warnings []snapshot.Warning
	// Manifests are the manifests of own files, joined with one another (parents, catalogues, workspaces).
	Manifests []manifest.Manifest

	byPath  map[string]int
	imports []Imported
	kinds   map[Kind][]Hit
	match   map[string][]Hit // by pattern key
	deps    map[string][]Declared
	units   []Unit
	unitAt  map[string]int // by folder
}

// Declared is a dependency and the manifest that declares it.
type Declared struct {
	Manifest *manifest.Manifest
	manifest.Dependency
}

// Index joins files into a Repo. Files must be sorted by path.
func Index(name, commit string, files []RepoFile) *Repo {
	r := &Repo{
		Name: name, Commit: commit, Files: files,
		byPath: make(map[string]int, len(files)), kinds: map[Kind][]Hit{}, match: map[string][]Hit{}, deps: map[string][]Declared{},
	}
	var ms []manifest.Manifest
	r.makeRoom()
	for i := range files {
		f := &files[i]
		f.number = int32(i) //nolint:gosec // a snapshot has at most a million
		r.byPath[f.Path] = i
		f.own = !f.Class.Has(Vendored|Lock) && f.Facts != nil && !f.Facts.Generated && !f.Facts.Binary
		if f.Facts == nil || f.Class.Has(Vendored) {
			continue
		}
		for all := f.Facts.Facts; len(all) > 0; {
			n := run(all)
			if k := all[0].Kind; k == KindMatch {
				r.match[all[0].Name] = append(r.match[all[0].Name], Hit{f, &all[0]})
			} else {
				hits := r.kinds[k]
				for j := range all[:n] {
					hits = append(hits, Hit{f, &all[j]})
				}
				r.kinds[k] = hits
			}
			all = all[n:]
		}
		if m := f.Facts.Manifest; m != nil {
			m := *m
			m.Path = f.Path
			ms = append(ms, m)
		}
	}
	r.Manifests = manifest.Resolve(ms)
	byDepth := make([]*manifest.Manifest, len(r.Manifests)) // a package's nearest declaration to the root comes first
	for i := range r.Manifests {
		byDepth[i] = &r.Manifests[i]
	}
	slices.SortStableFunc(byDepth, func(a, b *manifest.Manifest) int { return strings.Count(a.Path, "/") - strings.Count(b.Path, "/") })
	for _, m := range byDepth {
		for _, d := range m.Dependencies {
			k := depKey(d.Ecosystem, d.Name)
			r.deps[k] = append(r.deps[k], Declared{m, d})
		}
	}
	r.units = unitsOf(r)
	r.unitAt = make(map[string]int, len(r.units))
	for i, u := range r.units {
		r.unitAt[u.Dir] = i
	}
	for i := range files {
		files[i].browser = r.inBrowser(&files[i])
	}
	r.imports = importsOf(r.kinds[KindImport])
	return r
}

// makeRoom gives each kind's list its final capacity: growing them by doubling would cost twice the memory.
func (r *Repo) makeRoom() {
	counts := map[Kind]int{}
	for i := range r.Files {
		f := &r.Files[i]
		if f.Facts == nil || f.Class.Has(Vendored) {
			continue
		}
		for all := f.Facts.Facts; len(all) > 0; {
			n := run(all)
			if all[0].Kind != KindMatch {
				counts[all[0].Kind] += n
			}
			all = all[n:]
		}
	}
	for k, n := range counts {
		r.kinds[k] = make([]Hit, 0, n)
	}
}

// run is how many facts of one kind stand at the beginning of all; matches of patterns count one by one.
func run(all []Fact) int {
	n := 1
	if all[0].Kind == KindMatch {
		return n
	}
	for n < len(all) && all[n].Kind == all[0].Kind {
		n++
	}
	return n
}

// Imported is a module and where own files import it.
type Imported struct {
	Module string
	Hits   []Hit
}

// importsOf groups imports of own files by module, sorted.
func importsOf(hits []Hit) []Imported {
	at := map[string]int32{}
	modules := make([]int32, len(hits)) // of each hit, from 1
	var out []Imported
	var counts []int
	for i, h := range hits {
		if !h.File.Own() {
			continue
		}
		m, ok := at[h.Name]
		if !ok {
			out, counts = append(out, Imported{Module: h.Name}), append(counts, 0)
			m = int32(len(out)) //nolint:gosec // far fewer
			at[h.Name] = m
		}
		modules[i] = m
		counts[m-1]++
	}
	room := make([]Hit, len(hits)) // for all, so that no list grows
	for m, n := range counts {
		out[m].Hits, room = room[:0:n], room[n:]
	}
	for i, h := range hits {
		if m := modules[i]; m > 0 {
			out[m-1].Hits = append(out[m-1].Hits, h)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Module < out[j].Module })
	return out
}

// Imports returns the modules that own files import whose names start with prefix, sorted.
func (r *Repo) Imports(prefix string) []Imported {
	lo := sort.Search(len(r.imports), func(i int) bool { return r.imports[i].Module >= prefix })
	hi := lo
	for hi < len(r.imports) && strings.HasPrefix(r.imports[hi].Module, prefix) {
		hi++
	}
	return r.imports[lo:hi]
}

func depKey(e manifest.Ecosystem, name string) string { return string(e) + ":" + strings.ToLower(name) }

// Hits returns the facts of a kind, in the order of paths and lines.
func (r *Repo) Hits(k Kind) []Hit { return r.kinds[k] }

// Matches returns where a pattern matched.
func (r *Repo) Matches(key string) []Hit { return r.match[key] }

// Lookup returns the file at path, or nil.
func (r *Repo) Lookup(path string) *RepoFile {
	if i, ok := r.byPath[path]; ok {
		return &r.Files[i]
	}
	return nil
}

// Under returns the files below a folder ("" for all).
func (r *Repo) Under(dir string) []RepoFile {
	if dir == "" {
		return r.Files
	}
	p := dir + "/"
	lo := sort.Search(len(r.Files), func(i int) bool { return r.Files[i].Path >= p })
	hi := lo + sort.Search(len(r.Files)-lo, func(i int) bool { return !strings.HasPrefix(r.Files[lo+i].Path, p) })
	return r.Files[lo:hi]
}

// Dependencies returns the declarations of a package. A name that ends in "*" stands for all names that start so; a Maven name without ":"
// stands for the artifact of any group.
func (r *Repo) Dependencies(e manifest.Ecosystem, name string) []Declared {
	lower := strings.ToLower(name)
	prefix, wild := strings.CutSuffix(lower, "*")
	artifact := e == manifest.Maven && !strings.Contains(lower, ":")
	if !wild && !artifact {
		return r.deps[depKey(e, name)]
	}
	var out []Declared
	head := string(e) + ":"
	for k, ds := range r.deps {
		n, ok := strings.CutPrefix(k, head)
		if !ok {
			continue
		}
		if artifact {
			n = n[strings.LastIndexByte(n, ':')+1:]
		}
		if wild && strings.HasPrefix(n, prefix) || !wild && n == lower {
			out = append(out, ds...)
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Manifest.Path != b.Manifest.Path {
			return a.Manifest.Path < b.Manifest.Path
		}
		return a.Line < b.Line
	})
	return out
}

// Unit is one package of the repository: a folder with a manifest, or the root. A monorepo has several.
type Unit struct {
	Dir        string // "" for the root
	Ecosystems []manifest.Ecosystem
	// Frontend is set where the manifest speaks of a browser application and of no server.
	Frontend bool
}

// Units are the packages of the repository, the root always among them, sorted by folder.
func (r *Repo) Units() []Unit { return r.units }

// UnitOf is the innermost package that a path lies in.
func (r *Repo) UnitOf(path string) Unit {
	for dir := dirOf(path); ; dir = dirOf(dir) {
		if i, ok := r.unitAt[dir]; ok {
			return r.units[i]
		}
		if dir == "" {
			return Unit{}
		}
	}
}

// Browser reports whether a file belongs to a browser application, so that what it does is done on no server.
func (r *Repo) Browser(f *RepoFile) bool { return f.browser }

func (r *Repo) inBrowser(f *RepoFile) bool {
	switch f.Lang() {
	case lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte, lex.HTML:
	default:
		return false
	}
	if r.UnitOf(f.Path).Frontend {
		return true
	}
	for part := range strings.SplitSeq(strings.ToLower(f.Dir()), "/") {
		switch part {
		case "public", "static", "frontend", "client", "assets", "wwwroot", "webapp", "www-static":
			return true
		case "scripts": // of ASP.NET before wwwroot
			if slices.Contains(r.UnitOf(f.Path).Ecosystems, manifest.NuGet) {
				return true
			}
		}
	}
	return false
}

// browserPackages and serverPackages are npm packages that tell the side a package.json is on.
var (
	browserPackages = []string{"react", "react-dom", "vue", "@angular/core", "svelte", "preact", "solid-js", "vite", "react-scripts", "jquery", "react-native", "expo", "@vue/cli-service", "parcel", "lit"}
	serverPackages  = []string{
		"express", "fastify", "koa", "@nestjs/core", "@hapi/hapi", "hapi", "micro", "next", "nuxt", "socket.io", "ws", "restify", "polka",
		"@adonisjs/core", "sails", "hono", "@hono/node-server", "apollo-server", "@apollo/server", "apollo-server-express", "graphql-yoga", "mongoose", "pg", "mysql", "mysql2", "sequelize",
		"typeorm", "@prisma/client", "mongodb", "better-sqlite3", "elysia", "@feathersjs/feathers", "@sveltejs/kit", "@remix-run/node", "firebase-functions", "aws-lambda", "knex", "drizzle-orm", "nodemailer", "body-parser",
	}
)

func unitsOf(r *Repo) []Unit {
	at := map[string]*Unit{"": {}}
	for i := range r.Manifests {
		m := &r.Manifests[i]
		if m.Ecosystem == "" {
			continue
		}
		d := dirOf(m.Path)
		u := at[d]
		if u == nil {
			u = &Unit{Dir: d}
			at[d] = u
		}
		known := false
		for _, e := range u.Ecosystems {
			known = known || e == m.Ecosystem
		}
		if !known {
			u.Ecosystems = append(u.Ecosystems, m.Ecosystem)
		}
		if m.Kind == "package.json" {
			u.Frontend = anyDep(m, browserPackages) && !anyDep(m, serverPackages)
		}
	}
	out := make([]Unit, 0, len(at))
	for _, u := range at {
		out = append(out, *u)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Dir < out[j].Dir })
	return out
}

func anyDep(m *manifest.Manifest, names []string) bool {
	for _, d := range m.Dependencies {
		for _, n := range names {
			if d.Name == n {
				return true
			}
		}
	}
	return false
}

// LanguageShare is a general-purpose language and its share of the project's own lines of code.
type LanguageShare struct {
	Lang  lex.Language
	Lines int
	Share float64   // 0 to 1
	File  *RepoFile // its largest file, the best evidence
}

// speaks ranks how fit a file is to show the language that a project is written in: best is code of the server, no test, and nothing that a generator
// writes.
func (r *Repo) speaks(f *RepoFile) int {
	low := strings.ToLower(f.Path)
	switch {
	case f.Class.Has(Test|Example) || migrationDir(dirOf(low)) || baseOf(low) == "schema.rb" || strings.HasPrefix(low, "bin/") || strings.HasPrefix(low, "config/"),
		strings.HasPrefix(low, "db/seed"), strings.HasPrefix(low, "lang/"), strings.HasPrefix(low, "resources/lang/"):
		return 0
	case f.browser:
		return 1
	}
	return 2
}

// Languages returns the general-purpose languages of the project's own code, tests included, largest first.
func (r *Repo) Languages() []LanguageShare {
	by := map[lex.Language]*LanguageShare{}
	total := 0
	for i := range r.Files {
		f := &r.Files[i]
		if !f.Own() || !f.Lang().GeneralPurpose() || f.Facts.Lines.Code == 0 {
			continue
		}
		s := by[f.Lang()]
		if s == nil {
			s = &LanguageShare{Lang: f.Lang()}
			by[f.Lang()] = s
		}
		s.Lines += f.Facts.Lines.Code
		total += f.Facts.Lines.Code
		if s.File == nil || r.speaks(f) > r.speaks(s.File) || r.speaks(f) == r.speaks(s.File) && f.Facts.Lines.Code > s.File.Facts.Lines.Code {
			s.File = f
		}
	}
	out := make([]LanguageShare, 0, len(by))
	for _, s := range by {
		s.Share = float64(s.Lines) / float64(total)
		out = append(out, *s)
	}
	sort.Slice(out, func(i, j int) bool {
		if out[i].Lines != out[j].Lines {
			return out[i].Lines > out[j].Lines
		}
		return out[i].Lang < out[j].Lang
	})
	return out
}
