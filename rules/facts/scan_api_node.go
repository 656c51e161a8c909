package facts

import (
	"bytes"
	"strings"
)

// routesOfNode reads router.get('/path', handler) of Express and its like.
func routesOfNode(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	method, ok := httpMethod(string(s.Raw[off+1 : open]))
	if !ok {
		return
	}
	recv := s.chainReceiver(off)
	if recv == "" {
		return
	}
	name := recv[strings.LastIndexByte(recv, '.')+1:]
	routerLike := strings.Contains(strings.ToLower(name), "rout")
	path, end, literal := s.literal(open + 1)
	shut := s.closing(open)
	switch {
	case literal && (path == "" || path[0] == '/' || path[0] == '*' || path[0] == ':' || path[0] == '$' || routerLike && !strings.Contains(path, "://")):
		if at := s.skipSpace(end); at < len(s.Code) && s.Code[at] != ',' {
			return // one argument: a setting or a lookup, no handler
		}
	case !literal && routerLike && bytes.IndexByte(s.Between(Code, open, shut), ',') > 0:
		path = ""
	default:
		return
	}
	if !routerLike && !s.isApp(name) {
		return
	}
	s.route(method, path, recv, off)
}

// chainReceiver is the receiver of a call, looking past earlier calls of a chain: app.get(...).post(...).
func (s *Source) chainReceiver(off int) string {
	for range 12 {
		i := off
		for i > 0 && (s.Code[i-1] == ' ' || s.Code[i-1] == '\n' || s.Code[i-1] == '\t' || s.Code[i-1] == '\r') {
			i--
		}
		if i == 0 {
			return ""
		}
		if s.Code[i-1] != ')' {
			return s.receiver(i)
		}
		open := s.opening(i-1, 0)
		if open < 0 {
			return ""
		}
		call := s.receiver(open)
		dot := strings.LastIndexByte(call, '.')
		if dot < 0 {
			switch call {
			case "Hono", "OpenAPIHono", "Elysia", "Router", "express", "polka":
				return "app" // new Hono().get(...)
			}
			return ""
		}
		off = open - len(call) + dot
		if _, verb := httpMethod(call[dot+1:]); !verb || dot > 0 {
			if verb || call[dot+1:] == "use" || call[dot+1:] == "group" || call[dot+1:] == "onError" {
				return call[:dot]
			}
			return ""
		}
	}
	return ""
}

// opening is the offset of the bracket that encloses off, or that the one at off closes; -1 if none is near, or if it is not the one wanted
// (0 for any).
func (s *Source) opening(off int, want byte) int {
	depth := 0
	if want != 0 {
		depth = 1 // off lies inside
	}
	for i := off; i >= 0 && off-i < maxCall; i-- {
		switch s.Code[i] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth <= 0 {
				if want != 0 && s.Code[i] != want {
					return -1
				}
				return i
			}
		}
	}
	return -1
}

// isApp tells whether name is a server or router in this file, by the usual names or by what is assigned to it.
func (s *Source) isApp(name string) bool {
	switch name {
	case "app", "fastify", "server", "expressApp":
		return true
	case "axios", "http", "request", "fetch", "got", "params", "headers", "cache", "map", "agent", "chai", "client", "":
		return false
	}
	if strings.HasSuffix(name, "App") || strings.HasSuffix(name, "Server") {
		return true
	}
	return s.memo("router", name, func() bool { return s.assignedRouter(name) || s.typedRouter(name) })
}

// typedRouter tells whether name is a parameter declared as a server, as the plugins of Fastify take one: (instance: FastifyInstance). Without types it
// is known by its usual name and by the reply of its handlers.
func (s *Source) typedRouter(name string) bool {
	if name == "instance" && s.mentions("reply", "astify") && !s.mentions("axios") {
		return true
	}
	for _, kind := range []string{"FastifyInstance", "Express", "Application", "express.Application", "express.Express", "Hono", "Elysia"} {
		for _, sep := range []string{": ", ":"} {
			if i := bytes.Index(s.Code, []byte(name+sep+kind)); i >= 0 && (i == 0 || !identifier(s.Code[i-1])) {
				return true
			}
		}
	}
	return false
}

