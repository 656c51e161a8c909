package web

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"milepost/bot/gh"
	"milepost/bot/inforce"
	"milepost/rules/config"
	"milepost/storage"
)

// mentors reports whether the person may sign off in a repository.
func (p *request) mentors(ctx context.Context, repo *storage.Repository) (bool, error) {
	v := p.viewer
	if !v.sees(repo.ID) {
		return false, nil
	}
	who := inforce.Person{Login: v.user.Login, Role: v.roles[repo.ID], InTeam: func(slug string) (bool, error) { return p.inTeam(repo.Owner, slug) }}
	return inforce.Mentor(repo, who, func() ([]string, error) {
		conf, err := p.srv.configuration(ctx, repo)
		return conf.Mentors, err
	})
}

// inTeam reports whether GitHub lists the person as a member of a team.
func (p *request) inTeam(org, slug string) (bool, error) {
	return answered(p, p.srv.memberships, p.viewer.key("member", org+"/"+slug), func(ctx context.Context, c *gh.Client) (bool, error) {
		return c.TeamMember(ctx, org, slug, p.viewer.user.Login)
	})
}

// configuration is the one in force: the repository's own over its organisation's defaults.
func (s *Server) configuration(ctx context.Context, repo *storage.Repository) (config.Config, error) {
	defaults, err := inforce.Defaults(ctx, s.cfg.Store, repo.Owner)
	if err != nil {
		return defaults, fmt.Errorf("web: %w", err)
	}
	conf, err := inforce.Configuration(repo, defaults)
	if err != nil {
		return conf, fmt.Errorf("web: %w", err)
	}
	return conf, nil
}

// mentored is the repository of a form, if the person may sign off there; what the person may not see is not found, what is seen is refused in words.
func (p *request) mentored() (storage.Repository, error) {
	repo, err := p.repository()
	if err != nil {
		return repo, err
	}
	ok, err := p.mentors(p.Context(), &repo)
	if err == nil && !ok {
		err = &pageError{403, "Only mentors can do this", "Mentors are the repository's maintainers and the people whom its configuration names under “mentors”; a learner cannot sign off own work."}
	}
	return repo, err
}

const noteMost = 2000

// signOff records a mentor's approval and asks for a new check.
func (s *Server) signOff(p *request) error {
	repo, err := p.mentored()
	if err != nil {
		return err
	}
	note, err := p.field("note", noteMost)
	if err != nil {
		return err
	}
	id := p.PostForm.Get("milestone")
	known, err := s.knows(p.Context(), repo.ID, id)
	if err != nil {
		return err
	}
	if !known {
		return badRequest("Choose the milestone to sign off.")
	}
	me := p.viewer.user.Login
	err = s.cfg.Store.WithTx(p.Context(), func(tx *storage.Tx) error {
		ctx := p.Context()
		if _, err := tx.RevokeSignOffs(ctx, repo.ID, id, me); err != nil { // the new one stands in its place
			return err
		}
		if _, err := tx.AddSignOff(ctx, storage.SignOff{RepoID: repo.ID, Milestone: id, Mentor: me, Note: note}); err != nil {
			return err
		}
		if _, err := tx.DecideEvidenceClaims(ctx, repo.ID, id, storage.ClaimAccepted, me); err != nil {
			return err
		}
		return recorded(ctx, tx, repo.ID, fmt.Sprintf("%s was signed off by %s on the dashboard", id, me))
	})
	if err != nil {
		return err
	}
	return p.back(&repo, "signed")
}

// signOffFor is the form of the learner's page, which names the repository.
func (s *Server) signOffFor(p *request) error {
	owner, name, _ := strings.Cut(p.PostForm.Get("repository"), "/")
	p.SetPathValue("owner", owner)
	p.SetPathValue("repo", name)
	return s.signOff(p)
}

