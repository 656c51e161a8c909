package facts

import (
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// searcher finds all occurrences of a set of literals in one pass. Each literal is known by three of its bytes, those that are rarest in sources
// ("w.l" of "raw.listen"). A bit map of the hashes of these tells the places where one of them stands, one in a hundred of a source; there, the
// literals that are known by them are compared. Making it costs a few microseconds: most repositories are small, so that a table for each step
// of an automaton would cost more than it saves.
type searcher struct {
	literals []string
	filter   [1 << (filterBits - 6)]uint64 // by hash
	keys     []uint32                      // open addressing by hash: three bytes and one, 0 when free
	first    []int32                       // beside keys: a literal that is known by these bytes
	next     []int32                       // by literal: another that is known by the same bytes, or -1
	within   []uint8                       // by literal: where in it these bytes stand
	short    []int                         // literals of one or two bytes
}

// place is where a literal stands in a source.
type place struct{ start, literal int32 }

const filterBits = 16

// hashOf is the hash of the first three of eight bytes.
func hashOf(w uint64) uint64 { return w << 40 * 0x9e3779b97f4a7c15 >> (64 - filterBits) }

// gramOf are the three bytes at the beginning of l.
func gramOf(l string) uint32 { return uint32(l[0]) | uint32(l[1])<<8 | uint32(l[2])<<16 }

// newSearcher takes literals; an occurrence of literals[i] is reported as i. Empty literals are ignored.
func newSearcher(literals []string) *searcher {
	f := &searcher{literals: literals, next: make([]int32, len(literals)), within: make([]uint8, len(literals))}
	size := 1 << bits.Len(uint(2*len(literals))) //nolint:gosec // a length
	f.keys, f.first = make([]uint32, size), make([]int32, size)
	ranks := ranksOf(usual)
	for i, l := range literals {
		switch {
		case len(l) >= 3:
			f.insert(i, l, rarest(l, &ranks))
		case l != "":
			f.short = append(f.short, i)
			f.pass(l)
		}
	}
	return f
}

func (f *searcher) insert(i int, l string, at int) {
	key := gramOf(l[at:])
	f.mark(key)
	slot := f.slot(key)
	if f.keys[slot] == 0 {
		f.keys[slot], f.first[slot] = key+1, -1
	}
	f.within[i] = uint8(at)                            //nolint:gosec // see rarest
	f.next[i], f.first[slot] = f.first[slot], int32(i) //nolint:gosec // far fewer
}

// usual are the bytes of which sources mostly consist, the most frequent first.
const usual = " etrnsaiolcudpmgfh_.(),=\"':;-/vybwkxj\n\t{}[]0"

// ranksOf is for each byte its place in usual; those that are not in it come last.
func ranksOf(usual string) (ranks [256]uint8) {
	for i := range ranks {
		ranks[i] = uint8(len(usual)) //nolint:gosec // a few dozen
	}
	for i := range len(usual) {
		ranks[usual[i]] = uint8(i) //nolint:gosec // the same
	}
	return ranks
}

// rarest is where in a literal the three bytes stand that are rarest in sources, by how usual each is.
func rarest(l string, ranks *[256]uint8) int {
	best, most := 0, -1
	for i := range min(len(l)-2, 250) {
		if n := int(ranks[l[i]]) + int(ranks[l[i+1]]) + int(ranks[l[i+2]]); n > most {
			best, most = i, n
		}
	}
	return best
}

func (f *searcher) mark(key uint32) {
	h := hashOf(uint64(key))
	f.filter[h>>6] |= 1 << (h & 63)
}

// slot is where key stands in the table, or would.
func (f *searcher) slot(key uint32) uint64 {
	mask := uint64(len(f.keys) - 1) //nolint:gosec // a length
	at := hashOf(uint64(key)) & mask
	for f.keys[at] != 0 && f.keys[at] != key+1 {
		at = (at + 1) & mask
	}
	return at
}

// find appends every occurrence in src to places, in the order in which they begin, the shortest first.
func (f *searcher) find(src []byte, places []place) []place {
	i := 0
	for ; i+8 <= len(src); i += 6 { // six places in eight bytes
		w := binary.LittleEndian.Uint64(src[i:])
		h0, h1, h2, h3, h4, h5 := hashOf(w), hashOf(w>>8), hashOf(w>>16), hashOf(w>>24), hashOf(w>>32), hashOf(w>>40)
		found := f.filter[h0>>6]>>(h0&63) | f.filter[h1>>6]>>(h1&63) | f.filter[h2>>6]>>(h2&63) |
			f.filter[h3>>6]>>(h3&63) | f.filter[h4>>6]>>(h4&63) | f.filter[h5>>6]>>(h5&63)
		if found&1 != 0 {
			for n := range 6 {
				places = f.compare(src, i+n, places)
			}
		}
	}
	for ; i < len(src); i++ {
		places = f.compare(src, i, places)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(len(f.literals[a.literal]), len(f.literals[b.literal])))
	})
	return places
}

// pass lets every place at which short may begin through the filter.
func (f *searcher) pass(short string) {
	known := 8 * len(short) // bits of the key
	base := uint32(0)
	for i := range len(short) {
		base |= uint32(short[i]) << (8 * i)
	}
	for rest := range uint32(1) << (24 - known) {
		f.mark(base | rest<<known)
	}
}

// compare appends the short literals that begin at off, and the others that are known by the bytes there.
func (f *searcher) compare(src []byte, off int, places []place) []place {
	for _, i := range f.short {
		if l := f.literals[i]; src[off] == l[0] && (len(l) == 1 || off+1 < len(src) && src[off+1] == l[1]) {
			places = append(places, place{int32(off), int32(i)}) //nolint:gosec // a file is far smaller
		}
	}
	if off+3 > len(src) {
		return places
	}
	key := uint32(src[off]) | uint32(src[off+1])<<8 | uint32(src[off+2])<<16
	if h := hashOf(uint64(key)); f.filter[h>>6]&(1<<(h&63)) == 0 {
		return places
	}
	slot := f.slot(key)
	if f.keys[slot] == 0 {
		return places
	}
	for i := f.first[slot]; i >= 0; i = f.next[i] {
		l, start := f.literals[i], off-int(f.within[i])
		if start >= 0 && start+len(l) <= len(src) && string(src[start:start+len(l)]) == l {
			places = append(places, place{int32(start), i}) //nolint:gosec // a file is far smaller
		}
	}
	return places
}
