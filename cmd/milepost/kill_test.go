package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// child is the program itself, serving, as a process of its own.
type child struct {
	cmd  *exec.Cmd
	out  printed
	done chan struct{}
}

// printed keeps what a process prints.
type printed struct {
	mu  sync.Mutex
	buf strings.Builder
}

// Write implements io.Writer.
func (p *printed) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.Write(b)
}

// String is all of it so far.
func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.buf.String()
}

// serve starts the program and waits until it is ready.
func serve(t *testing.T, dir, url string, env []string, args ...string) *child {
	t.Helper()
	path, err := exec.LookPath("milepost")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, append([]string{"serve"}, args...)...)
	cmd.Dir, cmd.Env = dir, append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir}, env...)
	return launch(t, cmd, url)
}

// launch starts a server and, where it has an address, waits until it is ready.
func launch(t *testing.T, cmd *exec.Cmd, url string) *child {
	t.Helper()
	c := &child{cmd: cmd, done: make(chan struct{})}
	c.cmd.Stdout, c.cmd.Stderr = &c.out, &c.out
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = c.cmd.Wait() // it is killed: how it ended is asked for where it matters
		close(c.done)
	}()
	t.Cleanup(func() {
		c.kill()
		c.kept(t)
	})
	if url == "" {
		return c
	}
	until(t, 15*time.Minute, "the server is ready", func() bool {
		select {
		case <-c.done:
			t.Fatalf("the server ended: %s", c.out.String())
		default:
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return false
		}
		_ = resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return c
}

// kept fails the test when something secret that the process was given, or a token that GitHub gave it, is in what it printed.
func (c *child) kept(t *testing.T) {
	t.Helper()
	printed := c.out.String()
	for _, token := range []string{"ghs_", "ghu_", "ghr_", "eyJhbGciOi", "BEGIN RSA"} {
		if strings.Contains(printed, token) {
			t.Errorf("%q is in what was printed", token)
		}
	}
	for _, kv := range c.cmd.Env {
		name, value, _ := strings.Cut(kv, "=")
		switch name {
		case "WEBHOOK_SECRET", "GITHUB_CLIENT_SECRET", "SESSION_SECRET":
		case "PRIVATE_KEY":
			value = strings.Split(value, "\n")[3]
		case "DATABASE_URL":
			u, err := url.Parse(value)
			if err != nil {
				continue
			}
			value, _ = u.User.Password()
		default:
			continue
		}
		if value != "" && strings.Contains(printed, value) {
			t.Errorf("the value of %s is in what was printed", name)
		}
	}
}

// kill ends the process as a power cut would.
func (c *child) kill() {
	_ = c.cmd.Process.Kill() // it may have ended
	<-c.done
}

// until polls a condition, and fails the test when it does not come true.
func until(t *testing.T, within time.Duration, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(within)
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("not within %s: %s", within, what)
		case <-tick.C:
		}
	}
}

// freePort is a port of the loopback that nobody has, and that the system gives to nobody who does not ask for it by number: a server that is killed
// finds it free when it starts again.
func freePort(t *testing.T) int {
	t.Helper()
	const from, ports = 18_000, 14_000 // the system's own choice begins at 32,768 or above
	for range 100 {
		port := from + rand.IntN(ports)
		ln, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			_ = ln.Close()
			return port
		}
	}
	t.Fatal("no port is free")
	return 0
}

const (
	killRepos      = 20
	killDeliveries = 500
	kills          = 8
)

// TestKill kills the server again and again at moments that its own calls to GitHub choose, while 500 pushes come in. In the end every delivery that
// was acknowledged is done, and each repository has one issue, right for its last head.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, newDSN := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteDSN, "postgres": storagetest.PostgresDSN} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			killed(t, newDSN(t))
		})
	}
}

