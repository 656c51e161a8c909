package evaluate_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/render"
	"milepost/storage"
)

var update = flag.Bool("update", false, "write the golden files anew")

// review is a repository with a pull request in it.
type review struct {
	*flowtest.World
	repo   *githubsim.Repo
	number int
}

// base is what the target branch holds: everything but a Dockerfile and a licence.
func base() map[string]string {
	return with(starter(), "src/app.test.js", "test('app')\n", ".github/workflows/ci.yml", workflow)
}

func newReview(t *testing.T, more ...string) *review {
	t.Helper()
	w := flowtest.New(t, flowtest.Options{})
	r := &review{World: w, repo: w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})}
	w.Sim.PushFiles(r.repo, "", w.Owner, "start", with(base(), more...))
	w.Settle()
	return r
}

// propose opens a pull request of one commit.
func (r *review) propose(c githubsim.Commit, o ...func(*githubsim.PullOptions)) {
	r.TB.Helper()
	branch := fmt.Sprintf("work-%d", len(r.Sim.Issues(r.repo)))
	r.Sim.Push(r.repo, branch, r.Owner, c)
	opt := githubsim.PullOptions{Title: "A change", Head: branch}
	for _, f := range o {
		f(&opt)
	}
	r.number = r.Sim.OpenPull(r.repo, r.Owner, opt)
	r.Settle()
}

func (r *review) push(c githubsim.Commit) {
	r.TB.Helper()
	r.Sim.PushToPull(r.repo, r.number, r.Owner, c)
	r.Settle()
}

func (r *review) head() string {
	info, _ := r.Sim.Pull(r.repo, r.number)
	return info.HeadSHA
}

// run is the one check run of a commit.
func (r *review) run(sha string) githubsim.CheckRunInfo {
	r.TB.Helper()
	var out []githubsim.CheckRunInfo
	for _, c := range r.Sim.CheckRuns(r.repo, sha) {
		if c.App == r.App.Slug {
			out = append(out, c)
		}
	}
	if len(out) != 1 {
		r.TB.Fatalf("%d check runs on %s, want 1: %+v", len(out), sha, out)
	}
	if out[0].Status != "completed" {
		r.TB.Errorf("the check run is %s", out[0].Status)
	}
	return out[0]
}

// comments are the bot's comments on the pull request.
func (r *review) comments() []string {
	info, _ := r.Sim.Issue(r.repo, r.number)
	var out []string
	for _, c := range info.Comments {
		if c.Author == r.App.Slug+"[bot]" {
			out = append(out, c.Body)
		}
	}
	return out
}

func (r *review) merge(method string) {
	r.TB.Helper()
	if _, err := r.Sim.MergePull(r.repo, r.number, r.Owner, method); err != nil {
		r.TB.Fatal(err)
	}
	r.Settle()
}

var dockerfile = githubsim.Commit{Message: "image", Files: map[string]string{"Dockerfile": "FROM scratch\n"}}

type story struct {
	name string
	more []string // further files of the target branch
	do   func(r *review)
	// comments is how many comments the bot may have written.
	comments int
	// after checks what no golden file shows.
	after func(t *testing.T, r *review)
}

func draft(o *githubsim.PullOptions) { o.Draft = true }

// ours is a roadmap with a rule that asks for what no other does.
const ours = `id: ours
version: 1
title: Our way
extends: backend
drop: [no-env]
change:
  license: {tier: core}
steps:
  - id: extra
    title: Extra
    why: Ours.
    milestones:
      - id: greeting
        title: Say hello
        short: greeting
        kind: code
        tier: core
        why: It is polite.
        signal: a call of hello
        rule: {code: {match: 'hello\('}}
        missing: nothing says hello
        next: Say hello.
`

// readsOf counts the calls whose route holds a word.
func readsOf(r *review, words ...string) string {
	reads, _ := flowtest.Calls(r.Sim.CallLog())
	n := map[string]int{}
	for _, c := range reads {
		for _, w := range words {
			if strings.Contains(c, w) {
				n[w]++
			}
		}
	}
	var out []string
	for _, w := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%s %d", w, n[w]))
	}
	return strings.Join(out, ", ")
}

