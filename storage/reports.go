package storage

import (
	"context"
	"strconv"
	"time"
)

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// Facts reads what was found, under one fingerprint of the finders, in the blobs that are known.
func (q *Queries) Facts(ctx context.Context, fingerprint string, blobs []string) (map[string][]byte, error) {
	found := make(map[string][]byte, len(blobs))
	type row struct {
		blob string
		data []byte
	}
	err := chunks(blobs, 500, func(part []string) error {
		rows, err := list(ctx, q.r, func(r *row) []any { return []any{&r.blob, &r.data} },
			`SELECT blob, data FROM facts WHERE fingerprint = $1 AND blob IN (`+placeholders(2, len(part))+`)`, withStrings(part, fingerprint)...)
		for _, r := range rows {
			found[r.blob] = r.data
		}
		return err
	})
	return found, wrap(err, "facts")
}

// PutFacts stores facts by blob id under a fingerprint. Known ones are overwritten.
func (q *Queries) PutFacts(ctx context.Context, fingerprint string, facts map[string][]byte) error {
	if len(facts) == 0 {
		return nil
	}
	blobs := sortedKeys(facts)
	now := q.now().UnixMilli()
	err := q.atomically(ctx, func(q *Queries) error {
		return chunks(blobs, 50, func(part []string) error { // SQLite looks numbered parameters up one by one: many of them are slow
			args := make([]any, 0, 4*len(part))
			for _, b := range part {
				data := facts[b]
				if data == nil {
					data = []byte{}
				}
				args = append(args, fingerprint, b, data, now)
			}
			_, err := q.w.exec(ctx, `INSERT INTO facts (fingerprint, blob, data, used_at) VALUES `+tuples(len(part), 4)+
				` ON CONFLICT (fingerprint, blob) DO UPDATE SET data = excluded.data, used_at = excluded.used_at`, args...)
			return err
		})
	})
	return wrap(err, "put facts")
}

// TouchFacts notes that these facts are still used, so that pruning leaves them. Those touched within a day cost no write.
func (q *Queries) TouchFacts(ctx context.Context, fingerprint string, blobs []string) error {
	now := q.now()
	err := chunks(blobs, 500, func(part []string) error {
		stale, err := list(ctx, q.r, func(s *string) []any { return []any{s} }, `SELECT blob FROM facts WHERE fingerprint = $1 AND used_at < $2 AND blob IN (`+placeholders(3, len(part))+`)`,
			withStrings(part, fingerprint, now.Add(-24*time.Hour).UnixMilli())...)
		if err != nil || len(stale) == 0 {
			return err
		}
		_, err = q.w.exec(ctx, `UPDATE facts SET used_at = $2 WHERE fingerprint = $1 AND blob IN (`+placeholders(3, len(stale))+`)`,
			withStrings(stale, fingerprint, now.UnixMilli())...)
		return err
	})
	return wrap(err, "touch facts")
}

// Snapshot is the list of a commit's files.
type Snapshot struct {
	RepoID    int64
	Commit    string
	Tree      string
	Entries   []byte // the caller's encoding
	CreatedAt time.Time
}

// PutSnapshot stores a snapshot; a known one is overwritten.
func (q *Queries) PutSnapshot(ctx context.Context, s Snapshot) error {
	_, err := q.w.exec(ctx, `INSERT INTO snapshots (repo_id, commit_sha, tree_sha, entries, created_at) VALUES ($1, $2, $3, $4, $5)
 ON CONFLICT (repo_id, commit_sha) DO UPDATE SET tree_sha = excluded.tree_sha, entries = excluded.entries, created_at = excluded.created_at`,
		s.RepoID, s.Commit, s.Tree, s.Entries, q.now())
	return wrap(err, "put snapshot %s of repository %d", s.Commit, s.RepoID)
}

// Snapshot is the snapshot of one commit.
func (q *Queries) Snapshot(ctx context.Context, repoID int64, commit string) (Snapshot, error) {
	s := Snapshot{RepoID: repoID, Commit: commit}
	err := one(ctx, q.r, []any{&s.Tree, &s.Entries, scanTime{&s.CreatedAt}}, `SELECT tree_sha, entries, created_at FROM snapshots WHERE repo_id = $1 AND commit_sha = $2`, repoID, commit)
	return s, wrap(err, "snapshot %s of repository %d", commit, repoID)
}

// Report is one evaluation of a repository's default branch.
type Report struct {
	ID                   int64
	RepoID               int64
	Commit, Ref          string
	RoadmapID            string
	RoadmapVersion       int
	CreatedAt            time.Time // zero: now
	Met, Total           int
	BonusMet, BonusTotal int
	Percent              int
	Data                 []byte // JSON; nil once pruned
}

const reportSummary = `id, repo_id, commit_sha, ref, roadmap_id, roadmap_version, created_at, met, total, bonus_met, bonus_total, percent`

func reportDest(r *Report) []any {
	return append(summaryDest(r), &r.Data)
}

