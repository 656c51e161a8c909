package render

import "milepost/rules"

// Markdown renders a report as a Markdown document, for files and summaries.
func Markdown(_ *rules.Roadmap, r *rules.Report) string { return Standing(r.Summary) + "\n" }
