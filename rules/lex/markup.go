package lex

import (
	"bytes"
	"strings"
)

// php reads a file of PHP from i on: what is between <?php and ?> is code.
func (s *splitter) php(i int) {
	for i < s.n {
		at := bytes.Index(s.src[i:s.n], []byte("<?"))
		if at < 0 {
			break
		}
		s.asMarkup(i, i+at)
		i += at
		switch {
		case s.hasFold(i, "<?php"):
			i += len("<?php")
		case s.at(i+2) == '=' || isSpace(s.at(i+2)):
			i += len("<?=")
		default: // <?xml
			s.asMarkup(i, i+2)
			i += 2
			continue
		}
		i = s.scan(i, false)
		if i < s.n {
			i += len("?>")
		}
	}
	s.asMarkup(i, s.n)
}

// markup reads a file of HTML, of a single-file component or of a template from
// i on: scripts and what is between <% and %> are code, all else is markup.
func (s *splitter) markup(i int) {
	own := s.syn
	from := i
	for i < s.n {
		j := bytes.IndexByte(s.src[i:s.n], '<')
		if j < 0 {
			break
		}
		i += j
		switch {
		case s.has(i, "<!--"):
			s.asMarkup(from, i)
			i = s.blockComment(i, "-->")
			from = i
		case own.kind != kindMarkup && s.at(i+1) == '%':
			s.asMarkup(from, i)
			i = s.template(i, own)
			from = i
		case s.hasFold(i, "<script") && !isWord(s.at(i+len("<script"))):
			start, syn := s.scriptTag(i)
			s.asMarkup(from, start)
			i = s.script(start, syn)
			from = i
		default:
			i++
		}
	}
	s.asMarkup(from, s.n)
}

// template reads the code between the <% at i and the next %>.
func (s *splitter) template(i int, own *syntax) int {
	end, next := s.n, s.n
	if j := bytes.Index(s.src[i:s.n], []byte("%>")); j >= 0 {
		end, next = i+j, i+j+2
	}
	start := i + 2
	if s.at(start) == '#' {
		s.asComment(i, next)
		return next
	}
	for start < end && strings.IndexByte("=-_%", s.src[start]) >= 0 {
		start++
	}
	s.asMarkup(i, start)
	syn := &syntaxes[kindRuby]
	if own.kind == kindEJS {
		syn = &syntaxes[kindJS]
	}
	s.embedded(start, end, syn)
	s.asMarkup(end, next)
	return next
}

// scriptTag returns what follows the script tag at i and the syntax of what it
// holds, nil when that is data.
func (s *splitter) scriptTag(i int) (int, *syntax) {
	end := i + 1
	for end < s.n && s.src[end] != '>' {
		if q := s.src[end]; q == '"' || q == '\'' {
			const longestValue = 512
			if j := bytes.IndexByte(s.src[end+1:min(end+1+longestValue, s.n)], q); j >= 0 {
				end += j + 1
			}
		}
		end++
	}
	end = min(end+1, s.n)
	const longestTag = 1024
	tag := s.src[i:min(end, i+longestTag)]
	for _, data := range []string{"json", "template", "x-handlebars", "markdown", "shader"} {
		if bytes.Contains(tag, []byte(data)) {
			return end, nil
		}
	}
	return end, &syntaxes[kindJS]
}

// script reads what is from i on to the end tag of a script, and returns where that is.
func (s *splitter) script(i int, syn *syntax) int {
	end := s.n
	for from := i; from < s.n; {
		j := bytes.Index(s.src[from:s.n], []byte("</"))
		if j < 0 {
			break
		}
		from += j
		if s.hasFold(from, "</script") {
			end = from
			break
		}
		from += 2
	}
	if syn == nil {
		s.asMarkup(i, end)
		return end
	}
	s.embedded(i, end, syn)
	return end
}

// embedded reads [i, end) as code of another syntax.
func (s *splitter) embedded(i, end int, syn *syntax) {
	n, own := s.n, s.syn
	s.n, s.syn, s.pending = end, syn, 0
	s.scan(i, false)
	s.n, s.syn, s.pending = n, own, 0
}

func (s *splitter) hasFold(i int, lower string) bool {
	if i+len(lower) > s.n {
		return false
	}
	for k := range len(lower) {
		c := s.src[i+k]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != lower[k] {
			return false
		}
	}
	return true
}