func summaryDest(r *Report) []any {
	return []any{&r.ID, &r.RepoID, &r.Commit, &r.Ref, &r.RoadmapID, &r.RoadmapVersion, scanTime{&r.CreatedAt}, &r.Met, &r.Total, &r.BonusMet, &r.BonusTotal, &r.Percent}
}

// PutReport adds a report, makes it the repository's newest and returns its id.
func (q *Queries) PutReport(ctx context.Context, r Report) (id int64, err error) {
	at := r.CreatedAt
	if at.IsZero() {
		at = q.now()
	}
	err = q.atomically(ctx, func(q *Queries) error {
		if err := one(ctx, q.w, []any{&id}, `INSERT INTO reports (repo_id, commit_sha, ref, roadmap_id, roadmap_version, created_at, met, total, bonus_met, bonus_total, percent, data)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) RETURNING id`,
			r.RepoID, r.Commit, r.Ref, r.RoadmapID, r.RoadmapVersion, at, r.Met, r.Total, r.BonusMet, r.BonusTotal, r.Percent, r.Data); err != nil {
			return err
		}
		defer q.changed(r.RepoID)
		_, err := q.w.exec(ctx, `UPDATE repositories SET report_id = $2, report_at = $3, checked_at = $4, roadmap_id = $5, met = $6, total = $7, bonus_met = $8, bonus_total = $9, percent = $10,
 `+stamped(`$4`)+` WHERE id = $1`, r.RepoID, id, at, q.now(), r.RoadmapID, r.Met, r.Total, r.BonusMet, r.BonusTotal, r.Percent)
		return err
	})
	return id, wrap(err, "put report of repository %d", r.RepoID)
}

// LatestReport is the newest report of a repository.
func (q *Queries) LatestReport(ctx context.Context, repoID int64) (Report, error) {
	var r Report
	err := one(ctx, q.r, reportDest(&r), `SELECT `+reportSummary+`, data FROM reports WHERE repo_id = $1 ORDER BY created_at DESC, id DESC LIMIT 1`, repoID)
	return r, wrap(err, "latest report of repository %d", repoID)
}

// Report is one report by its id.
func (q *Queries) Report(ctx context.Context, id int64) (Report, error) {
	var r Report
	err := one(ctx, q.r, reportDest(&r), `SELECT `+reportSummary+`, data FROM reports WHERE id = $1`, id)
	return r, wrap(err, "report %d", id)
}

// ReportHistory lists up to n reports of a repository since a time, newest first, without their data.
func (q *Queries) ReportHistory(ctx context.Context, repoID int64, since time.Time, n int) ([]Report, error) {
	all, err := list(ctx, q.r, summaryDest, `SELECT `+reportSummary+` FROM reports WHERE repo_id = $1 AND created_at >= $2 ORDER BY created_at DESC, id DESC LIMIT $3`, repoID, since.UnixMilli(), n)
	return all, wrap(err, "report history of repository %d", repoID)
}

// Earned is the first time a milestone was met in a repository. What was found in a commit stays for ever; LostAt says since when the evidence is gone. A
// milestone without a commit rests on a mentor's sign-off alone, and can be taken back.
type Earned struct {
	RepoID     int64
	Milestone  string
	Commit     string
	At         time.Time
	Evidence   []byte // JSON
	PullNumber int    // the pull request that brought it, 0: none known
	LostAt     time.Time
	LostCommit string
}

const earnedSelect = `SELECT repo_id, milestone, commit_sha, at, evidence, pull_number, lost_at, lost_commit FROM earned`

func earnedDest(e *Earned) []any {
	return []any{&e.RepoID, &e.Milestone, &e.Commit, scanTime{&e.At}, &e.Evidence, &e.PullNumber, scanTime{&e.LostAt}, &e.LostCommit}
}

// Earn notes a milestone as met. The first time counts: of a known one only the loss is taken back; one that rested on a sign-off alone now rests on the
// commit, if there is one.
func (q *Queries) Earn(ctx context.Context, e Earned) error {
	at := e.At
	if at.IsZero() {
		at = q.now()
	}
	_, err := q.w.exec(ctx, `INSERT INTO earned (repo_id, milestone, commit_sha, at, evidence, pull_number) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (repo_id, milestone) DO UPDATE SET lost_at = NULL, lost_commit = '',
 commit_sha = CASE WHEN earned.commit_sha = '' THEN excluded.commit_sha ELSE earned.commit_sha END,
 evidence = CASE WHEN earned.commit_sha = '' THEN excluded.evidence ELSE earned.evidence END,
 pull_number = CASE WHEN earned.commit_sha = '' THEN excluded.pull_number ELSE earned.pull_number END`, e.RepoID, e.Milestone, e.Commit, at, e.Evidence, e.PullNumber)
	return wrap(err, "earn %s in repository %d", e.Milestone, e.RepoID)
}

