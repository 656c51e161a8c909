package storage

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"
)

// Kinds of work that the storage itself names; others are up to the caller.
const (
	KindRepo    = "repo"    // key: numeric repository id
	KindInstall = "install" // key: numeric installation id
	KindTimer   = "timer"   // key: the timer's name
)

// Priorities of work, highest first. Within one priority what has been due longest goes first.
const (
	PriorityHigh   = 20 // a person waits: pull request check, ticked box, command
	PriorityNormal = 10 // pushes
	PriorityLow    = 0  // the rest: sweeps, installs of whole cohorts
)

// priorities are the values that rows can have, highest first: claims look at each in turn, which keeps a claim flat
// however many rows of another priority wait for their time.
var priorities = [...]int64{PriorityHigh, PriorityNormal, PriorityLow}

// level rounds a priority down to one of the three.
func level(p int) int64 {
	for _, l := range priorities {
		if int64(p) >= l {
			return l
		}
	}
	return PriorityLow
}

// Key names one thing that is worked on by one worker at a time, for example {"repo", "123"}.
type Key struct{ Kind, ID string }

// Wish asks for work on a key.
type Wish struct {
	Key
	Priority int
	// At is when it is due; zero is now. A row that is leased, snoozed or waiting for a retry keeps its time, except that
	// PriorityHigh cuts the wait for a retry short.
	At time.Time
	n  int64 // how many deliveries this stands for
}

// Claim is the right to work on a key until Lease, renewed by Heartbeat. Fence grows with each claim of the key: who holds an older one
// has lost it.
type Claim struct {
	Key
	Owner    string
	Fence    int64
	Gen      int64 // what was wanted when it was claimed: finishing answers all wishes up to it
	Attempts int   // this one included
	Priority int
	Lease    time.Time
}

// enqueueOne is the statement for a single row.
const enqueueOne = enqueueHead + `($1,$2,$3,$4,$5,$6)` + enqueueTail

const enqueueHead = `INSERT INTO work (kind, key, gen, ready_at, priority, changed_at) VALUES `

// A row that idles becomes due. One that is leased keeps its lease and notes the priority for the next run. A parked one gets a new chance.
const enqueueTail = ` ON CONFLICT (kind, key) DO UPDATE SET
 gen = work.gen + excluded.gen,
 changed_at = excluded.changed_at,
 attempts = CASE WHEN work.parked = 1 THEN 0 ELSE work.attempts END,
 snoozed = CASE WHEN work.parked = 1 THEN 0 ELSE work.snoozed END,
 parked = 0,
 next_priority = CASE WHEN work.owner <> '' AND excluded.priority > work.next_priority THEN excluded.priority ELSE work.next_priority END,
 priority = CASE WHEN work.ready_at IS NULL OR work.parked = 1 THEN excluded.priority
  WHEN work.owner = '' AND excluded.priority > work.priority THEN excluded.priority ELSE work.priority END,
 ready_at = CASE WHEN work.ready_at IS NULL OR work.parked = 1 THEN excluded.ready_at
  WHEN work.owner = '' AND work.snoozed = 0 AND excluded.ready_at < work.ready_at AND (work.attempts = 0 OR excluded.priority >= 20) THEN excluded.ready_at
  ELSE work.ready_at END`

// Enqueue makes keys due. Several wishes for one key are one row and lead to one run; a wish for a key that is being worked on leads
// to one more run after it.
func (q *Queries) Enqueue(ctx context.Context, wishes ...Wish) error {
	if len(wishes) == 0 {
		return nil
	}
	err := q.atomically(ctx, func(q *Queries) error { return q.enqueue(ctx, wishes) })
	return wrap(err, "enqueue")
}

// enqueue runs inside a transaction.
func (q *Queries) enqueue(ctx context.Context, wishes []Wish) error {
	merged := mergeWishes(wishes)
	now := q.now()
	rows := 200
	if !q.pg {
		rows = 1 // saves nothing on SQLite, where a statement is no round trip
	}
	for len(merged) > 0 {
		part := merged[:min(len(merged), rows)]
		merged = merged[len(part):]
		args := make([]any, 0, len(part)*6)
		for _, w := range part {
			at := w.At
			if at.IsZero() {
				at = now
			}
			args = append(args, w.Kind, w.ID, w.n, at.UnixMilli(), level(w.Priority), now.UnixMilli())
		}
		if _, err := q.w.exec(ctx, enqueueHead+tuples(len(part), 6)+enqueueTail, args...); err != nil {
			return err
		}
	}
	return q.notify(ctx)
}

