package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"milepost/bot/web"
)

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	to, err := url.Parse(b.get("/login?return=/learners?q=a").header.Get("Location"))
	if err != nil {
		t.Fatal(err)
	}
	q := to.Query()
	if len(q.Get("state")) < 40 || q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "" {
		t.Fatalf("sent to %s", to)
	}
	back := b.get(to.String() + "&auto=1&login=olga").header.Get("Location")
	strange := w.browser(t)
	for name, a := range map[string]answer{
		"another browser":              strange.get(back),
		"no state":                     b.get("/login/callback?code=x"),
		"an empty state, no cookie":    strange.get("/login/callback?code=x&state="),
		"another state in this cookie": b.get("/login/callback?code=x&state=" + strings.Repeat("A", 43)),
	} {
		if a.status != http.StatusBadRequest {
			t.Errorf("%s: %d", name, a.status)
		}
	}
	// A refused try ends the sign-in: the cookie is gone. A new one goes through, once.
	a := b.signIn("olga", "/learners?q=a")
	if a.status != http.StatusSeeOther || a.header.Get("Location") != "/learners?q=a" {
		t.Fatalf("signed in: %d to %q", a.status, a.header.Get("Location"))
	}
	var session string
	for _, c := range a.header.Values("Set-Cookie") {
		if strings.HasPrefix(c, "milepost-session=") {
			session = c
		}
	}
	for _, want := range []string{"HttpOnly", "SameSite=Lax", "Path=/"} {
		if !strings.Contains(session, want) {
			t.Errorf("cookie %q lacks %s", session, want)
		}
	}
	token := strings.TrimPrefix(strings.SplitN(session, ";", 2)[0], "milepost-session=")
	rows, err := w.store.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if strings.Contains(r.TokenHash, token) || strings.Contains(string(r.Data), "ghu_") {
			t.Error("a secret is stored as it is")
		}
	}
	// Signing in again ends the old session.
	old := w.browser(t)
	u, _ := url.Parse(w.server.URL)
	old.c.Jar.SetCookies(u, b.c.Jar.Cookies(u))
	if s := old.get("/today").status; s != 200 {
		t.Fatalf("the session answers %d", s)
	}
	b.signIn("olga", "/")
	if s := old.get("/today").status; s != http.StatusSeeOther {
		t.Errorf("the session before the second sign-in answers %d", s)
	}
	if s := b.get("/today").status; s != 200 {
		t.Errorf("the new session answers %d", s)
	}
	if a := b.do(http.MethodPost, "/logout", url.Values{}); a.status != http.StatusForbidden {
		t.Errorf("signing out without the form's token: %d", a.status)
	}
	if a := b.post("/settings", "/logout", url.Values{}); a.status != http.StatusSeeOther {
		t.Errorf("signing out: %d", a.status)
	}
	if s := b.get("/today").status; s != http.StatusSeeOther {
		t.Errorf("after signing out: %d", s)
	}
}

// TestStateOnce: a copy of the browser's cookie and of the callback's address is worth nothing the second time.
func TestStateOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	to := b.get("/login").header.Get("Location")
	back := b.get(to + "&auto=1&login=olga").header.Get("Location")
	u, _ := url.Parse(w.server.URL)
	thief := w.browser(t)
	thief.c.Jar.SetCookies(u, b.c.Jar.Cookies(u))
	if a := b.get(back); a.status != http.StatusSeeOther {
		t.Fatalf("first: %d", a.status)
	}
	a := thief.get(back)
	if a.status != http.StatusBadRequest {
		t.Errorf("second: %d", a.status)
	}
	w.clock.Advance(time.Hour)
	late := w.browser(t)
	to = late.get("/login").header.Get("Location")
	back = late.get(to + "&auto=1&login=olga").header.Get("Location")
	w.clock.Advance(11 * time.Minute)
	if a := late.get(back); a.status != http.StatusBadRequest {
		t.Errorf("eleven minutes later: %d", a.status)
	}
}

// TestCallbackStoresNothing: a callback with a code that GitHub does not take leaves nothing behind.
func TestCallbackStoresNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	before, err := w.store.Sessions(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		b := w.browser(t)
		to, _ := url.Parse(b.get("/login").header.Get("Location"))
		if a := b.get("/login/callback?code=made-up&state=" + to.Query().Get("state")); a.status != http.StatusForbidden {
			t.Fatalf("a code that was made up: %d", a.status)
		}
	}
	if after, err := w.store.Sessions(t.Context()); err != nil || len(after) != len(before) {
		t.Errorf("%d rows, before %d (%v)", len(after), len(before), err)
	}
}

func TestCancelled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := w.browser(t)
	to, _ := url.Parse(b.get("/login").header.Get("Location"))
	a := b.get("/login/callback?error=access_denied&state=" + to.Query().Get("state"))
	if a.status != http.StatusForbidden || !strings.Contains(a.body, "cancelled") {
		t.Errorf("%d: %s", a.status, a.body)
	}
}

func TestOwnPath(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{
		"": "/today", "/learners?q=x&page=2": "/learners?q=x&page=2", "/repos/a/b": "/repos/a/b", "https://evil.example": "/today", "//evil.example": "/today", "/\\evil.example": "/today",
		"/%5Cevil.example": "/today", "/%2F/evil.example": "/today", "/\tevil": "/today", "/\n/evil.example": "/today", "javascript:alert(1)": "/today", "evil.example": "/today", "/login?return=/login": "/today",
		"/logout": "/today", "/" + strings.Repeat("a", 600): "/today", "/x#//evil": "/x", "http:/evil.example": "/today", " /x": "/today", //nolint:gocritic // spaces are what is tested
	} {
		if got := web.OwnPathForTest(to); got != want {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}

func FuzzOwnPath(f *testing.F) {
	for _, s := range []string{"/learners", "//x", "/\\x", "/%2f%2fx", "https://x/"} {
		f.Add(s)
	}
	base, _ := url.Parse("https://milepost.example/login/callback")
	f.Fuzz(func(t *testing.T, s string) {
		to := web.OwnPathForTest(s)
		u, err := base.Parse(to)
		if err != nil || u.Host != base.Host || u.Scheme != base.Scheme || strings.HasPrefix(to, "//") || strings.Contains(to, "\\") {
			t.Errorf("%q leads to %q", s, to)
		}
	})
}
