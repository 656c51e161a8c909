// Command bench measures the intake of webhooks side by side: `milepost serve --role web`, which makes each delivery durable (SQLite, synchronous=FULL) before it
// answers; Probot with an empty handler, which keeps nothing; and a bare net/http handler that checks the signature and reads two fields, the ceiling.
//
//	go run ./bot/webhook/bench [-n 20000] [-conns 64] [-rounds 3] [-only milepost,bare]
//
// All get the same signed push of 7.7 kB, each with an id of its own, over connections that stay open. Where there are two processors (Linux, taskset) the receiver has
// the first and the load the second. The receivers take turns, each freshly started, and the table has the median of the rounds. Probot needs node and npm, and is installed into
// a temporary folder; without them it is left out. Compare within one table, on a machine that does nothing else. Two cores of an AMD EPYC, Go 1.26, Node 20:
//
//	receiver            keeps  per second  p50 ms  p99 ms  CPU µs each  peak MiB
//	milepost  SQLite, durable       11638     4.9    14.0           81        60
//	  probot          nothing        5105    11.1    27.0          196       156
//	    bare          nothing       12154     5.3    10.8           82        14
//
// The three largest costs of ours, by profile: net/http's reading and answering (38 %, a third of it the write of the answer), SQLite's commit (36 %: write-ahead log 13 %, fsync 14 %,
// shared by all deliveries that came meanwhile), and the walk over the payload (8 %, without decoding it); the signature is 4 %. What had cost most was none of these but waiting: on one core everything stood
// still during each fsync (see cmd/milepost's overlapDisk). The bare handler decodes the payload by encoding/json, which is why it is hardly faster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
)

// pinned marks a process that is already bound to the load's processor.
const pinned = "MILEPOST_BENCH_PINNED"

type options struct {
	n, warmup, conns, rounds int
	only, probot             string
}

func main() {
	var o options
	bare := flag.String("bare", "", "serve the bare handler on this `address`, and nothing else (secret from WEBHOOK_SECRET)")
	flag.IntVar(&o.n, "n", 20_000, "deliveries in each round")
	flag.IntVar(&o.warmup, "warmup", 3000, "deliveries before each round that are not measured")
	flag.IntVar(&o.conns, "conns", 64, "connections")
	flag.IntVar(&o.rounds, "rounds", 3, "rounds")
	flag.StringVar(&o.only, "only", "", "only these receivers: milepost, probot, bare")
	flag.StringVar(&o.probot, "probot", "14.3.2", "version of Probot")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *bare != "" {
		err = serveBare(ctx, *bare, os.Getenv("WEBHOOK_SECRET"))
	} else {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop has run
	}
}

func run(ctx context.Context, o options) error {
	_, err := exec.LookPath("taskset")
	split := err == nil && runtime.GOOS == "linux" && (runtime.NumCPU() > 1 || os.Getenv(pinned) != "")
	if split && os.Getenv(pinned) == "" {
		again := exec.CommandContext(ctx, "taskset", append([]string{"-c", "1"}, os.Args...)...) //nolint:gosec // itself, with what it was given
		again.Stdout, again.Stderr, again.Env = os.Stdout, os.Stderr, append(os.Environ(), pinned+"=1")
		return again.Run()
	}
	dir, err := os.MkdirTemp("", "milepost-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	receivers, err := prepare(ctx, dir, o, split)
	if err != nil {
		return err
	}
	results := map[string][]result{}
	for round := range o.rounds {
		for _, r := range receivers {
			res, err := measure(ctx, r, filepath.Join(dir, fmt.Sprint(r.name, round)), o)
			if err != nil {
				return fmt.Errorf("%s: %w", r.name, err)
			}
			results[r.name] = append(results[r.name], res)
		}
	}
	table(receivers, results, o, split)
	return nil
}

// prepare builds and installs what is measured.
func prepare(ctx context.Context, dir string, o options, split bool) ([]receiver, error) {
	var out []receiver
	wanted := func(name string) bool { return o.only == "" || slices.Contains(strings.Split(o.only, ","), name) }
	on := func(argv ...string) []string {
		if split {
			return append([]string{"taskset", "-c", "0"}, argv...)
		}
		return argv
	}
	if wanted("milepost") {
		program := filepath.Join(dir, "milepost")
		if err := command(ctx, dir, "go", "build", "-o", program, "milepost/cmd/milepost"); err != nil {
			return nil, err
		}
		out = append(out, receiver{name: "milepost", keeps: "SQLite, durable", argv: on(program, "serve", "--role", "web"), path: "/webhook"})
	}
	if wanted("probot") {
		if err := installProbot(ctx, dir, o.probot); err != nil {
			fmt.Fprintln(os.Stderr, "bench: Probot is left out:", err)
		} else {
			out = append(out, receiver{name: "probot", keeps: "nothing", argv: on("node", filepath.Join(dir, "probot.mjs")), path: "/api/github/webhooks"})
		}
	}
	if wanted("bare") {
		self, err := os.Executable()
		if err != nil {
			return nil, err
		}
		out = append(out, receiver{name: "bare", keeps: "nothing", argv: on(self, "-bare", addressMark), path: "/"})
	}
	if len(out) == 0 {
		return nil, errors.New("nothing to measure: -only takes milepost, probot and bare")
	}
	return out, nil
}

// probotApp is Probot as its documentation starts it, with a handler that does nothing.
const probotApp = `import { run } from "probot";
run((app) => app.on("push", async () => {}));
`

func installProbot(ctx context.Context, dir, version string) error {
	if _, err := exec.LookPath("npm"); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true, "type": "module"}`), 0o600); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "probot.mjs"), []byte(probotApp), 0o600); err != nil {
		return err
	}
	return command(ctx, dir, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "probot@"+version)
}

// command runs a step of the preparation on any processor.
func command(ctx context.Context, dir string, argv ...string) error {
	if os.Getenv(pinned) != "" {
		argv = append([]string{"taskset", "-c", fmt.Sprint("0-", runtime.NumCPU())}, argv...)
	}
	c := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // go and npm, with the flags of whoever measures
	c.Stderr, c.Env = os.Stderr, append(os.Environ(), "CGO_ENABLED=0")
	if argv[len(argv)-1] != "milepost/cmd/milepost" {
		c.Dir = dir
	}
	return c.Run()
}

func table(receivers []receiver, results map[string][]result, o options, split bool) {
	where := "on any processor"
	if split {
		where = "receiver and load on a processor each"
	}
	fmt.Printf("%d deliveries of %d bytes over %d connections, %s, median of %d\n\n", o.n, len(payload()), o.conns, where, o.rounds)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "receiver\tkeeps\tper second\tp50 ms\tp99 ms\tCPU µs each\tpeak MiB\t")
	for _, r := range receivers {
		m := func(f func(result) float64) float64 {
			var all []float64
			for _, v := range results[r.name] {
				all = append(all, f(v))
			}
			slices.Sort(all)
			return all[len(all)/2]
		}
		fmt.Fprintf(w, "%s\t%s\t%.0f\t%.1f\t%.1f\t%.0f\t%.0f\t\n", r.name, r.keeps, m(func(v result) float64 { return v.perSecond }), m(func(v result) float64 { return v.p50 }),
			m(func(v result) float64 { return v.p99 }), m(func(v result) float64 { return v.cpu }), m(func(v result) float64 { return v.peak }))
	}
	_ = w.Flush()
}
