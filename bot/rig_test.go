package bot_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/rules/roadmaps"
	"milepost/storage"
	"milepost/storage/storagetest"
)

const secret = "a-webhook-secret-of-the-tests"

// databases are the two kinds, by name: each function makes an empty one.
var databases = map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteDSN, "postgres": storagetest.PostgresDSN}

// eachDatabase runs a test on both, in parallel.
func eachDatabase(t *testing.T, fn func(t *testing.T, dsn string)) {
	t.Helper()
	for name, dsn := range databases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fn(t, dsn(t))
		})
	}
}

// clock goes as the system's does, and can be set forward: hours of waiting pass at once, while what takes time takes it.
type clock struct {
	mu    sync.Mutex
	start time.Time // with the monotonic reading
	base  time.Time
	ahead time.Duration
}

func newClock() *clock {
	return &clock{start: time.Now(), base: time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)}
}

// Now is the clock's time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.base.Add(time.Since(c.start) + c.ahead)
}

// jump sets the clock forward or back, as a machine's may be.
func (c *clock) jump(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// skipTo sets the clock forward.
func (c *clock) skipTo(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if d := at.Sub(c.base.Add(time.Since(c.start) + c.ahead)); d > 0 {
		c.ahead += d
	}
}

// transport makes the app's own tokens by the clock of the test: the library that signs them knows the system's only.
type transport struct {
	next http.RoundTripper
	key  *rsa.PrivateKey
	now  func() time.Time
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || strings.Count(token, ".") != 2 {
		return tr.next.RoundTrip(r)
	}
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(token, ".")[1])
	if err != nil {
		return nil, err
	}
	var claims struct {
		Iss any `json:"iss"`
	}
	if err := json.Unmarshal(raw, &claims); err != nil {
		return nil, err
	}
	now := tr.now().Unix()
	payload, err := json.Marshal(map[string]any{"iss": claims.Iss, "iat": now - 30, "exp": now + 300})
	if err != nil {
		return nil, err
	}
	signed := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"RS256","typ":"JWT"}`)) + "." + base64.RawURLEncoding.EncodeToString(payload)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, tr.key, crypto.SHA256, sum[:])
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+signed+"."+base64.RawURLEncoding.EncodeToString(sig))
	return tr.next.RoundTrip(r)
}

// rig is a server with a stand-in GitHub, both on one clock.
type rig struct {
	t      testing.TB
	clock  *clock
	sim    *githubsim.Sim
	app    *githubsim.App
	org    *githubsim.Account
	user   *githubsim.Account
	inst   *githubsim.Installation
	server *bot.Server
	logs   *logs
	dsn    string
	opts   bot.Options
}

// logs keeps what a server prints.
type logs struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.buf.Len() > 32<<20 {
		l.buf.Reset()
	}
	return l.buf.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// setup of a rig.
type setup struct {
	dsn         string
	sim         githubsim.Options
	callTimeout time.Duration
	// Of the server; 0 is its default.
	headerTimeout, stopWithin time.Duration
	workers                   int
	observe                   func(work.Event)
	env                       []string
	around                    func(http.RoundTripper) http.RoundTripper // stands before what goes to GitHub
}

// newRig starts a stand-in GitHub with an organisation and an app, and a server for it. The app is not installed yet.
func newRig(t testing.TB, s setup) *rig {
	t.Helper()
	r := &rig{t: t, clock: newClock(), logs: &logs{}, dsn: s.dsn}
	s.sim.Now, s.sim.TokenLife = r.clock.Now, 10000*time.Hour
	r.sim = githubsim.New(s.sim)
	if err := r.sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.sim.Close)
	r.org = r.sim.AddOrg("academy")
	r.user = r.sim.AddUser("lea", "Lea", "lea@academy.example")
	r.sim.SetMember(r.org, r.user, "admin")
	r.app = r.sim.CreateApp(githubsim.AppOptions{Owner: r.org, Name: "Milepost", WebhookSecret: secret})
	block, _ := pem.Decode(r.app.PrivateKeyPEM)
	key, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.kept)
	base := &http.Transport{MaxIdleConnsPerHost: 32, DialContext: (&net.Dialer{Timeout: 5 * time.Second}).DialContext}
	t.Cleanup(base.CloseIdleConnections)
	r.opts = bot.Options{
		LogTo: r.logs, Now: r.clock.Now, Transport: &transport{base, key, r.clock.Now}, CallTimeout: s.callTimeout, Observe: s.observe,
		HeaderTimeout: s.headerTimeout, StopWithin: s.stopWithin,
		Work: func(c *work.Config) { c.Poll, c.Lease, c.Grace = 10*time.Millisecond, 24*time.Hour, time.Minute },
	}
	if s.around != nil {
		r.opts.Transport = s.around(r.opts.Transport)
	}
	r.start(append([]string{fmt.Sprint("WORKERS=", max(s.workers, 4))}, s.env...)...)
	return r
}

// kept fails the test when a secret that the server was given, or a token that GitHub gave it, stands in what the server printed.
func (r *rig) kept() {
	printed := r.logs.String()
	for name, s := range map[string]string{
		"the webhook secret": secret, "the private key": strings.Split(string(r.app.PrivateKeyPEM), "\n")[3], "the client secret": r.app.ClientSecret,
		"a token": "ghs_", "a user's token": "ghu_", "an app's own token": "eyJhbGciOi", "a signed address": "token=", "the database's password": "password=",
	} {
		if strings.Contains(printed, s) {
			r.t.Errorf("%s is in the log", name)
		}
	}
}

// config is the configuration of the rig's server.
func (r *rig) config(env ...string) bot.Config {
	r.t.Helper()
	cfg, err := bot.Load(append([]string{
		fmt.Sprint("APP_ID=", r.app.ID), "PRIVATE_KEY=" + string(r.app.PrivateKeyPEM), "WEBHOOK_SECRET=" + secret, "GITHUB_CLIENT_ID=" + r.app.ClientID,
		"GITHUB_CLIENT_SECRET=" + r.app.ClientSecret, "GITHUB_API_URL=" + r.sim.APIURL(), "GITHUB_SERVER_URL=" + r.sim.URL(), "DATABASE_URL=" + r.dsn,
		"HOST=127.0.0.1", "PORT=0", "LOG_FORMAT=json",
	}, env...))
	if err != nil {
		r.t.Fatal(err)
	}
	return cfg
}

func (r *rig) start(env ...string) {
	r.t.Helper()
	var err error
	if r.server, err = bot.Start(r.t.Context(), r.config(env...), r.opts); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { _ = r.server.Stop(context.Background()) })
	r.sim.SetWebhook(r.app, r.server.URL()+"/api/github/webhooks", secret)
}

// kinds are the kinds of work that lead to writes.
var kinds = []string{storage.KindRepo, storage.KindInstall}

// settle lets time pass until all work is done, timers aside: whatever waits for a time comes at once. within bounds the time of the clock.
func (r *rig) settle(within time.Duration) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Minute)
	defer cancel()
	end := r.clock.Now().Add(within)
	for {
		if err := r.sim.WaitDelivered(ctx); err != nil {
			r.t.Fatalf("deliveries: %v", err)
		}
		if err := r.server.WaitIdle(ctx); err != nil {
			r.t.Fatalf("work: %v\n%s", err, tail(r.logs.String()))
		}
		due, err := r.server.Store().NextDue(ctx, kinds)
		if errors.Is(err, storage.ErrNotFound) {
			return
		}
		if err != nil {
			r.t.Fatal(err)
		}
		if due.After(end) {
			r.t.Fatalf("work waits until %s\n%s", due, tail(r.logs.String()))
		}
		r.clock.skipTo(due)
	}
}

// pass lets time pass in steps, with all the timers that come due.
func (r *rig) pass(d, step time.Duration) {
	r.t.Helper()
	for end := r.clock.Now().Add(d); r.clock.Now().Before(end); {
		r.clock.skipTo(r.clock.Now().Add(step))
		r.idle()
	}
}

// idle waits until everything that is due now is done.
func (r *rig) idle() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Minute)
	defer cancel()
	if err := r.server.WaitIdle(ctx); err != nil {
		r.t.Fatalf("work: %v\n%s", err, tail(r.logs.String()))
	}
	if err := r.sim.WaitDelivered(ctx); err != nil {
		r.t.Fatalf("deliveries: %v", err)
	}
	if err := r.server.WaitIdle(ctx); err != nil {
		r.t.Fatalf("work: %v", err)
	}
}

func tail(s string) string {
	if n := len(s) - 6000; n > 0 {
		return s[n:]
	}
	return s
}

// progress are the issues in a repository that the app wrote.
func (r *rig) progress(repo *githubsim.Repo) []githubsim.IssueInfo {
	var out []githubsim.IssueInfo
	for _, i := range r.sim.Issues(repo) {
		if !i.Pull && i.Author == r.app.Bot().Login() {
			out = append(out, i)
		}
	}
	return out
}

// feature is a milestone with the file that meets it, small enough that a test knows for every commit what is right.
type feature struct{ id, path, content string }

var features = []feature{
	{"gitignore", ".gitignore", "node_modules/\n.env\ncoverage/\n"},
	{"readme", "README.md", "# Book shelf\n\n" + strings.Repeat("This project keeps a list of books that a reader owns, lends to friends and wants to have back some day soon. ", 6) +
		"\n\n## Install\n\nRun `npm install`, then copy the sample settings.\n\n## Use\n\nRun `npm start` and open port 3000.\n"},
	{"programming-language", "index.js", "const http = require('http');\nfunction greet(name) {\n  return `hello ${name}`;\n}\nhttp.createServer((req, res) => res.end(greet(req.url))).listen(3000);\n"},
}

// titles are the milestones' titles by id.
func titles(t testing.TB) map[string]string {
	t.Helper()
	roadmap, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range features {
		m, _, ok := roadmap.Milestone(f.id)
		if !ok {
			t.Fatalf("the roadmap has no milestone %s", f.id)
		}
		out[f.id] = m.Title
	}
	return out
}

// truth knows which features each commit has.
type truth struct {
	mu     sync.Mutex
	has    map[string]map[string]bool // commit: feature id
	titles map[string]string
	shown  []string // every text of a progress issue that was ever written
}

func newTruth(t testing.TB) *truth {
	return &truth{has: map[string]map[string]bool{}, titles: titles(t)}
}

// commit is one that has the features whose bit is set, in a repository that has others' leftovers taken away.
func (f *truth) commit(bits, n int) githubsim.Commit {
	c := githubsim.Commit{Message: fmt.Sprintf("Step %d of the work", n), Empty: true, Files: map[string]string{
		"package.json": fmt.Sprintf("{\"name\":\"shelf\",\"version\":\"1.0.%d\",\"scripts\":{\"start\":\"node index.js\"}}\n", n),
	}}
	for i, x := range features {
		if bits>>i&1 == 1 {
			c.Files[x.path] = x.content
		}
	}
	return c
}

func (f *truth) learn(sha string, bits int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.has[sha] = map[string]bool{}
	for i, x := range features {
		f.has[sha][x.id] = bits>>i&1 == 1
	}
}

// checked is the commit that a progress issue says it is about.
func checked(body string) string {
	_, rest, ok := strings.Cut(body, "<sub>Checked commit")
	if !ok {
		return ""
	}
	_, rest, ok = strings.Cut(rest, "/commit/")
	if !ok {
		return ""
	}
	sha, _, _ := strings.Cut(rest, ")")
	return sha
}

// faults compares a body with what is true of the commit it names.
func (f *truth) faults(body string) []string {
	sha := checked(body)
	f.mu.Lock()
	defer f.mu.Unlock()
	has, ok := f.has[sha]
	if !ok {
		return []string{"the issue is about the unknown commit " + sha}
	}
	var out []string
	for id, title := range f.titles {
		met := strings.Contains(body, "- ✓ **"+title+"**")
		if open := strings.Contains(body, "- **"+title+"**"); met == open {
			out = append(out, fmt.Sprintf("%s stands twice or not at all", id))
		}
		if met != has[id] {
			out = append(out, fmt.Sprintf("commit %.7s: %s is shown as met=%v, is %v", sha, id, met, has[id]))
		}
	}
	return out
}

// watch notes every body that is written as a progress issue. It is judged in the end, when all commits are known.
func (f *truth) watch(ex githubsim.Exchange) {
	if ex.Request.Method == http.MethodGet || !strings.HasPrefix(ex.Template, "/repos/{owner}/{repo}/issues") || strings.Contains(ex.Template, "comments") {
		return
	}
	var in struct {
		Body string `json:"body"`
	}
	if err := json.Unmarshal(ex.Body, &in); err != nil || !strings.Contains(in.Body, "milestones met") {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.shown = append(f.shown, in.Body)
}

// require fails the test where a repository has not exactly one issue, right for its head.
func (f *truth) require(r *rig, repos []*githubsim.Repo) {
	r.t.Helper()
	f.mu.Lock()
	shown := f.shown
	f.mu.Unlock()
	if len(shown) < len(repos) {
		r.t.Errorf("only %d texts were written", len(shown))
	}
	bad := 0
	for _, body := range shown {
		if w := f.faults(body); len(w) > 0 {
			if bad++; bad <= 5 {
				r.t.Errorf("shown on the way: %s", strings.Join(w, "; "))
			}
		}
	}
	bad = 0
	for _, repo := range repos {
		issues := r.progress(repo)
		var faults []string
		if len(issues) != 1 {
			faults = append(faults, fmt.Sprintf("%d progress issues", len(issues)))
		} else {
			faults = f.faults(issues[0].Body)
			if sha := checked(issues[0].Body); sha != repo.Head("") {
				faults = append(faults, fmt.Sprintf("the issue is about %.7s, the head is %.7s", sha, repo.Head("")))
			}
		}
		if len(faults) > 0 {
			if bad++; bad <= 5 {
				r.t.Errorf("%s: %s", repo, strings.Join(faults, "; "))
			}
		}
	}
	if bad > 0 {
		r.t.Errorf("%d of %d repositories are wrong", bad, len(repos))
	}
}

// get asks the server and returns status and body.
func get(t testing.TB, client *http.Client, url string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
