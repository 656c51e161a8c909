package facts

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAuthFacts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		kind                Kind
		want                []string
	}{
		{"bcrypt", "a.js", "const bcrypt = require('bcrypt');\nbcrypt.hashSync(p, 10);\n", KindPasswordHash, []string{"bcrypt hash"}},
		{"named import", "a.ts", "import { hash } from 'bcrypt';\nexport const f = (p: string) => hash(p, 10);\n", KindPasswordHash, []string{"bcrypt hash"}},
		{"commented", "a.js", "// bcrypt.hashSync(p, 10)\n", KindPasswordHash, nil},
		{"own function", "a.py", "def check_password(a, b):\n    return a == b\n", KindPasswordHash, nil},
		{"devise", "user.rb", "class User < ApplicationRecord\n  devise :database_authenticatable, :registerable\nend\n", KindPasswordHash, []string{"Devise"}},
		{"weak", "a.php", "<?php $p = md5($_POST['password']);\n", KindWeakHash, []string{"fast hash of a password"}},
		{"checksum", "a.php", "<?php $c = md5($file);\n", KindWeakHash, nil},
		{"jwt", "a.go", "package a\n\nimport \"github.com/golang-jwt/jwt/v5\"\n\nvar t = jwt.New(m)\n", KindJWT, []string{"JWT library"}},
		{"jwt in a string", "a.js", "log('jwt.sign');\n", KindJWT, nil},
		{"session of express", "a.js", "req.session.user = u;\n", KindSession, []string{"session used"}},
		{"flash", "a.js", "req.session.message = 'saved';\n", KindSession, nil},
		{"session of sqlalchemy", "a.py", "from db import session\nsession.get(User, 1)\n", KindSession, nil},
		{"session of flask", "a.py", "from flask import session\nsession['id'] = 1\n", KindSession, []string{"session used"}},
		{"stateless", "A.java", "import org.springframework.security.x;\nclass A { void f() { http.formLogin(f -> f.disable()); } }\n", KindSession, nil},
		{"cookie", "a.go", "package a\n\nvar c = http.Cookie{Name: \"session_id\"}\n", KindSessionCookie, []string{"session cookie"}},
		{"passport", "a.js", "const S = require('passport-github2').Strategy;\n", KindOAuth, []string{"passport provider"}},
		{"token scheme", "a.py", "scheme = OAuth2PasswordBearer(tokenUrl='token')\n", KindOAuth, nil},
		{"client of an API", "a.go", "package a\n\nvar s = oauth2.StaticTokenSource(t)\n", KindOAuth, nil},
		{"guard mounted", "a.js", "router.delete('/:id', auth, isAdmin, remove);\n", KindRole, []string{"guard isAdmin|enforced"}},
		{"guard imported", "a.js", "import { isAdmin } from './guards.js';\n", KindRole, nil},
		{"guard defined", "a.js", "const isAdmin = (req, res, next) => next();\n", KindRole, nil},
		{"role compared", "a.js", "if (req.user.role !== 'admin') deny();\n", KindRole, []string{"role check|check"}},
		{"role of a chat", "a.js", "if (message.role === 'assistant') show();\n", KindRole, nil},
		{"look-up by role", "a.py", "q = select(Role).where(Role.role_name == name)\n", KindRole, nil},
		{"role in an answer", "a.js", "return { id: user.id, isVerified: user.isVerified, isAdmin: user.isAdmin };\n", KindRole, nil},
		{"spring", "A.java", "@PreAuthorize(\"hasRole('ADMIN')\")\nvoid f() {}\n", KindRole, []string{"expression"}},
		{"spring, logged in only", "A.java", "@PreAuthorize(\"isAuthenticated()\")\nvoid f() {}\n", KindRole, nil},
		{"roles of .NET", "A.cs", "[Authorize(Roles = \"Admin\")]\npublic class A {}\n", KindRole, []string{"authorized roles"}},
		{"logged in, .NET", "A.cs", "[Authorize]\npublic class A {}\n", KindRole, nil},
		{"password of a form", "a.php", "<?php $p = $_POST['password'];\n", KindCredential, []string{"password"}},
		{"password of a database", "a.js", "const pool = mysql.createPool({ host, user, password });\n", KindCredential, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, found(tt.path, tt.content, tt.kind)); diff != "" {
				t.Errorf("facts differ (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRouteCallsIsTheExpression: what tells quickly that no route is given its handlers must never differ from the expression.
func TestRouteCallsIsTheExpression(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		"", ".", "app.get('/x', ", "app.get ('/x', ", "app\n  .post\n  (", "app.useState(", "app.get", "x.route_layer(", "x.routes(", "r.With(auth).Get(", "é.put(", "a.geté(",
		"preHandler: [", "onRequest", "beforeHandle", "middlewares = ", "middlewareS:", "x = Depends(", "Security(", "dependencies =", "@UseGuards(", "canActivate", "@login", "a.b.c", "get(", "a..use(",
	} {
		if got, want := routeCalls([]byte(code)), routeCall().FindAllIndex([]byte(code), -1); !cmp.Equal(got, want) {
			t.Errorf("%q: %v, the expression says %v", code, got, want)
		}
	}
}
