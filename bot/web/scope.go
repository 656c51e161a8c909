package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"milepost/bot/gh"
)

// scope narrows the lists to some of the learners; it lives in the address, and goes along from page to page.
type scope struct {
	Org    string // the owner of a repository of theirs
	Team   string // org/slug: GitHub lists them in it
	Cohort string
}

func readScope(v url.Values) scope {
	return scope{Org: cut(v.Get("org"), 100), Team: strings.TrimPrefix(cut(v.Get("team"), 200), "@"), Cohort: cut(v.Get("cohort"), 100)}
}

// put adds the scope to an address's values.
func (s scope) put(v url.Values) {
	for k, x := range map[string]string{"org": s.Org, "team": s.Team, "cohort": s.Cohort} {
		if x != "" {
			v.Set(k, x)
		}
	}
}

// Set is the number of filters that are set.
func (s scope) Set() int {
	n := 0
	for _, x := range []string{s.Org, s.Team, s.Cohort} {
		if x != "" {
			n++
		}
	}
	return n
}

// Query is the scope as the end of an address: "?cohort=spring", or "".
func (s scope) Query() string {
	v := url.Values{}
	s.put(v)
	return address("", v)
}

// teamChoice is a team that can be chosen.
type teamChoice struct{ Value, Name string }

// scopeBar is what the filters of a page offer.
type scopeBar struct {
	Scope   scope
	Path    string
	Orgs    []string
	Teams   []teamChoice
	Cohorts []string
}

// Any reports whether there is anything to choose from.
func (b scopeBar) Any() bool {
	return b.Scope.Set() > 0 || len(b.Orgs) > 1 || len(b.Teams) > 0 || len(b.Cohorts) > 1
}

// group is what a person sees of the learners in the scope of the address. all is the same without a scope.
func (p *request) group() (all, some *group, bar scopeBar, err error) {
	if all, err = p.visible(); err != nil {
		return nil, nil, bar, err
	}
	bar = scopeBar{Scope: readScope(p.URL.Query()), Path: p.URL.Path}
	var members *team
	if bar.Scope.Team != "" {
		if members, err = p.members(bar.Scope.Team); err != nil {
			return nil, nil, bar, err
		}
	}
	return all, p.srv.cohort.narrow(all, bar.Scope, members), bar, nil
}

// narrow returns the group of the learners in a scope; members are those of its team.
func (c *cohort) narrow(g *group, s scope, members *team) *group {
	if s.Set() == 0 {
		return g
	}
	type inScope struct {
		scope
		members *team
	}
	return c.within(g, inScope{s, members}, func(l *learner) bool {
		return (s.Team == "" || members.has(l.key)) && (s.Org == "" || l.has(func(e *entry) bool { return strings.EqualFold(e.repo.Owner, s.Org) })) &&
			(s.Cohort == "" || l.has(func(e *entry) bool { return strings.EqualFold(e.cohort, s.Cohort) }))
	})
}

func (l *learner) has(fn func(*entry) bool) bool { return slices.ContainsFunc(l.Repos, fn) }

// orgsMost is of how many organisations teams are offered: each takes a call.
const orgsMost = 10

