package bot_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"milepost/bot/githubsim"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// shelves makes repositories with a commit each, and installs the app on them.
func (r *rig) shelves(f *truth, n int) []*githubsim.Repo {
	r.t.Helper()
	var repos []*githubsim.Repo
	for i := range n {
		repo := r.sim.CreateRepo(r.org, fmt.Sprint("shelf-", i), githubsim.RepoOptions{})
		r.sim.SetCollaborator(repo, r.user, "write")
		f.learn(r.sim.Push(repo, "main", r.user, f.commit(i%8, i)), i%8)
		repos = append(repos, repo)
	}
	r.inst = r.sim.Install(r.app, r.org)
	r.settle(24 * time.Hour)
	return repos
}

// eventually polls a condition.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-ctx.Done():
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// withoutDatabase lets the database fail and come back: deliveries are refused meanwhile, so that GitHub sends them again; none that was
// acknowledged is lost; without a restart all goes on, and each repository gets right.
func withoutDatabase(t *testing.T, dsn string, fail func(), mend func()) {
	f := newTruth(t)
	r := newRig(t, setup{dsn: dsn, sim: githubsim.Options{Observe: f.watch}})
	repos := r.shelves(f, 4)
	fail()
	payload := func(repo *githubsim.Repo) []byte {
		return fmt.Appendf(nil, `{"action":"opened","issue":{"number":9999},"repository":{"id":%d,"full_name":%q},"installation":{"id":%d}}`, repo.ID(), repo.FullName(), r.inst.ID)
	}
	var taken []string
	posted := 0
	refuse := func() (refused string) {
		for n := 0; refused == ""; n++ { // there may be room for a few more
			posted++
			guid := fmt.Sprint("posted-", posted)
			switch status, body := r.post("issues", guid, payload(repos[0])); {
			case status == http.StatusAccepted && n < 5000:
				taken = append(taken, guid)
			case status == http.StatusServiceUnavailable && !strings.Contains(body, "sql"):
				refused = guid
			default:
				t.Fatalf("delivery %d is answered %d %s", n, status, body)
			}
		}
		return refused
	}
	refused := refuse()
	if printed := r.logs.String(); !strings.Contains(printed, "a delivery could not be stored") || !strings.Contains(printed, `"delivery":"`+refused+`"`) {
		t.Errorf("the log does not tell of %s\n%s", refused, tail(printed))
	}
	if status, _ := get(t, http.DefaultClient, r.server.URL()+"/healthz"); status != http.StatusOK {
		t.Errorf("the process is said to be dead: %d", status)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for try := 0; ; try++ { // what GitHub delivers in vain
		for i, repo := range repos {
			bits := (i + 3 + try) % 8
			f.learn(r.sim.Push(repo, "main", r.user, f.commit(bits, 100+10*try+i)), bits)
		}
		if err := r.sim.WaitDelivered(ctx); err != nil {
			t.Fatal(err)
		}
		if r.undelivered() > 0 {
			break
		}
		if try == 10 {
			t.Fatal("every push was taken: the fault is none")
		}
		refused = refuse() // the database had tidied up, and made room
	}
	mend()
	eventually(t, "deliveries are taken again", func() bool {
		status, _ := r.post("issues", refused, payload(repos[0]))
		return status == http.StatusAccepted
	})
	eventually(t, "the server says that it is ready", func() bool {
		status, _ := get(t, http.DefaultClient, r.server.URL()+"/readyz")
		return status == http.StatusOK
	})
	for range 20 { // GitHub's log of deliveries is read every five minutes
		if r.undelivered() == 0 {
			break
		}
		r.pass(6*time.Minute, 6*time.Minute)
		r.settle(24 * time.Hour)
	}
	r.settle(24 * time.Hour)
	f.require(r, repos)
	for _, guid := range append(taken, refused) {
		if d, err := r.server.Store().Delivery(t.Context(), guid); err != nil || d.State == storage.DeliveryPending || d.State == storage.DeliveryAside {
			t.Errorf("delivery %s was acknowledged; its state is %v (%v)", guid, d.State, err)
		}
	}
}

// TestDatabaseLocked: another program holds SQLite's write lock for longer than anybody waits for it.
func TestDatabaseLocked(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLiteDSN(t)
	other, err := sql.Open("sqlite", "file:"+filepath.ToSlash(strings.TrimPrefix(dsn, "sqlite://"))+"?_pragma=busy_timeout(60000)")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	other.SetMaxOpenConns(1)
	run := func(stmt string) {
		t.Helper()
		if _, err := other.ExecContext(t.Context(), stmt); err != nil {
			t.Fatal(err)
		}
	}
	withoutDatabase(t, dsn, func() { run(`BEGIN IMMEDIATE`) }, func() { run(`ROLLBACK`) })
}

// TestDatabaseGone: PostgreSQL goes away in the middle of everything, and comes back.
func TestDatabaseGone(t *testing.T) {
	t.Parallel()
	l := newLine(t, storagetest.PostgresDSN(t))
	withoutDatabase(t, l.dsn, l.cut, l.mend)
}

// line is a way to a PostgreSQL server that can be cut.
type line struct {
	dsn   string
	mu    sync.Mutex
	down  bool
	conns map[net.Conn]bool
}

func newLine(t *testing.T, dsn string) *line {
	t.Helper()
	cfg, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	network, address := "tcp", net.JoinHostPort(cfg.Host, strconv.Itoa(int(cfg.Port)))
	if strings.HasPrefix(cfg.Host, "/") {
		network, address = "unix", filepath.Join(cfg.Host, fmt.Sprintf(".s.PGSQL.%d", cfg.Port))
	}
	ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{conns: map[net.Conn]bool{}}
	l.dsn = (&url.URL{Scheme: "postgres", User: url.UserPassword(cfg.User, cfg.Password), Host: ln.Addr().String(), Path: "/" + cfg.Database, RawQuery: "sslmode=disable"}).String()
	t.Cleanup(func() { _ = ln.Close(); l.cut() })
	go func() {
		for {
			near, err := ln.Accept()
			if err != nil {
				return
			}
			far, err := (&net.Dialer{}).DialContext(context.WithoutCancel(t.Context()), network, address)
			if err != nil || !l.add(near, far) {
				_ = near.Close()
				if far != nil {
					_ = far.Close()
				}
				continue
			}
			for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
				go func() {
					_, _ = io.Copy(pair[0], pair[1]) // ends with either side
					l.drop(near, far)
				}()
			}
		}
	}()
	return l
}

