package githubsim

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" // #nosec G505 -- GitHub still sends the old signature beside the new one
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Delivery is one webhook on its way.
type Delivery struct {
	ID             int64
	GUID           string
	Event, Action  string
	InstallationID int64
	RepositoryID   int64
	Redelivery     bool
	Payload        []byte
	At             time.Time
	Status         int    // the receiver's, 0 before it answered
	Outcome        string // "OK", or why not

	app      *App
	took     time.Duration
	response string
	headers  map[string]string
}

// Plan is what becomes of a delivery. The zero value delivers it once, at once, in order.
type Plan struct {
	Drop   bool          // never arrives; the delivery log says so and it can be redelivered
	Lose   bool          // never arrives and stands in no log
	Copies int           // delivered so many times more, with the same GUID
	Behind int           // overtaken by so many later deliveries
	Delay  time.Duration // held back for so long, by the system's clock
}

type queued struct {
	d      *Delivery
	plan   Plan
	behind int
	due    time.Time
}

// hookQueue sends deliveries one after another.
type hookQueue struct {
	s      *Sim
	mu     sync.Mutex
	queue  []*queued
	log    []*Delivery
	busy   bool
	paused bool
	plan   func(Delivery) Plan
	wake   chan struct{}
	idle   *sync.Cond
	done   sync.WaitGroup
	client *http.Client
	// sent counts accepted deliveries by event.action.
	sent map[string]int
}

func (q *hookQueue) init(s *Sim) {
	q.s, q.wake, q.sent = s, make(chan struct{}, 1), map[string]int{}
	q.idle = sync.NewCond(&q.mu)
	q.client = &http.Client{Timeout: s.opt.WebhookTimeout}
	q.done.Add(1)
	go q.run()
}

func (q *hookQueue) wait() { q.done.Wait() }

func (q *hookQueue) signal() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// add queues a delivery under its plan.
func (q *hookQueue) add(d *Delivery) {
	q.mu.Lock()
	defer q.mu.Unlock()
	var p Plan
	if q.plan != nil {
		p = q.plan(*d)
	}
	if p.Lose {
		return
	}
	if len(q.log) > 20_000 {
		q.log = append(q.log[:0], q.log[10_000:]...)
	}
	q.log = append(q.log, d)
	if p.Drop {
		d.Status, d.Outcome = http.StatusBadGateway, "failed to connect to host"
		return
	}
	for range 1 + p.Copies {
		q.queue = append(q.queue, &queued{d: d, plan: p, behind: p.Behind, due: time.Now().Add(p.Delay)})
	}
	q.signal()
}

// next takes the first delivery that may go; when only overtaken ones are left they go too.
func (q *hookQueue) next() (*queued, time.Duration) {
	if q.paused {
		return nil, 0
	}
	now, wait := time.Now(), time.Duration(0)
	pick := -1
	for i, e := range q.queue {
		if e.due.After(now) {
			if d := e.due.Sub(now); wait == 0 || d < wait {
				wait = d
			}
			continue
		}
		if e.behind <= 0 {
			pick = i
			break
		}
	}
	for i, e := range q.queue {
		if pick < 0 && !e.due.After(now) {
			pick = i
		}
	}
	if pick < 0 {
		return nil, wait
	}
	e := q.queue[pick]
	for _, earlier := range q.queue[:pick] {
		earlier.behind--
	}
	q.queue = append(q.queue[:pick], q.queue[pick+1:]...)
	return e, 0
}

func (q *hookQueue) run() {
	defer q.done.Done()
	for {
		q.mu.Lock()
		e, wait := q.next()
		q.busy = e != nil
		if e == nil && (len(q.queue) == 0 || q.paused) {
			q.idle.Broadcast()
		}
		q.mu.Unlock()
		if e != nil {
			q.send(e.d)
			continue
		}
		var timer <-chan time.Time
		if wait > 0 {
			timer = time.After(wait)
		}
		select {
		case <-q.wake:
		case <-timer:
		case <-q.s.closed:
			q.mu.Lock()
			q.queue = nil
			q.idle.Broadcast()
			q.mu.Unlock()
			return
		}
	}
}

