package evaluate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/bot/inforce"
	"milepost/bot/render"
	"milepost/bot/work"
	"milepost/rules"
	"milepost/storage"
)

// Timing of the weekly digest.
const (
	digestEvery = time.Hour
	digestHour  = 6 // UTC: before the working day of most mentors
	week        = 7 * 24 * time.Hour
	silentAfter = 14 * 24 * time.Hour
	stuckAfter  = 7 * 24 * time.Hour
)

// digests writes the weekly summaries that are due, each whatever becomes of the others: one issue in each mentors' repository that is named.
func (a *Actor) digests(ctx context.Context, _ *work.Claim) error {
	now := a.Now().UTC()
	if now.Hour() < digestHour {
		return nil
	}
	all, err := a.Store.Repositories(ctx, 0)
	if err != nil {
		return wrapped(err)
	}
	groups := map[string][]storage.Repository{}
	stds := map[int64]standard{}
	byName := map[string]storage.Repository{}
	var failed error
	for _, r := range all {
		byName[strings.ToLower(r.FullName())] = r
		if r.ReportID == 0 {
			continue
		}
		std, err := a.stored(ctx, &r)
		failed = errors.Join(failed, err)
		if target := strings.ToLower(std.conf.Digest.Repo); err == nil && target != "" {
			groups[target] = append(groups[target], r)
			stds[r.ID] = std
		}
	}
	var until time.Time
	for _, target := range slices.Sorted(maps.Keys(groups)) {
		to, ok := byName[target]
		if !ok {
			continue // the app is not installed there
		}
		err := a.digestDue(ctx, to, groups[target], stds, now)
		if at, limited := gh.RetryAt(err); limited {
			until = at
			continue
		}
		if err != nil {
			failed = errors.Join(failed, fmt.Errorf("evaluate: digest in repository %d: %w", to.ID, err))
		}
	}
	if failed == nil && !until.IsZero() {
		return work.Snooze(until, "GitHub's rate limit")
	}
	return failed
}

// digestDue writes the digest if its day has come, and if the repository agrees: its owner's defaults or its own configuration name it. Else any
// learner could make the app open issues in the repository of another.
func (a *Actor) digestDue(ctx context.Context, to storage.Repository, repos []storage.Repository, stds map[int64]standard, now time.Time) error {
	defaults, err := inforce.Defaults(ctx, a.Store, to.Owner)
	if err != nil {
		return wrapped(err)
	}
	own, err := inforce.Own(&to)
	if err != nil {
		return wrapped(err)
	}
	agreed := defaults.Digest
	if !strings.EqualFold(agreed.Repo, to.FullName()) {
		agreed = own.Digest
	}
	if !strings.EqualFold(agreed.Repo, to.FullName()) || !strings.EqualFold(cmp.Or(agreed.Weekday, "monday"), now.Weekday().String()) {
		return nil
	}
	repos = slices.DeleteFunc(repos, func(r storage.Repository) bool { return !strings.EqualFold(r.Owner, to.Owner) })
	return a.digest(ctx, to, repos, stds, now)
}

