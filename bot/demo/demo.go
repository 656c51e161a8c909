// Package demo runs the whole product on one machine with no account and no network: the real server on an embedded database, and a stand-in
// GitHub with sample learners, their pushes and a pull request.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"milepost/bot"
	"milepost/bot/githubsim"
)

// Options of a demonstration.
type Options struct {
	Repo   string // a local git repository that is added as a learner's, "" for none
	Once   bool   // do the round, print the progress issue, end
	Out    io.Writer
	Err    io.Writer
	Follow time.Duration // how often Repo is looked at for new commits; default 2 s
}

const (
	organisation = "north-academy"
	mentor       = "mina"
	branch       = "main"
	secret       = "a secret of the demonstration only"
	patience     = 60 * time.Second
)

// demo is a running demonstration.
type demo struct {
	opts   Options
	sim    *githubsim.Sim
	server *bot.Server
	dir    string

	org     *githubsim.Account
	repos   map[string]*githubsim.Repo // by learner
	users   map[string]*githubsim.Account
	install *githubsim.Installation
	local   *githubsim.Repo
	pull    int
}

// Run starts everything, drives the samples, prints what there is to see, and stays up until ctx ends.
func Run(ctx context.Context, opts Options) error {
	d := &demo{opts: opts, repos: map[string]*githubsim.Repo{}, users: map[string]*githubsim.Account{}}
	if opts.Repo != "" {
		if info, err := os.Stat(opts.Repo); err != nil || !info.IsDir() {
			return fmt.Errorf("--repo %s is no folder; name one that holds a git repository", opts.Repo)
		}
	}
	defer d.stop(context.WithoutCancel(ctx))
	if err := d.start(ctx); err != nil {
		return err
	}
	if err := d.drive(ctx); err != nil {
		return err
	}
	if opts.Once {
		return d.print()
	}
	d.addresses()
	return d.follow(ctx)
}

func (d *demo) start(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "milepost-demo-")
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	d.dir = dir
	d.sim = githubsim.New(githubsim.Options{})
	if err := d.sim.Start(); err != nil {
		return fmt.Errorf("demo: start the stand-in GitHub: %w", err)
	}
	d.org = d.sim.AddOrg(organisation)
	mina := d.sim.AddUser(mentor, "Mina the mentor", "mina@north-academy.example")
	d.sim.SetMember(d.org, mina, "admin")
	d.users[mentor] = mina
	app := d.sim.CreateApp(githubsim.AppOptions{Owner: d.org, Name: "Milepost", WebhookSecret: secret})
	cfg, err := bot.Load([]string{
		fmt.Sprintf("APP_ID=%d", app.ID), "PRIVATE_KEY=" + string(app.PrivateKeyPEM), "WEBHOOK_SECRET=" + secret,
		"GITHUB_CLIENT_ID=" + app.ClientID, "GITHUB_CLIENT_SECRET=" + app.ClientSecret, "GITHUB_API_URL=" + d.sim.APIURL(), "GITHUB_SERVER_URL=" + d.sim.URL(),
		"DATABASE_URL=sqlite://" + filepath.ToSlash(filepath.Join(dir, "milepost.db")), "HOST=127.0.0.1", "PORT=0", "LOG_LEVEL=warn", "ADMINS=" + mentor,
	})
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	if d.server, err = bot.Start(ctx, cfg, bot.Options{LogTo: d.opts.Err}); err != nil {
		return fmt.Errorf("demo: start the server: %w", err)
	}
	d.sim.SetWebhook(app, d.server.URL()+cfg.WebhookPath, secret)
	d.install = d.sim.Install(app, d.org)
	return nil
}

// drive does what the learners of the samples did: create repositories, push, open a pull request.
func (d *demo) drive(ctx context.Context) error {
	all, err := loadSamples()
	if err != nil {
		return err
	}
	for _, s := range all {
		u := d.sim.AddUser(s.learner, names[s.learner], s.learner+"@north-academy.example")
		d.sim.SetMember(d.org, u, "member")
		d.users[s.learner] = u
		r := d.sim.CreateRepo(d.org, s.repo+"-"+s.learner, githubsim.RepoOptions{DefaultBranch: branch})
		d.sim.SetCollaborator(r, u, "write")
		d.repos[s.learner] = r
	}
	for _, s := range all {
		for _, c := range s.commits { // each push by itself: quick ones are checked once, at the newest head
			d.sim.Push(d.repos[s.learner], branch, d.users[s.learner], c)
		}
	}
	if err := d.importLocal(); err != nil {
		return err
	}
	if err := d.settle(ctx); err != nil {
		return err
	}
	for _, s := range all {
		if s.pull == nil {
			continue
		}
		r, u := d.repos[s.learner], d.users[s.learner]
		d.sim.SetBranch(r, "docker", r.Head(branch), u)
		d.sim.PushFiles(r, "docker", u, "Run it in a container", s.pull)
		d.pull = d.sim.OpenPull(r, u, githubsim.PullOptions{Title: "Run it in a container", Head: "docker"})
	}
	return d.settle(ctx)
}

