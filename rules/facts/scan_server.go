package facts

import (
	"bytes"
	"slices"
	"strings"

	"milepost/rules/lex"
)

// Kinds of the server area.
const (
	// KindServer is code that starts or makes a server. Name is the framework or server ("Express", "net/http"), Value "framework" or "plain",
	// Scope in Python the variable that holds it, "()" for one of a function.
	KindServer Kind = "server"
	// KindEnv is a variable read from the environment. Name is the variable where it is spelled out, Value the call.
	KindEnv Kind = "env"
	// KindProxy is a reverse proxy's rule. Name is the proxy, Value the line.
	KindProxy Kind = "proxy"
	// KindScale is a configuration of several instances or workers. Name says of what, Value the line.
	KindScale Kind = "scale"
)

var serverScanners = bounded([]scanner{
	serversBy(nodeMarks, langs(lex.JavaScript, lex.TypeScript)),
	serversBy(pythonMarks, langs(lex.Python)),
	serversBy(jvmMarks, langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy)),
	serversBy(dotnetMarks, langs(lex.CSharp, lex.FSharp)),
	serversBy(goMarks, langs(lex.Go)),
	serversBy(rubyMarks, langs(lex.Ruby)),
	serversBy(phpMarks, langs(lex.PHP)),
	serversBy(rustMarks, langs(lex.Rust)),
	serversBy(elixirMarks, langs(lex.Elixir)),
	serversBy(otherMarks, langs(lex.C, lex.CPP, lex.Swift, lex.Dart, lex.Clojure, lex.Crystal)),
	{langs: langs(lex.JavaScript, lex.TypeScript), triggers: []string{"process.env", "Deno.env", "Bun.env", "c.env.", "ConfigService", "configService.get", "useRuntimeConfig("}, scan: envOfNode},
	{langs: langs(lex.Python), triggers: []string{"environ", "getenv(", "BaseSettings", "config(", "env(", "env.", "Config("}, scan: envOfPython},
	environmentBy(langs(lex.Java, lex.Kotlin, lex.Scala, lex.Groovy), "System.getenv", "sys.env", "Dotenv.", "dotenv["),
	environmentBy(langs(lex.CSharp, lex.FSharp), "GetEnvironmentVariable", "IConfiguration", ".Configuration[", ".Configuration.Get", ".GetConnectionString(", "AddEnvironmentVariables", "IOptions<",
		"WebApplication.CreateBuilder(", "Host.CreateDefaultBuilder(", "WebHost.CreateDefaultBuilder("), // these read the variables by themselves
	environmentBy(langs(lex.Go), "os.Getenv", "os.LookupEnv", "os.ExpandEnv", "AutomaticEnv(", "BindEnv(", "envconfig.", "env.Parse", "cleanenv.Read", "syscall.Getenv", "env.Get", "godotenv.Read"),
	environmentBy(langs(lex.Ruby), "ENV[", "ENV.fetch", "ENV.key", "ENV.dig", "Figaro.env"),
	environmentBy(langs(lex.PHP), "getenv(", "$_ENV", "env(", "Env::get"),
	environmentBy(langs(lex.Rust), "env::var", "env::vars", "dotenv!(", "from_env(", "env::var_os", "envy::", "Environment::with_prefix", "Environment::default"),
	environmentBy(langs(lex.Elixir), "System.get_env", "System.fetch_env", "{:system,"),
	environmentBy(langs(lex.Prisma), "env("),
	environmentBy(langs(lex.C, lex.CPP, lex.Swift, lex.Dart, lex.Crystal), "getenv(", "Platform.environment", "ProcessInfo.processInfo.environment", "Environment.get("),
	{langs: langs(lex.PHP), triggers: []string{"$_SERVER"}, scan: serverOfPHP},
})

var serverDocuments = []document{
	{applies: springConfiguration, scan: envOfConfiguration},
	{applies: proxyConfiguration, scan: proxies},
}

// serverMark is a piece of code that tells a server. Literal must stand at the start of a word; Needs, where given, must stand somewhere in the file.
type serverMark struct{ literal, name, needs string }

// plain says that a name is no framework.
func plainServer(name string) bool {
	switch name {
	case "node:http", "http.server", "net/http", "HttpServer", "servlet", "HttpListener", "WEBrick", "Rack", "PHP", "Bun", "Deno", "hyper", "Plug", "uvicorn", "gunicorn", "Jetty", "fasthttp", "WSGI", "Netty", "Apollo Server", "Socket.IO":
		return true
	}
	return false
}

