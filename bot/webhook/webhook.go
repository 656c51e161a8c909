// Package webhook takes GitHub's deliveries: it verifies the signature, reads the few fields that anybody needs, puts them into a mailbox and
// acknowledges.
//
// The signature (HMAC-SHA-256 over the raw body) is checked before anything is parsed. The fields of each event stand in one table (paths.go); the rest of the
// payload is checked to be JSON but neither decoded nor kept. An odd or missing field never loses a delivery: it is left out, and what has a repository's id still goes to its
// mailbox. The answer is
//
//	202  stored durably, or known already, or of no use to us and only its id kept
//	400  unreadable: cut off, not JSON, without X-GitHub-Event or X-GitHub-Delivery
//	401  signature missing, wrong, or SHA-1 only
//	405  not a POST
//	413  over 25 MiB
//	503  could not be stored, or too many large bodies at once: GitHub notes the failure, and the delivery is asked for again later
//
// A delivery of 7 kB costs about 12 microseconds here, a third of them for the signature, and 23 with its share of a durable commit; see bench_test.go.
package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"milepost/storage"
)

// MaxBody is the size of GitHub's largest payload.
const MaxBody = 25 << 20

// Anybody can send a body, and only its end shows that the signature is wrong. What is larger than nearly all payloads therefore shares a bound.
const (
	freeBody   = 1 << 20          // bytes of a body that need no leave
	largeBytes = 64 << 20         // bytes of all bodies beyond that at once
	largeWait  = 5 * time.Second  // how long one waits for leave
	largeRead  = 10 * time.Second // how long one may take: GitHub hangs up then
)

// Acceptor stores a delivery durably before it returns; storage.Store is one.
type Acceptor interface {
	Accept(ctx context.Context, d storage.Delivery) (duplicate bool, err error)
}

// Result is what became of a request, for metrics.
type Result struct {
	Event     string // "other" for events that are not worked on
	Status    int
	Duplicate bool
	Took      time.Duration
}

// Config of a Handler. Secrets and Store are needed.
type Config struct {
	// Secrets are the webhook's secrets; any of them matches, so that they can be changed without losing deliveries.
	Secrets []string
	Store   Acceptor
	Observe func(Result)
	Now     func() time.Time
	Logger  *slog.Logger
}

// Handler is the endpoint for GitHub's webhooks.
type Handler struct {
	cfg   Config
	macs  []*sync.Pool        // of hash.Hash, one for each secret
	large *semaphore.Weighted // bytes of large bodies
}

// New makes the endpoint. Without a secret it refuses: anybody could write to it.
func New(cfg Config) (*Handler, error) {
	if cfg.Store == nil {
		return nil, errors.New("webhook: no store to put deliveries into")
	}
	if len(cfg.Secrets) == 0 {
		return nil, errors.New("webhook: no secret: set WEBHOOK_SECRET to the secret of the GitHub App's webhook")
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.Default()
	}
	h := &Handler{cfg: cfg, large: semaphore.NewWeighted(largeBytes)}
	for _, s := range cfg.Secrets {
		if s == "" {
			return nil, errors.New("webhook: an empty secret: WEBHOOK_SECRET has a comma too many, or is empty")
		}
		key := []byte(s)
		h.macs = append(h.macs, &sync.Pool{New: func() any { return hmac.New(sha256.New, key) }})
	}
	return h, nil
}

// editedByPerson names the tree of an edit of an issue by a person.
const editedByPerson = "issues.edited"

// trees are the tables of fields, compiled at the first delivery: a check of a folder starts without them.
var trees = sync.OnceValue(func() map[string]*node {
	all := map[string]*node{}
	for name, e := range events {
		all[name] = compile(join(common, e.paths))
	}
	all[editedByPerson] = compile(join(common, events["issues"].paths, edited))
	return all
})

