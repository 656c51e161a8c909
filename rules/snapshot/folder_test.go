package snapshot_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/index"
	"github.com/google/go-cmp/cmp"

	"milepost/rules/snapshot"
)

func TestFolderListsWhatGitSees(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{
		".gitignore": "node_modules/\n*.log\n!keep.log\n/dist\ntracked-but-ignored/\n", "a.go": "package a\n", "a-b/x": "1", "a/x": "2", "a.b/x": "3",
		"gone.txt": "gone", "keep.log": "k", "tracked-but-ignored/in": "t", "web/src/app.js": "let a", "deep/tracked.log": "tracked all the same",
	})
	r.add(".gitignore", "a.go", "a-b", "a", "a.b", "gone.txt", "keep.log", "web")
	idx := readGitIndex(t, r) // go-git refuses to add what is ignored
	for _, name := range []string{"tracked-but-ignored/in", "deep/tracked.log"} {
		idx.Entries = append(idx.Entries, &index.Entry{Name: name, Mode: 0o100644})
	}
	writeGitIndex(t, r, idx)
	r.write(map[string]string{
		"new.go": "package a\n", "debug.log": "l", "node_modules/x/index.js": "x", "web/node_modules/y/index.js": "y", "dist/out.js": "o", "web/dist/kept.js": "o",
		"tracked-but-ignored/not": "n", "tracked-but-ignored/sub/not": "n", "web/.gitignore": "# own rules\n/src/*.tmp\n!debug.log\n", "web/src/b.tmp": "b", "web/debug.log": "wanted", "web/src/sub/c.tmp": "c",
		"local.secret": "s", "web/local.secret": "s",
	})
	write(t, r.dir, ".git/info/exclude", "local.secret\n")
	if err := os.Remove(filepath.Join(r.dir, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	want := []string{
		".gitignore", "a-b/x", "a.b/x", "a.go", "a/x", "deep/tracked.log", "keep.log", "new.go", "tracked-but-ignored/in",
		"web/.gitignore", "web/debug.log", "web/dist/kept.js", "web/src/app.js", "web/src/sub/c.tmp",
	}
	var calls []int
	s := r.folder(snapshot.FolderOptions{Progress: func(n int) { calls = append(calls, n) }})
	if diff := cmp.Diff(want, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if s.Truncated || len(s.Warnings) > 0 || s.Ref != "main" || s.Name != filepath.Base(r.dir) || s.Commit != "" {
		t.Errorf("%+v %v", s.Warnings, s)
	}
	if diff := cmp.Diff([]int{len(want)}, calls); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	for _, e := range s.Entries {
		data, err := s.Read(t.Context(), e)
		if err != nil || int64(len(data)) != e.Size {
			t.Errorf("%s: %q, %v", e.Path, data, err)
		}
		if e.Blob != "" && e.Blob != snapshot.BlobID(data) {
			t.Errorf("%s: id %s", e.Path, e.Blob)
		}
	}
	for path, known := range map[string]bool{"a.go": true, "web/src/app.js": true, "new.go": false, "deep/tracked.log": false} {
		if e, _ := s.Lookup(path); (e.Blob != "") != known {
			t.Errorf("%s: id %q", path, e.Blob)
		}
	}

	web := slices.DeleteFunc(slices.Clone(want), func(p string) bool { return !strings.HasPrefix(p, "web/") })
	for i := range web {
		web[i] = strings.TrimPrefix(web[i], "web/")
	}
	inside, err := snapshot.Folder(t.Context(), filepath.Join(r.dir, "web"), snapshot.FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for name, sub := range map[string]*snapshot.Snapshot{"option": r.folder(snapshot.FolderOptions{Sub: "web/"}), "path": inside} {
		if diff := cmp.Diff(web, paths(sub)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
		if e, _ := sub.Lookup("src/app.js"); e.Blob == "" {
			t.Errorf("%s: no id", name)
		}
	}
	for _, version := range []uint32{2, 3, 4} {
		idx.Version = version
		writeGitIndex(t, r, idx)
		if diff := cmp.Diff(want, paths(r.folder(snapshot.FolderOptions{}))); diff != "" {
			t.Errorf("version %d (-want +got):\n%s", version, diff)
		}
	}
}

// TestFolderAgainstGit compares with git ls-files where git is installed.
func TestFolderAgainstGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	r := newRepo(t)
	r.write(map[string]string{
		".gitignore": "*.o\nbuild*/\n!build-me/\n/lib\n", "main.c": "", "x.o": "", "build1/a": "", "build-me/a": "", "build-me/b.o": "", "lib/a": "", "sub/lib/a": "",
		"sub/.gitignore": "!*.o\nlib/*\n!lib/keep\n", "sub/y.o": "", "sub/lib/keep": "", "lib-x/a": "", "lib.txt": "", "Ünï/ö": "", "sp ace/a b": "", "empty-ignore/.gitignore": "",
	})
	git := func(args ...string) string {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = r.dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "HOME="+r.dir)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
		return string(out)
	}
	check := func(step string) {
		want := strings.Split(strings.Trim(git("ls-files", "-z", "--cached", "--others", "--exclude-standard"), "\x00"), "\x00")
		slices.Sort(want)
		s := r.folder(snapshot.FolderOptions{})
		if diff := cmp.Diff(want, paths(s)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", step, diff)
		}
		for _, e := range s.Entries {
			data, err := s.Read(t.Context(), e)
			if err != nil || e.Blob != "" && e.Blob != snapshot.BlobID(data) {
				t.Errorf("%s: %s: %v", step, e.Path, err)
			}
		}
	}
	check("untracked")
	git("add", ".")
	git("add", "-f", "x.o", "lib/a", "build1/a")
	check("tracked")
	git("update-index", "--index-version", "4")
	check("version 4")
	git("add", "-f", "-N", "sub/lib/a")
	check("announced")
	git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one")
	git("gc", "-q")
	check("packed")
	git("mv", "lib/a", "lib/b")
	check("moved")
	if s, err := snapshot.GitCommit(t.Context(), r.dir, "HEAD"); err != nil || s.Commit != strings.TrimSpace(git("rev-parse", "HEAD")) {
		t.Errorf("commit: %v", err)
	}
}

func TestFolderOutsideGit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, name := range []string{"a", "b.log", "one/.git/HEAD", "one/x", "one/y.tmp", "one/.git/config", "two/z", ".GIT/x"} {
		write(t, dir, name, "x")
	}
	write(t, dir, ".gitignore", "*.log\n")
	write(t, dir, "one/.gitignore", "*.tmp\n")
	s, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".gitignore", "a", "one/.gitignore", "one/x", "two/z"}, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	sub, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{Sub: "one"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{".gitignore", "x"}, paths(sub)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestFolderInsideIgnoredFolder(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{".gitignore": "out/\n", "out/learner/a": "1", "out/learner/b.log": "2", "out/learner/.gitignore": "*.log\n", "out/kept/k": "3", "out/kept/l": "4"})
	idx := readGitIndex(t, r)
	idx.Entries = append(idx.Entries, &index.Entry{Name: "out/kept/k", Mode: 0o100644})
	writeGitIndex(t, r, idx)
	s := r.folder(snapshot.FolderOptions{Sub: "out/learner"})
	if diff := cmp.Diff([]string{".gitignore", "a"}, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if !hasWarning(s, "", "on its own") {
		t.Errorf("warnings %v", s.Warnings)
	}
	if diff := cmp.Diff([]string{"k"}, paths(r.folder(snapshot.FolderOptions{Sub: "out/kept"}))); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
}

func TestFolderLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	outside := t.TempDir()
	write(t, outside, "secret", "secret")
	write(t, dir, "real/file", "content")
	links := map[string]string{
		"abs": outside, "abs-file": filepath.Join(outside, "secret"), "up": "../..", "real/loop": "..", "self": "self", "dangling": "nowhere",
		"inside": "real/file", "dir": "real", "real/tricky": "../real/../../x",
	}
	for name, target := range links {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Skip("no symbolic links here")
		}
	}
	s, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"abs", "abs-file", "dangling", "dir", "inside", "real/file", "real/loop", "real/tricky", "self", "up"}
	if diff := cmp.Diff(want, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for path, text := range contents(t, s) {
		if target, link := links[path]; link && text != target {
			t.Errorf("%s: %q", path, text)
		}
		e, _ := s.Lookup(path)
		out := path == "abs" || path == "abs-file" || path == "up" || path == "real/tricky"
		if (e.Mode == snapshot.Symlink) != (path != "real/file") || hasWarning(s, path, "outside") != out {
			t.Errorf("%s: %v %v", path, e.Mode, s.Warnings)
		}
	}

	// A file that becomes a link out of the folder after it was listed is not followed.
	if err := os.Remove(filepath.Join(dir, "real/file")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "real/file")); err != nil {
		t.Fatal(err)
	}
	e, _ := s.Lookup("real/file")
	if data, err := s.Read(t.Context(), e); err == nil {
		t.Errorf("read %q from outside", data)
	}
	if err := os.RemoveAll(filepath.Join(dir, "real")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(dir, "real")); err != nil {
		t.Fatal(err)
	}
	write(t, outside, "file", "secret")
	if data, err := s.Read(t.Context(), e); err == nil {
		t.Errorf("read %q from outside", data)
	}
	if _, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{Sub: "real"}); err == nil {
		t.Error("a link was taken for a folder inside")
	}
}

