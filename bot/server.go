package bot

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"milepost/bot/evaluate"
	"milepost/bot/gh"
	"milepost/bot/publish"
	"milepost/bot/web"
	"milepost/bot/webhook"
	"milepost/bot/work"
	"milepost/rules/roadmaps"
	"milepost/storage"
)

// Options are what a process gives a server besides its configuration.
type Options struct {
	LogTo     io.Writer         // default standard error
	Transport http.RoundTripper // to GitHub; nil is the default
	Now       func() time.Time
	// Observe is told of every run of a worker, for tests and the demonstration.
	Observe func(work.Event)
	// CallTimeout bounds one call to GitHub; 0 is the default of package gh.
	CallTimeout time.Duration
	// HeaderTimeout is how long a client may take for the head of a request (default 10 s); StopWithin how long Stop may take (default 25 s).
	HeaderTimeout, StopWithin time.Duration
	// MeetAgain is how often GitHub is asked who the app is while it does not answer (default 10 s).
	MeetAgain time.Duration
	// Work, if set, changes how the workers run, before they start: poll and lease, for a clock that does not go as the system's does.
	Work func(*work.Config)
	// LookForSetup is how often a server without an app looks whether another process has set one up (default 5 s); PostgreSQL tells it besides.
	LookForSetup time.Duration
}

// Server is a running Milepost. Make one with Start, end it with Stop.
type Server struct {
	cfg     Config
	opts    Options
	log     *slog.Logger
	store   *storage.Store
	secret  []byte
	metrics *metrics
	tracer  tracer

	http, metricsHTTP *http.Server
	listener          net.Listener
	errs              chan error

	assembling sync.Mutex // one assembly at a time

	mu        sync.RWMutex
	assembled bool         // the parts that depend on the app are there
	hooks     http.Handler // nil until an app is configured
	pages     http.Handler
	runner    *work.Runner

	warming    sync.WaitGroup       // what reads ahead for the pages
	endWarming []context.CancelFunc // ends it
	endWaiting func()               // ends the wait for a set-up; nil without one
	endMeeting func()               // ends the wait for GitHub
	endTunnel  func()               // ends the webhook tunnel and waits for it; nil without one
}

// Start opens the database, the intake, the workers and the pages, and listens. The error is one sentence with its remedy.
func Start(ctx context.Context, cfg Config, opts Options) (*Server, error) {
	if opts.Now == nil {
		opts.Now = time.Now
	}
	opts.HeaderTimeout = cmp.Or(opts.HeaderTimeout, headerTimeout)
	opts.StopWithin = cmp.Or(opts.StopWithin, stopWithin)
	s := &Server{cfg: cfg, opts: opts, log: logger(cfg, opts.LogTo), errs: make(chan error, 2)}
	var err error
	if s.store, err = storage.Open(ctx, cfg.DatabaseURL, storage.Options{Logger: s.log, Now: opts.Now}); err != nil {
		return nil, err
	}
	s.metrics = newMetrics(s.store, opts.Now)
	if s.tracer, err = newTracer(ctx, cfg.Tracing, s.log); err != nil {
		_ = s.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	// The address is taken first: what is assembled tells people where to come back to. Nothing is answered before all of it stands.
	if cfg.Role != RoleWorker {
		err = s.listen(ctx)
	}
	if err == nil {
		s.secret, err = sessionSecret(ctx, s.store, cfg.SessionSecret)
	}
	if err == nil {
		err = s.assemble(ctx)
	}
	if err == nil {
		err = s.compareSecret(ctx)
	}
	if err == nil && s.listener != nil {
		go s.serve(s.http, s.listener)
	}
	if err == nil && cfg.MetricsAddr != "" {
		err = s.serveMetrics(ctx)
	}
	if err != nil {
		_ = s.Stop(context.WithoutCancel(ctx))
		return nil, err
	}
	return s, nil
}

// compareSecret says so when the last process of this database had another session secret: it may still run, and then neither can read what the
// other seals. A secret that was changed on purpose looks the same.
func (s *Server) compareSecret(ctx context.Context) error {
	differs, err := markSecret(ctx, s.store, s.secret)
	if differs {
		s.log.WarnContext(ctx, "SESSION_SECRET is not the one that this database was last used with: people sign in anew, and an address of the set-up page that was printed before does not count any more. If other processes run, give all of them the same SESSION_SECRET and restart them")
	}
	return err
}

func logger(cfg Config, w io.Writer) *slog.Logger {
	if w == nil {
		w = os.Stderr
	}
	level, _ := cfg.level() // validated
	o := &slog.HandlerOptions{Level: level}
	if cfg.LogFormat == "json" {
		return slog.New(attrHandler{slog.NewJSONHandler(w, o)})
	}
	return slog.New(attrHandler{slog.NewTextHandler(w, o)})
}

// assemble makes the parts that depend on the app's credentials; while there are none, the set-up page. Once they are made it does nothing.
func (s *Server) assemble(ctx context.Context) error {
	s.assembling.Lock()
	defer s.assembling.Unlock()
	if s.hasApp() {
		return nil
	}
	creds, ok, err := credentials(ctx, s.cfg, s.store, s.secret)
	if err != nil {
		return err
	}
	roadmap, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		return fmt.Errorf("bot: %w", err)
	}
	wc := web.Config{
		Store: s.store, PublicURL: s.cfg.PublicURL, ServerURL: s.cfg.ServerURL, APIURL: s.cfg.APIURL, WebhookPath: s.cfg.WebhookPath, SessionSecret: s.secret,
		Admins: s.cfg.Admins, Roadmap: roadmap, Now: s.opts.Now, Log: s.log, Transport: s.opts.Transport, Retention: s.cfg.retention(),
	}
	if s.cfg.MetricsAddr == "" {
		wc.Metrics = s.metrics.handler()
	}
	if !ok {
		return s.offerSetup(ctx, wc)
	}
	if err := s.activate(ctx, creds, wc); err != nil {
		return err
	}
	s.swap(func() { s.assembled = true })
	return nil
}

