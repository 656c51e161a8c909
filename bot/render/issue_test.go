package render

import (
	"strings"
	"testing"
	"time"

	"milepost/rules"
)

// learners are those whose whole pages are kept as golden files.
func learners(r *rules.Roadmap) map[string]IssueInput {
	out := map[string]IssueInput{"node-half-way": nodeHalf(r)}

	empty := report(r, "", map[string]verdict{"no-secrets": {status: rules.Met, reason: "nothing found among 0 files"}})
	empty.Repository.Commit = ""
	out["empty-repository"] = issueInput(r, empty)

	first := issueInput(r, report(r, "python", map[string]verdict{
		"programming-language": met("Python, 100% of the code", "main.py", 1, 12),
		"no-secrets":           {status: rules.Met, reason: "nothing found among 1 file"},
	}))
	first.Changes = []Change{{At: at("2026-11-24 17:04"), Gained: []string{"programming-language"}, Commit: headSHA}}
	out["first-commit"] = first

	python := issueInput(r, report(r, "python", map[string]verdict{
		"programming-language": met("Python, 97% of the code", "app/main.py", 1, 80),
		"functions":            met("22 functions", "app/main.py", 5, 80),
		"error-handling":       partial("the only `except` in `app/main.py` has nothing but `pass` in it", "Answer with a clear message in the `except`.", "app/main.py", 44, 46),
		"relational-database":  met("SQLAlchemy is imported", "app/db.py", 1, 9),
		"rest-routes":          met("FastAPI, 6 routes", "app/api.py", 12, 60),
		"api-client":           met("`httpx.get` is called", "app/weather.py", 8),
		"gitignore":            met("covers bytecode and virtual environments", ".gitignore", 1, 6),
		"no-secrets":           met("nothing found", ""),
		"unit-tests":           met("9 assertions in 3 tests", "tests/test_api.py", 1, 40),
	}))
	python.Report.Repository.Name = "ada/weather"
	python.AskedMentor = at("2026-11-23 08:00")
	out["python-half-way"] = python

	java := issueInput(r, report(r, "java", map[string]verdict{
		"programming-language": met("Java, 100% of the code", "src/main/java/shop/App.java", 1, 30),
		"functions":            met("41 methods", "src/main/java/shop/Cart.java", 8, 90),
		"error-handling":       met("`@ExceptionHandler`", "src/main/java/shop/Errors.java", 12, 30),
		"relational-database":  met("JPA with PostgreSQL", "src/main/resources/application.yml", 2, 8),
		"indexes":              met("`@Index` on `orders`", "src/main/java/shop/Order.java", 14),
		"rest-routes":          met("11 endpoints", "src/main/java/shop/OrderController.java", 20, 88),
		"readme":               met("140 words of its own", "README.md"),
	}))
	java.Paused = &Paused{Until: at("2026-12-08 00:00"), By: "ada"}
	out["java-half-way"] = java

	golang := issueInput(r, report(r, "go", map[string]verdict{
		"programming-language": met("Go, 100% of the code", "cmd/shop/main.go", 1, 40),
		"functions":            met("30 functions", "store/store.go", 10, 120),
		"error-handling":       met("`if err != nil` with handling", "cmd/shop/main.go", 22, 25),
		"rest-routes":          met("4 routes", "web/web.go", 15, 30),
		"unit-tests":           met("table tests", "store/store_test.go", 12, 60),
		"dockerfile":           partial("`Dockerfile` has no `CMD` and no `ENTRYPOINT`", "Say at the end of `Dockerfile` how the program starts: `CMD [\"/shop\"]`.", "Dockerfile", 1, 8),
		"nosql-database":       met("Redis", "cache/redis.go", 3),
	}))
	golang.OpenPulls = []OpenPull{{Number: 31, Title: "SQLite", Completes: []string{"relational-database", "indexes"}}}
	out["go-half-way"] = golang

	mono := issueInput(r, report(r, "node", map[string]verdict{
		"programming-language": met("TypeScript, 61% of the code", "apps/api/src/main.ts", 1, 44),
		"functions":            met("180 functions", "apps/api/src/orders/orders.service.ts", 10, 200),
		"rest-routes":          met("23 routes", "services/orders/src/routes.ts", 4, 90),
		"dockerfile":           {status: rules.Met, reason: "3 Dockerfiles", evidence: []rules.Evidence{{Path: "apps/api/Dockerfile", StartLine: 1, EndLine: 20, Note: "node"}, {Path: "services/orders/Dockerfile", Note: "node"}, {Path: "services/mail/Dockerfile"}, {Path: "services/pay/Dockerfile"}}},
		"compose":              met("4 services", "compose.yaml", 1, 50),
		"gitignore":            partial("`services/mail` has no `.gitignore` that covers `node_modules`", "Add `node_modules/` to the `.gitignore` at the root.", ".gitignore", 1, 2),
	}))
	out["monorepo"] = mono

	all := map[string]verdict{}
	for _, id := range r.IDs() {
		all[id] = met("found", "src/"+id+".js", 1, 9)
	}
	all["process-manager"] = verdict{status: rules.Missing, reason: "nothing restarts the server when a file changes", next: "Add a script that restarts the server on change."}
	out["everything-done"] = issueInput(r, report(r, "node", all))

	broken := issueInput(r, report(r, "python", map[string]verdict{"programming-language": met("Python", "main.py", 1, 9)}))
	broken.ConfigFaults = []string{
		".github/milepost.yml:3:1: there is no key \"rodmap\"; did you mean \"roadmap\"?",
		".github/milepost.yml:7:5: skip: there is no milestone \"jtw\"; did you mean \"jwt\"?",
	}
	out["configuration-broken"] = broken

	unknown := issueInput(r, report(r, "node", map[string]verdict{
		"programming-language": met("JavaScript", "index.js", 1, 9),
		"pull-requests":        {status: rules.Unknown, reason: "GitHub did not answer when asked for pull requests"},
		"live-deployment":      {status: rules.Unknown, reason: "the permission to read deployments is not granted"},
		"ci-runs-tests":        {status: rules.Unknown, reason: "GitHub did not answer when asked for pull requests"},
	}))
	unknown.Problems = []string{"data/big.csv: 104 MB are more than is read", "`docs` is a submodule, and its files are not read"}
	out["could-not-check"] = unknown
	return out
}

