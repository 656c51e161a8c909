package gh_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot/gh"
	"milepost/bot/githubsim"
	"milepost/bot/githubsim/simtest"
	"milepost/rules/snapshot"
)

// world is a stand-in GitHub with one repository and a client that may read it.
type world struct {
	*githubsim.Sim
	app    *gh.App
	client *gh.Client
	ada    *githubsim.Account
	repo   *githubsim.Repo
}

var shop = gh.Repo{Owner: "ada", Name: "shop"}

func newWorld(t *testing.T, change ...func(*githubsim.Options, *gh.Config)) *world {
	t.Helper()
	so := githubsim.Options{Observe: simtest.Require(t).Observe}
	var gc gh.Config
	for _, f := range change {
		f(&so, &gc)
	}
	w := &world{Sim: githubsim.New(so)}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Close)
	w.ada = w.AddUser("ada", "", "")
	app := w.CreateApp(githubsim.AppOptions{Owner: w.ada, Name: "Milepost"})
	inst := w.Install(app, w.ada)
	w.repo = w.CreateRepo(w.ada, "shop", githubsim.RepoOptions{})
	gc.AppID, gc.PrivateKey, gc.APIURL, gc.CallTimeout = app.ID, app.PrivateKeyPEM, w.APIURL(), time.Minute
	var err error
	if w.app, err = gh.New(gc); err != nil {
		t.Fatal(err)
	}
	if w.client, err = w.app.Client(inst.ID); err != nil {
		t.Fatal(err)
	}
	return w
}

func everything(_ context.Context, s *snapshot.Snapshot) ([]snapshot.Entry, error) {
	var out []snapshot.Entry
	for _, e := range s.Entries {
		if e.Mode == snapshot.Regular || e.Mode == snapshot.Executable {
			out = append(out, e)
		}
	}
	return out, nil
}

func files() map[string]string {
	out := map[string]string{"README.md": "# Shop\n", "empty.txt": ""}
	for i := range 8 {
		out[fmt.Sprintf("src/f%d.js", i)] = fmt.Sprintf("f(%d)\n", i)
	}
	return out
}

// contents reads all files of a snapshot.
func contents(t *testing.T, s *snapshot.Snapshot) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, e := range s.Entries {
		if e.Mode != snapshot.Regular && e.Mode != snapshot.Executable {
			continue
		}
		data, err := s.Read(t.Context(), e)
		if err != nil {
			t.Errorf("%s: %v", e.Path, err)
		}
		out[e.Path] = string(data)
	}
	return out
}

func same(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
	for p, text := range want {
		if got[p] != text {
			t.Errorf("%s: %q, want %q", p, got[p], text)
		}
	}
}

func TestSnapshotByArchiveAndByBlobs(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault func(*http.Request) githubsim.Fault
		calls map[string]int
	}{
		"archive": {nil, map[string]int{"GET /repos/{owner}/{repo}/git/trees/{tree_sha}": 1, "GET /repos/{owner}/{repo}/tarball/{ref}": 1}},
		"no archive to be had": {func(r *http.Request) githubsim.Fault {
			if strings.Contains(r.URL.Path, "/tarball/") {
				return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusNotFound}
			}
			return githubsim.Fault{}
		}, map[string]int{"GET /repos/{owner}/{repo}/git/blobs/{file_sha}": len(files())}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.PushFiles(w.repo, "", w.ada, "start", files())
			w.Fail(c.fault)
			s, tree, err := w.client.Snapshot(t.Context(), shop, "main", everything)
			if err != nil || tree.SHA == "" {
				t.Fatalf("%v", err)
			}
			same(t, contents(t, s), files())
			for route, n := range c.calls {
				if got := w.Calls()[route]; got != n {
					t.Errorf("%s: %d calls, want %d", route, got, n)
				}
			}
		})
	}
}

