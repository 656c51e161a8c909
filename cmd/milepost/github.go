package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"milepost/bot/gh"
	"milepost/rules/facts"
	"milepost/rules/snapshot"
)

// readGitHub reads owner/repo[@ref] through GitHub's API, with the token in GITHUB_TOKEN if there is one.
func readGitHub(ctx context.Context, target string, getenv func(string) string) (*snapshot.Snapshot, snapshot.Activity, error) {
	name, ref, _ := strings.Cut(target, "@")
	owner, repo, _ := strings.Cut(name, "/")
	r := gh.Repo{Owner: owner, Name: repo}
	token := getenv("GITHUB_TOKEN")
	client, err := gh.Anonymous(gh.Config{APIURL: getenv("GITHUB_API_URL"), MaxContents: snapshot.DefaultTarKept}, token)
	if err != nil {
		return nil, snapshot.Activity{}, err
	}
	info, err := client.Repository(ctx, r)
	if err != nil {
		return nil, snapshot.Activity{}, explainGitHub(err, name, token)
	}
	branch := ref
	if branch == "" {
		branch = info.DefaultBranch
	}
	snap, _, err := client.Snapshot(ctx, r, branch, func(_ context.Context, s *snapshot.Snapshot) ([]snapshot.Entry, error) {
		return facts.Wanted(s), nil
	})
	if gh.Is(err, gh.Empty) {
		snap, err = snapshot.New(nil, nil), nil
	}
	if gh.Is(err, gh.NotFound) && ref != "" {
		return nil, snapshot.Activity{}, fmt.Errorf("%s has no branch, tag or commit %q", name, ref)
	}
	if err != nil {
		return nil, snapshot.Activity{}, explainGitHub(err, name, token)
	}
	snap.Name, snap.Ref = info.FullName, branch
	act := snapshot.Activity{Owner: info.Owner.Login, OwnerIsOrg: info.Owner.Type == "Organization", Homepage: &info.Homepage.URL}
	if len(snap.Entries) > 0 {
		if c, err := client.Commit(ctx, r, branch); err == nil {
			snap.Commit = c.SHA
		}
		snap.Warnings = append(snap.Warnings, readActivity(ctx, client, r, branch, &act)...)
	}
	return snap, act, nil
}

// readActivity asks for what milestones of history need; what cannot be had stays unknown, and is said.
func readActivity(ctx context.Context, c *gh.Client, r gh.Repo, branch string, act *snapshot.Activity) []snapshot.Warning {
	var out []snapshot.Warning
	note := func(what string, err error) {
		if err != nil {
			out = append(out, snapshot.Warning{Msg: fmt.Sprintf("%s could not be read from GitHub (%s)", what, gh.KindOf(err))})
		}
	}
	log, _, err := c.Commits(ctx, r, branch, 100)
	note("the commits", err)
	if err == nil {
		act.Log = &log
	}
	closed, err := c.Pulls(ctx, r, "closed", 100)
	note("the pull requests", err)
	if err == nil {
		pulls := gh.MergedPulls(closed)
		act.Pulls = &pulls
	}
	ci, err := c.CI(ctx, r, branch)
	note("the workflow runs", err)
	if err == nil {
		act.CI = &ci
	}
	deps, err := c.Deployments(ctx, r)
	note("the deployments", err)
	if err == nil {
		act.Deployments = &deps
	}
	return out
}

// explainGitHub is one sentence with a remedy.
func explainGitHub(err error, name, token string) error {
	switch {
	case gh.Is(err, gh.NotFound) && token == "":
		return fmt.Errorf("%s was not found; if it is private, set GITHUB_TOKEN to a token that may read it", name)
	case gh.Is(err, gh.NotFound):
		return fmt.Errorf("%s was not found, or the token in GITHUB_TOKEN may not read it", name)
	case gh.Is(err, gh.Auth):
		return errors.New("GitHub does not accept the token in GITHUB_TOKEN; make a new one, or unset it for public repositories")
	case gh.Is(err, gh.RateLimited) && token == "":
		return errors.New("GitHub's limit for calls without a token is used up; set GITHUB_TOKEN, or try again in an hour")
	case gh.Is(err, gh.RateLimited):
		until, _ := gh.RetryAt(err)
		return fmt.Errorf("GitHub's rate limit is used up until %s; try again then", until.Local().Format("15:04"))
	case gh.Is(err, gh.Legal):
		return fmt.Errorf("GitHub blocks access to %s", name)
	default:
		return fmt.Errorf("GitHub could not be read (%w); check the network and try again", err)
	}
}
