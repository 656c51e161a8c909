package evaluate_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"milepost/bot/evaluate/flowtest"
	"milepost/bot/githubsim"
	"milepost/bot/work"
	"milepost/storage"
)

// tick runs one of the timers.
func tick(t *testing.T, w *flowtest.World, name string) error {
	t.Helper()
	for _, timer := range w.Actor.Timers(storage.Retention{}) {
		if timer.Name == name {
			return timer.Handler.Handle(t.Context(), &work.Claim{})
		}
	}
	t.Fatalf("there is no timer %s", name)
	return nil
}

// TestStockKeepsWhatTheListLacks: the list of installations moves while it is read, and lacks some that are alive.
func TestStockKeepsWhatTheListLacks(t *testing.T) {
	t.Parallel()
	w := flowtest.New(t, flowtest.Options{})
	var all []*githubsim.Installation
	for i := range 101 {
		all = append(all, w.Sim.Install(w.App, w.Sim.AddUser(fmt.Sprintf("learner%d", i), "", "")))
	}
	w.Settle()
	var once sync.Once
	w.Sim.Fail(func(r *http.Request) githubsim.Fault {
		if strings.HasSuffix(r.URL.Path, "/app/installations") && r.URL.Query().Get("page") == "2" {
			once.Do(func() {
				w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Lose: true} })
				w.Sim.Uninstall(all[0]) // what stood first on the second page now stands last on the first
			})
		}
		return githubsim.Fault{}
	})
	for range 2 { // what was uninstalled is found by the second
		if err := tick(t, w, "stock"); err != nil {
			t.Fatal(err)
		}
	}
	for i, in := range all {
		_, err := w.Store.Installation(t.Context(), in.ID)
		if gone := errors.Is(err, storage.ErrNotFound); gone != (i == 0) {
			t.Errorf("installation %d of %d is gone: %v", i, len(all), gone)
		}
	}
}

// asked are the deliveries that GitHub was asked to send again, oldest first, since the calls were last forgotten.
func asked(w *flowtest.World) []string {
	var out []string
	for _, c := range w.Sim.CallLog() {
		if c.Template == "/app/hook/deliveries/{delivery_id}/attempts" {
			out = append(out, c.Path)
		}
	}
	return out
}

// TestMissedDeliveries: an outage of a day, and one delivery that GitHub refuses to send again.
func TestMissedDeliveries(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	if err := tick(t, w, "redeliver"); err != nil {
		t.Fatal(err)
	}
	w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Drop: true} })
	for _, name := range []string{"Dockerfile", "LICENSE", "src/app.test.js"} {
		w.Sim.PushFiles(repo, "", w.Owner, "add "+name, map[string]string{name: "x\n"})
	}
	w.Settle()
	w.Sim.PlanDeliveries(nil)
	w.Clock.Add(24 * time.Hour)
	w.Sim.ResetCalls()
	refused := ""
	w.Sim.Fail(func(r *http.Request) githubsim.Fault {
		if r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/attempts") {
			if refused == "" {
				refused = r.URL.Path
			}
			if r.URL.Path == refused {
				return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusUnprocessableEntity}
			}
		}
		return githubsim.Fault{}
	})
	for range 3 {
		if err := tick(t, w, "redeliver"); err != nil && !strings.Contains(err.Error(), "redeliver") {
			t.Fatal(err)
		}
		w.Settle()
	}
	got := asked(w)
	if len(got) < 3 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != len(got) {
		t.Errorf("asked for %v", got)
	}
	if met := w.Met(repo); !strings.Contains(met, "dockerfile") || !strings.Contains(met, "unit-tests") {
		t.Errorf("met: %s", met)
	}
	w.Clock.Add(time.Hour)
	if err := tick(t, w, "redeliver"); err == nil || len(asked(w)) != len(got)+1 {
		t.Errorf("the refused one was not asked for again an hour later: %v", err)
	}
	w.Clock.Add(72 * time.Hour)
	if err := tick(t, w, "redeliver"); err != nil || len(asked(w)) != len(got)+1 {
		t.Errorf("what GitHub no longer keeps is asked for: %v", err)
	}
}
