package storage

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// tables are all tables of the schema; identity are those whose ids the database gives.
var (
	tables = [...]string{"deliveries", "work", "installations", "repositories", "facts", "snapshots", "reports", "earned", "statuses", "activity", "publications", "pulls",
		"signoffs", "claims", "skips", "notes", "users", "sessions", "access", "settings", "events", "rate_limits", "commands", "etags"}
	identity = [...]string{"deliveries", "reports", "signoffs", "claims", "notes", "events"}
)

// Copy copies everything from one database to another that has the schema and no data, of either kind, and returns the rows copied by table. Nobody
// may write to from meanwhile. It is all or nothing. Leases are not taken over: what was being worked on is due.
func Copy(ctx context.Context, from, to *Store) (map[string]int64, error) {
	copied := map[string]int64{}
	err := to.atomic(ctx, func(q *Queries) error {
		for _, t := range tables {
			var n int64
			if err := one(ctx, q.r, []any{&n}, `SELECT count(*) FROM `+t); err != nil {
				return err
			}
			if n > 0 {
				return fmt.Errorf("the table %s of the target has %d rows: %w", t, n, ErrConflict)
			}
		}
		for _, t := range tables {
			n, err := copyTable(ctx, from, q, t)
			if err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
			copied[t] = n
		}
		if _, err := q.RescueLeases(ctx); err != nil {
			return err
		}
		if !q.pg {
			return nil
		}
		for _, t := range identity {
			// The rows brought their ids along; the next one must not take one of them.
			if err := q.w.query(ctx, func(*sql.Rows) error { return nil },
				`SELECT setval(pg_get_serial_sequence('`+t+`', 'id'), coalesce((SELECT max(id) FROM `+t+`), 1))`); err != nil {
				return fmt.Errorf("%s: %w", t, err)
			}
		}
		return nil
	})
	return copied, wrap(err, "copy")
}

// neededBlobs are the columns of a table that hold a blob and never NULL. SQLite's driver reads one without bytes as NULL.
func (s *Store) neededBlobs(ctx context.Context, table string) ([]string, error) {
	if s.pg {
		return nil, nil
	}
	return list(ctx, s.r, func(v *string) []any { return []any{v} }, `SELECT name FROM pragma_table_info($1) WHERE "notnull" = 1 AND type = 'BLOB'`, table)
}

func copyTable(ctx context.Context, from *Store, to *Queries, table string) (n int64, err error) {
	const batch = 50
	var columns []string
	var empty []bool // by column: what reads as nil is a blob without bytes
	needed, err := from.neededBlobs(ctx, table)
	if err != nil {
		return 0, err
	}
	var args []any
	flush := func() error {
		if len(args) == 0 {
			return nil
		}
		_, err := to.w.exec(ctx, `INSERT INTO `+table+` (`+strings.Join(columns, ", ")+`) VALUES `+tuples(len(args)/len(columns), len(columns)), args...)
		args = args[:0]
		return err
	}
	err = from.r.query(ctx, func(r *sql.Rows) error {
		if columns == nil {
			names, err := r.Columns()
			if err != nil {
				return err
			}
			for _, c := range names {
				columns = append(columns, `"`+c+`"`)
				empty = append(empty, slices.Contains(needed, c))
			}
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
			if b, _ := row[i].([]byte); len(b) == 0 && empty[i] {
				row[i] = []byte{}
			}
		}
		args = append(args, row...)
		if n++; len(args) >= batch*len(columns) {
			return flush()
		}
		return nil
	}, `SELECT * FROM `+table)
	if err != nil {
		return n, err
	}
	return n, flush()
}
