package facts

import (
	"strings"

	"milepost/rules/lex"
)

var loginScanners = []scanner{
	{triggers: []string{"password", "Password", "passwd", "senha", "contrasena"}, scan: credential},
	{view: Strings, triggers: []string{"password", "passwd", "senha", "pwd", "pass"}, scan: credential},
}

// credential notes that code handles a person's password, not that of a database or a mail server.
func credential(s *Source, off int) {
	if s.emitted(KindCredential) > 0 {
		return // one for a file says it
	}
	line := strings.ToLower(s.line(Text, off))
	if containsAny(line, "db_", "dbpass", "database", "host", "mysql", "postgres", "redis", "smtp", "mailer", "connect", "datasource", "environ", "getenv", "process.env", "createpool", "dsn", "pdo(", "config", "secret", "db.", "root", "nodemailer", "truststore", "keystore", "import ") {
		return
	}
	if s.Strings[off] != ' ' { // a name in a string stands alone: a field of a form
		end := off
		for end < len(s.Raw) && identifier(s.Raw[end]) {
			end++
		}
		if off == 0 || strings.IndexByte("\"'`:", s.Raw[off-1]) < 0 || end >= len(s.Raw) || strings.IndexByte("\"'`", s.Raw[end]) < 0 {
			return
		}
	}
	s.Emit(Fact{Kind: KindCredential, Name: "password", Value: s.excerpt(off), Line: s.LineOf(off)})
}

