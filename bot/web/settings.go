package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"milepost/storage"
)

// ownRepo is a repository of the person's own work, with what is stored of it.
type ownRepo struct {
	storage.Repository
	Rows    map[string]int64
	Visible bool
}

// own lists the repositories whose learner the person is, and which GitHub lets the person see.
func (s *Server) own(ctx context.Context, v *viewer) ([]ownRepo, error) {
	rows, err := s.cfg.Store.RepositoriesByLearner(ctx, v.user.Login)
	if err != nil {
		return nil, err
	}
	var out []ownRepo
	for _, r := range rows {
		if !v.sees(r.ID) {
			continue
		}
		counts, err := s.cfg.Store.RowsOf(ctx, r.ID)
		if err != nil {
			return nil, err
		}
		out = append(out, ownRepo{Repository: r, Rows: counts})
	}
	return out, nil
}

func (s *Server) settingsPage(p *request) error {
	own, err := s.own(p.Context(), p.viewer)
	if err != nil {
		return err
	}
	sessions, err := s.cfg.Store.SessionsOf(p.Context(), p.viewer.user.ID)
	if err != nil {
		return err
	}
	notes, err := s.cfg.Store.NotesAbout(p.Context(), p.viewer.user.Login)
	if err != nil {
		return err
	}
	return p.show("settings", p.layout("Settings", "settings", struct {
		User     storage.User
		Prefs    preferences
		Own      []ownRepo
		Sessions int
		Notes    int
		Base     string
		Sees     int
	}{p.viewer.user, preferencesOf(p.viewer.user), own, len(sessions), len(notes), s.base(p.Request), len(p.viewer.roles)}))
}

func (s *Server) saveSettings(p *request) error {
	data, err := json.Marshal(preferences{Public: p.PostForm.Get("public") == "yes"})
	if err != nil {
		return fmt.Errorf("web: encode settings: %w", err)
	}
	if err := s.cfg.Store.SetUserSettings(p.Context(), p.viewer.user.ID, data); err != nil {
		return err
	}
	return p.redirect("/settings?done=saved")
}

// ownData is everything that is stored about a person, as JSON.
func (s *Server) ownData(p *request) error {
	ctx, q, me := p.Context(), s.cfg.Store, p.viewer.user
	own, err := s.own(ctx, p.viewer)
	if err != nil {
		return err
	}
	type repoData struct {
		Name     string                    `json:"name"`
		Learner  string                    `json:"learner"`
		Rows     map[string]int64          `json:"rows_by_table"`
		Report   json.RawMessage           `json:"newest_report,omitempty"`
		Statuses []storage.MilestoneStatus `json:"statuses"`
		Earned   []storage.Earned          `json:"earned"`
		SignOffs []storage.SignOff         `json:"sign_offs"`
		Claims   []storage.EvidenceClaim   `json:"claims"`
		Skips    []storage.Skip            `json:"skips"`
		Events   []storage.Event           `json:"log"`
	}
	out := struct {
		Made         time.Time       `json:"made_at"`
		Login        string          `json:"login"`
		ID           int64           `json:"github_id"`
		Name         string          `json:"name"`
		Created      time.Time       `json:"first_sign_in"`
		Seen         time.Time       `json:"last_sign_in"`
		Settings     json.RawMessage `json:"settings,omitempty"`
		Notes        []storage.Note  `json:"notes_about_you"`
		Repositories []repoData      `json:"repositories"`
	}{Made: s.cfg.Now().UTC(), Login: me.Login, ID: me.ID, Name: me.Name, Created: me.CreatedAt, Seen: me.SeenAt, Settings: me.Settings, Repositories: []repoData{}}
	if out.Notes, err = q.NotesAbout(ctx, me.Login); err != nil {
		return err
	}
	for _, r := range own {
		d := repoData{Name: r.FullName(), Learner: r.Learner, Rows: r.Rows}
		report, err := q.LatestReport(ctx, r.ID)
		if err == nil {
			d.Report = report.Data
		}
		for _, read := range []func() error{
			func() (err error) { d.Statuses, err = q.Statuses(ctx, r.ID); return },
			func() (err error) { d.Earned, err = q.Earned(ctx, r.ID); return },
			func() (err error) { d.SignOffs, err = q.SignOffs(ctx, r.ID); return },
			func() (err error) { d.Claims, err = q.EvidenceClaims(ctx, r.ID); return },
			func() (err error) { d.Skips, err = q.Skips(ctx, r.ID); return },
			func() (err error) { d.Events, err = q.Events(ctx, r.ID, 1000); return },
		} {
			if err := read(); err != nil {
				return err
			}
		}
		out.Repositories = append(out.Repositories, d)
	}
	p.w.Header().Set("Content-Disposition", `attachment; filename="milepost-`+me.Login+`.json"`)
	return writeJSON(p.w, http.StatusOK, out)
}

