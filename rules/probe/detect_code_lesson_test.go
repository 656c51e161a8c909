package probe

import (
	"testing"

	"milepost/rules/facts"
	"milepost/rules/snapshot"
)

func TestLesson(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path   string
		within bool
		course string
	}{
		{"week-3/server/index.js", true, "week-3"},
		{"Day_12/main.py", true, "Day_12"},
		{"exercises/loops.js", true, ""},
		{"src/server.js", false, ""},
		{"week.js", false, ""},
		{"services/cart/src/main/java/com/interview/cart/Cart.java", false, ""},
		{"src/main/kotlin/org/notes/Notes.kt", false, ""},
		{"lab2/src/main/java/org/shop/Shop.java", true, "lab2"},
		{"src/week-3/index.js", true, ""},
	} {
		if got := lesson(c.path); got != c.within {
			t.Errorf("lesson(%q) = %v, want %v", c.path, got, c.within)
		}
		if got := numberedLesson(c.path); got != c.course {
			t.Errorf("numberedLesson(%q) = %q, want %q", c.path, got, c.course)
		}
	}
}

func TestCourse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		size size
		want bool
	}{
		{"weeks and nothing else", size{lines: 900, lessons: map[string]int{"week-1": 200, "week-2": 200, "week-3": 250, "week-4": 250}}, true},
		{"weeks beside an application", size{lines: 2000, lessons: map[string]int{"week-1": 200, "week-2": 200, "week-3": 250, "week-4": 250}}, false},
		{"three folders", size{lines: 600, lessons: map[string]int{"lab1": 200, "lab2": 200, "lab3": 200}}, false},
		{"nothing", size{}, false},
	} {
		if got := c.size.course(); got != c.want {
			t.Errorf("%s: course() = %v, want %v", c.name, got, c.want)
		}
	}
}

func TestSpeaksOf(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, word string
		want       bool
	}{
		{"a backend in go using gin and postgresql", "post", false},
		{"people write posts", "post", true},
		{"a shop with a cart", "cart", true},
		{"shopping lists", "shop", true},
		{"notes of a workshop", "shop", false},
		{"a service ready for production", "product", false},
		{"my-todoserver", "todo", true},
		{"a microblog", "blog", true},
	} {
		if got := speaksOf(c.text, c.word); got != c.want {
			t.Errorf("speaksOf(%q, %q) = %v, want %v", c.text, c.word, got, c.want)
		}
	}
}

func TestStudies(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		repo, purpose string
		size          size
		want          bool
	}{
		{"me/js", "Exercícios feitos para um curso", size{files: 60, lines: 450, alone: 58}, true},
		{"me/javascript-basics", "", size{files: 60, lines: 450, alone: 58}, true},
		{"me/workouts", "An API for exercises and workouts", size{files: 60, lines: 800, alone: 9}, false}, // they use each other
		{"me/workouts", "An API for exercises and workouts", size{files: 30, lines: 2400, alone: 30}, false},
		{"me/shop", "A small shop", size{files: 60, lines: 450, alone: 58}, false},
	} {
		in := &Input{Repo: &facts.Repo{Name: c.repo}}
		if got := c.size.studies(in, facts.Hit{Fact: &facts.Fact{Value: c.purpose}}); got != c.want {
			t.Errorf("studies of %s (%q, %+v) = %v, want %v", c.repo, c.purpose, c.size, got, c.want)
		}
	}
}

func TestSkeletonOfLaravel(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		path    string
		artisan bool
		want    bool
	}{
		{"database/migrations/0001_01_01_000002_create_jobs_table.php", true, true},
		{"database/migrations/2024_05_01_101010_create_permission_tables.php", true, true},
		{"database/migrations/2024_05_01_101010_create_boats_table.php", true, false},
		{"database/migrations/2024_05_01_101010_create_users_table.php", true, false},
		{"config/app.php", true, true},
		{"config/app.php", false, false},
	} {
		repo := &facts.Repo{Files: []facts.RepoFile{{Entry: snapshot.Entry{Path: c.path}}}}
		if c.artisan {
			repo.Files = append(repo.Files, facts.RepoFile{Entry: snapshot.Entry{Path: "artisan"}})
		}
		if got := skeleton(&Input{Repo: repo}, &repo.Files[0]); got != c.want {
			t.Errorf("skeleton(%q), artisan %v = %v, want %v", c.path, c.artisan, got, c.want)
		}
	}
}
