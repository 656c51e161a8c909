package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// KindHandling is a place where code deals with an error. Name is the form ("try/catch", "promise catch", "if err" ...); Value is "handled", "empty" where
// nothing is done, or "rethrown" where the error is only passed on as it is.
const KindHandling Kind = "handling"

var (
	scriptLangs = langs(lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte, lex.HTML, lex.EJS)
	catchLangs  = langs(lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte, lex.HTML, lex.EJS, lex.Java, lex.Kotlin, lex.CSharp, lex.Scala, lex.PHP, lex.CPP, lex.Groovy, lex.Dart, lex.Swift)
	rubyLangs   = langs(lex.Ruby, lex.Elixir, lex.Crystal)
)

var errorScanners = []scanner{
	{langs: catchLangs, triggers: []string{"catch"}, scan: catches},
	{langs: langs(lex.Python), triggers: []string{"except"}, scan: excepts},
	{langs: rubyLangs, triggers: []string{"rescue"}, scan: rescues},
	{langs: langs(lex.Go), triggers: []string{"rr != nil", "rr == nil", "rror != nil"}, scan: ifErrNil},
	{langs: langs(lex.Go), triggers: []string{"errors.Is(", "errors.As(", "= recover()"}, scan: handledBy("errors.Is")},
	{langs: scriptLangs, triggers: []string{"if (err", "if(err", "if (!err", "if(!err", "if (e)", "if(e)"}, scan: ifErr},
	{langs: scriptLangs, triggers: []string{"(err", "( err"}, scan: errorMiddleware},
	{langs: scriptLangs, triggers: []string{".on("}, scan: onError},
	{langs: scriptLangs, triggers: []string{".setErrorHandler(", ".onError(", "@Catch(", ".isErr()", ".isLeft()", ".isFailure", "componentDidCatch("}, scan: handledBy("exception handler")},
	{langs: langs(lex.Python), triggers: []string{"errorhandler(", "exception_handler(", "handler404", "handler500"}, scan: handledBy("exception handler")},
	{langs: langs(lex.Ruby), triggers: []string{"error do", "not_found do", "error Active", "error 4", "error 5"}, scan: rubyErrorBlock},
	{langs: langs(lex.Rust), triggers: []string{"Err("}, scan: errArm},
	{langs: langs(lex.Rust), triggers: []string{".unwrap_or_else(", ".map_err(", "impl ResponseError for", ".or_else("}, scan: handledBy("Result handled")},
	{langs: langs(lex.Elixir), triggers: []string{":error", "action_fallback"}, scan: elixirError},
	{
		langs: langs(lex.Java, lex.Kotlin, lex.Groovy, lex.Scala), triggers: []string{"@ExceptionHandler", ".onErrorResume(", ".onErrorReturn(", ".exceptionally(", ".doOnError(", ".onFailure", "StatusPages", ".isFailure", ".recover(", ".recoverWith(", "case Failure(", "case Left(", ".isLeft", ".whenComplete(", "ifLeft = ", ".mapLeft", ".getOrHandle", ".handleErrorWith("},
		scan: handledBy("exception handler"),
	},
	{langs: langs(lex.CSharp), triggers: []string{".Succeeded", ".IsFailure", ".IsFailed", ".IsError", ".IsSuccess", ".Success"}, scan: failedResult},
	{langs: langs(lex.CSharp), triggers: []string{"IExceptionHandler", "IExceptionFilter", "ExceptionFilterAttribute"}, scan: typeHeader},
	{langs: langs(lex.PHP), triggers: []string{"renderable(", "set_exception_handler(", "set_error_handler(", "connect_errno", "connect_error", "mysqli_error("}, scan: phpError},
	{langs: langs(lex.PHP), triggers: []string{"instanceof", "exceptions->render("}, scan: phpInstance},
	{langs: langs(lex.C, lex.CPP), triggers: []string{"perror(", "strerror("}, scan: handledBy("errno checked")},
}

func (s *Source) handling(off int, form, value string) {
	s.Emit(Fact{Kind: KindHandling, Name: form, Value: value, Line: s.LineOf(off)})
}

