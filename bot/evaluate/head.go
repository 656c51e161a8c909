package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"milepost/bot/gh"
	"milepost/bot/publish"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/facts"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// head brings the report of the default branch and the progress issue up to date.
func (r *run) head(ctx context.Context) error {
	if !r.force && !r.rejudge && len(r.pushed) == 0 {
		return nil
	}
	start := r.Now()
	if r.fill {
		if err := r.act.backfill(ctx, r.client, &r.repo); err != nil {
			return err
		}
		if err := r.openPulls(ctx); err != nil {
			return err
		}
		r.set.Backfilled = true
	}
	in, err := r.input(ctx)
	if err != nil {
		return err
	}
	var got judged
	if r.force || len(r.pushed) > 0 {
		got, err = r.lookAtHead(ctx, in)
	} else {
		got, err = r.again(ctx, in)
	}
	if err != nil {
		return err
	}
	r.set.Unsaid = true // kept with the report: the run may end before its issue is written
	if err := r.keep(ctx, &got); err != nil {
		return err
	}
	r.checked("head", start)
	if err := r.issue(ctx, &got); err != nil {
		return err
	}
	r.set.Unsaid = false
	if r.set.Backfilled {
		return nil
	}
	// The first report is out; what happened before the installation is asked for in a run of its own, when nobody waits.
	return wrapped(r.Store.Enqueue(ctx, storage.Wish{Key: r.claim.Key, Priority: storage.PriorityLow}))
}

// input is what a judgement needs besides files.
func (r *run) input(ctx context.Context) (rules.Input, error) {
	in := rules.Input{Ref: r.repo.DefaultBranch, Activity: r.act.Activity, Learner: r.repo.Learner, Skips: map[string]string{}, SignOffs: map[string]rules.SignOff{}}
	for id, why := range r.std.conf.Skip {
		in.Skips[id] = why
	}
	skips, err := r.Store.Skips(ctx, r.repo.ID)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, s := range skips {
		in.Skips[s.Milestone] = s.Reason
	}
	offs, err := r.Store.SignOffs(ctx, r.repo.ID)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, s := range offs {
		if s.Counts(r.repo.Learner) {
			in.SignOffs[s.Milestone] = rules.SignOff{Mentor: s.Mentor, Note: s.Note}
		}
	}
	return in, nil
}

// lookAtHead reads the default branch as it is now: what a delivery says of it may be late or out of order.
func (r *run) lookAtHead(ctx context.Context, in rules.Input) (judged, error) {
	if r.repo.DefaultBranch == "" {
		g, err := r.client.Repository(ctx, ghRepo(&r.repo))
		if err != nil {
			return judged{}, err
		}
		r.identify(&g)
		if err := r.Store.PutRepository(ctx, r.repo); err != nil {
			return judged{}, fmt.Errorf("evaluate: %w", err)
		}
		in.Ref = r.repo.DefaultBranch
	}
	got, err := r.look(ctx, r.client, &r.repo, r.std, r.repo.DefaultBranch, in)
	if gh.Is(err, gh.Empty) {
		return r.empty(ctx, in)
	}
	if err != nil {
		return judged{}, err
	}
	r.looked = true
	if r.repo.State == StateEmpty {
		r.repo.State = ""
		if err := r.Store.SetRepositoryState(ctx, r.repo.ID, "", ""); err != nil {
			return judged{}, fmt.Errorf("evaluate: %w", err)
		}
	}
	newest, err := r.act.fillLog(ctx, r.client, &r.repo)
	if err != nil {
		return judged{}, err
	}
	commit, err := r.commitOf(ctx, got.treeSHA, newest)
	if err != nil {
		return judged{}, err
	}
	got.repo.Commit, got.report.Repository.Commit = commit, commit
	return r.adopted(ctx, got, in)
}

