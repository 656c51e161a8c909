package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/bot/render"
	"milepost/bot/span"
	"milepost/storage"
)

// StartCheck says on a commit that it is being checked, unless its check run is already under way or done. It returns the check run's id.
func (p *Publisher) StartCheck(ctx context.Context, c *gh.Client, repoID int64, repo gh.Repo, sha, detailsURL string, again bool, now time.Time) (int64, error) {
	pub, err := p.Store.Publication(ctx, repoID, storage.PublicationCheckRun, sha)
	switch {
	case err == nil && pub.RemoteID == 0: // a run that did not come to its end may have made it
		return p.adoptCheck(ctx, c, repo, pub, appRun(repoID, sha, detailsURL, now))
	case err == nil && (!again || pub.State == statusRunning):
		return pub.RemoteID, nil
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return 0, fmt.Errorf("publish: check run of %s: %w", sha, err)
	}
	run := appRun(repoID, sha, detailsURL, now)
	if err == nil { // asked for again: the same run starts over
		answer, err := c.UpdateCheckRun(ctx, repo, pub.RemoteID, run)
		return p.started(ctx, pub, answer, err)
	}
	pub = storage.Publication{RepoID: repoID, Kind: storage.PublicationCheckRun, Key: sha, State: statusRunning}
	if err := p.put(ctx, pub); err != nil {
		return 0, err
	}
	answer, err := c.CreateCheckRun(ctx, repo, run)
	return p.started(ctx, pub, answer, err)
}

// statusRunning is the state of a check run that has begun.
const statusRunning = "in_progress"

// appRun is a check run that begins.
func appRun(repoID int64, sha, detailsURL string, now time.Time) gh.CheckRun {
	return gh.CheckRun{
		Name: CheckName, HeadSHA: sha, ExternalID: externalID(repoID, sha), DetailsURL: detailsURL, Status: statusRunning, StartedAt: now,
		Title: "Checking this commit", Summary: "The milestones of this commit are being compared with those of its base.",
	}
}

// started records the check run of a commit.
func (p *Publisher) started(ctx context.Context, pub storage.Publication, answer gh.CheckRunAnswer, err error) (int64, error) {
	if err != nil {
		return 0, err
	}
	pub.RemoteID, pub.URL, pub.State = answer.ID, answer.URL, statusRunning
	return answer.ID, p.put(ctx, pub)
}

// adoptCheck finds the check run that was made and not recorded, or makes it.
func (p *Publisher) adoptCheck(ctx context.Context, c *gh.Client, repo gh.Repo, pub storage.Publication, run gh.CheckRun) (int64, error) {
	there, err := c.CheckRuns(ctx, repo, run.HeadSHA, CheckName, p.AppID)
	if err != nil {
		return 0, err
	}
	for _, o := range there {
		if o.ExternalID == run.ExternalID {
			return p.started(ctx, pub, o, nil)
		}
	}
	answer, err := c.CreateCheckRun(ctx, repo, run)
	return p.started(ctx, pub, answer, err)
}

func externalID(repoID int64, sha string) string { return strconv.FormatInt(repoID, 10) + ":" + sha }

// CompleteCheck writes the outcome into a check run.
func (p *Publisher) CompleteCheck(ctx context.Context, c *gh.Client, repoID int64, repo gh.Repo, sha string, id int64, text render.CheckRunText, detailsURL string, fence Fence) (err error) {
	ctx, end := span.Start(ctx, "publish check run")
	defer func() { end(err) }()
	run := gh.CheckRun{
		Name: CheckName, ExternalID: externalID(repoID, sha), DetailsURL: detailsURL, Status: "completed", Conclusion: text.Conclusion,
		Title: text.Title, Summary: text.Summary, Text: text.Text,
	}
	for _, a := range text.Annotations {
		run.Annotations = append(run.Annotations, gh.Annotation{Path: a.Path, StartLine: a.StartLine, EndLine: a.EndLine, Level: a.Level, Title: a.Title, Message: a.Message})
	}
	for _, a := range text.Actions {
		run.Actions = append(run.Actions, gh.Action{Label: a.Label, Description: a.Description, Identifier: a.Identifier})
	}
	hash, err := hashOf(run)
	if err != nil {
		return err
	}
	pub, err := p.Store.Publication(ctx, repoID, storage.PublicationCheckRun, sha)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("publish: check run of %s: %w", sha, err)
	}
	if pub.RemoteID == id && pub.Hash == hash {
		if pub.State == "completed" {
			return nil
		}
		run.Annotations = nil // GitHub adds annotations to those that are there
	}
	if err := fence(ctx); err != nil {
		return err
	}
	answer, err := c.UpdateCheckRun(ctx, repo, id, run)
	if err != nil {
		return err
	}
	return p.put(ctx, storage.Publication{RepoID: repoID, Kind: storage.PublicationCheckRun, Key: sha, RemoteID: id, URL: answer.URL, Hash: hash, State: "completed"})
}