// TestSnapshotIsWholeOrAnError: whatever is cut or fails, there is no smaller snapshot.
func TestSnapshotIsWholeOrAnError(t *testing.T) {
	t.Parallel()
	for _, kind := range []githubsim.FaultKind{githubsim.FaultStatus, githubsim.FaultCut, githubsim.FaultRetry, githubsim.FaultSecondary, githubsim.FaultPrimary} {
		for _, at := range []string{"/git/trees/", "/tarball/", "/codeload/"} {
			t.Run(fmt.Sprint(kind, at), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t)
				w.PushFiles(w.repo, "", w.ada, "start", files())
				w.Fail(func(r *http.Request) githubsim.Fault {
					if strings.Contains(r.URL.Path, at) {
						return githubsim.Fault{Kind: kind, Wait: time.Hour}
					}
					return githubsim.Fault{}
				})
				s, _, err := w.client.Snapshot(t.Context(), shop, "main", everything)
				if err == nil { // by another way
					same(t, contents(t, s), files())
					return
				}
				want := gh.Transient
				if kind >= githubsim.FaultRetry {
					want = gh.RateLimited
				}
				if got := gh.KindOf(err); got != want {
					t.Errorf("%s, want %s: %v", got, want, err)
				}
				if until, limited := gh.RetryAt(err); limited && !until.After(time.Now()) {
					t.Errorf("to be tried again in the past: %v", until)
				}
			})
		}
	}
}

func TestTruncatedTreeIsCompleted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *githubsim.Options, _ *gh.Config) { o.TreeLimit = 3 })
	w.PushFiles(w.repo, "", w.ada, "start", files())
	s, tree, err := w.client.Snapshot(t.Context(), shop, "main", everything)
	if err != nil || !tree.Truncated {
		t.Fatalf("truncated %v, %v", tree.Truncated, err)
	}
	same(t, contents(t, s), files())
}

func TestModes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Push(w.repo, "", w.ada, githubsim.Commit{
		Files: map[string]string{"run.sh": "#!/bin/sh\n", "a.txt": "a\n"}, Executable: []string{"run.sh"}, Symlinks: map[string]string{"link": "a.txt"},
		Submodules: map[string]string{"lib": strings.Repeat("1", 40)}})
	tree, err := w.client.Tree(t.Context(), shop, "main")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]snapshot.Mode{}
	for _, e := range tree.Entries {
		got[e.Path] = e.Mode
	}
	for p, want := range map[string]snapshot.Mode{"run.sh": snapshot.Executable, "a.txt": snapshot.Regular, "link": snapshot.Symlink, "lib": snapshot.Submodule} {
		if m, ok := got[p]; !ok || m != want {
			t.Errorf("%s: %v, want %v", p, m, want)
		}
	}
}

// memory is an ETags in memory.
type memory struct {
	mu    sync.Mutex
	m     map[string][2]string
	repos []int64
}

func (m *memory) Load(_ context.Context, key string) (string, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.m[key][0], []byte(m.m[key][1]), nil
}

func (m *memory) Save(_ context.Context, key string, repo int64, etag string, body []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.m[key] = [2]string{etag, string(body)}
	m.repos = append(m.repos, repo)
	return nil
}

