package evaluate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// keep stores a judgement: report, statuses, what was earned and lost, and what the files were.
func (r *run) keep(ctx context.Context, got *judged) error {
	earned, err := r.Store.Earned(ctx, r.repo.ID)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	change := r.moves(got, earned)
	by, err := r.broughtBy(ctx, change)
	if err != nil {
		return err
	}
	change.Pull = sole(change.Gained, by)
	entries := make([]snapshot.Entry, 0, len(got.repo.Files))
	for i := range got.repo.Files {
		entries = append(entries, got.repo.Files[i].Entry)
	}
	packed, err := pack(entries)
	if err != nil {
		return err
	}
	data, err := json.Marshal(got.report)
	if err != nil {
		return fmt.Errorf("evaluate: encode report: %w", err)
	}
	commit := got.report.Repository.Commit
	s := got.report.Summary
	if len(change.Gained)+len(change.Lost) > 0 {
		r.set.Changes = append([]render.Change{change}, r.set.Changes...)
		r.set.Changes = r.set.Changes[:min(len(r.set.Changes), 5)]
		r.noted = append(r.noted, changeLine(change))
	}
	err = r.Store.WithFence(ctx, r.claim, func(tx *storage.Tx) error {
		if _, err := tx.PutReport(ctx, storage.Report{
			RepoID: r.repo.ID, Commit: commit, Ref: r.repo.DefaultBranch, RoadmapID: got.report.Roadmap.ID, RoadmapVersion: got.report.Roadmap.Version, CreatedAt: r.Now(),
			Met: s.Met, Total: s.Total, BonusMet: s.BonusMet, BonusTotal: s.BonusTotal, Percent: s.Percent, Data: data,
		}); err != nil {
			return err
		}
		if commit != "" {
			if err := tx.SetRepositoryHead(ctx, r.repo.ID, commit, got.treeSHA); err != nil {
				return err
			}
			if err := tx.PutSnapshot(ctx, storage.Snapshot{RepoID: r.repo.ID, Commit: commit, Tree: got.treeSHA, Entries: packed}); err != nil {
				return err
			}
		}
		if len(r.pushed) > 0 {
			if err := tx.SetRepositoryPushed(ctx, r.repo.ID, r.pushed[len(r.pushed)-1].At); err != nil {
				return err
			}
		}
		if err := tx.SetRepositoryLearner(ctx, r.repo.ID, r.repo.Learner); err != nil {
			return err
		}
		if err := keepStatuses(ctx, tx, r.repo.ID, &got.report); err != nil {
			return err
		}
		if err := r.keepEarned(ctx, tx, got, change, by); err != nil {
			return err
		}
		return r.save(ctx, tx) // with the milestones: a run that ends here must not forget that they were news
	})
	if err != nil {
		return fmt.Errorf("evaluate: keep report: %w", err)
	}
	r.repo.HeadSHA, r.repo.TreeSHA = commit, got.treeSHA
	return nil
}

func changeLine(c render.Change) string {
	var parts []string
	if len(c.Gained) > 0 {
		parts = append(parts, "met: "+strings.Join(c.Gained, ", "))
	}
	if len(c.Lost) > 0 {
		parts = append(parts, "lost: "+strings.Join(c.Lost, ", "))
	}
	return strings.Join(parts, "; ")
}

// moves compares a report with what was earned before.
func (r *run) moves(got *judged, earned []storage.Earned) render.Change {
	c := render.Change{At: r.Now(), Commit: got.report.Repository.Commit}
	if c.Commit == "" {
		return c // nothing is earned before the first commit: a guard holds of itself there
	}
	before := map[string]storage.Earned{}
	for _, e := range earned {
		before[e.Milestone] = e
	}
	for _, m := range got.report.Milestones() {
		e, known := before[m.ID]
		switch {
		case m.Done() && (!known || !e.LostAt.IsZero()):
			c.Gained = append(c.Gained, m.ID)
		case known && e.LostAt.IsZero() && (m.Status == rules.Missing || m.Status == rules.Partial):
			c.Lost = append(c.Lost, m.ID)
		}
	}
	return c
}

