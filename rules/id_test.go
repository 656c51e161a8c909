package rules

import "testing"

func TestIsID(t *testing.T) {
	t.Parallel()
	for id, want := range map[string]bool{"jwt": true, "rest-api-2": true, "a-1": true, "": false, "-a": false, "a-": false, "a--b": false, "1a": false, "A": false, "a_b": false, "ä": false} {
		if isID(id) != want {
			t.Errorf("%q: %v", id, !want)
		}
	}
}
