package githubsim

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"sort"
	"strconv"
	"strings"
	"time"
)

const (
	kindUser = "User"
	kindOrg  = "Organization"
	kindBot  = "Bot"
)

// Account is a person, an organisation or an app's bot.
type Account struct {
	s       *Sim
	id      int64
	login   string
	kind    string
	name    string
	email   string
	created time.Time
	members map[*Account]string // of an organisation: member or admin
	teams   []*Team
}

// Team is a team of an organisation.
type Team struct {
	id      int64
	org     *Account
	slug    string
	name    string
	members map[*Account]string // member or maintainer
	repos   map[*Repo]string
	created time.Time
}

// ID is the numeric id, which never changes.
func (a *Account) ID() int64 { return a.id }

// Login is the account's present name.
func (a *Account) Login() string {
	a.s.mu.Lock()
	defer a.s.mu.Unlock()
	return a.login
}

// ID is the team's numeric id.
func (t *Team) ID() int64 { return t.id }

// Slug is the team's name in addresses.
func (t *Team) Slug() string { return t.slug }

func (s *Sim) addAccount(login, kind, name, email string) *Account {
	key := strings.ToLower(login)
	if s.accounts[key] != nil {
		panic("githubsim: account " + login + " exists already")
	}
	a := &Account{s: s, id: s.newID(), login: login, kind: kind, name: name, email: email, created: s.now()}
	if kind == kindOrg {
		a.members = map[*Account]string{}
	}
	s.accounts[key] = a
	return a
}

// AddUser adds a person. An empty name is the login, an empty address the
// person's noreply address.
func (s *Sim) AddUser(login, name, email string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	if name == "" {
		name = login
	}
	a := s.addAccount(login, kindUser, name, email)
	if email == "" {
		a.email = fmt.Sprintf("%d+%s@users.noreply.github.com", a.id, login)
	}
	return a
}

// AddOrg adds an organisation; the first member is its owner.
func (s *Sim) AddOrg(login string, members ...*Account) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	org := s.addAccount(login, kindOrg, login, "")
	for i, m := range members {
		org.members[m] = "member"
		if i == 0 {
			org.members[m] = "admin"
		}
	}
	return org
}

// SetMember makes a person member ("member" or "admin") of an organisation, or no
// longer one (""), and announces it.
func (s *Sim) SetMember(org, user *Account, role string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	action := "member_added"
	if role == "" {
		delete(org.members, user)
		action = "member_removed"
		for _, t := range org.teams {
			delete(t.members, user)
		}
	} else {
		org.members[user] = role
	}
	s.emitAccount(org, "organization", action, org.anOwner(), object{
		"membership": s.membershipJSON(org, user)})
}

// anOwner is an owner of the organisation, or the account itself.
func (a *Account) anOwner() *Account {
	var best *Account
	for m, role := range a.members {
		if role == "admin" && (best == nil || m.id < best.id) {
			best = m
		}
	}
	if best == nil {
		return a
	}
	return best
}

// AddTeam adds a team to an organisation; its people become members of the organisation.
func (s *Sim) AddTeam(org *Account, name string, members ...*Account) *Team {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := &Team{id: s.newID(), org: org, name: name, slug: strings.ToLower(strings.ReplaceAll(name, " ", "-")),
		members: map[*Account]string{}, repos: map[*Repo]string{}, created: s.now()}
	org.teams = append(org.teams, t)
	for _, m := range members {
		t.members[m] = "member"
		if org.members[m] == "" {
			org.members[m] = "member"
		}
	}
	return t
}

// SetTeamMember adds a person to a team or takes the person out, and announces it.
func (s *Sim) SetTeamMember(t *Team, user *Account, in bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	action := "added"
	if in {
		t.members[user] = "member"
		if t.org.members[user] == "" {
			t.org.members[user] = "member"
		}
	} else {
		delete(t.members, user)
		action = "removed"
	}
	s.emitAccount(t.org, "membership", action, t.org.anOwner(), object{
		"scope": "team", "member": s.userJSON(user), "team": s.teamJSON(t)})
}

// GrantTeam gives a team a permission (read, triage, write, maintain, admin) on a repository of its organisation.
func (s *Sim) GrantTeam(t *Team, repo *Repo, permission string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t.repos[repo] = permission
}

