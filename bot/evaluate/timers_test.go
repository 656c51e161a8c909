package evaluate_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

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