// send posts one delivery and notes what came of it.
func (q *hookQueue) send(d *Delivery) {
	q.s.mu.Lock()
	url, secret, hookID := d.app.webhookURL, d.app.secret, d.app.ID
	q.s.mu.Unlock()
	start := time.Now()
	status, outcome, body := 0, "", ""
	headers := hookHeaders(d, secret, hookID)
	ctx, cancel := context.WithTimeout(context.Background(), q.s.opt.WebhookTimeout)
	defer cancel()
	go func() {
		select {
		case <-q.s.closed:
			cancel()
		case <-ctx.Done():
		}
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(d.Payload))
	if err == nil {
		for k, v := range headers {
			req.Header.Set(k, v)
		}
		var resp *http.Response
		if resp, err = q.client.Do(req); err == nil {
			raw, _ := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
			_ = resp.Body.Close()
			status, outcome, body = resp.StatusCode, http.StatusText(resp.StatusCode), string(raw)
			if status < 300 {
				outcome = "OK"
			}
		}
	}
	if err != nil {
		status, outcome = http.StatusBadGateway, "failed to connect to host"
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	d.headers = headers
	d.Status, d.Outcome, d.response, d.took = status, outcome, body, time.Since(start)
	if status < 300 {
		q.sent[d.Event+"."+d.Action]++
	}
}

func hookHeaders(d *Delivery, secret string, hookID int64) map[string]string {
	h := map[string]string{"Content-Type": "application/json", "Accept": "*/*", "User-Agent": "GitHub-Hookshot/5117d2b", "X-GitHub-Event": d.Event,
		"X-GitHub-Delivery": d.GUID, "X-GitHub-Hook-ID": strconv.FormatInt(hookID, 10), "X-GitHub-Hook-Installation-Target-Type": "integration",
		"X-GitHub-Hook-Installation-Target-ID": strconv.FormatInt(d.app.ID, 10)}
	if secret != "" {
		m1, m256 := hmac.New(sha1.New, []byte(secret)), hmac.New(sha256.New, []byte(secret))
		m1.Write(d.Payload)
		m256.Write(d.Payload)
		h["X-Hub-Signature"] = "sha1=" + hex.EncodeToString(m1.Sum(nil))
		h["X-Hub-Signature-256"] = "sha256=" + hex.EncodeToString(m256.Sum(nil))
	}
	return h
}

// PlanDeliveries installs the function that decides what becomes of each delivery;
// nil ends it. The function must not call methods of the stand-in.
func (s *Sim) PlanDeliveries(f func(Delivery) Plan) {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	s.hooks.plan = f
}

// PauseDeliveries holds all deliveries back until it is called with false.
func (s *Sim) PauseDeliveries(on bool) {
	s.hooks.mu.Lock()
	s.hooks.paused = on
	s.hooks.mu.Unlock()
	s.hooks.signal()
}

// WaitDelivered waits until every queued delivery was sent and answered, or the context ends.
func (s *Sim) WaitDelivered(ctx context.Context) error {
	q := &s.hooks
	stop := context.AfterFunc(ctx, func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.idle.Broadcast()
	})
	defer stop()
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.queue) > 0 || q.busy {
		if ctx.Err() != nil {
			return fmt.Errorf("githubsim: %d deliveries left: %w", len(q.queue), ctx.Err())
		}
		q.idle.Wait()
	}
	return nil
}

// Deliveries is the delivery log, oldest first.
func (s *Sim) Deliveries() []Delivery {
	s.hooks.mu.Lock()
	defer s.hooks.mu.Unlock()
	out := make([]Delivery, 0, len(s.hooks.log))
	for _, d := range s.hooks.log {
		out = append(out, *d)
	}
	return out
}

// Redeliver sends a delivery of the log once more, with its GUID.
func (s *Sim) Redeliver(id int64) bool {
	s.mu.Lock()
	next := s.newID()
	s.mu.Unlock()
	return s.hooks.redeliver(id, next, s.opt.Now())
}

func (q *hookQueue) redeliver(id, newID int64, at time.Time) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, d := range q.log {
		if d.ID == id {
			again := &Delivery{ID: newID, GUID: d.GUID, Event: d.Event, Action: d.Action, InstallationID: d.InstallationID,
				RepositoryID: d.RepositoryID, Redelivery: true, Payload: d.Payload, At: at, app: d.app}
			q.log = append(q.log, again)
			q.queue = append(q.queue, &queued{d: again})
			q.signal()
			return true
		}
	}
	return false
}

// always are the events an app gets without subscribing.
var always = map[string]bool{"installation": true, "installation_repositories": true, "installation_target": true, "github_app_authorization": true}

