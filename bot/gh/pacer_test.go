package gh

import (
	"testing"
	"time"
)

// TestPacer: however eagerly contents are created, no minute and no hour sees more than its share.
func TestPacer(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	p := newPacer(func() time.Time { return now })
	var made []time.Time
	for len(made) < 1000 {
		until, ok := p.take(1)
		if !ok {
			if !until.After(now) {
				t.Fatalf("to be tried again at %v, now is %v", until, now)
			}
			now = until
			continue
		}
		made = append(made, now)
		now = now.Add(100 * time.Millisecond)
	}
	for i := range made {
		if j := i + perMinute; j < len(made) && made[j].Sub(made[i]) < time.Minute {
			t.Fatalf("%d within %v", perMinute+1, made[j].Sub(made[i]))
		}
		if j := i + perHour; j < len(made) && made[j].Sub(made[i]) < time.Hour {
			t.Fatalf("%d within %v", perHour+1, made[j].Sub(made[i]))
		}
	}
	if _, ok := p.take(2); !ok {
		t.Error("another installation has to wait too")
	}
	now = now.Add(-24 * time.Hour)
	if until, ok := p.take(1); !ok {
		t.Errorf("after the clock was set back to %v the next may be made at %v", now, until)
	}
}

// TestPauseAfterTheClock: a limit that was noted while the clock was ahead does not hold for longer than limits do.
func TestPauseAfterTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	p := &pause{}
	_ = p.note(&Error{Kind: RateLimited, Until: now.Add(time.Hour)})
	if p.over("a call", now) == nil {
		t.Fatal("no pause")
	}
	if err := p.over("a call", now.Add(-24*time.Hour)); err != nil {
		t.Errorf("a day earlier by the clock: %v", err)
	}
}
