package render

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode/utf16"
)

// The hidden marks of our texts. All are HTML comments alone on their line, or at the end of a box's line.
const (
	markName  = "milepost:"
	markEnd   = "<!-- milepost:end -->"
	markNotes = "<!-- milepost:notes -->"
	// notesLine stands between our part and the notes. Both marks are ours; a person may delete either.
	notesLine = markEnd + "\n\n---\n\n" + markNotes
)

// maxBody is the length of the longest body that GitHub takes, in characters.
const maxBody = 65_536

var (
	issueMark = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^ {0,3}<!-- milepost:issue:([0-9]{1,19}) -->[ \t\r]*$`)
	})
	pullMark = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^ {0,3}<!-- milepost:pull:([0-9]{1,19}):([0-9]{1,10}) -->[ \t\r]*$`)
	})
	endMark  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ {0,3}<!-- milepost:end -->[ \t\r]*$`) })
	noteMark = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^ {0,3}<!-- milepost:notes -->[ \t\r]*$`) })
	// between is all that may stand between the two marks to be ours.
	between = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[ \t\r]*(?:\r?\n)*(?:---[ \t]*(?:\r?\n)+)? {0,3}<!-- milepost:notes -->`)
	})
	box = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^[ \t]*[-*+][ \t]+\[[ \t]*x[ \t]*\].*<!--\s*milepost:box:(recheck|pause|ask-mentor)\s*-->`)
	})
)

// Marker is the hidden comment that makes an issue ours: the first line of its body.
func Marker(repoID int64) string { return fmt.Sprintf("<!-- milepost:issue:%d -->", repoID) }

// FindMarker returns the repository that the marker of our issue names. What stands in a block of code, is quoted, or stands among the notes is
// no marker.
func FindMarker(body string) (repoID int64, ok bool) {
	for l := range openLines(body) {
		if endMark().MatchString(l.text) || noteMark().MatchString(l.text) {
			break
		}
		if m := issueMark().FindStringSubmatch(l.text); m != nil {
			id, err := strconv.ParseInt(m[1], 10, 64)
			return id, err == nil
		}
	}
	return 0, false
}

// CommentMarker is the hidden comment that makes a comment on a pull request ours: its first line.
func CommentMarker(repoID int64, number int) string {
	return fmt.Sprintf("<!-- milepost:pull:%d:%d -->", repoID, number)
}

// FindCommentMarker returns what the marker of a comment names. It counts on the comment's first line only.
func FindCommentMarker(body string) (repoID int64, number int, ok bool) {
	first, _, _ := strings.Cut(body, "\n")
	m := pullMark().FindStringSubmatch(first)
	if m == nil {
		return 0, 0, false
	}
	repoID, err1 := strconv.ParseInt(m[1], 10, 64)
	number, err2 := strconv.Atoi(m[2])
	if err1 != nil || err2 != nil {
		return 0, 0, false
	}
	return repoID, number, true
}

// line is a line of a body: its text without the newline, and where the next begins.
type line struct {
	text string
	end  int // just behind the text
}

var fenceLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("^ {0,3}(`{3,}|~{3,})(.*)$") })

// allLines yields the lines of a text.
func allLines(body string) func(func(line) bool) {
	return func(yield func(line) bool) {
		for at := 0; at <= len(body); {
			end := strings.IndexByte(body[at:], '\n')
			if end < 0 {
				end = len(body)
			} else {
				end += at
			}
			if !yield(line{body[at:end], end}) {
				return
			}
			at = end + 1
		}
	}
}

// openLines yields the lines of Markdown that are in no fenced block of code.
func openLines(body string) func(func(line) bool) {
	return func(yield func(line) bool) {
		fence := ""
		for l := range allLines(body) {
			m := fenceLine().FindStringSubmatch(strings.TrimRight(l.text, " \t\r"))
			switch {
			case fence != "":
				if m != nil && m[1][0] == fence[0] && len(m[1]) >= len(fence) && m[2] == "" {
					fence = ""
				}
				continue
			case m != nil && (m[1][0] == '~' || !strings.Contains(m[2], "`")):
				fence = m[1]
				continue
			}
			if !yield(l) {
				return
			}
		}
	}
}

