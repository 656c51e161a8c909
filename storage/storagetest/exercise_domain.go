package storagetest

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"milepost/storage"
	"milepost/storage/pace"
)

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

func testInstallations(t *testing.T, b *bench) {
	now := b.clock.Now()
	in := storage.Installation{ID: 5_000_000_055, AccountLogin: "Octo", AccountID: 9, AccountType: "Organization", RepositorySelection: "all", Permissions: []byte(`{"checks":"write"}`), CreatedAt: now, UpdatedAt: now}
	check(t, b.PutInstallation(b.ctx, in))
	got, err := b.Installation(b.ctx, in.ID)
	check(t, err)
	same(t, "installation", got, in)
	check(t, b.SuspendInstallation(b.ctx, in.ID, true))
	got, err = b.InstallationByLogin(b.ctx, "octO")
	check(t, err)
	equal(t, "suspended", got.Suspended, true)
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 56, InstallationID: in.ID, Owner: "Octo", Name: "a"}))
	check(t, b.RenameAccount(b.ctx, in.ID, "Squid"))
	_, err = b.InstallationByLogin(b.ctx, "Octo")
	wantErr(t, err, storage.ErrNotFound)
	r, err := b.Repository(b.ctx, 56)
	check(t, err)
	equal(t, "name", r.FullName(), "Squid/a")
	all, err := b.Installations(b.ctx)
	check(t, err)
	equal(t, "installations", len(all), 1)
	wantErr(t, b.SuspendInstallation(b.ctx, 1, true), storage.ErrNotFound)
}

func testRepositories(t *testing.T, b *bench) {
	const id = 6_000_000_001
	now := b.clock.Now()
	r := storage.Repository{ID: id, InstallationID: 70, Owner: "Ada", Name: "Shop", Private: true, DefaultBranch: "main", Homepage: "https://x.example", Learner: "ada"}
	check(t, b.PutRepository(b.ctx, r))
	check(t, b.SetRepositoryHead(b.ctx, id, "c1", "t1"))
	check(t, b.SetRepositoryConfig(b.ctx, id, "blob", []byte(`{}`), true))
	check(t, b.SetRepositoryConfigError(b.ctx, id, "line 3"))
	check(t, b.SetRepositoryState(b.ctx, id, "empty", "nothing in it"))
	check(t, b.SetRepositoryPushed(b.ctx, id, now))
	check(t, b.SetRepositorySettings(b.ctx, id, []byte(`{"x":1}`)))
	check(t, b.PauseRepository(b.ctx, id, now.Add(time.Hour), "issue closed"))
	// A webhook that knows less leaves what the bot knows.
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: 71, Owner: "Ada", Name: "Shop2", Homepage: "https://y.example"}))
	got, err := b.RepositoryByName(b.ctx, "aDA", "shop2")
	check(t, err)
	want := storage.Repository{ID: id, InstallationID: 71, Owner: "Ada", Name: "Shop2", DefaultBranch: "main", Homepage: "https://y.example", Learner: "ada", HeadSHA: "c1", TreeSHA: "t1",
		State: "empty", StateDetail: "nothing in it", Config: []byte(`{}`), ConfigSHA: "blob", ConfigError: "line 3", Public: true, PausedUntil: now.Add(time.Hour), PausedBy: "issue closed",
		Settings: []byte(`{"x":1}`), PushedAt: now, CreatedAt: now, UpdatedAt: now.Add(8 * time.Millisecond)} // eight changes, each with its own stamp
	same(t, "repository", got, want)
	check(t, b.PauseRepository(b.ctx, id, time.Time{}, ""))
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: 71, Owner: "Bob", Name: "Shop"}))
	check(t, b.SetRepositoryLearner(b.ctx, id, "Bob"))
	all, err := b.RepositoriesByLearner(b.ctx, "bob")
	check(t, err)
	equal(t, "of the learner", len(all), 1)
	equal(t, "installation", all[0].InstallationID, 71)
	equal(t, "paused", all[0].PausedUntil.IsZero(), true)
	stale, err := b.StaleRepositories(b.ctx, now, 10)
	check(t, err)
	equal(t, "stale", stale[len(stale)-1].ID, id)
	check(t, b.SetRepositoryChecked(b.ctx, id, now.Add(time.Minute)))
	all, err = b.Repositories(b.ctx, 71)
	check(t, err)
	equal(t, "of the installation", len(all), 1)
	check(t, b.RemoveRepository(b.ctx, id))
	all, err = b.Repositories(b.ctx, 71)
	check(t, err)
	equal(t, "after the removal", len(all), 0)
	_, err = b.RepositoryByName(b.ctx, "Bob", "Shop")
	wantErr(t, err, storage.ErrNotFound)
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: 71, Owner: "Bob", Name: "Shop"}))
	_, err = b.RepositoryByName(b.ctx, "Bob", "Shop") // what is said of it does not bring it back
	wantErr(t, err, storage.ErrNotFound)
	check(t, b.RestoreRepository(b.ctx, id))
	got, err = b.RepositoryByName(b.ctx, "Bob", "Shop")
	check(t, err)
	equal(t, "back, and checked long ago", got.CheckedAt.IsZero() && got.Homepage == "", true)
	wantErr(t, b.SetRepositoryHead(b.ctx, 1, "", ""), storage.ErrNotFound)
}

