package work_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/work"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// bench is one database with a clock that is moved by hand, and the events of all Runners on it.
type bench struct {
	t      *testing.T
	ctx    context.Context //nolint:containedctx // of the test, for all its parts
	clock  *storagetest.Clock
	open   storagetest.Opener
	store  *storage.Store
	events chan work.Event
}

// both runs a test on both databases.
func both(t *testing.T, fn func(b *bench)) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		ctx, cancel := context.WithTimeout(context.Background(), 15*time.Minute)
		t.Cleanup(cancel)
		b := &bench{t: t, ctx: ctx, clock: storagetest.NewClock(), open: open, events: make(chan work.Event, 10000)}
		b.store = b.replica()
		fn(b)
	})
}

func (b *bench) replica() *storage.Store { return b.open(b.t, storage.Options{Now: b.clock.Now}) }

// other is the store of a second process: the same one on SQLite, which a single process has.
func (b *bench) other() *storage.Store {
	if b.store.Postgres() {
		return b.replica()
	}
	return b.store
}

func (b *bench) check(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) runner(s *storage.Store, cfg work.Config) *work.Runner {
	b.t.Helper()
	cfg.Store, cfg.Now, cfg.Logger, cfg.Poll = s, b.clock.Now, slog.New(slog.DiscardHandler), 5*time.Millisecond
	cfg.Observe = func(e work.Event) { b.events <- e }
	if cfg.Backoff == nil {
		cfg.Backoff = func(int) time.Duration { return time.Minute }
	}
	r, err := work.New(cfg)
	b.check(err)
	b.check(r.Start(b.ctx))
	b.t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = r.Stop(ctx)
	})
	return r
}

func (b *bench) handle(s *storage.Store, fn work.HandlerFunc) *work.Runner {
	b.t.Helper()
	return b.runner(s, work.Config{Handlers: map[string]work.Handler{"k": fn}})
}

func (b *bench) wish(id string, priority int) {
	b.t.Helper()
	b.check(b.store.Enqueue(b.ctx, storage.Wish{Key: storage.Key{Kind: "k", ID: id}, Priority: priority}))
}

// until reads events until one of an outcome.
func (b *bench) until(o work.Outcome) work.Event {
	b.t.Helper()
	for {
		select {
		case e := <-b.events:
			if e.Outcome == o {
				return e
			}
		case <-b.ctx.Done():
			b.t.Fatalf("no run was %s", o)
		}
	}
}

func (b *bench) row(id string) storage.WorkRow {
	b.t.Helper()
	w, err := b.store.Work(b.ctx, storage.Key{Kind: "k", ID: id})
	b.check(err)
	return w
}

func recv[T any](b *bench, ch <-chan T) T {
	b.t.Helper()
	select {
	case v := <-ch:
		return v
	case <-b.ctx.Done():
		b.t.Fatal("waited in vain")
		panic("unreachable")
	}
}

func TestCoalescing(t *testing.T) {
	both(t, func(b *bench) {
		began, goOn := make(chan int64), make(chan struct{})
		r := b.handle(b.store, func(_ context.Context, c *work.Claim) error {
			began <- c.Gen
			<-goOn
			return nil
		})
		b.wish("a", 0)
		recv(b, began)
		for range 20 { // pushes while it runs
			b.wish("a", 0)
		}
		goOn <- struct{}{}
		if gen := recv(b, began); gen != 21 {
			t := b.t
			t.Fatalf("second run answers up to %d, want 21", gen)
		}
		goOn <- struct{}{}
		b.until(work.Finished)
		b.until(work.Finished)
		b.check(r.WaitIdle(b.ctx))
		if w := b.row("a"); w.DoneGen != 21 || !w.ReadyAt.IsZero() {
			b.t.Fatalf("not idle in the end: %+v", w)
		}
		select {
		case <-began:
			b.t.Fatal("a third run")
		default:
		}
	})
}