func stories() []story {
	return []story{
		{name: "adds a Dockerfile", do: func(r *review) { r.propose(dockerfile) }, comments: 1, after: inIssue("pull request 2")},
		{name: "breaks the workflow", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/workflows/ci.yml": "name: ci\non: push\njobs test\n"}})
		}, comments: 1},
		{name: "removes tests", do: func(r *review) { r.propose(githubsim.Commit{Delete: []string{"src/app.test.js"}}) }, comments: 1},
		{name: "empties gitignore", do: func(r *review) { r.propose(githubsim.Commit{Files: map[string]string{".gitignore": ""}}) }, comments: 1},
		{name: "renames src to lib", do: func(r *review) {
			f := base()
			r.propose(githubsim.Commit{Delete: []string{"src"}, Files: map[string]string{"lib/app.js": f["src/app.js"], "lib/app.test.js": f["src/app.test.js"]}})
		}},
		{name: "commits env", do: func(r *review) { r.propose(githubsim.Commit{Files: map[string]string{".env": "TOKEN=x\n"}}) }, comments: 1},
		{name: "only touches the README", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{"README.md": "# Shop\n\nSells more.\n"}})
		}},
		{name: "gains two and loses one", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{"Dockerfile": "FROM scratch\n", "LICENSE": "MIT\n"}, Delete: []string{"README.md"}})
		}, comments: 1},
		{name: "only begins something", more: []string{".github/workflows/ci.yml", ""}, do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/workflows/ci.yml": "name: ci\n"}})
		}},
		{name: "from a fork", do: func(r *review) {
			bob := r.Sim.AddUser("bob", "", "")
			fork := r.Sim.Fork(r.repo, bob)
			r.Sim.Push(fork, "image", bob, dockerfile)
			r.number = r.Sim.OpenPull(r.repo, bob, githubsim.PullOptions{Title: "From a fork", Head: "image", From: fork})
			r.Settle()
		}, comments: 1},
		{name: "draft", do: func(r *review) { r.propose(dockerfile, draft) }},
		{name: "draft then ready", do: func(r *review) {
			r.propose(dockerfile, draft)
			r.Sim.SetDraft(r.repo, r.number, r.Owner, false)
			r.Settle()
		}, comments: 1},
		{name: "ready then draft", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
			r.Sim.SetDraft(r.repo, r.number, r.Owner, true)
			r.push(dockerfile)
		}},
		{name: "force-push to the same tree", do: func(r *review) {
			r.propose(dockerfile)
			before := r.head()
			info, _ := r.Sim.Pull(r.repo, r.number)
			again := dockerfile
			again.Message = "the image, better said"
			r.Sim.ForcePush(r.repo, info.HeadRef, r.Owner, r.repo.Head(""), again)
			r.Settle()
			if r.head() == before {
				r.TB.Error("nothing was pushed")
			}
		}, comments: 1},
		{name: "base moved", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.PushFiles(r.repo, "", r.Owner, "licence", map[string]string{"LICENSE": "MIT\n"})
			r.Settle()
			r.push(githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
		}, comments: 1},
		{name: "two complete the same milestone", do: func(r *review) {
			r.propose(dockerfile)
			r.propose(dockerfile)
			r.number--
			r.merge("squash")
			r.number++
			r.push(githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
		}, comments: 1, after: earnedBy(2)},
		{name: "retargeted", do: func(r *review) {
			r.Sim.Push(r.repo, "next", r.Owner, dockerfile)
			r.Sim.Push(r.repo, "more", r.Owner, githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
			r.propose(dockerfile)
			r.Sim.Retarget(r.repo, r.number, r.Owner, "next")
			r.Settle()
		}, comments: 1},
		{name: "merge queue", do: func(r *review) {
			r.propose(dockerfile)
			sha, err := r.Sim.QueueMerge(r.repo, r.number, r.Owner)
			if err != nil {
				r.TB.Fatal(err)
			}
			r.Settle()
			r.run(sha)
		}, comments: 1},
		{name: "closed", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.ClosePull(r.repo, r.number, r.Owner)
			r.Settle()
		}, comments: 1, after: notInIssue("pull request 2")},
		{name: "closed and reopened", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.ClosePull(r.repo, r.number, r.Owner)
			r.Settle()
			r.Sim.ReopenPull(r.repo, r.number, r.Owner)
			r.Settle()
		}, comments: 1, after: inIssue("pull request 2")},
		{name: "merged", do: func(r *review) { r.propose(dockerfile); r.merge("merge") }, comments: 1, after: earnedBy(2)},
		{name: "squashed", do: func(r *review) { r.propose(dockerfile); r.merge("squash") }, comments: 1, after: earnedBy(2)},
		{name: "merged, the push heard first", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan {
				if d.Event == "pull_request" {
					return githubsim.Plan{Behind: 1}
				}
				return githubsim.Plan{}
			})
			r.merge("merge")
		}, comments: 1, after: earnedBy(2)},
		{name: "by a bot", do: func(r *review) {
			bot := r.Sim.CreateApp(githubsim.AppOptions{Owner: r.Owner, Name: "Dependencies"}).Bot()
			r.Sim.Push(r.repo, "update", bot, dockerfile)
			r.number = r.Sim.OpenPull(r.repo, bot, githubsim.PullOptions{Title: "Update", Head: "update"})
			r.Settle()
		}, comments: 1},
		{name: "check run run again", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.RerequestCheckRun(r.repo, r.Owner, r.run(r.head()).ID)
			r.Settle()
		}, comments: 1, after: updates(3)},
		{name: "check suite run again", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.RerequestCheckSuite(r.repo, r.Owner, r.App, r.head())
			r.Settle()
		}, comments: 1, after: updates(3)},
		{name: "button check again", do: func(r *review) {
			r.propose(dockerfile)
			r.Sim.RequestAction(r.repo, r.Owner, r.run(r.head()).ID, render.ActionRecheck)
			r.Settle()
		}, comments: 1, after: updates(3)},
		{name: "button explain", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
			r.Sim.RequestAction(r.repo, r.Owner, r.run(r.head()).ID, render.ActionExplain)
			r.Settle()
		}, after: func(t *testing.T, r *review) {
			if text := r.run(r.head()).Text; !strings.Contains(text, "Add a Dockerfile.") {
				t.Errorf("nothing is explained:\n%s", text)
			}
		}},
		{name: "gained and reverted", do: func(r *review) {
			r.propose(dockerfile)
			r.push(githubsim.Commit{Delete: []string{"Dockerfile"}})
		}, comments: 1, after: func(t *testing.T, r *review) {
			if c := r.comments(); len(c) == 1 && strings.Count(strings.TrimSpace(c[0]), "\n") > 2 {
				t.Errorf("the comment did not shrink:\n%s", c[0])
			}
			notInIssue("pull request 2")(t, r)
		}},
		{name: "comment deleted by a person", do: func(r *review) {
			r.propose(dockerfile)
			info, _ := r.Sim.Issue(r.repo, r.number)
			r.Sim.DeleteComment(r.repo, r.Owner, info.Comments[0].ID)
			r.Settle()
			r.push(githubsim.Commit{Files: map[string]string{"LICENSE": "MIT\n"}})
			r.push(githubsim.Commit{Files: map[string]string{"notes.txt": "x\n"}})
		}},
		{name: "comments are off", more: []string{".github/milepost.yml", "pull_requests:\n  comment: false\n"}, do: func(r *review) { r.propose(dockerfile) }},
		{name: "loses what is required", more: []string{".github/milepost.yml", "pull_requests:\n  require: [unit-tests]\n"}, do: func(r *review) {
			r.propose(githubsim.Commit{Delete: []string{"src/app.test.js"}})
		}, comments: 1},
		{name: "configuration has no effect on itself", more: []string{".github/milepost.yml", "pull_requests:\n  require: [unit-tests]\n"}, do: func(r *review) {
			r.propose(githubsim.Commit{Delete: []string{"src/app.test.js"}, Files: map[string]string{".github/milepost.yml": "skip:\n  unit-tests: we trust ourselves\n"}})
		}, comments: 1},
		{name: "changes the configuration well", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "skip:\n  unit-tests: later in this course\n"}})
		}},
		{name: "changes all of the configuration", more: []string{".github/milepost.yml", "mentors: [mona]\nskip:\n  license: private\npull_requests:\n  require: [unit-tests]\n"}, do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "learner: bob\nmentors: [grace, \"@acme/mentors\"]\nignore: [\"src/**\"]\npublic: true\n" +
				"issue: {enabled: false, celebrate: never}\npull_requests:\n  comment: false\n  require: [readme]\ndigest: {repo: acme/mentors, weekday: friday}\n"}})
		}},
		{name: "chooses a roadmap of its own", do: func(r *review) {
			r.Sim.ResetCalls()
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "roadmap: way.yml\nskip:\n  greeting: later in this course\n", "way.yml": ours}})
		}, after: func(t *testing.T, r *review) {
			// One after the other: the tree, its files, the roadmap with what its rules look at, the outcome.
			if got := readsOf(r, "git/trees", "tarball", "git/blobs", "contents", "compare"); got != "compare 1, git/trees 1, tarball 2" {
				t.Errorf("calls: %s", got)
			}
			r.merge("merge")
			report := r.Report(r.repo)
			if m, _ := report.Milestone("greeting"); report.Roadmap.ID != "ours" || m.Status != "skipped" || strings.Contains(r.Issue(r.repo).Body, "there is no milestone") {
				t.Errorf("after the merge: %+v, %+v\n%s", report.Roadmap, m, r.Issue(r.repo).Body)
			}
		}},
		{name: "edits the roadmap", more: []string{".github/milepost.yml", "roadmap: way.yml\n", "way.yml", ours}, do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{"way.yml": strings.NewReplacer("drop: [no-env]", "drop: [readme]", "tier: core", "tier: bonus", "Say hello", "Say hello loudly").Replace(ours)}})
		}},
		{name: "chooses a broken roadmap", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "learner: ada\nroadmap: way.yml\n", "way.yml": strings.Replace(ours, "steps:", "stebs:", 1)}})
		}},
		{name: "chooses a roadmap that is not there", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "roadmap: way.yml\n"}})
		}},
		{name: "takes the configuration away", more: []string{".github/milepost.yml", "skip:\n  license: private\n"}, do: func(r *review) {
			r.propose(githubsim.Commit{Delete: []string{".github/milepost.yml"}})
		}},
		{name: "writes far too much configuration", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "# " + strings.Repeat("x", 600<<10) + "\n", "Dockerfile": "FROM scratch\n"}})
		}, comments: 1},
		{name: "changes the configuration badly", do: func(r *review) {
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": "mentor: [mona]\nskip:\n  unit-test: later\n"}})
		}, after: func(t *testing.T, r *review) {
			if n := r.run(r.head()).Annotations; n != 2 {
				t.Errorf("%d annotations, want 2", n)
			}
		}},
		{name: "commit not visible yet", do: func(r *review) {
			hidden := 3
			r.Sim.Fail(func(req *http.Request) githubsim.Fault {
				if hidden > 0 && strings.Contains(req.URL.Path, "/git/trees/") {
					hidden--
					return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusNotFound}
				}
				return githubsim.Fault{}
			})
			r.propose(dockerfile)
			if hidden > 0 {
				r.TB.Error("it was visible at once")
			}
		}, comments: 1},
		{name: "answers lost", do: func(r *review) {
			lost := map[string]bool{}
			r.Sim.Fail(func(req *http.Request) githubsim.Fault {
				if key := req.Method + req.URL.Path; req.Method != http.MethodGet && !strings.Contains(key, "access_tokens") && !lost[key] {
					lost[key] = true
					return githubsim.Fault{Kind: githubsim.FaultCut, Landed: true}
				}
				return githubsim.Fault{}
			})
			r.propose(dockerfile)
		}, comments: 1},
	}
}

