package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"milepost/bot/gh"
	"milepost/bot/work"
	"milepost/storage"
)

// installDelivery is the part of an installation's deliveries that is looked at.
type installDelivery struct {
	Action       string          `json:"action"`
	Installation gh.Installation `json:"installation"`
	Account      *gh.Account     `json:"account"`
	Added        []listedRepo    `json:"repositories_added"`
	Removed      []listedRepo    `json:"repositories_removed"`
	Repositories []listedRepo    `json:"repositories"`
}

type listedRepo struct {
	ID       int64  `json:"id"`
	FullName string `json:"full_name"`
	Private  bool   `json:"private"`
}

// fewRepos is how many repositories an installation may bring at once and still be checked like a push: somebody is looking.
const fewRepos = 5

// HandleInstall works through the mailbox of an installation.
func (a *Actor) HandleInstall(ctx context.Context, c *work.Claim) error {
	id, err := strconv.ParseInt(c.ID, 10, 64)
	if err != nil {
		return work.Park("the key " + c.ID + " is no installation id")
	}
	box, err := a.Store.Mailbox(ctx, c, 0)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	var ids []int64
	list, gone := len(box) == 0, false
	for _, d := range box {
		ids = append(ids, d.ID)
		var in installDelivery
		if json.Unmarshal(d.Fields, &in) != nil {
			list = true // an odd shape: what is true now is asked of GitHub
			continue
		}
		in.Installation.ID = id
		if in.Action == "" {
			in.Action = d.Action
		}
		asked, deleted, err := a.installEvent(ctx, d.Event, in)
		if err != nil {
			return err
		}
		list, gone = (list || asked) && !deleted, deleted || gone && !asked
	}
	if gone {
		if err := a.uninstall(ctx, id); err != nil {
			return err
		}
	} else if list {
		if err := a.takeStock(ctx, id); err != nil {
			if until, ok := gh.RetryAt(err); ok {
				return work.Snooze(until, "GitHub's rate limit")
			}
			if !gh.Is(err, gh.NotFound, gh.Suspended) || c.Attempts < patience {
				return err
			}
		}
	}
	if len(ids) > 0 { // who may see what has changed: the pages ask GitHub anew
		if err := a.Store.ForgetAccess(ctx, id); err != nil {
			return wrapped(err)
		}
	}
	err = a.Store.WithFence(ctx, c, func(tx *storage.Tx) error { return tx.FinishDeliveries(ctx, ids...) })
	if err != nil {
		return fmt.Errorf("evaluate: finish: %w", err)
	}
	return nil
}

// installEvent takes in one event and says whether the repositories have to be listed anew, and whether the installation is gone.
func (a *Actor) installEvent(ctx context.Context, event string, in installDelivery) (list, gone bool, err error) {
	id := in.Installation.ID
	switch event + "." + in.Action {
	case "installation.deleted":
		return false, true, nil
	case "installation.suspend", "installation.unsuspend":
		err := a.Store.SuspendInstallation(ctx, id, in.Action == "suspend")
		if errors.Is(err, storage.ErrNotFound) {
			err = nil
		}
		return in.Action == "unsuspend", false, wrapped(err)
	case "installation_target.renamed":
		if in.Account != nil && in.Account.Login != "" {
			return true, false, wrapped(a.Store.RenameAccount(ctx, id, in.Account.Login))
		}
		return true, false, nil
	case "installation_repositories.removed":
		for _, r := range in.Removed {
			if err := a.letGo(ctx, id, r.ID); err != nil {
				return false, false, err
			}
		}
		return false, false, a.putInstallation(ctx, in.Installation)
	default: // created, added, new permissions, and whatever GitHub adds
		return true, false, a.putInstallation(ctx, in.Installation)
	}
}

func wrapped(err error) error {
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	return nil
}

func (a *Actor) putInstallation(ctx context.Context, in gh.Installation) error {
	if in.Account.Login == "" {
		return nil
	}
	perms, err := json.Marshal(in.Permissions)
	if err != nil {
		return fmt.Errorf("evaluate: encode permissions: %w", err)
	}
	return wrapped(a.Store.PutInstallation(ctx, storage.Installation{
		ID: in.ID, AccountID: in.Account.ID, AccountLogin: in.Account.Login, AccountType: in.Account.Type, RepositorySelection: in.Selection, Permissions: perms,
		Suspended: in.SuspendedAt != nil,
	}))
}

// takeStock lists the installation's repositories, takes in new ones, lets go of those that are no longer there, and asks for checks: soon when
// there are few, in the background when a whole cohort arrives.
func (a *Actor) takeStock(ctx context.Context, id int64) error {
	client, err := a.App.Client(id)
	if err != nil {
		return wrapped(err)
	}
	known, err := a.Store.Repositories(ctx, id) // before GitHub is asked: what comes meanwhile is not on the list
	if err != nil {
		return wrapped(err)
	}
	all, whole, err := client.Repositories(ctx)
	if err != nil {
		return err
	}
	before := map[int64]storage.Repository{}
	for _, r := range known {
		before[r.ID] = r
	}
	var wishes []storage.Wish
	priority := storage.PriorityLow
	if len(all) <= fewRepos {
		priority = storage.PriorityNormal
	}
	for _, g := range all {
		old, had := before[g.ID]
		delete(before, g.ID)
		owner, name, _ := strings.Cut(g.FullName, "/")
		if g.Homepage.Known {
			old.Homepage = g.Homepage.URL
		}
		err := a.Store.PutRepository(ctx, storage.Repository{
			ID: g.ID, InstallationID: id, Owner: owner, Name: name, Private: g.Private, Archived: g.Archived, Fork: g.Fork, DefaultBranch: g.DefaultBranch, Homepage: old.Homepage, Topics: strings.Join(g.Topics, " "),
		})
		if err == nil && !had {
			err = a.Store.RestoreRepository(ctx, g.ID)
		}
		if err != nil {
			return wrapped(err)
		}
		if !had || old.ReportID == 0 || old.State != "" {
			wishes = append(wishes, storage.Wish{Key: storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(g.ID, 10)}, Priority: priority})
		}
	}
	if !whole {
		clear(before) // what the list lacks need not be gone
	}
	for gone := range before {
		if err := a.letGo(ctx, id, gone); err != nil {
			return err
		}
	}
	return wrapped(a.Store.Enqueue(ctx, wishes...))
}

// letGo notes that an installation no longer covers a repository, unless that has gone over to another installation.
func (a *Actor) letGo(ctx context.Context, installation, id int64) error {
	repo, err := a.Store.Repository(ctx, id)
	if err == nil && repo.InstallationID == installation {
		err = a.Store.RemoveRepository(ctx, id)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return wrapped(err)
}

// uninstall removes what was kept of an installation.
func (a *Actor) uninstall(ctx context.Context, id int64) error {
	a.App.Forget(id)
	err := a.Store.DeleteInstallation(ctx, id)
	if errors.Is(err, storage.ErrNotFound) {
		err = nil
	}
	return wrapped(err)
}
