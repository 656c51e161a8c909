package githubsim

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxBody = 8 << 20
	docsURL = "https://docs.github.com/rest"
)

// call is one API request on its way through a handler. Handlers run under the
// stand-in's lock.
type call struct {
	s     *Sim
	r     *http.Request
	body  []byte
	vars  map[string]string
	query url.Values
	who   principal
	repo  *Repo // of routes below /repos/{owner}/{repo}
}

// answer is what a handler wants said.
type answer struct {
	status int
	header http.Header
	body   any    // marshalled, unless raw is set; nil for none
	raw    []byte // with its own Content-Type in header
}

func (a *answer) set(key, value string) {
	if a.header == nil {
		a.header = http.Header{}
	}
	a.header.Set(key, value)
}

func ok(body any) answer      { return answer{status: http.StatusOK, body: body} }
func created(body any) answer { return answer{status: http.StatusCreated, body: body} }
func noContent() answer       { return answer{status: http.StatusNoContent} }

func fail(status int, message string) answer {
	return answer{status: status, body: object{"message": message, "documentation_url": docsURL, "status": strconv.Itoa(status)}}
}

func notFound() answer { return fail(http.StatusNotFound, "Not Found") }

// invalid is GitHub's 422 for one field.
func invalid(resource, field, code string) answer {
	a := fail(http.StatusUnprocessableEntity, "Validation Failed")
	a.body.(object)["errors"] = []object{{"resource": resource, "field": field, "code": code}}
	return a
}

// decode reads the JSON body; false means it is none.
func (c *call) decode(into any) bool {
	if len(bytes.TrimSpace(c.body)) == 0 {
		return true
	}
	return json.Unmarshal(c.body, into) == nil
}

var badJSON = fail(http.StatusBadRequest, "Problems parsing JSON")

func (c *call) intVar(name string) int64 {
	n, err := strconv.ParseInt(c.vars[name], 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// page cuts a list to the page asked for, with GitHub's Link header, and says the total.
func page[T any](c *call, list []T) ([]T, http.Header) {
	per, num := queryInt(c.query, "per_page", 30, 100), queryInt(c.query, "page", 1, 1<<30)
	last := max(1, (len(list)+per-1)/per)
	h := http.Header{}
	var links []string
	link := func(n int, rel string) {
		q := url.Values{}
		for k, v := range c.query {
			q[k] = v
		}
		q.Set("page", strconv.Itoa(n))
		links = append(links, "<"+c.s.base+c.r.URL.EscapedPath()+"?"+q.Encode()+`>; rel="`+rel+`"`)
	}
	if num > 1 {
		link(min(num-1, last), "prev")
	}
	if num < last {
		link(num+1, "next")
		link(last, "last")
	}
	if num > 1 {
		link(1, "first")
	}
	if len(links) > 0 {
		h.Set("Link", strings.Join(links, ", "))
	}
	from := min((num-1)*per, len(list))
	return list[from:min(from+per, len(list))], h
}

func queryInt(q url.Values, name string, def, most int) int {
	n, err := strconv.Atoi(q.Get(name))
	if err != nil || n < 1 {
		return def
	}
	return min(n, most)
}

// listed answers with one page of a list, each element rendered.
func listed[T any](c *call, list []T, render func(T) object) answer {
	part, h := page(c, list)
	return answer{status: http.StatusOK, header: h, body: renderAll(part, render)}
}

// counted is as listed, inside an object with total_count.
func counted[T any](c *call, name string, list []T, render func(T) object) answer {
	part, h := page(c, list)
	return answer{status: http.StatusOK, header: h, body: object{"total_count": len(list), name: renderAll(part, render)}}
}

func renderAll[T any](list []T, render func(T) object) []object {
	out := make([]object, 0, len(list))
	for _, v := range list {
		out = append(out, render(v))
	}
	return out
}

// apiRoots are the first path segments that belong to the REST interface.
var apiRoots = map[string]bool{
	"app": true, "app-manifests": true, "installation": true, "repos": true, "repositories": true,
	"user": true, "users": true, "orgs": true, "rate_limit": true, "meta": true,
}

func (s *Sim) handler() http.Handler {
	var h http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		if rest, found := strings.CutPrefix(path, "/api/v3/"); found {
			s.serveAPI(w, r, "/"+rest)
			return
		}
		if first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/"); apiRoots[first] {
			s.serveAPI(w, r, path)
			return
		}
		s.servePage(w, r)
	})
	if s.opt.Middleware != nil {
		h = s.opt.Middleware(h)
	}
	return h
}