func inIssue(text string) func(*testing.T, *review) {
	return func(t *testing.T, r *review) {
		t.Helper()
		if body := r.Issue(r.repo).Body; !strings.Contains(body, text) {
			t.Errorf("the issue does not name %s:\n%s", text, body)
		}
	}
}

func notInIssue(text string) func(*testing.T, *review) {
	return func(t *testing.T, r *review) {
		t.Helper()
		if body := r.Issue(r.repo).Body; strings.Contains(body, text) {
			t.Errorf("the issue names %s:\n%s", text, body)
		}
	}
}

// earnedBy checks that the Dockerfile was brought by a pull request, and that the issue says so.
func earnedBy(number int) func(*testing.T, *review) {
	return func(t *testing.T, r *review) {
		t.Helper()
		all, err := r.Store.Earned(context.Background(), r.repo.ID())
		if err != nil {
			t.Fatal(err)
		}
		found := false
		for _, e := range all {
			if e.Milestone == "dockerfile" {
				found = e.PullNumber == number
			}
		}
		if !found {
			t.Errorf("the Dockerfile was not earned by #%d: %+v", number, all)
		}
		inIssue(fmt.Sprintf("pull request %d", number))(t, r)
	}
}

func updates(n int) func(*testing.T, *review) {
	return func(t *testing.T, r *review) {
		t.Helper()
		if got := r.run(r.head()).Updates; got != n {
			t.Errorf("the check run was changed %d times, want %d", got, n)
		}
	}
}

