// Package bot assembles the server: configuration, database, intake, workers and pages.
package bot

import (
	"cmp"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"

	"milepost/storage"
)

// Role says which part of the server a process plays.
type Role string

// The roles: everything in one process, or pages and intake apart from the workers.
const (
	RoleAll    Role = "all"
	RoleWeb    Role = "web"
	RoleWorker Role = "worker"
)

// Config is the server's configuration, by the environment's names. Secrets never appear in its text form.
type Config struct {
	AppID          int64    `env:"APP_ID"`
	PrivateKey     string   `env:"PRIVATE_KEY"`
	PrivateKeyPath string   `env:"PRIVATE_KEY_PATH"`
	WebhookSecret  []string `env:"WEBHOOK_SECRET" envSeparator:","`
	WebhookPath    string   `env:"WEBHOOK_PATH" envDefault:"/api/github/webhooks"`
	WebhookProxy   string   `env:"WEBHOOK_PROXY_URL"`
	ClientID       string   `env:"GITHUB_CLIENT_ID"`
	ClientSecret   string   `env:"GITHUB_CLIENT_SECRET"`
	APIURL         string   `env:"GITHUB_API_URL" envDefault:"https://api.github.com"`
	ServerURL      string   `env:"GITHUB_SERVER_URL" envDefault:"https://github.com"`
	DatabaseURL    string   `env:"DATABASE_URL"`
	PublicURL      string   `env:"PUBLIC_URL"`
	Host           string   `env:"HOST"`
	Port           int      `env:"PORT" envDefault:"8080"`
	LogLevel       string   `env:"LOG_LEVEL" envDefault:"info"`
	LogFormat      string   `env:"LOG_FORMAT" envDefault:"text"`
	SessionSecret  string   `env:"SESSION_SECRET"`
	MetricsAddr    string   `env:"METRICS_ADDR"`
	Admins         []string `env:"ADMINS" envSeparator:","`
	Workers        int      `env:"WORKERS" envDefault:"4"`
	Retention      string   `env:"RETENTION"`
	Tracing        Tracing

	// Role is set by the command line.
	Role Role `env:"-"`

	unread error // what of the environment has the wrong form
}

// Load reads the configuration from environment variables, given as "KEY=value". The error names every fault with its remedy.
func Load(environ []string) (Config, error) {
	vars := map[string]string{}
	for _, kv := range environ {
		if k, v, ok := strings.Cut(kv, "="); ok {
			vars[k] = v
		}
	}
	var c Config
	if err := env.ParseWithOptions(&c, env.Options{Environment: vars}); err != nil {
		c.unread = unreadable(err)
	}
	c.Role = RoleAll
	return c, c.validate()
}

// unreadable names the variables whose values have the wrong form.
func unreadable(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return fmt.Errorf("the environment cannot be read: %w", err)
	}
	var faults []error
	for _, e := range all.Errors {
		var wrong env.ParseError
		if !errors.As(e, &wrong) {
			faults = append(faults, e)
			continue
		}
		name := wrong.Name
		for _, t := range []reflect.Type{reflect.TypeFor[Config](), reflect.TypeFor[Tracing]()} {
			if f, ok := t.FieldByName(wrong.Name); ok && f.Tag.Get("env") != "" {
				name, _, _ = strings.Cut(f.Tag.Get("env"), ",")
			}
		}
		what := map[reflect.Kind]string{reflect.Int: "a whole number", reflect.Int64: "a whole number", reflect.Bool: "true or false"}[wrong.Type.Kind()]
		faults = append(faults, fmt.Errorf("%s takes %s", name, cmp.Or(what, "another value")))
	}
	return errors.Join(faults...)
}

// validate checks everything that can be checked without a call.
func (c *Config) validate() error {
	if c.unread != nil {
		return c.unread
	}
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	c.validateAddresses(fault)
	c.validateApp(fault)
	for i, login := range c.Admins {
		name := strings.TrimPrefix(strings.TrimSpace(login), "@")
		if strings.Trim(strings.ToLower(name), loginCharacters) != "" {
			fault("ADMINS takes GitHub logins separated by commas, and %q is none", login)
			continue
		}
		c.Admins[i] = name
	}
	if _, err := c.level(); err != nil {
		fault("LOG_LEVEL takes debug, info, warn or error, not %q", c.LogLevel)
	}
	if c.LogFormat != "text" && c.LogFormat != "json" {
		fault("LOG_FORMAT takes text or json, not %q", c.LogFormat)
	}
	if n := len(c.SessionSecret); n > 0 && n < 32 {
		fault("SESSION_SECRET has %d characters; use at least 32 random ones, for example from `openssl rand -hex 32`", n)
	}
	if c.Workers < 1 || c.Workers > 256 {
		fault("WORKERS must be 1 to 256, not %d", c.Workers)
	}
	if _, err := storage.ParseRetention(c.Retention); err != nil {
		fault("RETENTION names what is kept and for how many days, such as deliveries=8,reports=400: %w", err)
	}
	return errors.Join(append(faults, c.Tracing.faults()...)...)
}

