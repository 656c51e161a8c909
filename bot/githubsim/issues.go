package githubsim

import (
	"fmt"
	"sort"
	"strings"
	"time"
)

const maxText = 65536

type label struct {
	id                       int64
	name, color, description string
	standard                 bool
}

// issue is an issue or the conversation of a pull request.
type issue struct {
	id        int64
	number    int
	title     string
	body      string
	author    *Account
	app       *App // that wrote it, if any
	open      bool
	reason    string
	locked    bool
	labels    []*label
	assignees []*Account
	comments  []*comment
	reactions []*reaction
	created   time.Time
	updated   time.Time
	closed    time.Time
	closedBy  *Account
	pull      *pull
	edits     int
}

type comment struct {
	id        int64
	body      string
	author    *Account
	app       *App
	reactions []*reaction
	created   time.Time
	updated   time.Time
	issue     *issue
}

type reaction struct {
	id      int64
	content string
	user    *Account
	at      time.Time
}

// IssueInfo is what a person sees of an issue or a pull request's conversation.
type IssueInfo struct {
	Number    int
	Title     string
	Body      string
	Author    string
	Open      bool
	Locked    bool
	Labels    []string
	Comments  []CommentInfo
	Reactions []string
	Pull      bool
	// Edits counts how often the title or the body was changed.
	Edits int
}

// CommentInfo is what a person sees of a comment.
type CommentInfo struct {
	ID        int64
	Author    string
	Body      string
	Reactions []string
}

// Issues are a repository's issues and pull requests by number.
func (s *Sim) Issues(r *Repo) []IssueInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []IssueInfo
	for _, i := range r.sortedIssues() {
		out = append(out, i.info())
	}
	return out
}

// Issue is one issue or pull request; the second result is false when there is none.
func (s *Sim) Issue(r *Repo, number int) (IssueInfo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := r.issues[number]; i != nil {
		return i.info(), true
	}
	return IssueInfo{}, false
}

func (i *issue) info() IssueInfo {
	out := IssueInfo{Number: i.number, Title: i.title, Body: i.body, Author: i.author.login, Open: i.open, Locked: i.locked, Pull: i.pull != nil, Edits: i.edits}
	for _, l := range i.labels {
		out.Labels = append(out.Labels, l.name)
	}
	out.Reactions = reactionNames(i.reactions)
	for _, c := range i.comments {
		out.Comments = append(out.Comments, CommentInfo{ID: c.id, Author: c.author.login, Body: c.body, Reactions: reactionNames(c.reactions)})
	}
	return out
}

func reactionNames(list []*reaction) []string {
	var out []string
	for _, r := range list {
		out = append(out, r.content)
	}
	return out
}

func (r *Repo) sortedIssues() []*issue {
	out := make([]*issue, 0, len(r.issues))
	for _, i := range r.issues {
		out = append(out, i)
	}
	sort.Slice(out, func(a, b int) bool { return out[a].number < out[b].number })
	return out
}

func (r *Repo) must(number int) *issue {
	i := r.issues[number]
	if i == nil {
		panic(fmt.Sprintf("githubsim: no issue %d in %s", number, r.fullName()))
	}
	return i
}

// OpenIssue opens an issue as a person and returns its number.
func (s *Sim) OpenIssue(r *Repo, by *Account, title, body string, labels ...string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.openIssue(r, by, nil, title, body, labels).number
}

func (s *Sim) newIssue(r *Repo, by *Account, app *App, title, body string) *issue {
	r.lastNumber++
	i := &issue{id: s.newID(), number: r.lastNumber, title: title, body: body, author: by, app: app, open: true, created: s.now(), updated: s.now()}
	r.issues[i.number] = i
	return i
}

func (s *Sim) openIssue(r *Repo, by *Account, app *App, title, body string, labels []string) *issue {
	i := s.newIssue(r, by, app, title, body)
	for _, name := range labels {
		i.labels = append(i.labels, s.labelNamed(r, name, by))
	}
	s.emitIssue(r, i, "opened", by, nil)
	for _, l := range i.labels {
		s.emitIssue(r, i, "labeled", by, object{"label": s.labelJSON(r, l)})
	}
	return i
}

func (s *Sim) emitIssue(r *Repo, i *issue, action string, by *Account, more object) {
	body := object{"issue": s.issueJSON(r, i)}
	for k, v := range more {
		body[k] = v
	}
	s.emitRepo(r, "issues", action, by, body)
}

