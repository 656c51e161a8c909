package snapshot

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

const (
	maxIndexInMemory = 32 << 20 // bytes of a pack's index that are read at once; larger ones stay on disk
	packIndexHead    = 8 + 256*4
)

// pack is one packfile with its index (version 2). Its files stay open as long as it is used.
type pack struct {
	index   io.ReaderAt
	indexSz int64
	data    *os.File
	dataSz  int64
	fanout  [256]uint32 // how many ids start with a byte up to this one
	count   int64

	inflaters sync.Pool // of *inflater
}

// openPack opens "x.idx" and "x.pack".
func openPack(indexPath string) (*pack, error) {
	f, err := os.Open(indexPath) //nolint:gosec // found in the repository's own object store
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close() //nolint:errcheck // read only
		return nil, err
	}
	p := &pack{index: f, indexSz: info.Size()}
	if p.indexSz <= maxIndexInMemory {
		all, err := readBounded(f, maxIndexInMemory)
		f.Close() //nolint:errcheck // read only
		if err != nil {
			return nil, err
		}
		p.index, p.indexSz = bytes.NewReader(all), int64(len(all))
	}
	if err := p.readHead(); err != nil {
		return nil, err
	}
	if p.data, err = os.Open(strings.TrimSuffix(indexPath, ".idx") + ".pack"); err != nil {
		return nil, err
	}
	if info, err = p.data.Stat(); err != nil {
		p.data.Close() //nolint:errcheck // read only
		return nil, err
	}
	p.dataSz = info.Size()
	return p, nil
}

func (p *pack) readHead() error {
	var head [packIndexHead]byte
	if _, err := p.index.ReadAt(head[:], 0); err != nil {
		return fmt.Errorf("%w: pack index cut short", errObject)
	}
	if string(head[:8]) != "\xfftOc\x00\x00\x00\x02" {
		return fmt.Errorf("pack index: %w", ErrUnsupported)
	}
	before := uint32(0)
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(head[8+4*i:])
		if p.fanout[i] < before {
			return fmt.Errorf("%w: pack index out of order", errObject)
		}
		before = p.fanout[i]
	}
	p.count = int64(before)
	if p.indexSz < packIndexHead+p.count*(sha1Len+8)+2*sha1Len {
		return fmt.Errorf("%w: pack index cut short", errObject)
	}
	return nil
}

// bucket returns the range of positions of the ids that start with a byte.
func (p *pack) bucket(first byte) (lo, hi int64) {
	if first > 0 {
		lo = int64(p.fanout[first-1])
	}
	return lo, int64(p.fanout[first])
}

