package evaluate_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"milepost/bot/evaluate"
	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/publish"
	"milepost/bot/render"
	"milepost/storage"
)

// started is a world with one repository that was judged.
func started(t *testing.T, o flowtest.Options) (*flowtest.World, *githubsim.Repo) {
	t.Helper()
	w := flowtest.New(t, o)
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	w.Issue(repo)
	return w, repo
}

// push completes one more milestone each time.
func push(w *flowtest.World, r *githubsim.Repo) {
	w.TB.Helper()
	for _, f := range [][2]string{{"Dockerfile", "FROM scratch\n"}, {"src/app.test.js", "test()\n"}, {".github/workflows/ci.yml", workflow}, {"LICENSE", "MIT\n"}} {
		if _, there := r.File(r.DefaultBranch(), f[0]); !there {
			w.Sim.PushFiles(r, "", w.Owner, "add "+f[0], map[string]string{f[0]: f[1]})
			w.Settle()
			return
		}
	}
	w.TB.Fatal("nothing more to push")
}

// issueState is the state of the issue's publication.
func issueState(w *flowtest.World, r *githubsim.Repo) string {
	w.TB.Helper()
	pub, err := w.Store.Publication(context.Background(), r.ID(), storage.PublicationIssue, "")
	if err != nil {
		w.TB.Fatal(err)
	}
	return pub.State
}

func writes(w *flowtest.World) []string {
	_, out := flowtest.Calls(w.Sim.CallLog())
	return out
}

func TestIssueIsOnlyWhereThereAreIssues(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{IssuesOff: true})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	if got := issueState(w, repo); got != publish.StateDisabled {
		t.Fatalf("state %q", got)
	}
	if w.Met(repo) == "" {
		t.Error("the repository is not judged")
	}
	w.Sim.SetIssuesEnabled(repo, true)
	push(w, repo)
	if !strings.Contains(w.Issue(repo).Body, "5 of 7") {
		t.Error("the issue is not up to date")
	}
	w.Sim.SetIssuesEnabled(repo, false)
	push(w, repo)
	if got := issueState(w, repo); got != publish.StateDisabled {
		t.Fatalf("state %q", got)
	}
	w.Sim.SetIssuesEnabled(repo, true)
	push(w, repo)
	if !strings.Contains(w.Issue(repo).Body, "7 of 7") && !strings.Contains(w.Issue(repo).Body, "All 7") {
		t.Errorf("the issue is not up to date:\n%s", w.Issue(repo).Body)
	}
}

func TestClosedRestsAndReopenedGoesOn(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	n := w.Issue(repo).Number
	w.Sim.CloseIssue(repo, w.Owner, n)
	w.Settle()
	if row := w.Repo(repo); row.PausedBy != "ada" || !row.PausedUntil.After(w.Clock.Now().AddDate(10, 0, 0)) {
		t.Errorf("paused until %v by %q", row.PausedUntil, row.PausedBy)
	}
	w.Sim.ResetCalls()
	push(w, repo)
	w.Sweep(repo)
	if got := writes(w); len(got) > 0 {
		t.Errorf("writes while paused: %v", got)
	}
	if !strings.Contains(w.Met(repo), "dockerfile") {
		t.Error("while paused the repository is not judged")
	}
	w.Sim.ReopenIssue(repo, w.Owner, n)
	w.Settle()
	if issue := w.Issue(repo); !issue.Open || !strings.Contains(issue.Body, "5 of 7") {
		t.Errorf("reopened: open %v\n%s", issue.Open, issue.Body)
	}
	if row := w.Repo(repo); !row.PausedUntil.IsZero() {
		t.Errorf("still paused until %v", row.PausedUntil)
	}
}

// TestClosedUnheard: the deliveries of closing are lost; the issue is found closed and left alone.
func TestClosedUnheard(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: d.Event == "issues"} })
	w.Sim.CloseIssue(repo, w.Owner, w.Issue(repo).Number)
	w.Sim.ResetCalls()
	push(w, repo)
	if got := writes(w); len(got) > 0 {
		t.Errorf("writes: %v", got)
	}
	if got := issueState(w, repo); got != publish.StateClosed {
		t.Errorf("state %q", got)
	}
}

