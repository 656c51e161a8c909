package storage

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Retention says how long data is kept that nobody needs for ever. Zero fields take their default.
type Retention struct {
	Deliveries  time.Duration // done deliveries: 8 days (GitHub redelivers for 3)
	Aside       time.Duration // deliveries set aside as poison, and those of work set aside: 30 days
	Idle        time.Duration // idle rows of work without a repository: 30 days
	ReportData  time.Duration // the full JSON of reports other than a repository's newest: 30 days
	Reports     time.Duration // summaries of such reports: 400 days
	Snapshots   time.Duration // 30 days
	Facts       time.Duration // not used for: 60 days
	Events      time.Duration // and closed pull requests and check runs: 90 days
	Commands    time.Duration // 90 days
	ETags       time.Duration // not renewed for: 30 days
	RemovedRepo time.Duration // data of repositories taken out of the installation: 30 days
}

const day = 24 * time.Hour

// retained is one field of a Retention.
type retained struct {
	name string // in ParseRetention's text
	d    *time.Duration
	def  time.Duration
}

func (r *Retention) fields() []retained {
	return []retained{
		{"deliveries", &r.Deliveries, 8 * day}, {"aside", &r.Aside, 30 * day}, {"idle", &r.Idle, 30 * day}, {"report-data", &r.ReportData, 30 * day}, {"reports", &r.Reports, 400 * day},
		{"snapshots", &r.Snapshots, 30 * day}, {"facts", &r.Facts, 60 * day}, {"events", &r.Events, 90 * day}, {"commands", &r.Commands, 90 * day}, {"etags", &r.ETags, 30 * day},
		{"removed", &r.RemovedRepo, 30 * day},
	}
}

// WithDefaults fills in what is zero.
func (r Retention) WithDefaults() Retention {
	for _, f := range r.fields() {
		if *f.d <= 0 {
			*f.d = f.def
		}
	}
	return r
}

// ParseRetention reads "deliveries=8,reports=400": names and days. What is not named takes its default. Deliveries are kept for 4 days at least, since GitHub sends
// them again for three, and a delivery that was forgotten would count as new.
func ParseRetention(text string) (Retention, error) {
	var r Retention
	fields := r.fields()
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		i := slices.IndexFunc(fields, func(f retained) bool { return f.name == name })
		if i < 0 {
			names := make([]string, 0, len(fields))
			for _, f := range fields {
				names = append(names, f.name)
			}
			return r, fmt.Errorf("%q is not kept by a time of its own; there are %s", name, strings.Join(names, ", "))
		}
		days, err := strconv.Atoi(value)
		if least := map[bool]int{true: 4, false: 1}[name == "deliveries"]; err != nil || days < least || days > 36500 {
			return r, fmt.Errorf("%s takes a number of days, %d at least, not %q", name, least, value)
		}
		*fields[i].d = time.Duration(days) * day
	}
	return r, nil
}

// pruneBatch bounds how long one statement holds SQLite's writer.
const pruneBatch = 500

