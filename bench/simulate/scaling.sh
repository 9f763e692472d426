#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# scaling.sh SIMULATE FOLDER [GNUPLOT]: simulates every kernel on 1 to 1024 cores, writes FOLDER/scaling.dat, and draws
# FOLDER/scaling-calls.svg and -loops.svg, and .png. Called by `make scaling`; docs/scaling.md says what the plots show.
set -eu
simulate=$1 folder=$2 gnuplot=${3:-}
cores='1 2 4 8 16 32 64 128 256 512 1024'
calls='fib search sort'
loops='uniform linear power short-1ms short-100us short-10us'
: >"$folder/scaling.dat"
for kernel in $calls $loops; do
    # Each kernel is a block, which gnuplot calls by its number.
    "$simulate" "$kernel" $cores >"$folder/$kernel.dat"
    cat "$folder/$kernel.dat"
    { cat "$folder/$kernel.dat"; printf '\n\n'; } >>"$folder/scaling.dat"
    rm "$folder/$kernel.dat"
done
if [ -z "$gnuplot" ]; then
    echo 'no plot: gnuplot was not found by configure'
    exit 0
fi
draw() { # NAME TITLE FIRST-BLOCK KERNEL...
    name=$1 title=$2 block=$3
    shift 3
    curves=
    for kernel; do
        curves="$curves, '$folder/scaling.dat' index $block using 2:3 with linespoints pointsize 0.5 title '$kernel'"
        [ "$kernel" != sort ] ||
            curves="$curves, '$folder/scaling.dat' index $block using 2:4 with lines dashtype 3 title 'most that sort allows'"
        block=$((block + 1))
    done
    for terminal in svg png; do
        "$gnuplot" -e "
            set terminal $terminal size 800,560; set output '$folder/scaling-$name.$terminal'; set title '$title';
            set logscale xy 2; set xrange [1:1024]; set yrange [0.25:1024]; set grid; set key top left;
            set xlabel 'cores (simulated)'; set ylabel 'speed-up over one core without scheduling';
            plot x with lines linecolor 'black' title 'as many as cores' $curves"
    done
}
draw calls 'Fork-join, simulated' 0 $calls
draw loops 'Named loops, simulated' 3 $loops
echo "plots: $folder/scaling-calls.svg $folder/scaling-loops.svg, and .png"
