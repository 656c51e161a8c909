package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
)

var deployDetectors = []Detector{
	{Name: "dockerfile", Doc: "A Dockerfile that parses, copies or mounts the project's own code and says how it runs.", Cases: []string{"base-only", "devcontainer", "empty", "no-code", "no-command", "unparsed"}, Judge: dockerfile},
	{Name: "compose", Doc: "A Compose file that parses with at least one service.", Cases: []string{"unparsed"}, Judge: compose},
	{Name: "ci-workflow", Doc: "A continuous-integration configuration where its service reads it, that runs a command on the project's code on push or pull request.", Cases: []string{"idle", "unparsed"}, Judge: ciWorkflow},
	{Name: "ci-runs-tests", Doc: "A CI step runs the project's tests, directly or through scripts, targets and build tools.", Cases: []string{"no-step", "no-tests", "not-on-change"}, Judge: ciRunsTests},
	{Name: "ci-passing", Doc: "The latest CI run on the default branch succeeded.", Cases: []string{"inconclusive", "no-run"}, Judge: ciPassing},
	{Name: "deploy-config", Doc: "Configuration for a deployment target, or a CI job that deploys.", Judge: deployConfig},
	{Name: "live-deployment", Doc: "A deployment that GitHub knows of, a homepage, or a README link to the running application.", Cases: []string{"failed"}, Judge: liveDeployment},
}

// byFile groups hits by the file they stand in, in the order of paths.
func byFile(hits []facts.Hit) [][]facts.Hit {
	var out [][]facts.Hit
	for _, h := range hits {
		if n := len(out); n > 0 && out[n-1][0].File == h.File {
			out[n-1] = append(out[n-1], h)
			continue
		}
		out = append(out, []facts.Hit{h})
	}
	return out
}

func withName(hits []facts.Hit, name string) []facts.Hit {
	var out []facts.Hit
	for _, h := range hits {
		if h.Name == name {
			out = append(out, h)
		}
	}
	return out
}

// serverImages are bases whose own command serves what is copied into them.
func serverImage(base string) bool {
	base = strings.TrimPrefix(strings.TrimPrefix(base, "docker.io/"), "library/")
	name, tag, _ := strings.Cut(base, ":")
	short := name[strings.LastIndexByte(name, '/')+1:]
	switch short {
	case "nginx", "nginx-unprivileged", "httpd", "caddy", "tomcat", "jetty", "wildfly", "openresty", "payara", "apache", "wordpress", "open-liberty", "tomee", "nginx-php-fpm", "php-apache", "php-nginx", "uvicorn-gunicorn", "uvicorn-gunicorn-fastapi", "uwsgi-nginx-flask", "uwsgi-nginx", "meinheld-gunicorn", "passenger-full", "passenger-ruby", "static-web-server", "frankenphp":
		return true
	case "aspnet":
		return strings.Contains(name, "dotnet/framework/") // which starts IIS
	case "php":
		return strings.Contains(tag, "apache") || strings.Contains(tag, "fpm")
	}
	return strings.HasPrefix(short, "passenger-") || strings.Contains(short, "unit") && strings.HasPrefix(name, "nginx/")
}

func dockerfile(in *Input) Result {
	out := Result{Status: Missing}
	for _, hits := range byFile(in.Repo.Hits(facts.KindDocker)) {
		f := hits[0].File
		low := strings.ToLower(f.Path)
		if f.Class.Has(facts.Vendored|facts.Example) || strings.HasSuffix(low, ".dockerignore") {
			continue
		}
		if strings.Contains(low, "devcontainer") {
			out = best(out, MissingBecause("`"+f.Path+"` is a development container only", Evidence{Path: f.Path, Note: "development container"}).As("devcontainer"))
			continue
		}
		out = best(out, oneDockerfile(in, f, hits))
		if out.Status == Met {
			return out
		}
	}
	if out.Reason == "" {
		for i := range in.Repo.Files {
			if f := &in.Repo.Files[i]; strings.EqualFold(f.Base(), "Dockerfile") && !f.Class.Has(facts.Vendored) && (f.Size == 0 || f.Facts != nil && f.Facts.Placeholder) {
				return MissingBecause("`"+f.Path+"` is empty", Evidence{Path: f.Path, Note: "empty"}).As("empty")
			}
		}
	}
	return out
}

