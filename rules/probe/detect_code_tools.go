package probe

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

var codeToolDetectors = []Detector{
	{Name: "own-tests", Doc: "A test file with a real assertion about the project's own code, and a runner that finds it.", Cases: []string{"detached", "empty", "no-assertion", "no-runner", "template"}, Judge: ownTests},
	{Name: "process-manager", Doc: "A process manager or reloader that a script, a configuration file or a container starts.", Cases: []string{"not-started"}, Judge: processManager},
	{Name: "own-shell-script", Doc: "A shell script, Makefile, Justfile or Taskfile that no tool wrote.", Cases: []string{"wrapper"}, Judge: ownShellScript},
}

// testFile is a file with tests and what keeps them from counting, "" for nothing.
type testFile struct {
	hit               facts.Hit
	cases, assertions int
	fault             string // "placeholder", "no assertion", "detached" or "no runner"
}

// testFiles returns the files with tests, those that count first.
func testFiles(in *Input) []testFile {
	var out []testFile
	for _, h := range in.Repo.Hits(facts.KindTest) {
		if !h.File.Own() || !placedAsTest(h) {
			continue
		}
		t := testFile{hit: h}
		t.cases, t.assertions = facts.TestCounts(*h.Fact)
		switch {
		case h.Fact.Scope == "placeholder":
			t.fault = "placeholder"
		case t.assertions == 0:
			t.fault = "no assertion"
		case h.Fact.Scope == "detached":
			t.fault = "detached"
		case !found(in, h):
			t.fault = "no runner"
		}
		out = append(out, t)
	}
	slices.SortStableFunc(out, func(a, b testFile) int {
		if (a.fault == "") != (b.fault == "") {
			if a.fault == "" {
				return -1
			}
			return 1
		}
		return cmp.Compare(min(b.assertions, 10), min(a.assertions, 10))
	})
	return out
}

// placedAsTest reports whether the file lies or is named as tests are, where the content alone does not say it.
func placedAsTest(h facts.Hit) bool {
	switch h.Name {
	case "cargo", "xunit", "junit", "kotest", "spock", "go", "node:test":
		return true
	}
	return h.File.Class.Has(facts.Test)
}

// npmRunners are packages that find and run tests.
var npmRunners = []string{
	"jest", "vitest", "mocha", "ava", "tap", "tape", "jasmine", "karma", "@playwright/test", "cypress", "react-scripts", "@angular/cli", "qunit", "uvu", "lab", "@hapi/lab", "ts-jest", "babel-jest",
	"@vue/cli-plugin-unit-jest", "@vue/cli-plugin-unit-mocha", "jest-cli", "jest-expo", "@jest/globals", "bun-types", "@types/bun", "japa", "@japa/runner", "testcafe", "nightwatch", "poku", "@angular-devkit/build-angular", "tsdx", "egg-bin", "@nestjs/testing",
}

// found reports whether a runner of the repository finds the tests of h.
func found(in *Input, h facts.Hit) bool {
	base := strings.ToLower(h.File.Base())
	switch h.Name {
	case "jest":
		for _, m := range in.Repo.Manifests {
			if m.Kind != "package.json" && m.Kind != "deno.json" {
				continue
			}
			for _, d := range m.Dependencies {
				if slices.Contains(npmRunners, d.Name) {
					return true
				}
			}
			for _, s := range m.Scripts {
				for _, r := range []string{"jest", "vitest", "mocha", "node --test", "bun test", "deno test", "ava", "tap"} {
					if strings.Contains(s.Command, r) {
						return true
					}
				}
			}
		}
		return false
	case "pytest", "unittest":
		return strings.HasPrefix(base, "test") || strings.HasSuffix(base, "_test.py") || strings.HasSuffix(base, "_tests.py") && h.Name == "unittest"
	case "junit", "spock", "kotest":
		return buildsWith(in, manifest.Maven) || len(in.Repo.Hits(facts.KindRunner)) > 0
	case "phpunit":
		return buildsWith(in, manifest.Composer) || in.Repo.Lookup("phpunit.xml") != nil || in.Repo.Lookup("phpunit.xml.dist") != nil
	}
	return true
}

