package bot_test

import (
	"fmt"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// limitWatch counts what is created, by the clock of the test, and what GitHub refuses for it.
type limitWatch struct {
	mu      sync.Mutex
	now     func() time.Time
	made    []time.Time
	refused int
}

func (w *limitWatch) see(ex githubsim.Exchange) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if ex.Status == http.StatusForbidden || ex.Status == http.StatusTooManyRequests {
		w.refused++
	}
	if ex.Request.Method == http.MethodPost && ex.Status == http.StatusCreated && strings.HasPrefix(ex.Template, "/repos/{owner}/{repo}/issues") {
		w.made = append(w.made, w.now())
	}
}

// most is the largest number created within any span.
func (w *limitWatch) most(span time.Duration) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	most, from := 0, 0
	for i, at := range w.made {
		for at.Sub(w.made[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// TestCohort installs the app on 600 repositories at once, under GitHub's limits on new content. All get their issue, no limit is ever hit, a pull
// request in the midst of it is checked at once, no repository is looked at again and again while it waits for its turn, and memory stays small.
func TestCohort(t *testing.T) {
	t.Parallel()
	const repositories = 600
	w := &limitWatch{}
	f := newTruth(t)
	type waited struct {
		mu   sync.Mutex
		runs int
	}
	var seen waited
	r := newRig(t, setup{dsn: storagetest.SQLiteDSN(t), workers: 4, sim: githubsim.Options{RateLimit: 15000, Observe: func(ex githubsim.Exchange) { w.see(ex); f.watch(ex) }},
		observe: func(e work.Event) {
			seen.mu.Lock()
			defer seen.mu.Unlock()
			if e.Outcome == work.Claimed && e.Claim.Kind == storage.KindRepo {
				seen.runs++
			}
		}})
	w.mu.Lock()
	w.now = r.clock.Now
	w.mu.Unlock()
	var repos []*githubsim.Repo
	for i := range repositories {
		repo := r.sim.CreateRepo(r.org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{})
		r.sim.SetCollaborator(repo, r.user, "write")
		f.learn(r.sim.Push(repo, "main", r.user, f.commit(i%8, i)), i%8)
		repos = append(repos, repo)
	}
	begun := r.clock.Now()
	r.sim.Install(r.app, r.org)

	// A pull request, as soon as a hundred issues are out.
	ctx := t.Context()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	made := func() int {
		w.mu.Lock()
		defer w.mu.Unlock()
		return len(w.made)
	}
	for deadline := time.After(15 * time.Minute); made() < 50; {
		select {
		case <-deadline:
			t.Fatalf("%d issues in all that time\n%s", made(), tail(r.logs.String()))
		case <-tick.C:
		}
	}
	busy := repos[len(repos)-1]
	r.sim.SetBranch(busy, "feature", busy.Head(""), r.user)
	head := r.sim.PushFiles(busy, "feature", r.user, "Add an ignore file", map[string]string{".gitignore": features[0].content, "lib.js": "module.exports = 1;\n"})
	opened := r.clock.Now()
	r.sim.OpenPull(busy, r.user, githubsim.PullOptions{Title: "Ignore", Head: "feature"})
	for deadline := time.After(15 * time.Minute); ; {
		done := false
		for _, run := range r.sim.CheckRuns(busy, head) {
			done = done || run.Status == "completed"
		}
		if done {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("the pull request is not checked\n%s", tail(r.logs.String()))
		case <-tick.C:
		}
	}
	patience := r.clock.Now().Sub(opened)
	left := repositories - made()

	r.settle(48 * time.Hour)
	f.require(r, repos)
	if n := w.most(time.Minute); n > 80 {
		t.Errorf("%d were created within a minute", n)
	}
	if n := w.most(time.Hour); n > 500 {
		t.Errorf("%d were created within an hour", n)
	}
	if seen.runs > 4*repositories { // the first, the one whose turn it is, and those for what came of them
		t.Errorf("%d repositories were picked up %d times", repositories, seen.runs)
	}
	if w.refused > 0 {
		t.Errorf("GitHub refused %d calls for a limit", w.refused)
	}
	// What it waits is a tenth of a second on an idle machine; that it overtook most of the others holds on a busy one, too.
	if left < 100 {
		t.Errorf("only %d repositories were waiting when the pull request was checked", left)
	}
	if err := ctx.Err(); err != nil {
		t.Fatal(err)
	}
	runtime.GC()
	debug.FreeOSMemory()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("600 repositories in %s of the clock and %d runs; at most %d issues a minute and %d an hour; the pull request waited %s with %d repositories to go; heap of server and stand-in together %d MiB, pid %d",
		r.clock.Now().Sub(begun).Round(time.Minute), seen.runs, w.most(time.Minute), w.most(time.Hour), patience.Round(time.Millisecond), left, m.HeapAlloc>>20, os.Getpid())
}
