// Package command reads what people tell the bot in comments. It only parses: who may do what is decided elsewhere.
package command

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Verbs are the commands there are.
var Verbs = []string{"help", "recheck", "why", "skip", "unskip", "evidence", "approve", "revoke", "pause", "resume"}

// withMilestone are the verbs whose first word is a milestone's id.
var withMilestone = []string{"why", "skip", "unskip", "evidence", "approve", "revoke"}

// Command is one line addressed to the bot.
type Command struct {
	Verb      string // lower case; also a word that is not in Verbs, and "" where none was written
	Milestone string // an id in lower case, for the verbs that name one; "" where none was written
	Text      string // the rest of the line: a reason, a path, a note, a time
	Raw       string // the line
}

// Limits of what is read: comments are up to 65,536 characters, commands short.
const (
	maxCommands = 5
	maxText     = 1000 // characters
	maxVerb     = 40
	maxID       = 80
)

var (
	addressed = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^ {0,3}/milepost(?:$|[ \t]+(.*)$)`) })
	fenceLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$") })
	htmlRaw   = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^ {0,3}<(pre|script|style|textarea)(?:[ \t>]|$)`)
	})
)

// Parse returns the commands of a comment, at most five, in order. A command is a line that begins with /milepost, in any letter case, behind at
// most three spaces. Lines in blocks of code, in quotations and in HTML comments are somebody else's words.
func Parse(body string) []Command {
	var out []Command
	s := scanner{}
	for text := range strings.SplitSeq(body, "\n") {
		text = strings.TrimRight(text, " \t\r")
		if !s.open(text) {
			continue
		}
		m := addressed().FindStringSubmatch(text)
		if m == nil {
			continue
		}
		out = append(out, parse(text, m[1]))
		if len(out) == maxCommands {
			break
		}
	}
	return out
}

// scanner follows the blocks of Markdown in which a line is no command.
type scanner struct {
	fence string // of the block of code
	until string // lower-case text that ends a block of HTML
}

// open reports whether a line is ordinary text, and notes the blocks that it begins or ends.
func (s *scanner) open(text string) bool {
	if s.until != "" {
		if strings.Contains(strings.ToLower(text), s.until) {
			s.until = ""
			s.begin(text[strings.LastIndex(text, ">")+1:])
		}
		return false
	}
	m := fenceLine().FindStringSubmatch(text)
	switch {
	case s.fence != "":
		if m != nil && m[1][0] == s.fence[0] && len(m[1]) >= len(s.fence) && m[2] == "" {
			s.fence = ""
		}
		return false
	case m != nil && (m[1][0] == '~' || !strings.Contains(m[2], "`")):
		s.fence = m[1]
		return false
	}
	if h := htmlRaw().FindStringSubmatch(text); h != nil {
		if end := "</" + strings.ToLower(h[1]) + ">"; !strings.Contains(strings.ToLower(text), end) {
			s.until = end
		}
		return false
	}
	s.begin(text)
	return true
}

// begin notes an HTML comment that a line leaves open.
func (s *scanner) begin(text string) {
	if i := strings.LastIndex(text, "<!--"); i >= 0 && !strings.Contains(text[i:], "-->") {
		s.until = "-->"
	}
}

func parse(raw, rest string) Command {
	c := Command{Raw: clip(raw, maxText*2)}
	verb, rest := word(rest)
	c.Verb = clip(strings.ToLower(verb), maxVerb)
	if slices.Contains(withMilestone, c.Verb) {
		var id string
		id, rest = word(rest)
		c.Milestone = clip(strings.ToLower(strings.Trim(id, "`*_\"'.,:;!?<>[]()")), maxID)
	}
	c.Text = clip(printable(rest), maxText)
	return c
}

// word parts the first word from the rest.
func word(s string) (first, rest string) {
	s = strings.TrimLeft(s, " \t")
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// printable drops control characters and bytes that are no text.
func printable(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case unicode.IsControl(r) || r == utf8.RuneError:
			return -1
		}
		return r
	}, s))
}

// clip shortens text to n characters.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return strings.ToValidUTF8(s, "")
	}
	return strings.ToValidUTF8(string([]rune(s)[:n]), "")
}
