package evaluate_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
)

// chaos is one random interleaving of what GitHub, people and machines do.
type chaos struct {
	*flowtest.World
	rng   *rand.Rand
	repo  *githubsim.Repo
	bad   atomic.Bool // calls fail now and then
	seed  uint64
	notes string
	log   []string
}

var pushable = map[string]string{
	"README.md": "# Shop\n", ".gitignore": "node_modules\n", "src/app.js": "app()\n", "src/app.test.js": "test()\n", ".github/workflows/ci.yml": workflow,
	"Dockerfile": "FROM scratch\n", "LICENSE": "MIT\n", ".env": "TOKEN=x\n", "notes.txt": "x\n",
}

// met is what must hold of the head, told without the program under test.
func (c *chaos) met() string {
	has := func(p string) bool { _, ok := c.repo.File("", p); return ok }
	var out []string
	for _, m := range [][2]string{{"source", "src/app.js"}, {"readme", "README.md"}, {"gitignore", ".gitignore"}, {"no-env", ""}, {"unit-tests", "src/app.test.js"},
		{"ci-workflow", ".github/workflows/ci.yml"}, {"dockerfile", "Dockerfile"}, {"license", "LICENSE"}} {
		switch {
		case m[1] == "" && !has(".env"), m[1] != "" && has(m[1]), m[0] == "source" && has("src/app.test.js"):
			out = append(out, m[0])
		}
	}
	return strings.Join(out, " ")
}

func (c *chaos) faults(r *http.Request) githubsim.Fault {
	one := 8 // of so many calls fails
	if r.Method != http.MethodGet {
		one = 3
	}
	if !c.bad.Load() || strings.Contains(r.URL.Path, "access_tokens") || rand.IntN(one) > 0 {
		return githubsim.Fault{}
	}
	f := githubsim.Fault{Wait: time.Second, Landed: rand.IntN(2) == 0}
	f.Kind = []githubsim.FaultKind{githubsim.FaultStatus, githubsim.FaultCut, githubsim.FaultRetry, githubsim.FaultSecondary}[rand.IntN(4)]
	if f.Kind == githubsim.FaultRetry || f.Kind == githubsim.FaultSecondary {
		f.Landed = false // a limit is answered instead of the call
	}
	return f
}

// issue is the number of the progress issue, 0 while there is none.
func (c *chaos) issue() int {
	all := c.ProgressIssues(c.repo)
	if len(all) == 0 {
		return 0
	}
	return all[0].Number
}

func (c *chaos) step() {
	names := make([]string, 0, len(pushable))
	for n := range pushable {
		names = append(names, n)
	}
	slices.Sort(names)
	file := names[c.rng.IntN(len(names))]
	n := c.issue()
	what := c.rng.IntN(16)
	c.log = append(c.log, fmt.Sprintf("%d %s", what, file))
	switch what {
	case 0, 1, 2:
		c.Sim.PushFiles(c.repo, "", c.Owner, "add "+file, map[string]string{file: pushable[file]})
	case 3, 4:
		if _, ok := c.repo.File("", file); ok && file != "notes.txt" {
			c.Sim.Push(c.repo, "", c.Owner, githubsim.Commit{Message: "remove " + file, Delete: []string{file}})
		}
	case 5:
		c.Sim.ForcePush(c.repo, "", c.Owner, "", githubsim.Commit{Message: "anew", Empty: true, Files: map[string]string{"notes.txt": "x\n", file: pushable[file]}})
	case 6:
		if n > 0 {
			c.Sim.TickBox(c.repo, c.Owner, n, []string{"milepost:box:recheck", "milepost:box:ask-mentor"}[c.rng.IntN(2)])
		}
	case 7:
		if n > 0 {
			info, _ := c.Sim.Issue(c.repo, n)
			if c.notes == "" {
				c.notes = "\n\nWhat I learnt: tests *first*.\n"
				c.Sim.EditIssueBody(c.repo, c.Owner, n, info.Body+c.notes)
			} else {
				c.Sim.EditIssueBody(c.repo, c.Owner, n, strings.Replace(info.Body, " of 7", " of 700", 1))
			}
		}
	case 8:
		if n > 0 {
			c.Sim.CloseIssue(c.repo, c.Owner, n)
		}
	case 9:
		if n > 0 {
			c.Sim.ReopenIssue(c.repo, c.Owner, n)
		}
	case 10:
		if n > 0 {
			c.Sim.Comment(c.repo, c.Owner, n, []string{"/milepost why license", "/milepost recheck", "/milepost help"}[c.rng.IntN(3)])
		}
	case 11:
		branch := fmt.Sprintf("b%d", len(c.log))
		c.Sim.PushFiles(c.repo, branch, c.Owner, "change", map[string]string{file: pushable[file], branch + ".txt": "x\n"})
		p := c.Sim.OpenPull(c.repo, c.Owner, githubsim.PullOptions{Title: "Change", Head: branch})
		if c.rng.IntN(2) == 0 {
			_, _ = c.Sim.MergePull(c.repo, p, c.Owner, "merge") // a conflict is an outcome like another
		}
	case 12:
		c.Kill()
		c.Start()
	case 13:
		c.bad.Store(c.rng.IntN(2) == 0)
	case 14:
		c.Settle()
	case 15:
		doubles, behind := c.rng.IntN(2), c.rng.IntN(3)
		c.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Copies: doubles, Behind: behind} })
	}
}

