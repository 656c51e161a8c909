package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/google/go-cmp/cmp"

	"milepost/rules/snapshot"
)

// history makes a repository with a history worth reading: a merge, a tag, a large and an executable file,
// a symbolic link, and many versions of one file, so that packing it makes deltas.
func history(t *testing.T) (*repo, map[string]string) {
	t.Helper()
	r := newRepo(t)
	r.write(map[string]string{"README.md": "# hello\n", "src/a/main.go": "package main\n", "run.sh": "#!/bin/sh\n", "empty": ""})
	if err := os.Chmod(filepath.Join(r.dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("src/a", filepath.Join(r.dir, "link")); err != nil {
		t.Skip("no symbolic links here")
	}
	if err := os.Symlink("../../etc/passwd", filepath.Join(r.dir, "src/out")); err != nil {
		t.Fatal(err)
	}
	r.add(".")
	ids := map[string]string{"first": r.commit("first\n\nwith a body").String()}
	var text strings.Builder
	for i := range 40 {
		fmt.Fprintf(&text, "line %d of a text that grows with each commit, so that it packs as a delta\n", i)
		r.write(map[string]string{"src/text.txt": text.String()})
		r.add("src/text.txt")
		ids["last"] = r.commit(fmt.Sprintf("grow %d", i)).String()
	}
	ids["side"] = r.commit("side", plumbing.NewHash(ids["first"])).String()
	r.write(map[string]string{"big.bin": strings.Repeat("0123456789abcdef", 1<<17)})
	r.add("big.bin")
	ids["merge"] = r.commit("merge side", plumbing.NewHash(ids["last"]), plumbing.NewHash(ids["side"])).String()
	if _, err := r.git.CreateTag("v1", plumbing.NewHash(ids["first"]), &git.CreateTagOptions{
		Tagger: &object.Signature{Name: "T", When: r.now}, Message: "one",
	}); err != nil {
		t.Fatal(err)
	}
	ids["text"] = text.String()
	return r, ids
}

// forms are the ways the same repository may lie on disk.
func forms(t *testing.T, r *repo) map[string]string {
	t.Helper()
	out := map[string]string{"loose": r.dir}
	packed := filepath.Join(t.TempDir(), "packed")
	copyDir(t, r.dir, packed)
	g, err := git.PlainOpen(packed)
	if err != nil {
		t.Fatal(err)
	}
	pack(t, g)
	loose, err := filepath.Glob(filepath.Join(packed, ".git/objects/??"))
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range loose {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.Storer.PackRefs(); err != nil {
		t.Fatal(err)
	}
	out["packed"] = packed
	bare := filepath.Join(t.TempDir(), "learner.git")
	copyDir(t, filepath.Join(packed, ".git"), bare)
	out["bare"] = bare

	work := t.TempDir() // another work tree of the packed repository
	own := filepath.Join(packed, ".git/worktrees/two")
	write(t, own, "HEAD", "ref: refs/heads/main\n")
	write(t, own, "commondir", "../..\n")
	write(t, work, ".git", "gitdir: "+own+"\n")
	out["worktree"] = work

	borrows := t.TempDir() // no objects of its own
	write(t, borrows, ".git/HEAD", "ref: refs/heads/main\n")
	write(t, borrows, ".git/refs/heads/main", head(t, packed)+"\n")
	write(t, borrows, ".git/refs/tags/v1", tagObject(t, g)+"\n")
	write(t, borrows, ".git/objects/info/alternates", filepath.Join(packed, ".git/objects")+"\n")
	out["alternates"] = borrows
	return out
}

// pack writes all objects into one pack, as deltas of each other where that is shorter.
func pack(t *testing.T, g *git.Repository) {
	t.Helper()
	objects, err := g.Objects()
	if err != nil {
		t.Fatal(err)
	}
	var ids []plumbing.Hash
	if err := objects.ForEach(func(o object.Object) error { ids = append(ids, o.ID()); return nil }); err != nil {
		t.Fatal(err)
	}
	to, ok := g.Storer.(storer.PackfileWriter)
	if !ok {
		t.Fatal("no pack writer")
	}
	w, err := to.PackfileWriter()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := packfile.NewEncoder(w, g.Storer, false).Encode(ids, 10); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func head(t *testing.T, dir string) string {
	t.Helper()
	_, id, err := snapshot.Head(dir)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func tagObject(t *testing.T, g *git.Repository) string {
	t.Helper()
	ref, err := g.Reference("refs/tags/v1", true)
	if err != nil {
		t.Fatal(err)
	}
	return ref.Hash().String()
}

func copyDir(t *testing.T, from, to string) {
	t.Helper()
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
}

func TestGitCommit(t *testing.T) {
	t.Parallel()
	r, ids := history(t)
	for form, dir := range forms(t, r) {
		t.Run(form, func(t *testing.T) {
			t.Parallel()
			s, err := snapshot.GitCommit(t.Context(), dir, "")
			if err != nil {
				t.Fatal(err)
			}
			if s.Commit != ids["merge"] || s.Ref != "main" || s.Truncated {
				t.Errorf("commit %s ref %q truncated %v %v", s.Commit, s.Ref, s.Truncated, s.Warnings)
			}
			want := []string{"README.md", "big.bin", "empty", "link", "run.sh", "src/a/main.go", "src/out", "src/text.txt"}
			if diff := cmp.Diff(want, paths(s)); diff != "" {
				t.Fatalf("paths (-want +got):\n%s", diff)
			}
			for path, content := range map[string]string{"README.md": "# hello\n", "empty": "", "link": "src/a", "src/text.txt": ids["text"]} {
				e, _ := s.Lookup(path)
				data, err := s.Read(t.Context(), e)
				if err != nil || string(data) != content {
					t.Errorf("%s: %.20q, %v", path, data, err)
				}
				if e.Size != int64(len(content)) || e.Blob != snapshot.BlobID([]byte(content)) {
					t.Errorf("%s: %+v", path, e)
				}
			}
			big, _ := s.Lookup("big.bin")
			if _, err := s.Read(t.Context(), big); !errors.Is(err, snapshot.ErrTooLarge) || big.Size != 2<<20 {
				t.Errorf("big: %v %+v", err, big)
			}
			modes := map[string]snapshot.Mode{"link": snapshot.Symlink, "run.sh": snapshot.Executable, "README.md": snapshot.Regular}
			for path, mode := range modes {
				if e, _ := s.Lookup(path); e.Mode != mode {
					t.Errorf("%s: %v", path, e.Mode)
				}
			}
			if !hasWarning(s, "src/out", "outside") || hasWarning(s, "link", "outside") {
				t.Errorf("warnings %v", s.Warnings)
			}
			for rev, id := range map[string]string{
				"v1": ids["first"], "refs/tags/v1": ids["first"], "main": ids["merge"], "HEAD": ids["merge"], "refs/heads/main": ids["merge"], "heads/main": ids["merge"],
				ids["side"]: ids["side"], ids["side"][:10]: ids["side"], strings.ToUpper(ids["last"][:9]): ids["last"],
			} {
				s, err := snapshot.GitCommit(t.Context(), dir, rev)
				if err != nil || s.Commit != id {
					t.Errorf("%s: %v", rev, err)
				}
			}
			for _, rev := range []string{"nope", "abc", strings.Repeat("0", 40), "../../HEAD", "main~1", "0123456789abcdef0123", "-", "refs/", "/"} {
				if _, err := snapshot.GitCommit(t.Context(), dir, rev); !errors.Is(err, snapshot.ErrNotFound) {
					t.Errorf("%q: %v", rev, err)
				}
			}
		})
	}
}

func TestGitLog(t *testing.T) {
	t.Parallel()
	r, ids := history(t)
	for form, dir := range forms(t, r) {
		log, err := snapshot.GitLog(t.Context(), dir, "", 0)
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		if len(log.Commits) != 43 || !log.Complete {
			t.Fatalf("%s: %d commits, complete %v", form, len(log.Commits), log.Complete)
		}
		first, last := log.Commits[0], log.Commits[42]
		if first.ID != ids["merge"] || first.Parents != 2 || log.Commits[1].ID != ids["side"] || last.Parents != 0 {
			t.Errorf("%s: %+v", form, first)
		}
		want := snapshot.Commit{
			ID: ids["first"], AuthorName: "Ada", AuthorEmail: "ada@example.org", CommitterName: "Bob",
			CommitterEmail: "bob@example.org", Time: time.Date(2026, 5, 1, 10, 1, 0, 0, time.UTC), Message: "first\n\nwith a body",
		}
		if diff := cmp.Diff(want, last); diff != "" {
			t.Errorf("%s (-want +got):\n%s", form, diff)
		}
		short, err := snapshot.GitLog(t.Context(), dir, "main", 5)
		if err != nil || len(short.Commits) != 5 || short.Complete {
			t.Errorf("%s: %d commits, complete %v, %v", form, len(short.Commits), short.Complete, err)
		}
	}
	write(t, r.dir, ".git/shallow", ids["last"]+"\n"+ids["side"]+"\n")
	log, err := snapshot.GitLog(t.Context(), r.dir, "", 0)
	if err != nil || len(log.Commits) != 3 || log.Complete {
		t.Errorf("shallow: %d commits, complete %v, %v", len(log.Commits), log.Complete, err)
	}
}

func TestLongMessageIsCut(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.commit("x" + strings.Repeat("é", 4000))
	log, err := snapshot.GitLog(t.Context(), r.dir, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	if m := log.Commits[0].Message; len(m) != snapshot.MaxMessage-1 || strings.ContainsRune(m, '\uFFFD') {
		t.Errorf("%d bytes", len(m))
	}
}

func TestHead(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	if branch, id, err := snapshot.Head(r.dir); branch != "main" || id != "" || err != nil {
		t.Errorf("unborn: %q %q %v", branch, id, err)
	}
	if _, err := snapshot.GitCommit(t.Context(), r.dir, ""); !errors.Is(err, snapshot.ErrNoHistory) {
		t.Errorf("unborn: %v", err)
	}
	r.write(map[string]string{"deep/er/f": "x"})
	r.add(".")
	id := r.commit("one").String()
	if branch, got, err := snapshot.Head(filepath.Join(r.dir, "deep/er")); branch != "main" || got != id || err != nil {
		t.Errorf("below: %q %q %v", branch, got, err)
	}
	write(t, r.dir, ".git/HEAD", id+"\n")
	if branch, got, err := snapshot.Head(r.dir); branch != "" || got != id || err != nil {
		t.Errorf("detached: %q %q %v", branch, got, err)
	}
	for _, hostile := range []string{"ref: ../../../../etc/passwd", "ref: refs/../../x", "garbage", "", "ref: refs/heads/loop"} {
		write(t, r.dir, ".git/HEAD", hostile)
		write(t, r.dir, ".git/refs/heads/loop", "ref: refs/heads/loop")
		if _, got, _ := snapshot.Head(r.dir); got != "" {
			t.Errorf("%q: %q", hostile, got)
		}
	}
	if _, _, err := snapshot.Head(t.TempDir()); !errors.Is(err, snapshot.ErrNoHistory) {
		t.Errorf("no repository: %v", err)
	}
	if _, err := snapshot.GitLog(t.Context(), t.TempDir(), "", 0); !errors.Is(err, snapshot.ErrNoHistory) {
		t.Errorf("no repository: %v", err)
	}
}

func TestUnsupportedFormats(t *testing.T) {
	t.Parallel()
	for _, config := range []string{"[extensions]\n\tobjectFormat = sha256\n", "[Extensions]\nrefStorage=reftable ; new\n"} {
		r := newRepo(t)
		r.write(map[string]string{"a": "1", ".gitignore": "b\n", "b": "2"})
		write(t, r.dir, ".git/config", config)
		if err := os.Remove(filepath.Join(r.dir, ".git/index")); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
		_, err := snapshot.GitLog(t.Context(), r.dir, "", 0)
		if !errors.Is(err, snapshot.ErrNoHistory) || !errors.Is(err, snapshot.ErrUnsupported) {
			t.Errorf("%s: %v", config, err)
		}
		if diff := cmp.Diff([]string{".gitignore", "a"}, paths(r.folder(snapshot.FolderOptions{}))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", config, diff)
		}
	}
}

// TestDamagedObjects flips and cuts bytes of a pack and its index everywhere: an error or a warning, no panic,
// and no content that is not the file's.
func TestDamagedObjects(t *testing.T) {
	t.Parallel()
	r, ids := history(t)
	dir := forms(t, r)["packed"]
	whole, err := snapshot.GitCommit(t.Context(), dir, "")
	if err != nil {
		t.Fatal(err)
	}
	want := contents(t, whole)
	for _, pattern := range []string{"*.idx", "*.pack"} {
		found, err := filepath.Glob(filepath.Join(dir, ".git/objects/pack", pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%v %v", found, err)
		}
		if err := os.Chmod(found[0], 0o644); err != nil {
			t.Fatal(err)
		}
		good, err := os.ReadFile(found[0])
		if err != nil {
			t.Fatal(err)
		}
		step := len(good)/150 + 1
		for at := 0; at < len(good); at += step {
			flipped := bytes.Clone(good)
			flipped[at] ^= 0x55
			for _, data := range [][]byte{flipped, good[:at]} {
				if err := os.WriteFile(found[0], data, 0o600); err != nil {
					t.Fatal(err)
				}
				_, _ = snapshot.GitLog(t.Context(), dir, "", 0)
				s, err := snapshot.GitCommit(t.Context(), dir, "")
				if err != nil {
					continue
				}
				for path, text := range contents(t, s) {
					if text != want[path] && !strings.HasPrefix(text, "error: ") && pattern == "*.pack" {
						t.Errorf("byte %d of %s: %s is %.30q", at, pattern, path, text)
					}
				}
			}
		}
		if err := os.WriteFile(found[0], good, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_ = ids
}

func TestMissingObjects(t *testing.T) {
	t.Parallel()
	r, _ := history(t)
	remove := func(id string) {
		if err := os.Remove(filepath.Join(r.dir, ".git/objects", id[:2], id[2:])); err != nil {
			t.Fatal(err)
		}
	}
	remove(snapshot.BlobID([]byte("# hello\n")))
	s, err := snapshot.GitCommit(t.Context(), r.dir, "")
	if err != nil {
		t.Fatal(err)
	}
	e, _ := s.Lookup("README.md")
	if _, err := s.Read(t.Context(), e); !errors.Is(err, snapshot.ErrUnavailable) || e.Size != -1 || s.Truncated {
		t.Errorf("%v %+v truncated %v", err, e, s.Truncated)
	}
	c, err := r.git.CommitObject(plumbing.NewHash(s.Commit))
	if err != nil {
		t.Fatal(err)
	}
	tree, err := c.Tree()
	if err != nil {
		t.Fatal(err)
	}
	src, err := tree.FindEntry("src")
	if err != nil {
		t.Fatal(err)
	}
	remove(src.Hash.String())
	if s, err = snapshot.GitCommit(t.Context(), r.dir, ""); err != nil || !s.Truncated || !hasWarning(s, "src", "cannot be read") {
		t.Errorf("%v truncated %v %v", err, s.Truncated, s.Warnings)
	}
}
