package evaluate

import (
	"encoding/json"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// delivery is the part of a webhook payload that is looked at; the intake keeps just these fields. All may be missing.
type delivery struct {
	Event        string          `json:"-"`
	GUID         string          `json:"-"`
	At           time.Time       `json:"-"`
	Installation int64           `json:"-"`
	Action       string          `json:"action"`
	Sender       gh.Account      `json:"sender"`
	Repository   *gh.Repository  `json:"repository"`
	Ref          string          `json:"ref"`
	Before       string          `json:"before"`
	After        string          `json:"after"`
	Deleted      bool            `json:"deleted"`
	Forced       bool            `json:"forced"`
	HeadCommit   *headCommit     `json:"head_commit"`
	Commits      []pushed        `json:"commits"`
	PullRequest  *gh.PullRequest `json:"pull_request"`
	Review       *review         `json:"review"`
	Issue        *issueRef       `json:"issue"`
	Comment      *comment        `json:"comment"`
	Changes      *changes        `json:"changes"`
	CheckRun     *checkRun       `json:"check_run"`
	CheckSuite   *checkSuite     `json:"check_suite"`
	WorkflowRun  *gh.WorkflowRun `json:"workflow_run"`
	Requested    *struct {
		Identifier string `json:"identifier"`
	} `json:"requested_action"`
	Deployment       *deployment       `json:"deployment"`
	DeploymentStatus *deploymentStatus `json:"deployment_status"`
	MergeGroup       *mergeGroup       `json:"merge_group"`
	Member           *gh.Account       `json:"member"`
}

type headCommit struct {
	ID     string `json:"id"`
	TreeID string `json:"tree_id"`
}

type pushed struct {
	ID        string    `json:"id"`
	Message   string    `json:"message"`
	Timestamp time.Time `json:"timestamp"`
	Author    struct {
		Name     string `json:"name"`
		Email    string `json:"email"`
		Username string `json:"username"`
	} `json:"author"`
}

type review struct {
	State string     `json:"state"`
	User  gh.Account `json:"user"`
}

type issueRef struct {
	Number      int        `json:"number"`
	State       string     `json:"state"`
	Title       string     `json:"title"`
	Locked      bool       `json:"locked"`
	User        gh.Account `json:"user"`
	PullRequest any        `json:"pull_request"`
	Body        string     `json:"body"` // of the progress issue that a person edited
	UpdatedAt   time.Time  `json:"updated_at"`
}

type comment struct {
	ID        int64      `json:"id"`
	Body      string     `json:"body"`
	User      gh.Account `json:"user"`
	CreatedAt time.Time  `json:"created_at"`
}

type changes struct {
	Body json.RawMessage `json:"body"`
	Base any             `json:"base"`
}

// bodyBefore is what a text was before an edit, where the delivery tells.
func (c *changes) bodyBefore() string {
	var body struct {
		From string `json:"from"`
	}
	if c == nil || json.Unmarshal(c.Body, &body) != nil {
		return ""
	}
	return body.From
}

type checkRun struct {
	ID      int64  `json:"id"`
	HeadSHA string `json:"head_sha"`
	App     struct {
		ID int64 `json:"id"`
	} `json:"app"`
}

type checkSuite struct {
	HeadSHA    string `json:"head_sha"`
	HeadBranch string `json:"head_branch"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
	App        struct {
		ID int64 `json:"id"`
	} `json:"app"`
}

type deployment struct {
	Environment string `json:"environment"`
}

type deploymentStatus struct {
	State       string    `json:"state"`
	Environment string    `json:"environment"`
	URL         string    `json:"environment_url"`
	UpdatedAt   time.Time `json:"updated_at"`
}

type mergeGroup struct {
	HeadSHA string `json:"head_sha"`
	BaseSHA string `json:"base_sha"`
	BaseRef string `json:"base_ref"`
}

// decode reads the stored fields of a delivery. A field of an odd type is left out, and never costs the delivery: the rest of the object is
// read all the same.
func decode(d storage.StoredDelivery) delivery {
	var out delivery
	if err := json.Unmarshal(d.Fields, &out); err != nil {
		out = decodeLoosely(d.Fields)
	}
	out.Event, out.GUID, out.At, out.Installation = d.Event, d.GUID, d.ReceivedAt, d.InstallationID
	if out.Action == "" {
		out.Action = d.Action
	}
	return out
}

// decodeLoosely reads the object key by key, so that one bad value costs only its own key.
func decodeLoosely(data []byte) delivery {
	var out delivery
	var keys map[string]json.RawMessage
	if json.Unmarshal(data, &keys) != nil {
		return out
	}
	for k, v := range keys {
		one, err := json.Marshal(map[string]json.RawMessage{k: v})
		if err != nil {
			continue
		}
		var try delivery
		if json.Unmarshal(one, &try) == nil {
			_ = json.Unmarshal(one, &out)
		}
	}
	return out
}

// branch is the branch that a push's ref names, "" for tags.
func (d delivery) branch() string {
	b, ok := strings.CutPrefix(d.Ref, "refs/heads/")
	if !ok {
		return ""
	}
	return b
}

// bot reports whether an app caused the delivery, our own edits among them.
func (d delivery) bot() bool { return d.Sender.Bot() }

// commits are the commits of a push as history knows them, newest first.
func (d delivery) commits() []snapshot.Commit {
	var out []snapshot.Commit
	for i := len(d.Commits) - 1; i >= 0; i-- {
		c := d.Commits[i]
		parents := 1
		if mergeMessage(c.Message) {
			parents = 2
		}
		out = append(out, snapshot.Commit{
			ID: c.ID, Parents: parents, AuthorName: c.Author.Name, AuthorEmail: c.Author.Email, AuthorLogin: c.Author.Username,
			Time: c.Timestamp, Message: c.Message,
		})
	}
	return out
}

// mergeMessage reports whether a message is the one that git or GitHub writes for a merge: a push does not tell a commit's parents.
func mergeMessage(m string) bool {
	for _, start := range []string{"Merge pull request #", "Merge branch '", "Merge remote-tracking branch '", "Merge tag '"} {
		if strings.HasPrefix(m, start) {
			return true
		}
	}
	return false
}
