package snapshot_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules/snapshot"
)

func paths(s *snapshot.Snapshot) []string {
	out := make([]string, 0, len(s.Entries))
	for _, e := range s.Entries {
		out = append(out, e.Path)
	}
	return out
}

func TestNewSortsAndRefuses(t *testing.T) {
	t.Parallel()
	bad := []string{
		"", "/etc/passwd", "../up", "a/../../b", "a/..", "./a", "a//b", "a/", "a\x00b", `..\up`, `a\b`,
		".git/config", "sub/.GIT/hooks/x", strings.Repeat("d/", 3000) + "f",
	}
	good := []string{"z.go", "a.go", "A.go", "dir/b.go", "dir-2/c", "..hidden", "dots...", "täst/ü", "a b", ".gitignore", ".github/x"}
	var in []snapshot.Entry
	for _, p := range append(bad, good...) {
		in = append(in, snapshot.Entry{Path: p})
	}
	in = append(in, snapshot.Entry{Path: "z.go", Size: 9})
	s := snapshot.New(in, nil)
	want := []string{"..hidden", ".github/x", ".gitignore", "A.go", "a b", "a.go", "dir-2/c", "dir/b.go", "dots...", "täst/ü", "z.go"}
	if diff := cmp.Diff(want, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if len(s.Warnings) != len(bad)+1 {
		t.Errorf("%d warnings, want %d: %v", len(s.Warnings), len(bad)+1, s.Warnings)
	}
	if e, _ := s.Lookup("z.go"); e.Size != 0 {
		t.Errorf("the later duplicate won: %+v", e)
	}
	if in[len(bad)].Path != "z.go" {
		t.Error("New changed the caller's slice")
	}
}

func TestWarningsAreBounded(t *testing.T) {
	t.Parallel()
	in := make([]snapshot.Entry, 1000)
	for i := range in {
		in[i].Path = "../" + strings.Repeat("x", i)
	}
	s := snapshot.New(in, nil)
	if n := len(s.Warnings); n != 200 {
		t.Fatalf("%d warnings", n)
	}
	if got, want := s.Warnings[199].Msg, "801 more warnings are not shown"; got != want {
		t.Errorf("last warning %q, want %q", got, want)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	boom := errors.New("boom")
	s := snapshot.New([]snapshot.Entry{
		{Path: "a/ok", Size: 2}, {Path: "big", Size: snapshot.MaxFileSize + 1}, {Path: "liar", Size: -1},
		{Path: "broken"}, {Path: "sub", Mode: snapshot.Submodule}, {Path: "gone"},
	}, func(_ context.Context, e snapshot.Entry) ([]byte, error) {
		switch e.Path {
		case "a/ok":
			return []byte("hi"), nil
		case "liar":
			return make([]byte, snapshot.MaxFileSize+1), nil
		case "gone":
			return nil, snapshot.ErrNotFound
		}
		return nil, boom
	})
	for path, want := range map[string]error{
		"big": snapshot.ErrTooLarge, "liar": snapshot.ErrTooLarge, "broken": snapshot.ErrUnavailable,
		"sub": snapshot.ErrUnavailable, "gone": snapshot.ErrNotFound, "nowhere": snapshot.ErrNotFound,
	} {
		if _, err := s.Read(t.Context(), snapshot.Entry{Path: path}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, err := s.Read(t.Context(), snapshot.Entry{Path: "broken"}); !errors.Is(err, boom) {
		t.Errorf("the cause is lost: %v", err)
	}
	data, err := s.Sub("a").Read(t.Context(), snapshot.Entry{Path: "ok"})
	if err != nil || string(data) != "hi" {
		t.Errorf("sub: %q, %v", data, err)
	}
}

func TestSub(t *testing.T) {
	t.Parallel()
	s := snapshot.New([]snapshot.Entry{
		{Path: "pkg/a"}, {Path: "pkg/x/b"}, {Path: "pkg-2/c"}, {Path: "pkg.txt"}, {Path: "z"},
	}, nil)
	s.Name = "o/r"
	s.Warnings = []snapshot.Warning{{Msg: "all"}, {Path: "pkg/a", Msg: "a"}, {Path: "z", Msg: "z"}}
	for dir, want := range map[string][]string{"pkg": {"a", "x/b"}, "pkg/x/": {"b"}, "none": {}, ".": paths(s)} {
		if diff := cmp.Diff(want, paths(s.Sub(dir))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", dir, diff)
		}
	}
	if diff := cmp.Diff([]snapshot.Warning{{Msg: "all"}, {Path: "a", Msg: "a"}}, s.Sub("pkg").Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	if got := s.Sub("pkg").Sub("x").Name; got != "o/r/pkg/x" {
		t.Errorf("name %q", got)
	}
}

func TestBlobID(t *testing.T) {
	t.Parallel()
	for content, want := range map[string]string{
		"":                 "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
		"what is up, doc?": "bd9dbf5aae1a3862dd1526723246b20206e5fc37",
	} {
		if got := snapshot.BlobID([]byte(content)); got != want {
			t.Errorf("%q: %s, want %s", content, got, want)
		}
	}
}