func TestOneAtATimeAcrossRunners(t *testing.T) {
	both(t, func(b *bench) {
		const keys, wishes = 5, 60
		var inside [keys]atomic.Int32
		var most atomic.Int32
		h := func(_ context.Context, c *work.Claim) error {
			var i int
			if _, err := fmt.Sscan(c.ID, &i); err != nil {
				return err
			}
			if n := inside[i].Add(1); n > most.Load() {
				most.Store(n)
			}
			defer inside[i].Add(-1)
			return b.store.Ping(b.ctx) // takes a while
		}
		r1, r2 := b.handle(b.store, h), b.handle(b.other(), h)
		var wg sync.WaitGroup
		for i := range wishes {
			wg.Go(func() { b.wish(fmt.Sprint(i%keys), i%3*10) })
		}
		wg.Wait()
		b.check(r1.WaitIdle(b.ctx))
		b.check(r2.WaitIdle(b.ctx))
		b.check(r1.WaitIdle(b.ctx))
		if most.Load() != 1 {
			b.t.Fatalf("%d runs of one key at once", most.Load())
		}
		for i := range keys {
			if w := b.row(fmt.Sprint(i)); w.DoneGen != wishes/keys {
				b.t.Fatalf("key %d done up to %d of %d", i, w.DoneGen, w.Gen)
			}
		}
	})
}

func TestZombie(t *testing.T) {
	both(t, func(b *bench) {
		claimed, thaw := make(chan *work.Claim, 2), make(chan struct{})
		wrote := make(chan error, 2)
		var runs atomic.Int32
		h := func(_ context.Context, c *work.Claim) error {
			frozen := runs.Add(1) == 1
			claimed <- c
			if frozen {
				<-thaw // ignores its context, as a stopped process does
			}
			err := b.store.WithFence(b.ctx, c, func(tx *storage.Tx) error {
				return tx.PutSetting(b.ctx, "written by", fmt.Append(nil, c.Fence))
			})
			wrote <- err
			return err
		}
		b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": work.HandlerFunc(h)}, Lease: time.Hour}) // no heartbeat comes
		b.wish("a", 0)
		recv(b, claimed)
		b.clock.Advance(2 * time.Hour)
		b.runner(b.other(), work.Config{Handlers: map[string]work.Handler{"k": work.HandlerFunc(h)}, Lease: time.Hour})
		second := recv(b, claimed)
		b.check(recv(b, wrote))
		b.until(work.Finished)
		close(thaw)
		if err := recv(b, wrote); !errors.Is(err, storage.ErrFenced) {
			b.t.Fatalf("the zombie wrote: %v", err)
		}
		b.until(work.Fenced)
		v, err := b.store.Setting(b.ctx, "written by")
		b.check(err)
		if string(v) != fmt.Sprint(second.Fence) {
			b.t.Fatalf("written by %s", v)
		}
	})
}

func TestHeartbeat(t *testing.T) {
	both(t, func(b *bench) {
		var runs atomic.Int32
		h := work.HandlerFunc(func(ctx context.Context, _ *work.Claim) error {
			if runs.Add(1) > 1 {
				return nil
			}
			<-ctx.Done()
			return context.Cause(ctx)
		})
		b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": h}, Lease: 1500 * time.Millisecond})
		b.wish("a", 0)
		first := b.until(work.Claimed).Claim.Lease
		b.clock.Advance(time.Millisecond)
		for b.row("a").ReadyAt.Equal(first) {
			if b.ctx.Err() != nil {
				b.t.Fatal("the lease was not renewed")
			}
		}
		// Somebody takes over: the run is told to end.
		_, err := b.store.RescueLeases(b.ctx)
		b.check(err)
		ends := map[work.Outcome]error{} // of two runs, in either order
		for len(ends) < 2 {
			select {
			case e := <-b.events:
				if e.Outcome != work.Claimed {
					ends[e.Outcome] = e.Err
				}
			case <-b.ctx.Done():
				b.t.Fatalf("ends: %v", ends)
			}
		}
		if err, ok := ends[work.Finished]; !ok || err != nil || !errors.Is(ends[work.Fenced], storage.ErrFenced) {
			b.t.Fatalf("ends: %v", ends)
		}
	})
}

// TestClockJump: a clock that jumps far ahead does not start a second run beside the first.
func TestClockJump(t *testing.T) {
	both(t, func(b *bench) {
		goOn := make(chan struct{})
		var runs atomic.Int32
		h := work.HandlerFunc(func(_ context.Context, c *work.Claim) error {
			if c.ID == "long" {
				runs.Add(1)
				<-goOn
			}
			return nil
		})
		r := b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": h}, Lease: time.Hour})
		b.wish("long", 0)
		b.until(work.Claimed)
		b.clock.Advance(48 * time.Hour)
		for i := range 3 { // it claims again and again
			b.wish(fmt.Sprint("other", i), 0)
			b.until(work.Finished)
		}
		close(goOn)
		b.check(r.WaitIdle(b.ctx))
		if n := runs.Load(); n != 1 {
			b.t.Fatalf("%d runs", n)
		}
		if w := b.row("long"); w.DoneGen != 1 {
			b.t.Fatalf("the run that went on was not taken: %+v", w)
		}
	})
}