// offer fills in what can be chosen.
func (p *request) offer(all *group, bar *scopeBar) error {
	bar.Orgs = ask(all, aspect("owners"), func() []string { return orgs(all.entries) })
	bar.Cohorts = ask(all, aspect("cohorts"), func() []string { return cohorts(all) })
	in, err := p.srv.cfg.Store.InstallationsByID(p.Context(), p.viewer.known)
	if err != nil {
		return err
	}
	var asked []string
	for _, i := range in {
		if i.AccountType == "Organization" && len(asked) < orgsMost && slices.ContainsFunc(bar.Orgs, func(o string) bool { return strings.EqualFold(o, i.AccountLogin) }) {
			asked = append(asked, i.AccountLogin)
		}
	}
	for i, list := range p.teamsOf(asked) {
		for _, t := range list {
			name := t.Name
			if len(asked) > 1 {
				name = asked[i] + "/" + name
			}
			bar.Teams = append(bar.Teams, teamChoice{asked[i] + "/" + t.Slug, name})
		}
	}
	slices.SortStableFunc(bar.Teams, func(a, b teamChoice) int { return cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	// What the address names can be seen in the form, whether it is known or not.
	if t := bar.Scope.Team; t != "" && !slices.ContainsFunc(bar.Teams, func(c teamChoice) bool { return strings.EqualFold(c.Value, t) }) {
		bar.Teams = append(bar.Teams, teamChoice{t, t})
	}
	if c := bar.Scope.Cohort; c != "" && !slices.ContainsFunc(bar.Cohorts, func(s string) bool { return strings.EqualFold(s, c) }) {
		bar.Cohorts = append(slices.Clip(bar.Cohorts), c)
	}
	if o := bar.Scope.Org; o != "" && !slices.ContainsFunc(bar.Orgs, func(s string) bool { return strings.EqualFold(s, o) }) {
		bar.Orgs = append(slices.Clip(bar.Orgs), o)
	}
	return nil
}

// teamsOf lists the teams of each organisation. A list that GitHub does not give at the moment is left out: the page is of use without it.
func (p *request) teamsOf(orgs []string) [][]gh.Team {
	lists := make([][]gh.Team, len(orgs))
	var all sync.WaitGroup
	for i, org := range orgs {
		all.Go(func() {
			list, err := p.teams(org)
			if err != nil {
				p.srv.cfg.Log.WarnContext(p.Context(), "GitHub did not list the teams of an organisation", "org", org, "error", err)
				return
			}
			lists[i] = list
		})
	}
	all.Wait()
	return lists
}

// cohorts are the cohorts that two learners or more are in, in order: a name with one's own login at its end is no cohort yet.
func cohorts(g *group) []string {
	first := map[string]*learner{}
	var out []string
	for _, l := range g.learners {
		for _, e := range l.Repos {
			switch was, seen := first[e.cohort]; {
			case e.cohort == "":
			case !seen:
				first[e.cohort] = l
			case was != nil && was != l:
				out = append(out, e.cohort)
				first[e.cohort] = nil
			}
		}
	}
	slices.Sort(out)
	return out
}

// teams are the teams that GitHub shows to the person in an organisation; none where it shows none.
func (p *request) teams(org string) ([]gh.Team, error) {
	return answered(p, p.srv.teamLists, p.viewer.key("teams", org), func(ctx context.Context, c *gh.Client) ([]gh.Team, error) {
		return c.Teams(ctx, org)
	})
}

// team is the people of a team, by login in lower case. Each answer of GitHub's is another one.
type team struct{ logins map[string]bool }

func (t *team) has(login string) bool { return t != nil && t.logins[login] }

// members are the people of a team as GitHub lists them to the person; nobody where it does not.
func (p *request) members(name string) (*team, error) {
	org, slug, ok := strings.Cut(strings.ToLower(name), "/") // GitHub's slugs are in lower case
	if !ok || org == "" || slug == "" || strings.Contains(slug, "/") {
		return nil, nil //nolint:nilnil // nobody
	}
	return answered(p, p.srv.teamMembers, p.viewer.key("members", name), func(ctx context.Context, c *gh.Client) (*team, error) {
		logins, err := c.TeamMembers(ctx, org, slug)
		out := &team{map[string]bool{}}
		for _, l := range logins {
			out.logins[strings.ToLower(l)] = true
		}
		return out, err
	})
}

// key is the name under which an answer to a person is remembered. A token's answers are its own.
func (v *viewer) key(what, name string) string {
	return strings.ToLower(strings.Join([]string{what, v.user.Login, v.bearer, name}, " "))
}

// answers remembers for minutes what GitHub said. It is safe for concurrent use.
type answers[T any] struct {
	mu  sync.Mutex
	all map[string]said[T]
}

type said[T any] struct {
	value  T
	at     time.Time // zero: never
	failed time.Time // the last try in vain since
	err    error
}

// or is the last answer, as long as it counts while GitHub cannot be asked, or else why it cannot.
func (s said[T]) or(now time.Time) (T, error) {
	if age := now.Sub(s.at); age >= 0 && age < accessGrace {
		return s.value, nil
	}
	var none T
	return none, s.err
}

// answersMost bounds what is remembered.
const answersMost = 5000

// answered asks GitHub as the person, unless it was asked minutes ago. What GitHub does not show is empty. While it cannot be asked its last answer
// counts for a while, and it is not asked at every page.
func answered[T any](p *request, a *answers[T], key string, ask func(context.Context, *gh.Client) (T, error)) (T, error) {
	now := p.srv.cfg.Now()
	a.mu.Lock()
	last := a.all[key]
	a.mu.Unlock()
	if age := now.Sub(last.at); age >= 0 && age < accessLife {
		return last.value, nil
	}
	if age := now.Sub(last.failed); last.err != nil && age >= 0 && age < accessAgain {
		return last.or(now)
	}
	var none T
	client, err := p.srv.cfg.SignIn.As(p.viewer.token)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	got, err := ask(ctx, client)
	switch {
	case gh.Is(err, gh.Auth):
		return none, errSignedOut
	case gh.Is(err, gh.NotFound, gh.Forbidden):
		got, err = none, nil
	}
	fresh := said[T]{value: got, at: now}
	if err != nil {
		fresh = said[T]{value: last.value, at: last.at, failed: now, err: err}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.all == nil || len(a.all) >= answersMost {
		a.all = map[string]said[T]{}
	}
	a.all[key] = fresh
	if err != nil {
		return fresh.or(now)
	}
	return got, nil
}
