package evaluate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"milepost/bot/inforce"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/facts"
	"milepost/rules/snapshot"
	"milepost/storage"
)

const (
	maxForetold = 500 // repositories that a changed roadmap is tried on
	maxFlips    = 40  // of them listed
)

// flip is what a changed roadmap would do to one repository.
type flip struct {
	repo          string
	gains, losses []string
}

// forecast is what a changed roadmap would do to all that are judged by it.
type forecast struct {
	path    string
	fault   string // why the file cannot be used
	keep    int    // repositories for which nothing changes
	unknown int    // repositories whose files would have to be read again to tell
	flips   []flip
}

// foretell says, for a pull request in an organisation's .github repository that changes roadmap files or the organisation's defaults, who would gain and
// lose what: they are tried on the facts that are stored, without a call to GitHub.
func (r *run) foretell(ctx context.Context, base, head *judged, then foreseen, text *render.CheckRunText) error {
	if r.repo.Name != ".github" {
		return nil
	}
	var all []forecast
	for _, path := range slices.Sorted(maps.Keys(head.roadmaps)) {
		if !touches(base, head, path) {
			continue
		}
		f := forecast{path: path}
		if roadmap, err := r.parseRoadmap(path, head.roadmaps[path]); err != nil {
			f.fault = err.Error()
			text.Conclusion = "neutral"
		} else if err := r.forecast(ctx, &f, byRoadmap(path, roadmap)); err != nil {
			return err
		}
		all = append(all, f)
	}
	path, changed := r.ownConfig(head)
	if changed && touches(base, head, path) && then.report != nil && len(then.faults) == 0 && r.std.conf.JudgesUnlike(then.std.conf) {
		f := forecast{path: path}
		if err := r.forecast(ctx, &f, r.byDefaults(ctx, then, head)); err != nil {
			return err
		}
		all = append(all, f)
	}
	for _, f := range all {
		if block := f.markdown(); len(text.Summary)+len(block) < render.MaxCheckText {
			text.Summary += "\n\n" + block
		}
	}
	return nil
}

// change says by what a repository would be judged; ok is false where nothing changes for it.
type change func(repo *storage.Repository, std standard) (then standard, ok bool, err error)

// byRoadmap is a new version of a roadmap file.
func byRoadmap(path string, roadmap *rules.Roadmap) change {
	return func(_ *storage.Repository, std standard) (standard, bool, error) {
		ok := std.conf.Roadmap == path
		std.roadmap = roadmap
		return std, ok, nil
	}
}

// byDefaults are new defaults of an organisation, with the roadmaps that come with them.
func (r *run) byDefaults(ctx context.Context, then foreseen, head *judged) change {
	return func(repo *storage.Repository, std standard) (standard, bool, error) {
		own, err := inforce.Own(repo)
		if err != nil {
			return std, false, fmt.Errorf("evaluate: %w", err)
		}
		conf := config.Merge(then.own, own)
		ok := std.conf.JudgesUnlike(conf)
		if name := conf.Roadmap; name != std.conf.Roadmap {
			if data, read := head.roadmaps[name]; read && own.Roadmap == "" {
				std.roadmap, err = r.parseRoadmap(name, data)
			} else {
				std.roadmap, err = r.roadmap(ctx, repo, name)
			}
			if err != nil {
				return std, false, nil //nolint:nilerr // it stays with the one in force, and its page says so
			}
		}
		std.conf = conf
		return std, ok, nil
	}
}

func (r *run) forecast(ctx context.Context, out *forecast, by change) error {
	all, err := r.Store.Repositories(ctx, r.repo.InstallationID)
	if err != nil {
		return fmt.Errorf("evaluate: %w", err)
	}
	tried := 0
	for i := range all {
		repo := &all[i]
		if repo.HeadSHA == "" || repo.ID == r.repo.ID || tried == maxForetold {
			continue
		}
		std, err := r.stored(ctx, repo)
		if err != nil {
			return err
		}
		changed, ok, err := by(repo, std)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		tried++
		now, then, ok, err := r.try(ctx, repo, changed)
		if err != nil {
			return err
		}
		switch f := difference(repo.FullName(), &now, &then); {
		case !ok:
			out.unknown++
		case len(f.gains)+len(f.losses) == 0:
			out.keep++
		default:
			out.flips = append(out.flips, f)
		}
	}
	return nil
}

// try judges the stored head of a repository as it was and by another standard. ok is false when facts that the other needs are not known.
func (r *run) try(ctx context.Context, repo *storage.Repository, std standard) (now, then rules.Report, ok bool, err error) {
	row, err := r.Store.LatestReport(ctx, repo.ID)
	if errors.Is(err, storage.ErrNotFound) {
		return now, then, false, nil
	}
	if err != nil {
		return now, then, false, fmt.Errorf("evaluate: %w", err)
	}
	if now, err = decodeReport(row.Data); err != nil {
		return now, then, false, err
	}
	then, ok, err = r.judgeStored(ctx, repo, std, std.roadmap)
	return now, then, ok, err
}