// TestClockSetBack: what waits when the clock is set back by a day waits no longer for it, and new work is done at once.
func TestClockSetBack(t *testing.T) {
	both(t, func(b *bench) {
		var failed atomic.Bool
		h := work.HandlerFunc(func(_ context.Context, c *work.Claim) error {
			if c.ID == "fails" && !failed.Swap(true) {
				return errors.New("no luck")
			}
			return nil
		})
		ticks := make(chan struct{}, 100)
		timer := work.Timer{Name: "tick", Every: time.Hour, First: time.Hour, Handler: work.HandlerFunc(func(context.Context, *work.Claim) error {
			ticks <- struct{}{}
			return nil
		})}
		r := b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": h}, Timers: []work.Timer{timer}})
		b.wish("fails", 0)
		b.until(work.Retried)
		b.check(r.WaitIdle(b.ctx))
		b.clock.Advance(-24 * time.Hour)
		b.wish("new", 0)
		for done := ""; done != "fails"; {
			done = b.until(work.Finished).Claim.ID
		}
		b.clock.Advance(time.Hour)
		recv(b, ticks)
	})
}

func TestSnooze(t *testing.T) {
	both(t, func(b *bench) {
		var runs atomic.Int32
		reset := b.clock.Now().Add(time.Hour)
		r := b.handle(b.store, func(_ context.Context, c *work.Claim) error {
			if runs.Add(1) == 1 {
				return fmt.Errorf("list files: %w", work.Snooze(reset, "rate limit"))
			}
			if c.Attempts != 1 {
				b.t.Errorf("attempt %d after a snooze", c.Attempts)
			}
			return nil
		})
		b.wish("a", 0)
		b.until(work.Snoozed)
		b.wish("a", storage.PriorityHigh) // not before the reset
		b.clock.Advance(59 * time.Minute)
		b.check(r.WaitIdle(b.ctx))
		if n := runs.Load(); n != 1 {
			b.t.Fatalf("%d runs before the reset", n)
		}
		b.clock.Advance(time.Minute)
		b.until(work.Finished)
	})
}

// TestYieldingSnooze: a wait for a turn is cut short by a new wish, and its attempt does not count either.
func TestYieldingSnooze(t *testing.T) {
	both(t, func(b *bench) {
		var runs atomic.Int32
		b.handle(b.store, func(_ context.Context, c *work.Claim) error {
			if runs.Add(1) == 1 {
				return &work.SnoozeError{Until: b.clock.Now().Add(time.Hour), Reason: "its turn", Yields: true}
			}
			if c.Attempts != 1 || c.Priority != storage.PriorityNormal {
				b.t.Errorf("attempt %d of priority %d after a snooze", c.Attempts, c.Priority)
			}
			return nil
		})
		b.wish("a", 0)
		b.until(work.Snoozed)
		b.wish("a", storage.PriorityNormal)
		b.until(work.Finished)
	})
}

func TestRetryAndPark(t *testing.T) {
	both(t, func(b *bench) {
		var parked sync.Map
		h := work.HandlerFunc(func(_ context.Context, c *work.Claim) error {
			switch c.ID {
			case "panics":
				panic("boom")
			case "useless":
				return work.Park("not a repository")
			case "fails":
				return errors.New("no luck")
			}
			return nil
		})
		r := b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": h}, MaxAttempts: 4, MaxPanics: 2,
			OnPark: func(_ context.Context, c work.Claim, err error) { parked.Store(c.ID, fmt.Sprint(c.Attempts, " ", err)) }})
		for _, id := range []string{"panics", "useless", "fails"} {
			b.wish(id, storage.PriorityHigh)
		}
		var pauses int
		for range 3 {
			b.check(r.WaitIdle(b.ctx))
			b.wish(fmt.Sprint("good", pauses), 0) // the poison does not hold up the others
			b.until(work.Finished)
			b.clock.Advance(time.Minute)
			pauses++
		}
		b.check(r.WaitIdle(b.ctx))
		want := map[string]string{"panics": "2 panic: boom", "useless": "1 set aside: not a repository", "fails": "4 no luck"}
		for id, prefix := range want {
			got, _ := parked.Load(id)
			if s, _ := got.(string); !strings.HasPrefix(s, prefix) {
				b.t.Errorf("%s: parked with %q, want %q", id, s, prefix)
			}
		}
		if w := b.row("panics"); !w.Parked || !strings.Contains(w.LastError, "work_test.go") {
			b.t.Errorf("the row of the panic has no stack: %+v", w)
		}
		all, err := b.store.ParkedWork(b.ctx, 10)
		b.check(err)
		if len(all) != len(want) {
			b.t.Errorf("%d parked, want %d", len(all), len(want))
		}
	})
}

