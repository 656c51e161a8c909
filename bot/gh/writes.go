package gh

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// Issue is an issue.
type Issue struct {
	ID          int64     `json:"id"`
	NodeID      string    `json:"node_id"`
	Number      int       `json:"number"`
	Title       string    `json:"title"`
	Body        string    `json:"body"`
	State       string    `json:"state"` // open or closed
	Locked      bool      `json:"locked"`
	User        Account   `json:"user"`
	URL         string    `json:"html_url"`
	UpdatedAt   time.Time `json:"updated_at"`
	PullRequest *struct{} `json:"pull_request"` // set where the number is a pull request's
	Labels      []struct {
		Name string `json:"name"`
	} `json:"labels"`
	Via *struct {
		ID   int64  `json:"id"`
		Slug string `json:"slug"`
	} `json:"performed_via_github_app"`
}

// ByApp reports whether the app of this id wrote the issue, or, where GitHub does not say, its bot account did.
func (i Issue) ByApp(appID int64, slug string) bool {
	if i.Via != nil && i.Via.ID == appID {
		return true
	}
	return slug != "" && i.User.Login == slug+"[bot]"
}

// Issue reads an issue.
func (c *Client) Issue(ctx context.Context, r Repo, number int) (Issue, error) {
	var out Issue
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/issues/{issue_number}", r.path(fmt.Sprintf("/issues/%d", number)), nil, &out)
	return out, err
}

// FindIssues reads the issues, open and closed, that an account created, oldest first.
func (c *Client) FindIssues(ctx context.Context, r Repo, creator string) ([]Issue, error) {
	return paged[Issue](ctx, c, "/repos/{owner}/{repo}/issues", r.path("/issues?state=all&sort=created&direction=asc&creator="+url.QueryEscape(creator)))
}

// CreateIssue opens an issue. A label that does not exist is created by GitHub.
func (c *Client) CreateIssue(ctx context.Context, r Repo, title, body string, labels ...string) (Issue, error) {
	in := map[string]any{"title": title, "body": body, "labels": append([]string{}, labels...)}
	var out Issue
	err := c.create(ctx, "/repos/{owner}/{repo}/issues", r.path("/issues"), in, &out)
	return out, err
}

// EditIssue changes an issue's body.
func (c *Client) EditIssue(ctx context.Context, r Repo, number int, body string) (Issue, error) {
	var out Issue
	err := c.call(ctx, http.MethodPatch, "/repos/{owner}/{repo}/issues/{issue_number}", r.path(fmt.Sprintf("/issues/%d", number)), map[string]any{"body": body}, &out)
	return out, err
}

// SetIssueState opens or closes an issue.
func (c *Client) SetIssueState(ctx context.Context, r Repo, number int, state, reason string) error {
	in := map[string]any{"state": state}
	if reason != "" {
		in["state_reason"] = reason
	}
	return c.call(ctx, http.MethodPatch, "/repos/{owner}/{repo}/issues/{issue_number}", r.path(fmt.Sprintf("/issues/%d", number)), in, nil)
}

// Comment is a comment on an issue or pull request.
type Comment struct {
	ID        int64     `json:"id"`
	Body      string    `json:"body"`
	User      Account   `json:"user"`
	URL       string    `json:"html_url"`
	CreatedAt time.Time `json:"created_at"`
}

// Comments reads the comments of an issue or pull request that were written or edited since a time by GitHub's clock; the zero time stands for all.
func (c *Client) Comments(ctx context.Context, r Repo, number int, since time.Time) ([]Comment, error) {
	path := r.path(fmt.Sprintf("/issues/%d/comments", number))
	if !since.IsZero() {
		path += "?since=" + since.UTC().Format(time.RFC3339)
	}
	return paged[Comment](ctx, c, "/repos/{owner}/{repo}/issues/{issue_number}/comments", path)
}

// CreateComment writes a comment.
func (c *Client) CreateComment(ctx context.Context, r Repo, number int, body string) (Comment, error) {
	var out Comment
	err := c.create(ctx, "/repos/{owner}/{repo}/issues/{issue_number}/comments", r.path(fmt.Sprintf("/issues/%d/comments", number)), map[string]any{"body": body}, &out)
	return out, err
}

// EditComment changes a comment.
func (c *Client) EditComment(ctx context.Context, r Repo, id int64, body string) (Comment, error) {
	var out Comment
	err := c.call(ctx, http.MethodPatch, "/repos/{owner}/{repo}/issues/comments/{comment_id}", r.path(fmt.Sprintf("/issues/comments/%d", id)), map[string]any{"body": body}, &out)
	return out, err
}

// React adds a reaction ("+1", "eyes", "rocket", "confused" ...) to a comment; adding it twice is no error.
func (c *Client) React(ctx context.Context, r Repo, comment int64, content string) error {
	path := r.path(fmt.Sprintf("/issues/comments/%d/reactions", comment))
	return c.call(ctx, http.MethodPost, "/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions", path, map[string]any{"content": content}, nil)
}

