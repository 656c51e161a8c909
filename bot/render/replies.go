package render

import (
	"fmt"
	"strings"
	"time"

	"milepost/rules"
	"milepost/rules/strict"
)

// Usage is how a command is written, and what it does.
type Usage struct{ Form, Meaning string }

// Commands are the commands that people may write in a comment, in the order of the help.
var Commands = []Usage{
	{"/milepost help", "show this list"},
	{"/milepost recheck", "check the newest commit again now"},
	{"/milepost why ID", "say how a milestone stands, what is missing, and give hints"},
	{"/milepost skip ID reason", "leave a milestone out, with the reason for all to see"},
	{"/milepost unskip ID", "count it again"},
	{"/milepost evidence ID path-or-url", "show a mentor what Milepost cannot see by itself"},
	{"/milepost approve ID note", "sign a milestone off (mentors)"},
	{"/milepost revoke ID", "take a sign-off back (mentors)"},
	{"/milepost pause 14d", "pause Milepost for some days, or until a date such as `2026-12-24`"},
	{"/milepost resume", "end the pause"},
}

// ReplyHelp lists the commands.
func ReplyHelp() string {
	lines := []string{"Write one of these at the beginning of a line in a comment. `ID` is the short name that stands beside each milestone, such as `ci-runs-tests`.", ""}
	for _, c := range Commands {
		lines = append(lines, "- `"+c.Form+"`: "+c.Meaning)
	}
	return strings.Join(lines, "\n")
}

// ReplyWhy explains how a milestone stands: status, reason, nearest miss, evidence, hints.
func ReplyWhy(in IssueInput, id string) string {
	m, ok := in.Report.Milestone(id)
	if !ok {
		var known []string
		for _, k := range in.Report.Milestones() {
			known = append(known, k.ID)
		}
		return ReplyUnknownMilestone(id, known)
	}
	p := &page{in: in}
	p.WriteString("**" + Inline(clip(m.Title, 100)) + "**")
	if in.Report.Repository.Commit != "" {
		p.WriteString(" at commit " + in.Repo.commitLink(in.Report.Repository.Commit))
	}
	p.WriteString(": " + stop(strings.ToLower(StatusWord(m.Status))+p.standsFor(m)))
	switch m.Status {
	case rules.Partial, rules.Missing:
		if e, earned := in.Earned[id]; earned && !e.At.IsZero() {
			p.blockf("It was earned on %s, and that stays on record.", day(e.At, in.CheckedAt))
		}
		p.blockf("%s", in.advice(m, inFull, true))
	case rules.Unknown:
		p.blockf("%s", msgUnknownPending+" "+msgNobodyAtFault)
	default:
	}
	return p.String()
}

// ReplySkip confirms that a milestone is left out.
func ReplySkip(id, reason string) string {
	return fmt.Sprintf("%s is left out of the count from now on, with your reason: %s To count it again: `/milepost unskip %s`.", Code(id), stop(Inline(clip(reason, maxProse))), plainID(id))
}

// ReplySkipDone says that there is nothing to leave out.
func ReplySkipDone(id string) string { return Code(id) + " is done already, so nothing changes." }

// ReplyUnskip confirms that a milestone counts again, or says that it was not skipped.
func ReplyUnskip(id string, skipped bool) string {
	if !skipped {
		return Code(id) + " is not skipped: it counts."
	}
	return Code(id) + " counts again."
}

// ReplyStillSkipped says that the configuration skips a milestone.
func ReplyStillSkipped(id string) string {
	return Code(id) + " is skipped by the configuration. Take it out of `skip` there, and it counts again."
}

// ReplyNoFile says that a claim points at nothing.
func ReplyNoFile(what, branch string) string {
	return fmt.Sprintf("There is no file or folder %s on %s as it was last checked, so a mentor would look in vain. Give a path that is there, or an address.", Code(clip(what, maxProse)), Code(branch))
}

