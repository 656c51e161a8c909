package storage

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strconv"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// channel is where PostgreSQL tells other processes that work became due.
const channel = "milepost_work"

// repositoryChannel is where a trigger of PostgreSQL's tells which repository changed.
const repositoryChannel = "milepost_repositories"

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

// listen turns PostgreSQL's notifications into wakes and changes, on a connection of its own that is opened again when it breaks.
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

// echoEvery is how long nothing may be heard before the line is tried: who hears nothing may hear others as little.
const echoEvery = 15 * time.Second

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
	if _, err := c.Exec(dial, "LISTEN "+channel+"; LISTEN "+repositoryChannel); err != nil {
		return false, err
	}
	s.wakes.all() // for what became due before the LISTEN
	var told bool // the trigger is there: an older schema lacks it
	if err := c.QueryRow(dial, `SELECT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'repositories_changed' AND tgrelid = to_regclass('repositories') AND tgenabled <> 'D')`).Scan(&told); err != nil {
		return true, err
	}
	defer s.changes.unhear()
	return true, s.hear(ctx, c, told)
}

// hear waits for notifications. Changes count as heard once an echo has come through, sent on another connection: behind a pooler LISTEN may succeed and
// nothing arrive.
func (s *Store) hear(ctx context.Context, c *pgx.Conn, told bool) error {
	call := "echo " + rand.Text()
	heard, waiting := false, true
	if err := s.echo(ctx, call); err != nil {
		return err
	}
	for {
		wait, cancel := context.WithTimeout(ctx, echoEvery)
		n, err := c.WaitForNotification(wait)
		cancel()
		switch {
		case err == nil && n.Channel == channel:
			s.wakes.all()
		case err == nil && n.Payload == call:
			if waiting = false; told && !heard {
				heard = true
				s.changes.hear()
			}
		case err == nil:
			if id, err := strconv.ParseInt(n.Payload, 10, 64); err == nil { // else it is another's echo
				s.changes.note(id)
			}
		case ctx.Err() != nil || !pgconn.Timeout(err) || waiting && heard:
			return err
		default:
			waiting = true
			if err := s.echo(ctx, call); err != nil {
				return err
			}
		}
	}
}

// echo sends a word to all who listen for changes.
func (s *Store) echo(ctx context.Context, word string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return s.writer.query(ctx, func(*sql.Rows) error { return nil }, `SELECT pg_notify('`+repositoryChannel+`', $1)`, word)
}