func TestUnchangedAnswersAreNotSentAgain(t *testing.T) {
	t.Parallel()
	tags := &memory{m: map[string][2]string{}}
	w := newWorld(t, func(_ *githubsim.Options, c *gh.Config) { c.ETags = tags })
	shop := gh.Repo{Owner: shop.Owner, Name: shop.Name, ID: 77}
	w.PushFiles(w.repo, "", w.ada, "start", files())
	one, err1 := w.client.Tree(t.Context(), shop, "main")
	two, err2 := w.client.Tree(t.Context(), shop, "main")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(one.Entries, two.Entries) || len(two.Entries) != len(files()) {
		t.Error("the second tree differs")
	}
	log := w.CallLog()
	if last := log[len(log)-1]; last.Status != http.StatusNotModified {
		t.Errorf("status %d, want 304", last.Status)
	}
	w.PushFiles(w.repo, "", w.ada, "more", map[string]string{"more.js": "more()\n"})
	three, err := w.client.Tree(t.Context(), shop, "main")
	if err != nil || len(three.Entries) != len(files())+1 {
		t.Errorf("%d entries after a push, %v", len(three.Entries), err)
	}
	if fixed, err := w.client.Tree(t.Context(), shop, three.SHA); err != nil || len(fixed.Entries) != len(three.Entries) {
		t.Errorf("by its id: %d entries, %v", len(fixed.Entries), err)
	}
	if !slices.Equal(tags.repos, []int64{77, 77}) { // each under its repository; what an id names is not kept
		t.Errorf("kept for %v", tags.repos)
	}
}

func TestRenamedRepository(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.OpenIssue(w.repo, w.ada, "Hello", "")
	w.Rename(w.repo, "store")
	if got, err := w.client.Repository(t.Context(), shop); err != nil || got.FullName != "ada/store" {
		t.Errorf("%+v, %v", got.FullName, err)
	}
	if _, err := w.client.EditIssue(t.Context(), shop, n, "x"); !gh.Moved(err) {
		t.Errorf("not told as moved: %v", err)
	}
}

// TestKinds: what an answer means for the caller.
func TestKinds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		header map[string]string
		body   string
		want   gh.Kind
	}{
		"500":                 {500, nil, "<html>", gh.Transient},
		"502":                 {502, nil, "", gh.Transient},
		"no JSON":             {200, nil, "<html>", gh.Transient},
		"401":                 {401, nil, `{"message":"Bad credentials"}`, gh.Auth},
		"403":                 {403, nil, `{"message":"Resource not accessible by integration"}`, gh.Forbidden},
		"403 archived":        {403, nil, `{"message":"Repository was archived so is read-only."}`, gh.Archived},
		"403 locked":          {403, nil, `{"message":"Unable to create comment because issue is locked."}`, gh.Locked},
		"403 suspended":       {403, nil, `{"message":"This installation has been suspended"}`, gh.Suspended},
		"403 secondary":       {403, map[string]string{"Retry-After": "30"}, `{"message":"You have exceeded a secondary rate limit."}`, gh.RateLimited},
		"403 secondary, bare": {403, nil, `{"message":"You have exceeded a secondary rate limit. Please wait.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`, gh.RateLimited},
		"403 primary":         {403, map[string]string{"X-RateLimit-Remaining": "0", "X-RateLimit-Limit": "5000", "X-RateLimit-Reset": fmt.Sprint(time.Now().Add(time.Hour).Unix())}, `{"message":"API rate limit exceeded"}`, gh.RateLimited},
		"429":                 {429, map[string]string{"Retry-After": "5"}, `{"message":"slow down"}`, gh.RateLimited},
		"404":                 {404, nil, `{"message":"Not Found"}`, gh.NotFound},
		"409":                 {409, nil, `{"message":"Git Repository is empty."}`, gh.Empty},
		"410":                 {410, nil, `{"message":"This issue was deleted"}`, gh.Gone},
		"422":                 {422, nil, `{"message":"Validation Failed"}`, gh.Invalid},
		"422 no commit":       {422, nil, `{"message":"No commit found for SHA: abc"}`, gh.NotFound},
		"451":                 {451, nil, `{"message":"Repository access blocked"}`, gh.Legal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			srv := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
				for k, v := range c.header {
					rw.Header().Set(k, v)
				}
				rw.Header().Set("Content-Type", "application/json")
				rw.WriteHeader(c.status)
				_, _ = rw.Write([]byte(c.body))
			}))
			defer srv.Close()
			client, err := gh.Anonymous(gh.Config{APIURL: srv.URL}, "ghp_secret")
			if err != nil {
				t.Fatal(err)
			}
			_, err = client.Issue(t.Context(), shop, 1)
			if got := gh.KindOf(err); err == nil || got != c.want {
				t.Errorf("%s, want %s: %v", got, c.want, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") && !strings.Contains(c.body, "secret") {
				t.Errorf("the error tells a credential: %v", err)
			}
		})
	}
}

