package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// flashKeys are names of session entries that carry a message to the next page and nothing else.
const flashKeys = " message messages msg error errors err success flash status notice alert info warning old toast mensaje mensagem "

// kept is a condition of a mark: the entry of the session that follows is no message for the next page.
func kept(s *Source, off, n int) bool {
	rest := string(s.Between(Text, off+n, off+n+60))
	key := strings.TrimLeft(rest, "[('\".: \t")
	i := 0
	for i < len(key) && identifier(key[i]) {
		i++
	}
	name := strings.ToLower(key[:i])
	return !strings.Contains(flashKeys, " "+name+" ") || name == "" && !strings.HasPrefix(rest, "=")
}

func sessionMarks() []nameMark { //nolint:funlen // a table
	m := func(name string, ls langSet, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindSession, name: name, langs: ls, lits: lits, when: when}
	}
	notFlash := func(s *Source, off, n int) bool {
		return !containsAny(s.line(Text, off), "flash(", "->flash", "has('", "Session::get('success", "Session::has") && kept(s, off, n)
	}
	return []nameMark{
		m("session used", inJS(), "req.session|request.session|ctx.session|req.session?|context.session", func(s *Source, off, n int) bool {
			if s.Raw[off] == 'c' && s.mentions("trpc", "Procedure", "next-auth") {
				return false // the session of Auth.js, which is a token
			}
			rest := string(s.Between(Text, off+n, off+n+20))
			if strings.HasPrefix(rest, ".save") || strings.HasPrefix(rest, ".touch") {
				return false
			}
			return kept(s, off, n) && !strings.HasPrefix(strings.TrimSpace(rest), ":") && !s.mentions("telegraf", "grammy")
		}),
		m("passport session", inJS(), "passport.session(", nil),
		m("iron-session", inJS(), "getIronSession|withIronSession|withIronSessionApiRoute|createCookieSessionStorage|createSessionStorage|@Session()", notImport),

		m("session used", inPython(), "request.session|self.request.session", kept),
		m("session used", inPython(), "session[|session.get(|session.pop(|session.clear(|session.setdefault(|session.permanent", func(s *Source, off, n int) bool {
			if off > 0 && s.Raw[off-1] == '.' || !flaskSession(s) {
				return false
			}
			return !containsAny(s.line(Code, off), "db.session") && kept(s, off, n)
		}),
		m("session log-in", inPython(), "login_user(", func(s *Source, off, _ int) bool { return s.mentions("flask_login", "flask_security") }),
		m("session log-in", inPython(), "login(request|auth_login(|auth.login(|django_login(|login(self.request|do_login(", fileMentions("django.contrib")),
		m("session log-in", inPython(), "LoginView.as_view|auth_views.LoginView|LoginView", fileMentions("django.contrib.auth")),
		{kind: KindSession, name: "session log-in", langs: inPython(), view: Strings, lits: "django.contrib.auth.urls|allauth.urls|allauth.account.urls|rest_framework.urls|django_registration"},

		m("HTTP session", inJVM(), "session.setAttribute|session.getAttribute|getSession(|@SessionAttribute|httpSession.|HttpSession.|session.invalidate|withSession|request.session|@SessionScope|SessionScoped|session().put|session.put(", func(s *Source, off, n int) bool {
			return !s.mentions("websocket", "WebSocket", "hibernate.Session", "SessionFactory", "javax.mail") && notImport(s, off, n)
		}),
		m("Ktor session", inJVM(), "sessions.set|sessions.get|call.sessions", func(s *Source, off, n int) bool {
			return !s.mentions("websocket", "WebSocket") && notImport(s, off, n)
		}),
		{kind: KindSessionCookie, name: "signed Ktor cookie", langs: langs(lex.Kotlin), lits: "cookie<|header<", when: func(s *Source, _, _ int) bool {
			return s.mentions("install(Sessions") && s.mentions("SessionTransportTransformer", "SessionStorage", "sessionStorage")
		}},
		{kind: KindSessionCookie, name: "unsigned Ktor cookie", langs: langs(lex.Kotlin), lits: "cookie<|header<", when: func(s *Source, _, _ int) bool {
			return s.mentions("install(Sessions") && !s.mentions("SessionTransportTransformer", "SessionStorage", "sessionStorage")
		}},
		m("session log-in", inJVM(), "formLogin(|formLogin|.formLogin|rememberMe(|maximumSessions(|sessionFixation(", func(s *Source, off, _ int) bool {
			near := string(s.Between(Code, off, off+80))
			return !containsAny(near, "disable") && !s.mentions("SessionCreationPolicy.STATELESS") && s.mentions("security")
		}),

		m("session used", inDotNet(), "Session.SetString|Session.GetString|Session.SetInt32|Session.GetInt32|Session.Set|Session.Get|Session.Remove|HttpContext.Session|Session[", func(s *Source, off, n int) bool {
			return notImport(s, off, n) && strings.Contains(s.line(Text, off), "Session")
		}),
		m("cookie log-in", inDotNet(), "FormsAuthentication.SetAuthCookie|FormsAuthentication.RedirectFromLoginPage|WebSecurity.Login(|HttpContext.SignInAsync|PasswordSignInAsync|signInManager.SignInAsync|_signInManager.SignInAsync|AddDefaultIdentity", func(s *Source, _, _ int) bool {
			return !s.mentions("JwtSecurityToken", "JwtBearer", "JsonWebTokenHandler") // a token answers the log-in
		}),

		m("session used", inRuby(), "session[", func(s *Source, off, n int) bool {
			return (off == 0 || s.Raw[off-1] != '.') && kept(s, off, n)
		}),
		m("session log-in", inRuby(), "devise_for|sign_in(|auto_login(|start_new_session_for|warden.authenticate|enable :sessions|allow_unauthenticated_access", func(s *Source, off, _ int) bool {
			if containsAny(s.line(Text, off), "only: []", "skip: :all", "skip: :sessions", "skip: [:sessions", "skip: %i[sessions") {
				return false // Devise without its log-in
			}
			return !s.mentions("Doorkeeper", "format: :json", "defaults: {format", "api_only", "devise_token_auth")
		}),

		m("session used", inPHP(), "$_SESSION", func(s *Source, off, n int) bool {
			return kept(s, off, n) && !strings.Contains(s.line(Code, off), "withAttribute(") // handed on whole; the handlers that ask for it use it
		}),
		m("session used", inPHP(), "getAttribute(", func(s *Source, off, n int) bool {
			return strings.HasPrefix(strings.TrimLeft(string(s.Between(Text, off+n, off+n+12)), " '\""), "session")
		}),
		m("session used", inPHP(), "session(|session()->put|session()->get|->session()->regenerate|->session()->put|->session()->get|->session()->invalidate|Session::put|Session::get|session()->set|$this->session->", func(s *Source, off, n int) bool {
			rest := string(s.Between(Text, off+n, off+n+20))
			return notFlash(s, off, n) && !strings.HasPrefix(rest, ")->flash") && !containsAny(s.line(Text, off), "function session")
		}),
		m("session log-in", inPHP(), "Auth::attempt|Auth::login|auth()->login|Auth::routes|auth()->attempt|Fortify::", func(s *Source, off, _ int) bool {
			return !s.mentions("createToken", "createApiToken", "createAccessToken", "generateToken", "plainTextToken", "JWTAuth", "respondWithToken", "auth('api')", "sanctum", "guard('api')", "getTTL()", "'access_token'")
		}),
		{kind: KindSession, name: "session log-in", langs: langs(lex.YAML), view: Text, lits: "form_login:", when: func(s *Source, off, _ int) bool { return !s.commented(off) && s.mentions("security:") }},

		m("session used", inGo(), "sessions.Default|store.Get(|session.Values|sessionManager.|SessionManager.|session.Save|scs.New|sessions.NewCookieStore|sess.Values|session.Get(|session.Set(|store.New(", func(s *Source, _, _ int) bool {
			return s.mentions("gorilla/sessions", "gin-contrib/sessions", "alexedwards/scs", "fiber/v2/middleware/session", "beego", "icza/session", "essionManager")
		}),
		m("session used", inRust(), "session.insert|session.get|Identity::login|AuthSession|auth_session.login|cookies.add_private", fileMentions("ession")),
		m("session used", inElixir(), "put_session|get_session|configure_session|fetch_current_user", func(s *Source, off, _ int) bool {
			return !strings.Contains(s.line(Code, off), "def ")
		}),
		{kind: KindSession, name: "session used", langs: langs(lex.Scala), lits: "withSession|request.session|addingToSession|withNewSession"},

		{kind: KindSessionCookie, name: "session cookie", view: Strings, lits: "session|sessionId|session_id|sessionid|sessionID|session_token|sessionToken|SESSION_ID|SESSION|sid|sess", when: func(s *Source, off, n int) bool {
			whole := off > 0 && strings.IndexByte("\"'`", s.Raw[off-1]) >= 0 && off+n < len(s.Raw) && strings.IndexByte("\"'`", s.Raw[off+n]) >= 0
			return whole && containsAny(strings.ToLower(s.line(Code, off)), "cookie")
		}},
		{kind: KindSessionCookie, name: "session cookie", lits: "cookies.sessionId|cookies.session|cookies.session_id|cookies.sid|cookies.sessionToken|cookies.session_token|cookies.SessionId"},
	}
}

