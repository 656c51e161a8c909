package roadmaps_test

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"milepost/rules"
	"milepost/rules/roadmaps"
)

// TestExamples runs the examples of every milestone: each must get the status it stands under.
func TestExamples(t *testing.T) {
	t.Parallel()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(roadmaps.Files(), "backend/examples/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		id := strings.TrimSuffix(path.Base(name), ".txtar")
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			data, err := fs.ReadFile(roadmaps.Files(), name)
			if err != nil {
				t.Fatal(err)
			}
			examples, err := rules.ParseExamples(id, data)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range examples {
				t.Run(string(e.Want)+"/"+e.Name, func(t *testing.T) {
					t.Parallel()
					got, err := e.Run(t.Context(), r)
					if err != nil {
						t.Fatal(err)
					}
					if got.Status != e.Want {
						t.Fatalf("status %s, want %s\nreason: %s\nevidence: %+v", got.Status, e.Want, got.Reason, got.Evidence)
					}
					if (got.Status == rules.Met || got.Status == rules.Partial) && got.Kind == rules.KindCode && len(got.Evidence) == 0 {
						t.Error("a met or partial milestone carries evidence")
					}
					if (got.Status == rules.Partial || got.Status == rules.Missing) && (got.Reason == "" || got.Next == "") {
						t.Errorf("a partial or missing milestone says why and what to do: reason %q, next %q", got.Reason, got.Next)
					}
				})
			}
		})
	}
}
