package probe

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

var apiDetectors = []Detector{
	{Name: "data-endpoints", Doc: "Two or more HTTP endpoints return data; endpoints that render pages alone are partial.", Cases: []string{"one", "pages"}, Judge: dataEndpoints},
	{Name: "crud-endpoints", Doc: "For one resource, create, read, update and delete are endpoints on one router, controller or path, by hand or by a resource router.", Cases: []string{"nearest"}, Judge: crudEndpoints},
	{Name: "api-calls", Doc: "Server-side code or a script calls an HTTP API that is not its own.", Judge: apiCalls},
	{Name: "openapi-document", Doc: "An OpenAPI or Swagger document that parses; one that does not is partial.", Cases: []string{"unparsed"}, Judge: openAPIDocument},
	{Name: "request-collection", Doc: "A collection of requests for an API client that parses; an untouched template is partial.", Cases: []string{"template", "unparsed"}, Judge: requestCollection},
}

// endpoint is a route with the path and the group that its file and class give it.
type endpoint struct {
	facts.Hit
	Path  string // with the prefix of its class, or by the file for file-based routes
	group group
}

// group is what endpoints belong to: a router or class of a file, or a path that files give (then file is nil).
type group struct {
	file *facts.RepoFile
	name string
}

// serverSide reports whether a file is the project's own code that a server runs.
func serverSide(in *Input, f *facts.RepoFile) bool {
	return f.Own() && !f.Class.Has(facts.Test) && !in.Repo.Browser(f) && !testProject(f.Path)
}

// testProject tells a path in a project of tests as .NET names them: Shop.Tests, Shop.IntegrationTests.
func testProject(p string) bool {
	for rest := p; ; {
		part, more, found := strings.Cut(rest, "/")
		if !found {
			return false
		}
		if dot := strings.LastIndexByte(part, '.'); dot > 0 {
			last := strings.ToLower(part[dot+1:])
			if strings.HasSuffix(last, "tests") || strings.HasSuffix(last, "test") || strings.HasSuffix(last, "integration") {
				return true
			}
		}
		rest = more
	}
}

// endpoints are the HTTP endpoints of the project's own server.
func endpoints(in *Input) []endpoint {
	if !in.memo.routed {
		in.memo.endpoints, in.memo.routed = findEndpoints(in), true
	}
	return in.memo.endpoints
}

func findEndpoints(in *Input) []endpoint {
	prefixes := map[group]string{}
	for _, h := range in.Repo.Hits(facts.KindRoutePrefix) {
		prefixes[group{h.File, h.Name}] = h.Value
	}
	registered := registeredPaths(in)
	routes := in.Repo.Hits(facts.KindRoute)
	out := make([]endpoint, 0, len(routes))
	add := func(h facts.Hit, p string) {
		out = append(out, endpoint{Hit: h, Path: p, group: group{h.File, h.Fact.Scope}})
	}
	for _, h := range routes {
		switch {
		case !serverSide(in, h.File):
		case h.Fact.Scope == "route-file":
			if p, ok := filePath(h.File.Path); ok {
				out = append(out, endpoint{Hit: h, Path: p, group: group{name: p}})
			}
		case h.Fact.Scope == "method-test":
			if p, ok := filePath(h.File.Path); ok {
				out = append(out, endpoint{Hit: h, Path: p, group: group{name: p}})
				break
			}
			add(h, "")
		default:
			prefix, known := prefixes[group{h.File, h.Fact.Scope}]
			if !known && h.Value == "" {
				prefix = registered[h.Fact.Scope]
			}
			p := h.Value
			if prefix = strings.Trim(prefix, "/"); prefix != "" || !strings.HasPrefix(p, "/") {
				p = prefix + "/" + strings.TrimPrefix(p, "/")
			}
			add(h, p)
		}
	}
	for _, h := range in.Repo.Hits(facts.KindExportedHandler) {
		if p, ok := filePath(h.File.Path); ok && serverSide(in, h.File) {
			out = append(out, endpoint{Hit: h.With("ANY", h.Value), Path: p, group: group{name: p}})
		}
	}
	out = append(out, conventionEndpoints(in)...)
	return append(out, contractEndpoints(in)...)
}