// base is the address people use, as far as it is known.
func (s *Server) base() string {
	if s.cfg.PublicURL != "" {
		return strings.TrimSuffix(s.cfg.PublicURL, "/")
	}
	port := fmt.Sprint(s.cfg.Port)
	if s.listener != nil {
		if _, chosen, err := net.SplitHostPort(s.listener.Addr().String()); err == nil {
			port = chosen
		}
	}
	return "http://" + net.JoinHostPort(cmp.Or(s.cfg.Host, "localhost"), port)
}

// activate makes intake, workers and pages for an app.
func (s *Server) activate(ctx context.Context, creds gh.Credentials, wc web.Config) error {
	gc := gh.Config{
		AppID: creds.ID, PrivateKey: []byte(creds.PEM), APIURL: s.cfg.APIURL, ServerURL: s.cfg.ServerURL, ClientID: creds.ClientID, ClientSecret: creds.ClientSecret,
		Transport: s.opts.Transport, Now: s.opts.Now, OnCall: s.metrics.call, ETags: etags{s.store}, Limits: limits{s.store}, CallTimeout: s.opts.CallTimeout,
	}
	app, err := gh.New(gc)
	if err != nil {
		return err
	}
	known, err := s.introduce(ctx, app, &creds)
	if err != nil {
		return err
	}
	wc.AppSlug, wc.AppName = creds.Slug, creds.Name
	if creds.ClientID != "" && creds.ClientSecret != "" {
		if wc.SignIn, err = gh.NewSignIn(gc, s.base()+"/login/callback"); err != nil {
			return err
		}
	}
	secrets := s.cfg.WebhookSecret
	if creds.WebhookSecret != "" {
		secrets = append([]string{creds.WebhookSecret}, secrets...)
	}
	hooks, err := webhook.New(webhook.Config{Secrets: secrets, Store: s.store, Observe: s.metrics.delivery, Now: s.opts.Now, Logger: s.log})
	if err != nil {
		return err
	}
	pages, err := web.New(wc)
	if err != nil {
		return fmt.Errorf("bot: %w", err)
	}
	actor := &evaluate.Actor{
		Store: s.store, App: app, AppID: creds.ID, Slug: creds.Slug, PublicURL: s.cfg.PublicURL, Now: s.opts.Now, Log: s.log, OnCheck: s.metrics.check,
		Publisher: &publish.Publisher{Store: s.store, AppID: creds.ID, Slug: creds.Slug, Log: s.log},
	}
	if s.cfg.Role != RoleWorker {
		pages.Cold()
	}
	s.swap(func() { s.hooks, s.pages = s.tracer.intake(hooks), s.tracer.page(pages) })
	if s.cfg.Role != RoleWorker {
		ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		s.swap(func() { s.endWarming = append(s.endWarming, cancel) })
		s.warming.Go(func() { pages.Warm(ctx) })
	}
	if s.cfg.WebhookProxy != "" && s.cfg.Role != RoleWorker && s.endTunnel == nil {
		s.startTunnel(ctx, hooks)
	}
	if !known {
		s.log.WarnContext(ctx, "GitHub does not answer; deliveries are taken, and work begins once it does")
		s.meetLater(ctx, app, creds, wc)
		return nil
	}
	if s.cfg.Role == RoleWeb {
		return nil
	}
	return s.startWork(ctx, actor)
}

