package storage_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"milepost/storage"
	"milepost/storage/storagetest"
)

// queued makes n keys: a third of each priority, half of them due and half waiting for an hour.
func queued(b *testing.B, s *storage.Store, n int) {
	b.Helper()
	wishes := make([]storage.Wish, 0, n)
	for i := range n {
		w := storage.Wish{Key: storage.Key{Kind: "repo", ID: fmt.Sprint(i)}, Priority: i % 3 * 10}
		if i%2 == 0 {
			w.At = time.Now().Add(time.Hour)
		}
		wishes = append(wishes, w)
	}
	if err := s.Enqueue(b.Context(), wishes...); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkQueue measures what is done with the queue while that many keys wait in it: a wish for one of them, a claim with its end, a look at what is due
// next, a delivery made durable, and the statistics of the operator's page and of the metrics.
//
// Milliseconds for one. The statistics are with nothing else on two cores of an AMD EPYC, -benchtime 100x; the rest, -benchtime 300x, is on two cores that
// others used as well (load 17: single values are off by a factor of five):
//
//	waiting                      10     100   1,000  10,000  100,000
//	enqueue             SQLite  0.5     1.0     3.2     4.1      0.7
//	claim and complete  SQLite  5.0     6.9     5.5     4.8      1.2
//	next due            SQLite  0.06    0.07    0.02    0.03     0.04
//	accept              SQLite  0.5     1.5     3.5     2.3      1.3
//	statistics          SQLite  0.9     0.8     0.6     1.4      1.5
//	enqueue             PostgreSQL  0.2   0.7   0.2     0.2      1.2
//	claim and complete  PostgreSQL  0.3   1.3   0.3     0.2      1.1
//	next due            PostgreSQL  0.2   0.07  0.07    0.3      0.1
//	accept              PostgreSQL  0.3   1.8   0.3     0.4      0.6
//	statistics          PostgreSQL  0.4   0.4   0.5     1.4      2.0
//
// All is flat; the statistics count no further than QueueStatsMost.
func BenchmarkQueue(b *testing.B) {
	kinds := []string{"repo", "timer", "install"}
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres} {
		for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
			s := open(b)
			queued(b, s, n)
			i := 0
			for _, op := range []struct {
				name string
				do   func(ctx context.Context) error
			}{
				{"enqueue", func(ctx context.Context) error {
					return s.Enqueue(ctx, storage.Wish{Key: storage.Key{Kind: "repo", ID: fmt.Sprint(i % n)}, Priority: storage.PriorityNormal})
				}},
				{"claim and complete", func(ctx context.Context) error {
					claims, err := s.ClaimWork(ctx, "bench", kinds, time.Minute, 1, 0)
					if err != nil || len(claims) != 1 {
						return errors.Join(err, fmt.Errorf("%d claims", len(claims)))
					}
					return s.FinishWork(ctx, &claims[0], time.Now()) // due again, so that there is always work
				}},
				{"next due", func(ctx context.Context) error {
					_, err := s.NextDue(ctx, kinds)
					return err
				}},
				{"accept", func(ctx context.Context) error {
					_, err := s.Accept(ctx, storage.Delivery{GUID: fmt.Sprint("bench", i), Event: "push", Fields: []byte("{}"), Mailbox: storage.Key{Kind: "repo", ID: fmt.Sprint(i % n)}})
					return err
				}},
				{"statistics", func(ctx context.Context) error {
					_, err := s.QueueStats(ctx)
					return err
				}},
			} {
				b.Run(fmt.Sprint(op.name, "/", name, "/", n), func(b *testing.B) {
					for b.Loop() {
						i++
						if err := op.do(b.Context()); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		}
	}
}
