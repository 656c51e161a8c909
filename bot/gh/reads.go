package gh

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"milepost/bot/span"
	"milepost/rules/snapshot"
)

// Account is a user, an organisation or an app's bot.
type Account struct {
	ID        int64  `json:"id"`
	Login     string `json:"login"`
	Type      string `json:"type"` // "User", "Organization", "Bot"
	AvatarURL string `json:"avatar_url"`
	Name      string `json:"name"`
}

// Bot reports whether the account is an app's.
func (a Account) Bot() bool { return a.Type == "Bot" || strings.HasSuffix(a.Login, "[bot]") }

// Repository is what GitHub says about a repository.
type Repository struct {
	ID            int64           `json:"id"`
	Name          string          `json:"name"`
	FullName      string          `json:"full_name"`
	Owner         Account         `json:"owner"`
	Private       bool            `json:"private"`
	Archived      bool            `json:"archived"`
	Disabled      bool            `json:"disabled"`
	Fork          bool            `json:"fork"`
	HasIssues     bool            `json:"has_issues"`
	DefaultBranch string          `json:"default_branch"`
	Homepage      Homepage        `json:"homepage"`
	Topics        []string        `json:"topics"` // nil where the answer leaves them out
	Size          int64           `json:"size"`   // kB; 0 for an empty one
	PushedAt      time.Time       `json:"pushed_at"`
	Permissions   map[string]bool `json:"permissions"`
}

// Homepage is the address of a repository's "About" box, "" for none; Known says that the answer tells.
type Homepage struct {
	Known bool
	URL   string
}

// UnmarshalJSON takes a string; null is none.
func (h *Homepage) UnmarshalJSON(data []byte) error {
	h.Known = true
	return json.Unmarshal(data, &h.URL)
}

// Repository reads a repository by name. A renamed or transferred one is found under its old name.
func (c *Client) Repository(ctx context.Context, r Repo) (Repository, error) {
	var out Repository
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}", r.path(""), nil, &out)
	return out, err
}

// treeAnswer is GitHub's tree.
type treeAnswer struct {
	SHA  string `json:"sha"`
	Tree []struct {
		Path string `json:"path"`
		Mode string `json:"mode"`
		Type string `json:"type"`
		SHA  string `json:"sha"`
		Size *int64 `json:"size"`
	} `json:"tree"`
	Truncated bool `json:"truncated"`
}

// Tree is a commit's list of files.
type Tree struct {
	SHA       string
	Entries   []snapshot.Entry
	Truncated bool
}

// Tree reads the whole tree of a branch, tag, commit or tree id in one request.
func (c *Client) Tree(ctx context.Context, r Repo, treeish string) (Tree, error) {
	var a treeAnswer
	err := c.conditional(ctx, "/repos/{owner}/{repo}/git/trees/{tree_sha}", r, "/git/trees/"+url.PathEscape(treeish)+"?recursive=1", !objectID.MatchString(treeish), &a)
	if err != nil {
		return Tree{}, err
	}
	t := Tree{SHA: a.SHA, Truncated: a.Truncated}
	for _, e := range a.Tree {
		entry := snapshot.Entry{Path: e.Path, Blob: e.SHA, Size: -1}
		switch {
		case e.Type == "commit":
			entry.Mode = snapshot.Submodule
		case e.Type != "blob":
			continue
		case e.Mode == "120000":
			entry.Mode = snapshot.Symlink
		case e.Mode == "100755":
			entry.Mode = snapshot.Executable
		}
		if e.Size != nil {
			entry.Size = *e.Size
		}
		t.Entries = append(t.Entries, entry)
	}
	return t, nil
}

// objectID is the form of a commit's or tree's id: what it names never changes.
var objectID = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)

