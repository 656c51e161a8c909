package facts

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"milepost/rules/lex"
)

// Kinds of what learners of algorithms leave behind.
const (
	// KindComplexity is a time or space complexity that a comment or document states. Value is the expression, "O(n log n)".
	KindComplexity Kind = "complexity"
	// KindPractice is a problem of a practice site that a comment or document points at. Name is the site, Value the address or the words.
	KindPractice Kind = "practice"
	// KindTechnique is a shape of code that an algorithm has: Name is "binary search" or "dynamic programming".
	KindTechnique Kind = "technique"
	// KindLink is an assignment to a field that links nodes: Name is next, prev, left, right or children.
	KindLink Kind = "link-field"
)

var (
	complexityMarks = []string{"O(", "o(n", "o(1", "o(log", "Θ(", "О(", "𝑂(", "O}("}
	practiceSites   = []string{"leetcode.com/", "leetcode.cn/", "leetcode-cn.com/", "hackerrank.com/", "codeforces.com/", "geeksforgeeks.org/", "neetcode.io/problems", "codewars.com/kata", "atcoder.jp/contests", "codechef.com/", "hackerearth.com/", "spoj.com/problems", "lintcode.com/problem", "interviewbit.com/problems", "eetCode ", "eetcode ", "EETCODE ", "eetCode:", "eetcode:", "eetCode#", "eetcode#"}
	proseLangs      = langs(lex.Markdown, lex.Unknown, lex.HTML)
)

var practiceScanners = []scanner{
	{langs: langs(generalPurpose()...), view: Comments, triggers: complexityMarks, scan: complexity},
	{langs: langs(lex.Markdown, lex.Unknown), view: Text, triggers: complexityMarks, scan: complexity},
	{langs: langs(append(generalPurpose(), lex.SQL, lex.Shell)...), view: Comments, triggers: practiceSites, scan: practiceLink},
	{langs: proseLangs, view: Text, triggers: practiceSites, scan: practiceLink},
	{triggers: []string{"dp["}, scan: tableStep},
	{triggers: []string{"mid = ", "mid=", "middle = ", "mid := "}, scan: halving},
	{triggers: []string{".next", "->next", ".prev", ".left", "->left", ".children", "next: Option", "left: Option", "@next"}, scan: linkField},
}

func generalPurpose() []lex.Language {
	var out []lex.Language
	for l := lex.Unknown + 1; l.GeneralPurpose(); l++ {
		out = append(out, l)
	}
	return out
}

// complexity reads "O(...)" where its argument looks like a bound.
func complexity(s *Source, off int) {
	if !s.look(maxNear / 4) {
		return
	}
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	prev := ""
	if off > 0 {
		prev, _ = backWord(s.Raw, off)
		if c := s.Raw[off-1]; c == '/' || c == '.' || c == '-' && off > 1 && s.Raw[off-2] != 'g' && s.Raw[off-2] != ' ' && s.Raw[off-2] != ':' {
			return
		}
	}
	if prev != "" && !strings.EqualFold(prev, "big") && !strings.HasSuffix(prev, "Big") && prev[0] < utf8.RuneSelf {
		return
	}
	line := strings.ToLower(string(s.Between(Text, max(s.LineStart(off), off-maxNear), min(s.LineEnd(off, 0), off+maxNear))))
	if s.Raw[off] == 'o' && !strings.Contains(line, "time") && !strings.Contains(line, "space") && !strings.Contains(line, "complexity") && !strings.Contains(line, "bigo") {
		return
	}
	if s.Lang == lex.Unknown && !strings.HasSuffix(strings.ToLower(s.Path), ".txt") && !strings.HasSuffix(strings.ToLower(s.Path), ".rst") && !strings.HasSuffix(strings.ToLower(s.Path), ".adoc") {
		return
	}
	inner, after := rawParens(s.Raw, open)
	if after < 0 || !bound(inner) {
		return
	}
	s.Emit(Fact{Kind: KindComplexity, Value: "O(" + inner + ")", Line: s.LineOf(off)})
}

// rawParens is the text between the parentheses that open at off on one line, and the offset after; -1 when they do not close soon.
func rawParens(raw []byte, off int) (string, int) {
	depth := 0
	for i := off; i < len(raw) && i < off+60 && raw[i] != '\n'; i++ {
		switch raw[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return string(raw[off+1 : i]), i + 1
			}
		}
	}
	return "", -1
}

