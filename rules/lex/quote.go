package lex

// form says how a string is read.
type form uint16

const (
	escapes    form = 1 << iota // a backslash takes the next byte with it
	multiline                   // may hold newlines; others end at one
	continues                   // a backslash before a newline continues it
	doubled                     // the quote written twice is a quote
	dollar                      // ${ } holds code
	hashed                      // #{ } holds code
	fields                      // { } holds code, {{ does not
	phpBrace                    // {$ } holds code
	swiftParen                  // \( ) holds code
	shellParen                  // $( ) holds code
	lastQuotes                  // of more quotes than close it, the last do
)

// Bits of the bytes a string may have to be looked at for.
const (
	bitDouble = 1 << iota
	bitSingle
	bitBack
	bitSlash
	bitNewline
	bitDollar
	bitHash
	bitBrace
)

var stringBits = [256]uint8{
	'"': bitDouble, '\'': bitSingle, '`': bitBack, '\\': bitSlash,
	'\n': bitNewline, '$': bitDollar, '#': bitHash, '{': bitBrace,
}

// mask returns the bits to stop at in a string of the form.
func (f form) mask(quote byte) uint8 {
	m := stringBits[quote]
	if f&(escapes|swiftParen) != 0 {
		m |= bitSlash
	}
	if f&multiline == 0 {
		m |= bitNewline
	}
	if f&(dollar|shellParen) != 0 {
		m |= bitDollar
	}
	if f&hashed != 0 {
		m |= bitHash
	}
	if f&(fields|phpBrace) != 0 {
		m |= bitBrace
	}
	return m
}

// str reads the contents of a string from i on, after the quotes that open it,
// to the count quotes that close it, and returns what follows them. Quote 0
// reads to the end. Width is the number of braces that open a field.
func (s *splitter) str(i int, quote byte, count, width int, f form) int {
	m := f.mask(quote)
	from := i
	for {
		src := s.src[:s.n]
		for i < len(src) && stringBits[src[i]]&m == 0 {
			i++
		}
		if i >= len(src) {
			s.asString(from, s.n)
			return s.n
		}
		c := src[i]
		switch {
		case c == quote && c != 0:
			run := 1
			if count > 1 || f&doubled != 0 {
				for s.at(i+run) == quote && run < count+8 {
					run++
				}
			}
			if run < count {
				i += run
				continue
			}
			if f&doubled != 0 && run > 1 {
				i += 2
				continue
			}
			if f&lastQuotes != 0 {
				i += run - count
			}
			s.asString(from, i)
			return i + count
		case c == '\n':
			s.asString(from, i)
			return i
		case c == '\\':
			if f&swiftParen != 0 && s.at(i+1) == '(' && s.depth < maxDepth {
				s.asString(from, i)
				i = s.interpolation(i + 2)
				from = i
				continue
			}
			i = s.escape(i, f)
		default:
			open, next := s.opens(i, c, width, f)
			if !open || s.depth >= maxDepth {
				i = next
				continue
			}
			if f&fields != 0 {
				s.asString(from, next-width)
				i = s.field(next, width, f&multiline != 0)
			} else {
				s.asString(from, i)
				i = s.interpolation(next)
			}
			from = i
		}
	}
}

// escape returns what follows the backslash at i and the byte it takes.
func (s *splitter) escape(i int, f form) int {
	if f&escapes == 0 || f&fields != 0 && s.at(i+1) == '{' {
		return i + 1
	}
	if f&fields != 0 && s.has(i+1, "N{") {
		return i + 3 // \N{NAME}
	}
	next := i + 1
	if s.at(next) == '\r' && s.at(next+1) == '\n' {
		next++
	}
	if s.at(next) == '\n' && f&(multiline|continues) == 0 {
		return next
	}
	return min(next+1, s.n)
}

