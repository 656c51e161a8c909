package storagetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"milepost/storage"
)

const lease = 30 * time.Second

// quiet makes everything idle that earlier parts left due.
func (b *bench) quiet(t *testing.T) {
	t.Helper()
	for {
		all, err := b.ClaimWork(b.ctx, b.owner(), []string{storage.KindRepo, storage.KindTimer, "x"}, lease, 100, 0)
		check(t, err)
		if len(all) == 0 {
			return
		}
		for _, c := range all {
			check(t, b.FinishWork(b.ctx, &c, time.Time{}))
		}
	}
}

// owner is another one each time.
func (b *bench) owner() string {
	b.owners++
	return fmt.Sprint("owner", b.owners)
}

// claimOne claims what is due and expects it to be this key first; the rest is given back.
func (b *bench) claimOne(t *testing.T, key storage.Key) *storage.Claim {
	t.Helper()
	all, err := b.ClaimWork(b.ctx, b.owner(), []string{key.Kind}, lease, 1000, 0)
	check(t, err)
	var mine *storage.Claim
	for i := range all {
		if all[i].Key == key {
			mine = &all[i]
			continue
		}
		check(t, b.ReleaseWork(b.ctx, &all[i]))
	}
	if mine == nil {
		t.Fatalf("%v was not due", key)
	}
	return mine
}

func (b *bench) claimNone(t *testing.T, kind string) {
	t.Helper()
	all, err := b.ClaimWork(b.ctx, "w2", []string{kind}, lease, 10, 0)
	check(t, err)
	if len(all) != 0 {
		t.Fatalf("claimed %v, want nothing", all)
	}
}

func (b *bench) wish(t *testing.T, w ...storage.Wish) {
	t.Helper()
	check(t, b.Enqueue(b.ctx, w...))
}

func xKey(id string) storage.Key { return storage.Key{Kind: "x", ID: id} }

func testWakes(t *testing.T, b *bench) {
	other := b.Store
	if b.Postgres() { // another replica hears of it too
		other = b.open(t, storage.Options{Now: b.clock.Now})
	}
	wake, stop := other.Wakes()
	defer stop()
	if b.Postgres() {
		<-wake // it listens
	}
	b.wish(t, storage.Wish{Key: xKey("wake")})
	select {
	case <-wake:
	case <-time.After(20 * time.Second):
		t.Fatal("not woken")
	}
	b.quiet(t)
}

func testClaimOrder(t *testing.T, b *bench) {
	b.quiet(t)
	for i, w := range []storage.Wish{
		{Key: xKey("low"), Priority: storage.PriorityLow}, {Key: xKey("normal-late"), Priority: storage.PriorityNormal, At: b.clock.Now().Add(2)},
		{Key: xKey("high"), Priority: storage.PriorityHigh}, {Key: xKey("future"), Priority: storage.PriorityHigh, At: b.clock.Now().Add(time.Hour)},
		{Key: xKey("normal"), Priority: storage.PriorityNormal, At: b.clock.Now().Add(-time.Second)},
	} {
		_ = i
		b.wish(t, w)
	}
	b.clock.Advance(time.Millisecond)
	all, err := b.ClaimWork(b.ctx, "w1", []string{"x", "none"}, lease, 10, 0)
	check(t, err)
	var got string
	for _, c := range all[:2] {
		got += c.ID + " "
	}
	equal(t, "first", all[0].ID, "high")
	equal(t, "last", all[len(all)-1].ID, "low")
	equal(t, "claimed", len(all), 4)
	for i := range all {
		check(t, b.FinishWork(b.ctx, &all[i], time.Time{}))
	}
	next, err := b.NextDue(b.ctx, []string{"x"})
	check(t, err)
	if next.Before(b.clock.Now().Add(50 * time.Minute)) {
		t.Fatalf("next due %v", next)
	}
	_, err = b.NextDue(b.ctx, []string{"none"})
	wantErr(t, err, storage.ErrNotFound)
	// A wish for now brings one forward that waits for later.
	b.wish(t, storage.Wish{Key: xKey("future")})
	c := b.claimOne(t, xKey("future"))
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	b.claimNone(t, "x")
}

