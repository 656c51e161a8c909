package web

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"time"
)

// How much is remembered: views of what different people see; and for each of them the lists that were asked for.
const (
	viewsMost   = 16
	answersKept = 32
)

// seen is what people see who may see the same repositories. It is renewed by what changed, and a page that finds nothing changed reads nothing.
type seen struct {
	ids []int64 // in order

	mu     sync.Mutex
	mark   uint64 // of the store's changes
	sweeps int    // of the cohort, when all stamps were looked at last
	group  *group // nil at first
}

// group is a set of repositories with its learners: what several pages have in common. Nobody may change it.
type group struct {
	entries  []*entry
	hour     time.Time        // changes over days are computed anew each hour
	plans    []*plan          // the roadmaps in force in these repositories
	plan     *plan            // all of them
	learners []*learner       // in order of their keys
	memory   *recent[*answer] // shared with the groups within this one
}

// learner is the one of a login, nil if there is none.
func (g *group) learner(login string) *learner {
	at, has := g.place(strings.ToLower(login))
	if !has || g.learners[at].Login == "" {
		return nil
	}
	return g.learners[at]
}

// place is where the learner of a key is, or would be.
func (g *group) place(key string) (int, bool) {
	return slices.BinarySearchFunc(g.learners, key, func(l *learner, key string) int { return strings.Compare(l.key, key) })
}

// see returns the group of these repositories, of those that are still there. ids are in order.
func (c *cohort) see(ctx context.Context, ids []int64) (*group, error) {
	v := c.views.find(func(v *seen) bool { return slices.Equal(v.ids, ids) }, func() *seen { return &seen{ids: ids} })
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := c.sweep(ctx); err != nil {
		return nil, err
	}
	changed, mark, complete := c.store.Changes(v.mark)
	sweeps := int(c.sweeps.Load())
	var entries []*entry
	var err error
	if v.group == nil || !complete || v.sweeps != sweeps {
		entries, err = c.fresh(ctx, ids)
	} else {
		entries, err = c.renewed(ctx, v.group.entries, ids, changed)
	}
	if err != nil {
		return nil, err
	}
	hour := c.now().Truncate(time.Hour)
	if v.group == nil || !v.group.hour.Equal(hour) || !slices.Equal(v.group.entries, entries) {
		old := v.group
		if old == nil {
			old = c.newest.Load()
		}
		v.group = c.groupOf(entries, hour, old)
		c.newest.Store(v.group)
	}
	v.mark, v.sweeps = mark, sweeps
	return v.group, nil
}

// renewed is a list of entries with those read anew that changed. Of what changed and is not among the ids nothing is read.
func (c *cohort) renewed(ctx context.Context, entries []*entry, ids, changed []int64) ([]*entry, error) {
	changed = slices.DeleteFunc(changed, func(id int64) bool {
		_, has := slices.BinarySearch(ids, id)
		return !has
	})
	if len(changed) == 0 {
		return entries, nil
	}
	slices.Sort(changed)
	changed = slices.Compact(changed)
	some, err := c.fresh(ctx, changed)
	if err != nil {
		return nil, err
	}
	out := make([]*entry, 0, len(entries)+len(some))
	for _, e := range entries {
		if _, has := slices.BinarySearch(changed, e.repo.ID); !has {
			out = append(out, e)
		}
	}
	out = append(out, some...)
	slices.SortFunc(out, func(a, b *entry) int { return cmp.Compare(a.repo.ID, b.repo.ID) })
	return out, nil
}