// RenameUser gives an account another login; its repositories move along with redirects.
func (s *Sim) RenameUser(a *Account, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.accounts, strings.ToLower(a.login))
	from := a.login
	a.login = login
	s.accounts[strings.ToLower(login)] = a
	for _, r := range s.repos {
		if r.owner == a {
			s.reindex(r, from+"/"+r.name)
		}
	}
	for _, inst := range s.insts {
		if inst.account == a && !inst.gone {
			s.emit(inst, "installation_target", "renamed", 0, a, object{
				"account": s.userJSON(a), "target_type": a.kind,
				"changes": object{"login": object{"from": from}}})
		}
	}
}

// UserToken makes a token of a person's own, as for GITHUB_TOKEN. It never expires.
func (s *Sim) UserToken(user *Account) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	value := s.secret("ghp_")
	s.tokens[value] = &token{user: user}
	return value
}

func nodeID(kind string, id int64) string {
	return base64.StdEncoding.EncodeToString([]byte("0" + strconv.Itoa(len(kind)) + ":" + kind + strconv.FormatInt(id, 10)))
}

// userJSON is the short form of an account, or null.
func (s *Sim) userJSON(a *Account) any {
	if a == nil {
		return nil
	}
	return s.accountJSON(a)
}

func (s *Sim) accountJSON(a *Account) object {
	api := s.base + "/users/" + a.login
	html := s.base + "/" + a.login
	if a.kind == kindBot {
		html = s.base + "/apps/" + strings.TrimSuffix(a.login, "[bot]")
		api = s.base + "/users/" + strings.ReplaceAll(strings.ReplaceAll(a.login, "[", "%5B"), "]", "%5D")
	}
	return object{
		"login": a.login, "id": a.id, "node_id": nodeID(a.kind, a.id), "type": a.kind, "site_admin": false,
		"avatar_url": s.base + "/_avatars/" + strconv.FormatInt(a.id, 10) + ".svg", "gravatar_id": "", "user_view_type": "public",
		"url": api, "html_url": html, "followers_url": api + "/followers", "following_url": api + "/following{/other_user}",
		"gists_url": api + "/gists{/gist_id}", "starred_url": api + "/starred{/owner}{/repo}",
		"subscriptions_url": api + "/subscriptions", "organizations_url": api + "/orgs", "repos_url": api + "/repos",
		"events_url": api + "/events{/privacy}", "received_events_url": api + "/received_events",
	}
}

func (s *Sim) orgJSON(a *Account) object {
	api := s.base + "/orgs/" + a.login
	return object{
		"login": a.login, "id": a.id, "node_id": nodeID(a.kind, a.id), "url": api, "repos_url": api + "/repos",
		"events_url": api + "/events", "hooks_url": api + "/hooks", "issues_url": api + "/issues",
		"members_url": api + "/members{/member}", "public_members_url": api + "/public_members{/member}",
		"avatar_url": s.base + "/_avatars/" + strconv.FormatInt(a.id, 10) + ".svg", "description": "",
	}
}

func (s *Sim) fullUserJSON(a *Account, self bool) object {
	o := s.accountJSON(a)
	public := 0
	for _, r := range s.repos {
		if r.owner == a && !r.private {
			public++
		}
	}
	extra := object{"name": stringOrNil(a.name), "company": nil, "blog": "", "location": nil, "email": stringOrNil(a.email),
		"hireable": nil, "bio": nil, "twitter_username": nil, "public_repos": public, "public_gists": 0, "followers": 0,
		"following": 0, "created_at": stamp(a.created), "updated_at": stamp(a.created)}
	if self {
		for _, k := range []string{"private_gists", "total_private_repos", "owned_private_repos", "disk_usage", "collaborators"} {
			extra[k] = 0
		}
		extra["two_factor_authentication"] = true
		extra["user_view_type"] = "private"
	}
	for k, v := range extra {
		o[k] = v
	}
	return o
}

func (s *Sim) fullOrgJSON(a *Account) object {
	o := s.orgJSON(a)
	for k, v := range (object{"name": a.name, "html_url": s.base + "/" + a.login, "has_organization_projects": true,
		"has_repository_projects": true, "public_repos": 0, "public_gists": 0, "followers": 0, "following": 0,
		"type": a.kind, "created_at": stamp(a.created), "updated_at": stamp(a.created), "archived_at": nil}) {
		o[k] = v
	}
	return o
}

