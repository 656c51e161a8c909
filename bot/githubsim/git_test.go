package githubsim_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v62/github"

	"milepost/bot/githubsim"
)

// localRepo is a git repository on disk of two commits.
func localRepo(t *testing.T) (string, func(name, text string) string) {
	t.Helper()
	dir := t.TempDir()
	r, err := git.PlainInit(dir, false)
	if err != nil {
		t.Fatal(err)
	}
	wt, err := r.Worktree()
	if err != nil {
		t.Fatal(err)
	}
	at := time.Unix(1_700_000_000, 0).UTC()
	commit := func(name, text string) string {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := wt.Add(name); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour)
		id, err := wt.Commit("Add "+name, &git.CommitOptions{Author: &object.Signature{Name: "Alice", Email: "alice@example.com", When: at}})
		if err != nil {
			t.Fatal(err)
		}
		return id.String()
	}
	commit("README.md", "# Local\n")
	commit("src/main.go", "package main\n")
	return dir, commit
}

func TestImportedRepositoryIsFollowed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir, commit := localRepo(t)
	r, err := w.ImportGit(w.alice, "local", dir, githubsim.RepoOptions{})
	if err != nil {
		t.Fatal(err)
	}
	head := r.Head("")
	commits := must[[]*github.RepositoryCommit](t)(w.asInst.Repositories.ListCommits(t.Context(), "alice", "local", nil))
	if len(commits) != 2 || commits[0].GetSHA() != head || commits[0].GetAuthor().GetLogin() != "alice" {
		t.Errorf("history: %v", commits)
	}
	if n, err := w.SyncGit(r); n != 0 || err != nil {
		t.Errorf("nothing new: %d %v", n, err)
	}
	next := commit("src/more.go", "package main\n")
	if n, err := w.SyncGit(r); n != 1 || err != nil || r.Head("") != next {
		t.Errorf("a new commit: %d %v", n, err)
	}
	pushes := w.settle(t, "push", "")
	if len(pushes) != 1 || pushes[0].body["after"] != next {
		t.Errorf("pushes: %d", len(pushes))
	}
	if _, err := w.ImportGit(w.alice, "none", t.TempDir(), githubsim.RepoOptions{}); err == nil {
		t.Error("a folder that is no repository was imported")
	}
}

// TestObjectIDsAreGits builds the same files and commit here and with go-git.
func TestObjectIDsAreGits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir, _ := localRepo(t)
	lr, err := git.PlainOpen(dir)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := lr.Head()
	if err != nil {
		t.Fatal(err)
	}
	who := func(h int64) githubsim.Identity {
		return githubsim.Identity{Name: "Alice", Email: "alice@example.com", When: time.Unix(1_700_000_000+3600*h, 0).UTC()}
	}
	got := w.Push(w.repo, "", w.alice, githubsim.Commit{Author: who(1), Message: "Add README.md", Files: map[string]string{"README.md": "# Local\n"}},
		githubsim.Commit{Author: who(2), Message: "Add src/main.go", Files: map[string]string{"src/main.go": "package main\n"}})
	ours := must[*github.Commit](t)(w.asInst.Git.GetCommit(t.Context(), "alice", "shop", got))
	theirs, err := lr.CommitObject(ref.Hash())
	if err != nil {
		t.Fatal(err)
	}
	if ours.GetTree().GetSHA() != theirs.TreeHash.String() {
		t.Errorf("tree %s, git's %s", ours.GetTree().GetSHA(), theirs.TreeHash)
	}
}

func TestTarballHoldsEveryFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Push(w.repo, "", w.alice, githubsim.Commit{Files: map[string]string{"a": "1", "d/e/f": "2", "run": "x"}, Symlinks: map[string]string{"l": "a"}, Executable: []string{"run"}})
	resp, err := w.asInst.Client().Get(w.APIURL() + "/api/v3/repos/alice/shop/tarball/main")
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for tr := tar.NewReader(zr); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		_, name, _ := cutFirst(h.Name)
		data, _ := io.ReadAll(tr)
		switch h.Typeflag {
		case tar.TypeReg, tar.TypeSymlink:
			got[name] = string(data) + h.Linkname
		}
		if name == "run" && h.Mode != 0o755 {
			t.Errorf("mode %o", h.Mode)
		}
	}
	if diff := cmp.Diff(map[string]string{"a": "1", "d/e/f": "2", "run": "x", "l": "a"}, got); diff != "" {
		t.Error(diff)
	}
}

func cutFirst(p string) (root, rest string, found bool) {
	for i := range p {
		if p[i] == '/' {
			return p[:i], p[i+1:], true
		}
	}
	return p, "", false
}

func TestForcePushForkAndCompare(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first := w.PushFiles(w.repo, "", w.alice, "one", map[string]string{"a": "1\n", "old.txt": "same\n"})
	w.PushFiles(w.repo, "", w.alice, "two", map[string]string{"a": "2\n"})
	third := w.ForcePush(w.repo, "main", w.alice, first, githubsim.Commit{Files: map[string]string{"a": "3\n", "new.txt": "same\n"}, Delete: []string{"old.txt"}})
	cmpd := must[*github.CommitsComparison](t)(w.asInst.Repositories.CompareCommits(ctx, "alice", "shop", first, third, nil))
	var files []string
	for _, f := range cmpd.Files {
		files = append(files, f.GetStatus()+" "+f.GetFilename())
	}
	if diff := cmp.Diff([]string{"modified a", "renamed new.txt"}, files); diff != "" {
		t.Error(diff)
	}
	pushes := w.settle(t, "push", "")
	if last := pushes[len(pushes)-1].body; last["forced"] != true {
		t.Errorf("force-push: %v", last["forced"])
	}
	f := w.Fork(w.repo, w.bob)
	w.Push(f, "idea", w.bob, githubsim.Commit{Files: map[string]string{"idea": "x"}})
	n := w.OpenPull(w.repo, w.bob, githubsim.PullOptions{Title: "From a fork", Head: "idea", From: f})
	pr := must[*github.PullRequest](t)(w.asInst.PullRequests.Get(ctx, "alice", "shop", n))
	if pr.GetHead().GetRepo().GetFullName() != "bob/shop" || !pr.GetHead().GetRepo().GetFork() {
		t.Errorf("head: %v", pr.GetHead().GetLabel())
	}
	// A fork's commit is to be had through the repository it was forked from.
	must[*github.Tree](t)(w.asInst.Git.GetTree(ctx, "alice", "shop", pr.GetHead().GetSHA(), true))
}

func TestCountsAndLatency(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *githubsim.Options) { o.Observe = nil })
	must[*github.Repository](t)(w.asInst.Repositories.Get(t.Context(), "alice", "shop"))
	w.ResetCalls()
	w.SetLatency(20 * time.Millisecond)
	must[*github.Repository](t)(w.asInst.Repositories.Get(t.Context(), "alice", "shop"))
	reads, writes := w.CallTotals()
	log := w.CallLog()
	if reads != 1 || writes != 0 || w.Calls()["GET /repos/{owner}/{repo}"] != 1 || log[0].Took < 20*time.Millisecond || log[0].Status != http.StatusOK {
		t.Errorf("%d reads, %d writes, %v", reads, writes, log)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	w.PauseDeliveries(true)
	w.OpenIssue(w.repo, w.alice, "x", "")
	cancel()
	if err := w.WaitDelivered(ctx); err == nil {
		t.Error("waiting ended although deliveries were held back")
	}
}