func TestDeletedIsOffUntilAskedFor(t *testing.T) {
	t.Parallel()
	for name, remove := range map[string]func(w *flowtest.World, r *githubsim.Repo, n int){
		"deleted":   func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.DeleteIssue(r, w.Owner, n) },
		"converted": func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.ConvertIssue(r, w.Owner, n) },
		"transferred": func(w *flowtest.World, r *githubsim.Repo, n int) {
			w.Sim.TransferIssue(r, w.Owner, n, w.Sim.CreateRepo(w.Sim.AddUser("eve", "", ""), "elsewhere", githubsim.RepoOptions{}))
		},
		"deleted, unheard": func(w *flowtest.World, r *githubsim.Repo, n int) {
			w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: d.Event == "issues"} })
			w.Sim.DeleteIssue(r, w.Owner, n)
		},
		"transferred, unheard": func(w *flowtest.World, r *githubsim.Repo, n int) {
			w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: d.Event == "issues"} })
			other := w.Sim.CreateRepo(w.Owner, "elsewhere", githubsim.RepoOptions{})
			w.Settle()
			w.Sim.TransferIssue(r, w.Owner, n, other)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, repo := started(t, flowtest.Options{})
			remove(w, repo, w.Issue(repo).Number)
			w.Settle()
			w.Sim.PlanDeliveries(nil)
			push(w, repo)
			push(w, repo)
			w.Sweep(repo)
			if got := issueState(w, repo); got != publish.StateDeleted {
				t.Fatalf("state %q", got)
			}
			if all := w.ProgressIssues(repo); len(all) != 0 {
				t.Fatalf("a new issue against the learner's will: %+v", all)
			}
			ask := w.Sim.OpenIssue(repo, w.Owner, "Hello", "")
			w.Sim.Comment(repo, w.Owner, ask, "/milepost resume")
			w.Settle()
			if !strings.Contains(w.Issue(repo).Body, "6 of 7") {
				t.Errorf("after resume:\n%s", w.Issue(repo).Body)
			}
		})
	}
}

func TestLockedIssueIsStillWritten(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.LockIssue(repo, w.Owner, w.Issue(repo).Number, true)
	for range 3 { // the last completes a step, whose comment a locked conversation may refuse
		push(w, repo)
	}
	if body := w.Issue(repo).Body; !strings.Contains(body, "All 7") {
		t.Errorf("not up to date:\n%s", body)
	}
}

func TestRenamedLabelChangesNothing(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.RenameLabel(repo, w.Owner, publish.Label, "fortschritt")
	w.Settle()
	push(w, repo)
	issue := w.Issue(repo)
	if !strings.Contains(issue.Body, "5 of 7") || len(issue.Labels) != 1 || issue.Labels[0] != "fortschritt" {
		t.Errorf("labels %v\n%s", issue.Labels, issue.Body)
	}
}

func TestNotesAreKeptAndTheRestIsRestored(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	issue := w.Issue(repo)
	const notes = "\r\n\r\nMy *notes*:\r\n- [x] buy milk\r\n<!-- milepost:issue:1 -->\r\n\ttabs  \r\n"
	vandal := strings.Replace(issue.Body, "4 of 7", "99 of 7", 1) + notes
	w.Sim.EditIssueBody(repo, w.Owner, issue.Number, vandal)
	w.Settle()
	body := w.Issue(repo).Body
	if strings.Contains(body, "99 of 7") || !strings.Contains(body, "4 of 7") {
		t.Error("what was changed by hand above the notes is not restored")
	}
	if !strings.HasSuffix(body, notes) {
		t.Errorf("the notes changed: %q", body[max(0, len(body)-len(notes)-20):])
	}
	push(w, repo)
	if body := w.Issue(repo).Body; !strings.HasSuffix(body, notes) || !strings.Contains(body, "5 of 7") {
		t.Errorf("after a push: %q", body[max(0, len(body)-len(notes)-20):])
	}
}

