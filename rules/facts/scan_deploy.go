package facts

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"go.yaml.in/yaml/v3"
)

// Kinds of the deployment step.
const (
	// KindCI is what a continuous-integration configuration says. Name "config": Value is the service, Scope the events that start it,
	// separated by ",". "run": Value is a command without what it sets and without secrets, Scope the folder it runs in. "uses": Value is
	// an action, orb or workflow. "error": Value says what does not parse.
	KindCI Kind = "ci"
	// KindDocker is what a Dockerfile says. Name "copy": it copies files of its own, Value is what. "mount": it binds the context. "command":
	// CMD or ENTRYPOINT. "base": Value is an image. "run": Value is a command while building. "error": Value says what does not parse.
	KindDocker Kind = "docker"
	// KindCompose is what a Compose file says. Name "service": Value is its name, Scope its image, or "build" and where. "mount": Value is a
	// folder of the repository that a service sees. "command": Value is the command of a service, Scope its name. "error" as above.
	KindCompose Kind = "compose"
	// KindDeploy is configuration of a deployment target that only the content tells. Name is the target.
	KindDeploy Kind = "deploy"
)

var deployScanners []scanner

var deployDocuments = []document{
	{applies: isDockerfile, scan: scanDockerfile},
	{applies: isCompose, scan: scanCompose},
	{applies: inComposeFolder, scan: scanNamedCompose},
	{applies: isWorkflow, scan: scanWorkflow},
	{applies: isPipeline, scan: scanPipeline},
	{applies: isJenkinsfile, scan: scanJenkinsfile},
	{applies: isDeployFile, scan: scanDeployFile},
}

// maxConfig is the size in bytes beyond which a configuration is not read.
const maxConfig = 256 << 10

func isDockerfile(_, base string) bool {
	return base == "dockerfile" || base == "containerfile" || strings.HasPrefix(base, "dockerfile.") || strings.HasPrefix(base, "dockerfile-") || strings.HasSuffix(base, ".dockerfile")
}

// instructions are those that a Dockerfile may hold.
const instructions = " add arg cmd copy entrypoint env expose from healthcheck label maintainer onbuild run shell stopsignal user volume workdir "

func scanDockerfile(s *Source) {
	fail := func(line int, msg string) {
		s.Emit(Fact{Kind: KindDocker, Name: "error", Value: msg, Line: line})
	}
	if len(s.Raw) > maxConfig {
		fail(1, "it is too large for a Dockerfile")
		return
	}
	res, err := parser.Parse(bytes.NewReader(s.Raw))
	if err != nil {
		if len(bytes.TrimSpace(s.Code)) > 0 {
			fail(1, err.Error())
		}
		return
	}
	from := false
	for _, n := range res.AST.Children {
		name := strings.ToLower(n.Value)
		if !strings.Contains(instructions, " "+name+" ") {
			fail(n.StartLine, fmt.Sprintf("%s is no instruction", clip(n.Value)))
			return
		}
		if !from && name != "from" && name != "arg" {
			fail(n.StartLine, "the first instruction is not FROM")
			return
		}
		from = from || name == "from"
		dockerInstruction(s, name, n)
	}
}

// dockerWords are the arguments of an instruction.
func dockerWords(n *parser.Node) []string {
	var out []string
	for w := n.Next; w != nil && len(out) < 60; w = w.Next {
		out = append(out, w.Value)
	}
	return out
}

func dockerInstruction(s *Source, name string, n *parser.Node) {
	args := dockerWords(n)
	emit := func(name, value string) {
		s.Emit(Fact{Kind: KindDocker, Name: name, Value: value, Line: n.StartLine, End: n.EndLine})
	}
	switch name {
	case "from":
		if len(args) > 0 {
			emit("base", strings.ToLower(args[0]))
		}
	case "copy", "add":
		for _, f := range n.Flags {
			if strings.HasPrefix(f, "--from") {
				return
			}
		}
		for _, src := range args[:max(0, len(args)-1)] {
			if ownSource(src) {
				emit("copy", src)
				return
			}
		}
	case "cmd", "entrypoint":
		if len(args) > 0 && args[0] != "" {
			emit("command", strings.ToUpper(name))
		}
	case "run":
		for _, f := range n.Flags {
			if strings.HasPrefix(f, "--mount") && strings.Contains(f, "type=bind") && !strings.Contains(f, "from=") {
				emit("mount", "bind")
			}
		}
		for _, c := range shellCommands(strings.Join(args, " "), "") {
			emit("run", c.text)
		}
	}
}

// ownSource tells what COPY takes from the project's code from files that only configure or list dependencies.
func ownSource(src string) bool {
	low := strings.ToLower(strings.TrimPrefix(src, "./"))
	if strings.Contains(low, "://") {
		return false
	}
	base := low[strings.LastIndexByte(strings.TrimSuffix(low, "/"), '/')+1:]
	for _, p := range []string{"package", "yarn.lock", "pnpm-", "requirements", "pipfile", "poetry", "uv.lock", "pom.xml", "build.gradle", "settings.gradle", "gradle", "mvnw", ".mvn", "go.mod", "go.sum", "gemfile", "composer.", "cargo.", "mix.", "nginx", "default.conf", ".env", "tsconfig", "docker-entrypoint", "entrypoint", "wait-for", "supervisord", "php.ini", ".npmrc"} {
		if strings.HasPrefix(base, p) && !strings.HasSuffix(base, ".py") {
			return false
		}
	}
	return !strings.HasSuffix(base, ".conf") && !strings.HasSuffix(base, ".ini") && !strings.HasSuffix(base, ".csproj") && !strings.HasSuffix(base, ".sln") && !strings.HasSuffix(base, ".crt") && !strings.HasSuffix(base, ".pem")
}

