package web_test

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/bot/web"
	"milepost/storage"
)

// accessWorld has two learners with repositories of every sort, and people of every sort. seen says what GitHub shows to whom.
func accessWorld(t *testing.T) (*world, map[string][]string) {
	t.Helper()
	all := []string{"lea-private", "lea-open", "lea-shown", "zoe-private", "zoe-open"}
	seen := map[string][]string{
		"olga": all, "member": all, "lea": {"lea-private", "lea-open", "lea-shown"}, "reader": {"lea-private"}, "writer": {"lea-private", "lea-open"}, "keeper": {"lea-shown"},
		"mentor": {"lea-private"}, "named": {}, "outsider": {}, "gone": {}, "": {},
	}
	roles := map[string]string{"lea": "write", "reader": "read", "writer": "write", "keeper": "admin", "mentor": "read"}
	w := newWorld(t, func(w *world) {
		for login := range seen {
			if login != "" && login != "olga" {
				w.people[login] = w.AddUser(login, "", "")
			}
		}
		w.SetMember(w.people["academy"], w.people["member"], "member")
		for _, name := range all {
			w.add(t, seedRepo{Owner: "academy", Name: name, Learner: name[:3], Private: strings.HasSuffix(name, "private") || strings.HasSuffix(name, "shown"), Public: strings.HasSuffix(name, "shown"),
				Progress: 0.5, Reports: 3, Age: 240 * time.Hour, LastPush: 9 * time.Hour})
		}
		for login, names := range seen {
			for _, n := range names {
				if roles[login] != "" {
					w.SetCollaborator(w.repos[n], w.people[login], roles[login])
				}
			}
		}
		for _, n := range all {
			w.SetCollaborator(w.repos[n], w.people["gone"], "admin")
		}
		conf := []byte(`{"mentors":["mentor","named"]}`)
		if err := w.store.SetRepositoryConfig(t.Context(), w.repos["lea-private"].ID(), "blob", conf, false); err != nil {
			t.Fatal(err)
		}
	})
	w.chooses(t, "lea")
	return w, seen
}

// noise is what differs between two answers that are to be the same.
var noise = regexp.MustCompile(`name="csrf" value="[^"]*"|<time[^>]*>[^<]*</time>`)

func still(a answer) string {
	if a.status == http.StatusSeeOther {
		return "to the sign-in" // whatever was asked for
	}
	return fmt.Sprint(a.status, a.header.Get("Content-Type"), a.header.Get("Cache-Control"), noise.ReplaceAllString(a.body, ""))
}

// says tells whether an answer's text has some words in it. Form tokens are left out: their random letters spell any short name now and then.
func says(a answer, words string) bool {
	return strings.Contains(noise.ReplaceAllString(a.body, ""), words)
}

func TestAccess(t *testing.T) { //nolint:tparallel // they share one world's browsers
	t.Parallel()
	w, seen := accessWorld(t)
	gone := w.as(t, "gone") // signs in with all rights, which are taken away since
	goneToken := w.token(t, "gone")
	if s := gone.get("/repos/academy/lea-private").status; s != 200 {
		t.Fatalf("before the rights were taken: %d", s)
	}
	goneAPI := w.browser(t)
	goneAPI.hdr.Set("Authorization", "Bearer "+goneToken)
	if s := goneAPI.get("/api/v1/repos/academy/lea-private/report").status; s != 200 {
		t.Fatalf("by token, before the rights were taken: %d", s)
	}
	for _, r := range w.repos {
		w.SetCollaborator(r, w.people["gone"], "")
	}
	w.clock.Advance(web.AccessLifeForTest)
	for login, names := range seen {
		t.Run("as "+login, func(t *testing.T) {
			b, api := w.browser(t), w.browser(t)
			switch login {
			case "":
			case "gone":
				b, api = gone, goneAPI
			default:
				b = w.as(t, login)
				api.hdr.Set("Authorization", "Bearer "+w.token(t, login))
			}
			w.checkPerson(t, b, api, login, names)
		})
	}
}