// notify wakes the workers when the transaction commits, also those of other processes. It runs inside a transaction.
func (q *Queries) notify(ctx context.Context) error {
	*q.woke = true
	if !q.pg {
		return nil
	}
	return q.w.query(ctx, func(*sql.Rows) error { return nil }, `SELECT pg_notify('`+channel+`', '')`)
}

// The rows are picked by themselves first: as a subselect of the UPDATE, PostgreSQL may run it again for each row, and lock more than the limit.
const claimPick = `WITH picked AS MATERIALIZED (SELECT kind AS k, key AS i FROM work
 WHERE ready_at IS NOT NULL AND parked = 0 AND priority = $4 AND ready_at <= $3 AND owner <> $1`

const claimTake = ` UPDATE work SET fence = work.fence + 1, owner = $1, ready_at = $2, attempts = work.attempts + 1, snoozed = 0, changed_at = $3
 FROM picked WHERE work.kind = picked.k AND work.key = picked.i
 RETURNING work.kind, work.key, work.owner, work.fence, work.gen, work.attempts, work.priority, work.ready_at`

// ClaimWork hands out up to n due keys of the given kinds and of at least a priority, highest priority first, longest due first. A row whose lease has run out is
// due, except for the owner that holds it: it may still be at work, and have a clock that jumped.
func (q *Queries) ClaimWork(ctx context.Context, owner string, kinds []string, lease time.Duration, n, minPriority int) ([]Claim, error) {
	if len(kinds) == 0 || n <= 0 {
		return nil, nil
	}
	var all []Claim
	for _, p := range priorities {
		if len(all) >= n || p < int64(minPriority) {
			break
		}
		now := q.now()
		args := []any{owner, now.Add(lease).UnixMilli(), now.UnixMilli(), p, n - len(all)}
		for _, k := range kinds {
			args = append(args, k)
		}
		sqlText := claimPick + ` AND kind IN (` + placeholders(6, len(kinds)) + `) ORDER BY ready_at LIMIT $5`
		if q.pg {
			sqlText += ` FOR UPDATE SKIP LOCKED`
		}
		sqlText += `)` + claimTake
		got, err := list(ctx, q.w, func(c *Claim) []any {
			return []any{&c.Kind, &c.ID, &c.Owner, &c.Fence, &c.Gen, &c.Attempts, &c.Priority, scanTime{&c.Lease}}
		}, sqlText, args...)
		if err != nil {
			return all, wrap(err, "claim work")
		}
		all = append(all, got...)
	}
	return all, nil
}

// NextDue is when the next row of these kinds becomes due (a time in the past: now); ErrNotFound if all are idle.
func (q *Queries) NextDue(ctx context.Context, kinds []string) (time.Time, error) {
	const head, tail = `SELECT kind, ready_at FROM work WHERE ready_at IS NOT NULL AND parked = 0`, ` ORDER BY ready_at LIMIT 1`
	var kind string
	var t time.Time
	// The first of all is of the kinds but for odd cases, and found by the index of times alone: with the kinds in it, the statement reads every row.
	err := one(ctx, q.r, []any{&kind, scanTime{&t}}, head+tail)
	if err == nil && !slices.Contains(kinds, kind) {
		args := make([]any, len(kinds))
		for i, k := range kinds {
			args[i] = k
		}
		err = one(ctx, q.r, []any{&kind, scanTime{&t}}, head+` AND kind IN (`+placeholders(1, len(kinds))+`)`+tail, args...)
	}
	return t, wrap(err, "next due")
}

const held = ` WHERE kind = $1 AND key = $2 AND fence = $3 AND owner <> ''`

// fenced turns "no row" into ErrFenced.
func fenced(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrFenced
	}
	return err
}

// Heartbeat prolongs the lease to now + lease, or reports ErrFenced.
func (q *Queries) Heartbeat(ctx context.Context, c *Claim, lease time.Duration) error {
	until := q.now().Add(lease)
	err := fenced(q.w.exec(ctx, `UPDATE work SET ready_at = $4`+held, c.Kind, c.ID, c.Fence, until.UnixMilli()))
	return wrap(err, "heartbeat %s %s", c.Kind, c.ID)
}

