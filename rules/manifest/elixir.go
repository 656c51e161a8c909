package manifest

import "strings"

// readMix reads mix.exs: the tuples of deps, and aliases as scripts.
func readMix(m *Manifest, src string) error {
	toks := withoutLineEnds(tokenize(src, elixir))
	function := ""
	for i := 0; i+3 < len(toks); i++ {
		t := toks[i]
		switch {
		case t.word("def", "defp"):
			function = toks[i+1].text
		case function == "deps" && t.is('{') && toks[i+1].is(':') && toks[i+2].kind == wordToken:
			i = mixTuple(m, toks, i)
		case function == "aliases" && toks[i+1].is(':') && !toks[i+1].spaced && (t.kind == wordToken || t.kind == stringToken):
			i = mixAlias(m, toks, i)
		case function == "project" && toks[i+1].is(':') && t.word("app") && toks[i+2].is(':'):
			m.Name = toks[i+3].text
		case t.is('@') && toks[i+1].word("version") && toks[i+2].kind == stringToken:
			m.property("@version", toks[i+2].text)
			m.Version = toks[i+2].text
		case function == "project" && t.word("version") && toks[i+1].is(':') && toks[i+2].kind == stringToken:
			m.Version = toks[i+2].text
		}
	}
	return nil
}

// mixTuple reads {:name, "version", only: [:dev, :test], runtime: false} and returns
// the index of its last token.
func mixTuple(m *Manifest, toks []token, i int) int {
	end := closing(toks, i)
	d := Dependency{Ecosystem: Hex, Name: toks[i+2].text, Line: toks[i+2].line}
	if i+4 <= end && toks[i+4].kind == stringToken {
		d.Version = toks[i+4].text
	}
	for j := i + 3; j+2 <= end; j++ {
		if !toks[j+1].is(':') {
			continue
		}
		switch {
		case toks[j].word("only"):
			d.Scope = mixOnly(toks[j+2 : end])
		case toks[j].word("runtime") && !toks[j+2].word("true") && d.Scope == Runtime,
			toks[j].word("optional") && toks[j+2].word("true") && d.Scope == Runtime:
			d.Scope = Dev
		}
	}
	m.Dependencies = append(m.Dependencies, d)
	return end
}

// mixOnly tells what a dependency of these environments is for.
func mixOnly(s []token) Scope {
	scope, seen := Test, false
	for i, t := range s {
		if t.is(']') || t.is(',') && !s[0].is('[') {
			break
		}
		if t.kind != wordToken || i+1 < len(s) && s[i+1].is(':') && !s[i+1].spaced && (i == 0 || !s[i-1].is(':')) {
			continue
		}
		seen = true
		switch t.text {
		case "prod":
			return Runtime
		case "test":
		default:
			scope = Dev
		}
	}
	if !seen {
		return Runtime
	}
	return scope
}

// mixAlias reads name: ["a", "b"] or name: "a" and returns the index of its last token.
func mixAlias(m *Manifest, toks []token, i int) int {
	switch v := toks[i+2]; {
	case v.kind == stringToken:
		m.script(toks[i].text, v.text, toks[i].line)
		return i + 2
	case v.is('['):
		end := closing(toks, i+2)
		m.script(toks[i].text, strings.Join(literals(toks[i+2:end]), "\n"), toks[i].line)
		return end
	}
	return i + 1
}
