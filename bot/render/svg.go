package render

import (
	"fmt"
	"strings"
	"unicode"

	"milepost/rules"
)

// CardInput is what a portfolio card shows.
type CardInput struct {
	Name       string // the learner's
	Roadmap    string // the roadmap's title
	Met, Total int
	Steps      []CardStep
}

// CardStep is a step on a card.
type CardStep struct {
	Title      string
	Met, Total int
}

// widths are the advances of ASCII characters from space to tilde in Verdana, in hundredths of an em: whoever draws the picture may have
// another font, so textLength makes what is drawn as wide as what was measured.
var widths = [95]int{
	35, 39, 46, 82, 64, 108, 73, 27, 45, 45, 64, 82, 36, 45, 36, 45,
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 45, 45, 82, 82, 82, 55,
	100, 68, 69, 70, 77, 63, 57, 78, 75, 42, 45, 69, 56, 84, 75, 79,
	60, 79, 70, 68, 62, 73, 68, 99, 69, 62, 69, 45, 45, 45, 82, 64,
	64, 60, 62, 52, 62, 60, 35, 62, 63, 27, 34, 59, 27, 97, 63, 61,
	62, 62, 43, 52, 39, 63, 59, 82, 59, 59, 53, 63, 45, 63, 82,
}

// advance is how wide a character is, in hundredths of an em.
func advance(r rune) int {
	switch {
	case r >= ' ' && r <= '~':
		return widths[r-' ']
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
		return 100
	case unicode.Is(unicode.Mn, r):
		return 0
	default:
		return 70
	}
}

// textWidth is how wide a text is drawn at a size in pixels.
func textWidth(s string, size int) int {
	sum := 0
	for _, r := range s {
		sum += advance(r)
	}
	return (sum*size + 50) / 100
}

// maxDrawn is how many characters of a text are looked at when it is drawn.
const maxDrawn = 400

// fitText is the visible part of a text, shortened to a width in pixels.
func fitText(s string, size, width int) string {
	s = strings.Join(strings.Fields(visible(clip(s, maxDrawn))), " ")
	if textWidth(s, size) <= width {
		return s
	}
	sum := advance('…')
	for i, r := range s {
		if sum += advance(r); sum*size > width*100 {
			return strings.TrimSpace(s[:i]) + "…"
		}
	}
	return s
}

// xmlText escapes text for SVG, in elements and in quoted attributes.
func xmlText(s string) string {
	s = strings.Join(strings.Fields(visible(s)), " ")
	s = strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF { // not allowed in XML
			return -1
		}
		return r
	}, s)
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;").Replace(s)
}

// Colours of badges, dark enough for white text by WCAG AA.
const (
	badgeGrey  = "#59636e"
	badgeBlue  = "#0969da"
	badgeGreen = "#1a7f37"
	badgeAmber = "#9a6700"
	badgeRed   = "#cf222e"
)

// colours are the names a badge's colour may have.
var colours = map[string]string{"grey": badgeGrey, "blue": badgeBlue, "green": badgeGreen, "amber": badgeAmber, "red": badgeRed}

// Badge is a flat badge for READMEs: a label and a message on a colour: "green", "blue", "amber", "red" or "grey"; any other is grey.
func Badge(label, message, colour string) []byte {
	fill, ok := colours[colour]
	if !ok {
		fill = badgeGrey
	}
	const size, pad, height = 11, 7, 20
	label, message = fitText(label, size, 200), fitText(message, size, 300)
	lw, mw := textWidth(label, size), textWidth(message, size)
	left, right := lw+2*pad, mw+2*pad
	alt := xmlText(label + ": " + message)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t"><title id="t">%s</title>`,
		left+right, height, left+right, height, alt)
	b.WriteString(`<style>.l{fill:#59636e}@media(prefers-color-scheme:dark){.l{fill:#3d444d}}.x{font:11px Verdana,DejaVu Sans,sans-serif;fill:#fff;unicode-bidi:isolate}</style>`)
	fmt.Fprintf(&b, `<clipPath id="r"><rect width="%d" height="%d" rx="3"/></clipPath><g clip-path="url(#r)"><rect class="l" width="%d" height="%d"/><rect x="%d" width="%d" height="%d" fill="%s"/></g>`,
		left+right, height, left, height, left, right, height, fill)
	fmt.Fprintf(&b, `<text class="x" x="%d" y="14"%s>%s</text><text class="x" x="%d" y="14"%s>%s</text></svg>`, pad, textLength(lw), xmlText(label), left+pad, textLength(mw), xmlText(message))
	return []byte(b.String())
}

