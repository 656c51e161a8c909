package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// KindStatus is a status code that is set on purpose: a success other than 200 or a client error. Name is the code or its name, Value the line.
const KindStatus Kind = "status"

var statusScanners = []scanner{
	{triggers: []string{"tatus", "STATUS"}, scan: statusWord},
	{triggers: []string{"abort(", "abort_if(", "abort_unless(", "error!(", "halt ", "halt(", "head ", "head(", "code(", "HttpCode(", "sendError(", "riteHead(", "riteHeader(", "response_code(", "Exception(", "json(", "JSON(", "Error(", "esponse(", "error(", "send_resp(", "send_error(", "NewError(", "fail(", "raiseError("}, scan: statusArgument},
	{langs: langs(lex.CSharp, lex.Scala, lex.FSharp), triggers: statusCalls, scan: statusCall},
	{langs: langs(lex.Python, lex.JavaScript, lex.TypeScript, lex.Java, lex.Kotlin, lex.Rust, lex.PHP, lex.Go), triggers: statusHelpers, scan: statusHelper},
	{langs: langs(lex.Python), triggers: []string{", 4", ", 20"}, scan: statusTuple},
	{langs: langs(lex.Ruby), triggers: []string{"error 4", "error 20", "not_found", "[201,", "[202,", "[204,", "[400,", "[401,", "[403,", "[404,", "[409,", "[422,"}, scan: statusOfRack},
	{langs: langs(lex.PHP), triggers: []string{"::HTTP_"}, scan: statusConstant},
	{langs: langs(lex.PHP), triggers: []string{"HTTP/1.", "HTTP/2"}, view: Strings, scan: statusHeader},
}

// statusCode reports whether a number or name stands for a success other than 200 or for a client error.
func statusCode(word string) bool {
	if len(word) == 3 && word[0] >= '0' && word[0] <= '9' {
		return word > "200" && word <= "226" || word >= "400" && word <= "451"
	}
	w := strings.ToLower(strings.ReplaceAll(word, "_", ""))
	for _, cut := range []string{"http", "status", "sc", "codes", "code"} {
		w = strings.TrimPrefix(w, cut)
	}
	w = strings.TrimPrefix(w, "status")
	if len(w) > 3 && w[0] >= '2' && w[0] <= '4' && w[1] >= '0' && w[1] <= '9' { // HTTP_404_NOT_FOUND, Status404NotFound
		return statusCode(w[:3])
	}
	switch w {
	case "created", "accepted", "nocontent", "badrequest", "unauthorized", "forbidden", "notfound", "conflict", "gone", "unprocessableentity",
		"unprocessablecontent", "toomanyrequests", "methodnotallowed", "notacceptable", "unsupportedmediatype", "payloadtoolarge", "paymentrequired",
		"preconditionfailed", "imateapot", "teapot", "locked", "requesttimeout", "resetcontent", "partialcontent", "requestentitytoolarge", "toolong":
		return true
	}
	return false
}

func (s *Source) status(code string, off int) {
	line := string(bytes.TrimSpace(s.Between(Text, s.LineStart(off), s.LineEnd(off, 0))))
	s.Emit(Fact{Kind: KindStatus, Name: code, Value: line, Line: s.LineOf(off)})
}

// statusWord reads what follows a word with "status" in it: .status(404), status_code=201, HttpStatus.CREATED, http.StatusNotFound.
func statusWord(s *Source, off int) {
	start := off
	for start > 0 && (identifier(s.Code[start-1]) || s.Code[start-1] == ':' || s.Code[start-1] == '@') {
		start--
	}
	at := start
	for at < len(s.Code) && (s.Code[at] == ':' || s.Code[at] == '@') {
		at++
	}
	word := s.wordAt(at)
	line := s.Between(Code, s.LineStart(off), s.LineEnd(off, 0))
	if strings.HasPrefix(word, "ProducesResponse") || bytes.Contains(line, []byte("ProducesResponseType")) || bytes.Contains(line, []byte("ApiResponse")) {
		return
	}
	if s.Lang == lex.Ruby && s.has("Devise.setup") {
		return // the settings that the generator of Devise writes
	}
	if statusCode(word) && len(word) > len("status") {
		if !s.compared(start, at+len(word)) {
			s.status(word, off)
		}
		return
	}
	at += len(word)
	limit := min(len(s.Code), at+90)
	property := false // a key of an object: it may be the body's
	for n := 0; n < 6 && at < limit; {
		switch c := s.Code[at]; {
		case c == ':' && (at == 0 || s.Code[at-1] != ':') && at+1 < len(s.Code) && s.Code[at+1] != ':':
			property = true
			at++
		case c == '=' && at+1 < len(s.Code) && (s.Code[at+1] == '=' || s.Code[at+1] == '~'), c == '!' || c == '<' || c == '>':
			return
		case c == '=' || c == '(' || c == '.' || c == ':' || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '[' || c == '&':
			at++
		case c == ',' && n > 0:
			at++
		case identifier(c):
			w := s.wordAt(at)
			if statusCode(w) {
				if property && s.body(start) || s.compared(start, at+len(w)) {
					return
				}
				s.status(w, off)
				return
			}
			if w[0] >= '0' && w[0] <= '9' {
				return
			}
			at += len(w)
			n++
		default:
			return
		}
	}
}

