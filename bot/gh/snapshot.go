package gh

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"milepost/bot/span"
	"milepost/bot/work"
	"milepost/rules/snapshot"
)

// blobsAtOnce is how many blobs are read side by side where there is no archive.
const blobsAtOnce = 6

// Wanted says which of a snapshot's entries must be read, given the tree: those that rules look at and whose facts are not known.
type Wanted func(ctx context.Context, s *snapshot.Snapshot) ([]snapshot.Entry, error)

// Snapshot reads a repository at a branch, tag or commit: the tree in one request, then what is wanted and not known: a single blob by itself,
// more by one archive, and by blobs where a server gives no archive. The snapshot's Read serves what was wanted; whatever could not be read in
// full is an error, never a smaller snapshot. A tree that GitHub truncated is completed from the archive.
func (c *Client) Snapshot(ctx context.Context, r Repo, treeish string, wanted Wanted) (s *snapshot.Snapshot, tree Tree, err error) {
	ctx, end := span.Start(ctx, "snapshot")
	defer func() { end(err) }()
	tree, err = c.Tree(ctx, r, treeish)
	if err != nil {
		return nil, tree, err
	}
	s, err = c.Complete(ctx, r, treeish, tree, wanted)
	return s, tree, err
}

// Complete makes the snapshot of a tree that was read before.
func (c *Client) Complete(ctx context.Context, r Repo, treeish string, tree Tree, wanted Wanted) (*snapshot.Snapshot, error) {
	s := c.over(r, tree, nil)
	if tree.Truncated {
		if whole, err := c.whole(ctx, r, treeish, wanted); err == nil {
			return whole, nil
		} else if !errors.Is(err, snapshot.ErrTooLarge) && !Is(err, NotFound, Gone, Forbidden, Invalid) {
			return nil, err
		}
	}
	need, err := wanted(ctx, s)
	if err != nil {
		return nil, err
	}
	contents := map[string][]byte{}
	if len(need) > 1 {
		missing, err := c.fromArchive(ctx, r, treeish, need, contents)
		if err != nil {
			return nil, err
		}
		need = missing
	}
	if err := c.fromBlobs(ctx, r, need, contents); err != nil {
		return nil, err
	}
	return c.over(r, tree, contents), nil
}

// over is a snapshot of a tree whose contents, by blob id, are at hand.
func (c *Client) over(r Repo, tree Tree, contents map[string][]byte) *snapshot.Snapshot {
	s := snapshot.New(tree.Entries, func(_ context.Context, e snapshot.Entry) ([]byte, error) {
		data, ok := contents[e.Blob]
		switch {
		case ok && data == nil:
			return nil, snapshot.ErrTooLarge
		case ok:
			return data, nil
		}
		return nil, fmt.Errorf("%s was not fetched: %w", e.Path, snapshot.ErrUnavailable)
	})
	s.Name, s.Truncated = r.String(), tree.Truncated
	if tree.Truncated {
		s.Warnings = append(s.Warnings, snapshot.Warning{Msg: "GitHub lists only a part of this very large repository"})
	}
	return s
}

// whole reads everything from the archive, for a tree too large for GitHub to list.
func (c *Client) whole(ctx context.Context, r Repo, treeish string, _ Wanted) (*snapshot.Snapshot, error) {
	s, err := c.tarball(ctx, r, treeish, func(_ string, size int64) bool { return size <= 64<<10 })
	if err != nil {
		return nil, err
	}
	s.Name = r.String()
	return s, nil
}

// fromArchive fills contents from one archive and returns what was not in it.
func (c *Client) fromArchive(ctx context.Context, r Repo, treeish string, need []snapshot.Entry, contents map[string][]byte) ([]snapshot.Entry, error) {
	byPath := make(map[string]snapshot.Entry, len(need))
	for _, e := range need {
		byPath[e.Path] = e
	}
	archive, err := c.tarball(ctx, r, treeish, func(p string, _ int64) bool { _, ok := byPath[p]; return ok })
	switch {
	case Is(err, NotFound, Gone, Forbidden, Invalid), errors.Is(err, snapshot.ErrTooLarge):
		return need, nil // a server without archives, or one too large: by blobs then
	case err != nil:
		return nil, err
	}
	var missing []snapshot.Entry
	for _, e := range need {
		data, err := archive.Read(ctx, snapshot.Entry{Path: e.Path})
		switch {
		case errors.Is(err, snapshot.ErrTooLarge):
			contents[e.Blob] = nil
		case err != nil || len(e.Blob) == 40 && snapshot.BlobID(data) != e.Blob: // export-ignore, export-subst, or a push in between
			missing = append(missing, e)
		default:
			contents[e.Blob] = data
		}
	}
	return missing, nil
}

func (c *Client) fromBlobs(ctx context.Context, r Repo, need []snapshot.Entry, contents map[string][]byte) error {
	if len(need) == 0 {
		return nil
	}
	results := make([][]byte, len(need))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(blobsAtOnce)
	for i, e := range need {
		g.Go(work.Guard(func() error {
			data, err := c.Blob(ctx, r, e.Blob)
			if errors.Is(err, snapshot.ErrTooLarge) {
				return nil
			}
			if err == nil && data == nil {
				data = []byte{}
			}
			results[i] = data
			return err
		}))
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, e := range need {
		contents[e.Blob] = results[i]
	}
	return nil
}
