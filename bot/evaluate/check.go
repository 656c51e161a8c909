package evaluate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"

	"milepost/bot/gh"
	"milepost/bot/inforce"
	"milepost/bot/span"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
	"milepost/rules/strict"
	"milepost/storage"
)

// standard is what a repository is judged by: its configuration and its roadmap.
type standard struct {
	conf    config.Config
	roadmap *rules.Roadmap
	// blob is the id of the configuration file the standard was read from, "" for none.
	blob string
	// faults are what is wrong with the newest configuration; then conf and roadmap are the last good ones.
	faults []string
	// changed is when the organisation's defaults or roadmaps last changed.
	changed time.Time
}

// judged is the outcome of looking at one commit.
type judged struct {
	treeSHA string
	tree    gh.Tree // where it was just read
	repo    *facts.Repo
	report  rules.Report
	std     standard
	// confData is the configuration file of this commit, nil when it has none or it is the one in force.
	confData []byte
	// roadmaps are the roadmap files that the commit holds, by path.
	roadmaps map[string][]byte
	// faults are what is wrong with those of the default branch.
	faults []string
}

// stored is the standard in force as the repository's row and its organisation's defaults say.
func (a *Actor) stored(ctx context.Context, repo *storage.Repository) (standard, error) {
	std := standard{blob: repo.ConfigSHA}
	if repo.ConfigError != "" {
		std.faults = strings.Split(repo.ConfigError, "\n")
	}
	defaults, err := inforce.Defaults(ctx, a.Store, repo.Owner)
	if err != nil {
		return standard{}, fmt.Errorf("evaluate: %w", err)
	}
	if std.conf, err = inforce.Configuration(repo, defaults); err != nil {
		return standard{}, fmt.Errorf("evaluate: %w", err)
	}
	if data, err := a.Store.Setting(ctx, orgChangedKey(repo.Owner)); err == nil {
		_ = std.changed.UnmarshalText(data)
	} else if !errors.Is(err, storage.ErrNotFound) {
		return standard{}, fmt.Errorf("evaluate: organisation defaults: %w", err)
	}
	std.roadmap, err = a.roadmap(ctx, repo, std.conf.Roadmap)
	if err != nil {
		std.faults = append(std.faults, err.Error())
		std.roadmap, err = a.builtin(roadmaps.Default)
	}
	return std, err
}

func orgChangedKey(owner string) string { return storage.SettingChanged + strings.ToLower(owner) }

// orgChanged has the other repositories of an organisation judged anew, from what is known of them, after its defaults or roadmaps changed.
func (a *Actor) orgChanged(ctx context.Context, repo *storage.Repository) error {
	now, err := a.Now().UTC().MarshalText()
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	if err := a.Store.PutSetting(ctx, orgChangedKey(repo.Owner), now); err != nil {
		return fmt.Errorf("evaluate: store organisation defaults: %w", err)
	}
	all, err := a.Store.Repositories(ctx, repo.InstallationID)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	var wishes []storage.Wish
	for _, r := range all {
		if r.ID != repo.ID {
			wishes = append(wishes, storage.Wish{Key: storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(r.ID, 10)}, Priority: storage.PriorityLow})
		}
	}
	return wrapped(a.Store.Enqueue(ctx, wishes...))
}

// roadmap returns the built-in roadmap of an id, or one whose file was read from the repository or its organisation's .github repository.
func (a *Actor) roadmap(ctx context.Context, repo *storage.Repository, name string) (*rules.Roadmap, error) {
	if inforce.BuiltIn(name) {
		return a.builtin(roadmaps.Default)
	}
	kept, err := inforce.RoadmapFile(ctx, a.Store, repo, name)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	if kept.Blob != "" {
		return a.parseRoadmap(name, kept.Data)
	}
	return nil, fmt.Errorf("%s: roadmap: the file %s was not found in this repository or in %s/.github", config.Path, name, repo.Owner)
}

func (a *Actor) parseRoadmap(name string, data []byte) (*rules.Roadmap, error) {
	return inforce.Parse(name, data, a.builtin)
}

// configEntry is the entry of the configuration file in a tree.
func configEntry(s *snapshot.Snapshot) (snapshot.Entry, bool) {
	for _, p := range []string{config.Path, config.OtherPath} {
		if e, ok := s.Lookup(p); ok {
			return e, true
		}
	}
	return snapshot.Entry{}, false
}

