package probe

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
	"milepost/rules/snapshot"
)

// Scope says whether tests are looked at: "exclude" (the default), "include" or "only".
type Scope string

func (s Scope) check() error {
	switch s {
	case "", "exclude", "include", "only":
		return nil
	}
	return fmt.Errorf("tests takes exclude, include or only, not %q", s)
}

func (s Scope) admits(f *facts.RepoFile) bool {
	isTest := f.Class.Has(facts.Test)
	switch s {
	case "include":
		return true
	case "only":
		return isTest
	default:
		return !isTest
	}
}

// Files holds when files exist whose path matches a glob (doublestar syntax, letter case ignored; a glob without a slash matches base names
// in any folder). Vendored files and empty ones do not count.
type Files struct {
	Globs []string `yaml:"globs" json:"globs"`
	Min   int      `yaml:"min" json:"min,omitempty"`     // how many are needed, 1 if not given
	Empty bool     `yaml:"empty" json:"empty,omitempty"` // empty and placeholder files count too
}

func (c *Files) check() error {
	if len(c.Globs) == 0 {
		return errors.New("files needs globs")
	}
	for _, g := range c.Globs {
		if !doublestar.ValidatePattern(g) {
			return fmt.Errorf("%q is not a valid glob", g)
		}
	}
	return nil
}

func (c *Files) judge(in *Input, note string) Result {
	var found, empty []Evidence
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Class.Has(facts.Vendored) || f.Mode == snapshot.Submodule || !MatchAny(c.Globs, f.Path) {
			continue
		}
		if !c.Empty && (f.Size == 0 || f.Facts != nil && f.Facts.Placeholder) {
			empty = append(empty, Evidence{Path: f.Path, Note: "empty"})
			continue
		}
		found = append(found, Evidence{Path: f.Path, Note: note})
	}
	switch {
	case len(found) >= max(1, c.Min):
		return Result{Status: Met, Evidence: found[:min(len(found), MaxEvidence)]}
	case len(found) == 0 && len(empty) > 0:
		return Result{Status: Missing, Reason: fmt.Sprintf("`%s` is there but empty", empty[0].Path), Evidence: empty[:1]}
	}
	return Result{Status: Missing, Evidence: found}
}

// MatchAny reports whether a path matches one of the globs, as [Files] understands them.
func MatchAny(globs []string, p string) bool {
	lower := strings.ToLower(p)
	for _, g := range globs {
		subject := lower
		if !strings.Contains(g, "/") {
			subject = path.Base(lower)
		}
		g = strings.ToLower(g)
		if !strings.HasSuffix(subject, plainEnd(g)) {
			continue
		}
		if ok, err := doublestar.Match(g, subject); err == nil && ok {
			return true
		}
	}
	return false
}

// plainEnd is the end of a glob in which every byte stands for itself: what matches ends so.
func plainEnd(glob string) string {
	for i := len(glob); i > 0; i-- {
		switch glob[i-1] {
		case '*', '?', '[', ']', '{', '}', '\\', '/':
			return glob[i:]
		}
	}
	return glob
}

// Uses holds when a package is declared in a manifest and used by the code. Each entry is a package name; "name=module|module" names the modules
// by which code imports it where they differ from the name; "name=" says that the declaration suffices (build plugins, starters, packages
// that their framework loads). Without "=", npm, PyPI, Go and Cargo packages must be imported by a source or named in a script or
// configuration; the others count by their declaration. A name that ends in * stands for all that start so.
// A declared package that nothing imports is partial.
type Uses struct {
	NPM      []string `yaml:"npm" json:"npm,omitempty"`
	PyPI     []string `yaml:"pypi" json:"pypi,omitempty"`
	Maven    []string `yaml:"maven" json:"maven,omitempty"` // "group:artifact", or the artifact alone
	Gem      []string `yaml:"gem" json:"gem,omitempty"`
	Composer []string `yaml:"composer" json:"composer,omitempty"`
	NuGet    []string `yaml:"nuget" json:"nuget,omitempty"`
	Go       []string `yaml:"go" json:"go,omitempty"`
	Cargo    []string `yaml:"cargo" json:"cargo,omitempty"`
	Hex      []string `yaml:"hex" json:"hex,omitempty"`
	Tests    Scope    `yaml:"tests" json:"tests,omitempty"`     // whether an import in a test counts
	Browser  bool     `yaml:"browser" json:"browser,omitempty"` // browser code counts too
}

