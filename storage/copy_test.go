package storage_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestCopy takes a database that the suite has filled from SQLite to PostgreSQL and back to SQLite, and compares all rows.
func TestCopy(t *testing.T) {
	t.Parallel()
	var one *storage.Store
	storagetest.Exercise(t, func(t testing.TB, opts storage.Options) *storage.Store {
		one = storagetest.OpenSQLite(t, opts)
		return one
	})
	for i := range 120 { // more than one statement's worth
		_, err := one.Accept(t.Context(), storage.Delivery{GUID: fmt.Sprint("copied", i), Fields: []byte{0, byte(i)}})
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := one.PutReport(t.Context(), storage.Report{RepoID: 77, RoadmapID: "r"}); err != nil {
		t.Fatal(err)
	}
	if err := one.PutSetting(t.Context(), "empty", []byte{}); err != nil {
		t.Fatal(err)
	}
	// What is being worked on goes on at the target, under nobody's lease.
	leased := storage.Key{Kind: "copy", ID: "leased"}
	if err := errors.Join(one.ExecForTest(t.Context(), `DELETE FROM work WHERE owner <> ''`), one.Enqueue(t.Context(), storage.Wish{Key: leased})); err != nil {
		t.Fatal(err)
	}
	if c, err := one.ClaimWork(t.Context(), "me", []string{"copy"}, time.Hour, 1, 0); err != nil || len(c) != 1 {
		t.Fatal(c, err)
	}
	two, three := storagetest.Postgres(t), storagetest.SQLite(t)
	counts, err := storage.Copy(t.Context(), one, two)
	if err != nil {
		t.Fatal(err)
	}
	if counts["deliveries"] < 120 || counts["work"] < 5 || counts["repositories"] < 2 {
		t.Errorf("copied %v", counts)
	}
	if _, err := storage.Copy(t.Context(), two, three); err != nil {
		t.Fatal(err)
	}
	schema, err := one.TablesForTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if w, err := three.Work(t.Context(), leased); err != nil || w.Owner != "" || w.ReadyAt.After(time.Now()) {
		t.Errorf("leased at the source, at the target %+v (%v)", w, err)
	}
	for _, table := range schema {
		if table == "work" {
			table += ` WHERE kind <> 'copy'`
		}
		a, err1 := one.DumpForTest(t.Context(), table)
		b, err2 := two.DumpForTest(t.Context(), table)
		c, err3 := three.DumpForTest(t.Context(), table)
		if err := errors.Join(err1, err2, err3); err != nil {
			t.Fatal(err)
		}
		for _, rows := range [][]string{a, b, c} {
			slices.Sort(rows)
		}
		if d := cmp.Diff(a, b); d != "" {
			t.Errorf("%s on PostgreSQL:\n%s", table, d)
		}
		if d := cmp.Diff(a, c); d != "" {
			t.Errorf("%s on the second SQLite:\n%s", table, d)
		}
	}
	for _, s := range []*storage.Store{two, three} { // new ids do not collide
		if _, err := s.PutReport(t.Context(), storage.Report{RepoID: 1, RoadmapID: "r", CreatedAt: time.Now()}); err != nil {
			t.Error(err)
		}
		if _, err := s.AddNote(t.Context(), storage.Note{Learner: "x"}); err != nil {
			t.Error(err)
		}
		if _, err := s.Accept(t.Context(), storage.Delivery{GUID: "after"}); err != nil {
			t.Error(err)
		}
	}
	if _, err := storage.Copy(t.Context(), one, two); !errors.Is(err, storage.ErrConflict) {
		t.Errorf("copied into a database that has data: %v", err)
	}
}
