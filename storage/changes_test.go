package storage_test

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"milepost/storage"
	"milepost/storage/storagetest"
)

// heard waits until a store hears of all changes, and returns the mark of then.
func heard(t *testing.T, s *storage.Store) uint64 {
	t.Helper()
	mark := uint64(0)
	within(t, "changes are heard", func() bool {
		_, now, complete := s.Changes(mark)
		mark = now
		return complete
	})
	return mark
}

func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(time.Minute)
	for !ok() {
		select {
		case <-tick.C:
		case <-end:
			t.Fatalf("in vain: %s", what)
		}
	}
}

// TestChanges: whatever changes a repository's row is noted before the call returns, in one process at once and in another soon; nothing else is.
func TestChanges(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		s := open(t, storage.Options{})
		ctx := t.Context()
		var other *storage.Store
		if s.Postgres() {
			other = open(t, storage.Options{})
		}
		boom := errors.New("boom")
		put := func(id int64) error {
			return s.PutRepository(ctx, storage.Repository{ID: id, InstallationID: 7, Owner: "o", Name: "n"})
		}
		for _, x := range []struct {
			name string
			do   func() error
			want []int64
		}{
			{"put", func() error { return errors.Join(put(1), put(2)) }, []int64{1, 2}},
			{"head", func() error { return s.SetRepositoryHead(ctx, 2, "c", "t") }, []int64{2}},
			{"a report", func() error { _, err := s.PutReport(ctx, storage.Report{RepoID: 1}); return err }, []int64{1}},
			{"a claim", func() error {
				_, err := s.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: 2, Milestone: "m"})
				return err
			}, []int64{2}},
			{"its decision", func() error { _, err := s.DecideEvidenceClaims(ctx, 2, "m", storage.ClaimAccepted, "x"); return err }, []int64{2}},
			{"a transaction", func() error {
				return s.WithTx(ctx, func(tx *storage.Tx) error {
					return errors.Join(tx.SetRepositoryState(ctx, 1, "x", ""), tx.SetRepositoryLearner(ctx, 2, "l"))
				})
			}, []int64{1, 2}},
			{"account", func() error {
				return errors.Join(s.PutInstallation(ctx, storage.Installation{ID: 7, AccountLogin: "o"}), s.RenameAccount(ctx, 7, "p"))
			}, []int64{1, 2}},
			{"delivery", func() error { _, err := s.Accept(ctx, storage.Delivery{GUID: "g"}); return err }, nil},
			{"removal", func() error { return s.RemoveRepository(ctx, 1) }, []int64{1}},
			{"return", func() error { return s.RestoreRepository(ctx, 1) }, []int64{1}},
			{"deletion", func() error { return s.DeleteRepository(ctx, 1) }, []int64{1}},
			{"uninstalled", func() error { return s.DeleteInstallation(ctx, 7) }, []int64{2}},
		} {
			mark := heard(t, s)
			var far uint64
			if other != nil {
				far = heard(t, other)
			}
			before := stamps(t, s)
			if err := x.do(); err != nil {
				t.Fatalf("%s: %v", x.name, err)
			}
			ids, _, complete := s.Changes(mark)
			slices.Sort(ids)
			if ids = slices.Compact(ids); !complete || other == nil && !slices.Equal(ids, x.want) || !holds(ids, x.want) { // on PostgreSQL an earlier one may come again
				t.Errorf("%s: changed %v (%v), want %v", x.name, ids, complete, x.want)
			}
			for id, at := range stamps(t, s) {
				if !before[id].Equal(at) && !slices.Contains(ids, id) {
					t.Errorf("%s: the change of %d was not noted", x.name, id)
				}
			}
			if other != nil {
				within(t, x.name+" is heard by another", func() bool {
					ids, _, complete := other.Changes(far)
					return complete && holds(ids, x.want)
				})
			}
		}
		// What fails may have been done: it counts as changed.
		mark := heard(t, s)
		if err := put(3); err != nil {
			t.Fatal(err)
		}
		if err := s.WithTx(ctx, func(tx *storage.Tx) error { return errors.Join(tx.RemoveRepository(ctx, 3), boom) }); !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if ids, _, complete := s.Changes(mark); !complete || !holds(ids, []int64{3}) {
			t.Errorf("after a failure: %v (%v)", ids, complete)
		}
		// Of more changes than are remembered it says that it does not know.
		for range 2 {
			for i := range int64(40_000) {
				s.NoteForTest(i)
			}
		}
		if ids, _, complete := s.Changes(mark); complete {
			t.Errorf("%d changes are remembered", len(ids))
		}
		heard(t, s)
	})
}

// TestChangesComplete: no function writes to the table of repositories without a note.
func TestChangesComplete(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	writes := regexp.MustCompile(`(UPDATE|INSERT INTO|DELETE FROM) repositories\b`)
	n := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		for fn := range strings.SplitSeq(string(text), "\n}\n") {
			if at := writes.FindString(fn); at != "" {
				if n++; !strings.Contains(fn, "q.changed") {
					t.Errorf("%s: %s, and nothing is noted:\n%s", file, at, fn)
				}
			}
		}
	}
	if n < 7 {
		t.Errorf("only %d functions were seen", n)
	}
}

func holds(all, some []int64) bool {
	return !slices.ContainsFunc(some, func(id int64) bool { return !slices.Contains(all, id) })
}

func stamps(t *testing.T, s *storage.Store) map[int64]time.Time {
	t.Helper()
	all, err := s.RepositoryStamps(t.Context(), []int64{1, 2, 3})
	if err != nil {
		t.Fatal(err)
	}
	out := map[int64]time.Time{}
	for _, x := range all {
		out[x.ID] = x.UpdatedAt
	}
	return out
}

// TestChangesUntold: on a schema that tells nothing, as a version before has it, and while the line is down, nobody counts on hearing.
func TestChangesUntold(t *testing.T) {
	t.Parallel()
	dsn := storagetest.PostgresDSN(t)
	s, err := storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	mark := heard(t, s)
	const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND query LIKE '%pg_trigger%'`
	if err := s.ExecForTest(t.Context(), cut); err != nil {
		t.Fatal(err)
	}
	within(t, "the break is noticed", func() bool { _, _, complete := s.Changes(mark); return !complete })
	heard(t, s)
	if err := errors.Join(s.ExecForTest(t.Context(), `DROP TRIGGER repositories_changed ON repositories`), s.Close()); err != nil {
		t.Fatal(err)
	}
	if s, err = storage.Open(t.Context(), dsn, storage.Options{}); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	wake, stop := s.Wakes()
	defer stop()
	for range 3 { // by then it listens
		if err := s.Wake(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-wake
	}
	_, mark, _ = s.Changes(0)
	if _, _, complete := s.Changes(mark); complete {
		t.Error("changes that nobody tells of count as heard")
	}
}
