package lex

import (
	"bytes"
	"strings"
)

const (
	// maxDepth bounds how deep code may stand within strings within code.
	// Beyond it an interpolation is read as plain string.
	maxDepth = 48
	// lookAheadFactor times the length of the source is how many bytes may be
	// looked at in search of an end that decides what a byte begins. It keeps
	// hostile sources linear.
	lookAheadFactor = 8
	// maxHeredocs bounds the heredocs begun on one line.
	maxHeredocs = 8
)

// splitter reads one source. Code begins as a copy of it and the other views as
// blanks, so that code costs nothing: only strings, comments and markup are moved.
type splitter struct {
	src, code, strs, coms []byte
	n                     int // where to stop: the end of src, or of what is embedded in it
	syn                   *syntax
	depth                 int
	budget                int // bytes of look-ahead left

	sigFrom, sig  int    // the last answer of lastCode: the byte before sigFrom
	noRegexUntil  int    // no regular expression ends before here
	noQuoteUntil  [4]int // no value in the quote q&3 ends before here
	brackets      int    // Python: open brackets in code before bracketsUntil
	bracketsUntil int

	due     [maxHeredocs]heredoc
	pending int // how many of due are begun
}

// at returns the byte at i, 0 outside.
func (s *splitter) at(i int) byte {
	if uint(i) < uint(s.n) { //nolint:gosec // one comparison for both ends
		return s.src[i]
	}
	return 0
}

func (s *splitter) has(i int, text string) bool {
	return i >= 0 && i+len(text) <= s.n && string(s.src[i:i+len(text)]) == text
}

// asString moves [a, b) from Code to Strings.
func (s *splitter) asString(a, b int) {
	if a < b && !s.syn.keep {
		copy(s.strs[a:b], s.src[a:b])
		copy(s.code[a:b], s.coms[a:b]) // the comments are still blank here
	}
}

// asComment moves [a, b) from Code to Comments.
func (s *splitter) asComment(a, b int) {
	if a < b {
		copy(s.coms[a:b], s.src[a:b])
		copy(s.code[a:b], s.strs[a:b])
	}
}

// asMarkup takes [a, b) out of Code.
func (s *splitter) asMarkup(a, b int) {
	if a < b {
		copy(s.code[a:b], s.strs[a:b])
	}
}

// file reads the whole source.
func (s *splitter) file() {
	i := 0
	if bytes.HasPrefix(s.src, bom) {
		i = len(bom)
		s.asMarkup(0, i)
	}
	if s.has(i, "#!") && !s.has(i, "#![") {
		end := s.lineEnd(i)
		s.asComment(i, end)
		i = end
	}
	switch s.syn.kind {
	case kindText:
	case kindPHP:
		s.php(i)
	case kindMarkup, kindERB, kindEJS:
		s.markup(i)
	case kindRuby:
		s.ruby(i)
	default:
		s.scan(i, false)
	}
}

// scan reads code from i to the end, or to the bracket that closes the
// interpolation it is in, or to "?>" in PHP, and returns where that is.
func (s *splitter) scan(i int, inner bool) int {
	level := 0
	for {
		tab := s.stops(inner)
		src := s.src[:s.n]
		for i < len(src) && !tab[src[i]] {
			i++
		}
		if i >= len(src) {
			return s.n
		}
		c := src[i]
		if inner && (c == s.syn.open || c == s.syn.close) {
			switch {
			case c == s.syn.open:
				level++
			case level == 0:
				return i
			default:
				level--
			}
			i++
			continue
		}
		if c == '?' && s.syn.kind == kindPHP && !inner && s.at(i+1) == '>' {
			return i
		}
		i = s.token(i, c)
	}
}

func (s *splitter) stops(inner bool) *[256]bool {
	t := 0
	if inner {
		t = 1
	}
	if s.pending > 0 {
		t |= 2
	}
	return &s.syn.tabs[t]
}

