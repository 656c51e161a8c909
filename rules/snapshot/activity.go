package snapshot

import "time"

// MaxMessage is the number of bytes kept of a commit message (2 KiB); longer ones are cut at a rune.
const MaxMessage = 2 << 10

// Commit is one commit of a history. The names are what the author typed; only AuthorLogin is vouched for.
type Commit struct {
	ID             string    `json:"id"`      // hex
	Parents        int       `json:"parents"` // 0 for a first commit, 2 or more for a merge
	AuthorName     string    `json:"author_name"`
	AuthorEmail    string    `json:"author_email"`
	AuthorLogin    string    `json:"author_login,omitempty"` // only from GitHub; "" when unknown
	CommitterName  string    `json:"committer_name"`
	CommitterEmail string    `json:"committer_email"`
	Time           time.Time `json:"time"`    // when it was committed, UTC
	Message        string    `json:"message"` // at most MaxMessage bytes
}

// CommitLog is the history of a branch, newest first.
type CommitLog struct {
	Commits  []Commit `json:"commits"`
	Complete bool     `json:"complete"` // it reaches back to the first commit; false for shallow clones and when cut at a limit
}

// Activity is what GitHub knows of a repository beyond its files. A nil field means that this run does not
// know; an empty list behind a pointer means that there are none.
type Activity struct {
	Log *CommitLog `json:"log,omitempty"`
	// Pulls are merged pull requests.
	Pulls *[]Pull `json:"pulls,omitempty"`
	// CI is the latest completed run on the head of the default branch, or on the newest commit that has one.
	// A non-nil CI with an empty Conclusion means that GitHub knows of no run.
	CI          *CI           `json:"ci,omitempty"`
	Deployments *[]Deployment `json:"deployments,omitempty"`
	// Homepage is the address in the repository's "About" box; "" when it has none.
	Homepage *string `json:"homepage,omitempty"`
	// Collaborators are the logins with access to the repository.
	Collaborators *[]string `json:"collaborators,omitempty"`
	Owner         string    `json:"owner,omitempty"` // login; "" when unknown
	OwnerIsOrg    bool      `json:"owner_is_org,omitempty"`
}

// Pull is a merged pull request.
type Pull struct {
	Number   int       `json:"number"`
	Title    string    `json:"title"`
	HeadRef  string    `json:"head_ref"` // the branch it came from
	Author   string    `json:"author"`   // login
	MergedBy string    `json:"merged_by"`
	MergedAt time.Time `json:"merged_at"`
	FromFork bool      `json:"from_fork"`
	Reviews  []Review  `json:"reviews,omitempty"`
}

// Review is one review of a pull request.
type Review struct {
	Author string `json:"author"` // login
	State  string `json:"state"`  // as GitHub spells it: "APPROVED", "CHANGES_REQUESTED", "COMMENTED"
	Bot    bool   `json:"bot"`
}

// CI is the outcome of a continuous-integration run.
type CI struct {
	Conclusion string    `json:"conclusion"` // as GitHub spells it: "success", "failure", "cancelled" ...
	Name       string    `json:"name"`
	URL        string    `json:"url"`
	Commit     string    `json:"commit"` // hex
	At         time.Time `json:"at"`     // when it completed
}

// Deployment is one deployment that GitHub was told of.
type Deployment struct {
	Environment string    `json:"environment"`
	State       string    `json:"state"` // "success", "failure" ...; "" when no status was reported
	URL         string    `json:"url"`
	At          time.Time `json:"at"`
}
