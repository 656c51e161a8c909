package facts

import (
	"bytes"
	"strings"
)

// routesOfControllers reads [HttpGet("x")] of ASP.NET Core; Scope is the controller.
func routesOfControllers(s *Source, off int) {
	at := off + bytes.Index(s.Raw[off:], []byte("Http"))
	word := s.wordAt(at)
	m, ok := httpMethod(strings.TrimPrefix(word, "Http"))
	if !ok {
		return
	}
	path := ""
	if open := at + len(word); open < len(s.Code) && s.Code[open] == '(' {
		path = s.firstString(open, s.closing(open))
	}
	s.route(m, path, s.enclosing(at), at)
	name := "data"
	if !s.has("[ApiController") && !s.has("ControllerBase") && s.has("View(") {
		name = "page"
	}
	s.Emit(Fact{Kind: KindAnswer, Name: name, Value: word, Line: s.LineOf(at)})
}

func prefixesOfControllers(s *Source, off int) {
	open := off + len("[Route")
	end := s.closing(open)
	if class := s.upcoming(end + 1); class != "" {
		s.Emit(Fact{Kind: KindRoutePrefix, Name: class, Value: s.firstString(open, end), Line: s.LineOf(off)})
	}
}

// routesOfMinimalAPI reads app.MapGet("/x", handler); Scope is the builder or group.
func routesOfMinimalAPI(s *Source, off int) {
	word := s.wordAt(off + 1)
	open := off + 1 + len(word)
	path, _, _ := s.literal(open + 1)
	recv := s.receiver(off)
	if word == "MapMethods" {
		for _, m := range s.methodsIn(open, s.closing(open)) {
			s.route(m, path, recv, off)
		}
		return
	}
	if m, ok := httpMethod(strings.TrimPrefix(word, "Map")); ok {
		s.route(m, path, recv, off)
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: word, Line: s.LineOf(off)})
	}
}

var goRouteCalls = []string{
	".GET(", ".POST(", ".PUT(", ".PATCH(", ".DELETE(", ".Any(",
	".Get(", ".Post(", ".Put(", ".Patch(", ".Delete(",
}

// routesOfGo reads r.GET("/x", h) of Gin and Echo and r.Get("/x", h) of Fiber and chi; Scope is the router or group.
func routesOfGo(s *Source, off int) {
	word := s.wordAt(off + 1)
	m, ok := httpMethod(word)
	if !ok {
		return
	}
	open := off + 1 + len(word)
	path, end, literal := s.literal(open + 1)
	recv := s.receiver(off)
	if !literal {
		// A path in a constant: only where the receiver says that it routes.
		shut := s.closing(open)
		if !strings.Contains(strings.ToLower(recv), "rout") || bytes.IndexByte(s.Between(Code, open, shut), ',') < 0 {
			return
		}
		s.route(m, "", recv, off)
		return
	}
	if path != "" && path[0] != '/' && path[0] != ':' && path[0] != '*' {
		// Gin, Echo and Fiber add the slash; other calls that are named so take a key.
		if word != m && !s.names("gofiber/fiber") || strings.ContainsAny(path, " :") && !strings.Contains(path, "/:") {
			return
		}
		path = "/" + path
	}
	if recv == "http" {
		return
	}
	if at := s.skipSpace(end); at >= len(s.Code) || s.Code[at] != ',' && s.Code[at] != '+' {
		return
	}
	s.route(m, path, recv, off)
}

// routesOfMux reads mux.HandleFunc("GET /x", h) of net/http and r.HandleFunc("/x", h).Methods("GET") of gorilla/mux.
func routesOfMux(s *Source, off int) {
	word := s.wordAt(off + 1)
	open := off + 1 + len(word)
	recv := s.receiver(off)
	first, end, ok := s.literal(open + 1)
	if !ok {
		// httprouter and others: Handle(http.MethodGet, "/x", h)
		w := s.Code[open:min(len(s.Code), open+40)]
		if i := bytes.Index(w, []byte("http.Method")); i >= 0 {
			for _, m := range s.methodsIn(open+i, open+i+len("http.MethodDelete")) {
				s.route(m, s.firstString(open+i, s.closing(open)), recv, off)
			}
			return
		}
		if !strings.Contains(strings.ToLower(recv), "rout") && !strings.Contains(strings.ToLower(recv), "mux") || strings.HasPrefix(word, "Handler") {
			return
		}
	}
	if m, known := httpMethod(first); known && first == strings.ToUpper(first) {
		if at := s.skipSpace(end); at < len(s.Code) && s.Code[at] == ',' {
			s.route(m, s.firstString(at, s.closing(open)), recv, off)
		}
		return
	}
	method, path := "ANY", first
	if verb, rest, found := strings.Cut(first, " "); found {
		if m, known := httpMethod(verb); known {
			method, path = m, strings.TrimSpace(rest)
			if path == "" {
				path = s.joinedPath(end, s.closing(open), off)
			}
		}
	}
	if ok && !strings.Contains(path, "/") {
		return
	}
	after := s.closing(open) + 1
	line := s.Between(Code, after, min(after+160, s.LineEnd(after, 1)))
	if i := bytes.Index(line, []byte(".Methods(")); i >= 0 {
		at := after + i + len(".Methods")
		for _, m := range s.methodsIn(at, s.closing(at)+1) {
			s.route(m, path, recv, off)
		}
		return
	}
	before := s.Between(Code, s.LineStart(off), off)
	if i := bytes.Index(before, []byte(".Methods(")); i >= 0 {
		for _, m := range s.methodsIn(s.LineStart(off)+i, off) {
			s.route(m, path, recv, off)
		}
		return
	}
	if word == "Path" {
		return
	}
	s.route(method, path, recv, off)
}