// compared tells a code that something is compared with: if (res.status === 404).
func (s *Source) compared(start, end int) bool {
	before := bytes.TrimRight(s.Code[max(0, start-40):start], " .\t")
	if i := bytes.LastIndexByte(before, '\n'); i >= 0 {
		before = before[i:]
	}
	for _, op := range []string{"==", "!=", "===", "case", "in"} {
		if bytes.Contains(before, []byte(" "+op+" ")) || bytes.HasSuffix(before, []byte(" "+op)) || bytes.HasSuffix(before, []byte("\tcase")) {
			return true
		}
	}
	after := bytes.TrimLeft(s.Code[min(end, len(s.Code)):min(len(s.Code), end+6)], " ")
	return bytes.HasPrefix(after, []byte("==")) || bytes.HasPrefix(after, []byte("!=")) || s.Lang == lex.Go && bytes.HasPrefix(after, []byte(":"))
}

// body tells a status that is a key of an answer's body and not of its options.
func (s *Source) body(start int) bool {
	w := s.Code[max(0, start-300):start]
	depth := 0
	for i := len(w) - 1; i >= 0; i-- {
		switch w[i] {
		case ')', ']', '}':
			depth++
		case '(', '[':
			if depth--; depth < 0 { // the call that the value is an argument of, with no object between
				return false
			}
		case '{':
			if depth--; depth < 0 {
				if s.Lang == lex.Go || s.Lang == lex.Rust {
					return false
				}
				// Second argument of Response.json({...}, { status: 404 }), or of an error's constructor.
				head := bytes.TrimRight(w[:i], " \n\t\r")
				if bytes.HasSuffix(head, []byte{','}) || bytes.HasSuffix(head, []byte("Error(")) || bytes.HasSuffix(head, []byte("null,")) {
					return !bytes.Contains(head, []byte("esponse")) && !bytes.Contains(head, []byte("rror("))
				}
				return true
			}
		}
	}
	return false
}

// statusArgument reads the codes among the arguments of calls that send them: abort(404), head :no_content, response()->json($x, 422).
func statusArgument(s *Source, off int) {
	word := s.wordAt(off)
	at := off + len(word)
	if at < len(s.Code) && s.Code[at] == '!' {
		at++
	}
	if at >= len(s.Code) {
		return
	}
	end := s.LineEnd(off, 0)
	if s.Code[at] == '(' {
		end = min(s.closing(at), at+1200)
		at++
	} else if s.Lang != lex.Ruby || off > 0 && identifier(s.Code[off-1]) {
		return
	}
	depth := 0
	for i := at; i < end; i++ {
		switch c := s.Code[i]; {
		case c == '(' || c == '[' || c == '{':
			depth++
		case c == ')' || c == ']' || c == '}':
			depth--
		case depth == 0 && identifier(c) && (i == 0 || !identifier(s.Code[i-1])):
			w := s.wordAt(i)
			number := c >= '0' && c <= '9'
			symbol := s.Code[i-1] == ':' && (s.Lang == lex.Ruby || s.Lang == lex.Elixir)
			if (number || symbol || strings.Contains(w, "HTTP_")) && statusCode(w) && s.argument(i, i+len(w)) {
				s.status(w, off)
				return
			}
			i += len(w) - 1
		}
	}
}

// argument tells a value that stands alone between commas or brackets.
func (s *Source) argument(from, to int) bool {
	b, a := bytes.TrimRight(s.Code[max(0, from-12):from], " \n\t\r:"), bytes.TrimLeft(s.Code[to:min(len(s.Code), to+4)], " \n\t\r")
	if len(b) == 0 {
		return true
	}
	before := b[len(b)-1]
	after := byte(0)
	if len(a) > 0 {
		after = a[0]
	}
	return (before == '(' || before == ',' || before == '=' || before == ':' || identifier(before)) && (after == ')' || after == ',' || after == 0 || after == ';' || after == '}' || identifier(after) || s.Lang == lex.Ruby)
}

