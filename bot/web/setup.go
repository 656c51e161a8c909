package web

import (
	"cmp"
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"milepost/bot/gh"
)

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

// setupBody is what the pages of the set-up show. They are steps, each with one thing to do: the token, whose app it is, its making, its installation.
type setupBody struct {
	Step               int // 1: whose app, 2: make it, 3: install it; 0: the token is asked for
	WrongToken, BadOrg bool
	Token, Org, Name   string
	Own                bool // only its owner's account may install it
	Action, Manifest   string
	Permissions        []gh.Permission
	Events             []string
	Base, Hook         string
	Local, Tunnel      bool // the address is for this machine only; deliveries come by a tunnel
	Done               *gh.Credentials
	Delete             string // where the app that was made for nothing is deleted: another one came first
}

// Way names the steps that follow the token.
func (setupBody) Way() []string { return []string{"Whose app", "Create it", "Install it"} }

// setupPage asks whose the app will be, then shows what it will be and posts its manifest to GitHub.
func (s *Server) setupPage(p *request) error {
	if err := s.setupAllowed(); err != nil {
		return err
	}
	q := p.URL.Query()
	if want := s.cfg.Setup.Token; want != "" && !hmac.Equal([]byte(q.Get("token")), []byte(want)) {
		return p.show("setup", p.layout("Set up", "", setupBody{WrongToken: q.Get("token") != ""}))
	}
	body := setupBody{Step: 1, Token: q.Get("token"), Org: strings.TrimSpace(q.Get("org")), Name: cut(strings.TrimSpace(q.Get("name")), 34), Own: q.Get("install") == "own", Base: s.base(p.Request)}
	body.BadOrg = body.Org != "" && !orgPattern().MatchString(body.Org)
	if body.Name != "" && !body.BadOrg && !q.Has("change") {
		body.Step = 2
		return s.setupReview(p, body)
	}
	body.Name = orElse(body.Name, "Milepost")
	return p.show("setup", p.layout("Set up", "", body))
}

// setupReview shows what the app will be. Its button posts the manifest to GitHub, with a state that only this browser can bring back.
func (s *Server) setupReview(p *request, body setupBody) error {
	body.Permissions, body.Events = gh.Permissions(), gh.Events()
	body.Hook = orElse(s.cfg.Setup.Hook, body.Base+orElse(s.cfg.WebhookPath, "/api/github/webhooks"))
	body.Local = localAddress(body.Hook)
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

// localAddress reports whether an address means the machine itself, or one that only its neighbours know.
func localAddress(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || ip != nil && (ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified())
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
	for _, p := range b.Permissions {
		rights[p.Name] = p.Access
	}
	return map[string]any{
		"name": b.Name, "url": b.Base, "description": "Shows how far a repository has come on the road to backend developer. Reads code, never writes it.",
		"hook_attributes": map[string]any{"url": b.Hook, "active": true}, "redirect_url": b.Base + "/setup/callback", "callback_urls": []string{b.Base + "/login/callback"},
		"setup_url": b.Base + "/today", "public": !b.Own, "default_permissions": rights, "default_events": b.Events, "request_oauth_on_install": false,
	}
}

// ErrSetUp is what Setup.Save answers when another app is there already: two people, or two processes, set one up at the same moment.
var ErrSetUp = errors.New("an app is set up already")

// setupCallback takes the new app's credentials from GitHub and hands them over to be kept. A browser that began a set-up here and comes back too
// late is told so: its app exists at GitHub, and only it knows.
func (s *Server) setupCallback(p *request) error {
	over := s.setupAllowed()
	var st setupState
	raw, err := base64.RawURLEncoding.DecodeString(s.cookie(p.Request, setupCookie))
	s.setCookie(p.w, setupCookie, "", 0)
	got := p.URL.Query().Get("state")
	if err != nil || s.box.open("setup", raw, &st) != nil || got == "" || !hmac.Equal([]byte(got), []byte(st.State)) || s.cfg.Now().After(st.Until) {
		return cmp.Or(over, error(&pageError{http.StatusBadRequest, "This set-up cannot be completed", "It was started in another browser, or too long ago. Open the set-up page again."}))
	}
	code := p.URL.Query().Get("code")
	if code == "" || len(code) > 200 {
		return cmp.Or(over, error(&pageError{http.StatusBadRequest, "GitHub sent no code", "The app was not made. Open the set-up page and try once more."}))
	}
	creds, err := gh.ConvertManifest(p.Context(), gh.Config{APIURL: s.cfg.APIURL, ServerURL: s.cfg.ServerURL, Transport: s.cfg.Transport, Now: s.cfg.Now}, code)
	if err == nil {
		err = over
	}
	if err == nil {
		err = s.cfg.Setup.Save(p.Context(), creds)
	}
	if creds.ID != 0 && (over != nil || errors.Is(err, ErrSetUp)) {
		return s.setupLost(p, creds)
	}
	if err != nil {
		return fmt.Errorf("web: set up the app: %w", err)
	}
	s.setUp.Store(true)
	s.cfg.Log.InfoContext(p.Context(), "the GitHub App was set up", "app", creds.Slug, "id", creds.ID)
	return s.setupDone(p, http.StatusOK, "The app is ready", setupBody{Done: &creds})
}

// setupLost says that another app came first, and where the one that was made for nothing is deleted.
func (s *Server) setupLost(p *request, creds gh.Credentials) error {
	where := s.cfg.ServerURL
	if creds.Owner.Type == "Organization" {
		where += "/organizations/" + url.PathEscape(creds.Owner.Login)
	}
	s.cfg.Log.WarnContext(p.Context(), "an app was made for nothing: another one is set up already", "app", creds.Slug, "id", creds.ID)
	return s.setupDone(p, http.StatusConflict, "Another app came first", setupBody{Done: &creds, Delete: where + "/settings/apps/" + url.PathEscape(creds.Slug) + "/advanced"})
}

// setupDone shows how the set-up ended, without its secrets.
func (s *Server) setupDone(p *request, status int, title string, body setupBody) error {
	body.Step = 3
	body.Done.PEM, body.Done.ClientSecret, body.Done.WebhookSecret = "", "", ""
	l := p.layout(title, "", body)
	l.Path = "" // the code is spent: there is nothing to load again
	if body.Delete == "" {
		l.Slug = body.Done.Slug
	}
	return s.templates.render(p.w, status, "setup", l)
}
