package evaluate

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"milepost/bot/gh"
	"milepost/bot/work"
	"milepost/storage"
)

const (
	redeliverKept  = 3 * 24 * time.Hour // how long GitHub keeps a delivery
	redeliverSlack = 10 * time.Minute   // how much of its log is read again: a delivery is listed when its answer is there
	redeliverBatch = 500                // how many are asked for in one run, well within its time
	redeliverKey   = "redeliver"        // the setting that holds missed
)

// missed is what is known of the deliveries that did not arrive.
type missed struct {
	Scanned time.Time               `json:"scanned"`           // when the last reading of GitHub's log to its end began
	Begun   time.Time               `json:"begun,omitzero"`    // when the reading began that Cursor goes on with
	Cursor  string                  `json:"cursor,omitempty"`  // where it goes on; "" when it came to its end
	Waiting map[string]*undelivered `json:"waiting,omitempty"` // by GUID
}

// undelivered is a delivery that is asked for again, each time after a longer while: what is refused, or fails again, keeps nothing else waiting.
type undelivered struct {
	ID    int64     `json:"id"` // of its last attempt in GitHub's log
	At    time.Time `json:"at"` // of its first
	Tries int       `json:"tries,omitempty"`
	Next  time.Time `json:"next,omitzero"`
}

// redeliver asks GitHub to send again what it could not deliver since its log was last read, after an outage up to the three days that it keeps.
func (a *Actor) redeliver(ctx context.Context, _ *work.Claim) error {
	var m missed
	data, err := a.Store.Setting(ctx, redeliverKey)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return wrapped(err)
	}
	now := a.Now()
	since := now.Add(-redeliverKept)
	if back := m.Scanned.Add(-redeliverSlack); back.After(since) {
		since = back
	}
	if m.Cursor == "" {
		m.Begun = now
	}
	log, next, err := a.App.Deliveries(ctx, since, m.Cursor)
	var refused *gh.Error
	if m.Cursor != "" && errors.As(err, &refused) && refused.Kind != gh.RateLimited && refused.Status/100 == 4 { // a cursor that GitHub no longer knows
		m.Begun = now
		log, next, err = a.App.Deliveries(ctx, since, "")
	}
	if err != nil {
		return limited(err)
	}
	if m.Cursor = next; next == "" {
		m.Scanned = m.Begun
	}
	m.note(log, now)
	known, err := a.Store.KnownDeliveries(ctx, slices.Collect(maps.Keys(m.Waiting)))
	if err != nil {
		return wrapped(err)
	}
	maps.DeleteFunc(m.Waiting, func(guid string, _ *undelivered) bool { return known[guid] })
	asked := a.askAgain(ctx, &m, now)
	if data, err = json.Marshal(m); err == nil {
		save, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second) // what was asked for is kept when time is up
		defer cancel()
		err = a.Store.PutSetting(save, redeliverKey, data)
	}
	return errors.Join(asked, wrapped(err))
}

// note takes in what a part of GitHub's log, newest first, says: the newest attempt of each delivery that never succeeded.
func (m *missed) note(log []gh.HookDelivery, now time.Time) {
	if m.Waiting == nil {
		m.Waiting = map[string]*undelivered{}
	}
	delivered := map[string]bool{}
	for _, d := range slices.Backward(log) {
		if d.Delivered() {
			delivered[d.GUID] = true
			continue
		}
		if u := m.Waiting[d.GUID]; u != nil {
			u.ID = max(u.ID, d.ID) // a part that is read later may be older
			if d.DeliveredAt.Before(u.At) {
				u.At = d.DeliveredAt
			}
			continue
		}
		m.Waiting[d.GUID] = &undelivered{ID: d.ID, At: d.DeliveredAt}
	}
	maps.DeleteFunc(m.Waiting, func(guid string, u *undelivered) bool { return delivered[guid] || now.Sub(u.At) > redeliverKept })
}

// askAgain asks for what is due, as much as one run does: first what was never asked for, oldest first.
func (a *Actor) askAgain(ctx context.Context, m *missed, now time.Time) error {
	longestDue := func(g, h string) int {
		a, b := m.Waiting[g], m.Waiting[h]
		return cmp.Or(a.Next.Compare(b.Next), a.At.Compare(b.At), cmp.Compare(a.ID, b.ID))
	}
	due := slices.SortedFunc(maps.Keys(m.Waiting), longestDue)
	var failed error
	for _, guid := range due[:min(len(due), redeliverBatch)] {
		u := m.Waiting[guid]
		if u.Next.After(now) {
			break
		}
		if ctx.Err() != nil {
			return errors.Join(failed, wrapped(ctx.Err()))
		}
		err := a.App.Redeliver(ctx, u.ID)
		if _, ok := gh.RetryAt(err); ok {
			return limited(err)
		}
		if err != nil && ctx.Err() != nil { // time is up: that was no try
			return errors.Join(failed, wrapped(ctx.Err()))
		}
		u.Next = now.Add(redeliverEvery << min(u.Tries, 10))
		u.Tries++
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("evaluate: redeliver %s: %w", guid, err))
			continue
		}
		a.Log.InfoContext(ctx, "asked for redelivery", "delivery", guid, "try", u.Tries)
	}
	return failed
}
