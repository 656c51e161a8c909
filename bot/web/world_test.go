package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot/gh"
	"milepost/bot/githubsim"
	"milepost/bot/web"
	"milepost/rules"
	"milepost/rules/roadmaps"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// world is a stand-in GitHub with people, and a server of pages on an own address.
type world struct {
	*githubsim.Sim
	clock   *storagetest.Clock
	app     *githubsim.App
	inst    *githubsim.Installation
	store   *storage.Store
	server  *httptest.Server
	web     *web.Server
	roadmap *rules.Roadmap
	signIn  *gh.SignIn
	people  map[string]*githubsim.Account
	repos   map[string]*githubsim.Repo
	reads   reads
}

// reads are the queries of the store with the rows that each gave.
type reads struct {
	mu  sync.Mutex
	all []string
	sql map[string]bool
}

var sqlNumbers = regexp.MustCompile(`[\d,]{2,}|\d`)

func (r *reads) told(query string, rows int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, fmt.Sprintf("%d rows of %s", rows, sqlNumbers.ReplaceAllString(query, "N")))
	if r.sql == nil {
		r.sql = map[string]bool{}
	}
	r.sql[query] = true
}

// take returns what was read since the last call.
func (r *reads) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.all
	r.all = nil
	return out
}

func builtIn(tb testing.TB) *rules.Roadmap {
	tb.Helper()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// newWorld makes an organisation "academy" with the app, and whatever people and repositories fill adds to it before the server starts.
func newWorld(tb testing.TB, fill func(*world), change ...func(*web.Config)) *world {
	tb.Helper()
	w := &world{clock: storagetest.ClockAt(time.Now().UTC().Truncate(time.Second)), roadmap: builtIn(tb), people: map[string]*githubsim.Account{}, repos: map[string]*githubsim.Repo{}}
	w.Sim = githubsim.New(githubsim.Options{Now: w.clock.Now})
	if err := w.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(w.Close)
	w.store = storagetest.OpenSQLite(tb, storage.Options{Now: w.clock.Now, Read: w.reads.told})
	w.people["olga"] = w.AddUser("olga", "Olga Owner", "")
	w.people["academy"] = w.AddOrg("academy", w.people["olga"])
	w.app = w.CreateApp(githubsim.AppOptions{Owner: w.people["academy"], Name: "Milepost Test", WebhookSecret: "s3cret"})
	w.inst = w.Install(w.app, w.people["academy"])
	if err := w.store.PutInstallation(tb.Context(), storage.Installation{ID: w.inst.ID, AccountLogin: "academy", AccountID: w.people["academy"].ID(), AccountType: "Organization", RepositorySelection: "all", Permissions: []byte(`{}`)}); err != nil {
		tb.Fatal(err)
	}
	if fill != nil {
		fill(w)
	}
	var handler http.Handler
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { handler.ServeHTTP(rw, r) }))
	tb.Cleanup(w.server.Close)
	signIn, err := gh.NewSignIn(gh.Config{APIURL: w.APIURL(), ServerURL: w.URL(), ClientID: w.app.ClientID, ClientSecret: w.app.ClientSecret, Now: w.clock.Now}, w.server.URL+"/login/callback")
	if err != nil {
		tb.Fatal(err)
	}
	w.signIn = signIn
	cfg := web.Config{Store: w.store, SignIn: signIn, AppSlug: w.app.Slug, AppName: "Milepost", PublicURL: w.server.URL, ServerURL: w.URL(), APIURL: w.APIURL(), WebhookPath: "/api/github/webhooks",
		SessionSecret: []byte("a secret of the tests, long enough"), Admins: []string{"olga"}, Roadmap: w.roadmap, Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&cfg)
	}
	if w.web, err = web.New(cfg); err != nil {
		tb.Fatal(err)
	}
	handler = w.web
	return w
}