func killed(t *testing.T, dsn string) {
	const secret = "the secret of a webhook"
	var countdown atomic.Int64
	strike := make(chan struct{}, 1)
	sim := githubsim.New(githubsim.Options{ContentPerMinute: -1, ContentPerHour: -1, RateLimit: 1 << 20, Observe: func(githubsim.Exchange) {
		if countdown.Add(-1) == 0 {
			strike <- struct{}{}
		}
	}})
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	org := sim.AddOrg("academy")
	user := sim.AddUser("lea", "Lea", "lea@academy.example")
	sim.SetMember(org, user, "admin")
	app := sim.CreateApp(githubsim.AppOptions{Owner: org, Name: "Milepost", WebhookSecret: secret})
	port := freePort(t)
	url := fmt.Sprintf("http://127.0.0.1:%d", port)
	env := []string{
		fmt.Sprint("APP_ID=", app.ID), "PRIVATE_KEY=" + string(app.PrivateKeyPEM), "WEBHOOK_SECRET=" + secret, "GITHUB_API_URL=" + sim.APIURL(), "GITHUB_SERVER_URL=" + sim.URL(),
		"DATABASE_URL=" + dsn, "HOST=127.0.0.1", fmt.Sprint("PORT=", port), "LOG_LEVEL=warn",
	}
	sim.SetWebhook(app, url+"/api/github/webhooks", secret)
	dir := t.TempDir()
	server := serve(t, dir, url, env)
	var repos []*githubsim.Repo
	for i := range killRepos {
		r := sim.CreateRepo(org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{})
		sim.SetCollaborator(r, user, "write")
		repos = append(repos, r)
	}
	sim.Install(app, org)

	// The killer: after so many calls to GitHub, at once, and up again.
	rng := rand.New(rand.NewPCG(11, 13))
	pushed, killer := make(chan struct{}), make(chan struct{})
	done := 0
	countdown.Store(1 + rng.Int64N(30))
	go func() {
		defer close(killer)
		for done < kills {
			select {
			case <-strike:
			case <-pushed:
				return
			}
			server.kill()
			done++
			server = serve(t, dir, url, env)
			countdown.Store(1 + rng.Int64N(80))
		}
	}()
	for n := range killDeliveries {
		files := map[string]string{"index.js": fmt.Sprintf("console.log(%d)\n", n)}
		if n%3 == 0 {
			files[".gitignore"] = "node_modules/\n.env\n"
		}
		sim.Push(repos[n%killRepos], "main", user, githubsim.Commit{Message: fmt.Sprint("Step ", n), Empty: true, Files: files})
		if n%25 == 24 {
			delivered(t, sim)
		}
	}
	delivered(t, sim)
	close(pushed)
	<-killer
	delivered(t, sim)
	if done < kills/2 {
		t.Errorf("killed only %d times", done)
	}

	store, err := storage.Open(t.Context(), dsn, storage.Options{Shared: true, NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	right := func(r *githubsim.Repo) string {
		issues := sim.Issues(r)
		if len(issues) != 1 {
			return fmt.Sprintf("%d issues", len(issues))
		}
		_, rest, _ := strings.Cut(issues[0].Body, "<sub>Checked commit")
		_, has := r.File("", ".gitignore")
		switch {
		case !strings.Contains(rest, r.Head("")):
			return "the issue is not about the head"
		case strings.Contains(issues[0].Body, "✓ **Ignore what does not belong") != has:
			return "the issue is wrong for the head"
		}
		return ""
	}
	deadline, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	for _, r := range repos {
		for right(r) != "" && deadline.Err() == nil {
			tick(deadline)
		}
		if fault := right(r); fault != "" {
			t.Errorf("%s: %s\n%s", r, fault, server.out.String())
		}
	}
	acknowledged := 0
	for _, d := range sim.Deliveries() {
		if d.Status/100 != 2 {
			continue
		}
		acknowledged++
		for {
			got, err := store.Delivery(t.Context(), d.GUID)
			if err == nil && got.State != storage.DeliveryPending {
				if got.State == storage.DeliveryAside {
					t.Errorf("delivery %s was set aside: %s", d.GUID, got.Error)
				}
				break
			}
			if deadline.Err() != nil {
				t.Fatalf("delivery %s (%s) was acknowledged and is not done: %v", d.GUID, d.Event, err)
			}
			tick(deadline)
		}
	}
	t.Logf("killed %d times, %d deliveries acknowledged", done, acknowledged)
}

// tick waits for a moment, or for the end of ctx.
func tick(ctx context.Context) {
	t := time.NewTimer(30 * time.Millisecond)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}

// delivered waits until every delivery was acknowledged once, asking for those that failed again, as GitHub's page of an app can.
func delivered(t *testing.T, sim *githubsim.Sim) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	defer cancel()
	for {
		if err := sim.WaitDelivered(ctx); err != nil {
			t.Error(err)
			return
		}
		ok, failed := map[string]bool{}, map[string]int64{}
		for _, d := range sim.Deliveries() {
			if d.Status/100 == 2 {
				ok[d.GUID] = true
			} else {
				failed[d.GUID] = d.ID
			}
		}
		left := 0
		for guid, id := range failed {
			if !ok[guid] {
				left++
				sim.Redeliver(id)
			}
		}
		if left == 0 {
			return
		}
		tick(ctx) // it is down at this moment
	}
}
