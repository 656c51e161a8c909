// Package flowtest assembles the whole way from a webhook to what is said on GitHub, for tests: the stand-in GitHub with every exchange held to
// GitHub's own description, a database, the intake, the workers and the actor, on a clock that the test moves.
package flowtest

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/evaluate"
	"milepost/bot/gh"
	"milepost/bot/githubsim"
	"milepost/bot/githubsim/simtest"
	"milepost/bot/publish"
	"milepost/bot/webhook"
	"milepost/bot/work"
	"milepost/rules"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
	"milepost/storage"
	"milepost/storage/storagetest"
)

//go:embed roadmap.yaml
var roadmapText []byte

// Secret signs the webhooks.
const Secret = "a secret of tests"

// Roadmap is the small roadmap that worlds judge by.
func Roadmap(t testing.TB) *rules.Roadmap {
	t.Helper()
	r, err := rules.Parse("roadmap.yaml", roadmapText)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Clock is the system's clock, moved ahead by hand.
type Clock struct{ ahead atomic.Int64 }

// Now is the time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// Add moves the clock ahead.
func (c *Clock) Add(d time.Duration) { c.ahead.Add(int64(d)) }

// Options change a World.
type Options struct {
	Sim      func(*githubsim.Options)
	Postgres bool
	// Store is used instead of an empty database of the world's own.
	Store *storage.Store
	// Builtin judges by the roadmap that comes with the program.
	Builtin bool
	Workers int // default 1
	// NotInstalled leaves it to the test to install the app.
	NotInstalled bool
}

// World is everything there is. The app is installed on Owner's account.
type World struct {
	TB      testing.TB
	Sim     *githubsim.Sim
	App     *githubsim.App
	Inst    *githubsim.Installation
	Owner   *githubsim.Account // a person, the learner
	Store   *storage.Store
	GH      *gh.App
	Actor   *evaluate.Actor
	Runner  *work.Runner
	Clock   *Clock
	Checks  *simtest.Validator
	Roadmap *rules.Roadmap

	hook    atomic.Pointer[webhook.Handler]
	workers int
}

// New makes a world, running, with the app installed on the account of the learner "ada".
func New(t testing.TB, o Options) *World {
	t.Helper()
	w := &World{TB: t, Clock: &Clock{}, Checks: simtest.Require(t), Roadmap: Roadmap(t), workers: o.Workers}
	so := githubsim.Options{Observe: w.Checks.Observe}
	if o.Sim != nil {
		o.Sim(&so)
	}
	w.Sim = githubsim.New(so)
	if err := w.Sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Sim.Close)
	hook := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.hook.Load().ServeHTTP(rw, r) }))
	t.Cleanup(hook.Close)
	w.Owner = w.Sim.AddUser("ada", "Ada Lovelace", "ada@example.com")
	maker := w.Sim.AddUser("maker", "", "")
	w.App = w.Sim.CreateApp(githubsim.AppOptions{Owner: maker, Name: "Milepost", WebhookURL: hook.URL, WebhookSecret: Secret})
	w.Store = o.Store
	switch {
	case w.Store != nil:
	case o.Postgres:
		store, err := storage.Open(context.Background(), storagetest.PostgresDSN(t), storage.Options{Now: w.Clock.Now, Logger: Log(), Readers: 4})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = store.Close() })
		w.Store = store
	default:
		w.Store = storagetest.OpenSQLite(t, storage.Options{Now: w.Clock.Now})
	}
	w.Assemble(o.Builtin)
	w.Start()
	t.Cleanup(w.Kill)
	if !o.NotInstalled {
		w.Inst = w.Sim.Install(w.App, w.Owner)
	}
	return w
}

