package probe

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
)

var authDetectors = []Detector{
	{Name: "login-signup", Doc: "Sign-up and log-in with a credential, as handlers or by a module of a framework or provider.", Cases: []string{"no-credential", "no-login", "no-signup"}, Judge: loginSignup},
	{Name: "password-hash", Doc: "Passwords are hashed by a function made for it; a fast hash is partial.", Cases: []string{"fast"}, Judge: passwordHash},
	{Name: "jwt", Doc: "A JSON Web Token is issued or verified with a library.", Judge: func(in *Input) Result { return namedHits(serverHits(in, facts.KindJWT, "")) }},
	{Name: "session", Doc: "A session that code reads or writes, a log-in by one, or a hand-made session looked up by a cookie.", Cases: []string{"unsigned"}, Judge: sessions},
	{Name: "oauth-login", Doc: "A log-in through an OAuth 2 or OpenID Connect provider.", Judge: oauthLogin},
	{Name: "role-enforced", Doc: "A role or permission that a route asks for; a guard that no route uses is partial.", Cases: []string{"unused"}, Judge: roles},
}

// anywhereHits are the facts of a kind in own code that is no test, browsers' included.
func anywhereHits(in *Input, k facts.Kind) []facts.Hit {
	return where(in.Repo.Hits(k), func(h facts.Hit) bool { return h.File.Own() && !h.File.Class.Has(facts.Test) })
}

// namedHits is met by hits whose names say what they are.
func namedHits(hits []facts.Hit) Result {
	if len(hits) == 0 {
		return Result{Status: Missing}
	}
	res := Result{Status: Met}
	for _, h := range hits {
		if len(res.Evidence) < 3 {
			res.Evidence = merge(res.Evidence, []Evidence{At(h, h.Name)})
		}
	}
	return res
}

// oauthLogin looks for a provider's library or address, then for a hand-made log-in: a route for it and code that is named so.
func oauthLogin(in *Input) Result {
	if hits := anywhereHits(in, facts.KindOAuth); len(hits) > 0 {
		return namedHits(hits)
	}
	for _, route := range serverHits(in, facts.KindRoute, "") {
		p := strings.ToLower(route.Value)
		if last := lastSegment(p); !mentionsAny(p, "oauth", "auth/google", "auth/github", "auth/facebook", "google/callback", "github/callback") || mentionsAny(last, "token", "authorize", "revoke", "introspect") {
			continue
		}
		for _, kind := range []facts.Kind{facts.KindType, facts.KindFunction} {
			for _, h := range in.Repo.Hits(kind) {
				if h.File.OwnCode() && !in.Repo.Browser(h.File) && mentionsAny(strings.ToLower(h.Name), "oauth", "googlelogin", "githublogin", "googlecallback", "githubcallback") {
					return Result{Status: Met, Evidence: []Evidence{At(route, "route of a provider log-in"), At(h, "exchange with the provider")}}
				}
			}
		}
	}
	return Result{Status: Missing}
}

func passwordHash(in *Input) Result {
	hits := serverHits(in, facts.KindPasswordHash, "")
	if len(hits) > 0 {
		return namedHits(hits)
	}
	for _, h := range serverHits(in, facts.KindAuthModule, "") {
		switch h.File.Lang() {
		case lex.Python, lex.Ruby, lex.PHP, lex.CSharp, lex.Elixir:
			return Result{Status: Met, Evidence: []Evidence{At(h, h.Name+" hashes passwords")}}
		default: // those of JavaScript are mostly services that keep the passwords themselves
		}
	}
	if weak := serverHits(in, facts.KindWeakHash, ""); len(weak) > 0 {
		return PartialBy(fmt.Sprintf("`%s` line %d hashes a password with a fast hash function, which can be guessed in seconds", weak[0].File.Path, weak[0].Line), "fast hash", weak[0]).As("fast")
	}
	return Result{Status: Missing}
}

