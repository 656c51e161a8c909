package facts

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/rhysd/actionlint"
	"go.yaml.in/yaml/v3"
)

// isWorkflow recognises workflows and actions of GitHub by folder and name; whether the folder is the right one is judged with its path.
func isWorkflow(path, base string) bool {
	if !strings.HasSuffix(base, ".yml") && !strings.HasSuffix(base, ".yaml") {
		return false
	}
	return strings.HasPrefix(path, "workflows/")
}

// isPipeline recognises the configurations of other services, and composite actions, which are all YAML.
func isPipeline(path, base string) bool {
	switch base {
	case ".gitlab-ci.yml", ".gitlab-ci.yaml", ".travis.yml", "azure-pipelines.yml", "azure-pipelines.yaml", "bitbucket-pipelines.yml", "appveyor.yml", ".appveyor.yml", ".drone.yml", ".woodpecker.yml", "buildspec.yml", "buildspec.yaml", ".cirrus.yml", "semaphore.yml", "action.yml", "action.yaml", "cloudbuild.yaml", "cloudbuild.yml":
		return true
	}
	return path == ".circleci/config.yml" || path == ".circleci/config.yaml" || strings.HasPrefix(base, "azure-pipelines") && strings.HasSuffix(base, ".yml") || strings.HasSuffix(base, ".gitlab-ci.yml")
}

func isJenkinsfile(_, base string) bool {
	return base == "jenkinsfile" || strings.HasPrefix(base, "jenkinsfile.") || strings.HasSuffix(base, ".jenkinsfile")
}

func emitRun(s *Source, script, dir string, line int) {
	for _, c := range shellCommands(script, dir) {
		s.Emit(Fact{Kind: KindCI, Name: "run", Value: c.text, Scope: c.dir, Line: line})
	}
}

func scanWorkflow(s *Source) {
	if len(s.Raw) > maxConfig {
		s.Emit(Fact{Kind: KindCI, Name: "error", Value: "it is too large to be read"})
		return
	}
	if len(bytes.TrimSpace(s.Code)) == 0 {
		return // nothing but comments
	}
	w, errs := parseWorkflow(s.Raw)
	for _, e := range errs {
		// What GitHub refuses as a whole is told from the lesser findings of the parser by its words.
		if strings.Contains(e.Message, "could not parse as YAML") || strings.Contains(e.Message, "section is missing") || strings.Contains(e.Message, "workflow is empty") {
			s.Emit(Fact{Kind: KindCI, Name: "error", Value: e.Message, Line: e.Line})
		}
	}
	if w == nil || len(w.Jobs) == 0 {
		return
	}
	s.Emit(Fact{Kind: KindCI, Name: "config", Value: "GitHub Actions", Scope: eventNames(w.On), Line: 1})
	base := workingDir(w.Defaults)
	for _, j := range inOrder(w.Jobs) {
		if never(j.If) {
			continue
		}
		if j.WorkflowCall != nil && j.WorkflowCall.Uses != nil {
			s.Emit(Fact{Kind: KindCI, Name: "uses", Value: j.WorkflowCall.Uses.Value, Line: lineAt(j.WorkflowCall.Uses.Pos)})
		}
		dir := base
		if d := workingDir(j.Defaults); d != "" {
			dir = d
		}
		for _, step := range j.Steps {
			if step != nil && !never(step.If) {
				scanStep(s, step, dir)
			}
		}
	}
}

// parseWorkflow parses a workflow; should the parser give up on hostile input, that is an error like any other.
func parseWorkflow(raw []byte) (w *actionlint.Workflow, errs []*actionlint.Error) {
	defer func() {
		if r := recover(); r != nil {
			w, errs = nil, []*actionlint.Error{{Message: "could not parse as YAML", Line: 1}}
		}
	}()
	return actionlint.Parse(raw)
}

func eventNames(events []actionlint.Event) string {
	var names []string
	for _, e := range events {
		name := e.EventName()
		if wh, ok := e.(*actionlint.WebhookEvent); ok && name == "push" && filtered(wh.Tags) && !filtered(wh.Branches) {
			name = "tag"
		}
		names = append(names, name)
	}
	return strings.Join(names, ",")
}

