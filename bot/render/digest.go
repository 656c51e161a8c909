package render

import (
	"fmt"
	"strings"

	"milepost/rules"
)

// maxDigestLines bounds each list of a digest, so that 500 learners fit into one issue.
const maxDigestLines = 40

// Digest renders the weekly summary for mentors as an issue: who moved, who completed a step, who is stuck and on what, who has been silent.
func Digest(in DigestInput) (title, body string) {
	title = fmt.Sprintf("Milepost: week of %s to %s", in.From.UTC().Format("2 January"), in.To.UTC().Format("2 January 2006"))
	var blocks []string
	blocks = append(blocks, "**"+in.standing()+"**")
	if len(in.Moved)+len(in.Completed)+len(in.Stuck)+len(in.Silent) == 0 {
		blocks = append(blocks, "A quiet week: no milestone moved, and nobody is stuck.")
	}
	add := func(heading, note string, lines []DigestLine, line func(DigestLine) string) {
		if len(lines) == 0 {
			return
		}
		shown, more := most(lines, maxDigestLines)
		var items []string
		for _, l := range shown {
			items = append(items, "- "+line(l))
		}
		blocks = append(blocks, fmt.Sprintf("### %s (%d)", heading, len(lines)))
		if note != "" {
			blocks = append(blocks, note)
		}
		blocks = append(blocks, strings.Join(appendMore(items, more), "\n"))
	}
	add("Completed a step", "", in.Completed, func(l DigestLine) string {
		return in.who(l) + " completed " + Inline(clip(l.Step, 80)) + l.count()
	})
	add("Moved", "", in.Moved, func(l DigestLine) string { return in.who(l) + " earned " + in.names(l.Milestones) + l.count() })
	add("Might be glad of a word", "Started a while ago, and not there yet. The milestone named is where to begin.", in.Stuck, func(l DigestLine) string {
		out := in.who(l) + " has been at " + in.names(l.Milestones)
		if !l.Since.IsZero() {
			out += " since " + day(l.Since, in.To)
		}
		return out + l.count()
	})
	add("Silent", "", in.Silent, func(l DigestLine) string {
		if l.Since.IsZero() {
			return in.who(l) + " has not started yet"
		}
		return in.who(l) + ", last activity on " + day(l.Since, in.To) + l.count()
	})
	if in.DashboardURL != "" {
		blocks = append(blocks, link("All learners", in.DashboardURL)+".")
	}
	blocks = append(blocks, "<sub>Written on "+minute(in.To)+". Nobody was told but those who follow this repository. To stop it, take `digest` out of `.github/milepost.yml`.</sub>")
	return title, cut(blocks)
}

// cut joins blocks and leaves out from the middle what exceeds the limit of a body; the last block stays.
func cut(blocks []string) string {
	for {
		body := strings.Join(blocks, "\n\n")
		if length(body) <= maxBody || len(blocks) < 3 {
			return body
		}
		blocks = append(blocks[:len(blocks)-2:len(blocks)-2], blocks[len(blocks)-1])
	}
}

func (in DigestInput) standing() string {
	moved := map[string]bool{}
	for _, l := range append(append([]DigestLine{}, in.Moved...), in.Completed...) {
		moved[l.Learner] = true
	}
	if in.Learners == 0 {
		return "No learners yet"
	}
	return fmt.Sprintf("%d of %s moved this week", len(moved), Count(in.Learners, "learner"))
}

// who names a learner without a mention. The repository is linked to its page on the dashboard, when that is where the address leads.
func (in DigestInput) who(l DigestLine) string {
	name := "**" + Inline(clip(l.Learner, 60)) + "**"
	if l.Repository == "" {
		return name
	}
	return name + " (" + link(Code(l.Repository), safeAddress(l.URL)) + ")"
}

func (in DigestInput) names(ids []string) string {
	ids, more := most(ids, 5)
	var out []string
	for _, id := range ids {
		name := Code(id)
		if in.Roadmap != nil {
			if def, _, ok := in.Roadmap.Milestone(id); ok {
				name = Inline(clip(shortName(def), 60))
			}
		}
		out = append(out, name)
	}
	if more > 0 {
		out = append(out, fmt.Sprintf("%d more", more))
	}
	if len(out) == 0 {
		return "a milestone"
	}
	return list(out)
}

func (l DigestLine) count() string {
	if l.Total == 0 {
		return ""
	}
	return fmt.Sprintf(" · %d of %d", l.Met, l.Total)
}

// Markdown renders a report as a Markdown document, for files and job summaries. It is written for the same readers as the issue, without the
// controls.
func Markdown(roadmap *rules.Roadmap, report *rules.Report) string {
	in := IssueInput{Roadmap: roadmap, Report: report}
	name := report.Repository.Name
	if name == "" {
		name = "this folder"
	}
	p := &page{in: in, once: true}
	p.WriteString("# " + Inline(clip(roadmapName(report.Roadmap.Title), 80)) + ": " + Inline(clip(name, 120)))
	p.in.Problems, _ = most(report.Warnings, 20)
	p.standing()
	p.next()
	p.attention()
	p.steps()
	foot := fmt.Sprintf("%s, version %d", Inline(clip(roadmapName(report.Roadmap.Title), 80)), report.Roadmap.Version)
	if report.Repository.Commit != "" {
		foot += ", commit " + Code(short(report.Repository.Commit))
	}
	p.blockf("%s", foot+".")
	return p.String() + "\n"
}
