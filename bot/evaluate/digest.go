package evaluate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"milepost/bot/gh"
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

// digests writes the weekly summaries that are due: one issue in each mentors' repository that a configuration names.
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
	for _, r := range all {
		byName[strings.ToLower(r.FullName())] = r
	}
	for _, r := range all {
		std, err := a.stored(ctx, &r)
		if err != nil {
			return err
		}
		target := strings.ToLower(std.conf.Digest.Repo)
		day := std.conf.Digest.Weekday
		if day == "" {
			day = "monday"
		}
		// Only a repository of the same owner may be written to, or any learner could make the app write to strangers.
		owner, _, _ := strings.Cut(target, "/")
		if target == "" || !strings.EqualFold(owner, r.Owner) || !strings.EqualFold(day, now.Weekday().String()) || r.ReportID == 0 {
			continue
		}
		groups[target] = append(groups[target], r)
		stds[r.ID] = std
	}
	for target, repos := range groups {
		to, ok := byName[target]
		if !ok {
			continue // the app is not installed there
		}
		if err := a.digest(ctx, to, repos, stds, now); err != nil {
			if until, limited := gh.RetryAt(err); limited {
				return work.Snooze(until, "GitHub's rate limit")
			}
			return err
		}
	}
	return nil
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
		return tolerate(err)
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
		return tolerate(err)
	}
	pub.RemoteID, pub.Number, pub.URL = issue.ID, issue.Number, issue.URL
	return wrapped(a.Store.PutPublication(ctx, pub))
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
