package githubsim_test

import (
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-github/v62/github"

	"milepost/bot/githubsim"
)

// TestControlsOfPages does with the forms of the pages what people do at GitHub, and wants the same deliveries.
func TestControlsOfPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	issue := must[*github.Issue](t)(w.asInst.Issues.Create(t.Context(), "alice", "shop", &github.IssueRequest{
		Title: github.String("Progress"), Body: github.String("Text\n\n- [ ] Check again now <!-- id:recheck -->\n- [x] done")}))
	at := w.URL() + "/alice/shop/issues/" + strconv.Itoa(issue.GetNumber())
	post := func(at, site string, form url.Values) int {
		t.Helper()
		q, err := http.NewRequestWithContext(t.Context(), http.MethodPost, at, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		q.Header.Set("Sec-Fetch-Site", site)
		a, err := http.DefaultClient.Do(q)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(a.Body)
		_ = a.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		if a.StatusCode == http.StatusOK && !strings.Contains(string(body), `http-equiv="refresh"`) {
			t.Error("the page does not look for the answer")
		}
		return a.StatusCode
	}
	for _, c := range []struct {
		name, site string
		form       url.Values
		want       int
	}{
		{"a comment", "same-origin", url.Values{"as": {"alice"}, "do": {"comment"}, "text": {"/milepost help\r\nplease"}}, 200},
		{"a box", "same-origin", url.Values{"as": {"alice"}, "do": {"tick:Check again now"}}, 200},
		{"closed", "same-origin", url.Values{"as": {"alice"}, "do": {"close"}}, 200},
		{"opened again", "same-origin", url.Values{"as": {"alice"}, "do": {"reopen"}}, 200},
		{"somebody without a role", "same-origin", url.Values{"as": {"bob"}, "do": {"comment"}, "text": {"hello"}}, 404},
		{"another site's form", "cross-site", url.Values{"as": {"alice"}, "do": {"comment"}, "text": {"gotcha"}}, 403},
	} {
		if got := post(at, c.site, c.form); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	comments := w.settle(t, "issue_comment", "created")
	if len(comments) != 1 || comments[0].body["comment"].(map[string]any)["body"] != "/milepost help\nplease" {
		t.Errorf("comments: %v", comments)
	}
	got := must[*github.Issue](t)(w.asInst.Issues.Get(t.Context(), "alice", "shop", issue.GetNumber()))
	if !strings.Contains(got.GetBody(), "- [x] Check again now") || got.GetState() != "open" {
		t.Errorf("%s: %s", got.GetState(), got.GetBody())
	}
	for _, action := range []string{"edited", "closed", "reopened"} {
		if n := len(w.settle(t, "issues", action)); n != 1 {
			t.Errorf("%d deliveries of %s", n, action)
		}
	}

	w.PushFiles(w.repo, "", w.alice, "Start", map[string]string{"README.md": "# Shop\n"})
	w.SetBranch(w.repo, "more", w.repo.Head(""), w.alice)
	w.PushFiles(w.repo, "more", w.alice, "More", map[string]string{"more.txt": "x"})
	pull := w.OpenPull(w.repo, w.alice, githubsim.PullOptions{Title: "More", Head: "more"})
	if got := post(w.URL()+"/alice/shop/pull/"+strconv.Itoa(pull), "same-origin", url.Values{"as": {"alice"}, "do": {"merge"}}); got != 200 {
		t.Errorf("merge: %d", got)
	}
	if _, found := w.repo.File("", "more.txt"); !found {
		t.Error("the pull request was not merged")
	}
}
