package web_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"milepost/bot/web"
)

// TestUnknownTokens: whoever makes up tokens does not make the server ask GitHub about each.
func TestUnknownTokens(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	ask := func(token string) int {
		b.hdr.Set("Authorization", "Bearer "+token)
		return b.get("/api/v1/learners").status
	}
	if s := ask(w.token(t, "olga")); s != http.StatusOK {
		t.Fatalf("a good token: %d", s)
	}
	statuses := map[int]int{}
	for i := range 100 {
		statuses[ask(fmt.Sprintf("ghu_made%dup", i))]++
	}
	if statuses[http.StatusUnauthorized] > 30 || statuses[http.StatusTooManyRequests] < 70 || len(statuses) != 2 {
		t.Errorf("a hundred tokens that were made up: %v", statuses)
	}
	if s := ask(w.token(t, "olga")); s != http.StatusTooManyRequests { // a token of hers that is new
		t.Errorf("a new token beside them: %d", s)
	}
	w.clock.Advance(2e9)
	if s := ask(w.token(t, "olga")); s != http.StatusOK {
		t.Errorf("a new token two seconds later: %d", s)
	}
}

// TestMetricsAreLocal: on the service's port the metrics answer this machine alone.
func TestMetricsAreLocal(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil, func(c *web.Config) {
		c.Metrics = http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write([]byte("milepost_queue_depth 1\n")) })
	})
	for _, c := range []struct {
		from, header string
		want         int
	}{
		{"127.0.0.1:1234", "", 200}, {"[::1]:1234", "", 200}, {"[::ffff:127.0.0.1]:1234", "", 200},
		{"192.0.2.1:1234", "", 403}, {"10.0.0.1:1234", "", 403}, {"", "", 403}, {"@", "", 403},
		{"127.0.0.1:1234", "X-Forwarded-For", 403}, {"127.0.0.1:1234", "Forwarded", 403}, {"127.0.0.1:1234", "X-Real-IP", 403}, {"127.0.0.1:1234", "Via", 403},
	} {
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.RemoteAddr = c.from
		if c.header != "" {
			r.Header.Set(c.header, "127.0.0.1")
		}
		rw := httptest.NewRecorder()
		w.web.ServeHTTP(rw, r)
		if rw.Code != c.want || c.want != 200 && strings.Contains(rw.Body.String(), "queue") {
			t.Errorf("from %q with %q: %d %s", c.from, c.header, rw.Code, rw.Body)
		}
	}
}