func TestPullRequestStories(t *testing.T) {
	t.Parallel()
	for _, s := range stories() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			r := newReview(t, s.more...)
			s.do(r)
			if got := r.comments(); len(got) != s.comments {
				t.Errorf("%d comments, want %d: %q", len(got), s.comments, got)
			}
			if s.after != nil {
				s.after(t, r)
			}
			r.Issue(r.repo)
			golden(t, "pulls/"+strings.NewReplacer(" ", "-", ",", "").Replace(s.name), r.tell())
		})
	}
}

// tell is what is said about the pull request, without what differs from run to run.
func (r *review) tell() string {
	r.TB.Helper()
	run := r.run(r.head())
	row, err := r.Store.Pull(context.Background(), r.repo.ID(), r.number)
	if err != nil {
		r.TB.Fatal(err)
	}
	var d render.Delta
	if err := json.Unmarshal(row.Delta, &d); err != nil {
		r.TB.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "conclusion: %s\ntitle: %s\ngains: %v\nlosses: %v\nnearer: %v\nannotations: %d\n\n%s\n", run.Conclusion, run.Title, d.Gains, d.Losses, d.Nearer, run.Annotations, run.Summary)
	for _, c := range r.comments() {
		fmt.Fprintf(&b, "\n--- comment\n%s\n", c)
	}
	return r.plain(b.String())
}

