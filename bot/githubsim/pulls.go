package githubsim

import (
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

// pull is what a pull request has beyond its conversation.
type pull struct {
	id        int64
	base      *Repo
	baseRef   string
	baseSHA   string
	head      *Repo
	headRef   string
	headSHA   string
	draft     bool
	merged    bool
	mergedAt  time.Time
	mergedBy  *Account
	mergeSHA  string
	reviews   []*review
	reviewers []*Account
}

type review struct {
	id     int64
	user   *Account
	body   string
	state  string
	commit string
	at     time.Time
}

// PullOptions describe a pull request to be opened.
type PullOptions struct {
	Title string
	Body  string
	Base  string // branch; "" is the default branch
	Head  string // branch of From
	From  *Repo  // nil is the repository itself; else a fork
	Draft bool
}

// OpenPull opens a pull request as a person and returns its number.
func (s *Sim) OpenPull(r *Repo, by *Account, o PullOptions) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if o.From == nil {
		o.From = r
	}
	if o.From.head(o.Head) == "" {
		panic("githubsim: no branch " + o.Head + " in " + o.From.fullName())
	}
	return s.openPull(r, by, nil, o).number
}

func (s *Sim) openPull(r *Repo, by *Account, app *App, o PullOptions) *issue {
	if o.Base == "" {
		o.Base = r.defaultBranch
	}
	i := s.newIssue(r, by, app, o.Title, o.Body)
	i.pull = &pull{id: s.newID(), base: r, baseRef: o.Base, baseSHA: r.head(o.Base), head: o.From, headRef: o.Head, headSHA: o.From.head(o.Head), draft: o.Draft}
	r.refs[fmt.Sprintf("refs/pull/%d/head", i.number)] = i.pull.headSHA
	s.suitesFor(r, o.Head, i.pull.headSHA, "", by)
	s.emitPull(r, i, "opened", by, nil)
	return i
}

func (s *Sim) emitPull(r *Repo, i *issue, action string, by *Account, more object) {
	body := object{"number": i.number, "pull_request": s.pullJSON(r, i, true)}
	for k, v := range more {
		body[k] = v
	}
	s.emitRepo(r, "pull_request", action, by, body)
}

// headMoved tells of a push to the branches of open pull requests.
func (s *Sim) headMoved(r *Repo, branch, before, head string, by *Account) {
	s.suitesFor(r, branch, head, before, by)
	for _, base := range s.repos {
		for _, i := range base.sortedIssues() {
			p := i.pull
			if p == nil || !i.open {
				continue
			}
			if base == r && p.baseRef == branch {
				p.baseSHA = head
			}
			if p.head != r || p.headRef != branch {
				continue
			}
			p.headSHA = head
			i.updated = s.now()
			base.refs[fmt.Sprintf("refs/pull/%d/head", i.number)] = head
			if base != r {
				s.suitesFor(base, branch, head, before, by)
			}
			s.emitPull(base, i, "synchronize", by, object{"before": orZero(before), "after": head})
		}
	}
}

func (r *Repo) mustPull(number int) *issue {
	i := r.must(number)
	if i.pull == nil {
		panic(fmt.Sprintf("githubsim: issue %d of %s is no pull request", number, r.fullName()))
	}
	return i
}

// PushToPull pushes commits to the branch of a pull request and returns its head.
func (s *Sim) PushToPull(r *Repo, number int, pusher *Account, commits ...Commit) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := r.mustPull(number).pull
	return s.push(p.head, p.headRef, pusher, p.headSHA, false, commits)
}

// MergePull merges a pull request by "merge" or "squash" and returns the commit on
// the target branch. It returns an error when the branches conflict.
func (s *Sim) MergePull(r *Repo, number int, by *Account, method string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mergePull(r, r.mustPull(number), by, method)
}

