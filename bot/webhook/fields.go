package webhook

import (
	"encoding/json"
	"fmt"
)

// Fields are the fields of a delivery as its reader sees them, in the shape of GitHub's payloads. What the payload lacks, or has in another type, is zero.
// paths.go says which fields which event brings.
type Fields struct {
	Action       string       `json:"action"`
	Installation Installation `json:"installation"`
	Organization Account      `json:"organization"`
	Repository   Repository   `json:"repository"`
	Sender       Account      `json:"sender"`
	Ref          string       `json:"ref"`
	RefType      string       `json:"ref_type"`
	MasterBranch string       `json:"master_branch"`
	BaseRef      string       `json:"base_ref"`
	Before       string       `json:"before"`
	After        string       `json:"after"`
	Created      bool         `json:"created"`
	Deleted      bool         `json:"deleted"`
	Forced       bool         `json:"forced"`
	Compare      string       `json:"compare"`
	HeadCommit   HeadCommit   `json:"head_commit"`
	Commits      []PushCommit `json:"commits"`
	Number       int          `json:"number"`
	PullRequest  PullRequest  `json:"pull_request"`
	Review       Review       `json:"review"`
	Issue        Issue        `json:"issue"`
	Comment      Comment      `json:"comment"`
	Label        Label        `json:"label"`
	Changes      Changes      `json:"changes"`
	MergeGroup   MergeGroup   `json:"merge_group"`
	CheckRun     CheckRun     `json:"check_run"`
	Requested    Requested    `json:"requested_action"`
	CheckSuite   CheckSuite   `json:"check_suite"`
	WorkflowRun  WorkflowRun  `json:"workflow_run"`
	Deployment   Deployment   `json:"deployment"`
	Status       DeployStatus `json:"deployment_status"`
	Release      Release      `json:"release"`
	Member       Account      `json:"member"`
	Membership   Membership   `json:"membership"`
	Scope        string       `json:"scope"`
	Team         Team         `json:"team"`
	Account      Account      `json:"account"` // installation_target
	TargetType   string       `json:"target_type"`
	Selection    string       `json:"repository_selection"`
	Repositories []Repository `json:"repositories"`
	Added        []Repository `json:"repositories_added"`
	Removed      []Repository `json:"repositories_removed"`
	Reason       string       `json:"reason"`
}

// Account is a user, bot or organisation.
type Account struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
	Type  string `json:"type"`
}

// IsBot reports whether an app, not a person, acted.
func (a Account) IsBot() bool { return a.Type == "Bot" }

// Installation of the app.
type Installation struct {
	ID          int64           `json:"id"`
	AppID       int64           `json:"app_id"`
	AppSlug     string          `json:"app_slug"`
	Account     Account         `json:"account"`
	Selection   string          `json:"repository_selection"`
	Permissions json.RawMessage `json:"permissions"` // object: name to read or write
	Events      json.RawMessage `json:"events"`      // array of names
	SuspendedAt string          `json:"suspended_at"`
}

// Repository as events show it.
type Repository struct {
	ID            int64           `json:"id"`
	Name          string          `json:"name"`
	FullName      string          `json:"full_name"`
	Owner         Account         `json:"owner"`
	Private       bool            `json:"private"`
	Archived      bool            `json:"archived"`
	Disabled      bool            `json:"disabled"`
	Fork          bool            `json:"fork"`
	DefaultBranch string          `json:"default_branch"`
	Homepage      string          `json:"homepage"`
	Topics        json.RawMessage `json:"topics"` // array of names; of repository alone
}