// conditional reads with the validator of the last answer where there is one; an unchanged answer costs nothing of the limit. The answer is kept only
// if keep: one that is asked for once would lie about for nothing.
func (c *Client) conditional(ctx context.Context, route string, r Repo, of string, keep bool, out any) error {
	path := r.path(of)
	if c.cfg.ETags == nil || !keep {
		return c.call(ctx, http.MethodGet, route, path, nil, out)
	}
	key := strconv.FormatInt(c.installation, 10) + " " + path
	etag, body, err := c.cfg.ETags.Load(ctx, key)
	if err != nil {
		return fmt.Errorf("github: load validator: %w", err)
	}
	header := http.Header{}
	if etag != "" {
		header.Set("If-None-Match", etag)
	}
	var raw bytes.Buffer
	resp, err := c.do(ctx, http.MethodGet, route, path, nil, &raw, header)
	if err != nil {
		return err
	}
	if resp.StatusCode == http.StatusNotModified {
		raw.Write(body)
	} else if tag := resp.Header.Get("ETag"); tag != "" && raw.Len() <= maxCachedAnswer {
		if err := c.cfg.ETags.Save(ctx, key, r.ID, tag, raw.Bytes()); err != nil {
			return fmt.Errorf("github: save validator: %w", err)
		}
	}
	if err := json.Unmarshal(raw.Bytes(), out); err != nil {
		return &Error{Kind: Transient, Call: "GET " + route, Msg: "the answer was cut short or is no JSON", Err: err}
	}
	return nil
}

// maxCachedAnswer is the size in bytes up to which an answer is kept for conditional requests.
const maxCachedAnswer = 256 << 10

// Blob reads a file's content. Content beyond snapshot.MaxFileSize is [snapshot.ErrTooLarge].
func (c *Client) Blob(ctx context.Context, r Repo, sha string) ([]byte, error) {
	var a struct {
		Content  string `json:"content"`
		Encoding string `json:"encoding"`
		Size     int64  `json:"size"`
	}
	route := "/repos/{owner}/{repo}/git/blobs/{file_sha}"
	if err := c.call(ctx, http.MethodGet, route, r.path("/git/blobs/"+url.PathEscape(sha)), nil, &a); err != nil {
		return nil, err
	}
	if a.Size > snapshot.MaxFileSize {
		return nil, snapshot.ErrTooLarge
	}
	if a.Encoding == "utf-8" {
		return []byte(a.Content), nil
	}
	data, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(a.Content, "\n", ""))
	if err != nil || int64(len(data)) != a.Size {
		return nil, &Error{Kind: Transient, Call: "GET " + route, Msg: "the content was cut short", Err: err}
	}
	return data, nil
}

// tarball streams the archive of a ref through snapshot.Tar. The redirect to the archive host is followed without the installation's token: the
// address carries its own.
func (c *Client) tarball(ctx context.Context, r Repo, ref string, want func(string, int64) bool) (s *snapshot.Snapshot, err error) {
	const route = "/repos/{owner}/{repo}/tarball/{ref}"
	name := "GET " + route
	ctx, end := span.Start(ctx, name, attribute.Int64("milepost.installation", c.installation))
	defer func() { end(err) }()
	if err := c.open(ctx, name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*c.cfg.CallTimeout)
	defer cancel()
	req, err := c.request(name, http.MethodGet, r.path("/tarball/"+url.PathEscape(ref)), nil)
	if err != nil {
		return nil, err
	}
	start := c.cfg.Now()
	resp, err := c.gh.BareDo(ctx, req)
	c.observe(http.MethodGet, route, resp, c.cfg.Now().Sub(start))
	var location string
	switch {
	case resp != nil && resp.StatusCode/100 == 3:
		location = resp.Header.Get("Location")
		_ = resp.Body.Close()
	case err != nil:
		return nil, c.learn(ctx, resp, classify(name, err, c.cfg.Now()))
	default:
		defer func() { _ = resp.Body.Close() }()
		return c.untar(ctx, name, resp.Body, want)
	}
	target, err := c.gh.BaseURL.Parse(location)
	if err != nil || target.Host == "" {
		return nil, &Error{Kind: Transient, Call: name, Msg: "the redirect leads nowhere"}
	}
	get, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, &Error{Kind: Transient, Call: name, Msg: "the redirect leads nowhere"}
	}
	archive, err := (&http.Client{Transport: c.cfg.Transport}).Do(get)
	if err != nil {
		return nil, &Error{Kind: Transient, Call: name, Msg: "the archive: " + reason(err)}
	}
	defer func() { _ = archive.Body.Close() }()
	if archive.StatusCode != http.StatusOK {
		kind := Transient
		if archive.StatusCode == http.StatusNotFound {
			kind = NotFound
		}
		return nil, &Error{Kind: kind, Call: name, Status: archive.StatusCode, Msg: "the archive could not be had"}
	}
	return c.untar(ctx, name, archive.Body, want)
}