func (s *Sim) mergePull(r *Repo, i *issue, by *Account, method string) (string, error) {
	p := i.pull
	st := r.store
	base, head := st.commit(r.head(p.baseRef)), st.commit(p.headSHA)
	if base == nil || head == nil || !i.open {
		return "", fmt.Errorf("githubsim: pull request %d of %s cannot be merged", i.number, r.fullName())
	}
	from := ""
	if k := st.commit(st.mergeBase(base.id, head.id)); k != nil {
		from = k.tree
	}
	tree, conflict := st.merge(from, base.tree, head.tree)
	if conflict != "" {
		return "", fmt.Errorf("githubsim: pull request %d of %s: both sides changed %s", i.number, r.fullName(), conflict)
	}
	who := Identity{Name: by.name, Email: by.email, When: s.now()}
	k := commitObject{tree: tree, parents: []string{base.id}, author: who, committer: Identity{Name: "GitHub", Email: "noreply@github.com", When: s.now()}}
	if method == "squash" {
		k.message = fmt.Sprintf("%s (#%d)", i.title, i.number)
		if k.author.Name = head.author.Name; k.author.Name != "" {
			k.author.Email = head.author.Email
		}
	} else {
		k.parents = append(k.parents, head.id)
		k.message = fmt.Sprintf("Merge pull request #%d from %s/%s\n\n%s", i.number, p.head.owner.login, p.headRef, i.title)
	}
	p.mergeSHA = st.writeCommit(k)
	p.merged, p.mergedAt, p.mergedBy = true, s.now(), by
	i.open, i.closed, i.closedBy, i.updated = false, s.now(), by, s.now()
	s.emitPull(r, i, "closed", by, nil)
	s.moveRef(r, "refs/heads/"+p.baseRef, p.mergeSHA, by, false)
	return p.mergeSHA, nil
}

// ClosePull closes a pull request without merging it.
func (s *Sim) ClosePull(r *Repo, number int, by *Account) { s.CloseIssue(r, by, number) }

// ReopenPull reopens a closed pull request.
func (s *Sim) ReopenPull(r *Repo, number int, by *Account) { s.ReopenIssue(r, by, number) }

// SetDraft turns a pull request into a draft, or makes it ready for review.
func (s *Sim) SetDraft(r *Repo, number int, by *Account, draft bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.mustPull(number)
	i.pull.draft = draft
	s.emitPull(r, i, map[bool]string{true: "converted_to_draft", false: "ready_for_review"}[draft], by, nil)
}

// Retarget changes the branch that a pull request is to be merged into.
func (s *Sim) Retarget(r *Repo, number int, by *Account, base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.mustPull(number)
	p := i.pull
	changes := object{"base": object{"ref": object{"from": p.baseRef}, "sha": object{"from": p.baseSHA}}}
	p.baseRef, p.baseSHA = base, r.head(base)
	s.emitPull(r, i, "edited", by, object{"changes": changes})
}

// Review reviews a pull request: state is approved, changes_requested or commented.
func (s *Sim) Review(r *Repo, number int, by *Account, state, body string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.mustPull(number)
	v := &review{id: s.newID(), user: by, body: body, state: strings.ToUpper(state), commit: i.pull.headSHA, at: s.now()}
	i.pull.reviews = append(i.pull.reviews, v)
	o := s.reviewJSON(r, i, v)
	o["state"] = strings.ToLower(state) // webhooks say it in small letters
	s.emitRepo(r, "pull_request_review", "submitted", by, object{"review": o, "pull_request": s.pullJSON(r, i, false)})
}

// RequestReview asks a person for a review.
func (s *Sim) RequestReview(r *Repo, number int, by, reviewer *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.mustPull(number)
	i.pull.reviewers = append(i.pull.reviewers, reviewer)
	s.emitPull(r, i, "review_requested", by, object{"requested_reviewer": s.userJSON(reviewer)})
}

