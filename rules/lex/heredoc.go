package lex

// heredoc is one that is begun and whose body starts on the next line.
type heredoc struct {
	from, end int // the identifier in the source
	indented  bool
	plain     bool // holds no interpolations
}

// heredocBegin reads the operator << of Ruby and shells at i. It begins a
// heredoc when an identifier follows and ends it on a line of its own.
func (s *splitter) heredocBegin(i int) int {
	shell := s.syn.kind == kindShell
	at := i + 2
	if shell && s.at(at) == '<' {
		return i + 3
	}
	var h heredoc
	switch s.at(at) {
	case '-':
		h.indented = true
		at++
	case '~':
		h.indented = !shell
		at += boolInt(!shell)
	}
	for shell && (s.at(at) == ' ' || s.at(at) == '\t') && at-i < 16 {
		at++
	}
	quote := s.at(at)
	bare := false
	switch {
	case quote == '"' || quote == '\'' || quote == '`' && !shell:
		at++
		h.plain = quote == '\''
	case shell && quote == '\\':
		at++
		h.plain, bare = true, true
	default:
		bare = true
	}
	h.from = at
	for h.end = at; h.end-at < 128; h.end++ {
		if c := s.at(h.end); !isWord(c) && (bare || c == quote || c == '\n' || c == 0) {
			break
		}
	}
	after := h.end
	if !bare {
		after++
	}
	switch {
	case h.end == h.from || bare && isDigit(s.src[h.from]) || !bare && s.at(h.end) != quote:
		return i + 2
	case !shell && bare && !h.indented && (s.src[h.from] < 'A' || s.src[h.from] > '_' || isWord(s.before(i)) || s.before(i) == ')' || s.before(i) == ']'):
		return i + 2 // a shift, or class << self
	case s.pending == maxHeredocs:
		return i + 2
	}
	if s.budget <= 0 {
		return i + 2
	}
	body := s.lineEnd(after)
	s.budget -= body - after
	if end, _ := s.heredocEnd(body+1, h, false); end < 0 {
		return i + 2
	}
	s.due[s.pending] = h
	s.pending++
	return after
}

// heredocs reads the bodies due after the newline at i.
func (s *splitter) heredocs(i int) int {
	i++
	due := s.due
	count := s.pending
	s.pending = 0
	for _, h := range due[:count] {
		at, next := s.heredocEnd(i, h, false)
		if at < 0 {
			break
		}
		f := escapes | multiline
		switch {
		case h.plain:
			f = multiline
		case s.syn.kind == kindRuby:
			f |= hashed
		}
		s.body(i, at, f)
		i = next
	}
	return i
}

// body reads [i, end) as the contents of a string.
func (s *splitter) body(i, end int, f form) {
	n := s.n
	s.n = end
	s.str(i, 0, 0, 0, f)
	s.n = n
}

// heredocEnd returns where the line that ends h begins, from i on, and what
// follows its identifier; -1 when there is none. With loose, code may follow on
// the line.
func (s *splitter) heredocEnd(i int, h heredoc, loose bool) (at, next int) {
	id := s.src[h.from:h.end]
	for from := i; ; {
		j := s.find(from, id)
		if j < 0 {
			return -1, -1
		}
		next = j + len(id)
		from = next
		switch after := s.at(next); {
		case next >= s.n || after == '\n' || after == '\r':
		case loose && !isWord(after):
		default:
			continue
		}
		line := j
		for h.indented && line > i && (s.src[line-1] == ' ' || s.src[line-1] == '\t') {
			line--
		}
		if line == i || s.src[line-1] == '\n' {
			return line, next
		}
	}
}

// phpHeredoc reads the heredoc or nowdoc at i.
func (s *splitter) phpHeredoc(i int) int {
	at := i + 3
	for (s.at(at) == ' ' || s.at(at) == '\t') && at-i < 16 {
		at++
	}
	quote := s.at(at)
	if quote == '"' || quote == '\'' {
		at++
	} else {
		quote = 0
	}
	h := heredoc{from: at, end: at, indented: true}
	for h.end-at < 128 && isWord(s.at(h.end)) {
		h.end++
	}
	if h.end == at || quote != 0 && s.at(h.end) != quote {
		return i + 3
	}
	body := h.end + boolInt(quote != 0)
	if s.at(body) == '\r' {
		body++
	}
	if s.at(body) != '\n' {
		return i + 3
	}
	end, next := s.heredocEnd(body+1, h, true)
	if end < 0 {
		return i + 3
	}
	f := escapes | multiline | phpBrace
	if quote == '\'' {
		f = multiline
	}
	s.body(body+1, end, f)
	return next
}

// luaLong reads the long string at i, such as [[text]] or [==[text]==].
func (s *splitter) luaLong(i int) int {
	end := s.luaLongEnd(i)
	if end < 0 {
		return i + 1
	}
	width := 2
	for s.src[i+width-1] == '=' {
		width++
	}
	s.asString(i+width, end-width)
	return end
}

// luaLongEnd returns what follows the long bracket that opens at i, -1 when none does.
func (s *splitter) luaLongEnd(i int) int {
	var buf [24]byte
	mark := append(buf[:0], ']')
	at := i + 1
	for s.at(at) == '=' && at-i < 20 {
		mark = append(mark, '=')
		at++
	}
	if s.at(at) != '[' {
		return -1
	}
	mark = append(mark, ']')
	j := s.find(at+1, mark)
	if j < 0 {
		return -1
	}
	return j + len(mark)
}
