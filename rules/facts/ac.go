package facts

// automaton finds all occurrences of a set of literals in one pass (Aho and Corasick, CACM 18(6), 1975), as a dense table over
// the byte classes that occur in the literals.
type automaton struct {
	class   [256]uint8
	classes int
	next    []uint16 // state*classes + class -> state
	out     [][]int32
	hasOut  []bool
}

// newAutomaton compiles literals; an occurrence of literals[i] is reported as i. Empty literals are ignored.
func newAutomaton(literals []string) *automaton {
	a := &automaton{classes: 1}
	for _, l := range literals {
		for i := range len(l) {
			if a.class[l[i]] == 0 && a.classes < 255 {
				a.class[l[i]] = uint8(a.classes)
				a.classes++
			}
		}
	}
	type node struct {
		child map[uint8]uint16
	}
	nodes := []node{{}}
	a.out = [][]int32{nil}
	for i, l := range literals {
		if l == "" {
			continue
		}
		s := uint16(0)
		for j := range len(l) {
			c := a.class[l[j]]
			n, ok := nodes[s].child[c]
			if !ok {
				if len(nodes) == 1<<16-1 {
					break // bounded: a roadmap of one's own cannot make the table larger than this
				}
				n = uint16(len(nodes))
				nodes = append(nodes, node{})
				a.out = append(a.out, nil)
				if nodes[s].child == nil {
					nodes[s].child = map[uint8]uint16{}
				}
				nodes[s].child[c] = n
			}
			s = n
		}
		a.out[s] = append(a.out[s], int32(i))
	}
	a.next = make([]uint16, len(nodes)*a.classes)
	fail := make([]uint16, len(nodes))
	queue := make([]uint16, 0, len(nodes))
	for c, n := range nodes[0].child {
		a.next[c] = n
		queue = append(queue, n)
	}
	for len(queue) > 0 {
		s := queue[0]
		queue = queue[1:]
		row := a.next[int(s)*a.classes : (int(s)+1)*a.classes]
		copy(row, a.next[int(fail[s])*a.classes:(int(fail[s])+1)*a.classes])
		for c, n := range nodes[s].child {
			fail[n] = row[c]
			row[c] = n
			queue = append(queue, n)
		}
		if o := a.out[fail[s]]; len(o) > 0 {
			a.out[s] = append(append([]int32(nil), a.out[s]...), o...)
		}
	}
	a.hasOut = make([]bool, len(nodes))
	for i, o := range a.out {
		a.hasOut[i] = len(o) > 0
	}
	return a
}

// find calls hit(literal, end) for every occurrence in src, where end is the offset just after it, in order of end.
func (a *automaton) find(src []byte, hit func(literal, end int)) {
	s := 0
	for i, b := range src {
		s = int(a.next[s*a.classes+int(a.class[b])])
		if a.hasOut[s] {
			for _, l := range a.out[s] {
				hit(int(l), i+1)
			}
		}
	}
}
