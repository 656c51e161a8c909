package rules

import (
	"fmt"
	"math"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/probe"
	"milepost/rules/snapshot"
	"milepost/rules/words"
)

// Input is what a roadmap judges.
type Input struct {
	Repo     *facts.Repo
	Ref      string
	Activity snapshot.Activity
	Learner  string            // login or name whose work counts; "" when unknown
	Skips    map[string]string // milestone id to the reason the configuration gives
	SignOffs map[string]SignOff
}

// SignOff is a mentor's approval of a milestone.
type SignOff struct {
	Mentor string // login
	Note   string
}

// Evaluate judges in against the roadmap. It is pure: the same input gives the same report. Prepare must have succeeded.
func (r *Roadmap) Evaluate(in Input) Report {
	stack := words.Of(in.Repo)
	out := Report{
		Schema:     Schema,
		Repository: Repository{Name: in.Repo.Name, Commit: in.Repo.Commit, Ref: in.Ref},
		Roadmap:    RoadmapRef{ID: r.ID, Version: r.Version, Title: r.Title},
		Languages:  []Language{},
		Warnings:   warnings(in.Repo),
		Stack:      stack.Name,
		Words:      stack,
	}
	for _, l := range in.Repo.Languages() {
		out.Languages = append(out.Languages, Language{Name: l.Lang.String(), Share: math.Round(l.Share*100) / 100})
	}
	pin := &probe.Input{Repo: in.Repo, Activity: in.Activity, Learner: in.Learner}
	for i := range r.Steps {
		s := &r.Steps[i]
		step := StepReport{ID: s.ID, Title: s.Title}
		for j := range s.Milestones {
			step.Milestones = append(step.Milestones, s.Milestones[j].evaluate(&in, pin, stack))
		}
		out.Steps = append(out.Steps, step)
	}
	out.Tally()
	return out
}

func warnings(r *facts.Repo) []string {
	out := []string{}
	for _, w := range r.Warnings {
		if w.Path == "" {
			out = append(out, w.Msg)
			continue
		}
		out = append(out, fmt.Sprintf("%s: %s", w.Path, w.Msg))
	}
	return out
}

func (m *Milestone) evaluate(in *Input, pin *probe.Input, stack Stack) MilestoneReport {
	out := MilestoneReport{ID: m.ID, Title: m.Title, Kind: m.Kind, Tier: m.Tier, Effort: m.Effort}
	res := m.judge(pin)
	if in.Repo.Truncated && res.Status == Missing {
		res = probe.Result{Status: Unknown, Reason: "GitHub returned only a part of this very large repository, so nothing can be said to be missing"}
	}
	if m.Kind == KindGuard && res.Status == Met { // it is met by what is nowhere
		switch {
		case len(in.Repo.Files) == 0:
			res = probe.Result{Status: Unknown, Reason: "there is no file yet"}
		case in.Repo.Truncated:
			res = probe.Result{Status: Unknown, Reason: "not every file could be listed, so it may be broken in one that is not seen"}
		case in.Repo.Unread != "":
			res = probe.Result{Status: Unknown, Reason: fmt.Sprintf("`%s` could not be read, so it may be broken there", in.Repo.Unread)}
		}
	}
	here := stack.With(place(res.Evidence))
	out.Status, out.Reason, out.Evidence = res.Status, fillAround(here, res.Reason, append(pathsOf(res.Evidence), in.Repo.Unread)), res.Evidence
	if out.Evidence == nil {
		out.Evidence = []Evidence{}
	}
	if s, ok := in.SignOffs[m.ID]; ok && res.Status != Met {
		out.Status = Attested
		out.Reason = "signed off by " + s.Mentor
		if s.Note != "" {
			out.Reason += ": " + s.Note
		}
		return out
	}
	if why, ok := in.Skips[m.ID]; ok && res.Status != Met {
		out.Status, out.Reason = Skipped, why
		return out
	}
	switch res.Status {
	case Partial, Missing:
		if out.Next = m.action(res).For(here); res.Next != "" {
			out.Next = fillAround(here, res.Next, pathsOf(res.Evidence))
		}
		if out.Reason == "" {
			out.Reason = here.Fill(m.Missing)
		}
		if st, ok := m.Starter.For(stack); ok {
			out.Existing = existing(in.Repo, st.Path)
		}
	case Met:
		if out.Reason == "" && len(out.Evidence) > 0 {
			out.Reason = out.Evidence[0].Note
		}
	default:
	}
	return out
}

// existing is the path of the file that stands at a path, in whatever case, or "".
func existing(r *facts.Repo, path string) string {
	if f := r.Lookup(path); f != nil {
		return f.Path
	}
	for i := range r.Files {
		if p := r.Files[i].Path; len(p) == len(path) && strings.EqualFold(p, path) {
			return p
		}
	}
	return ""
}

func (m *Milestone) judge(in *probe.Input) probe.Result {
	if m.Applies != nil {
		if res := m.Applies.Judge(in); res.Status != Met {
			reason := m.Applies.Reason
			if reason == "" {
				reason = "it does not apply to this repository"
			}
			return probe.Result{Status: NotApplicable, Reason: reason}
		}
	}
	res := m.Rule.Judge(in)
	if res.Status == Met || res.Status == Partial || res.Status == NotApplicable {
		return res
	}
	for i := range m.Partial {
		p := m.Partial[i].Judge(in)
		if p.Status == Met || p.Status == Partial {
			if m.Partial[i].Reason != "" {
				p.Reason = m.Partial[i].Reason
			}
			if m.Partial[i].Next != nil {
				p.Next, p.Action = "", m.Partial[i].Next
			}
			p.Status = Partial
			return p
		}
	}
	if res.Status == Missing && res.Reason == "" {
		res.Reason = m.Missing
	}
	return res
}

// action is what a learner is told to do: what goes with the near miss, else what the rule or the milestone says.
func (m *Milestone) action(res probe.Result) Text {
	switch near := m.Near[res.Case]; {
	case res.Next != "":
		return Text{"default": res.Next}
	case near != nil:
		return near
	case res.Action != nil:
		return res.Action
	}
	return m.Next
}

// pathsOf are the paths of evidence.
func pathsOf(ev []Evidence) []string {
	var out []string
	for _, e := range ev {
		out = append(out, e.Path)
	}
	return out
}

// fillAround fills the placeholders of a text, but for those in the paths that it names: a file may be called {install}.py.
func fillAround(s Stack, text string, paths []string) string {
	for _, p := range paths {
		if before, after, found := strings.Cut(text, p); found && strings.Contains(p, "{") {
			return fillAround(s, before, paths) + p + fillAround(s, after, paths)
		}
	}
	return s.Fill(text)
}

// place are the words for the first place found.
func place(ev []Evidence) map[string]string {
	if len(ev) == 0 || ev[0].Path == "" {
		return nil
	}
	out := map[string]string{"path": "`" + ev[0].Path + "`", "line": fmt.Sprint(ev[0].StartLine)}
	if ev[0].Excerpt != "" {
		out["excerpt"] = "`" + ev[0].Excerpt + "`"
	}
	return out
}