func TestFolderSubmodulesAndNestedRepositories(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{"lib.txt": "1", "lib/inner": "2", "nested/.git/HEAD": "x", "nested/f": "3", "nested.txt": "4"})
	idx := readGitIndex(t, r)
	idx.Entries = append(idx.Entries,
		&index.Entry{Name: "absent", Mode: 0o160000}, &index.Entry{Name: "lib", Mode: 0o160000}, &index.Entry{Name: "lib.txt", Mode: 0o100644})
	writeGitIndex(t, r, idx)
	s := r.folder(snapshot.FolderOptions{})
	if diff := cmp.Diff([]string{"absent", "lib", "lib.txt", "nested", "nested.txt"}, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	for path, mode := range map[string]snapshot.Mode{"absent": snapshot.Submodule, "lib": snapshot.Submodule, "nested": snapshot.Submodule, "lib.txt": snapshot.Regular} {
		if e, _ := s.Lookup(path); e.Mode != mode {
			t.Errorf("%s: %v", path, e.Mode)
		}
	}
	if !hasWarning(s, "nested", "of its own") {
		t.Errorf("warnings %v", s.Warnings)
	}
}

func TestFolderSparseCheckout(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{"here": "1", "away/file": "content", "away/run": "#!"})
	r.add(".")
	r.commit("one")
	idx := readGitIndex(t, r)
	for _, e := range idx.Entries {
		e.SkipWorktree = strings.HasPrefix(e.Name, "away/")
	}
	idx.Version = 3
	writeGitIndex(t, r, idx)
	if err := os.RemoveAll(filepath.Join(r.dir, "away")); err != nil {
		t.Fatal(err)
	}
	s := r.folder(snapshot.FolderOptions{})
	want := map[string]string{"here": "1", "away/file": "content", "away/run": "#!"}
	if diff := cmp.Diff(want, contents(t, s)); diff != "" {
		t.Errorf("contents (-want +got):\n%s", diff)
	}
}

func TestFolderDamagedIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{"a": "1", "b/c": "2"})
	r.add(".")
	path := filepath.Join(r.dir, ".git/index")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range good {
		if err := os.WriteFile(path, good[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		s := r.folder(snapshot.FolderOptions{})
		if !s.Truncated || len(s.Warnings) == 0 {
			t.Fatalf("cut at %d of %d: not noticed", n, len(good))
		}
		if diff := cmp.Diff([]string{"a", "b/c"}, paths(s)); diff != "" {
			t.Fatalf("cut at %d (-want +got):\n%s", n, diff)
		}
	}
}

// TestRacyIndex is git's classic: a file changes within the tick of the clock in which the index was written.
func TestRacyIndex(t *testing.T) {
	t.Parallel()
	r := newRepo(t)
	r.write(map[string]string{"a": "old"})
	r.add("a")
	info, err := os.Stat(filepath.Join(r.dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	same := info.ModTime()
	write(t, r.dir, "a", "new")
	if err := os.Chtimes(filepath.Join(r.dir, "a"), same, same); err != nil {
		t.Fatal(err)
	}
	for written, known := range map[time.Time]bool{same: false, same.Add(-time.Second): false, same.Add(time.Hour): true} {
		if err := os.Chtimes(filepath.Join(r.dir, ".git/index"), written, written); err != nil {
			t.Fatal(err)
		}
		if e, _ := r.folder(snapshot.FolderOptions{}).Lookup("a"); (e.Blob != "") != known {
			t.Errorf("index written %v later: id %q", written.Sub(same), e.Blob)
		}
	}
}

func TestFolderOddities(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "ok", "1")
	for _, name := range []string{"back\\slash", "new\nline", "-rf", "inv\xff", "README.md", "Readme.MD"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Skipf("%q cannot be a file here: %v", name, err)
		}
	}
	big, err := os.Create(filepath.Join(dir, "big"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(big.Truncate(212<<20), big.Close()); err != nil {
		t.Fatal(err)
	}
	deep := dir
	for range 40 {
		deep = filepath.Join(deep, strings.Repeat("d", 90))
	}
	_ = os.MkdirAll(deep, 0o755)
	s, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"-rf", "README.md", "Readme.MD", "big", "inv\xff", "new\nline", "ok"}, paths(s)); diff != "" {
		t.Errorf("paths (-want +got):\n%s", diff)
	}
	if !hasWarning(s, "back\\slash", "backslash") || !hasWarning(s, "big", "212 MB") {
		t.Errorf("warnings %v", s.Warnings)
	}
	if _, err := s.Read(t.Context(), snapshot.Entry{Path: "big"}); !errors.Is(err, snapshot.ErrTooLarge) {
		t.Errorf("big: %v", err)
	}
	// A file that grew or went since it was listed.
	write(t, dir, "ok", strings.Repeat("x", snapshot.MaxFileSize+1))
	if _, err := s.Read(t.Context(), snapshot.Entry{Path: "ok"}); !errors.Is(err, snapshot.ErrTooLarge) {
		t.Errorf("grown: %v", err)
	}
	write(t, dir, "ok", strings.Repeat("x", snapshot.MaxFileSize))
	if data, err := s.Read(t.Context(), snapshot.Entry{Path: "ok"}); err != nil || len(data) != snapshot.MaxFileSize {
		t.Errorf("at the limit: %d bytes, %v", len(data), err)
	}
	if err := os.Remove(filepath.Join(dir, "ok")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(t.Context(), snapshot.Entry{Path: "ok"}); !errors.Is(err, snapshot.ErrUnavailable) {
		t.Errorf("gone: %v", err)
	}
}

func TestFolderErrors(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "file", "")
	for _, c := range []struct{ dir, sub string }{
		{filepath.Join(dir, "none"), ""}, {filepath.Join(dir, "file"), ""}, {dir, "none"}, {dir, "../x"}, {dir, "a/../../x"}, {dir, "file"},
	} {
		if _, err := snapshot.Folder(t.Context(), c.dir, snapshot.FolderOptions{Sub: c.sub}); err == nil {
			t.Errorf("%v: no error", c)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := snapshot.Folder(ctx, dir, snapshot.FolderOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestFolderUnreadable(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		t.Skip("root reads everything")
	}
	dir := t.TempDir()
	write(t, dir, "shut/file", "")
	write(t, dir, "open", "")
	if err := os.Chmod(filepath.Join(dir, "shut"), 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(filepath.Join(dir, "shut"), 0o700) })
	s, err := snapshot.Folder(t.Context(), dir, snapshot.FolderOptions{})
	if err != nil || !s.Truncated || !hasWarning(s, "shut", "cannot be read") {
		t.Errorf("%v %+v", err, s)
	}
}

func TestFolderOfBareRepository(t *testing.T) {
	t.Parallel()
	r, ids := history(t)
	bare := forms(t, r)["bare"]
	if !snapshot.IsBare(bare) || snapshot.IsBare(r.dir) || snapshot.IsBare(filepath.Join(r.dir, ".git")) || snapshot.IsBare(t.TempDir()) {
		t.Error("IsBare is wrong")
	}
	s, err := snapshot.Folder(t.Context(), bare, snapshot.FolderOptions{Sub: "src"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a/main.go", "out", "text.txt"}, paths(s)); diff != "" || s.Commit != ids["merge"] || s.Name != "learner/src" {
		t.Errorf("%s %s (-want +got):\n%s", s.Commit, s.Name, diff)
	}
}

func readGitIndex(t *testing.T, r *repo) *index.Index {
	t.Helper()
	idx, err := r.git.Storer.Index()
	if err != nil {
		t.Fatal(err)
	}
	return idx
}

func writeGitIndex(t *testing.T, r *repo, idx *index.Index) {
	t.Helper()
	f, err := os.Create(filepath.Join(r.dir, ".git/index"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(index.NewEncoder(f).Encode(idx), f.Close()); err != nil {
		t.Fatal(err)
	}
}
