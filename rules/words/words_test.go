package words_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/words"
)

// of finds the stack of a repository of files.
func of(t *testing.T, files map[string]string) words.Stack {
	t.Helper()
	repo, err := facts.Collect(t.Context(), rules.FilesSnapshot("r", files), facts.NewPatternSet(nil), facts.CollectOptions{Workers: 1})
	if err != nil {
		t.Fatal(err)
	}
	return words.Of(repo)
}

const (
	fastAPI = "from fastapi import FastAPI\n\napp = FastAPI()\n\n@app.get('/')\ndef root():\n    return {}\n"
	flask   = "from flask import Flask\n\nserver = Flask(__name__)\n"
	express = "const express = require('express');\nconst app = express();\napp.listen(3000);\n"
	spring  = "@SpringBootApplication\npublic class App {\n  public static void main(String[] a) { SpringApplication.run(App.class, a); }\n}\n"
	plain   = "public class Main {\n  public static void main(String[] a) { System.out.println(1); }\n}\n"
	pom     = `<project><modelVersion>4.0.0</modelVersion><groupId>a</groupId><artifactId>b</artifactId><version>1</version>
<properties><java.version>17</java.version></properties>
<build><plugins><plugin><groupId>org.springframework.boot</groupId><artifactId>spring-boot-maven-plugin</artifactId></plugin></plugins></build></project>`
)