// ProveFence reports ErrFenced unless the claim still holds, and keeps it from changing hands until the transaction ends.
func (tx *Tx) ProveFence(ctx context.Context, c *Claim) error {
	return wrap(fenced(tx.w.exec(ctx, `UPDATE work SET fence = fence`+held, c.Kind, c.ID, c.Fence)), "prove fence of %s %s", c.Kind, c.ID)
}

// WithFence runs fn in a transaction that first proves that the claim still holds; if not, it returns ErrFenced and fn is not run.
func (s *Store) WithFence(ctx context.Context, c *Claim, fn func(tx *Tx) error) error {
	return s.WithTx(ctx, func(tx *Tx) error {
		if err := tx.ProveFence(ctx, c); err != nil {
			return err
		}
		return fn(tx)
	})
}

// FinishWork ends a claim with success. Wishes that arrived after Gen make the key due again at once; else it idles, or, if next is set,
// is due then (timers).
func (q *Queries) FinishWork(ctx context.Context, c *Claim, next time.Time) error {
	now := q.now().UnixMilli()
	err := fenced(q.w.exec(ctx, `UPDATE work SET done_gen = $4, attempts = 0, snoozed = 0, owner = '', last_error = '', changed_at = $5,
 ready_at = CASE WHEN gen > $4 THEN CAST($5 AS BIGINT) ELSE CAST($6 AS BIGINT) END,
 priority = CASE WHEN gen > $4 THEN next_priority ELSE 0 END, next_priority = 0`+held,
		c.Kind, c.ID, c.Fence, c.Gen, now, ms(next)))
	return wrap(err, "finish %s %s", c.Kind, c.ID)
}

const keepPriority = `priority = CASE WHEN next_priority > priority THEN next_priority ELSE priority END, next_priority = 0`

// RetryWork ends a claim that failed: the key is due again at the given time, and the attempt counts.
func (q *Queries) RetryWork(ctx context.Context, c *Claim, at time.Time, cause string) error {
	err := fenced(q.w.exec(ctx, `UPDATE work SET owner = '', ready_at = $4, snoozed = 0, last_error = $5, changed_at = $6, `+keepPriority+held,
		c.Kind, c.ID, c.Fence, at.UnixMilli(), bound(cause), q.now().UnixMilli()))
	return wrap(err, "retry %s %s", c.Kind, c.ID)
}

// SnoozeWork ends a claim that has to wait for something outside, a rate limit say: the attempt does not count, and the key is due at the given time. If
// that is firm, it is not due before; else a new wish cuts the wait short.
func (q *Queries) SnoozeWork(ctx context.Context, c *Claim, until time.Time, firm bool, reason string) error {
	snoozed := 0
	if firm {
		snoozed = 1
	}
	err := fenced(q.w.exec(ctx, `UPDATE work SET owner = '', ready_at = $4, snoozed = $7, attempts = attempts - 1, last_error = $5, changed_at = $6, `+keepPriority+held,
		c.Kind, c.ID, c.Fence, until.UnixMilli(), bound(reason), q.now().UnixMilli(), snoozed))
	return wrap(err, "snooze %s %s", c.Kind, c.ID)
}

// ReleaseWork gives a claim back unfinished, as a process does that stops: due at once for another, and the attempt does not count.
func (q *Queries) ReleaseWork(ctx context.Context, c *Claim) error {
	now := q.now().UnixMilli()
	err := q.atomically(ctx, func(q *Queries) error {
		if err := fenced(q.w.exec(ctx, `UPDATE work SET owner = '', ready_at = $4, snoozed = 0, attempts = attempts - 1, changed_at = $4, `+keepPriority+held,
			c.Kind, c.ID, c.Fence, now)); err != nil {
			return err
		}
		return q.notify(ctx)
	})
	return wrap(err, "release %s %s", c.Kind, c.ID)
}

