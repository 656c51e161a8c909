package web_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"milepost/rules"
	"milepost/storage"
)

// seedRepo is a repository to be filled in.
type seedRepo struct {
	ID, Installation     int64
	Owner, Name, Learner string
	Private, Public      bool
	Progress             float64 // share of the milestones that are met, 0 to 1; below 0: never checked
	Reports              int     // checks in its history, the newest last
	Age                  time.Duration
	LastPush             time.Duration // how long ago; 0: never seen
	Lose                 bool          // one milestone was met and is not any more
}

// seeder fills storage as the bot would.
type seeder struct {
	store   *storage.Store
	roadmap *rules.Roadmap
	now     time.Time
	rnd     *rand.Rand
}

func newSeeder(store *storage.Store, roadmap *rules.Roadmap, now time.Time) *seeder {
	return &seeder{store, roadmap, now, rand.New(rand.NewPCG(1, 2))}
}

var nearMisses = []string{
	"ci.yml line %d installs but runs no test", "README has %d words of its own, 60 wanted", "package.json declares it, and no file imports it (%d files read)",
	"line %d catches the error and does nothing with it", "only %d of the four verbs are there for one resource",
}

// report makes a report with a share of the milestones met, the early ones first.
func (s *seeder) report(r seedRepo, share float64, commit string) *rules.Report {
	out := &rules.Report{Schema: rules.Schema, Repository: rules.Repository{Name: r.Owner + "/" + r.Name, Commit: commit, Ref: "main"},
		Roadmap: rules.RoadmapRef{ID: s.roadmap.ID, Version: s.roadmap.Version, Title: s.roadmap.Title}, Languages: []rules.Language{{Name: "JavaScript", Share: 0.93}, {Name: "Shell", Share: 0.07}}, Warnings: []string{}, Stack: "node"}
	total := len(s.roadmap.IDs())
	at := 0
	own := rand.New(rand.NewPCG(uint64(r.ID), 7))
	for _, st := range s.roadmap.Steps {
		sr := rules.StepReport{ID: st.ID, Title: st.Title}
		for _, m := range st.Milestones {
			edge := float64(at)/float64(total)*0.8 + own.Float64()*0.2
			mr := rules.MilestoneReport{ID: m.ID, Title: m.Title, Kind: m.Kind, Tier: m.Tier, Status: rules.Missing, Reason: "No file of that kind was found.", Next: "Add it where the program starts."}
			switch {
			case edge < share:
				mr.Status, mr.Reason, mr.Next = rules.Met, "Found in hand-written code.", ""
				mr.Evidence = []rules.Evidence{{Path: fmt.Sprintf("src/%s/index.js", st.ID), StartLine: 3 + own.IntN(80), Note: m.Short}}
				mr.Evidence[0].EndLine = mr.Evidence[0].StartLine + own.IntN(9)
			case edge < share+0.12 && share > 0:
				mr.Status, mr.Reason = rules.Partial, fmt.Sprintf(nearMisses[own.IntN(len(nearMisses))], 2+own.IntN(40))
				mr.Evidence = []rules.Evidence{{Path: ".github/workflows/ci.yml", StartLine: 14, Note: "npm ci"}}
			case m.Kind == rules.KindActivity && own.IntN(3) == 0:
				mr.Status, mr.Reason, mr.Next = rules.Unknown, "GitHub has not been asked yet.", ""
			}
			sr.Milestones = append(sr.Milestones, mr)
			at++
		}
		out.Steps = append(out.Steps, sr)
	}
	out.Tally()
	return out
}