// checkPerson looks at every page, export, route and picture as one person, who sees these repositories.
func (w *world) checkPerson(t *testing.T, b, api *browser, login string, names []string) {
	t.Helper()
	want := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%q at %s: %d, want %d", login, what, got, want)
		}
	}
	missing, outside := http.StatusNotFound, http.StatusNotFound
	if login == "" {
		missing, outside = http.StatusSeeOther, http.StatusUnauthorized
	}
	leas, zoes := 0, 0
	for name := range w.repos {
		page, report, badge := missing, outside, http.StatusNotFound
		if slices.Contains(names, name) {
			page, report, badge = 200, 200, 200
			if name[:3] == "lea" {
				leas++
			} else {
				zoes++
			}
		}
		if !strings.HasSuffix(name, "-private") {
			badge = 200
		}
		want(name, b.get("/repos/academy/"+name).status, page)
		want(name+" in other letters", b.get("/repos/ACADEMY/"+strings.ToUpper(name)).status, page)
		want(name+"'s report with the session", b.get("/api/v1/repos/academy/"+name+"/report").status, report)
		want(name+"'s report with a token", api.get("/api/v1/repos/academy/"+name+"/report").status, report)
		pic := b.get("/badge/academy/" + name + ".svg")
		want(name+"'s badge", pic.status, badge)
		if public := strings.HasPrefix(pic.header.Get("Cache-Control"), "public"); public != (badge == 200 && !strings.HasSuffix(name, "-private")) {
			t.Errorf("%q at %s's badge: kept by caches: %v", login, name, public)
		}
		if page != 200 {
			// What is forbidden and what does not exist are answered alike.
			for _, pair := range [][2]string{{"/repos/academy/" + name, "/repos/academy/nothing"}, {"/api/v1/repos/academy/" + name + "/report", "/api/v1/repos/academy/nothing/report"}} {
				a, z := b.get(pair[0]), b.get(pair[1])
				a.header.Del("Location")
				if still(a) != still(z) || login != "" && says(a, name) {
					t.Errorf("%q can tell %s from %s", login, pair[0], pair[1])
				}
			}
		}
		if badge != 200 && still(b.get("/badge/academy/"+name+".svg")) != still(b.get("/badge/academy/nothing.svg")) {
			t.Errorf("%q can tell the badge of %s from none", login, name)
		}
	}
	person := func(n int) (page, route int) {
		if n > 0 {
			return 200, 200
		}
		return missing, outside
	}
	for who, n := range map[string]int{"lea": leas, "zoe": zoes, "nobody": 0} {
		page, route := person(n)
		want("learner "+who, b.get("/learners/"+who).status, page)
		want("learner "+who+" in the interface", b.get("/api/v1/learners/"+who).status, route)
		want("learner "+who+" with a token", api.get("/api/v1/learners/"+who).status, route)
	}
	list, route := 200, 200
	if login == "" {
		list, route = http.StatusSeeOther, http.StatusUnauthorized
	}
	id := w.roadmap.IDs()[0]
	for _, path := range []string{"/today", "/learners", "/learners.csv", "/learners.json", "/milestones", "/milestones/" + id, "/learners/lea", "/learners/zoe", "/settings", "/settings/data.json", "/api/v1/learners", "/api/v1/learners/lea", "/api/v1/milestones"} {
		for _, who := range []*browser{b, api} {
			isAPI := strings.HasPrefix(path, "/api/")
			if who == api && !isAPI {
				continue // tokens open the interface alone
			}
			a := who.get(path)
			if !strings.HasSuffix(path, "lea") && !strings.HasSuffix(path, "zoe") {
				want(path, a.status, map[bool]int{false: list, true: route}[isAPI])
			}
			for name := range w.repos {
				if !slices.Contains(names, name) && says(a, name) {
					t.Errorf("%q reads of %s at %s", login, name, path)
				}
			}
			if zoes == 0 && login != "" && says(a, "zoe") {
				t.Errorf("%q reads of zoe at %s", login, path)
			}
		}
	}
	if login != "" {
		w.checkCounts(t, b, login, leas, zoes)
	}
	admin := missing
	if login == "olga" {
		admin = 200
	}
	want("the operator's page", b.get("/admin").status, admin)
	for path, status := range map[string]int{"/p/lea": 200, "/p/lea/card.svg": 200, "/p/zoe": 404, "/p/zoe/card.svg": 404, "/p/nobody": 404, "/privacy": 200, "/api/v1/openapi.json": 200, "/healthz": 200} {
		a := b.get(path)
		want(path, a.status, status)
		for name := range w.repos {
			if name != "lea-shown" && name != "lea-open" && says(a, name) {
				t.Errorf("%q reads of %s at %s", login, name, path)
			}
		}
	}
}

