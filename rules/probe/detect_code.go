package probe

import (
	"fmt"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

var codeDetectors = slices.Concat(codeBasicDetectors, codeToolDetectors, codePracticeDetectors, codeProjectDetectors)

var codeBasicDetectors = []Detector{
	{Name: "main-language", Doc: "A hand-written source file in a general-purpose language; the evidence names the main language and its share.", Judge: mainLanguage},
	{Name: "defines-functions", Doc: "Three or more functions or methods defined in hand-written code.", Cases: []string{"few"}, Judge: definesFunctions},
	{Name: "handles-errors", Doc: "Code that does something with an error: catch with a body, rejected promise, checked error value, exception handler.", Cases: []string{"dropped"}, Judge: handlesErrors},
	{Name: "own-class", Doc: "A class, struct, record or trait with behaviour of its own, outside tests and migrations.", Cases: []string{"data-only"}, Judge: ownClass},
}

func mainLanguage(in *Input) Result {
	ls := in.Repo.Languages()
	if len(ls) == 0 {
		return Result{Status: Missing}
	}
	l := ls[0]
	for _, other := range ls { // the language of the server before one that only the browser runs
		if !in.Repo.Browser(other.File) {
			l = other
			break
		}
	}
	return Result{
		Status:   Met,
		Evidence: []Evidence{{Path: l.File.Path, Note: fmt.Sprintf("%s, %.0f %% of the code", l.Lang, 100*l.Share)}},
	}
}

// writtenCode reports whether a file is hand-written program text, tests and single-file components included.
func writtenCode(f *facts.RepoFile) bool {
	if !f.Own() {
		return false
	}
	switch f.Lang() {
	case lex.Vue, lex.Svelte, lex.HTML, lex.EJS:
		return true
	}
	return f.Lang().GeneralPurpose()
}

// migration reports whether a file lies among migrations, which tools write.
func migration(p string) bool {
	p = strings.ToLower(p)
	return strings.Contains(p, "migrations/") || strings.Contains(p, "db/migrate/") || strings.Contains(p, "alembic/versions/")
}

// neededFunctions is how many functions the milestone asks for.
const neededFunctions = 3

func definesFunctions(in *Input) Result {
	var speaking, named, all []facts.Hit // as many as can matter: those of a large repository are a hundred thousand
	const enough = 100
	hits := in.Repo.Hits(facts.KindFunction)
	var file *facts.RepoFile // of the last hit
	counts, serves := false, false
	for i := range hits {
		h := &hits[i]
		if len(speaking) == neededFunctions {
			return functionEvidence(speaking)
		}
		if h.File != file {
			file, counts = h.File, writtenCode(h.File) && !migration(h.File.Path)
			serves = counts && !h.File.Class.Has(facts.Test|facts.Example) && !pageCode(in, h.File) && !skeleton(in, h.File)
		}
		if !counts {
			continue
		}
		if serves && h.Name != "" && h.Name != "constructor" && !strings.HasPrefix(h.Name, "__") {
			speaking = append(speaking, *h)
		}
		if len(named) == enough {
			continue
		}
		if len(all) < enough {
			all = append(all, *h)
		}
		if h.Name != "" && !h.File.Class.Has(facts.Test) {
			named = append(named, *h)
		}
	}
	switch {
	case len(named) >= neededFunctions: // what the program does before what a framework, a browser or a constructor asks for
		return functionEvidence(append(speaking, named...))
	case len(all) >= neededFunctions:
		return functionEvidence(append(named, all...))
	case len(all) > 0:
		reason := fmt.Sprintf("%d of the three functions asked for were found", len(all))
		if len(all) == 1 {
			reason = "one of the three functions asked for was found"
		}
		return PartialBy(reason, "function", all...).As("few")
	}
	return Result{Status: Missing}
}

func functionEvidence(hits []facts.Hit) Result {
	res := Result{Status: Met}
	for _, h := range hits {
		note := "function " + clean(h.Name)
		if h.Name == "" {
			note = "function"
		}
		res.Evidence = merge(res.Evidence, []Evidence{At(h, note)})
		if len(res.Evidence) == neededFunctions {
			break
		}
	}
	return res
}

func handlesErrors(in *Input) Result {
	// A form that is plain to see comes before one that needs explaining; server code before a browser's. Three of each rank are more than is shown.
	var handled [maxFormRank + 1][]facts.Hit
	add := func(h facts.Hit) {
		if at := &handled[formRank(in, h)]; len(*at) < 3 {
			*at = append(*at, h)
		}
	}
	var near []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindHandling) {
		if !writtenCode(h.File) || h.File.Class.Has(facts.Test) || h.File.Lang() == lex.Ruby && strings.HasPrefix(h.File.Path, "bin/") {
			continue // Rails writes bin/
		}
		if h.File.Path == "migrations/env.py" || h.File.Path == "alembic/env.py" || strings.HasSuffix(h.File.Path, "/migrations/env.py") || strings.HasSuffix(h.File.Path, "/alembic/env.py") {
			continue // Alembic and Flask-Migrate write it
		}
		if h.File.Base() == "manage.py" {
			continue // Django writes it
		}
		if h.Value == "handled" {
			add(h)
		} else if len(near) == 0 {
			near = append(near, h)
		}
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		if writtenCode(h.File) && !h.File.Class.Has(facts.Test) && answersErrors(h) {
			add(h.With("exception handler", h.Value))
		}
	}
	if best := slices.Concat(handled[:]...); len(best) > 0 {
		res := Result{Status: Met}
		for _, h := range best[:min(3, len(best))] {
			if pageCode(in, h.File) && !pageCode(in, best[0].File) {
				break // the pages of a server add nothing to what the server does
			}
			res.Evidence = append(res.Evidence, At(h, h.Name))
		}
		return res
	}
	if len(near) > 0 {
		h := near[0]
		reason := fmt.Sprintf("the error caught in `%s` at line %d is dropped: nothing is done with it", h.File.Path, h.Line)
		if h.Value == "rethrown" {
			reason = fmt.Sprintf("the error in `%s` at line %d is only passed on, and nothing else handles it", h.File.Path, h.Line)
		}
		return PartialBy(reason, h.Name+", "+h.Value, near[:1]...).As("dropped")
	}
	return Result{Status: Missing}
}

