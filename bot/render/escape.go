package render

import (
	"html"
	"net/url"
	"path"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// How strangers' text gets into Markdown. GitHub renders Markdown to HTML first and links mentions, references and commit ids afterwards, in
// every text outside code and links, so that a backslash before @ is no protection. Words that GitHub would link are therefore shown as code;
// all else that means something to Markdown or HTML is escaped. There is one function for each kind of place:
//
//	Inline   running text: a paragraph, a list item, a heading, the text of a link
//	Prose    the same, for sentences of reports, in which `code` is kept as code
//	Cell     a cell of a table, as Prose
//	Code     a code span
//	Fence    a block of code
//	HTML     text between HTML tags on a line of HTML, such as a summary
//	pathURL  a path in an address
//	xmlText  text in SVG (svg.go)

// Longest pieces of strangers' text, in characters.
const (
	maxProse = 400
	maxWord  = 160
	maxCode  = 160
)

// hides reports whether a character is invisible, reorders what stands around it, or piles up on its neighbours.
func hides(r rune) bool {
	switch {
	case r >= ' ' && r <= '~':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Cs, r), r == utf8.RuneError:
		return true
	case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0000 && r <= 0xE0FFF: // variation selectors, tags
		return true
	case r == 0x034F, r == 0x115F, r == 0x1160, r == 0x17B4, r == 0x17B5, r >= 0x180B && r <= 0x180F, r == 0x2800, r == 0x3164, r == 0xFFA0:
		return true // joiners, vowels and fillers that show nothing
	}
	return false
}

// visible makes one line of what a person can see: spaces for all white space, nothing hidden, at most two marks on a letter.
func visible(s string) string {
	if printableASCII(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for _, r := range s {
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			b.WriteByte(' ')
			marks = 0
		case hides(r):
		case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r):
			if marks++; marks <= 2 {
				b.WriteRune(r)
			}
		default:
			marks = 0
			b.WriteRune(r)
		}
	}
	return b.String()
}

func printableASCII(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// clip shortens text to n characters.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	r := []rune(s)
	return strings.TrimRight(string(r[:n-1]), " ") + "…"
}

// linked matches what GitHub, or Markdown, makes a link, a picture or a formula of: mentions, references, addresses, short names of emoji,
// commit ids, advisories, formulas.
var linked = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)[@$]|#[0-9]|://|www\.|:[\w+-]+:|\bGH-\d|(?:^|[^0-9a-z_])[0-9a-f]{7,40}(?:$|[^0-9a-z_])|CVE-|GHSA-|mailto:|xmpp:`)
})

// links reports whether GitHub would link a word, or a part of it. Most words hold nothing that any link needs, and are told so quickly.
func links(w string) bool {
	if !strings.ContainsAny(w, "@$#:.-0123456789") && len(w) < 7 {
		return false
	}
	hexes, longest := 0, 0
	for i := range len(w) {
		switch c := w[i] | 0x20; {
		case w[i] >= '0' && w[i] <= '9', c >= 'a' && c <= 'f':
			hexes++
			longest = max(longest, hexes)
		default:
			hexes = 0
		}
	}
	if longest < 7 && !strings.ContainsAny(w, "@$#:.-") {
		return false
	}
	return linked().MatchString(w)
}

var textEscapes = strings.NewReplacer(
	`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "~", `\~`, "!", `\!`, "^", `\^`, "=", `\=`, "#", `\#`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "&#96;", "|", "&#124;",
)

// lineStart matches what means something at the beginning of a line only.
var lineStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:([0-9]{1,9})([.)])|[-+:%])`) })

// Inline escapes text for running text. The result is one line.
func Inline(s string) string { return words(s, Code) }

// words escapes text; code writes those words that GitHub would link.
func words(s string, code func(string) string) string {
	var b strings.Builder
	for _, w := range strings.Fields(visible(clip(s, maxProse*2))) {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(inlineWord(w, b.Len() == 0, code))
	}
	return b.String()
}

func inlineWord(w string, first bool, code func(string) string) string {
	before, core, after := trimWord(w)
	if strings.Contains(core, "@") { // some readers take a backtick for a part of an address
		before, core = "", before+core
	}
	if core != "" && links(core) {
		return textEscapes.Replace(before) + code(core) + textEscapes.Replace(after)
	}
	w = textEscapes.Replace(clip(w, maxWord))
	if m := lineStart().FindStringSubmatch(w); first && m != nil {
		if m[1] != "" {
			return m[1] + `\` + w[len(m[1]):]
		}
		return `\` + w
	}
	return w
}

// trimWord parts a word from the punctuation around it, so that this stays outside when the word becomes code.
func trimWord(w string) (before, core, after string) {
	core = strings.TrimLeft(w, `("'`)
	before = w[:len(w)-len(core)]
	trimmed := strings.TrimRight(core, `.,:;!?)"'`)
	if after = core[len(trimmed):]; strings.HasPrefix(after, ":") && links(trimmed+":") && !links(trimmed) {
		trimmed, after = trimmed+":", after[1:]
	}
	return before, trimmed, after
}

