package facts

import (
	"bytes"
	"strings"

	"milepost/rules/lex"
)

// literalScanner finds names of secrets that are given a literal.
var literalScanner = scanner{
	langs: anyLanguage, view: Text,
	triggers: []string{"secret", "SECRET", "Secret", "password", "PASSWORD", "Password", "passwd", "PASSWD", "signingKey", "signing_key", "SigningKey", "SIGNING_KEY", "JWT_KEY", "jwtKey", "jwt_key", "JwtKey", "DB_PASS", "db_pass", "dbPass", "Pwd=", "pwd=", "PWD=", "APP_KEY", "\"Key\"", "\"key\"", "secret-key", "tokenKey", "TOKEN_KEY", "TokenKey", "wtPrivateKey", "WT_PRIVATE_KEY", "wt_private_key"},
	scan:     scanLiteral,
}

// callScanner finds keys and passwords that are handed to a call as a literal.
var callScanner = scanner{
	triggers: []string{"jwt.sign(", "jwt.verify(", "jwt.encode(", "jwt.decode(", "JWT.encode(", "JWT.decode(", ".signWith(", ".setSigningKey(", ".HMAC256(", ".HMAC512(", "SymmetricSecurityKey(", ".SignedString(", "hmacShaKeyFor(", "cookieParser(", "NewCookieStore(", "mysqli_connect(", "new mysqli(", "new PDO(", "DriverManager.getConnection("},
	scan:     scanSecretCall,
}

// addressScanner finds addresses of databases that hold a password.
var addressScanner = scanner{
	langs: anyLanguage, view: Text,
	triggers: []string{"postgres://", "postgresql://", "mysql://", "mongodb://", "mongodb+srv://", "redis://", "amqp://", "+psycopg2://", "+pymysql://", "+asyncpg://", "+psycopg://", "+mysqlconnector://", "+aiomysql://"},
	scan:     scanAddress,
}

// sourceNameScanner finds the data source names of Go's MySQL driver that hold a password: user:password@tcp(host:port)/name.
var sourceNameScanner = scanner{langs: anyLanguage, view: Text, triggers: []string{"@tcp("}, scan: scanSourceName}

func scanSourceName(s *Source, off int) {
	start := off
	for start > 0 && off-start < 120 && strings.IndexByte("\r\n\"'`", s.Raw[start-1]) < 0 {
		start--
	}
	text := string(s.Raw[start:off])
	text = text[strings.LastIndexByte(text, '=')+1:] // NAME=user:password@tcp(host) of settings
	user, password, found := strings.Cut(text, ":")
	if !found || user == "" || reference(password) || strings.Contains(password, "%") || stockPassword(password) || placeholderSecret(password) || s.inComment(off) {
		return
	}
	s.Emit(Fact{Kind: KindSecret, Name: "password", Value: "data source name", Line: s.LineOf(off)})
}

func scanAddress(s *Source, off int) {
	end := off
	for end < len(s.Raw) && end-off < 300 && strings.IndexByte(" \t\r\n\"'`<>,", s.Raw[end]) < 0 {
		end++
	}
	if address := string(s.Raw[off:end]); credentialed(address) && (!s.inComment(off) || remote(address)) {
		s.Emit(Fact{Kind: KindSecret, Name: "password", Value: "database address", Line: s.LineOf(off)})
	}
}

// remote reports whether an address leads to a machine of a hosting service by its full name: a password for it opens something, even where the line is
// commented out.
func remote(address string) bool {
	host := address[strings.LastIndexByte(address, '@')+1:]
	if i := strings.IndexAny(host, ":/?)"); i >= 0 {
		host = host[:i]
	}
	return strings.Count(host, ".") >= 2 && strings.Trim(host, "0123456789.") != "" && !strings.Contains(host, "example.")
}

// inComment reports whether an offset lies in a comment.
func (s *Source) inComment(off int) bool { return off < len(s.Comments) && s.Comments[off] != ' ' }

