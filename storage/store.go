package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Queries are the statements of the store. See the package comment for how Store and Tx share them.
type Queries struct {
	r, w conn
	now  func() time.Time
	pg   bool
	woke *bool // inside a transaction: whether workers are to be woken after its commit
	// changes is told of the repositories that change; touched are those of a transaction.
	changes *changes
	touched *[]int64
	// atomically runs a function in one transaction: a new one on a Store, the same on a Tx.
	atomically func(ctx context.Context, fn func(*Queries) error) error
}

// Tx is one transaction. It is valid only inside the function it was handed to.
type Tx struct{ *Queries }

// Store is an open database. It is safe for concurrent use.
type Store struct {
	*Queries
	writer, reader *pool
	target         target
	log            *slog.Logger
	lock           *fileLock            // SQLite, unless shared
	prepared       map[string]*sql.Stmt // SQLite

	ingest *committer
	wakes  *wakes

	closing   context.CancelFunc
	wg        sync.WaitGroup
	closeOnce sync.Once
	closeErr  error
}

// Options of Open. The zero value is right for a server.
type Options struct {
	// Shared opens a SQLite file beside a process that owns it, for reading or a small change: it takes no lock, rescues no leases and
	// applies no migrations. It has no effect on PostgreSQL but the last.
	Shared bool
	// NoMigrate leaves the schema as it is.
	NoMigrate bool
	// ReadOnly takes the lock of a SQLite file that is there, and changes nothing in it: leases and schema stay as they are. It is for copying.
	ReadOnly bool
	// Readers is the number of reading connections on SQLite (default 4), or of all connections on PostgreSQL (default 16).
	Readers int
	// Now is the clock (default time.Now).
	Now func() time.Time
	// Logger takes what goes on in the background (default slog.Default()).
	Logger *slog.Logger
	// Read, if set, is told of every query outside a transaction and how many rows it gave: what a page costs can be counted.
	Read func(query string, rows int)
}

// DefaultFile is the SQLite file used when no database is named.
const DefaultFile = "milepost.db"

type target struct {
	pg   bool
	path string // SQLite
	conn *pgx.ConnConfig
}

// parseDSN understands "", sqlite://, sqlite:///abs/path, sqlite:path and postgres://...
func parseDSN(dsn string) (target, error) {
	switch {
	case strings.HasPrefix(dsn, "postgres://"), strings.HasPrefix(dsn, "postgresql://"):
		cfg, err := pgx.ParseConfig(dsn)
		if err != nil {
			// pgx leaves the password out of this error.
			return target{}, fmt.Errorf("storage: DATABASE_URL is not a valid postgres:// address: %w", err)
		}
		return target{pg: true, conn: cfg}, nil
	case dsn == "", strings.HasPrefix(dsn, "sqlite:"):
		path := strings.TrimPrefix(strings.TrimPrefix(dsn, "sqlite:"), "//")
		if strings.Contains(path, "?") {
			return target{}, errors.New("storage: DATABASE_URL for SQLite is sqlite:// and a path, without options after it")
		}
		if path == "" {
			path = DefaultFile
		}
		abs, err := filepath.Abs(path)
		if err != nil {
			return target{}, fmt.Errorf("storage: path %s: %w", path, err)
		}
		return target{path: abs}, nil
	default:
		scheme, _, _ := strings.Cut(dsn, ":")
		if len(scheme) > 20 {
			scheme = "this"
		}
		return target{}, fmt.Errorf("storage: DATABASE_URL begins with %q: sqlite:///absolute/path or postgres://user:password@host/name is needed", scheme)
	}
}

// CheckURL says what is wrong with the address of a database, as [Open] takes it, without opening it.
func CheckURL(dsn string) error {
	_, err := parseDSN(dsn)
	return err
}

