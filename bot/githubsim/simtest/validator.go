// Package simtest holds githubsim to GitHub's own description of its interface:
// every request that a client makes and every answer that the stand-in gives.
package simtest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"

	"milepost/bot/githubsim"
)

// Reporter is the part of testing.TB that a validator needs.
type Reporter interface {
	Helper()
	Errorf(format string, args ...any)
}

// Validator checks exchanges against a description. Its method Observe is an
// Options.Observe of the stand-in.
type Validator struct {
	doc *openapi3.T
	t   Reporter

	mu      sync.Mutex
	checked map[string]int
	skipped map[string]int
}

// notDescribed are routes that the trimmed description lacks; they are served as
// GitHub's documentation says, and noted as unchecked.
var notDescribed = map[string]bool{
	"/repos/{owner}/{repo}/issues/{issue_number}/lock": true,
	"/repos/{owner}/{repo}/contents":                   true,
	"/repos/{owner}/{repo}/tarball":                    true,
}

// Load reads GitHub's description, a gzip-compressed JSON document.
func Load(compressed []byte) (*openapi3.T, error) {
	zr, err := gzip.NewReader(bytes.NewReader(compressed))
	if err != nil {
		return nil, fmt.Errorf("simtest: description: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(zr, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("simtest: description: %w", err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(raw)
	if err != nil {
		return nil, fmt.Errorf("simtest: description: %w", err)
	}
	mend(doc)
	return doc, nil
}

// mend corrects the one place where the description contradicts both GitHub's
// answers and itself: in the list of an app's installations an account would have
// to be a person and an enterprise at once.
func mend(doc *openapi3.T) {
	item := doc.Paths.Value("/app/installations")
	one := doc.Components.Schemas["installation"]
	if item == nil || item.Get == nil || one == nil {
		return
	}
	if resp := item.Get.Responses.Status(http.StatusOK); resp != nil && resp.Value != nil {
		if media := resp.Value.Content.Get("application/json"); media != nil && media.Schema != nil && media.Schema.Value != nil {
			media.Schema.Value.Items = one
		}
	}
}

// bareList reports whether the request sends labels as a plain list, which
// GitHub's documentation allows in words and its schema does not.
func bareList(ex githubsim.Exchange) bool {
	return strings.HasSuffix(ex.Template, "/labels") && bytes.HasPrefix(bytes.TrimSpace(ex.Body), []byte("["))
}

// New makes a validator that reports mismatches to t.
func New(t Reporter, doc *openapi3.T) *Validator {
	return &Validator{doc: doc, t: t, checked: map[string]int{}, skipped: map[string]int{}}
}

// TB is the part of testing.TB that [Require] needs.
type TB interface {
	Reporter
	Fatalf(format string, args ...any)
	Skipf(format string, args ...any)
}

// Require makes a validator over the description at the path in the environment's
// MILEPOST_GITHUB_OPENAPI, else over the one in the repository's
// bot/githubsim/testdata, looked for upwards from the working directory. Without one the test is skipped, or
// fails when MILEPOST_TEST_REQUIRE is "all".
func Require(t TB) *Validator {
	t.Helper()
	raw, err := find()
	var doc *openapi3.T
	if err == nil {
		doc, err = Load(raw)
	}
	if err != nil {
		if os.Getenv("MILEPOST_TEST_REQUIRE") == "all" {
			t.Fatalf("GitHub's description is needed: %v", err)
		}
		t.Skipf("GitHub's description cannot be read: %v", err)
	}
	return New(t, doc)
}

func find() ([]byte, error) {
	if path := os.Getenv("MILEPOST_GITHUB_OPENAPI"); path != "" {
		return os.ReadFile(path) // #nosec G304 G703 -- a test's own setting
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	for {
		raw, err := os.ReadFile(filepath.Join(dir, "bot", "githubsim", "testdata", "openapi.json.gz")) //nolint:gosec // of this repository
		if err == nil || filepath.Dir(dir) == dir {
			return raw, err
		}
		dir = filepath.Dir(dir)
	}
}

// Checked lists the operations that were checked, as "GET /repos/{owner}/{repo}".
func (v *Validator) Checked() []string { return v.list(v.checked) }

// Skipped lists the operations that the description does not know.
func (v *Validator) Skipped() []string { return v.list(v.skipped) }

func (v *Validator) list(m map[string]int) []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}

// Observe checks one exchange.
func (v *Validator) Observe(ex githubsim.Exchange) {
	v.t.Helper()
	if ex.Faulted || ex.Template == "" || ex.Status == http.StatusNotModified {
		return
	}
	key := ex.Request.Method + " " + ex.Template
	item := v.doc.Paths.Value(ex.Template)
	if item == nil || item.GetOperation(ex.Request.Method) == nil {
		v.mu.Lock()
		v.skipped[key]++
		v.mu.Unlock()
		if !notDescribed[ex.Template] {
			v.t.Errorf("%s: not in GitHub's description", key)
		}
		return
	}
	v.mu.Lock()
	v.checked[key]++
	v.mu.Unlock()
	op := item.GetOperation(ex.Request.Method)
	if err := v.check(ex, item, op); err != nil {
		v.t.Errorf("%s (%s) -> %d: %v", key, ex.Path, ex.Status, brief(err))
	}
}

// brief drops the schema and the value that kin-openapi appends to its messages.
func brief(err error) string {
	text := err.Error()
	if at := strings.Index(text, "\nSchema:"); at > 0 {
		value := ""
		if i := strings.Index(text, "\nValue:"); i > 0 {
			value = text[i:min(len(text), i+300)]
		}
		text = text[:at] + value
	}
	return text
}

func (v *Validator) check(ex githubsim.Exchange, item *openapi3.PathItem, op *openapi3.Operation) error {
	r := ex.Request.Clone(context.Background())
	body := ex.Body
	if string(bytes.TrimSpace(body)) == "null" { // ghinstallation's way of sending no options
		body = nil
	}
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.URL = &url.URL{Scheme: "https", Host: "api.github.com", Path: ex.Path, RawQuery: ex.Request.URL.RawQuery}
	if len(body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	in := &openapi3filter.RequestValidationInput{
		Request: r, PathParams: ex.Params,
		Route: &routers.Route{Spec: v.doc, Path: ex.Template, PathItem: item, Method: r.Method, Operation: op},
		Options: &openapi3filter.Options{
			AuthenticationFunc:    openapi3filter.NoopAuthenticationFunc,
			IncludeResponseStatus: true,
			SkipSettingDefaults:   true,
		},
	}
	// An unacceptable request that was refused is as it should be.
	if ex.Status < 400 && !bareList(ex) {
		if err := openapi3filter.ValidateRequest(context.Background(), in); err != nil {
			return fmt.Errorf("request: %w", err)
		}
	}
	// The description lists a few of the statuses only: any operation may be refused.
	declared := op.Responses.Status(ex.Status)
	if declared == nil {
		if ex.Status >= 400 || (ex.Status >= 300 && ex.Status < 400) {
			return nil
		}
		return fmt.Errorf("status %d is not described", ex.Status)
	}
	if ct := ex.Header.Get("Content-Type"); ct != "" && !strings.HasPrefix(ct, "application/json") {
		return nil // raw media types, asked for by Accept
	}
	out := &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: ex.Status, Header: plain(ex.Header), Options: in.Options}
	out.SetBodyBytes(ex.Answer)
	if err := openapi3filter.ValidateResponse(context.Background(), out); err != nil {
		return fmt.Errorf("answer: %w", err)
	}
	return nil
}

// plain is the header with the content type as the description writes it.
func plain(h http.Header) http.Header {
	out := h.Clone()
	if out.Get("Content-Type") != "" {
		out.Set("Content-Type", "application/json")
	}
	return out
}
