package web

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
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
	l := p.layout("The app is ready", "", setupBody{Step: 3, Done: &creds})
	l.Slug, l.Path = creds.Slug, "" // the code is spent: there is nothing to load again
	return p.show("setup", l)
}
