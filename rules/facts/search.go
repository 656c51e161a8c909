package facts

import (
	"cmp"
	"math/bits"
	"slices"
)

// searcher finds all occurrences of a set of literals in one pass. A bit map of the hashes of three bytes tells the places where a literal
// may begin, one in thirty of a source; there, the literals that begin with these bytes are compared. Making it costs a few microseconds:
// most repositories are small, so that a table for each step of an automaton would cost more than it saves.
type searcher struct {
	literals []string
	filter   [1 << (filterBits - 6)]uint64 // by hash
	keys     []uint32                      // open addressing by hash: the first three bytes and one, 0 when free
	first    []int32                       // beside keys: the shortest literal that begins so
	next     []int32                       // by literal: the next longer one that begins with the same bytes, or -1
	short    []int                         // literals of one or two bytes
}

const filterBits = 15

func hashOf(key uint32) uint32 { return key * 0x9e3779b1 }

// newSearcher takes literals; an occurrence of literals[i] is reported as i. Empty literals are ignored.
func newSearcher(literals []string) *searcher {
	f := &searcher{literals: literals, next: make([]int32, len(literals))}
	size := 1 << bits.Len(uint(2*len(literals))) //nolint:gosec // a length
	f.keys, f.first = make([]uint32, size), make([]int32, size)
	order := make([]int, 0, len(literals))
	for i, l := range literals {
		switch {
		case len(l) >= 3:
			order = append(order, i)
		case l != "":
			f.short = append(f.short, i)
			f.pass(l)
		}
	}
	slices.SortStableFunc(f.short, func(a, b int) int { return cmp.Compare(len(literals[a]), len(literals[b])) })
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(len(literals[b]), len(literals[a])) })
	for _, i := range order { // the longest first, since each goes before those that are in
		l := literals[i]
		key := uint32(l[0])<<16 | uint32(l[1])<<8 | uint32(l[2])
		h := hashOf(key)
		f.filter[h>>(32-filterBits)>>6] |= 1 << (h >> (32 - filterBits) & 63)
		at := f.slot(key, h)
		if f.keys[at] == 0 {
			f.keys[at], f.first[at] = key+1, -1
		}
		f.next[i], f.first[at] = f.first[at], int32(i) //nolint:gosec // far fewer
	}
	return f
}

// slot is where key stands in the table, or would.
func (f *searcher) slot(key, h uint32) uint32 {
	mask := uint32(len(f.keys) - 1) //nolint:gosec // small
	at := h & mask
	for f.keys[at] != 0 && f.keys[at] != key+1 {
		at = (at + 1) & mask
	}
	return at
}

// find calls hit(literal, end) for every occurrence in src, where end is the offset just after it, in the order in which they begin.
func (f *searcher) find(src []byte, hit func(literal, end int)) {
	if len(src) >= 3 {
		key := uint32(src[0])<<8 | uint32(src[1])
		for i, b := range src[2:] {
			key = (key<<8 | uint32(b)) & 0xffffff
			h := hashOf(key)
			if f.filter[h>>(32-filterBits)>>6]&(1<<(h>>(32-filterBits)&63)) != 0 {
				f.compare(src, i, key, h, hit)
			}
		}
	}
	for off := max(0, len(src)-2); off < len(src); off++ {
		f.compareShort(src, off, hit)
	}
}

// pass lets every place at which short may begin through the filter.
func (f *searcher) pass(short string) {
	free := 24 - 8*len(short) // bits of the key that short leaves open
	base := uint32(0)
	for i := range len(short) {
		base = base<<8 | uint32(short[i])
	}
	for rest := range uint32(1) << free {
		h := hashOf(base<<free | rest)
		f.filter[h>>(32-filterBits)>>6] |= 1 << (h >> (32 - filterBits) & 63)
	}
}

// compareShort reports the short literals that begin at off, the shortest first.
func (f *searcher) compareShort(src []byte, off int, hit func(literal, end int)) {
	for _, i := range f.short {
		if l := f.literals[i]; src[off] == l[0] && (len(l) == 1 || off+1 < len(src) && src[off+1] == l[1]) {
			hit(i, off+len(l))
		}
	}
}

// compare reports the literals that begin at off, the shortest first.
func (f *searcher) compare(src []byte, off int, key, h uint32, hit func(literal, end int)) {
	f.compareShort(src, off, hit)
	at := f.slot(key, h)
	if f.keys[at] == 0 {
		return
	}
	for i := f.first[at]; i >= 0; i = f.next[i] {
		l := f.literals[i]
		if end := off + len(l); end > len(src) {
			return // the others are longer
		} else if string(src[off+3:end]) == l[3:] {
			hit(int(i), end)
		}
	}
}
