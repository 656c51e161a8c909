package facts

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"sync"

	"milepost/rules/lex"
)

// KindRole is a role or a permission that code asks for. Scope is "enforced" where it stands on a route (an annotation, a guard that is
// mounted), "check" where code compares it. Name says what was found.
const KindRole Kind = "role"

// KindRoleField is a role that a model or a table keeps.
const KindRoleField Kind = "role-field"

var roleScanners = []scanner{
	{langs: langs(lex.JavaScript, lex.TypeScript, lex.Go, lex.Python, lex.PHP, lex.Rust), triggers: []string{"Admin", "admin", "Role", "role", "Permission", "permission", "restrictTo", "authorize", "Authorize", "Superuser", "superuser", "permit(", "isSeller", "isInstructor", "isManager", "isModerator", "isTeacher", "isStaff", "checkAbilit"}, scan: guardMount},
	{langs: langs(lex.JavaScript, lex.TypeScript, lex.Go, lex.Python), view: Strings, triggers: []string{"admin", "Admin", "ADMIN", "moderator", "manager"}, scan: roleArgument},
	{triggers: []string{"role", "Role", "isAdmin", "is_admin", "IsAdmin", "is_staff", "is_superuser", "isSuperuser", "IsSuperuser", "admin?", "has_perm", "userType", "user_type", "accountType", "hasRole", "has_role", "isSuperAdmin", "is_seller", "access_level", "IsInRole", "is_moderator", "tipo_usuario"}, scan: roleCheck},
	{langs: inPHP(), view: Strings, triggers: []string{"role", "is_admin", "user_type", "usertype", "user_role", "admin", "level", "isAdmin"}, scan: roleOfArray},
}

