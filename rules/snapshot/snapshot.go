package snapshot

import (
	"context"
	"crypto/sha1" //nolint:gosec // git names its objects by SHA-1; nothing is protected by it
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// MaxFileSize is the size in bytes (1 MiB) beyond which the content of a file is not read.
const MaxFileSize = 1 << 20

const (
	maxPathLen  = 4096 // bytes; longer paths are refused
	maxWarnings = 200  // further warnings are counted, not kept
)

// Errors that callers tell apart with [errors.Is].
var (
	// ErrTooLarge says that a file exceeds MaxFileSize, or an archive its limits.
	ErrTooLarge = errors.New("too large")
	// ErrNotFound says that the snapshot has no such entry, or the repository no such revision.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable says that the entry exists and its content cannot be had in this run.
	ErrUnavailable = errors.New("content is unavailable")
	// ErrOmitted says that the entry exists and its content was left out, because all together is more than is kept at once; the snapshot is Truncated then.
	ErrOmitted = errors.New("left out of too much")
	// ErrIncomplete says that an archive was cut short or is damaged; reading it again may help.
	ErrIncomplete = errors.New("archive is incomplete")
	// ErrNoHistory says that a folder belongs to no git repository whose history can be read.
	ErrNoHistory = errors.New("no git history")
	// ErrUnsupported says that a repository uses a storage format that is not read here.
	ErrUnsupported = errors.New("unsupported repository format")
)

// Mode is the kind of an entry.
type Mode uint8

// The kinds of entries that git knows.
const (
	Regular Mode = iota
	Executable
	Symlink   // its content is the path it points to
	Submodule // a commit of another repository; it has no content here
)

// String returns the kind in a word: "regular", "executable", "symlink", "submodule".
func (m Mode) String() string {
	switch m {
	case Regular:
		return "regular"
	case Executable:
		return "executable"
	case Symlink:
		return "symlink"
	case Submodule:
		return "submodule"
	default:
		return "mode(" + strconv.Itoa(int(m)) + ")"
	}
}

// Entry is one file of a snapshot.
type Entry struct {
	Path string // slash-separated, relative to the snapshot's root, as stored, case kept
	Mode Mode
	Blob string // git object id in hex; "" when it is not known without hashing
	Size int64  // bytes; -1 when unknown
}

// Warning says in one plain sentence what is odd or could not be read.
type Warning struct {
	Path string // the entry it concerns; "" for the snapshot as a whole
	Msg  string // "tree was truncated by GitHub", "symlink points outside the repository"
}

// ReadFunc returns the content of an entry as git stores it (of a symlink: its target). It may stop
// once it has returned more than MaxFileSize bytes. It must be safe for concurrent use.
type ReadFunc func(ctx context.Context, e Entry) ([]byte, error)

// Snapshot is a repository at one commit. It is safe for concurrent use as long as nobody changes its fields.
type Snapshot struct {
	Name   string // "owner/repo", or the folder's name
	Commit string // commit id in hex; "" when unknown, or when the files may differ from every commit
	Ref    string // branch or tag, short ("main"); "" when unknown

	Entries  []Entry // sorted by Path, each path once
	Warnings []Warning
	// Truncated says that Entries are not all there: absence proves nothing.
	Truncated bool

	read   ReadFunc
	folder *folderReader // of a folder on disk: what read reads from
	prefix string        // "" or "dir/": what Sub took off the paths
	muted  int           // warnings beyond maxWarnings
}

// Omit notes that the contents of n files, wanted and not at hand, were left out since all together are more than most bytes.
func (s *Snapshot) Omit(n int, most int64) {
	s.Truncated = true
	s.warn("", fmt.Sprintf("%d files were not read: all together are more than %d MB", n, most>>20))
}

// New returns a snapshot of entries whose contents read gives. The entries are copied and sorted; unsafe
// paths and duplicates (the first one stays) are dropped with a Warning. A nil read makes every content
// unavailable.
func New(entries []Entry, read ReadFunc) *Snapshot {
	s := &Snapshot{Entries: slices.Clone(entries), read: read}
	s.normalise()
	return s
}

// normalise sorts the entries and drops what a snapshot must not hold.
func (s *Snapshot) normalise() {
	byPath := func(a, b Entry) int { return strings.Compare(a.Path, b.Path) }
	if !slices.IsSortedFunc(s.Entries, byPath) {
		slices.SortStableFunc(s.Entries, byPath)
	}
	kept := s.Entries[:0]
	for _, e := range s.Entries {
		if why := unsafePath(e.Path); why != "" {
			s.warn(printable(e.Path), "path is unsafe ("+why+") and was left out")
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].Path == e.Path {
			s.warn(e.Path, "path is listed twice; the first one counts")
			continue
		}
		kept = append(kept, e)
	}
	clear(s.Entries[len(kept):])
	s.Entries = kept
}

// warn adds a warning; beyond maxWarnings the last one becomes a count.
func (s *Snapshot) warn(path, msg string) {
	if len(s.Warnings) < maxWarnings {
		s.Warnings = append(s.Warnings, Warning{Path: path, Msg: msg})
		return
	}
	s.muted++
	s.Warnings[maxWarnings-1] = Warning{Msg: fmt.Sprintf("%d more warnings are not shown", s.muted+1)}
}

// Read returns the content of an entry of this snapshot as it is, undecoded; of a symlink, the path it
// points to. Who reads must not change it. Errors: ErrNotFound for a path that is not in the snapshot, ErrTooLarge beyond MaxFileSize, ErrOmitted,
// ErrUnavailable for a submodule and whatever else keeps the content away, each wrapped.
func (s *Snapshot) Read(ctx context.Context, e Entry) ([]byte, error) {
	own, ok := s.Lookup(e.Path)
	if !ok {
		return nil, fmt.Errorf("snapshot: read %q: %w", e.Path, ErrNotFound)
	}
	if own.Mode == Submodule {
		return nil, fmt.Errorf("snapshot: read %q: submodule: %w", e.Path, ErrUnavailable)
	}
	if own.Size > MaxFileSize {
		return nil, fmt.Errorf("snapshot: read %q: %d bytes: %w", e.Path, own.Size, ErrTooLarge)
	}
	if s.read == nil {
		return nil, fmt.Errorf("snapshot: read %q: %w", e.Path, ErrUnavailable)
	}
	own.Path = s.prefix + own.Path
	data, err := s.read(ctx, own)
	switch {
	case err != nil && isReadError(err):
		return nil, fmt.Errorf("snapshot: read %q: %w", e.Path, err)
	case err != nil:
		return nil, fmt.Errorf("snapshot: read %q: %w: %w", e.Path, ErrUnavailable, err)
	case len(data) > MaxFileSize:
		return nil, fmt.Errorf("snapshot: read %q: %w", e.Path, ErrTooLarge)
	}
	return data, nil
}

// isReadError reports whether err already is one of the errors that Read promises, or the caller's own end.
func isReadError(err error) bool {
	for _, known := range []error{ErrTooLarge, ErrNotFound, ErrUnavailable, ErrOmitted, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, known) {
			return true
		}
	}
	return false
}

