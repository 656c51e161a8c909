package bot

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// limits rewrites GitHub's answers about secondary limits so that all that follows understands them in one way, and by the server's own clock: "wait N
// seconds" becomes "nothing is left until T". A refused request for an installation token becomes a passing failure, since the library that makes it
// tells a limit and a suspended installation by nothing but the same status 403.
type limits struct {
	next http.RoundTripper
	now  func() time.Time
}

func newLimits(next http.RoundTripper, now func() time.Time) http.RoundTripper {
	if next == nil {
		next = http.DefaultTransport
		if t, ok := next.(*http.Transport); ok {
			t = t.Clone()
			t.MaxIdleConnsPerHost = 32
			next = t
		}
	}
	return limits{next, now}
}

// RoundTrip implements http.RoundTripper.
func (l limits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return resp, err //nolint:wrapcheck // a transport hands errors on as they are
	}
	h := resp.Header
	wait, err := strconv.Atoi(h.Get("Retry-After"))
	named := err == nil && wait >= 0
	if strings.HasSuffix(r.URL.Path, "/access_tokens") {
		if named || resp.StatusCode == http.StatusTooManyRequests || h.Get("X-RateLimit-Remaining") == "0" {
			resp.StatusCode, resp.Status = http.StatusServiceUnavailable, "503 over a limit"
		}
		return resp, nil
	}
	if named {
		resp.StatusCode, resp.Status = http.StatusForbidden, "403 Forbidden"
		h.Del("Retry-After")
		h.Set("X-RateLimit-Remaining", "0")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(l.now().Add(time.Duration(wait)*time.Second+time.Second-1).Unix(), 10))
	}
	return resp, nil
}
