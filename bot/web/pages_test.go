package web_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/legacy"

	"milepost/bot/gh"
	"milepost/bot/githubsim"
	"milepost/bot/web"
	"milepost/rules"
	"milepost/storage"
)

func TestInterface(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	loader := openapi3.NewLoader()
	data, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := loader.LoadFromData(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	doc.Servers = openapi3.Servers{{URL: w.server.URL + "/api/v1"}}
	router, err := legacy.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	b := w.browser(t)
	b.hdr.Set("Authorization", "Bearer "+w.token(t, "olga"))
	for path, status := range map[string]int{
		"/repos/academy/shop-api-margaret/report": 200, "/repos/academy/shop-api-frances/report": 404, "/learners": 200, "/learners?q=mar&lacks=jwt&sort=step-git&dir=asc&page=2&per_page=3": 200, "/learners?show=not-started": 200,
		"/learners/margaret": 200, "/learners/nobody": 404, "/milestones": 200,
	} {
		a := b.get("/api/v1" + path)
		if a.status != status {
			t.Errorf("%s: %d, want %d: %s", path, a.status, status, a.body)
			continue
		}
		req, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, w.server.URL+"/api/v1"+path, nil)
		route, params, err := router.FindRoute(req)
		if err != nil {
			t.Errorf("%s is not described: %v", path, err)
			continue
		}
		in := &openapi3filter.ResponseValidationInput{RequestValidationInput: &openapi3filter.RequestValidationInput{Request: req, PathParams: params, Route: route}, Status: a.status, Header: a.header,
			Options: &openapi3filter.Options{IncludeResponseStatus: true}}
		in.SetBodyBytes([]byte(a.body))
		if err := openapi3filter.ValidateResponse(t.Context(), in); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
	for _, token := range []string{"ghu_wrong", "", "a b", "made-up", "ghu_", "ghu_a b", "ghs_" + strings.Repeat("a", 36)} {
		b.hdr.Set("Authorization", "Bearer "+token)
		if a := b.get("/api/v1/learners"); a.status != 401 || a.header.Get("WWW-Authenticate") == "" {
			t.Errorf("token %q: %d", token, a.status)
		}
	}
	b.hdr.Set("Authorization", "Basic x")
	if a := b.get("/api/v1/learners"); a.status != 401 {
		t.Errorf("basic: %d", a.status)
	}
	if a := b.get("/api/v1/nothing"); a.status != 401 || !strings.HasPrefix(a.body, "{") {
		t.Errorf("an unknown route: %d %s", a.status, a.body)
	}
}

func TestExports(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "olga")
	a := b.get("/learners.csv?sort=percent")
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) != 25 {
		t.Fatalf("%d rows (%v)", len(rows), err)
	}
	if got := strings.Join(rows[0][:4], ","); got != "learner,repositories,started,percent" {
		t.Errorf("head: %s", got)
	}
	counts := map[string]int{} // of the first learner, who has all
	for i, name := range rows[0] {
		if strings.HasPrefix(name, "milestone_") {
			counts[rows[1][i]]++
		}
	}
	if n := counts[string(rules.Met)]; n < 30 || n+counts[string(rules.NotApplicable)]+counts[string(rules.Attested)]+counts[string(rules.Skipped)] < 41 {
		t.Errorf("milestones of the first: %v", counts)
	}
	if rows[1][3] != "100" || !strings.Contains(a.header.Get("Content-Disposition"), ".csv") {
		t.Errorf("first row %v, %q", rows[1], a.header.Get("Content-Disposition"))
	}
	var list struct{ Learners []struct{ Login string } }
	decodeInto(t, b.get("/learners.json?show=not-started").body, &list)
	if len(list.Learners) != 3 {
		t.Errorf("not started: %+v", list)
	}
}

