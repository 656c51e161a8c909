package githubsim

import (
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"
)

// RepoOptions describe a repository to be made.
type RepoOptions struct {
	Private       bool
	Description   string
	Homepage      string
	Topics        []string
	DefaultBranch string // "" is main
	IssuesOff     bool
}

// Repo is a repository. The handle stays good through renames and transfers.
type Repo struct {
	s             *Sim
	id            int64
	owner         *Account
	name          string
	private       bool
	archived      bool
	deleted       bool
	blocked       int // HTTP status of a blocked repository: 451 or 403
	issuesOn      bool
	description   string
	homepage      string
	topics        []string
	defaultBranch string
	refs          map[string]string // refs/heads/... -> id
	store         *objectStore
	parent        *Repo
	collab        map[*Account]string
	created       time.Time
	updated       time.Time
	pushed        time.Time

	lastNumber  int
	issues      map[int]*issue
	goneIssues  map[int]string // number -> why: deleted, or the address it moved to
	labels      []*label
	suites      []*checkSuite
	runs        []*checkRun
	workflows   []*workflow
	workRuns    []*workflowRun
	deployments []*deployment
	statuses    []*commitStatus
	local       *localGit
	lang        string // main language of langHead
	langHead    string
}

// CreateRepo makes an empty repository and announces it.
func (s *Sim) CreateRepo(owner *Account, name string, o RepoOptions) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.newRepo(owner, name, o)
	s.emitRepo(r, "repository", "created", owner.anOwner(), nil)
	return r
}

func (s *Sim) newRepo(owner *Account, name string, o RepoOptions) *Repo {
	if s.byName[strings.ToLower(owner.login+"/"+name)] != nil {
		panic("githubsim: repository " + owner.login + "/" + name + " exists already")
	}
	if o.DefaultBranch == "" {
		o.DefaultBranch = "main"
	}
	r := &Repo{s: s, id: s.newID(), owner: owner, name: name, private: o.Private, issuesOn: !o.IssuesOff, description: o.Description,
		homepage: o.Homepage, topics: o.Topics, defaultBranch: o.DefaultBranch, refs: map[string]string{}, store: newObjectStore(),
		collab: map[*Account]string{}, created: s.now(), updated: s.now(), pushed: s.now(), issues: map[int]*issue{}, goneIssues: map[int]string{}}
	for _, l := range [][3]string{{"bug", "d73a4a", "Something isn't working"}, {"documentation", "0075ca", "Improvements or additions to documentation"},
		{"enhancement", "a2eeef", "New feature or request"}, {"good first issue", "7057ff", "Good for newcomers"},
		{"help wanted", "008672", "Extra attention is needed"}, {"question", "d876e3", "Further information is requested"}} {
		r.labels = append(r.labels, &label{id: s.newID(), name: l[0], color: l[1], description: l[2], standard: true})
	}
	s.repos[r.id] = r
	s.reindex(r, "")
	return r
}

// reindex files the repository under its present name; from is its former one.
func (s *Sim) reindex(r *Repo, from string) {
	if from != "" {
		delete(s.byName, strings.ToLower(from))
		s.redirects[strings.ToLower(from)] = r.id
	}
	key := strings.ToLower(r.fullName())
	s.byName[key] = r
	delete(s.redirects, key)
}

func (r *Repo) fullName() string { return r.owner.login + "/" + r.name }

// ID is the numeric id, which never changes.
func (r *Repo) ID() int64 { return r.id }

// FullName is the present owner/name.
func (r *Repo) FullName() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.fullName()
}

// HTMLURL is the address of the repository's page.
func (r *Repo) HTMLURL() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.html()
}

// Head is the commit a branch points at ("" is the default branch), or "".
func (r *Repo) Head(branch string) string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.head(branch)
}

func (r *Repo) head(branch string) string {
	if branch == "" {
		branch = r.defaultBranch
	}
	return r.refs["refs/heads/"+branch]
}

// DefaultBranch is the present default branch.
func (r *Repo) DefaultBranch() string {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	return r.defaultBranch
}

