package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

var dataDetectors = []Detector{
	{Name: "orm-model", Doc: "A model of an ORM or ODM that code uses; query mappers, and models that nothing imports, are partial.", Cases: []string{"mapper", "unused"}, Judge: ormModel},
	{Name: "index", Doc: "An index or a unique column beyond the primary key, not one that a framework makes by itself.", Cases: []string{"old-tag"}, Judge: indexes},
	{Name: "sql-statement", Doc: "SQL that reads or changes data, in .sql files or in strings of code; an ORM's query language is partial.", Cases: []string{"orm-language", "tables-only"}, Judge: sqlStatement},
}

// serverHits are the facts of a kind in the project's own server code. Tests are left out unless tests says otherwise.
func serverHits(in *Input, k facts.Kind, tests Scope) []facts.Hit {
	hits := in.Repo.Hits(k)
	out := make([]facts.Hit, 0, len(hits))
	for _, h := range hits {
		if h.File.Own() && tests.admits(h.File) && !in.Repo.Browser(h.File) {
			out = append(out, h)
		}
	}
	return out
}

// where filters hits.
func where(hits []facts.Hit, keep func(facts.Hit) bool) []facts.Hit {
	var out []facts.Hit
	for _, h := range hits {
		if keep(h) {
			out = append(out, h)
		}
	}
	return out
}

func sqlStatement(in *Input) Result {
	hits := serverHits(in, facts.KindSQL, "include")
	own := where(hits, func(h facts.Hit) bool { return h.Fact.Scope == "file" || h.Fact.Scope == "code" })
	if len(own) > 0 {
		res := MetBy("", own[0])
		res.Evidence[0].Note = own[0].Name + " statement"
		for _, h := range own[1:] {
			if h.Name != own[0].Name && len(res.Evidence) < 3 {
				res.Evidence = append(res.Evidence, At(h, h.Name+" statement"))
			}
		}
		return res
	}
	if jp := where(hits, func(h facts.Hit) bool { return h.Fact.Scope == "jpql" }); len(jp) > 0 {
		return PartialBy(fmt.Sprintf("the query in `%s` line %d is in the ORM's own query language, not in SQL", jp[0].File.Path, jp[0].Line), "ORM query language", jp[0]).As("orm-language")
	}
	if tables := serverHits(in, facts.KindSQLTable, "include"); len(tables) > 0 {
		return Result{Status: Missing, Reason: fmt.Sprintf("`%s` defines tables, but no SELECT, INSERT, UPDATE or DELETE was found", tables[0].File.Path), Evidence: places("defines a table", tables[:1]), Case: "tables-only"}
	}
	return Result{Status: Missing}
}

func indexes(in *Input) Result {
	var ignored *facts.Hit
	found := where(serverHits(in, facts.KindIndex, ""), func(h facts.Hit) bool {
		if h.Fact.Scope == "ignored" {
			ignored = &h
			return false
		}
		return true
	})
	found = append(found, serverHits(in, facts.KindSQLIndex, "")...)
	if len(found) > 0 {
		slices.SortStableFunc(found, func(a, b facts.Hit) int { return writtenFirst(a) - writtenFirst(b) })
		res := Result{Status: Met}
		for _, h := range found {
			if len(res.Evidence) < 3 {
				res.Evidence = appendNew(res.Evidence, At(h, h.Name))
			}
		}
		return res
	}
	if ignored != nil {
		return Result{
			Status: Partial, Evidence: []Evidence{At(*ignored, "tag of an older GORM")}, Case: "old-tag",
			Reason: fmt.Sprintf("the tag `unique_index` in `%s` line %d is from an older GORM; this version ignores it, `uniqueIndex` is its name now", ignored.File.Path, ignored.Line),
		}
	}
	return Result{Status: Missing}
}

// writtenFirst puts models, which learners write, before the migrations that tools make of them.
func writtenFirst(h facts.Hit) int {
	if h.File.Lang() == lex.Python && migration(h.File.Path) {
		return 1
	}
	return 0
}

