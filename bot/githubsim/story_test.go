package githubsim_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-github/v62/github"
	"golang.org/x/oauth2"

	"milepost/bot/githubsim"
)

func TestIssuesLabelsCommentsReactions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.asInst
	const o, r = "alice", "shop"
	must[*github.Label](t)(c.Issues.CreateLabel(ctx, o, r, &github.Label{Name: github.String("milepost"), Color: github.String("0e8a16")}))
	must[[]*github.Label](t)(c.Issues.ListLabels(ctx, o, r, nil))
	must[*github.Label](t)(c.Issues.GetLabel(ctx, o, r, "milepost"))
	must[*github.Label](t)(c.Issues.EditLabel(ctx, o, r, "bug", &github.Label{Color: github.String("ff0000")}))
	is := must[*github.Issue](t)(c.Issues.Create(ctx, o, r, &github.IssueRequest{Title: github.String("Progress"), Body: github.String("- [ ] again <!-- id:recheck -->"), Labels: &[]string{"milepost"}}))
	if is.GetUser().GetLogin() != "milepost-test[bot]" || is.GetUser().GetType() != "Bot" {
		t.Errorf("author: %v", is.GetUser())
	}
	n := is.GetNumber()
	must[*github.Issue](t)(c.Issues.Edit(ctx, o, r, n, &github.IssueRequest{Body: github.String("- [ ] again <!-- id:recheck -->\nmore")}))
	if !w.TickBox(w.repo, w.alice, n, "id:recheck") {
		t.Error("no box")
	}
	got := must[*github.Issue](t)(c.Issues.Get(ctx, o, r, n))
	if !strings.HasPrefix(got.GetBody(), "- [x] again") {
		t.Errorf("body: %q", got.GetBody())
	}
	list := must[[]*github.Issue](t)(c.Issues.ListByRepo(ctx, o, r, &github.IssueListByRepoOptions{State: "all", Creator: "milepost-test[bot]", Labels: []string{"milepost"}}))
	if len(list) != 1 {
		t.Errorf("list: %v", list)
	}
	k := must[*github.IssueComment](t)(c.Issues.CreateComment(ctx, o, r, n, &github.IssueComment{Body: github.String("hello")}))
	must[*github.IssueComment](t)(c.Issues.EditComment(ctx, o, r, k.GetID(), &github.IssueComment{Body: github.String("hello again")}))
	must[*github.IssueComment](t)(c.Issues.GetComment(ctx, o, r, k.GetID()))
	must[[]*github.IssueComment](t)(c.Issues.ListComments(ctx, o, r, n, nil))
	x := must[*github.Reaction](t)(c.Reactions.CreateIssueCommentReaction(ctx, o, r, k.GetID(), "eyes"))
	must[[]*github.Reaction](t)(c.Reactions.ListIssueCommentReactions(ctx, o, r, k.GetID(), nil))
	must[*github.Reaction](t)(c.Reactions.CreateIssueReaction(ctx, o, r, n, "rocket"))
	must[[]*github.Reaction](t)(c.Reactions.ListIssueReactions(ctx, o, r, n, nil))
	if _, err := c.Reactions.DeleteIssueCommentReaction(ctx, o, r, k.GetID(), x.GetID()); err != nil {
		t.Error(err)
	}
	must[[]*github.Label](t)(c.Issues.AddLabelsToIssue(ctx, o, r, n, []string{"bug", "fresh"}))
	must[[]*github.Label](t)(c.Issues.ListLabelsByIssue(ctx, o, r, n, nil))
	must[[]*github.Label](t)(c.Issues.ReplaceLabelsForIssue(ctx, o, r, n, []string{"milepost", "fresh"}))
	if _, err := c.Issues.RemoveLabelForIssue(ctx, o, r, n, "fresh"); err != nil {
		t.Error(err)
	}
	if _, err := c.Issues.DeleteLabel(ctx, o, r, "fresh"); err != nil {
		t.Error(err)
	}
	if _, err := c.Issues.DeleteComment(ctx, o, r, k.GetID()); err != nil {
		t.Error(err)
	}
	must[*github.Issue](t)(c.Issues.Edit(ctx, o, r, n, &github.IssueRequest{State: github.String("closed"), StateReason: github.String("not_planned")}))
	if edits := w.settle(t, "issues", "edited"); len(edits) != 2 {
		t.Errorf("%d edited events", len(edits))
	}
	for _, d := range w.settle(t, "issue_comment", "created") {
		sender := d.body["sender"].(map[string]any)
		if sender["login"] != "milepost-test[bot]" || sender["type"] != "Bot" {
			t.Errorf("sender: %v", sender)
		}
	}

	other := w.CreateRepo(w.alice, "other", githubsim.RepoOptions{})
	moved := w.TransferIssue(w.repo, w.alice, n, other)
	if at := must[*github.Issue](t)(c.Issues.Get(ctx, o, r, n)); at.GetNumber() != moved || !strings.Contains(at.GetRepositoryURL(), "/other") {
		t.Errorf("transferred issue: %v", at)
	}
	w.DeleteIssue(other, w.alice, moved)
	wantStatus(t, "deleted issue", http.StatusGone)(c.Issues.Get(ctx, o, "other", moved))
	w.SetIssuesEnabled(w.repo, false)
	wantStatus(t, "issues off", http.StatusGone)(c.Issues.Create(ctx, o, r, &github.IssueRequest{Title: github.String("x")}))
	long := strings.Repeat("a", 65537)
	wantStatus(t, "long body", http.StatusUnprocessableEntity)(c.Issues.Create(ctx, o, "other", &github.IssueRequest{Title: github.String("x"), Body: &long}))
}