// File is the content of a file at the head of a branch ("" is the default branch).
func (r *Repo) File(branch, name string) (string, bool) {
	r.s.mu.Lock()
	defer r.s.mu.Unlock()
	c := r.store.commit(r.head(branch))
	if c == nil {
		return "", false
	}
	e, found := r.store.files(c.tree)[name]
	if !found {
		return "", false
	}
	data, found := r.store.blob(e.id)
	return string(data), found
}

// Commit is one commit of a push.
type Commit struct {
	// Author's name and address; empty is the pusher's. When is the clock's now if zero.
	Author  Identity
	Message string // "" is "update"
	// Files are the contents to write, by path.
	Files map[string]string
	// Delete are files or folders to remove.
	Delete []string
	// Symlinks are targets by path; Submodules are commit ids by path; Executable are
	// files to mark so.
	Symlinks   map[string]string
	Submodules map[string]string
	Executable []string
	// Empty starts from no files at all instead of the parent's.
	Empty bool
}

// Push commits on a branch ("" is the default branch, made if it is not there; a
// new branch starts at the default branch) and pushes it all at once, as the given
// person. It returns the branch's new head.
func (s *Sim) Push(r *Repo, branch string, pusher *Account, commits ...Commit) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	start := r.head(branch)
	if start == "" {
		start = r.head("")
	}
	return s.push(r, branch, pusher, start, false, commits)
}

// PushFiles is Push of one commit by its pusher.
func (s *Sim) PushFiles(r *Repo, branch string, pusher *Account, message string, files map[string]string) string {
	return s.Push(r, branch, pusher, Commit{Message: message, Files: files})
}

// ForcePush makes a branch point at new commits on top of from, a commit id; "" is
// no parent at all.
func (s *Sim) ForcePush(r *Repo, branch string, pusher *Account, from string, commits ...Commit) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.push(r, branch, pusher, from, true, commits)
}

// push builds the commits on a start and moves the branch there.
func (s *Sim) push(r *Repo, branch string, pusher *Account, start string, force bool, commits []Commit) string {
	if r.deleted || r.archived {
		panic("githubsim: push to " + r.fullName() + ", which is deleted or archived")
	}
	if branch == "" {
		branch = r.defaultBranch
	}
	head := start
	for _, c := range commits {
		head = s.commit(r, head, pusher, c)
	}
	if head == "" {
		panic("githubsim: push of nothing to " + r.fullName())
	}
	s.moveRef(r, "refs/heads/"+branch, head, pusher, force)
	return head
}

func (s *Sim) commit(r *Repo, parent string, pusher *Account, c Commit) string {
	files := map[string]treeEntry{}
	var parents []string
	if parent != "" {
		p := r.store.commit(parent)
		if p == nil {
			panic("githubsim: no commit " + parent + " in " + r.fullName())
		}
		parents = []string{parent}
		if !c.Empty {
			files = r.store.files(p.tree)
		}
	}
	for _, d := range c.Delete {
		delete(files, d)
		for p := range files {
			if strings.HasPrefix(p, strings.TrimSuffix(d, "/")+"/") {
				delete(files, p)
			}
		}
	}
	put := func(p, mode, id string) {
		if !validPath(p) {
			panic("githubsim: path " + strconv.Quote(p))
		}
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			delete(files, dir) // a file becomes a folder
		}
		files[p] = treeEntry{path: p, mode: mode, id: id}
	}
	for p, content := range c.Files {
		mode := modeFile
		if old, had := files[p]; had && old.mode == modeExec {
			mode = modeExec
		}
		put(p, mode, r.store.put(objBlob, []byte(content)))
	}
	for p, target := range c.Symlinks {
		put(p, modeSymlink, r.store.put(objBlob, []byte(target)))
	}
	for p, id := range c.Submodules {
		put(p, modeModule, id)
	}
	for _, p := range c.Executable {
		if e, found := files[p]; found {
			e.mode = modeExec
			files[p] = e
		}
	}
	author := c.Author
	if author.Name == "" {
		author.Name = pusher.name
	}
	if author.Email == "" {
		author.Email = pusher.email
	}
	if author.When.IsZero() {
		author.When = s.now()
	}
	message := c.Message
	if message == "" {
		message = "update"
	}
	return r.store.writeCommit(commitObject{tree: r.store.writeTree(files), parents: parents, author: author, committer: author, message: message})
}

