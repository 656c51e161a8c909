package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/snapshot"
)

var codeProjectDetectors = []Detector{
	{Name: "real-project", Doc: "An application with an entry point, 300 lines of code of its own and a README that says what it is for; the evidence guesses its sort.", Cases: []string{"exercises", "no-entry", "no-purpose", "short"}, Judge: realProject},
	{Name: "collaboration", Doc: "Two or more human authors, or a merged pull request that someone other than its author reviewed.", Judge: collaboration},
}

// projectLines is how many lines of code make a project.
const projectLines = 300

// generatedNames are files that generators write and learners leave as they are.
var generatedNames = []string{
	"manage.py", "wsgi.py", "asgi.py", "settings.py", "reportwebvitals.js", "reportwebvitals.ts", "setuptests.js", "setuptests.ts", "serviceworker.js", "registerserviceworker.js", "next-env.d.ts", "vite-env.d.ts", "react-app-env.d.ts",
	"schema.rb", "artisan", "package-info.java", "assemblyinfo.cs", "mavenwrapperdownloader.java", "karma.conf.js", "gulpfile.js", "gruntfile.js",
	"gemfile", "rakefile", "podfile", "vagrantfile", "setup.py", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "build.sbt", "mix.exs", "noxfile.py", "capfile", "fastfile", "jenkinsfile",
}

// laravelNames are classes of Laravel's skeleton.
var laravelNames = []string{
	"app/Console/Kernel.php", "app/Http/Kernel.php", "app/Http/Middleware/Authenticate.php", "app/Http/Middleware/EncryptCookies.php", "app/Http/Middleware/PreventRequestsDuringMaintenance.php", "app/Http/Middleware/RedirectIfAuthenticated.php",
	"app/Http/Middleware/TrimStrings.php", "app/Http/Middleware/TrustHosts.php", "app/Http/Middleware/TrustProxies.php", "app/Http/Middleware/VerifyCsrfToken.php", "app/Http/Middleware/ValidateSignature.php", "app/Providers/AuthServiceProvider.php",
	"app/Providers/BroadcastServiceProvider.php", "app/Providers/EventServiceProvider.php", "app/Providers/RouteServiceProvider.php", "public/index.php", "server.php", "bootstrap/app.php",
}

// laravelTables are ends of the names of migrations that Laravel's skeleton and its packages publish.
var laravelTables = []string{
	"_create_cache_table.php", "_create_jobs_table.php", "_create_failed_jobs_table.php", "_create_password_resets_table.php", "_create_password_reset_tokens_table.php", "_create_personal_access_tokens_table.php", "_create_sessions_table.php",
	"_create_permission_tables.php", "_create_media_table.php", "_create_telescope_entries_table.php", "_create_notifications_table.php", "0001_01_01_000000_create_users_table.php",
}

// skeleton reports whether a generator wrote the file as part of a new project: it counts as no line of the learner's.
func skeleton(in *Input, f *facts.RepoFile) bool {
	p, base := f.Path, strings.ToLower(f.Base())
	if slices.Contains(generatedNames, base) || strings.Contains(base, ".config.") || strings.HasPrefix(base, ".eslintrc") || strings.HasPrefix(base, ".prettierrc") || strings.HasSuffix(base, ".d.ts") || strings.HasSuffix(base, ".gemspec") {
		return true
	}
	dir := "/" + f.Dir() + "/"
	switch f.Lang() {
	case lex.Python:
		return strings.Contains(dir, "/migrations/") || strings.Contains(dir, "/alembic/") || strings.Contains(dir, "/versions/")
	case lex.CSharp:
		return strings.Contains(dir, "/Migrations/") || strings.Contains(dir, "/Areas/Identity/") || strings.Contains(dir, "/Areas/HelpPage/")
	case lex.PHP:
		return (strings.Contains(dir, "/config/") || strings.Contains(dir, "/lang/")) && exists(in, "artisan") || strings.Contains(dir, "/bootstrap/") || slices.ContainsFunc(laravelNames, func(n string) bool { return p == n || strings.HasSuffix(p, "/"+n) }) && exists(in, "artisan") ||
			slices.ContainsFunc(laravelTables, func(n string) bool { return strings.HasSuffix(base, n) })
	case lex.Ruby:
		return strings.HasPrefix(dir, "/bin/") || strings.Contains(dir, "/config/") && base != "routes.rb" || base == "rails_helper.rb"
	case lex.TypeScript, lex.JavaScript:
		return strings.Contains(dir, "/components/ui/")
	}
	return false
}

