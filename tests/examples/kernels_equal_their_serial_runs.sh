#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# jacobi, nbody and spmv print the same digits, all 17 of them, on any number of workers, and what they print is right.
. "$top_srcdir/tests/support/script.sh"

uses_inline_loops

# same PROGRAM ARGUMENT...: leaves what it prints in $work/serial.
same() {
    program=$1
    shift
    PARALLEL_EXECUTOR=serial "$top_builddir/examples/$program" "$@" >"$work/serial"
    for setting in PARALLEL_EXECUTOR=threads PARALLEL_WORKERS=1 PARALLEL_WORKERS=2; do
        env $setting "$top_builddir/examples/$program" "$@" >"$work/threads"
        cmp "$work/serial" "$work/threads" || fail "$setting $program $*: other digits"
    done
}

# within LOW FIELD HIGH: a number in what was printed.
within() {
    awk -v low="$1" -v field="$2" -v high="$3" '!(low <= $field && $field <= high) { exit 1 }' "$work/serial" || {
        cat "$work/serial" >&2
        fail "field $2 is not from $1 to $3"
    }
}

same jacobi 5 1
expect '0.25 after 1 sweeps' "$work/serial"
# The exact temperature there, by Fourier series, is 0.5405; 65 points a side are near enough to it.
same jacobi 65 9000
within 0.53 1 0.55
within 0 10 1e-6

same nbody 1 3
same nbody 200 10
within -0.6 2 -0.4
# Leapfrog keeps the energy: 1 part in 1000.
awk '{ exit !($4 / $2 < 1.001 && $4 / $2 > 0.999) }' "$work/serial" || fail "energy: $(cat "$work/serial")"

same spmv 1 1
same spmv 3000 50
expect 'sum 1.000000000' "$work/serial"

for program in jacobi nbody spmv; do
    fails "$top_builddir/examples/$program" x
    expect 'expected a whole number' "$work/output"
done