// statusCalls are methods of controllers that answer with their code.
var statusCalls = []string{"NotFound(", "HttpNotFound(", "NotFound\n", "BadRequest(", "CreatedAtAction(", "CreatedAtRoute(", "Created(", "NoContent(", "NoContent\n", "Unauthorized(", "Forbid(", "Forbidden(", "Conflict(", "UnprocessableEntity(", "ValidationProblem("}

func statusCall(s *Source, off int) {
	if off > 0 && identifier(s.Code[off-1]) {
		return
	}
	head := string(s.Between(Code, s.LineStart(off), off))
	if strings.Contains(head, "new ") && strings.HasSuffix(strings.TrimSpace(head), "new") || strings.Contains(head, "def ") || strings.Contains(head, "class ") || strings.Contains(head, "Assert") {
		return
	}
	s.status(s.wordAt(off), off)
}

// statusHelpers are calls and classes of frameworks that name their code.
var statusHelpers = []string{
	"or_404(", "Http404", "HttpResponseNotFound(", "HttpResponseBadRequest(", "HttpResponseForbidden(", "HttpResponseNotAllowed(", "HTTPNotFound", "HTTPBadRequest", "HTTPUnauthorized", "HTTPForbidden", "HTTPConflict", "HTTPCreated", "HTTPNoContent",
	"raise NotFound(", "raise PermissionDenied", "raise ValidationError(", "raise NotAuthenticated", "raise AuthenticationFailed", "raise ParseError(",
	"new NotFoundException(", "new BadRequestException(", "new UnauthorizedException(", "new ForbiddenException(", "new ConflictException(", "new UnprocessableEntityException(", "new HttpException(",
	"oom.notFound(", "oom.badRequest(", "oom.unauthorized(", "oom.forbidden(", "oom.conflict(", "createError.NotFound", "createError.BadRequest", "createError.Unauthorized",
	".notFound(", ".badRequest(", ".created(", ".noContent(", ".accepted(", ".unprocessableEntity(", "NotFoundResponse(", "BadRequestResponse(", "UnauthorizedResponse(", "ConflictResponse(",
	"HttpResponse::NotFound", "HttpResponse::BadRequest", "HttpResponse::Created", "HttpResponse::NoContent", "HttpResponse::Unauthorized", "HttpResponse::Forbidden", "HttpResponse::Conflict", "ErrorNotFound(", "ErrorBadRequest(", "ErrorUnauthorized(",
	"createNotFoundException(", "createAccessDeniedException(", "NotFoundHttpException", "HttpNotFoundException", "HttpBadRequestException", "HttpUnauthorizedException", "HttpForbiddenException", "HttpMethodNotAllowedException", "BadRequestHttpException", "ConflictHttpException", "AccessDeniedHttpException", "UnauthorizedHttpException", "UnprocessableEntityHttpException", "noContent()", "failNotFound(", "failValidationErrors(", "respondCreated(", "respondDeleted(", "http.NotFound(", "echo.ErrNotFound", "fiber.ErrNotFound", "fiber.ErrBadRequest", "status::NotFound", "status::Created", "status::BadRequest", "httpErrors.",
}

