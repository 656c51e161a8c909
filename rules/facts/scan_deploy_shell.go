package facts

import "strings"

// shellCommand is one command of a script and the folder it runs in, relative to where the script starts.
type shellCommand struct {
	text, dir string
}

const (
	maxCommands     = 200 // of one script
	maxCommandWords = 40
)

// shellCommands splits a script into its commands: at line ends, at &&, ||, ; and |. It follows cd, leaves out what is set for a
// command and the values of options, which may be secrets, and does not expand anything.
func shellCommands(script, dir string) []shellCommand {
	script = strings.ReplaceAll(strings.ReplaceAll(script, "\\\r\n", " "), "\\\n", " ")
	var out []shellCommand
	for line := range strings.Lines(script) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		for _, part := range splitCommands(line) {
			if len(out) >= maxCommands {
				return out
			}
			words := commandWordsOf(part)
			if len(words) == 0 {
				continue
			}
			if words[0] == "cd" && len(words) > 1 {
				dir = joinDir(dir, words[1])
				continue
			}
			out = append(out, shellCommand{text: strings.Join(words, " "), dir: dir})
		}
	}
	return out
}

// splitCommands cuts a line at the operators that stand outside quotes.
func splitCommands(line string) []string {
	var out []string
	start, quote := 0, byte(0)
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ';' || c == '|' || c == '&' && i+1 < len(line) && line[i+1] == '&':
			out = append(out, line[start:i])
			for i+1 < len(line) && (line[i+1] == '|' || line[i+1] == '&' || line[i+1] == ';') {
				i++
			}
			start = i + 1
		case c == '#' && i > 0 && line[i-1] == ' ':
			return append(out, line[start:i])
		}
	}
	return append(out, line[start:])
}

// commandWordsOf are the words of one command that say what it does.
func commandWordsOf(part string) []string {
	fields := strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(" \t()`{}\"'", r) })
	var out []string
	for i := 0; i < len(fields) && len(out) < maxCommandWords; i++ {
		w := fields[i]
		switch {
		case len(out) == 0 && (w == "if" || w == "then" || w == "else" || w == "do" || w == "!" || w == "sudo" || w == "time" || w == "exec" || w == "env" || w == "@" || w == "-" || w == "$" || w == "+"):
			continue
		case len(out) == 0 && strings.Contains(w, "=") && !strings.HasPrefix(w, "-"):
			continue
		}
		w = strings.TrimLeft(w, "@")
		if name, v, ok := strings.Cut(w, "="); ok {
			switch name {
			case "--prefix", "--workspace", "--filter", "--cwd", "--dir", "-f", "--file", "--project":
			case "-Dmaven.test.skip", "-DskipTests", "-DskipITs":
				if v == "false" {
					continue
				}
				w = name
			default:
				w = name
			}
		}
		w, _, _ = strings.Cut(w, "?")
		if secretLike(w) {
			w = "..."
		}
		out = append(out, w)
	}
	return out
}

// secretLike tells words that may be a secret by their length and make-up.
func secretLike(w string) bool {
	if len(w) < 24 || strings.ContainsAny(w, "/.-_:@") && len(w) < 60 {
		return false
	}
	return strings.ContainsAny(w, "0123456789") && !strings.Contains(w, "/")
}

// joinDir applies cd to a folder. A folder that cannot be known is "?".
func joinDir(dir, to string) string {
	to = strings.Trim(to, "\"'")
	to = strings.TrimPrefix(to, "./")
	to = strings.TrimSuffix(to, "/")
	for _, root := range []string{"$GITHUB_WORKSPACE", "${GITHUB_WORKSPACE}", "$CI_PROJECT_DIR", "$TRAVIS_BUILD_DIR"} {
		if rest, ok := strings.CutPrefix(to, root); ok {
			return strings.Trim(rest, "/")
		}
	}
	if strings.ContainsAny(to, "$*~") || strings.HasPrefix(to, "/") {
		return "?"
	}
	for to != "" && to != "." {
		part, rest, _ := strings.Cut(to, "/")
		switch {
		case part == ".." && dir != "":
			if i := strings.LastIndexByte(dir, '/'); i >= 0 {
				dir = dir[:i]
			} else {
				dir = ""
			}
		case part == ".." || part == "." || part == "":
		case dir == "":
			dir = part
		default:
			dir += "/" + part
		}
		to = rest
	}
	return dir
}

// Command is one command of a script: its words without quotes, and the folder that it runs in, "?" where that is not known.
type Command struct{ Text, Dir string }

// Commands splits a script that starts in dir into its commands, as the facts of CI configurations are.
func Commands(script, dir string) []Command {
	split := shellCommands(script, dir)
	out := make([]Command, 0, len(split))
	for _, c := range split {
		out = append(out, Command{Text: c.text, Dir: c.dir})
	}
	return out
}
