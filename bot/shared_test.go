package bot_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestLimitsShared: what one process learned of GitHub's limits holds for another one of the same database, which makes no call to find out by
// itself; afterwards both go on. (That they share the pace of new content too is in the suite of the storage.)
func TestLimitsShared(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]githubsim.FaultKind{"primary": githubsim.FaultPrimary, "secondary": githubsim.FaultSecondary} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachDatabase(t, func(t *testing.T, dsn string) { limitsShared(t, dsn, fault) })
		})
	}
}

func limitsShared(t *testing.T, dsn string, kind githubsim.FaultKind) {
	t.Helper()
	const repositories = 12
	f := newTruth(t)
	var snoozed atomic.Int64
	r := newRig(t, setup{dsn: dsn, sim: githubsim.Options{Observe: f.watch}, observe: func(e work.Event) {
		if e.Outcome == work.Snoozed {
			snoozed.Add(1)
		}
	}})
	var repos []*githubsim.Repo
	for i := range repositories {
		repos = append(repos, r.sim.CreateRepo(r.org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{}))
	}
	inst := r.sim.Install(r.app, r.org)
	r.settle(2 * time.Hour)
	push := func(repo *githubsim.Repo, n, bits int) {
		f.learn(r.sim.Push(repo, "main", r.user, f.commit(bits, n)), bits)
	}

	// The first process runs into a limit.
	var refused atomic.Int64
	r.sim.Fail(func(q *http.Request) githubsim.Fault {
		if strings.Contains(q.URL.Path, "/repos/academy/") {
			refused.Add(1)
			return githubsim.Fault{Kind: kind, Wait: 40 * time.Minute}
		}
		return githubsim.Fault{}
	})
	before := snoozed.Load()
	push(repos[0], 0, 1)
	eventually(t, "the limit is hit", func() bool { return snoozed.Load() > before })
	r.sim.Fail(nil)
	if refused.Load() != 1 {
		t.Errorf("GitHub refused %d calls before the process stopped asking", refused.Load())
	}
	known, err := r.server.Store().RateLimit(t.Context(), fmt.Sprint(inst.ID), "core")
	if err != nil || known.BlockedUntil.Before(r.clock.Now().Add(30*time.Minute)) {
		t.Fatalf("stored: %+v %v", known, err)
	}

	// A second one starts: on PostgreSQL beside the first, on SQLite after it.
	first := r.server
	if !first.Store().Postgres() {
		if err := first.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.start("WORKERS=4")
	} else {
		cfg := r.config("WORKERS=4")
		cfg.Role = bot.RoleWorker
		second, err := bot.Start(t.Context(), cfg, r.opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = second.Stop(context.Background()) })
	}
	r.sim.ResetCalls()
	before = snoozed.Load()
	for i, repo := range repos {
		push(repo, i+1, 1+i%7)
	}
	if err := r.sim.WaitDelivered(t.Context()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all wait", func() bool {
		due, err := r.server.Store().NextDue(t.Context(), kinds)
		return snoozed.Load() > before && (errors.Is(err, storage.ErrNotFound) || err == nil && due.After(r.clock.Now().Add(20*time.Minute)))
	})
	for _, c := range r.sim.CallLog() {
		if strings.HasPrefix(c.Path, "/repos/") {
			t.Errorf("asked in spite of the limit: %s %s", c.Method, c.Path)
		}
	}

	// Then it is over.
	r.clock.skipTo(known.BlockedUntil.Add(time.Second))
	eventually(t, "all issues are right", func() bool {
		now := r.clock.Now()
		if due, err := r.server.Store().NextDue(t.Context(), kinds); err == nil && due.After(now) && due.Before(now.Add(2*time.Hour)) { // later: another one's lease
			r.clock.skipTo(due)
		}
		for _, repo := range repos {
			if issues := r.progress(repo); len(issues) != 1 || checked(issues[0].Body) != repo.Head("") {
				return false
			}
		}
		return true
	})
	for _, c := range r.sim.CallLog() {
		if c.Status == http.StatusForbidden || c.Status == http.StatusTooManyRequests {
			t.Errorf("refused: %s %s", c.Method, c.Path)
		}
	}
	for _, repo := range repos {
		if w := f.faults(r.progress(repo)[0].Body); len(w) > 0 {
			t.Errorf("%s: %s", repo, strings.Join(w, "; "))
		}
	}
}

var (
	setupToken   = regexp.MustCompile(`/setup\?token=([A-Z2-7]+)`)
	formAction   = regexp.MustCompile(`method="post" action="([^"]+)"`)
	formManifest = regexp.MustCompile(`name="manifest" value="([^"]+)"`)
)

// setUp goes through the set-up pages of a server as a browser does, and returns the app's slug.
func (r *rig) setUp(base, token string) string {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute}
	_, page := get(r.t, client, base+"/setup?org=academy&name=Second+Milepost&token="+token)
	action, manifest := formAction.FindStringSubmatch(page), formManifest.FindStringSubmatch(page)
	if action == nil || manifest == nil {
		r.t.Fatalf("no manifest on the page:\n%s", page)
	}
	form := url.Values{"manifest": {html.UnescapeString(manifest[1])}, "name": {"Second Milepost"}}
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, html.UnescapeString(action[1]), strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := client.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Request.URL.Path != "/setup/callback" {
		r.t.Fatalf("the set-up ends with %s at %s", resp.Status, resp.Request.URL.Path)
	}
	return "second-milepost"
}

