package main

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type replayOptions struct {
	url, event, guid string
}

func newReplay(std streams, getenv func(string) string) *cobra.Command {
	var o replayOptions
	cmd := &cobra.Command{
		Use:   "replay FILE",
		Short: "Sign a stored webhook payload and deliver it to a running server",
		Long: `Delivers the JSON in FILE as GitHub would: signed with the first secret of WEBHOOK_SECRET, under a new delivery id. The event is taken from the
file's name (push.json, pull_request.opened.1.json) unless --event names it.`,
		Args: takes(1, 1, "one file with a payload"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return replay(cmd.Context(), std, getenv, args[0], o)
		},
	}
	cmd.Flags().StringVar(&o.url, "url", "", "address of the webhook (default: PORT and WEBHOOK_PATH on this machine)")
	cmd.Flags().StringVar(&o.event, "event", "", "the event, such as push")
	cmd.Flags().StringVar(&o.guid, "delivery", "", "the delivery id (default: a new one)")
	return cmd
}

func replay(ctx context.Context, std streams, getenv func(string) string, file string, o replayOptions) error {
	payload, err := os.ReadFile(file) //nolint:gosec // the file that the user named
	if err != nil {
		return fmt.Errorf("the payload cannot be read: %w", err)
	}
	secret, _, _ := strings.Cut(getenv("WEBHOOK_SECRET"), ",")
	if secret == "" {
		return errors.New("WEBHOOK_SECRET is not set; use the one the server runs with")
	}
	if o.event == "" {
		o.event, _, _ = strings.Cut(filepath.Base(file), ".")
	}
	if o.url == "" {
		o.url = "http://127.0.0.1:" + or(getenv("PORT"), "8080") + or(getenv("WEBHOOK_PATH"), "/api/github/webhooks")
	}
	if o.guid == "" {
		o.guid = strings.ToLower(rand.Text())
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(payload)
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url, bytes.NewReader(payload))
	if err != nil {
		return fmt.Errorf("--url %q is not an address: %w", o.url, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "GitHub-Hookshot/milepost-replay")
	req.Header.Set("X-GitHub-Event", o.event)
	req.Header.Set("X-GitHub-Delivery", o.guid)
	req.Header.Set("X-Hub-Signature-256", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("the server cannot be reached at %s; start it with `milepost serve`, or name its address with --url", o.url)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 1<<10))
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("the server answered %s: %s", resp.Status, strings.TrimSpace(string(answer)))
	}
	_, err = fmt.Fprintf(std.out, "%s delivered as %s: %s\n", o.event, o.guid, resp.Status)
	return err
}

func or(s, fallback string) string {
	if s == "" {
		return fallback
	}
	return s
}
