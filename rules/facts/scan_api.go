package facts

import (
	"bytes"
	"slices"
	"strings"

	"milepost/rules/lex"
)

// Kinds of the api area, besides KindRoute.
const (
	// KindAnswer is how a handler answers. Name is "data" (JSON and its like) or "page" (a rendered template), Value the call, Scope the class
	// where a class as a whole answers so.
	KindAnswer Kind = "answer"
	// KindRoutePrefix is a path before all routes of a class. Name is the class, Value the path, Scope "registered" where a call gives the class
	// its path, in whatever file.
	KindRoutePrefix Kind = "route-prefix"
	// KindViewSet is a class of Django REST framework that serves a resource. Name is the class, Value its parents.
	KindViewSet Kind = "viewset"
	// KindExportedHandler is a default export that may answer requests; whether it does depends on where the file lies (pages/api of Next, api of
	// Vercel).
	KindExportedHandler Kind = "exported-handler"
)

var apiScanners = bounded(slices.Concat(routeScanners, statusScanners, clientScanners))

// maxLooks is how many places of a file the scanners of an area look at closely. No file written by hand has as many; a hostile one costs no
// more than them.
const maxLooks = 4000

// bounded stops scanners that share a file's looks.
func bounded(scanners []scanner) []scanner {
	looks := countKey{kind: "looks"}
	for i := range scanners {
		scan := scanners[i].scan
		scanners[i].scan = func(s *Source, off int) {
			if s.counts[looks]++; s.counts[looks] <= maxLooks {
				scan(s, off)
			}
		}
	}
	return scanners
}

