package web

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"milepost/bot/gh"
	"milepost/storage"
)

const (
	sessionCookie = "session"
	loginCookie   = "login"
	loginLife     = 10 * time.Minute
	sessionLife   = 14 * 24 * time.Hour // less when GitHub's token ends before
)

// loginState is what the browser keeps, sealed, between leaving for GitHub and coming back.
type loginState struct {
	State    string    `json:"s"`
	Verifier string    `json:"v"`
	Return   string    `json:"r"`
	Until    time.Time `json:"u"`
}

// session is what is stored of a sign-in. The GitHub token is sealed with the session's hash as its place: copied to another row it does not open.
type session struct {
	Token string    `json:"token"`
	Since time.Time `json:"since"`
}

// login sends the browser to GitHub with a fresh state and the challenge of PKCE.
func (s *Server) login(w http.ResponseWriter, r *http.Request) {
	if s.cfg.SignIn == nil {
		s.fail(w, r, nil, errNoSignIn)
		return
	}
	st := loginState{State: newToken(), Verifier: oauth2.GenerateVerifier(), Return: ownPath(r.URL.Query().Get("return")), Until: s.cfg.Now().Add(loginLife)}
	sealed, err := s.box.seal("login", st)
	if err != nil {
		s.fail(w, r, nil, err)
		return
	}
	s.setCookie(w, loginCookie, base64.RawURLEncoding.EncodeToString(sealed), loginLife)
	http.Redirect(w, r, s.cfg.SignIn.URL(st.State, st.Verifier), http.StatusFound)
}

// callback takes the browser back from GitHub: the state must be the one of this browser's cookie, and can be used once.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) {
	if s.cfg.SignIn == nil {
		s.fail(w, r, nil, errNoSignIn)
		return
	}
	st, used, err := s.takeLogin(w, r)
	if err != nil {
		s.fail(w, r, nil, err)
		return
	}
	if r.URL.Query().Get("error") != "" || r.URL.Query().Get("code") == "" {
		s.fail(w, r, nil, &pageError{http.StatusForbidden, "You were not signed in", "GitHub says that the sign-in was cancelled. Nothing was stored."})
		return
	}
	token, err := s.cfg.SignIn.Exchange(r.Context(), r.URL.Query().Get("code"), st.Verifier)
	if err != nil {
		s.fail(w, r, nil, s.signInFault(r.Context(), err))
		return
	}
	// Stored only now: what a stranger makes up would fill the database.
	if err := s.cfg.Store.AddSession(r.Context(), used); errors.Is(err, storage.ErrConflict) {
		s.fail(w, r, nil, errState)
		return
	} else if err != nil {
		s.fail(w, r, nil, err)
		return
	}
	if err := s.startSession(w, r, token); err != nil {
		s.fail(w, r, nil, s.signInFault(r.Context(), err))
		return
	}
	http.Redirect(w, r, ownPath(st.Return), http.StatusSeeOther)
}

func (s *Server) signInFault(ctx context.Context, err error) error {
	s.cfg.Log.WarnContext(ctx, "sign-in failed", "error", err)
	if gh.Is(err, gh.Auth) {
		return &pageError{http.StatusForbidden, "You were not signed in", "GitHub refused the sign-in. Codes are good once and for a few minutes: please start again."}
	}
	return err
}

var errState = &pageError{http.StatusBadRequest, "This sign-in cannot be completed", "It was started in another browser, too long ago, or was used already. Please start again."}

// takeLogin checks the state of a callback. used is what marks it as used up, once GitHub has taken the code.
func (s *Server) takeLogin(w http.ResponseWriter, r *http.Request) (st loginState, used storage.Session, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s.cookie(r, loginCookie))
	s.setCookie(w, loginCookie, "", 0)
	if err != nil || s.box.open("login", raw, &st) != nil {
		return st, used, errState
	}
	got := r.URL.Query().Get("state")
	if got == "" || st.State == "" || !hmac.Equal([]byte(got), []byte(st.State)) || s.cfg.Now().After(st.Until) {
		return st, used, errState
	}
	// A copy of the cookie is worth nothing the second time, on any replica.
	used = storage.Session{TokenHash: hashToken("used login " + st.State), Data: []byte("{}"), ExpiresAt: st.Until.Add(loginLife)}
	if _, err = s.cfg.Store.Session(r.Context(), used.TokenHash); err == nil {
		return st, used, errState
	} else if !errors.Is(err, storage.ErrNotFound) {
		return st, used, err
	}
	return st, used, nil
}

// startSession makes a new session for whoever GitHub says it is; the browser's old one ends.
func (s *Server) startSession(w http.ResponseWriter, r *http.Request, token gh.Token) error {
	ctx, now := r.Context(), s.cfg.Now()
	client, err := s.cfg.SignIn.As(token.Access)
	if err != nil {
		return err
	}
	who, err := client.User(ctx)
	if err != nil {
		return err
	}
	if who.ID == 0 || who.Login == "" {
		return &gh.Error{Kind: gh.Transient, Call: "GET /user", Msg: "GitHub names nobody"}
	}
	ends := now.Add(sessionLife)
	if !token.Expiry.IsZero() && token.Expiry.Before(ends) {
		ends = token.Expiry
	}
	value := newToken()
	hash := hashToken(value)
	sealed, err := s.box.seal("session "+hash, session{Token: token.Access, Since: now})
	if err != nil {
		return err
	}
	old := s.cookie(r, sessionCookie)
	err = s.cfg.Store.WithTx(ctx, func(tx *storage.Tx) error {
		if err := tx.PutUser(ctx, storage.User{ID: who.ID, Login: who.Login, Name: who.Name, Avatar: who.AvatarURL}); err != nil {
			return err
		}
		if old != "" {
			if err := tx.DeleteSession(ctx, hashToken(old)); err != nil {
				return err
			}
		}
		return tx.PutSession(ctx, storage.Session{TokenHash: hash, UserID: who.ID, Data: sealed, ExpiresAt: ends})
	})
	if err != nil {
		return err
	}
	v := &viewer{user: storage.User{ID: who.ID, Login: who.Login}, token: token.Access}
	if _, err := s.ask(ctx, v); err != nil { // what the person may see is asked anew at each sign-in
		return err
	}
	s.setCookie(w, sessionCookie, value, ends.Sub(now))
	return nil
}

// logout ends the session.
func (s *Server) logout(p *request) error {
	if p.session != "" {
		if err := s.cfg.Store.DeleteSession(p.Context(), p.session); err != nil {
			return err
		}
	}
	s.setCookie(p.w, sessionCookie, "", 0)
	return p.redirect("/")
}
