package web_test

import (
	"fmt"
	"testing"
	"time"

	"milepost/bot/githubsim"
	"milepost/storage"
)

// fullWorld is a cohort of 24 learners with everything that pages can show.
func fullWorld(tb testing.TB) *world {
	tb.Helper()
	return newWorld(tb, func(w *world) {
		org := w.people["academy"]
		w.people["mia"] = w.AddUser("mia", "Mia Mentor", "")
		w.SetMember(org, w.people["mia"], "member")
		s := newSeeder(w.store, w.roadmap, w.clock.Now())
		var all []seedRepo
		for i := range 24 {
			name := learnerName(i)
			acc := w.AddUser(name, "", "")
			w.people[name] = acc
			for k := range 1 + i%2 {
				r := seedRepo{Installation: w.inst.ID, Owner: "academy", Name: projects[k] + "-" + name, Learner: name, Private: i%3 == 0, Progress: float64((i*37+75)%101) / 100 / float64(k+1), Reports: 12,
					Age: time.Duration(30+3*i) * 24 * time.Hour, LastPush: time.Duration(1+(i*i*5)%500) * time.Hour, Lose: i%7 == 2, Public: name == "margaret"}
				if i%8 == 7 {
					r.Progress, r.LastPush = -1, 0
				}
				repo := w.CreateRepo(org, r.Name, githubsim.RepoOptions{Private: r.Private})
				w.SetCollaborator(repo, acc, "write")
				w.SetCollaborator(repo, w.people["mia"], "maintain")
				w.repos[r.Name] = repo
				r.ID = repo.ID()
				all = append(all, r)
			}
		}
		w.AddTeam(org, "Evening group", w.people["ada"], w.people["ken"], w.people["margaret"])
		w.AddTeam(org, "Morning group", w.people["grace"], w.people["alan"])
		err := w.store.WithTx(tb.Context(), func(tx *storage.Tx) error {
			for _, r := range all {
				if err := s.put(tb.Context(), tx, r); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
		w.extras(tb)
	})
}

// extras adds what people did.
func (w *world) extras(tb testing.TB) {
	tb.Helper()
	ctx, q := tb.Context(), w.store
	w.chooses(tb, "margaret")
	id := w.repos["shop-api-margaret"].ID()
	other := w.repos["shop-api-grace"].ID()
	now := w.clock.Now()
	ids := w.roadmap.IDs()
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	_, err := q.AddSignOff(ctx, storage.SignOff{RepoID: id, Milestone: ids[0], Mentor: "mia", Note: "Showed it in our call.", At: now.Add(-40 * time.Hour)})
	keep(err)
	_, err = q.AddEvidenceClaim(ctx, storage.EvidenceClaim{RepoID: id, Milestone: ids[len(ids)-1], By: "margaret", Target: "docs/design.md", At: now.Add(-5 * time.Hour)})
	keep(err)
	_, err = q.AddNote(ctx, storage.Note{InstallationID: w.inst.ID, Learner: "margaret", Mentor: "mia", Text: "Prefers to talk on Thursdays.\nNext time: indexes.", At: now.Add(-70 * time.Hour)})
	keep(err)
	keep(q.PutSkip(ctx, storage.Skip{RepoID: other, Milestone: ids[1], Reason: "not part of this course", By: "grace"}))
	keep(q.SetRepositorySettings(ctx, other, fmt.Appendf(nil, `{"asked_mentor":%q}`, now.Add(-3*time.Hour).Format(time.RFC3339))))
	keep(q.PutPublication(ctx, storage.Publication{RepoID: id, Kind: storage.PublicationIssue, RemoteID: 9, Number: 1, URL: w.URL() + "/academy/shop-api-margaret/issues/1", State: "open"}))
	keep(q.PutPull(ctx, storage.Pull{RepoID: id, Number: 4, HeadSHA: "abc", State: "open", Author: "margaret", AuthorType: "User", Title: "Add a Dockerfile"}))
	keep(q.SetRepositoryConfigError(ctx, other, ".github/milepost.yml:3:1: there is no key \"mentor\"; did you mean \"mentors\"?"))
	keep(q.PauseRepository(ctx, w.repos["shop-api-linus"].ID(), now.Add(9*24*time.Hour), "linus"))
	keep(q.SetRepositoryState(ctx, w.repos["shop-api-ken"].ID(), "archived", "the repository is archived: it is judged, and nothing is written to it"))
	for i, line := range []string{"met: readme, gitignore", "check asked for by margaret", "progress issue #1 written", "met: unit-tests"} {
		keep(q.AddEvent(ctx, storage.Event{RepoID: id, At: now.Add(-time.Duration(i*9+1) * time.Hour), Kind: "note", Message: line}))
	}
	for i := range 6 {
		_, err := q.Accept(ctx, storage.Delivery{GUID: fmt.Sprintf("72d3162e-cc78-11e3-81ab-4c9367dc09%02d", i), Event: "push", Mailbox: storage.Key{Kind: storage.KindRepo, ID: fmt.Sprint(id + int64(i))}, RepoID: id + int64(i), InstallationID: w.inst.ID})
		keep(err)
	}
	claims, err := q.ClaimWork(ctx, "w", []string{storage.KindRepo}, time.Minute, 3, 0)
	keep(err)
	for i := range claims {
		if i == 0 {
			keep(q.ParkWork(ctx, &claims[i], "github: GET /repos/{owner}/{repo}/git/trees/{sha}: invalid (422)"))
		} else {
			keep(q.RetryWork(ctx, &claims[i], now.Add(time.Minute), "github: GET /repos/{owner}/{repo}/git/trees/{sha}: transient (502)"))
		}
	}
	keep(q.NoteRateLimit(ctx, storage.RateLimit{Scope: fmt.Sprint(w.inst.ID), Resource: "core", Limit: 5000, Remaining: 4711, ResetAt: now.Add(30 * time.Minute)}))
	for _, err := range errs {
		if err != nil {
			tb.Fatal(err)
		}
	}
}
