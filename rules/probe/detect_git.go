package probe

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
	"milepost/rules/snapshot"
)

var gitDetectors = []Detector{
	{Name: "gitignore", Doc: "A .gitignore covers what each main ecosystem of the repository would litter.", Cases: []string{"empty"}, Judge: gitignore},
	{Name: "readme", Doc: "A README with a description, a way to install, run, use or configure, and 60 words of its own.", Cases: []string{"no-purpose", "no-purpose-no-usage", "no-usage", "short", "template", "title"}, Judge: readme},
	{Name: "no-secrets", Doc: "No private key, access token or environment file with values is committed; partial with a literal signing key or password.", Judge: secrets},
	{Name: "no-conflict-markers", Doc: "No file holds leftover markers of a merge conflict.", Judge: conflictMarkers},
	{Name: "no-committed-dependencies", Doc: "No dependency, virtual-environment, bytecode or build-output folder is committed.", Judge: committedDependencies},
	{Name: "commit-history", Doc: "Ten or more commits by the learner, most with a message that says something.", Cases: []string{"few", "messages"}, Judge: commitHistory},
	{Name: "merged-pull-request", Doc: "A pull request from a branch was merged.", Judge: mergedPullRequest},
}

// minWords is how many words of its own a README needs.
const minWords = 60

// readmeState is what one README says.
type readmeState struct {
	file                     *facts.RepoFile
	words                    int
	template, purpose, topic string
	line                     int // of the purpose
}

func (s readmeState) complete() bool { return s.words >= minWords && s.purpose != "" && s.topic != "" }

// ownReadme tells a README of the project or of one of its packages from those that came with what it uses.
func ownReadme(r *facts.Repo, f *facts.RepoFile) bool {
	if f.Class.Has(facts.Vendored | facts.Test | facts.Example) {
		return false
	}
	dir := strings.ToLower(f.Dir())
	if dir == "" || dir == ".github" || dir == "docs" {
		return true
	}
	if carried(dir) {
		return false
	}
	return r.UnitOf(f.Path).Dir == f.Dir() || strings.Count(dir, "/") < 2 && hasCode(r, f.Dir()+"/")
}

// hasCode reports whether code of the project lies somewhere below a folder.
func hasCode(r *facts.Repo, dir string) bool {
	return slices.ContainsFunc(r.Files, func(f facts.RepoFile) bool {
		return strings.HasPrefix(f.Path, dir) && f.Own() && (f.Lang().GeneralPurpose() || f.Lang() == lex.HTML || strings.HasSuffix(f.Path, ".ipynb"))
	})
}

// carried reports whether a lower-case folder is one in which projects keep what others wrote.
func carried(dir string) bool {
	for part := range strings.SplitSeq(dir, "/") {
		switch part {
		case "vendor", "vendors", "plugins", "plugin", "assets", "public", "static", "lib", "libs", "libraries", "migrations", "third-party", "external", "wwwroot", "extensions":
			return true
		}
	}
	return false
}

func readmes(r *facts.Repo) []readmeState {
	var out []readmeState
	for _, h := range r.Hits(facts.KindReadme) {
		if !ownReadme(r, h.File) {
			continue
		}
		if len(out) == 0 || out[len(out)-1].file != h.File {
			out = append(out, readmeState{file: h.File})
		}
		s := &out[len(out)-1]
		switch h.Name {
		case "words":
			s.words, _ = strconv.Atoi(h.Value)
		case "template":
			s.template = h.Value
		case "purpose":
			s.purpose, s.line = h.Value, h.Line
		case "topic":
			s.topic = h.Value
		}
	}
	slices.SortStableFunc(out, func(a, b readmeState) int {
		if a.complete() != b.complete() {
			if a.complete() {
				return -1
			}
			return 1
		}
		if d := strings.Count(a.file.Path, "/") - strings.Count(b.file.Path, "/"); d != 0 {
			return d
		}
		return b.words - a.words
	})
	return out
}

// listed joins what a sentence lists: "a", "a, and b", "a, b, and c".
func listed(s []string) string {
	if len(s) < 2 {
		return strings.Join(s, "")
	}
	last := len(s) - 1
	return strings.Join(s[:last], ", ") + ", and " + s[last]
}