// emit queues one event for one installation.
func (s *Sim) emit(inst *Installation, event, action string, repoID int64, sender *Account, body object) {
	app := inst.app
	if app.webhookURL == "" || app.deleted || inst.gone {
		return
	}
	if !inst.suspendedAt.IsZero() && event != "installation" {
		return
	}
	if !always[event] && !contains(inst.events, event) {
		return
	}
	payload := object{"sender": s.userJSON(sender)}
	if always[event] {
		full := s.installationJSON(inst)
		if action != "suspend" && action != "unsuspend" { // GitHub writes these times in two ways
			full["created_at"], full["updated_at"] = inst.created.Unix(), inst.updated.Unix()
		}
		payload["installation"] = full
	} else {
		payload["installation"] = object{"id": inst.ID, "node_id": nodeID("IntegrationInstallation", inst.ID)}
	}
	if action != "" {
		payload["action"] = action
	}
	for k, v := range body {
		payload[k] = v
	}
	raw, err := json.Marshal(payload)
	if err != nil {
		panic("githubsim: payload of " + event + ": " + err.Error())
	}
	s.hooks.add(&Delivery{ID: s.newID(), GUID: s.guid(), Event: event, Action: action, InstallationID: inst.ID, RepositoryID: repoID,
		Payload: raw, At: s.opt.Now(), app: app})
}

func (s *Sim) guid() string {
	h := s.secret("")
	return h[:8] + "-" + h[8:12] + "-11f0-" + h[16:20] + "-" + h[20:32]
}

// emitRepo queues an event for every installation that has the repository.
func (s *Sim) emitRepo(r *Repo, event, action string, sender *Account, body object) {
	s.emitRepoTo(nil, r, event, action, sender, body)
}

// emitRepoTo is emitRepo for the installations of one app only, if it is given.
func (s *Sim) emitRepoTo(only *App, r *Repo, event, action string, sender *Account, body object) {
	for _, inst := range s.insts {
		if !inst.covers(r) || (only != nil && inst.app != only) {
			continue
		}
		payload := object{"repository": s.repoJSON(r)}
		if r.owner.kind == kindOrg {
			payload["organization"] = s.orgJSON(r.owner)
		}
		for k, v := range body {
			payload[k] = v
		}
		s.emit(inst, event, action, r.id, sender, payload)
	}
}

// emitAccount queues an event for every installation on an organisation.
func (s *Sim) emitAccount(a *Account, event, action string, sender *Account, body object) {
	for _, inst := range s.insts {
		if inst.account == a {
			body["organization"] = s.orgJSON(a)
			s.emit(inst, event, action, 0, sender, body)
		}
	}
}

func (s *Sim) emitCreate(r *Repo, ref string, sender *Account) {
	kind, name := "branch", strings.TrimPrefix(ref, "refs/heads/")
	if t, isTag := strings.CutPrefix(ref, "refs/tags/"); isTag {
		kind, name = "tag", t
	}
	s.emitRepo(r, "create", "", sender, object{"ref": name, "ref_type": kind, "master_branch": r.defaultBranch,
		"description": stringOrNil(r.description), "pusher_type": "user"})
}

// emitPush queues a push; before or after is "" for a new or deleted ref.
func (s *Sim) emitPush(r *Repo, ref, before, after string, forced bool, pusher *Account) {
	var list []object
	compare := r.html() + "/compare/" + short(before) + "..." + short(after)
	var head any
	if after != "" {
		commits := r.store.between(before, after)
		if before == "" && ref != "refs/heads/"+r.defaultBranch && r.head("") != "" {
			commits = r.store.between(r.head(""), after)
		}
		if len(commits) > 2048 {
			commits = commits[len(commits)-2048:]
		}
		for _, k := range commits {
			list = append(list, s.pushCommitJSON(r, k))
		}
		if k := r.store.commit(after); k != nil {
			head = s.pushCommitJSON(r, k)
		}
	}
	if list == nil {
		list = []object{}
	}
	repo := s.repoJSON(r)
	repo["created_at"], repo["pushed_at"] = r.created.Unix(), r.pushed.Unix()
	repo["url"], repo["stargazers"], repo["master_branch"] = r.html(), 0, r.defaultBranch
	owner := s.accountJSON(r.owner)
	owner["name"], owner["email"] = r.owner.login, stringOrNil(r.owner.email)
	repo["owner"] = owner
	s.emitRepo(r, "push", "", pusher, object{"ref": ref, "before": orZero(before), "after": orZero(after), "created": before == "",
		"deleted": after == "", "forced": forced, "base_ref": nil, "compare": compare, "commits": list, "head_commit": head,
		"pusher": object{"name": pusher.login, "email": pusher.email}, "repository": repo})
}

