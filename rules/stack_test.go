package rules_test

import (
	"testing"

	"milepost/rules"
	"milepost/rules/facts"
)

func TestStackOf(t *testing.T) {
	t.Parallel()
	const class = "public class Main { public static void main(String[] args) { System.out.println(1); } }\n"
	for name, c := range map[string]struct {
		files map[string]string
		text  string
		want  string
	}{
		"Java without a build tool":   {map[string]string{"Main.java": class}, "{run}", "java Main.java"},
		"Spring":                      {map[string]string{"pom.xml": "<project/>", "src/main/java/App.java": "@SpringBootApplication\n" + class}, "{run}, {jar}", "mvn spring-boot:run, target/app.jar"},
		"servlets":                    {map[string]string{"pom.xml": "<project/>", "src/main/java/A.java": "public class A extends HttpServlet { void doGet(HttpServletRequest r) { } }\n"}, "{run}", "mvn package"},
		"Kotlin with Gradle's Kotlin": {map[string]string{"build.gradle.kts": "plugins { }", "src/main/kotlin/Main.kt": "fun main() { println(1) }\n"}, "{run}, {manifest}, {jar}", "./gradlew run, build.gradle.kts, build/libs/app.jar"},
		"Scala":                       {map[string]string{"build.sbt": "name := \"a\"", "src/main/scala/Main.scala": "object Main extends App { println(1) }\n"}, "{run} on {port}", "sbt run on 8080"},
		"Node":                        {map[string]string{"package.json": "{}", "app.js": "console.log(1)\n"}, "{run} on {port}", "npm start on 3000"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			repo, err := facts.Collect(t.Context(), rules.FilesSnapshot("x", c.files), nil, facts.CollectOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := rules.StackOf(repo).Fill(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
