package render

import "time"

// ReplyHelp lists the commands.
func ReplyHelp() string { return "" }

// ReplyWhy explains how a milestone stands.
func ReplyWhy(in IssueInput, id string) string { return "" }

// ReplySkip confirms a skip.
func ReplySkip(id, reason string) string { return "" }

// ReplyUnskip confirms that a milestone counts again.
func ReplyUnskip(id string) string { return "" }

// ReplyEvidence confirms a claim.
func ReplyEvidence(id, what string) string { return "" }

// ReplyApprove confirms a sign-off.
func ReplyApprove(id, mentor, note string) string { return "" }

// ReplyRevoke confirms that a sign-off was taken back.
func ReplyRevoke(id, mentor string) string { return "" }

// ReplyPause confirms a pause.
func ReplyPause(until time.Time) string { return "" }

// ReplyResume confirms the end of a pause.
func ReplyResume() string { return "" }

// ReplyNoRight refuses a command.
func ReplyNoRight(verb string) string { return "" }

// ReplyUnknownMilestone says that there is no such milestone.
func ReplyUnknownMilestone(id string, known []string) string { return "" }

// ReplyUnknownCommand says that there is no such command.
func ReplyUnknownCommand(verb string) string { return "" }

// ReplyNeeds says what a command lacks.
func ReplyNeeds(verb, what string) string { return "" }
