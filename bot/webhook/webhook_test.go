package webhook_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"milepost/bot/webhook"
	"milepost/storage"
	"milepost/storage/storagetest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// envPayloads names a folder with real payloads, called event.action.number.json, that the tests send too.
const envPayloads = "MILEPOST_WEBHOOK_PAYLOADS"

const secret = "It's a Secret to Everybody"

// inbox remembers what was accepted.
type inbox struct {
	mu  sync.Mutex
	all []storage.Delivery
	err error
}

func (i *inbox) Accept(_ context.Context, d storage.Delivery) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.err != nil {
		return false, i.err
	}
	i.all = append(i.all, d)
	return false, nil
}

func handler(t testing.TB, store webhook.Acceptor, secrets ...string) *webhook.Handler {
	t.Helper()
	if len(secrets) == 0 {
		secrets = []string{secret}
	}
	h, err := webhook.New(webhook.Config{Secrets: secrets, Store: store, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func sign(newHash func() hash.Hash, key string, body []byte) string {
	mac := hmac.New(newHash, []byte(key))
	_, _ = mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func request(event string, body []byte) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/api/github/webhooks", bytes.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-GitHub-Event", event)
	r.Header.Set("X-GitHub-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dc0958")
	r.Header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, secret, body))
	return r
}

func serve(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const small = `{"ref":"refs/heads/main","repository":{"id":1},"installation":{"id":2}}`

func TestRefused(t *testing.T) {
	t.Parallel()
	body := []byte(small)
	set := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	del := func(name string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(name) } }
	for name, c := range map[string]struct {
		body   []byte
		change func(*http.Request)
		want   int
	}{
		"forged":        {body, set("X-Hub-Signature-256", "sha256="+sign(sha256.New, "guess", body)), 401},
		"other body":    {body, set("X-Hub-Signature-256", "sha256="+sign(sha256.New, secret, []byte("{}"))), 401},
		"unsigned":      {body, del("X-Hub-Signature-256"), 401},
		"empty":         {body, set("X-Hub-Signature-256", ""), 401},
		"prefix only":   {body, set("X-Hub-Signature-256", "sha256="), 401},
		"not hex":       {body, set("X-Hub-Signature-256", "sha256="+strings.Repeat("zz", 32)), 401},
		"half of it":    {body, set("X-Hub-Signature-256", "sha256="+sign(sha256.New, secret, body)[:32]), 401},
		"no algorithm":  {body, set("X-Hub-Signature-256", sign(sha256.New, secret, body)), 401},
		"two":           {body, func(r *http.Request) { r.Header.Add("X-Hub-Signature-256", "sha256=00") }, 401},
		"unsigned junk": {[]byte("junk"), del("X-Hub-Signature-256"), 401}, // the signature comes first
		"SHA-1 only": {body, func(r *http.Request) {
			r.Header.Del("X-Hub-Signature-256")
			r.Header.Set("X-Hub-Signature", "sha1="+sign(sha1.New, secret, body))
		}, 401},
		"SHA-1 as SHA-256": {body, set("X-Hub-Signature-256", "sha1="+sign(sha1.New, secret, body)), 401},
		"oversized, announced": {body, func(r *http.Request) {
			r.ContentLength = webhook.MaxBody + 1
		}, 413},
		"oversized, in pieces": {nil, func(r *http.Request) {
			r.ContentLength = -1
			r.Body = io.NopCloser(io.LimitReader(zeros{}, webhook.MaxBody+1))
		}, 413},
		"truncated on the way": {body, func(r *http.Request) {
			r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:20]), broken{}))
		}, 400},
		"truncated and signed": {body[:len(body)-1], nil, 400},
		"nothing":              {[]byte{}, nil, 400},
		"not JSON":             {[]byte("hello"), nil, 400},
		"two objects":          {[]byte("{}{}"), nil, 400},
		"an array":             {[]byte("[]"), nil, 400},
		"too deep":             {[]byte(`{"a":` + strings.Repeat("[", 10001) + strings.Repeat("]", 10001) + "}"), nil, 400},
		"no event":             {body, del("X-GitHub-Event"), 400},
		"odd event":            {body, set("X-GitHub-Event", "push\" or 1=1"), 400},
		"no delivery":          {body, del("X-GitHub-Delivery"), 400},
		"long delivery":        {body, set("X-GitHub-Delivery", strings.Repeat("a", 101)), 400},
		"GET":                  {body, func(r *http.Request) { r.Method = http.MethodGet }, 405},
		"form without payload": {body, set("Content-Type", "application/x-www-form-urlencoded"), 400},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &inbox{}
			r := request("push", c.body)
			if c.change != nil {
				c.change(r)
			}
			w := serve(handler(t, box), r)
			if w.Code != c.want {
				t.Errorf("status %d, want %d: %s", w.Code, c.want, w.Body)
			}
			if len(box.all) != 0 {
				t.Errorf("stored %+v", box.all)
			}
			if strings.Contains(w.Body.String(), sign(sha256.New, secret, c.body)) {
				t.Error("the answer tells the right signature")
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestSecrets(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]string{nil, {}, {""}, {"a", ""}} {
		if _, err := webhook.New(webhook.Config{Secrets: bad, Store: &inbox{}}); err == nil {
			t.Errorf("secrets %q accepted", bad)
		}
	}
	if _, err := webhook.New(webhook.Config{Secrets: []string{"a"}}); err == nil {
		t.Error("no store accepted")
	}
	h := handler(t, &inbox{}, "new", secret) // while the secret is changed, both match
	if w := serve(h, request("push", []byte(small))); w.Code != 202 {
		t.Errorf("old secret: %d", w.Code)
	}
	r := request("push", []byte(small))
	r.Header.Set("X-Hub-Signature-256", "sha256="+sign(sha256.New, "new", []byte(small)))
	if w := serve(h, r); w.Code != 202 {
		t.Errorf("new secret: %d", w.Code)
	}
}

