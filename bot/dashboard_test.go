package bot

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// TestDashboard: each panel asks for metrics that the program has, and each metric of the program's own has its panel.
func TestDashboard(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("../.github/grafana-dashboard.json")
	if err != nil {
		t.Fatal(err)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &board); err != nil {
		t.Fatal(err)
	}
	descs := make(chan *prometheus.Desc)
	go func() {
		defer close(descs)
		newMetrics(nil, time.Now).registry.Describe(descs)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	shown := map[string]bool{} // by metric: whether a panel asks for it
	for d := range descs {
		shown[name.FindStringSubmatch(d.String())[1]] = false
	}
	metric := regexp.MustCompile(`\b(?:milepost|process|go)_[a-z_]+`)
	for _, p := range board.Panels {
		asked := 0
		for _, target := range p.Targets {
			for _, m := range metric.FindAllString(target.Expr, -1) {
				m = strings.TrimSuffix(m, "_bucket")
				if _, ok := shown[m]; !ok {
					t.Errorf("%s: the program has no metric %s", p.Title, m)
				}
				shown[m] = true
				asked++
			}
		}
		if asked == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
	}
	for m, has := range shown {
		if strings.HasPrefix(m, "milepost_") && !has {
			t.Errorf("no panel shows %s", m)
		}
	}
}