// conventionEndpoints are the actions of ASP.NET Web API that are named for their method and bear no attribute: GetBook and PutBook of a class that
// extends ApiController.
func conventionEndpoints(in *Input) []endpoint {
	controllers := map[group]bool{}
	for _, h := range in.Repo.Hits(facts.KindType) {
		if h.File.Lang() == lex.CSharp && slices.Contains(strings.Split(h.Fact.Scope, ","), "ApiController") && serverSide(in, h.File) && importsModule(h.File, "System.Web.Http") {
			controllers[group{h.File, h.Name}] = true
		}
	}
	if len(controllers) == 0 {
		return nil
	}
	var out []endpoint
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		controller := group{h.File, h.Fact.Scope}
		if !controllers[controller] || slices.ContainsFunc(h.File.Facts.Facts, func(f facts.Fact) bool {
			return f.Kind == facts.KindRoute && f.Line <= h.Line && h.Line-f.Line <= 4
		}) {
			continue
		}
		for _, verb := range []string{"Get", "Post", "Put", "Patch", "Delete"} {
			if rest, ok := strings.CutPrefix(h.Name, verb); ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
				hit := h.With(strings.ToUpper(verb), "/api/"+strings.TrimSuffix(h.Fact.Scope, "Controller"))
				hit.End = hit.Line
				out = append(out, endpoint{Hit: hit, Path: strings.Trim(hit.Value, "/"), group: controller})
			}
		}
	}
	return out
}

// importsModule reports whether a file imports a module of a name.
func importsModule(f *facts.RepoFile, name string) bool {
	return slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool { return x.Kind == facts.KindImport && x.Name == name })
}

// contractEndpoints are the operations of an OpenAPI document whose generated interface a class of the repository implements: a class that
// extends "PetsApi", a type nobody here declares, and has a method of the operation's name.
func contractEndpoints(in *Input) []endpoint {
	operations := map[string]facts.Hit{}
	for _, h := range in.Repo.Hits(facts.KindOperation) {
		if !h.File.Class.Has(facts.Vendored | facts.Test) {
			operations[h.Fact.Scope] = h
		}
	}
	if len(operations) == 0 {
		return nil
	}
	declared, implements := map[string]bool{}, map[group]bool{}
	for _, h := range in.Repo.Hits(facts.KindType) {
		declared[h.Name] = true
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		for parent := range strings.SplitSeq(h.Fact.Scope, ",") {
			generated := strings.HasSuffix(parent, "Api") || strings.HasSuffix(parent, "ApiDelegate") || strings.HasSuffix(parent, "ApiService")
			if generated && !declared[parent] && jvmSource(h.File.Path) && serverSide(in, h.File) {
				implements[group{h.File, h.Name}] = true
			}
		}
	}
	var out []endpoint
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		if op, ok := operations[h.Name]; ok && implements[group{h.File, h.Fact.Scope}] {
			hit := h.With(op.Name, op.Value)
			hit.End = hit.Line
			out = append(out, endpoint{Hit: hit, Path: strings.Trim(op.Value, "/"), group: group{h.File, h.Fact.Scope}})
		}
	}
	return out
}

// registeredPaths are the paths at which a call registers classes of handlers, which may stand in other files.
func registeredPaths(in *Input) map[string]string {
	var out map[string]string
	for _, h := range in.Repo.Hits(facts.KindRoutePrefix) {
		if h.Fact.Scope == "registered" && serverSide(in, h.File) {
			if out == nil {
				out = map[string]string{}
			}
			out[h.Name] = h.Value
		}
	}
	return out
}

// filePath is the path of a file-based endpoint: pages/api and app of Next, server/api of Nuxt, routes of SvelteKit, api of Vercel.
func filePath(file string) (string, bool) {
	dir, base := path.Split(file)
	stem, _, _ := strings.Cut(base, ".")
	segments := strings.Split(strings.Trim(dir, "/"), "/")
	at := -1
	for i, s := range segments {
		switch s {
		case "api":
			if i == 0 || slices.Contains([]string{"pages", "app", "server", "routes", "src"}, segments[i-1]) || i > 0 && strings.HasPrefix(segments[i-1], "(") || stem == "route" {
				at = i
			}
		case "app":
			if stem == "route" && at < 0 {
				at = i
			}
		case "routes":
			if (stem == "+server" || i > 0 && segments[i-1] == "server") && at < 0 {
				at = i
			}
		}
	}
	if at < 0 {
		return "", false
	}
	parts := segments[at+1:]
	if stem != "route" && stem != "+server" && stem != "index" {
		parts = append(slices.Clone(parts), stem)
	}
	return strings.Join(parts, "/"), true
}

// answers counts how handlers answer.
type answers struct {
	data, pages int
	byRoute     map[int]bool // of a file, where its handlers stand with their routes: whether the route of a line answers with data
}

func (a *answers) add(name string) {
	if name == "page" {
		a.pages++
	} else {
		a.data++
	}
}

