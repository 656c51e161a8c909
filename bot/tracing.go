package bot

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"milepost/bot/span"
	"milepost/bot/work"
	"milepost/storage"
)

// Tracing is what the environment says of traces, by OpenTelemetry's own names. OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES, OTEL_TRACES_SAMPLER,
// OTEL_TRACES_SAMPLER_ARG and the OTEL_BSP_ variables are read by the library.
type Tracing struct {
	Disabled       bool              `env:"OTEL_SDK_DISABLED"`
	Exporter       string            `env:"OTEL_TRACES_EXPORTER" envDefault:"otlp"`
	Endpoint       string            `env:"OTEL_EXPORTER_OTLP_ENDPOINT"`
	TracesEndpoint string            `env:"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"`
	Protocol       string            `env:"OTEL_EXPORTER_OTLP_PROTOCOL" envDefault:"http/protobuf"`
	TracesProtocol string            `env:"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"`
	Headers        map[string]string `env:"OTEL_EXPORTER_OTLP_HEADERS" envKeyValSeparator:"="`
	TracesHeaders  map[string]string `env:"OTEL_EXPORTER_OTLP_TRACES_HEADERS" envKeyValSeparator:"="`
	Compression    string            `env:"OTEL_EXPORTER_OTLP_COMPRESSION"`
	Timeout        int               `env:"OTEL_EXPORTER_OTLP_TIMEOUT" envDefault:"10000"` // milliseconds
}

// address is where traces are sent to; "" when nobody asked for them.
func (t Tracing) address() string {
	switch {
	case t.Disabled, t.Exporter == "none":
		return ""
	case t.TracesEndpoint != "":
		return t.TracesEndpoint
	case t.Endpoint != "":
		return strings.TrimSuffix(t.Endpoint, "/") + "/v1/traces"
	}
	return ""
}

// headers go with every request. Their values are percent-encoded in the environment.
func (t Tracing) headers() map[string]string {
	from := t.TracesHeaders
	if from == nil {
		from = t.Headers
	}
	out := map[string]string{}
	for k, v := range from {
		if plain, err := url.PathUnescape(v); err == nil {
			v = plain
		}
		out[strings.TrimSpace(k)] = strings.TrimSpace(v)
	}
	return out
}

// faults are the mistakes in the variables, each with its remedy.
func (t Tracing) faults() []error {
	address := t.address()
	if address == "" {
		return nil
	}
	var faults []error
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		faults = append(faults, fmt.Errorf("OTEL_EXPORTER_OTLP_ENDPOINT must be an address such as http://localhost:4318, not %q", cmp.Or(t.TracesEndpoint, t.Endpoint)))
	}
	if p := cmp.Or(t.TracesProtocol, t.Protocol); p != "http/protobuf" {
		faults = append(faults, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL takes http/protobuf, not %q; collectors listen for it at port 4318", p))
	}
	if t.Exporter != "otlp" {
		faults = append(faults, fmt.Errorf("OTEL_TRACES_EXPORTER takes otlp or none, not %q", t.Exporter))
	}
	if t.Timeout < 1 {
		faults = append(faults, fmt.Errorf("OTEL_EXPORTER_OTLP_TIMEOUT is a number of milliseconds above 0, not %d", t.Timeout))
	}
	return faults
}

// tracer makes the spans that begin a trace; without a provider it makes none.
type tracer struct {
	provider *sdktrace.TracerProvider // nil: nobody asked for traces
	log      *slog.Logger
}

// newTracer sends spans to where the environment says, in batches and in the background. Without such a variable it does nothing, and costs nothing.
func newTracer(ctx context.Context, cfg Tracing, log *slog.Logger) (tracer, error) {
	address := cfg.address()
	if address == "" {
		return tracer{log: log}, nil
	}
	out := &collector{address: address, headers: cfg.headers(), gzip: cfg.Compression == "gzip", client: &http.Client{Timeout: time.Duration(cfg.Timeout) * time.Millisecond, CheckRedirect: stay}, log: log}
	exporter, err := otlptrace.New(ctx, out)
	if err != nil {
		return tracer{}, fmt.Errorf("bot: traces: %w", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "milepost")), resource.WithTelemetrySDK(), resource.WithHost(), resource.WithFromEnv())
	if err != nil {
		return tracer{}, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES or OTEL_SERVICE_NAME cannot be read: %w", err)
	}
	return tracer{log: log, provider: sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about), sdktrace.WithIDGenerator(ids{}))}, nil
}

// stay follows no redirect: what goes with a request is for the collector alone.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// ofRequest is a text of a request as a span may hold it: anybody can send what is long, or no text, and the spans of a flood wait in memory.
func ofRequest(s string) string {
	return strings.ToValidUTF8(strings.Clone(s[:min(len(s), 100)]), "?")
}

