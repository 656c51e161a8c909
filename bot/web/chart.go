package web

import (
	"fmt"
	"html/template"
	"strings"
	"time"
)

// point is a value from a moment on.
type point struct {
	At time.Time
	N  int
}

// chart draws how a number grew, as a line of steps. It is a picture for eyes only; the caller says the same in words beside it.
func chart(points []point, most int, now time.Time, label string) template.HTML {
	const w, h, left, bottom, top, right = 640, 200, 36, 28, 12, 12
	if len(points) == 0 || most <= 0 {
		return ""
	}
	from := points[0].At
	span := now.Sub(from)
	if span < 24*time.Hour {
		span = 24 * time.Hour
		from = now.Add(-span)
	}
	x := func(t time.Time) float64 {
		f := float64(t.Sub(from)) / float64(span)
		return left + min(max(f, 0), 1)*(w-left-right)
	}
	y := func(n int) float64 {
		return h - bottom - float64(min(max(n, 0), most))/float64(most)*(h-bottom-top)
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %d %d" role="img" aria-label="%s">`, w, h, template.HTMLEscapeString(label))
	for _, n := range []int{0, most / 2, most} {
		fmt.Fprintf(&b, `<line class="grid" x1="%d" x2="%d" y1="%.1f" y2="%.1f"/><text class="axis" x="%d" y="%.1f" text-anchor="end">%d</text>`, left, w-right, y(n), y(n), left-6, y(n)+4, n)
	}
	fmt.Fprintf(&b, `<text class="axis" x="%d" y="%d">%s</text><text class="axis" x="%d" y="%d" text-anchor="end">%s</text>`, left, h-8, from.UTC().Format("2 Jan 2006"), w-right, h-8, now.UTC().Format("2 Jan 2006"))
	var path strings.Builder
	fmt.Fprintf(&path, "M%.1f %.1f", x(points[0].At), y(points[0].N))
	for _, p := range points[1:] {
		fmt.Fprintf(&path, "H%.1fV%.1f", x(p.At), y(p.N))
	}
	fmt.Fprintf(&path, "H%.1f", x(now))
	fmt.Fprintf(&b, `<path class="area" d="%sV%.1fH%.1fZ"/><path class="line" d="%s"/>`, path.String(), y(0), x(points[0].At), path.String())
	last := points[len(points)-1]
	fmt.Fprintf(&b, `<circle class="dot" cx="%.1f" cy="%.1f" r="4"/></svg>`, x(now), y(last.N))
	return template.HTML(b.String()) // #nosec G203 -- numbers, dates and an escaped label
}