// HeadCommit is the newest commit of a push. Message is cut at 300 bytes.
type HeadCommit struct {
	ID        string `json:"id"`
	TreeID    string `json:"tree_id"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Author    struct {
		Username string `json:"username"`
	} `json:"author"`
}

// PushCommit is a commit of a push, oldest first. Message is cut at 300 bytes.
type PushCommit struct {
	ID        string `json:"id"`
	Message   string `json:"message"`
	Timestamp string `json:"timestamp"`
	Author    struct {
		Name     string `json:"name"`
		Email    string `json:"email"`
		Username string `json:"username"`
	} `json:"author"`
}

// PullRequest of pull_request and pull_request_review.
type PullRequest struct {
	ID             int64   `json:"id"`
	Number         int     `json:"number"`
	State          string  `json:"state"`
	Title          string  `json:"title"`
	Draft          bool    `json:"draft"`
	Locked         bool    `json:"locked"`
	Merged         bool    `json:"merged"`
	MergedAt       string  `json:"merged_at"`
	MergeCommitSHA string  `json:"merge_commit_sha"`
	User           Account `json:"user"`
	Head           Branch  `json:"head"`
	Base           Branch  `json:"base"`
}

// Branch is a side of a pull request. Repo.ID is 0 if the fork was deleted.
type Branch struct {
	SHA  string     `json:"sha"`
	Ref  string     `json:"ref"`
	Repo Repository `json:"repo"`
}

// Review of a pull request.
type Review struct {
	ID          int64   `json:"id"`
	State       string  `json:"state"`
	User        Account `json:"user"`
	Association string  `json:"author_association"`
	CommitID    string  `json:"commit_id"`
	SubmittedAt string  `json:"submitted_at"`
}

// Via is the app through which something was written.
type Via struct {
	ID int64 `json:"id"`
}

// Issue of issues and issue_comment.
type Issue struct {
	ID          int64   `json:"id"`
	Number      int     `json:"number"`
	State       string  `json:"state"`
	StateReason string  `json:"state_reason"`
	Title       string  `json:"title"`
	Locked      bool    `json:"locked"`
	User        Account `json:"user"`
	IsPull      bool    `json:"pull_request"`
	Via         Via     `json:"performed_via_github_app"`
	Body        string  `json:"body"`       // of an edit of a progress issue by a person
	UpdatedAt   string  `json:"updated_at"` // the same
}

// Comment on an issue or pull request.
type Comment struct {
	ID          int64   `json:"id"`
	Body        string  `json:"body"`
	User        Account `json:"user"`
	Association string  `json:"author_association"`
	Via         Via     `json:"performed_via_github_app"`
	CreatedAt   string  `json:"created_at"`
}

// Label of an issue or a repository.
type Label struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// From is the value before an edit.
type From struct {
	From string `json:"from"`
}

// TextChange says that a text was changed, and, where that is kept, what it was before.
type TextChange struct {
	There bool   `json:"-"`
	From  string `json:"from"`
}

// UnmarshalJSON reads true, or an object with the text.
func (c *TextChange) UnmarshalJSON(data []byte) error {
	*c = TextChange{}
	if len(data) == 0 || data[0] != '{' {
		if err := json.Unmarshal(data, &c.There); err != nil {
			return fmt.Errorf("webhook: change of a text: %w", err)
		}
		return nil
	}
	var from From
	if err := json.Unmarshal(data, &from); err != nil {
		return fmt.Errorf("webhook: change of a text: %w", err)
	}
	*c = TextChange{There: true, From: from.From}
	return nil
}

// Changes say what an edit changed. Title and Body are true if they did.
type Changes struct {
	Title    bool       `json:"title"`
	Body     TextChange `json:"body"`
	Homepage bool       `json:"homepage"`
	Base     *struct {
		Ref From `json:"ref"`
		SHA From `json:"sha"`
	} `json:"base"` // nil: the base is the same
	Name       From `json:"name"`
	Login      From `json:"login"`
	Branch     From `json:"default_branch"`
	Repository struct {
		Name From `json:"name"`
	} `json:"repository"`
	Owner struct {
		From struct {
			User         Account `json:"user"`
			Organization Account `json:"organization"`
		} `json:"from"`
	} `json:"owner"`
	Permission struct {
		To string `json:"to"`
	} `json:"permission"`
	NewRepository struct {
		ID int64 `json:"id"`
	} `json:"new_repository"`
}

// MergeGroup of a merge queue.
type MergeGroup struct {
	HeadSHA string `json:"head_sha"`
	HeadRef string `json:"head_ref"`
	BaseSHA string `json:"base_sha"`
	BaseRef string `json:"base_ref"`
}

// App is a GitHub App.
type App struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// PullRef points at a pull request.
type PullRef struct {
	Number int `json:"number"`
}

// CheckRun of check_run.
type CheckRun struct {
	ID         int64      `json:"id"`
	Name       string     `json:"name"`
	HeadSHA    string     `json:"head_sha"`
	ExternalID string     `json:"external_id"`
	Status     string     `json:"status"`
	Conclusion string     `json:"conclusion"`
	App        App        `json:"app"`
	CheckSuite CheckSuite `json:"check_suite"`
	Pulls      []PullRef  `json:"pull_requests"`
}

// Requested is the button that was pressed.
type Requested struct {
	Identifier string `json:"identifier"`
}

// CheckSuite of check_suite, and of a check run.
type CheckSuite struct {
	ID         int64     `json:"id"`
	HeadSHA    string    `json:"head_sha"`
	HeadBranch string    `json:"head_branch"`
	Status     string    `json:"status"`
	Conclusion string    `json:"conclusion"`
	App        App       `json:"app"`
	UpdatedAt  string    `json:"updated_at"`
	Pulls      []PullRef `json:"pull_requests"`
}

// WorkflowRun of workflow_run.
type WorkflowRun struct {
	ID             int64      `json:"id"`
	Name           string     `json:"name"`
	Path           string     `json:"path"`
	WorkflowID     int64      `json:"workflow_id"`
	Event          string     `json:"event"`
	Status         string     `json:"status"`
	Conclusion     string     `json:"conclusion"`
	HeadSHA        string     `json:"head_sha"`
	HeadBranch     string     `json:"head_branch"`
	HeadRepository Repository `json:"head_repository"`
	RunNumber      int64      `json:"run_number"`
	HTMLURL        string     `json:"html_url"`
	UpdatedAt      string     `json:"updated_at"`
}

// Deployment of deployment and deployment_status.
type Deployment struct {
	ID          int64   `json:"id"`
	SHA         string  `json:"sha"`
	Ref         string  `json:"ref"`
	Task        string  `json:"task"`
	Environment string  `json:"environment"`
	Creator     Account `json:"creator"`
}

// DeployStatus of deployment_status.
type DeployStatus struct {
	ID             int64  `json:"id"`
	State          string `json:"state"`
	Environment    string `json:"environment"`
	EnvironmentURL string `json:"environment_url"`
	TargetURL      string `json:"target_url"`
	UpdatedAt      string `json:"updated_at"`
}

// Release of release.
type Release struct {
	ID          int64  `json:"id"`
	TagName     string `json:"tag_name"`
	Draft       bool   `json:"draft"`
	Prerelease  bool   `json:"prerelease"`
	PublishedAt string `json:"published_at"`
	HTMLURL     string `json:"html_url"`
}

// Membership of organization.
type Membership struct {
	User Account `json:"user"`
	Role string  `json:"role"`
}

// Team of team and membership.
type Team struct {
	ID   int64  `json:"id"`
	Slug string `json:"slug"`
}

// Decode reads the fields stored with a delivery; none is no error.
func Decode(fields []byte) (Fields, error) {
	var f Fields
	if len(fields) == 0 {
		return f, nil
	}
	if err := json.Unmarshal(fields, &f); err != nil {
		return f, fmt.Errorf("webhook: decode fields: %w", err)
	}
	return f, nil
}