// Open opens the database named by dsn, brings its schema up to date and starts what runs in the background.
// On SQLite it takes the lock of the file (ErrLocked if another process has it) and frees the leases that
// a crashed process left. Close must be called.
func Open(ctx context.Context, dsn string, opts Options) (*Store, error) {
	t, err := parseDSN(dsn)
	if err != nil {
		return nil, err
	}
	if opts.Now == nil {
		opts.Now = time.Now
	}
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	s := &Store{target: t, log: opts.Logger, wakes: &wakes{}}
	heard := &changes{base: 1, deaf: t.pg} // SQLite has no other writer
	if t.pg {
		err = s.openPostgres(ctx, opts)
	} else {
		err = s.openSQLite(ctx, opts)
	}
	if err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	s.Queries = &Queries{r: s.reader, w: s.writer, now: opts.Now, pg: t.pg, changes: heard, atomically: s.atomic}
	if err := s.prepare(ctx, opts); err != nil {
		return nil, errors.Join(err, s.closeFiles())
	}
	bg, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.closing = cancel
	s.ingest = newCommitter(s)
	s.wg.Go(func() { s.ingest.run() })
	if t.pg {
		s.wg.Go(func() { s.listen(bg) })
	}
	return s, nil
}

func (s *Store) prepare(ctx context.Context, opts Options) error {
	if opts.ReadOnly {
		return nil
	}
	if !opts.Shared && !opts.NoMigrate {
		if _, err := s.Migrate(ctx); err != nil {
			return err
		}
	}
	if !s.pg && !opts.Shared {
		has, err := s.hasSchema(ctx)
		if err != nil || !has {
			return err
		}
		n, err := s.RescueLeases(ctx)
		if err != nil {
			return err
		}
		if n > 0 {
			s.log.Info("storage: work of a process that ended abruptly goes on", "rows", n)
		}
		s.prepared = map[string]*sql.Stmt{}
		for _, stmt := range []string{insertDelivery, enqueueOne} {
			if s.prepared[stmt], err = s.writer.db.PrepareContext(ctx, stmt); err != nil { //nolint:sqlclosecheck // Close closes them
				return wrap(err, "prepare")
			}
		}
	}
	return nil
}

func (s *Store) openSQLite(ctx context.Context, opts Options) error {
	path := s.target.path
	if opts.Shared || opts.ReadOnly {
		if _, err := os.Stat(path); err != nil {
			if where := new(os.PathError); errors.As(err, &where) {
				err = where.Err // it names the path once more
			}
			return fmt.Errorf("storage: open %s: %w", path, err)
		}
	}
	if !opts.Shared {
		lock, err := s.lockSQLite()
		if err != nil {
			return err
		}
		s.lock = lock
		if err := keepPrivate(path); err != nil {
			return fmt.Errorf("storage: open %s: %w", path, err)
		}
	}
	if opts.Readers <= 0 {
		opts.Readers = 4
	}
	base := s.target.sqliteDSN()
	w, err := sql.Open("sqlite", base+"&_txlock=immediate&_journal_mode=WAL&_synchronous=FULL&_pragma=wal_autocheckpoint(2000)&_pragma=journal_size_limit(67108864)")
	if err != nil {
		return fmt.Errorf("storage: open %s: %w", path, err)
	}
	w.SetMaxOpenConns(1)
	w.SetMaxIdleConns(1)
	s.writer = &pool{db: w, gate: make(chan struct{}, 1), told: opts.Read}
	if err := w.PingContext(ctx); err != nil {
		return fmt.Errorf("storage: open %s: %w", path, err)
	}
	r, err := sql.Open("sqlite", base+"&_query_only=1")
	if err != nil {
		return fmt.Errorf("storage: open %s: %w", path, err)
	}
	r.SetMaxOpenConns(opts.Readers)
	r.SetMaxIdleConns(opts.Readers)
	s.reader = &pool{db: r, told: opts.Read}
	return nil
}

// keepPrivate makes the file of a new database for its owner alone, since it holds keys; SQLite gives those beside it the same mode. What an older version
// made open to everybody is closed to strangers, while a group that the operator let in stays.
func keepPrivate(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, name := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(name)
		if err != nil {
			continue // there is none
		}
		if mode := info.Mode().Perm(); mode&0o007 != 0 {
			if err := os.Chmod(name, mode&^0o007); err != nil {
				return fmt.Errorf("others can read it: %w", err)
			}
		}
	}
	return nil
}

// sqliteDSN is the driver's address of the file; more options can follow. Pragmas stand in the address because an Exec would reach one connection of the pool only.
func (t target) sqliteDSN() string {
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: t.path}).EscapedPath()}).String() + "?_busy_timeout=10000&_foreign_keys=1&_pragma=cache_size(-8192)"
}

