//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"milepost/bot/githubsim"
)

// What a soak is asked for by.
const (
	envSoak     = "MILEPOST_TEST_SOAK"      // how long, for example 30m; without it the test is skipped
	envSoakRate = "MILEPOST_TEST_SOAK_RATE" // actions a second (5)
)

// TestSoak runs the program on a machine of 256 MB, as fly.toml asks for one and with the limit that the Dockerfile sets, as a user without rights in a folder
// that nobody may write to, under a mixed load of pushes, pull requests,
// commands and page views, for as long as MILEPOST_TEST_SOAK says. It prints a sample a minute, and judges the second half of the time: memory,
// goroutines and descriptors may not grow.
func TestSoak(t *testing.T) {
	asked := os.Getenv(envSoak)
	if asked == "" {
		t.Skip("takes long: set " + envSoak + "=30m")
	}
	length, err := time.ParseDuration(asked)
	if err != nil || length < 30*time.Second {
		t.Fatalf("%s takes a time such as 30m, not %q", envSoak, asked)
	}
	rate := 5.0
	if r := os.Getenv(envSoakRate); r != "" {
		if rate, err = strconv.ParseFloat(r, 64); err != nil || rate <= 0 {
			t.Fatalf("%s takes actions a second, not %q", envSoakRate, r)
		}
	}
	s := newSoak(t)
	s.run(length, rate)
	s.judge()
}

// soak is the program under load, and what was seen of it.
type soak struct {
	t       *testing.T
	sim     *githubsim.Sim
	user    *githubsim.Account
	repos   []*githubsim.Repo
	pulls   []soakPull
	server  *child
	cage    cage
	url     string
	metrics string
	group   string // control group, "" where none could be made
	mentor  *browser
	guest   *browser
	rng     *rand.Rand
	n       int // of changes so far
	done    map[string]int
	samples []sample
}

// browser follows links and keeps cookies.
type browser struct {
	t      *testing.T
	client *http.Client
}

func (b *browser) get(address string) (status int, page string) {
	b.t.Helper()
	req, err := http.NewRequestWithContext(b.t.Context(), http.MethodGet, address, http.NoBody)
	if err != nil {
		b.t.Fatal(err)
	}
	resp, err := b.client.Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

type soakPull struct {
	repo   *githubsim.Repo
	number int
}

// sample is the state of the process at one moment.
type sample struct {
	at                             time.Duration
	rss, heap, goroutines, fds, db float64 // bytes, but for goroutines and descriptors
	deliveries, queue              float64
}

func newSoak(t *testing.T) *soak {
	const repositories, learners = 60, 20
	s := &soak{t: t, rng: rand.New(rand.NewPCG(17, 19)), done: map[string]int{}, cage: newCage(t)}
	s.sim = githubsim.New(githubsim.Options{RateLimit: 1 << 20, ContentPerMinute: -1, ContentPerHour: -1})
	if err := s.sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.sim.Close)
	s.user = s.sim.AddUser("olga", "Olga", "olga@academy.example")
	org := s.sim.AddOrg("academy", s.user)
	s.sim.SetMember(org, s.user, "admin")
	app := s.sim.CreateApp(githubsim.AppOptions{Owner: org, Name: "Milepost", WebhookSecret: "hush hush"})
	port, metrics := freePort(t), freePort(t)
	s.url, s.metrics = fmt.Sprintf("http://127.0.0.1:%d", port), fmt.Sprintf("http://127.0.0.1:%d/metrics", metrics)
	env := []string{
		fmt.Sprint("APP_ID=", app.ID), "PRIVATE_KEY=" + string(app.PrivateKeyPEM), "WEBHOOK_SECRET=hush hush", "GITHUB_CLIENT_ID=" + app.ClientID, "GITHUB_CLIENT_SECRET=" + app.ClientSecret,
		"GITHUB_API_URL=" + s.sim.APIURL(), "GITHUB_SERVER_URL=" + s.sim.URL(), "HOST=127.0.0.1", fmt.Sprint("PORT=", port),
		fmt.Sprint("METRICS_ADDR=127.0.0.1:", metrics), "PUBLIC_URL=" + s.url, "SESSION_SECRET=" + strings.Repeat("0123456789abcdef", 3), "LOG_LEVEL=warn", "LOG_FORMAT=json", "ADMINS=olga",
		memoryLimit(t), "PATH=" + os.Getenv("PATH"),
	}
	s.server = s.launch(env)
	s.sim.SetWebhook(app, s.url+"/api/github/webhooks", "hush hush")
	var people []*githubsim.Account
	for i := range learners {
		people = append(people, s.sim.AddUser(fmt.Sprintf("learner-%d", i), "Learner", fmt.Sprintf("l%d@academy.example", i)))
	}
	for i := range repositories {
		learner := people[i%learners]
		r := s.sim.CreateRepo(org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{})
		s.sim.SetCollaborator(r, learner, "write")
		s.repos = append(s.repos, r)
		s.push(r, "")
	}
	s.sim.Install(app, org)
	until(t, 5*time.Minute, "every repository has its issue", func() bool {
		return !slices.ContainsFunc(s.repos, func(r *githubsim.Repo) bool { return len(s.sim.Issues(r)) == 0 })
	})
	s.mentor, s.guest = s.browser(), s.browser()
	if status, page := s.mentor.get(s.url + "/login?return=%2Ftoday"); status != http.StatusOK || !strings.Contains(page, "<title>Today") {
		t.Fatalf("the mentor is not signed in: %d %.500s", status, page)
	}
	return s
}

