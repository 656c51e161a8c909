package snapshot

import (
	"context"
	"fmt"
	"strings"
)

// Reader reads the contents of a snapshot one after the other, as [Snapshot.Read] does, into one buffer. Entries that follow each other in
// a folder are read cheapest in the order of their paths. It is for one goroutine; Close it.
type Reader struct {
	s   *Snapshot
	buf []byte
	dir openDir // the folder last read from, of a snapshot of a folder
}

// NewReader returns a reader of s.
func (s *Snapshot) NewReader() *Reader { return &Reader{s: s} }

// Close lets go of what the reader holds open.
func (r *Reader) Close() { r.dir.close() }

// Read returns what [Snapshot.Read] returns for e, which must be an entry of the snapshot. The bytes are good until the next Read.
func (r *Reader) Read(ctx context.Context, e Entry) ([]byte, error) {
	f := r.s.folder
	if f == nil || e.Mode != Regular && e.Mode != Executable || e.Size < 0 || e.Size > MaxFileSize {
		return r.s.Read(ctx, e)
	}
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("snapshot: read %q: %w", e.Path, err)
	}
	path := r.s.prefix + e.Path
	i := strings.LastIndexByte(path, '/')
	dir, base := ".", path[i+1:]
	if i >= 0 {
		dir = path[:i]
	}
	if r.dir.name != dir {
		r.dir.close()
		r.dir.open(f.root, dir)
	}
	if cap(r.buf) < int(e.Size)+1 {
		r.buf = make([]byte, max(64<<10, int(e.Size)+1))
	}
	if data, ok := r.dir.read(base, r.buf[:cap(r.buf)]); ok {
		return data, nil
	}
	return r.s.Read(ctx, e) // with its reason
}
