package roadmaps_test

import (
	"regexp"
	"testing"

	"milepost/rules/roadmaps"
)

// TestReasonsAreSentences: a quote that is closed too late makes the keys behind it part of a text.
func TestReasonsAreSentences(t *testing.T) {
	t.Parallel()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	swallowed := regexp.MustCompile(`\n|\b(next|default|note|reason): `)
	n := 0
	for _, s := range r.Steps {
		for _, m := range s.Milestones {
			texts := []string{m.Title, m.Short, m.Why, m.Signal, m.Missing, m.Rule.Reason}
			for _, p := range m.Partial {
				texts = append(texts, p.Reason)
			}
			for _, text := range texts {
				if n++; swallowed.MatchString(text) {
					t.Errorf("%s: %q", m.ID, text)
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("%d texts were looked at", n)
	}
}