// bound reports whether text is the argument of a complexity: 1, n, n log n, V + E, rows*cols.
func bound(text string) bool {
	text = strings.TrimSpace(text)
	if text == "" || strings.ContainsAny(text, "\"'`=;:{}?&#@%") && !strings.Contains(text, "\\") {
		return false
	}
	words := strings.FieldsFunc(text, func(r rune) bool {
		return r < utf8.RuneSelf && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if len(words) == 0 || len(words) > 8 {
		return false
	}
	for _, w := range words {
		if len(w) > 12 {
			return false
		}
	}
	return true
}

// practiceLink reads an address of a problem, or "LeetCode 155".
func practiceLink(s *Source, off int) {
	lower := strings.ToLower(string(s.Between(Text, off, min(s.LineEnd(off, 0), off+160))))
	if strings.HasPrefix(lower, "eetcode") && !strings.HasPrefix(lower, "eetcode.") {
		if s.Lang == lex.Markdown || s.Lang == lex.Unknown || s.Lang == lex.HTML {
			return
		}
		rest := strings.TrimLeft(strings.TrimPrefix(lower, "eetcode"), " :#-(")
		for _, w := range []string{"problem", "question", "number", "no.", "easy", "medium", "hard"} {
			rest = strings.TrimLeft(strings.TrimPrefix(rest, w), " :#-(")
		}
		if rest != "" && rest[0] >= '0' && rest[0] <= '9' {
			s.Emit(Fact{Kind: KindPractice, Name: "LeetCode", Value: "L" + strings.TrimSpace(string(s.Between(Text, off, min(s.LineEnd(off, 0), off+60)))), Line: s.LineOf(off)})
		}
		return
	}
	address := lower
	if n := strings.IndexAny(address, " \t)>\"'`]"); n >= 0 {
		address = address[:n]
	}
	host, rest, _ := strings.Cut(address, "/")
	ok := false
	for _, part := range []string{"problem", "challenges/", "contest", "kata/", "explore/", "practice/", "studyplan", "submissions/"} {
		ok = ok || strings.HasPrefix(rest, part) || strings.Contains(rest, "/"+part)
	}
	if strings.HasPrefix(host, "geeksforgeeks") {
		ok = strings.HasPrefix(rest, "problems/") || strings.Contains(string(s.Between(Text, max(0, off-12), off)), "practice.")
	}
	if strings.HasPrefix(host, "hackerearth") {
		ok = strings.Contains(rest, "practice/") || strings.Contains(rest, "problem")
	}
	if ok {
		s.Emit(Fact{Kind: KindPractice, Name: siteName(host), Value: address, Line: s.LineOf(off)})
	}
}

func siteName(host string) string {
	switch name, _, _ := strings.Cut(host, "."); name {
	case "leetcode", "leetcode-cn":
		return "LeetCode"
	case "hackerrank":
		return "HackerRank"
	case "codeforces":
		return "Codeforces"
	case "geeksforgeeks":
		return "GeeksforGeeks"
	default:
		return name
	}
}

// tableStep finds an entry of a table computed from others: dp[i] = dp[i-1] + dp[i-2].
func tableStep(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) {
		return
	}
	line := s.rest(off)
	at := strings.Index(line, "=")
	if at < 0 || at+1 < len(line) && line[at+1] == '=' || !strings.Contains(line[at:], "dp[") {
		return
	}
	s.Emit(Fact{Kind: KindTechnique, Name: "dynamic programming", Line: s.LineOf(off)})
}

// halving finds the middle of a range: mid = (low + high) / 2.
func halving(s *Source, off int) {
	if off > 0 && identifier(s.Raw[off-1]) || !s.look(maxNear/2) {
		return
	}
	line := strings.ReplaceAll(s.rest(off), " ", "")
	if !strings.Contains(line, "/2") && !strings.Contains(line, ">>1") {
		return
	}
	lower := strings.ToLower(line)
	for _, pair := range [][2]string{{"lo", "hi"}, {"left", "right"}, {"start", "end"}, {"l", "r"}, {"beg", "end"}, {"first", "last"}, {"min", "max"}, {"i", "j"}, {"from", "to"}, {"s", "e"}} {
		if strings.Contains(lower, pair[0]) && strings.Contains(lower, pair[1]) && strings.ContainsAny(line, "+-") {
			s.Emit(Fact{Kind: KindTechnique, Name: "binary search", Line: s.LineOf(off)})
			return
		}
	}
}

// linkField finds an assignment to a field by which nodes are linked.
func linkField(s *Source, off int) {
	at := off
	for at < len(s.Raw) && !identifier(s.Raw[at]) {
		at++
	}
	name := nameAt(s.Code, at)
	switch name {
	case "next", "prev", "left", "right", "children":
	default:
		return
	}
	rest := s.rest(at + len(name))
	if !strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, ": Option") && !strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, "==") {
		return
	}
	s.Emit(Fact{Kind: KindLink, Name: name, Line: s.LineOf(off)})
}
