package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

// maxFollow is how many scripts, targets and actions deep a command is followed.
const maxFollow = 8

// follower follows commands of CI to the tests they run.
type follower struct {
	in   *Input
	seen map[string]bool // scripts being followed, so that a circle ends
}

// tests reports whether a command runs tests in dir, which is "?" where it is not known.
func (w *follower) tests(command, dir string, depth int) bool {
	if depth > maxFollow {
		return false
	}
	args := unwrap(strings.Fields(command))
	if len(args) == 0 {
		return false
	}
	if direct(args) {
		return true
	}
	name := path.Base(args[0])
	switch name {
	case "npm", "yarn", "pnpm", "bun", "npm-run-all", "run-s", "run-p", "concurrently", "turbo", "nx", "lerna", "rushx", "bunx":
		return w.node(name, args[1:], dir, depth)
	case "make", "gmake", "just", "task":
		return w.target(name, args[1:], dir, depth)
	case "composer", "rake", "poe", "pdm", "hatch", "mix", "invoke", "deno":
		return w.script(name, args[1:], dir, depth)
	case "nyc", "c8", "istanbul", "start-server-and-test", "wait-on", "op", "aws-vault", "hatch-run", "coverage":
		for i := 1; i < len(args); i++ { // the command follows options that take values
			if w.tests(strings.Join(args[i:], " "), dir, depth+1) {
				return true
			}
		}
		return false
	case "tox", "nox":
		return environments(args[1:])
	case "docker", "docker-compose", "podman":
		return w.docker(args[1:], dir, depth)
	case "sh", "bash", "zsh", "source", ".":
		if len(args) > 1 {
			return w.shell(args[1], dir, depth)
		}
	case "gradle", "gradlew", "gradlew.bat":
		return gradleTests(args[1:])
	case "mvn", "mvnw", "mvnw.cmd":
		return mavenTests(args[1:])
	}
	if strings.Contains(args[0], "/") || strings.HasSuffix(args[0], ".sh") {
		return w.shell(args[0], dir, depth)
	}
	return false
}

// unwrap takes programs off a command that only start another.
func unwrap(args []string) []string {
	for len(args) > 1 {
		two := args[0] + " " + args[1]
		switch {
		case two == "poetry run", two == "pipenv run", two == "uv run", two == "pdm run", two == "hatch run", two == "rye run", two == "bundle exec", two == "pnpm exec", two == "yarn exec", two == "npm exec", two == "pnpm dlx", two == "yarn dlx", two == "conda run", two == "pixi run", two == "doppler run":
			args = args[2:]
		case args[0] == "npx", args[0] == "xvfb-run", args[0] == "cross-env", args[0] == "dotenv", args[0] == "env-cmd", args[0] == "time", args[0] == "sudo", args[0] == "retry", args[0] == "timeout", args[0] == "nohup", args[0] == "bunx", args[0] == "dotenvx", args[0] == "cmd", args[0] == "call", args[0] == "spring":
			args = args[1:]
		case strings.HasPrefix(args[0], "-") || strings.Trim(args[0], "0123456789smh") == "" || !strings.HasPrefix(args[0], "./") && strings.Contains(args[0], "="):
			args = args[1:]
		default:
			return args
		}
	}
	return args
}

