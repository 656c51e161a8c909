package webhook

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allPaths has a path of every kind, and shapes that the table has.
var allPaths = compile([]string{"action:s", "repository.id:i", "installation.id:i", "sender.type:s", "t:t", "b:b", "p:p", "r:r", "o.x:i", "o:p", "q:p", "q.x.y:i", "list[].id:i", "list[].sub.s:s", "m:m"})

// FuzzProject holds the scanner to encoding/json: the same is valid, and the same values are found.
func FuzzProject(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, s := range []string{
		`{}`, `{"a":1,"a":2}`, `{"action":"x","action":null}`, `{"o":[],"q":{"x":{"y":5}},"p":0,"b":true,"r":[1, {"x":2}]}`, `{"list":[{"id":1},2,{"id":3,"sub":{"s":"\ud800"}},[]]}`,
		`{"t":"é\n\u0000 < >","repository":{"id":-0}}`, `{"repository":{"id":1e3}}`, `{"repository":{"id":9223372036854775808}}`, "{\"action\":\"\xff\"}", `{"\u0061ction":"x"}`,
		`{"action":"` + strings.Repeat("x", 1022) + `ab"}`, `[]`, `{"x":[[[[]]]]}`, `{"n":[0,-1,1.5,1e+5,01]}`, "{\"x\":\"\x01\"}", `{"x":tru}`, `{"q":true,"o":{}}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := project(data, allPaths)
		if valid := json.Valid(data) && strings.HasPrefix(strings.TrimLeft(string(data), " \t\r\n"), "{"); valid != (err == nil) {
			t.Fatalf("valid %v, but error %v", valid, err)
		}
		if err != nil {
			return
		}
		want, err := projectSlowly(data, allPaths)
		if err != nil {
			t.Fatal(err)
		}
		var g, w map[string]any
		if err := json.Unmarshal(got.fields, &g); err != nil {
			t.Fatalf("output is not JSON: %v: %s", err, got.fields)
		}
		if err := json.Unmarshal(want.fields, &w); err != nil {
			t.Fatal(err)
		}
		if len(data) > maxRaw/2 { // its limit is on the bytes as they are, which encoding/json does not show
			delete(g, "r")
			delete(w, "r")
		}
		if d := cmp.Diff(w, g); d != "" {
			t.Fatalf("(-encoding/json +scanner):\n%s", d)
		}
		for _, slot := range []int{slotRepo, slotInstallation} {
			if number(got.slot[slot]) != number(want.slot[slot]) {
				t.Fatalf("slot %d: %s, want %s", slot, got.slot[slot], want.slot[slot])
			}
		}
	})
}

// TestTable: every path of the table compiles; that what they bring has the types of its reader is tested there.
func TestTable(t *testing.T) {
	t.Parallel()
	if n := len(trees()); n != len(events)+1 {
		t.Errorf("%d trees of %d events", n, len(events))
	}
}

func TestPlain(t *testing.T) {
	t.Parallel()
	for c := range 256 {
		for at := range 20 {
			for pad := range 20 {
				b := []byte(strings.Repeat("\xffa ", 14)[:at] + string([]byte{byte(c)}) + strings.Repeat("!", pad))
				want := len(b)
				if c == '"' || c == '\\' || c < 0x20 {
					want = at
				}
				if got := plain(b); got != want {
					t.Fatalf("%q: %d, want %d", b, got, want)
				}
			}
		}
	}
}
