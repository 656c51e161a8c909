package snapshot

import "fmt"

// Head returns the branch that is checked out in the repository that dir belongs to, and its commit. branch
// is "" when HEAD is detached, commit is "" before the first commit. Errors: ErrNoHistory when dir belongs to
// no git repository, ErrUnsupported for a format that is not read here.
func Head(dir string) (branch, commit string, err error) {
	r, err := findRepo(dir)
	if err != nil {
		return "", "", fmt.Errorf("snapshot: head of %s: %w", dir, err)
	}
	if r == nil {
		return "", "", fmt.Errorf("snapshot: head of %s: %w", dir, ErrNoHistory)
	}
	branch, commit, err = r.head()
	if err != nil {
		return "", "", fmt.Errorf("snapshot: head of %s: %w", dir, err)
	}
	return branch, commit, nil
}
