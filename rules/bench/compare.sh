#!/bin/sh
# Compares the processor time of `milepost check` with that of reading and hashing every file, on the same folders in one run.
#   compare.sh MILEPOST FOLDER...      (RUNS=15)
# Prints for each folder the files, the median user and system time of both in milliseconds, and their ratio. Hold other work off the
# machine, and take folders without a .git of their own: its packs would be hashed, and are not what is judged.
set -eu
[ $# -ge 2 ] || { echo "usage: compare.sh MILEPOST FOLDER..." >&2; exit 2; }
exec python3 - "$@" <<'PY'
import os, resource, statistics, subprocess, sys

def once(command, folder):
    """The processor time of one run with all its children, in milliseconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime)

program, runs = os.path.abspath(sys.argv[1]), int(os.environ.get("RUNS", "15"))
print(f"{'folder':46} {'files':>6} {'sha256':>8} {'milepost':>9} {'ratio':>6}")
for folder in sys.argv[2:]:
    limit, ours = [], []
    for _ in range(runs):  # in turns, so that what else happens on the machine meets both
        limit.append(once(["sh", "-c", "find . -type f -print0 | xargs -0 sha256sum"], folder))
        ours.append(once([program, "check", "."], folder))
    files = sum(len(names) for _, _, names in os.walk(folder))
    a, b = statistics.median(limit), statistics.median(ours)
    print(f"{os.path.basename(os.path.normpath(folder)):46} {files:6} {a:8.1f} {b:9.1f} {b / a:6.2f}", flush=True)
PY