func TestOwnEditsAskForNothing(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	push(w, repo)
	w.Sim.ResetCalls()
	// GitHub tells of an edit by the bot; it changes nothing, whatever stands in the body.
	bot := w.App.Bot()
	w.Sim.EditIssueBody(repo, bot, w.Issue(repo).Number, strings.Replace(w.Issue(repo).Body, "[ ]", "[x]", 1))
	w.Settle()
	if log := w.Sim.CallLog(); len(log) != 0 {
		t.Errorf("calls: %v", log)
	}
}

func TestBoxes(t *testing.T) {
	t.Parallel()
	const recheck, pause, mentor = "milepost:box:recheck", "milepost:box:pause", "milepost:box:ask-mentor"
	settings := func(w *flowtest.World, r *githubsim.Repo) string { return string(w.Repo(r).Settings) }
	for name, c := range map[string]struct {
		do   func(w *flowtest.World, r *githubsim.Repo, n int)
		want func(w *flowtest.World, r *githubsim.Repo) error
	}{
		"recheck": {
			func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.TickBox(r, w.Owner, n, recheck) },
			func(w *flowtest.World, r *githubsim.Repo) error {
				if w.Sim.Calls()["GET /repos/{owner}/{repo}/git/trees/{tree_sha}"] == 0 {
					return errors.New("nothing was looked at")
				}
				return nil
			},
		},
		"pause": {
			func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.TickBox(r, w.Owner, n, pause) },
			func(w *flowtest.World, r *githubsim.Repo) error {
				row := w.Repo(r)
				if d := row.PausedUntil.Sub(w.Clock.Now()); row.PausedBy != "ada" || d < 13*24*time.Hour || d > 15*24*time.Hour {
					return errors.New("not paused for 14 days by ada")
				}
				return nil
			},
		},
		"ask a mentor": {
			func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.TickBox(r, w.Owner, n, mentor) },
			func(w *flowtest.World, r *githubsim.Repo) error {
				if !strings.Contains(settings(w, r), "asked_mentor") {
					return errors.New("no mentor is asked")
				}
				return nil
			},
		},
		"two at once": {
			func(w *flowtest.World, r *githubsim.Repo, n int) {
				w.Sim.TickBox(r, w.Owner, n, mentor)
				w.Sim.TickBox(r, w.Owner, n, pause)
			},
			func(w *flowtest.World, r *githubsim.Repo) error {
				if !strings.Contains(settings(w, r), "asked_mentor") || w.Repo(r).PausedUntil.IsZero() {
					return errors.New("only one of two was done")
				}
				return nil
			},
		},
		"a capital X": {
			func(w *flowtest.World, r *githubsim.Repo, n int) {
				body := w.Issue(r).Body
				i := strings.Index(body, mentor)
				j := strings.LastIndex(body[:i], "[ ]")
				w.Sim.EditIssueBody(r, w.Owner, n, body[:j]+"[X]"+body[j+3:])
			},
			func(w *flowtest.World, r *githubsim.Repo) error {
				if !strings.Contains(settings(w, r), "asked_mentor") {
					return errors.New("no mentor is asked")
				}
				return nil
			},
		},
		"during a run": {
			func(w *flowtest.World, r *githubsim.Repo, n int) {
				ticked := false
				w.Sim.Fail(func(req *http.Request) githubsim.Fault { // the tick comes between the judgement and the writing
					if !ticked && strings.HasSuffix(req.URL.Path, "/issues/1") && req.Method == http.MethodGet {
						ticked = true
						go w.Sim.TickBox(r, w.Owner, n, mentor)
						return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway}
					}
					return githubsim.Fault{}
				})
				push(w, r)
				w.Sim.Fail(nil)
			},
			func(w *flowtest.World, r *githubsim.Repo) error {
				if !strings.Contains(settings(w, r), "asked_mentor") {
					return errors.New("no mentor is asked")
				}
				if !strings.Contains(w.Issue(r).Body, "5 of 7") {
					return errors.New("the push is not told")
				}
				return nil
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, repo := started(t, flowtest.Options{})
			w.Sim.ResetCalls()
			c.do(w, repo, w.Issue(repo).Number)
			w.Settle()
			if err := c.want(w, repo); err != nil {
				t.Error(err)
			}
			if ticks := render.Ticks(w.Issue(repo).Body); len(ticks) > 0 {
				t.Errorf("boxes stay ticked: %v", ticks)
			}
		})
	}
}

