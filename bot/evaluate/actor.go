package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/bot/publish"
	"milepost/bot/render"
	"milepost/bot/work"
	"milepost/rules"
	"milepost/rules/roadmaps"
	"milepost/storage"
)

// Actor works on repositories. It is safe for concurrent use; the work table sees to it that no repository is worked on twice at once.
type Actor struct {
	Store     *storage.Store
	App       *gh.App
	AppID     int64
	Slug      string
	Publisher *publish.Publisher
	PublicURL string // of the dashboard, "" when there is none
	Now       func() time.Time
	Log       *slog.Logger
	// Roadmaps loads the roadmap of a built-in id; nil takes those that come with the program.
	Roadmaps func(id string) (*rules.Roadmap, error)
	// OnCheck is told of every finished judgement, for metrics: what ("head", "pull") and how long it took.
	OnCheck func(what string, took time.Duration)
}

// States of a repository beyond the normal one, "".
const (
	StateEmpty     = "empty"     // no commit yet
	StateNoAccess  = "no-access" // GitHub no longer shows it to the app
	StateSuspended = "suspended" // the installation is suspended
	StateArchived  = "archived"  // read-only: judged, nothing is written
	StateLegal     = "legal"     // blocked by GitHub
)

// patience is how many attempts a missing commit or repository gets before the fact is believed: a webhook may arrive before the API shows
// its commit.
const patience = 5

// run is the state of one run over a repository's mailbox.
type run struct {
	*Actor
	claim  *work.Claim
	client *gh.Client
	repo   storage.Repository
	std    standard
	act    *activity
	set    settings
	fresh  bool  // first sight: the row did not exist
	was    int64 // the installation that the row names, or named before these deliveries
	fill   bool  // ask once for the activity of before the installation

	box   []delivery
	ids   []int64
	force bool // judge again and write even if nothing seems changed
	say   bool // a person asked: write though the bot is paused

	pushed  []delivery // pushes to the default branch
	rejudge bool       // activity changed: judge again from stored facts
	handled []string   // ticks that were carried out
	noted   []string   // lines for the repository's log
	gone    bool
	looked  bool // the head was read: what kept us from it is over
	// suspended says that the installation is.
	suspended bool
}

// settings are what people asked of the bot in one repository, and what it remembers to say.
type settings struct {
	AskedMentor time.Time       `json:"asked_mentor,omitzero"`
	Changes     []render.Change `json:"changes,omitempty"`
	Steps       []string        `json:"steps,omitempty"` // completed steps that were celebrated
	Won         []string        `json:"won,omitempty"`   // milestones that were gained and not celebrated yet
	OwnerIsOrg  bool            `json:"owner_is_org,omitempty"`
	// Backfilled says that what webhooks tell from now on was asked for once.
	Backfilled bool `json:"backfilled,omitempty"`
	// Unsaid says that a judgement was kept and its issue not written yet: a limit or a failure came between.
	Unsaid bool `json:"unsaid,omitempty"`
	// WroteIssue is when the progress issue was last written by the bot, by GitHub's clock.
	WroteIssue time.Time `json:"wrote_issue,omitzero"`
	// Recheck says that somebody asked for a check that did not happen yet; Rechecked is when the last one did, RecheckNews whether it brought something.
	Recheck     bool      `json:"recheck,omitempty"`
	Rechecked   time.Time `json:"rechecked,omitzero"`
	RecheckNews bool      `json:"recheck_news,omitempty"`
	// Again asks the next run to look at the head again, whatever its deliveries are.
	Again bool `json:"again,omitempty"`
}

// builtin returns a roadmap that needs no file of anybody's.
func (a *Actor) builtin(id string) (*rules.Roadmap, error) {
	load := a.Roadmaps
	if load == nil {
		load = roadmaps.Load
	}
	r, err := load(id)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	return r, nil
}

