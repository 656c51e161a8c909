package snapshot

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReader compares a reader with Read for files that are ordinary, gone, grown, replaced by a link, and in folders below.
func TestReader(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, content string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.txt", "first")
	write("empty.txt", "")
	write("gone.txt", "soon")
	write("grown.txt", "short")
	write("huge.txt", "short")
	write("linked.txt", "a file, for now")
	write("sub/deep/b.txt", strings.Repeat("b", 70<<10))
	write("sub/c.txt", "c")
	s, err := Folder(t.Context(), dir, FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	write("grown.txt", strings.Repeat("long ", 40<<10))
	write("huge.txt", strings.Repeat("x", MaxFileSize+1))
	if err := os.Remove(filepath.Join(dir, "linked.txt")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/etc/hostname", filepath.Join(dir, "linked.txt")); err != nil {
		t.Skip("no symbolic links here")
	}
	for _, snap := range []*Snapshot{s, s.Sub("sub")} {
		r := snap.NewReader()
		defer r.Close()
		for _, e := range snap.Entries {
			want, wantErr := snap.Read(t.Context(), e)
			got, err := r.Read(t.Context(), e)
			if (err == nil) != (wantErr == nil) || wantErr != nil && err.Error() != wantErr.Error() || !bytes.Equal(got, want) {
				t.Errorf("%s: %d bytes, %v; want %d bytes, %v", e.Path, len(got), err, len(want), wantErr)
			}
		}
	}
	if _, err := s.NewReader().Read(t.Context(), Entry{Path: "huge.txt"}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("huge.txt: %v, want ErrTooLarge", err)
	}
}
