package snapshot

import (
	"bytes"
	"testing"
)

func TestApplyDelta(t *testing.T) {
	t.Parallel()
	base := []byte("hello, world")
	for _, c := range []struct {
		name, delta, want string // want "" for an error
	}{
		{"copy and insert", "\x0c\x07\x90\x05\x02!!", "hello!!"},
		{"copy at an offset", "\x0c\x05\x91\x07\x05", "world"},
		{"wrong base", "\x0b\x05\x91\x07\x05", ""},
		{"beyond the base", "\x0c\x05\x91\x0a\x05", ""},
		{"too much", "\x0c\x04\x91\x07\x05", ""},
		{"too little", "\x0c\x06\x91\x07\x05", ""},
		{"reserved", "\x0c\x05\x00", ""},
		{"cut insert", "\x0c\x05\x05abc", ""},
		{"cut copy", "\x0c\x05\x91", ""},
		{"huge", "\x0c\xff\xff\xff\xff\xff\xff\x7f\x91\x07\x05", ""},
		{"endless size", "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", ""},
		{"empty", "", ""},
	} {
		got, err := applyDelta(base, []byte(c.delta), 100)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s: %q, %v", c.name, got, err)
		}
	}
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("hello, world"), []byte("\x0c\x07\x90\x05\x02!!"))
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		if out, err := applyDelta(base, delta, 1<<16); err == nil && len(out) > 1<<16 {
			t.Fatalf("%d bytes", len(out))
		}
	})
}

func TestCommitText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ line, name, email, at string }{
		{"Ada L <ada@x.org> 1700000000 +0100", "Ada L", "ada@x.org", "2023-11-14T22:13:20Z"},
		{"<> 0 +0000", "", "", "1970-01-01T00:00:00Z"},
		{"No Mail", "No Mail", "", "0001-01-01T00:00:00Z"},
		{"A <b> <c@d> 99999999999999 +0000", "A", "b> <c@d", "0001-01-01T00:00:00Z"},
		{"A <b@c", "A", "b@c", "0001-01-01T00:00:00Z"},
		{"A <b@c> -5 +0000", "A", "b@c", "0001-01-01T00:00:00Z"},
	} {
		name, email, at := parsePerson(c.line)
		if name != c.name || email != c.email || at.Format("2006-01-02T15:04:05Z07:00") != c.at {
			t.Errorf("%q: %q %q %v", c.line, name, email, at)
		}
	}
	if got := decodeText("caf\xe9", true); got != "café" {
		t.Errorf("latin1: %q", got)
	}
	if got := decodeText("caf\xe9", false); got != "caf\uFFFD" {
		t.Errorf("invalid: %q", got)
	}
	if f, m := parseFields([]byte("tree x\ngpgsig a\n b\n c\nauthor y\n\nhi\n")); len(f) != 3 || f[2][1] != "y" || !bytes.Equal(m, []byte("hi\n")) {
		t.Errorf("%v %q", f, m)
	}
}
