// Package publish writes what the bot has to say on GitHub: the progress issue, check runs and comments. Each is an upsert: found again by its
// stored id, else by the hidden marker in a text that the app itself wrote; written only when its content changed; never written twice.
package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/bot/render"
	"milepost/bot/span"
	"milepost/storage"
)

// CheckName is the name of the app's check runs.
const CheckName = "Milepost"

// Label is the label of the progress issue.
const Label = "milepost"

// States of the progress issue's publication.
const (
	StateOpen     = "open"
	StateClosed   = "closed"   // a person closed it: the bot rests
	StateDeleted  = "deleted"  // deleted or transferred: off until asked for
	StateDisabled = "disabled" // the repository has no issues; tried again when something changes
	StateRetired  = "retired"  // closed by the bot, since the configuration wants no issue
)

// Fence proves, right before something is written on GitHub, that this worker still holds the repository.
type Fence func(ctx context.Context) error

// Publisher writes on GitHub for one app.
type Publisher struct {
	Store *storage.Store
	AppID int64
	Slug  string // the app's; its bot account is Slug[bot]
	Log   *slog.Logger
}

// IssueResult is what became of the progress issue.
type IssueResult struct {
	Number  int
	URL     string
	State   string
	Created bool
	Wrote   bool
	At      time.Time // when it was written, by GitHub's clock; zero when it was not
	// Ticks are boxes that were found ticked in the body that was overwritten and not handled yet.
	Ticks []string
}

// Issue brings the progress issue up to date. Without force, nothing is asked of GitHub when the content is what was last written. handled are
// ticks whose wish is already carried out.
func (p *Publisher) Issue(ctx context.Context, c *gh.Client, in render.IssueInput, force bool, handled []string, fence Fence) (res IssueResult, err error) {
	ctx, end := span.Start(ctx, "publish issue")
	defer func() { end(err) }()
	text := render.Issue(in)
	repo := gh.Repo{Owner: in.Repo.Owner, Name: in.Repo.Name}
	pub, err := p.Store.Publication(ctx, in.Repo.ID, storage.PublicationIssue, "")
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return p.firstIssue(ctx, c, repo, in.Repo.ID, text, fence)
	case err != nil:
		return IssueResult{}, fmt.Errorf("publish: issue of repository %d: %w", in.Repo.ID, err)
	}
	res = IssueResult{Number: pub.Number, URL: pub.URL, State: pub.State}
	switch {
	case pub.State == StateDeleted, pub.State == StateClosed && !force:
		return res, nil
	case sameContent(pub.Hash, text.Hash) && !force && pub.State != StateRetired:
		return res, nil
	case pub.State == StateDisabled && pub.Number == 0:
		return p.firstIssue(ctx, c, repo, in.Repo.ID, text, fence)
	}
	issue, err := c.Issue(ctx, repo, pub.Number)
	if err != nil {
		return p.unreadable(ctx, pub, res, err)
	}
	if id, ok := render.FindMarker(issue.Body); issue.PullRequest != nil || ok && id != in.Repo.ID || issue.ID != pub.RemoteID {
		// The number leads elsewhere: the issue was transferred away, or converted.
		pub.State = StateDeleted
		res.State = StateDeleted
		return res, p.put(ctx, pub)
	}
	if issue.State == StateClosed {
		if pub.State != StateRetired { // a person closed it: it is left alone
			pub.State, res.State = StateClosed, StateClosed
			return res, p.put(ctx, pub)
		}
		if err := c.SetIssueState(ctx, repo, issue.Number, "open", "reopened"); err != nil {
			return res, err
		}
		issue.State = StateOpen
	}
	return p.rewrite(ctx, c, repo, pub, issue, text, handled, fence)
}

// hashes is what is kept of a text: the hash of its content, and of our part of the body as it was written.
func hashes(content, body string) string {
	notes := render.Compose(body, render.IssueText{})
	sum := sha256.Sum256([]byte(strings.TrimSuffix(body, notes)))
	return content + "." + hex.EncodeToString(sum[:8])
}

func sameContent(kept, content string) bool { return strings.HasPrefix(kept, content+".") }

