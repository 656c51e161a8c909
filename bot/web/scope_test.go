package web_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"html"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/bot/githubsim"
	"milepost/bot/web"
	"milepost/storage"
)

// TestListsReadNoMore: what the lists of a person read, and ask of GitHub, is the same whether the installation has other repositories, learners, claims and
// teams or not. So the time that they take cannot tell of what the person may not see.
func TestListsReadNoMore(t *testing.T) {
	t.Parallel()
	read := func(hidden int) (out map[string][]string, calls map[string]int) {
		w := newWorld(t, func(w *world) {
			w.people["reader"] = w.AddUser("reader", "", "")
			for i := range 3 {
				r := w.add(t, seedRepo{Owner: "academy", Name: fmt.Sprintf("task-lea%d", i), Learner: fmt.Sprintf("lea%d", i), Private: true, Progress: 0.5, Reports: 2, Age: 90 * time.Hour, LastPush: 9 * time.Hour, Public: i == 0})
				w.SetCollaborator(r, w.people["reader"], "read")
			}
			for i := range hidden {
				learner := []string{"lea0", "zoe"}[i%2] // one that the person sees elsewhere, and one that not
				r := w.add(t, seedRepo{Owner: "academy", Name: fmt.Sprintf("hidden%d-%s", i, learner), Learner: learner, Private: true, Progress: 0.7, Reports: 2, Age: 90 * time.Hour, LastPush: 9 * time.Hour})
				if _, err := w.store.AddEvidenceClaim(t.Context(), storage.EvidenceClaim{RepoID: r.ID(), Milestone: "jwt", By: learner, Target: "x"}); err != nil {
					t.Fatal(err)
				}
			}
		})
		b := w.as(t, "reader")
		out = map[string][]string{}
		w.ResetCalls()
		for range 2 { // as nothing is known yet, and again, as all that is hidden changes
			for _, path := range []string{"/today", "/learners", "/learners?q=zoe", "/learners?cohort=hidden1", "/learners?team=academy/none", "/learners.csv", "/learners.json", "/milestones", "/milestones/jwt", "/learners/zoe", "/learners/lea0", "/api/v1/learners", "/api/v1/milestones",
				"/p/lea0", "/p/zoe", "/p/lea0/card.svg"} {
				w.reads.take()
				if a := b.get(path); a.status != 200 && a.status != 404 {
					t.Fatalf("%s: %d", path, a.status)
				}
				out[path] = append(out[path], w.reads.take()...)
				for name, r := range w.repos {
					if !strings.HasPrefix(name, "hidden") {
						continue
					}
					if err := w.store.SetRepositoryPushed(t.Context(), r.ID(), w.clock.Now()); err != nil {
						t.Fatal(err)
					}
				}
			}
			w.clock.Advance(web.AccessLifeForTest)
		}
		w.plans(t)
		return out, w.Calls()
	}
	alone, aloneCalls := read(0)
	crowded, crowdedCalls := read(40)
	if d := cmp.Diff(alone, crowded); d != "" {
		t.Errorf("what is read depends on what is hidden (-nothing hidden +forty hidden):\n%s", d)
	}
	if d := cmp.Diff(aloneCalls, crowdedCalls); d != "" {
		t.Errorf("what GitHub is asked depends on what is hidden:\n%s", d)
	}
}

// plans holds every query that was made to an index: none walks through a table that has rows of repositories.
func (w *world) plans(t *testing.T) {
	t.Helper()
	db, err := sql.Open("sqlite", w.store.Path())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	scan := regexp.MustCompile(`\bSCAN (repositories|statuses|earned|claims|reports|events|signoffs|pulls|publications|notes)\b`)
	if len(w.reads.sql) < 10 {
		t.Fatalf("only %d queries were seen", len(w.reads.sql))
	}
	for query := range w.reads.sql {
		steps, err := explain(t, db, query)
		if err != nil {
			t.Fatalf("%v: %s", err, query)
		}
		if scan.MatchString(steps) {
			t.Errorf("a whole table is read: %s for %.200s", steps, query)
		}
	}
}