// token reads what begins with the byte c at i and returns what follows it.
func (s *splitter) token(i int, c byte) int {
	switch c {
	case '"', '\'', '`':
		return s.quote(i, c)
	case '/':
		return s.slash(i)
	case '#':
		return s.hashSign(i)
	case '\n':
		return s.heredocs(i)
	case '<':
		return s.less(i)
	case '-':
		return s.dash(i)
	case '%':
		return s.percent(i)
	case '~':
		return s.sigil(i)
	case '?':
		return s.question(i)
	case '=':
		return s.rubyDoc(i)
	case '[':
		return s.luaLong(i)
	case ';':
		if s.syn.kind == kindClojure || s.lineStart(i) {
			return s.lineComment(i)
		}
	case '\\':
		return min(i+2, s.n)
	case '(':
		if s.at(i+1) == '*' && s.at(i+2) != ')' {
			return s.nestedComment(i, "(*", "*)")
		}
	case '{':
		if s.at(i+1) == '-' {
			return s.nestedComment(i, "{-", "-}")
		}
	case '$':
		return s.dollarSign(i)
	}
	return i + 1
}

func (s *splitter) slash(i int) int {
	switch next := s.at(i + 1); {
	case next == '/' && s.syn.slashLine && !(s.syn.kind == kindSCSS && s.before(i) == ':'):
		return s.lineComment(i)
	case next == '*' && s.syn.nested:
		return s.nestedComment(i, "/*", "*/")
	case next == '*' && s.syn.slashBlock:
		return s.blockComment(i, "*/")
	}
	switch s.syn.kind {
	case kindJS:
		return s.jsRegex(i)
	case kindRuby:
		return s.rubyRegex(i)
	case kindGroovy:
		return s.groovySlashy(i)
	}
	return i + 1
}

func (s *splitter) hashSign(i int) int {
	switch s.syn.hash {
	case hashAnywhere:
		if s.syn.kind == kindPHP && s.at(i+1) == '[' {
			return i + 1
		}
		return s.lineComment(i)
	case hashAfterSpace:
		switch c := s.before(i); {
		case c == 0, isSpace(c):
			return s.lineComment(i)
		case s.syn.kind == kindShell && (c == ';' || c == '&' || c == '|' || c == '(' || c == ')' || c == '`'):
			return s.lineComment(i)
		case s.syn.kind == kindHash && c != '$' && c != '\\' && c != '{':
			return s.lineComment(i)
		}
	case hashAtLineStart:
		if s.lineStart(i) {
			return s.lineComment(i)
		}
	}
	return i + 1
}

// dash reads the comments of SQL, Lua and Haskell.
func (s *splitter) dash(i int) int {
	if s.at(i+1) != '-' {
		return i + 1
	}
	switch s.syn.kind {
	case kindLua:
		if s.at(i+2) == '[' {
			if end := s.luaLongEnd(i + 2); end > 0 {
				s.asComment(i, end)
				return end
			}
		}
	case kindHaskell:
		end := i
		for s.at(end) == '-' {
			end++
		}
		const symbols = `!#$%&*+./<=>?@\^|~:`
		if strings.IndexByte(symbols, s.at(end)) >= 0 || strings.IndexByte(symbols, s.before(i)) >= 0 {
			return end // an operator such as -->
		}
	}
	return s.lineComment(i)
}

// less reads what '<' may begin: a heredoc, a JSX element, an XML comment.
func (s *splitter) less(i int) int {
	switch s.syn.kind {
	case kindJS:
		if s.depth < maxDepth && s.jsxBegins(i) {
			return s.jsx(i)
		}
	case kindRuby, kindShell:
		if s.at(i+1) == '<' {
			return s.heredocBegin(i)
		}
	case kindPHP:
		if s.has(i, "<<<") {
			return s.phpHeredoc(i)
		}
	case kindPowerShell:
		if s.at(i+1) == '#' {
			return s.blockComment(i, "#>")
		}
	case kindTags:
		if s.has(i, "<!--") {
			return s.blockComment(i, "-->")
		}
	}
	return i + 1
}

func (s *splitter) percent(i int) int {
	switch s.syn.kind {
	case kindErlang:
		return s.lineComment(i)
	case kindRuby:
		return s.rubyPercent(i)
	}
	return i + 1
}

// question reads the character literals of Ruby and Elixir, such as ?".
func (s *splitter) question(i int) int {
	if isWord(s.before(i)) || s.before(i) == ')' || s.before(i) == ']' {
		return i + 1
	}
	switch c := s.at(i + 1); {
	case s.syn.kind == kindElixir && c == '\\':
		return min(i+3, s.n)
	case s.syn.kind == kindElixir && c > ' ':
		return i + 2
	case s.syn.kind == kindRuby && (c == '"' || c == '\'' || c == '#' || c == '/' || c == '`' || c == '%') && !isWord(s.at(i+2)):
		return i + 2
	}
	return i + 1
}

