package bot

import (
	"context"
	"errors"
	"strconv"
	"time"

	"milepost/bot/gh"
	"milepost/storage"
	"milepost/storage/pace"
)

// limits keeps what is known of GitHub's limits in the database, so that all processes know it. What one installation's clients learn holds for all
// of them: a worker does not run into a limit that another one has hit, and together they keep the pace of new content.
type limits struct{ store *storage.Store }

// limitScope names an installation in the table of limits.
func limitScope(installation int64) string {
	if installation == 0 {
		return "app"
	}
	return strconv.FormatInt(installation, 10)
}

// limitResource is the part of GitHub's interface that is used.
const limitResource = "core"

// Blocked implements gh.Limits.
func (l limits) Blocked(ctx context.Context, installation int64) (time.Time, error) {
	got, err := l.store.RateLimit(ctx, limitScope(installation), limitResource)
	if errors.Is(err, storage.ErrNotFound) {
		return time.Time{}, nil
	}
	return got.BlockedUntil, err
}

// Note implements gh.Limits.
func (l limits) Note(ctx context.Context, installation int64, n gh.Limit) error {
	return l.store.NoteRateLimit(ctx, storage.RateLimit{Scope: limitScope(installation), Resource: limitResource, Limit: n.Limit, Remaining: n.Remaining, ResetAt: n.Reset, BlockedUntil: n.BlockedUntil})
}

// Create implements gh.Limits.
func (l limits) Create(ctx context.Context, installation int64, most pace.Limit, patient bool) (time.Time, error) {
	return l.store.TakePace(ctx, limitScope(installation), most, patient)
}
