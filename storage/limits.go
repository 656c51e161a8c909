package storage

import (
	"context"
	"encoding/binary"
	"time"

	"milepost/storage/pace"
)

// RateLimit is what is known of a GitHub rate limit.
type RateLimit struct {
	Scope        string // installation id in decimal, or "app"
	Resource     string // GitHub's name of it, such as core
	Limit        int
	Remaining    int
	ResetAt      time.Time
	BlockedUntil time.Time // secondary limit or Retry-After; zero: none
	UpdatedAt    time.Time
}

func rateLimitDest(l *RateLimit) []any {
	return []any{&l.Scope, &l.Resource, &l.Limit, &l.Remaining, scanTime{&l.ResetAt}, scanTime{&l.BlockedUntil}, scanTime{&l.UpdatedAt}}
}

const rateLimitSelect = `SELECT scope, resource, "limit", remaining, reset_at, blocked_until, updated_at FROM rate_limits`

// longestBlock is more than GitHub asks anybody to wait. What is stored beyond it comes from a clock that was set back since.
const longestBlock = 2 * time.Hour

// NoteRateLimit stores what an answer said of a limit. What it did not say (a Limit of 0) stays, and so does a later BlockedUntil.
func (q *Queries) NoteRateLimit(ctx context.Context, l RateLimit) error {
	_, err := q.w.exec(ctx, `INSERT INTO rate_limits (scope, resource, "limit", remaining, reset_at, blocked_until, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
 ON CONFLICT (scope, resource) DO UPDATE SET
 "limit" = CASE WHEN excluded."limit" = 0 THEN rate_limits."limit" ELSE excluded."limit" END,
 remaining = CASE WHEN excluded."limit" = 0 THEN rate_limits.remaining ELSE excluded.remaining END,
 reset_at = CASE WHEN excluded."limit" = 0 THEN rate_limits.reset_at ELSE excluded.reset_at END,
 blocked_until = CASE WHEN excluded.blocked_until IS NULL OR rate_limits.blocked_until > excluded.blocked_until AND rate_limits.blocked_until <= $8 THEN rate_limits.blocked_until ELSE excluded.blocked_until END,
 updated_at = excluded.updated_at`,
		l.Scope, l.Resource, l.Limit, l.Remaining, l.ResetAt, l.BlockedUntil, q.now(), q.now().Add(longestBlock))
	return wrap(err, "note rate limit %s %s", l.Scope, l.Resource)
}

// RateLimit is the state of one limit.
func (q *Queries) RateLimit(ctx context.Context, scope, resource string) (RateLimit, error) {
	var l RateLimit
	err := one(ctx, q.r, rateLimitDest(&l), rateLimitSelect+` WHERE scope = $1 AND resource = $2`, scope, resource)
	return l, wrap(err, "rate limit %s %s", scope, resource)
}

// RateLimits lists all.
func (q *Queries) RateLimits(ctx context.Context) ([]RateLimit, error) {
	all, err := list(ctx, q.r, rateLimitDest, rateLimitSelect+` ORDER BY scope, resource`)
	return all, wrap(err, "rate limits")
}

// TakePace notes that something is done now under a key, in windows that all processes share, as pace.Log.Take does: until is the zero time, or when it
// should be tried again.
func (q *Queries) TakePace(ctx context.Context, key string, most pace.Limit, patient bool) (until time.Time, err error) {
	err = q.atomically(ctx, func(q *Queries) error {
		now := q.now()
		var raw []byte
		// Taking the row first locks it until the end of the transaction: one taker of a key after another.
		if err := one(ctx, q.w, []any{&raw}, `INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3)
 ON CONFLICT (key) DO UPDATE SET updated_at = excluded.updated_at RETURNING value`, paceKey(key), []byte{}, now); err != nil {
			return err
		}
		l := readPace(raw)
		until = l.Take(now, most, patient)
		_, err := q.w.exec(ctx, `UPDATE settings SET value = $2 WHERE key = $1`, paceKey(key), writePace(l))
		return err
	})
	return until, wrap(err, "pace of %s", key)
}

func paceKey(key string) string { return "pace/" + key }

// promised marks, in the row of a pace, a turn that is promised.
const promised = 1 << 63

func readPace(raw []byte) (l pace.Log) {
	for ; len(raw) >= 8; raw = raw[8:] {
		v := binary.BigEndian.Uint64(raw)
		at := time.UnixMilli(int64(v &^ promised)) //nolint:gosec // below 1<<63
		if v&promised != 0 {
			l.Promised = append(l.Promised, at)
		} else {
			l.Done = append(l.Done, at)
		}
	}
	return l
}

func writePace(l pace.Log) []byte {
	raw := make([]byte, 0, 8*(len(l.Done)+len(l.Promised)))
	for _, at := range l.Done {
		raw = binary.BigEndian.AppendUint64(raw, uint64(at.UnixMilli())) //nolint:gosec // times after 1970
	}
	for _, at := range l.Promised {
		raw = binary.BigEndian.AppendUint64(raw, uint64(at.UnixMilli())|promised) //nolint:gosec // times after 1970
	}
	return raw
}
