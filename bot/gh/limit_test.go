package gh

import (
	"testing"
	"time"
)

// TestPace: however eagerly contents are created, no minute and no hour sees more than its share.
func TestPace(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	p := newOwnLimits(func() time.Time { return now })
	var made []time.Time
	for len(made) < 1000 {
		until, err := p.Create(t.Context(), 1, newContent, false)
		if err != nil {
			t.Fatal(err)
		}
		if !until.IsZero() {
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
		if j := i + newContent.Minute; j < len(made) && made[j].Sub(made[i]) < time.Minute {
			t.Fatalf("%d within %v", newContent.Minute+1, made[j].Sub(made[i]))
		}
		if j := i + newContent.Hour; j < len(made) && made[j].Sub(made[i]) < time.Hour {
			t.Fatalf("%d within %v", newContent.Hour+1, made[j].Sub(made[i]))
		}
	}
	if until, err := p.Create(t.Context(), 2, newContent, false); err != nil || !until.IsZero() {
		t.Error("another installation has to wait too")
	}
	now = now.Add(-24 * time.Hour)
	if until, err := p.Create(t.Context(), 1, newContent, false); err != nil || !until.IsZero() {
		t.Errorf("after the clock was set back to %v the next may be made at %v", now, until)
	}
	now = now.Add(-24 * time.Hour)
	if until, err := p.Create(t.Context(), 1, newContent, false); err != nil || !until.IsZero() {
		t.Errorf("after the clock was set back to %v the next may be made at %v", now, until)
	}
}

// TestPauseAfterTheClock: a limit that was noted while the clock was ahead does not hold for longer than limits do, and keeps no later one out.
func TestPauseAfterTheClock(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	clock := func() time.Time { return now }
	c := &Client{cfg: Config{Limits: newOwnLimits(clock), Now: clock}}
	refused := func() { _ = c.learn(t.Context(), nil, &Error{Kind: RateLimited, Until: now.Add(time.Hour)}) }
	refused()
	if c.open(t.Context(), "a call") == nil {
		t.Fatal("no pause")
	}
	now = now.Add(-24 * time.Hour)
	if err := c.open(t.Context(), "a call"); err != nil {
		t.Errorf("a day earlier by the clock: %v", err)
	}
	refused()
	if c.open(t.Context(), "a call") == nil {
		t.Error("no pause after the clock was set back")
	}
}
