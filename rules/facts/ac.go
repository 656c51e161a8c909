package facts

// automaton finds all occurrences of a set of literals in one pass (Aho and Corasick, CACM 18(6), 1975), as a dense table over
// the byte classes that occur in the literals. The state is the offset of its row, so that a step is one addition and one load.
type automaton struct {
	class [256]uint8
	width int      // classes, the length of a row
	next  []uint32 // row offset + class -> row offset
	out   [][]int32
	hits  []bool // by state: whether out is not empty
}

// maxStates bounds the table: a roadmap of one's own cannot make it larger than this.
const maxStates = 1 << 16

// trie is a tree of prefixes, with children as lists of siblings: it lives only while the table is made.
type trie struct {
	child, sibling []int32
	char           []uint8
}

func (t *trie) find(s int32, c uint8) (int32, bool) {
	for n := t.child[s]; n != 0; n = t.sibling[n] {
		if t.char[n] == c {
			return n, true
		}
	}
	return 0, false
}

func (t *trie) add(s int32, c uint8) int32 {
	n := int32(len(t.char)) //nolint:gosec // bounded by maxStates
	t.child, t.sibling, t.char = append(t.child, 0), append(t.sibling, t.child[s]), append(t.char, c)
	t.child[s] = n
	return n
}

// newAutomaton compiles literals; an occurrence of literals[i] is reported as i. Empty literals are ignored.
func newAutomaton(literals []string) *automaton {
	a := &automaton{width: 1}
	total := 1
	for _, l := range literals {
		total += len(l)
		for i := range len(l) {
			if a.class[l[i]] == 0 && a.width < 255 {
				a.class[l[i]] = uint8(a.width)
				a.width++
			}
		}
	}
	t := trie{child: make([]int32, 1, total), sibling: make([]int32, 1, total), char: make([]uint8, 1, total)}
	ends := make([]int32, len(literals))
	for i, l := range literals {
		s := int32(0)
		for j := range len(l) {
			c := a.class[l[j]]
			n, ok := t.find(s, c)
			if !ok {
				if len(t.char) == maxStates {
					break
				}
				n = t.add(s, c)
			}
			s = n
		}
		ends[i] = s
	}
	a.fill(&t, ends)
	return a
}

// fill makes the table of a trie in which literal i ends at state ends[i].
func (a *automaton) fill(t *trie, ends []int32) {
	states := len(t.char)
	a.next = make([]uint32, states*a.width)
	a.out = make([][]int32, states)
	a.hits = make([]bool, states)
	for i, s := range ends {
		if s != 0 {
			a.out[s] = append(a.out[s], int32(i)) //nolint:gosec // bounded by maxStates
		}
	}
	fail := make([]int32, states)
	queue := make([]int32, 0, states)
	queue = append(queue, 0)
	for at := 0; at < len(queue); at++ {
		s := queue[at]
		row := a.next[int(s)*a.width : (int(s)+1)*a.width]
		if s != 0 {
			copy(row, a.next[int(fail[s])*a.width:(int(fail[s])+1)*a.width])
			if o := a.out[fail[s]]; len(o) > 0 {
				a.out[s] = append(append([]int32(nil), a.out[s]...), o...)
			}
		}
		for n := t.child[s]; n != 0; n = t.sibling[n] {
			if s != 0 {
				fail[n] = int32(row[t.char[n]] / uint32(a.width)) //nolint:gosec // a state
			}
			row[t.char[n]] = uint32(n) * uint32(a.width) //nolint:gosec // bounded by maxStates × 255
			queue = append(queue, n)
		}
		a.hits[s] = len(a.out[s]) > 0
	}
}

// find calls hit(literal, end) for every occurrence in src, where end is the offset just after it, in order of end.
func (a *automaton) find(src []byte, hit func(literal, end int)) {
	if len(a.next) <= a.width {
		return // no literals
	}
	s, width := uint32(0), uint32(a.width) //nolint:gosec // at most 255
	for i, b := range src {
		s = a.next[s+uint32(a.class[b])]
		if s != 0 && a.hits[s/width] {
			for _, l := range a.out[s/width] {
				hit(int(l), i+1)
			}
		}
	}
}
