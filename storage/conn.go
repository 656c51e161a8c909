package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Errors that callers tell apart with errors.Is.
var (
	// ErrNotFound: no row has this key.
	ErrNotFound = errors.New("not found")
	// ErrConflict: a row that had to be new is there already.
	ErrConflict = errors.New("already there")
	// ErrFenced: the work was taken over by somebody else; the result must be dropped.
	ErrFenced = errors.New("lease lost to another worker")
	// ErrLocked: another process has this SQLite file.
	ErrLocked = errors.New("database in use by another process")
)

// conn runs statements: on a pool, or inside a transaction.
type conn interface {
	// exec returns the number of rows affected.
	exec(ctx context.Context, query string, args ...any) (int64, error)
	// query calls scan once for each row.
	query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error
}

// pool is a database whose writes may have to queue: database/sql hands a free connection to a random waiter, a channel to the first.
type pool struct {
	db   *sql.DB
	gate chan struct{} // nil where any number may run at once
	told func(query string, rows int)
}

func (p *pool) enter(ctx context.Context) error {
	if p.gate == nil {
		return nil
	}
	select {
	case p.gate <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *pool) leave() {
	if p.gate != nil {
		<-p.gate
	}
}

func (p *pool) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := p.enter(ctx); err != nil {
		return 0, err
	}
	defer p.leave()
	return execOn(ctx, p.db, query, args)
}

func (p *pool) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	if err := p.enter(ctx); err != nil {
		return err
	}
	defer p.leave()
	if p.told == nil {
		return queryOn(ctx, p.db, scan, query, args)
	}
	rows := 0
	err := queryOn(ctx, p.db, func(r *sql.Rows) error { rows++; return scan(r) }, query, args)
	p.told(query, rows)
	return err
}

// txConn runs statements inside a transaction.
type txConn struct {
	tx *sql.Tx
	// prepared holds what is run for each delivery, on SQLite: parsing it anew takes longer than running it.
	prepared map[string]*sql.Stmt
}

func (c txConn) exec(ctx context.Context, query string, args ...any) (int64, error) {
	if stmt := c.prepared[query]; stmt != nil {
		res, err := c.tx.StmtContext(ctx, stmt).ExecContext(ctx, portable(args)...) //nolint:sqlclosecheck // it ends with the transaction
		if err != nil {
			return 0, classify(err)
		}
		n, err := res.RowsAffected()
		return n, classify(err)
	}
	return execOn(ctx, c.tx, query, args)
}

func (c txConn) query(ctx context.Context, scan func(*sql.Rows) error, query string, args ...any) error {
	return queryOn(ctx, c.tx, scan, query, args)
}

type sqlConn interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func execOn(ctx context.Context, c sqlConn, query string, args []any) (int64, error) {
	res, err := c.ExecContext(ctx, query, portable(args)...)
	if err != nil {
		return 0, classify(err)
	}
	n, err := res.RowsAffected()
	return n, classify(err)
}

func queryOn(ctx context.Context, c sqlConn, scan func(*sql.Rows) error, query string, args []any) (err error) {
	rows, err := c.QueryContext(ctx, query, portable(args)...)
	if err != nil {
		return classify(err)
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = classify(cerr)
		}
	}()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return err
		}
	}
	return classify(rows.Err())
}

// portable turns arguments into what both databases take alike.
func portable(args []any) []any {
	for i, a := range args {
		switch v := a.(type) {
		case string:
			args[i] = clean(v)
		case bool:
			args[i] = flag(v)
		case int:
			args[i] = int64(v)
		case time.Time:
			args[i] = ms(v)
		}
	}
	return args
}

// clean frees text of what PostgreSQL refuses.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	if !utf8.ValidString(s) {
		s = strings.ToValidUTF8(s, "\uFFFD")
	}
	return s
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// ms is a time as it is stored: Unix milliseconds, or NULL for the zero time.
func ms(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// scanTime reads what ms wrote.
type scanTime struct{ t *time.Time }

func (s scanTime) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*s.t = time.Time{}
	case int64:
		*s.t = time.UnixMilli(v).UTC()
	default:
		return fmt.Errorf("storage: %T where a time in milliseconds was expected", src)
	}
	return nil
}

// one reads exactly one row into dest, or reports ErrNotFound.
func one(ctx context.Context, c conn, dest []any, query string, args ...any) error {
	found := false
	err := c.query(ctx, func(r *sql.Rows) error {
		if found {
			return nil
		}
		found = true
		return r.Scan(dest...)
	}, query, args...)
	if err == nil && !found {
		return ErrNotFound
	}
	return err
}

// list reads all rows by a function that names the destinations of one.
func list[T any](ctx context.Context, c conn, dest func(*T) []any, query string, args ...any) ([]T, error) {
	var all []T
	err := c.query(ctx, func(r *sql.Rows) error {
		var v T
		if err := r.Scan(dest(&v)...); err != nil {
			return err
		}
		all = append(all, v)
		return nil
	}, query, args...)
	return all, err
}

// must is the error of a statement that has to touch a row.
func must(n int64, err error) error {
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return err
}

// wrap names the call in an error, nil staying nil.
func wrap(err error, format string, args ...any) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("storage: "+format+": %w", append(args, err)...)
}

// placeholders writes "$from,$from+1,..." for n arguments.
func placeholders(from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "$%d", from+i)
	}
	return b.String()
}

// classify marks a broken unique key as ErrConflict.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		if c := lite.Code(); c == sqlite3.SQLITE_CONSTRAINT_UNIQUE || c == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
			return fmt.Errorf("%w: %w", ErrConflict, err)
		}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "23505" {
		return fmt.Errorf("%w: %w", ErrConflict, err)
	}
	return err
}

// retryable reports whether PostgreSQL asks for the whole transaction to be run again.
func retryable(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && (pg.Code == "40001" || pg.Code == "40P01")
}

// rowFault reports whether an error lies in the row that was written, not in the database: another row may well pass.
func rowFault(err error) bool {
	var lite *sqlite.Error
	if errors.As(err, &lite) {
		switch lite.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH, sqlite3.SQLITE_RANGE:
			return true
		}
		return false
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) && len(pg.Code) == 5 {
		switch pg.Code[:2] {
		case "22", "23", "54":
			return true
		}
	}
	return false
}