// TestWordsOfARepository: commands and paths are those that the repository has; "-" says that there is no word.
func TestWordsOfARepository(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		files           map[string]string
		stack, fw, tool string
		words           map[string]string
	}{
		"npm with a lock": {
			map[string]string{"index.js": express, "package.json": `{"main":"index.js","scripts":{"start":"node index.js"},"dependencies":{"express":"4"},"devDependencies":{"jest":"29"}}`, "package-lock.json": "{}"},
			"node", "express", "jest", map[string]string{"install": "npm ci", "start": "npm start", "test": "npx jest", "runner": "jest", "run": "npm start", "copy": "package.json package-lock.json", "build": "-"},
		},
		"pnpm in a folder": {
			map[string]string{"api/index.js": express, "api/package.json": `{"scripts":{"dev":"node index.js","test":"vitest run"},"dependencies":{"express":"4"}}`, "api/pnpm-lock.yaml": "a: 1"},
			"node", "express", "pnpm", map[string]string{"install": "pnpm install --frozen-lockfile", "test": "pnpm test", "run": "pnpm dev", "start": "node index.js", "manifest": "api/package.json", "workdir": "api", "dir": "api/", "cd": "cd api && ", "enable": "corepack enable"},
		},
		"TypeScript that nothing builds": {
			map[string]string{"src/index.ts": "import Fastify from 'fastify';\nconst app = Fastify();\n", "package.json": `{"scripts":{"start":"node dist/index.js"},"dependencies":{"fastify":"4"}}`, "package-lock.json": "{}"},
			"node", "", "npm", map[string]string{"start": "-", "build": "-", "language": "TypeScript"},
		},
		"TypeScript with its compiler": {
			map[string]string{"src/index.ts": "import Fastify from 'fastify';\nconst app = Fastify();\n", "tsconfig.json": "{}", "package.json": `{"scripts":{"start":"node dist/index.js"},"dependencies":{"fastify":"4"},"devDependencies":{"typescript":"5"}}`, "package-lock.json": "{}"},
			"node", "", "npm", map[string]string{"start": "npm start", "build": "npx tsc", "check": "npx tsc --noEmit"},
		},
		"Bun":                           {map[string]string{"index.ts": "Bun.serve({fetch() { return new Response('a') }});\n", "package.json": `{"dependencies":{"zod":"3"}}`, "bun.lock": "{}"}, "node", "", "bun", map[string]string{"install": "bun install", "test": "bun test", "start": "bun index.ts", "add": "bun add", "runtime": "oven/bun:1"}},
		"JavaScript without a manifest": {map[string]string{"sort.js": "function a() { return 1 }\n"}, "node", "", "", map[string]string{"manifest": "-", "install": "-", "run": "-", "start": "-"}},
		"uv":                            {map[string]string{"app/main.py": fastAPI, "pyproject.toml": "[project]\nname = \"a\"\nrequires-python = \">=3.13\"\ndependencies = [\"fastapi\", \"uvicorn\"]\n", "uv.lock": ""}, "python", "fastapi", "uv", map[string]string{"install": "uv sync", "run": "uv run uvicorn app.main:app", "start": "uv run uvicorn app.main:app --host 0.0.0.0 --port 8000", "version": "3.13", "enable": "pip install uv", "manifest": "pyproject.toml"}},
		"Poetry":                        {map[string]string{"main.py": "print(1)\n", "pyproject.toml": "[tool.poetry]\nname = \"a\"\n", "poetry.lock": ""}, "python", "", "poetry", map[string]string{"run": "poetry run python main.py", "add_dev": "poetry add --group dev"}},
		"pip, a server nobody declares": {map[string]string{"main.py": fastAPI, "requirements.txt": "fastapi\n"}, "python", "fastapi", "pip", map[string]string{"run": "uvicorn main:app", "start": "-", "install": "pip install -r requirements.txt"}},
		"Flask by its variable":         {map[string]string{"web.py": flask, "requirements.txt": "flask\ngunicorn\n"}, "python", "flask", "pip", map[string]string{"run": "flask --app web run", "start": "gunicorn web:server --bind 0.0.0.0:8000"}},
		"Django": {
			map[string]string{"manage.py": "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n", "shop/wsgi.py": "from django.core.wsgi import get_wsgi_application\napplication = get_wsgi_application()\n", "requirements.txt": "django\n"},
			"python", "django", "unittest", map[string]string{"run": "python manage.py runserver", "start": "python manage.py runserver 0.0.0.0:8000", "test": "python manage.py test", "wsgi": "shop.wsgi"},
		},
		"Python without a list of packages":  {map[string]string{"tool.py": "print(1)\n"}, "python", "", "pip", map[string]string{"install": "-", "manifest": "-", "run": "-"}},
		"Java without a build":               {map[string]string{"src/Main.java": plain}, "java", "", "", map[string]string{"manifest": "-", "run": "java src/Main.java", "test": "-", "check": "-", "port": "8080"}},
		"Spring and Maven":                   {map[string]string{"src/main/java/App.java": spring, "pom.xml": pom}, "java", "spring", "maven", map[string]string{"run": "mvn spring-boot:run", "artifact": "target/*.jar", "version": "17", "image": "maven:3-eclipse-temurin-17"}},
		"Spring and Gradle":                  {map[string]string{"src/main/java/App.java": spring, "build.gradle": "plugins {\n  id 'org.springframework.boot' version '3.3.0'\n}\n", "gradlew": "#!/bin/sh\n"}, "java", "spring", "gradle", map[string]string{"run": "./gradlew bootRun", "build": "sh ./gradlew bootJar", "artifact": "build/libs/*.jar", "manifest": "build.gradle"}},
		"a servlet":                          {map[string]string{"src/S.java": "import javax.servlet.http.HttpServlet;\npublic class S extends HttpServlet {\n}\n"}, "java", "", "", map[string]string{"manifest": "-", "build": "-"}},
		"Sinatra":                            {map[string]string{"app.rb": "require 'sinatra'\n\nclass App < Sinatra::Base\nend\n", "Gemfile": "gem 'sinatra'\n", "Gemfile.lock": "x"}, "ruby", "sinatra", "", map[string]string{"run": "bundle exec ruby app.rb", "copy": "Gemfile Gemfile.lock"}},
		"Ruby without a Gemfile":             {map[string]string{"sort.rb": "def a\n  1\nend\n"}, "ruby", "", "", map[string]string{"install": "-", "test": "-", "add": "gem install"}},
		"plain PHP":                          {map[string]string{"index.php": "<?php\necho $_GET['a'];\n"}, "php", "", "", map[string]string{"install": "-", "run": "php -S localhost:8000", "entry": "index.php", "manifest": "-"}},
		"ASP.NET before Core":                {map[string]string{"Shop/Global.asax": "<%@ Application %>", "Shop/Global.asax.cs": "public class App : HttpApplication { void Start() { RouteTable.Routes.MapRoute(1); } }\n"}, "csharp", "aspnet", "", map[string]string{"add": "Install-Package", "run": "-", "test": "-"}},
		"ASP.NET Core":                       {map[string]string{"Program.cs": "var app = WebApplication.CreateBuilder(args).Build();\napp.Run();\n", "App.csproj": "<Project Sdk=\"Microsoft.NET.Sdk.Web\"></Project>"}, "csharp", "", "", map[string]string{"add": "dotnet add package", "run": "dotnet run"}},
		"Go below cmd":                       {map[string]string{"cmd/api/main.go": "package main\n\nfunc main() {}\n", "go.mod": "module a\n\ngo 1.24\n"}, "go", "", "", map[string]string{"run": "go run ./cmd/api", "build": "CGO_ENABLED=0 go build -o /app ./cmd/api"}},
		"a folder that fits into no command": {map[string]string{"$(x)/index.js": express, "$(x)/package.json": "{}"}, "node", "express", "", map[string]string{"install": "-", "manifest": "-", "dir": "-"}},
		"a front end with another runner": {
			map[string]string{"api/index.js": express, "api/package.json": `{"dependencies":{"express":"4"},"devDependencies":{"jest":"29"}}`, "web/package.json": `{"dependencies":{"react":"18"},"devDependencies":{"vitest":"1"}}`, "web/src/a.jsx": "export const A = () => 1;\n"},
			"node", "express", "jest", map[string]string{"runner": "jest", "dir": "api/"},
		},
		"Quarkus that reads Spring's annotations": {
			map[string]string{"src/main/java/A.java": "@RestController\npublic class A {\n  @GetMapping\n  String a() { return \"\"; }\n}\n", "pom.xml": "<project><artifactId>a</artifactId><dependencies><dependency><groupId>io.quarkus</groupId><artifactId>quarkus-spring-web</artifactId></dependency></dependencies></project>"},
			"java", "", "maven", nil,
		},
		"nothing but C++": {map[string]string{"a.cpp": "int main() { return 0; }\n"}, "", "", "", map[string]string{"language": "-", "test": "-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := of(t, c.files)
			if got.Name != c.stack || got.Framework != c.fw || c.tool != "" && !slices.Contains(got.Tools, c.tool) {
				t.Errorf("stack %q, framework %q, tools %v; want %q, %q, %q", got.Name, got.Framework, got.Tools, c.stack, c.fw, c.tool)
			}
			for k, want := range c.words {
				word, ok := got.Words[k]
				if !ok {
					word = "-"
				}
				if word != want {
					t.Errorf("%s: %q, want %q", k, word, want)
				}
			}
		})
	}
}

