#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/process-worker.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and
# each mutation of it is noticed, so that the model is known to be able to fail.
# PARALLEL_TEST_LONG=1 adds casts that take minutes.
model_name=process-worker
verifier_options=-E
. "$top_srcdir/tests/support/model.sh"

death='-DWORKERS=2 -DCALLS=1 -DDEATHS=1'
retry='-DWORKERS=1 -DCALLS=1 -DDEATHS=2 -DRETRIES=1'
stop='-DWORKERS=2 -DCALLS=1 -DDEATHS=0 -DSTOPS=1'
kill='-DWORKERS=2 -DCALLS=1 -DDEATHS=1 -DKILLS=1'
waiter='-DWORKERS=1 -DCALLS=1 -DDEATHS=0 -DWAITERS=1'
two='-DWORKERS=1 -DCALLS=2 -DDEATHS=0'
kill_one='-DWORKERS=1 -DCALLS=2 -DDEATHS=0 -DKILLS=1'
reuse='-DWORKERS=1 -DCALLS=3 -DDEATHS=0 -DREUSE'
reuse_kill='-DWORKERS=1 -DCALLS=2 -DDEATHS=0 -DKILLS=1 -DREUSE'
reuse_death='-DWORKERS=1 -DCALLS=2 -DDEATHS=1 -DREUSE'

for cast in "$death" "$retry" "$stop" "$kill" "$waiter" "$two" "$kill_one" "$reuse" "$reuse_kill" \
    "$reuse_death"; do
    holds "$cast"
done

if [ "${PARALLEL_TEST_LONG:-0}" = 1 ]; then
    for cast in '-DWORKERS=1 -DCALLS=2 -DDEATHS=1' '-DWORKERS=2 -DCALLS=2 -DDEATHS=0' \
        '-DWORKERS=1 -DCALLS=1 -DDEATHS=1 -DWAITERS=1'; do
        holds "$cast"
    done
fi

for mutation in $mutations; do
    case $mutation in # the smallest cast in which it matters
    *_CALL | *_REPEAT | *_RING) cast=$death ;;
    *_BLIND_FINISH) cast=$kill_one ;;
    *_NO_GENERATION) cast=$reuse_death ;;
    *_BLIND_CLAIM | *_UNANNOUNCED | *_OTHER) cast=$stop ;;
    *) cast=$two ;;
    esac
    notices "$mutation" "$cast"
done
