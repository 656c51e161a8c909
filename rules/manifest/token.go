package manifest

import "strings"

// tokenKind is the sort of a token of a build script.
type tokenKind uint8

const (
	endToken    tokenKind = iota
	wordToken             // identifier or keyword
	stringToken           // text without quotes; interpolation as written
	numberToken
	markToken // one character of punctuation
	lineToken // end of a line
)

// token is a piece of a build script that is no comment.
type token struct {
	kind tokenKind
	text string
	line int
	// spaced is set when white space stands before it on its line.
	spaced bool
}

func (t token) is(mark byte) bool { return t.kind == markToken && t.text[0] == mark }

// dialect is what the scanner must know of a language.
type dialect uint8

const (
	groovy dialect = iota
	kotlin
	scala
	ruby
	elixir
	python
)

// maxTokens bounds the tokens read from one script.
const maxTokens = 400_000

// maxOpen bounds the searches for the end of a quote that has none.
const maxOpen = 100

// scanner splits a build script into tokens. It knows comments and strings so that
// nothing inside them is taken for a declaration.
type scanner struct {
	src  string
	pos  int
	line int
	lang dialect
	out  []token
	last int // end of the last token
	open int // quotes by "%" and "~" that were never closed
}

// tokenize splits a script; the result always ends with an end token.
func tokenize(src string, lang dialect) []token {
	s := &scanner{src: src, line: 1, lang: lang, out: make([]token, 0, len(src)/5+8)}
	for s.pos < len(s.src) && len(s.out) < maxTokens {
		s.next()
	}
	s.emit(lineToken, "", s.line)
	s.emit(endToken, "", s.line)
	return s.out
}

func (s *scanner) emit(kind tokenKind, text string, line int) {
	s.out = append(s.out, token{kind: kind, text: text, line: line})
}

// hash reports whether "#" starts a comment.
func (s *scanner) hash() bool { return s.lang >= ruby }

// next reads one token or skips white space or a comment.
func (s *scanner) next() {
	c := s.src[s.pos]
	rest := s.src[s.pos:]
	start := s.pos
	n := len(s.out)
	switch {
	case c == '\n':
		s.emit(lineToken, "", s.line)
		s.line++
		s.pos++
		s.lineStart()
		return
	case c == ' ' || c == '\t':
		s.pos++
		return
	case c == '\\' && strings.HasPrefix(rest, "\\\n"):
		s.pos += 2
		s.line++
		return
	case c == '#' && s.hash(), !s.hash() && strings.HasPrefix(rest, "//"):
		s.skipTo("\n")
		return
	case !s.hash() && strings.HasPrefix(rest, "/*"):
		s.blockComment()
		return
	case c == '"' || c == '\'' || c == '`':
		s.quoted(c)
	case c == '%' && s.lang == ruby && s.open < maxOpen && s.percent():
	case c == '~' && s.lang == elixir && s.open < maxOpen && s.sigil():
	case letter(c) || c == '$' || c == '@' && s.lang == ruby:
		s.word()
	case digit(c):
		for s.pos < len(s.src) && (digit(s.src[s.pos]) || letter(s.src[s.pos])) {
			s.pos++
		}
		s.emit(numberToken, s.src[start:s.pos], s.line)
	default:
		s.pos++
		s.emit(markToken, s.src[start:s.pos], s.line)
	}
	if len(s.out) > n {
		s.out[n].spaced = start > s.last
	}
	s.last = s.pos
}

// lineStart skips what only counts at the start of a line: Ruby's =begin and __END__.
func (s *scanner) lineStart() {
	if s.lang != ruby {
		return
	}
	rest := s.src[s.pos:]
	switch {
	case strings.HasPrefix(rest, "=begin"):
		n := strings.Index(rest, "\n=end")
		if n < 0 {
			s.pos = len(s.src)
			return
		}
		s.line += strings.Count(rest[:n+1], "\n")
		s.pos += n + 1
		s.skipTo("\n")
	case strings.HasPrefix(rest, "__END__\n"):
		s.pos = len(s.src)
	}
}

func (s *scanner) skipTo(end string) {
	n := strings.Index(s.src[s.pos:], end)
	if n < 0 {
		n = len(s.src) - s.pos
	}
	s.pos += n
}

// blockComment skips a comment; Kotlin's and Scala's nest.
func (s *scanner) blockComment() {
	depth := 0
	for s.pos < len(s.src) {
		rest := s.src[s.pos:]
		switch {
		case strings.HasPrefix(rest, "/*"):
			if depth == 0 || s.lang != groovy {
				depth++
			}
			s.pos += 2
		case strings.HasPrefix(rest, "*/"):
			s.pos += 2
			if depth--; depth == 0 {
				return
			}
		default:
			if rest[0] == '\n' {
				s.line++
			}
			s.pos++
		}
	}
}

// word reads an identifier; a Python prefix of a string is part of the string.
func (s *scanner) word() {
	start := s.pos
	s.pos++
	for s.pos < len(s.src) && (letter(s.src[s.pos]) || digit(s.src[s.pos]) || s.src[s.pos] == '$') {
		s.pos++
	}
	if s.pos < len(s.src) && (s.lang == ruby || s.lang == elixir) && (s.src[s.pos] == '?' || s.src[s.pos] == '!') &&
		!strings.HasPrefix(s.src[s.pos+1:], "=") {
		s.pos++
	}
	w := s.src[start:s.pos]
	if s.lang == python && len(w) <= 2 && s.pos < len(s.src) && (s.src[s.pos] == '"' || s.src[s.pos] == '\'') && strings.Trim(strings.ToLower(w), "rbfut") == "" {
		s.quoted(s.src[s.pos])
		return
	}
	s.emit(wordToken, w, s.line)
}