func readme(in *Input) Result {
	all := readmes(in.Repo)
	if len(all) == 0 {
		return Result{Status: Missing, Reason: "no README was found"}
	}
	s := all[0]
	at := Evidence{Path: s.file.Path, StartLine: s.line, EndLine: s.line, Note: counted(s.words, "word") + " of its own", Excerpt: s.purpose}
	name := "`" + s.file.Path + "`"
	switch {
	case s.complete():
		return Result{Status: Met, Evidence: []Evidence{at}}
	case s.words < 4 && s.template != "":
		return Result{Status: Missing, Reason: fmt.Sprintf("%s holds only the text that %s generated", name, s.template), Evidence: []Evidence{at}, Case: "template"}
	case s.file.Size == 0:
		return Result{Status: Missing, Reason: name + " is empty", Evidence: []Evidence{{Path: s.file.Path, Note: "empty"}}, Case: "title"}
	case s.words < 4:
		return Result{Status: Missing, Reason: name + " has a title and no text", Evidence: []Evidence{at}, Case: "title"}
	}
	var lacks []string
	if s.purpose == "" {
		lacks = append(lacks, "a sentence that says what the project is for")
	}
	if s.topic == "" {
		lacks = append(lacks, "how to install, run, use or configure it")
	}
	if s.words < minWords {
		lacks = append(lacks, fmt.Sprintf("more text: it has %s of its own of the %d needed", counted(s.words, "word"), minWords))
	}
	return Result{Status: Partial, Reason: name + " lacks " + listed(lacks), Evidence: []Evidence{at}, Case: s.lacking()}
}

// lacking names what an unfinished README lacks most.
func (s readmeState) lacking() string {
	switch {
	case s.purpose == "" && s.topic == "":
		return "no-purpose-no-usage"
	case s.purpose == "":
		return "no-purpose"
	case s.topic == "":
		return "no-usage"
	}
	return "short"
}

// litter is what an ecosystem leaves behind: one of each group must be ignored.
type litter struct {
	ecosystem string
	example   string // the rule to add
	any       []string
	all       []string
}

var litters = map[manifest.Ecosystem]litter{
	manifest.NPM:      {ecosystem: "Node", example: "node_modules/", any: []string{"node_modules"}},
	manifest.PyPI:     {ecosystem: "Python", example: "__pycache__/", any: []string{"bytecode", "venv"}},
	manifest.Maven:    {ecosystem: "the JVM", example: "target/", any: []string{"target", "build", "class"}},
	manifest.NuGet:    {ecosystem: ".NET", example: "bin/", all: []string{"bin", "obj"}},
	manifest.Composer: {ecosystem: "PHP", example: "vendor/", any: []string{"vendor"}},
	manifest.Cargo:    {ecosystem: "Rust", example: "target/", any: []string{"target"}},
}

// ecosystemOf is the ecosystem of a language's packages.
var ecosystemOf = map[lex.Language]manifest.Ecosystem{
	lex.JavaScript: manifest.NPM, lex.TypeScript: manifest.NPM, lex.Python: manifest.PyPI, lex.Java: manifest.Maven, lex.Kotlin: manifest.Maven,
	lex.Scala: manifest.Maven, lex.Groovy: manifest.Maven, lex.CSharp: manifest.NuGet, lex.FSharp: manifest.NuGet, lex.Rust: manifest.Cargo,
}

// littered are the ecosystems of a repository with the folders in which each would leave something.
func littered(r *facts.Repo) map[manifest.Ecosystem][]string {
	out := map[manifest.Ecosystem][]string{}
	for i := range r.Manifests {
		m := &r.Manifests[i]
		f := r.Lookup(m.Path)
		if f == nil || m.Ecosystem == "" || f.Class.Has(facts.Vendored|facts.Test|facts.Example|facts.Docs) || m.Kind == "package.json" && len(m.Dependencies) == 0 || carried(strings.ToLower(f.Dir())) {
			continue
		}
		out[m.Ecosystem] = append(out[m.Ecosystem], f.Dir())
	}
	lines, most := map[manifest.Ecosystem]int{}, manifest.Ecosystem("")
	for i := range r.Files {
		f := &r.Files[i]
		if e, ok := ecosystemOf[f.Lang()]; ok && f.Own() && !r.Browser(f) {
			lines[e] += f.Facts.Lines.Code
			if most == "" || lines[e] > lines[most] {
				most = e
			}
		}
	}
	other := 0
	for i := range r.Files {
		if f := &r.Files[i]; f.OwnCode() && ecosystemOf[f.Lang()] == "" {
			other += f.Facts.Lines.Code
		}
	}
	if most != "" && lines[most] > other && len(out[most]) == 0 && (len(out) == 0 || most != manifest.NPM) {
		out[most] = []string{""}
	}
	return out
}