func textLength(w int) string {
	if w <= 0 {
		return ""
	}
	return fmt.Sprintf(` textLength="%d"`, w)
}

// BadgeOf is the badge of a report: "backend roadmap | 14 of 38".
func BadgeOf(s rules.Summary) []byte {
	colour := "blue"
	message := fmt.Sprintf("%d of %d", s.Met, s.Total)
	switch {
	case s.Total == 0:
		colour, message = "grey", "not checked yet"
	case s.Met == s.Total:
		colour, message = "green", "complete ✓"
	case s.Met == 0:
		colour, message = "grey", "starting"
	}
	return Badge("roadmap", message, colour)
}

// Card is a learner's portfolio as a picture: name, standing, a bar, and up to 14 steps.
func Card(in CardInput) []byte {
	const width, pad, row = 480, 24, 22
	steps, more := most(in.Steps, 14)
	height := 118 + row*len(steps) + 14
	if more > 0 {
		height += row
	}
	name := fitText(in.Name, 18, width-2*pad)
	sub := fitText(roadmapName(clip(in.Roadmap, 100)), 12, width-2*pad)
	standing := Standing(rules.Summary{Met: in.Met, Total: in.Total})
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" role="img" aria-labelledby="t d">`, width, height, width, height)
	fmt.Fprintf(&b, `<title id="t">%s: %s</title><desc id="d">%s</desc>`, xmlText(name), xmlText(sub), xmlText(standing+". "+stepsInWords(steps)))
	b.WriteString(`<style>.b{fill:#fff;stroke:#d1d9e0}.t{fill:#1f2328}.m{fill:#59636e}.e{fill:#d1d9e0}.f{fill:#1a7f37}.t,.m{font-family:Verdana,DejaVu Sans,sans-serif;unicode-bidi:isolate}` +
		`@media(prefers-color-scheme:dark){.b{fill:#0d1117;stroke:#3d444d}.t{fill:#f0f6fc}.m{fill:#9198a1}.e{fill:#3d444d}.f{fill:#3fb950}}</style>`)
	fmt.Fprintf(&b, `<rect class="b" x=".5" y=".5" width="%d" height="%d" rx="6"/>`, width-1, height-1)
	fmt.Fprintf(&b, `<text class="t" x="%d" y="38" font-size="18" font-weight="bold">%s</text>`, pad, xmlText(name))
	fmt.Fprintf(&b, `<text class="m" x="%d" y="58" font-size="12">%s</text>`, pad, xmlText(sub))
	fmt.Fprintf(&b, `<text class="t" x="%d" y="82" font-size="13">%s</text>`, pad, xmlText(standing))
	b.WriteString(svgBar(pad, 92, width-2*pad, 8, in.Met, in.Total))
	for i, s := range steps {
		y := 122 + row*i
		fmt.Fprintf(&b, `<text class="t" x="%d" y="%d" font-size="11">%s</text>`, pad, y, xmlText(fitText(s.Title, 11, 250)))
		fmt.Fprintf(&b, `<text class="m" x="%d" y="%d" font-size="11" text-anchor="end">%s</text>`, 346, y, stepWords(s))
		b.WriteString(svgBar(356, y-8, width-pad-356, 8, s.Met, s.Total))
	}
	if more > 0 {
		fmt.Fprintf(&b, `<text class="m" x="%d" y="%d" font-size="11">and %d more steps</text>`, pad, 122+row*len(steps), more)
	}
	b.WriteString("</svg>")
	return []byte(b.String())
}

func stepWords(s CardStep) string {
	if s.Total <= 0 {
		return "–"
	}
	return fmt.Sprintf("%d of %d", s.Met, s.Total)
}

func stepsInWords(steps []CardStep) string {
	var out []string
	for _, s := range steps {
		if s.Total > 0 {
			out = append(out, strings.TrimSpace(visible(clip(s.Title, 80)))+" "+stepWords(s))
		}
	}
	return strings.Join(out, "; ")
}

func svgBar(x, y, w, h, met, total int) string {
	filled := 0
	if total > 0 {
		filled = max(0, min(w, w*met/total))
	}
	return fmt.Sprintf(`<rect class="e" x="%d" y="%d" width="%d" height="%d" rx="4"/><rect class="f" x="%d" y="%d" width="%d" height="%d" rx="4"/>`, x, y, w, h, x, y, filled, h)
}
