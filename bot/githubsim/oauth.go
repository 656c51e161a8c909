package githubsim

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// grant is a code of the sign-in that was not redeemed yet.
type grant struct {
	app       *App
	user      *Account
	redirect  string
	challenge string
	expires   time.Time
}

const (
	userTokenLife = 8 * time.Hour
	codeLife      = 10 * time.Minute
)

// authorize is the page on which a person allows an app to act for them. With
// login=NAME in the query (as GitHub's own hint for an account) and auto=1 it
// approves at once, for tests.
func (s *Sim) authorize(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, "bad form", http.StatusBadRequest)
		return
	}
	f := r.Form
	s.mu.Lock()
	defer s.mu.Unlock()
	var app *App
	for _, a := range s.apps {
		if a.ClientID == f.Get("client_id") && !a.deleted {
			app = a
		}
	}
	if app == nil {
		http.NotFound(w, r)
		return
	}
	redirect := f.Get("redirect_uri")
	if redirect == "" && len(app.callbacks) > 0 {
		redirect = app.callbacks[0]
	}
	to, err := url.Parse(redirect)
	if err != nil || to.Host == "" || !app.mayReturnTo(redirect) {
		http.Error(w, "The redirect_uri is not associated with this application.", http.StatusBadRequest)
		return
	}
	if m := f.Get("code_challenge_method"); f.Get("code_challenge") != "" && m != "S256" {
		http.Error(w, "Only the code challenge method S256 is supported.", http.StatusBadRequest)
		return
	}
	user := s.accounts[strings.ToLower(f.Get("login"))]
	approved := f.Get("auto") == "1" || (r.Method == http.MethodPost && f.Get("choice") == "allow")
	q := to.Query()
	if f.Has("state") {
		q.Set("state", f.Get("state"))
	}
	switch {
	case r.Method == http.MethodPost && f.Get("choice") == "cancel":
		q.Set("error", "access_denied")
		q.Set("error_description", "The user has denied your application access.")
	case approved && user != nil && user.kind == kindUser:
		code := s.secret("")[:20]
		s.grants[code] = &grant{app: app, user: user, redirect: redirect, challenge: f.Get("code_challenge"), expires: s.now().Add(codeLife)}
		q.Set("code", code)
	default:
		var people []*Account
		for _, k := range sortedKeys(s.accounts) {
			if s.accounts[k].kind == kindUser {
				people = append(people, s.accounts[k])
			}
		}
		hidden := url.Values{}
		for _, k := range []string{"client_id", "redirect_uri", "state", "code_challenge", "code_challenge_method", "scope"} {
			if f.Has(k) {
				hidden.Set(k, f.Get(k))
			}
		}
		s.page(w, "authorize", "Authorize "+app.name, map[string]any{"App": app.name, "People": names(people), "Hidden": hidden, "Chosen": f.Get("login"), "Return": to.Host})
		return
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func names(list []*Account) []map[string]string {
	var out []map[string]string
	for _, a := range list {
		out = append(out, map[string]string{"Login": a.login, "Name": a.name})
	}
	return out
}

func (a *App) mayReturnTo(redirect string) bool {
	if len(a.callbacks) == 0 {
		return true
	}
	for _, c := range a.callbacks {
		if redirect == c || strings.HasPrefix(redirect, strings.TrimSuffix(c, "/")+"/") {
			return true
		}
	}
	return false
}

// accessToken redeems a code, or renews a token by its refresh token. As on GitHub
// a refusal is an answer 200 with an error inside.
func (s *Sim) accessToken(w http.ResponseWriter, r *http.Request) {
	in := url.Values{}
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		var body map[string]string
		if json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&body) == nil {
			for k, v := range body {
				in.Set(k, v)
			}
		}
	} else if r.ParseForm() == nil {
		in = r.Form
	}
	if id, pass, basic := r.BasicAuth(); basic { // oauth2's first try
		in.Set("client_id", id)
		in.Set("client_secret", pass)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.redeem(in)
	if strings.Contains(r.Header.Get("Accept"), "json") {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(out) //nolint:errchkjson // words and numbers; the client may be gone
		return
	}
	form := url.Values{}
	for k, v := range out {
		switch v := v.(type) {
		case string:
			form.Set(k, v)
		case int:
			form.Set(k, strconv.Itoa(v))
		}
	}
	w.Header().Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	_, _ = w.Write([]byte(form.Encode()))
}

