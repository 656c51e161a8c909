package render

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/rules"
)

var update = flag.Bool("update", false, "write the golden files anew")

const (
	headSHA = "4f1c2d9a7b6e5f8091a2b3c4d5e6f708192a3b4c"
	baseSHA = "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567"
)

func at(s string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", s)
	if err != nil {
		panic(err)
	}
	return t
}

func testRoadmap(t testing.TB) *rules.Roadmap {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "roadmap.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := rules.Parse("roadmap.yaml", data)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// verdict changes how one milestone stands in a report made by hand.
type verdict struct {
	status   rules.Status
	reason   string
	next     string
	evidence []rules.Evidence
}

func met(note, path string, lines ...int) verdict {
	e := rules.Evidence{Path: path, Note: note}
	if len(lines) > 0 {
		e.StartLine, e.EndLine = lines[0], lines[len(lines)-1]
	}
	return verdict{status: rules.Met, reason: note, evidence: []rules.Evidence{e}}
}

func partial(reason, next, path string, lines ...int) verdict {
	v := met("", path, lines...)
	v.status, v.reason, v.next = rules.Partial, reason, next
	return v
}

// report makes a report in which everything is missing but what is given.
func report(r *rules.Roadmap, stack string, given map[string]verdict) *rules.Report {
	s := rules.StackNamed(stack)
	out := &rules.Report{
		Schema: rules.Schema, Roadmap: rules.RoadmapRef{ID: r.ID, Version: r.Version, Title: r.Title}, Stack: stack,
		Repository: rules.Repository{Name: "ada/shop", Commit: headSHA, Ref: "main"}, Warnings: []string{}, Languages: []rules.Language{},
	}
	if stack != "" {
		names := map[string]string{"node": "JavaScript", "python": "Python", "java": "Java", "go": "Go"}
		out.Languages = append(out.Languages, rules.Language{Name: names[stack], Share: 1})
	}
	for _, st := range r.Steps {
		step := rules.StepReport{ID: st.ID, Title: st.Title}
		for _, m := range st.Milestones {
			rep := rules.MilestoneReport{
				ID: m.ID, Title: m.Title, Kind: m.Kind, Tier: m.Tier, Status: rules.Missing, Reason: m.Missing, Next: m.Next.For(s), Effort: m.Effort, Evidence: []rules.Evidence{},
			}
			if v, ok := given[m.ID]; ok {
				rep.Status, rep.Reason, rep.Evidence = v.status, v.reason, v.evidence
				if v.next != "" {
					rep.Next = v.next
				}
				if rep.Done() || !rep.Counts() {
					rep.Next = ""
				}
			}
			step.Milestones = append(step.Milestones, rep)
		}
		out.Steps = append(out.Steps, step)
	}
	out.Tally()
	return out
}

func testRepo() Repo {
	return Repo{ID: 4711, Owner: "ada", Name: "shop", DefaultBranch: "main", ServerURL: "https://github.com"}
}

func issueInput(r *rules.Roadmap, rep *rules.Report) IssueInput {
	return IssueInput{
		Roadmap: r, Report: rep, Repo: testRepo(), CheckedAt: at("2026-11-24 17:05"), AppSlug: "milepost",
		Earned: map[string]Earned{}, Since: map[string]time.Time{}, DashboardURL: "https://milepost.example/repos/ada/shop",
	}
}

// golden compares with a file of testdata, or writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-update writes it anew):\n%s", file, d)
	}
}

// nodeHalf is a Node project half way, with everything that a page can show.
func nodeHalf(r *rules.Roadmap) IssueInput {
	rep := report(r, "node", map[string]verdict{
		"programming-language": met("JavaScript, 100% of the code", "src/server.js", 1, 40),
		"functions":            met("7 functions", "src/users.js", 3, 41),
		"error-handling":       met("error middleware", "src/server.js", 30, 36),
		"relational-database":  met("`pg` is imported", "src/db.js", 1),
		"indexes":              {status: rules.Skipped, reason: "the course does it next term"},
		"rest-routes":          met("GET /users, POST /users", "src/users.js", 8, 20),
		"gitignore":            partial("`.gitignore` does not cover `node_modules`", "Add the line `node_modules/` to `.gitignore`.", ".gitignore", 1, 3),
		"readme":               partial("`README.md` has 38 words of its own, 60 are wanted", "Say in two more sentences what the shop is for.", "README.md"),
		"no-secrets":           {status: rules.Met, reason: "nothing found among 24 files"},
		"pull-requests":        {status: rules.Met, reason: "3 merged", evidence: []rules.Evidence{{Note: "pull request 9", URL: "https://github.com/ada/shop/pull/9"}}},
		"ci-workflow":          met("runs on push", ".github/workflows/ci.yml", 1, 14),
		"ci-runs-tests":        partial("`ci.yml` line 14 installs but runs no test", "Add a step that runs `npm test`.", ".github/workflows/ci.yml", 14),
		"live-deployment":      {status: rules.Attested, reason: "signed off by grace: shown in class"},
	})
	in := issueInput(r, rep)
	in.Earned = map[string]Earned{
		"programming-language": {At: at("2026-04-02 10:00"), Commit: baseSHA},
		"rest-routes":          {At: at("2026-05-20 10:00"), Commit: baseSHA, Pull: 9},
		"gitignore":            {At: at("2026-05-03 10:00"), Commit: baseSHA, LostAt: at("2026-06-02 09:00"), LostCommit: baseSHA},
	}
	in.Since = map[string]time.Time{"functions": at("2026-04-05 12:00"), "error-handling": at("2025-12-30 12:00"), "live-deployment": at("2026-11-20 12:00")}
	in.OpenPulls = []OpenPull{{Number: 12, Title: "Add a Dockerfile", Completes: []string{"dockerfile"}}}
	in.Claims = []Claim{{Milestone: "api-client", By: "ada", What: "https://example.org/demo", At: at("2026-11-22 10:00")}}
	in.Changes = []Change{
		{At: at("2026-11-20 12:00"), Gained: []string{"live-deployment"}, By: "grace"},
		{At: at("2026-06-02 09:00"), Lost: []string{"gitignore"}, Commit: baseSHA},
		{At: at("2026-05-20 10:00"), Gained: []string{"rest-routes"}, Pull: 9},
		{At: at("2026-04-05 12:00"), Gained: []string{"functions", "error-handling"}, Commit: baseSHA},
		{At: at("2025-12-30 12:00"), Gained: []string{"programming-language"}, Commit: baseSHA},
		{At: at("2025-12-01 12:00"), Gained: []string{"readme"}, Commit: baseSHA},
	}
	return in
}
