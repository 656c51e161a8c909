package bot_test

import (
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
)

// envStorm set to "full" runs the storm in its full size, 500 pushes to 50 repositories, which takes minutes; without it a fifth of that.
const envStorm = "MILEPOST_TEST_STORM"

// stormSize is how many repositories there are, and how many pushes.
func stormSize() (repos, pushes int) {
	if os.Getenv(envStorm) == "full" {
		return 50, 500
	}
	return 10, 100
}

// faults are the ways in which calls fail in a storm, in turn. A limit stops all calls of the app for its while, so that it comes once in a round of
// the others.
var faults = func() []githubsim.Fault {
	failures := []githubsim.Fault{
		{Kind: githubsim.FaultStatus, Status: http.StatusInternalServerError},
		{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway},
		{Kind: githubsim.FaultTimeout},
		{Kind: githubsim.FaultCut},
		{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway, Landed: true},
		{Kind: githubsim.FaultTimeout, Landed: true},
	}
	var out []githubsim.Fault
	for _, limit := range []githubsim.Fault{
		{Kind: githubsim.FaultRetry, Wait: 3 * time.Second},
		{Kind: githubsim.FaultSecondary, Wait: 20 * time.Second},
		{Kind: githubsim.FaultPrimary, Wait: 10 * time.Minute},
	} {
		out = append(out, failures...)
		out = append(out, limit)
	}
	return out
}()

// thirty lets 30 of each 100 calls fail, spread evenly.
type thirty struct {
	mu            sync.Mutex
	calls, failed int
}

func (f *thirty) decide(*http.Request) githubsim.Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.failed*10 >= f.calls*3 {
		return githubsim.Fault{}
	}
	fault := faults[f.failed%len(faults)]
	f.failed++
	return fault
}

// drive pushes to the repositories in turn, a few pushes at a time, and lets work go on between.
func drive(r *rig, f *truth, seed uint64) []*githubsim.Repo {
	rng := rand.New(rand.NewPCG(seed, 1))
	stormRepos, stormPushes := stormSize()
	var repos []*githubsim.Repo
	for i := range stormRepos {
		repo := r.sim.CreateRepo(r.org, "shelf-"+strings.Repeat("i", i%5)+string(rune('a'+i/5)), githubsim.RepoOptions{})
		r.sim.SetCollaborator(repo, r.user, "write")
		repos = append(repos, repo)
	}
	for n := range stormPushes {
		bits := rng.IntN(1 << len(features))
		repo := repos[n%stormRepos]
		c := f.commit(bits, n)
		if n < stormRepos { // before the app is there
			f.learn(r.sim.Push(repo, "main", r.user, c), bits)
			continue
		}
		if n == stormRepos {
			r.inst = r.sim.Install(r.app, r.org)
			r.settle(24 * time.Hour)
		}
		f.learn(r.sim.Push(repo, "main", r.user, c), bits)
		if n%(5*stormRepos) == 5*stormRepos-1 {
			r.settle(24 * time.Hour)
		}
	}
	return repos
}

// undelivered is the number of webhooks that never arrived.
func (r *rig) undelivered() int {
	state := map[string]bool{}
	for _, d := range r.sim.Deliveries() {
		state[d.GUID] = state[d.GUID] || d.Status/100 == 2
	}
	n := 0
	for _, ok := range state {
		if !ok {
			n++
		}
	}
	return n
}

// runs counts the runs on repositories.
type runs struct{ atomic.Int64 }

func (n *runs) see(e work.Event) {
	if e.Outcome == work.Claimed && e.Claim.Kind == storage.KindRepo {
		n.Add(1)
	}
}

// TestStorm pushes through a GitHub that fails three calls in ten, and that doubles, drops and reorders its webhooks. In the end each repository has
// one issue, right for its head, and at no time a wrong one was shown.
func TestStorm(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		calm := newTruth(t)
		var calmCalls, calmWrites int
		var calmRuns, stormRuns runs
		{
			r := newRig(t, setup{dsn: dsn, workers: 8, observe: calmRuns.see, sim: githubsim.Options{Observe: calm.watch}})
			repos := drive(r, calm, 7)
			calm.require(r, repos)
			reads, writes := r.sim.CallTotals()
			calmCalls, calmWrites = reads+writes, writes
			if err := r.server.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		f, fail := newTruth(t), &thirty{}
		r := newRig(t, setup{dsn: databases[strings.TrimPrefix(t.Name(), "TestStorm/")](t), workers: 8, callTimeout: 500 * time.Millisecond, observe: stormRuns.see, sim: githubsim.Options{Observe: f.watch}})
		r.sim.Fail(fail.decide)
		rng := rand.New(rand.NewPCG(3, 4))
		var mu sync.Mutex
		dropped := 0
		r.sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan {
			mu.Lock()
			defer mu.Unlock()
			switch rng.IntN(10) {
			case 0:
				dropped++
				return githubsim.Plan{Drop: true}
			case 1, 2:
				return githubsim.Plan{Copies: 1 + rng.IntN(2)}
			case 3, 4:
				return githubsim.Plan{Behind: 1 + rng.IntN(8)}
			}
			return githubsim.Plan{}
		})
		repos := drive(r, f, 7)
		// What was dropped comes back by GitHub's log, which is read every five minutes.
		for range 20 {
			if r.undelivered() == 0 {
				break
			}
			r.pass(6*time.Minute, 6*time.Minute)
			r.settle(24 * time.Hour)
		}
		f.require(r, repos)
		reads, writes := r.sim.CallTotals()
		landed := 0
		for _, c := range r.sim.CallLog() {
			if c.Write() && c.Status/100 == 2 {
				landed++
			}
		}
		t.Logf("calm: %d calls (%d writes) in %d runs; storm: %d calls (%d writes, %d done) in %d runs, %d calls failed, %d webhooks dropped",
			calmCalls, calmWrites, calmRuns.Load(), reads+writes, writes, landed, stormRuns.Load(), fail.failed, dropped)
		_, pushes := stormSize()
		if fail.failed < pushes/2 || dropped < pushes/25 {
			t.Errorf("no storm: %d failures, %d drops", fail.failed, dropped)
		}
		// A run that failed is made again from its start. But for that, the storm costs no more: calls for each run, and writes that were carried out.
		if int64(reads+writes)*calmRuns.Load()*2 > int64(calmCalls)*stormRuns.Load()*3 {
			t.Error("a run in the storm makes more than 1.5 times the calls of one in the calm")
		}
		if landed*2 > calmWrites*3 {
			t.Errorf("%d writes were carried out in the storm, %d in the calm", landed, calmWrites)
		}
	})
}