// outputOfJVM is what the build of a repository leaves behind: that of its tool, or of the compiler alone.
func outputOfJVM(r *facts.Repo) string {
	out := "*.class"
	for i := range r.Manifests {
		switch m := &r.Manifests[i]; {
		case m.Kind == "pom.xml" || m.Kind == "build.sbt":
			return "target/"
		case strings.Contains(m.Kind, "gradle"):
			out = "build/"
		}
	}
	return out
}

func gitignore(in *Input) Result {
	var files []*facts.RepoFile
	rules := 0
	for _, h := range in.Repo.Hits(facts.KindIgnore) {
		if h.Name == "rules" {
			n, _ := strconv.Atoi(h.Value)
			rules += n
			if n > 0 {
				files = append(files, h.File)
			}
		}
	}
	if rules == 0 {
		for i := range in.Repo.Files {
			if f := &in.Repo.Files[i]; f.Base() == ".gitignore" && !f.Class.Has(facts.Vendored) {
				return Result{Status: Missing, Reason: "`" + f.Path + "` is there but has no rule", Evidence: []Evidence{{Path: f.Path, Note: "no rules"}}, Case: "empty"}
			}
		}
		return Result{Status: Missing}
	}
	slices.SortStableFunc(files, func(a, b *facts.RepoFile) int { return strings.Count(a.Path, "/") - strings.Count(b.Path, "/") })
	var ev []Evidence
	found := littered(in.Repo)
	for _, e := range ecosystems {
		dirs, ok := found[e]
		l, known := litters[e]
		if !ok || !known {
			continue
		}
		if e == manifest.Maven {
			l.example = outputOfJVM(in.Repo)
		}
		for _, dir := range dirs {
			h, ok := covered(in.Repo, dir, l)
			if !ok && e != manifest.NPM && !bare(in.Repo, e, dir, dirs, l) {
				continue
			}
			if !ok {
				return uncovered(files, dir, l)
			}
			ev = merge(ev, []Evidence{At(h, "ignores "+h.Value)})
		}
	}
	if len(ev) == 0 {
		ev = []Evidence{{Path: files[0].Path, Note: counted(rules, "rule")}}
	}
	return Result{Status: Met, Evidence: ev}
}

// uncovered is partial for what l leaves in a folder: by the file above it that lacks the rule or, where every file lies elsewhere, for want of one.
func uncovered(files []*facts.RepoFile, dir string, l litter) Result {
	for i := len(files) - 1; i >= 0; i-- { // the deepest first
		if above := files[i].Dir(); above == "" || above == dir || strings.HasPrefix(dir, above+"/") {
			p := files[i].Path
			return Result{
				Status: Partial, Reason: fmt.Sprintf("`%s` does not ignore `%s`, which %s leaves behind%s", p, l.example, l.ecosystem, inFolder(dir)),
				Next:     fmt.Sprintf("Add the line `%s` to `%s`.", l.example, p),
				Evidence: []Evidence{{Path: p, Note: l.example + " is not ignored"}},
			}
		}
	}
	where := inFolder(dir)
	if where == "" {
		where = " at the root"
	}
	return Result{
		Status: Partial, Reason: fmt.Sprintf("no `.gitignore` applies to the `%s` that %s leaves behind%s", l.example, l.ecosystem, where),
		Next:     fmt.Sprintf("Add the line `%s` to a `.gitignore` at the root.", l.example),
		Evidence: []Evidence{{Path: files[0].Path, Note: "applies to its own folder"}},
	}
}

func inFolder(dir string) string {
	if dir == "" {
		return ""
	}
	return " in `" + dir + "`"
}

