package rules

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"milepost/rules/strict"
)

// Parse reads a roadmap that stands in one file. Faults of the text come as [strict.Faults] with line and column. A roadmap that extends
// another must still be joined by [Extend]; any other is prepared.
func Parse(file string, data []byte) (*Roadmap, error) {
	r := &Roadmap{}
	if err := strict.Decode(file, data, r); err != nil {
		return nil, err
	}
	if r.Extends != "" {
		return r, nil
	}
	if err := r.Prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

// ParseDir reads a roadmap that stands in a folder: roadmap.yaml with id, version and title, and one file for each step, in the order
// of their names.
func ParseDir(fsys fs.FS, dir string) (*Roadmap, error) {
	data, err := fs.ReadFile(fsys, path.Join(dir, "roadmap.yaml"))
	if err != nil {
		return nil, fmt.Errorf("rules: read roadmap: %w", err)
	}
	r := &Roadmap{}
	if err := strict.Decode(path.Join(dir, "roadmap.yaml"), data, r); err != nil {
		return nil, err
	}
	names, err := fs.Glob(fsys, path.Join(dir, "[0-9]*.yaml"))
	if err != nil {
		return nil, fmt.Errorf("rules: list steps: %w", err)
	}
	slices.Sort(names)
	for _, name := range names {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("rules: read step: %w", err)
		}
		var s Step
		if err := strict.Decode(name, data, &s); err != nil {
			return nil, err
		}
		r.Steps = append(r.Steps, s)
	}
	if err := r.Prepare(); err != nil {
		return nil, err
	}
	return r, nil
}

// Extend applies own, which extends base, to a copy of base: milestones are dropped, changed and added. Errors name what does not fit.
func Extend(base, own *Roadmap) (*Roadmap, error) {
	out := &Roadmap{ID: own.ID, Version: own.Version, Title: own.Title}
	if out.Title == "" {
		out.Title = base.Title
	}
	known := base.IDs()
	for _, id := range own.Drop {
		if !slices.Contains(known, id) {
			return nil, unknownMilestone("drop", id, known)
		}
	}
	for id := range own.Change {
		if !slices.Contains(known, id) {
			return nil, unknownMilestone("change", id, known)
		}
	}
	for _, s := range base.Steps {
		step := Step{ID: s.ID, Title: s.Title, Why: s.Why}
		for _, m := range s.Milestones {
			if !slices.Contains(own.Drop, m.ID) {
				step.Milestones = append(step.Milestones, own.Change[m.ID].apply(m))
			}
		}
		out.Steps = append(out.Steps, step)
	}
	for _, s := range own.Steps {
		i := slices.IndexFunc(out.Steps, func(o Step) bool { return o.ID == s.ID })
		if i < 0 {
			out.Steps = append(out.Steps, s)
			continue
		}
		if s.Title != "" {
			out.Steps[i].Title = s.Title
		}
		out.Steps[i].Milestones = append(out.Steps[i].Milestones, s.Milestones...)
	}
	out.Steps = slices.DeleteFunc(out.Steps, func(s Step) bool { return len(s.Milestones) == 0 })
	if err := out.Prepare(); err != nil {
		return nil, err
	}
	return out, nil
}

func unknownMilestone(key, id string, known []string) error {
	hint := ""
	if near := strict.Nearest(id, known); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return fmt.Errorf("%s: there is no milestone %q%s", key, id, hint)
}

func (c Change) apply(m Milestone) Milestone {
	if c.Tier != "" {
		m.Tier = c.Tier
	}
	if s := strings.TrimSpace(c.Title); s != "" {
		m.Title = s
	}
	if c.Why != "" {
		m.Why = c.Why
	}
	if c.Effort != "" {
		m.Effort = c.Effort
	}
	if c.Next != nil {
		m.Next = c.Next
	}
	if c.Rule != nil {
		m.Rule, m.Partial, m.Applies, m.Near = *c.Rule, nil, nil, nil
	}
	return m
}
