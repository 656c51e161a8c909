package storagetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"milepost/storage"
)

// bench is what each part of the suite works with: a store of its own and a clock that is moved by hand.
type bench struct {
	*storage.Store
	ctx   context.Context //nolint:containedctx // of the test, for all its parts
	clock *Clock
	open  Opener

	owners int
}

// Clock is a clock for tests. It stands still until it is moved.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock is a clock at a fixed time.
func NewClock() *Clock { return ClockAt(time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)) }

// ClockAt is a clock that stands at a time.
func ClockAt(t time.Time) *Clock { return &Clock{t: t} }

// Now is the time of the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves it.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Exercise runs the suite that every database must pass. All parts run on one store, one after another, with keys of their own.
func Exercise(t *testing.T, open Opener) {
	t.Helper()
	clock := NewClock()
	b := &bench{Store: open(t, storage.Options{Now: clock.Now}), ctx: context.Background(), clock: clock, open: open}
	for _, part := range []struct {
		name string
		run  func(*testing.T, *bench)
	}{
		{"migrations", testMigrations}, {"accept", testAccept}, {"accept many", testAcceptMany}, {"accept odd text", testOddText}, {"mailbox", testMailbox},
		{"wakes", testWakes}, {"claim order", testClaimOrder}, {"coalescing", testCoalescing}, {"lease and fence", testFence}, {"retry snooze park", testRetry}, {"timer", testTimer}, {"rein", testRein}, {"stats", testStats},
		{"rollback", testRollback}, {"installations", testInstallations}, {"repositories", testRepositories}, {"facts", testFacts}, {"reports", testReports},
		{"earned and statuses", testEarned}, {"publications and pulls", testPublications}, {"mentoring", testMentoring}, {"people", testPeople},
		{"settings", testSettings}, {"deletion", testDeletion}, {"settings of repositories", testSettingsGo}, {"settings of namesakes", testSettingsShared}, {"pruning", testPrune},
	} {
		t.Run(part.name, func(t *testing.T) { part.run(t, b) })
	}
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
}

func equal[T comparable](t *testing.T, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: got %v, want %v", what, got, want)
	}
}

func testMigrations(t *testing.T, b *bench) {
	again, err := b.Migrate(b.ctx)
	check(t, err)
	equal(t, "steps applied a second time", len(again), 0)
	all, err := b.MigrationStatus(b.ctx)
	check(t, err)
	for _, m := range all {
		if m.AppliedAt.IsZero() {
			t.Errorf("step %d is pending", m.Version)
		}
	}
	if len(all) == 0 {
		t.Error("no steps known")
	}
	check(t, b.Ping(b.ctx))
}

func repoKey(id int) storage.Key { return storage.Key{Kind: storage.KindRepo, ID: fmt.Sprint(id)} }

func testAccept(t *testing.T, b *bench) {
	d := storage.Delivery{GUID: "a1", Event: "push", RepoID: 5_000_000_001, InstallationID: 7, ReceivedAt: b.clock.Now(), Fields: []byte(`{"ref":"x"}`),
		Mailbox: repoKey(5_000_000_001), Priority: storage.PriorityNormal}
	dup, err := b.Accept(b.ctx, d)
	check(t, err)
	equal(t, "first is a duplicate", dup, false)
	dup, err = b.Accept(b.ctx, d)
	check(t, err)
	equal(t, "second is a duplicate", dup, true)
	w, err := b.Work(b.ctx, d.Mailbox)
	check(t, err)
	equal(t, "generation", w.Gen, 1)
	equal(t, "priority", w.Priority, storage.PriorityNormal)
	got, err := b.Delivery(b.ctx, "a1")
	check(t, err)
	equal(t, "fields", string(got.Fields), `{"ref":"x"}`)
	equal(t, "time", got.ReceivedAt, d.ReceivedAt)
	equal(t, "mailbox", got.Mailbox, d.Mailbox)

	// Nobody's: only its id is kept, and nothing becomes due.
	_, err = b.Accept(b.ctx, storage.Delivery{GUID: "a2", Event: "star"})
	check(t, err)
	got, err = b.Delivery(b.ctx, "a2")
	check(t, err)
	equal(t, "state", got.State, storage.DeliveryAcknowledged)
	known, err := b.KnownDeliveries(b.ctx, []string{"a1", "a2", "a3"})
	check(t, err)
	equal(t, "known", fmt.Sprint(known), fmt.Sprint(map[string]bool{"a1": true, "a2": true}))
	_, err = b.Accept(b.ctx, storage.Delivery{Event: "push"})
	if err == nil {
		t.Error("a delivery without an id was accepted")
	}
}

