package evaluate_test

import (
	"strings"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
)

// digests runs the timer of the weekly digest at a Monday morning that the clock is moved to.
func digests(t *testing.T, w *flowtest.World) {
	t.Helper()
	for _, timer := range w.Actor.Timers(storage.Retention{}) {
		if timer.Name == "digest" {
			if err := timer.Handler.Handle(t.Context(), &work.Claim{}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// nextMonday moves the clock to the next Monday, nine in the morning UTC.
func nextMonday(w *flowtest.World) {
	now := w.Clock.Now().UTC()
	days := (8 - int(now.Weekday())) % 7
	if days == 0 {
		days = 7
	}
	at := time.Date(now.Year(), now.Month(), now.Day()+days, 9, 0, 0, 0, time.UTC)
	w.Clock.Add(at.Sub(now))
}

func TestDigestOnceAWeekAndOnlyToItsOwner(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	mentors := w.Sim.CreateRepo(w.Owner, "mentors", githubsim.RepoOptions{})
	w.Sim.PushFiles(mentors, "", w.Owner, "start", map[string]string{"README.md": "# Mentors\n"})
	shop := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(shop, "", w.Owner, "start", with(starter(), ".github/milepost.yml", "digest: {repo: "+mentors.FullName()+", weekday: monday}\n"))
	stray := w.Sim.CreateRepo(w.Owner, "stray", githubsim.RepoOptions{})
	w.Sim.PushFiles(stray, "", w.Owner, "start", with(starter(), ".github/milepost.yml", "digest: {repo: somebody-else/mentors}\n"))
	w.Settle()
	find := func() []githubsim.IssueInfo {
		var out []githubsim.IssueInfo
		for _, i := range w.Sim.Issues(mentors) {
			if strings.Contains(i.Body, "<!-- milepost:digest:") {
				out = append(out, i)
			}
		}
		return out
	}
	nextMonday(w)
	digests(t, w)
	digests(t, w)
	got := find()
	if len(got) != 1 {
		t.Fatalf("%d digests after two runs in one week, want 1", len(got))
	}
	if !strings.Contains(got[0].Body, "shop") || strings.Contains(got[0].Body, "stray") {
		t.Errorf("the digest tells of the wrong repositories:\n%s", got[0].Body)
	}
	nextMonday(w)
	digests(t, w)
	if n := len(find()); n != 2 {
		t.Errorf("%d digests after two weeks, want 2", n)
	}
}
