package bot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/storage"
)

// Level is how bad a finding is.
type Level string

// The levels of findings.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Fault   Level = "error"
)

// Finding is one line of the doctor's: what was looked at, how it is, and what to do.
type Finding struct {
	What   string `json:"what"`
	Level  Level  `json:"level"`
	Detail string `json:"detail"`
	Remedy string `json:"remedy,omitempty"`
}

// Thresholds of the doctor.
const (
	skewWarn   = 20 * time.Second
	skewFault  = 55 * time.Second // a token made in the future by more than a minute is refused
	queueWarn  = 5 * time.Minute
	silentWarn = 7 * 24 * time.Hour
	diskFault  = 100 << 20 // bytes
)

// Diagnose looks at everything a server needs and says of each how it is. It changes nothing.
func Diagnose(ctx context.Context, cfg Config, now func() time.Time, transport http.RoundTripper) []Finding {
	d := &doctor{cfg: cfg, now: now, transport: transport}
	d.configuration()
	d.database(ctx)
	d.sharedSecret(ctx)
	defer func() {
		if d.store != nil {
			_ = d.store.Close()
		}
	}()
	d.app(ctx)
	d.webhook(ctx)
	d.work(ctx)
	return d.out
}

type doctor struct {
	faulty    bool // the configuration is
	cfg       Config
	now       func() time.Time
	transport http.RoundTripper
	store     *storage.Store
	blind     bool // there is a database, and it cannot be read
	gh        *gh.App
	out       []Finding
}

func (d *doctor) say(what string, l Level, detail, remedy string) {
	d.out = append(d.out, Finding{what, l, strings.Join(strings.Fields(detail), " "), remedy}) // one line, whatever a library says
}

func (d *doctor) configuration() {
	if err := d.cfg.validate(); err != nil {
		d.faulty = true
		for _, line := range strings.Split(err.Error(), "\n") {
			d.say("configuration", Fault, line, "set the variable as described and start again")
		}
		return
	}
	d.say("configuration", OK, "every variable is well formed", "")
	if d.cfg.PublicURL == "" {
		d.say("public address", Warning, "PUBLIC_URL is not set, so issues and checks link to no page and sign-in works on this machine only", "set PUBLIC_URL to the address under which people reach the server")
	}
	if d.cfg.SessionSecret == "" {
		d.say("session secret", Warning, "SESSION_SECRET is not set: a made-up one is kept in the database beside what it protects", "set SESSION_SECRET to 32 or more random characters, for example from `openssl rand -hex 32`")
	}
}

func (d *doctor) database(ctx context.Context) {
	if storage.CheckURL(d.cfg.DatabaseURL) != nil { // said with the configuration
		d.blind = true
		return
	}
	store, err := storage.Open(ctx, d.cfg.DatabaseURL, storage.Options{Shared: true, NoMigrate: true})
	if errors.Is(err, fs.ErrNotExist) {
		d.say("database", Fault, "there is none yet: "+err.Error(), "check DATABASE_URL; if it is right, make its folder unless that is there, and start `milepost serve`, which makes the database")
		return
	}
	if err != nil {
		d.blind = true
		d.say("database", Fault, err.Error(), "check DATABASE_URL, and that the database runs and may be written")
		return
	}
	d.store = store
	all, err := store.MigrationStatus(ctx)
	if err != nil {
		d.say("database", Fault, err.Error(), "run `milepost migrate`")
		return
	}
	pending := 0
	for _, m := range all {
		if m.AppliedAt.IsZero() {
			pending++
		}
	}
	if pending > 0 {
		d.say("database", Warning, fmt.Sprintf("%d steps of the schema are missing", pending), "run `milepost migrate`; `milepost serve` does so by itself")
		_ = store.Close()
		d.store = nil
		return
	}
	d.say("database", OK, fmt.Sprintf("open, schema at version %d", len(all)), "")
	if store.Postgres() {
		return
	}
	if free, err := freeBytes(filepath.Dir(store.Path())); err == nil && free < diskFault {
		d.say("disk", Fault, fmt.Sprintf("%d MB are left beside the database", free>>20), "make room, or move the database to a larger volume")
	} else if err == nil {
		d.say("disk", OK, fmt.Sprintf("%d MB are left beside the database", free>>20), "")
	}
}

