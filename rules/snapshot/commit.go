package snapshot

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	defaultCommits = 1_000
	maxTrees       = 500_000 // folders read of one commit
	maxParents     = 256     // of one commit that are followed
	maxTagDepth    = 10      // tags of tags
	lastSecond     = 253402300799
)

// openHistory opens the repository that dir belongs to, or says why its history cannot be read.
func openHistory(dir string) (*gitRepo, *objectStore, error) {
	r, err := findRepo(dir)
	switch {
	case err != nil:
		return nil, nil, err
	case r == nil:
		return nil, nil, ErrNoHistory
	case r.idLen != sha1Len:
		return nil, nil, fmt.Errorf("%w: repositories with SHA-256 object ids are not supported: %w", ErrNoHistory, ErrUnsupported)
	case r.reftable:
		return nil, nil, fmt.Errorf("%w: repositories that keep refs as reftable are not supported: %w", ErrNoHistory, ErrUnsupported)
	}
	return r, openStore(r), nil
}

// GitCommit reads a commit of the local repository that dir belongs to, with or without a work tree, from its
// object store. rev is "" for HEAD, a tag, a branch ("main", "origin/main"), a full ref name, or a commit id
// of 4 to 40 hex digits. The snapshot holds the whole commit, also when dir is a folder inside the work tree.
//
// Errors: ErrNoHistory when dir belongs to no git repository or nothing is committed yet, ErrUnsupported for a
// storage format that is not read here (SHA-256 ids, reftable), ErrNotFound for an unknown or ambiguous rev.
// What a shallow or partial clone lacks makes the snapshot Truncated, or a content ErrUnavailable.
func GitCommit(ctx context.Context, dir, rev string) (*Snapshot, error) {
	r, store, err := openHistory(dir)
	if err != nil {
		return nil, fmt.Errorf("snapshot: commit of %s: %w", dir, err)
	}
	id, ref, err := r.resolve(store, rev)
	if err != nil {
		return nil, fmt.Errorf("snapshot: commit of %s: %w", dir, err)
	}
	c, err := store.commit(id)
	if err != nil {
		return nil, fmt.Errorf("snapshot: commit of %s: %w", dir, err)
	}
	name := r.work
	if name == "" {
		name = r.dir
	}
	t := treeReader{store: store, s: &Snapshot{Name: strings.TrimSuffix(filepath.Base(name), ".git"), Commit: id, Ref: ref}}
	t.s.read = func(_ context.Context, e Entry) ([]byte, error) { return store.blob(e.Blob) }
	if err := t.read(ctx, c.tree, "", 0); err != nil && !errors.Is(err, errEnough) {
		return nil, fmt.Errorf("snapshot: commit of %s: %w", dir, err)
	}
	t.s.normalise()
	return t.s, nil
}

// treeReader lists the files of a commit.
type treeReader struct {
	store *objectStore
	s     *Snapshot
	trees int
	ids   hexIDs
}

func (t *treeReader) read(ctx context.Context, id, dir string, depth int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if t.trees++; t.trees > maxTrees || depth > maxDepth || len(dir) > maxPathLen {
		return t.cut(dir, "the commit holds too many or too deep folders; the list of files is cut")
	}
	o, err := t.store.get(id, maxObject)
	if err == nil && o.kind != kindTree {
		err = errObject
	}
	if err != nil {
		t.s.Truncated = true
		t.s.warn(strings.TrimSuffix(dir, "/"), "folder cannot be read from the object store: "+err.Error())
		return nil //nolint:nilerr // the warning says it
	}
	for data := o.data; len(data) > 0; {
		head, rest, found := bytes.Cut(data, []byte{0})
		mode, name, _ := strings.Cut(string(head), " ")
		if !found || len(rest) < sha1Len {
			t.s.Truncated = true
			t.s.warn(strings.TrimSuffix(dir, "/"), "folder is damaged in the object store")
			return nil
		}
		raw := rest[:sha1Len]
		data = rest[sha1Len:]
		if strings.Contains(name, "/") {
			t.s.warn(printable(dir+name), "path is unsafe (holds a slash) and was left out")
			continue
		}
		bits, err := strconv.ParseUint(mode, 8, 32)
		if err != nil {
			t.s.warn(printable(dir+name), "entry has no mode and was left out")
			continue
		}
		if bits&gitTypeMask == gitTree {
			if unsafePath(name) == "" {
				if err := t.read(ctx, hex.EncodeToString(raw), dir+name+"/", depth+1); err != nil {
					return err
				}
			}
			continue
		}
		if err := t.add(dir+name, uint32(bits), raw); err != nil {
			return err
		}
	}
	return nil
}