// EditIssueBody changes the text of an issue or pull request as a person does.
func (s *Sim) EditIssueBody(r *Repo, by *Account, number int, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editIssue(r, r.must(number), by, nil, &body)
}

// EditIssueTitle changes the title of an issue or pull request as a person does.
func (s *Sim) EditIssueTitle(r *Repo, by *Account, number int, title string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.editIssue(r, r.must(number), by, &title, nil)
}

func (s *Sim) editIssue(r *Repo, i *issue, by *Account, title, body *string) {
	changes := object{}
	if title != nil && *title != i.title {
		changes["title"] = object{"from": i.title}
		i.title = *title
	}
	if body != nil && *body != i.body {
		changes["body"] = object{"from": i.body}
		i.body = *body
	}
	if len(changes) == 0 {
		return
	}
	i.edits++
	i.updated = s.now()
	if i.pull != nil {
		s.emitPull(r, i, "edited", by, object{"changes": changes})
		return
	}
	s.emitIssue(r, i, "edited", by, object{"changes": changes})
}

// TickBox ticks the first open task-list box of an issue's text in whose line the
// mark occurs (a hidden id or some words), and reports whether there was one.
func (s *Sim) TickBox(r *Repo, by *Account, number int, mark string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tick(r, r.must(number), by, mark)
}

func (s *Sim) tick(r *Repo, i *issue, by *Account, mark string) bool {
	lines := strings.Split(i.body, "\n")
	for n, line := range lines {
		if strings.Contains(line, mark) && strings.Contains(line, "[ ]") {
			lines[n] = strings.Replace(line, "[ ]", "[x]", 1)
			body := strings.Join(lines, "\n")
			s.editIssue(r, i, by, nil, &body)
			return true
		}
	}
	return false
}

// Comment comments on an issue or pull request as a person and returns the comment's id.
func (s *Sim) Comment(r *Repo, by *Account, number int, body string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.comment(r, r.must(number), by, nil, body).id
}

func (s *Sim) comment(r *Repo, i *issue, by *Account, app *App, body string) *comment {
	c := &comment{id: s.newID(), body: body, author: by, app: app, created: s.now(), updated: s.now(), issue: i}
	i.comments = append(i.comments, c)
	i.updated = s.now()
	s.emitComment(r, c, "created", by, nil)
	return c
}

func (s *Sim) emitComment(r *Repo, c *comment, action string, by *Account, more object) {
	body := object{"issue": s.issueJSON(r, c.issue), "comment": s.commentJSON(r, c)}
	for k, v := range more {
		body[k] = v
	}
	s.emitRepo(r, "issue_comment", action, by, body)
}

// EditComment changes a comment as a person.
func (s *Sim) EditComment(r *Repo, by *Account, id int64, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := r.findComment(id); c != nil {
		s.editComment(r, c, by, body)
	}
}

func (s *Sim) editComment(r *Repo, c *comment, by *Account, body string) {
	from := c.body
	c.body, c.updated = body, s.now()
	s.emitComment(r, c, "edited", by, object{"changes": object{"body": object{"from": from}}})
}

// DeleteComment deletes a comment as a person.
func (s *Sim) DeleteComment(r *Repo, by *Account, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := r.findComment(id); c != nil {
		s.deleteComment(r, c, by)
	}
}

func (s *Sim) deleteComment(r *Repo, c *comment, by *Account) {
	for n, x := range c.issue.comments {
		if x == c {
			c.issue.comments = append(c.issue.comments[:n:n], c.issue.comments[n+1:]...)
		}
	}
	s.emitComment(r, c, "deleted", by, nil)
}

func (r *Repo) findComment(id int64) *comment {
	for _, i := range r.issues {
		for _, c := range i.comments {
			if c.id == id {
				return c
			}
		}
	}
	return nil
}

// CloseIssue closes an issue as a person.
func (s *Sim) CloseIssue(r *Repo, by *Account, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setOpen(r, r.must(number), by, false, "completed")
}

// ReopenIssue reopens an issue as a person.
func (s *Sim) ReopenIssue(r *Repo, by *Account, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setOpen(r, r.must(number), by, true, "reopened")
}

