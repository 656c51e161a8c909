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
// full is an error, never a smaller snapshot. Beyond Config.MaxContents in all, what was wanted last is left out: the snapshot is Truncated, and asking for the rest
// later gives the next portion. A tree that GitHub truncated is completed from the archive.
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
	s := c.over(r, tree, nil, nil)
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
	need, size, omitted := portion(need, c.cfg.MaxContents)
	release, err := c.room(ctx, size)
	if err != nil {
		return nil, err
	}
	defer release()
	contents := map[string][]byte{}
	if len(need) > 1 {
		missing, err := c.fromArchive(ctx, r, treeish, need, contents, omitted)
		if err != nil {
			return nil, err
		}
		need = missing
	}
	if err := c.fromBlobs(ctx, r, need, contents); err != nil {
		return nil, err
	}
	return c.over(r, tree, contents, omitted), nil
}

// portion takes from the front of what is needed as much as is read at once. omitted are the ids of the rest.
func portion(need []snapshot.Entry, most int64) (now []snapshot.Entry, size int64, omitted map[string]bool) {
	for i, e := range need {
		if size+max(e.Size, 0) > most {
			omitted = make(map[string]bool, len(need)-i)
			for _, e := range need[i:] {
				omitted[e.Blob] = true
			}
			return need[:i], size, omitted
		}
		size += max(e.Size, 0)
	}
	return need, size, map[string]bool{}
}

// room waits until so many bytes more can be read beside what others read.
func (c *Client) room(ctx context.Context, size int64) (release func(), err error) {
	size = min(size, c.cfg.MaxContents)
	if err := c.cfg.reading.Acquire(ctx, size); err != nil {
		return nil, fmt.Errorf("github: wait to read contents: %w", err)
	}
	return func() { c.cfg.reading.Release(size) }, nil
}

// over is a snapshot of a tree whose contents, by blob id, are at hand, but for those that were left out.
func (c *Client) over(r Repo, tree Tree, contents map[string][]byte, omitted map[string]bool) *snapshot.Snapshot {
	s := snapshot.New(tree.Entries, func(_ context.Context, e snapshot.Entry) ([]byte, error) {
		data, ok := contents[e.Blob]
		switch {
		case ok && data == nil:
			return nil, snapshot.ErrTooLarge
		case ok:
			return data, nil
		case omitted[e.Blob]:
			return nil, snapshot.ErrOmitted
		}
		return nil, fmt.Errorf("%s was not fetched: %w", e.Path, snapshot.ErrUnavailable)
	})
	s.Name, s.Truncated = r.String(), tree.Truncated
	if tree.Truncated {
		s.Warnings = append(s.Warnings, snapshot.Warning{Msg: "GitHub lists only a part of this very large repository"})
	}
	if len(omitted) > 0 {
		s.Omit(len(omitted), c.cfg.MaxContents)
	}
	return s
}

// whole reads everything from the archive, for a tree too large for GitHub to list.
func (c *Client) whole(ctx context.Context, r Repo, treeish string, _ Wanted) (*snapshot.Snapshot, error) {
	release, err := c.room(ctx, c.cfg.MaxContents)
	if err != nil {
		return nil, err
	}
	defer release()
	s, err := c.tarball(ctx, r, treeish, func(_ string, size int64) bool { return size <= 64<<10 })
	if err != nil {
		return nil, err
	}
	s.Name = r.String()
	return s, nil
}

// fromArchive fills contents from one archive and returns what was not in it. What the archive held too much of is added to what is omitted.
func (c *Client) fromArchive(ctx context.Context, r Repo, treeish string, need []snapshot.Entry, contents map[string][]byte, omitted map[string]bool) ([]snapshot.Entry, error) {
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
		case errors.Is(err, snapshot.ErrOmitted):
			omitted[e.Blob] = true
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
