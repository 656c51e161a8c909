// Package pace bounds how often something is done, in a sliding window of a minute and one of an hour.
package pace

import (
	"slices"
	"time"
)

// Limit is how much may be done within a minute and within an hour.
type Limit struct{ Minute, Hour int }

// slack is how much later than its time a turn is promised, so that it is not too early when those before it were taken a little late.
const slack = 5 * time.Second

// skew is how far the clock of another process may be ahead. What is later was noted before the clock was set back.
const skew = time.Minute

// Log is what was done within the last hour, and the turns that are promised, both oldest first. The zero value is ready for use.
type Log struct{ Done, Promised []time.Time }

// Take notes that something is done now and returns the zero time. If there is no room, nothing is noted, and until is when it should be tried again:
// when there is room next, or, for who is patient, when there is room that nobody was promised; that turn is promised then. Promises bind nobody: who
// cannot be patient goes first, and who finds no room at the own turn is promised another one.
func (l *Log) Take(now time.Time, most Limit, patient bool) (until time.Time) {
	l.Done = slices.DeleteFunc(l.Done, func(at time.Time) bool { return now.Sub(at) >= time.Hour || at.After(now.Add(skew)) })
	l.Promised = slices.DeleteFunc(l.Promised, func(at time.Time) bool { return now.Sub(at) >= time.Hour })
	if len(l.Promised) > 0 && l.Promised[0].Sub(now) > time.Hour+skew {
		l.Promised = nil // the first turn is within the hour, unless the clock was set back
	}
	if until = most.room(l.Done, now); until.IsZero() {
		l.Done = append(l.Done, now)
	}
	if !patient {
		return until
	}
	if len(l.Promised) > 0 && !l.Promised[0].After(now) {
		l.Promised = l.Promised[1:] // this was the turn
	}
	if !until.IsZero() {
		until = most.room(slices.Concat(l.Done, l.Promised), now).Add(slack)
		l.Promised = append(l.Promised, until)
	}
	return until
}

// room is when there is room after what was done, oldest first; the zero time if there is some now.
func (m Limit) room(done []time.Time, now time.Time) (until time.Time) {
	n := len(done)
	for _, w := range [...]struct {
		most int
		span time.Duration
	}{{m.Minute, time.Minute}, {m.Hour, time.Hour}} {
		if n < w.most {
			continue
		}
		if at := done[n-w.most].Add(w.span); at.After(now) && at.After(until) {
			until = at
		}
	}
	return until
}
