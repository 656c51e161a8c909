package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// routesOfSpring reads @GetMapping("/x") and @RequestMapping(value = "/x", method = RequestMethod.POST); on a class it is a prefix.
func routesOfSpring(s *Source, off int) {
	at := bytes.LastIndexByte(s.Code[:off], '@')
	if at < 0 || off-at > len("@Request") || off+len("Mapping") < len(s.Raw) && identifier(s.Raw[off+len("Mapping")]) {
		return
	}
	word := string(s.Code[at+1 : off])
	open := off + len("Mapping")
	path, end := "", open
	if open < len(s.Code) && s.Code[open] == '(' {
		end = s.closing(open)
		path = s.firstString(open+1, end)
		end++
	}
	if word == "Request" {
		if class := s.upcoming(end); class != "" {
			s.Emit(Fact{Kind: KindRoutePrefix, Name: class, Value: path, Line: s.LineOf(at)})
			return
		}
		ms := s.methodsIn(open, end)
		if len(ms) == 0 {
			ms = []string{"ANY"}
		}
		for _, m := range ms {
			s.route(m, path, s.enclosing(at), at)
		}
		return
	}
	m, ok := httpMethod(word)
	if !ok {
		return
	}
	class := s.enclosing(at)
	s.route(m, path, class, at)
	s.springAnswer(at)
}

// springAnswer says how an endpoint answers: by its class, or by what stands around its own method.
func (s *Source) springAnswer(at int) {
	if s.has("@RestController") || s.has("@FeignClient") {
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "@RestController", Line: s.LineOf(at)})
		return
	}
	head := s.Code[at:min(len(s.Code), at+600)]
	if i := bytes.IndexByte(head, '{'); i >= 0 {
		head = head[:i]
	}
	before := s.Between(Code, s.LineStart(max(0, s.LineStart(at)-1)), at)
	for _, w := range [][]byte{head, before} {
		if bytes.Contains(w, []byte("@ResponseBody")) || bytes.Contains(w, []byte("ResponseEntity")) {
			s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "@ResponseBody", Line: s.LineOf(at)})
			return
		}
	}
	s.Emit(Fact{Kind: KindAnswer, Name: "page", Value: "@Controller", Line: s.LineOf(at)})
}

// firstString is the first string literal between two offsets, "" if there is none.
func (s *Source) firstString(from, to int) string {
	to = min(to, len(s.Code))
	for i := from; i < to; i++ {
		if s.Code[i] == '"' || s.Code[i] == '\'' {
			text, _, _ := s.literal(i)
			return text
		}
	}
	return ""
}

// routesOfHTTP4k reads "/x" bind GET to { ... } of http4k. A path that is bound to other routes is none itself.
func routesOfHTTP4k(s *Source, off int) {
	end := off - len(`" `)
	if end < 1 || string(s.Raw[end:off]) != `" ` {
		return
	}
	before := s.Raw[max(0, end-maxText):end]
	path := string(before[bytes.LastIndexByte(before, '"')+1:])
	word := strings.TrimPrefix(s.restOfLine(off+len("bind ")), "Method.")
	word, _, _ = strings.Cut(word, " ")
	if m, ok := httpMethod(word); ok && word == strings.ToUpper(word) {
		s.route(m, path, "", off)
	}
}

// routesOfJAXRS reads @GET with @Path of JAX-RS and @Get("/x") of Micronaut; Scope is the class.
func routesOfJAXRS(s *Source, off int) {
	word := s.wordAt(off + 1)
	m, ok := httpMethod(word)
	if !ok || m == "ANY" {
		return
	}
	open := off + 1 + len(word)
	path := ""
	switch {
	case open < len(s.Code) && s.Code[open] == '(':
		path = s.firstString(open+1, s.closing(open))
		if strings.Contains(path, "://") {
			return
		}
	case word != strings.ToUpper(word) && !s.has("micronaut"):
		return
	default:
		w := s.Code[off:min(len(s.Code), off+200)]
		if n := bytes.IndexByte(w, '{'); n > 0 {
			w = w[:n]
		}
		if i := bytes.Index(w, []byte("@Path(")); i >= 0 {
			path = s.firstString(off+i+len("@Path("), off+len(w))
		}
	}
	// Retrofit spells its client's calls the same way.
	if s.has("retrofit2") {
		return
	}
	s.route(m, path, s.enclosing(off), off)
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "@" + word, Line: s.LineOf(off)})
}

