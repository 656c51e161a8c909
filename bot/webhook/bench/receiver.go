package main

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// addressMark stands for the address in a receiver's command.
const addressMark = "ADDRESS"

// secret signs the deliveries of one run.
var secret = sync.OnceValue(rand.Text)

// receiver is a program that takes deliveries.
type receiver struct {
	name, keeps string
	argv        []string
	path        string
}

// process is a receiver that runs.
type process struct {
	cmd *exec.Cmd
	url string // host:port
	log *os.File
}

// start runs a receiver in a folder of its own and waits until it takes a delivery.
func start(ctx context.Context, r receiver, dir string) (*process, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	key, err := privateKey(dir)
	if err != nil {
		return nil, err
	}
	addr, err := freeAddress(ctx)
	if err != nil {
		return nil, err
	}
	github := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"id": 1, "slug": "bench", "name": "bench"}`) // who the app is: all that is asked
	}))
	defer github.Close()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	argv := make([]string, len(r.argv))
	for i, a := range r.argv {
		argv[i] = strings.ReplaceAll(a, addressMark, addr)
	}
	p := &process{cmd: exec.CommandContext(ctx, argv[0], argv[1:]...), url: addr} //nolint:gosec // what prepare made
	if p.log, err = os.Create(filepath.Join(dir, "log")); err != nil {            //nolint:gosec // our temporary folder
		return nil, err
	}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, p.log, p.log
	p.cmd.Env = append(os.Environ(), "APP_ID=1", "PRIVATE_KEY_PATH="+key, "HOST="+host, "PORT="+port, "NODE_ENV=production", "WEBHOOK_PATH="+r.path,
		"DATABASE_URL=sqlite://"+filepath.Join(dir, "milepost.db"), "GITHUB_API_URL="+github.URL,
		"WEBHOOK_SECRET="+secret())
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	if err := p.await(ctx, r); err != nil {
		p.stop()
		return nil, err
	}
	return p, nil
}

// await sends deliveries until one is taken.
func (p *process) await(ctx context.Context, r receiver) error {
	until := time.Now().Add(30 * time.Second)
	for {
		c, err := dial(ctx, p.url)
		if err == nil {
			_, err = c.deliver(request(p.url, r.path, "ready"))
			_ = c.Close()
		}
		if err == nil {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("it does not take deliveries: %w", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
	_ = p.log.Close()
}

// cpu is the processor time the receiver has used, and peak its largest resident memory in MiB; both 0 where there is no /proc.
func (p *process) cpu() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // a tick is a hundredth of a second for programs
}

func (p *process) peak() float64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(raw), "VmHWM:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseFloat(fields[0], 64)
	return kib / 1024
}

func privateKey(dir string) (string, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "key.pem")
	return path, os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}), 0o600)
}

func freeAddress(ctx context.Context) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// serveBare is the ceiling: the signature is checked, two fields are read, nothing is kept.
func serveBare(ctx context.Context, addr, secret string) error {
	h := func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 25<<20))
		mac := hmac.New(sha256.New, []byte(secret))
		_, _ = mac.Write(body)
		if want := "sha256=" + hex.EncodeToString(mac.Sum(nil)); err != nil || !hmac.Equal([]byte(r.Header.Get("X-Hub-Signature-256")), []byte(want)) {
			http.Error(w, "signature", http.StatusUnauthorized)
			return
		}
		var two struct {
			Ref        string             `json:"ref"`
			Repository struct{ ID int64 } `json:"repository"`
		}
		if err := json.Unmarshal(body, &two); err != nil || two.Repository.ID == 0 {
			http.Error(w, "payload", http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}
	s := &http.Server{Addr: addr, Handler: http.HandlerFunc(h), ReadHeaderTimeout: 10 * time.Second}
	go func() { <-ctx.Done(); _ = s.Close() }()
	if err := s.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
