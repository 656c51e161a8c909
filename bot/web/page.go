package web

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"milepost/bot/gh"
	"milepost/storage"
)

// request is one request to a page, with who makes it.
type request struct {
	*http.Request
	w       http.ResponseWriter
	srv     *Server
	viewer  *viewer // nil: signed out
	session string  // hash of the session, "" without one
}

// pageError is an answer in words: what went wrong, for the person who sees it.
type pageError struct {
	status      int
	title, text string
}

func (e *pageError) Error() string { return e.title }

var (
	// errNotFound is the answer to what does not exist and to what the person may not see, word for word the same.
	errNotFound = &pageError{http.StatusNotFound, "Nothing to see here", "There is no such page, or GitHub does not show you the repository that it belongs to."}
	errNoSignIn = &pageError{http.StatusServiceUnavailable, "Signing in is not possible yet", "The app of this server has no client id and secret, so GitHub cannot say who you are. The operator finds both on the app's settings page."}
	errForm     = &pageError{http.StatusForbidden, "This form is out of date", "It was made for another sign-in, or by another site. Go back, load the page again, and send it once more."}
	errLater    = &pageError{http.StatusServiceUnavailable, "GitHub does not answer", "What you may see is GitHub's to say, and it cannot be asked at the moment. Please try again in a minute."}
)

// badRequest says what is wrong with what was sent.
func badRequest(text string) error {
	return &pageError{http.StatusBadRequest, "This cannot be done as it was sent", text}
}