var nodeMarks = []serverMark{
	{"express()", "Express", ""}, {"express.Router(", "Express", ""}, {"fastify(", "Fastify", ""}, {"Fastify(", "Fastify", ""}, {"new Koa(", "Koa", ""}, {"new Hono", "Hono", ""},
	{"NestFactory.create", "NestJS", ""}, {"Hapi.server(", "Hapi", ""}, {"Hapi.Server(", "Hapi", ""}, {"hapi.server(", "Hapi", ""}, {"restify.createServer", "Restify", ""},
	{"polka(", "Polka", "polka"}, {"new Elysia(", "Elysia", ""}, {"new OpenAPIHono", "Hono", ""}, {"createServer(", "node:http", "http"},
	{"Bun.serve(", "Bun", ""}, {"Deno.serve(", "Deno", ""}, {"micro(", "micro", "micro"}, {"new ApolloServer(", "Apollo Server", ""},
	{"defineEventHandler(", "Nuxt (Nitro)", ""}, {"NextResponse.json(", "Next.js", ""}, {"createYoga(", "Apollo Server", ""}, {"loopback(", "LoopBack", "loopback"}, {"feathers()", "Feathers", ""},
	{"startStandaloneServer(", "Apollo Server", ""}, {"new Ignitor(", "AdonisJS", ""}, {"uWS.App(", "uWebSockets.js", ""}, {"functions.https.onRequest(", "Firebase Functions", ""},
	{"jsonServer.create(", "json-server", ""},
}

var pythonMarks = []serverMark{
	{"Flask(", "Flask", ""}, {"FastAPI(", "FastAPI", ""}, {"Sanic(", "Sanic", ""}, {"Starlette(", "Starlette", ""}, {"web.Application(", "aiohttp", ""},
	{"tornado.web.Application(", "Tornado", ""}, {"Bottle(", "Bottle", ""}, {"falcon.App(", "Falcon", ""}, {"falcon.API(", "Falcon", ""}, {"falcon.asgi.App(", "Falcon", ""}, {"HTTPServer(", "http.server", ""},
	{"get_wsgi_application(", "Django", ""}, {"get_asgi_application(", "Django", ""}, {"execute_from_command_line(", "Django", ""}, {"Quart(", "Quart", ""},
	{"Litestar(", "Litestar", ""}, {"Chalice(", "Chalice", ""}, {"NinjaAPI(", "Django Ninja", ""}, {"make_server(", "WSGI", "wsgiref"}, {"TCPServer(", "http.server", "http.server"},
	{"BlackSheep(", "BlackSheep", ""}, {"Robyn(", "Robyn", ""}, {"connexion.App(", "Connexion", ""}, {"FlaskApp(", "Connexion", ""}, {"bottle.run(", "Bottle", ""}, {"APIRouter(", "FastAPI", "fastapi"}, {"Blueprint(", "Flask", "flask"},
	{"@get(", "Bottle", "bottle"}, {"@route(", "Bottle", "bottle"}, {"Configurator(", "Pyramid", "pyramid"}, {"cherrypy.quickstart(", "CherryPy", ""}, {"urlpatterns", "Django", "django"}, {"APIView)", "Django REST framework", ""},
}

var jvmMarks = []serverMark{
	{"@SpringBootApplication", "Spring Boot", ""}, {"SpringApplication.run", "Spring Boot", ""}, {"runApplication<", "Spring Boot", ""}, {"@RestController", "Spring", ""},
	{"@EnableWebMvc", "Spring", ""}, {"Javalin.create", "Javalin", ""}, {"embeddedServer(", "Ktor", ""}, {"io.ktor.server", "Ktor", ""}, {"HttpServer.create(", "HttpServer", "httpserver"}, {"Micronaut.run", "Micronaut", ""},
	{"Micronaut.build", "Micronaut", ""}, {"Quarkus.run", "Quarkus", ""}, {"@QuarkusMain", "Quarkus", ""}, {"@ApplicationPath(", "JAX-RS", ""}, {"@Path(", "JAX-RS", "ws.rs"},
	{"extends HttpServlet", "servlet", ""}, {"Vertx.vertx(", "Vert.x", ""}, {"AbstractVerticle", "Vert.x", ""}, {"newServerAt(", "Akka HTTP", ""}, {"bindAndHandle(", "Akka HTTP", ""},
	{"EmberServerBuilder", "http4s", ""}, {"BlazeServerBuilder", "http4s", ""}, {"BaseController", "Play", "play.api.mvc"}, {"AbstractController", "Play", "play.api.mvc"}, {"play.mvc.Controller", "Play", ""}, {"ScalatraServlet", "Scalatra", ""},
	{"import static spark.Spark", "Spark", ""}, {"import spark.Spark", "Spark", ""}, {"extends Controller", "Play", "play.mvc"}, {"dropwizard.core", "Dropwizard", ""}, {"io.dropwizard.Application", "Dropwizard", ""}, {"Server.serve(", "ZIO HTTP", "zio.http"}, {"cask.MainRoutes", "Cask", ""},
	{"HttpServerBootstrap", "Netty", ""}, {"ServerBootstrap(", "Netty", "netty"}, {"@Controller(", "Micronaut", "micronaut"}, {"HttpServer.create()", "HttpServer", ""}, {"org.http4k.server", "http4k", ""},
}

