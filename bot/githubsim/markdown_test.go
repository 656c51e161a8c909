package githubsim

import (
	"strings"
	"testing"
)

func TestMarkdownIsCleanedAsOnGitHub(t *testing.T) {
	t.Parallel()
	s := New(Options{})
	t.Cleanup(s.Close)
	s.AddUser("alice", "", "")
	for in, want := range map[string]string{
		"a <!-- milepost:1 --> b":                          "<p>a  b</p>",
		"<script>alert(1)</script>x":                       "x",
		"<details><summary>s</summary>\n\nt\n\n</details>": "<details><summary>s</summary>\n<p>t</p>\n</details>",
		`<img src=x onerror=alert(1)>`:                     `<img src="x">`,
		"[x](javascript:alert(1))":                         `<p><a rel="nofollow">x</a></p>`,
		"- [x] done":                                       "<ul>\n<li><input checked=\"\" disabled=\"\" type=\"checkbox\"> done</li>\n</ul>",
		"@alice `@alice` @nobody":                          `<p><a class="mention" href="/alice">@alice</a> <code>@alice</code> @nobody</p>`,
		"<sub>a</sub><kbd>b</kbd><iframe>c</iframe>":       "<p><sub>a</sub><kbd>b</kbd></p>",
		"<div><b>open":                                     "<div><b>open</b></div>",
	} {
		if got := strings.TrimSpace(string(s.markdown(in, nil))); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{"# a", "<b><i></b>", "<svg><a xlink:href='x'>", "| a |\n|---|\n| `|` |", "<input type=checkbox>"} {
		f.Add(seed)
	}
	s := New(Options{})
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, in string) {
		out := strings.ToLower(string(s.markdown(in, nil)))
		for _, bad := range []string{"<script", "<iframe", "<style", "<svg", "href=\"javascript:"} {
			if strings.Contains(out, bad) {
				t.Errorf("%q came through: %q", bad, out)
			}
		}
	})
}

func TestPatchAppliesBack(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{
		{"a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c"},
		{"", "a\n", "@@ -0,0 +1 @@\n+a"},
		{"a\n", "", "@@ -1 +0,0 @@\n-a"},
		{"1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "@@ -7,3 +7,4 @@\n 7\n 8\n 9\n+10"},
	} {
		got, _, _ := patch([]byte(c[0]), []byte(c[1]))
		if got != c[2] {
			t.Errorf("%q -> %q:\n got %q\nwant %q", c[0], c[1], got, c[2])
		}
	}
}

func FuzzPatch(f *testing.F) {
	f.Add("a\nb\n", "b\nc\n")
	f.Fuzz(func(t *testing.T, a, b string) {
		var from, to []string
		for _, o := range compareLines(splitLines([]byte(a)), splitLines([]byte(b))) {
			if o.op != '+' {
				from = append(from, o.text)
			}
			if o.op != '-' {
				to = append(to, o.text)
			}
		}
		if strings.Join(from, "\n") != strings.Join(splitLines([]byte(a)), "\n") || strings.Join(to, "\n") != strings.Join(splitLines([]byte(b)), "\n") {
			t.Errorf("%q, %q: %q, %q", a, b, from, to)
		}
	})
}

func FuzzJWT(f *testing.F) {
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.AA")
	s := New(Options{})
	f.Cleanup(s.Close)
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Count(raw, ".") != 2 {
			return
		}
		if p, a := s.verifyJWT(raw); a.status == 0 || !p.anonymous() {
			t.Errorf("%q was accepted", raw)
		}
	})
}
