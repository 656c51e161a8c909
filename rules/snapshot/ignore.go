package snapshot

import (
	"bytes"
	"strings"
)

const (
	maxIgnoreFile     = 1 << 20 // bytes read of one .gitignore
	maxIgnorePatterns = 20_000  // patterns kept of one .gitignore
)

// decision is what a set of ignore rules says about a path.
type decision uint8

const (
	undecided decision = iota
	excluded
	included // by a negated pattern
)

// ignoreRules is one compiled .gitignore. Later patterns win over earlier ones.
type ignoreRules struct {
	base     string // folder of the .gitignore: "" or "dir/"
	fold     bool   // compare without regard to ASCII case
	patterns []ignorePattern
	names    map[string]lastPattern // patterns that are one plain name
	paths    map[string]lastPattern // patterns that are one plain path
	globs    []int                  // positions of all other patterns, ascending
}

// ignorePattern is one line of a .gitignore.
type ignorePattern struct {
	negated bool
	dirOnly bool
	suffix  string   // of "*.class": ".class"; "" for other shapes
	prefix  string   // of "docs/api**/x": "docs/api", see literalPrefix
	parts   []string // the pattern, behind the prefix, split at its slashes
	byName  bool     // no slash: compared with the last part of a path, at any depth
}

// lastPattern holds the positions, counted from 1, of the last pattern for a name; 0 means none.
type lastPattern struct{ any, dir int }

// parseIgnore compiles the text of a .gitignore that stands in the folder base ("" or "dir/"). The second
// result is false when there are more patterns than are read. Lines that can never match are dropped.
func parseIgnore(text []byte, base string, fold bool) (*ignoreRules, bool) {
	r := &ignoreRules{base: base, fold: fold}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	for len(text) > 0 {
		var line []byte
		line, text, _ = bytes.Cut(text, []byte("\n"))
		line = bytes.TrimSuffix(line, []byte("\r"))
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		if len(r.patterns) == maxIgnorePatterns {
			return r, false
		}
		r.add(trimTrailingSpaces(string(line)))
	}
	return r, true
}

// trimTrailingSpaces drops the spaces at the end of a line, except one that a backslash protects.
func trimTrailingSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		if line[i] == '\\' && i+1 < len(line) {
			i++
			end = i + 1
		} else if line[i] != ' ' {
			end = i + 1
		}
	}
	return line[:end]
}

