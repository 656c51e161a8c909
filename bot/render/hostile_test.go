package render

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"

	"milepost/rules"
	"milepost/rules/strict"
)

// hostile is what strangers write into paths, names, messages, reasons and notes.
var hostile = []string{
	"@octocat", "thanks @octocat!", "@acme/teachers", "(@octocat)", "a@octocat.example", "`x` @octocat", "@`octocat`", "`@`octocat", "*@octocat*", "_@octocat_", "\\@octocat",
	"&#64;octocat", "@\u200boctocat", "\u200b@octocat", "<b>@octocat</b>", "@<!-- -->octocat", "-@octocat", "[@octocat](x)",
	"#1", "fixes #1", "Closes: #12", "GH-1", "gh-12 x", "ada/shop#1", "ada/shop@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "0a1b2c3", "resolves https://github.com/ada/shop/issues/1",
	"see:0a1b2c3d,", "`#1`#1", "\\#1", "&#35;1", "CVE-2024-12345", "GHSA-aaaa-bbbb-cccc",
	"https://evil.example", "http://evil.example/a_b*c", "www.evil.example", "ftp://evil.example", "<https://evil.example>", "mailto:a@b.example", "[x](https://evil.example)", "[x][y]", "[y]: https://evil.example", "![x](https://evil.example/p.png)", "[![x](a)](b)", "[^1]", "[x](javascript:alert(1))",
	"<img src=x onerror=alert(1)>", "<script>alert(1)</script>", "</details>", "</summary></details>", "<details open>", "<!-- ", "-->", "<!-- milepost:end -->", "<!-- milepost:notes -->", "<!-- milepost:issue:1 -->", "<!-- milepost:box:pause -->", "- [x] a <!-- milepost:box:pause -->", "<sub>", "</sub>", "<?php", "<![CDATA[", "&lt;b&gt;", "&amp;",
	"a | b", "| --- |", "|", "\\|", "\\\\|", "`a|b`", "`\\|`", "``|``", "`|", "a\\", "\\", "`\\`",
	"`", "``", "```", "````", "`a", "a`", "`a`b`", "`` a ` b ``", "` `", "`\n`", "```\nx\n```", "~~~", "a``b`c```d", "`a``b`", "`a` `b`", "`a`$`b`$", "$x$", "$$x$$", "$`x`$",
	"*", "**", "**bold**", "__bold__", "_x_", "~~x~~", "*a_b*c_", "# heading", "## x", "> quote", "- item", "+ item", "* item", "1. item", "1) item", "---", "===", "***", "    code", "\tcode", "a  \nb", "a\n\nb", "a\n# b", "a\r\nb\r\n---", "x\n===", "Term\n: definition", "- [ ] x", "[ ] x", "[x] y",
	"\u202egnp.exe", "a\u2066b\u2069", "\u200b\u200c\u200d\ufeff", "\u00ad", "\u3164", "\u2800", "\U000e0041\U000e0042", "e" + strings.Repeat("\u0301", 50), "\x00\x01\x1b[31m", "\x7f", "\u0085", "\u2028x\u2029", "\xff\xfe", "\xc3", "مرحبا", "日本語", "🎉 :tada:", "a\u00a0@octocat",
	":octocat:", "%%{init}%%", "{{x}}", "{% raw %}", "%!s(MISSING)", "%d", "", " ", "\n", strings.Repeat("a", 5000), strings.Repeat("`", 300), strings.Repeat("[", 300), strings.Repeat("<", 300), strings.Repeat("*", 300), strings.Repeat("@a ", 300), strings.Repeat("\\", 301),
}

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// What GitHub would link in text.
var (
	ghMention   = regexp.MustCompile(`(?i)(?:^|[^0-9a-z_])@[a-z0-9]`)
	ghReference = regexp.MustCompile(`(?i)(?:^|[^0-9a-z_&])(?:#|gh-)[0-9]`)
	ghCommit    = regexp.MustCompile(`(?i)(?:^|[^0-9a-z_])[0-9a-f]{7,40}(?:$|[^0-9a-z_])`)
	ghAddress   = regexp.MustCompile(`(?i)://|www\.[^\s]`)
	ghEmoji     = regexp.MustCompile(`:[a-z0-9_+-]+:`)
	ourTag      = regexp.MustCompile(`^</?(?:details|summary|sub|code)>$|^<!-- milepost:(?:end|notes|issue:4711|pull:4711:[0-9]+|box:(?:recheck|pause|ask-mentor)) -->$`)
	anyTag      = regexp.MustCompile(`<!--.*?-->|<[^>]*>`)
	htmlCodeRun = regexp.MustCompile(`<code>[^<]*</code>`)
	ourLink     = regexp.MustCompile(`^https://(?:github\.com/ada/shop/(?:blob|commit|new|issues\?q=label)[/%]|milepost\.example/|docs\.github\.com/|missing\.csail\.mit\.edu/)[^\s<>"]*$`)
)