// digest writes one week's digest, once.
func (a *Actor) digest(ctx context.Context, to storage.Repository, repos []storage.Repository, stds map[int64]standard, now time.Time) error {
	year, wk := now.ISOWeek()
	key := fmt.Sprintf("%d-W%02d", year, wk)
	_, err := a.Store.Publication(ctx, to.ID, storage.PublicationDigest, key)
	if err == nil {
		return nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return wrapped(err)
	}
	in := render.DigestInput{From: now.Add(-week), To: now}
	if a.PublicURL != "" {
		in.DashboardURL = strings.TrimSuffix(a.PublicURL, "/") + "/learners"
	}
	learners := map[string]bool{}
	for _, r := range repos {
		if r.ID == to.ID {
			continue
		}
		in.Roadmap = stds[r.ID].roadmap
		learners[strings.ToLower(r.Learner)] = true
		if err := a.digestLines(ctx, &in, r, stds[r.ID].roadmap); err != nil {
			return err
		}
	}
	if in.Roadmap == nil {
		return nil
	}
	in.Learners = len(learners)
	title, body := render.Digest(in)
	client, err := a.App.Client(to.InstallationID)
	if err != nil {
		return wrapped(err)
	}
	marker := "<!-- milepost:digest:" + key + " -->"
	found, err := client.FindIssues(ctx, ghRepo(&to), a.Slug+"[bot]")
	if err != nil {
		return unwritable(err)
	}
	pub := storage.Publication{RepoID: to.ID, Kind: storage.PublicationDigest, Key: key, State: "open"}
	for _, i := range found { // written before a crash kept it from being recorded
		if strings.Contains(i.Body, marker) {
			pub.RemoteID, pub.Number, pub.URL = i.ID, i.Number, i.URL
			return wrapped(a.Store.PutPublication(ctx, pub))
		}
	}
	issue, err := client.CreateIssue(ctx, ghRepo(&to), title, body+"\n\n"+marker)
	if err != nil {
		return unwritable(err)
	}
	pub.RemoteID, pub.Number, pub.URL = issue.ID, issue.Number, issue.URL
	return wrapped(a.Store.PutPublication(ctx, pub))
}

// unwritable lets pass what says that the mentors' repository takes no issue: it is asked again an hour later, as long as the day lasts.
func unwritable(err error) error {
	if gh.Is(err, gh.Archived, gh.Suspended, gh.Invalid, gh.Legal) {
		return nil
	}
	return tolerate(err)
}

// digestLines adds what one repository has to tell.
func (a *Actor) digestLines(ctx context.Context, in *render.DigestInput, r storage.Repository, roadmap *rules.Roadmap) error {
	line := render.DigestLine{Learner: r.Learner, Repository: r.FullName(), URL: a.App.ServerURL() + "/" + r.FullName(), Met: r.Met, Total: r.Total}
	if line.Learner == "" {
		line.Learner = r.Owner
	}
	earned, err := a.Store.Earned(ctx, r.ID)
	if err != nil {
		return wrapped(err)
	}
	fresh := map[string]bool{}
	for _, e := range earned {
		if e.LostAt.IsZero() && e.At.After(in.From) {
			line.Milestones = append(line.Milestones, e.Milestone)
			fresh[e.Milestone] = true
		}
	}
	statuses, err := a.Store.Statuses(ctx, r.ID)
	if err != nil {
		return wrapped(err)
	}
	if len(line.Milestones) > 0 {
		in.Moved = append(in.Moved, line)
		in.Completed = append(in.Completed, completed(line, statuses, fresh, roadmap)...)
	}
	switch {
	case !r.PushedAt.IsZero() && in.To.Sub(r.PushedAt) > silentAfter:
		line.Since = r.PushedAt
		in.Silent = append(in.Silent, line)
	case len(line.Milestones) == 0:
		for _, s := range statuses {
			if s.Status == string(rules.Partial) && in.To.Sub(s.Since) > stuckAfter {
				line.Milestones, line.Since = []string{s.Milestone}, s.Since
				in.Stuck = append(in.Stuck, line)
				break
			}
		}
	}
	return nil
}

// completed are the steps that became whole by what was earned this week.
func completed(line render.DigestLine, statuses []storage.MilestoneStatus, fresh map[string]bool, roadmap *rules.Roadmap) []render.DigestLine {
	now := map[string]string{}
	for _, s := range statuses {
		now[s.Milestone] = s.Status
	}
	var out []render.DigestLine
	for _, s := range roadmap.Steps {
		whole, moved := true, false
		for _, m := range s.Milestones {
			st := rules.MilestoneReport{Status: rules.Status(now[m.ID])}
			if m.Tier == rules.Core && st.Counts() && !st.Done() {
				whole = false
			}
			moved = moved || fresh[m.ID] && m.Tier == rules.Core
		}
		if whole && moved {
			line.Step = s.Title
			out = append(out, line)
		}
	}
	return out
}

// repoKey is the work key of a repository.
func repoKey(id int64) storage.Key {
	return storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(id, 10)}
}
