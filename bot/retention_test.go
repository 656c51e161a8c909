package bot_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
	"milepost/storage/storagetest"
)

// TestRetention: deliveries are kept for as long as RETENTION says and no longer, and the page about privacy says the same.
func TestRetention(t *testing.T) {
	t.Parallel()
	f := newTruth(t)
	r := newRig(t, setup{dsn: storagetest.SQLiteDSN(t), sim: githubsim.Options{Observe: f.watch}, env: []string{"RETENTION=deliveries=4, events=1"}})
	r.shelves(f, 1)
	guid := r.sim.Deliveries()[0].GUID
	known := func() bool {
		t.Helper()
		all, err := r.server.Store().KnownDeliveries(t.Context(), []string{guid})
		if err != nil {
			t.Fatal(err)
		}
		return all[guid]
	}
	r.pass(3*24*time.Hour, 12*time.Hour)
	if !known() {
		t.Error("a delivery was forgotten after three days")
	}
	r.pass(3*24*time.Hour, 12*time.Hour)
	if known() {
		t.Error("a delivery is kept after six days")
	}
	_, page := get(t, http.DefaultClient, r.server.URL()+"/privacy")
	for _, want := range []string{"4 days; 30 days when set aside", ">1 day</td>", "their numbers for 400 days"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
	}
}

// TestRetentionFaults: what cannot be meant is refused before the start, in a sentence.
func TestRetentionFaults(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"deliveries=3": "deliveries takes a number of days, 4 at least", "reports=0": "1 at least", "facts": `not ""`, "events=soon": `not "soon"`, "everything=1": "there are deliveries, aside",
	} {
		if _, err := bot.Load([]string{"RETENTION=" + text}); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "RETENTION ") {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := bot.Load([]string{"RETENTION="}); err != nil {
		t.Error(err)
	}
}
