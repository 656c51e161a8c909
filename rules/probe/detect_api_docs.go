package probe

import (
	"fmt"
	"path"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

func openAPIDocument(in *Input) Result {
	var bad *facts.Hit
	for _, h := range in.Repo.Hits(facts.KindOpenAPI) {
		if h.File.Class.Has(facts.Vendored|facts.Test) || h.File.Facts.Placeholder {
			continue
		}
		if h.Name == "valid" {
			return MetBy("OpenAPI document", h)
		}
		if bad == nil {
			bad = &h
		}
	}
	if bad == nil {
		return Result{Status: Missing}
	}
	return PartialBy(fmt.Sprintf("`%s` is meant to be an OpenAPI document but cannot be used: %s", bad.File.Path, clean(bad.Value)), "OpenAPI document", *bad).As("unparsed")
}

func requestCollection(in *Input) Result {
	out := Result{Status: Missing}
	for _, h := range in.Repo.Hits(facts.KindCollection) {
		if h.File.Class.Has(facts.Vendored) {
			continue
		}
		switch h.Value {
		case "valid":
			return MetBy(h.Name+" collection", h.With(h.Name, ""))
		case "template":
			out = best(out, PartialBy(fmt.Sprintf("`%s` is the generator's template, with requests for its weather forecast alone", h.File.Path), "untouched template", h).As("template"))
		case "invalid":
			out = best(out, PartialBy(fmt.Sprintf("`%s` is no valid JSON", h.File.Path), h.Name+" collection", h).As("unparsed"))
		}
	}
	return out
}

// apiCalls finds calls of HTTP APIs in code that no browser and no test runs.
func apiCalls(in *Input) Result {
	var found []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindCall) {
		if !serverSide(in, h.File) || trial(h.File) {
			continue
		}
		if l := h.File.Lang(); l == lex.JavaScript || l == lex.TypeScript {
			if !nodeCode(in, h.File) || frontendDir(h.File.Path) || h.Fact.Scope != "server" && bothSides(in, h.File) {
				continue
			}
		}
		if h.File.Lang() == lex.CSharp && strings.Contains(h.File.Path, ".Client/") {
			continue
		}
		found = append(found, h)
	}
	if len(found) == 0 {
		return Result{Status: Missing}
	}
	res := Result{Status: Met}
	for _, h := range found[:min(3, len(found))] {
		res.Evidence = append(res.Evidence, At(h, "calls an API with "+clean(h.Name)))
	}
	return res
}

// trial tells a script that tries out the project's own server.
func trial(f *facts.RepoFile) bool {
	b := strings.ToLower(f.Base())
	return strings.HasPrefix(b, "test-") || strings.HasPrefix(b, "test_") || strings.Contains(b, "-test") || strings.Contains(b, "_test") || strings.Contains(b, "smoke") || strings.Contains(b, "healthcheck") || strings.Contains(b, ".config.")
}

// nodeCode tells JavaScript that Node runs: it belongs to a package, or requires modules of Node.
func nodeCode(in *Input, f *facts.RepoFile) bool {
	for _, e := range in.Repo.UnitOf(f.Path).Ecosystems {
		if e == manifest.NPM {
			return true
		}
	}
	for _, fact := range f.Facts.Facts {
		if fact.Kind == facts.KindImport {
			return true
		}
	}
	return false
}

// bothSides tells a file of a package whose framework runs files in the browser and on the server, and that lies where neither is certain.
func bothSides(in *Input, f *facts.RepoFile) bool {
	for _, dir := range []string{"/pages/api/", "/server/", "/scripts/", "/route.", "/+server."} {
		if strings.Contains("/"+f.Path, dir) {
			return false
		}
	}
	unit := in.Repo.UnitOf(f.Path).Dir
	for _, name := range []string{"next", "nuxt", "@sveltejs/kit", "@remix-run/react"} {
		for _, d := range in.Repo.Dependencies(manifest.NPM, name) {
			if path.Dir(d.Manifest.Path) == unit || unit == "" && !strings.Contains(d.Manifest.Path, "/") {
				return true
			}
		}
	}
	return false
}

// frontendDir tells a folder in which frameworks keep what the browser runs, in packages that hold both sides.
func frontendDir(p string) bool {
	for part := range strings.SplitSeq(strings.ToLower(p), "/") {
		switch part {
		case "components", "hooks", "composables", "stores", "redux", "slices", "resources", "app-frontend", "webui", "ui", "contexts", "context":
			return true
		}
	}
	return false
}