func buildsWith(in *Input, e manifest.Ecosystem) bool {
	return slices.ContainsFunc(in.Repo.Manifests, func(m manifest.Manifest) bool { return m.Ecosystem == e })
}

func ownTests(in *Input) Result {
	files := testFiles(in)
	if len(files) > 0 && files[0].fault == "" {
		res := Result{Status: Met}
		for _, t := range files {
			if t.fault != "" || len(res.Evidence) == 3 {
				break
			}
			res.Evidence = append(res.Evidence, At(t.hit, fmt.Sprintf("%s, %s", count(t.cases, "test"), count(t.assertions, "assertion"))))
		}
		return res
	}
	rank := func(t testFile) int {
		return slices.Index([]string{"no runner", "detached", "no assertion", "placeholder"}, t.fault)
	}
	slices.SortStableFunc(files, func(a, b testFile) int { return cmp.Compare(rank(a), rank(b)) })
	if len(files) > 0 {
		t := files[0]
		p := t.hit.File.Path
		switch t.fault {
		case "no runner":
			return PartialBy(fmt.Sprintf("`%s` has tests, but no test runner that would find them is declared", p), "tests without a runner", t.hit).As("no-runner")
		case "detached":
			return PartialBy(fmt.Sprintf("the tests in `%s` import none of the project's code", p), "tests of nothing of the project's own", t.hit).As("detached")
		case "no assertion":
			if t.hit.Name != "junit" && t.cases > 1 || !strings.HasPrefix(t.hit.File.Base(), "UnitTest1") {
				return PartialBy(fmt.Sprintf("the tests in `%s` assert nothing that could fail", p), "tests without a real assertion", t.hit).As("no-assertion")
			}
			return MissingBecause(fmt.Sprintf("`%s` is the empty test of the template", p), At(t.hit, "template")).As("template")
		default:
			return MissingBecause(fmt.Sprintf("`%s` is the test that the generator wrote; none of your own was found", p), At(t.hit, "generated test")).As("template")
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Class.Has(facts.Test) && !f.Class.Has(facts.Vendored) && f.Lang().GeneralPurpose() && looksLikeTest(f) {
			return MissingBecause(fmt.Sprintf("`%s` is named like a test but holds none", f.Path), Evidence{Path: f.Path, Note: "no test in it"}).As("empty")
		}
	}
	return Result{Status: Missing}
}

func looksLikeTest(f *facts.RepoFile) bool {
	stem := strings.ToLower(strings.TrimSuffix(f.Base(), path.Ext(f.Base())))
	return strings.HasPrefix(stem, "test") || strings.HasSuffix(stem, "test") || strings.HasSuffix(stem, "tests") || strings.HasSuffix(stem, "spec")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// processFiles are configuration files of process managers and reloaders, by base name.
var processFiles = []string{
	"nodemon.json", ".nodemonrc", "ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.config.json", "ecosystem.json", "pm2.json", "pm2.config.js", "pm2.config.cjs", ".air.toml", "air.toml", ".air.conf", "guardfile",
	"bacon.toml", "gunicorn.conf.py", "gunicorn_config.py", "gunicorn_conf.py", "supervisord.conf", "pm2.yml", "ecosystem.config.yml",
}

func processManager(in *Input) Result {
	var ev []Evidence
	for i := range in.Repo.Manifests {
		m := &in.Repo.Manifests[i]
		if f := in.Repo.Lookup(m.Path); f == nil || !f.Own() {
			continue
		}
		for _, s := range m.Scripts {
			for line := range strings.SplitSeq(s.Command, "\n") {
				if tool := facts.ProcessTool(line); tool != "" {
					ev = append(ev, Evidence{Path: m.Path, StartLine: s.Line, EndLine: s.Line, Note: tool + " in " + clean(s.Name)})
					break
				}
			}
		}
	}
	var alone []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindProcess) {
		switch {
		case !h.File.Own() || h.File.Class.Has(facts.Docs):
		case h.Fact.Scope == facts.ProcfileAlone:
			alone = append(alone, h)
		default:
			ev = merge(ev, []Evidence{At(h, h.Name)})
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if !f.Class.Has(facts.Vendored) && f.Size > 0 && slices.Contains(processFiles, strings.ToLower(f.Base())) {
			ev = append(ev, Evidence{Path: f.Path, Note: "configuration of a process manager"})
		}
	}
	if uses := (&Uses{Maven: []string{"spring-boot-devtools="}}); len(ev) == 0 {
		if res := uses.judge(in, "spring-boot-devtools restarts the program"); res.Status == Met {
			return res
		}
	}
	if len(ev) > 0 {
		return Result{Status: Met, Evidence: ev[:min(3, len(ev))]}
	}
	for _, d := range []struct {
		e    manifest.Ecosystem
		name string
	}{{manifest.NPM, "nodemon"}, {manifest.NPM, "pm2"}, {manifest.NPM, "ts-node-dev"}, {manifest.NPM, "tsx"}, {manifest.NPM, "forever"}, {manifest.PyPI, "gunicorn"}, {manifest.PyPI, "supervisor"}, {manifest.Gem, "foreman"}, {manifest.Gem, "rerun"}} {
		deps := in.Repo.Dependencies(d.e, d.name)
		if len(deps) == 0 {
			continue
		}
		if i := slices.IndexFunc(alone, func(h facts.Hit) bool { return h.Name == d.name }); i >= 0 {
			h := alone[i]
			res := PartialBy(fmt.Sprintf("only `%s` starts %s, and says nothing of its workers", h.File.Path, h.Name), "started by a Procfile alone", h)
			res.Next = fmt.Sprintf("Say in `%s` how many workers it starts: `-w 2`.", h.File.Path)
			return res
		}
		return Result{Status: Partial, Reason: fmt.Sprintf("`%s` is declared in `%s`, but no script starts it", d.name, deps[0].Manifest.Path), Evidence: []Evidence{declaredAt(deps[0], "declared, not started")}, Case: "not-started"}
	}
	return Result{Status: Missing}
}

func ownShellScript(in *Input) Result {
	var near []Evidence
	res := Result{Status: Met}
	rails := exists(in, "bin/rails")
	for _, h := range in.Repo.Hits(facts.KindShellScript) {
		f := h.File
		if !f.Own() || f.Class.Has(facts.Vendored) || strings.Contains(f.Path, ".husky/") {
			continue
		}
		generated := h.Name != "script" || rails && (f.Path == "bin/dev" || f.Path == "bin/docker-entrypoint" || f.Path == "bin/kamal")
		if generated {
			near = append(near, Evidence{Path: f.Path, Note: "written by a tool"})
			continue
		}
		if len(res.Evidence) < 3 {
			res.Evidence = append(res.Evidence, Evidence{Path: f.Path, StartLine: 1, EndLine: h.LastLine(), Note: scriptSort(f)})
		}
	}
	if len(res.Evidence) > 0 {
		return res
	}
	if len(near) > 0 {
		return MissingBecause(fmt.Sprintf("`%s` was written by a tool; no script of your own was found", near[0].Path), near[0]).As("wrapper")
	}
	return Result{Status: Missing}
}

func scriptSort(f *facts.RepoFile) string {
	base := strings.ToLower(f.Base())
	switch {
	case f.Lang() == lex.Makefile:
		return "Makefile"
	case base == "justfile":
		return "Justfile"
	case strings.HasPrefix(base, "taskfile"):
		return "Taskfile"
	}
	return "shell script"
}

// exists reports whether a path ends some file's path.
func exists(in *Input, suffix string) bool {
	for i := range in.Repo.Files {
		if p := in.Repo.Files[i].Path; p == suffix || strings.HasSuffix(p, "/"+suffix) {
			return true
		}
	}
	return false
}
