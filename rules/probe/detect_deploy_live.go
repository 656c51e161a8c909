package probe

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"milepost/rules/facts"
)

// hosting are domains under which applications run that somebody deployed.
var hosting = []string{
	"herokuapp.com", "onrender.com", "vercel.app", "now.sh", "netlify.app", "netlify.com", "railway.app", "fly.dev", "azurewebsites.net", "azurestaticapps.net", "azurecontainerapps.io", "web.app", "firebaseapp.com", "appspot.com", "run.app", "cloudfunctions.net", "amazonaws.com", "elasticbeanstalk.com", "cloudfront.net", "awsapprunner.com",
	"pythonanywhere.com", "glitch.me", "repl.co", "replit.app", "deta.dev", "koyeb.app", "cyclic.app", "cyclic.sh", "adaptable.app", "surge.sh", "github.io", "gitlab.io", "pages.dev", "workers.dev", "digitalocean.app", "up.railway.app", "northflank.app", "streamlit.app", "hf.space", "zeabur.app", "deno.dev", "000webhostapp.com", "infinityfreeapp.com",
	"epizy.com", "azure-api.net", "ondigitalocean.app", "fly.io", "gigalixirapp.com", "dokku.me", "clever-cloud.com", "cleverapps.io", "leapcell.dev", "leapcell.app", "sevalla.app", "kinsta.app", "rf.gd", "freesqldatabase.com", "somee.com", "runasp.net", "heliohost.org", "alwaysdata.net", "byethost.com", "ngrok.io",
}

// elsewhere are domains that hold no learner's application: code, documents, packages, badges, courses, products.
var elsewhere = []string{
	"github.com", "githubusercontent.com", "gitlab.com", "bitbucket.org", "npmjs.com", "pypi.org", "packagist.org", "rubygems.org", "nuget.org", "crates.io", "pkg.go.dev", "godoc.org", "goreportcard.com", "mvnrepository.com", "maven.org", "shields.io", "badge.fury.io", "badgen.net", "travis-ci.org", "travis-ci.com", "circleci.com", "codecov.io", "coveralls.io",
	"codeclimate.com", "sonarcloud.io", "snyk.io", "readthedocs.io", "readthedocs.org", "youtube.com", "youtu.be", "medium.com", "dev.to", "stackoverflow.com", "wikipedia.org", "udemy.com", "freecodecamp.org", "digitalocean.com", "geeksforgeeks.org", "leetcode.com", "hackerrank.com", "roadmap.sh", "coursera.org", "w3schools.com", "mozilla.org", "google.com",
	"getpostman.com", "postman.com", "postman.co", "swagger.io", "docker.com", "nodejs.org", "python.org", "mongodb.com", "mongodb.org", "postgresql.org", "mysql.com", "laravel.com", "spring.io", "microsoft.com", "djangoproject.com", "expressjs.com", "reactjs.org", "react.dev", "vuejs.org", "angular.io", "nestjs.com", "linkedin.com", "twitter.com", "x.com", "facebook.com",
	"instagram.com", "discord.gg", "discord.com", "t.me", "telegram.me", "slack.com", "buymeacoffee.com", "patreon.com", "opencollective.com", "opensource.org", "choosealicense.com", "creativecommons.org", "figma.com", "notion.so", "trello.com", "example.com", "example.org", "imgur.com", "gitter.im", "heroku.com", "render.com", "vercel.com", "netlify.com", "fly.io", "railway.com",
	"gyazo.com", "app.swaggerhub.com", "swaggerhub.com", "jetbrains.com", "visualstudio.com", "apache.org", "golang.org", "go.dev", "php.net", "getcomposer.org", "ruby-lang.org", "rubyonrails.org", "gradle.org", "yarnpkg.com", "pnpm.io", "jwt.io", "mailtrap.io", "cloudinary.com", "stripe.com", "openai.com", "conventionalcommits.org", "editorconfig.org", "prettier.io", "eslint.org",
	"drive.google.com", "loom.com", "scotch.io", "railstutorial.org", "theodinproject.com", "aws.amazon.com", "console.aws.amazon.com", "cloud.google.com", "firebase.google.com", "gist.github.com", "contrib.rocks", "star-history.com", "vercel.svg", "hits.dwyl.com", "komarev.com", "img.shields.io", "wakatime.com", "gmail.com",
}

// liveWords are words of a link's text, or of what stands before it, that promise the running application.
var liveWords = []string{
	"live", "demo", "deployed", "deployment", "production", "hosted", "preview", "try it", "web app", "webapp", "app link", "application link", "project link", "playground", "online", "staging", "base url", "api url", "running at", "available at", "server url", "site url",
	"en vivo", "produção", "acesse", "desplegad", "ver online", "démo", "部署", "演示", "在线", "デモ", "데모", "배포",
}

