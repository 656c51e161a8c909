package storage_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"milepost/storage"
	"milepost/storage/storagetest"
)

// BenchmarkQueue measures one claim and its end, while that many other keys are due or snoozed. Flat on both databases:
//
//	SQLite      10: 0.63 ms   1,000: 0.62 ms   100,000: 0.62 ms
//	PostgreSQL  10: 0.32 ms   1,000: 0.38 ms   100,000: 0.29 ms   (the test's server does not wait for its disk)
//
// Two shared cores of an AMD EPYC, go test -run xxx -bench Queue ./storage
func BenchmarkQueue(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres} {
		for _, n := range []int{10, 1000, 100_000} {
			b.Run(fmt.Sprint(name, "/", n), func(b *testing.B) {
				ctx := context.Background()
				s := open(b)
				var wishes []storage.Wish
				for i := range n {
					w := storage.Wish{Key: storage.Key{Kind: "repo", ID: fmt.Sprint(i)}, Priority: i % 3 * 10}
					if i%2 == 0 {
						w.At = time.Now().Add(time.Hour)
					}
					wishes = append(wishes, w)
				}
				if err := s.Enqueue(ctx, wishes...); err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					claims, err := s.ClaimWork(ctx, "bench", []string{"repo", "timer", "install"}, time.Minute, 1, 0)
					if err != nil || len(claims) != 1 {
						b.Fatal(len(claims), err)
					}
					if err := s.RetryWork(ctx, &claims[0], time.Now(), ""); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
