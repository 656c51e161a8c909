package web

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"milepost/bot/render"
	"milepost/rules"
	"milepost/storage"
)

// cohort answers questions about many repositories at once. It keeps what storage says about each repository in memory, and reads it anew when the
// repository's row says that something changed: a page costs one small query, whatever the number of milestones.
type cohort struct {
	store   *storage.Store
	roadmap *rules.Roadmap
	now     func() time.Time
	index   map[string]int // milestone id -> its place in the roadmap
	flat    []flatMilestone

	mu     sync.RWMutex
	byID   map[int64]*entry
	groups []*group // the newest first
	swept  time.Time
}

// group is a set of repositories with its learners: what several pages of one person have in common.
type group struct {
	entries  []*entry
	minute   time.Time // changes over days are computed anew each minute
	learners []*learner
	once     sync.Once
	tallies  []tally
}

// groupsMost is how many groups are remembered.
const groupsMost = 16

// flatMilestone is a milestone with its step's place.
type flatMilestone struct {
	*rules.Milestone
	step int
}

// entry is a repository with the status of each of the roadmap's milestones. It is never changed once it can be seen by others.
type entry struct {
	stamp   storage.RepositoryStamp
	repo    storage.Repository // without configuration and settings
	asked   time.Time          // when the learner asked for a mentor
	status  []rules.Status     // by place in the roadmap; "" was never judged
	since   []time.Time
	reasons map[int]string // of those started
	earned  []storage.Earned
}

// FullName is "owner/name".
func (e *entry) FullName() string { return e.repo.FullName() }

// Name is the repository's name without its owner.
func (e *entry) Name() string { return e.repo.Name }

// Standing is a repository's state in a few words.
func (e *entry) Standing() string {
	switch {
	case e.repo.ReportID == 0:
		return "not checked yet"
	case e.repo.State == "empty":
		return "no commit yet"
	}
	return render.Standing(rules.Summary{Met: e.repo.Met, Total: e.repo.Total})
}

func newCohort(store *storage.Store, roadmap *rules.Roadmap, now func() time.Time) *cohort {
	c := &cohort{store: store, roadmap: roadmap, now: now, index: map[string]int{}, byID: map[int64]*entry{}}
	for i := range roadmap.Steps {
		for j := range roadmap.Steps[i].Milestones {
			m := &roadmap.Steps[i].Milestones[j]
			c.index[m.ID] = len(c.flat)
			c.flat = append(c.flat, flatMilestone{m, i})
		}
	}
	return c
}

// settled is how long after a change of its row a repository is read again at each look: two changes in one millisecond have one stamp.
const settled = 2 * time.Second

// sweepEvery is how often what was removed from storage is forgotten here too.
const sweepEvery = 10 * time.Minute