func testFacts(t *testing.T, b *bench) {
	facts := map[string][]byte{}
	var blobs []string
	for i := range 1100 { // more than one statement's worth
		blob := fmt.Sprintf("blob%04d", i)
		blobs = append(blobs, blob)
		facts[blob] = fmt.Appendf(nil, "{%d}", i)
	}
	check(t, b.PutFacts(b.ctx, "f1", facts))
	got, err := b.Facts(b.ctx, "f1", append([]string{"unknown"}, blobs...))
	check(t, err)
	same(t, "facts", got, facts)
	got, err = b.Facts(b.ctx, "f2", blobs)
	check(t, err)
	equal(t, "under another fingerprint", len(got), 0)
	check(t, b.PutFacts(b.ctx, "f1", map[string][]byte{"blob0000": nil}))
	got, err = b.Facts(b.ctx, "f1", blobs[:1])
	check(t, err)
	equal(t, "overwritten", string(got["blob0000"]), "")
	b.clock.Advance(25 * time.Hour)
	check(t, b.TouchFacts(b.ctx, "f1", blobs[:10]))
	gone, err := b.Prune(b.ctx, storage.Retention{Facts: 2 * time.Hour})
	check(t, err)
	equal(t, "pruned", gone["facts"], 1090)
	check(t, b.PutSnapshot(b.ctx, storage.Snapshot{RepoID: 1, Commit: "c", Tree: "t", Entries: []byte{0, 1}}))
	s, err := b.Snapshot(b.ctx, 1, "c")
	check(t, err)
	same(t, "snapshot", s, storage.Snapshot{RepoID: 1, Commit: "c", Tree: "t", Entries: []byte{0, 1}, CreatedAt: b.clock.Now()})
}

func testReports(t *testing.T, b *bench) {
	const id = 900
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: 70, Owner: "o", Name: "reports"}))
	var last storage.Report
	for i := range 3 {
		b.clock.Advance(time.Minute)
		last = storage.Report{RepoID: id, Commit: fmt.Sprint("c", i), Ref: "main", RoadmapID: "backend", RoadmapVersion: 2, Met: i, Total: 38, BonusMet: 1, BonusTotal: 13, Percent: i * 3, Data: []byte(`{"n":1}`)}
		var err error
		last.ID, err = b.PutReport(b.ctx, last)
		check(t, err)
		last.CreatedAt = b.clock.Now()
	}
	got, err := b.LatestReport(b.ctx, id)
	check(t, err)
	same(t, "latest", got, last)
	r, err := b.Repository(b.ctx, id)
	check(t, err)
	equal(t, "summary", fmt.Sprint(r.ReportID == last.ID, r.Met, r.Total, r.BonusMet, r.BonusTotal, r.Percent, r.ReportAt.Equal(last.CreatedAt)), "true 2 38 1 13 6 true")
	hist, err := b.ReportHistory(b.ctx, id, b.clock.Now().Add(-90*time.Second), 10)
	check(t, err)
	equal(t, "history", len(hist), 2)
	last.Data = nil
	same(t, "newest of the history", hist[0], last)
	_, err = b.LatestReport(b.ctx, 1)
	wantErr(t, err, storage.ErrNotFound)

	b.clock.Advance(40 * 24 * time.Hour)
	gone, err := b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "pruned data", gone["report data"], 2)
	got, err = b.Report(b.ctx, last.ID)
	check(t, err)
	equal(t, "the newest keeps its data", string(got.Data), `{"n":1}`)
	got, err = b.Report(b.ctx, hist[1].ID)
	check(t, err)
	equal(t, "data of an older one", len(got.Data), 0)
	gone, err = b.Prune(b.ctx, storage.Retention{Reports: time.Hour})
	check(t, err)
	equal(t, "pruned", gone["reports"], 2)
}