var dotnetMarks = []serverMark{
	{"WebApplication.Create", "ASP.NET Core", ""}, {"WebHost.Create", "ASP.NET Core", ""}, {"ConfigureWebHostDefaults", "ASP.NET Core", ""}, {"UseStartup<", "ASP.NET Core", ""},
	{"[ApiController", "ASP.NET Core", ""}, {": ControllerBase", "ASP.NET Core", ""}, {": ApiController", "ASP.NET Web API", ""}, {"HttpListener(", "HttpListener", ""}, {"webApplication {", "Saturn", ""},
	{"GlobalConfiguration.Configure(", "ASP.NET Web API", ""}, {"RouteTable.Routes", "ASP.NET MVC", ""},
}

var goMarks = []serverMark{
	{"gin.Default(", "Gin", ""}, {"gin.New(", "Gin", ""}, {"echo.New(", "Echo", "echo"}, {"fiber.New(", "Fiber", ""}, {"chi.NewRouter(", "chi", ""}, {"chi.NewMux(", "chi", ""}, {"mux.NewRouter(", "gorilla/mux", ""},
	{"httprouter.New(", "httprouter", ""}, {"fasthttp.ListenAndServe", "fasthttp", ""}, {"web.Run(", "Beego", "beego"}, {"beego.Run(", "Beego", ""}, {"iris.New(", "Iris", ""}, {"iris.Default(", "Iris", ""}, {"fuego.NewServer(", "Fuego", ""},
	{"ListenAndServe", "net/http", ""}, {"http.Serve(", "net/http", ""}, {"http.Server{", "net/http", ""}, {"http.NewServeMux(", "net/http", ""}, {"http.HandleFunc(", "net/http", ""}, {"router.New(", "fasthttp router", "fasthttp"}, {"huma.Register(", "Huma", ""}, {"server.Default(", "Hertz", "hertz"}, {"buffalo.New(", "Buffalo", ""},
	{"gofr.New(", "GoFr", ""}, {"rest.MustNewServer(", "go-zero", ""},
}

var rubyMarks = []serverMark{
	{"Sinatra::", "Sinatra", ""}, {"Rails.application", "Rails", ""}, {"Rails::Application", "Rails", ""}, {"Grape::API", "Grape", ""}, {"Hanami::", "Hanami", ""}, {"Roda", "Roda", ""},
	{"WEBrick::HTTPServer", "WEBrick", ""}, {"Rack::Handler", "Rack", ""}, {"ActionController::", "Rails", ""}, {"Padrino::", "Padrino", ""}, {"Cuba.define", "Cuba", ""},
}

var phpMarks = []serverMark{
	{"$_GET", "PHP", ""}, {"$_POST", "PHP", ""}, {"$_REQUEST", "PHP", ""}, {"Route::", "Laravel", "Illuminate"}, {"AppFactory::create", "Slim", ""}, {"Slim\\App", "Slim", ""},
	{"CI_Controller", "CodeIgniter", ""}, {"extends BaseController", "CodeIgniter", "CodeIgniter"}, {"Symfony\\Component\\HttpKernel\\Kernel", "Symfony", ""}, {"MicroKernelTrait", "Symfony", ""}, {"AbstractController", "Symfony", "Symfony"},
	{"Illuminate\\Foundation\\Application", "Laravel", ""}, {"Laravel\\Lumen", "Lumen", ""}, {"yii\\web", "Yii", ""}, {"Cake\\Routing", "CakePHP", ""}, {"Cake\\Controller", "CakePHP", ""}, {"Illuminate\\Support\\Facades\\Route", "Laravel", ""}, {"Illuminate\\Http\\Request", "Laravel", ""},
	{"Mezzio\\", "Mezzio", ""}, {"Flight::", "Flight", ""}, {"League\\Route", "League Route", ""}, {"FastRoute\\", "FastRoute", ""}, {"Bramus\\Router", "Bramus Router", ""}, {"Phalcon\\Mvc", "Phalcon", ""}, {"Swoole\\Http", "Swoole", ""},
}

