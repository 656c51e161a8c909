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
// BENCH_NUMBERS
//
// Seeding takes half a minute on SQLite and two on PostgreSQL.
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
