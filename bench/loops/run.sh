#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Runs the loops against their peers and draws a plot. Called by `make bench-loops` in the build tree; the peers are the
# programs beside this one that were built. BENCH_ROUNDS (9) and BENCH_SECONDS (0.2) make it longer or shorter.
set -eu
here=$1 gnuplot=${3:-}
peers=
for label in $2; do
    if [ -x "$here/$label" ]; then
        peers="$peers $label=$here/$label"
    else
        echo "missing peer: $label (its compiler or library was not found by configure)"
    fi
done
export OMP_NUM_THREADS=2 PARALLEL_WORKERS=2
# Loops that do nothing have other goals, which follow: a bare region of their runtime, and a floor for named ones. A
# vectorised sum may take 5 % more than one whose bits depend on the number of threads.
set -- empty,peer=0,serial=0 meet,peer=0 meet-after-100us,peer=0 meet-after-1ms,peer=0 saxpy uniform linear power mandelbrot sum sum-simd,peer=0.95 trivial jacobi spmv nbody
# shellcheck disable=SC2086
"$here/../compare" "${BENCH_ROUNDS:-9}" "${BENCH_SECONDS:-0.2}" "$here/loops.dat" "$@" -- $peers
echo 'The smallest inline loop beside a bare region of the same runtime:'
for runtime in libgomp libomp; do
    [ ! -x "$here/region-$runtime" ] || "$here/region-$runtime" "ours-$runtime" 2
done
echo 'Named loops: how soon two threads share a loop; the floor is what two threads reach that do nothing else'
peers=
for label in named floor pthreadpool tbb-static libgomp-static libomp-static; do
    [ ! -x "$here/$label" ] || peers="$peers $label=$here/$label"
done
# After a pause the goal is 5 us: who watches for loops lets other threads run in between, which the floor does not.
# shellcheck disable=SC2086
"$here/../compare" "${BENCH_ROUNDS:-9}" "${BENCH_SECONDS:-0.2}" "$here/named.dat" \
    empty meet,floor=0.45 meet-after-100us,ns=5000 meet-after-1ms,ns=5000 -- $peers
if [ -z "$gnuplot" ]; then
    echo "no plot: gnuplot was not found by configure"
    exit 0
fi
for terminal in svg png; do
    "$gnuplot" -e "
        set terminal $terminal size 1200,600; set output '$here/loops.$terminal';
        set style data histogram; set style fill solid 0.7; set key outside;
        set ylabel 'time relative to libparallel (lower is faster)'; set logscale y 2; set xtics rotate by -30;
        set title 'Loops on two threads, no option given'; plot for [i=2:*] '$here/loops.dat' using i:xtic(1) title columnhead(i)"
done
echo "plots: $here/loops.svg $here/loops.png"
