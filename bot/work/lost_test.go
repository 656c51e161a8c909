package work_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/work"
	"milepost/storage"
)

// TestClaimAnswerLost: a claim that was written, but whose answer never came, is worked on once its lease is over, by the same process.
func TestClaimAnswerLost(t *testing.T) {
	both(t, func(b *bench) {
		const lease = time.Second
		var armed atomic.Bool
		if !b.store.Postgres() { // one process has the file
			b.check(b.store.Close())
		}
		b.store = b.open(b.t, storage.Options{Now: b.clock.Now, Read: func(query string, _ int) {
			if strings.Contains(query, "UPDATE work SET fence") && armed.CompareAndSwap(true, false) {
				time.Sleep(lease + lease/10) // until the claim's time is over: its next statement fails
			}
		}})
		b.wish("a", 0)
		claims, err := b.store.ClaimWork(b.ctx, "me", []string{"k"}, lease, 1, 0)
		b.check(err)
		if len(claims) != 1 {
			b.t.Fatal("nothing claimed")
		}
		b.clock.Advance(time.Minute)
		armed.Store(true)
		b.runner(b.store, work.Config{Owner: "me", Lease: lease, Handlers: map[string]work.Handler{
			"k": work.HandlerFunc(func(context.Context, *work.Claim) error { return nil })}})
		b.until(work.Finished)
	})
}

// TestPoisonByDeath: what takes the process along each time is set aside as well.
func TestPoisonByDeath(t *testing.T) {
	both(t, func(b *bench) {
		b.wish("a", 0)
		for range 3 {
			claims, err := b.store.ClaimWork(b.ctx, "dead", []string{"k"}, time.Second, 1, 0)
			b.check(err)
			if len(claims) != 1 {
				b.t.Fatal("nothing claimed")
			}
			_, err = b.store.RescueLeases(b.ctx)
			b.check(err)
		}
		b.runner(b.store, work.Config{MaxAttempts: 3, Handlers: map[string]work.Handler{"k": work.HandlerFunc(func(context.Context, *work.Claim) error {
			b.t.Error("it was worked on once more")
			return nil
		})}})
		b.until(work.Parked)
		if w := b.row("a"); !w.Parked || !strings.Contains(w.LastError, "the process died") {
			b.t.Errorf("%+v", w)
		}
	})
}
