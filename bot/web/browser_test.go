package web_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"milepost/bot/gh"
	"milepost/bot/web"
	"milepost/bot/web/browsertest"
)

// gallery are the pages of a world that has everything, by a file's name.
var gallery = []struct{ name, path string }{
	{"today", "/today"}, {"learners", "/learners"}, {"learners-filtered", "/learners?lacks=jwt&sort=percent"}, {"learner", "/learners/margaret"}, {"repo", "/repos/academy/shop-api-margaret"},
	{"repo-new", "/repos/academy/shop-api-frances"}, {"milestones", "/milestones"}, {"milestone", "/milestones/jwt"}, {"portfolio", "/p/margaret"}, {"settings", "/settings"}, {"privacy", "/privacy"}, {"admin", "/admin"}, {"error", "/repos/no/thing"},
}

func TestShots(t *testing.T) {
	dir := os.Getenv(browsertest.EnvShots)
	if dir == "" {
		t.Skip("set " + browsertest.EnvShots + " to a folder for pictures of every page")
	}
	only := os.Getenv(browsertest.EnvShots + "_ONLY")
	w := fullWorld(t)
	ctx := browsertest.Chromium(t)
	shoot := func(name, address string) {
		for _, mode := range []string{"light", "dark"} {
			for _, width := range []int64{360, 1280, 1920} {
				if only != "" && !strings.Contains(fmt.Sprintf("%s-%s-%d", name, mode, width), only) {
					continue
				}
				browsertest.Look(ctx, t, mode, width)
				browsertest.Run(ctx, t, name, chromedp.Navigate(address))
				browsertest.Shot(ctx, t, dir, name, mode, width)
			}
		}
	}
	shoot("landing", w.server.URL+"/")
	fresh := setupWorld(t)
	shoot("setup", fresh.server.URL+"/setup?token=once")
	shoot("setup-org", fresh.server.URL+"/setup?token=once&org=-&name=Milepost")
	shoot("setup-review", fresh.server.URL+"/setup?token=once&org=academy&name=Milepost")
	shoot("setup-token", fresh.server.URL+"/setup?token=wrong")
	signInBrowser(ctx, t, w, "olga")
	for _, g := range gallery {
		shoot(g.name, w.server.URL+g.path)
	}
}

// setupWorld is a server without an app.
func setupWorld(t *testing.T) *world {
	t.Helper()
	return newWorld(t, nil, func(c *web.Config) {
		c.SignIn, c.AppSlug = nil, ""
		c.Setup = &web.Setup{Token: "once", Save: func(context.Context, gh.Credentials) error { return nil }}
	})
}

// signInBrowser presses the buttons of the sign-in.
func signInBrowser(ctx context.Context, t *testing.T, w *world, login string) {
	t.Helper()
	browsertest.Run(ctx, t, "sign in", chromedp.Navigate(w.server.URL+"/"), chromedp.Click(chromedp.CSS(`a[href="/login"]`)), chromedp.WaitVisible(chromedp.CSS(`select[name="login"]`)),
		chromedp.SetValue(chromedp.CSS(`select[name="login"]`), login), chromedp.Click(chromedp.CSS(`button[value="allow"]`)), chromedp.WaitVisible(chromedp.CSS(`nav[aria-label="Main"]`)))
}

// has waits for an element with a text.
func has(ctx context.Context, t *testing.T, selector, text string) {
	t.Helper()
	got, err := chromedp.Run(ctx, chromedp.TextContent(chromedp.CSS(selector)))
	if err != nil {
		t.Fatalf("%s: %v", selector, err)
	}
	if !strings.Contains(got, text) {
		t.Fatalf("%s says %q, want %q", selector, got, text)
	}
}

