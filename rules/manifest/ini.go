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

// toxEnvironments reads the environments of tox: each is a script that runs its
// commands, its deps are for tests.
func toxEnvironments(m *Manifest, src string, first int) {
	entries := readINI(src, first)
	at := make(map[string]int)
	base := ""
	for _, e := range entries {
		if e.section == "testenv" && e.key == "commands" {
			base = e.value()
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
			m.Scripts[i].Command = strings.ReplaceAll(e.value(), "\\\n", " ")
			m.Scripts[i].Line = e.line
		case "deps":
			for _, v := range e.values {
				text := v.text
				if _, after, found := strings.Cut(text, ": "); found {
					text = after // a factor, "py310: pytest"
				}
				requirementLine(m, text, Test, v.line)
			}
		}
	}
}
