#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Every digit is the same on any number of workers; another seed gives others; and it is pi.
. "$top_srcdir/tests/support/script.sh"

uses_inline_loops
pi=$top_builddir/examples/pi
PARALLEL_EXECUTOR=serial "$pi" 200000 >"$work/serial"
# Within five standard deviations, which are 0.0037 each.
expect 'of 200000 darts: pi is about 3.1' "$work/serial"
for setting in PARALLEL_EXECUTOR=threads PARALLEL_WORKERS=1 PARALLEL_WORKERS=2; do
    env $setting "$pi" 200000 >"$work/threads"
    cmp "$work/serial" "$work/threads" || fail "$setting gives other digits"
done
"$pi" -s 2 200000 >"$work/other"
! cmp -s "$work/serial" "$work/other" || fail 'the seed changes nothing'

fails "$pi" 0
expect 'expected a whole number from 1 to 10^12' "$work/output"
