package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

var apiDetectors = []Detector{
	{Name: "data-endpoints", Doc: "Two or more HTTP endpoints return data; endpoints that render pages alone are partial.", Judge: dataEndpoints},
	{Name: "crud-endpoints", Doc: "For one resource, create, read, update and delete are endpoints on one router, controller or path, by hand or by a resource router.", Judge: crudEndpoints},
	{Name: "api-calls", Doc: "Server-side code or a script calls an HTTP API that is not its own.", Judge: apiCalls},
	{Name: "openapi-document", Doc: "An OpenAPI or Swagger document that parses; one that does not is partial.", Judge: openAPIDocument},
	{Name: "request-collection", Doc: "A collection of requests for an API client that parses; an untouched template is partial.", Judge: requestCollection},
}

// endpoint is a route with the path and the group that its file and class give it.
type endpoint struct {
	facts.Hit
	Path  string // with the prefix of its class, or by the file for file-based routes
	Group string // router or class within its file
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
	prefixes := map[string]string{} // file and class
	for _, h := range in.Repo.Hits(facts.KindRoutePrefix) {
		prefixes[h.File.Path+" "+h.Name] = h.Value
	}
	registered := registeredPaths(in)
	var out []endpoint
	add := func(h facts.Hit, p string) {
		out = append(out, endpoint{Hit: h, Path: p, Group: h.File.Path + " " + h.Fact.Scope})
	}
	for _, h := range in.Repo.Hits(facts.KindRoute) {
		switch {
		case !serverSide(in, h.File):
		case h.Fact.Scope == "route-file":
			if p, ok := filePath(h.File.Path); ok {
				out = append(out, endpoint{Hit: h, Path: p, Group: p})
			}
		case h.Fact.Scope == "method-test":
			if p, ok := filePath(h.File.Path); ok {
				out = append(out, endpoint{Hit: h, Path: p, Group: p})
				break
			}
			add(h, "")
		default:
			prefix, known := prefixes[h.File.Path+" "+h.Fact.Scope]
			if !known && h.Value == "" {
				prefix = registered[h.Fact.Scope]
			}
			add(h, strings.Trim(prefix, "/")+"/"+strings.TrimPrefix(h.Value, "/"))
		}
	}
	for _, h := range in.Repo.Hits(facts.KindExportedHandler) {
		if p, ok := filePath(h.File.Path); ok && serverSide(in, h.File) {
			out = append(out, endpoint{Hit: h.With("ANY", h.Value), Path: p, Group: p})
		}
	}
	out = append(out, conventionEndpoints(in)...)
	return append(out, contractEndpoints(in)...)
}

