package render

import (
	"strings"
	"testing"
	"time"

	"milepost/rules"
)

func digestInput(r *rules.Roadmap) DigestInput {
	line := func(who string, ids ...string) DigestLine {
		return DigestLine{Learner: who, Repository: who + "/shop", URL: "https://milepost.example/repos/" + who + "/shop", Milestones: ids, Since: at("2026-11-09 08:00"), Met: 7, Total: 15, Step: "Version control"}
	}
	return DigestInput{
		Roadmap: r, From: at("2026-11-16 00:00"), To: at("2026-11-23 06:00"), Learners: 24, DashboardURL: "https://milepost.example/learners",
		Moved: []DigestLine{line("ada", "unit-tests", "ci-workflow"), line("bo", "readme")}, Completed: []DigestLine{line("ada")},
		Stuck: []DigestLine{line("cy", "ci-runs-tests")}, Silent: []DigestLine{line("dee"), {Learner: "eve"}},
	}
}

func TestDigest(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	title, body := Digest(digestInput(r))
	golden(t, "digest.md", title+"\n\n"+body+"\n")
	checkStructure(t, body)
	big := digestInput(r)
	for range 500 {
		big.Moved = append(big.Moved, big.Moved[0])
		big.Silent = append(big.Silent, big.Silent[0])
	}
	if _, body := Digest(big); length(body) > maxBody || !strings.Contains(body, "and 462 more") {
		t.Errorf("%d characters", length(body))
	}
	_, quiet := Digest(DigestInput{Roadmap: r, To: at("2026-11-23 06:00"), Learners: 3})
	golden(t, "digest-quiet.md", quiet+"\n")
}

func TestReplies(t *testing.T) {
	t.Parallel()
	in := nodeHalf(testRoadmap(t))
	var b strings.Builder
	for _, s := range []string{
		ReplyHelp(), ReplyWhy(in, "ci-runs-tests"), ReplyWhy(in, "rest-routes"), ReplyWhy(in, "live-deployment"), ReplyWhy(in, "indexes"), ReplyWhy(in, "gitignore"), ReplyWhy(in, "raedme"),
		ReplySkip("jwt", "we use sessions"), ReplySkipDone("jwt"), ReplyUnskip("jwt", true), ReplyUnskip("jwt", false), ReplyStillSkipped("jwt"), ReplyNoFile("src/nosuch.js", "main"), ReplyEvidence("live-deployment", "https://example.org"), ReplyApprove("rbac", "grace", "looked at it together"),
		ReplyApprove("rbac", "grace", ""), ReplyRevoke("rbac", "grace", true), ReplyRevoke("rbac", "grace", false), ReplyPause(at("2026-12-08 00:00")), ReplyPause(time.Time{}), ReplyResume(true), ReplyResume(false), ReplyNoRight("approve"), ReplyNoRight("skip"),
		ReplyUnknownMilestone("xyz", []string{"jwt", "readme"}), ReplyUnknownCommand("recheks"), ReplyUnknownCommand("dance"), ReplyUnknownCommand(""), ReplyNeeds("skip", "a reason"), ReplyNeeds("pause", "a time such as 14d or 2026-12-24"),
	} {
		checkStructure(t, s)
		b.WriteString(s + "\n\n---\n\n")
	}
	golden(t, "replies.md", b.String())
}

func TestMarkdownReport(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	in := nodeHalf(r)
	in.Report.Warnings = []string{"data/big.csv: 104 MB are more than is read"}
	golden(t, "report.md", Markdown(r, in.Report))
}

func TestPictures(t *testing.T) {
	t.Parallel()
	badge := BadgeOf(rules.Summary{Met: 14, Total: 38})
	golden(t, "badge.svg", string(badge)+"\n")
	card := Card(CardInput{Name: "Ada Lovelace", Roadmap: "Backend developer", Met: 14, Total: 38, Steps: []CardStep{
		{"Learn the fundamentals of programming", 4, 4}, {"Master data structures and algorithms", 1, 4}, {"Tools and concepts", 0, 0},
	}})
	golden(t, "card.svg", string(card)+"\n")
	for _, s := range hostile {
		checkSVG(t, Badge(s, s, s))
		checkSVG(t, Card(CardInput{Name: s, Roadmap: s, Met: 3, Total: 1, Steps: []CardStep{{Title: s, Met: -1, Total: 4}}}))
	}
	for _, s := range []rules.Summary{{}, {Total: 3}, {Met: 3, Total: 3}} {
		checkSVG(t, BadgeOf(s))
	}
}

func TestStepWord(t *testing.T) {
	t.Parallel()
	step := func(met, total int, st ...rules.Status) rules.StepReport {
		s := rules.StepReport{Met: met, Total: total}
		for _, x := range st {
			s.Milestones = append(s.Milestones, rules.MilestoneReport{Status: x})
		}
		return s
	}
	for want, s := range map[string]rules.StepReport{
		"Done": step(1, 1, rules.Met), "Started": step(1, 2, rules.Met, rules.Missing), "Later": step(0, 1, rules.Missing),
		"Does not apply": step(0, 0, rules.Skipped, rules.NotApplicable), "Could not check": step(0, 1, rules.Unknown, rules.Skipped),
	} {
		if got := StepWord(s, false); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	if StepWord(step(0, 1, rules.Missing), true) != "Next" {
		t.Error("the next step is not called so")
	}
}

// BenchmarkIssue renders the page of a learner half way, with its hash: 0.6 ms and 150 KB on one of two busy cores.
func BenchmarkIssue(b *testing.B) {
	in := nodeHalf(testRoadmap(b))
	for b.Loop() {
		Issue(in)
	}
}
