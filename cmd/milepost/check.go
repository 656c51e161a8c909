package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"milepost/bot/inforce"
	"milepost/bot/render"
	"milepost/rules"
	"milepost/rules/config"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
	"milepost/rules/strict"
)

type checkOptions struct {
	format    string
	roadmap   string
	failUnder int
	all       bool
	colour    string
	learner   string
}

var checkFormats = []string{"text", "json", "markdown", "sarif"}

func newCheck(std streams, getenv func(string) string) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check [PATH | owner/repo[@ref]]",
		Short: "Check a folder or a GitHub repository against the roadmap",
		Long: `Checks the files of a folder, or of a GitHub repository, and prints which milestones are met, why, and what to do next.

A PATH that exists is a folder; in a git repository the files are those git would commit, and the history counts too. Anything else of the
form owner/repo or owner/repo@ref is read from GitHub, with the token in GITHUB_TOKEN if there is one. Nothing of a repository is ever run.`,
		Example: `  milepost check
  milepost check services/api --all
  milepost check octocat/hello-world@main --format json
  milepost check . --format sarif > milepost.sarif
  milepost check . --fail-under 60`,
		Args: takes(0, 1, "one folder or GitHub repository at a time"),
		RunE: func(cmd *cobra.Command, args []string) error {
			target := "."
			if len(args) == 1 {
				target = args[0]
			}
			return check(cmd.Context(), std, getenv, target, o)
		},
	}
	f := cmd.Flags()
	f.StringVarP(&o.format, "format", "f", "text", "output: "+strings.Join(checkFormats, ", "))
	f.StringVar(&o.roadmap, "roadmap", "", "a roadmap `FILE` of your own instead of the built-in one")
	f.IntVar(&o.failUnder, "fail-under", 0, "exit with 1 when fewer than `N` percent of the core milestones are met")
	f.BoolVarP(&o.all, "all", "a", false, "show every milestone with its evidence")
	f.StringVar(&o.colour, "color", "auto", "colours: auto, always, never")
	f.StringVar(&o.learner, "learner", "", "the `NAME` or login whose commits count (default: the main author)")
	_ = cmd.RegisterFlagCompletionFunc("format", cobra.FixedCompletions(checkFormats, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func check(ctx context.Context, std streams, getenv func(string) string, target string, o checkOptions) error {
	if !slices.Contains(checkFormats, o.format) {
		return fmt.Errorf("there is no format %q; use one of %s", o.format, strings.Join(checkFormats, ", "))
	}
	if colours := []string{"auto", "always", "never"}; !slices.Contains(colours, o.colour) {
		return fmt.Errorf("--color takes auto, always or never, not %q", o.colour)
	}
	if o.failUnder < 0 || o.failUnder > 100 {
		return fmt.Errorf("--fail-under takes a percentage from 0 to 100, not %d", o.failUnder)
	}
	roadmap, err := loadRoadmap(o.roadmap)
	if err != nil {
		return err
	}
	// A short run is over before most of its garbage is worth collecting; the limit keeps a long one small.
	debug.SetGCPercent(400)
	debug.SetMemoryLimit(170 << 20)
	progress := newProgress(std.err)
	snap, activity, err := readTarget(ctx, target, getenv, progress)
	if err != nil {
		return err
	}
	if len(snap.Entries) == 0 {
		snap.Warnings = append(snap.Warnings, snapshot.Warning{Msg: "there are no files here; add some and check again"})
	}
	conf := readConfig(ctx, snap, roadmap)
	if o.learner != "" {
		conf.Learner = o.learner
	}
	ref := snap.Ref // the list of files need not outlive its use
	repo, err := facts.Collect(ctx, snap, roadmap.Patterns(), facts.CollectOptions{Progress: progress.scanned, Ignore: conf.Ignored()})
	progress.done()
	if err != nil {
		return err
	}
	report := roadmap.Evaluate(rules.Input{Repo: repo, Ref: ref, Activity: activity, Learner: conf.Learner, Skips: conf.Skip})
	if err := writeReport(std, getenv, roadmap, &report, o); err != nil {
		return err
	}
	if report.Summary.Percent < o.failUnder {
		return fmt.Errorf("%d %% of the core milestones are met, %d %% are asked for: %w", report.Summary.Percent, o.failUnder, errBelow)
	}
	return nil
}

// readConfig reads the repository's own configuration; what is wrong with it becomes warnings, and what could be read holds.
func readConfig(ctx context.Context, snap *snapshot.Snapshot, roadmap *rules.Roadmap) config.Config {
	for _, p := range []string{config.Path, config.OtherPath} {
		e, ok := snap.Lookup(p)
		if !ok {
			continue
		}
		data, err := snap.Read(ctx, e)
		if err != nil {
			snap.Warnings = append(snap.Warnings, snapshot.Warning{Path: p, Msg: "it could not be read"})
			return config.Config{}
		}
		c, err := config.Parse(p, data, roadmap.IDs())
		var faults strict.Faults
		if errors.As(err, &faults) {
			for _, f := range faults {
				snap.Warnings = append(snap.Warnings, snapshot.Warning{Msg: f.Error()})
			}
		}
		return c
	}
	return config.Config{}
}

// loadRoadmap reads a roadmap file, or the built-in roadmap for "".
func loadRoadmap(file string) (*rules.Roadmap, error) {
	if file == "" {
		return roadmaps.Load(roadmaps.Default)
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file that the user named
	if err != nil {
		return nil, fmt.Errorf("the roadmap cannot be read: %w", err)
	}
	return inforce.Parse(file, data, roadmaps.Load)
}

var remoteTarget = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9._-]{1,100}(@\S+)?$`)
})

// repositoryOf makes owner/repo[@ref] of the address of a repository on GitHub, as a browser or git shows it; anything else stays as it is.
func repositoryOf(target string) string {
	for _, before := range []string{"https://github.com/", "http://github.com/", "github.com/", "ssh://git@github.com/", "git@github.com:"} {
		if rest, ok := strings.CutPrefix(target, before); ok {
			name, ref, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "/tree/")
			if name = strings.TrimSuffix(name, ".git"); ref != "" {
				name += "@" + ref
			}
			return name
		}
	}
	return target
}

// readTarget reads what the user named: a folder (of a work tree, or inside one), a bare repository, or a repository on GitHub.
func readTarget(ctx context.Context, target string, getenv func(string) string, p *progress) (*snapshot.Snapshot, snapshot.Activity, error) {
	var act snapshot.Activity
	info, err := os.Stat(target)
	switch {
	case err == nil && !info.IsDir():
		return nil, act, fmt.Errorf("%s is a file; name the folder that holds the project", target)
	case err == nil:
		return readFolder(ctx, target, p)
	case errors.Is(err, os.ErrNotExist) && remoteTarget().MatchString(repositoryOf(target)):
		return readGitHub(ctx, repositoryOf(target), getenv)
	case errors.Is(err, os.ErrNotExist):
		return nil, act, fmt.Errorf("there is no folder %q; name one that exists, or a GitHub repository as owner/repo", target)
	default:
		return nil, act, fmt.Errorf("the folder cannot be read: %w", err)
	}
}

func readFolder(ctx context.Context, dir string, p *progress) (*snapshot.Snapshot, snapshot.Activity, error) {
	var act snapshot.Activity
	var snap *snapshot.Snapshot
	var err error
	if snapshot.IsBare(dir) {
		snap, err = snapshot.GitCommit(ctx, dir, "")
	} else {
		snap, err = snapshot.Folder(ctx, dir, snapshot.FolderOptions{Progress: p.listed})
	}
	if err != nil {
		return nil, act, fmt.Errorf("%s cannot be read: %w", dir, err)
	}
	log, err := snapshot.GitLog(ctx, dir, "HEAD", historyDepth)
	switch {
	case err == nil:
		act.Log = &log
	case errors.Is(err, snapshot.ErrNoHistory), errors.Is(err, snapshot.ErrNotFound): // no repository, or no commit yet
	default:
		snap.Warnings = append(snap.Warnings, snapshot.Warning{Msg: "the git history could not be read: " + err.Error()})
	}
	if snap.Name == "" || snap.Name == "." {
		if abs, err := filepath.Abs(dir); err == nil {
			snap.Name = filepath.Base(abs)
		}
	}
	return snap, act, nil
}

// historyDepth is how many commits of a history are looked at: enough to tell habits and people, and cheap.
const historyDepth = 200

func writeReport(std streams, getenv func(string) string, roadmap *rules.Roadmap, r *rules.Report, o checkOptions) error {
	var out []byte
	var err error
	switch o.format {
	case "json":
		out, err = json.MarshalIndent(r, "", "  ")
		out = append(out, '\n')
	case "sarif":
		out, err = render.SARIF(roadmap, r, versionString())
	case "markdown":
		out = []byte(render.Markdown(roadmap, r))
	default:
		colour, width := terminalOf(std.out, getenv, o.colour)
		out = []byte(render.Terminal(r, render.TerminalOptions{Colour: colour, All: o.all, Width: width}))
	}
	if err != nil {
		return fmt.Errorf("the report cannot be written: %w", err)
	}
	_, err = std.out.Write(out)
	return err
}

// terminalOf says whether to colour, and how wide the terminal is (0 if it is none).
func terminalOf(w io.Writer, getenv func(string) string, choice string) (colour bool, width int) {
	f, ok := w.(*os.File)
	tty := ok && term.IsTerminal(int(f.Fd()))
	if tty {
		width, _, _ = term.GetSize(int(f.Fd()))
	}
	switch choice {
	case "always":
		return true, width
	case "never":
		return false, width
	default:
		return tty && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb", width
	}
}

// progress shows on a terminal what a long check is doing.
type progress struct {
	w   io.Writer
	tty bool
	on  bool
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	return &progress{w: w, tty: ok && term.IsTerminal(int(f.Fd()))}
}

// quiet is the number of files below which a check is over before anybody could read its progress.
const quiet = 2000

func (p *progress) listed(n int) {
	if p.tty && n >= quiet {
		p.on = true
		fmt.Fprintf(p.w, "\r\x1b[Klisting files: %d", n)
	}
}

func (p *progress) scanned(done, total int) {
	if p.tty && total >= quiet {
		p.on = true
		fmt.Fprintf(p.w, "\r\x1b[Kreading files: %d of %d", done, total)
	}
}

func (p *progress) done() {
	if p.on {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}
