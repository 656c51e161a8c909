#!/bin/sh
# Compares the processor time and memory of `milepost check` with those of reading and hashing every file, and of other checkers of
# repositories, on the same folders in one run.
#   compare.sh [--peers] MILEPOST FOLDER...      (RUNS=15)
# Prints for each folder the files, and for each program the median of user and system time of a run in milliseconds, children and the start of
# the process included, its ratio to the hashing, and the most memory it took. With --peers, OpenSSF Scorecard and Repolinter are installed first,
# at fixed versions, into PEERS (~/.cache/milepost-bench), from the Go module proxy and npm: Scorecard takes minutes to build. Scorecard runs the
# eight checks that need no network, Repolinter its own default rules.
# Hold other work off the machine, and take folders without a .git of their own: its packs would be hashed, and are not what is judged.
set -eu
scorecard=v5.5.0 repolinter=0.12.0
usage="usage: compare.sh [--peers] MILEPOST FOLDER..."
peers=
if [ "${1:-}" = --peers ]; then
	shift
	peers=${PEERS:-$HOME/.cache/milepost-bench}
	mkdir -p "$peers"
	if [ ! -x "$peers/scorecard" ]; then
		# built in its own module, so that its own go.sum says what it is built of
		source=$(go mod download -json "github.com/ossf/scorecard/v5@$scorecard" | sed -n 's/^\t"Dir": "\(.*\)",\{0,1\}$/\1/p')
		(cd "$source" && CGO_ENABLED=0 go build -trimpath -o "$peers/scorecard" .)
	fi
	[ -d "$peers/node_modules/repolinter" ] || npm install --prefix "$peers" --no-audit --no-fund --ignore-scripts "repolinter@$repolinter"
fi
[ $# -ge 2 ] || { echo "$usage" >&2; exit 2; }
exec python3 - "$peers" "$@" <<'PY'
import os, statistics, subprocess, sys

def once(command, folder):
    """The processor time of one run with all its children in milliseconds, its peak memory in MiB, and its exit code."""
    child = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    return 1000 * (used.ru_utime + used.ru_stime), used.ru_maxrss / 1024, child.returncode

peers, program, folders = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
runs = int(os.environ.get("RUNS", "15"))
programs = {
    "sha256sum": ["sh", "-c", "find . -type f -print0 | xargs -0 sha256sum"],
    "milepost": [program, "check", "."],
}
if peers:
    checks = "Binary-Artifacts,Dangerous-Workflow,Dependency-Update-Tool,License,Packaging,SAST,Security-Policy,Token-Permissions"
    linter = os.path.join(peers, "node_modules", "repolinter")
    programs["scorecard"] = [os.path.join(peers, "scorecard"), "--local", ".", "--checks", checks, "--format", "json"]
    programs["repolinter"] = ["node", os.path.join(linter, "bin", "repolinter.js"), "lint", ".", "--format", "json",
                              "--rulesetFile", os.path.join(linter, "rulesets", "default.json")]
print(f"{'folder':42} {'files':>6}  {'program':10} {'CPU ms':>8} {'ratio':>6} {'MiB':>5}")
for folder in folders:
    measured = {name: [] for name in programs}
    for _ in range(runs):  # in turns, so that what else happens on the machine meets all
        for name, command in programs.items():
            got = once(command, folder)
            if got[2] not in (0, 1):  # Repolinter ends with 1 when a rule is broken
                sys.exit(f"{name} ended with {got[2]} in {folder}")
            measured[name].append(got)
    files = sum(len(names) for _, _, names in os.walk(folder))
    limit = statistics.median(cpu for cpu, _, _ in measured["sha256sum"])
    for name, got in measured.items():
        cpu, memory = statistics.median(g[0] for g in got), max(g[1] for g in got)
        print(f"{os.path.basename(os.path.normpath(folder)):42} {files:6}  {name:10} {cpu:8.1f} {cpu / limit:6.2f} {memory:5.0f}", flush=True)
PY