// share gives the answers of a file that has both pages and data to the routes they follow. Where most routes are followed by none, their handlers
// stand elsewhere, and nothing is known of a single route.
func (a *answers) share(f *facts.RepoFile, routes []int) {
	slices.Sort(routes)
	routes = slices.Compact(routes)
	byRoute := map[int]bool{}
	for i := range f.Facts.Facts {
		h := &f.Facts.Facts[i]
		if h.Kind != facts.KindAnswer {
			continue
		}
		i, found := slices.BinarySearch(routes, h.Line)
		if !found {
			i--
		}
		if i >= 0 {
			byRoute[routes[i]] = byRoute[routes[i]] || h.Name != "page"
		}
	}
	if 2*len(byRoute) > len(routes) {
		a.byRoute = byRoute
	}
}

// answering knows how the handlers of a server answer: all of them, and those of each file that was asked for.
type answering struct {
	all       answers
	endpoints []endpoint
	byFile    map[*facts.RepoFile]*answers
	lines     map[*facts.RepoFile][]int // of the endpoints, once a file is asked for that has both pages and data
}

// of counts the answers of a file of the server; nil is none.
func (a *answering) of(f *facts.RepoFile) *answers {
	if got, known := a.byFile[f]; known {
		return got
	}
	got := &answers{}
	for i := range f.Facts.Facts {
		if h := &f.Facts.Facts[i]; h.Kind == facts.KindAnswer {
			got.add(h.Name)
		}
	}
	switch {
	case got.data == 0 && got.pages == 0:
		got = nil
	case got.data > 0 && got.pages > 0:
		got.share(f, a.linesOf(f))
	}
	a.byFile[f] = got
	return got
}

func (a *answering) linesOf(f *facts.RepoFile) []int {
	if a.lines == nil {
		a.lines = map[*facts.RepoFile][]int{}
		for i := range a.endpoints {
			e := &a.endpoints[i]
			a.lines[e.File] = append(a.lines[e.File], e.Line)
		}
	}
	return a.lines[f]
}