// joinedPath is the path that the terms after a first literal make up: "GET " + prefix + "/{id}". A name stands for the literal it has in the file;
// one that is handed to the function for the literal of its call, or else for the function.
func (s *Source) joinedPath(from, to, off int) string {
	var path strings.Builder
	for at := s.skipSpace(from); at < to && s.byteAt(at) == '+'; {
		at = s.skipSpace(at + 1)
		if text, end, ok := s.literal(at); ok {
			path.WriteString(text)
			at = s.skipSpace(end)
			continue
		}
		name := s.wordAt(at)
		if name == "" {
			break
		}
		path.WriteString(s.namedPath(name, off))
		at = s.skipSpace(at + len(name))
	}
	if p := path.String(); strings.HasPrefix(p, "/") {
		return p
	}
	return ""
}

// namedPath is the path that a name stands for at off.
func (s *Source) namedPath(name string, off int) string {
	for _, set := range []string{name + " = ", name + " := "} {
		if i := bytes.Index(s.Code, []byte(set)); i >= 0 && (i == 0 || !identifier(s.Code[i-1])) {
			if text, _, ok := s.literal(i + len(set)); ok {
				return text
			}
		}
	}
	function := s.functionOfGo(off)
	if function == "" {
		return ""
	}
	for from := 0; ; {
		i := bytes.Index(s.Code[from:], []byte(function+"("))
		if i < 0 {
			return "/" + function
		}
		open := from + i + len(function)
		if before := s.Between(Code, s.LineStart(open), open); !bytes.HasPrefix(before, []byte("func ")) {
			if text := s.firstString(open, s.closing(open)); strings.HasPrefix(text, "/") {
				return text
			}
		}
		from = open
	}
}

// functionOfGo is the name of the function around off.
func (s *Source) functionOfGo(off int) string {
	above := max(0, off-maxLookBack)
	i := bytes.LastIndex(s.Code[above:off], []byte("\nfunc "))
	if i < 0 {
		return ""
	}
	rest := s.skipSpace(above + i + len("\nfunc "))
	if rest < len(s.Code) && s.Code[rest] == '(' {
		rest = s.skipSpace(s.closing(rest) + 1)
	}
	return s.wordAt(rest)
}

// methodTestsOfGo reads switch r.Method { case http.MethodPost: } and if r.Method == "POST"; Scope is the function.
func methodTestsOfGo(s *Source, off int) {
	line := s.Between(Code, s.LineStart(off), s.LineEnd(off, 0))
	from := off
	if s.Raw[off] == 'c' {
		// The nearest switch above must be over a method.
		w := s.Code[max(0, off-maxCall):off]
		i := bytes.LastIndex(w, []byte("switch "))
		if i < 0 {
			return
		}
		head := w[i:]
		if n := bytes.IndexByte(head, '\n'); n > 0 {
			head = head[:n]
		}
		if !bytes.Contains(head, []byte("Method")) {
			return
		}
	} else if !bytes.Contains(line, []byte(".Method")) {
		return
	}
	name := s.functionOfGo(off)
	for _, m := range s.methodsIn(from, s.LineEnd(off, 0)) {
		s.route(m, "", "func "+name, off)
	}
}

// routesOfRustAttributes reads #[get("/x")] of Actix and Rocket.
func routesOfRustAttributes(s *Source, off int) {
	word := s.wordAt(off + 2)
	path, _, ok := s.literal(off + 2 + len(word) + 1)
	if m, known := httpMethod(word); known && ok {
		s.route(m, path, "", off)
	}
}

// routesOfRust reads .route("/x", get(h).post(h)) of Axum and .route(web::get().to(h)) of Actix.
func routesOfRust(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	path, end, ok := s.literal(open + 1)
	shut := s.closing(open)
	if s.Raw[off] != '.' { // web::resource("/x").route(...): the routes follow in the chain
		qualified := bytes.HasSuffix(s.Code[:off], []byte("web::")) || bytes.HasSuffix(s.Code[:off], []byte("."))
		if !ok || !qualified && (off > 0 && (identifier(s.Code[off-1]) || s.Code[off-1] == ':') || !s.has("actix_web")) {
			return
		}
		at := shut + 1
		for range 8 {
			at = s.skipBlank(at)
			if !bytes.HasPrefix(s.Code[min(at, len(s.Code)):], []byte(".")) {
				return
			}
			word := s.wordAt(at + 1)
			next := at + 1 + len(word)
			if next >= len(s.Code) || s.Code[next] != '(' {
				return
			}
			to := s.closing(next)
			s.rustMethods(next, to, path)
			at = to + 1
		}
		return
	}
	if ok {
		s.rustMethods(end, shut, path)
	}
}

// rustMethods emits the methods get(, post( ... between two offsets.
func (s *Source) rustMethods(from, to int, path string) {
	if from >= to {
		return
	}
	w := s.Code[from:to]
	for _, m := range []string{"get", "post", "put", "patch", "delete"} {
		for at := 0; ; {
			i := bytes.Index(w[at:], []byte(m+"("))
			if i < 0 {
				break
			}
			at += i
			if at == 0 || !identifier(w[at-1]) {
				s.route(strings.ToUpper(m), path, "", from+at)
				break
			}
			at += len(m)
		}
	}
}