func wantStatus(t *testing.T, what string, status int) func(any, *github.Response, error) {
	t.Helper()
	return func(_ any, resp *github.Response, err error) {
		t.Helper()
		if err == nil || resp == nil || resp.StatusCode != status {
			t.Errorf("%s: want status %d, got %v", what, status, err)
		}
	}
}

func TestPullRequestAndCheckRun(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx, c := t.Context(), w.asInst
	w.PushFiles(w.repo, "", w.alice, "start", map[string]string{"a.txt": "one\n"})
	w.Push(w.repo, "tests", w.alice, githubsim.Commit{Message: "tests", Files: map[string]string{"t.txt": "t\n"}})
	n := w.OpenPull(w.repo, w.alice, githubsim.PullOptions{Title: "Tests", Head: "tests"})
	head := w.PushToPull(w.repo, n, w.alice, githubsim.Commit{Message: "more", Files: map[string]string{"t2.txt": "t\n"}})
	run := must[*github.CheckRun](t)(c.Checks.CreateCheckRun(ctx, "alice", "shop", github.CreateCheckRunOptions{Name: "Milepost", HeadSHA: head, Status: github.String("in_progress")}))
	run = must[*github.CheckRun](t)(c.Checks.UpdateCheckRun(ctx, "alice", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "Milepost", Status: github.String("completed"),
		Conclusion: github.String("success"), Output: &github.CheckRunOutput{Title: github.String("Completes 1 milestone"), Summary: github.String("**ok** @alice #1"),
			Annotations: []*github.CheckRunAnnotation{{Path: github.String("t.txt"), StartLine: github.Int(1), EndLine: github.Int(1), AnnotationLevel: github.String("notice"), Message: github.String("here")}}},
		Actions: []*github.CheckRunAction{{Label: "Explain", Description: "Say why", Identifier: "explain"}}}))
	if run.GetConclusion() != "success" || len(run.PullRequests) != 1 {
		t.Errorf("check run: %v", run)
	}
	must[*github.CheckRun](t)(c.Checks.GetCheckRun(ctx, "alice", "shop", run.GetID()))
	must[[]*github.CheckRunAnnotation](t)(c.Checks.ListCheckRunAnnotations(ctx, "alice", "shop", run.GetID(), nil))
	suites := must[*github.ListCheckSuiteResults](t)(c.Checks.ListCheckSuitesForRef(ctx, "alice", "shop", head, nil))
	must[*github.CheckSuite](t)(c.Checks.GetCheckSuite(ctx, "alice", "shop", suites.CheckSuites[0].GetID()))
	must[*github.ListCheckRunsResults](t)(c.Checks.ListCheckRunsCheckSuite(ctx, "alice", "shop", suites.CheckSuites[0].GetID(), nil))
	w.RequestAction(w.repo, w.alice, run.GetID(), "explain")
	w.RerequestCheckRun(w.repo, w.alice, run.GetID())
	if _, err := w.QueueMerge(w.repo, n, w.alice); err != nil {
		t.Error(err)
	}
	sha, err := w.MergePull(w.repo, n, w.alice, "squash")
	if err != nil || w.repo.Head("main") != sha {
		t.Fatalf("merge: %v", err)
	}
	if text, found := w.repo.File("", "t2.txt"); !found || text != "t\n" {
		t.Error("the merge lost a file")
	}
	for _, want := range []struct {
		event, action string
		n             int
	}{{"pull_request", "opened", 1}, {"pull_request", "synchronize", 1}, {"pull_request", "closed", 1}, {"check_run", "requested_action", 1},
		{"check_run", "rerequested", 1}, {"check_run", "created", 1}, {"check_run", "completed", 1}, {"merge_group", "checks_requested", 1}, {"push", "", 4}} {
		if got := w.settle(t, want.event, want.action); len(got) != want.n {
			t.Errorf("%s.%s: %d deliveries, want %d", want.event, want.action, len(got), want.n)
		}
	}
	w.Push(w.repo, "left", w.alice, githubsim.Commit{Files: map[string]string{"a.txt": "left\n"}})
	m := w.OpenPull(w.repo, w.alice, githubsim.PullOptions{Title: "Conflict", Head: "left"})
	w.PushFiles(w.repo, "", w.alice, "right", map[string]string{"a.txt": "right\n"})
	if _, err := w.MergePull(w.repo, m, w.alice, "merge"); err == nil {
		t.Error("a conflict was merged")
	}
	wantStatus(t, "51 annotations", http.StatusUnprocessableEntity)(c.Checks.UpdateCheckRun(ctx, "alice", "shop", run.GetID(), github.UpdateCheckRunOptions{Name: "Milepost",
		Output: &github.CheckRunOutput{Title: github.String("x"), Summary: github.String("y"), Annotations: make([]*github.CheckRunAnnotation, 51)}}))
	for _, page := range []string{"/", "/alice/shop", "/alice/shop/issues", "/alice/shop/pulls", "/alice/shop/pull/1", "/alice/shop/commit/" + head, "/alice/shop/blob/" + head + "/t.txt",
		"/alice/shop/new/main?filename=Dockerfile&value=FROM+x", "/_style.css", "/_avatars/7.svg", "/apps/milepost-test/installations/new", "/alice/shop/runs/" + itoa(run.GetID())} {
		resp, err := http.Get(w.URL() + page)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK || strings.Contains(string(body), "template:") {
			t.Errorf("%s: %d %.200s", page, resp.StatusCode, body)
		}
	}
}