// introduction is how long a start waits for GitHub to say who the app is; meetAgain is how long it then waits between two questions.
const (
	introduction = 5 * time.Second
	meetAgain    = 10 * time.Second
)

// introduce fills in the app's slug, by which its own texts are known: from the credentials, from the last start, or from GitHub. known is false
// when GitHub does not answer now; what it refuses is an error.
func (s *Server) introduce(ctx context.Context, app *gh.App, creds *gh.Credentials) (known bool, err error) {
	if creds.Slug != "" {
		return true, nil
	}
	key := fmt.Sprintf("app-slug/%d", creds.ID)
	stored, err := s.store.Setting(ctx, key)
	if err == nil {
		creds.Slug, creds.Name = string(stored), string(stored)
	} else if !errors.Is(err, storage.ErrNotFound) {
		return false, fmt.Errorf("bot: %w", err)
	}
	soon, cancel := context.WithTimeout(ctx, introduction)
	defer cancel()
	info, err := app.Info(soon)
	switch {
	case err == nil:
		creds.Slug, creds.Name = info.Slug, info.Name
		if err := s.store.PutSetting(ctx, key, []byte(info.Slug)); err != nil {
			return false, fmt.Errorf("bot: %w", err)
		}
		return true, nil
	case gh.Is(err, gh.Auth, gh.NotFound, gh.Forbidden):
		return false, fmt.Errorf("GitHub does not know the app %d with this key (%w); check APP_ID, PRIVATE_KEY and GITHUB_API_URL, or run `milepost doctor`", creds.ID, err)
	default:
		return creds.Slug != "", nil
	}
}

// meetLater asks GitHub who the app is until it answers, and then assembles what needs to know.
func (s *Server) meetLater(ctx context.Context, app *gh.App, creds gh.Credentials, wc web.Config) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	s.swap(func() { s.endMeeting = func() { cancel(); <-ended } })
	go func() {
		defer close(ended)
		tick := time.NewTicker(cmp.Or(s.opts.MeetAgain, meetAgain))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			switch known, err := s.introduce(ctx, app, &creds); {
			case err != nil:
				s.log.ErrorContext(ctx, "the app cannot work", "error", err)
			case known:
				if err := s.activate(ctx, creds, wc); err != nil {
					s.log.ErrorContext(ctx, "the app cannot work", "error", err)
					continue
				}
				return
			}
		}
	}()
}

// startTunnel opens the way by which deliveries come to a machine that GitHub cannot reach.
func (s *Server) startTunnel(ctx context.Context, hooks http.Handler) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	t := &tunnel{url: s.cfg.WebhookProxy, path: s.cfg.WebhookPath, to: hooks, log: s.log, first: proxyFirst}
	go func() {
		defer close(ended)
		t.run(ctx)
	}()
	s.swap(func() { s.endTunnel = func() { cancel(); <-ended } })
}

func (s *Server) startWork(ctx context.Context, actor *evaluate.Actor) error {
	wc := work.Config{
		Store:    s.store,
		Handlers: map[string]work.Handler{storage.KindRepo: s.tracer.run(s.store, s.told(actor.Handle)), storage.KindInstall: s.tracer.run(s.store, s.told(actor.HandleInstall))},
		Timers:   actor.Timers(s.cfg.retention()),
		Workers:  s.cfg.Workers, Now: s.opts.Now, Logger: s.log,
		Observe: func(e work.Event) {
			s.metrics.run(e)
			if s.opts.Observe != nil {
				s.opts.Observe(e)
			}
		},
	}
	if s.opts.Work != nil {
		s.opts.Work(&wc)
	}
	runner, err := work.New(wc)
	if err != nil {
		return fmt.Errorf("bot: %w", err)
	}
	if err := runner.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("bot: %w", err)
	}
	s.swap(func() { s.runner = runner })
	return nil
}

