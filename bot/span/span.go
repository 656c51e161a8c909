// Package span notes what a piece of work consists of, for traces. A span is a part of the one that its context carries; where there is none,
// because nobody asked for traces, nothing is noted. Names and attributes hold no text of repositories and no secret.
package span

import (
	"context"
	"crypto/sha256"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"
)

// Scope is the name under which the spans of this program appear.
const Scope = "milepost"

// Start begins a part of what the context is about. end takes the error it ended with, or nil.
func Start(ctx context.Context, name string, attrs ...attribute.KeyValue) (inner context.Context, end func(error)) {
	outer := trace.SpanFromContext(ctx)
	if !outer.IsRecording() {
		return ctx, func(error) {}
	}
	ctx, s := outer.TracerProvider().Tracer(Scope).Start(ctx, name, trace.WithAttributes(attrs...)) //nolint:spancheck // the caller ends it
	return ctx, func(err error) { End(s, err) }                                                     //nolint:spancheck // as said
}

// End ends a span with the error that its work ended with, or nil: with the first line of it (what follows in a panic's is its stack), as text, which paths need not be.
func End(s trace.Span, err error) {
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		s.SetStatus(codes.Error, strings.ToValidUTF8(line, "?"))
	}
	s.End()
}

// Set adds attributes to the span of a context.
func Set(ctx context.Context, attrs ...attribute.KeyValue) {
	if s := trace.SpanFromContext(ctx); s.IsRecording() {
		s.SetAttributes(attrs...)
	}
}

// OfDelivery are the ids of the span in which a delivery is taken in. They follow from the delivery's own id, so that whoever works on it later, in
// whatever process, knows them without being told.
func OfDelivery(guid string) (trace.TraceID, trace.SpanID) {
	sum := sha256.Sum256([]byte("milepost delivery " + guid))
	return trace.TraceID(sum[:16]), trace.SpanID(sum[16:24])
}
