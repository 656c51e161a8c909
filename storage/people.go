package storage

import (
	"cmp"
	"context"
	"slices"
	"time"
)

// User is a person who signed in.
type User struct {
	ID        int64 // GitHub's
	Login     string
	Name      string
	Avatar    string
	Settings  []byte // JSON of the caller; PutUser leaves it
	CreatedAt time.Time
	SeenAt    time.Time
}

const userSelect = `SELECT id, login, name, avatar, settings, created_at, seen_at FROM users`

func userDest(u *User) []any {
	return []any{&u.ID, &u.Login, &u.Name, &u.Avatar, &u.Settings, scanTime{&u.CreatedAt}, scanTime{&u.SeenAt}}
}

// PutUser stores who signed in and when.
func (q *Queries) PutUser(ctx context.Context, u User) error {
	_, err := q.w.exec(ctx, `INSERT INTO users (id, login, name, avatar, created_at, seen_at) VALUES ($1, $2, $3, $4, $5, $5)
 ON CONFLICT (id) DO UPDATE SET login = excluded.login, name = excluded.name, avatar = excluded.avatar, seen_at = excluded.seen_at`, u.ID, u.Login, u.Name, u.Avatar, q.now())
	return wrap(err, "put user %d", u.ID)
}

// User is one person by id.
func (q *Queries) User(ctx context.Context, id int64) (User, error) {
	var u User
	err := one(ctx, q.r, userDest(&u), userSelect+` WHERE id = $1`, id)
	return u, wrap(err, "user %d", id)
}

// UserByLogin is the person seen last under a login.
func (q *Queries) UserByLogin(ctx context.Context, login string) (User, error) {
	var u User
	err := one(ctx, q.r, userDest(&u), userSelect+` WHERE lower(login) = lower($1) ORDER BY seen_at DESC LIMIT 1`, login)
	return u, wrap(err, "user %s", login)
}

// SetUserSettings stores the caller's JSON.
func (q *Queries) SetUserSettings(ctx context.Context, id int64, settings []byte) error {
	return wrap(must(q.w.exec(ctx, `UPDATE users SET settings = $2 WHERE id = $1`, id, settings)), "set settings of user %d", id)
}

