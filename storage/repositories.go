package storage

import (
	"context"
	"errors"
	"time"
)

// Repository is a learner's repository. The first group is what GitHub says; PutRepository writes it. The rest has setters of its own.
type Repository struct {
	ID             int64
	InstallationID int64
	Owner, Name    string
	Private        bool
	Archived       bool
	Fork           bool
	DefaultBranch  string
	Homepage       string
	Topics         string // with a space between two

	HeadSHA, TreeSHA string // of the default branch when last seen
	State            string // "" is normal; else a word of the caller, such as empty, no-access, issues-disabled
	StateDetail      string
	Learner          string // login
	Config           []byte // last good configuration, JSON
	ConfigSHA        string // blob it came from
	ConfigError      string // what is wrong with the newest one
	Public           bool   // the learner shows a public portfolio
	PausedUntil      time.Time
	PausedBy         string
	Settings         []byte // JSON of the caller

	RoadmapID            string
	ReportID             int64     // newest report, 0: none
	ReportAt             time.Time // when it was made
	Met, Total           int
	BonusMet, BonusTotal int
	Percent              int
	PushedAt, CheckedAt  time.Time
	RemovedAt            time.Time // taken out of the installation; its data waits for DeleteRepository
	CreatedAt, UpdatedAt time.Time
}

// FullName is owner/name.
func (r Repository) FullName() string { return r.Owner + "/" + r.Name }

const repositoryColumns = `id, installation_id, owner, name, private, archived, fork, default_branch, homepage, topics,
 head_sha, tree_sha, state, state_detail, learner, config, config_sha, config_error, public, paused_until, paused_by, settings,
 roadmap_id, coalesce(report_id, 0), report_at, met, total, bonus_met, bonus_total, percent, pushed_at, checked_at, removed_at, created_at, updated_at`

const repositorySelect = `SELECT ` + repositoryColumns + ` FROM repositories`

func repositoryDest(r *Repository) []any {
	return []any{&r.ID, &r.InstallationID, &r.Owner, &r.Name, &r.Private, &r.Archived, &r.Fork, &r.DefaultBranch, &r.Homepage, &r.Topics,
		&r.HeadSHA, &r.TreeSHA, &r.State, &r.StateDetail, &r.Learner, &r.Config, &r.ConfigSHA, &r.ConfigError, &r.Public, scanTime{&r.PausedUntil}, &r.PausedBy, &r.Settings,
		&r.RoadmapID, &r.ReportID, scanTime{&r.ReportAt}, &r.Met, &r.Total, &r.BonusMet, &r.BonusTotal, &r.Percent,
		scanTime{&r.PushedAt}, scanTime{&r.CheckedAt}, scanTime{&r.RemovedAt}, scanTime{&r.CreatedAt}, scanTime{&r.UpdatedAt}}
}

// stamped sets when a repository changed. Each change has a later stamp than the one before, in one millisecond and with a clock that was set back too: what
// was read together with a stamp holds for as long as the row has that stamp.
func stamped(now string) string {
	return `updated_at = CASE WHEN repositories.updated_at < ` + now + ` THEN ` + now + ` ELSE repositories.updated_at + 1 END`
}

// PutRepository writes what GitHub says about a repository, new or known; what was read from its files follows a new name. An empty DefaultBranch leaves
// what is there; Homepage and Topics are written as they are. Of a known repository all else stays, Learner too, and one that was removed stays so; of a new
// one Learner is written.
func (q *Queries) PutRepository(ctx context.Context, r Repository) error {
	owner, name, err := q.nameOf(ctx, r.ID)
	switch {
	case errors.Is(err, ErrNotFound) || err == nil && owner == r.Owner && name == r.Name: // nearly always: one statement needs no transaction
		err = q.putRepository(ctx, r)
	case err == nil:
		err = q.atomically(ctx, func(q *Queries) error {
			owner, name, err := q.nameOf(ctx, r.ID) // anew: the other one was read outside
			if err == nil {
				err = q.moveSettings(ctx, r.ID, owner, name, r.Owner, r.Name)
			}
			if err != nil && !errors.Is(err, ErrNotFound) {
				return err
			}
			return q.putRepository(ctx, r)
		})
	}
	return wrap(err, "put repository %d", r.ID)
}

// nameOf is the name of a repository, also of a removed one.
func (q *Queries) nameOf(ctx context.Context, id int64) (owner, name string, err error) {
	err = one(ctx, q.r, []any{&owner, &name}, `SELECT owner, name FROM repositories WHERE id = $1`, id)
	return owner, name, err
}