// QueueMerge puts a pull request into a merge queue: a merge commit on a branch of its own and the
// event that asks for its checks. It returns the commit, or an error on a conflict.
func (s *Sim) QueueMerge(r *Repo, number int, by *Account) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.mustPull(number)
	p := i.pull
	base, head := r.store.commit(r.head(p.baseRef)), r.store.commit(p.headSHA)
	from := ""
	if k := r.store.commit(r.store.mergeBase(base.id, head.id)); k != nil {
		from = k.tree
	}
	tree, conflict := r.store.merge(from, base.tree, head.tree)
	if conflict != "" {
		return "", fmt.Errorf("githubsim: merge queue: both sides changed %s", conflict)
	}
	who := Identity{Name: "GitHub", Email: "noreply@github.com", When: s.now()}
	k := commitObject{tree: tree, parents: []string{base.id, head.id}, author: who, committer: who, message: fmt.Sprintf("Merge pull request #%d", number)}
	id := r.store.writeCommit(k)
	ref := fmt.Sprintf("refs/heads/gh-readonly-queue/%s/pr-%d-%s", p.baseRef, number, base.id)
	r.refs[ref] = id
	s.suitesFor(r, strings.TrimPrefix(ref, "refs/heads/"), id, base.id, by)
	c := r.store.commit(id)
	s.emitRepo(r, "merge_group", "checks_requested", by, object{"merge_group": object{"head_sha": id, "head_ref": ref, "base_sha": base.id,
		"base_ref": "refs/heads/" + p.baseRef, "head_commit": simpleCommit(c)}})
	return id, nil
}

func simpleCommit(k *commitObject) object {
	return object{"id": k.id, "tree_id": k.tree, "message": k.message, "timestamp": stamp(k.committer.When),
		"author":    object{"name": k.author.Name, "email": k.author.Email},
		"committer": object{"name": k.committer.Name, "email": k.committer.Email}}
}

// PullInfo is what a person sees of a pull request.
type PullInfo struct {
	Number           int
	Title, Author    string
	HeadSHA, BaseSHA string
	HeadRef, BaseRef string
	Open, Merged     bool
	Draft            bool
}

// Pull is one pull request; the second result is false when there is none.
func (s *Sim) Pull(r *Repo, number int) (PullInfo, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := r.issues[number]
	if i == nil || i.pull == nil {
		return PullInfo{}, false
	}
	p := i.pull
	return PullInfo{Number: number, Title: i.title, Author: i.author.login, HeadSHA: p.headSHA, BaseSHA: p.baseSHA, HeadRef: p.headRef,
		BaseRef: p.baseRef, Open: i.open, Merged: p.merged, Draft: p.draft}, true
}

func (s *Sim) sideJSON(r *Repo, ref, sha string) object {
	repo := s.repoJSON(r)
	repo["allow_squash_merge"], repo["allow_merge_commit"], repo["allow_rebase_merge"], repo["delete_branch_on_merge"] = true, true, false, false
	return object{"label": r.owner.login + ":" + ref, "ref": ref, "sha": sha, "user": s.userJSON(r.owner), "repo": repo}
}

