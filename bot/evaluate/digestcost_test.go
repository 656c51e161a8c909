package evaluate

import (
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"milepost/bot/inforce"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestDigestOfAnotherDayCostsLittle: the hourly look at digests reads no standard of a repository on a day without one.
func TestDigestOfAnotherDayCostsLittle(t *testing.T) {
	t.Parallel()
	var settings atomic.Int64
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC) // a Tuesday
	store := storagetest.OpenSQLite(t, storage.Options{Now: func() time.Time { return now }, Read: func(query string, _ int) {
		if strings.Contains(query, "FROM settings") {
			settings.Add(1)
		}
	}})
	for id := int64(1); id <= 50; id++ {
		if err := store.PutRepository(t.Context(), storage.Repository{ID: id, InstallationID: 1, Owner: "acme", Name: fmt.Sprint("r", id)}); err != nil {
			t.Fatal(err)
		}
		report, err := store.PutReport(t.Context(), storage.Report{RepoID: id, RoadmapID: "backend", Commit: "c", CreatedAt: now})
		if err != nil || report == 0 {
			t.Fatal(err)
		}
	}
	if err := store.PutSetting(t.Context(), inforce.DefaultsKey("acme"), []byte(`{"digest":{"repo":"acme/r1","weekday":"monday"}}`)); err != nil {
		t.Fatal(err)
	}
	a := &Actor{Store: store, Now: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}
	if err := a.digests(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if n := settings.Load(); n != 1 {
		t.Errorf("%d settings were read for one owner", n)
	}
}
