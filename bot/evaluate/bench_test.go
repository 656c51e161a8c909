package evaluate_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
)

// BenchmarkPullRequest measures from the opening of a pull request to its check run, with 100 ms a call to GitHub: until it says "in progress"
// (ms-to-progress), until it is completed (ms-to-completed), and the longest chain of calls one after another until then (calls-in-a-row).
//
// On two busy cores, -benchtime 5x, three runs: with a merge base that is the head as judged 3 calls in a row, 114 to 120 ms and 317 to 332 ms; with a
// merge base that was never seen and whose files are not known 4 calls in a row, 114 to 213 ms and 424 to 567 ms.
func BenchmarkPullRequest(b *testing.B) {
	b.Run("base known", func(b *testing.B) { benchPull(b, false) })
	b.Run("base unknown", func(b *testing.B) { benchPull(b, true) })
}

func benchPull(b *testing.B, unknown bool) {
	const latency = 100 * time.Millisecond
	w := flowtest.New(b, flowtest.Options{Workers: 2})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", base())
	w.Settle()
	w.Sim.SetLatency(latency)
	var progress, completed time.Duration
	row := 0
	for i := range b.N {
		branch := fmt.Sprintf("work-%d", i)
		if unknown { // two pushes are judged at once: the first one's commit is not
			w.Sim.SetLatency(0)
			w.Sim.PauseDeliveries(true)
			old := w.Sim.PushFiles(repo, "", w.Owner, "old", map[string]string{"src/a.js": fmt.Sprintf("a(%d)\n", i), "src/b.js": fmt.Sprintf("b(%d)\n", i)})
			w.Sim.SetBranch(repo, branch, old, w.Owner)
			w.Sim.PushFiles(repo, "", w.Owner, "new", map[string]string{"src/a.js": "a()\n", "src/b.js": "b()\n"})
			w.Sim.PauseDeliveries(false)
			w.Settle()
			w.Sim.SetLatency(latency)
		}
		w.Sim.PushFiles(repo, branch, w.Owner, "change", map[string]string{"Dockerfile": "FROM scratch\n", fmt.Sprintf("src/f%d.js", i): fmt.Sprintf("f(%d)\n", i)})
		w.Sim.ResetCalls()
		start := time.Now()
		w.Sim.OpenPull(repo, w.Owner, githubsim.PullOptions{Title: "Change", Head: branch})
		w.Settle()
		var until []githubsim.Call
		for _, c := range w.Sim.CallLog() {
			if c.Token() {
				continue
			}
			until = append(until, c)
			if strings.Contains(c.Template, "/check-runs") {
				took := c.At.Add(c.Took).Sub(start)
				if c.Method == http.MethodPost {
					progress += took
				} else {
					completed += took
					break
				}
			}
		}
		row = max(row, inARow(until))
	}
	b.ReportMetric(float64(progress.Milliseconds())/float64(b.N), "ms-to-progress")
	b.ReportMetric(float64(completed.Milliseconds())/float64(b.N), "ms-to-completed")
	b.ReportMetric(float64(row), "calls-in-a-row")
}

// inARow is the length of the longest chain of calls each of which begins after the one before ended. The download of an archive is none.
func inARow(calls []githubsim.Call) int {
	longest := make([]int, len(calls))
	best := 0
	for i, c := range calls {
		for j, d := range calls {
			if j != i && !d.At.Add(d.Took).After(c.At) && longest[j] > longest[i] {
				longest[i] = longest[j]
			}
		}
		if strings.HasPrefix(c.Template, "/") {
			longest[i]++
		}
		best = max(best, longest[i])
	}
	return best
}