func explain(t *testing.T, db *sql.DB, query string) (string, error) {
	t.Helper()
	n := 0
	for strings.Contains(query, fmt.Sprintf("$%d", n+1)) {
		n++
	}
	args := make([]any, n)
	for i := range args {
		args[i] = 0
	}
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		return "", err
	}
	defer func() { _ = rows.Close() }()
	var out []string
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return "", err
		}
		out = append(out, detail)
	}
	return strings.Join(out, "; "), rows.Err()
}

// TestScope: team and cohort narrow every list, export and route alike; a team is what GitHub shows to the person who asks.
func TestScope(t *testing.T) {
	t.Parallel()
	var blue *githubsim.Team
	w := newWorld(t, func(w *world) {
		org := w.people["academy"]
		for _, login := range []string{"ann", "ben", "cai", "guest"} {
			w.people[login] = w.AddUser(login, "", "")
		}
		for name, topics := range map[string]string{"shop-ann": "", "shop-ben": "go cohort-spring", "blog-ann": "", "blog-cai": "", "own-ben": "", "diary": "cohort-spring"} {
			login := map[bool]string{true: name[strings.LastIndex(name, "-")+1:], false: "cai"}[strings.Contains(name, "-")]
			r := w.add(t, seedRepo{Owner: "academy", Name: name, Learner: login, Progress: 0.4, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
			w.SetCollaborator(r, w.people["guest"], "read")
			if err := w.store.PutRepository(t.Context(), storage.Repository{ID: r.ID(), InstallationID: w.inst.ID, Owner: "academy", Name: name, Topics: topics}); err != nil {
				t.Fatal(err)
			}
		}
		blue = w.AddTeam(org, "Team Blue", w.people["ann"], w.people["ben"])
	})
	olga := w.as(t, "olga")
	who := regexp.MustCompile(`<a(?: class="queue-n")? href="/learners/(\w+)"`)
	for query, want := range map[string]string{
		"": "ann ben cai", "cohort=spring": "ben cai", "cohort=SPRING": "ben cai", "cohort=shop": "ann", "cohort=blog": "ann cai", "cohort=diary": "", "cohort=none": "",
		"team=academy/team-blue": "ann ben", "team=@ACADEMY/Team-Blue": "ann ben", "team=academy/none": "", "team=team-blue": "", "team=academy/team-blue/x": "", "team=academy/team-blue&cohort=spring": "ben", "team=academy/team-blue&org=elsewhere": "",
	} {
		list := func(path string) string {
			t.Helper()
			var out []string
			for _, m := range who.FindAllStringSubmatch(olga.get(path+"?"+query).body, -1) {
				out = append(out, m[1])
			}
			return strings.Join(out, " ")
		}
		if got := list("/learners"); got != want {
			t.Errorf("/learners?%s lists %q, want %q", query, got, want)
		}
		if got := list("/milestones/" + w.roadmap.IDs()[0]); len(strings.Fields(got)) != len(strings.Fields(want)) {
			t.Errorf("a milestone with %s lists %q, want %q", query, got, want)
		}
		n := len(strings.Fields(want))
		if got := olga.get("/milestones?" + query).body; !strings.Contains(got, fmt.Sprintf("How %d learner", n)) {
			t.Errorf("/milestones?%s does not count %d", query, n)
		}
		if got := olga.get("/today?" + query).body; !strings.Contains(got, fmt.Sprintf("<dt>Learners</dt><dd>%d</dd>", n)) {
			t.Errorf("/today?%s does not count %d", query, n)
		}
		rows, err := csv.NewReader(strings.NewReader(olga.get("/learners.csv?" + query).body)).ReadAll()
		if err != nil || len(rows) != n+1 {
			t.Errorf("/learners.csv?%s has %d rows (%v)", query, len(rows), err)
		}
		var api struct {
			Total    int
			Learners any
		}
		for _, path := range []string{"/learners.json", "/api/v1/learners"} {
			if decodeInto(t, olga.get(path+"?"+query).body, &api); api.Total != n {
				t.Errorf("%s?%s counts %d", path, query, api.Total)
			}
		}
		if decodeInto(t, olga.get("/api/v1/milestones?"+query).body, &api); fmt.Sprint(api.Learners) != fmt.Sprint(n) {
			t.Errorf("/api/v1/milestones?%s counts %v", query, api.Learners)
		}
	}
	page := olga.get("/learners?cohort=spring").body
	for _, has := range []string{`<option value="academy/team-blue">Team Blue</option>`, `<option value="spring" selected>spring</option>`, `<option value="blog">`, `href="/today?cohort=spring"`, `href="/learners.csv?cohort=spring"`} {
		if !strings.Contains(page, has) {
			t.Errorf("the page lacks %s", has)
		}
	}
	if strings.Contains(page, `<option value="own">`) {
		t.Error("the name of one learner's repository is offered as a cohort")
	}
	// Somebody who is not in the organisation sees its repositories, and GitHub shows no teams.
	guest := w.as(t, "guest")
	if a := guest.get("/learners"); !strings.Contains(a.body, "/learners/ann") || strings.Contains(strings.ToLower(a.body), "blue") {
		t.Error("a guest reads of a team")
	}
	if a, z := guest.get("/learners?team=academy/team-blue"), guest.get("/learners?team=academy/team-grey"); strings.ReplaceAll(still(a), "blue", "grey") != still(z) {
		t.Error("a guest can tell a team that is there from one that is not")
	}
	// The list follows GitHub within minutes, costs one call for each question, and is not taken for empty while GitHub is away.
	w.SetTeamMember(blue, w.people["ben"], false)
	w.clock.Advance(web.AccessLifeForTest)
	w.ResetCalls()
	for range 5 {
		if a := olga.get("/learners?team=academy/team-blue"); strings.Contains(a.body, "/learners/ben") {
			t.Error("ben is still in the team")
		}
	}
	if n := w.Calls()["GET /orgs/{org}/teams/{team_slug}/members"] + w.Calls()["GET /orgs/{org}/teams"]; n != 2 {
		t.Errorf("five pages cost %d calls for teams: %v", n, w.Calls())
	}
	w.Fail(func(r *http.Request) githubsim.Fault {
		if strings.Contains(r.URL.Path, "/teams") {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Status: 502}
		}
		return githubsim.Fault{}
	})
	w.clock.Advance(web.AccessLifeForTest)
	if a := olga.get("/learners?team=academy/team-blue"); a.status != 200 || !strings.Contains(a.body, "/learners/ann") {
		t.Errorf("GitHub away for minutes: %d", a.status)
	}
	w.clock.Advance(time.Hour)
	if a := olga.get("/learners?team=academy/team-blue"); a.status != http.StatusServiceUnavailable {
		t.Errorf("GitHub away for an hour, by team: %d", a.status)
	}
	if a := olga.get("/learners"); a.status != 200 || !strings.Contains(html.UnescapeString(a.body), "/learners/ben") {
		t.Errorf("GitHub away for an hour, everybody: %d", a.status)
	}
}

// TestTeamsOfPeople: repositories of people have no teams, and nobody is asked for them: fifty learners with accounts of their own cost a page no call.
func TestTeamsOfPeople(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world) {
		mia := w.AddUser("mia", "", "")
		for i := range 3 {
			login := fmt.Sprintf("ann%d", i)
			w.people[login] = w.AddUser(login, "", "")
			in := w.Install(w.app, w.people[login])
			if err := w.store.PutInstallation(t.Context(), storage.Installation{ID: in.ID, AccountLogin: login, AccountID: w.people[login].ID(), AccountType: "User", Permissions: []byte(`{}`)}); err != nil {
				t.Fatal(err)
			}
			old := w.inst
			w.inst = in
			r := w.add(t, seedRepo{Owner: login, Name: "app", Learner: login, Progress: 0.5, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
			w.inst = old
			w.SetCollaborator(r, mia, "read")
		}
	})
	b := w.as(t, "mia")
	w.ResetCalls()
	if a := b.get("/learners"); !strings.Contains(a.body, "/learners/ann2") {
		t.Fatalf("%d: nobody is listed", a.status)
	}
	for route, n := range w.Calls() {
		if strings.Contains(route, "/teams") {
			t.Errorf("%d times %s", n, route)
		}
	}
	// While GitHub does not give an organisation's teams it is not asked at every page.
	w.Fail(func(r *http.Request) githubsim.Fault {
		if strings.Contains(r.URL.Path, "/teams") {
			return githubsim.Fault{Kind: githubsim.FaultStatus, Status: 502}
		}
		return githubsim.Fault{}
	})
	olga := w.as(t, "olga")
	w.add(t, seedRepo{Owner: "academy", Name: "late", Learner: "bob", Progress: 0.5, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
	w.clock.Advance(web.AccessLifeForTest)
	w.ResetCalls()
	var once int
	for i := range 4 {
		if a := olga.get("/learners"); a.status != 200 || !strings.Contains(a.body, "/learners/bob") {
			t.Fatalf("without teams: %d", a.status)
		}
		n := 0
		for route, k := range w.Calls() {
			if strings.Contains(route, "/teams") {
				n += k
			}
		}
		if i == 0 {
			once = n
		}
		if n == 0 || n != once {
			t.Errorf("page %d: %d calls in vain, %d at the first", i+1, n, once)
		}
	}
}

// TestToday: the list says why, counts each sort of reason, and leads to the milestone in the repository's report, with its step open.
func TestToday(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	b := w.as(t, "mia")
	all := b.get("/today").body
	tabs := regexp.MustCompile(`<a href="(/today[^"]*)"( aria-current="page")?>(\w+) <span class="Counter">(\d+)</span>`).FindAllStringSubmatch(all, -1)
	if len(tabs) != 5 || tabs[0][3] != "All" || tabs[0][2] == "" {
		t.Fatalf("sorts: %v", tabs)
	}
	for _, tab := range tabs {
		page := b.get(html.UnescapeString(tab[1])).body
		if n := strings.Count(page, `<li class="queue-i">`); fmt.Sprint(n) != tab[4] {
			t.Errorf("%s lists %d, and says %s", tab[1], n, tab[4])
		}
		if !strings.Contains(page, "<dt>Wait for a word</dt><dd>"+tabs[0][4]+"</dd>") {
			t.Errorf("%s counts others than %s", tab[1], tabs[0][4])
		}
		if tab[3] != "All" && strings.Count(page, `<span class="pill pill-`+strings.ToLower(tab[3])+`">`) < strings.Count(page, `<li class="queue-i">`) {
			t.Errorf("%s lists somebody without that reason", tab[1])
		}
	}
	if page := b.get("/today?why=stuck&cohort=shop-api").body; !strings.Contains(page, `href="/today?cohort=shop-api&amp;why=lost"`) {
		t.Error("the cohort does not go along")
	}
	link := regexp.MustCompile(`href="(/repos/academy/shop-api-margaret\?m=([\w-]+)#m-[\w-]+)"`).FindStringSubmatch(all)
	if link == nil {
		t.Fatal("no link to a milestone")
	}
	page := b.get(html.UnescapeString(link[1])).body
	at := strings.Index(page, `id="m-`+link[2]+`"`)
	step := strings.LastIndex(page[:max(at, 0)], "<details")
	if at < 0 || step < 0 || !strings.HasPrefix(page[step:], `<details class="Box step" open>`) {
		t.Errorf("the step of %s is not open", link[2])
	}
}