func testEarned(t *testing.T, b *bench) {
	const id = 901
	first := b.clock.Now()
	check(t, b.Earn(b.ctx, storage.Earned{RepoID: id, Milestone: "readme", Commit: "c1", Evidence: []byte(`[]`), PullNumber: 4}))
	b.clock.Advance(time.Hour)
	lost := b.clock.Now()
	check(t, b.LoseEarned(b.ctx, id, "readme", "c2", lost))
	check(t, b.LoseEarned(b.ctx, id, "readme", "c3", lost.Add(time.Hour)))
	all, err := b.Earned(b.ctx, id)
	check(t, err)
	want := storage.Earned{RepoID: id, Milestone: "readme", Commit: "c1", At: first, Evidence: []byte(`[]`), PullNumber: 4, LostAt: lost, LostCommit: "c2"}
	same(t, "lost", all, []storage.Earned{want})
	check(t, b.Earn(b.ctx, storage.Earned{RepoID: id, Milestone: "readme", Commit: "c4"}))
	want.LostAt, want.LostCommit = time.Time{}, ""
	all, err = b.Earned(b.ctx, id)
	check(t, err)
	same(t, "met again", all, []storage.Earned{want})

	put := func(s ...storage.MilestoneStatus) { t.Helper(); check(t, b.PutStatuses(b.ctx, id, s)) }
	t0 := b.clock.Now()
	put(storage.MilestoneStatus{Milestone: "readme", Step: "basics", Status: "partial", Reason: "short"}, storage.MilestoneStatus{Milestone: "tests", Step: "quality", Status: "missing"})
	b.clock.Advance(time.Hour)
	put(storage.MilestoneStatus{Milestone: "readme", Step: "basics", Status: "partial", Reason: "shorter"}, storage.MilestoneStatus{Milestone: "ci", Step: "quality", Status: "met"})
	b.clock.Advance(time.Hour)
	put(storage.MilestoneStatus{Milestone: "readme", Step: "basics", Status: "met"}, storage.MilestoneStatus{Milestone: "ci", Step: "quality", Status: "met"})
	got, err := b.Statuses(b.ctx, id)
	check(t, err)
	same(t, "statuses", got, []storage.MilestoneStatus{
		{RepoID: id, Milestone: "ci", Step: "quality", Status: "met", Since: t0.Add(time.Hour)},
		{RepoID: id, Milestone: "readme", Step: "basics", Status: "met", Since: t0.Add(2 * time.Hour)},
	})
	check(t, b.PutActivity(b.ctx, id, "pulls", []byte(`1`)))
	check(t, b.PutActivity(b.ctx, id, "pulls", []byte(`2`)))
	act, err := b.Activity(b.ctx, id)
	check(t, err)
	same(t, "activity", act, map[string][]byte{"pulls": []byte(`2`)})
}

func testPublications(t *testing.T, b *bench) {
	const id = 902
	p := storage.Publication{RepoID: id, Kind: storage.PublicationIssue, RemoteID: 6_000_000_000, Number: 3, URL: "u", Hash: "h", State: "open"}
	check(t, b.PutPublication(b.ctx, p))
	p.Hash, p.UpdatedAt = "h2", b.clock.Now()
	check(t, b.PutPublication(b.ctx, p))
	got, err := b.Publication(b.ctx, id, storage.PublicationIssue, "")
	check(t, err)
	same(t, "publication", got, p)
	got, err = b.PublicationByRemote(b.ctx, storage.PublicationIssue, p.RemoteID)
	check(t, err)
	same(t, "by GitHub's id", got, p)
	check(t, b.PutPublication(b.ctx, storage.Publication{RepoID: id, Kind: storage.PublicationComment, Key: "7"}))
	all, err := b.Publications(b.ctx, id)
	check(t, err)
	equal(t, "publications", len(all), 2)
	check(t, b.DeletePublication(b.ctx, id, storage.PublicationComment, "7"))
	_, err = b.Publication(b.ctx, id, storage.PublicationComment, "7")
	wantErr(t, err, storage.ErrNotFound)

	pull := storage.Pull{RepoID: id, Number: 12, HeadSHA: "h1", HeadRef: "f", HeadRepoID: 3, BaseSHA: "b1", BaseRef: "main", State: "open", Draft: true, Author: "ada", AuthorType: "User", Title: "t", FromFork: true}
	check(t, b.PutPull(b.ctx, pull))
	check(t, b.SetPullDelta(b.ctx, id, 12, []byte(`d`)))
	pull.HeadSHA, pull.Draft = "h2", false
	check(t, b.PutPull(b.ctx, pull))
	pull.Delta, pull.UpdatedAt = []byte(`d`), b.clock.Now()
	gotPull, err := b.Pull(b.ctx, id, 12)
	check(t, err)
	same(t, "pull request", gotPull, pull)
	for state, n := range map[string]int{"": 1, "open": 1, "closed": 0} {
		pulls, err := b.Pulls(b.ctx, id, state, 10)
		check(t, err)
		equal(t, "pull requests "+state, len(pulls), n)
	}
	pulls, err := b.PullsByHead(b.ctx, id, "h2")
	check(t, err)
	equal(t, "by head", len(pulls), 1)
	for i := range 3 {
		check(t, b.AddEvent(b.ctx, storage.Event{RepoID: id, Kind: "check", Message: fmt.Sprint(i), Detail: []byte(`{}`)}))
	}
	events, err := b.Events(b.ctx, id, 2)
	check(t, err)
	equal(t, "events", len(events), 2)
	equal(t, "newest", events[0].Message, "2")
}

