package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"

	"milepost/storage/migrations"
)

// advisoryLock is the key under which processes that share a PostgreSQL take turns to migrate ("mile" in ASCII).
const advisoryLock = 0x6d696c65

// Migration is one step of the schema.
type Migration struct {
	Version   int64
	Name      string    // file name
	AppliedAt time.Time // zero while pending
}

// Migrate applies the pending steps of the schema, one process at a time, and returns them.
func (s *Store) Migrate(ctx context.Context) ([]Migration, error) {
	unlock, err := s.lockSchema(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock()
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	done, err := p.Up(ctx)
	if err != nil {
		return nil, fmt.Errorf("storage: migrate: %w", err)
	}
	var all []Migration
	for _, r := range done {
		all = append(all, Migration{Version: r.Source.Version, Name: r.Source.Path, AppliedAt: s.clock()})
	}
	return all, nil
}

// MigrationStatus lists all known steps of the schema in order. It changes nothing but goose's own table, which it creates if missing.
func (s *Store) MigrationStatus(ctx context.Context) ([]Migration, error) {
	p, err := s.provider()
	if err != nil {
		return nil, err
	}
	status, err := p.Status(ctx)
	if err != nil {
		return nil, fmt.Errorf("storage: migration status: %w", err)
	}
	var all []Migration
	for _, m := range status {
		all = append(all, Migration{Version: m.Source.Version, Name: m.Source.Path, AppliedAt: m.AppliedAt})
	}
	return all, nil
}

func (s *Store) clock() time.Time {
	if s.Queries != nil && s.now != nil {
		return s.now()
	}
	return time.Now()
}

func (s *Store) provider() (*goose.Provider, error) {
	dialect, dir := goose.DialectSQLite3, "sqlite"
	if s.target.pg {
		dialect, dir = goose.DialectPostgres, "postgres"
	}
	sub, err := fs.Sub(migrations.FS, dir)
	if err != nil {
		return nil, fmt.Errorf("storage: migrations: %w", err)
	}
	p, err := goose.NewProvider(dialect, s.writer.db, sub, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return nil, fmt.Errorf("storage: migrations: %w", err)
	}
	return p, nil
}

// lockSchema keeps two processes from migrating at once: two that start together on an empty database would both create its tables.
func (s *Store) lockSchema(ctx context.Context) (unlock func(), err error) {
	if s.target.pg {
		return s.lockPostgres(ctx)
	}
	if s.lock != nil {
		return func() {}, nil // the file is ours alone already
	}
	lock, err := s.lockSQLite()
	if err != nil {
		return nil, err
	}
	return func() { _ = lock.unlock() }, nil
}

func (s *Store) lockPostgres(ctx context.Context) (unlock func(), err error) {
	c, err := s.writer.db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("storage: lock for migrating: %w", err)
	}
	if _, err := c.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(advisoryLock)); err != nil {
		return nil, errors.Join(fmt.Errorf("storage: lock for migrating: %w", err), c.Close())
	}
	return func() {
		// The lock belongs to the session: if it cannot be given back, the session must end.
		bg, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		if _, err := c.ExecContext(bg, `SELECT pg_advisory_unlock($1)`, int64(advisoryLock)); err != nil {
			_ = c.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = c.Close()
	}, nil
}

// hasSchema reports whether the work table is there, which a store opened with NoMigrate may lack.
func (s *Store) hasSchema(ctx context.Context) (bool, error) {
	var n int
	err := one(ctx, s.reader, []any{&n}, `SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'work'`)
	return n > 0, wrap(err, "read schema")
}