// Assemble makes the program's parts anew over the world's store, as a process that starts does. The former workers must have been stopped.
func (w *World) Assemble(builtin bool) {
	w.TB.Helper()
	log := Log()
	hook, err := webhook.New(webhook.Config{Secrets: []string{Secret}, Store: w.Store, Now: w.Clock.Now, Logger: log})
	if err != nil {
		w.TB.Fatal(err)
	}
	w.hook.Store(hook)
	w.GH, err = gh.New(gh.Config{AppID: w.App.ID, PrivateKey: w.App.PrivateKeyPEM, APIURL: w.Sim.APIURL(), ServerURL: w.Sim.URL(), CallTimeout: time.Minute})
	if err != nil {
		w.TB.Fatal(err)
	}
	w.Actor = &evaluate.Actor{
		Store: w.Store, App: w.GH, AppID: w.App.ID, Slug: w.App.Slug, Now: w.Clock.Now, Log: log,
		Publisher: &publish.Publisher{Store: w.Store, AppID: w.App.ID, Slug: w.App.Slug, Log: log},
	}
	if !builtin {
		w.Actor.Roadmaps = func(id string) (*rules.Roadmap, error) {
			if id != roadmaps.Default {
				return nil, errors.New("there is no built-in roadmap " + id)
			}
			return w.Roadmap, nil
		}
	}
}

// Log goes nowhere, or, with MILEPOST_TEST_LOG set, to standard error.
func Log() *slog.Logger {
	to := io.Discard
	if os.Getenv("MILEPOST_TEST_LOG") != "" {
		to = os.Stderr
	}
	return slog.New(slog.NewTextHandler(to, nil))
}

// Start starts the workers.
func (w *World) Start() {
	w.TB.Helper()
	log := Log()
	runner, err := work.New(work.Config{
		Store: w.Store, Workers: max(w.workers, 1), MaxAttempts: 1000, Poll: 20 * time.Millisecond, Now: w.Clock.Now, Logger: log, Grace: 10 * time.Millisecond,
		Handlers: map[string]work.Handler{storage.KindRepo: work.HandlerFunc(w.Actor.Handle), storage.KindInstall: work.HandlerFunc(w.Actor.HandleInstall)},
		Backoff:  func(int) time.Duration { return 5 * time.Millisecond },
		OnPark:   func(_ context.Context, c work.Claim, err error) { w.TB.Errorf("set aside: %v: %v", c.Key, err) },
		Observe: func(e work.Event) {
			if e.Err != nil {
				log.Info("run", "gen", e.Claim.Gen, "key", e.Claim.Key, "outcome", e.Outcome, "error", e.Err)
			}
		},
	})
	if err != nil {
		w.TB.Fatal(err)
	}
	if err := runner.Start(context.Background()); err != nil {
		w.TB.Fatal(err)
	}
	w.Runner = runner
}

// Kill stops the workers at once, in the middle of what they do.
func (w *World) Kill() {
	if w.Runner == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.Runner.Stop(ctx); err != nil {
		w.TB.Logf("stop: %v", err)
	}
	w.Runner = nil
}

// soon is how near the next retry must be for Settle to wait for it.
const soon = 3 * time.Second

// Settle waits until every webhook is delivered and all work that is due, or will be within seconds, is done.
func (w *World) Settle() {
	w.TB.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
	defer cancel()
	for {
		before := len(w.Sim.Deliveries())
		if err := w.Sim.WaitDelivered(ctx); err != nil {
			w.TB.Fatalf("webhooks are not delivered: %v", err)
		}
		if err := w.Runner.WaitIdle(ctx); err != nil {
			w.TB.Fatalf("the work does not end: %v", err)
		}
		due, err := w.Store.NextDue(ctx, []string{storage.KindRepo, storage.KindInstall})
		quiet := errors.Is(err, storage.ErrNotFound) || err == nil && due.Sub(w.Clock.Now()) > soon
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			w.TB.Fatal(err)
		}
		if quiet && len(w.Sim.Deliveries()) == before {
			return
		}
		if !quiet {
			time.Sleep(time.Millisecond) // a retry is near
		}
	}
}

// Calls are the calls to the API, without tokens and the download of an archive, which counts against no limit.
func Calls(log []githubsim.Call) (reads, writes []string) {
	for _, c := range log {
		switch {
		case c.Token() || !strings.HasPrefix(c.Template, "/"):
		case strings.Contains(c.Path, "codeload") || strings.Contains(c.Template, "codeload"):
		case c.Write():
			writes = append(writes, c.Method+" "+c.Template)
		default:
			reads = append(reads, c.Method+" "+c.Template)
		}
	}
	return reads, writes
}

