package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// maxBatch is how many deliveries share one commit at most.
const maxBatch = 128

// errClosed answers Accept on a store that is closing.
var errClosed = errors.New("storage: closed")

// Delivery is one webhook POST.
type Delivery struct {
	GUID           string // X-GitHub-Delivery
	Event          string // X-GitHub-Event
	Action         string
	RepoID         int64 // 0: none
	InstallationID int64 // 0: none
	ReceivedAt     time.Time
	// Fields are the few fields of the payload that anybody needs, as a JSON object.
	Fields []byte
	// Mailbox is whose work the delivery is: {KindRepo, "123"} or {KindInstall, "55"}. The zero Key keeps only the id.
	Mailbox  Key
	Priority int
}

// committer makes deliveries durable: one goroutine commits whatever queued up while its last commit ran.
type committer struct {
	store *Store
	in    chan acceptance
	quit  chan struct{} // closed: take no more
	done  chan struct{} // closed: all that was taken is answered
	once  sync.Once
}

type acceptance struct {
	d     *Delivery
	reply chan<- accepted
}

type accepted struct {
	duplicate bool
	err       error
}

func newCommitter(s *Store) *committer {
	return &committer{store: s, in: make(chan acceptance, maxBatch), quit: make(chan struct{}), done: make(chan struct{})}
}

// Accept puts a delivery into its mailbox and makes the mailbox's key due, in one transaction, and returns
// once that is durable. A GUID seen before is a duplicate and changes nothing. If ctx ends first, the delivery may or may not
// have been stored; accepting it again is safe.
func (s *Store) Accept(ctx context.Context, d Delivery) (duplicate bool, err error) {
	if d.GUID == "" {
		return false, errors.New("storage: accept: delivery without an id")
	}
	reply := make(chan accepted, 1)
	select {
	case <-s.ingest.quit:
		return false, errClosed
	default:
	}
	select {
	case s.ingest.in <- acceptance{&d, reply}:
	case <-ctx.Done():
		return false, wrap(ctx.Err(), "accept")
	case <-s.ingest.quit:
		return false, errClosed
	}
	select {
	case a := <-reply:
		return a.duplicate, wrap(a.err, "accept")
	case <-ctx.Done():
		return false, wrap(ctx.Err(), "accept")
	case <-s.ingest.done:
		select {
		case a := <-reply:
			return a.duplicate, wrap(a.err, "accept")
		default:
			return false, errClosed
		}
	}
}

func (c *committer) stop() { c.once.Do(func() { close(c.quit) }) }

func (c *committer) run() {
	defer close(c.done)
	batch := make([]acceptance, 0, maxBatch)
	for {
		select {
		case a := <-c.in:
			batch = append(batch[:0], a)
		case <-c.quit:
			c.drain()
			return
		}
		batch = c.fill(batch)
		c.commit(batch)
		clear(batch)
	}
}

// fill takes what is waiting, without waiting for more.
func (c *committer) fill(batch []acceptance) []acceptance {
	for len(batch) < maxBatch {
		select {
		case a := <-c.in:
			batch = append(batch, a)
		default:
			return batch
		}
	}
	return batch
}

// drain commits what was handed over before the stop.
func (c *committer) drain() {
	for {
		batch := c.fill(nil)
		if len(batch) == 0 {
			return
		}
		c.commit(batch)
	}
}

func (c *committer) commit(batch []acceptance) {
	err := c.write(batch)
	if err == nil {
		return
	}
	if len(batch) == 1 || !rowFault(err) {
		for _, a := range batch {
			a.reply <- accepted{err: err}
		}
		return
	}
	// One row is at fault: it must not fail its neighbours.
	for i := range batch {
		if err := c.write(batch[i : i+1]); err != nil {
			batch[i].reply <- accepted{err: err}
		}
	}
}