func statusHelper(s *Source, off int) {
	rest := s.Raw[off:min(len(s.Raw), off+40)]
	switch {
	case s.Lang != lex.PHP && bytes.HasPrefix(rest, []byte("Http")) && bytes.Contains(rest, []byte("Exception")):
		return // the exceptions of PHP's frameworks; elsewhere a name of one's own
	case s.Lang == lex.Python:
		if bytes.HasPrefix(rest, []byte("raise ")) && !s.has("rest_framework") && !s.has("werkzeug") && !s.has("ninja") {
			return
		}
		if bytes.HasPrefix(rest, []byte("Http404")) && strings.Contains(string(s.Between(Code, s.LineStart(off), off)), "import") || strings.Contains(string(s.Between(Code, s.LineStart(off), off)), "import ") || rest[0] == '.' {
			return
		}
	case s.Lang == lex.JavaScript || s.Lang == lex.TypeScript:
		if bytes.HasPrefix(rest, []byte("new ")) && !s.names("@nestjs/common") && !s.has("HttpException") {
			return
		}
		if rest[0] == '.' {
			recv := s.receiver(off)
			if !strings.Contains(recv, "res") && !strings.Contains(recv, "reply") && !strings.Contains(recv, "rep") {
				return
			}
		}
	case s.Lang == lex.Java || s.Lang == lex.Kotlin:
		if rest[0] == '.' && !bytes.HasSuffix(s.Code[:off], []byte("Response")) && !bytes.HasSuffix(s.Code[:off], []byte("ResponseEntity")) {
			return
		}
		if bytes.HasPrefix(rest, []byte("new ")) && !s.has("jakarta.ws.rs") && !s.has("javax.ws.rs") && !s.has("io.micronaut") {
			return
		}
	case s.Lang == lex.PHP:
		head := string(s.Between(Code, s.LineStart(off), off))
		if rest[0] == '.' || bytes.HasPrefix(rest, []byte("new ")) && !s.names(`Http\Exception`) && !s.names(`Slim\Exception`) || (bytes.Contains(rest, []byte("HttpException")) || bytes.HasPrefix(rest, []byte("Http"))) && !strings.Contains(head, "new ") && !strings.Contains(head, "extends ") {
			return
		}
	case s.Lang == lex.Go && rest[0] == '.':
		return
	}
	s.status(strings.Trim(s.wordAt(s.skipDots(off)), "("), off)
}

func (s *Source) skipDots(off int) int {
	for off < len(s.Raw) && (s.Raw[off] == '.' || s.Raw[off] == ' ') {
		off++
	}
	return off
}

// statusTuple reads return jsonify(x), 404 of Flask, also where the return started lines above.
func statusTuple(s *Source, off int) {
	code := s.wordAt(off + 2)
	if !statusCode(code) {
		return
	}
	after := bytes.TrimSpace(s.Between(Code, off+2+len(code), s.LineEnd(off, 0)))
	line := bytes.TrimSpace(s.Between(Code, s.LineStart(off), off))
	if bytes.Contains(line, []byte("= ({")) && bytes.HasSuffix(line, []byte{'}'}) && bytes.HasPrefix(after, []byte{')'}) {
		s.status(code, off) // an answer with a name, that handlers return
		return
	}
	if len(after) > 0 && after[0] != ',' {
		return
	}
	if bytes.HasPrefix(line, []byte("return ")) || len(line) > 0 && (line[0] == '}' || line[0] == ')') && bytes.Contains(s.Between(Code, off-maxCall, off), []byte("return ")) {
		s.status(code, off)
	}
}

// statusOfRack reads the answers of Sinatra and Rack: error 413, "too large", a bare not_found, and the triple [201, {}, body].
func statusOfRack(s *Source, off int) {
	head := bytes.TrimSpace(s.Between(Code, s.LineStart(off), off))
	line := bytes.TrimSpace(s.Between(Code, off, s.LineEnd(off, 0)))
	if bytes.HasSuffix(line, []byte(" do")) || bytes.HasSuffix(line, []byte("|")) || bytes.HasSuffix(line, []byte("{")) && line[0] != '[' {
		return // the page for a code that the framework answers
	}
	switch {
	case line[0] == '[':
		rest := bytes.TrimLeft(line[5:], " ")
		if len(rest) > 0 && (strings.IndexByte("{[\"'", rest[0]) >= 0 || bytes.HasPrefix(rest, []byte("nil"))) {
			s.status(string(line[1:4]), off)
		}
	case len(head) > 0: // a word of another statement
	case bytes.HasPrefix(line, []byte("error ")):
		if code := s.wordAt(off + len("error ")); statusCode(code) {
			s.status(code, off)
		}
	case s.wordAt(off) == "not_found" && (len(line) == len("not_found") || line[len("not_found")] == ' ' && !bytes.HasPrefix(line[len("not_found"):], []byte(" =")) || line[len("not_found")] == '('):
		s.status("not_found", off)
	}
}

func statusConstant(s *Source, off int) {
	w := s.wordAt(off + 2)
	if statusCode(w) && !s.compared(off, off+2+len(w)) {
		s.status(w, off)
	}
}

// statusHeader reads header("HTTP/1.1 404 Not Found").
func statusHeader(s *Source, off int) {
	rest := s.Raw[off:min(len(s.Raw), off+14)]
	if f := bytes.Fields(rest); len(f) >= 2 && len(f[1]) >= 3 && statusCode(string(f[1][:3])) && bytes.Contains(s.Between(Code, s.LineStart(off), off), []byte("header(")) {
		s.status(string(f[1][:3]), off)
	}
}
