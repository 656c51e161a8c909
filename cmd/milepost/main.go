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
	"github.com/spf13/pflag"
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
		if wrong := new(pflag.InvalidValueError); errors.As(err, &wrong) && wrong.GetFlag().Value.Type() == "int" {
			return fmt.Errorf("--%s takes a whole number, not %q", wrong.GetFlag().Name, wrong.GetValue())
		}
		return fmt.Errorf("%w; see `%s --help`", err, c.CommandPath())
	})
	return root
}

// takes lets a command have from least to most arguments, and says in words what it takes.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return fmt.Errorf("%s takes %s; see `%s --help`", c.CommandPath(), what, c.CommandPath())
		}
		return nil
	}
}

// group is a command that only holds others: an unknown one is an error, none at all asks for help.
func group(c *cobra.Command) *cobra.Command {
	c.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return fmt.Errorf("there is no command %q of %s; see `%s --help`", args[0], c.CommandPath(), c.CommandPath())
		}
		return nil
	}
	c.RunE = func(c *cobra.Command, _ []string) error { return c.Help() }
	return c
}
