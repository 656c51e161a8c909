// Package words chooses what a learner is told for the repository at hand: texts by language, framework and tool, and the commands and files
// that fill them. A text that needs what the repository does not have gives way to a more general one, so that nobody is sent to a file, a tool
// or a framework that is not there.
package words

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"milepost/rules/strict"
)

// The keys by which texts differ: stacks are languages with their customs, frameworks are what a server is written for ("gin" is Echo too, "aspnet" is ASP.NET before Core), tools are package
// managers, build tools, test runners and databases.
var (
	Stacks     = []string{"node", "python", "java", "kotlin", "csharp", "go", "ruby", "php", "rust", "scala", "elixir"}
	Frameworks = []string{"django", "flask", "fastapi", "spring", "ktor", "play", "rails", "sinatra", "laravel", "symfony", "express", "nest", "phoenix", "gin", "fiber", "aspnet"}
	Tools      = []string{
		"npm", "pnpm", "yarn", "bun", "deno", "pip", "uv", "poetry", "pipenv", "maven", "gradle", "sbt",
		"jest", "vitest", "mocha", "pytest", "unittest", "rspec", "pest", "postgres", "mysql", "mongodb", "prisma",
	}
)

// Keys are all that a text may be given by, "default" among them.
func Keys() []string { return slices.Concat([]string{"default"}, Stacks, Frameworks, Tools) }

// Text is a text by key; "default" is for all others. In YAML a plain text is the default.
type Text map[string]string

// UnmarshalStrict reads a text or a map of texts by key.
func (t *Text) UnmarshalStrict(d *strict.Decoder, n *yaml.Node) {
	*t = Text{}
	if n.Kind == yaml.ScalarNode {
		(*t)["default"] = n.Value
		return
	}
	if n.Kind != yaml.MappingNode {
		d.Faultf(n, "a text is expected here, or texts by stack, framework or tool")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case !slices.Contains(Keys(), k.Value):
			d.Faultf(k, "there is no stack, framework or tool %q; known are default, %v, %v, %v", k.Value, Stacks, Frameworks, Tools)
		case v.Kind != yaml.ScalarNode:
			d.Faultf(v, "a text is expected here")
		default:
			(*t)[k.Value] = v.Value
		}
	}
}

// For returns the filled text for a stack: the most special one whose placeholders are all known, else the default with phrases in their place.
func (t Text) For(s Stack) string {
	for _, k := range s.keys() {
		if text, ok := t[k]; ok && s.knows(text) {
			return s.Fill(text)
		}
	}
	return s.Fill(t["default"])
}

// Starter is a file that a learner may begin with. One without a path says that there is none for its key.
type Starter struct {
	Path    string `yaml:"path" json:"path"`
	Content string `yaml:"content" json:"content"`
}

// Starters are starters by key.
type Starters map[string]Starter

// For returns the filled starter for a stack: the most special one whose placeholders are all known. ok is false when there is none: no file is
// better than one that does not work.
func (ss Starters) For(s Stack) (st Starter, ok bool) {
	for _, k := range s.keys() {
		st, ok := ss[k]
		switch {
		case ok && st.Path == "":
			return Starter{}, false
		case ok && s.knows(st.Path) && s.knows(st.Content):
			return Starter{Path: s.Fill(st.Path), Content: s.Fill(st.Content)}, true
		}
	}
	return Starter{}, false
}

// phrases stand for the placeholders of a text whose words are not known. Their keys are all the placeholders there are.
var phrases = map[string]string{
	"language": "your language", "install": "the command that installs the packages", "test": "the command that runs your tests", "add": "your package manager", "add_dev": "your package manager",
	"run": "the command that starts your program", "manifest": "your build file", "runner": "your test runner",
	"build": "the command that builds the program", "start": "the command that starts the server", "check": "the command that checks your code", "entry": "the file that starts your program",
	"dir": "", "cd": "", "workdir": "the folder of the program", "copy": "the list of packages", "enable": "the command that sets the package manager up", "generate": "the command that generates code",
	"image": "your language's image", "runtime": "your language's image", "artifact": "what the build makes", "version": "your language's version", "dockerfile": "your Dockerfile", "wsgi": "your application's module", "port": "8080",
	"path": "the file named", "line": "named", "excerpt": "what was found",
}

// Placeholders are the names that a text may have in braces, sorted. Behind a question mark, as in {build?}, the whole line is left out
// where the word is not known.
func Placeholders() []string {
	out := make([]string, 0, len(phrases))
	for k := range phrases {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// next finds the first placeholder of a text: what stands before it, its name, whether it is optional, and what follows.
func next(text string) (before, name string, optional bool, after string, ok bool) {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '{')
		if i < 0 {
			return text, "", false, "", false
		}
		i += from
		j := i + 1
		for j < len(text) && (text[j] >= 'a' && text[j] <= 'z' || text[j] == '_') {
			j++
		}
		name = text[i+1 : j]
		end := strings.TrimPrefix(text[j:], "?")
		if _, known := phrases[name]; known && strings.HasPrefix(end, "}") {
			return text[:i], name, len(end) < len(text[j:]), end[1:], true
		}
		from = i + 1
	}
}

// knows reports whether a stack has the words for all placeholders of a text but the optional ones.
func (s Stack) knows(text string) bool {
	for {
		_, name, optional, after, ok := next(text)
		if !ok {
			return true
		}
		if _, known := s.Words[name]; !known && !optional {
			return false
		}
		text = after
	}
}

// Fill replaces the placeholders of a text. A word that is not known becomes a phrase, in plain words instead of in backticks; a line with an
// optional one is left out.
func (s Stack) Fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	var b strings.Builder
	for line := range strings.SplitAfterSeq(text, "\n") {
		if filled, ok := s.fillLine(line); ok {
			b.WriteString(filled)
		}
	}
	return b.String()
}

func (s Stack) fillLine(line string) (string, bool) {
	var b strings.Builder
	for {
		before, name, optional, after, ok := next(line)
		if !ok {
			b.WriteString(line)
			return b.String(), true
		}
		word, known := s.Words[name]
		switch {
		case !known && optional:
			return "", false
		case !known && strings.HasSuffix(before, "`") && strings.HasPrefix(after, "`"):
			before, word, after = before[:len(before)-1], phrases[name], after[1:]
		case !known:
			word = phrases[name]
		}
		b.WriteString(before)
		b.WriteString(word)
		line = after
	}
}