func filtered(f *actionlint.WebhookEventFilter) bool { return f != nil && !f.IsEmpty() }

func lineAt(p *actionlint.Pos) int {
	if p == nil {
		return 0
	}
	return p.Line
}

func workingDir(d *actionlint.Defaults) string {
	if d == nil || d.Run == nil || d.Run.WorkingDirectory == nil {
		return ""
	}
	return joinDir("", d.Run.WorkingDirectory.Value)
}

func inOrder(jobs map[string]*actionlint.Job) []*actionlint.Job {
	out := make([]*actionlint.Job, 0, len(jobs))
	for _, j := range jobs {
		if j != nil {
			out = append(out, j)
		}
	}
	slices.SortFunc(out, func(a, b *actionlint.Job) int { return lineAt(a.Pos) - lineAt(b.Pos) })
	return out
}

// never tells a condition that is switched off by hand.
func never(cond *actionlint.String) bool {
	if cond == nil {
		return false
	}
	v := strings.Trim(strings.ReplaceAll(cond.Value, " ", ""), "${}")
	return v == "false"
}

// scriptInputs are the inputs by which actions take commands, with what runs them.
var scriptInputs = []struct{ action, input, runner string }{
	{"gradle/", "arguments", "gradle "}, {"actions-rs/cargo", "command", "cargo "}, {"borales/actions-yarn", "cmd", "yarn "}, {"nick-fields/retry", "command", ""}, {"nick-invision/retry", "command", ""},
	{"addnab/docker-run-action", "run", ""}, {"devcontainers/ci", "runcmd", ""}, {"paambaati/codeclimate-action", "coveragecommand", ""}, {"artiomtr/jest-coverage-report-action", "test-script", ""}, {"php-actions/composer", "command", "composer "},
	{"bahmutov/npm-install", "", ""}, {"php-actions/phpunit", "", "phpunit"}, {"cypress-io/github-action", "", "cypress run"}, {"reactivecircus/android-emulator-runner", "script", ""}, {"abatilo/actions-poetry", "", ""}, {"coactions/setup-xvfb", "run", ""},
	{"gabrielbb/xvfb-action", "run", ""}, {"robherley/go-test-action", "", "go test ./..."}, {"pavelzw/pytest-action", "", "pytest"}, {"wei/curl", "", ""}, {"hoverkraft-tech/compose-action", "", "docker compose up"}, {"stcarrez/maven", "", ""}, {"excid3/actions-rails-test", "", "rails test"},
}

func scanStep(s *Source, step *actionlint.Step, dir string) {
	switch e := step.Exec.(type) {
	case *actionlint.ExecRun:
		if e.Run == nil {
			return
		}
		if e.WorkingDirectory != nil {
			dir = joinDir("", e.WorkingDirectory.Value)
		}
		emitRun(s, e.Run.Value, dir, lineAt(e.Run.Pos))
	case *actionlint.ExecAction:
		if e.Uses == nil {
			return
		}
		line := lineAt(e.Uses.Pos)
		s.Emit(Fact{Kind: KindCI, Name: "uses", Value: e.Uses.Value, Line: line})
		low := strings.ToLower(e.Uses.Value)
		for _, in := range scriptInputs {
			if !strings.HasPrefix(low, in.action) {
				continue
			}
			if in.input == "" {
				emitRun(s, in.runner, dir, line)
				continue
			}
			if v := e.Inputs[in.input]; v != nil && v.Value != nil {
				emitRun(s, in.runner+v.Value.Value, dir, line)
			}
		}
	}
}