// add makes a repository on both sides: on the stand-in and, checked, in storage.
func (w *world) add(tb testing.TB, r seedRepo) *githubsim.Repo {
	tb.Helper()
	owner := w.people[r.Owner]
	repo := w.CreateRepo(owner, r.Name, githubsim.RepoOptions{Private: r.Private})
	r.ID, r.Installation = repo.ID(), w.inst.ID
	w.repos[r.Name] = repo
	err := w.store.WithTx(tb.Context(), func(tx *storage.Tx) error {
		return newSeeder(w.store, w.roadmap, w.clock.Now()).put(tb.Context(), tx, r)
	})
	if err != nil {
		tb.Fatal(err)
	}
	return repo
}

// chooses makes a person choose to show the portfolio to everybody.
func (w *world) chooses(tb testing.TB, login string) {
	tb.Helper()
	acc := w.people[login]
	if acc == nil {
		acc = w.AddUser(login, "", "")
		w.people[login] = acc
	}
	if err := w.store.PutUser(tb.Context(), storage.User{ID: acc.ID(), Login: login}); err != nil {
		tb.Fatal(err)
	}
	if err := w.store.SetUserSettings(tb.Context(), acc.ID(), []byte(`{"public":true}`)); err != nil {
		tb.Fatal(err)
	}
}

// browser is a client with cookies that does not follow redirects by itself.
type browser struct {
	tb  testing.TB
	w   *world
	c   *http.Client
	hdr http.Header
}

func (w *world) browser(tb testing.TB) *browser {
	tb.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	return &browser{tb: tb, w: w, c: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, hdr: http.Header{}}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (b *browser) do(method, address string, form url.Values) answer {
	b.tb.Helper()
	if strings.HasPrefix(address, "/") {
		address = b.w.server.URL + address
	}
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	req, err := http.NewRequestWithContext(context.WithoutCancel(b.tb.Context()), method, address, body)
	if err != nil {
		b.tb.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for k, v := range b.hdr {
		req.Header[k] = v
	}
	resp, err := b.c.Do(req)
	if err != nil {
		b.tb.Fatal(err)
	}
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		b.tb.Fatal(err)
	}
	if err := resp.Body.Close(); err != nil {
		b.tb.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(data)}
}

func (b *browser) get(path string) answer { b.tb.Helper(); return b.do(http.MethodGet, path, nil) }

var csrfField = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// post sends a form with the token of a page.
func (b *browser) post(page, path string, form url.Values) answer {
	b.tb.Helper()
	m := csrfField.FindStringSubmatch(b.get(page).body)
	if m == nil {
		b.tb.Fatalf("%s has no form", page)
	}
	form.Set("csrf", m[1])
	return b.do(http.MethodPost, path, form)
}

// signIn goes through GitHub's sign-in as a person and returns where it ended.
func (b *browser) signIn(login, ret string) answer {
	b.tb.Helper()
	to := b.get("/login?return=" + url.QueryEscape(ret)).header.Get("Location")
	back := b.get(to + "&auto=1&login=" + url.QueryEscape(login)).header.Get("Location")
	return b.get(back)
}

// as is a browser that is signed in.
func (w *world) as(tb testing.TB, login string) *browser {
	tb.Helper()
	b := w.browser(tb)
	if a := b.signIn(login, "/today"); a.status != http.StatusSeeOther || a.header.Get("Location") != "/today" {
		tb.Fatalf("signing in as %s: %d to %q: %s", login, a.status, a.header.Get("Location"), a.body)
	}
	return b
}

func decodeInto(tb testing.TB, data string, v any) {
	tb.Helper()
	if err := json.Unmarshal([]byte(data), v); err != nil {
		tb.Fatalf("%v in %.300s", err, data)
	}
}

// token is a user token of the app, as a program gets it that signs a person in.
func (w *world) token(tb testing.TB, login string) string {
	tb.Helper()
	b := w.browser(tb)
	verifier := strings.Repeat("v", 50)
	back, err := url.Parse(b.get(w.signIn.URL("state", verifier) + "&auto=1&login=" + login).header.Get("Location"))
	if err != nil {
		tb.Fatal(err)
	}
	t, err := w.signIn.Exchange(tb.Context(), back.Query().Get("code"), verifier)
	if err != nil {
		tb.Fatal(err)
	}
	return t.Access
}