// memoryLimit is the line of the Dockerfile that bounds Go's memory, as an environment variable.
func memoryLimit(t *testing.T) string {
	t.Helper()
	file, err := os.ReadFile("../../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	limit := regexp.MustCompile(`GOMEMLIMIT=\w+`).FindString(string(file))
	if limit == "" {
		t.Fatal("the Dockerfile sets no GOMEMLIMIT")
	}
	return limit
}

// launch starts the program in a cage, inside a control group of 256 MB where the machine lets us make one.
func (s *soak) launch(env []string) *child {
	s.t.Helper()
	s.group = controlGroup(s.t, 256<<20)
	cmd := s.cage.command(s.group, env)
	server := launch(s.t, cmd, s.url)
	s.cage.confined(s.t, cmd.Process.Pid)
	return server
}

// controlGroup makes a group with a bound on memory, of whichever version of cgroups is there, or says that it could not.
func controlGroup(t *testing.T, limit int) string {
	t.Helper()
	for _, v := range []struct{ parent, file string }{{"/sys/fs/cgroup", "memory.max"}, {"/sys/fs/cgroup/memory", "memory.limit_in_bytes"}} {
		dir := filepath.Join(v.parent, fmt.Sprint("milepost-soak-", os.Getpid()))
		if os.Mkdir(dir, 0o755) != nil {
			continue
		}
		t.Cleanup(func() { _ = os.Remove(dir) })                                           // it goes when its processes have
		if f, err := os.OpenFile(filepath.Join(dir, v.file), os.O_WRONLY, 0); err == nil { // it is there if this is one
			_, err = f.WriteString(strconv.Itoa(limit))
			if errors.Join(err, f.Close()) == nil {
				return dir
			}
		}
		_ = os.Remove(dir)
	}
	t.Log("no control group can be made here: the 256 MB are not enforced")
	return ""
}

// browser signs in by itself at the stand-in, as the mentor.
func (s *soak) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{t: s.t, client: &http.Client{Jar: jar, Timeout: time.Minute, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), s.sim.URL()) {
			r.URL.RawQuery += "&auto=1&login=olga"
		}
		return nil
	}}}
}

// push commits something new to a branch, "" being the default one.
func (s *soak) push(r *githubsim.Repo, branch string) {
	s.n++
	files := map[string]string{
		"package.json":                       `{"dependencies":{"express":"^4"},"scripts":{"start":"node index.js"}}`,
		"index.js":                           fmt.Sprintf("const express = require('express');\nconst app = express();\napp.get('/books', (q, r) => r.json({n: %d}));\napp.listen(3000);\n", s.n),
		fmt.Sprintf("src/part%d.js", s.n%15): fmt.Sprintf("exports.part = (a) => {\n%s  return a + %d;\n};\n", strings.Repeat("  if (!a) throw new Error('nothing given');\n", 40), s.n),
	}
	switch s.n % 4 {
	case 0:
		files["README.md"] = "# Shelf\n\n" + strings.Repeat("A list of books that a reader owns and lends to friends. ", 20)
	case 1:
		files[".gitignore"] = "node_modules/\n.env\n"
	case 2:
		files["Dockerfile"] = "FROM node:22-alpine\nWORKDIR /app\nCOPY . .\nRUN npm ci\nUSER node\nCMD [\"node\", \"index.js\"]\n"
	}
	s.sim.PushFiles(r, branch, s.user, fmt.Sprint("Step ", s.n), files)
}

