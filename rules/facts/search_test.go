package facts

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// naive is what a searcher must find: every literal at every place.
func naive(literals []string, src string) [][2]int {
	var out [][2]int
	for i, l := range literals {
		for at := range len(src) {
			if l != "" && strings.HasPrefix(src[at:], l) {
				out = append(out, [2]int{i, at + len(l)})
			}
		}
	}
	return out
}

func searched(literals []string, src string) [][2]int {
	var out [][2]int
	for _, p := range newSearcher(literals).find([]byte(src), nil) {
		out = append(out, [2]int{int(p.literal), int(p.start) + len(literals[p.literal])})
	}
	return out
}

func byLiteral(a, b [2]int) int { return slices.Compare(a[:], b[:]) }

func TestSearcher(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	word := func(most int) string {
		b := make([]byte, r.IntN(most+1))
		for i := range b {
			b[i] = "ab\xff"[r.IntN(3)]
		}
		return string(b)
	}
	for range 2000 {
		var literals []string
		for range r.IntN(12) {
			literals = append(literals, word(6))
		}
		src := word(40)
		got, want := searched(literals, src), naive(literals, src)
		slices.SortFunc(got, byLiteral)
		slices.SortFunc(want, byLiteral)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("literals %q in %q: %s", literals, src, d)
		}
	}
}

// TestSearcherOrder pins the order on which scanners rely: by beginning, the shorter literal first.
func TestSearcherOrder(t *testing.T) {
	t.Parallel()
	got := searched([]string{"router.get(", ".get(", "rout", "router"}, "router.get(x)")
	if d := cmp.Diff([][2]int{{2, 4}, {3, 6}, {0, 11}, {1, 11}}, got); d != "" {
		t.Error(d)
	}
}
