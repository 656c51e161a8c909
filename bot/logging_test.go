package bot_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/storage/storagetest"
)

// TestLogLines lets a check fail: the line about it says which job, installation, repository and delivery it is about.
func TestLogLines(t *testing.T) {
	t.Parallel()
	f := newTruth(t)
	r := newRig(t, setup{dsn: storagetest.SQLiteDSN(t), sim: githubsim.Options{Observe: f.watch}, env: []string{"LOG_LEVEL=debug"}})
	repo := r.sim.CreateRepo(r.org, "shelf", githubsim.RepoOptions{})
	r.sim.SetCollaborator(repo, r.user, "write")
	r.inst = r.sim.Install(r.app, r.org)
	f.learn(r.sim.Push(repo, "main", r.user, f.commit(1, 1)), 1)
	r.settle(24 * time.Hour)
	r.sim.Fail(func(*http.Request) githubsim.Fault {
		return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway}
	})
	f.learn(r.sim.Push(repo, "main", r.user, f.commit(3, 2)), 3)
	r.idle()
	r.sim.Fail(nil)
	r.settle(24 * time.Hour)
	guid := ""
	for _, d := range r.sim.Deliveries() {
		if d.Event == "push" {
			guid = d.GUID
		}
	}
	found := false
	for line := range strings.SplitSeq(r.logs.String(), "\n") {
		var l struct {
			Msg, Job, Repository string
			Installation         int64
			Delivery             []string
		}
		if err := json.Unmarshal([]byte(line), &l); err != nil || l.Msg != "a run failed" {
			continue
		}
		found = true
		if l.Job == "" || l.Repository != repo.FullName() || l.Installation != r.inst.ID || !slices.Contains(l.Delivery, guid) {
			t.Errorf("the line says too little: %s", line)
		}
	}
	if !found {
		t.Errorf("no line about the failure\n%s", tail(r.logs.String()))
	}
	f.require(r, []*githubsim.Repo{repo})
}
