package snapshot

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
)

const (
	maxObject     = 64 << 20  // bytes of a tree, or of anything that a delta builds on
	maxMetaObject = 4 << 20   // bytes of a commit or tag
	maxInflated   = 256 << 20 // bytes inflated to read one object, with all its deltas
	maxDeltaDepth = 4096      // git itself stops at 4095
	maxCached     = 48 << 20  // bytes of objects kept because deltas and trees come back to them
	maxAlternates = 5         // object stores that refer to further ones
)

// objectKind is the type of a git object, numbered as in packs.
type objectKind uint8

const (
	kindCommit   objectKind = 1
	kindTree     objectKind = 2
	kindBlob     objectKind = 3
	kindTag      objectKind = 4
	kindOfsDelta objectKind = 6
	kindRefDelta objectKind = 7
)

var errObject = errors.New("git object is damaged")

// object is one whole git object.
type object struct {
	kind objectKind
	data []byte
}

// objectStore reads the objects of a repository: loose, in packs, and in the stores it borrows from. It is
// safe for concurrent use.
type objectStore struct {
	dirs  []string
	packs []*pack

	mu     sync.Mutex
	cached map[cacheKey]object
	size   int
}

type cacheKey struct {
	pack   *pack
	offset int64
}

// openStore finds the packs; those that cannot be read are passed over, so that what they hold is missing.
func openStore(r *gitRepo) *objectStore {
	s := &objectStore{cached: make(map[cacheKey]object)}
	s.addDir(filepath.Join(r.common, "objects"), 0)
	for _, dir := range s.dirs {
		names, err := filepath.Glob(filepath.Join(globEscape(dir), "pack", "*.idx"))
		if err != nil {
			continue
		}
		for _, name := range names {
			if p, err := openPack(name); err == nil {
				s.packs = append(s.packs, p)
			}
		}
	}
	return s
}

