package main

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// result is what one round measured.
type result struct {
	perSecond float64
	p50, p99  float64 // milliseconds
	cpu       float64 // microseconds of the receiver for a delivery
	peak      float64 // MiB
}

// measure starts a receiver, warms it, and loads it.
func measure(ctx context.Context, r receiver, dir string, o options) (result, error) {
	p, err := start(ctx, r, dir)
	if err != nil {
		return result{}, err
	}
	defer p.stop()
	if _, err := load(ctx, p.url, r.path, "warm", o.warmup, o.conns); err != nil {
		return result{}, err
	}
	cpu, began := p.cpu(), time.Now()
	took, err := load(ctx, p.url, r.path, "load", o.n, o.conns)
	if err != nil {
		return result{}, err
	}
	whole, used := time.Since(began), p.cpu()-cpu
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	n := float64(len(took))
	return result{perSecond: n / whole.Seconds(), p50: at(0.5), p99: at(0.99), cpu: float64(used.Microseconds()) / n, peak: p.peak()}, nil
}

// load sends n deliveries over conns connections, each as soon as the last of its connection is answered, and returns how long each took.
func load(ctx context.Context, addr, path, name string, n, conns int) ([]time.Duration, error) {
	took := make([]time.Duration, n)
	errs := make([]error, conns)
	var next atomic.Int64
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			c, err := dial(ctx, addr)
			if err != nil {
				errs[i] = err
				return
			}
			defer func() { _ = c.Close() }()
			for {
				k := int(next.Add(1)) - 1
				if k >= n || ctx.Err() != nil {
					return
				}
				if took[k], errs[i] = c.deliver(request(addr, path, fmt.Sprint(name, "-", k))); errs[i] != nil {
					return
				}
			}
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return took, ctx.Err()
}

// connection is kept open for one delivery after the other. It is spoken to without net/http's client, whose work would be most of the load's.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(ctx context.Context, addr string) (*connection, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &connection{c, bufio.NewReader(c)}, nil
}

// deliver sends one request and waits for its answer, which must be a success.
func (c *connection) deliver(request []byte) (time.Duration, error) {
	began := time.Now()
	if err := c.SetDeadline(began.Add(30 * time.Second)); err != nil {
		return 0, err
	}
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return 0, err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	took := time.Since(began)
	if answer.StatusCode/100 != 2 {
		return took, fmt.Errorf("answered %s", answer.Status)
	}
	return took, err
}

var (
	payload = sync.OnceValue(makePayload)
	// signature is the same for all: they differ in their id alone.
	signature = sync.OnceValue(func() string {
		mac := hmac.New(sha256.New, []byte(secret()))
		_, _ = mac.Write(payload())
		return hex.EncodeToString(mac.Sum(nil))
	})
)

func request(addr, path, id string) []byte {
	head := "POST " + path + " HTTP/1.1\r\nHost: " + addr + "\r\nContent-Type: application/json\r\nUser-Agent: GitHub-Hookshot/bench\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: " + id +
		"\r\nX-Hub-Signature-256: sha256=" + signature() + "\r\nContent-Length: " + fmt.Sprint(len(payload())) + "\r\n\r\n"
	return append([]byte(head), payload()...)
}

// makePayload writes a push of one commit of the size GitHub's have, most of which is addresses.
func makePayload() []byte {
	const repo, sha = "https://api.github.com/repos/ada/shop", "6dcb09b5b57875f334f61aebed695e2e4193db5e"
	urls := strings.Builder{}
	for _, of := range strings.Fields(`archive assignees blobs branches collaborators comments commits compare contents contributors deployments downloads events forks
		git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels languages merges milestones notifications pulls releases stargazers
		statuses subscribers subscription tags teams trees clone git ssh svn mirror`) {
		fmt.Fprintf(&urls, `"%s_url": "%s/%s{/number}{/other_%s}", `, of, repo, of, of)
	}
	person := func(what string) string {
		return fmt.Sprintf(`"%s": {"login": "ada", "name": "ada", "email": "ada@example.com", "id": 7, "node_id": "MDQ6VXNlcjc=", "type": "User", "site_admin": false, "url": "https://api.github.com/users/ada", "html_url": "https://github.com/ada", "avatar_url": "https://avatars.example.com/u/7?v=4", "followers_url": "https://api.github.com/users/ada/followers", "gists_url": "https://api.github.com/users/ada/gists{/gist_id}", "repos_url": "https://api.github.com/users/ada/repos"}`, what)
	}
	commit := fmt.Sprintf(`{"id": %q, "tree_id": %q, "distinct": true, "message": "Add the first route", "timestamp": "2026-01-02T10:00:00+01:00", "url": "https://github.com/ada/shop/commit/%s", %s, %s, "added": ["src/routes/health.js"], "removed": [], "modified": ["src/app.js", "package.json"]}`,
		sha, sha, sha, person("author"), person("committer"))
	return fmt.Appendf(nil, `{"ref": "refs/heads/main", "before": %q, "after": %q, "repository": {"id": 6000000001, "node_id": "R_kgDO", "name": "shop", "full_name": "ada/shop", "private": false, %s, %s"default_branch": "main", "topics": ["api"], "size": 120, "language": "JavaScript"}, "pusher": {"name": "ada", "email": "ada@example.com"}, %s, "installation": {"id": 77, "node_id": "MDIz"}, "created": false, "deleted": false, "forced": false, "base_ref": null, "compare": "https://github.com/ada/shop/compare/1...2", "commits": [%s], "head_commit": %s}`,
		strings.Repeat("1", 40), sha, person("owner"), urls.String(), person("sender"), commit, commit)
}
