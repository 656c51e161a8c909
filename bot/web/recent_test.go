package web

import (
	"fmt"
	"strings"
	"testing"
)

// TestRecent: what was used last is remembered, and what is asked twice is worked out once.
func TestRecent(t *testing.T) {
	t.Parallel()
	memory := &recent[*answer]{most: 3}
	var made []string
	ask := func(keys string) {
		for _, k := range strings.Split(keys, "") {
			got := worked(memory, k, func() string { made = append(made, k); return "of " + k })
			if got != "of "+k {
				t.Errorf("%s: %q", k, got)
			}
		}
	}
	for _, x := range []struct{ keys, want string }{
		{"aaabb", "[a b]"}, {"cba", "[c]"}, {"d", "[d]"}, {"abd", "[]"}, {"c", "[c]"}, {"abcd", "[a b d]"}, // the last: a was the oldest, and b after it, and d
	} {
		made = nil
		if ask(x.keys); fmt.Sprint(made) != x.want {
			t.Errorf("%s works out %v, want %s", x.keys, made, x.want)
		}
	}
}