func TestIssueGolden(t *testing.T) {
	t.Parallel()
	for name, in := range learners(testRoadmap(t)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := Issue(in)
			golden(t, "issue/"+name+".md", Compose("", text))
			checkStructure(t, text.Managed)
		})
	}
}

func TestIssueOrder(t *testing.T) {
	t.Parallel()
	in := nodeHalf(testRoadmap(t))
	in.ConfigFaults = []string{"a.yml:1:1: x"}
	body := Issue(in).Managed
	last := -1
	for _, s := range []string{Marker(4711), "milestones met · next", "█", "### " + msgNext, "### " + msgAttention, "### " + msgSteps, "### " + msgChanged, "### " + msgControls, "milepost:box:recheck", "### " + msgNotes, "Checked commit", markEnd, markNotes} {
		i := strings.Index(body, s)
		if i <= last {
			t.Errorf("%q stands at %d, behind %d is wanted", s, i, last)
		}
		last = i
	}
}

func TestIssueNothingToSayIsLeftOut(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	body := Issue(issueInput(r, report(r, "go", nil))).Managed
	for _, s := range []string{msgAttention, msgChanged, "%!", "<nil>", "0001"} {
		if strings.Contains(body, s) {
			t.Errorf("the page of a beginner says %q", s)
		}
	}
}

func TestIssueHashLeavesTimeAndCommitOut(t *testing.T) {
	t.Parallel()
	in := nodeHalf(testRoadmap(t))
	one := Issue(in)
	in.CheckedAt = in.CheckedAt.Add(26 * time.Hour)
	two := Issue(in)
	if one.Hash != two.Hash {
		t.Error("the hash changes with the time of the check")
	}
	if one.Managed == two.Managed {
		t.Error("the page does not say when it was checked")
	}
	in.Report.Repository.Commit = baseSHA
	three := Issue(in)
	if three.Hash != one.Hash {
		t.Error("the hash changes with the commit")
	}
	if !strings.Contains(three.Managed, "/commit/"+baseSHA) || strings.Contains(three.Managed, headSHA) || strings.Contains(three.Managed, commitMark[:7]) {
		t.Errorf("the page is not about its commit:\n%s", three.Managed)
	}
	in.Report.Repository.Commit = strings.Repeat("ab", 32)
	if four := Issue(in); !strings.Contains(four.Managed, "/commit/"+in.Report.Repository.Commit) || strings.Contains(four.Managed, commitMark[:7]) {
		t.Errorf("the page is not about a commit with a long id:\n%s", four.Managed)
	}
	in.Report.Repository.Commit = headSHA
	in.Claims = nil
	if Issue(in).Hash == one.Hash {
		t.Error("the hash does not change with the content")
	}
}

func TestEarnedIsNeverLost(t *testing.T) {
	t.Parallel()
	body := Issue(nodeHalf(testRoadmap(t))).Managed
	for _, s := range []string{"earned 3 May, needs attention since 2 June", "1 milestone earned earlier needs attention", msgEarnedForGood} {
		if !strings.Contains(body, s) {
			t.Errorf("the page does not say %q", s)
		}
	}
}