func (c *Uses) lists() map[manifest.Ecosystem][]string {
	return map[manifest.Ecosystem][]string{
		manifest.NPM: c.NPM, manifest.PyPI: c.PyPI, manifest.Maven: c.Maven, manifest.Gem: c.Gem, manifest.Composer: c.Composer,
		manifest.NuGet: c.NuGet, manifest.Go: c.Go, manifest.Cargo: c.Cargo, manifest.Hex: c.Hex,
	}
}

func (c *Uses) check() error {
	n := 0
	for _, l := range c.lists() {
		n += len(l)
	}
	if n == 0 {
		return errors.New("uses needs at least one package")
	}
	return c.Tests.check()
}

// unusedPackage is the near miss of a package that is declared and not used.
const unusedPackage = "unused-package"

// ecosystems in the order in which evidence is given.
var ecosystems = []manifest.Ecosystem{
	manifest.NPM, manifest.PyPI, manifest.Maven, manifest.Gem, manifest.Composer, manifest.NuGet, manifest.Go, manifest.Cargo, manifest.Hex,
}

func (c *Uses) judge(in *Input, note string) Result {
	out := Result{Status: Missing}
	lists := c.lists()
	for _, e := range ecosystems {
		for _, entry := range lists[e] {
			res := c.one(in, e, entry, note)
			if res.Status == Met && out.Status == Met {
				out.Evidence = merge(out.Evidence, res.Evidence)
				continue
			}
			out = best(out, res)
		}
	}
	return out
}

func (c *Uses) one(in *Input, e manifest.Ecosystem, entry, note string) Result {
	name, mods, explicit := strings.Cut(entry, "=")
	modules := modulesOf(e, name, mods, explicit)
	declared := in.Repo.Dependencies(e, name)
	if note == "" {
		note = "uses " + strings.TrimSuffix(name, "*")
	}
	if len(modules) == 0 {
		for _, d := range declared {
			if c.counts(in, in.Repo.Lookup(d.Manifest.Path)) {
				return Result{Status: Met, Evidence: []Evidence{declaredAt(d, note)}}
			}
		}
		return Result{Status: Missing}
	}
	hits := Importing(in.Repo, languagesOf(e), modules)
	hits = slices.DeleteFunc(hits, func(h facts.Hit) bool { return !c.Tests.admits(h.File) || !c.counts(in, h.File) })
	switch {
	case len(hits) > 0 && (len(declared) > 0 || e != manifest.NPM && e != manifest.PyPI || !anyManifest(in.Repo, e)):
		return MetBy(note, hits[:min(2, len(hits))]...)
	case len(hits) > 0:
		return MetBy(note, hits[0]) // imported though no manifest names it: it may come with another package
	case len(declared) > 0 && c.counts(in, in.Repo.Lookup(declared[0].Manifest.Path)):
		return Result{
			Status:   Partial,
			Reason:   fmt.Sprintf("`%s` is declared in `%s`, but no code imports it", declared[0].Name, declared[0].Manifest.Path),
			Evidence: []Evidence{declaredAt(declared[0], "declared, not imported")},
			Case:     unusedPackage,
		}
	}
	return Result{Status: Missing}
}

func (c *Uses) counts(in *Input, f *facts.RepoFile) bool {
	if f == nil || !f.Own() {
		return false
	}
	return c.Browser || !in.Repo.Browser(f) && !(f.Facts.Manifest != nil && f.Facts.Manifest.Kind == "package.json" && in.Repo.UnitOf(f.Path).Frontend)
}

func anyManifest(r *facts.Repo, e manifest.Ecosystem) bool {
	return slices.ContainsFunc(r.Manifests, func(m manifest.Manifest) bool { return m.Ecosystem == e })
}

func declaredAt(d facts.Declared, note string) Evidence {
	p := d.Manifest.Path
	if d.From != "" {
		p = d.From
	}
	return Evidence{Path: p, StartLine: d.Line, EndLine: d.Line, Note: note}
}

func modulesOf(e manifest.Ecosystem, name, mods string, explicit bool) []string {
	if explicit {
		if mods == "" {
			return nil
		}
		return strings.Split(mods, "|")
	}
	switch e {
	case manifest.NPM, manifest.Go:
		return []string{name}
	case manifest.PyPI, manifest.Cargo:
		return []string{strings.ReplaceAll(name, "-", "_")}
	default:
		return nil
	}
}

// languagesOf are the languages whose imports name packages of an ecosystem.
func languagesOf(e manifest.Ecosystem) []lex.Language {
	switch e {
	case manifest.NPM:
		return []lex.Language{lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte}
	case manifest.PyPI:
		return []lex.Language{lex.Python}
	case manifest.Maven:
		return []lex.Language{lex.Java, lex.Kotlin, lex.Scala, lex.Groovy}
	case manifest.Gem:
		return []lex.Language{lex.Ruby}
	case manifest.Composer:
		return []lex.Language{lex.PHP}
	case manifest.NuGet:
		return []lex.Language{lex.CSharp, lex.FSharp}
	case manifest.Go:
		return []lex.Language{lex.Go}
	case manifest.Cargo:
		return []lex.Language{lex.Rust}
	case manifest.Hex:
		return []lex.Language{lex.Elixir}
	default:
		return nil
	}
}