// adopted takes a changed configuration into force and judges again with it and with what has become known meanwhile.
func (r *run) adopted(ctx context.Context, got judged, in rules.Input) (judged, error) {
	switch f := got.repo.Lookup(config.Path); {
	case got.confData != nil:
		path, blob := config.Path, ""
		if f == nil {
			path = config.OtherPath
			f = got.repo.Lookup(path)
		}
		if f != nil {
			blob = f.Blob
		}
		if err := r.chosenRoadmap(ctx, &got, in, path); err != nil {
			return got, err
		}
		std, err := r.adopt(ctx, &r.repo, r.std, path, blob, got.confData)
		if err != nil {
			return got, err
		}
		r.std = std
	case f == nil && got.repo.Lookup(config.OtherPath) == nil && (r.repo.ConfigSHA != "" || r.repo.ConfigError != ""):
		std, err := r.adopt(ctx, &r.repo, r.std, config.Path, "", []byte{}) // the file was taken away: defaults apply
		if err != nil {
			return got, err
		}
		r.std = std
	}
	if err := r.ownRoadmap(ctx, &got); err != nil {
		return got, err
	}
	r.repo.Learner = learnerOf(&r.repo, r.std, r.set.OwnerIsOrg, &r.act.Activity)
	in, err := r.input(ctx)
	if err != nil {
		return got, err
	}
	return r.rejudged(ctx, got, in)
}

// chosenRoadmap reads the roadmap file of this repository that a changed configuration names, before that is judged by what it names.
func (r *run) chosenRoadmap(ctx context.Context, got *judged, in rules.Input, path string) error {
	own, _ := config.Parse(path, got.confData, nil) // its faults are said by adopt
	if own.Roadmap == "" || own.Roadmap == got.std.conf.Roadmap || got.repo.Lookup(own.Roadmap) == nil {
		return nil
	}
	std := r.std
	std.conf.Roadmap = own.Roadmap
	again, err := r.look(ctx, r.client, &r.repo, std, r.repo.DefaultBranch, in)
	got.roadmaps, got.faults = again.roadmaps, again.faults
	return err
}

// ownRoadmap takes in a new version of the repository's own roadmap file.
func (r *run) ownRoadmap(ctx context.Context, got *judged) error {
	if len(got.roadmaps) == 0 {
		return nil
	}
	std, err := r.stored(ctx, &r.repo)
	if err != nil {
		return err
	}
	std.faults = append(std.faults, got.faults...)
	r.std = std
	return nil
}

// rejudged judges files whose facts are known once more.
func (r *run) rejudged(ctx context.Context, got judged, in rules.Input) (judged, error) {
	entries := make([]snapshot.Entry, 0, len(got.repo.Files))
	for i := range got.repo.Files {
		entries = append(entries, got.repo.Files[i].Entry)
	}
	s := snapshot.New(entries, unavailable)
	s.Name, s.Commit, s.Ref = got.repo.Name, got.repo.Commit, r.repo.DefaultBranch
	s.Truncated, s.Warnings = got.repo.Truncated, nil
	cache := newFactsCache(r.Store, r.std.roadmap.Patterns().Fingerprint())
	missing, err := facts.Missing(ctx, s, cache)
	if err != nil {
		return got, fmt.Errorf("evaluate: %w", err)
	}
	if len(missing) > 0 { // facts of another roadmap, or pruned: read the files
		again, err := r.look(ctx, r.client, &r.repo, r.std, got.repo.Commit, in)
		if err != nil {
			return got, err
		}
		again.repo.Commit, again.report.Repository.Commit, again.confData = got.repo.Commit, got.repo.Commit, nil
		again.treeSHA = got.treeSHA
		return again, nil
	}
	out := judged{treeSHA: got.treeSHA, std: r.std}
	return out, r.judge(ctx, s, cache, r.std, in, &out)
}

func unavailable(_ context.Context, e snapshot.Entry) ([]byte, error) {
	return nil, fmt.Errorf("%s: %w", e.Path, snapshot.ErrUnavailable)
}

// again judges the stored head once more, without a call to GitHub where its facts are still known.
func (r *run) again(ctx context.Context, in rules.Input) (judged, error) {
	row, err := r.Store.Snapshot(ctx, r.repo.ID, r.repo.HeadSHA)
	if errors.Is(err, storage.ErrNotFound) {
		return r.lookAtHead(ctx, in)
	}
	if err != nil {
		return judged{}, fmt.Errorf("evaluate: %w", err)
	}
	entries, truncated, err := unpack(row.Entries)
	if err != nil {
		return judged{}, err
	}
	if _, err := r.act.fillLog(ctx, r.client, &r.repo); err != nil {
		return judged{}, err
	}
	in.Activity = r.act.Activity
	return r.fromEntries(ctx, row.Tree, row.Commit, entries, truncated, in)
}