// Handle works through the mailbox of the claim's repository.
func (a *Actor) Handle(ctx context.Context, c *work.Claim) error {
	id, err := strconv.ParseInt(c.ID, 10, 64)
	if err != nil {
		return work.Park("the key " + c.ID + " is no repository id")
	}
	stored, err := a.Store.Mailbox(ctx, c, 0)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	r := &run{Actor: a, claim: c}
	for _, d := range stored {
		r.box = append(r.box, decode(d))
		r.ids = append(r.ids, d.ID)
	}
	if c.Priority <= storage.PriorityLow {
		ctx = gh.Patient(ctx)
	}
	err = r.handle(ctx, id)
	if until, ok := gh.RetryAt(err); ok {
		return &work.SnoozeError{Until: until, Reason: "GitHub's rate limit", Yields: gh.InLine(err)}
	}
	return err
}

func (r *run) handle(ctx context.Context, id int64) error {
	if err := r.load(ctx, id); err != nil || r.gone {
		return r.orFinish(ctx, err)
	}
	r.foldIdentity()
	if r.gone {
		return r.orFinish(ctx, r.Store.DeleteRepository(ctx, id))
	}
	if !r.repo.RemovedAt.IsZero() {
		if r.repo.InstallationID == r.was {
			return r.finish(ctx) // the installation no longer covers it: what was sent before says nothing now
		}
		if err := r.Store.RestoreRepository(ctx, id); err != nil {
			return wrapped(err)
		}
		r.repo.RemovedAt = time.Time{}
	}
	if err := r.Store.PutRepository(ctx, r.repo); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if err := r.prepare(ctx); err != nil {
		return err
	}
	r.fold()
	if err := r.forgetAccess(ctx); err != nil {
		return err
	}
	if r.suspended {
		return r.orFinish(ctx, r.state(ctx, StateSuspended, "the installation is suspended"))
	}
	err := r.people(ctx)
	if err == nil {
		err = r.pulls(ctx)
		// A commit of a pull request that GitHub does not show yet keeps nothing else waiting.
		if err == nil || gh.Is(err, gh.NotFound, gh.Forbidden) {
			err = errors.Join(r.head(ctx), err)
		}
	}
	return r.orFinish(ctx, r.settle(ctx, err))
}

// orFinish finishes the deliveries when err is nil.
func (r *run) orFinish(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return r.finish(ctx)
}

