package bot_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/storage/storagetest"
)

// TestTunnel plays smee.io: deliveries go to it, it parses them and passes them on as events. It breaks in between.
func TestTunnel(t *testing.T) {
	t.Parallel()
	events := make(chan string, 100)
	var opened atomic.Int32
	smee := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			var body any
			dec := json.NewDecoder(r.Body)
			dec.UseNumber()
			var raw json.RawMessage
			if err := dec.Decode(&raw); err != nil {
				t.Error(err)
			}
			body = raw
			fields := map[string]any{"body": body, "query": map[string]string{}, "timestamp": 1}
			for k := range r.Header {
				fields[strings.ToLower(k)] = r.Header.Get(k)
			}
			// A service written in JavaScript: what Go would escape, it does not.
			var out strings.Builder
			enc := json.NewEncoder(&out)
			enc.SetEscapeHTML(false)
			if err := enc.Encode(fields); err != nil {
				t.Error(err)
			}
			events <- strings.TrimSpace(out.String())
			return
		}
		if r.Header.Get("Accept") != "text/event-stream" {
			t.Errorf("asked with Accept %q", r.Header.Get("Accept"))
		}
		n := opened.Add(1)
		w.Header().Set("Content-Type", "text/event-stream")
		fmt.Fprint(w, "event: ready\ndata: {}\n\n: a comment\nevent: ping\ndata: {}\n\n")
		_ = http.NewResponseController(w).Flush()
		for {
			select {
			case e := <-events:
				fmt.Fprintf(w, "id: 1\ndata: %s\n\n", e)
				_ = http.NewResponseController(w).Flush()
				if n == 1 {
					return // breaks after the first
				}
			case <-r.Context().Done():
				return
			}
		}
	}))
	t.Cleanup(smee.Close)
	f := newTruth(t)
	r := newRig(t, setup{dsn: storagetest.SQLiteDSN(t), sim: githubsim.Options{Observe: f.watch}, env: []string{"WEBHOOK_PROXY_URL=" + smee.URL + "/channel"}})
	t.Cleanup(func() { _ = r.server.Stop(t.Context()); smee.CloseClientConnections() })
	r.sim.SetWebhook(r.app, smee.URL+"/channel", secret)
	repo := r.sim.CreateRepo(r.org, "shelf", githubsim.RepoOptions{Description: "A <b>shelf</b> & more \u2028 ü"})
	r.sim.SetCollaborator(repo, r.user, "write")
	r.sim.Install(r.app, r.org)
	c := f.commit(3, 1)
	c.Message = "Add <files> & \"more\" ü \u2028 line"
	f.learn(r.sim.Push(repo, "main", r.user, c), 3)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Minute)
	for {
		if issues := r.progress(repo); len(issues) == 1 && checked(issues[0].Body) == repo.Head("") && opened.Load() > 1 {
			break
		}
		select {
		case <-deadline:
			t.Fatalf("no issue came of it; the stream was opened %d times\n%s", opened.Load(), tail(r.logs.String()))
		case <-tick.C:
		}
	}
	for _, line := range strings.Split(r.logs.String(), "\n") {
		if strings.Contains(line, "came through the tunnel") && strings.Contains(line, "WARN") {
			t.Errorf("refused: %s", line)
		}
	}
	f.require(r, []*githubsim.Repo{repo})
}