// fromEntries judges a commit whose list of files is known.
func (r *run) fromEntries(ctx context.Context, tree, commit string, entries []snapshot.Entry, truncated bool, in rules.Input) (judged, error) {
	files := make([]facts.RepoFile, len(entries))
	for i, e := range entries {
		files[i].Entry = e
	}
	return r.rejudged(ctx, judged{treeSHA: tree, repo: &facts.Repo{Name: r.repo.FullName(), Commit: commit, Files: files, Truncated: truncated}}, in)
}

// empty judges a repository without a commit.
func (r *run) empty(ctx context.Context, in rules.Input) (judged, error) {
	s := snapshot.New(nil, unavailable)
	s.Name, s.Ref = r.repo.FullName(), r.repo.DefaultBranch
	in.Activity.Log = &snapshot.CommitLog{Complete: true}
	out := judged{std: r.std}
	if err := r.judge(ctx, s, newFactsCache(r.Store, r.std.roadmap.Patterns().Fingerprint()), r.std, in, &out); err != nil {
		return out, err
	}
	r.repo.State = StateEmpty
	if err := r.Store.SetRepositoryState(ctx, r.repo.ID, StateEmpty, "there is no commit yet"); err != nil {
		return out, fmt.Errorf("evaluate: %w", err)
	}
	return out, nil
}

// commitOf finds the commit of the tree that was read: from a push that names it, from what was stored, from the newest commit as read just now
// (empty: not read), or by asking.
func (r *run) commitOf(ctx context.Context, tree string, c gh.Commit) (string, error) {
	for i := len(r.pushed) - 1; i >= 0; i-- {
		if h := r.pushed[i].HeadCommit; h != nil && h.TreeID == tree && h.ID == r.pushed[i].After {
			return h.ID, nil
		}
	}
	if len(r.pushed) == 0 && tree == r.repo.TreeSHA && r.repo.HeadSHA != "" {
		return r.repo.HeadSHA, nil
	}
	if c.SHA == "" {
		var err error
		if c, err = r.client.Commit(ctx, ghRepo(&r.repo), r.repo.DefaultBranch); err != nil {
			return "", err
		}
	}
	if c.TreeSHA != tree { // a push came in between: its delivery is on its way
		return "", &gh.Error{Kind: gh.Transient, Call: "GET /repos/{owner}/{repo}/commits/{ref}", Msg: "the branch moved while it was read"}
	}
	return c.SHA, nil
}

// issue brings the progress issue up to date and celebrates completed steps.
func (r *run) issue(ctx context.Context, got *judged) error {
	if r.repo.Archived || r.idleFork() || !r.std.conf.IssueEnabled() || r.repo.Name == ".github" {
		return r.retireIssue(ctx)
	}
	in, err := r.issueInput(ctx, &got.report)
	if err != nil {
		return err
	}
	if r.paused() && !r.say {
		return nil
	}
	res, err := r.Publisher.Issue(ctx, r.client, in, r.force && !r.fresh, r.handled, r.fence)
	if err != nil {
		return err
	}
	r.wroteIssue(res.At)
	if res.Wrote {
		r.noted = append(r.noted, fmt.Sprintf("progress issue #%d written", res.Number))
	}
	for _, t := range res.Ticks { // ticked while this run was under way
		if err := r.tick(ctx, t, "a person"); err != nil {
			return err
		}
	}
	if len(res.Ticks) > 0 {
		r.set.Again = true
		if err := r.Store.Enqueue(ctx, storage.Wish{Key: r.claim.Key, Priority: storage.PriorityHigh}); err != nil {
			return wrapped(err)
		}
	}
	if res.State != publish.StateOpen {
		return nil
	}
	return r.celebrate(ctx, in, got, res)
}

// idleFork reports whether the repository is a fork in which its owner did nothing yet: an installation on all repositories brings many such, and an
// issue in each would be noise.
func (r *run) idleFork() bool {
	if !r.repo.Fork || r.say || !r.repo.PushedAt.IsZero() || len(r.pushed) > 0 {
		return false
	}
	return r.act.Log == nil || !slices.ContainsFunc(r.act.Log.Commits, func(c snapshot.Commit) bool { return sameLogin(c.AuthorLogin, r.repo.Owner) })
}

