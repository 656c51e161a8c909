package web_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"testing"
	"time"

	"milepost/bot/gh"
	"milepost/bot/web"
	"milepost/storage"
	"milepost/storage/storagetest"
)

// BenchmarkPages serves pages to somebody who sees 500 learners with 2,000 repositories and 100,000 stored reports.
//
// Medians on two cores of an AMD EPYC with nothing else on it, `go test ./bot/web -run XXX -bench Pages -benchtime 30x -v`, in milliseconds:
//
//	                            SQLite  PostgreSQL 15   kB
//	/admin                         2.7            8.0    4
//	/learners                      9.5           14.6  132
//	/today                         7.4           12.7   70
//	/learners, filtered, page 3    8.7           14.6  135
//	/learners/{login}              6.5           13.3   63
//	/repos/{owner}/{repo}          3.8            5.0   57
//	/milestones                    5.3           11.2   43
//	/milestones/{id}               7.8           13.5   71
//	/learners.csv                  5.0           10.5  158
//	/api/v1/learners               3.9            8.8   69
//
// That was before the pages kept what people see from one to the next: they are cheaper now, see BenchmarkCohort. Seeding takes about half a minute on each.
func BenchmarkPages(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			store := open(b)
			ids := newSeeder(store, builtIn(b), time.Now()).cohort(b, 500, 4, 50, 1_000_000, benchInstallation)
			benchPages(b, store, ids, "/admin", "/learners", "/today", "/learners?lacks=jwt&sort=percent&page=3", "/learners/margaret", "/repos/academy/shop-api-margaret", "/milestones", "/milestones/jwt", "/learners.csv", "/api/v1/learners")
		})
	}
}

const benchInstallation = 70

// BenchmarkCohort serves pages to somebody who sees 10 to 5,000 learners with a repository and three reports each: what a page costs by the size of the cohort.
// Medians in milliseconds with nothing else on two cores of an AMD EPYC, `go test ./bot/web -run XXX -bench Cohort -benchtime 20x -v`; renewed is the
// first page after a change of one repository, of 5,000:
//
//	                       SQLite                    PostgreSQL 15
//	learners               10   5,000   renewed      10   5,000   renewed   kB at 10 and 5,000
//	/today                0.7     2.6        11     1.2     2.7        12     7     53
//	/learners             2.8     5.1        11     3.9     5.0        13    34    130
//	/learners/{login}     3.6     2.9       7.4     5.3     2.6        12    57     57
//	/repos/{owner}/{repo} 3.9     5.3       6.0     6.0     4.3       2.9    51     51
//	/milestones           2.5     2.0        17     3.2     1.8        20    41     42
//	/milestones/{id}      0.4     3.7        24     0.8     4.5        27     6     77
//	/learners.csv         0.1      16        24     0.4      18        20     3  1,053
//	/admin                1.2     2.3       2.7     2.0     4.4       4.4     4      4
//
// A page costs what it shows: a list is longer with 5,000 learners than with 10, until it is cut off, and the export of all is linear. After a change the
// learners that changed are brought together anew, and the list that is asked for is sorted and counted anew, once for all who see the same.
// What the pages hold of 5,000 learners in memory is 71 MB.
func BenchmarkCohort(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres} {
		for _, learners := range []int{10, 100, 1000, 5000} {
			b.Run(fmt.Sprint(name, "/", learners), func(b *testing.B) {
				store := open(b)
				ids := newSeeder(store, builtIn(b), time.Now()).cohort(b, learners, 1, 3, 1_000_000, benchInstallation)
				benchPages(b, store, ids, "/today", "/learners", "/learners/margaret", "/repos/academy/shop-api-margaret", "/milestones", "/milestones/jwt", "/learners.csv", "/admin")
			})
		}
	}
}

// benchPages serves each path to somebody who sees the repositories.
func benchPages(b *testing.B, store *storage.Store, ids []int64, paths ...string) {
	b.Helper()
	signIn, err := gh.NewSignIn(gh.Config{ClientID: "x", ClientSecret: "y"}, "http://localhost/login/callback")
	if err != nil {
		b.Fatal(err)
	}
	h, err := web.New(web.Config{Store: store, SignIn: signIn, SessionSecret: []byte("0123456789abcdef"), Roadmap: builtIn(b), Log: slog.New(slog.DiscardHandler), Admins: []string{"olga"}})
	if err != nil {
		b.Fatal(err)
	}
	start := time.Now()
	roles := map[int64]string{}
	for _, id := range ids {
		roles[id] = "admin"
	}
	cookie, err := h.SessionForTest(b.Context(), storage.User{ID: 5, Login: "olga"}, benchInstallation, roles)
	if err != nil {
		b.Fatal(err)
	}
	h.Warm(b.Context())
	b.Logf("%d repositories are read in %v", len(ids), time.Since(start))
	page := func(b *testing.B, path string) (time.Duration, int) {
		b.Helper()
		start := time.Now()
		r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
		r.AddCookie(cookie)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusOK {
			b.Fatalf("%d: %.300s", w.Code, w.Body)
		}
		return time.Since(start), w.Body.Len()
	}
	for _, path := range paths {
		b.Run(path, func(b *testing.B) {
			size := 0
			var took, renewed []time.Duration
			for b.Loop() {
				var d time.Duration
				d, size = page(b, path)
				took = append(took, d)
			}
			for i := range 9 {
				if err := store.SetRepositoryPushed(b.Context(), ids[i%len(ids)], time.Now()); err != nil {
					b.Fatal(err)
				}
				d, _ := page(b, path)
				renewed = append(renewed, d)
			}
			b.ReportMetric(float64(took[0])/1e6, "first-ms")
			slices.Sort(took)
			slices.Sort(renewed)
			b.ReportMetric(float64(took[len(took)/2])/1e6, "median-ms")
			b.ReportMetric(float64(renewed[len(renewed)/2])/1e6, "renewed-ms")
			b.ReportMetric(float64(size)/1024, "kB/page")
		})
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.Logf("%d MB are in use", m.HeapAlloc>>20)
	runtime.KeepAlive(h)
}
