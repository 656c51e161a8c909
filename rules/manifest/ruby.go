package manifest

import "strings"

// rubyOpens reports whether a line opens a block that an "end" closes.
func rubyOpens(l []token) bool {
	if l[0].word("if", "unless", "case", "begin", "def", "class", "module", "while", "until", "for") {
		return !l[len(l)-1].word("end")
	}
	for i, t := range l {
		if t.word("do") && (i == 0 || !l[i-1].is(':')) {
			return !l[len(l)-1].word("end")
		}
		if i > 0 && l[i-1].is('=') && t.word("if", "case", "begin", "unless") {
			return true
		}
	}
	return false
}

// readGemfile reads a Gemfile with its groups. Fields: "ruby" (the version asked for).
func readGemfile(m *Manifest, src string) error {
	scopes := []Scope{Runtime}
	for _, l := range logicalLines(tokenize(src, ruby)) {
		scope := scopes[len(scopes)-1]
		switch {
		case l[0].word("end"):
			if len(scopes) > 1 {
				scopes = scopes[:len(scopes)-1]
			}
			continue
		case l[0].word("gem"):
			gemLine(m, l, scope)
		case l[0].word("group") && len(l) > 1:
			scope = groupScope(rubySymbols(l[1:]), scope)
			for i := range l { // group(:test) { gem "rspec" }
				if l[i].word("gem") {
					gemLine(m, l[i:], scope)
				}
			}
		case l[0].word("ruby"):
			if v := literals(l); len(v) > 0 {
				m.field("ruby", v[0])
			}
		case l[0].word("eval_gemfile"):
			if v := literals(l); len(v) > 0 {
				m.include(v[0], l[0].line)
			}
		}
		if rubyOpens(l) {
			scopes = append(scopes, scope)
		}
	}
	return nil
}

// gemLine reads gem "name", "version", group: :test.
func gemLine(m *Manifest, l []token, scope Scope) {
	var args []string
	i := 1
	for ; i < len(l) && (l[i].kind == stringToken || l[i].is(',') || l[i].is('(')); i++ {
		if l[i].kind == stringToken {
			if i+1 < len(l) && l[i+1].is(':') { // "group": :test
				break
			}
			args = append(args, l[i].text)
		}
	}
	if len(args) == 0 {
		return
	}
	for ; i < len(l); i++ {
		if l[i].word("group", "groups") {
			end := i + 1
			for end < len(l) && !rubyKey(l, end) {
				end++
			}
			scope = groupScope(rubySymbols(l[i+1:end]), scope)
		}
	}
	m.depend(args[0], strings.Join(args[1:], ", "), scope, l[0].line)
}

// rubyKey reports whether a hash key other than the first stands at i.
func rubyKey(l []token, i int) bool {
	if l[i].kind != wordToken || i+1 >= len(l) {
		return false
	}
	return l[i+1].is(':') && !l[i+1].spaced && !l[i-1].is(':') || l[i+1].is('=') && i+2 < len(l) && l[i+2].is('>')
}

// rubySymbols returns the symbols and strings among tokens.
func rubySymbols(l []token) []string {
	var out []string
	for i, t := range l {
		if t.kind == stringToken || t.kind == wordToken && i > 0 && l[i-1].is(':') {
			out = append(out, t.text)
		}
	}
	return out
}

// groupScope tells what a gem in these groups is for.
func groupScope(groups []string, outer Scope) Scope {
	test, dev := false, false
	for _, g := range groups {
		switch strings.ToLower(g) {
		case "test":
			test = true
		case "development", "dev", "lint", "doc", "docs", "tools", "ci", "debug":
			dev = true
		case "default", "production", "staging", "assets", "api", "web":
			return Runtime
		default:
			if !strings.Contains(strings.ToLower(g), "test") {
				return outer
			}
			test = true
		}
	}
	switch {
	case dev:
		return Dev
	case test:
		return Test
	}
	return outer
}

// readGemspec reads the dependencies of a gem.
func readGemspec(m *Manifest, src string) error {
	for _, l := range logicalLines(tokenize(src, ruby)) {
		v := literals(l)
		if len(l) < 3 || len(v) == 0 || !l[1].is('.') {
			continue
		}
		switch l[2].text {
		case "add_dependency", "add_runtime_dependency":
			m.depend(v[0], strings.Join(v[1:], ", "), Runtime, l[0].line)
		case "add_development_dependency":
			m.depend(v[0], strings.Join(v[1:], ", "), Dev, l[0].line)
		case "name":
			m.Name = v[0]
		case "version":
			m.Version = v[0]
		}
	}
	return nil
}

