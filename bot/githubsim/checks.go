package githubsim

import (
	"fmt"
	"net/http"
	"time"
)

// checkSuite groups the check runs of one app on one commit.
type checkSuite struct {
	id      int64
	app     *App
	branch  string
	sha     string
	before  string
	created time.Time
	updated time.Time
}

type checkRun struct {
	id          int64
	suite       *checkSuite
	app         *App
	name        string
	status      string
	conclusion  string
	detailsURL  string
	externalID  string
	title       string
	summary     string
	text        string
	hasOutput   bool
	annotations []object
	actions     []checkAction
	started     time.Time
	completed   time.Time
	updates     int
}

type checkAction struct {
	Label       string `json:"label"`
	Description string `json:"description"`
	Identifier  string `json:"identifier"`
}

// CheckRunInfo is what a person sees of a check run.
type CheckRunInfo struct {
	ID                   int64
	Name, SHA            string
	Status, Conclusion   string
	Title, Summary, Text string
	ExternalID           string
	App                  string
	Annotations          int
	Actions              []string // identifiers
	Updates              int      // how often it was changed after it was made
}

// CheckRuns are the check runs on a commit, oldest first; "" is all of the repository.
func (s *Sim) CheckRuns(r *Repo, sha string) []CheckRunInfo {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []CheckRunInfo
	for _, k := range r.runs {
		if sha != "" && k.suite.sha != sha {
			continue
		}
		info := CheckRunInfo{ID: k.id, Name: k.name, SHA: k.suite.sha, Status: k.status, Conclusion: k.conclusion, Title: k.title, Summary: k.summary,
			Text: k.text, ExternalID: k.externalID, App: k.app.Slug, Annotations: len(k.annotations), Updates: k.updates}
		for _, a := range k.actions {
			info.Actions = append(info.Actions, a.Identifier)
		}
		out = append(out, info)
	}
	return out
}

// suitesFor makes the check suites that GitHub makes for each app with check
// permission when a commit arrives, and asks them for their checks.
func (s *Sim) suitesFor(r *Repo, branch, sha, before string, by *Account) {
	for _, inst := range s.insts {
		if !inst.covers(r) || inst.permissions["checks"] != "write" || r.suiteOf(inst.app, sha) != nil {
			continue
		}
		u := &checkSuite{id: s.newID(), app: inst.app, branch: branch, sha: sha, before: before, created: s.now(), updated: s.now()}
		r.suites = append(r.suites, u)
		s.emitRepoTo(inst.app, r, "check_suite", "requested", by, object{"check_suite": s.hookSuiteJSON(r, u)})
	}
}

func (r *Repo) suiteOf(app *App, sha string) *checkSuite {
	for _, u := range r.suites {
		if u.app == app && u.sha == sha {
			return u
		}
	}
	return nil
}

func (r *Repo) findRun(id int64) *checkRun {
	for _, k := range r.runs {
		if k.id == id {
			return k
		}
	}
	return nil
}

// RerequestCheckRun presses "Re-run" on a check run.
func (s *Sim) RerequestCheckRun(r *Repo, by *Account, id int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRun(r, id, "rerequested", by, nil)
}

// RequestAction presses a button of a check run.
func (s *Sim) RequestAction(r *Repo, by *Account, id int64, identifier string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onRun(r, id, "requested_action", by, object{"requested_action": object{"identifier": identifier}})
}

func (s *Sim) onRun(r *Repo, id int64, action string, by *Account, more object) {
	k := r.findRun(id)
	if k == nil {
		panic(fmt.Sprintf("githubsim: no check run %d in %s", id, r.fullName()))
	}
	body := object{"check_run": s.hookRunJSON(r, k)}
	for key, v := range more {
		body[key] = v
	}
	s.emitRepoTo(k.app, r, "check_run", action, by, body)
}

// RerequestCheckSuite presses "Re-run all checks" on a commit.
func (s *Sim) RerequestCheckSuite(r *Repo, by *Account, app *App, sha string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if u := r.suiteOf(app, sha); u != nil {
		s.emitRepoTo(app, r, "check_suite", "rerequested", by, object{"check_suite": s.hookSuiteJSON(r, u)})
	}
}

func (r *Repo) suiteRuns(u *checkSuite) []*checkRun {
	var out []*checkRun
	for _, k := range r.runs {
		if k.suite == u {
			out = append(out, k)
		}
	}
	return out
}