// lowest returns the first position in [lo, hi) whose id is not less than id, which may be only a beginning.
func (p *pack) lowest(id []byte, lo, hi int64) int64 {
	var name [sha1Len]byte
	for lo < hi {
		mid := (lo + hi) / 2
		if !p.id(mid, name[:]) {
			return hi
		}
		if bytes.Compare(name[:], id) < 0 {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	return lo
}

func (p *pack) id(pos int64, into []byte) bool {
	_, err := p.index.ReadAt(into, packIndexHead+pos*sha1Len)
	return err == nil
}

// find returns the offset of an object in the pack.
func (p *pack) find(id []byte) (int64, bool) {
	lo, hi := p.bucket(id[0])
	pos := p.lowest(id, lo, hi)
	var name [sha1Len]byte
	if pos >= hi || !p.id(pos, name[:]) || !bytes.Equal(name[:], id) {
		return 0, false
	}
	var word [8]byte
	offsets := packIndexHead + p.count*(sha1Len+4)
	if _, err := p.index.ReadAt(word[:4], offsets+4*pos); err != nil {
		return 0, false
	}
	at := int64(binary.BigEndian.Uint32(word[:4]))
	if at>>31 == 0 {
		return at, true
	}
	if _, err := p.index.ReadAt(word[:], offsets+4*p.count+8*(at&0x7fffffff)); err != nil {
		return 0, false
	}
	at = int64(binary.BigEndian.Uint64(word[:])) //nolint:gosec // a negative offset is refused by entry
	return at, true
}

// withPrefix returns the ids that start with these hex digits, at most a hundred.
func (p *pack) withPrefix(prefix string) []string {
	even, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil || len(even) == 0 {
		return nil
	}
	lo, hi := p.bucket(even[0])
	var ids []string
	var name [sha1Len]byte
	for pos := p.lowest(even, lo, hi); pos < hi && len(ids) < 100 && p.id(pos, name[:]); pos++ {
		if !bytes.HasPrefix(name[:], even) {
			break
		}
		if id := hex.EncodeToString(name[:]); strings.HasPrefix(id, prefix) {
			ids = append(ids, id)
		}
	}
	return ids
}

// packEntry is the head of an object in a pack.
type packEntry struct {
	kind   objectKind
	size   int64  // of the data once inflated: for a delta, of the delta
	data   int64  // where the deflated data starts
	base   int64  // offset of the base, for kindOfsDelta
	baseID []byte // id of the base, for kindRefDelta
}

func (p *pack) entry(at int64) (packEntry, error) {
	bad := fmt.Errorf("%w: wrong head in a pack", errObject)
	if at < 12 || at >= p.dataSz {
		return packEntry{}, bad
	}
	var buf [64]byte
	n, err := p.data.ReadAt(buf[:], at)
	if n == 0 {
		return packEntry{}, fmt.Errorf("%w: %w", errObject, err)
	}
	b := buf[:n]
	e := packEntry{kind: objectKind(b[0] >> 4 & 7), size: int64(b[0] & 15)}
	used := 1
	for shift := 4; b[used-1]&0x80 != 0; shift += 7 {
		if used == len(b) || shift > 53 {
			return packEntry{}, bad
		}
		e.size |= int64(b[used]&0x7f) << shift
		used++
	}
	switch e.kind {
	case kindCommit, kindTree, kindBlob, kindTag:
	case kindOfsDelta:
		back, m := offsetVarint(b[used:])
		if m == 0 || back == 0 || back >= uint64(at) {
			return packEntry{}, bad
		}
		e.base = at - int64(back) //nolint:gosec // less than at
		used += m
	case kindRefDelta:
		if len(b) < used+sha1Len {
			return packEntry{}, bad
		}
		e.baseID = bytes.Clone(b[used : used+sha1Len])
		used += sha1Len
	default:
		return packEntry{}, bad
	}
	e.data = at + int64(used)
	return e, nil
}

// inflater is a zlib reader for one entry of a pack; it is worth reusing, for its window is large.
type inflater struct {
	source *bufio.Reader
	z      io.ReadCloser
}

// open returns a reader of the inflated data of an entry; the caller puts it back into p.inflaters.
func (p *pack) open(e packEntry) (*inflater, error) {
	section := io.NewSectionReader(p.data, e.data, p.dataSz-e.data)
	in, ok := p.inflaters.Get().(*inflater)
	if !ok {
		in = &inflater{source: bufio.NewReaderSize(section, 4<<10)}
		z, err := zlib.NewReader(in.source)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errObject, err)
		}
		in.z = z
		return in, nil
	}
	in.source.Reset(section)
	again, ok := in.z.(zlib.Resetter)
	if !ok {
		return nil, errObject
	}
	if err := again.Reset(in.source, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	return in, nil
}

// inflate reads the data of an entry, whose size the caller has found acceptable.
func (p *pack) inflate(e packEntry) ([]byte, error) {
	in, err := p.open(e)
	if err != nil {
		return nil, err
	}
	defer p.inflaters.Put(in)
	data, err := readExactly(in.z, e.size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errObject, err)
	}
	return data, nil
}

// readExactly reads size bytes and makes sure that nothing follows. It believes a size only as far as it is small.
func readExactly(r io.Reader, size int64) ([]byte, error) {
	const small = 1 << 20
	if size > small {
		data, err := readBounded(r, size)
		if err == nil && int64(len(data)) != size {
			err = io.ErrUnexpectedEOF
		}
		return data, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	var more [1]byte
	switch n, err := io.ReadFull(r, more[:]); {
	case n > 0:
		return nil, errors.New("more data than announced")
	case !errors.Is(err, io.EOF):
		return nil, err
	}
	return data, nil
}

// size returns the size of the object at an offset; of a delta it reads the first bytes. -1 when damaged.
func (p *pack) size(at int64) int64 {
	e, err := p.entry(at)
	if err != nil {
		return -1
	}
	if e.kind != kindOfsDelta && e.kind != kindRefDelta {
		return e.size
	}
	in, err := p.open(e)
	if err != nil {
		return -1
	}
	defer p.inflaters.Put(in)
	var head [24]byte
	n, _ := io.ReadFull(in.z, head[:])
	_, m := sizeVarint(head[:n])
	if m == 0 {
		return -1
	}
	size, k := sizeVarint(head[m:n])
	if k == 0 || size > 1<<53 {
		return -1
	}
	return int64(size)
}
