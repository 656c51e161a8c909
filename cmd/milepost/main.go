// Command milepost checks learners' repositories against a backend roadmap: on a laptop (milepost check), as a GitHub App (milepost serve), or
// as a demonstration of the whole with no account and no network (milepost demo).
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, as the documentation promises them.
const (
	exitDone  = 0
	exitBelow = 1 // the report fell below --fail-under
	exitUsage = 2 // usage or input error
)

// errBelow ends a command whose report fell below --fail-under.
var errBelow = errors.New("below the threshold")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}, os.Getenv)
	stop()
	os.Exit(code)
}

// streams are the standard streams of a command.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run executes one command line and returns its exit code.
func run(ctx context.Context, args []string, std streams, getenv func(string) string) int {
	root := newRoot(std, getenv)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errBelow), errors.Is(err, errFound):
		fmt.Fprintln(std.err, "milepost: "+err.Error())
		return exitBelow
	default:
		fmt.Fprintln(std.err, "milepost: "+err.Error())
		return exitUsage
	}
}

func newRoot(std streams, getenv func(string) string) *cobra.Command {
	root := &cobra.Command{
		Use:   "milepost",
		Short: "Shows how far a repository has come on the road to backend developer",
		Long: `Milepost checks repositories against a backend roadmap: tests, CI, Dockerfile, databases, REST API, auth, deployment and more.
It runs on a folder (milepost check), as a GitHub App (milepost serve), and as a demonstration with no account (milepost demo).`,
		SilenceErrors: true,
		SilenceUsage:  true,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.AddCommand(newDemo(std), newCheck(std, getenv), newServe(std), newRoadmap(std, getenv), newReplay(std, getenv), newMigrate(std, getenv), newDoctor(std, getenv), newVersion(std))
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())
	})
	return root
}
