package storage_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"milepost/storage"
)

// TestPrivateFile: a database is its owner's alone, with what lies beside it; what was open to strangers is closed, and a group's right stays.
func TestPrivateFile(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no modes here")
	}
	dir := t.TempDir()
	dsn := "sqlite://" + filepath.Join(dir, "milepost.db")
	modes := func(want os.FileMode) {
		t.Helper()
		s, err := storage.Open(t.Context(), dsn, storage.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files, err := os.ReadDir(dir)
		if err != nil || len(files) < 4 {
			t.Errorf("%v, %v", files, err)
		}
		for _, f := range files {
			info, err := f.Info()
			if err != nil {
				t.Fatal(err)
			}
			if mode := info.Mode().Perm(); mode&^want != 0 {
				t.Errorf("%s has mode %o", f.Name(), mode)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	modes(0o600)
	if err := os.Chmod(filepath.Join(dir, "milepost.db"), 0o644); err != nil {
		t.Fatal(err)
	}
	modes(0o640)
}

// TestReadOnly: a database that is opened to be copied stays as it is, and nobody else may have it meanwhile.
func TestReadOnly(t *testing.T) {
	t.Parallel()
	dsn := "sqlite://" + filepath.Join(t.TempDir(), "milepost.db")
	open := func(opts storage.Options) *storage.Store {
		t.Helper()
		s, err := storage.Open(t.Context(), dsn, opts)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := open(storage.Options{})
	key := storage.Key{Kind: "k", ID: "1"}
	if err := s.Enqueue(t.Context(), storage.Wish{Key: key}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ClaimWork(t.Context(), "me", []string{"k"}, 1<<40, 1, 0); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(storage.Options{ReadOnly: true})
	defer func() { _ = s.Close() }()
	if w, err := s.Work(t.Context(), key); err != nil || w.Owner != "me" {
		t.Errorf("%+v, %v", w, err)
	}
	if again, err := storage.Open(t.Context(), dsn, storage.Options{}); err == nil {
		t.Error("it was opened twice")
		_ = again.Close()
	}
}
