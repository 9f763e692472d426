#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# wave: named loops inside tasks give the same digits in the caller and on threads.
. "$top_srcdir/tests/support/script.sh"

for size in '3 10' '1000 2000'; do
    for executor in serial threads threads:1 threads:3,places=none; do
        # shellcheck disable=SC2086 # two arguments
        PARALLEL_EXECUTOR=$executor "$top_builddir/examples/wave" $size >"$work/output" || fail "wave on $executor"
        [ -e "$work/first" ] || cp "$work/output" "$work/first"
        cmp -s "$work/first" "$work/output" || fail "on $executor: $(cat "$work/output"), not $(cat "$work/first")"
    done
    rm "$work/first"
done
