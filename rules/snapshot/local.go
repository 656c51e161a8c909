package snapshot

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LocalGit reads the branches, tags and objects of a local git repository without the git program. It is safe for concurrent use. Packs that
// are written after [OpenLocalGit] are not noticed: open it anew.
type LocalGit struct {
	repo  *gitRepo
	store *objectStore
}

// OpenLocalGit opens the repository that dir belongs to, with or without a work tree. Errors: ErrNoHistory when there is none, ErrUnsupported for
// a storage format that is not read here (SHA-256 ids, reftable).
func OpenLocalGit(dir string) (*LocalGit, error) {
	repo, store, err := openHistory(dir)
	if err != nil {
		return nil, fmt.Errorf("snapshot: open repository %s: %w", dir, err)
	}
	return &LocalGit{repo: repo, store: store}, nil
}

// Head returns the branch that is checked out and its commit, as the function [Head] does.
func (g *LocalGit) Head() (branch, commit string, err error) {
	if branch, commit, err = g.repo.head(); err != nil {
		return "", "", fmt.Errorf("snapshot: %w", err)
	}
	return branch, commit, nil
}

// Refs returns the ids of all branches and tags by their full names ("refs/heads/main"); that of an annotated tag is the tag's own.
func (g *LocalGit) Refs() (map[string]string, error) {
	refs := map[string]string{}
	if err := g.repo.eachPackedRef(func(name, id string) bool {
		if isBranchOrTag(name) {
			refs[name] = id
		}
		return true
	}); err != nil {
		return nil, fmt.Errorf("snapshot: %w", err)
	}
	for _, kind := range []string{"heads", "tags"} { // a loose ref is newer than the packed one of its name
		top := filepath.Join(g.repo.common, "refs", kind)
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(g.repo.common, path)
			if err != nil {
				return err
			}
			name := filepath.ToSlash(rel)
			if id, err := g.repo.ref(name); err == nil { // git passes over a damaged ref too, and its lock files
				refs[name] = id
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("snapshot: read refs: %w", err)
		}
	}
	return refs, nil
}

// isBranchOrTag tells the refs that people make from those of remotes, stashes and notes.
func isBranchOrTag(name string) bool {
	return strings.HasPrefix(name, "refs/heads/") || strings.HasPrefix(name, "refs/tags/")
}

// Object returns an object of at most limit bytes: kind is git's word for it ("blob", "tree", "commit" or "tag"). The content is shared and must not
// be changed. Errors: ErrNotFound, which is also what a shallow or partial clone lacks, and ErrTooLarge.
func (g *LocalGit) Object(id string, limit int64) (kind string, content []byte, err error) {
	o, err := g.store.get(id, limit)
	if err != nil {
		return "", nil, fmt.Errorf("snapshot: %w", err)
	}
	return o.kind.String(), o.data, nil
}

// String returns git's word for the kind.
func (k objectKind) String() string {
	switch k {
	case kindCommit:
		return "commit"
	case kindTree:
		return "tree"
	case kindBlob:
		return "blob"
	case kindTag:
		return "tag"
	default:
		return "delta"
	}
}

// eachPackedRef calls f with the refs that are kept in one file, until it returns false.
func (r *gitRepo) eachPackedRef(f func(name, id string) bool) error {
	file, err := os.Open(filepath.Join(r.common, "packed-refs"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read packed-refs: %w", err)
	}
	defer file.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(io.LimitReader(file, maxPackedRefs))
	for lines.Scan() {
		id, name, _ := strings.Cut(lines.Text(), " ")
		if r.isID(id) && !f(name, id) {
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read packed-refs: %w", err)
	}
	return nil
}
