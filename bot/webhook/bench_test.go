package webhook_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"milepost/bot/webhook"
	"milepost/storage"
	"milepost/storage/storagetest"
)

type memory struct{}

func (memory) Accept(context.Context, storage.Delivery) (bool, error) { return false, nil }

// push is a payload of the usual size, 7 kB.
func push(b *testing.B) []byte {
	b.Helper()
	body, err := os.ReadFile("testdata/push.json")
	if err != nil {
		b.Fatal(err)
	}
	filler := strings.Repeat(`"x_url": "https://api.github.com/repos/ada/shop/compare/{base}...{head}", `, 76)
	return append([]byte("{"+filler), body[1:]...)
}

// nowhere is a ResponseWriter that costs nothing.
type nowhere struct{ header http.Header }

func (n nowhere) Header() http.Header         { return n.header }
func (n nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (n nowhere) WriteHeader(status int) {
	if status != http.StatusAccepted {
		panic(fmt.Sprint("status ", status))
	}
}

func run(b *testing.B, store webhook.Acceptor, parallel int) {
	body := push(b)
	h := handler(b, store)
	signature := "sha256=" + sign(sha256.New, secret, body)
	var n atomic.Int64
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	b.ResetTimer() // starting a database is not part of it
	b.SetParallelism(parallel)
	b.RunParallel(func(pb *testing.PB) {
		r := httptest.NewRequest(http.MethodPost, "/", nil)
		r.Header.Set("X-GitHub-Event", "push")
		r.Header.Set("X-Hub-Signature-256", signature)
		r.ContentLength = int64(len(body))
		reader := bytes.NewReader(body)
		for pb.Next() {
			reader.Reset(body)
			r.Body = io.NopCloser(reader)
			r.Header.Set("X-GitHub-Delivery", fmt.Sprint("d", n.Add(1)))
			h.ServeHTTP(nowhere{http.Header{}}, r)
		}
	})
}

// Measured on two shared cores of an AMD EPYC, go test -run xxx -bench . -cpu 1 ./bot/webhook (-cpu 2), a payload of 7 kB, in microseconds:
//
//	Memory 12   Signature 4.5   SQLite 53 (23 on two idle cores)   Postgres 49 (34)
//
// The rest of SQLite's is the commit of 128 rows at most, parsed once and run by prepared statements.

// BenchmarkMemory is the handler alone: signature, fields, answer.
func BenchmarkMemory(b *testing.B) { run(b, memory{}, 1) }

// BenchmarkSignature is the part of it that cannot be saved.
func BenchmarkSignature(b *testing.B) {
	body := push(b)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		sign(sha256.New, secret, body)
	}
}

// BenchmarkSQLite makes each delivery durable (synchronous=FULL), 64 at a time.
func BenchmarkSQLite(b *testing.B) { run(b, storagetest.SQLite(b), 64) }

// BenchmarkPostgres makes each delivery durable, 64 at a time; the test's server does not wait for its disk.
func BenchmarkPostgres(b *testing.B) { run(b, storagetest.Postgres(b), 64) }
