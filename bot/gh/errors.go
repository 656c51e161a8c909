package gh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/google/go-github/v62/github"
)

// Kind says what a failed call means for the caller.
type Kind int

// The kinds of failure.
const (
	Transient   Kind = iota // 5xx, timeouts, cut bodies: try again
	RateLimited             // primary or secondary limit, or our own pacing: try again at Until
	NotFound                // 404: it does not exist, or we may not see it
	Gone                    // 410: deleted, or issues are disabled
	Empty                   // 409: the repository has no commit yet
	Forbidden               // 403: a permission is not granted
	Suspended               // the installation is suspended
	Archived                // 403: the repository is read-only
	Legal                   // 451, or 403 for terms of service
	Locked                  // 403: the conversation is locked
	Invalid                 // 422: refused as it stands
	Auth                    // 401: credentials are wrong or expired
)

var kindWords = map[Kind]string{
	Transient: "transient", RateLimited: "rate_limited", NotFound: "not_found", Gone: "gone", Empty: "empty", Forbidden: "forbidden",
	Suspended: "suspended", Archived: "archived", Legal: "legal", Locked: "locked", Invalid: "invalid", Auth: "auth",
}

// String is the kind as a word for logs and metrics.
func (k Kind) String() string { return kindWords[k] }

// Error is a failed call.
type Error struct {
	Kind   Kind
	Call   string // "GET /repos/{owner}/{repo}/git/trees/{sha}"
	Status int    // 0 when there was no answer
	Until  time.Time
	InLine bool   // Until is the caller's turn, which it may give up: see Patient
	Msg    string // GitHub's own words
	Err    error
}

// Error says which call failed and why. It holds no credentials: neither tokens nor signed addresses are part of it.
func (e *Error) Error() string {
	s := fmt.Sprintf("github: %s: %s", e.Call, e.Kind)
	if e.Status > 0 {
		s += fmt.Sprintf(" (%d)", e.Status)
	}
	if e.Msg != "" {
		s += ": " + e.Msg
	}
	return s
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of a failure; what is no [Error] is Transient.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Transient
}

// Is reports whether err is a failure of one of the kinds.
func Is(err error, kinds ...Kind) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for _, k := range kinds {
		if e.Kind == k {
			return true
		}
	}
	return false
}

// Moved reports whether err says that what was asked for has another address now: a repository was renamed or transferred.
func Moved(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == NotFound && e.Status/100 == 3
}

// RetryAt returns when a rate-limited call may be tried again.
func RetryAt(err error) (time.Time, bool) {
	var e *Error
	if errors.As(err, &e) && e.Kind == RateLimited {
		return e.Until, true
	}
	return time.Time{}, false
}

// InLine reports whether an error is a turn of one's own among the patient: see Patient.
func InLine(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.InLine
}

// secondaryPause is how long to wait after a secondary limit that names no time, as GitHub's documentation asks.
const secondaryPause = time.Minute

// classify turns an error of go-github into an Error.
func classify(call string, err error, now time.Time) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	out := &Error{Kind: Transient, Call: call, Err: err}
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	var response *github.ErrorResponse
	var token *ghinstallation.HTTPError
	switch {
	case errors.As(err, &primary):
		out.Kind, out.Status, out.Until, out.Msg = RateLimited, statusOf(primary.Response), primary.Rate.Reset.Time, "the hourly limit is used up"
	case errors.As(err, &secondary):
		out.Kind, out.Status, out.Until, out.Msg = RateLimited, statusOf(secondary.Response), now.Add(secondaryPause), "a secondary limit was hit"
		if d, ok := waitOf(secondary.Response.Header); ok {
			out.Until = now.Add(d)
		}
	case errors.As(err, &response):
		out.Status, out.Msg = statusOf(response.Response), bounded(response.Message)
		out.Kind, out.Until = kindOfResponse(response, now)
	case errors.As(err, &token) && token.Response != nil:
		out.Status, out.Msg = token.Response.StatusCode, "no installation token: "+token.Response.Status
		out.Kind, out.Until = kindOfToken(token.Response, now)
	default:
		out.Msg = reason(err)
		out.Kind = kindOfText(out.Msg)
	}
	if out.Kind == RateLimited && !out.Until.After(now) {
		out.Until = now.Add(secondaryPause)
	}
	return out
}

