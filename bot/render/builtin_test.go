package render

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"milepost/rules/roadmaps"
	stacks "milepost/rules/words"
)

var placeholder = regexp.MustCompile(`\{(?:` + strings.Join(stacks.Placeholders(), "|") + `)\??\}`)

// TestBuiltInRoadmap renders all that is said about every milestone of the built-in roadmap, for every stack.
func TestBuiltInRoadmap(t *testing.T) {
	t.Parallel()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	for _, stack := range slices.Concat([]string{""}, stacks.Stacks, stacks.Frameworks) {
		t.Run("stack "+stack, func(t *testing.T) {
			t.Parallel()
			in := issueInput(r, report(r, stack, nil))
			for _, m := range in.Report.Milestones() {
				s := ReplyWhy(in, m.ID)
				checkStructure(t, s)
				if p := placeholder.FindString(s); p != "" {
					t.Errorf("%s: %s is left over", m.ID, p)
				}
				if length(s) > 12_000 {
					t.Errorf("%s: %d characters of advice", m.ID, length(s))
				}
			}
			text := Issue(in)
			checkStructure(t, text.Managed)
			if n := length(text.Managed); n > maxBody-roomForNotes {
				t.Errorf("page of %d characters", n)
			}
		})
	}
}