var (
	routeCall = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?:\.(?:` + strings.Join(routeMethods, "|") + `)\s*\(|preHandler|onRequest|beforeHandle|middleware[sS]?\s*[:(=]|Depends\(|Security\(|dependencies\s*=|@UseGuards\(|canActivate|@login)`)
	})
	roleCompare = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)(?:\b|_|\.|->|\?\.)(?:user_?|account_?|current_?)?(?:role|roles|role_?name|type|rol|role_?id|access_?level|is_?(?:super_?)?(?:admin|user|staff|moderator|seller)|tipo_usuario)\b[\]"')(]*(?:\s*\.\s*(?:to_?(?:lower|upper)(?:case)?\(\)|value|name\(?\)?|code))?\s*(?:===?|!==?|<=|>=|<>|\bin\b|\bnot in\b|\.equals|\.includes\(|\.contains\(|\.some\(|\.include\?|\.indexOf\()`)
	})
	roleFlag = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?:\bif\b|\bunless\b|\belif\b|&&|\|\||\band\b|\bor\b|\bnot\b|\breturn\b|\bassert\b|\?|\babort\b|\bwhen\b|\blambda\b|!).*(?:[.>:?]|\b)(?:is_?(?:[sS]uper_?)?[aA]dmin\b|is_staff\b|is_superuser\b|IsAdmin\b|admin\?|has_role\?|hasRole\(|has_perm\w*\(|IsInRole\(|is_seller\b|is_moderator\b|superadmin\?)`)
	})
	claimedRole = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?:^|[^.\w])(?:req\.body\.)?role\s*[!=]==?\s*\w+\??\.role\b|\.role\s*[!=]==?\s*(?:req\.body\.)?role\b`)
	})
	includesRole = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)\b(?:roles?|allowed\w*|permitted\w*|rolesArray)\b\.?(?:\w+)?[.]?(?:includes|contains|indexOf|some|has|include\?)\s*\(\s*[\w.?$\[\]]*role`)
	})
)

// routeMethods are calls that are given a route's handlers, and routeMarks what stands in every other match of routeCall.
var (
	routeMethods = []string{"get", "post", "put", "patch", "delete", "all", "use", "route", "GET", "POST", "PUT", "PATCH", "DELETE", "Use", "Group", "With", "Get", "Post", "Put", "Patch", "Delete", "Handle", "HandleFunc", "Method", "layer", "route_layer", "wrap"}
	routeMarks   = [][]byte{[]byte("preHandler"), []byte("onRequest"), []byte("beforeHandle"), []byte("middleware"), []byte("Depends("), []byte("Security("), []byte("dependencies"), []byte("@UseGuards("), []byte("canActivate"), []byte("@login")}
)

// routeCalls is where code gives a route its handlers. The expression is tried only where a mark or the call of a method stands, for it costs
// a hundred times as much as to tell that.
func routeCalls(code []byte) [][]int {
	if !slices.ContainsFunc(routeMarks, func(m []byte) bool { return bytes.Contains(code, m) }) && !callsRoute(code) {
		return nil
	}
	return routeCall().FindAllIndex(code, -1)
}

func callsRoute(code []byte) bool {
	for {
		dot := bytes.IndexByte(code, '.')
		if dot < 0 {
			return false
		}
		code = code[dot+1:]
		end := 0
		for end < len(code) && identifier(code[end]) {
			end++
		}
		if rest := bytes.TrimLeft(code[end:], " \t\n\f\r"); len(rest) > 0 && rest[0] == '(' && slices.Contains(routeMethods, string(code[:end])) {
			return true
		}
	}
}

// What the name of a guard is made of: perhaps a verb, what is asked for, perhaps what kind of thing the guard is (isAdmin, require_role,
// current_active_superuser, adminOnly). All in lower case; some words begin like others, so that each is tried.
var (
	guardVerbs = []string{"", "is", "require", "requires", "check", "verify", "ensure", "only", "must", "has", "have", "need", "needs", "allow", "permit", "validate", "authorize", "authorise", "auth",
		"current_", "get_current_", "current_active_", "get_current_active_", "restrict", "with", "by", "for", "user", "protect", "middleware"}
	guardArticles = []string{"", "a_", "an_", "any_"}
	guardNouns    = []string{"admin", "role", "roles", "permission", "permissions", "superuser", "manager", "moderator", "seller", "instructor", "teacher", "staff"}
	guardEndings  = []string{"", "s", "only", "_only", "auth", "_auth", "middleware", "_middleware", "guard", "_guard", "check", "_check", "checker", "required", "_required", "user", "_user", "access", "route", "_route", "handler"}
	// guardNames are further ones that frameworks and their courses use.
	guardNames = []string{"authorizeRoles", "restrictTo", "authorize", "authorise", "permit", "checkAbility", "checkAbilities", "authAdmin", "adminProtect", "verifyAdminToken", "authPage", "authRole", "allowedRoles", "verifyRoles",
		"allowRoles", "roleMiddleware", "authenticateAdmin", "checkIsAdmin", "checkIfAdmin", "isUserAdmin"}
)

// guardName reports whether a function of such a name asks for a role or a permission.
func guardName(name string) bool {
	if slices.Contains(guardNames, name) || strings.HasPrefix(name, "verifyTokenAndAdmin") || strings.HasPrefix(name, "protectAdmin") ||
		strings.HasPrefix(name, "isAuthorized") && strings.Contains(name, "Admin") {
		return true
	}
	name = strings.ToLower(name)
	for _, verb := range guardVerbs {
		rest, ok := strings.CutPrefix(name, verb)
		if !ok {
			continue
		}
		rest = strings.TrimPrefix(rest, "_")
		for _, article := range guardArticles {
			if what, ok := strings.CutPrefix(rest, article); ok && (guardNoun(what) || guardNoun(strings.TrimPrefix(what, "super"))) {
				return true
			}
		}
	}
	return false
}

// guardNoun reports whether a name in lower case is what a guard asks for, and perhaps an ending.
func guardNoun(name string) bool {
	return slices.ContainsFunc(guardNouns, func(noun string) bool {
		ending, ok := strings.CutPrefix(name, noun)
		if !ok {
			return false
		}
		or, isOr := strings.CutPrefix(strings.TrimPrefix(ending, "_"), "or") // adminOrOwner, admin_or_owner
		return slices.Contains(guardEndings, ending) || strings.HasPrefix(ending, "based") || isOr && or != ""
	})
}

// guardMount notes a guard that a route or a router is given.
func guardMount(s *Source, off int) {
	if s.emitted(KindRole) >= maxFactsPerKind {
		return
	}
	start := off
	for start > 0 && identifier(s.Raw[start-1]) {
		start--
	}
	end := off
	for end < len(s.Raw) && identifier(s.Raw[end]) && end-start < 60 {
		end++
	}
	name := string(s.Code[start:end])
	next := strings.TrimLeft(string(s.Between(Code, end, end+3)), " ")
	lower := strings.ToLower(name)
	if start > 0 && s.Raw[start-1] == '.' && strings.HasSuffix(strings.ToLower(s.receiver(start-1)), "role") && !strings.HasPrefix(next, ".") {
		roleGiven(s, start-1-len(s.receiver(start-1))) // auth(USER_ROLE.admin)
		return
	}
	if aloneValue(s, lower, next, start) || start > 0 && s.Raw[start-1] == ':' || !guardName(name) {
		return
	}
	line := strings.TrimSpace(s.line(Code, off))
	for _, p := range []string{"import ", "from ", "export ", "function ", "async function", "class ", "def ", "func ", "async def", "use ", "pub ", "module.exports", "@property", "//"} {
		if strings.HasPrefix(line, p) && !(s.Lang == lex.Python && strings.Contains(line, "Depends(")) {
			return
		}
	}
	from := max(0, start-260)
	before := s.Code[from:start]
	if i := bytes.LastIndexAny(before, ";{}"); i >= 0 && before[i] != '{' && before[i] != '}' {
		before = before[i:]
	}
	loc := routeCalls(before)
	if loc == nil {
		// A decorator of one's own.
		if start > 0 && s.Raw[start-1] == '@' {
			s.Emit(Fact{Kind: KindRole, Name: "guard " + name, Value: s.excerpt(off), Scope: "enforced", Line: s.LineOf(off)})
		}
		return
	}
	between := string(before[loc[len(loc)-1][1]:])
	if strings.Contains(between, "=>") || strings.Contains(between, "function") || strings.Contains(between, "await ") || strings.Contains(between, "return ") || strings.Count(between, "\n") > 6 {
		return
	}
	if start > 0 && s.Raw[start-1] == '.' && s.Lang == lex.JavaScript && strings.HasPrefix(next, ".") {
		return
	}
	s.Emit(Fact{Kind: KindRole, Name: "guard " + name, Value: s.excerpt(off), Scope: "enforced", Line: s.LineOf(off)})
}

// roleArgument notes a role that is written out as an argument of a call on a route: Authorization([]string{"admin"}), auth("admin").
func roleArgument(s *Source, off int) {
	end := off
	for end < len(s.Raw) && identifier(s.Raw[end]) && end-off < 20 {
		end++
	}
	if off == 0 || end >= len(s.Raw) || strings.IndexByte("\"'`", s.Raw[off-1]) < 0 || s.Raw[end] != s.Raw[off-1] {
		return
	}
	roleGiven(s, off-1)
}