func (s *Store) lockSQLite() (*fileLock, error) {
	path := s.target.path
	lock, err := lockFile(path + ".lock")
	if errors.Is(err, ErrLocked) {
		return nil, fmt.Errorf("storage: %s belongs to another running milepost; stop that one, or give this one a DATABASE_URL of its own: %w", path, err)
	}
	if err != nil {
		return nil, fmt.Errorf("storage: lock %s: %w (the folder must exist and be writable)", path, err)
	}
	return lock, nil
}

func (s *Store) openPostgres(ctx context.Context, opts Options) error {
	if opts.Readers <= 0 {
		opts.Readers = 16
	}
	db := stdlib.OpenDB(*s.target.conn)
	db.SetMaxOpenConns(opts.Readers)
	db.SetMaxIdleConns(opts.Readers)
	db.SetConnMaxIdleTime(5 * time.Minute)
	s.writer = &pool{db: db, told: opts.Read}
	s.reader = s.writer
	if err := db.PingContext(ctx); err != nil {
		return fmt.Errorf("storage: connect to PostgreSQL at %s:%d: %w", s.target.conn.Host, s.target.conn.Port, err)
	}
	return nil
}

// Postgres reports whether the store is a PostgreSQL server, which several processes may share.
func (s *Store) Postgres() bool { return s.pg }

// Path is the SQLite file, or "" on PostgreSQL.
func (s *Store) Path() string { return s.target.path }

// Ping reports whether the database can be read and written to.
func (s *Store) Ping(ctx context.Context) error {
	if err := s.reader.db.PingContext(ctx); err != nil {
		return fmt.Errorf("storage: ping: %w", err)
	}
	// An empty transaction takes SQLite's write lock, so that a database that is locked or gone shows.
	return wrap(s.atomic(ctx, func(*Queries) error { return nil }), "ping")
}

// WithTx runs fn in one transaction and commits it if fn returns nil. PostgreSQL may ask for a second
// run (deadlock, serialisation), so fn must not change anything outside tx that it does not set anew.
func (s *Store) WithTx(ctx context.Context, fn func(tx *Tx) error) error {
	return s.atomic(ctx, func(q *Queries) error { return fn(&Tx{q}) })
}

func (s *Store) atomic(ctx context.Context, fn func(*Queries) error) error {
	for try := 0; ; try++ {
		err := s.atomicOnce(ctx, fn)
		if err == nil || try == 3 || !retryable(err) {
			return err
		}
	}
}

func (s *Store) atomicOnce(ctx context.Context, fn func(*Queries) error) error {
	if err := s.writer.enter(ctx); err != nil {
		return err
	}
	defer s.writer.leave()
	tx, err := s.writer.db.BeginTx(ctx, nil)
	if err != nil {
		return classify(err)
	}
	committed := false
	defer func() {
		if !committed {
			_ = tx.Rollback() // the first error counts; also on a panic of fn
		}
	}()
	c := txConn{tx, s.prepared}
	q := &Queries{r: c, w: c, now: s.now, pg: s.pg, woke: new(bool), changes: s.changes, touched: new([]int64)}
	defer func() { s.changes.note(*q.touched...) }()
	q.atomically = func(_ context.Context, inner func(*Queries) error) error { return inner(q) }
	if err := fn(q); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return classify(err)
	}
	committed = true
	if *q.woke {
		s.wakes.all()
	}
	return nil
}

// Close ends what runs in the background, first committing what Accept was given, and closes the database. It can be called twice.
func (s *Store) Close() error {
	s.closeOnce.Do(func() {
		s.ingest.stop()
		s.closing()
		s.wg.Wait()
		s.closeErr = s.closeFiles()
	})
	return s.closeErr
}

func (s *Store) closeFiles() error {
	var errs []error
	for _, stmt := range s.prepared {
		errs = append(errs, stmt.Close())
	}
	if s.reader != nil && s.reader != s.writer {
		errs = append(errs, s.reader.db.Close())
	}
	if s.writer != nil {
		errs = append(errs, s.writer.db.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.unlock())
		s.lock = nil
	}
	return errors.Join(errs...)
}