var rustMarks = []serverMark{
	{"HttpServer::new", "Actix", ""}, {"axum::serve", "Axum", ""}, {"axum::Router", "Axum", ""}, {"axum::{", "Axum", ""}, {"rocket::build", "Rocket", ""}, {"rocket::ignite", "Rocket", ""}, {"#[launch]", "Rocket", ""}, {"warp::serve", "Warp", ""},
	{"axum::Server", "Axum", ""}, {"hyper::Server", "hyper", ""}, {"hyper::server", "hyper", ""}, {"tide::new", "Tide", ""}, {"poem::", "Poem", ""}, {"salvo::", "Salvo", ""}, {"actix_web::", "Actix", ""},
}

var elixirMarks = []serverMark{
	{"Phoenix.Endpoint", "Phoenix", ""}, {"Phoenix.Router", "Phoenix", ""}, {", :router", "Phoenix", ""}, {", :controller", "Phoenix", ""}, {"Plug.Cowboy", "Plug", ""}, {"Plug.Router", "Plug", ""}, {"Bandit", "Plug", ""},
}

var otherMarks = []serverMark{
	{"crow::SimpleApp", "Crow", ""}, {"httplib::Server", "cpp-httplib", ""}, {"drogon::app", "Drogon", ""}, {"import Vapor", "Vapor", ""}, {"HttpServer.bind(", "HttpServer", ""}, {"shelf_io.serve(", "Shelf", ""}, {"run-jetty", "Ring", ""}, {"Kemal.run", "Kemal", ""},
	{"MHD_start_daemon", "libmicrohttpd", ""}, {"Pistache::", "Pistache", ""},
}

// serversBy makes a scanner that emits a server for each of the marks.
func serversBy(marks []serverMark, ls langSet) scanner {
	sc := scanner{langs: ls}
	for _, m := range marks {
		sc.triggers = append(sc.triggers, m.literal)
	}
	sc.scan = func(s *Source, off int) {
		for _, m := range marks {
			if !bytes.HasPrefix(s.Raw[off:], []byte(m.literal)) || off > 0 && identifier(s.Raw[off-1]) && identifier(m.literal[0]) {
				continue
			}
			if m.needs != "" && !s.names(m.needs) {
				continue
			}
			if m.name == "Rails" && bytes.HasPrefix(s.Raw[off+len(m.literal):], []byte(".load_tasks")) {
				continue // a Rakefile
			}
			if m.name == "node:http" && !nodeServer(s, off) {
				continue
			}
			value := "framework"
			if plainServer(m.name) {
				value = "plain"
			}
			s.Emit(Fact{Kind: KindServer, Name: m.name, Value: value, Scope: s.assignedTo(off), Line: s.LineOf(off)})
			return
		}
	}
	return sc
}

// assignedTo is the variable of a Python module that a statement with a call at off sets: "app" of "app = Flask(__name__)", "()" where a function
// sets one of its own. It is empty elsewhere.
func (s *Source) assignedTo(off int) string {
	if s.Lang != lex.Python {
		return ""
	}
	head := string(s.Between(Code, s.LineStart(off), off))
	name, rest, ok := strings.Cut(head, "=")
	name, _, _ = strings.Cut(name, ":") // its type
	switch word := strings.TrimSpace(name); {
	case !ok || strings.TrimSpace(rest) != "" || word == "" || strings.ContainsAny(word, " .[("):
		return ""
	case name[0] == ' ' || name[0] == '\t':
		return "()"
	default:
		return word
	}
}