var (
	hexWord = regexp.MustCompile(`\b[0-9a-f]{40}\b|\b[0-9a-f]{7}\b`)
	repoID  = regexp.MustCompile(`milepost:(pull|issue):[0-9]+`)
)

func (r *review) plain(s string) string {
	s = strings.ReplaceAll(s, r.Sim.URL(), "https://github.test")
	return repoID.ReplaceAllString(hexWord.ReplaceAllString(s, "SHA"), "milepost:$1:ID")
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name)+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", path, d)
	}
}

// TestPullFromBefore: a pull request that was open before the installation gets a check run and no comment; the next push is like any.
func TestPullFromBefore(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	r := &review{World: w, repo: w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})}
	w.Sim.PushFiles(r.repo, "", w.Owner, "start", base())
	w.Sim.Push(r.repo, "image", w.Owner, dockerfile)
	r.number = w.Sim.OpenPull(r.repo, w.Owner, githubsim.PullOptions{Title: "Old", Head: "image"})
	w.Install()
	w.Settle()
	if run := r.run(r.head()); run.Conclusion != "success" {
		t.Errorf("%+v", run)
	}
	if got := r.comments(); len(got) != 0 {
		t.Errorf("comments without news: %q", got)
	}
	inIssue(fmt.Sprintf("pull request %d", r.number))(t, r)
	r.push(githubsim.Commit{Files: map[string]string{"LICENSE": "MIT\n"}})
	if got := r.comments(); len(got) != 1 {
		t.Errorf("%d comments", len(got))
	}
}

// TestPullThatIsGone: a head that GitHub never shows keeps nothing else waiting.
func TestPullThatIsGone(t *testing.T) {
	t.Parallel()
	r := newReview(t)
	gone := ""
	r.Sim.Fail(func(req *http.Request) githubsim.Fault {
		if gone != "" && strings.Contains(req.URL.Path, gone) {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusNotFound}
		}
		return githubsim.Fault{}
	})
	gone = r.Sim.Push(r.repo, "image", r.Owner, dockerfile)
	r.Sim.OpenPull(r.repo, r.Owner, githubsim.PullOptions{Title: "Gone", Head: "image"})
	r.Sim.PushFiles(r.repo, "", r.Owner, "licence", map[string]string{"LICENSE": "MIT\n"})
	r.Settle()
	if !strings.Contains(r.Met(r.repo), "license") {
		t.Error("the default branch waits for a pull request that is gone")
	}
	if row := r.Repo(r.repo); row.State != "" {
		t.Errorf("state %q", row.State)
	}
	if _, err := r.Store.Publication(context.Background(), r.repo.ID(), storage.PublicationCheckRun, r.repo.Head("")); err == nil {
		t.Error("a push to the default branch has no check run of ours")
	}
}