var routeScanners = []scanner{
	{langs: nodeLangs, triggers: verbCalls, scan: routesOfNode},
	{langs: nodeLangs, triggers: []string{".route("}, scan: routeChainOfNode},
	{langs: nodeLangs, triggers: []string{"method:", "method :"}, scan: routeObjectOfNode},
	{langs: nodeLangs, triggers: []string{"@Get(", "@Post(", "@Put(", "@Patch(", "@Delete("}, scan: routesOfDecorators},
	{langs: nodeLangs, triggers: []string{"export "}, scan: routesOfNodeFiles},
	{langs: nodeLangs, triggers: []string{".method"}, scan: methodTestsOfNode},
	{langs: nodeLangs, triggers: []string{"@Controller("}, scan: controllersOfNode},
	{langs: nodeLangs, triggers: []string{"defineEventHandler(", "eventHandler("}, scan: routesOfNitro},
	{langs: langs(lex.Python), triggers: append([]string{".route(", ".api_route("}, verbCalls...), scan: routesOfPythonDecorators},
	{langs: langs(lex.Python), triggers: []string{"api_view("}, scan: routesOfAPIView},
	{langs: langs(lex.Python), triggers: []string{"class "}, scan: routesOfPythonClasses},
	{langs: langs(lex.Python), triggers: []string{".register("}, scan: routesOfDjangoRouter},
	{langs: langs(lex.Python), triggers: []string{".add_resource("}, scan: resourcesOfFlask},
	{langs: langs(lex.Python), triggers: []string{"path(", "url("}, scan: routesOfDjangoURLs},
	{langs: langs(lex.Python), triggers: []string{"request.method"}, scan: methodTestsOfPython},
	{langs: langs(lex.Python), triggers: []string{"web.get(", "web.post(", "web.put(", "web.patch(", "web.delete(", ".add_get(", ".add_post(", ".add_put(", ".add_patch(", ".add_delete(", "Route(", ".add_url_rule(", ".add_api_route("}, scan: routesOfAsyncPython},
	{langs: jvmLangs, triggers: []string{"Mapping"}, scan: routesOfSpring},
	{langs: jvmLangs, triggers: []string{"@GET", "@POST", "@PUT", "@DELETE", "@PATCH", "@Get", "@Post", "@Put", "@Delete", "@Patch"}, scan: routesOfJAXRS},
	{langs: jvmLangs, triggers: []string{"@Path(", "@Controller("}, scan: prefixesOfJAXRS},
	{langs: jvmLangs, triggers: []string{"get(", "post(", "put(", "patch(", "delete(", "get<", "post<", "put<", "patch<", "delete<", "get {", "post {", "put {", "patch {", "delete {", "get & ", "post & ", "put & ", "patch & ", "delete & ", "GET(", "POST(", "PUT(", "PATCH(", "DELETE("}, scan: routesOfJVMCalls},
	{langs: langs(lex.Kotlin), triggers: []string{"bind "}, scan: routesOfHTTP4k},
	{langs: jvmLangs, triggers: []string{"doGet(", "doPost(", "doPut(", "doDelete("}, scan: routesOfServlets},
	{langs: langs(lex.Scala), triggers: []string{"GET -> ", "POST -> ", "PUT -> ", "PATCH -> ", "DELETE -> "}, scan: routesOfHTTP4s},
	{langs: langs(lex.CSharp), triggers: []string{"[Http", ", Http"}, scan: routesOfControllers},
	{langs: langs(lex.CSharp, lex.FSharp), triggers: []string{".MapGet(", ".MapPost(", ".MapPut(", ".MapPatch(", ".MapDelete(", ".MapMethods("}, scan: routesOfMinimalAPI},
	{langs: langs(lex.CSharp), triggers: []string{"[Route("}, scan: prefixesOfControllers},
	{langs: langs(lex.Go), triggers: goRouteCalls, scan: routesOfGo},
	{langs: langs(lex.Go), triggers: []string{".HandleFunc(", ".Handle(", ".Handler(", ".HandlerFunc(", ".Path("}, scan: routesOfMux},
	{langs: langs(lex.Go), triggers: []string{"case http.Method", "== http.Method", "case \"", ".Method == \""}, scan: methodTestsOfGo},
	{langs: langs(lex.Ruby), triggers: []string{"get ", "post ", "put ", "patch ", "delete ", "get(", "post(", "put(", "patch(", "delete("}, scan: routesOfRuby},
	{langs: langs(lex.Ruby), triggers: []string{"resources ", "resource ", "resources(", "resource("}, scan: resourcesOfRails},
	{langs: langs(lex.PHP), triggers: []string{"get(", "post(", "put(", "patch(", "delete(", "any(", "match(", "esource(", "map(", "esources(", "addRoute("}, scan: routesOfPHP},
	{langs: langs(lex.PHP), triggers: []string{"$route["}, scan: routesOfCodeIgniter},
	{langs: langs(lex.PHP), triggers: []string{"#[Route(", "#[Get(", "#[Post(", "#[Put(", "#[Patch(", "#[Delete("}, view: Text, scan: routesOfSymfony},
	{langs: langs(lex.PHP), triggers: []string{"@Route("}, view: Comments, scan: routesOfSymfony},
	{langs: langs(lex.PHP), triggers: []string{"REQUEST_METHOD"}, view: Strings, scan: methodTestsOfPHP},
	{langs: langs(lex.PHP), triggers: []string{"ethod())", "equestMethod)"}, scan: methodSwitchOfPHP},
	{langs: langs(lex.PHP), triggers: []string{"Action("}, scan: actionsOfFOSRest},
	{langs: langs(lex.PHP), triggers: []string{"#[ApiResource"}, view: Text, scan: resourcesByAnnotation},
	{langs: langs(lex.PHP), triggers: []string{"@ApiResource"}, view: Comments, scan: resourcesByAnnotation},
	{langs: jvmLangs, triggers: []string{"@RepositoryRestResource"}, scan: resourcesByAnnotation},
	{langs: langs(lex.Rust), triggers: []string{"#[get(", "#[post(", "#[put(", "#[patch(", "#[delete("}, scan: routesOfRustAttributes},
	{langs: langs(lex.Rust), triggers: []string{".route(", "resource("}, scan: routesOfRust},
	{langs: langs(lex.Elixir), triggers: []string{"get ", "post ", "put ", "patch ", "delete ", "resources ", "get(", "post(", "put(", "patch(", "delete(", "resources("}, scan: routesOfPhoenix},
	{langs: nodeLangs, triggers: []string{".json(", ".render("}, scan: answersOfNode},
	{langs: nodeLangs, triggers: []string{"ctx.body =", "ctx.response.body ="}, scan: answersOfKoa},
	{langs: nodeLangs, triggers: []string{".resource("}, scan: resourcesOfAdonis},
	answersBy(langs(lex.Python), []string{"jsonify(", "JsonResponse(", "JSONResponse(", "json_response(", "APIRouter(", "FastAPI("}, []string{"render_template(", "render(request", "TemplateResponse(", "TemplateView)", "ListView)", "DetailView)", "CreateView)", "UpdateView)", "DeleteView)", "FormView)"}),
	answersBy(langs(lex.Ruby), []string{"render json:", "render :json", "to_json", "format.json", "ActionController::API", "json_response", "render_json", "Grape::API", "render(json:"}, []string{"erb :", "haml :", "slim :", "format.html", "render :new", "render :edit"}),
	{langs: langs(lex.Ruby), triggers: []string{"json "}, scan: answersOfSinatra},
	answersBy(langs(lex.PHP), []string{"->json(", "json_encode(", "JsonResponse(", "JsonResource", "ResourceCollection", "$this->json(", "Response::json", "respond("}, []string{"view(", "->render(", "Inertia::render(", "redirect("}),
	answersBy(langs(lex.Go), []string{".JSON(", "json.NewEncoder(", "json.Marshal", ".IndentedJSON("}, []string{".HTML(", "ExecuteTemplate(", ".Execute(w", "c.Render("}),
	answersBy(langs(lex.Rust), []string{"Json(", ".json(", "Json<"}, []string{"Template::render", "HtmlTemplate("}),
	answersBy(langs(lex.Elixir), []string{"json(conn", "json conn", "Jason.encode"}, nil),
	answersBy(langs(lex.Scala, lex.Kotlin), []string{"Json.toJson", "call.respond(", "Json.obj(", "asJson", "complete("}, []string{"views.html", "respondTemplate(", "respondHtml", "call.respond(FreeMarkerContent", "call.respond(ThymeleafContent"}),
}