// roleGiven notes the call among whose arguments a role stands, if its name says that it lets people pass and a route is given it.
func roleGiven(s *Source, arg int) {
	from := max(0, arg-120)
	open := bytes.LastIndexByte(s.Code[from:arg], '(')
	if open < 0 || strings.Trim(strings.NewReplacer("[]string{", "", "string", "").Replace(string(s.Code[from+open+1:arg])), " \t\r\n,[\"'`") != "" {
		return
	}
	open += from
	start := open
	for start > 0 && identifier(s.Raw[start-1]) {
		start--
	}
	name := string(s.Code[start:open])
	if !containsAny(strings.ToLower(name), "auth", "role", "perm", "guard", "protect", "allow", "restrict", "access", "verifytoken", "verifyuser", "checkuser", "only") || s.receiver(start) == "passport." {
		return
	}
	before := s.Code[max(0, start-260):start]
	if i := bytes.LastIndexByte(before, ';'); i >= 0 {
		before = before[i:]
	}
	loc := routeCalls(before)
	if loc == nil {
		return
	}
	between := string(before[loc[len(loc)-1][1]:])
	if containsAny(between, "=>", "function", "await ", "return ") || strings.Count(between, "\n") > 6 {
		return
	}
	s.Emit(Fact{Kind: KindRole, Name: "guard " + name, Value: s.excerpt(arg), Scope: "enforced", Line: s.LineOf(arg)})
}