// serviceOf names the service that reads a pipeline.
func serviceOf(path string) string {
	low := strings.ToLower(path)
	for _, p := range []struct{ part, name string }{
		{".gitlab-ci", "GitLab CI"}, {".travis", "Travis CI"}, {"azure-pipelines", "Azure Pipelines"}, {"bitbucket-pipelines", "Bitbucket Pipelines"}, {"appveyor", "AppVeyor"}, {".drone", "Drone"},
		{".woodpecker", "Woodpecker"}, {"buildspec", "AWS CodeBuild"}, {".cirrus", "Cirrus CI"}, {"semaphore", "Semaphore"}, {"action.y", "action"}, {"cloudbuild", "Google Cloud Build"}, {".circleci", "CircleCI"},
	} {
		if strings.Contains(low, p.part) {
			return p.name
		}
	}
	return "CI"
}

func scanPipeline(s *Source) {
	root := parseYAML(s, KindCI)
	if root == nil {
		return
	}
	service := serviceOf(s.Path)
	events := "push"
	if service == "Azure Pipelines" {
		if t := nodeValue(root, "trigger"); t != nil && t.Kind == yaml.ScalarNode && t.Value == "none" {
			if p := nodeValue(root, "pr"); p == nil || p.Value == "none" {
				events = ""
			}
		}
	}
	s.Emit(Fact{Kind: KindCI, Name: "config", Value: service, Scope: events, Line: 1})
	if service == "Travis CI" && nodeValue(root, "script") == nil && nodeValue(root, "jobs") == nil && nodeValue(root, "matrix") == nil {
		for _, lang := range scalars(nodeValue(root, "language")) {
			if cmd := travisDefault(lang); cmd != "" {
				emitRun(s, cmd, "", 1)
			}
		}
	}
	walkPipeline(s, root, "", 0)
}

// travisDefault is what Travis runs for a language when nothing else is said.
func travisDefault(lang string) string {
	switch lang {
	case "node_js":
		return "npm test"
	case "ruby":
		return "rake"
	case "java", "kotlin", "groovy":
		return "mvn test"
	case "go":
		return "go test ./..."
	case "php":
		return "phpunit"
	case "rust":
		return "cargo test"
	case "scala":
		return "sbt test"
	case "elixir":
		return "mix test"
	case "csharp":
		return "msbuild"
	}
	return ""
}

// walkPipeline emits the commands of a pipeline: the texts under the keys by which services take scripts.
func walkPipeline(s *Source, n *yaml.Node, dir string, depth int) {
	if n == nil || depth > 30 {
		return
	}
	switch n.Kind {
	case yaml.SequenceNode:
		for _, c := range n.Content {
			if c.Kind != yaml.AliasNode {
				walkPipeline(s, c, dir, depth+1)
			}
		}
	case yaml.MappingNode:
		if d := nodeValue(n, "working_directory"); d != nil && d.Kind == yaml.ScalarNode && !strings.HasPrefix(d.Value, "~") {
			dir = joinDir("", d.Value)
		}
		if d := nodeValue(n, "workingDirectory"); d != nil && d.Kind == yaml.ScalarNode {
			dir = joinDir("", strings.TrimPrefix(d.Value, "$(System.DefaultWorkingDirectory)/"))
		}
		azureTask(s, n, dir)
		for i := 0; i+1 < len(n.Content); i += 2 {
			pipelineKey(s, n.Content[i], n.Content[i+1], dir, depth)
		}
	}
}

