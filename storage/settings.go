package storage

import (
	"context"
	"strings"
	"time"
)

// Prefixes of the settings that hold what was read from repositories; it goes when they do. The rest of a key is in lower case but for a path.
const (
	SettingRoadmap  = "roadmap/"     // and owner/name/path: a roadmap file
	SettingDefaults = "org-config/"  // and owner: the defaults of its .github repository
	SettingChanged  = "org-changed/" // and owner: when those changed last
)

// settingsOf are the settings of a repository, or, without a name, of all repositories of an owner: keys, and where keys begin.
func settingsOf(owner, name string) (keys []any, prefix string) {
	owner, name = strings.ToLower(owner), strings.ToLower(name)
	prefix = SettingRoadmap + owner + "/"
	if name != "" {
		prefix += name + "/"
	}
	if name == "" || name == ".github" {
		keys = []any{SettingDefaults + owner, SettingChanged + owner}
	}
	return keys, prefix
}

// shared reports whether others bear the name of a repository, or, without a name, of the account of an installation: settings of that name are theirs too.
func (q *Queries) shared(ctx context.Context, id int64, owner, name string) (bool, error) {
	query, args := `SELECT (SELECT count(*) FROM installations WHERE id <> $1 AND lower(account_login) = lower($2))
 + (SELECT count(*) FROM repositories WHERE installation_id <> $1 AND lower(owner) = lower($2) AND removed_at IS NULL)`, []any{id, owner}
	if name != "" {
		query = `SELECT count(*) FROM repositories WHERE id <> $1 AND lower(owner) = lower($2) AND lower(name) = lower($3) AND removed_at IS NULL`
		args = append(args, name)
	}
	var others int
	err := one(ctx, q.r, []any{&others}, query, args...)
	return others > 0, err
}

// deleteSettings removes the settings of a repository, or, without a name, of all repositories of an installation's account, unless others have them too.
func (q *Queries) deleteSettings(ctx context.Context, id int64, owner, name string) error {
	if shared, err := q.shared(ctx, id, owner, name); err != nil || shared {
		return err
	}
	keys, prefix := settingsOf(owner, name)
	_, err := q.w.exec(ctx, `DELETE FROM settings WHERE substr(key, 1, length($1)) = $1`, prefix)
	if err == nil && len(keys) > 0 {
		_, err = q.w.exec(ctx, `DELETE FROM settings WHERE key IN (`+placeholders(1, len(keys))+`)`, keys...)
	}
	return err
}

// moveSettings follows a new name of a repository, or, without names, of an installation's account. What the new name has already is newer and stays;
// what others have under the old one is left to them.
func (q *Queries) moveSettings(ctx context.Context, id int64, owner, name, newOwner, newName string) error {
	keys, prefix := settingsOf(owner, name)
	newKeys, newPrefix := settingsOf(newOwner, newName)
	if prefix == newPrefix {
		return nil
	}
	if shared, err := q.shared(ctx, id, owner, name); err != nil || shared {
		return err
	}
	const move = `UPDATE settings SET key = $2 || substr(key, length($1) + 1) WHERE substr(key, 1, length($1)) = $1
 AND NOT EXISTS (SELECT 1 FROM settings AS s WHERE s.key = $2 || substr(settings.key, length($1) + 1))`
	if _, err := q.w.exec(ctx, move, prefix, newPrefix); err != nil {
		return err
	}
	for i := range min(len(keys), len(newKeys)) {
		if _, err := q.w.exec(ctx, `UPDATE settings SET key = $2 WHERE key = $1 AND NOT EXISTS (SELECT 1 FROM settings AS s WHERE s.key = $2)`, keys[i], newKeys[i]); err != nil {
			return err
		}
	}
	return q.deleteSettings(ctx, id, owner, name)
}

// Setting is the value of a key. What is secret the caller encrypts.
func (q *Queries) Setting(ctx context.Context, key string) ([]byte, error) {
	var v []byte
	err := one(ctx, q.r, []any{&v}, `SELECT value FROM settings WHERE key = $1`, key)
	return v, wrap(err, "setting %s", key)
}

// PutSetting stores a value.
func (q *Queries) PutSetting(ctx context.Context, key string, value []byte) error {
	_, err := q.w.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at`, key, value, q.now())
	return wrap(err, "put setting %s", key)
}

// AddSetting stores a value for a key that has none; ErrConflict if it has.
func (q *Queries) AddSetting(ctx context.Context, key string, value []byte) error {
	n, err := q.w.exec(ctx, `INSERT INTO settings (key, value, updated_at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING`, key, value, q.now())
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return wrap(err, "add setting %s", key)
}

// DeleteSetting removes a key and reports whether it was there.
func (q *Queries) DeleteSetting(ctx context.Context, key string) (bool, error) {
	n, err := q.w.exec(ctx, `DELETE FROM settings WHERE key = $1`, key)
	return n > 0, wrap(err, "delete setting %s", key)
}

// ETag is GitHub's tag of an answer, and a small body or its hash.
type ETag struct {
	URLKey    string // what the caller makes of address and identity
	RepoID    int64  // 0: of no repository
	ETag      string
	Body      []byte
	UpdatedAt time.Time
}

// PutETag stores a tag.
func (q *Queries) PutETag(ctx context.Context, e ETag) error {
	_, err := q.w.exec(ctx, `INSERT INTO etags (url_key, repo_id, etag, body, updated_at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (url_key) DO UPDATE SET repo_id = excluded.repo_id, etag = excluded.etag, body = excluded.body, updated_at = excluded.updated_at`, e.URLKey, e.RepoID, e.ETag, e.Body, q.now())
	return wrap(err, "put etag")
}

// ETag is the tag stored under a key.
func (q *Queries) ETag(ctx context.Context, urlKey string) (ETag, error) {
	e := ETag{URLKey: urlKey}
	err := one(ctx, q.r, []any{&e.RepoID, &e.ETag, &e.Body, scanTime{&e.UpdatedAt}}, `SELECT repo_id, etag, body, updated_at FROM etags WHERE url_key = $1`, urlKey)
	return e, wrap(err, "etag")
}