// handledBy is a scan for forms that by themselves handle an error.
func handledBy(form string) func(*Source, int) {
	return func(s *Source, off int) {
		if c := s.Raw[off]; c != '.' && c != '@' && off > 0 && identifier(s.Raw[off-1]) && form != "exception handler" {
			return
		}
		head := bytes.TrimSpace(s.Between(Code, max(s.LineStart(off), off-maxNear), off))
		if bytes.HasPrefix(head, []byte("import")) || bytes.HasPrefix(head, []byte("from ")) || bytes.HasPrefix(head, []byte("function ")) {
			return
		}
		s.handling(off, form, "handled")
	}
}

// maxBody bounds how far the end of a block is looked for, maxLook how many bytes are looked at for blocks in all of a file, maxNear how far
// around a place its line is looked at.
const (
	maxBody = 16 << 10
	maxLook = 8 << 20
	maxNear = 400
)

// look reports whether n more bytes may be looked at for blocks of this file.
func (s *Source) look(n int) bool {
	k := countKey{"look", ""}
	if s.counts[k] > maxLook {
		return false
	}
	s.counts[k] += n
	return true
}

// near is the code on the line of off, at most maxNear bytes to either side.
func (s *Source) near(off int) string {
	return string(s.Between(Code, max(s.LineStart(off), off-maxNear), min(s.LineEnd(off, 0), off+maxNear)))
}

// rest is the code after off on its line, trimmed, at most maxNear bytes.
func (s *Source) rest(off int) string { return string(s.restBytes(off)) }

// restBytes is rest without a copy.
func (s *Source) restBytes(off int) []byte {
	return bytes.TrimSpace(s.Between(Code, off, min(s.LineEnd(off, 0), off+maxNear)))
}

// block is the code between the curly brackets that open at or after off with nothing but white space between; ok is false without such a bracket.
func (s *Source) block(off int) (body string, ok bool) {
	open := skipSpace(s.Code, off)
	if open >= len(s.Code) || s.Code[open] != '{' || !s.look(16) {
		return "", false
	}
	depth := 0
	for i := open; i < len(s.Code) && i < open+maxBody; i++ {
		switch s.Code[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				s.look(i - open)
				return strings.TrimSpace(string(s.Code[open+1 : i])), true
			}
		}
	}
	s.look(maxBody)
	return strings.TrimSpace(string(s.Code[open+1 : min(len(s.Code), open+maxBody)])), true
}

// parens is the code between the parentheses that open at off, and the offset after them.
func (s *Source) parens(off int) (inner string, after int) {
	if off >= len(s.Code) || s.Code[off] != '(' || !s.look(16) {
		return "", off
	}
	depth := 0
	for i := off; i < len(s.Code) && i < off+maxBody; i++ {
		switch s.Code[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				s.look(i - off)
				return string(s.Code[off+1 : i]), i + 1
			}
		}
	}
	s.look(maxBody)
	return string(s.Code[off+1 : min(len(s.Code), off+200)]), min(len(s.Code), off+200)
}

// judgeBody tells what a handler's body does with the error called name.
func judgeBody(body, name string) string {
	body = strings.TrimSpace(strings.TrimRight(strings.TrimSpace(body), ";"))
	if body == "" || body == "pass" || body == "..." || body == "nil" || body == "null" || body == "undefined" || body == "Unit" || body == "()" {
		return "empty"
	}
	if strings.ContainsAny(body, ";\n") {
		return "handled"
	}
	first, rest, _ := strings.Cut(body, " ")
	switch first {
	case "throw", "raise", "rethrow", "return", "reject", "panic", "reraise":
	default:
		if inner, ok := strings.CutPrefix(body, "reject("); ok && strings.TrimSuffix(inner, ")") == name {
			return "rethrown"
		}
		if strings.HasPrefix(body, "panic(") && !strings.Contains(body, ",") {
			return "rethrown"
		}
		return "handled"
	}
	rest = strings.TrimSpace(rest)
	if first == "return" {
		// a bare return gives up in silence; one of the error alone passes it on
		if rest == "" {
			return "empty"
		}
		if name != "" && (rest == name || rest == "Promise.reject("+name+")" || rest == "Err("+name+")") {
			return "rethrown"
		}
		return "handled"
	}
	if rest == "" || rest == name {
		return "rethrown"
	}
	for _, wrap := range []string{"new RuntimeException(", "new Error(", "new Exception(", "RuntimeException("} {
		if inner, ok := strings.CutPrefix(rest, wrap); ok && (inner == ")" || strings.TrimSuffix(inner, ")") == name && name != "") {
			return "rethrown"
		}
	}
	return "handled"
}