// reason names a transport's failure without its text, which could hold an address with a signature.
func reason(err error) string {
	text := err.Error()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case strings.Contains(text, "could not refresh installation id"), strings.Contains(text, "received non 2xx response status"):
		if i := strings.LastIndex(text, "status "); i >= 0 {
			return "no installation token: " + bounded(text[i:])
		}
		return "no installation token"
	case strings.Contains(text, "unexpected EOF"), strings.Contains(text, "unexpected end of JSON"):
		return "the answer was cut short"
	case strings.Contains(text, "connection refused"):
		return "connection refused"
	case strings.Contains(text, "no such host"):
		return "the host was not found"
	default:
		return fmt.Sprintf("%T", err)
	}
}

// kindOfText recognises failures to mint a token, which ghinstallation tells by text only.
func kindOfText(msg string) Kind {
	switch {
	case strings.Contains(msg, "status \"404"), strings.Contains(msg, "status 404"):
		return NotFound
	case strings.Contains(msg, "status \"403"), strings.Contains(msg, "status 403"):
		return Suspended
	case strings.Contains(msg, "status \"401"), strings.Contains(msg, "status 401"):
		return Auth
	}
	return Transient
}

// kindOfToken says why no installation token was to be had. A limit and a suspended installation both are 403.
func kindOfToken(r *http.Response, now time.Time) (Kind, time.Time) {
	wait, named := waitOf(r.Header)
	switch {
	case named:
		return RateLimited, now.Add(wait)
	case r.Header.Get("X-RateLimit-Remaining") == "0":
		return RateLimited, resetOf(r.Header)
	case r.StatusCode == http.StatusTooManyRequests:
		return RateLimited, now.Add(secondaryPause)
	case r.StatusCode == http.StatusForbidden:
		return Suspended, time.Time{}
	case r.StatusCode == http.StatusNotFound:
		return NotFound, time.Time{}
	case r.StatusCode == http.StatusUnauthorized:
		return Auth, time.Time{}
	}
	return Transient, time.Time{}
}

// resetOf is when the hour of a primary limit ends; zero if the answer does not say.
func resetOf(h http.Header) time.Time {
	s, err := strconv.ParseInt(h.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(s, 0)
}

func kindOfResponse(r *github.ErrorResponse, now time.Time) (Kind, time.Time) {
	msg := strings.ToLower(r.Message)
	status := statusOf(r.Response)
	if status/100 == 3 {
		return NotFound, time.Time{} // a change of what has another address now, see Moved
	}
	switch status {
	case http.StatusUnauthorized:
		return Auth, time.Time{}
	case http.StatusForbidden, http.StatusTooManyRequests:
		return kindOfForbidden(r, msg, now)
	case http.StatusNotFound:
		return NotFound, time.Time{}
	case http.StatusConflict:
		return Empty, time.Time{}
	case http.StatusGone:
		return Gone, time.Time{}
	case http.StatusUnprocessableEntity:
		if strings.Contains(msg, "no commit found") {
			return NotFound, time.Time{}
		}
		return Invalid, time.Time{}
	case http.StatusUnavailableForLegalReasons:
		return Legal, time.Time{}
	}
	return Transient, time.Time{}
}

func kindOfForbidden(r *github.ErrorResponse, msg string, now time.Time) (Kind, time.Time) {
	h := r.Response.Header
	switch {
	case h.Get(waitHeader) != "":
		if d, ok := waitOf(h); ok {
			return RateLimited, now.Add(d)
		}
		return RateLimited, now.Add(secondaryPause)
	case strings.Contains(msg, "rate limit"), r.Response.StatusCode == http.StatusTooManyRequests:
		return RateLimited, now.Add(secondaryPause)
	case strings.Contains(msg, "archived"):
		return Archived, time.Time{}
	case strings.Contains(msg, "suspended"):
		return Suspended, time.Time{}
	case strings.Contains(msg, "locked"):
		return Locked, time.Time{}
	case strings.Contains(msg, "access blocked"), strings.Contains(msg, "terms of service"), strings.Contains(msg, "dmca"):
		return Legal, time.Time{}
	}
	return Forbidden, time.Time{}
}

func statusOf(r *http.Response) int {
	if r == nil {
		return 0
	}
	return r.StatusCode
}

func bounded(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	if len(s) > 200 {
		s = s[:200]
	}
	return s
}
