package flowtest

import (
	"encoding/json"
	"testing"

	"milepost/rules"
)

// Decode reads a stored report.
func Decode(t testing.TB, data []byte) rules.Report {
	t.Helper()
	var r rules.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}