// runners are programs that run tests whatever follows, and those that do with one of some arguments.
var (
	runners = []string{
		"vstest.console", "mstest", "xunit.console", "nunit3-console", "jest", "vitest", "mocha", "_mocha", "ava", "tap", "tape", "jasmine", "karma", "newman", "cucumber-js", "uvu", "japa", "bats", "pytest", "py.test", "nosetests", "nose2", "trial", "behave", "gotestsum", "ginkgo", "rspec", "minitest", "cucumber", "phpunit", "pest", "paratest", "codecept", "behat", "ctest", "k6", "testem", "qunit", "web-test-runner", "wtr", "stryker", "robot", "richgo", "parallel_rspec", "simple-phpunit",
	}
	runnerArgs = map[string][]string{
		"cypress": {"run"}, "playwright": {"test"}, "go": {"test"}, "dotnet": {"test"}, "cargo": {"test", "nextest", "tarpaulin", "llvm-cov", "t"}, "mix": {"test", "coveralls", "coveralls.json", "coveralls.github"}, "sbt": {"test", "testOnly", "testQuick", "coverage", "it:test", "+test", "ci"}, "lein": {"test"}, "swift": {"test"}, "flutter": {"test"}, "dart": {"test"},
		"ng": {"test"}, "react-scripts": {"test"}, "react-app-rewired": {"test"}, "craco": {"test"}, "vue-cli-service": {"test:unit", "test:e2e"}, "rails": {"test", "spec", "test:system", "test:all"}, "rake": {"test", "spec", "test:all"}, "artisan": {"test"}, "deno": {"test"}, "bun": {"test"}, "node": {"--test"}, "django-admin": {"test"}, "cake": {"test"}, "ant": {"test"}, "bazel": {"test"}, "zig": {"test"}, "crystal": {"spec"}, "stack": {"test"}, "cabal": {"test"},
		"adonis": {"test"}, "ace": {"test"}, "nx": {"test"}, "egg-bin": {"test", "cov"}, "aegir": {"test"}, "tsdx": {"test"}, "ember": {"test"}, "stencil": {"test"}, "sail": {"test", "pest", "phpunit"}, "symfony": {"phpunit"}, "sam": {}, "forge": {"test"}, "hardhat": {"test"}, "truffle": {"test"}, "mill": {"test", "__.test"}, "evennia": {"test"}, "flask": {"test"}, "playwright-core": {"test"},
	}
)

// direct reports whether the command itself is a test runner.
func direct(args []string) bool {
	name := strings.TrimSuffix(path.Base(args[0]), ".exe")
	rest := args[1:]
	if slices.Contains(runners, name) {
		return !slices.ContainsFunc(rest, func(a string) bool { return a == "--version" || a == "--help" || a == "--init" })
	}
	if want, ok := runnerArgs[name]; ok && slices.ContainsFunc(rest, func(a string) bool { return slices.Contains(want, a) }) {
		return !slices.Contains(rest, "--no-run")
	}
	switch {
	case strings.HasPrefix(name, "python") || name == "coverage" || name == "py":
		for i, a := range rest {
			switch a {
			case "pytest", "unittest", "nose", "nose2", "behave", "trial":
				return i > 0 && (rest[i-1] == "-m" || rest[i-1] == "run")
			case "test":
				return i > 0 && (strings.HasSuffix(rest[i-1], "manage.py") || strings.HasSuffix(rest[i-1], "setup.py"))
			}
			if base := path.Base(a); strings.HasSuffix(base, ".py") && (strings.HasPrefix(base, "test") || strings.HasSuffix(base, "_test.py") || base == "runtests.py" || base == "run_tests.py") {
				return true
			}
		}
	case name == "manage.py":
		return len(rest) > 0 && rest[0] == "test"
	case name == "php":
		return len(rest) > 0 && direct(rest)
	case name == "ruby":
		return slices.ContainsFunc(rest, func(a string) bool {
			return strings.HasSuffix(a, "_test.rb") || a == "-Itest" || strings.HasPrefix(a, "test/")
		})
	case name == "node" || name == "tsx" || name == "ts-node":
		return slices.ContainsFunc(rest, func(a string) bool {
			base := path.Base(a)
			return strings.Contains(base, "jest") || strings.Contains(base, "mocha") || strings.Contains(base, ".test.") || base == "test.js" || base == "test.ts" || base == "test" || strings.HasPrefix(a, "test/") || a == "ace" && slices.Contains(rest, "test")
		})
	case name == "rails" && len(rest) > 0:
		return strings.HasPrefix(rest[0], "test")
	}
	return false
}

func gradleTests(args []string) bool {
	runs := false
	for i, a := range args {
		task := a[strings.LastIndexByte(a, ':')+1:]
		switch {
		case a == "-x" && i+1 < len(args) && strings.HasSuffix(args[i+1], "test"):
			return false
		case i > 0 && args[i-1] == "-x":
		case task == "test" || task == "build" || task == "check" || task == "allTests" || task == "integrationTest" || task == "jacocoTestReport" || task == "testDebugUnitTest":
			runs = true
		case strings.HasSuffix(task, "Test"):
			runs = true
		}
	}
	return runs
}

