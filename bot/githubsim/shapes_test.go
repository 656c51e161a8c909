package githubsim_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"sort"
	"strings"
	"testing"

	"milepost/bot/githubsim"
)

// unread are the parts of real payloads that are accidents of a sample (a
// milestone, an assignee, a signature) or gone from today's GitHub.
var unread = []string{".milestone.", ".assignee.", ".assignees[]", ".license.", "performed_via_github_app", "custom_properties", ".signature", ".payload",
	"single_file_paths[]", ".permissions.", ".events[]", "suspended_by.", ".app.", "alerts_url", ".pull_requests[]", ".topics[]", ".verification.",
	".labels[].", "requested_reviewers[]", "requested_teams[]", "check_run.deployment.", "changes.color.", "changes.owner.from.user."}

// TestPayloadsHaveTheShapeOfRealOnes drives every kind of event and compares each
// payload with what real ones have.
func TestPayloadsHaveTheShapeOfRealOnes(t *testing.T) {
	t.Parallel()
	shapes := readShapes(t)
	w := newWorld(t)
	everyEvent(t, w)
	w.settle(t, "", "")
	checked := map[string]bool{}
	for _, d := range w.hook.all() {
		name := d.event + "." + d.action
		want := shapes[name]
		if want == nil {
			want = shapes[d.event+".*"]
		}
		if want == nil || checked[name] {
			continue
		}
		checked[name] = true
		have := map[string]map[string]bool{}
		walk(d.body, "", have)
		var paths []string
		for p := range want {
			paths = append(paths, p)
		}
		sort.Strings(paths)
		for _, p := range paths {
			if isUnread(p) || insideEmpty(have, p) {
				continue
			}
			for kind := range have[p] {
				if !strings.Contains("|"+want[p]+"|", "|"+kind+"|") && kind != "null" && want[p] != "null" {
					t.Errorf("%s: %s is %s, on GitHub %s", name, p, kind, want[p])
				}
			}
			if len(have[p]) == 0 {
				t.Errorf("%s: %s (%s) is missing", name, p, want[p])
			}
		}
	}
	for _, must := range []string{"push.", "pull_request.opened", "issues.opened", "issues.edited", "issue_comment.created", "check_run.rerequested", "check_suite.rerequested",
		"installation.created", "installation_repositories.added", "workflow_run.completed", "deployment_status.created", "member.added", "merge_group.checks_requested",
		"pull_request_review.submitted", "repository.renamed", "repository.transferred", "create.", "status.", "label.edited", "membership.added"} {
		if !checked[must] {
			t.Errorf("%s was not delivered", must)
		}
	}
}

func readShapes(t *testing.T) map[string]map[string]string {
	t.Helper()
	raw, err := os.ReadFile("testdata/webhook-shapes.json.gz")
	if err != nil {
		t.Fatal(err)
	}
	zr, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(zr)
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]map[string]string
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func isUnread(path string) bool {
	for _, u := range unread {
		if strings.Contains("."+path+".", u) {
			return true
		}
	}
	return false
}

// insideEmpty reports whether a parent of the path is an empty list or null in
// ours, so that there is nothing inside to compare.
func insideEmpty(have map[string]map[string]bool, path string) bool {
	for at := len(path); at > 0; at = strings.LastIndexAny(path[:at], ".[") {
		parent := path[:at]
		if parent == path {
			continue
		}
		kinds := have[parent]
		if kinds["null"] && len(kinds) == 1 {
			return true
		}
		if kinds["array"] && !anyInside(have, parent+"[]") {
			return true
		}
	}
	return false
}

func anyInside(have map[string]map[string]bool, path string) bool { return len(have[path]) > 0 }