// TestArchiveHostGetsNoToken: the address of an archive carries its own right; the installation's token stays with the API.
func TestArchiveHostGetsNoToken(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got []string
	host := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		got = append(got, r.Header.Get("Authorization"))
		rw.WriteHeader(http.StatusNotFound)
	}))
	defer host.Close()
	api := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "/tarball/"):
			http.Redirect(rw, r, host.URL+"/archive", http.StatusFound)
		case strings.Contains(r.URL.Path, "/trees/"):
			_, _ = rw.Write([]byte(`{"sha":"1","tree":[{"path":"a","mode":"100644","type":"blob","sha":"2","size":1},{"path":"b","mode":"100644","type":"blob","sha":"3","size":1}]}`))
		default:
			_, _ = rw.Write([]byte(`{"content":"eA==","encoding":"base64","size":1}`))
		}
	}))
	defer api.Close()
	client, err := gh.Anonymous(gh.Config{APIURL: api.URL}, "ghp_secret")
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := client.Snapshot(t.Context(), shop, "main", everything)
	if err != nil {
		t.Fatal(err)
	}
	same(t, contents(t, s), map[string]string{"a": "x", "b": "x"})
	if len(got) != 1 || got[0] != "" {
		t.Errorf("the archive's host got %q", got)
	}
}

// TestAnnotationsInBatches: GitHub takes 50 annotations a call.
func TestAnnotationsInBatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sha := w.PushFiles(w.repo, "", w.ada, "start", map[string]string{"a.txt": strings.Repeat("x\n", 200)})
	run, err := w.client.CreateCheckRun(t.Context(), shop, gh.CheckRun{Name: "Milepost", HeadSHA: sha, Status: "in_progress", StartedAt: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	done := gh.CheckRun{Name: "Milepost", Status: "completed", Conclusion: "neutral", Title: "Many", Summary: "Many."}
	for i := range 120 {
		done.Annotations = append(done.Annotations, gh.Annotation{Path: "a.txt", StartLine: i + 1, EndLine: i + 1, Level: "notice", Title: "t", Message: "m"})
	}
	w.ResetCalls()
	if _, err := w.client.UpdateCheckRun(t.Context(), shop, run.ID, done); err != nil {
		t.Fatal(err)
	}
	if got := w.CheckRuns(w.repo, sha); len(got) != 1 || got[0].Annotations != 120 || got[0].Status != "completed" {
		t.Errorf("%+v", got)
	}
	if n := w.Calls()["PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}"]; n != 3 {
		t.Errorf("%d calls, want 3", n)
	}
}

// TestListsThatMoveOrDoNotEnd: a list that lacks something says so, and one beyond the bound is an error.
func TestListsThatMoveOrDoNotEnd(t *testing.T) {
	t.Parallel()
	answer := func(page string) string { // 101 repositories; after the first page was read, one of it is taken away
		var some []string
		first, last, total := 0, 100, 101
		if page == "2" {
			first, last, total = 101, 101, 100
		}
		for i := first; i < last; i++ {
			some = append(some, fmt.Sprintf(`{"id":%d}`, i+1))
		}
		return fmt.Sprintf(`{"total_count":%d,"repositories":[%s]}`, total, strings.Join(some, ","))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/orgs/") {
			_, _ = fmt.Fprint(w, "["+strings.Repeat(`{"slug":"a"},`, 99)+`{"slug":"a"}]`)
			return
		}
		_, _ = fmt.Fprint(w, answer(r.URL.Query().Get("page")))
	}))
	t.Cleanup(server.Close)
	client, err := gh.Anonymous(gh.Config{APIURL: server.URL}, "")
	if err != nil {
		t.Fatal(err)
	}
	all, whole, err := client.Repositories(t.Context())
	if err != nil || len(all) != 100 || whole {
		t.Errorf("%d repositories, whole %v, %v", len(all), whole, err)
	}
	if teams, err := client.Teams(t.Context(), "acme"); err == nil {
		t.Errorf("a list without an end gave %d teams and no error", len(teams))
	}
}

