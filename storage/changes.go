package storage

import (
	"slices"
	"sync"
)

// changes is the memory of which repositories changed, so that whoever keeps something of many need not ask about each: what this process changes is
// noted before the call returns, and what others change when PostgreSQL tells.
type changes struct {
	mu   sync.Mutex
	base uint64  // how many were forgotten; of marks before it nothing is known
	ids  []int64 // the last ones, in order
	deaf bool    // others may change what is not heard of
}

// changesMost is how many changes are remembered at least.
const changesMost = 1 << 14

func (c *changes) note(ids ...int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ids = append(c.ids, ids...)
	if old := len(c.ids) - changesMost; old > changesMost {
		c.base += uint64(old)
		c.ids = slices.Clone(c.ids[old:])
	}
}

// hear begins a time in which all changes are heard of; nothing is known of those before it.
func (c *changes) hear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.base, c.ids, c.deaf = c.base+uint64(len(c.ids))+1, nil, false
}

// unhear ends it.
func (c *changes) unhear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deaf = true
}

// Changes returns the ids of the repositories whose rows changed, or may have, since a mark that an earlier call gave, with repetitions, and the mark of now.
// It reads no database: it takes as long whatever there is to see. Unless it is complete others may have changed as well, and stamps must be looked at: at
// first (mark 0), after very many changes, and on PostgreSQL while other processes cannot be heard. What is read after a call is at least as new as its mark.
func (s *Store) Changes(mark uint64) (ids []int64, now uint64, complete bool) {
	c := s.changes
	c.mu.Lock()
	defer c.mu.Unlock()
	now = c.base + uint64(len(c.ids))
	if c.deaf || mark == 0 || mark < c.base || mark > now {
		return nil, now, false
	}
	return slices.Clone(c.ids[mark-c.base:]), now, true
}

// changed notes that rows of repositories change: now, or, inside a transaction, when it ends. Whether the change failed is not asked: a failure may be one
// of the answer alone.
func (q *Queries) changed(ids ...int64) {
	if q.touched != nil {
		*q.touched = append(*q.touched, ids...)
		return
	}
	q.changes.note(ids...)
}
