package githubsim_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v62/github"

	"milepost/bot/githubsim"
	"milepost/bot/githubsim/simtest"
)

// world is a stand-in with an app on one person's account, and clients of every kind.
type world struct {
	*githubsim.Sim
	now        *clock
	validator  *simtest.Validator
	app        *githubsim.App
	alice, bob *githubsim.Account
	org        *githubsim.Account
	repo       *githubsim.Repo
	inst       *githubsim.Installation
	hook       *receiver
	asApp      *github.Client
	asInst     *github.Client
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) Add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// receiver collects deliveries.
type receiver struct {
	mu     sync.Mutex
	got    []delivery
	status int
}

type delivery struct {
	event, action, guid string
	header              http.Header
	raw                 []byte
	body                map[string]any
}

func (h *receiver) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	d := delivery{event: r.Header.Get("X-GitHub-Event"), guid: r.Header.Get("X-GitHub-Delivery"), header: r.Header.Clone(), raw: raw}
	_ = json.Unmarshal(raw, &d.body)
	d.action, _ = d.body["action"].(string)
	h.mu.Lock()
	h.got = append(h.got, d)
	status := h.status
	h.mu.Unlock()
	if status == 0 {
		status = http.StatusAccepted
	}
	w.WriteHeader(status)
}

func (h *receiver) all() []delivery {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]delivery(nil), h.got...)
}

func newWorld(t *testing.T, change ...func(*githubsim.Options)) *world {
	t.Helper()
	w := &world{now: &clock{t: time.Now().UTC().Truncate(time.Second)}, hook: &receiver{}, validator: simtest.Require(t)}
	opt := githubsim.Options{Now: w.now.Now, Observe: w.validator.Observe}
	for _, f := range change {
		f(&opt)
	}
	w.Sim = githubsim.New(opt)
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	hook := httptest.NewServer(w.hook)
	t.Cleanup(hook.Close)
	w.alice = w.AddUser("alice", "Alice Liddell", "alice@example.com")
	w.bob = w.AddUser("bob", "", "")
	w.org = w.AddOrg("academy", w.bob)
	w.app = w.CreateApp(githubsim.AppOptions{Owner: w.org, Name: "Milepost Test", WebhookURL: hook.URL, WebhookSecret: "s3cret",
		Events: append(githubsim.DefaultEvents(), "status", "deployment")})
	w.repo = w.CreateRepo(w.alice, "shop", githubsim.RepoOptions{Private: true})
	w.inst = w.Install(w.app, w.alice)
	w.asApp = w.appClient(t, w.app)
	w.asInst = w.instClient(t, w.app, w.inst)
	return w
}

func (w *world) client(t *testing.T, rt http.RoundTripper) *github.Client {
	t.Helper()
	c := github.NewClient(&http.Client{Transport: rt})
	base, err := url.Parse(w.APIURL() + "/")
	if err != nil {
		t.Fatal(err)
	}
	c.BaseURL = base
	return c
}

// at is a transport on the real clock: the stand-in's clock starts at the same time.
func (w *world) appClient(t *testing.T, app *githubsim.App) *github.Client {
	t.Helper()
	tr, err := ghinstallation.NewAppsTransport(http.DefaultTransport, app.ID, app.PrivateKeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	tr.BaseURL = w.APIURL()
	return w.client(t, tr)
}

func (w *world) instClient(t *testing.T, app *githubsim.App, inst *githubsim.Installation) *github.Client {
	t.Helper()
	tr, err := ghinstallation.New(http.DefaultTransport, app.ID, inst.ID, app.PrivateKeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	tr.BaseURL = w.APIURL()
	return w.client(t, tr)
}

func (w *world) tokenClient(t *testing.T, token string) *github.Client {
	t.Helper()
	return w.client(t, http.DefaultTransport).WithAuthToken(token)
}

// settle waits for the deliveries and returns those of one event and action.
func (w *world) settle(t *testing.T, event, action string) []delivery {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute)
	defer cancel()
	if err := w.WaitDelivered(ctx); err != nil {
		t.Fatal(err)
	}
	var out []delivery
	for _, d := range w.hook.all() {
		if d.event == event && d.action == action {
			out = append(out, d)
		}
	}
	return out
}

func must[T any](t *testing.T) func(T, *github.Response, error) T {
	t.Helper()
	return func(v T, _ *github.Response, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