// answersErrors reports whether a class is an exception handler by its parent, or an exception that renders itself.
func answersErrors(h facts.Hit) bool {
	for _, w := range []string{"ErrorController", "HandlerExceptionResolver", "ResponseEntityExceptionHandler", "ExceptionMapper", "ExceptionFilter"} {
		if strings.Contains(h.Fact.Scope, w) && h.Value == "class" {
			return true
		}
	}
	return h.File.Lang() == lex.PHP && strings.HasSuffix(h.Fact.Scope, "Exception") && slices.ContainsFunc(h.File.Facts.Facts, func(x facts.Fact) bool {
		return x.Kind == facts.KindFunction && x.Name == "render" && x.Scope == h.Name && x.Value != "empty"
	})
}

// maxFormRank is the worst that formRank gives.
const maxFormRank = 7

// pageCode tells what a browser runs, the scripts of a page included.
func pageCode(in *Input, f *facts.RepoFile) bool {
	return in.Repo.Browser(f) || f.Lang() == lex.HTML || f.Lang() == lex.EJS
}

func formRank(in *Input, h facts.Hit) int {
	n := 0
	switch h.Name {
	case "error event", "errno checked", "error checked", "Result handled":
		n = 1
	}
	if pageCode(in, h.File) {
		n += 2
	}
	if h.File.Class.Has(facts.Example) {
		n += 4
	}
	return n
}

// methodsOf counts, for each type that is declared outside tests, the methods that hold something. Types are told apart by folder and name, since
// methods of Go and implementations of Rust may stand in another file.
type ownType struct {
	hit     facts.Hit
	methods int
}