// add notes a connection, or says that the line is cut.
func (l *line) add(pair ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range pair {
		l.conns[c] = !l.down
	}
	return !l.down
}

func (l *line) drop(pair ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range pair {
		_ = c.Close()
		delete(l.conns, c)
	}
}

func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = true
	for c := range l.conns {
		_ = c.Close()
	}
}

func (l *line) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.down = false
}

// TestGitHubDown: GitHub answers nothing for an hour, while people push. No verdict and no text changes, the calls are bounded, and afterwards everything is
// caught up with.
func TestGitHubDown(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		const repositories = 6
		f := newTruth(t)
		r := newRig(t, setup{dsn: dsn, sim: githubsim.Options{Observe: f.watch}})
		repos := r.shelves(f, repositories)
		state := func() string {
			var b strings.Builder
			for _, repo := range repos {
				report, err := r.server.Store().LatestReport(t.Context(), repo.ID())
				if err != nil {
					t.Fatal(err)
				}
				fmt.Fprintf(&b, "%s %d %s\n", repo, report.ID, r.progress(repo)[0].Body)
			}
			return b.String()
		}
		before := state()
		r.sim.ResetCalls()
		var asked atomic.Int64
		r.sim.Fail(func(*http.Request) githubsim.Fault {
			asked.Add(1)
			return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusServiceUnavailable}
		})
		dropped := 0
		r.sim.PlanDeliveries(func(d githubsim.Delivery) githubsim.Plan {
			if d.Event == "push" && dropped < repositories/2 { // some webhooks are lost besides
				dropped++
				return githubsim.Plan{Drop: true}
			}
			return githubsim.Plan{}
		})
		for i, repo := range repos {
			bits := (i + 5) % 8
			f.learn(r.sim.Push(repo, "main", r.user, f.commit(bits, 100+i)), bits)
		}
		r.pass(time.Hour, time.Minute)
		if after := state(); after != before {
			t.Errorf("something changed while GitHub was down:\n%s\n%s", before, after)
		}
		// A repository is tried some 15 times in an hour, up to three calls at a time; the timers come on top.
		if n := asked.Load(); n == 0 || n > 50*repositories+60 {
			t.Errorf("%d calls in an hour", n)
		}
		t.Logf("%d calls in an hour for %d repositories", asked.Load(), repositories)
		r.sim.Fail(nil)
		r.sim.PlanDeliveries(nil)
		for range 20 {
			if r.undelivered() == 0 {
				break
			}
			r.pass(6*time.Minute, time.Minute)
			r.settle(time.Hour)
		}
		if n := r.undelivered(); n > 0 {
			t.Errorf("%d webhooks were never sent again\n%s", n, tail(r.logs.String()))
		}
		r.settle(time.Hour)
		f.require(r, repos)
	})
}

