package githubsim_test

import (
	"net/http"
	"testing"

	"github.com/google/go-github/v62/github"

	"milepost/bot/githubsim"
)

func TestEveryReadOfARepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	first := w.PushFiles(w.repo, "", w.alice, "Start the shop", map[string]string{
		"README.md": "# Shop\n\nSells things.\n", "src/app.js": "const a = 1;\nconsole.log(a);\n", ".github/workflows/ci.yml": "on: push\n"})
	second := w.PushFiles(w.repo, "", w.alice, "Say more", map[string]string{"src/app.js": "const a = 2;\nconsole.log(a);\n"})
	w.Push(w.repo, "feature/cart", w.alice, githubsim.Commit{Message: "Add a cart", Files: map[string]string{"src/cart.js": "export {};\n"}})
	n := w.OpenPull(w.repo, w.alice, githubsim.PullOptions{Title: "Cart", Head: "feature/cart"})
	w.Review(w.repo, n, w.bob, "commented", "Nice")
	w.CompleteWorkflowRun(w.repo, second, "success")
	w.Deploy(w.repo, w.alice, second, "production", "success", "https://shop.example.com")
	w.SetStatus(w.repo, w.alice, second, "success", "ci/other", "https://ci.example.com")
	w.SetCollaborator(w.repo, w.bob, "triage")
	c := w.asInst
	const o, r = "alice", "shop"

	repo := must[*github.Repository](t)(c.Repositories.Get(ctx, o, r))
	if repo.GetDefaultBranch() != "main" || !repo.GetPrivate() || repo.GetLanguage() != "JavaScript" {
		t.Errorf("repository: %v", repo)
	}
	must[*github.Repository](t)(c.Repositories.GetByID(ctx, w.repo.ID()))
	tree := must[*github.Tree](t)(c.Git.GetTree(ctx, o, r, second, true))
	if len(tree.Entries) != 6 || tree.GetTruncated() {
		t.Errorf("tree has %d entries: %v", len(tree.Entries), tree)
	}
	raw := must[[]byte](t)(c.Git.GetBlobRaw(ctx, o, r, tree.Entries[3].GetSHA()))
	must[*github.Blob](t)(c.Git.GetBlob(ctx, o, r, tree.Entries[3].GetSHA()))
	if string(raw) != "# Shop\n\nSells things.\n" {
		t.Errorf("blob %s: %q", tree.Entries[3].GetPath(), raw)
	}
	must[*github.Commit](t)(c.Git.GetCommit(ctx, o, r, first))
	must[*github.Reference](t)(c.Git.GetRef(ctx, o, r, "heads/feature/cart"))
	commits := must[[]*github.RepositoryCommit](t)(c.Repositories.ListCommits(ctx, o, r, &github.CommitsListOptions{Author: "alice", ListOptions: github.ListOptions{PerPage: 1}}))
	if len(commits) != 1 || commits[0].GetSHA() != second {
		t.Errorf("commits: %v", commits)
	}
	commit := must[*github.RepositoryCommit](t)(c.Repositories.GetCommit(ctx, o, r, "main", nil))
	if len(commit.Files) != 1 || commit.Files[0].GetPatch() != "@@ -1,2 +1,2 @@\n-const a = 1;\n+const a = 2;\n console.log(a);" {
		t.Errorf("commit: %v", commit.Files)
	}
	cmp := must[*github.CommitsComparison](t)(c.Repositories.CompareCommits(ctx, o, r, first, second, nil))
	if cmp.GetAheadBy() != 1 || cmp.GetStatus() != "ahead" {
		t.Errorf("comparison: %v", cmp)
	}
	must[[]*github.Branch](t)(c.Repositories.ListBranches(ctx, o, r, nil))
	must[*github.Branch](t)(c.Repositories.GetBranch(ctx, o, r, "main", 0))
	must[*github.RepositoryContent](t)(c.Repositories.GetReadme(ctx, o, r, nil))
	file, _, _, err := c.Repositories.GetContents(ctx, o, r, "src/app.js", nil)
	if text, _ := file.GetContent(); err != nil || text != "const a = 2;\nconsole.log(a);\n" {
		t.Errorf("content: %q, %v", text, err)
	}
	for _, dir := range []string{"", "src"} {
		if _, list, _, err := c.Repositories.GetContents(ctx, o, r, dir, nil); err != nil || len(list) == 0 {
			t.Errorf("folder %q: %v, %v", dir, list, err)
		}
	}
	must[map[string]int](t)(c.Repositories.ListLanguages(ctx, o, r))
	must[[]string](t)(c.Repositories.ListAllTopics(ctx, o, r))
	must[[]*github.Contributor](t)(c.Repositories.ListContributors(ctx, o, r, nil))
	must[[]*github.User](t)(c.Repositories.ListCollaborators(ctx, o, r, nil))
	perm := must[*github.RepositoryPermissionLevel](t)(c.Repositories.GetPermissionLevel(ctx, o, r, "bob"))
	if perm.GetPermission() != "read" {
		t.Errorf("permission: %v", perm)
	}
	pulls := must[[]*github.PullRequest](t)(c.PullRequests.List(ctx, o, r, &github.PullRequestListOptions{State: "all", Sort: "updated"}))
	pull := must[*github.PullRequest](t)(c.PullRequests.Get(ctx, o, r, n))
	if len(pulls) != 1 || pull.GetChangedFiles() != 1 || pull.GetCommits() != 1 || pull.GetAdditions() != 1 {
		t.Errorf("pull request: %v", pull)
	}
	must[[]*github.CommitFile](t)(c.PullRequests.ListFiles(ctx, o, r, n, nil))
	must[[]*github.RepositoryCommit](t)(c.PullRequests.ListCommits(ctx, o, r, n, nil))
	must[[]*github.PullRequestReview](t)(c.PullRequests.ListReviews(ctx, o, r, n, nil))
	must[[]*github.PullRequest](t)(c.PullRequests.ListPullRequestsWithCommit(ctx, o, r, pull.GetHead().GetSHA(), nil))
	must[*github.ListCheckRunsResults](t)(c.Checks.ListCheckRunsForRef(ctx, o, r, "main", nil))
	must[*github.ListCheckSuiteResults](t)(c.Checks.ListCheckSuitesForRef(ctx, o, r, "main", nil))
	runs := must[*github.WorkflowRuns](t)(c.Actions.ListRepositoryWorkflowRuns(ctx, o, r, &github.ListWorkflowRunsOptions{Branch: "main", Status: "completed"}))
	if runs.GetTotalCount() != 1 || runs.WorkflowRuns[0].GetConclusion() != "success" {
		t.Errorf("workflow runs: %v", runs)
	}
	must[*github.WorkflowRun](t)(c.Actions.GetWorkflowRunByID(ctx, o, r, runs.WorkflowRuns[0].GetID()))
	must[*github.Workflows](t)(c.Actions.ListWorkflows(ctx, o, r, nil))
	deps := must[[]*github.Deployment](t)(c.Repositories.ListDeployments(ctx, o, r, nil))
	sts := must[[]*github.DeploymentStatus](t)(c.Repositories.ListDeploymentStatuses(ctx, o, r, deps[0].GetID(), nil))
	if sts[0].GetState() != "success" || sts[0].GetEnvironmentURL() != "https://shop.example.com" {
		t.Errorf("deployment status: %v", sts[0])
	}
	if _, _, err := c.Repositories.GetCombinedStatus(ctx, o, r, "main", nil); err == nil {
		t.Error("statuses were readable without the permission")
	}
	owner := w.tokenClient(t, w.UserToken(w.alice))
	must[*github.CombinedStatus](t)(owner.Repositories.GetCombinedStatus(ctx, o, r, "main", nil))
	must[[]*github.RepoStatus](t)(owner.Repositories.ListStatuses(ctx, o, r, "main", nil))
	must[*github.User](t)(owner.Users.Get(ctx, ""))
	must[*github.User](t)(owner.Users.Get(ctx, "bob"))
	must[*github.RateLimits](t)(c.RateLimit.Get(ctx))
	must[*github.APIMeta](t)(c.Meta.Get(ctx))
	resp, err := c.Client().Get(w.APIURL() + "/repos/alice/shop/tarball/" + second)
	if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/x-gzip" {
		t.Errorf("tarball: %v %v", resp, err)
	}
	_ = resp.Body.Close()
}