// flaskSession reports whether session is Flask's.
func flaskSession(s *Source) bool {
	for _, line := range strings.Split(string(s.Raw[:min(len(s.Raw), 4000)]), "\n") {
		if strings.Contains(line, "session") && (strings.Contains(line, "flask import") || strings.Contains(line, "quart import")) {
			return true
		}
	}
	i := strings.Index(string(s.Raw[:min(len(s.Raw), 4000)]), "from flask import (")
	return i >= 0 && strings.Contains(string(s.Raw[i:min(len(s.Raw), i+400)]), "session")
}

func oauthMarks() []nameMark {
	m := func(name string, ls langSet, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindOAuth, name: name, langs: ls, lits: lits, when: when}
	}
	in := func(name string, ls langSet, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindOAuth, name: name, langs: ls, view: Strings, lits: lits, when: when}
	}
	return []nameMark{
		in("passport provider", inJS(), "passport-google-oauth20|passport-google-oauth2|passport-google-oauth|passport-github2|passport-github|passport-facebook|passport-twitter|passport-discord|passport-oauth2|passport-linkedin-oauth2|passport-openidconnect|passport-azure-ad|passport-apple|passport-kakao|passport-naver|passport-spotify|passport-microsoft|passport-steam|passport-google-oidc|passport-gitlab2|passport-facebook-token|passport-google-token|passport-42", nil),
		in("OpenID Connect client", inJS(), "openid-client|express-openid-connect|arctic|@fastify/oauth2|simple-oauth2|@auth0/nextjs-auth0|@okta/oidc-middleware|@nestjs-modules/oauth|@badgateway/oauth2-client|@auth/core/providers/google|@auth/core/providers/github|@auth0/auth0-react|@react-oauth/google|keycloak-connect|oidc-client-ts", nil),
		in("Auth.js provider", inJS(), "next-auth/providers/google|next-auth/providers/github|next-auth/providers/facebook|next-auth/providers/discord|next-auth/providers/twitter|next-auth/providers/linkedin|next-auth/providers/apple|next-auth/providers/azure-ad|next-auth/providers/auth0|next-auth/providers/gitlab|next-auth/providers/spotify|next-auth/providers/keycloak|next-auth/providers/twitch|next-auth/providers/slack", nil),
		m("provider log-in", inJS(), "signInWithOAuth(|GoogleAuthProvider|GithubAuthProvider|FacebookAuthProvider|socialProviders|signInWithPopup(|signInWithRedirect(", notImport),
		m("Google ID token", inJS(), "verifyIdToken(", fileMentions("google-auth-library", "OAuth2Client")),
		in("provider's OAuth address", langSet{}, "accounts.google.com/o/oauth2|oauth2.googleapis.com/token|github.com/login/oauth|kauth.kakao.com/oauth|nid.naver.com/oauth2.0|discord.com/api/oauth2|graph.facebook.com/oauth|facebook.com/v|www.googleapis.com/oauth2/v|login.microsoftonline.com|googleapis.com/oauth2/v3/userinfo|gitlab.com/oauth|api.intra.42.fr/oauth", func(s *Source, off, _ int) bool {
			return !strings.Contains(string(s.Between(Text, off, off+40)), "facebook.com/v") || strings.Contains(s.line(Text, off), "oauth")
		}),
		in("social log-in app", inPython(), "allauth.socialaccount.providers.|social_django|social_core.backends|social.apps.django_app|oauth2_provider.urls|drf_social_oauth2|mozilla_django_oidc|django_auth_adfs", func(s *Source, off, _ int) bool {
			return !strings.HasPrefix(string(s.Between(Text, off, off+20)), "oauth2_provider")
		}),
		m("OAuth client", inPython(), "authlib.integrations|flask_dance|httpx_oauth|fastapi_sso|requests_oauthlib|google.oauth2.id_token|id_token.verify_oauth2_token|OAuth2Session(|oauth.register|flask_oauthlib|GoogleSSO(|google_auth_oauthlib", func(s *Source, off, _ int) bool {
			return !s.mentions("gmail", "spreadsheets", "drive.readonly", "auth/drive", "calendar")
		}),
		m("OAuth 2 log-in", inJVM(), "oauth2Login(|oauth2Login|OAuth2UserService|DefaultOAuth2UserService|OAuth2User|OidcUser|GoogleIdTokenVerifier|oauth(\"|oauth2Client(", notImport),
		m("OAuth 2 of Ktor", inJVM(), "OAuthServerSettings", notImport),
		{kind: KindOAuth, name: "OAuth 2 registration", langs: langs(lex.Properties, lex.INI), view: Text, lits: "spring.security.oauth2.client.registration", when: func(s *Source, off, _ int) bool { return !s.commented(off) }},
		{kind: KindOAuth, name: "OAuth 2 registration", langs: langs(lex.YAML), view: Text, lits: "registration:", when: func(s *Source, off, _ int) bool {
			return !s.commented(off) && s.mentions("oauth2:") && s.mentions("client-id", "clientId")
		}},
		m("provider log-in", inDotNet(), "UseGoogleAuthentication(|UseFacebookAuthentication(|UseMicrosoftAccountAuthentication(|UseTwitterAuthentication(|UseOpenIdConnectAuthentication(|AddGoogle(|AddFacebook(|AddMicrosoftAccount(|AddGitHub(|AddTwitter(|AddOpenIdConnect(|AddMicrosoftIdentityWebApp|AddOAuth(|GoogleJsonWebSignature|AddDiscord(|AddMicrosoftIdentityWebApi", notImport),
		m("OmniAuth", inRuby(), "OmniAuth::Builder|omniauth_providers|config.omniauth|:omniauthable|omniauth_callbacks", nil),
		in("OmniAuth", inRuby(), "omniauth.auth", nil),
		m("Socialite", inPHP(), "Socialite::|Google_Client|Google\\Client|HybridAuth|Hybridauth|OAuth2\\Client\\Provider", func(s *Source, _, _ int) bool {
			return !s.mentions("PHPMailer", "Gmail")
		}),
		{kind: KindOAuth, name: "KnpU OAuth client", langs: langs(lex.YAML), view: Text, lits: "knpu_oauth2_client:"},
		m("OAuth 2 client", inGo(), ".AuthCodeURL(|goth.UseProviders|gothic.BeginAuthHandler|oidc.NewProvider", nil),
		m("Google ID token", inGo(), "idtoken.Validate", nil),
		m("OAuth 2 client", inRust(), "AuthorizationCode::new|authorize_url(|openidconnect::", fileMentions("oauth2", "openidconnect")),
		m("Ueberauth", inElixir(), "Ueberauth.Strategy.|Assent.", func(s *Source, off, n int) bool {
			return !bytes.HasPrefix(s.Code[off+n:], []byte("Identity")) // a password of the application's own
		}),
		m("Silhouette", langs(lex.Scala), "SocialProvider|GoogleProvider|pac4j", nil),
	}
}