// secretName tells what a name holds: "signing-key", "password", or "" when it is no secret's name.
func secretName(name string) string {
	low := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == '_' || r == '-' || r == '.' || r == ':' || r == ' ':
			return -1
		}
		return r
	}, name)
	if !strings.Contains(low, "secret") && !strings.Contains(low, "pass") && !strings.Contains(low, "pwd") && !strings.Contains(low, "key") {
		return ""
	}
	for _, no := range []string{"passwordhash", "hashedpassword", "passwordreset", "resetpassword", "forgot", "confirm", "passwordfield", "passwordinput", "passwordencoder", "placeholder", "label", "error", "message", "regex", "pattern", "length", "policy", "validator", "public", "path", "file", "url", "expir", "algorithm", "version", "manager", "clientid", "csrf", "xsrf", "storage", "header", "emptypassword", "randomrootpassword"} {
		if strings.Contains(low, no) {
			return ""
		}
	}
	for _, w := range []string{"secretkey", "jwtsecret", "jwtkey", "secretkeybase", "signingkey", "signkey", "tokensecret", "tokenkey", "jwtprivatekey", "sessionsecret", "cookiesecret", "accesssecret", "refreshsecret", "authsecret", "appsecret", "appkey", "hmacsecret", "hmackey", "secrettoken"} {
		if strings.Contains(low, w) {
			if strings.Contains(low, "client") || strings.Contains(low, "aws") || strings.Contains(low, "access") && strings.Contains(low, "secretkey") {
				return "password"
			}
			return "signing-key"
		}
	}
	switch {
	case low == "secret" || strings.HasSuffix(low, "secret") && !strings.Contains(low, "client") && !strings.Contains(low, "api"):
		return "signing-key"
	case strings.HasSuffix(low, "secret"), strings.HasSuffix(low, "secretaccesskey"):
		return "password"
	case strings.HasSuffix(low, "password"), strings.HasSuffix(low, "passwd"), strings.HasSuffix(low, "pwd"), strings.HasSuffix(low, "dbpass"), strings.HasSuffix(low, "emailpass"), strings.HasSuffix(low, "smtppass"), strings.HasSuffix(low, "mailpass"):
		return "password"
	}
	return ""
}

// stockPassword tells words that stand for a password until somebody sets one.
func stockPassword(v string) bool {
	switch strings.ToLower(v) {
	case "", "password", "passwd", "pass", "admin", "root", "postgres", "postgresql", "mysql", "changeme", "change_me", "change-me", "secret", "test", "example", "guest", "user", "sa", "default", "toor", "none", "null", "true", "false", "string", "username":
		return true
	}
	return false
}

