package facts

import (
	"bytes"
	"strings"
)

// routesOfPythonDecorators reads @app.get("/path") of FastAPI, Flask and their like, and @bp.route("/path", methods=["POST"]).
func routesOfPythonDecorators(s *Source, off int) {
	start := s.LineStart(off)
	at := s.skipSpace(start)
	if at >= off || s.byteAt(at) != '@' || s.Code[at] != '@' {
		return
	}
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	word := string(s.Raw[off+1 : open])
	recv := string(s.Raw[at+1 : off])
	path, _, ok := s.literal(open + 1)
	if !ok && !bytes.Contains(s.Between(Code, open, s.closing(open)+1), []byte{'('}) {
		return
	}
	if word != "route" && word != "api_route" {
		if m, known := httpMethod(word); known {
			s.route(m, path, recv, off)
		}
		return
	}
	end := s.closing(open)
	if class := s.decorated(end + 1); class != "" { // a Resource of Flask-RESTX: its methods are the routes
		s.Emit(Fact{Kind: KindRoutePrefix, Name: class, Value: path, Line: s.LineOf(off)})
		return
	}
	if i := bytes.Index(s.Code[open:end], []byte("methods")); i >= 0 {
		for _, m := range s.methodsIn(open+i, end) {
			s.route(m, path, recv, off)
		}
		return
	}
	s.route("GET", path, recv, off)
}

// decorated is the class that the decorator ending at off stands on, "" where it stands on a function.
func (s *Source) decorated(off int) string {
	for range 8 {
		at := s.skipBlank(off)
		if at >= len(s.Code) || s.Code[at] != '@' {
			if bytes.HasPrefix(s.Code[min(at, len(s.Code)):], []byte("class ")) {
				return s.wordAt(at + len("class "))
			}
			return ""
		}
		off = at + 1
		for off < len(s.Code) && (identifier(s.Code[off]) || s.Code[off] == '.') {
			off++
		}
		if s.byteAt(off) == '(' {
			off = s.closing(off) + 1
		}
	}
	return ""
}

// routesOfAPIView reads @api_view(['GET', 'POST']) of Django REST framework. Scope is the function.
func routesOfAPIView(s *Source, off int) {
	if off == 0 || s.Raw[off-1] != '@' {
		return
	}
	open := off + len("api_view")
	end := s.closing(open)
	name := s.nextDef(end)
	ms := s.methodsIn(open, end)
	if len(ms) == 0 {
		ms = []string{"GET"}
	}
	for _, m := range ms {
		s.route(m, "", "def "+name, off)
	}
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "@api_view", Line: s.LineOf(off)})
}

// nextDef is the name of the function that is defined after off.
func (s *Source) nextDef(off int) string {
	w := s.Code[off:min(len(s.Code), off+600)]
	i := bytes.Index(w, []byte("def "))
	if i < 0 {
		return ""
	}
	return s.wordAt(off + i + len("def "))
}

// genericViews are the generic views of Django REST framework and the methods they serve.
var genericViews = []struct{ name, methods string }{
	{"ListCreateAPIView", "GET POST"}, {"RetrieveUpdateDestroyAPIView", "GET PUT DELETE"}, {"RetrieveUpdateAPIView", "GET PUT"},
	{"RetrieveDestroyAPIView", "GET DELETE"}, {"CreateAPIView", "POST"}, {"ListAPIView", "GET"}, {"RetrieveAPIView", "GET"},
	{"UpdateAPIView", "PUT"}, {"DestroyAPIView", "DELETE"},
}

// routesOfPythonClasses reads class-based views: the methods that they define, and those of generic views.
func routesOfPythonClasses(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	name := s.wordAt(off + len("class "))
	open := off + len("class ") + len(name)
	if name == "" || open >= len(s.Code) || s.Code[open] != '(' {
		return
	}
	end := s.closing(open)
	parents := string(s.Code[open+1 : end])
	if strings.Contains(parents, "ViewSet") || strings.Contains(parents, "mixins.") {
		s.Emit(Fact{Kind: KindViewSet, Name: name, Value: parents, Line: s.LineOf(off)})
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "ViewSet", Line: s.LineOf(off)})
		return
	}
	data := false
	for _, g := range genericViews {
		// The names contain one another: "ListCreateAPIView" ends in "CreateAPIView".
		i := strings.Index(parents, g.name)
		if i >= 0 && (i == 0 || !identifier(parents[i-1])) {
			data = true
			for m := range strings.SplitSeq(g.methods, " ") {
				s.route(m, "", name, off)
			}
		}
	}
	view := strings.Contains(parents, "View") || strings.Contains(parents, "Resource") || strings.Contains(parents, "Handler") || strings.Contains(parents, "HTTPEndpoint")
	if view && !strings.Contains(parents, "Exception") {
		data = s.methodsOfClass(name, off, end) && !strings.Contains(parents, "TemplateView") && (strings.Contains(parents, "API") || strings.Contains(parents, "Resource")) || data
	}
	if data {
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: parents, Line: s.LineOf(off)})
	}
}

