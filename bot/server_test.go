package bot_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// post delivers a payload, signed.
func (r *rig) post(event, guid string, payload []byte) (int, string) {
	r.t.Helper()
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, r.server.URL()+"/api/github/webhooks", bytes.NewReader(payload))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-GitHub-Event", event)
	req.Header.Set("X-GitHub-Delivery", guid)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		r.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// TestPayloads sends every payload that GitHub itself made, from the folder that MILEPOST_WEBHOOK_PAYLOADS names: each is acknowledged, none is lost,
// and what is in them leads to no panic.
func TestPayloads(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("MILEPOST_WEBHOOK_PAYLOADS")
	if dir == "" {
		t.Skip("MILEPOST_WEBHOOK_PAYLOADS names no folder of payloads (EVENT.ACTION.N.json)")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads in %s (%v)", dir, err)
	}
	eachDatabase(t, func(t *testing.T, dsn string) {
		r := newRig(t, setup{dsn: dsn})
		var guids []string
		for i, f := range files {
			payload, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			event, _, _ := strings.Cut(filepath.Base(f), ".")
			guid := fmt.Sprintf("payload-%d", i)
			if status, body := r.post(event, guid, payload); status != http.StatusAccepted {
				t.Errorf("%s: %d %s", filepath.Base(f), status, body)
			}
			guids = append(guids, guid)
		}
		r.settle(48 * time.Hour)
		known, err := r.server.Store().KnownDeliveries(t.Context(), guids)
		if err != nil {
			t.Fatal(err)
		}
		if len(known) != len(guids) {
			t.Errorf("%d of %d deliveries are known", len(known), len(guids))
		}
		for _, g := range guids {
			d, err := r.server.Store().Delivery(t.Context(), g)
			if err == nil && d.State == storage.DeliveryPending {
				t.Errorf("%s of event %s is still waiting", g, d.Event)
			}
		}
		if strings.Contains(r.logs.String(), "panic") {
			t.Errorf("something panicked:\n%s", tail(r.logs.String()))
		}
	})
}

// raw speaks to the server without a client's manners.
func raw(t *testing.T, url, text string) net.Conn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(3 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte(text)); err != nil && !strings.Contains(err.Error(), "reset") && !strings.Contains(err.Error(), "broken pipe") {
		t.Fatal(err)
	}
	return conn
}

