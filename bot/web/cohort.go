package web

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unique"

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

	views  *recent[*seen]
	newest atomic.Pointer[group] // the one made last
	sweeps atomic.Int64          // how often all was looked at

	mu    sync.RWMutex
	byID  map[int64]*entry
	plans map[string]*plan // roadmap files by blob
	swept time.Time
}

// plansMost is how many roadmaps of people's own are remembered.
const plansMost = 500

// entry is a repository with the status of each milestone of its roadmap. It is never changed once it can be seen by others.
type entry struct {
	stamp   storage.RepositoryStamp
	repo    storage.Repository // without configuration and settings
	learner string             // in lower case, "": nobody can be told
	name    string             // "owner/name" in lower case
	asked   time.Time          // when the learner asked for a mentor
	plan    *plan              // the roadmap in force
	cohort  string             // "": none
	status  []rules.Status     // by place in the plan; "" was never judged
	since   []time.Time
	reasons map[int]nearMiss // of those started
	earned  []storage.Earned
	claims  []storage.EvidenceClaim // open ones
}

// nearMiss is why a milestone that was started is not met.
type nearMiss struct {
	why   string
	shape unique.Handle[string]
}

// FullName is "owner/name".
func (e *entry) FullName() string { return e.repo.FullName() }

// Name is the repository's name without its owner.
func (e *entry) Name() string { return e.repo.Name }

// key names whose it is: the learner, or, while nobody can be told, the repository, which no login is like.
func (e *entry) key() string {
	if e.learner != "" {
		return e.learner
	}
	return e.name
}

// nobodys reports whether it is nobody's work but an organisation's defaults.
func (e *entry) nobodys() bool { return strings.EqualFold(e.repo.Name, ".github") }

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
	return &cohort{store: store, builtin: planOf(roadmap), now: now, views: &recent[*seen]{most: viewsMost}, byID: map[int64]*entry{}, plans: map[string]*plan{}}
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
	c.sweeps.Add(1)
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

// fresh returns the entries of these repositories, of those that are still there, reading what changed.
func (c *cohort) fresh(ctx context.Context, ids []int64) ([]*entry, error) {
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
		e := &entry{stamp: storage.RepositoryStamp{ID: r.ID, ReportID: r.ReportID, UpdatedAt: r.UpdatedAt}, repo: r,
			learner: strings.ToLower(r.Learner), name: strings.ToLower(r.FullName()), asked: askedMentor(r.Settings), cohort: cohortOf(&r)}
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
				e.reasons = map[int]nearMiss{}
			}
			e.reasons[place] = nearMiss{s.Reason, unique.Make(shape(s.Reason))}
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
	key    string // the name in sorting
	Repos  []*entry
	plan   *plan // of the page
	view   *view
	Status []rules.Status // by place in the plan; off where no roadmap of the learner's has the milestone
	ranks  []uint8        // of them
	Since  []time.Time
	from   []*entry // whose status it is
	Steps  []stepCell

	Met, Total, BonusMet, BonusTotal, Percent int
	Change7, Change30                         int
	Last                                      time.Time // last push
	Fresh                                     time.Time // newest check

	reasons func() []reason // why a mentor should look
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

// Started reports whether there is anything of the learner's that was judged.
func (l *learner) Started() bool {
	return slices.ContainsFunc(l.Repos, func(e *entry) bool { return e.repo.ReportID != 0 && e.repo.State != "empty" })
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
func rank(s rules.Status) uint8 {
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
func (l *learner) unite(now time.Time) {
	n := len(l.plan.flat)
	l.Status, l.ranks, l.Since, l.from = make([]rules.Status, n), make([]uint8, n), make([]time.Time, n), make([]*entry, n)
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
			if r := rank(s); r > l.ranks[i] || r == l.ranks[i] && e.since[k].Before(l.Since[i]) {
				l.Status[i], l.ranks[i], l.Since[i], l.from[i] = s, r, e.since[k], e
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
	l.Steps = make([]stepCell, len(report.Steps))
	for i, s := range report.Steps {
		l.Steps[i] = cellOf(s, i == at && l.Started())
	}
	firsts := l.firsts()
	l.Change7, l.Change30 = l.change(firsts, now.AddDate(0, 0, -7)), l.change(firsts, now.AddDate(0, 0, -30))
	l.reasons = sync.OnceValue(func() []reason { return l.words(now) })
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
func (l *learner) reason(i int) string { return l.miss(i).why }

func (l *learner) miss(i int) nearMiss {
	e := l.from[i]
	switch {
	case e == nil || l.Status[i] != rules.Partial:
	case e.plan == l.plan:
		return e.reasons[i]
	default:
		return e.reasons[e.plan.index[l.plan.flat[i].ID]]
	}
	return nearMiss{}
}

// firsts are the moments at which each milestone was first earned in any repository, by place; nil: never.
func (l *learner) firsts() []*storage.Earned {
	first := make([]*storage.Earned, len(l.plan.flat))
	for _, e := range l.Repos {
		for k := range e.earned {
			x := &e.earned[k]
			i, ok := l.plan.index[x.Milestone]
			if ok && (first[i] == nil || x.At.Before(first[i].At)) {
				first[i] = x
			}
		}
	}
	return first
}

// change is how many milestones a learner has gained since a time, less those lost.
func (l *learner) change(firsts []*storage.Earned, since time.Time) int {
	n := 0
	for i, x := range firsts {
		if x == nil {
			continue
		}
		done := l.ranks[i] == 6
		switch {
		case done && !x.At.Before(since):
			n++
		case !done && x.At.Before(since) && !x.LostAt.IsZero() && !x.LostAt.Before(since):
			n--
		}
	}
	return n
}