func itoa(n int64) string { return github.Stringify(n) }

func TestAppsAndTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	must[*github.App](t)(w.asApp.Apps.Get(ctx, ""))
	must[[]*github.Installation](t)(w.asApp.Apps.ListInstallations(ctx, nil))
	must[*github.Installation](t)(w.asApp.Apps.GetInstallation(ctx, w.inst.ID))
	must[*github.Installation](t)(w.asApp.Apps.FindRepositoryInstallation(ctx, "alice", "shop"))
	must[*github.Installation](t)(w.asApp.Apps.FindUserInstallation(ctx, "alice"))
	must[*github.HookConfig](t)(w.asApp.Apps.GetHookConfig(ctx))
	must[*github.ListRepositories](t)(w.asInst.Apps.ListRepos(ctx, nil))
	tok := must[*github.InstallationToken](t)(w.asApp.Apps.CreateInstallationToken(ctx, w.inst.ID, &github.InstallationTokenOptions{Repositories: []string{"shop"}, Permissions: &github.InstallationPermissions{Contents: github.String("read")}}))
	narrow := w.tokenClient(t, tok.GetToken())
	must[*github.Repository](t)(narrow.Repositories.Get(ctx, "alice", "shop"))
	wantStatus(t, "narrow token", http.StatusForbidden)(narrow.Issues.Create(ctx, "alice", "shop", &github.IssueRequest{Title: github.String("x")}))
	w.now.Add(61 * time.Minute)
	wantStatus(t, "expired token", http.StatusUnauthorized)(narrow.Repositories.Get(ctx, "alice", "shop"))
	wantStatus(t, "no key", http.StatusUnauthorized)(w.tokenClient(t, "a.b.c").Apps.Get(ctx, ""))
	wantStatus(t, "expired JWT", http.StatusUnauthorized)(w.asApp.Apps.Get(ctx, ""))
}

func TestAccessOfOrganisationsAndPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	eve := w.AddUser("eve", "", "")
	w.SetMember(w.org, w.alice, "member")
	team := w.AddTeam(w.org, "Mentors", w.alice)
	r := w.CreateRepo(w.org, "course", githubsim.RepoOptions{Private: true})
	w.GrantTeam(team, r, "maintain")
	c := w.instClient(t, w.app, w.Install(w.app, w.org, r))
	must[*github.Organization](t)(c.Organizations.Get(ctx, "academy"))
	must[[]*github.User](t)(c.Organizations.ListMembers(ctx, "academy", nil))
	must[*github.Membership](t)(c.Organizations.GetOrgMembership(ctx, "alice", "academy"))
	must[[]*github.Team](t)(c.Teams.ListTeams(ctx, "academy", nil))
	must[*github.Team](t)(c.Teams.GetTeamBySlug(ctx, "academy", "mentors"))
	must[[]*github.User](t)(c.Teams.ListTeamMembersBySlug(ctx, "academy", "mentors", nil))
	must[*github.Membership](t)(c.Teams.GetTeamMembershipBySlug(ctx, "academy", "mentors", "alice"))
	wantStatus(t, "no member", http.StatusNotFound)(c.Teams.GetTeamMembershipBySlug(ctx, "academy", "mentors", "eve"))
	if perm := must[*github.RepositoryPermissionLevel](t)(c.Repositories.GetPermissionLevel(ctx, "academy", "course", "alice")); perm.GetPermission() != "write" {
		t.Errorf("maintain reads as %q", perm.GetPermission())
	}
	for _, who := range []struct {
		account *githubsim.Account
		n       int
	}{{w.alice, 2}, {w.bob, 1}, {eve, 0}} {
		user := w.tokenClient(t, w.signIn(t, who.account.Login()))
		list := must[[]*github.Installation](t)(user.Apps.ListUserInstallations(ctx, nil))
		if len(list) != who.n {
			t.Errorf("%s sees %d installations, want %d", who.account.Login(), len(list), who.n)
		}
		for _, inst := range list {
			must[*github.ListRepositories](t)(user.Apps.ListUserRepos(ctx, inst.GetID(), nil))
		}
	}
	wantStatus(t, "outsider", http.StatusNotFound)(w.tokenClient(t, w.UserToken(eve)).Repositories.Get(ctx, "academy", "course"))
	w.Block(r, http.StatusUnavailableForLegalReasons)
	wantStatus(t, "blocked", http.StatusUnavailableForLegalReasons)(c.Repositories.Get(ctx, "academy", "course"))
}

