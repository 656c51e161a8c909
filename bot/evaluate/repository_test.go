package evaluate_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"milepost/bot/evaluate"
	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/publish"
	"milepost/storage"
)

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

// TestEmptied: a commit takes every file away. What was earned keeps its date, and the page says so instead of starting from nothing.
func TestEmptied(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	push(w, repo)
	var all []string
	for path := range starter() {
		all = append(all, path)
	}
	w.Sim.Push(repo, "", w.Owner, githubsim.Commit{Message: "away with it", Empty: true, Delete: append(all, "Dockerfile")})
	w.Settle()
	if got := w.Met(repo); got != "" {
		t.Errorf("met %q", got)
	}
	earned, err := w.Store.Earned(context.Background(), repo.ID())
	if err != nil || len(earned) < 5 {
		t.Errorf("earned: %v, %v", earned, err)
	}
	if body := w.Issue(repo).Body; !strings.Contains(body, "0 of 7") || !strings.Contains(body, "earned earlier need attention") {
		t.Errorf("the loss is not told:\n%s", body)
	}
	w.Sim.PushFiles(repo, "", w.Owner, "back", starter())
	w.Settle()
	if body := w.Issue(repo).Body; !strings.Contains(body, "4 of 7") {
		t.Errorf("what is back is not told:\n%s", body)
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
	suspended := func() bool {
		row, err := w.Store.Installation(t.Context(), w.Inst.ID)
		if err != nil {
			t.Fatal(err)
		}
		return row.Suspended
	}
	if !suspended() {
		t.Error("the installation's row does not say that it is suspended")
	}
	w.Sim.ResetCalls()
	push(w, repo) // GitHub sends nothing meanwhile
	w.Sweep(repo)
	if got := w.Repo(repo).State; got != evaluate.StateSuspended {
		t.Errorf("state %q", got)
	}
	w.Sim.Unsuspend(w.Inst)
	w.Settle()
	if suspended() {
		t.Error("the installation's row still says that it is suspended")
	}
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
	w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan {
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

// TestRemovedStaysRemoved: a push of before the removal arrives after it.
func TestRemovedStaysRemoved(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	repo := w.Sim.CreateRepo(w.Owner, "one", githubsim.RepoOptions{})
	w.Sim.PushFiles(repo, "", w.Owner, "start", starter())
	inst := w.Sim.Install(w.App, w.Owner, repo)
	w.Settle()
	w.Sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan {
		if d.Event == "push" {
			return githubsim.Plan{Behind: 1}
		}
		return githubsim.Plan{}
	})
	w.Sim.PushFiles(repo, "", w.Owner, "image", map[string]string{"Dockerfile": "FROM scratch\n"})
	w.Sim.RemoveRepos(inst, repo)
	w.Settle()
	if w.Repo(repo).RemovedAt.IsZero() {
		t.Error("a delivery of before the removal brought the repository back")
	}
	w.Sim.PlanDeliveries(nil)
	w.Sim.AddRepos(inst, repo)
	w.Settle()
	if !w.Repo(repo).RemovedAt.IsZero() || !strings.Contains(w.Met(repo), "dockerfile") {
		t.Errorf("added again, it is not up to date: met %s", w.Met(repo))
	}
}

func TestHomepageTakenAway(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	for _, address := range []string{"https://shop.example", ""} {
		w.Sim.SetHomepage(repo, address)
		w.Settle()
		if got := w.Repo(repo).Homepage; got != address {
			t.Errorf("the homepage is %q, want %q", got, address)
		}
	}
}