// run loads the program: so many actions a second, a sample every five seconds.
func (s *soak) run(length time.Duration, rate float64) {
	began := time.Now()
	act, look := time.NewTicker(time.Duration(float64(time.Second)/rate)), time.NewTicker(5*time.Second)
	defer act.Stop()
	defer look.Stop()
	s.t.Logf("%8s %8s %8s %10s %11s %8s %10s %6s", "time", "RSS MB", "heap MB", "goroutines", "descriptors", "db MB", "deliveries", "queue")
	for i := 0; time.Since(began) < length; {
		select {
		case <-s.server.done:
			s.t.Fatalf("the program ended: %s", s.server.out.String())
		case <-act.C:
			s.act(i)
			i++
		case <-look.C:
			s.samples = append(s.samples, s.sample(time.Since(began)))
			if n := len(s.samples); n%12 == 0 {
				x := s.samples[n-1]
				s.t.Logf("%8s %8.1f %8.1f %10.0f %11.0f %8.2f %10.0f %6.0f", x.at.Round(time.Second), x.rss/1e6, x.heap/1e6, x.goroutines, x.fds, x.db/1e6, x.deliveries, x.queue)
			}
		}
	}
}

// act does one thing that people do. New issues, comments and pull requests stay below what GitHub allows in an hour.
func (s *soak) act(i int) {
	repo := s.repos[s.rng.IntN(len(s.repos))]
	count := func(what string) { s.done[what]++ }
	switch i := i % 300; {
	case i%75 == 10:
		count("commands")
		words := []string{"why dockerfile", "recheck", "help", "why unit-tests"}
		s.sim.Comment(repo, s.user, s.sim.Issues(repo)[0].Number, "/milepost "+words[s.rng.IntN(len(words))])
	case i%150 == 20:
		count("pull requests")
		branch := fmt.Sprint("work-", s.n)
		s.push(repo, branch)
		s.pulls = append(s.pulls, soakPull{repo, s.sim.OpenPull(repo, s.user, githubsim.PullOptions{Title: "Work", Head: branch})})
	case i%30 == 5 && len(s.pulls) > 0:
		count("pushes to pull requests")
		p := s.pulls[s.rng.IntN(len(s.pulls))]
		s.n++
		s.sim.PushToPull(p.repo, p.number, s.user, githubsim.Commit{Message: "More", Files: map[string]string{"more.js": fmt.Sprintf("exports.n = %d;\n", s.n)}})
	case i%150 == 130 && len(s.pulls) > 5:
		count("pull requests closed")
		s.sim.ClosePull(s.pulls[0].repo, s.pulls[0].number, s.user)
		s.pulls = s.pulls[1:]
	case i%10 < 3:
		count("pushes")
		s.push(repo, "")
	case i%10 < 8:
		count("pages of mentors")
		name := repo.FullName()
		paths := []string{"/today", "/learners", "/learners?sort=percent", "/learners.csv", fmt.Sprintf("/learners/learner-%d", s.rng.IntN(20)), "/repos/" + name, "/milestones", "/milestones/dockerfile", "/settings", "/admin", "/api/v1/repos/" + name + "/report", "/api/v1/learners"}
		s.view(s.mentor, paths[s.rng.IntN(len(paths))])
	default:
		count("pages of guests")
		paths := []string{"/", "/privacy", "/badge/" + repo.FullName() + ".svg", "/p/olga", "/today", "/nowhere", "/healthz", "/readyz"}
		s.view(s.guest, paths[s.rng.IntN(len(paths))])
	}
}

func (s *soak) view(b *browser, path string) {
	status, _ := b.get(s.url + path)
	if status >= 500 {
		s.t.Errorf("%s answers %d", path, status)
	}
}

