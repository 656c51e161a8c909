// Package work decides who works on what now. It knows nothing of GitHub.
//
// Everything that is worked on has a key, a repository say, and one row in storage. A [Runner] claims rows that are due: highest priority first,
// one worker for a key at a time in all processes that share the database. The claim is a lease that is renewed while the handler runs;
// if the process dies, the lease runs out and another goes on. Each claim has a fence, a number that grows:
// a worker that was frozen and comes back cannot write ([storage.Store.WithFence]) nor finish.
//
// What a handler returns decides what happens next:
//
//	nil                     done; if something was wished meanwhile, exactly one more run
//	Snooze(until, reason)   again at that time and not before; the attempt does not count
//	Park(reason)            set aside as poison and reported; a new wish gives it another chance
//	any other error         again after a pause that doubles, with jitter; after MaxAttempts set aside
//	a panic                 as an error, set aside after MaxPanics; the death of the process counts as a try, up to MaxAttempts
//
// Effects outside the database cannot be undone by a fence: handlers prove it ([storage.Tx.ProveFence]) right before they act, and act in a way that
// bears repetition.
//
// A Runner is never given again what it holds, so that a clock that jumps ahead does not start a second run beside the first.
//
// Leases compare the clocks of the processes that share a database: these must agree to well within the lease.
package work

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"milepost/storage"
)

// Claim is the right to work on a key; see storage.Claim.
type Claim = storage.Claim

// Handler does the work of one kind.
type Handler interface {
	// Handle works on the claim's key. It must end soon after ctx does. The package comment says what its error means.
	Handle(ctx context.Context, c *Claim) error
}

// HandlerFunc is a function as a Handler.
type HandlerFunc func(ctx context.Context, c *Claim) error

// Handle calls the function.
func (f HandlerFunc) Handle(ctx context.Context, c *Claim) error { return f(ctx, c) }

// Timer is work that comes due by the clock: a row like any other, so that of all processes one runs it.
type Timer struct {
	Name string
	// Every is the time from the end of one run to the next. Runs that were missed are not made up for.
	Every time.Duration
	// Next, if set, takes the place of Every: the next time after now.
	Next func(now time.Time) time.Time
	// First is how long after the very first start the first run comes. Not used with Next.
	First   time.Duration
	Handler Handler
}

func (t *Timer) next(now time.Time) time.Time {
	if t.Next != nil {
		return t.Next(now)
	}
	return now.Add(t.Every)
}

// Outcome is how a run ended.
type Outcome string

// Outcomes.
const (
	Claimed  Outcome = "claimed" // it began
	Finished Outcome = "finished"
	Retried  Outcome = "retried"
	Snoozed  Outcome = "snoozed"
	Parked   Outcome = "parked"
	Released Outcome = "released" // the process stops; another goes on
	Fenced   Outcome = "fenced"   // somebody else had taken over; the result was dropped
	Lost     Outcome = "lost"     // the database did not take the end; the lease will run out
)

// Event tells an observer of a run's begin or end.
type Event struct {
	Claim   Claim
	Outcome Outcome
	Err     error         // of the handler
	Took    time.Duration // zero at the begin
}

// Config of a Runner. Store and at least one handler or timer are needed; the rest has defaults.
type Config struct {
	Store    *storage.Store
	Handlers map[string]Handler // by kind of key
	Timers   []Timer

	Workers     int           // runs at once (4). With three or more, one is kept for what a person waits for.
	Lease       time.Duration // 30 s; renewed at a third of it
	Poll        time.Duration // how long to sleep at most when nothing wakes it (1 s)
	Timeout     time.Duration // of one run (10 min)
	MaxAttempts int           // 25: about three hours with the default Backoff
	MaxPanics   int           // 3
	// Backoff is the pause after the given attempt, 1 being the first.
	Backoff func(attempt int) time.Duration
	// Grace is how long Stop waits for cancelled runs to return (2 s).
	Grace time.Duration

	// OnPark is told of a key that was set aside, and why. It is called from the worker.
	OnPark func(ctx context.Context, c Claim, err error)
	// Observe is told of each begin and end, from the worker: for metrics, and for tests to wait on.
	Observe func(Event)

	Owner  string // of leases; unique for each Runner (made up)
	Now    func() time.Time
	Logger *slog.Logger
}