func TestPriority(t *testing.T) {
	both(t, func(b *bench) {
		var mu sync.Mutex
		var order []string
		for i := range 3 {
			b.wish(fmt.Sprint("low", i), storage.PriorityLow)
		}
		b.wish("normal", storage.PriorityNormal)
		b.wish("high", storage.PriorityHigh)
		r := b.runner(b.store, work.Config{Workers: 1, Handlers: map[string]work.Handler{"k": work.HandlerFunc(func(_ context.Context, c *work.Claim) error {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, c.ID)
			return nil
		})}})
		b.check(r.WaitIdle(b.ctx))
		mu.Lock()
		defer mu.Unlock()
		if len(order) != 5 || order[0] != "high" || order[1] != "normal" {
			b.t.Fatalf("order %v", order)
		}
	})
}

func TestWorkerKeptForPeople(t *testing.T) {
	both(t, func(b *bench) {
		goOn := make(chan struct{})
		defer close(goOn)
		var sweeps atomic.Int32
		b.runner(b.store, work.Config{Workers: 3, Handlers: map[string]work.Handler{"k": work.HandlerFunc(func(ctx context.Context, c *work.Claim) error {
			if c.ID != "high" {
				sweeps.Add(1)
				select {
				case <-goOn:
				case <-ctx.Done():
				}
			}
			return nil
		})}})
		for i := range 10 {
			b.wish(fmt.Sprint("sweep", i), storage.PriorityLow)
		}
		b.until(work.Claimed)
		b.until(work.Claimed)
		b.wish("high", storage.PriorityHigh)
		if e := b.until(work.Finished); e.Claim.ID != "high" {
			b.t.Fatalf("%s ended first", e.Claim.ID)
		}
		if n := sweeps.Load(); n != 2 {
			b.t.Fatalf("%d sweeps at once, want 2", n)
		}
	})
}

func TestCrashRecovery(t *testing.T) {
	both(t, func(b *bench) {
		b.wish("a", 0)
		// A process that claims and dies.
		claims, err := b.store.ClaimWork(b.ctx, "dead", []string{"k"}, 30*time.Second, 1, 0)
		b.check(err)
		if len(claims) != 1 {
			b.t.Fatal("nothing claimed")
		}
		if !b.store.Postgres() {
			// One process has the file: opening it again rescues at once.
			b.check(b.store.Close())
			b.store = b.replica()
		} else {
			b.clock.Advance(31 * time.Second)
		}
		b.handle(b.store, func(context.Context, *work.Claim) error { return nil })
		if e := b.until(work.Finished); e.Claim.Attempts != 2 {
			b.t.Fatalf("attempt %d: the crash counts", e.Claim.Attempts)
		}
	})
}

func TestTimersRunOnce(t *testing.T) {
	both(t, func(b *bench) {
		var runs atomic.Int32
		timer := work.Timer{Name: "sweep", Every: time.Hour, Handler: work.HandlerFunc(func(context.Context, *work.Claim) error {
			runs.Add(1)
			return nil
		})}
		failing := work.Timer{Name: "failing", Next: func(now time.Time) time.Time { return now.Truncate(24 * time.Hour).Add(24 * time.Hour) },
			Handler: work.HandlerFunc(func(context.Context, *work.Claim) error { panic("boom") })}
		cfg := work.Config{Timers: []work.Timer{timer, failing}}
		r1, r2 := b.runner(b.store, cfg), b.runner(b.other(), cfg)
		idle := func() {
			b.t.Helper()
			for _, r := range []*work.Runner{r1, r2, r1} {
				b.check(r.WaitIdle(b.ctx))
			}
		}
		idle()
		for i := range 5 {
			if n := runs.Load(); n != int32(i+1) {
				b.t.Fatalf("%d runs after %d hours", n, i)
			}
			b.clock.Advance(time.Hour)
			idle()
		}
		// A timer that fails again and again is never set aside.
		b.clock.Advance(24 * time.Hour)
		for range 5 {
			idle()
			b.clock.Advance(time.Minute)
		}
		idle()
		w, err := b.store.Work(b.ctx, storage.Key{Kind: storage.KindTimer, ID: "failing"})
		b.check(err)
		if w.Parked || w.Attempts < 4 {
			b.t.Fatalf("the failing timer: %+v", w)
		}
	})
}

