package bot

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// collector sends traces by OTLP over HTTP, to the one address that the environment names. OpenTelemetry's own client for that protocol also links gRPC: 2.1 MB of a program whose image
// has to stay below 40 MB.
type collector struct {
	address string
	headers map[string]string
	gzip    bool
	client  *http.Client
	log     *slog.Logger
	failing atomic.Bool
}

// Start implements otlptrace.Client.
func (*collector) Start(context.Context) error { return nil }

// Stop implements otlptrace.Client.
func (*collector) Stop(context.Context) error { return nil }

// UploadTraces implements otlptrace.Client. What cannot be sent is lost: traces are never worth waiting for. The log says so once, until it works again.
func (c *collector) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	err := c.send(ctx, spans)
	if failed := err != nil; c.failing.Swap(failed) != failed {
		if failed {
			c.log.WarnContext(ctx, "traces cannot be sent", "error", err)
		} else {
			c.log.InfoContext(ctx, "traces are sent again")
		}
	}
	return nil
}

func (c *collector) send(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	// TracesData has the same bytes as the request of the collector's service, whose own type comes with gRPC.
	body, err := proto.Marshal(&tracepb.TracesData{ResourceSpans: spans})
	if err != nil {
		return fmt.Errorf("encode traces: %w", err)
	}
	if c.gzip {
		var packed bytes.Buffer
		z := gzip.NewWriter(&packed)
		if _, err := z.Write(body); err != nil {
			return fmt.Errorf("compress traces: %w", err)
		}
		if err := z.Close(); err != nil {
			return fmt.Errorf("compress traces: %w", err)
		}
		body = packed.Bytes()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("send traces: %w", err)
	}
	for k, v := range c.headers {
		req.Header.Set(k, v)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	if c.gzip {
		req.Header.Set("Content-Encoding", "gzip")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return fmt.Errorf("send traces: %w", err)
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10)) // so that the connection is used again
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("send traces: the collector answers %s", resp.Status)
	}
	return nil
}