// look reads one commit and judges it by std. The configuration file of the commit is read when it is not the one in force; who trusts it is the
// caller's decision.
func (a *Actor) look(ctx context.Context, c *gh.Client, repo *storage.Repository, std standard, treeish string, in rules.Input) (judged, error) {
	cache := newFactsCache(a.Store, std.roadmap.Patterns().Fingerprint())
	wanted := func(ctx context.Context, s *snapshot.Snapshot) ([]snapshot.Entry, error) {
		need, err := facts.Missing(ctx, s, cache)
		if err != nil {
			return nil, err
		}
		docs, err := a.documents(ctx, repo, s, std)
		if err != nil {
			return nil, err
		}
		need = slices.DeleteFunc(need, func(n snapshot.Entry) bool {
			return slices.ContainsFunc(docs, func(e snapshot.Entry) bool { return n.Path == e.Path })
		})
		return append(docs, need...), nil // of too much the first is read
	}
	snap, tree, err := c.Snapshot(ctx, ghRepo(repo), treeish, wanted)
	if err != nil {
		return judged{}, err
	}
	snap.Name = repo.FullName()
	out := judged{treeSHA: tree.SHA, tree: tree, std: std}
	if e, ok := configEntry(snap); ok && e.Blob != std.blob {
		switch out.confData, err = snap.Read(ctx, e); {
		case errors.Is(err, snapshot.ErrUnavailable), errors.Is(err, snapshot.ErrTooLarge):
			out.confData = make([]byte, strict.MaxSize+1) // a fault like another, which the parser words
		case err != nil:
			return judged{}, fmt.Errorf("evaluate: read configuration: %w", err)
		}
	}
	if out.roadmaps, err = a.readRoadmaps(ctx, repo, snap, std); err != nil {
		return judged{}, err
	}
	if treeish == repo.DefaultBranch {
		if out.faults, err = a.keepRoadmaps(ctx, repo, snap, out.roadmaps); err != nil {
			return judged{}, err
		}
	}
	err = a.judge(ctx, snap, cache, std, in, &out)
	// What was too much for one reading comes in further portions: the facts of those before are known by then.
	for range maxPortions - 1 {
		if err != nil || !snap.Truncated || tree.Truncated {
			break
		}
		if snap, err = c.Complete(ctx, ghRepo(repo), treeish, tree, wanted); err == nil {
			snap.Name = repo.FullName()
			err = a.judge(ctx, snap, cache, std, in, &out)
		}
	}
	return out, err
}

// maxPortions is in how many readings one look takes in a very large repository; the next look goes on from there.
const maxPortions = 4

// judge collects the facts of a snapshot and evaluates them.
func (a *Actor) judge(ctx context.Context, snap *snapshot.Snapshot, cache facts.Cache, std standard, in rules.Input, out *judged) (err error) {
	ctx, end := span.Start(ctx, "evaluate", attribute.Int("milepost.files", len(snap.Entries)))
	defer func() { end(err) }()
	repo, err := facts.Collect(ctx, snap, std.roadmap.Patterns(), facts.CollectOptions{Cache: cache, Workers: 1, Ignore: std.conf.Ignored()})
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	in.Repo = repo
	if in.Skips == nil {
		in.Skips = std.conf.Skip
	}
	out.repo, out.report = repo, std.roadmap.Evaluate(in)
	return nil
}

// documents are the files whose text itself is needed: a configuration that is not the one in force, and roadmap files that
// are not those that are kept.
func (a *Actor) documents(ctx context.Context, repo *storage.Repository, s *snapshot.Snapshot, std standard) ([]snapshot.Entry, error) {
	var out []snapshot.Entry
	if e, ok := configEntry(s); ok && e.Blob != std.blob && e.Size <= strict.MaxSize {
		out = append(out, e)
	}
	for _, e := range roadmapFiles(repo, s, std) {
		kept, err := inforce.Stored(ctx, a.Store, inforce.RoadmapKey(repo.FullName(), e.Path))
		if err != nil {
			return nil, fmt.Errorf("evaluate: %w", err)
		}
		if kept.Blob != e.Blob {
			out = append(out, e)
		}
	}
	return out, nil
}

// roadmapFiles are the files of this repository that may hold roadmaps: the one its configuration names; in a .github repository all under roadmaps/.
func roadmapFiles(repo *storage.Repository, s *snapshot.Snapshot, std standard) []snapshot.Entry {
	var out []snapshot.Entry
	if e, ok := s.Lookup(std.conf.Roadmap); ok {
		out = append(out, e)
	}
	if repo.Name != ".github" {
		return out
	}
	for _, e := range s.Entries {
		yaml := strings.HasSuffix(e.Path, ".yml") || strings.HasSuffix(e.Path, ".yaml")
		if yaml && (strings.HasPrefix(e.Path, "roadmaps/") || strings.HasPrefix(e.Path, "milepost/")) && len(out) < 20 {
			out = append(out, e)
		}
	}
	return out
}

