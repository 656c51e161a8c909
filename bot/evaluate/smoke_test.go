package evaluate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/publish"
	"milepost/bot/render"
)

// starter is a repository half way.
func starter() map[string]string {
	return map[string]string{
		"README.md":  "# Shop\n\nSells things.\n",
		"src/app.js": "console.log('hello')\n",
		".gitignore": "node_modules\n",
	}
}

func with(base map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	for k, v := range base {
		out[k] = v
	}
	for i := 0; i < len(more); i += 2 {
		out[more[i]] = more[i+1]
	}
	return out
}

const workflow = "name: ci\non: push\njobs:\n  test:\n    runs-on: ubuntu-latest\n    steps: []\n"

func TestPushBecomesOneIssue(t *testing.T) {
	t.Parallel()
	for _, postgres := range []bool{false, true} {
		t.Run(map[bool]string{false: "sqlite", true: "postgres"}[postgres], func(t *testing.T) {
			t.Parallel()
			w := flowtest.New(t, flowtest.Options{Postgres: postgres})
			repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
			w.Settle()
			head := w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
			w.Settle()
			issue := w.Issue(repo)
			if !slices.Contains(issue.Labels, publish.Label) {
				t.Errorf("labels: %v", issue.Labels)
			}
			if id, ok := render.FindMarker(issue.Body); !ok || id != repo.ID() {
				t.Errorf("marker: %d, %v", id, ok)
			}
			if got, want := w.Met(repo), "source readme gitignore no-env"; got != want {
				t.Errorf("met %q, want %q", got, want)
			}
			if report := w.Report(repo); report.Repository.Commit != head || report.Summary.Met != 4 || report.Summary.Total != 7 {
				t.Errorf("report of %s: %+v", report.Repository.Commit, report.Summary)
			}
			if !strings.Contains(issue.Body, "4 of 7") {
				t.Errorf("the issue does not tell the standing:\n%s", issue.Body)
			}

			w.Sim.PushFiles(repo, "", w.Owner, "test", map[string]string{"src/app.test.js": "test()\n"})
			w.Settle()
			again := w.Issue(repo)
			if again.Number != issue.Number || !strings.Contains(again.Body, "5 of 7") {
				t.Errorf("second push: issue %d\n%s", again.Number, again.Body)
			}
		})
	}
}

func TestManyQuickPushes(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	w.Sim.ResetCalls()
	var head string
	for i := range 20 {
		head = w.Sim.PushFiles(repo, "", w.Owner, "more", map[string]string{fmt.Sprintf("src/f%d.js", i): fmt.Sprintf("f(%d)\n", i)})
	}
	w.Settle()
	if report := w.Report(repo); report.Repository.Commit != head {
		t.Errorf("judged %s, the head is %s", report.Repository.Commit, head)
	}
	trees := w.Sim.Calls()["GET /repos/{owner}/{repo}/git/trees/{tree_sha}"]
	if trees > 20 {
		t.Errorf("%d checks for 20 pushes", trees)
	}
	w.Issue(repo)
}