// hashOf identifies what a check run says.
func hashOf(run gh.CheckRun) (string, error) {
	data, err := json.Marshal(run)
	if err != nil {
		return "", fmt.Errorf("publish: encode check run: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:]), nil
}

// Comment keeps the one comment on a pull request: written when a milestone moves, edited when that changes, shrunk when nothing is left to say.
func (p *Publisher) Comment(ctx context.Context, c *gh.Client, in render.PullInput, wanted bool, fence Fence) (err error) {
	ctx, end := span.Start(ctx, "publish comment")
	defer func() { end(err) }()
	key := strconv.Itoa(in.Number)
	repo := gh.Repo{Owner: in.Repo.Owner, Name: in.Repo.Name}
	pub, err := p.Store.Publication(ctx, in.Repo.ID, storage.PublicationComment, key)
	known := err == nil
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("publish: comment on %d: %w", in.Number, err)
	}
	if known && pub.State == StateDeleted {
		return nil // a person took it away
	}
	text := render.Comment(in, known)
	if !text.Wanted || !wanted && !known || known && pub.Hash == text.Hash {
		return nil
	}
	pub.RepoID, pub.Kind, pub.Key, pub.Hash = in.Repo.ID, storage.PublicationComment, key, text.Hash
	if !known {
		return p.firstComment(ctx, c, repo, in, pub, text, fence)
	}
	if err := fence(ctx); err != nil {
		return err
	}
	if _, err := c.EditComment(ctx, repo, pub.RemoteID, text.Body); err != nil {
		if !gh.Is(err, gh.NotFound, gh.Gone) {
			return err
		}
		pub.State = StateDeleted
	}
	return p.put(ctx, pub)
}

// firstComment adopts the comment that was written before a crash kept it from being recorded, or writes it.
func (p *Publisher) firstComment(ctx context.Context, c *gh.Client, repo gh.Repo, in render.PullInput, pub storage.Publication, text render.CommentText, fence Fence) error {
	all, err := c.Comments(ctx, repo, in.Number, time.Time{})
	if err != nil {
		return err
	}
	for _, o := range all {
		if id, n, ok := render.FindCommentMarker(o.Body); ok && id == in.Repo.ID && n == in.Number && o.User.Login == p.Slug+"[bot]" {
			if _, err := c.EditComment(ctx, repo, o.ID, text.Body); err != nil {
				return err
			}
			pub.RemoteID, pub.URL, pub.State = o.ID, o.URL, StateOpen
			return p.put(ctx, pub)
		}
	}
	if err := fence(ctx); err != nil {
		return err
	}
	made, err := c.CreateComment(ctx, repo, in.Number, text.Body)
	if gh.Is(err, gh.Locked, gh.Forbidden) {
		return nil // a locked conversation is to be left alone; the check run says it all
	}
	if err != nil {
		return err
	}
	pub.RemoteID, pub.URL, pub.State = made.ID, made.URL, StateOpen
	return p.put(ctx, pub)
}

// Once writes a comment on an issue once for a key that names its occasion, also after a crash between writing and recording: the occasion's
// marker is looked for among the comments since the occasion, by GitHub's clock; the zero time stands for all.
func (p *Publisher) Once(ctx context.Context, c *gh.Client, repoID int64, repo gh.Repo, issue int, since time.Time, key, body string, fence Fence) error {
	_, err := p.Store.Publication(ctx, repoID, storage.PublicationComment, key)
	if err == nil {
		return nil
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return fmt.Errorf("publish: comment %s: %w", key, err)
	}
	pub := storage.Publication{RepoID: repoID, Kind: storage.PublicationComment, Key: key, Number: issue, State: StateOpen}
	marker := "<!-- milepost:" + key + " -->"
	all, err := c.Comments(ctx, repo, issue, since)
	if err != nil {
		return err
	}
	if i := slices.IndexFunc(all, func(o gh.Comment) bool { return o.User.Login == p.Slug+"[bot]" && strings.Contains(o.Body, marker) }); i >= 0 {
		pub.RemoteID = all[i].ID
		return p.put(ctx, pub)
	}
	if err := fence(ctx); err != nil {
		return err
	}
	made, err := c.CreateComment(ctx, repo, issue, body+"\n\n"+marker)
	if gh.Is(err, gh.Locked, gh.Forbidden, gh.Gone) {
		pub.State = StateDisabled
		return p.put(ctx, pub)
	}
	if err != nil {
		return err
	}
	pub.RemoteID, pub.URL = made.ID, made.URL
	return p.put(ctx, pub)
}

func contains(list []string, s string) bool { return slices.Contains(list, s) }

func containsFold(s, word string) bool { return strings.Contains(strings.ToLower(s), word) }
