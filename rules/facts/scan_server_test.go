package facts

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func namesOf(kind Kind, path, content string) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(path, []byte(content)).Facts {
		if f.Kind == kind {
			out = append(out, fmt.Sprintf("%d %s", f.Line, f.Name))
		}
	}
	return out
}

func TestServers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, content string
		want          []string
	}{
		{"a.js", "const app = express();\n// const b = express();\nconst s = 'express()';", []string{"1 Express"}},
		{"a.js", "const http = require('http');\nhttp.createServer(f);", []string{"2 node:http"}},
		{"vite.js", "import { createServer } from 'vite';\ncreateServer();", nil},
		{"a.py", "app = Flask(__name__)\nclass MyFlask(Base): ...", []string{"1 Flask"}},
		{"a.py", "from http.server import HTTPServer\nHTTPServer(('', 80), H)", []string{"2 http.server"}},
		{"A.java", "@SpringBootApplication\nclass A {}", []string{"1 Spring Boot"}},
		{"m.go", "package m\nfunc f() { http.ListenAndServe(\":80\", nil) }", []string{"2 net/http"}},
		{"p.cs", "var b = WebApplication.CreateBuilder(args);", []string{"1 ASP.NET Core"}},
		{"a.rb", "class A < Sinatra::Base\nend", []string{"1 Sinatra"}},
		{"a.php", "<?php\n$x = $_POST['x'];", []string{"2 PHP"}},
		{"a.php", "<?php\n$x = $_SERVER['argv'];", nil},
		{"m.rs", "fn m() { HttpServer::new(f); }", []string{"1 Actix"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, namesOf(KindServer, tt.path, tt.content)); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", tt.path, tt.content, diff)
		}
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, content string
		want          []string
	}{
		{"a.js", "process.env.PORT; process.env['A']; process.env.NODE_ENV;", []string{"1 PORT", "1 A"}},
		{"a.ts", "const { A } = process.env;", []string{"1 "}},
		{"a.py", "os.environ['A']\nos.environ.get('B')\nos.getenv(\"C\")\nos.environ['D'] = 'x'\nos.environ.setdefault('E', 'x')", []string{"1 A", "2 B", "3 C"}},
		{"a.py", "class S(BaseSettings):\n    a: str", []string{"1 "}},
		{"a.py", "def getenv_all(): ...\nmyenviron = 1", nil},
		{"A.java", "System.getenv(\"A\")", []string{"1 A"}},
		{"m.go", "package m\nvar a = os.Getenv(\"A\")", []string{"2 A"}},
		{"a.rb", "ENV.fetch('A')\nENV['RAILS_ENV']", []string{"1 A"}},
		{"a.php", "<?php\nreturn env('A');", []string{"2 A"}},
		{"m.rs", "fn m() { std::env::var(\"A\"); }", []string{"1 A"}},
		{"resources/application.yml", "url: ${DB_URL:x}\n# ${NO}\nname: ${spring.x}", []string{"1 DB_URL"}},
		{"conf/application.conf", "secret = ${?APP_SECRET}", []string{"1 APP_SECRET"}},
		{"config/database.yml", "password: <%= ENV[\"DB_PASSWORD\"] %>", []string{"1 DB_PASSWORD"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, namesOf(KindEnv, tt.path, tt.content)); diff != "" {
			t.Errorf("%s %q (-want +got):\n%s", tt.path, tt.content, diff)
		}
	}
}

func TestProxies(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, content  string
		proxies, scale []string
	}{
		{"nginx.conf", "upstream a {\n  server x:1;\n  server y:1;\n}\nserver {\n  location / {\n    proxy_pass http://a;\n  }\n}", []string{"7 nginx"}, []string{"1 load balancer"}},
		{"nginx.conf", "server {\n  root /x;\n  # proxy_pass http://a;\n}", nil, nil},
		{"nginx.conf", "upstream a {\n  server x:1;\n  server y:1 down;\n}", nil, nil},
		{"haproxy.cfg", "backend a\n  server x 1:80\n  server y 2:80\n", []string{"2 HAProxy", "3 HAProxy"}, []string{"1 load balancer"}},
		{"Caddyfile", "a.org {\n  reverse_proxy x:1 y:1\n}", []string{"2 Caddy"}, []string{"2 load balancer"}},
		{"Caddyfile", "a.org {\n  file_server\n}", nil, nil},
		{"site.conf", "ProxyPass / http://x/", []string{"1 Apache"}, nil},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.proxies, namesOf(KindProxy, tt.path, tt.content)); diff != "" {
			t.Errorf("%s %q: proxies (-want +got):\n%s", tt.path, tt.content, diff)
		}
		if diff := cmp.Diff(tt.scale, namesOf(KindScale, tt.path, tt.content)); diff != "" {
			t.Errorf("%s %q: scale (-want +got):\n%s", tt.path, tt.content, diff)
		}
	}
}
