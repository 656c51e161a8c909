package storage_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/storage"
	"milepost/storage/storagetest"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) { storagetest.Exercise(t, open) })
}

func TestDSN(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for dsn, want := range map[string]string{
		"":                            filepath.Join(dir, "milepost.db"),
		"sqlite://":                   filepath.Join(dir, "milepost.db"),
		"sqlite:rel.db":               filepath.Join(dir, "rel.db"),
		"sqlite://" + dir + "/abs.db": filepath.Join(dir, "abs.db"),
		"sqlite://" + dir + "/odd name%41#x&y.db": filepath.Join(dir, "odd name%41#x&y.db"),
	} {
		s, err := storage.Open(t.Context(), dsn, storage.Options{})
		if err != nil {
			t.Errorf("%q: %v", dsn, err)
			continue
		}
		if s.Path() != want {
			t.Errorf("%q opens %s, want %s", dsn, s.Path(), want)
		}
		if _, err := os.Stat(want); err != nil {
			t.Errorf("%q: %v", dsn, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, dsn := range []string{"mysql://x", "sqlite:///x?mode=ro", "postgres://:5432:x/", "milepost.db", "sqlite://" + dir + "/no/such/folder.db"} {
		s, err := storage.Open(t.Context(), dsn, storage.Options{})
		if err == nil {
			t.Errorf("%q: accepted", dsn)
			_ = s.Close()
		}
	}
	_, err := storage.Open(t.Context(), "postgres://u:topsecret@127.0.0.1:1/x?connect_timeout=1", storage.Options{})
	if err == nil || strings.Contains(err.Error(), "topsecret") {
		t.Errorf("error with a password in it, or none: %v", err)
	}
}

// TestOneServerPerFile: a second server on one file gets one clear sentence; a visitor does not, and leaves leases alone.
func TestOneServerPerFile(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLiteDSN(t)
	s, err := storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	key := storage.Key{Kind: "k", ID: "1"}
	if err := s.Enqueue(t.Context(), storage.Wish{Key: key}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimWork(t.Context(), "me", []string{"k"}, time.Hour, 1, 0); err != nil {
		t.Fatal(err)
	}
	_, err = storage.Open(t.Context(), dsn, storage.Options{})
	if !errors.Is(err, storage.ErrLocked) || !strings.Contains(err.Error(), "another running milepost") {
		t.Fatalf("second server: %v", err)
	}
	visitor, err := storage.Open(t.Context(), dsn, storage.Options{Shared: true})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := visitor.Work(t.Context(), key); err != nil || w.Owner != "me" {
		t.Errorf("the visitor sees %+v, %v", w, err)
	}
	if _, err := visitor.Migrate(t.Context()); !errors.Is(err, storage.ErrLocked) {
		t.Errorf("the visitor migrates: %v", err)
	}
	if err := errors.Join(visitor.Close(), s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	s, err = storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if w, err := s.Work(t.Context(), key); err != nil || w.Owner != "" || w.ReadyAt.After(time.Now()) {
		t.Errorf("not rescued: %+v, %v", w, err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := storage.Open(t.Context(), storagetest.SQLiteDSN(t), storage.Options{Shared: true}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a visitor makes a file: %v", err)
	}
}

// TestStartTogether: replicas that start at once on an empty database take turns to make its tables.
func TestStartTogether(t *testing.T) {
	t.Parallel()
	dsn := storagetest.PostgresDSN(t)
	var wg sync.WaitGroup
	for range 6 {
		wg.Go(func() {
			s, err := storage.Open(t.Context(), dsn, storage.Options{Readers: 3})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestNewerSchema: during a rolling update a program meets steps that it does not know yet.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		s := open(t, storage.Options{})
		if err := s.ExecForTest(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, `+map[bool]string{true: "true", false: "1"}[s.Postgres()]+`)`); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		s = open(t, storage.Options{})
		if _, err := s.MigrationStatus(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Accept(t.Context(), storage.Delivery{GUID: "x"}); err != nil {
			t.Fatal(err)
		}
	})
}

// TestRollingUpdate: while a newer version of the program, whose step of the schema adds a column to every table, a table and an index, shares the database, this one
// does everything that it did before, on the connections it had as well as on new ones.
func TestRollingUpdate(t *testing.T) {
	t.Parallel()
	tables, err := storagetest.SQLite(t).TablesForTest(t.Context())
	if err != nil || len(tables) < 10 {
		t.Fatalf("tables %v, %v", tables, err)
	}
	update := func(t *testing.T, s *storage.Store) {
		t.Helper()
		step := []string{`CREATE TABLE next_things (id BIGINT PRIMARY KEY, what TEXT NOT NULL)`, `CREATE INDEX next_work ON work (kind, changed_at)`,
			`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, ` + map[bool]string{true: "true", false: "1"}[s.Postgres()] + `)`}
		for _, table := range tables {
			step = append(step, `ALTER TABLE `+table+` ADD COLUMN next_column TEXT NOT NULL DEFAULT 'x'`)
		}
		for _, stmt := range step {
			if err := s.ExecForTest(t.Context(), stmt); err != nil {
				t.Fatalf("%s: %v", stmt, err)
			}
		}
	}
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		updated := false
		storagetest.Exercise(t, func(tb testing.TB, opts storage.Options) *storage.Store {
			tb.Helper()
			s := open(tb, opts)
			if !updated {
				updated = true
				life := func(n int) { // of a delivery, on the connections that the store has
					t.Helper()
					key := storage.Key{Kind: "rolling", ID: "1"}
					_, err := s.Accept(t.Context(), storage.Delivery{GUID: fmt.Sprint("rolling", n), Mailbox: key, Fields: []byte("{}")})
					claims, cerr := s.ClaimWork(t.Context(), "w", []string{"rolling"}, time.Minute, 1, 0)
					if errors.Join(err, cerr) != nil || len(claims) != 1 {
						t.Fatal(len(claims), err, cerr)
					}
					box, err := s.Mailbox(t.Context(), &claims[0], 0)
					if err != nil || len(box) != 1 {
						t.Fatal(len(box), err)
					}
					if err := errors.Join(s.FinishDeliveries(t.Context(), box[0].ID), s.FinishWork(t.Context(), &claims[0], time.Time{})); err != nil {
						t.Fatal(err)
					}
				}
				for n := range 20 { // every connection has its statements ready
					life(n)
				}
				update(t, s)
				for n := range 20 {
					life(100 + n)
				}
			}
			return s
		})
		if !updated {
			t.Error("nothing was updated")
		}
	})
}

// TestSchemasAgree: the steps for both databases lead to the same tables, columns and indexes.
func TestSchemasAgree(t *testing.T) {
	t.Parallel()
	lite := storagetest.SQLite(t)
	pg := storagetest.Postgres(t)
	columns := func(s *storage.Store, query string) (all []string) {
		t.Helper()
		err := s.QueryForTest(t.Context(), func(r *sql.Rows) error {
			var v string
			err := r.Scan(&v)
			all = append(all, v)
			return err
		}, query)
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(all)
		return all
	}
	a := columns(lite, `SELECT m.name || '.' || c.name || CASE WHEN c."notnull" = 1 OR c.pk > 0 THEN ' not null ' ELSE ' ' END || c.type FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name <> 'goose_db_version'`)
	b := columns(pg, `SELECT table_name || '.' || column_name || CASE WHEN is_nullable = 'NO' THEN ' not null ' ELSE ' ' END || CASE data_type WHEN 'bigint' THEN 'INTEGER' WHEN 'text' THEN 'TEXT' WHEN 'bytea' THEN 'BLOB' ELSE data_type END
 FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'`)
	if len(a) < 100 {
		t.Fatalf("only %d columns", len(a))
	}
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("columns (-sqlite +postgres):\n%s", d)
	}
	a = columns(lite, `SELECT name FROM sqlite_master WHERE type = 'index' AND name NOT LIKE 'sqlite_%'`)
	b = columns(pg, `SELECT indexname FROM pg_indexes WHERE schemaname = 'public' AND indexname NOT LIKE '%_pkey' AND indexname NOT LIKE '%_key'`)
	if d := cmp.Diff(a, b); d != "" {
		t.Errorf("indexes (-sqlite +postgres):\n%s", d)
	}
}

// TestPragmas: what makes SQLite durable holds on the connection that writes, and readers cannot write.
func TestPragmas(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	for pragma, want := range map[string]string{"journal_mode": "wal", "synchronous": "2", "busy_timeout": "10000", "foreign_keys": "1"} {
		got, err := s.WriterPragmaForTest(t.Context(), pragma)
		if err != nil || got != want {
			t.Errorf("%s = %s, want %s (%v)", pragma, got, want, err)
		}
	}
	err := s.QueryForTest(t.Context(), func(*sql.Rows) error { return nil }, `DELETE FROM work RETURNING key`)
	if err == nil {
		t.Error("a reading connection deleted")
	}
}

// TestPoisonInBatch: a delivery that the database refuses fails alone, not with those that share its commit.
func TestPoisonInBatch(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		s := open(t, storage.Options{})
		trigger := []string{`CREATE TRIGGER poison BEFORE INSERT ON deliveries WHEN NEW.event = 'poison' BEGIN SELECT RAISE(ABORT, 'poison'); END`}
		if s.Postgres() {
			trigger = []string{`ALTER TABLE deliveries ADD CONSTRAINT poison CHECK (event <> 'poison')`}
		}
		for _, stmt := range trigger {
			if err := s.ExecForTest(t.Context(), stmt); err != nil {
				t.Fatal(err)
			}
		}
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				d := storage.Delivery{GUID: fmt.Sprint("g", i), Event: "push", Mailbox: storage.Key{Kind: "repo", ID: "1"}}
				if i%10 == 3 {
					d.Event = "poison"
				}
				if _, err := s.Accept(t.Context(), d); (err != nil) != (d.Event == "poison") {
					t.Errorf("delivery %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		w, err := s.Work(t.Context(), storage.Key{Kind: "repo", ID: "1"})
		if err != nil || w.Gen != 90 {
			t.Errorf("generation %d, want 90 (%v)", w.Gen, err)
		}
	})
}

// TestCloseWhileAccepting: whoever was told that a delivery is stored finds it after a restart.
func TestCloseWhileAccepting(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLiteDSN(t)
	s, err := storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var stored []string
	var wg sync.WaitGroup
	some := make(chan struct{}, 10000)
	for g := range 16 {
		wg.Go(func() {
			for i := 0; ; i++ {
				guid := fmt.Sprint(g, ".", i)
				if _, err := s.Accept(context.Background(), storage.Delivery{GUID: guid}); err != nil {
					return
				}
				mu.Lock()
				stored = append(stored, guid)
				mu.Unlock()
				select {
				case some <- struct{}{}:
				default:
				}
			}
		})
	}
	for range 200 {
		<-some
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wg.Wait() // and nobody waits for ever
	s, err = storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	known, err := s.KnownDeliveries(t.Context(), stored)
	if err != nil || len(known) != len(stored) {
		t.Errorf("%d of %d found (%v)", len(known), len(stored), err)
	}
}

// TestListenAgain: when PostgreSQL drops the connection that listens, wakes come again soon.
func TestListenAgain(t *testing.T) {
	t.Parallel()
	dsn := storagetest.PostgresDSN(t)
	open := func() *storage.Store {
		s, err := storage.Open(t.Context(), dsn, storage.Options{Readers: 3})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	one, two := open(), open()
	wake, stop := two.Wakes()
	defer stop()
	<-wake // it listens
	// Of a connection that listens the last statement is the LISTEN, or the one behind it.
	const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND (query LIKE 'LISTEN%' OR query LIKE '%pg_trigger%')`
	if err := one.QueryForTest(t.Context(), func(*sql.Rows) error { return nil }, cut); err != nil {
		t.Fatal(err)
	}
	<-wake // it listens again
	if err := one.Enqueue(t.Context(), storage.Wish{Key: storage.Key{Kind: "k", ID: "1"}}); err != nil {
		t.Fatal(err)
	}
	<-wake
}

// TestDiskFull: deliveries are refused while there is no room, none that was accepted is lost, and all goes on when there is room again.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	if err := s.LimitForTest(t.Context(), 300); err != nil {
		t.Fatal(err)
	}
	var accepted []string
	accept := func(i int) error {
		guid := fmt.Sprint("full", i)
		_, err := s.Accept(t.Context(), storage.Delivery{GUID: guid, Fields: make([]byte, 2000), Mailbox: storage.Key{Kind: "repo", ID: fmt.Sprint(i)}})
		if err == nil {
			accepted = append(accepted, guid)
		}
		return err
	}
	n := 0
	for ; accept(n) == nil; n++ {
		if n > 10000 {
			t.Fatal("the limit does not hold")
		}
	}
	if err := accept(n); err == nil {
		t.Error("accepted without room")
	}
	if _, err := s.RecentDeliveries(t.Context(), 1); err != nil {
		t.Errorf("reading without room: %v", err)
	}
	if err := s.LimitForTest(t.Context(), 1<<30); err != nil {
		t.Fatal(err)
	}
	if err := accept(n + 1); err != nil {
		t.Errorf("room again: %v", err)
	}
	known, err := s.KnownDeliveries(t.Context(), accepted)
	if err != nil || len(known) != len(accepted) {
		t.Errorf("%d of %d are there (%v)", len(known), len(accepted), err)
	}
}

// TestGrowth: a delivery of the usual size costs the database little, and after pruning its room is used again.
func TestGrowth(t *testing.T) {
	t.Parallel()
	dsn := storagetest.SQLiteDSN(t)
	clock := storagetest.NewClock()
	s, err := storage.Open(t.Context(), dsn, storage.Options{Now: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	const n, fields = 3000, 900 // what is kept of a push
	weeks := func(from int) int64 {
		t.Helper()
		var wg sync.WaitGroup
		for g := range 30 {
			wg.Go(func() {
				for i := range n / 30 {
					id := fmt.Sprintf("72d3162e-cc78-11e3-81ab-%012d", from+g*n+i)
					if _, err := s.Accept(t.Context(), storage.Delivery{GUID: id, Event: "push", RepoID: 1, InstallationID: 2, Fields: make([]byte, fields), Mailbox: storage.Key{Kind: "repo", ID: "1"}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		all, err := s.Pending(t.Context(), storage.Key{Kind: "repo", ID: "1"}, 2*n)
		if err != nil {
			t.Fatal(err)
		}
		var ids []int64
		for _, d := range all {
			ids = append(ids, d.ID)
		}
		if err := s.FinishDeliveries(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
		size, err := s.SizeForTest(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(9 * 24 * time.Hour)
		if _, err := s.Prune(t.Context(), storage.Retention{}); err != nil {
			t.Fatal(err)
		}
		return size
	}
	empty, err := s.SizeForTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	first := weeks(0)
	each := (first - empty) / n
	t.Logf("%d bytes for each delivery with %d bytes of fields", each, fields)
	if each > 2*fields {
		t.Errorf("%d bytes for each delivery with %d bytes of fields", each, fields)
	}
	if second := weeks(1_000_000); second > first*11/10 {
		t.Errorf("%d bytes, after pruning and as much again %d", first, second)
	}
}

// TestBackup: a copy made while deliveries come in is a whole database with all that was accepted before.
func TestBackup(t *testing.T) {
	t.Parallel()
	s := storagetest.SQLite(t)
	var before []string
	for i := range 50 {
		before = append(before, fmt.Sprint("before", i))
		if _, err := s.Accept(t.Context(), storage.Delivery{GUID: before[i], Mailbox: storage.Key{Kind: "repo", ID: "1"}}); err != nil {
			t.Fatal(err)
		}
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			if _, err := s.Accept(context.Background(), storage.Delivery{GUID: fmt.Sprint("during", i)}); err != nil {
				t.Error(err)
				return
			}
		}
	})
	path := filepath.Join(t.TempDir(), "copy of it.db")
	err := s.Backup(t.Context(), path)
	close(done)
	wg.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the copy: %v, %v", info, err)
	}
	if err := s.Backup(t.Context(), path); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("over a file that exists: %v", err)
	}
	restored, err := storage.Open(t.Context(), "sqlite://"+path, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = restored.Close() })
	known, err := restored.KnownDeliveries(t.Context(), before)
	if err != nil || len(known) != len(before) {
		t.Errorf("%d of %d are in the copy (%v)", len(known), len(before), err)
	}
	if _, err := restored.Accept(t.Context(), storage.Delivery{GUID: "after"}); err != nil {
		t.Error(err)
	}
}
