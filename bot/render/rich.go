package render

import (
	"regexp"
	"strings"
	"sync"
)

// Texts of a roadmap may be formatted a little: paragraphs, lists, blocks of code, `code`, **bold**, and links to documentation. A roadmap may
// come from the repository itself, so nothing else gets through.

const maxRich = 6000

var (
	richLink = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`\[([^\[\]]{1,120})\]\((https://[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9/._~%#?=+:,;-]*)?)\)`)
	})
	richBold = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\*\*([^*\[\]]{1,200})\*\*`) })
	listItem = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ {0,3}(?:[-*+]|([0-9]{1,3})[.)]) +(.*)$`) })
	// conversation matches addresses whose pages note who links to them.
	conversation = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)/(?:issues|pull|pulls|discussions|commit)(?:/|$)`)
	})
)

// Rich renders a roadmap's text as Markdown blocks.
func Rich(s string) string {
	lines := strings.Split(strings.ReplaceAll(clip(s, maxRich), "\r\n", "\n"), "\n")
	var blocks, paragraph, list []string
	flush := func() {
		if len(paragraph) > 0 {
			blocks = append(blocks, richInline(strings.Join(paragraph, " ")))
		}
		if len(list) > 0 {
			blocks = append(blocks, strings.Join(list, "\n"))
		}
		paragraph, list = nil, nil
	}
	for i := 0; i < len(lines); i++ {
		l := strings.TrimRight(lines[i], " \t")
		switch m := listItem().FindStringSubmatch(l); {
		case l == "":
			flush()
		case strings.HasPrefix(strings.TrimLeft(l, " "), "```"):
			flush()
			code, lang, next := fenced(lines, i)
			blocks = append(blocks, Fence(code, lang))
			i = next
		case strings.HasPrefix(l, "    ") && len(paragraph) == 0 && len(list) == 0 || strings.HasPrefix(l, "\t") && len(paragraph) == 0:
			var code []string
			for ; i < len(lines) && (strings.HasPrefix(lines[i], "    ") || strings.HasPrefix(lines[i], "\t") || strings.TrimSpace(lines[i]) == ""); i++ {
				code = append(code, strings.TrimPrefix(strings.TrimPrefix(lines[i], "\t"), "    "))
			}
			i--
			blocks = append(blocks, Fence(strings.Join(code, "\n"), ""))
		case m != nil:
			if len(paragraph) > 0 {
				flush()
			}
			mark := "-"
			if m[1] != "" {
				mark = m[1] + "."
			}
			list = append(list, mark+" "+richInline(m[2]))
		case len(list) > 0:
			list[len(list)-1] += " " + richInline(l)
		default:
			paragraph = append(paragraph, strings.TrimSpace(l))
		}
	}
	flush()
	return strings.Join(blocks, "\n\n")
}

// fenced reads the block of code that starts at line i: its text, its language and its last line.
func fenced(lines []string, i int) (code, lang string, last int) {
	indent := len(lines[i]) - len(strings.TrimLeft(lines[i], " "))
	opening := strings.TrimSpace(lines[i])
	n := run(opening, 0)
	lang = strings.TrimSpace(opening[n:])
	var out []string
	for i++; i < len(lines); i++ {
		l := strings.TrimSpace(lines[i])
		if m := run(l, 0); m >= n && m == len(l) {
			break
		}
		out = append(out, strings.TrimPrefix(lines[i], strings.Repeat(" ", indent)))
	}
	return strings.Join(out, "\n"), lang, i
}

// richInline renders one paragraph of a roadmap's text.
func richInline(s string) string {
	return spans(s, func(text string) string {
		return marked(text, richLink(), func(m []string) (string, bool) {
			if conversation().MatchString(m[2]) {
				return "", false
			}
			return "[" + Inline(m[1]) + "](" + m[2] + ")", true
		}, func(rest string) string {
			return marked(rest, richBold(), func(m []string) (string, bool) {
				in := Inline(m[1])
				return "**" + in + "**", in != "" && !strings.Contains(in, "`")
			}, Inline)
		})
	}, Code)
}

// marked renders what re matches by one function and all between by another, keeping the spaces between them.
func marked(s string, re *regexp.Regexp, match func([]string) (string, bool), between func(string) string) string {
	var b strings.Builder
	add := func(raw, out string) {
		if out == "" {
			if raw != "" && b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
				b.WriteByte(' ')
			}
			return
		}
		if startsWithSpace(raw) && b.Len() > 0 && !strings.HasSuffix(b.String(), " ") {
			b.WriteByte(' ')
		}
		b.WriteString(out)
		if endsWithSpace(raw) {
			b.WriteByte(' ')
		}
	}
	from := 0
	for _, at := range re.FindAllStringSubmatchIndex(s, -1) {
		m := make([]string, 0, len(at)/2)
		for i := 0; i+1 < len(at); i += 2 {
			m = append(m, s[at[i]:at[i+1]])
		}
		out, ok := match(m)
		if !ok {
			continue
		}
		add(s[from:at[0]], between(s[from:at[0]]))
		b.WriteString(out)
		from = at[1]
	}
	add(s[from:], between(s[from:]))
	return strings.TrimSpace(b.String())
}
