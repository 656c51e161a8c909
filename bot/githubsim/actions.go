package githubsim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

type workflow struct {
	id         int64
	name, path string
}

type workflowRun struct {
	id         int64
	flow       *workflow
	number     int
	sha        string
	branch     string
	event      string
	status     string
	conclusion string
	actor      *Account
	suite      *checkSuite
	at         time.Time
}

type deployment struct {
	id       int64
	sha, ref string
	env      string
	creator  *Account
	statuses []*deployStatus
	at       time.Time
}

type deployStatus struct {
	id         int64
	state, url string
	creator    *Account
	at         time.Time
}

type commitStatus struct {
	id                  int64
	sha, state, context string
	url, description    string
	creator             *Account
	at                  time.Time
}

// actionsApp is GitHub's own app, whose check suites hold the workflow runs.
func (s *Sim) actionsApp() *App {
	for _, a := range s.apps {
		if a.Slug == "github-actions" {
			return a
		}
	}
	owner := s.accounts["github"]
	if owner == nil {
		owner = s.addAccount("github", kindOrg, "GitHub", "")
	}
	return s.createApp(AppOptions{Owner: owner, Name: "GitHub Actions", Permissions: map[string]string{"checks": "write"}, Events: []string{}})
}

// CompleteWorkflowRun lets the workflow ".github/workflows/ci.yml" (or the first
// workflow that the commit has) run on a commit and end with a conclusion
// ("success", "failure", ...). It returns the run's id.
func (s *Sim) CompleteWorkflowRun(r *Repo, sha, conclusion string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := r.store.commit(sha)
	if k == nil {
		panic("githubsim: no commit " + sha + " in " + r.fullName())
	}
	file := ".github/workflows/ci.yml"
	for _, p := range sortedKeys(r.store.files(k.tree)) {
		if strings.HasPrefix(p, ".github/workflows/") {
			file = p
			break
		}
	}
	var flow *workflow
	for _, w := range r.workflows {
		if w.path == file {
			flow = w
		}
	}
	if flow == nil {
		flow = &workflow{id: s.newID(), name: "CI", path: file}
		r.workflows = append(r.workflows, flow)
	}
	branch := r.defaultBranch
	for _, b := range r.branchNames() {
		if r.head(b) == sha {
			branch = b
		}
	}
	app := s.actionsApp()
	suite := r.suiteOf(app, sha)
	if suite == nil {
		suite = &checkSuite{id: s.newID(), app: app, branch: branch, sha: sha, created: s.now(), updated: s.now()}
		r.suites = append(r.suites, suite)
	}
	actor := r.owner.anOwner()
	w := &workflowRun{id: s.newID(), flow: flow, number: len(r.workRuns) + 1, sha: sha, branch: branch, event: "push", status: "completed",
		conclusion: conclusion, actor: actor, suite: suite, at: s.now()}
	r.workRuns = append(r.workRuns, w)
	run := &checkRun{id: s.newID(), suite: suite, app: app, name: "test", status: "completed", conclusion: conclusion, started: s.now(), completed: s.now()}
	r.runs = append(r.runs, run)
	s.emitRepo(r, "workflow_run", "completed", actor, object{"workflow_run": s.workRunJSON(r, w), "workflow": s.workflowJSON(r, flow)})
	s.emitRepo(r, "check_suite", "completed", actor, object{"check_suite": s.hookSuiteJSON(r, suite)})
	return w.id
}

// Deploy records a deployment of a commit with one status (success, failure, ...) and the
// address it can be reached at.
func (s *Sim) Deploy(r *Repo, by *Account, sha, environment, state, url string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := &deployment{id: s.newID(), sha: sha, ref: r.defaultBranch, env: environment, creator: by, at: s.now()}
	st := &deployStatus{id: s.newID(), state: state, url: url, creator: by, at: s.now()}
	d.statuses = append(d.statuses, st)
	r.deployments = append(r.deployments, d)
	s.emitRepo(r, "deployment", "created", by, object{"deployment": s.deploymentJSON(r, d)})
	s.emitRepo(r, "deployment_status", "created", by, object{"deployment_status": s.deployStatusJSON(r, d, st), "deployment": s.deploymentJSON(r, d)})
	return d.id
}