// bare reports whether a good part of the code of an ecosystem below dir lies in none of its packages deeper down that are covered.
func bare(r *facts.Repo, e manifest.Ecosystem, dir string, dirs []string, l litter) bool {
	files := r.Under(dir)
	total, open := 0, 0
	for i := range files {
		f := &files[i]
		if !f.Own() || ecosystemOf[f.Lang()] != e {
			continue
		}
		inner := ""
		for _, d := range dirs {
			if len(d) > max(len(dir), len(inner)) && strings.HasPrefix(f.Path, d+"/") {
				inner = d
			}
		}
		total += f.Facts.Lines.Code
		if inner == "" {
			open += f.Facts.Lines.Code
			continue
		}
		if _, ok := covered(r, inner, l); !ok {
			open += f.Facts.Lines.Code
		}
	}
	return len(dirs) == 1 || 5*open > total
}

// covered reports whether what l leaves in a folder is ignored by a .gitignore there or above.
func covered(r *facts.Repo, dir string, l litter) (facts.Hit, bool) {
	var last facts.Hit
	has := func(name string) bool {
		for _, h := range r.Hits(facts.KindIgnore) {
			if (h.Name == name || h.Name == "everything") && reaches(h, dir) {
				last = h
				return true
			}
		}
		return false
	}
	if len(l.all) > 0 {
		return last, !slices.ContainsFunc(l.all, func(n string) bool { return !has(n) })
	}
	return last, slices.ContainsFunc(l.any, has)
}

// reaches reports whether a rule applies to names in dir: its file lies there or above, and a rule with a path leads there.
func reaches(h facts.Hit, dir string) bool {
	at := h.File.Dir()
	if at != "" && dir != at && !strings.HasPrefix(dir, at+"/") {
		return false
	}
	rule := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(h.Value, "/*"), "/**"), "/")
	if !strings.Contains(rule, "/") || strings.HasPrefix(rule, "**/") {
		return true
	}
	rel := strings.TrimPrefix(strings.TrimPrefix(dir, at), "/")
	lead := strings.TrimPrefix(path.Dir(strings.TrimPrefix(rule, "/")), ".")
	return MatchAny([]string{strings.ReplaceAll(lead, "**", "*")}, rel) || lead == rel || strings.Contains(lead, "*")
}

func conflictMarkers(in *Input) Result {
	var hits []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindConflict) {
		if !h.File.Class.Has(facts.Vendored) {
			hits = append(hits, h)
		}
	}
	if len(hits) == 0 {
		return Result{Status: Met}
	}
	return Result{
		Status: Missing, Reason: fmt.Sprintf("`%s` line %d still has a merge-conflict marker", hits[0].File.Path, hits[0].Line),
		Evidence: places("conflict marker", hits),
	}
}

func secrets(in *Input) Result {
	var hard, soft []Evidence
	var hardReason, softReason string
	note := func(list *[]Evidence, reason *string, h facts.Hit, what, why string) {
		if *reason == "" {
			*reason = why
		}
		*list = merge(*list, []Evidence{{Path: h.File.Path, StartLine: h.Line, EndLine: h.Line, Note: what}})
	}
	for _, h := range in.Repo.Hits(facts.KindSecret) {
		f := h.File
		if f.Class.Has(facts.Vendored) {
			continue
		}
		at := fmt.Sprintf("`%s` line %d", f.Path, h.Line)
		switch h.Name {
		case "private-key":
			note(&hard, &hardReason, h, "private key", at+" holds a private key")
		case "token":
			if !sampleFile(f) {
				note(&hard, &hardReason, h, h.Value, at+" holds what looks like a secret ("+h.Value+")")
			}
		case "env":
			switch {
			case strings.EqualFold(f.Base(), ".env"):
				note(&hard, &hardReason, h, "value of "+h.Value, "`"+f.Path+"` is committed with values")
			case h.Scope != "set" && !sampleFile(f) && !f.Class.Has(facts.Test|facts.Example):
				note(&hard, &hardReason, h, "value of "+h.Value, "`"+f.Path+"` is committed with a value for "+h.Value)
			case h.Scope == "random" && !f.Class.Has(facts.Test):
				note(&soft, &softReason, h, "value of "+h.Value, at+" gives "+clean(h.Value)+" a key that looks like a real one; an example needs a placeholder")
			}
		case "signing-key":
			if literalCounts(f) && !seeder(f) && (!strings.HasPrefix(h.Scope, "plain") || f.Lang() != lex.YAML || settingsFile(f)) {
				note(&soft, &softReason, h, "literal signing key", at+" has a signing key written out ("+clean(h.Value)+")")
			}
		case "password":
			if literalCounts(f) && !seeder(f) {
				note(&soft, &softReason, h, "literal password", at+" has a password written out ("+clean(h.Value)+")")
			}
		}
	}
	switch {
	case len(hard) > 0:
		return Result{Status: Missing, Evidence: hard, Reason: hardReason}
	case len(soft) > 0:
		return Result{Status: Partial, Evidence: soft, Reason: softReason}
	}
	return Result{Status: Met}
}