func prefixesOfJAXRS(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	end := s.closing(open)
	if class := s.upcoming(end + 1); class != "" {
		s.Emit(Fact{Kind: KindRoutePrefix, Name: class, Value: s.firstString(open, end), Line: s.LineOf(off)})
	}
}

// routesOfJVMCalls reads the routing calls of Ktor, Javalin, Spark, Scalatra, Akka HTTP and WebFlux's functional routes.
func routesOfJVMCalls(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	word := s.wordAt(off)
	m, ok := httpMethod(word)
	if !ok {
		return
	}
	open := s.skipSpace(off + len(word))
	if s.byteAt(open) == '<' { // a typed location of Ktor: get<Tasks> { }
		end := bytes.IndexByte(s.Code[open:min(len(s.Code), open+80)], '>')
		if end > 0 && s.has("io.ktor") && s.startsLine(off) {
			s.route(m, string(s.Code[open+1:open+end]), "", off)
		}
		return
	}
	if s.byteAt(open) == '{' {
		if s.has("ktor") || s.directives() {
			s.route(m, "", s.callScope(off), off)
		}
		return
	}
	if s.Lang == lex.Scala && s.byteAt(open) == '&' { // post & entity(as[T]), joined from directives
		if s.directives() {
			s.route(m, "", s.callScope(off), off)
		}
		return
	}
	if s.Lang == lex.Scala && s.byteAt(open+1) == 'p' && s.byteAt(open+2) == '"' { // case GET(p"/tasks/${int(id)}") of Play's string router
		if path, _, ok := s.literal(open + 2); ok && s.has("play.api.routing") {
			s.route(m, interpolated(path), "", off)
		}
		return
	}
	path, end, ok := s.literal(open + 1)
	if !ok && s.has("io.ktor") && s.startsLine(off) {
		path, end, ok = s.namedRoute(open)
	}
	if !ok || path != "" && path[0] != '/' && path[0] != '{' && s.Lang != lex.Kotlin {
		return
	}
	recv := s.receiver(off)
	if strings.Contains(recv, "lient") || strings.Contains(recv, "ockMvc") || strings.HasPrefix(recv, "MockMvc") {
		return
	}
	for _, lib := range []string{"ktor.server", "io.ktor", "javalin", "spark.", "scalatra", "RouterFunction", "RouterOperation", "coRouter", "io.vertx", "http4k", "io.jooby", "ratpack", "cask"} {
		if s.has(lib) {
			if at := s.skipSpace(end); at < len(s.Code) && (s.Code[at] == ',' || s.Code[at] == ')') && !s.has("ktor.client.request") {
				s.route(m, s.expanded(path), strings.TrimSuffix(recv, "."), off)
			}
			return
		}
	}
}

// directives reports whether a file is written in the routing directives of Akka and Pekko, which may come by a trait of the project's own.
func (s *Source) directives() bool {
	return s.has("akka.http") || s.has("pekko.http") || s.Lang == lex.Scala && s.has("complete(") && (s.has("path(") || s.has("pathPrefix(") || s.has("pathEnd"))
}

// namedRoute is the path of post(path) { } of Ktor, where path is a name that the file gives a literal; it is empty where the literal is elsewhere.
func (s *Source) namedRoute(open int) (path string, end int, ok bool) {
	end = s.closing(open)
	name := s.wordAt(open + 1)
	if name == "" || s.skipSpace(end+1) >= len(s.Code) || s.Code[s.skipSpace(end+1)] != '{' {
		return "", 0, false
	}
	if open+1+len(name) == end {
		path = s.valueOf(name)
	}
	return path, end, true
}