func catches(s *Source, off int) {
	if !s.word(off, len("catch")) || off == 0 {
		return
	}
	at := skipSpace(s.Code, off+len("catch"))
	if off > 0 && s.Code[off-1] == '.' || s.Code[max(1, backSpace(s.Code, off))-1] == '.' {
		if at < len(s.Code) && s.Code[at] == '(' {
			promiseCatch(s, off, at)
		}
		return
	}
	name := ""
	if at < len(s.Code) && s.Code[at] == '(' {
		var inner string
		inner, at = s.parens(at)
		inner = strings.TrimSpace(inner)
		if before, _, ok := strings.Cut(inner, ":"); ok && (scriptLangs.has(s.Lang) || s.Lang == lex.Kotlin) {
			inner = strings.TrimSpace(before)
		}
		name = inner[strings.LastIndexAny(inner, " \t&*")+1:]
	} else if s.Lang != lex.Swift && s.Lang != lex.Scala && !scriptLangs.has(s.Lang) && s.Lang != lex.CSharp {
		return
	}
	if s.Lang == lex.CSharp {
		if next := skipSpace(s.Code, at); bytes.HasPrefix(s.Code[next:], []byte("when")) {
			_, at = s.parens(skipSpace(s.Code, next+4))
		}
	}
	body, ok := s.block(at)
	if !ok {
		return
	}
	if s.Lang == lex.Scala {
		if _, arm, ok := strings.Cut(body, "=>"); ok {
			body = arm
		}
	}
	// what is between quotes alone is something done too: the code view keeps the quotes
	s.handling(off, "try/catch", judgeBody(body, name))
}

func promiseCatch(s *Source, off, open int) {
	inner, _ := s.parens(open)
	inner = strings.TrimSpace(inner)
	if inner == "" || inner == "null" || inner == "undefined" || inner == "noop" {
		s.handling(off, "promise catch", "empty")
		return
	}
	var name, body string
	if head, rest, ok := strings.Cut(inner, "=>"); ok {
		name = strings.Trim(strings.TrimPrefix(strings.TrimSpace(head), "async"), " ()")
		name, _, _ = strings.Cut(name, ":")
		body = strings.TrimSpace(rest)
	} else if _, rest, ok := strings.Cut(inner, "function"); ok {
		args, after, ok := strings.Cut(rest, "{")
		if !ok {
			return
		}
		name = strings.Trim(args[strings.IndexByte(args, '(')+1:], " ()")
		body = "{" + after
	} else {
		s.handling(off, "promise catch", "handled") // a handler by its name
		return
	}
	if strings.HasPrefix(body, "{") {
		body = strings.TrimSuffix(strings.TrimRight(strings.TrimPrefix(body, "{"), " ,;\n\r\t"), "}")
	}
	s.handling(off, "promise catch", judgeBody(body, strings.TrimSpace(name)))
}

// linesOfBlock are the lines of code below off's line that belong to it by indentation, joined; the rest of its own line first, if any.
func (s *Source) linesOfBlock(off int, tail string) string {
	var out []string
	if tail = strings.TrimSpace(tail); tail != "" {
		out = append(out, tail)
	}
	line := s.LineOf(off) - 1
	own := indentOf(s.Code[s.starts[line]:])
	for n := line + 1; n < len(s.starts) && n < line+200; n++ {
		stop := len(s.Code)
		if n+1 < len(s.starts) {
			stop = s.starts[n+1] - 1
		}
		text := s.Code[s.starts[n]:stop]
		t := strings.TrimSpace(string(text))
		if t == "" {
			continue
		}
		if indentOf(text) <= own {
			break
		}
		out = append(out, t)
	}
	return strings.Join(out, "\n")
}

func excepts(s *Source, off int) {
	if !s.word(off, len("except")) || !s.startsLine(off) {
		return
	}
	rest := s.rest(off + len("except"))
	head, tail, ok := strings.Cut(rest, ":")
	if !ok {
		// the tuple of exceptions goes on over lines: look for the colon below
		s.handling(off, "except", "handled")
		return
	}
	_, name, _ := strings.Cut(head, " as ")
	s.handling(off, "except", judgeBody(s.linesOfBlock(off, tail), strings.TrimSpace(name)))
}

