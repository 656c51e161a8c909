package web_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// TestFixation: a session that an attacker planted in a browser is worth nothing after its owner signed in, to either of them.
func TestFixation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	u, err := url.Parse(w.server.URL)
	if err != nil {
		t.Fatal(err)
	}
	planted := &http.Cookie{Name: "milepost-session", Value: strings.Repeat("A", 43), Path: "/"}
	b, attacker := w.browser(t), w.browser(t)
	b.c.Jar.SetCookies(u, []*http.Cookie{planted})
	attacker.c.Jar.SetCookies(u, []*http.Cookie{planted})
	if a := b.signIn("olga", "/today"); a.status != http.StatusSeeOther || a.header.Get("Location") != "/today" {
		t.Fatalf("signing in: %d to %q", a.status, a.header.Get("Location"))
	}
	for _, c := range b.c.Jar.Cookies(u) {
		if c.Name == planted.Name && c.Value == planted.Value {
			t.Error("the planted session goes on")
		}
	}
	if a := b.get("/today"); a.status != http.StatusOK {
		t.Errorf("the owner is answered %d", a.status)
	}
	if a := attacker.get("/today"); a.status != http.StatusSeeOther {
		t.Errorf("the attacker is answered %d", a.status)
	}
}

// TestForms: no form does anything without its page's token, with another person's, or with none of ours.
func TestForms(t *testing.T) {
	t.Parallel()
	w := fullWorld(t)
	olga, mia := w.as(t, "olga"), w.as(t, "mia")
	theirs := csrfField.FindStringSubmatch(mia.get("/settings").body)
	if theirs == nil {
		t.Fatal("a page has no token")
	}
	for _, path := range []string{"/logout", "/settings", "/settings/delete", "/admin/requeue", "/learners/margaret/notes", "/repos/academy/nothing/signoff", "/repos/academy/nothing/revoke", "/repos/academy/nothing/check"} {
		for name, token := range map[string]string{"no token": "", "another person's": theirs[1], "made up": strings.Repeat("A", 43)} {
			if a := olga.do(http.MethodPost, path, url.Values{"csrf": {token}}); a.status != http.StatusForbidden {
				t.Errorf("%s with %s is answered %d", path, name, a.status)
			}
		}
	}
	if a := olga.get("/today"); a.status != http.StatusOK {
		t.Errorf("somebody was signed out: %d", a.status)
	}
}

// TestBadgeCaches: what caches may keep of a badge is the same whoever asks and whatever they send along; what only some may see is never kept.
func TestBadgeCaches(t *testing.T) {
	t.Parallel()
	w, _ := accessWorld(t)
	plain := w.browser(t)
	open := plain.get("/badge/academy/lea-open.svg")
	if open.status != http.StatusOK || !strings.HasPrefix(open.header.Get("Cache-Control"), "public") || open.header.Get("ETag") == "" {
		t.Fatalf("a public badge: %d %v", open.status, open.header)
	}
	member := w.as(t, "olga")
	odd := w.browser(t)
	odd.hdr = http.Header{"X-Forwarded-Host": {"evil.example"}, "X-Forwarded-Proto": {"gopher"}, "X-Original-Url": {"/today"}, "X-Rewrite-Url": {"/today"}, "Accept-Language": {"tlh"}, "Accept": {"text/html"}, "Range": {"bytes=0-3"}, "X-Http-Method-Override": {"DELETE"}}
	for name, b := range map[string]*browser{"signed in": member, "odd headers": odd} {
		for _, query := range []string{"", "?style=<script>", "?callback=x&utm=1"} {
			got := b.get("/badge/academy/lea-open.svg" + query)
			got.header.Del("Date")
			want := open.header.Clone()
			want.Del("Date")
			if got.status != open.status || got.body != open.body || !maps.EqualFunc(got.header, want, func(a, b []string) bool { return strings.Join(a, "|") == strings.Join(b, "|") }) {
				t.Errorf("%s, %q: another answer: %d %v", name, query, got.status, got.header)
			}
		}
	}
	for _, path := range []string{"/badge/academy/lea-private.svg", "/today", "/learners.csv"} {
		a := member.get(path)
		if a.status != http.StatusOK || !strings.Contains(a.header.Get("Cache-Control"), "no-store") || a.header.Get("ETag") != "" || strings.Contains(a.header.Get("Cache-Control"), "public") {
			t.Errorf("%s for a member: %d %v", path, a.status, a.header)
		}
	}
	private, none := plain.get("/badge/academy/lea-private.svg"), plain.get("/badge/academy/no-such.svg")
	if still(private) != still(none) || private.status != http.StatusNotFound {
		t.Errorf("a private badge is told from none: %d %d", private.status, none.status)
	}
}