// Importing returns the imports, in own files of the languages, of one of the modules or of what lies below it ("a.b" covers "a.b.c", "a/b" covers
// "a/b/v2"). A module that ends in * covers all that start so.
func Importing(r *facts.Repo, languages []lex.Language, modules []string) []facts.Hit {
	var out []facts.Hit
	for _, m := range modules {
		for _, im := range r.Imports(strings.TrimSuffix(m, "*")) {
			if !covers(m, im.Module) {
				continue
			}
			for _, h := range im.Hits {
				if slices.Contains(languages, h.File.Lang()) {
					out = append(out, h)
				}
			}
		}
	}
	if len(out) < 2 {
		return out
	}
	slices.SortStableFunc(out, func(a, b facts.Hit) int {
		if c := strings.Compare(a.File.Path, b.File.Path); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return slices.CompactFunc(out, func(a, b facts.Hit) bool { return a.File == b.File && a.Line == b.Line && a.Name == b.Name })
}

func covers(module, name string) bool {
	if prefix, wild := strings.CutSuffix(module, "*"); wild {
		return strings.HasPrefix(name, prefix)
	}
	rest, ok := strings.CutPrefix(name, module)
	return ok && (rest == "" || strings.IndexByte("./:\\", rest[0]) >= 0)
}

// Imports holds when own code imports one of the modules, declared or not. Keys are languages by name.
type Imports struct {
	Modules map[string][]string `yaml:"modules" json:"modules"`
	Tests   Scope               `yaml:"tests" json:"tests,omitempty"`
	Browser bool                `yaml:"browser" json:"browser,omitempty"`
}

func (c *Imports) check() error {
	if len(c.Modules) == 0 {
		return errors.New("imports needs modules by language")
	}
	for name := range c.Modules {
		if _, err := Languages([]string{name}); err != nil {
			return err
		}
	}
	return c.Tests.check()
}

func (c *Imports) judge(in *Input, note string) Result {
	var hits []facts.Hit
	names := make([]string, 0, len(c.Modules))
	for name := range c.Modules {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		langs, err := Languages([]string{name})
		if err != nil {
			continue
		}
		for _, h := range Importing(in.Repo, langs, c.Modules[name]) {
			if c.Tests.admits(h.File) && (c.Browser || !in.Repo.Browser(h.File)) {
				hits = append(hits, h)
			}
		}
	}
	if len(hits) == 0 {
		return Result{Status: Missing}
	}
	return MetBy(note, hits[:min(2, len(hits))]...)
}

// languageNames are the names by which rules call languages; several stand for a family.
var languageNames = map[string][]lex.Language{
	"javascript": {lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte}, "typescript": {lex.TypeScript}, "python": {lex.Python}, "java": {lex.Java}, "kotlin": {lex.Kotlin},
	"jvm": {lex.Java, lex.Kotlin, lex.Scala, lex.Groovy}, "csharp": {lex.CSharp}, "go": {lex.Go}, "ruby": {lex.Ruby}, "php": {lex.PHP}, "rust": {lex.Rust},
	"scala": {lex.Scala}, "elixir": {lex.Elixir}, "c": {lex.C, lex.CPP}, "sql": {lex.SQL}, "shell": {lex.Shell}, "yaml": {lex.YAML}, "html": {lex.HTML, lex.ERB, lex.EJS},
	"json": {lex.JSON}, "toml": {lex.TOML}, "properties": {lex.Properties, lex.INI}, "xml": {lex.XML}, "markdown": {lex.Markdown}, "dockerfile": {lex.Dockerfile},
	"hcl": {lex.HCL}, "prisma": {lex.Prisma}, "makefile": {lex.Makefile}, "groovy": {lex.Groovy}, "text": {lex.Unknown}, "graphql": {lex.GraphQL},
}

// Languages translates the names rules use ("javascript" covers TypeScript, Vue and Svelte; "jvm" covers Java, Kotlin, Scala, Groovy).
func Languages(names []string) ([]lex.Language, error) {
	var out []lex.Language
	for _, n := range names {
		ls, ok := languageNames[n]
		if !ok {
			known := make([]string, 0, len(languageNames))
			for k := range languageNames {
				known = append(known, k)
			}
			slices.Sort(known)
			return nil, fmt.Errorf("there is no language %q; known are %s", n, strings.Join(known, ", "))
		}
		out = append(out, ls...)
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// Pattern holds when an expression (RE2) matches in own files of the languages. It sees code without comments and strings unless In says
// otherwise. Every match must contain a literal of three letters or more.
type Pattern struct {
	Languages []string   `yaml:"languages" json:"languages,omitempty"`
	Match     string     `yaml:"match" json:"match"`
	In        facts.View `yaml:"in" json:"in,omitempty"`       // code (default), strings, comments, text
	Lines     int        `yaml:"lines" json:"lines,omitempty"` // lines after the first that a match may reach into
	Fold      bool       `yaml:"fold" json:"fold,omitempty"`   // ignore letter case
	Globs     []string   `yaml:"globs" json:"globs,omitempty"` // only in files that match, see files
	Tests     Scope      `yaml:"tests" json:"tests,omitempty"`
	Browser   bool       `yaml:"browser" json:"browser,omitempty"` // browser code counts too
	Min       int        `yaml:"min" json:"min,omitempty"`         // how many matches are needed, 1 if not given

	compiled facts.Pattern
}

func (c *Pattern) check() error {
	switch c.In {
	case "", facts.Code, facts.Strings, facts.Comments, facts.Text:
	default:
		return fmt.Errorf("in takes code, strings, comments or text, not %q", c.In)
	}
	langs, err := Languages(c.Languages)
	if err != nil {
		return err
	}
	c.compiled, err = facts.NewPattern(facts.Pattern{Languages: langs, View: c.In, Expr: c.Match, Lines: c.Lines, Fold: c.Fold})
	if err != nil {
		return fmt.Errorf("match %q: %w", c.Match, err)
	}
	return c.Tests.check()
}

func (c *Pattern) judge(in *Input, note string) Result {
	var hits []facts.Hit
	for _, h := range in.Repo.Matches(c.compiled.Key()) {
		if h.File.Own() && c.Tests.admits(h.File) && (c.Browser || !in.Repo.Browser(h.File)) && (len(c.Globs) == 0 || MatchAny(c.Globs, h.File.Path)) {
			hits = append(hits, h)
		}
	}
	if len(hits) < max(1, c.Min) {
		return Result{Status: Missing, Evidence: places(note, hits)}
	}
	return MetBy(note, hits[:min(3, len(hits))]...)
}

// Facts holds when facts of a kind are there whose name, value and scope match the expressions given (RE2, anchored at both ends).
type Facts struct {
	Kind    facts.Kind `yaml:"kind" json:"kind"`
	Name    string     `yaml:"name" json:"name,omitempty"`
	Value   string     `yaml:"value" json:"value,omitempty"`
	Scope   string     `yaml:"scope" json:"scope,omitempty"`
	Globs   []string   `yaml:"globs" json:"globs,omitempty"`
	Tests   Scope      `yaml:"tests" json:"tests,omitempty"`
	Browser bool       `yaml:"browser" json:"browser,omitempty"`
	Min     int        `yaml:"min" json:"min,omitempty"`
}

func (c *Facts) check() error {
	if c.Kind == "" {
		return errors.New("facts needs a kind")
	}
	for _, e := range []string{c.Name, c.Value, c.Scope} {
		if _, err := regexp.Compile(anchored(e)); err != nil {
			return fmt.Errorf("%q does not compile: %w", e, err)
		}
	}
	return c.Tests.check()
}

func anchored(expr string) string { return "^(?:" + expr + ")$" }

func (c *Facts) judge(in *Input, note string) Result {
	hits := in.Repo.Hits(c.Kind)
	if len(hits) == 0 {
		return Result{Status: Missing}
	}
	var found []facts.Hit
	name, value, scope := matcher(c.Name), matcher(c.Value), matcher(c.Scope)
	for _, h := range hits {
		if h.File.Own() && c.Tests.admits(h.File) && (c.Browser || !in.Repo.Browser(h.File)) && name(h.Name) && value(h.Value) && scope(h.Fact.Scope) &&
			(len(c.Globs) == 0 || MatchAny(c.Globs, h.File.Path)) {
			found = append(found, h)
		}
	}
	if len(found) < max(1, c.Min) {
		return Result{Status: Missing, Evidence: places(note, found)}
	}
	res := MetBy(note, found...)
	res.Evidence = res.Evidence[:min(3, len(res.Evidence))]
	return res
}

func matcher(expr string) func(string) bool {
	if expr == "" {
		return func(string) bool { return true }
	}
	re, err := regexp.Compile(anchored(expr))
	if err != nil {
		return func(string) bool { return false }
	}
	return re.MatchString
}