// sampleFile tells files whose values only show the form.
func sampleFile(f *facts.RepoFile) bool {
	base := strings.ToLower(f.Base())
	if strings.HasPrefix(base, "default.") {
		return false // the settings that hold where nothing else is set
	}
	for _, w := range []string{"example", "sample", "template", ".dist", ".test", "default", "placeholder", ".tpl", "test.env", ".testing", ".ci"} {
		if strings.Contains(base, w) {
			return true
		}
	}
	return false
}

// literalCounts tells files in which a literal key or password is used by the project itself, not by its tests, pipelines or documents.
func literalCounts(f *facts.RepoFile) bool {
	if !f.Own() || f.Class.Has(facts.Test|facts.Example|facts.Docs) || sampleFile(f) || ciConfig(f.Path) {
		return false
	}
	low := strings.ToLower(f.Path)
	for _, w := range []string{"swagger", "openapi", "postman", "insomnia", "locale", "i18n", "/lang/", "translations", "application-test", "appsettings.test", "testsettings", "test_settings", "settings/test", "settings_test", "environments/test", "config/test.", "config/testing.", "/mocks/", "mock", "/vendor/", "tox.ini", "pytest.ini", "setup.cfg", "phpunit.xml", "/cypress"} {
		if strings.Contains(low, w) {
			return false
		}
	}
	return true
}

// settingsFile tells YAML files in which an application keeps its settings, where "secret" is a key; elsewhere it mostly names one.
func settingsFile(f *facts.RepoFile) bool {
	base := strings.ToLower(f.Base())
	for _, p := range []string{"application", "bootstrap", "config", "settings", "secrets", "default", "development", "production", "local", "dev.", "prod."} {
		if strings.HasPrefix(base, p) {
			return true
		}
	}
	return false
}