// ParkWork sets a key aside as poison. It stays there until UnparkWork or a new wish.
func (q *Queries) ParkWork(ctx context.Context, c *Claim, reason string) error {
	now := q.now().UnixMilli()
	// A wish that arrived during the run asks for another look and wins.
	err := fenced(q.w.exec(ctx, `UPDATE work SET owner = '', snoozed = 0, last_error = $5, changed_at = $6,
 parked = CASE WHEN gen > $4 THEN 0 ELSE 1 END, attempts = CASE WHEN gen > $4 THEN 0 ELSE attempts END,
 ready_at = CAST($6 AS BIGINT), `+keepPriority+held,
		c.Kind, c.ID, c.Fence, c.Gen, bound(reason), now))
	return wrap(err, "park %s %s", c.Kind, c.ID)
}

// UnparkWork makes a parked key due now with its attempts forgotten; ErrNotFound if it is not parked.
func (q *Queries) UnparkWork(ctx context.Context, k Key) error {
	err := q.atomically(ctx, func(q *Queries) error {
		if err := must(q.w.exec(ctx, `UPDATE work SET parked = 0, attempts = 0, ready_at = $3 WHERE kind = $1 AND key = $2 AND parked = 1`,
			k.Kind, k.ID, q.now().UnixMilli())); err != nil {
			return err
		}
		return q.notify(ctx)
	})
	return wrap(err, "unpark %s %s", k.Kind, k.ID)
}

// retried runs a statement that touches many rows, or those that others do, in a transaction of its own: of two that lock each other out, PostgreSQL
// ends one, and that is run again.
func (q *Queries) retried(ctx context.Context, stmt string, args ...any) (n int64, err error) {
	err = q.atomically(ctx, func(q *Queries) error {
		n, err = q.w.exec(ctx, stmt, slices.Clone(args)...)
		return err
	})
	return n, err
}

// RescueLeases makes everything leased due now, whoever holds it. Right only where no other process works: Open calls it on SQLite.
func (q *Queries) RescueLeases(ctx context.Context) (int64, error) {
	n, err := q.retried(ctx, `UPDATE work SET owner = '', ready_at = $1, snoozed = 0, `+keepPriority+` WHERE owner <> ''`, q.now().UnixMilli())
	return n, wrap(err, "rescue leases")
}

// Rein brings near what waits longer than anything does by rights, because the clock was ahead when its time was set and is right now: a lease ends
// after lease at the latest, and what waits for longer than longest is due now. Timers are EnsureTimer's. It returns the rows it changed.
func (q *Queries) Rein(ctx context.Context, lease, longest time.Duration) (int64, error) {
	now := q.now()
	n, err := q.retried(ctx, `UPDATE work SET ready_at = CASE WHEN owner <> '' THEN CAST($2 AS BIGINT) ELSE CAST($1 AS BIGINT) END
 WHERE parked = 0 AND kind <> 'timer' AND (owner = '' AND ready_at > $3 OR owner <> '' AND ready_at > $2)`,
		now.UnixMilli(), now.Add(lease).UnixMilli(), now.Add(longest).UnixMilli())
	return n, wrap(err, "rein")
}

// EnsureTimer makes sure that a timer exists: a new one, or one that idles, is due at first; one that runs keeps its time unless that lies after latest.
// latest (zero: no bound) brings a timer forward whose period was shortened.
func (q *Queries) EnsureTimer(ctx context.Context, name string, first, latest time.Time) error {
	bound := int64(1) << 62
	if !latest.IsZero() {
		bound = latest.UnixMilli()
	}
	_, err := q.retried(ctx, `INSERT INTO work (kind, key, gen, ready_at, priority, changed_at) VALUES ($1, $2, 1, $3, 0, $5)
 ON CONFLICT (kind, key) DO UPDATE SET ready_at = CASE WHEN work.ready_at IS NULL OR work.parked = 1 THEN excluded.ready_at
  WHEN work.owner = '' AND work.ready_at > $4 THEN excluded.ready_at ELSE work.ready_at END, parked = 0`,
		KindTimer, name, first.UnixMilli(), bound, q.now().UnixMilli())
	return wrap(err, "ensure timer %s", name)
}

// WorkRow is the state of a key as an operator sees it.
type WorkRow struct {
	Key
	Gen, DoneGen int64
	ReadyAt      time.Time // zero: idle
	Priority     int
	Attempts     int
	Owner        string // "" unless leased
	Snoozed      bool
	Parked       bool
	LastError    string
	ChangedAt    time.Time
}

