package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"milepost/bot/githubsim"
	"milepost/bot/web/browsertest"
)

// visitor is a person at a browser. What the browser shows is kept, and pictured where the environment asks for it.
type visitor struct {
	t     *testing.T
	ctx   context.Context //nolint:containedctx // the browser
	shots string          // a folder, or ""
	seen  strings.Builder // every page
}

// looks waits for an element that a page has, and notes the page.
func (v *visitor) looks(name, selector, text string) {
	v.t.Helper()
	browsertest.Run(v.ctx, v.t, name, chromedp.WaitVisible(chromedp.CSS(selector)))
	page, err := chromedp.Run(v.ctx, chromedp.OuterHTML(chromedp.CSS("html")))
	if err != nil {
		v.t.Fatalf("%s: %v", name, err)
	}
	v.seen.WriteString(page)
	if !strings.Contains(page, text) {
		v.t.Fatalf("%s does not say %q:\n%.4000s", name, text, page)
	}
	if v.shots == "" {
		return
	}
	for _, mode := range []string{browsertest.Light, browsertest.Dark} {
		for _, width := range []int64{390, 1280} {
			browsertest.Look(v.ctx, v.t, mode, width)
			browsertest.Shot(v.ctx, v.t, v.shots, name, mode, width)
		}
	}
}

func (v *visitor) opens(url string) {
	v.t.Helper()
	browsertest.Run(v.ctx, v.t, "open "+url, chromedp.Navigate(url))
}

func (v *visitor) types(selector, text string) {
	v.t.Helper()
	browsertest.Run(v.ctx, v.t, "type into "+selector, chromedp.Clear(chromedp.CSS(selector)), chromedp.SendKeys(chromedp.CSS(selector), text))
}

func (v *visitor) chooses(selector, value string) {
	v.t.Helper()
	browsertest.Run(v.ctx, v.t, "choose in "+selector, chromedp.SetValue(chromedp.CSS(selector), value))
}

func (v *visitor) clicks(selector string) {
	v.t.Helper()
	browsertest.Run(v.ctx, v.t, "click "+selector, chromedp.Click(chromedp.CSS(selector)))
}

// statusOf asks for an address, without a browser and its cookies.
func statusOf(t *testing.T, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

var tokenInLog = regexp.MustCompile(`/setup\?token=([A-Z2-7]+)`)

// TestSetup starts the server in an empty folder. A person at a browser opens the set-up page with the printed token, makes the app by GitHub's
// manifest flow, installs it and signs in. The first push brings the progress issue, and so does one after a restart. No secret stands in a page,
// in the log, or readable in the database. GitHub and the server are different sites, as they are in the world.
func TestSetup(t *testing.T) {
	t.Parallel()
	v := &visitor{t: t, ctx: browsertest.Chromium(t), shots: os.Getenv(browsertest.EnvShots)}
	sim := githubsim.New(githubsim.Options{})
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	user := sim.AddUser("lea", "Lea", "lea@academy.example")
	org := sim.AddOrg("academy", user)
	repo := sim.CreateRepo(org, "shelf", githubsim.RepoOptions{})
	dir, port := t.TempDir(), freePort(t)
	base := fmt.Sprintf("http://localhost:%d", port)
	sessionSecret := strings.Repeat("0123456789abcdef", 3)
	env := []string{"GITHUB_API_URL=" + sim.APIURL(), "GITHUB_SERVER_URL=" + sim.URL(), "HOST=localhost", fmt.Sprint("PORT=", port), "PUBLIC_URL=" + base, "SESSION_SECRET=" + sessionSecret, "LOG_LEVEL=debug"}
	server := serve(t, dir, base, env)
	var token string
	until(t, 10*time.Minute, "the token is printed", func() bool {
		if m := tokenInLog.FindStringSubmatch(server.out.String()); m != nil {
			token = m[1]
		}
		return token != ""
	})

	v.opens(base + "/")
	v.looks("1-landing", `a[href="/setup"]`, "Set up the GitHub App")
	v.clicks(`a[href="/setup"]`)
	v.types("#token", "WRONG")
	v.clicks("button[type=submit]")
	v.looks("2-token", "#wrong", "does not fit")
	v.types("#token", token)
	v.clicks("button[type=submit]")
	v.types("#org", "academy")
	v.types("#name", "Milepost Academy")
	v.looks("3-whose", "#org", "Whose app")
	v.clicks("button[type=submit]")
	v.looks("4-review", `form[method="post"]`, "pull_requests")
	v.clicks(`form[method="post"] button`)
	v.looks("5-github", "button.primary", "Create GitHub App for academy")
	v.clicks("button.primary")
	v.looks("6-ready", `a[href$="/installations/new"]`, "Milepost Academy is ready")
	app := sim.FindApp("milepost-academy")
	if app == nil {
		t.Fatal("GitHub has no such app")
	}
	v.clicks(`a[href$="/installations/new"]`)
	v.looks("7-install", "#account", "Install Milepost Academy")
	v.chooses("#account", "academy")
	v.clicks("button.primary")
	v.looks("8-authorize", "#login", "Authorize Milepost Academy")
	v.chooses("#login", "lea")
	v.clicks(`button[value="allow"]`)
	v.looks("9-arrived", ".flash-note", "The app is installed")

	push := func(n int) {
		head := sim.PushFiles(repo, "main", user, "Begin", map[string]string{"index.js": fmt.Sprintf("console.log(%d)\n", n), ".gitignore": "node_modules/\n"})
		until(t, 15*time.Minute, "the issue is right", func() bool {
			issues := sim.Issues(repo)
			return len(issues) == 1 && strings.Contains(issues[0].Body, "Checked commit") && strings.Contains(issues[0].Body, head)
		})
	}
	push(1)
	v.opens(sim.URL() + "/academy/shelf/issues/1")
	v.looks("10-issue", ".markdown", "milestones met")
	v.opens(base + "/repos/academy/shelf")
	v.looks("11-repository", "h1", "academy/shelf")
	v.opens(base + "/setup?token=" + token)
	v.looks("12-over", "h1", "Nothing to see here")

	printed := server.out.String()
	server.kill()
	again := serve(t, dir, base, env)
	push(2)
	for _, path := range []string{"/setup", "/setup?token=" + token, "/setup/callback?code=x&state=y"} {
		if status := statusOf(t, base+path); status != http.StatusNotFound {
			t.Errorf("%s answers %d after a restart", path, status)
		}
	}
	again.kill()

	stored := ""
	for _, f := range []string{"milepost.db", "milepost.db-wal"} {
		data, err := os.ReadFile(filepath.Join(dir, f))
		if err != nil && f == "milepost.db" {
			t.Fatal(err)
		}
		stored += string(data)
	}
	for name, s := range map[string]string{"the private key": strings.Split(string(app.PrivateKeyPEM), "\n")[3], "the client secret": app.ClientSecret, "the webhook secret": app.WebhookSecret, "the session secret": sessionSecret} {
		if strings.Contains(stored, s) {
			t.Errorf("%s is readable in the database", name)
		}
		if strings.Contains(printed+again.out.String(), s) {
			t.Errorf("%s is in the log", name)
		}
		if strings.Contains(v.seen.String(), s) {
			t.Errorf("%s is on a page", name)
		}
	}
}