// load reads what is known of the repository; one nobody has heard of is made from its deliveries.
func (r *run) load(ctx context.Context, id int64) error {
	repo, err := r.Store.Repository(ctx, id)
	switch {
	case err == nil:
		r.repo, r.was = repo, repo.InstallationID
	case errors.Is(err, storage.ErrNotFound):
		r.fresh = true
		r.repo = storage.Repository{ID: id}
		for _, d := range r.box {
			if d.Installation != 0 {
				r.repo.InstallationID = d.Installation
			}
			if d.Repository != nil && d.Repository.FullName != "" {
				r.identify(d.Repository)
			}
		}
		r.gone = r.repo.InstallationID == 0 || r.repo.Name == "" // nothing to go by: an installation's removal overtook its deliveries
	default:
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

func (r *run) identify(g *gh.Repository) {
	owner, name, ok := strings.Cut(g.FullName, "/")
	if ok {
		r.repo.Owner, r.repo.Name = owner, name
	}
	if g.DefaultBranch != "" {
		r.repo.DefaultBranch = g.DefaultBranch
	}
	r.repo.Private, r.repo.Archived, r.repo.Fork = g.Private, g.Archived, g.Fork
	if g.Homepage.Known {
		r.repo.Homepage = g.Homepage.URL
	}
	if g.Topics != nil {
		r.repo.Topics = strings.Join(g.Topics, " ")
	}
	if g.Owner.Type == "Organization" {
		r.set.OwnerIsOrg = true
	}
}

// foldIdentity takes in what deliveries say the repository is now: the newest one has the last word.
func (r *run) foldIdentity() {
	for _, d := range r.box {
		if d.Installation != 0 {
			r.repo.InstallationID = d.Installation
		}
		if d.Repository != nil {
			r.identify(d.Repository)
		}
		switch d.Event + "." + d.Action {
		case "repository.deleted":
			r.gone = true
		case "repository.renamed", "repository.transferred", "repository.edited", "repository.publicized", "repository.privatized", "public.":
			r.force = true
		case "repository.unarchived", "repository.archived", "repository.created":
			r.gone, r.force = false, true
		}
	}
}

// prepare loads the rest: settings, activity, the standard, the client.
func (r *run) prepare(ctx context.Context) error {
	org := r.set.OwnerIsOrg
	if len(r.repo.Settings) > 0 {
		if err := json.Unmarshal(r.repo.Settings, &r.set); err != nil {
			return fmt.Errorf("evaluate: settings of repository %d: %w", r.repo.ID, err)
		}
	}
	r.set.OwnerIsOrg = r.set.OwnerIsOrg || org
	var err error
	if r.act, err = r.loadActivity(ctx, &r.repo); err != nil {
		return err
	}
	r.act.OwnerIsOrg = r.set.OwnerIsOrg
	if r.std, err = r.stored(ctx, &r.repo); err != nil {
		return err
	}
	inst, err := r.Store.Installation(ctx, r.repo.InstallationID)
	switch {
	case err == nil:
		r.suspended = inst.Suspended
		r.set.OwnerIsOrg = r.set.OwnerIsOrg || inst.AccountType == "Organization" && strings.EqualFold(inst.AccountLogin, r.repo.Owner)
		r.act.OwnerIsOrg = r.set.OwnerIsOrg
	case !errors.Is(err, storage.ErrNotFound):
		return fmt.Errorf("evaluate: %w", err)
	}
	r.client, err = r.App.Client(r.repo.InstallationID)
	return err
}

// forgetAccess makes the pages ask GitHub anew who may see what, when that has changed.
func (r *run) forgetAccess(ctx context.Context) error {
	if !slices.ContainsFunc(r.box, func(d delivery) bool {
		return d.Event == "member" || d.Event == "public" || d.Event == "repository" && d.Action != "edited"
	}) {
		return nil
	}
	return wrapped(r.Store.ForgetAccess(ctx, r.repo.InstallationID))
}

// fold sorts the deliveries into what has to be done.
func (r *run) fold() {
	for _, d := range r.box {
		if r.act.note(d, &r.repo) && d.Event != "pull_request" { // pulls knows when a pull request's end needs a judgement
			r.rejudge = true
		}
		if d.Event == "push" && d.branch() == r.repo.DefaultBranch && !d.Deleted {
			r.pushed = append(r.pushed, d)
		}
	}
	switch {
	case r.fresh || r.repo.ReportID == 0:
		r.force = true
	case !r.set.Backfilled && r.claim.Priority <= storage.PriorityLow:
		r.fill, r.rejudge, r.force = true, true, r.repo.State != ""
	case r.set.Unsaid:
		r.rejudge = true
	case len(r.box) == 0 && r.std.changed.After(r.repo.CheckedAt):
		r.rejudge = true
	case len(r.box) == 0 && r.stale(), r.set.Again:
		r.force = true
		r.fill = r.act.incomplete() // a permission may have been granted since
	case len(r.box) == 0 && r.claim.Priority >= storage.PriorityHigh:
		r.rejudge = true // a mentor may have signed something off on the dashboard
	}
	r.set.Again = false
}

// How long after a check a wish without a delivery asks for nothing, by a sweep and by a person: it is most likely the second half of one whose
// delivery was worked on already.
const (
	freshFor         = 10 * time.Minute
	freshForSomebody = 10 * time.Second
)

// stale reports whether a wish without a delivery (a sweep, an installation's list, a person on the dashboard) is to be followed.
func (r *run) stale() bool {
	fresh := freshFor
	if r.claim.Priority >= storage.PriorityHigh {
		fresh = freshForSomebody
	}
	return r.repo.State != "" || r.Now().Sub(r.repo.CheckedAt) >= fresh
}

// settle turns what GitHub answered into the repository's state, or gives the error back to be tried again.
func (r *run) settle(ctx context.Context, err error) error {
	if gh.Moved(err) {
		return r.follow(ctx, err)
	}
	state, detail := "", ""
	switch {
	case err == nil && r.repo.Archived:
		state, detail = StateArchived, "the repository is archived: it is judged, and nothing is written to it"
	case err == nil && (r.repo.State == StateEmpty || !r.looked):
		return nil // said by head, or nothing new is known
	case err == nil:
	case gh.Is(err, gh.Suspended):
		state, detail = StateSuspended, "the installation is suspended"
	case gh.Is(err, gh.Legal):
		state, detail = StateLegal, "GitHub blocks access to this repository"
	case gh.Is(err, gh.NotFound, gh.Auth) && r.claim.Attempts >= patience:
		state, detail = StateNoAccess, "GitHub no longer shows this repository to the app"
	case gh.Is(err, gh.Forbidden) && r.claim.Attempts >= patience:
		state, detail = StateNoAccess, "a permission that the app needs is not granted; the account's owner can accept it in the installation's settings"
	default:
		return err
	}
	return r.state(ctx, state, detail)
}

// state notes the repository's state, with a sentence for people.
func (r *run) state(ctx context.Context, state, detail string) error {
	if state == r.repo.State {
		return nil
	}
	r.repo.State = state
	if err := r.Store.SetRepositoryState(ctx, r.repo.ID, state, detail); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if detail != "" {
		r.noted = append(r.noted, detail)
	}
	return nil
}

// follow takes in the present name of a repository whose renaming was not heard of. The run is to be tried again.
func (r *run) follow(ctx context.Context, cause error) error {
	g, err := r.client.Repository(ctx, ghRepo(&r.repo))
	if err != nil || g.ID != r.repo.ID {
		return cause
	}
	r.identify(&g)
	if err := r.Store.PutRepository(ctx, r.repo); err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return cause
}

// finish writes what is left and marks the deliveries as done, if the claim still holds.
func (r *run) finish(ctx context.Context) error {
	err := r.Store.WithFence(ctx, r.claim, func(tx *storage.Tx) error {
		if r.act != nil && !r.gone {
			if err := r.save(ctx, tx); err != nil {
				return err
			}
			for _, line := range r.noted {
				if err := tx.AddEvent(ctx, storage.Event{RepoID: r.repo.ID, Kind: "note", Message: line}); err != nil {
					return err
				}
			}
		}
		return tx.FinishDeliveries(ctx, r.ids...)
	})
	if err != nil {
		return fmt.Errorf("evaluate: finish: %w", err)
	}
	return nil
}

// save writes what is remembered of the repository from run to run.
func (r *run) save(ctx context.Context, tx *storage.Tx) error {
	if err := r.act.save(ctx, tx, r.repo.ID); err != nil {
		return err
	}
	data, err := json.Marshal(r.set)
	if err != nil {
		return fmt.Errorf("evaluate: encode settings: %w", err)
	}
	if string(data) == string(r.repo.Settings) {
		return nil
	}
	if err := tx.SetRepositorySettings(ctx, r.repo.ID, data); err != nil {
		return err
	}
	r.repo.Settings = data
	return nil
}

// fence proves that this worker still holds the repository.
func (r *run) fence(ctx context.Context) error {
	return r.Store.WithFence(ctx, r.claim, func(*storage.Tx) error { return nil })
}

// renderRepo is the repository as texts need it.
func (r *run) renderRepo() render.Repo {
	return render.Repo{ID: r.repo.ID, Owner: r.repo.Owner, Name: r.repo.Name, DefaultBranch: r.repo.DefaultBranch, ServerURL: r.App.ServerURL(), Private: r.repo.Private}
}

func (r *run) dashboardURL() string {
	if r.PublicURL == "" {
		return ""
	}
	return strings.TrimSuffix(r.PublicURL, "/") + "/repos/" + r.repo.Owner + "/" + r.repo.Name
}

func (r *run) checked(what string, start time.Time) {
	if r.OnCheck != nil {
		r.OnCheck(what, r.Now().Sub(start))
	}
}
