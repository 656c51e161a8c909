package facts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"milepost/rules/snapshot"
)

// Key identifies the facts of a blob: its git id, and the last two parts of its path, since one content may be read as
// different kinds of file ("workflows/ci.yml").
type Key struct{ Blob, Name string }

// Cache keeps facts by blob between checks. Get returns what it has; Put stores what was found. Both see only files whose blob id is known.
type Cache interface {
	Get(ctx context.Context, keys []Key) (map[Key]*File, error)
	Put(ctx context.Context, files map[Key]*File) error
}

// CollectOptions are the choices of a collection; the zero value is good.
type CollectOptions struct {
	Cache    Cache
	Workers  int                    // goroutines that read and scan; 0: as many as processors
	Progress func(done, total int)  // called now and then, from one goroutine at a time
	Ignore   func(path string) bool // files the configuration leaves out; they are no evidence
}

// Collect reads the wanted files of s and joins their facts. Files that are too large or hold no text are part of the result with
// the reason they were not read. An error of the source ends it: a snapshot that could not be read in full is no basis for a verdict.
func Collect(ctx context.Context, s *snapshot.Snapshot, patterns *PatternSet, opts CollectOptions) (*Repo, error) {
	files := make([]RepoFile, 0, len(s.Entries))
	class := newClassifier(s.Entries)
	for _, e := range s.Entries {
		f := RepoFile{Entry: e, Class: class.classify(e.Path)}
		if opts.Ignore != nil && opts.Ignore(e.Path) {
			f.Class |= Vendored
		}
		files = append(files, f)
	}
	var todo []int
	for i := range files {
		f := &files[i]
		switch {
		case f.Mode == snapshot.Symlink || f.Mode == snapshot.Submodule:
		case f.Size > snapshot.MaxFileSize && relevant(f.Path, f.Size, f.Class):
			f.Unread = fmt.Sprintf("%d MB is more than is read of a file", f.Size>>20)
		case wanted(f.Path, f.Size, f.Class):
			todo = append(todo, i)
		}
	}
	todo, err := fromCache(ctx, files, todo, opts.Cache)
	if err != nil {
		return nil, err
	}
	if err := scanAll(ctx, s, patterns, files, todo, opts); err != nil {
		return nil, err
	}
	if err := toCache(ctx, files, todo, opts.Cache); err != nil {
		return nil, err
	}
	r := Index(s.Name, s.Commit, files)
	r.Truncated = s.Truncated
	r.Warnings = s.Warnings
	for i := range files {
		if f := &files[i]; f.Unread != "" {
			r.Warnings = append(r.Warnings, snapshot.Warning{Path: f.Path, Msg: f.Unread})
			if r.Unread == "" && f.Lang().GeneralPurpose() {
				r.Unread = f.Path
			}
		}
	}
	return r, nil
}

// Wanted returns the entries of s whose content Collect would read.
func Wanted(s *snapshot.Snapshot) []snapshot.Entry {
	wants := Wants(s.Entries)
	var out []snapshot.Entry
	for _, e := range s.Entries {
		if e.Mode != snapshot.Symlink && e.Mode != snapshot.Submodule && wants(e.Path, e.Size) {
			out = append(out, e)
		}
	}
	return out
}

// Missing returns the entries of s that Collect would read and cache does not know: what a reader has to fetch.
func Missing(ctx context.Context, s *snapshot.Snapshot, cache Cache) ([]snapshot.Entry, error) {
	entries := Wanted(s)
	keys := make([]Key, 0, len(entries))
	for _, e := range entries {
		keys = append(keys, keyOf(e))
	}
	got, err := cache.Get(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("facts: read cache: %w", err)
	}
	missing := entries[:0]
	for _, e := range entries {
		if got[keyOf(e)] == nil {
			missing = append(missing, e)
		}
	}
	return missing, nil
}

func keyOf(e snapshot.Entry) Key { return Key{Blob: e.Blob, Name: scanName(e.Path)} }

