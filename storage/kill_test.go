package storage_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/storage"
	"milepost/storage/storagetest"
)

const envVictim = "MILEPOST_TEST_VICTIM_DSN"

// TestMain is also the victim of TestKill: a process that accepts deliveries, works, and says so until it is killed.
func TestMain(m *testing.M) {
	if dsn := os.Getenv(envVictim); dsn != "" {
		if err := victim(dsn); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func victim(dsn string) error {
	ctx := context.Background()
	s, err := storage.Open(ctx, dsn, storage.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	run := fmt.Sprint(os.Getpid(), ".", time.Now().UnixNano())
	for g := range 8 {
		go func() {
			for i := 0; ; i++ {
				key := storage.Key{Kind: "repo", ID: fmt.Sprint(rand.N(10))}
				guid := fmt.Sprint(run, ".", g, ".", i)
				if _, err := s.Accept(ctx, storage.Delivery{GUID: guid, Mailbox: key}); err != nil {
					say("error %v", err)
					return
				}
				say("accepted %s", guid)
			}
		}()
	}
	for {
		claims, err := s.ClaimWork(ctx, run, []string{"repo"}, time.Minute, 4, 0)
		if err != nil {
			return err
		}
		for i := range claims {
			if err := finish(ctx, s, &claims[i]); err != nil {
				return err
			}
		}
	}
}

// finish empties the mailbox of a claim and ends it, all behind the fence.
func finish(ctx context.Context, s *storage.Store, c *storage.Claim) error {
	all, err := s.Mailbox(ctx, c, 0)
	if err != nil {
		return err
	}
	return s.WithFence(ctx, c, func(tx *storage.Tx) error {
		var ids []int64
		for _, d := range all {
			ids = append(ids, d.ID)
		}
		if err := tx.FinishDeliveries(ctx, ids...); err != nil {
			return err
		}
		return tx.FinishWork(ctx, c, time.Time{})
	})
}

// TestKill kills a process again and again in the midst of its work: what it said it had accepted is there, its leases are free at once on SQLite,
// and nothing pending is left in a mailbox whose key idles.
func TestKill(t *testing.T) {
	t.Parallel()
	for name, newDSN := range map[string]func(testing.TB) string{"sqlite": storagetest.SQLiteDSN, "postgres": storagetest.PostgresDSN} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dsn := newDSN(t)
			var said []string
			for range 6 {
				said = append(said, kill(t, dsn)...)
			}
			now := time.Now().Add(2 * time.Minute) // leases on PostgreSQL have to run out
			s, err := storage.Open(t.Context(), dsn, storage.Options{Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = s.Close() })
			known, err := s.KnownDeliveries(t.Context(), said)
			if err != nil || len(known) != len(said) {
				t.Errorf("%d of %d accepted deliveries are there (%v)", len(known), len(said), err)
			}
			for {
				claims, err := s.ClaimWork(t.Context(), "after", []string{"repo"}, time.Minute, 100, 0)
				if err != nil {
					t.Fatal(err)
				}
				if len(claims) == 0 {
					break
				}
				for i := range claims {
					if err := finish(t.Context(), s, &claims[i]); err != nil {
						t.Fatal(err)
					}
				}
			}
			for k := range 10 {
				left, err := s.Pending(t.Context(), storage.Key{Kind: "repo", ID: fmt.Sprint(k)}, 10)
				if err != nil || len(left) > 0 {
					t.Errorf("key %d idles with %d pending (%v)", k, len(left), err)
				}
			}
			t.Logf("%d deliveries accepted over 6 kills", len(said))
		})
	}
}

// kill starts a victim, kills it after a random number of deliveries, and returns what it said it had accepted.
func kill(t *testing.T, dsn string) []string {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe)
	cmd.Env = append(os.Environ(), envVictim+"="+dsn)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	enough := 50 + rand.N(300)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err == io.EOF {
			break // a line cut off does not count: nobody read it
		}
		if err != nil {
			t.Fatal(err)
		}
		guid, ok := strings.CutPrefix(strings.TrimSpace(line), "accepted ")
		if !ok {
			t.Fatal(line)
		}
		if said = append(said, guid); len(said) == enough {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // it was killed
	if len(said) < enough {
		t.Fatalf("the victim ended by itself after %d deliveries", len(said))
	}
	return said
}
