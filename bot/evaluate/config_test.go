package evaluate_test

import (
	"fmt"
	"strings"
	"testing"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
)

// TestBadConfigurations: each kind names the place and the remedy, on the pull request that brings it and, once it is on the default branch, in the
// issue; nothing else stops working, and the last good configuration stays in force.
func TestBadConfigurations(t *testing.T) {
	t.Parallel()
	const good = "skip:\n  license: private work\n"
	for name, c := range map[string]struct{ text, place, remedy string }{
		"unknown key":            {"mentor: [mona]\n", ":1:1", `did you mean "mentors"`},
		"wrong type":             {"skip: [license]\n", ":1:", ""},
		"not YAML":               {"skip: {license: [\n", ":1", ""},
		"unknown milestone":      {"skip:\n  licence: no\n", ":2:", `did you mean "license"`},
		"no reason":              {"skip:\n  license: \"\"\n", ":2:", "say why"},
		"bad glob":               {"ignore: [\"docs/[\"]\n", ":1:", "try"},
		"bad learner":            {"learner: \"@ada\"\n", ":1:", "is not a GitHub login"},
		"bad mentor":             {"mentors: [\"mo na\"]\n", ":1:", "neither a login nor a team"},
		"unknown roadmap":        {"roadmap: frontend\n", ":1:", `use "backend"`},
		"roadmap outside":        {"roadmap: ../other.yml\n", ":1:", "inside the repository"},
		"bad day":                {"digest:\n  weekday: mondey\n", ":2:", `did you mean "monday"`},
		"bad celebration":        {"issue:\n  celebrate: often\n", ":2:", "milestones, steps or never"},
		"unknown required":       {"pull_requests:\n  require: [dockerfil]\n", ":2:", `did you mean "dockerfile"`},
		"twice the same key":     {"learner: ada\nlearner: bob\n", ":2:", ""},
		"two mistakes, one file": {"mentor: [mona]\nskip:\n  licence: no\n", ":1:1", `did you mean "license"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReview(t, ".github/milepost.yml", good)
			r.propose(githubsim.Commit{Files: map[string]string{".github/milepost.yml": c.text, "Dockerfile": "FROM scratch\n"}})
			run := r.run(r.head())
			if run.Annotations == 0 || run.Conclusion != "neutral" || !strings.Contains(run.Summary, ".github/milepost.yml"+c.place) || !strings.Contains(run.Summary, c.remedy) {
				t.Errorf("the pull request is told (%s, %d annotations):\n%s", run.Conclusion, run.Annotations, run.Summary)
			}
			if !strings.Contains(run.Title, "Dockerfile") {
				t.Errorf("the milestones are not told: %s", run.Title)
			}
			r.merge("merge")
			body := r.Issue(r.repo).Body
			if !strings.Contains(body, ".github/milepost.yml"+c.place) || !strings.Contains(body, c.remedy) {
				t.Errorf("the issue does not tell:\n%s", body)
			}
			report := r.Report(r.repo)
			if m, _ := report.Milestone("license"); m.Status != "skipped" {
				t.Errorf("the last good configuration is not in force: %+v", m)
			}
			if m, _ := report.Milestone("dockerfile"); m.Status != "met" {
				t.Errorf("the push is not judged: %+v", m)
			}
			r.Sim.PushFiles(r.repo, "", r.Owner, "mend", map[string]string{".github/milepost.yml": "learner: ada\n"})
			r.Settle()
			if body := r.Issue(r.repo).Body; strings.Contains(body, ".github/milepost.yml"+c.place) {
				t.Errorf("the mended configuration is still complained about:\n%s", body)
			}
			report = r.Report(r.repo)
			if m, _ := report.Milestone("license"); m.Status != "missing" {
				t.Errorf("the mended configuration is not in force: %+v", m)
			}
		})
	}
}

func TestConfigurationTakenAway(t *testing.T) {
	t.Parallel()
	r := newReview(t, ".github/milepost.yml", "skip:\n  license: private work\n")
	r.Sim.Push(r.repo, "", r.Owner, githubsim.Commit{Message: "default", Delete: []string{".github/milepost.yml"}})
	r.Settle()
	report := r.Report(r.repo)
	if m, _ := report.Milestone("license"); m.Status != "missing" {
		t.Errorf("license is %s", m.Status)
	}
}

// academy is an organisation with a .github repository and two learners' repositories.
type academy struct {
	*flowtest.World
	org, boss       *githubsim.Account
	defaults        *githubsim.Repo
	one, two, three *githubsim.Repo
}

func newAcademy(t *testing.T, files map[string]string) *academy {
	t.Helper()
	w := flowtest.New(t, flowtest.Options{NotInstalled: true})
	a := &academy{World: w, boss: w.Sim.AddUser("boss", "", "")}
	a.org = w.Sim.AddOrg("academy", a.boss)
	a.defaults = w.Sim.CreateRepo(a.org, ".github", githubsim.RepoOptions{})
	w.Sim.PushFiles(a.defaults, "", a.boss, "defaults", files)
	for i, r := range []**githubsim.Repo{&a.one, &a.two, &a.three} {
		*r = w.Sim.CreateRepo(a.org, fmt.Sprintf("shop-%d", i+1), githubsim.RepoOptions{})
		f := starter()
		switch i {
		case 1:
			f = base()
		case 2:
			f = with(base(), "Dockerfile", "FROM scratch\n", ".github/milepost.yml", "roadmap: backend\nskip:\n  license: \"our own choice\"\n")
		}
		w.Sim.PushFiles(*r, "", a.boss, "start", f)
	}
	w.Inst = w.Sim.Install(w.App, a.org)
	w.Settle()
	return a
}

func (a *academy) status(r *githubsim.Repo, id string) string {
	a.TB.Helper()
	report := a.Report(r)
	m, ok := report.Milestone(id)
	if !ok {
		return ""
	}
	return string(m.Status)
}

func TestOrganisationDefaults(t *testing.T) {
	t.Parallel()
	a := newAcademy(t, map[string]string{".github/milepost.yml": "skip:\n  dockerfile: next term\n  license: not asked for\n"})
	if got := a.ProgressIssues(a.defaults); len(got) != 0 {
		t.Errorf("a progress issue in .github: %v", got)
	}
	for r, want := range map[*githubsim.Repo][2]string{a.one: {"skipped", "skipped"}, a.three: {"met", "skipped"}} {
		if got := [2]string{a.status(r, "dockerfile"), a.status(r, "license")}; got != want {
			t.Errorf("%s: %v, want %v", r.FullName(), got, want)
		}
	}
	if !strings.Contains(a.Issue(a.three).Body, "our own choice") {
		t.Error("the repository's own reason does not win")
	}
	// A pull request that changes the defaults says who would flip.
	r := &review{World: a.World, repo: a.defaults}
	a.Sim.Push(a.defaults, "fewer", a.boss, githubsim.Commit{Files: map[string]string{".github/milepost.yml": "ignore: [src]\nskip:\n  dockerfile: next term\n"}})
	r.number = a.Sim.OpenPull(a.defaults, a.boss, githubsim.PullOptions{Title: "Fewer", Head: "fewer"})
	r.Settle()
	summary := r.run(r.head()).Summary
	for _, want := range []string{"What `.github/milepost.yml` would change for others", "3 repositories would gain or lose some", "| `academy/shop-1` |  | `source` |", "Files that no longer count as evidence: `src`"} {
		if !strings.Contains(summary, want) {
			t.Errorf("%q is not said:\n%s", want, summary)
		}
	}
	a.Sim.ResetCalls()
	a.Sim.PushFiles(a.defaults, "", a.boss, "this term", map[string]string{".github/milepost.yml": "skip:\n  license: not asked for\n"})
	a.Settle()
	if got := a.status(a.one, "dockerfile"); got != "missing" {
		t.Errorf("changed defaults do not reach the others: dockerfile is %s", got)
	}
	for route, n := range a.Sim.Calls() {
		if strings.HasPrefix(route, "GET") && strings.Contains(route, "git/") && n > 2 {
			t.Errorf("%d times %s: the others are judged by what is stored", n, route)
		}
	}
}

const custom = `id: ours
version: 1
title: Our roadmap
extends: backend
drop: [no-env]
change:
  license: {tier: core}
steps:
  - id: extra
    title: Extra
    why: Ours.
    milestones:
      - id: editorconfig
        title: Agree on indentation
        short: editorconfig
        kind: code
        tier: core
        why: It ends quarrels.
        signal: an .editorconfig
        rule: {files: {globs: [".editorconfig"]}}
        missing: there is no .editorconfig
        next: Add .editorconfig.
`

func TestOrganisationRoadmap(t *testing.T) {
	t.Parallel()
	a := newAcademy(t, map[string]string{".github/milepost.yml": "roadmap: roadmaps/ours.yml\n", "roadmaps/ours.yml": custom})
	for _, r := range []*githubsim.Repo{a.one, a.two} {
		if got := a.Report(r); got.Roadmap.ID != "ours" || a.status(r, "no-env") != "" || a.status(r, "editorconfig") != "missing" || got.Summary.Total != 8 {
			t.Fatalf("%s: judged by %+v, %+v", r.FullName(), got.Roadmap, got.Summary)
		}
	}
	if got := a.Report(a.three); got.Roadmap.ID != "backend" {
		t.Errorf("the repository's own choice does not win: %+v", got.Roadmap)
	}

	// A pull request that changes the roadmap says who would flip.
	r := &review{World: a.World, repo: a.defaults}
	a.Sim.Push(a.defaults, "stricter", a.boss, githubsim.Commit{Files: map[string]string{
		"roadmaps/ours.yml": strings.Replace(strings.Replace(custom, "drop: [no-env]", "drop: [no-env, readme]", 1),
			"license: {tier: core}", "unit-tests: {rule: {files: {globs: [\"*.spec.js\"]}}}", 1)}})
	r.number = a.Sim.OpenPull(a.defaults, a.boss, githubsim.PullOptions{Title: "Stricter", Head: "stricter"})
	r.Settle()
	summary := r.run(r.head()).Summary
	for _, want := range []string{"What `roadmaps/ours.yml` would change for others", "1 repository would keep all milestones", "1 repository would gain or lose some", "| `academy/shop-2` |  | `unit-tests` |"} {
		if !strings.Contains(summary, want) {
			t.Errorf("%q is not said:\n%s", want, summary)
		}
	}
	// One that breaks it says what is wrong, and nothing changes once it is merged.
	a.Sim.Push(a.defaults, "broken", a.boss, githubsim.Commit{Files: map[string]string{"roadmaps/ours.yml": strings.Replace(custom, "editorconfig\n        title", "editorconfig\n        titel", 1)}})
	r.number = a.Sim.OpenPull(a.defaults, a.boss, githubsim.PullOptions{Title: "Broken", Head: "broken"})
	r.Settle()
	if run := r.run(r.head()); run.Conclusion != "neutral" || !strings.Contains(run.Summary, `did you mean "title"`) || run.Annotations == 0 {
		t.Errorf("%s, %d annotations:\n%s", run.Conclusion, run.Annotations, run.Summary)
	}
	r.merge("merge")
	push(a.World, a.one)
	if got := a.Report(a.one); got.Roadmap.ID != "ours" || got.Summary.Total != 8 {
		t.Errorf("after the merge of a broken roadmap: %+v, %+v", got.Roadmap, got.Summary)
	}
}

func TestOwnRoadmap(t *testing.T) {
	t.Parallel()
	r := newReview(t)
	r.Sim.PushFiles(r.repo, "", r.Owner, "our own way", map[string]string{".github/milepost.yml": "roadmap: way.yml\n", "way.yml": custom})
	r.Settle()
	if got := r.Report(r.repo); got.Roadmap.ID != "ours" || got.Summary.Total != 8 {
		t.Fatalf("judged by %+v, %+v", got.Roadmap, got.Summary)
	}
	r.Sim.ResetCalls()
	r.Sim.PushFiles(r.repo, "", r.Owner, "picture", map[string]string{"logo.png": "\x89PNG"})
	r.Settle()
	if reads, writes := flowtest.Calls(r.Sim.CallLog()); len(reads) != 1 || len(writes) != 0 {
		t.Errorf("a push that changes nothing: %v, %v", reads, writes)
	}
	r.Sim.PushFiles(r.repo, "", r.Owner, "less", map[string]string{"way.yml": strings.Replace(custom, "drop: [no-env]", "drop: [no-env, dockerfile]", 1)})
	r.Settle()
	if got := r.Report(r.repo); got.Summary.Total != 7 {
		t.Errorf("the new version is not in force: %+v", got.Summary)
	}
	r.Sim.PushFiles(r.repo, "", r.Owner, "broken", map[string]string{"way.yml": "steps: 5\n"})
	r.Settle()
	if got := r.Report(r.repo); got.Roadmap.ID != "ours" || got.Summary.Total != 7 {
		t.Errorf("the last good roadmap is not in force: %+v", got.Summary)
	}
	if body := r.Issue(r.repo).Body; !strings.Contains(body, "way.yml") {
		t.Errorf("the issue does not tell of the broken roadmap:\n%s", body)
	}
}
