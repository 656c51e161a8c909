package evaluate

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"milepost/bot/command"
	"milepost/bot/gh"
	"milepost/bot/inforce"
	"milepost/bot/publish"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/snapshot"
	"milepost/storage"
)

// Controls of the progress issue, by their hidden ids.
const (
	tickRecheck   = "recheck"
	tickPause     = "pause"
	tickAskMentor = "ask-mentor"
)

// pauseFor is how long the control "pause" lasts.
const pauseFor = 14 * 24 * time.Hour

// forEver stands for a pause without an end.
const forEver = 100 * 365 * 24 * time.Hour

// people does what people asked for: on the progress issue itself, by its boxes, and by commands in comments.
func (r *run) people(ctx context.Context) error {
	for _, d := range r.box {
		var err error
		switch {
		case d.Event == "issues" && d.Issue != nil:
			err = r.issueEvent(ctx, d)
		case d.Event == "issue_comment" && d.Action == "created" && d.Comment != nil && !d.bot() && !d.Comment.User.Bot():
			err = r.commands(ctx, d)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// issueEvent follows what happens to the progress issue. Events that the app caused itself change nothing.
func (r *run) issueEvent(ctx context.Context, d delivery) error {
	pub, ours, err := r.isOurIssue(ctx, d.Issue.Number)
	if err != nil || !ours {
		return err
	}
	if d.bot() && sameLogin(d.Sender.Login, r.Slug+"[bot]") {
		return nil
	}
	switch d.Action {
	case "closed":
		pub.State = publish.StateClosed
		r.notef("the progress issue was closed by %s: paused", d.Sender.Login)
		return r.pauseUntil(ctx, pub, r.Now().Add(forEver), d.Sender.Login)
	case "reopened":
		pub.State = publish.StateOpen
		r.notef("the progress issue was reopened by %s: resumed", d.Sender.Login)
		r.force = true
		return r.pauseUntil(ctx, pub, time.Time{}, "")
	case "deleted", "transferred":
		pub.State = publish.StateDeleted
		r.notef("the progress issue was %s by %s: off until asked for", d.Action, d.Sender.Login)
		return r.putPublication(ctx, pub)
	case "edited":
		return r.boxes(ctx, d, pub)
	}
	return nil
}

func (r *run) notef(format string, args ...any) {
	r.noted = append(r.noted, fmt.Sprintf(format, args...))
}

func (r *run) pauseUntil(ctx context.Context, pub storage.Publication, until time.Time, by string) error {
	if err := r.putPublication(ctx, pub); err != nil {
		return err
	}
	r.repo.PausedUntil, r.repo.PausedBy = until, by
	if err := r.Store.PauseRepository(ctx, r.repo.ID, until, by); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

func (r *run) putPublication(ctx context.Context, pub storage.Publication) error {
	if pub.Kind == "" {
		return nil
	}
	if err := r.Store.PutPublication(ctx, pub); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

// boxes carries out the boxes that are ticked in the issue as it is now, and those that this edit ticked: between reading the issue and writing it anew
// the bot may have written over them. Notes that it wrote over are put back. Only people who may write to the repository can edit the body.
func (r *run) boxes(ctx context.Context, d delivery, pub storage.Publication) error {
	issue, err := r.client.Issue(ctx, ghRepo(&r.repo), pub.Number)
	if gh.Is(err, gh.NotFound, gh.Gone) {
		return nil // its own event says so
	}
	if err != nil {
		return err
	}
	before := d.Changes.bodyBefore()
	ticks := append(render.Ticks(issue.Body), render.NewTicks(before, d.Issue.Body)...)
	if err := r.putBack(ctx, issue, d.Issue, before); err != nil {
		return err
	}
	r.say = r.say || len(ticks) > 0
	for _, t := range ticks {
		if slices.Contains(r.handled, t) {
			continue
		}
		r.handled = append(r.handled, t)
		if err := r.tick(ctx, t, d.Sender.Login); err != nil {
			return err
		}
	}
	r.force = true // the body is written anew: boxes are cleared, and what was changed by hand above the notes is set right
	return nil
}

// putBack writes the notes of an edit into the issue again, if the bot wrote over them: it wrote after the edit, and what stands there is what the edit
// found.
func (r *run) putBack(ctx context.Context, issue gh.Issue, edit *issueRef, before string) error {
	if edit.UpdatedAt.IsZero() || edit.UpdatedAt.After(r.set.WroteIssue) {
		return nil
	}
	body, lost := render.PutBack(issue.Body, before, edit.Body)
	if !lost {
		return nil
	}
	if err := r.fence(ctx); err != nil {
		return err
	}
	written, err := r.client.EditIssue(ctx, ghRepo(&r.repo), issue.Number, body)
	if err != nil {
		return err
	}
	r.wroteIssue(written.UpdatedAt)
	r.notef("notes in the progress issue that were written over at the same moment are put back")
	return nil
}

// wroteIssue notes when the bot last wrote the issue, by GitHub's clock.
func (r *run) wroteIssue(at time.Time) {
	if at.After(r.set.WroteIssue) {
		r.set.WroteIssue = at
	}
}

func (r *run) tick(ctx context.Context, id, by string) error {
	switch id {
	case tickRecheck:
		r.force, r.set.Recheck = true, true
		r.notef("check asked for by %s", by)
	case tickPause:
		r.notef("paused for 14 days by %s", by)
		return r.pauseUntil(ctx, storage.Publication{}, r.Now().Add(pauseFor), by)
	case tickAskMentor:
		r.set.AskedMentor = r.Now()
		r.notef("a mentor was asked for by %s", by)
	}
	return nil
}

// rights are what a person may do.
type rights struct {
	write  bool // the learner's own commands
	mentor bool // approve and revoke
}

// rightsOf asks GitHub what a person may do in the repository.
func (r *run) rightsOf(ctx context.Context, login string) (rights, error) {
	perm, err := r.client.Permission(ctx, ghRepo(&r.repo), login)
	if err != nil && !gh.Is(err, gh.Forbidden) {
		return rights{}, err
	}
	inTeam := func(slug string) (bool, error) {
		member, err := r.client.TeamMember(ctx, r.repo.Owner, slug, login)
		return member, tolerate(err)
	}
	mentor, err := inforce.Mentor(&r.repo, inforce.Person{Login: login, Role: perm, InTeam: inTeam}, func() ([]string, error) { return r.std.conf.Mentors, nil })
	return rights{write: perm == "write" || perm == "maintain" || perm == "admin", mentor: mentor}, err
}

// commands answers the commands of one comment, each once.
func (r *run) commands(ctx context.Context, d delivery) error {
	cmds := command.Parse(d.Comment.Body)
	if len(cmds) == 0 {
		return nil
	}
	first, err := r.Store.TakeCommand(ctx, d.Comment.ID, r.repo.ID, cmds[0].Verb)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if !first {
		if done, err := r.Store.CommandAnswered(ctx, d.Comment.ID); err != nil || done {
			return err
		}
	}
	right, err := r.rightsOf(ctx, d.Comment.User.Login)
	if err != nil {
		return err
	}
	var replies []string
	reaction := "+1"
	for _, c := range cmds {
		reply, ok, err := r.command(ctx, c, d.Comment.User.Login, right)
		if err != nil {
			return err
		}
		if !ok {
			reaction = "confused"
		}
		if reply != "" {
			replies = append(replies, reply)
		}
	}
	if err := r.fence(ctx); err != nil {
		return err
	}
	repo := ghRepo(&r.repo)
	if err := r.client.React(ctx, repo, d.Comment.ID, reaction); tolerate(err) != nil && !gh.Is(err, gh.Locked) {
		return err
	}
	if len(replies) > 0 {
		key := fmt.Sprintf("reply-%d", d.Comment.ID)
		if err := r.Publisher.Once(ctx, r.client, r.repo.ID, repo, d.Issue.Number, d.Comment.CreatedAt, key, strings.Join(replies, "\n\n---\n\n"), r.fence); err != nil {
			return err
		}
	}
	if err := r.Store.FinishCommand(ctx, d.Comment.ID); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

// command carries out one command and returns the reply, if there is something to say, and whether it was understood and allowed.
func (r *run) command(ctx context.Context, c command.Command, by string, right rights) (reply string, ok bool, err error) {
	needsMentor := c.Verb == "approve" || c.Verb == "revoke"
	switch {
	case c.Verb == "help":
		return render.ReplyHelp(), true, nil
	case !slices.Contains(command.Verbs, c.Verb):
		return render.ReplyUnknownCommand(c.Verb), false, nil
	case needsMentor && !right.mentor, !needsMentor && c.Verb != "why" && !right.write && !right.mentor:
		return render.ReplyNoRight(c.Verb), false, nil
	}
	if slices.Contains([]string{"why", "skip", "unskip", "evidence", "approve", "revoke"}, c.Verb) {
		if c.Milestone == "" {
			return render.ReplyNeeds(c.Verb, "a milestone's id"), false, nil
		}
		if _, _, known := r.std.roadmap.Milestone(c.Milestone); !known {
			return render.ReplyUnknownMilestone(c.Milestone, r.std.roadmap.IDs()), false, nil
		}
	}
	return r.allowed(ctx, c, by)
}

func (r *run) allowed(ctx context.Context, c command.Command, by string) (string, bool, error) {
	q, id, m := r.Store, r.repo.ID, c.Milestone
	switch c.Verb {
	case "recheck":
		r.force, r.say, r.set.Recheck = true, true, true
		r.notef("check asked for by %s", by)
		return "", true, nil
	case "why":
		return r.why(ctx, m)
	case "skip":
		if c.Text == "" {
			return render.ReplyNeeds(c.Verb, "a reason"), false, nil
		}
		return r.skip(ctx, storage.Skip{RepoID: id, Milestone: m, Reason: c.Text, By: by, At: r.Now()})
	case "unskip":
		return r.unskip(ctx, m)
	case "evidence":
		if c.Text == "" {
			return render.ReplyNeeds(c.Verb, "a path or an address"), false, nil
		}
		if there, err := r.holds(ctx, c.Text); err != nil || !there {
			return render.ReplyNoFile(c.Text, r.repo.DefaultBranch), false, err
		}
		r.rejudge = true
		claims, err := q.EvidenceClaims(ctx, id)
		if err != nil {
			return "", false, err
		}
		if slices.ContainsFunc(claims, func(e storage.EvidenceClaim) bool {
			return e.Milestone == m && sameLogin(e.By, by) && e.Target == c.Text && e.State == storage.ClaimOpen
		}) {
			return render.ReplyEvidence(m, c.Text), true, nil // said before, or by a run that did not come to its end
		}
		_, err = q.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: id, Milestone: m, By: by, Target: c.Text, At: r.Now(), State: storage.ClaimOpen})
		return render.ReplyEvidence(m, c.Text), true, err
	case "approve":
		r.rejudge = true
		if err := r.signOff(ctx, storage.SignOff{RepoID: id, Milestone: m, Mentor: by, Note: c.Text, At: r.Now()}); err != nil {
			return "", false, err
		}
		_, err := q.DecideEvidenceClaims(ctx, id, m, storage.ClaimAccepted, by)
		return render.ReplyApprove(m, by, c.Text), true, err
	case "revoke":
		r.rejudge = true
		n, err := q.RevokeSignOffs(ctx, id, m, by)
		return render.ReplyRevoke(m, by, n > 0), true, err
	case "pause":
		until, ok := pauseEnd(c.Text, r.Now())
		if !ok {
			return render.ReplyNeeds(c.Verb, "a time such as 14d or 2026-12-24"), false, nil
		}
		r.rejudge, r.say = true, true
		return render.ReplyPause(until), true, r.pauseUntil(ctx, storage.Publication{}, until, by)
	case "resume":
		r.force, r.say = true, true
		was, err := r.resume(ctx)
		return render.ReplyResume(was), err == nil, err
	}
	return render.ReplyUnknownCommand(c.Verb), false, nil
}

// signOff records an approval, once: a run that did not come to its end is run again.
func (r *run) signOff(ctx context.Context, s storage.SignOff) error {
	all, err := r.Store.SignOffs(ctx, s.RepoID)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	for _, o := range all {
		if o.Milestone == s.Milestone && sameLogin(o.Mentor, s.Mentor) && o.Note == s.Note && o.RevokedAt.IsZero() {
			return nil
		}
	}
	_, err = r.Store.AddSignOff(ctx, s)
	return wrapped(err)
}

// resume ends a pause, and asks for a new issue where the old one was deleted. It reports whether there was something to end.
func (r *run) resume(ctx context.Context) (bool, error) {
	pub, err := r.Store.Publication(ctx, r.repo.ID, storage.PublicationIssue, "")
	was := r.paused()
	switch {
	case errors.Is(err, storage.ErrNotFound):
		pub = storage.Publication{}
	case err != nil:
		return was, fmt.Errorf("evaluate: %w", err)
	case pub.State == publish.StateDeleted:
		if err := r.Store.DeletePublication(ctx, r.repo.ID, storage.PublicationIssue, ""); err != nil {
			return was, fmt.Errorf("evaluate: %w", err)
		}
		pub, was = storage.Publication{}, true
	}
	return was, r.pauseUntil(ctx, pub, time.Time{}, "")
}

// skip leaves a milestone out of the count, unless it is done: a skip applies only to what is not.
func (r *run) skip(ctx context.Context, s storage.Skip) (string, bool, error) {
	report, err := r.latest(ctx)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", false, err
	}
	if m, ok := report.Milestone(s.Milestone); ok && m.Done() {
		return render.ReplySkipDone(s.Milestone), true, nil
	}
	r.rejudge = true
	return render.ReplySkip(s.Milestone, s.Reason), true, wrapped(r.Store.PutSkip(ctx, s))
}

// latest is the newest report.
func (r *run) latest(ctx context.Context) (rules.Report, error) {
	row, err := r.Store.LatestReport(ctx, r.repo.ID)
	if err != nil {
		return rules.Report{}, fmt.Errorf("evaluate: %w", err)
	}
	return decodeReport(row.Data)
}

// unskip lets a milestone count again. Only the configuration ends what it skips.
func (r *run) unskip(ctx context.Context, id string) (string, bool, error) {
	deleted, err := r.Store.DeleteSkip(ctx, r.repo.ID, id)
	if err != nil {
		return "", false, err
	}
	r.rejudge = true
	if _, configured := r.std.conf.Skip[id]; configured {
		return render.ReplyStillSkipped(id), false, nil
	}
	return render.ReplyUnskip(id, deleted), true, nil
}

// lineOf is the place in a file at the end of a path: #L10-L20, :10, :10:5 or :10-20.
var lineOf = regexp.MustCompile(`(#[^/]*|(:[0-9]+){1,2}(-[0-9]+)?)$`)

// holds reports whether the default branch, as it was last checked, has what a claim points at. An address is not looked at, nor a path that a push of
// this moment may have brought.
func (r *run) holds(ctx context.Context, what string) (bool, error) {
	if strings.Contains(what, "://") || len(r.pushed) > 0 {
		return true, nil
	}
	row, err := r.Store.Snapshot(ctx, r.repo.ID, r.repo.HeadSHA)
	if errors.Is(err, storage.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("evaluate: %w", err)
	}
	entries, truncated, err := unpack(row.Entries)
	if err != nil || truncated { // of a list that is not whole nothing is known to be missing
		return truncated, err
	}
	return slices.ContainsFunc([]string{what, lineOf.ReplaceAllString(what, "")}, func(path string) bool {
		path = strings.Trim(strings.TrimPrefix(path, "./"), "/")
		return slices.ContainsFunc(entries, func(e snapshot.Entry) bool { return e.Path == path || strings.HasPrefix(e.Path, path+"/") })
	}), nil
}

// why explains a milestone from the newest report.
func (r *run) why(ctx context.Context, id string) (string, bool, error) {
	report, err := r.latest(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		return render.ReplyNeeds("why", "a first check, which has not happened yet"), false, nil
	}
	if err != nil {
		return "", false, err
	}
	in, err := r.issueInput(ctx, &report)
	if err != nil {
		return "", false, err
	}
	return render.ReplyWhy(in, id), true, nil
}

// pauseEnd reads "14d" or a date; nothing is 14 days.
func pauseEnd(s string, now time.Time) (time.Time, bool) {
	if s == "" {
		return now.Add(pauseFor), true
	}
	var days int
	if n, err := fmt.Sscanf(s, "%dd", &days); err == nil && n == 1 && days > 0 && days <= 365 {
		return now.Add(time.Duration(days) * 24 * time.Hour), true
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil && t.After(now) && t.Before(now.AddDate(1, 0, 0)) {
		return t, true
	}
	return time.Time{}, false
}