// seeder tells files that fill a database with first data.
func seeder(f *facts.RepoFile) bool {
	low := strings.ToLower(f.Path)
	for _, w := range []string{"seed", "fixture", "factory", "factories", "faker", "initial_data", "populate", "sampledata", "testdata"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// ciConfig tells the configurations of continuous-integration services.
func ciConfig(p string) bool {
	low := strings.ToLower(p)
	switch path.Base(low) {
	case ".travis.yml", ".gitlab-ci.yml", "jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "appveyor.yml", ".drone.yml":
		return true
	}
	return strings.Contains(low, ".github/") || strings.Contains(low, ".circleci/")
}

// committed tells what a path shows to be committed that a tool can make again, "" for nothing.
func committed(r *facts.Repo, f *facts.RepoFile) (what, folder string) { //nolint:gocognit // a table of folders
	lower := strings.ToLower(f.Path)
	parts := strings.Split(lower, "/")
	upTo := func(i int) string { return strings.Join(strings.Split(f.Path, "/")[:i+1], "/") }
	base := parts[len(parts)-1]
	for i, p := range parts[:len(parts)-1] {
		dir := path.Dir(upTo(i))
		if dir == "." {
			dir = ""
		}
		next := parts[i+1]
		if testPart(p) || p == "wwwroot" {
			return "", ""
		}
		switch p {
		case "node_modules", "bower_components", "jspm_packages", ".terraform", "pods":
			return "dependency folder", upTo(i)
		case "__pycache__":
			return "bytecode folder", upTo(i)
		case "site-packages":
			return "virtual environment", upTo(i)
		case "venv", ".venv", "env", "virtualenv":
			if base == "pyvenv.cfg" || next == "scripts" || next == "lib" || base == "activate" {
				return "virtual environment", upTo(i)
			}
		case "target":
			if beside(r, dir, "pom.xml", "build.sbt", "cargo.toml", "build.gradle") || next == "classes" || next == "debug" && base != next {
				return "build output", upTo(i)
			}
		case "build":
			if beside(r, dir, "build.gradle", "build.gradle.kts") && next != base || base == "asset-manifest.json" || next == "classes" || next == "libs" && strings.HasSuffix(base, ".jar") ||
				next == "lib" && beside(r, dir, "setup.py", "pyproject.toml") || strings.HasSuffix(base, ".js") && beside(r, dir, "tsconfig.json") || dir != "" && strings.HasSuffix(dir, "public") && (next == "assets" || base == "manifest.json") {
				return "build output", upTo(i)
			}
		case "dist":
			if (strings.HasSuffix(base, ".js") || strings.HasSuffix(base, ".cjs") || strings.HasSuffix(base, ".mjs")) && beside(r, dir, "package.json") && !beside(r, dir, "action.yml", "action.yaml") || strings.HasSuffix(base, ".whl") {
				return "build output", upTo(i)
			}
		case "bin":
			if next == "debug" || next == "release" {
				return "build output", upTo(i)
			}
		case "obj":
			if next == "debug" || next == "release" || base == "project.assets.json" || strings.HasSuffix(base, ".nuget.g.props") {
				return "build output", upTo(i)
			}
		case ".next", ".nuxt", ".svelte-kit", ".parcel-cache", ".turbo", ".output", ".elixir_ls":
			return "build output", upTo(i)
		case ".gradle", "_build":
			if next != base || p == ".gradle" {
				return "build output", upTo(i)
			}
		case "deps":
			if beside(r, dir, "mix.exs") && strings.HasSuffix(base, ".ex") {
				return "dependency folder", upTo(i)
			}
		case "web-inf":
			if next == "lib" && strings.HasSuffix(base, ".jar") {
				return "dependency folder", upTo(i + 1)
			}
		case "packages":
			if strings.HasSuffix(base, ".nupkg") {
				return "dependency folder", upTo(i)
			}
		case "vendor":
			if what := vendored(r, dir, next, base); what != "" {
				return what, upTo(i)
			}
		}
	}
	switch {
	case strings.HasSuffix(base, ".pyc"), strings.HasSuffix(base, ".class"), strings.HasSuffix(base, ".beam"):
		return "bytecode", f.Path
	}
	return "", ""
}

// vendored judges a folder named vendor. Go's is fine when vendor/modules.txt declares it, Composer's when the manifest and the lock
// file beside it do; gems under vendor/bundle never are.
func vendored(r *facts.Repo, dir, next, base string) string {
	if next == "bundle" && base != next {
		return "dependency folder"
	}
	at := ""
	if dir != "" {
		at = dir + "/"
	}
	composer := r.Lookup(at+"vendor/autoload.php") != nil || r.Lookup(at+"vendor/composer/installed.json") != nil
	if composer && !beside(r, dir, "composer.json") {
		return "dependency folder"
	}
	if beside(r, dir, "go.mod") && r.Lookup(at+"vendor/modules.txt") == nil && strings.HasSuffix(base, ".go") {
		return "dependency folder"
	}
	return ""
}

func testPart(p string) bool {
	switch p {
	case "test", "tests", "testdata", "fixtures", "__tests__", "__fixtures__", "spec":
		return true
	}
	return false
}

// beside reports whether one of the files lies in dir; names are lower-case.
func beside(r *facts.Repo, dir string, names ...string) bool {
	prefix := ""
	if dir != "" {
		prefix = dir + "/"
	}
	for _, n := range names {
		if r.Lookup(prefix+n) != nil {
			return true
		}
		if n == "cargo.toml" && r.Lookup(prefix+"Cargo.toml") != nil {
			return true
		}
	}
	return false
}

func committedDependencies(in *Input) Result {
	var ev []Evidence
	seen := map[string]bool{}
	reason := ""
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Mode == snapshot.Submodule || f.Mode == snapshot.Symlink {
			continue
		}
		what, folder := committed(in.Repo, f)
		if what == "" || seen[folder] || len(ev) >= MaxEvidence {
			continue
		}
		seen[folder] = true
		if reason == "" {
			reason = "`" + folder + "` is committed: " + what
		}
		ev = append(ev, Evidence{Path: folder, Note: what})
	}
	if len(ev) == 0 {
		return Result{Status: Met}
	}
	folder := ev[0].Path
	if strings.ContainsAny(folder, " '") {
		folder = "'" + strings.ReplaceAll(folder, "'", `'\''`) + "'"
	}
	return Result{Status: Missing, Evidence: ev, Reason: reason, Next: fmt.Sprintf("Run `git rm -r --cached %s`, add the path to `.gitignore`, and commit.", folder)}
}
