package facts

import (
	"bytes"
	"path"
	"strings"

	"milepost/rules/lex"
)

// KindProcess is a command or a setting that keeps a program running or starts it anew when its code changes. Name is the tool, Value the line. Commands
// of manifests (npm scripts, Makefile targets) are not among them: they stand in [File.Manifest]; see [ProcessTool].
const KindProcess Kind = "process"

// ProcfileAlone is the Scope of a server that a Procfile starts with nothing said of its workers: that alone is no process manager.
const ProcfileAlone = "procfile"

// KindShellScript is a file of shell commands that is the project's own by its content. Name is "wrapper" for those that tools write (Gradle and
// Maven wrappers, husky hooks, documentation makefiles), "script" for others.
const KindShellScript Kind = "shell-script"

var commandTriggers = []string{
	"pm2", "nodemon", "ts-node-dev", "tsnd", "--watch", "tsx watch", "node-dev", "forever ", "cargo watch", "cargo-watch", "gunicorn", "uvicorn", "hypercorn", "--workers", "supervisord", "supervisorctl",
	"foreman", "overmind", "honcho", "dotnet watch", "\"watch\"", "CompileDaemon", "watchexec", "watchmedo", "watchfiles", "air -c", " air", "/air", "\"air\"", "ExecStart", "[program:", "rerun ",
}

var toolScanners = []scanner{
	{langs: langs(lex.Shell, lex.Dockerfile, lex.YAML, lex.TOML, lex.INI, lex.PowerShell, lex.Unknown), view: Text, triggers: commandTriggers, scan: processCommand},
	{langs: langs(lex.Python), triggers: []string{"uvicorn.run("}, scan: uvicornRun},
}

func processCommand(s *Source, off int) {
	if len(s.Comments) > off && s.Comments[off] != ' ' || !s.look(8*maxNear) {
		return
	}
	base := strings.ToLower(path.Base(s.Path))
	line := string(bytes.TrimSpace(s.Between(Text, max(s.LineStart(off), off-2*maxNear), min(s.LineEnd(off, 0), off+2*maxNear))))
	at := s.LineOf(off)
	switch {
	case strings.HasPrefix(line, "ExecStart"):
		if strings.HasSuffix(base, ".service") {
			s.Emit(Fact{Kind: KindProcess, Name: "systemd unit", Value: line, Line: at})
		}
		return
	case strings.HasPrefix(line, "[program:"):
		s.Emit(Fact{Kind: KindProcess, Name: "supervisor", Value: line, Line: at})
		return
	case s.Lang == lex.Unknown && !strings.HasPrefix(base, "procfile") || strings.HasPrefix(line, "#") || strings.Contains(line, "FROM "):
		return
	}
	switch base {
	case "pipfile", "pyproject.toml", "cargo.toml", "environment.yml", "environment.yaml":
		line = quotedCommand(line) // the other lines name what is installed
	}
	if tool := ProcessTool(line); tool != "" {
		scope := ""
		if tool == "gunicorn" && strings.HasPrefix(base, "procfile") && !workers(strings.Fields(line)) {
			scope = ProcfileAlone
		}
		s.Emit(Fact{Kind: KindProcess, Name: tool, Value: line, Scope: scope, Line: at})
	}
}

// quotedCommand is the first quoted text of a line that has more than one word, as the scripts in a manifest have; "" without one.
func quotedCommand(line string) string {
	for {
		from := strings.IndexAny(line, "\"'")
		if from < 0 {
			return ""
		}
		text, rest, found := strings.Cut(line[from+1:], line[from:from+1])
		if !found {
			return ""
		}
		if strings.Contains(strings.TrimSpace(text), " ") {
			return text
		}
		line = rest
	}
}

func uvicornRun(s *Source, off int) {
	args, _ := s.parens(off + len("uvicorn.run"))
	args = strings.ReplaceAll(args, " ", "")
	if strings.Contains(args, "reload=") && !strings.Contains(args, "reload=False") || strings.Contains(args, "workers=") {
		s.Emit(Fact{Kind: KindProcess, Name: "uvicorn", Value: "uvicorn.run with reload or workers", Line: s.LineOf(off)})
	}
}

// ProcessTool names the process manager or reloader that a command line starts, "" for none. Installing one is not starting it.
func ProcessTool(command string) string {
	command = strings.NewReplacer("&&", "\n", "||", "\n", ";", "\n", "|", "\n").Replace(command)
	for part := range strings.SplitSeq(command, "\n") {
		if tool := processTool(strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(" \t\"'`[](),{}", r) })); tool != "" {
			return tool
		}
	}
	return ""
}