func testMentoring(t *testing.T, b *bench) {
	const id = 903
	now := b.clock.Now()
	sid, err := b.AddSignOff(b.ctx, storage.SignOff{RepoID: id, Milestone: "demo", Mentor: "grace", Note: "fine"})
	check(t, err)
	n, err := b.RevokeSignOffs(b.ctx, id, "demo", "alan")
	check(t, err)
	equal(t, "revoked", n, 1)
	offs, err := b.SignOffs(b.ctx, id)
	check(t, err)
	same(t, "sign-offs", offs, []storage.SignOff{{ID: sid, RepoID: id, Milestone: "demo", Mentor: "grace", Note: "fine", At: now, RevokedAt: now, RevokedBy: "alan"}})
	cid, err := b.AddEvidenceClaim(b.ctx, storage.EvidenceClaim{RepoID: id, Milestone: "demo", By: "ada", Target: "docs/x.md"})
	check(t, err)
	n, err = b.DecideEvidenceClaims(b.ctx, id, "demo", storage.ClaimAccepted, "grace")
	check(t, err)
	equal(t, "decided", n, 1)
	claims, err := b.EvidenceClaims(b.ctx, id)
	check(t, err)
	same(t, "claims", claims, []storage.EvidenceClaim{{ID: cid, RepoID: id, Milestone: "demo", By: "ada", Target: "docs/x.md", At: now, State: storage.ClaimAccepted, DecidedBy: "grace", DecidedAt: now}})
	check(t, b.PutSkip(b.ctx, storage.Skip{RepoID: id, Milestone: "docker", Reason: "old", By: "ada"}))
	check(t, b.PutSkip(b.ctx, storage.Skip{RepoID: id, Milestone: "docker", Reason: "no server", By: "ada"}))
	skips, err := b.Skips(b.ctx, id)
	check(t, err)
	same(t, "skips", skips, []storage.Skip{{RepoID: id, Milestone: "docker", Reason: "no server", By: "ada", At: now}})
	for _, want := range []bool{true, false} {
		had, err := b.DeleteSkip(b.ctx, id, "docker")
		check(t, err)
		equal(t, "had a skip", had, want)
	}
	nid, err := b.AddNote(b.ctx, storage.Note{InstallationID: 70, Learner: "Ada", Mentor: "grace", Text: "call her"})
	check(t, err)
	notes, err := b.Notes(b.ctx, "ada", []int64{70, 71})
	check(t, err)
	same(t, "notes", notes, []storage.Note{{ID: nid, InstallationID: 70, Learner: "Ada", Mentor: "grace", Text: "call her", At: now}})
	notes, err = b.Notes(b.ctx, "ada", []int64{71})
	check(t, err)
	equal(t, "notes elsewhere", len(notes), 0)
	wantErr(t, b.DeleteNote(b.ctx, nid, "alan"), storage.ErrNotFound)
	check(t, b.DeleteNote(b.ctx, nid, "grace"))

	take := func(want bool) {
		t.Helper()
		first, err := b.TakeCommand(b.ctx, 6_000_000_009, id, "recheck")
		check(t, err)
		equal(t, "command is new", first, want)
	}
	take(true)
	take(false)
	b.clock.Advance(2 * time.Hour) // taken, but the process died before the answer
	take(true)
	check(t, b.FinishCommand(b.ctx, 6_000_000_009))
	b.clock.Advance(2 * time.Hour)
	take(false)
	done, err := b.CommandAnswered(b.ctx, 6_000_000_009)
	check(t, err)
	equal(t, "answered", done, true)
}