const workColumns = `kind, key, gen, done_gen, ready_at, priority, attempts, owner, snoozed, parked, last_error, changed_at`

func workDest(w *WorkRow) []any {
	return []any{&w.Kind, &w.ID, &w.Gen, &w.DoneGen, scanTime{&w.ReadyAt}, &w.Priority, &w.Attempts, &w.Owner, &w.Snoozed, &w.Parked, &w.LastError, scanTime{&w.ChangedAt}}
}

// Work is the row of one key.
func (q *Queries) Work(ctx context.Context, k Key) (WorkRow, error) {
	var w WorkRow
	err := one(ctx, q.r, workDest(&w), `SELECT `+workColumns+` FROM work WHERE kind = $1 AND key = $2`, k.Kind, k.ID)
	return w, wrap(err, "work %s %s", k.Kind, k.ID)
}

// ParkedWork lists up to n keys set aside as poison.
func (q *Queries) ParkedWork(ctx context.Context, n int) ([]WorkRow, error) {
	all, err := list(ctx, q.r, workDest, `SELECT `+workColumns+` FROM work WHERE parked = 1 ORDER BY kind, key LIMIT $1`, n)
	return all, wrap(err, "parked work")
}

// QueueStatsMost is up to where QueueStats counts: a number that reaches it says "at least so many".
const QueueStatsMost = 1000

// QueueStats counts the rows of one kind and priority, each up to QueueStatsMost.
type QueueStats struct {
	Kind     string
	Priority int
	Ready    int64 // due and not leased
	Waiting  int64 // due later: retries, snoozes, timers
	Running  int64 // leased
	Parked   int64
	Oldest   time.Time // since when the longest due one waits; zero if none is due
}

// queueStats goes from kind to kind and from priority to priority by the index work_queue, and reads nothing but that index: what is not idle and not leased
// stands there by time. Leased is no more than workers do at once.
var queueStats = func() string {
	const queue = ` FROM work WHERE kind = k.kind AND priority = p.priority AND ready_at IS NOT NULL AND owner = ''`
	upTo := func(which string) string {
		return `(SELECT count(*) FROM (SELECT 1` + queue + which + ` ORDER BY ready_at LIMIT $2) AS counted)`
	}
	return `WITH RECURSIVE kinds (kind) AS (SELECT min(kind) FROM work
 UNION ALL SELECT (SELECT min(w.kind) FROM work w WHERE w.kind > kinds.kind) FROM kinds WHERE kinds.kind IS NOT NULL),
 leased AS MATERIALIZED (SELECT kind, priority, count(*) AS n FROM work WHERE owner <> '' AND owner > '' AND ready_at IS NOT NULL GROUP BY kind, priority)
SELECT k.kind, p.priority, ` + strings.Join([]string{
		upTo(` AND parked = 0 AND ready_at <= $1`),
		upTo(` AND parked = 0 AND ready_at > $1`),
		`coalesce((SELECT n FROM leased WHERE kind = k.kind AND priority = p.priority), 0)`,
		upTo(` AND parked = 1`),
		`(SELECT min(ready_at)` + queue + ` AND parked = 0 AND ready_at <= $1)`,
	}, ",\n ") + `
FROM kinds k CROSS JOIN (SELECT 20 AS priority UNION ALL SELECT 10 UNION ALL SELECT 0) AS p WHERE k.kind IS NOT NULL ORDER BY k.kind, p.priority DESC`
}()

// QueueStats counts what is queued, by kind and priority. What it reads does not grow with the queue beyond QueueStatsMost rows of a sort.
func (q *Queries) QueueStats(ctx context.Context) ([]QueueStats, error) {
	all, err := list(ctx, q.r, func(s *QueueStats) []any {
		return []any{&s.Kind, &s.Priority, &s.Ready, &s.Waiting, &s.Running, &s.Parked, scanTime{&s.Oldest}}
	}, queueStats, q.now().UnixMilli(), QueueStatsMost)
	all = slices.DeleteFunc(all, func(s QueueStats) bool { return s.Ready+s.Waiting+s.Running+s.Parked == 0 })
	return all, wrap(err, "queue statistics")
}

// bound cuts an error text to what a row should hold.
func bound(s string) string {
	const most = 2000
	if len(s) > most {
		return s[:most] + " ..."
	}
	return s
}