func (d *doctor) app(ctx context.Context) {
	if d.faulty {
		d.say("app", Warning, "whether it works cannot be known with this configuration", "mend the configuration first")
		return
	}
	creds, ok, err := d.credentials(ctx)
	switch {
	case err != nil:
		d.say("app", Fault, err.Error(), "set APP_ID with PRIVATE_KEY or PRIVATE_KEY_PATH, or set the app up again")
		return
	case !ok && d.blind:
		d.say("app", Warning, "whether one was set up cannot be known without the database", "mend the database first")
		return
	case !ok:
		d.say("app", Fault, "no GitHub App is configured", "start `milepost serve` and open its set-up page, or set APP_ID, PRIVATE_KEY and WEBHOOK_SECRET")
		return
	}
	app, err := gh.New(gh.Config{AppID: creds.ID, PrivateKey: []byte(creds.PEM), APIURL: d.cfg.APIURL, ServerURL: d.cfg.ServerURL, Now: d.now, Transport: d.transport})
	if err != nil {
		d.say("app", Fault, err.Error(), "give the app's own .pem file")
		return
	}
	d.clock(ctx, app)
	info, err := app.Info(ctx)
	switch {
	case gh.Is(err, gh.Auth):
		d.say("app", Fault, "GitHub refuses the app's key", "check that APP_ID and PRIVATE_KEY belong together, and that this machine's clock is right")
		return
	case gh.Is(err, gh.NotFound):
		d.say("app", Fault, fmt.Sprintf("GitHub knows no app %d", creds.ID), "check APP_ID and GITHUB_API_URL; the app may have been deleted")
		return
	case err != nil:
		d.say("app", Fault, "GitHub cannot be reached: "+err.Error(), "check the network and GITHUB_API_URL")
		return
	}
	d.gh = app
	d.say("app", OK, info.Name+" ("+info.Slug+")", "")
	d.permissions("permissions", info.Permissions, info.URL)
	var missing []string
	for _, e := range gh.Events() {
		if !slices.Contains(info.Events, e) {
			missing = append(missing, e)
		}
	}
	if len(missing) > 0 {
		d.say("events", Fault, "the app is not subscribed to "+strings.Join(missing, ", "), "tick them under \"Permissions & events\" of the app's settings")
	} else {
		d.say("events", OK, "subscribed to all that are needed", "")
	}
	d.installations(ctx)
	if creds.ClientID == "" || creds.ClientSecret == "" {
		d.say("sign-in", Warning, "GITHUB_CLIENT_ID or GITHUB_CLIENT_SECRET is not set, so nobody can sign in to the pages", "copy both from the app's settings page")
	}
}

func (d *doctor) credentials(ctx context.Context) (gh.Credentials, bool, error) {
	if d.store == nil || d.cfg.Configured() {
		if !d.cfg.Configured() {
			return gh.Credentials{}, false, nil
		}
		return credentials(ctx, d.cfg, nil, nil)
	}
	secret, err := d.secret(ctx)
	if errors.Is(err, storage.ErrNotFound) {
		return gh.Credentials{}, false, nil
	}
	if err != nil {
		return gh.Credentials{}, false, err
	}
	return credentials(ctx, d.cfg, d.store, secret)
}

// secret is the session secret that a server would use; storage.ErrNotFound before its first start.
func (d *doctor) secret(ctx context.Context) ([]byte, error) {
	if d.cfg.SessionSecret != "" {
		return []byte(d.cfg.SessionSecret), nil
	}
	secret, err := d.store.Setting(ctx, settingSessionKey)
	if err != nil {
		return nil, fmt.Errorf("bot: %w", err)
	}
	return secret, nil
}