// nodeServer tells createServer of node:http from those of Vite, of raw sockets and of GraphQL tools.
func nodeServer(s *Source, off int) bool {
	recv := strings.TrimSuffix(s.receiver(off), ".")
	switch {
	case strings.HasSuffix(recv, "http") || strings.HasSuffix(recv, "https") || strings.HasSuffix(recv, "http2"):
		return true
	case recv != "":
		return false
	}
	for _, m := range []string{`"http"`, `'http'`, `"node:http"`, `'node:http'`, `"https"`, `'https'`} {
		if s.names(m) {
			return true
		}
	}
	return false
}

// serverOfPHP reads $_SERVER of a request; a script's argv is none.
func serverOfPHP(s *Source, off int) {
	rest := s.Raw[off:min(len(s.Raw), off+40)]
	for _, k := range []string{"REQUEST", "HTTP_", "PATH_INFO", "QUERY", "REMOTE", "PHP_SELF", "CONTENT_"} {
		if bytes.Contains(rest, []byte(k)) {
			s.Emit(Fact{Kind: KindServer, Name: "PHP", Value: "plain", Line: s.LineOf(off)})
			return
		}
	}
}

// environmentBy makes a scanner that emits a read of the environment for each of the calls.
func environmentBy(ls langSet, calls ...string) scanner {
	return scanner{langs: ls, triggers: calls, scan: func(s *Source, off int) {
		i := slices.IndexFunc(calls, func(c string) bool { return bytes.HasPrefix(s.Raw[off:], []byte(c)) })
		if i < 0 || off > 0 && identifier(s.Raw[off-1]) && identifier(calls[i][0]) {
			return
		}
		head := strings.TrimSpace(string(s.Between(Code, s.LineStart(off), off)))
		if strings.HasPrefix(head, "using ") || strings.HasPrefix(head, "import ") || strings.HasPrefix(head, "use ") || strings.HasPrefix(head, "function ") {
			return
		}
		name := s.firstString(off, min(s.LineEnd(off, 0), off+80))
		s.env(name, calls[i], off)
	}}
}

// env emits a read of the environment, unless it is of a variable that configures the platform and not the program.
func (s *Source) env(name, call string, off int) {
	switch name {
	case "NODE_ENV", "CI", "PATH", "HOME", "PWD", "USER", "SHELL", "DJANGO_SETTINGS_MODULE", "FLASK_APP", "FLASK_ENV", "TERM", "BUNDLE_GEMFILE", "RAILS_ENV", "RACK_ENV", "SINATRA_ENV", "HANAMI_ENV", "PADRINO_ENV", "MIX_ENV", "ASPNETCORE_ENVIRONMENT", "DOTNET_ENVIRONMENT", "SPRING_PROFILES_ACTIVE", "TMPDIR", "npm_package_version", "NEXT_RUNTIME", "VITEST", "JEST_WORKER_ID", "LC_ALL", "GITHUB_ACTIONS", "OUTPUT_PATH", "VERBOSE":
		return
	}
	s.Emit(Fact{Kind: KindEnv, Name: name, Value: call, Line: s.LineOf(off)})
}

func envOfNode(s *Source, off int) {
	switch {
	case bytes.HasPrefix(s.Raw[off:], []byte("process.env")), bytes.HasPrefix(s.Raw[off:], []byte("Bun.env")):
		at := off + bytes.Index(s.Raw[off:], []byte(".env")) + len(".env")
		for at < len(s.Raw) && (s.byteAt(at) == '?' || s.byteAt(at) == '!') {
			at++
		}
		switch {
		case at < len(s.Raw) && s.byteAt(at) == '.':
			if name := s.wordAt(at + 1); name != "" {
				s.env(name, "process.env", off)
			}
		case at < len(s.Raw) && s.byteAt(at) == '[':
			name, _, _ := s.literal(at + 1)
			s.env(name, "process.env", off)
		case at < len(s.Raw) && identifier(s.Raw[at]): // process.environment
		default: // destructured, or handed on as a whole
			s.env("", "process.env", off)
		}
	case bytes.HasPrefix(s.Raw[off:], []byte("c.env.")): // Hono's; a binding of a database or bucket is called upon
		if name := s.wordAt(off + len("c.env.")); off > 0 && !identifier(s.Raw[off-1]) && name == strings.ToUpper(name) && s.byteAt(off+len("c.env.")+len(name)) != '.' && s.mentions("hono") {
			s.env(name, "c.env", off)
		}
	case bytes.HasPrefix(s.Raw[off:], []byte("ConfigService")):
		if s.has("new ConfigService") || s.has(": ConfigService") {
			s.env("", "ConfigService", off)
		}
	default:
		s.env("", s.wordAt(off), off)
	}
}