// TestCreatedButNotRecorded: the process ends, or the answer is lost, between the creation of the issue and its record.
func TestCreatedButNotRecorded(t *testing.T) {
	t.Parallel()
	for name, kind := range map[string]githubsim.FaultKind{"status": githubsim.FaultStatus, "cut": githubsim.FaultCut} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := flowtest.New(t, flowtest.Options{})
			failures := 0
			w.Sim.Fail(func(r *http.Request) githubsim.Fault {
				if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/issues") && failures < 2 {
					failures++
					return githubsim.Fault{Kind: kind, Landed: true}
				}
				return githubsim.Fault{}
			})
			repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
			w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
			w.Settle()
			if failures != 1 {
				t.Errorf("%d creations", failures)
			}
			push(w, repo)
			if !strings.Contains(w.Issue(repo).Body, "5 of 7") {
				t.Error("the issue is not up to date")
			}
		})
	}
}

func TestDatabaseLost(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	first := w.Issue(repo)
	w.Kill()
	w.Renew()
	push(w, repo)
	if got := w.Issue(repo); got.Number != first.Number || !strings.Contains(got.Body, "5 of 7") {
		t.Errorf("issue %d\n%s", got.Number, got.Body)
	}
}

func TestForgedMarkerIsNotAdopted(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	mallory := w.Sim.AddUser("mallory", "", "")
	forged := w.Sim.OpenIssue(repo, mallory, "Backend roadmap: your progress", render.Marker(repo.ID())+"\nAll done!", publish.Label)
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	if w.Issue(repo).Number == forged {
		t.Error("a stranger's issue was adopted")
	}
	if got, _ := w.Sim.Issue(repo, forged); !strings.HasSuffix(got.Body, "All done!") || got.Edits != 0 {
		t.Error("a stranger's issue was written")
	}
}

func TestConfigurationTurnsTheIssueOffAndOn(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	n := w.Issue(repo).Number
	w.Sim.PushFiles(repo, "", w.Owner, "no issue", map[string]string{".github/milepost.yml": "issue:\n  enabled: false\n"})
	w.Settle()
	if w.Issue(repo).Open {
		t.Error("the issue is open")
	}
	push(w, repo)
	w.Sim.PushFiles(repo, "", w.Owner, "issue", map[string]string{".github/milepost.yml": "issue:\n  enabled: true\n"})
	w.Settle()
	if got := w.Issue(repo); got.Number != n || !got.Open || !strings.Contains(got.Body, "5 of 7") {
		t.Errorf("issue %d, open %v\n%s", got.Number, got.Open, got.Body)
	}
}

func TestEmptyRepositoryThenFirstPush(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Settle()
	if got := w.Repo(repo).State; got != evaluate.StateEmpty {
		t.Errorf("state %q", got)
	}
	n := w.Issue(repo).Number
	earned, err := w.Store.Earned(context.Background(), repo.ID())
	if err != nil || len(earned) != 0 {
		t.Errorf("earned before the first commit: %v, %v", earned, err)
	}
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	if got := w.Issue(repo); got.Number != n || !strings.Contains(got.Body, "4 of 7") {
		t.Errorf("issue %d\n%s", got.Number, got.Body)
	}
	if got := w.Repo(repo).State; got != "" {
		t.Errorf("state %q", got)
	}
}

func TestArchivedIsJudgedAndNotWritten(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.ResetCalls()
	w.Sim.Archive(repo, true)
	w.Settle()
	if got := w.Repo(repo).State; got != evaluate.StateArchived {
		t.Errorf("state %q", got)
	}
	if got := writes(w); len(got) > 0 {
		t.Errorf("writes: %v", got)
	}
	w.Sim.Archive(repo, false)
	w.Settle()
	push(w, repo)
	if got := w.Repo(repo).State; got != "" || !strings.Contains(w.Issue(repo).Body, "5 of 7") {
		t.Errorf("state %q", got)
	}
}

