// Package storagetest opens databases for tests and holds the one suite that both must pass.
package storagetest

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"milepost/storage"
)

// Opener opens one more store on the database of a test: on PostgreSQL any number, as replicas have them; on SQLite one at a
// time. Stores are closed when the test ends; closing one before is fine.
type Opener func(t testing.TB, opts storage.Options) *storage.Store

// Each runs a test on SQLite and on PostgreSQL, as parallel subtests, each with an empty database.
func Each(t *testing.T, fn func(t *testing.T, open Opener)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		fn(t, on(SQLiteDSN(t)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		fn(t, on(PostgresDSN(t)))
	})
}

// SQLiteDSN is the address of a database in a temporary folder of the test.
func SQLiteDSN(t testing.TB) string {
	t.Helper()
	return "sqlite://" + filepath.Join(t.TempDir(), "milepost.db")
}

// SQLite opens an empty SQLite database for a test.
func SQLite(t testing.TB) *storage.Store {
	t.Helper()
	return on(SQLiteDSN(t))(t, storage.Options{})
}

// Postgres opens an empty PostgreSQL database for a test, or skips it, as PostgresDSN says.
func Postgres(t testing.TB) *storage.Store {
	t.Helper()
	return on(PostgresDSN(t))(t, storage.Options{})
}

func on(dsn string) Opener {
	return func(t testing.TB, opts storage.Options) *storage.Store {
		t.Helper()
		if opts.Logger == nil {
			opts.Logger = slog.New(slog.DiscardHandler)
		}
		if opts.Readers == 0 {
			opts.Readers = 4 // many tests share one server
		}
		s, err := storage.Open(context.Background(), dsn, opts)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		return s
	}
}

// OpenSQLite opens an empty SQLite database for a test.
func OpenSQLite(t testing.TB, opts storage.Options) *storage.Store {
	t.Helper()
	return on(SQLiteDSN(t))(t, opts)
}
