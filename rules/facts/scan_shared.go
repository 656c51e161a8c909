package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

var sharedScanners = []scanner{
	{langs: langs(lex.JavaScript, lex.TypeScript, lex.Vue, lex.Svelte), triggers: []string{"import", "require", "from"}, scan: importsOfJavaScript},
	{langs: langs(lex.Python), triggers: []string{"import "}, scan: importsOfPython},
	{langs: langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy), triggers: []string{"import "}, scan: importsOfJVM},
	{langs: langs(lex.Go), triggers: []string{"import"}, scan: importsOfGo},
	{langs: langs(lex.CSharp, lex.FSharp), triggers: []string{"using ", "open "}, scan: importsOfDotNet},
	{langs: langs(lex.Ruby), triggers: []string{"require"}, scan: importsOfRuby},
	{langs: langs(lex.PHP), triggers: []string{"use ", "require", "include"}, scan: importsOfPHP},
	{langs: langs(lex.Rust), triggers: []string{"use ", "extern crate "}, scan: importsOfRust},
	{langs: langs(lex.Elixir), triggers: []string{"use ", "alias ", "import ", "require "}, scan: importsOfElixir},
	{langs: langs(lex.C, lex.CPP), triggers: []string{"#include"}, scan: importsOfC},
}

var sharedDocuments []document

// word reports whether the literal at [off, off+n) stands as a word of its own in the code view.
func (s *Source) word(off, n int) bool {
	before := off == 0 || !identifier(s.Raw[off-1])
	after := off+n >= len(s.Raw) || !identifier(s.Raw[off+n])
	return before && after
}

func identifier(b byte) bool {
	return b == '_' || b == '$' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b >= 0x80
}

// startsLine reports whether only white space stands before off on its line.
func (s *Source) startsLine(off int) bool {
	for off--; off >= 0 && s.Raw[off] != '\n'; off-- {
		if s.Raw[off] != ' ' && s.Raw[off] != '\t' && s.Raw[off] != '\r' {
			return false
		}
	}
	return true
}

// quoted returns the string literal that starts at or after off, past white space and the bytes in skip.
func (s *Source) quoted(off int, skip string) (string, bool) {
	for off < len(s.Raw) && (s.Raw[off] == ' ' || s.Raw[off] == '\t' || s.Raw[off] == '\n' || s.Raw[off] == '\r' || strings.IndexByte(skip, s.Raw[off]) >= 0) {
		off++
	}
	if off >= len(s.Raw) {
		return "", false
	}
	q := s.Raw[off]
	if q != '"' && q != '\'' && q != '`' {
		return "", false
	}
	rest := s.Raw[off+1 : min(len(s.Raw), off+1+maxText)]
	n := bytes.IndexByte(rest, q)
	if n <= 0 || bytes.IndexByte(rest[:n], '\n') >= 0 {
		return "", false
	}
	return string(rest[:n]), true
}

// restOfLine is the code after off on its line, trimmed.
func (s *Source) restOfLine(off int) string {
	return string(bytes.TrimSpace(s.Between(Code, off, s.LineEnd(off, 0))))
}

func importsOfJavaScript(s *Source, off int) {
	n, skip := 6, "("
	switch s.Raw[off] {
	case 'f':
		n, skip = 4, ""
	case 'r':
		n = 7
	}
	if !s.word(off, n) {
		return
	}
	spec, ok := s.quoted(off+n, skip)
	if !ok {
		return
	}
	line := s.LineOf(off)
	if strings.HasPrefix(spec, ".") || strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "@/") || strings.HasPrefix(spec, "~/") || strings.HasPrefix(spec, "#") {
		s.Emit(Fact{Kind: KindLocalImport, Name: spec, Line: line})
		return
	}
	spec = strings.TrimPrefix(spec, "node:")
	bare, versioned := withoutRegistry(spec)
	parts := strings.SplitN(bare, "/", 3)
	name := parts[0]
	if strings.HasPrefix(name, "@") && len(parts) > 1 {
		name += "/" + parts[1]
	}
	if at := strings.LastIndexByte(name, '@'); versioned && at > 0 {
		name = name[:at]
	}
	s.Emit(Fact{Kind: KindImport, Name: name, Value: spec, Line: line})
}

// registries are where Deno and Bun find modules by a scheme or an address that is part of the import.
var registries = []string{"npm:", "jsr:", "https://deno.land/x/", "https://esm.sh/"}

// withoutRegistry is a specifier without the registry before the module's name, and whether there was one; then the name may have a version.
func withoutRegistry(spec string) (string, bool) {
	for _, r := range registries {
		if rest, ok := strings.CutPrefix(spec, r); ok {
			return strings.TrimPrefix(rest, "/"), true
		}
	}
	return spec, false
}

func importsOfPython(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	line := s.LineOf(off)
	head := strings.TrimSpace(string(s.Between(Code, s.LineStart(off), off)))
	if module, ok := strings.CutPrefix(head, "from "); ok {
		module = strings.TrimSpace(module)
		names := s.restOfLine(off + len("import "))
		kind := KindImport
		if strings.HasPrefix(module, ".") {
			kind = KindLocalImport
		}
		s.Emit(Fact{Kind: kind, Name: module, Value: names, Line: line})
		return
	}
	if head != "" && !strings.HasSuffix(head, ":") && !strings.HasSuffix(head, ";") {
		return
	}
	for part := range strings.SplitSeq(s.restOfLine(off+len("import ")), ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(part), " ")
		if name = strings.TrimRight(name, ";"); name != "" {
			s.Emit(Fact{Kind: KindImport, Name: name, Line: line})
		}
	}
}