func processTool(words []string) string {
	has := func(list ...string) bool {
		for _, w := range words {
			for _, l := range list {
				if w == l || strings.HasPrefix(w, l+"=") {
					return true
				}
			}
		}
		return false
	}
	if has("install", "add", "i", "uninstall", "remove", "image:", "uses:", "echo", "apt-get", "apk", "ci") {
		return ""
	}
	for i, w := range words {
		next := ""
		if i+1 < len(words) {
			next = words[i+1]
		}
		name := w[strings.LastIndexAny(w, "/\\")+1:]
		switch name {
		case "pm2", "pm2-runtime", "pm2-docker":
			return "PM2"
		case "nodemon", "ts-node-dev", "tsnd", "node-dev", "forever", "tsc-watch", "CompileDaemon", "watchexec", "watchmedo", "watchfiles", "supervisord", "supervisorctl", "gow", "bacon", "rerun", "realize", "hypercorn-reload":
			if next != "is" && next != "=" { // a sentence, or a setting of that name
				return name
			}
		case "foreman", "overmind", "honcho", "hivemind":
			if next == "start" || next == "s" || name == "hivemind" {
				return name
			}
		case "gunicorn", "gunicorn.sh":
			return "gunicorn"
		case "uvicorn", "hypercorn", "granian":
			if workers(words) || has("--reload") {
				return name
			}
		case "fastapi", "octane:start", "puma", "waitress-serve":
			if workers(words) || name == "octane:start" && has("--watch") {
				return name
			}
		case "cargo", "dotnet":
			if next == "watch" || name == "cargo" && next == "leptos" {
				return name + " watch"
			}
		case "dotnet-watch", "cargo-watch":
			return strings.Replace(name, "-", " ", 1)
		case "air":
			if i == 0 || before(words, i, "exec", "run", "go", "CMD", "-c", "ENTRYPOINT", "command:", "sh") {
				return "air"
			}
		case "reflex":
			if strings.HasPrefix(next, "-") {
				return "reflex"
			}
		case "tsx", "node", "bun", "nest", "deno", "ts-node", "ace", "vite-node", "swc-node":
			if !has("test", "jest", "--test", "vitest") && (has("--watch", "--hot", "--watch-path", "--watch-preserve-output") || name == "tsx" && next == "watch" || name == "nest" && next == "start" && has("-w")) {
				return name + " --watch"
			}
		case "gradle", "gradlew":
			if has("--continuous", "-t") {
				return "gradle --continuous"
			}
		case "sbt":
			if strings.HasPrefix(next, "~") {
				return "sbt ~run"
			}
		}
	}
	return ""
}

func before(words []string, i int, list ...string) bool {
	for _, l := range list {
		if i > 0 && strings.HasSuffix(words[i-1], l) {
			return true
		}
	}
	return false
}

// workers reports whether a server's command asks for workers or reloading.
func workers(words []string) bool {
	for _, w := range words {
		if w == "-w" || w == "--reload" || w == "-k" || strings.HasPrefix(w, "--workers") || strings.HasPrefix(w, "--worker") || len(w) > 2 && strings.HasPrefix(w, "-w") && w[2] >= '0' && w[2] <= '9' {
			return true
		}
	}
	return false
}

// shellDocument tells shell scripts and makefiles of the project's own from those that tools write.
func shellDocument(s *Source) {
	base := strings.ToLower(path.Base(s.Path))
	switch s.Lang {
	case lex.Shell, lex.PowerShell, lex.Makefile:
	default:
		if !strings.HasSuffix(base, ".bat") && !strings.HasSuffix(base, ".cmd") && base != "justfile" && !strings.HasPrefix(base, "taskfile.y") {
			return
		}
	}
	if len(bytes.TrimSpace(s.Raw)) == 0 || strings.HasSuffix(base, ".psd1") || strings.HasSuffix(base, ".psm1") {
		return
	}
	name := "script"
	head := s.Raw[:min(len(s.Raw), 4096)]
	for _, mark := range []string{
		"Gradle start up script", "Gradle startup script", "Maven Start Up Batch", "Apache Maven Wrapper", "Maven2 Start Up", "Minimal makefile for Sphinx", "Command file for Sphinx", "husky", "Generated by \"Unix Makefiles\"", "wait-for-it", "GNU Autoconf", "This file is autogenerated",
		"GENERATED FROM", "Use this script to test if a given TCP host/port are available", "sbt-extras", "nvm_", "Deprecated: husky",
	} {
		if bytes.Contains(head, []byte(mark)) && (mark != "wait-for-it" || strings.HasPrefix(base, "wait-for")) && (mark != "husky" || bytes.Contains(head, []byte("husky.sh")) && len(s.Raw) < 600) {
			name = "wrapper"
		}
	}
	switch base {
	case "gradlew", "mvnw", "gradlew.bat", "mvnw.cmd", "activate", "husky.sh", "docker-entrypoint.rails", "sail", "install-wp-tests.sh", "wait-for-it.sh", "wait-for", "wait-for.sh", "bundle.cmd", "rails.cmd", "rake.cmd", "activate.bat", "activate.ps1":
		name = "wrapper"
	}
	if strings.HasPrefix(s.Path, ".husky/") || strings.HasPrefix(s.Path, "_/") {
		name = "wrapper"
	}
	if commandsIn(s.Raw) == 0 {
		name = "empty"
	}
	s.Emit(Fact{Kind: KindShellScript, Name: name, Line: 1, End: bytes.Count(s.Raw, []byte{'\n'}) + 1})
}

// commandsIn counts the lines that are neither blank nor comments.
func commandsIn(raw []byte) int {
	n := 0
	for line := range bytes.SplitSeq(raw, []byte{'\n'}) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && !bytes.HasPrefix(bytes.ToLower(line), []byte("rem ")) && !bytes.HasPrefix(line, []byte("::")) && !bytes.EqualFold(line, []byte("@echo off")) {
			n++
		}
	}
	return n
}