func (s *Sim) redeem(in url.Values) object {
	refuse := func(code, text string) object {
		return object{"error": code, "error_description": text, "error_uri": docsURL}
	}
	var app *App
	for _, a := range s.apps {
		if a.ClientID == in.Get("client_id") && subtle.ConstantTimeCompare([]byte(a.ClientSecret), []byte(in.Get("client_secret"))) == 1 {
			app = a
		}
	}
	if app == nil {
		return refuse("incorrect_client_credentials", "The client_id and/or client_secret passed are incorrect.")
	}
	var user *Account
	if in.Get("grant_type") == "refresh_token" { //nolint:nestif // the two grants
		for value, t := range s.tokens {
			if t.refresh != "" && t.refresh == in.Get("refresh_token") && t.app == app {
				user = t.user
				delete(s.tokens, value)
			}
		}
		if user == nil {
			return refuse("bad_refresh_token", "The refresh token passed is incorrect or expired.")
		}
	} else {
		g := s.grants[in.Get("code")]
		delete(s.grants, in.Get("code"))
		if g == nil || g.app != app || !s.now().Before(g.expires) {
			return refuse("bad_verification_code", "The code passed is incorrect or expired.")
		}
		if in.Get("redirect_uri") != "" && in.Get("redirect_uri") != g.redirect {
			return refuse("redirect_uri_mismatch", "The redirect_uri MUST match the registered callback URL for this application.")
		}
		if g.challenge != "" {
			sum := sha256.Sum256([]byte(in.Get("code_verifier")))
			if base64.RawURLEncoding.EncodeToString(sum[:]) != g.challenge {
				return refuse("bad_verification_code", "The code verifier does not match the code challenge.")
			}
		}
		user = g.user
	}
	value, refresh := s.secret("ghu_"), s.secret("ghr_")
	s.tokens[value] = &token{app: app, user: user, expires: s.now().Add(userTokenLife), refresh: refresh}
	return object{"access_token": value, "token_type": "bearer", "scope": "", "expires_in": int(userTokenLife / time.Second),
		"refresh_token": refresh, "refresh_token_expires_in": 15897600}
}

// RevokeUserTokens ends what a person allowed an app, as in the person's settings.
func (s *Sim) RevokeUserTokens(app *App, user *Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for value, t := range s.tokens {
		if t.user == user && t.app == app {
			delete(s.tokens, value)
		}
	}
	for _, inst := range s.insts {
		if inst.app == app && inst.account == user {
			s.emit(inst, "github_app_authorization", "revoked", 0, user, nil)
		}
	}
}

// manifest is what the registration form carries.
type manifest struct {
	Name           string `json:"name"`
	URL            string `json:"url"`
	HookAttributes struct {
		URL    string `json:"url"`
		Active *bool  `json:"active"`
	} `json:"hook_attributes"`
	RedirectURL        string            `json:"redirect_url"`
	CallbackURLs       []string          `json:"callback_urls"`
	SetupURL           string            `json:"setup_url"`
	Description        string            `json:"description"`
	Public             bool              `json:"public"`
	DefaultEvents      []string          `json:"default_events"`
	DefaultPermissions map[string]string `json:"default_permissions"`
}

// newApp shows the page that registers an app from a manifest, and registers it
// when its button was pressed. The owner is an organisation named in the path, or
// the first person there is.
func (s *Sim) newApp(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if r.Method != http.MethodPost || r.ParseForm() != nil {
		http.Error(w, "A manifest form is expected.", http.StatusBadRequest)
		return
	}
	var m manifest
	raw := r.PostForm.Get("manifest")
	if err := json.Unmarshal([]byte(raw), &m); err != nil || m.URL == "" || m.RedirectURL == "" {
		http.Error(w, "Invalid GitHub App configuration: the manifest needs url and redirect_url.", http.StatusUnprocessableEntity)
		return
	}
	to, err := url.Parse(m.RedirectURL)
	if err != nil || to.Host == "" {
		http.Error(w, "Invalid GitHub App configuration: redirect_url.", http.StatusUnprocessableEntity)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	owner := s.manifestOwner(r)
	if owner == nil {
		http.NotFound(w, r)
		return
	}
	state := r.URL.Query().Get("state")
	name := r.PostForm.Get("name")
	if name == "" {
		s.page(w, "newapp", "Create GitHub App for "+owner.login, map[string]any{"Manifest": raw, "State": state, "Name": m.Name, "Owner": owner.login,
			"Permissions": m.DefaultPermissions, "Events": m.DefaultEvents, "Hook": m.HookAttributes.URL,
			"Action": template.URL(r.URL.Path + "?state=" + url.QueryEscape(state))}) // #nosec G203 -- path of our own route
		return
	}
	slug := strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	if s.accounts[slug+"[bot]"] != nil {
		http.Error(w, "Name is already taken.", http.StatusUnprocessableEntity)
		return
	}
	events := m.DefaultEvents
	if events == nil {
		events = []string{}
	}
	perms := m.DefaultPermissions
	if perms == nil {
		perms = map[string]string{}
	}
	perms["metadata"] = "read"
	app := s.createApp(AppOptions{Owner: owner, Name: name, WebhookURL: m.HookAttributes.URL, WebhookSecret: s.secret(""), Permissions: perms,
		Events: events, CallbackURLs: m.CallbackURLs, SetupURL: m.SetupURL, Description: m.Description, ExternalURL: m.URL})
	code := s.secret("")
	s.manifests[code] = app
	q := to.Query()
	q.Set("code", code)
	if state != "" {
		q.Set("state", state)
	}
	to.RawQuery = q.Encode()
	http.Redirect(w, r, to.String(), http.StatusFound)
}

func (s *Sim) manifestOwner(r *http.Request) *Account {
	if org := r.PathValue("org"); org != "" {
		return s.accounts[strings.ToLower(org)]
	}
	var first *Account
	for _, a := range s.accounts {
		if a.kind == kindUser && (first == nil || a.id < first.id) {
			first = a
		}
	}
	return first
}

// convertManifest hands the credentials out, once.
func convertManifest(c *call) answer {
	app := c.s.manifests[c.vars["code"]]
	if app == nil {
		return notFound()
	}
	delete(c.s.manifests, c.vars["code"])
	o := c.s.appJSON(app)
	delete(o, "installations_count")
	o["client_secret"], o["webhook_secret"], o["pem"] = app.ClientSecret, app.WebhookSecret, string(app.PrivateKeyPEM)
	return created(o)
}