func importsOfJVM(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	name := strings.TrimSuffix(s.restOfLine(off+len("import ")), ";")
	name = strings.TrimSpace(strings.TrimPrefix(name, "static "))
	name, _, _ = strings.Cut(name, " as ")
	if name != "" {
		s.Emit(Fact{Kind: KindImport, Name: strings.TrimSuffix(strings.TrimSuffix(name, ".*"), "._"), Value: name, Line: s.LineOf(off)})
	}
}

func importsOfGo(s *Source, off int) {
	if !s.startsLine(off) || !s.word(off, len("import")) {
		return
	}
	rest := s.restOfLine(off + len("import"))
	end := s.LineEnd(off, 0)
	if strings.HasPrefix(rest, "(") {
		n := bytes.IndexByte(s.Code[off:], ')')
		if n < 0 {
			return
		}
		end = off + n
	}
	for at := off; at < end; {
		i := bytes.IndexByte(s.Code[at:end], '"')
		if i < 0 {
			return
		}
		at += i
		spec, ok := s.quoted(at, "")
		if !ok {
			return
		}
		s.Emit(Fact{Kind: KindImport, Name: spec, Line: s.LineOf(at)})
		at += len(spec) + 2
	}
}

func importsOfDotNet(s *Source, off int) {
	head := strings.TrimSpace(string(s.Between(Code, s.LineStart(off), off)))
	if head != "" && head != "global" {
		return
	}
	rest := s.restOfLine(off + len("using "))
	if s.Raw[off] == 'o' {
		rest = s.restOfLine(off + len("open "))
	}
	name, found := strings.CutSuffix(rest, ";")
	if s.Lang == lex.CSharp && !found || strings.ContainsAny(name, "(") {
		return
	}
	name = strings.TrimPrefix(name, "static ")
	if _, alias, ok := strings.Cut(name, "="); ok {
		name = alias
	}
	if name = strings.TrimSpace(name); name != "" && !strings.HasPrefix(name, "var ") {
		s.Emit(Fact{Kind: KindImport, Name: name, Line: s.LineOf(off)})
	}
}

func importsOfRuby(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	kind, n := KindImport, len("require")
	if bytes.HasPrefix(s.Raw[off:], []byte("require_relative")) {
		kind, n = KindLocalImport, len("require_relative")
	}
	if spec, ok := s.quoted(off+n, "("); ok {
		s.Emit(Fact{Kind: kind, Name: spec, Line: s.LineOf(off)})
	}
}

func importsOfPHP(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	line := s.LineOf(off)
	if !bytes.HasPrefix(s.Raw[off:], []byte("use ")) {
		rest := s.restOfLine(off)
		if i := strings.IndexAny(rest, "'\""); i >= 0 {
			if spec, ok := s.quoted(off+i, ""); ok {
				s.Emit(Fact{Kind: KindLocalImport, Name: spec, Line: line})
			}
		}
		return
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(s.restOfLine(off+len("use ")), "function "), "const ")
	base, group, grouped := strings.Cut(strings.TrimSuffix(rest, ";"), "{")
	if !grouped {
		group = ""
	}
	for part := range strings.SplitSeq(strings.TrimSuffix(group, "}"), ",") {
		name, _, _ := strings.Cut(base+strings.TrimSpace(part), " as ")
		for one := range strings.SplitSeq(name, ",") {
			if one = strings.Trim(strings.TrimSpace(one), `\`); one != "" && !strings.Contains(one, "(") {
				s.Emit(Fact{Kind: KindImport, Name: one, Line: line})
			}
		}
	}
}

func importsOfRust(s *Source, off int) {
	head := strings.TrimSpace(string(s.Between(Code, s.LineStart(off), off)))
	if head != "" && !strings.HasPrefix(head, "pub") {
		return
	}
	n := len("use ")
	if s.Raw[off] == 'e' {
		n = len("extern crate ")
	}
	rest := strings.TrimSuffix(s.restOfLine(off+n), ";")
	name, _, _ := strings.Cut(rest, "{")
	name = strings.TrimSuffix(strings.TrimSpace(name), "::")
	kind := KindImport
	if strings.HasPrefix(name, "crate") || strings.HasPrefix(name, "super") || strings.HasPrefix(name, "self") {
		kind = KindLocalImport
	}
	if name != "" {
		s.Emit(Fact{Kind: kind, Name: name, Value: rest, Line: s.LineOf(off)})
	}
}

func importsOfElixir(s *Source, off int) {
	if !s.startsLine(off) {
		return
	}
	_, rest, _ := strings.Cut(s.restOfLine(off), " ")
	name, args, _ := strings.Cut(rest, ",")
	if name = strings.TrimSpace(name); name != "" {
		s.Emit(Fact{Kind: KindImport, Name: name, Value: strings.TrimSpace(args), Line: s.LineOf(off)})
	}
}

func importsOfC(s *Source, off int) {
	rest := strings.TrimSpace(string(s.Between(Text, off+len("#include"), s.LineEnd(off, 0))))
	if name, ok := strings.CutPrefix(rest, "<"); ok {
		name, _, _ = strings.Cut(name, ">")
		s.Emit(Fact{Kind: KindImport, Name: name, Line: s.LineOf(off)})
		return
	}
	s.Emit(Fact{Kind: KindLocalImport, Name: strings.Trim(rest, `"`), Line: s.LineOf(off)})
}
