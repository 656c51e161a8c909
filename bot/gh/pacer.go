package gh

import (
	"sync"
	"time"
)

// GitHub allows about 80 requests that create content a minute and 500 an hour ("Rate limits for the REST API", secondary limits). The pace stays
// below, since other apps and people share it.
const (
	perMinute = 60
	perHour   = 400
)

// pacer counts content creations by installation in sliding windows. Its knowledge is this process's own; GitHub's answers are obeyed besides.
type pacer struct {
	now  func() time.Time
	mu   sync.Mutex
	made map[int64][]time.Time
}

func newPacer(now func() time.Time) *pacer { return &pacer{now: now, made: map[int64][]time.Time{}} }

// take notes a creation now, or says when the next may be made.
func (p *pacer) take(installation int64) (until time.Time, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.now()
	made := p.made[installation]
	for len(made) > 0 && (now.Sub(made[0]) >= time.Hour || made[0].After(now)) { // of the future, if the clock was set back
		made = made[1:]
	}
	p.made[installation] = made
	if n := len(made); n >= perHour {
		return made[n-perHour].Add(time.Hour), false
	}
	if n := len(made); n >= perMinute && now.Sub(made[n-perMinute]) < time.Minute {
		return made[n-perMinute].Add(time.Minute), false
	}
	p.made[installation] = append(made, now)
	return time.Time{}, true
}