// state is the suite's status and conclusion from those of its runs.
func (r *Repo) suiteState(u *checkSuite) (status, conclusion string) {
	runs := r.suiteRuns(u)
	if len(runs) == 0 {
		return "queued", ""
	}
	rank := map[string]int{"success": 1, "skipped": 1, "neutral": 2, "cancelled": 3, "timed_out": 4, "action_required": 5, "failure": 6}
	for _, k := range runs {
		if k.status != "completed" {
			return "in_progress", ""
		}
		if rank[k.conclusion] > rank[conclusion] {
			conclusion = k.conclusion
		}
	}
	return "completed", conclusion
}

func (s *Sim) pullRefs(r *Repo, sha string) []object {
	out := []object{}
	for _, i := range r.sortedIssues() {
		p := i.pull
		if p == nil || !i.open || p.headSHA != sha || p.head != r { // GitHub leaves forks out
			continue
		}
		side := func(x *Repo, ref, sha string) object {
			return object{"ref": ref, "sha": sha, "repo": object{"id": x.id, "url": x.api(), "name": x.name}}
		}
		out = append(out, object{"url": fmt.Sprintf("%s/pulls/%d", r.api(), i.number), "id": p.id, "number": i.number,
			"head": side(p.head, p.headRef, p.headSHA), "base": side(r, p.baseRef, p.baseSHA)})
	}
	return out
}

func (s *Sim) suiteJSON(r *Repo, u *checkSuite) object {
	status, conclusion := r.suiteState(u)
	o := object{"id": u.id, "node_id": nodeID("CheckSuite", u.id), "head_branch": stringOrNil(u.branch), "head_sha": u.sha, "status": status,
		"conclusion": stringOrNil(conclusion), "url": fmt.Sprintf("%s/check-suites/%d", r.api(), u.id), "before": orZero(u.before), "after": u.sha,
		"pull_requests": s.pullRefs(r, u.sha), "app": s.appAsAuthorJSON(u.app), "created_at": stamp(u.created), "updated_at": stamp(u.updated),
		"latest_check_runs_count": len(r.suiteRuns(u)), "check_runs_url": fmt.Sprintf("%s/check-suites/%d/check-runs", r.api(), u.id),
		"repository": s.minimalRepoJSON(r)}
	if k := r.store.commit(u.sha); k != nil {
		o["head_commit"] = simpleCommit(k)
	}
	return o
}

func (s *Sim) hookSuiteJSON(r *Repo, u *checkSuite) object {
	o := s.suiteJSON(r, u)
	delete(o, "repository")
	o["rerequestable"], o["runs_rerequestable"] = true, true
	return o
}

func (s *Sim) runJSON(r *Repo, k *checkRun) object {
	api := fmt.Sprintf("%s/check-runs/%d", r.api(), k.id)
	html := fmt.Sprintf("%s/runs/%d", r.html(), k.id)
	details := k.detailsURL
	if details == "" {
		details = html
	}
	output := object{"title": nil, "summary": nil, "text": nil, "annotations_count": len(k.annotations), "annotations_url": api + "/annotations"}
	if k.hasOutput {
		output["title"], output["summary"], output["text"] = stringOrNil(k.title), stringOrNil(k.summary), stringOrNil(k.text)
	}
	return object{"id": k.id, "name": k.name, "node_id": nodeID("CheckRun", k.id), "head_sha": k.suite.sha, "external_id": k.externalID,
		"url": api, "html_url": html, "details_url": details, "status": k.status, "conclusion": stringOrNil(k.conclusion),
		"started_at": stampOrNil(k.started), "completed_at": stampOrNil(k.completed), "output": output,
		"check_suite": object{"id": k.suite.id}, "app": s.appAsAuthorJSON(k.app), "pull_requests": s.pullRefs(r, k.suite.sha)}
}

// hookRunJSON is a check run in a webhook: its suite is given in full.
func (s *Sim) hookRunJSON(r *Repo, k *checkRun) object {
	o := s.runJSON(r, k)
	u := s.suiteJSON(r, k.suite)
	for _, key := range []string{"repository", "head_commit", "latest_check_runs_count", "check_runs_url"} {
		delete(u, key)
	}
	o["check_suite"] = u
	return o
}

type checkInput struct {
	Name        *string        `json:"name"`
	HeadSHA     *string        `json:"head_sha"`
	DetailsURL  *string        `json:"details_url"`
	ExternalID  *string        `json:"external_id"`
	Status      *string        `json:"status"`
	Conclusion  *string        `json:"conclusion"`
	StartedAt   *time.Time     `json:"started_at"`
	CompletedAt *time.Time     `json:"completed_at"`
	Actions     *[]checkAction `json:"actions"`
	Output      *struct {
		Title       *string  `json:"title"`
		Summary     *string  `json:"summary"`
		Text        *string  `json:"text"`
		Annotations []object `json:"annotations"`
	} `json:"output"`
}

