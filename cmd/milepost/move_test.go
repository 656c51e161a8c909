package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"milepost/storage"
	"milepost/storage/storagetest"
)

// TestMove takes a SQLite database with data to PostgreSQL, as an operator does, and a back-up of it back into service.
func TestMove(t *testing.T) {
	t.Parallel()
	from, to := storagetest.SQLiteDSN(t), storagetest.PostgresDSN(t)
	fill(t, from)
	backup := filepath.Join(t.TempDir(), "copy.db")
	commands := func(env map[string]string, args ...string) string {
		var out, faults bytes.Buffer
		if code := run(t.Context(), args, streams{strings.NewReader(""), &out, &faults}, func(k string) string { return env[k] }); code != exitDone {
			t.Fatalf("%v ends with %d: %s", args, code, faults.String())
		}
		return out.String()
	}
	commands(map[string]string{"DATABASE_URL": from}, "migrate", "--backup", backup)
	out := commands(nil, "migrate", "--from", from, "--to", to)
	if !strings.Contains(out, "repositories    1\n") {
		t.Errorf("it says %q", out)
	}
	for name, dsn := range map[string]string{"PostgreSQL": to, "the back-up": "sqlite://" + filepath.ToSlash(backup)} {
		s, err := storage.Open(t.Context(), dsn, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if r, err := s.Repository(t.Context(), 7); err != nil || r.FullName() != "academy/shelf" {
			t.Errorf("%s has %q (%v)", name, r.FullName(), err)
		}
		if d, err := s.Delivery(t.Context(), "waits"); err != nil || d.State != storage.DeliveryPending {
			t.Errorf("%s lost a delivery that waits: %v", name, err)
		}
		if due, err := s.NextDue(t.Context(), []string{storage.KindRepo}); err != nil || due.After(time.Now()) {
			t.Errorf("%s lost work that is due: %v", name, err)
		}
	}
}

// fill puts a repository and a delivery that waits into a database.
func fill(t *testing.T, dsn string) {
	t.Helper()
	s, err := storage.Open(t.Context(), dsn, storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.PutRepository(t.Context(), storage.Repository{ID: 7, InstallationID: 5, Owner: "academy", Name: "shelf", DefaultBranch: "main"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Accept(t.Context(), storage.Delivery{GUID: "waits", Event: "push", RepoID: 7, InstallationID: 5, Mailbox: storage.Key{Kind: storage.KindRepo, ID: "7"}}); err != nil {
		t.Fatal(err)
	}
}