func sessions(in *Input) Result {
	hits := serverHits(in, facts.KindSession, "")
	if slices.ContainsFunc(serverHits(in, facts.KindJWT, ""), func(h facts.Hit) bool { return h.Name == "Devise JWT" }) {
		// The log-in of Devise answers with a token.
		hits = where(hits, func(h facts.Hit) bool { return h.Name != "session log-in" || h.File.Lang() != lex.Ruby })
	}
	if answersByAPI(in) {
		hits = where(hits, func(h facts.Hit) bool {
			return h.Name != "session log-in" || h.File.Lang() != lex.PHP || strings.Contains(h.File.Path, "Livewire")
		})
	}
	cookies := serverHits(in, facts.KindSessionCookie, "")
	if ktor, ok := unsigned(cookies); ok {
		hits = where(hits, func(h facts.Hit) bool { return h.Name != "Ktor session" })
		if len(hits) == 0 {
			return PartialBy(fmt.Sprintf("`%s` line %d keeps the session in a cookie that nothing signs, so that anyone can write one", ktor.File.Path, ktor.Line), "unsigned cookie", ktor).As("unsigned")
		}
	}
	if len(hits) > 0 {
		return namedHits(hits)
	}
	cookies = where(cookies, func(h facts.Hit) bool { return !strings.HasSuffix(h.Name, "Ktor cookie") })
	if len(cookies) == 0 {
		return Result{Status: Missing}
	}
	for _, h := range in.Repo.Hits(facts.KindType) {
		if h.File.OwnCode() && !in.Repo.Browser(h.File) && sessionType(h.Name) {
			return Result{Status: Met, Evidence: []Evidence{At(cookies[0], "session cookie"), At(h, "stored session")}}
		}
	}
	return Result{Status: Missing}
}

// answersByAPI reports whether every route of a Laravel project that takes something lies in routes/api.php, for which the framework opens no session.
func answersByAPI(in *Input) bool {
	api := false
	for _, h := range serverHits(in, facts.KindRoute, "") {
		switch {
		case h.File.Lang() != lex.PHP:
		case h.File.Base() == "api.php":
			api = true
		case h.Name != "GET":
			return false
		}
	}
	return api
}

// unsigned is the session cookie of Ktor that is neither signed nor kept on the server, where there is none that is.
func unsigned(cookies []facts.Hit) (facts.Hit, bool) {
	if slices.ContainsFunc(cookies, func(h facts.Hit) bool { return h.Name == "signed Ktor cookie" }) {
		return facts.Hit{}, false
	}
	i := slices.IndexFunc(cookies, func(h facts.Hit) bool { return h.Name == "unsigned Ktor cookie" })
	if i < 0 {
		return facts.Hit{}, false
	}
	return cookies[i], true
}

// sessionType tells the class of a stored session by its name.
func sessionType(name string) bool {
	switch strings.ToLower(name) {
	case "session", "sessions", "usersession", "authsession", "loginsession", "sessionmodel", "sessionentity", "sessionstore", "sessionrepository":
		return true
	}
	return false
}

func roles(in *Input) Result {
	hits := serverHits(in, facts.KindRole, "")
	var enforced, inHandler, inGuard []facts.Hit
	reached := newReach(in.Repo)
	for _, h := range hits {
		switch {
		case h.Fact.Scope == "enforced" || h.Fact.Scope == "" && h.Name != "role check":
			enforced = append(enforced, h)
		case markupCode(h.File):
			// What a page shows to whom is no rule of a route.
		case guardFile(h.File), !reached.from(h.File):
			inGuard = append(inGuard, h)
		default:
			inHandler = append(inHandler, h)
		}
	}
	if len(inHandler) == 0 && len(inGuard) == 0 && len(serverHits(in, facts.KindRoleField, "")) == 0 {
		// A guard that asks for a "permission" where nothing has a role or compares one mostly asks who owns the thing.
		enforced = where(enforced, func(h facts.Hit) bool {
			return !strings.HasPrefix(h.Name, "guard ") || !strings.Contains(strings.ToLower(h.Name), "permission")
		})
	}
	if len(enforced) > 0 || len(inHandler) > 0 {
		return namedHits(append(enforced, inHandler...))
	}
	if len(inGuard) > 0 {
		return PartialBy(fmt.Sprintf("`%s` checks a role, but no route uses it", inGuard[0].File.Path), "role check that no route uses", inGuard[0]).As("unused")
	}
	return Result{Status: Missing}
}

// reach tells which modules something leads to.
type reach struct {
	scripts imports
	modules map[string]bool // last parts of what Python imports
}