// checkText reports what GitHub would make of text outside code and links.
func checkText(t testing.TB, s string) {
	t.Helper()
	for name, re := range map[string]*regexp.Regexp{"mention": ghMention, "reference": ghReference, "commit": ghCommit, "address": ghAddress, "emoji": ghEmoji} {
		if m := re.FindString(s); m != "" {
			t.Errorf("%s %q in text %q", name, m, s)
		}
	}
	if strings.Contains(s, "$") {
		t.Errorf("formula in text %q", s)
	}
	for _, r := range s {
		if r != '\n' && hides(r) {
			t.Errorf("%U in text %q", r, s)
		}
	}
}

// structure parses Markdown as GitHub does and returns its outline without texts. Anything in it that our own templates never write is an error.
func structure(t testing.TB, md string) string {
	t.Helper()
	src := []byte(md)
	doc := gfm.Parser().Parse(text.NewReader(src))
	var out, run strings.Builder
	flush := func() {
		checkText(t, run.String())
		run.Reset()
	}
	html := func(raw string) {
		for _, tag := range anyTag.FindAllString(raw, -1) {
			if !ourTag.MatchString(tag) {
				t.Errorf("HTML that is not ours: %q in %q", tag, raw)
			}
			if tag != "<code>" && tag != "</code>" {
				out.WriteString(tag)
			}
		}
		checkText(t, plainHTML(raw))
	}
	depth := 0
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if n.Type() != ast.TypeInline && entering || n.Kind() == ast.KindLink {
			flush()
		}
		switch n := n.(type) {
		case *ast.Text:
			if entering {
				run.Write(util.UnescapePunctuations(n.Segment.Value(src))) // links are made of what is seen
				if n.SoftLineBreak() || n.HardLineBreak() {
					run.WriteByte('\n')
				}
				if n.HardLineBreak() {
					t.Errorf("hard line break in %q", md)
				}
			}
			return ast.WalkContinue, nil
		case *ast.CodeSpan:
			if entering {
				flush()
			}
			return ast.WalkSkipChildren, nil
		case *ast.Image, *ast.AutoLink:
			t.Errorf("%s in %q", n.Kind(), md)
		case *ast.Link:
			if entering && !ourLink.Match(n.Destination) {
				t.Errorf("link to %q", n.Destination)
			}
		case *ast.RawHTML:
			if entering {
				flush()
				for i := range n.Segments.Len() {
					s := n.Segments.At(i)
					html(string(s.Value(src)))
				}
			}
			return ast.WalkSkipChildren, nil
		case *ast.HTMLBlock:
			if entering {
				var raw strings.Builder
				for i := range n.Lines().Len() {
					s := n.Lines().At(i)
					raw.Write(s.Value(src))
				}
				if n.HasClosure() {
					raw.Write(n.ClosureLine.Value(src))
				}
				html(raw.String())
			}
			return ast.WalkSkipChildren, nil
		}
		if n.Kind() == ast.KindString || n.Kind() == ast.KindTextBlock {
			return ast.WalkContinue, nil
		}
		if n.Kind() == east.KindStrikethrough || n.Kind() == ast.KindThematicBreak && !strings.Contains(md, notesLine) {
			t.Errorf("%s in %q", n.Kind(), md)
		}
		if entering {
			depth++
			fmt.Fprintf(&out, "\n%s%s", strings.Repeat(" ", depth), n.Kind())
		} else {
			if n.Type() != ast.TypeInline {
				flush()
			}
			depth--
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	flush()
	return out.String()
}

// plainHTML is the text of HTML outside code.
func plainHTML(raw string) string {
	return anyTag.ReplaceAllString(htmlCodeRun.ReplaceAllString(raw, " "), " ")
}

func checkStructure(t testing.TB, md string) { t.Helper(); structure(t, md) }

// TestPlacesHoldHostileText puts every hostile text into every kind of place, and compares the outline with that of a harmless text.
func TestPlacesHoldHostileText(t *testing.T) {
	t.Parallel()
	places := map[string]func(string) string{
		"paragraph":     func(s string) string { return "Said " + Inline(s) + " here." },
		"start of line": func(s string) string { return "Before\n\n" + Inline(s) + " x\n\nafter" },
		"list":          func(s string) string { return "- " + Prose(s) + " x\n- next" },
		"heading":       func(s string) string { return "### Next: " + Inline(s) + " x\n\nafter" },
		"prose":         func(s string) string { return "**Why.** " + sentence(Prose(s)) + " After." },
		"cell":          func(s string) string { return "| a | b |\n| --- | --- |\n| x " + Cell(s) + " y | z |\n| p | q |" },
		"code":          func(s string) string { return "A " + Code(s) + " b." },
		"link text":     func(s string) string { return "See [" + Code(s) + " x](https://milepost.example/) now." },
		"link words":    func(s string) string { return "See [a " + Inline(s) + "](https://milepost.example/) now." },
		"address":       func(s string) string { return "[a](https://milepost.example/" + pathURL(clip(s, 100)) + ") now." },
		"query":         func(s string) string { return "[a](https://milepost.example/?v=" + queryURL(clip(s, 100)) + ") now." },
		"summary":       func(s string) string { return fold("More: "+HTML(s), "inside") + "\n\nafter" },
		"fence":         func(s string) string { return "Before\n\n" + Fence(s, "go") + "\n\nafter" },
		"fold":          func(s string) string { return fold("x", "- "+Prose(s)+" x") + "\n\nafter" },
		"rich":          func(s string) string { return "**Why.** " + richInline(s) + " x." },
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := structure(t, place("harmless words"))
			if name == "rich" {
				want = "" // bold and links to documentation are allowed there
			}
			for _, s := range hostile {
				if name == "rich" && strings.Contains(s, "](https://evil.example") {
					continue
				}
				md := place(s)
				if got := structure(t, md); want != "" && got != want {
					t.Errorf("%q becomes %q: %s", s, md, cmp.Diff(want, got))
				}
				if name != "fence" && strings.Count(md, "\n") != strings.Count(place("harmless words"), "\n") {
					t.Errorf("%q takes more than its line: %q", s, md)
				}
				if _, ok := FindMarker(md); ok {
					t.Errorf("%q is taken for our marker", s)
				}
				if len(Ticks(md)) > 0 {
					t.Errorf("%q is taken for a box", s)
				}
			}
		})
	}
}

