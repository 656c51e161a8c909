package bot_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"milepost/bot"
	"milepost/bot/githubsim"
)

// otlp is a collector that keeps what it is sent.
type otlp struct {
	*httptest.Server
	mu      sync.Mutex
	spans   []*tracepb.Span
	service string
	faults  []string
}

func newOTLP(t *testing.T) *otlp {
	t.Helper()
	o := &otlp{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		o.mu.Lock()
		defer o.mu.Unlock()
		if r.Method != http.MethodPost || r.URL.Path != "/v1/traces" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("X-Team") != "blue team" {
			o.faults = append(o.faults, r.Method+" "+r.URL.Path+" "+r.Header.Get("X-Team"))
		}
		z, err := gzip.NewReader(r.Body)
		if err != nil {
			o.faults = append(o.faults, err.Error())
			return
		}
		data, err := io.ReadAll(z)
		var got tracepb.TracesData
		if err == nil {
			err = proto.Unmarshal(data, &got)
		}
		if err != nil {
			o.faults = append(o.faults, err.Error())
			return
		}
		for _, rs := range got.GetResourceSpans() {
			for _, a := range rs.GetResource().GetAttributes() {
				if a.GetKey() == "service.name" {
					o.service = a.GetValue().GetStringValue()
				}
			}
			for _, ss := range rs.GetScopeSpans() {
				o.spans = append(o.spans, ss.GetSpans()...)
			}
		}
	}))
	t.Cleanup(o.Close)
	return o
}

// named are the spans with a name.
func (o *otlp) named(name string) []*tracepb.Span {
	o.mu.Lock()
	defer o.mu.Unlock()
	var out []*tracepb.Span
	for _, s := range o.spans {
		if s.GetName() == name {
			out = append(out, s)
		}
	}
	return out
}

// TestTraces: with a collector in the environment, a push can be followed from its delivery through the queue to the check, the calls to GitHub and
// the issue; pages have a trace of their own. No span holds a secret.
func TestTraces(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, dsn string) {
		o := newOTLP(t)
		r := newRig(t, setup{dsn: dsn, env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + o.URL, "OTEL_EXPORTER_OTLP_HEADERS=X-Team=blue%20team,Other=1", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"}})
		repo := r.sim.CreateRepo(r.org, "shelf", githubsim.RepoOptions{})
		r.sim.Install(r.app, r.org)
		r.sim.PushFiles(repo, "main", r.user, "Begin", map[string]string{"index.js": "console.log(1)\n", ".gitignore": "node_modules/\n"})
		r.settle(3600e9)
		// The first issue may be written by the run that the installation asked for; the second push is worked on for its own sake.
		r.sim.PushFiles(repo, "main", r.user, "Pack", map[string]string{"Dockerfile": "FROM node:22\nWORKDIR /app\nCOPY . .\nCMD [\"node\", \"index.js\"]\n"})
		r.settle(3600e9)
		if status, _ := get(t, http.DefaultClient, r.server.URL()+"/privacy"); status != http.StatusOK {
			t.Errorf("the page answers %d", status)
		}
		if err := r.server.Stop(t.Context()); err != nil { // sends what is left
			t.Fatal(err)
		}
		if len(o.faults) > 0 || o.service != "milepost" {
			t.Errorf("sent as %q, with faults: %v", o.service, o.faults)
		}
		if len(o.named("GET /privacy")) != 1 {
			t.Error("the page has no span")
		}
		byID := map[string]*tracepb.Span{}
		for _, s := range o.spans {
			byID[string(s.GetSpanId())] = s
			if text := s.String(); strings.Contains(text, secret) || strings.Contains(text, "ghs_") || strings.Contains(text, "PRIVATE") {
				t.Errorf("a secret stands in the span %s", s.GetName())
			}
		}
		// Each of these is a part of the one above, across the queue.
		for _, chain := range [][]string{
			{"GET /repos/{owner}/{repo}/git/trees/{tree_sha}", "snapshot", "work repo", "delivery"}, {"evaluate", "work repo", "delivery"},
			{"PATCH /repos/{owner}/{repo}/issues/{issue_number}", "publish issue", "work repo", "delivery"}, {"work install", "delivery"},
		} {
			if !slices.ContainsFunc(o.named(chain[0]), func(s *tracepb.Span) bool {
				for _, name := range chain[1:] {
					up := byID[string(s.GetParentSpanId())]
					if up.GetName() != name || string(up.GetTraceId()) != string(s.GetTraceId()) {
						return false
					}
					s = up
				}
				return len(s.GetParentSpanId()) == 0
			}) {
				t.Errorf("nowhere: %s", strings.Join(chain, " in "))
			}
		}
	})
}