// TestSetupElsewhere: an app that was set up in one process is taken up by the others of its database without a restart. PostgreSQL tells them; a file of
// SQLite belongs to one process, which finds credentials that another brought in, as a restored back-up would.
func TestSetupElsewhere(t *testing.T) {
	t.Parallel()
	eachDatabase(t, setupElsewhere)
}

func setupElsewhere(t *testing.T, dsn string) {
	t.Helper()
	r := newRig(t, setup{dsn: dsn})
	if err := r.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	sessionSecret := strings.Repeat("0123456789abcdef", 2)
	start := func(role bot.Role, dsn string, look time.Duration) (*bot.Server, *logs) {
		t.Helper()
		cfg, err := bot.Load([]string{"GITHUB_API_URL=" + r.sim.APIURL(), "GITHUB_SERVER_URL=" + r.sim.URL(), "DATABASE_URL=" + dsn, "HOST=127.0.0.1", "PORT=0", "SESSION_SECRET=" + sessionSecret})
		if err != nil {
			t.Fatal(err)
		}
		cfg.Role = role
		opts, printed := r.opts, &logs{}
		opts.LookForSetup, opts.LogTo = look, printed
		s, err := bot.Start(t.Context(), cfg, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Stop(context.Background()) })
		return s, printed
	}
	tokenOf := func(printed *logs) string {
		t.Helper()
		m := setupToken.FindStringSubmatch(printed.String())
		if m == nil {
			t.Fatalf("no token is printed:\n%s", printed.String())
		}
		return m[1]
	}
	var other *bot.Server
	if strings.HasPrefix(dsn, "postgres") {
		// An hour between two looks: only the database can tell them.
		var printed *logs
		other, printed = start(bot.RoleWeb, dsn, time.Hour)
		start(bot.RoleWorker, dsn, time.Hour)
		here, again := start(bot.RoleWeb, dsn, time.Hour)
		if tokenOf(printed) != tokenOf(again) {
			t.Error("two processes of one database print different tokens: behind a balancer neither would fit")
		}
		r.setUp(here.URL(), tokenOf(printed))
	} else {
		// It cannot begin its work at first, as when the database fails just then, and tries again.
		var tries atomic.Int64
		lucky := r.opts.Work
		r.opts.Work = func(c *work.Config) {
			if lucky(c); tries.Add(1) < 3 {
				c.Lease = -1
			}
		}
		other, _ = start(bot.RoleAll, dsn, 10*time.Millisecond)
		r.opts.Work = lucky
		elsewhere := databases["sqlite"](t)
		here, printed := start(bot.RoleWeb, elsewhere, time.Hour)
		r.setUp(here.URL(), tokenOf(printed))
		sealed, err := here.Store().Setting(t.Context(), "app-credentials")
		if err != nil {
			t.Fatal(err)
		}
		beside, err := storage.Open(t.Context(), dsn, storage.Options{Shared: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(beside.AddSetting(t.Context(), "app-credentials", sealed), beside.Close()); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "the other process has the app", func() bool {
		status, _ := get(t, http.DefaultClient, other.URL()+"/setup")
		return status == http.StatusNotFound
	})
	app := r.sim.FindApp("second-milepost")
	r.sim.SetWebhook(app, other.URL()+"/api/github/webhooks", app.WebhookSecret)
	repo := r.sim.CreateRepo(r.org, "shelf", githubsim.RepoOptions{})
	r.sim.Install(app, r.org)
	head := r.sim.PushFiles(repo, "main", r.user, "Begin", map[string]string{"index.js": "console.log(1)\n"})
	eventually(t, "the issue is right", func() bool {
		issues := r.sim.Issues(repo)
		return len(issues) == 1 && strings.Contains(issues[0].Body, head)
	})
}

// TestSecretsDiffer: a process with another SESSION_SECRET than the last one of its database says so, once, and the doctor does.
func TestSecretsDiffer(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLiteDSN(t)
	load := func(secret string) bot.Config {
		t.Helper()
		cfg, err := bot.Load([]string{"DATABASE_URL=" + dsn, "HOST=127.0.0.1", "PORT=0", "SESSION_SECRET=" + strings.Repeat(secret, 32)})
		if err != nil {
			t.Fatal(err)
		}
		return cfg
	}
	for _, step := range []struct {
		secret string
		warns  bool
	}{{"a", false}, {"a", false}, {"b", true}, {"b", false}} {
		printed := &logs{}
		s, err := bot.Start(t.Context(), load(step.secret), bot.Options{LogTo: printed})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(printed.String(), "SESSION_SECRET is not the one"); got != step.warns {
			t.Errorf("%q warns: %v\n%s", step.secret, got, printed)
		}
		for _, asked := range []string{"a", "b"} {
			found := bot.Diagnose(t.Context(), load(asked), time.Now, nil)
			differs := slices.ContainsFunc(found, func(f bot.Finding) bool { return f.What == "session secret" && f.Level == bot.Fault })
			if differs != (asked != step.secret) {
				t.Errorf("started with %q, the doctor with %q: %v", step.secret, asked, found)
			}
		}
	}
}