func newReach(r *facts.Repo) reach {
	re := reach{scripts: newImports(r), modules: map[string]bool{}}
	add := func(dotted string) {
		re.modules[strings.TrimSpace(dotted[strings.LastIndexByte(dotted, '.')+1:])] = true
	}
	for _, kind := range []facts.Kind{facts.KindImport, facts.KindLocalImport} {
		for _, h := range r.Hits(kind) {
			if h.File.Lang() != lex.Python || h.File.Class.Has(facts.Vendored|facts.Test) {
				continue
			}
			add(h.Name)
			for name := range strings.SplitSeq(strings.Trim(h.Value, "() "), ",") {
				name, _, _ = strings.Cut(strings.TrimSpace(name), " as ")
				add(name)
			}
		}
	}
	return re
}

// from reports whether a request may come to a file: it answers itself, it lies where handlers lie, or another file imports it. Where a language's imports
// do not name files, it may.
func (re reach) from(f *facts.RepoFile) bool {
	if handlerFile(f) || slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool { return x.Kind == facts.KindAnswer || x.Kind == facts.KindServer }) {
		return true
	}
	switch {
	case javaScript(f):
		return re.scripts.of(f) || re.scripts.loaded[f.Dir()]
	case f.Lang() == lex.Python:
		name := stem(f.Path)
		return name == "__init__" || re.modules[name]
	}
	return true
}

// guardFile tells a file whose checks take effect only where a route uses them. The middleware of Next.js is one that always does.
func guardFile(f *facts.RepoFile) bool {
	p := strings.ToLower(f.Path)
	if b := path.Base(p); b == "middleware.ts" || b == "middleware.js" {
		return false
	}
	for _, part := range []string{"middleware", "guard", "decorator", "permissions.py", "models.py", "/models/", "/entities/", "/entity/", "dependencies", "deps.py", "/utils/auth", "/auth.js", "/auth.ts"} {
		if strings.Contains(p, part) {
			return true
		}
	}
	return false
}

// loginSignup looks for the two halves and for a credential that they take.
func loginSignup(in *Input) Result {
	if modules := anywhereHits(in, facts.KindAuthModule); len(modules) > 0 {
		return namedHits(modules)
	}
	login := authRoutes(in, loginPath)
	signup := authRoutes(in, signupPath)
	login = append(login, authHandlers(in, func(s string) bool { return loginName(s) || loginName(withoutRole(s)) })...)
	signup = append(signup, authHandlers(in, func(s string) bool {
		return signupName(s) || !strings.HasPrefix(s, "register") && signupName(withoutRole(s))
	})...)
	login = append(login, phpPages(in, loginPage)...)
	signup = append(signup, phpPages(in, signupPage)...)
	weakLogin := serverHits(in, facts.KindLogin, "")
	weakSignup := where(serverHits(in, facts.KindSignup, ""), func(h facts.Hit) bool {
		p := strings.ReplaceAll(strings.ToLower(h.File.Path), "config/routes", "routes")
		return !mentionsAny(p, "seed", "management/", "fixture", "migration", "config", "factory", "initiali", "program.cs", "startup.cs", "console", "commands/", "populate", "installer")
	})
	login = append(login, weakLogin...)
	if len(login) > 0 && len(signup) == 0 {
		signup = append(signup, weakSignup...)
		signup = append(signup, where(accountRoutes(in), func(h facts.Hit) bool {
			return !slices.ContainsFunc(login, func(l facts.Hit) bool { return l.File == h.File && l.Line == h.Line }) // one route is not both
		})...)
	}
	login, signup = prefer(login), prefer(signup)
	secret := slices.Concat(serverHits(in, facts.KindPasswordHash, ""), serverHits(in, facts.KindCredential, ""), serverHits(in, facts.KindWeakHash, ""))
	switch {
	case len(login) > 0 && len(signup) > 0 && len(secret) > 0:
		return Result{Status: Met, Evidence: []Evidence{At(signup[0], "sign-up"), At(login[0], "log-in")}}
	case len(login) > 0 && len(signup) > 0:
		return PartialBy(fmt.Sprintf("`%s` logs people in, but no password or other credential is asked for", login[0].File.Path), "log-in without a credential", login[0]).As("no-credential")
	case len(login) > 0 && len(secret) > 0:
		return PartialBy(fmt.Sprintf("there is a log-in (`%s` line %d), but no sign-up", login[0].File.Path, login[0].Line), "log-in", login[0]).As("no-signup")
	case len(signup) > 0 && len(secret) > 0:
		return PartialBy(fmt.Sprintf("there is a sign-up (`%s` line %d), but no log-in", signup[0].File.Path, signup[0].Line), "sign-up", signup[0]).As("no-login")
	}
	return Result{Status: Missing}
}

