package evaluate_test

import (
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
)

// row is one kind of event and the calls it costs.
type row struct {
	name          string
	reads, writes int // at most
	do            func(w *flowtest.World, r *githubsim.Repo)
}

var pullNumber = func(w *flowtest.World, r *githubsim.Repo) int {
	n := 0
	for _, i := range w.Sim.Issues(r) {
		if i.Pull {
			n = i.Number
		}
	}
	return n
}

func callRows() []row {
	return []row{
		{"installed: its list of repositories, 100 a call", 1, 0, nil},
		{"first sight of a repository of any size", 4, 1, nil},
		{"what was before the installation, once, in a later run", 4, 0, nil},
		{"push that changes nothing the rules look at", 1, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PushFiles(r, "", w.Owner, "picture", map[string]string{"logo.png": "\x89PNG\r\n\x1a\n"})
		}},
		{"push that changes one file and no milestone", 2, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PushFiles(r, "", w.Owner, "more", map[string]string{"src/app.js": "console.log('more')\n"})
		}},
		{"push that changes many files and completes a milestone", 3, 1, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PushFiles(r, "", w.Owner, "tests", map[string]string{"src/app.test.js": "test('a')\n", "src/b.test.js": "test('b')\n", "src/b.js": "b()\n"})
		}},
		{"push to another branch", 0, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PushFiles(r, "image", w.Owner, "image", map[string]string{"Dockerfile": "FROM scratch\n"})
		}},
		{"pull request opened that completes a milestone", 5, 4, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.OpenPull(r, w.Owner, githubsim.PullOptions{Title: "An image", Head: "image"})
		}},
		{"pull request: one more commit, the same outcome", 3, 3, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PushToPull(r, pullNumber(w, r), w.Owner, githubsim.Commit{Files: map[string]string{"src/app.js": "console.log('even more')\n"}})
		}},
		{"pull request: its title is edited", 0, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.EditIssueTitle(r, w.Owner, pullNumber(w, r), "An image of it")
		}},
		{"pull request merged, which completes a step", 3, 2, func(w *flowtest.World, r *githubsim.Repo) {
			if _, err := w.Sim.MergePull(r, pullNumber(w, r), w.Owner, "merge"); err != nil {
				w.TB.Error(err)
			}
		}},
		{"workflow run completed", 0, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.CompleteWorkflowRun(r, r.Head(""), "success")
		}},
		{"box ticked: check again now", 3, 1, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.TickBox(r, w.Owner, w.Issue(r).Number, "milepost:box:recheck")
		}},
		{"command: why", 2, 2, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.Comment(r, w.Owner, w.Issue(r).Number, "/milepost why license")
		}},
		{"comment that is not for the bot", 0, 0, func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.Comment(r, w.Owner, w.Issue(r).Number, "Nice!")
		}},
		{"repository renamed", 2, 1, func(w *flowtest.World, r *githubsim.Repo) { w.Sim.Rename(r, "store") }},
		{"repository swept, nothing new", 2, 0, func(w *flowtest.World, r *githubsim.Repo) { w.Sweep(r) }},
	}
}

func TestCallsOfEachEvent(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	files := starter()
	files[".github/workflows/ci.yml"] = workflow
	for i := range 200 {
		files[fmt.Sprintf("src/mod%d/index.js", i)] = fmt.Sprintf("export const n = %d\n", i)
	}
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "all of it", files)
	w.Install()
	w.Settle()
	first := w.Sim.CallLog()

	var table strings.Builder
	for _, c := range callRows() {
		var calls []githubsim.Call
		if c.do != nil {
			w.Sim.ResetCalls()
			c.do(w, repo)
			w.Settle()
			calls = w.Sim.CallLog()
		} else {
			calls, first = part(first)
		}
		reads, writes := flowtest.Calls(calls)
		table.WriteString(strings.TrimRight(fmt.Sprintf("//\t%-56s %2d %2d  %s", c.name, len(reads), len(writes), routes(append(reads, writes...))), " ") + "\n")
		if len(reads) > c.reads || len(writes) > c.writes {
			t.Errorf("%s: %d reads and %d writes, at most %d and %d are allowed:\n  %s", c.name, len(reads), len(writes), c.reads, c.writes,
				strings.Join(append(reads, writes...), "\n  "))
		}
	}
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(doc), table.String()) {
		t.Errorf("the table in doc.go is not what was measured:\n%s", table.String())
	}
}

// part cuts off the calls up to the list of repositories, or up to the progress issue, or all that is left.
func part(log []githubsim.Call) (calls, rest []githubsim.Call) {
	for i, c := range log {
		if c.Template == "/installation/repositories" || c.Method == http.MethodPost && strings.HasSuffix(c.Template, "/issues") {
			return log[:i+1], log[i+1:]
		}
	}
	return log, nil
}

// routes is the list of calls in short: "GET trees, PATCH issues".
func routes(calls []string) string {
	var out []string
	for _, c := range calls {
		method, path, _ := strings.Cut(c, " ")
		path = strings.TrimPrefix(path, "/repos/{owner}/{repo}")
		var words []string
		for part := range strings.SplitSeq(path, "/") {
			if part != "" && part != "git" && !strings.HasPrefix(part, "{") {
				words = append(words, part)
			}
		}
		out = append(out, method+" "+strings.Join(words, "/"))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