// lessonWords are folders of courses and exercises.
var lessonWords = []string{"exercise", "exercises", "exercicio", "exercicios", "practice", "practices", "challenge", "challenges", "kata", "katas", "tutorial", "tutorials", "lesson", "lessons", "homework", "assignment", "assignments", "snippets", "playground", "notes", "day", "week", "chapter", "lab", "labs", "module", "basics", "interview"}

func jvmSource(p string) bool {
	switch path.Ext(p) {
	case ".java", ".kt", ".scala", ".groovy":
		return true
	}
	return false
}

// lesson reports whether a path lies in a course's folder: "day-03", "exercises".
func lesson(p string) bool {
	dir := path.Dir(p)
	if i := strings.Index("/"+dir, "/src/"); i >= 0 && jvmSource(p) {
		dir = dir[:i] // what follows are packages, named after a firm or a domain
	}
	for part := range strings.SplitSeq(dir, "/") {
		words := fold(part)
		if len(words) == 0 || len(words) > 3 {
			continue
		}
		if slices.Contains(lessonWords, words[0]) && (len(words) == 1 || strings.IndexFunc(part, unicode.IsDigit) >= 0) {
			return true
		}
	}
	return false
}

// numberedLesson is the folder of a course's week, day or chapter in which a path lies, "" for none: "week-3".
func numberedLesson(p string) string {
	part, _, found := strings.Cut(p, "/")
	if words := fold(part); found && len(words) > 0 && len(words) <= 3 && slices.Contains(lessonWords, words[0]) && strings.IndexFunc(part, unicode.IsDigit) >= 0 {
		return part
	}
	return ""
}

// size is what a repository's code amounts to.
type size struct {
	lines, exercises int
	biggest          *facts.RepoFile
	mains, files     int
	alone            int            // files of a language that names the files it uses, which name none
	lessons          map[string]int // lines by numbered folder of a course
}

// course reports whether nearly all code lies in the numbered folders of a course: several small programs, each begun anew.
func (s size) course() bool {
	n := 0
	for _, lines := range s.lessons {
		n += lines
	}
	return len(s.lessons) >= 4 && n*4 >= (s.lines+s.exercises)*3
}

// studyWords are what a README calls a collection of small pieces, written to learn a language.
var studyWords = []string{
	"exercise", "exercises", "exercicio", "exercicios", "exercício", "exercícios", "ejercicio", "ejercicios", "estudos", "estudo", "estudios", "aprendizado", "practice", "practicing", "snippets", "learning", "basics", "tutorials", "lessons", "latihan", "belajar",
}

// studies reports whether the name or README of many little files that do not use each other says that they are studies.
func (s size) studies(in *Input, purpose facts.Hit) bool {
	if s.files < 20 || s.lines >= s.files*20 || s.alone*4 < s.files*3 {
		return false
	}
	words := fold(in.Repo.Name)
	if purpose.Fact != nil {
		words = append(words, fold(purpose.Value)...)
	}
	return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(studyWords, w) })
}

// namesFiles tells the languages in which a file says which other files it uses.
func namesFiles(l lex.Language) bool {
	return l == lex.JavaScript || l == lex.TypeScript || l == lex.Python
}

func measure(in *Input, served bool) size {
	s := size{lessons: map[string]int{}}
	mains := map[string]bool{}
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		if strings.EqualFold(h.Name, "main") && h.File.OwnCode() {
			mains[h.File.Path] = true
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		component := f.Lang() == lex.Vue || f.Lang() == lex.Svelte
		if !f.OwnCode() && !(component && f.Own() && !f.Class.Has(facts.Test)) || f.Class.Has(facts.Docs) {
			continue
		}
		n := f.Facts.Lines.Code
		if l := numberedLesson(f.Path); l != "" {
			s.lessons[l] += n
		}
		switch {
		case exercise(in, f), !served && (lesson(f.Path) || f.Class.Has(facts.Example)):
			s.exercises += n
			continue
		case skeleton(in, f):
			continue
		}
		s.lines += n
		s.files++
		if mains[f.Path] {
			s.mains++
		}
		if namesFiles(f.Lang()) && !slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool { return x.Kind == facts.KindLocalImport }) {
			s.alone++
		}
		if s.biggest == nil || n > s.biggest.Facts.Lines.Code {
			s.biggest = f
		}
	}
	return s
}

