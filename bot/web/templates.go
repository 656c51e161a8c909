package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

	"milepost/bot/render"
	"milepost/rules"
	"milepost/storage"
)

//go:embed templates/*.html
var templateFiles embed.FS

// templates are the pages by name. Each is the layout with that page's blocks.
type templates struct{ byName map[string]*template.Template }

func loadTemplates(s *Server) (*templates, error) {
	base, err := template.New("layout").Funcs(funcs(s)).ParseFS(templateFiles, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		return nil, fmt.Errorf("web: templates: %w", err)
	}
	t := &templates{byName: map[string]*template.Template{}}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), path.Ext(f.Name()))
		if name == "layout" || name == "parts" {
			continue
		}
		own, err := base.Clone()
		if err == nil {
			own, err = own.ParseFS(templateFiles, "templates/"+f.Name())
		}
		if err != nil {
			return nil, fmt.Errorf("web: template %s: %w", name, err)
		}
		t.byName[name] = own
	}
	return t, nil
}

// render writes a page, or nothing at all when its template fails.
func (t *templates) render(w http.ResponseWriter, status int, name string, l *layout) error {
	own, ok := t.byName[name]
	if !ok {
		return fmt.Errorf("web: there is no template %q", name)
	}
	var b bytes.Buffer
	b.Grow(64 << 10)
	if err := own.ExecuteTemplate(&b, "layout.html", l); err != nil {
		return fmt.Errorf("web: render %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // a client that went away needs no answer
	return nil
}

func funcs(s *Server) template.FuncMap {
	return template.FuncMap{
		"asset":  func(name string) string { return s.assets.url(name) },
		"ago":    func(t time.Time) template.HTML { return ago(t, s.cfg.Now()) },
		"day":    day,
		"moment": moment,
		"word":   render.StatusWord,
		"prose":  func(s string) template.HTML { return template.HTML(render.ProseHTML(s)) }, // #nosec G203 -- escaped there
		"count":  count,
		"short":  func(sha string) string { return sha[:min(len(sha), 7)] },
		"esc":    url.PathEscape,
		"q":      url.QueryEscape,
		"signed": func(n int) string {
			if n > 0 {
				return fmt.Sprintf("+%d", n)
			}
			return strings.Replace(fmt.Sprint(n), "-", "−", 1)
		},
		"add":        func(a, b int) int { return a + b },
		"lower":      strings.ToLower,
		"many":       many,
		"short_step": shortStep,
		"same":       strings.EqualFold,
		"lacking":    lacking,
		"tone":       tone,
	}
}

// lacking is the address of the learners who lack a milestone, within a scope.
func lacking(scope, id string) string {
	v, _ := url.ParseQuery(strings.TrimPrefix(scope, "?")) // the pages' own
	v.Set("lacks", id)
	return address("/learners", v)
}

// shortStep is the head of a narrow column: a step's id in words.
func shortStep(id, title string) string {
	switch id {
	case "dsa":
		return "DSA"
	case "apis":
		return "APIs"
	}
	words := orElse(strings.ReplaceAll(id, "-", " "), title)
	if words == "" {
		return ""
	}
	return cut(strings.ToUpper(words[:1])+words[1:], 16)
}

// tone is the class that gives a status its colour; the word stands beside it always.
func tone(st rules.Status) string {
	switch st {
	case rules.Met, rules.Attested:
		return "done"
	case rules.Partial:
		return "started"
	case rules.Unknown:
		return "unknown"
	default:
		return "open"
	}
}

// count is "1 repository" or "3 repositories".
func count(n int, noun string) string {
	if stem, ok := strings.CutSuffix(noun, "ry"); ok && n != 1 {
		return fmt.Sprintf("%d %sries", n, stem)
	}
	return render.Count(n, noun)
}

// day is a date in words, as <time>.
func day(t time.Time) template.HTML { return stampHTML(t, t.UTC().Format("2 January 2006")) }

// moment is a date with its time, as <time>.
func moment(t time.Time) template.HTML {
	return stampHTML(t, t.UTC().Format("2 January 2006, 15:04 UTC"))
}

// ago says how long ago something was, as <time> with the exact moment as its title.
func ago(t, now time.Time) template.HTML { return stampHTML(t, agoWords(t, now)) }

func agoWords(t, now time.Time) string {
	d := now.Sub(t)
	switch {
	case d < -time.Minute:
		return t.UTC().Format("2 January 2006")
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return count(int(d/time.Minute), "minute") + " ago"
	case d < 24*time.Hour:
		return count(int(d/time.Hour), "hour") + " ago"
	case d < 48*time.Hour:
		return "yesterday"
	case d < 60*24*time.Hour:
		return count(int(d/(24*time.Hour)), "day") + " ago"
	case t.UTC().Year() == now.UTC().Year():
		return t.UTC().Format("2 January")
	default:
		return t.UTC().Format("2 January 2006")
	}
}

func stampHTML(t time.Time, words string) template.HTML {
	if t.IsZero() {
		return "never"
	}
	exact := t.UTC().Format(time.RFC3339)
	return template.HTML(`<time datetime="` + exact + `" title="` + t.UTC().Format("2 January 2006, 15:04 UTC") + `">` + words + `</time>`) // #nosec G203 -- made of formatted times alone
}

// many writes a count of the queue's statistics.
func many(n int64) string {
	if n >= storage.QueueStatsMost {
		return strconv.Itoa(storage.QueueStatsMost) + "+"
	}
	return strconv.FormatInt(n, 10)
}
