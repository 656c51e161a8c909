package githubsim

import (
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// authoringApp is the app through which the caller writes, if any.
func (c *call) authoringApp() *App { return c.who.app }

// findIssue resolves {issue_number}; a deleted issue is 410, a transferred one a redirect.
func (c *call) findIssue() (*issue, answer) {
	n, err := strconv.Atoi(c.vars["issue_number"])
	if err != nil {
		return nil, notFound()
	}
	i := c.repo.issues[n]
	if i == nil {
		if to, was := c.repo.goneIssues[n]; was {
			if to == "" {
				return nil, fail(http.StatusGone, "This issue was deleted")
			}
			a := answer{status: http.StatusMovedPermanently, body: object{"message": "Moved Permanently", "url": to, "documentation_url": docsURL}}
			a.set("Location", to)
			return nil, a
		}
		return nil, notFound()
	}
	if i.pull == nil && !c.repo.issuesOn {
		return nil, issuesOff()
	}
	return i, answer{}
}

func issuesOff() answer { return fail(http.StatusGone, "Issues has been disabled in this repository.") }

func listIssues(c *call) answer {
	r := c.repo
	q := c.query
	state := q.Get("state")
	var want []string
	if q.Get("labels") != "" {
		want = strings.Split(q.Get("labels"), ",")
	}
	since, _ := time.Parse(time.RFC3339, q.Get("since"))
	var list []*issue
	for _, i := range r.sortedIssues() {
		if (state == "" || state == "open") && !i.open || state == "closed" && i.open || (i.pull == nil && !r.issuesOn) {
			continue
		}
		if who := q.Get("creator"); who != "" && !strings.EqualFold(who, i.author.login) && !strings.EqualFold(who, "app/"+strings.TrimSuffix(i.author.login, "[bot]")) {
			continue
		}
		if i.updated.Before(since) || !i.hasLabels(want) {
			continue
		}
		list = append(list, i)
	}
	key := func(i *issue) time.Time { return i.created }
	if q.Get("sort") == "updated" {
		key = func(i *issue) time.Time { return i.updated }
	}
	asc := q.Get("direction") == "asc"
	sort.SliceStable(list, func(a, b int) bool {
		if ka, kb := key(list[a]), key(list[b]); !ka.Equal(kb) {
			return ka.Before(kb) == asc
		}
		return (list[a].number < list[b].number) == asc
	})
	return listed(c, list, func(i *issue) object { return c.s.issueJSON(r, i) })
}

func (i *issue) hasLabels(want []string) bool {
	for _, w := range want {
		has := false
		for _, l := range i.labels {
			has = has || strings.EqualFold(l.name, w)
		}
		if !has {
			return false
		}
	}
	return true
}

type issueInput struct {
	Title       *string   `json:"title"`
	Body        *string   `json:"body"`
	State       *string   `json:"state"`
	StateReason *string   `json:"state_reason"`
	Labels      *[]string `json:"labels"`
	Assignees   *[]string `json:"assignees"`
}

func (in issueInput) invalid() answer {
	if in.Body != nil && len([]rune(*in.Body)) > maxText {
		a := invalid("Issue", "body", "custom")
		a.body.(object)["errors"] = []object{{"resource": "Issue", "field": "body", "code": "custom", "message": "body is too long (maximum is 65536 characters)"}}
		return a
	}
	if in.Title != nil && (strings.TrimSpace(*in.Title) == "" || len([]rune(*in.Title)) > 256) {
		return invalid("Issue", "title", "missing_field")
	}
	return answer{}
}

func createIssue(c *call) answer {
	if !c.repo.issuesOn {
		return issuesOff()
	}
	var in issueInput
	if !c.decode(&in) {
		return badJSON
	}
	if in.Title == nil {
		return invalid("Issue", "title", "missing_field")
	}
	if a := in.invalid(); a.status != 0 {
		return a
	}
	var labels []string
	if in.Labels != nil {
		labels = *in.Labels
	}
	body := ""
	if in.Body != nil {
		body = *in.Body
	}
	i := c.s.openIssue(c.repo, c.who.actor(), c.authoringApp(), *in.Title, body, labels)
	if in.Assignees != nil {
		i.assignees = c.accountsNamed(*in.Assignees)
	}
	o := c.s.issueJSON(c.repo, i)
	a := created(o)
	a.set("Location", o["url"].(string))
	return a
}

func (c *call) accountsNamed(logins []string) []*Account {
	var out []*Account
	for _, l := range logins {
		if u := c.s.accounts[strings.ToLower(l)]; u != nil && ranks[c.repo.roleOf(u)] > 0 {
			out = append(out, u)
		}
	}
	return out
}

func getIssue(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	return ok(c.s.issueJSON(c.repo, i))
}

func patchIssue(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	if c.who.user != nil && c.who.user != i.author && ranks[c.repo.roleOf(c.who.user)] < ranks["triage"] {
		return fail(http.StatusForbidden, "Must have triage rights to edit this issue.")
	}
	var in issueInput
	if !c.decode(&in) {
		return badJSON
	}
	if a := in.invalid(); a.status != 0 {
		return a
	}
	by := c.who.actor()
	c.s.editIssue(c.repo, i, by, in.Title, in.Body)
	if in.Labels != nil {
		c.s.setLabels(c.repo, i, by, *in.Labels)
	}
	if in.Assignees != nil {
		i.assignees = c.accountsNamed(*in.Assignees)
	}
	if in.State != nil {
		reason := map[string]string{"open": "reopened", "closed": "completed"}[*in.State]
		if reason == "" {
			return invalid("Issue", "state", "invalid")
		}
		if in.StateReason != nil && *in.State == "closed" {
			reason = *in.StateReason
		}
		c.s.setOpen(c.repo, i, by, *in.State == "open", reason)
	}
	return ok(c.s.issueJSON(c.repo, i))
}

func lockIssue(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	i.locked = c.r.Method == http.MethodPut
	c.s.emitIssue(c.repo, i, map[bool]string{true: "locked", false: "unlocked"}[i.locked], c.who.actor(), nil)
	return noContent()
}

func listComments(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	since, _ := time.Parse(time.RFC3339, c.query.Get("since"))
	var list []*comment
	for _, k := range i.comments {
		if !k.updated.Before(since) {
			list = append(list, k)
		}
	}
	return listed(c, list, func(k *comment) object { return c.s.commentJSON(c.repo, k) })
}

func createComment(c *call) answer {
	i, a := c.findIssue()
	if a.status != 0 {
		return a
	}
	var in struct{ Body string }
	if !c.decode(&in) {
		return badJSON
	}
	if strings.TrimSpace(in.Body) == "" || len([]rune(in.Body)) > maxText {
		return invalid("IssueComment", "body", "missing_field")
	}
	if i.locked && ranks[c.repo.roleOf(c.who.user)] < ranks["write"] {
		return fail(http.StatusForbidden, "Unable to create comment because issue is locked.")
	}
	k := c.s.comment(c.repo, i, c.who.actor(), c.authoringApp(), in.Body)
	return created(c.s.commentJSON(c.repo, k))
}

// ownComment resolves {comment_id}; a write needs to be its author's or a maintainer's.
func (c *call) ownComment() (*comment, answer) {
	k := c.repo.findComment(c.intVar("comment_id"))
	if k == nil {
		return nil, notFound()
	}
	if c.r.Method != http.MethodGet && k.author != c.who.actor() && (c.who.user == nil || ranks[c.repo.roleOf(c.who.user)] < ranks["write"]) {
		return nil, fail(http.StatusForbidden, "Resource not accessible by integration")
	}
	return k, answer{}
}

func getComment(c *call) answer {
	k, a := c.ownComment()
	if a.status != 0 {
		return a
	}
	return ok(c.s.commentJSON(c.repo, k))
}

func patchComment(c *call) answer {
	k, a := c.ownComment()
	if a.status != 0 {
		return a
	}
	var in struct{ Body string }
	if !c.decode(&in) {
		return badJSON
	}
	if strings.TrimSpace(in.Body) == "" || len([]rune(in.Body)) > maxText {
		return invalid("IssueComment", "body", "missing_field")
	}
	c.s.editComment(c.repo, k, c.who.actor(), in.Body)
	return ok(c.s.commentJSON(c.repo, k))
}

func removeComment(c *call) answer {
	k, a := c.ownComment()
	if a.status != 0 {
		return a
	}
	c.s.deleteComment(c.repo, k, c.who.actor())
	return noContent()
}

// reactionsOf is the list that a reaction route speaks of.
func (c *call) reactionsOf() (*[]*reaction, answer) {
	if _, onComment := c.vars["comment_id"]; onComment {
		k := c.repo.findComment(c.intVar("comment_id"))
		if k == nil {
			return nil, notFound()
		}
		return &k.reactions, answer{}
	}
	i, a := c.findIssue()
	if a.status != 0 {
		return nil, a
	}
	return &i.reactions, answer{}
}

func listReactions(c *call) answer {
	list, a := c.reactionsOf()
	if a.status != 0 {
		return a
	}
	return listed(c, *list, c.s.reactionJSON)
}

func createReaction(c *call) answer {
	list, a := c.reactionsOf()
	if a.status != 0 {
		return a
	}
	var in struct{ Content string }
	if !c.decode(&in) || reactionKinds[in.Content] == "" {
		return invalid("Reaction", "content", "invalid")
	}
	for _, x := range *list {
		if x.user == c.who.actor() && x.content == in.Content {
			return ok(c.s.reactionJSON(x))
		}
	}
	x := &reaction{id: c.s.newID(), content: in.Content, user: c.who.actor(), at: c.s.now()}
	*list = append(*list, x)
	return created(c.s.reactionJSON(x))
}

func deleteReaction(c *call) answer {
	list, a := c.reactionsOf()
	if a.status != 0 {
		return a
	}
	for n, x := range *list {
		if x.id == c.intVar("reaction_id") {
			*list = append((*list)[:n:n], (*list)[n+1:]...)
			return noContent()
		}
	}
	return notFound()
}
