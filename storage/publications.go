package storage

import (
	"context"
	"time"
)

// Kinds of publications.
const (
	PublicationIssue    = "issue"     // key ""
	PublicationCheckRun = "check_run" // key: head commit
	PublicationComment  = "comment"   // key: pull request or issue number, or what the caller makes of it
	PublicationDigest   = "digest"    // key: repository of the mentors
)

// Publication is something we wrote on GitHub: where it is and the hash of its content, so that it is found and written only when changed.
type Publication struct {
	RepoID    int64
	Kind, Key string
	RemoteID  int64  // GitHub's id
	Number    int    // of an issue
	URL       string // for people
	Hash      string // of the content last written
	State     string // a word of the caller: open, closed, deleted, pending ...
	UpdatedAt time.Time
}

const publicationSelect = `SELECT repo_id, kind, key, remote_id, number, url, hash, state, updated_at FROM publications`

func publicationDest(p *Publication) []any {
	return []any{&p.RepoID, &p.Kind, &p.Key, &p.RemoteID, &p.Number, &p.URL, &p.Hash, &p.State, scanTime{&p.UpdatedAt}}
}

// PutPublication stores a publication under repository, kind and key. UpdatedAt is set.
func (q *Queries) PutPublication(ctx context.Context, p Publication) error {
	_, err := q.w.exec(ctx, `INSERT INTO publications (repo_id, kind, key, remote_id, number, url, hash, state, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
 ON CONFLICT (repo_id, kind, key) DO UPDATE SET remote_id = excluded.remote_id, number = excluded.number, url = excluded.url, hash = excluded.hash,
 state = excluded.state, updated_at = excluded.updated_at`, p.RepoID, p.Kind, p.Key, p.RemoteID, p.Number, p.URL, p.Hash, p.State, q.now())
	return wrap(err, "put %s %q of repository %d", p.Kind, p.Key, p.RepoID)
}

// Publication is one publication.
func (q *Queries) Publication(ctx context.Context, repoID int64, kind, key string) (Publication, error) {
	var p Publication
	err := one(ctx, q.r, publicationDest(&p), publicationSelect+` WHERE repo_id = $1 AND kind = $2 AND key = $3`, repoID, kind, key)
	return p, wrap(err, "%s %q of repository %d", kind, key, repoID)
}

// PublicationByRemote finds a publication by GitHub's id of it.
func (q *Queries) PublicationByRemote(ctx context.Context, kind string, remoteID int64) (Publication, error) {
	var p Publication
	err := one(ctx, q.r, publicationDest(&p), publicationSelect+` WHERE kind = $1 AND remote_id = $2 LIMIT 1`, kind, remoteID)
	return p, wrap(err, "%s %d", kind, remoteID)
}

// Publications lists all of a repository.
func (q *Queries) Publications(ctx context.Context, repoID int64) ([]Publication, error) {
	all, err := list(ctx, q.r, publicationDest, publicationSelect+` WHERE repo_id = $1 ORDER BY kind, key`, repoID)
	return all, wrap(err, "publications of repository %d", repoID)
}

// DeletePublication forgets a publication, for example because it was deleted on GitHub. No row is no error.
func (q *Queries) DeletePublication(ctx context.Context, repoID int64, kind, key string) error {
	_, err := q.w.exec(ctx, `DELETE FROM publications WHERE repo_id = $1 AND kind = $2 AND key = $3`, repoID, kind, key)
	return wrap(err, "delete %s %q of repository %d", kind, key, repoID)
}

// Pull is a pull request as last seen.
type Pull struct {
	RepoID           int64
	Number           int
	HeadSHA, HeadRef string
	HeadRepoID       int64
	BaseSHA, BaseRef string
	State            string // open or closed
	Draft, Merged    bool
	MergeSHA         string
	Author           string
	AuthorType       string // User or Bot
	Title            string
	FromFork         bool
	Delta            []byte // JSON of the last check; PutPull leaves it
	UpdatedAt        time.Time
}

const pullSelect = `SELECT repo_id, number, head_sha, head_ref, head_repo_id, base_sha, base_ref, state, draft, merged, merge_sha, author, author_type, title, from_fork, delta, updated_at FROM pulls`

func pullDest(p *Pull) []any {
	return []any{&p.RepoID, &p.Number, &p.HeadSHA, &p.HeadRef, &p.HeadRepoID, &p.BaseSHA, &p.BaseRef, &p.State, &p.Draft, &p.Merged, &p.MergeSHA,
		&p.Author, &p.AuthorType, &p.Title, &p.FromFork, &p.Delta, scanTime{&p.UpdatedAt}}
}

