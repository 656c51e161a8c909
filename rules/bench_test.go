//go:build unix

package rules_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"milepost/rules"
	"milepost/rules/facts"
	"milepost/rules/roadmaps"
	"milepost/rules/snapshot"
)

// sources are what a backend's files look like, one for each ecosystem; %d makes each copy a blob of its own.
var sources = map[string]string{
	"js": `const express = require('express');
const { findUser%[1]d } = require('./users');

const router = express.Router();

// Looks a user up, and answers 404 when there is none.
router.get('/users/:id', async (req, res, next) => {
  try {
    const user = await findUser%[1]d(req.params.id);
    if (!user) {
      return res.status(404).json({ error: 'no such user' });
    }
    res.json({ id: user.id, name: user.name, since: user.createdAt });
  } catch (err) {
    next(err);
  }
});

module.exports = router;
`,
	"py": `import logging

from flask import Blueprint, jsonify, request

from .models import Item%[1]d

bp = Blueprint("items%[1]d", __name__)
log = logging.getLogger(__name__)


@bp.route("/items/<int:key>", methods=["GET", "DELETE"])
def item(key):
    """Reads or removes one item."""
    found = Item%[1]d.query.get(key)
    if found is None:
        return jsonify(error="no such item"), 404
    if request.method == "DELETE":
        log.info("removing %%s", key)
        found.delete()
        return "", 204
    return jsonify(found.as_dict())
`,
	"java": `package example.shop%[1]d;

import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

@RestController
public class Order%[1]dController {
    private final Order%[1]dService service;

    public Order%[1]dController(Order%[1]dService service) {
        this.service = service;
    }

    /* All orders, newest first. */
    @GetMapping("/orders/%[1]d")
    public List<String> all() {
        try {
            return service.all();
        } catch (IllegalStateException e) {
            throw new RuntimeException("orders cannot be read", e);
        }
    }
}
`,
	"go": `package shop

import (
	"encoding/json"
	"net/http"
)

type handler%[1]d struct{ store Store }

// ServeHTTP answers with the stock of one product.
func (h handler%[1]d) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n, err := h.store.Count(r.Context(), r.PathValue("product"))
	if err != nil {
		http.Error(w, "the stock cannot be read", http.StatusInternalServerError)
		return
	}
	if err := json.NewEncoder(w).Encode(n); err != nil {
		return
	}
}
`,
}

// bodies are ordinary functions, of which files are filled up; %[1]d makes each one's names its own.
var bodies = map[string]string{
	"js": `
// Sums what the lines of a basket cost, with the discount of its week.
function total%[1]d(basket, week) {
  let sum = 0;
  for (const line of basket.lines) {
    const price = line.price * line.quantity;
    sum += week %% 2 === 0 ? price * 0.9 : price;
  }
  return Math.round(sum * 100) / 100;
}
`,
	"py": `

def total_%[1]d(basket, week):
    """Sums what the lines of a basket cost, with the discount of its week."""
    amount = 0
    for line in basket.lines:
        price = line.price * line.quantity
        amount += price * 0.9 if week %% 2 == 0 else price
    return round(amount, 2)
`,
	"java": `
class Basket%[1]dTotal {
    // Sums what the lines of a basket cost, with the discount of its week.
    double of(Basket basket, int week) {
        double sum = 0;
        for (Line line : basket.getLines()) {
            double price = line.getPrice() * line.getQuantity();
            sum += week %% 2 == 0 ? price * 0.9 : price;
        }
        return Math.round(sum * 100) / 100.0;
    }
}
`,
	"go": `
// total%[1]d sums what the lines of a basket cost, with the discount of its week.
func total%[1]d(basket Basket, week int) float64 {
	sum := 0.0
	for _, line := range basket.Lines {
		price := line.Price * float64(line.Quantity)
		if week%%2 == 0 {
			price *= 0.9
		}
		sum += price
	}
	return math.Round(sum*100) / 100
}
`,
}

