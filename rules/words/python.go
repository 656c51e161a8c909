package words

import (
	"path"
	"regexp"
	"strings"

	"milepost/rules/facts"
)

// python finds the words of Python.
func (b *bench) python() {
	lock := b.up("uv.lock", "poetry.lock", "Pipfile")
	prefix := ""
	switch {
	case lock == "uv.lock" && b.manifest("pyproject.toml"):
		prefix = "uv run "
		b.tool("uv", "uv sync", "", "uv add", "uv add --dev")
		b.set("enable", "pip install uv")
	case lock == "poetry.lock" && b.manifest("pyproject.toml"), b.manifest("pyproject.toml") && b.field("tool.poetry") != "":
		prefix = "poetry run "
		b.tool("poetry", "poetry install", "", "poetry add", "poetry add --group dev")
		if lock == "" || b.m != nil && b.m.Name == "" {
			b.set("install", "poetry install --no-root")
		}
		b.set("enable", "pip install poetry")
	case lock == "Pipfile" && b.manifest("Pipfile"):
		prefix = "pipenv run "
		b.tool("pipenv", "pipenv install --dev", "", "pipenv install", "pipenv install --dev")
		b.set("enable", "pip install pipenv")
	default:
		b.tool("pip", b.requirements(), "", "pip install", "pip install")
	}
	b.set("version", b.pythonVersion())
	b.set("runtime", "python:"+b.s.Words["version"])
	b.testsOfPython(prefix)
	b.startOfPython(prefix)
}

// requirements takes the list of packages that pip reads, and says how it is installed.
func (b *bench) requirements() string {
	for _, n := range []string{"requirements.txt", "requirements/base.txt", "requirements/common.txt", "requirements/local.txt", "requirements/dev.txt", "requirements-dev.txt", "requirements/production.txt", "requirements/prod.txt"} {
		if b.manifest(n) {
			return "pip install -r " + n
		}
	}
	if b.manifest("pyproject.toml") && (b.field("build-backend") != "" || b.m != nil && b.m.Name != "") || b.manifest("setup.py") {
		return "pip install ."
	}
	b.m = nil
	delete(b.s.Words, "manifest")
	return ""
}

var pythonMinor = regexp.MustCompile(`3\.(\d{1,2})`)

// pythonVersion is the version that the manifest asks for, else a recent one.
func (b *bench) pythonVersion() string {
	asked := b.field("python")
	m := pythonMinor.FindStringSubmatch(asked)
	if m == nil || len(m[1]) == 1 {
		return "3.12"
	}
	if strings.ContainsAny(asked, ">^~") && m[1] < "12" && !strings.Contains(asked, "<3.") && !strings.HasPrefix(asked, "~") {
		return "3.12"
	}
	return "3." + m[1]
}

// testsOfPython finds how tests are run.
func (b *bench) testsOfPython(prefix string) {
	pytest := b.declares("pytest", "pytest-django", "pytest-cov", "pytest-asyncio") || len(b.r.Imports("pytest")) > 0
	manage := b.find("manage.py")
	test, tool := "pytest", "pytest"
	switch {
	case pytest:
	case b.s.Framework == "django" && manage != "":
		test, tool = "python "+manage+" test", "unittest"
	case b.tested("unittest"):
		test, tool = "python -m unittest", "unittest"
	}
	if pytest || tool == "unittest" {
		b.s.Tools = append([]string{tool}, b.s.Tools...)
		b.set("runner", tool)
	}
	b.set("test", prefix+test)
	switch {
	case b.tested() && test == "pytest" && !b.declares("pytest", "pytest-django", "pytest-cov", "pytest-asyncio"): // CI would not find it
	case b.tested(), test == "python "+manage+" test":
		b.set("check", prefix+test)
		return
	case b.s.Framework == "django" && manage != "":
		b.set("check", prefix+"python "+manage+" check")
		return
	}
	b.set("check", prefix+"python -m compileall -q .")
}

// startOfPython finds the entry file and how the server is started while one works on it, and in an image.
func (b *bench) startOfPython(prefix string) {
	manage := b.find("manage.py")
	switch b.s.Framework {
	case "django":
		if manage == "" {
			return
		}
		b.set("entry", manage)
		b.set("run", prefix+"python "+manage+" runserver")
		b.set("start", prefix+"python "+manage+" runserver 0.0.0.0:8000")
		if wsgi := b.find("wsgi.py"); wsgi != "" && parent(manage) == parent(parent(wsgi)) {
			b.set("wsgi", path.Base(parent(wsgi))+".wsgi")
			if parent(manage) == "" && b.declares("gunicorn") {
				b.set("start", prefix+"gunicorn "+b.s.Words["wsgi"]+" --bind 0.0.0.0:8000")
			}
		}
		return
	case "flask", "fastapi":
		b.appOfPython(prefix)
		return
	}
	if e := b.first("main.py", "app.py", "server.py", "run.py", "src/main.py", "app/main.py", "src/app.py"); e != "" {
		b.set("entry", e)
		b.set("run", prefix+"python "+e)
		b.set("start", prefix+"python "+e)
	}
}

// appOfPython finds the module that makes the application of Flask or FastAPI.
func (b *bench) appOfPython(prefix string) {
	name := map[string]string{"flask": "Flask", "fastapi": "FastAPI"}[b.s.Framework]
	module, variable := "", ""
	for _, p := range b.servers(name) {
		if v := b.variable(p, name); v != "" && (v != "()" || name == "Flask") && !strings.ContainsAny(strings.TrimSuffix(p, ".py"), ".-@+") {
			module, variable = strings.TrimSuffix(p, ".py"), v
			b.set("entry", p)
			break
		}
	}
	if module == "" {
		return
	}
	module = strings.ReplaceAll(strings.TrimSuffix(module, "/__init__"), "/", ".")
	if b.s.Framework == "fastapi" {
		b.set("run", prefix+"uvicorn "+module+":"+variable)
		b.set("wsgi", module+":"+variable)
		if b.declares("uvicorn", "fastapi") && (b.declares("uvicorn") || b.standard()) {
			b.set("start", prefix+"uvicorn "+module+":"+variable+" --host 0.0.0.0 --port 8000")
		}
		return
	}
	b.set("run", prefix+"flask --app "+module+" run")
	b.set("start", prefix+"flask --app "+module+" run --host 0.0.0.0 --port 8000")
	b.set("wsgi", module+":"+variable)
	if b.declares("gunicorn") && variable != "()" {
		b.set("start", prefix+"gunicorn "+module+":"+variable+" --bind 0.0.0.0:8000")
	}
}

// standard reports whether FastAPI is declared with the extras that bring a server.
func (b *bench) standard() bool {
	for _, d := range b.r.Dependencies(b.eco, "fastapi") {
		if strings.Contains(d.Extras, "standard") || strings.Contains(d.Extras, "all") {
			return true
		}
	}
	return false
}

// variable is the module's name for the application that a file makes, or "" when it makes none at its top.
func (b *bench) variable(rel, framework string) string {
	p := b.at(rel)
	for _, h := range b.r.Hits(facts.KindServer) {
		if h.File.Path == p && h.Name == framework && h.Scope != "" {
			return h.Scope
		}
	}
	return ""
}