// globEscape protects the characters of a folder's name that filepath.Glob would take for a pattern.
func globEscape(dir string) string {
	if filepath.Separator == '\\' {
		return dir
	}
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func (s *objectStore) addDir(dir string, depth int) {
	if depth > maxAlternates || slices.Contains(s.dirs, dir) {
		return
	}
	s.dirs = append(s.dirs, dir)
	text, err := readSmall(filepath.Join(dir, "info", "alternates"), maxSmallFile)
	if err != nil {
		return
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		s.addDir(filepath.Clean(line), depth+1)
	}
}

// get returns an object of at most limit bytes. Errors: ErrNotFound, ErrTooLarge, errObject.
func (s *objectStore) get(id string, limit int64) (object, error) {
	raw, err := hex.DecodeString(id)
	if err != nil || len(raw) != sha1Len {
		return object{}, fmt.Errorf("object %q: %w", id, ErrNotFound)
	}
	for _, p := range s.packs {
		if at, found := p.find(raw); found {
			return s.fromPack(p, at, limit)
		}
	}
	return s.loose(id, limit)
}

// blob returns the content of a file.
func (s *objectStore) blob(id string) ([]byte, error) {
	o, err := s.get(id, MaxFileSize)
	if errors.Is(err, ErrNotFound) {
		return nil, fmt.Errorf("%w: object %s is not in this clone", ErrUnavailable, id)
	}
	if err != nil {
		return nil, err
	}
	if o.kind != kindBlob {
		return nil, fmt.Errorf("%w: %s is not a file", errObject, id)
	}
	return slices.Clone(o.data), nil
}

// blobSize returns the size of a file without reading it; -1 when the object is missing or damaged.
func (s *objectStore) blobSize(raw []byte) int64 {
	for _, p := range s.packs {
		if at, found := p.find(raw); found {
			return p.size(at)
		}
	}
	f, err := s.openLoose(hex.EncodeToString(raw))
	if err != nil {
		return -1
	}
	defer f.Close() //nolint:errcheck // read only
	_, size, _, err := looseHeader(f)
	if err != nil {
		return -1
	}
	return size
}

func (s *objectStore) openLoose(id string) (*os.File, error) {
	for _, dir := range s.dirs {
		f, err := os.Open(filepath.Join(dir, id[:2], id[2:])) //nolint:gosec // id is hex
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("object %s: %w", id, ErrNotFound)
}

// loose reads an object that has a file of its own.
func (s *objectStore) loose(id string, limit int64) (object, error) {
	f, err := s.openLoose(id)
	if err != nil {
		return object{}, err
	}
	defer f.Close() //nolint:errcheck // read only
	kind, size, r, err := looseHeader(f)
	if err != nil {
		return object{}, err
	}
	if size > limit {
		return object{}, fmt.Errorf("object %s: %d bytes: %w", id, size, ErrTooLarge)
	}
	data, err := readExactly(r, size)
	if err != nil {
		return object{}, fmt.Errorf("%w: %s: %w", errObject, id, err)
	}
	return object{kind: kind, data: data}, nil
}

// looseHeader decodes "blob 12\0" and returns the reader of what follows.
func looseHeader(f io.Reader) (objectKind, int64, io.Reader, error) {
	z, err := zlib.NewReader(f)
	if err != nil {
		return 0, 0, nil, fmt.Errorf("%w: %w", errObject, err)
	}
	r := bufio.NewReaderSize(z, 512)
	head, err := r.ReadSlice(0)
	if err != nil || len(head) > 40 {
		return 0, 0, nil, fmt.Errorf("%w: no header", errObject)
	}
	word, number, _ := strings.Cut(string(head[:len(head)-1]), " ")
	size, err := strconv.ParseInt(number, 10, 64)
	if err != nil || size < 0 {
		return 0, 0, nil, fmt.Errorf("%w: no size", errObject)
	}
	kinds := map[string]objectKind{"commit": kindCommit, "tree": kindTree, "blob": kindBlob, "tag": kindTag}
	kind, known := kinds[word]
	if !known {
		return 0, 0, nil, fmt.Errorf("%w: kind %q", errObject, word)
	}
	return kind, size, r, nil
}

// fromPack reads the object at an offset: down the chain of deltas to a whole object, and up again.
func (s *objectStore) fromPack(p *pack, at int64, limit int64) (object, error) {
	type step struct {
		key  cacheKey
		data []byte
	}
	var chain []step
	total := int64(0)
	var base object
	for {
		key := cacheKey{p, at}
		if o, ok := s.fromCache(key); ok {
			base = o
			break
		}
		entry, err := p.entry(at)
		if err != nil {
			return object{}, err
		}
		whole := entry.kind != kindOfsDelta && entry.kind != kindRefDelta
		most := int64(maxObject)
		if whole && len(chain) == 0 {
			most = limit
		}
		if total += entry.size; entry.size > most || total > maxInflated {
			return object{}, fmt.Errorf("object of %d bytes: %w", entry.size, ErrTooLarge)
		}
		data, err := p.inflate(entry)
		if err != nil {
			return object{}, err
		}
		if whole {
			base = object{kind: entry.kind, data: data}
			s.keep(key, base)
			break
		}
		if len(chain) == maxDeltaDepth {
			return object{}, fmt.Errorf("%w: too many deltas in a row", errObject)
		}
		chain = append(chain, step{key, data})
		if entry.kind == kindOfsDelta {
			at = entry.base
			continue
		}
		var found bool
		if at, found = p.find(entry.baseID); !found {
			return object{}, fmt.Errorf("%w: a delta's base is missing", errObject)
		}
	}
	for i, st := range slices.Backward(chain) {
		most := int64(maxObject)
		if i == 0 {
			most = limit
		}
		data, err := applyDelta(base.data, st.data, most)
		if err != nil {
			return object{}, err
		}
		if total += int64(len(data)); total > maxInflated {
			return object{}, fmt.Errorf("object built of %d bytes: %w", total, ErrTooLarge)
		}
		base.data = data
		s.keep(st.key, base)
	}
	if int64(len(base.data)) > limit {
		return object{}, fmt.Errorf("object of %d bytes: %w", len(base.data), ErrTooLarge)
	}
	return base, nil
}

func (s *objectStore) fromCache(key cacheKey) (object, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.cached[key]
	return o, ok
}

// keep remembers an object, which nobody changes from then on. When the room is used up all are forgotten.
func (s *objectStore) keep(key cacheKey, o object) {
	if len(o.data) > maxCached/8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.size+len(o.data) > maxCached {
		clear(s.cached)
		s.size = 0
	}
	if _, known := s.cached[key]; !known {
		s.cached[key] = o
		s.size += len(o.data) + 64
	}
}

// applyDelta builds an object from its base: copies of stretches of it, and new bytes.
func applyDelta(base, delta []byte, limit int64) ([]byte, error) {
	bad := fmt.Errorf("%w: wrong delta", errObject)
	from, n := sizeVarint(delta)
	if n == 0 || from != uint64(len(base)) {
		return nil, bad
	}
	delta = delta[n:]
	size, n := sizeVarint(delta)
	if n == 0 {
		return nil, bad
	}
	if size > uint64(limit) { //nolint:gosec // limits are positive
		return nil, fmt.Errorf("object of %d bytes: %w", size, ErrTooLarge)
	}
	delta = delta[n:]
	out := make([]byte, 0, size)
	for len(delta) > 0 {
		op := delta[0]
		delta = delta[1:]
		var piece []byte
		if op&0x80 == 0 { //nolint:nestif // the two kinds of instruction
			if op == 0 || int(op) > len(delta) {
				return nil, bad
			}
			piece, delta = delta[:op], delta[op:]
		} else {
			var at, length uint64
			for i := range 7 {
				if op&(1<<i) == 0 {
					continue
				}
				if len(delta) == 0 {
					return nil, bad
				}
				if i < 4 {
					at |= uint64(delta[0]) << (8 * i)
				} else {
					length |= uint64(delta[0]) << (8 * (i - 4))
				}
				delta = delta[1:]
			}
			if length == 0 {
				length = 0x10000
			}
			if at+length > uint64(len(base)) {
				return nil, bad
			}
			piece = base[at : at+length]
		}
		if len(out)+len(piece) > cap(out) {
			return nil, bad
		}
		out = append(out, piece...)
	}
	if uint64(len(out)) != size {
		return nil, bad
	}
	return out, nil
}

// sizeVarint decodes a size, low bits first; n is 0 when it is damaged.
func sizeVarint(b []byte) (v uint64, n int) {
	for shift := 0; n < len(b) && shift < 63; shift += 7 {
		c := b[n]
		n++
		v |= uint64(c&0x7f) << shift
		if c&0x80 == 0 {
			return v, n
		}
	}
	return 0, 0
}

// withPrefix returns the ids that start with these hex digits, in order, each once.
func (s *objectStore) withPrefix(prefix string) []string {
	var ids []string
	for _, p := range s.packs {
		ids = append(ids, p.withPrefix(prefix)...)
	}
	for _, dir := range s.dirs {
		items, err := os.ReadDir(filepath.Join(dir, prefix[:2]))
		if err != nil {
			continue
		}
		for _, item := range items {
			id := prefix[:2] + item.Name()
			if _, err := hex.DecodeString(id); err == nil && len(id) == 2*sha1Len && strings.HasPrefix(id, prefix) {
				ids = append(ids, id)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// parseFields splits the head of a commit or tag into its lines, and returns the message after them.
func parseFields(data []byte) (fields [][2]string, message []byte) {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		if len(line) == 0 {
			return fields, rest
		}
		data = rest
		if line[0] == ' ' { // more of the line before: a signature
			continue
		}
		key, value, _ := strings.Cut(string(line), " ")
		fields = append(fields, [2]string{key, value})
	}
	return fields, nil
}
