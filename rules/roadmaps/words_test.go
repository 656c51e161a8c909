package roadmaps_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/words"
)

func builtIn(t *testing.T) *rules.Roadmap {
	t.Helper()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// tools are those that are usual for a stack.
var tools = map[string]string{
	"node": "npm pnpm yarn bun deno jest vitest mocha mongodb prisma postgres", "python": "pip uv poetry pipenv pytest unittest postgres", "java": "maven gradle postgres", "kotlin": "maven gradle mysql", "scala": "sbt maven",
	"ruby": "rspec postgres", "php": "pest mysql",
}

// combinations are stacks with each framework and tool, once with the usual words, once with none, once with all.
func combinations() map[string]words.Stack {
	all := map[string]string{}
	for _, p := range words.Placeholders() {
		all[p] = "word-" + p
	}
	out := map[string]words.Stack{"nothing known": {}, "no language": words.Named("")}
	for _, name := range slices.Concat(words.Stacks, words.Frameworks) {
		s := words.Named(name)
		out[name], out[name+" without words"], out[name+" with all words"] = s, words.Stack{Name: s.Name, Framework: s.Framework}, s.With(all)
		for _, tool := range strings.Fields(tools[s.Name]) {
			s.Tools = []string{tool}
			out[name+" and "+tool] = s
		}
	}
	return out
}

// textsOf are all that a milestone may say to a stack, by what they are.
func textsOf(m *rules.Milestone, s words.Stack) map[string]string {
	out := map[string]string{"next": m.Next.For(s), "missing": s.Fill(m.Missing), "nudge": m.Hints.Nudge.For(s), "pointer": m.Hints.Pointer.For(s), "example": m.Hints.Example.For(s)}
	for name, near := range m.Near {
		out["near "+name] = near.For(s)
	}
	for i := range m.Partial {
		out["partial "+m.Partial[i].Reason] = s.Fill(m.Partial[i].Reason)
		if m.Partial[i].Next != nil {
			out["next of "+m.Partial[i].Reason] = m.Partial[i].Next.For(s)
		}
	}
	if st, ok := m.Starter.For(s); ok {
		out["starter path"], out["starter"] = st.Path, st.Content
	}
	return out
}

var (
	leftover = regexp.MustCompile(`\{(?:` + strings.Join(words.Placeholders(), "|") + `)\??\}`)
	hole     = regexp.MustCompile("(?:^|[^`])``(?:[^`]|$)| ,|\\w  \\w|`- run: `|: `$|` `|[Rr]un ` ")
	fence    = regexp.MustCompile("```([a-z]+)\n")
)

// spoken are the languages of code that a stack is shown.
var spoken = map[string][]string{
	"node": {"js", "ts"}, "python": {"python"}, "java": {"java"}, "kotlin": {"kotlin", "java"}, "scala": {"scala", "java"}, "csharp": {"csharp"}, "go": {"go"}, "ruby": {"ruby"}, "php": {"php"}, "rust": {"rust"}, "elixir": {"elixir"},
}

// TestNoTextHasAHole: whatever a repository is built with, no text has an empty placeholder or a brace left over, and every open milestone
// has an action.
func TestNoTextHasAHole(t *testing.T) {
	t.Parallel()
	r := builtIn(t)
	for name, s := range combinations() {
		for _, id := range r.IDs() {
			m, _, _ := r.Milestone(id)
			if m.Next.For(s) == "" {
				t.Errorf("%s, %s: there is nothing to do", name, id)
			}
			for what, text := range textsOf(m, s) {
				if p := leftover.FindString(text); p != "" {
					t.Errorf("%s, %s, %s: %s is left over in %q", name, id, what, p, text)
				}
				if h := hole.FindString(text); h != "" && what != "example" && what != "starter" {
					t.Errorf("%s, %s, %s: a hole %q in %q", name, id, what, h, text)
				}
			}
		}
	}
}

// TestExamplesSpeakTheLanguage: nobody is shown code in the language of another stack; only who has none yet is shown some of any.
func TestExamplesSpeakTheLanguage(t *testing.T) {
	t.Parallel()
	r := builtIn(t)
	var languages []string
	for _, l := range spoken {
		languages = append(languages, l...)
	}
	for name, s := range combinations() {
		for _, id := range r.IDs() {
			if id == "programming-language" {
				continue
			}
			m, _, _ := r.Milestone(id)
			for _, f := range fence.FindAllStringSubmatch(m.Hints.Example.For(s), -1) {
				if slices.Contains(languages, f[1]) && !slices.Contains(spoken[s.Name], f[1]) {
					t.Errorf("%s, %s: an example in %s", name, id, f[1])
				}
			}
		}
	}
}

// TestEveryNearMissHasAnAction: what the detectors tell apart, the roadmap answers.
func TestEveryNearMissHasAnAction(t *testing.T) {
	t.Parallel()
	r := builtIn(t)
	may := map[string]bool{"schema-migrations unused-package": true, "sql-queries tables-only": true, "shell-scripts wrapper": true, "dockerfile devcontainer": true, "web-framework unused-package": true}
	for _, id := range r.IDs() {
		m, _, _ := r.Milestone(id)
		for _, c := range m.Rule.Cases() {
			if m.Near[c] == nil && !may[id+" "+c] {
				t.Errorf("%s: nothing is said of the near miss %q", id, c)
			}
		}
	}
}

// repositories are small repositories of many kinds, with what must not be said to them.
var repositories = map[string]struct {
	files     map[string]string
	forbidden string
}{
	"C++ alone":                {map[string]string{"a.cpp": "int add(int a, int b) { return a + b; }\nint main() { return add(1, 2); }\n"}, `pom\.xml|package\.json|requirements\.txt|npm |pip `},
	"algorithms in Java":       {map[string]string{"src/Sort.java": "public class Sort {\n  int[] sort(int[] a) { return a; }\n  public static void main(String[] a) { }\n}\n", "src/Tree.java": "class Tree { int v; }\n"}, `pom\.xml|[Ss]pring|@RestController|mvn |springdoc|Jpa`},
	"algorithms in JavaScript": {map[string]string{"sort.js": "function sort(a) {\n  return a;\n}\nmodule.exports = sort;\n"}, `express-session|swagger-ui|next\(err\)|router\.|package\.json|app\.get`},
	"Play":                     {map[string]string{"app/controllers/Home.scala": "package controllers\n\nimport play.api.mvc._\n\nclass Home(cc: ControllerComponents) extends AbstractController(cc) {\n  def index = Action { Ok(\"a\") }\n}\n", "build.sbt": "name := \"a\"\n", "conf/routes": "GET / controllers.Home.index\n"}, `[Ss]pring|pom\.xml|mvn `},
	"plain Kotlin":             {map[string]string{"Main.kt": "fun main() {\n  println(1)\n}\n"}, `[Ss]pring|pom\.xml|build\.gradle|\bmvn `},
	"Sinatra":                  {map[string]string{"app.rb": "require 'sinatra/base'\n\nclass App < Sinatra::Base\n  get '/' do\n    'a'\n  end\nend\n", "Gemfile": "gem 'sinatra'\n"}, `bin/rails|rails generate|ActiveStorage|rescue_from|config/routes\.rb|before_action`},
	"plain Ruby":               {map[string]string{"sort.rb": "def sort(a)\n  a\nend\n"}, `bin/rails|rescue_from|config/routes\.rb|bundle add|Gemfile`},
	"plain PHP":                {map[string]string{"index.php": "<?php\n$a = $_POST['a'];\necho $a;\n"}, `artisan|Route::|response\(\)->json|Eloquent|routes/api\.php|config/auth`},
	"Fastify with Bun":         {map[string]string{"src/index.ts": "import Fastify from 'fastify';\nconst app = Fastify();\napp.get('/', async () => ({ a: 1 }));\n", "package.json": `{"dependencies":{"fastify":"4"}}`, "bun.lock": "{}"}, `npm (?:ci|install|start|test|run)|express|package-lock|app\.use\(`},
	"Koa with pnpm":            {map[string]string{"index.js": "const Koa = require('koa');\nconst app = new Koa();\n", "package.json": `{"dependencies":{"koa":"2"}}`, "pnpm-lock.yaml": "a: 1"}, `\bnpm (?:ci|install|start|test|run)|express|yarn`},
	"FastAPI with uv":          {map[string]string{"app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n", "pyproject.toml": "[project]\nname = \"a\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n", "uv.lock": ""}, `requirements\.txt|pip install -r|manage\.py|Django|Flask`},
	"Flask with Poetry":        {map[string]string{"web.py": "from flask import Flask\n\napp = Flask(__name__)\n", "pyproject.toml": "[tool.poetry]\nname = \"a\"\n", "poetry.lock": ""}, `requirements\.txt|manage\.py|main\.py|Django|FastAPI`},
	"Spring with Gradle":       {map[string]string{"src/main/java/App.java": "@SpringBootApplication\npublic class App {\n  public static void main(String[] a) { SpringApplication.run(App.class, a); }\n}\n", "build.gradle": "plugins {\n  id 'org.springframework.boot' version '3.3.0'\n}\n"}, `pom\.xml|\bmvn |target/`},
	"Jest":                     {map[string]string{"index.js": "const express = require('express');\nconst app = express();\napp.listen(1);\n", "package.json": `{"scripts":{"test":"jest"},"dependencies":{"express":"4"},"devDependencies":{"jest":"29"}}`}, `vitest`},
}

// TestWordsFitTheRepository: no action, reason, hint or starter names a tool, a file or a framework that the repository does not have.
func TestWordsFitTheRepository(t *testing.T) {
	t.Parallel()
	r := builtIn(t)
	// What is to be built on is a matter of choice where there is nothing yet.
	choice := []string{"web-framework", "http-server", "gitignore", "reverse-proxy"}
	for name, c := range repositories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forbidden := regexp.MustCompile(c.forbidden)
			repo := collect(t, r, c.files)
			report := r.Evaluate(rules.Input{Repo: repo})
			setup := report.Setup()
			for _, m := range report.Milestones() {
				if m.Status != rules.Missing && m.Status != rules.Partial || slices.Contains(choice, m.ID) {
					continue
				}
				def, _, _ := r.Milestone(m.ID)
				st, _ := def.Starter.For(setup)
				for what, text := range map[string]string{"next": m.Next, "pointer": def.Hints.Pointer.For(setup), "example": def.Hints.Example.For(setup), "starter": st.Path + "\n" + st.Content} {
					if f := forbidden.FindString(text); f != "" && (what != "pointer" || len(f) > 12) {
						t.Errorf("%s, %s: %q in %q", m.ID, what, f, text)
					}
				}
			}
		})
	}
}

func collect(t *testing.T, r *rules.Roadmap, files map[string]string) *facts.Repo {
	t.Helper()
	repo, err := facts.Collect(t.Context(), rules.FilesSnapshot("r", files), r.Patterns(), facts.CollectOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return repo
}

// TestStartersReachTheirMilestone: a starter that is committed as it is makes its milestone met. Of a README only its author knows the words.
func TestStartersReachTheirMilestone(t *testing.T) {
	t.Parallel()
	r := builtIn(t)
	for name, c := range repositories {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report := r.Evaluate(rules.Input{Repo: collect(t, r, c.files)})
			for _, m := range report.Milestones() {
				def, _, _ := r.Milestone(m.ID)
				st, ok := def.Starter.For(report.Setup())
				if !ok || m.ID == "readme" || m.Status != rules.Missing {
					continue
				}
				files := map[string]string{st.Path: st.Content}
				for p, content := range c.files {
					files[p] = content
				}
				after := r.Evaluate(rules.Input{Repo: collect(t, r, files)})
				if got, _ := after.Milestone(m.ID); got.Status != rules.Met {
					t.Errorf("%s is %s with its starter (%s):\n%s\n%s", m.ID, got.Status, got.Reason, st.Path, st.Content)
				}
			}
		})
	}
}
