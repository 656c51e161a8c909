package render

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"milepost/rules"
	"milepost/rules/strict"
)

// pullInput is a pull request that completes two milestones, breaks one and begins one.
func pullInput(r *rules.Roadmap) PullInput {
	base := map[string]verdict{
		"programming-language": met("JavaScript", "src/server.js", 1, 40),
		"gitignore":            met("covers `node_modules`", ".gitignore", 1, 4),
		"rest-routes":          met("4 routes", "src/routes.js", 3, 20),
	}
	head := map[string]verdict{
		"programming-language": met("JavaScript", "src/server.js", 1, 40),
		"gitignore":            partial("`.gitignore` does not cover `node_modules`", "Add the line `node_modules/` to `.gitignore`.", ".gitignore", 1, 3),
		"rest-routes":          met("4 routes", "src/routes.js", 3, 20),
		"unit-tests":           met("4 assertions", "test/cart.test.js", 1, 22),
		"ci-runs-tests":        met("`npm test` in step 3", ".github/workflows/ci.yml", 14),
		"dockerfile":           partial("`Dockerfile` has no `CMD`", "Say at the end of `Dockerfile` how the program starts.", "Dockerfile", 1, 5),
	}
	b, h := report(r, "node", base), report(r, "node", head)
	b.Repository.Commit = baseSHA
	return PullInput{
		Roadmap: r, Repo: testRepo(), Number: 12, HeadSHA: headSHA, BaseSHA: baseSHA, Base: b, Head: h,
		Files: []ChangedFile{
			{Path: ".gitignore", Patch: "@@ -1,4 +1,3 @@\n-node_modules/\n .env\n+dist/\n coverage/"},
			{Path: "Dockerfile", Patch: "@@ -0,0 +1,5 @@\n+FROM node\n+WORKDIR /app\n+COPY . .\n+RUN npm ci\n+EXPOSE 80"},
		},
		IssueURL: "https://github.com/ada/shop/issues/1", DashboardURL: "https://milepost.example/repos/ada/shop",
	}
}

// with changes a pull request's head.
func with(in PullInput, r *rules.Roadmap, base, head map[string]verdict) PullInput {
	in.Base, in.Head = report(r, "node", base), report(r, "node", head)
	in.Base.Repository.Commit = baseSHA
	return in
}

// previewOf is a configuration that changes all there is: milestones come, go, flip, are skipped and re-tiered.
func previewOf(r *rules.Roadmap) *Preview {
	after := report(r, "node", map[string]verdict{"readme": met("80 words", "README.md", 1, 12), "dockerfile": {status: rules.Skipped, reason: "next term"}})
	after.Roadmap = rules.RoadmapRef{ID: "ours", Version: 2, Title: "Ours @team <b>"}
	last := &after.Steps[len(after.Steps)-1]
	last.Milestones = last.Milestones[:len(last.Milestones)-1]
	first := &after.Steps[0]
	first.Milestones[0].Tier = rules.Bonus
	first.Milestones[1].Title = "Write `functions`"
	first.Milestones[2].Status = rules.Partial
	first.Milestones = append(first.Milestones, rules.MilestoneReport{ID: "editorconfig", Title: "Agree on indentation", Tier: rules.Core, Status: rules.Met},
		rules.MilestoneReport{ID: "diary", Title: "Keep a diary", Tier: rules.Core, Status: rules.Missing})
	after.Tally()
	return &Preview{After: after, Settings: []string{"New as mentors: `mona`, `@acme/mentors`", "The progress issue is closed, and no longer written"}}
}

func checkRunText(c CheckRunText) string {
	var b strings.Builder
	b.WriteString(c.Title + "\n" + c.Conclusion + "\n\n" + c.Summary + "\n")
	for _, a := range c.Annotations {
		b.WriteString("\n" + a.Level + " " + a.Path + ":" + itoa(a.StartLine) + "-" + itoa(a.EndLine) + " " + a.Title + "\n  " + a.Message + "\n")
	}
	return b.String()
}

