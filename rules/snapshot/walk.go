package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"sort"
	"strings"
)

const (
	maxEntries      = 1_000_000   // files listed of one repository
	maxPatternTests = 200_000_000 // ignore patterns tried one by one in one walk
	maxDepth        = 512         // folders inside folders
	hugeFile        = 100 << 20   // bytes; GitHub refuses files beyond, so a warning is due
)

// walker lists one folder. It visits names in the order of git's index, so that one pass over both suffices.
type walker struct {
	s        *Snapshot
	root     *os.Root
	repo     *gitRepo // nil outside git
	prefix   string   // "" or "dir/": where the root lies in the repository; all paths below start with it
	fold     bool
	progress func(int)
	rules    *ruleStack // of the folders above the root
	budget   int        // pattern tests left

	index       *gitIndex
	next, end   int // tracked files not yet met
	submodules  map[string]bool
	onlyTracked bool
	folders     int
	ids         hexIDs
}

// ruleStack is the ignore rules in force in a folder, the nearest first.
type ruleStack struct {
	rules *ignoreRules
	up    *ruleStack
}

// errEnough stops a walk that has reached a bound.
var errEnough = errors.New("enough")

func (w *walker) run(ctx context.Context) error {
	err := w.walk(ctx, w.prefix, w.rules, w.onlyTracked, 0)
	if err != nil && !errors.Is(err, errEnough) {
		return err
	}
	w.skipTo(nil)
	if !slices.IsSortedFunc(w.s.Entries, func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }) {
		w.s.normalise()
	}
	if w.progress != nil {
		w.progress(len(w.s.Entries))
	}
	return nil
}

// find returns the position of the first entry whose path is not less than path.
func (x *gitIndex) find(path string) int {
	return sort.Search(len(x.entries), func(i int) bool { return x.entries[i].path >= path })
}