func authRoutes(in *Input, is func(string) bool) []facts.Hit {
	registered := registeredPaths(in)
	return where(serverHits(in, facts.KindRoute, ""), func(h facts.Hit) bool {
		if h.Value == "" && registered != nil {
			h = h.With(h.Name, registered[h.Fact.Scope])
		}
		if h.Name == "GET" || h.Name == "DELETE" {
			return false
		}
		last := lastSegment(h.Value)
		if !strings.Contains(h.Value, "/") {
			last = strings.TrimSuffix(last, "route") // the class of a typed route: UserLoginRoute
		}
		if slices.Contains([]string{"session", "sessions", "token", "tokens", "join", "registration", "registrations", "register"}, last) && !aboutPeople(h) && (last != "register" || h.File.Class.Has(facts.Example)) && !credentialFile(in, last) {
			return false
		}
		return is(last) || h.Name == "POST" && (h.Value == "" && is(handlerStem(h.Fact.Scope)) || last == "" && is(routerStem(h.File)) && credentials(h.File))
	})
}

// credentialFile reports whether a file of the server that is named for what the last part of a path names takes or compares passwords:
// service/token.go for POST /token.
func credentialFile(in *Input, last string) bool {
	last = strings.TrimSuffix(last, "s")
	return slices.ContainsFunc(serverHits(in, facts.KindPasswordHash, ""), func(h facts.Hit) bool {
		base, _, _ := strings.Cut(h.File.Base(), ".")
		return strings.TrimSuffix(letters(base), "s") == last
	})
}

// aboutPeople reports whether a route or its file is named for accounts.
func aboutPeople(h facts.Hit) bool {
	return mentionsAny(strings.ToLower(h.Value+" "+h.Fact.Scope+" "+h.File.Path), "user", "auth", "account", "login", "config/routes", "member", "customer", "admin", "usuario")
}

// prefer puts the hits about accounts first; they are the better evidence.
func prefer(hits []facts.Hit) []facts.Hit {
	rank := func(h facts.Hit) int {
		switch {
		case h.Name == "authenticate()": // it may well stand in the sign-up, to log in whoever has just joined
			return 2
		case aboutPeople(h):
			return 0
		}
		return 1
	}
	slices.SortStableFunc(hits, func(a, b facts.Hit) int { return rank(a) - rank(b) })
	return hits
}

// handlerStem is what a class or function of a handler is about: its name without the words that say it is one.
func handlerStem(scope string) string {
	stem := letters(strings.TrimPrefix(scope, "def "))
	for _, suffix := range []string{"controller", "apiview", "view", "resource", "handler", "viewset", "api", "endpoint", "list"} {
		stem = strings.TrimSuffix(stem, suffix)
	}
	return stem
}

// routerStem is what a file of routes is about, by its name: auth for routes/auth.js, auth.routes.js and auth/index.js.
func routerStem(f *facts.RepoFile) string {
	base, _, _ := strings.Cut(strings.ToLower(f.Base()), ".")
	if base == "index" {
		base = path.Base(path.Dir(strings.ToLower(f.Path)))
	}
	stem := letters(base)
	for _, suffix := range []string{"routes", "router", "route"} {
		stem = strings.TrimSuffix(stem, suffix)
	}
	return stem
}

// credentials reports whether a file takes or compares a password.
func credentials(f *facts.RepoFile) bool {
	return slices.ContainsFunc(f.Facts.Facts, func(x facts.Fact) bool {
		return x.Kind == facts.KindCredential || x.Kind == facts.KindPasswordHash
	})
}

// lastSegment is the last part of a path that is no parameter, folded to letters.
func lastSegment(p string) string {
	parts := strings.FieldsFunc(strings.ToLower(p), func(r rune) bool { return r == '/' || r == '^' || r == '$' || r == '?' })
	for i := len(parts) - 1; i >= 0; i-- {
		if s := parts[i]; !strings.ContainsAny(s, ":{<*[(") {
			return letters(s)
		}
	}
	return ""
}

