package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"milepost/bot/gh"
	"milepost/bot/render"
	"milepost/bot/work"
	"milepost/rules"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// target is a commit to be compared with its base: a pull request's head, or a merge group's.
type target struct {
	number   int
	head     string
	base     string // branch or commit of the other side
	draft    bool
	again    bool // asked for by a person
	explain  bool
	comments bool // a pull request that may get a comment
	quiet    bool // nobody did anything: no comment now
}

// pulls checks the pull requests that deliveries speak of.
func (r *run) pulls(ctx context.Context) error {
	targets := map[string]target{}
	for _, d := range r.box {
		if err := r.pullDelivery(ctx, d, targets); err != nil {
			return err
		}
	}
	keys := make([]string, 0, len(targets))
	for k := range targets {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var unseen error
	for _, k := range keys {
		err := r.compare(ctx, targets[k])
		switch {
		case err == nil:
		case gh.Is(err, gh.Forbidden):
			unseen = err
		case !gh.Is(err, gh.NotFound):
			return err
		case r.claim.Attempts >= patience:
			if err := r.giveUp(ctx, k, targets[k]); err != nil {
				return err
			}
		default:
			unseen = err // a webhook may come before the API shows its commit
		}
	}
	return unseen
}

// pullDelivery takes in one delivery; the newest word on a pull request replaces older ones.
func (r *run) pullDelivery(ctx context.Context, d delivery, targets map[string]target) error {
	switch d.Event {
	case "pull_request":
		if d.PullRequest == nil || d.PullRequest.Number == 0 {
			return nil
		}
		return r.pullRequest(ctx, d, targets)
	case "merge_group":
		if g := d.MergeGroup; g != nil && d.Action == "checks_requested" {
			targets["group "+g.HeadSHA] = target{head: g.HeadSHA, base: g.BaseSHA}
		}
	case "check_run":
		if d.CheckRun == nil || d.CheckRun.App.ID != 0 && d.CheckRun.App.ID != r.AppID {
			return nil
		}
		if d.Action == "rerequested" || d.Action == "requested_action" {
			return r.recheck(ctx, d.CheckRun.HeadSHA, d.Requested != nil && d.Requested.Identifier == "explain", targets)
		}
	case "check_suite":
		if d.CheckSuite != nil && d.Action == "rerequested" && (d.CheckSuite.App.ID == 0 || d.CheckSuite.App.ID == r.AppID) {
			return r.recheck(ctx, d.CheckSuite.HeadSHA, false, targets)
		}
	}
	return nil
}

func (r *run) pullRequest(ctx context.Context, d delivery, targets map[string]target) error {
	p := d.PullRequest
	row := pullRow(r.repo.ID, p)
	if d.Action == "closed" {
		row.State = "closed"
	}
	if err := r.Store.PutPull(ctx, row); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	key := fmt.Sprintf("pull %d", p.Number)
	switch d.Action {
	case "opened", "synchronize", "reopened", "ready_for_review", "converted_to_draft":
	case "edited":
		if d.Changes == nil || d.Changes.Base == nil {
			return nil // only words were changed
		}
	case "closed":
		delete(targets, key)
		// "Done in pull request 12, not merged yet" is no longer true. The push of a merge says so itself, if it is still to come.
		if !p.Merged || p.Base.Ref != r.repo.DefaultBranch || r.knows(p.MergeSHA) {
			r.rejudge = true
		}
		return nil
	default:
		return nil
	}
	if d.Action == "reopened" {
		r.rejudge = true // the issue tells again what it would complete
	}
	targets[key] = target{number: p.Number, head: p.Head.SHA, base: p.Base.Ref, draft: p.Draft, again: d.Action == "edited", comments: true}
	return nil
}

// knows reports whether a commit is part of the default branch as it was last judged.
func (r *run) knows(sha string) bool {
	if sha == r.repo.HeadSHA {
		return true
	}
	return len(r.pushed) == 0 && r.act.Log != nil && slices.ContainsFunc(r.act.Log.Commits, func(c snapshot.Commit) bool { return c.ID == sha })
}

// recheck checks the open pull requests of a commit once more.
func (r *run) recheck(ctx context.Context, sha string, explain bool, targets map[string]target) error {
	found, err := r.Store.PullsByHead(ctx, r.repo.ID, sha)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	for _, p := range found {
		if p.State == "open" {
			targets[fmt.Sprintf("pull %d", p.Number)] = target{number: p.Number, head: p.HeadSHA, base: p.BaseRef, draft: p.Draft, again: true, explain: explain, comments: true}
		}
	}
	return nil
}

// compare judges a commit against its merge base and says so in a check run and, if a milestone moves, a comment.
//
// At most four calls stand one after another: the check run in progress beside the comparison and the head's tree; the head's files beside the merge
// base's tree; the base's files beside what a changed configuration needs to be tried; the outcome.
func (r *run) compare(ctx context.Context, t target) error {
	start := r.Now()
	repo := ghRepo(&r.repo)
	details := r.dashboardURL()
	in, err := r.input(ctx)
	if err != nil {
		return err
	}
	var (
		checkID    int64
		comparison gh.Comparison
		head, base judged
		then       foreseen
	)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(work.Guard(func() (err error) {
		checkID, err = r.Publisher.StartCheck(gctx, r.client, r.repo.ID, repo, t.head, details, t.again, r.Now())
		return err
	}))
	g.Go(work.Guard(func() (err error) {
		if comparison, err = r.client.Compare(gctx, repo, t.base, t.head); unrelated(err) {
			base, err = r.targetHead(gctx, t.base, in)
			return err
		} else if err != nil {
			return err
		}
		base, err = r.base(gctx, comparison.MergeBase, in)
		return err
	}))
	g.Go(work.Guard(func() (err error) {
		if head, err = r.look(gctx, r.client, &r.repo, r.std, t.head, in); err != nil {
			return err
		}
		then, err = r.foresee(gctx, &head, t.head)
		return err
	}))
	if err := g.Wait(); err != nil {
		return err
	}
	head.report.Repository.Commit = t.head
	pin := render.PullInput{
		Roadmap: r.std.roadmap, Repo: r.renderRepo(), Number: t.number, HeadSHA: t.head, BaseSHA: comparison.MergeBase, Base: &base.report, Head: &head.report,
		Draft: t.draft, Explain: t.explain, Require: r.std.conf.PullRequests.Require, DashboardURL: details,
	}
	for _, f := range comparison.Files {
		pin.Files = append(pin.Files, render.ChangedFile{Path: f.Path, Patch: f.Patch})
	}
	r.preview(&pin, &base, &head, then)
	if pub, err := r.Store.Publication(ctx, r.repo.ID, storage.PublicationIssue, ""); err == nil {
		pin.IssueURL = pub.URL
	}
	text := render.CheckRun(pin)
	if err := r.foretell(ctx, &base, &head, then, &text); err != nil {
		return err
	}
	if err := r.Publisher.CompleteCheck(ctx, r.client, r.repo.ID, repo, t.head, checkID, text, details, r.fence); err != nil {
		return err
	}
	r.checked("pull", start)
	r.noted = append(r.noted, fmt.Sprintf("checked %s: %s", short(t.head), text.Title))
	if !t.comments {
		return nil
	}
	return r.keepPull(ctx, t, pin)
}

func (r *run) keepPull(ctx context.Context, t target, pin render.PullInput) error {
	delta := render.DeltaOf(pin.Base, pin.Head)
	encoded, err := json.Marshal(delta)
	if err != nil {
		return fmt.Errorf("evaluate: encode delta: %w", err)
	}
	before, err := r.Store.Pull(ctx, r.repo.ID, t.number)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if err := r.Store.SetPullDelta(ctx, r.repo.ID, t.number, encoded); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	var old render.Delta
	_ = json.Unmarshal(before.Delta, &old)
	if !slices.Equal(old.Gains, delta.Gains) {
		r.rejudge = true // the issue tells what open pull requests would complete
	}
	wanted := r.std.conf.CommentEnabled() && !t.draft && !t.quiet && !r.paused()
	return r.Publisher.Comment(ctx, r.client, pin, wanted, r.fence)
}

// unrelated reports whether two commits could not be compared since they have no history in common: one of them was rewritten from nothing.
func unrelated(err error) bool {
	var e *gh.Error
	return gh.Is(err, gh.NotFound) && errors.As(err, &e) && strings.Contains(strings.ToLower(e.Msg), "no common ancestor")
}

// targetHead judges the target of a pull request that has no history in common with it.
func (r *run) targetHead(ctx context.Context, branch string, in rules.Input) (judged, error) {
	if branch == r.repo.DefaultBranch && r.repo.HeadSHA != "" {
		return r.base(ctx, r.repo.HeadSHA, in)
	}
	got, err := r.look(ctx, r.client, &r.repo, r.std, branch, in)
	got.confData = nil
	return got, err
}

// giveUp ends the check of a commit that GitHub does not show after all.
func (r *run) giveUp(ctx context.Context, what string, t target) error {
	r.notef("%s: GitHub does not show commit %s; it was rewritten meanwhile, or its repository is gone", what, short(t.head))
	pub, err := r.Store.Publication(ctx, r.repo.ID, storage.PublicationCheckRun, t.head)
	if errors.Is(err, storage.ErrNotFound) || err == nil && pub.RemoteID == 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	text := render.CheckRunText{
		Title: "This commit could not be checked", Conclusion: "neutral",
		Summary: "GitHub does not show all that is needed to compare this commit with its target. It will be checked again with the next push.",
	}
	err = r.Publisher.CompleteCheck(ctx, r.client, r.repo.ID, ghRepo(&r.repo), t.head, pub.RemoteID, text, r.dashboardURL(), r.fence)
	if gh.Is(err, gh.NotFound) {
		return nil
	}
	return err
}

// openPulls checks the pull requests that were open before the installation, without a comment.
func (r *run) openPulls(ctx context.Context) error {
	all, err := r.client.Pulls(ctx, ghRepo(&r.repo), "open", maxOpenPulls)
	if err != nil {
		return tolerate(err)
	}
	for _, p := range all {
		if _, err := r.Store.Pull(ctx, r.repo.ID, p.Number); err == nil {
			continue
		} else if !errors.Is(err, storage.ErrNotFound) {
			return fmt.Errorf("evaluate: %w", err)
		}
		if err := r.Store.PutPull(ctx, pullRow(r.repo.ID, &p)); err != nil {
			return fmt.Errorf("evaluate: %w", err)
		}
		err := r.compare(ctx, target{number: p.Number, head: p.Head.SHA, base: p.Base.Ref, draft: p.Draft, comments: true, quiet: true})
		if err != nil && !gh.Is(err, gh.NotFound, gh.Forbidden) {
			return err
		}
	}
	return nil
}

// maxOpenPulls is how many pull requests of before the installation are looked at.
const maxOpenPulls = 10

func pullRow(repoID int64, p *gh.PullRequest) storage.Pull {
	row := storage.Pull{
		RepoID: repoID, Number: p.Number, HeadSHA: p.Head.SHA, HeadRef: p.Head.Ref, BaseSHA: p.Base.SHA, BaseRef: p.Base.Ref, State: p.State, Draft: p.Draft,
		Merged: p.Merged, MergeSHA: p.MergeSHA, Author: p.User.Login, AuthorType: p.User.Type, Title: p.Title, FromFork: p.FromFork(),
	}
	if p.Head.Repo != nil {
		row.HeadRepoID = p.Head.Repo.ID
	}
	return row
}

// base judges the merge base. The default branch's head is known already; another commit is read.
func (r *run) base(ctx context.Context, sha string, in rules.Input) (judged, error) {
	row, err := r.Store.Snapshot(ctx, r.repo.ID, sha)
	switch {
	case err == nil:
		entries, truncated, err := unpack(row.Entries)
		if err != nil {
			return judged{}, err
		}
		return r.fromEntries(ctx, row.Tree, sha, entries, truncated, in)
	case !errors.Is(err, storage.ErrNotFound):
		return judged{}, fmt.Errorf("evaluate: %w", err)
	}
	got, err := r.look(ctx, r.client, &r.repo, r.std, sha, in)
	got.confData = nil
	got.report.Repository.Commit = sha
	return got, err
}

func short(sha string) string { return sha[:min(len(sha), 7)] }

// isOurIssue reports whether a number is the repository's progress issue.
func (r *run) isOurIssue(ctx context.Context, number int) (storage.Publication, bool, error) {
	pub, err := r.Store.Publication(ctx, r.repo.ID, storage.PublicationIssue, "")
	if errors.Is(err, storage.ErrNotFound) {
		return pub, false, nil
	}
	if err != nil {
		return pub, false, fmt.Errorf("evaluate: %w", err)
	}
	return pub, pub.Number == number, nil
}

func sameLogin(a, b string) bool { return strings.EqualFold(a, b) }
