package storage

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// channel is where PostgreSQL tells other processes that work became due.
const channel = "milepost_work"

// wakes are the channels of those who wait for work.
type wakes struct {
	mu    sync.Mutex
	chans map[chan struct{}]bool
}

// Wakes returns a channel that gets a value when work may have become due, in this process or, on PostgreSQL, in any. Values coalesce.
// Nothing is lost by missing one, but time: whoever waits also polls. Call stop to end it.
func (s *Store) Wakes() (wake <-chan struct{}, stop func()) {
	ch := make(chan struct{}, 1)
	s.wakes.mu.Lock()
	defer s.wakes.mu.Unlock()
	if s.wakes.chans == nil {
		s.wakes.chans = map[chan struct{}]bool{}
	}
	s.wakes.chans[ch] = true
	return ch, func() {
		s.wakes.mu.Lock()
		defer s.wakes.mu.Unlock()
		delete(s.wakes.chans, ch)
	}
}

// Wake gives a value to everybody who waits by [Store.Wakes], in all processes, when the transaction commits.
func (q *Queries) Wake(ctx context.Context) error {
	return wrap(q.atomically(ctx, func(q *Queries) error { return q.notify(ctx) }), "wake")
}

func (w *wakes) all() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for ch := range w.chans {
		select {
		case ch <- struct{}{}:
		default:
		}
	}
}

// listen turns PostgreSQL's notifications into wakes, on a connection of its own that is opened again when it breaks.
func (s *Store) listen(ctx context.Context) {
	const least, most = 200 * time.Millisecond, 30 * time.Second
	wait := least
	for ctx.Err() == nil {
		connected, err := s.listenOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if connected {
			wait = least
		}
		s.log.Warn("storage: listening for work broke off; polling until it is back", "error", err, "again_in", wait)
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = min(2*wait, most)
	}
}

func (s *Store) listenOnce(ctx context.Context) (connected bool, err error) {
	dial, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	c, err := pgx.ConnectConfig(dial, s.target.conn.Copy())
	if err != nil {
		return false, err
	}
	defer func() {
		end, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = c.Close(end) // nothing is lost with it
	}()
	if _, err := c.Exec(dial, "LISTEN "+channel); err != nil {
		return false, err
	}
	s.wakes.all() // for what became due before the LISTEN
	for {
		if _, err := c.WaitForNotification(ctx); err != nil {
			return true, err
		}
		s.wakes.all()
	}
}