// liveLink judges a README link: the running application or not.
func liveLink(repo string, h facts.Hit) bool {
	u, err := url.Parse(h.Value)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return false
	}
	host := strings.ToLower(strings.TrimPrefix(u.Hostname(), "www."))
	if host == "" || strings.HasPrefix(host, "localhost") || strings.HasPrefix(host, "127.") || strings.HasPrefix(host, "0.0.0.0") || strings.HasPrefix(host, "192.168.") || strings.HasPrefix(host, "10.") || !strings.Contains(host, ".") || strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".localhost") ||
		strings.Contains(host, "example") || strings.Contains(host, "your") || strings.ContainsAny(h.Value, "<>{}$") {
		return false
	}
	p := strings.ToLower(u.Path)
	for _, ext := range []string{".png", ".jpg", ".jpeg", ".gif", ".svg", ".mp4", ".pdf", ".zip", ".md", ".webp"} {
		if strings.HasSuffix(p, ext) {
			return false
		}
	}
	label := strings.ToLower(h.Scope)
	if strings.Contains(label, "documentation") || strings.Contains(label, "docs") || strings.Contains(label, "tutorial") || strings.Contains(label, "guide") {
		return false
	}
	if under(host, []string{"facebook.github.io", "create-react-app.dev", "docs.netlify.com"}) {
		return false
	}
	promised := slices.ContainsFunc(liveWords, func(w string) bool { return strings.Contains(label, w) })
	if under(host, hosting) && host != "fly.io" && host != "netlify.com" {
		if strings.HasSuffix(host, ".github.io") || strings.HasSuffix(host, ".gitlab.io") || strings.HasSuffix(host, "amazonaws.com") || strings.HasSuffix(host, "cloudfront.net") {
			return promised || strings.HasSuffix(host, ".github.io") && repoNamed(repo, p)
		}
		return true
	}
	return promised && !under(host, elsewhere)
}

// repoNamed reports whether the first part of a path is the repository's name, as on GitHub Pages of that repository.
func repoNamed(repo, p string) bool {
	name := strings.ToLower(repo[strings.LastIndexByte(repo, '/')+1:])
	first, _, _ := strings.Cut(strings.Trim(p, "/"), "/")
	return name != "" && first == name
}

func under(host string, domains []string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return host == d || strings.HasSuffix(host, "."+d) })
}

func liveDeployment(in *Input) Result {
	act := in.Activity
	if act.Deployments != nil {
		for _, d := range *act.Deployments {
			if d.State == "success" || d.State == "active" {
				return Result{Status: Met, Evidence: []Evidence{{URL: d.URL, Note: "deployed to " + clean(d.Environment)}}}
			}
		}
	}
	if act.Homepage != nil && *act.Homepage != "" {
		home := facts.Hit{Fact: &facts.Fact{Value: withScheme(*act.Homepage), Scope: "live"}}
		if liveLink(in.Repo.Name, home) {
			return Result{Status: Met, Evidence: []Evidence{{URL: home.Value, Note: "homepage of the repository"}}}
		}
	}
	for _, h := range in.Repo.Hits(facts.KindReadme) {
		if h.Name == "link" && ownReadme(in.Repo, h.File) && !templated(in.Repo, h.File) && liveLink(in.Repo.Name, h) {
			return Result{Status: Met, Evidence: []Evidence{{Path: h.File.Path, StartLine: h.Line, EndLine: h.Line, Note: "link to the running application", URL: h.Value}}}
		}
	}
	if act.Deployments == nil || act.Homepage == nil {
		reason := "the README links to no running application, and what GitHub knows of deployments is not known in this run"
		if len(in.Repo.Hits(facts.KindReadme)) == 0 {
			reason = "no README links to a running application, and what GitHub knows of deployments is not known in this run"
		}
		return Result{Status: Unknown, Reason: reason}
	}
	if n := len(*act.Deployments); n > 0 {
		return Result{Status: Partial, Reason: fmt.Sprintf("GitHub knows of %d deployments, none of which succeeded", n), Case: "failed"}
	}
	return Result{Status: Missing}
}

// templated reports whether a README holds a generator's text, whose links are not the project's.
func templated(r *facts.Repo, f *facts.RepoFile) bool {
	return slices.ContainsFunc(r.Hits(facts.KindReadme), func(h facts.Hit) bool {
		return h.File == f && h.Name == "template" && f.Dir() != ""
	})
}

func withScheme(u string) string {
	if strings.Contains(u, "://") {
		return u
	}
	return "https://" + u
}
