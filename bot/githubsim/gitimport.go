package githubsim

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage"
)

// localGit is the repository on disk that a repository shows.
type localGit struct {
	dir string
}

const maxLocalBlob = 100 << 20 // GitHub refuses larger files

// ImportGit makes a repository that shows a local git repository with its branches,
// tags and whole history, read without the git program. Objects are read from disk
// when they are asked for. It returns an error when dir is no readable git
// repository. Call [Sim.SyncGit] to follow new commits.
func (s *Sim) ImportGit(owner *Account, name, dir string, o RepoOptions) (*Repo, error) {
	lr, err := openGit(dir)
	if err != nil {
		return nil, err
	}
	refs, branch, err := readRefs(lr)
	if err != nil {
		return nil, fmt.Errorf("githubsim: refs of %s: %w", dir, err)
	}
	if branch != "" {
		o.DefaultBranch = branch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.newRepo(owner, name, o)
	r.local = &localGit{dir: dir}
	r.store.backing = append(r.store.backing, backing(lr.Storer))
	r.refs = refs
	s.emitRepo(r, "repository", "created", owner.anOwner(), nil)
	for ref, id := range refs {
		if strings.HasPrefix(ref, "refs/heads/") {
			s.suitesFor(r, strings.TrimPrefix(ref, "refs/heads/"), id, "", owner)
		}
	}
	return r, nil
}

// SyncGit reads the branches and tags of an imported repository again and pushes
// what moved, as its owner. It returns how many refs moved.
func (s *Sim) SyncGit(r *Repo) (int, error) {
	if r.local == nil {
		return 0, fmt.Errorf("githubsim: %s was not imported from a local git repository", r.FullName())
	}
	lr, err := openGit(r.local.dir) // opened anew: new pack files are not noticed otherwise
	if err != nil {
		return 0, err
	}
	refs, _, err := readRefs(lr)
	if err != nil {
		return 0, fmt.Errorf("githubsim: refs of %s: %w", r.local.dir, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.store.backing = []func(string) (gitObject, bool){backing(lr.Storer)}
	moved := 0
	pusher := r.owner.anOwner()
	for _, ref := range sortedKeys(refs) {
		before := r.refs[ref]
		if before == refs[ref] {
			continue
		}
		moved++
		forced := before != "" && !r.store.ancestors(refs[ref])[before]
		s.moveRef(r, ref, refs[ref], pusher, forced)
	}
	return moved, nil
}

func openGit(dir string) (*git.Repository, error) {
	lr, err := git.PlainOpenWithOptions(dir, &git.PlainOpenOptions{DetectDotGit: true, EnableDotGitCommonDir: true})
	if err != nil {
		return nil, fmt.Errorf("githubsim: open git repository %s: %w", dir, err)
	}
	return lr, nil
}

// readRefs lists branches and tags, and the checked-out branch.
func readRefs(lr *git.Repository) (refs map[string]string, branch string, err error) {
	refs = map[string]string{}
	iter, err := lr.References()
	if err != nil {
		return nil, "", err
	}
	err = iter.ForEach(func(ref *plumbing.Reference) error {
		if ref.Type() == plumbing.HashReference && (ref.Name().IsBranch() || ref.Name().IsTag()) {
			refs[ref.Name().String()] = ref.Hash().String()
		}
		return nil
	})
	if err != nil {
		return nil, "", err
	}
	head, err := lr.Reference(plumbing.HEAD, false)
	switch {
	case err != nil: // a repository without HEAD still has branches
	case head.Type() == plumbing.SymbolicReference:
		branch = head.Target().Short()
	default: // a detached HEAD is shown as a branch
		branch = "main"
		refs["refs/heads/main"] = head.Hash().String()
	}
	return refs, branch, nil //nolint:nilerr // as said above
}

// backing reads single objects from disk. A partial clone lacks some: they are not found.
func backing(st storage.Storer) func(string) (gitObject, bool) {
	kinds := map[plumbing.ObjectType]string{plumbing.BlobObject: objBlob, plumbing.TreeObject: objTree, plumbing.CommitObject: objCommit, plumbing.TagObject: objTag}
	return func(id string) (gitObject, bool) {
		o, err := st.EncodedObject(plumbing.AnyObject, plumbing.NewHash(id))
		if err != nil || o.Size() > maxLocalBlob {
			return gitObject{}, false
		}
		rd, err := o.Reader()
		if err != nil {
			return gitObject{}, false
		}
		defer func() { _ = rd.Close() }()
		data, err := io.ReadAll(rd)
		if err != nil {
			return gitObject{}, false
		}
		return gitObject{kind: kinds[o.Type()], data: data}, true
	}
}

// ReadDir reads a folder as files for a [Commit], without .git, following no
// symbolic links; files over 10 MiB are left out.
func ReadDir(dir string) (map[string]string, error) {
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || info.Size() > 10<<20 {
			return nil
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		raw, err := os.ReadFile(p) //nolint:gosec // the caller names the folder
		if err != nil {
			return err
		}
		out[filepath.ToSlash(rel)] = string(raw)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("githubsim: read folder %s: %w", dir, err)
	}
	return out, nil
}

// ImportDir makes a repository of one commit with the files of a folder.
func (s *Sim) ImportDir(owner *Account, name, dir string, o RepoOptions) (*Repo, error) {
	files, err := ReadDir(dir)
	if err != nil {
		return nil, err
	}
	r := s.CreateRepo(owner, name, o)
	s.Push(r, "", owner, Commit{Message: "Add files", Files: files, Author: Identity{When: time.Time{}}})
	return r, nil
}