// quoted reads a string; a character that quotes nothing in the language is a mark.
func (s *scanner) quoted(q byte) {
	line, rest := s.line, s.src[s.pos:]
	if q == '`' {
		// Kotlin and Scala quote identifiers so; in Ruby it is a command.
		n := strings.IndexAny(rest[1:], "`\n")
		if n < 0 || rest[1+n] == '\n' {
			s.pos++
			return
		}
		s.pos += n + 2
		s.emit(wordToken, rest[1:1+n], line)
		return
	}
	if q == '\'' && (s.lang == scala || s.lang == kotlin) {
		s.character()
		return
	}
	long := strings.Repeat(string(q), 3)
	if s.lang != ruby && strings.HasPrefix(rest, long) {
		s.pos += 3
		start := s.pos
		s.longString(long)
		s.emit(stringToken, s.src[start:max(start, s.pos-3)], line)
		return
	}
	s.pos++
	start := s.pos
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == q:
			s.emit(stringToken, s.src[start:s.pos], line)
			s.pos++
			return
		case c == '\\' && s.pos+1 < len(s.src) && s.src[s.pos+1] != '\n':
			s.pos++
		case c == '\n':
			// Not closed on its line. Ruby and Elixir allow that, but a stray quote is likelier.
			s.emit(stringToken, s.src[start:s.pos], line)
			return
		case q == '"' && s.interpolates(c):
			s.braces()
			continue
		}
		s.pos++
	}
	s.emit(stringToken, s.src[start:], line)
}

// interpolates reports whether "${" (or "#{") stands at pos.
func (s *scanner) interpolates(c byte) bool {
	return s.lang != python && (c == '$' && !s.hash() || c == '#' && s.hash()) && strings.HasPrefix(s.src[s.pos+1:], "{")
}

// braces skips an interpolation, which may hold quotes of its own but no line end.
func (s *scanner) braces() {
	depth := 0
	for s.pos < len(s.src) && s.src[s.pos] != '\n' {
		switch s.src[s.pos] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				s.pos++
				return
			}
		}
		s.pos++
	}
}

// longString skips to behind the closing quotes.
func (s *scanner) longString(end string) {
	for s.pos < len(s.src) {
		switch c := s.src[s.pos]; {
		case c == '\n':
			s.line++
		case c == '\\' && s.lang != kotlin && s.lang != scala:
			if strings.HasPrefix(s.src[s.pos+1:], "\n") {
				s.line++
			}
			s.pos++
		case c == end[0] && strings.HasPrefix(s.src[s.pos:], end):
			s.pos += 3
			return
		}
		s.pos++
	}
	s.pos = len(s.src)
}

// character reads 'x' as a string; another single quote is a mark (Scala's symbols).
func (s *scanner) character() {
	rest := s.src[s.pos:]
	n := strings.IndexAny(rest[1:min(len(rest), 9)], "'\n")
	if n <= 0 || rest[1+n] == '\n' {
		s.emit(markToken, "'", s.line)
		s.pos++
		return
	}
	s.emit(stringToken, rest[1:1+n], s.line)
	s.pos += n + 2
}

// percent reads Ruby's %w[], %i[], %q(), %Q{}, %r{} and %(): words as one string each.
func (s *scanner) percent() bool {
	rest := s.src[s.pos+1:]
	kind := byte('q')
	if rest != "" && strings.IndexByte("wWiIqQrx", rest[0]) >= 0 {
		kind, rest = rest[0], rest[1:]
	}
	if rest == "" {
		return false
	}
	i := strings.IndexByte("[({<|/!", rest[0])
	if i < 0 || kind == 'q' && rest[0] != '(' && rest[0] != '{' && rest[0] != '[' {
		return false
	}
	open, end := rest[0], "])}>|/!"[i]
	depth, n := 0, 0
	for ; n < len(rest); n++ {
		if rest[n] == end && n > 0 {
			if depth--; depth == 0 {
				break
			}
		} else if rest[n] == open {
			depth++
		}
	}
	if n == len(rest) {
		s.open++
		return false
	}
	line, body := s.line, rest[1:n]
	s.pos = len(s.src) - len(rest) + n + 1
	s.line += strings.Count(body, "\n")
	if kind|0x20 != 'w' && kind|0x20 != 'i' {
		s.emit(stringToken, body, line)
		return true
	}
	s.emit(markToken, "[", line)
	for ; body != ""; line++ {
		l, after, _ := strings.Cut(body, "\n")
		for _, w := range strings.Fields(l) {
			s.emit(stringToken, w, line)
			s.emit(markToken, ",", line)
		}
		body = after
	}
	s.emit(markToken, "]", s.line)
	return true
}

// sigil reads Elixir's ~s(), ~w[], ~r// and their like as one string.
func (s *scanner) sigil() bool {
	rest := s.src[s.pos+1:]
	if len(rest) < 2 || !letter(rest[0]) || rest[0] >= 0x80 {
		return false
	}
	i := strings.IndexByte("[({<|/\"'", rest[1])
	if i < 0 {
		return false
	}
	end := "])}>|/\"'"[i]
	n := strings.IndexByte(rest[2:], end)
	if n < 0 {
		s.open++
		return false
	}
	body := rest[2 : 2+n]
	s.emit(stringToken, body, s.line)
	s.line += strings.Count(body, "\n")
	s.pos += 1 + 2 + n + 1
	return true
}