// TestAnyInterleaving: whatever happens in whatever order, and wherever the program is killed, in the end there is exactly one issue, right for the
// head, with the learner's notes, every comment answered once and every open pull request checked.
func TestAnyInterleaving(t *testing.T) {
	t.Parallel()
	seeds := 5
	if testing.Short() {
		seeds = 2
	}
	for i := range seeds {
		seed := uint64(i) + 1
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w := flowtest.New(t, flowtest.Options{Postgres: i == 1, Workers: 2, Sim: func(o *githubsim.Options) { o.ContentPerMinute, o.ContentPerHour = -1, -1 }})
			c := &chaos{World: w, seed: seed, rng: rand.New(rand.NewPCG(seed, 7))}
			c.repo = w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
			w.Sim.PushFiles(c.repo, "", w.Owner, "start", starter())
			c.bad.Store(seed%2 == 1)
			w.Sim.Fail(c.faults)
			for range 40 {
				c.step()
			}
			c.bad.Store(false)
			w.Sim.PlanDeliveries(nil)
			c.Settle()
			if n := c.issue(); n > 0 {
				w.Sim.ReopenIssue(c.repo, w.Owner, n)
			}
			w.Sim.PushFiles(c.repo, "", w.Owner, "the end", map[string]string{"end.txt": "x\n"})
			c.Settle()
			c.verify(t)
		})
	}
}

func (c *chaos) verify(t *testing.T) {
	t.Helper()
	issue := c.Issue(c.repo)
	want := c.met()
	if got := c.Met(c.repo); got != want {
		t.Errorf("met %q, want %q", got, want)
	}
	if got := c.Report(c.repo).Repository.Commit; got != c.repo.Head("") {
		t.Errorf("judged %s, the head is %s", got, c.repo.Head(""))
	}
	core := len(strings.Fields(strings.ReplaceAll(want, "license", "")))
	standing := fmt.Sprintf("**%d of 7 milestones met", core)
	if core == 7 {
		standing = "**All 7 milestones met"
	}
	if !issue.Open || !strings.Contains(issue.Body, standing) || strings.Contains(issue.Body, "of 700") {
		t.Errorf("open %v, want %q:\n%s", issue.Open, standing, issue.Body)
	}
	if !strings.HasSuffix(issue.Body, c.notes) || c.notes != "" && strings.Count(issue.Body, strings.TrimSpace(c.notes)) != 1 {
		t.Errorf("the notes are not kept:\n%s", issue.Body)
	}
	for i, k := range issue.Comments {
		if strings.HasPrefix(k.Body, "/milepost ") && len(k.Reactions) != 1 {
			t.Errorf("comment %d, %q: reactions %v", i, k.Body, k.Reactions)
		}
	}
	seen := map[string]bool{}
	for _, k := range issue.Comments {
		if _, marker, ok := strings.Cut(k.Body, "<!-- milepost:"); ok {
			if seen[marker] {
				t.Errorf("said twice: %s", marker)
			}
			seen[marker] = true
		}
	}
	for _, i := range c.Sim.Issues(c.repo) {
		p, ok := c.Sim.Pull(c.repo, i.Number)
		if !ok || !p.Open {
			continue
		}
		runs := 0
		for _, r := range c.Sim.CheckRuns(c.repo, p.HeadSHA) {
			if r.App == c.App.Slug {
				runs++
				if r.Status != "completed" {
					t.Errorf("the check run of #%d is %s", p.Number, r.Status)
				}
			}
		}
		if runs != 1 {
			t.Errorf("%d check runs for #%d", runs, p.Number)
		}
	}
	if t.Failed() {
		t.Logf("seed %d: %s", c.seed, strings.Join(c.log, "; "))
	}
}