// Prose escapes a sentence of a report. Balanced `code` stays code; everything else is as in Inline.
func Prose(s string) string { return spans(clip(s, maxProse), Inline, Code) }

// ProseHTML is a sentence of a report for a page: balanced `code` becomes an element, everything else is text.
func ProseHTML(s string) string {
	return spans(clip(s, maxProse), html.EscapeString, func(code string) string { return "<code>" + html.EscapeString(strings.TrimSpace(code)) + "</code>" })
}

// Cell escapes a sentence for a cell of a table. Bars are written so that no reader of tables, however it counts backslashes, ends the cell.
func Cell(s string) string {
	return spans(clip(s, maxProse), func(text string) string { return words(text, cellCode) }, cellCode)
}

func cellCode(code string) string {
	var parts []string
	for p := range strings.SplitSeq(code, "|") {
		if strings.TrimSpace(p) != "" {
			parts = append(parts, Code(p))
		}
	}
	return strings.Join(parts, "&#124;")
}

// spans cuts text at its code spans, as CommonMark does: a run of backticks ends at the next run of the same length.
func spans(s string, text, code func(string) string) string {
	var b strings.Builder
	put := func(piece string, spaced bool) {
		if piece == "" {
			return
		}
		out := b.String()
		if out != "" && !strings.HasSuffix(out, " ") && (spaced || strings.HasSuffix(out, "`") && strings.HasPrefix(piece, "`")) {
			b.WriteByte(' ')
		}
		b.WriteString(piece)
	}
	from, spaced := 0, false
	flush := func(to int) {
		raw := s[from:to]
		if out := text(raw); out != "" {
			put(out, startsWithSpace(raw))
			spaced = endsWithSpace(raw)
		} else if raw != "" {
			spaced = true
		}
	}
	for i := 0; i < len(s); {
		if s[i] != '`' {
			i++
			continue
		}
		n := run(s, i)
		end := closing(s, i+n, n)
		if end < 0 {
			i += n
			continue
		}
		flush(i)
		put(code(s[i+n:end]), spaced)
		spaced = false
		i = end + n
		from = i
	}
	flush(len(s))
	return strings.TrimSpace(b.String())
}

func startsWithSpace(s string) bool {
	r, _ := utf8.DecodeRuneInString(s)
	return unicode.IsSpace(r)
}

func endsWithSpace(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return unicode.IsSpace(r)
}

// run is the length of the run of backticks at i.
func run(s string, i int) int {
	n := 0
	for i+n < len(s) && s[i+n] == '`' {
		n++
	}
	return n
}

// closing finds the next run of exactly n backticks from i on; -1 when there is none.
func closing(s string, i, n int) int {
	for i < len(s) {
		if s[i] != '`' {
			i++
			continue
		}
		m := run(s, i)
		if m == n {
			return i
		}
		i += m
	}
	return -1
}

// shown is text for a code span: hidden characters are spelled out, so that two names that differ never look the same.
func shown(s string) string {
	if printableASCII(s) {
		return s
	}
	var b strings.Builder
	marks := 0
	for _, r := range s {
		mark := unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r)
		if marks++; !mark {
			marks = 0
		}
		switch {
		case unicode.IsSpace(r) || unicode.Is(unicode.Z, r):
			b.WriteByte(' ')
		case hides(r), marks > 2:
			b.WriteString("\\u" + strings.ToUpper(hexRune(r)))
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func hexRune(r rune) string {
	const hexDigits = "0123456789abcdef"
	out := ""
	for n := uint32(r); n > 0 || len(out) < 4; n >>= 4 { // #nosec G115 -- a rune of a string is not negative
		out = string(hexDigits[n&15]) + out
	}
	return out
}

// Code returns a code span that shows s, whatever backticks it holds.
func Code(s string) string {
	s = strings.TrimSpace(clip(shown(clip(s, maxCode*2)), maxCode))
	if s == "" {
		return "` `"
	}
	fence := fenceOf(s, 1)
	if s[0] == '`' || s[len(s)-1] == '`' {
		s = " " + s + " "
	}
	return fence + s + fence
}

// fenceOf is as few backticks as possible, and at least so many, that no run inside s closes them.
func fenceOf(s string, least int) string {
	longest := least - 1
	for i := 0; i < len(s); i++ {
		if n := run(s, i); n > 0 {
			longest = max(longest, n)
			i += n
		}
	}
	return strings.Repeat("`", longest+1)
}

var language = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-zA-Z0-9+#-]{0,20}$`) })

// Fence returns a block of code. Lines are kept; what hides, and what could be taken for one of our own marks, is not.
func Fence(content, lang string) string {
	if !language().MatchString(lang) {
		lang = ""
	}
	content = strings.ReplaceAll(content, "\r\n", "\n")
	content = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r):
			return '\n'
		case hides(r):
			return -1
		}
		return r
	}, content)
	content = strings.ReplaceAll(content, "<!-- "+markName, "<!- - "+markName)
	fence := fenceOf(content, 3)
	return fence + lang + "\n" + strings.TrimRight(content, "\n") + "\n" + fence
}

