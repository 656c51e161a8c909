package facts

import (
	"slices"
	"strings"

	"milepost/rules/lex"
)

// Kinds of authentication and authorization. Name says what was found, in words fit for a note.
const (
	// KindPasswordHash is a call or a class that hashes passwords with a function made for it.
	KindPasswordHash Kind = "password-hash"
	// KindWeakHash is a password that a fast hash function hashes.
	KindWeakHash Kind = "weak-hash"
	// KindJWT issues or verifies a JSON Web Token.
	KindJWT Kind = "jwt"
	// KindSession uses a session: reads or writes it, or logs in by one.
	KindSession Kind = "session"
	// KindSessionCookie is a cookie that carries a session's id, in hand-made sessions.
	KindSessionCookie Kind = "session-cookie"
	// KindOAuth is a log-in through a provider.
	KindOAuth Kind = "oauth"
	// KindAuthModule is a framework's or provider's module that brings sign-up and log-in.
	KindAuthModule Kind = "auth-module"
	// KindLogin and KindSignup are handlers, routes or calls for the two. Scope is "route", "handler" or "call".
	KindLogin  Kind = "login"
	KindSignup Kind = "signup"
	// KindCredential is a password that code reads from a request or compares; Name is "password".
	KindCredential Kind = "credential"
)

var authScanners = slices.Concat(scannersOf(passwordMarks()), scannersOf(jwtMarks()), scannersOf(sessionMarks()), scannersOf(oauthMarks()), loginScanners, scannersOf(loginMarks()), roleScanners, scannersOf(roleMarks()))

var authDocuments []document

func notImport(s *Source, off, _ int) bool {
	line := strings.TrimSpace(s.line(Code, off))
	return !strings.HasPrefix(line, "import ") && !strings.HasPrefix(line, "using ") && !strings.HasPrefix(line, "use ") && !strings.HasPrefix(line, "from ")
}