// TestStory is a mentor's day in a browser, with JavaScript and without.
func TestStory(t *testing.T) {
	for _, script := range []bool{true, false} {
		t.Run(fmt.Sprintf("script=%v", script), func(t *testing.T) {
			w := fullWorld(t)
			ctx := browsertest.Chromium(t)
			if !script {
				if _, err := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
					t.Fatal(err)
				}
			}
			css := func(s string) chromedp.CSS { return chromedp.CSS(s) }
			signInBrowser(ctx, t, w, "mia")
			has(ctx, t, "h1", "Today")
			browsertest.Run(ctx, t, "learners", chromedp.Click(css(`nav a[href="/learners"]`)), chromedp.WaitVisible(css(".matrix table")))
			browsertest.Run(ctx, t, "filter", chromedp.SendKeys(css("#q"), "marg"), chromedp.Click(css(`.filters button[type="submit"]`)), chromedp.WaitVisible(css(`.filters a[href="/learners"]`)))
			has(ctx, t, ".lead", "1 of 24 learners match")
			has(ctx, t, "tbody tr:first-child th", "margaret")
			browsertest.Run(ctx, t, "clear", chromedp.Click(css(`.filters a[href="/learners"]`)), chromedp.WaitVisible(css("tbody tr:nth-child(24)")))
			browsertest.Run(ctx, t, "sort", chromedp.Click(css("thead th:nth-child(2) a")), chromedp.WaitVisible(css(`thead th:nth-child(2)[aria-sort="descending"]`)))
			has(ctx, t, "tbody tr:first-child td", "100%")
			browsertest.Run(ctx, t, "sort once more", chromedp.Click(css("thead th:nth-child(2) a")), chromedp.WaitVisible(css(`thead th:nth-child(2)[aria-sort="ascending"]`)))
			browsertest.Run(ctx, t, "export", chromedp.WaitVisible(css(`a[href^="/learners.csv?"]`)))
			browsertest.Run(ctx, t, "open a learner", chromedp.Click(css(`tbody a[href="/learners/margaret"]`)), chromedp.WaitVisible(css("#ms")))
			id := w.roadmap.IDs()[len(w.roadmap.IDs())-1]
			browsertest.Run(ctx, t, "sign off", chromedp.SetValue(css("#ms"), id), chromedp.SendKeys(css("#note"), "Looked at it together."), chromedp.Click(css(`form[action="/learners/margaret/signoff"] button`)), chromedp.WaitVisible(css(".flash-note")))
			has(ctx, t, ".flash-note", "Signed off")
			has(ctx, t, `section[aria-labelledby="offs"]`, "Looked at it together.")
			browsertest.Run(ctx, t, "sign out", chromedp.Click(css(`form[action="/logout"] button`)), chromedp.WaitVisible(css(`.hero a[href="/login"]`)))
			offs, err := w.store.SignOffs(ctx, w.repos["shop-api-margaret"].ID())
			if err != nil || len(offs) != 2 || offs[1].Mentor != "mia" || offs[1].Milestone != id {
				t.Errorf("stored: %+v (%v)", offs, err)
			}
		})
	}
}

// TestNarrow: on a small phone no page is wider than its window, and nothing in it scrolls sideways but the matrix of the learners and the row of tabs.
func TestNarrow(t *testing.T) {
	const width = 360
	w := fullWorld(t)
	ctx := browsertest.Chromium(t)
	browsertest.Look(ctx, t, browsertest.Light, width)
	look := func(name, address string) {
		browsertest.Run(ctx, t, name, chromedp.Navigate(address))
		wide, err := chromedp.Run(ctx, chromedp.Evaluate[string](`[...document.querySelectorAll("html,body,body *")].filter(e=>e.scrollWidth>e.clientWidth+1&&!e.matches(".matrix,.tabs,.vh")&&(e===document.documentElement||["auto","scroll"].includes(getComputedStyle(e).overflowX))).map(e=>e.tagName+"."+e.className+" "+e.scrollWidth+" in "+e.clientWidth).join("; ")`))
		if err != nil {
			t.Fatal(err)
		}
		if wide != "" {
			t.Errorf("%s, %d wide, scrolls sideways: %s", name, width, wide)
		}
	}
	look("landing", w.server.URL+"/")
	fresh := setupWorld(t)
	for _, query := range []string{"?token=once&org=-", "?token=once&org=academy&name=Milepost", "?token=wrong"} {
		look("setup"+query, fresh.server.URL+"/setup"+query)
	}
	signInBrowser(ctx, t, w, "olga")
	for _, g := range gallery {
		look(g.name, w.server.URL+g.path)
	}
	browsertest.Run(ctx, t, "sign out", chromedp.Click(chromedp.CSS(`form[action="/logout"] button`)), chromedp.WaitVisible(chromedp.CSS(`.hero a[href="/login"]`)))
	signInBrowser(ctx, t, w, "margaret")
	look("settings of a learner", w.server.URL+"/settings")
}