// signIn goes through the sign-in flow with state and PKCE and returns the user token.
func (w *world) signIn(t *testing.T, login string) string {
	t.Helper()
	conf := oauth2.Config{ClientID: w.app.ClientID, ClientSecret: w.app.ClientSecret, RedirectURL: "http://127.0.0.1:1/callback",
		Endpoint: oauth2.Endpoint{AuthURL: w.URL() + "/login/oauth/authorize", TokenURL: w.URL() + "/login/oauth/access_token"}}
	verifier := oauth2.GenerateVerifier()
	to := conf.AuthCodeURL("st8", oauth2.S256ChallengeOption(verifier)) + "&auto=1&login=" + login
	jar, _ := cookiejar.New(nil)
	cl := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := cl.Get(to)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := resp.Location()
	if err != nil || back.Query().Get("state") != "st8" {
		t.Fatalf("authorize: %v %v", resp.Status, err)
	}
	code := back.Query().Get("code")
	tok, err := conf.Exchange(t.Context(), code, oauth2.VerifierOption(verifier))
	if err != nil || tok.RefreshToken == "" {
		t.Fatalf("token: %v", err)
	}
	if _, err := conf.Exchange(t.Context(), code, oauth2.VerifierOption(verifier)); err == nil {
		t.Error("a code was redeemed twice")
	}
	return tok.AccessToken
}

func TestSignInNeedsItsVerifier(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sum := sha256.Sum256([]byte("right"))
	q := url.Values{"client_id": {w.app.ClientID}, "redirect_uri": {"http://127.0.0.1:1/cb"}, "auto": {"1"}, "login": {"alice"}, "code_challenge_method": {"S256"},
		"code_challenge": {base64.RawURLEncoding.EncodeToString(sum[:])}}
	cl := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := cl.Get(w.URL() + "/login/oauth/authorize?" + q.Encode())
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, _ := resp.Location()
	resp, err = cl.PostForm(w.URL()+"/login/oauth/access_token", url.Values{"client_id": {w.app.ClientID}, "client_secret": {w.app.ClientSecret}, "code": {back.Query().Get("code")}, "code_verifier": {"wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if !strings.Contains(string(body), "error=bad_verification_code") {
		t.Errorf("wrong verifier: %s", body)
	}
}

func TestManifestFlow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	form := url.Values{"manifest": {`{"name":"Road","url":"http://x.test","redirect_url":"http://127.0.0.1:1/setup","hook_attributes":{"url":"http://127.0.0.1:1/hook"},"default_events":["push"],"default_permissions":{"issues":"write"}}`}}
	cl := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	at := w.URL() + "/organizations/academy/settings/apps/new?state=abc"
	resp, err := cl.PostForm(at, form)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !strings.Contains(string(body), "Create GitHub App for academy") {
		t.Fatalf("page: %d %s", resp.StatusCode, body)
	}
	form.Set("name", "Road Two")
	if resp, err = cl.PostForm(at, form); err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	back, err := resp.Location()
	if err != nil || back.Query().Get("state") != "abc" {
		t.Fatalf("redirect: %v %v", back, err)
	}
	anon := w.client(t, http.DefaultTransport)
	conf := must[*github.AppConfig](t)(anon.Apps.CompleteAppManifest(t.Context(), back.Query().Get("code")))
	if conf.GetSlug() != "road-two" || conf.GetPEM() == "" || conf.GetWebhookSecret() == "" {
		t.Errorf("app: %v", conf.GetSlug())
	}
	if _, _, err := anon.Apps.CompleteAppManifest(t.Context(), back.Query().Get("code")); err == nil {
		t.Error("a code was converted twice")
	}
}

func TestRenamesEmptyArchivedTruncated(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *githubsim.Options) { o.TreeLimit = 3 })
	ctx, c := t.Context(), w.asInst
	wantStatus(t, "empty repository", http.StatusConflict)(c.Git.GetTree(ctx, "alice", "shop", "main", true))
	wantStatus(t, "no repository", http.StatusNotFound)(c.Repositories.Get(ctx, "alice", "nothing"))
	w.Push(w.repo, "", w.alice, githubsim.Commit{Files: map[string]string{"a": "1", "d/b": "2", "run.sh": "#!/bin/sh\n"}, Symlinks: map[string]string{"link": "a"},
		Submodules: map[string]string{"sub": strings.Repeat("1", 40)}, Executable: []string{"run.sh"}})
	if tree := must[*github.Tree](t)(c.Git.GetTree(ctx, "alice", "shop", "main", true)); !tree.GetTruncated() || len(tree.Entries) != 3 {
		t.Errorf("tree: %v", tree)
	}
	link, _, _, err := c.Repositories.GetContents(ctx, "alice", "shop", "link", nil)
	if err != nil || link.GetTarget() != "a" || link.GetType() != "symlink" {
		t.Errorf("symlink: %v %v", link, err)
	}
	w.Rename(w.repo, "store")
	if r := must[*github.Repository](t)(c.Repositories.Get(ctx, "alice", "shop")); r.GetName() != "store" {
		t.Errorf("redirect: %v", r)
	}
	must[*github.Issue](t)(c.Issues.Create(ctx, "alice", "shop", &github.IssueRequest{Title: github.String("by the old name")}))
	w.Archive(w.repo, true)
	wantStatus(t, "archived", http.StatusForbidden)(c.Issues.Create(ctx, "alice", "store", &github.IssueRequest{Title: github.String("x")}))
	w.DeleteRepo(w.repo)
	wantStatus(t, "deleted", http.StatusNotFound)(c.Repositories.Get(ctx, "alice", "store"))
}

func TestETagsAndLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *githubsim.Options) { o.RateLimit, o.ContentPerMinute = 8, 2 })
	ctx, c := t.Context(), w.asInst
	_, resp, err := c.Repositories.Get(ctx, "alice", "shop")
	if err != nil {
		t.Fatal(err)
	}
	req, _ := c.NewRequest(http.MethodGet, "repos/alice/shop", nil)
	req.Header.Set("If-None-Match", resp.Header.Get("ETag"))
	again, _ := c.Do(ctx, req, nil)
	if again.StatusCode != http.StatusNotModified || again.Rate.Remaining != resp.Rate.Remaining {
		t.Errorf("conditional: %d, remaining %d then %d", again.StatusCode, resp.Rate.Remaining, again.Rate.Remaining)
	}
	for range 2 {
		must[*github.Issue](t)(c.Issues.Create(ctx, "alice", "shop", &github.IssueRequest{Title: github.String("x")}))
	}
	var abuse *github.AbuseRateLimitError
	if _, _, err := c.Issues.Create(ctx, "alice", "shop", &github.IssueRequest{Title: github.String("x")}); !errors.As(err, &abuse) || abuse.GetRetryAfter() != time.Minute {
		t.Errorf("third issue in a minute: %v", err)
	}
	c = w.instClient(t, w.app, w.inst) // forgets the limit that the client keeps in mind
	w.ExhaustRateLimit(w.inst)
	var limit *github.RateLimitError
	if _, _, err := c.Repositories.Get(ctx, "alice", "shop"); !errors.As(err, &limit) {
		t.Errorf("exhausted: %v", err)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.PushFiles(w.repo, "", w.alice, "start", map[string]string{"a": strings.Repeat("a", 5000)})
	must[*github.Repository](t)(w.asInst.Repositories.Get(t.Context(), "alice", "shop")) // fetches the token
	for name, f := range map[string]githubsim.Fault{"500": {Kind: githubsim.FaultStatus}, "502": {Kind: githubsim.FaultStatus, Status: 502}, "timeout": {Kind: githubsim.FaultTimeout},
		"cut": {Kind: githubsim.FaultCut}, "retry": {Kind: githubsim.FaultRetry}, "secondary": {Kind: githubsim.FaultSecondary}, "primary": {Kind: githubsim.FaultPrimary}} {
		w.Fail(func(*http.Request) githubsim.Fault { return f })
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		c := w.instClient(t, w.app, w.inst)
		if _, _, err := w.asInst.Repositories.Get(ctx, "alice", "shop"); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, _, err := c.Repositories.Get(ctx, "alice", "shop"); err == nil {
			t.Errorf("%s: no error without a token", name)
		}
		cancel()
		w.asInst = w.instClient(t, w.app, w.inst)
		w.Fail(nil)
		must[*github.Repository](t)(w.asInst.Repositories.Get(t.Context(), "alice", "shop"))
	}
	w.Fail(func(r *http.Request) githubsim.Fault {
		if r.Method == http.MethodPost {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Landed: true}
		}
		return githubsim.Fault{}
	})
	if _, _, err := w.asInst.Issues.Create(t.Context(), "alice", "shop", &github.IssueRequest{Title: github.String("landed")}); err == nil || len(w.Issues(w.repo)) != 1 {
		t.Errorf("a write that lands and fails: %v, %d issues", err, len(w.Issues(w.repo)))
	}
}

