package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// routesOfRuby reads get '/x', to: 'c#a' of Rails and get '/x' do of Sinatra and Grape.
func routesOfRuby(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	word := s.wordAt(off)
	m, ok := httpMethod(word)
	if !ok {
		return
	}
	inRoutes := strings.Contains(s.Path, "routes")
	line := string(s.Between(Code, off, s.LineEnd(off, 0)))
	at := s.skipSpace(off + len(word))
	if s.byteAt(at) == '(' {
		at++
	}
	path, _, literal := s.literal(at)
	if !literal && s.byteAt(at) == ':' {
		path = s.wordAt(at + 1)
		literal = path != ""
	}
	block := strings.HasSuffix(strings.TrimSpace(line), " do") || strings.Contains(line, " do |") || strings.Contains(line, " {")
	switch {
	case inRoutes && literal:
	case block && (literal || strings.TrimSpace(line) == word+" do") && (s.has("Sinatra") || s.has("Grape") || s.has("sinatra") || s.has("Roda") || s.has("Hanami")):
	case block && literal && strings.HasPrefix(path, "/"):
	default:
		return
	}
	s.route(m, path, s.railsBlock(off), off)
}

// answersOfSinatra reads json value, by which a handler of Sinatra answers.
func answersOfSinatra(s *Source, off int) {
	next := s.byteAt(off + len("json "))
	if s.startsLine(off) && next != '=' && next != '|' && (s.has(" do\n") || s.has(" do\r\n")) && !strings.Contains(s.Path, "spec") {
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "json", Line: s.LineOf(off)})
	}
}

// railsBlock is the innermost resource of the block around off, by indentation.
func (s *Source) railsBlock(off int) string {
	indent := off - s.LineStart(off)
	for line := s.LineOf(off) - 2; line >= 0 && line > s.LineOf(off)-200; line-- {
		from := s.starts[line]
		at := s.skipSpace(from)
		if at-from >= indent || at >= s.LineEnd(from, 0) {
			continue
		}
		indent = at - from
		if rest := s.Raw[at:s.LineEnd(from, 0)]; bytes.HasPrefix(rest, []byte("resource")) {
			if i := bytes.IndexAny(rest, ":'\""); i >= 0 {
				return s.wordAt(at + i + 1)
			}
		}
	}
	return ""
}

// resourcesOfRails reads resources :todos, only: [...] in routes; Scope is the resource around it. In Grape, resource :x do opens a block only.
func resourcesOfRails(s *Source, off int) {
	if !s.startsLine(off) || s.Lang != lex.Ruby {
		return
	}
	if !strings.Contains(s.Path, "routes") && !s.has("routes.draw") {
		return
	}
	word := s.wordAt(off)
	at := s.skipSpace(off + len(word))
	if s.byteAt(at) == '(' {
		at++
	}
	end := s.LineEnd(off, 0)
	text := strings.TrimSpace(string(s.Between(Text, at, end)))
	// An options list may go on over the next lines.
	for n := 1; n <= 3 && strings.HasSuffix(text, ","); n++ {
		end = s.LineEnd(off, n)
		text = strings.TrimSpace(string(s.Between(Text, at, end)))
	}
	code := string(s.Between(Code, at, end))
	names, options := text, ""
	for _, key := range []string{"only:", "except:", ":only", ":except"} {
		if i := strings.Index(code, key); i >= 0 && i < len(text) {
			names, options = text[:i], text[i:]
			break
		}
	}
	for part := range strings.SplitSeq(names, ",") {
		part = strings.TrimSpace(part)
		if part == "" || part[0] != ':' && part[0] != '"' && part[0] != '\'' {
			break
		}
		name := strings.Trim(part, ":'\" ")
		name, _, _ = strings.Cut(name, " ")
		for _, m := range railsMethods(options) {
			s.route(m, strings.Trim(name, "'\""), s.railsBlock(off), off)
		}
	}
}

// railsActions are the actions of a resource and the methods they answer.
var railsActions = []struct{ action, method string }{
	{"index", "GET"}, {"show", "GET"}, {"create", "POST"}, {"store", "POST"}, {"update", "PATCH"}, {"destroy", "DELETE"},
}

