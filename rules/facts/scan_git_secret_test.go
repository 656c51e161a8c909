package facts

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// listed are the facts of one kind as "name value (scope)".
func listed(kind Kind, path, content string) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(path, []byte(content)).Facts {
		if f.Kind != kind {
			continue
		}
		line := strings.TrimSpace(f.Name + " " + f.Value)
		if f.Scope != "" {
			line += " (" + f.Scope + ")"
		}
		out = append(out, line)
	}
	return out
}

func TestSecrets(t *testing.T) {
	t.Parallel()
	const opaque = "q9Xw2Lr8Zt5Vb3Nm"
	tests := []struct {
		name, path, content string
		want                []string
	}{
		{"python key", "settings.py", "SECRET_KEY = '" + opaque + "'", []string{"signing-key SECRET_KEY"}},
		{"python key from the environment", "settings.py", "SECRET_KEY = os.environ['SECRET_KEY']", nil},
		{"python fallback", "settings.py", "KEY = os.getenv('SECRET_KEY', '" + opaque + "')", []string{"signing-key SECRET_KEY (fallback)"}},
		{"fallback that says what it is", "settings.py", "KEY = os.getenv('SECRET_KEY', 'your-secret-key')", nil},
		{"python annotation", "config.py", "class S:\n    jwt_secret: str = '" + opaque + "'", []string{"signing-key jwt_secret"}},
		{"comment", "settings.py", "# SECRET_KEY = '" + opaque + "'", nil},
		{"node or", "auth.ts", "const s = process.env.JWT_SECRET || '" + opaque + "';", []string{"signing-key process.env.JWT_SECRET (fallback)"}},
		{"session", "app.js", "app.use(session({ secret: 'keyboard cat' }));", []string{"signing-key secret (plain)"}},
		{"jwt call", "auth.js", "const t = jwt.sign({ id }, 'tasty', { expiresIn: '1h' });", []string{"signing-key jwt.sign"}},
		{"jwt call with a variable", "auth.js", "const t = jwt.sign({ id }, key, { expiresIn: '1h' });", nil},
		{"message", "form.js", "const errors = { password: 'Password is required' };", nil},
		{"private key of tokens", "config/development.js", "module.exports = {\n  refreshJwtPrivateKey: \"12345\",\n};", []string{"signing-key refreshJwtPrivateKey"}},
		{"names of variables", "config/custom-environment-variables.json", "{\n  \"jwtPrivateKey\": \"shop_jwtPrivateKey\"\n}", nil},
		{"package of a password", "package.json", "{\n  \"dependencies\": {\n    \"joi-password\": \"^4.2.0\"\n  }\n}", nil},
		{"go bytes", "main.go", "package a\n\nvar jwtKey = []byte(\"" + opaque + "\")", []string{"signing-key jwtKey"}},
		{"java", "A.java", "class A { private String jwtSecret = \"" + opaque + "\"; }", []string{"signing-key jwtSecret"}},
		{"java property name", "A.java", "class A { @Value(\"${jwt.secret}\") private String jwtSecret; }", nil},
		{"properties", "application.properties", "spring.datasource.password=" + opaque + "\njwt.secret=${JWT_SECRET}", []string{"password spring.datasource.password"}},
		{"stock word", "application.properties", "spring.datasource.password=root", nil},
		{"spring default", "application.yml", "jwt:\n  secret: ${JWT_SECRET:" + opaque + "}", []string{"signing-key secret (plain fallback)", "signing-key JWT_SECRET (fallback)"}},
		{"c# settings", "appsettings.json", "{\n  \"Jwt\": {\n    \"Key\": \"" + opaque + "\"\n  }\n}", []string{"signing-key Jwt:Key"}},
		{"connection string", "appsettings.json", "{\"Default\": \"Server=x;Database=y;User Id=z;Password=" + opaque + ";\"}", []string{"password connection string"}},
		{"php constant", "config.php", "<?php\ndefine('DB_PASSWORD', '" + opaque + "');", []string{"password DB_PASSWORD"}},
		{"php sql", "a.php", "<?php\n$q = \"update users set password='$hash' where id=1\";", nil},
		{"rails", "secrets.yml", "development:\n  secret_key_base: " + opaque, []string{"signing-key secret_key_base"}},
		{"database address", "db.js", "connect('mongodb+srv://app:" + opaque + "@c.mongodb.net/a')", []string{"password database address"}},
		{"address with a stock word", "db.js", "connect('postgres://postgres:postgres@localhost/a')", nil},
		{"docker", "Dockerfile", "FROM a\nENV DB_PASSWORD=" + opaque, []string{"password DB_PASSWORD"}},
		{"go list for a process", "a.go", "package a\n\nvar env = append(os.Environ(), \"APP_ID=1\", \"WEBHOOK_SECRET=\"+secret(), \"HOST=\"+host, \"PORT=1\")", nil},
		{"go list, spaced", "a.go", "package a\n\nvar env = []string{\"SESSION_SECRET=\" + strings.Repeat(\"0123\", 9), \"LOG_LEVEL=warn\"}", nil},
		{"node arguments", "a.js", "run(['-e', 'JWT_SECRET=' + secret, '-p', '80:80'])", nil},
		{"node text", "a.ts", "const line = 'secret: ' + mask(secret) + ', name: ' + name", nil},
		{"python list", "a.py", "cmd = ['-e', 'DB_PASSWORD=' + password, 'x']", nil},
		{"java list", "A.java", "class A { List<String> env = List.of(\"JWT_SECRET=\" + secret, \"HOST=\" + host); }", nil},
		{"kotlin list", "A.kt", "val env = listOf(\"JWT_SECRET=\" + secret, \"HOST=\" + host)", nil},
		{"c# list", "A.cs", "class A { string[] env = { \"JWT_SECRET=\" + secret, \"HOST=\" + host }; }", nil},
		{"ruby text", "a.rb", "env = ['JWT_SECRET=' + secret, 'HOST=' + host]", nil},
		{"php text", "a.php", "<?php\n$env = ['JWT_SECRET=' . $secret, 'HOST=' . $host];", nil},
		{"rust list", "a.rs", "let env = [\"JWT_SECRET=\".to_owned() + &secret, \"HOST=\".to_owned() + &host];", nil},
		{"key of a map beside another", "a.go", "package a\n\nvar m = map[string]string{\"JWT_SECRET\": \"" + opaque + "\", \"HOST\": host}", []string{"signing-key JWT_SECRET"}},
		{"key in quotes", "a.js", "const m = { 'jwtSecret' : '" + opaque + "', 'host': host }", []string{"signing-key jwtSecret"}},
		{"index in quotes", "a.py", "app.config['SECRET_KEY'] = '" + opaque + "'", []string{"signing-key SECRET_KEY"}},
		{"docker option", "Dockerfile", "FROM a\nRUN adduser --disabled-password app", nil},
		{"aws", "a.txt", "key AKIAQ2W8ER6TY4UI0PLK", []string{"token AWS access key"}},
		{"aws of the manual", "a.txt", "key AKIAIOSFODNN7EXAMPLE", nil},
		{"a word with the start of a token", "a.css.txt", "task-list-of-all-the-things-that-have-to-be-done-soon", nil},
		{"public key", "a.pem", "-----BEGIN PUBLIC KEY-----\n" + strings.Repeat("Ab1", 30), nil},
		{"private key without body", "a.md", "-----BEGIN PRIVATE KEY-----\n...\n", nil},
		{"private key", "a.pem", "-----BEGIN RSA PRIVATE KEY-----\n" + strings.Repeat("Ab1", 30), []string{"private-key private key"}},
		{"bare private key", "a.properties", "k=MIIEvQ" + "IBADANBgkqhkiG9w0BAQEFAASC" + strings.Repeat("Ab1", 30), []string{"private-key private key"}},
		{"env file", ".env", "PORT=3000\nJWT_SECRET=" + opaque + "\nEMPTY=\n# NOTE=1\n", []string{"env PORT (set)", "env JWT_SECRET"}},
		{"env sample", ".env.example", "JWT_SECRET=your_secret\n", []string{"env JWT_SECRET (set)"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := listed(KindSecret, tt.path, tt.content)
			if d := cmp.Diff(tt.want, got); d != "" {
				t.Error(d)
			}
			for _, f := range NewScanner(nil).Scan(tt.path, []byte(tt.content)).Facts {
				if f.Kind == KindSecret && strings.Contains(f.Name+f.Value+f.Scope, opaque) {
					t.Errorf("the fact %q holds the secret itself", f.Name)
				}
			}
		})
	}
}

