package storage

import (
	"context"
	"database/sql"
	"fmt"
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

// LimitForTest lets a SQLite file grow to a number of pages and no further, as on a full disk.
func (s *Store) LimitForTest(ctx context.Context, pages int) error {
	var n int
	return one(ctx, s.w, []any{&n}, fmt.Sprintf("PRAGMA max_page_count = %d", pages))
}

// TablesForTest lists the tables of a SQLite database.
func (s *Store) TablesForTest(ctx context.Context) ([]string, error) {
	return list(ctx, s.r, func(v *string) []any { return []any{v} }, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'goose_db_version'`)
}

// DumpForTest shows each row of a table as a line.
func (s *Store) DumpForTest(ctx context.Context, table string) ([]string, error) {
	var all []string
	err := s.r.query(ctx, func(r *sql.Rows) error {
		columns, err := r.Columns()
		if err != nil {
			return err
		}
		row := make([]any, len(columns))
		dest := make([]any, len(columns))
		for i := range row {
			dest[i] = &row[i]
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		for i := range row {
			if b, is := row[i].([]byte); is && len(b) == 0 {
				row[i] = []byte(nil) // one driver reads it so, the other does not
			}
		}
		all = append(all, fmt.Sprintf("%q %#v", columns, row))
		return nil
	}, `SELECT * FROM `+table)
	return all, err
}

// NoteForTest notes a change of a repository.
func (s *Store) NoteForTest(id int64) { s.changes.note(id) }

// SizeForTest is the size of the database in bytes, room that is free inside it included.
func (s *Store) SizeForTest(ctx context.Context) (int64, error) {
	var n int64
	query := `SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()`
	if s.pg {
		query = `SELECT pg_database_size(current_database())`
	}
	err := one(ctx, s.r, []any{&n}, query)
	return n, wrap(err, "size")
}