func (t *treeReader) add(path string, bits uint32, raw []byte) error {
	e := Entry{Path: path, Blob: t.ids.hex(string(raw)), Size: -1}
	switch bits & gitTypeMask {
	case gitCommit:
		e.Mode = Submodule
	case gitSymlink:
		e.Mode = Symlink
		if target, err := t.store.blob(e.Blob); err == nil && leadsOutside(path, string(target)) {
			t.s.warn(printable(path), "symlink points outside the repository")
		}
	default:
		if bits&0o111 != 0 {
			e.Mode = Executable
		}
	}
	if e.Mode != Submodule {
		e.Size = t.store.blobSize(raw)
	}
	if e.Size > hugeFile {
		t.s.warn(printable(path), fmt.Sprintf("file is %d MB and was not read", e.Size>>20))
	}
	t.s.Entries = append(t.s.Entries, e)
	if len(t.s.Entries) >= maxEntries {
		return t.cut("", fmt.Sprintf("the commit holds more than %d files; the list is cut", maxEntries))
	}
	return nil
}

func (t *treeReader) cut(path, msg string) error {
	t.s.Truncated = true
	t.s.warn(strings.TrimSuffix(path, "/"), msg)
	return errEnough
}

// resolve turns a revision into a commit id and, where it is a branch or tag, its short name.
func (r *gitRepo) resolve(store *objectStore, rev string) (id, ref string, err error) {
	if rev == "" || rev == "HEAD" {
		branch, commit, err := r.head()
		if err == nil && commit == "" {
			err = fmt.Errorf("nothing is committed yet: %w", ErrNoHistory)
		}
		return commit, branch, err
	}
	if full := strings.ToLower(rev); r.isID(full) {
		id, err = store.peel(full)
		return id, "", err
	}
	for _, prefix := range []string{"refs/", "refs/tags/", "refs/heads/", "refs/remotes/"} {
		name := prefix + strings.TrimPrefix(rev, "refs/")
		if id, err = r.ref(name); err == nil {
			id, err = store.peel(id)
			return id, shortRef(name), err
		}
	}
	id, err = store.short(strings.ToLower(rev))
	return id, "", err
}

// shortRef drops "refs/heads/" and its like.
func shortRef(name string) string {
	for _, prefix := range []string{"refs/heads/", "refs/tags/", "refs/remotes/"} {
		if short, ok := strings.CutPrefix(name, prefix); ok {
			return short
		}
	}
	return name
}

// peel follows annotated tags to the commit.
func (s *objectStore) peel(id string) (string, error) {
	for range maxTagDepth {
		o, err := s.get(id, maxMetaObject)
		if err != nil {
			return "", fmt.Errorf("revision %s: %w", id, err)
		}
		switch o.kind {
		case kindCommit:
			return id, nil
		case kindTag:
			fields, _ := parseFields(o.data)
			if len(fields) == 0 || fields[0][0] != "object" {
				return "", fmt.Errorf("%w: tag %s names no object", errObject, id)
			}
			id = fields[0][1]
		default:
			return "", fmt.Errorf("revision %s is not a commit: %w", id, ErrNotFound)
		}
	}
	return "", fmt.Errorf("revision %s: too many tags of tags: %w", id, ErrNotFound)
}

// short finds the one commit whose id starts with these digits.
func (s *objectStore) short(prefix string) (string, error) {
	if _, err := strconv.ParseUint(prefix[:min(len(prefix), 16)], 16, 64); err != nil || len(prefix) < 4 || len(prefix) > 2*sha1Len {
		return "", fmt.Errorf("revision %q: %w", prefix, ErrNotFound)
	}
	found := ""
	for _, id := range s.withPrefix(prefix) {
		commit, err := s.peel(id)
		if err != nil {
			continue
		}
		if found != "" && found != commit {
			return "", fmt.Errorf("revision %q is ambiguous: %w", prefix, ErrNotFound)
		}
		found = commit
	}
	if found == "" {
		return "", fmt.Errorf("revision %q: %w", prefix, ErrNotFound)
	}
	return found, nil
}

// commitObject is a commit with what links it to others.
type commitObject struct {
	Commit
	tree    string
	parents []string
}

func (s *objectStore) commit(id string) (commitObject, error) {
	o, err := s.get(id, maxMetaObject)
	if err != nil {
		return commitObject{}, fmt.Errorf("commit %s: %w", id, err)
	}
	if o.kind != kindCommit {
		return commitObject{}, fmt.Errorf("%w: %s is not a commit", errObject, id)
	}
	fields, message := parseFields(o.data)
	c := commitObject{Commit: Commit{ID: id}}
	latin1 := false
	for _, f := range fields {
		switch f[0] {
		case "tree":
			c.tree = f[1]
		case "parent":
			c.parents = append(c.parents, f[1])
		case "author":
			c.AuthorName, c.AuthorEmail, _ = parsePerson(f[1])
		case "committer":
			c.CommitterName, c.CommitterEmail, c.Time = parsePerson(f[1])
		case "encoding":
			enc := strings.ToLower(f[1])
			latin1 = enc == "iso-8859-1" || enc == "iso8859-1" || enc == "latin1" || enc == "latin-1"
		}
	}
	if c.tree == "" {
		return commitObject{}, fmt.Errorf("%w: commit %s has no tree", errObject, id)
	}
	c.Parents = len(c.parents)
	c.Message = cutText(decodeText(string(message[:min(len(message), 2*MaxMessage)]), latin1), MaxMessage)
	for _, text := range []*string{&c.AuthorName, &c.AuthorEmail, &c.CommitterName, &c.CommitterEmail} {
		*text = cutText(decodeText(*text, latin1), 256)
	}
	return c, nil
}

