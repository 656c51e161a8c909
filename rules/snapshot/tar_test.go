package snapshot_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"milepost/rules/snapshot"
)

const commitID = "0123456789abcdef0123456789abcdef01234567"

// archive builds a tar like GitHub's from headers; a header without a type is a file of the content in Linkname.
func archive(tb testing.TB, headers ...tar.Header) []byte {
	tb.Helper()
	var buf bytes.Buffer
	w := tar.NewWriter(&buf)
	all := append([]tar.Header{
		{Typeflag: tar.TypeXGlobalHeader, Name: "pax_global_header", PAXRecords: map[string]string{"comment": commitID}},
		{Typeflag: tar.TypeDir, Name: "owner-repo-0123456/", Mode: 0o755},
	}, headers...)
	for _, h := range all {
		content := ""
		if h.Typeflag == 0 {
			h.Typeflag, content, h.Linkname = tar.TypeReg, h.Linkname, ""
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(w, content); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func file(name, content string) tar.Header {
	return tar.Header{Name: "owner-repo-0123456/" + name, Linkname: content, Mode: 0o644}
}

func zip(tb testing.TB, plain []byte) []byte {
	tb.Helper()
	var buf bytes.Buffer
	z := gzip.NewWriter(&buf)
	if _, err := z.Write(plain); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return buf.Bytes()
}

func readTar(t *testing.T, data []byte, want func(string, int64) bool, opts snapshot.TarOptions) (*snapshot.Snapshot, error) {
	t.Helper()
	return snapshot.Tar(t.Context(), bytes.NewReader(data), want, opts)
}

func TestTar(t *testing.T) {
	t.Parallel()
	run := file("run.sh", "#!/bin/sh")
	run.Mode = 0o755
	long := strings.Repeat("long/", 60) + "name.txt"
	data := zip(t, archive(t,
		file("README.md", "# hi"), run, file("src/a.go", "package a"), file("SRC/A.go", "package b"), file("empty", ""), file(long, "deep"),
		tar.Header{Typeflag: tar.TypeDir, Name: "owner-repo-0123456/submodule/"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "owner-repo-0123456/link", Linkname: "src/a.go"},
		tar.Header{Typeflag: tar.TypeSymlink, Name: "owner-repo-0123456/out", Linkname: "../../etc/passwd"},
		tar.Header{Typeflag: tar.TypeFifo, Name: "owner-repo-0123456/pipe"},
		file("unwanted.png", "png"), file("big", strings.Repeat("x", snapshot.MaxFileSize+1)),
	))
	s, err := readTar(t, data, func(p string, _ int64) bool { return p != "unwanted.png" }, snapshot.TarOptions{Name: "owner/repo", Ref: "main"})
	if err != nil {
		t.Fatal(err)
	}
	if s.Commit != commitID || s.Name != "owner/repo" || s.Ref != "main" || s.Truncated {
		t.Errorf("%s %s %s %v", s.Commit, s.Name, s.Ref, s.Truncated)
	}
	got := contents(t, s)
	for path, part := range map[string]string{"unwanted.png": "unavailable", "big": "too large"} {
		if !strings.Contains(got[path], part) {
			t.Errorf("%s: %.80s", path, got[path])
		}
		delete(got, path)
	}
	want := map[string]string{
		"README.md": "# hi", "run.sh": "#!/bin/sh", "src/a.go": "package a", "SRC/A.go": "package b", "empty": "", long: "deep",
		"link": "src/a.go", "out": "../../etc/passwd",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	for path, mode := range map[string]snapshot.Mode{"run.sh": snapshot.Executable, "link": snapshot.Symlink, "src/a.go": snapshot.Regular} {
		if e, _ := s.Lookup(path); e.Mode != mode {
			t.Errorf("%s: %v", path, e.Mode)
		}
	}
	if !hasWarning(s, "out", "outside") || !hasWarning(s, "pipe", "neither") || len(s.Warnings) != 2 {
		t.Errorf("warnings %v", s.Warnings)
	}
}

// TestTarCut cuts an archive everywhere, before and after compression: always an error that says so.
func TestTarCut(t *testing.T) {
	t.Parallel()
	rnd := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 9000)
	for i := range noise {
		noise[i] = byte(rnd.Uint32())
	}
	plain := archive(t, file("a", "1"), file("noise", string(noise)), file("zeros", strings.Repeat("\x00", 4096)), file("b", "2"))
	whole, err := readTar(t, zip(t, plain), nil, snapshot.TarOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n < len(plain); n += 512 {
		if s, err := readTar(t, zip(t, plain[:n]), nil, snapshot.TarOptions{}); !errors.Is(err, snapshot.ErrIncomplete) {
			t.Errorf("tar cut at %d of %d: %v %v", n, len(plain), err, s)
		}
	}
	packed := zip(t, plain)
	for n := range packed {
		if n%512 != 0 && n < len(packed)-600 && n > 600 {
			continue
		}
		if s, err := readTar(t, packed[:n], nil, snapshot.TarOptions{}); !errors.Is(err, snapshot.ErrIncomplete) {
			t.Errorf("gzip cut at %d of %d: %v %v", n, len(packed), err, s)
		}
		damaged := bytes.Clone(packed)
		damaged[n] ^= 0x10
		s, err := readTar(t, damaged, nil, snapshot.TarOptions{})
		if err != nil {
			continue
		}
		// Damage that is let through changes nothing: a time in the header, or from where zeros are copied.
		if diff := cmp.Diff(contents(t, whole), contents(t, s)); diff != "" {
			t.Errorf("byte %d of %d is wrong (-want +got):\n%.500s", n, len(packed), diff)
		}
	}
	boom := errors.New("connection reset")
	r := io.MultiReader(bytes.NewReader(packed[:600]), iotest.ErrReader(boom))
	if _, err := snapshot.Tar(t.Context(), r, nil, snapshot.TarOptions{}); !errors.Is(err, snapshot.ErrIncomplete) || !errors.Is(err, boom) {
		t.Errorf("broken connection: %v", err)
	}
}

func TestTarHostileNames(t *testing.T) {
	t.Parallel()
	s, err := readTar(t, zip(t, archive(t,
		file("../../etc/passwd", "x"), file("a/../../b", "x"), file("/abs", "x"), file(`..\win`, "x"), file(".git/hooks/x", "x"), file("a//b", "x"),
		file("twice", "first"), file("twice", "second"), file("ok", "x"), file("./dot", "x"),
	)), nil, snapshot.TarOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"ok": "x", "twice": "first"}, contents(t, s)); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
	if len(s.Warnings) != 8 {
		t.Errorf("%d warnings: %v", len(s.Warnings), s.Warnings)
	}
	for _, name := range []string{"elsewhere/x", "/etc/passwd", "plain", "../x"} {
		if _, err := readTar(t, zip(t, archive(t, tar.Header{Name: name})), nil, snapshot.TarOptions{}); !errors.Is(err, snapshot.ErrIncomplete) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTarBounds(t *testing.T) {
	t.Parallel()
	many := make([]tar.Header, 50)
	for i := range many {
		many[i] = file(fmt.Sprintf("f%d", i), strings.Repeat("x", 1000))
	}
	data := zip(t, archive(t, many...))
	for name, opts := range map[string]snapshot.TarOptions{"entries": {MaxEntries: 40}, "bytes": {MaxBytes: 30_000}} {
		if _, err := readTar(t, data, nil, opts); !errors.Is(err, snapshot.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
	kept, err := readTar(t, data, nil, snapshot.TarOptions{MaxKept: 20_000})
	if err != nil || !kept.Truncated || len(kept.Entries) != len(many) || !hasWarning(kept, "", "30 files were not read") {
		t.Fatalf("kept: %v, %+v", err, kept)
	}
	for i, e := range kept.Entries {
		if _, err := kept.Read(t.Context(), e); !errors.Is(err, snapshot.ErrOmitted) && err != nil || i == 0 && err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
	}
	none := func(string, int64) bool { return false }
	if _, err := readTar(t, data, none, snapshot.TarOptions{MaxKept: 1}); err != nil {
		t.Errorf("nothing wanted: %v", err)
	}

	var bomb bytes.Buffer // 200 MB of zeros in some 200 KB
	z := gzip.NewWriter(&bomb)
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "top/zeros", Size: 200 << 20, Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.CopyN(w, zeros{}, 200<<20); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := readTar(t, bomb.Bytes(), none, snapshot.TarOptions{}); !errors.Is(err, snapshot.ErrTooLarge) {
		t.Errorf("bomb: %v", err)
	}
	s, err := readTar(t, bomb.Bytes(), none, snapshot.TarOptions{MaxRatio: 2000})
	if err != nil || !hasWarning(s, "zeros", "200 MB") {
		t.Errorf("big file: %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestTarExportIgnore(t *testing.T) {
	t.Parallel()
	none := func(string, int64) bool { return false }
	s, err := readTar(t, zip(t, archive(t, file(".gitattributes", "tests/ export-ignore\n"))), none, snapshot.TarOptions{})
	if err != nil || !s.Truncated || len(s.Warnings) != 1 {
		t.Errorf("%v %+v", err, s)
	}
	if got := contents(t, s)[".gitattributes"]; !strings.Contains(got, "unavailable") {
		t.Errorf("kept although not wanted: %s", got)
	}
}

func TestTarCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := snapshot.Tar(ctx, bytes.NewReader(zip(t, archive(t, file("a", "1")))), nil, snapshot.TarOptions{})
	if !errors.Is(err, context.Canceled) || errors.Is(err, snapshot.ErrIncomplete) {
		t.Error(err)
	}
}

func FuzzTar(f *testing.F) {
	f.Add(archive(f, file("a", "1"), file("b/c", strings.Repeat("x", 700))))
	f.Add(archive(f, tar.Header{Typeflag: tar.TypeSymlink, Name: "owner-repo-0123456/l", Linkname: "../x"}))
	f.Add([]byte("not a tar"))
	f.Fuzz(func(t *testing.T, plain []byte) {
		opts := snapshot.TarOptions{MaxBytes: 1 << 20, MaxKept: 1 << 18, MaxEntries: 100}
		for _, data := range [][]byte{plain, zip(t, plain)} {
			s, err := snapshot.Tar(t.Context(), bytes.NewReader(data), nil, opts)
			if err != nil {
				if !errors.Is(err, snapshot.ErrIncomplete) && !errors.Is(err, snapshot.ErrTooLarge) {
					t.Fatalf("an error of another kind: %v", err)
				}
				continue
			}
			for i, e := range s.Entries {
				if strings.HasPrefix(e.Path, "/") || strings.Contains("/"+e.Path+"/", "/../") || i > 0 && s.Entries[i-1].Path >= e.Path {
					t.Fatalf("path %q", e.Path)
				}
				if data, err := s.Read(t.Context(), e); err == nil && int64(len(data)) != e.Size {
					t.Fatalf("%q: %d bytes, announced %d", e.Path, len(data), e.Size)
				}
			}
		}
	})
}
