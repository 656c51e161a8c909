package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
)

// Backup writes a copy of a SQLite database, as it is at this moment, to a new file, while everything goes on. The copy is compact
// and opens like any database. A file that exists is ErrConflict. PostgreSQL has tools of its own for this.
func (s *Store) Backup(ctx context.Context, path string) (err error) {
	if s.pg {
		return errors.New("storage: back up PostgreSQL with pg_dump")
	}
	// An empty file of ours alone: what is in it must not be open to others for a moment.
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // the operator names the file
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("storage: back up to %s: %w", path, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("storage: back up: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("storage: back up: %w", err)
	}
	// A connection of its own: the readers' may not write anywhere, and the writer is needed.
	db, err := sql.Open("sqlite", s.target.sqliteDSN())
	if err != nil {
		return fmt.Errorf("storage: back up: %w", err)
	}
	defer func() {
		if err = errors.Join(err, db.Close()); err != nil {
			_ = os.Remove(path) // half a copy is none
		}
	}()
	if _, err := db.ExecContext(ctx, `VACUUM INTO $1`, path); err != nil {
		return fmt.Errorf("storage: back up to %s: %w", path, err)
	}
	return nil
}