// write commits a batch in one transaction and answers it, or answers nobody and reports an error.
func (c *committer) write(batch []acceptance) error {
	// No client's context: the batch belongs to many. The time limit frees them all if the database hangs.
	ctx := context.Background()
	if c.store.pg { // SQLite has its busy timeout, and a context that can end costs a goroutine for each statement
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
	}
	dup := make([]bool, len(batch))
	err := c.store.atomic(ctx, func(q *Queries) error {
		fresh, err := q.insertDeliveries(ctx, batch)
		if err != nil {
			return err
		}
		var wishes []Wish
		for i, a := range batch {
			dup[i] = !fresh[a.d.GUID]
			delete(fresh, a.d.GUID) // a GUID that is in the batch twice is new once
			if !dup[i] && a.d.Mailbox != (Key{}) {
				wishes = append(wishes, Wish{Key: a.d.Mailbox, Priority: a.d.Priority})
			}
		}
		if len(wishes) == 0 {
			return nil
		}
		return q.enqueue(ctx, wishes)
	})
	if err != nil {
		return err
	}
	for i, a := range batch {
		a.reply <- accepted{duplicate: dup[i]}
	}
	return nil
}

const deliveryColumns = 10

// insertDeliveries returns the GUIDs that were new.
func (q *Queries) insertDeliveries(ctx context.Context, batch []acceptance) (map[string]bool, error) {
	fresh := make(map[string]bool, len(batch))
	args := make([]any, 0, len(batch)*deliveryColumns)
	n := 0
	for _, a := range batch {
		d := a.d
		d.GUID = clean(d.GUID)
		if _, twice := fresh[d.GUID]; twice {
			continue
		}
		fresh[d.GUID] = false
		state := DeliveryPending
		if d.Mailbox == (Key{}) {
			state = DeliveryAcknowledged
		}
		at := d.ReceivedAt
		if at.IsZero() {
			at = q.now()
		}
		if !q.pg {
			args = args[:0]
		}
		args = append(args, d.GUID, d.Event, d.Action, d.Mailbox.Kind, d.Mailbox.ID, d.RepoID, d.InstallationID, at.UnixMilli(), d.Fields, int64(state))
		n++
		if q.pg {
			continue
		}
		rows, err := q.w.exec(ctx, insertDelivery, args...)
		if err != nil {
			return nil, err
		}
		fresh[d.GUID] = rows > 0
	}
	if !q.pg {
		return fresh, nil
	}
	err := q.w.query(ctx, func(r *sql.Rows) error {
		var guid string
		if err := r.Scan(&guid); err != nil {
			return err
		}
		fresh[guid] = true
		return nil
	}, insertDeliveriesHead+tuples(n, deliveryColumns)+` ON CONFLICT (guid) DO NOTHING RETURNING guid`, args...)
	return fresh, err
}

// insertDelivery is the statement for a single row.
const insertDelivery = insertDeliveriesHead + `($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) ON CONFLICT (guid) DO NOTHING`

const insertDeliveriesHead = `INSERT INTO deliveries (guid, event, action, kind, key, repo_id, installation_id, received_at, fields, state) VALUES `

// tuples writes "($1,$2),($3,$4)" for rows of cols values.
func tuples(rows, cols int) string {
	var b strings.Builder
	b.Grow(rows * cols * 5)
	n := 1
	var digits [8]byte
	for i := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		sep := byte('(')
		for range cols {
			b.WriteByte(sep)
			b.WriteByte('$')
			b.Write(strconv.AppendInt(digits[:0], int64(n), 10))
			sep = ','
			n++
		}
		b.WriteByte(')')
	}
	return b.String()
}

// mergeWishes makes one wish of several for one key, and sorts them, so that two transactions lock rows in the same order.
func mergeWishes(wishes []Wish) []Wish {
	merged := make([]Wish, 0, len(wishes))
	at := make(map[Key]int, len(wishes))
	for _, w := range wishes {
		if w.n == 0 {
			w.n = 1
		}
		w.Kind, w.ID = clean(w.Kind), clean(w.ID)
		i, seen := at[w.Key]
		if !seen {
			at[w.Key] = len(merged)
			merged = append(merged, w)
			continue
		}
		m := &merged[i]
		m.n += w.n
		m.Priority = max(m.Priority, w.Priority)
		if w.At.IsZero() || !m.At.IsZero() && w.At.Before(m.At) {
			m.At = w.At
		}
	}
	slices.SortFunc(merged, func(a, b Wish) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return merged
}
