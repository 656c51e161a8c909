package bot_test

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"milepost/storage/storagetest"
)

// TestDiskFull fills the disk that the database is on, and makes room again. It needs the right to mount a disk of its own.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		d := newDisk(t, "24m")
		withoutDatabase(t, "sqlite://"+filepath.Join(d.dir, "milepost.db"), d.fill, d.free)
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		d := newDisk(t, "48m")
		withoutDatabase(t, d.postgres(), d.fill, d.free)
	})
}

// disk is a small one in memory.
type disk struct {
	t   *testing.T
	dir string
}

func newDisk(t *testing.T, size string) *disk {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("milepost", dir, "tmpfs", 0, "mode=0700,size="+size); err != nil {
		if os.Getenv(storagetest.EnvRequire) == "all" && os.Getuid() == 0 {
			t.Fatal(err)
		}
		t.Skipf("no disk can be mounted: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &disk{t, dir}
}

// fill leaves no byte.
func (d *disk) fill() {
	d.t.Helper()
	f, err := os.Create(filepath.Join(d.dir, "filler"))
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for page := make([]byte, 4096); err == nil; {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

func (d *disk) free() {
	d.t.Helper()
	if err := os.Remove(filepath.Join(d.dir, "filler")); err != nil {
		d.t.Fatal(err)
	}
}

// postgres makes a database on the disk and returns its address.
func (d *disk) postgres() string {
	d.t.Helper()
	dsn := storagetest.PostgresDSN(d.t)
	conn, err := pgx.Connect(d.t.Context(), dsn)
	if err != nil {
		d.t.Fatal(err)
	}
	run := func(stmt string) {
		d.t.Helper()
		if _, err := conn.Exec(d.t.Context(), stmt); err != nil {
			d.t.Fatal(err)
		}
	}
	var data string
	if err := conn.QueryRow(d.t.Context(), `SHOW data_directory`).Scan(&data); err != nil {
		d.t.Fatal(err)
	}
	info, err := os.Stat(data)
	if err != nil {
		d.t.Skipf("the server is on another machine: %v", err)
	}
	space := filepath.Join(d.dir, "space")
	for _, err := range []error{os.Chmod(d.dir, 0o755), os.Mkdir(space, 0o700), os.Chown(space, int(info.Sys().(*syscall.Stat_t).Uid), -1)} { //nolint:forcetypeassert // on Linux
		if err != nil {
			d.t.Fatal(err)
		}
	}
	for dir := filepath.Dir(d.dir); dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) { // the server gets through
		if err := os.Chmod(dir, 0o755); err != nil {
			d.t.Fatal(err)
		}
	}
	u, err := url.Parse(dsn)
	if err != nil {
		d.t.Fatal(err)
	}
	name := strings.TrimPrefix(u.Path, "/") + "_full"
	run("CREATE TABLESPACE " + name + " LOCATION '" + space + "'")
	run("CREATE DATABASE " + name + " TABLESPACE " + name)
	d.t.Cleanup(func() {
		conn, err := pgx.Connect(context.Background(), dsn)
		if err != nil {
			d.t.Error(err)
			return
		}
		for _, stmt := range []string{"DROP DATABASE " + name + " WITH (FORCE)", "DROP TABLESPACE " + name} {
			if _, err := conn.Exec(context.Background(), stmt); err != nil {
				d.t.Error(err)
			}
		}
		_ = conn.Close(context.Background())
	})
	if err := conn.Close(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
