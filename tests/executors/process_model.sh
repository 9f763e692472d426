#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/process-worker.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and
# each mutation of it is noticed, so that the model is known to be able to fail.
# PARALLEL_TEST_LONG=1 adds casts that take minutes.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

model=$(cd "$top_srcdir" && pwd)/docs/protocols/process-worker.pml

command -v spin >/dev/null || skip 'spin is not installed (Debian: spin)'
command -v "${CC%% *}" >/dev/null || skip "the compiler of the checker is not installed: $CC"
cd "$work"

# check DEFINITION...: leaves the checker's verdict in the file verdict. CC may hold options as well. An end is judged by
# the model's own assertions (-E).
check() {
    succeeds spin "$@" -a "$model"
    # shellcheck disable=SC2086
    succeeds $CC -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c
    ./pan -E -m100000 >verdict 2>&1 || true
    expect 'State-vector' verdict # it came to an end
    ! grep -q 'max search depth too small' verdict || fail "the depth does not suffice: $*"
}

death='-DWORKERS=2 -DCALLS=1 -DDEATHS=1'
retry='-DWORKERS=1 -DCALLS=1 -DDEATHS=2 -DRETRIES=1'
stop='-DWORKERS=2 -DCALLS=1 -DDEATHS=0 -DSTOPS=1'
kill='-DWORKERS=2 -DCALLS=1 -DDEATHS=1 -DKILLS=1'
waiter='-DWORKERS=1 -DCALLS=1 -DDEATHS=0 -DWAITERS=1'
two='-DWORKERS=1 -DCALLS=2 -DDEATHS=0'
kill_one='-DWORKERS=1 -DCALLS=2 -DDEATHS=0 -DKILLS=1'

for cast in "$death" "$retry" "$stop" "$kill" "$waiter" "$two" "$kill_one"; do
    # shellcheck disable=SC2086
    check $cast
    expect 'errors: 0' verdict
    echo "holds: $cast"
done

if [ "${PARALLEL_TEST_LONG:-0}" = 1 ]; then
    for cast in '-DWORKERS=1 -DCALLS=2 -DDEATHS=1' '-DWORKERS=2 -DCALLS=2 -DDEATHS=0' \
        '-DWORKERS=1 -DCALLS=1 -DDEATHS=1 -DWAITERS=1'; do
        # shellcheck disable=SC2086
        check $cast
        expect 'errors: 0' verdict
        echo "holds: $cast"
    done
fi

mutations=$(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model")
[ -n "$mutations" ] || fail 'the model lists no mutations'
for mutation in $mutations; do
    case $mutation in # the smallest cast in which it matters
    *_CALL | *_REPEAT | *_RING) cast=$death ;;
    *_BLIND_FINISH) cast=$kill_one ;;
    *_UNANNOUNCED | *_OTHER) cast=$stop ;;
    *) cast=$two ;;
    esac
    # shellcheck disable=SC2086
    check "-D$mutation" $cast
    expect 'assertion violated' verdict
    expect 'errors: 1' verdict
    echo "noticed: $mutation"
done