// assignedRouter tells whether a server or router is assigned to name.
func (s *Source) assignedRouter(name string) bool {
	decl := []byte(name + " = ")
	for at := 0; ; {
		i := bytes.Index(s.Code[at:], decl)
		if i < 0 {
			return false
		}
		at += i + len(decl)
		w := s.Code[at:min(len(s.Code), at+60)]
		if n := bytes.IndexByte(w, '\n'); n > 0 {
			w = w[:n]
		}
		for _, made := range []string{"Router", "express(", "astify", "Hono", "Koa", "polka(", "restify", "Elysia", "App("} {
			if bytes.Contains(w, []byte(made)) {
				return true
			}
		}
	}
}

// routeChainOfNode reads router.route('/path').get(a).post(b), and Fastify's and Hapi's route({method, url}).
func routeChainOfNode(s *Source, off int) {
	open := off + len(".route")
	recv := s.receiver(off - len(trailingBlank(s.Code[max(0, off-60):off]))) // the chain may begin on the line before
	path, _, ok := s.literal(open + 1)
	if at := s.skipSpace(open + 1); at < len(s.Code) && (s.Code[at] == '{' || s.Code[at] == '[') {
		return // see routeObjectOfNode
	}
	if !ok && !strings.Contains(strings.ToLower(recv), "rout") {
		return
	}
	at := s.closing(open) + 1
	for range 12 {
		at = s.skipBlank(at)
		if at >= len(s.Code) || s.Code[at] != '.' {
			return
		}
		word := s.wordAt(at + 1)
		next := at + 1 + len(word)
		if next >= len(s.Code) || s.Code[next] != '(' {
			return
		}
		if m, verb := httpMethod(word); verb {
			s.route(m, path, recv, at)
		}
		at = s.closing(next) + 1
	}
}

// trailingBlank is the white space at the end of b.
func trailingBlank(b []byte) []byte { return b[len(bytes.TrimRight(b, " \n\t\r")):] }

// skipBlank skips what is blank in the code view: white space and comments.
func (s *Source) skipBlank(off int) int {
	for off < len(s.Code) && (s.Code[off] == ' ' || s.Code[off] == '\n' || s.Code[off] == '\t' || s.Code[off] == '\r') {
		off++
	}
	return off
}

// routeObjectOfNode reads {method: 'GET', path: '/x', handler} of Hapi, Fastify and tables of routes.
func routeObjectOfNode(s *Source, off int) {
	from := s.opening(off-1, '{')
	if from < 0 || !s.word(off, len("method")) {
		return
	}
	to := s.closing(from)
	object := s.Between(Code, from, to)
	created := bytes.HasSuffix(bytes.TrimRight(s.Between(Code, max(0, from-40), from), " \n"), []byte("createRoute(")) // of Hono; its handler is given later
	if !created && !bytes.Contains(object, []byte("handler")) && !bytes.Contains(object, []byte("controller")) && !bytes.Contains(object, []byte("action")) {
		return // the options of a request
	}
	path, found := "", false
	for _, key := range []string{"path:", "url:", "route:"} {
		if i := bytes.Index(object, []byte(key)); i >= 0 {
			path, _, found = s.literal(from + i + len(key))
			break
		}
	}
	if !found {
		return
	}
	at := off + len("method")
	for _, m := range s.methodsIn(at, min(to, s.LineEnd(at, 0), at+60)) {
		s.route(m, path, "", off)
	}
}

// routesOfDecorators reads @Get(':id') of NestJS and routing-controllers.
func routesOfDecorators(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	word := s.wordAt(off + 1)
	path, _, _ := s.literal(off + 1 + len(word) + 1)
	m, _ := httpMethod(word)
	s.route(m, path, s.enclosing(off), off)
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "@" + word, Line: s.LineOf(off)})
}

func controllersOfNode(s *Source, off int) {
	open := off + len("@Controller")
	path, _, _ := s.literal(open + 1)
	if class := s.upcoming(s.closing(open) + 1); class != "" {
		s.Emit(Fact{Kind: KindRoutePrefix, Name: class, Value: path, Line: s.LineOf(off)})
	}
}

// routesOfNodeFiles reads the exported methods of Next's route.ts and SvelteKit's +server.ts, and Next's handlers in pages/api. Where the file lies, and
// so the path, is judged later.
func routesOfNodeFiles(s *Source, off int) {
	base := baseOf(s.Path)
	stem, _, _ := strings.Cut(base, ".")
	rest := s.restOfLine(off + len("export "))
	if stem != "route" && stem != "+server" {
		if strings.HasPrefix(rest, "default ") && !strings.HasSuffix(base, "sx") {
			s.Emit(Fact{Kind: KindExportedHandler, Line: s.LineOf(off)})
		}
		return
	}
	for _, head := range []string{"async function ", "function ", "const ", "let ", "{"} {
		if tail, ok := strings.CutPrefix(rest, head); ok {
			rest = tail
			break
		}
	}
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		if strings.HasPrefix(rest, m) || strings.HasSuffix(rest, "}") && strings.Contains(rest, " as "+m) {
			s.route(m, "", "route-file", off)
		}
	}
}