// readRoadmaps returns the roadmap files of a snapshot.
func (a *Actor) readRoadmaps(ctx context.Context, repo *storage.Repository, s *snapshot.Snapshot, std standard) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, e := range roadmapFiles(repo, s, std) {
		data, err := s.Read(ctx, e)
		if errors.Is(err, snapshot.ErrUnavailable) || errors.Is(err, snapshot.ErrTooLarge) {
			continue // no roadmap is that large
		}
		if err != nil {
			return nil, fmt.Errorf("evaluate: read roadmap: %w", err)
		}
		out[e.Path] = data
	}
	return out, nil
}

// keepRoadmaps stores the roadmap files of the default branch under their names, and says what is wrong with them. Of one with faults the last good
// version stays in force.
func (a *Actor) keepRoadmaps(ctx context.Context, repo *storage.Repository, s *snapshot.Snapshot, files map[string][]byte) (faults []string, err error) {
	changed := false
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if _, err := a.parseRoadmap(path, files[path]); err != nil {
			faults = append(faults, strings.Split(err.Error(), "\n")...)
			continue
		}
		e, _ := s.Lookup(path)
		value, err := json.Marshal(inforce.File{Blob: e.Blob, Data: files[path]})
		if err != nil {
			return nil, fmt.Errorf("evaluate: encode roadmap: %w", err)
		}
		if err := a.Store.PutSetting(ctx, inforce.RoadmapKey(repo.FullName(), path), value); err != nil {
			return nil, fmt.Errorf("evaluate: store roadmap: %w", err)
		}
		changed = true
	}
	if changed && repo.Name == ".github" {
		return faults, a.orgChanged(ctx, repo)
	}
	return faults, nil
}

// adopt takes a configuration file of the default branch into force, or keeps the last good one and says what is wrong.
func (a *Actor) adopt(ctx context.Context, repo *storage.Repository, std standard, path string, blob string, data []byte) (standard, error) {
	known, err := a.idsFor(ctx, repo, std, path, data)
	if err != nil {
		return std, err
	}
	own, err := config.Parse(path, data, known)
	var faults strict.Faults
	if errors.As(err, &faults) {
		if err := a.Store.SetRepositoryConfigError(ctx, repo.ID, faults.Error()); err != nil {
			return std, fmt.Errorf("evaluate: note configuration faults: %w", err)
		}
		repo.ConfigError = faults.Error()
		std.faults = strings.Split(repo.ConfigError, "\n")
		return std, nil
	}
	encoded, err := json.Marshal(own)
	if err != nil {
		return std, fmt.Errorf("evaluate: encode configuration: %w", err)
	}
	if err := a.Store.SetRepositoryConfig(ctx, repo.ID, blob, encoded, own.Public != nil && *own.Public); err != nil {
		return std, fmt.Errorf("evaluate: store configuration: %w", err)
	}
	repo.Config, repo.ConfigSHA, repo.ConfigError = encoded, blob, ""
	if repo.Name == ".github" {
		if err := a.Store.PutSetting(ctx, inforce.DefaultsKey(repo.Owner), encoded); err != nil {
			return std, fmt.Errorf("evaluate: store organisation defaults: %w", err)
		}
		if err := a.orgChanged(ctx, repo); err != nil {
			return std, err
		}
	}
	return a.stored(ctx, repo)
}

// idsFor are the milestones that a configuration may name: those of the roadmap that it chooses; nil when that one is not known.
func (a *Actor) idsFor(ctx context.Context, repo *storage.Repository, std standard, path string, data []byte) ([]string, error) {
	own, _ := config.Parse(path, data, nil) // its faults are found once more
	defaults, err := inforce.Defaults(ctx, a.Store, repo.Owner)
	if err != nil {
		return nil, fmt.Errorf("evaluate: %w", err)
	}
	name := config.Merge(defaults, own).Roadmap
	if name == std.conf.Roadmap {
		return std.roadmap.IDs(), nil
	}
	chosen, err := a.roadmap(ctx, repo, name)
	if err != nil {
		return nil, nil //nolint:nilerr // the fault is said where the roadmap is taken into force
	}
	return chosen.IDs(), nil
}

func ghRepo(r *storage.Repository) gh.Repo { return gh.Repo{Owner: r.Owner, Name: r.Name, ID: r.ID} }