var conclusions = map[string]bool{"success": true, "failure": true, "neutral": true, "cancelled": true, "skipped": true, "timed_out": true, "action_required": true}

// problem says what GitHub would refuse about the input.
func (in checkInput) problem() string {
	switch {
	case in.Conclusion != nil && !conclusions[*in.Conclusion]:
		return "conclusion"
	case in.Status != nil && !contains([]string{"queued", "in_progress", "completed"}, *in.Status):
		return "status"
	case in.Status != nil && *in.Status == "completed" && in.Conclusion == nil:
		return "conclusion"
	case in.Actions != nil && len(*in.Actions) > 3:
		return "actions"
	}
	if in.Actions != nil {
		for _, a := range *in.Actions {
			if len([]rune(a.Label)) > 20 || len([]rune(a.Description)) > 40 || len([]rune(a.Identifier)) > 20 || a.Identifier == "" {
				return "actions"
			}
		}
	}
	if o := in.Output; o != nil {
		if len(o.Annotations) > 50 {
			return "annotations"
		}
		if o.Summary != nil && len(*o.Summary) > 65535 || o.Text != nil && len(*o.Text) > 65535 {
			return "output"
		}
		for _, a := range o.Annotations {
			if a["path"] == nil || a["message"] == nil || a["start_line"] == nil || a["end_line"] == nil || a["annotation_level"] == nil {
				return "annotations"
			}
		}
	}
	return ""
}

func (k *checkRun) apply(in checkInput, now time.Time) {
	for from, to := range map[*string]*string{in.Name: &k.name, in.DetailsURL: &k.detailsURL, in.ExternalID: &k.externalID, in.Status: &k.status} {
		if from != nil {
			*to = *from
		}
	}
	if in.Conclusion != nil {
		k.conclusion, k.status = *in.Conclusion, "completed"
		k.completed = now
	} else if in.Status != nil && *in.Status != "completed" {
		k.conclusion, k.completed = "", time.Time{}
	}
	if in.StartedAt != nil {
		k.started = *in.StartedAt
	}
	if in.CompletedAt != nil {
		k.completed = *in.CompletedAt
	}
	if in.Actions != nil {
		k.actions = *in.Actions
	}
	if o := in.Output; o != nil {
		k.hasOutput = true
		for from, to := range map[*string]*string{o.Title: &k.title, o.Summary: &k.summary, o.Text: &k.text} {
			if from != nil {
				*to = *from
			}
		}
		k.annotations = append(k.annotations, o.Annotations...)
	}
}

func createCheckRun(c *call) answer {
	var in checkInput
	if !c.decode(&in) {
		return badJSON
	}
	if in.Name == nil || in.HeadSHA == nil || *in.Name == "" {
		return invalid("CheckRun", "name", "missing_field")
	}
	if field := in.problem(); field != "" {
		return invalid("CheckRun", field, "invalid")
	}
	id := *in.HeadSHA
	if len(id) != 40 || c.repo.store.commit(id) == nil {
		return noCommit(id)
	}
	u := c.repo.suiteOf(c.who.app, id)
	if u == nil {
		u = &checkSuite{id: c.s.newID(), app: c.who.app, sha: id, created: c.s.now(), updated: c.s.now()}
		for _, b := range c.repo.branchNames() {
			if c.repo.head(b) == id {
				u.branch = b
			}
		}
		c.repo.suites = append(c.repo.suites, u)
	}
	k := &checkRun{id: c.s.newID(), suite: u, app: c.who.app, status: "queued", started: c.s.now()}
	k.apply(in, c.s.now())
	c.repo.runs = append(c.repo.runs, k)
	c.s.emitRun(c.repo, k, "created", c.who.actor())
	return created(c.s.runJSON(c.repo, k))
}

func (s *Sim) emitRun(r *Repo, k *checkRun, action string, by *Account) {
	k.suite.updated = s.now()
	s.emitRepo(r, "check_run", action, by, object{"check_run": s.hookRunJSON(r, k)})
	if k.status == "completed" {
		if action == "created" {
			s.emitRepo(r, "check_run", "completed", by, object{"check_run": s.hookRunJSON(r, k)})
		}
		if status, _ := r.suiteState(k.suite); status == "completed" {
			s.emitRepo(r, "check_suite", "completed", by, object{"check_suite": s.hookSuiteJSON(r, k.suite)})
		}
	}
}

