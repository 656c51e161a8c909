package snapshot_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"milepost/rules/snapshot"
)

// repo is a git repository made for a test.
type repo struct {
	tb  testing.TB
	dir string
	git *git.Repository
	now time.Time
}

func newRepo(tb testing.TB) *repo {
	tb.Helper()
	dir := tb.TempDir()
	g, err := git.PlainInitWithOptions(dir, &git.PlainInitOptions{InitOptions: git.InitOptions{DefaultBranch: "refs/heads/main"}})
	if err != nil {
		tb.Fatal(err)
	}
	return &repo{tb: tb, dir: dir, git: g, now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.FixedZone("", 7200))}
}

// write makes files; the time of their change is long past, so that the index can vouch for them.
func (r *repo) write(files map[string]string) {
	r.tb.Helper()
	for name, content := range files {
		write(r.tb, r.dir, name, content)
		old := time.Now().Add(-time.Hour).Truncate(time.Millisecond)
		if err := os.Chtimes(filepath.Join(r.dir, name), old, old); err != nil {
			r.tb.Fatal(err)
		}
	}
}

func (r *repo) add(names ...string) {
	r.tb.Helper()
	w, err := r.git.Worktree()
	if err != nil {
		r.tb.Fatal(err)
	}
	for _, name := range names {
		if _, err := w.Add(name); err != nil {
			r.tb.Fatal(err)
		}
	}
}

func (r *repo) commit(message string, parents ...plumbing.Hash) plumbing.Hash {
	r.tb.Helper()
	w, err := r.git.Worktree()
	if err != nil {
		r.tb.Fatal(err)
	}
	r.now = r.now.Add(time.Minute)
	id, err := w.Commit(message, &git.CommitOptions{
		Author:    &object.Signature{Name: "Ada", Email: "ada@example.org", When: r.now.Add(-time.Hour)},
		Committer: &object.Signature{Name: "Bob", Email: "bob@example.org", When: r.now},
		Parents:   parents, AllowEmptyCommits: true,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	return id
}

func (r *repo) folder(opts snapshot.FolderOptions) *snapshot.Snapshot {
	r.tb.Helper()
	s, err := snapshot.Folder(r.tb.Context(), r.dir, opts)
	if err != nil {
		r.tb.Fatal(err)
	}
	return s
}

// contents reads every file of a snapshot; what cannot be read is its error.
func contents(tb testing.TB, s *snapshot.Snapshot) map[string]string {
	tb.Helper()
	out := make(map[string]string)
	for _, e := range s.Entries {
		data, err := s.Read(tb.Context(), e)
		if err != nil {
			data = []byte("error: " + err.Error())
		}
		out[e.Path] = string(data)
	}
	return out
}

func hasWarning(s *snapshot.Snapshot, path, part string) bool {
	for _, w := range s.Warnings {
		if w.Path == path && strings.Contains(w.Msg, part) {
			return true
		}
	}
	return false
}