func TestFork(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	bob := w.Sim.AddUser("bob", "", "")
	fork := w.Sim.Fork(repo, bob)
	w.Sim.SetIssuesEnabled(fork, true)
	w.Sim.Install(w.App, bob)
	w.Settle()
	if got := w.ProgressIssues(fork); len(got) != 0 {
		t.Errorf("an issue in a fork that nobody works in: %v", got)
	}
	w.Sim.PushFiles(fork, "", bob, "my own", map[string]string{"Dockerfile": "FROM scratch\n"})
	w.Settle()
	if body := w.Issue(fork).Body; !strings.Contains(body, "5 of 7") {
		t.Errorf("the fork is worked in, and not told about:\n%s", body)
	}
}

// TestRenamedWithoutAWord: nothing told of the new name, and the next thing to do is a write.
func TestRenamedWithoutAWord(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: true} })
	w.Sim.Rename(repo, "store")
	ctx := context.Background()
	if err := w.Store.PutSkip(ctx, storage.Skip{RepoID: repo.ID(), Milestone: "dockerfile", Reason: "next term", By: "mona", At: w.Clock.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := w.Store.Enqueue(ctx, storage.Wish{Key: flowtest.Key(repo), Priority: storage.PriorityHigh}); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	if row := w.Repo(repo); row.Name != "store" || row.State != "" {
		t.Errorf("name %q, state %q", row.Name, row.State)
	}
	if got := issueState(w, repo); got != publish.StateOpen || !strings.Contains(w.Issue(repo).Body, "next term") {
		t.Errorf("state %q\n%s", got, w.Issue(repo).Body)
	}
}

func TestCompletedStepsAreCelebratedOnce(t *testing.T) {
	t.Parallel()
	for celebrate, want := range map[string]int{"steps": 1, "milestones": 4, "never": 0} {
		t.Run(celebrate, func(t *testing.T) {
			t.Parallel()
			w, repo := started(t, flowtest.Options{})
			w.Sim.PushFiles(repo, "", w.Owner, "configuration", map[string]string{".github/milepost.yml": "issue:\n  celebrate: " + celebrate + "\n"})
			w.Settle()
			before := len(w.Issue(repo).Comments) // the first step was complete from the start
			push(w, repo)
			push(w, repo)
			push(w, repo) // completes the second step
			w.Sim.Push(repo, "", w.Owner, githubsim.Commit{Message: "lost", Delete: []string{"Dockerfile"}})
			w.Settle()
			w.Sim.PushFiles(repo, "", w.Owner, "found", map[string]string{"Dockerfile": "FROM scratch\n"})
			w.Settle()
			w.Sweep(repo)
			comments := w.Issue(repo).Comments[before:]
			if celebrate == "milestones" {
				if len(comments) < want {
					t.Errorf("%d comments: %+v", len(comments), comments)
				}
			} else if len(comments) != want {
				t.Errorf("%d comments, want %d: %+v", len(comments), want, comments)
			}
			seen := map[string]bool{}
			for _, c := range comments {
				if seen[c.Body] && celebrate != "milestones" {
					t.Errorf("said twice: %s", c.Body)
				}
				seen[c.Body] = true
			}
		})
	}
}

func TestRenamedTransferredPrivate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		do   func(w *flowtest.World, r *githubsim.Repo)
		want func(r storage.Repository) bool
	}{
		"renamed": {func(w *flowtest.World, r *githubsim.Repo) { w.Sim.Rename(r, "store") }, func(r storage.Repository) bool { return r.Name == "store" }},
		"renamed, unheard": {func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: d.Event == "repository"} })
			w.Sim.Rename(r, "store")
		}, func(r storage.Repository) bool { return r.Name == "store" }},
		"private": {func(w *flowtest.World, r *githubsim.Repo) { w.Sim.SetPrivate(r, true) }, func(r storage.Repository) bool { return r.Private }},
		"transferred to an account with the app": {func(w *flowtest.World, r *githubsim.Repo) {
			bob := w.Sim.AddUser("bob", "", "")
			w.Sim.Install(w.App, bob)
			w.Sim.Transfer(r, bob)
		}, func(r storage.Repository) bool { return r.Owner == "bob" && r.RemovedAt.IsZero() }},
		"default branch": {func(w *flowtest.World, r *githubsim.Repo) {
			w.Sim.Push(r, "develop", w.Owner, githubsim.Commit{Message: "develop"})
			w.Sim.SetDefaultBranch(r, "develop")
		}, func(r storage.Repository) bool { return r.DefaultBranch == "develop" }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, repo := started(t, flowtest.Options{})
			c.do(w, repo)
			w.Settle()
			push(w, repo)
			if row := w.Repo(repo); !c.want(row) {
				t.Errorf("stored: %+v", row)
			}
			if body := w.Issue(repo).Body; !strings.Contains(body, "5 of 7") {
				t.Errorf("the issue is not up to date:\n%s", body)
			}
		})
	}
}

