package probe

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"milepost/rules/facts"
	"milepost/rules/lex"
	"milepost/rules/manifest"
)

var serverDetectors = []Detector{
	{Name: "http-server", Doc: "Own code starts an HTTP server, or is an application of a framework that does.", Judge: httpServer},
	{Name: "web-framework", Doc: "Own code uses a backend framework or router; one that is declared and not used is partial.", Judge: webFramework},
	{Name: "environment", Doc: "Code or the framework's configuration reads variables of the environment, other than those that configure the platform.", Judge: environment},
}

// framework is a framework that is known by what is imported; those that are known by a call are facts of the kind server.
type framework struct {
	name string
	uses Uses
}

var frameworks = []framework{
	{"Express", Uses{NPM: []string{"express"}}},
	{"NestJS", Uses{NPM: []string{"@nestjs/common", "@nestjs/core"}}},
	{"Fastify", Uses{NPM: []string{"fastify"}}},
	{"Koa", Uses{NPM: []string{"koa", "koa-router", "@koa/router"}}},
	{"Hapi", Uses{NPM: []string{"@hapi/hapi", "hapi"}}},
	{"Hono", Uses{NPM: []string{"hono", "@hono/hono"}}},
	{"Oak", Uses{NPM: []string{"oak", "@oak/oak"}}},
	{"AdonisJS", Uses{NPM: []string{"@adonisjs/core", "@adonisjs/framework=@adonisjs/framework|@adonisjs/ignitor"}}},
	{"Sails", Uses{NPM: []string{"sails"}}},
	{"Restify", Uses{NPM: []string{"restify"}}},
	{"Feathers", Uses{NPM: []string{"@feathersjs/feathers", "@feathersjs/express"}}},
	{"LoopBack", Uses{NPM: []string{"@loopback/rest", "loopback"}}},
	{"micro", Uses{NPM: []string{"micro", "polka", "elysia", "find-my-way"}}},
	{"Flask", Uses{PyPI: []string{"flask"}}},
	{"FastAPI", Uses{PyPI: []string{"fastapi"}}},
	{"Django", Uses{PyPI: []string{"django"}}},
	{"Django REST framework", Uses{PyPI: []string{"djangorestframework=rest_framework"}}},
	{"Starlette", Uses{PyPI: []string{"starlette", "sanic", "tornado=tornado.web", "bottle", "falcon", "quart", "litestar", "pyramid", "cherrypy", "chalice"}}},
	{"aiohttp", Uses{PyPI: []string{"aiohttp=aiohttp.web"}}},
	{"Spring", Uses{Maven: []string{"spring-boot-starter-web=org.springframework.web|org.springframework.boot", "spring-boot-starter-webflux=org.springframework.web"}}},
	{"Quarkus", Uses{Maven: []string{"quarkus-core=io.quarkus", "quarkus-resteasy*=", "quarkus-rest*="}}},
	{"Micronaut", Uses{Maven: []string{"micronaut-http=io.micronaut.http"}}},
	{"Ktor", Uses{Maven: []string{"ktor-server-core=io.ktor.server|io.ktor.application|io.ktor.routing"}}},
	{"JAX-RS", Uses{Maven: []string{"jakarta.ws.rs-api=jakarta.ws.rs|javax.ws.rs"}}},
	{"Vert.x", Uses{Maven: []string{"vertx-web=io.vertx.ext.web"}}},
	{"Play", Uses{Maven: []string{"play=play.api.mvc|play.mvc"}}},
	{"Akka HTTP", Uses{Maven: []string{"akka-http=akka.http.scaladsl.server|org.apache.pekko.http.scaladsl.server|akka.http.javadsl.server"}}},
	{"http4s", Uses{Maven: []string{"http4s-dsl=org.http4s"}}},
	{"ASP.NET Core", Uses{NuGet: []string{"microsoft.aspnetcore=Microsoft.AspNetCore.Mvc|Microsoft.AspNetCore.Builder"}}},
	{"Sinatra", Uses{Gem: []string{"sinatra=sinatra"}}},
	{"Grape", Uses{Gem: []string{"grape=grape"}}},
	{"Laravel", Uses{Composer: []string{"laravel/framework=Illuminate"}}},
	{"Lumen", Uses{Composer: []string{"laravel/lumen-framework=Laravel\\Lumen"}}},
	{"Symfony", Uses{Composer: []string{"symfony/framework-bundle=Symfony\\Component\\HttpKernel\\Kernel|Symfony\\Bundle\\FrameworkBundle|Symfony\\Component\\Routing\\Attribute|Symfony\\Component\\Routing\\Annotation"}}},
	{"Slim", Uses{Composer: []string{"slim/slim=Slim"}}},
	{"CodeIgniter", Uses{Composer: []string{"codeigniter4/framework=CodeIgniter"}}},
	{"Yii", Uses{Composer: []string{"yiisoft/yii2=yii"}}},
	{"CakePHP", Uses{Composer: []string{"cakephp/cakephp=Cake"}}},
	{"Actix", Uses{Cargo: []string{"actix-web"}}},
	{"Axum", Uses{Cargo: []string{"axum", "rocket", "warp", "tide", "poem", "salvo"}}},
	{"Phoenix", Uses{Hex: []string{"phoenix=Phoenix"}}},
	{"Gin", Uses{Go: []string{"github.com/gin-gonic/gin"}}},
	{"Echo", Uses{Go: []string{"github.com/labstack/echo"}}},
	{"Fiber", Uses{Go: []string{"github.com/gofiber/fiber"}}},
	{"chi", Uses{Go: []string{"github.com/go-chi/chi"}}},
	{"gorilla/mux", Uses{Go: []string{"github.com/gorilla/mux"}}},
	{"httprouter", Uses{Go: []string{"github.com/julienschmidt/httprouter"}}},
	{"fasthttp router", Uses{Go: []string{"github.com/fasthttp/router", "github.com/buaazp/fasthttprouter", "github.com/qiangxue/fasthttp-routing"}}},
}