// Annotation marks lines of a file in a check run.
type Annotation struct {
	Path      string `json:"path"`
	StartLine int    `json:"start_line"`
	EndLine   int    `json:"end_line"`
	Level     string `json:"annotation_level"` // notice, warning, failure
	Title     string `json:"title,omitempty"`
	Message   string `json:"message"`
}

// Action is a button of a check run. GitHub bounds Label to 20, Description to 40 and Identifier to 20 characters.
type Action struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CheckRun is what we say about a commit. Empty fields are left as they are.
type CheckRun struct {
	Name        string
	HeadSHA     string
	ExternalID  string
	DetailsURL  string
	Status      string // queued, in_progress, completed
	Conclusion  string // success, neutral, failure; with Status completed
	Title       string
	Summary     string
	Text        string
	Annotations []Annotation
	Actions     []Action
	StartedAt   time.Time
}

// CheckRunAnswer is a check run as GitHub has it.
type CheckRunAnswer struct {
	ID         int64  `json:"id"`
	HeadSHA    string `json:"head_sha"`
	ExternalID string `json:"external_id"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	URL        string `json:"html_url"`
}

// annotationsPerCall is GitHub's bound on annotations of one request.
const annotationsPerCall = 50

func (r CheckRun) body(annotations []Annotation) map[string]any {
	in := map[string]any{}
	put := func(key, value string) {
		if value != "" {
			in[key] = value
		}
	}
	put("name", r.Name)
	put("head_sha", r.HeadSHA)
	put("external_id", r.ExternalID)
	put("details_url", r.DetailsURL)
	put("status", r.Status)
	if r.Status == "completed" {
		put("conclusion", r.Conclusion)
	}
	if !r.StartedAt.IsZero() {
		in["started_at"] = r.StartedAt.UTC().Format(time.RFC3339)
	}
	if r.Title != "" {
		out := map[string]any{"title": r.Title, "summary": r.Summary}
		if r.Text != "" {
			out["text"] = r.Text
		}
		if len(annotations) > 0 {
			out["annotations"] = annotations
		}
		in["output"] = out
	}
	if len(r.Actions) > 0 {
		in["actions"] = r.Actions
	}
	return in
}

// CreateCheckRun creates a check run, with annotations beyond 50 in further calls.
func (c *Client) CreateCheckRun(ctx context.Context, repo Repo, run CheckRun) (CheckRunAnswer, error) {
	first := run.Annotations[:min(len(run.Annotations), annotationsPerCall)]
	var out CheckRunAnswer
	if err := c.call(ctx, http.MethodPost, "/repos/{owner}/{repo}/check-runs", repo.path("/check-runs"), run.body(first), &out); err != nil {
		return out, err
	}
	run.HeadSHA = ""
	return out, c.moreAnnotations(ctx, repo, out.ID, run)
}

// UpdateCheckRun changes a check run, with annotations beyond 50 in further calls.
func (c *Client) UpdateCheckRun(ctx context.Context, repo Repo, id int64, run CheckRun) (CheckRunAnswer, error) {
	run.HeadSHA = ""
	first := run.Annotations[:min(len(run.Annotations), annotationsPerCall)]
	var out CheckRunAnswer
	path := repo.path(fmt.Sprintf("/check-runs/%d", id))
	if err := c.call(ctx, http.MethodPatch, "/repos/{owner}/{repo}/check-runs/{check_run_id}", path, run.body(first), &out); err != nil {
		return out, err
	}
	return out, c.moreAnnotations(ctx, repo, id, run)
}

func (c *Client) moreAnnotations(ctx context.Context, repo Repo, id int64, run CheckRun) error {
	for i := annotationsPerCall; i < len(run.Annotations); i += annotationsPerCall {
		batch := run.Annotations[i:min(len(run.Annotations), i+annotationsPerCall)]
		path := repo.path(fmt.Sprintf("/check-runs/%d", id))
		if err := c.call(ctx, http.MethodPatch, "/repos/{owner}/{repo}/check-runs/{check_run_id}", path, run.body(batch), nil); err != nil {
			return err
		}
	}
	return nil
}

// CheckRuns reads the app's check runs of a name on a commit.
func (c *Client) CheckRuns(ctx context.Context, r Repo, sha, name string, appID int64) ([]CheckRunAnswer, error) {
	var a struct {
		Runs []CheckRunAnswer `json:"check_runs"`
	}
	path := r.path(fmt.Sprintf("/commits/%s/check-runs?filter=latest&check_name=%s&app_id=%d", url.PathEscape(sha), url.QueryEscape(name), appID))
	err := c.call(ctx, http.MethodGet, "/repos/{owner}/{repo}/commits/{ref}/check-runs", path, nil, &a)
	return a.Runs, err
}
