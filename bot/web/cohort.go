package web

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"milepost/bot/inforce"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/roadmaps"
	"milepost/storage"
)

// cohort answers questions about many repositories at once. It keeps what storage says about each repository in memory, and reads it anew when the
// repository's row says that something changed, which each change does with a stamp of its own: a page costs one small query, whatever the number of
// milestones.
//
// A list's work depends on nothing but the repositories that its reader may see: no row of any other is read for it. See TestListsReadNoMore.
type cohort struct {
	store   *storage.Store
	builtin *plan
	now     func() time.Time

	mu     sync.RWMutex
	byID   map[int64]*entry
	groups []*group         // the newest first
	plans  map[string]*plan // roadmap files by blob
	swept  time.Time
}

// group is a set of repositories with its learners: what several pages of one person have in common.
type group struct {
	entries  []*entry
	minute   time.Time // changes over days are computed anew each minute
	plan     *plan     // of all the roadmaps in force in these repositories
	learners []*learner
	once     sync.Once
	tallies  []tally
}

// groupsMost is how many groups are remembered, plansMost how many roadmaps of people's own.
const (
	groupsMost = 16
	plansMost  = 500
)

// entry is a repository with the status of each milestone of its roadmap. It is never changed once it can be seen by others.
type entry struct {
	stamp   storage.RepositoryStamp
	repo    storage.Repository // without configuration and settings
	asked   time.Time          // when the learner asked for a mentor
	plan    *plan              // the roadmap in force
	cohort  string             // "": none
	status  []rules.Status     // by place in the plan; "" was never judged
	since   []time.Time
	reasons map[int]string // of those started
	earned  []storage.Earned
	claims  []storage.EvidenceClaim // open ones
}

// FullName is "owner/name".
func (e *entry) FullName() string { return e.repo.FullName() }

// Name is the repository's name without its owner.
func (e *entry) Name() string { return e.repo.Name }

// URL leads to a milestone in the repository's report; "": to its top.
func (e *entry) URL(milestone string) string {
	to := "/repos/" + url.PathEscape(e.repo.Owner) + "/" + url.PathEscape(e.repo.Name)
	if milestone != "" {
		to += "?m=" + url.QueryEscape(milestone) + "#m-" + url.PathEscape(milestone)
	}
	return to
}

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
	return &cohort{store: store, builtin: planOf(roadmap), now: now, byID: map[int64]*entry{}, plans: map[string]*plan{}}
}

// sweepEvery is how often what was removed from storage is forgotten here too.
const sweepEvery = 10 * time.Minute

// sweep forgets repositories that are gone.
func (c *cohort) sweep(ctx context.Context) error {
	c.mu.Lock()
	now := c.now()
	due := now.Sub(c.swept) >= sweepEvery
	var ids []int64
	if due {
		c.swept = now
		ids = slices.Collect(maps.Keys(c.byID))
	}
	c.mu.Unlock()
	if !due {
		return nil
	}
	stamps, err := c.store.RepositoryStamps(ctx, ids)
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
	if len(c.plans) > plansMost {
		clear(c.plans)
	}
	return nil
}

// How much is read at a start, and how much at once.
const (
	warmMost = 5000
	warmStep = 200
)

// warm reads the repositories that changed last, so that the first page after a start does not have to.
func (c *cohort) warm(ctx context.Context) error {
	ids, err := c.store.NewestRepositories(ctx, warmMost)
	for part := range slices.Chunk(ids, warmStep) {
		if err == nil {
			slices.Sort(part)
			_, err = c.fresh(ctx, part)
		}
	}
	return err
}

// of returns the repositories that a person may see, in order of id.
func (c *cohort) of(ctx context.Context, v *viewer) ([]*entry, error) {
	return c.fresh(ctx, slices.Sorted(maps.Keys(v.roles)))
}