// entryNames are files at which programs start.
var entryNames = []string{
	"index.js", "index.ts", "server.js", "server.ts", "app.js", "app.ts", "main.js", "main.ts", "main.jsx", "main.tsx", "index.jsx", "index.tsx", "index.mjs", "server.mjs", "main.py", "app.py", "manage.py", "wsgi.py", "run.py", "__main__.py", "server.py", "artisan", "config.ru", "program.cs", "startup.cs", "index.php", "main.go", "main.rs",
	"application.java", "application.kt", "main.java", "main.kt", "app.rb", "main.rb", "index.html", "application.ex", "main.c", "main.cpp", "main.scala", "main.dart", "cli.py", "cli.js", "bot.py", "bot.js", "page.tsx", "page.jsx", "page.js", "_app.tsx", "_app.jsx", "_app.js", "app.vue", "main.swift", "+page.svelte", "router.ex", "bootstrap.php",
}

// entryPoint is the file at which the program starts: on the server before in a browser, near the root before deep.
func entryPoint(in *Input) (Evidence, bool) {
	var best *facts.RepoFile
	rank := func(f *facts.RepoFile) int {
		n := 2 * strings.Count(f.Path, "/")
		if in.Repo.Browser(f) || f.Lang() == lex.HTML || f.Class.Has(facts.Docs|facts.Example) {
			n += 100
		}
		if strings.HasPrefix(strings.ToLower(f.Base()), "index.") {
			n += 5
		}
		return n
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Own() && !f.Class.Has(facts.Test) && slices.Contains(entryNames, strings.ToLower(f.Base())) && !exercise(in, f) && (best == nil || rank(f) < rank(best)) {
			best = f
		}
	}
	if best != nil && rank(best) < 100 {
		return Evidence{Path: best.Path, Note: "entry point"}, true
	}
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		if strings.EqualFold(h.Name, "main") && h.File.OwnCode() {
			return At(h, "entry point"), true
		}
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		if h.File.OwnCode() && startsProgram(h) {
			return At(h, "entry point"), true
		}
	}
	if hs := in.Repo.Hits(facts.KindRoute); len(hs) > 0 {
		return At(hs[0], "entry point"), true
	}
	if best != nil {
		return Evidence{Path: best.Path, Note: "entry point"}, true
	}
	return Evidence{}, false
}

// startsProgram tells the types at which a program starts without a function main: object Server extends App of Scala, the application of ASP.NET's Global.asax.
func startsProgram(h facts.Hit) bool {
	for parent := range strings.SplitSeq(h.Fact.Scope, ",") {
		switch strings.TrimSpace(parent) {
		case "App", "IOApp", "IOApp.Simple", "ZIOApp", "ZIOAppDefault", "TaskApp":
			return h.File.Lang() == lex.Scala
		case "HttpApplication", "System.Web.HttpApplication":
			return h.File.Lang() == lex.CSharp
		}
	}
	return false
}

// purposeOf is the first sentence of a README that says what the project is for.
func purposeOf(in *Input) (facts.Hit, bool) {
	var best facts.Hit
	found := false
	for _, h := range in.Repo.Hits(facts.KindReadme) {
		if h.Name != "purpose" || h.Fact.Scope == "title" && !tellingTitle(h.Value) || !h.File.Own() || h.File.Class.Has(facts.Docs) || !ownReadme(in.Repo, h.File) || len(strings.Fields(h.Value)) < 3 && len([]rune(h.Value)) < 15 {
			continue
		}
		deeper := 0
		if found {
			deeper = strings.Count(h.File.Path, "/") - strings.Count(best.File.Path, "/")
		}
		if !found || deeper < 0 || deeper == 0 && plainReadme(h.File) && !plainReadme(best.File) {
			best, found = h, true
		}
	}
	return best, found
}

// plainReadme reports whether a README is the one that is shown, not a translation or a part: README.md, not README-BACKEND.md.
func plainReadme(f *facts.RepoFile) bool { return strings.EqualFold(stem(f.Path), "readme") }