// SetStatus sets a commit status, as services outside GitHub Actions do.
func (s *Sim) SetStatus(r *Repo, by *Account, sha, state, context, url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := &commitStatus{id: s.newID(), sha: sha, state: state, context: context, url: url, creator: by, at: s.now()}
	r.statuses = append(r.statuses, st)
	branches := []object{}
	for _, b := range r.branchNames() {
		if r.head(b) == sha {
			branches = append(branches, object{"name": b, "commit": object{"sha": sha, "url": r.api() + "/commits/" + sha}, "protected": false})
		}
	}
	o := s.statusJSON(r, st)
	o["sha"], o["name"], o["branches"], o["commit"] = sha, r.fullName(), branches, s.commitJSON(r, r.store.commit(sha))
	s.emitRepo(r, "status", "", by, o)
}

func (s *Sim) workflowJSON(r *Repo, w *workflow) object {
	api := fmt.Sprintf("%s/actions/workflows/%d", r.api(), w.id)
	return object{"id": w.id, "node_id": nodeID("Workflow", w.id), "name": w.name, "path": w.path, "state": "active",
		"created_at": stamp(r.created), "updated_at": stamp(r.created), "url": api, "html_url": r.html() + "/blob/" + r.defaultBranch + "/" + w.path,
		"badge_url": r.html() + "/workflows/" + w.name + "/badge.svg"}
}

func (s *Sim) workRunJSON(r *Repo, w *workflowRun) object {
	api := fmt.Sprintf("%s/actions/runs/%d", r.api(), w.id)
	k := r.store.commit(w.sha)
	title, _, _ := strings.Cut(k.message, "\n")
	return object{"id": w.id, "node_id": nodeID("WorkflowRun", w.id), "name": w.flow.name, "head_branch": w.branch, "head_sha": w.sha, "path": w.flow.path,
		"display_title": title, "run_number": w.number, "event": w.event, "status": w.status, "conclusion": stringOrNil(w.conclusion),
		"workflow_id": w.flow.id, "check_suite_id": w.suite.id, "check_suite_node_id": nodeID("CheckSuite", w.suite.id), "url": api,
		"html_url": fmt.Sprintf("%s/actions/runs/%d", r.html(), w.id), "pull_requests": s.pullRefs(r, w.sha), "created_at": stamp(w.at),
		"updated_at": stamp(w.at), "actor": s.userJSON(w.actor), "triggering_actor": s.userJSON(w.actor), "run_attempt": 1,
		"referenced_workflows": []object{}, "run_started_at": stamp(w.at), "jobs_url": api + "/jobs", "logs_url": api + "/logs",
		"check_suite_url": fmt.Sprintf("%s/check-suites/%d", r.api(), w.suite.id), "artifacts_url": api + "/artifacts", "cancel_url": api + "/cancel",
		"rerun_url": api + "/rerun", "previous_attempt_url": nil, "workflow_url": fmt.Sprintf("%s/actions/workflows/%d", r.api(), w.flow.id),
		"head_commit": simpleCommit(k), "repository": s.minimalRepoJSON(r), "head_repository": s.minimalRepoJSON(r)}
}

func (s *Sim) deploymentJSON(r *Repo, d *deployment) object {
	api := fmt.Sprintf("%s/deployments/%d", r.api(), d.id)
	return object{"id": d.id, "node_id": nodeID("Deployment", d.id), "url": api, "sha": d.sha, "ref": d.ref, "task": "deploy", "payload": object{},
		"original_environment": d.env, "environment": d.env, "description": nil, "creator": s.userJSON(d.creator), "created_at": stamp(d.at),
		"updated_at": stamp(d.at), "statuses_url": api + "/statuses", "repository_url": r.api(), "transient_environment": false,
		"production_environment": d.env == "production", "performed_via_github_app": nil}
}

func (s *Sim) deployStatusJSON(r *Repo, d *deployment, st *deployStatus) object {
	api := fmt.Sprintf("%s/deployments/%d", r.api(), d.id)
	return object{"id": st.id, "node_id": nodeID("DeploymentStatus", st.id), "url": fmt.Sprintf("%s/statuses/%d", api, st.id), "state": st.state,
		"creator": s.userJSON(st.creator), "description": "", "environment": d.env, "target_url": st.url, "created_at": stamp(st.at),
		"updated_at": stamp(st.at), "deployment_url": api, "repository_url": r.api(), "environment_url": st.url, "log_url": "", "performed_via_github_app": nil}
}