func ownTypes(in *Input) []ownType {
	type place struct{ where, name string }
	types := in.Repo.Hits(facts.KindType)
	byKey := map[place]int32{}
	out := make([]ownType, 0, len(types))
	key := func(h facts.Hit, name string) place {
		if l := h.File.Lang(); l == lex.Go || l == lex.Rust || l == lex.CSharp {
			return place{h.File.Dir() + "/", name}
		}
		return place{h.File.Path, name}
	}
	for _, h := range types {
		if !writtenCode(h.File) || h.File.Class.Has(facts.Test) || migration(h.File.Path) || !behavesAsClass(h) {
			continue
		}
		k := key(h, h.Name)
		if _, ok := byKey[k]; !ok {
			byKey[k] = int32(len(out)) //nolint:gosec // far fewer
			out = append(out, ownType{hit: h})
		}
		if h.Value == "prototype" {
			out[byKey[k]].methods++
		}
	}
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		if h.Fact.Scope == "" || h.Value == "empty" || h.File.Class.Has(facts.Test) {
			continue
		}
		if i, ok := byKey[key(h, h.Fact.Scope)]; ok {
			out[i].methods++
		}
	}
	return out
}

func behavesAsClass(h facts.Hit) bool {
	switch h.Value {
	case "interface", "protocol", "annotation", "extension":
		return false
	case "enum":
		return h.File.Lang() != lex.TypeScript
	case "struct":
		return h.File.Lang() != lex.C
	}
	return h.File.Lang() != lex.Elixir || h.Value == "defmodule" && keepsState(h.File)
}

// keepsState reports whether an Elixir module describes a struct or a process.
func keepsState(f *facts.RepoFile) bool {
	return slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool {
		return x.Kind == facts.KindImport && (x.Name == "Ecto.Schema" || x.Name == "GenServer" || x.Name == "Agent" || x.Name == "Ash.Resource")
	})
}

func ownClass(in *Input) Result {
	var bare []facts.Hit
	var several, single []ownType // with methods, as many as are shown
	for _, t := range ownTypes(in) {
		switch {
		case t.methods > 1 && len(several) < 3:
			several = append(several, t)
		case t.methods == 1 && len(single) < 3:
			single = append(single, t)
		case t.methods == 0 && len(bare) == 0:
			bare = append(bare, t.hit)
		}
	}
	if found := slices.Concat(several, single); len(found) > 0 {
		res := Result{Status: Met}
		for _, t := range found[:min(3, len(found))] {
			name := clean(t.hit.Name)
			if name == "" {
				name = "without a name"
			}
			note := fmt.Sprintf("%s %s with %d methods", typeWord(t.hit), name, t.methods)
			if t.methods == 1 {
				note = strings.TrimSuffix(note, "s")
			}
			res.Evidence = append(res.Evidence, At(t.hit, note))
		}
		return res
	}
	if len(bare) > 0 {
		return PartialBy(fmt.Sprintf("the type `%s` in `%s` holds data only; it has no method yet", clean(bare[0].Name), bare[0].File.Path), "type without methods", bare[:1]...).As("data-only")
	}
	if ls := in.Repo.Languages(); len(ls) > 0 && !slices.ContainsFunc(ls, func(l facts.LanguageShare) bool { return hasClasses(l.Lang) }) {
		return Result{Status: NotApplicable, Reason: ls[0].Lang.String() + " has no classes"}
	}
	return Result{Status: Missing}
}

func typeWord(h facts.Hit) string {
	switch h.Value {
	case "prototype":
		return "class"
	case "impl":
		return "type"
	case "defmodule":
		return "module"
	}
	return h.Value
}

func hasClasses(l lex.Language) bool {
	switch l {
	case lex.C, lex.Elixir, lex.Erlang, lex.Haskell, lex.Clojure, lex.Lua, lex.R, lex.OCaml:
		return false
	}
	return true
}