const zeroID = "0000000000000000000000000000000000000000"

// moveRef points a ref at a commit and tells the world: push, create, and the pull
// requests whose head it is.
func (s *Sim) moveRef(r *Repo, ref, head string, pusher *Account, forced bool) {
	before := r.refs[ref]
	if before == head {
		return
	}
	r.refs[ref] = head
	r.pushed, r.updated = s.now(), s.now()
	if before == "" {
		s.emitCreate(r, ref, pusher)
	}
	s.emitPush(r, ref, before, head, forced, pusher)
	if branch, isBranch := strings.CutPrefix(ref, "refs/heads/"); isBranch {
		s.headMoved(r, branch, before, head, pusher)
	}
}

// SetBranch points a branch at an existing commit, as a push or force-push of it.
func (s *Sim) SetBranch(r *Repo, branch, commit string, pusher *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := r.head(branch)
	forced := before != "" && !r.store.ancestors(commit)[before]
	s.moveRef(r, "refs/heads/"+branch, commit, pusher, forced)
}

// Tag makes a lightweight tag.
func (s *Sim) Tag(r *Repo, name, commit string, pusher *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.moveRef(r, "refs/tags/"+name, commit, pusher, false)
}

// DeleteBranch removes a branch; without its default branch a repository is empty.
func (s *Sim) DeleteBranch(r *Repo, branch string, pusher *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ref := "refs/heads/" + branch
	before := r.refs[ref]
	delete(r.refs, ref)
	s.emitRepo(r, "delete", "", pusher, object{"ref": branch, "ref_type": "branch", "pusher_type": "user"})
	s.emitPush(r, ref, before, "", false, pusher)
}

// Fork copies a repository to another account; the copy shares its git objects.
func (s *Sim) Fork(r *Repo, owner *Account) *Repo {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.newRepo(owner, r.name, RepoOptions{Private: r.private, Description: r.description, DefaultBranch: r.defaultBranch, IssuesOff: true})
	f.store, f.parent = r.store, r
	for ref, id := range r.refs {
		if strings.HasPrefix(ref, "refs/heads/") {
			f.refs[ref] = id
		}
	}
	s.emitRepo(r, "fork", "", owner.anOwner(), object{"forkee": s.repoJSON(f)})
	return f
}

// roleOf is a person's role: "" for none, read, triage, write, maintain, admin.
func (r *Repo) roleOf(u *Account) string {
	if u == nil {
		return ""
	}
	if r.owner == u {
		return "admin"
	}
	best := r.collab[u]
	better := func(role string) {
		if ranks[role] > ranks[best] {
			best = role
		}
	}
	if r.owner.kind == kindOrg {
		switch r.owner.members[u] {
		case "admin":
			better("admin")
		case "member":
			better("read") // an organisation's default base permission
		}
		for _, t := range r.owner.teams {
			if t.members[u] != "" {
				better(t.repos[r])
			}
		}
	}
	return best
}

func permissionFlags(role string) object {
	n := ranks[role]
	return object{"admin": n >= 5, "maintain": n >= 4, "push": n >= 3, "triage": n >= 2, "pull": n >= 1}
}

// SetCollaborator gives a person a permission (read, triage, write, maintain,
// admin) on a repository, or takes it away (""), and announces it.
func (s *Sim) SetCollaborator(r *Repo, u *Account, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from, had := r.collab[u]
	member := object{"member": s.userJSON(u)}
	switch {
	case permission == "":
		delete(r.collab, u)
		s.emitRepo(r, "member", "removed", r.owner.anOwner(), member)
	case had:
		r.collab[u] = permission
		member["changes"] = object{"old_permission": object{"from": from}, "permission": object{"from": from, "to": permission}}
		s.emitRepo(r, "member", "edited", r.owner.anOwner(), member)
	default:
		r.collab[u] = permission
		member["changes"] = object{"permission": object{"to": permission}}
		s.emitRepo(r, "member", "added", r.owner.anOwner(), member)
	}
}