func orZero(id string) string {
	if id == "" {
		return zeroID
	}
	return id
}

func short(id string) string { return orZero(id)[:12] }

func (s *Sim) pushCommitJSON(r *Repo, k *commitObject) object {
	added, removed, modified := []string{}, []string{}, []string{}
	for _, f := range r.store.diffTrees(r.parentTree(k), k.tree) {
		switch f.status {
		case "added":
			added = append(added, f.path)
		case "removed":
			removed = append(removed, f.path)
		case "renamed":
			added, removed = append(added, f.path), append(removed, f.previous)
		default:
			modified = append(modified, f.path)
		}
	}
	who := func(i Identity) object {
		o := object{"name": i.Name, "email": i.Email}
		if u := s.byEmail(i.Email); u != nil {
			o["username"] = u.login
		}
		return o
	}
	return object{"id": k.id, "tree_id": k.tree, "distinct": true, "message": k.message, "timestamp": stamp(k.committer.When),
		"url": r.html() + "/commit/" + k.id, "author": who(k.author), "committer": who(k.committer),
		"added": added, "removed": removed, "modified": modified}
}

func (r *Repo) parentTree(k *commitObject) string {
	if len(k.parents) == 0 {
		return ""
	}
	if p := r.store.commit(k.parents[0]); p != nil {
		return p.tree
	}
	return ""
}

func deliveryJSON(d Delivery) object {
	o := object{"id": d.ID, "guid": d.GUID, "delivered_at": stamp(d.At), "redelivery": d.Redelivery, "duration": d.took.Seconds(),
		"status": d.Outcome, "status_code": d.Status, "event": d.Event, "action": stringOrNil(d.Action), "installation_id": nil,
		"repository_id": nil, "throttled_at": nil}
	if d.InstallationID != 0 {
		o["installation_id"] = d.InstallationID
	}
	if d.RepositoryID != 0 {
		o["repository_id"] = d.RepositoryID
	}
	return o
}

// listDeliveries pages by cursor, newest first, as GitHub does.
func listDeliveries(c *call) answer {
	log := c.s.Deliveries()
	per := queryInt(c.query, "per_page", 30, 100)
	cursor, err := strconv.ParseInt(strings.TrimPrefix(c.query.Get("cursor"), "v1_"), 10, 64)
	if err != nil {
		cursor = 1 << 62
	}
	out := []object{}
	a := answer{status: http.StatusOK}
	for i := len(log) - 1; i >= 0; i-- {
		d := log[i]
		failed := d.Status >= 400
		if d.app != c.who.app || d.ID >= cursor || d.Status == 0 || (c.query.Get("status") == "failure" && !failed) || (c.query.Get("status") == "success" && failed) {
			continue
		}
		if len(out) == per {
			last := out[per-1]["id"].(int64)
			a.set("Link", fmt.Sprintf(`<%s/app/hook/deliveries?per_page=%d&cursor=v1_%d>; rel="next"`, c.s.base, per, last))
			break
		}
		out = append(out, deliveryJSON(d))
	}
	a.body = out
	return a
}

func getDelivery(c *call) answer {
	for _, d := range c.s.Deliveries() {
		if d.ID == c.intVar("delivery_id") && d.app == c.who.app {
			o := deliveryJSON(d)
			o["url"] = d.app.webhookURL
			headers := object{}
			for k, v := range d.headers {
				headers[k] = v
			}
			o["request"] = object{"headers": headers, "payload": json.RawMessage(d.Payload)}
			o["response"] = object{"headers": object{}, "payload": d.response}
			return ok(o)
		}
	}
	return notFound()
}

func redeliver(c *call) answer {
	if !c.s.hooks.redeliver(c.intVar("delivery_id"), c.s.newID(), c.s.opt.Now()) {
		return notFound()
	}
	return answer{status: http.StatusAccepted, body: object{}}
}

func (c *call) hookConfig() object {
	return object{"url": c.who.app.webhookURL, "content_type": "json", "insecure_ssl": "0", "secret": "********"}
}

func getHookConfig(c *call) answer { return ok(c.hookConfig()) }

func setHookConfig(c *call) answer {
	var in struct{ URL, Secret *string }
	if !c.decode(&in) {
		return badJSON
	}
	if in.URL != nil {
		c.who.app.webhookURL = *in.URL
	}
	if in.Secret != nil {
		c.who.app.secret = *in.Secret
	}
	return ok(c.hookConfig())
}