// tellingTitle reports whether a heading is as good as a sentence: "A tool for the command line to track tasks and their state".
func tellingTitle(t string) bool {
	t = strings.ToLower(t)
	return len(strings.Fields(t)) >= 8 && mentionsAny(t, " to ", " for ", " that ", " which ", " where ")
}

func realProject(in *Input) Result {
	served := slices.ContainsFunc(in.Repo.Hits(facts.KindRoute), func(h facts.Hit) bool { return h.File.OwnCode() && !exercise(in, h.File) }) || len(contractEndpoints(in)) > 0
	s := measure(in, served)
	total := s.lines + s.exercises
	purpose, described := purposeOf(in)
	collection := s.course() || s.studies(in, purpose) || s.exercises > s.lines && (!served || s.exercises > 3*s.lines) || !served && s.mains >= 6 && s.mains*5 >= s.files*2
	switch {
	case total == 0:
		return Result{Status: Missing}
	case collection:
		return MissingBecause(fmt.Sprintf("%s of code are exercises or algorithms; an application was not found", lineCount(max(s.exercises, s.lines)))).As("exercises")
	}
	entry, ok := entryPoint(in)
	if !ok {
		return MissingBecause("no entry point was found: no file at which the program starts").As("no-entry")
	}
	ev := []Evidence{entry}
	if s.biggest != nil && s.biggest.Path != entry.Path {
		ev = append(ev, Evidence{Path: s.biggest.Path, Note: fmt.Sprintf("largest of %s of code", lineCount(s.lines))})
	}
	if s.lines < projectLines {
		reason := fmt.Sprintf("%s of code of its own were counted; %d are asked for", lineCount(s.lines), projectLines)
		if s.lines < 30 {
			return MissingBecause(reason, ev...).As("short")
		}
		return Result{Status: Partial, Reason: reason, Evidence: ev, Case: "short"}
	}
	if !described {
		return Result{
			Status: Partial, Reason: "no README says in a sentence what the application is for", Evidence: ev, Case: "no-purpose",
		}
	}
	ev[0].Note = fmt.Sprintf("%s, %s of code", sortOf(in, purpose.Value), lineCount(s.lines))
	return Result{Status: Met, Evidence: append(ev, At(purpose, "says what it is for"))}
}

// sorts are the sorts of applications and the words by which they are guessed, in the order of trying.
var sorts = []struct {
	name  string
	words []string
}{
	{"URL shortener", []string{"shorten", "short url", "short link", "shorturl", "tinyurl", "bitly"}},
	{"chat", []string{"chat", "messenger", "messaging"}},
	{"e-commerce", []string{"e-commerce", "ecommerce", "shop", "store front", "web store", "online store", "bookstore", "storefront", "cart", "checkout", "product"}},
	{"task manager", []string{"todo", "to-do", "task", "kanban"}},
	{"blog", []string{"blog", "article", "post"}},
	{"authentication system", []string{"authentication", "auth system", "login system", "jwt"}},
}

// speaksOf reports whether a text has the word of a sort. Those that other words begin with or end in stand alone or in their plural: "posts", not "Postgres";
// "online shop", not "workshop"; "products", not "production".
func speaksOf(text, word string) bool {
	switch word {
	case "post", "cart", "shop", "product":
		return slices.ContainsFunc(strings.FieldsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' }), func(w string) bool {
			return w == word || w == word+"s" || w == word+"ping"
		})
	}
	return strings.Contains(text, word)
}

func sortOf(in *Input, purpose string) string {
	text := strings.ToLower(purpose + " " + in.Repo.Name)
	for _, s := range sorts {
		for _, w := range s.words {
			if speaksOf(text, w) {
				return s.name
			}
		}
	}
	var routes strings.Builder
	for _, h := range in.Repo.Hits(facts.KindRoute) {
		routes.WriteString(strings.ToLower(h.Value) + " ")
	}
	for _, s := range sorts[:5] {
		for _, w := range s.words {
			if strings.Contains(routes.String(), "/"+w) {
				return s.name
			}
		}
	}
	return "application of another sort"
}

// author is one who wrote a commit, by whatever is known.
type author struct {
	name, email, login string
	commit             string
}

