package rules_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
)

const small = `
id: small
version: 2
title: A small roadmap
steps:
  - id: start
    title: Start
    milestones:
      - id: docs
        title: Write a README
        rule: {files: {globs: [README*]}}
        missing: no README was found
        next: {default: Write one., node: "Write one beside {manifest}."}
      - id: server
        title: Serve HTTP
        rule:
          any:
            - uses: {npm: [express]}
            - code: {languages: [go], match: 'http\.ListenAndServe\('}
        partial:
          - files: {globs: [server.*]}
            reason: "{path} is there, but it starts no server"
            next: Start a server in {path}.
        missing: no server was found
        next: Start one.
      - id: extra
        title: Bonus
        tier: bonus
        rule: {files: {globs: [extra.txt]}}
        missing: nothing extra
        next: Add it.
      - id: only-go
        title: Go
        applies: {files: {globs: [go.mod]}, reason: this is no Go project}
        rule: {files: {globs: [main.go]}}
        missing: no main.go
        next: Add main.go.
      - id: reviewed
        title: Reviewed
        kind: activity
        rule: {not: {files: {globs: [bad.txt]}}}
        missing: bad
        next: Remove it.
`

func load(t *testing.T, doc string) *rules.Roadmap {
	t.Helper()
	r, err := rules.Parse("small.yaml", []byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func judge(t *testing.T, r *rules.Roadmap, in rules.Input, files map[string]string) rules.Report {
	t.Helper()
	repo, err := facts.Collect(t.Context(), rules.FilesSnapshot("x", files), r.Patterns(), facts.CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	in.Repo = repo
	return r.Evaluate(in)
}

func statuses(r rules.Report) map[string]rules.Status {
	out := map[string]rules.Status{}
	for _, m := range r.Milestones() {
		out[m.ID] = m.Status
	}
	return out
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	r := load(t, small)
	tests := map[string]struct {
		files   map[string]string
		in      rules.Input
		want    map[string]rules.Status
		summary rules.Summary
	}{
		"nothing": {
			want:    map[string]rules.Status{"docs": "missing", "server": "missing", "extra": "missing", "only-go": "not_applicable", "reviewed": "met"},
			summary: rules.Summary{Met: 1, Total: 3, BonusTotal: 1, Percent: 33},
		},
		"node": {
			files:   map[string]string{"README.md": "x", "package.json": `{"dependencies": {"express": "4"}}`, "a.js": "const e = require('express')"},
			want:    map[string]rules.Status{"docs": "met", "server": "met", "extra": "missing", "only-go": "not_applicable", "reviewed": "met"},
			summary: rules.Summary{Met: 3, Total: 3, BonusTotal: 1, Percent: 100},
		},
		"declared but unused": {
			files:   map[string]string{"package.json": `{"dependencies": {"express": "4"}}`, "a.js": "// require('express')"},
			want:    map[string]rules.Status{"docs": "missing", "server": "partial", "extra": "missing", "only-go": "not_applicable", "reviewed": "met"},
			summary: rules.Summary{Met: 1, Total: 3, BonusTotal: 1, Percent: 33},
		},
		"partial, and a comment is no code": {
			files:   map[string]string{"go.mod": "module x", "server.go": "package x\n// http.ListenAndServe()\n", "extra.txt": "x"},
			want:    map[string]rules.Status{"docs": "missing", "server": "partial", "extra": "met", "only-go": "missing", "reviewed": "met"},
			summary: rules.Summary{Met: 1, Total: 4, BonusMet: 1, BonusTotal: 1, Percent: 25},
		},
		"skipped and signed off": {
			in:      rules.Input{Skips: map[string]string{"docs": "not part of the course"}, SignOffs: map[string]rules.SignOff{"server": {Mentor: "mina", Note: "seen"}}},
			want:    map[string]rules.Status{"docs": "skipped", "server": "attested", "extra": "missing", "only-go": "not_applicable", "reviewed": "met"},
			summary: rules.Summary{Met: 2, Total: 2, BonusTotal: 1, Percent: 100},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := judge(t, r, tt.in, tt.files)
			if diff := cmp.Diff(tt.want, statuses(got)); diff != "" {
				t.Errorf("statuses (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.summary, got.Summary); diff != "" {
				t.Errorf("summary (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReasonsAndActionsAreInTheRepositorysTerms(t *testing.T) {
	t.Parallel()
	got := judge(t, load(t, small), rules.Input{}, map[string]string{"server.js": "x()", "package.json": "{}"})
	server, _ := got.Milestone("server")
	if want := "`server.js` is there, but it starts no server"; server.Reason != want || server.Next != "Start a server in `server.js`." {
		t.Errorf("server: reason %q, next %q", server.Reason, server.Next)
	}
	docs, _ := got.Milestone("docs")
	if want := "Write one beside package.json."; docs.Next != want {
		t.Errorf("docs: next %q, want %q", docs.Next, want)
	}
}

func TestATruncatedTreeProvesNoAbsence(t *testing.T) {
	t.Parallel()
	r := load(t, small)
	s := rules.FilesSnapshot("x", map[string]string{"extra.txt": "x"})
	s.Truncated = true
	repo, err := facts.Collect(t.Context(), s, r.Patterns(), facts.CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]rules.Status{"docs": "unknown", "server": "unknown", "extra": "met", "only-go": "not_applicable", "reviewed": "met"}
	if diff := cmp.Diff(want, statuses(r.Evaluate(rules.Input{Repo: repo}))); diff != "" {
		t.Errorf("statuses (-want +got):\n%s", diff)
	}
}

// TestAPathIsNoPlaceholder: a file may be called like a word of the texts.
func TestAPathIsNoPlaceholder(t *testing.T) {
	t.Parallel()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	repo, err := facts.Collect(t.Context(), rules.FilesSnapshot("x", map[string]string{"{install}.py": "<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b\n"}), r.Patterns(), facts.CollectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rep := r.Evaluate(rules.Input{Repo: repo})
	if m, _ := rep.Milestone("no-conflict-markers"); m.Status != rules.Missing || !strings.HasPrefix(m.Reason, "`{install}.py` line 1 ") {
		t.Errorf("%s: %q", m.Status, m.Reason)
	}
}

// TestAGuardIsNotMetByWhatWasNotRead judges the built-in guards, which are met by what stands nowhere.
func TestAGuardIsNotMetByWhatWasNotRead(t *testing.T) {
	t.Parallel()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	large := strings.Repeat("x = 1\n", snapshot.MaxFileSize/6+1)
	for name, c := range map[string]struct {
		files     map[string]string
		truncated bool
		want      rules.Status
	}{
		"all was read":           {map[string]string{"main.py": "print(1)\n"}, false, rules.Met},
		"a large file of code":   {map[string]string{"main.py": "print(1)\n", "keys.py": large}, false, rules.Unknown},
		"a large file of data":   {map[string]string{"main.py": "print(1)\n", "words.txt": large}, false, rules.Met},
		"a cut list":             {map[string]string{"main.py": "print(1)\n"}, true, rules.Unknown},
		"no file":                {nil, false, rules.Unknown},
		"somebody else's bundle": {map[string]string{"main.py": "print(1)\n", "node_modules/x/index.js": large}, false, rules.Met},
	} {
		s := rules.FilesSnapshot("x", c.files)
		s.Truncated = c.truncated
		repo, err := facts.Collect(t.Context(), s, r.Patterns(), facts.CollectOptions{})
		if err != nil {
			t.Fatal(err)
		}
		rep := r.Evaluate(rules.Input{Repo: repo})
		for _, id := range []string{"no-secrets", "no-conflict-markers"} {
			if m, _ := rep.Milestone(id); m.Status != c.want {
				t.Errorf("%s: %s is %s (%s), want %s", name, id, m.Status, m.Reason, c.want)
			}
		}
	}
}

func TestReportJSONHasThePromisedShape(t *testing.T) {
	t.Parallel()
	rep := judge(t, load(t, small), rules.Input{Ref: "main", Activity: snapshot.Activity{}}, map[string]string{"README.md": "x"})
	data, err := json.Marshal(rep)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"schema", "repository", "roadmap", "summary", "steps", "languages", "warnings"} {
		if _, ok := got[key]; !ok {
			t.Errorf("the report has no %q", key)
		}
	}
	for _, part := range []string{`"schema":"milepost.report/v1"`, `"repository":{"name":"x","commit":"","ref":"main"}`, `"roadmap":{"id":"small","version":2,"title":"A small roadmap"}`, `"languages":[]`, `"warnings":[]`, `"evidence":[{"path":"README.md"}]`} {
		if !strings.Contains(string(data), part) {
			t.Errorf("the report lacks %s in\n%s", part, data)
		}
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ doc, want string }{
		"unknown key":       {strings.Replace(small, "missing: bad", "mising: bad", 1), `small.yaml:42:9: unknown key "mising"; did you mean "missing"?`},
		"two conditions":    {strings.Replace(small, "rule: {files: {globs: [extra.txt]}}", "rule: {files: {globs: [x]}, detector: main-language}", 1), `milestone "extra": a rule takes one condition, here are 2`},
		"no condition":      {strings.Replace(small, "rule: {files: {globs: [extra.txt]}}", "rule: {note: x}", 1), `milestone "extra": a rule needs one condition`},
		"unknown detector":  {strings.Replace(small, "rule: {files: {globs: [extra.txt]}}", "rule: {detector: main-languge}", 1), `did you mean "main-language"?`},
		"slow pattern":      {strings.Replace(small, `http\.ListenAndServe\(`, `\w+\(`, 1), `a literal of three letters or more`},
		"unknown language":  {strings.Replace(small, "languages: [go]", "languages: [golang]", 1), `there is no language "golang"`},
		"unknown near miss": {strings.Replace(small, "        missing: bad\n", "        missing: bad\n        near: {no-such: Do it.}\n", 1), `near: its detectors tell no near miss "no-such" apart`},
		"unknown starter":   {strings.Replace(small, "        missing: bad\n", "        missing: bad\n        starter: {nodejs: {path: a, content: b}}\n", 1), `starter: there is no stack, framework or tool "nodejs"`},
		"unknown stack":     {strings.Replace(small, "node: ", "nodejs: ", 1), `there is no stack, framework or tool "nodejs"`},
		"bad id":            {strings.Replace(small, "id: extra", "id: Extra!", 1), `an id has lower-case letters`},
		"twice":             {strings.Replace(small, "id: extra", "id: docs", 1), `milestone "docs" is there twice`},
		"bad tier":          {strings.Replace(small, "tier: bonus", "tier: gold", 1), `tier takes core or bonus`},
		"bad glob":          {strings.Replace(small, "globs: [extra.txt]", "globs: ['a[']", 1), `is not a valid glob`},
		"no steps":          {"id: x\ntitle: y\n", `has 0 steps`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rules.Parse("small.yaml", []byte(tt.doc))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %v\nwant it to say %s", err, tt.want)
			}
		})
	}
}

func TestExtend(t *testing.T) {
	t.Parallel()
	base := load(t, small)
	own, err := rules.Parse("own.yaml", []byte(`
id: own
version: 1
title: Ours
extends: small
drop: [only-go]
change:
  extra: {tier: core, title: No longer a bonus}
  docs: {rule: {files: {globs: [GUIDE.md]}}}
steps:
  - id: start
    milestones:
      - {id: licence, title: Choose a licence, rule: {files: {globs: [LICENSE*]}}, missing: no licence, next: Add one.}
  - id: more
    title: More
    milestones:
      - {id: changelog, title: Keep a changelog, rule: {files: {globs: [CHANGELOG*]}}, missing: no changelog, next: Add one.}
`))
	if err != nil {
		t.Fatal(err)
	}
	r, err := rules.Extend(base, own)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"docs", "server", "extra", "reviewed", "licence", "changelog"}, r.IDs()); diff != "" {
		t.Errorf("milestones (-want +got):\n%s", diff)
	}
	got := judge(t, r, rules.Input{}, map[string]string{"GUIDE.md": "x"})
	if m, _ := got.Milestone("docs"); m.Status != rules.Met {
		t.Errorf("the changed rule was not used: %+v", m)
	}
	if m, _ := got.Milestone("extra"); m.Tier != rules.Core || m.Title != "No longer a bonus" {
		t.Errorf("extra = %+v", m)
	}
	own.Drop = []string{"dcos"}
	if _, err := rules.Extend(base, own); err == nil || !strings.Contains(err.Error(), `did you mean "docs"?`) {
		t.Errorf("dropping an unknown milestone: %v", err)
	}
}

func TestNextIsTheFirstOpenCoreMilestone(t *testing.T) {
	t.Parallel()
	r := load(t, small)
	got := judge(t, r, rules.Input{}, map[string]string{"server.py": "x"})
	if m, ok := got.NextMilestone(); !ok || m.ID != "server" { // begun, so before what is only missing
		t.Errorf("next = %v %+v", ok, m.ID)
	}
	got = judge(t, r, rules.Input{}, map[string]string{"README": "x", "main.go": "package main\nfunc main() { http.ListenAndServe() }"})
	if m, ok := got.NextMilestone(); !ok || m.ID != "extra" {
		t.Errorf("with the core done, next = %v %+v", ok, m.ID)
	}
}

// TestOpenIsInTheOrderInWhichToTakeThem: what is begun and short before all else, what takes weeks where the roadmap has it, bonus last.
func TestOpenIsInTheOrderInWhichToTakeThem(t *testing.T) {
	t.Parallel()
	near := []rules.Evidence{{Path: "x"}}
	r := rules.Report{Steps: []rules.StepReport{
		{ID: "one", Milestones: []rules.MilestoneReport{
			{ID: "missing", Tier: rules.Core, Status: rules.Missing, Effort: "5 minutes"},
			{ID: "weeks", Tier: rules.Core, Status: rules.Partial, Effort: "a month"},
			{ID: "done", Tier: rules.Core, Status: rules.Met, Effort: "an hour"},
			{ID: "bonus", Tier: rules.Bonus, Status: rules.Partial, Effort: "5 minutes"},
		}},
		{ID: "two", Milestones: []rules.MilestoneReport{
			{ID: "evening", Tier: rules.Core, Status: rules.Partial, Effort: "an evening"},
			{ID: "unsaid", Tier: rules.Core, Status: rules.Partial},
			{ID: "near", Tier: rules.Core, Status: rules.Missing, Effort: "15 minutes", Evidence: near},
			{ID: "unknown", Tier: rules.Core, Status: rules.Unknown, Effort: "15 minutes", Evidence: near},
			{ID: "hour", Tier: rules.Core, Status: rules.Partial, Effort: "an hour"},
		}},
		{ID: "three", Milestones: []rules.MilestoneReport{{ID: "last", Tier: rules.Core, Status: rules.Missing, Effort: "2 hours"}, {ID: "growing", Tier: rules.Core, Status: rules.Partial, Effort: "grows as you work"}}},
	}}
	var got []string
	for _, m := range r.Open(100) {
		got = append(got, m.ID)
	}
	if diff := cmp.Diff([]string{"near", "hour", "evening", "unsaid", "weeks", "missing", "growing", "last", "bonus"}, got); diff != "" {
		t.Errorf("open (-want +got):\n%s", diff)
	}
	if next, ok := r.NextMilestone(); !ok || next.ID != "near" {
		t.Errorf("next = %v %q", ok, next.ID)
	}
}

// TestNearMissesHaveTheirOwnAction: of a rule, by stack, and of a detector, by its name for the near miss.
func TestNearMissesHaveTheirOwnAction(t *testing.T) {
	t.Parallel()
	r := load(t, `
id: r
version: 1
title: R
steps:
  - id: s
    title: S
    milestones:
      - id: server
        title: Serve
        rule: {files: {globs: [never]}}
        partial:
          - files: {globs: [server.*]}
            reason: "{path} starts none"
            next: {default: "Start one in {path}.", node: "Listen in {path}, then {run}."}
        missing: none in {language}
        next: Add one.
      - id: docs
        title: Docs
        rule: {detector: readme}
        near:
          title: "Write below the title of {path}."
          no-usage: {default: "Say in {path} how.", node: "Say {install} in {path}."}
        next: Add a README.
`)
	for name, c := range map[string]struct {
		files        map[string]string
		server, docs string
	}{
		"nothing":    {map[string]string{"a.txt": "x"}, "Add one.", "Add a README."},
		"begun":      {map[string]string{"server.txt": "x", "README.md": "# Shop\n"}, "Start one in `server.txt`.", "Write below the title of `README.md`."},
		"begun Node": {map[string]string{"server.js": "console.log(1)\n", "package.json": `{"scripts":{"start":"node server.js"}}`, "README.md": "# Shop\n\nA shop that sells old books to people who like the smell of paper.\n"}, "Listen in `server.js`, then npm start.", "Say npm install in `README.md`."},
	} {
		got := judge(t, r, rules.Input{}, c.files)
		server, _ := got.Milestone("server")
		docs, _ := got.Milestone("docs")
		if server.Next != c.server || docs.Next != c.docs {
			t.Errorf("%s: %q and %q, want %q and %q", name, server.Next, docs.Next, c.server, c.docs)
		}
	}
}

func TestJSONSchemaKnowsWhatTheReaderKnows(t *testing.T) {
	t.Parallel()
	data, err := rules.JSONSchema()
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs map[string]struct {
			Properties map[string]any `json:"properties"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	for def, keys := range map[string][]string{"Roadmap": {"id", "extends", "steps", "change"}, "Milestone": {"id", "rule", "partial", "near", "hints", "starter"}, "Rule": {"all", "any", "not", "at_least", "files", "uses", "imports", "code", "facts", "detector", "reason", "next"}} {
		for _, k := range keys {
			if _, ok := doc.Defs[def].Properties[k]; !ok {
				t.Errorf("the schema of %s lacks %q", def, k)
			}
		}
	}
	for _, word := range []string{`"no-usage"`, `"unused-package"`, `"express"`, `"jest"`} {
		if !strings.Contains(string(data), word) {
			t.Errorf("the schema does not offer %s", word)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("id: x\nsteps: [{id: a, title: b, milestones: [{id: c, title: d, rule: {code: {match: 'abc|def'}}}]}]"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = rules.Parse("f", data) // must not panic
	})
}

// TestAStarterThatExists: an open milestone says which file stands where its starter would be created, though it is no evidence.
func TestAStarterThatExists(t *testing.T) {
	t.Parallel()
	r := load(t, `
id: small
version: 1
title: One with a starter
steps:
  - id: start
    title: Start
    milestones:
      - id: server
        title: Serve HTTP
        rule: {code: {languages: [go], match: 'http\.ListenAndServe\('}}
        missing: no server was found
        next: Start one.
        starter:
          default: {path: Server/main.go, content: "package main"}
`)
	for path, want := range map[string]string{"Server/main.go": "Server/main.go", "server/Main.go": "server/Main.go", "main.go": ""} {
		report := judge(t, r, rules.Input{}, map[string]string{path: "package main\n"})
		got, _ := report.Milestone("server")
		if got.Status != rules.Missing || got.Existing != want {
			t.Errorf("%s: %s, existing %q, want %q", path, got.Status, got.Existing, want)
		}
	}
	report := judge(t, r, rules.Input{}, map[string]string{"Server/main.go": "package main\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n"})
	got, _ := report.Milestone("server")
	if got.Status != rules.Met || got.Existing != "" {
		t.Errorf("%s, existing %q", got.Status, got.Existing)
	}
}