func pipelineKey(s *Source, key, v *yaml.Node, dir string, depth int) {
	if v.Kind == yaml.AliasNode {
		return
	}
	switch key.Value {
	case "script", "before_script", "after_script", "install", "before_install", "after_success", "run", "command", "bash", "powershell", "pwsh", "inlineScript", "test_script", "build_script", "commands":
		if texts := scalars(v); len(texts) > 0 {
			emitRun(s, strings.Join(texts, "\n"), dir, v.Line)
		}
		if v.Kind == yaml.MappingNode || v.Kind == yaml.SequenceNode {
			walkPipeline(s, v, dir, depth+1)
		}
	case "uses", "template", "include":
		for _, u := range scalars(v) {
			s.Emit(Fact{Kind: KindCI, Name: "uses", Value: u, Line: v.Line})
		}
		walkPipeline(s, v, dir, depth+1)
	case "local", "project": // of GitLab's include
		if v.Kind == yaml.ScalarNode {
			s.Emit(Fact{Kind: KindCI, Name: "uses", Value: v.Value, Line: v.Line})
		}
	case "environment", "env", "variables":
	case "inputs": // of a task; of its inputs only scripts are commands
		for _, k := range []string{"script", "inlineScript"} {
			if texts := scalars(nodeValue(v, k)); len(texts) > 0 {
				emitRun(s, strings.Join(texts, "\n"), dir, v.Line)
			}
		}
	default:
		if strings.HasSuffix(key.Value, "/test") && depth < 8 { // an orb's job of CircleCI: node/test
			emitRun(s, orbTest(key.Value), dir, key.Line)
		}
		walkPipeline(s, v, dir, depth+1)
	}
	if depth < 12 && v.Kind == yaml.SequenceNode {
		for _, c := range v.Content {
			if c.Kind == yaml.ScalarNode && strings.HasSuffix(c.Value, "/test") && key.Value == "jobs" {
				emitRun(s, orbTest(c.Value), dir, c.Line)
			}
		}
	}
}

func orbTest(name string) string {
	switch strings.TrimSuffix(name, "/test") {
	case "node":
		return "npm test"
	case "python":
		return "pytest"
	case "ruby":
		return "rake test"
	case "maven":
		return "mvn verify"
	case "gradle":
		return "gradle test"
	case "go":
		return "go test ./..."
	}
	return ""
}

// azureTask writes tasks of Azure Pipelines as the command they run.
func azureTask(s *Source, n *yaml.Node, dir string) {
	task := nodeValue(n, "task")
	if task == nil || task.Kind != yaml.ScalarNode {
		return
	}
	in := nodeValue(n, "inputs")
	text := func(key string) string { return strings.Join(scalars(nodeValue(in, key)), " ") }
	name, _, _ := strings.Cut(strings.ToLower(task.Value), "@")
	run := ""
	switch name {
	case "dotnetcorecli":
		run = "dotnet " + text("command")
	case "maven":
		run = "mvn " + text("goals")
		if text("goals") == "" {
			run = "mvn package"
		}
	case "gradle":
		run = "gradle " + text("tasks")
	case "npm":
		run = "npm " + text("command") + text("customCommand")
		run = strings.Replace(run, "npm custom", "npm ", 1)
	case "vstest":
		run = "dotnet test"
	case "visualstudiotest":
		run = "dotnet test"
	}
	if run != "" {
		emitRun(s, run, dir, task.Line)
		return
	}
	s.Emit(Fact{Kind: KindCI, Name: "uses", Value: fmt.Sprintf("task %s", name), Line: task.Line})
}

// scanJenkinsfile reads the commands of sh and bat steps. It is Groovy; the texts of those steps are all that is needed.
func scanJenkinsfile(s *Source) {
	if len(s.Raw) > maxConfig {
		return
	}
	s.Emit(Fact{Kind: KindCI, Name: "config", Value: "Jenkins", Scope: "push", Line: 1})
	src := string(s.Raw)
	for _, step := range []string{"sh", "bat", "powershell"} {
		for at := 0; ; {
			i := strings.Index(src[at:], step)
			if i < 0 {
				break
			}
			start := at + i
			at = start + len(step)
			if start > 0 && identifier(src[start-1]) || start < len(s.Code) && s.Code[start] == ' ' {
				continue
			}
			rest := strings.TrimLeft(src[at:min(len(src), at+8<<10)], " \t(")
			if j := strings.Index(rest[:min(len(rest), 80)], "script:"); j >= 0 && !strings.Contains(rest[:j], "\n") {
				rest = strings.TrimLeft(rest[j+len("script:"):], " ")
			}
			if script, ok := groovyText(rest); ok {
				emitRun(s, script, "", s.LineOf(start))
			}
		}
	}
}

func groovyText(rest string) (string, bool) {
	for _, q := range []string{`"""`, `'''`, `"`, `'`} {
		if body, ok := strings.CutPrefix(rest, q); ok {
			text, _, ok := strings.Cut(body, q)
			return text, ok
		}
	}
	return "", false
}