// TestListing: filters, sorting and paging of the address.
func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		for i := range 60 {
			w.add(t, seedRepo{Owner: "academy", Name: fmt.Sprintf("r%02d", i), Learner: fmt.Sprintf("learner%02d", i), Progress: float64(i) / 60, Reports: 1, Age: 48 * time.Hour, LastPush: time.Duration(i+1) * time.Hour})
		}
	})
	b := w.as(t, "olga")
	first := regexp.MustCompile(`<th scope="row" class="first"><a href="/learners/(\w+)"`)
	for path, want := range map[string]string{
		"/learners": "learner00 50", "/learners?page=2": "learner50 10", "/learners?page=99": "learner50 10", "/learners?sort=percent&dir=asc": "learner00 50",
		"/learners?sort=last": "learner00 50", "/learners?sort=last&dir=asc": "learner59 50", "/learners?q=LEARNER3": "learner30 10", "/learners?q=r07": "learner07 1", "/learners?sort=nonsense": "learner00 50",
		"/learners?org=elsewhere": " 0", "/learners?sort=step-fundamentals&dir=asc": "learner00 50", "/learners?sort=learner&dir=desc": "learner59 50",
	} {
		m := first.FindAllStringSubmatch(b.get(path).body, -1)
		got := fmt.Sprintf(" %d", len(m))
		if len(m) > 0 {
			got = fmt.Sprintf("%s %d", m[0][1], len(m))
		}
		if got != want {
			t.Errorf("%s begins with %q, want %q", path, got, want)
		}
	}
	var list struct {
		Learners []struct{ Summary struct{ Percent int } }
	}
	decodeInto(t, b.get("/learners.json?sort=percent").body, &list)
	for i := range len(list.Learners) - 1 {
		if list.Learners[i].Summary.Percent < list.Learners[i+1].Summary.Percent {
			t.Errorf("row %d has less than the next one", i)
		}
	}
	if a := b.get("/learners?q=" + url.QueryEscape(`"><script>alert(1)</script>`)); strings.Contains(a.body, "<script>") {
		t.Error("the text of the filter is not escaped")
	}
	if a := b.get("/learners?sort=percent"); len(a.body) > 200<<10 {
		t.Errorf("a page of fifty is %d kB", len(a.body)>>10)
	}
}

// TestHostileText: what repositories call things stays text.
func TestHostileText(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	r := w.add(t, seedRepo{Owner: "academy", Name: "x", Learner: "lea", Progress: 0.4, Reports: 2, Age: 48 * time.Hour, LastPush: time.Hour})
	bad := `<img src=x onerror=alert(1)>"'`
	report := fmt.Sprintf(`{"schema":"milepost.report/v1","steps":[{"id":"s","title":%q,"milestones":[{"id":"m","title":%q,"status":"partial","reason":%q,"next":%q,"evidence":[{"path":"../../%s","note":%q},{"url":"javascript:alert(1)"},{"url":"https://x.example/%s"}]}]}],"warnings":[%q]}`,
		bad, bad, bad, bad, "<img src=x onerror=alert(1)>", bad, "<img>", bad)
	if _, err := w.store.PutReport(t.Context(), storage.Report{RepoID: r.ID(), Commit: "c", Data: []byte(report), Total: 1}); err != nil {
		t.Fatal(err)
	}
	if err := w.store.AddEvent(t.Context(), storage.Event{RepoID: r.ID(), Message: bad}); err != nil {
		t.Fatal(err)
	}
	a := w.as(t, "olga").get("/repos/academy/x")
	if a.status != 200 || strings.Contains(a.body, "<img src=x") || strings.Contains(a.body, `href="javascript`) || !strings.Contains(a.body, "&lt;img src=x") {
		t.Errorf("%d: hostile text breaks out", a.status)
	}
}

func TestPortfolio(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.people["lea"] = w.AddUser("lea", "", "")
		for _, private := range []bool{true, false} {
			r := w.add(t, seedRepo{Owner: "academy", Name: fmt.Sprintf("lea-%v", private), Learner: "lea", Private: private, Progress: 0.5, Reports: 2, Age: 48 * time.Hour, LastPush: time.Hour})
			w.SetCollaborator(r, w.people["lea"], "write")
		}
	})
	all := w.browser(t)
	if a := all.get("/p/lea"); a.status != 404 {
		t.Fatalf("before the choice: %d", a.status)
	}
	lea := w.as(t, "lea")
	if a := lea.post("/settings", "/settings", url.Values{"public": {"yes"}}); a.status != 303 {
		t.Fatalf("the choice: %d", a.status)
	}
	a := all.get("/p/LEA")
	if a.status != 200 || !strings.Contains(a.body, "lea-false") || strings.Contains(a.body, "lea-true") {
		t.Errorf("after the choice: %d, private one shown: %v", a.status, strings.Contains(a.body, "lea-true"))
	}
	card := all.get("/p/lea/card.svg")
	if card.status != 200 || card.header.Get("Content-Type") != "image/svg+xml; charset=utf-8" || card.header.Get("Etag") == "" {
		t.Errorf("card: %d %v", card.status, card.header)
	}
	all.hdr.Set("If-None-Match", card.header.Get("Etag"))
	if a := all.get("/p/lea/card.svg"); a.status != http.StatusNotModified {
		t.Errorf("the same card again: %d", a.status)
	}
	all.hdr.Del("If-None-Match")
	lea.post("/settings", "/settings", url.Values{})
	if a := all.get("/p/lea"); a.status != 404 {
		t.Errorf("after the choice was taken back: %d", a.status)
	}
}

