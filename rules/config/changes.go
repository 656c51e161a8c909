package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Changes says in sentences what a new configuration sets otherwise than the old one, beside what it does to milestones: who is who, what is written
// where, and which files count. Values stand between backticks.
func Changes(before, after Config) []string {
	var out []string
	add := func(sentence string) { out = append(out, sentence) }
	lists := func(before, after []string, fresh, gone string) {
		if l := without(after, before); len(l) > 0 {
			add(fresh + ": " + quoted(l))
		}
		if l := without(before, after); len(l) > 0 {
			add(gone + ": " + quoted(l))
		}
	}
	switch b, a := before.Learner, after.Learner; {
	case strings.EqualFold(a, b):
	case a == "":
		add("The learner is no longer named; it is the owner, or the person with most commits")
	default:
		add("The learner is " + quoted([]string{a}))
	}
	lists(before.Mentors, after.Mentors, "New as mentors", "No longer mentors")
	lists(before.Ignore, after.Ignore, "Files that no longer count as evidence", "Files that count as evidence again")
	if b, a := said(before.Public, false), said(after.Public, false); a != b {
		add(either(a, "The learner's portfolio becomes public", "The learner's portfolio is no longer public"))
	}
	if b, a := before.IssueEnabled(), after.IssueEnabled(); a != b {
		add(either(a, "There is a progress issue again", "The progress issue is closed, and no longer written"))
	}
	if b, a := before.Celebration(), after.Celebration(); a != b {
		add(map[Celebrate]string{
			EachMilestone: "Each milestone that is earned gets a comment under the progress issue", EachStep: "Only a completed step gets a comment under the progress issue",
			Never: "Nothing gets a comment under the progress issue any more",
		}[a])
	}
	if b, a := before.CommentEnabled(), after.CommentEnabled(); a != b {
		add(either(a, "Pull requests get a comment when they move a milestone", "Pull requests get no comment any more, only the check"))
	}
	lists(before.PullRequests.Require, after.PullRequests.Require, "A pull request that loses one of these fails its check", "A pull request that loses one of these no longer fails its check")
	if b, a := before.Digest.text(), after.Digest.text(); a != b {
		if a == "" {
			add("The weekly summary for mentors is no longer written")
		} else {
			add("The weekly summary for mentors goes to " + a)
		}
	}
	return out
}

// text is where and when a digest is written, "" when nowhere.
func (d Digest) text() string {
	if d.Repo == "" {
		return ""
	}
	day := strings.ToLower(d.Weekday)
	if day == "" {
		day = weekdays[0]
	}
	return fmt.Sprintf("`%s` every %s", d.Repo, strings.ToUpper(day[:1])+day[1:])
}

func said(b *bool, unsaid bool) bool {
	if b == nil {
		return unsaid
	}
	return *b
}

func either(yes bool, a, b string) string {
	if yes {
		return a
	}
	return b
}

// without are those of all that are not among others.
func without(all, others []string) []string {
	var out []string
	for _, s := range all {
		if !slices.Contains(others, s) {
			out = append(out, s)
		}
	}
	return out
}

// quoted is a list of at most ten values as code.
func quoted(values []string) string {
	const most = 10
	var out []string
	for _, v := range values[:min(len(values), most)] {
		out = append(out, "`"+strings.ReplaceAll(v, "`", "'")+"`")
	}
	if n := len(values) - most; n > 0 {
		out = append(out, fmt.Sprintf("%d more", n))
	}
	return strings.Join(out, ", ")
}

// JudgesUnlike reports whether another configuration may judge otherwise than this one: by another roadmap or learner, other files, or other skips.
func (c Config) JudgesUnlike(other Config) bool {
	return c.Roadmap != other.Roadmap || !slices.Equal(c.Ignore, other.Ignore) || !maps.Equal(c.Skip, other.Skip) || !strings.EqualFold(c.Learner, other.Learner)
}
