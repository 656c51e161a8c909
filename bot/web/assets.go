package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
)

//go:embed assets
var assetFiles embed.FS

// primer are the files of GitHub's design system that make up the style sheet, in order; the last is the project's own.
var primer = []string{
	"primer/base-size.css", "primer/base-typography.css", "primer/size.css", "primer/border.css", "primer/radius.css", "primer/typography.css",
	"primer/light.css", "primer/dark.css", "primer/base.css", "primer/box.css", "primer/buttons.css", "primer/forms.css", "primer/labels.css", "milepost.css",
}

// asset is a file as it is served: under a name with its hash, for ever cacheable.
type asset struct {
	kind        string
	plain, pack []byte
}

type assets struct {
	byURL map[string]asset  // "style.0a1b2c3d.css"
	urls  map[string]string // "style.css" -> "/assets/style.0a1b2c3d.css"
}

// loadAssets joins the style sheets and compresses everything once.
func loadAssets() (*assets, error) {
	a := &assets{byURL: map[string]asset{}, urls: map[string]string{}}
	var sheet strings.Builder
	for _, f := range primer {
		data, err := assetFiles.ReadFile("assets/" + f)
		if err != nil {
			return nil, fmt.Errorf("web: %w", err)
		}
		sheet.Write(data)
		sheet.WriteByte('\n')
	}
	if err := a.add("style.css", []byte(trimVariables(sheet.String()))); err != nil {
		return nil, err
	}
	icon, err := assetFiles.ReadFile("assets/icon.svg")
	if err != nil {
		return nil, fmt.Errorf("web: %w", err)
	}
	return a, a.add("icon.svg", icon)
}

var (
	// variableLine is a custom property on a line of its own, as the themes have them.
	variableLine = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(--[\w-]+):(.*)$`) })
	variableUse  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`var\(\s*(--[\w-]+)`) })
)

// trimVariables leaves out the custom properties that nothing uses: nine in ten of a theme's.
func trimVariables(sheet string) string {
	lines := strings.Split(sheet, "\n")
	uses := map[string][]string{} // by property: what its value uses
	var wanted []string
	for _, l := range lines {
		var names []string
		for _, m := range variableUse().FindAllStringSubmatch(l, -1) {
			names = append(names, m[1])
		}
		if m := variableLine().FindStringSubmatch(l); m != nil {
			uses[m[1]] = append(uses[m[1]], names...)
		} else {
			wanted = append(wanted, names...)
		}
	}
	used := map[string]bool{}
	for len(wanted) > 0 {
		name := wanted[len(wanted)-1]
		wanted = wanted[:len(wanted)-1]
		if !used[name] {
			used[name] = true
			wanted = append(wanted, uses[name]...)
		}
	}
	var b strings.Builder
	for _, l := range lines {
		if m := variableLine().FindStringSubmatch(l); m != nil {
			if !used[m[1]] {
				continue
			}
			l, _, _ = strings.Cut(l, " /**")
		}
		b.WriteString(l)
		b.WriteByte('\n')
	}
	return b.String()
}

func (a *assets) add(name string, data []byte) error {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return fmt.Errorf("web: compress %s: %w", name, err)
	}
	if _, err := z.Write(data); err != nil {
		return fmt.Errorf("web: compress %s: %w", name, err)
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("web: compress %s: %w", name, err)
	}
	sum := sha256.Sum256(data)
	ext := path.Ext(name)
	hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.byURL[hashed] = asset{kind: mime.TypeByExtension(ext), plain: data, pack: b.Bytes()}
	a.urls[name] = "/assets/" + hashed
	return nil
}

func (a *assets) url(name string) string { return a.urls[name] }

func (a *assets) serve(w http.ResponseWriter, r *http.Request) {
	f, ok := a.byURL[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = f.pack
	}
	_, _ = w.Write(body) // a client that went away needs no answer
}
