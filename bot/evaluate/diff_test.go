package evaluate_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/bot/evaluate"
	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/rules"
)

// TestDiffRoadmaps says who keeps, gains and loses what by another roadmap, without a call to GitHub.
func TestDiffRoadmaps(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	one := w.Sim.CreateRepo(w.Owner, "one", githubsim.RepoOptions{})
	two := w.Sim.CreateRepo(w.Owner, "two", githubsim.RepoOptions{})
	w.Sim.PushFiles(one, "", w.Owner, "start", starter())
	w.Sim.PushFiles(two, "", w.Owner, "start", map[string]string{"src/app.js": "x()\n"})
	w.Settle()
	base := flowtest.Roadmap(t)
	own, err := rules.Parse("own.yml", []byte("id: own\nversion: 1\nextends: small\nchange:\n  readme: {rule: {files: {globs: [app.js]}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	changed, err := rules.Extend(base, own)
	if err != nil {
		t.Fatal(err)
	}
	w.Sim.ResetCalls()
	got, err := evaluate.DiffRoadmaps(t.Context(), w.Store, base, changed, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	want := evaluate.RoadmapDiff{Keep: 1, Changed: []evaluate.RepositoryDiff{{Name: two.FullName(), Gains: []string{"readme"}}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("difference (-want +got):\n%s", diff)
	}
	if reads, writes := w.Sim.CallTotals(); reads+writes != 0 {
		t.Errorf("%d reads and %d writes for a question about stored facts", reads, writes)
	}
}
