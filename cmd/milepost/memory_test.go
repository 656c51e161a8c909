//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"milepost/bot/githubsim"
)

// memoryOf reads a number of a process, such as VmRSS or VmHWM in KiB, or Uid.
func memoryOf(t *testing.T, pid int, field string) int {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if rest, ok := strings.CutPrefix(line, field+":"); ok {
			n, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no %s of process %d", field, pid)
	return 0
}

// cage is where the server runs as its container does: a user without rights, a working folder that nobody may write to, the database on a volume of its own.
type cage struct {
	work, data, program string
	root                bool // the test is root, and takes the rights away; else the program has those of the test
}

// nobody is the user of the container.
const nobody = 65532

func newCage(t *testing.T) cage {
	t.Helper()
	dir := t.TempDir()
	c := cage{work: filepath.Join(dir, "work"), data: filepath.Join(dir, "data"), program: filepath.Join(dir, "milepost")}
	for _, d := range []string{filepath.Dir(dir), dir} { // others must get through
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []string{c.work, c.data} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	program, err := exec.LookPath("milepost")
	if err != nil {
		t.Fatal(err)
	}
	if err := copyFile(program, c.program); err != nil {
		t.Fatal(err)
	}
	if c.root = os.Getuid() == 0 && passable(filepath.Dir(filepath.Dir(dir))); c.root {
		if err := os.Chown(c.data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(c.work, 0o555); err != nil {
		t.Fatal(err)
	}
	return c
}

// command is the server in the cage, and in a control group where one is named.
func (c cage) command(group string, env []string) *exec.Cmd {
	cmd := exec.Command(c.program, "serve")
	switch {
	case group != "": // whoever has no rights cannot enter it: first the group, then the user
		enter := `echo $$ >"$1/cgroup.procs" && exec "$2" serve`
		if c.root {
			enter = fmt.Sprintf(`echo $$ >"$1/cgroup.procs" && exec setpriv --reuid=%d --regid=%d --clear-groups "$2" serve`, nobody, nobody)
		}
		cmd = exec.Command("/bin/sh", "-c", enter, "sh", group, c.program)
	case c.root:
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	}
	cmd.Dir = c.work
	cmd.Env = slices.Concat(env, []string{"DATABASE_URL=sqlite://" + filepath.Join(c.data, "milepost.db"), "HOME=/", "TMPDIR=" + c.data})
	return cmd
}

// confined fails the test if a process has other rights than the cage's.
func (c cage) confined(t *testing.T, pid int) {
	t.Helper()
	if c.root && memoryOf(t, pid, "Uid") != nobody {
		t.Errorf("the program runs as user %d", memoryOf(t, pid, "Uid"))
	}
}

// TestSmallMachine runs the server in a cage. After 1,000 checks less than 128 MB are resident. (Measured: see the test's log.)
func TestSmallMachine(t *testing.T) {
	t.Parallel()
	const repositories, rounds = 50, 20
	c := newCage(t)
	sim := githubsim.New(githubsim.Options{RateLimit: 1 << 20})
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(sim.Close)
	user := sim.AddUser("lea", "Lea", "lea@academy.example")
	org := sim.AddOrg("academy", user)
	app := sim.CreateApp(githubsim.AppOptions{Owner: org, Name: "Milepost", WebhookSecret: "hush hush"})
	port := freePort(t)
	cmd := c.command("", []string{
		fmt.Sprint("APP_ID=", app.ID), "PRIVATE_KEY=" + string(app.PrivateKeyPEM), "WEBHOOK_SECRET=hush hush", "GITHUB_API_URL=" + sim.APIURL(), "GITHUB_SERVER_URL=" + sim.URL(),
		"HOST=127.0.0.1", fmt.Sprint("PORT=", port), "LOG_LEVEL=warn", "GOMAXPROCS=2", // as such a machine has
	})
	server := launch(t, cmd, fmt.Sprintf("http://127.0.0.1:%d", port))
	c.confined(t, cmd.Process.Pid)
	sim.SetWebhook(app, fmt.Sprintf("http://127.0.0.1:%d/api/github/webhooks", port), "hush hush")
	var repos []*githubsim.Repo
	for i := range repositories {
		repos = append(repos, sim.CreateRepo(org, fmt.Sprintf("shelf-%d", i), githubsim.RepoOptions{}))
	}
	sim.Install(app, org)
	for n := range rounds {
		for i, r := range repos {
			sim.PushFiles(r, "main", user, fmt.Sprint("Step ", n), map[string]string{
				"index.js":  fmt.Sprintf("const express = require('express');\nconst app = express();\napp.get('/', (q, r) => r.json({n: %d}));\napp.listen(3000);\n", n*1000+i),
				"README.md": "# Shelf\n\n" + strings.Repeat("A list of books that a reader owns and lends to friends. ", 20), "package.json": `{"dependencies":{"express":"^4"}}`})
		}
		until(t, 20*time.Minute, "all issues are right", func() bool {
			for _, r := range repos {
				issues := sim.Issues(r)
				if len(issues) == 0 || !strings.Contains(issues[0].Body, r.Head("")) {
					return false
				}
			}
			return true
		})
	}
	rss, peak := memoryOf(t, cmd.Process.Pid, "VmRSS"), memoryOf(t, cmd.Process.Pid, "VmHWM")
	t.Logf("after %d checks: %d MB resident, %d MB at most", repositories*rounds, rss>>10, peak>>10)
	if rss > 128<<10 && !raced {
		t.Errorf("%d MB are resident", rss>>10)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	select {
	case <-server.done:
	case <-time.After(10 * time.Minute):
		t.Error("the server does not stop")
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		t.Errorf("it ended with %d: %s", code, server.out.String())
	}
}

// passable reports whether every user may pass through a folder and those above it.
func passable(dir string) bool {
	for {
		if info, err := os.Stat(dir); err != nil || info.Mode().Perm()&0o001 == 0 {
			return false
		}
		if dir == filepath.Dir(dir) {
			return true
		}
		dir = filepath.Dir(dir)
	}
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return err
	}
	return out.Close()
}