func TestTextsGiveWay(t *testing.T) {
	t.Parallel()
	text := words.Text{"default": "Run `{test}` in {language}.", "node": "Run `{run}`.", "express": "Mount it, then `{run}`.", "jest": "Write {runner} tests."}
	for _, c := range []struct {
		stack words.Stack
		want  string
	}{
		{words.Stack{}, "Run the command that runs your tests in your language."},
		{words.Named("node"), "Run `npm start`."},
		{words.Named("express"), "Mount it, then `npm start`."},
		{words.Stack{Name: "node", Framework: "express", Words: map[string]string{"test": "npm test"}}, "Run `npm test` in your language."},
		{words.Stack{Name: "node", Tools: []string{"jest"}, Words: map[string]string{"runner": "jest", "run": "x"}}, "Write jest tests."},
	} {
		if got := text.For(c.stack); got != c.want {
			t.Errorf("%+v: %q, want %q", c.stack, got, c.want)
		}
	}
	if got := (words.Text{"java": "Java."}).For(words.Stack{Name: "kotlin"}); got != "Java." {
		t.Errorf("Kotlin is told %q", got)
	}
}

func TestFill(t *testing.T) {
	t.Parallel()
	s := words.Stack{Words: map[string]string{"install": "npm ci", "dir": ""}}
	for text, want := range map[string]string{
		"no braces":                          "no braces",
		"a {install} b":                      "a npm ci b",
		"`{test}`":                           "the command that runs your tests",
		"`go {test}`":                        "`go the command that runs your tests`",
		"FROM a\nRUN {build?}\nCMD {dir}x\n": "FROM a\nCMD x\n",
		"RUN {install?}\n":                   "RUN npm ci\n",
		"`/{id}` and ${NAME} and { ... } and {tests}": "`/{id}` and ${NAME} and { ... } and {tests}",
		"{install":    "{install",
		"{{install}}": "{npm ci}",
	} {
		if got := s.Fill(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	// what a word holds is not filled again
	if got := s.With(map[string]string{"path": "`{install}`"}).Fill("see {path}"); got != "see `{install}`" {
		t.Errorf("a path was filled: %q", got)
	}
}

func TestStarters(t *testing.T) {
	t.Parallel()
	ss := words.Starters{
		"default": {Path: "Makefile", Content: "all:"},
		"node":    {Path: "{dir}Dockerfile", Content: "RUN {install}\nRUN {build?}\nCMD {start}\n"},
		"django":  {},
	}
	for _, c := range []struct {
		name  string
		stack words.Stack
		want  words.Starter
	}{
		{"all known", words.Stack{Name: "node", Words: map[string]string{"dir": "api/", "install": "npm ci", "start": "npm start"}}, words.Starter{Path: "api/Dockerfile", Content: "RUN npm ci\nCMD npm start\n"}},
		{"no start: the general one", words.Stack{Name: "node", Words: map[string]string{"dir": "", "install": "npm ci"}}, words.Starter{Path: "Makefile", Content: "all:"}},
		{"none for a framework", words.Named("django"), words.Starter{}},
	} {
		got, ok := ss.For(c.stack)
		if diff := cmp.Diff(c.want, got); diff != "" || ok != (c.want.Path != "") {
			t.Errorf("%s: %v (-want +got):\n%s", c.name, ok, diff)
		}
	}
}

// FuzzFill: whatever a text and a word hold, filling ends without a panic, and a text without braces stays as it is.
func FuzzFill(f *testing.F) {
	f.Add("a {install} {test?}\n`{run}`", "{install}")
	f.Fuzz(func(t *testing.T, text, word string) {
		got := words.Stack{Words: map[string]string{"install": word}}.Fill(text)
		if !strings.Contains(text, "{") && got != text {
			t.Errorf("%q became %q", text, got)
		}
	})
}