func oneDockerfile(in *Input, f *facts.RepoFile, hits []facts.Hit) Result {
	at := "`" + f.Path + "`"
	if e := withName(hits, "error"); len(e) > 0 {
		return PartialBy(fmt.Sprintf("%s does not parse: line %d: %s", at, e[0].Line, clean(e[0].Value)), "does not parse", e[0]).As("unparsed")
	}
	copies := append(withName(hits, "copy"), withName(hits, "mount")...)
	if len(copies) == 0 {
		copies = mountedByCompose(in, f)
	}
	runs := withName(hits, "command")
	if len(runs) == 0 {
		for _, b := range withName(hits, "base") {
			if serverImage(b.Value) {
				runs = []facts.Hit{b}
			}
		}
	}
	switch {
	case len(copies) > 0 && len(runs) > 0:
		res := MetBy("copies the code", copies[0])
		res.Evidence = merge(res.Evidence, places("says how it runs", runs[len(runs)-1:]))
		return res
	case len(copies) > 0:
		return PartialBy(at+" does not say how the application runs: it has no CMD or ENTRYPOINT", "no command", copies[0]).As("no-command")
	case len(runs) > 0:
		return PartialBy(at+" does not copy the project's own code", "no code", runs[0]).As("no-code")
	case len(withName(hits, "base")) > 0:
		return PartialBy(at+" neither copies the project's code nor says how it runs", "no code, no command", withName(hits, "base")[0]).As("base-only")
	}
	return Result{Status: Missing}
}

// mountedByCompose are the folders that Compose mounts into a service built from the Dockerfile's folder.
func mountedByCompose(in *Input, f *facts.RepoFile) []facts.Hit {
	built := map[string]bool{}
	var out []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindCompose) {
		if ctx, ok := strings.CutPrefix(h.Scope, "build"); h.Name == "service" && ok {
			if strings.Trim(path.Join(h.File.Dir(), strings.TrimSpace(ctx)), "./") == strings.Trim(f.Dir(), "./") {
				built[h.File.Path+"\x00"+h.Value] = true
			}
		}
		if h.Name == "mount" && built[h.File.Path+"\x00"+h.Scope] {
			out = append(out, h)
		}
	}
	return out
}

func compose(in *Input) Result {
	out := Result{Status: Missing}
	most := 0
	files := byFile(in.Repo.Hits(facts.KindCompose))
	slices.SortStableFunc(files, func(a, b []facts.Hit) int { // what overrides comes after what it changes
		over := func(hits []facts.Hit) bool { return strings.Contains(hits[0].File.Base(), "override") }
		switch x, y := over(a), over(b); {
		case x && !y:
			return 1
		case y && !x:
			return -1
		}
		return 0
	})
	for _, hits := range files {
		f := hits[0].File
		if f.Class.Has(facts.Vendored|facts.Example) || strings.Contains(f.Path, ".devcontainer") {
			continue
		}
		if e := withName(hits, "error"); len(e) > 0 {
			out = best(out, PartialBy(fmt.Sprintf("`%s` does not parse: line %d: %s", f.Path, e[0].Line, clean(e[0].Value)), "does not parse", e[0]).As("unparsed"))
			continue
		}
		if svc := withName(hits, "service"); len(svc) > most {
			most = len(svc)
			out = MetBy(counted(most, "service"), svc[0])
		}
	}
	return out
}

// pipeline is a CI configuration.
type pipeline struct {
	file    *facts.RepoFile
	service string
	events  []string
	hits    []facts.Hit
	line    int
}

// placed reports whether a configuration lies where its service reads it.
func placed(p, service string) bool {
	dir := path.Dir(p)
	switch service {
	case "GitHub Actions":
		return dir == ".github/workflows"
	case "CircleCI":
		return dir == ".circleci"
	case "Jenkins", "Azure Pipelines", "AWS CodeBuild", "Google Cloud Build":
		return true // the place is set at the service
	case "action":
		return false
	default:
		return dir == "." || service == "Semaphore" && dir == ".semaphore"
	}
}

func pipelines(r *facts.Repo) []pipeline {
	var out []pipeline
	for _, hits := range byFile(r.Hits(facts.KindCI)) {
		p := pipeline{file: hits[0].File, hits: hits}
		if p.file.Class.Has(facts.Vendored) {
			continue
		}
		for _, h := range withName(hits, "config") {
			p.service, p.line = h.Value, h.Line
			p.events = strings.Split(h.Scope, ",")
		}
		out = append(out, p)
	}
	return out
}