func TestPullGolden(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	js := met("JavaScript", "src/server.js", 1, 40)
	stories := map[string]PullInput{"wins-and-loses": pullInput(r)}
	stories["moves-nothing"] = with(pullInput(r), r, map[string]verdict{"programming-language": js}, map[string]verdict{"programming-language": js})
	stories["completes-two"] = with(pullInput(r), r, map[string]verdict{"programming-language": js},
		map[string]verdict{"programming-language": js, "unit-tests": met("4 assertions", "test/cart.test.js", 1, 22), "ci-runs-tests": met("`npm test`", ".github/workflows/ci.yml", 14)})
	loses := with(pullInput(r), r, map[string]verdict{"gitignore": met("covers `node_modules`", ".gitignore", 1, 4)}, map[string]verdict{})
	stories["breaks-one"] = loses
	required := loses
	required.Require = []string{"gitignore"}
	stories["breaks-a-required-one"] = required
	conf := with(pullInput(r), r, nil, nil)
	conf.Files = []ChangedFile{{Path: ".github/milepost.yml", Patch: "@@ -0,0 +1,3 @@\n+rodmap: backend\n+skip:\n+  jtw: later"}}
	conf.ConfigFaults = []strict.Fault{{File: ".github/milepost.yml", Line: 1, Column: 1, Msg: `there is no key "rodmap"; did you mean "roadmap"?`}, {File: ".github/milepost.yml", Line: 9, Column: 3, Msg: "out of reach"}}
	stories["configuration-broken"] = conf
	preview := with(pullInput(r), r, nil, nil)
	preview.Preview = previewOf(r)
	stories["configuration-preview"] = preview
	same := with(pullInput(r), r, nil, nil)
	same.Preview = &Preview{After: same.Head}
	stories["configuration-preview-of-nothing"] = same
	merge := stories["completes-two"]
	merge.Number = 0
	stories["merge-queue"] = merge
	unknown := with(pullInput(r), r, map[string]verdict{"programming-language": js}, map[string]verdict{"programming-language": {status: rules.Unknown, reason: "GitHub did not answer"}})
	stories["could-not-check"] = unknown
	for name, in := range stories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := CheckRun(in)
			golden(t, "pull/"+name+".check.md", checkRunText(c))
			checkStructure(t, c.Summary)
			checkStructure(t, c.Text)
			m := Comment(in, true)
			golden(t, "pull/"+name+".comment.md", m.Body+"\n")
			checkStructure(t, m.Body)
			if n := visibleLines(m.Body); n > 12 {
				t.Errorf("%d visible lines", n)
			}
			if !strings.Contains(m.Body, headSHA[:7]) {
				t.Error("the comment does not name the commit")
			}
		})
	}
}

// visibleLines counts the lines of a comment that stand open.
func visibleLines(md string) int {
	n, folded := 0, 0
	for l := range strings.SplitSeq(md, "\n") {
		switch {
		case strings.HasPrefix(l, "<details>"):
			if folded == 0 {
				n++
			}
			folded++
		case l == "</details>":
			folded--
		case folded == 0 && strings.TrimSpace(l) != "" && !strings.HasPrefix(l, "<!--"):
			n++
		}
	}
	return n
}

func TestCheckTitleFits(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	all := map[string]verdict{}
	for _, id := range r.IDs() {
		all[id] = met("x", "x.js", 1)
	}
	some := map[string]verdict{"readme": met("x", "README.md")}
	for name, tt := range map[string]struct {
		base, head map[string]verdict
		want       string
	}{
		"none":       {nil, nil, "No milestone moves"},
		"two":        {nil, map[string]verdict{"unit-tests": met("", "a"), "ci-workflow": met("", "b")}, "Completes 2 milestones: CI, tests"},
		"one lost":   {map[string]verdict{"gitignore": met("", "a")}, nil, "Breaks 1 milestone: .gitignore"},
		"both":       {some, map[string]verdict{"unit-tests": met("", "a")}, "Completes tests; breaks README"},
		"everything": {nil, all, "Completes 19 milestones: language, functions and 17 more"},
		"all lost":   {all, nil, "Breaks 19 milestones: language, functions and 17 more"},
	} {
		got := CheckRun(with(pullInput(r), r, tt.base, tt.head)).Title
		if got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
		if utf8.RuneCountInString(got) > maxCheckTitle {
			t.Errorf("%q is too long", got)
		}
	}
}

func TestComment(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	moving, still := pullInput(r), with(pullInput(r), r, nil, nil)
	if !Comment(moving, false).Wanted || !Comment(moving, true).Wanted {
		t.Error("a milestone moves, and no comment is wanted")
	}
	if Comment(still, false).Wanted {
		t.Error("nothing moves, and a comment is wanted")
	}
	shrunk := Comment(still, true)
	if !shrunk.Wanted || visibleLines(shrunk.Body) != 1 {
		t.Errorf("not shrunk: %q", shrunk.Body)
	}
	for _, c := range []CommentText{Comment(moving, false), shrunk} {
		if id, n, ok := FindCommentMarker(c.Body); !ok || id != 4711 || n != 12 {
			t.Errorf("marker %d %d %v", id, n, ok)
		}
	}
	if a, b := Comment(moving, false), Comment(moving, true); a != b {
		t.Error("the comment differs though nothing moved in between")
	}
	if strings.Contains(Comment(moving, false).Body, "/issues/1") {
		t.Error("a link to the issue makes GitHub note a reference")
	}
}