func (d *demo) importLocal() error {
	if d.opts.Repo == "" {
		return nil
	}
	you := d.sim.AddUser("you", "You", "you@north-academy.example")
	d.sim.SetMember(d.org, you, "member")
	d.users["you"] = you
	abs, err := filepath.Abs(d.opts.Repo)
	if err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	r, err := d.sim.ImportGit(d.org, repoName(filepath.Base(abs)), abs, githubsim.RepoOptions{})
	if err != nil {
		return fmt.Errorf("--repo %s cannot be read: %w; name a folder that holds a git repository with at least one commit", d.opts.Repo, err)
	}
	d.sim.SetCollaborator(r, you, "write")
	d.local = r
	return nil
}

// repoName makes a folder's name fit for a repository.
func repoName(s string) string {
	s = strings.Map(func(r rune) rune {
		if r == '-' || r == '_' || r == '.' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return '-'
	}, s)
	return strings.Trim(s, ".") + "-you"
}

// settle waits until every webhook is delivered and all work it led to is done.
func (d *demo) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for range 3 { // what the bot writes leads to deliveries of its own
		if err := d.sim.WaitDelivered(ctx); err != nil {
			return fmt.Errorf("demo: deliveries: %w", err)
		}
		if err := d.server.WaitIdle(ctx); err != nil {
			return fmt.Errorf("demo: work: %w", err)
		}
	}
	return nil
}

// shown is the repository whose issue is shown first.
func (d *demo) shown() *githubsim.Repo {
	if d.local != nil {
		return d.local
	}
	return d.repos["ada"]
}

// issueOf is the number and body of a repository's progress issue.
func (d *demo) issueOf(r *githubsim.Repo) (number int, body string, ok bool) {
	for _, i := range d.sim.Issues(r) {
		if !i.Pull && strings.HasSuffix(i.Author, "[bot]") {
			return i.Number, i.Body, true
		}
	}
	return 0, "", false
}

func (d *demo) print() error {
	_, body, ok := d.issueOf(d.shown())
	if !ok {
		return errors.New("demo: no progress issue was written; LOG_LEVEL=debug shows why")
	}
	_, err := fmt.Fprintln(d.opts.Out, body)
	return err
}

func (d *demo) addresses() {
	line := func(format string, args ...any) { fmt.Fprintf(d.opts.Out, format+"\n", args...) }
	line("Milepost is up, with a stand-in GitHub and %d sample learners. Nothing leaves this machine.", len(names))
	line("")
	if n, _, ok := d.issueOf(d.shown()); ok {
		line("  Progress issue         %s/%s/issues/%d", d.sim.URL(), d.shown().FullName(), n)
	}
	if d.pull != 0 {
		line("  Pull request           %s/%s/pull/%d", d.sim.URL(), d.repos["ada"].FullName(), d.pull)
	}
	line("  Mentor's pages         %s   (sign in as %s)", d.server.URL(), mentor)
	line("  All repositories       %s", d.sim.URL())
	line("")
	if d.local != nil {
		line("New commits in %s are followed. ", d.opts.Repo)
	}
	line("Comment, tick a box or merge on those pages, as the learner or the mentor: the bot answers within seconds. Stop with Ctrl-C.")
}

// follow pushes new commits of the local repository until ctx ends.
func (d *demo) follow(ctx context.Context) error {
	every := d.opts.Follow
	if every <= 0 {
		every = 2 * time.Second
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if d.local == nil {
				continue
			}
			if n, err := d.sim.SyncGit(d.local); err != nil {
				slog.New(slog.NewTextHandler(d.opts.Err, nil)).Warn("the local repository could not be read", "error", err)
			} else if n > 0 {
				fmt.Fprintf(d.opts.Out, "%d new commits pushed\n", n)
			}
		}
	}
}

func (d *demo) stop(ctx context.Context) {
	if d.server != nil {
		_ = d.server.Stop(ctx)
	}
	if d.sim != nil {
		d.sim.Close()
	}
	if d.dir != "" {
		_ = os.RemoveAll(d.dir)
	}
}