// parsePerson splits "Ada <ada@example.org> 1700000000 +0100". A time that makes no sense is the zero time.
func parsePerson(line string) (name, email string, at time.Time) {
	name, rest, found := strings.Cut(line, "<")
	if !found {
		return strings.TrimSpace(line), "", time.Time{}
	}
	end := strings.LastIndexByte(rest, '>')
	if end < 0 {
		return strings.TrimSpace(name), rest, time.Time{}
	}
	email = rest[:end]
	seconds, _, _ := strings.Cut(strings.TrimSpace(rest[end+1:]), " ")
	if n, err := strconv.ParseInt(seconds, 10, 64); err == nil && n >= 0 && n <= lastSecond {
		at = time.Unix(n, 0).UTC()
	}
	return strings.TrimSpace(name), strings.TrimSpace(email), at
}

// decodeText makes valid UTF-8 of what a commit holds.
func decodeText(s string, latin1 bool) string {
	if utf8.ValidString(s) {
		return s
	}
	if !latin1 {
		return strings.ToValidUTF8(s, "\uFFFD")
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// cutText cuts s to at most limit bytes at the beginning of a rune.
func cutText(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}

// GitLog reads the history of a revision (see GitCommit) of the local repository that dir belongs to: newest
// first by the committers' clocks, over all parents, at most limit commits; 0 or less means 1,000. Complete is
// false when there are more, and for shallow clones. Errors: those of GitCommit.
func GitLog(ctx context.Context, dir, rev string, limit int) (CommitLog, error) {
	if limit <= 0 {
		limit = defaultCommits
	}
	r, store, err := openHistory(dir)
	if err != nil {
		return CommitLog{}, fmt.Errorf("snapshot: log of %s: %w", dir, err)
	}
	id, _, err := r.resolve(store, rev)
	if err != nil {
		return CommitLog{}, fmt.Errorf("snapshot: log of %s: %w", dir, err)
	}
	first, err := store.commit(id)
	if err != nil {
		return CommitLog{}, fmt.Errorf("snapshot: log of %s: %w", dir, err)
	}
	log, err := walkLog(ctx, store, first, r.shallow(), limit)
	if err != nil {
		return CommitLog{}, fmt.Errorf("snapshot: log of %s: %w", dir, err)
	}
	return log, nil
}

func walkLog(ctx context.Context, store *objectStore, first commitObject, shallow map[string]bool, limit int) (CommitLog, error) {
	log := CommitLog{Complete: true}
	seen := map[string]bool{first.ID: true}
	queue := &byTime{}
	heap.Push(queue, queued{commitObject: first})
	for order := 1; queue.Len() > 0; {
		if err := ctx.Err(); err != nil {
			return CommitLog{}, err
		}
		if len(log.Commits) == limit {
			log.Complete = false
			break
		}
		c, ok := heap.Pop(queue).(queued)
		if !ok {
			break
		}
		log.Commits = append(log.Commits, c.Commit)
		if shallow[c.ID] {
			log.Complete = false
			continue
		}
		for _, id := range c.parents[:min(len(c.parents), maxParents)] {
			if seen[id] {
				continue
			}
			seen[id] = true
			parent, err := store.commit(id)
			if err != nil { // a clone that lacks it: what there is still counts
				log.Complete = false
				continue
			}
			heap.Push(queue, queued{commitObject: parent, order: order})
			order++
		}
	}
	return log, nil
}

// shallow returns the commits whose parents a shallow clone left out.
func (r *gitRepo) shallow() map[string]bool {
	text, err := readSmall(filepath.Join(r.common, "shallow"), maxConfigFile)
	if err != nil {
		return nil
	}
	ids := make(map[string]bool)
	for line := range strings.Lines(string(text)) {
		ids[strings.TrimSpace(line)] = true
	}
	return ids
}

// queued is a commit whose turn is yet to come.
type queued struct {
	commitObject
	order int // found earlier, shown earlier where the clocks agree
}

// byTime is a heap of commits, the newest on top.
type byTime []queued

func (q byTime) Len() int { return len(q) }
func (q byTime) Less(i, j int) bool {
	if !q[i].Time.Equal(q[j].Time) {
		return q[i].Time.After(q[j].Time)
	}
	return q[i].order < q[j].order
}
func (q byTime) Swap(i, j int) { q[i], q[j] = q[j], q[i] }

// Push is for package heap.
func (q *byTime) Push(x any) {
	if c, ok := x.(queued); ok {
		*q = append(*q, c)
	}
}

// Pop is for package heap.
func (q *byTime) Pop() any {
	old := *q
	last := old[len(old)-1]
	*q = old[:len(old)-1]
	return last
}
