package githubsim

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AppOptions describe an app to be made.
type AppOptions struct {
	Owner         *Account // required
	Name          string   // required; the slug is made of it
	WebhookURL    string   // empty: no deliveries
	WebhookSecret string   // empty: deliveries are unsigned, as on GitHub
	// Permissions by name, "read" or "write"; nil is what Milepost asks for.
	Permissions map[string]string
	// Events subscribed to; nil is what Milepost asks for.
	Events       []string
	CallbackURLs []string // of the sign-in; empty: any
	SetupURL     string   // where people go after they installed it; empty: nowhere
	Description  string
	ExternalURL  string
	Key          *rsa.PrivateKey // nil: one that all stand-ins of the process share
}

// App is a GitHub App. Its exported fields never change.
type App struct {
	ID            int64
	Slug          string
	ClientID      string
	ClientSecret  string
	WebhookSecret string
	PrivateKeyPEM []byte // PKCS #1

	s           *Sim
	key         *rsa.PrivateKey
	owner       *Account
	bot         *Account
	name        string
	webhookURL  string
	secret      string
	permissions map[string]string
	events      []string
	callbacks   []string
	setupURL    string
	description string
	externalURL string
	created     time.Time
	deleted     bool
}

// Installation is an app on an account. Its exported field never changes.
type Installation struct {
	ID int64

	s           *Sim
	app         *App
	account     *Account
	all         bool
	repos       map[*Repo]bool // when not all
	permissions map[string]string
	events      []string
	pending     map[string]string // asked for, not yet accepted
	suspendedAt time.Time
	suspendedBy *Account
	created     time.Time
	updated     time.Time
	gone        bool
}

// sharedKey is made once for a process: two apps with one key do no harm here, and a key takes a while.
var sharedKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

// DefaultPermissions are those that Milepost asks for.
func DefaultPermissions() map[string]string {
	return map[string]string{"metadata": "read", "contents": "read", "issues": "write", "pull_requests": "write",
		"checks": "write", "actions": "read", "deployments": "read", "members": "read"}
}

// DefaultEvents are those that Milepost subscribes to.
func DefaultEvents() []string {
	return []string{"check_run", "check_suite", "create", "delete", "deployment_status", "issue_comment", "issues", "label", "member",
		"membership", "merge_group", "organization", "pull_request", "pull_request_review", "push", "repository", "team", "workflow_run"}
}

// CreateApp registers an app.
func (s *Sim) CreateApp(o AppOptions) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.createApp(o)
}

func (s *Sim) createApp(o AppOptions) *App {
	key := o.Key
	if key == nil {
		var err error
		if key, err = sharedKey(); err != nil {
			panic("githubsim: no randomness for a key: " + err.Error())
		}
	}
	if o.Permissions == nil {
		o.Permissions = DefaultPermissions()
	}
	if o.Events == nil {
		o.Events = DefaultEvents()
	}
	slug := strings.Trim(strings.ToLower(strings.Join(strings.FieldsFunc(o.Name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9')
	}), "-")), "-")
	id := s.newID()
	a := &App{
		ID: id, Slug: slug, ClientID: fmt.Sprintf("Iv1.%016x", id), ClientSecret: s.secret(""), WebhookSecret: o.WebhookSecret,
		PrivateKeyPEM: pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}),
		s:             s, key: key, owner: o.Owner, name: o.Name, webhookURL: o.WebhookURL, secret: o.WebhookSecret,
		permissions: o.Permissions, events: o.Events, callbacks: o.CallbackURLs, setupURL: o.SetupURL, description: o.Description,
		externalURL: o.ExternalURL, created: s.now(),
	}
	a.bot = s.addAccount(slug+"[bot]", kindBot, "", "")
	a.bot.email = fmt.Sprintf("%d+%s[bot]@users.noreply.github.com", a.bot.id, slug)
	s.apps = append(s.apps, a)
	return a
}

// secret is an unguessable text with a prefix.
func (s *Sim) secret(prefix string) string {
	var b [20]byte
	_, _ = rand.Read(b[:]) // never fails
	return prefix + hex.EncodeToString(b[:])
}

// Bot is the account under which the app appears: "<slug>[bot]".
func (a *App) Bot() *Account { return a.bot }

// String is the slug.
func (a *App) String() string { return a.Slug }