// judgeStored judges the stored head of a repository by a roadmap, from stored facts. ok is false when facts that the roadmap needs are not known.
func (a *Actor) judgeStored(ctx context.Context, repo *storage.Repository, std standard, by *rules.Roadmap) (report rules.Report, ok bool, err error) {
	files, err := a.Store.Snapshot(ctx, repo.ID, repo.HeadSHA)
	if errors.Is(err, storage.ErrNotFound) {
		return report, false, nil
	}
	if err != nil {
		return report, false, fmt.Errorf("evaluate: %w", err)
	}
	entries, truncated, err := unpack(files.Entries)
	if err != nil {
		return report, false, err
	}
	s := snapshot.New(entries, unavailable)
	s.Name, s.Commit, s.Ref, s.Truncated = repo.FullName(), files.Commit, repo.DefaultBranch, truncated
	cache := newFactsCache(a.Store, by.Patterns().Fingerprint())
	missing, err := facts.Missing(ctx, s, cache)
	if err != nil || len(missing) > 0 {
		return report, false, wrapped(err)
	}
	act, err := a.loadActivity(ctx, repo)
	if err != nil {
		return report, false, err
	}
	of := &run{Actor: a, repo: *repo, std: std, act: act}
	in, err := of.input(ctx)
	if err != nil {
		return report, false, err
	}
	var got judged
	std.roadmap = by
	err = a.judge(ctx, s, cache, std, in, &got)
	return got.report, err == nil, err
}

// RoadmapDiff is what a change of roadmap does to the repositories that are known.
type RoadmapDiff struct {
	Keep    int // repositories for which nothing changes
	Unknown int // repositories whose files would have to be read again to tell
	Changed []RepositoryDiff
}

// RepositoryDiff is what one repository gains and loses, by milestone id.
type RepositoryDiff struct {
	Name          string
	Gains, Losses []string
}

// DiffRoadmaps judges every repository by two roadmaps, from stored facts alone, and says who keeps, gains and loses what.
func DiffRoadmaps(ctx context.Context, store *storage.Store, before, after *rules.Roadmap, now func() time.Time) (RoadmapDiff, error) {
	a := &Actor{Store: store, Now: now}
	var out RoadmapDiff
	all, err := store.Repositories(ctx, 0)
	if err != nil {
		return out, wrapped(err)
	}
	for i := range all {
		repo := &all[i]
		if repo.HeadSHA == "" {
			continue
		}
		std, err := a.stored(ctx, repo)
		if err != nil {
			return out, err
		}
		was, ok, err := a.judgeStored(ctx, repo, std, before)
		var then rules.Report
		if err == nil && ok {
			then, ok, err = a.judgeStored(ctx, repo, std, after)
		}
		if err != nil {
			return out, err
		}
		switch f := difference(repo.FullName(), &was, &then); {
		case !ok:
			out.Unknown++
		case len(f.gains)+len(f.losses) == 0:
			out.Keep++
		default:
			out.Changed = append(out.Changed, RepositoryDiff{f.repo, f.gains, f.losses})
		}
	}
	return out, nil
}

// difference lists what one report has and the other has not. A milestone that the new roadmap no longer has is neither gained nor lost.
func difference(repo string, now, then *rules.Report) flip {
	out := flip{repo: repo}
	for _, m := range then.Milestones() {
		before, known := now.Milestone(m.ID)
		switch {
		case m.Done() && !(known && before.Done()):
			out.gains = append(out.gains, m.ID)
		case !m.Done() && known && before.Done() && m.Counts():
			out.losses = append(out.losses, m.ID)
		}
	}
	return out
}

func (f forecast) markdown() string {
	name := render.Code(f.path)
	if f.fault != "" {
		return "### " + name + "\n\nThis roadmap has a mistake, so Milepost would not use it, and would go on with the last good one: " + render.Inline(f.fault)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### What %s would change for others\n\n%s would keep all milestones", name, repositories(f.keep))
	if len(f.flips) > 0 {
		fmt.Fprintf(&b, "; %s would gain or lose some", repositories(len(f.flips)))
	}
	if f.unknown > 0 {
		fmt.Fprintf(&b, "; for %s it is known only after the merge, when the files are read by the new rules", repositories(f.unknown))
	}
	b.WriteString(".")
	if len(f.flips) == 0 {
		return b.String()
	}
	b.WriteString("\n\n| Repository | Gains | Loses |\n| --- | --- | --- |")
	for _, one := range f.flips[:min(len(f.flips), maxFlips)] {
		fmt.Fprintf(&b, "\n| %s | %s | %s |", render.Code(one.repo), codes(one.gains), codes(one.losses))
	}
	if n := len(f.flips) - maxFlips; n > 0 {
		fmt.Fprintf(&b, "\n\nand %d more.", n)
	}
	return b.String()
}

func repositories(n int) string {
	if n == 1 {
		return "1 repository"
	}
	return fmt.Sprintf("%d repositories", n)
}

// codes are ids in a cell of a table.
func codes(ids []string) string {
	out := make([]string, 0, len(ids))
	for _, id := range ids[:min(len(ids), 12)] {
		out = append(out, render.Code(id))
	}
	if n := len(ids) - 12; n > 0 {
		out = append(out, fmt.Sprintf("%d more", n))
	}
	return strings.Join(out, ", ")
}