func (s *Sim) setOpen(r *Repo, i *issue, by *Account, open bool, reason string) {
	if i.open == open {
		return
	}
	i.open, i.reason, i.updated = open, reason, s.now()
	action := "reopened"
	i.closed, i.closedBy = time.Time{}, nil
	if !open {
		action, i.closed, i.closedBy = "closed", s.now(), by
	}
	if i.pull != nil {
		i.reason = ""
		s.emitPull(r, i, action, by, nil)
		return
	}
	s.emitIssue(r, i, action, by, nil)
}

// DeleteIssue deletes an issue; its address answers 410 from then on.
func (s *Sim) DeleteIssue(r *Repo, by *Account, number int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.must(number)
	s.emitIssue(r, i, "deleted", by, nil)
	delete(r.issues, number)
	r.goneIssues[number] = ""
}

// LockIssue locks or unlocks a conversation.
func (s *Sim) LockIssue(r *Repo, by *Account, number int, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.must(number)
	i.locked = on
	s.emitIssue(r, i, map[bool]string{true: "locked", false: "unlocked"}[on], by, nil)
}

// ConvertIssue turns an issue into a discussion: the issue is gone.
func (s *Sim) ConvertIssue(r *Repo, by *Account, number int) { s.DeleteIssue(r, by, number) }

// TransferIssue moves an issue to another repository and returns its number there;
// the former address redirects.
func (s *Sim) TransferIssue(r *Repo, by *Account, number int, to *Repo) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.must(number)
	n := *i
	to.lastNumber++
	n.number, n.id, n.labels = to.lastNumber, s.newID(), nil
	n.comments = nil
	to.issues[n.number] = &n
	for _, c := range i.comments {
		k := *c
		k.issue = &n
		n.comments = append(n.comments, &k)
	}
	s.emitIssue(r, i, "transferred", by, object{"changes": object{"new_issue": s.issueJSON(to, &n), "new_repository": s.repoJSON(to)}})
	s.emitIssue(to, &n, "opened", by, object{"changes": object{"old_issue": s.issueJSON(r, i), "old_repository": s.repoJSON(r)}})
	delete(r.issues, number)
	r.goneIssues[number] = fmt.Sprintf("%s/repositories/%d/issues/%d", s.base, to.id, n.number)
	return n.number
}

// React adds a reaction (+1, -1, laugh, confused, heart, hooray, rocket, eyes) of a person to an issue.
func (s *Sim) React(r *Repo, by *Account, number int, content string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.must(number)
	i.reactions = append(i.reactions, &reaction{id: s.newID(), content: content, user: by, at: s.now()})
}

// RenameLabel renames a label everywhere.
func (s *Sim) RenameLabel(r *Repo, by *Account, from, to string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := r.findLabel(from); l != nil {
		l.name = to
		s.emitRepo(r, "label", "edited", by, object{"label": s.labelJSON(r, l), "changes": object{"name": object{"from": from}}})
	}
}

// SetLabels replaces the labels of an issue.
func (s *Sim) SetLabels(r *Repo, by *Account, number int, names ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.setLabels(r, r.must(number), by, names)
}

func (s *Sim) setLabels(r *Repo, i *issue, by *Account, names []string) {
	var next []*label
	for _, n := range names {
		next = append(next, s.labelNamed(r, n, by))
	}
	before := i.labels
	i.labels, i.updated = next, s.now()
	tell := func(l *label, action string) {
		if i.pull != nil {
			s.emitPull(r, i, action, by, object{"label": s.labelJSON(r, l)})
			return
		}
		s.emitIssue(r, i, action, by, object{"label": s.labelJSON(r, l)})
	}
	for _, l := range next {
		if !contains(before, l) {
			tell(l, "labeled")
		}
	}
	for _, l := range before {
		if !contains(next, l) {
			tell(l, "unlabeled")
		}
	}
}

func (r *Repo) findLabel(name string) *label {
	for _, l := range r.labels {
		if strings.EqualFold(l.name, name) {
			return l
		}
	}
	return nil
}

// labelNamed finds a label or makes it, as GitHub does for a label that is only named.
func (s *Sim) labelNamed(r *Repo, name string, by *Account) *label {
	l := r.findLabel(name)
	if l == nil {
		l = &label{id: s.newID(), name: name, color: "ededed"}
		r.labels = append(r.labels, l)
		s.emitRepo(r, "label", "created", by, object{"label": s.labelJSON(r, l)})
	}
	return l
}