// ServeHTTP takes one delivery.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := h.cfg.Now()
	status, dup := h.serve(w, r)
	if h.cfg.Observe != nil {
		name := r.Header.Get("X-Github-Event")
		if _, known := events[name]; !known {
			name = "other" // what strangers send must not grow the metrics
		}
		h.cfg.Observe(Result{Event: name, Status: status, Duplicate: dup, Took: h.cfg.Now().Sub(began)})
	}
}

func (h *Handler) serve(w http.ResponseWriter, r *http.Request) (status int, duplicate bool) {
	refuse := func(status int, text string) (int, bool) {
		http.Error(w, text, status)
		return status, false
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return refuse(http.StatusMethodNotAllowed, "POST only")
	}
	const unsigned = "X-Hub-Signature-256 is missing or does not match"
	signature, ok := signatureOf(r.Header)
	if !ok {
		return refuse(http.StatusUnauthorized, unsigned)
	}
	body := buffers.Get().(*bytes.Buffer) //nolint:forcetypeassert // the pool holds nothing else
	defer putBuffer(body)
	release, status := h.read(w, r, body)
	defer release()
	switch status {
	case 0:
	case http.StatusRequestEntityTooLarge:
		return refuse(status, "the payload is larger than 25 MiB")
	case http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
		return refuse(status, "too many large deliveries at once; deliver it again")
	default:
		return refuse(status, "the body could not be read to its end")
	}
	if !h.signed(&signature, body.Bytes()) {
		return refuse(http.StatusUnauthorized, unsigned)
	}
	d, err := parse(r.Header, body.Bytes())
	if err != nil {
		return refuse(http.StatusBadRequest, err.Error())
	}
	d.ReceivedAt = h.cfg.Now()
	// GitHub hangs up after ten seconds.
	ctx, cancel := context.WithTimeout(r.Context(), 8*time.Second)
	defer cancel()
	duplicate, err = h.cfg.Store.Accept(ctx, d)
	if err != nil {
		h.cfg.Logger.ErrorContext(ctx, "webhook: a delivery could not be stored", "delivery", d.GUID, "event", d.Event, "error", err)
		w.Header().Set("Retry-After", "30")
		return refuse(http.StatusServiceUnavailable, "the delivery could not be stored; deliver it again")
	}
	w.WriteHeader(http.StatusAccepted)
	return http.StatusAccepted, duplicate
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

func putBuffer(b *bytes.Buffer) {
	if b.Cap() <= 1<<20 { // one huge payload must not stay in memory for ever
		b.Reset()
		buffers.Put(b)
	}
}

// read reads the body and returns 0, or the status to refuse it with. release gives back what a large body took of the bound on all; it must be called
// when the body is used no more.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, body *bytes.Buffer) (release func(), status int) {
	release = func() {}
	n := r.ContentLength
	if n > MaxBody {
		return release, http.StatusRequestEntityTooLarge
	}
	from := http.MaxBytesReader(w, r.Body, MaxBody)
	if n < 0 { // in pieces: most end before they are large
		switch _, err := io.CopyN(body, from, freeBody); {
		case errors.Is(err, io.EOF):
			return release, 0
		case err != nil:
			return release, http.StatusBadRequest
		}
		n = MaxBody
	}
	if n > freeBody {
		ctx, cancel := context.WithTimeout(r.Context(), largeWait)
		defer cancel()
		if h.large.Acquire(ctx, n) != nil {
			return release, http.StatusServiceUnavailable
		}
		release = func() { h.large.Release(n) }
		_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(largeRead)) // where there is a connection
	}
	body.Grow(int(n) + bytes.MinRead) // at once: a buffer that grows by doubling is there twice
	_, err := body.ReadFrom(from)
	var tooLarge *http.MaxBytesError
	switch {
	case err == nil:
		return release, 0
	case errors.As(err, &tooLarge):
		return release, http.StatusRequestEntityTooLarge
	default:
		return release, http.StatusBadRequest
	}
}

// signatureOf is the signature that a request brings. ok is false if there is none of the right form, whatever the body.
func signatureOf(header http.Header) (signature [sha256.Size]byte, ok bool) {
	given := header["X-Hub-Signature-256"]
	if len(given) != 1 {
		return signature, false
	}
	digits, ok := strings.CutPrefix(given[0], "sha256=")
	if !ok || len(digits) != 2*sha256.Size {
		return signature, false
	}
	_, err := hex.Decode(signature[:], []byte(digits))
	return signature, err == nil
}