// Rename gives a repository another name; the former one redirects.
func (s *Sim) Rename(r *Repo, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := r.name
	r.name = name
	s.reindex(r, r.owner.login+"/"+from)
	s.emitRepo(r, "repository", "renamed", r.owner.anOwner(), object{"changes": object{"repository": object{"name": object{"from": from}}}})
}

// Transfer gives a repository to another account; the former name redirects.
func (s *Sim) Transfer(r *Repo, to *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := r.owner
	brief := s.briefRepos([]*Repo{r})
	var left []*Installation
	for _, i := range s.insts {
		if i.covers(r) {
			left = append(left, i)
		}
	}
	r.owner = to
	s.reindex(r, from.login+"/"+r.name)
	was := object{"user": s.userJSON(from)}
	if from.kind == kindOrg {
		was = object{"organization": s.orgJSON(from)}
	}
	for _, i := range left {
		delete(i.repos, r)
		s.emit(i, "installation_repositories", "removed", 0, from.anOwner(), object{"repository_selection": i.selection(),
			"repositories_added": []object{}, "repositories_removed": brief, "requester": nil})
	}
	s.emitRepo(r, "repository", "transferred", from.anOwner(), object{"changes": object{"owner": object{"from": was}}})
}

// Archive makes a repository read-only, or no longer.
func (s *Sim) Archive(r *Repo, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.archived = on
	s.emitRepo(r, "repository", map[bool]string{true: "archived", false: "unarchived"}[on], r.owner.anOwner(), nil)
}

// SetPrivate makes a repository private or public.
func (s *Sim) SetPrivate(r *Repo, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.private = on
	s.emitRepo(r, "repository", map[bool]string{true: "privatized", false: "publicized"}[on], r.owner.anOwner(), nil)
	if !on {
		s.emitRepo(r, "public", "", r.owner.anOwner(), nil)
	}
}

// Block makes GitHub refuse every access with a status (451 for a legal reason, 403 otherwise); 0 ends it.
func (s *Sim) Block(r *Repo, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.blocked = status
}

// DeleteRepo deletes a repository.
func (s *Sim) DeleteRepo(r *Repo) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emitRepo(r, "repository", "deleted", r.owner.anOwner(), nil)
	r.deleted = true
	delete(s.byName, strings.ToLower(r.fullName()))
	delete(s.repos, r.id)
	for _, i := range s.insts {
		delete(i.repos, r)
	}
}

// SetDefaultBranch makes another branch the default.
func (s *Sim) SetDefaultBranch(r *Repo, branch string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := r.defaultBranch
	r.defaultBranch = branch
	s.emitRepo(r, "repository", "edited", r.owner.anOwner(), object{"changes": object{"default_branch": object{"from": from}}})
}

// SetHomepage changes the address shown beside the description.
func (s *Sim) SetHomepage(r *Repo, address string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	from := r.homepage
	r.homepage = address
	s.emitRepo(r, "repository", "edited", r.owner.anOwner(), object{"changes": object{"homepage": object{"from": stringOrNil(from)}}})
}

// SetIssuesEnabled turns the repository's issues on or off.
func (s *Sim) SetIssuesEnabled(r *Repo, on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r.issuesOn = on
	s.emitRepo(r, "repository", "edited", r.owner.anOwner(), object{"changes": object{}})
}

func (r *Repo) html() string { return r.s.base + "/" + r.fullName() }
func (r *Repo) api() string  { return r.s.base + "/repos/" + r.fullName() }

// openIssues counts open issues and pull requests, as GitHub does.
func (r *Repo) openIssues() int {
	n := 0
	for _, i := range r.issues {
		if i.open {
			n++
		}
	}
	return n
}

func (s *Sim) briefRepos(list []*Repo) []object {
	return renderAll(list, func(r *Repo) object {
		return object{"id": r.id, "node_id": nodeID("Repository", r.id), "name": r.name, "full_name": r.fullName(), "private": r.private}
	})
}

// byEmail is the account that owns an address, or nil.
func (s *Sim) byEmail(email string) *Account {
	for _, a := range s.accounts {
		if a.email != "" && strings.EqualFold(a.email, email) {
			return a
		}
	}
	return nil
}

// String names the repository in messages.
func (r *Repo) String() string { return fmt.Sprintf("repository %d", r.id) }