// checkCounts compares numbers with what the person sees.
func (w *world) checkCounts(t *testing.T, b *browser, login string, leas, zoes int) {
	t.Helper()
	n := 0
	for _, k := range []int{leas, zoes} {
		if k > 0 {
			n++
		}
	}
	var list struct {
		Total    int
		Learners []struct{ Repositories []string }
	}
	decodeInto(t, b.get("/api/v1/learners").body, &list)
	repos := 0
	for _, l := range list.Learners {
		repos += len(l.Repositories)
	}
	if list.Total != n || repos != leas+zoes {
		t.Errorf("%q counts %d learners with %d repositories, want %d with %d", login, list.Total, repos, n, leas+zoes)
	}
	var ms struct {
		Learners   int
		Milestones []struct{ Have, Started, Lack int }
	}
	decodeInto(t, b.get("/api/v1/milestones").body, &ms)
	if ms.Learners != n {
		t.Errorf("%q counts %d learners by milestone, want %d", login, ms.Learners, n)
	}
	for _, m := range ms.Milestones {
		if m.Have+m.Started+m.Lack > n {
			t.Errorf("%q counts %d learners on a milestone", login, m.Have+m.Started+m.Lack)
		}
	}
}

// TestMentors: who may sign off, and what it leaves behind.
func TestMentors(t *testing.T) {
	t.Parallel()
	w, _ := accessWorld(t)
	id := w.roadmap.IDs()[len(w.roadmap.IDs())-1]
	sign := func(login, repo string) answer {
		b := w.as(t, login)
		return b.post("/settings", "/repos/academy/"+repo+"/signoff", map[string][]string{"milestone": {id}, "note": {"seen"}})
	}
	for _, c := range []struct {
		login, repo string
		status      int
	}{
		{"olga", "lea-private", 303}, {"keeper", "lea-shown", 303}, {"mentor", "lea-private", 303}, {"lea", "lea-private", 403}, {"reader", "lea-private", 403}, {"writer", "lea-private", 403},
		{"member", "lea-private", 403}, {"named", "lea-private", 404}, {"outsider", "lea-private", 404}, {"mentor", "lea-open", 404}, {"keeper", "zoe-private", 404},
	} {
		if a := sign(c.login, c.repo); a.status != c.status {
			t.Errorf("%s signs off in %s: %d, want %d", c.login, c.repo, a.status, c.status)
		}
	}
	offs, err := w.store.SignOffs(t.Context(), w.repos["lea-private"].ID())
	if err != nil {
		t.Fatal(err)
	}
	stand := 0
	for _, o := range offs {
		if o.RevokedAt.IsZero() {
			stand++
			if o.Mentor != "mentor" || o.Note != "seen" {
				t.Errorf("%+v stands", o)
			}
		}
	}
	if stand != 1 {
		t.Errorf("%d sign-offs stand", stand)
	}
	row, err := w.store.Work(t.Context(), storage.Key{Kind: storage.KindRepo, ID: fmt.Sprint(w.repos["lea-private"].ID())})
	if err != nil || row.Gen == 0 {
		t.Errorf("no check was asked for: %+v, %v", row, err)
	}
	m := w.as(t, "mentor")
	if a := m.post("/repos/academy/lea-private", "/repos/academy/lea-private/signoff", map[string][]string{"milestone": {"no-such"}}); a.status != 400 {
		t.Errorf("an unknown milestone: %d", a.status)
	}
	if a := m.post("/learners/lea", "/learners/lea/notes", map[string][]string{"text": {"<b>call</b> her"}}); a.status != 303 {
		t.Errorf("a note: %d", a.status)
	}
	if a := m.get("/learners/lea"); !strings.Contains(a.body, "&lt;b&gt;call&lt;/b&gt; her") {
		t.Error("the mentor does not see the own note")
	}
	for _, login := range []string{"lea", "reader", "member"} { // peers and the learner do not read mentors' notes
		if a := w.as(t, login).get("/learners/lea"); says(a, "call") {
			t.Errorf("%s reads the note", login)
		}
	}
	if a := m.post("/repos/academy/lea-private", "/repos/academy/lea-private/revoke", map[string][]string{"milestone": {id}}); a.status != 303 {
		t.Errorf("taking back: %d", a.status)
	}
	if a := m.do(http.MethodPost, "/repos/academy/lea-private/revoke", map[string][]string{"milestone": {id}, "csrf": {"x"}}); a.status != 403 {
		t.Errorf("a forged form: %d", a.status)
	}
}

