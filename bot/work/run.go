package work

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"milepost/storage"
)

// loop claims work until Stop.
func (r *Runner) loop() {
	defer close(r.loopDone)
	wake, unsubscribe := r.cfg.Store.Wakes()
	defer unsubscribe()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		timer.Reset(r.fill())
		select {
		case <-r.stopping:
			return
		case <-wake:
		case <-r.freed:
		case <-timer.C:
		}
		select {
		case <-r.stopping:
			return
		default:
		}
	}
}

// fill claims as much as there are free workers for, starts it, and says how long to sleep if nothing happens.
func (r *Runner) fill() time.Duration {
	free := r.cfg.Workers - r.Active()
	if free <= 0 {
		return r.cfg.Poll // a run that ends wakes the loop
	}
	ctx, cancel := context.WithTimeout(r.runs, r.cfg.Lease)
	defer cancel()
	r.setClaiming(true)
	defer r.setClaiming(false)
	r.watch(ctx)
	r.mu.Lock()
	owner := r.owner
	r.mu.Unlock()
	got := 0
	// One worker is kept for what a person waits for.
	reserve := 0
	if r.cfg.Workers >= 3 {
		reserve = 1
	}
	for _, ask := range []struct{ n, minPriority int }{{free - reserve, storage.PriorityLow}, {free, storage.PriorityHigh}} {
		n := ask.n - got
		if n <= 0 {
			continue
		}
		claims, err := r.cfg.Store.ClaimWork(ctx, owner, r.kinds, r.cfg.Lease, n, ask.minPriority)
		for i := range claims {
			r.start(&claims[i])
		}
		got += len(claims)
		if err != nil {
			if r.runs.Err() == nil {
				r.cfg.Logger.Error("work: cannot claim", "error", err)
			}
			r.rename() // the claim may have been written all the same, and its rows are not known
			return r.cfg.Poll
		}
		if len(claims) < n && ask.minPriority == storage.PriorityLow {
			break // nothing more is due, of any priority
		}
	}
	due, err := r.cfg.Store.NextDue(ctx, r.kinds)
	if err != nil {
		if !errors.Is(err, storage.ErrNotFound) && r.runs.Err() == nil {
			r.cfg.Logger.Error("work: cannot look for what is due next", "error", err)
		}
		return r.cfg.Poll
	}
	wait := due.Sub(r.cfg.Now())
	if wait <= 0 { // came due just now, or waits for a worker
		wait = 10 * time.Millisecond
		if got == free || free <= reserve {
			wait = r.cfg.Poll
		}
	}
	return min(wait, r.cfg.Poll)
}

func (r *Runner) start(c *Claim) {
	r.mu.Lock()
	r.running[c] = true
	r.epoch++
	r.mu.Unlock()
	r.wg.Go(func() {
		defer func() {
			r.mu.Lock()
			delete(r.running, c)
			r.epoch++
			r.mu.Unlock()
			select {
			case r.freed <- struct{}{}:
			default:
			}
		}()
		r.run(c)
	})
}

func (r *Runner) run(c *Claim) {
	began := time.Now()
	r.observe(Event{Claim: *c, Outcome: Claimed})
	ctx, cancel := context.WithCancelCause(r.runs)
	defer cancel(nil)
	beats := make(chan struct{})
	go func() {
		defer close(beats)
		r.beat(ctx, c.Key, c.Fence, cancel)
	}()
	err := r.handle(ctx, c)
	cause := context.Cause(ctx)
	cancel(nil)
	<-beats
	outcome := r.settle(c, err, cause)
	r.observe(Event{Claim: *c, Outcome: outcome, Err: err, Took: time.Since(began)})
}

func (r *Runner) observe(e Event) {
	if r.cfg.Observe != nil {
		r.cfg.Observe(e)
	}
}

// beat renews the lease until the run ends, and ends the run when the lease is lost.
func (r *Runner) beat(ctx context.Context, key storage.Key, fence int64, cancel context.CancelCauseFunc) {
	tick := time.NewTicker(r.cfg.Lease / 3)
	defer tick.Stop()
	renewed := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		try, done := context.WithTimeout(ctx, r.cfg.Lease/3)
		asked := time.Now()
		err := r.cfg.Store.Heartbeat(try, &Claim{Key: key, Fence: fence}, r.cfg.Lease)
		done()
		switch {
		case err == nil:
			renewed = asked
		case errors.Is(err, storage.ErrFenced):
			cancel(storage.ErrFenced)
			return
		case time.Since(renewed) >= r.cfg.Lease:
			cancel(errLeaseOver)
			return
		case ctx.Err() == nil:
			r.cfg.Logger.Warn("work: cannot renew a lease", "kind", key.Kind, "key", key.ID, "error", err)
		}
	}
}