// routesOfNitro reads the handlers of Nuxt's server/api; method and path are in the file's name.
func routesOfNitro(s *Source, off int) {
	parts := strings.Split(baseOf(s.Path), ".")
	m := "ANY"
	if len(parts) > 2 {
		if known, ok := httpMethod(parts[len(parts)-2]); ok {
			m = known
		}
	}
	s.route(m, "", "route-file", off)
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "defineEventHandler", Line: s.LineOf(off)})
}

// methodTestsOfNode reads req.method === 'POST' and switch (req.method) { case 'POST': }.
func methodTestsOfNode(s *Source, off int) {
	recv := s.receiver(off)
	if !strings.HasPrefix(recv, "req") && !strings.HasSuffix(recv, "request") && !strings.HasSuffix(recv, "httpMethod") {
		return
	}
	line := s.Between(Code, s.LineStart(off), s.LineEnd(off, 0))
	if bytes.Contains(line, []byte("switch")) {
		s.methodCases(off)
		return
	}
	if bytes.Contains(line, []byte("==")) {
		for _, m := range s.methodsIn(off, min(off+60, s.LineEnd(off, 0))) {
			s.route(m, "", "method-test", off)
		}
	}
}

// methodCases emits the methods of the case labels that follow off, within one block.
func (s *Source) methodCases(off int) {
	open := bytes.IndexByte(s.Code[off:min(len(s.Code), off+200)], '{')
	if open < 0 {
		return
	}
	depth := 0
	for at := off + open; at < min(len(s.Code), off+32<<10); at++ {
		switch s.Code[at] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return
			}
		case 'c':
			if depth == 1 && bytes.HasPrefix(s.Code[at:], []byte("case")) && s.word(at, 4) {
				for _, m := range s.methodsIn(at, min(at+60, s.LineEnd(at, 0))) {
					s.route(m, "", "method-test", at)
				}
			}
		case '=': // match ($method) { 'GET' => ... } of PHP
			if depth == 1 && bytes.HasPrefix(s.Code[at:], []byte("=>")) {
				for _, m := range s.methodsIn(s.LineStart(at), at) {
					s.route(m, "", "method-test", at)
				}
			}
		}
	}
}

func answersOfNode(s *Source, off int) {
	recv := s.receiver(off)
	last := recv[strings.LastIndexByte(recv, '.')+1:]
	page := s.Raw[off+1] == 'r'
	if s.Code[max(0, off-1)] == ')' { // res.status(200).json(...)
		if !page {
			s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: ".json", Line: s.LineOf(off)})
		}
		return
	}
	switch last {
	case "res", "response", "reply", "resp", "ctx", "c", "NextResponse", "Response", "rep":
	default:
		return
	}
	name := "data"
	if page {
		name = "page"
	}
	s.Emit(Fact{Kind: KindAnswer, Name: name, Value: recv + string(s.Raw[off:off+5]), Line: s.LineOf(off)})
}

// answersOfKoa reads ctx.body = value, which Koa sends as JSON unless it is a page.
func answersOfKoa(s *Source, off int) {
	eq := off + bytes.IndexByte(s.Raw[off:], '=')
	value := strings.TrimLeft(s.restOfLine(eq+1), "= ")
	if eq+1 < len(s.Raw) && s.Raw[eq+1] == '=' || strings.Contains(value, "render(") || strings.Contains(value, "createReadStream") {
		return
	}
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "ctx.body", Line: s.LineOf(off)})
}

// resourcesOfAdonis reads Route.resource('posts', 'PostsController') of AdonisJS, with apiOnly() or not.
func resourcesOfAdonis(s *Source, off int) {
	recv := s.receiver(off)
	if !bytes.HasPrefix(s.Raw[off:], []byte(".resource(")) || !strings.Contains(strings.ToLower(recv), "route") {
		return
	}
	path, end, ok := s.literal(off + len(".resource("))
	if !ok {
		return
	}
	if at := s.skipSpace(end); at < len(s.Code) && s.Code[at] == ',' {
		s.route("RESOURCE", path, recv, off)
	}
}