func (s *Server) swap(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// ServeHTTP sends deliveries to the intake and all else to the pages.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	hooks, pages := s.hooks, s.pages
	s.mu.RUnlock()
	if r.URL.Path == s.cfg.WebhookPath {
		if hooks == nil {
			http.Error(w, "no app is configured yet", http.StatusServiceUnavailable)
			return
		}
		hooks.ServeHTTP(w, r)
		return
	}
	pages.ServeHTTP(w, r)
}

// listen takes the address, with bounds on how slow and how large a request may be.
func (s *Server) listen(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.Addr())
	if err != nil {
		remedy := "check HOST, which must be an address of this machine"
		if errors.Is(err, syscall.EADDRINUSE) {
			remedy = "choose another PORT, or stop what uses it"
		}
		return fmt.Errorf("cannot listen on %s: %w; %s", s.cfg.Addr(), err, remedy)
	}
	s.listener = ln
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: s.opts.HeaderTimeout, ReadTimeout: time.Minute, WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return nil
}

func (s *Server) serve(h *http.Server, ln net.Listener) {
	if err := h.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
		s.errs <- fmt.Errorf("bot: serve: %w", err)
	}
}

func (s *Server) serveMetrics(ctx context.Context) error {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.cfg.MetricsAddr)
	if err != nil {
		return fmt.Errorf("cannot listen on METRICS_ADDR %s: %w", s.cfg.MetricsAddr, err)
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.handler())
	s.metricsHTTP = &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	go s.serve(s.metricsHTTP, ln)
	return nil
}

// URL is the address the server listens on, for the loopback; "" for a worker.
func (s *Server) URL() string {
	if s.listener == nil {
		return ""
	}
	_, port, err := net.SplitHostPort(s.listener.Addr().String())
	if err != nil {
		return ""
	}
	return "http://" + net.JoinHostPort("127.0.0.1", port)
}

// Store is the server's database.
func (s *Server) Store() *storage.Store { return s.store }

// WaitIdle waits until nothing is due or being worked on.
func (s *Server) WaitIdle(ctx context.Context) error {
	s.mu.RLock()
	runner := s.runner
	s.mu.RUnlock()
	if runner == nil {
		return nil
	}
	return runner.WaitIdle(ctx)
}

// Wait blocks until ctx ends or a listener fails.
func (s *Server) Wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.errs:
		return err
	}
}

// Stop ends the server within the time that platforms give: first no new requests, then the workers finish or hand back what they hold, then
// the database is closed.
func (s *Server) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.opts.StopWithin)
	defer cancel()
	var errs []error
	for _, h := range []*http.Server{s.http, s.metricsHTTP} {
		if h == nil {
			continue
		}
		soon, cancel := context.WithTimeout(ctx, s.opts.StopWithin/3)
		if err := h.Shutdown(soon); err != nil {
			errs = append(errs, h.Close())
		}
		cancel()
	}
	if s.endWaiting != nil {
		s.endWaiting()
	}
	s.mu.RLock()
	endMeeting := s.endMeeting
	s.mu.RUnlock()
	if endMeeting != nil {
		endMeeting()
	}
	s.mu.RLock()
	runner, endTunnel, endWarming := s.runner, s.endTunnel, s.endWarming
	s.mu.RUnlock()
	if endTunnel != nil {
		endTunnel()
	}
	if runner != nil {
		soon, cancel := context.WithTimeout(ctx, s.opts.StopWithin/2)
		errs = append(errs, runner.Stop(soon))
		cancel()
	}
	for _, end := range endWarming {
		end()
	}
	s.warming.Wait()
	soon, endTraces := context.WithTimeout(ctx, s.opts.StopWithin/5)
	s.tracer.stop(soon)
	endTraces()
	if s.store != nil {
		errs = append(errs, s.store.Close())
	}
	return errors.Join(errs...)
}

// etags keeps validators in the store.
type etags struct{ store *storage.Store }

func (e etags) Load(ctx context.Context, key string) (tag string, body []byte, err error) {
	got, err := e.store.ETag(ctx, key)
	if errors.Is(err, storage.ErrNotFound) {
		return "", nil, nil
	}
	return got.ETag, got.Body, err
}

func (e etags) Save(ctx context.Context, key string, repo int64, tag string, body []byte) error {
	return e.store.PutETag(ctx, storage.ETag{URLKey: key, RepoID: repo, ETag: tag, Body: body})
}