// groupOf brings entries together by whose they are, in order of login, and joins the roadmaps that are in force there. Of old, which may be nil, is taken
// what is no different: most of the time one learner has changed.
func (c *cohort) groupOf(entries []*entry, hour time.Time, old *group) *group {
	if old != nil && old.hour.Equal(hour) {
		if g := old.with(entries, c.now()); g != nil {
			return g
		}
	}
	g := &group{entries: entries, hour: hour, memory: &recent[*answer]{most: answersKept}}
	by := make(map[string]*learner, len(entries))
	for _, e := range entries {
		if e.nobodys() {
			continue
		}
		if !slices.Contains(g.plans, e.plan) {
			g.plans = append(g.plans, e.plan)
		}
		key := e.key()
		l := by[key]
		if l == nil {
			l = &learner{Login: e.repo.Learner, key: key}
			g.learners = append(g.learners, l)
			by[key] = l
		}
		l.Repos = append(l.Repos, e)
	}
	if at := slices.Index(g.plans, c.builtin); at > 0 { // its words come first
		g.plans[0], g.plans[at] = g.plans[at], g.plans[0]
	}
	if len(g.plans) == 0 {
		g.plans = []*plan{c.builtin}
	}
	if old != nil && slices.Equal(old.plans, g.plans) {
		g.plan = old.plan
	} else {
		g.plan = together(g.plans)
	}
	keep := old != nil && old.plan == g.plan && old.hour.Equal(hour)
	views := map[*plan]*view{}
	now := c.now()
	for i, l := range g.learners {
		if keep {
			if at, has := old.place(l.key); has && slices.Equal(old.learners[at].Repos, l.Repos) {
				g.learners[i] = old.learners[at]
				continue
			}
		}
		l.plan, l.view = g.plan, g.plan.viewFor(l.Repos, views)
		l.unite(now)
	}
	slices.SortFunc(g.learners, func(a, b *learner) int { return strings.Compare(a.key, b.key) })
	return g
}

// with is the group with entries in the place of others of the same repositories, if they are the same people's with the same roadmaps, else nil.
func (g *group) with(entries []*entry, now time.Time) *group {
	if len(entries) != len(g.entries) {
		return nil
	}
	out := &group{entries: entries, hour: g.hour, plans: g.plans, plan: g.plan, learners: slices.Clone(g.learners), memory: &recent[*answer]{most: answersKept}}
	for i, e := range entries {
		was := g.entries[i]
		if e == was || e.repo.ID == was.repo.ID && e.nobodys() && was.nobodys() {
			continue
		}
		at, has := out.place(was.key())
		if e.repo.ID != was.repo.ID || e.plan != was.plan || e.repo.Learner != was.repo.Learner || e.key() != was.key() || e.nobodys() != was.nobodys() || !has {
			return nil
		}
		l := out.learners[at]
		if l == g.learners[at] { // else another repository of the learner's has changed too
			l = &learner{Login: l.Login, key: l.key, Repos: slices.Clone(l.Repos), plan: l.plan, view: l.view}
			out.learners[at] = l
		}
		l.Repos[slices.Index(l.Repos, was)] = e
	}
	for at, l := range out.learners {
		if l != g.learners[at] {
			l.unite(now)
		}
	}
	return out
}

// within is the group of some of its learners; the key names which.
func (c *cohort) within(g *group, key any, in func(*learner) bool) *group {
	return worked(g.memory, key, func() *group {
		var entries []*entry
		for _, l := range g.learners {
			if in(l) {
				entries = append(entries, l.Repos...)
			}
		}
		slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(a.repo.ID, b.repo.ID) })
		some := c.groupOf(entries, g.hour, g)
		some.memory = g.memory
		return some
	})
}

// of is a question about a group, as a key of its memory.
type of struct {
	group *group
	what  any
}

// ask returns what do works out about a group, once for as long as nothing changes and it is remembered. what is comparable.
func ask[T any](g *group, what any, do func() T) T { return worked(g.memory, of{g, what}, do) }

// aspect names what a group is asked that has no name of its own.
type aspect string

// freshest is when the newest check was.
func (g *group) freshest() time.Time {
	return ask(g, aspect("freshest"), func() (t time.Time) {
		for _, l := range g.learners {
			if l.Fresh.After(t) {
				t = l.Fresh
			}
		}
		return t
	})
}
