package storage

import (
	"context"
	"database/sql"
)

// ExecForTest runs a statement as it is.
func (s *Store) ExecForTest(ctx context.Context, stmt string) error {
	_, err := s.w.exec(ctx, stmt)
	return err
}

// QueryForTest reads on a reading connection.
func (s *Store) QueryForTest(ctx context.Context, scan func(*sql.Rows) error, query string) error {
	return s.r.query(ctx, scan, query)
}

// WriterPragmaForTest reads a pragma on the writing connection.
func (s *Store) WriterPragmaForTest(ctx context.Context, name string) (string, error) {
	var v string
	err := one(ctx, s.w, []any{&v}, "PRAGMA "+name)
	return v, err
}
