package githubsim

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"milepost/rules/snapshot"
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
	local, refs, branch, err := openGit(dir)
	if err != nil {
		return nil, err
	}
	if branch != "" {
		o.DefaultBranch = branch
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.newRepo(owner, name, o)
	r.local = &localGit{dir: dir}
	r.store.backing = append(r.store.backing, backing(local))
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
	local, refs, _, err := openGit(r.local.dir) // opened anew: new pack files are not noticed otherwise
	if err != nil {
		return 0, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.store.backing = []func(string) (gitObject, bool){backing(local)}
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

// openGit opens a local repository and lists its branches and tags, and the checked-out branch; a detached HEAD is shown as the branch main.
func openGit(dir string) (local *snapshot.LocalGit, refs map[string]string, branch string, err error) {
	if local, err = snapshot.OpenLocalGit(dir); err != nil {
		return nil, nil, "", fmt.Errorf("githubsim: %w", err)
	}
	if refs, err = local.Refs(); err != nil {
		return nil, nil, "", fmt.Errorf("githubsim: refs of %s: %w", dir, err)
	}
	branch, commit, err := local.Head()
	if err != nil {
		return nil, nil, "", fmt.Errorf("githubsim: head of %s: %w", dir, err)
	}
	if branch == "" {
		branch, refs["refs/heads/main"] = "main", commit
	}
	return local, refs, branch, nil
}

// backing reads single objects from disk. A partial clone lacks some: they are not found.
func backing(local *snapshot.LocalGit) func(string) (gitObject, bool) {
	return func(id string) (gitObject, bool) {
		kind, data, err := local.Object(id, maxLocalBlob)
		return gitObject{kind: kind, data: data}, err == nil
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
