package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

// crudMethods are create, read, update and delete.
var crudMethods = []struct{ method, word string }{{"POST", "create (POST)"}, {"GET", "read (GET)"}, {"PUT", "update (PUT or PATCH)"}, {"DELETE", "delete (DELETE)"}}

// crud is which of create, read, update and delete a set of endpoints offers. There are as many as routers, so each is small.
type crud struct {
	kind  crudKind
	first int32    // the endpoint that it began with
	by    [4]int32 // for each of crudMethods, one more than the number of the first endpoint that has it
	stems []string // of a router, different resources
}

// crudKind is what the endpoints of a crud have in common.
type crudKind uint8

const (
	ofResource crudKind = iota // the nouns of their paths
	ofRouter
	ofRoot   // "/" and "/:id" of a router that is mounted elsewhere
	ofFolder // a file for each action
)

func (c *crud) add(method string, endpoint int) {
	if method == "PATCH" {
		method = "PUT"
	}
	for i := range crudMethods {
		if crudMethods[i].method == method && c.by[i] == 0 {
			c.by[i] = int32(endpoint) + 1 //nolint:gosec // far fewer
		}
	}
}

// has is how many of the four operations there are.
func (c *crud) has() int {
	n := 0
	for _, at := range c.by {
		if at > 0 {
			n++
		}
	}
	return n
}

func (c *crud) hits(es []endpoint) []facts.Hit {
	var out []facts.Hit
	for _, at := range c.by {
		if at > 0 {
			out = append(out, es[at-1].Hit)
		}
	}
	return out
}

// nearness ranks resources by their operations; the endpoints of accounts come after any other two.
func (c *crud) nearness(es []endpoint) int {
	if n := c.has(); n < 2 || !c.account(es) {
		return 2 * n
	}
	return 3
}

// account reports whether all endpoints are those by which people sign up, log in and log out: no resource.
func (c *crud) account(es []endpoint) bool {
	for _, at := range c.by {
		if at == 0 {
			continue
		}
		last := lastSegment(es[at-1].Value)
		if !strings.Contains(last, "login") && !strings.Contains(last, "signin") && !signupPath(last) && !strings.Contains(last, "logout") && !strings.Contains(last, "signout") {
			return false
		}
	}
	return true
}

// without names the operations that are lacking.
func (c *crud) without() string {
	var out []string
	for i, at := range c.by {
		if at == 0 {
			out = append(out, crudMethods[i].word)
		}
	}
	return strings.Join(out, " and ")
}

// crudTable finds sets of endpoints by what they have in common.
type crudTable struct {
	sets      []crud
	resources map[[2]string]int32 // by package and stem
	routers   map[group]int32
	roots     map[group]int32
	folders   map[string]int32
}

// at is the set that a key leads to in one of the table's maps.
func at[K comparable](t *crudTable, m map[K]int32, key K, kind crudKind, endpoint int) *crud {
	i, ok := m[key]
	if !ok {
		i = int32(len(t.sets)) //nolint:gosec // far fewer
		m[key] = i
		t.sets = append(t.sets, crud{kind: kind, first: int32(endpoint)}) //nolint:gosec // far fewer
	}
	return &t.sets[i]
}

func crudEndpoints(in *Input) Result {
	es := endpoints(in)
	sets, forms := crudSets(in, es)
	var nearest *crud
	// Evidence that shares a path tells more than a router alone.
	for _, resource := range []bool{true, false} {
		for i := range sets {
			c := &sets[i]
			if (c.kind == ofResource) != resource || c.kind == ofRouter && !coherent(es[c.first].group, len(c.stems)) {
				continue
			}
			if c.has() == len(crudMethods) {
				return Result{Status: Met, Evidence: routePlaces(c.hits(es))}
			}
			if nearest == nil || c.nearness(es) > nearest.nearness(es) {
				nearest = c
			}
		}
	}
	switch {
	case nearest != nil && nearest.has() >= 2:
		reason := "no resource has all four operations; the nearest lacks " + nearest.without()
		if len(forms) > 0 {
			reason = fmt.Sprintf("%s does the work of PUT, PATCH or DELETE; the nearest resource lacks %s", describe(forms[0]), nearest.without())
		}
		return Result{Status: Partial, Reason: reason, Evidence: routePlaces(nearest.hits(es)), Case: "nearest"}
	case len(forms) > 0:
		return Result{Status: Partial, Reason: fmt.Sprintf("%s does the work of PUT, PATCH or DELETE; there are no such endpoints", describe(forms[0])), Evidence: routePlaces(forms), Case: "nearest"}
	}
	return Result{Status: Missing}
}