// TestAxe looks for faults of accessibility on every page, light and dark, narrow and wide; and walks through each by keyboard alone.
func TestAxe(t *testing.T) {
	axe, err := os.ReadFile("testdata/axe-core/axe.min.js")
	if err != nil {
		t.Fatal(err)
	}
	w := fullWorld(t)
	ctx := browsertest.Chromium(t)
	check := func(name, address string) {
		for _, mode := range []string{"light", "dark"} {
			for _, width := range map[string][]int64{"light": {1280}, "dark": {360}}[mode] {
				browsertest.Look(ctx, t, mode, width)
				browsertest.Run(ctx, t, name, chromedp.Navigate(address))
				if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](string(axe)+";true")); err != nil {
					t.Fatal(err)
				}
				got, err := chromedp.Run(ctx, chromedp.Evaluate[string](`axe.run(document,{resultTypes:["violations"]}).then(r=>r.violations.map(v=>v.id+": "+v.help+" at "+v.nodes.slice(0,3).map(n=>n.target.join(" ")+" ["+(n.any[0]||n.all[0]||n.none[0]||{message:""}).message+"]").join(", ")).join("\n"))`, chromedp.EvalAwaitPromise))
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				if got != "" {
					t.Errorf("%s, %s, %d wide:\n%s", name, mode, width, got)
				}
			}
		}
		walk(ctx, t, name)
	}
	check("landing", w.server.URL+"/")
	fresh := setupWorld(t)
	check("setup", fresh.server.URL+"/setup?token=once&org=-")
	check("setup-review", fresh.server.URL+"/setup?token=once&org=academy&name=Milepost")
	check("setup-token", fresh.server.URL+"/setup?token=wrong")
	signInBrowser(ctx, t, w, "olga")
	for _, g := range gallery {
		check(g.name, w.server.URL+g.path)
	}
}

// walk presses Tab through a page: every link, field and button is reached in turn, and shows that it is.
func walk(ctx context.Context, t *testing.T, name string) {
	t.Helper()
	want, err := chromedp.Run(ctx, chromedp.Evaluate[int](`[...document.querySelectorAll('a[href],button,input:not([type=hidden]):not([type=radio]:not(:checked)),select,textarea,summary,[tabindex="0"]')].filter(e=>e.checkVisibility()).length`))
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for range min(want, 60) {
		browsertest.Run(ctx, t, name, chromedp.KeyEvent("\t"))
		mark, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(e=>{if(!e||e===document.body)return "";if(e.dataset.seen)return "again";e.dataset.seen="1";const s=getComputedStyle(e);return s.outlineStyle==="none"&&s.boxShadow==="none"?"unseen "+e.outerHTML.slice(0,120):"ok"})(document.activeElement)`))
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case mark == "ok":
			seen++
		case strings.HasPrefix(mark, "unseen"):
			t.Errorf("%s: no sign of focus on %s", name, mark)
			seen++
		}
	}
	if seen < min(want, 60) {
		t.Errorf("%s: Tab reaches %d of %d", name, seen, min(want, 60))
	}
}