func TestDeliveries(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	for i, plan := range map[string]githubsim.Plan{"drop": {Drop: true}, "twice": {Copies: 1}, "late": {Behind: 1}, "next": {}} {
		w.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return plan })
		w.PauseDeliveries(true)
		w.OpenIssue(w.repo, w.alice, i, "")
	}
	w.PlanDeliveries(nil)
	w.PauseDeliveries(false)
	got := w.settle(t, "issues", "opened")
	seen := map[string]int{}
	for _, d := range got {
		m := hmac.New(sha256.New, []byte("s3cret"))
		m.Write(d.raw)
		if d.header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(m.Sum(nil)) || !strings.HasPrefix(d.header.Get("User-Agent"), "GitHub-Hookshot/") {
			t.Errorf("headers: %v", d.header)
		}
		seen[d.body["issue"].(map[string]any)["title"].(string)]++
	}
	if diff := cmp.Diff(map[string]int{"twice": 2, "late": 1, "next": 1}, seen); diff != "" {
		t.Error(diff)
	}
	list := must[[]*github.HookDelivery](t)(w.asApp.Apps.ListHookDeliveries(ctx, nil))
	for _, d := range list {
		if d.GetStatusCode() >= 400 {
			must[*github.HookDelivery](t)(w.asApp.Apps.GetHookDelivery(ctx, d.GetID()))
			_, _, err := w.asApp.Apps.RedeliverHookDelivery(ctx, d.GetID())
			var accepted *github.AcceptedError
			if err != nil && !errors.As(err, &accepted) {
				t.Error(err)
			}
		}
	}
	if got := w.settle(t, "issues", "opened"); len(got) != 5 {
		t.Errorf("%d deliveries after redelivery", len(got))
	}
	w.Suspend(w.inst)
	w.OpenIssue(w.repo, w.alice, "while suspended", "")
	w.Unsuspend(w.inst)
	w.Uninstall(w.inst)
	if got := w.settle(t, "issues", "opened"); len(got) != 5 {
		t.Error("a suspended installation got an event")
	}
	for _, action := range []string{"created", "suspend", "unsuspend", "deleted"} {
		if got := w.settle(t, "installation", action); len(got) != 1 {
			t.Errorf("installation %s: %d", action, len(got))
		}
	}
}

func checkRun(sha string) github.CreateCheckRunOptions {
	return github.CreateCheckRunOptions{Name: "Milepost", HeadSHA: sha, Status: github.String("completed"), Conclusion: github.String("neutral"),
		Output: &github.CheckRunOutput{Title: github.String("t"), Summary: github.String("s"), Text: github.String("x")}}
}
