package gh_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"milepost/bot/gh"
	"milepost/bot/githubsim"
	"milepost/rules/snapshot"
)

// TestSnapshotInPortions: of a repository with more contents than are read at once, each reading gives a part, says so, and goes on where the last ended.
func TestSnapshotInPortions(t *testing.T) {
	t.Parallel()
	for _, archives := range []bool{true, false} {
		t.Run(fmt.Sprint("archives ", archives), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(_ *githubsim.Options, c *gh.Config) { c.MaxContents = 1 << 20 })
			w.Fail(func(r *http.Request) githubsim.Fault {
				if !archives && strings.Contains(r.URL.Path, "/tarball/") {
					return githubsim.Fault{Kind: githubsim.FaultStatus, Status: http.StatusNotFound}
				}
				return githubsim.Fault{}
			})
			large := map[string]string{}
			for i := range 20 { // of 90 kB each: 1.8 MB
				large[fmt.Sprintf("f%02d.txt", i)] = strings.Repeat(fmt.Sprintf("%08d\n", i), 10_000)
			}
			w.PushFiles(w.repo, "", w.ada, "start", large)
			read := map[string]bool{}
			wanted := func(_ context.Context, s *snapshot.Snapshot) (need []snapshot.Entry, err error) {
				for _, e := range s.Entries {
					if !read[e.Path] {
						need = append(need, e)
					}
				}
				return need, nil
			}
			for portion := range 2 {
				s, _, err := w.client.Snapshot(t.Context(), shop, "main", wanted)
				if err != nil {
					t.Fatal(err)
				}
				before := len(read)
				for _, e := range s.Entries {
					data, err := s.Read(t.Context(), e)
					switch {
					case err == nil && string(data) == large[e.Path]:
						read[e.Path] = true
					case portion == 0 && !errors.Is(err, snapshot.ErrOmitted):
						t.Errorf("%s: %v", e.Path, err)
					}
				}
				if first := portion == 0; s.Truncated != first || len(s.Warnings) > 0 != first || len(read) == before || (len(read) == len(large)) == first {
					t.Errorf("portion %d: truncated %t, %v, %d read", portion, s.Truncated, s.Warnings, len(read))
				}
			}
		})
	}
}
