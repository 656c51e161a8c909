package manifest

import "strings"

// maxExpansion bounds a recipe line after its variables are filled in, and
// maxExpanded what they may add to all lines of a file.
const (
	maxExpansion = 4 << 10
	maxExpanded  = 1 << 20
)

// makeReader reads a Makefile's rules and simple variables.
type makeReader struct {
	m      *Manifest
	vars   map[string]string
	open   []int      // scripts of the rule that is being read
	body   []string   // its recipe
	rules  []makeRule // the rules before it
	added  int        // bytes that variables have added
	define bool
}

// makeRule is a recipe and the scripts that it belongs to.
type makeRule struct {
	scripts []int
	body    string
}

// readMakefile reads explicit targets with their recipes. Variables are filled in
// where the file sets them plainly; functions, pattern rules and includes are not
// followed.
func readMakefile(m *Manifest, src string) error {
	r := makeReader{m: m, vars: make(map[string]string)}
	var joined []byte // of a line that a backslash continues
	start := 0
	eachLine(src, func(line int, text string) {
		if len(joined) == 0 {
			start = line
		}
		if head, ok := strings.CutSuffix(text, `\`); ok && len(joined) < maxCommand {
			joined = append(append(joined, strings.TrimRight(head, " \t")...), ' ')
			return
		}
		if len(joined) > 0 {
			text = string(append(joined, strings.TrimLeft(text, " \t")...))
		}
		r.line(start, text)
		joined = joined[:0]
	})
	if len(joined) > 0 {
		r.line(start, string(joined))
	}
	r.end()
	for _, rule := range r.rules {
		// Recipes see variables that are set further down.
		command := r.expandLines(rule.body)
		for _, i := range rule.scripts {
			m.Scripts[i].Command = command
		}
	}
	return nil
}

// end closes the rule that is being read.
func (r *makeReader) end() {
	if len(r.body) > 0 && len(r.open) > 0 {
		r.rules = append(r.rules, makeRule{r.open, strings.Join(r.body, "\n")})
	}
	r.open, r.body = nil, nil
}

// line reads one logical line.
func (r *makeReader) line(n int, text string) {
	if strings.HasPrefix(text, "\t") {
		r.recipe(text)
		return
	}
	if i := strings.IndexByte(text, '#'); i >= 0 && (i == 0 || text[i-1] != '\\') {
		text = text[:i]
	}
	text = strings.TrimSpace(text)
	word, _, _ := strings.Cut(text, " ")
	switch word {
	case "":
		return
	case "define":
		r.define = true
		return
	case "endef":
		r.define = false
		return
	case "ifeq", "ifneq", "ifdef", "ifndef", "else", "endif", "include", "-include", "sinclude", "vpath":
		return
	case "export", "override", "unexport":
		text = strings.TrimSpace(strings.TrimPrefix(text, word))
	}
	if r.define {
		return
	}
	if name, value, ok := makeVariable(text); ok {
		r.end()
		if _, known := r.vars[name]; !known && len(r.vars) < 10_000 {
			r.vars[name] = value[:min(len(value), maxExpansion)]
		}
		return
	}
	r.rule(n, text)
}

// makeVariable splits an assignment of any flavour.
func makeVariable(text string) (name, value string, ok bool) {
	eq := strings.IndexByte(text, '=')
	if eq <= 0 {
		return "", "", false
	}
	name = strings.TrimRight(text[:eq], ":?+! \t")
	if strings.ContainsAny(name, " \t:") {
		return "", "", false
	}
	return name, strings.TrimSpace(text[eq+1:]), true
}

// rule reads "targets: prerequisites ; command".
func (r *makeReader) rule(n int, text string) {
	r.end()
	i := strings.IndexByte(text, ':')
	if i <= 0 {
		return
	}
	targets, rest := r.expand(text[:i]), strings.TrimLeft(text[i+1:], ":")
	rest, inline, _ := strings.Cut(rest, ";")
	assigned := strings.TrimSpace(rest)
	for _, word := range [...]string{"export ", "override ", "private "} {
		assigned = strings.TrimPrefix(assigned, word)
	}
	if _, _, ok := makeVariable(assigned); ok {
		return // a variable of the target
	}
	rest, _, _ = strings.Cut(rest, "|")
	needs := strings.Fields(r.expand(rest))
	for _, t := range strings.Fields(targets) {
		if t[0] == '.' && len(t) > 1 && t[1] >= 'A' && t[1] <= 'Z' || strings.ContainsAny(t, "%$") || len(r.open) > 20 {
			continue
		}
		if i := r.m.script(t, "", n, needs...); i >= 0 {
			r.open = append(r.open, i)
		}
	}
	r.recipe(inline)
}

// recipe adds a line to the rule without the marks that are for make alone.
func (r *makeReader) recipe(text string) {
	text = strings.TrimSpace(strings.TrimLeft(text, "\t @-+"))
	if text != "" && text[0] != '#' {
		r.body = append(r.body, text)
	}
}

// expandLines fills variables into a recipe.
func (r *makeReader) expandLines(s string) string {
	if strings.IndexByte(s, '$') < 0 {
		return s
	}
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = r.expand(lines[i])
	}
	return strings.Join(lines, "\n")
}

// expand fills in $(NAME) and ${NAME}, up to a few levels and a fixed length;
// what the file does not set, functions and automatic variables stay as written.
func (r *makeReader) expand(s string) string {
	for depth := 0; depth < 5 && strings.IndexByte(s, '$') >= 0 && len(s) < maxExpansion && r.added < maxExpanded; depth++ {
		var b strings.Builder
		changed := false
		for s != "" && b.Len() < maxExpansion {
			i := strings.IndexByte(s, '$')
			if i < 0 || i+2 >= len(s) {
				break
			}
			b.WriteString(s[:i])
			s = s[i:]
			end := -1
			switch s[1] {
			case '(':
				end = strings.IndexByte(s, ')')
			case '{':
				end = strings.IndexByte(s, '}')
			case '$':
				b.WriteString("$$")
				s = s[2:]
				continue
			}
			if end > 0 {
				if v, ok := r.vars[s[2:end]]; ok {
					b.WriteString(v)
					r.added += len(v)
					s, changed = s[end+1:], true
					continue
				}
			}
			b.WriteByte('$')
			s = s[1:]
		}
		b.WriteString(s)
		s = b.String()
		if !changed {
			break
		}
	}
	return s
}

// justNeeds returns the recipes named behind the colon, without the arguments of
// those in parentheses.
func justNeeds(s string) []string {
	var out []string
	for _, part := range strings.Split(s, "(") {
		inside, rest, call := strings.Cut(part, ")")
		if !call {
			inside, rest = "", part
		}
		if w := strings.Fields(inside); len(w) > 0 {
			out = append(out, w[0])
		}
		for _, w := range strings.Fields(rest) {
			if w != "&&" {
				out = append(out, w)
			}
		}
	}
	return out
}

// readJustfile reads the recipes of just.
func readJustfile(m *Manifest, src string) error {
	current := -1
	eachLine(src, func(line int, text string) {
		trimmed := strings.TrimSpace(text)
		if trimmed == "" || trimmed[0] == '#' && text[0] == '#' {
			return
		}
		if text[0] == ' ' || text[0] == '\t' {
			if current < 0 || trimmed[0] == '#' {
				return
			}
			s := &m.Scripts[current]
			if len(s.Command) < maxCommand {
				s.Command = strings.TrimPrefix(s.Command+"\n"+strings.TrimLeft(trimmed, "@-"), "\n")
			}
			return
		}
		current = -1
		head, rest, ok := strings.Cut(trimmed, ":")
		if !ok || strings.HasPrefix(rest, "=") || trimmed[0] == '[' {
			return
		}
		words := strings.Fields(strings.TrimPrefix(head, "@"))
		if len(words) == 0 || words[0] == "set" || words[0] == "alias" || words[0] == "export" || words[0] == "import" || words[0] == "mod" {
			return
		}
		rest, _, _ = strings.Cut(rest, "#")
		current = m.script(words[0], "", line, justNeeds(rest)...)
	})
	return nil
}
