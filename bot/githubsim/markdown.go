package githubsim

import (
	"bytes"
	"fmt"
	"html"
	"html/template"
	"regexp"
	"strings"
	"sync"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	ghtml "github.com/yuin/goldmark/renderer/html"
	xhtml "golang.org/x/net/html"
)

var gfm = sync.OnceValue(func() goldmark.Markdown {
	return goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(ghtml.WithUnsafe()))
})

// allowedTags are the elements that GitHub keeps in people's text.
var allowedTags = set("h1 h2 h3 h4 h5 h6 br b i strong em a pre code img tt div ins del sup sub p picture ol ul table thead tbody tfoot " +
	"blockquote dl dt dd kbd q samp var hr ruby rt rp li tr td th s strike summary details caption figure figcaption abbr cite mark small span time input")

// droppedTags are left out together with what is inside.
var droppedTags = set("script style title textarea xmp iframe noembed noframes plaintext noscript svg math")

var allowedAttrs = map[string]map[string]bool{
	"a": set("href title"), "img": set("src alt title width height align"), "td": set("align colspan rowspan"), "th": set("align colspan rowspan"),
	"details": set("open"), "div": set("align"), "p": set("align"), "ol": set("start"), "input": set("type checked disabled"), "code": set("class"),
	"source": set("srcset media"), "time": set("datetime"), "h1": set("align"), "h2": set("align"), "h3": set("align"),
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// markdown renders GitHub-flavoured Markdown and cleans it as GitHub does:
// comments, unknown elements and dangerous addresses are dropped.
func (s *Sim) markdown(text string, r *Repo) template.HTML {
	var raw bytes.Buffer
	if err := gfm().Convert([]byte(text), &raw); err != nil {
		return template.HTML(html.EscapeString(text)) // #nosec G203 -- escaped
	}
	return template.HTML(s.sanitize(raw.String(), r)) // #nosec G203 -- sanitised
}

func (s *Sim) sanitize(in string, r *Repo) string {
	var out strings.Builder
	z := xhtml.NewTokenizer(strings.NewReader(in))
	var dropping []string
	var open []string
	plain := 0 // inside code or a link, where mentions are not linked
	for {
		kind := z.Next()
		if kind == xhtml.ErrorToken {
			break
		}
		t := z.Token()
		if len(dropping) > 0 {
			if kind == xhtml.EndTagToken && t.Data == dropping[len(dropping)-1] {
				dropping = dropping[:len(dropping)-1]
			} else if kind == xhtml.StartTagToken && t.Data == dropping[len(dropping)-1] {
				dropping = append(dropping, t.Data)
			}
			continue
		}
		switch kind {
		case xhtml.TextToken:
			if plain > 0 {
				out.WriteString(html.EscapeString(t.Data))
			} else {
				out.WriteString(s.autolink(t.Data, r))
			}
		case xhtml.StartTagToken, xhtml.SelfClosingTagToken:
			if droppedTags[t.Data] {
				if kind == xhtml.StartTagToken {
					dropping = append(dropping, t.Data)
				}
				continue
			}
			if !allowedTags[t.Data] || (t.Data == "input" && !strings.Contains(t.String(), "checkbox")) {
				continue
			}
			writeTag(&out, t)
			if !voidTag(t.Data) {
				open = append(open, t.Data)
				if t.Data == "a" || t.Data == "code" || t.Data == "pre" {
					plain++
				}
			}
		case xhtml.EndTagToken:
			open, plain = closeTag(&out, t.Data, open, plain)
		}
	}
	for i := len(open) - 1; i >= 0; i-- {
		out.WriteString("</" + open[i] + ">")
	}
	return out.String()
}

func voidTag(name string) bool { return set("br hr img input")[name] }

// closeTag closes an element that is open, and with it what is open inside it.
func closeTag(out *strings.Builder, name string, open []string, plain int) ([]string, int) {
	at := -1
	for i := len(open) - 1; i >= 0; i-- {
		if open[i] == name {
			at = i
			break
		}
	}
	if at < 0 {
		return open, plain
	}
	for i := len(open) - 1; i >= at; i-- {
		out.WriteString("</" + open[i] + ">")
		if open[i] == "a" || open[i] == "code" || open[i] == "pre" {
			plain--
		}
	}
	return open[:at], plain
}

var safeURL = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(https?:|mailto:|#|/|[^:]*$|[^/?#]*[/?#])`) })

func writeTag(out *strings.Builder, t xhtml.Token) {
	out.WriteString("<" + t.Data)
	for _, a := range t.Attr {
		if !allowedAttrs[t.Data][a.Key] {
			continue
		}
		if (a.Key == "href" || a.Key == "src") && !safeURL().MatchString(strings.TrimSpace(a.Val)) {
			continue
		}
		fmt.Fprintf(out, ` %s="%s"`, a.Key, html.EscapeString(a.Val))
	}
	if t.Data == "a" {
		out.WriteString(` rel="nofollow"`)
	}
	out.WriteString(">")
}

var (
	mention = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(^|[^\w/@.-])@([A-Za-z0-9][A-Za-z0-9-]*(?:/[A-Za-z0-9-]+)?)`)
	})
	reference = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(^|[^\w&/#])#([0-9]+)\b`) })
)

// autolink marks what GitHub would turn into a mention or a reference: such a
// mark in a screenshot shows that text escaped its quoting.
func (s *Sim) autolink(text string, r *Repo) string {
	out := html.EscapeString(text)
	out = mention().ReplaceAllStringFunc(out, func(m string) string {
		p := mention().FindStringSubmatch(m)
		login, _, _ := strings.Cut(p[2], "/")
		if s.accounts[strings.ToLower(login)] == nil {
			return m
		}
		return p[1] + `<a class="mention" href="/` + p[2] + `">@` + p[2] + `</a>`
	})
	return reference().ReplaceAllStringFunc(out, func(m string) string {
		p := reference().FindStringSubmatch(m)
		var n int
		if _, err := fmt.Sscan(p[2], &n); err != nil || r == nil || r.issues[n] == nil {
			return m
		}
		return p[1] + `<a class="reference" href="/` + r.fullName() + "/issues/" + p[2] + `">#` + p[2] + `</a>`
	})
}