// onChange reports whether a push or pull request starts the pipeline.
func (p pipeline) onChange() bool {
	return slices.ContainsFunc(p.events, func(e string) bool {
		return e == "push" || e == "pull_request" || e == "pull_request_target" || e == "merge_group" || e == "tag"
	})
}

// chores are actions and their likes that keep a repository tidy and do nothing to its code.
var chores = []string{
	"actions/checkout", "actions/setup-", "actions/cache", "actions/labeler", "actions/stale", "actions/first-interaction", "actions/github-script", "actions/upload-artifact", "actions/download-artifact", "actions/configure-pages",
	"actions/add-to-project", "actions/create-release", "actions/delete-package", "actions/create-github-app-token", "actions/dependency-review", "docker/setup-", "docker/login-action", "docker/metadata-action", "pnpm/action-setup", "oven-sh/setup-bun",
	"shivammathur/setup-php", "ruby/setup-ruby", "gradle/actions/setup", "gradle/wrapper-validation", "astral-sh/setup-uv", "snok/install-poetry", "webfactory/ssh-agent", "readme", "snake", "waka", "metrics", "blog-post", "contribut",
	"stefanzweifel/git-auto-commit", "ad-m/github-push-action", "add-and-commit", "release-drafter", "auto-assign", "label", "greet", "welcome", "stale", "lock-threads", "peter-evans/", "dependabot/fetch-metadata", "pascalgn/automerge", "hmarr/auto-approve",
	"aws-actions/configure-", "azure/login", "google-github-actions/auth", "google-github-actions/setup-gcloud", "softprops/action-gh-release", "ncipollo/release-action", "mxschmitt/action-tmate", "trilom/file-changes", "dorny/paths-filter", "slack", "discord", "telegram", "codecov/codecov-action",
	"coverallsapp/", "actions-cool/", "todo-to-issue", "opencommit", "anthropics/", "google-github-actions/run-gemini", "coderabbit", "pr-agent", "jidicula/", "conventional", "commitlint", "semantic-pull-request", "bump", "github-tag", "tag-action", "release-please", "changelog",
}

// idle are commands that do nothing to the project's code.
var idle = []string{
	"echo", "git", "cat", "ls", "date", "mkdir", "cp", "mv", "rm", "sleep", "curl", "wget", "gh", "exit", "export", "set", "chmod", "touch", "fi", "for", "done", "while", "printf", "sed", "grep", "pwd", "which", "jq", "apt-get", "apt", "brew", "choco", "ssh-keyscan", "eval",
	"source", ".", "tree", "test", "[", "[[", "else", "then", "node_version", "nvm", "return", "case", "esac", "tee", "unzip", "tar", "head", "tail", "find", "xargs", "awk", "exit1", "...", "true", "false", "local", "read", "sort", "uniq", "wc", "until", "do", "ssh-add", "ssh-agent", "mysql", "psql", "createdb",
}

// works reports whether a command or an action does something to the project's code, and names it.
func works(h facts.Hit) bool {
	low := strings.ToLower(h.Value)
	switch h.Name {
	case "uses":
		if strings.HasPrefix(low, "./") || strings.Contains(low, "/.github/workflows/") {
			return true
		}
		return !strings.HasPrefix(low, "task ") && !slices.ContainsFunc(chores, func(c string) bool { return strings.Contains(low, c) }) && strings.Contains(low, "/")
	case "run":
		first, _, _ := strings.Cut(low, " ")
		if strings.Contains(low, "readme") || strings.Contains(low, "wakatime") {
			return false
		}
		return first != "" && !slices.Contains(idle, first) && !strings.HasPrefix(first, "$") && !strings.HasPrefix(first, "<") && !strings.HasPrefix(first, "-") || deploys(h) != ""
	}
	return false
}

// prepares reports whether a command only fetches what later ones need.
func prepares(h facts.Hit) bool {
	return mentionsAny(" "+strings.ToLower(h.Value)+" ", " install ", " ci ", " add ", " restore ", " download ", " require ", " sync ", " mkdir ", " cp ")
}