// letters keeps the letters of a name, in lower case.
func letters(s string) string {
	plain := true
	for i := range len(s) {
		plain = plain && s[i] >= 'a' && s[i] <= 'z'
	}
	if plain {
		return s
	}
	var buf [64]byte
	if joined, ok := joinedWords(buf[:0], s); ok {
		return string(joined)
	}
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(s))
}

func loginPath(s string) bool {
	switch s {
	case "login", "signin", "auth", "authenticate", "token", "accesstoken", "session", "sessions", "userlogin", "loginuser", "obtaintoken", "jwtcreate", "authentication", "logins", "authtoken", "apitokenauth", "connexion", "logar", "entrar", "loginphp", "tokens", "dologin", "customerlogin", "authuser", "userauth", "userauthenticate", "authenticateuser", "authentications":
		return true
	}
	return strings.HasPrefix(s, "login") && !strings.HasPrefix(s, "loginhist") || strings.HasSuffix(s, "login") || strings.HasSuffix(s, "signin")
}

func signupPath(s string) bool {
	switch s {
	case "register", "registration", "signup", "join", "createaccount", "createuser", "registeruser", "userregister", "cadastro", "cadastrar", "inscription", "registro", "adduser", "newuser", "userscreate", "usercreate", "registerphp", "registrations", "registrar":
		return true
	}
	return strings.HasPrefix(s, "signup") || strings.HasSuffix(s, "signup") || strings.HasPrefix(s, "register") || strings.HasSuffix(s, "register") || strings.HasSuffix(s, "registration")
}

func loginName(s string) bool {
	switch s {
	case "login", "signin", "loginuser", "userlogin", "handlelogin", "loginhandler", "postlogin", "loginpost", "authenticate", "authenticateuser", "userauthentication", "loginview", "dologin", "loginaction", "signinuser", "logincontroller", "loginpage", "loginforaccesstoken", "loginusuario", "processlogin", "loginprocess", "signinhandler", "usersignin", "loginapi", "createsession", "loginaccesstoken", "attemptlogin", "handlesignin", "loginasync", "logar", "customerlogin", "loginadmin", "checklogin",
		"loginwithpassword", "signinwithpassword", "authwithpassword", "authviapassword", "authbypassword", "authenticatewithpassword", "loginwithcredentials", "loginwithemail":
		return true
	}
	return false
}

// withoutRole is a folded name without the word for what it is: loginRoute, signupEndpoint. A name that begins with "register" may mean
// the routes themselves.
func withoutRole(s string) string {
	for _, suffix := range []string{"routes", "router", "route", "endpoint", "action"} {
		if stem, ok := strings.CutSuffix(s, suffix); ok {
			return stem
		}
	}
	return s
}

func signupName(s string) bool {
	switch s {
	case "register", "signup", "registeruser", "userregister", "handleregister", "registerhandler", "postregister", "registerpost", "registration", "registerview", "doregister", "signupuser", "signuphandler", "usersignup", "handlesignup", "registercontroller", "createaccount", "userregistration", "registerasync", "signupview", "registrar", "cadastrar", "registerpage", "processregister", "registeraction", "registercustomer", "signuppost", "postsignup", "registeraccount", "registernewuser", "usersignupview", "registerapi":
		return true
	}
	return false
}

// authHandlers are functions and classes with the name of a handler, in files that speak of credentials or lie where handlers lie.
func authHandlers(in *Input, is func(string) bool) []facts.Hit {
	var out []facts.Hit
	add := func(h facts.Hit) {
		if h.File.OwnCode() && h.Value != "empty" && !in.Repo.Browser(h.File) && handlerFile(h.File) {
			out = append(out, h)
		}
	}
	for _, k := range []facts.Kind{facts.KindFunction, facts.KindType} {
		hits := in.Repo.Hits(k)
		for i := range hits {
			if h := &hits[i]; is(letters(h.Name)) {
				add(*h)
			}
		}
	}
	return out
}

// markupCode tells a file of a browser's components.
func markupCode(f *facts.RepoFile) bool {
	switch path.Ext(f.Path) {
	case ".tsx", ".jsx", ".vue", ".svelte":
		return true
	}
	return false
}