func (c *Client) untar(ctx context.Context, name string, body io.Reader, want func(string, int64) bool) (*snapshot.Snapshot, error) {
	s, err := snapshot.Tar(ctx, body, want, snapshot.TarOptions{MaxKept: c.cfg.MaxContents})
	switch {
	case err == nil:
		return s, nil
	case errors.Is(err, snapshot.ErrTooLarge):
		return nil, err
	default:
		return nil, &Error{Kind: Transient, Call: name, Msg: "the archive was cut short", Err: err}
	}
}

// Commit is a commit as GitHub lists it.
type Commit struct {
	SHA     string
	TreeSHA string
	snapshot.Commit
}

type commitAnswer struct {
	SHA    string `json:"sha"`
	Commit struct {
		Author    signature `json:"author"`
		Committer signature `json:"committer"`
		Message   string    `json:"message"`
		Tree      struct {
			SHA string `json:"sha"`
		} `json:"tree"`
	} `json:"commit"`
	Author  *Account `json:"author"`
	Parents []struct {
		SHA string `json:"sha"`
	} `json:"parents"`
}

type signature struct {
	Name  string    `json:"name"`
	Email string    `json:"email"`
	Date  time.Time `json:"date"`
}

func (a commitAnswer) commit() Commit {
	out := Commit{SHA: a.SHA, TreeSHA: a.Commit.Tree.SHA, Commit: snapshot.Commit{
		ID: a.SHA, Parents: len(a.Parents), AuthorName: a.Commit.Author.Name, AuthorEmail: a.Commit.Author.Email,
		CommitterName: a.Commit.Committer.Name, CommitterEmail: a.Commit.Committer.Email, Time: a.Commit.Committer.Date,
		Message: a.Commit.Message[:min(len(a.Commit.Message), snapshot.MaxMessage)],
	}}
	if a.Author != nil {
		out.AuthorLogin = a.Author.Login
	}
	return out
}

// Commit reads the commit that a branch, tag or id names.
func (c *Client) Commit(ctx context.Context, r Repo, ref string) (Commit, error) {
	var a commitAnswer
	if err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/commits/{ref}", r.path("/commits/"+url.PathEscape(ref)), nil, &a); err != nil {
		return Commit{}, err
	}
	return a.commit(), nil
}

// Commits reads the newest n (up to 100) commits of a branch, and gives the newest with its tree.
func (c *Client) Commits(ctx context.Context, r Repo, ref string, n int) (snapshot.CommitLog, Commit, error) {
	var a []commitAnswer
	n = min(n, 100)
	path := r.path(fmt.Sprintf("/commits?per_page=%d&sha=%s", n, url.QueryEscape(ref)))
	if err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/commits", path, nil, &a); err != nil {
		return snapshot.CommitLog{}, Commit{}, err
	}
	log := snapshot.CommitLog{Complete: len(a) < n}
	var newest Commit
	for i, e := range a {
		commit := e.commit()
		if i == 0 {
			newest = commit
		}
		log.Commits = append(log.Commits, commit.Commit)
	}
	return log, newest, nil
}

// ChangedFile is a file that differs between two commits.
type ChangedFile struct {
	Path         string `json:"filename"`
	PreviousPath string `json:"previous_filename"`
	Status       string `json:"status"` // added, removed, modified, renamed ...
	Patch        string `json:"patch"`  // unified diff; "" for large or binary files
}

// Comparison is how two commits differ.
type Comparison struct {
	MergeBase string
	Files     []ChangedFile // up to 300, from the merge base to head
}

// Compare compares two commits or branches from their merge base.
func (c *Client) Compare(ctx context.Context, r Repo, base, head string) (Comparison, error) {
	var a struct {
		MergeBase struct {
			SHA string `json:"sha"`
		} `json:"merge_base_commit"`
		Files []ChangedFile `json:"files"`
	}
	path := r.path("/compare/" + url.PathEscape(base) + "..." + url.PathEscape(head) + "?per_page=1")
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/compare/{basehead}", path, nil, &a)
	return Comparison{MergeBase: a.MergeBase.SHA, Files: a.Files}, err
}