func (s *Sim) statusJSON(r *Repo, st *commitStatus) object {
	return object{"url": r.api() + "/statuses/" + st.sha, "avatar_url": s.accountJSON(st.creator)["avatar_url"], "id": st.id,
		"node_id": nodeID("Status", st.id), "state": st.state, "description": stringOrNil(st.description), "target_url": stringOrNil(st.url),
		"context": st.context, "created_at": stamp(st.at), "updated_at": stamp(st.at), "creator": s.userJSON(st.creator)}
}

// newestFirst is a reversed copy.
func newestFirst[T any](list []T) []T {
	out := make([]T, 0, len(list))
	for i := len(list) - 1; i >= 0; i-- {
		out = append(out, list[i])
	}
	return out
}

func listWorkflowRuns(c *call) answer {
	var list []*workflowRun
	q := c.query
	for _, w := range newestFirst(c.repo.workRuns) {
		if id := c.vars["workflow_id"]; id != "" && id != strconv.FormatInt(w.flow.id, 10) && !strings.HasSuffix(w.flow.path, "/"+id) {
			continue
		}
		if (q.Get("branch") != "" && q.Get("branch") != w.branch) || (q.Get("head_sha") != "" && q.Get("head_sha") != w.sha) ||
			(q.Get("event") != "" && q.Get("event") != w.event) || (q.Get("status") != "" && q.Get("status") != w.status && q.Get("status") != w.conclusion) {
			continue
		}
		list = append(list, w)
	}
	return counted(c, "workflow_runs", list, func(w *workflowRun) object { return c.s.workRunJSON(c.repo, w) })
}

func getWorkflowRun(c *call) answer {
	for _, w := range c.repo.workRuns {
		if w.id == c.intVar("run_id") {
			return ok(c.s.workRunJSON(c.repo, w))
		}
	}
	return notFound()
}

func listWorkflows(c *call) answer {
	return counted(c, "workflows", c.repo.workflows, func(w *workflow) object { return c.s.workflowJSON(c.repo, w) })
}

func listDeployments(c *call) answer {
	var list []*deployment
	for _, d := range newestFirst(c.repo.deployments) {
		if (c.query.Get("sha") == "" || c.query.Get("sha") == d.sha) && (c.query.Get("environment") == "" || c.query.Get("environment") == d.env) {
			list = append(list, d)
		}
	}
	return listed(c, list, func(d *deployment) object { return c.s.deploymentJSON(c.repo, d) })
}

func deploymentStatuses(c *call) answer {
	for _, d := range c.repo.deployments {
		if d.id == c.intVar("deployment_id") {
			return listed(c, newestFirst(d.statuses), func(st *deployStatus) object { return c.s.deployStatusJSON(c.repo, d, st) })
		}
	}
	return notFound()
}

func (c *call) statusesOf(sha string) []*commitStatus {
	var list []*commitStatus
	for _, st := range newestFirst(c.repo.statuses) {
		if st.sha == sha {
			list = append(list, st)
		}
	}
	return list
}

func listStatuses(c *call) answer {
	return listed(c, c.statusesOf(c.repo.resolve(c.vars["ref"])), func(st *commitStatus) object { return c.s.statusJSON(c.repo, st) })
}

func combinedStatus(c *call) answer {
	sha := c.repo.resolve(c.vars["ref"])
	if sha == "" {
		return notFound()
	}
	state, seen := "pending", map[string]bool{}
	list := []object{}
	for _, st := range c.statusesOf(sha) {
		if seen[st.context] {
			continue
		}
		seen[st.context] = true
		if len(list) == 0 || st.state != "success" {
			state = st.state
		}
		o := c.s.statusJSON(c.repo, st)
		delete(o, "creator")
		list = append(list, o)
	}
	return ok(object{"state": state, "sha": sha, "total_count": len(list), "statuses": list, "repository": c.s.minimalRepoJSON(c.repo),
		"commit_url": c.repo.api() + "/commits/" + sha, "url": c.repo.api() + "/commits/" + sha + "/status"})
}