// rewrite writes the body anew around what people wrote meanwhile.
func (p *Publisher) rewrite(ctx context.Context, c *gh.Client, repo gh.Repo, pub storage.Publication, issue gh.Issue, text render.IssueText, handled []string, fence Fence) (IssueResult, error) {
	res := IssueResult{Number: issue.Number, URL: issue.URL, State: issue.State}
	for _, t := range render.Ticks(issue.Body) {
		if !contains(handled, t) {
			res.Ticks = append(res.Ticks, t)
		}
	}
	body := render.Compose(issue.Body, text)
	untouched := pub.Hash == hashes(text.Hash, issue.Body) // nothing to say, and nobody changed what we said
	if body != issue.Body && !untouched {
		if err := fence(ctx); err != nil {
			return res, err
		}
		written, err := c.EditIssue(ctx, repo, issue.Number, body)
		if err != nil {
			return p.unreadable(ctx, pub, res, err)
		}
		res.Wrote, res.At = true, written.UpdatedAt
		pub.Hash = hashes(text.Hash, body)
	}
	pub.RemoteID, pub.Number, pub.URL, pub.State = issue.ID, issue.Number, issue.URL, issue.State
	return res, p.put(ctx, pub)
}

// unreadable tells an issue that is gone from trouble that passes.
func (p *Publisher) unreadable(ctx context.Context, pub storage.Publication, res IssueResult, err error) (IssueResult, error) {
	switch {
	case gh.Moved(err):
		return res, err // the repository has another name now
	case gh.Is(err, gh.NotFound):
		pub.State = StateDeleted
	case gh.Is(err, gh.Gone): // 410 is both: the issue was deleted, or issues are switched off
		pub.State = StateDeleted
		if errorSays(err, "disabled") {
			pub.State = StateDisabled
		}
	default:
		return res, err
	}
	res.State = pub.State
	return res, p.put(ctx, pub)
}

func errorSays(err error, word string) bool {
	var e *gh.Error
	return errors.As(err, &e) && containsFold(e.Msg, word)
}

// firstIssue adopts the issue the app wrote before it last lost its memory, or opens one.
func (p *Publisher) firstIssue(ctx context.Context, c *gh.Client, repo gh.Repo, repoID int64, text render.IssueText, fence Fence) (IssueResult, error) {
	pub := storage.Publication{RepoID: repoID, Kind: storage.PublicationIssue}
	found, err := c.FindIssues(ctx, repo, p.Slug+"[bot]")
	if err != nil && !gh.Is(err, gh.NotFound, gh.Gone, gh.Invalid) {
		return IssueResult{}, err
	}
	pub.Hash = hashes(text.Hash, "")
	if gh.Is(err, gh.Gone) {
		pub.State = StateDisabled
		return IssueResult{State: StateDisabled}, p.put(ctx, pub)
	}
	for _, issue := range found {
		if id, ok := render.FindMarker(issue.Body); ok && id == repoID && issue.PullRequest == nil && issue.ByApp(p.AppID, p.Slug) {
			return p.rewrite(ctx, c, repo, pub, issue, text, nil, fence)
		}
	}
	if err := fence(ctx); err != nil {
		return IssueResult{}, err
	}
	body := render.Compose("", text)
	issue, err := c.CreateIssue(ctx, repo, text.Title, body, Label)
	if gh.Is(err, gh.Gone) || gh.Is(err, gh.Forbidden, gh.Invalid) && errorSays(err, "disabled") {
		pub.State = StateDisabled
		return IssueResult{State: StateDisabled}, p.put(ctx, pub)
	}
	if err != nil {
		return IssueResult{}, err
	}
	pub.RemoteID, pub.Number, pub.URL, pub.Hash, pub.State = issue.ID, issue.Number, issue.URL, hashes(text.Hash, body), StateOpen
	return IssueResult{Number: issue.Number, URL: issue.URL, State: StateOpen, Created: true, Wrote: true, At: issue.UpdatedAt}, p.put(ctx, pub)
}

func (p *Publisher) put(ctx context.Context, pub storage.Publication) error {
	if err := p.Store.PutPublication(ctx, pub); err != nil {
		return fmt.Errorf("publish: record %s: %w", pub.Kind, err)
	}
	return nil
}