// opens reports whether the byte c at i opens an interpolation, and where to go on.
func (s *splitter) opens(i int, c byte, width int, f form) (open bool, next int) {
	after := s.at(i + 1)
	switch c {
	case '$':
		if f&dollar != 0 && after == '$' && s.syn.kind == kindScala {
			return false, i + 2
		}
		return f&dollar != 0 && after == '{' || f&shellParen != 0 && after == '(', i + boolInt(after == '{' || after == '(') + 1
	case '#':
		return after == '{', i + 1 + boolInt(after == '{')
	case '{':
		if f&phpBrace != 0 {
			return after == '$', i + 1
		}
		run := 1
		for s.at(i+run) == '{' {
			run++
		}
		switch {
		case width > 1:
			return run >= width, i + run
		case run == 1:
			return true, i + 1
		case run%2 == 0:
			return false, i + run
		}
		return true, i + run
	}
	return false, i + 1
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// interpolation reads code from i on to the bracket that closes it and returns what follows.
func (s *splitter) interpolation(i int) int {
	s.depth++
	i = s.scan(i, true)
	s.depth--
	return min(i+1, s.n)
}

// field reads a replacement field of Python or C# from i on, after its brace, to
// the brace that closes it. A format after ':' is string. Where the string ends
// at a newline, so does the field.
func (s *splitter) field(i, width int, multi bool) int {
	s.depth++
	i = s.fieldEnd(i, width, multi)
	s.depth--
	return i
}

func (s *splitter) fieldEnd(i, width int, multi bool) int {
	level := 0
	for i < s.n {
		switch c := s.src[i]; c {
		case '\n':
			if !multi {
				return i
			}
			i++
		case '(', '[', '{':
			level++
			i++
		case ')', ']':
			level--
			i++
		case '}':
			if level <= 0 {
				return min(i+width, s.n)
			}
			level--
			i++
		case '"', '\'':
			i = s.quote(i, c)
		case '#':
			if s.syn.kind != kindPython || !multi {
				i++
				continue
			}
			i = s.lineComment(i)
		case ':':
			if level > 0 || s.at(i+1) == ':' || s.before(i) == ':' {
				i++
				continue
			}
			i = s.format(i+1, multi)
		default:
			i++
		}
	}
	return s.n
}

// format reads the format of a field, with fields of its own, to the brace or
// newline that ends it, which is left.
func (s *splitter) format(i int, multi bool) int {
	from := i
	for i < s.n {
		switch c := s.src[i]; {
		case c == '}', c == '\n' && !multi:
			s.asString(from, i)
			return i
		case c == '{' && s.depth < maxDepth:
			s.asString(from, i)
			i = s.field(i+1, 1, multi)
			from = i
		default:
			i++
		}
	}
	s.asString(from, s.n)
	return s.n
}

// quote reads what the quote q at i begins.
func (s *splitter) quote(i int, q byte) int { //nolint:funlen // a case for each language
	triple := s.at(i+1) == q && s.at(i+2) == q
	switch s.syn.kind {
	case kindJS:
		if q == '`' {
			return s.str(i+1, q, 1, 0, escapes|multiline|dollar)
		}
		return s.str(i+1, q, 1, 0, escapes|continues)
	case kindPython:
		return s.pyQuote(i, q, triple)
	case kindC:
		return s.cQuote(i, q)
	case kindJava:
		if triple && q == '"' {
			return s.str(i+3, q, 3, 0, escapes|multiline)
		}
	case kindGo:
		if q == '`' {
			return s.str(i+1, q, 1, 0, multiline)
		}
	case kindKotlin, kindScala:
		return s.jvmQuote(i, q, triple)
	case kindGroovy, kindDart:
		return s.dartQuote(i, q, triple)
	case kindCSharp:
		if q == '"' {
			return s.sharpQuote(i)
		}
	case kindFSharp:
		return s.fsharpQuote(i, q, triple)
	case kindRuby:
		return s.rubyQuote(i, q)
	case kindElixir:
		return s.elixirQuote(i, q, triple)
	case kindPHP:
		if q == '\'' {
			return s.str(i+1, q, 1, 0, escapes|multiline)
		}
		return s.str(i+1, q, 1, 0, escapes|multiline|phpBrace)
	case kindRust:
		return s.rustQuote(i, q)
	case kindSwift:
		return s.swiftQuote(i, q, triple)
	case kindHaskell, kindOCaml:
		if q == '\'' {
			return s.charOrTick(i)
		}
		return s.str(i+1, q, 1, 0, escapes|multiline)
	case kindClojure, kindErlang:
		return s.str(i+1, q, 1, 0, escapes|multiline)
	case kindLua:
		return s.str(i+1, q, 1, 0, escapes|continues)
	case kindHash:
		if triple {
			return s.str(i+3, q, 3, 0, escapes|multiline)
		}
		if q == '\'' && isWord(s.before(i)) {
			return i + 1 // a transpose in Julia, an old package separator in Perl
		}
	case kindVisualBasic:
		if q == '\'' {
			return s.lineComment(i)
		}
		return s.str(i+1, q, 1, 0, doubled)
	case kindSQL:
		return s.sqlQuote(i, q)
	case kindShell:
		return s.shellQuote(i, q)
	case kindPowerShell:
		return s.str(i+1, q, 1, 0, multiline|doubled)
	case kindHCL:
		return s.str(i+1, q, 1, 0, escapes|dollar)
	case kindCSS, kindSCSS, kindJSON, kindData:
		return s.value(i, q, triple)
	}
	return s.str(i+1, q, 1, 0, escapes)
}