func TestForm(t *testing.T) {
	t.Parallel()
	box := &inbox{}
	body := []byte("a=b&payload=" + url.QueryEscape(small) + "&c=")
	r := request("push", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if w := serve(handler(t, box), r); w.Code != 202 {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	if box.all[0].RepoID != 1 {
		t.Errorf("repository %d", box.all[0].RepoID)
	}
}

func TestStoreFails(t *testing.T) {
	t.Parallel()
	w := serve(handler(t, &inbox{err: errors.New("disk full at /var/secret")}), request("push", []byte(small)))
	if w.Code != 503 || w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}

func TestObserve(t *testing.T) {
	t.Parallel()
	var got []webhook.Result
	h, err := webhook.New(webhook.Config{Secrets: []string{secret}, Store: &inbox{}, Observe: func(r webhook.Result) { r.Took = 0; got = append(got, r) }})
	if err != nil {
		t.Fatal(err)
	}
	serve(h, request("push", []byte(small)))
	serve(h, request("made-up", []byte(small)))
	if d := cmp.Diff([]webhook.Result{{Event: "push", Status: 202}, {Event: "other", Status: 202}}, got); d != "" {
		t.Error(d)
	}
}

// TestGolden compares what is kept of small payloads with files.
func TestGolden(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 8 {
		t.Fatalf("payloads %v: %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			box := &inbox{}
			event, _, _ := strings.Cut(filepath.Base(file), ".")
			if w := serve(handler(t, box), request(event, body)); w.Code != 202 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			d := box.all[0]
			var fields bytes.Buffer
			if len(d.Fields) > 0 {
				if err := json.Indent(&fields, d.Fields, "", "  "); err != nil {
					t.Fatal(err)
				}
			}
			got := fmt.Sprintf("event %s, action %q, repository %d, installation %d, mailbox %s %s, priority %d\n%s\n",
				d.Event, d.Action, d.RepoID, d.InstallationID, d.Mailbox.Kind, d.Mailbox.ID, d.Priority, &fields)
			golden := strings.TrimSuffix(file, ".json") + ".golden"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestOddFields: whatever a field holds, the delivery gets to its mailbox.
func TestOddFields(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("é", 5000)
	for name, body := range map[string]string{
		"types":     `{"repository":{"id":1,"name":7,"private":"yes","owner":[1]},"sender":3,"ref":{},"head_commit":null,"installation":"x","created":1}`,
		"twice":     `{"repository":{"id":9,"name":"x"},"repository":{"id":1}}`,
		"escaped":   `{"reposit\u006fry":{"\u0069d":1}}`,
		"long":      `{"repository":{"id":1,"name":"` + big + `"},"head_commit":{"message":"` + big + `\n"}}`,
		"bad UTF-8": "{\"repository\":{\"id\":1,\"name\":\"\xff\xfe\"}}",
		"NUL":       `{"repository":{"id":1,"name":"\u0000"},"action":"\u0000"}`,
		"spaces":    " \r\n\t{ \"repository\" : { \"id\" : 1 } , \"x\" : [ ] } \n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			box := &inbox{}
			if w := serve(handler(t, box), request("push", []byte(body))); w.Code != 202 {
				t.Fatalf("status %d: %s", w.Code, w.Body)
			}
			d := box.all[0]
			if d.Mailbox != (storage.Key{Kind: storage.KindRepo, ID: "1"}) {
				t.Errorf("mailbox %v", d.Mailbox)
			}
			var f struct {
				Repository struct {
					ID int64 `json:"id"`
				} `json:"repository"`
			}
			if err := json.Unmarshal(d.Fields, &f); err != nil {
				t.Fatalf("%v: %s", err, d.Fields)
			}
			if f.Repository.ID != 1 || len(d.Fields) > 3000 {
				t.Errorf("fields of %d bytes: %s", len(d.Fields), d.Fields)
			}
		})
	}
}

// realPayloads sends every real payload there is, and the small ones here, to a handler.
func realPayloads(t *testing.T) map[string][]byte {
	t.Helper()
	folder := os.Getenv(envPayloads)
	if folder == "" {
		folder = "testdata"
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no payloads in %s: %v", folder, err)
	}
	all := map[string][]byte{}
	for _, f := range files {
		body, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(f)] = body
	}
	return all
}

// TestPayloads: every payload is answered by 202 and stored, on both databases; what has a repository is in its mailbox.
func TestPayloads(t *testing.T) {
	t.Parallel()
	payloads := realPayloads(t)
	storagetest.Each(t, func(t *testing.T, open storagetest.Opener) {
		store := open(t, storage.Options{})
		h := handler(t, store)
		for name, body := range payloads {
			event, _, _ := strings.Cut(name, ".")
			r := request(event, body)
			r.Header.Set("X-GitHub-Delivery", name)
			if w := serve(h, r); w.Code != 202 {
				t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
				continue
			}
			d, err := store.Delivery(t.Context(), name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			var p struct {
				Action     string
				Repository struct {
					ID       int64  `json:"id"`
					FullName string `json:"full_name"`
				}
				Installation struct{ ID int64 }
			}
			if err := json.Unmarshal(body, &p); err != nil {
				t.Fatal(err)
			}
			f := p
			if err := json.Unmarshal(d.Fields, &f); len(d.Fields) > 0 && err != nil {
				t.Errorf("%s: %v", name, err)
			}
			switch {
			case d.State == storage.DeliveryAcknowledged:
				if d.Mailbox != (storage.Key{}) || d.Fields != nil {
					t.Errorf("%s: kept %s of a delivery that is nobody's", name, d.Fields)
				}
			case d.Mailbox.Kind == storage.KindRepo:
				if d.Mailbox.ID != fmt.Sprint(p.Repository.ID) || f.Repository.FullName != p.Repository.FullName || d.Action != p.Action {
					t.Errorf("%s: %+v", name, d)
				}
			case d.Mailbox.Kind == storage.KindInstall:
				if d.Mailbox.ID != fmt.Sprint(p.Installation.ID) {
					t.Errorf("%s: %+v", name, d)
				}
			}
			if len(d.Fields) > 4096 {
				t.Errorf("%s: %d bytes kept of %d", name, len(d.Fields), len(body))
			}
			// The same again is a duplicate, and still acknowledged.
			r.Body = io.NopCloser(bytes.NewReader(body))
			if w := serve(h, r); w.Code != 202 {
				t.Errorf("%s again: status %d", name, w.Code)
			}
		}
	})
}