// Backoff doubles from 2 seconds to 10 minutes, give or take a quarter.
func Backoff(attempt int) time.Duration {
	const least, most = 2 * time.Second, 10 * time.Minute
	d := most
	if shift := max(attempt-1, 0); shift < 9 {
		d = min(least<<shift, most)
	}
	return d*3/4 + mathrand.N(d/2) //nolint:gosec // it only spreads the load
}

func (c Config) withDefaults() (Config, error) {
	if c.Store == nil {
		return c, errors.New("work: Config.Store is missing")
	}
	c.Workers = cmp.Or(c.Workers, 4)
	c.Lease = cmp.Or(c.Lease, 30*time.Second)
	c.Poll = cmp.Or(c.Poll, time.Second)
	c.Timeout = cmp.Or(c.Timeout, 10*time.Minute)
	c.MaxAttempts = cmp.Or(c.MaxAttempts, 25)
	c.MaxPanics = cmp.Or(c.MaxPanics, 3)
	c.Grace = cmp.Or(c.Grace, 2*time.Second)
	if c.Backoff == nil {
		c.Backoff = Backoff
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	if c.Owner == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "unknown"
		}
		c.Owner = fmt.Sprintf("%s/%d/%s", host, os.Getpid(), rand.Text()[:8])
	}
	if c.Workers < 0 || c.Lease < 0 || c.Poll < 0 || c.Timeout < 0 || c.MaxAttempts < 0 || c.MaxPanics < 0 {
		return c, errors.New("work: a number in Config is negative")
	}
	handlers := make(map[string]Handler, len(c.Handlers)+1)
	for kind, h := range c.Handlers {
		if kind == "" || h == nil || kind == storage.KindTimer {
			return c, fmt.Errorf("work: no handler can be given for kind %q", kind)
		}
		handlers[kind] = h
	}
	names := map[string]bool{}
	for _, t := range c.Timers {
		if t.Name == "" || t.Handler == nil || t.Every <= 0 && t.Next == nil {
			return c, fmt.Errorf("work: timer %q needs a name, a handler and Every or Next", t.Name)
		}
		if names[t.Name] {
			return c, fmt.Errorf("work: two timers are called %q", t.Name)
		}
		names[t.Name] = true
	}
	if len(handlers) == 0 && len(names) == 0 {
		return c, errors.New("work: Config has neither handlers nor timers")
	}
	c.Handlers = handlers
	return c, nil
}

// Runner works. Make it with New.
type Runner struct {
	cfg    Config
	kinds  []string
	timers map[string]*Timer

	runs       context.Context //nolint:containedctx // of all runs
	cancelRuns context.CancelCauseFunc
	stopping   chan struct{}
	stopOnce   sync.Once
	loopDone   chan struct{}
	started    bool
	seen       time.Time // the latest time of the clock, without the monotonic reading; of the loop

	mu       sync.Mutex
	running  map[*Claim]bool
	claiming bool
	owner    string
	epoch    int64         // grows when a claim or a run begins or ends
	freed    chan struct{} // gets a value when a run ended
	wg       sync.WaitGroup
}

// New makes a Runner. It does nothing until Start.
func New(cfg Config) (*Runner, error) {
	cfg, err := cfg.withDefaults()
	if err != nil {
		return nil, err
	}
	r := &Runner{cfg: cfg, owner: cfg.Owner, timers: map[string]*Timer{}, stopping: make(chan struct{}), loopDone: make(chan struct{}),
		running: map[*Claim]bool{}, freed: make(chan struct{}, 1)}
	for kind := range cfg.Handlers {
		r.kinds = append(r.kinds, kind)
	}
	for i := range cfg.Timers {
		r.timers[cfg.Timers[i].Name] = &cfg.Timers[i]
	}
	if len(r.timers) > 0 {
		r.kinds = append(r.kinds, storage.KindTimer)
	}
	slices.Sort(r.kinds)
	return r, nil
}