// TestCIOfRunsThatJudge: the newest run that says something of the branch decides.
func TestCIOfRunsThatJudge(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprint(w, `{"workflow_runs":[
			{"name":"pages","event":"dynamic","status":"completed","conclusion":"success","head_sha":"b"},
			{"name":"deploy","event":"push","status":"completed","conclusion":"skipped","head_sha":"b"},
			{"name":"fork","event":"pull_request","status":"completed","conclusion":"failure","head_sha":"c"},
			{"name":"tests","event":"push","status":"completed","conclusion":"success","head_sha":"a"},
			{"name":"lint","event":"push","status":"completed","conclusion":"failure","head_sha":"a"}]}`)
	}))
	t.Cleanup(server.Close)
	client, err := gh.Anonymous(gh.Config{APIURL: server.URL}, "")
	if err != nil {
		t.Fatal(err)
	}
	ci, err := client.CI(t.Context(), shop, "main")
	if err != nil || ci.Commit != "a" || ci.Name != "lint" || ci.Conclusion != "failure" {
		t.Errorf("%+v, %v", ci, err)
	}
}

// TestNamesThatLeadElsewhere: no name makes a call of another route.
func TestNamesThatLeadElsewhere(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("called %s", r.URL.Path)
		_, _ = fmt.Fprint(w, `{"state":"active"}`)
	}))
	t.Cleanup(server.Close)
	client, err := gh.Anonymous(gh.Config{APIURL: server.URL}, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{".", ".."} {
		if member, err := client.TeamMember(t.Context(), "acme", name, "bob"); member || err != nil {
			t.Errorf("%s: member %v, %v", name, member, err)
		}
		if _, err := client.TeamMembers(t.Context(), "acme", name); !gh.Is(err, gh.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := client.Repository(t.Context(), gh.Repo{Owner: name, Name: name}); !gh.Is(err, gh.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDeliveriesInParts: a log of 15,000 is read in two parts, and back to a time.
func TestDeliveriesInParts(t *testing.T) {
	t.Parallel()
	const pages = 150
	now := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
		if page+1 < pages {
			w.Header().Set("Link", fmt.Sprintf(`<https://api.github.com/app/hook/deliveries?per_page=100&cursor=%d>; rel="next"`, page+1))
		}
		var some []string
		for i := range 100 {
			n := page*100 + i
			some = append(some, fmt.Sprintf(`{"id":%d,"delivered_at":%q}`, 1_000_000-n, now.Add(-time.Duration(n)*time.Second).Format(time.RFC3339)))
		}
		_, _ = fmt.Fprint(w, "["+strings.Join(some, ",")+"]")
	}))
	t.Cleanup(server.Close)
	sim := githubsim.New(githubsim.Options{})
	made := sim.CreateApp(githubsim.AppOptions{Owner: sim.AddUser("ada", "", ""), Name: "Milepost"})
	app, err := gh.New(gh.Config{AppID: made.ID, PrivateKey: made.PrivateKeyPEM, APIURL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		since  time.Duration
		cursor string
		log    int
		next   string
	}{{24 * time.Hour, "", 10_000, "100"}, {24 * time.Hour, "100", 5_000, ""}, {249 * time.Second, "", 250, ""}} {
		log, next, err := app.Deliveries(t.Context(), now.Add(-c.since), c.cursor)
		if err != nil || len(log) != c.log || next != c.next {
			t.Errorf("%+v: %d deliveries, then %q, %v", c, len(log), next, err)
		}
	}
}
