package bot_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// overlap notes two runs of one key at the same time, in whatever process.
type overlap struct {
	mu    sync.Mutex
	busy  map[storage.Key]bool
	found []string
	runs  int
}

// around watches a handler from its begin to its return: what comes after, the end in the database, lets another process in.
func (o *overlap) around(h work.Handler) work.Handler {
	return work.HandlerFunc(func(ctx context.Context, c *work.Claim) error {
		o.mu.Lock()
		if o.busy[c.Key] {
			o.found = append(o.found, c.Kind+" "+c.ID)
		}
		o.busy[c.Key] = true
		o.runs++
		o.mu.Unlock()
		defer func() {
			o.mu.Lock()
			defer o.mu.Unlock()
			delete(o.busy, c.Key)
		}()
		return h.Handle(ctx, c)
	})
}

// TestReplicas runs two web processes and two workers on one PostgreSQL, which are stopped and started in turn while 2,000 pushes to 100 repositories
// come in: nothing is lost, nothing is done twice, and no repository is worked on by two at once.
func TestReplicas(t *testing.T) {
	t.Parallel()
	const repositories, pushes = 100, 2000
	dsn := storagetest.PostgresDSN(t)
	f := newTruth(t)
	o := &overlap{busy: map[storage.Key]bool{}}
	r := newRig(t, setup{dsn: dsn, workers: 2, sim: githubsim.Options{Observe: f.watch, ContentPerHour: -1, ContentPerMinute: -1, RateLimit: 1 << 20}, env: []string{"WORKERS=2"}})
	if err := r.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	start := func(role bot.Role) *bot.Server {
		t.Helper()
		cfg := r.config("WORKERS=2")
		cfg.Role = role
		opts := r.opts
		opts.Work = func(c *work.Config) {
			if r.opts.Work != nil {
				r.opts.Work(c)
			}
			for kind, h := range c.Handlers {
				c.Handlers[kind] = o.around(h)
			}
		}
		s, err := bot.Start(t.Context(), cfg, opts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	webs := [2]*bot.Server{start(bot.RoleWeb), start(bot.RoleWeb)}
	workers := [2]*bot.Server{start(bot.RoleWorker), start(bot.RoleWorker)}
	defer func() {
		for _, s := range []*bot.Server{webs[0], webs[1], workers[0], workers[1]} {
			_ = s.Stop(context.Background()) // the test is over
		}
	}()
	// What stands before them, and knows who is up.
	var up [2]atomic.Pointer[url.URL]
	point := func(i int) {
		u, err := url.Parse(webs[i].URL())
		if err != nil {
			t.Fatal(err)
		}
		up[i].Store(u)
	}
	point(0)
	point(1)
	var turn atomic.Int64
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		n := int(turn.Add(1))
		for i := range 2 {
			if u := up[(n+i)%2].Load(); u != nil {
				httputil.NewSingleHostReverseProxy(u).ServeHTTP(w, req)
				return
			}
		}
		w.WriteHeader(http.StatusBadGateway)
	}))
	defer balancer.Close()
	r.sim.SetWebhook(r.app, balancer.URL+"/api/github/webhooks", secret)

	var repos []*githubsim.Repo
	for i := range repositories {
		repo := r.sim.CreateRepo(r.org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{})
		r.sim.SetCollaborator(repo, r.user, "write")
		repos = append(repos, repo)
	}
	r.sim.Install(r.app, r.org)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	stops := 0
	for n := range pushes {
		f.learn(r.sim.Push(repos[n%repositories], "main", r.user, f.commit(n%8, n)), n%8)
		if n%250 != 249 {
			continue
		}
		if err := r.sim.WaitDelivered(ctx); err != nil {
			t.Fatal(err)
		}
		i := stops % 2
		if stops/2%2 == 0 {
			if err := workers[i].Stop(ctx); err != nil {
				t.Errorf("stop of a worker: %v", err)
			}
			workers[i] = start(bot.RoleWorker)
		} else {
			up[i].Store(nil)
			if err := webs[i].Stop(ctx); err != nil {
				t.Errorf("stop of a web process: %v", err)
			}
			webs[i] = start(bot.RoleWeb)
			point(i)
		}
		stops++
	}
	store := webs[0].Store()
	for {
		if err := r.sim.WaitDelivered(ctx); err != nil {
			t.Fatal(err)
		}
		for _, w := range workers {
			if err := w.WaitIdle(ctx); err != nil {
				t.Fatalf("%v\n%s", err, tail(r.logs.String()))
			}
		}
		stats, err := store.QueueStats(ctx)
		if err != nil {
			t.Fatal(err)
		}
		left := int64(0)
		for _, s := range stats {
			if s.Kind != storage.KindTimer {
				left += s.Ready + s.Running
			}
		}
		due, err := store.NextDue(ctx, kinds)
		if err != nil && left == 0 {
			break
		}
		if err == nil {
			r.clock.skipTo(due)
		}
	}
	f.require(r, repos)
	if len(o.found) > 0 {
		t.Errorf("worked on by two at once: %v", o.found)
	}
	done := 0
	for _, d := range r.sim.Deliveries() {
		got, err := store.Delivery(ctx, d.GUID)
		if err != nil || got.State == storage.DeliveryPending || got.State == storage.DeliveryAside {
			t.Errorf("delivery %s (%s, answered %d): state %v, %v", d.GUID, d.Event, d.Status, got.State, err)
			break
		}
		done++
	}
	t.Logf("%d deliveries, %d runs, %d stops", done, o.runs, stops)
}