func walk(v any, path string, out map[string]map[string]bool) {
	if out[path] == nil {
		out[path] = map[string]bool{}
	}
	kind := "null"
	switch v := v.(type) {
	case map[string]any:
		kind = "object"
		for k, x := range v {
			walk(x, strings.TrimPrefix(path+"."+k, "."), out)
		}
	case []any:
		kind = "array"
		for _, x := range v {
			walk(x, path+"[]", out)
		}
	case string:
		kind = "string"
	case float64:
		kind = "number"
	case bool:
		kind = "bool"
	}
	out[path][kind] = true
}

// everyEvent lets each thing happen once.
func everyEvent(t *testing.T, w *world) {
	t.Helper()
	s := w.Sim
	r := s.CreateRepo(w.org, "course", githubsim.RepoOptions{Description: "d"})
	inst := s.Install(w.app, w.org, r)
	extra := s.CreateRepo(w.org, "extra", githubsim.RepoOptions{})
	s.AddRepos(inst, extra)
	s.RemoveRepos(inst, extra)
	head := s.PushFiles(r, "", w.bob, "one", map[string]string{"a": "1\n", "b": "2\n"})
	s.Tag(r, "v1", head, w.bob)
	s.Push(r, "more", w.bob, githubsim.Commit{Message: "two", Files: map[string]string{"a": "3\n", "c": "4\n"}, Delete: []string{"b"}})
	n := s.OpenPull(r, w.bob, githubsim.PullOptions{Title: "More", Body: "text", Head: "more"})
	top := s.PushToPull(r, n, w.bob, githubsim.Commit{Files: map[string]string{"d": "1"}})
	s.SetDraft(r, n, w.bob, true)
	s.SetDraft(r, n, w.bob, false)
	s.RequestReview(r, n, w.bob, w.alice)
	s.Review(r, n, w.alice, "approved", "fine")
	s.SetLabels(r, w.bob, n, "bug")
	s.SetLabels(r, w.bob, n)
	if _, err := s.QueueMerge(r, n, w.bob); err != nil {
		t.Error(err)
	}
	s.ClosePull(r, n, w.bob)
	s.ReopenPull(r, n, w.bob)
	c := w.instClient(t, w.app, inst)
	run, _, err := c.Checks.CreateCheckRun(t.Context(), "academy", "course", checkRun(top))
	if err != nil {
		t.Fatal(err)
	}
	s.RerequestCheckRun(r, w.bob, run.GetID())
	s.RerequestCheckSuite(r, w.bob, w.app, top)
	i := s.OpenIssue(r, w.bob, "Title", "Body", "bug")
	s.EditIssueBody(r, w.bob, i, "Other")
	id := s.Comment(r, w.alice, i, "hi")
	s.EditComment(r, w.alice, id, "ho")
	s.DeleteComment(r, w.alice, id)
	s.CloseIssue(r, w.bob, i)
	s.ReopenIssue(r, w.bob, i)
	s.LockIssue(r, w.bob, i, true)
	s.LockIssue(r, w.bob, i, false)
	s.RenameLabel(r, w.bob, "bug", "fault")
	s.DeleteIssue(r, w.bob, i)
	s.SetCollaborator(r, w.alice, "write")
	s.SetCollaborator(r, w.alice, "read")
	s.SetCollaborator(r, w.alice, "")
	s.CompleteWorkflowRun(r, head, "failure")
	s.Deploy(r, w.bob, head, "production", "success", "https://example.com")
	s.SetStatus(r, w.bob, head, "success", "ci", "")
	team := s.AddTeam(w.org, "Mentors", w.alice)
	s.SetTeamMember(team, w.alice, true)
	s.SetTeamMember(team, w.alice, false)
	s.SetDefaultBranch(r, "more")
	s.SetPrivate(r, true)
	s.Rename(r, "lessons")
	s.Archive(r, true)
	s.Archive(r, false)
	s.Suspend(inst)
	s.Unsuspend(inst)
	s.RequestPermissions(w.app, githubsim.DefaultPermissions(), nil)
	s.AcceptPermissions(inst)
	s.Transfer(r, w.alice)
	s.DeleteRepo(r)
}