// deleteOwn removes a person's account here with sessions, choices and the notes on the person; and, when asked for, all that is stored of the
// person's repositories.
func (s *Server) deleteOwn(p *request) error {
	me := p.viewer.user
	if !strings.EqualFold(strings.TrimSpace(p.PostForm.Get("confirm")), me.Login) {
		return badRequest("To delete, type your login " + me.Login + " into the field. Nothing was deleted.")
	}
	ctx := p.Context()
	if p.PostForm.Get("repositories") == "yes" {
		own, err := s.own(ctx, p.viewer)
		if err != nil {
			return err
		}
		for _, r := range own {
			if err := s.cfg.Store.DeleteRepository(ctx, r.ID); err != nil {
				return err
			}
		}
	}
	if _, err := s.cfg.Store.DeleteNotesAbout(ctx, me.Login); err != nil {
		return err
	}
	if err := s.cfg.Store.DeleteUser(ctx, me.ID); err != nil {
		return err
	}
	s.setCookie(p.w, sessionCookie, "", 0)
	s.cfg.Log.InfoContext(ctx, "a person deleted the own data", "user", me.ID)
	return p.redirect("/privacy?done=deleted")
}

// kept is a line of what is stored for how long.
type kept struct{ What, Why, Long, Who string }

// privacy says what is stored, for how long and who sees it.
func (s *Server) privacy(p *request) error {
	r := s.cfg.Retention.WithDefaults()
	days := func(d time.Duration) string { return count(int(d/(24*time.Hour)), "day") }
	return p.show("privacy", p.layout("Privacy", "", []kept{
		{"Names, topics and settings of repositories, and of the accounts that installed the app", "to know what to check and where to write", "until the app is uninstalled; " + days(r.RemovedRepo) + " after a repository is taken out", "people whom GitHub lets see the repository"},
		{"What was found in files: names of libraries, kinds of code, places; never the code itself", "to judge without reading everything anew", days(r.Facts) + " after the last use", "the program alone"},
		{"Reports: the status of each milestone, with places in the repository", "to show progress and its history", "the newest for as long as the app is installed; older ones in full for " + days(r.ReportData) + ", their numbers for " + days(r.Reports), "people whom GitHub lets see the repository; everybody if the learner says so"},
		{"When and where each milestone was earned; sign-offs, skips and claims with the login of who made them", "because what was earned is never lost", "for as long as the app is installed", "people whom GitHub lets see the repository"},
		{"Notes of mentors on a learner", "to remember what was agreed", "until their writer, or the learner, deletes them", "mentors of the learner’s repositories, and the learner in the file of the own data"},
		{"Webhook deliveries: a few fields of each", "to do the work once and in order", days(r.Deliveries) + "; " + days(r.Aside) + " when set aside because of a fault", "operators"},
		{"Commits’ authors, dates and first lines, pull requests, results of CI and deployments", "to judge milestones about activity", "for as long as the app is installed", "the program, and people whom GitHub lets see the repository"},
		{"Of people who sign in: GitHub id, login, name, address of the picture, and an encrypted token", "to know who you are and to ask GitHub what you may see", "the session for 14 days at most; the rest until you delete it", "you, and operators"},
		{"Teams of an organisation and who is in them, as GitHub shows them to you", "to narrow lists to a team, and to know who is a mentor", "some minutes, in memory alone", "you"},
		{"The log of what the bot did and why", "so that everybody can check it", days(r.Events), "people whom GitHub lets see the repository"},
	}))
}