// aloneValue tells a word that is a value when it stands alone and makes a guard only when it is called.
func aloneValue(s *Source, lower, next string, start int) bool {
	switch lower {
	case "admin":
		// Python, PHP and Rust name modules and values so.
		return s.Lang == lex.Python || s.Lang == lex.PHP || s.Lang == lex.Rust || strings.HasPrefix(next, ".") || strings.HasPrefix(next, ":") ||
			strings.HasPrefix(next, "(") || start > 0 && (s.Raw[start-1] == '.' || s.Raw[start-1] == '>')
	case "role", "roles", "permission", "permissions", "staff", "manager", "seller", "teacher", "user_role", "userrole", "instructor", "moderator", "authorize", "authorise", "permit":
		return !strings.HasPrefix(next, "(") || start > 0 && (s.Raw[start-1] == '.' || s.Raw[start-1] == '>')
	}
	return false
}

// roleCheck notes a comparison of a role.
func roleCheck(s *Source, off int) {
	if s.emitted(KindRole) >= maxFactsPerKind || s.said(KindRole, "role check", s.LineOf(off)) {
		return
	}
	line := s.line(Code, off)
	// Most lines that name a role compare nothing; the expressions below are dear.
	if !containsAny(line, "==", "!=", "if", "unless", " in ", "equals", "Equals", "ncludes", "ontains", "nclude?", "ndexOf", "some(", "return", "&&", "||", "<=", ">=", "<>", " and ", " or ", " not ", "when ", "assert", "?", "!", "has(") {
		return
	}
	text := strings.ToLower(s.line(Text, off))
	if containsAny(text, "message.role", "msg.role", "assistant", "'system'", "\"system\"", "aria", "getbyrole", "m.role", "[role=", "accountrole", "schema", "models.", "column(", "field(", "def is_admin", "def admin?", "enum ") && !containsAny(text, "req.user", "current_user", "currentuser") {
		return
	}
	if containsAny(text, ".where(", ".filter(", "filter_by(", "findone", ".find(", "select(", "query(") && !strings.Contains(text, "if ") {
		return // a look-up by role
	}
	if !roleCompare().MatchString(line) && !roleFlag().MatchString(line) && !includesRole().MatchString(line) {
		return
	}
	low := strings.ToLower(line)
	if !containsAny(low, "role", "admin", "staff", "superuser", "perm", "usertype", "user_type", "accounttype", "access_level", "seller", "moderator", "tipo_usuario") {
		return
	}
	if containsAny(low, "isadmin:", "isadmin :", "is_admin:", "is_admin\":") && !containsAny(low, "if (", "if(", "if !", "if not") {
		return // a field of an answer
	}
	if s.mentions("query.admin", "query.isAdmin", "query.role") && !strings.Contains(low, "user") {
		return // a flag that the address claims
	}
	if claimedRole().MatchString(line) && s.mentions("role } = req.body", "role} = req.body", "role = req.body", ".body.role") {
		return // a log-in form that asks for the role too
	}
	if containsAny(low, "typeof", "== null", "=== null", "=== undefined", "is none", "== nil", "role.find", "roles.find", "isnullor", "== nullptr") && !containsAny(low, "&&", "||") {
		return
	}
	s.Emit(Fact{Kind: KindRole, Name: "role check", Value: s.excerpt(off), Scope: "check", Line: s.LineOf(off)})
}

// roleOfArray notes a comparison of a role that PHP keeps in an array, mostly the session.
func roleOfArray(s *Source, off int) {
	line := s.line(Text, off)
	if !containsAny(line, "$_SESSION[", "$user[", "$row[", "$currentUser[") || !containsAny(line, "==", "!=", "in_array(", "if (", "if(") {
		return
	}
	if i := off - 1; i < 0 || s.Raw[i] != '\'' && s.Raw[i] != '"' {
		return
	}
	head := string(s.Between(Text, max(s.LineStart(off), off-30), off))
	if !strings.Contains(head, "[") {
		return
	}
	s.Emit(Fact{Kind: KindRole, Name: "role check", Value: s.excerpt(off), Scope: "check", Line: s.LineOf(off)})
}

