package storagetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Environment of the tests.
const (
	// EnvPostgres names a PostgreSQL server for tests, whose user may create databases: postgres://user:password@host/name.
	EnvPostgres = "MILEPOST_TEST_POSTGRES"
	// EnvRequire set to "all" makes tests fail where they would be skipped for want of a program.
	EnvRequire = "MILEPOST_TEST_REQUIRE"
)

var errNoPostgres = errors.New("no PostgreSQL: set " + EnvPostgres + " to a server's postgres:// address, or install PostgreSQL so that initdb and postgres are in PATH or in /usr/lib/postgresql/*/bin")

// server is the one server of this test process, started at its first use.
var server = sync.OnceValues(startServer)

// lifeline is the pipe to the server's keeper; it closes with this process.
var lifeline io.WriteCloser //nolint:unused // held so that the pipe stays open

// PostgresDSN creates an empty database on a real PostgreSQL server, for this test alone, and returns its address. The server is
// the one named by MILEPOST_TEST_POSTGRES, else installed binaries are started in a temporary folder. Without either the test is skipped, or,
// with MILEPOST_TEST_REQUIRE=all, fails.
func PostgresDSN(t testing.TB) string {
	t.Helper()
	base := os.Getenv(EnvPostgres)
	if base == "" {
		var err error
		base, err = server()
		if errors.Is(err, errNoPostgres) && os.Getenv(EnvRequire) != "all" {
			t.Skip("storagetest:", err)
		}
		if err != nil {
			t.Fatal("storagetest:", err)
		}
	}
	u, err := url.Parse(base)
	if err != nil {
		t.Fatalf("storagetest: %s is not an address", EnvPostgres)
	}
	name := "milepost_test_" + strings.ToLower(rand.Text()[:12])
	if err := onServer(base, "CREATE DATABASE "+name); err != nil {
		t.Fatal("storagetest:", err)
	}
	t.Cleanup(func() {
		// A checkpoint that the drop asks for fails now and then while another database goes; the next one does not.
		var err error
		for range 5 {
			if err = onServer(base, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"); err == nil {
				return
			}
		}
		t.Error("storagetest:", err)
	})
	u.Path = "/" + name
	return u.String()
}

func onServer(dsn, stmt string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, stmt)
	return errors.Join(err, c.Close(ctx))
}

// binary finds a program of PostgreSQL.
func binary(name string) (string, error) {
	if p, err := exec.LookPath(name); err == nil {
		return p, nil
	}
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/" + name)
	if err != nil || len(found) == 0 {
		return "", errNoPostgres
	}
	return found[len(found)-1], nil
}

// startServer starts a server on a Unix socket in a temporary folder. A shell stands between it and this process: it reads
// from a pipe that closes when this process ends, however it ends, then stops the server and removes the folder.
func startServer() (dsn string, err error) {
	if runtime.GOOS == "windows" {
		return "", errNoPostgres
	}
	initdb, err := binary("initdb")
	if err != nil {
		return "", err
	}
	postgres, err := binary("postgres")
	if err != nil {
		return "", err
	}
	dir, err := serverDir()
	if err != nil {
		return "", err
	}
	fail := func(err error) (string, error) { return "", errors.Join(err, os.RemoveAll(dir)) }
	cred, err := credential(dir)
	if err != nil {
		return fail(err)
	}
	data := filepath.Join(dir, "data")
	cmd := exec.Command(initdb, "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync") //nolint:gosec,noctx // an installed PostgreSQL, for all tests
	cmd.Dir, cmd.SysProcAttr = dir, cred.attr()
	if out, err := cmd.CombinedOutput(); err != nil {
		return fail(fmt.Errorf("initdb: %w\n%s", err, out))
	}
	// Nothing here outlives the test, so the server need not wait for the disk.
	//nolint:gosec,noctx // the same
	cmd = exec.Command("/bin/sh", "-c", `"$1" -D "$2/data" -k "$2" -c listen_addresses= -c fsync=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=32MB >"$2/log" 2>&1 &
pid=$!
read -r _
kill -INT $pid
wait $pid
rm -rf "$2"`, "sh", postgres, dir)
	cmd.Dir, cmd.SysProcAttr = dir, cred.attr()
	var alive io.WriteCloser
	if alive, err = cmd.StdinPipe(); err != nil {
		return fail(err)
	}
	if err := cmd.Start(); err != nil {
		return fail(err)
	}
	go func() { _ = cmd.Wait() }()
	dsn = "postgres://postgres@/postgres?host=" + url.QueryEscape(dir)
	for end := time.Now().Add(3 * time.Minute); ; time.Sleep(20 * time.Millisecond) {
		err := onServer(dsn, "SELECT 1")
		if err == nil {
			lifeline = alive
			return dsn, nil
		}
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(dir, "log")) //nolint:gosec // its own folder
			return "", errors.Join(fmt.Errorf("postgres did not start: %w\n%s", err, log), alive.Close())
		}
	}
}

// maxSocketDir is how long the path of a folder may be in which PostgreSQL is to make its socket: the kernel takes 107 bytes, ".s.PGSQL.5432.lock" among
// them.
const maxSocketDir = 85

// serverDir makes the server's folder: where temporary files go, unless the path is too long for a socket there, or closed to the user whom root lends
// the server to.
func serverDir() (string, error) {
	base := os.TempDir()
	if len(base)+len("/milepost-pg-4294967295") > maxSocketDir || os.Geteuid() == 0 && !open(base) {
		base = "/tmp"
	}
	return os.MkdirTemp(base, "milepost-pg-")
}

// open reports whether every user may pass through a folder and those above it.
func open(dir string) bool {
	for {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return true
		}
		dir = up
	}
}

// owner is who runs the server: PostgreSQL refuses to run as root.
type owner struct{ uid, gid uint32 }

// credential picks a user and gives him the folder.
func credential(dir string) (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // no owner but oneself
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
		gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
		if err := errors.Join(err1, err2, os.Chown(dir, int(uid), int(gid))); err != nil {
			return nil, err
		}
		return &owner{uint32(uid), uint32(gid)}, nil
	}
	return nil, fmt.Errorf("%w (PostgreSQL does not run as root, and there is no user postgres or nobody)", errNoPostgres)
}