// Start makes sure of the timers' rows and begins to work. ctx bounds the start only, but its values go on to the handlers.
func (r *Runner) Start(ctx context.Context) error {
	if r.started {
		return errors.New("work: started twice")
	}
	if err := r.arrange(ctx); err != nil {
		return fmt.Errorf("work: start: %w", err)
	}
	r.started = true
	r.runs, r.cancelRuns = context.WithCancelCause(context.WithoutCancel(ctx))
	go r.loop()
	return nil
}

// longest is more than anything waits but a timer: retries wait ten minutes, GitHub's limits an hour.
const longest = 2 * time.Hour

// arrange makes sure that all timers are there, and that nothing waits for a time that a wrong clock named.
func (r *Runner) arrange(ctx context.Context) error {
	now := r.cfg.Now().Round(0) // by the wall, which is what the database has
	for name, t := range r.timers {
		first, latest := now.Add(t.First), now.Add(max(t.Every, t.First))
		if t.Next != nil {
			first, latest = t.Next(now), time.Time{}
		}
		if err := r.cfg.Store.EnsureTimer(ctx, name, first, latest); err != nil {
			return err
		}
	}
	if _, err := r.cfg.Store.Rein(ctx, r.cfg.Lease, longest); err != nil {
		return err
	}
	r.seen = now
	return nil
}

// watch arranges anew when the clock was set back: what was to come soon would wait for as long as it was ahead.
func (r *Runner) watch(ctx context.Context) {
	switch now := r.cfg.Now().Round(0); {
	case now.After(r.seen):
		r.seen = now
	case r.seen.Sub(now) > time.Minute:
		r.cfg.Logger.Warn("work: the clock was set back", "by", r.seen.Sub(now).Round(time.Second))
		if err := r.arrange(ctx); err != nil { // tried again at the next look: the time that was seen stays
			r.cfg.Logger.Error("work: cannot arrange what waits", "error", err)
		}
	}
}

// Stop claims nothing more and lets what runs end until ctx does. Then the runs are cancelled, and their keys given back, so that another process
// goes on with them at once. The error says if a handler did not return even then.
func (r *Runner) Stop(ctx context.Context) error {
	r.stopOnce.Do(func() { close(r.stopping) })
	if !r.started {
		return nil
	}
	select {
	case <-r.loopDone:
	case <-ctx.Done(): // it hangs in a claim
		r.cancelRuns(errStopping)
		<-r.loopDone
	}
	ended := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(ended)
	}()
	defer r.cancelRuns(errStopping)
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	r.cancelRuns(errStopping)
	grace := time.NewTimer(r.cfg.Grace)
	defer grace.Stop()
	select {
	case <-ended:
		return nil
	case <-grace.C:
	}
	return r.abandon(context.WithoutCancel(ctx))
}

// abandon gives back the keys of handlers that do not listen to their context. The fence keeps what they still do out.
func (r *Runner) abandon(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	r.mu.Lock()
	var left []*Claim
	for c := range r.running {
		left = append(left, c)
	}
	r.mu.Unlock()
	var errs []error
	for _, c := range left {
		errs = append(errs, fmt.Errorf("work: the handler of %s %s did not end", c.Kind, c.ID))
		// A copy: the handler still has the claim.
		held := Claim{Key: c.Key, Fence: c.Fence}
		if err := r.cfg.Store.ReleaseWork(ctx, &held); err != nil && !errors.Is(err, storage.ErrFenced) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Active is the number of runs at this moment.
func (r *Runner) Active() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.running)
}

// WaitIdle waits until nothing runs here and nothing of the Runner's kinds is due. Work that waits for a later time does not count.
func (r *Runner) WaitIdle(ctx context.Context) error {
	tick := time.NewTicker(min(r.cfg.Poll, 10*time.Millisecond))
	defer tick.Stop()
	for {
		before, busy := r.state()
		due, err := r.cfg.Store.NextDue(ctx, r.kinds)
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("work: wait: %w", err)
		}
		// A leased row is due when its lease ends, so what runs here is asked for by itself, and nothing may have begun or ended in between.
		after, _ := r.state()
		if !busy && before == after && (err != nil || due.After(r.cfg.Now())) {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("work: wait: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

func (r *Runner) state() (epoch int64, busy bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.epoch, r.claiming || len(r.running) > 0
}

func (r *Runner) setClaiming(on bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.claiming = on
	r.epoch++
}
