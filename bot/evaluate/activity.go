package evaluate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"milepost/bot/gh"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// Kinds of stored activity.
const (
	actLog         = "log"
	actPulls       = "pulls"
	actReviews     = "reviews"
	actCI          = "ci"
	actDeployments = "deployments"
)

const (
	maxLog   = 300 // commits kept of a history
	maxPush  = 100 // commits that are taken from a delivery; more are read anew
	maxPulls = 200
)

// activity is what is known of a repository beyond its files, with marks of what changed in this run.
type activity struct {
	snapshot.Activity
	reviews map[int][]snapshot.Review
	dirty   map[string]bool
}

func (a *Actor) loadActivity(ctx context.Context, repo *storage.Repository) (*activity, error) {
	rows, err := a.Store.Activity(ctx, repo.ID)
	if err != nil {
		return nil, fmt.Errorf("evaluate: load activity: %w", err)
	}
	act := &activity{reviews: map[int][]snapshot.Review{}, dirty: map[string]bool{}}
	for kind, into := range map[string]any{actLog: &act.Log, actPulls: &act.Pulls, actReviews: &act.reviews, actCI: &act.CI, actDeployments: &act.Deployments} {
		if data, ok := rows[kind]; ok {
			if err := json.Unmarshal(data, into); err != nil {
				return nil, fmt.Errorf("evaluate: activity %s of repository %d: %w", kind, repo.ID, err)
			}
		}
	}
	act.Owner = repo.Owner
	act.Homepage = &repo.Homepage
	return act, nil
}

// save writes what changed.
func (act *activity) save(ctx context.Context, tx *storage.Tx, repoID int64) error {
	for kind, value := range map[string]any{actLog: act.Log, actPulls: act.Pulls, actReviews: act.reviews, actCI: act.CI, actDeployments: act.Deployments} {
		if !act.dirty[kind] {
			continue
		}
		data, err := json.Marshal(value)
		if err != nil {
			return fmt.Errorf("evaluate: encode activity: %w", err)
		}
		if err := tx.PutActivity(ctx, repoID, kind, data); err != nil {
			return fmt.Errorf("evaluate: store activity: %w", err)
		}
	}
	return nil
}

// note takes in what a delivery says about activity, and reports whether it may change a verdict.
func (act *activity) note(d delivery, repo *storage.Repository) bool {
	switch d.Event {
	case "push":
		return act.notePush(d, repo)
	case "pull_request":
		return d.Action == "closed" && act.noteMerged(d)
	case "pull_request_review":
		return act.noteReview(d)
	case "workflow_run":
		return act.noteRun(d, repo)
	case "deployment_status":
		return act.noteDeployment(d)
	}
	return false
}

func (act *activity) notePush(d delivery, repo *storage.Repository) bool {
	if d.branch() != repo.DefaultBranch || act.Log == nil {
		return false
	}
	known := map[string]bool{}
	for _, c := range act.Log.Commits {
		known[c.ID] = true
	}
	if known[d.After] && !d.Forced && !d.Deleted {
		return false // a duplicate, or older than what was read meanwhile
	}
	act.dirty[actLog] = true
	commits := d.commits()
	follows := len(act.Log.Commits) > 0 && act.Log.Commits[0].ID == d.Before
	if d.Forced || d.Deleted || !follows || len(commits) == 0 || len(commits) > maxPush || commits[0].ID != d.After {
		act.Log = nil // rewritten, out of order, or more than a delivery tells: read anew
		return true
	}
	fresh := slices.DeleteFunc(commits, func(c snapshot.Commit) bool { return known[c.ID] })
	act.Log.Commits = append(fresh, act.Log.Commits...)
	if len(act.Log.Commits) > maxLog {
		act.Log.Commits, act.Log.Complete = act.Log.Commits[:maxLog], false
	}
	return true
}

func (act *activity) noteMerged(d delivery) bool {
	p := d.PullRequest
	if p == nil || !p.Merged || act.Pulls == nil {
		return false
	}
	pulls := slices.DeleteFunc(slices.Clone(*act.Pulls), func(o snapshot.Pull) bool { return o.Number == p.Number })
	merged := snapshot.Pull{Number: p.Number, Title: p.Title, HeadRef: p.Head.Ref, Author: p.User.Login, MergedBy: d.Sender.Login, MergedAt: p.MergedAt, Reviews: act.reviews[p.Number]}
	if p.MergedAt.IsZero() {
		merged.MergedAt = d.At
	}
	pulls = append([]snapshot.Pull{merged}, pulls...)
	pulls = pulls[:min(len(pulls), maxPulls)]
	act.Pulls = &pulls
	act.dirty[actPulls] = true
	return true
}

