package snapshot

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// Default bounds of Tar.
const (
	DefaultTarEntries = 200_000
	DefaultTarBytes   = 1 << 30   // decompressed
	DefaultTarKept    = 128 << 20 // contents in memory
	DefaultTarRatio   = 400       // decompressed to compressed; source text stays below 20
)

// freeRatio is how many decompressed bytes pass before the ratio is looked at: small archives compress oddly.
const freeRatio = 32 << 20

// TarOptions bound what Tar takes in. Zero values stand for the defaults above.
type TarOptions struct {
	MaxEntries int
	MaxBytes   int64 // decompressed bytes of the whole archive
	MaxKept    int64 // bytes of contents kept in memory; what comes after is left out, and the snapshot Truncated
	MaxRatio   int64 // decompressed bytes for each compressed byte, beyond the first 32 MiB
	Name, Ref  string
}

func (o TarOptions) withDefaults() TarOptions {
	if o.MaxEntries <= 0 {
		o.MaxEntries = DefaultTarEntries
	}
	if o.MaxBytes <= 0 {
		o.MaxBytes = DefaultTarBytes
	}
	if o.MaxKept <= 0 {
		o.MaxKept = DefaultTarKept
	}
	if o.MaxRatio <= 0 {
		o.MaxRatio = DefaultTarRatio
	}
	return o
}

// Tar reads the tar.gz that GitHub serves for a commit, as a stream. The one folder on top is taken off the
// paths; the commit id comes from the archive's own header. want tells whose content to keep in memory, nil
// means everybody's; the content of other entries, and of files beyond MaxFileSize, is not kept: reading it
// answers ErrUnavailable, ErrTooLarge or, beyond MaxKept, ErrOmitted. Entry.Blob is "": an archive does not hold ids.
//
// Errors: ErrIncomplete when the stream is cut short, damaged or no such archive, so never a smaller
// snapshot; ErrTooLarge when a bound is exceeded; the context's error when it ends.
//
// An archive is not the whole truth: submodules are empty folders in it, and what .gitattributes marks
// export-ignore is left out, so that the snapshot is Truncated when such a mark is found.
func Tar(ctx context.Context, r io.Reader, want func(path string, size int64) bool, opts TarOptions) (*Snapshot, error) {
	opts = opts.withDefaults()
	packed := &countingReader{ctx: ctx, r: r}
	t := tarReader{
		opts: opts, want: want, s: &Snapshot{Name: opts.Name, Ref: opts.Ref},
		contents: make(map[string][]byte),
	}
	if err := t.run(ctx, packed); err != nil {
		return nil, fmt.Errorf("snapshot: archive: %w", t.explain(ctx, packed, err))
	}
	contents := t.contents
	t.s.read = func(_ context.Context, e Entry) ([]byte, error) {
		data, kept := contents[e.Path]
		if !kept {
			return nil, fmt.Errorf("%w: it was not kept", ErrUnavailable)
		}
		if data == nil {
			return nil, fmt.Errorf("%w: the archive holds more than is kept", ErrOmitted)
		}
		return data, nil
	}
	if t.omitted > 0 {
		t.s.Omit(t.omitted, opts.MaxKept)
	}
	t.s.normalise()
	return t.s, nil
}

// tarReader is one archive on its way in.
type tarReader struct {
	opts     TarOptions
	want     func(string, int64) bool
	s        *Snapshot
	top      string            // the folder on top
	contents map[string][]byte // nil: left out
	kept     int64
	omitted  int
	entries  int
}

// explain makes one of the documented errors of whatever went wrong.
func (t *tarReader) explain(ctx context.Context, packed *countingReader, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrIncomplete):
		return err
	case packed.err != nil && !errors.Is(packed.err, io.EOF): // the connection, not the archive
		return fmt.Errorf("%w: %w", ErrIncomplete, packed.err)
	default:
		return fmt.Errorf("%w: %w", ErrIncomplete, err)
	}
}

func (t *tarReader) run(ctx context.Context, packed *countingReader) error {
	z, err := gzip.NewReader(packed)
	if err != nil {
		return err
	}
	z.Multistream(false)
	plain := &countingReader{ctx: ctx, r: z, packed: packed, most: t.opts.MaxBytes, ratio: t.opts.MaxRatio}
	archive := tar.NewReader(plain)
	for {
		before := plain.n
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			// Every archive ends in two empty blocks. Without them it was cut between two files.
			if plain.n-before < 2*512 {
				return fmt.Errorf("%w: its end is missing", ErrIncomplete)
			}
			break
		}
		if err != nil {
			return err
		}
		if err := t.entry(h, archive); err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, archive); err != nil { //nolint:gosec // the archive ends at its own limit
			return err
		}
	}
	if t.top == "" {
		return fmt.Errorf("%w: it is empty", ErrIncomplete)
	}
	_, err = io.Copy(io.Discard, plain) // up to the checksum
	return err
}