// TestTeam: members of a team that the configuration names are mentors, as far as they see the repository.
func TestTeam(t *testing.T) {
	t.Parallel()
	w, _ := accessWorld(t)
	team := w.AddTeam(w.people["academy"], "coaches", w.people["member"])
	if err := w.store.SetRepositoryConfig(t.Context(), w.repos["lea-open"].ID(), "blob", []byte(`{"mentors":["@academy/coaches","@elsewhere/coaches"]}`), false); err != nil {
		t.Fatal(err)
	}
	form := func() map[string][]string { return map[string][]string{"milestone": {w.roadmap.IDs()[0]}} }
	b := w.as(t, "member")
	if a := b.post("/settings", "/repos/academy/lea-open/signoff", form()); a.status != 303 {
		t.Errorf("a member of the team: %d", a.status)
	}
	if a := w.as(t, "writer").post("/settings", "/repos/academy/lea-open/signoff", form()); a.status != 403 {
		t.Errorf("somebody else: %d", a.status)
	}
	w.SetTeamMember(team, w.people["member"], false)
	w.clock.Advance(web.AccessLifeForTest)
	if a := b.post("/settings", "/repos/academy/lea-open/signoff", form()); a.status != 403 {
		t.Errorf("after leaving the team: %d", a.status)
	}
}

// TestGrantedSince: access that GitHub gave a moment ago counts at the first try, and a revoked token ends the session.
func TestGrantedSince(t *testing.T) {
	t.Parallel()
	w, _ := accessWorld(t)
	b := w.as(t, "outsider")
	if s := b.get("/repos/academy/zoe-private").status; s != 404 {
		t.Fatalf("before: %d", s)
	}
	w.SetCollaborator(w.repos["zoe-private"], w.people["outsider"], "read")
	w.clock.Advance(20 * time.Second)
	if !strings.Contains(b.get("/learners").body, "/learners/zoe") {
		t.Error("the list stays empty")
	}
	w.clock.Advance(20 * time.Second)
	if s := b.get("/repos/academy/zoe-private").status; s != 200 {
		t.Errorf("after: %d", s)
	}
	w.ResetCalls()
	for range 20 {
		b.get("/repos/academy/nothing")
	}
	if reads, _ := w.CallTotals(); reads > 3 {
		t.Errorf("twenty misses cost %d calls", reads)
	}
	// GitHub away: its last word counts for a while, then nothing is shown.
	w.Fail(func(*http.Request) githubsim.Fault { return githubsim.Fault{Kind: githubsim.FaultStatus, Status: 502} })
	w.clock.Advance(web.AccessLifeForTest)
	if s := b.get("/repos/academy/zoe-private").status; s != 200 {
		t.Errorf("GitHub away for minutes: %d", s)
	}
	w.clock.Advance(time.Hour)
	if s := b.get("/repos/academy/zoe-private").status; s != 503 {
		t.Errorf("GitHub away for an hour: %d", s)
	}
	w.Fail(nil)
	w.RevokeUserTokens(w.app, w.people["outsider"])
	if s := b.get("/repos/academy/zoe-private").status; s != 303 {
		t.Errorf("with a revoked token: %d", s)
	}
	mia := w.as(t, "named") // a token that is revoked just before something is not found
	w.RevokeUserTokens(w.app, w.people["named"])
	w.clock.Advance(20 * time.Second)
	if a := mia.get("/repos/academy/nothing"); a.status != 303 || !strings.HasPrefix(a.header.Get("Location"), "/login?") {
		t.Errorf("with a token revoked a moment ago: %d", a.status)
	}
	rows, err := w.store.SessionsOf(t.Context(), w.people["outsider"].ID())
	if err != nil || len(rows) > 0 {
		t.Errorf("%d sessions are left (%v)", len(rows), err)
	}
}