func TestForcePushTakesBackWhatIsGone(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	first := repo.Head("")
	push(w, repo)
	w.Sim.ForcePush(repo, "", w.Owner, first, githubsim.Commit{Message: "again", Files: map[string]string{"notes.txt": "x\n"}})
	w.Settle()
	if got, want := w.Met(repo), "source readme gitignore no-env"; got != want {
		t.Errorf("met %q, want %q", got, want)
	}
	earned, err := w.Store.Earned(context.Background(), repo.ID())
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range earned {
		if e.Milestone == "dockerfile" && (e.LostAt.IsZero() || e.At.IsZero()) {
			t.Errorf("earned is lost without a trace: %+v", e)
		}
	}
	body := w.Issue(repo).Body
	if !strings.Contains(body, "4 of 7") || !strings.Contains(strings.ToLower(body), "attention") {
		t.Errorf("the loss is not told:\n%s", body)
	}
}

func TestPermissionMissingThenGranted(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	w.Sim.RemovePermission(w.Inst, "issues")
	repo := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	w.Settle()
	if got := w.Repo(repo).State; got != evaluate.StateNoAccess {
		t.Errorf("state %q", got)
	}
	if w.Met(repo) != "source readme gitignore no-env" {
		t.Error("it is not judged")
	}
	w.Sim.RequestPermissions(w.App, githubsim.DefaultPermissions(), nil)
	w.Sim.AcceptPermissions(w.Inst)
	w.Settle()
	w.Issue(repo)
	if got := w.Repo(repo).State; got != "" {
		t.Errorf("state %q", got)
	}
}

func TestSuspendedThenBack(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.Suspend(w.Inst)
	w.Settle()
	w.Sim.ResetCalls()
	push(w, repo) // GitHub sends nothing meanwhile
	w.Sweep(repo)
	if got := w.Repo(repo).State; got != evaluate.StateSuspended {
		t.Errorf("state %q", got)
	}
	w.Sim.Unsuspend(w.Inst)
	w.Settle()
	if body := w.Issue(repo).Body; !strings.Contains(body, "5 of 7") {
		t.Errorf("not up to date:\n%s", body)
	}
	if got := w.Repo(repo).State; got != "" {
		t.Errorf("state %q", got)
	}
}

