package githubsim

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// principal is who makes a call: an app itself (JWT), an installation, a person
// through an app or with a token of their own, or nobody.
type principal struct {
	app  *App
	inst *Installation
	user *Account
	tok  *token
}

func (p principal) anonymous() bool { return p.app == nil && p.inst == nil && p.user == nil }

// key names the principal for the primary limit.
func (p principal) key() string {
	switch {
	case p.inst != nil:
		return strconv.FormatInt(p.inst.ID, 10)
	case p.user != nil:
		return "user:" + p.user.login
	case p.app != nil:
		return "app:" + p.app.Slug
	}
	return "anonymous"
}

// actorKey names the account that appears as author, for the limit on created content.
func (p principal) actorKey() string {
	if p.user != nil {
		return "user:" + p.user.login
	}
	if p.app != nil {
		return "bot:" + p.app.Slug
	}
	return "anonymous"
}

// actor is the account that appears as author and sender.
func (p principal) actor() *Account {
	switch {
	case p.user != nil:
		return p.user
	case p.app != nil:
		return p.app.bot
	}
	return nil
}

// token is an API token. Without an installation and an app it is a person's own.
type token struct {
	app     *App
	inst    *Installation
	user    *Account
	repos   map[int64]bool    // nil: all of the installation
	perms   map[string]string // nil: all of the installation
	expires time.Time         // zero: never
	refresh string
}

// authenticate reads the Authorization header. A refused call has a status.
func (s *Sim) authenticate(r *http.Request) (principal, answer) {
	h := r.Header.Get("Authorization")
	if h == "" {
		return principal{}, answer{}
	}
	kind, value, _ := strings.Cut(h, " ")
	value = strings.TrimSpace(value)
	bad := fail(http.StatusUnauthorized, "Bad credentials")
	if strings.EqualFold(kind, "basic") {
		raw, err := base64.StdEncoding.DecodeString(value)
		user, pass, found := strings.Cut(string(raw), ":")
		if err != nil || !found {
			return principal{}, bad
		}
		for _, a := range s.apps {
			if a.ClientID == user && a.ClientSecret == pass {
				return principal{app: a}, answer{}
			}
		}
		value = pass
	} else if !strings.EqualFold(kind, "bearer") && !strings.EqualFold(kind, "token") {
		return principal{}, bad
	}
	if strings.Count(value, ".") == 2 {
		return s.verifyJWT(value)
	}
	t := s.tokens[value]
	if t == nil || (!t.expires.IsZero() && !s.now().Before(t.expires)) {
		return principal{}, bad
	}
	if t.inst != nil {
		if t.inst.gone {
			return principal{}, bad
		}
		if !t.inst.suspendedAt.IsZero() {
			return principal{}, fail(http.StatusForbidden, "This installation has been suspended")
		}
	}
	return principal{app: t.app, inst: t.inst, user: t.user, tok: t}, answer{}
}

// verifyJWT checks an app's RS256 token as GitHub does: signature by the app's
// key, issued not in the future, expiring within ten minutes.
func (s *Sim) verifyJWT(raw string) (principal, answer) {
	undecodable := fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
	parts := strings.Split(raw, ".")
	var head struct{ Alg string }
	var claims struct {
		Iss json.RawMessage
		Iat json.Number
		Exp json.Number
	}
	if !decodePart(parts[0], &head) || !decodePart(parts[1], &claims) || head.Alg != "RS256" {
		return principal{}, undecodable
	}
	iss := strings.Trim(string(claims.Iss), `"`)
	var app *App
	for _, a := range s.apps {
		if !a.deleted && (iss == strconv.FormatInt(a.ID, 10) || iss == a.ClientID) {
			app = a
		}
	}
	if app == nil {
		return principal{}, fail(http.StatusNotFound, "Integration not found")
	}
	sig, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return principal{}, undecodable
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(&app.key.PublicKey, crypto.SHA256, sum[:], sig) != nil {
		return principal{}, undecodable
	}
	iat, err1 := claims.Iat.Float64()
	exp, err2 := claims.Exp.Float64()
	now := float64(s.opt.Now().Unix())
	switch {
	case err1 != nil || err2 != nil:
		return principal{}, fail(http.StatusUnauthorized, "Missing 'issued at' or 'expiration time' claim")
	case iat > now+60:
		return principal{}, fail(http.StatusUnauthorized, "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued")
	case exp <= now:
		return principal{}, fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires")
	case exp > now+660:
		return principal{}, fail(http.StatusUnauthorized, "'Expiration time' claim ('exp') is too far in the future")
	}
	return principal{app: app}, answer{}
}