// put writes one repository with its history, inside one transaction for many.
func (s *seeder) put(ctx context.Context, tx *storage.Tx, r seedRepo) error {
	if err := tx.PutRepository(ctx, storage.Repository{ID: r.ID, InstallationID: r.Installation, Owner: r.Owner, Name: r.Name, Private: r.Private, DefaultBranch: "main", Learner: r.Learner}); err != nil {
		return err
	}
	if r.Public {
		if err := tx.SetRepositoryConfig(ctx, r.ID, "blob", []byte(`{"public":true}`), true); err != nil {
			return err
		}
	}
	if r.LastPush > 0 {
		if err := tx.SetRepositoryPushed(ctx, r.ID, s.now.Add(-r.LastPush)); err != nil {
			return err
		}
	}
	if r.Progress < 0 {
		return nil
	}
	var last *rules.Report
	earned := map[string]time.Time{}
	commitOf := map[string]string{}
	start := s.now.Add(-r.Age)
	step := time.Duration(0)
	if r.Reports > 1 {
		step = (r.Age - r.LastPush) / time.Duration(r.Reports-1)
	}
	for i := range r.Reports {
		share := r.Progress * float64(i+1) / float64(r.Reports)
		at := start.Add(step * time.Duration(i))
		commit := fmt.Sprintf("%08x%032x", r.ID, i+1)
		last = s.report(r, share, commit)
		for _, m := range last.Milestones() {
			if m.Done() && earned[m.ID].IsZero() {
				earned[m.ID], commitOf[m.ID] = at, commit
			}
		}
		if i == r.Reports-1 && r.Lose {
			s.lose(last)
		}
		var data []byte
		if i >= r.Reports-3 { // older ones are pruned to their numbers
			var err error
			if data, err = json.Marshal(last); err != nil {
				return err
			}
		}
		sum := last.Summary
		if _, err := tx.PutReport(ctx, storage.Report{RepoID: r.ID, Commit: commit, Ref: "main", RoadmapID: s.roadmap.ID, RoadmapVersion: 1, CreatedAt: at, Met: sum.Met, Total: sum.Total, BonusMet: sum.BonusMet, BonusTotal: sum.BonusTotal, Percent: sum.Percent, Data: data}); err != nil {
			return err
		}
	}
	var all []storage.MilestoneStatus
	for _, st := range last.Steps {
		for _, m := range st.Milestones {
			since := s.now.Add(-time.Duration(s.rnd.IntN(9*24)) * time.Hour)
			if t := earned[m.ID]; !t.IsZero() && m.Done() {
				since = t
			}
			all = append(all, storage.MilestoneStatus{Milestone: m.ID, Step: st.ID, Status: string(m.Status), Since: since, Reason: m.Reason})
		}
	}
	if err := tx.PutStatuses(ctx, r.ID, all); err != nil {
		return err
	}
	for _, id := range s.roadmap.IDs() {
		at := earned[id]
		if at.IsZero() {
			continue
		}
		if err := tx.Earn(ctx, storage.Earned{RepoID: r.ID, Milestone: id, Commit: commitOf[id], At: at}); err != nil {
			return err
		}
		if m, _ := last.Milestone(id); !m.Done() {
			if err := tx.LoseEarned(ctx, r.ID, id, commitOf[id], s.now.Add(-50*time.Hour)); err != nil {
				return err
			}
		}
	}
	if err := tx.SetRepositoryHead(ctx, r.ID, last.Repository.Commit, "tree"); err != nil {
		return err
	}
	return tx.AddEvent(ctx, storage.Event{RepoID: r.ID, At: s.now.Add(-r.LastPush), Kind: "note", Message: "progress issue #1 written"})
}

// lose takes the evidence of the last met milestone away.
func (s *seeder) lose(r *rules.Report) {
	for i := range slices.Backward(r.Steps) {
		for j := range r.Steps[i].Milestones {
			if m := &r.Steps[i].Milestones[j]; m.Status == rules.Met && m.Tier == rules.Core {
				m.Status, m.Reason, m.Next, m.Evidence = rules.Missing, "The file that showed it is gone.", "Bring it back, or show it elsewhere.", nil
				r.Tally()
				return
			}
		}
	}
}

// cohort makes learners with repositories in one organisation: some done, some stuck, some silent, some not started.
func (s *seeder) cohort(tb testing.TB, learners, reposEach, reportsEach int, firstID, installation int64) []int64 {
	tb.Helper()
	ctx := tb.Context()
	if err := s.store.PutInstallation(ctx, storage.Installation{ID: installation, AccountLogin: "academy", AccountID: 77, AccountType: "Organization", RepositorySelection: "all", Permissions: []byte(`{}`)}); err != nil {
		tb.Fatal(err)
	}
	var ids []int64
	id := firstID
	for from := 0; from < learners; from += 20 {
		err := s.store.WithTx(ctx, func(tx *storage.Tx) error {
			for i := from; i < min(from+20, learners); i++ {
				for k := range reposEach {
					r := seedRepo{ID: id, Installation: installation, Owner: "academy", Name: fmt.Sprintf("%s-%s", projects[k%len(projects)], learnerName(i)), Learner: learnerName(i), Private: i%2 == 0,
						Progress: float64((i*37)%101) / 100 / float64(k+1), Reports: reportsEach, Age: time.Duration(40+i%50) * 24 * time.Hour, LastPush: time.Duration(1+(i*i)%30) * 20 * time.Hour, Lose: i%9 == 4}
					if i%11 == 7 {
						r.Progress, r.LastPush = -1, 0
					}
					if err := s.put(ctx, tx, r); err != nil {
						return err
					}
					ids = append(ids, id)
					id++
				}
			}
			return nil
		})
		if err != nil {
			tb.Fatal(err)
		}
	}
	return ids
}

var (
	projects = []string{"shop-api", "chat", "url-shortener", "exercises"}
	given    = []string{"ada", "grace", "linus", "barbara", "ken", "margaret", "dennis", "frances", "alan", "katherine", "edsger", "radia", "donald", "hedy", "bjarne", "karen", "niklaus", "joan", "tony", "shafi"}
)

func learnerName(i int) string {
	if i < len(given) {
		return given[i]
	}
	return fmt.Sprintf("%s-%d", given[i%len(given)], i/len(given)+1)
}