// methodsOfClass emits a route for each method of a view class that is named like an HTTP method.
func (s *Source) methodsOfClass(class string, off, end int) bool {
	found := false
	indent := off - s.LineStart(off)
	for line := s.LineOf(end); line < len(s.starts) && line < s.LineOf(end)+600; line++ {
		from := s.starts[line]
		to := s.LineEnd(from, 0)
		at := from
		for at < to && (s.Code[at] == ' ' || s.Code[at] == '\t') {
			at++
		}
		if at >= to || s.Code[at] == '\r' {
			continue
		}
		if at-from <= indent {
			return found
		}
		rest, ok := bytes.CutPrefix(s.Code[at:to], []byte("async "))
		if ok {
			at += len("async ")
		}
		if !bytes.HasPrefix(rest, []byte("def ")) {
			continue
		}
		word := s.wordAt(at + len("def "))
		if m, ok := httpMethod(word); ok && m != "ANY" && word == strings.ToLower(word) {
			s.route(m, "", class, at)
			found = true
		}
	}
	return found
}

// routesOfDjangoRouter reads router.register("path", ViewSet).
func routesOfDjangoRouter(s *Source, off int) {
	if !strings.Contains(strings.ToLower(s.receiver(off)), "router") {
		return
	}
	if path, view, ok := s.pathAndView(off + len(".register")); ok {
		s.route("RESOURCE", path, view[strings.LastIndexByte(view, '.')+1:], off)
	}
}

// pathAndView reads the first two arguments of the call opened at open: a path that is written out, and what answers it.
func (s *Source) pathAndView(open int) (path, view string, ok bool) {
	path, end, ok := s.literal(open + 1)
	if !ok {
		return "", "", false
	}
	if end = s.skipSpace(end); end >= len(s.Code) || s.Code[end] != ',' {
		return "", "", false
	}
	args, _, _ := strings.Cut(string(s.Code[end+1:max(end+1, s.closing(open))]), ",")
	return path, strings.TrimSpace(args), true
}

// resourcesOfFlask reads api.add_resource(TodoResource, "/todos") of Flask-RESTful; the methods are those of the class.
func resourcesOfFlask(s *Source, off int) {
	open := off + len(".add_resource")
	shut := s.closing(open)
	at := s.skipSpace(open + 1)
	name, rest, ok := strings.Cut(string(s.Between(Code, at, shut)), ",")
	if !ok {
		return
	}
	if path := s.firstString(at+len(name), shut); path != "" || strings.Contains(rest, "\"\"") || strings.Contains(rest, "''") {
		name = strings.TrimSpace(name)
		s.Emit(Fact{Kind: KindRoutePrefix, Name: name[strings.LastIndexByte(name, '.')+1:], Value: path, Scope: "registered", Line: s.LineOf(off)})
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "add_resource", Line: s.LineOf(off)})
	}
}

// routesOfDjangoURLs reads path("x/", views.x) in url configurations. Scope is the view; the method is the view's affair.
func routesOfDjangoURLs(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) && !bytes.HasSuffix(s.Code[:off], []byte("re_")) {
		return
	}
	if !s.has("urlpatterns") {
		return
	}
	path, view, ok := s.pathAndView(off + bytes.IndexByte(s.Raw[off:], '('))
	if !ok || strings.HasPrefix(view, "include(") || strings.HasPrefix(view, "admin.site") || strings.Contains(view, "Schema") || strings.Contains(view, "Spectacular") {
		return
	}
	view, _, _ = strings.Cut(view, ".as_view")
	s.route("ANY", path, view[strings.LastIndexByte(view, '.')+1:], off)
}

// methodTestsOfPython reads request.method == "PUT" and request.method in ["PUT"]; Scope is the function.
func methodTestsOfPython(s *Source, off int) {
	rest := string(s.Between(Code, off, s.LineEnd(off, 0)))
	if !strings.Contains(rest, "==") && !strings.Contains(rest, " in ") {
		return
	}
	from := max(0, off-maxLookBack)
	name := ""
	if i := bytes.LastIndex(s.Code[from:off], []byte("def ")); i >= 0 {
		name = s.wordAt(from + i + len("def "))
		above := bytes.TrimRight(s.Code[max(0, from+i-400):from+i], " \t")
		if j := bytes.LastIndex(above, []byte("\n\n")); j >= 0 {
			above = above[j:]
		}
		if bytes.Contains(above, []byte("\n@")) && bytes.Contains(above, []byte(".route(")) {
			return // the decorator of Flask names the methods
		}
	}
	for _, m := range s.methodsIn(off, min(off+80, s.LineEnd(off, 0))) {
		s.route(m, "", "def "+name, off)
	}
}

// routesOfAsyncPython reads web.get("/x", h) and router.add_get("/x", h) of aiohttp, and Route("/x", h, methods=[...]) of Starlette.
func routesOfAsyncPython(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	word := strings.TrimPrefix(string(s.Raw[off:open]), ".")
	path, _, ok := s.literal(open + 1)
	if !ok || !strings.HasPrefix(path, "/") {
		return
	}
	if word == "Route" || word == "add_url_rule" || word == "add_api_route" {
		if word == "Route" && off > 0 && identifier(s.Raw[off-1]) {
			return
		}
		ms := s.methodsIn(open, s.closing(open))
		if len(ms) == 0 {
			ms = []string{"GET"}
		}
		for _, m := range ms {
			s.route(m, path, word, off)
		}
		return
	}
	word = strings.TrimPrefix(strings.TrimPrefix(word, "web."), "add_")
	if m, known := httpMethod(word); known {
		s.route(m, path, "web", off)
	}
}
