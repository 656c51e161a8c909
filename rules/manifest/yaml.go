package manifest

import (
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxYAML bounds a YAML document in bytes; its reader is the slowest here.
const maxYAML = 256 << 10

// readYAML reads the first document. Aliases and merge keys are not followed.
func readYAML(src string) (node, error) {
	if len(src) > maxYAML {
		return node{}, &Error{Msg: "the YAML document is too large to be read"}
	}
	var y yaml.Node
	if err := yaml.Unmarshal([]byte(src), &y); err != nil {
		msg := strings.TrimPrefix(err.Error(), "yaml: ")
		line := 0
		if rest, ok := strings.CutPrefix(msg, "line "); ok {
			if n, after, found := strings.Cut(rest, ": "); found {
				line, _ = strconv.Atoi(n)
				msg = after
			}
		}
		return node{}, &Error{Line: line, Msg: "this is no valid YAML: " + msg}
	}
	if y.Kind != yaml.DocumentNode || len(y.Content) == 0 {
		return node{}, nil
	}
	return fromYAML(y.Content[0], 0), nil
}

// fromYAML converts a tree; what is nested too deeply is left out.
func fromYAML(y *yaml.Node, depth int) node {
	n := node{line: y.Line}
	if depth > maxDepth {
		return n
	}
	switch y.Kind {
	case yaml.ScalarNode:
		n.text = y.Value
		switch y.Tag {
		case "!!null":
			n.text = ""
		case "!!str":
			n.kind = stringNode
		default:
			n.kind = otherNode
		}
	case yaml.SequenceNode:
		n.kind = listNode
		n.kids = make([]field, 0, len(y.Content))
		for _, c := range y.Content {
			n.kids = append(n.kids, field{line: c.Line, node: fromYAML(c, depth+1)})
		}
	case yaml.MappingNode:
		n.kind = tableNode
		n.kids = make([]field, 0, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			k := y.Content[i]
			n.kids = append(n.kids, field{key: k.Value, line: k.Line, node: fromYAML(y.Content[i+1], depth+1)})
		}
	}
	return n
}

// readPnpmWorkspace reads the members and catalogues of a pnpm workspace.
func readPnpmWorkspace(m *Manifest, src string) error {
	doc, err := readYAML(src)
	m.Workspaces = doc.strings("packages")
	catalogues(m, &doc)
	return err
}

// readTaskfile reads go-task's Taskfile.
func readTaskfile(m *Manifest, src string) error {
	doc, err := readYAML(src)
	for _, f := range doc.table("tasks") {
		var needs, lines []string
		v := &f.node
		cmds := v
		if v.kind == tableNode {
			cmds = v.get("cmds")
			if cmds.kind == nullNode {
				cmds = v.get("cmd")
			}
		}
		if cmds.kind == stringNode {
			lines = append(lines, cmds.text)
		}
		for _, c := range cmds.list() {
			switch {
			case c.node.kind == stringNode:
				lines = append(lines, c.node.text)
			case c.node.str("task") != "":
				needs = append(needs, c.node.str("task"))
			case c.node.str("cmd") != "":
				lines = append(lines, c.node.str("cmd"))
			}
		}
		for _, d := range v.list("deps") {
			if name := d.node.text + d.node.str("task"); name != "" {
				needs = append(needs, name)
			}
		}
		m.script(f.key, strings.Join(lines, "\n"), f.line, needs...)
	}
	return err
}