// railsMethods are the methods left of a resource by its only: or except: option; "RESOURCE" stands for all.
func railsMethods(options string) []string {
	if options == "" || strings.Contains(options, "except") && !namesAny(options, "index", "show", "create", "store", "update", "destroy", "delete") {
		return []string{"RESOURCE"}
	}
	except := strings.Contains(options, "except")
	var out []string
	has := map[string]bool{}
	for _, a := range railsActions {
		named := strings.Contains(options, a.action)
		if named == except || a.action == "store" && except && strings.Contains(options, "create") || a.action == "create" && except && strings.Contains(options, "store") || has[a.method] {
			continue
		}
		has[a.method] = true
		out = append(out, a.method)
	}
	return out
}

func namesAny(s string, words ...string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// routesOfPHP reads Route::get('/x', ...) of Laravel, $app->get('/x', ...) of Slim and their like, and resource routers.
func routesOfPHP(s *Source, off int) {
	start := off
	for start > 0 && identifier(s.Code[start-1]) {
		start--
	}
	word := s.wordAt(start)
	sep := string(s.Code[max(0, start-2):start])
	if sep != "::" && sep != "->" {
		return
	}
	recv := strings.TrimSuffix(s.receiver(start-2), "->")
	lower := strings.ToLower(recv)
	open := start + len(word)
	first, end, ok := s.literal(open + 1)
	routes := strings.Contains(lower, "route") || lower == "$app" || lower == "$group" || lower == "$r" || lower == "$api" || lower == "app"
	if recv == "" || strings.HasPrefix(recv, ")") || strings.HasSuffix(lower, "$this") {
		// A chain: Route::middleware(...)->get('/x', ...)
		head := s.Between(Code, s.LineStart(off), start)
		routes = bytes.Contains(head, []byte("Route::")) || bytes.Contains(head, []byte("$router")) || recv == "" && s.has("Route::") && strings.HasPrefix(first, "/")
		recv = "Route"
	}
	if !routes || lower == "route" && !ok && word != "match" && word != "apiResources" && word != "resources" {
		return
	}
	shut := s.closing(open)
	handler := false
	if at := s.skipSpace(end); ok && at < len(s.Code) && s.Code[at] == ',' {
		handler = true
	}
	switch word {
	case "resource", "apiResource", "singleton", "apiSingleton", "presenter":
		if handler {
			s.laravelResource(first, shut, off)
		}
	case "apiResources", "resources":
		s.route("RESOURCE", s.firstString(open, shut), recv, off)
	case "match", "map", "addRoute":
		for _, m := range s.methodsIn(open, s.LineEnd(open, 0)) {
			path := first
			if i := bytes.IndexByte(s.Code[open:shut], ','); i >= 0 {
				path = s.firstString(open+i, shut)
				if bracket := bytes.IndexByte(s.Code[open:shut], ']'); bracket > i {
					path = s.firstString(open+bracket, shut)
				}
			}
			s.route(m, path, recv, off)
		}
	default:
		if m, known := httpMethod(word); known && handler {
			s.route(m, first, recv, off)
			s.laravelAnswer(open, shut, off)
		}
	}
}

// routesOfCodeIgniter reads $route['tasks/(:num)']['put'] = 'tasks/update/$1' of CodeIgniter 3; Scope is the controller.
func routesOfCodeIgniter(s *Source, off int) {
	path, end, ok := s.literal(off + len("$route"))
	if !ok || s.byteAt(end) != ']' || s.byteAt(end+1) != '[' {
		return
	}
	verb, end, ok := s.literal(end + 1)
	m, known := httpMethod(verb)
	if !ok || !known {
		return
	}
	controller, _, _ := strings.Cut(s.firstString(end, s.LineEnd(end, 0)), "/")
	s.route(m, "/"+strings.NewReplacer("(:num)", ":num", "(:any)", ":any").Replace(path), controller, off)
}

// laravelResource emits the methods of Route::resource, cut by ->only or ->except that follow.
func (s *Source) laravelResource(path string, shut, off int) {
	options := ""
	end := shut + 1
	for end < len(s.Code) && end-shut < 300 && s.Code[end] != ';' {
		end++
	}
	chain := s.Between(Text, shut, end)
	inside := s.Between(Text, off, shut)
	for _, text := range [][]byte{chain, inside} {
		for _, key := range []string{"only", "except"} {
			if i := bytes.Index(text, []byte(key)); i >= 0 && options == "" {
				options = string(text[i:])
			}
		}
	}
	for _, m := range railsMethods(options) {
		s.route(m, path, "Route", off)
	}
}

// laravelAnswer tells a closure that renders a view.
func (s *Source) laravelAnswer(open, shut, off int) {
	w := s.Between(Code, open, shut)
	switch {
	case bytes.Contains(w, []byte("view(")) || bytes.Contains(w, []byte("->render(")):
		s.Emit(Fact{Kind: KindAnswer, Name: "page", Value: "view", Line: s.LineOf(off)})
	case bytes.Contains(w, []byte("json(")) || bytes.Contains(w, []byte("json_encode(")):
		s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "json", Line: s.LineOf(off)})
	}
}

