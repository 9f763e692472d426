#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs the recursive programs against their peers, then with one worker against the plain calls. Called by
# `make bench-fork-join`. BENCH_ROUNDS (9) and BENCH_SECONDS (0.2) make it longer or shorter.
set -eu
here=$1
peers=
for program in serial libgomp tbb ours-libomp libomp; do
    # What clang has compiled is compared with ours by clang.
    if [ $program = libomp ]; then label=libomp-tasks; else label=$program; fi
    if [ -x "$here/$program" ]; then
        peers="$peers $label=$here/$program"
    else
        echo "missing peer: $label (its compiler or library was not found)"
    fi
done
export OMP_NUM_THREADS=2
rounds=${BENCH_ROUNDS:-9} seconds=${BENCH_SECONDS:-0.2}
echo "Two workers:"
# shellcheck disable=SC2086
"$here/../compare" "$rounds" "$seconds" "$here/fork_join.dat" fib,serial=0,peer=1 queens,peer=1 tree,peer=1 sort,peer=1 \
    matrix,peer=1 queens-cut,serial=1.9 tree-cut,serial=1.9 sort-cut,serial=1.9 matrix-cut,serial=1.9 \
    leaves-1us leaves-5us leaves-20us -- \
    "parallel=$here/parallel" $peers
echo "Two workers against one:"
"$here/../compare" "$rounds" "$seconds" "$here/two.dat" fib-37,peer=1.9 queens,peer=1.9 tree,peer=1.9 sort,peer=1.9 matrix,peer=1.9 -- \
    "parallel=$here/parallel" "one-worker=$here/one-worker"
echo "With -DPARALLEL_SERIAL against plain calls (queens and tree add in a loop of syncs, which plain calls need not):"
"$here/../compare" "$rounds" "$seconds" "$here/elided.dat" fib-37,peer=0.98 queens,peer=0 tree,peer=0 -- \
    "elided=$here/elided" "plain=$here/serial"
echo "One worker against plain calls (goal for fib: 1 / 2.4):"
"$here/../compare" "$rounds" "$seconds" "$here/one.dat" fib-37,peer=0.417 queens,peer=0 tree,peer=0 -- \
    "one-worker=$here/one-worker" "plain=$here/serial"
