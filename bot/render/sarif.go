package render

import (
	"encoding/json"
	"fmt"

	"milepost/rules"
)

// The part of SARIF 2.1.0 (OASIS, sarif-v2.1.0-os) that is written.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool    sarifTool     `json:"tool"`
		Results []sarifResult `json:"results"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID               string     `json:"id"`
		ShortDescription sarifText  `json:"shortDescription"`
		FullDescription  *sarifText `json:"fullDescription,omitempty"`
		Help             *sarifText `json:"help,omitempty"`
	}
	sarifText struct {
		Text string `json:"text"`
	}
	sarifResult struct {
		RuleID    string          `json:"ruleId"`
		Kind      string          `json:"kind"`
		Level     string          `json:"level"`
		Message   sarifText       `json:"message"`
		Locations []sarifLocation `json:"locations,omitempty"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
	}
	sarifPhysical struct {
		Artifact struct {
			URI string `json:"uri"`
		} `json:"artifactLocation"`
		Region *sarifRegion `json:"region"`
	}
	sarifRegion struct {
		StartLine int `json:"startLine"`
		EndLine   int `json:"endLine,omitempty"`
	}
)

// wholeRepository is the place of what stands nowhere: GitHub's code scanning takes no result without one.
const wholeRepository = "repository"

// SARIF renders the open milestones of a report as a SARIF 2.1.0 log, for code-scanning views, with the explanations of its roadmap. Guards that
// are not met are warnings, all else is a note.
func SARIF(roadmap *rules.Roadmap, r *rules.Report, version string) ([]byte, error) {
	run := sarifRun{Tool: sarifTool{sarifDriver{Name: "Milepost", Version: version, Rules: []sarifRule{}}}, Results: []sarifResult{}}
	for _, m := range r.Milestones() {
		rule := sarifRule{ID: m.ID, ShortDescription: sarifText{m.Title}}
		if def, _, ok := roadmap.Milestone(m.ID); ok {
			rule.FullDescription = &sarifText{def.Why}
			rule.Help = &sarifText{def.Why + " Recognised by: " + sentence(def.Signal)}
		}
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule)
		res := sarifResult{RuleID: m.ID, Kind: "fail", Level: "note", Message: sarifText{m.Reason}}
		switch m.Status {
		case rules.Missing, rules.Partial:
			if m.Kind == rules.KindGuard {
				res.Level = "warning"
			}
			if m.Next != "" {
				res.Message.Text += " Next: " + m.Next
			}
		case rules.Unknown:
			res.Kind, res.Level = "review", "none"
		default:
			continue
		}
		for _, e := range m.Evidence {
			if e.Path == "" {
				continue
			}
			var l sarifLocation
			l.Physical.Artifact.URI = e.Path
			line := max(1, e.StartLine) // a whole file is shown at its beginning
			l.Physical.Region = &sarifRegion{StartLine: line, EndLine: max(line, e.EndLine)}
			res.Locations = append(res.Locations, l)
		}
		if len(res.Locations) == 0 {
			var l sarifLocation
			l.Physical.Artifact.URI, l.Physical.Region = wholeRepository, &sarifRegion{StartLine: 1}
			res.Locations = append(res.Locations, l)
		}
		run.Results = append(run.Results, res)
	}
	out, err := json.MarshalIndent(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("render: SARIF: %w", err)
	}
	return append(out, '\n'), nil
}
