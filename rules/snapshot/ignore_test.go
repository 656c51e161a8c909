package snapshot

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// ignoreCases are rules, a path ("dir/" is a folder) and whether git ignores it; git itself is asked as well
// where it is installed.
var ignoreCases = []struct {
	rules, path string
	ignored     bool
}{
	{"node_modules", "node_modules/", true},
	{"node_modules/", "node_modules/", true},
	{"node_modules/", "node_modules", false}, // a file of that name
	{"node_modules/", "a/b/node_modules/", true},
	{"/dist", "dist", true},
	{"/dist", "a/dist", false},
	{"a/b", "a/b", true},
	{"a/b", "x/a/b", false}, // a slash in the middle anchors
	{"a/b/", "a/b/", true},
	{"a/b/", "a/b", false},
	{"*.log", "x.log", true},
	{"*.log", "a/x.log", true},
	{"*.log", "x.log.txt", false},
	{"*.log\n!keep.log", "keep.log", false},
	{"!keep.log\n*.log", "keep.log", true}, // the last one counts
	{"*.log\n!/keep.log", "a/keep.log", true},
	{"*\n!*.go", "main.go", false},
	{"*\n!*.go", "main.c", true},
	{"/*\n!/src", "src/", false},
	{"/*\n!/src", "lib/", true},
	{"**/foo", "foo", true},
	{"**/foo", "a/b/foo", true},
	{"**/foo/bar", "x/foo/bar", true},
	{"foo/**", "foo/a", true},
	{"foo/**", "foo/a/b", true},
	{"foo/**", "foo/", false},
	{"a/**/b", "a/b", true},
	{"a/**/b", "a/x/b", true},
	{"a/**/b", "a/x/y/b", true},
	{"a/**/b", "ab", false},
	{"a/**/b", "x/a/b", false},
	{"a**b", "axxb", true},
	{"a**/b", "ax/b", true},
	{"a**/b", "ax/y/b", true}, // git's own: plain text before the stars does not count
	{"a**/b", "ab", true},
	{"?**/b", "ax/y/b", false}, // not between slashes: as one star
	{"x/a**", "x/a", true},
	{"a/*/b", "a/x/b", true},
	{"a/*/b", "a/x/y/b", false},
	{"a/*", "a/x", true},
	{"?.c", "a.c", true},
	{"?.c", "ab.c", false},
	{"[ab].c", "a.c", true},
	{"[!ab].c", "a.c", false},
	{"[^ab].c", "c.c", true},
	{"[a-c]x", "bx", true},
	{"[a-c]x", "dx", false},
	{"[]]x", "]x", true},
	{"[]-]x", "-x", true},
	{"[[:digit:]]x", "7x", true},
	{"[[:digit:]]x", "ax", false},
	{"[[:upper:][:digit:]_]x", "_x", true},
	{"[[:nonsense:]]x", "nx", false},
	{"[ab", "a", false}, // never closed
	{"[ab", "[ab", false},
	{`\[ab`, "[ab", true},
	{"a[/]b", "a/b", false},
	{"a[x/]b", "axb", true},
	{"# not a rule", "# not a rule", false},
	{`\#real`, "#real", true},
	{`\!real`, "!real", true},
	{"trail   ", "trail", true},
	{`trail\ `, "trail ", true},
	{"crlf\r\nother\r\n", "crlf", true},
	{"\ufeffbom", "bom", true},
	{"a//b", "a/b", false},
	{`back\`, "back", false},
	{`\a\b`, "ab", true},
	{"/", "x", false},
	{"", "x", false},
	{"!", "x", false},
	{"**", "a/x", true},
	{"/**", "x", true},
	{"**/", "d/", true},
	{"**/", "f", false},
	{"*/", "d/", true},
	{"***/x", "a/b/x", true},
	{"a/***/x", "a/b/c/x", true},
	{"foo*bar*baz", "foo1bar2baz", true},
	{"foo*bar*baz", "foo1bar2ba", false},
	{"Foo", "foo", false},
	{"ünï", "ünï", true},
	{"a b", "a b", true},
	{"\t", "\t", true},
	{"doc/*.txt", "doc/a.txt", true},
	{"doc/*.txt", "doc/sub/a.txt", false},
	{".*", ".env", true},
	{"*.py[cod]", "a.pyc", true},
	{"*.py[cod]", "a.py", false},
	{"bin/\n!bin/keep", "bin/", true},
}

// ignores judges one path as the walk does: a path below an ignored folder is ignored.
func ignores(rules, p string) bool {
	r, _ := parseIgnore([]byte(rules), "", false)
	p, isFolder := strings.CutSuffix(p, "/")
	for i := 0; i <= len(p); i++ {
		if i < len(p) && p[i] != '/' {
			continue
		}
		dir := i < len(p) || isFolder
		if d, _ := r.match(p[:i], path.Base(p[:i]), dir); d == excluded {
			return true
		}
	}
	return false
}

func TestIgnore(t *testing.T) {
	t.Parallel()
	for _, c := range ignoreCases {
		if got := ignores(c.rules, c.path); got != c.ignored {
			t.Errorf("rules %q, path %q: ignored %v, want %v", c.rules, c.path, got, c.ignored)
		}
	}
}

func TestIgnoreFoldsCase(t *testing.T) {
	t.Parallel()
	r, _ := parseIgnore([]byte("Foo\nDIR/*.TXT\n"), "", true)
	for _, p := range []string{"foo", "FOO", "dir/a.txt", "Dir/A.Txt"} {
		if d, _ := r.match(p, path.Base(p), false); d != excluded {
			t.Errorf("%s is not ignored", p)
		}
	}
}

// gitIgnores asks git about many paths at once; the paths are made, since git looks at what they are.
func gitIgnores(t *testing.T, rules string, paths []string) map[string]bool {
	t.Helper()
	dir := t.TempDir()
	run := func(stdin string, args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "HOME="+dir)
		cmd.Stdin = strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil && len(out) > 0 {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	for _, d := range []string{".git/objects", ".git/refs"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, ".git/HEAD"), []byte("ref: refs/heads/main\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, ".gitignore"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		full := filepath.Join(dir, p)
		if strings.HasSuffix(p, "/") {
			_ = os.MkdirAll(full, 0o755)
			continue
		}
		_ = os.MkdirAll(filepath.Dir(full), 0o755)
		_ = os.WriteFile(full, nil, 0o600)
	}
	// With a slash at its end git would match a path that its own walk never asks for.
	asked := make(map[string]string)
	stdin := ""
	for _, p := range paths {
		bare := strings.TrimSuffix(p, "/")
		asked[bare] = p
		stdin += bare + "\x00"
	}
	out := run(stdin, "check-ignore", "--no-index", "-z", "--stdin")
	ignored := make(map[string]bool)
	for p := range strings.SplitSeq(out, "\x00") {
		ignored[asked[p]] = true
	}
	return ignored
}

// TestIgnoreAgainstGit holds the table, and rules made at random from a small alphabet, to git itself.
func TestIgnoreAgainstGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for i, c := range ignoreCases {
		if got := gitIgnores(t, c.rules, []string{c.path})[c.path]; got != c.ignored {
			t.Errorf("case %d: rules %q, path %q: git says %v", i, c.rules, c.path, got)
		}
	}
	paths := []string{
		"a", "b", "ab", "ba.c", "c.c", "d/", "d/a", "d/b", "d/e/", "d/e/a", "d/e/b.c", "d/e/f/a", "e/", "e/a", "e/d/a",
		"]", "-", "a-b", "aab", "abab",
	}
	pieces := []string{"a", "b", "c", "d", "e", "*", "**", "/", "/", "?", "[ab]", "[!a]", "[a-d]", ".c", "!", `\a`, "/**/", "**/", "/*", "-", "[", "]"}
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		var rules strings.Builder
		for range 1 + rnd.IntN(4) {
			for range 1 + rnd.IntN(4) {
				rules.WriteString(pieces[rnd.IntN(len(pieces))])
			}
			rules.WriteByte('\n')
		}
		git := gitIgnores(t, rules.String(), paths)
		for _, p := range paths {
			if got := ignores(rules.String(), p); got != git[p] {
				t.Errorf("rules %q, path %q: ignored %v, git says %v", rules.String(), p, got, git[p])
			}
		}
	}
}

// TestIgnoreIsNotExponential would not end with a matcher that tries every way.
func TestIgnoreIsNotExponential(t *testing.T) {
	t.Parallel()
	name := strings.Repeat("a", 3000)
	for _, rules := range []string{strings.Repeat("*a", 60) + "b", strings.Repeat("**/a*", 60) + "/b", strings.Repeat("a/**/", 60) + "b"} {
		if ignores(rules, name) {
			t.Errorf("%.20s ... matches", rules)
		}
		r, _ := parseIgnore([]byte(rules), "", false)
		if d, _ := r.match(strings.Repeat("a/", 1500)+"a", "a", false); d == excluded {
			t.Errorf("%.20s ... matches", rules)
		}
	}
}

func TestIgnoreIsBounded(t *testing.T) {
	t.Parallel()
	r, whole := parseIgnore([]byte(strings.Repeat("*x\n", maxIgnorePatterns+5)), "", false)
	if whole || len(r.patterns) != maxIgnorePatterns {
		t.Errorf("%d patterns, whole %v", len(r.patterns), whole)
	}
}

func FuzzIgnore(f *testing.F) {
	for _, c := range ignoreCases {
		f.Add(c.rules, c.path)
	}
	f.Fuzz(func(t *testing.T, rules, p string) {
		if len(rules) > 4<<10 || len(p) > 4<<10 || p == "" {
			return
		}
		r, _ := parseIgnore([]byte(rules), "", false)
		for _, dir := range []bool{false, true} {
			d, tried := r.match(p, path.Base(p), dir)
			if tried > len(r.patterns) {
				t.Fatalf("%d of %d patterns tried", tried, len(r.patterns))
			}
			// The shortcuts must decide as all patterns tried one after the other do.
			want := undecided
			for i := range r.patterns {
				if r.patterns[i].matches(p, path.Base(p), dir) {
					want = excluded
					if r.patterns[i].negated {
						want = included
					}
				}
			}
			if d != want {
				t.Fatalf("rules %q, path %q: %v, one by one %v", rules, p, d, want)
			}
		}
	})
}

func BenchmarkIgnore(b *testing.B) {
	var rules strings.Builder
	for i := range 60 {
		fmt.Fprintf(&rules, "build%d/\n*.ext%d\ndoc%d/**/tmp-*\n", i, i, i)
	}
	r, _ := parseIgnore([]byte(rules.String()), "", false)
	for b.Loop() {
		r.match("src/main/java/org/example/App.java", "App.java", false)
	}
}