func ciWorkflow(in *Input) Result {
	out := Result{Status: Missing}
	for _, p := range pipelines(in.Repo) {
		out = best(out, oneWorkflow(p))
		if out.Status == Met {
			return out
		}
	}
	return out
}

func oneWorkflow(p pipeline) Result {
	at := "`" + p.file.Path + "`"
	if e := withName(p.hits, "error"); len(e) > 0 && placed(p.file.Path, serviceOrGitHub(p)) {
		return PartialBy(fmt.Sprintf("%s does not parse: line %d: %s", at, e[0].Line, clean(e[0].Value)), "does not parse", e[0]).As("unparsed")
	}
	if p.service == "" || p.service == "action" {
		return Result{Status: Missing}
	}
	here := Evidence{Path: p.file.Path, StartLine: p.line, EndLine: p.line, Note: p.service}
	if !placed(p.file.Path, p.service) {
		if p.service == "GitHub Actions" && !strings.HasSuffix(path.Dir(p.file.Path), ".github/workflows") {
			return Result{Status: Missing}
		}
		return Result{Status: Partial, Reason: at + " lies where " + p.service + " does not read it", Evidence: []Evidence{here}, Next: "Move it to where " + p.service + " reads it: `.github/workflows/` or the root of the repository."}
	}
	i := slices.IndexFunc(p.hits, func(h facts.Hit) bool {
		return works(h) && !prepares(h) && mentionsAny(strings.ToLower(h.Value), "test", "build", "lint", "check", "verify", "deploy")
	})
	if i < 0 {
		i = slices.IndexFunc(p.hits, func(h facts.Hit) bool { return works(h) && !prepares(h) })
	}
	if i < 0 {
		i = slices.IndexFunc(p.hits, works)
	}
	if i < 0 {
		return MissingBecause(at+" does nothing to the project's code", here).As("idle")
	}
	if !p.onChange() {
		return Result{Status: Partial, Reason: at + " does not run on push or pull request", Evidence: []Evidence{here}, Next: "Add `on: [push, pull_request]` to " + at + "."}
	}
	return Result{Status: Met, Evidence: []Evidence{here, At(p.hits[i], clean(p.hits[i].Value))}}
}

func serviceOrGitHub(p pipeline) string {
	if p.service == "" && strings.Contains(p.file.Path, "workflows/") {
		return "GitHub Actions"
	}
	return p.service
}

func ciPassing(in *Input) Result {
	ci := in.Activity.CI
	if ci == nil {
		return Result{Status: Unknown, Reason: "the outcome of CI runs is not known in this run"}
	}
	ev := []Evidence{{URL: ci.URL, Commit: ci.Commit, Note: clean(ci.Name + ": " + ci.Conclusion)}}
	switch ci.Conclusion {
	case "":
		return Result{Status: Missing, Reason: "GitHub knows of no completed run on the default branch", Case: "no-run"}
	case "success":
		return Result{Status: Met, Evidence: ev}
	case "cancelled", "skipped", "neutral", "stale", "action_required":
		return Result{Status: Partial, Reason: "the latest run on the default branch ended as " + clean(ci.Conclusion), Evidence: ev, Case: "inconclusive"}
	}
	return Result{Status: Partial, Reason: "the latest run on the default branch failed", Evidence: ev, Next: "Open the failed run, read the first red step, and push a fix."}
}

// deployNames are files that configure a deployment target by their name alone, lower-case, by base name.
var deployNames = map[string]string{
	"dockerrun.aws.json": "Elastic Beanstalk", "nixpacks.toml": "Nixpacks", "captain-definition": "CapRover", "capfile": "Capistrano", "deploy.php": "Deployer", ".platform.app.yaml": "Platform.sh",
	"zeabur.json": "Zeabur", "project.toml": "", "deno.deploy.json": "Deno Deploy", "static.json": "Heroku", "now.json": "Vercel", "samconfig.toml": "AWS SAM", "template.json": "",
}