// SetWebhook tells where the app's events are sent and with which secret they are signed.
func (s *Sim) SetWebhook(app *App, url, secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app.webhookURL, app.secret = url, secret
}

// FindApp is the app with the slug, or nil; apps that the manifest flow made are found so.
func (s *Sim) FindApp(slug string) *App {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.apps {
		if a.Slug == slug && !a.deleted {
			return a
		}
	}
	return nil
}

// Install puts an app on an account: on the given repositories, or on all when none is given.
func (s *Sim) Install(app *App, account *Account, repos ...*Repo) *Installation {
	s.mu.Lock()
	defer s.mu.Unlock()
	inst := &Installation{ID: s.newID(), s: s, app: app, account: account, all: len(repos) == 0, repos: map[*Repo]bool{},
		permissions: copyMap(app.permissions), events: app.events, created: s.now(), updated: s.now()}
	for _, r := range repos {
		inst.repos[r] = true
	}
	s.insts = append(s.insts, inst)
	s.emit(inst, "installation", "created", 0, account.anOwner(), object{"repositories": s.briefRepos(s.reposOf(inst)), "requester": nil})
	return inst
}

func copyMap(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for k, v := range m {
		out[k] = v
	}
	return out
}

// covers reports whether the installation has the repository.
func (i *Installation) covers(r *Repo) bool {
	return !i.gone && r.owner == i.account && (i.all || i.repos[r])
}

// installationFor is the app's installation that has the repository, or nil.
func (s *Sim) installationFor(app *App, r *Repo) *Installation {
	for _, i := range s.insts {
		if i.app == app && i.covers(r) {
			return i
		}
	}
	return nil
}

