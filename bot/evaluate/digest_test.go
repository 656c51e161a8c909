package evaluate_test

import (
	"strings"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
)

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
	w.Sim.PushFiles(mentors, "", w.Owner, "start", map[string]string{"README.md": "# Mentors\n", ".github/milepost.yml": "digest: {repo: ada/mentors}\n"})
	shop := w.Sim.CreateRepo(w.Owner, "shop", githubsim.RepoOptions{})
	w.Sim.PushFiles(shop, "", w.Owner, "start", with(starter(), ".github/milepost.yml", "digest: {repo: "+mentors.FullName()+", weekday: monday}\n"))
	stray := w.Sim.CreateRepo(w.Owner, "stray", githubsim.RepoOptions{})
	w.Sim.PushFiles(stray, "", w.Owner, "start", with(starter(), ".github/milepost.yml", "digest: {repo: somebody-else/mentors}\n"))
	w.Settle()
	digests := func() {
		t.Helper()
		if err := tick(t, w, "digest"); err != nil {
			t.Fatal(err)
		}
	}
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
	digests()
	digests()
	got := find()
	if len(got) != 1 {
		t.Fatalf("%d digests after two runs in one week, want 1", len(got))
	}
	if !strings.Contains(got[0].Body, "shop") || strings.Contains(got[0].Body, "stray") {
		t.Errorf("the digest tells of the wrong repositories:\n%s", got[0].Body)
	}
	nextMonday(w)
	digests()
	if n := len(find()); n != 2 {
		t.Errorf("%d digests after two weeks, want 2", n)
	}
}

// TestDigestWhereItIsAgreed: a repository that does not name itself gets none from others, of what another's configuration says none comes on another
// day, and one that takes no issue keeps none waiting.
func TestDigestWhereItIsAgreed(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	repos := map[string]*githubsim.Repo{}
	for name, conf := range map[string]string{
		"archived": "digest: {repo: ada/archived}\n",
		"mentors":  "digest: {repo: ada/mentors}\n",
		"victim":   "",
		"one":      "digest: {repo: ada/archived}\n",
		"two":      "digest: {repo: ada/mentors, weekday: sunday}\n",
		"three":    "digest: {repo: ada/victim}\n",
	} {
		repos[name] = w.Sim.CreateRepo(w.Owner, name, githubsim.RepoOptions{})
		w.Sim.PushFiles(repos[name], "", w.Owner, "start", with(starter(), ".github/milepost.yml", conf))
	}
	w.Settle()
	w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: true} })
	w.Sim.Archive(repos["archived"], true)
	nextMonday(w)
	w.Clock.Add(-24 * time.Hour)
	if err := tick(t, w, "digest"); err != nil {
		t.Fatal(err)
	}
	w.Clock.Add(24 * time.Hour)
	for _, want := range []int{0, 1} {
		for _, name := range []string{"mentors", "victim"} {
			n := 0
			for _, i := range w.Sim.Issues(repos[name]) {
				if strings.Contains(i.Body, "<!-- milepost:digest:") {
					n++
				}
			}
			if name == "victim" && n != 0 || name == "mentors" && n != want {
				t.Errorf("%s has %d digests, want %d", name, n, want)
			}
		}
		if err := tick(t, w, "digest"); err != nil {
			t.Error(err)
		}
	}
}
