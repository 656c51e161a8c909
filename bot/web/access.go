package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"milepost/bot/gh"
	"milepost/storage"
)

const (
	// accessLife is how long GitHub's word on what a person may see is taken as it was.
	accessLife = 3 * time.Minute
	// accessGrace is how long it is taken while GitHub cannot be asked.
	accessGrace = 15 * time.Minute
	// accessAgain is how soon a person who opens something unknown makes us ask again.
	accessAgain = 15 * time.Second
)

// viewer is who asks, and what GitHub lets this person see.
type viewer struct {
	user   storage.User
	token  string // GitHub's
	admin  bool
	bearer string // hash of the token, when it came with the request
	sight
}

// sight is what GitHub lets a person see. It is never changed.
type sight struct {
	roles   map[int64]string // by repository
	ids     []int64          // of the repositories, in order
	known   []int64          // installations, in order
	fetched time.Time
}

// recalled is the sight of a person as it was stored last.
type recalled struct {
	user int64

	mu  sync.Mutex
	key string // of the rows that it was read from; "": none
	sight
}

// sightsMost is of how many people what they see is remembered.
const sightsMost = 64

// sees reports whether the person may see a repository.
func (v *viewer) sees(repoID int64) bool { return v != nil && v.roles[repoID] != "" }

// shared is a repository that a person and an installation share, as it is stored.
type shared struct {
	ID   int64  `json:"id"`
	Role string `json:"role"`
}

// Roles of a person in a repository, as GitHub names them.
const (
	roleAdmin    = "admin"
	roleMaintain = "maintain"
	roleRead     = "read"
)

func roleOf(p map[string]bool) string {
	for _, r := range []struct{ flag, role string }{{"admin", roleAdmin}, {"maintain", roleMaintain}, {"push", "write"}, {"triage", "triage"}, {"pull", roleRead}} {
		if p[r.flag] {
			return r.role
		}
	}
	return roleRead // it is listed, so it can be read
}

// errSignedOut: GitHub no longer takes the person's token.
var errSignedOut = errors.New("web: GitHub no longer takes this sign-in")

// admit fills in what the person may see, from storage or from GitHub.
func (s *Server) admit(ctx context.Context, v *viewer) error {
	if err := s.recall(ctx, v); err != nil {
		return err
	}
	age := s.cfg.Now().Sub(v.fetched)
	if age >= 0 && age < accessLife {
		return nil
	}
	fresh, err := s.ask(ctx, v)
	switch {
	case err == nil:
		*v = *fresh
		return nil
	case gh.Is(err, gh.Auth):
		return errSignedOut
	case age >= 0 && age < accessGrace:
		s.cfg.Log.WarnContext(ctx, "GitHub could not be asked what a person may see; its last answer is used", "user", v.user.Login, "error", err)
		return nil
	}
	return fmt.Errorf("web: ask what %s may see: %w", v.user.Login, err)
}

// again asks GitHub once more because something was not found, unless that was done moments ago. It reports whether the answer is new. Whether the
// thing exists plays no part, so that the time it takes tells nothing.
func (s *Server) again(ctx context.Context, v *viewer) (bool, error) {
	if age := s.cfg.Now().Sub(v.fetched); age >= 0 && age < accessAgain {
		return false, nil
	}
	fresh, err := s.ask(ctx, v)
	if gh.Is(err, gh.Auth) {
		return false, errSignedOut
	}
	if err != nil {
		s.cfg.Log.WarnContext(ctx, "GitHub could not be asked what a person may see", "user", v.user.Login, "error", err)
		return false, nil
	}
	*v = *fresh
	if v.bearer != "" {
		kept := *v
		kept.token = "" // only its hash is kept
		s.bearers.put(v.bearer, kept)
	}
	return true, nil
}

