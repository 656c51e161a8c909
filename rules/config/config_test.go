package config_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules/config"
	"milepost/rules/strict"
)

var known = []string{"readme", "dockerfile", "unit-tests", "ci-workflow"}

func TestParseReadsEveryKey(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	got, err := config.Parse(config.Path, []byte(`
roadmap: backend
skip:
  dockerfile: "the course deploys without containers"
ignore: ["legacy/**", "vendor-copy/"]
learner: octocat
mentors: [hubot, "@acme/mentors"]
public: true
issue: {enabled: true, celebrate: milestones}
pull_requests:
  comment: false
  require: [unit-tests]
digest: {repo: acme/mentors, weekday: Friday}
`), known)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		Roadmap: "backend", Skip: map[string]string{"dockerfile": "the course deploys without containers"},
		Ignore: []string{"legacy/**", "vendor-copy/"}, Learner: "octocat", Mentors: []string{"hubot", "@acme/mentors"}, Public: &yes,
		Issue:        config.Issue{Enabled: &yes, Celebrate: config.EachMilestone},
		PullRequests: config.PullRequests{Comment: &no, Require: []string{"unit-tests"}},
		Digest:       config.Digest{Repo: "acme/mentors", Weekday: "Friday"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("config (-want +got):\n%s", diff)
	}
}

// TestParseFaults holds every message to its place and remedy.
func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"unknown key":       {"rodmap: backend\n", `.github/milepost.yml:1:1: unknown key "rodmap"; did you mean "roadmap"?`},
		"nested key":        {"issue:\n  enable: true\n", `.github/milepost.yml:2:3: unknown key "enable"; did you mean "enabled"?`},
		"wrong type":        {"public: maybe\n", `.github/milepost.yml:1:9: true or false is expected here, not "maybe"`},
		"list for text":     {"learner: [a, b]\n", `.github/milepost.yml:1:10: a text is expected here, not a list`},
		"not YAML":          {"skip:\n  a: b\n c: d\n", `.github/milepost.yml:2:1: this is not valid YAML: did not find expected key`},
		"unknown milestone": {"skip:\n  dokerfile: no\n", `.github/milepost.yml:2:3: skip: there is no milestone "dokerfile"; did you mean "dockerfile"?`},
		"no reason":         {"skip:\n  readme: \"\"\n", `.github/milepost.yml:2:3: skip: say why "readme" is skipped, for example readme: "not part of this course"`},
		"bad glob":          {"ignore: [\"a[\"]\n", `.github/milepost.yml:1:11: ignore: "a[" is not a valid glob; try "docs/**"`},
		"login with @":      {"learner: \"@octocat\"\n", `.github/milepost.yml:1:11: learner: "@octocat" is not a GitHub login; write it without @`},
		"not a team":        {"mentors: [\"@acme\"]\n", `.github/milepost.yml:1:12: mentors: "@acme" is neither a login nor a team; write octocat or @org/team`},
		"a team above":      {"mentors: [\"@acme/..\"]\n", `.github/milepost.yml:1:12: mentors: "@acme/.." is neither a login nor a team; write octocat or @org/team`},
		"unknown roadmap":   {"roadmap: frontend\n", `.github/milepost.yml:1:10: roadmap: there is no built-in roadmap "frontend"; use "backend", or the path of a .yml file`},
		"path outside":      {"roadmap: ../x.yml\n", `.github/milepost.yml:1:10: roadmap: the path must be inside the repository`},
		"celebrate":         {"issue: {celebrate: always}\n", `.github/milepost.yml:1:20: celebrate takes milestones, steps or never`},
		"weekday":           {"digest: {repo: a/b, weekday: mondey}\n", `.github/milepost.yml:1:30: digest.weekday: "mondey" is not a day; write monday to sunday; did you mean "monday"?`},
		"twice":             {"public: true\npublic: false\n", `.github/milepost.yml:2:1: "public" is given twice; keep one`},
		"alias":             {"skip: &a {readme: x}\nignore: *a\n", `.github/milepost.yml:2:9: aliases (*name) are not supported here; write the value out`},
		"require":           {"pull_requests: {require: [tests]}\n", `.github/milepost.yml:1:27: pull_requests.require: there is no milestone "tests"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse(config.Path, []byte(tt.in), known)
			var faults strict.Faults
			if !errors.As(err, &faults) {
				t.Fatalf("error %v is no strict.Faults", err)
			}
			if got := faults.Error(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// TestChanges: every key that a configuration has, but those that only judge otherwise, is told of when it changes.
func TestChanges(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		before, after string
		want          []string
	}{
		{"", "", nil},
		{"", "skip: {readme: x}\n", nil},
		{"learner: ada\n", "learner: Ada\n", nil},
		{"learner: ada\n", "learner: bob\n", []string{"The learner is `bob`"}},
		{"learner: ada\n", "", []string{"The learner is no longer named; it is the owner, or the person with most commits"}},
		{"mentors: [a, b]\n", "mentors: [b, \"@o/t\"]\n", []string{"New as mentors: `@o/t`", "No longer mentors: `a`"}},
		{"ignore: [docs/]\n", "ignore: [\"*.md\"]\n", []string{"Files that no longer count as evidence: `*.md`", "Files that count as evidence again: `docs/`"}},
		{"", "public: true\n", []string{"The learner's portfolio becomes public"}},
		{"public: true\n", "public: false\n", []string{"The learner's portfolio is no longer public"}},
		{"", "public: false\n", nil},
		{"issue: {enabled: false}\n", "", []string{"There is a progress issue again"}},
		{"", "issue: {enabled: false, celebrate: milestones}\n", []string{"The progress issue is closed, and no longer written", "Each milestone that is earned gets a comment under the progress issue"}},
		{"issue: {celebrate: never}\n", "issue: {celebrate: steps}\n", []string{"Only a completed step gets a comment under the progress issue"}},
		{"", "pull_requests: {comment: false, require: [readme]}\n", []string{"Pull requests get no comment any more, only the check", "A pull request that loses one of these fails its check: `readme`"}},
		{"pull_requests: {require: [readme]}\n", "pull_requests: {comment: true}\n", []string{"A pull request that loses one of these no longer fails its check: `readme`"}},
		{"", "digest: {repo: a/b}\n", []string{"The weekly summary for mentors goes to `a/b` every Monday"}},
		{"digest: {repo: a/b}\n", "digest: {repo: a/b, weekday: SUNDAY}\n", []string{"The weekly summary for mentors goes to `a/b` every Sunday"}},
		{"digest: {repo: a/b}\n", "", []string{"The weekly summary for mentors is no longer written"}},
	} {
		var c [2]config.Config
		for i, text := range []string{tt.before, tt.after} {
			var err error
			if c[i], err = config.Parse(config.Path, []byte(text), nil); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(tt.want, config.Changes(c[0], c[1])); diff != "" {
			t.Errorf("from %q to %q (-want +got):\n%s", tt.before, tt.after, diff)
		}
	}
}

func TestMergeLetsOwnWin(t *testing.T) {
	t.Parallel()
	yes := true
	got := config.Merge(
		config.Config{Roadmap: "backend", Skip: map[string]string{"readme": "org", "dockerfile": "org"}, Mentors: []string{"ada"}, Public: &yes, Learner: "nobody"},
		config.Config{Skip: map[string]string{"readme": "own"}, Mentors: []string{"bob"}},
	)
	want := config.Config{Roadmap: "backend", Skip: map[string]string{"readme": "own", "dockerfile": "org"}, Mentors: []string{"bob", "ada"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("skip: {readme: x}\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = config.Parse("f", data, known) // must not panic
	})
}