func newAnswering(in *Input, es []endpoint) *answering {
	out := &answering{endpoints: es, byFile: map[*facts.RepoFile]*answers{}}
	for _, h := range in.Repo.Hits(facts.KindAnswer) {
		if serverSide(in, h.File) {
			out.all.add(h.Name)
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Class.Has(facts.Vendored | facts.Test) {
			continue
		}
		switch p := f.Path; {
		case strings.HasSuffix(p, ".jbuilder"):
			out.all.data++
		case strings.Contains(p, "app/views/") && (strings.HasSuffix(p, ".html.erb") || strings.HasSuffix(p, ".haml") || strings.HasSuffix(p, ".slim")) && !strings.Contains(p, "layouts/") && !strings.Contains(p, "_mailer/"):
			out.all.pages++
		}
	}
	return out
}

// methods are those that an endpoint serves, in buf where they are few: of a resource, what the class that a Django router registers serves of CRUD.
func (e *endpoint) methods(in *Input, buf []string) []string {
	if e.Name != "RESOURCE" {
		return append(buf[:0], e.Name)
	}
	if e.File.Lang() != lex.Python {
		return []string{"GET", "POST", "PUT", "DELETE"}
	}
	for _, h := range in.Repo.Hits(facts.KindViewSet) {
		if h.Name != e.Fact.Scope {
			continue
		}
		p := h.Value
		switch {
		case strings.Contains(p, "ReadOnly"):
			return []string{"GET"}
		case strings.Contains(p, "Mixin"):
			var out []string
			for _, m := range []struct{ mixin, method string }{{"ListModel", "GET"}, {"RetrieveModel", "GET"}, {"CreateModel", "POST"}, {"UpdateModel", "PUT"}, {"DestroyModel", "DELETE"}} {
				if strings.Contains(p, m.mixin) && !slices.Contains(out, m.method) {
					out = append(out, m.method)
				}
			}
			return out
		case strings.Contains(p, "ModelViewSet"):
			return []string{"GET", "POST", "PUT", "DELETE"}
		}
		return []string{"GET", "POST", "PUT", "DELETE"} // actions of its own, or a base class of the project
	}
	return []string{"GET", "POST", "PUT", "DELETE"}
}

// mayRender tells the routes of Django that are not named for an API: they may well lead to pages.
func mayRender(e *endpoint) bool {
	return e.Name == "ANY" && e.File.Lang() == lex.Python && !strings.Contains(strings.ToLower(e.Value), "api") && !strings.Contains(strings.ToLower(e.File.Path), "api")
}

func dataEndpoints(in *Input) Result {
	es := endpoints(in)
	answer := newAnswering(in, es)
	var data, pages []facts.Hit // as many places as are shown
	count, rendered := 0, 0
	taken := map[string]int{}
	type key struct {
		group
		method, path string
	}
	seen := map[key]bool{}
	var buf [1]string
	for i := 0; i < 2*len(es) && (count < 2 || len(data) < MaxEvidence); i++ {
		e := &es[i%len(es)]
		if mayRender(e) != (i >= len(es)) {
			continue // in the second round
		}
		for _, m := range e.methods(in, buf[:]) {
			// Methods tested in a function that a path leads to anyway are one endpoint each, a path with no method another.
			k := key{e.group, m, e.Path}
			if seen[k] || strings.HasPrefix(strings.TrimPrefix(e.Path, "/"), "swagger") { // pages of documentation
				continue
			}
			seen[k] = true
			if answersData(e, answer.of(e.File), answer.all, taken) {
				count++
				data = appendPlace(data, e.Hit)
			} else {
				rendered++
				pages = appendPlace(pages, e.Hit)
			}
		}
	}
	// Routes that name their method say more than those for any.
	slices.SortStableFunc(data, func(a, b facts.Hit) int { return cmp.Compare(anyMethod(a), anyMethod(b)) })
	switch {
	case count >= 2:
		return Result{Status: Met, Evidence: routePlaces(data)}
	case rendered+count >= 2 && rendered > 0:
		return Result{Status: Partial, Reason: "the endpoints found render pages; at most one returns data such as JSON", Evidence: routePlaces(slices.Concat(data, pages)), Case: "pages"}
	case count == 1:
		return Result{Status: Partial, Reason: fmt.Sprintf("one endpoint was found, %s; two are needed", describe(data[0])), Evidence: routePlaces(data), Case: "one"}
	}
	return Result{Status: Missing}
}

// anyMethod is 1 for a route that names no method, 0 for others.
func anyMethod(h facts.Hit) int {
	if h.Name == "ANY" {
		return 1
	}
	return 0
}

// appendPlace adds a route that is not shown as one before is, as long as so many are shown.
func appendPlace(hits []facts.Hit, h facts.Hit) []facts.Hit {
	if len(hits) == MaxEvidence || slices.ContainsFunc(hits, func(o facts.Hit) bool { return o.File == h.File && o.Line == h.Line && routeNote(o) == routeNote(h) }) {
		return hits
	}
	return append(hits, h)
}

// answersData tells whether an endpoint returns data: by its own file where that says how it answers, else by the others.
func answersData(e *endpoint, file *answers, all answers, taken map[string]int) bool {
	if e.Name == "RESOURCE" && e.File.Lang() == lex.Python {
		return true
	}
	if e.File.Lang() == lex.PHP && e.Fact.Scope == "method-test" {
		return file != nil && file.data > 0 || all.data >= 2 && declaresType(e.File) // a router that hands over to controllers
	}
	if file != nil {
		switch {
		case file.byRoute != nil:
			return file.byRoute[e.Line]
		case file.pages == 0:
			return true
		case file.data == 0:
			// Routes beyond those that render have their handlers in other files.
			taken[e.File.Path]++
			return taken[e.File.Path] > file.pages && all.data >= 2
		}
		if taken[e.File.Path] < file.data {
			taken[e.File.Path]++
			return true
		}
		return false
	}
	if strings.HasSuffix(e.File.Path, "routes/api.php") {
		return true
	}
	switch {
	case all.pages == 0:
		return true
	case e.File.Lang() == lex.Ruby && strings.Contains(e.File.Path, "routes"):
		return all.data >= 2 || strings.Contains(e.Path, "api")
	case all.data == 0:
		return false
	}
	return all.data >= 2
}

func declaresType(f *facts.RepoFile) bool {
	return slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool { return x.Kind == facts.KindType })
}

func describe(h facts.Hit) string {
	if h.Value == "" {
		return "`" + h.Name + "`"
	}
	return fmt.Sprintf("`%s %s`", h.Name, clean(h.Value))
}

func routePlaces(hits []facts.Hit) []Evidence {
	var out []Evidence
	for _, h := range hits {
		if len(out) == MaxEvidence {
			break
		}
		out = appendNew(out, Evidence{Path: h.File.Path, StartLine: h.Line, EndLine: h.LastLine(), Note: routeNote(h), Excerpt: h.Value})
	}
	return out
}

func routeNote(h facts.Hit) string {
	note := "endpoint"
	switch {
	case h.Name == "RESOURCE":
		note = "resource router " + clean(h.Value)
	case h.Value != "":
		note = h.Name + " " + clean(h.Value)
	case h.Name != "":
		note = h.Name + " endpoint"
	}
	return strings.TrimSpace(note)
}
