package web_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"milepost/bot/web"
	"milepost/rules/roadmaps"
	"milepost/storage/storagetest"
)

func TestFirstLook(t *testing.T) {
	t.Parallel()
	roadmap, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	h, err := web.New(web.Config{Store: storagetest.SQLite(t), Roadmap: roadmap, SessionSecret: []byte("0123456789abcdef"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/readyz": 200, "/": 200, "/nowhere": 404, "/login": 503} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", path, csp)
		}
	}
	if _, err := web.New(web.Config{Store: storagetest.SQLite(t), Roadmap: roadmap, SessionSecret: []byte("short")}); err == nil {
		t.Error("a short secret is taken")
	}
}
