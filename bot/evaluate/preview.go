package evaluate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"milepost/bot/inforce"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/facts"
	"milepost/rules/snapshot"
	"milepost/rules/strict"
)

// foreseen is what would be in force if a commit's own configuration and roadmap files were.
type foreseen struct {
	own    config.Config
	std    standard
	report *rules.Report // of the commit by std; nil when nothing would change, or the files have faults
	faults strict.Faults
}

// foresee judges a pull request's head once more, by the configuration and the roadmap that it brings itself. Only a roadmap that was never read, or one
// whose rules ask for what no facts are known of, takes a call to GitHub.
func (r *run) foresee(ctx context.Context, head *judged, sha string) (foreseen, error) {
	var out foreseen
	path, changed := r.ownConfig(head)
	_, ownRoadmap := head.roadmaps[r.std.conf.Roadmap]
	if !changed && !ownRoadmap {
		return out, nil
	}
	own, err := inforce.Own(&r.repo)
	if err != nil {
		return out, fmt.Errorf("evaluate: %w", err)
	}
	if changed {
		own, out.faults = parseFaults(path, head.confData, nil)
	}
	defaults, err := inforce.Defaults(ctx, r.Store, r.repo.Owner)
	if err != nil {
		return out, fmt.Errorf("evaluate: %w", err)
	}
	out.own, out.std = own, standard{conf: config.Merge(defaults, own), roadmap: r.std.roadmap}
	s := r.without(head)
	if name := out.std.conf.Roadmap; name != r.std.conf.Roadmap || ownRoadmap {
		if len(out.faults) > 0 {
			return out, nil
		}
		if s, err = r.bring(ctx, head, s, sha, &out); err != nil || out.std.roadmap == nil {
			return out, err
		}
	}
	if changed {
		if out.own, out.faults = parseFaults(path, head.confData, out.std.roadmap.IDs()); len(out.faults) > 0 {
			return out, nil
		}
	}
	report, err := r.tried(ctx, head, s, sha, out.std)
	out.report = &report
	return out, err
}

// ownConfig is the path of a commit's configuration, and whether it is another than the one in force.
func (r *run) ownConfig(head *judged) (path string, changed bool) {
	for _, p := range []string{config.Path, config.OtherPath} {
		if head.repo.Lookup(p) != nil {
			return p, head.confData != nil
		}
	}
	return config.Path, r.repo.ConfigSHA != "" // taken away
}

// parseFaults is config.Parse with its error taken apart.
func parseFaults(path string, data []byte, known []string) (config.Config, strict.Faults) {
	own, err := config.Parse(path, data, known)
	return own, faultsOf(path, err)
}

func faultsOf(path string, err error) strict.Faults {
	var faults strict.Faults
	switch {
	case err == nil:
		return nil
	case errors.As(err, &faults):
		return faults
	}
	return strict.Faults{{File: path, Line: 1, Column: 1, Msg: strings.TrimPrefix(err.Error(), path+": ")}}
}

// without is the snapshot of a commit whose files' contents are not at hand.
func (r *run) without(head *judged) *snapshot.Snapshot {
	entries := make([]snapshot.Entry, 0, len(head.repo.Files))
	for i := range head.repo.Files {
		entries = append(entries, head.repo.Files[i].Entry)
	}
	s := snapshot.New(entries, unavailable)
	s.Name, s.Commit, s.Ref, s.Truncated = head.repo.Name, head.repo.Commit, r.repo.DefaultBranch, head.repo.Truncated
	return s
}