func rescues(s *Source, off int) {
	if bytes.HasPrefix(s.Raw[off:], []byte("rescue_from")) {
		s.handling(off, "rescue_from", "handled")
		return
	}
	if !s.word(off, len("rescue")) {
		return
	}
	rest := s.rest(off + len("rescue"))
	if !s.startsLine(off) {
		s.handling(off, "rescue", judgeBody(rest, ""))
		return
	}
	head, tail, _ := strings.Cut(rest, " then ")
	_, name, _ := strings.Cut(head, "=>")
	s.handling(off, "rescue", judgeBody(s.linesOfBlock(off, tail), strings.TrimSpace(name)))
}

func ifErrNil(s *Source, off int) {
	line := s.near(off)
	if !strings.Contains(line, "if ") && !strings.Contains(line, "case ") && !strings.Contains(line, "for ") {
		return
	}
	equal := bytes.HasPrefix(s.Raw[off:], []byte("rr == "))
	name, _ := backWord(s.Code, off+2)
	if bytes.HasPrefix(s.Raw[off:], []byte("rror")) {
		name, _ = backWord(s.Code, off+4)
	}
	open := bytes.IndexByte(s.Code[off:min(s.LineEnd(off, 0), off+maxNear)], '{')
	if open < 0 {
		return
	}
	body, _ := s.block(off + open)
	if equal {
		// the error's case is the else branch
		i := bytes.Index(s.Between(Code, off, off+len(body)+open+80), []byte("} else {"))
		if i < 0 || i > len(body)+open+60 {
			return
		}
		s.handling(off, "if err", "handled")
		return
	}
	value := judgeBody(body, name)
	if value == "handled" && !strings.ContainsAny(body, ";\n") {
		// return nil, err and its like pass the error on as it is
		if list, ok := strings.CutPrefix(body, "return "); ok {
			last := strings.TrimSpace(list[strings.LastIndexByte(list, ',')+1:])
			if last == name && !strings.Contains(list, "(") {
				value = "rethrown"
			}
		}
	}
	s.handling(off, "if err", value)
}

func ifErr(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	open := bytes.IndexByte(s.Code[off:], '(')
	cond, after := s.parens(off + open)
	cond = strings.TrimSpace(cond)
	name := nameAt([]byte(strings.TrimLeft(cond, "!( ")), 0)
	switch strings.ToLower(name) {
	case "e", "err", "error":
	default:
		return // errors.length of a form and the like
	}
	rest := strings.TrimSpace(strings.TrimPrefix(strings.TrimLeft(cond, "!( "), name))
	if rest != "" && !strings.HasPrefix(rest, "!=") && !strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, ".") && !strings.HasPrefix(rest, "instanceof") && !strings.HasPrefix(rest, "&&") && !strings.HasPrefix(rest, "||") {
		return
	}
	if strings.HasPrefix(cond, "!") {
		return // the case without an error
	}
	body, ok := s.block(after)
	if !ok {
		body = strings.TrimSuffix(strings.TrimSpace(s.rest(after)), ";")
		if body == "" {
			body = strings.TrimSpace(string(s.Between(Code, s.LineEnd(after, 0), s.LineEnd(after, 1))))
		}
	}
	s.handling(off, "if err", judgeBody(body, name))
}

// errorMiddleware finds the four parameters of Express: (err, req, res, next).
func errorMiddleware(s *Source, off int) {
	params, after := s.parens(off)
	if strings.Count(params, ",") < 3 || len(params) > 300 {
		return
	}
	parts := strings.Split(strings.Join(strings.Fields(params), " "), ",")
	second := strings.TrimLeft(parts[1], " _")
	if len(parts) > 6 || !strings.HasPrefix(second, "req") && !strings.HasPrefix(second, "request") {
		return
	}
	next := skipSpace(s.Code, after)
	if next < len(s.Code) && (s.Code[next] == '{' || s.Code[next] == '=' || s.Code[next] == ':') {
		s.handling(off, "error middleware", "handled")
	}
}