// declaredOnly are packages whose declaration without use is told as partial. Their names differ from what code imports.
var declaredOnly = []framework{
	{"Rails", Uses{Gem: []string{"rails="}}},
	{"Sinatra", Uses{Gem: []string{"sinatra="}}},
	{"Laravel", Uses{Composer: []string{"laravel/framework="}}},
	{"Spring Boot", Uses{Maven: []string{"spring-boot-starter-web=", "spring-boot-starter-webflux="}}},
	{"Phoenix", Uses{Hex: []string{"phoenix="}}},
}

func servers(in *Input, plain bool) []facts.Hit {
	hits := in.Repo.Hits(facts.KindServer)
	out := make([]facts.Hit, 0, len(hits))
	for _, h := range hits {
		if serverSide(in, h.File) && (plain || h.Value == "framework") && (h.Name != "Spring Boot" || springServes(in)) {
			out = append(out, h)
		}
	}
	return out
}

// springServes reports whether Spring Boot has what answers requests. Without, its applications run and end.
func springServes(in *Input) bool {
	starters := in.Repo.Dependencies(manifest.Maven, "spring-boot-starter*")
	if len(starters) == 0 || len(in.Repo.Hits(facts.KindRoute)) > 0 {
		return true
	}
	known := false
	for _, d := range starters {
		switch name := d.Name[strings.LastIndexByte(d.Name, ':')+1:]; {
		case name == "spring-boot-starter":
			known = true
		case mentionsAny(name, "web", "graphql", "jersey", "rest", "hateoas", "gateway", "undertow", "jetty", "tomcat", "rsocket", "thymeleaf", "parent"):
			return true
		}
	}
	return !known
}

