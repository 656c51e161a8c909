package facts

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// kindsOf scans a file and renders its facts of a kind, one a line: "name value scope".
func kindsOf(kind Kind, path, content string) []string {
	var out []string
	for _, f := range NewScanner(nil).Scan(path, []byte(content)).Facts {
		if f.Kind == kind {
			out = append(out, fmt.Sprintf("%d %s %s|%s", f.Line, f.Name, f.Value, f.Scope))
		}
	}
	return out
}

func TestRoutes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content string
		want                []string
	}{
		{"express", "app.js", "const app = express();\napp.get('/a', h);\napp.get('view engine');\n// app.post('/b', h)\nmap.get('/c', 1);", []string{"2 GET /a|app"}},
		{"express without a path text", "r.js", "router.get(PATHS.users, list);\nrouter.param('id', f);", []string{"1 GET |router"}},
		{"express chain", "r.js", "router.route('/x').get(a).post(b);", []string{"1 GET /x|router", "1 POST /x|router"}},
		{"express chain on lines", "r.js", "router.get('/', list);\nrouter\n  .route('/:id')\n  .put(a)\n  .delete(b);", []string{"1 GET /|router", "4 PUT /:id|router", "5 DELETE /:id|router"}},
		{"router made here", "x.ts", "const api = new Hono();\napi.get('/x', (c) => c.json({}));", []string{"2 GET /x|api"}},
		{"chain of hono", "x.ts", "const app = new Hono()\n  .get('/x', h)\n  .post('/x', h);", []string{"2 GET /x|app", "3 POST /x|app"}},
		{"axios", "x.js", "axios.get('/x', {});\nclient.post('/y', body);", nil},
		{"hapi", "s.js", "server.route({ method: 'GET', path: '/x', handler });", []string{"1 GET /x|"}},
		{"fastify", "s.js", "fastify.route({ method: 'POST', url: '/x', handler });", []string{"1 POST /x|"}},
		{"table of routes", "routes.ts", "export const Routes = [{\n  method: 'get',\n  route: '/users',\n  controller: UserController,\n  action: 'all',\n}];", []string{"2 GET /users|"}},
		{"options of a request", "x.ts", "fetch(url, { method: 'POST', body });", nil},
		{"api platform", "Book.php", "<?php\n#[ApiResource]\nclass Book {}", []string{"2 RESOURCE |Book"}},
		{"spring data rest", "R.java", "@RepositoryRestResource(path = \"x\")\ninterface Books extends CrudRepository<Book, Long> {}", []string{"1 RESOURCE |Books"}},
		{"nest", "c.ts", "@Controller('cats')\nexport class Cats {\n  @Get(':id')\n  one() {}\n  @Delete()\n  del() {}\n}", []string{"3 GET :id|Cats", "5 DELETE |Cats"}},
		{"next", "api/route.ts", "export async function GET() {}\nexport const POST = handler;", []string{"1 GET |route-file", "2 POST |route-file"}},
		{"node:http", "s.js", "if (req.method === 'POST') {}\nswitch (req.method) {\n  case 'PUT': break;\n}", []string{"1 POST |method-test", "3 PUT |method-test"}},
		{"nuxt", "api/todos.post.ts", "export default defineEventHandler(() => []);", []string{"1 POST |route-file"}},
		{"flask", "a.py", "@bp.route('/x', methods=['GET', 'POST'])\ndef x(): ...\n@bp.route('/y')\ndef y(): ...", []string{"1 GET /x|bp", "1 POST /x|bp", "3 GET /y|bp"}},
		{"flask tests the method of a route", "a.py", "@bp.route('/x', methods=['GET', 'POST'])\n@login_required\ndef x():\n    if request.method == 'POST':\n        pass\n", []string{"1 GET /x|bp", "1 POST /x|bp"}},
		{"fastapi over lines", "a.py", "@router.post(\n    \"/x\",\n    status_code=201,\n)\ndef x(): ...", []string{"1 POST /x|router"}},
		{"a dictionary", "a.py", "x = d.get('/a', 1)", nil},
		{"api_view", "v.py", "@api_view(['GET', 'PUT'])\ndef task_detail(request): ...", []string{"1 GET |def task_detail", "1 PUT |def task_detail"}},
		{"generic view", "v.py", "class Posts(generics.ListCreateAPIView):\n    pass", []string{"1 GET |Posts", "1 POST |Posts"}},
		{"class-based view", "v.py", "class Post(APIView):\n    def get(self, request): ...\n    def helper(self): ...\n    def delete(self, request): ...\n\ndef put(): ...", []string{"2 GET |Post", "4 DELETE |Post"}},
		{"drf router", "urls.py", "router.register('posts', views.PostViewSet)", []string{"1 RESOURCE posts|PostViewSet"}},
		{"django urls", "urls.py", "urlpatterns = [\n    path('a/', views.a),\n    path('b/', include('b.urls')),\n]", []string{"2 ANY a/|a"}},
		{"aiohttp", "a.py", "app.add_routes([web.get('/x', h)])", []string{"1 GET /x|web"}},
		{"spring", "C.java", "@RestController\n@RequestMapping(\"/api\")\npublic class C {\n  @GetMapping(\"/x\")\n  T x() { return t; }\n  @RequestMapping(value = \"/y\", method = RequestMethod.PUT)\n  T y() { return t; }\n}", []string{"4 GET /x|C", "6 PUT /y|C"}},
		{"jax-rs", "R.java", "@Path(\"/p\")\npublic class R {\n  @GET\n  @Path(\"/{id}\")\n  public T one() { return t; }\n}", []string{"3 GET /{id}|R"}},
		{"ktor", "A.kt", "import io.ktor.server.routing.*\nfun Route.x() {\n  get(\"/x\") { }\n  post(\"/x\") { }\n}", []string{"3 GET /x|", "4 POST /x|"}},
		{"javalin", "A.java", "import io.javalin.Javalin;\nclass A { void m() { app.get(\"/x\", ctx -> ctx.json(1)); } }", []string{"2 GET /x|app"}},
		{"java map", "A.java", "class A { void m() { map.get(\"/x\"); } }", nil},
		{"play", "conf/routes", "# comment\nGET   /x   controllers.X.list\nGET   /assets/*file   controllers.Assets.at", []string{"2 GET /x|controllers.X"}},
		{"http4s", "R.scala", "case GET -> Root / \"x\" => Ok()", []string{"1 GET /x|Root"}},
		{"aspnet", "C.cs", "public class C : ControllerBase {\n  [HttpGet(\"{id}\")]\n  public T Get(int id) => t;\n  [Authorize, HttpPost]\n  public T Post() => t;\n}", []string{"2 GET {id}|C", "4 POST |C"}},
		{"minimal api", "P.cs", "app.MapPut(\"/x/{id}\", (int id) => 1);", []string{"1 PUT /x/{id}|app"}},
		{"net/http", "m.go", "package m\nfunc r() {\n\tmux.HandleFunc(\"GET /x\", h)\n\thttp.HandleFunc(\"/y\", h)\n}", []string{"3 GET /x|mux", "4 ANY /y|http"}},
		{"gorilla", "m.go", "package m\nfunc s() { r.HandleFunc(\"/x\", h).Methods(\"GET\", http.MethodPut) }", []string{"2 GET /x|r", "2 PUT /x|r"}},
		{"gin", "m.go", "package m\nfunc s() { r.DELETE(\"/x/:id\", h); http.Get(\"/x\") }", []string{"2 DELETE /x/:id|r"}},
		{"go switch", "m.go", "package m\n\nfunc tasks(w http.ResponseWriter, r *http.Request) {\n\tswitch r.Method {\n\tcase http.MethodPost:\n\t}\n}", []string{"5 POST |func tasks"}},
		{"rails", "config/routes.rb", "Rails.application.routes.draw do\n  resources :todos do\n    resources :items, only: [:index]\n  end\n  get 'x', to: 'x#y'\nend", []string{"2 RESOURCE todos|", "3 GET items|todos", "5 GET x|"}},
		{"sinatra", "app.rb", "require 'sinatra'\nget '/x' do\n  'ok'\nend\nget '/y'", []string{"2 GET /x|"}},
		{"laravel", "routes/api.php", "<?php\nRoute::get('/x', f(...));\nRoute::apiResource('posts', P::class)->only(['index', 'store']);\nRoute::middleware('auth')->delete('/x', g(...));", []string{"2 GET /x|Route", "3 GET posts|Route", "3 POST posts|Route", "4 DELETE /x|Route"}},
		{"slim", "i.php", "<?php\n$app->post('/x', function ($q, $r) { return $r; });", []string{"2 POST /x|$app"}},
		{"symfony", "C.php", "<?php\nclass C {\n  #[Route('/x', methods: ['GET', 'POST'])]\n  public function x() {}\n}", []string{"3 GET /x|C", "3 POST /x|C"}},
		{"php method", "i.php", "<?php\n$method = $_SERVER['REQUEST_METHOD'];\nif ($method === 'DELETE') { }", []string{"3 DELETE |method-test"}},
		{"php request", "i.php", "<?php\n$x = $request->get('/x', 1);", nil},
		{"actix", "m.rs", "#[get(\"/x\")]\nasync fn x() {}", []string{"1 GET /x|"}},
		{"axum", "m.rs", "fn r() { Router::new().route(\"/x\", get(a).post(b)) }", []string{"1 GET /x|", "1 POST /x|"}},
		{"phoenix", "router.ex", "  get \"/x\", XController, :index\n  resources \"/y\", YController, only: [:show]", []string{"1 GET /x|XController", "2 GET /y|YController"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, kindsOf(KindRoute, tt.path, tt.content)); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStatusCodes(t *testing.T) {
	t.Parallel()
	tests := []struct {
		path, content string
		want          bool
	}{
		{"a.js", "res.status(404).json({})", true},
		{"a.js", "res.status(200).json({})", false},
		{"a.js", "res.json({ status: 404 })", false},
		{"a.js", "res.sendStatus(204)", true},
		{"a.js", "res.statusCode = 400", true},
		{"a.js", "if (err.status === 404) next()", false},
		{"a.ts", "return NextResponse.json({ error }, { status: 400 })", true},
		{"a.ts", "throw new HttpException('x', HttpStatus.CONFLICT)", true},
		{"a.ts", "@HttpCode(204)\nremove() {}", true},
		{"a.js", "throw new AppError('none', 404)", true},
		{"a.js", "const limit = parse(x, 404)", false},
		{"a.py", "raise HTTPException(status_code=404)", true},
		{"a.py", "return Response(status=status.HTTP_201_CREATED)", true},
		{"a.py", "return jsonify(x), 422", true},
		{"a.py", "abort(403)", true},
		{"a.py", "assert response.status_code == 404", false},
		{"a.py", "from django.http import Http404", false},
		{"A.java", "return ResponseEntity.notFound().build();", true},
		{"A.java", "return ResponseEntity.ok().build();", false},
		{"A.java", "@ResponseStatus(HttpStatus.NO_CONTENT)", true},
		{"A.java", "return new ResponseEntity<>(x, HttpStatus.BAD_REQUEST);", true},
		{"a.cs", "return BadRequest();", true},
		{"a.cs", "[ProducesResponseType(StatusCodes.Status404NotFound)]", false},
		{"a.go", "package a\nfunc f() { http.Error(w, \"x\", http.StatusBadRequest) }", true},
		{"a.go", "package a\nfunc f() { w.WriteHeader(http.StatusOK) }", false},
		{"a.rb", "head :no_content", true},
		{"a.rb", "render json: x, status: 422", true},
		{"a.php", "<?php abort(404);", true},
		{"a.php", "<?php header('HTTP/1.1 404 Not Found');", true},
		{"a.php", "<?php echo json_encode(['status' => 404]);", false},
		{"a.php", "<?php return response()->json($x, Response::HTTP_CREATED);", true},
		{"a.rs", "fn f() { HttpResponse::NotFound().finish() }", true},
		{"a.ex", "send_resp(conn, 404, \"none\")", true},
		{"a.scala", "def f = NotFound(x)", false},
		{"a.scala", "  NotFound(x)", true},
	}
	for _, tt := range tests {
		if got := len(kindsOf(KindStatus, tt.path, tt.content)) > 0; got != tt.want {
			t.Errorf("%s %q: status %v, want %v", tt.path, tt.content, got, tt.want)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, path, content, want string
	}{
		{"json", "swagger.json", `{"swagger": "2.0", "info": {"title": "x"}, "paths": {"/x": {}}}`, "valid"},
		{"yaml", "openapi.yml", "# mine\nopenapi: 3.1.0\ninfo:\n  title: x\npaths:\n  /x: {}\n", "valid"},
		{"no paths", "openapi.yml", "openapi: 3.1.0\ninfo:\n  title: x\n", "invalid"},
		{"cut off", "openapi.json", `{"openapi": "3.0.0", "paths": {`, "invalid"},
		{"settings", "application.json", `{"swagger": {"enabled": true}}`, ""},
		{"package", "package.json", `{"dependencies": {"openapi": "^1.0.0"}}`, ""},
		{"workflow", "ci.yml", "on: push\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			for _, f := range NewScanner(nil).Scan(tt.path, []byte(tt.content)).Facts {
				if f.Kind == KindOpenAPI {
					got = f.Name
				}
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// FuzzScanAPI feeds strangers' bytes to all scanners and readers: none may panic, and facts stay within their bounds.
func FuzzScanAPI(f *testing.F) {
	for _, seed := range []struct{ path, content string }{
		{"a.js", "app.get('/x', ("}, {"a.js", "router.route({method:"}, {"a.py", "@app.route('/x', methods=["}, {"C.java", "@RequestMapping("},
		{"routes.rb", "resources :x, only: ["}, {"a.php", "<?php switch ($_SERVER['REQUEST_METHOD']) {"}, {"nginx.conf", "upstream x {\n server a;\n server"}, {"m.go", "package m\nfunc f() { r.HandleFunc(\""},
		{"openapi.yaml", "openapi: 3\npaths: [" + "[[[["}, {"a.cs", "[HttpGet("}, {"m.rs", "#[get(\"/x"}, {"a.http", "GET /x\n"}, {"conf/routes", "GET /x y"}, {"a.ex", "resources \"/x\""},
	} {
		f.Add(seed.path, []byte(seed.content))
	}
	f.Fuzz(func(t *testing.T, path string, content []byte) {
		got := NewScanner(nil).Scan(path, content)
		if len(got.Facts) > maxFacts {
			t.Fatalf("%d facts", len(got.Facts))
		}
		for _, fact := range got.Facts {
			if len(fact.Value) > maxText || len(fact.Name) > maxText || len(fact.Scope) > maxText {
				t.Fatalf("a fact is too long: %+v", fact)
			}
		}
	})
}