// conventionEndpoints are the actions of ASP.NET Web API that are named for their method and bear no attribute: GetBook and PutBook of a class that
// extends ApiController.
func conventionEndpoints(in *Input) []endpoint {
	controllers := map[string]bool{} // file and class
	for _, h := range in.Repo.Hits(facts.KindType) {
		if h.File.Lang() == lex.CSharp && slices.Contains(strings.Split(h.Fact.Scope, ","), "ApiController") && serverSide(in, h.File) && importsModule(h.File, "System.Web.Http") {
			controllers[h.File.Path+" "+h.Name] = true
		}
	}
	if len(controllers) == 0 {
		return nil
	}
	var out []endpoint
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		group := h.File.Path + " " + h.Fact.Scope
		if !controllers[group] || slices.ContainsFunc(h.File.Facts.Facts, func(f facts.Fact) bool {
			return f.Kind == facts.KindRoute && f.Line <= h.Line && h.Line-f.Line <= 4
		}) {
			continue
		}
		for _, verb := range []string{"Get", "Post", "Put", "Patch", "Delete"} {
			if rest, ok := strings.CutPrefix(h.Name, verb); ok && (rest == "" || rest[0] >= 'A' && rest[0] <= 'Z') {
				hit := h.With(strings.ToUpper(verb), "/api/"+strings.TrimSuffix(h.Fact.Scope, "Controller"))
				hit.End = hit.Line
				out = append(out, endpoint{Hit: hit, Path: strings.Trim(hit.Value, "/"), Group: group})
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
	declared, implements := map[string]bool{}, map[string]bool{}
	for _, h := range in.Repo.Hits(facts.KindType) {
		declared[h.Name] = true
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		for parent := range strings.SplitSeq(h.Fact.Scope, ",") {
			generated := strings.HasSuffix(parent, "Api") || strings.HasSuffix(parent, "ApiDelegate") || strings.HasSuffix(parent, "ApiService")
			if generated && !declared[parent] && jvmSource(h.File.Path) && serverSide(in, h.File) {
				implements[h.File.Path+" "+h.Name] = true
			}
		}
	}
	var out []endpoint
	for _, h := range in.Repo.Hits(facts.KindFunction) {
		if op, ok := operations[h.Name]; ok && implements[h.File.Path+" "+h.Fact.Scope] {
			hit := h.With(op.Name, op.Value)
			hit.End = hit.Line
			out = append(out, endpoint{Hit: hit, Path: strings.Trim(op.Value, "/"), Group: h.File.Path + " " + h.Fact.Scope})
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

// answers counts how the handlers of a file answer, and keeps where.
type answers struct {
	data, pages int
	hits        []facts.Hit
	byRoute     map[int]bool // whether the route of a line answers with data, where the handlers stand with their routes
}

func (a *answers) add(h facts.Hit) {
	if h.Name == "page" {
		a.pages++
	} else {
		a.data++
	}
	a.hits = append(a.hits, h)
}

// share gives the answers of a file that has both pages and data to the routes they follow. Where most routes are followed by none, their handlers
// stand elsewhere, and nothing is known of a single route.
func (a *answers) share(routes []int) {
	slices.Sort(routes)
	routes = slices.Compact(routes)
	byRoute := map[int]bool{}
	for _, h := range a.hits {
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

func answersByFile(in *Input, es []endpoint) (byFile map[string]*answers, all answers) {
	byFile = map[string]*answers{}
	for _, h := range in.Repo.Hits(facts.KindAnswer) {
		if !serverSide(in, h.File) {
			continue
		}
		a := byFile[h.File.Path]
		if a == nil {
			a = &answers{}
			byFile[h.File.Path] = a
		}
		a.add(h)
		if h.Name == "page" {
			all.pages++
		} else {
			all.data++
		}
	}
	routes := map[*answers][]int{}
	for _, e := range es {
		if a := byFile[e.File.Path]; a != nil && a.pages > 0 && a.data > 0 {
			routes[a] = append(routes[a], e.Line)
		}
	}
	for a, lines := range routes {
		a.share(lines)
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Class.Has(facts.Vendored | facts.Test) {
			continue
		}
		switch p := f.Path; {
		case strings.HasSuffix(p, ".jbuilder"):
			all.data++
		case strings.Contains(p, "app/views/") && (strings.HasSuffix(p, ".html.erb") || strings.HasSuffix(p, ".haml") || strings.HasSuffix(p, ".slim")) && !strings.Contains(p, "layouts/") && !strings.Contains(p, "_mailer/"):
			all.pages++
		}
	}
	return byFile, all
}

// resource reports whether the class that a Django router registers serves all of CRUD, and which methods otherwise.
func (e endpoint) methods(in *Input) []string {
	if e.Name != "RESOURCE" {
		return []string{e.Name}
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

func dataEndpoints(in *Input) Result {
	es := endpoints(in)
	byFile, all := answersByFile(in, es)
	var data, pages []facts.Hit
	count := 0
	taken := map[string]int{}
	seen := map[string]bool{}
	for _, e := range es {
		for _, m := range e.methods(in) {
			// Methods tested in a function that a path leads to anyway are one endpoint each, a path with no method another.
			key := m + " " + e.Path + " " + e.Group
			if seen[key] {
				continue
			}
			seen[key] = true
			if answersData(e, byFile[e.File.Path], all, taken) {
				count++
				data = append(data, e.Hit)
			} else {
				pages = append(pages, e.Hit)
			}
		}
	}
	switch {
	case count >= 2:
		return Result{Status: Met, Evidence: routePlaces(data)}
	case len(pages)+len(data) >= 2 && len(pages) > 0:
		return Result{Status: Partial, Reason: "the endpoints found render pages; none or one returns data such as JSON", Evidence: routePlaces(slices.Concat(data, pages))}
	case count == 1:
		return Result{Status: Partial, Reason: fmt.Sprintf("one endpoint was found, %s; two are needed", describe(data[0])), Evidence: routePlaces(data)}
	}
	return Result{Status: Missing}
}

// answersData tells whether an endpoint returns data: by its own file where that says how it answers, else by the others.
func answersData(e endpoint, file *answers, all answers, taken map[string]int) bool {
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
		note := "endpoint"
		switch {
		case h.Name == "RESOURCE":
			note = "resource router " + clean(h.Value)
		case h.Value != "":
			note = h.Name + " " + clean(h.Value)
		case h.Name != "":
			note = h.Name + " endpoint"
		}
		out = appendNew(out, Evidence{Path: h.File.Path, StartLine: h.Line, EndLine: h.LastLine(), Note: strings.TrimSpace(note), Excerpt: h.Value})
	}
	return out
}

// crud is which of create, read, update and delete a group of endpoints offers, by an endpoint of each.
type crud struct {
	by    map[string]facts.Hit // POST, GET, PUT, DELETE
	stems map[string]bool
}

func (c *crud) add(method string, h facts.Hit) {
	if method == "PATCH" {
		method = "PUT"
	}
	if _, ok := c.by[method]; !ok && method != "ANY" {
		c.by[method] = h
	}
}

func (c *crud) hits() []facts.Hit {
	var out []facts.Hit
	for _, m := range []string{"POST", "GET", "PUT", "DELETE"} {
		if h, ok := c.by[m]; ok {
			out = append(out, h)
		}
	}
	return out
}

func crudEndpoints(in *Input) Result {
	groups := map[string]*crud{}
	var order []string
	put := func(key, method, stem string, h facts.Hit) {
		g := groups[key]
		if g == nil {
			g = &crud{by: map[string]facts.Hit{}, stems: map[string]bool{}}
			groups[key] = g
			order = append(order, key)
		}
		g.add(method, h)
		g.stems[stem] = true
	}
	var forms []facts.Hit
	es := endpoints(in)
	perFile := map[string]int{}
	for _, e := range es {
		perFile[e.File.Path]++
	}
	for _, e := range es {
		stem := stemOf(e)
		within := stem
		if stem == resourceOfFile(e.File.Path) {
			within = "" // "/get-feed/:id" beside "/new" in the router of feeds
		}
		for _, m := range e.methods(in) {
			if m == "ANY" {
				continue
			}
			if m == "POST" && mutates(e.Path) {
				forms = append(forms, e.Hit)
			}
			put("group "+e.Group, m, within, e.Hit)
			if within == "" { // "/" and "/:id" of a router that is mounted elsewhere
				put("root "+e.Group, m, within, e.Hit)
			}
			if stem == "" {
				if perFile[e.File.Path] == 1 { // one file for each action, in the folder of the resource
					put("folder "+e.File.Dir(), m, stem, e.Hit)
				}
				continue
			}
			put("stem "+unitOf(in, e)+" "+stem, m, stem, e.Hit)
		}
	}
	// Evidence that shares a path tells more than a router alone.
	slices.SortStableFunc(order, func(a, b string) int { return strings.Compare(kindOfGroup(a), kindOfGroup(b)) })
	var nearest *crud
	for _, key := range order {
		g := groups[key]
		if strings.HasPrefix(key, "group ") && !coherent(key, g) {
			continue
		}
		if len(g.by) == 4 {
			return Result{Status: Met, Evidence: routePlaces(g.hits())}
		}
		if nearest == nil || len(g.by) > len(nearest.by) {
			nearest = g
		}
	}
	switch {
	case nearest != nil && len(nearest.by) >= 2:
		var without []string
		for _, m := range []struct{ method, word string }{{"POST", "create (POST)"}, {"GET", "read (GET)"}, {"PUT", "update (PUT or PATCH)"}, {"DELETE", "delete (DELETE)"}} {
			if _, ok := nearest.by[m.method]; !ok {
				without = append(without, m.word)
			}
		}
		reason := "no resource has all four operations; the nearest lacks " + strings.Join(without, " and ")
		if len(forms) > 0 {
			reason = "forms change and delete by GET and POST; there is no endpoint with " + strings.Join(without, " and ")
		}
		return Result{Status: Partial, Reason: reason, Evidence: routePlaces(nearest.hits())}
	case len(forms) > 0:
		return Result{Status: Partial, Reason: "forms change and delete by POST; there are no PUT, PATCH and DELETE endpoints", Evidence: routePlaces(forms)}
	}
	return Result{Status: Missing}
}

func kindOfGroup(key string) string {
	if strings.HasPrefix(key, "stem ") {
		return "1"
	}
	return "2"
}

func unitOf(in *Input, e endpoint) string { return in.Repo.UnitOf(e.File.Path).Dir }

// coherent tells whether a router or class is about one resource: classes are, and routers with few different stems.
func coherent(key string, g *crud) bool {
	file, scope, _ := strings.Cut(strings.TrimPrefix(key, "group "), " ")
	if scope != "" && scope[0] >= 'A' && scope[0] <= 'Z' && scope != "Route" && scope != "Root" {
		return true
	}
	if len(g.stems) <= 2 {
		return true
	}
	name := strings.ToLower(path.Base(file))
	single := strings.Contains(name, "route") || strings.Contains(name, "controller") || strings.Contains(name, "handler") || strings.Contains(name, "view")
	return single && len(g.stems) <= 4 && !strings.HasPrefix(name, "index.") && !strings.HasPrefix(name, "api.") && !strings.HasPrefix(name, "routes.") && !strings.HasPrefix(name, "web.") && !strings.HasPrefix(name, "auth")
}

// actionWords stand in paths and names for what is done, not for what it is done to.
var actionWords = []string{
	"create", "add", "new", "store", "insert", "save", "update", "edit", "change", "modify", "delete", "remove", "destroy", "get", "list", "all", "show", "fetch", "find",
	"read", "view", "detail", "details", "one", "single", "search", "retrieve", "index", "id", "by", "toggle", "complete", "status", "handle", "handler", "del", "page", "upload", "register", "make", "my", "mine",
}

func isAction(w string) bool { return slices.Contains(actionWords, w) }

// mutates tells a path by which a form changes or deletes.
func mutates(p string) bool {
	for seg := range strings.SplitSeq(strings.ToLower(p), "/") {
		switch seg {
		case "delete", "remove", "destroy", "edit", "update":
			return true
		}
		if strings.HasPrefix(seg, "delete") || strings.HasPrefix(seg, "update") || strings.HasPrefix(seg, "edit") {
			return true
		}
	}
	return false
}

// stemOf is the resource of an endpoint: the nouns of its path, or of its class or function where it has no path. "" is the root of a router.
func stemOf(e endpoint) string {
	p := e.Path
	if strings.Trim(p, "/") == "" && e.Fact.Scope != "" {
		scope := e.Fact.Scope
		name, isFunction := strings.CutPrefix(scope, "def ")
		if !isFunction {
			name, isFunction = strings.CutPrefix(scope, "func ")
		}
		if isFunction || scope[0] >= 'A' && scope[0] <= 'Z' {
			return strings.Join(nouns(trimClass(name)), "-")
		}
		return ""
	}
	var out []string
	for seg := range strings.SplitSeq(p, "/") {
		seg = strings.TrimSpace(seg)
		low := strings.ToLower(seg)
		if seg == "" || strings.ContainsAny(seg[:1], ":{<*$[(#%^") || low == "api" || low == "rest" || low == "[controller]" || len(seg) <= 3 && low[0] == 'v' && seg[len(seg)-1] >= '0' && seg[len(seg)-1] <= '9' {
			continue
		}
		out = append(out, nouns(seg)...)
	}
	if scope := e.Fact.Scope; len(out) == 0 && scope != "" && scope[0] >= 'A' && scope[0] <= 'Z' && e.File.Lang() == lex.Python {
		return strings.Join(nouns(trimClass(scope)), "-") // a class that is registered under "/<id>" of its blueprint
	}
	return strings.Join(out, "/")
}

// resourceOfFile is the resource that a file of routes is named after, the first noun of its name: "feed" for feed.routes.ts.
func resourceOfFile(p string) string {
	name, _, _ := strings.Cut(path.Base(p), ".")
	words := nouns(trimClass(name))
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

func trimClass(name string) string {
	for again := true; again; {
		again = false
		for _, suffix := range []string{"Controller", "ViewSet", "APIView", "Api", "API", "View", "Resource", "Handler", "Endpoint", "Servlet", "Router", "Routes", "List", "Detail", "Details", "Create", "Retrieve", "Update", "Destroy", "Delete", "Item", "Collection"} {
			if rest, ok := strings.CutSuffix(name, suffix); ok && rest != "" {
				name, again = rest, true
			}
		}
	}
	return name
}

// nouns splits a name into lower-case words in the singular and drops those that stand for an action.
func nouns(name string) []string {
	var words []string
	start := 0
	flush := func(end int) {
		if end > start {
			words = append(words, strings.ToLower(name[start:end]))
		}
		start = end
	}
	for i := range len(name) {
		c := name[i]
		switch {
		case c == '-' || c == '_' || c == '.' || c == ' ' || c == '(':
			flush(i)
			start = i + 1
		case c >= 'A' && c <= 'Z' && i > 0 && name[i-1] >= 'a' && name[i-1] <= 'z':
			flush(i)
		}
	}
	flush(len(name))
	var out []string
	for _, w := range words {
		if isAction(w) || w == "" {
			continue
		}
		for _, verb := range []string{"create", "update", "delete", "remove", "fetch", "edit"} {
			if rest, ok := strings.CutPrefix(w, verb); ok && len(rest) > 2 {
				w = rest
			}
		}
		for _, verb := range []string{"get", "add", "all", "new"} {
			if rest, ok := strings.CutPrefix(w, verb); ok && len(rest) > 3 {
				w = rest
			}
		}
		out = append(out, singular(w))
	}
	return out
}

func singular(w string) string {
	switch {
	case strings.HasSuffix(w, "ies") && len(w) > 4:
		return w[:len(w)-3] + "y"
	case strings.HasSuffix(w, "sses") || strings.HasSuffix(w, "xes") || strings.HasSuffix(w, "ches"):
		return w[:len(w)-2]
	case strings.HasSuffix(w, "s") && !strings.HasSuffix(w, "ss") && len(w) > 3:
		return w[:len(w)-1]
	}
	return w
}