var apiDocuments = slices.Concat(docsDocuments, []document{
	{applies: func(_, base string) bool { return base == "routes" || strings.HasSuffix(base, ".routes") }, scan: routesOfPlay},
	{applies: func(path, base string) bool {
		return strings.HasPrefix(path, "resources/") && hasExt(base, "yaml", "yml")
	}, scan: routesOfAPIPlatform},
})

var (
	nodeLangs = langs(lex.JavaScript, lex.TypeScript)
	jvmLangs  = langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy)
	verbCalls = []string{".get(", ".post(", ".put(", ".patch(", ".delete(", ".all(", ".del("}
)

// verbNames are the methods that make a REST API; others (HEAD, OPTIONS) say nothing of what it offers.
func httpMethod(word string) (string, bool) {
	switch up := strings.ToUpper(word); up {
	case "GET", "POST", "PUT", "PATCH", "DELETE":
		return up, true
	case "DEL":
		return "DELETE", true
	case "ALL", "ANY":
		return "ANY", true
	}
	return "", false
}

// route emits an endpoint.
func (s *Source) route(method, path, scope string, off int) {
	s.Emit(Fact{Kind: KindRoute, Name: method, Value: path, Scope: scope, Line: s.LineOf(off)})
}

// literal reads the string literal at or after off, past white space, prefixes such as r or f and opening brackets; it may be empty. End is
// the offset just after it.
func (s *Source) literal(off int) (text string, end int, ok bool) {
	off = s.skipSpace(off)
	for off < len(s.Raw) && (s.Raw[off] == 'r' || s.Raw[off] == 'f' || s.Raw[off] == 'b' || s.Raw[off] == 's' || s.Raw[off] == '[' || s.Raw[off] == '{' || s.Raw[off] == '@') {
		off++
	}
	if off >= len(s.Raw) {
		return "", off, false
	}
	q := s.Raw[off]
	if q != '"' && q != '\'' && q != '`' {
		return "", off, false
	}
	rest := s.Raw[off+1 : min(len(s.Raw), off+1+2*maxText)]
	n := bytes.IndexByte(rest, q)
	if n < 0 || bytes.IndexByte(rest[:n], '\n') >= 0 {
		return "", off, false
	}
	return string(rest[:n]), off + n + 2, true
}

func (s *Source) skipSpace(off int) int {
	for off < len(s.Raw) && (s.Raw[off] == ' ' || s.Raw[off] == '\t' || s.Raw[off] == '\n' || s.Raw[off] == '\r') {
		off++
	}
	return off
}

// byteAt is the byte at off, 0 past the end.
func (s *Source) byteAt(off int) byte {
	if off < 0 || off >= len(s.Raw) {
		return 0
	}
	return s.Raw[off]
}

// maxCall is how far the end of a call is looked for.
const maxCall = 4 << 10