// Lookup returns the entry at path, compared exactly.
func (s *Snapshot) Lookup(path string) (Entry, bool) {
	i := s.search(path)
	if i < len(s.Entries) && s.Entries[i].Path == path {
		return s.Entries[i], true
	}
	return Entry{}, false
}

// search returns the position of the first entry whose path is not less than path.
func (s *Snapshot) search(path string) int {
	return sort.Search(len(s.Entries), func(i int) bool { return s.Entries[i].Path >= path })
}

// Sub returns the snapshot of a folder inside, for one package of a monorepo: paths are relative to dir,
// contents come from the same source, warnings are those of the folder and of the whole. "" and "." are
// the snapshot itself; a folder that does not exist has no entries.
func (s *Snapshot) Sub(dir string) *Snapshot {
	dir = strings.Trim(dir, "/")
	if dir == "" || dir == "." {
		return s
	}
	prefix := dir + "/"
	sub := &Snapshot{
		Name: s.Name, Commit: s.Commit, Ref: s.Ref,
		Truncated: s.Truncated, read: s.read, folder: s.folder, prefix: s.prefix + prefix,
	}
	lo := s.search(prefix)
	hi := lo + sort.Search(len(s.Entries)-lo, func(i int) bool { return !strings.HasPrefix(s.Entries[lo+i].Path, prefix) })
	sub.Entries = slices.Clone(s.Entries[lo:hi])
	for i := range sub.Entries {
		sub.Entries[i].Path = sub.Entries[i].Path[len(prefix):]
	}
	for _, w := range s.Warnings {
		rest, inside := strings.CutPrefix(w.Path, prefix)
		if inside || w.Path == "" {
			sub.Warnings = append(sub.Warnings, Warning{Path: rest, Msg: w.Msg})
		}
	}
	if sub.Name != "" {
		sub.Name += "/"
	}
	sub.Name += dir
	return sub
}

// BlobID returns the id that git gives to a file with this content: 40 hex digits of SHA-1.
func BlobID(content []byte) string {
	h := sha1.New() //nolint:gosec // see the import
	h.Write([]byte("blob " + strconv.Itoa(len(content)) + "\x00"))
	h.Write(content)
	return hex.EncodeToString(h.Sum(nil))
}

// unsafePath says what is wrong with a path, or "" when it is relative, clean and inside.
func unsafePath(path string) string {
	switch {
	case path == "":
		return "empty"
	case len(path) > maxPathLen:
		return "too long"
	case path[0] == '/':
		return "absolute"
	case strings.IndexByte(path, 0) >= 0:
		return "holds a NUL byte"
	case strings.IndexByte(path, '\\') >= 0:
		return "holds a backslash"
	}
	for rest, more := path, true; more; {
		var part string
		part, rest, more = strings.Cut(rest, "/")
		switch {
		case part == "":
			return "has an empty part"
		case part == "." || part == "..":
			return "climbs with dots"
		case len(part) == 4 && strings.EqualFold(part, ".git"):
			return "is inside .git"
		}
	}
	return ""
}

// printable shortens and cleans a path that is about to be shown although it is refused.
func printable(path string) string {
	if len(path) > 200 {
		path = path[:200] + "..."
	}
	return strings.ReplaceAll(strings.ToValidUTF8(path, "?"), "\x00", "?")
}
