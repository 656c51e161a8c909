package rules

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"milepost/rules/facts"
	"milepost/rules/snapshot"
)

// Example is a small repository and the status that a milestone must have in it.
type Example struct {
	Milestone string
	Want      Status
	Name      string            // "node-express"
	Files     map[string]string // content by path
	Activity  snapshot.Activity
}

// activityFile is the file of an example that stands for what GitHub knows: a [snapshot.Activity] as JSON.
const activityFile = "@activity.json"

// ParseExamples reads the examples of a milestone from a txtar archive (golang.org/x/tools/txtar) in which each path starts with the wanted
// status and the example's name: "met/node-express/package.json".
func ParseExamples(milestone string, data []byte) ([]Example, error) {
	var out []Example
	for _, f := range txtar.Parse(data).Files {
		parts := strings.SplitN(f.Name, "/", 3)
		if len(parts) != 3 || !slices.Contains([]Status{Met, Partial, Missing, Unknown, NotApplicable}, Status(parts[0])) {
			return nil, fmt.Errorf("example file %q: a path starts with met, partial, missing, unknown or not_applicable, then the example's name", f.Name)
		}
		i := slices.IndexFunc(out, func(e Example) bool { return string(e.Want) == parts[0] && e.Name == parts[1] })
		if i < 0 {
			i = len(out)
			out = append(out, Example{Milestone: milestone, Want: Status(parts[0]), Name: parts[1], Files: map[string]string{}})
		}
		if parts[2] == activityFile {
			if err := json.Unmarshal(f.Data, &out[i].Activity); err != nil {
				return nil, fmt.Errorf("example file %q: %w", f.Name, err)
			}
			continue
		}
		out[i].Files[parts[2]] = string(f.Data)
	}
	return out, nil
}

// Snapshot returns the example's repository.
func (e Example) Snapshot() *snapshot.Snapshot {
	return FilesSnapshot(e.Milestone+"/"+e.Name, e.Files)
}

// FilesSnapshot returns a snapshot of files held in memory, by path.
func FilesSnapshot(name string, files map[string]string) *snapshot.Snapshot {
	entries := make([]snapshot.Entry, 0, len(files))
	for p, content := range files {
		entries = append(entries, snapshot.Entry{Path: p, Size: int64(len(content)), Blob: snapshot.BlobID([]byte(content))})
	}
	s := snapshot.New(entries, func(_ context.Context, en snapshot.Entry) ([]byte, error) { return []byte(files[en.Path]), nil })
	s.Name = name
	return s
}

// Run judges the example and returns the verdict on its milestone.
func (e Example) Run(ctx context.Context, r *Roadmap) (MilestoneReport, error) {
	repo, err := facts.Collect(ctx, e.Snapshot(), r.Patterns(), facts.CollectOptions{Workers: 1})
	if err != nil {
		return MilestoneReport{}, fmt.Errorf("rules: example %s: %w", e.Name, err)
	}
	report := r.Evaluate(Input{Repo: repo, Activity: e.Activity})
	m, ok := report.Milestone(e.Milestone)
	if !ok {
		return MilestoneReport{}, fmt.Errorf("rules: example %s: the roadmap has no milestone %q", e.Name, e.Milestone)
	}
	return m, nil
}
