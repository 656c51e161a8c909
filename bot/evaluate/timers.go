package evaluate

import (
	"context"
	"strconv"
	"time"

	"milepost/bot/gh"
	"milepost/bot/work"
	"milepost/storage"
)

// Timing of what runs by the clock.
const (
	redeliverEvery = 5 * time.Minute
	sweepEvery     = 10 * time.Minute
	sweepAge       = 24 * time.Hour // a repository that was not checked for so long is looked at again
	sweepBatch     = 50
	stockEvery     = 6 * time.Hour
	pruneEvery     = 24 * time.Hour
)

// Timers are the things that run by the clock, one of all processes running each.
func (a *Actor) Timers(keep storage.Retention) []work.Timer {
	return []work.Timer{
		{Name: "redeliver", Every: redeliverEvery, First: 5 * time.Second, Handler: work.HandlerFunc(a.redeliver)},
		{Name: "stock", Every: stockEvery, First: time.Second, Handler: work.HandlerFunc(a.stock)},
		{Name: "sweep", Every: sweepEvery, First: time.Minute, Handler: work.HandlerFunc(a.sweep)},
		{Name: "digest", Every: digestEvery, First: 2 * time.Minute, Handler: work.HandlerFunc(a.digests)},
		{Name: "prune", Every: pruneEvery, First: time.Hour, Handler: work.HandlerFunc(func(ctx context.Context, _ *work.Claim) error {
			_, err := a.Store.Prune(ctx, keep)
			return wrapped(err)
		})},
	}
}

// stock compares the installations there are with those that are known: webhooks of installations may be lost like any. What is known is read first,
// and one that the list lacks is asked for by itself: the list moves while it is read, and what is let go of is gone for good.
func (a *Actor) stock(ctx context.Context, _ *work.Claim) error {
	known, err := a.Store.Installations(ctx)
	if err != nil {
		return wrapped(err)
	}
	now, err := a.App.Installations(ctx)
	if err != nil {
		return limited(err)
	}
	listed := map[int64]bool{}
	for _, in := range now {
		listed[in.ID] = true
	}
	for _, k := range known {
		if listed[k.ID] {
			continue
		}
		in, err := a.App.Installation(ctx, k.ID)
		switch {
		case err == nil:
			now = append(now, in)
		case !gh.Is(err, gh.NotFound):
			return limited(err)
		default:
			if err := a.uninstall(ctx, k.ID); err != nil {
				return err
			}
		}
	}
	var wishes []storage.Wish
	for _, in := range now {
		if err := a.putInstallation(ctx, in); err != nil {
			return err
		}
		if in.SuspendedAt == nil {
			wishes = append(wishes, storage.Wish{Key: storage.Key{Kind: storage.KindInstall, ID: strconv.FormatInt(in.ID, 10)}, Priority: storage.PriorityLow})
		}
	}
	return wrapped(a.Store.Enqueue(ctx, wishes...))
}

// limited puts work off until GitHub's limit resets, where that is what err says.
func limited(err error) error {
	if until, ok := gh.RetryAt(err); ok {
		return work.Snooze(until, "GitHub's rate limit")
	}
	return err
}

// sweep looks again, slowly, at what a lost webhook may have left stale.
func (a *Actor) sweep(ctx context.Context, _ *work.Claim) error {
	stale, err := a.Store.StaleRepositories(ctx, a.Now().Add(-sweepAge), sweepBatch)
	if err != nil {
		return wrapped(err)
	}
	var wishes []storage.Wish
	for _, r := range stale {
		wishes = append(wishes, storage.Wish{Key: repoKey(r.ID), Priority: storage.PriorityLow})
	}
	return wrapped(a.Store.Enqueue(ctx, wishes...))
}
