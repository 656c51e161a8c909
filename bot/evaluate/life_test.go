package evaluate_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

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

// TestEditsBetweenReadingAndWriting: what a person does in the moment between the bot's reading of the issue and its writing is written over, and done
// or put back all the same, in whatever order and however often GitHub tells of it.
func TestEditsBetweenReadingAndWriting(t *testing.T) {
	t.Parallel()
	const mentor, notes = "milepost:box:ask-mentor", "\n\nMy *notes*.\n"
	type person func(w *flowtest.World, r *githubsim.Repo, n int)
	tick := func(w *flowtest.World, r *githubsim.Repo, n int) { w.Sim.TickBox(r, w.Owner, n, mentor) }
	note := func(text string) person {
		return func(w *flowtest.World, r *githubsim.Repo, n int) {
			w.Sim.EditIssueBody(r, w.Owner, n, strings.TrimSuffix(w.Issue(r).Body, "\n")+text)
		}
	}
	for name, c := range map[string]struct {
		meanwhile []person // while the issue is being written
		then      []person // at once after it was written
		plan      func(githubsim.Delivery) githubsim.Plan
		asked     bool
		notes     string
	}{
		"a tick":               {meanwhile: []person{tick}, asked: true},
		"notes":                {meanwhile: []person{note(notes)}, notes: notes},
		"a tick and notes":     {meanwhile: []person{tick, note(notes)}, asked: true, notes: notes},
		"notes and a tick":     {meanwhile: []person{note(notes), tick}, asked: true, notes: notes},
		"a tick, told thrice":  {meanwhile: []person{tick}, asked: true, plan: func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Copies: 2} }},
		"notes, told thrice":   {meanwhile: []person{note(notes)}, notes: notes, plan: func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Copies: 2} }},
		"notes, told late":     {meanwhile: []person{note(notes)}, notes: notes, plan: func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Behind: 1} }},
		"notes, then others":   {meanwhile: []person{note(notes)}, then: []person{note("\n\nOther notes.\n")}, notes: "My *notes*.\n\nOther notes."},
		"notes after the fact": {then: []person{note(notes)}, notes: notes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, repo := started(t, flowtest.Options{})
			n := w.Issue(repo).Number
			w.Sim.PlanDeliveries(c.plan)
			var once sync.Once
			w.Sim.Fail(func(req *http.Request) githubsim.Fault {
				if req.Method == http.MethodPatch && strings.HasSuffix(req.URL.Path, fmt.Sprintf("/issues/%d", n)) {
					once.Do(func() {
						for _, do := range c.meanwhile {
							do(w, repo, n)
						}
					})
				}
				return githubsim.Fault{}
			})
			push(w, repo)
			for _, do := range c.then {
				do(w, repo, n)
			}
			w.Settle()
			w.Sim.PlanDeliveries(nil)
			push(w, repo)
			body := w.Issue(repo).Body
			if !strings.Contains(body, "6 of 7") || len(render.Ticks(body)) > 0 {
				t.Errorf("the issue is not up to date:\n%s", body)
			}
			if asked := strings.Contains(string(w.Repo(repo).Settings), "asked_mentor"); asked != c.asked {
				t.Errorf("a mentor is asked: %v", asked)
			}
			if _, got, _ := strings.Cut(body, "<!-- milepost:notes -->"); strings.TrimSpace(got) != strings.TrimSpace(c.notes) {
				t.Errorf("the notes are %q, want %q", got, c.notes)
			}
		})
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
			func(w *flowtest.World, _ *githubsim.Repo) error {
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
				var once sync.Once
				ticked := make(chan struct{})
				w.Sim.Fail(func(req *http.Request) githubsim.Fault { // the tick comes between the judgement and the writing
					f := githubsim.Fault{}
					if strings.HasSuffix(req.URL.Path, "/issues/1") && req.Method == http.MethodGet {
						once.Do(func() {
							f = githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway}
							go func() {
								w.Sim.TickBox(r, w.Owner, n, mentor)
								close(ticked)
							}()
						})
					}
					return f
				})
				push(w, r)
				<-ticked
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

// TestRecheckIsSaid: who asks for a check sees that it happened; a push that brings nothing writes nothing all the same.
func TestRecheckIsSaid(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	w.Sim.TickBox(repo, w.Owner, w.Issue(repo).Number, "milepost:box:recheck")
	w.Settle()
	issue := w.Issue(repo)
	if !strings.Contains(issue.Body, "Check again now (checked again on ") || !strings.Contains(issue.Body, " UTC: nothing new)") {
		t.Errorf("it is not said:\n%s", issue.Body)
	}
	w.Clock.Add(time.Hour)
	w.Sim.PushFiles(repo, "", w.Owner, "picture", map[string]string{"logo.png": "x"})
	w.Settle()
	if got := w.Issue(repo); got.Edits != issue.Edits {
		t.Errorf("%d edits more for a push that brings nothing", got.Edits-issue.Edits)
	}
	push(w, repo)
	if body := w.Issue(repo).Body; strings.Contains(body, "checked again") {
		t.Errorf("what is no longer true is still said:\n%s", body)
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