func (s *Sim) pullJSON(r *Repo, i *issue, full bool) object {
	p := i.pull
	api := fmt.Sprintf("%s/pulls/%d", r.api(), i.number)
	issueAPI := fmt.Sprintf("%s/issues/%d", r.api(), i.number)
	html := fmt.Sprintf("%s/pull/%d", r.html(), i.number)
	statuses := r.api() + "/statuses/" + p.headSHA
	o := s.issueJSON(r, i)
	for _, k := range []string{"labels_url", "events_url", "timeline_url", "repository_url", "reactions", "pull_request", "state_reason",
		"closed_by", "performed_via_github_app", "sub_issues_summary", "comments"} {
		delete(o, k)
	}
	head := any(nil)
	if !p.head.deleted {
		head = s.sideJSON(p.head, p.headRef, p.headSHA)
	}
	link := func(to string) object { return object{"href": to} }
	for k, v := range (object{
		"id": p.id, "node_id": nodeID("PullRequest", p.id), "url": api, "html_url": html, "diff_url": html + ".diff", "patch_url": html + ".patch",
		"issue_url": issueAPI, "commits_url": api + "/commits", "review_comments_url": api + "/comments", "review_comment_url": r.api() + "/pulls/comments{/number}",
		"comments_url": issueAPI + "/comments", "statuses_url": statuses, "head": head, "base": s.sideJSON(r, p.baseRef, p.baseSHA),
		"merged_at": stampOrNil(p.mergedAt), "merge_commit_sha": stringOrNil(p.mergeSHA), "requested_reviewers": renderAll(p.reviewers, s.accountJSON),
		"requested_teams": []object{}, "draft": p.draft, "auto_merge": nil,
		"_links": object{"self": link(api), "html": link(html), "issue": link(issueAPI), "comments": link(issueAPI + "/comments"),
			"review_comments": link(api + "/comments"), "review_comment": link(r.api() + "/pulls/comments{/number}"), "commits": link(api + "/commits"), "statuses": link(statuses)},
	}) {
		o[k] = v
	}
	if !full {
		return o
	}
	files := r.pullFiles(i)
	added, removed := 0, 0
	for _, f := range files {
		from, _ := r.store.blob(f.old.id)
		to, _ := r.store.blob(f.new.id)
		_, a, d := patch(from, to)
		added, removed = added+a, removed+d
	}
	o["merged"], o["mergeable"], o["mergeable_state"], o["rebaseable"] = p.merged, any(nil), "unknown", any(nil)
	o["merged_by"], o["comments"], o["review_comments"], o["maintainer_can_modify"] = s.userJSON(p.mergedBy), len(i.comments), 0, false
	o["commits"], o["additions"], o["deletions"], o["changed_files"] = len(r.store.between(p.baseSHA, p.headSHA)), added, removed, len(files)
	return o
}

func (r *Repo) pullFiles(i *issue) []fileChange {
	head := r.store.commit(i.pull.headSHA)
	if head == nil {
		return nil
	}
	from := ""
	if k := r.store.commit(r.store.mergeBase(i.pull.baseSHA, i.pull.headSHA)); k != nil {
		from = k.tree
	}
	return r.store.diffTrees(from, head.tree)
}

func (s *Sim) reviewJSON(r *Repo, i *issue, v *review) object {
	html := fmt.Sprintf("%s/pull/%d#pullrequestreview-%d", r.html(), i.number, v.id)
	api := fmt.Sprintf("%s/pulls/%d", r.api(), i.number)
	return object{"id": v.id, "node_id": nodeID("PullRequestReview", v.id), "user": s.userJSON(v.user), "body": v.body, "state": v.state,
		"html_url": html, "pull_request_url": api, "_links": object{"html": object{"href": html}, "pull_request": object{"href": api}},
		"submitted_at": stamp(v.at), "commit_id": v.commit, "author_association": r.association(v.user)}
}

func (c *call) findPull() *issue {
	n, err := strconv.Atoi(c.vars["pull_number"])
	if err != nil {
		return nil
	}
	if i := c.repo.issues[n]; i != nil && i.pull != nil {
		return i
	}
	return nil
}

func (c *call) onPull(f func(*issue) answer) answer {
	if i := c.findPull(); i != nil {
		return f(i)
	}
	return notFound()
}

func listPulls(c *call) answer {
	q := c.query
	var list []*issue
	for _, i := range c.repo.sortedIssues() {
		p := i.pull
		if p == nil {
			continue
		}
		state := q.Get("state")
		if ((state == "" || state == "open") && !i.open) || (state == "closed" && i.open) {
			continue
		}
		if h := q.Get("head"); h != "" && !strings.EqualFold(h, p.head.owner.login+":"+p.headRef) {
			continue
		}
		if b := q.Get("base"); b != "" && b != p.baseRef {
			continue
		}
		list = append(list, i)
	}
	key := func(i *issue) time.Time { return i.created }
	if q.Get("sort") == "updated" {
		key = func(i *issue) time.Time { return i.updated }
	}
	asc := q.Get("direction") == "asc" || (q.Get("direction") == "" && q.Get("sort") != "" && q.Get("sort") != "created")
	sort.SliceStable(list, func(a, b int) bool {
		if ka, kb := key(list[a]), key(list[b]); !ka.Equal(kb) {
			return ka.Before(kb) == asc
		}
		return (list[a].number < list[b].number) == asc
	})
	return listed(c, list, func(i *issue) object { return c.s.pullJSON(c.repo, i, false) })
}

