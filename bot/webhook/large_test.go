package webhook_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"milepost/bot/webhook"
)

// unread fails the test if it is read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body was read")
	return 0, io.EOF
}

// TestUnsignedUnread: nothing of a request is read that brings no signature.
func TestUnsignedUnread(t *testing.T) {
	t.Parallel()
	for name, signature := range map[string]string{"none": "", "SHA-1": "sha1=00", "short": "sha256=00", "not hex": "sha256=" + string(bytes.Repeat([]byte("z"), 64))} {
		r := request("push", nil)
		r.Body, r.ContentLength = io.NopCloser(unread{t}), webhook.MaxBody
		r.Header.Set("X-Hub-Signature-256", signature)
		if signature == "" {
			r.Header.Del("X-Hub-Signature-256")
		}
		if w := serve(handler(t, &inbox{}), r); w.Code != http.StatusUnauthorized {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
}

// stuck is a body that says when it is read, and ends when it may.
type stuck struct {
	once    sync.Once
	reading chan<- struct{}
	end     <-chan struct{}
}

func (s *stuck) Read([]byte) (int, error) {
	s.once.Do(func() { s.reading <- struct{}{} })
	<-s.end
	return 0, io.EOF
}

// TestLargeBodies: whoever sends large bodies, few of them are in memory at once, and what is small goes past them.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	h := handler(t, &inbox{})
	forged := func(ctx context.Context, body io.Reader, length int64) int {
		r := request("push", nil).WithContext(ctx) // the signature is of another body
		r.Body, r.ContentLength = io.NopCloser(body), length
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	reading, end := make(chan struct{}), make(chan struct{})
	var senders sync.WaitGroup
	for range 2 {
		senders.Go(func() {
			if code := forged(t.Context(), &stuck{reading: reading, end: end}, webhook.MaxBody); code != http.StatusUnauthorized && code != http.StatusBadRequest {
				t.Errorf("a large forged body: %d", code)
			}
		})
		<-reading
	}
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	for name, length := range map[string]int64{"announced": webhook.MaxBody, "in pieces": -1} {
		if code := forged(impatient, io.LimitReader(zeros{}, webhook.MaxBody), length); code != http.StatusServiceUnavailable {
			t.Errorf("a third large body, %s, was read beside two: %d", name, code)
		}
	}
	if w := serve(h, request("push", []byte(small))); w.Code != http.StatusAccepted {
		t.Errorf("a small delivery beside large bodies: %d", w.Code)
	}
	close(end)
	senders.Wait()
	for range 4 { // what was taken is given back
		if code := forged(t.Context(), io.LimitReader(zeros{}, webhook.MaxBody), -1); code != http.StatusUnauthorized {
			t.Errorf("a large forged body afterwards: %d", code)
		}
	}
}