// validateAddresses checks where things are.
func (c *Config) validateAddresses(fault func(format string, args ...any)) {
	for _, a := range []struct{ name, value string }{{"GITHUB_API_URL", c.APIURL}, {"GITHUB_SERVER_URL", c.ServerURL}, {"PUBLIC_URL", c.PublicURL}, {"WEBHOOK_PROXY_URL", c.WebhookProxy}} {
		u, err := url.Parse(a.value)
		if a.value != "" && (err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "") {
			fault("%s must be an address such as https://example.org, not %q", a.name, a.value)
		}
	}
	if strings.Trim(c.Host, "0123456789.") == "" && c.Host != "" && net.ParseIP(c.Host) == nil || strings.ContainsAny(c.Host, "/ ") {
		fault("HOST must be an address of this machine such as 127.0.0.1 or localhost, not %q", c.Host)
	}
	if c.Port < 0 || c.Port > 65535 {
		fault("PORT must be 0 to 65535, not %d", c.Port)
	}
	if _, port, err := net.SplitHostPort(c.MetricsAddr); c.MetricsAddr != "" && (err != nil || !isPort(port)) {
		fault("METRICS_ADDR must be an address with a port such as 127.0.0.1:9090, not %q", c.MetricsAddr)
	}
	if err := storage.CheckURL(c.DatabaseURL); err != nil {
		fault("%w", err)
	}
	if !strings.HasPrefix(c.WebhookPath, "/") {
		fault("WEBHOOK_PATH must start with a slash, not %q", c.WebhookPath)
	}
}

// validateApp checks what is said of the GitHub App.
func (c *Config) validateApp(fault func(format string, args ...any)) {
	if c.PrivateKey != "" && c.PrivateKeyPath != "" {
		fault("PRIVATE_KEY and PRIVATE_KEY_PATH are both set; keep one")
	}
	if block, _ := pem.Decode([]byte(strings.ReplaceAll(c.PrivateKey, `\n`, "\n"))); c.PrivateKey != "" && block == nil {
		fault("PRIVATE_KEY holds no key; give all of the .pem file, from -----BEGIN to the last line")
	}
	if (c.ClientID == "") != (c.ClientSecret == "") {
		fault("GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET belong together and one is not set; copy both from the app's settings page")
	}
	c.WebhookSecret = slices.DeleteFunc(c.WebhookSecret, func(s string) bool { return strings.TrimSpace(s) == "" })
	if c.Configured() && len(c.WebhookSecret) == 0 {
		fault("WEBHOOK_SECRET is needed with APP_ID: without it anybody could send deliveries; use the secret of the app's webhook settings")
	}
	if c.Configured() && c.PrivateKey == "" && c.PrivateKeyPath == "" {
		fault("PRIVATE_KEY or PRIVATE_KEY_PATH is needed with APP_ID; GitHub gives the .pem file on the app's settings page")
	}
}

// loginCharacters are what logins are made of.
const loginCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_" // _ is in those of managed users

func isPort(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && n >= 0 && n <= 65535
}

// retention is how long what is kept; the text was validated.
func (c Config) retention() storage.Retention {
	r, _ := storage.ParseRetention(c.Retention)
	return r.WithDefaults()
}

// Configured reports whether the environment names an app.
func (c Config) Configured() bool { return c.AppID != 0 }

// key returns the app's private key in PEM form. Line breaks may be written as \n, as many hosts store them.
func (c Config) key() ([]byte, error) {
	if c.PrivateKeyPath != "" {
		data, err := os.ReadFile(c.PrivateKeyPath)
		if err != nil {
			return nil, fmt.Errorf("PRIVATE_KEY_PATH cannot be read: %w", err)
		}
		return data, nil
	}
	return []byte(strings.ReplaceAll(c.PrivateKey, `\n`, "\n")), nil
}

func (c Config) level() (slog.Level, error) {
	var l slog.Level
	err := l.UnmarshalText([]byte(c.LogLevel))
	return l, err
}

// Addr is where the server listens.
func (c Config) Addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// stopWithin is how long a stop may take, below the 30 s after which fly.io and the like kill a process.
const stopWithin = 25 * time.Second

// headerTimeout is how long a client may take to send the head of a request.
const headerTimeout = 10 * time.Second