func (q *Queries) putRepository(ctx context.Context, r Repository) error {
	defer q.changed(r.ID)
	_, err := q.w.exec(ctx, `INSERT INTO repositories (id, installation_id, owner, name, private, archived, fork, default_branch, homepage, topics, learner, created_at, updated_at)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) ON CONFLICT (id) DO UPDATE SET installation_id = excluded.installation_id, owner = excluded.owner, name = excluded.name,
 private = excluded.private, archived = excluded.archived, fork = excluded.fork,
 default_branch = CASE WHEN excluded.default_branch = '' THEN repositories.default_branch ELSE excluded.default_branch END,
 homepage = excluded.homepage, topics = excluded.topics, `+stamped(`excluded.updated_at`),
		r.ID, r.InstallationID, r.Owner, r.Name, r.Private, r.Archived, r.Fork, r.DefaultBranch, r.Homepage, bound(r.Topics), r.Learner, q.now())
	return err
}

// Repository is one repository by its id.
func (q *Queries) Repository(ctx context.Context, id int64) (Repository, error) {
	var r Repository
	err := one(ctx, q.r, repositoryDest(&r), repositorySelect+` WHERE id = $1`, id)
	return r, wrap(err, "repository %d", id)
}

// RepositoryByName is the repository that has this name now and is not removed; upper and lower case are the same.
func (q *Queries) RepositoryByName(ctx context.Context, owner, name string) (Repository, error) {
	var r Repository
	err := one(ctx, q.r, repositoryDest(&r), repositorySelect+` WHERE lower(owner) = lower($1) AND lower(name) = lower($2) AND removed_at IS NULL ORDER BY updated_at DESC LIMIT 1`, owner, name)
	return r, wrap(err, "repository %s/%s", owner, name)
}

// Repositories lists those of an installation that are not removed; 0 stands for all installations.
func (q *Queries) Repositories(ctx context.Context, installationID int64) ([]Repository, error) {
	all, err := list(ctx, q.r, repositoryDest, repositorySelect+` WHERE (CAST($1 AS BIGINT) = 0 OR installation_id = $1) AND removed_at IS NULL ORDER BY id`, installationID)
	return all, wrap(err, "repositories of installation %d", installationID)
}

// RepositoriesByLearner lists a learner's repositories that are not removed.
func (q *Queries) RepositoriesByLearner(ctx context.Context, login string) ([]Repository, error) {
	all, err := list(ctx, q.r, repositoryDest, repositorySelect+` WHERE lower(learner) = lower($1) AND removed_at IS NULL ORDER BY id`, login)
	return all, wrap(err, "repositories of learner %s", login)
}

// ShownRepositories lists the ids of a learner's repositories that everybody may see. A configuration that says so is believed in the learner's own
// account: elsewhere others may have written it. chosen says that the learner wants to be seen: then it is believed everywhere, and every public
// repository is shown. What nobody may see is not read.
func (q *Queries) ShownRepositories(ctx context.Context, login string, chosen bool) ([]int64, error) {
	ids, err := list(ctx, q.r, func(id *int64) []any { return []any{id} },
		`SELECT id FROM repositories WHERE lower(learner) = lower($1) AND removed_at IS NULL AND (public = 1 AND lower(owner) = lower($1) OR CAST($2 AS BIGINT) = 1 AND (public = 1 OR private = 0)) ORDER BY id`, login, chosen)
	return ids, wrap(err, "shown repositories of learner %s", login)
}

// StaleRepositories lists up to n repositories, not removed or archived, that were not checked since before, those never checked first.
func (q *Queries) StaleRepositories(ctx context.Context, before time.Time, n int) ([]Repository, error) {
	all, err := list(ctx, q.r, repositoryDest, repositorySelect+` WHERE coalesce(checked_at, 0) < $1 AND removed_at IS NULL AND archived = 0
 ORDER BY coalesce(checked_at, 0), id LIMIT $2`, before.UnixMilli(), n)
	return all, wrap(err, "stale repositories")
}

func (q *Queries) updateRepository(ctx context.Context, what string, id int64, set string, args ...any) error {
	defer q.changed(id)
	err := must(q.w.exec(ctx, `UPDATE repositories SET `+stamped(`$2`)+`, `+set+` WHERE id = $1`, append([]any{id, q.now()}, args...)...))
	return wrap(err, "set %s of repository %d", what, id)
}