func TestIgnoreRules(t *testing.T) {
	t.Parallel()
	got := listed(KindIgnore, ".gitignore", "# x\n!keep\n/node_modules\n**/__pycache__/\n[Bb]in/\n*.class\nserver/target/*\n\n")
	want := []string{"node_modules /node_modules", "bytecode **/__pycache__/", "bin [Bb]in/", "class *.class", "target server/target/*", "rules 5"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		want                []string
	}{
		{"block", "a.py", "<<<<<<< HEAD\na\n=======\nb\n>>>>>>> x\n", []string{"block", "marker"}},
		{"heading", "a.md", "Title\n=======\n", nil},
		{"fenced", "a.md", "```\n<<<<<<< HEAD\n=======\n>>>>>>> x\n```\n", nil},
		{"inside a line", "a.py", "x = '<<<<<<< HEAD'\n", nil},
		{"arrow", "a.txt", "<<<<<<< \n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if d := cmp.Diff(tt.want, listed(KindConflict, tt.path, tt.content)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzSecrets(f *testing.F) {
	f.Add("a.js", "jwt.sign({}, 'x'); const SECRET = process.env.A || 'b'")
	f.Add("a.yml", "password: ${A:b}\nsecret: c")
	f.Add("appsettings.json", `{"Jwt": {"Key": "a"}, "c": "Server=a;Password=b;"}`)
	f.Add(".env", "A=b\nexport C='d' # e")
	f.Add(".gitignore", "a/*\n[b]\n\\")
	f.Add("a.pem", "-----BEGIN PRIVATE KEY-----\nabc")
	f.Fuzz(func(_ *testing.T, name, content string) {
		NewScanner(nil).Scan(name, []byte(content))
	})
}