func (c *call) findRun() *checkRun { return c.repo.findRun(c.intVar("check_run_id")) }

func patchCheckRun(c *call) answer {
	k := c.findRun()
	if k == nil {
		return notFound()
	}
	if k.app != c.who.app {
		return fail(http.StatusForbidden, "Invalid app_id `"+fmt.Sprint(c.who.app.ID)+"` - check run can only be modified by the GitHub App that created it.")
	}
	var in checkInput
	if !c.decode(&in) {
		return badJSON
	}
	if field := in.problem(); field != "" {
		return invalid("CheckRun", field, "invalid")
	}
	was := k.status
	k.apply(in, c.s.now())
	k.updates++
	if k.status == "completed" && was != "completed" {
		c.s.emitRun(c.repo, k, "completed", c.who.actor())
	}
	return ok(c.s.runJSON(c.repo, k))
}

func getCheckRun(c *call) answer {
	if k := c.findRun(); k != nil {
		return ok(c.s.runJSON(c.repo, k))
	}
	return notFound()
}

func listAnnotations(c *call) answer {
	k := c.findRun()
	if k == nil {
		return notFound()
	}
	return listed(c, k.annotations, func(a object) object {
		o := object{"start_column": nil, "end_column": nil, "title": nil, "raw_details": nil}
		for key, v := range a {
			o[key] = v
		}
		o["blob_href"] = fmt.Sprintf("%s/blob/%s/%v", c.repo.html(), k.suite.sha, a["path"])
		return o
	})
}

func rerequestRun(c *call) answer {
	k := c.findRun()
	if k == nil {
		return notFound()
	}
	c.s.onRun(c.repo, k.id, "rerequested", c.who.actor(), nil)
	return created(object{})
}

func (c *call) renderRun(k *checkRun) object { return c.s.runJSON(c.repo, k) }

func refCheckRuns(c *call) answer {
	id := c.repo.resolve(c.vars["ref"])
	if id == "" {
		return noCommit(c.vars["ref"])
	}
	var list []*checkRun
	latest := map[string]int{} // filter=latest: the newest of each name and app
	for _, k := range c.repo.runs {
		if k.suite.sha != id || (c.query.Get("check_name") != "" && c.query.Get("check_name") != k.name) ||
			(c.query.Get("app_id") != "" && c.query.Get("app_id") != fmt.Sprint(k.app.ID)) || (c.query.Get("status") != "" && c.query.Get("status") != k.status) {
			continue
		}
		key := k.app.Slug + "\x00" + k.name
		if at, had := latest[key]; had && c.query.Get("filter") != "all" {
			list[at] = k
			continue
		}
		latest[key] = len(list)
		list = append(list, k)
	}
	return counted(c, "check_runs", list, c.renderRun)
}

func (c *call) renderSuite(u *checkSuite) object { return c.s.suiteJSON(c.repo, u) }

func refCheckSuites(c *call) answer {
	id := c.repo.resolve(c.vars["ref"])
	if id == "" {
		return noCommit(c.vars["ref"])
	}
	var list []*checkSuite
	for _, u := range c.repo.suites {
		if u.sha == id && (c.query.Get("app_id") == "" || c.query.Get("app_id") == fmt.Sprint(u.app.ID)) {
			list = append(list, u)
		}
	}
	return counted(c, "check_suites", list, c.renderSuite)
}

func (c *call) findSuite() *checkSuite {
	for _, u := range c.repo.suites {
		if u.id == c.intVar("check_suite_id") {
			return u
		}
	}
	return nil
}

func getSuite(c *call) answer {
	if u := c.findSuite(); u != nil {
		return ok(c.renderSuite(u))
	}
	return notFound()
}

func suiteCheckRuns(c *call) answer {
	u := c.findSuite()
	if u == nil {
		return notFound()
	}
	return counted(c, "check_runs", c.repo.suiteRuns(u), c.renderRun)
}

func createSuite(c *call) answer {
	var in struct {
		HeadSHA string `json:"head_sha"`
	}
	if !c.decode(&in) || c.repo.store.commit(in.HeadSHA) == nil {
		return noCommit(in.HeadSHA)
	}
	if u := c.repo.suiteOf(c.who.app, in.HeadSHA); u != nil {
		return ok(c.renderSuite(u))
	}
	u := &checkSuite{id: c.s.newID(), app: c.who.app, sha: in.HeadSHA, created: c.s.now(), updated: c.s.now()}
	c.repo.suites = append(c.repo.suites, u)
	return created(c.renderSuite(u))
}