// serveAPI answers one API call: faults first, then the limits, the caller, the
// right and the handler.
func (s *Sim) serveAPI(w http.ResponseWriter, r *http.Request, path string) {
	start := time.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		http.Error(w, "payload too large", http.StatusRequestEntityTooLarge)
		return
	}
	s.mu.Lock()
	path = s.byID(path)
	latency, decide := s.latency, s.fault
	s.mu.Unlock()
	rt, vars, known := s.match(r.Method, path)
	ex := Exchange{Request: r, Path: path, Body: body, Params: vars}
	if rt != nil {
		ex.Template = rt.template
	}
	entry := Call{At: start, Method: r.Method, Template: ex.Template, Path: path, Query: r.URL.RawQuery}
	s.pause(r.Context(), latency)

	var fault Fault
	if decide != nil {
		fault = decide(r)
	}
	var a answer
	if fault.Kind == NoFault || fault.Landed || fault.Kind == FaultCut {
		a, entry.Installer = s.answer(r, rt, vars, known, body, &ex)
	}
	if fault.Kind != NoFault {
		ex.Faulted = true
		entry.Status, entry.Took = s.breakAnswer(fault, &a), time.Since(start)
		s.log.add(entry)
		if fault.Kind == FaultTimeout {
			s.hang(r.Context())
			panic(http.ErrAbortHandler)
		}
	} else {
		entry.Status, entry.Took = a.status, time.Since(start)
		s.log.add(entry)
	}
	for k, v := range a.header {
		w.Header()[k] = v
	}
	if fault.Kind == FaultCut {
		w.Header().Set("Content-Length", strconv.Itoa(len(a.raw)+1))
		w.WriteHeader(a.status)
		_, _ = w.Write(a.raw[:len(a.raw)/2])
		panic(http.ErrAbortHandler) // drops the connection: net/http's own way
	}
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.raw) // the client may be gone
	}
	ex.Status, ex.Header, ex.Answer = a.status, a.header, a.raw
	if s.opt.Observe != nil {
		s.opt.Observe(ex)
	}
}

func (s *Sim) pause(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	case <-s.closed:
	}
}

func (s *Sim) hang(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-s.closed:
	}
}

// breakAnswer turns the answer into what the fault makes of it and returns its status.
func (s *Sim) breakAnswer(f Fault, a *answer) int {
	wait := f.Wait
	if wait == 0 {
		wait = 2 * time.Second
	}
	switch f.Kind {
	case FaultStatus:
		status := f.Status
		if status == 0 {
			status = http.StatusInternalServerError
		}
		*a = answer{status: status, raw: []byte("<html><title>Unicorn!</title><p>This page is taking too long to load.</p></html>\n")}
		a.set("Content-Type", "text/html; charset=utf-8")
		return status
	case FaultRetry:
		*a = secondaryLimited(http.StatusTooManyRequests, wait)
	case FaultSecondary:
		*a = secondaryLimited(http.StatusForbidden, wait)
	case FaultPrimary:
		*a = primaryExhausted(principal{})
		a.set("X-RateLimit-Limit", strconv.Itoa(s.opt.RateLimit))
		a.set("X-RateLimit-Remaining", "0")
		a.set("X-RateLimit-Used", strconv.Itoa(s.opt.RateLimit))
		a.set("X-RateLimit-Resource", "core")
		// Rounded up: a reset in the past would invite an immediate retry.
		a.set("X-RateLimit-Reset", strconv.FormatInt(s.opt.Now().Add(wait+time.Second-1).Unix(), 10))
	case FaultCut:
		return a.status
	case FaultTimeout, NoFault:
		return 0
	}
	a.render()
	return a.status
}