func testAcceptMany(t *testing.T, b *bench) {
	const n, repos = 400, 7
	var wg sync.WaitGroup
	var mu sync.Mutex
	fresh := 0
	for i := range n {
		for range 2 { // each twice, at once
			wg.Go(func() {
				key := repoKey(1000 + i%repos)
				dup, err := b.Accept(b.ctx, storage.Delivery{GUID: fmt.Sprintf("m%d", i), Event: "push", Mailbox: key})
				if err != nil {
					t.Error(err)
				}
				if !dup {
					mu.Lock()
					fresh++
					mu.Unlock()
				}
			})
		}
	}
	wg.Wait()
	equal(t, "accepted as new", fresh, n)
	var gen int64
	pending := 0
	for r := range repos {
		w, err := b.Work(b.ctx, repoKey(1000+r))
		check(t, err)
		gen += w.Gen
		p, err := b.Pending(b.ctx, repoKey(1000+r), 1000)
		check(t, err)
		pending += len(p)
		for i := 1; i < len(p); i++ {
			if p[i].ID <= p[i-1].ID {
				t.Fatal("mailbox out of order")
			}
		}
	}
	equal(t, "generations", gen, n)
	equal(t, "pending", pending, n)
}

func testOddText(t *testing.T, b *bench) {
	// PostgreSQL takes neither a NUL nor broken UTF-8; a delivery must not be lost to them.
	_, err := b.Accept(b.ctx, storage.Delivery{GUID: "odd\x00\xff", Event: "push\x00", Action: "\xc3", Fields: []byte{0, 0xff}, Mailbox: repoKey(1100)})
	check(t, err)
	p, err := b.Pending(b.ctx, repoKey(1100), 10)
	check(t, err)
	equal(t, "pending", len(p), 1)
	equal(t, "event", p[0].Event, "push")
	equal(t, "fields", string(p[0].Fields), "\x00\xff")
}

func testMailbox(t *testing.T, b *bench) {
	key := repoKey(1200)
	accept := func(guid string) {
		t.Helper()
		_, err := b.Accept(b.ctx, storage.Delivery{GUID: guid, Event: "push", Mailbox: key, Priority: storage.PriorityHigh})
		check(t, err)
	}
	accept("b1")
	accept("b2")
	c := b.claimOne(t, key)
	accept("b3") // arrives after the claim, before the mailbox is read
	all, err := b.Mailbox(b.ctx, c, 0)
	check(t, err)
	equal(t, "deliveries", len(all), 3)
	equal(t, "generation", c.Gen, 3)
	check(t, b.FinishDeliveries(b.ctx, all[0].ID, all[1].ID))
	check(t, b.SetAsideDeliveries(b.ctx, "broken", all[2].ID))
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	w, err := b.Work(b.ctx, key)
	check(t, err)
	if !w.ReadyAt.IsZero() {
		t.Fatal("due again, though all was read")
	}
	aside, err := b.DeliveriesAside(b.ctx, 10)
	check(t, err)
	equal(t, "set aside", aside[0].GUID+" "+aside[0].Error, "b3 broken")
	check(t, b.RequeueDelivery(b.ctx, aside[0].ID))
	wantErr(t, b.RequeueDelivery(b.ctx, aside[0].ID), storage.ErrNotFound)

	// A mailbox read in part leads to another run.
	accept("b4")
	c = b.claimOne(t, key)
	all, err = b.Mailbox(b.ctx, c, 1)
	check(t, err)
	equal(t, "first", all[0].GUID, "b3")
	check(t, b.FinishDeliveries(b.ctx, all[0].ID))
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	c = b.claimOne(t, key)
	all, err = b.Mailbox(b.ctx, c, 0)
	check(t, err)
	equal(t, "rest", len(all), 1)
	check(t, b.FinishDeliveries(b.ctx, all[0].ID))
	check(t, b.FinishWork(b.ctx, c, time.Time{}))
	last, err := b.LastDelivery(b.ctx)
	check(t, err)
	equal(t, "last delivery", last, b.clock.Now())
	recent, err := b.RecentDeliveries(b.ctx, 1)
	check(t, err)
	equal(t, "recent", recent[0].GUID, "b4")
}