// sharedSecret sees that all processes of the database have one session secret.
func (d *doctor) sharedSecret(ctx context.Context) {
	if d.store == nil {
		return
	}
	secret, err := d.secret(ctx)
	if err != nil {
		return // there was no start yet
	}
	if differs, err := secretDiffers(ctx, d.store, secret); err == nil && differs {
		d.say("session secret", Fault, "SESSION_SECRET is not the one that the last process of this database started with, so neither reads what the other seals: sign-ins, the set-up page and its credentials", "give all processes the same SESSION_SECRET and restart them; if it was changed on purpose, restart the server")
	}
}

func (d *doctor) clock(ctx context.Context, app *gh.App) {
	theirs, err := app.ServerTime(ctx)
	if err != nil || theirs.IsZero() {
		return // what is wrong shows in the next line
	}
	skew := d.now().Sub(theirs)
	if skew < 0 {
		skew = -skew
	}
	detail := fmt.Sprintf("differs from GitHub's by %d s", int(skew.Seconds()))
	switch {
	case skew > skewFault:
		d.say("clock", Fault, detail, "set this machine's clock, for example by NTP: GitHub refuses tokens from another time")
	case skew > skewWarn:
		d.say("clock", Warning, detail, "set this machine's clock, for example by NTP")
	default:
		d.say("clock", OK, detail, "")
	}
}

// permissions compares what is granted with what is needed.
func (d *doctor) permissions(what string, have map[string]string, url string) {
	var missing []string
	for _, p := range gh.Permissions() {
		if !p.GrantedBy(have) {
			missing = append(missing, fmt.Sprintf("%s: %s (%s)", p.Name, p.Access, p.Why))
		}
	}
	if len(missing) == 0 {
		d.say(what, OK, "all that are needed, and each has its reason", "")
		return
	}
	remedy := "grant them under \"Permissions & events\" of the app's settings"
	if url != "" {
		remedy += " (" + url + ")"
	}
	d.say(what, Fault, "missing: "+strings.Join(missing, "; "), remedy)
}

func (d *doctor) installations(ctx context.Context) {
	all, err := d.gh.Installations(ctx)
	if err != nil {
		d.say("installations", Warning, err.Error(), "try again")
		return
	}
	if len(all) == 0 {
		d.say("installations", Warning, "nobody has installed the app yet", "install it from the app's public page")
		return
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Account.Login < all[j].Account.Login })
	var waiting, suspended []string
	for _, in := range all {
		if in.SuspendedAt != nil {
			suspended = append(suspended, in.Account.Login)
			continue
		}
		for _, p := range gh.Permissions() {
			if !p.GrantedBy(in.Permissions) {
				waiting = append(waiting, in.Account.Login)
				break
			}
		}
	}
	if len(waiting) > 0 {
		d.say("installations", Warning, "have not accepted the newest permissions: "+strings.Join(waiting, ", "), "ask their owners to accept them; GitHub has sent them a mail")
	}
	if len(suspended) > 0 {
		d.say("installations", Warning, "suspended: "+strings.Join(suspended, ", "), "their owners can lift it in the installation's settings")
	}
	if len(waiting)+len(suspended) == 0 {
		d.say("installations", OK, fmt.Sprintf("%d, all with the permissions that are needed", len(all)), "")
	}
}

