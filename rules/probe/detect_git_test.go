package probe

import (
	"testing"

	"milepost/rules/facts"
	"milepost/rules/snapshot"
)

func TestTelling(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]bool{
		"Add the login route":                   true,
		"merge sort":                            true,
		"feat: 로그인 기능 추가":                       true,
		"增加了路径":                                 true,
		"bst":                                   true,
		"update":                                false,
		"Fix.":                                  false,
		"fix 2":                                 false,
		"commit update":                         false,
		"chore: update":                         false,
		".":                                     false,
		"##":                                    false,
		"aaaa":                                  false,
		"Add files via upload":                  false,
		"Delete app/__pycache__ directory":      false,
		"Update README.md":                      false,
		"Create index.js":                       false,
		"Delete old.js":                         false,
		"Merge branch 'main' into dev":          false,
		"Initial commit from Create Next App":   false,
		"Bump lodash from 1 to 2":               false,
		"Update the README with the new routes": true,
		"Create a table for comments":           true,
	} {
		if got := telling(message); got != want {
			t.Errorf("%q: %v, want %v", message, got, want)
		}
	}
}

func TestLiveLink(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		url, label string
		want       bool
	}{
		{"https://shelf.onrender.com", "", true},
		{"https://app.shelf.net", "Live demo", true},
		{"https://app.shelf.net", "Author", false},
		{"http://localhost:3000", "Live demo", false},
		{"http://127.0.0.1:8000/docs", "Live", false},
		{"https://github.com/a/shelf", "Live demo", false},
		{"https://img.shields.io/demo", "demo", false},
		{"https://www.youtube.com/watch?v=1", "Demo", false},
		{"https://shelf.herokuapp.com/screenshot.png", "Demo", false},
		{"https://ann.github.io/shelf", "", true},
		{"https://ann.github.io/other", "Ann", false},
		{"https://your-app.herokuapp.com", "", false},
		{"https://docs.shelf.net", "Live documentation", false},
		{"ftp://shelf.onrender.com", "", false},
		{"https://%zz", "Live", false},
	} {
		if got := liveLink("ann/shelf", facts.Hit{Fact: &facts.Fact{Value: tt.url, Scope: tt.label}}); got != tt.want {
			t.Errorf("%s (%s): %v, want %v", tt.url, tt.label, got, tt.want)
		}
	}
}

func TestTestCommands(t *testing.T) {
	t.Parallel()
	w := &follower{in: &Input{Repo: facts.Index("", "", nil)}, seen: map[string]bool{}}
	for command, want := range map[string]bool{
		"npx jest --ci":                                true,
		"python -m pytest -q":                          true,
		"python manage.py test":                        true,
		"uv run pytest":                                true,
		"poetry run coverage run -m pytest":            true,
		"go test ./...":                                true,
		"./gradlew build":                              true,
		"gradle build -x test":                         false,
		"mvn -B verify":                                true,
		"mvn package -DskipTests":                      false,
		"dotnet test --no-build":                       true,
		"bundle exec rspec":                            true,
		"bundle exec rake":                             true,
		"rake db:migrate":                              false,
		"vendor/bin/phpunit":                           true,
		"php artisan test":                             true,
		"cargo test --workspace":                       true,
		"cargo build":                                  false,
		"mix test":                                     true,
		"sbt clean test":                               true,
		"docker compose run --rm web pytest":           true,
		"docker-compose exec -T api bundle exec rspec": true,
		"docker build .":                               false,
		"npm test":                                     false, // there is no package.json
		"npm ci":                                       false,
		"pip install pytest":                           false,
		"npm install jest":                             false,
		"tox -e lint":                                  false,
		"tox":                                          true,
		"jest --version":                               false,
	} {
		if got := w.tests(command, "", 0); got != want {
			t.Errorf("%q: %v, want %v", command, got, want)
		}
	}
}

func TestLearnerIsTheMainWriter(t *testing.T) {
	t.Parallel()
	log := []snapshot.Commit{
		{AuthorName: "Ann", AuthorEmail: "ann@example.com", Parents: 2, Message: "Merge branch 'a'"},
		{AuthorName: "Ann", AuthorEmail: "ann@example.com", Parents: 2, Message: "Merge branch 'b'"},
		{AuthorName: "Ann", AuthorEmail: "ann@example.com", Parents: 1, Message: "Merge pull request #1 from bo/b"},
		{AuthorName: "Ann", AuthorEmail: "ann@example.com", Parents: 1, Message: "Add a"},
		{AuthorName: "Bo", AuthorEmail: "bo@example.com", Parents: 1, Message: "Add b"},
		{AuthorName: "Bo", AuthorEmail: "bo@example.com", Parents: 1, Message: "Add c"},
	}
	got := byLearner(log, "")
	if len(got) != 2 || got[0].AuthorName != "Bo" {
		t.Errorf("got %d commits by %q, want the 2 of Bo, who wrote more than merges", len(got), got[0].AuthorName)
	}
}