// TestOwnSignOffIsNotShown: a learner's sign-off of own work, given while another was the learner, does not count and is not shown.
func TestOwnSignOffIsNotShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		r := w.add(t, seedRepo{Owner: "academy", Name: "x", Learner: "lea", Progress: 0.5, Reports: 1, Age: time.Hour, LastPush: time.Hour})
		for _, by := range []string{"Lea", "mona"} {
			if _, err := w.store.AddSignOff(t.Context(), storage.SignOff{RepoID: r.ID(), Milestone: "jwt", Mentor: by, Note: "seen by " + by}); err != nil {
				t.Fatal(err)
			}
		}
	})
	olga := w.as(t, "olga")
	for _, path := range []string{"/repos/academy/x", "/learners/lea"} {
		if a := olga.get(path); a.status != 200 || !strings.Contains(a.body, "seen by mona") || strings.Contains(a.body, "seen by Lea") {
			t.Errorf("%s: %d, mona's shown: %v", path, a.status, strings.Contains(a.body, "seen by mona"))
		}
	}
}

// TestPortfolioUnderAnothersName: what the repository of somebody else says shows nobody who did not choose so.
func TestPortfolioUnderAnothersName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		w.people["mallory"] = w.AddUser("mallory", "", "")
		for _, owner := range []string{"academy", "mallory"} {
			w.add(t, seedRepo{Owner: owner, Name: "of-" + owner, Learner: "victim", Public: true, Progress: 0.5, Reports: 1, Age: time.Hour, LastPush: time.Hour})
		}
		w.add(t, seedRepo{Owner: "mallory", Name: "own", Learner: "mallory", Public: true, Progress: 0.5, Reports: 1, Age: time.Hour, LastPush: time.Hour})
	})
	b := w.browser(t)
	for path, want := range map[string]int{"/p/victim": 404, "/p/victim/card.svg": 404, "/p/mallory": 200} {
		if got := b.get(path).status; got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
	}
}