func testCoalescing(t *testing.T, b *bench) {
	b.quiet(t)
	k := xKey("co")
	for range 20 {
		b.wish(t, storage.Wish{Key: k}, storage.Wish{Key: k, Priority: storage.PriorityNormal})
	}
	c := b.claimOne(t, k)
	equal(t, "generation", c.Gen, 40)
	equal(t, "priority", c.Priority, storage.PriorityNormal)
	b.claimNone(t, "x") // one worker at a time
	for range 3 {
		b.wish(t, storage.Wish{Key: k, Priority: storage.PriorityHigh})
	}
	b.claimNone(t, "x")
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	c = b.claimOne(t, k) // exactly one more
	equal(t, "priority of the second run", c.Priority, storage.PriorityHigh)
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	b.claimNone(t, "x")
	w, err := b.Work(b.ctx, k)
	check(t, err)
	equal(t, "done", w.DoneGen, w.Gen)
}

func testFence(t *testing.T, b *bench) {
	b.quiet(t)
	k := xKey("fence")
	b.wish(t, storage.Wish{Key: k})
	zombie := b.claimOne(t, k)
	check(t, b.Heartbeat(b.ctx, zombie, lease))
	check(t, b.WithFence(b.ctx, zombie, func(*storage.Tx) error { return nil }))
	b.clock.Advance(lease + time.Second)
	own, err := b.ClaimWork(b.ctx, zombie.Owner, []string{"x"}, lease, 10, 0)
	check(t, err)
	equal(t, "handed out again to its owner", len(own), 0)
	c := b.claimOne(t, k) // the lease ran out
	equal(t, "attempts", c.Attempts, 2)
	ran := false
	wantErr(t, b.WithFence(b.ctx, zombie, func(*storage.Tx) error { ran = true; return nil }), storage.ErrFenced)
	equal(t, "ran behind the fence", ran, false)
	for name, err := range map[string]error{
		"heartbeat": b.Heartbeat(b.ctx, zombie, lease), "finish": b.FinishWork(b.ctx, zombie, time.Time{}), "retry": b.RetryWork(b.ctx, zombie, b.clock.Now(), ""),
		"snooze": b.SnoozeWork(b.ctx, zombie, b.clock.Now(), true, ""), "park": b.ParkWork(b.ctx, zombie, ""), "release": b.ReleaseWork(b.ctx, zombie),
	} {
		if !errors.Is(err, storage.ErrFenced) {
			t.Errorf("%s of a zombie: %v", name, err)
		}
	}
	// What was written inside the fence stays.
	check(t, b.WithFence(b.ctx, c, func(tx *storage.Tx) error { return tx.PutSetting(b.ctx, "fenced", []byte("x")) }))
	_, err = b.Setting(b.ctx, "fenced")
	check(t, err)
	check(t, b.ReleaseWork(b.ctx, c))
	c = b.claimOne(t, k) // at once
	equal(t, "attempts after a release", c.Attempts, 2)
	n, err := b.RescueLeases(b.ctx)
	check(t, err)
	equal(t, "rescued", n, 1)
	c = b.claimOne(t, k)
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	wantErr(t, b.FinishWork(b.ctx, c, time.Time{}), storage.ErrFenced)
}

