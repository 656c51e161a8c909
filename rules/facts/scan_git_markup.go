package facts

import (
	"bytes"
	"strings"
)

// asMarkdown rewrites reStructuredText, AsciiDoc and Org line by line into what the Markdown reader understands: headings, code blocks,
// links and images. The number of lines stays.
func asMarkdown(src []byte, path string) []byte {
	var rewrite func(lines []string)
	switch path[strings.LastIndexByte(path, '.')+1:] {
	case "rst":
		rewrite = fromRST
	case "adoc", "asciidoc":
		rewrite = fromASCIIDoc
	case "org":
		rewrite = fromOrg
	default:
		return src
	}
	lines := strings.Split(string(bytes.ReplaceAll(src, []byte("\r\n"), []byte{'\n'})), "\n")
	rewrite(lines)
	return []byte(strings.Join(lines, "\n"))
}

// indent is the number of blanks a line starts with.
func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }

// underline reports whether a line is of one punctuation mark, as headings of reStructuredText have below them.
func underline(line string) bool {
	line = strings.TrimSpace(line)
	return len(line) >= 3 && strings.Trim(line, line[:1]) == "" && strings.Contains("=-~^\"'`#*+:._", line[:1]) //nolint:gocritic // the mark is one of these
}

func fromRST(lines []string) {
	literal := -1 // indentation of what introduced the block of code that is being passed, -1 outside
	for i, l := range lines {
		if literal >= 0 {
			if strings.TrimSpace(l) == "" || indent(l) > literal {
				if strings.TrimSpace(l) != "" {
					lines[i] = "    " + strings.TrimSpace(l)
				}
				continue
			}
			literal = -1
		}
		t := strings.TrimSpace(l)
		switch {
		case strings.HasPrefix(t, ".. "):
			name, arg, _ := strings.Cut(strings.TrimPrefix(t, ".. "), "::")
			lines[i] = ""
			if strings.HasPrefix(name, "_") { // a link's target
				if n, url, ok := strings.Cut(name[1:], ": "); ok {
					lines[i] = "[" + n + "]: " + url
				} else if strings.Contains(arg, "//") {
					lines[i] = ""
				}
				continue
			}
			if name == "note" || name == "warning" || name == "tip" {
				lines[i] = arg
				continue
			}
			literal = indent(l)
		case underline(t):
			if i > 0 && strings.TrimSpace(lines[i-1]) != "" && !strings.HasPrefix(lines[i-1], "#") {
				lines[i-1] = "# " + strings.TrimSpace(lines[i-1])
			}
			lines[i] = ""
		case strings.HasSuffix(t, "::"):
			lines[i] = strings.TrimSuffix(t, ":")
			literal = indent(l)
		default:
			lines[i] = rstLinks(strings.ReplaceAll(l, "``", "`"))
		}
	}
}

// rstLinks rewrites `text <address>`_ to [text](address).
func rstLinks(l string) string {
	var b strings.Builder
	for {
		i := strings.IndexByte(l, '`')
		if i < 0 {
			break
		}
		n := strings.IndexByte(l[i+1:], '`')
		if n < 0 {
			break
		}
		inner, rest := l[i+1:i+1+n], l[i+n+2:]
		label, url, ok := strings.Cut(inner, " <")
		b.WriteString(l[:i])
		if ok && strings.HasSuffix(url, ">") {
			b.WriteString("[" + label + "](" + strings.TrimSuffix(url, ">") + ")")
			rest = strings.TrimLeft(rest, "_")
		} else {
			b.WriteString("`" + inner + "`")
		}
		l = rest
	}
	b.WriteString(l)
	return b.String()
}

func fromASCIIDoc(lines []string) {
	fence := ""
	for i, l := range lines {
		t := strings.TrimSpace(l)
		switch {
		case fence != "":
			if t == fence {
				fence = ""
				lines[i] = "```"
			}
		case t == "----" || t == "....":
			fence = t
			lines[i] = "```"
		case strings.HasPrefix(t, "="):
			lines[i] = "# " + strings.TrimLeft(t, "= ")
		case strings.HasPrefix(t, ":") && strings.Count(t, ":") > 1, strings.HasPrefix(t, "[") && strings.HasSuffix(t, "]"), strings.HasPrefix(t, "image:"), strings.HasPrefix(t, "//"), t == "|===":
			lines[i] = ""
		case strings.HasPrefix(t, ". "):
			lines[i] = "1. " + t[2:]
		default:
			lines[i] = adocLinks(l)
		}
	}
}

// adocLinks rewrites address[text] to [text](address).
func adocLinks(l string) string {
	i := strings.Index(l, "http")
	if i < 0 {
		return l
	}
	n := strings.IndexAny(l[i:], " [")
	if n < 0 || l[i+n] != '[' {
		return l
	}
	end := strings.IndexByte(l[i+n:], ']')
	if end < 0 {
		return l
	}
	head := strings.TrimSuffix(l[:i], "link:")
	return head + l[i+n:i+n+end+1] + "(" + l[i:i+n] + ")" + adocLinks(l[i+n+end+1:])
}

func fromOrg(lines []string) {
	for i, l := range lines {
		t := strings.TrimSpace(l)
		upper := strings.ToUpper(t)
		switch {
		case strings.HasPrefix(upper, "#+BEGIN"), strings.HasPrefix(upper, "#+END"):
			lines[i] = "```"
		case strings.HasPrefix(upper, "#+TITLE:"):
			lines[i] = "# " + strings.TrimSpace(t[len("#+TITLE:"):])
		case strings.HasPrefix(t, "#+"):
			lines[i] = ""
		case strings.HasPrefix(l, "*"):
			lines[i] = "# " + strings.TrimLeft(t, "* ")
		}
	}
}