func onError(s *Source, off int) {
	event, ok := s.quoted(off+len(".on("), "")
	switch event {
	case "error", "uncaughtException", "unhandledRejection", "clientError":
	default:
		return
	}
	if ok && !strings.HasSuffix(strings.ReplaceAll(strings.TrimSpace(s.rest(off)), " ", ""), "=>{})") {
		s.handling(off, "error event", "handled")
	}
}

func rubyErrorBlock(s *Source, off int) {
	if s.startsLine(off) {
		s.handling(off, "error block", "handled")
	}
}

// errArm finds the arm or the condition that takes an error apart.
func errArm(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	inner, after := s.parens(off + 3)
	head := strings.TrimSpace(string(s.Between(Code, max(s.LineStart(off), off-maxNear), off)))
	if strings.HasSuffix(head, "let") && strings.Contains(head, "if") {
		s.handling(off, "Result matched", "handled")
		return
	}
	next := skipSpace(s.Code, after)
	if !bytes.HasPrefix(s.Code[next:], []byte("=>")) && !strings.HasPrefix(s.rest(after), "if ") {
		return
	}
	body, ok := s.block(next + 2)
	if !ok {
		body = strings.TrimSuffix(strings.TrimSpace(s.rest(next+2)), ",")
	}
	value := judgeBody(body, strings.TrimSpace(inner))
	if value == "handled" && !strings.ContainsAny(body, ";\n") && strings.HasPrefix(body, "panic!(") {
		value = "rethrown"
	}
	s.handling(off, "Result matched", value)
}

func elixirError(s *Source, off int) {
	if s.Raw[off] == 'a' {
		s.handling(off, "action_fallback", "handled")
		return
	}
	if off > 0 && identifier(s.Raw[off-1]) || off+6 < len(s.Raw) && identifier(s.Raw[off+6]) {
		return
	}
	line := s.near(off)
	if strings.Contains(line, "->") && strings.Index(line, ":error") < strings.Index(line, "->") {
		s.handling(off, "error matched", "handled")
	} else if strings.HasPrefix(strings.TrimSpace(line), "def ") && strings.Contains(line, "{:error") {
		s.handling(off, "error matched", "handled")
	}
}

// failedResult finds a condition on the failure of a Result object.
func failedResult(s *Source, off int) {
	line := strings.TrimSpace(s.near(off))
	negated := strings.Contains(line, "!") || strings.Contains(line, "== false") || strings.Contains(line, "is false")
	failure := s.Raw[off+1] == 'I' && !bytes.HasPrefix(s.Raw[off:], []byte(".IsSuccess"))
	n := 1
	for off+n < len(s.Raw) && identifier(s.Raw[off+n]) {
		n++
	}
	word := string(s.Raw[off+1 : off+n])
	switch word {
	case "Succeeded", "IsFailure", "IsFailed", "IsError", "IsSuccess", "Success", "IsSuccessStatusCode":
	default:
		return
	}
	conditional := strings.HasPrefix(line, "if") || strings.HasPrefix(line, "else if")
	if conditional && (negated || failure) || strings.Contains(line, "?") && strings.Contains(line, ":") {
		s.handling(off, "failed result", "handled")
	}
}

func typeHeader(s *Source, off int) {
	if strings.Contains(string(s.Between(Code, max(s.LineStart(off), off-maxNear), off)), "class ") {
		s.handling(off, "exception handler", "handled")
	}
}

func phpError(s *Source, off int) {
	line := s.near(off)
	if strings.Contains(line, "function renderable") {
		return
	}
	if c := s.Raw[off]; c == 'c' && !strings.Contains(line, "if") && !strings.Contains(line, "die") && !strings.Contains(line, "exit") {
		return
	}
	s.handling(off, "error checked", "handled")
}

// phpInstance finds an exception told from others: "$e instanceof NotFoundHttpException".
func phpInstance(s *Source, off int) {
	if s.Raw[off] == 'e' {
		s.handling(off, "exception handler", "handled")
		return
	}
	name := strings.TrimLeft(s.rest(off+len("instanceof")), ` \`)
	n := 0
	for n < len(name) && (identifier(name[n]) || name[n] == '\\') {
		n++
	}
	if name = name[:n]; strings.HasSuffix(name, "Exception") || strings.HasSuffix(name, "Error") || name == "Throwable" {
		s.handling(off, "exception handler", "handled")
	}
}