// handlerFile tells a file that answers requests about people: by its routes, its credentials or its place. Pages of a browser application do not.
func handlerFile(f *facts.RepoFile) bool {
	if markupCode(f) || strings.Contains(strings.ToLower(f.Path), "provider") {
		return false // what a service provider registers are services
	}
	for _, x := range f.Facts.Facts {
		if x.Kind == facts.KindRoute || x.Kind == facts.KindPasswordHash || x.Kind == facts.KindJWT {
			return true
		}
	}
	p := strings.ToLower(f.Path)
	for _, part := range []string{"controller", "handler", "route", "views", "view.py", "resolver", "endpoint", "resource", "/api/", "service"} {
		if part == "/api/" && stem(p) == "index" && javaScript(f) {
			continue // it puts a folder's parts together: the register(server, options) of a plugin is no sign-up
		}
		if strings.Contains(p, part) {
			return true
		}
	}
	return false
}

// accountRoutes are routes that make an account by another name: POST on users beside a log-in.
func accountRoutes(in *Input) []facts.Hit {
	return where(serverHits(in, facts.KindRoute, ""), func(h facts.Hit) bool {
		if h.Name != "POST" && h.Name != "RESOURCE" && h.Name != "ANY" || asksRole(h) {
			return false
		}
		if mentionsAny(strings.ToLower(h.Value+" "+h.Fact.Scope+" "+h.File.Path), "admin") {
			return false // accounts that only an administrator makes
		}
		if h.Value == "" && h.File.Lang() == lex.PHP && !slices.ContainsFunc(h.File.Facts.Facts, func(x facts.Fact) bool { return x.Kind == facts.KindSignup }) {
			return false // a script that makes no account, or one of the staff
		}
		switch lastSegment(h.Value) {
		case "users", "user", "accounts", "account", "members", "member", "customers", "customer", "usuarios", "usuario", "new", "create", "authors", "author":
			low := strings.ToLower(h.Value + " " + h.Fact.Scope + " " + h.File.Path)
			return mentionsAny(low, "user", "account", "member", "customer", "usuario", "auth")
		case "":
			low := strings.ToLower(h.Fact.Scope + " " + path.Base(h.File.Path))
			return mentionsAny(low, "user", "account", "member", "usuario", "auth.", "regist", "signup") && strings.Trim(h.Value, "/") == ""
		}
		return false
	})
}

// asksRole reports whether a route that makes accounts is for people with a role: a guard stands on its line or at its handler, which is the function that
// follows or one of the file that is named for making something.
func asksRole(route facts.Hit) bool {
	var roles, makers []facts.Fact
	for _, f := range route.File.Facts.Facts {
		switch {
		case f.Kind == facts.KindRole && (f.Scope == "enforced" || f.Scope == "" && f.Name != "role check"):
			roles = append(roles, f)
		case f.Kind == facts.KindFunction && f.Line >= route.Line && f.Line-route.Line <= 4:
			f.Line = route.Line - 1 // with the annotations above
			makers = append(makers, f)
		case f.Kind == facts.KindFunction && slices.ContainsFunc([]string{"create", "add", "store", "save", "post"}, func(w string) bool { return strings.HasPrefix(strings.ToLower(f.Name), w) }):
			makers = append(makers, f)
		}
	}
	return slices.ContainsFunc(roles, func(r facts.Fact) bool {
		return r.Line == route.Line || slices.ContainsFunc(makers, func(m facts.Fact) bool { return r.Line >= m.Line && r.Line <= m.LastLine() })
	})
}

// mentionsAny reports whether s has one of the texts.
func mentionsAny(s string, texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(s, t) {
			return true
		}
	}
	return false
}

// phpPages are scripts of plain PHP that take a credential and are named for what they do.
func phpPages(in *Input, is func(string) bool) []facts.Hit {
	return where(serverHits(in, facts.KindCredential, ""), func(h facts.Hit) bool {
		return h.File.Lang() == lex.PHP && is(letters(strings.TrimSuffix(h.File.Base(), ".php")))
	})
}

func loginPage(s string) bool {
	return strings.Contains(s, "login") || strings.Contains(s, "signin") || strings.Contains(s, "connexion")
}

func signupPage(s string) bool {
	return strings.Contains(s, "register") || strings.Contains(s, "signup") || strings.Contains(s, "registration") || strings.Contains(s, "inscription") || strings.Contains(s, "cadastro") || strings.Contains(s, "registro")
}