func TestTouchedLines(t *testing.T) {
	t.Parallel()
	for patch, want := range map[string][]int{
		"":                            nil,
		"@@ -1,2 +1,3 @@\n a\n+b\n c": {2},
		"@@ -1 +1 @@\n-a\n+b\n\\ No newline at end of file":        {1},
		"@@ -0,0 +1,2 @@\n+a\n+b":                                  {1, 2},
		"@@ -1,1 +1,0 @@\n-a":                                      nil,
		"@@ -1,2 +1,2 @@ f()\n-a\n+b\n c\n@@ -9,1 +9,2 @@\n x\n+y": {1, 10},
		"+a\n@@ x @@\n+b":                                          nil,
		"@@ -1 +99999999999 @@\n+a":                                nil,
	} {
		if d := cmp.Diff(want, touchedLines(patch)); d != "" {
			t.Errorf("%q: %s", patch, d)
		}
	}
}

func TestAnnotationsStayOnTouchedLines(t *testing.T) {
	t.Parallel()
	in := pullInput(testRoadmap(t))
	touched := map[string]map[int]bool{}
	for _, f := range in.Files {
		touched[f.Path] = map[int]bool{}
		for _, n := range touchedLines(f.Patch) {
			touched[f.Path][n] = true
		}
	}
	all := CheckRun(in).Annotations
	if len(all) != 2 {
		t.Errorf("%d annotations, want 2", len(all))
	}
	for _, a := range all {
		for n := a.StartLine; n <= a.EndLine; n++ {
			if !touched[a.Path][n] {
				t.Errorf("%s:%d is not touched", a.Path, n)
			}
		}
	}
	in.Files = nil
	if n := len(CheckRun(in).Annotations); n != 0 {
		t.Errorf("%d annotations without a patch", n)
	}
}

func TestActionsFitGitHubsLimits(t *testing.T) {
	t.Parallel()
	c := CheckRun(pullInput(testRoadmap(t)))
	if len(c.Actions) == 0 || len(c.Actions) > 3 {
		t.Errorf("%d actions", len(c.Actions))
	}
	for _, a := range c.Actions {
		if len(a.Label) > 20 || len(a.Description) > 40 || len(a.Identifier) > 20 {
			t.Errorf("%+v is too long", a)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	in := pullInput(testRoadmap(t))
	if strings.Contains(CheckRun(in).Text, msgWhyOpen) {
		t.Error("explained without being asked")
	}
	in.Explain = true
	text := CheckRun(in).Text
	checkStructure(t, text)
	first, _, folded := strings.Cut(text, "<details>")
	if !folded {
		t.Error("nothing is folded")
	}
	for _, m := range in.Head.Milestones() {
		if !m.Done() && !strings.Contains(first, "`"+m.ID+"`") {
			t.Errorf("%s is not explained", m.ID)
		}
	}
	golden(t, "pull/explained.text.md", text+"\n")
}

// TestCheckRunFits fills a pull request until neither summary nor text can say all.
func TestCheckRunFits(t *testing.T) {
	t.Parallel()
	r := &rules.Roadmap{ID: "long", Version: 1, Title: "Long"}
	step := rules.Step{ID: "all", Title: "All"}
	base, head := map[string]verdict{}, map[string]verdict{}
	for i := range 200 {
		id := "m-" + itoa(i)
		step.Milestones = append(step.Milestones, rules.Milestone{ID: id, Title: strings.Repeat("title ", 20), Kind: rules.KindCode, Tier: rules.Core})
		base[id] = met("x", "src/"+strings.Repeat("päth/", 50)+id, 1, 9)
		head[id] = partial(strings.Repeat("reason ", 200), strings.Repeat("next ", 200), "src/"+strings.Repeat("päth/", 50)+id, 1, 9)
	}
	r.Steps = []rules.Step{step}
	in := with(pullInput(testRoadmap(t)), r, base, head)
	in.Roadmap, in.Explain = r, true
	for i := range 500 {
		in.Files = append(in.Files, ChangedFile{Path: "src/" + strings.Repeat("päth/", 50) + "m-" + itoa(i), Patch: "@@ -1 +1,2 @@\n a\n+b"})
		in.ConfigFaults = append(in.ConfigFaults, strict.Fault{File: "x", Line: i, Msg: strings.Repeat("long ", 100)})
	}
	c := CheckRun(in)
	if len(c.Summary) > MaxCheckText || len(c.Text) > MaxCheckText || c.Text == "" || len(c.Annotations) > maxAnnotations {
		t.Errorf("summary of %d bytes, text of %d, %d annotations", len(c.Summary), len(c.Text), len(c.Annotations))
	}
	checkStructure(t, c.Summary)
	checkStructure(t, c.Text)
	if n := visibleLines(Comment(in, false).Body); n > 12 {
		t.Errorf("comment of %d lines", n)
	}
}

func TestCheckRunWithoutReports(t *testing.T) {
	t.Parallel()
	c := CheckRun(PullInput{})
	if c.Title != msgNothingMoves || c.Conclusion != "success" {
		t.Errorf("%+v", c)
	}
}
