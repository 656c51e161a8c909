package snapshot

import (
	"bytes"
	"crypto/sha1" //nolint:gosec // git's own checksum
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unsafe"
)

const maxIndexFile = 512 << 20 // bytes; a hundred bytes for each of five million files

// Modes of entries as git stores them in the index and in trees.
const (
	gitTypeMask = 0o170000
	gitTree     = 0o040000
	gitRegular  = 0o100000
	gitSymlink  = 0o120000
	gitCommit   = 0o160000
)

// indexEntry is one tracked file.
type indexEntry struct {
	path         string
	id           string // raw bytes of the object id
	mode         uint32
	size         uint32 // modulo 2^32, as git stores it
	sec, nsec    uint32 // modification time
	skipWorktree bool   // a sparse checkout leaves it out of the work tree on purpose
	unsure       bool   // unmerged, or only announced by "git add -N": the id is not that of the file
}

// gitIndex is git's list of tracked files, sorted by path, each path once.
type gitIndex struct {
	entries []indexEntry
	written time.Time // when the index was written: later changes of a file may hide behind an equal time
	sparse  bool      // some folders are listed without their files
}

var errIndex = errors.New("git index is damaged")

// readIndex reads and checks an index file. A missing file is an empty index.
func readIndex(path string, idLen int) (*gitIndex, error) {
	f, err := os.Open(path) //nolint:gosec // the repository's own index
	if errors.Is(err, os.ErrNotExist) {
		return &gitIndex{}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open index: %w", err)
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("stat index: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxIndexFile {
		return nil, fmt.Errorf("%w: not a file of sensible size", errIndex)
	}
	data := make([]byte, info.Size())
	if _, err := io.ReadFull(f, data); err != nil {
		return nil, fmt.Errorf("%w: it changed while being read", errIndex)
	}
	idx, err := parseIndex(data, idLen)
	if err != nil {
		return nil, err
	}
	idx.written = info.ModTime()
	return idx, nil
}

// parseIndex decodes versions 2 to 4. Paths and ids point into data, which must not change afterwards.
func parseIndex(data []byte, idLen int) (*gitIndex, error) {
	if len(data) < 12+idLen || string(data[:4]) != "DIRC" {
		return nil, fmt.Errorf("%w: no header", errIndex)
	}
	if !validChecksum(data, idLen) {
		return nil, fmt.Errorf("%w: wrong checksum", errIndex)
	}
	version := binary.BigEndian.Uint32(data[4:])
	if version < 2 || version > 4 {
		return nil, fmt.Errorf("%w: version %d is not known", errIndex, version)
	}
	count := int(binary.BigEndian.Uint32(data[8:]))
	d := indexDecoder{data: data[:len(data)-idLen], pos: 12, idLen: idLen, version: version}
	idx := &gitIndex{entries: make([]indexEntry, 0, min(count, len(data)/(42+idLen)))}
	for range count {
		e, stage, err := d.next()
		if err != nil {
			return nil, err
		}
		n := len(idx.entries)
		switch {
		case n > 0 && e.path == idx.entries[n-1].path && stage > 0:
			continue // another side of the same conflict
		case n > 0 && e.path <= idx.entries[n-1].path:
			return nil, fmt.Errorf("%w: entries out of order", errIndex)
		case e.mode&gitTypeMask == gitTree:
			idx.sparse = true
			continue
		case unsafePath(e.path) != "":
			continue // git refuses it as well; the walk of the folder cannot meet it
		}
		idx.entries = append(idx.entries, e)
	}
	return idx, d.extensions(idx)
}

// validChecksum compares the hash at the end; all zeros mean that git was told not to write one.
func validChecksum(data []byte, idLen int) bool {
	body, sum := data[:len(data)-idLen], data[len(data)-idLen:]
	if len(bytes.Trim(sum, "\x00")) == 0 {
		return true
	}
	if idLen == sha256.Size {
		got := sha256.Sum256(body)
		return bytes.Equal(got[:], sum)
	}
	got := sha1.Sum(body) //nolint:gosec // git's own checksum
	return bytes.Equal(got[:], sum)
}

// indexDecoder walks over the entries of an index.
type indexDecoder struct {
	data    []byte
	pos     int
	idLen   int
	version uint32
	prev    string // path before, which version 4 abbreviates against
}

// next decodes one entry and its merge stage.
func (d *indexDecoder) next() (indexEntry, int, error) {
	short := fmt.Errorf("%w: cut short", errIndex)
	start := d.pos
	fixed := 40 + d.idLen + 2
	if len(d.data)-start < fixed+1 {
		return indexEntry{}, 0, short
	}
	b := d.data[start:]
	e := indexEntry{
		sec: binary.BigEndian.Uint32(b[8:]), nsec: binary.BigEndian.Uint32(b[12:]),
		mode: binary.BigEndian.Uint32(b[24:]), size: binary.BigEndian.Uint32(b[36:]),
		id: viewString(b[40 : 40+d.idLen]),
	}
	flags := binary.BigEndian.Uint16(b[40+d.idLen:])
	stage := int(flags >> 12 & 3)
	e.unsure = stage > 0
	if flags&0x4000 != 0 {
		if d.version < 3 {
			return indexEntry{}, 0, fmt.Errorf("%w: extended flags in version 2", errIndex)
		}
		if len(b) < fixed+3 {
			return indexEntry{}, 0, short
		}
		more := binary.BigEndian.Uint16(b[fixed:])
		e.skipWorktree = more&0x4000 != 0
		e.unsure = e.unsure || more&0x2000 != 0
		fixed += 2
	}
	if d.version == 4 {
		return e, stage, d.shortened(&e, fixed)
	}
	name, _, found := bytes.Cut(b[fixed:], []byte{0})
	if !found {
		return indexEntry{}, 0, short
	}
	e.path = viewString(name)
	end := start + (fixed+len(name)+8)&^7 // one to eight NULs up to a multiple of eight
	if end > len(d.data) {
		return indexEntry{}, 0, short
	}
	d.pos = end
	return e, stage, nil
}

// shortened decodes the path of a version 4 entry: how much of the path before to drop, and what to append.
func (d *indexDecoder) shortened(e *indexEntry, fixed int) error {
	at := d.pos + fixed
	drop, n := offsetVarint(d.data[at:])
	if n == 0 || drop > uint64(len(d.prev)) {
		return fmt.Errorf("%w: wrong path prefix", errIndex)
	}
	at += n
	end := bytes.IndexByte(d.data[at:], 0)
	if end < 0 {
		return fmt.Errorf("%w: cut short", errIndex)
	}
	keep := d.prev[:uint64(len(d.prev))-drop]
	if len(keep)+end > 1<<16 {
		return fmt.Errorf("%w: path too long", errIndex)
	}
	e.path = keep + string(d.data[at:at+end])
	d.prev, d.pos = e.path, at+end+1
	return nil
}

// extensions looks at what follows the entries: an extension in lower case must be understood.
func (d *indexDecoder) extensions(idx *gitIndex) error {
	for rest := d.data[d.pos:]; len(rest) > 0; {
		if len(rest) < 8 {
			return fmt.Errorf("%w: cut short", errIndex)
		}
		name, size := string(rest[:4]), uint64(binary.BigEndian.Uint32(rest[4:]))
		if size > uint64(len(rest)-8) { //nolint:gosec // the loop asks for 8 bytes at least
			return fmt.Errorf("%w: cut short", errIndex)
		}
		switch {
		case name == "sdir":
			idx.sparse = true
		case name[0] < 'A' || name[0] > 'Z':
			return fmt.Errorf("git index extension %q: %w", name, ErrUnsupported)
		}
		rest = rest[8+size:]
	}
	return nil
}

// matches reports whether the file still has the size and time that the index recorded, and the index was
// written later than the file, so that no change in between can hide.
func (x *gitIndex) matches(e *indexEntry, info os.FileInfo) bool {
	t := info.ModTime()
	kind := uint32(gitRegular)
	if info.Mode()&os.ModeSymlink != 0 {
		kind = gitSymlink
	}
	if e.unsure || e.mode&gitTypeMask != kind || e.size != uint32(info.Size()) || e.sec != uint32(t.Unix()) { //nolint:gosec // modulo 2^32 is how git stores both
		return false
	}
	if e.nsec == 0 { // written by a program that keeps whole seconds
		return t.Unix() < x.written.Unix()
	}
	return e.nsec == uint32(t.Nanosecond()) && t.Before(x.written) //nolint:gosec // below 10^9
}

// offsetVarint decodes git's offset encoding; n is 0 when it is damaged.
func offsetVarint(b []byte) (v uint64, n int) {
	for n < len(b) && n < 9 {
		c := b[n]
		n++
		v |= uint64(c & 0x7f)
		if c&0x80 == 0 {
			return v, n
		}
		v = (v + 1) << 7
	}
	return 0, 0
}

// viewString returns b as a string without a copy; b must not change afterwards.
func viewString(b []byte) string {
	return unsafe.String(unsafe.SliceData(b), len(b)) //nolint:gosec // as said above
}

// hexIDs turns raw ids into hex, all from one allocation: a list of files has very many.
type hexIDs struct{ buf strings.Builder }

func (h *hexIDs) hex(raw string) string {
	const chunk = 64 << 10
	if h.buf.Cap()-h.buf.Len() < 2*len(raw) {
		h.buf = strings.Builder{}
		h.buf.Grow(chunk)
	}
	start := h.buf.Len()
	var tmp [2 * sha256.Size]byte
	n := hex.Encode(tmp[:], []byte(raw))
	h.buf.Write(tmp[:n])
	return h.buf.String()[start:]
}