func mavenTests(args []string) bool {
	runs := false
	for _, a := range args {
		switch a {
		case "-DskipTests", "-Dmaven.test.skip":
			return false
		case "test", "package", "verify", "install", "deploy", "integration-test", "surefire:test", "failsafe:verify":
			runs = true
		}
	}
	return runs
}

// environments reports whether tox or nox run more than checks of style.
func environments(args []string) bool {
	for i, a := range args {
		if (a == "-e" || a == "-s" || a == "--session" || a == "--env") && i+1 < len(args) {
			for _, w := range []string{"lint", "flake8", "docs", "black", "mypy", "style", "format", "typing", "build", "isort", "ruff", "type"} {
				if strings.Contains(args[i+1], w) {
					return false
				}
			}
		}
	}
	return true
}

// manifests are the manifests of a kind in a folder; where dir is not known or none lies there, and anywhere is set, all of the kind.
func (w *follower) manifests(dir string, anywhere bool, kinds ...string) []*manifest.Manifest {
	var here, all []*manifest.Manifest
	for i := range w.in.Repo.Manifests {
		m := &w.in.Repo.Manifests[i]
		if !slices.Contains(kinds, m.Kind) {
			continue
		}
		d := path.Dir(m.Path)
		if d == "." {
			d = ""
		}
		if d == dir {
			here = append(here, m)
		}
		all = append(all, m)
	}
	if len(here) == 0 && (anywhere || dir == "?") {
		return all
	}
	return here
}

// run follows a script of a manifest by its name.
func (w *follower) run(m *manifest.Manifest, name, dir string, depth int) bool {
	key := m.Path + "\x00" + name
	if w.seen[key] {
		return false
	}
	w.seen[key] = true
	defer delete(w.seen, key)
	for _, s := range m.Scripts {
		if s.Name != name {
			continue
		}
		if slices.ContainsFunc(s.Needs, func(n string) bool { return w.run(m, n, dir, depth+1) }) {
			return true
		}
		if slices.ContainsFunc(facts.Commands(s.Command, dir), func(c facts.Command) bool { return w.tests(c.Text, c.Dir, depth+1) }) {
			return true
		}
		if m.Kind == "package.json" && testScript(s) {
			return true
		}
	}
	return false
}

// testScript tells a script of package.json that is named for tests and runs something that is not known.
func testScript(s manifest.Script) bool {
	if s.Name != "test" && !strings.HasPrefix(s.Name, "test:") && s.Name != "tests" && s.Name != "unit" {
		return false
	}
	low := strings.ToLower(s.Command)
	for _, no := range []string{"no test", "echo", "exit ", "eslint", "tsc", "prettier", "npm ", "yarn ", "pnpm ", "turbo", "nodemon", "lint", "standard", "xo"} {
		if strings.Contains(low, no) {
			return false
		}
	}
	return low != ""
}

// node follows the script runners of JavaScript.
func (w *follower) node(tool string, args []string, dir string, depth int) bool {
	anywhere := tool == "turbo" || tool == "nx" || tool == "lerna"
	var names []string
	for i := 0; i < len(args); i++ {
		a := args[i]
		if flag, v, ok := strings.Cut(a, "="); ok && (flag == "--prefix" || flag == "--cwd" || flag == "--dir") {
			dir = path.Join(dir, strings.TrimPrefix(v, "./"))
			continue
		}
		switch {
		case (a == "--prefix" || a == "--cwd" || a == "-C" || a == "--dir") && i+1 < len(args):
			dir = path.Join(dir, strings.TrimPrefix(args[i+1], "./"))
			i++
		case a == "-w" || a == "--workspace" || a == "--filter" || a == "-F":
			anywhere = true
			i++
		case a == "-r" || a == "--recursive" || a == "--workspaces" || a == "-ws" || strings.HasPrefix(a, "--filter") || strings.HasPrefix(a, "--workspace"):
			anywhere = true
		case a == "workspaces" || a == "foreach":
			anywhere = true
		case a == "workspace" && i+1 < len(args):
			anywhere = true
			i++
		case a == "--":
			i = len(args)
		case strings.HasPrefix(a, "-"):
		case a == "run" || a == "run-script" || a == "exec" || a == "--if-present":
		default:
			names = append(names, strings.TrimPrefix(strings.TrimPrefix(a, "npm:"), "affected:"))
		}
	}
	if len(names) == 0 {
		return false
	}
	if tool == "npm" || tool == "yarn" || tool == "pnpm" || tool == "bun" || anywhere {
		switch names[0] {
		case "t", "tst":
			names[0] = "test"
		case "ci", "install", "i", "add", "audit", "cache", "config", "publish", "link":
			if len(args) > 0 && args[0] != "run" {
				return false
			}
		}
		if !anywhere {
			names = names[:1]
		}
	}
	if dir == "." {
		dir = ""
	}
	if anywhere {
		dir = "?" // any package of the workspace, not the one at the root alone
	}
	for _, m := range w.manifests(dir, anywhere, "package.json") {
		at := path.Dir(m.Path)
		if at == "." {
			at = ""
		}
		for _, n := range names {
			stem := strings.TrimSuffix(n, "*")
			for _, s := range m.Scripts {
				if (s.Name == n || stem != n && strings.HasPrefix(s.Name, stem) || s.Name == "pre"+n || s.Name == "post"+n) && w.run(m, s.Name, at, depth) {
					return true
				}
			}
		}
	}
	return tool == "yarn" && direct(names) // yarn runs binaries by their name
}