func testPeople(t *testing.T, b *bench) {
	now := b.clock.Now()
	u := storage.User{ID: 6_000_000_100, Login: "Ada", Name: "Ada L", Avatar: "https://a", CreatedAt: now, SeenAt: now}
	check(t, b.PutUser(b.ctx, u))
	check(t, b.SetUserSettings(b.ctx, u.ID, []byte(`{}`)))
	b.clock.Advance(time.Hour)
	check(t, b.PutUser(b.ctx, u))
	u.Settings, u.SeenAt = []byte(`{}`), b.clock.Now()
	got, err := b.User(b.ctx, u.ID)
	check(t, err)
	same(t, "user", got, u)
	_, err = b.UserByLogin(b.ctx, "aDa")
	check(t, err)
	s := storage.Session{TokenHash: "h", UserID: u.ID, Data: []byte{1}, ExpiresAt: b.clock.Now().Add(time.Hour)}
	check(t, b.PutSession(b.ctx, s))
	gotS, err := b.Session(b.ctx, "h")
	check(t, err)
	same(t, "session", gotS, s)
	all, err := b.Sessions(b.ctx)
	check(t, err)
	equal(t, "sessions", len(all), 1)
	check(t, b.PutAccess(b.ctx, u.ID, []storage.Access{{InstallationID: 1, Repos: []byte(`[1]`)}, {InstallationID: 2, Repos: []byte(`[]`)}}))
	check(t, b.PutAccess(b.ctx, u.ID, []storage.Access{{InstallationID: 2, Repos: []byte(`[2]`)}}))
	acc, err := b.AccessOf(b.ctx, u.ID)
	check(t, err)
	same(t, "access", acc, []storage.Access{{UserID: u.ID, InstallationID: 2, Repos: []byte(`[2]`), FetchedAt: b.clock.Now()}})
	testAccessAtOnce(t, b)
	check(t, b.ForgetAccess(b.ctx, 6_000_000_000))
	acc, err = b.AccessOf(b.ctx, u.ID)
	check(t, err)
	equal(t, "access left", len(acc), 1)
	check(t, b.ForgetAccess(b.ctx, 0))
	b.clock.Advance(time.Hour)
	_, err = b.Session(b.ctx, "h")
	wantErr(t, err, storage.ErrNotFound) // expired
	check(t, b.DeleteSession(b.ctx, "h"))
	check(t, b.DeleteSessionsOf(b.ctx, u.ID))
	check(t, b.DeleteUser(b.ctx, u.ID))
	_, err = b.User(b.ctx, u.ID)
	wantErr(t, err, storage.ErrNotFound)
}

// testAccessAtOnce: pages of one person that ask at once all store what they learned.
func testAccessAtOnce(t *testing.T, b *bench) {
	t.Helper()
	var askers sync.WaitGroup
	for i := range 8 {
		askers.Go(func() {
			all := []storage.Access{{InstallationID: 11, Repos: []byte(`[1]`)}, {InstallationID: 12, Repos: []byte(`[]`)}}
			if i%2 == 1 {
				slices.Reverse(all)
			}
			for range 10 {
				if err := b.PutAccess(b.ctx, 7, all); err != nil {
					t.Errorf("at once: %v", err)
					return
				}
			}
		})
	}
	askers.Wait()
	acc, err := b.AccessOf(b.ctx, 7)
	check(t, err)
	equal(t, "installations after many at once", len(acc), 2)
	check(t, b.PutAccess(b.ctx, 7, nil))
	acc, err = b.AccessOf(b.ctx, 7)
	check(t, err)
	equal(t, "installations after none", len(acc), 0)
}

// testPace: takers at once share the windows, whatever store they have.
func testPace(t *testing.T, b *bench) {
	t.Helper()
	began := b.clock.Now()
	take := func() (taken int) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		for range 30 {
			wg.Go(func() {
				until, err := b.TakePace(b.ctx, "55", pace.Limit{Minute: 10, Hour: 25}, false)
				if err != nil {
					t.Error(err)
				}
				mu.Lock()
				defer mu.Unlock()
				if until.IsZero() {
					taken++
				} else if !until.After(b.clock.Now()) {
					t.Errorf("to be tried again at %v", until)
				}
			})
		}
		wg.Wait()
		return taken
	}
	for i, want := range []int{10, 10, 5, 0} {
		equal(t, fmt.Sprintf("taken in minute %d", i), take(), want)
		b.clock.Advance(time.Minute)
	}
	until, err := b.TakePace(b.ctx, "55", pace.Limit{Minute: 10, Hour: 25}, false)
	check(t, err)
	equal(t, "room again", until.UnixMilli(), began.Add(time.Hour).UnixMilli())
	b.clock.Advance(time.Hour)
	equal(t, "taken after an hour", take(), 10)
	until, err = b.TakePace(b.ctx, "56", pace.Limit{Minute: 10, Hour: 25}, false)
	check(t, err)
	equal(t, "another key waits", until.IsZero(), true)

	// Turns are promised one after another, and the row keeps them.
	var turns []time.Time
	for range 3 {
		until, err = b.TakePace(b.ctx, "57", pace.Limit{Minute: 1, Hour: 9}, true)
		check(t, err)
		turns = append(turns, until)
	}
	equal(t, "the first is taken", turns[0].IsZero(), true)
	equal(t, "the second has its turn", turns[1].After(b.clock.Now()), true)
	equal(t, "the third comes a minute later", turns[2].Sub(turns[1]) >= time.Minute, true)
}

