package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"milepost/bot"
)

func newDoctor(std streams, getenv func(string) string) *cobra.Command {
	var asJSON, health bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Check configuration, database, app, permissions, webhooks and queue; each finding with its remedy",
		Long: `Looks at everything the server needs and changes nothing: the variables, the database and its schema, the clock, the app's key, its permissions and
events, installations, the webhook's address and GitHub's log of deliveries, the queue, rate limits and the disk. It ends with 1 when something is wrong.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if health {
				return askHealth(cmd, getenv)
			}
			cfg, _ := bot.Load(os.Environ()) // what is wrong with it is among the findings
			found := bot.Diagnose(cmd.Context(), cfg, time.Now, nil)
			if asJSON {
				out, err := bot.MarshalFindings(found)
				if err != nil {
					return err
				}
				if _, err := std.out.Write(out); err != nil {
					return err
				}
			} else if err := printFindings(std, getenv, found); err != nil {
				return err
			}
			if bot.Worst(found) == bot.Fault {
				return fmt.Errorf("something is wrong: %w", errFound)
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the findings as JSON")
	cmd.Flags().BoolVar(&health, "healthz", false, "only ask the server on this machine whether it is healthy (for containers)")
	return cmd
}

// errFound ends the doctor when there is an error among its findings.
var errFound = errors.New("see the lines marked error")

func printFindings(std streams, getenv func(string) string, found []bot.Finding) error {
	colour, _ := terminalOf(std.out, getenv, "auto")
	paint := map[bot.Level]string{bot.OK: "32", bot.Warning: "33", bot.Fault: "31"}
	for _, f := range found {
		level := fmt.Sprintf("%-8s", f.Level)
		if colour {
			level = "\x1b[" + paint[f.Level] + "m" + level + "\x1b[0m"
		}
		if _, err := fmt.Fprintf(std.out, "%s %-15s %s\n", level, f.What, f.Detail); err != nil {
			return err
		}
		if f.Remedy != "" {
			if _, err := fmt.Fprintf(std.out, "%25s%s\n", "→ ", f.Remedy); err != nil {
				return err
			}
		}
	}
	return nil
}

// askHealth is the container's health check: the image has no other program that could ask.
func askHealth(cmd *cobra.Command, getenv func(string) string) error {
	req, err := http.NewRequestWithContext(cmd.Context(), http.MethodGet, "http://127.0.0.1:"+or(getenv("PORT"), "8080")+"/healthz", nil)
	if err != nil {
		return fmt.Errorf("PORT is no port: %w", err)
	}
	resp, err := (&http.Client{Timeout: 4 * time.Second}).Do(req)
	if err != nil {
		return errors.New("the server does not answer")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}
