package storage

import (
	"context"
	"errors"
	"time"
)

// Installation is one account's installation of the app.
type Installation struct {
	ID                  int64
	AccountLogin        string
	AccountID           int64
	AccountType         string // User or Organization
	Suspended           bool
	RepositorySelection string // all or selected
	Permissions         []byte // JSON object: name to read or write
	CreatedAt           time.Time
	DeletedAt           time.Time // zero while installed
	UpdatedAt           time.Time
}

const installationSelect = `SELECT id, account_login, account_id, account_type, suspended, repository_selection, permissions, created_at, deleted_at, updated_at FROM installations`

func installationDest(i *Installation) []any {
	return []any{&i.ID, &i.AccountLogin, &i.AccountID, &i.AccountType, &i.Suspended, &i.RepositorySelection, &i.Permissions,
		scanTime{&i.CreatedAt}, scanTime{&i.DeletedAt}, scanTime{&i.UpdatedAt}}
}

// PutInstallation writes an installation; one that was deleted is back. CreatedAt of a known one stays; UpdatedAt is set.
// A new login of its account is followed as [Queries.RenameAccount] does.
func (q *Queries) PutInstallation(ctx context.Context, i Installation) error {
	now := q.now()
	if i.CreatedAt.IsZero() {
		i.CreatedAt = now
	}
	err := q.atomically(ctx, func(q *Queries) error {
		was, err := q.Installation(ctx, i.ID)
		if err == nil && i.AccountLogin != "" && was.AccountLogin != i.AccountLogin {
			err = q.RenameAccount(ctx, i.ID, i.AccountLogin)
		}
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		_, err = q.w.exec(ctx, `INSERT INTO installations (id, account_login, account_id, account_type, suspended, repository_selection, permissions, created_at, updated_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO UPDATE SET account_login = excluded.account_login, account_id = excluded.account_id,
 account_type = excluded.account_type, suspended = excluded.suspended, repository_selection = excluded.repository_selection,
 permissions = excluded.permissions, deleted_at = NULL, updated_at = excluded.updated_at`,
			i.ID, i.AccountLogin, i.AccountID, i.AccountType, i.Suspended, i.RepositorySelection, i.Permissions, i.CreatedAt, now)
		return err
	})
	return wrap(err, "put installation %d", i.ID)
}

// Installation is one installation, also a deleted one whose row is still there.
func (q *Queries) Installation(ctx context.Context, id int64) (Installation, error) {
	var i Installation
	err := one(ctx, q.r, installationDest(&i), installationSelect+` WHERE id = $1`, id)
	return i, wrap(err, "installation %d", id)
}

// InstallationByLogin is the installation of an account that is not deleted.
func (q *Queries) InstallationByLogin(ctx context.Context, login string) (Installation, error) {
	var i Installation
	err := one(ctx, q.r, installationDest(&i), installationSelect+` WHERE lower(account_login) = lower($1) AND deleted_at IS NULL ORDER BY id DESC LIMIT 1`, login)
	return i, wrap(err, "installation of %s", login)
}

// Installations lists those that are not deleted.
func (q *Queries) Installations(ctx context.Context) ([]Installation, error) {
	all, err := list(ctx, q.r, installationDest, installationSelect+` WHERE deleted_at IS NULL ORDER BY id`)
	return all, wrap(err, "installations")
}

// SuspendInstallation marks an installation as suspended or not.
func (q *Queries) SuspendInstallation(ctx context.Context, id int64, suspended bool) error {
	err := must(q.w.exec(ctx, `UPDATE installations SET suspended = $2, updated_at = $3 WHERE id = $1`, id, suspended, q.now()))
	return wrap(err, "suspend installation %d", id)
}

// RenameAccount follows a new login of an installation's account, in its repositories too.
func (q *Queries) RenameAccount(ctx context.Context, id int64, login string) error {
	err := q.atomically(ctx, func(q *Queries) error {
		if err := must(q.w.exec(ctx, `UPDATE installations SET account_login = $2, updated_at = $3 WHERE id = $1`, id, login, q.now())); err != nil {
			return err
		}
		owners, err := q.ownersOf(ctx, id)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if err := q.moveSettings(ctx, id, owner, "", login, ""); err != nil {
				return err
			}
		}
		if err := q.changedOf(ctx, id); err != nil {
			return err
		}
		_, err = q.w.exec(ctx, `UPDATE repositories SET owner = $2, `+stamped(`$3`)+` WHERE installation_id = $1`, id, login, q.now())
		return err
	})
	return wrap(err, "rename account of installation %d", id)
}

// ownersOf are the owners of an installation's repositories, and its account: one login but for moments.
func (q *Queries) ownersOf(ctx context.Context, id int64) ([]string, error) {
	return list(ctx, q.r, func(s *string) []any { return []any{s} },
		`SELECT owner FROM repositories WHERE installation_id = $1 UNION SELECT account_login FROM installations WHERE id = $1`, id)
}

// changedOf notes that all repositories of an installation change.
func (q *Queries) changedOf(ctx context.Context, installationID int64) error {
	ids, err := list(ctx, q.r, func(id *int64) []any { return []any{id} }, `SELECT id FROM repositories WHERE installation_id = $1`, installationID)
	q.changed(ids...)
	return err
}

// repositoryTables hold rows of a repository, by repo_id.
var repositoryTables = [...]string{"snapshots", "reports", "earned", "statuses", "activity", "publications", "pulls", "signoffs", "claims", "skips",
	"events", "commands", "etags", "deliveries"}

// DeleteInstallation removes an installation with all data of its repositories, in one transaction. What is shared by blob id (facts) is pruned when
// nobody used it for a while. Deleting what is not there is no error.
func (q *Queries) DeleteInstallation(ctx context.Context, id int64) error {
	err := q.atomically(ctx, func(q *Queries) error {
		owners, err := q.ownersOf(ctx, id)
		if err != nil {
			return err
		}
		for _, owner := range owners {
			if err := q.deleteSettings(ctx, id, owner, ""); err != nil {
				return err
			}
		}
		const of = ` IN (SELECT id FROM repositories WHERE installation_id = $1)`
		if err := q.changedOf(ctx, id); err != nil {
			return err
		}
		for _, t := range repositoryTables {
			if t == "deliveries" {
				continue // by installation, below
			}
			if _, err := q.w.exec(ctx, `DELETE FROM `+t+` WHERE repo_id`+of, id); err != nil {
				return err
			}
		}
		for _, stmt := range []string{
			`DELETE FROM work WHERE kind = 'repo' AND owner = '' AND key IN (SELECT CAST(id AS TEXT) FROM repositories WHERE installation_id = $1)`,
			// Ids of deliveries stay for a while, so that a repeated one is known; their content goes.
			`UPDATE deliveries SET fields = NULL, error = '', state = CASE WHEN state = 0 AND kind = 'repo' THEN 1 ELSE state END WHERE installation_id = $1`,
			`DELETE FROM notes WHERE installation_id = $1`,
			`DELETE FROM access WHERE installation_id = $1`,
			`DELETE FROM rate_limits WHERE scope = CAST(CAST($1 AS BIGINT) AS TEXT)`,
			`DELETE FROM settings WHERE key = 'pace/' || CAST(CAST($1 AS BIGINT) AS TEXT)`,
			`DELETE FROM repositories WHERE installation_id = $1`,
			`DELETE FROM installations WHERE id = $1`,
		} {
			if _, err := q.w.exec(ctx, stmt, id); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "delete installation %d", id)
}