// TestTracesConfig: what cannot be followed is refused with a remedy, and nothing is sent unless asked for.
func TestTracesConfig(t *testing.T) {
	t.Parallel()
	for vars, want := range map[string]string{
		"": "",
		"OTEL_EXPORTER_OTLP_ENDPOINT=collector:4318":                                           "OTEL_EXPORTER_OTLP_ENDPOINT",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_EXPORTER_OTLP_PROTOCOL=grpc":           "http/protobuf",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 OTEL_EXPORTER_OTLP_TIMEOUT=0":               "OTEL_EXPORTER_OTLP_TIMEOUT",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4318 OTEL_TRACES_EXPORTER=zipkin":                "otlp or none",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://c:4317 OTEL_SDK_DISABLED=true OTEL_X=y":            "",
		"OTEL_EXPORTER_OTLP_ENDPOINT=nonsense OTEL_TRACES_EXPORTER=none":                       "",
		"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=http://c:4318/x OTEL_EXPORTER_OTLP_PROTOCOL=grpc ": "http/protobuf",
	} {
		_, err := bot.Load(strings.Fields(vars))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", vars, err, want)
		}
	}
}

// TestTracesHostile: what anybody sends neither spoils the traces of others nor is kept at length; a run that panics has a span, without its stack.
func TestTracesHostile(t *testing.T) {
	t.Parallel()
	o, name := newOTLP(t), "shelf"
	var bad atomic.Pointer[string]
	bad.Store(&name)
	r := newRig(t, setup{
		dsn:    databases["sqlite"](t),
		env:    []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + o.URL, "OTEL_EXPORTER_OTLP_HEADERS=X-Team=blue%20team", "OTEL_EXPORTER_OTLP_COMPRESSION=gzip"},
		around: func(next http.RoundTripper) http.RoundTripper { return poison{next, &bad} },
	})
	r.sim.PushFiles(r.sim.CreateRepo(r.org, name, githubsim.RepoOptions{}), "main", r.user, "Begin", map[string]string{"index.js": "console.log(1)\n"})
	r.sim.Install(r.app, r.org)
	r.settle(3600e9)
	for _, event := range []string{"\xff", strings.Repeat("long", 4000)} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.server.URL()+"/api/github/webhooks", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Github-Event", event)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if err := r.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	odd, panics := 0, 0
	for _, s := range o.named("delivery") {
		for _, a := range s.GetAttributes() {
			if v := a.GetValue().GetStringValue(); len(v) > 100 {
				t.Errorf("%s holds %d bytes", a.GetKey(), len(v))
			} else if v == "?" || strings.HasPrefix(v, "longlong") {
				odd++
			}
		}
	}
	for _, s := range o.named("work repo") {
		if text := s.GetStatus().GetMessage(); strings.HasPrefix(text, "panic: ") {
			panics++
			if strings.Contains(text, "goroutine") {
				t.Error("the span holds the stack")
			}
		}
	}
	if odd != 2 || panics == 0 {
		t.Errorf("%d spans of odd requests, %d of runs that panicked", odd, panics)
	}
}

// TestTracesStay: a collector that redirects is not followed.
func TestTracesStay(t *testing.T) {
	t.Parallel()
	var asked, elsewhere atomic.Int64
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	t.Cleanup(other.Close)
	first := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		asked.Add(1)
		http.Redirect(w, req, other.URL, http.StatusTemporaryRedirect)
	}))
	t.Cleanup(first.Close)
	r := newRig(t, setup{dsn: databases["sqlite"](t), env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + first.URL}})
	if status, _ := get(t, http.DefaultClient, r.server.URL()+"/privacy"); status != http.StatusOK {
		t.Errorf("the page answers %d", status)
	}
	if err := r.server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if asked.Load() == 0 || elsewhere.Load() != 0 {
		t.Errorf("the collector was asked %d times, another %d times", asked.Load(), elsewhere.Load())
	}
}