func passwordMarks() []nameMark { //nolint:funlen // a table
	js := func(name, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindPasswordHash, name: name, langs: inJS(), lits: lits, when: when}
	}
	m := func(name string, ls langSet, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindPasswordHash, name: name, langs: ls, lits: lits, when: when}
	}
	weak := func(ls langSet, lits string) nameMark {
		return nameMark{kind: KindWeakHash, name: "fast hash of a password", langs: ls, lits: lits, when: lineHas("passw", "pwd", "pass)")}
	}
	return []nameMark{
		js("bcrypt hash", "bcrypt.hash|bcrypt.hashSync|bcrypt.genSalt|bcrypt.genSaltSync|bcrypt.compare|bcrypt.compareSync|bcryptjs.hash|bcryptjs.hashSync|bcryptjs.compare|bcryptjs.compareSync|Bcrypt.hash|bcryptJS.hash", nil),
		js("bcrypt hash", "hash(|hashSync(|compare(|genSalt(|compareSync(", func(s *Source, _, _ int) bool {
			return s.mentions(`from "bcrypt`, "from 'bcrypt", "from '@node-rs/bcrypt", `from "@node-rs/bcrypt`, `require("bcrypt`, "require('bcrypt") && s.mentions("{ hash", "{hash", "compare }", "compare}", "{ compare", "{compare", "genSalt", "Sync", "Bcrypt", "crypt.")
		}),
		js("argon2 hash", "argon2.hash|argon2.verify|argon.hash|argon.verify", nil),
		js("argon2 hash", "hash(|verify(", fileMentions("@node-rs/argon2", "argon2'", `argon2"`)),
		js("scrypt hash", "scrypt(|scryptSync(|scryptAsync(", notImport),
		js("PBKDF2 hash", "pbkdf2(|pbkdf2Sync(", notImport),
		js("passport-local-mongoose", "passportLocalMongoose", notImport),
		js("Bun password hash", "Bun.password", nil),
		js("framework's hasher", "Hash.make(|Hash.verify(|hash.make(", fileMentions("adonis", "Adonis")),

		m("password hasher", inPython(), "generate_password_hash(|check_password_hash(|make_password(|check_password(|set_password(|create_user(|pbkdf2_hmac(|pwd_context.hash|pwd_context.verify|CryptContext(|PasswordHash(|PasswordHasher(|hash_password(", func(s *Source, off, n int) bool {
			line := strings.TrimSpace(s.line(Code, off))
			if strings.HasPrefix(line, "def ") || strings.HasPrefix(line, "async def ") {
				return false // a function of one's own may be called so
			}
			lit := string(s.Between(Text, off, off+n))
			switch lit {
			case "create_user(":
				return s.mentions("objects.create_user")
			case "hash_password(":
				return s.mentions("flask_security", "fastapi_users")
			case "PasswordHasher(", "PasswordHash(":
				return s.mentions("argon2", "pwdlib")
			case "check_password(", "set_password(":
				return s.mentions("django", "rest_framework", "AbstractUser", "AbstractBaseUser", "models.", "serializers") && !s.mentions("def "+lit)
			}
			return true
		}),
		m("bcrypt hash", inPython(), "hashpw(|checkpw(|bcrypt.hashpw|bcrypt.checkpw|bcrypt.generate_password_hash|bcrypt.check_password_hash|bcrypt.hash|bcrypt.verify|Bcrypt(", notImport),
		m("passlib hash", inPython(), "pbkdf2_sha256.|sha256_crypt.|argon2.hash|bcrypt_sha256.|sha512_crypt.|scrypt.hash|hashlib.scrypt", fileMentions("passlib", "hashlib.scrypt")),
		m("Django's user forms", inPython(), "UserCreationForm|BaseUserCreationForm", nil),

		m("password encoder", inJVM(), "BCryptPasswordEncoder(|Argon2PasswordEncoder|SCryptPasswordEncoder|Pbkdf2PasswordEncoder|createDelegatingPasswordEncoder|BCrypt.hashpw|BCrypt.checkpw|BCrypt.withDefaults|BCrypt.verifyer|BcryptUtil|passwordEncoder.encode|passwordEncoder.matches|bcryptEncoder.encode|PBKDF2WithHmac|Pbkdf2PasswordHash", notImport),
		m("bcrypt hash", inJVM(), "Bcrypt.hash(|Bcrypt.verify(", fileMentions("bcrypt.Bcrypt")),
		m("password hasher", inJVM(), "Password.hash(|Password.check(|withBcrypt()|withArgon2()|withScrypt()|withPBKDF2()", fileMentions("password4j")),
		m("argon2 hash", inJVM(), "Argon2Factory.create", nil),
		m("PBKDF2 hash", inJVM(), "PBEKeySpec(|isBounded|bcryptSafeBounded|BCryptSHA", func(s *Source, off, _ int) bool { return s.mentions("PBEKeySpec", "bcrypt") }),
		{kind: KindPasswordHash, name: "PBKDF2 hash", langs: inJVM(), view: Strings, lits: "PBKDF2WithHmac"},

		m("password hasher", inDotNet(), "BCrypt.HashPassword|BCrypt.Verify|BCrypt.Net.BCrypt|Rfc2898DeriveBytes|KeyDerivation.Pbkdf2|PasswordHasher<|IPasswordHasher<|Argon2id|Argon2.Hash|BC.HashPassword|EnhancedHashPassword|WebSecurity.CreateUserAndAccount|WebSecurity.CreateAccount", notImport),
		m("password hasher", inDotNet(), "Crypto.HashPassword|Crypto.VerifyHashedPassword", fileMentions("System.Web.Helpers")),
		m("password hasher", inDotNet(), "new PasswordHasher(", fileMentions("Microsoft.AspNet.Identity")),
		m("ASP.NET Identity", inDotNet(), "userManager.CreateAsync|UserManager.CreateAsync|CheckPasswordAsync|PasswordSignInAsync|CheckPasswordSignInAsync|MapIdentityApi|AddDefaultIdentity|AddIdentityApiEndpoints", nil),

		m("has_secure_password", inRuby(), "has_secure_password", nil),
		m("Devise", inRuby(), "database_authenticatable", nil),
		{kind: KindPasswordHash, name: "Devise", langs: inRuby(), lits: "devise", when: lineHas("database_authenticatable")},
		m("bcrypt hash", inRuby(), "BCrypt::Password|BCrypt::Engine|Argon2::Password|SCrypt::Password|authenticates_with_sorcery!|acts_as_authentic", nil),

		m("password_hash()", inPHP(), "password_hash(|password_verify(|crypt(", func(s *Source, off, n int) bool {
			return n > len("crypt(") || strings.Contains(strings.ToLower(s.line(Text, off)), "password")
		}),
		m("Laravel's hasher", inPHP(), "Hash::make|Hash::check|bcrypt(|Auth::attempt|auth()->attempt|Auth::routes", nil),
		{kind: KindPasswordHash, name: "Laravel's hasher", langs: inPHP(), view: Strings, lits: "hashed", when: lineHas("password")},
		m("Symfony's hasher", inPHP(), "UserPasswordHasherInterface|UserPasswordEncoderInterface|hashPassword(|encodePassword(", func(s *Source, off, n int) bool {
			return notImport(s, off, n) && s.mentions("UserPassword")
		}),
		m("CakePHP's hasher", inPHP(), "DefaultPasswordHasher", nil),

		m("bcrypt hash", inGo(), "bcrypt.GenerateFromPassword|bcrypt.CompareHashAndPassword", nil),
		m("argon2 hash", inGo(), "argon2.IDKey|argon2.Key|argon2id.CreateHash", nil),
		m("scrypt hash", inGo(), "scrypt.Key|pbkdf2.Key|scrypt.GenerateFromPassword", nil),

		m("bcrypt hash", inRust(), "bcrypt::hash|bcrypt::verify", nil),
		m("password hasher", inRust(), "Argon2::default|argon2::hash_encoded|Argon2::new|Pbkdf2.hash_password|Scrypt.hash_password|hash_encoded(|verify_encoded(|argonautica::Hasher|argonautica::Verifier", nil),
		m("argon2 hash", inRust(), "Hasher::default(|Hasher::new(|Verifier::default(|Verifier::new(", fileMentions("argonautica")),
		m("bcrypt hash", inRust(), "hash(|verify(", fileMentions("use bcrypt")),
		m("password hasher", inElixir(), "Bcrypt.hash_pwd_salt|Argon2.hash_pwd_salt|Pbkdf2.hash_pwd_salt|Bcrypt.verify_pass|Argon2.verify_pass|Bcrypt.add_hash|Comeonin|Argon2.add_hash|Pbkdf2.verify_pass|check_pass", nil),
		{kind: KindPasswordHash, name: "bcrypt hash", langs: langs(lex.Scala), lits: "bcrypt|BCrypt|.bcryptBounded|BCryptPasswordHasher|BCryptSha256PasswordHasher|PasswordHasherRegistry", when: notImport},
		{kind: KindPasswordHash, name: "bcrypt in SQL", view: Strings, lits: "crypt(|gen_salt("},

		weak(inJS(), "createHash(|md5(|sha1(|sha256(|SHA256(|createHmac(|MD5("),
		weak(inPython(), "hashlib.sha256|hashlib.md5|hashlib.sha1|hashlib.sha512"),
		weak(inPHP(), "md5(|sha1(|hash("),
		weak(inJVM(), "MessageDigest|DigestUtils|md5Hex|sha256Hex|SecureUtil.md5|DigestUtil"),
		weak(inDotNet(), "SHA256|MD5|SHA1|SHA512|HMACSHA512|HMACSHA256"),
		{kind: KindWeakHash, name: "fast hash of a password", langs: inDotNet(), lits: "ComputeHash(", when: lineHas("passw")},
		weak(inGo(), "sha256.|md5.|sha1.|sha512."),
		weak(inRuby(), "Digest::SHA256|Digest::MD5|Digest::SHA1|Digest::SHA2"),
	}
}

