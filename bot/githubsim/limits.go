package githubsim

import (
	"net/http"
	"strconv"
	"time"
)

// window counts calls in an hour that starts with the first one, as GitHub's primary limit does.
type window struct {
	used  int
	reset time.Time
}

// limits are the primary limits by actor and what each actor created lately.
type limits struct {
	windows map[string]*window
	created map[string][]time.Time
}

func (l *limits) init() {
	l.windows = map[string]*window{}
	l.created = map[string][]time.Time{}
}

// window is the actor's hour at the given time.
func (l *limits) window(actor string, now time.Time) *window {
	w := l.windows[actor]
	if w == nil || !now.Before(w.reset) {
		w = &window{reset: now.Add(time.Hour)}
		l.windows[actor] = w
	}
	return w
}

// limitOf is how many calls the actor has in an hour.
func (s *Sim) limitOf(p principal) int {
	if p.anonymous() {
		return 60
	}
	return s.opt.RateLimit
}

// rateHeaders are GitHub's, for one actor.
func (s *Sim) rateHeaders(h http.Header, p principal) {
	w := s.limits.window(p.key(), s.now())
	limit := s.limitOf(p)
	h.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, limit-w.used)))
	h.Set("X-RateLimit-Used", strconv.Itoa(w.used))
	h.Set("X-RateLimit-Reset", strconv.FormatInt(w.reset.Unix(), 10))
	h.Set("X-RateLimit-Resource", "core")
}

// primaryExhausted is GitHub's answer when the hour's calls are used up.
func primaryExhausted(p principal) answer {
	msg := "API rate limit exceeded for installation ID " + p.key() + "."
	return fail(http.StatusForbidden, msg)
}

const secondaryText = "You have exceeded a secondary rate limit and have been temporarily blocked from content creation. " +
	"Please retry your request again later."

// secondaryLimited is GitHub's answer to too much at once.
func secondaryLimited(status int, wait time.Duration) answer {
	a := fail(status, secondaryText)
	a.body.(object)["documentation_url"] = "https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"
	if wait > 0 {
		a.set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	return a
}

// contentWait records that the actor creates something and is zero, or says how
// long it must wait because it created too much lately.
func (s *Sim) contentWait(actor string) time.Duration {
	now := s.now()
	list := s.limits.created[actor]
	for len(list) > 0 && !list[0].Add(time.Hour).After(now) {
		list = list[1:]
	}
	wait := tooMany(list, now, time.Hour, s.opt.ContentPerHour)
	wait = max(wait, tooMany(list, now, time.Minute, s.opt.ContentPerMinute))
	if wait == 0 {
		list = append(list, now)
	}
	s.limits.created[actor] = list
	return wait
}

// tooMany is how long until fewer than limit times of the sorted list lie within the span.
func tooMany(list []time.Time, now time.Time, span time.Duration, limit int) time.Duration {
	if limit < 0 || len(list) < limit {
		return 0
	}
	oldest := list[len(list)-limit]
	return max(0, oldest.Add(span).Sub(now))
}

// ExhaustRateLimit uses up the hour's calls of an installation at once.
func (s *Sim) ExhaustRateLimit(inst *Installation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := principal{app: inst.app, inst: inst}
	s.limits.window(p.key(), s.now()).used = s.limitOf(p)
}

// RateLimitUsed is how many calls of the running hour an installation has used.
func (s *Sim) RateLimitUsed(inst *Installation) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.limits.window(principal{app: inst.app, inst: inst}.key(), s.now()).used
}

func (s *Sim) rateLimitBody(p principal) object {
	w := s.limits.window(p.key(), s.now())
	limit := s.limitOf(p)
	core := object{"limit": limit, "remaining": max(0, limit-w.used), "reset": w.reset.Unix(), "used": w.used}
	search := object{"limit": 30, "remaining": 30, "reset": s.now().Add(time.Minute).Unix(), "used": 0}
	return object{"resources": object{"core": core, "search": search}, "rate": core}
}