// readRakefile reads tasks by their full name; the command is the body, where "sh"
// lines are shown as what they run. The task classes of test and lint libraries
// are shown as the program they run.
func readRakefile(m *Manifest, src string) error {
	type open struct {
		namespace string
		task      int // index of the script, -1 for other blocks
	}
	var stack []open
	body := func(l []token) {
		for i := len(stack) - 1; i >= 0; i-- {
			if t := stack[i].task; t >= 0 {
				s := &m.Scripts[t]
				if len(s.Command) < maxText {
					s.Command = strings.TrimPrefix(s.Command+"\n"+rubyCommand(l), "\n")
				}
				return
			}
		}
	}
	for _, l := range logicalLines(tokenize(src, ruby)) {
		o := open{task: -1}
		prefix := ""
		for _, s := range stack {
			if s.namespace != "" {
				prefix += s.namespace + ":"
			}
		}
		command := rakeClass(l)
		switch {
		case l[0].word("end"):
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
			continue
		case l[0].word("namespace"):
			if s := append(rubySymbols(l), ""); s[0] != "" {
				o.namespace = s[0]
			}
		case l[0].word("task", "multitask") && len(l) > 1, command != "":
			if name, needs := rakeTask(l); name != "" {
				if at := m.script(prefix+name, command, l[0].line, needs...); command == "" {
					o.task = at
				}
			}
		default:
			body(l)
		}
		if rubyOpens(l) && len(stack) < maxDepth {
			stack = append(stack, o)
		}
	}
	return nil
}

// rakeTask reads name and prerequisites of a task line.
func rakeTask(l []token) (string, []string) {
	class := rakeClass(l)
	name, start := "", 1
	for i, t := range l {
		if t.word("do") || class == "" && i > 2 && name == "" {
			l = l[:i]
			break
		}
		switch {
		case name != "" || i == 0:
		case class != "" && start == 1:
			if t.word("new") {
				start = i + 1
			}
		case t.kind == stringToken, t.kind == wordToken && l[i-1].is(':'), t.kind == wordToken && i == 1 && i+1 < len(l) && l[i+1].is(':'):
			name, start = t.text, i+1
		}
	}
	switch {
	case name == "" && class == "rspec":
		return "spec", nil
	case name == "" && class == "rubocop":
		return "rubocop", nil
	case name == "" && class != "":
		return "test", nil
	case name == "" || start >= len(l):
		return name, nil
	}
	if l[start].is(':') { // name: prerequisites
		return name, rubySymbols(l[start:])
	}
	// Arguments stand in brackets before the arrow, prerequisites behind it.
	for i := start; i+1 < len(l); i++ {
		if l[i].is('=') && l[i+1].is('>') {
			return name, rubySymbols(l[i:])
		}
	}
	return name, nil
}

// rakeClass returns the program that the task class of a library runs.
func rakeClass(l []token) string {
	for i := range l {
		if !l[i].word("new") || i < 2 {
			continue
		}
		name, _ := rubyConstant(l[:i-1])
		switch name {
		case "RSpec::Core::RakeTask":
			return "rspec"
		case "Rake::TestTask", "Minitest::TestTask":
			return "ruby -Itest"
		case "RuboCop::RakeTask":
			return "rubocop"
		case "Cucumber::Rake::Task":
			return "cucumber"
		}
	}
	return ""
}

// rubyConstant joins the tokens of a constant such as Rake::TestTask.
func rubyConstant(l []token) (string, bool) {
	name := ""
	for i := max(0, len(l)-9); i < len(l); i++ {
		name += l[i].text
	}
	return name, name != ""
}

// rubyCommand shows a body line: the string that "sh" or "system" runs, or the words.
func rubyCommand(l []token) string {
	if l[0].word("sh", "system", "ruby") {
		if v := literals(l); len(v) > 0 {
			c := strings.Join(v, " ")
			if l[0].text == "ruby" {
				c = "ruby " + c
			}
			return c
		}
	}
	var b strings.Builder
	for i, t := range l {
		if b.Len() > maxText {
			break
		}
		if i > 0 && t.spaced {
			b.WriteByte(' ')
		}
		if t.kind == stringToken {
			b.WriteString("'" + t.text + "'")
		} else {
			b.WriteString(t.text)
		}
	}
	return b.String()
}