func (s *Sim) labelJSON(r *Repo, l *label) object {
	return object{"id": l.id, "node_id": nodeID("Label", l.id), "url": r.api() + "/labels/" + strings.ReplaceAll(l.name, " ", "%20"),
		"name": l.name, "color": l.color, "default": l.standard, "description": l.description}
}

func (r *Repo) association(u *Account) string {
	role := r.roleOf(u)
	switch {
	case u == r.owner:
		return "OWNER"
	case r.owner.members[u] != "":
		return "MEMBER"
	case ranks[role] > 0:
		return "COLLABORATOR"
	}
	return "NONE"
}

func rollup(url string, list []*reaction) object {
	o := object{"url": url, "total_count": len(list)}
	for name := range reactionKinds {
		o[name] = 0
	}
	for _, r := range list {
		o[r.content] = o[r.content].(int) + 1
	}
	return o
}

var reactionKinds = map[string]string{"+1": "👍", "-1": "👎", "laugh": "😄", "confused": "😕", "heart": "❤️", "hooray": "🎉", "rocket": "🚀", "eyes": "👀"}

func (s *Sim) issueJSON(r *Repo, i *issue) object {
	api := fmt.Sprintf("%s/issues/%d", r.api(), i.number)
	kind := "issues"
	if i.pull != nil {
		kind = "pull"
	}
	html := fmt.Sprintf("%s/%s/%d", r.html(), kind, i.number)
	state := "open"
	if !i.open {
		state = "closed"
	}
	var assignee any
	if len(i.assignees) > 0 {
		assignee = s.userJSON(i.assignees[0])
	}
	o := object{"id": i.id, "node_id": nodeID("Issue", i.id), "number": i.number, "title": i.title, "body": stringOrNil(i.body),
		"user": s.userJSON(i.author), "state": state, "state_reason": stringOrNil(i.reason), "locked": i.locked, "active_lock_reason": nil,
		"labels": renderAll(i.labels, func(l *label) object { return s.labelJSON(r, l) }), "assignee": assignee,
		"assignees": renderAll(i.assignees, s.accountJSON), "milestone": nil, "comments": len(i.comments), "created_at": stamp(i.created),
		"updated_at": stamp(i.updated), "closed_at": stampOrNil(i.closed), "closed_by": s.userJSON(i.closedBy),
		"author_association": r.association(i.author), "url": api, "repository_url": r.api(), "labels_url": api + "/labels{/name}",
		"comments_url": api + "/comments", "events_url": api + "/events", "timeline_url": api + "/timeline", "html_url": html,
		"reactions": rollup(api+"/reactions", i.reactions), "performed_via_github_app": s.appAsAuthorJSON(i.app),
		"sub_issues_summary": object{"total": 0, "completed": 0, "percent_completed": 0}, "draft": false}
	if i.pull != nil {
		o["pull_request"] = object{"url": fmt.Sprintf("%s/pulls/%d", r.api(), i.number), "html_url": html, "diff_url": html + ".diff",
			"patch_url": html + ".patch", "merged_at": stampOrNil(i.pull.mergedAt)}
		o["draft"] = i.pull.draft
	}
	return o
}

func (s *Sim) commentJSON(r *Repo, c *comment) object {
	api := fmt.Sprintf("%s/issues/comments/%d", r.api(), c.id)
	kind := "issues"
	if c.issue.pull != nil {
		kind = "pull"
	}
	return object{"id": c.id, "node_id": nodeID("IssueComment", c.id), "url": api, "body": c.body, "user": s.userJSON(c.author),
		"html_url":  fmt.Sprintf("%s/%s/%d#issuecomment-%d", r.html(), kind, c.issue.number, c.id),
		"issue_url": fmt.Sprintf("%s/issues/%d", r.api(), c.issue.number), "created_at": stamp(c.created), "updated_at": stamp(c.updated),
		"author_association": r.association(c.author), "reactions": rollup(api+"/reactions", c.reactions), "performed_via_github_app": s.appAsAuthorJSON(c.app)}
}

func (s *Sim) reactionJSON(x *reaction) object {
	return object{"id": x.id, "node_id": nodeID("Reaction", x.id), "user": s.userJSON(x.user), "content": x.content, "created_at": stamp(x.at)}
}
