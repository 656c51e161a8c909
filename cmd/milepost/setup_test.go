package main

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"milepost/bot/githubsim"
)

// browser follows links and keeps cookies.
type browser struct {
	t      *testing.T
	client *http.Client
	seen   strings.Builder // every answer, headers included
}

func (b *browser) do(method, address string, form url.Values) (int, string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), method, address, strings.NewReader(form.Encode()))
	if err != nil {
		b.t.Fatal(err)
	}
	if form != nil {
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	fmt.Fprintf(&b.seen, "%v\n%s\n", resp.Header, body)
	return resp.StatusCode, string(body)
}

var (
	tokenInLog = regexp.MustCompile(`/setup\?token=([A-Z2-7]+)`)
	formAction = regexp.MustCompile(`<form[^>]*method="post"[^>]*action="([^"]+)"`)
	manifestIn = regexp.MustCompile(`name="manifest" value="([^"]+)"`)
)

// TestSetup starts the server in an empty folder, makes the app by GitHub's manifest flow, installs it, pushes, and finds the issue; then once more
// after a restart. No secret stands in a page, in the log, or readable in the database.
func TestSetup(t *testing.T) {
	t.Parallel()
	sim := githubsim.New(githubsim.Options{})
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	user := sim.AddUser("lea", "Lea", "lea@academy.example")
	org := sim.AddOrg("academy", user)
	dir, port := t.TempDir(), freePort(t)
	base := fmt.Sprintf("http://127.0.0.1:%d", port)
	sessionSecret := strings.Repeat("0123456789abcdef", 3)
	env := []string{"GITHUB_API_URL=" + sim.APIURL(), "GITHUB_SERVER_URL=" + sim.URL(), "HOST=127.0.0.1", fmt.Sprint("PORT=", port), "PUBLIC_URL=" + base, "SESSION_SECRET=" + sessionSecret, "LOG_LEVEL=debug"}
	server := serve(t, dir, base, env)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, client: &http.Client{Jar: jar, Timeout: 3 * time.Minute}}

	if _, page := b.do(http.MethodGet, base+"/setup", nil); manifestIn.MatchString(page) {
		t.Error("the set-up page asks for no token")
	}
	var token string
	until(t, 10*time.Minute, "the token is printed", func() bool {
		m := tokenInLog.FindStringSubmatch(server.out.String())
		if m != nil {
			token = m[1]
		}
		return m != nil
	})
	if _, page := b.do(http.MethodGet, base+"/setup?token=WRONG", nil); manifestIn.MatchString(page) {
		t.Error("a wrong token opens the set-up page")
	}
	_, page := b.do(http.MethodGet, base+"/setup?org=academy&token="+token, nil)
	action, manifest := formAction.FindStringSubmatch(page), manifestIn.FindStringSubmatch(page)
	if action == nil || manifest == nil {
		t.Fatalf("no manifest on the page:\n%s", page)
	}
	form := url.Values{"manifest": {html.UnescapeString(manifest[1])}}
	if status, answer := b.do(http.MethodPost, html.UnescapeString(action[1]), form); status != http.StatusOK {
		t.Fatalf("GitHub refuses the manifest: %d %s", status, answer)
	}
	form.Set("name", "Milepost Academy")
	if status, answer := b.do(http.MethodPost, html.UnescapeString(action[1]), form); status != http.StatusOK || !strings.Contains(answer, "milepost-academy") {
		t.Fatalf("after GitHub made the app: %d\n%s", status, answer)
	}
	app := sim.FindApp("milepost-academy")
	if app == nil {
		t.Fatal("GitHub has no such app")
	}
	repo := sim.CreateRepo(org, "shelf", githubsim.RepoOptions{})
	sim.Install(app, org)
	push := func(n int) {
		head := sim.PushFiles(repo, "main", user, "Begin", map[string]string{"index.js": fmt.Sprintf("console.log(%d)\n", n), ".gitignore": "node_modules/\n"})
		until(t, 15*time.Minute, "the issue is right", func() bool {
			issues := sim.Issues(repo)
			return len(issues) == 1 && strings.Contains(issues[0].Body, "Checked commit") && strings.Contains(issues[0].Body, head)
		})
	}
	push(1)
	if status, _ := b.do(http.MethodGet, base+"/setup?token="+token, nil); status != http.StatusNotFound {
		t.Errorf("the set-up page answers %d after the set-up", status)
	}
	printed := server.out.String()
	server.kill()
	again := serve(t, dir, base, env)
	push(2)
	if status, _ := b.do(http.MethodGet, base+"/setup", nil); status != http.StatusNotFound {
		t.Errorf("the set-up page answers %d after a restart", status)
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
		if strings.Contains(b.seen.String(), s) {
			t.Errorf("%s is on a page", name)
		}
	}
}
