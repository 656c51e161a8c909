package web

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"milepost/bot/gh"
)

// permission is a right that the app asks for.
type permission struct{ Name, Access, Why string }

// permissions are the least with which everything works.
var permissions = []permission{
	{"metadata", "read", "the names of repositories and who works on them; every app has it"},
	{"contents", "read", "read files and history, to judge them; the app never writes to code"},
	{"issues", "write", "keep the one progress issue, answer commands in comments"},
	{"pull_requests", "write", "see pull requests and keep one comment on those that move a milestone"},
	{"checks", "write", "show the check “Milepost” on commits, and hear whether CI is green"},
	{"actions", "read", "see whether the CI run on the default branch succeeded"},
	{"deployments", "read", "see whether the project is deployed"},
	{"members", "read", "know who belongs to a team that the configuration names as mentors"},
}

// events are what the app hears of; installations and the app's own check runs are told to every app.
var events = []string{
	"push", "pull_request", "pull_request_review", "issues", "issue_comment", "check_run", "check_suite", "workflow_run", "deployment_status", "merge_group", "repository", "member",
}

const setupCookie = "setup"

type setupState struct {
	State string    `json:"s"`
	Until time.Time `json:"u"`
}

// setupAllowed is nil while there is no app yet.
func (s *Server) setupAllowed() error {
	if s.cfg.Setup == nil || s.setUp.Load() {
		return errNotFound
	}
	return nil
}

var orgPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}$`) })

type setupBody struct {
	NeedToken, WrongToken bool
	Token, Org, Name      string
	Action, Manifest      string
	Permissions           []permission
	Events                []string
	Base, Hook            string
	Local                 bool
	Done                  *gh.Credentials
	BadOrg                bool
}

// setupPage shows what the app will be, and posts its manifest to GitHub.
func (s *Server) setupPage(p *request) error {
	if err := s.setupAllowed(); err != nil {
		return err
	}
	q := p.URL.Query()
	body := setupBody{Permissions: permissions, Events: events, Base: s.base(p.Request), Token: q.Get("token"), Org: strings.TrimSpace(q.Get("org")), Name: orElse(cut(strings.TrimSpace(q.Get("name")), 34), "Milepost")}
	if want := s.cfg.Setup.Token; want != "" && !hmac.Equal([]byte(body.Token), []byte(want)) {
		body = setupBody{NeedToken: true, WrongToken: body.Token != ""}
		return p.show("setup", p.layout("Set up", "", body))
	}
	if body.Org != "" && !orgPattern().MatchString(body.Org) {
		body.Org, body.BadOrg = "", true
	}
	body.Hook = body.Base + orElse(s.cfg.WebhookPath, "/api/github/webhooks")
	host, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(body.Base, "https://"), "http://"), ":")
	body.Local = host == "localhost" || strings.HasPrefix(host, "127.") || strings.HasSuffix(host, ".local")
	st := setupState{State: newToken(), Until: s.cfg.Now().Add(time.Hour)}
	sealed, err := s.box.seal("setup", st)
	if err != nil {
		return err
	}
	s.setCookie(p.w, setupCookie, base64.RawURLEncoding.EncodeToString(sealed), time.Hour)
	path := "/settings/apps/new"
	if body.Org != "" {
		path = "/organizations/" + url.PathEscape(body.Org) + path
	}
	body.Action = s.cfg.ServerURL + path + "?state=" + url.QueryEscape(st.State)
	manifest, err := json.Marshal(s.manifest(body))
	if err != nil {
		return fmt.Errorf("web: encode manifest: %w", err)
	}
	body.Manifest = string(manifest)
	p.w.Header().Set("Content-Security-Policy", csp(origin(s.cfg.ServerURL)))
	return p.show("setup", p.layout("Set up", "", body))
}

// origin is scheme and host of an address.
func origin(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}

// manifest is what GitHub makes the app from.
func (s *Server) manifest(b setupBody) map[string]any {
	rights := map[string]string{}
	for _, p := range permissions {
		rights[p.Name] = p.Access
	}
	return map[string]any{
		"name": b.Name, "url": b.Base, "description": "Shows how far a repository has come on the road to backend developer. Reads code, never writes it.",
		"hook_attributes": map[string]any{"url": b.Hook, "active": true}, "redirect_url": b.Base + "/setup/callback", "callback_urls": []string{b.Base + "/login/callback"},
		"setup_url": b.Base + "/today", "public": b.Org == "", "default_permissions": rights, "default_events": slices.Clone(events), "request_oauth_on_install": false,
	}
}

// setupCallback takes the new app's credentials from GitHub and hands them over to be kept.
func (s *Server) setupCallback(p *request) error {
	if err := s.setupAllowed(); err != nil {
		return err
	}
	var st setupState
	raw, err := base64.RawURLEncoding.DecodeString(s.cookie(p.Request, setupCookie))
	s.setCookie(p.w, setupCookie, "", 0)
	got := p.URL.Query().Get("state")
	if err != nil || s.box.open("setup", raw, &st) != nil || got == "" || !hmac.Equal([]byte(got), []byte(st.State)) || s.cfg.Now().After(st.Until) {
		return &pageError{http.StatusBadRequest, "This set-up cannot be completed", "It was started in another browser, or too long ago. Open the set-up page again."}
	}
	code := p.URL.Query().Get("code")
	if code == "" || len(code) > 200 {
		return &pageError{http.StatusBadRequest, "GitHub sent no code", "The app was not made. Open the set-up page and try once more."}
	}
	if !s.setUp.CompareAndSwap(false, true) { // one at a time, and one only
		return errNotFound
	}
	creds, err := gh.ConvertManifest(p.Context(), gh.Config{APIURL: s.cfg.APIURL, ServerURL: s.cfg.ServerURL, Transport: s.cfg.Transport, Now: s.cfg.Now}, code)
	if err == nil {
		err = s.cfg.Setup.Save(p.Context(), creds)
	}
	if err != nil {
		s.setUp.Store(false)
		return fmt.Errorf("web: set up the app: %w", err)
	}
	s.cfg.Log.InfoContext(p.Context(), "the GitHub App was set up", "app", creds.Slug, "id", creds.ID)
	creds.PEM, creds.ClientSecret, creds.WebhookSecret = "", "", ""
	l := p.layout("The app is ready", "", setupBody{Done: &creds})
	l.Slug = creds.Slug
	return p.show("setup", l)
}
