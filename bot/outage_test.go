package bot_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
)

// outage is a network that can be cut.
type outage struct{ down atomic.Bool }

func (o *outage) RoundTrip(r *http.Request) (*http.Response, error) {
	if o.down.Load() {
		return nil, errors.New("dial tcp: connection refused")
	}
	return http.DefaultTransport.RoundTrip(r)
}

// TestStartDuringAnOutage starts a server for the first time while GitHub does not answer: deliveries are taken all the same, and worked on once it does.
func TestStartDuringAnOutage(t *testing.T) {
	t.Parallel()
	sim := githubsim.New(githubsim.Options{})
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	ada := sim.AddUser("ada", "Ada", "ada@example.org")
	app := sim.CreateApp(githubsim.AppOptions{Owner: ada, Name: "Milepost", WebhookSecret: "s3cret"})
	repo := sim.CreateRepo(ada, "shop", githubsim.RepoOptions{})
	sim.PushFiles(repo, "", ada, "start", map[string]string{"app.js": "x()\n"})
	inst := sim.Install(app, ada)
	network := &outage{}
	network.down.Store(true)
	cfg, err := bot.Load([]string{
		fmt.Sprintf("APP_ID=%d", app.ID), "PRIVATE_KEY=" + string(app.PrivateKeyPEM), "WEBHOOK_SECRET=s3cret", "GITHUB_API_URL=" + sim.APIURL(), "GITHUB_SERVER_URL=" + sim.URL(),
		"DATABASE_URL=sqlite://" + filepath.ToSlash(filepath.Join(t.TempDir(), "m.db")), "HOST=127.0.0.1", "PORT=0", "LOG_LEVEL=error",
	})
	if err != nil {
		t.Fatal(err)
	}
	server, err := bot.Start(t.Context(), cfg, bot.Options{Transport: network, MeetAgain: 20 * time.Millisecond})
	if err != nil {
		t.Fatalf("the server does not start while GitHub is down: %v", err)
	}
	t.Cleanup(func() { _ = server.Stop(t.Context()) })
	payload := fmt.Appendf(nil, `{"ref":"refs/heads/main","after":%q,"repository":{"id":%d,"full_name":"ada/shop","default_branch":"main"},"installation":{"id":%d},"sender":{"login":"ada","type":"User"}}`,
		repo.Head("main"), repo.ID(), inst.ID)
	mac := hmac.New(sha256.New, []byte("s3cret"))
	mac.Write(payload)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL()+cfg.WebhookPath, bytes.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-GitHub-Event", "push")
	req.Header.Set("X-GitHub-Delivery", "1")
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusAccepted {
		t.Fatalf("a delivery during the outage: %s", resp.Status)
	}
	network.down.Store(false)
	deadline := time.Now().Add(15 * time.Minute)
	for {
		for _, i := range sim.Issues(repo) {
			if strings.HasSuffix(i.Author, "[bot]") {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("no progress issue after the outage")
		}
		time.Sleep(20 * time.Millisecond)
	}
}
