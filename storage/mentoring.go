package storage

import (
	"context"
	"strings"
	"time"
)

// SignOff is a mentor's approval of a milestone.
type SignOff struct {
	ID        int64
	RepoID    int64
	Milestone string
	Mentor    string // login
	Note      string
	At        time.Time
	RevokedAt time.Time // zero while it stands
	RevokedBy string
}

// Counts reports whether it is taken for a milestone of this learner: it stands, and nobody signs own work off, whoever was the learner at that time.
func (s SignOff) Counts(learner string) bool {
	return s.RevokedAt.IsZero() && !strings.EqualFold(s.Mentor, learner)
}

func signOffDest(s *SignOff) []any {
	return []any{&s.ID, &s.RepoID, &s.Milestone, &s.Mentor, &s.Note, scanTime{&s.At}, scanTime{&s.RevokedAt}, &s.RevokedBy}
}

// AddSignOff records an approval and returns its id.
func (q *Queries) AddSignOff(ctx context.Context, s SignOff) (id int64, err error) {
	err = one(ctx, q.w, []any{&id}, `INSERT INTO signoffs (repo_id, milestone, mentor, note, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`, s.RepoID, s.Milestone, s.Mentor, bound(s.Note), q.orNow(s.At))
	return id, wrap(err, "sign off %s in repository %d", s.Milestone, s.RepoID)
}

// RevokeSignOffs takes back all standing approvals of a milestone and says how many there were.
func (q *Queries) RevokeSignOffs(ctx context.Context, repoID int64, milestone, by string) (int64, error) {
	n, err := q.w.exec(ctx, `UPDATE signoffs SET revoked_at = $3, revoked_by = $4 WHERE repo_id = $1 AND milestone = $2 AND revoked_at IS NULL`, repoID, milestone, q.now(), by)
	return n, wrap(err, "revoke sign-off of %s in repository %d", milestone, repoID)
}

// SignOffs lists the approvals of a repository, oldest first; revoked ones too.
func (q *Queries) SignOffs(ctx context.Context, repoID int64) ([]SignOff, error) {
	all, err := list(ctx, q.r, signOffDest, `SELECT id, repo_id, milestone, mentor, note, at, revoked_at, revoked_by FROM signoffs WHERE repo_id = $1 ORDER BY at, id`, repoID)
	return all, wrap(err, "sign-offs of repository %d", repoID)
}

// States of an EvidenceClaim.
const (
	ClaimOpen     = "open"
	ClaimAccepted = "accepted"
)

// EvidenceClaim is evidence that a learner points at, for a mentor to confirm.
type EvidenceClaim struct {
	ID        int64
	RepoID    int64
	Milestone string
	By        string // login
	Target    string // path or URL
	At        time.Time
	State     string
	DecidedBy string
	DecidedAt time.Time
}

const evidenceSelect = `SELECT id, repo_id, milestone, by_login, target, at, state, decided_by, decided_at FROM claims`

func evidenceDest(c *EvidenceClaim) []any {
	return []any{&c.ID, &c.RepoID, &c.Milestone, &c.By, &c.Target, scanTime{&c.At}, &c.State, &c.DecidedBy, scanTime{&c.DecidedAt}}
}

// AddEvidenceClaim records a claim as open and returns its id. The repository counts as changed.
func (q *Queries) AddEvidenceClaim(ctx context.Context, c EvidenceClaim) (id int64, err error) {
	err = q.atomically(ctx, func(q *Queries) error {
		if err := one(ctx, q.w, []any{&id}, `INSERT INTO claims (repo_id, milestone, by_login, target, at, state) VALUES ($1, $2, $3, $4, $5, 'open') RETURNING id`,
			c.RepoID, c.Milestone, c.By, bound(c.Target), q.orNow(c.At)); err != nil {
			return err
		}
		return q.touch(ctx, c.RepoID)
	})
	return id, wrap(err, "claim evidence of %s in repository %d", c.Milestone, c.RepoID)
}

// touch notes that something about a repository has changed.
func (q *Queries) touch(ctx context.Context, repoID int64) error {
	defer q.changed(repoID)
	_, err := q.w.exec(ctx, `UPDATE repositories SET `+stamped(`$2`)+` WHERE id = $1`, repoID, q.now())
	return err
}

// DecideEvidenceClaims settles the open claims of a milestone and says how many there were. The repository counts as changed.
func (q *Queries) DecideEvidenceClaims(ctx context.Context, repoID int64, milestone, state, by string) (n int64, err error) {
	err = q.atomically(ctx, func(q *Queries) error {
		n, err = q.w.exec(ctx, `UPDATE claims SET state = $3, decided_by = $4, decided_at = $5 WHERE repo_id = $1 AND milestone = $2 AND state = 'open'`, repoID, milestone, state, by, q.now())
		if err != nil || n == 0 {
			return err
		}
		return q.touch(ctx, repoID)
	})
	return n, wrap(err, "decide claims of %s in repository %d", milestone, repoID)
}

// EvidenceClaims lists the claims of a repository, oldest first.
func (q *Queries) EvidenceClaims(ctx context.Context, repoID int64) ([]EvidenceClaim, error) {
	all, err := list(ctx, q.r, evidenceDest, evidenceSelect+` WHERE repo_id = $1 ORDER BY at, id`, repoID)
	return all, wrap(err, "claims of repository %d", repoID)
}

