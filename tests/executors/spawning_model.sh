#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/spawning.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail.
# PARALLEL_TEST_LONG=1 adds a cast with a longer store buffer, and one with more calls.
model_name=spawning
verifier_options=-E
. "$top_srcdir/tests/support/model.sh"

one='-DTHIEVES=1 -DSPAWNS=3'
two='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=1'
busy='-DTHIEVES=2 -DSPAWNS=1 -DBUFFER=1 -DTASKS=1'
nested='-DTHIEVES=1 -DSPAWNS=3 -DSECTIONS=1'
large='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=2'
larger='-DTHIEVES=2 -DSPAWNS=3 -DBUFFER=1'

[ "${PARALLEL_TEST_LONG:-0}" = 1 ] || large= larger=
for cast in "$one" "$two" "$busy" "$nested" "$large" "$larger"; do
    [ -n "$cast" ] || continue
    holds "$cast"
done

for mutation in $mutations; do
    case $mutation in # the smallest cast in which it matters
    *_REST_LEFT | *_REQUEST_TAKEN) cast=$two ;;
    *_LEFT_FOR_GOOD) cast=$busy ;;
    *_SECTION_UNLOCKED) cast=$nested ;;
    *) cast=$one ;;
    esac
    notices "$mutation" "$cast"
done