// target follows targets of make, just and task.
func (w *follower) target(tool string, args []string, dir string, depth int) bool {
	kind := map[string]string{"make": "Makefile", "gmake": "Makefile", "just": "justfile", "task": "Taskfile"}[tool]
	var names []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-C" && i+1 < len(args):
			dir = path.Join(dir, args[i+1])
			i++
		case args[i] == "-f" && i+1 < len(args):
			i++
		case !strings.HasPrefix(args[i], "-") && !strings.Contains(args[i], "="):
			names = append(names, args[i])
		}
	}
	for _, m := range w.manifests(dir, false, kind) {
		if len(names) == 0 && len(m.Scripts) > 0 {
			names = []string{m.Scripts[0].Name}
		}
		for _, n := range names {
			if w.run(m, n, strings.TrimPrefix(path.Dir(m.Path), "."), depth) {
				return true
			}
		}
	}
	return false
}

// script follows the scripts of composer, rake and their likes.
func (w *follower) script(tool string, args []string, dir string, depth int) bool {
	if tool == "rake" && len(args) == 0 {
		args = []string{"default"}
	}
	kinds := map[string][]string{"composer": {"composer.json"}, "rake": {"Rakefile"}, "poe": {"pyproject"}, "pdm": {"pyproject"}, "hatch": {"pyproject"}, "mix": {"mix.exs"}, "deno": {"deno.json"}}[tool]
	for _, a := range args {
		if strings.HasPrefix(a, "-") || a == "run" || a == "run-script" || a == "task" {
			continue
		}
		for _, m := range w.manifests(dir, true, kinds...) {
			if w.run(m, a, dir, depth) {
				return true
			}
		}
		if tool != "rake" {
			return false
		}
		if a == "default" || a == "test" || a == "spec" || a == "ci" {
			return true // Rails and Bundler define these without a line in the Rakefile
		}
	}
	return false
}

// docker follows what is run in a container, and the tests that an image's build runs.
func (w *follower) docker(args []string, dir string, depth int) bool {
	if len(args) > 0 && args[0] == "compose" {
		args = args[1:]
	}
	verb := slices.IndexFunc(args, func(a string) bool {
		return a == "run" || a == "exec" || a == "build" || a == "up" || a == "buildx" || a == "bake"
	})
	if verb < 0 {
		return false
	}
	switch args[verb] {
	case "run", "exec":
		for i := verb + 2; i < len(args); i++ {
			if w.tests(strings.Join(args[i:], " "), dir, depth+1) || w.tests(strings.Join(args[i:], " "), "?", depth+1) {
				return true
			}
		}
	case "build", "buildx", "bake":
		for _, h := range w.in.Repo.Hits(facts.KindDocker) {
			if h.Name == "run" && !h.File.Class.Has(facts.Vendored|facts.Example) && w.tests(h.Value, h.File.Dir(), depth+1) {
				return true
			}
		}
	}
	if args[verb] == "run" || args[verb] == "up" {
		for _, h := range w.in.Repo.Hits(facts.KindCompose) {
			if h.Name == "command" && (args[verb] == "up" || slices.Contains(args, h.Scope)) && w.tests(h.Value, "?", depth+1) {
				return true
			}
		}
	}
	return false
}

