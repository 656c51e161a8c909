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
	"milepost/rules/config"
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
	owners := map[string][]storage.Repository{}
	for _, r := range all {
		owners[strings.ToLower(r.Owner)] = append(owners[strings.ToLower(r.Owner)], r)
	}
	var until time.Time
	var failed error
	for _, owner := range slices.Sorted(maps.Keys(owners)) {
		defaults, err := inforce.Defaults(ctx, a.Store, owner)
		if err != nil {
			failed = errors.Join(failed, wrapped(err))
			continue
		}
		for _, to := range owners[owner] {
			due, err := a.digestDue(ctx, &to, defaults, now)
			if err == nil && due {
				err = a.digest(ctx, to, owners[owner], now)
			}
			if at, limited := gh.RetryAt(err); limited {
				until = at
			} else if err != nil {
				failed = errors.Join(failed, fmt.Errorf("evaluate: digest in repository %d: %w", to.ID, err))
			}
		}
	}
	if failed == nil && !until.IsZero() {
		return work.Snooze(until, "GitHub's rate limit")
	}
	return failed
}

// digestDue reports whether the repository gets a digest today and has none yet. It must agree: its owner's defaults or its own configuration name it. Else any
// learner could make the app open issues in the repository of another.
func (a *Actor) digestDue(ctx context.Context, to *storage.Repository, defaults config.Config, now time.Time) (bool, error) {
	own, err := inforce.Own(to)
	if err != nil {
		return false, wrapped(err)
	}
	agreed := defaults.Digest
	if !strings.EqualFold(agreed.Repo, to.FullName()) {
		agreed = own.Digest
	}
	if !strings.EqualFold(agreed.Repo, to.FullName()) || !strings.EqualFold(cmp.Or(agreed.Weekday, "monday"), now.Weekday().String()) {
		return false, nil
	}
	_, err = a.Store.Publication(ctx, to.ID, storage.PublicationDigest, weekOf(now))
	if errors.Is(err, storage.ErrNotFound) {
		return true, nil
	}
	return false, wrapped(err)
}

func weekOf(t time.Time) string {
	year, week := t.ISOWeek()
	return fmt.Sprintf("%d-W%02d", year, week)
}

// digest writes one week's digest of those of an owner's repositories whose configuration names to.
func (a *Actor) digest(ctx context.Context, to storage.Repository, repos []storage.Repository, now time.Time) error {
	key := weekOf(now)
	in := render.DigestInput{From: now.Add(-week), To: now}
	if a.PublicURL != "" {
		in.DashboardURL = strings.TrimSuffix(a.PublicURL, "/") + "/learners"
	}
	learners := map[string]bool{}
	for _, r := range repos {
		if r.ID == to.ID || r.ReportID == 0 {
			continue
		}
		std, err := a.stored(ctx, &r)
		if err != nil { // the others are told of all the same
			a.Log.ErrorContext(ctx, "a repository is left out of the digest", "repository", r.FullName(), "error", err)
			continue
		}
		if !strings.EqualFold(std.conf.Digest.Repo, to.FullName()) {
			continue
		}
		in.Roadmap = std.roadmap
		learners[strings.ToLower(r.Learner)] = true
		if err := a.digestLines(ctx, &in, r, std.roadmap); err != nil {
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