func envOfPython(s *Source, off int) {
	rest := s.Raw[off:min(len(s.Raw), off+30)]
	before := byte(' ')
	if off > 0 {
		before = s.Raw[off-1]
	}
	name := s.firstString(off, min(s.LineEnd(off, 0), off+80))
	switch {
	case bytes.HasPrefix(rest, []byte("environ.Env(")):
		s.env("", "environ.Env", off)
	case bytes.HasPrefix(rest, []byte("environ")):
		after := rest[len("environ"):]
		if before != '.' && before != ' ' && before != '(' && before != '=' || bytes.HasPrefix(after, []byte(".setdefault")) || bytes.HasPrefix(after, []byte(".copy")) || len(after) == 0 {
			return
		}
		// os.environ["X"] = ... sets and does not read.
		if after[0] == '[' {
			if i := bytes.IndexByte(s.Code[off:s.LineEnd(off, 0)], ']'); i >= 0 {
				tail := strings.TrimSpace(string(s.Between(Code, off+i+1, s.LineEnd(off, 0))))
				if strings.HasPrefix(tail, "=") && !strings.HasPrefix(tail, "==") {
					return
				}
			}
		} else if after[0] != '.' {
			return
		}
		s.env(name, "os.environ", off)
	case bytes.HasPrefix(rest, []byte("getenv(")):
		if !identifier(before) {
			s.env(name, "os.getenv", off)
		}
	case bytes.HasPrefix(rest, []byte("BaseSettings")):
		if before == '(' {
			s.env("", "BaseSettings", off)
		}
	case identifier(before) || before == '.':
	case bytes.HasPrefix(rest, []byte("config(")):
		if s.has("decouple") || s.has("starlette.config") {
			s.env(name, "config", off)
		}
	case bytes.HasPrefix(rest, []byte("env(")), bytes.HasPrefix(rest, []byte("env.")):
		if s.has("environ") || s.has("environs") || s.has("from env") {
			s.env(name, "env", off)
		}
	}
}

// springConfiguration tells the files in which Spring, Quarkus and HOCON name variables of the environment.
func springConfiguration(path, base string) bool {
	stem, ext, ok := cutLast(base, ".")
	if !ok {
		return false
	}
	switch ext {
	case "yml", "yaml", "properties":
		return strings.HasPrefix(stem, "application") || strings.HasPrefix(stem, "bootstrap") || strings.HasPrefix(strings.ToLower(path), "config/") && !strings.HasPrefix(stem, "docker") ||
			stem == "database" || stem == "secrets" || stem == "services" || stem == "doctrine" || stem == "framework"
	case "conf":
		return strings.HasPrefix(stem, "application") || stem == "reference" || stem == "production"
	case "xml", "yml.erb":
		return false
	}
	return false
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// envOfConfiguration reads ${VAR} and ${VAR:default} in configuration, %env(VAR)% of Symfony, and ENV["VAR"] in Rails' YAML.
func envOfConfiguration(s *Source) {
	for _, opening := range []string{"${?", "${", "%env(", "ENV["} {
		for at := 0; ; {
			i := bytes.Index(s.Raw[at:], []byte(opening))
			if i < 0 {
				break
			}
			at += i + len(opening)
			line := bytes.TrimSpace(s.Raw[s.LineStart(at):at])
			if len(line) > 0 && (line[0] == '#' || bytes.HasPrefix(line, []byte("//"))) {
				continue
			}
			name := s.wordAt(at)
			if opening == "%env(" { // %env(resolve:DATABASE_URL)%
				processors := s.Raw[at:min(len(s.Raw), at+80)]
				if end := bytes.IndexByte(processors, ')'); end > 0 {
					name = s.wordAt(at + bytes.LastIndexByte(processors[:end], ':') + 1)
				}
			}
			if opening == "ENV[" {
				name, _, _ = s.literal(at)
			}
			if opening == "${" && (name == "env" || name == "env.") && at+4 < len(s.Raw) && (s.Raw[at+3] == '.' || s.Raw[at+3] == ':') { // ${env.NAME} of spring-dotenv
				name = s.wordAt(at + 4)
			}
			if name == "" || name != strings.ToUpper(name) && opening != "%env(" || strings.Contains(name, ".") {
				continue
			}
			s.env(name, opening+name, at)
		}
	}
}