func TestOwnData(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "margaret")
	var data struct {
		Login        string
		Notes        []struct{ Text string } `json:"notes_about_you"`
		Repositories []struct{ Name string }
	}
	decodeInto(t, b.get("/settings/data.json").body, &data)
	if data.Login != "margaret" || len(data.Notes) != 1 || len(data.Repositories) != 2 {
		t.Errorf("own data: %+v", data)
	}
	if a := b.post("/settings", "/settings/delete", url.Values{"confirm": {"no"}, "repositories": {"yes"}}); a.status != 400 {
		t.Errorf("without the word: %d", a.status)
	}
	id := w.repos["shop-api-margaret"].ID()
	if a := b.post("/settings", "/settings/delete", url.Values{"confirm": {"Margaret"}, "repositories": {"yes"}}); a.status != 303 {
		t.Fatalf("deleting: %d", a.status)
	}
	rows, err := w.store.RowsOf(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for table, n := range rows {
		if n > 0 && table != "work" {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if _, err := w.store.UserByLogin(t.Context(), "margaret"); err == nil {
		t.Error("the person is left")
	}
	if s := b.get("/today").status; s != 303 {
		t.Errorf("still signed in: %d", s)
	}
}

func TestSetup(t *testing.T) {
	t.Parallel()
	var saved gh.Credentials
	w := newWorld(t, nil, func(c *web.Config) {
		c.SignIn, c.AppSlug = nil, ""
		c.Setup = &web.Setup{Token: "once", Save: func(_ context.Context, creds gh.Credentials) error { saved = creds; return nil }}
	})
	b := w.browser(t)
	for _, path := range []string{"/setup", "/setup?token=wrong"} {
		if a := b.get(path); strings.Contains(a.body, "manifest") || a.status != 200 {
			t.Errorf("%s shows the form (%d)", path, a.status)
		}
	}
	back := b.makeApp("academy", "Mile Post")
	if a := w.browser(t).get(back); a.status != 400 {
		t.Errorf("another browser: %d", a.status)
	}
	if a := b.get(back); a.status != 200 || !strings.Contains(a.body, "The app is ready") || strings.Contains(a.body, "PRIVATE KEY") {
		t.Fatalf("coming back: %d %.500s", a.status, a.body)
	}
	if saved.Slug != "mile-post" || saved.PEM == "" || saved.WebhookSecret == "" {
		t.Errorf("saved: %q", saved.Slug)
	}
	if s := b.get("/setup?token=once").status; s != 404 {
		t.Errorf("once more: %d", s)
	}
	app := w.FindApp("mile-post")
	if app == nil {
		t.Fatal("no app was made")
	}
	_ = githubsim.DefaultEvents
}

// makeApp goes through the set-up up to GitHub's making of the app, and returns where GitHub sends the browser.
func (b *browser) makeApp(org, name string) string {
	b.tb.Helper()
	a := b.get("/setup?token=once&org=" + org + "&name=" + url.QueryEscape(name))
	action := regexp.MustCompile(`method="post" action="([^"]+)"`).FindStringSubmatch(a.body)
	manifest := regexp.MustCompile(`name="manifest" value="([^"]+)"`).FindStringSubmatch(a.body)
	path := "/settings/apps/new?state="
	if org != "" {
		path = "/organizations/" + org + path
	}
	if action == nil || manifest == nil || !strings.Contains(action[1], path) {
		b.tb.Fatalf("no form: %.2000s", a.body)
	}
	if !strings.Contains(a.header.Get("Content-Security-Policy"), "form-action 'self' "+b.w.URL()) {
		b.tb.Errorf("policy: %s", a.header.Get("Content-Security-Policy"))
	}
	made := b.do(http.MethodPost, html.UnescapeString(action[1]), url.Values{"manifest": {html.UnescapeString(manifest[1])}, "name": {name}})
	back := made.header.Get("Location")
	if made.status != http.StatusFound || !strings.Contains(back, "/setup/callback?") {
		b.tb.Fatalf("GitHub answers %d: %.500s", made.status, made.body)
	}
	return back
}

// TestSetupTwice: of two set-ups at one moment the second is told that its app was made for nothing, and where it is deleted: whether this process
// or another one of the same database took the first.
func TestSetupTwice(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		elsewhere        bool
		org, name, where string
	}{
		"here, of an organisation":   {false, "academy", "Second Post", "/organizations/academy/settings/apps/second-post/advanced"},
		"elsewhere, of a person":     {true, "", "Third Post", "/settings/apps/third-post/advanced"},
		"elsewhere, of organisation": {true, "academy", "Fourth Post", "/organizations/academy/settings/apps/fourth-post/advanced"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var saved []string
			w := newWorld(t, nil, func(cfg *web.Config) {
				cfg.SignIn, cfg.AppSlug = nil, ""
				cfg.Setup = &web.Setup{Token: "once", Save: func(_ context.Context, creds gh.Credentials) error {
					if c.elsewhere {
						return fmt.Errorf("store: %w", web.ErrSetUp)
					}
					saved = append(saved, creds.Slug)
					return nil
				}}
			})
			first, second := w.browser(t), w.browser(t)
			one, two := first.makeApp("academy", "First Post"), second.makeApp(c.org, c.name)
			if !c.elsewhere {
				if a := first.get(one); a.status != http.StatusOK {
					t.Fatalf("the first: %d %.500s", a.status, a.body)
				}
			}
			a := second.get(two)
			if a.status != http.StatusConflict || !strings.Contains(a.body, "nothing uses "+c.name) || !strings.Contains(a.body, `href="`+w.URL()+c.where+`"`) {
				t.Errorf("the second: %d %s", a.status, a.body)
			}
			for _, secret := range []string{"PRIVATE KEY", w.FindApp(slug(c.name)).ClientSecret} {
				if strings.Contains(a.body, secret) {
					t.Error("a secret is shown")
				}
			}
			if again := second.get(two).status; again == http.StatusOK || again == http.StatusConflict {
				t.Errorf("once more: %d", again)
			}
			if !c.elsewhere && fmt.Sprint(saved) != "[first-post]" {
				t.Errorf("saved: %v", saved)
			}
		})
	}
}