// reposOf lists an installation's repositories by id.
func (s *Sim) reposOf(inst *Installation) []*Repo {
	var out []*Repo
	for _, r := range s.repos {
		if inst.covers(r) {
			out = append(out, r)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

// AddRepos gives an installation (on selected repositories) more of them.
func (s *Sim) AddRepos(inst *Installation, repos ...*Repo) { s.changeRepos(inst, repos, true) }

// RemoveRepos takes repositories from an installation on selected repositories.
func (s *Sim) RemoveRepos(inst *Installation, repos ...*Repo) { s.changeRepos(inst, repos, false) }

func (s *Sim) changeRepos(inst *Installation, repos []*Repo, add bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	action, added, removed := "added", s.briefRepos(repos), []object{}
	if !add {
		action, added, removed = "removed", []object{}, added
	}
	for _, r := range repos {
		if add {
			inst.repos[r] = true
		} else {
			delete(inst.repos, r)
		}
	}
	inst.updated = s.now()
	s.emit(inst, "installation_repositories", action, 0, inst.account.anOwner(), object{"repository_selection": inst.selection(),
		"repositories_added": added, "repositories_removed": removed, "requester": nil})
}

func (i *Installation) selection() string {
	if i.all {
		return "all"
	}
	return "selected"
}

// Suspend stops an installation: its tokens are refused, and no event is sent but this.
func (s *Sim) Suspend(inst *Installation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inst.suspendedAt, inst.suspendedBy = s.now(), inst.account.anOwner()
	s.emit(inst, "installation", "suspend", 0, inst.account.anOwner(), nil)
}

// Unsuspend ends [Sim.Suspend].
func (s *Sim) Unsuspend(inst *Installation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inst.suspendedAt, inst.suspendedBy = time.Time{}, nil
	s.emit(inst, "installation", "unsuspend", 0, inst.account.anOwner(), nil)
}

// Uninstall removes an app from an account.
func (s *Sim) Uninstall(inst *Installation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.emit(inst, "installation", "deleted", 0, inst.account.anOwner(), object{"repositories": s.briefRepos(s.reposOf(inst)), "requester": nil})
	inst.gone = true
}

// RequestPermissions changes what the app asks for. Installations keep what they
// have until [Sim.AcceptPermissions]; what is no longer asked for is lost at once.
func (s *Sim) RequestPermissions(app *App, permissions map[string]string, events []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	app.permissions = copyMap(permissions)
	if events != nil {
		app.events = events
	}
	for _, inst := range s.insts {
		if inst.app != app {
			continue
		}
		inst.pending = copyMap(permissions)
		for name := range inst.permissions {
			if permissions[name] == "" {
				delete(inst.permissions, name)
			}
		}
	}
}

// AcceptPermissions grants what [Sim.RequestPermissions] asked for.
func (s *Sim) AcceptPermissions(inst *Installation) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if inst.pending != nil {
		inst.permissions, inst.pending = inst.pending, nil
	}
	inst.events = inst.app.events
	s.emit(inst, "installation", "new_permissions_accepted", 0, inst.account.anOwner(), object{
		"repositories": s.briefRepos(s.reposOf(inst)), "requester": nil})
}

// RemovePermission takes one permission from an installation, as an owner who declines it leaves it.
func (s *Sim) RemovePermission(inst *Installation, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(inst.permissions, name)
}

func (s *Sim) appJSON(a *App) object {
	count := 0
	for _, i := range s.insts {
		if i.app == a && !i.gone {
			count++
		}
	}
	external := a.externalURL
	if external == "" {
		external = s.base + "/apps/" + a.Slug
	}
	return object{"id": a.ID, "slug": a.Slug, "client_id": a.ClientID, "node_id": nodeID("Integration", a.ID), "owner": s.userJSON(a.owner),
		"name": a.name, "description": a.description, "external_url": external, "html_url": s.base + "/apps/" + a.Slug,
		"created_at": stamp(a.created), "updated_at": stamp(a.created), "permissions": copyMap(a.permissions),
		"events": append([]string{}, a.events...), "installations_count": count}
}

// appAsAuthorJSON is the app as it stands beside what it made.
func (s *Sim) appAsAuthorJSON(a *App) any {
	if a == nil {
		return nil
	}
	o := s.appJSON(a)
	delete(o, "installations_count")
	return o
}

func (s *Sim) installationJSON(i *Installation) object {
	html := s.base + "/settings/installations/" + strconv.FormatInt(i.ID, 10)
	if i.account.kind == kindOrg {
		html = s.base + "/organizations/" + i.account.login + "/settings/installations/" + strconv.FormatInt(i.ID, 10)
	}
	return object{"id": i.ID, "client_id": i.app.ClientID, "account": s.userJSON(i.account), "repository_selection": i.selection(),
		"access_tokens_url": fmt.Sprintf("%s/app/installations/%d/access_tokens", s.base, i.ID),
		"repositories_url":  s.base + "/installation/repositories", "html_url": html, "app_id": i.app.ID, "app_slug": i.app.Slug,
		"target_id": i.account.id, "target_type": i.account.kind, "permissions": copyMap(i.permissions),
		"events": append([]string{}, i.events...), "created_at": stamp(i.created), "updated_at": stamp(i.updated),
		"single_file_name": nil, "has_multiple_single_files": false, "single_file_paths": []string{},
		"suspended_at": stampOrNil(i.suspendedAt), "suspended_by": s.userJSON(i.suspendedBy)}
}

func getApp(c *call) answer { return ok(c.s.appJSON(c.who.app)) }

func (c *call) ownInstallation() *Installation {
	id := c.intVar("installation_id")
	for _, i := range c.s.insts {
		if i.ID == id && i.app == c.who.app && !i.gone {
			return i
		}
	}
	return nil
}

func listInstallations(c *call) answer {
	var list []*Installation
	for _, i := range c.s.insts {
		if i.app == c.who.app && !i.gone {
			list = append(list, i)
		}
	}
	return listed(c, list, c.s.installationJSON)
}

func getInstallation(c *call) answer {
	if i := c.ownInstallation(); i != nil {
		return ok(c.s.installationJSON(i))
	}
	return notFound()
}

func deleteInstallation(c *call) answer {
	i := c.ownInstallation()
	if i == nil {
		return notFound()
	}
	c.s.emit(i, "installation", "deleted", 0, c.who.app.bot, object{"repositories": c.s.briefRepos(c.s.reposOf(i)), "requester": nil})
	i.gone = true
	return noContent()
}

func createToken(c *call) answer {
	i := c.ownInstallation()
	if i == nil {
		return notFound()
	}
	if !i.suspendedAt.IsZero() {
		return fail(http.StatusForbidden, "This installation has been suspended")
	}
	var in struct {
		Repositories  []string          `json:"repositories"`
		RepositoryIDs []int64           `json:"repository_ids"`
		Permissions   map[string]string `json:"permissions"`
	}
	if !c.decode(&in) {
		return badJSON
	}
	t := &token{app: i.app, inst: i, expires: c.s.now().Add(c.s.opt.TokenLife)}
	perms := copyMap(i.permissions)
	if len(in.Permissions) > 0 {
		t.perms, perms = in.Permissions, in.Permissions
		for name, level := range in.Permissions {
			if have := i.permissions[name]; have != level && have != "write" {
				return fail(http.StatusUnprocessableEntity, "The permissions requested are not granted to this installation.")
			}
		}
	}
	value := c.s.secret("ghs_")
	body := object{"token": value, "expires_at": stamp(t.expires), "permissions": perms, "repository_selection": i.selection()}
	if len(in.Repositories)+len(in.RepositoryIDs) > 0 {
		t.repos = map[int64]bool{}
		var list []object
		for _, r := range c.s.reposOf(i) {
			if containsFold(in.Repositories, r.name) || contains(in.RepositoryIDs, r.id) {
				t.repos[r.id] = true
				list = append(list, c.s.repoJSON(r))
			}
		}
		if len(list) != len(in.Repositories)+len(in.RepositoryIDs) {
			return fail(http.StatusUnprocessableEntity, "There is at least one repository that does not exist or is not accessible to the parent installation.")
		}
		body["repositories"] = list
		body["repository_selection"] = "selected"
	}
	c.s.tokens[value] = t
	return created(body)
}

func containsFold(list []string, v string) bool {
	for _, x := range list {
		if strings.EqualFold(x, v) {
			return true
		}
	}
	return false
}

func contains[T comparable](list []T, v T) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

func revokeToken(c *call) answer {
	for value, t := range c.s.tokens {
		if t == c.who.tok {
			delete(c.s.tokens, value)
		}
	}
	return noContent()
}

// repoInstallation is the installation that has a repository, for the app itself.
func repoInstallation(c *call) answer {
	if i := c.s.installationFor(c.who.app, c.repo); i != nil {
		return ok(c.s.installationJSON(i))
	}
	return notFound()
}

func accountInstallation(c *call) answer {
	login := c.vars["org"] + c.vars["username"]
	for _, i := range c.s.insts {
		if i.app == c.who.app && !i.gone && strings.EqualFold(i.account.login, login) {
			return ok(c.s.installationJSON(i))
		}
	}
	return notFound()
}

func installationRepos(c *call) answer {
	var list []*Repo
	for _, r := range c.s.reposOf(c.who.inst) {
		if c.who.tok.repos == nil || c.who.tok.repos[r.id] {
			list = append(list, r)
		}
	}
	a := counted(c, "repositories", list, c.s.repoJSON)
	a.body.(object)["repository_selection"] = c.who.inst.selection()
	return a
}

// userInstallations are those with at least one repository that the person can
// see, or on the person's own account or organisation.
func userInstallations(c *call) answer {
	var list []*Installation
	for _, i := range c.s.insts {
		if (c.who.app == nil || i.app == c.who.app) && !i.gone && (i.account == c.who.user || len(c.s.sharedRepos(i, c.who.user)) > 0) {
			list = append(list, i)
		}
	}
	return counted(c, "installations", list, c.s.installationJSON)
}

// sharedRepos are the repositories that a person and an installation both have.
// A public repository to which the person has no role of their own is none.
func (s *Sim) sharedRepos(i *Installation, u *Account) []*Repo {
	var out []*Repo
	for _, r := range s.reposOf(i) {
		if ranks[r.roleOf(u)] > 0 {
			out = append(out, r)
		}
	}
	return out
}

func userInstallationRepos(c *call) answer {
	id := c.intVar("installation_id")
	for _, i := range c.s.insts {
		if i.ID != id || i.gone || (c.who.app != nil && i.app != c.who.app) {
			continue
		}
		list := c.s.sharedRepos(i, c.who.user)
		if len(list) == 0 && i.account != c.who.user {
			return notFound()
		}
		a := counted(c, "repositories", list, func(r *Repo) object {
			o := c.s.repoJSON(r)
			o["permissions"] = permissionFlags(r.roleOf(c.who.user))
			return o
		})
		a.body.(object)["repository_selection"] = i.selection()
		return a
	}
	return notFound()
}
