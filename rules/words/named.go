package words

import "slices"

// usual are the words of a stack where nothing is known of a repository.
var usual = map[string]map[string]string{
	"node": {
		"language": "JavaScript", "manifest": "package.json", "install": "npm ci", "test": "npm test", "add": "npm install", "add_dev": "npm install --save-dev", "run": "npm start", "start": "npm start",
		"copy": "package.json package-lock.json", "runtime": "node:24-alpine", "check": "npm test", "dockerfile": "Dockerfile",
	},
	"python": {
		"language": "Python", "manifest": "requirements.txt", "install": "pip install -r requirements.txt", "test": "pytest", "add": "pip install", "add_dev": "pip install", "run": "python main.py", "start": "python main.py",
		"runtime": "python:3.12", "version": "3.12", "check": "pytest", "dockerfile": "Dockerfile",
	},
	"java":   {"language": "Java", "manifest": "pom.xml", "install": "mvn --batch-mode compile", "test": "mvn --batch-mode test", "check": "mvn --batch-mode verify", "version": "21", "dockerfile": "Dockerfile"},
	"kotlin": {"language": "Kotlin", "manifest": "build.gradle.kts", "install": "./gradlew build -x test", "test": "./gradlew test", "check": "./gradlew build", "run": "./gradlew run", "dockerfile": "Dockerfile"},
	"scala":  {"language": "Scala", "manifest": "build.sbt", "install": "sbt compile", "test": "sbt test", "check": "sbt test", "run": "sbt run", "dockerfile": "Dockerfile"},
	"csharp": {"language": "C#", "install": "dotnet restore", "test": "dotnet test", "check": "dotnet test", "add": "dotnet add package", "add_dev": "dotnet add package", "run": "dotnet run", "version": "10.0.x", "dockerfile": "Dockerfile"},
	"go": {
		"language": "Go", "manifest": "go.mod", "install": "go mod download", "test": "go test ./...", "check": "go test ./...", "add": "go get", "add_dev": "go get", "run": "go run .",
		"build": "CGO_ENABLED=0 go build -o /app .", "dockerfile": "Dockerfile",
	},
	"ruby": {
		"language": "Ruby", "manifest": "Gemfile", "install": "bundle install", "test": "bundle exec rake test", "check": "bundle exec rake test", "add": "bundle add", "add_dev": "bundle add --group development",
		"run": "bundle exec ruby app.rb", "version": "3.4", "runtime": "ruby:3.4", "copy": "Gemfile Gemfile.lock", "dockerfile": "Dockerfile",
	},
	"php": {
		"language": "PHP", "manifest": "composer.json", "install": "composer install", "test": "vendor/bin/phpunit", "check": "vendor/bin/phpunit", "add": "composer require", "add_dev": "composer require --dev",
		"run": "php -S localhost:8000", "dockerfile": "Dockerfile",
	},
	"rust":   {"language": "Rust", "manifest": "Cargo.toml", "install": "cargo build", "test": "cargo test", "check": "cargo test", "add": "cargo add", "add_dev": "cargo add --dev", "run": "cargo run", "dockerfile": "Dockerfile"},
	"elixir": {"language": "Elixir", "manifest": "mix.exs", "install": "mix deps.get", "test": "mix test", "check": "mix test", "run": "mix run", "dockerfile": "Dockerfile"},
}

// frameworkStack is the stack that a framework is usual in, with the command that starts a server of it, and what is added where it must answer
// from outside.
var frameworkStack = map[string]struct{ stack, run, bind string }{
	"django": {"python", "python manage.py runserver", " 0.0.0.0:8000"}, "flask": {"python", "flask run", " --host 0.0.0.0 --port 8000"}, "fastapi": {"python", "uvicorn main:app", " --host 0.0.0.0 --port 8000"}, "spring": {"java", "mvn spring-boot:run", ""}, "ktor": {"kotlin", "./gradlew run", ""},
	"play": {"scala", "sbt run", ""}, "rails": {"ruby", "bin/rails server", " --binding 0.0.0.0"}, "sinatra": {"ruby", "bundle exec ruby app.rb", " -o 0.0.0.0"}, "laravel": {"php", "php artisan serve", " --host=0.0.0.0"}, "symfony": {"php", "symfony serve", ""},
	"express": {"node", "npm start", ""}, "nest": {"node", "npm start", ""}, "phoenix": {"elixir", "mix phx.server", ""}, "gin": {"go", "go run .", ""}, "fiber": {"go", "go run .", ""}, "aspnet": {"csharp", "", ""},
}

// Named is the stack of a name, one of Stacks or Frameworks, with the words that are usual there, for texts about no particular repository.
func Named(name string) Stack {
	f, framework := frameworkStack[name]
	if !framework {
		if !slices.Contains(Stacks, name) {
			return Stack{Words: map[string]string{"dir": "", "cd": "", "port": "8080"}}
		}
		return Stack{Name: name}.With(usual[name]).With(map[string]string{"dir": "", "cd": "", "port": portOf(name)})
	}
	s := Named(f.stack).With(map[string]string{"run": f.run, "start": f.run + f.bind})
	s.Framework = name
	switch name {
	case "spring":
		s = s.With(map[string]string{"image": "maven:3-eclipse-temurin-21", "build": "mvn --batch-mode package -DskipTests", "artifact": "target/*.jar"})
	case "aspnet": // Visual Studio builds it, and runs it
		for _, w := range []string{"run", "start", "test", "check", "version"} {
			delete(s.Words, w)
		}
		s.Words["install"], s.Words["add"], s.Words["add_dev"] = "nuget restore", "Install-Package", "Install-Package"
	}
	return s
}
