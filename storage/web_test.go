package storage_test

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	diff "github.com/google/go-cmp/cmp"

	"milepost/storage"
	"milepost/storage/storagetest"
)

func TestPagesQueries(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		now := time.Date(2026, 5, 3, 12, 0, 0, 0, time.UTC)
		q := open(t, storage.Options{Now: func() time.Time { return now }})
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		same := func(what string, got, want any) {
			t.Helper()
			if d := diff.Diff(want, got); d != "" {
				t.Errorf("%s (-want +got):\n%s", what, d)
			}
		}
		for id := int64(1); id <= 4; id++ {
			must(q.PutRepository(ctx, storage.Repository{ID: id, InstallationID: 10 + id%2, Owner: "o", Name: fmt.Sprint("r", id), Learner: "Lea"}))
		}
		must(q.RemoveRepository(ctx, 4))
		must(q.SetRepositoryState(ctx, 3, "empty", ""))
		report, err := q.PutReport(ctx, storage.Report{RepoID: 2, Commit: "c", Total: 1})
		must(err)
		stamps, err := q.RepositoryStamps(ctx, []int64{2, 4, 99})
		must(err)
		same("stamps", stamps, []storage.RepositoryStamp{{ID: 2, ReportID: report, UpdatedAt: now.Add(time.Millisecond)}})
		must(q.PutInstallation(ctx, storage.Installation{ID: 10, AccountLogin: "o", AccountType: "Organization"}))
		ins, err := q.InstallationsByID(ctx, []int64{10, 11})
		must(err)
		if len(ins) != 1 || ins[0].AccountLogin != "o" || ins[0].AccountType != "Organization" {
			t.Errorf("installations: %+v", ins)
		}
		newest, err := q.NewestRepositories(ctx, 2)
		must(err)
		same("newest", newest, []int64{2, 3})
		stamps, err = q.RepositoryStamps(ctx, nil)
		must(err)
		same("stamps of nothing", len(stamps), 0)
		repos, err := q.RepositoriesByID(ctx, []int64{1, 4, 99, 3})
		must(err)
		same("repositories", []string{repos[0].Name, repos[len(repos)-1].Name}, []string{"r1", "r3"})

		must(q.Earn(ctx, storage.Earned{RepoID: 1, Milestone: "readme", Commit: "c", Evidence: []byte("[]"), PullNumber: 3}))
		must(q.Earn(ctx, storage.Earned{RepoID: 2, Milestone: "jwt", Commit: "c"}))
		must(q.LoseEarned(ctx, 2, "jwt", "d", now))
		earned, err := q.EarnedOf(ctx, []int64{2, 1})
		must(err)
		slices.SortFunc(earned, func(a, b storage.Earned) int { return cmp.Compare(a.RepoID, b.RepoID) })
		same("earned", earned, []storage.Earned{{RepoID: 1, Milestone: "readme", Commit: "c", At: now, PullNumber: 3}, {RepoID: 2, Milestone: "jwt", Commit: "c", At: now, LostAt: now}})

		since := now.Add(-time.Hour)
		must(q.PutStatuses(ctx, 1, []storage.MilestoneStatus{{Milestone: "jwt", Step: "auth", Status: "partial", Since: since, Reason: "a, b c"}, {Milestone: "orm", Step: "databases", Status: "met", Since: since, Reason: "seen"}}))
		must(q.PutStatuses(ctx, 3, []storage.MilestoneStatus{{Milestone: "jwt", Status: "missing", Since: since, Reason: "no"}}))
		statuses, err := q.StatusesOf(ctx, []int64{1, 2, 3})
		must(err)
		slices.SortFunc(statuses, func(a, b storage.MilestoneStatus) int {
			return cmp.Or(cmp.Compare(a.RepoID, b.RepoID), cmp.Compare(a.Milestone, b.Milestone))
		})
		same("statuses", statuses, []storage.MilestoneStatus{{RepoID: 1, Milestone: "jwt", Status: "partial", Since: since, Reason: "a, b c"}, {RepoID: 1, Milestone: "orm", Status: "met", Since: since}, {RepoID: 3, Milestone: "jwt", Status: "missing", Since: since}})

		must(q.PutRepository(ctx, storage.Repository{ID: 5, Owner: "o", Name: "hidden", Private: true, Learner: "Pia", Topics: "go cohort-may"}))
		must(q.PutRepository(ctx, storage.Repository{ID: 6, Owner: "o", Name: "open", Learner: "Pia"}))
		must(q.PutRepository(ctx, storage.Repository{ID: 7, Owner: "o", Name: "shown", Private: true, Learner: "Pia"}))
		must(q.SetRepositoryConfig(ctx, 7, "", nil, true))
		must(q.PutRepository(ctx, storage.Repository{ID: 8, Owner: "PIA", Name: "own", Private: true, Learner: "Pia"}))
		must(q.SetRepositoryConfig(ctx, 8, "", nil, true))
		for all, want := range map[bool][]int64{true: {6, 7, 8}, false: {8}} {
			shown, err := q.ShownRepositories(ctx, "pia", all)
			must(err)
			same(fmt.Sprint("shown, all ", all), shown, want)
		}
		one, err := q.Repository(ctx, 5)
		must(err)
		same("topics", one.Topics, "go cohort-may")
		must(q.PutRepository(ctx, storage.Repository{ID: 5, Owner: "o", Name: "hidden"}))
		one, err = q.Repository(ctx, 5)
		must(err)
		same("topics taken away", one.Topics, "")
		for id := int64(5); id <= 8; id++ {
			must(q.DeleteRepository(ctx, id))
		}

		_, err = q.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: 1, Milestone: "jwt", By: "lea", Target: "x"})
		must(err)
		_, err = q.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: 2, Milestone: "orm", By: "lea", Target: "y"})
		must(err)
		_, err = q.DecideEvidenceClaims(ctx, 2, "orm", storage.ClaimAccepted, "mia")
		must(err)
		now = now.Add(time.Minute)
		_, err = q.DecideEvidenceClaims(ctx, 1, "rbac", storage.ClaimAccepted, "mia") // there is none
		must(err)
		for id, want := range map[int64]time.Time{1: now.Add(-time.Minute + time.Millisecond), 2: now.Add(-time.Minute + 3*time.Millisecond)} {
			one, err := q.Repository(ctx, id)
			must(err)
			same("changed", one.UpdatedAt, want)
		}
		_, err = q.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: 3, Milestone: "jwt", By: "lea", Target: "x"})
		must(err)
		_, err = q.DecideEvidenceClaims(ctx, 3, "jwt", storage.ClaimAccepted, "mia")
		must(err)
		one, err = q.Repository(ctx, 3)
		must(err)
		same("changed by a claim and its end", one.UpdatedAt, now.Add(time.Millisecond))
		now = now.Add(-time.Minute)
		must(q.SetRepositoryState(ctx, 3, "empty", ""))
		after, err := q.Repository(ctx, 3)
		must(err)
		same("changed with the clock set back", after.UpdatedAt, one.UpdatedAt.Add(time.Millisecond))
		for n, ids := range [][]int64{{2, 3}, {1, 2, 3}} {
			claims, err := q.OpenEvidenceClaims(ctx, ids)
			must(err)
			same(fmt.Sprint("open claims of ", ids), len(claims), n)
		}
		must(q.PutSkip(ctx, storage.Skip{RepoID: 1, Milestone: "orm", Reason: "no", By: "lea"}))
		for _, m := range []string{"jwt", "rbac"} {
			_, err = q.AddSignOff(ctx, storage.SignOff{RepoID: 1, Milestone: m, Mentor: "mia"})
			must(err)
		}
		_, err = q.RevokeSignOffs(ctx, 1, "rbac", "mia")
		must(err)
		over, err := q.Overrides(ctx, 10)
		must(err)
		same("overrides", over, []storage.Override{{"claim", "jwt", 1}, {"claim", "jwt", 3}, {"claim", "orm", 2}, {"signoff", "jwt", 1}, {"skip", "orm", 1}})

		s := storage.Session{TokenHash: "h", UserID: 5, Data: []byte("{}"), ExpiresAt: now.Add(time.Hour)}
		must(q.AddSession(ctx, s))
		if err := q.AddSession(ctx, s); !errors.Is(err, storage.ErrConflict) {
			t.Errorf("a second session under one hash: %v", err)
		}
		must(q.AddSession(ctx, storage.Session{TokenHash: "old", UserID: 5, Data: []byte("{}"), ExpiresAt: now.Add(-time.Hour)}))
		sessions, err := q.SessionsOf(ctx, 5)
		must(err)
		same("sessions", sessions, []storage.Session{s})

		for _, who := range []string{"lea", "LEA", "zoe"} {
			_, err = q.AddNote(ctx, storage.Note{InstallationID: 10, Learner: who, Mentor: "mia", Text: "x"})
			must(err)
		}
		notes, err := q.NotesAbout(ctx, "Lea")
		must(err)
		same("notes", len(notes), 2)
		n, err := q.DeleteNotesAbout(ctx, "lea")
		must(err)
		same("deleted notes", n, int64(2))

		states, err := q.RepositoryStates(ctx)
		must(err)
		same("states", states, []storage.Tally{{"", 2}, {"empty", 1}})
		for i, event := range []string{"push", "push", "issues"} {
			_, err = q.Accept(ctx, storage.Delivery{GUID: fmt.Sprint(i), Event: event, Mailbox: storage.Key{Kind: "repo", ID: fmt.Sprint(i)}})
			must(err)
		}
		counts, err := q.DeliveryCounts(ctx, now.Add(-time.Minute))
		must(err)
		same("deliveries", counts, []storage.Tally{{"push", 2}, {"issues", 1}})
		held, err := q.ClaimWork(ctx, "w", []string{"repo"}, time.Minute, 1, 0)
		must(err)
		must(q.RetryWork(ctx, &held[0], now.Add(time.Minute), "no answer"))
		failing, err := q.FailingWork(ctx, 10)
		must(err)
		if len(failing) != 1 || failing[0].LastError != "no answer" {
			t.Errorf("failing: %+v", failing)
		}
	})
}