// TestCodeShowsWhatItIsGiven compares what a reader sees with what was put in.
func TestCodeShowsWhatItIsGiven(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{"a`b": "a`b", "``": "``", "`": "`", "a|b": "a|b", " x ": "x", "a\nb": "a b", "\u202egpj.exe": "\\u202Egpj.exe", "": ""} { //nolint:gocritic // spaces are what is tested
		src := []byte(Code(in))
		doc := gfm.Parser().Parse(text.NewReader(src))
		p := doc.FirstChild()
		if p == nil || p.FirstChild() == nil || p.FirstChild().Kind() != ast.KindCodeSpan || p.ChildCount() != 1 {
			t.Errorf("%q becomes %q, which is no code span", in, src)
			continue
		}
		var got strings.Builder
		for c := p.FirstChild().FirstChild(); c != nil; c = c.NextSibling() {
			got.Write(c.(*ast.Text).Segment.Value(src)) //nolint:forcetypeassert // another node fails the test
		}
		if strings.TrimSpace(got.String()) != want {
			t.Errorf("%q shows %q, want %q", in, got.String(), want)
		}
	}
}

func TestProseKeepsCode(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"`ci.yml` line 14 installs":        "`ci.yml` line 14 installs",
		"see `a b` and `c`":                "see `a b` and `c`",
		"`a`,`b`":                          "`a`,`b`",
		"a `Dockerfile`: `FROM node:22`":   "a `Dockerfile`\\: `FROM node:22`",
		"`main.go`:12 starts a server":     "`main.go`\\:12 starts a server",
		"well done :tada: and :+1:":        "well done `:tada:` and `:+1:`",
		"a lone ` tick":                    "a lone &#96; tick",
		"two words_with under*scores":      `two words\_with under\*scores`,
		"ask @grace, please":               "ask `@grace`, please",
		"fixes #1":                         "fixes `#1`",
		"38 words of its own, 60 wanted":   "38 words of its own, 60 wanted",
		"``a ` b`` c":                      "``a ` b`` c",
		"costs $5":                         "costs `$5`",
		"the commit 0a1b2c3d4e broke it.":  "the commit `0a1b2c3d4e` broke it.",
		"(see https://example.org/x) then": "(see `https://example.org/x`) then",
	} {
		if got := Prose(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestRichTextOfRoadmaps(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"One\ntwo\n\nthree":                            "One two\n\nthree",
		"- a\n- b\n  more\n\nend":                      "- a\n- b more\n\nend",
		"1. a\n2) b":                                   "1. a\n2. b",
		"**bold** and `code` and *x*":                  "**bold** and `code` and \\*x\\*",
		"see [the guide](https://docs.example/a_b#c).": "see [the guide](https://docs.example/a_b#c).",
		"[x](https://github.com/a/b/issues/1)":         "`[x](https://github.com/a/b/issues/1`)",
		"[x](javascript:alert)":                        "\\[x\\](javascript:alert)",
		"```go\nx := `y`\n```":                         "```go\nx := `y`\n```",
		"````\n```\n````":                              "````\n```\n````",
		"```\nnever closed":                            "```\nnever closed\n```",
		"    indented\n    code":                       "```\nindented\ncode\n```",
		"ask @grace, <b>now</b>":                       "ask `@grace`, &lt;b&gt;now&lt;/b&gt;",
		"":                                             "",
	} {
		if got := Rich(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestPagesHoldHostileText fills every text of every page that comes from strangers.
func TestPagesHoldHostileText(t *testing.T) {
	t.Parallel()
	pages := func(s string) map[string]string {
		r := testRoadmap(t)
		in := nodeHalf(r)
		fill(in.Report, s)
		in.OpenPulls[0].Title = s
		in.Claims[0].By, in.Claims[0].What = s, s
		in.Changes[0].By = s
		in.ConfigFaults = []string{s, s}
		in.Problems = []string{s}
		in.Paused = &Paused{By: s}
		in.Changes = append([]Change{{At: in.CheckedAt, By: s, Gained: []string{s}, TakenBack: []string{s}, Skipped: []string{s}, Unskipped: []string{s}}}, in.Changes...)
		in.Mentors = []string{s}
		pin := pullInput(r)
		fill(pin.Base, s)
		fill(pin.Head, s)
		pin.Files = append(pin.Files, ChangedFile{Path: s, Patch: s})
		pin.ConfigFaults = []strict.Fault{{File: s, Line: 1, Column: 1, Msg: s}}
		check := CheckRun(pin)
		dg := digestInput(r)
		for _, l := range []*DigestLine{&dg.Moved[0], &dg.Stuck[0], &dg.Completed[0], &dg.Silent[0]} {
			l.Learner, l.Repository, l.Step = s, s, s
			l.Milestones = []string{s}
		}
		_, digest := Digest(dg)
		return map[string]string{
			"issue": Issue(in).Managed, "check summary": check.Summary, "check text": check.Text, "comment": Comment(pin, false).Body, "digest": digest,
			"why": ReplyWhy(in, "ci-runs-tests"), "why met": ReplyWhy(in, "rest-routes"), "skip": ReplySkip(s, s), "skip done": ReplySkipDone(s), "unskip": ReplyUnskip(s, true), "still skipped": ReplyStillSkipped(s), "no file": ReplyNoFile(s, s), "evidence": ReplyEvidence(s, s),
			"approve": ReplyApprove(s, s, s), "revoke": ReplyRevoke(s, s, true), "no right": ReplyNoRight(s), "milestone": ReplyUnknownMilestone(s, []string{s, s}),
			"command": ReplyUnknownCommand(s), "needs": ReplyNeeds(s, s), "step": StepCompleted(in, in.Report.Steps[0]), "earned": MilestoneEarned(in, []string{s, "ci-workflow"}),
			"markdown": Markdown(r, in.Report),
		}
	}
	want := map[string]string{}
	for name, md := range pages("harmless words") {
		want[name] = structure(t, md)
	}
	for _, s := range hostile {
		if strings.TrimSpace(visible(s)) == "" || strings.TrimSpace(s) == "" {
			continue // an empty reason leaves its paragraph out
		}
		for name, md := range pages(s) {
			got := structure(t, md)
			if slices.Contains([]string{"command", "needs", "milestone"}, name) || len(s) > 250 {
				continue // a name that comes near changes the words; an address that is too long is no link
			}
			if d := cmp.Diff(want[name], got); d != "" {
				t.Errorf("%s with %.60q: %s", name, s, d)
			}
			if id, _ := FindMarker(md); id != 0 && id != 4711 {
				t.Errorf("%s with %q is taken for the issue of %d", name, s, id)
			}
			if len(Ticks(md)) > 0 {
				t.Errorf("%s with %q has ticks", name, s)
			}
		}
	}
}

// fill puts a text into all that a repository can put into a report.
func fill(r *rules.Report, s string) {
	for i := range r.Steps {
		for j := range r.Steps[i].Milestones {
			m := &r.Steps[i].Milestones[j]
			m.Reason, m.Title = s, s
			if m.Next != "" {
				m.Next = s
			}
			for k := range m.Evidence {
				m.Evidence[k].Note = s
				if m.Evidence[k].Path != "" {
					m.Evidence[k].Path = s
				}
				if m.Evidence[k].URL != "" {
					m.Evidence[k].URL = s
				}
			}
		}
	}
	for i := range r.Steps {
		r.Steps[i].Title = s
	}
	r.Roadmap.Title = s
	r.Warnings = []string{s}
	r.Repository.Name = s
}

func FuzzPlaces(f *testing.F) {
	for _, s := range hostile[:40] {
		f.Add(s)
	}
	f.Add("`a|b` @x")
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 4000 {
			return
		}
		cell := func(s string) string { return "| a | b |\n| --- | --- |\n| x " + Cell(s) + " y | z |\n| p | q |" }
		line := func(s string) string {
			return "### n " + Inline(s) + "\n\n- x " + Prose(s) + " y\n\n" + fold("s "+HTML(s), "["+Code(s)+"](https://milepost.example/"+pathURL(clip(s, 50))+")") + "\n\nz"
		}
		for _, place := range []func(string) string{cell, line} {
			md := place(s)
			if got, want := structure(t, md), structure(t, place("harmless words")); got != want {
				t.Errorf("%q becomes %q: %s", s, md, cmp.Diff(want, got))
			}
		}
		structure(t, "A\n\n"+Rich(strings.ReplaceAll(s, "https://", "")))
	})
}

func FuzzSVG(f *testing.F) {
	for _, s := range []string{"tests", "<script>", `"&'`, "\u202e", "\x00", "]]>", "日本", "\xff", "\ufffe"} {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, n int) {
		checkSVG(t, Badge(s, s, s))
		checkSVG(t, Card(CardInput{Name: s, Roadmap: s, Met: n, Total: 40, Steps: []CardStep{{Title: s, Met: n, Total: n}, {Title: s, Total: 4, Met: 2}}}))
	})
}

// checkSVG reads a picture as XML: nothing but our own elements, and text alternatives.
func checkSVG(t testing.TB, svg []byte) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(string(svg)))
	var names []string
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("%v in %q", err, svg)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			names = append(names, e.Name.Local)
			if !slices.Contains([]string{"svg", "title", "desc", "style", "clipPath", "g", "rect", "text"}, e.Name.Local) {
				t.Errorf("element %s", e.Name.Local)
			}
			for _, a := range e.Attr {
				if strings.HasPrefix(strings.ToLower(a.Name.Local), "on") || strings.Contains(a.Name.Local, "href") {
					t.Errorf("attribute %s", a.Name.Local)
				}
			}
		case xml.CharData:
			for _, r := range string(e) {
				if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
					t.Errorf("%U in a picture", r)
				}
			}
		}
	}
	if !slices.Contains(names, "title") {
		t.Error("no text alternative")
	}
}
