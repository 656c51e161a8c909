package snapshot_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/format/index"

	"milepost/rules/snapshot"
)

// BenchmarkFolder lists folders of 5,000 and 100,000 files of 24 bytes, twelve to a folder: in a git work
// tree with everything tracked, and untracked under a .gitignore of 60 patterns.
//
//	go test -run '^$' -bench Folder -benchtime 3x ./rules/snapshot
func BenchmarkFolder(b *testing.B) {
	for _, files := range []int{5_000, 100_000} {
		dir := b.TempDir()
		fillFolder(b, dir, files)
		b.Run(fmt.Sprintf("walkdir-%d", files), func(b *testing.B) { benchWalkDir(b, dir) })
		b.Run(fmt.Sprintf("untracked-%d", files), func(b *testing.B) { benchFolder(b, dir, files+1) })
		trackAll(b, dir)
		b.Run(fmt.Sprintf("tracked-%d", files), func(b *testing.B) { benchFolder(b, dir, files+1) })
	}
}

// benchWalkDir is the yardstick: the standard library's walk that asks for the size of every file.
func benchWalkDir(b *testing.B, dir string) {
	for b.Loop() {
		err := filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
			if err == nil {
				_, err = d.Info()
			}
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func benchFolder(b *testing.B, dir string, want int) {
	b.ReportAllocs()
	for b.Loop() {
		s, err := snapshot.Folder(b.Context(), dir, snapshot.FolderOptions{})
		if err != nil || len(s.Entries) != want {
			b.Fatalf("%d entries, want %d: %v %v", len(s.Entries), want, err, s.Warnings)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(want), "ns/file")
}

func fillFolder(b *testing.B, dir string, files int) {
	b.Helper()
	rules := ""
	for i := range 20 {
		rules += fmt.Sprintf("build%d/\n*.ext%d\ndoc%d/**/tmp-*\n", i, i, i)
	}
	write(b, dir, ".gitignore", rules)
	for i := range files {
		sub := filepath.Join(dir, fmt.Sprintf("pkg%02d/mod%03d", i/12%40, i/480))
		if i%12 == 0 {
			if err := os.MkdirAll(sub, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(sub, fmt.Sprintf("file%06d.go", i)), []byte("package p // some text\n\n"), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}

// trackAll writes an index of all files by hand: adding 100,000 files properly takes minutes.
func trackAll(b *testing.B, dir string) {
	b.Helper()
	if _, err := git.PlainInit(dir, false); err != nil {
		b.Fatal(err)
	}
	s, err := snapshot.Folder(b.Context(), dir, snapshot.FolderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	idx := &index.Index{Version: 2}
	for _, e := range s.Entries {
		info, err := os.Lstat(filepath.Join(dir, e.Path))
		if err != nil {
			b.Fatal(err)
		}
		idx.Entries = append(idx.Entries, &index.Entry{Name: e.Path, Size: uint32(e.Size), ModifiedAt: info.ModTime(), CreatedAt: time.Unix(1, 0), Mode: 0o100644})
	}
	f, err := os.Create(filepath.Join(dir, ".git", "index"))
	if err != nil {
		b.Fatal(err)
	}
	if err := index.NewEncoder(f).Encode(idx); err != nil {
		b.Fatal(err)
	}
	if err := f.Close(); err != nil {
		b.Fatal(err)
	}
}

func write(tb testing.TB, dir, name, content string) {
	tb.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		tb.Fatal(err)
	}
}
