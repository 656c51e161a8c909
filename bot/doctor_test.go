package bot_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestDoctor gives the doctor a sound set-up and broken ones: it names each fault, says what to do, and calls nothing else wrong.
func TestDoctor(t *testing.T) {
	t.Parallel()
	type world struct {
		sim   *githubsim.Sim
		org   *githubsim.Account
		app   *githubsim.App
		inst  *githubsim.Installation
		env   map[string]string
		store *storage.Store
		skew  time.Duration
	}
	reporting := func(t *testing.T, status int) string { // a GitHub that answers everything so
		t.Helper()
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(srv.Close)
		return srv.URL
	}
	for _, tc := range []struct {
		name   string
		fault  func(t *testing.T, w *world)
		what   string // the finding; "" when all is well
		level  bot.Level
		detail string
		remedy string
	}{
		{name: "all is well", fault: func(*testing.T, *world) {}},
		{"malformed variable", func(_ *testing.T, w *world) { w.env["LOG_LEVEL"] = "loud" }, "configuration", bot.Fault, "LOG_LEVEL takes", "set the variable"},
		{"no webhook secret", func(_ *testing.T, w *world) { delete(w.env, "WEBHOOK_SECRET") }, "configuration", bot.Fault, "WEBHOOK_SECRET is needed", "set the variable"},
		{"no app", func(_ *testing.T, w *world) { delete(w.env, "APP_ID"); delete(w.env, "PRIVATE_KEY") }, "app", bot.Fault, "no GitHub App", "set-up page"},
		{"another app's id", func(_ *testing.T, w *world) { w.env["APP_ID"] = "999999" }, "app", bot.Fault, "", "APP_ID"},
		{"no key", func(_ *testing.T, w *world) { w.env["PRIVATE_KEY"] = "nonsense" }, "configuration", bot.Fault, "PRIVATE_KEY holds no key; give all of the .pem file", "set the variable"},
		{"another kind of key", func(_ *testing.T, w *world) {
			w.env["PRIVATE_KEY"] = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"
		}, "app", bot.Fault, "PRIVATE_KEY is not an RSA key", ".pem"},
		{"faulty configuration", func(_ *testing.T, w *world) { w.env["APP_ID"] = "abc" }, "configuration", bot.Fault, "APP_ID takes a whole number", "set the variable"},
		{"no address for metrics", func(_ *testing.T, w *world) { w.env["METRICS_ADDR"] = "nonsense" }, "configuration", bot.Fault, "METRICS_ADDR must be", "set the variable"},
		{"no host", func(_ *testing.T, w *world) { w.env["HOST"] = "300.1.1.1" }, "configuration", bot.Fault, "HOST must be", "set the variable"},
		{"another database", func(_ *testing.T, w *world) { w.env["DATABASE_URL"] = "mysql://x" }, "configuration", bot.Fault, "postgres://user:password@host/name is needed", "set the variable"},
		{"no login", func(_ *testing.T, w *world) { w.env["ADMINS"] = "ada, @@" }, "configuration", bot.Fault, "ADMINS takes GitHub logins", "set the variable"},
		{"half of sign-in", func(_ *testing.T, w *world) { delete(w.env, "GITHUB_CLIENT_SECRET") }, "configuration", bot.Fault, "belong together", "set the variable"},
		{"key file missing", func(t *testing.T, w *world) {
			delete(w.env, "PRIVATE_KEY")
			w.env["PRIVATE_KEY_PATH"] = t.TempDir() + "/none.pem"
		}, "app", bot.Fault, "PRIVATE_KEY_PATH cannot be read", "PRIVATE_KEY_PATH"},
		{"GitHub unreachable", func(_ *testing.T, w *world) { w.env["GITHUB_API_URL"] = "http://127.0.0.1:1" }, "app", bot.Fault, "cannot be reached", "network"},
		{"GitHub is down", func(t *testing.T, w *world) {
			w.env["GITHUB_API_URL"] = reporting(t, http.StatusBadGateway)
		}, "app", bot.Fault, "cannot be reached", "GITHUB_API_URL"},
		{"clock is wrong", func(_ *testing.T, w *world) { w.skew = 30 * time.Second }, "clock", bot.Warning, "differs", "NTP"},
		{"permission missing", func(_ *testing.T, w *world) {
			perms := maps.Clone(githubsim.DefaultPermissions())
			delete(perms, "checks")
			w.sim.RequestPermissions(w.app, perms, nil)
		}, "permissions", bot.Fault, "checks: write", "Permissions & events"},
		{"event missing", func(_ *testing.T, w *world) {
			w.sim.RequestPermissions(w.app, githubsim.DefaultPermissions(), slices.DeleteFunc(githubsim.DefaultEvents(), func(e string) bool { return e == "push" }))
		}, "events", bot.Fault, "push", "Permissions & events"},
		{"permission not accepted", func(_ *testing.T, w *world) { w.sim.RemovePermission(w.inst, "checks") }, "installations", bot.Warning, "academy", "accept"},
		{"suspended", func(_ *testing.T, w *world) { w.sim.Suspend(w.inst) }, "installations", bot.Warning, "suspended: academy", "lift"},
		{"webhook elsewhere", func(_ *testing.T, w *world) { w.sim.SetWebhook(w.app, "https://old.example.org/hook", secret) }, "webhook", bot.Fault, "old.example.org", "same"},
		{"no webhook address", func(_ *testing.T, w *world) { w.sim.SetWebhook(w.app, "", secret) }, "webhook", bot.Fault, "no webhook address", "PUBLIC_URL"},
		{"deliveries fail", func(t *testing.T, w *world) {
			w.sim.SetWebhook(w.app, "http://127.0.0.1:1/api/github/webhooks", secret)
			w.sim.CreateRepo(w.org, "shelf", githubsim.RepoOptions{})
			if err := w.sim.WaitDelivered(t.Context()); err != nil {
				t.Fatal(err)
			}
			w.sim.SetWebhook(w.app, "https://milepost.example.org/api/github/webhooks", secret)
		}, "deliveries", bot.Warning, "failed", "reachable"},
		{"no number", func(_ *testing.T, w *world) { w.env["WORKERS"] = "many" }, "configuration", bot.Fault, "WORKERS takes a whole number", "set the variable"},
		{"database away", func(_ *testing.T, w *world) { w.env["DATABASE_URL"] = "sqlite:///nowhere/at/all.db" }, "database", bot.Fault, "", "DATABASE_URL"},
		{"no database yet", func(t *testing.T, w *world) { w.env["DATABASE_URL"] = storagetest.SQLiteDSN(t) }, "database", bot.Fault, "no such file", "milepost serve"},
		{"schema missing", func(t *testing.T, w *world) {
			w.env["DATABASE_URL"] = storagetest.SQLiteDSN(t)
			store, err := storage.Open(t.Context(), w.env["DATABASE_URL"], storage.Options{NoMigrate: true})
			if err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}
		}, "database", bot.Warning, "missing", "milepost migrate"},
		{"queue stands still", func(t *testing.T, w *world) {
			if err := w.store.Enqueue(t.Context(), storage.Wish{Key: storage.Key{Kind: storage.KindRepo, ID: "7"}, At: time.Now().Add(-time.Hour)}); err != nil {
				t.Fatal(err)
			}
		}, "queue", bot.Warning, "are waiting", "worker"},
		{"no public address", func(_ *testing.T, w *world) { delete(w.env, "PUBLIC_URL") }, "public address", bot.Warning, "PUBLIC_URL", "PUBLIC_URL"},
		{"no sign-in", func(_ *testing.T, w *world) { delete(w.env, "GITHUB_CLIENT_ID"); delete(w.env, "GITHUB_CLIENT_SECRET") }, "sign-in", bot.Warning, "GITHUB_CLIENT_SECRET", "settings page"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			w := &world{sim: githubsim.New(githubsim.Options{})}
			if err := w.sim.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(w.sim.Close)
			w.org = w.sim.AddOrg("academy", w.sim.AddUser("lea", "", ""))
			w.app = w.sim.CreateApp(githubsim.AppOptions{Owner: w.org, Name: "Milepost", WebhookSecret: secret})
			w.inst = w.sim.Install(w.app, w.org)
			w.sim.SetWebhook(w.app, "https://milepost.example.org/api/github/webhooks", secret)
			dsn := storagetest.SQLiteDSN(t)
			store, err := storage.Open(t.Context(), dsn, storage.Options{})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = store.Close() })
			w.store = store
			w.env = map[string]string{
				"APP_ID": fmt.Sprint(w.app.ID), "PRIVATE_KEY": string(w.app.PrivateKeyPEM), "WEBHOOK_SECRET": secret, "GITHUB_CLIENT_ID": w.app.ClientID,
				"GITHUB_CLIENT_SECRET": w.app.ClientSecret, "GITHUB_API_URL": w.sim.APIURL(), "GITHUB_SERVER_URL": w.sim.URL(), "DATABASE_URL": dsn,
				"PUBLIC_URL": "https://milepost.example.org", "SESSION_SECRET": strings.Repeat("0123456789abcdef", 2),
			}
			tc.fault(t, w)
			var environ []string
			for k, v := range w.env {
				environ = append(environ, k+"="+v)
			}
			cfg, _ := bot.Load(environ)
			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
			defer cancel()
			found := bot.Diagnose(ctx, cfg, func() time.Time { return time.Now().Add(w.skew) }, nil)
			out, err := bot.MarshalFindings(found)
			if err != nil {
				t.Fatal(err)
			}
			var read []bot.Finding
			if err := json.Unmarshal(out, &read); err != nil || len(read) != len(found) {
				t.Errorf("the findings are no JSON: %v", err)
			}
			if strings.Contains(string(out), secret) || strings.Contains(string(out), w.app.ClientSecret) || strings.Contains(string(out), "BEGIN RSA") {
				t.Error("a finding holds a secret")
			}
			named := tc.what == ""
			for _, f := range found {
				if (f.Level == bot.OK) != (f.Remedy == "") {
					t.Errorf("%s is %s and says %q", f.What, f.Level, f.Remedy)
				}
				switch {
				case f.What == tc.what && f.Level == tc.level && strings.Contains(f.Detail, tc.detail) && strings.Contains(f.Remedy, tc.remedy):
					named = true
				case f.Level == bot.Fault && f.What != tc.what, f.Level == bot.Warning && tc.what == "":
					t.Errorf("called wrong besides: %s: %s", f.What, f.Detail)
				}
			}
			if !named {
				t.Errorf("no finding %q (%s) with %q and %q among\n%s", tc.what, tc.level, tc.detail, tc.remedy, out)
			}
		})
	}
}