// closing is the offset of the bracket that closes the one at off in the code view, or of the bound if there is none near.
func (s *Source) closing(off int) int {
	depth := 0
	end := min(len(s.Code), off+maxCall)
	for i := off; i < end; i++ {
		switch s.Code[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return end
}

// receiver is the dotted name just before off: "this.router" before ".get(".
func (s *Source) receiver(off int) string {
	i := off
	for i > 0 && off-i < 60 && (identifier(s.Code[i-1]) || s.Code[i-1] == '.' || s.Code[i-1] == ':' || s.Code[i-1] == '>' || s.Code[i-1] == '-') {
		i--
	}
	return string(s.Code[i:off])
}

// wordAt is the identifier at off.
func (s *Source) wordAt(off int) string {
	off = min(off, len(s.Raw))
	i := off
	for i < len(s.Raw) && i-off < 80 && identifier(s.Raw[i]) {
		i++
	}
	return string(s.Raw[off:i])
}

// has reports whether the code contains text.
func (s *Source) has(text string) bool {
	return s.memo("has", text, func() bool { return bytes.Contains(s.Code, []byte(text)) })
}

// names reports whether the file contains text anywhere, in strings and comments too.
func (s *Source) names(text string) bool {
	return s.memo("names", text, func() bool { return bytes.Contains(s.Raw, []byte(text)) })
}

// memo keeps the answer to a question about the whole file, since many places of a file ask the same.
func (s *Source) memo(question Kind, name string, answer func() bool) bool {
	k := countKey{kind: question, name: name}
	if s.counts[k] == 0 {
		s.counts[k] = 1
		if answer() {
			s.counts[k] = 2
		}
	}
	return s.counts[k] == 2
}

// maxLookBack is how far above a place its class or function is looked for.
const maxLookBack = 64 << 10

// enclosing is the name of the last class whose head stands before off.
func (s *Source) enclosing(off int) string {
	if !s.has("class ") {
		return ""
	}
	from := max(0, off-maxLookBack)
	for end := off; end > from; {
		i := bytes.LastIndex(s.Code[from:end], []byte("class "))
		if i < 0 {
			return ""
		}
		i += from
		if i == 0 || !identifier(s.Code[i-1]) {
			return s.wordAt(s.skipSpace(i + len("class ")))
		}
		end = i
	}
	return ""
}

// upcoming is the name of the class that the annotation ending at off belongs to, "" when a member follows instead.
func (s *Source) upcoming(off int) string {
	off = min(off, len(s.Code))
	w := s.Code[off:min(len(s.Code), off+1500)]
	// Annotations between this one and the declaration may have brackets of their own.
	i := bytes.Index(w, []byte("class "))
	if i < 0 || i > 0 && identifier(w[i-1]) {
		return ""
	}
	if j := bytes.IndexByte(w, '{'); j >= 0 && j < i && !bytes.Contains(w[:j], []byte{'@'}) {
		return ""
	}
	if k := bytes.IndexByte(w[:i], ';'); k >= 0 {
		return ""
	}
	if bytes.Contains(w[:i], []byte("fun ")) || bytes.Contains(w[:i], []byte("def ")) {
		return ""
	}
	if bytes.Contains(w[:i], []byte("){")) || bytes.Contains(w[:i], []byte(") {")) {
		return ""
	}
	return s.wordAt(s.skipSpace(off + i + len("class ")))
}

// methodsIn returns the HTTP methods that stand as literals or words in a piece of the file.
func (s *Source) methodsIn(from, to int) []string {
	w := s.Between(Text, from, to)
	var out []string
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if bytes.Contains(w, []byte(m)) || bytes.Contains(w, []byte("'"+strings.ToLower(m)+"'")) || bytes.Contains(w, []byte(`"`+strings.ToLower(m)+`"`)) ||
			bytes.Contains(w, []byte("Method"+m[:1]+strings.ToLower(m[1:]))) {
			out = append(out, m)
		}
	}
	return out
}

// answersBy makes a scanner of the calls by which handlers answer with data and with pages.
func answersBy(ls langSet, data, pages []string) scanner {
	return scanner{langs: ls, triggers: slices.Concat(data, pages), scan: func(s *Source, off int) {
		if off > 0 && identifier(s.Raw[off-1]) && identifier(s.Raw[off]) {
			return
		}
		for i, calls := range [][]string{data, pages} {
			for _, c := range calls {
				if bytes.HasPrefix(s.Raw[off:], []byte(c)) {
					s.Emit(Fact{Kind: KindAnswer, Name: []string{"data", "page"}[i], Value: strings.Trim(c, "(. "), Line: s.LineOf(off)})
					return
				}
			}
		}
	}}
}