// SetRepositoryHead notes the commit and tree of the default branch.
func (q *Queries) SetRepositoryHead(ctx context.Context, id int64, commit, tree string) error {
	return q.updateRepository(ctx, "head", id, `head_sha = $3, tree_sha = $4`, commit, tree)
}

// SetRepositoryPushed notes when something was last pushed to it.
func (q *Queries) SetRepositoryPushed(ctx context.Context, id int64, at time.Time) error {
	return q.updateRepository(ctx, "push time", id, `pushed_at = $3`, at)
}

// SetRepositoryChecked notes when it was last checked, whatever the result.
func (q *Queries) SetRepositoryChecked(ctx context.Context, id int64, at time.Time) error {
	return q.updateRepository(ctx, "check time", id, `checked_at = $3`, at)
}

// SetRepositoryState notes a state other than normal (""), with a sentence for people.
func (q *Queries) SetRepositoryState(ctx context.Context, id int64, state, detail string) error {
	return q.updateRepository(ctx, "state", id, `state = $3, state_detail = $4`, state, bound(detail))
}

// SetRepositoryLearner names the learner.
func (q *Queries) SetRepositoryLearner(ctx context.Context, id int64, login string) error {
	return q.updateRepository(ctx, "learner", id, `learner = $3`, login)
}

// SetRepositoryConfig stores the last good configuration, the blob it came from, and whether the portfolio is public; it clears ConfigError.
func (q *Queries) SetRepositoryConfig(ctx context.Context, id int64, sha string, config []byte, public bool) error {
	return q.updateRepository(ctx, "configuration", id, `config_sha = $3, config = $4, public = $5, config_error = ''`, sha, config, public)
}

// SetRepositoryConfigError notes what is wrong with the newest configuration; the last good one stays.
func (q *Queries) SetRepositoryConfigError(ctx context.Context, id int64, problem string) error {
	return q.updateRepository(ctx, "configuration error", id, `config_error = $3`, bound(problem))
}

// PauseRepository pauses it until a time, or, with the zero time, resumes it. by says who, or what, did.
func (q *Queries) PauseRepository(ctx context.Context, id int64, until time.Time, by string) error {
	return q.updateRepository(ctx, "pause", id, `paused_until = $3, paused_by = $4`, until, by)
}

// SetRepositorySettings stores the caller's JSON.
func (q *Queries) SetRepositorySettings(ctx context.Context, id int64, settings []byte) error {
	return q.updateRepository(ctx, "settings", id, `settings = $3`, settings)
}

// RemoveRepository notes that the installation no longer covers it. Its data stays until DeleteRepository.
func (q *Queries) RemoveRepository(ctx context.Context, id int64) error {
	return q.updateRepository(ctx, "removal", id, `removed_at = $2`)
}

// RestoreRepository takes back in what [Queries.RemoveRepository] let go of, as one that was not checked for long; of one that is covered nothing changes.
func (q *Queries) RestoreRepository(ctx context.Context, id int64) error {
	defer q.changed(id)
	_, err := q.w.exec(ctx, `UPDATE repositories SET removed_at = NULL, checked_at = NULL, `+stamped(`$2`)+` WHERE id = $1 AND removed_at IS NOT NULL`, id, q.now())
	return wrap(err, "restore repository %d", id)
}

// DeleteRepository removes a repository with all its data in one transaction. Deleting what is not there is no error.
func (q *Queries) DeleteRepository(ctx context.Context, id int64) error {
	err := q.atomically(ctx, func(q *Queries) error {
		switch owner, name, err := q.nameOf(ctx, id); {
		case err == nil:
			if err := q.deleteSettings(ctx, id, owner, name); err != nil {
				return err
			}
		case !errors.Is(err, ErrNotFound):
			return err
		}
		for _, t := range repositoryTables {
			stmt := `DELETE FROM ` + t + ` WHERE repo_id = $1`
			if t == "deliveries" {
				stmt = `UPDATE deliveries SET fields = NULL, error = '', state = CASE WHEN state = 0 AND kind = 'repo' THEN 1 ELSE state END WHERE repo_id = $1`
			}
			if _, err := q.w.exec(ctx, stmt, id); err != nil {
				return err
			}
		}
		// A leased row stays: its worker finds the repository gone, and finishes.
		if _, err := q.w.exec(ctx, `DELETE FROM work WHERE kind = 'repo' AND key = $1 AND owner = ''`, itoa(id)); err != nil {
			return err
		}
		defer q.changed(id)
		_, err := q.w.exec(ctx, `DELETE FROM repositories WHERE id = $1`, id)
		return err
	})
	return wrap(err, "delete repository %d", id)
}