// shell reports whether a script of the repository is named for tests. What it does is not read.
func (w *follower) shell(file, dir string, _ int) bool {
	p := strings.TrimPrefix(path.Join(dir, file), "/")
	f := w.in.Repo.Lookup(p)
	if f == nil {
		f = w.in.Repo.Lookup(strings.TrimPrefix(file, "./"))
	}
	if f == nil || f.Size == 0 {
		return false
	}
	base := strings.ToLower(f.Base())
	return (f.Lang() == lex.Shell || !strings.Contains(base, ".")) && (strings.Contains(base, "test") || strings.Contains(base, "cibuild"))
}

// testRun finds the hit of a pipeline that runs tests, following reusable workflows and composite actions.
func (w *follower) testRun(hits []facts.Hit, depth int) (facts.Hit, bool) {
	for _, h := range hits {
		switch h.Name {
		case "run":
			if w.tests(h.Value, h.Scope, 0) {
				return h, true
			}
		case "uses":
			if depth < 4 && strings.HasPrefix(h.Value, "./") && w.local(h.Value, depth) {
				return h, true
			}
			if strings.HasPrefix(h.Value, "docker/build-push-action") && w.docker([]string{"build"}, "", 0) {
				return h, true
			}
		}
	}
	return facts.Hit{}, false
}

func (w *follower) local(ref string, depth int) bool {
	p := strings.TrimSuffix(strings.TrimPrefix(ref, "./"), "/")
	for _, other := range pipelines(w.in.Repo) {
		at := other.file.Path
		if at == p || path.Dir(at) == p && strings.HasPrefix(path.Base(at), "action.y") {
			_, ok := w.testRun(other.hits, depth+1)
			return ok
		}
	}
	return false
}

func ciRunsTests(in *Input) Result {
	w := &follower{in: in, seen: map[string]bool{}}
	out := Result{Status: Missing, Reason: "no CI configuration was found"}
	for _, p := range pipelines(in.Repo) {
		if p.service == "" || !placed(p.file.Path, p.service) {
			continue
		}
		h, ok := w.testRun(p.hits, 0)
		if !ok {
			out = best(out, Result{Status: Missing})
			if out.Status == Missing {
				out.Reason = fmt.Sprintf("`%s` runs no tests", p.file.Path)
				out.Case, out.Evidence = "no-step", []Evidence{{Path: p.file.Path, Note: "runs no tests"}}
			}
			continue
		}
		at := At(h, clean(h.Value))
		switch {
		case !anyRealTest(in):
			out = best(out, Result{Status: Partial, Reason: fmt.Sprintf("`%s` runs `%s`, which finds no test with an assertion about the project", p.file.Path, clean(h.Value)), Evidence: []Evidence{at}, Case: "no-tests"})
		case !p.onChange() && !slices.Contains(p.events, "workflow_call") && !slices.Contains(p.events, "workflow_run"):
			out = best(out, Result{Status: Partial, Reason: fmt.Sprintf("`%s` runs the tests, but not on push or pull request", p.file.Path), Evidence: []Evidence{at}, Case: "not-on-change"})
		default:
			return Result{Status: Met, Evidence: []Evidence{at}}
		}
	}
	return out
}

// anyRealTest reports whether a test command would find something that can fail: a file of tests that is no placeholder, or tests in a form
// that the scanners do not read.
func anyRealTest(in *Input) bool {
	read := testFiles(in)
	for _, t := range read {
		if t.fault == "" || t.fault == "no runner" || t.fault == "detached" {
			return true
		}
	}
	if len(read) > 0 {
		return false
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Own() && f.Class.Has(facts.Test) && f.Lang().GeneralPurpose() && f.Facts.Lines.Code >= 5 {
			return true
		}
		if low := strings.ToLower(f.Base()); !f.Class.Has(facts.Vendored) && (strings.HasSuffix(low, ".feature") || strings.HasSuffix(low, "postman_collection.json") || strings.HasSuffix(low, ".bats")) {
			return true
		}
	}
	return false
}