func decodePart(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	return err == nil && json.Unmarshal(raw, into) == nil
}

// ranks orders a person's roles on a repository.
var ranks = map[string]int{"": 0, "none": 0, "read": 1, "triage": 2, "write": 3, "maintain": 4, "admin": 5}

// allowed resolves the repository of the route and checks the caller's right. Its
// answer has no status when the call may go on.
//
// access is "any", "app" (JWT), "user", "installation", or permissions as
// "issues:write|pull_requests:write", one of which must be held.
func (c *call) allowed(rt *route) answer {
	switch rt.access {
	case "any":
		return answer{}
	case "app":
		if c.who.app == nil || c.who.inst != nil || c.who.user != nil {
			return fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
		}
		if _, found := c.vars["owner"]; found {
			return c.findRepo()
		}
		return answer{}
	case "installation":
		if c.who.inst == nil {
			return fail(http.StatusForbidden, "You must authenticate with an installation access token in order to list repositories for an installation.")
		}
		return answer{}
	case "user":
		if c.who.user == nil {
			if c.who.inst != nil {
				return fail(http.StatusForbidden, "Resource not accessible by integration")
			}
			return fail(http.StatusUnauthorized, "Requires authentication")
		}
		return answer{}
	}
	if _, found := c.vars["repo"]; found {
		return c.allowedOnRepo(rt)
	}
	return c.allowedOnOrg(rt.access)
}

// findRepo resolves {owner}/{repo}, following renames by a redirect.
func (c *call) findRepo() answer {
	full := strings.ToLower(c.vars["owner"] + "/" + c.vars["repo"])
	repo := c.s.byName[full]
	if repo == nil {
		if id, moved := c.s.redirects[full]; moved && c.s.repos[id] != nil {
			return c.moved(c.s.repos[id])
		}
		return notFound()
	}
	c.repo = repo
	return answer{}
}

// moved is the permanent redirect of a renamed repository.
func (c *call) moved(repo *Repo) answer {
	if c.repoRole(repo) == 0 {
		return notFound()
	}
	path := strings.TrimPrefix(c.r.URL.EscapedPath(), "/api/v3")
	parts := strings.SplitN(strings.TrimPrefix(path, "/"), "/", 4)
	to := c.s.base + "/repositories/" + strconv.FormatInt(repo.id, 10)
	if len(parts) == 4 {
		to += "/" + parts[3]
	}
	if c.r.URL.RawQuery != "" {
		to += "?" + c.r.URL.RawQuery
	}
	status := http.StatusMovedPermanently
	if c.r.Method != http.MethodGet && c.r.Method != http.MethodHead {
		status = http.StatusTemporaryRedirect
	}
	a := answer{status: status, body: object{"message": "Moved Permanently", "url": to, "documentation_url": docsURL}}
	a.set("Location", to)
	return a
}

// repoRole is the caller's rank on the repository; an installation that has it counts as write.
func (c *call) repoRole(repo *Repo) int {
	public := 0
	if !repo.private {
		public = ranks["read"]
	}
	switch {
	case c.who.inst != nil:
		if c.who.inst.covers(repo) && (c.who.tok.repos == nil || c.who.tok.repos[repo.id]) {
			return ranks["write"]
		}
	case c.who.user != nil:
		if c.who.app != nil && c.s.installationFor(c.who.app, repo) == nil {
			return public
		}
		return max(public, ranks[repo.roleOf(c.who.user)])
	}
	return public
}