func isCompose(_, base string) bool {
	if !strings.HasSuffix(base, ".yml") && !strings.HasSuffix(base, ".yaml") {
		return false
	}
	return strings.HasPrefix(base, "docker-compose") || strings.HasPrefix(base, "compose.") || strings.HasPrefix(base, "podman-compose") || strings.HasPrefix(base, "docker_compose") || strings.HasSuffix(base, ".compose.yml") || strings.HasSuffix(base, "-compose.yml")
}

// inComposeFolder recognises what may be a Compose file by its folder, as in docker compose -f docker/postgres.yml.
func inComposeFolder(path, base string) bool {
	if isCompose(path, base) || !strings.HasSuffix(base, ".yml") && !strings.HasSuffix(base, ".yaml") {
		return false
	}
	folder, _, _ := strings.Cut(strings.ToLower(path), "/")
	return folder == "docker" || folder == "compose" || folder == "docker-compose"
}

// scanNamedCompose reads such a file if it has services; other settings lie in those folders as well.
func scanNamedCompose(s *Source) {
	if lineWith(s.Raw, "services:") {
		scanCompose(s)
	}
}

// parseYAML reads the first document of a YAML file into nodes. Aliases are not expanded, so that no content grows.
func parseYAML(s *Source, kind Kind) *yaml.Node {
	if len(s.Raw) > maxConfig {
		s.Emit(Fact{Kind: kind, Name: "error", Value: "it is too large to be read"})
		return nil
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(s.Raw, &doc); err != nil {
		line := 0
		msg := strings.TrimPrefix(err.Error(), "yaml: ")
		if _, scanErr := fmt.Sscanf(msg, "line %d:", &line); scanErr == nil {
			_, msg, _ = strings.Cut(msg, ": ")
		}
		s.Emit(Fact{Kind: kind, Name: "error", Value: msg, Line: line})
		return nil
	}
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		if len(bytes.TrimSpace(s.Code)) > 0 {
			s.Emit(Fact{Kind: kind, Name: "error", Value: "it holds no mapping", Line: 1})
		}
		return nil
	}
	return doc.Content[0]
}

// nodeValue is the value of a key of a mapping, or nil; an alias is followed once.
func nodeValue(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return nodeTarget(n.Content[i+1])
		}
	}
	return nil
}

func nodeTarget(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil && n.Alias.Kind != yaml.AliasNode {
		return n.Alias
	}
	return n
}

// scalars are the texts of a scalar, or of the scalars in a list.
func scalars(n *yaml.Node) []string {
	switch {
	case n == nil:
		return nil
	case n.Kind == yaml.ScalarNode:
		return []string{n.Value}
	case n.Kind == yaml.SequenceNode:
		var out []string
		for _, c := range n.Content {
			if c = nodeTarget(c); c.Kind == yaml.ScalarNode && len(out) < 200 {
				out = append(out, c.Value)
			}
		}
		return out
	}
	return nil
}

func scanCompose(s *Source) {
	root := parseYAML(s, KindCompose)
	if root == nil {
		return
	}
	services := nodeValue(root, "services")
	if services == nil && nodeValue(root, "version") == nil {
		services = root // the first format had services at the top
	}
	if services == nil || services.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(services.Content); i += 2 {
		name, svc := services.Content[i], nodeTarget(services.Content[i+1])
		image, build := nodeValue(svc, "image"), nodeValue(svc, "build")
		var what string
		switch {
		case build != nil && build.Kind == yaml.ScalarNode:
			what = "build " + build.Value
		case build != nil:
			what = "build " + strings.Join(scalars(nodeValue(build, "context")), "")
		case image != nil && image.Kind == yaml.ScalarNode && image.Value != "":
			what = image.Value
		case nodeValue(svc, "extends") != nil:
			what = "extends"
		default:
			continue
		}
		s.Emit(Fact{Kind: KindCompose, Name: "service", Value: name.Value, Scope: what, Line: name.Line})
		composeService(s, name.Value, svc)
	}
}

func composeService(s *Source, name string, svc *yaml.Node) {
	if cmd := scalars(nodeValue(svc, "command")); len(cmd) > 0 {
		for _, c := range shellCommands(strings.Join(cmd, " "), "") {
			s.Emit(Fact{Kind: KindCompose, Name: "command", Value: c.text, Scope: name})
		}
	}
	volumes := nodeValue(svc, "volumes")
	if volumes == nil || volumes.Kind != yaml.SequenceNode {
		return
	}
	for _, v := range volumes.Content {
		v = nodeTarget(v)
		host, _, ok := strings.Cut(v.Value, ":")
		if src := nodeValue(v, "source"); src != nil {
			host, ok = src.Value, true
		}
		if ok && strings.HasPrefix(host, ".") {
			s.Emit(Fact{Kind: KindCompose, Name: "mount", Value: host, Scope: name, Line: v.Line})
		}
	}
}