// LoseEarned notes since when, and at which commit, the evidence of an earned milestone is gone. A loss noted before keeps its date.
func (q *Queries) LoseEarned(ctx context.Context, repoID int64, milestone, commit string, at time.Time) error {
	_, err := q.w.exec(ctx, `UPDATE earned SET lost_at = $3, lost_commit = $4 WHERE repo_id = $1 AND milestone = $2 AND lost_at IS NULL`, repoID, milestone, at, commit)
	return wrap(err, "lose %s in repository %d", milestone, repoID)
}

// TakeBackEarned removes the record of a milestone that rests on a sign-off alone.
func (q *Queries) TakeBackEarned(ctx context.Context, repoID int64, milestone string) error {
	_, err := q.w.exec(ctx, `DELETE FROM earned WHERE repo_id = $1 AND milestone = $2 AND commit_sha = ''`, repoID, milestone)
	return wrap(err, "take back %s in repository %d", milestone, repoID)
}

// Earned lists what a repository earned, oldest first.
func (q *Queries) Earned(ctx context.Context, repoID int64) ([]Earned, error) {
	all, err := list(ctx, q.r, earnedDest, earnedSelect+` WHERE repo_id = $1 ORDER BY at, milestone`, repoID)
	return all, wrap(err, "earned of repository %d", repoID)
}

// MilestoneStatus is where a milestone of a repository stands now.
type MilestoneStatus struct {
	RepoID    int64
	Milestone string
	Step      string
	Status    string    // a word of the rules: met, partial, missing ...
	Since     time.Time // when it got this status
	Reason    string
}

// PutStatuses replaces the statuses of a repository. Since is kept where the status is the same as before, and now elsewhere, unless the caller sets it.
func (q *Queries) PutStatuses(ctx context.Context, repoID int64, all []MilestoneStatus) error {
	err := q.atomically(ctx, func(q *Queries) error {
		before, err := q.Statuses(ctx, repoID)
		if err != nil {
			return err
		}
		old := make(map[string]MilestoneStatus, len(before))
		for _, s := range before {
			old[s.Milestone] = s
		}
		var args []any
		n := 0
		for _, s := range all {
			was, known := old[s.Milestone]
			delete(old, s.Milestone)
			switch {
			case known && was.Status == s.Status:
				s.Since = was.Since
			case s.Since.IsZero():
				s.Since = time.UnixMilli(q.now().UnixMilli()).UTC()
			}
			s.RepoID, s.Reason = repoID, bound(clean(s.Reason))
			if known && was == s {
				continue
			}
			args = append(args, repoID, s.Milestone, s.Step, s.Status, s.Since, s.Reason)
			n++
		}
		if n > 0 {
			if _, err := q.w.exec(ctx, `INSERT INTO statuses (repo_id, milestone, step, status, since, reason) VALUES `+tuples(n, 6)+
				` ON CONFLICT (repo_id, milestone) DO UPDATE SET step = excluded.step, status = excluded.status, since = excluded.since, reason = excluded.reason`, args...); err != nil {
				return err
			}
		}
		if len(old) == 0 {
			return nil
		}
		gone := sortedKeys(old)
		_, err = q.w.exec(ctx, `DELETE FROM statuses WHERE repo_id = $1 AND milestone IN (`+placeholders(2, len(gone))+`)`, withStrings(gone, repoID)...)
		return err
	})
	return wrap(err, "put statuses of repository %d", repoID)
}

const statusSelect = `SELECT repo_id, milestone, step, status, since, reason FROM statuses`

func statusDest(s *MilestoneStatus) []any {
	return []any{&s.RepoID, &s.Milestone, &s.Step, &s.Status, scanTime{&s.Since}, &s.Reason}
}

// Statuses lists the statuses of one repository by milestone id.
func (q *Queries) Statuses(ctx context.Context, repoID int64) ([]MilestoneStatus, error) {
	all, err := list(ctx, q.r, statusDest, statusSelect+` WHERE repo_id = $1 ORDER BY milestone`, repoID)
	return all, wrap(err, "statuses of repository %d", repoID)
}

// PutActivity stores one kind of facts that come from events rather than files, as the caller's JSON.
func (q *Queries) PutActivity(ctx context.Context, repoID int64, kind string, data []byte) error {
	_, err := q.w.exec(ctx, `INSERT INTO activity (repo_id, kind, data, updated_at) VALUES ($1, $2, $3, $4)
 ON CONFLICT (repo_id, kind) DO UPDATE SET data = excluded.data, updated_at = excluded.updated_at`, repoID, kind, data, q.now())
	return wrap(err, "put activity %s of repository %d", kind, repoID)
}

// Activity is all of a repository's activity by kind.
func (q *Queries) Activity(ctx context.Context, repoID int64) (map[string][]byte, error) {
	type row struct {
		kind string
		data []byte
	}
	rows, err := list(ctx, q.r, func(r *row) []any { return []any{&r.kind, &r.data} }, `SELECT kind, data FROM activity WHERE repo_id = $1`, repoID)
	all := make(map[string][]byte, len(rows))
	for _, r := range rows {
		all[r.kind] = r.data
	}
	return all, wrap(err, "activity of repository %d", repoID)
}
