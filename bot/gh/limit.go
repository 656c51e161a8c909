package gh

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/google/go-github/v62/github"

	"milepost/storage/pace"
)

// waitHeader holds GitHub's Retry-After where go-github does not look.
const waitHeader = "X-Milepost-Retry-After"

// waits keeps the waiting times of secondary limits from go-github, which would refuse all calls for as long by the system's clock, whatever clock
// the app goes by, and would take the hour's reset for the wait where GitHub names none. [Limits] remembers them instead.
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

// Limit is what an answer of GitHub's says about the primary limit, and until when GitHub wants to hear nothing.
type Limit struct {
	Limit, Remaining int       // 0, 0: not said
	Reset            time.Time // of the primary limit
	BlockedUntil     time.Time // zero: calls may be made
}

// Limits keeps what is known of GitHub's limits by installation, 0 being the app itself: one refusal is enough for all who share it.
type Limits interface {
	// Blocked is until when no call is to be made; a time that is over, or zero, stops nobody.
	Blocked(ctx context.Context, installation int64) (time.Time, error)
	// Note takes in what an answer said. BlockedUntil only ever grows.
	Note(ctx context.Context, installation int64, l Limit) error
	// Create notes that content is created now, or says when to try again: when there is room, or, for who is patient, when the own turn is.
	Create(ctx context.Context, installation int64, most pace.Limit, patient bool) (until time.Time, err error)
}

// ownLimits are the limits as one process knows them.
type ownLimits struct {
	now     func() time.Time
	mu      sync.Mutex
	blocked map[int64]time.Time
	made    map[int64]*pace.Log // creations of the last hour
}

func newOwnLimits(now func() time.Time) *ownLimits {
	return &ownLimits{now: now, blocked: map[int64]time.Time{}, made: map[int64]*pace.Log{}}
}

// Blocked implements Limits.
func (o *ownLimits) Blocked(_ context.Context, installation int64) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.blocked[installation], nil
}

// Note implements Limits.
func (o *ownLimits) Note(_ context.Context, installation int64, l Limit) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if was := o.blocked[installation]; l.BlockedUntil.After(was) || was.Sub(o.now()) > maxPause && !l.BlockedUntil.IsZero() {
		o.blocked[installation] = l.BlockedUntil
	}
	return nil
}

// Create implements Limits.
func (o *ownLimits) Create(_ context.Context, installation int64, most pace.Limit, patient bool) (time.Time, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	made := o.made[installation]
	if made == nil {
		made = &pace.Log{}
		o.made[installation] = made
	}
	return made.Take(o.now(), most, patient), nil
}

// GitHub allows about 80 requests that create content a minute and 500 an hour ("Rate limits for the REST API", secondary limits). The pace stays
// below, since other apps and people share it.
var newContent = pace.Limit{Minute: 60, Hour: 400}

type patience struct{}

// Patient returns a context in which calls that create content stand in line: if there is no room for them now, they are told when their own turn is,
// and who is not patient goes first.
func Patient(ctx context.Context) context.Context { return context.WithValue(ctx, patience{}, true) }

func patient(ctx context.Context) bool { return ctx.Value(patience{}) != nil }

// maxPause is more than GitHub asks anybody to wait: its limits last an hour.
const maxPause = 2 * time.Hour

// sampleEvery is how often the primary limit is noted while nothing is wrong with it.
const sampleEvery = time.Minute

// open returns nil when a call may be made now.
func (c *Client) open(ctx context.Context, call string) error {
	until, err := c.cfg.Limits.Blocked(ctx, c.installation)
	if err != nil {
		return fmt.Errorf("github: limits: %w", err)
	}
	if now := c.cfg.Now(); until.After(now) && until.Sub(now) <= maxPause { // later still: the clock was set back since
		return &Error{Kind: RateLimited, Call: call, Until: until, Msg: "not asked: a limit was hit before"}
	}
	return nil
}

// learn notes what came of a call for all who share its limits, and returns its failure.
func (c *Client) learn(ctx context.Context, resp *github.Response, failure error) error {
	l := Limit{}
	if until, ok := RetryAt(failure); ok {
		l.BlockedUntil = until
	}
	now := c.cfg.Now()
	if resp != nil && (resp.Header.Get("X-RateLimit-Resource") == "" || resp.Header.Get("X-RateLimit-Resource") == "core") {
		l.Limit, l.Remaining, l.Reset = resp.Rate.Limit, resp.Rate.Remaining, resp.Rate.Reset.Time
	}
	if l.Limit > 0 && l.Remaining == 0 && l.Reset.After(now) && l.Reset.After(l.BlockedUntil) {
		l.BlockedUntil = l.Reset // the last call that was allowed: the next one need not be refused first
	}
	if l.BlockedUntil.IsZero() && (l.Limit == 0 || !c.sampleDue(now)) {
		return failure
	}
	if err := c.cfg.Limits.Note(context.WithoutCancel(ctx), c.installation, l); err != nil && failure == nil {
		return fmt.Errorf("github: limits: %w", err)
	}
	return failure
}

func (c *Client) sampleDue(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if since := now.Sub(c.sampled); since >= 0 && since < sampleEvery {
		return false
	}
	c.sampled = now
	return true
}