func testRetry(t *testing.T, b *bench) {
	b.quiet(t)
	k := xKey("retry")
	now := b.clock.Now()
	b.wish(t, storage.Wish{Key: k})
	c := b.claimOne(t, k)
	check(t, b.RetryWork(b.ctx, c, now.Add(time.Minute), "no luck"))
	w, err := b.Work(b.ctx, k)
	check(t, err)
	equal(t, "cause", w.LastError, "no luck")
	b.wish(t, storage.Wish{Key: k, Priority: storage.PriorityNormal}) // does not cut the wait short
	b.claimNone(t, "x")
	b.wish(t, storage.Wish{Key: k, Priority: storage.PriorityHigh}) // a person waits
	c = b.claimOne(t, k)
	equal(t, "attempts", c.Attempts, 2)

	check(t, b.SnoozeWork(b.ctx, c, now.Add(time.Hour), true, "rate limit"))
	b.wish(t, storage.Wish{Key: k, Priority: storage.PriorityHigh}) // not before the reset
	b.claimNone(t, "x")
	b.clock.Advance(time.Hour)
	c = b.claimOne(t, k)
	equal(t, "attempts after a snooze", c.Attempts, 2)

	other := xKey("yielding")
	b.wish(t, storage.Wish{Key: other})
	check(t, b.SnoozeWork(b.ctx, b.claimOne(t, other), now.Add(9*time.Hour), false, "its turn"))
	b.claimNone(t, "x")
	b.wish(t, storage.Wish{Key: other, Priority: storage.PriorityNormal}) // a push need not wait for the turn
	check(t, b.FinishWork(b.ctx, b.claimOne(t, other), time.Time{}))

	check(t, b.ParkWork(b.ctx, c, "poison"))
	b.claimNone(t, "x")
	parked, err := b.ParkedWork(b.ctx, 10)
	check(t, err)
	equal(t, "parked", len(parked), 1)
	equal(t, "reason", parked[0].LastError, "poison")
	check(t, b.UnparkWork(b.ctx, k))
	wantErr(t, b.UnparkWork(b.ctx, k), storage.ErrNotFound)
	c = b.claimOne(t, k)
	equal(t, "attempts after unparking", c.Attempts, 1)

	// A push is a new chance for a parked repository, and one during the last run is not lost to the parking.
	check(t, b.ParkWork(b.ctx, c, "poison"))
	b.wish(t, storage.Wish{Key: k})
	c = b.claimOne(t, k)
	equal(t, "attempts after a wish", c.Attempts, 1)
	b.wish(t, storage.Wish{Key: k})
	check(t, b.ParkWork(b.ctx, c, "poison"))
	c = b.claimOne(t, k)
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	b.claimNone(t, "x")
}

func testTimer(t *testing.T, b *bench) {
	b.quiet(t)
	key := storage.Key{Kind: storage.KindTimer, ID: "sweep"}
	now := b.clock.Now()
	check(t, b.EnsureTimer(b.ctx, "sweep", now.Add(time.Minute), time.Time{}))
	check(t, b.EnsureTimer(b.ctx, "sweep", now, time.Time{})) // known: keeps its time
	b.claimNone(t, storage.KindTimer)
	b.clock.Advance(time.Minute)
	c := b.claimOne(t, key)
	check(t, b.FinishWork(b.ctx, c, b.clock.Now().Add(time.Hour)))
	b.claimNone(t, storage.KindTimer)
	check(t, b.EnsureTimer(b.ctx, "sweep", b.clock.Now(), b.clock.Now().Add(time.Minute))) // the period was shortened
	c = b.claimOne(t, key)
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
}

// testRein: after the clock was set back by a day nothing waits for a day.
func testRein(t *testing.T, b *bench) {
	b.quiet(t)
	ahead := b.clock.Now().Add(24 * time.Hour)
	b.wish(t, storage.Wish{Key: storage.Key{Kind: "rein", ID: "far"}, At: ahead})
	b.wish(t, storage.Wish{Key: storage.Key{Kind: "rein", ID: "near"}, At: b.clock.Now().Add(time.Hour)})
	b.wish(t, storage.Wish{Key: storage.Key{Kind: "rein", ID: "held"}})
	held, err := b.ClaimWork(b.ctx, "dead", []string{"rein"}, 24*time.Hour, 1, 0)
	check(t, err)
	equal(t, "claims", len(held), 1)
	n, err := b.Rein(b.ctx, lease, 2*time.Hour)
	check(t, err)
	equal(t, "rows changed", n, 2)
	for id, want := range map[string]time.Time{"far": b.clock.Now(), "near": b.clock.Now().Add(time.Hour), "held": b.clock.Now().Add(lease)} {
		w, err := b.Work(b.ctx, storage.Key{Kind: "rein", ID: id})
		check(t, err)
		equal(t, id, w.ReadyAt, want)
	}
	check(t, b.FinishWork(b.ctx, &held[0], time.Time{}))
}