func (d *doctor) webhook(ctx context.Context) {
	if d.gh == nil {
		return
	}
	hook, err := d.gh.HookConfig(ctx)
	switch {
	case err != nil:
		d.say("webhook", Warning, err.Error(), "try again")
		return
	case hook.URL == "":
		d.say("webhook", Fault, "the app has no webhook address", "set it in the app's settings to PUBLIC_URL followed by "+d.cfg.WebhookPath)
		return
	case d.cfg.WebhookProxy != "" && hook.URL != d.cfg.WebhookProxy:
		d.say("webhook", Fault, "GitHub sends to "+hook.URL+", the server listens to the channel "+d.cfg.WebhookProxy, "set the webhook address in the app's settings to WEBHOOK_PROXY_URL")
	case d.cfg.PublicURL != "" && d.cfg.WebhookProxy == "" && hook.URL != strings.TrimSuffix(d.cfg.PublicURL, "/")+d.cfg.WebhookPath:
		d.say("webhook", Fault, "GitHub sends to "+hook.URL+", the server listens at "+strings.TrimSuffix(d.cfg.PublicURL, "/")+d.cfg.WebhookPath, "make both the same, in the app's settings or by PUBLIC_URL and WEBHOOK_PATH")
	default:
		d.say("webhook", OK, "GitHub sends to "+hook.URL, "")
	}
	log, _, err := d.gh.Deliveries(ctx, d.now().Add(-24*time.Hour), "")
	if err != nil {
		d.say("deliveries", Warning, err.Error(), "try again")
		return
	}
	failed := 0
	last := ""
	for _, h := range log {
		if !h.Delivered() {
			failed++
			if last == "" {
				last = fmt.Sprintf("%s at %s: %s", h.Event, h.DeliveredAt.UTC().Format("15:04 UTC"), h.Status)
			}
		}
	}
	if failed > 0 {
		d.say("deliveries", Warning, fmt.Sprintf("%d of %d in the last day failed; the newest: %s", failed, len(log), last), "see whether the server is reachable and WEBHOOK_SECRET is the app's; failed deliveries are asked for again every five minutes")
		return
	}
	d.say("deliveries", OK, fmt.Sprintf("%d in the last day, none failed", len(log)), "")
}

func (d *doctor) work(ctx context.Context) {
	if d.store == nil {
		return
	}
	if at, err := d.store.LastDelivery(ctx); err == nil && !at.IsZero() && d.now().Sub(at) > silentWarn {
		d.say("last delivery", Warning, "was "+at.UTC().Format("2 January 2006"), "push something, and see whether it arrives")
	}
	stats, err := d.store.QueueStats(ctx)
	if err != nil {
		d.say("queue", Fault, err.Error(), "check the database")
		return
	}
	var ready, parked int64
	var oldest time.Duration
	least := ""
	for _, s := range stats {
		if s.Ready >= storage.QueueStatsMost {
			least = "at least "
		}
		ready += s.Ready
		parked += s.Parked
		if !s.Oldest.IsZero() {
			oldest = max(oldest, d.now().Sub(s.Oldest))
		}
	}
	switch {
	case oldest > queueWarn:
		d.say("queue", Warning, fmt.Sprintf("%s%d are waiting, the oldest for %s", least, ready, oldest.Round(time.Second)), "see that a worker runs (--role all or worker), or raise WORKERS")
	default:
		d.say("queue", OK, fmt.Sprintf("%s%d are waiting", least, ready), "")
	}
	if parked > 0 {
		d.say("set aside", Warning, fmt.Sprintf("%d repositories failed again and again", parked), "their pages, and the operator's, say why")
	}
	limits, err := d.store.RateLimits(ctx)
	if err != nil {
		return
	}
	for _, l := range limits {
		if l.BlockedUntil.After(d.now()) {
			d.say("rate limit", Warning, fmt.Sprintf("GitHub wants no calls of %s until %s", installationName(l.Scope), l.BlockedUntil.UTC().Format("15:04 UTC")), "work waits until then by itself; if it happens often, see what else uses the app")
		}
	}
}

// installationName is a scope of rate limits in words.
func installationName(scope string) string {
	if scope == "app" {
		return "the app itself"
	}
	return "installation " + scope
}

// Worst is the worst level among findings.
func Worst(all []Finding) Level {
	worst := OK
	for _, f := range all {
		if f.Level == Fault || f.Level == Warning && worst == OK {
			worst = f.Level
		}
	}
	return worst
}

// MarshalFindings is the findings as JSON.
func MarshalFindings(all []Finding) ([]byte, error) {
	out, err := json.MarshalIndent(all, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("bot: encode findings: %w", err)
	}
	return append(out, '\n'), nil
}