// TestHostileClients sends what no browser and no GitHub sends; others are served all the while.
func TestHostileClients(t *testing.T) { //nolint:tparallel // one after the other: others are served meanwhile
	t.Parallel()
	r := newRig(t, setup{dsn: storagetest.SQLiteDSN(t), headerTimeout: 2 * time.Second, env: []string{"PUBLIC_URL=https://milepost.example.org"}})
	url := r.server.URL()
	healthy := func(t *testing.T) {
		t.Helper()
		if status, _ := get(t, http.DefaultClient, url+"/healthz"); status != http.StatusOK {
			t.Errorf("others are answered %d", status)
		}
	}
	t.Run("slow heads", func(t *testing.T) {
		var conns []net.Conn
		for range 200 {
			conns = append(conns, raw(t, url, "POST /api/github/webhooks HTTP/1.1\r\nHost: x\r\nX-Slow: "))
		}
		healthy(t)
		for _, c := range conns { // each is hung up on
			if _, err := io.ReadAll(c); err != nil && !strings.Contains(err.Error(), "reset") {
				t.Fatalf("a slow client is still connected: %v", err)
			}
		}
	})
	t.Run("flood of headers", func(t *testing.T) {
		c := raw(t, url, "GET /healthz HTTP/1.1\r\nHost: x\r\n"+strings.Repeat("X-Flood: "+strings.Repeat("a", 1000)+"\r\n", 200)+"\r\n")
		if answer, _ := io.ReadAll(c); len(answer) > 0 && !bytes.HasPrefix(answer, []byte("HTTP/1.1 431")) { // a reset may swallow the answer
			t.Errorf("answered %.60q", answer)
		}
		healthy(t)
	})
	t.Run("body announced too large", func(t *testing.T) {
		c := raw(t, url, "POST /api/github/webhooks HTTP/1.1\r\nHost: x\r\nX-Hub-Signature-256: sha256="+strings.Repeat("0", 64)+"\r\nContent-Length: 30000000\r\n\r\n")
		head := make([]byte, 12)
		if _, err := io.ReadFull(c, head); err != nil || string(head) != "HTTP/1.1 413" {
			t.Errorf("answered %q (%v)", head, err)
		}
	})
	t.Run("body without an end", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/api/github/webhooks", io.LimitReader(endless{}, 40<<20))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return // hung up on, which is an answer too
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("answered %d", resp.StatusCode)
		}
	})
	t.Run("large form", func(t *testing.T) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/logout", io.LimitReader(endless{}, 10<<20))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		if resp, err := http.DefaultClient.Do(req); err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode/100 != 4 {
				t.Errorf("answered %d", resp.StatusCode)
			}
		}
	})
	t.Run("another host", func(t *testing.T) {
		client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		for _, path := range []string{"/", "/login", "/today", "/setup", "/privacy", "/p/lea", "/badge/a/b.svg", "/nowhere"} {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = "evil.example"
			req.Header.Set("X-Forwarded-Host", "evil.example")
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, _ := io.ReadAll(resp.Body)
			_ = resp.Body.Close()
			if strings.Contains(string(body), "evil.example") || strings.Contains(fmt.Sprint(resp.Header), "evil.example") {
				t.Errorf("%s repeats the host that the client claims", path)
			}
		}
	})
	t.Run("odd requests", func(t *testing.T) {
		for _, text := range []string{"\x00\x01\x02\r\n\r\n", "GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
			"GET /assets/..%2f..%2fgo.mod HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "POST /api/github/webhooks HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n"} {
			answer, err := io.ReadAll(raw(t, url, text))
			if err != nil && !strings.Contains(err.Error(), "reset") {
				t.Errorf("%.30q: %v", text, err)
			}
			if strings.Contains(string(answer), "root:") || strings.Contains(string(answer), "module milepost") || bytes.HasPrefix(answer, []byte("HTTP/1.1 5")) {
				t.Errorf("%.30q is answered %.80q", text, answer)
			}
		}
	})
	healthy(t)
}

// endless is a body of letters.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'a'
	}
	return len(p), nil
}

// TestStop ends a server while GitHub leaves its calls hanging: the work goes back, and the next process does it at once.
func TestStop(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		f := newTruth(t)
		r := newRig(t, setup{dsn: dsn, stopWithin: 2 * time.Second, callTimeout: time.Hour})
		repo := r.sim.CreateRepo(r.org, "shelf", githubsim.RepoOptions{})
		r.sim.SetCollaborator(repo, r.user, "write")
		f.learn(r.sim.Push(repo, "main", r.user, f.commit(3, 1)), 3)
		r.sim.Install(r.app, r.org)
		r.settle(24 * time.Hour)
		hanging := make(chan struct{})
		var once sync.Once
		r.sim.Fail(func(*http.Request) githubsim.Fault {
			once.Do(func() { close(hanging) })
			return githubsim.Fault{Kind: githubsim.FaultTimeout}
		})
		f.learn(r.sim.Push(repo, "main", r.user, f.commit(5, 2)), 5)
		<-hanging
		if err := r.server.Stop(context.Background()); err != nil {
			t.Errorf("the stop was not clean: %v", err)
		}
		r.sim.Fail(nil)
		r.start()
		r.idle() // without any waiting: the lease was given back
		if issues := r.progress(repo); len(issues) != 1 || checked(issues[0].Body) != repo.Head("") {
			t.Errorf("the next process did not go on: %d issues", len(issues))
		}
	})
}
