#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/spawning.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail.
# PARALLEL_TEST_LONG=1 adds a cast with a longer store buffer.
model_name=spawning
verifier_options=-E
. "$top_srcdir/tests/support/model.sh"

one='-DTHIEVES=1 -DSPAWNS=3'
two='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=1'
large='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=2'

[ "${PARALLEL_TEST_LONG:-0}" = 1 ] || large=
for cast in "$one" "$two" "$large"; do
    [ -n "$cast" ] || continue
    holds "$cast"
done

for mutation in $mutations; do
    case $mutation in # the smallest cast in which it matters
    *_REST_LEFT | *_REQUEST_TAKEN) cast=$two ;;
    *) cast=$one ;;
    esac
    notices "$mutation" "$cast"
done