// DeleteUser removes a person with sessions and cached rights.
func (q *Queries) DeleteUser(ctx context.Context, id int64) error {
	err := q.atomically(ctx, func(q *Queries) error {
		for _, stmt := range []string{`DELETE FROM sessions WHERE user_id = $1`, `DELETE FROM access WHERE user_id = $1`, `DELETE FROM users WHERE id = $1`} {
			if _, err := q.w.exec(ctx, stmt, id); err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "delete user %d", id)
}

// Session is a browser's session, by the hash of its token: who reads the database cannot take it over.
type Session struct {
	TokenHash string
	UserID    int64 // 0 before sign-in
	Data      []byte
	ExpiresAt time.Time
}

// PutSession stores a session.
func (q *Queries) PutSession(ctx context.Context, s Session) error {
	_, err := q.w.exec(ctx, `INSERT INTO sessions (token_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (token_hash) DO UPDATE SET user_id = excluded.user_id, data = excluded.data, expires_at = excluded.expires_at`, s.TokenHash, s.UserID, s.Data, s.ExpiresAt)
	return wrap(err, "put session")
}

// Session is a session that has not expired.
func (q *Queries) Session(ctx context.Context, tokenHash string) (Session, error) {
	s := Session{TokenHash: tokenHash}
	err := one(ctx, q.r, []any{&s.UserID, &s.Data, scanTime{&s.ExpiresAt}}, `SELECT user_id, data, expires_at FROM sessions WHERE token_hash = $1 AND expires_at > $2`, tokenHash, q.now())
	return s, wrap(err, "session")
}

// Sessions lists all that have not expired.
func (q *Queries) Sessions(ctx context.Context) ([]Session, error) {
	all, err := list(ctx, q.r, func(s *Session) []any { return []any{&s.TokenHash, &s.UserID, &s.Data, scanTime{&s.ExpiresAt}} },
		`SELECT token_hash, user_id, data, expires_at FROM sessions WHERE expires_at > $1`, q.now())
	return all, wrap(err, "sessions")
}

// DeleteSession ends a session. No row is no error.
func (q *Queries) DeleteSession(ctx context.Context, tokenHash string) error {
	_, err := q.w.exec(ctx, `DELETE FROM sessions WHERE token_hash = $1`, tokenHash)
	return wrap(err, "delete session")
}

// DeleteSessionsOf ends all sessions of a person.
func (q *Queries) DeleteSessionsOf(ctx context.Context, userID int64) error {
	_, err := q.w.exec(ctx, `DELETE FROM sessions WHERE user_id = $1`, userID)
	return wrap(err, "delete sessions of user %d", userID)
}

// Access is what GitHub last said about the repositories of an installation that a person can see.
type Access struct {
	UserID         int64
	InstallationID int64
	Repos          []byte // JSON of the caller
	FetchedAt      time.Time
}

// PutAccess replaces what a person can see: all installations at once.
func (q *Queries) PutAccess(ctx context.Context, userID int64, all []Access) error {
	all = slices.SortedFunc(slices.Values(all), func(a, b Access) int { return cmp.Compare(a.InstallationID, b.InstallationID) })
	err := q.atomically(ctx, func(q *Queries) error {
		for _, a := range all { // two that replace at once wait for each other's rows, in this order
			if _, err := q.w.exec(ctx, `INSERT INTO access (user_id, installation_id, repos, fetched_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (user_id, installation_id) DO UPDATE SET repos = excluded.repos, fetched_at = excluded.fetched_at`, userID, a.InstallationID, a.Repos, q.orNow(a.FetchedAt)); err != nil {
				return err
			}
		}
		args := []any{userID, int64(-1)} // nobody has that one
		for _, a := range all {
			args = append(args, a.InstallationID)
		}
		_, err := q.w.exec(ctx, `DELETE FROM access WHERE user_id = $1 AND installation_id NOT IN (`+placeholders(2, len(args)-1)+`)`, args...)
		return err
	})
	return wrap(err, "put access of user %d", userID)
}

// AccessOf lists what a person can see.
func (q *Queries) AccessOf(ctx context.Context, userID int64) ([]Access, error) {
	all, err := list(ctx, q.r, func(a *Access) []any { return []any{&a.UserID, &a.InstallationID, &a.Repos, scanTime{&a.FetchedAt}} },
		`SELECT user_id, installation_id, repos, fetched_at FROM access WHERE user_id = $1 ORDER BY installation_id`, userID)
	return all, wrap(err, "access of user %d", userID)
}

// AccessMarks lists what a person can see without the repositories, but with those of installation 0, the caller's own row: whether the rest changed can be
// told from little.
func (q *Queries) AccessMarks(ctx context.Context, userID int64) ([]Access, error) {
	all, err := list(ctx, q.r, func(a *Access) []any { return []any{&a.UserID, &a.InstallationID, &a.Repos, scanTime{&a.FetchedAt}} },
		`SELECT user_id, installation_id, CASE WHEN installation_id = 0 THEN repos END, fetched_at FROM access WHERE user_id = $1 ORDER BY installation_id`, userID)
	return all, wrap(err, "access of user %d", userID)
}

// RecentAccess lists up to n people whose access was asked for last, the newest first.
func (q *Queries) RecentAccess(ctx context.Context, n int) ([]int64, error) {
	ids, err := list(ctx, q.r, func(id *int64) []any { return []any{id} }, `SELECT user_id FROM access WHERE installation_id = 0 ORDER BY fetched_at DESC, user_id LIMIT $1`, n)
	return ids, wrap(err, "recent access")
}

// ForgetAccess drops the cached rights to an installation (0: to all), so that they are asked for anew.
func (q *Queries) ForgetAccess(ctx context.Context, installationID int64) error {
	_, err := q.w.exec(ctx, `DELETE FROM access WHERE CAST($1 AS BIGINT) = 0 OR installation_id = $1`, installationID)
	return wrap(err, "forget access to installation %d", installationID)
}
