package evaluate

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

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
	before, err := r.Store.Statuses(ctx, r.repo.ID)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	moved := r.moves(got, earned, before)
	by, err := r.broughtBy(ctx, moved.Change)
	if err != nil {
		return err
	}
	moved.Pull = sole(moved.Gained, by)
	changes, err := r.changes(ctx, moved)
	if err != nil {
		return err
	}
	entries := make([]snapshot.Entry, 0, len(got.repo.Files))
	for i := range got.repo.Files {
		entries = append(entries, got.repo.Files[i].Entry)
	}
	packed, err := pack(entries, got.repo.Truncated)
	if err != nil {
		return err
	}
	data, err := json.Marshal(got.report)
	if err != nil {
		return fmt.Errorf("evaluate: encode report: %w", err)
	}
	commit := got.report.Repository.Commit
	s := got.report.Summary
	r.remember(changes)
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
		if err := r.keepEarned(ctx, tx, got, moved, by); err != nil {
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

// remember adds changes to what the issue tells, and answers who asked for a new check.
func (r *run) remember(changes []render.Change) {
	for _, c := range changes {
		r.set.Won = slices.Compact(slices.Sorted(slices.Values(slices.Concat(r.set.Won, c.Gained))))
		r.noted = append(r.noted, changeLine(c))
	}
	r.set.Changes = append(slices.Clone(changes), r.set.Changes...)
	r.set.Changes = r.set.Changes[:min(len(r.set.Changes), 5)]
	switch {
	case r.set.Recheck:
		r.set.Recheck, r.set.Rechecked, r.set.RecheckNews = false, r.Now(), len(changes) > 0
	case len(changes) > 0:
		r.set.Rechecked = time.Time{}
	}
}

func changeLine(c render.Change) string {
	var parts []string
	add := func(what string, ids []string) {
		if len(ids) > 0 {
			parts = append(parts, what+": "+strings.Join(ids, ", "))
		}
	}
	if c.By != "" {
		add("signed off by "+c.By, c.Gained)
	} else {
		add("met", c.Gained)
	}
	add("lost", c.Lost)
	add("sign-off taken back", c.TakenBack)
	add("skipped", c.Skipped)
	add("no longer skipped", c.Unskipped)
	return strings.Join(parts, "; ")
}

// moved is what a judgement changes: what the commit gained and lost, and the rest by milestone.
type moved struct {
	render.Change
	signed  []string // signed off by a mentor
	found   []string // signed off before, and now in the commit too
	back    []string // signed off before, and no longer
	skipped []string
	counts  []string // skipped before, and no longer
}

// moves compares a report with what was earned before, and with the statuses of before.
func (r *run) moves(got *judged, earned []storage.Earned, statuses []storage.MilestoneStatus) moved {
	c := moved{Change: render.Change{At: r.Now(), Commit: got.report.Repository.Commit}}
	if c.Commit == "" {
		return c // nothing is earned before the first commit: a guard holds of itself there
	}
	before := map[string]storage.Earned{}
	for _, e := range earned {
		before[e.Milestone] = e
	}
	was := map[string]rules.Status{}
	for _, s := range statuses {
		was[s.Milestone] = rules.Status(s.Status)
	}
	for _, m := range got.report.Milestones() {
		e, known := before[m.ID]
		fresh := !known || !e.LostAt.IsZero()
		switch {
		case m.Status == rules.Attested && fresh:
			c.signed = append(c.signed, m.ID)
		case m.Done() && fresh:
			c.Gained = append(c.Gained, m.ID)
		case m.Status == rules.Met && e.Commit == "":
			c.found = append(c.found, m.ID)
		case !m.Done() && known && e.Commit == "":
			c.back = append(c.back, m.ID)
		case !fresh && (m.Status == rules.Missing || m.Status == rules.Partial):
			c.Lost = append(c.Lost, m.ID)
		}
		switch skipped := m.Status == rules.Skipped; {
		case skipped && was[m.ID] != rules.Skipped && was[m.ID] != "":
			c.skipped = append(c.skipped, m.ID)
		case !skipped && was[m.ID] == rules.Skipped && !m.Done():
			c.counts = append(c.counts, m.ID)
		}
	}
	return c
}

// changes are the lines that tell of a judgement: one of the commit, one of each mentor who signed off, one of the rest.
func (r *run) changes(ctx context.Context, m moved) ([]render.Change, error) {
	var out []render.Change
	if len(m.Gained)+len(m.Lost) > 0 {
		out = append(out, m.Change)
	}
	if len(m.signed) > 0 {
		in, err := r.input(ctx)
		if err != nil {
			return nil, err
		}
		by := map[string][]string{}
		for _, id := range m.signed {
			by[in.SignOffs[id].Mentor] = append(by[in.SignOffs[id].Mentor], id)
		}
		for _, mentor := range slices.Sorted(maps.Keys(by)) {
			out = append(out, render.Change{At: m.At, Commit: m.Commit, By: mentor, Gained: by[mentor]})
		}
	}
	if len(m.back)+len(m.skipped)+len(m.counts) > 0 {
		out = append(out, render.Change{At: m.At, TakenBack: m.back, Skipped: m.skipped, Unskipped: m.counts})
	}
	return out, nil
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

func (r *run) keepEarned(ctx context.Context, tx *storage.Tx, got *judged, moved moved, by map[string]int) error {
	earn := func(commit string, ids []string) error {
		for _, id := range ids {
			m, _ := got.report.Milestone(id)
			ev, err := json.Marshal(m.Evidence)
			if err != nil {
				return fmt.Errorf("evaluate: encode evidence: %w", err)
			}
			if err := tx.Earn(ctx, storage.Earned{RepoID: r.repo.ID, Milestone: id, Commit: commit, At: moved.At, Evidence: ev, PullNumber: by[id]}); err != nil {
				return err
			}
		}
		return nil
	}
	err := earn(moved.Commit, slices.Concat(moved.Gained, moved.found))
	if err == nil {
		err = earn("", moved.signed)
	}
	for _, id := range moved.back {
		err = errors.Join(err, tx.TakeBackEarned(ctx, r.repo.ID, id))
	}
	for _, id := range moved.Lost {
		err = errors.Join(err, tx.LoseEarned(ctx, r.repo.ID, id, moved.Commit, moved.At))
	}
	return err
}

// pack and unpack are the stored form of a list of files.
// pack encodes a list of files, followed by true where the list is not whole.
func pack(entries []snapshot.Entry, truncated bool) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	e := json.NewEncoder(z)
	err := e.Encode(entries)
	if err == nil && truncated {
		err = e.Encode(true)
	}
	if err != nil {
		return nil, fmt.Errorf("evaluate: pack files: %w", err)
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("evaluate: pack files: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(data []byte) (entries []snapshot.Entry, truncated bool, err error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false, fmt.Errorf("evaluate: unpack files: %w", err)
	}
	d := json.NewDecoder(io.LimitReader(z, 256<<20))
	if err = d.Decode(&entries); err == nil {
		if err = d.Decode(&truncated); errors.Is(err, io.EOF) {
			err = nil
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("evaluate: unpack files: %w", err)
	}
	return entries, truncated, nil
}

func decodeReport(data []byte) (rules.Report, error) {
	var r rules.Report
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("evaluate: stored report: %w", err)
	}
	return r, nil
}