// routesOfSymfony reads #[Route('/x', methods: ['GET'])] and the docblock form; on a class it is a prefix.
func routesOfSymfony(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	end := s.rawClosing(open)
	path, _, _ := s.literal(open + 1)
	if path == "" {
		if i := bytes.Index(s.Raw[open:end], []byte("path:")); i >= 0 {
			path, _, _ = s.literal(open + i + len("path:"))
		}
	}
	word := strings.TrimLeft(string(s.Raw[off:open]), "#[@")
	w := s.Code[end:min(len(s.Code), end+600)]
	class, function := bytes.Index(w, []byte("class ")), bytes.Index(w, []byte("function "))
	if class >= 0 && (function < 0 || class < function) && !s.has("__invoke") {
		s.Emit(Fact{Kind: KindRoutePrefix, Name: s.wordAt(end + class + len("class ")), Value: path, Line: s.LineOf(off)})
		return
	}
	if m, ok := httpMethod(word); ok {
		s.route(m, path, s.enclosing(off), off)
		return
	}
	ms := []string{"ANY"}
	if i := bytes.Index(s.Raw[open:end], []byte("methods")); i >= 0 {
		ms = s.methodsIn(open+i, end)
	}
	for _, m := range ms {
		s.route(m, path, s.enclosing(off), off)
	}
}

// rawClosing is the offset of the bracket that closes the one at off in the text as it is.
func (s *Source) rawClosing(off int) int {
	depth := 0
	end := min(len(s.Raw), off+maxCall)
	for i := off; i < end; i++ {
		switch s.Raw[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth <= 0 {
				return i
			}
		}
	}
	return end
}

// methodTestsOfPHP reads switch ($_SERVER['REQUEST_METHOD']) and comparisons with it.
func methodTestsOfPHP(s *Source, off int) {
	at := off + len("REQUEST_METHOD")
	line := s.Between(Code, s.LineStart(off), s.LineEnd(off, 0))
	if bytes.Contains(line, []byte("switch")) || bytes.Contains(line, []byte("match")) {
		s.methodCases(at)
		return
	}
	if bytes.Contains(line, []byte("==")) || bytes.Contains(line, []byte("!=")) || bytes.Contains(line, []byte("in_array")) {
		for _, m := range s.methodsIn(s.LineStart(off), s.LineEnd(off, 0)) {
			s.route(m, "", "method-test", off)
		}
		return
	}
	// $method = $_SERVER['REQUEST_METHOD']; and then a switch or comparisons.
	name, _, ok := bytes.Cut(bytes.TrimSpace(line), []byte("="))
	name = bytes.TrimSpace(name)
	if !ok || len(name) < 2 || name[0] != '$' {
		return
	}
	seen := countKey{kind: "method-variable", name: string(name)}
	if s.counts[seen]++; s.counts[seen] > 2 || len(name) > 40 {
		return // a file reads the method once or twice; more is the same again
	}
	for from := at; from < len(s.Code); {
		i := bytes.Index(s.Code[from:], name)
		if i < 0 {
			return
		}
		from += i + len(name)
		use := s.Between(Code, s.LineStart(from), s.LineEnd(from, 0))
		switch {
		case bytes.Contains(use, []byte("switch")) || bytes.Contains(use, []byte("match")):
			s.methodCases(from)
		case bytes.Contains(use, []byte("==")):
			for _, m := range s.methodsIn(from, min(from+30, s.LineEnd(from, 0))) {
				s.route(m, "", "method-test", from)
			}
		}
	}
}

// methodSwitchOfPHP reads switch ($request->method()) { case "POST": } of a router made by hand.
func methodSwitchOfPHP(s *Source, off int) {
	line := s.Between(Code, s.LineStart(off), off)
	if bytes.Contains(line, []byte("switch")) || bytes.Contains(line, []byte("match")) {
		s.methodCases(off)
	}
}