func testSettings(t *testing.T, b *bench) {
	check(t, b.AddSetting(b.ctx, "key", []byte{0, 1}))
	wantErr(t, b.AddSetting(b.ctx, "key", []byte{2}), storage.ErrConflict)
	v, err := b.Setting(b.ctx, "key")
	check(t, err)
	same(t, "value", v, []byte{0, 1})
	for _, want := range []bool{true, false} {
		had, err := b.DeleteSetting(b.ctx, "key")
		check(t, err)
		equal(t, "had a setting", had, want)
	}
	l := storage.RateLimit{Scope: "55", Resource: "core", Limit: 5000, Remaining: 12, ResetAt: b.clock.Now().Add(time.Hour)}
	check(t, b.NoteRateLimit(b.ctx, l))
	l.Remaining, l.BlockedUntil, l.UpdatedAt = 11, b.clock.Now().Add(time.Minute), b.clock.Now()
	check(t, b.NoteRateLimit(b.ctx, l))
	got, err := b.RateLimit(b.ctx, "55", "core")
	check(t, err)
	same(t, "rate limit", got, l)
	all, err := b.RateLimits(b.ctx)
	check(t, err)
	equal(t, "rate limits", len(all), 1)
	soon := l
	soon.Limit, soon.Remaining, soon.ResetAt, soon.BlockedUntil = 0, 0, time.Time{}, time.Time{} // what an answer does not say, stays
	check(t, b.NoteRateLimit(b.ctx, soon))
	got, err = b.RateLimit(b.ctx, "55", "core")
	check(t, err)
	same(t, "rate limit that is still blocked", got, l)
	testPace(t, b)
	e := storage.ETag{URLKey: "u", RepoID: 3, ETag: `W/"x"`, Body: []byte("b"), UpdatedAt: b.clock.Now()}
	check(t, b.PutETag(b.ctx, e))
	gotE, err := b.ETag(b.ctx, "u")
	check(t, err)
	same(t, "etag", gotE, e)
}

// fill gives a repository a row in every table that has rows of repositories.
func (b *bench) fill(t *testing.T, inst, id int64) {
	t.Helper()
	rid, err := b.PutReport(b.ctx, storage.Report{RepoID: id, RoadmapID: "r"})
	_ = rid
	_, err2 := b.AddSignOff(b.ctx, storage.SignOff{RepoID: id, Milestone: "m"})
	_, err3 := b.AddEvidenceClaim(b.ctx, storage.EvidenceClaim{RepoID: id, Milestone: "m"})
	_, err4 := b.TakeCommand(b.ctx, id*10, id, "c")
	_, err5 := b.Accept(b.ctx, storage.Delivery{GUID: fmt.Sprint("fill", id), RepoID: id, InstallationID: inst, Fields: []byte(`{"title":"private"}`), Mailbox: repoKey(int(id))})
	check(t, errors.Join(err, err2, err3, err4, err5,
		b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: inst, Owner: "o", Name: fmt.Sprint("r", id)}),
		b.PutSnapshot(b.ctx, storage.Snapshot{RepoID: id, Commit: "c"}), b.Earn(b.ctx, storage.Earned{RepoID: id, Milestone: "m"}),
		b.PutStatuses(b.ctx, id, []storage.MilestoneStatus{{Milestone: "m"}}), b.PutActivity(b.ctx, id, "k", []byte("1")),
		b.PutPublication(b.ctx, storage.Publication{RepoID: id, Kind: "issue"}), b.PutPull(b.ctx, storage.Pull{RepoID: id, Number: 1}),
		b.PutSkip(b.ctx, storage.Skip{RepoID: id, Milestone: "m"}), b.AddEvent(b.ctx, storage.Event{RepoID: id}), b.PutETag(b.ctx, storage.ETag{URLKey: fmt.Sprint(id), RepoID: id})))
}

func testDeletion(t *testing.T, b *bench) {
	left := func(id int64) (all []string) {
		t.Helper()
		counts, err := b.RowsOf(b.ctx, id)
		check(t, err)
		for table, n := range counts {
			if n > 0 {
				all = append(all, table)
			}
		}
		return all
	}
	for id := int64(2000); id < 2003; id++ {
		b.fill(t, 80, id)
	}
	b.fill(t, 81, 2003)
	check(t, b.PutInstallation(b.ctx, storage.Installation{ID: 80}))
	_, err := b.AddNote(b.ctx, storage.Note{InstallationID: 80, Learner: "gone", Mentor: "m"})
	check(t, err)
	check(t, b.PutAccess(b.ctx, 5, []storage.Access{{InstallationID: 80, Repos: []byte("[]")}}))
	check(t, b.NoteRateLimit(b.ctx, storage.RateLimit{Scope: "80", Resource: "core"}))
	full := len(left(2000))
	if full < 15 {
		t.Fatalf("only %v hold rows", left(2000))
	}
	check(t, b.DeleteRepository(b.ctx, 2000))
	same(t, "tables with rows of a deleted repository", left(2000), []string(nil))
	equal(t, "of its neighbour", len(left(2001)), full)
	check(t, b.DeleteInstallation(b.ctx, 80))
	for id := int64(2001); id < 2003; id++ {
		same(t, "tables with rows of a deleted installation", left(id), []string(nil))
	}
	equal(t, "of another installation", len(left(2003)), full)
	_, err = b.Installation(b.ctx, 80)
	wantErr(t, err, storage.ErrNotFound)
	notes, err := b.Notes(b.ctx, "gone", []int64{80})
	check(t, err)
	equal(t, "notes", len(notes), 0)
	acc, err := b.AccessOf(b.ctx, 5)
	check(t, err)
	equal(t, "access", len(acc), 0)
	_, err = b.RateLimit(b.ctx, "80", "core")
	wantErr(t, err, storage.ErrNotFound)
	// The ids of deliveries stay, so that a repeated one is still known.
	dup, err := b.Accept(b.ctx, storage.Delivery{GUID: "fill2001"})
	check(t, err)
	equal(t, "duplicate", dup, true)
	check(t, b.DeleteRepository(b.ctx, 2000))
	check(t, b.DeleteInstallation(b.ctx, 80))
}

