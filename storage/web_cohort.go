package storage

import (
	"context"
	"time"
)

// RepositoryStamp says whether what is known of a repository may have changed: a report changes ReportID, everything else UpdatedAt.
type RepositoryStamp struct {
	ID             int64
	InstallationID int64
	ReportID       int64 // 0: none
	UpdatedAt      time.Time
}

// RepositoryStamps lists the repositories of some installations, in order of id.
func (q *Queries) RepositoryStamps(ctx context.Context, installationIDs []int64) ([]RepositoryStamp, error) {
	var all []RepositoryStamp
	err := chunks(installationIDs, 500, func(part []int64) error {
		some, err := list(ctx, q.r, func(s *RepositoryStamp) []any {
			return []any{&s.ID, &s.InstallationID, &s.ReportID, scanTime{&s.UpdatedAt}}
		}, `SELECT id, installation_id, coalesce(report_id, 0), updated_at FROM repositories WHERE removed_at IS NULL AND installation_id IN (`+placeholders(1, len(part))+`) ORDER BY id`, anys(part)...)
		all = append(all, some...)
		return err
	})
	return all, wrap(err, "stamps of repositories")
}

// RepositoriesByID lists the repositories that are still in their installation, of these ids.
func (q *Queries) RepositoriesByID(ctx context.Context, ids []int64) ([]Repository, error) {
	var all []Repository
	err := chunks(ids, 200, func(part []int64) error {
		some, err := list(ctx, q.r, repositoryDest, repositorySelect+` WHERE removed_at IS NULL AND id IN (`+placeholders(1, len(part))+`) ORDER BY id`, anys(part)...)
		all = append(all, some...)
		return err
	})
	return all, wrap(err, "repositories by id")
}

// EarnedOf lists what was earned in several repositories, without its evidence.
func (q *Queries) EarnedOf(ctx context.Context, repoIDs []int64) ([]Earned, error) {
	var all []Earned
	err := chunks(repoIDs, 200, func(part []int64) error {
		some, err := list(ctx, q.r, func(e *Earned) []any {
			return []any{&e.RepoID, &e.Milestone, &e.Commit, scanTime{&e.At}, &e.PullNumber, scanTime{&e.LostAt}, &e.LostCommit}
		}, `SELECT repo_id, milestone, commit_sha, at, pull_number, lost_at, lost_commit FROM earned WHERE repo_id IN (`+placeholders(1, len(part))+`) ORDER BY repo_id, at, milestone`, anys(part)...)
		all = append(all, some...)
		return err
	})
	return all, wrap(err, "earned")
}

// OpenEvidenceClaims lists up to n claims that no mentor has decided on, oldest first.
func (q *Queries) OpenEvidenceClaims(ctx context.Context, n int) ([]EvidenceClaim, error) {
	all, err := list(ctx, q.r, evidenceDest, evidenceSelect+` WHERE state = 'open' ORDER BY at, id LIMIT $1`, n)
	return all, wrap(err, "open claims")
}

// AddSession stores a session under a hash that is new; ErrConflict if it is there already.
func (q *Queries) AddSession(ctx context.Context, s Session) error {
	n, err := q.w.exec(ctx, `INSERT INTO sessions (token_hash, user_id, data, expires_at) VALUES ($1, $2, $3, $4) ON CONFLICT (token_hash) DO NOTHING`, s.TokenHash, s.UserID, s.Data, s.ExpiresAt)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	return wrap(err, "add session")
}

// SessionsOf lists the sessions of a person that have not expired.
func (q *Queries) SessionsOf(ctx context.Context, userID int64) ([]Session, error) {
	all, err := list(ctx, q.r, func(s *Session) []any { return []any{&s.TokenHash, &s.UserID, &s.Data, scanTime{&s.ExpiresAt}} },
		`SELECT token_hash, user_id, data, expires_at FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY expires_at`, userID, q.now())
	return all, wrap(err, "sessions of user %d", userID)
}

// NotesAbout lists all notes on a learner, whoever may see them: for the learner's own look at what is stored.
func (q *Queries) NotesAbout(ctx context.Context, learner string) ([]Note, error) {
	all, err := list(ctx, q.r, func(n *Note) []any {
		return []any{&n.ID, &n.InstallationID, &n.Learner, &n.Mentor, &n.Text, scanTime{&n.At}}
	}, `SELECT id, installation_id, learner, mentor, text, at FROM notes WHERE lower(learner) = lower($1) ORDER BY at, id`, learner)
	return all, wrap(err, "notes about %s", learner)
}

// DeleteNotesAbout removes all notes on a learner.
func (q *Queries) DeleteNotesAbout(ctx context.Context, learner string) (int64, error) {
	n, err := q.w.exec(ctx, `DELETE FROM notes WHERE lower(learner) = lower($1)`, learner)
	return n, wrap(err, "delete notes about %s", learner)
}

// Override is something a person did to a milestone that the rules would not have done.
type Override struct {
	Kind      string // claim, skip or signoff
	Milestone string
	RepoID    int64
}

// Overrides lists up to n claims, skips and standing sign-offs.
func (q *Queries) Overrides(ctx context.Context, n int) ([]Override, error) {
	all, err := list(ctx, q.r, func(o *Override) []any { return []any{&o.Kind, &o.Milestone, &o.RepoID} },
		`SELECT 'claim' AS kind, milestone, repo_id FROM claims UNION ALL SELECT 'skip', milestone, repo_id FROM skips
 UNION ALL SELECT 'signoff', milestone, repo_id FROM signoffs WHERE revoked_at IS NULL ORDER BY kind, milestone, repo_id LIMIT $1`, n)
	return all, wrap(err, "overrides")
}

// Tally is a word and how often it occurs.
type Tally struct {
	Word string
	N    int64
}

func tallyDest(t *Tally) []any { return []any{&t.Word, &t.N} }

// RepositoryStates counts repositories by state.
func (q *Queries) RepositoryStates(ctx context.Context) ([]Tally, error) {
	all, err := list(ctx, q.r, tallyDest, `SELECT state, count(*) FROM repositories WHERE removed_at IS NULL GROUP BY state ORDER BY state`)
	return all, wrap(err, "states of repositories")
}

// DeliveryCounts counts deliveries that arrived since a time, by event.
func (q *Queries) DeliveryCounts(ctx context.Context, since time.Time) ([]Tally, error) {
	all, err := list(ctx, q.r, tallyDest, `SELECT event, count(*) FROM deliveries WHERE received_at >= $1 GROUP BY event ORDER BY count(*) DESC, event`, since.UnixMilli())
	return all, wrap(err, "count deliveries")
}

// FailingWork lists up to n keys whose last run failed, newest first.
func (q *Queries) FailingWork(ctx context.Context, n int) ([]WorkRow, error) {
	all, err := list(ctx, q.r, workDest, `SELECT `+workColumns+` FROM work WHERE last_error <> '' ORDER BY changed_at DESC LIMIT $1`, n)
	return all, wrap(err, "failing work")
}

func anys(ids []int64) []any {
	out := make([]any, len(ids))
	for i, id := range ids {
		out[i] = id
	}
	return out
}
