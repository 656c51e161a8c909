package githubsim

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// object is a JSON object under construction.
type object = map[string]any

// Options configure a [Sim]. The zero value is a GitHub with GitHub's own limits
// on the system's clock.
type Options struct {
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Addr is where Start listens; empty means a free port of the loopback.
	Addr string
	// Latency is how long each API call takes at least.
	Latency time.Duration
	// TreeLimit is the number of entries beyond which a recursive tree is cut and
	// marked truncated; 0 means 100,000.
	TreeLimit int
	// RateLimit is the number of API calls for an installation or user in an hour;
	// 0 means 5,000.
	RateLimit int
	// ContentPerMinute and ContentPerHour bound what one actor may create (issues,
	// comments, pull requests, reviews); 0 means 80 and 500, negative no bound.
	ContentPerMinute, ContentPerHour int
	// TokenLife is how long an installation token lives; 0 means an hour.
	TokenLife time.Duration
	// Middleware wraps the whole server; the validator of package simtest hooks in here.
	Middleware func(http.Handler) http.Handler
	// Observe is told of every API call after it was answered, in the order of the
	// answers, outside any lock.
	Observe func(Exchange)
	// WebhookTimeout is how long a receiver may take to answer; 0 means 10 s.
	WebhookTimeout time.Duration
}

// Exchange is one API call with its answer, for an observer.
type Exchange struct {
	Request   *http.Request // its body is drained: see Body
	Template  string        // as in GitHub's description: /repos/{owner}/{repo}; "" if no route matched
	Params    map[string]string
	Path      string // without the prefix /api/v3
	Body      []byte
	Status    int
	Header    http.Header
	Answer    []byte
	Faulted   bool // an injected fault, not an answer of the stand-in
	Anonymous bool
}

// Sim is the stand-in. Make one with [New].
type Sim struct {
	opt    Options
	mux    http.Handler
	pages  *http.ServeMux
	routes []*route

	mu     sync.Mutex
	base   string // the server's address, no slash at the end
	server *http.Server
	closed chan struct{}
	lastID int64

	accounts  map[string]*Account // by lower-case login
	apps      []*App
	insts     []*Installation
	repos     map[int64]*Repo
	byName    map[string]*Repo  // lower-case owner/name
	redirects map[string]int64  // former lower-case owner/name -> id
	tokens    map[string]*token // API tokens
	grants    map[string]*grant // OAuth codes
	manifests map[string]*App   // manifest codes
	downloads map[string]download

	limits  limits
	log     callLog
	fault   func(*http.Request) Fault
	latency time.Duration
	hooks   hookQueue
}

// New makes an empty GitHub. It serves once [Sim.Start] was called, or through
// [Sim.Handler].
func New(opt Options) *Sim {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	setDefault(&opt.TreeLimit, 100_000)
	setDefault(&opt.RateLimit, 5000)
	setDefault(&opt.ContentPerMinute, 80)
	setDefault(&opt.ContentPerHour, 500)
	setDefault(&opt.TokenLife, time.Hour)
	setDefault(&opt.WebhookTimeout, 10*time.Second)
	s := &Sim{
		opt: opt, closed: make(chan struct{}), lastID: 1000, latency: opt.Latency,
		base:     "http://github.test",
		accounts: map[string]*Account{}, repos: map[int64]*Repo{}, byName: map[string]*Repo{},
		redirects: map[string]int64{}, tokens: map[string]*token{}, grants: map[string]*grant{},
		manifests: map[string]*App{}, downloads: map[string]download{},
	}
	s.limits.init()
	s.log.init()
	s.hooks.init(s)
	s.routes = s.routeTable()
	s.pages = s.pageMux()
	s.mux = s.handler()
	return s
}

func setDefault[T int | time.Duration](field *T, value T) {
	if *field == 0 {
		*field = value
	}
}

// Start listens and serves until [Sim.Close]. It returns an error when the
// address cannot be had.
func (s *Sim) Start() error {
	addr := s.opt.Addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	ln, err := new(net.ListenConfig).Listen(context.Background(), "tcp", addr)
	if err != nil {
		return fmt.Errorf("githubsim: listen on %s: %w", addr, err)
	}
	srv := &http.Server{Handler: s.mux, ReadHeaderTimeout: 10 * time.Second}
	s.mu.Lock()
	s.base = "http://" + ln.Addr().String()
	s.server = srv
	s.mu.Unlock()
	go func() { _ = srv.Serve(ln) }() // ends with Close
	return nil
}

// Handler is the whole stand-in as one handler, for a server of the caller's own;
// tell the stand-in its address with [Sim.SetURL].
func (s *Sim) Handler() http.Handler { return s.mux }

// SetURL tells the stand-in at which address it is reached (no slash at the end).
func (s *Sim) SetURL(base string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.base = base
}

// URL is the address of the pages, as https://github.com is GitHub's. No slash at the end.
func (s *Sim) URL() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.base
}

// APIURL is the address of the REST interface, as https://api.github.com is
// GitHub's. No slash at the end. The same paths are served below /api/v3 too.
func (s *Sim) APIURL() string { return s.URL() }

// Close stops the server and the deliveries; requests that hang are cut.
func (s *Sim) Close() {
	s.mu.Lock()
	srv := s.server
	s.server = nil
	select {
	case <-s.closed:
	default:
		close(s.closed)
	}
	s.mu.Unlock()
	if srv != nil {
		_ = srv.Close()
	}
	s.hooks.wait()
}

// SetLatency changes how long each API call takes at least.
func (s *Sim) SetLatency(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.latency = d
}

// now is the time of the injected clock, in UTC and whole seconds as GitHub gives it.
func (s *Sim) now() time.Time { return s.opt.Now().UTC().Truncate(time.Second) }

func (s *Sim) newID() int64 {
	s.lastID++
	return s.lastID
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// stampOrNil is the time, or null for the zero time.
func stampOrNil(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// stringOrNil is the text, or null for none.
func stringOrNil(s string) any {
	if s == "" {
		return nil
	}
	return s
}
