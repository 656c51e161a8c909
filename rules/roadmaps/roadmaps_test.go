package roadmaps_test

import (
	"io/fs"
	"slices"
	"testing"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
)

// eachMilestone runs a test for each milestone of the built-in roadmap, with its examples.
func eachMilestone(t *testing.T, test func(t *testing.T, r *rules.Roadmap, id string, examples []rules.Example)) {
	t.Helper()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	if files, err := fs.Glob(roadmaps.Files(), "backend/examples/*.txtar"); err != nil || len(files) != len(r.IDs()) {
		t.Errorf("%d files of examples for %d milestones (%v)", len(files), len(r.IDs()), err)
	}
	for _, id := range r.IDs() {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			data, err := fs.ReadFile(roadmaps.Files(), "backend/examples/"+id+".txtar")
			if err != nil {
				t.Fatal(err)
			}
			examples, err := rules.ParseExamples(id, data)
			if err != nil {
				t.Fatal(err)
			}
			test(t, r, id, examples)
		})
	}
}

// TestExamples runs the examples of every milestone: each must get the status it stands under.
func TestExamples(t *testing.T) {
	t.Parallel()
	eachMilestone(t, func(t *testing.T, r *rules.Roadmap, _ string, examples []rules.Example) {
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

// TestJudgingLeavesFactsAlone: facts are kept between checks and shared by blob, so that no detector may change one.
func TestJudgingLeavesFactsAlone(t *testing.T) {
	t.Parallel()
	eachMilestone(t, func(t *testing.T, r *rules.Roadmap, _ string, examples []rules.Example) {
		for _, e := range examples {
			repo, err := facts.Collect(t.Context(), e.Snapshot(), r.Patterns(), facts.CollectOptions{Workers: 1})
			if err != nil {
				t.Fatal(err)
			}
			before := allFacts(repo)
			r.Evaluate(rules.Input{Repo: repo, Activity: e.Activity})
			if after := allFacts(repo); !slices.Equal(before, after) {
				t.Errorf("%s: a fact was changed:\n%+v\n%+v", e.Name, before, after)
			}
		}
	})
}

func allFacts(r *facts.Repo) []facts.Fact {
	var out []facts.Fact
	for i := range r.Files {
		if f := r.Files[i].Facts; f != nil {
			out = append(out, f.Facts...)
		}
	}
	return out
}

// withoutPartial are the milestones of which nothing is half done: what is there is there.
var withoutPartial = []string{
	"algorithms", "collaboration", "complexity-analysis", "data-structures", "deploy-config", "http-server", "no-committed-dependencies", "no-conflict-markers", "oauth-login",
	"problem-practice", "programming-language", "pull-requests", "shell-scripts", "status-codes",
}

// TestEnoughExamples: three met, three missing and, where there is such a thing, two partial ones stand for every milestone.
func TestEnoughExamples(t *testing.T) {
	t.Parallel()
	eachMilestone(t, func(t *testing.T, _ *rules.Roadmap, id string, examples []rules.Example) {
		n := map[rules.Status]int{}
		for _, e := range examples {
			n[e.Want]++
		}
		partial := 2
		if slices.Contains(withoutPartial, id) {
			partial = 0
		}
		if n[rules.Met] < 3 || n[rules.Missing] < 3 || n[rules.Partial] < partial {
			t.Errorf("%d met, %d missing, %d partial; wanted are 3, 3 and %d", n[rules.Met], n[rules.Missing], n[rules.Partial], partial)
		}
	})
}