// mergeNumber finds the pull request that GitHub's own message of a merge or squash commit names.
var mergeNumber = regexp.MustCompile(`^(?:Merge pull request #([0-9]{1,9}) from |[^\n]*\(#([0-9]{1,9})\)(?:\n|$))`)

// broughtBy finds the pull requests that brought the milestones of a change, by milestone: those merged since the head of before. The push of a
// merge may be worked on before the pull request's own delivery; then the commit's message tells the number.
func (r *run) broughtBy(ctx context.Context, change render.Change) (map[string]int, error) {
	if len(change.Gained) == 0 || r.act.Log == nil || r.repo.HeadSHA == "" {
		return nil, nil //nolint:nilnil // nothing to find
	}
	shas, numbers := map[string]bool{}, map[string]bool{}
	last := ""
	for _, c := range r.act.Log.Commits {
		if c.ID == r.repo.HeadSHA {
			break
		}
		shas[c.ID] = true
		if m := mergeNumber.FindStringSubmatch(c.Message); m != nil {
			numbers[m[1]+m[2]] = true
			if c.ID == change.Commit {
				last = m[1] + m[2]
			}
		}
	}
	pulls, err := r.Store.Pulls(ctx, r.repo.ID, "", 50)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	out := map[string]int{}
	for _, p := range pulls {
		n := strconv.Itoa(p.Number)
		if !numbers[n] && !(p.Merged && shas[p.MergeSHA]) {
			continue
		}
		var d render.Delta
		_ = json.Unmarshal(p.Delta, &d) // a pull request that was never checked has none
		for _, id := range change.Gained {
			if slices.Contains(d.Gains, id) || p.Merged && p.MergeSHA == change.Commit || n == last {
				out[id] = p.Number
			}
		}
	}
	return out, nil
}

// sole is the one pull request that brought all of these milestones, 0 where there is none such.
func sole(ids []string, by map[string]int) int {
	n := 0
	for i, id := range ids {
		if i > 0 && by[id] != n {
			return 0
		}
		n = by[id]
	}
	return n
}

func keepStatuses(ctx context.Context, tx *storage.Tx, repoID int64, report *rules.Report) error {
	var all []storage.MilestoneStatus
	for _, s := range report.Steps {
		for _, m := range s.Milestones {
			all = append(all, storage.MilestoneStatus{RepoID: repoID, Milestone: m.ID, Step: s.ID, Status: string(m.Status), Reason: m.Reason})
		}
	}
	return tx.PutStatuses(ctx, repoID, all)
}

func (r *run) keepEarned(ctx context.Context, tx *storage.Tx, got *judged, change render.Change, by map[string]int) error {
	for _, id := range change.Gained {
		m, _ := got.report.Milestone(id)
		ev, err := json.Marshal(m.Evidence)
		if err != nil {
			return fmt.Errorf("evaluate: encode evidence: %w", err)
		}
		if err := tx.Earn(ctx, storage.Earned{RepoID: r.repo.ID, Milestone: id, Commit: change.Commit, At: change.At, Evidence: ev, PullNumber: by[id]}); err != nil {
			return err
		}
	}
	for _, id := range change.Lost {
		if err := tx.LoseEarned(ctx, r.repo.ID, id, change.Commit, change.At); err != nil {
			return err
		}
	}
	return nil
}

// pack and unpack are the stored form of a list of files.
func pack(entries []snapshot.Entry) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := json.NewEncoder(z).Encode(entries); err != nil {
		return nil, fmt.Errorf("evaluate: pack files: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("evaluate: pack files: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(data []byte) ([]snapshot.Entry, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("evaluate: unpack files: %w", err)
	}
	var out []snapshot.Entry
	if err := json.NewDecoder(io.LimitReader(z, 256<<20)).Decode(&out); err != nil {
		return nil, fmt.Errorf("evaluate: unpack files: %w", err)
	}
	return out, nil
}

func decodeReport(data []byte) (rules.Report, error) {
	var r rules.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("evaluate: stored report: %w", err)
	}
	return r, nil
}
