package gh

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// Token is a person's token.
type Token struct {
	Access, Refresh string
	Expiry          time.Time // zero: it does not expire
}

// SignIn is the OAuth side of the app: people sign in with GitHub.
type SignIn struct {
	cfg   Config
	oauth oauth2.Config
}

// NewSignIn returns the sign-in of the app with this client id and secret.
func NewSignIn(cfg Config, redirect string) (*SignIn, error) {
	cfg = cfg.withDefaults()
	if cfg.ClientID == "" || cfg.ClientSecret == "" {
		return nil, errors.New("GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET are needed for signing in; both are on the app's settings page")
	}
	server := strings.TrimSuffix(cfg.ServerURL, "/")
	return &SignIn{cfg: cfg, oauth: oauth2.Config{
		ClientID: cfg.ClientID, ClientSecret: cfg.ClientSecret, RedirectURL: redirect,
		Endpoint: oauth2.Endpoint{AuthURL: server + "/login/oauth/authorize", TokenURL: server + "/login/oauth/access_token", AuthStyle: oauth2.AuthStyleInParams},
	}}, nil
}

// URL is where a person goes to sign in. state is single-use and bound to the browser; verifier is the secret of PKCE (RFC 7636, S256).
func (s *SignIn) URL(state, verifier string) string {
	return s.oauth.AuthCodeURL(state, oauth2.S256ChallengeOption(verifier))
}

// Exchange trades the code of a callback for a token.
func (s *SignIn) Exchange(ctx context.Context, code, verifier string) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.CallTimeout)
	defer cancel()
	ctx = context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: s.cfg.Transport})
	t, err := s.oauth.Exchange(ctx, code, oauth2.VerifierOption(verifier))
	if err != nil {
		var refused *oauth2.RetrieveError
		if errors.As(err, &refused) {
			return Token{}, &Error{Kind: Auth, Call: "POST /login/oauth/access_token", Msg: bounded(refused.ErrorCode)}
		}
		return Token{}, &Error{Kind: Transient, Call: "POST /login/oauth/access_token", Msg: reason(err)}
	}
	return Token{Access: t.AccessToken, Refresh: t.RefreshToken, Expiry: t.Expiry}, nil
}

// As returns a client that acts for a person.
func (s *SignIn) As(token string) (*Client, error) { return Anonymous(s.cfg, token) }

// User reads the person a client acts for.
func (c *Client) User(ctx context.Context) (Account, error) {
	var out Account
	err := c.call(ctx, http.MethodGet, "/user", "user", nil, &out)
	return out, err
}

// UserInstallations reads the installations of the app that the person can see.
func (c *Client) UserInstallations(ctx context.Context) ([]Installation, error) {
	type page struct {
		Installations []Installation `json:"installations"`
	}
	return pagedIn(ctx, c, "/user/installations", "user/installations", func(a page) []Installation { return a.Installations })
}

// UserRepositories reads the repositories that the person and an installation share, with the person's permissions.
func (c *Client) UserRepositories(ctx context.Context, installation int64) ([]Repository, error) {
	path := fmt.Sprintf("user/installations/%d/repositories", installation)
	return pagedIn(ctx, c, "/user/installations/{installation_id}/repositories", path, func(a repositories) []Repository { return a.Repositories })
}
