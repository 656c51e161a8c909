package render

import "milepost/rules"

// IssueText is the progress issue as it is to be.
type IssueText struct {
	Title   string
	Managed string // the bot's part of the body, with the line below which the learner's notes stand
	Hash    string // of everything but the time of the check
}

// Issue renders the progress issue.
func Issue(in IssueInput) IssueText {
	return IssueText{Title: in.Report.Roadmap.Title, Managed: Standing(in.Report.Summary), Hash: Standing(in.Report.Summary)}
}

// StepCompleted is the comment on a step that is complete.
func StepCompleted(_ IssueInput, step rules.StepReport) string { return step.Title }

// MilestoneEarned is the comment on milestones that were reached.
func MilestoneEarned(_ IssueInput, _ []string) string { return "" }
