// Package gh talks to GitHub: as the app, as one of its installations, as a user. Answers come in small types of this package, failures
// classified by what they mean ([Error]). Nothing in it sleeps: who may not call yet is told until when.
package gh

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/bradleyfalzon/ghinstallation/v2"
	"github.com/golang-jwt/jwt/v4"
	"github.com/google/go-github/v62/github"
	"go.opentelemetry.io/otel/attribute"
	"golang.org/x/sync/semaphore"

	"milepost/bot/span"
)

// Config is what an App needs. Only AppID and PrivateKey have no default.
type Config struct {
	AppID                  int64
	PrivateKey             []byte // PEM
	APIURL                 string // default https://api.github.com
	ServerURL              string // default https://github.com
	ClientID, ClientSecret string
	Transport              http.RoundTripper
	Now                    func() time.Time
	CallTimeout            time.Duration // of one call; default 20 s
	// MaxContents is how many bytes of contents are read at once, for one snapshot and for all that are being read: 16 MiB, since a machine of 256 MB runs four
	// checks beside each other. A repository that holds more is read in portions: facts of the first are known when the next is asked for.
	MaxContents int64
	// ETags keeps answers for conditional requests; nil asks without conditions.
	ETags ETags
	// Limits shares what is known of GitHub's limits; nil keeps it in memory, for this app alone.
	Limits Limits
	// OnCall is told of every call, for metrics.
	OnCall func(Call)

	reading *semaphore.Weighted // bytes of contents, of all clients of one app
}

// ETags keeps the validator and body of answers by address.
type ETags interface {
	Load(ctx context.Context, key string) (etag string, body []byte, err error)
	// Save is told the repository, 0 when its id is not known: what is kept of it goes when it does.
	Save(ctx context.Context, key string, repo int64, etag string, body []byte) error
}

// Call is one call that was made.
type Call struct {
	Method, Route string // "GET", "/repos/{owner}/{repo}/git/trees/{sha}"
	Status        int    // 0 when there was no answer
	Took          time.Duration
	Installation  int64
	Limit         int // of the primary rate limit; 0 unknown
	Remaining     int
	Reset         time.Time
}

// Defaults of GitHub's own addresses.
const (
	DefaultAPIURL    = "https://api.github.com"
	DefaultServerURL = "https://github.com"
)

// App is the GitHub App. It is safe for concurrent use.
type App struct {
	cfg     Config
	key     *rsa.PrivateKey
	apps    *ghinstallation.AppsTransport
	own     *Client
	mu      sync.Mutex
	clients map[int64]*Client
}

// New checks cfg and returns the app. No call is made.
func New(cfg Config) (*App, error) {
	cfg = cfg.withDefaults()
	if cfg.AppID <= 0 {
		return nil, errors.New("APP_ID must be the number GitHub shows on the app's settings page")
	}
	key, err := jwt.ParseRSAPrivateKeyFromPEM(cfg.PrivateKey)
	if err != nil {
		return nil, errors.New("PRIVATE_KEY is not an RSA key in PEM form; use the .pem file that GitHub gave for the app, whole, with its line breaks")
	}
	a := &App{cfg: cfg, key: key, clients: map[int64]*Client{}}
	a.apps = ghinstallation.NewAppsTransportFromPrivateKey(cfg.Transport, cfg.AppID, key)
	a.apps.BaseURL = strings.TrimSuffix(cfg.APIURL, "/")
	a.own, err = newClient(cfg, a.apps, 0)
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (c Config) withDefaults() Config {
	if c.APIURL == "" {
		c.APIURL = DefaultAPIURL
	}
	if c.ServerURL == "" {
		c.ServerURL = DefaultServerURL
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = 20 * time.Second
	}
	if c.Transport == nil {
		c.Transport = defaultTransport()
	}
	if c.Limits == nil {
		c.Limits = newOwnLimits(c.Now)
	}
	c.Transport = waits{c.Transport}
	if c.MaxContents <= 0 {
		c.MaxContents = 16 << 20
	}
	c.reading = semaphore.NewWeighted(c.MaxContents)
	return c
}

func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 32
	return t
}

// Client returns the client of an installation. Its token is minted when first needed, shared, and renewed shortly before it expires.
func (a *App) Client(installation int64) (*Client, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.clients[installation]; c != nil {
		return c, nil
	}
	tr := ghinstallation.NewFromAppsTransport(a.apps, installation)
	tr.BaseURL = strings.TrimSuffix(a.cfg.APIURL, "/")
	c, err := newClient(a.cfg, tr, installation)
	if err != nil {
		return nil, err
	}
	a.clients[installation] = c
	return c, nil
}

// Forget drops the client of an installation that is gone.
func (a *App) Forget(installation int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.clients, installation)
}

// ServerURL is the address of GitHub's pages, without a slash at the end.
func (a *App) ServerURL() string { return strings.TrimSuffix(a.cfg.ServerURL, "/") }

// Anonymous returns a client with a personal token, or none, for reading public repositories.
func Anonymous(cfg Config, token string) (*Client, error) {
	cfg.Limits = nil // it has limits of its own
	cfg = cfg.withDefaults()
	tr := cfg.Transport
	if token != "" {
		tr = bearer{tr, token}
	}
	return newClient(cfg, tr, 0)
}