// TestClockJumps sets the clock forward by weeks and back by hours, in the middle of work that waits: pushes are judged at once all the same, what
// waits comes, and no timer stops.
func TestClockJumps(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		f := newTruth(t)
		r := newRig(t, setup{dsn: dsn, sim: githubsim.Options{Observe: f.watch}})
		repos := r.shelves(f, 3)
		for n, jump := range []time.Duration{5 * time.Hour, -9 * time.Hour, 40 * 24 * time.Hour, -24 * time.Hour} {
			// One repository waits for a retry, another for a limit, when the clock jumps.
			for i, fault := range []githubsim.Fault{{Kind: githubsim.FaultStatus, Status: http.StatusBadGateway}, {Kind: githubsim.FaultPrimary, Wait: 20 * time.Minute}} {
				r.sim.Fail(func(*http.Request) githubsim.Fault { return fault })
				bits := (n + 1) % 8
				f.learn(r.sim.Push(repos[i], "main", r.user, f.commit(bits, 100+n)), bits)
				r.idle()
			}
			r.sim.Fail(nil)
			r.clock.jump(jump)
			for i, repo := range repos {
				bits := (i + n) % 8
				f.learn(r.sim.Push(repo, "main", r.user, f.commit(bits, 200+n)), bits)
			}
			r.settle(2 * time.Hour)
			f.require(r, repos)
			for name, most := range map[string]time.Duration{"redeliver": 6 * time.Minute, "sweep": 11 * time.Minute} {
				w, err := r.server.Store().Work(t.Context(), storage.Key{Kind: storage.KindTimer, ID: name})
				if err != nil || w.ReadyAt.After(r.clock.Now().Add(most)) {
					t.Errorf("after a jump of %s the timer %s waits until %s, now is %s (%v)", jump, name, w.ReadyAt, r.clock.Now(), err)
				}
			}
		}
	})
}

// poison panics when it is asked for a repository's tree.
type poison struct {
	next http.RoundTripper
	name *atomic.Pointer[string]
}

func (p poison) RoundTrip(r *http.Request) (*http.Response, error) {
	if name := p.name.Load(); name != nil && strings.Contains(r.URL.Path, "/"+*name+"/git/trees/") {
		panic("the rules cannot bear " + *name)
	}
	return p.next.RoundTrip(r)
}