// placeholderSecret tells a value that says that it stands for one.
func placeholderSecret(v string) bool {
	low := strings.ToLower(v)
	for _, w := range []string{"your", "change", "placeholder", "replace", "xxx", "***", "todo", "insert", "example", "<", "...", "put_", "put-", "enter", "dummy", "fill", "set_me", "set-me", "default", "redacted", "não", "sua_", "seu_", "tu_"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// reference tells a value that is taken from somewhere else.
func reference(v string) bool {
	if strings.HasPrefix(v, "$") || strings.Contains(v, "${") || strings.Contains(v, "{{") || strings.Contains(v, "<%") || strings.Contains(v, "%env") || strings.HasPrefix(v, "%") || strings.HasPrefix(v, "@") ||
		strings.HasPrefix(v, "/run/secrets") || strings.Contains(v, "$(") || strings.HasPrefix(v, "!") || strings.HasPrefix(v, "*") || strings.HasPrefix(v, "&") || strings.HasPrefix(v, "{") || strings.HasPrefix(v, "[") || strings.HasPrefix(v, "#") || v == "|" || v == ">" || v == "|-" {
		return true
	}
	low := strings.ToLower(v)
	for _, w := range []string{"process.env", "getenv", "environ", "env(", "env[", "env.", "config.", "secrets.", "settings."} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// templated tells a string literal that is filled in when the program runs.
func templated(v string) bool {
	if len(v) > 1 && v[0] == '$' && (alnum(v[1]) || v[1] == '_') {
		return true
	}
	for _, m := range []string{"${", "{{", "<%", "#{", "process.env", "%s"} {
		if strings.Contains(v, m) {
			return true
		}
	}
	return false
}

// wordy tells a literal that speaks to a person, or names something, and opens nothing.
func wordy(v string) bool {
	low := strings.ToLower(v)
	for _, w := range []string{"required", "invalid", "must ", "missing", "not set", "please", "incorrect", "does not", "don't", "cannot", "failed", "wrong", "should ", "at least", "password is", "enter ", "secret key is"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	if v == strings.ToUpper(v) && strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" && strings.ContainsAny(v, "_") {
		return true // the name of a variable
	}
	switch low {
	case "secret-key", "string", "hs256", "hs512", "hs384", "rs256", "utf-8", "utf8", "hex", "base64", "text", "password", "bearer":
		return low != "password"
	}
	return strings.Contains(v, ".") && strings.Trim(low, "abcdefghijklmnopqrstuvwxyz.-_") == "" && strings.Contains(low, "secret") && strings.Contains(low, "jwt")
}

// configLanguage tells files of settings, where values need no quotes.
func configLanguage(s *Source) bool {
	switch s.Lang {
	case lex.YAML, lex.Properties, lex.INI, lex.TOML, lex.Dockerfile, lex.HCL:
		return true
	default:
		return false
	}
}

// maxLiterals is how many names of one file are looked at, so that a file made of them costs milliseconds.
const maxLiterals = 1000

// assigns reports whether what follows a name may give it a value.
func assigns(rest []byte) bool {
	quoted := false
	for i, c := range rest {
		switch c {
		case '"', '\'', '`', ']':
			quoted = true
		case ' ', '\t', '!':
		case ')':
			quoted = true
		case '=', ':', '|', '?':
			return true
		case ',':
			return quoted
		case 'o':
			return bytes.HasPrefix(rest[i:], []byte("or "))
		default:
			return len(rest) > 1 && rest[0] == ' ' && i == 1 // ENV NAME value
		}
	}
	return false
}

func nameByte(b byte) bool { return alnum(b) || b == '_' || b == '-' || b == '.' }

// defaultless reports whether the name in [start, end) stands in an interpolation without a default: ${NAME:-} or ${NAME:}.
func (s *Source) defaultless(start, end int) bool {
	if start < 2 || s.Raw[start-1] != '{' || s.Raw[start-2] != '$' {
		return false
	}
	rest := s.Between(Text, end, end+3)
	return bytes.HasPrefix(bytes.TrimLeft(rest, ":-?"), []byte("}"))
}

// scanLiteral looks at the name around off and at what is assigned to it on the same line.
func scanLiteral(s *Source, off int) { //nolint:funlen,gocognit // a list of exceptions, each a few lines
	switch s.Lang {
	case lex.Markdown, lex.HTML, lex.CSS, lex.SQL, lex.ERB, lex.EJS, lex.GraphQL, lex.Makefile:
		return
	case lex.JSON:
	default:
		if bytes.HasPrefix(s.Raw[off:], []byte(`"key"`)) {
			return // a word of every map
		}
	}
	if isEnvFile("", strings.ToLower(s.Path[strings.LastIndexByte(s.Path, '/')+1:])) {
		return
	}
	start, end := off, off
	if s.Raw[off] == '"' {
		start, end = off+1, off+1
	}
	for start > 0 && off-start < 60 && nameByte(s.Raw[start-1]) {
		start--
	}
	for end < len(s.Raw) && end-off < 60 && nameByte(s.Raw[end]) {
		end++
	}
	name := strings.Trim(string(s.Raw[start:end]), "-.")
	if s.inComment(start) || start > 0 && s.Raw[start] == '-' {
		return
	}
	if in := s.Between(Strings, start, start+1); len(in) == 1 && in[0] != ' ' && start > 0 && strings.IndexByte("\"'`", s.Raw[start-1]) < 0 && !connectionString(s, start, end, s.LineEnd(off, 0)) {
		return // a word of a longer text
	}
	if !assigns(s.Raw[end:min(len(s.Raw), end+40)]) && !settingCall(s, string(s.Between(Code, start-10, start))) || s.defaultless(start, end) {
		return
	}
	tries := countKey{KindSecret, "tries"}
	if s.counts[tries] > maxLiterals {
		return
	}
	s.counts[tries]++
	// A name is judged by the last trigger in it, so that it is judged once.
	if rest := string(s.Raw[min(off+3, end):end]); secretName(rest) != "" && s.Raw[off] != '"' {
		return
	}
	sort := secretName(lastPart(name))
	if sort == "" {
		sort = secretName(name)
	}
	if sort == "" && s.Raw[off] == '"' && keyOfTokens(s, name, start) {
		sort, name = "signing-key", "Jwt:Key"
	}
	if sort == "" {
		return
	}
	lineEnd := s.LineEnd(off, 0)
	if connectionString(s, start, end, lineEnd) {
		value, _, ok := connectionValue(strings.TrimPrefix(strings.TrimLeft(string(s.Raw[end:min(lineEnd, end+300)]), " "), "="))
		if ok && sort == "password" && !reference(value) && !stockPassword(value) && !placeholderSecret(value) {
			s.Emit(Fact{Kind: KindSecret, Name: sort, Value: "connection string", Line: s.LineOf(off)})
		}
		return
	}
	value, fallback, ok := assigned(s, start, end, s.literalEnd(start, end, min(lineEnd, end+300)))
	settings := configLanguage(s) || s.Lang == lex.JSON
	if settings && (s.baseHas("custom-environment-variables") || versionOf(s, value)) {
		return // names of variables, versions of packages
	}
	if !ok || settings && reference(value) || !settings && (templated(value) || wordy(value) || strings.Contains(strings.ToLower(name), "tokenkey") || strings.Contains(strings.ToLower(name), "token_key")) {
		return
	}
	scope := ""
	if fallback {
		scope = "fallback"
	}
	if letters(value) == letters(lastPart(name)) && strings.Trim(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-") == "" && len(value) > 8 && !settings {
		return // a name given to itself: SHARED_SECRET = "shared-secret"
	}
	if sort == "signing-key" { //nolint:nestif // the exceptions of one sort
		if strings.EqualFold(name, "app_key") && !strings.HasPrefix(value, "base64:") {
			return
		}
		soft := fallback || composeLike(s)
		if value == "" || soft && placeholderSecret(value) || len(value) < 3 || strings.Trim(value, "*•x") == "" {
			return
		}
		if low := strings.ToLower(name); low == "secret" || strings.HasSuffix(low, ".secret") {
			scope = strings.TrimSpace("plain " + scope)
			if strings.ContainsAny(value, "/") && strings.HasPrefix(value, "/") {
				return
			}
		}
	} else {
		if stockPassword(value) || placeholderSecret(value) {
			return
		}
		if !configLanguage(s) && !qualified(name) && !opensDatabase(s, off) {
			return
		}
	}
	s.Emit(Fact{Kind: KindSecret, Name: sort, Value: name, Scope: scope, Line: s.LineOf(off)})
}

// baseHas reports whether the file's own name begins so.
func (s *Source) baseHas(start string) bool {
	return strings.HasPrefix(s.Path[strings.LastIndexByte(s.Path, '/')+1:], start)
}

// versionOf reports whether a value is the version of a package whose name speaks of passwords or keys, in a manifest or a lock file.
func versionOf(s *Source, value string) bool {
	switch s.Path[strings.LastIndexByte(s.Path, '/')+1:] {
	case "package.json", "package-lock.json", "composer.json", "bower.json", "pnpm-lock.yaml", "pubspec.yaml", "Cargo.toml", "pyproject.toml", "Pipfile", "libs.versions.toml", "gradle.properties":
	default:
		return false
	}
	number := strings.TrimLeft(value, "^~>=<v! ")
	return number == "*" || number == "latest" || number != "" && number[0] >= '0' && number[0] <= '9' && strings.ContainsAny(number, ".*")
}

// letters are the letters of a name in lower case.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		if r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, name)
}

func lastPart(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// composeLike tells files whose values are defaults for a developer's machine.
func composeLike(s *Source) bool {
	base := strings.ToLower(s.Path[strings.LastIndexByte(s.Path, '/')+1:])
	return strings.Contains(base, "compose") || s.Lang == lex.Dockerfile
}

// qualified tells a password's name that says what it opens.
func qualified(name string) bool {
	low := strings.ToLower(name)
	for _, w := range []string{"db", "database", "postgres", "mysql", "mongo", "redis", "smtp", "mail", "datasource", "sql", "root_", "rabbit"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return strings.HasSuffix(low, "secret") || strings.HasSuffix(low, "pwd") && low != "pwd"
}

// opensDatabase reports whether a database or mail server is spoken of around off.
func opensDatabase(s *Source, off int) bool {
	line := s.LineOf(off)
	from := s.starts[max(0, line-8)]
	around := s.Between(Text, from, s.LineEnd(off, 6))
	if len(around) > 4000 {
		return false
	}
	around = bytes.ToLower(around)
	if bytes.Contains(around, []byte("client:")) && bytes.Contains(around, []byte("connection:")) {
		return true // Knex
	}
	host := bytes.Contains(around, []byte("host")) || bytes.Contains(around, []byte("server"))
	for _, w := range []string{"mysqli", "pdo", "createconnection", "createpool", "sequelize", "datasource", "dialect", "mysql.connector", "psycopg", "pymysql", "drivermanager", "jdbc", "dbname", "nodemailer", "createtransport", "smtp", "typeormmodule", "database:"} {
		if bytes.Contains(around, []byte(w)) {
			return host || w != "database:"
		}
	}
	return false
}

// keyOfTokens reports whether "Key" at off, or "key" in a file of settings, is the key of the tokens that the object around it is about.
func keyOfTokens(s *Source, name string, off int) bool {
	if name != "Key" && (name != "key" || s.Lang != lex.JSON || !strings.Contains(strings.ToLower(baseOf(s.Path)), "settings")) {
		return false
	}
	return jwtAbove(s, off)
}

// jwtAbove reports whether the object that a JSON key stands in is about tokens.
func jwtAbove(s *Source, off int) bool {
	line := s.LineOf(off)
	above := strings.ToLower(string(s.Between(Text, max(s.starts[max(0, line-7)], off-2000), off)))
	i := strings.LastIndexByte(above, '{')
	if i < 0 {
		return false
	}
	head := above[strings.LastIndexByte(above[:i], '\n')+1 : i]
	if strings.TrimSpace(head) == "" && i > 1 { // the brace stands on a line of its own
		head = strings.TrimSpace(above[:i])
		head = head[strings.LastIndexByte(head, '\n')+1:]
	}
	return strings.Contains(head, "jwt") || strings.Contains(head, "token") || strings.Contains(head, "auth")
}

// assigned reads the literal that the name at [start, end) is given, up to limit. fallback says that it only stands in for a variable.
func assigned(s *Source, start, end, limit int) (value string, fallback, ok bool) {
	rest := string(s.Raw[end:limit])
	// The closing of a key: "name", ['name'], and a type: name: string =
	rest = strings.TrimLeft(rest, "\"'`]) \t!?")
	before := strings.TrimRight(string(s.Between(Text, start-40, start)), "\"'`")
	if strings.HasPrefix(rest, ",") {
		set := settingCall(s, before)
		if !environmentCall(before) && !set {
			return "", false, false
		}
		fallback = !set && !strings.HasSuffix(before, "define(")
		rest = strings.TrimLeft(rest[1:], " \t")
		rest = strings.TrimPrefix(strings.TrimPrefix(rest, "default="), "cast=str, default=")
		return literalOf(rest, fallback)
	}
	switch {
	case strings.HasPrefix(rest, ":="), strings.HasPrefix(rest, "=>"):
		rest = rest[2:]
	case strings.HasPrefix(rest, "==="), strings.HasPrefix(rest, "=="), strings.HasPrefix(rest, "!="), strings.HasPrefix(rest, "::"):
		return "", false, false
	case strings.HasPrefix(rest, "="):
		rest = rest[1:]
	case strings.HasPrefix(rest, ":") && bytes.HasSuffix(s.Between(Text, start-2, start), []byte("${")): // ${NAME:value}
		v, _, closed := strings.Cut(strings.TrimPrefix(rest[1:], "-"), "}")
		return v, true, closed && v != ""
	case strings.HasPrefix(rest, ":"):
		rest = rest[1:]
		if typed, after, found := strings.Cut(rest, "="); found && plainType(typed) {
			rest = after
		}
	case strings.HasPrefix(rest, "||"), strings.HasPrefix(rest, "??"), strings.HasPrefix(rest, "or "), strings.HasPrefix(rest, "?:"):
		return literalOf(strings.TrimLeft(rest[2:], " \t"), true)
	default:
		if s.Lang == lex.Dockerfile && strings.HasPrefix(string(s.Raw[end:limit]), " ") && bytes.HasPrefix(s.Raw[s.LineStart(start):], []byte("ENV ")) {
			return strings.TrimSpace(rest), false, rest != ""
		}
		return "", false, false
	}
	rest = strings.TrimLeft(rest, " \t")
	if configLanguage(s) || s.Lang == lex.JSON {
		return configValue(rest)
	}
	if v, _, ok := literalOf(rest, false); ok {
		return v, false, true
	}
	for _, op := range []string{"||", "??", " or ", "?:", "unwrap_or("} {
		if _, after, found := strings.Cut(rest, op); found {
			if v, _, ok := literalOf(strings.TrimLeft(after, " \t"), true); ok {
				return v, true, true
			}
		}
	}
	return wrapped(rest)
}

// literalEnd is where what may be assigned to the name at [start, end) ends, at most limit: a name at the start of a longer literal, "NAME=" + value, is
// assigned nothing by what stands behind the literal's closing quote.
func (s *Source) literalEnd(start, end, limit int) int {
	if in := s.Between(Strings, start, start+1); len(in) == 0 || in[0] == ' ' || configLanguage(s) || s.Lang == lex.JSON {
		return limit
	}
	rest := s.Between(Code, end, limit)
	if i := len(rest) - len(bytes.TrimLeft(rest, " \t")); i > 0 {
		return end + i
	}
	return limit // the name is the whole literal: a key, or the argument of a call
}

// connectionString reports whether name and value stand in one, between semicolons: "Server=x;Password=y;".
func connectionString(s *Source, start, end, lineEnd int) bool {
	rest := bytes.TrimLeft(s.Raw[end:lineEnd], " ")
	if len(rest) == 0 || rest[0] != '=' {
		return false
	}
	before := bytes.TrimRight(s.Between(Text, max(start-200, s.LineStart(start)), start), " ")
	if i := bytes.LastIndexAny(before, "\"'"); i >= 0 {
		before = before[i:]
	}
	return bytes.HasSuffix(before, []byte{';'}) && bytes.IndexByte(before, '=') >= 0
}

func plainType(t string) bool {
	switch strings.TrimSpace(t) {
	case "string", "str", "String", "String?", "bytes", "Optional[str]", "&str", "&'static str":
		return true
	}
	return false
}

// environmentCall reports whether a call that reads a variable, or defines a constant, is opened at the end of code.
func environmentCall(code string) bool {
	code = strings.TrimRight(code, " \t")
	for _, c := range []string{"env(", "Env(", "ENV(", "environ.get(", "config(", "fetch(", "OrDefault(", "env.get(", "env.str(", "define(", "lookup(", "config.get(", "configService.get("} {
		if strings.HasSuffix(code, c) {
			return true
		}
	}
	return false
}

// settingCall reports whether code ends with the call that gives an application a setting: set :name, of Sinatra, app.set('name', of Express.
func settingCall(s *Source, code string) bool {
	code = strings.TrimRight(code, " \t")
	return s.Lang == lex.Ruby && strings.HasSuffix(code, "set :") || (s.Lang == lex.JavaScript || s.Lang == lex.TypeScript) && strings.HasSuffix(code, "app.set(")
}

// literalOf reads a string literal at the start of code.
func literalOf(code string, fallback bool) (string, bool, bool) {
	code = strings.TrimLeft(code, "bruf")
	code = strings.TrimPrefix(code, "default=")
	if code == "" || strings.IndexByte("\"'`", code[0]) < 0 {
		return "", false, false
	}
	v, after, ok := strings.Cut(code[1:], code[:1])
	if !ok || strings.HasPrefix(strings.TrimLeft(after, " \t"), "+") || strings.HasPrefix(strings.TrimLeft(after, " \t"), "]") || strings.HasPrefix(strings.TrimLeft(after, " \t"), "%") {
		return "", false, false
	}
	return v, fallback, true
}

// wrapped reads a literal inside the calls that make bytes or a key of it.
func wrapped(code string) (string, bool, bool) {
	i := strings.IndexAny(code, "\"'`")
	if i < 0 || i > 80 {
		return "", false, false
	}
	head := code[:i]
	if !strings.HasSuffix(strings.TrimRight(head, "b@"), "(") {
		return "", false, false
	}
	for _, w := range []string{"[]byte(", "GetBytes(", "Buffer.from(", "hmacShaKeyFor(", "SecretStr(", "bytes(", "SecurityKey(", "Key::from_secret(", "String::from(", "String("} {
		if strings.HasSuffix(strings.TrimRight(head, "b@"), w) {
			return literalOf(code[i:], false)
		}
	}
	for _, c := range []string{"getenv(", "Getenv(", "environ.get(", "env("} { // NAME = getenv("NAME", "literal")
		if strings.HasSuffix(head, c) {
			_, after, ok := strings.Cut(code[i+1:], ",")
			if ok {
				return literalOf(strings.TrimLeft(after, " \t"), true)
			}
		}
	}
	return "", false, false
}

// connectionValue reads a value of a connection string, which ends with ";" or its quote.
func connectionValue(rest string) (string, bool, bool) {
	if i := strings.IndexAny(rest, ";\"'` \r\n&"); i >= 0 {
		rest = rest[:i]
	}
	return rest, false, rest != ""
}

// configValue reads a value of a settings file. ${NAME:value} and ${NAME:-value} are fallbacks.
func configValue(rest string) (string, bool, bool) {
	rest = strings.TrimRight(stripComment(rest), " \t\r,")
	rest = strings.Trim(rest, "\"'")
	if inner, ok := strings.CutPrefix(rest, "${"); ok {
		inner = strings.TrimSuffix(inner, "}")
		_, v, has := strings.Cut(inner, ":")
		v = strings.TrimPrefix(strings.TrimPrefix(v, "-"), "?")
		if has && v != "" && inner != rest[2:] && !strings.Contains(v, "${") {
			return v, true, true
		}
	}
	return rest, false, rest != ""
}

// scanSecretCall looks at the arguments of a call for a literal where the key or the password stands.
func scanSecretCall(s *Source, off int) {
	open := off + bytes.IndexByte(s.Raw[off:], '(')
	args := arguments(s, open)
	name := strings.TrimSpace(string(s.Raw[off:open]))
	from, sort := 1, "signing-key"
	switch {
	case strings.HasPrefix(name, ".set"), strings.HasPrefix(name, ".HMAC"), strings.HasPrefix(name, "Symmetric"), strings.HasPrefix(name, ".Signed"), strings.HasPrefix(name, "hmac"), name == "cookieParser", strings.HasPrefix(name, "NewCookie"):
		from = 0
	case strings.HasPrefix(name, ".signWith"):
		from = 0
	case strings.HasPrefix(name, "mysqli"), name == "new mysqli", name == "new PDO", strings.HasPrefix(name, "Driver"):
		from, sort = 2, "password"
	}
	for i, a := range args {
		if i < from || sort == "password" && i > from {
			continue
		}
		v, _, ok := literalOf(a, false)
		if !ok {
			if v, _, ok = wrapped(a); !ok || sort == "password" {
				continue
			}
		}
		if strings.HasPrefix(v, "HS") || strings.HasPrefix(v, "RS") || v == "" || wordy(v) || templated(v) || sort == "password" && (stockPassword(v) || placeholderSecret(v)) {
			continue
		}
		s.Emit(Fact{Kind: KindSecret, Name: sort, Value: strings.Trim(name, ". "), Line: s.LineOf(off)})
		return
	}
}

// arguments splits the arguments of the call opened at off, within 600 bytes.
func arguments(s *Source, open int) []string {
	code := s.Between(Code, open, open+600)
	var out []string
	depth, start := 0, 1
	for i, c := range code {
		switch c {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		}
		if depth == 0 || depth == 1 && c == ',' {
			out = append(out, strings.TrimSpace(string(s.Raw[open+start:open+i])))
			start = i + 1
		}
		if depth == 0 {
			return out
		}
	}
	return nil
}