func createPull(c *call) answer {
	var in struct {
		Title, Body, Head, Base string
		Draft                   bool
	}
	if !c.decode(&in) {
		return badJSON
	}
	from, branch := c.repo, in.Head
	if owner, b, other := strings.Cut(in.Head, ":"); other {
		branch = b
		for _, f := range c.s.repos {
			if f.store == c.repo.store && strings.EqualFold(f.owner.login, owner) {
				from = f
			}
		}
	}
	if from.head(branch) == "" || c.repo.head(in.Base) == "" {
		return invalid("PullRequest", "head", "invalid")
	}
	i := c.s.openPull(c.repo, c.who.actor(), c.authoringApp(), PullOptions{Title: in.Title, Body: in.Body, Base: in.Base, Head: branch, From: from, Draft: in.Draft})
	return created(c.s.pullJSON(c.repo, i, true))
}

func getPull(c *call) answer {
	return c.onPull(func(i *issue) answer {
		o := c.s.pullJSON(c.repo, i, true)
		if i.open {
			o["mergeable"], o["mergeable_state"] = true, "clean"
			if !c.repo.mergeable(i.pull) {
				o["mergeable"], o["mergeable_state"] = false, "dirty"
			}
		}
		return ok(o)
	})
}

// mergeable reports whether a pull request can be merged without a conflict.
func (r *Repo) mergeable(p *pull) bool {
	base, head := r.store.commit(r.head(p.baseRef)), r.store.commit(p.headSHA)
	if base == nil || head == nil {
		return false
	}
	from := ""
	if k := r.store.commit(r.store.mergeBase(base.id, head.id)); k != nil {
		from = k.tree
	}
	_, conflict := r.store.merge(from, base.tree, head.tree)
	return conflict == ""
}

func pullFiles(c *call) answer {
	return c.onPull(func(i *issue) answer {
		list := c.repo.pullFiles(i)
		if len(list) > 3000 { // GitHub's bound
			list = list[:3000]
		}
		return listed(c, list, func(f fileChange) object { return c.repo.fileJSON(f, i.pull.headSHA) })
	})
}

func pullCommits(c *call) answer {
	return c.onPull(func(i *issue) answer {
		list := c.repo.store.between(i.pull.baseSHA, i.pull.headSHA)
		if len(list) > 250 {
			list = list[:250]
		}
		return listed(c, list, func(k *commitObject) object { return c.s.commitJSON(c.repo, k) })
	})
}

func pullReviews(c *call) answer {
	return c.onPull(func(i *issue) answer {
		return listed(c, i.pull.reviews, func(v *review) object { return c.s.reviewJSON(c.repo, i, v) })
	})
}

func isMerged(c *call) answer {
	return c.onPull(func(i *issue) answer {
		if i.pull.merged {
			return noContent()
		}
		return notFound()
	})
}

func commitPulls(c *call) answer {
	id := c.repo.resolve(c.vars["commit_sha"])
	if id == "" {
		return noCommit(c.vars["commit_sha"])
	}
	var list []*issue
	for _, i := range c.repo.sortedIssues() {
		p := i.pull
		if p == nil {
			continue
		}
		within := p.mergeSHA == id || p.headSHA == id
		if !within {
			for _, k := range c.repo.store.between(p.baseSHA, p.headSHA) {
				within = within || k.id == id
			}
		}
		if within {
			list = append(list, i)
		}
	}
	return listed(c, list, func(i *issue) object { return c.s.pullJSON(c.repo, i, false) })
}

func mergePullAPI(c *call) answer {
	return c.onPull(func(i *issue) answer {
		sha, err := c.s.mergePull(c.repo, i, c.who.actor(), "merge")
		if err != nil {
			return fail(http.StatusMethodNotAllowed, "Pull Request is not mergeable")
		}
		return ok(object{"sha": sha, "merged": true, "message": "Pull Request successfully merged"})
	})
}