func roleMarks() []nameMark {
	m := func(name string, ls langSet, view View, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindRole, name: name, langs: ls, view: view, lits: lits, when: when}
	}
	uses := func(s *Source, off, n int) bool {
		line := strings.TrimSpace(s.line(Code, off))
		return notImport(s, off, n) && !strings.HasPrefix(line, "def ") && !strings.HasPrefix(line, "class "+string(s.Between(Text, off, off+n))) && !strings.HasPrefix(line, "export ")
	}
	out := []nameMark{
		{kind: KindRoleField, name: "role of a model", lits: "role|Role|roles|isAdmin|is_admin|rol_user", when: func(s *Source, _, _ int) bool {
			return s.mentions("Schema(", "Column", "DataTypes", "models.", "@Entity", "create_table", "Blueprint", "gorm:", "DbSet")
		}},
		{kind: KindRoleField, name: "role of a table", langs: langs(lex.SQL), lits: "role|rol_user|is_admin|user_type|ROLE"},
		m("roles decorator", inJS(), Code, "@Roles(|@RolesAllowed(|@HasRoles(|@Role(|@Permissions(|@RequirePermissions(|@RequireRoles(|@CheckPolicies(|@CheckAbilities(|@HasRole(|@Auth(|@Authorized([|@Authorized(|@AccessRoles(|@RequirePermission(|@RequireRole(|@AuthRoles(", func(s *Source, off, n int) bool {
			rest := strings.TrimSpace(string(s.Between(Text, off+n, off+n+4)))
			return uses(s, off, n) && !strings.HasPrefix(rest, ")")
		}),
		m("roles guard", inJS(), Code, "@UseGuards(", lineHas("role", "admin", "permission", "polic", "abilit")),
		m("scope of a route", inJS(), Text, "scope: ['admin|scope: [\"admin|roles: ['admin|roles: [\"admin", fileMentions("hapi", "server.route", "adonis")),
		m("admin procedure", inJS(), Code, "adminProcedure", func(s *Source, off, n int) bool { return strings.Contains(s.line(Code, off), "adminProcedure.") }),

		m("permission", inPython(), Code, "permission_required|PermissionRequiredMixin|IsAdminUser|DjangoModelPermissions|DjangoModelPermissionsOrAnonReadOnly|DjangoObjectPermissions|user_passes_test|staff_member_required|UserPassesTestMixin|roles_required|roles_accepted|admin_required|role_required|permissions_required|superuser_required|group_required", uses),
		m("role dependency", inPython(), Code, "RoleChecker(|get_current_active_superuser|get_current_superuser|get_current_admin|get_admin_user|require_role|require_admin|admin_only|PermissionChecker(", func(s *Source, off, n int) bool {
			return uses(s, off, n) && containsAny(string(s.Between(Code, off-80, off+10)), "Depends", "@", "Security", "=", "Annotated")
		}),
		m("permission class", inPython(), Code, "permission_classes", lineHas("admin", "staff", "role", "manager", "moderator", "superuser", "hasperm", "djangomodel")),
		m("scopes", inPython(), Code, "Security(", lineHas("scopes=")),

		m("role annotation", inJVM(), Code, "@Secured|@RolesAllowed|@Secured(", notImport),
		m("role rule", inJVM(), Code, ".hasRole(|.hasAuthority(|.hasAnyRole(|.hasAnyAuthority(|.hasPermission(|AuthorityAuthorizationManager|::hasRole|@RequiresRoles|@RequiresPermissions|@SaCheckRole|@SaCheckPermission|hasRole(|hasAuthority(", func(s *Source, off, n int) bool {
			return notImport(s, off, n) && s.mentions("security", "shiro", "satoken", "authorizeHttpRequests", "hasRole", "hasAuthority") && !containsAny(s.line(Code, off), "fun ", "boolean hasRole", "boolean hasAuthority")
		}),

		m("role of a route", langs(lex.Kotlin), Code, "withRole(|withRoles(|withAnyRole(|withAllRoles(|requireRole(|requireRoles(|requireAnyRole(|rolesAllowed(|withPermission(|requirePermission(", func(s *Source, off, n int) bool {
			return uses(s, off, n) && s.mentions("io.ktor", "javalin") && !strings.Contains(s.line(Code, off), "fun ")
		}),

		m("policy", inDotNet(), Code, "RequireRole(|IsInRole(|[HasPermission(|[RequirePermission(|[AuthorizeRoles(|[RequiresClaim(", notImport),
		m("policy", inDotNet(), Code, "RequireClaim(", lineHas("role", "perm", "admin", "scope")),
		m("authorized roles", inDotNet(), Code, "[Authorize(|Authorize(", lineHas("roles", "policy", "admin")),
		m("policy of a route", inDotNet(), Code, "RequireAuthorization(", lineHas("\"", "role", "policy", "admin")),

		m("ability", inRuby(), Code, "load_and_authorize_resource|authorize_resource|authorize!|require_admin|admin_only|ensure_admin", func(s *Source, off, n int) bool { return !strings.Contains(s.line(Code, off), "def ") }),
		m("filter", inRuby(), Code, "before_action|before_filter", lineHas("admin", "role", "permission", "moderator", "staff")),

		m("role middleware", inPHP(), Text, "middleware(|'middleware'", func(s *Source, off, _ int) bool {
			end := s.LineEnd(off, 0)
			if s.Raw[off] != '\'' { // the names that are given to it; what follows on the line may name the route
				end = s.closing(off + len("middleware"))
			}
			given := strings.ToLower(string(s.Between(Text, off, end)))
			return !s.commented(off) && containsAny(given, "role", "admin", "permission", "'can:", "\"can:", "manager", "seller", "moderator") && !strings.Contains(s.line(Text, off), "function middleware")
		}),
		m("gate", inPHP(), Code, "Gate::allows(|Gate::denies(|Gate::authorize(|Gate::check(|Gate::any(|Gate::none(", func(s *Source, off, n int) bool {
			// A gate that is asked about nothing but the user depends on what the user is.
			given := string(s.Between(Code, off+n, s.closing(off+n-1)))
			return notImport(s, off, n) && !strings.Contains(given, "$") && (!strings.Contains(given, ",") || strings.HasPrefix(given, "["))
		}),
		m("granted role", inPHP(), Text, "IsGranted('ROLE_|IsGranted(\"ROLE_|isGranted('ROLE_|denyAccessUnlessGranted('ROLE_|denyAccessUnlessGranted(\"ROLE_|@Security(\"is_granted('ROLE_|isGranted(\"ROLE_", func(s *Source, off, _ int) bool {
			return !strings.HasPrefix(strings.TrimSpace(s.line(Text, off)), "//")
		}),
		m("role check", inPHP(), Code, "->hasRole(|->hasAnyRole(|->hasPermissionTo(|->hasPermission(|->isAdmin(|requireRole(|requireAdmin(|checkRole(|require_role(|require_admin(|checkAdmin(|isAdmin(", func(s *Source, off, n int) bool {
			return !strings.Contains(s.line(Code, off), "function ")
		}),
		{kind: KindRole, name: "access control", langs: langs(lex.YAML), view: Text, lits: "ROLE_ADMIN|ROLE_USER_ADMIN|ROLE_MANAGER", when: func(s *Source, off, _ int) bool {
			return !s.commented(off) && s.mentions("access_control:") && strings.Contains(s.line(Text, off), "path")
		}},
		m("role required", langs(lex.Rust), Code, ".validate_role(|.validate_role_admin(|.require_role(|.check_role(|.ensure_role(|.has_role(|.is_admin()|.ensure_admin(|.require_admin(|.has_permission(|.require_permission(", nil),
		m("role of a handler", langs(lex.Rust), Code, "AdminGuard|AdminUser|RequireAdmin|AdminOnly|AdminClaims|AuthAdmin|AdminAuth|IsAdmin|RequireRole<|RoleGuard<", func(s *Source, off, n int) bool { // an extractor among the arguments
			line := strings.TrimSpace(s.line(Code, off))
			return !containsAny(line, "struct ", "impl", "enum ", "use ", "let ", "Ok(", "Err(", "return ", "if ", "match ", "{") && strings.Contains(line, ": ") || strings.Contains(line, "fn ") && strings.Contains(line, ": "+string(s.Between(Text, off, off+n)))
		}),
		m("casbin", langSet{}, Code, ".Enforce(|enforcer.enforce(|e.Enforce(", func(s *Source, _, _ int) bool { return s.mentions("casbin") }),
		m("Guardian permissions", inElixir(), Code, "EnsureAdmin|RequireAdmin|:require_admin|EnsureRole|:admin_only", nil),
	}
	return append(out, nameMark{kind: KindRole, name: "expression", langs: inJVM(), view: Text, lits: "@PreAuthorize|@PostAuthorize", when: func(s *Source, off, _ int) bool {
		return !s.commented(off) && containsAny(s.line(Text, off), "hasRole", "hasAuthority", "hasAnyRole", "hasAnyAuthority", "hasPermission", "ROLE_")
	}})
}
