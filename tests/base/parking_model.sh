#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Checks docs/protocols/parking.pml with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail. Needs spin and a C compiler.
set -u

model=$(cd "${top_srcdir:-.}" && pwd)/docs/protocols/parking.pml
compiler=${CC:-cc}

skip() {
    echo "skipped: $1"
    exit 77
}
command -v spin >/dev/null 2>&1 || skip "spin is not installed (Debian: spin)"
command -v "${compiler%% *}" >/dev/null 2>&1 || skip "there is no C compiler ($compiler)"

folder=$(mktemp -d) || exit 99
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 99

# Sets `report` to the checker's output for the model with these definitions; a checker that did not finish is an error.
check() {
    rm -f pan pan.c
    spin "$@" -a "$model" >spin.log 2>&1 || { cat spin.log; exit 99; }
    $compiler -O1 -w -DSAFETY -DCOLLAPSE -o pan pan.c || exit 99
    report=$(./pan -m100000 2>&1)
    case $report in
    *"max search depth too small"* | *"out of memory"* | *"memory limit"*)
        echo "$report"
        exit 99 ;;
    esac
}

failures=0
for cast in \
    "-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=1 -DTIMEOUTS_EACH=1" \
    "-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0" \
    "-DWORKERS=3 -DPUBLISHERS=1 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0"
do
    check $cast
    case $report in
    *"errors: 0"*)
        echo "holds: $cast" ;;
    *)
        echo "BROKEN: $cast"
        echo "$report"
        failures=$((failures + 1)) ;;
    esac
done

for mutation in $(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model"); do
    check "-D$mutation"
    case $report in
    *"assertion violated"*"errors: 1"*)
        echo "noticed: $mutation" ;;
    *)
        echo "NOT NOTICED: $mutation"
        echo "$report"
        failures=$((failures + 1)) ;;
    esac
done

[ "$failures" -eq 0 ]
