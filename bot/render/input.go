package render

import (
	"time"

	"milepost/rules"
	"milepost/rules/strict"
)

// Repo is the repository that a text is about.
type Repo struct {
	ID            int64
	Owner, Name   string
	DefaultBranch string
	ServerURL     string // "https://github.com"
	Private       bool
}

// Earned is when and where a milestone was first met, and since when its evidence is gone.
type Earned struct {
	At         time.Time
	Commit     string
	Pull       int // the pull request that brought it; 0 unknown
	LostAt     time.Time
	LostCommit string
}

// OpenPull is an open pull request and the milestones that it would complete.
type OpenPull struct {
	Number    int
	Title     string
	Completes []string
}

// Change is a line of "what changed": milestones gained and lost by one commit or sign-off.
type Change struct {
	At     time.Time `json:"at"`
	Gained []string  `json:"gained,omitempty"` // milestone ids
	Lost   []string  `json:"lost,omitempty"`
	Commit string    `json:"commit,omitempty"`
	Pull   int       `json:"pull,omitempty"`
	By     string    `json:"by,omitempty"` // mentor of a sign-off

	TakenBack []string `json:"taken_back,omitempty"` // sign-offs that hold no longer
	Skipped   []string `json:"skipped,omitempty"`
	Unskipped []string `json:"unskipped,omitempty"` // count again
}

// Claim is evidence that a learner points at and no mentor has confirmed yet.
type Claim struct {
	Milestone, By, What string
	At                  time.Time
}

// Paused says that the bot rests, since whose wish and until when; a zero Until is until it is resumed.
type Paused struct {
	Until time.Time
	By    string
}

// IssueInput is what the progress issue says.
type IssueInput struct {
	Roadmap      *rules.Roadmap
	Report       *rules.Report
	Repo         Repo
	CheckedAt    time.Time
	Earned       map[string]Earned    // by milestone id
	Since        map[string]time.Time // since when a milestone has its status
	OpenPulls    []OpenPull
	Changes      []Change // newest first
	Claims       []Claim
	ConfigFaults []string // with file, line and column
	Problems     []string // what could not be checked, and why
	Paused       *Paused
	Mentors      []string
	AskedMentor  time.Time
	Rechecked    time.Time // when somebody who asked for a check last got one
	RecheckNews  bool      // whether that brought something new
	DashboardURL string    // "" when there is none
	AppSlug      string

	commit string // what commitMark stands for
}

// ChangedFile is a file that a pull request changes.
type ChangedFile struct {
	Path  string
	Patch string // unified diff, "" where GitHub gives none
}

// PullInput is what a check run and a comment say about a pull request.
type PullInput struct {
	Roadmap      *rules.Roadmap
	Repo         Repo
	Number       int // 0 for a merge group or a lone commit
	HeadSHA      string
	BaseSHA      string
	Base, Head   *rules.Report
	Files        []ChangedFile
	Draft        bool
	Require      []string       // milestones whose loss fails the check
	ConfigFaults []strict.Fault // of a configuration file that the pull request changes
	Preview      *Preview       // what the changed configuration would do once merged
	Explain      bool           // somebody pressed "Explain": say why each open milestone is open
	IssueURL     string
	DashboardURL string
}

// DigestInput is a week of a group of learners.
type DigestInput struct {
	Roadmap      *rules.Roadmap
	From, To     time.Time
	Moved        []DigestLine
	Stuck        []DigestLine
	Completed    []DigestLine
	Silent       []DigestLine
	Learners     int
	DashboardURL string
}

// DigestLine is a learner in a digest.
type DigestLine struct {
	Learner    string
	Repository string // owner/name
	URL        string
	Milestones []string // ids
	Since      time.Time
	Met, Total int
	Step       string // a step's title
}
