package manifest

import "strings"

// iniEntry is a key of an INI file with its value's lines, comments left out.
type iniEntry struct {
	section, key string
	line         int
	values       []iniLine
}

type iniLine struct {
	text string
	line int
}

// value joins the lines of an entry.
func (e iniEntry) value() string {
	parts := make([]string, len(e.values))
	for i, v := range e.values {
		parts[i] = v.text
	}
	return strings.Join(parts, "\n")
}

// readINI reads sections, keys and indented continuation lines, as configparser
// does; first is the number of the text's first line.
func readINI(src string, first int) []iniEntry {
	var out []iniEntry
	section, open := "", false
	eachLine(src, func(line int, raw string) {
		line += first - 1
		text := strings.TrimSpace(raw)
		if text == "" || text[0] == '#' || text[0] == ';' {
			return
		}
		if i := strings.Index(text, " #"); i >= 0 {
			text = strings.TrimSpace(text[:i])
		}
		switch {
		case open && (raw[0] == ' ' || raw[0] == '\t'):
			e := &out[len(out)-1]
			e.values = append(e.values, iniLine{text, line})
		case text[0] == '[':
			section = strings.TrimSpace(strings.Trim(text, "[]"))
			open = false
		default:
			i := strings.IndexAny(text, "=:")
			if i <= 0 {
				return
			}
			e := iniEntry{section: section, key: strings.TrimSpace(text[:i]), line: line}
			if v := strings.TrimSpace(text[i+1:]); v != "" {
				e.values = append(e.values, iniLine{v, line})
			}
			out = append(out, e)
			open = true
		}
	})
	return out
}

// withoutFactor drops the condition of a line such as "py310: pytest".
func withoutFactor(text string) string {
	if factor, rest, ok := strings.Cut(text, ": "); ok && !strings.ContainsAny(factor, " \t") {
		return strings.TrimSpace(rest)
	}
	return text
}

// toxCommands returns the commands of an entry, one a line.
func toxCommands(e iniEntry) string {
	lines := make([]string, len(e.values))
	for i, v := range e.values {
		lines[i] = withoutFactor(v.text)
	}
	return strings.ReplaceAll(strings.Join(lines, "\n"), " \\\n", " ")
}

// toxEnvironments reads the environments of tox: each is a script that runs its
// commands, its deps are for tests.
func toxEnvironments(m *Manifest, src string, first int) {
	entries := readINI(src, first)
	at := make(map[string]int)
	base := ""
	for _, e := range entries {
		if e.section == "testenv" && e.key == "commands" {
			base = toxCommands(e)
		}
	}
	for _, e := range entries {
		name, ok := strings.CutPrefix(e.section, "testenv")
		if !ok {
			continue
		}
		if name = strings.TrimPrefix(name, ":"); name == "" {
			name = "testenv"
		}
		i, known := at[name]
		if !known {
			i = m.script(name, base, e.line)
			at[name] = i
		}
		if i < 0 {
			continue
		}
		switch e.key {
		case "commands":
			m.Scripts[i].Command = toxCommands(e)
			m.Scripts[i].Line = e.line
		case "deps":
			for _, v := range e.values {
				requirementLine(m, withoutFactor(v.text), Test, v.line)
			}
		}
	}
}