// revoke takes a sign-off back and asks for a new check.
func (s *Server) revoke(p *request) error {
	repo, err := p.mentored()
	if err != nil {
		return err
	}
	id, me := p.PostForm.Get("milestone"), p.viewer.user.Login
	err = s.cfg.Store.WithTx(p.Context(), func(tx *storage.Tx) error {
		n, err := tx.RevokeSignOffs(p.Context(), repo.ID, id, me)
		if err != nil {
			return err
		}
		if n == 0 {
			return badRequest("There is no sign-off of this milestone that could be taken back.")
		}
		return recorded(p.Context(), tx, repo.ID, fmt.Sprintf("the sign-off of %s was taken back by %s on the dashboard", id, me))
	})
	if err != nil {
		return err
	}
	return p.back(&repo, "revoked")
}

// recorded adds a line to the repository's log and makes the repository due.
func recorded(ctx context.Context, tx *storage.Tx, repoID int64, line string) error {
	if err := tx.AddEvent(ctx, storage.Event{RepoID: repoID, Kind: "note", Message: line}); err != nil {
		return err
	}
	return tx.Enqueue(ctx, storage.Wish{Key: storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(repoID, 10)}, Priority: storage.PriorityHigh})
}

// knows reports whether a repository is judged by a milestone.
func (s *Server) knows(ctx context.Context, repoID int64, id string) (bool, error) {
	if _, ok := s.cohort.builtin.index[id]; ok {
		return true, nil
	}
	all, err := s.cfg.Store.Statuses(ctx, repoID)
	if err != nil {
		return false, err
	}
	for _, st := range all {
		if st.Milestone == id {
			return true, nil
		}
	}
	return false, nil
}

// back returns from a form to the page it was on: the repository's or its learner's.
func (p *request) back(repo *storage.Repository, done string) error {
	to := "/repos/" + repo.FullName()
	if p.PostForm.Get("from") == "learner" && repo.Learner != "" {
		to = "/learners/" + repo.Learner
	}
	return p.redirect(to + "?done=" + done)
}

// checkNow asks for a new check.
func (s *Server) checkNow(p *request) error {
	repo, err := p.repository()
	if err != nil {
		return err
	}
	if role := p.viewer.roles[repo.ID]; role == roleRead || role == "triage" {
		return &pageError{403, "This takes the right to write", "A new check can be asked for by people who may push to the repository."}
	}
	err = s.cfg.Store.WithTx(p.Context(), func(tx *storage.Tx) error {
		return recorded(p.Context(), tx, repo.ID, "a check was asked for by "+p.viewer.user.Login+" on the dashboard")
	})
	if err != nil {
		return err
	}
	return p.back(&repo, "rechecks")
}

// addNote keeps a mentor's note on a learner, for the mentors of the same installation.
func (s *Server) addNote(p *request) error {
	l, mentored, err := p.learner()
	if err != nil {
		return err
	}
	if len(mentored) == 0 {
		return &pageError{403, "Only mentors can do this", "Notes are written by mentors of the learner's repositories."}
	}
	text, err := p.field("text", noteMost)
	if err != nil {
		return err
	}
	if text == "" {
		return badRequest("Write a note first.")
	}
	if _, err := s.cfg.Store.AddNote(p.Context(), storage.Note{InstallationID: mentored[0], Learner: l.Login, Mentor: p.viewer.user.Login, Text: text}); err != nil {
		return err
	}
	return p.redirect("/learners/" + l.Login + "?done=noted")
}

// deleteNote removes a note by its writer.
func (s *Server) deleteNote(p *request) error {
	l, mentored, err := p.learner()
	if err != nil {
		return err
	}
	id, err := strconv.ParseInt(p.PostForm.Get("id"), 10, 64)
	if err != nil {
		return badRequest("There is no such note.")
	}
	notes, err := s.cfg.Store.Notes(p.Context(), l.Login, mentored)
	if err != nil {
		return err
	}
	for _, n := range notes {
		if n.ID == id && strings.EqualFold(n.Mentor, p.viewer.user.Login) {
			if err := s.cfg.Store.DeleteNote(p.Context(), id, p.viewer.user.Login); err != nil {
				return err
			}
			return p.redirect("/learners/" + l.Login + "?done=unnoted")
		}
	}
	return badRequest("There is no such note of yours.")
}