// fenceLanguage is the language of a file's block, by its name.
func fenceLanguage(name string) string {
	switch base := path.Base(name); {
	case base == "Dockerfile":
		return "dockerfile"
	case strings.EqualFold(base, "Makefile"):
		return "makefile"
	default:
		return strings.TrimPrefix(path.Ext(base), ".")
	}
}

// HTML escapes text for a line of HTML, as in a summary; `code` becomes a code element.
func HTML(s string) string {
	return spans(clip(s, maxProse), func(text string) string {
		var out []string
		for _, w := range strings.Fields(visible(text)) {
			before, core, after := trimWord(w)
			switch {
			case core != "" && links(core):
				out = append(out, html.EscapeString(before)+htmlCode(core)+html.EscapeString(after))
			default:
				out = append(out, html.EscapeString(clip(w, maxWord)))
			}
		}
		return strings.Join(out, " ")
	}, htmlCode)
}

func htmlCode(s string) string {
	return "<code>" + html.EscapeString(strings.TrimSpace(clip(shown(s), maxCode))) + "</code>"
}

// pathURL encodes a path for an address: nothing but letters, digits, slashes and -._~ stays as it is.
func pathURL(p string) string {
	var b strings.Builder
	for i := range len(p) {
		c := p[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		const hexDigits = "0123456789ABCDEF"
		b.WriteByte('%')
		b.WriteByte(hexDigits[c>>4])
		b.WriteByte(hexDigits[c&15])
	}
	return b.String()
}

// queryURL encodes a value of an address's query.
func queryURL(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// maxURL is the longest address that is linked.
const maxURL = 2000

// link is a Markdown link; text must be escaped already. Without an address, or with one that is too long, only the text is left.
func link(text, address string) string {
	if address == "" || len(address) > maxURL {
		return text
	}
	return "[" + text + "](" + address + ")"
}

// base is the address of a repository.
func (r Repo) base() string {
	server := strings.TrimSuffix(r.ServerURL, "/")
	if server == "" || r.Owner == "" {
		return ""
	}
	return server + "/" + pathURL(r.Owner) + "/" + pathURL(r.Name)
}

var commitPattern = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{40}([0-9a-f]{24})?$`) })

// blobURL is the permanent address of lines of a file; "" when there is none.
func (r Repo) blobURL(commit, file string, start, end int) string {
	base := r.base()
	if base == "" || file == "" || !commitPattern().MatchString(commit) {
		return ""
	}
	u := base + "/blob/" + commit + "/" + pathURL(file)
	if strings.HasSuffix(strings.ToLower(file), ".md") && start > 0 {
		u += "?plain=1" // otherwise GitHub shows the rendered document, which has no lines
	}
	switch {
	case start > 0 && end > start:
		u += "#L" + itoa(start) + "-L" + itoa(end)
	case start > 0:
		u += "#L" + itoa(start)
	}
	return u
}

// commitLink shows a commit by its short id, linked where possible.
func (r Repo) commitLink(sha string) string {
	if sha == "" {
		return "the files of a folder"
	}
	if !commitPattern().MatchString(sha) || r.base() == "" {
		return Code(short(sha))
	}
	return link(Code(short(sha)), r.base()+"/commit/"+sha)
}

var digits = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{1,9}$`) })

// pullNumber is the number of a pull request of this repository whose address is given; "" for any other.
func (r Repo) pullNumber(address string) string {
	n, ok := strings.CutPrefix(address, r.base()+"/pull/")
	if r.base() == "" || !ok || !digits().MatchString(n) {
		return ""
	}
	return n
}

// webLink shows an address of evidence. Only pages of this repository that no conversation lives on are linked: a link to an issue or pull
// request leaves a line in its timeline each time it is written, and a link elsewhere would be the bot's word for somebody else's page.
func (r Repo) webLink(text, address string) string {
	rest, ok := strings.CutPrefix(address, r.base()+"/")
	if r.base() == "" || !ok {
		return ""
	}
	kind, _, _ := strings.Cut(rest, "/")
	switch kind {
	case "actions", "deployments", "blob", "tree", "commit", "commits", "releases", "branches", "tags":
	default:
		return ""
	}
	clean := pathURL(strings.SplitN(rest, "#", 2)[0])
	if strings.Contains(rest, "?") || strings.Contains(rest, "..") {
		return ""
	}
	return link(text, r.base()+"/"+clean)
}

// safeAddress returns an address that the bot itself made, if it is one of the web and fits between the parentheses of a link.
func safeAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || strings.ContainsAny(address, " ()<>\\\"'`\n\r\t") || conversation().MatchString(u.Path) {
		return ""
	}
	return u.String()
}
