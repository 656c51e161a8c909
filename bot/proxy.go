package bot

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"milepost/bot/webhook"
)

// Bounds of the tunnel.
const (
	proxySilence = 90 * time.Second // smee.io sends a ping every half minute
	proxyFirst   = time.Second      // pause before the first new try; it doubles
	proxyLast    = time.Minute
	maxEvent     = 2 * webhook.MaxBody // a payload within JSON
)

// tunnel brings deliveries to a server that GitHub cannot reach: it listens to server-sent events of a service such as smee.io (WEBHOOK_PROXY_URL)
// and hands each to the intake as if it had come by itself. The signature is checked as ever.
type tunnel struct {
	url   string
	path  string
	to    http.Handler
	log   *slog.Logger
	first time.Duration // before a new try
}

// run listens until ctx ends, and connects again when the connection breaks, ever more slowly while that fails.
func (t *tunnel) run(ctx context.Context) {
	pause := t.first
	for ctx.Err() == nil {
		heard, err := t.listen(ctx)
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause = t.first
		}
		t.log.WarnContext(ctx, "the webhook tunnel broke; it will be opened again", "pause", pause, "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, proxyLast)
	}
}

// listen reads events until the stream ends, and says whether there was any.
func (t *tunnel) listen(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, http.NoBody)
	if err != nil {
		return false, errors.New("WEBHOOK_PROXY_URL is no address")
	}
	req.Header.Set("Accept", "text/event-stream")
	silence := time.AfterFunc(proxySilence, cancel) // a connection that died without a word
	defer silence.Stop()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false, errors.New("the service cannot be reached")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return false, fmt.Errorf("the service answered %s, %q, and no stream of events", resp.Status, resp.Header.Get("Content-Type"))
	}
	t.log.InfoContext(ctx, "the webhook tunnel is open")
	err = events(resp.Body, func(kind string, data []byte) {
		heard = true
		silence.Reset(proxySilence)
		if kind == "" || kind == "message" {
			t.deliver(ctx, data)
		}
	})
	return heard, err
}

// events reads a stream of server-sent events. It ends with the stream.
func events(r io.Reader, each func(kind string, data []byte)) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), maxEvent)
	kind := ""
	var data []byte
	for lines.Scan() {
		line := lines.Bytes()
		if len(line) == 0 {
			if kind != "" || len(data) > 0 {
				each(kind, data)
			}
			kind, data = "", nil
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			kind = string(value)
		case "data":
			if data != nil {
				data = append(data, '\n')
			}
			if len(data)+len(value) > maxEvent {
				return errors.New("an event is too large")
			}
			data = append(data, value...)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read events: %w", err)
	}
	return io.EOF
}

// deliver gives one event to the intake. The service has parsed the body; GitHub signs it in its compact form, which is what is made again here:
// the order of keys and the spelling of numbers and strings are kept as they came.
func (t *tunnel) deliver(ctx context.Context, event []byte) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(event, &fields); err != nil {
		t.log.WarnContext(ctx, "an event of the webhook tunnel is not JSON")
		return
	}
	if _, ok := fields["body"]; !ok {
		return // the service's own
	}
	body, err := compactJSON(fields["body"])
	if err != nil {
		t.log.WarnContext(ctx, "a body in the webhook tunnel is not JSON")
		return
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.path, bytes.NewReader(body))
	if err != nil {
		return
	}
	for _, name := range []string{"content-type", "user-agent", "x-github-event", "x-github-delivery", "x-hub-signature-256"} {
		var value string
		if err := json.Unmarshal(fields[name], &value); err == nil {
			req.Header.Set(name, value)
		}
	}
	req.Header.Set("Content-Type", "application/json")
	answer := &answer{header: http.Header{}}
	t.to.ServeHTTP(answer, req)
	level := slog.LevelDebug
	if answer.code/100 != 2 {
		level = slog.LevelWarn
	}
	t.log.Log(ctx, level, "a delivery came through the tunnel", "delivery", req.Header.Get("X-Github-Delivery"), "event", req.Header.Get("X-Github-Event"), "status", answer.code)
}

// answer takes what the intake answers.
type answer struct {
	header http.Header
	code   int
}

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header { return a.header }

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(code int) {
	if a.code == 0 {
		a.code = code
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(p []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return len(p), nil
}

// compactJSON is JSON without the space between its parts.
func compactJSON(raw json.RawMessage) ([]byte, error) {
	var text string
	if json.Unmarshal(raw, &text) == nil { // some services pass the body on as it was
		return []byte(text), nil
	}
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		return nil, fmt.Errorf("bot: body: %w", err)
	}
	return out.Bytes(), nil
}