// recall reads what GitHub said last.
func (s *Server) recall(ctx context.Context, v *viewer) error {
	if v.bearer != "" {
		return nil // kept in memory only, by bearers
	}
	k := s.sights.find(func(k *recalled) bool { return k.user == v.user.ID }, func() *recalled { return &recalled{user: v.user.ID} })
	k.mu.Lock()
	defer k.mu.Unlock()
	rows, err := s.cfg.Store.AccessMarks(ctx, v.user.ID)
	if err != nil {
		return err
	}
	if key := keyOf(rows); key == "" || key != k.key {
		if rows, err = s.cfg.Store.AccessOf(ctx, v.user.ID); err != nil {
			return err
		}
		if k.sight, err = sightOf(rows); err != nil {
			k.key = ""
			return fmt.Errorf("web: stored access of user %d: %w", v.user.ID, err)
		}
		k.key = keyOf(rows)
	}
	v.sight = k.sight
	return nil
}

// sightOf reads the rows of a person.
func sightOf(rows []storage.Access) (sight, error) {
	in := sight{roles: map[int64]string{}}
	want := -1
	for _, a := range rows {
		var list []shared
		if err := json.Unmarshal(a.Repos, &list); err != nil {
			return sight{}, err
		}
		if a.InstallationID == 0 { // the row that says when, and how many others there are
			in.fetched, want = a.FetchedAt, len(list)
			continue
		}
		in.known = append(in.known, a.InstallationID)
		for _, r := range list {
			in.roles[r.ID] = r.Role
		}
	}
	if want != len(in.known) { // a row was dropped, because something changed: ask
		in.fetched = time.Time{}
	}
	in.ids = slices.Sorted(maps.Keys(in.roles))
	return in, nil
}

// keyOf names the answer that a person's rows hold, by the number that its row bears and the installations that are left of it; "" if it bears none.
func keyOf(rows []storage.Access) string {
	var list []shared
	if len(rows) == 0 || rows[0].InstallationID != 0 || json.Unmarshal(rows[0].Repos, &list) != nil || len(list) == 0 || list[0].ID == 0 {
		return ""
	}
	key := strconv.AppendInt(nil, list[0].ID, 36)
	for _, a := range rows {
		key = strconv.AppendInt(append(key, ' '), a.InstallationID, 36)
		key = strconv.AppendInt(append(key, ' '), a.FetchedAt.UnixMilli(), 36)
	}
	return string(key)
}

// markOf is the row's content that says how many installations there are, and bears a number of its own.
func markOf(installations int) ([]byte, error) {
	list := make([]shared, installations)
	if installations > 0 {
		list[0].ID = 1 + rand.Int64N(1<<53-1) //nolint:gosec // it need not be hard to guess
	}
	return json.Marshal(list)
}

// ask asks GitHub what the person may see, and stores the answer. Requests of one person share one question.
func (s *Server) ask(ctx context.Context, v *viewer) (*viewer, error) {
	key := fmt.Sprint(v.user.ID, " ", hashToken(v.token), " ", v.bearer != "")
	got, err, _ := s.asking.Do(key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
		defer cancel()
		return s.askGitHub(ctx, v)
	})
	if err != nil {
		return nil, err
	}
	fresh, ok := got.(*viewer)
	if !ok {
		return nil, errors.New("web: unexpected answer")
	}
	own := *fresh
	own.bearer, own.token, own.admin, own.user = v.bearer, v.token, v.admin, v.user
	return &own, nil
}

