package main

import (
	"fmt"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"milepost/bot"
)

func newServe(std streams) *cobra.Command {
	role := string(bot.RoleAll)
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the server: webhooks, workers and pages",
		Long: `Runs the GitHub App. Without an app in the environment it serves the set-up page, which makes one with a few clicks.

The environment: APP_ID, PRIVATE_KEY or PRIVATE_KEY_PATH, WEBHOOK_SECRET (several, separated by commas, while it is changed), WEBHOOK_PATH,
GITHUB_CLIENT_ID, GITHUB_CLIENT_SECRET, GITHUB_API_URL, GITHUB_SERVER_URL, DATABASE_URL, PUBLIC_URL, HOST, PORT, LOG_LEVEL, LOG_FORMAT,
SESSION_SECRET, METRICS_ADDR, ADMINS, WORKERS, RETENTION, WEBHOOK_PROXY_URL (a channel of smee.io or its like, for a machine that GitHub cannot reach).

With a PostgreSQL database any number of processes may run, pages and workers apart if you like: --role web, --role worker. SIGTERM ends one within
25 seconds; what it was working on, another goes on with at once.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := bot.Load(os.Environ())
			if err != nil {
				return err
			}
			cfg.Role = bot.Role(role)
			if cfg.Role != bot.RoleAll && cfg.Role != bot.RoleWeb && cfg.Role != bot.RoleWorker {
				return fmt.Errorf("--role takes all, web or worker, not %q", role)
			}
			overlapDisk()
			server, err := bot.Start(cmd.Context(), cfg, bot.Options{LogTo: std.err})
			if err != nil {
				return err
			}
			if url := server.URL(); url != "" {
				fmt.Fprintf(std.err, "milepost %s listens on %s\n", versionString(), url)
			}
			err = server.Wait(cmd.Context())
			if stop := server.Stop(cmd.Context()); err == nil {
				err = stop
			}
			return err
		},
	}
	cmd.Flags().StringVar(&role, "role", role, "all, web (pages and webhooks) or worker")
	return cmd
}

// overlapDisk lets a machine of one core work while the disk does: a thread that waits for a commit keeps its processor until the runtime takes it away,
// up to 10 ms later, and with a second one nobody waits for that. On one core it takes 12,400 instead of 2,700 deliveries a second (see bot/webhook/bench).
func overlapDisk() {
	if os.Getenv("GOMAXPROCS") == "" && runtime.GOMAXPROCS(0) == 1 {
		runtime.GOMAXPROCS(2)
	}
}