// sample looks at the process, its database and its metrics.
func (s *soak) sample(at time.Duration) sample {
	pid := s.server.cmd.Process.Pid
	x := sample{at: at, rss: float64(memoryOf(s.t, pid, "VmRSS")) * 1024}
	if fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid)); err == nil {
		x.fds = float64(len(fds))
	}
	for _, name := range []string{"milepost.db", "milepost.db-wal"} {
		if info, err := os.Stat(filepath.Join(s.cage.data, name)); err == nil {
			x.db += float64(info.Size())
		}
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.metrics, http.NoBody)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	for name, value := range metricsOf(s.t, resp.Body) {
		switch {
		case name == "go_memstats_heap_inuse_bytes":
			x.heap = value
		case name == "go_goroutines":
			x.goroutines = value
		case strings.HasPrefix(name, "milepost_deliveries_total"):
			x.deliveries += value
		case strings.HasPrefix(name, "milepost_queue_depth"):
			x.queue += value
		}
	}
	return x
}

// metricsOf reads Prometheus' text form: names with their labels, and values.
func metricsOf(t *testing.T, r io.Reader) map[string]float64 {
	t.Helper()
	out := map[string]float64{}
	for lines := bufio.NewScanner(r); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if v, err := strconv.ParseFloat(value, 64); ok && err == nil {
			out[name] = v
		}
	}
	return out
}

// leastTime is how long a run must be for growth to mean anything: before that the program is still warming up.
const leastTime = 5 * time.Minute

// judge compares the second half of the time: what grows in it by more than noise is a leak.
func (s *soak) judge() {
	half := s.samples[len(s.samples)/2:]
	if len(half) < 3 {
		s.t.Fatal("too few samples")
	}
	first, last := half[0], half[len(half)-1]
	s.t.Logf("done: %v", s.done)
	for _, m := range []struct {
		name  string
		value func(sample) float64
		noise float64 // growth that means nothing
		unit  float64
	}{
		{"RSS, MB", func(x sample) float64 { return x.rss }, 10e6, 1e6},
		{"heap, MB", func(x sample) float64 { return x.heap }, 8e6, 1e6},
		{"goroutines", func(x sample) float64 { return x.goroutines }, 5, 1},
		{"descriptors", func(x sample) float64 { return x.fds }, 5, 1},
	} {
		mean, growth := trend(half, m.value)
		verdict := "flat"
		switch {
		case growth <= max(m.noise, mean/20):
		case last.at < leastTime:
			verdict = "too short a time to tell"
		default:
			verdict = "GROWS"
			s.t.Errorf("%s grows by %.1f in the second half", m.name, growth/m.unit)
		}
		s.t.Logf("%-12s mean %7.1f, growth over the second half %+6.2f: %s", m.name, mean/m.unit, growth/m.unit, verdict)
	}
	if n := last.deliveries - first.deliveries; n > 0 {
		each := (last.db - first.db) / n
		s.t.Logf("database: %.0f bytes for each delivery (second half: %.0f deliveries, %.2f MB), %.1f MB in all", each, n, (last.db-first.db)/1e6, last.db/1e6)
		if each > 32<<10 {
			s.t.Errorf("the database grows by %.0f bytes for each delivery", each)
		}
	}
	s.t.Logf("peak %d MB resident; processor time of the program %s", memoryOf(s.t, s.server.cmd.Process.Pid, "VmHWM")>>10, processorTime(s.t, s.server.cmd.Process.Pid))
	for _, f := range []string{"memory.max_usage_in_bytes", "memory.failcnt", "memory.peak", "memory.events"} {
		if text, err := os.ReadFile(filepath.Join(s.group, f)); err == nil && s.group != "" {
			s.t.Logf("%s: %s", f, strings.Join(strings.Fields(string(text)), " "))
		}
	}
	if out := s.server.out.String(); strings.Contains(out, `"level":"ERROR"`) {
		s.t.Errorf("errors were logged: %.4000s", out)
	}
}

// trend fits a line: the mean, and how much the line rises over the samples' time.
func trend(all []sample, value func(sample) float64) (mean, growth float64) {
	n := float64(len(all))
	var st, sv, stt, stv float64
	for _, x := range all {
		t, v := x.at.Seconds(), value(x)
		st, sv, stt, stv = st+t, sv+v, stt+t*t, stv+t*v
	}
	slope := (n*stv - st*sv) / (n*stt - st*st)
	return sv / n, slope * (all[len(all)-1].at - all[0].at).Seconds()
}

// processorTime is what a process has used so far.
func processorTime(t *testing.T, pid int) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	ticks := 0
	for _, f := range fields[11:13] { // user and system, in hundredths of a second
		n, err := strconv.Atoi(f)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