// retireIssue closes the issue of a repository whose configuration no longer wants one.
func (r *run) retireIssue(ctx context.Context) error {
	pub, err := r.Store.Publication(ctx, r.repo.ID, storage.PublicationIssue, "")
	if errors.Is(err, storage.ErrNotFound) || r.repo.Archived {
		return nil
	}
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if pub.State != publish.StateOpen {
		return nil
	}
	if err := r.client.SetIssueState(ctx, ghRepo(&r.repo), pub.Number, "closed", "not_planned"); tolerate(err) != nil {
		return err
	}
	pub.State = publish.StateRetired
	if err := r.Store.PutPublication(ctx, pub); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

func (r *run) paused() bool { return r.repo.PausedUntil.After(r.Now()) }

// celebrate writes a comment when a milestone that was gained completes a step for the first time, or when a milestone is gained, as the configuration
// wishes. What was complete at first sight is in the issue itself.
func (r *run) celebrate(ctx context.Context, in render.IssueInput, got *judged, res publish.IssueResult) error {
	how, won := r.std.conf.Celebration(), r.set.Won
	once := func(key, text string) error {
		return r.Publisher.Once(ctx, r.client, r.repo.ID, ghRepo(&r.repo), res.Number, time.Time{}, key, text, r.fence)
	}
	if how == config.EachMilestone && len(won) > 0 && !r.fresh && !res.Created {
		if err := once("earned-"+got.report.Repository.Commit+"-"+won[0], render.MilestoneEarned(in, won)); err != nil {
			return err
		}
	}
	for _, s := range got.report.Steps {
		gained := slices.ContainsFunc(s.Milestones, func(m rules.MilestoneReport) bool { return m.Tier == rules.Core && slices.Contains(won, m.ID) })
		if how == config.Never || s.Total == 0 || s.Met < s.Total || slices.Contains(r.set.Steps, s.ID) || !gained && !res.Created {
			continue // a step that is complete since something is skipped is nothing to be praised for
		}
		if !res.Created && how == config.EachStep {
			if err := once("step-"+s.ID, render.StepCompleted(in, s)); err != nil {
				return err
			}
		}
		r.set.Steps = append(r.set.Steps, s.ID)
	}
	r.set.Won = nil
	return nil
}

// issueInput gathers what the issue says.
func (r *run) issueInput(ctx context.Context, report *rules.Report) (render.IssueInput, error) {
	in := render.IssueInput{
		Roadmap: r.std.roadmap, Report: report, Repo: r.renderRepo(), CheckedAt: r.Now(), Earned: map[string]render.Earned{}, Since: map[string]time.Time{},
		Changes: r.set.Changes, ConfigFaults: r.std.faults, Mentors: r.std.conf.Mentors, AskedMentor: r.set.AskedMentor,
		Rechecked: r.set.Rechecked, RecheckNews: r.set.RecheckNews, DashboardURL: r.dashboardURL(), AppSlug: r.Slug,
	}
	if r.paused() {
		in.Paused = &render.Paused{Until: r.repo.PausedUntil, By: r.repo.PausedBy}
	}
	earned, err := r.Store.Earned(ctx, r.repo.ID)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, e := range earned {
		in.Earned[e.Milestone] = render.Earned{At: e.At, Commit: e.Commit, Pull: e.PullNumber, LostAt: e.LostAt, LostCommit: e.LostCommit}
	}
	statuses, err := r.Store.Statuses(ctx, r.repo.ID)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, s := range statuses {
		in.Since[s.Milestone] = s.Since
	}
	claims, err := r.Store.EvidenceClaims(ctx, r.repo.ID)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, c := range claims {
		if c.State == storage.ClaimOpen {
			in.Claims = append(in.Claims, render.Claim{Milestone: c.Milestone, By: c.By, What: c.Target, At: c.At})
		}
	}
	open, err := r.Store.Pulls(ctx, r.repo.ID, "open", 20)
	if err != nil {
		return in, fmt.Errorf("evaluate: %w", err)
	}
	for _, p := range open {
		var d render.Delta
		if len(p.Delta) > 0 && json.Unmarshal(p.Delta, &d) == nil && len(d.Gains) > 0 {
			in.OpenPulls = append(in.OpenPulls, render.OpenPull{Number: p.Number, Title: p.Title, Completes: d.Gains})
		}
	}
	if named := r.std.conf.Learner; named != "" && !sameLogin(named, r.repo.Learner) && report.Repository.Commit != "" {
		in.Problems = append(in.Problems, fmt.Sprintf("the configuration names %s as the learner, who is no author of a commit here: that is not followed", named))
	}
	in.Problems = append(in.Problems, report.Warnings[:min(len(report.Warnings), 5)]...)
	return in, nil
}