// sweep forgets repositories that are gone.
func (c *cohort) sweep(ctx context.Context) error {
	c.mu.Lock()
	now := c.now()
	due := now.Sub(c.swept) >= sweepEvery
	var installations []int64
	if due {
		c.swept = now
		for _, e := range c.byID {
			if !slices.Contains(installations, e.stamp.InstallationID) {
				installations = append(installations, e.stamp.InstallationID)
			}
		}
	}
	c.mu.Unlock()
	if !due {
		return nil
	}
	stamps, err := c.store.RepositoryStamps(ctx, installations)
	if err != nil {
		return err
	}
	there := make(map[int64]bool, len(stamps))
	for _, s := range stamps {
		there[s.ID] = true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	maps.DeleteFunc(c.byID, func(id int64, _ *entry) bool { return !there[id] })
	c.groups = nil
	return nil
}

// of returns the repositories that a person may see, in order of id.
func (c *cohort) of(ctx context.Context, v *viewer) ([]*entry, error) {
	stamps, err := c.store.RepositoryStamps(ctx, v.known)
	if err != nil {
		return nil, err
	}
	return c.fresh(ctx, slices.DeleteFunc(stamps, func(s storage.RepositoryStamp) bool { return !v.sees(s.ID) }))
}

// fresh returns the entries of these stamps, reading what changed.
func (c *cohort) fresh(ctx context.Context, stamps []storage.RepositoryStamp) ([]*entry, error) {
	if err := c.sweep(ctx); err != nil {
		return nil, err
	}
	all := make([]*entry, 0, len(stamps))
	var stale []int64
	cutoff := c.now().Add(-settled)
	c.mu.RLock()
	for _, s := range stamps {
		e := c.byID[s.ID]
		if e == nil || e.stamp.ReportID != s.ReportID || !e.stamp.UpdatedAt.Equal(s.UpdatedAt) || s.UpdatedAt.After(cutoff) {
			stale = append(stale, s.ID)
			e = nil
		}
		all = append(all, e)
	}
	c.mu.RUnlock()
	if len(stale) == 0 {
		return all, nil
	}
	read, err := c.read(ctx, stale)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, e := range read {
		c.byID[id] = e
	}
	out := all[:0]
	for i, s := range stamps {
		e := all[i]
		if e == nil {
			e = read[s.ID]
		}
		if e != nil { // else it was removed since
			out = append(out, e)
		}
	}
	return out, nil
}

// read reads repositories from storage.
func (c *cohort) read(ctx context.Context, ids []int64) (map[int64]*entry, error) {
	rows, err := c.store.RepositoriesByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]*entry, len(rows))
	for _, r := range rows {
		e := &entry{stamp: storage.RepositoryStamp{ID: r.ID, InstallationID: r.InstallationID, ReportID: r.ReportID, UpdatedAt: r.UpdatedAt}, repo: r}
		e.asked = askedMentor(r.Settings)
		e.repo.Settings, e.repo.Config = nil, nil
		e.status, e.since = make([]rules.Status, len(c.flat)), make([]time.Time, len(c.flat))
		out[r.ID] = e
	}
	statuses, err := c.store.StatusesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range statuses {
		e, place := out[s.RepoID], -1
		if i, ok := c.index[s.Milestone]; ok {
			place = i
		}
		if e == nil || place < 0 {
			continue
		}
		e.status[place], e.since[place] = oneStatus(s.Status), s.Since
		if s.Status == string(rules.Partial) {
			if e.reasons == nil {
				e.reasons = map[int]string{}
			}
			e.reasons[place] = s.Reason
		}
	}
	earned, err := c.store.EarnedOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, x := range earned {
		if e := out[x.RepoID]; e != nil {
			e.earned = append(e.earned, x)
		}
	}
	return out, nil
}

// oneStatus is the constant of a status, so that a hundred thousand rows share nine texts.
func oneStatus(s string) rules.Status {
	for _, k := range []rules.Status{rules.Met, rules.Missing, rules.Partial, rules.Unknown, rules.NotApplicable, rules.Skipped, rules.Attested} {
		if string(k) == s {
			return k
		}
	}
	return rules.Missing
}

// askedMentor reads the one setting of a repository that mentors care for.
func askedMentor(settings []byte) time.Time {
	var in struct {
		Asked time.Time `json:"asked_mentor"`
	}
	if json.Unmarshal(settings, &in) != nil {
		return time.Time{}
	}
	return in.Asked
}

// learner is a person with the union of what all repositories show.
type learner struct {
	Login  string // "" while nobody can be told: then the repository stands for the person
	Repos  []*entry
	Status []rules.Status
	Since  []time.Time
	Steps  []stepCell

	Met, Total, BonusMet, BonusTotal, Percent int
	Change7, Change30                         int
	Last                                      time.Time // last push
	Fresh                                     time.Time // newest check
}

// stepCell is a learner's state in a step.
type stepCell struct {
	Word       string // Done, Next, Started, Later
	Met, Total int    // of the core; of bonus milestones where a step has no others
}

// Letter stands for the word where space is short.
func (c stepCell) Letter() string { return c.Word[:1] }

// Key is the learner's name in lists and sorting.
func (l *learner) Key() string {
	if l.Login == "" {
		return strings.ToLower(l.Repos[0].repo.FullName())
	}
	return strings.ToLower(l.Login)
}

// Started reports whether there is anything of the learner's that was judged.
func (l *learner) Started() bool {
	return slices.ContainsFunc(l.Repos, func(e *entry) bool { return e.repo.ReportID != 0 && e.repo.State != "empty" })
}

