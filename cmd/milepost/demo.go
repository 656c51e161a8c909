package main

import (
	"github.com/spf13/cobra"

	"milepost/bot/demo"
)

func newDemo(std streams) *cobra.Command {
	o := demo.Options{Out: std.out, Err: std.err}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Run the whole product on this machine, with no account and no network",
		Long: `Starts the real server on an embedded database and a stand-in GitHub with sample learners, drives their pushes and a pull request, and
prints the addresses to open. Nothing leaves this machine, and nothing is left behind.`,
		Example: "  milepost demo\n  milepost demo --repo ~/code/my-project\n  milepost demo --once",
		Args:    cobra.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return demo.Run(cmd.Context(), o) },
	}
	cmd.Flags().StringVar(&o.Repo, "repo", "", "add the local git repository in `PATH` as a learner's, and follow its new commits")
	cmd.Flags().BoolVar(&o.Once, "once", false, "do one round, print the progress issue as Markdown, and end")
	return cmd
}
