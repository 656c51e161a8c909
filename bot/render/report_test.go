package render

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"milepost/rules"
)

func TestTerminal(t *testing.T) {
	t.Parallel()
	in := nodeHalf(testRoadmap(t))
	in.Report.Warnings = []string{"data/big.csv: 104 MB are more than is read"}
	golden(t, "terminal.txt", Terminal(in.Report, TerminalOptions{Width: 80}))
	golden(t, "terminal-all.txt", Terminal(in.Report, TerminalOptions{Width: 100, All: true}))
	done := learners(testRoadmap(t))["everything-done"]
	if s := Terminal(done.Report, TerminalOptions{Colour: true}); !strings.Contains(s, "\x1b[32m") || !strings.Contains(s, "All 16 milestones met") {
		t.Errorf("%q", s)
	}
}

// TestTerminalIsNotSteered prints hostile text: no control sequences of strangers, nothing hidden, no line that only they fill.
func TestTerminalIsNotSteered(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		in := nodeHalf(testRoadmap(t))
		fill(in.Report, s)
		out := Terminal(in.Report, TerminalOptions{All: true})
		for _, r := range out {
			if r != '\n' && hides(r) {
				t.Errorf("%U printed for %q", r, s)
			}
		}
		if !utf8.ValidString(out) {
			t.Errorf("not text for %q", s)
		}
	}
}

func TestSARIF(t *testing.T) {
	t.Parallel()
	roadmap := testRoadmap(t)
	in := nodeHalf(roadmap)
	data, err := SARIF(roadmap, in.Report, "1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	var log struct {
		Version string
		Runs    []struct {
			Tool struct {
				Driver struct {
					Name  string
					Rules []struct {
						ID   string
						Help struct{ Text string }
					}
				}
			}
			Results []struct {
				RuleID, Kind, Level string
				Message             struct{ Text string }
				Locations           []struct {
					PhysicalLocation struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine, EndLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal(data, &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	if log.Version != "2.1.0" || run.Tool.Driver.Name != "Milepost" || len(run.Tool.Driver.Rules) != 19 {
		t.Errorf("%s %s, %d rules", log.Version, run.Tool.Driver.Name, len(run.Tool.Driver.Rules))
	}
	for _, rule := range run.Tool.Driver.Rules {
		if def, _, _ := roadmap.Milestone(rule.ID); rule.Help.Text == "" || !strings.Contains(rule.Help.Text, def.Why) {
			t.Errorf("%s is explained by %q", rule.ID, rule.Help.Text)
		}
	}
	for _, r := range run.Results {
		if len(r.Locations) == 0 || r.Locations[0].PhysicalLocation.ArtifactLocation.URI == "" || r.Locations[0].PhysicalLocation.Region.StartLine == 0 {
			t.Errorf("%s has no place, and GitHub takes none without: %+v", r.RuleID, r.Locations)
		}
		m, _ := in.Report.Milestone(r.RuleID)
		if m.Done() || !m.Counts() {
			t.Errorf("%s is a result, and %s", r.RuleID, m.Status)
		}
		if r.RuleID == "ci-runs-tests" {
			at := r.Locations[0].PhysicalLocation
			if at.ArtifactLocation.URI != ".github/workflows/ci.yml" || at.Region.StartLine != 14 || !strings.Contains(r.Message.Text, "Next: ") {
				t.Errorf("%+v", r)
			}
		}
	}
}

func TestDeltaOf(t *testing.T) {
	t.Parallel()
	r := testRoadmap(t)
	stands := func(s rules.Status) verdict { return verdict{status: s} }
	for name, tt := range map[string]struct {
		base, head rules.Status
		want       Delta
	}{
		"gain":               {rules.Missing, rules.Met, Delta{Gains: []string{"readme"}, MetAfter: 1}},
		"gain by sign-off":   {rules.Partial, rules.Attested, Delta{Gains: []string{"readme"}, MetAfter: 1}},
		"loss":               {rules.Met, rules.Partial, Delta{Losses: []string{"readme"}, MetBefore: 1}},
		"nearer":             {rules.Missing, rules.Partial, Delta{Nearer: []string{"readme"}}},
		"further":            {rules.Partial, rules.Missing, Delta{Further: []string{"readme"}}},
		"unknown is no loss": {rules.Met, rules.Unknown, Delta{MetBefore: 1}},
		"unknown is no gain": {rules.Unknown, rules.Met, Delta{MetAfter: 1}},
		"skip is no loss":    {rules.Met, rules.Skipped, Delta{MetBefore: 1}},
		"unskip is no gain":  {rules.Skipped, rules.Met, Delta{MetAfter: 1}},
		"signed off stays":   {rules.Met, rules.Attested, Delta{MetBefore: 1, MetAfter: 1}},
	} {
		got := DeltaOf(report(r, "go", map[string]verdict{"readme": stands(tt.base)}), report(r, "go", map[string]verdict{"readme": stands(tt.head)}))
		tt.want.Total = got.Total
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if got.Moves() != (len(tt.want.Gains)+len(tt.want.Losses) > 0) {
			t.Errorf("%s: moves is %v", name, got.Moves())
		}
	}
}