// fresh returns the entries of these repositories, of those that are still there, reading what changed.
func (c *cohort) fresh(ctx context.Context, ids []int64) ([]*entry, error) {
	if err := c.sweep(ctx); err != nil {
		return nil, err
	}
	stamps, err := c.store.RepositoryStamps(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := make([]*entry, 0, len(stamps))
	var stale []int64
	c.mu.RLock()
	for _, s := range stamps {
		e := c.byID[s.ID]
		if e == nil || e.stamp.ReportID != s.ReportID || !e.stamp.UpdatedAt.Equal(s.UpdatedAt) {
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
	defaults := map[string]config.Config{}
	for _, r := range rows {
		e := &entry{stamp: storage.RepositoryStamp{ID: r.ID, ReportID: r.ReportID, UpdatedAt: r.UpdatedAt}, repo: r, asked: askedMentor(r.Settings), cohort: cohortOf(&r)}
		if e.plan, err = c.inForce(ctx, &r, defaults); err != nil {
			return nil, err
		}
		e.repo.Settings, e.repo.Config = nil, nil
		e.status, e.since = make([]rules.Status, len(e.plan.flat)), make([]time.Time, len(e.plan.flat))
		out[r.ID] = e
	}
	statuses, err := c.store.StatusesOf(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, s := range statuses {
		e := out[s.RepoID]
		if e == nil {
			continue
		}
		place, ok := e.plan.index[s.Milestone]
		if !ok {
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
			x.Milestone = e.plan.idOf(x.Milestone)
			e.earned = append(e.earned, x)
		}
	}
	claims, err := c.store.OpenEvidenceClaims(ctx, ids)
	if err != nil {
		return nil, err
	}
	for _, x := range claims {
		if e := out[x.RepoID]; e != nil {
			e.claims = append(e.claims, x)
		}
	}
	return out, nil
}

// inForce is the roadmap that a repository is judged by. defaults remembers those of owners from one call to the next.
func (c *cohort) inForce(ctx context.Context, r *storage.Repository, defaults map[string]config.Config) (*plan, error) {
	owner := strings.ToLower(r.Owner)
	theirs, known := defaults[owner]
	if !known {
		var err error
		if theirs, err = inforce.Defaults(ctx, c.store, owner); err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		defaults[owner] = theirs
	}
	if len(r.Config) == 0 && inforce.BuiltIn(theirs.Roadmap) {
		return c.builtin, nil
	}
	conf, err := inforce.Configuration(r, theirs)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if inforce.BuiltIn(conf.Roadmap) {
		return c.builtin, nil
	}
	file, err := inforce.RoadmapFile(ctx, c.store, r, conf.Roadmap)
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	if file.Blob == "" {
		return c.builtin, nil // as the check has it, which says so in the progress issue
	}
	c.mu.RLock()
	p := c.plans[file.Blob]
	c.mu.RUnlock()
	if p != nil {
		return p, nil
	}
	own, err := inforce.Parse(conf.Roadmap, file.Data, roadmaps.Load)
	if err != nil {
		return c.builtin, nil // as the check has it, which says so in the progress issue
	}
	p = planOf(own)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans[file.Blob] = p
	return p, nil
}

// cohortTopic begins a topic that names the cohort of a repository.
const cohortTopic = "cohort-"

// cohortOf is the cohort that a repository belongs to: what its topic "cohort-NAME" says, else the assignment of a Classroom-style name, which is
// ASSIGNMENT-LOGIN. "" when there is neither.
func cohortOf(r *storage.Repository) string {
	for topic := range strings.FieldsSeq(r.Topics) {
		if name, ok := strings.CutPrefix(topic, cohortTopic); ok && name != "" {
			return name
		}
	}
	name := strings.ToLower(r.Name)
	if rest, ok := strings.CutSuffix(name, "-"+strings.ToLower(r.Learner)); ok && r.Learner != "" {
		return rest
	}
	return ""
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
	plan   *plan // of the page
	view   *view
	Status []rules.Status // by place in the plan; off where no roadmap of the learner's has the milestone
	Since  []time.Time
	from   []*entry // whose status it is
	Steps  []stepCell

	Met, Total, BonusMet, BonusTotal, Percent int
	Change7, Change30                         int
	Last                                      time.Time // last push
	Fresh                                     time.Time // newest check
}

// stepCell is a learner's state in a step.
type stepCell struct {
	Word       string // Done, Next, Started, Later, Unknown; None when the step is not on the learner's way
	Met, Total int    // of the core; of bonus milestones where a step has no others
}

// The words of a step that need no look at its numbers.
const (
	wordDone    = "Done"
	wordNone    = "None"
	wordUnknown = "Unknown"
)

// Letter stands for the word where space is short.
func (c stepCell) Letter() string {
	switch c.Word {
	case wordNone:
		return "–"
	case wordUnknown:
		return "?"
	}
	return c.Word[:1]
}

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
	g := &group{entries: slices.Clone(entries), minute: minute}
	g.plan, g.learners = c.learners(entries)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups = append([]*group{g}, c.groups[:min(len(c.groups), groupsMost-1)]...)
	return g
}

// learners groups repositories by whose they are, in order of login, and joins the roadmaps that are in force there.
func (c *cohort) learners(entries []*entry) (*plan, []*learner) {
	by := map[string]*learner{}
	var all []*learner
	var plans []*plan
	for _, e := range entries {
		if strings.EqualFold(e.repo.Name, ".github") {
			continue // an organisation's defaults are nobody's work
		}
		if !slices.Contains(plans, e.plan) {
			plans = append(plans, e.plan)
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
	if at := slices.Index(plans, c.builtin); at > 0 { // its words come first
		plans[0], plans[at] = plans[at], plans[0]
	}
	if len(plans) == 0 {
		plans = []*plan{c.builtin}
	}
	joined := together(plans)
	views := map[*plan]*view{}
	for _, l := range all {
		l.plan, l.view = joined, joined.viewFor(l.Repos, views)
		c.unite(l)
	}
	slices.SortFunc(all, func(a, b *learner) int { return cmp.Compare(a.Key(), b.Key()) })
	return joined, all
}

// viewFor is the view of some repositories' roadmaps; views remembers those of one roadmap.
func (p *plan) viewFor(repos []*entry, views map[*plan]*view) *view {
	own := []*plan{repos[0].plan}
	for _, e := range repos[1:] {
		if !slices.Contains(own, e.plan) {
			own = append(own, e.plan)
		}
	}
	if len(own) > 1 {
		return viewOf(p, own)
	}
	v := views[own[0]]
	if v == nil {
		v = viewOf(p, own)
		views[own[0]] = v
	}
	return v
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
	n := len(l.plan.flat)
	l.Status, l.Since, l.from = make([]rules.Status, n), make([]time.Time, n), make([]*entry, n)
	for i := range l.Status {
		l.Status[i] = off
	}
	for _, e := range l.Repos {
		for k, s := range e.status {
			i := k
			if e.plan != l.plan {
				i = l.plan.index[e.plan.flat[k].ID]
			}
			if s == "" {
				s = rules.Missing
			}
			if rank(s) > rank(l.Status[i]) || rank(s) == rank(l.Status[i]) && e.since[k].Before(l.Since[i]) {
				l.Status[i], l.Since[i], l.from[i] = s, e.since[k], e
			}
		}
		if e.repo.PushedAt.After(l.Last) {
			l.Last = e.repo.PushedAt
		}
		if e.repo.ReportAt.After(l.Fresh) {
			l.Fresh = e.repo.ReportAt
		}
	}
	report := l.report()
	l.Met, l.Total, l.BonusMet, l.BonusTotal, l.Percent = report.Summary.Met, report.Summary.Total, report.Summary.BonusMet, report.Summary.BonusTotal, report.Summary.Percent
	next, has := report.NextMilestone()
	at := -1
	if has {
		at = l.plan.flat[l.plan.index[next.ID]].step
	}
	for i, s := range report.Steps {
		l.Steps = append(l.Steps, cellOf(s, i == at && l.Started()))
	}
	now := c.now()
	l.Change7, l.Change30 = l.change(now.AddDate(0, 0, -7)), l.change(now.AddDate(0, 0, -30))
}

// cellOf is the state of a step; next says that it holds the next action.
func cellOf(s rules.StepReport, next bool) stepCell {
	cell := stepCell{Word: render.StepWord(s, next), Met: s.Met, Total: s.Total}
	if cell.Word == render.StatusWord(rules.NotApplicable) {
		return stepCell{Word: wordNone}
	}
	if cell.Word == render.StatusWord(rules.Unknown) {
		cell.Word = wordUnknown
	}
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
	return cell
}

// report is the report of the learner's union.
func (l *learner) report() *rules.Report { return l.plan.report(l.view, l.Status) }

// reason is why a milestone that was started is not met yet, "" when that is not known.
func (l *learner) reason(i int) string {
	if e := l.from[i]; e != nil && l.Status[i] == rules.Partial {
		return e.reasons[e.plan.index[l.plan.flat[i].ID]]
	}
	return ""
}

// firsts are the moments at which each milestone was first earned in any repository, by place; zero: never.
func (l *learner) firsts() []storage.Earned {
	first := make([]storage.Earned, len(l.plan.flat))
	for _, e := range l.Repos {
		for _, x := range e.earned {
			i, ok := l.plan.index[x.Milestone]
			if ok && (first[i].At.IsZero() || x.At.Before(first[i].At)) {
				first[i] = x
			}
		}
	}
	return first
}

// change is how many milestones a learner has gained since a time, less those lost.
func (l *learner) change(since time.Time) int {
	n := 0
	for i, x := range l.firsts() {
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