func slug(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// TestSecurityHeaders: every answer carries them.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "olga")
	for _, path := range []string{"/", "/today", "/learners", "/repos/academy/nothing", "/api/v1/learners", "/badge/a/b.svg", "/p/margaret", "/learners.csv", "/assets/none"} {
		h := b.get(path).header
		for k, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": "default-src 'none'", "Referrer-Policy": "strict-origin"} {
			if !strings.HasPrefix(h.Get(k), want) {
				t.Errorf("%s: %s is %q", path, k, h.Get(k))
			}
		}
	}
	for _, path := range []string{"/today", "/learners", "/settings/data.json", "/api/v1/learners"} {
		if cc := b.get(path).header.Get("Cache-Control"); cc != "private, no-store" {
			t.Errorf("%s may be kept: %q", path, cc)
		}
	}
	page := b.get("/learners").body
	if regexp.MustCompile(`(?i)<script|\sstyle=|\son\w+=`).MatchString(page) {
		t.Error("there is script or style inside the page")
	}
	sheet := regexp.MustCompile(`/assets/style\.\w+\.css`).FindString(page)
	a := b.get(sheet)
	if a.status != 200 || !strings.Contains(a.header.Get("Cache-Control"), "immutable") || len(a.body)+len(page) > 300<<10 {
		t.Errorf("style sheet: %d, %d kB with the page", a.status, (len(a.body)+len(page))>>10)
	}
	t.Logf("style sheet %d kB, page %d kB, neither compressed", len(a.body)>>10, len(page)>>10)
}

// TestWarm: what a start reads ahead, the first page does not read.
func TestWarm(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	w.web.Warm(t.Context())
	if n := w.web.RememberedForTest(); n != len(w.repos) {
		t.Fatalf("%d of %d repositories are remembered", n, len(w.repos))
	}
	w.clock.Advance(time.Minute) // else they changed a moment ago
	b := w.as(t, "olga")
	w.reads.take()
	if a := b.get("/learners"); !strings.Contains(a.body, "/learners/margaret") {
		t.Errorf("%d: nobody is listed", a.status)
	}
	for _, r := range w.reads.take() {
		if strings.Contains(r, " statuses ") || strings.Contains(r, " earned ") {
			t.Errorf("the first page reads %s", r)
		}
	}
	if a := b.get("/readyz"); a.status != 200 {
		t.Errorf("not ready: %s", a.body)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w.web.Warm(ctx) // a stop while it reads ends it
	if a := b.get("/readyz"); a.status != 200 {
		t.Errorf("not ready after a stop: %s", a.body)
	}
}

// TestUninstalled: what storage forgets, the pages forget.
func TestUninstalled(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "olga")
	if !strings.Contains(b.get("/learners").body, "margaret") || w.web.RememberedForTest() == 0 {
		t.Fatal("nobody is listed")
	}
	if err := w.store.DeleteInstallation(t.Context(), w.inst.ID); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/learners", "/learners.csv", "/today", "/milestones"} {
		if strings.Contains(b.get(path).body, "margaret") {
			t.Errorf("%s still shows them", path)
		}
	}
	w.clock.Advance(11 * time.Minute)
	b.get("/learners")
	if n := w.web.RememberedForTest(); n != 0 {
		t.Errorf("%d repositories are remembered", n)
	}
}