// stop sends what is left, within the context's time.
func (t tracer) stop(ctx context.Context) {
	if t.provider == nil {
		return
	}
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.WarnContext(ctx, "the last traces were not sent", "error", err)
	}
}

// start begins a trace, or a part of one if the context carries its parent.
func (t tracer) start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	return t.provider.Tracer(span.Scope).Start(ctx, name, opts...) //nolint:spancheck // the caller ends it
}

// fixedIDs in a context are those of the next trace that begins in it.
type fixedIDs struct{}

// ids gives the span of a delivery the ids that follow from the delivery, and all others random ones.
type ids struct{}

// NewIDs implements sdktrace.IDGenerator.
func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if guid, ok := ctx.Value(fixedIDs{}).(string); ok {
		return span.OfDelivery(guid)
	}
	var id trace.TraceID
	_, _ = rand.Read(id[:]) // never fails
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID implements sdktrace.IDGenerator.
func (ids) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	_, _ = rand.Read(id[:]) // never fails
	return id
}

// ofDelivery is the span in which a delivery was taken in, as a parent or link for what follows from it. Whether it is recorded is asked of the
// sampler, which decides by the trace's id.
func (t tracer) ofDelivery(ctx context.Context, guid string) trace.SpanContext {
	_, probe := t.start(context.WithValue(ctx, fixedIDs{}, guid), "", trace.WithNewRoot())
	traceID, spanID := span.OfDelivery(guid)
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: traceID, SpanID: spanID, TraceFlags: probe.SpanContext().TraceFlags(), Remote: true})
}

// intake traces the webhook handler.
func (t tracer) intake(next http.Handler) http.Handler {
	if t.provider == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		guid := r.Header.Get("X-GitHub-Delivery")
		ctx := r.Context()
		if guid != "" {
			ctx = context.WithValue(ctx, fixedIDs{}, guid)
		}
		ctx, s := t.start(ctx, "delivery", trace.WithSpanKind(trace.SpanKindServer), trace.WithNewRoot(),
			trace.WithAttributes(attribute.String("milepost.delivery", ofRequest(guid)), attribute.String("milepost.event", ofRequest(r.Header.Get("X-GitHub-Event")))))
		t.answer(w, r.WithContext(ctx), s, next)
	})
}

// page traces the pages and the interface, by the pattern of the address: addresses name people.
func (t tracer) page(next http.Handler) http.Handler {
	if t.provider == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/healthz" || r.URL.Path == "/readyz" || r.URL.Path == "/metrics" {
			next.ServeHTTP(w, r)
			return
		}
		ctx, s := t.start(r.Context(), "page", trace.WithSpanKind(trace.SpanKindServer))
		r = r.WithContext(ctx)
		t.answer(w, r, s, next)
	})
}

func (t tracer) answer(w http.ResponseWriter, r *http.Request, s trace.Span, next http.Handler) {
	seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	defer func() {
		if r.Pattern != "" {
			method, route, ok := strings.Cut(r.Pattern, " ")
			if !ok {
				method, route = ofRequest(r.Method), r.Pattern
			}
			s.SetName(method + " " + route)
			s.SetAttributes(attribute.String("http.route", route))
		}
		s.SetAttributes(attribute.String("http.request.method", ofRequest(r.Method)), attribute.Int("http.response.status_code", seen.status))
		if seen.status >= http.StatusInternalServerError {
			s.SetStatus(codes.Error, http.StatusText(seen.status))
		}
		s.End()
	}()
	next.ServeHTTP(seen, r)
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// mailboxLinks bounds how many deliveries of a mailbox a run is linked with.
const mailboxLinks = 20

// run traces a run of a worker: a part of the trace of the delivery that it is owed to, with links to the others in its mailbox.
func (t tracer) run(store *storage.Store, next work.Handler) work.Handler {
	if t.provider == nil {
		return next
	}
	return work.HandlerFunc(func(ctx context.Context, c *work.Claim) error {
		opts := []trace.SpanStartOption{
			trace.WithSpanKind(trace.SpanKindConsumer),
			trace.WithAttributes(attribute.String("milepost.job", c.Kind+"/"+c.ID), attribute.Int("milepost.attempt", c.Attempts), attribute.Int("milepost.priority", c.Priority)),
		}
		box, err := store.Pending(ctx, c.Key, mailboxLinks)
		if err != nil {
			box = nil // the run does not fail for its trace, which then begins with it
		}
		var parent trace.SpanContext
		for i, d := range box {
			if from := t.ofDelivery(ctx, d.GUID); i == 0 {
				parent = from
			} else {
				opts = append(opts, trace.WithLinks(trace.Link{SpanContext: from}))
			}
		}
		ctx, s := t.start(trace.ContextWithRemoteSpanContext(ctx, parent), "work "+c.Kind, opts...)
		err = work.Guard(func() error { return next.Handle(ctx, c) })() // a run that panics is the one to be looked at
		span.End(s, err)
		return err
	})
}
