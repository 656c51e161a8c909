package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
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
// Medians on two cores of an AMD EPYC that others used as well (load 20), -benchtime 30x, in milliseconds:
//
//	                            SQLite  PostgreSQL 15   kB
//	/today                        22.5           32.2   65
//	/learners                      9.6           22.1  114
//	/learners, filtered, page 3   13.6           10.3  116
//	/learners/{login}              7.5           12.2   57
//	/repos/{owner}/{repo}          7.0            5.0   51
//	/milestones                    7.0           10.7   37
//	/milestones/{id}              16.0           13.3   69
//	/learners.csv                  7.7           11.9  130
//	/api/v1/learners               6.8            5.3   57
//	/admin                         4.6            3.1    4
//
// The first page after a start reads the whole cohort: 1.7 s on SQLite, 0.9 s on PostgreSQL. Seeding takes about half a minute on each.
func BenchmarkPages(b *testing.B) {
	for name, open := range map[string]func(testing.TB) *storage.Store{"sqlite": storagetest.SQLite, "postgres": storagetest.Postgres} {
		b.Run(name, func(b *testing.B) {
			store := open(b)
			roadmap := builtIn(b)
			const installation = 70
			ids := newSeeder(store, roadmap, time.Now()).cohort(b, 500, 4, 50, 1_000_000, installation)
			signIn, err := gh.NewSignIn(gh.Config{ClientID: "x", ClientSecret: "y"}, "http://localhost/login/callback")
			if err != nil {
				b.Fatal(err)
			}
			h, err := web.New(web.Config{Store: store, SignIn: signIn, SessionSecret: []byte("0123456789abcdef"), Roadmap: roadmap, Log: slog.New(slog.DiscardHandler), Admins: []string{"olga"}})
			if err != nil {
				b.Fatal(err)
			}
			start := time.Now()
			h.Warm(b.Context())
			b.Logf("%s: 2,000 repositories are read in %v", name, time.Since(start))
			roles := map[int64]string{}
			for _, id := range ids {
				roles[id] = "admin"
			}
			cookie, err := h.SessionForTest(b.Context(), storage.User{ID: 5, Login: "olga"}, installation, roles)
			if err != nil {
				b.Fatal(err)
			}
			for _, path := range []string{"/today", "/learners", "/learners?lacks=jwt&sort=percent&page=3", "/learners/margaret", "/repos/academy/shop-api-margaret", "/milestones", "/milestones/jwt", "/learners.csv", "/api/v1/learners", "/admin"} {
				b.Run(path, func(b *testing.B) {
					size := 0
					var took []time.Duration
					for b.Loop() {
						start := time.Now()
						r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, path, nil)
						r.AddCookie(cookie)
						w := httptest.NewRecorder()
						h.ServeHTTP(w, r)
						if w.Code != http.StatusOK {
							b.Fatalf("%d: %.300s", w.Code, w.Body)
						}
						size = w.Body.Len()
						took = append(took, time.Since(start))
					}
					b.ReportMetric(float64(took[0])/1e6, "first-ms")
					slices.Sort(took)
					b.ReportMetric(float64(took[len(took)/2])/1e6, "median-ms")
					b.ReportMetric(float64(size)/1024, "kB/page")
				})
			}
		})
	}
}
