package bot

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"milepost/bot/gh"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestMetricsOfNothing: an empty queue is seen to be empty, and what is left at GitHub is said without naming whose it is.
func TestMetricsOfNothing(t *testing.T) {
	t.Parallel()
	clock := storagetest.NewClock()
	m := newMetrics(storagetest.OpenSQLite(t, storage.Options{Now: clock.Now}), clock.Now)
	read := func() string {
		rw := httptest.NewRecorder()
		m.handler().ServeHTTP(rw, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		return rw.Body.String()
	}
	text := read()
	for _, kind := range []string{"repo", "install", "timer"} {
		for _, name := range []string{"milepost_queue_depth", "milepost_queue_set_aside", "milepost_queue_oldest_seconds"} {
			if line := name + `{kind="` + kind + `",priority="10"} 0`; !strings.Contains(text, line) {
				t.Errorf("without %s", line)
			}
		}
	}
	if strings.Contains(text, "\nmilepost_github_rate_remaining") {
		t.Error("it says what is left of limits that nobody knows")
	}
	soon := clock.Now().Add(time.Hour)
	m.call(gh.Call{Installation: 4711, Limit: 5000, Remaining: 90, Reset: soon.Add(-time.Minute)})
	m.call(gh.Call{Installation: 4712, Limit: 5000, Remaining: 300, Reset: soon.Add(time.Hour)})
	if text = read(); !strings.Contains(text, "\nmilepost_github_rate_remaining 90\n") || strings.Contains(text, "471") {
		t.Error(text)
	}
	clock.Advance(time.Hour)
	if text = read(); !strings.Contains(text, "\nmilepost_github_rate_remaining 300\n") {
		t.Error("a limit that was reset still counts")
	}
}
