package githubsim_test

import (
	"net/http"
	"testing"

	"github.com/google/go-github/v62/github"

	"milepost/bot/githubsim"
)

// TestTheRestOfTheInterface calls the operations that no story of the other tests needs.
func TestTheRestOfTheInterface(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.asInst
	const o, r = "alice", "shop"
	head := w.PushFiles(w.repo, "", w.alice, "start", map[string]string{"a": "1"})
	w.Push(w.repo, "next", w.alice, githubsim.Commit{Files: map[string]string{"b": "1"}})
	w.CompleteWorkflowRun(w.repo, head, "success")
	pr := must[*github.PullRequest](t)(c.PullRequests.Create(ctx, o, r, &github.NewPullRequest{Title: github.String("x"), Head: github.String("next"), Base: github.String("main")}))
	if merged, _, err := c.PullRequests.IsMerged(ctx, o, r, pr.GetNumber()); merged || err != nil {
		t.Errorf("merged: %v %v", merged, err)
	}
	owner := w.tokenClient(t, w.UserToken(w.alice))
	if got := must[*github.PullRequestMergeResult](t)(owner.PullRequests.Merge(ctx, o, r, pr.GetNumber(), "", nil)); !got.GetMerged() {
		t.Errorf("merge: %v", got)
	}
	wantStatus(t, "merge by the app", http.StatusForbidden)(c.PullRequests.Merge(ctx, o, r, pr.GetNumber(), "", nil))
	must[*github.CheckSuite](t)(c.Checks.CreateCheckSuite(ctx, o, r, github.CreateCheckSuiteOptions{HeadSHA: head}))
	run := must[*github.CheckRun](t)(c.Checks.CreateCheckRun(ctx, o, r, checkRun(head)))
	if _, err := c.Checks.ReRequestCheckRun(ctx, o, r, run.GetID()); err != nil {
		t.Error(err)
	}
	must[*github.WorkflowRuns](t)(c.Actions.ListWorkflowRunsByFileName(ctx, o, r, "ci.yml", nil))
	if yes, _, err := c.Repositories.IsCollaborator(ctx, o, r, "alice"); !yes || err != nil {
		t.Errorf("collaborator: %v %v", yes, err)
	}
	n := w.OpenIssue(w.repo, w.alice, "x", "")
	if _, err := c.Issues.Lock(ctx, o, r, n, nil); err != nil {
		t.Error(err)
	}
	wantStatus(t, "locked", http.StatusForbidden)(c.Issues.CreateComment(ctx, o, r, n, &github.IssueComment{Body: github.String("x")}))
	if _, err := c.Issues.Unlock(ctx, o, r, n); err != nil {
		t.Error(err)
	}
	x := must[*github.Reaction](t)(c.Reactions.CreateIssueReaction(ctx, o, r, n, "heart"))
	if _, err := c.Reactions.DeleteIssueReaction(ctx, o, r, n, x.GetID()); err != nil {
		t.Error(err)
	}
	if resp, err := c.Client().Get(w.APIURL() + "/repos/alice/shop/tarball"); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("tarball of the default branch: %v %v", resp, err)
	} else {
		_ = resp.Body.Close()
	}
	must[*github.HookConfig](t)(w.asApp.Apps.UpdateHookConfig(ctx, &github.HookConfig{URL: github.String("http://127.0.0.1:1/")}))
	ofOrg := w.Install(w.app, w.org)
	must[*github.Installation](t)(w.asApp.Apps.FindOrganizationInstallation(ctx, "academy"))
	oc := w.instClient(t, w.app, ofOrg)
	if yes, _, err := oc.Organizations.IsMember(ctx, "academy", "bob"); !yes || err != nil {
		t.Errorf("member: %v %v", yes, err)
	}
	if _, err := oc.Apps.RevokeInstallationToken(ctx); err != nil {
		t.Error(err)
	}
	if _, err := w.asApp.Apps.DeleteInstallation(ctx, ofOrg.ID); err != nil {
		t.Error(err)
	}
	wantStatus(t, "uninstalled", http.StatusNotFound)(w.asApp.Apps.GetInstallation(ctx, ofOrg.ID))
	anon := w.client(t, http.DefaultTransport)
	wantStatus(t, "private to nobody", http.StatusNotFound)(anon.Repositories.Get(ctx, o, r))
	w.SetPrivate(w.repo, false)
	must[*github.Repository](t)(anon.Repositories.Get(ctx, o, r))
	wantStatus(t, "write by nobody", http.StatusUnauthorized)(anon.Issues.Create(ctx, o, r, &github.IssueRequest{Title: github.String("x")}))
}
