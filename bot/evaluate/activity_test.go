package evaluate

import (
	"testing"
	"time"

	"milepost/bot/gh"
	"milepost/rules/config"
	"milepost/rules/snapshot"
	"milepost/storage"
)

func TestRunsThatSayNothingOfTheBranch(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 3, 9, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		run  gh.WorkflowRun
		want string
	}{
		"a failure":           {gh.WorkflowRun{Event: "push", Status: "completed", Conclusion: "failure", HeadBranch: "main"}, "failure"},
		"skipped":             {gh.WorkflowRun{Event: "push", Status: "completed", Conclusion: "skipped", HeadBranch: "main"}, "success"},
		"a build of Pages":    {gh.WorkflowRun{Event: "dynamic", Status: "completed", Conclusion: "failure", HeadBranch: "main"}, "success"},
		"by the clock":        {gh.WorkflowRun{Event: "schedule", Status: "completed", Conclusion: "failure", HeadBranch: "main"}, "success"},
		"of a pull request":   {gh.WorkflowRun{Event: "pull_request", Status: "completed", Conclusion: "failure", HeadBranch: "main"}, "success"},
		"still under way":     {gh.WorkflowRun{Event: "push", Status: "in_progress", HeadBranch: "main"}, "success"},
		"of another branch":   {gh.WorkflowRun{Event: "push", Status: "completed", Conclusion: "failure", HeadBranch: "try"}, "success"},
		"of an older moment":  {gh.WorkflowRun{Event: "push", Status: "completed", Conclusion: "failure", HeadBranch: "main", UpdatedAt: at.Add(-time.Hour)}, "success"},
		"asked for by a hand": {gh.WorkflowRun{Event: "workflow_dispatch", Status: "completed", Conclusion: "failure", HeadBranch: "main"}, "failure"},
	} {
		act := &activity{dirty: map[string]bool{}}
		act.CI = &snapshot.CI{Conclusion: "success", At: at}
		if c.run.UpdatedAt.IsZero() {
			c.run.UpdatedAt = at.Add(time.Hour)
		}
		act.note(delivery{Event: "workflow_run", WorkflowRun: &c.run}, &storage.Repository{DefaultBranch: "main"})
		if act.CI.Conclusion != c.want {
			t.Errorf("%s: CI says %q, want %q", name, act.CI.Conclusion, c.want)
		}
	}
}

// TestReviewsGoOn: the reviews of the newest pull requests are known, however many there were.
func TestReviewsGoOn(t *testing.T) {
	t.Parallel()
	act := &activity{reviews: map[int][]snapshot.Review{}, dirty: map[string]bool{}}
	for n := 1; n <= maxPulls+50; n++ {
		act.note(delivery{Event: "pull_request_review", Action: "submitted", PullRequest: &gh.PullRequest{Number: n}, Review: &review{State: "approved"}}, &storage.Repository{})
	}
	if len(act.reviews) != maxPulls || len(act.reviews[maxPulls+50]) != 1 || act.reviews[50] != nil {
		t.Errorf("%d pull requests with reviews, the newest has %d", len(act.reviews), len(act.reviews[maxPulls+50]))
	}
}

func TestLearnerOf(t *testing.T) {
	t.Parallel()
	log := &snapshot.CommitLog{Commits: []snapshot.Commit{{AuthorLogin: "Bea"}, {AuthorLogin: "carl"}, {AuthorLogin: "carl"}, {AuthorLogin: "helper[bot]"}}}
	pulls := &[]snapshot.Pull{{Author: "dora"}}
	for name, c := range map[string]struct {
		repo, owner, named string
		org                bool
		act                snapshot.Activity
		want               string
	}{
		"the owner":                              {"shop", "ada", "", false, snapshot.Activity{Log: log}, "ada"},
		"the owner, named":                       {"shop", "ada", "Ada", false, snapshot.Activity{}, "Ada"},
		"an author is named":                     {"shop", "ada", "bea", false, snapshot.Activity{Log: log}, "bea"},
		"somebody of a merged pull request":      {"shop", "ada", "dora", false, snapshot.Activity{Log: log, Pulls: pulls}, "dora"},
		"a stranger is named":                    {"shop", "ada", "victim", false, snapshot.Activity{Log: log, Pulls: pulls}, "ada"},
		"a stranger in an organisation":          {"shop", "acme", "victim", true, snapshot.Activity{Log: log}, "carl"},
		"the organisation itself":                {"shop", "acme", "acme", true, snapshot.Activity{Log: log}, "carl"},
		"a name that ends in an author":          {"shop-bea", "acme", "", true, snapshot.Activity{Log: log}, "Bea"},
		"the same, and a stranger is named":      {"shop-bea", "acme", "victim", true, snapshot.Activity{Log: log}, "Bea"},
		"nothing is known of the history so far": {"shop-bea", "acme", "bea", true, snapshot.Activity{}, ""},
	} {
		std := standard{conf: config.Config{Learner: c.named}}
		if got := learnerOf(&storage.Repository{Owner: c.owner, Name: c.repo}, std, c.org, &c.act); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