// bring finds the roadmap that out's configuration names: as the commit has it, else as it is stored, else the organisation's. What is wrong with it is a
// fault. The snapshot that comes back holds contents, if they had to be read for it.
func (r *run) bring(ctx context.Context, head *judged, s *snapshot.Snapshot, sha string, out *foreseen) (*snapshot.Snapshot, error) {
	name := out.std.conf.Roadmap
	data, read := head.roadmaps[name]
	if e, there := s.Lookup(name); there && !read {
		kept, err := inforce.Stored(ctx, r.Store, inforce.RoadmapKey(r.repo.FullName(), name))
		if err != nil {
			return s, fmt.Errorf("evaluate: %w", err)
		}
		if data, read = kept.Data, kept.Blob == e.Blob; !read {
			// Whatever its rules look at comes in the same archive.
			whole := func(_ context.Context, s *snapshot.Snapshot) ([]snapshot.Entry, error) {
				return append(facts.Wanted(s), e), nil
			}
			if s, err = r.client.Complete(ctx, ghRepo(&r.repo), sha, head.tree, whole); err != nil {
				return s, err
			}
			if data, err = s.Read(ctx, e); err != nil {
				out.faults = faultsOf(name, fmt.Errorf("this file cannot be a roadmap: %w", err))
				return s, nil
			}
			read = true
		}
	}
	var err error
	if read {
		out.std.roadmap, err = r.parseRoadmap(name, data)
	} else {
		out.std.roadmap, err = r.roadmap(ctx, &r.repo, name)
	}
	switch {
	case err == nil:
	case read:
		out.std.roadmap, out.faults = nil, faultsOf(name, err)
	default:
		out.std.roadmap, out.faults = nil, faultsOf(config.Path, err)
	}
	return s, nil
}

// tried judges a commit by another standard than the one in force. What it finds out stays with it: anybody can open a pull request.
func (r *run) tried(ctx context.Context, head *judged, s *snapshot.Snapshot, sha string, std standard) (rules.Report, error) {
	cache := newFactsCache(r.Store, std.roadmap.Patterns().Fingerprint())
	cache.trial = true
	missing, err := facts.Missing(ctx, s, cache)
	if err != nil {
		return rules.Report{}, fmt.Errorf("evaluate: %w", err)
	}
	if len(missing) > 0 && head.tree.SHA != "" {
		if _, err := s.Read(ctx, missing[0]); errors.Is(err, snapshot.ErrUnavailable) {
			want := func(context.Context, *snapshot.Snapshot) ([]snapshot.Entry, error) { return missing, nil }
			if s, err = r.client.Complete(ctx, ghRepo(&r.repo), sha, head.tree, want); err != nil {
				return rules.Report{}, err
			}
		}
	}
	s.Name, s.Ref = r.repo.FullName(), r.repo.DefaultBranch
	of := *r
	of.std = std
	of.repo.Learner = learnerOf(&of.repo, std, r.set.OwnerIsOrg, &r.act.Activity)
	in, err := of.input(ctx)
	if err != nil {
		return rules.Report{}, err
	}
	var got judged
	err = r.judge(ctx, s, cache, std, in, &got)
	return got.report, err
}

// touches reports whether two commits have different files under a path.
func touches(base, head *judged, path string) bool {
	before, after := base.repo.Lookup(path), head.repo.Lookup(path)
	if before == nil || after == nil {
		return before != after
	}
	return before.Blob != after.Blob
}

// preview says what is wrong with a configuration or roadmap file that the pull request changes, and what it would change once merged.
func (r *run) preview(pin *render.PullInput, base, head *judged, then foreseen) {
	named := r.std.conf.Roadmap
	about := touches(base, head, config.Path) || touches(base, head, config.OtherPath) || named != "" && touches(base, head, named) ||
		then.std.conf.Roadmap != "" && touches(base, head, then.std.conf.Roadmap)
	if about {
		pin.ConfigFaults = append(pin.ConfigFaults, then.faults...)
	}
	for _, path := range slices.Sorted(maps.Keys(head.roadmaps)) {
		if touches(base, head, path) && path != then.std.conf.Roadmap {
			_, err := r.parseRoadmap(path, head.roadmaps[path])
			pin.ConfigFaults = append(pin.ConfigFaults, faultsOf(path, err)...)
		}
	}
	if about && then.report != nil && len(then.faults) == 0 {
		pin.Preview = &render.Preview{After: then.report, Settings: config.Changes(r.std.conf, then.std.conf)}
	}
}