// PullRequest is a pull request.
type PullRequest struct {
	Number   int       `json:"number"`
	Title    string    `json:"title"`
	State    string    `json:"state"`
	Draft    bool      `json:"draft"`
	Merged   bool      `json:"merged"`
	MergedAt time.Time `json:"merged_at"`
	MergeSHA string    `json:"merge_commit_sha"`
	User     Account   `json:"user"`
	MergedBy *Account  `json:"merged_by"`
	Head     Branch    `json:"head"`
	Base     Branch    `json:"base"`
}

// Branch is an end of a pull request.
type Branch struct {
	Ref  string      `json:"ref"`
	SHA  string      `json:"sha"`
	Repo *Repository `json:"repo"` // nil when the fork is gone
}

// FromFork reports whether the pull request comes from another repository.
func (p PullRequest) FromFork() bool {
	return p.Head.Repo == nil || p.Base.Repo == nil || p.Head.Repo.ID != p.Base.Repo.ID
}

// Pulls reads up to n (100) pull requests in a state (open, closed, all), most recently updated first.
func (c *Client) Pulls(ctx context.Context, r Repo, state string, n int) ([]PullRequest, error) {
	var out []PullRequest
	path := r.path(fmt.Sprintf("/pulls?state=%s&sort=updated&direction=desc&per_page=%d", url.QueryEscape(state), min(n, 100)))
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/pulls", path, nil, &out)
	return out, err
}

// MergedPulls are the merged ones among the latest closed pull requests, as facts; reviews are not asked for.
func MergedPulls(closed []PullRequest) []snapshot.Pull {
	out := []snapshot.Pull{}
	for _, p := range closed {
		if p.MergedAt.IsZero() {
			continue
		}
		s := snapshot.Pull{Number: p.Number, Title: p.Title, HeadRef: p.Head.Ref, Author: p.User.Login, MergedAt: p.MergedAt, FromFork: p.FromFork()}
		if p.MergedBy != nil {
			s.MergedBy = p.MergedBy.Login
		}
		out = append(out, s)
	}
	return out
}

// WorkflowRun is one run of a workflow.
type WorkflowRun struct {
	Name           string    `json:"name"`
	Event          string    `json:"event"` // what started it: push, pull_request, schedule, dynamic (a workflow of GitHub's own) ...
	Status         string    `json:"status"`
	Conclusion     string    `json:"conclusion"`
	HeadSHA        string    `json:"head_sha"`
	HeadBranch     string    `json:"head_branch"`
	URL            string    `json:"html_url"`
	UpdatedAt      time.Time `json:"updated_at"`
	HeadRepository struct {
		ID int64 `json:"id"`
	} `json:"head_repository"`
}

// Judges reports whether a run says something about its branch: it came to an end and was not skipped, and what started it was not a pull request
// (whose branch may have the same name in a fork), the clock, or GitHub itself as it builds Pages.
func (r WorkflowRun) Judges() bool {
	return r.Status == "completed" && r.Conclusion != "skipped" && !slices.Contains([]string{"pull_request", "pull_request_target", "schedule", "dynamic"}, r.Event)
}

// CI reads the latest completed workflow run on a branch. A repository without one gives an empty Conclusion.
func (c *Client) CI(ctx context.Context, r Repo, branch string) (snapshot.CI, error) {
	var a struct {
		Runs []WorkflowRun `json:"workflow_runs"`
	}
	path := r.path("/actions/runs?per_page=20&status=completed&branch=" + url.QueryEscape(branch))
	if err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/actions/runs", path, nil, &a); err != nil {
		return snapshot.CI{}, err
	}
	var out snapshot.CI
	for _, run := range a.Runs { // newest first; runs on one commit are judged together: one failure fails it
		if !run.Judges() {
			continue
		}
		if out.Commit == "" {
			out = snapshot.CI{Conclusion: run.Conclusion, Name: run.Name, URL: run.URL, Commit: run.HeadSHA, At: run.UpdatedAt}
			continue
		}
		if run.HeadSHA == out.Commit && run.Conclusion != "success" && out.Conclusion == "success" {
			out.Conclusion, out.Name, out.URL = run.Conclusion, run.Name, run.URL
		}
	}
	return out, nil
}

