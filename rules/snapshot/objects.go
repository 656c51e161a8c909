package snapshot

import (
	"context"
	"fmt"
)

type objectStore struct{ repo *gitRepo }

func openStore(r *gitRepo) *objectStore { return &objectStore{r} }
func (s *objectStore) blob(id string) ([]byte, error) {
	return nil, fmt.Errorf("object %s: %w", id, ErrUnavailable)
}

// GitCommit is not there yet: it answers ErrUnsupported.
func GitCommit(ctx context.Context, dir, rev string) (*Snapshot, error) { return nil, ErrUnsupported }