// aiNames are agents that write code under names of their own.
var aiNames = []string{
	"claude", "copilot", "github copilot", "cursor", "cursor agent", "devin", "devin ai", "codex", "openai codex", "gemini", "google-labs-jules", "jules", "aider", "lovable", "gpt-engineer-app", "replit agent", "replit", "v0", "bolt", "windsurf", "sweep", "sweep-ai", "codegen", "codeium", "chatgpt", "gpt", "openhands",
	"imgbot", "imgbotapp", "whitesource", "mend bolt", "deepsource", "restyled", "stale", "mergify", "codacy", "codefactor", "depfu", "pyup-bot", "netlify", "vercel", "heroku", "travis ci", "circleci", "jenkins", "gitlab ci", "actions-user", "github", "web-flow", "noreply", "transifex", "weblate", "crowdin bot", "fossabot", "codesandbox", "stackblitz", "gitpod", "lovable-dev", "ai-assistant", "amazon q", "warp", "kiro", "roo", "cline", "qodo", "coderabbit", "coderabbitai",
}

// machine reports whether an author is a program.
func machine(a author) bool {
	if bot(a.name, a.email, a.login) {
		return true
	}
	email := strings.ToLower(a.email)
	for _, host := range []string{"@anthropic.com", "@cursor.com", "@cursor.so", "@openai.com", "@devin.ai", "@lovable.dev", "copilot@", "+copilot", "@cognition.ai", "bot@", "-bot@", "@aider.chat"} {
		if strings.Contains(email, host) {
			return true
		}
	}
	for _, s := range []string{a.name, a.login} {
		s = strings.ToLower(strings.TrimSpace(s))
		if slices.Contains(aiNames, s) || strings.HasSuffix(s, "-bot") || strings.HasSuffix(s, " bot") || strings.HasPrefix(s, "claude ") || strings.HasPrefix(s, "automated ") || strings.HasPrefix(s, "copilot") || strings.Contains(s, "devin-ai") {
			return true
		}
	}
	return false
}

// defaults reports whether an identity is what git makes up for an unconfigured machine, so that it names nobody.
func defaults(a author) bool {
	_, host, ok := strings.Cut(a.email, "@")
	if !ok || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".localdomain") || strings.HasSuffix(host, ".lan") || strings.Contains(host, "example.") || strings.HasSuffix(host, ".internal") || strings.HasSuffix(host, "(none)") {
		return true
	}
	switch strings.ToLower(a.name) {
	case "root", "user", "your name", "admin", "ubuntu", "unknown", "administrator", "vagrant", "student", "git", "name", "dev":
		return true
	}
	return false
}

// authorsOf are the human authors and co-authors of a log, newest first, without repetition.
func authorsOf(log *snapshot.CommitLog) []author {
	var out []author
	seen := map[[3]string]bool{}
	add := func(a author) {
		k := [3]string{strings.ToLower(a.name), strings.ToLower(a.email), a.login}
		if !seen[k] && !machine(a) && !defaults(a) && len(out) < 500 {
			seen[k] = true
			out = append(out, a)
		}
	}
	for _, c := range log.Commits {
		if !merges(c) { // who merges need not have written anything
			add(author{c.AuthorName, c.AuthorEmail, c.AuthorLogin, c.ID})
		}
		for line := range strings.SplitSeq(c.Message, "\n") {
			rest, ok := strings.CutPrefix(strings.ToLower(line), "co-authored-by:")
			if !ok {
				continue
			}
			rest = strings.TrimSpace(line[len(line)-len(rest):])
			name, email, _ := strings.Cut(rest, "<")
			add(author{strings.TrimSpace(name), strings.TrimSuffix(strings.TrimSpace(email), ">"), "", c.ID})
		}
	}
	return out
}

// onlyLetters keeps lower-case letters alone.
func onlyLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, s)
}

// handles are the names by which a person is known in one identity: name, login, the part of the address before the @.
func (a author) handles() []string {
	var out []string
	add := func(s string) {
		if s = onlyLetters(s); len(s) >= 3 && !slices.Contains([]string{"info", "mail", "contact", "admin", "hello", "dev", "me", "git", "github", "noreply"}, s) {
			out = append(out, s)
		}
	}
	add(a.name)
	if ws := nameWords(a.name); len(ws) > 1 { // Ana Lima is alima
		_, n := utf8.DecodeRuneInString(ws[0])
		add(ws[0][:n] + ws[len(ws)-1])
	}
	add(a.login)
	local, host, _ := strings.Cut(strings.ToLower(a.email), "@")
	if strings.HasSuffix(host, "users.noreply.github.com") {
		if _, login, ok := strings.Cut(local, "+"); ok {
			local = login
		}
	}
	add(local)
	return out
}