// permission is what the caller's installation grants: "", "read" or "write".
func (c *call) permission(name string, repo *Repo) string {
	switch {
	case c.who.tok != nil && c.who.tok.perms != nil:
		return c.who.tok.perms[name]
	case c.who.inst != nil:
		return c.who.inst.permissions[name]
	case c.who.app != nil && repo != nil:
		if inst := c.s.installationFor(c.who.app, repo); inst != nil {
			return inst.permissions[name]
		}
	}
	return ""
}

func (c *call) allowedOnRepo(rt *route) answer {
	if c.who.app != nil && c.who.inst == nil && c.who.user == nil {
		return fail(http.StatusUnauthorized, "A JSON web token could not be decoded")
	}
	if a := c.findRepo(); a.status != 0 {
		return a
	}
	role := c.repoRole(c.repo)
	if role == 0 {
		c.repo = nil
		return notFound()
	}
	write := rt.method != http.MethodGet
	if c.who.anonymous() && write {
		return fail(http.StatusUnauthorized, "Requires authentication")
	}
	if c.repo.blocked != 0 {
		return answer{status: c.repo.blocked, body: object{"message": "Repository access blocked", "block": object{
			"reason": "dmca", "created_at": stamp(c.s.now()), "html_url": docsURL}}}
	}
	if c.repo.archived && write && rt.template != "/repos/{owner}/{repo}" {
		return fail(http.StatusForbidden, "Repository was archived so is read-only.")
	}
	if c.who.app != nil {
		return c.allowedByApp(rt, role)
	}
	if write && role < ranks["write"] && !readersMay[rt.template] {
		return fail(http.StatusForbidden, "Must have push access to repository.")
	}
	return answer{}
}

// allowedByApp checks the permission of an installation, or of a person through an app.
func (c *call) allowedByApp(rt *route, role int) answer {
	need := func(spec string) bool {
		name, level, _ := strings.Cut(spec, ":")
		have := c.permission(name, c.repo)
		return have == level || have == "write" || (name == "metadata" && level == "read")
	}
	granted := false
	for _, spec := range strings.Split(rt.access, "|") {
		granted = granted || need(spec)
	}
	covered := c.s.installationFor(c.who.app, c.repo) != nil
	if c.who.inst != nil {
		covered = c.who.inst.covers(c.repo)
	}
	write := rt.method != http.MethodGet
	// Whatever is public may be read without any installation.
	if !covered && !c.repo.private && !write && !strings.HasPrefix(rt.access, "administration") {
		return answer{}
	}
	if !granted || (write && role < ranks["write"] && (c.who.user == nil || !readersMay[rt.template])) {
		a := fail(http.StatusForbidden, "Resource not accessible by integration")
		a.set("X-Accepted-GitHub-Permissions", strings.ReplaceAll(strings.ReplaceAll(rt.access, ":", "="), "|", "; "))
		return a
	}
	return answer{}
}

// readersMay are the writes open to whoever can read the repository.
var readersMay = map[string]bool{
	"/repos/{owner}/{repo}/issues":                                 true,
	"/repos/{owner}/{repo}/issues/{issue_number}":                  true,
	"/repos/{owner}/{repo}/issues/{issue_number}/comments":         true,
	"/repos/{owner}/{repo}/issues/comments/{comment_id}":           true,
	"/repos/{owner}/{repo}/issues/comments/{comment_id}/reactions": true,
	"/repos/{owner}/{repo}/issues/{issue_number}/reactions":        true,
	"/repos/{owner}/{repo}/pulls":                                  true,
}

// allowedOnOrg checks access to an organisation's members and teams.
func (c *call) allowedOnOrg(access string) answer {
	org := c.s.accounts[strings.ToLower(c.vars["org"])]
	if org == nil || org.kind != kindOrg {
		return notFound()
	}
	name, _, _ := strings.Cut(access, ":")
	switch {
	case c.who.inst != nil:
		if c.who.inst.account != org || c.permission(name, nil) == "" {
			return fail(http.StatusForbidden, "Resource not accessible by integration")
		}
	case c.who.user != nil:
		if _, member := org.members[c.who.user]; !member {
			return notFound()
		}
	default:
		return fail(http.StatusUnauthorized, "Requires authentication")
	}
	return answer{}
}