func webFramework(in *Input) Result {
	var out Result
	seen := map[string]bool{}
	for _, h := range servers(in, false) {
		if seen[h.Name] || h.Name == "Next.js" && !nextRoutes(in) {
			continue
		}
		seen[h.Name] = true
		out.Status = Met
		out.Evidence = merge(out.Evidence, []Evidence{At(h.With(h.Name, ""), h.Name)})
	}
	if out.Status == Met {
		return out
	}
	near := Result{Status: Missing}
	for _, f := range frameworks {
		if f.name == "Spring" && !springServes(in) {
			continue
		}
		res := f.uses.judge(in, f.name)
		if res.Status == Met {
			return res
		}
		near = best(near, res)
	}
	if e, ok := fileRoutes(in); ok {
		name := "Next.js"
		if len(in.Repo.Dependencies("npm", "next")) == 0 {
			switch {
			case len(in.Repo.Dependencies("npm", "nuxt")) > 0:
				name = "Nuxt"
			case len(in.Repo.Dependencies("npm", "@sveltejs/kit")) > 0:
				name = "SvelteKit"
			default:
				return near
			}
		}
		return MetBy(name+" API route", e)
	}
	for _, f := range declaredOnly {
		if res := f.uses.judge(in, f.name); res.Status == Met {
			near = best(near, Result{Status: Partial, Reason: fmt.Sprintf("%s is declared in `%s`, but no code uses it", f.name, res.Evidence[0].Path), Evidence: res.Evidence})
		}
	}
	return near
}

// fileRoutes is an endpoint that a framework finds by the place of its file.
func fileRoutes(in *Input) (facts.Hit, bool) {
	for _, e := range endpoints(in) {
		if e.Fact.Scope == "route-file" || e.Kind == facts.KindExportedHandler {
			return e.Hit, true
		}
	}
	return facts.Hit{}, false
}

func nextRoutes(in *Input) bool {
	_, ok := fileRoutes(in)
	return ok
}

func httpServer(in *Input) Result {
	var out Result
	for _, h := range servers(in, true) {
		if h.Name == "Next.js" && !nextRoutes(in) {
			continue
		}
		note := h.Name + " server"
		switch {
		case h.Name == "PHP":
			note = "PHP handles requests"
		case h.Value == "framework":
			note = h.Name + " application"
		}
		out.Status = Met
		out.Evidence = merge(out.Evidence, []Evidence{At(h.With(h.Name, ""), note)})
		if len(out.Evidence) >= 3 {
			break
		}
	}
	if out.Status == Met {
		return out
	}
	if res := webFramework(in); res.Status == Met {
		return res
	}
	return Result{Status: Missing}
}

// environment finds reads of the environment by the program itself.
func environment(in *Input) Result {
	var found []facts.Hit
	for _, h := range in.Repo.Hits(facts.KindEnv) {
		if !serverSide(in, h.File) || buildConfiguration(h.File) {
			continue
		}
		found = append(found, h)
	}
	if len(found) == 0 {
		return Result{Status: Missing}
	}
	// Where a host reads the environment by itself, what the code reads of it tells more.
	slices.SortStableFunc(found, func(a, b facts.Hit) int { return cmp.Compare(host(a), host(b)) })
	res := Result{Status: Met}
	for _, h := range found[:min(3, len(found))] {
		note := "reads the environment"
		switch {
		case h.Name != "":
			note = "reads " + clean(h.Name)
		case host(h) == 1:
			note = "its host reads the environment by itself"
		}
		res.Evidence = appendNew(res.Evidence, At(h, note))
	}
	return res
}

// host is 1 for a call that makes a host of ASP.NET Core, 0 for others.
func host(h facts.Hit) int {
	if strings.Contains(h.Value, "Builder") && h.File.Lang() == lex.CSharp {
		return 1
	}
	return 0
}

// buildConfiguration tells the configuration of build tools and test runners, whose variables are not the program's.
func buildConfiguration(f *facts.RepoFile) bool {
	b := strings.ToLower(f.Base())
	for _, name := range []string{"vite.config", "vitest.config", "playwright.config", "jest.config", "cypress.config", "webpack", "rollup.config", "next.config", "vue.config", "babel.config", "postcss.config", "tailwind.config", "build.gradle", "settings.gradle", "karma.conf", "metro.config", "gulpfile", "gruntfile", "craco.config", "setup.py", "noxfile", "eslint"} {
		if strings.HasPrefix(b, name) {
			return true
		}
	}
	l := f.Lang()
	return l == lex.Shell || l == lex.Ruby && strings.HasPrefix(f.Path, "bin/")
}
