package manifest

import "strings"

// readRequirements reads pip's requirement files, a line at a time, with
// continuations, markers, extras, hashes, URLs and editables. The file's name
// decides the scope: "requirements-dev.txt" and its like are Dev, those with
// "test" in their name Test.
func readRequirements(m *Manifest, src string) error {
	scope := scopeOfFile(m.Path)
	var joined []byte // of a line that a backslash continues
	start := 0
	eachLine(src, func(line int, text string) {
		if len(joined) == 0 {
			start = line
		}
		if head, ok := strings.CutSuffix(strings.TrimRight(text, " \t"), `\`); ok && !strings.HasPrefix(strings.TrimSpace(text), "#") && len(joined) < maxCommand {
			joined = append(append(joined, head...), ' ')
			return
		}
		if len(joined) > 0 {
			text = string(append(joined, text...))
		}
		requirementLine(m, text, scope, start)
		joined = joined[:0]
	})
	if len(joined) > 0 {
		requirementLine(m, string(joined), scope, start)
	}
	return nil
}

// scopeOfFile tells by its name what a requirement file is for.
func scopeOfFile(path string) Scope {
	_, base := split(path)
	base = strings.TrimSuffix(base, ".txt")
	scope := Runtime
	for _, word := range strings.FieldsFunc(base, func(r rune) bool { return strings.ContainsRune("-_. ", r) }) {
		switch word {
		case "test", "tests", "testing":
			return Test
		case "dev", "develop", "development", "local", "lint", "linting", "doc", "docs", "ci", "build", "debug", "optional", "typing", "precommit":
			scope = Dev
		}
	}
	return scope
}

// scopeOfGroup tells by its name what a group of dependencies of a Python
// project is for; no group but the unnamed one is part of the program itself.
func scopeOfGroup(name string) Scope {
	if strings.Contains(strings.ToLower(name), "test") {
		return Test
	}
	return Dev
}

// requirementLine reads one logical line of a requirement file.
func requirementLine(m *Manifest, text string, scope Scope, line int) {
	text = strings.TrimSpace(text)
	if text == "" || text[0] == '#' {
		return
	}
	if i := strings.Index(text, " #"); i >= 0 {
		text = strings.TrimSpace(text[:i])
	}
	if i := strings.Index(text, "\t#"); i >= 0 {
		text = strings.TrimSpace(text[:i])
	}
	if text[0] == '-' {
		option, value, ok := strings.Cut(text, " ")
		if !ok {
			option, value, ok = strings.Cut(text, "=")
		}
		if !ok && len(text) > 2 && text[1] != '-' {
			option, value = text[:2], text[2:]
		}
		switch option {
		case "-r", "--requirement":
			m.include(strings.Trim(value, `"' =`), line)
		case "-e", "--editable":
			pep508(m, strings.TrimSpace(value), scope, line)
		}
		return
	}
	pep508(m, text, scope, line)
}

// pep508 adds the dependency that a requirement such as
// `uvicorn[standard]>=0.20 ; python_version > "3.8"` names. Local paths name none.
func pep508(m *Manifest, text string, scope Scope, line int) {
	if i := strings.Index(text, " --"); i >= 0 {
		text = text[:i]
	}
	text = strings.TrimSpace(text)
	n := 0
	for n < len(text) && (text[n] < 0x80 && (letter(text[n]) || digit(text[n])) || n > 0 && (text[n] == '-' || text[n] == '.')) {
		n++
	}
	name, rest := text[:n], strings.TrimSpace(text[n:])
	if strings.HasPrefix(rest, "/") || strings.HasPrefix(rest, `\`) || strings.HasPrefix(rest, ":") || strings.HasPrefix(rest, "+") || n == 0 {
		name, version := fromURL(text)
		m.depend(pypiName(name), version, scope, line)
		return
	}
	if strings.HasSuffix(name, ".whl") || strings.HasSuffix(name, ".tar.gz") || strings.HasSuffix(name, ".zip") {
		return
	}
	extras := ""
	if strings.HasPrefix(rest, "[") {
		inside, after, ok := strings.Cut(rest[1:], "]")
		if !ok {
			after = ""
		}
		for _, e := range strings.Split(inside, ",") {
			if e = strings.TrimSpace(e); e != "" {
				extras += "," + strings.ToLower(e)
			}
		}
		rest = strings.TrimSpace(after)
	}
	switch {
	case rest == "" || strings.HasPrefix(rest, "@"):
	case strings.IndexByte("=<>!~;(,", rest[0]) >= 0:
	case digit(rest[0]) || rest[0] == '*':
	default:
		// Two words are prose or a mistake ("pip install flask"), no requirement.
		return
	}
	version := rest
	if !strings.HasPrefix(rest, "@") {
		version, _, _ = strings.Cut(rest, ";")
		version = strings.Trim(version, "() ")
	}
	m.depend(pypiName(name), strings.TrimSpace(version), scope, line)
	if extras != "" && len(m.Dependencies) > 0 {
		m.Dependencies[len(m.Dependencies)-1].Extras = extras[1:]
	}
}

// fromURL finds the package's name in a direct reference: the egg of a fragment,
// else the repository, wheel or archive.
func fromURL(url string) (name, version string) {
	url, _, _ = strings.Cut(url, ";")
	url = strings.TrimSpace(url)
	if !strings.Contains(url, "://") && !strings.HasPrefix(url, "git+") {
		return "", ""
	}
	ref, fragment, _ := strings.Cut(url, "#")
	for _, part := range strings.Split(fragment, "&") {
		if egg, ok := strings.CutPrefix(part, "egg="); ok {
			egg, _, _ = strings.Cut(egg, "[")
			return egg, ref
		}
	}
	last := ref[strings.LastIndexByte(ref, '/')+1:]
	last, _, _ = strings.Cut(last, "@")
	last, _, _ = strings.Cut(last, "?")
	switch {
	case strings.HasPrefix(ref, "git+"), strings.HasSuffix(last, ".git"):
		return strings.TrimSuffix(last, ".git"), ref
	case strings.HasSuffix(last, ".whl"):
		last, _, _ = strings.Cut(last, "-")
		return last, ref
	}
	for _, ext := range [...]string{".tar.gz", ".zip", ".tar.bz2"} {
		if stem, ok := strings.CutSuffix(last, ext); ok {
			if i := strings.LastIndexByte(stem, '-'); i > 0 {
				stem = stem[:i]
			}
			return stem, ref
		}
	}
	return "", ""
}

// pypiName normalises a name as PEP 503 does.
func pypiName(name string) string {
	plain := true
	for i := range len(name) {
		if c := name[i]; c == '_' || c == '.' || c >= 'A' && c <= 'Z' || c == '-' && i > 0 && name[i-1] == '-' {
			plain = false
			break
		}
	}
	if plain {
		return strings.Trim(name, "-")
	}
	b := make([]byte, 0, len(name))
	for i := range len(name) {
		switch c := name[i]; {
		case c == '-' || c == '_' || c == '.':
			if len(b) > 0 && b[len(b)-1] != '-' {
				b = append(b, '-')
			}
		case c >= 'A' && c <= 'Z':
			b = append(b, c|0x20)
		default:
			b = append(b, c)
		}
	}
	return strings.TrimRight(string(b), "-")
}
