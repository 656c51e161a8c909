// Command accuracy measures the built-in roadmap against repositories that were judged by hand.
//
//	go run ./rules/accuracy [-v] LABELS CHECKOUTS
//
// LABELS holds one JSON file for each repository, "owner+name.json", with "labels": {"milestone-id": {"met": true|false|null, "why": "..."}};
// CHECKOUTS holds the repositories, "owner+name". Labels that are null are not counted. Printed are, for each milestone, true and false
// positives and negatives, then precision and recall over all; with -v every disagreement with its reason.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
)

type labels struct {
	Repo   string `json:"repo"`
	Labels map[string]struct {
		Met        *bool  `json:"met"`
		Why        string `json:"why"`
		Confidence string `json:"confidence"`
	} `json:"labels"`
}

type counts struct{ tp, fp, fn, tn int }

func main() {
	verbose := flag.Bool("v", false, "print every disagreement")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: accuracy [-v] LABELS CHECKOUTS")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Stdout, flag.Arg(0), flag.Arg(1), *verbose); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
}

func run(ctx context.Context, w io.Writer, labelDir, repoDir string, verbose bool) error {
	roadmap, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(labelDir, "*.json"))
	if err != nil {
		return fmt.Errorf("accuracy: list labels: %w", err)
	}
	by := map[string]*counts{}
	var total counts
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		dir := filepath.Join(repoDir, name)
		if _, err := os.Stat(dir); err != nil {
			fmt.Fprintf(w, "%s: no checkout\n", name)
			continue
		}
		if err := compare(ctx, w, roadmap, file, dir, by, &total, verbose); err != nil {
			return err
		}
	}
	fmt.Fprintf(w, "%-28s %4s %4s %4s %4s\n", "milestone", "tp", "fp", "fn", "tn")
	for _, id := range roadmap.IDs() {
		if c := by[id]; c != nil {
			fmt.Fprintf(w, "%-28s %4d %4d %4d %4d\n", id, c.tp, c.fp, c.fn, c.tn)
		}
	}
	fmt.Fprintf(w, "all: tp %d fp %d fn %d tn %d  precision %.3f recall %.3f\n", total.tp, total.fp, total.fn, total.tn,
		ratio(total.tp, total.tp+total.fp), ratio(total.tp, total.tp+total.fn))
	return nil
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 1
	}
	return float64(a) / float64(b)
}

func compare(ctx context.Context, w io.Writer, roadmap *rules.Roadmap, file, dir string, by map[string]*counts, total *counts, verbose bool) error {
	data, err := os.ReadFile(file) //nolint:gosec // the caller names the file
	if err != nil {
		return fmt.Errorf("accuracy: read labels: %w", err)
	}
	var l labels
	if err := json.Unmarshal(data, &l); err != nil {
		return fmt.Errorf("accuracy: read labels %s: %w", file, err)
	}
	snap, err := snapshot.Folder(ctx, dir, snapshot.FolderOptions{})
	if err != nil {
		return fmt.Errorf("accuracy: read %s: %w", dir, err)
	}
	repo, err := facts.Collect(ctx, snap, roadmap.Patterns(), facts.CollectOptions{})
	if err != nil {
		return fmt.Errorf("accuracy: scan %s: %w", dir, err)
	}
	in := rules.Input{Repo: repo}
	if log, err := snapshot.GitLog(ctx, dir, "HEAD", 1000); err == nil {
		in.Activity.Log = &log
	}
	report := roadmap.Evaluate(in)
	for _, m := range report.Milestones() {
		label, ok := l.Labels[m.ID]
		if !ok || label.Met == nil {
			continue
		}
		c := by[m.ID]
		if c == nil {
			c = &counts{}
			by[m.ID] = c
		}
		got := m.Status == rules.Met
		add(c, got, *label.Met)
		add(total, got, *label.Met)
		if verbose && got != *label.Met {
			fmt.Fprintf(w, "%s %s: got %s, label %v (%s)\n   label: %s\n   ours:  %s", l.Repo, m.ID, m.Status, *label.Met, label.Confidence, label.Why, m.Reason)
			for _, e := range m.Evidence {
				fmt.Fprintf(w, " [%s:%d %s]", e.Path, e.StartLine, e.Note)
			}
			fmt.Fprintln(w)
		}
	}
	return nil
}

func add(c *counts, got, want bool) {
	switch {
	case got && want:
		c.tp++
	case got:
		c.fp++
	case want:
		c.fn++
	default:
		c.tn++
	}
}