// Prune deletes what is older than it has to be kept, in small steps, so that it can run beside everything else. It returns the rows deleted, by what they were.
func (s *Store) Prune(ctx context.Context, keep Retention) (map[string]int64, error) {
	keep = keep.WithDefaults()
	now := s.now()
	gone := map[string]int64{}
	for _, p := range []struct {
		what, stmt string
		age        time.Duration
	}{
		{"deliveries", `DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE received_at < $1 AND state IN (1, 3) ORDER BY received_at LIMIT $2)`, keep.Deliveries},
		{"deliveries set aside", `DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE state = 2 AND received_at < $1 ORDER BY id LIMIT $2)`, keep.Aside},
		{"deliveries of work set aside", `DELETE FROM deliveries WHERE id IN (SELECT d.id FROM work w JOIN deliveries d ON d.kind = w.kind AND d.key = w.key AND d.state = 0
 WHERE w.parked = 1 AND d.received_at < $1 LIMIT $2)`, keep.Aside},
		{"idle work", `DELETE FROM work WHERE (kind, key) IN (SELECT kind, key FROM work WHERE ready_at IS NULL AND changed_at < $1 LIMIT $2) AND ready_at IS NULL`, keep.Idle},
		{"report data", `UPDATE reports SET data = NULL WHERE id IN (SELECT id FROM reports WHERE created_at < $1 AND data IS NOT NULL
 AND id NOT IN (SELECT report_id FROM repositories WHERE report_id IS NOT NULL) ORDER BY created_at LIMIT $2)`, keep.ReportData},
		{"reports", `DELETE FROM reports WHERE id IN (SELECT id FROM reports WHERE created_at < $1 AND id NOT IN (SELECT report_id FROM repositories WHERE report_id IS NOT NULL) ORDER BY created_at LIMIT $2)`, keep.Reports},
		{"snapshots", `DELETE FROM snapshots WHERE (repo_id, commit_sha) IN (SELECT repo_id, commit_sha FROM snapshots WHERE created_at < $1 ORDER BY created_at LIMIT $2)`, keep.Snapshots},
		{"facts", `DELETE FROM facts WHERE (fingerprint, blob) IN (SELECT fingerprint, blob FROM facts WHERE used_at < $1 ORDER BY used_at LIMIT $2)`, keep.Facts},
		{"events", `DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < $1 ORDER BY at LIMIT $2)`, keep.Events},
		{"pull requests", `DELETE FROM pulls WHERE (repo_id, number) IN (SELECT repo_id, number FROM pulls WHERE state = 'closed' AND updated_at < $1 LIMIT $2)`, keep.Events},
		{"check runs", `DELETE FROM publications WHERE (repo_id, kind, key) IN (SELECT repo_id, kind, key FROM publications WHERE kind = 'check_run' AND updated_at < $1 LIMIT $2)`, keep.Events},
		{"commands", `DELETE FROM commands WHERE comment_id IN (SELECT comment_id FROM commands WHERE at < $1 ORDER BY at LIMIT $2)`, keep.Commands},
		{"etags", `DELETE FROM etags WHERE url_key IN (SELECT url_key FROM etags WHERE updated_at < $1 ORDER BY updated_at LIMIT $2)`, keep.ETags},
		{"sessions", `DELETE FROM sessions WHERE token_hash IN (SELECT token_hash FROM sessions WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)`, 0},
	} {
		for {
			n, err := s.retried(ctx, p.stmt, now.Add(-p.age).UnixMilli(), pruneBatch)
			if err != nil {
				return gone, wrap(err, "prune %s", p.what)
			}
			gone[p.what] += n
			if n < pruneBatch {
				break
			}
		}
	}
	ids, err := list(ctx, s.r, func(id *int64) []any { return []any{id} }, `SELECT id FROM repositories WHERE removed_at < $1`, now.Add(-keep.RemovedRepo).UnixMilli())
	if err != nil {
		return gone, wrap(err, "prune repositories")
	}
	for _, id := range ids {
		if err := s.DeleteRepository(ctx, id); err != nil {
			return gone, err
		}
		gone["repositories"]++
	}
	return gone, nil
}

// RowsOf counts what is stored of a repository, by table; of deliveries those that still hold content. It shows a person what is kept, and that a deletion was complete.
func (q *Queries) RowsOf(ctx context.Context, repoID int64) (map[string]int64, error) {
	counts := map[string]int64{}
	count := func(table, where string, arg any) error {
		var n int64
		err := one(ctx, q.r, []any{&n}, `SELECT count(*) FROM `+table+` WHERE `+where, arg)
		counts[table] = n
		return wrap(err, "count %s of repository %d", table, repoID)
	}
	for _, t := range repositoryTables {
		where := `repo_id = $1`
		if t == "deliveries" {
			where += ` AND fields IS NOT NULL`
		}
		if err := count(t, where, repoID); err != nil {
			return nil, err
		}
	}
	if err := count("work", `kind = 'repo' AND key = $1`, itoa(repoID)); err != nil {
		return nil, err
	}
	if err := count("repositories", `id = $1`, repoID); err != nil {
		return nil, err
	}
	return counts, nil
}
