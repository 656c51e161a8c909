// Package web is everything that people see in a browser, and the JSON interface: sign-in, the mentors' pages, the public portfolio, badges,
// the operator's page and the set-up of a new app.
//
// Pages are rendered on the server and work without JavaScript. What they show comes from storage; GitHub is asked what a person may see, and to which
// teams and organisations people belong. Every handler goes through [Server.page] or [Server.api], which find out who asks, turn errors into pages or JSON, and set the
// security headers.
package web

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"
	"golang.org/x/time/rate"

	"milepost/bot/gh"
	"milepost/rules"
	"milepost/storage"
)

// Setup is what the set-up page needs while there is no app.
type Setup struct {
	// Token must be given by whoever opens the page; it is printed when the server starts. "" asks for none.
	Token string
	// Hook is where GitHub shall send deliveries, if not to the server itself: the channel of a tunnel.
	Hook string
	// Save keeps the new app's credentials and brings the server into service.
	Save func(ctx context.Context, c gh.Credentials) error
}

// Config is what the pages are made of. Store, SessionSecret and Roadmap are required.
type Config struct {
	Store            *storage.Store
	SignIn           *gh.SignIn // nil while no app is configured
	AppSlug, AppName string
	PublicURL        string // "https://milepost.example.org"; "" when nobody said so
	ServerURL        string // GitHub's pages; "" is https://github.com
	APIURL           string // GitHub's interface; "" is https://api.github.com
	WebhookPath      string
	SessionSecret    []byte   // 16 bytes at least
	Admins           []string // logins that see the operator's page
	Roadmap          *rules.Roadmap
	Retention        storage.Retention // what the page about privacy says; zero fields are defaults
	Now              func() time.Time
	Log              *slog.Logger
	Setup            *Setup            // nil once an app is configured
	Metrics          http.Handler      // for this machine alone; nil: none here
	Transport        http.RoundTripper // towards GitHub during set-up; nil is the default
}

// Server serves the pages. It is safe for concurrent use.
type Server struct {
	cfg       Config
	box       *sealer
	templates *templates
	assets    *assets
	cohort    *cohort
	bearers   *bearers
	sights    *recent[*recalled]
	unknown   *rate.Limiter // tokens that are new here
	mux       *http.ServeMux
	asking    singleflight.Group // one question to GitHub for each person at a time
	secure    bool               // cookies are for https only
	setUp     atomic.Bool        // the app was made by this process
	cold      atomic.Bool        // what pages need is being read

	memberships *answers[bool]
	teamLists   *answers[[]gh.Team]
	teamMembers *answers[*team]
}

// minSecret is the least number of bytes of a session secret.
const minSecret = 16

// New checks the configuration, reads the templates and returns a handler for everything but the webhook path.
func New(cfg Config) (*Server, error) {
	switch {
	case cfg.Store == nil:
		return nil, errors.New("web: a store is needed")
	case cfg.Roadmap == nil:
		return nil, errors.New("web: a roadmap is needed")
	case len(cfg.SessionSecret) < minSecret:
		return nil, fmt.Errorf("web: SESSION_SECRET needs %d characters or more; `openssl rand -hex 32` makes a good one", minSecret)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.Default()
	}
	cfg.ServerURL = strings.TrimSuffix(orElse(cfg.ServerURL, "https://github.com"), "/")
	cfg.APIURL = strings.TrimSuffix(orElse(cfg.APIURL, "https://api.github.com"), "/")
	cfg.PublicURL = strings.TrimSuffix(cfg.PublicURL, "/")
	cfg.AppName = orElse(cfg.AppName, "Milepost")
	for _, a := range []string{cfg.ServerURL, cfg.APIURL, cfg.PublicURL} {
		if u, err := url.Parse(a); err != nil || a != "" && u.Host == "" {
			return nil, fmt.Errorf("web: %q is no address such as https://example.org", a)
		}
	}
	box, err := newSealer(cfg.SessionSecret)
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, box: box, secure: strings.HasPrefix(cfg.PublicURL, "https://"), bearers: newBearers(cfg.Now), unknown: rate.NewLimiter(rate.Every(unknownEach), unknownBurst), sights: &recent[*recalled]{most: sightsMost},
		memberships: &answers[bool]{}, teamLists: &answers[[]gh.Team]{}, teamMembers: &answers[*team]{}}
	s.cohort = newCohort(cfg.Store, cfg.Roadmap, cfg.Now)
	if s.assets, err = loadAssets(); err != nil {
		return nil, err
	}
	if s.templates, err = loadTemplates(s); err != nil {
		return nil, err
	}
	s.mux = s.routes()
	return s, nil
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// routes names every address there is.
func (s *Server) routes() *http.ServeMux {
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", s.healthz)
	m.HandleFunc("GET /readyz", s.readyz)
	m.HandleFunc("GET /assets/{file}", s.assets.serve)
	if s.cfg.Metrics != nil {
		m.HandleFunc("GET /metrics", s.metrics)
	}
	m.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.assets.url("icon.svg"), http.StatusFound)
	})
	s.pageRoutes(m)
	s.apiRoutes(m)
	return m
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.headers(w)
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	s.mux.ServeHTTP(w, r)
}