// testSettingsGo: what was read from files of a repository goes with it, and follows its name.
func testSettingsGo(t *testing.T, b *bench) {
	const owner, repo, other = "roadmap/acme_1/", "roadmap/acme_1/a/", "roadmap/acme_10/a/r.yml"
	left := func() (keys []string) {
		t.Helper()
		for _, key := range []string{repo + "r.yml", repo + "x/r.yml", owner + "ab/r.yml", owner + "new/r.yml", owner + ".github/r.yml", "org-config/acme_1", "org-changed/acme_1",
			"roadmap/moved/new/r.yml", "org-config/moved", other} {
			if v, err := b.Setting(b.ctx, key); err == nil {
				keys = append(keys, key+"="+string(v))
			} else {
				wantErr(t, err, storage.ErrNotFound)
			}
		}
		return keys
	}
	check(t, b.PutInstallation(b.ctx, storage.Installation{ID: 82, AccountLogin: "Acme_1"}))
	for id, name := range map[int64]string{2100: "A", 2101: "ab", 2102: ".github"} {
		check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: 82, Owner: "Acme_1", Name: name}))
	}
	for _, key := range []string{repo + "r.yml", repo + "x/r.yml", owner + "ab/r.yml", owner + ".github/r.yml", "org-config/acme_1", "org-changed/acme_1", other} {
		check(t, b.PutSetting(b.ctx, key, []byte("1")))
	}
	check(t, b.DeleteRepository(b.ctx, 2100))
	rest := []string{owner + "ab/r.yml=1", owner + ".github/r.yml=1", "org-config/acme_1=1", "org-changed/acme_1=1", other + "=1"}
	same(t, "settings after a repository was deleted", left(), rest)
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 2101, InstallationID: 82, Owner: "Acme_1", Name: "New"}))
	rest[0] = owner + "new/r.yml=1"
	same(t, "settings after one was renamed", left(), rest)
	check(t, b.DeleteRepository(b.ctx, 2102))
	same(t, "settings after .github was deleted", left(), []string{owner + "new/r.yml=1", other + "=1"})
	check(t, b.PutSetting(b.ctx, "org-config/acme_1", []byte("old")))
	check(t, b.PutSetting(b.ctx, "org-config/moved", []byte("newer")))
	check(t, b.RenameAccount(b.ctx, 82, "Moved"))
	same(t, "settings after the account was renamed", left(), []string{"roadmap/moved/new/r.yml=1", "org-config/moved=newer", other + "=1"})
	check(t, b.PutInstallation(b.ctx, storage.Installation{ID: 82, AccountLogin: "Acme_1"}))
	same(t, "settings after the renaming was seen late", left(), []string{owner + "new/r.yml=1", "org-config/acme_1=newer", other + "=1"})
	r, err := b.Repository(b.ctx, 2101)
	check(t, err)
	equal(t, "name", r.FullName(), "Acme_1/New")
	check(t, b.WithTx(b.ctx, func(tx *storage.Tx) error { // as one who hears of the repository alone
		return tx.PutRepository(b.ctx, storage.Repository{ID: 2101, InstallationID: 82, Owner: "Moved", Name: "New"})
	}))
	same(t, "settings after one was transferred", left(), []string{"org-config/acme_1=newer", "roadmap/moved/new/r.yml=1", other + "=1"})
	check(t, b.DeleteInstallation(b.ctx, 82))
	same(t, "settings after the installation was deleted", left(), []string{other + "=1"})
}

