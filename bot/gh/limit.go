package gh

import (
	"net/http"
	"sync"
	"time"
)

// waitHeader holds GitHub's Retry-After where go-github does not look.
const waitHeader = "X-Milepost-Retry-After"

// waits keeps the waiting times of secondary limits from go-github, which would refuse all calls for as long by the system's clock, whatever clock
// the app goes by, and would take the hour's reset for the wait where GitHub names none. [pause] remembers them instead.
type waits struct{ next http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (w waits) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := w.next.RoundTrip(r)
	if err != nil || resp.StatusCode != http.StatusForbidden && resp.StatusCode != http.StatusTooManyRequests {
		return resp, err
	}
	if v := resp.Header.Get("Retry-After"); v != "" {
		resp.Header.Set(waitHeader, v)
		resp.Header.Del("Retry-After")
	}
	if resp.Header.Get("X-RateLimit-Remaining") != "0" {
		resp.Header.Del("X-RateLimit-Reset")
	}
	return resp, nil
}

// waitOf is how long an answer asks to wait.
func waitOf(h http.Header) (time.Duration, bool) {
	d, err := time.ParseDuration(h.Get(waitHeader) + "s")
	return d, err == nil && d >= 0
}

// maxPause is more than GitHub asks anybody to wait: its limits last an hour.
const maxPause = 2 * time.Hour

// pause remembers until when GitHub wants to hear nothing from a client: one refusal is enough for all its callers.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

// over returns nil when calls may be made at this time.
func (p *pause) over(call string, now time.Time) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.until.Sub(now) > maxPause { // the clock was set back since
		p.until = time.Time{}
	}
	if p.until.After(now) {
		return &Error{Kind: RateLimited, Call: call, Until: p.until, Msg: "not asked: a limit was hit before"}
	}
	return nil
}

// note takes in what became of a call and returns it.
func (p *pause) note(err error) error {
	until, ok := RetryAt(err)
	if !ok {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if until.After(p.until) {
		p.until = until
	}
	return err
}
