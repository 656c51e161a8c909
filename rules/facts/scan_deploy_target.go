package facts

import (
	"bytes"
	"strings"
)

// isDeployFile recognises files whose content tells whether they configure a deployment target.
func isDeployFile(path, base string) bool {
	ext := base[strings.LastIndexByte(base, '.')+1:]
	switch ext {
	case "yml", "yaml", "tf", "bicep":
		return !strings.HasPrefix(path, "workflows/")
	}
	switch base {
	case "app.json", "netlify.toml", "firebase.json", "vercel.json", "now.json", "procfile", "ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.json", "fly.toml", "railway.json", "railway.toml", "cdk.json", "wrangler.toml", "wrangler.jsonc", "wrangler.json":
		return true
	}
	if ext == "json" && (strings.HasPrefix(strings.ToLower(path), "arm/") || base == "azuredeploy.json" || base == "maintemplate.json") {
		return true
	}
	return strings.HasPrefix(base, "serverless.") || strings.HasPrefix(base, "template.json")
}

// line starts of content, for looks that need no parser.
func lineWith(raw []byte, prefixes ...string) bool {
	for _, p := range prefixes {
		if bytes.HasPrefix(raw, []byte(p)) || bytes.Contains(raw, []byte("\n"+p)) {
			return true
		}
	}
	return false
}

func scanDeployFile(s *Source) {
	base := strings.ToLower(s.Path[strings.LastIndexByte(s.Path, '/')+1:])
	if t := deployTarget(base, strings.ToLower(s.Path), s.Code); t != "" {
		s.Emit(Fact{Kind: KindDeploy, Name: t, Line: 1})
	}
}

func hasAny(raw []byte, words ...string) bool {
	for _, a := range words {
		if bytes.Contains(raw, []byte(a)) {
			return true
		}
	}
	return false
}

// deployTarget names the target that a file configures, "" for none.
func deployTarget(base, path string, raw []byte) string {
	if len(bytes.TrimSpace(raw)) < 3 {
		return ""
	}
	switch base {
	case "procfile":
		if hasAny(raw, ":") {
			return "Procfile"
		}
		return ""
	case "app.json":
		if hasAny(raw, `"expo"`) || !hasAny(raw, `"buildpacks"`, `"env"`, `"addons"`, `"formation"`, `"repository"`, `"stack"`, `"success_url"`, `"scripts"`) {
			return ""
		}
		return "Heroku"
	case "vercel.json", "now.json":
		return "Vercel"
	case "netlify.toml":
		if hasAny(raw, "functions") {
			return "Netlify functions"
		}
		return ""
	case "firebase.json":
		if hasAny(raw, `"functions"`, `"hosting"`, `"apphosting"`) {
			return "Firebase"
		}
		return ""
	case "fly.toml":
		return "Fly.io"
	case "railway.json", "railway.toml":
		return "Railway"
	case "cdk.json":
		return "AWS CDK"
	case "wrangler.toml", "wrangler.json", "wrangler.jsonc":
		return "Cloudflare Workers"
	case "ecosystem.config.js", "ecosystem.config.cjs", "ecosystem.json":
		if hasAny(raw, "deploy") && hasAny(raw, "host") {
			return "PM2 deploy"
		}
		return ""
	}
	switch {
	case strings.HasPrefix(base, "serverless."):
		if hasAny(raw, "provider") {
			return "Serverless Framework"
		}
		return ""
	case strings.HasSuffix(base, ".json") && hasAny(raw, "deploymentTemplate.json#"):
		return "Azure Resource Manager"
	case strings.HasSuffix(base, ".tf"):
		if lineWith(raw, "resource ", "module ") {
			return "Terraform"
		}
		return ""
	case strings.HasSuffix(base, ".bicep"):
		if lineWith(raw, "resource ", "module ") {
			return "Bicep"
		}
		return ""
	}
	return yamlTarget(base, path, raw)
}

// yamlTarget tells the target of a YAML file by the keys its lines start with.
func yamlTarget(base, path string, raw []byte) string {
	stem := strings.TrimSuffix(strings.TrimSuffix(base, ".yml"), ".yaml")
	switch {
	case stem == "render" && lineWith(raw, "services:", "databases:", "projects:"):
		return "Render"
	case (stem == "app" || strings.HasPrefix(stem, "app.") || strings.HasPrefix(stem, "app-")) && lineWith(raw, "runtime:"):
		return "App Engine"
	case stem == "app" && strings.HasPrefix(path, ".do/"), stem == ".do":
		return "DigitalOcean"
	case stem == "heroku" && lineWith(raw, "build:", "run:"):
		return "Heroku"
	case stem == "appspec" && lineWith(raw, "version:"):
		return "CodeDeploy"
	case stem == "cloudbuild" && lineWith(raw, "steps:"):
		return "Google Cloud"
	case stem == "skaffold", stem == "captain-definition":
		return "Skaffold"
	case stem == "azure" && lineWith(raw, "services:"):
		return "Azure"
	case stem == "amplify" && lineWith(raw, "version:"), stem == "apprunner":
		return "AWS"
	case path == "config/deploy.yml" && lineWith(raw, "service:") && !hasAny(raw, "your-user", "192.168.0.1"):
		return "Kamal"
	case stem == "manifest" && lineWith(raw, "applications:"):
		return "Cloud Foundry"
	case stem == "pulumi" && lineWith(raw, "runtime:"):
		return "Pulumi"
	case stem == "chart" && lineWith(raw, "apiVersion:"):
		return "Helm"
	case hasAny(raw, "AWSTemplateFormatVersion", "AWS::Serverless"):
		return "CloudFormation"
	case lineWith(raw, "apiVersion:") && lineWith(raw, "kind: Deployment", "kind: StatefulSet", "kind: DaemonSet", "kind: Service", "kind: Ingress", "kind: CronJob", "kind: Job", "kind: Pod", "kind: HorizontalPodAutoscaler", "kind: Kustomization", "kind: Application", `kind: "Deployment"`):
		return "Kubernetes"
	case stem == "copilot" || stem == "manifest" && lineWith(raw, "type: Load Balanced", "type: Backend Service"):
		return "AWS Copilot"
	case lineWith(raw, "- hosts:", "- name:") && hasAny(raw, "hosts:") && hasAny(raw, "tasks:", "roles:"):
		return "Ansible"
	}
	return ""
}