// Skip is a milestone that a repository leaves out by command.
type Skip struct {
	RepoID    int64
	Milestone string
	Reason    string
	By        string // login
	At        time.Time
}

// PutSkip records a skip; a known one gets the new reason.
func (q *Queries) PutSkip(ctx context.Context, s Skip) error {
	_, err := q.w.exec(ctx, `INSERT INTO skips (repo_id, milestone, reason, by_login, at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (repo_id, milestone) DO UPDATE SET reason = excluded.reason, by_login = excluded.by_login, at = excluded.at`, s.RepoID, s.Milestone, bound(s.Reason), s.By, q.orNow(s.At))
	return wrap(err, "skip %s in repository %d", s.Milestone, s.RepoID)
}

// DeleteSkip takes a skip back and reports whether there was one.
func (q *Queries) DeleteSkip(ctx context.Context, repoID int64, milestone string) (bool, error) {
	n, err := q.w.exec(ctx, `DELETE FROM skips WHERE repo_id = $1 AND milestone = $2`, repoID, milestone)
	return n > 0, wrap(err, "unskip %s in repository %d", milestone, repoID)
}

// Skips lists the skips of a repository.
func (q *Queries) Skips(ctx context.Context, repoID int64) ([]Skip, error) {
	all, err := list(ctx, q.r, func(s *Skip) []any { return []any{&s.RepoID, &s.Milestone, &s.Reason, &s.By, scanTime{&s.At}} },
		`SELECT repo_id, milestone, reason, by_login, at FROM skips WHERE repo_id = $1 ORDER BY milestone`, repoID)
	return all, wrap(err, "skips of repository %d", repoID)
}

// Note is a mentor's note on a learner. It belongs to an installation, with whose data it goes.
type Note struct {
	ID             int64
	InstallationID int64
	Learner        string // login
	Mentor         string // login
	Text           string
	At             time.Time
}

// AddNote stores a note and returns its id.
func (q *Queries) AddNote(ctx context.Context, n Note) (id int64, err error) {
	err = one(ctx, q.w, []any{&id}, `INSERT INTO notes (installation_id, learner, mentor, text, at) VALUES ($1, $2, $3, $4, $5) RETURNING id`, n.InstallationID, n.Learner, n.Mentor, n.Text, q.orNow(n.At))
	return id, wrap(err, "add note on %s", n.Learner)
}

// Notes lists the notes on a learner in these installations, newest first.
func (q *Queries) Notes(ctx context.Context, learner string, installationIDs []int64) ([]Note, error) {
	if len(installationIDs) == 0 {
		return nil, nil
	}
	args := []any{learner}
	for _, id := range installationIDs {
		args = append(args, id)
	}
	all, err := list(ctx, q.r, func(n *Note) []any {
		return []any{&n.ID, &n.InstallationID, &n.Learner, &n.Mentor, &n.Text, scanTime{&n.At}}
	},
		`SELECT id, installation_id, learner, mentor, text, at FROM notes WHERE lower(learner) = lower($1) AND installation_id IN (`+placeholders(2, len(installationIDs))+`) ORDER BY at DESC, id DESC`, args...)
	return all, wrap(err, "notes on %s", learner)
}

// DeleteNote removes a note that this mentor wrote; ErrNotFound for anybody else's.
func (q *Queries) DeleteNote(ctx context.Context, id int64, mentor string) error {
	return wrap(must(q.w.exec(ctx, `DELETE FROM notes WHERE id = $1 AND lower(mentor) = lower($2)`, id, mentor)), "delete note %d", id)
}

// TakeCommand reserves a comment's command and reports whether it was new: only then is it answered. FinishCommand marks the answer; one that was
// taken over an hour ago and not finished is new again.
func (q *Queries) TakeCommand(ctx context.Context, commentID, repoID int64, command string) (bool, error) {
	now := q.now()
	n, err := q.w.exec(ctx, `INSERT INTO commands (comment_id, repo_id, command, at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (comment_id) DO UPDATE SET at = excluded.at WHERE commands.done_at IS NULL AND commands.at < $5`, commentID, repoID, bound(command), now, now.Add(-time.Hour).UnixMilli())
	return n > 0, wrap(err, "take command of comment %d", commentID)
}

// FinishCommand marks a command as answered.
func (q *Queries) FinishCommand(ctx context.Context, commentID int64) error {
	return wrap(must(q.w.exec(ctx, `UPDATE commands SET done_at = $2 WHERE comment_id = $1`, commentID, q.now())), "finish command of comment %d", commentID)
}

// CommandAnswered reports whether a comment's command was answered.
func (q *Queries) CommandAnswered(ctx context.Context, commentID int64) (bool, error) {
	var n int
	err := one(ctx, q.r, []any{&n}, `SELECT count(*) FROM commands WHERE comment_id = $1 AND done_at IS NOT NULL`, commentID)
	return n > 0, wrap(err, "command of comment %d", commentID)
}

func (q *Queries) orNow(t time.Time) time.Time {
	if t.IsZero() {
		return q.now()
	}
	return t
}