func deployConfig(in *Input) Result {
	var ev []Evidence
	for _, h := range in.Repo.Hits(facts.KindDeploy) {
		if !h.File.Class.Has(facts.Vendored|facts.Example|facts.Test) && !strings.Contains(h.File.Path, "node_modules") {
			ev = merge(ev, []Evidence{{Path: h.File.Path, Note: h.Name}})
		}
	}
	for i := range in.Repo.Files {
		f := &in.Repo.Files[i]
		if f.Class.Has(facts.Vendored|facts.Example) || f.Size == 0 {
			continue
		}
		name := deployNames[strings.ToLower(f.Base())]
		switch first, _, _ := strings.Cut(f.Path, "/"); {
		case strings.Contains(f.Path, ".ebextensions/"), strings.Contains(f.Path, ".elasticbeanstalk/"):
			name = "Elastic Beanstalk"
		case strings.HasSuffix(f.Path, "config/deploy.rb"):
			name = "Capistrano"
		case first == "copilot" && strings.HasSuffix(f.Path, "manifest.yml"):
			name = "AWS Copilot"
		}
		if name != "" {
			ev = merge(ev, []Evidence{{Path: f.Path, Note: name}})
		}
	}
	for _, p := range pipelines(in.Repo) {
		if !placed(p.file.Path, p.service) {
			continue
		}
		for _, h := range p.hits {
			if what := deploys(h); what != "" {
				ev = merge(ev, []Evidence{At(h, "CI deploys: "+what)})
				break
			}
		}
	}
	if len(ev) == 0 {
		return Result{Status: Missing}
	}
	return Result{Status: Met, Evidence: ev}
}

// deployActions and deployCommands are parts of what CI jobs that deploy use and run.
var (
	deployActions = []string{
		"deploy", "appleboy/ssh-action", "appleboy/scp-action", "easingthemes/ssh", "burnett01/rsync", "akhileshns/heroku", "amondnet/vercel-action", "nwtgck/actions-netlify", "azure/webapps", "azure/functions-action", "azure/k8s", "azure/static-web-apps", "aws-actions/amazon-ecs",
		"einaregilsson/beanstalk", "google-github-actions/deploy", "digitalocean/app_action", "superfly/flyctl-actions", "firebaseextended/action-hosting", "cloudflare/wrangler", "cloudflare/pages-action", "serverless/github-action", "samkirkland/ftp", "johnbeynon/render", "railwayapp/", "garygrossgarten/github-action-scp",
	}
	notDeploying = []string{"deployments", "deploy-key", "delete-deploy", "chrnorm/deployment", "bobheadxi/deployments", "mkdocs"}
	deployRuns   = []string{
		"heroku ", "flyctl deploy", "fly deploy", "vercel ", "netlify deploy", "railway up", "railway deploy", "gcloud run deploy", "gcloud app deploy", "gcloud functions deploy", "gcloud compute", "aws ecs", "aws s3 sync", "aws s3 cp", "aws lambda update", "aws elasticbeanstalk", "aws cloudformation", "aws deploy", "eb deploy",
		"kubectl apply", "kubectl set", "kubectl rollout", "helm upgrade", "helm install", "terraform apply", "serverless deploy", "sls deploy", "cdk deploy", "sam deploy", "az webapp", "az containerapp", "az functionapp", "firebase deploy", "wrangler deploy", "wrangler publish", "ssh ", "scp ", "rsync ", "sshpass ", "git push heroku",
		"git push dokku", "cap production", "ansible-playbook", "dpl ", "pulumi up", "kamal deploy", "pm2 deploy", "npx vercel", "npx netlify", "npx firebase", "npx serverless", "npx wrangler", "bundle exec cap", "npx cdk", "caprover deploy", "npx sst", "dokku ",
	}
)

// deploys names what a command or an action of CI deploys with, "" when it does not.
func deploys(h facts.Hit) string {
	low := strings.ToLower(h.Value)
	switch h.Name {
	case "uses":
		if slices.ContainsFunc(notDeploying, func(n string) bool { return strings.Contains(low, n) }) {
			return ""
		}
		if slices.ContainsFunc(deployActions, func(a string) bool { return strings.Contains(low, a) }) {
			name, _, _ := strings.Cut(h.Value, "@")
			return clean(name)
		}
	case "run":
		if slices.ContainsFunc(deployRuns, func(c string) bool { return strings.HasPrefix(low, c) }) {
			return clean(strings.Join(strings.Fields(h.Value)[:min(2, len(strings.Fields(h.Value)))], " "))
		}
		if strings.HasPrefix(low, "curl ") && (strings.Contains(low, "deploy") || strings.Contains(low, "render.com")) {
			return "deploy hook"
		}
	}
	return ""
}