// add compiles one line and files it under the quickest way to find it again.
func (r *ignoreRules) add(line string) {
	var p ignorePattern
	line, p.negated = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.byName = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if r.fold {
		line = foldASCII(line)
	}
	if !p.byName {
		p.prefix = literalPrefix(line)
	}
	parts, ok := splitPattern(line[len(p.prefix):])
	if !ok {
		return
	}
	p.parts = parts
	position := len(r.patterns) + 1
	switch plain := !strings.ContainsAny(line, `*?[\`); {
	case plain && p.byName:
		r.names = remember(r.names, line, position, p.dirOnly)
	case plain:
		r.paths = remember(r.paths, line, position, p.dirOnly)
	default:
		if rest := line[1:]; p.byName && line[0] == '*' && rest != "" && !strings.ContainsAny(rest, `*?[\`) {
			p.suffix = rest
		}
		r.globs = append(r.globs, position-1)
	}
	r.patterns = append(r.patterns, p)
}

func remember(m map[string]lastPattern, key string, position int, dirOnly bool) map[string]lastPattern {
	if m == nil {
		m = make(map[string]lastPattern)
	}
	last := m[key]
	last.dir = position
	if !dirOnly {
		last.any = position
	}
	m[key] = last
	return m
}

// literalPrefix returns what stands before two stars that end a part, where all of it is plain. Git compares
// that beginning first and then takes the stars as if they began the pattern, so that they cross slashes.
func literalPrefix(line string) string {
	n := strings.IndexAny(line, `*?[\`)
	if n < 0 {
		return ""
	}
	part, _, _ := strings.Cut(line[n:], "/")
	if !isDoubleStar(part) {
		return ""
	}
	return line[:n]
}

// splitPattern splits at the slashes that are not inside a bracket expression. It reports false for a
// pattern that can match nothing: an empty part, an unclosed bracket, a backslash at the end.
func splitPattern(p string) ([]string, bool) {
	var parts []string
	start := 0
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '\\':
			if i+1 == len(p) {
				return nil, false
			}
			if p[i+1] == '/' { // an escaped slash is a slash
				parts = append(parts, p[start:i])
				start = i + 2
			}
			i++
		case '[':
			_, n := matchClass(p[i:], 0)
			if n == 0 {
				return nil, false
			}
			i += n - 1
		case '/':
			parts = append(parts, p[start:i])
			start = i + 1
		}
	}
	parts = append(parts, p[start:])
	for _, part := range parts {
		if part == "" {
			return nil, false
		}
	}
	return parts, true
}

// match says what the rules decide about path (relative to the repository, below r.base), whose last part is
// name. The second result is the number of patterns that were tried one by one.
func (r *ignoreRules) match(path, name string, dir bool) (decision, int) {
	rel := path[len(r.base):]
	if r.fold {
		rel, name = foldASCII(rel), foldASCII(name)
	}
	best := max(pick(r.names, name, dir), pick(r.paths, rel, dir))
	tried := 0
	for i := len(r.globs) - 1; i >= 0 && r.globs[i] >= best; i-- {
		tried++
		p := &r.patterns[r.globs[i]]
		if p.matches(rel, name, dir) {
			best = r.globs[i] + 1
			break
		}
	}
	switch {
	case best == 0:
		return undecided, tried
	case r.patterns[best-1].negated:
		return included, tried
	default:
		return excluded, tried
	}
}

func pick(m map[string]lastPattern, key string, dir bool) int {
	last := m[key]
	if dir {
		return last.dir
	}
	return last.any
}

func (p *ignorePattern) matches(rel, name string, dir bool) bool {
	switch {
	case p.dirOnly && !dir:
		return false
	case p.suffix != "":
		return strings.HasSuffix(name, p.suffix)
	case p.byName:
		return matchPart(p.parts[0], name)
	default:
		rest, ok := strings.CutPrefix(rel, p.prefix)
		return ok && matchParts(p.parts, rest)
	}
}

// matchParts matches a path with a pattern part by part; a part of two or more stars stands for any number
// of folders, at the end for at least one part. It backtracks to the latest such part only, which is enough
// and keeps the time within the product of both lengths.
func matchParts(parts []string, path string) bool {
	rest, more := path, true // more: a part of path is left, be it the empty one
	i, star, starRest := 0, -1, ""
	for {
		if i == len(parts) && !more {
			return true
		}
		if i < len(parts) && isDoubleStar(parts[i]) {
			if i == len(parts)-1 {
				return more
			}
			star, starRest = i, rest
			i++
			continue
		}
		if !more {
			return false
		}
		if i < len(parts) {
			part, next, cut := strings.Cut(rest, "/")
			if matchPart(parts[i], part) {
				i, rest, more = i+1, next, cut
				continue
			}
		}
		if star < 0 {
			return false
		}
		if _, starRest, more = strings.Cut(starRest, "/"); !more {
			return false
		}
		i, rest = star+1, starRest
	}
}

func isDoubleStar(part string) bool {
	return len(part) >= 2 && part[0] == '*' && strings.Trim(part, "*") == ""
}

// matchPart matches one part of a path, which holds no slash, with a shell pattern.
func matchPart(p, s string) bool {
	pi, si := 0, 0
	star, starS := -1, 0
	for si < len(s) {
		if pi < len(p) && p[pi] == '*' {
			star, starS = pi, si
			pi++
			continue
		}
		if pi < len(p) {
			if n := matchOne(p[pi:], s[si]); n > 0 {
				pi, si = pi+n, si+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		starS++
		pi, si = star+1, starS
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// matchOne returns how many bytes of p it took to match c; 0 for no match. p does not start with a star.
func matchOne(p string, c byte) int {
	switch p[0] {
	case '?':
		return 1
	case '[':
		if ok, n := matchClass(p, c); ok {
			return n
		}
		return 0
	case '\\':
		if len(p) > 1 && p[1] == c {
			return 2
		}
		return 0
	default:
		if p[0] == c {
			return 1
		}
		return 0
	}
}

// matchClass matches c with the bracket expression at the start of p. n is its length, 0 when it is not a
// valid one.
func matchClass(p string, c byte) (ok bool, n int) {
	i := 1
	negated := i < len(p) && (p[i] == '!' || p[i] == '^')
	if negated {
		i++
	}
	var prev byte // the character before, when a range may start from it
	for first := true; ; first = false {
		if i >= len(p) {
			return false, 0
		}
		ch := p[i]
		switch {
		case ch == ']' && !first:
			return ok != negated, i + 1
		case ch == '-' && prev != 0 && i+1 < len(p) && p[i+1] != ']':
			i++
			if p[i] == '\\' {
				if i++; i >= len(p) {
					return false, 0
				}
			}
			if prev <= c && c <= p[i] {
				ok = true
			}
			ch = 0
		case ch == '\\':
			if i++; i >= len(p) {
				return false, 0
			}
			ch = p[i]
			ok = ok || c == ch
		case ch == '[' && i+1 < len(p) && p[i+1] == ':':
			end := strings.IndexByte(p[i+2:], ']')
			if end < 0 {
				return false, 0
			}
			name, named := strings.CutSuffix(p[i+2:i+2+end], ":")
			if !named { // no ":]": an ordinary bracket in the set
				ok = ok || c == '['
				break
			}
			in, known := inNamedClass(name, c)
			if !known {
				return false, 0
			}
			ok = ok || in
			i += 2 + end
			ch = 0
		default:
			ok = ok || c == ch
		}
		prev = ch
		i++
	}
}

// inNamedClass reports whether c belongs to [:name:], and whether there is such a class.
func inNamedClass(name string, c byte) (in, known bool) {
	digit := c >= '0' && c <= '9'
	lower := c >= 'a' && c <= 'z'
	upper := c >= 'A' && c <= 'Z'
	graph := c > ' ' && c < 0x7f
	switch name {
	case "alnum":
		return digit || lower || upper, true
	case "alpha":
		return lower || upper, true
	case "blank":
		return c == ' ' || c == '\t', true
	case "cntrl":
		return c < ' ' || c == 0x7f, true
	case "digit":
		return digit, true
	case "graph":
		return graph, true
	case "lower":
		return lower, true
	case "print":
		return graph || c == ' ', true
	case "punct":
		return graph && !digit && !lower && !upper, true
	case "space":
		return c == ' ' || c >= '\t' && c <= '\r', true
	case "upper":
		return upper, true
	case "xdigit":
		return digit || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F', true
	default:
		return false, false
	}
}

// foldASCII lowers the ASCII letters of s; all other bytes stay.
func foldASCII(s string) string {
	for i := 0; i < len(s); i++ {
		if s[i] >= 'A' && s[i] <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if b[i] >= 'A' && b[i] <= 'Z' {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}