// scanName is what a scan may know of a path: the folder and the base name. Where the folder lies is judged later.
func scanName(path string) string {
	i := strings.LastIndexByte(path, '/')
	if i < 0 {
		return path
	}
	return path[strings.LastIndexByte(path[:i], '/')+1:]
}

func fromCache(ctx context.Context, files []RepoFile, todo []int, cache Cache) ([]int, error) {
	if cache == nil || len(todo) == 0 {
		return todo, nil
	}
	keys := make([]Key, 0, len(todo))
	for _, i := range todo {
		if files[i].Blob != "" {
			keys = append(keys, keyOf(files[i].Entry))
		}
	}
	got, err := cache.Get(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("facts: read cache: %w", err)
	}
	rest := todo[:0]
	for _, i := range todo {
		if f := got[keyOf(files[i].Entry)]; f != nil {
			files[i].Facts = f
			continue
		}
		rest = append(rest, i)
	}
	return rest, nil
}

func toCache(ctx context.Context, files []RepoFile, done []int, cache Cache) error {
	if cache == nil || len(done) == 0 {
		return nil
	}
	put := map[Key]*File{}
	for _, i := range done {
		if f := &files[i]; f.Facts != nil && f.Blob != "" {
			put[keyOf(f.Entry)] = f.Facts
		}
	}
	if err := cache.Put(ctx, put); err != nil {
		return fmt.Errorf("facts: write cache: %w", err)
	}
	return nil
}

// filesPerWorker is how many files make a further goroutine, with its buffers, worth its start: they are read in ten milliseconds.
const filesPerWorker = 300

// scanAll scans the files at the indexes todo. A panic of a scanner goes on in the caller's goroutine, where it can be caught.
func scanAll(ctx context.Context, s *snapshot.Snapshot, patterns *PatternSet, files []RepoFile, todo []int, opts CollectOptions) error {
	workers := opts.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	workers = max(1, min(workers, len(todo)/filesPerWorker+1))
	var (
		mu    sync.Mutex
		next  int
		first error
		crash string // what a scanner panicked with, and where
		wg    sync.WaitGroup
	)
	take := func() (int, bool) {
		mu.Lock()
		defer mu.Unlock()
		if first != nil || next >= len(todo) {
			return 0, false
		}
		next++
		if opts.Progress != nil && (next%256 == 0 || next == len(todo)) {
			opts.Progress(next, len(todo))
		}
		return todo[next-1], true
	}
	work := func() {
		sc, reader := NewScanner(patterns), s.NewReader()
		defer reader.Close()
		path := ""
		defer func() {
			if v := recover(); v != nil {
				mu.Lock()
				defer mu.Unlock()
				first = errors.New("facts: a scanner panicked") // the others need not go on
				crash = fmt.Sprintf("scanning %s: %v\n%s", path, v, debug.Stack())
			}
		}()
		for {
			i, ok := take()
			if !ok {
				return
			}
			path = files[i].Path
			if err := scanOne(ctx, reader, sc, &files[i]); err != nil {
				mu.Lock()
				if first == nil {
					first = err
				}
				mu.Unlock()
			}
		}
	}
	for range workers - 1 {
		wg.Go(work)
	}
	work() // here, not in a goroutine of its own: with one worker no thread need wake, nor fill caches of its own
	wg.Wait()
	if crash != "" {
		panic(crash)
	}
	return first
}

// scanOne fills the facts of one file. What is wrong with the file is a reason; what is wrong with the source is an error.
func scanOne(ctx context.Context, r *snapshot.Reader, sc *Scanner, f *RepoFile) error {
	content, err := r.Read(ctx, f.Entry)
	switch {
	case errors.Is(err, snapshot.ErrTooLarge):
		f.Unread = "it is larger than 1 MB and was not read"
		return nil
	case errors.Is(err, snapshot.ErrOmitted):
		return nil // the snapshot is Truncated and says so once, for all of them
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, fs.ErrNotExist):
		f.Unread = "it could not be opened"
		return nil
	case err != nil:
		return fmt.Errorf("facts: %w", err)
	}
	got := sc.Scan(f.Path, content)
	f.Facts = &got
	return nil
}
