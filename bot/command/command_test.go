package command

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, body string
		want       []Command
	}{
		{"nothing", "", nil},
		{"talk", "I ran /milepost recheck yesterday", nil},
		{"help", "/milepost help", []Command{{Verb: "help"}}},
		{"alone", "/milepost", []Command{{}}},
		{"trailing spaces and carriage return", "/milepost recheck  \r\n", []Command{{Verb: "recheck"}}},
		{"any letter case", "/Milepost WHY CI-Runs-Tests", []Command{{Verb: "why", Milestone: "ci-runs-tests"}}},
		{"three spaces", "   /milepost resume", []Command{{Verb: "resume"}}},
		{"four spaces are code", "    /milepost resume", nil},
		{"a tab is code", "\t/milepost resume", nil},
		{"quoted", "> /milepost resume", nil},
		{"longer name", "/milepostal resume\n/milepost-bot help", nil},
		{"skip with reason", "/milepost skip jwt we use sessions, see README", []Command{{Verb: "skip", Milestone: "jwt", Text: "we use sessions, see README"}}},
		{"skip without reason", "/milepost skip jwt", []Command{{Verb: "skip", Milestone: "jwt"}}},
		{"skip without id", "/milepost skip", []Command{{Verb: "skip"}}},
		{"id in backticks", "/milepost why `jwt`?", []Command{{Verb: "why", Milestone: "jwt"}}},
		{"evidence", "/milepost evidence live-deployment https://example.org/app?x=1", []Command{{Verb: "evidence", Milestone: "live-deployment", Text: "https://example.org/app?x=1"}}},
		{"approve", "/milepost approve rbac  looked at it together ", []Command{{Verb: "approve", Milestone: "rbac", Text: "looked at it together"}}},
		{"pause", "/milepost pause 14d", []Command{{Verb: "pause", Text: "14d"}}},
		{"pause until", "/milepost pause 2026-12-24", []Command{{Verb: "pause", Text: "2026-12-24"}}},
		{"unknown verb", "/milepost Dance with me", []Command{{Verb: "dance", Text: "with me"}}},
		{"after talk", "Hello!\n\n/milepost recheck\nThanks", []Command{{Verb: "recheck"}}},
		{"in a fence", "```\n/milepost recheck\n```\n/milepost help", []Command{{Verb: "help"}}},
		{"in a tilde fence", "~~~sh\n/milepost recheck\n```\n/milepost recheck\n~~~", nil},
		{"in a longer fence", "````\n```\n/milepost recheck\n````\n/milepost help", []Command{{Verb: "help"}}},
		{"inline code of three backticks is no fence", "```x``` y\n/milepost help", []Command{{Verb: "help"}}},
		{"in a comment", "<!-- \n/milepost recheck\n-->\n/milepost help", []Command{{Verb: "help"}}},
		{"behind a closed comment", "<!-- x -->\n/milepost help", []Command{{Verb: "help"}}},
		{"two comments", "<!-- a\n--> <!-- b\n/milepost recheck\n-->", nil},
		{"in pre", "<pre>\n/milepost recheck\n</pre>\n/milepost help", []Command{{Verb: "help"}}},
		{"control characters", "/milepost skip jwt a\x00b\x1b[31mc", []Command{{Verb: "skip", Milestone: "jwt", Text: "ab[31mc"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, Parse(tt.body), cmpopts.IgnoreFields(Command{}, "Raw"), cmpopts.EquateEmpty()); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseIsBounded(t *testing.T) {
	t.Parallel()
	if got := Parse(strings.Repeat("/milepost help\n", 50)); len(got) != maxCommands {
		t.Errorf("%d commands, want %d", len(got), maxCommands)
	}
	got := Parse("/milepost skip jwt " + strings.Repeat("é", 5000))
	if n := utf8.RuneCountInString(got[0].Text); n != maxText {
		t.Errorf("text of %d characters, want %d", n, maxText)
	}
	if raw := Parse("  /milepost Help")[0].Raw; raw != "  /milepost Help" {
		t.Errorf("raw %q", raw)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"/milepost help", "```\n/milepost why x\n```", "<!-- a\n/milepost x", "> /milepost x", "/milepost skip a b\r\n\t/milepost y", "<pre>\n/milepost", "\xff/milepost \xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, body string) {
		got := Parse(body)
		if len(got) > maxCommands {
			t.Fatalf("%d commands", len(got))
		}
		for _, c := range got {
			if !utf8.ValidString(c.Text) || !utf8.ValidString(c.Verb) || !utf8.ValidString(c.Milestone) {
				t.Fatalf("not text: %+v", c)
			}
			if c.Verb != strings.ToLower(c.Verb) || strings.ContainsAny(c.Verb+c.Milestone, " \t\n") || strings.ContainsAny(c.Text, "\n\x00") {
				t.Fatalf("not parted: %+v", c)
			}
			if c.Milestone != "" && !slices.Contains(withMilestone, c.Verb) {
				t.Fatalf("milestone of %q: %+v", c.Verb, c)
			}
			if !strings.HasPrefix(strings.ToLower(strings.TrimLeft(c.Raw, " ")), "/milepost") {
				t.Fatalf("not addressed: %+v", c)
			}
		}
		// What is quoted is never a command.
		if q := Parse("> " + strings.ReplaceAll(body, "\n", "\n> ")); len(q) != 0 {
			t.Fatalf("quoted: %+v", q)
		}
	})
}