func TestUninstalledLeavesNothing(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.Uninstall(w.Inst)
	w.Settle()
	rows, err := w.Store.RowsOf(context.Background(), repo.ID())
	if err != nil {
		t.Fatal(err)
	}
	for table, n := range rows {
		if n > 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	w.Install()
	w.Settle()
	w.Issue(repo) // adopted
}

func TestRepositoriesAddedAndRemoved(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	one := w.Sim.CreateRepo(w.Owner, "one", githubsim.RepoOptions{})
	two := w.Sim.CreateRepo(w.Owner, "two", githubsim.RepoOptions{})
	w.Sim.PushFiles(one, "", w.Owner, "start", starter())
	w.Sim.PushFiles(two, "", w.Owner, "start", starter())
	inst := w.Sim.Install(w.App, w.Owner, one)
	w.Settle()
	w.Issue(one)
	if got := w.ProgressIssues(two); len(got) != 0 {
		t.Errorf("an issue where the app is not installed: %v", got)
	}
	w.Sim.AddRepos(inst, two)
	w.Settle()
	w.Issue(two)
	w.Sim.RemoveRepos(inst, one)
	w.Settle()
	if row := w.Repo(one); row.RemovedAt.IsZero() {
		t.Error("a removed repository is still there")
	}
	w.Sim.AddRepos(inst, one)
	w.Settle()
	w.Issue(one)
	if row := w.Repo(one); !row.RemovedAt.IsZero() {
		t.Error("a repository that is back is not there")
	}
}

func TestDeletedRepository(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	id := repo.ID()
	w.Sim.DeleteRepo(repo)
	w.Settle()
	if _, err := w.Store.Repository(context.Background(), id); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("still stored: %v", err)
	}
}

func TestBlockedRepository(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.Block(repo, http.StatusUnavailableForLegalReasons)
	w.Sim.PushFiles(repo, "", w.Owner, "more", map[string]string{"Dockerfile": "FROM scratch\n"})
	w.Settle()
	if got := w.Repo(repo).State; got != evaluate.StateLegal {
		t.Errorf("state %q", got)
	}
	if strings.Contains(w.Met(repo), "dockerfile") {
		t.Error("judged without access")
	}
}

// TestDeliveriesDoubledAndOvertaken: duplicates, and a push that overtakes those before it.
func TestDeliveriesDoubledAndOvertaken(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	n := 0
	w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan {
		n++
		return githubsim.Plan{Copies: n % 3, Behind: n % 4}
	})
	w.Sim.PushFiles(repo, "", w.Owner, "one", map[string]string{"Dockerfile": "FROM scratch\n"})
	w.Sim.PushFiles(repo, "", w.Owner, "two", map[string]string{"src/app.test.js": "test()\n"})
	w.Sim.Push(repo, "", w.Owner, githubsim.Commit{Message: "three", Delete: []string{"Dockerfile"}})
	w.Sim.PushFiles(repo, "", w.Owner, "four", map[string]string{"LICENSE": "MIT\n"})
	w.Settle()
	if got, want := w.Met(repo), "source readme gitignore no-env unit-tests license"; got != want {
		t.Errorf("met %q, want %q", got, want)
	}
	if w.Report(repo).Repository.Commit != repo.Head("") {
		t.Error("it is not the head that was judged")
	}
}

// TestHistoryGoesOnFromDeliveries: commits of pushes are not read again, and the history is the same as if they were.
func TestHistoryGoesOnFromDeliveries(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	bob := w.Sim.AddUser("bob", "Bob", "bob@example.com")
	w.Sim.SetCollaborator(repo, bob, "write")
	w.Settle()
	w.Sim.ResetCalls()
	w.Sim.Push(repo, "", w.Owner, githubsim.Commit{Message: "one", Files: map[string]string{"a.js": "a()\n"}}, githubsim.Commit{Message: "two\n\nwith a body", Files: map[string]string{"b.js": "b()\n"}})
	w.Settle()
	w.Sim.PushFiles(repo, "", bob, "three", map[string]string{"c.js": "c()\n"})
	w.Settle()
	if n := w.Sim.Calls()["GET /repos/{owner}/{repo}/commits"]; n != 0 {
		t.Errorf("commits were read %d times", n)
	}
	got := w.Log(repo)
	want := w.FreshLog(repo)
	if len(got.Commits) != 4 || len(want.Commits) != 4 {
		t.Fatalf("%d commits known, %d there", len(got.Commits), len(want.Commits))
	}
	for i, c := range want.Commits {
		g := got.Commits[i]
		if g.ID != c.ID || g.AuthorName != c.AuthorName || g.AuthorEmail != c.AuthorEmail || g.AuthorLogin != c.AuthorLogin || !g.Time.Equal(c.Time) || g.Message != c.Message {
			t.Errorf("commit %d: %+v, want %+v", i, g, c)
		}
	}
}