// walk lists the folder at full ("" or "dir/", in terms of the repository).
func (w *walker) walk(ctx context.Context, full string, rules *ruleStack, onlyTracked bool, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	rel := full[len(w.prefix):]
	if w.folders++; w.folders > maxEntries {
		w.incomplete("", "the repository holds too many folders; the list of files is cut")
		return errEnough
	}
	if depth > maxDepth || len(full) > maxPathLen {
		w.incomplete(rel, "folder lies too deep and was not read")
		return nil
	}
	items, err := w.readDir(ctx, rel)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if depth == 0 {
			return err
		}
		w.incomplete(rel, "folder cannot be read")
	}
	if !onlyTracked {
		rules = w.withRulesOf(full, items, rules)
	}
	slices.SortFunc(items, compareAsGit)
	for _, item := range items {
		name := item.Name()
		switch {
		case len(name) == 4 && strings.EqualFold(name, ".git"):
			continue
		case strings.IndexByte(name, '\\') >= 0:
			w.s.warn(printable(rel+name), "path is unsafe (holds a backslash) and was left out")
			continue
		}
		if item.IsDir() {
			err = w.folder(ctx, full+name, name, rules, onlyTracked, depth)
		} else {
			err = w.file(item, full, rules, onlyTracked)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readDir returns what is in a folder, a bounded number of items; the items know their size and time.
func (w *walker) readDir(ctx context.Context, rel string) ([]os.DirEntry, error) {
	f, err := w.root.Open(path.Clean("./" + rel))
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // read only
	var items []os.DirEntry
	for {
		some, err := f.ReadDir(2048)
		if items == nil {
			items = some
		} else {
			items = append(items, some...)
		}
		switch {
		case errors.Is(err, io.EOF):
			return items, nil
		case err != nil:
			return items, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case len(items) > maxEntries:
			w.incomplete(rel, "folder holds too many files and was not read to its end")
			return items, nil
		}
	}
}

// compareAsGit orders names as they stand in git's index: a folder as if a slash followed its name.
func compareAsGit(a, b os.DirEntry) int {
	an, bn := a.Name(), b.Name()
	n := min(len(an), len(bn))
	if c := strings.Compare(an[:n], bn[:n]); c != 0 {
		return c
	}
	return int(byteAfter(a, an, n)) - int(byteAfter(b, bn, n))
}

func byteAfter(item os.DirEntry, name string, n int) byte {
	switch {
	case len(name) > n:
		return name[n]
	case item.IsDir():
		return '/'
	default:
		return 0
	}
}

// withRulesOf puts the .gitignore of a folder, if it has one, on top of the rules above.
func (w *walker) withRulesOf(full string, items []os.DirEntry, rules *ruleStack) *ruleStack {
	i := slices.IndexFunc(items, func(d os.DirEntry) bool { return d.Name() == ".gitignore" })
	if i < 0 || !items[i].Type().IsRegular() {
		return rules
	}
	rel := full[len(w.prefix):] + ".gitignore"
	text, err := readIgnoreFile(w.root, rel)
	if err != nil {
		w.s.warn(rel, "ignore rules cannot be read and were not applied")
		return rules
	}
	return w.pushRules(text, full, rel, rules)
}

func (w *walker) pushRules(text []byte, base, name string, up *ruleStack) *ruleStack {
	r, whole := parseIgnore(text, base, w.fold)
	if !whole {
		w.s.warn(name, fmt.Sprintf("only the first %d ignore rules were applied", maxIgnorePatterns))
	}
	if len(r.patterns) == 0 {
		return up
	}
	return &ruleStack{rules: r, up: up}
}

// addRules puts rules on the stack that the walk starts with.
func (w *walker) addRules(text []byte, base, name string, fold bool) {
	w.fold = fold
	w.rules = w.pushRules(text, base, name, w.rules)
}

// decide asks the rules, the nearest first, what becomes of an untracked path.
func (w *walker) decide(rules *ruleStack, full, name string, dir bool) decision {
	for ; rules != nil; rules = rules.up {
		d, tried := rules.rules.match(full, name, dir)
		w.budget -= tried
		if d != undecided {
			return d
		}
	}
	return undecided
}

// folder decides whether to walk into a folder.
func (w *walker) folder(ctx context.Context, full, name string, rules *ruleStack, onlyTracked bool, depth int) error {
	inside := full + "/"
	w.skipTo(&inside)
	tracked := w.next < w.end && strings.HasPrefix(w.index.entries[w.next].path, inside)
	if w.submodules[full] {
		return nil // listed when its index entry was passed
	}
	if !tracked && onlyTracked {
		return nil
	}
	if !onlyTracked && w.decide(rules, full, name, true) == excluded {
		if !tracked {
			return nil
		}
		onlyTracked = true
	}
	rel := full[len(w.prefix):]
	if w.repo != nil && !tracked {
		if _, err := w.root.Lstat(rel + "/.git"); err == nil {
			w.s.warn(rel, "folder is a git repository of its own; its files are not part of this one")
			return w.add(Entry{Path: rel, Mode: Submodule, Size: -1})
		}
	}
	return w.walk(ctx, inside, rules, onlyTracked, depth+1)
}

// file lists a file if it is tracked or no rule excludes it.
func (w *walker) file(item os.DirEntry, dir string, rules *ruleStack, onlyTracked bool) error {
	name := item.Name()
	var full string
	tracked := w.trackedAt(dir, name)
	if tracked != nil {
		full = tracked.path
	} else {
		if onlyTracked {
			return nil
		}
		full = dir + name
		if w.decide(rules, full, name, false) == excluded {
			return nil
		}
		if w.budget < 0 {
			w.incomplete("", "the ignore rules are too many for so many files; the list of files is cut")
			return errEnough
		}
	}
	info, err := item.Info()
	if err != nil {
		return nil //nolint:nilerr // gone meanwhile
	}
	e := Entry{Path: full[len(w.prefix):], Size: info.Size()}
	switch mode := info.Mode(); {
	case mode&os.ModeSymlink != 0:
		e.Mode = Symlink
		w.checkLink(full, e.Path)
	case !mode.IsRegular():
		w.s.warn(e.Path, "path is not a regular file and was left out")
		return nil
	case mode&0o111 != 0:
		e.Mode = Executable
	case runtime.GOOS == "windows" && tracked != nil && tracked.mode == gitRegular|0o755:
		e.Mode = Executable
	}
	if e.Size > hugeFile {
		w.s.warn(e.Path, fmt.Sprintf("file is %d MB and was not read", e.Size>>20))
	}
	if tracked != nil && len(tracked.id) == sha1Len && w.index.matches(tracked, info) {
		e.Blob = w.ids.hex(tracked.id)
	}
	return w.add(e)
}

// trackedAt passes the index up to dir+name and returns its entry there, or nil.
func (w *walker) trackedAt(dir, name string) *indexEntry {
	if !w.nextIs(dir, name) {
		full := dir + name
		w.skipTo(&full)
		if !w.nextIs(dir, name) {
			return nil
		}
	}
	w.next++
	return &w.index.entries[w.next-1]
}

// nextIs compares in place: nearly every file of a work tree is the next one of the index.
func (w *walker) nextIs(dir, name string) bool {
	if w.next == w.end {
		return false
	}
	p := w.index.entries[w.next].path
	return len(p) == len(dir)+len(name) && p[:len(dir)] == dir && p[len(dir):] == name
}

// skipTo passes the tracked files before path, all of them when path is nil. They are not in the folder; those
// that need not be there are listed.
func (w *walker) skipTo(path *string) {
	for ; w.next < w.end; w.next++ {
		e := &w.index.entries[w.next]
		if path != nil && e.path >= *path {
			return
		}
		known := len(e.id) == sha1Len
		listed := Entry{Path: e.path[len(w.prefix):], Size: -1}
		switch {
		case e.mode&gitTypeMask == gitCommit:
			listed.Mode = Submodule
		case e.skipWorktree && e.mode&gitTypeMask == gitSymlink:
			listed.Mode = Symlink
		case e.skipWorktree && e.mode&0o111 != 0:
			listed.Mode = Executable
		case !e.skipWorktree:
			continue
		}
		if known && !e.unsure {
			listed.Blob = w.ids.hex(e.id)
		}
		w.s.Entries = append(w.s.Entries, listed)
	}
}

// checkLink warns of a symbolic link that leads out of the repository.
func (w *walker) checkLink(full, rel string) {
	target, err := w.root.Readlink(rel)
	if err != nil {
		return
	}
	if leadsOutside(full, filepath.ToSlash(target)) || filepath.IsAbs(target) {
		w.s.warn(rel, "symlink points outside the repository")
	}
}

// leadsOutside reports whether a link at path with this target leaves the repository, judged by the names alone.
func leadsOutside(at, target string) bool {
	if strings.HasPrefix(target, "/") {
		return true
	}
	to := path.Join(path.Dir(at), target)
	return to == ".." || strings.HasPrefix(to, "../")
}

func (w *walker) add(e Entry) error {
	w.s.Entries = append(w.s.Entries, e)
	n := len(w.s.Entries)
	if w.progress != nil && n%1000 == 0 {
		w.progress(n)
	}
	if n >= maxEntries {
		w.incomplete("", fmt.Sprintf("the repository holds more than %d files; the list is cut", maxEntries))
		return errEnough
	}
	return nil
}

// incomplete records that files may be missing from the list.
func (w *walker) incomplete(path, msg string) {
	w.s.Truncated = true
	w.s.warn(strings.TrimSuffix(path, "/"), msg)
}