func (s *Sim) teamJSON(t *Team) object {
	api := fmt.Sprintf("%s/organizations/%d/team/%d", s.base, t.org.id, t.id)
	return object{"id": t.id, "node_id": nodeID("Team", t.id), "name": t.name, "slug": t.slug, "description": "",
		"privacy": "closed", "notification_setting": "notifications_enabled", "permission": "pull", "type": "organization",
		"organization_id": t.org.id, "url": api, "html_url": s.base + "/orgs/" + t.org.login + "/teams/" + t.slug,
		"members_url": api + "/members{/member}", "repositories_url": api + "/repos", "parent": nil}
}

func (s *Sim) fullTeamJSON(t *Team) object {
	o := s.teamJSON(t)
	o["created_at"], o["updated_at"] = stamp(t.created), stamp(t.created)
	o["members_count"], o["repos_count"] = len(t.members), len(t.repos)
	o["organization"] = s.fullOrgJSON(t.org)
	return o
}

func (s *Sim) membershipJSON(org, user *Account) object {
	role := org.members[user]
	if role == "" {
		role = "member"
	}
	return object{"url": s.base + "/orgs/" + org.login + "/memberships/" + user.login, "state": "active", "role": role,
		"organization_url": s.base + "/orgs/" + org.login, "organization": s.orgJSON(org), "user": s.userJSON(user)}
}

// sorted lists accounts by id.
func sorted[V any](m map[*Account]V) []*Account {
	out := make([]*Account, 0, len(m))
	for a := range m {
		out = append(out, a)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].id < out[j].id })
	return out
}

func (c *call) org() *Account { return c.s.accounts[strings.ToLower(c.vars["org"])] }

func (c *call) team() *Team {
	for _, t := range c.org().teams {
		if t.slug == c.vars["team_slug"] {
			return t
		}
	}
	return nil
}

func (c *call) namedUser() *Account { return c.s.accounts[strings.ToLower(c.vars["username"])] }

func getUser(c *call) answer { return ok(c.s.fullUserJSON(c.who.user, true)) }

func getNamedUser(c *call) answer {
	a := c.namedUser()
	if a == nil {
		return notFound()
	}
	return ok(c.s.fullUserJSON(a, false))
}

func getOrg(c *call) answer {
	org := c.org()
	if org == nil || org.kind != kindOrg {
		return notFound()
	}
	return ok(c.s.fullOrgJSON(org))
}

func listMembers(c *call) answer {
	list := sorted(c.org().members)
	if role := c.query.Get("role"); role == "admin" || role == "member" {
		var some []*Account
		for _, m := range list {
			if c.org().members[m] == role {
				some = append(some, m)
			}
		}
		list = some
	}
	return listed(c, list, c.s.accountJSON)
}

func isMember(c *call) answer {
	if _, in := c.org().members[c.namedUser()]; in {
		return noContent()
	}
	return notFound()
}

func getMembership(c *call) answer {
	u := c.namedUser()
	if _, in := c.org().members[u]; u == nil || !in {
		return notFound()
	}
	return ok(c.s.membershipJSON(c.org(), u))
}

func listTeams(c *call) answer { return listed(c, c.org().teams, c.s.teamJSON) }

func getTeam(c *call) answer {
	if t := c.team(); t != nil {
		return ok(c.s.fullTeamJSON(t))
	}
	return notFound()
}

func listTeamMembers(c *call) answer {
	t := c.team()
	if t == nil {
		return notFound()
	}
	return listed(c, sorted(t.members), c.s.accountJSON)
}

func getTeamMembership(c *call) answer {
	t, u := c.team(), c.namedUser()
	if t == nil || u == nil || t.members[u] == "" {
		return notFound()
	}
	return ok(object{"url": fmt.Sprintf("%s/organizations/%d/team/%d/memberships/%s", c.s.base, t.org.id, t.id, u.login),
		"role": t.members[u], "state": "active"})
}

func getMeta(*call) answer {
	return ok(object{"verifiable_password_authentication": false, "hooks": []string{"127.0.0.0/8"}, "web": []string{}, "api": []string{}, "git": []string{}})
}

func getRateLimit(c *call) answer {
	return answer{status: http.StatusOK, body: c.s.rateLimitBody(c.who)}
}