// Deployments reads the latest deployments; the newest one's status is asked for too.
func (c *Client) Deployments(ctx context.Context, r Repo) ([]snapshot.Deployment, error) {
	var a []struct {
		ID          int64     `json:"id"`
		Environment string    `json:"environment"`
		CreatedAt   time.Time `json:"created_at"`
	}
	if err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/deployments", r.path("/deployments?per_page=10"), nil, &a); err != nil {
		return nil, err
	}
	out := []snapshot.Deployment{}
	for i, d := range a {
		dep := snapshot.Deployment{Environment: d.Environment, At: d.CreatedAt}
		if i == 0 {
			var states []struct {
				State string `json:"state"`
				URL   string `json:"environment_url"`
			}
			path := r.path(fmt.Sprintf("/deployments/%d/statuses?per_page=1", d.ID))
			if err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/deployments/{deployment_id}/statuses", path, nil, &states); err != nil {
				return nil, err
			}
			if len(states) > 0 {
				dep.State, dep.URL = states[0].State, states[0].URL
			}
		}
		out = append(out, dep)
	}
	return out, nil
}

// Permission is a person's permission on a repository: "admin", "maintain", "write", "triage", "read" or "none".
func (c *Client) Permission(ctx context.Context, r Repo, login string) (string, error) {
	var a struct {
		Permission string `json:"permission"`
		RoleName   string `json:"role_name"`
	}
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/collaborators/{username}/permission", r.path("/collaborators/"+url.PathEscape(login)+"/permission"), nil, &a)
	if Is(err, NotFound) {
		return "none", nil
	}
	if a.RoleName == "maintain" || a.RoleName == "triage" {
		return a.RoleName, err
	}
	return a.Permission, err
}

// TeamMember reports whether a person is an active member of a team.
func (c *Client) TeamMember(ctx context.Context, org, team, login string) (bool, error) {
	var a struct {
		State string `json:"state"`
	}
	path := "orgs/" + url.PathEscape(org) + "/teams/" + url.PathEscape(team) + "/memberships/" + url.PathEscape(login)
	err := c.call(ctx, http.MethodGet, "/orgs/{org}/teams/{team_slug}/memberships/{username}", path, nil, &a)
	if Is(err, NotFound) {
		return false, nil
	}
	return a.State == "active", err
}

// Team is a team of an organisation.
type Team struct {
	Name string `json:"name"`
	Slug string `json:"slug"`
}

// Teams are the teams of an organisation that the client is shown, in GitHub's order. Who may not see any gets NotFound or Forbidden.
func (c *Client) Teams(ctx context.Context, org string) ([]Team, error) {
	return paged[Team](ctx, c, "/orgs/{org}/teams", "orgs/"+url.PathEscape(org)+"/teams")
}

// TeamMembers are the logins of a team and of the teams below it.
func (c *Client) TeamMembers(ctx context.Context, org, team string) ([]string, error) {
	all, err := paged[Account](ctx, c, "/orgs/{org}/teams/{team_slug}/members", "orgs/"+url.PathEscape(org)+"/teams/"+url.PathEscape(team)+"/members")
	out := make([]string, 0, len(all))
	for _, a := range all {
		out = append(out, a.Login)
	}
	return out, err
}

// pages bounds every walk through pages of 100 entries.
const pages = 500

// paged reads a list to its end. One that is longer than the bound is an error: what is left out would pass for gone.
func paged[T any](ctx context.Context, c *Client, route, path string) ([]T, error) {
	return pagedIn(ctx, c, route, path, func(some []T) []T { return some })
}

// pagedIn is paged for a list that stands inside an object, from which items takes it.
func pagedIn[A, T any](ctx context.Context, c *Client, route, path string, items func(A) []T) ([]T, error) {
	and := "?"
	if strings.Contains(path, "?") {
		and = "&"
	}
	var out []T
	for page := 1; page <= pages; page++ {
		var a A
		if err := c.call(ctx, http.MethodGet, route, fmt.Sprintf("%s%sper_page=100&page=%d", path, and, page), nil, &a); err != nil {
			return nil, err
		}
		some := items(a)
		out = append(out, some...)
		if len(some) < 100 {
			return out, nil
		}
	}
	return nil, &Error{Kind: Transient, Call: "GET " + route, Msg: fmt.Sprintf("the list is longer than %d entries", 100*pages)}
}
