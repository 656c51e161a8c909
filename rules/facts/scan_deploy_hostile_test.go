package facts

import (
	"strings"
	"testing"
)

// TestHostileConfigurations reads what nests deeply or repeats what the scanners look for. The scanners' bounds keep each to milliseconds; without
// them the test would run into its time limit.
func TestHostileConfigurations(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"workflows/ci.yml", ".gitlab-ci.yml", "compose.yaml", "Dockerfile", "Jenkinsfile", "a.js", ".env", "appsettings.json"} {
		for _, unit := range []string{"[", "{", "- ", "a: &a [*a]\n", "- - - \n", "? ", "<<<<<<< a\n", "secret=", "\"Key\" {", "sh '", "RUN a &&", "jwt.sign(", "&a *a ", "sk-", "a:\n ", "FROM <<E\n", "Password="} {
			NewScanner(nil).Scan(name, []byte(strings.Repeat(unit, (40<<10)/len(unit))))
		}
	}
}