// entry takes in one header and what follows it.
func (t *tarReader) entry(h *tar.Header, content io.Reader) error {
	if t.entries++; t.entries > t.opts.MaxEntries {
		return fmt.Errorf("more than %d entries: %w", t.opts.MaxEntries, ErrTooLarge)
	}
	if h.Typeflag == tar.TypeXGlobalHeader {
		if id := h.PAXRecords["comment"]; isHex(id) && t.s.Commit == "" {
			t.s.Commit = id
		}
		return nil
	}
	if isSparse(h) {
		return fmt.Errorf("%w: %q is stored with holes", ErrIncomplete, printable(h.Name))
	}
	if h.Size < 0 {
		return fmt.Errorf("%w: %q has no size", ErrIncomplete, printable(h.Name))
	}
	name, err := t.strip(h.Name)
	if err != nil || name == "" {
		return err
	}
	e := Entry{Path: name, Size: h.Size}
	switch h.Typeflag {
	case tar.TypeReg:
		if h.Mode&0o111 != 0 {
			e.Mode = Executable
		}
	case tar.TypeSymlink:
		e.Mode, e.Size = Symlink, int64(len(h.Linkname))
		if leadsOutside(name, h.Linkname) {
			t.s.warn(printable(name), "symlink points outside the repository")
		}
		content = strings.NewReader(h.Linkname)
	case tar.TypeDir:
		return nil
	default:
		t.s.warn(printable(name), "archive entry is neither file nor symlink and was left out")
		return nil
	}
	t.s.Entries = append(t.s.Entries, e)
	return t.keep(e, content)
}

// strip takes the folder on top off a path. It returns "" for that folder itself.
func (t *tarReader) strip(name string) (string, error) {
	top, rest, inside := strings.Cut(name, "/")
	if !inside || top == "" || (t.top != "" && top != t.top) {
		return "", fmt.Errorf("%w: %q is not in the one folder on top", ErrIncomplete, printable(name))
	}
	t.top = top
	return strings.TrimSuffix(rest, "/"), nil
}

// keep stores the content of an entry if it is wanted. .gitattributes is always looked at.
func (t *tarReader) keep(e Entry, content io.Reader) error {
	attributes := path.Base(e.Path) == ".gitattributes"
	wanted := t.want == nil || t.want(e.Path, e.Size)
	if e.Size > MaxFileSize {
		if e.Size > hugeFile {
			t.s.warn(printable(e.Path), fmt.Sprintf("file is %d MB and was not read", e.Size>>20))
		}
		return nil
	}
	if !wanted && !attributes {
		return nil
	}
	if wanted && t.kept+e.Size > t.opts.MaxKept {
		t.omitted++
		wanted = false
		if _, twice := t.contents[e.Path]; !twice {
			t.contents[e.Path] = nil
		}
		if !attributes {
			return nil
		}
	}
	data := make([]byte, e.Size)
	if _, err := io.ReadFull(content, data); err != nil {
		return err
	}
	if attributes && (bytes.Contains(data, []byte("export-ignore"))) {
		t.s.Truncated = true
		t.s.warn(printable(e.Path), "the archive leaves out the files that are marked export-ignore")
	}
	if !wanted {
		return nil
	}
	t.kept += e.Size
	if _, twice := t.contents[e.Path]; !twice { // as in the list: the first one counts
		t.contents[e.Path] = data
	}
	return nil
}

// isSparse reports whether an entry claims more content than the archive holds for it.
func isSparse(h *tar.Header) bool {
	if h.Typeflag == tar.TypeGNUSparse {
		return true
	}
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// isHex reports whether s looks like a commit id.
func isHex(s string) bool {
	return (len(s) == 2*sha1Len || len(s) == 2*sha256Len) && strings.Trim(s, "0123456789abcdef") == ""
}

// countingReader counts what passes, and stops at a number of bytes or a ratio to another reader's count.
type countingReader struct {
	ctx    context.Context //nolint:containedctx // a reader lives no longer than the call it serves
	r      io.Reader
	n      int64
	packed *countingReader // nil: no bounds
	most   int64
	ratio  int64
	err    error // the last one
}

func (c *countingReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := c.r.Read(p)
	c.n += int64(n)
	c.err = err
	if c.packed != nil {
		switch {
		case c.n > c.most:
			return n, fmt.Errorf("more than %d bytes: %w", c.most, ErrTooLarge)
		case c.n > freeRatio && c.n/c.ratio > c.packed.n:
			return n, fmt.Errorf("archive expands more than %d times: %w", c.ratio, ErrTooLarge)
		}
	}
	return n, err
}