func TestRollingStop(t *testing.T) {
	both(t, func(b *bench) {
		claimed := make(chan string, 2)
		slow := func(ctx context.Context, c *work.Claim) error {
			claimed <- c.ID
			<-ctx.Done()
			return ctx.Err()
		}
		old := b.handle(b.store, slow)
		b.wish("slow", 0)
		recv(b, claimed)
		deadline, cancel := context.WithCancel(b.ctx)
		cancel() // no time left
		b.check(old.Stop(deadline))
		if e := b.until(work.Released); e.Claim.ID != "slow" {
			b.t.Fatal(e)
		}
		b.wish("later", 0) // the stopped one claims nothing more
		b.handle(b.other(), func(context.Context, *work.Claim) error { return nil })
		var done []string
		for range 2 { // at once: the clock stands still
			e := b.until(work.Finished)
			if e.Claim.Attempts != 1 {
				b.t.Errorf("%s: attempt %d", e.Claim.ID, e.Claim.Attempts)
			}
			done = append(done, e.Claim.ID)
		}
		slices.Sort(done)
		if !slices.Equal(done, []string{"later", "slow"}) {
			b.t.Fatalf("done %v", done)
		}
	})
}

func TestStopLetsRunsEnd(t *testing.T) {
	both(t, func(b *bench) {
		goOn := make(chan struct{})
		r := b.handle(b.store, func(context.Context, *work.Claim) error {
			<-goOn
			return nil
		})
		b.wish("a", 0)
		b.until(work.Claimed)
		stopped := make(chan error, 1)
		go func() { stopped <- r.Stop(b.ctx) }()
		close(goOn)
		b.check(recv(b, stopped))
		b.until(work.Finished)
	})
}

func TestStopAbandonsTheDeaf(t *testing.T) {
	both(t, func(b *bench) {
		goOn := make(chan struct{})
		h := work.HandlerFunc(func(context.Context, *work.Claim) error {
			<-goOn // does not listen
			return nil
		})
		r := b.runner(b.store, work.Config{Handlers: map[string]work.Handler{"k": h}, Grace: time.Millisecond})
		b.wish("a", 0)
		b.until(work.Claimed)
		deadline, cancel := context.WithCancel(b.ctx)
		cancel()
		if err := r.Stop(deadline); err == nil {
			b.t.Fatal("Stop says that all ended")
		}
		if w := b.row("a"); w.Owner != "" || w.ReadyAt.After(b.clock.Now()) {
			b.t.Fatalf("not given back: %+v", w)
		}
		close(goOn)
		b.until(work.Fenced)
	})
}

func TestConfig(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	h := work.HandlerFunc(func(context.Context, *work.Claim) error { return nil })
	for name, cfg := range map[string]work.Config{
		"no store":         {Handlers: map[string]work.Handler{"k": h}},
		"nothing to do":    {Store: s},
		"timer as a kind":  {Store: s, Handlers: map[string]work.Handler{storage.KindTimer: h}},
		"nil handler":      {Store: s, Handlers: map[string]work.Handler{"k": nil}},
		"timer, no period": {Store: s, Timers: []work.Timer{{Name: "t", Handler: h}}},
		"timer twice":      {Store: s, Timers: []work.Timer{{Name: "t", Every: 1, Handler: h}, {Name: "t", Every: 1, Handler: h}}},
		"negative":         {Store: s, Handlers: map[string]work.Handler{"k": h}, Workers: -1},
	} {
		if _, err := work.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for attempt, want := range map[int]time.Duration{0: 2 * time.Second, 1: 2 * time.Second, 2: 4 * time.Second, 9: 512 * time.Second, 10: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		for range 50 {
			if d := work.Backoff(attempt); d < want*3/4 || d > want*5/4 {
				t.Errorf("attempt %d: %v, want about %v", attempt, d, want)
			}
		}
	}
}
