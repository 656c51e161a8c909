package web_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"milepost/bot/inforce"
	"milepost/rules"
	"milepost/storage"
)

const ownRoadmap = `id: academy
version: 1
title: Academy <backend>
extends: backend
drop: [websockets]
change:
  jwt: {tier: bonus}
  dockerfile: {title: "Pack it into an image"}
steps:
  - id: teamwork
    title: Work as a team
    why: Software is made by many.
    milestones:
      - id: editorconfig
        title: Agree on indentation
        short: editorconfig
        kind: code
        tier: core
        why: It ends quarrels.
        signal: an .editorconfig
        rule: {files: {globs: [".editorconfig"]}}
        missing: there is no .editorconfig
        next: Add .editorconfig.
`

// TestOwnRoadmaps: the pages go by the roadmaps that are in force in the repositories shown, one learner by one, another by another.
func TestOwnRoadmaps(t *testing.T) {
	t.Parallel()
	var own *rules.Roadmap
	w := newWorld(t, func(w *world) {
		var err error
		if own, err = inforce.Parse("course.yml", []byte(ownRoadmap), func(string) (*rules.Roadmap, error) { return w.roadmap, nil }); err != nil {
			t.Fatal(err)
		}
		for path, text := range map[string]string{"course.yml": ownRoadmap, "astray.yml": strings.Replace(ownRoadmap, "extends: backend", "extends: nowhere", 1)} {
			file, err := json.Marshal(inforce.File{Blob: path, Data: []byte(text)})
			if err != nil {
				t.Fatal(err)
			}
			if err := w.store.PutSetting(t.Context(), inforce.RoadmapKey("academy/.github", path), file); err != nil {
				t.Fatal(err)
			}
		}
		w.people["plain"], w.people["both"] = w.AddUser("plain", "", ""), w.AddUser("both", "", "")
		std := w.add(t, seedRepo{Owner: "academy", Name: "std", Learner: "ann", Progress: 0.9, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
		w.SetCollaborator(std, w.people["plain"], "read")
		astray := w.add(t, seedRepo{Owner: "academy", Name: "astray", Learner: "cem", Progress: 0.5, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
		if err := w.store.SetRepositoryConfig(t.Context(), astray.ID(), "c1", []byte(`{"roadmap":"astray.yml"}`), true); err != nil {
			t.Fatal(err)
		}
		builtin := w.roadmap
		w.roadmap = own
		for _, name := range []string{"course", "second"} {
			learner := map[string]string{"course": "ben", "second": "ann"}[name]
			r := w.add(t, seedRepo{Owner: "academy", Name: name, Learner: learner, Progress: 1, Reports: 1, Age: 48 * time.Hour, LastPush: time.Hour})
			w.SetCollaborator(r, w.people["both"], "read")
			if err := w.store.SetRepositoryConfig(t.Context(), r.ID(), "c1", []byte(`{"roadmap":"course.yml"}`), true); err != nil {
				t.Fatal(err)
			}
		}
		w.roadmap = builtin
	})
	w.chooses(t, "ben")
	count := func(r *rules.Roadmap, tier rules.Tier) (n int) {
		for _, s := range r.Steps {
			for _, m := range s.Milestones {
				if m.Tier == tier {
					n++
				}
			}
		}
		return n
	}
	type learner struct {
		Login   string
		Summary struct{ Met, Total, Percent int }
		Steps   []struct{ ID string }
	}
	list := func(login string) map[string]learner {
		var got struct{ Learners []learner }
		decodeInto(t, w.as(t, login).get("/api/v1/learners").body, &got)
		out := map[string]learner{}
		for _, l := range got.Learners {
			out[l.Login] = l
		}
		return out
	}
	has := func(l learner, id string) bool { return strings.Contains(fmt.Sprint(l.Steps), "{"+id+"}") }

	all := list("olga")
	if ben := all["ben"]; ben.Summary.Total != count(own, rules.Core) || ben.Summary.Percent != 100 || !has(ben, "teamwork") {
		t.Errorf("the learner of the own roadmap: %+v, want %d milestones", ben, count(own, rules.Core))
	}
	if ann := all["ann"]; ann.Summary.Total != count(w.roadmap, rules.Core)+1 || !has(ann, "teamwork") { // core in one of two is core
		t.Errorf("the learner of both roadmaps: %+v", ann)
	}
	if cem := all["cem"]; cem.Summary.Total != count(w.roadmap, rules.Core) || has(cem, "teamwork") {
		t.Errorf("the learner of a roadmap that extends what is not there: %+v", cem)
	}
	if plain := list("plain")["ann"]; plain.Summary.Total != count(w.roadmap, rules.Core) || has(plain, "teamwork") {
		t.Errorf("the learner as somebody sees who sees the built-in roadmap alone: %+v", plain)
	}

	olga, both, plain := w.as(t, "olga"), w.as(t, "both"), w.as(t, "plain")
	for _, c := range []struct {
		who  *browser
		path string
		want []string
		not  []string
	}{
		{olga, "/learners", []string{"Teamwork", "only on Academy &lt;backend&gt;"}, []string{"Academy <backend>"}},
		{olga, "/milestones", []string{"Agree on indentation", "Work as a team", "only on Academy &lt;backend&gt;"}, nil},
		{both, "/milestones", []string{"Pack it into an image", "Agree on indentation"}, []string{"only on", "/milestones/websockets"}},
		{both, "/learners/ben", []string{"Work as a team", "Pack it into an image"}, nil},
		{both, "/milestones/editorconfig", []string{"/learners/ben", "/learners/ann"}, []string{"only on"}},
		{olga, "/milestones/websockets", []string{"/learners/ann"}, []string{"/learners/ben"}},
		{both, "/learners?lacks=editorconfig", []string{"Nobody matches"}, nil},
		{both, "/learners.csv", []string{"teamwork_met"}, nil},
		{both, "/p/ben", []string{"Work as a team"}, nil},
		{both, "/p/ben/card.svg", []string{"Academy &lt;backend&gt;"}, nil},
		{plain, "/learners", nil, []string{"Teamwork", "Academy"}},
		{plain, "/milestones", nil, []string{"Agree on indentation", "Academy"}},
	} {
		a := c.who.get(c.path)
		for _, s := range c.want {
			if a.status != 200 || !strings.Contains(a.body, s) {
				t.Errorf("%s (%d) lacks %q", c.path, a.status, s)
			}
		}
		for _, s := range c.not {
			if strings.Contains(a.body, s) {
				t.Errorf("%s has %q", c.path, s)
			}
		}
	}
	if a := plain.get("/milestones/editorconfig"); a.status != 404 {
		t.Errorf("a milestone of a roadmap that the person does not see: %d", a.status)
	}

	// A claim on a milestone of its own is called by its title on the operator's report card and on Today.
	if _, err := w.store.AddEvidenceClaim(t.Context(), storage.EvidenceClaim{RepoID: w.repos["course"].ID(), Milestone: "editorconfig", By: "ben", Target: "x"}); err != nil {
		t.Fatal(err)
	}
	if a := olga.get("/admin"); !regexp.MustCompile(`scope="row">Agree on indentation`).MatchString(a.body) {
		t.Error("the report card does not know the milestone")
	}
	if a := olga.get("/today"); !strings.Contains(a.body, "points at evidence for “Agree on indentation”") {
		t.Error("Today does not know the milestone")
	}

	// A changed file is taken in at the next check of the repository.
	file, err := json.Marshal(inforce.File{Blob: "b2", Data: []byte(strings.Replace(ownRoadmap, "Agree on indentation", "Agree on tabs", 1))})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.store.PutSetting(t.Context(), inforce.RoadmapKey("academy/.github", "course.yml"), file); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	for _, name := range []string{"course", "second"} {
		if err := w.store.SetRepositoryChecked(t.Context(), w.repos[name].ID(), w.clock.Now()); err != nil {
			t.Fatal(err)
		}
	}
	if a := both.get("/milestones"); !strings.Contains(a.body, "Agree on tabs") || strings.Contains(a.body, "Agree on indentation") {
		t.Error("the changed roadmap is not in force")
	}
}