func ormModel(in *Input) Result {
	models := serverHits(in, facts.KindModel, "")
	reached := newImports(in.Repo)
	var unused *facts.Hit
	var used []facts.Hit
	for _, h := range models {
		if modelUsed(in, h, reached) {
			used = append(used, h)
		} else if unused == nil {
			unused = &h
		}
	}
	if len(used) > 0 {
		res := Result{Status: Met}
		for _, h := range used[:min(3, len(used))] {
			res.Evidence = append(res.Evidence, At(h, strings.TrimSpace(h.Value+" model "+h.Name)))
		}
		return res
	}
	if unused != nil {
		return Result{
			Status: Partial, Evidence: []Evidence{At(*unused, unused.Value+" model that nothing uses")}, Case: "unused",
			Reason: fmt.Sprintf("`%s` defines a %s model, but nothing uses it", unused.File.Path, unused.Value),
		}
	}
	if m := serverHits(in, facts.KindMapper, ""); len(m) > 0 {
		return PartialBy(fmt.Sprintf("`%s` uses %s, which maps queries but is no ORM", m[0].File.Path, m[0].Name), m[0].Name, m[0]).As("mapper")
	}
	return Result{Status: Missing}
}

// modelUsed reports whether something reaches a model. Only JavaScript tells by its imports; elsewhere a model that is defined counts.
func modelUsed(in *Input, h facts.Hit, reached imports) bool {
	if h.Value == "Prisma" {
		return len(prismaClients(in)) > 0
	}
	if !javaScript(h.File) {
		return true
	}
	for _, f := range h.File.Facts.Facts {
		if f.Kind == facts.KindModelUse && f.Name != "loader" {
			return true
		}
	}
	return reached.of(h.File) || reached.loaded[h.File.Dir()]
}

// prismaClients are the imports of Prisma's client, from the package or from where it is generated.
func prismaClients(in *Input) []facts.Hit {
	out := where(serverHits(in, facts.KindImport, "include"), func(h facts.Hit) bool {
		return h.Name == "@prisma/client" || !javaScript(h.File) && (h.Name == "prisma" || strings.HasSuffix(h.Name, "/prisma/db") || strings.Contains(h.Name, "prisma-client-go")) || strings.HasPrefix(h.Name, "@prisma/adapter")
	})
	return append(out, where(serverHits(in, facts.KindLocalImport, "include"), func(h facts.Hit) bool {
		return strings.Contains(h.Name, "generated/") || strings.Contains(h.Name, "prisma/client") || strings.HasSuffix(h.Name, "/prisma")
	})...)
}

func javaScript(f *facts.RepoFile) bool {
	switch path.Ext(f.Path) {
	case ".js", ".ts", ".mjs", ".cjs", ".mts", ".cts", ".jsx", ".tsx", ".vue", ".svelte":
		return true
	}
	return false
}

// imports are the files of a repository that its JavaScript imports.
type imports struct {
	paths  map[string]bool // without extension, relative ones resolved
	tails  map[string]bool // the last two parts of what an alias imports
	loaded map[string]bool // folders whose files a loader reads
}

func newImports(r *facts.Repo) imports {
	im := imports{paths: map[string]bool{}, tails: map[string]bool{}, loaded: map[string]bool{}}
	for _, h := range r.Hits(facts.KindLocalImport) {
		if h.File.Class.Has(facts.Vendored) || !javaScript(h.File) {
			continue
		}
		name := trimExt(h.Name)
		if strings.HasPrefix(name, ".") {
			im.paths[path.Join(h.File.Dir(), name)] = true
			continue
		}
		im.tails[tail(name)] = true
	}
	for _, h := range r.Hits(facts.KindImport) { // aliases look like packages: "src/models/user", "@models/user"
		if javaScript(h.File) && strings.Contains(h.Value, "/") {
			im.tails[tail(trimExt(h.Value))] = true
		}
	}
	for _, h := range r.Hits(facts.KindModelUse) {
		if h.Name == "loader" {
			im.loaded[h.File.Dir()] = true
		}
	}
	return im
}

func trimExt(name string) string {
	for _, e := range []string{".js", ".ts", ".mjs", ".cjs", ".jsx", ".tsx", ".vue", ".svelte"} {
		if t, ok := strings.CutSuffix(name, e); ok {
			return t
		}
	}
	return name
}

func tail(p string) string {
	parts := strings.Split(p, "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// of reports whether something imports f.
func (im imports) of(f *facts.RepoFile) bool {
	stem := trimExt(f.Path)
	if im.paths[stem] || im.tails[tail(stem)] {
		return true
	}
	if dir, ok := strings.CutSuffix(stem, "/index"); ok {
		return im.paths[dir] || im.tails[tail(dir)]
	}
	return false
}