func testStats(t *testing.T, b *bench) {
	b.quiet(t)
	now := b.clock.Now()
	for i := range 5 {
		b.wish(t, storage.Wish{Key: storage.Key{Kind: "stat", ID: fmt.Sprint(i)}, Priority: storage.PriorityHigh, At: now.Add(-time.Duration(i) * time.Second)})
	}
	b.wish(t, storage.Wish{Key: storage.Key{Kind: "stat", ID: "later"}, Priority: storage.PriorityHigh, At: now.Add(time.Hour)})
	all, err := b.ClaimWork(b.ctx, "w", []string{"stat"}, lease, 2, 0)
	check(t, err)
	check(t, b.ParkWork(b.ctx, &all[0], "p"))
	stats, err := b.QueueStats(b.ctx)
	check(t, err)
	found := false
	for _, s := range stats {
		if s.Kind != "stat" || s.Priority != storage.PriorityHigh {
			continue
		}
		equal(t, "stats", s, storage.QueueStats{Kind: "stat", Priority: storage.PriorityHigh, Ready: 3, Waiting: 1, Running: 1, Parked: 1, Oldest: now.Add(-2 * time.Second)})
		found = true
	}
	if !found {
		t.Fatal("no statistics of the kind")
	}
	// Of many no more are counted than it says, and another kind's are all there.
	many := make([]storage.Wish, storage.QueueStatsMost+5)
	for i := range many {
		many[i] = storage.Wish{Key: storage.Key{Kind: "many", ID: fmt.Sprint(i)}, Priority: storage.PriorityLow, At: now.Add(time.Duration(i%2) * time.Hour)}
	}
	b.wish(t, many...)
	b.wish(t, storage.Wish{Key: storage.Key{Kind: "many2", ID: "1"}})
	for _, want := range []storage.QueueStats{
		{Kind: "many", Priority: storage.PriorityLow, Ready: storage.QueueStatsMost/2 + 3, Waiting: storage.QueueStatsMost/2 + 2, Oldest: now},
		{Kind: "many", Priority: storage.PriorityLow, Ready: storage.QueueStatsMost, Oldest: now},
	} {
		stats, err := b.QueueStats(b.ctx)
		check(t, err)
		var got, other storage.QueueStats
		for _, s := range stats {
			switch s.Kind {
			case "many":
				got = s
			case "many2":
				other = s
			}
		}
		equal(t, "stats of many", got, want)
		if other.Ready != 1 {
			t.Errorf("beside many: %+v", other)
		}
		for i := range many {
			many[i].At = now
		}
		b.wish(t, many...)
	}
}

func testRollback(t *testing.T, b *bench) {
	boom := errors.New("boom")
	err := b.WithTx(b.ctx, func(tx *storage.Tx) error {
		check(t, tx.PutSetting(b.ctx, "rolled back", []byte("x")))
		check(t, tx.Enqueue(b.ctx, storage.Wish{Key: xKey("rolled back")}))
		if _, err := tx.Setting(b.ctx, "rolled back"); err != nil {
			t.Error("a transaction does not see its own write:", err)
		}
		return boom
	})
	wantErr(t, err, boom)
	_, err = b.Setting(b.ctx, "rolled back")
	wantErr(t, err, storage.ErrNotFound)
	_, err = b.Work(b.ctx, xKey("rolled back"))
	wantErr(t, err, storage.ErrNotFound)

	// A panic inside leaves the writer free.
	func() {
		defer func() { _ = recover() }()
		_ = b.WithTx(b.ctx, func(*storage.Tx) error { panic("boom") })
	}()
	ctx, cancel := context.WithTimeout(b.ctx, 10*time.Second)
	defer cancel()
	check(t, b.PutSetting(ctx, "after", []byte("x")))
	canceled, stop := context.WithCancel(b.ctx)
	stop()
	wantErr(t, b.PutSetting(canceled, "never", nil), context.Canceled)
}