func loginMarks() []nameMark {
	module := func(name string, ls langSet, view View, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindAuthModule, name: name, langs: ls, view: view, lits: lits, when: when}
	}
	login := func(name string, ls langSet, view View, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindLogin, name: name, langs: ls, view: view, lits: lits, when: when}
	}
	signup := func(name string, ls langSet, view View, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindSignup, name: name, langs: ls, view: view, lits: lits, when: when}
	}
	return []nameMark{
		module("Auth.js", inJS(), Code, "NextAuth(|SvelteKitAuth(|ExpressAuth(|NuxtAuthHandler(", notImport),
		module("Clerk", inJS(), Strings, "@clerk/nextjs|@clerk/express|@clerk/clerk-sdk-node|@clerk/backend|@clerk/clerk-react|@clerk/fastify|@clerk/remix", nil),
		module("Better Auth", inJS(), Code, "betterAuth(", nil),
		module("Auth0", inJS(), Strings, "express-openid-connect|@auth0/nextjs-auth0|@auth0/auth0-react", nil),
		module("Supabase Auth", inJS(), Code, "auth.signUp(|auth.signUp|auth.signInWithOAuth(|auth.signInWithOtp(", fileMentions("supabase")),
		module("Firebase Auth", inJS(), Code, "createUserWithEmailAndPassword(|signInWithPopup(", notImport),
		module("SuperTokens", inJS(), Strings, "supertokens-node/recipe/emailpassword", nil),
		module("AWS Cognito", inJS(), Code, "SignUpCommand(|CognitoUserPool(", nil),
		module("FeathersJS authentication", inJS(), Strings, "@feathersjs/authentication-local", nil),
		module("Kinde", inJS(), Strings, "@kinde-oss/kinde-auth-nextjs", nil),
		module("django-allauth", inPython(), Strings, "allauth.urls|allauth.account.urls", nil),
		module("dj-rest-auth registration", inPython(), Strings, "dj_rest_auth.registration.urls|rest_auth.registration.urls|django_registration.backends.activation.urls|django_registration.backends.one_step.urls|registration.backends.default.urls|registration.backends.simple.urls", nil),
		module("Djoser", inPython(), Strings, "djoser.urls", nil),
		module("FastAPI Users", inPython(), Code, "get_register_router", nil),
		module("Flask-Security", inPython(), Code, "Security(app|security.init_app", fileMentions("flask_security")),
		module("Firebase Auth", inPython(), Code, "auth.create_user(", fileMentions("firebase_admin")),
		module("Devise", inRuby(), Code, "devise_for|mount_devise_token_auth_for", nil),
		module("Rodauth", inRuby(), Code, "rodauth", fileMentions("create_account")),
		module("Laravel auth scaffolding", inPHP(), Code, "Auth::routes(|Fortify::createUsersUsing|RegisteredUserController", notImport),
		module("ASP.NET Identity", inDotNet(), Code, "MapIdentityApi|AddDefaultIdentity|AddDefaultUI|AddIdentityApiEndpoints", nil),
		module("phx.gen.auth", inElixir(), Code, "UserRegistrationController|UserRegistrationLive|UserLive.Registration", nil),
		module("Pow", inElixir(), Code, "pow_routes()", nil),

		login("log-in mutation", inJS(), Strings, "login(|signIn(|signin(|loginUser(|userLogin(|logIn(", fileMentions("type Mutation")),
		signup("sign-up mutation", inJS(), Strings, "register(|signUp(|signup(|registerUser(|createUser(|addUser(|registration(", fileMentions("type Mutation")),
		login("log-in mutation", inJS(), Code, "login(|signIn(|signin(|loginUser(", fileMentions("@Mutation(")),
		signup("sign-up mutation", inJS(), Code, "register(|signUp(|signup(|registerUser(|registration(", fileMentions("@Mutation(")),
		login("log-in mutation", langs(lex.GraphQL), Code, "login(|signIn(|signin(|loginUser(|logIn(", nil),
		signup("sign-up mutation", langs(lex.GraphQL), Code, "register(|signUp(|signup(|registerUser(|createUser(|addUser(|registration(", nil),
		login("Passport log-in", inJS(), Code, "passport.authenticate(", lineHas("local")),
		login("log-in view", inPython(), Code, "LoginView|TokenObtainPairView|obtain_auth_token|ObtainAuthToken|OAuth2PasswordRequestForm|obtain_jwt_token|AuthenticationForm", notImport),
		login("django.contrib.auth views", inPython(), Strings, "django.contrib.auth.urls|rest_framework.urls", nil),
		login("authenticate()", inPython(), Code, "authenticate(", fileMentions("django.contrib.auth")),
		login("log-in", inDotNet(), Code, "FormsAuthentication.SetAuthCookie|FormsAuthentication.RedirectFromLoginPage|WebSecurity.Login(|GrantResourceOwnerCredentials|PasswordSignInAsync|CheckPasswordAsync|CheckPasswordSignInAsync", nil),
		login("log-in", inPHP(), Code, "password_verify(|Auth::attempt|auth()->attempt", nil),
		login("form log-in", inJVM(), Code, "formLogin(|.formLogin|authenticationManager.authenticate|UsernamePasswordAuthenticationFilter", notImport),
		{kind: KindLogin, name: "form log-in", langs: langs(lex.YAML), view: Text, lits: "form_login:|json_login:", when: func(s *Source, off, _ int) bool { return !s.commented(off) && s.mentions("security:") }},
		login("Firebase log-in", inJS(), Code, "signInWithEmailAndPassword(|auth.signInWithPassword(", notImport),

		signup("passport-local-mongoose register", inJS(), Code, ".register(new ", lineHas("user.register", "users.register", "account.register")),
		signup("sign-up route", inRuby(), Strings, "users#create|registrations#create|registration#create|user#create|accounts#create|registrations#new", nil),
		login("log-in route", inRuby(), Strings, "sessions#create|session#create|authentication#authenticate|auth#login|authentication#login", nil),
		signup("user form", inPython(), Code, "UserCreationForm|BaseUserCreationForm", func(s *Source, off, n int) bool {
			return notImport(s, off, n) && !strings.HasSuffix(s.Path, "admin.py")
		}),
		signup("create_user()", inPython(), Code, "objects.create_user", nil),
		signup("account of WebSecurity", inDotNet(), Code, "WebSecurity.CreateUserAndAccount|WebSecurity.CreateAccount", nil),
		signup("Identity user", inDotNet(), Code, "userManager.CreateAsync|UserManager.CreateAsync|_userManager.CreateAsync", nil),
		signup("password_hash()", inPHP(), Code, "password_hash(", forAnybody),
		{kind: KindSignup, name: "INSERT of a user", langs: inPHP(), view: Strings, lits: "INSERT INTO users|INSERT INTO user|INSERT INTO `users`|INSERT INTO `user`|insert into users|INSERT INTO accounts|INSERT INTO tbl_user", when: forAnybody},
	}
}

// forAnybody is a condition of a mark in PHP: the script is no administrator's, which sends back to the pages of administrators and nowhere else.
func forAnybody(s *Source, _, _ int) bool {
	low := strings.ToLower(string(s.Raw))
	targets, admins := 0, 0
	for {
		_, rest, found := strings.Cut(low, "location")
		if !found {
			return targets == 0 || admins < targets
		}
		low = rest
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, ".href"), ".replace(")
		target := strings.TrimLeft(rest, " \t=:'\"`")
		if len(target) == len(rest) {
			continue // the word alone
		}
		if i := strings.IndexAny(target, "'\"`;)\n"); i >= 0 {
			target = target[:i]
		}
		targets++
		if strings.Contains(target, "admin") {
			admins++
		}
	}
}
