package evaluate_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
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

// missed is what the setting "redeliver" holds.
type missed struct {
	Scanned time.Time              `json:"scanned"`
	Begun   time.Time              `json:"begun"`
	Cursor  string                 `json:"cursor"`
	Waiting map[string]undelivered `json:"waiting"`
}

type undelivered struct {
	ID    int64     `json:"id"`
	At    time.Time `json:"at"`
	Tries int       `json:"tries"`
}

func readMissed(t *testing.T, w *flowtest.World) (m missed) {
	t.Helper()
	data, err := w.Store.Setting(t.Context(), "redeliver")
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func writeMissed(t *testing.T, w *flowtest.World, m missed) {
	t.Helper()
	data, err := json.Marshal(m)
	if err == nil {
		err = w.Store.PutSetting(t.Context(), "redeliver", data)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// outage lets three pushes go missing.
func outage(w *flowtest.World, repo *githubsim.Repo) {
	w.Sim.PlanDeliveries(func(githubsim.Delivery) githubsim.Plan { return githubsim.Plan{Drop: true} })
	for _, name := range []string{"Dockerfile", "LICENSE", "src/app.test.js"} {
		w.Sim.PushFiles(repo, "", w.Owner, "add "+name, map[string]string{name: "x\n"})
	}
	w.Settle()
	w.Sim.PlanDeliveries(nil)
	w.Sim.ResetCalls()
}

// TestRedeliverUntilTimeIsUp: what was asked for is kept, what was cut off was no try, and the next run goes on.
func TestRedeliverUntilTimeIsUp(t *testing.T) {
	t.Parallel()
	w, repo := started(t, flowtest.Options{})
	outage(w, repo)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var posts atomic.Int32
	w.Sim.Fail(func(r *http.Request) githubsim.Fault {
		if strings.HasSuffix(r.URL.Path, "/attempts") && posts.Add(1) == 2 {
			cancel()
			return githubsim.Fault{Kind: githubsim.FaultTimeout}
		}
		return githubsim.Fault{}
	})
	for _, timer := range w.Actor.Timers(storage.Retention{}) {
		if timer.Name == "redeliver" {
			if err := timer.Handler.Handle(ctx, &work.Claim{}); !errors.Is(err, context.Canceled) {
				t.Errorf("the run that was cut off: %v", err)
			}
		}
	}
	m, tries := readMissed(t, w), 0
	for _, u := range m.Waiting {
		tries += u.Tries
	}
	if posts.Load() != 2 || tries != 1 || m.Scanned.IsZero() || len(m.Waiting) < 3 {
		t.Errorf("%d calls, then kept: %+v", posts.Load(), m)
	}
	if err := tick(t, w, "redeliver"); err != nil {
		t.Fatal(err)
	}
	w.Settle()
	if met := w.Met(repo); int(posts.Load()) != len(m.Waiting)+1 || !strings.Contains(met, "dockerfile") {
		t.Errorf("%d calls for %d deliveries; met: %s", posts.Load(), len(m.Waiting), met)
	}
}

// TestRedeliverInParts: a run asks for so many, the next for those that were not asked for.
func TestRedeliverInParts(t *testing.T) {
	t.Parallel()
	w, _ := started(t, flowtest.Options{})
	m := missed{Scanned: w.Clock.Now(), Waiting: map[string]undelivered{}}
	for i := range 510 {
		m.Waiting[fmt.Sprintf("lost-%d", i)] = undelivered{ID: int64(1<<40 + i), At: w.Clock.Now().Add(-time.Hour)}
	}
	writeMissed(t, w, m)
	w.Sim.ResetCalls()
	for _, want := range []int{500, 510} {
		if err := tick(t, w, "redeliver"); err == nil {
			t.Error("GitHub knows none of them, and there is no error")
		}
		if got := slices.Compact(slices.Sorted(slices.Values(asked(w)))); len(got) != want {
			t.Errorf("asked for %d, want %d", len(got), want)
		}
	}
}

// TestRedeliverReadsTheLogToItsEnd: a log too long for one run is read on where the last one stopped, or anew where GitHub no longer knows that place.
func TestRedeliverReadsTheLogToItsEnd(t *testing.T) {
	t.Parallel()
	for name, refused := range map[string]int{"goes on": 0, "begins anew": http.StatusUnprocessableEntity, "begins anew, too": http.StatusBadRequest} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			known := refused == 0
			w, repo := started(t, flowtest.Options{})
			outage(w, repo)
			log := w.Sim.Deliveries()
			newest := log[len(log)-1].ID
			begun := w.Clock.Now().Add(-time.Minute).UTC()
			writeMissed(t, w, missed{Begun: begun, Cursor: fmt.Sprintf("v1_%d", newest)})
			w.Sim.Fail(func(r *http.Request) githubsim.Fault {
				if !known && r.URL.Query().Get("cursor") != "" {
					return githubsim.Fault{Kind: githubsim.FaultStatus, Status: refused}
				}
				return githubsim.Fault{}
			})
			if err := tick(t, w, "redeliver"); err != nil {
				t.Fatal(err)
			}
			m := readMissed(t, w)
			if m.Cursor != "" || m.Scanned.Equal(begun) != known || m.Scanned.Before(begun) {
				t.Errorf("begun %v, kept %+v", begun, m)
			}
			there := slices.ContainsFunc(asked(w), func(p string) bool { return strings.Contains(p, fmt.Sprintf("/%d/", newest)) })
			if len(asked(w)) < 2 || there == known {
				t.Errorf("asked for %v; the newest is %d", asked(w), newest)
			}
		})
	}
}