// PutPull stores what GitHub says about a pull request. Delta is not written: SetPullDelta does that.
func (q *Queries) PutPull(ctx context.Context, p Pull) error {
	_, err := q.w.exec(ctx, `INSERT INTO pulls (repo_id, number, head_sha, head_ref, head_repo_id, base_sha, base_ref, state, draft, merged, merge_sha, author, author_type, title, from_fork, updated_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (repo_id, number) DO UPDATE SET head_sha = excluded.head_sha, head_ref = excluded.head_ref,
 head_repo_id = excluded.head_repo_id, base_sha = excluded.base_sha, base_ref = excluded.base_ref, state = excluded.state, draft = excluded.draft, merged = excluded.merged,
 merge_sha = excluded.merge_sha, author = excluded.author, author_type = excluded.author_type, title = excluded.title, from_fork = excluded.from_fork, updated_at = excluded.updated_at`,
		p.RepoID, p.Number, p.HeadSHA, p.HeadRef, p.HeadRepoID, p.BaseSHA, p.BaseRef, p.State, p.Draft, p.Merged, p.MergeSHA, p.Author, p.AuthorType, p.Title, p.FromFork, q.now())
	return wrap(err, "put pull request %d of repository %d", p.Number, p.RepoID)
}

// SetPullDelta stores what a pull request's check found it to change. It clears the report that older versions kept with it.
func (q *Queries) SetPullDelta(ctx context.Context, repoID int64, number int, delta []byte) error {
	err := must(q.w.exec(ctx, `UPDATE pulls SET report = NULL, delta = $3 WHERE repo_id = $1 AND number = $2`, repoID, number, delta))
	return wrap(err, "set delta of pull request %d of repository %d", number, repoID)
}

// Pull is one pull request.
func (q *Queries) Pull(ctx context.Context, repoID int64, number int) (Pull, error) {
	var p Pull
	err := one(ctx, q.r, pullDest(&p), pullSelect+` WHERE repo_id = $1 AND number = $2`, repoID, number)
	return p, wrap(err, "pull request %d of repository %d", number, repoID)
}

// PullsByHead lists the pull requests of a repository whose head is this commit.
func (q *Queries) PullsByHead(ctx context.Context, repoID int64, sha string) ([]Pull, error) {
	all, err := list(ctx, q.r, pullDest, pullSelect+` WHERE repo_id = $1 AND head_sha = $2 ORDER BY number`, repoID, sha)
	return all, wrap(err, "pull requests of repository %d by head", repoID)
}

// Pulls lists up to n pull requests of a repository, newest first; state "" stands for all.
func (q *Queries) Pulls(ctx context.Context, repoID int64, state string, n int) ([]Pull, error) {
	all, err := list(ctx, q.r, pullDest, pullSelect+` WHERE repo_id = $1 AND ($2 = '' OR state = $2) ORDER BY number DESC LIMIT $3`, repoID, state, n)
	return all, wrap(err, "pull requests of repository %d", repoID)
}

// Event is something the bot did for a repository, and why.
type Event struct {
	ID      int64
	RepoID  int64
	At      time.Time // zero: now
	Kind    string
	Message string
	Detail  []byte // JSON
}

// AddEvent adds a line to the repository's log.
func (q *Queries) AddEvent(ctx context.Context, e Event) error {
	at := e.At
	if at.IsZero() {
		at = q.now()
	}
	_, err := q.w.exec(ctx, `INSERT INTO events (repo_id, at, kind, message, detail) VALUES ($1, $2, $3, $4, $5)`, e.RepoID, at, e.Kind, bound(e.Message), e.Detail)
	return wrap(err, "add event of repository %d", e.RepoID)
}

// Events lists up to n events of a repository, newest first.
func (q *Queries) Events(ctx context.Context, repoID int64, n int) ([]Event, error) {
	all, err := list(ctx, q.r, func(e *Event) []any { return []any{&e.ID, &e.RepoID, scanTime{&e.At}, &e.Kind, &e.Message, &e.Detail} },
		`SELECT id, repo_id, at, kind, message, detail FROM events WHERE repo_id = $1 ORDER BY at DESC, id DESC LIMIT $2`, repoID, n)
	return all, wrap(err, "events of repository %d", repoID)
}
