#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs futures against their peers and against the bare exchange of two words. Called by `make bench-futures`.
# BENCH_ROUNDS (9) and BENCH_SECONDS (0.3) make it longer or shorter.
set -eu
here=$1 source=$2
peers=
for label in floor tbb libuv c11threads; do
    if [ -x "$here/$label" ]; then
        peers="$peers $label=$here/$label"
    else
        echo "missing peer: $label (its compiler or library was not found)"
    fi
done
if command -v python3 >/dev/null; then
    peers="$peers python=$source/python.py"
else
    echo "missing peer: python3"
fi
echo "Futures, one worker (2e8 ns for many are 5 million a second):"
# shellcheck disable=SC2086
"$here/../compare" "${BENCH_ROUNDS:-9}" "${BENCH_SECONDS:-0.3}" "$here/futures.dat" round_trip,ns=400 \
    asleep,floor=0.77 many,ns=2e8 two_sides -- \
    "parallel=$here/parallel" $peers
"$here/memory"