// group returns the learners of these repositories, computed once for as long as nothing changes. Nobody may change what it returns.
func (c *cohort) group(entries []*entry) *group {
	minute := c.now().Truncate(time.Minute)
	same := func(g *group) bool { return g.minute.Equal(minute) && slices.Equal(g.entries, entries) }
	c.mu.RLock()
	at := slices.IndexFunc(c.groups, same)
	if at >= 0 {
		g := c.groups[at]
		c.mu.RUnlock()
		return g
	}
	c.mu.RUnlock()
	g := &group{entries: slices.Clone(entries), minute: minute, learners: c.learners(entries)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups = append([]*group{g}, c.groups[:min(len(c.groups), groupsMost-1)]...)
	return g
}

// learners groups repositories by whose they are, in order of login.
func (c *cohort) learners(entries []*entry) []*learner {
	by := map[string]*learner{}
	var all []*learner
	for _, e := range entries {
		if strings.EqualFold(e.repo.Name, ".github") {
			continue // an organisation's defaults are nobody's work
		}
		key := strings.ToLower(e.repo.Learner)
		l := by[key]
		if l == nil || key == "" {
			l = &learner{Login: e.repo.Learner}
			all = append(all, l)
			by[key] = l
		}
		l.Repos = append(l.Repos, e)
	}
	for _, l := range all {
		c.unite(l)
	}
	slices.SortFunc(all, func(a, b *learner) int { return cmp.Compare(a.Key(), b.Key()) })
	return all
}

// rank orders statuses: of several repositories the best one counts, and one that counts at all before one that does not.
func rank(s rules.Status) int {
	switch s {
	case rules.Met, rules.Attested:
		return 6
	case rules.Partial:
		return 5
	case rules.Unknown:
		return 4
	case rules.Missing:
		return 3
	case rules.Skipped:
		return 2
	case rules.NotApplicable:
		return 1
	default:
		return 0
	}
}

// unite computes a learner's union.
func (c *cohort) unite(l *learner) {
	l.Status, l.Since = make([]rules.Status, len(c.flat)), make([]time.Time, len(c.flat))
	for _, e := range l.Repos {
		for i, s := range e.status {
			if rank(s) > rank(l.Status[i]) || rank(s) == rank(l.Status[i]) && e.since[i].Before(l.Since[i]) {
				l.Status[i], l.Since[i] = s, e.since[i]
			}
		}
		if e.repo.PushedAt.After(l.Last) {
			l.Last = e.repo.PushedAt
		}
		if e.repo.ReportAt.After(l.Fresh) {
			l.Fresh = e.repo.ReportAt
		}
	}
	report := c.report(l.Status)
	l.Met, l.Total, l.BonusMet, l.BonusTotal, l.Percent = report.Summary.Met, report.Summary.Total, report.Summary.BonusMet, report.Summary.BonusTotal, report.Summary.Percent
	next, has := report.NextMilestone()
	at := -1
	if has {
		at = c.flat[c.index[next.ID]].step
	}
	for i, s := range report.Steps {
		cell := stepCell{Word: render.StepWord(s, i == at && l.Started()), Met: s.Met, Total: s.Total}
		if s.Total == 0 {
			for _, m := range s.Milestones {
				if m.Counts() {
					cell.Total++
				}
				if m.Done() {
					cell.Met++
				}
			}
		}
		l.Steps = append(l.Steps, cell)
	}
	now := c.now()
	l.Change7, l.Change30 = c.change(l, now.AddDate(0, 0, -7)), c.change(l, now.AddDate(0, 0, -30))
}

// report makes a report of statuses, for those who count and look for what is next.
func (c *cohort) report(status []rules.Status) *rules.Report {
	r := &rules.Report{Steps: make([]rules.StepReport, len(c.roadmap.Steps))}
	at := 0
	for i, s := range c.roadmap.Steps {
		ms := make([]rules.MilestoneReport, len(s.Milestones))
		for j, m := range s.Milestones {
			st := status[at]
			if st == "" {
				st = rules.Missing
			}
			ms[j] = rules.MilestoneReport{ID: m.ID, Title: m.Title, Kind: m.Kind, Tier: m.Tier, Status: st}
			at++
		}
		r.Steps[i] = rules.StepReport{ID: s.ID, Title: s.Title, Milestones: ms}
	}
	r.Tally()
	return r
}

// firsts are the moments at which each milestone was first earned in any repository, by place; zero: never.
func (c *cohort) firsts(l *learner) []storage.Earned {
	first := make([]storage.Earned, len(c.flat))
	for _, e := range l.Repos {
		for _, x := range e.earned {
			i, ok := c.index[x.Milestone]
			if ok && (first[i].At.IsZero() || x.At.Before(first[i].At)) {
				first[i] = x
			}
		}
	}
	return first
}

// change is how many milestones a learner has gained since a time, less those lost.
func (c *cohort) change(l *learner, since time.Time) int {
	n := 0
	for i, x := range c.firsts(l) {
		done := rank(l.Status[i]) == 6
		switch {
		case done && !x.At.Before(since):
			n++
		case !done && !x.At.IsZero() && x.At.Before(since) && !x.LostAt.IsZero() && !x.LostAt.Before(since):
			n--
		}
	}
	return n
}