func (s *Server) askGitHub(ctx context.Context, v *viewer) (*viewer, error) {
	client, err := s.cfg.SignIn.As(v.token)
	if err != nil {
		return nil, err
	}
	listed, err := client.UserInstallations(ctx)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, 0, len(listed))
	for _, in := range listed {
		ids = append(ids, in.ID)
	}
	ours, err := s.cfg.Store.InstallationsByID(ctx, ids)
	if err != nil {
		return nil, err
	}
	fresh := &viewer{sight: sight{roles: map[int64]string{}, fetched: s.cfg.Now()}}
	var rows []storage.Access
	for _, in := range listed {
		// A token of another app lists that app's installations: those are none of ours.
		if !slices.ContainsFunc(ours, func(o storage.Installation) bool { return o.ID == in.ID }) {
			continue
		}
		repos, err := client.UserRepositories(ctx, in.ID)
		if gh.Is(err, gh.NotFound, gh.Forbidden) {
			continue
		}
		if err != nil {
			return nil, err
		}
		list := make([]shared, 0, len(repos))
		for _, r := range repos {
			role := roleOf(r.Permissions)
			fresh.roles[r.ID] = role
			list = append(list, shared{r.ID, role})
		}
		data, err := json.Marshal(list)
		if err != nil {
			return nil, fmt.Errorf("web: encode access: %w", err)
		}
		fresh.known = append(fresh.known, in.ID)
		rows = append(rows, storage.Access{InstallationID: in.ID, Repos: data, FetchedAt: fresh.fetched})
	}
	slices.Sort(fresh.known)
	fresh.ids = slices.Sorted(maps.Keys(fresh.roles))
	if v.bearer != "" {
		return fresh, nil
	}
	mark, err := markOf(len(rows))
	if err != nil {
		return nil, fmt.Errorf("web: encode access: %w", err)
	}
	rows = append(rows, storage.Access{Repos: mark, FetchedAt: fresh.fetched})
	return fresh, s.cfg.Store.PutAccess(ctx, v.user.ID, rows)
}

// bearers remembers who came with which token, for a minute, by the token's hash.
type bearers struct {
	mu  sync.Mutex
	now func() time.Time
	all map[string]viewer
}

const (
	bearerLife = time.Minute
	bearerMost = 2000
)

func newBearers(now func() time.Time) *bearers {
	return &bearers{now: now, all: map[string]viewer{}}
}

func (b *bearers) get(hash string) (viewer, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	v, ok := b.all[hash]
	if age := b.now().Sub(v.fetched); !ok || age < 0 || age >= bearerLife {
		return viewer{}, false
	}
	return v, true
}

func (b *bearers) put(hash string, v viewer) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.all) >= bearerMost {
		for k, old := range b.all {
			if b.now().Sub(old.fetched) >= bearerLife || len(b.all) >= bearerMost {
				delete(b.all, k)
			}
		}
	}
	b.all[hash] = v
}

// Each token that nobody knows is a question to GitHub, which locks out an address that asks with bad ones: strangers may cause so many.
const (
	unknownEach  = time.Second
	unknownBurst = 30
)

var errTooMany = &pageError{http.StatusTooManyRequests, "Too many sign-ins at once", "Too many tokens that are new here came at once. Please try again in a minute."}

// plausible reports whether a token looks like one that GitHub gives for a person.
func plausible(token string) bool {
	for _, prefix := range []string{"ghu_", "gho_", "ghp_", "github_pat_"} {
		if rest, ok := strings.CutPrefix(token, prefix); ok {
			return rest != "" && len(token) <= 300 && strings.Trim(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
		}
	}
	return false
}

// byToken finds out who a GitHub token belongs to. A refused token is remembered like a good one, with nobody behind it.
func (s *Server) byToken(ctx context.Context, token string) (*viewer, error) {
	if s.cfg.SignIn == nil || !plausible(token) {
		return nil, errSignedOut
	}
	hash := hashToken(token)
	v, ok := s.bearers.get(hash)
	if ok && v.user.ID == 0 {
		return nil, errSignedOut
	}
	if ok {
		v.token = token
		return &v, nil
	}
	if !s.unknown.AllowN(s.cfg.Now(), 1) {
		return nil, errTooMany
	}
	client, err := s.cfg.SignIn.As(token)
	if err != nil {
		return nil, err
	}
	who, err := client.User(ctx)
	fresh := &viewer{sight: sight{fetched: s.cfg.Now()}}
	if err == nil {
		ask := &viewer{user: storage.User{ID: who.ID, Login: who.Login}, token: token, bearer: hash}
		fresh, err = s.ask(ctx, ask)
	}
	if gh.Is(err, gh.Auth, gh.Forbidden, gh.NotFound) {
		s.bearers.put(hash, viewer{sight: sight{fetched: s.cfg.Now()}})
		return nil, errSignedOut
	}
	if err != nil {
		return nil, err
	}
	kept := *fresh
	kept.token = "" // only its hash is kept
	s.bearers.put(hash, kept)
	return fresh, nil
}