// Repo is the stored row of a repository.
func (w *World) Repo(r *githubsim.Repo) storage.Repository {
	w.TB.Helper()
	row, err := w.Store.Repository(context.Background(), r.ID())
	if err != nil {
		w.TB.Fatalf("repository %s: %v", r.FullName(), err)
	}
	return row
}

// Report is the newest report of a repository.
func (w *World) Report(r *githubsim.Repo) rules.Report {
	w.TB.Helper()
	row, err := w.Store.LatestReport(context.Background(), r.ID())
	if err != nil {
		w.TB.Fatalf("report of %s: %v", r.FullName(), err)
	}
	return Decode(w.TB, row.Data)
}

// ProgressIssues are the issues of a repository that the app wrote.
func (w *World) ProgressIssues(r *githubsim.Repo) []githubsim.IssueInfo {
	var out []githubsim.IssueInfo
	for _, i := range w.Sim.Issues(r) {
		if !i.Pull && i.Author == w.App.Slug+"[bot]" {
			out = append(out, i)
		}
	}
	return out
}

// Issue is the one progress issue; the test fails where there is none or another one.
func (w *World) Issue(r *githubsim.Repo) githubsim.IssueInfo {
	w.TB.Helper()
	all := w.ProgressIssues(r)
	if len(all) != 1 {
		w.TB.Fatalf("%s has %d progress issues, want 1", r.FullName(), len(all))
	}
	return all[0]
}

// Met are the ids of the milestones that a repository has reached.
func (w *World) Met(r *githubsim.Repo) string {
	w.TB.Helper()
	report := w.Report(r)
	var out []string
	for _, m := range report.Milestones() {
		if m.Done() {
			out = append(out, m.ID)
		}
	}
	return strings.Join(out, " ")
}

// Key is the key of a repository's work.
func Key(r *githubsim.Repo) storage.Key {
	return storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(r.ID(), 10)}
}

// Install installs the app on all repositories of the learner.
func (w *World) Install() { w.Inst = w.Sim.Install(w.App, w.Owner) }

// Sweep asks for a look at a repository as the sweep does, a day later, and settles.
func (w *World) Sweep(r *githubsim.Repo) {
	w.TB.Helper()
	w.Clock.Add(25 * time.Hour)
	if err := w.Store.Enqueue(context.Background(), storage.Wish{Key: Key(r), Priority: storage.PriorityLow}); err != nil {
		w.TB.Fatal(err)
	}
	w.Settle()
}

// Renew gives the world an empty database and starts the program on it. The former workers must have been stopped.
func (w *World) Renew() {
	w.TB.Helper()
	w.Store = storagetest.OpenSQLite(w.TB, storage.Options{Now: w.Clock.Now})
	w.Assemble(false)
	w.Start()
}

// Log is the stored history of a repository.
func (w *World) Log(r *githubsim.Repo) snapshot.CommitLog {
	w.TB.Helper()
	rows, err := w.Store.Activity(context.Background(), r.ID())
	if err != nil {
		w.TB.Fatal(err)
	}
	var log snapshot.CommitLog
	if err := json.Unmarshal(rows["log"], &log); err != nil {
		w.TB.Fatal(err)
	}
	return log
}

// FreshLog is the history of a repository as GitHub lists it.
func (w *World) FreshLog(r *githubsim.Repo) snapshot.CommitLog {
	w.TB.Helper()
	c, err := w.GH.Client(w.Inst.ID)
	if err != nil {
		w.TB.Fatal(err)
	}
	owner, name, _ := strings.Cut(r.FullName(), "/")
	log, _, err := c.Commits(context.Background(), gh.Repo{Owner: owner, Name: name}, r.DefaultBranch(), 100)
	if err != nil {
		w.TB.Fatal(err)
	}
	return log
}