// samePerson reports whether two identities may well be one person. It errs towards yes: collaboration needs two who are plainly two.
func samePerson(a, b author) bool {
	if strings.EqualFold(a.email, b.email) || a.login != "" && a.login == b.login {
		return true
	}
	for _, x := range a.handles() {
		for _, y := range b.handles() {
			if x == y || len(x) >= 5 && strings.Contains(y, x) || len(y) >= 5 && strings.Contains(x, y) || len(x) >= 10 && len(y) >= 10 && near(x, y) {
				return true
			}
		}
	}
	return shares(a, b) || shares(b, a)
}

// shares reports whether the words of a's name are those of b's, or one of them is in the only word that b is known by.
func shares(a, b author) bool {
	wa, wb := nameWords(a.name), nameWords(b.name)
	if len(wa) == 0 || len(wb) == 0 {
		return false
	}
	common := 0
	for _, w := range wa {
		if slices.Contains(wb, w) {
			common++
		}
	}
	if common == min(len(wa), len(wb)) || common >= 2 {
		return true
	}
	if len(wb) > 1 {
		return false
	}
	for _, w := range wa {
		if len(w) >= 4 && slices.ContainsFunc(b.handles(), func(h string) bool { return strings.Contains(h, w) }) {
			return true
		}
	}
	return false
}

// near reports whether two names differ by two letters at most, as two spellings of one in another alphabet do: dmitry and dmitriy.
func near(x, y string) bool {
	a, b := []rune(x), []rune(y)
	if len(a) > 60 || len(b) > 60 {
		return false
	}
	row := make([]int, len(b)+1) // how many letters lie between what was read of a and each start of b
	for j := range row {
		row[j] = j
	}
	for i := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j := range b {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)] <= 2
}

// nameWords are the words of a name, without those that names of accounts add to one: ana-dev, kim_codes.
func nameWords(s string) []string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
	if len(words) < 2 {
		return words
	}
	return slices.DeleteFunc(words, func(w string) bool {
		return slices.Contains([]string{"hub", "dev", "devs", "code", "codes", "coder", "coding", "git", "github", "tech", "official", "developer"}, w)
	})
}

// persons groups identities into people; the first identity of each stands for it.
func persons(as []author) []author {
	group := make([]int, len(as))
	for i := range group {
		group[i] = i
	}
	root := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for i := range as {
		for j := range i {
			if samePerson(as[i], as[j]) {
				group[root(i)] = root(j)
			}
		}
	}
	var out []author
	for i := range as {
		if root(i) == i {
			out = append(out, as[i])
		}
	}
	return out
}

func collaboration(in *Input) Result {
	if in.Activity.Pulls != nil {
		for _, p := range *in.Activity.Pulls {
			for _, r := range p.Reviews {
				if !r.Bot && r.Author != "" && !strings.EqualFold(r.Author, p.Author) && !machine(author{login: r.Author}) && !machine(author{login: p.Author}) {
					return Result{Status: Met, Evidence: []Evidence{{Note: fmt.Sprintf("pull request #%d, reviewed by %s", p.Number, clean(r.Author))}}}
				}
			}
		}
	}
	if in.Activity.Log == nil {
		return Result{Status: Unknown, Reason: "the history of commits is not known to this run"}
	}
	ps := persons(authorsOf(in.Activity.Log))
	switch {
	case len(ps) >= 2:
		res := Result{Status: Met}
		for _, p := range ps[:min(3, len(ps))] {
			res.Evidence = append(res.Evidence, Evidence{Commit: p.commit, Note: "by " + clean(p.name)})
		}
		return res
	case !in.Activity.Log.Complete:
		return Result{Status: Unknown, Reason: "only a part of the history is known to this run, and it has one author"}
	case len(ps) == 1:
		return MissingBecause("every commit is by one person, and no pull request reviewed by someone else is known")
	}
	return Result{Status: Missing}
}
