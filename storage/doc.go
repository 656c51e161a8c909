// Package storage keeps Milepost's data in SQLite or PostgreSQL: the mailbox of webhook deliveries, the work table,
// and the typed rows of the domain.
//
// One [Store] serves both databases with one text of SQL. Every method of [Queries] can be called on a Store,
// where it is a statement or transaction of its own, and on a [Tx], where it is part of that transaction:
//
//	store, err := storage.Open(ctx, "sqlite:///data/milepost.db", storage.Options{})
//	err = store.WithFence(ctx, claim, func(tx *storage.Tx) error {
//		if _, err := tx.PutReport(ctx, report); err != nil {
//			return err
//		}
//		return tx.FinishDeliveries(ctx, ids)
//	})
//
// Inside a transaction call only methods of its Tx: SQLite has one writer, and a call to the Store would wait for itself.
//
// # Conventions
//
// Times are stored as integer Unix milliseconds and returned in UTC; a zero time.Time is stored as NULL where the column allows it.
// Strings that come from strangers are freed of NUL bytes and invalid UTF-8, which PostgreSQL refuses. Blobs ([]byte) hold
// JSON whose shape belongs to the caller. A row that is asked for and not there is [ErrNotFound].
//
// # Durability
//
// SQLite runs in WAL mode with synchronous=FULL, with one writing connection behind a first-come-first-served gate, and
// a pool of reading ones. [Store.Accept] returns once its delivery is on disk; deliveries that arrive
// while a commit runs share the next one.
package storage