// TestRenewed: a page shows each change at once, whoever makes it, and reads nothing again but what changed.
func TestRenewed(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "olga")
	all := []string{"/learners", "/today", "/milestones", "/milestones/jwt", "/learners/margaret", "/learners.csv", "/api/v1/learners"}
	read := func() (rows int) {
		for _, r := range w.reads.take() {
			var n int
			var query string
			if _, err := fmt.Sscanf(r, "%d rows of %s", &n, &query); err != nil {
				t.Fatal(r, err)
			}
			if strings.Contains(r, " repositories ") || strings.Contains(r, " statuses ") || strings.Contains(r, " earned ") || strings.Contains(r, " access ") {
				rows += n
			}
		}
		return rows
	}
	for range 2 {
		for _, path := range all {
			b.get(path)
		}
	}
	w.clock.Advance(time.Minute)
	w.reads.take()
	for _, path := range []string{"/learners", "/today", "/milestones", "/milestones/jwt", "/learners.csv", "/learners?sort=percent", "/learners?sort=percent"} {
		b.get(path)
		if n := read(); n > 2 { // what GitHub said, by its mark
			t.Errorf("nothing changed, and %s reads %d rows", path, n)
		}
	}
	id := w.repos["shop-api-margaret"].ID()
	before := b.get("/learners.csv").body
	w.reads.take()
	if err := w.store.SetRepositoryPushed(t.Context(), id, w.clock.Now()); err != nil {
		t.Fatal(err)
	}
	after := b.get("/learners.csv").body
	if n := read(); n > 12 {
		t.Errorf("one repository changed, and %d rows are read", n)
	}
	was, is := strings.Split(before, "\n"), strings.Split(after, "\n")
	if len(was) != len(is) {
		t.Fatalf("%d lines, then %d", len(was), len(is))
	}
	for i := range was {
		if (was[i] != is[i]) != strings.HasPrefix(was[i], "margaret,") {
			t.Errorf("%s became %s", was[i], is[i])
		}
	}
	// Another name, another learner, gone, and back.
	count := func() int { return strings.Count(b.get("/learners.csv").body, "\n") - 1 }
	n := count()
	if err := w.store.SetRepositoryLearner(t.Context(), id, "zoe"); err != nil {
		t.Fatal(err)
	}
	if page := b.get("/learners.csv").body; strings.Contains(page, "\nmargaret,academy/shop-api-margaret") || !strings.Contains(page, "\nzoe,academy/shop-api-margaret") || b.get("/learners/zoe").status != 200 {
		t.Error("a repository that became another learner's is still its first one's")
	}
	if err := w.store.RemoveRepository(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if page := b.get("/learners.csv").body; strings.Contains(page, "zoe") || b.get("/learners/zoe").status != 404 {
		t.Error("what was removed is listed")
	}
	if err := errors.Join(w.store.SetRepositoryLearner(t.Context(), id, "margaret"), w.store.RestoreRepository(t.Context(), id)); err != nil {
		t.Fatal(err)
	}
	if page := b.get("/learners.csv").body; !strings.Contains(page, "academy/shop-api-margaret") || count() != n {
		t.Errorf("what came back is not listed: %d learners, %d before", count(), n)
	}
	// Days go by although nothing changes.
	roles := map[int64]string{}
	for _, r := range w.repos {
		roles[r.ID()] = "admin"
	}
	list := func() string {
		cookie, err := w.web.SessionForTest(t.Context(), storage.User{ID: 99, Login: "paul"}, w.inst.ID, roles)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/learners.csv", nil)
		r.AddCookie(cookie)
		out := httptest.NewRecorder()
		w.web.ServeHTTP(out, r)
		return out.Body.String()
	}
	now := list()
	w.clock.Advance(40 * 24 * time.Hour)
	if page := list(); page == now || !strings.Contains(page, "margaret") {
		t.Errorf("what changed within 30 days is still counted after 40: %.600s", page)
	}
}

// TestRenewedTogether: people who read at once, each other things, while all changes, find what was there before they asked.
func TestRenewedTogether(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	id := w.repos["shop-api-margaret"].ID()
	var readers sync.WaitGroup
	for n := range 6 {
		roles := map[int64]string{}
		for name, r := range w.repos {
			if n%2 == 0 || name != "shop-api-grace" {
				roles[r.ID()] = "admin"
			}
		}
		cookie, err := w.web.SessionForTest(t.Context(), storage.User{ID: int64(500 + n), Login: fmt.Sprint("reader", n)}, w.inst.ID, roles)
		if err != nil {
			t.Fatal(err)
		}
		readers.Go(func() {
			for i, path := range []string{"/learners.csv", "/today", "/milestones", "/milestones/jwt", "/learners?sort=percent", "/learners.csv"} {
				login := fmt.Sprintf("other%d-%d", n, i)
				if err := w.store.SetRepositoryLearner(t.Context(), id, login); err != nil {
					t.Error(err)
				}
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
				r.AddCookie(cookie)
				out := httptest.NewRecorder()
				w.web.ServeHTTP(out, r)
				if page := out.Body.String(); out.Code != 200 || strings.Contains(page, "margaret,academy/shop-api-margaret") || strings.HasSuffix(path, ".csv") && !strings.Contains(page, ",academy/shop-api-margaret,") {
					t.Errorf("%s: %d: %.300s", path, out.Code, page)
				}
			}
		})
	}
	readers.Wait()
}