// handle calls the handler, with a time limit and a net under it.
func (r *Runner) handle(ctx context.Context, c *Claim) error {
	ctx, cancel := context.WithTimeout(ctx, r.cfg.Timeout)
	defer cancel()
	if c.Kind == storage.KindTimer {
		t, ok := r.timers[c.ID]
		if !ok {
			return nil // of a version that is gone, or not yet here: its start brings it back
		}
		return Guard(func() error { return t.Handler.Handle(ctx, c) })()
	}
	if c.Attempts > r.cfg.MaxAttempts { // a run that returns is never tried that often
		return Park("the process died in it, again and again")
	}
	return Guard(func() error { return r.cfg.Handlers[c.Kind].Handle(ctx, c) })()
}

// settle writes down how a run ended.
func (r *Runner) settle(c *Claim, err, cause error) Outcome {
	log := r.cfg.Logger.With("kind", c.Kind, "key", c.ID, "attempt", c.Attempts)
	if errors.Is(cause, storage.ErrFenced) || errors.Is(err, storage.ErrFenced) {
		log.Warn("work: somebody else took over; the result was dropped")
		return Fenced
	}
	outcome, end := r.verdict(c, err, cause)
	if werr := r.persist(end); werr != nil {
		if errors.Is(werr, storage.ErrFenced) {
			log.Warn("work: somebody else took over before the end was written")
			return Fenced
		}
		log.Error("work: the end of a run could not be written; it will be run again", "error", werr, "outcome", outcome)
		r.rename()
		return Lost
	}
	switch outcome {
	case Retried:
		log.Warn("work: failed, will be tried again", "error", err)
	case Snoozed:
		log.Info("work: snoozed", "reason", err)
	case Parked:
		log.Error("work: set aside", "error", err)
		if r.cfg.OnPark != nil {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(r.runs), 10*time.Second)
			defer cancel()
			r.cfg.OnPark(ctx, *c, err)
		}
	case Claimed, Finished, Released, Fenced, Lost:
	}
	return outcome
}

// rename gives the Runner another name, so that it can claim what it held under the old one when that lease runs out.
func (r *Runner) rename() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.owner = r.cfg.Owner + "+" + rand.Text()[:6]
}

// verdict decides what follows from a handler's error, and how to write it down.
func (r *Runner) verdict(c *Claim, err, cause error) (Outcome, func(context.Context) error) {
	s, now := r.cfg.Store, r.cfg.Now()
	var snooze *SnoozeError
	var park *ParkError
	var panicked *PanicError
	switch {
	case err == nil:
		var next time.Time
		if c.Kind == storage.KindTimer && r.timers[c.ID] != nil {
			next = r.timers[c.ID].next(now)
		}
		return Finished, func(ctx context.Context) error { return s.FinishWork(ctx, c, next) }
	case errors.As(err, &snooze):
		until := snooze.Until
		if soonest := now.Add(time.Second); until.Before(soonest) {
			until = soonest // whoever asks for the past does not get a busy loop
		}
		return Snoozed, func(ctx context.Context) error { return s.SnoozeWork(ctx, c, until, !snooze.Yields, snooze.Reason) }
	case errors.As(err, &park):
		return Parked, func(ctx context.Context) error { return s.ParkWork(ctx, c, park.Reason) }
	case errors.Is(cause, errStopping):
		return Released, func(ctx context.Context) error { return s.ReleaseWork(ctx, c) }
	case c.Kind != storage.KindTimer && (c.Attempts >= r.cfg.MaxAttempts || errors.As(err, &panicked) && c.Attempts >= r.cfg.MaxPanics):
		return Parked, func(ctx context.Context) error { return s.ParkWork(ctx, c, err.Error()) }
	default: // timers are never set aside: nothing would bring them back
		at := now.Add(r.cfg.Backoff(c.Attempts))
		return Retried, func(ctx context.Context) error { return s.RetryWork(ctx, c, at, err.Error()) }
	}
}

// persist writes the end of a run, trying for as long as the lease is likely to last.
func (r *Runner) persist(end func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.runs), r.cfg.Lease/2)
	defer cancel()
	pause := 50 * time.Millisecond
	for {
		err := end(ctx)
		if err == nil || errors.Is(err, storage.ErrFenced) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
			pause = min(2*pause, time.Second)
		}
	}
}
