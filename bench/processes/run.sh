#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Worker processes beside what is written by hand, and beside Python's. Called by `make bench-processes`.
# BENCH_ROUNDS (9) makes it longer or shorter.
set -eu
here=$1 source=$2
echo "Worker processes:"
"$here/parallel" "${BENCH_ROUNDS:-9}"
if ! command -v python3 >/dev/null; then
    echo "missing peer: python3"
    exit 0
fi
ours=$("$here/parallel" 3 round_trip)
theirs=$(python3 "$source/python.py")
echo "$ours $theirs" | awk '{
    printf "round trip: ours %.2f us, ProcessPoolExecutor %.0f us (%.0f times ours); its maps in chunks of 1000: %s M/s\n",
        $1 / 1e3, $2 / 1e3, $2 / $1, $3 }'