// answer runs the call under the lock and renders its result.
func (s *Sim) answer(r *http.Request, rt *route, vars map[string]string, known bool, body []byte, ex *Exchange) (answer, int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	who, refused := s.authenticate(r)
	var inst int64
	if who.inst != nil {
		inst = who.inst.ID
	}
	ex.Anonymous = who.anonymous()
	a := refused
	if a.status == 0 {
		c := &call{s: s, r: r, body: body, vars: vars, query: r.URL.Query(), who: who}
		a = s.dispatch(c, rt, known)
	}
	a.render()
	fresh := false
	if r.Method == http.MethodGet && a.status == http.StatusOK {
		fresh = a.conditional(r)
	}
	charged := rt == nil || (rt.template != "/rate_limit" && rt.access != "app")
	if charged && !fresh && refused.status == 0 {
		s.limits.window(who.key(), s.now()).used++
	}
	if a.header == nil {
		a.header = http.Header{}
	}
	s.rateHeaders(a.header, who)
	a.set("X-GitHub-Media-Type", "github.v3; format=json")
	a.set("X-GitHub-Request-Id", "SIM:"+strconv.FormatInt(s.newID(), 16))
	a.set("Date", s.now().Format(http.TimeFormat))
	return a, inst
}

// dispatch checks limits and rights, then runs the handler.
func (s *Sim) dispatch(c *call, rt *route, known bool) answer {
	if rt == nil {
		if known {
			return fail(http.StatusNotFound, "Not Found")
		}
		return notFound()
	}
	if rt.template != "/rate_limit" && rt.access != "app" && s.limits.window(c.who.key(), s.now()).used >= s.limitOf(c.who) {
		return primaryExhausted(c.who)
	}
	if a := c.allowed(rt); a.status != 0 {
		return a
	}
	if rt.method == http.MethodPost && createsContent[rt.template] {
		if wait := s.contentWait(c.who.actorKey()); wait > 0 {
			return secondaryLimited(http.StatusForbidden, wait)
		}
	}
	return rt.handle(c)
}

// createsContent are the routes under GitHub's limit for created content.
var createsContent = map[string]bool{
	"/repos/{owner}/{repo}/issues":                         true,
	"/repos/{owner}/{repo}/issues/{issue_number}/comments": true,
	"/repos/{owner}/{repo}/pulls":                          true,
	"/repos/{owner}/{repo}/pulls/{pull_number}/reviews":    true,
}

// render marshals the body once.
func (a *answer) render() {
	if a.raw != nil || a.body == nil {
		return
	}
	raw, err := json.Marshal(a.body)
	if err != nil { // only a programming error in a handler can do this
		raw = []byte(`{"message":"Server Error"}`)
		a.status = http.StatusInternalServerError
	}
	a.raw = raw
	a.set("Content-Type", "application/json; charset=utf-8")
}

// conditional sets the ETag and turns the answer into 304 when the client has it already.
func (a *answer) conditional(r *http.Request) bool {
	sum := sha256.Sum256(a.raw)
	tag := `W/"` + hex.EncodeToString(sum[:]) + `"`
	a.set("ETag", tag)
	a.set("Cache-Control", "private, max-age=60, s-maxage=60")
	a.set("Vary", "Accept, Authorization, Cookie, X-GitHub-OTP")
	for _, have := range strings.Split(r.Header.Get("If-None-Match"), ",") {
		have = strings.TrimSpace(have)
		if have != "" && strings.TrimPrefix(have, "W/") == strings.TrimPrefix(tag, "W/") {
			a.status, a.raw, a.body = http.StatusNotModified, nil, nil
			a.header.Del("Content-Type")
			return true
		}
	}
	return false
}

// byID rewrites /repositories/{id}/... to the repository's present name.
func (s *Sim) byID(path string) string {
	rest, found := strings.CutPrefix(path, "/repositories/")
	if !found {
		return path
	}
	id, tail, _ := strings.Cut(rest, "/")
	n, err := strconv.ParseInt(id, 10, 64)
	repo := s.repos[n]
	if err != nil || repo == nil {
		return "/repos/-/-"
	}
	out := "/repos/" + url.PathEscape(repo.owner.login) + "/" + url.PathEscape(repo.name)
	if tail != "" {
		out += "/" + tail
	}
	return out
}
