#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# saxpy checks its own result; here for sizes with and without a rest.
. "$top_srcdir/tests/support/script.sh"

uses_inline_loops
for n in 0 1 2 1000 100003; do
    for executor in serial threads; do
        PARALLEL_EXECUTOR=$executor "$top_builddir/examples/saxpy" $n >"$work/output"
        expect "on $n floats: 0 wrong" "$work/output"
    done
done