// signed reports whether the body is signed with one of the secrets. It tries them all and compares in constant time.
func (h *Handler) signed(signature *[sha256.Size]byte, body []byte) bool {
	var got [sha256.Size]byte
	match := false
	for _, pool := range h.macs {
		mac := pool.Get().(hash.Hash) //nolint:forcetypeassert // the pool holds nothing else
		mac.Reset()
		_, _ = mac.Write(body) // a hash takes everything
		if hmac.Equal(mac.Sum(got[:0]), signature[:]) {
			match = true
		}
		pool.Put(mac)
	}
	return match
}

// parse makes a delivery of a verified request.
func parse(header http.Header, body []byte) (storage.Delivery, error) {
	d := storage.Delivery{GUID: header.Get("X-Github-Delivery"), Event: header.Get("X-Github-Event")}
	if !isID(d.GUID) {
		return d, errors.New("X-GitHub-Delivery is missing or not an id")
	}
	if !isID(d.Event) {
		return d, errors.New("X-GitHub-Event is missing or not a name")
	}
	payload, err := payloadOf(header, body)
	if err != nil {
		return d, err
	}
	e, known := events[d.Event]
	tree := trees()[d.Event]
	if !known {
		tree = nothing
	}
	p, err := project(payload, tree)
	if err != nil {
		return d, errors.New("the payload is cut off or not JSON")
	}
	if !known {
		return d, nil
	}
	d.Action = text(p.slot[slotAction])
	if sender := text(p.slot[slotSenderType]); d.Event+"."+d.Action == editedByPerson && sender != "Bot" {
		if p, err = project(payload, trees()[editedByPerson]); err != nil {
			return d, err // it was read before
		}
	}
	d.Fields = p.fields
	d.RepoID, d.InstallationID = number(p.slot[slotRepo]), number(p.slot[slotInstallation])
	d.Priority = priority(d.Event, e, d.Action, text(p.slot[slotSenderType]))
	switch {
	case d.RepoID > 0 && !e.install:
		d.Mailbox = storage.Key{Kind: storage.KindRepo, ID: strconv.FormatInt(d.RepoID, 10)}
	case d.InstallationID > 0:
		d.Mailbox = storage.Key{Kind: storage.KindInstall, ID: strconv.FormatInt(d.InstallationID, 10)}
	default:
		d.Fields = nil // nobody's
	}
	return d, nil
}

// nothing is the tree of events that are not worked on: the payload is checked, no more.
var nothing = &node{}

// payloadOf is the JSON of a request: the body, or, where the webhook was set up so, a field of a form.
func payloadOf(header http.Header, body []byte) ([]byte, error) {
	if ct := header.Get("Content-Type"); !strings.HasPrefix(ct, "application/x-www-form-urlencoded") {
		return body, nil
	}
	for pair := range bytes.SplitSeq(body, []byte("&")) {
		if value, ok := bytes.CutPrefix(pair, []byte("payload=")); ok {
			decoded, err := url.QueryUnescape(string(value))
			if err != nil {
				return nil, errors.New("the form's payload is not encoded as one")
			}
			return []byte(decoded), nil
		}
	}
	return nil, errors.New("the form has no field payload")
}

// isID reports whether s is what GitHub uses for ids and names of events.
func isID(s string) bool {
	if s == "" || len(s) > 100 {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_' || c == '.') {
			return false
		}
	}
	return true
}

// text is a short JSON string without escapes, or "".
func text(raw []byte) string {
	if len(raw) < 2 || len(raw) > 100 || raw[0] != '"' || bytes.IndexByte(raw, '\\') >= 0 {
		return ""
	}
	return string(raw[1 : len(raw)-1])
}

// number is a JSON integer, or 0.
func number(raw []byte) int64 {
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		return 0
	}
	return n
}
