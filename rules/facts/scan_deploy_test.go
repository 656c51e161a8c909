package facts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDockerfile(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content string
		want          []string
	}{
		{"plain", "FROM node:22\nCOPY package.json ./\nRUN npm ci && npm test\nCOPY . .\nCMD [\"node\", \"a.js\"]\n", []string{"base node:22", "run npm ci", "run npm test", "copy .", "command CMD"}},
		{"from a stage", "FROM a AS b\nCOPY src src\nFROM scratch\nCOPY --from=b /x /x\nENTRYPOINT /x\n", []string{"base a", "copy src", "base scratch", "command ENTRYPOINT"}},
		{"commented command", "FROM a\nCOPY . .\n# CMD x\n", []string{"base a", "copy ."}},
		{"bind mount", "FROM a\nRUN --mount=type=bind,target=. make\n", []string{"base a", "mount bind", "run make"}},
		{"unknown instruction", "FROM a\nCOPPY . .\n", []string{"base a", "error COPPY is no instruction"}},
		{"no base", "COPY . .\n", []string{"error the first instruction is not FROM"}},
		{"secrets of commands", "FROM a\nRUN TOKEN=abc curl --header X-Key=abc https://x/y?key=abc\n", []string{"base a", "run curl --header X-Key https://x/y"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, listed(KindDocker, "Dockerfile", tt.content)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCompose(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, content string
		want          []string
	}{
		{"image and build", "services:\n  db: {image: 'postgres:17'}\n  web:\n    build: {context: ./web}\n    command: npm test\n    volumes: ['.:/app', 'data:/x']\n", []string{"service db (postgres:17)", "service web (build ./web)", "command npm test (web)", "mount . (web)"}},
		{"first format", "version: '2'\n", nil},
		{"alias", "x-a: &a {image: b}\nservices:\n  c: *a\n", []string{"service c (b)"}},
		{"broken", "services:\n  a: [\n", []string{"error did not find expected node content"}},
		{"a list", "- a\n", []string{"error it holds no mapping"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, listed(KindCompose, "compose.yaml", tt.content)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestPipelines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		want                []string
	}{
		{
			"workflow", ".github/workflows/ci.yml",
			"on:\n  push:\n    tags: ['v*']\n  pull_request:\ndefaults: {run: {working-directory: api}}\njobs:\n  a:\n    runs-on: x\n    steps:\n      - uses: actions/checkout@v4\n      - run: |\n          cd web\n          A=b npm ci && npm test\n      - run: go test ./...\n        working-directory: ./go\n      - if: false\n        run: make\n",
			[]string{"config GitHub Actions (tag,pull_request)", "uses actions/checkout@v4", "run npm ci (api/web)", "run npm test (api/web)", "run go test ./... (go)"},
		},
		{"broken workflow", ".github/workflows/ci.yml", "on: push\njobs:\n  a: [\n", []string{"error could not parse as YAML: did not find expected node content"}},
		{"gitlab", ".gitlab-ci.yml", "test:\n  before_script: [npm ci]\n  script:\n    - npm test\n", []string{"config GitLab CI (push)", "run npm ci", "run npm test"}},
		{"circle", ".circleci/config.yml", "jobs:\n  a:\n    working_directory: ~/repo\n    steps:\n      - run: {name: x, command: pytest}\nworkflows:\n  w:\n    jobs: [node/test]\n", []string{"config CircleCI (push)", "run pytest", "run npm test"}},
		{"travis default", ".travis.yml", "language: go\n", []string{"config Travis CI (push)", "run go test ./..."}},
		{"azure", "azure-pipelines.yml", "trigger: [main]\nsteps:\n- task: DotNetCoreCLI@2\n  inputs: {command: test}\n- script: npm test\n", []string{"config Azure Pipelines (push)", "run dotnet test", "run npm test"}},
		{"jenkins", "Jenkinsfile", "node {\n  sh 'mvn test'\n  // sh 'make'\n  sh(script: \"npm ci\")\n}\n", []string{"config Jenkins (push)", "run mvn test", "run npm ci"}},
		{"composite action", ".github/actions/action.yml", "runs:\n  using: composite\n  steps:\n    - run: make test\n      shell: bash\n", []string{"config action (push)", "run make test"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, listed(KindCI, tt.path, tt.content)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCommands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		script string
		want   []Command
	}{
		{"npm ci && npm test", []Command{{"npm ci", ""}, {"npm test", ""}}},
		{"cd api; A=1 sudo make test # all", []Command{{"make test", "api"}}},
		{"cd api\ncd ..\ngo test ./...", []Command{{"go test ./...", ""}}},
		{"cd $X && npm test", []Command{{"npm test", "?"}}},
		{"sh -c \"npm test\"", []Command{{"sh -c npm test", ""}}},
		{"echo 'a && b'", []Command{{"echo a && b", ""}}},
		{"mvn package -Dmaven.test.skip=true", []Command{{"mvn package -Dmaven.test.skip", ""}}},
		{"mvn package -DskipTests=false", []Command{{"mvn package", ""}}},
		{"npm test \\\n  --prefix=web", []Command{{"npm test --prefix=web", ""}}},
		{"login --token=abc", []Command{{"login --token", ""}}},
	}
	for _, tt := range tests {
		if d := cmp.Diff(tt.want, Commands(tt.script, "")); d != "" {
			t.Errorf("%q: %s", tt.script, d)
		}
	}
}

func TestDeployTargets(t *testing.T) {
	t.Parallel()
	tests := []struct{ path, content, want string }{
		{"Procfile", "web: npm start\n", "Procfile"},
		{"app.json", `{"expo": {}}`, ""},
		{"app.json", `{"name": "a", "env": {}}`, "Heroku"},
		{"app.yaml", "runtime: python312\n", "App Engine"},
		{"k8s/a.yml", "apiVersion: v1\nkind: Service\n", "Kubernetes"},
		{"k8s/a.yml", "# apiVersion: v1\n# kind: Service\n", ""},
		{"netlify.toml", "[build]\npublish = 'dist'\n", ""},
		{"netlify.toml", "[build]\nfunctions = 'api'\n", "Netlify functions"},
		{"main.tf", "variable \"a\" {}\n", ""},
		{"main.tf", "resource \"a\" \"b\" {}\n", "Terraform"},
		{"config/deploy.yml", "service: shop\nimage: your-user/shop\n", ""},
		{"openapi.yaml", "openapi: 3.0.0\n", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(listed(KindDeploy, tt.path, tt.content), ","); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.path, got, tt.want)
		}
	}
}

func FuzzConfigurations(f *testing.F) {
	f.Add("Dockerfile", "FROM a AS b\nRUN <<E\nx\nE\nCOPY --from=b . .\n")
	f.Add("compose.yaml", "a: &a {image: b}\nservices: {c: *a, d: {build: .}}\n")
	f.Add("workflows/ci.yml", "on: push\njobs: {a: {runs-on: b, steps: [{run: c}]}}\n")
	f.Add("workflows/x.yml", "a: &a [*a]\n")
	f.Add(".gitlab-ci.yml", "a: {script: [b, c]}\n")
	f.Add(".circleci/config.yml", "jobs: {a: {steps: [{run: {command: b}}]}}\n")
	f.Add("azure-pipelines.yml", "steps: [{task: Npm@1, inputs: {command: custom}}]\n")
	f.Add("Jenkinsfile", "sh '''a\nb'''")
	f.Add("app.yaml", "runtime: a")
	f.Fuzz(func(_ *testing.T, name, content string) {
		NewScanner(nil).Scan(name, []byte(content))
	})
}