// ReplyEvidence confirms that a claim waits for a mentor.
func ReplyEvidence(id, what string) string {
	return fmt.Sprintf("Noted: %s as evidence for %s. A mentor can confirm it with `/milepost approve %s`; you can go on with other milestones meanwhile.", Code(what), Code(id), plainID(id))
}

// ReplyApprove confirms a sign-off.
func ReplyApprove(id, mentor, note string) string {
	out := fmt.Sprintf("%s is signed off by %s", Code(id), Inline(mentor))
	if strings.TrimSpace(note) != "" {
		return out + ": " + stop(Inline(clip(note, maxProse))) + " Well done!"
	}
	return out + ". Well done!"
}

// ReplyRevoke confirms that a sign-off was taken back, or says that none stands.
func ReplyRevoke(id, mentor string, stood bool) string {
	if !stood {
		return fmt.Sprintf("No sign-off of %s stands, so there is nothing to take back.", Code(id))
	}
	return fmt.Sprintf("%s took the sign-off of %s back. The next check decides from the files again.", Inline(mentor), Code(id))
}

// ReplyPause confirms a pause. A zero time is until somebody resumes.
func ReplyPause(until time.Time) string {
	if until.IsZero() {
		return "Paused until somebody writes `/milepost resume`."
	}
	return fmt.Sprintf("Paused until %s. Write `/milepost resume` to go on earlier.", until.UTC().Format("2 January 2006"))
}

// ReplyResume confirms the end of a pause, or says that there is none.
func ReplyResume(paused bool) string {
	if !paused {
		return "Milepost is not paused here. The newest commit is being checked."
	}
	return "The pause is over. The newest commit is being checked."
}

// ReplyNoRight refuses a command kindly.
func ReplyNoRight(verb string) string {
	switch verb {
	case "approve", "revoke":
		return fmt.Sprintf("Thank you, but `/milepost %s` is for mentors: those whom the configuration names, or maintainers of this repository who are not the learner.", verb)
	default:
		return fmt.Sprintf("Thank you, but %s is for people with write access to this repository.", Code("/milepost "+verb))
	}
}

// ReplyUnknownMilestone says that there is no such milestone, and which comes near.
func ReplyUnknownMilestone(id string, known []string) string {
	out := "There is no milestone " + Code(id) + " in this roadmap."
	if near := strict.Nearest(id, known); near != "" {
		return out + " Did you mean " + Code(near) + "?"
	}
	shown, more := most(known, 60)
	var ids []string
	for _, k := range shown {
		ids = append(ids, Code(k))
	}
	if len(ids) == 0 {
		return out
	}
	if more > 0 {
		ids = append(ids, fmt.Sprintf("%d more", more))
	}
	return out + "\n\n" + fold("The milestones there are", list(ids))
}

// ReplyUnknownCommand says that there is no such command.
func ReplyUnknownCommand(verb string) string {
	var verbs []string
	for _, c := range Commands {
		verbs = append(verbs, strings.Fields(c.Form)[1])
	}
	out := "There is no command " + Code(verb) + "."
	if strings.TrimSpace(verb) == "" {
		out = "Which command?"
	}
	if near := strict.Nearest(verb, verbs); near != "" {
		return out + " Did you mean `/milepost " + near + "`?"
	}
	return out + " `/milepost help` lists those there are."
}

// ReplyNeeds says what a command lacks, and how it is written.
func ReplyNeeds(verb, what string) string {
	out := fmt.Sprintf("%s needs %s.", Code("/milepost "+verb), Inline(what))
	for _, c := range Commands {
		if strings.Fields(c.Form)[1] == verb && len(strings.Fields(c.Form)) > 2 {
			out += " It is written `" + c.Form + "`."
		}
	}
	return out
}

// plainID is an id inside a command's code span; one that is no id becomes the word ID.
func plainID(id string) string {
	for _, r := range id {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return "ID"
		}
	}
	return clip(id, 60)
}