// crudSets puts endpoints together that may be about one resource, in the order in which the sets begin, and names those that forms are sent to.
func crudSets(in *Input, es []endpoint) (sets []crud, forms []facts.Hit) {
	t := crudTable{sets: make([]crud, 0, len(es)), resources: map[[2]string]int32{}, routers: map[group]int32{}, roots: map[group]int32{}, folders: map[string]int32{}}
	inFile := make([]int32, len(in.Repo.Files)) // endpoints
	for i := range es {
		inFile[es[i].File.Number()]++
	}
	var (
		file           *facts.RepoFile // of the last endpoint: those of a file follow each other
		resource, unit string
		buf            [1]string
	)
	for i := range es {
		e := &es[i]
		if e.File != file {
			file, resource, unit = e.File, resourceOfFile(e.File.Path), in.Repo.UnitOf(e.File.Path).Dir
		}
		stem := stemOf(e)
		within := stem
		if stem == resource {
			within = "" // "/get-feed/:id" beside "/new" in the router of feeds
		}
		for _, m := range e.methods(in, buf[:]) {
			if m == "ANY" {
				continue
			}
			if m == "POST" && mutates(e.Path) {
				forms = appendPlace(forms, e.Hit)
			}
			router := at(&t, t.routers, e.group, ofRouter, i)
			router.add(m, i)
			if !slices.Contains(router.stems, within) && len(router.stems) < maxStems {
				router.stems = append(router.stems, within)
			}
			if within == "" {
				at(&t, t.roots, e.group, ofRoot, i).add(m, i)
			}
			if stem != "" {
				at(&t, t.resources, [2]string{unit, stem}, ofResource, i).add(m, i)
			} else if inFile[file.Number()] == 1 { // one file for each action, in the folder of the resource
				at(&t, t.folders, file.Dir(), ofFolder, i).add(m, i)
			}
		}
	}
	return t.sets, forms
}

// maxStems is more resources than any one router is about, see coherent.
const maxStems = 5

// coherent tells whether a router or class is about one resource: classes are, and routers with few different stems.
func coherent(g group, stems int) bool {
	if scope := g.name; g.file != nil && scope != "" && scope[0] >= 'A' && scope[0] <= 'Z' && scope != "Route" && scope != "Root" {
		return true
	}
	if stems <= 2 {
		return true
	}
	name := g.name
	if g.file != nil {
		name = g.file.Path
	}
	name = strings.ToLower(path.Base(name))
	single := strings.Contains(name, "route") || strings.Contains(name, "controller") || strings.Contains(name, "handler") || strings.Contains(name, "view")
	return single && stems <= 4 && !strings.HasPrefix(name, "index.") && !strings.HasPrefix(name, "api.") && !strings.HasPrefix(name, "routes.") && !strings.HasPrefix(name, "web.") && !strings.HasPrefix(name, "auth")
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
func stemOf(e *endpoint) string {
	var buf [8]string
	p := e.Path
	if strings.Trim(p, "/") == "" && e.Fact.Scope != "" {
		scope := e.Fact.Scope
		name, isFunction := strings.CutPrefix(scope, "def ")
		if !isFunction {
			name, isFunction = strings.CutPrefix(scope, "func ")
		}
		if isFunction || scope[0] >= 'A' && scope[0] <= 'Z' {
			return strings.Join(nouns(buf[:0], trimClass(name)), "-")
		}
		return ""
	}
	out := buf[:0]
	for seg := range strings.SplitSeq(p, "/") {
		seg = strings.TrimSpace(seg)
		low := strings.ToLower(seg)
		if seg == "" || strings.ContainsAny(seg[:1], ":{<*$[(#%^") || low == "api" || low == "rest" || low == "[controller]" || len(seg) <= 3 && low[0] == 'v' && seg[len(seg)-1] >= '0' && seg[len(seg)-1] <= '9' {
			continue
		}
		out = nouns(out, seg)
	}
	if scope := e.Fact.Scope; len(out) == 0 && scope != "" && scope[0] >= 'A' && scope[0] <= 'Z' && e.File.Lang() == lex.Python {
		return strings.Join(nouns(out, trimClass(scope)), "-") // a class that is registered under "/<id>" of its blueprint
	}
	return strings.Join(out, "/")
}

// resourceOfFile is the resource that a file of routes is named after, the first noun of its name: "feed" for feed.routes.ts.
func resourceOfFile(p string) string {
	name, _, _ := strings.Cut(path.Base(p), ".")
	var buf [8]string
	words := nouns(buf[:0], trimClass(name))
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

// nouns splits a name into lower-case words in the singular, drops those that stand for an action, and appends the others to words.
func nouns(words []string, name string) []string {
	known, start := len(words), 0
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
	out := words[:known]
	for _, w := range words[known:] {
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
