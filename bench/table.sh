#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# table.sh ROWS FOLDER [GNUPLOT]: prints the rows that bench/compare has left, of all benchmarks, as one table, and draws the
# ratios as FOLDER/bench.svg and FOLDER/bench.png. Called by `make bench`.
set -eu
rows=$1 folder=$2 gnuplot=${3:-}
printf '\n%-10s %-18s %-12s %14s  %-18s %5s  %7s  %5s  %-6s  %s\n' \
    bench kernel ours 'time of ours' 'best peer' ratio spread goal met note
cat "$rows"
echo 'ratio: time of the best peer / time of ours, median over rounds; spread: of our times, between quartiles;'
echo 'undecided: the goal lies within the 95 % interval of the ratio'
if [ -z "$gnuplot" ]; then
    echo 'no plot: gnuplot was not found by configure'
    exit 0
fi
# A row without a peer has no ratio.
awk '$7 ~ /^[0-9.]+$/ { print "\"" $1 " " $2 ($3 ~ /^ours-/ ? " " substr($3, 6) : "") "\"", $7 }' "$rows" >"$folder/bench.dat"
[ -s "$folder/bench.dat" ] || exit 0
for terminal in svg png; do
    "$gnuplot" -e "
        set terminal $terminal size 1400,700; set output '$folder/bench.$terminal'; unset key;
        set style fill solid 0.7; set boxwidth 0.8; set xtics rotate by -60 noenhanced; set logscale y 2; set grid y;
        set ylabel 'best peer / libparallel (higher is faster)'; set title 'libparallel beside the best peer of each benchmark';
        plot '$folder/bench.dat' using 0:2:xtic(1) with boxes, 1 with lines linecolor 'black'"
done
echo "plots: $folder/bench.svg $folder/bench.png"
