package render

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompose(t *testing.T) {
	t.Parallel()
	text := Issue(nodeHalf(testRoadmap(t)))
	fresh := Compose("", text)
	if got := Compose(fresh+"mine", IssueText{}); got != "\nmine" {
		t.Errorf("an empty text leaves %q, not the notes alone", got)
	}
	if fresh != text.Managed+"\n" {
		t.Error("a new body is not our part alone")
	}
	old := Issue(issueInput(testRoadmap(t), report(testRoadmap(t), "go", nil)))
	notes := "\nMy notes\r\n\n<!-- milepost:end -->\n```\n<!-- milepost:notes -->\n```\n- [x] mine <!-- milepost:box:pause -->\n"
	tests := map[string]struct{ existing, want string }{
		"notes":                   {old.Managed + notes, notes},
		"no newline at the end":   {old.Managed, ""},
		"behind the line itself":  {old.Managed + " hello", " hello"},
		"line edited away":        {strings.Replace(old.Managed, "\n\n---\n\n"+markNotes, "", 1) + notes, notes},
		"rule edited away":        {strings.Replace(old.Managed, "\n\n---\n\n"+markNotes, "\n\n"+markNotes, 1) + notes, notes},
		"written above the line":  {strings.Replace(old.Managed, "\n---\n", "\nmine\n\n---\n", 1) + notes, "\n\nmine\n\n---\n\n" + markNotes + notes},
		"end mark edited away":    {strings.Replace(old.Managed, markEnd+"\n", "", 1) + "\nplain notes\n", "\nplain notes\n"},
		"both edited away":        {"Only mine\n", "\n\nOnly mine\n"},
		"a copy and no line":      {Marker(1) + "\nmine\n\n" + old.Managed + notes, "\n\n" + Marker(1) + "\nmine\n\n" + old.Managed + notes},
		"marks among the notes":   {"mine\n\n" + notesLine + "\nmore", "\n\nmine\n\n" + notesLine + "\nmore"},
		"carriage returns":        {strings.ReplaceAll(old.Managed, "\n", "\r\n") + notes, notes},
		"an open block above":     {strings.Replace(old.Managed, "### "+msgControls, "```\n### "+msgControls, 1) + notes, notes},
		"our part pasted in code": {old.Managed + "\n```\n" + old.Managed + "\n```\n", "\n```\n" + old.Managed + "\n```\n"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := Compose(tt.existing, text)
			if d := cmp.Diff(text.Managed+tt.want, got); d != "" {
				t.Error(d)
			}
			if again := Compose(got, text); again != got {
				t.Errorf("not the same when written again:\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	text := Issue(nodeHalf(testRoadmap(t)))
	body := Compose("", text)
	tick := func(s, id, box string) string {
		l := boxLine(map[string]string{"recheck": msgBoxRecheck, "pause": msgBoxPause, "ask-mentor": msgBoxMentor}[id], id)
		if !strings.Contains(s, l) {
			t.Fatalf("no box %q", l)
		}
		return strings.Replace(s, l, strings.Replace(l, "- [ ]", box, 1), 1)
	}
	for name, tt := range map[string]struct {
		body string
		want []string
	}{
		"none":             {body, nil},
		"one":              {tick(body, "pause", "- [x]"), []string{"pause"}},
		"capital":          {tick(body, "recheck", "- [X]"), []string{"recheck"}},
		"star and spaces":  {tick(body, "ask-mentor", "  *  [ x ]"), []string{"ask-mentor"}},
		"two":              {tick(tick(body, "pause", "- [x]"), "recheck", "- [x]"), []string{"recheck", "pause"}},
		"carriage returns": {strings.ReplaceAll(tick(body, "pause", "- [x]"), "\n", "\r\n"), []string{"pause"}},
		"in the notes":     {body + "\n- [x] x <!-- milepost:box:pause -->\n", nil},
		"in code":          {"```\n- [x] x <!-- milepost:box:pause -->\n```\n" + body, nil},
		"other words":      {strings.Replace(tick(body, "recheck", "- [x]"), msgBoxRecheck, "bitte prüfen", 1), []string{"recheck"}},
		"upper-case mark":  {strings.Replace(tick(body, "recheck", "- [x]"), "<!-- milepost:box:recheck -->", "<!--MILEPOST:BOX:RECHECK-->", 1), []string{"recheck"}},
		"unknown id":       {"- [x] a <!-- milepost:box:delete -->\n" + body, nil},
		"without an id":    {"- [x] " + msgBoxPause + "\n" + body, nil},
	} {
		if d := cmp.Diff(tt.want, Ticks(tt.body)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}

func TestMarkers(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]int64{
		Marker(7):                     7,
		"above\n\n" + Marker(7):       7,
		Marker(7) + "\r\nx":           7,
		Marker(7) + "\n" + Marker(8):  7,
		"":                            0,
		"```\n" + Marker(7) + "\n```": 0,
		"~~~\n" + Marker(7):           0,
		"    " + Marker(7):            0,
		"> " + Marker(7):              0,
		"x " + Marker(7):              0,
		notesLine + "\n" + Marker(7):  0,
		"<!-- milepost:issue:x -->":   0,
		"<!-- milepost:issue:99999999999999999999 -->": 0,
		CommentMarker(7, 1):                            0,
	} {
		if got, ok := FindMarker(body); got != want || ok != (want != 0) {
			t.Errorf("%q: %d %v, want %d", body, got, ok, want)
		}
	}
	if _, _, ok := FindCommentMarker("quoted\n" + CommentMarker(7, 1)); ok {
		t.Error("a marker below the first line counts")
	}
	if id, n, ok := FindCommentMarker(CommentMarker(7, 12) + "\n\nx"); !ok || id != 7 || n != 12 {
		t.Error("our own marker is not found")
	}
}

// FuzzCompose holds what nobody may lose: notes are kept byte for byte and writing twice changes nothing more.
func FuzzCompose(f *testing.F) {
	text := Issue(nodeHalf(testRoadmap(f)))
	for _, s := range []string{"", "\nnotes", "\r\n- [x] a", markEnd, "\n" + notesLine, "```\n" + markNotes, "\x00\xff", "\n~~~\n<!-- milepost:issue:1 -->"} {
		f.Add(s, 0)
		f.Add(s, 1)
		f.Add(s, 2)
	}
	f.Fuzz(func(t *testing.T, notes string, how int) {
		if len(notes) > 20_000 {
			return
		}
		var existing string
		switch how % 3 {
		case 0: // as we wrote it
			existing = text.Managed + notes
		case 1: // the line is gone
			existing = strings.TrimSuffix(text.Managed, "\n\n---\n\n"+markNotes) + "\n" + notes
		default: // nothing of ours is left, or whatever the text makes of it
			existing = notes
		}
		got := Compose(existing, text)
		if again := Compose(got, text); again != got {
			t.Fatalf("not the same when written again: %q", notes)
		}
		if _, kept, _ := notesOf(existing); !strings.HasSuffix(got, kept) && strings.TrimSpace(existing) != "" {
			t.Fatalf("lost: %q", notes)
		}
		if how%3 == 0 && got != text.Managed+notes {
			t.Fatalf("notes changed: %q", notes)
		}
		if id, ok := FindMarker(got); !ok || id != 4711 {
			t.Fatalf("marker lost: %q", notes)
		}
		if len(Ticks(got)) != 0 {
			t.Fatalf("a box of the notes counts: %q", notes)
		}
	})
}

func TestPutBack(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	ours := Compose("", Issue(issueInput(r, report(r, "node", nil))))
	newer := Compose("", Issue(issueInput(r, report(r, "node", map[string]verdict{"readme": met("80 words", "README.md")}))))
	for name, tt := range map[string]struct{ body, before, after, want string }{
		"written over":              {newer, ours, ours + "mine", newer + "mine"},
		"written over, more notes":  {newer + "one", ours + "one", ours + "one two", newer + "one two"},
		"taken away, written over":  {newer + "one", ours + "one", ours, newer},
		"stands":                    {newer + "mine", ours, ours + "mine", ""},
		"stands, with other ends":   {newer + "a\r\nb", ours, ours + "a\nb", ""},
		"changed again since":       {newer + "other", ours, ours + "mine", ""},
		"no notes were changed":     {newer, ours, strings.Replace(ours, "[ ]", "[x]", 1), ""},
		"not told what was before":  {newer, "", ours + "mine", ""},
		"our part was taken away":   {newer, ours, "mine", ""},
		"no longer room for both":   {newer, ours, ours + strings.Repeat("x", maxBody), ""},
		"the whole issue is theirs": {"mine", ours, ours + "mine", ""},
	} {
		got, ok := PutBack(tt.body, tt.before, tt.after)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("%s: %v, %q", name, ok, got[max(0, len(got)-60):])
		}
	}
	if got := NewTicks(ours, strings.Replace(ours, "[ ]", "[x]", 1)); len(got) != 1 || got[0] != "recheck" {
		t.Errorf("new ticks: %v", got)
	}
}