// actionsOfFOSRest reads public function getListsAction(), whose route FOSRestBundle makes of the name.
func actionsOfFOSRest(s *Source, off int) {
	if !s.names("FOSRest") && !s.names("FOS\\RestBundle") {
		return
	}
	start := off
	for start > 0 && identifier(s.Code[start-1]) {
		start--
	}
	name := string(s.Code[start:off])
	verb := 0
	for verb < len(name) && name[verb] >= 'a' && name[verb] <= 'z' {
		verb++
	}
	m, ok := httpMethod(strings.TrimPrefix(name[:verb], "c"))
	if !ok || verb == len(name) || !bytes.HasSuffix(s.Between(Code, max(0, start-16), start), []byte("function ")) {
		return
	}
	s.route(m, "/"+name[verb:], s.enclosing(off), off)
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: name, Line: s.LineOf(off)})
}

// routesOfPhoenix reads get "/x", Controller, :action and resources "/x", Controller of Phoenix, and get "/x" do of Plug.
func routesOfPhoenix(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	word := s.wordAt(off)
	at := s.skipSpace(off + len(word))
	if s.byteAt(at) == '(' {
		at++
	}
	path, end, ok := s.literal(at)
	if !ok || !strings.HasPrefix(path, "/") {
		return
	}
	rest := string(s.Between(Code, end, s.LineEnd(off, 0)))
	if word == "resources" {
		raw := string(s.Between(Text, end, s.LineEnd(off, 0)))
		options := ""
		for _, key := range []string{"only:", "except:"} {
			if i := strings.Index(raw, key); i >= 0 {
				options = strings.ReplaceAll(raw[i:], "delete", "destroy")
			}
		}
		for _, m := range railsMethods(options) {
			s.route(m, path, firstName(rest), off)
		}
		s.phoenixAnswer(off)
		return
	}
	if !strings.HasPrefix(strings.TrimSpace(rest), ",") && !strings.HasSuffix(strings.TrimSpace(rest), "do") {
		return
	}
	if m, known := httpMethod(word); known {
		s.route(m, path, firstName(rest), off)
		s.phoenixAnswer(off)
	}
}

// phoenixAnswer tells by the pipeline of its scope whether a route answers with pages or with data.
func (s *Source) phoenixAnswer(off int) {
	above := s.Code[max(0, off-maxCall):off]
	for {
		i := bytes.LastIndex(above, []byte("pipe_through"))
		if i < 0 {
			return
		}
		line, _, _ := bytes.Cut(above[i:], []byte{'\n'})
		var name string
		switch {
		case bytes.Contains(line, []byte(":browser")):
			name = "page"
		case bytes.Contains(line, []byte(":api")):
			name = "data"
		default: // a scope within, which adds a pipeline such as :auth
			above = above[:i]
			continue
		}
		s.Emit(Fact{Kind: KindAnswer, Name: name, Value: "pipe_through", Line: s.LineOf(off)})
		return
	}
}

// firstName is the first word of the arguments that follow.
func firstName(args string) string {
	name, _, _ := strings.Cut(strings.Trim(args, ", "), ",")
	return strings.TrimSpace(name)
}

// resourcesByAnnotation reads #[ApiResource] of API Platform and @RepositoryRestResource of Spring Data REST: all of CRUD for one class.
func resourcesByAnnotation(s *Source, off int) {
	w := s.Code[off:min(len(s.Code), off+1500)]
	name := ""
	for _, head := range []string{"class ", "interface "} {
		if i := bytes.Index(w, []byte(head)); i >= 0 {
			name = s.wordAt(s.skipSpace(off + i + len(head)))
			break
		}
	}
	if name == "" {
		return
	}
	line := s.Between(Text, off, s.LineEnd(off, 0))
	if bytes.Contains(line, []byte("exported = false")) {
		return
	}
	s.route("RESOURCE", "", name, off)
	s.Emit(Fact{Kind: KindAnswer, Name: "data", Value: "resource " + name, Line: s.LineOf(off)})
}

// routesOfAPIPlatform reads the operations of a resource that API Platform is given in YAML.
func routesOfAPIPlatform(s *Source) {
	if !bytes.Contains(s.Raw, []byte("Operations:")) && !bytes.Contains(s.Raw, []byte("ApiPlatform\\")) {
		return
	}
	line := 0
	for text := range bytes.Lines(s.Raw) {
		line++
		t := strings.TrimSpace(string(text[:min(len(text), 200)]))
		word, ok := strings.CutPrefix(t, "method:")
		if !ok {
			continue
		}
		if m, known := httpMethod(strings.Trim(word, " '\"")); known {
			s.Emit(Fact{Kind: KindRoute, Name: m, Scope: "ApiPlatform", Line: line})
		}
	}
}