// notesOf parts a body into what was ours and what people wrote below. Ours ends at the end mark or, where a person took that away, at the notes
// line; to count, either must stand right below our footer, and be the first of its kind below our first line: a copy of our text among the notes
// looks the same. Where nothing can be told apart, everything is theirs.
func notesOf(body string) (managed, notes string, found bool) {
	starts, last := 0, ""
	for l := range allLines(body) {
		switch text := strings.TrimSpace(l.text); {
		case issueMark().MatchString(l.text):
			if starts++; starts > 1 {
				return "", body, false
			}
			last = text
		case (endMark().MatchString(l.text) || noteMark().MatchString(l.text)) && strings.HasPrefix(last, "<sub>") && strings.HasSuffix(last, "</sub>"):
			rest := body[l.end:]
			if m := between().FindString(rest); m != "" && endMark().MatchString(l.text) {
				rest = rest[len(m):]
			}
			return body[:l.end], rest, true
		case text != "" && text != "---":
			last = text
		}
	}
	return "", body, false
}

// Compose returns the new body of an issue: our part anew, and below it, byte for byte, what people wrote. Where the notes leave less room, our
// part is written with less detail; where they leave none at all, the body stays as it is. With an empty text the notes alone are left.
func Compose(existing string, t IssueText) string {
	_, notes, found := notesOf(existing)
	switch {
	case found:
	case strings.TrimSpace(existing) == "":
		notes = "\n"
	default:
		notes = "\n\n" + existing
	}
	if managed, ok := t.fitting(maxBody - length(notes)); ok {
		return managed + notes
	}
	return existing
}

// length counts as the strictest reader of a limit in characters might.
func length(s string) int {
	n := 0
	for _, r := range s {
		if k := utf16.RuneLen(r); k > 0 {
			n += k
		} else {
			n++
		}
	}
	return n
}

// Ticks are the ids of the boxes that are ticked in our part of a body, each once: "recheck", "pause", "ask-mentor". Boxes are known by their
// hidden ids, whatever became of their words.
func Ticks(body string) []string {
	managed, _, found := notesOf(body)
	if !found {
		managed = body
	}
	var out []string
	seen := map[string]bool{}
	for l := range openLines(managed) {
		m := box().FindStringSubmatch(l.text)
		if m == nil {
			continue
		}
		id := strings.ToLower(m[1])
		if !seen[id] {
			seen[id] = true
			out = append(out, id)
		}
	}
	return out
}

// NewTicks are the ids of the boxes that an edit ticked.
func NewTicks(before, after string) []string {
	old := Ticks(before)
	return slices.DeleteFunc(Ticks(after), func(id string) bool { return slices.Contains(old, id) })
}

// PutBack returns a body with the notes that an edit left, if the body's own are those that the edit found: somebody wrote over it. ok is false where the
// edit changed no notes, or where they stand, or where the three cannot be compared.
func PutBack(body, before, after string) (_ string, ok bool) {
	_, notes, found := notesOf(body)
	_, old, found1 := notesOf(before)
	_, wanted, found2 := notesOf(after)
	if !found || !found1 || !found2 || !sameText(notes, old) || sameText(notes, wanted) {
		return "", false
	}
	out := strings.TrimSuffix(body, notes) + wanted
	return out, length(out) <= maxBody
}

// sameText compares texts whatever their line ends: a browser sends its own.
func sameText(a, b string) bool {
	return strings.ReplaceAll(a, "\r\n", "\n") == strings.ReplaceAll(b, "\r\n", "\n")
}

// boxLine is an empty box.
func boxLine(words, id string) string { return "- [ ] " + words + " <!-- milepost:box:" + id + " -->" }