// dollarSign reads SQL's dollar quotes and skips Erlang's character literals.
func (s *splitter) dollarSign(i int) int {
	if s.syn.kind == kindErlang {
		if s.at(i+1) == '\\' {
			return min(i+3, s.n)
		}
		return min(i+2, s.n)
	}
	if isWord(s.before(i)) || isDigit(s.at(i+1)) {
		return i + 1
	}
	end := i + 1
	for isWord(s.at(end)) && end-i < 64 {
		end++
	}
	if s.at(end) != '$' {
		return i + 1
	}
	end++
	at := s.find(end, s.src[i:end])
	if at < 0 {
		return end
	}
	s.asString(end, at)
	return at + end - i
}

// before returns the byte before i, 0 at the start of the file.
func (s *splitter) before(i int) byte {
	if i > 0 {
		return s.src[i-1]
	}
	return 0
}

// lineStart reports whether only white space is before i on its line.
func (s *splitter) lineStart(i int) bool {
	for i--; i >= 0; i-- {
		switch s.src[i] {
		case ' ', '\t', '\r':
		case '\n':
			return true
		default:
			return false
		}
	}
	return true
}

// lineEnd returns the offset of the newline at or after i, or the end.
func (s *splitter) lineEnd(i int) int {
	if i >= s.n {
		return s.n
	}
	if j := bytes.IndexByte(s.src[i:s.n], '\n'); j >= 0 {
		return i + j
	}
	return s.n
}

// find returns where what next is at or after i, -1 when it is not or the budget is spent.
func (s *splitter) find(i int, what []byte) int {
	if s.budget <= 0 || i >= s.n {
		return -1
	}
	j := bytes.Index(s.src[i:s.n], what)
	if j < 0 {
		s.budget -= s.n - i
		return -1
	}
	s.budget -= j
	return i + j
}

// lastCode returns the offset of the last byte of code before i that is not
// white space, -1 when there is none. It remembers the last answer, so that asking
// for growing offsets reads every byte once.
func (s *splitter) lastCode(i int) int {
	j := i - 1
	if i < s.sigFrom { // asked out of order: look at what is near
		for stop := max(0, i-256); j >= stop; j-- {
			if s.code[j] > ' ' {
				return j
			}
		}
		return -1
	}
	for j >= s.sigFrom && s.code[j] <= ' ' {
		j--
	}
	if j < s.sigFrom {
		j = s.sig
	}
	s.sigFrom, s.sig = i, j
	return j
}

// word returns the name that ends with the byte at end, at most its last 16 bytes.
func (s *splitter) word(end int) []byte {
	i := end + 1
	for i > 0 && end+1-i < 16 && isWord(s.code[i-1]) {
		i--
	}
	return s.code[i : end+1]
}

func (s *splitter) lineComment(i int) int {
	end := s.lineEnd(i)
	switch s.syn.kind {
	case kindC:
		for end < s.n && (s.src[end-1] == '\\' || s.src[end-1] == '\r' && s.src[end-2] == '\\') {
			end = s.lineEnd(end + 1)
		}
	case kindPHP:
		if j := bytes.Index(s.src[i:end], []byte("?>")); j >= 0 {
			end = i + j
		}
	}
	s.asComment(i, end)
	return end
}

// blockComment reads a comment that begins at i and does not nest. The marker
// that begins it is two bytes or more, of which no two can be part of its end.
func (s *splitter) blockComment(i int, end string) int {
	stop := s.n
	if i+2 < s.n {
		if j := bytes.Index(s.src[i+2:s.n], []byte(end)); j >= 0 {
			stop = i + 2 + j + len(end)
		}
	}
	s.asComment(i, stop)
	return stop
}

// nestedComment reads a comment with others of its kind within; the markers are
// two bytes each.
func (s *splitter) nestedComment(i int, open, end string) int {
	level, j := 1, i+2
	for level > 0 && j < s.n {
		switch c := s.src[j]; {
		case c == end[0] && s.at(j+1) == end[1]:
			level--
			j += 2
		case c == open[0] && s.at(j+1) == open[1]:
			level++
			j += 2
		default:
			j++
		}
	}
	s.asComment(i, j)
	return j
}
