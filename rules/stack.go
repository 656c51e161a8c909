package rules

import (
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

// Stacks are the names by which texts differ.
var Stacks = []string{"node", "python", "java", "kotlin", "csharp", "go", "ruby", "php", "rust", "scala", "elixir"}

// Frameworks are the names by which texts for a stack differ again. "jvm" is any framework for the Java machine but Spring, Ktor among them, and
// servlets without one; "gin" is Echo too.
var Frameworks = []string{"django", "flask", "fastapi", "ktor", "jvm", "rails", "sinatra", "laravel", "symfony", "express", "nest", "phoenix", "gin", "fiber"}

// frameworkOf tells the framework by the name of the server that code starts, and the stacks that it belongs to.
var frameworkOf = map[string]struct{ key, stacks string }{
	"Django": {"django", "python"}, "Flask": {"flask", "python"}, "FastAPI": {"fastapi", "python"},
	"Spring": {"spring", "java kotlin scala"}, "Spring Boot": {"spring", "java kotlin scala"}, "Spring WebFlux": {"spring", "java kotlin scala"}, "Ktor": {"ktor", "kotlin"},
	"Rails": {"rails", "ruby"}, "Sinatra": {"sinatra", "ruby"}, "Laravel": {"laravel", "php"}, "Symfony": {"symfony", "php"}, "Express": {"express", "node"}, "NestJS": {"nest", "node"}, "Phoenix": {"phoenix", "elixir"},
	"Gin": {"gin", "go"}, "Echo": {"gin", "go"}, "Fiber": {"fiber", "go"},
}

// Stack is the main stack of a repository and the commands that its learner types.
type Stack struct {
	Name string // one of Stacks, "" when there is no code of any
	// Framework is the one that most files are written for, where texts or commands differ by it.
	Framework string
	Language  string // "TypeScript"
	Dir       string // folder of the main package, "" for the root
	Install   string // "npm ci"
	Test      string // "npm test"
	Add       string // "npm install"
	AddDev    string // "npm install --save-dev"
	Run       string // "npm start"
	Manifest  string // "package.json"
	Port      string // on which servers of the stack mostly listen: "3000"
	servlets  bool   // without a framework: a server of servlets runs what the build makes
}

var stackByLanguage = map[lex.Language]string{
	lex.JavaScript: "node", lex.TypeScript: "node", lex.Python: "python", lex.Java: "java", lex.Kotlin: "kotlin", lex.CSharp: "csharp", lex.FSharp: "csharp",
	lex.Go: "go", lex.Ruby: "ruby", lex.PHP: "php", lex.Rust: "rust", lex.Scala: "scala", lex.Elixir: "elixir", lex.Groovy: "java",
}

// StackOf finds the main stack: the language with most of the project's own code that is not a browser's.
func StackOf(r *facts.Repo) Stack {
	lines := map[lex.Language]int{}
	for i := range r.Files {
		f := &r.Files[i]
		if f.Own() && stackByLanguage[f.Lang()] != "" {
			n := f.Facts.Lines.Code
			if r.Browser(f) {
				n /= 4 // a large front end does not make a backend
			}
			lines[f.Lang()] += n
		}
	}
	best := lex.Unknown
	for l, n := range lines {
		if best == lex.Unknown || n > lines[best] || n == lines[best] && l < best {
			best = l
		}
	}
	s := Stack{Name: stackByLanguage[best]}
	if best != lex.Unknown {
		s.Language = best.String()
	}
	s.framework(r)
	s.commands(r)
	return s
}

// framework finds the framework that most files of the stack are written for.
func (s *Stack) framework(r *facts.Repo) {
	jvm := s.Name == "java" || s.Name == "kotlin" || s.Name == "scala"
	seen, most := map[string]int{}, 0
	bare := s.Name == "kotlin" || s.Name == "scala" // those of Spring are told by it
	defer func() {
		if bare && s.Framework == "" {
			s.Framework = "jvm"
		}
	}()
	for _, h := range r.Hits(facts.KindServer) {
		if !h.File.Own() || h.File.Class.Has(facts.Test|facts.Example) || stackByLanguage[h.File.Lang()] != s.Name {
			continue
		}
		if h.Value == "plain" {
			bare, s.servlets = bare || jvm, s.servlets || h.Name == "servlet"
			continue
		}
		known := frameworkOf[h.Name]
		switch {
		case known.key != "" && strings.Contains(known.stacks, s.Name):
		case jvm:
			known.key = "jvm"
		default:
			continue
		}
		seen[known.key]++
		if n := seen[known.key]; n > most || n == most && known.key < s.Framework {
			s.Framework, most = known.key, n
		}
	}
}

// exists reports whether a file of that name lies anywhere but in vendored folders.
func exists(r *facts.Repo, base string) bool {
	for i := range r.Files {
		if f := &r.Files[i]; !f.Class.Has(facts.Vendored) && strings.EqualFold(f.Base(), base) {
			return true
		}
	}
	return false
}

func (s *Stack) commands(r *facts.Repo) {
	set := func(manifest, install, test, add, addDev, run string) {
		s.Manifest, s.Install, s.Test, s.Add, s.AddDev, s.Run = manifest, install, test, add, addDev, run
	}
	defer s.starts()
	s.Port = portOf(s.Name)
	switch s.Name {
	case "node":
		switch {
		case exists(r, "pnpm-lock.yaml"):
			set("package.json", "pnpm install --frozen-lockfile", "pnpm test", "pnpm add", "pnpm add --save-dev", "pnpm start")
		case exists(r, "yarn.lock"):
			set("package.json", "yarn install --frozen-lockfile", "yarn test", "yarn add", "yarn add --dev", "yarn start")
		case exists(r, "package-lock.json"):
			set("package.json", "npm ci", "npm test", "npm install", "npm install --save-dev", "npm start")
		default:
			set("package.json", "npm install", "npm test", "npm install", "npm install --save-dev", "npm start")
		}
	case "python":
		switch {
		case exists(r, "uv.lock"):
			set("pyproject.toml", "uv sync", "uv run pytest", "uv add", "uv add --dev", "uv run python main.py")
		case exists(r, "poetry.lock"):
			set("pyproject.toml", "poetry install", "poetry run pytest", "poetry add", "poetry add --group dev", "poetry run python main.py")
		case exists(r, "Pipfile"):
			set("Pipfile", "pipenv install --dev", "pipenv run pytest", "pipenv install", "pipenv install --dev", "pipenv run python main.py")
		default:
			set("requirements.txt", "pip install -r requirements.txt", "pytest", "pip install", "pip install", "python main.py")
		}
	case "java", "kotlin", "scala":
		switch {
		case s.Name == "scala" && (exists(r, "build.sbt") || !exists(r, "build.gradle") && !exists(r, "pom.xml")):
			set("build.sbt", "sbt compile", "sbt test", "add to build.sbt", "add to build.sbt", "sbt run")
		case exists(r, "build.gradle") || exists(r, "build.gradle.kts"):
			set("build.gradle", "./gradlew build", "./gradlew test", "add to build.gradle", "add to build.gradle", "./gradlew bootRun")
			if !exists(r, "build.gradle") {
				s.Manifest, s.Add, s.AddDev = "build.gradle.kts", "add to build.gradle.kts", "add to build.gradle.kts"
			}
		case s.Name == "java" && len(r.Files) > 0 && !exists(r, "pom.xml"):
			set("pom.xml", "mvn --batch-mode package", "mvn --batch-mode test", "add to pom.xml", "add to pom.xml", "java Main.java")
		default:
			set("pom.xml", "mvn --batch-mode package", "mvn --batch-mode test", "add to pom.xml", "add to pom.xml", "mvn spring-boot:run")
		}
	case "csharp":
		set("the .csproj", "dotnet restore", "dotnet test", "dotnet add package", "dotnet add package", "dotnet run")
	case "go":
		set("go.mod", "go mod download", "go test ./...", "go get", "go get", "go run .")
	case "ruby":
		test := "bundle exec rake test"
		if exists(r, ".rspec") || exists(r, "spec_helper.rb") {
			test = "bundle exec rspec"
		}
		set("Gemfile", "bundle install", test, "bundle add", "bundle add --group development", "bundle exec ruby app.rb")
	case "php":
		test := "vendor/bin/phpunit"
		if exists(r, "artisan") {
			test = "php artisan test"
		}
		set("composer.json", "composer install", test, "composer require", "composer require --dev", "php -S localhost:8000")
	case "rust":
		set("Cargo.toml", "cargo build", "cargo test", "cargo add", "cargo add --dev", "cargo run")
	case "elixir":
		set("mix.exs", "mix deps.get", "mix test", "add to mix.exs", "add to mix.exs", "mix run")
	}
}

// portOf is the port on which servers of a stack mostly listen.
func portOf(stack string) string {
	switch stack {
	case "node", "ruby":
		return "3000"
	case "python", "php":
		return "8000"
	case "elixir":
		return "4000"
	}
	return "8080"
}

// jar is where the build tool puts the archive.
func (s Stack) jar() string {
	if strings.HasPrefix(s.Manifest, "build.gradle") {
		return "build/libs/app.jar"
	}
	return "target/app.jar"
}

// starts sets the command that starts a server of the framework.
func (s *Stack) starts() {
	switch s.Framework {
	case "django":
		s.Run = strings.TrimSuffix(s.Run, "main.py") + "manage.py runserver"
	case "flask":
		s.Run = strings.TrimSuffix(s.Run, "python main.py") + "flask run"
	case "fastapi":
		s.Run = strings.TrimSuffix(s.Run, "python main.py") + "uvicorn main:app"
	case "ktor", "jvm":
		switch s.Manifest {
		case "build.gradle", "build.gradle.kts":
			s.Run = "./gradlew run"
		case "pom.xml":
			s.Run = "mvn compile exec:java"
			if s.servlets {
				s.Run = "mvn package"
			}
		}
	case "rails":
		s.Run = "bin/rails server"
	case "laravel":
		s.Run = "php artisan serve"
	case "symfony":
		s.Run = "symfony serve"
	case "phoenix":
		s.Run = "mix phx.server"
	}
}

// StackNamed is the stack of a name with the commands that are usual there, for texts about no particular repository.
func StackNamed(name string) Stack {
	s := Stack{Name: name, Language: name}
	s.commands(&facts.Repo{})
	return s
}

// Fill replaces {language}, {install}, {test}, {add}, {add_dev}, {run}, {manifest}, {port} and {jar} in a text.
func (s Stack) Fill(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer(
		"{language}", s.Language, "{install}", s.Install, "{test}", s.Test, "{add}", s.Add, "{add_dev}", s.AddDev, "{run}", s.Run, "{manifest}", s.Manifest, "{port}", s.Port, "{jar}", s.jar(),
	).Replace(text)
}
