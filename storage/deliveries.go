package storage

import (
	"context"
	"time"
)

// DeliveryState is what became of a delivery.
type DeliveryState int

// States of a delivery.
const (
	DeliveryPending      DeliveryState = 0 // in its mailbox
	DeliveryDone         DeliveryState = 1
	DeliveryAside        DeliveryState = 2 // poison: set aside, its error says why
	DeliveryAcknowledged DeliveryState = 3 // nobody's: only the id is kept
)

// StoredDelivery is a delivery as the mailbox holds it. Priority is not kept.
type StoredDelivery struct {
	ID int64 // grows with arrival
	Delivery
	State DeliveryState
	Error string
}

const deliverySelect = `SELECT id, guid, event, action, kind, key, repo_id, installation_id, received_at, fields, state, error FROM deliveries`

func deliveryDest(d *StoredDelivery) []any {
	return []any{&d.ID, &d.GUID, &d.Event, &d.Action, &d.Mailbox.Kind, &d.Mailbox.ID, &d.RepoID, &d.InstallationID,
		scanTime{&d.ReceivedAt}, &d.Fields, &d.State, &d.Error}
}

// Mailbox reads up to n (0: 1000) pending deliveries of the claim's key, oldest first, and raises c.Gen so that finishing
// the claim answers them too. If there are n or more, finishing the claim leads to another run for the rest.
func (q *Queries) Mailbox(ctx context.Context, c *Claim, n int) ([]StoredDelivery, error) {
	if n <= 0 {
		n = 1000
	}
	// The generation first: a delivery that arrives in between leads to another run, never to a lost one.
	var gen int64
	if err := one(ctx, q.r, []any{&gen}, `SELECT gen FROM work WHERE kind = $1 AND key = $2`, c.Kind, c.ID); err != nil {
		return nil, wrap(err, "mailbox of %s %s", c.Kind, c.ID)
	}
	all, err := q.Pending(ctx, c.Key, n)
	if err != nil {
		return nil, err
	}
	if len(all) < n {
		c.Gen = max(c.Gen, gen)
	} else {
		c.Gen = min(c.Gen, gen-1) // more may wait: finishing must not make the key idle
	}
	return all, nil
}

// Pending reads up to n pending deliveries of a key, oldest first.
func (q *Queries) Pending(ctx context.Context, k Key, n int) ([]StoredDelivery, error) {
	all, err := list(ctx, q.r, deliveryDest, deliverySelect+` WHERE kind = $1 AND key = $2 AND state = 0 ORDER BY id LIMIT $3`, k.Kind, k.ID, n)
	return all, wrap(err, "pending of %s %s", k.Kind, k.ID)
}

// FinishDeliveries marks deliveries as done.
func (q *Queries) FinishDeliveries(ctx context.Context, ids ...int64) error {
	return q.setDeliveries(ctx, DeliveryDone, "", ids)
}

// SetAsideDeliveries takes deliveries out of their mailbox as poison, with the reason.
func (q *Queries) SetAsideDeliveries(ctx context.Context, reason string, ids ...int64) error {
	return q.setDeliveries(ctx, DeliveryAside, reason, ids)
}

func (q *Queries) setDeliveries(ctx context.Context, state DeliveryState, reason string, ids []int64) error {
	err := q.atomically(ctx, func(q *Queries) error {
		return chunks(ids, 500, func(part []int64) error {
			args := []any{int64(state), bound(reason)}
			for _, id := range part {
				args = append(args, id)
			}
			_, err := q.w.exec(ctx, `UPDATE deliveries SET state = $1, error = $2 WHERE id IN (`+placeholders(3, len(part))+`)`, args...)
			return err
		})
	})
	return wrap(err, "mark deliveries")
}

// RequeueDelivery puts a delivery that was set aside back into its mailbox and makes the mailbox due.
func (q *Queries) RequeueDelivery(ctx context.Context, id int64) error {
	err := q.atomically(ctx, func(q *Queries) error {
		var k Key
		if err := one(ctx, q.w, []any{&k.Kind, &k.ID}, `UPDATE deliveries SET state = 0, error = '' WHERE id = $1 AND state = 2 RETURNING kind, key`, id); err != nil {
			return err
		}
		return q.Enqueue(ctx, Wish{Key: k, Priority: PriorityNormal})
	})
	return wrap(err, "requeue delivery %d", id)
}

// Delivery is one delivery by its GUID.
func (q *Queries) Delivery(ctx context.Context, guid string) (StoredDelivery, error) {
	var d StoredDelivery
	err := one(ctx, q.r, deliveryDest(&d), deliverySelect+` WHERE guid = $1`, guid)
	return d, wrap(err, "delivery %s", guid)
}

// KnownDeliveries says which of these GUIDs are stored.
func (q *Queries) KnownDeliveries(ctx context.Context, guids []string) (map[string]bool, error) {
	known := make(map[string]bool, len(guids))
	err := chunks(guids, 500, func(part []string) error {
		args := make([]any, len(part))
		for i, g := range part {
			args[i] = g
		}
		found, err := list(ctx, q.r, func(s *string) []any { return []any{s} }, `SELECT guid FROM deliveries WHERE guid IN (`+placeholders(1, len(part))+`)`, args...)
		for _, g := range found {
			known[g] = true
		}
		return err
	})
	return known, wrap(err, "known deliveries")
}

// DeliveriesAside lists up to n deliveries that were set aside, newest first.
func (q *Queries) DeliveriesAside(ctx context.Context, n int) ([]StoredDelivery, error) {
	all, err := list(ctx, q.r, deliveryDest, deliverySelect+` WHERE state = 2 ORDER BY id DESC LIMIT $1`, n)
	return all, wrap(err, "deliveries set aside")
}

// RecentDeliveries lists the n newest deliveries.
func (q *Queries) RecentDeliveries(ctx context.Context, n int) ([]StoredDelivery, error) {
	all, err := list(ctx, q.r, deliveryDest, deliverySelect+` ORDER BY id DESC LIMIT $1`, n)
	return all, wrap(err, "recent deliveries")
}

// LastDelivery is when the newest delivery arrived; ErrNotFound if none did.
func (q *Queries) LastDelivery(ctx context.Context) (time.Time, error) {
	var t time.Time
	err := one(ctx, q.r, []any{scanTime{&t}}, `SELECT received_at FROM deliveries ORDER BY received_at DESC LIMIT 1`)
	return t, wrap(err, "last delivery")
}

// chunks calls fn with at most n elements at a time.
func chunks[T any](all []T, n int, fn func([]T) error) error {
	for len(all) > 0 {
		part := all[:min(n, len(all))]
		if err := fn(part); err != nil {
			return err
		}
		all = all[len(part):]
	}
	return nil
}
