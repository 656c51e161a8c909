package storage

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// RepositoryStamp says whether what is known of a repository has changed: a report changes ReportID, and each change UpdatedAt, which no two have in common.
type RepositoryStamp struct {
	ID        int64
	ReportID  int64 // 0: none
	UpdatedAt time.Time
}

// RepositoryStamps lists those of these repositories that are still in their installation, in order of id. No other row is read: how long it takes
// tells nothing of repositories that were not asked for.
func (q *Queries) RepositoryStamps(ctx context.Context, ids []int64) ([]RepositoryStamp, error) {
	all, err := byIDs(ctx, q, ids, func(s *RepositoryStamp) []any { return []any{&s.ID, &s.ReportID, scanTime{&s.UpdatedAt}} },
		`SELECT id, coalesce(report_id, 0), updated_at FROM repositories WHERE id IN (`, `) AND removed_at IS NULL ORDER BY id`)
	return all, wrap(err, "stamps of repositories")
}

// NewestRepositories lists the ids of up to n repositories that are still in their installation, those that changed last first.
func (q *Queries) NewestRepositories(ctx context.Context, n int) ([]int64, error) {
	ids, err := list(ctx, q.r, func(id *int64) []any { return []any{id} }, `SELECT id FROM repositories WHERE removed_at IS NULL ORDER BY updated_at DESC, id LIMIT $1`, n)
	return ids, wrap(err, "newest repositories")
}

// InstallationsByID lists the installations of these ids that are not deleted.
func (q *Queries) InstallationsByID(ctx context.Context, ids []int64) ([]Installation, error) {
	all, err := byIDs(ctx, q, ids, installationDest, installationSelect+` WHERE id IN (`, `) AND deleted_at IS NULL ORDER BY id`)
	return all, wrap(err, "installations by id")
}

// RepositoriesByID lists the repositories that are still in their installation, of these ids.
func (q *Queries) RepositoriesByID(ctx context.Context, ids []int64) ([]Repository, error) {
	all, err := byIDs(ctx, q, ids, repositoryDest, repositorySelect+` WHERE id IN (`, `) AND removed_at IS NULL ORDER BY id`)
	return all, wrap(err, "repositories by id")
}

// packed is a column of many rows in one, by repository: a driver takes longer to hand over a row than the database to read it.
type packed struct {
	repo int64
	text string
}

func packedDest(p *packed) []any { return []any{&p.repo, &p.text} }

// unpack calls fn for each row of a packed text, with its fields.
func (p packed) unpack(fields int, fn func(f []string) error) error {
	for row := range strings.SplitSeq(p.text, ",") {
		f := strings.Split(row, " ")
		if len(f) != fields {
			return fmt.Errorf("storage: %d fields where %d were expected", len(f), fields)
		}
		if err := fn(f); err != nil {
			return fmt.Errorf("storage: %w", err)
		}
	}
	return nil
}

// milli reads a time as ms writes it, in text; 0 is none.
func milli(s string) (time.Time, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	return time.UnixMilli(n).UTC(), nil
}

// StatusesOf lists the statuses of many repositories in no certain order, without steps, and with the reasons of those alone that are started.
func (q *Queries) StatusesOf(ctx context.Context, repoIDs []int64) ([]MilestoneStatus, error) {
	rows, err := byIDs(ctx, q, repoIDs, packedDest, `SELECT repo_id, string_agg(milestone || ' ' || status || ' ' || since, ',') FROM statuses WHERE repo_id IN (`, `) GROUP BY repo_id`)
	if err != nil {
		return nil, wrap(err, "statuses")
	}
	type key struct {
		repo      int64
		milestone string
	}
	reasons := map[key]string{}
	started, err := byIDs(ctx, q, repoIDs, func(s *MilestoneStatus) []any { return []any{&s.RepoID, &s.Milestone, &s.Reason} },
		`SELECT repo_id, milestone, reason FROM statuses WHERE repo_id IN (`, `) AND status = 'partial' AND reason <> ''`)
	if err != nil {
		return nil, wrap(err, "statuses")
	}
	for _, s := range started {
		reasons[key{s.RepoID, s.Milestone}] = s.Reason
	}
	all := make([]MilestoneStatus, 0, 60*len(rows))
	for _, p := range rows {
		if err := p.unpack(3, func(f []string) error {
			since, err := milli(f[2])
			all = append(all, MilestoneStatus{RepoID: p.repo, Milestone: f[0], Status: f[1], Since: since, Reason: reasons[key{p.repo, f[0]}]})
			return err
		}); err != nil {
			return nil, wrap(err, "statuses of repository %d", p.repo)
		}
	}
	return all, nil
}

// EarnedOf lists what was earned in several repositories, in no certain order, without its evidence and without the commit of a loss.
func (q *Queries) EarnedOf(ctx context.Context, repoIDs []int64) ([]Earned, error) {
	rows, err := byIDs(ctx, q, repoIDs, packedDest,
		`SELECT repo_id, string_agg(milestone || ' ' || at || ' ' || coalesce(lost_at, 0) || ' ' || pull_number || ' ' || commit_sha, ',') FROM earned WHERE repo_id IN (`, `) GROUP BY repo_id`)
	if err != nil {
		return nil, wrap(err, "earned")
	}
	all := make([]Earned, 0, 30*len(rows))
	for _, p := range rows {
		if err := p.unpack(5, func(f []string) error {
			e := Earned{RepoID: p.repo, Milestone: f[0], Commit: f[4]}
			var errs [3]error
			e.At, errs[0] = milli(f[1])
			e.LostAt, errs[1] = milli(f[2])
			e.PullNumber, errs[2] = strconv.Atoi(f[3])
			all = append(all, e)
			return errors.Join(errs[:]...)
		}); err != nil {
			return nil, wrap(err, "earned of repository %d", p.repo)
		}
	}
	return all, nil
}

// OpenEvidenceClaims lists the claims in these repositories that no mentor has decided on, oldest first.
func (q *Queries) OpenEvidenceClaims(ctx context.Context, repoIDs []int64) ([]EvidenceClaim, error) {
	all, err := byIDs(ctx, q, repoIDs, evidenceDest, evidenceSelect+` WHERE repo_id IN (`, `) AND state = 'open' ORDER BY at, id`)
	return all, wrap(err, "open claims")
}

// byIDs reads what belongs to these ids; before ends with IN ( and after begins with ). On SQLite, which looks numbered parameters up one by one, the numbers
// stand in the statement's text. PostgreSQL takes them as an array: it keeps statements prepared, and each text of its own would stay there.
func byIDs[T any](ctx context.Context, q *Queries, ids []int64, dest func(*T) []any, before, after string) ([]T, error) {
	if q.pg && len(ids) > 0 {
		return list(ctx, q.r, dest, strings.TrimSuffix(before, "IN (")+`= ANY($1`+after, ids)
	}
	var all []T
	err := chunks(ids, 1000, func(part []int64) error {
		text := make([]byte, 0, 12*len(part))
		for i, id := range part {
			if i > 0 {
				text = append(text, ',')
			}
			text = strconv.AppendInt(text, id, 10)
		}
		some, err := list(ctx, q.r, dest, before+string(text)+after)
		all = append(all, some...)
		return err
	})
	return all, err
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
