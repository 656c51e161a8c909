package manifest

import (
	"path"
	"strings"
)

// readGoMod reads go.mod and go.work. Tools ("tool" lines) are Dev dependencies
// under the path of their module where a requirement names it. Fields: "go",
// "toolchain", "tool" (the first tool's package).
func readGoMod(m *Manifest, src string) error {
	block := ""
	var tools []Dependency
	eachLine(src, func(line int, text string) {
		code, comment, _ := strings.Cut(text, "//")
		words := strings.Fields(code)
		if len(words) == 0 {
			return
		}
		verb := block
		switch {
		case block != "" && words[0] == ")":
			block = ""
			return
		case block == "" && len(words) == 2 && words[1] == "(":
			block = words[0]
			return
		case block == "":
			verb, words = words[0], words[1:]
		}
		if len(words) == 0 {
			return
		}
		first := strings.Trim(words[0], "\"`")
		if first == "" {
			return
		}
		switch verb {
		case "module":
			m.Name = first
		case "go", "toolchain":
			m.field(verb, first)
		case "use":
			m.Workspaces = append(m.Workspaces, path.Clean(first))
		case "tool":
			tools = append(tools, Dependency{Ecosystem: Go, Name: first, Scope: Dev, Line: line})
		case "require":
			d := Dependency{Ecosystem: Go, Name: first, Line: line}
			if len(words) > 1 {
				d.Version = words[1]
			}
			if c := strings.TrimSpace(comment); c == "indirect" || strings.HasPrefix(c, "indirect;") {
				m.Indirect = append(m.Indirect, d)
			} else {
				m.Dependencies = append(m.Dependencies, d)
			}
		}
	})
	if len(m.Dependencies) == 0 && len(tools) == 0 {
		// "go mod tidy" never ran: the mark says nothing yet.
		m.Dependencies, m.Indirect = m.Indirect, nil
	}
	goTools(m, tools)
	return nil
}

// goTools adds the modules of the tools.
func goTools(m *Manifest, tools []Dependency) {
	for _, t := range tools {
		m.field("tool", t.Name)
		best := -1
		for i, d := range m.Indirect {
			if (t.Name == d.Name || strings.HasPrefix(t.Name, d.Name+"/")) && (best < 0 || len(d.Name) > len(m.Indirect[best].Name)) {
				best = i
			}
		}
		if best >= 0 {
			t.Name, t.Version = m.Indirect[best].Name, m.Indirect[best].Version
			m.Indirect = append(m.Indirect[:best], m.Indirect[best+1:]...)
		}
		m.Dependencies = append(m.Dependencies, t)
	}
}