// source is a file of about size bytes: the head of a router or controller, and functions.
func source(ext string, i, size int) string {
	var b strings.Builder
	fmt.Fprintf(&b, sources[ext], i)
	for n := 0; b.Len()+len(bodies[ext]) < size; n++ {
		fmt.Fprintf(&b, bodies[ext], n)
	}
	return b.String()
}

// tree writes n source files of about size bytes each, in folders of 100.
func tree(b *testing.B, n, size int) string {
	b.Helper()
	dir := b.TempDir()
	exts := []string{"js", "py", "java", "go"}
	for i := range n {
		ext := exts[i%len(exts)]
		folder := filepath.Join(dir, fmt.Sprintf("part%d", i/100))
		if i%100 == 0 {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				b.Fatal(err)
			}
		}
		content := source(ext, i, size)
		if err := os.WriteFile(filepath.Join(folder, fmt.Sprintf("file%d.%s", i, ext)), []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"dependencies": {"express": "4"}}`), 0o600); err != nil {
		b.Fatal(err)
	}
	return dir
}

func builtin(b *testing.B) *rules.Roadmap {
	b.Helper()
	r, err := roadmaps.Load(roadmaps.Default)
	if err != nil {
		b.Fatal(err)
	}
	return r
}

func check(b *testing.B, r *rules.Roadmap, s *snapshot.Snapshot, cache facts.Cache) rules.Report {
	b.Helper()
	repo, err := facts.Collect(b.Context(), s, r.Patterns(), facts.CollectOptions{Workers: 1, Cache: cache})
	if err != nil {
		b.Fatal(err)
	}
	return r.Evaluate(rules.Input{Repo: repo})
}

func folder(b *testing.B, dir string) *snapshot.Snapshot {
	b.Helper()
	s, err := snapshot.Folder(b.Context(), dir, snapshot.FolderOptions{})
	if err != nil {
		b.Fatal(err)
	}
	return s
}

// cpu is the processor time that this process has used, in milliseconds.
func cpu(b *testing.B) float64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e6
}

// measured runs f and reports the processor time of one run, and of each of its n files, beside the time on the clock, which says little on a
// busy machine.
func measured(b *testing.B, n int, f func()) {
	b.Helper()
	b.ReportAllocs()
	began, runs := cpu(b), 0
	for b.Loop() {
		f()
		runs++
	}
	spent := (cpu(b) - began) / float64(runs)
	b.ReportMetric(spent, "cpu-ms/op")
	b.ReportMetric(1000*spent/float64(n), "cpu-us/file")
}

// BenchmarkCheck checks folders of source files of 10 kB with the built-in roadmap, on one core, from listing to report.
//
// Measured on a quiet EPYC with go test ./rules -run xxx -bench 'Check$|Read$|Ripgrep' -benchtime 20x:
//
//	files  CPU      each file  allocations  allocated
//	   10  2.1 ms   206 us       3,700      0.6 MB
//	  100  9.9 ms    99 us      19,000      1.4 MB
//	1,000  102 ms   102 us     178,000      9.5 MB (of 10 MB of source)
//
// which is five times what BenchmarkRead takes beside it (20 ms) and nine times one pass of rg (12 ms, BenchmarkRipgrep): 2.5 times is not reached.
// Most of it, by -cpuprofile: declarations 21 %, the search for literals 20 %, judging 14 %, the views of the lexer 11 %. It was 118 ms before lines
// were found once for all.
func BenchmarkCheck(b *testing.B) {
	r := builtin(b)
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			dir := tree(b, n, 10_000)
			measured(b, n, func() { check(b, r, folder(b, dir), nil) })
		})
	}
}

// BenchmarkCheckManyFiles checks 10 to 100,000 small files, each a router or controller with its facts.
//
// Measured on a quiet EPYC with go test ./rules -run xxx -bench ManyFiles -benchtime 2x; nothing is worse than linear:
//
//	  files  CPU             each file  allocations  allocated
//	     10  2.0 ms          200 us         3,800      0.9 MB
//	    100  4.1 ms           41 us         5,600      0.7 MB
//	  1,000   27 ms           27 us        42,000      3.6 MB
//	 10,000  318 ms           32 us       405,000       33 MB
//	100,000  2.9 s to 3.6 s   29 to 36 us  4,036,000   333 MB
//
// The command on 100,000 of them (/usr/bin/time milepost check FOLDER, three runs): 2.4 to 2.9 s on the clock, 3.6 to 4.2 s of CPU, 1.0 s of it the
// system's, and 193 to 195 MB at the peak. Before names, routers and answers were kept without a map of strings for each, the benchmark took 4.2 s and
// the command 311 MB. Their facts alone are 135 MB.
func BenchmarkCheckManyFiles(b *testing.B) {
	r := builtin(b)
	for _, n := range []int{10, 100, 1000, 10_000, 100_000} {
		b.Run(fmt.Sprintf("files=%d", n), func(b *testing.B) {
			dir := tree(b, n, 1)
			measured(b, n, func() { check(b, r, folder(b, dir), nil) })
		})
	}
}

// BenchmarkRead reads the files of BenchmarkCheck/files=1000 and does nothing with them: the floor.
//
// Measured beside BenchmarkCheck, the files in the page cache as they are there: 17 to 25 ms of CPU.
func BenchmarkRead(b *testing.B) {
	dir := tree(b, 1000, 10_000)
	measured(b, 1000, func() {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = os.ReadFile(path)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	})
}

// BenchmarkRipgrep searches the files of BenchmarkCheck/files=1000 for one pattern with rg, start of the process included, on one thread and on as
// many as it likes. It is skipped where there is no rg.
//
// Measured with go test ./rules -run xxx -bench Ripgrep -benchtime 20x and rg 13: 12 ms of CPU on one thread, 14 ms on two.
func BenchmarkRipgrep(b *testing.B) {
	rg, err := exec.LookPath("rg")
	if err != nil {
		b.Skip("there is no rg here")
	}
	dir := tree(b, 1000, 10_000)
	for _, threads := range []string{"1", "0"} {
		b.Run("threads="+threads, func(b *testing.B) {
			spent := 0.0
			for b.Loop() {
				cmd := exec.CommandContext(b.Context(), rg, "-j", threads, "-c", `findUser[0-9]+`, dir)
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				spent += float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds()) / 1000
			}
			b.ReportMetric(spent/float64(b.N), "cpu-ms/op")
		})
	}
}

// mapCache keeps facts in memory.
type mapCache map[facts.Key]*facts.File

func (m mapCache) Get(_ context.Context, keys []facts.Key) (map[facts.Key]*facts.File, error) {
	out := make(map[facts.Key]*facts.File, len(keys))
	for _, k := range keys {
		if f := m[k]; f != nil {
			out[k] = f
		}
	}
	return out, nil
}

func (m mapCache) Put(_ context.Context, files map[facts.Key]*facts.File) error {
	for k, f := range files {
		m[k] = f
	}
	return nil
}

// BenchmarkRecheck checks 1,000 files of which one changed since the last check, as the server does after a push: only that one is read.
//
// Measured with go test ./rules -run xxx -bench Recheck -benchtime 20x: 9.6 to 12.5 ms of CPU, 78,000 allocations and 2.5 MB; 16.4 ms and 10.7 MB
// before names and endpoints were judged once and hits held no copy of their facts.
func BenchmarkRecheck(b *testing.B) {
	r := builtin(b)
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("part%d/file%d.js", i/100, i)] = source("js", i, 10_000)
	}
	cache := mapCache{}
	check(b, r, rules.FilesSnapshot("x", files), cache)
	var snaps []*snapshot.Snapshot
	for i := range 50 {
		files["part0/file0.js"] = source("js", 1_000_000+i, 10_000)
		one := map[string]string{}
		for p, c := range files {
			one[p] = c
		}
		snaps = append(snaps, rules.FilesSnapshot("x", one))
	}
	i := 0
	measured(b, 1000, func() {
		check(b, r, snaps[i%len(snaps)], cache)
		i++
	})
}