func (act *activity) noteReview(d delivery) bool {
	if d.PullRequest == nil || d.Review == nil || d.Action != "submitted" {
		return false
	}
	n := d.PullRequest.Number
	r := snapshot.Review{Author: d.Review.User.Login, State: strings.ToUpper(d.Review.State), Bot: d.Review.User.Bot()}
	if len(act.reviews[n]) >= 20 || slices.Contains(act.reviews[n], r) {
		return false
	}
	act.reviews[n] = append(act.reviews[n], r)
	if len(act.reviews) > maxPulls {
		delete(act.reviews, slices.Min(slices.Collect(maps.Keys(act.reviews))))
	}
	act.dirty[actReviews] = true
	if act.Pulls == nil {
		return false
	}
	for i := range *act.Pulls {
		if p := &(*act.Pulls)[i]; p.Number == n {
			p.Reviews = append(p.Reviews, r)
			act.dirty[actPulls] = true
			return true
		}
	}
	return false
}

func (act *activity) noteRun(d delivery, repo *storage.Repository) bool {
	r := d.WorkflowRun
	if r == nil || !r.Judges() || r.HeadBranch != repo.DefaultBranch {
		return false
	}
	if r.HeadRepository.ID != 0 && r.HeadRepository.ID != repo.ID {
		return false
	}
	if c := act.CI; c != nil && c.Commit == r.HeadSHA && c.Conclusion != "success" && c.Conclusion != "" && r.Conclusion == "success" && c.Name != r.Name {
		return false // another workflow of this commit failed
	}
	if c := act.CI; c != nil && r.UpdatedAt.Before(c.At) {
		return false // out of order
	}
	act.CI = &snapshot.CI{Conclusion: r.Conclusion, Name: r.Name, URL: r.URL, Commit: r.HeadSHA, At: r.UpdatedAt}
	act.dirty[actCI] = true
	return true
}

func (act *activity) noteDeployment(d delivery) bool {
	s := d.DeploymentStatus
	if s == nil || act.Deployments == nil {
		return false
	}
	env := s.Environment
	if env == "" && d.Deployment != nil {
		env = d.Deployment.Environment
	}
	all := slices.DeleteFunc(slices.Clone(*act.Deployments), func(o snapshot.Deployment) bool { return o.Environment == env })
	all = append([]snapshot.Deployment{{Environment: env, State: s.State, URL: s.URL, At: s.UpdatedAt}}, all...)
	all = all[:min(len(all), 20)]
	act.Deployments = &all
	act.dirty[actDeployments] = true
	return true
}

// incomplete reports whether something was never asked for.
func (act *activity) incomplete() bool {
	return act.Pulls == nil || act.CI == nil || act.Deployments == nil
}

// fillLog reads the newest commits where none are known, and returns the newest with its tree; an empty one where nothing was read.
func (act *activity) fillLog(ctx context.Context, c *gh.Client, repo *storage.Repository) (gh.Commit, error) {
	if act.Log != nil {
		return gh.Commit{}, nil
	}
	log, newest, err := c.Commits(ctx, ghRepo(repo), repo.DefaultBranch, 100)
	if err != nil {
		return newest, err
	}
	act.Log = &log
	act.dirty[actLog] = true
	return newest, nil
}

// backfill asks once for what webhooks will tell from now on. A permission that is not granted leaves its part unknown.
func (act *activity) backfill(ctx context.Context, c *gh.Client, repo *storage.Repository) error {
	r := ghRepo(repo)
	if act.Pulls == nil {
		closed, err := c.Pulls(ctx, r, "closed", 100)
		if failed := tolerate(err); failed != nil {
			return failed
		}
		if err == nil {
			pulls := gh.MergedPulls(closed)
			act.Pulls, act.dirty[actPulls] = &pulls, true
		}
	}
	if act.CI == nil {
		ci, err := c.CI(ctx, r, repo.DefaultBranch)
		if failed := tolerate(err); failed != nil {
			return failed
		}
		if err == nil {
			act.CI, act.dirty[actCI] = &ci, true
		}
	}
	if act.Deployments == nil {
		deps, err := c.Deployments(ctx, r)
		if failed := tolerate(err); failed != nil {
			return failed
		}
		if err == nil {
			act.Deployments, act.dirty[actDeployments] = &deps, true
		}
	}
	return nil
}

// tolerate lets pass what will not get better by trying again: no permission, or a server that lacks the call.
func tolerate(err error) error {
	if gh.Is(err, gh.Forbidden, gh.NotFound, gh.Gone) {
		return nil
	}
	return err
}