// maxForm bounds what a browser may send, in bytes.
const maxForm = 64 << 10

// metrics are for who asks from this machine. What a proxy hands on comes from elsewhere.
func (s *Server) metrics(w http.ResponseWriter, r *http.Request) {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !from.Addr().Unmap().IsLoopback() || r.Header.Get("Forwarded") != "" || r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("X-Real-Ip") != "" || r.Header.Get("Via") != "" {
		http.Error(w, "metrics are for this machine alone, unless METRICS_ADDR says where else", http.StatusForbidden)
		return
	}
	s.cfg.Metrics.ServeHTTP(w, r)
}

// healthz says that the process answers.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n")) // a client that went away needs no answer
}

// Cold keeps readyz from saying ready until Warm, which must follow, has ended.
func (s *Server) Cold() { s.cold.Store(true) }

// Warm reads what the first pages would have to read, and keeps readyz from saying ready meanwhile. Of a failure nothing is lost but time.
func (s *Server) Warm(ctx context.Context) {
	s.Cold()
	defer s.cold.Store(false)
	err := s.cohort.warm(ctx)
	if err == nil {
		err = s.foresee(ctx)
	}
	if err != nil && ctx.Err() == nil {
		s.cfg.Log.WarnContext(ctx, "the first pages will be slow", "error", err)
	}
}

// foresee brings together what those see who were here last.
func (s *Server) foresee(ctx context.Context) error {
	people, err := s.cfg.Store.RecentAccess(ctx, viewsMost)
	for _, id := range slices.Backward(people) { // the newest is remembered longest
		v := &viewer{user: storage.User{ID: id}}
		if err = errors.Join(err, s.recall(ctx, v)); err == nil {
			_, err = s.cohort.see(ctx, v.ids)
		}
	}
	return err
}

// readyz says whether the process can do its work: the database answers and takes writes, and pages need no long reading.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 2*time.Second)
	defer cancel()
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if err := s.cfg.Store.Ping(ctx); err != nil {
		s.cfg.Log.WarnContext(r.Context(), "not ready", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("the database does not answer\n"))
		return
	}
	if s.cold.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("starting\n"))
		return
	}
	_, _ = w.Write([]byte("ready\n"))
}

// admin reports whether a login is an operator's.
func (s *Server) admin(login string) bool {
	return slices.ContainsFunc(s.cfg.Admins, func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), login) && login != "" })
}

// base is the address that links in pages for other sites start with: the configured one. Without one, as on a machine of one's own, it is the address that
// was asked for.
func (s *Server) base(r *http.Request) string {
	if s.cfg.PublicURL != "" {
		return s.cfg.PublicURL
	}
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + r.Host
}
