package facts

import (
	"bytes"
	"strconv"
	"strings"

	"milepost/rules/lex"
)

// Kinds of the git step.
const (
	// KindIgnore is a rule of a .gitignore. Name "rules": Value is how many there are. Otherwise Name is what is ignored (node_modules,
	// bytecode, venv, target, build, class, bin, obj, vendor, out) and Value the rule.
	KindIgnore Kind = "ignore"
	// KindConflict is a leftover marker of a merge conflict: Name "block" for a whole one, "marker" for a lone line.
	KindConflict Kind = "conflict"
)

// anyLanguage is the set of all languages and of text in none.
var anyLanguage = langSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

var gitScanners = []scanner{
	{langs: anyLanguage, view: Text, triggers: []string{"<<<<<<< ", ">>>>>>> "}, scan: scanConflict},
	tokenScanner, keyScanner, literalScanner, callScanner, addressScanner, sourceNameScanner,
}

var gitDocuments = []document{
	{applies: isReadme, scan: scanReadme},
	{applies: func(_, base string) bool { return base == ".gitignore" }, scan: scanIgnore},
	{applies: isEnvFile, scan: scanEnvFile},
	{applies: isKeyFile, scan: scanKeyFile},
}

// ignored are what the main ecosystems litter a folder with, and names that stand for each.
var ignored = []struct {
	name  string
	paths []string
}{
	{"node_modules", []string{"node_modules"}},
	{"bytecode", []string{"a.pyc", "__pycache__"}},
	{"venv", []string{"venv", ".venv", "env", ".env", "virtualenv"}},
	{"target", []string{"target"}},
	{"build", []string{"build"}},
	{"class", []string{"a.class"}},
	{"bin", []string{"bin"}},
	{"obj", []string{"obj"}},
	{"out", []string{"out"}},
	{"vendor", []string{"vendor"}},
	{"everything", []string{"qzqzq"}}, // only a rule for all names ignores it
}

func scanIgnore(s *Source) {
	count := 0
	for i, l := range bytes.Split(s.Raw[:min(len(s.Raw), 64<<10)], []byte{'\n'}) {
		rule := strings.TrimSpace(string(l))
		if rule == "" || rule[0] == '#' || rule[0] == '!' || rule == "/" {
			continue
		}
		count++
		name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(rule, "/*.*"), "/**"), "/*"), "/")
		last := name[strings.LastIndexByte(name, '/')+1:]
		for _, g := range ignored {
			for _, p := range g.paths {
				if p == ".env" && !strings.HasSuffix(rule, "/") { // the file of that name is something else
					continue
				}
				if globName(last, p) {
					s.Emit(Fact{Kind: KindIgnore, Name: g.name, Value: rule, Line: i + 1})
					break
				}
			}
		}
	}
	s.Emit(Fact{Kind: KindIgnore, Name: "rules", Value: strconv.Itoa(count)})
}

// globName matches one name of a path against a rule's last part: *, ? and classes.
func globName(glob, name string) bool {
	if len(glob) > 64 || strings.Count(glob, "*") > 4 {
		return false
	}
	for glob != "" {
		switch glob[0] {
		case '*':
			for glob != "" && glob[0] == '*' {
				glob = glob[1:]
			}
			for i := 0; i <= len(name); i++ {
				if globName(glob, name[i:]) {
					return true
				}
			}
			return false
		case '[':
			end := strings.IndexByte(glob, ']')
			if end < 0 || name == "" || !strings.Contains(glob[1:end], name[:1]) {
				return false
			}
			glob, name = glob[end+1:], name[1:]
			continue
		case '\\':
			glob = glob[1:]
			if glob == "" {
				return false
			}
		case '?':
			if name == "" {
				return false
			}
			glob, name = glob[1:], name[1:]
			continue
		}
		if name == "" || glob[0] != name[0] {
			return false
		}
		glob, name = glob[1:], name[1:]
	}
	return name == ""
}

// scanConflict looks at a line that starts with seven marks and a name.
func scanConflict(s *Source, off int) {
	if off > 0 && s.Raw[off-1] != '\n' {
		return
	}
	tries := countKey{KindConflict, "tries"} // each try may read to the end
	if s.counts[tries] > 2*maxFactsPerKind {
		return
	}
	s.counts[tries]++
	name := bytes.TrimSpace(s.Between(Text, off+8, s.LineEnd(off, 0)))
	if len(name) == 0 || len(name) > 120 || name[0] == '<' || name[0] == '>' {
		return
	}
	if s.Lang == lex.Markdown && fenced(s.Raw[:off]) {
		return
	}
	line := s.LineOf(off)
	if s.Raw[off] == '<' {
		rest := s.Raw[off:]
		mid := bytes.Index(rest, []byte("\n======="))
		if mid < 0 {
			s.Emit(Fact{Kind: KindConflict, Name: "marker", Line: line})
			return
		}
		if end := bytes.Index(rest[mid:], []byte("\n>>>>>>>")); end >= 0 {
			s.Emit(Fact{Kind: KindConflict, Name: "block", Line: line, End: s.LineOf(off + mid + end + 1)})
			return
		}
	}
	s.Emit(Fact{Kind: KindConflict, Name: "marker", Line: line})
}

// fenced reports whether a place of a Markdown text, of which before is what comes before it, stands in a code block.
func fenced(before []byte) bool {
	n := bytes.Count(before, []byte("\n```")) + bytes.Count(before, []byte("\n~~~"))
	if bytes.HasPrefix(before, []byte("```")) {
		n++
	}
	return n%2 == 1
}