// asideInMetrics is a repository that was set aside, of whichever priority.
var asideInMetrics = regexp.MustCompile(`milepost_queue_set_aside\{kind="repo",priority="\d+"\} 1\b`)

// TestPoison: whatever is done for one repository panics, in goroutines of its own too. It is set aside and reported, and all others go on.
func TestPoison(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		f := newTruth(t)
		var bad atomic.Pointer[string]
		r := newRig(t, setup{dsn: dsn, sim: githubsim.Options{Observe: f.watch}, env: []string{"ADMINS=lea"}, around: func(next http.RoundTripper) http.RoundTripper { return poison{next, &bad} }})
		repos := r.shelves(f, 3)
		victim, name := repos[0], "shelf-0"
		bad.Store(&name)
		r.sim.PushFiles(victim, "work", r.user, "Work", map[string]string{"Dockerfile": "FROM node:22\n"})
		r.sim.OpenPull(victim, r.user, githubsim.PullOptions{Title: "Work", Head: "work"})
		for i, repo := range repos {
			f.learn(r.sim.Push(repo, "main", r.user, f.commit(i+4, 100+i)), i+4)
		}
		r.settle(24 * time.Hour)
		f.require(r, repos[1:])
		wrong := r.aside(victim)
		for range 20 { // a timer that came due with the clock may have given it another chance just now
			if wrong == "" {
				break
			}
			r.settle(24 * time.Hour)
			r.idle()
			wrong = r.aside(victim)
		}
		if wrong != "" {
			t.Error(wrong)
		}
		if printed := r.logs.String(); !strings.Contains(printed, "faults_test.go") {
			t.Error("the log has no stack of the panic")
		}
		bad.Store(nil) // the program was mended
		f.learn(r.sim.Push(victim, "main", r.user, f.commit(3, 200)), 3)
		r.settle(24 * time.Hour)
		f.require(r, repos)
	})
}

// aside says what is missing where people are told that a repository was set aside.
func (r *rig) aside(victim *githubsim.Repo) string {
	r.t.Helper()
	w, err := r.server.Store().Work(r.t.Context(), storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(victim.ID(), 10)})
	if err != nil || !w.Parked || !strings.HasPrefix(w.LastError, "panic: ") {
		return fmt.Sprintf("the repository is not set aside: %+v, %v", w, err)
	}
	if _, text := get(r.t, http.DefaultClient, r.server.URL()+"/metrics"); !asideInMetrics.MatchString(text) || !strings.Contains(text, `milepost_work_total{kind="repo",outcome="parked"}`) {
		return "the metrics do not tell of it:\n" + grep(text, "milepost_work_total", "set_aside")
	}
	if page := r.signedIn("lea", "/admin"); !strings.Contains(page, "the rules cannot bear shelf-0") || !strings.Contains(page, "Try again: repo "+w.ID) {
		return "the operator's page does not tell of it: " + page
	}
	if page := r.signedIn("lea", "/repos/"+victim.FullName()); !strings.Contains(page, "Set aside after repeated failures") || strings.Contains(page, "goroutine ") {
		return "the mentor's page does not tell of it in one line: " + page
	}
	return ""
}

func grep(text string, words ...string) string {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		for _, w := range words {
			if strings.Contains(line, w) {
				out = append(out, line)
			}
		}
	}
	return strings.Join(out, "\n")
}

// signedIn signs a person in and returns a page.
func (r *rig) signedIn(login, path string) string {
	r.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		r.t.Fatal(err)
	}
	client := &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(req *http.Request, via []*http.Request) error {
		if len(via) > 10 {
			return errors.New("goes round in circles")
		}
		if strings.HasPrefix(req.URL.String(), r.sim.URL()) {
			req.URL.RawQuery += "&auto=1&login=" + login
		}
		return nil
	}}
	status, body := get(r.t, client, r.server.URL()+"/login?return="+url.QueryEscape(path))
	if status != http.StatusOK {
		r.t.Fatalf("%s is answered %d", path, status)
	}
	return body
}
