package pace_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"milepost/storage/pace"
)

var most = pace.Limit{Minute: 60, Hour: 400}

// within is the largest number of times within any span.
func within(at []time.Time, span time.Duration) int {
	n, from := 0, 0
	for i := range at {
		for at[i].Sub(at[from]) >= span {
			from++
		}
		n = max(n, i-from+1)
	}
	return n
}

// TestPatient: 1,000 who are patient try about twice each, whatever the others take; who is not patient waits a minute at most while
// the hour has room; and no window is ever overfull.
func TestPatient(t *testing.T) {
	t.Parallel()
	type try struct {
		at      time.Time
		tries   int
		patient bool
	}
	lots := rand.New(rand.NewPCG(1, 2))
	begin := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	var waiting []try
	for range 1000 {
		waiting = append(waiting, try{at: begin, patient: true})
	}
	for i := range 20 { // a push now and then
		waiting = append(waiting, try{at: begin.Add(time.Duration(i) * 15 * time.Second)})
	}
	var l pace.Log
	var done []time.Time
	tries := 0
	now := begin
	for len(waiting) > 0 {
		slices.SortStableFunc(waiting, func(a, b try) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.tries, b.tries)) })
		w := waiting[0]
		waiting = waiting[1:]
		if w.at.After(now) {
			now = w.at
		}
		now = now.Add(time.Duration(lots.IntN(30)) * time.Millisecond) // what it does before
		w.tries++
		until := l.Take(now, most, w.patient)
		if until.IsZero() {
			done = append(done, now)
			if w.patient {
				tries += w.tries
			}
			continue
		}
		if !until.After(now) {
			t.Fatalf("to be tried again at %v, now is %v", until, now)
		}
		if !w.patient && until.Sub(now) > time.Minute && now.Sub(begin) < 6*time.Minute {
			t.Errorf("after %v an impatient one is to wait %v", now.Sub(begin), until.Sub(now))
		}
		w.at = until
		waiting = append(waiting, w)
	}
	if n := within(done, time.Minute); n > most.Minute {
		t.Errorf("%d within a minute", n)
	}
	if n := within(done, time.Hour); n > most.Hour {
		t.Errorf("%d within an hour", n)
	}
	if tries > 2100 {
		t.Errorf("1000 needed %d tries", tries)
	}
	if took := now.Sub(begin); took > 150*time.Minute {
		t.Errorf("it took %v", took)
	}
	t.Logf("1000 took %d tries and %v", tries, now.Sub(begin))
}

// TestClockSetBack: what was noted of a time that is yet to come, before the clock was set back, keeps nobody waiting.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	var l pace.Log
	for range 100 {
		l.Take(now, most, true)
	}
	if until := l.Take(now.Add(-24*time.Hour), most, false); !until.IsZero() {
		t.Errorf("to be tried again at %v", until)
	}
	for range 100 {
		l.Take(now.Add(-24*time.Hour), most, true)
	}
	if until := l.Take(now.Add(-24*time.Hour), most, true); until.After(now) {
		t.Errorf("to be tried again at %v", until)
	}
}