// bearer adds a token to requests.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// Client makes calls with one set of credentials. It is safe for concurrent use.
type Client struct {
	cfg          Config
	gh           *github.Client
	installation int64
	mu           sync.Mutex
	sampled      time.Time // when the primary limit was noted last
}

func newClient(cfg Config, tr http.RoundTripper, installation int64) (*Client, error) {
	base, err := url.Parse(strings.TrimSuffix(cfg.APIURL, "/") + "/")
	if err != nil || base.Scheme == "" || base.Host == "" {
		return nil, fmt.Errorf("GITHUB_API_URL %q is not an address; use https://api.github.com or https://HOST/api/v3", cfg.APIURL)
	}
	c := github.NewClient(&http.Client{Transport: tr, CheckRedirect: noRedirect})
	c.BaseURL = base
	c.UserAgent = "milepost"
	return &Client{cfg: cfg, gh: c, installation: installation}, nil
}

// noRedirect keeps redirects for the caller, who follows those of renamed repositories on the same host only.
func noRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 3 || req.URL.Host != via[0].URL.Host || req.Method != http.MethodGet {
		return http.ErrUseLastResponse
	}
	return nil
}

// call makes one call. path is relative to the API; route is its template, for errors and metrics. in and out are JSON, nil for none.
func (c *Client) call(ctx context.Context, method, route, path string, in, out any) error {
	_, err := c.do(ctx, method, route, path, in, out, nil)
	return err
}

func (c *Client) do(ctx context.Context, method, route, path string, in, out any, header http.Header) (answer *github.Response, err error) {
	name := method + " " + route
	ctx, end := span.Start(ctx, name, attribute.Int64("milepost.installation", c.installation))
	defer func() {
		if answer != nil {
			span.Set(ctx, attribute.Int("http.response.status_code", answer.StatusCode))
		}
		end(err)
	}()
	if err := c.open(ctx, name); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.cfg.CallTimeout)
	defer cancel()
	req, err := c.request(name, method, path, in)
	if err != nil {
		return nil, err
	}
	for k, v := range header {
		req.Header[k] = v
	}
	start := c.cfg.Now()
	resp, err := c.gh.Do(ctx, req, out)
	c.observe(method, route, resp, c.cfg.Now().Sub(start))
	if resp != nil && resp.StatusCode == http.StatusNotModified {
		return resp, nil
	}
	if err != nil && ctx.Err() != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		err = context.DeadlineExceeded
	}
	if err == nil && resp.StatusCode/100 == 3 {
		return resp, &Error{Kind: NotFound, Call: name, Status: resp.StatusCode, Msg: "it has moved"}
	}
	return resp, c.learn(ctx, resp, classify(name, err, c.cfg.Now()))
}

// request makes a request to a path of the API. A segment "." or "..", which no escape keeps from being resolved, would lead to another call: nothing has
// such a name.
func (c *Client) request(name, method, path string, in any) (*http.Request, error) {
	plain, _, _ := strings.Cut(path, "?")
	for segment := range strings.SplitSeq(plain, "/") {
		if segment == "." || segment == ".." {
			return nil, &Error{Kind: NotFound, Call: name, Msg: "nothing is named " + segment}
		}
	}
	req, err := c.gh.NewRequest(method, strings.TrimPrefix(path, "/"), in)
	if err != nil {
		return nil, fmt.Errorf("github: %s: %w", name, err)
	}
	return req, nil
}

func (c *Client) observe(method, route string, resp *github.Response, took time.Duration) {
	if c.cfg.OnCall == nil {
		return
	}
	call := Call{Method: method, Route: route, Took: took, Installation: c.installation}
	if resp != nil {
		call.Status = resp.StatusCode
		call.Limit, call.Remaining, call.Reset = resp.Rate.Limit, resp.Rate.Remaining, resp.Rate.Reset.Time
	}
	c.cfg.OnCall(call)
}

// create makes a call that creates content people are notified of, within the pace that GitHub allows.
func (c *Client) create(ctx context.Context, route, path string, in, out any) error {
	if c.installation != 0 {
		until, err := c.cfg.Limits.Create(ctx, c.installation, newContent, patient(ctx))
		if err != nil {
			return fmt.Errorf("github: limits: %w", err)
		}
		if !until.IsZero() {
			return &Error{Kind: RateLimited, Call: http.MethodPost + " " + route, Until: until, InLine: patient(ctx), Msg: "paced below GitHub's limit on new content"}
		}
	}
	return c.call(ctx, http.MethodPost, route, path, in, out)
}

// Repo names a repository.
type Repo struct {
	Owner, Name string
	ID          int64 // 0: not known. What is kept of the repository is kept under it.
}

// String is owner/name.
func (r Repo) String() string { return r.Owner + "/" + r.Name }

func (r Repo) path(rest string) string {
	return "repos/" + url.PathEscape(r.Owner) + "/" + url.PathEscape(r.Name) + rest
}