func jwtMarks() []nameMark {
	m := func(name string, ls langSet, lits string, when func(*Source, int, int) bool) nameMark {
		return nameMark{kind: KindJWT, name: name, langs: ls, lits: lits, when: when}
	}
	return []nameMark{
		m("JWT issued or verified", inJS(), "jwt.sign|jwt.verify|JWT.sign|JWT.verify|jsonwebtoken.sign|jsonwebtoken.verify|Jwt.sign|Jwt.verify|Jwt.token.generate|Jwt.token.verify|JWT.token.generate|JWT.token.verify|jwt.token.generate|jwt.token.verify", nil),
		m("JWT issued or verified", inJS(), "jwt.encode|jwt.decode", fileMentions("jwt-simple")),
		m("JWT issued or verified", inJS(), "createSigner(|createVerifier(", fileMentions("fast-jwt")),
		m("JWT issued or verified", inJS(), "sign(|verify(", fileMentions("jsonwebtoken'", `jsonwebtoken"`)),
		m("JWT issued or verified", inJS(), "SignJWT(|jwtVerify(|JWT.sign(|jwtDecrypt(", notImport),
		m("JWT of NestJS", inJS(), "JwtModule.register|JwtModule.registerAsync|jwtService.sign|jwtService.signAsync|jwtService.verify|jwtService.verifyAsync|jwt.signAsync|jwt.verifyAsync", nil),
		m("JWT strategy", inJS(), "JwtStrategy(|JWTStrategy(|ExtractJwt.|JWTstrategy(", nil),
		m("JWT middleware", inJS(), "expressjwt(|expressJwt(|express_jwt(|koaJwt(|fastifyJwt|jwtCheck|jwtVerify|fastify.jwt|app.jwt|reply.jwtSign|request.jwtVerify|jwt({|expressJWT(", func(s *Source, off, n int) bool {
			if s.Raw[off] == 'j' && s.Raw[off+n-1] == '{' {
				return s.mentions("koa-jwt", "express-jwt", "hono/jwt", "@elysiajs/jwt", "fastify-jwt")
			}
			return notImport(s, off, n) && s.mentions("jwt", "oauth2-jwt-bearer")
		}),
		{kind: KindJWT, name: "JWT middleware", langs: inJS(), view: Strings, lits: "express-oauth2-jwt-bearer|hono/jwt|@elysiajs/jwt"},

		m("JWT issued or verified", inPython(), "jwt.encode|jwt.decode|jose_jwt.encode|JWT.encode|jwt.JWT(|JsonWebToken", nil),
		m("JWT issued or verified", inPython(), "encode(|decode(", func(s *Source, off, _ int) bool {
			return s.mentions("from jwt import", "from jose.jwt import") && (off == 0 || s.Raw[off-1] != '.')
		}),
		m("JWT library", inPython(), "create_access_token(|JWTManager(|jwt_required|verify_jwt_in_request|AuthJWT|get_jwt_identity", fileMentions("flask_jwt", "fastapi_jwt_auth", "jwt_extended", "AuthJWT")),
		m("Simple JWT", inPython(), "rest_framework_simplejwt|rest_framework_jwt|ninja_jwt", nil),
		{kind: KindJWT, name: "Simple JWT", langs: inPython(), view: Strings, lits: "rest_framework_simplejwt|rest_framework_jwt|djoser.urls.jwt|JWTAuthentication|JWTCookieAuthentication"},
		{kind: KindJWT, name: "dj-rest-auth with JWT", langs: inPython(), view: Text, lits: "REST_USE_JWT|USE_JWT", when: func(s *Source, off, _ int) bool {
			return !s.commented(off) && strings.Contains(s.line(Text, off), "True")
		}},
		m("JWT strategy", inPython(), "JWTStrategy(|JWTAuthentication(", nil),

		m("JWT library", inJVM(), "Jwts.|JWT.create|JWT.require|JwtEncoder|NimbusJwtDecoder|NimbusJwtEncoder|JwtDecoder|JWTVerifier|SignedJWT|JwtUtils.|Jwt.issuer|Jwt.claims|JwtTokenUtil|JwtClaim|JWTAuth", func(s *Source, off, n int) bool {
			return notImport(s, off, n) && s.mentions("io.jsonwebtoken", "com.auth0.jwt", "nimbus", "springframework.security.oauth2.jwt", "smallrye.jwt", "pdi.jwt", "eclipse.microprofile.jwt", "io.vertx.ext.auth.jwt", "hutool.jwt", "jose4j", "spring-security-oauth2")
		}),
		m("JWT resource server", inJVM(), ".jwt(|::jwt|oauth2ResourceServer(", fileMentions("oauth2ResourceServer", "ktor")),
		m("JWT of Ktor", inJVM(), "jwt(|jwt {", fileMentions("io.ktor")),

		m("JWT handler", inDotNet(), "JwtSecurityTokenHandler|JwtSecurityToken|JsonWebTokenHandler|AddJwtBearer|UseJwtBearerAuthentication|JwtBuilder|JWT.Encode", notImport),

		m("JWT library", inGo(), "jwt.New|jwt.NewWithClaims|jwt.Parse|jwt.ParseWithClaims|jwt.ParseString|jwtauth.New|jwtauth.Verifier|jwt.Sign|jwt.NewBuilder|jwt.Signed|echojwt.|jwtware.New|middleware.JWT|jwt.ParseSigned|paseto.", func(s *Source, off, n int) bool {
			return s.mentions("jwt")
		}),
		m("gin-jwt", inGo(), "GinJWTMiddleware", nil),

		m("JWT issued or verified", inRuby(), "JWT.encode|JWT.decode|JsonWebToken.encode|Knock::Authenticable|JsonWebToken.decode|JWTSessions", nil),
		{kind: KindJWT, name: "Devise JWT", langs: inRuby(), lits: "jwt_revocation_strategy|config.jwt|:jwt_authenticatable"},
		m("JWT library", inPHP(), "JWT::encode|JWT::decode|JWTAuth::|JWTSubject|JWTTokenManagerInterface|Configuration::forSymmetricSigner|JWTAuth|Lcobucci\\JWT", notImport),
		{kind: KindJWT, name: "JWT guard", langs: inPHP(), view: Strings, lits: "jwt", when: lineHas("'driver'", `"driver"`)},
		{kind: KindJWT, name: "Lexik JWT", langs: langs(lex.YAML), view: Text, lits: "lexik_jwt_authentication:|jwt: ~"},
		m("JWT library", inRust(), "jsonwebtoken::|encode(&Header|decode::<|SignWithKey|VerifyWithKey|sign_with_key|verify_with_key", fileMentions("jsonwebtoken", "jwt")),
		m("JWT library", inElixir(), "use Guardian|Guardian.Plug|Joken.|use Joken", nil),
		m("JWT library", langs(lex.Scala), "JwtJson.|JwtCirce.|Jwt.encode|Jwt.decode|JwtSprayJson.|JwtPlayJson", nil),
	}
}