func TestPullRequestsAreWordsOnly(t *testing.T) {
	t.Parallel()
	body := Issue(nodeHalf(testRoadmap(t))).Managed
	if !strings.Contains(body, "pull request 12") {
		t.Error("the open pull request is not named")
	}
	for _, s := range []string{"#12", "/pull/12", "/pull/9)", "#9"} {
		if strings.Contains(body, s) {
			t.Errorf("%q makes GitHub note a reference", s)
		}
	}
}

// TestIssueFits shows that the page shrinks before GitHub's limit cuts it, and that the controls and the line above the notes never go.
func TestIssueFits(t *testing.T) {
	t.Parallel()
	r := &rules.Roadmap{ID: "long", Version: 1, Title: "Long"}
	given := map[string]verdict{}
	for s := range 20 {
		step := rules.Step{ID: "step-" + itoa(s), Title: "Step " + strings.Repeat("long ", 15)}
		for m := range 10 {
			id := "m-" + itoa(s) + "-" + itoa(m)
			step.Milestones = append(step.Milestones, rules.Milestone{ID: id, Title: strings.Repeat("title ", 8), Kind: rules.KindCode, Tier: rules.Core})
			v := met(strings.Repeat("note ", 40), "src/"+strings.Repeat("folder/", 20)+id+".js", 1, 9)
			v.evidence = append(v.evidence, v.evidence[0], v.evidence[0], v.evidence[0])
			given[id] = v
			if m%2 == 0 {
				v.status, v.reason = rules.Partial, strings.Repeat("reason ", 60)
				given[id] = v
			}
		}
		r.Steps = append(r.Steps, step)
	}
	in := issueInput(r, report(r, "node", given))
	in.Problems = make([]string, 500)
	for i := range in.Problems {
		in.Problems[i] = strings.Repeat("problem ", 200)
	}
	text := Issue(in)
	if text.level == inFull {
		t.Error("the page is not shortened")
	}
	for i := range levels - text.level {
		s := in.timed(in.page(text.level + i))
		if n := length(s); n > maxBody {
			t.Errorf("level %d has %d characters", i, n)
		}
		for _, want := range []string{"milepost:box:recheck", "milepost:box:pause", "milepost:box:ask-mentor", "/milepost help", msgNotes, notesLine} {
			if strings.Count(s, want) != 1 {
				t.Errorf("level %d has %q %d times", i, want, strings.Count(s, want))
			}
		}
		checkStructure(t, s)
	}
	for _, n := range []int{0, 100, 5_000, 20_000, 40_000, 58_000, 62_000} {
		notes := strings.Repeat("ä", n)
		body := Compose(Compose("", text)+notes, text)
		if length(body) > maxBody || !strings.HasSuffix(body, notes) || !strings.Contains(body, "milepost:box:recheck") {
			t.Errorf("%d characters of notes: body of %d", n, length(body))
		}
	}
	full := Compose("", text) + strings.Repeat("n", maxBody)
	if Compose(full, text) != full {
		t.Error("a body without any room is not left as it is")
	}
}

func TestPrefilledFileFallsBackToABlock(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	def, _, _ := r.Milestone("ci-workflow")
	in := issueInput(r, report(r, "node", nil))
	m, _ := in.Report.Milestone("ci-workflow")
	if s := in.starter(m, def); !strings.Contains(s, "https://github.com/ada/shop/new/main?filename=.github%2Fworkflows%2Fci.yml&value=name%3A%20CI%0A") {
		t.Errorf("no prefilled file:\n%s", s)
	}
	def.Starter["default"] = rules.Starter{Path: "ci.yml", Content: strings.Repeat("# 0123456789\n", 600)}
	if s := in.starter(m, def); strings.Contains(s, "/new/") || !strings.Contains(s, "```yml\n#") {
		t.Errorf("a long file is still put into the address: %.200s", s)
	}
	def.Starter["default"] = rules.Starter{Path: "ci.yml", Content: "x"}
	m.Evidence = []rules.Evidence{{Path: "ci.yml"}}
	if s := in.starter(m, def); strings.Contains(s, "/new/") || !strings.Contains(s, "For comparison") {
		t.Errorf("a file that is there is offered again: %s", s)
	}
	m.Evidence, m.Existing = nil, "CI.yml"
	if s := in.starter(m, def); strings.Contains(s, "/new/") || !strings.Contains(s, "For comparison") {
		t.Errorf("a file that is there, and is no evidence, is offered again: %s", s)
	}
}

func TestCelebrations(t *testing.T) {
	t.Parallel()
	in := nodeHalf(testRoadmap(t))
	golden(t, "comment/step.md", StepCompleted(in, in.Report.Steps[0])+"\n")
	golden(t, "comment/milestones.md", MilestoneEarned(in, []string{"ci-workflow", "rest-routes"})+"\n")
	if MilestoneEarned(in, nil) != "" {
		t.Error("nothing earned is celebrated")
	}
}