// testSettingsShared: they stay as long as a namesake has them.
func testSettingsShared(t *testing.T, b *bench) {
	left := func(what string, want ...string) {
		t.Helper()
		var keys []string
		for _, key := range []string{"org-config/twin", "org-changed/twin", "roadmap/twin/.github/r.yml"} {
			if _, err := b.Setting(b.ctx, key); err == nil {
				keys = append(keys, key)
			} else {
				wantErr(t, err, storage.ErrNotFound)
			}
		}
		same(t, "settings "+what, keys, want)
	}
	all := []string{"org-config/twin", "org-changed/twin", "roadmap/twin/.github/r.yml"}
	for _, key := range all {
		check(t, b.PutSetting(b.ctx, key, []byte("1")))
	}
	for id, login := range map[int64]string{83: "Twin", 84: "twin", 85: "third"} {
		check(t, b.PutInstallation(b.ctx, storage.Installation{ID: id, AccountLogin: login}))
	}
	for id, installation := range map[int64]int64{2110: 83, 2111: 84} {
		check(t, b.PutRepository(b.ctx, storage.Repository{ID: id, InstallationID: installation, Owner: "Twin", Name: ".GitHub"}))
	}
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 2110, InstallationID: 83, Owner: "Twin", Name: "old"}))
	left("after a namesake was renamed", all...)
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 2110, InstallationID: 83, Owner: "Twin", Name: ".github"}))
	check(t, b.RemoveRepository(b.ctx, 2110))
	check(t, b.DeleteRepository(b.ctx, 2110))
	left("after a removed namesake was deleted", all...)
	check(t, b.DeleteInstallation(b.ctx, 83))
	left("after an installation before this one was deleted", all...)
	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 2112, InstallationID: 85, Owner: "Twin", Name: "b"}))
	check(t, b.RenameAccount(b.ctx, 84, "Else"))
	left("after a new login of an account that has a repository elsewhere", all...)
	check(t, b.RenameAccount(b.ctx, 84, "Twin"))
	check(t, b.RemoveRepository(b.ctx, 2112))
	check(t, b.DeleteInstallation(b.ctx, 84))
	left("after the last one was deleted")
	check(t, b.DeleteInstallation(b.ctx, 85))
}

func testPrune(t *testing.T, b *bench) {
	accept := func(guid string, k storage.Key) {
		t.Helper()
		_, err := b.Accept(b.ctx, storage.Delivery{GUID: guid, Mailbox: k})
		check(t, err)
	}
	b.clock.Advance(1000 * 24 * time.Hour)
	_, err := b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	accept("old-done", repoKey(3000))
	accept("old-none", storage.Key{})
	accept("old-pending", repoKey(3001))
	p, err := b.Pending(b.ctx, repoKey(3000), 1)
	check(t, err)
	check(t, b.FinishDeliveries(b.ctx, p[0].ID))
	b.clock.Advance(7 * 24 * time.Hour)
	accept("new-none", storage.Key{})
	gone, err := b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "pruned early", gone["deliveries"], 0)
	b.clock.Advance(2 * 24 * time.Hour)
	gone, err = b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "pruned", gone["deliveries"], 2)
	known, err := b.KnownDeliveries(b.ctx, []string{"old-done", "old-none", "old-pending", "new-none"})
	check(t, err)
	same(t, "left", known, map[string]bool{"old-pending": true, "new-none": true})

	// What waits for a key that was set aside, and what was told of pull requests and check runs that are over, goes too.
	poison := b.claimOne(t, repoKey(3001))
	check(t, b.ParkWork(b.ctx, poison, "poison"))
	for n, state := range map[int]string{1: "open", 2: "closed"} {
		check(t, b.PutPull(b.ctx, storage.Pull{RepoID: 3001, Number: n, State: state}))
	}
	check(t, b.PutPublication(b.ctx, storage.Publication{RepoID: 3001, Kind: storage.PublicationCheckRun, Key: "c"}))
	check(t, b.PutPublication(b.ctx, storage.Publication{RepoID: 3001, Kind: storage.PublicationIssue}))
	b.clock.Advance(89 * 24 * time.Hour)
	gone, err = b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "deliveries of work set aside", gone["deliveries of work set aside"], 1)
	equal(t, "young pull requests and check runs", gone["pull requests"]+gone["check runs"], 0)
	b.clock.Advance(2 * 24 * time.Hour)
	gone, err = b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "closed pull requests", gone["pull requests"], 1)
	equal(t, "check runs", gone["check runs"], 1)
	_, err = b.Pull(b.ctx, 3001, 1)
	check(t, err)
	_, err = b.Publication(b.ctx, 3001, storage.PublicationIssue, "")
	check(t, err)

	check(t, b.PutRepository(b.ctx, storage.Repository{ID: 3002, InstallationID: 70}))
	check(t, b.RemoveRepository(b.ctx, 3002))
	b.clock.Advance(31 * 24 * time.Hour)
	gone, err = b.Prune(b.ctx, storage.Retention{})
	check(t, err)
	equal(t, "repositories", gone["repositories"], 1)
	_, err = b.Repository(b.ctx, 3002)
	wantErr(t, err, storage.ErrNotFound)
}