// page makes a handler of a page's function. Signed-out people are sent to sign in, unless open is set.
func (s *Server) page(open bool, fn func(*request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := &request{Request: r, w: w, srv: s}
		err := s.identify(p)
		if err == nil && p.viewer == nil && !open {
			if r.Method != http.MethodGet {
				s.fail(w, r, p, errForm)
				return
			}
			http.Redirect(w, r, "/login?return="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
			return
		}
		if err == nil && r.Method == http.MethodPost {
			err = p.checkForm()
		}
		if err == nil {
			err = fn(p)
		}
		if errors.Is(err, errSignedOut) {
			err = s.signedOut(p)
		}
		if err != nil {
			s.fail(w, r, p, err)
		}
	}
}

// signedOut ends a session whose token GitHub no longer takes.
func (s *Server) signedOut(p *request) error {
	s.setCookie(p.w, sessionCookie, "", 0)
	if err := s.cfg.Store.DeleteSession(p.Context(), p.session); err != nil {
		return err
	}
	if p.Method != http.MethodGet {
		return errForm
	}
	return p.redirect("/login?return=" + url.QueryEscape(p.URL.RequestURI()))
}

// identify finds the session of a request and what its person may see.
func (s *Server) identify(p *request) error {
	value := s.cookie(p.Request, sessionCookie)
	if value == "" || len(value) > 100 {
		return nil
	}
	hash := hashToken(value)
	ctx := p.Context()
	row, err := s.cfg.Store.Session(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) || err == nil && row.UserID == 0 {
		return nil
	}
	if err != nil {
		return err
	}
	var in session
	if s.box.open("session "+hash, row.Data, &in) != nil || s.cfg.SignIn == nil {
		return nil //nolint:nilerr // sealed with a secret that was changed: sign in again
	}
	user, err := s.cfg.Store.User(ctx, row.UserID)
	if errors.Is(err, storage.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	v := &viewer{user: user, token: in.Token, admin: s.admin(user.Login)}
	err = s.admit(ctx, v)
	if errors.Is(err, errSignedOut) {
		s.setCookie(p.w, sessionCookie, "", 0)
		return s.cfg.Store.DeleteSession(ctx, hash)
	}
	if err != nil {
		return err
	}
	p.viewer, p.session = v, hash
	return nil
}

// checkForm proves that a form was made for this session by us.
func (p *request) checkForm() error {
	if err := p.ParseForm(); err != nil {
		return badRequest("The form could not be read, or is too long.")
	}
	if site := p.Header.Get("Sec-Fetch-Site"); site != "" && site != "same-origin" && site != "none" {
		return errForm
	}
	if !p.srv.box.csrfValid(p.session, p.PostForm.Get("csrf")) {
		return errForm
	}
	return nil
}

func (p *request) redirect(to string) error {
	http.Redirect(p.w, p.Request, to, http.StatusSeeOther)
	return nil
}

// repository is the one that the path names, if the person may see it. What does not exist and what is forbidden take the same way.
func (p *request) repository() (storage.Repository, error) {
	ctx := p.Context()
	for try := 0; ; try++ {
		repo, err := p.srv.cfg.Store.RepositoryByName(ctx, p.PathValue("owner"), p.PathValue("repo"))
		if err != nil && !errors.Is(err, storage.ErrNotFound) {
			return repo, err
		}
		if err == nil && p.viewer.sees(repo.ID) {
			return repo, nil
		}
		if try == 1 || p.viewer == nil {
			return storage.Repository{}, errNotFound
		}
		if fresh, err := p.srv.again(ctx, p.viewer); err != nil || !fresh {
			return storage.Repository{}, orNotFound(err)
		}
	}
}

// visible is the group of the repositories that the person may see. When there are none GitHub is asked again: the app may have been installed a moment ago.
func (p *request) visible() (*group, error) {
	g, err := p.srv.cohort.see(p.Context(), p.viewer.ids)
	if err != nil || len(g.entries) > 0 {
		return g, err
	}
	if fresh, err := p.srv.again(p.Context(), p.viewer); err != nil || !fresh {
		return g, err
	}
	return p.srv.cohort.see(p.Context(), p.viewer.ids)
}

func orNotFound(err error) error {
	if err == nil {
		return errNotFound
	}
	return err
}

// layout is what every page's template is given.
type layout struct {
	Title   string
	Nav     string // the part of the site: "today", "learners" ...
	App     string
	Slug    string
	User    *userView // nil: signed out
	CSRF    string
	SignIn  bool // signing in is possible
	Path    string
	Now     time.Time
	Fresh   time.Time // when the newest data of the page was made; zero: the page has no data
	Flash   string
	Server  string // GitHub's address
	Wide    bool
	Scope   string // what goes along from list to list: "?cohort=spring"
	NoIndex bool
	Body    any
}

type userView struct {
	Login, Name string
	Admin       bool
}

func (p *request) layout(title, nav string, body any) *layout {
	s := p.srv
	l := &layout{Title: title, Nav: nav, App: s.cfg.AppName, Slug: s.cfg.AppSlug, SignIn: s.cfg.SignIn != nil, Path: p.URL.RequestURI(), Now: s.cfg.Now(), Server: s.cfg.ServerURL, Body: body, NoIndex: true}
	if p.viewer != nil {
		l.User = &userView{p.viewer.user.Login, orElse(p.viewer.user.Name, p.viewer.user.Login), p.viewer.admin}
		l.CSRF = s.box.csrfToken(p.session)
	}
	q := p.URL.Query()
	l.Flash = orElse(flashes[q.Get("done")], arrivals[q.Get("setup_action")])
	return l
}

// flashes are the sentences that say a form's work was done. The address carries only their key.
var flashes = map[string]string{
	"signed":   "Signed off. The next check, within a minute, takes it into the report and the progress issue.",
	"revoked":  "The sign-off was taken back. The next check, within a minute, takes it out of the report.",
	"noted":    "Your note was kept.",
	"unnoted":  "The note was deleted.",
	"saved":    "Your choice was saved.",
	"deleted":  "Your data was deleted, and you are signed out.",
	"rechecks": "A new check was asked for. It runs within a minute.",
	"requeued": "It is back in the queue.",
}

// arrivals are the sentences for people whom GitHub sends here after they installed the app.
var arrivals = map[string]string{
	"install": "The app is installed. Each repository appears here after its first check, within a minute.",
	"request": "GitHub asked the owners of the organisation to install the app. Its repositories appear here once they did.",
	"update":  "The installation was changed. What is new appears here within a minute.",
}

// show renders a page.
func (p *request) show(template string, l *layout) error {
	return p.srv.templates.render(p.w, http.StatusOK, template, l)
}

// fail turns an error into its page. Only what nobody foresaw is logged as an error, and its text is not shown.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, p *request, err error) {
	if p == nil {
		p = &request{Request: r, w: w, srv: s}
	}
	pe := s.asPageError(r.Context(), r, err)
	if pe == nil {
		return // the client went away
	}
	w.Header().Set("Cache-Control", "private, no-store")
	l := p.layout(pe.title, "", pe.text)
	l.Flash, l.Path = "", ""
	if err := s.templates.render(w, pe.status, "error", l); err != nil {
		s.cfg.Log.ErrorContext(r.Context(), "page of an error", "error", err)
	}
}

func (s *Server) asPageError(ctx context.Context, r *http.Request, err error) *pageError {
	var pe *pageError
	var tooLong *http.MaxBytesError
	switch {
	case errors.As(err, &pe):
		return pe
	case errors.As(err, &tooLong):
		return &pageError{http.StatusRequestEntityTooLarge, "This is too long", "Forms may have up to 64 kB."}
	case errors.Is(err, storage.ErrNotFound):
		return errNotFound
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return nil
	case isGitHub(err):
		s.cfg.Log.WarnContext(ctx, "GitHub failed a page", "path", r.URL.Path, "error", err)
		return errLater
	}
	s.cfg.Log.ErrorContext(ctx, "page failed", "method", r.Method, "path", r.URL.Path, "error", err)
	return &pageError{http.StatusInternalServerError, "Something went wrong on our side", "It was logged, and is none of your doing. Please try again in a minute."}
}

func isGitHub(err error) bool {
	var e *gh.Error
	return errors.As(err, &e)
}

// field is a form's value, trimmed and bounded in bytes.
func (p *request) field(name string, most int) (string, error) {
	v := strings.TrimSpace(strings.ReplaceAll(p.PostForm.Get(name), "\r\n", "\n"))
	if len(v) > most {
		return "", badRequest("A text is longer than it may be.")
	}
	return v, nil
}