// valueOf is the literal that a file of Kotlin gives a name, "" for none.
func (s *Source) valueOf(name string) string {
	head := "val " + name + " = "
	i := bytes.Index(s.Code, []byte(head))
	if i < 0 {
		return ""
	}
	text, _, _ := s.literal(i + len(head))
	return text
}

// expanded puts the literal for the name that a path of Kotlin begins with: "${path}/{id}" and "$path/{id}".
func (s *Source) expanded(path string) string {
	rest, ok := strings.CutPrefix(path, "$")
	if !ok {
		return path
	}
	name, rest, _ := strings.Cut(strings.TrimPrefix(rest, "{"), "/")
	if value := s.valueOf(strings.TrimSuffix(name, "}")); value != "" {
		return value + "/" + rest
	}
	return path
}

// interpolated names the parameters of an interpolated path as routers do: /tasks/${int(id)} and /tasks/$id are /tasks/:id.
func interpolated(path string) string {
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if strings.HasPrefix(part, "$") {
			parts[i] = ":id"
		}
	}
	return strings.Join(parts, "/")
}

// callScope is the path of the innermost route("/x") or path("x") block whose head stands before off.
func (s *Source) callScope(off int) string {
	from := max(0, off-8<<10)
	for _, head := range []string{"route(", "path(", "pathPrefix("} {
		if i := bytes.LastIndex(s.Code[from:off], []byte(head)); i >= 0 {
			return s.firstString(from+i, from+i+120)
		}
	}
	return ""
}

// routesOfServlets reads doGet and its like; Scope is the class.
func routesOfServlets(s *Source, off int) {
	line := s.Between(Code, s.LineStart(off), s.LineEnd(off, 0))
	if !bytes.Contains(line, []byte("HttpServletRequest")) && !bytes.Contains(s.Between(Code, off, off+200), []byte("HttpServletRequest")) || bytes.Contains(line, []byte("super.")) {
		return
	}
	m, ok := httpMethod(s.wordAt(off + 2))
	if !ok {
		return
	}
	s.route(m, "", s.enclosing(off), off)
	w := s.Code[off:min(len(s.Code), off+maxCall)]
	if bytes.Contains(w, []byte("getRequestDispatcher")) || bytes.Contains(w, []byte(".forward(")) {
		s.Emit(Fact{Kind: KindAnswer, Name: "page", Value: "forward", Line: s.LineOf(off)})
	}
}

// routesOfHTTP4s reads case GET -> Root / "x".
func routesOfHTTP4s(s *Source, off int) {
	word := s.wordAt(off)
	line := s.Between(Code, off, s.LineEnd(off, 0))
	if !bytes.Contains(line, []byte("Root")) {
		return
	}
	text := string(s.Between(Text, off, s.LineEnd(off, 0)))
	_, path, _ := strings.Cut(text, "Root")
	path, _, _ = strings.Cut(path, "=>")
	path = strings.Map(func(r rune) rune {
		if r == ' ' || r == '"' {
			return -1
		}
		return r
	}, path)
	if m, ok := httpMethod(word); ok {
		s.route(m, path, "Root", off)
	}
}

// routesOfPlay reads the conf/routes file of Play. Scope is the controller.
func routesOfPlay(s *Source) {
	line := 0
	for text := range strings.Lines(string(s.Raw)) {
		line++
		f := strings.Fields(text)
		if len(f) < 3 || !strings.HasPrefix(f[1], "/") {
			continue
		}
		m, ok := httpMethod(f[0])
		if !ok || strings.Contains(f[2], "Assets.") {
			continue
		}
		controller, _, _ := strings.Cut(f[2], "(")
		if i := strings.LastIndexByte(controller, '.'); i > 0 {
			controller = controller[:i]
		}
		s.Emit(Fact{Kind: KindRoute, Name: m, Value: f[1], Scope: controller, Line: line})
	}
}
