#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/spawning.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail.
# PARALLEL_TEST_LONG=1 adds a cast with a longer store buffer.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

model=$(cd "$top_srcdir" && pwd)/docs/protocols/spawning.pml

command -v spin >/dev/null || skip 'spin is not installed (Debian: spin)'
command -v "${CC%% *}" >/dev/null || skip "the compiler of the checker is not installed: $CC"
cd "$work"

# check DEFINITION...: leaves the checker's verdict in the file verdict. CC may hold options as well. An end is judged by
# the model's own assertions (-E).
check() {
    succeeds spin "$@" -a "$model"
    # shellcheck disable=SC2086
    succeeds $CC -O1 -w -DSAFETY -DCOLLAPSE -o pan pan.c
    ./pan -E -m100000 >verdict 2>&1 || true
    expect 'State-vector' verdict # it came to an end
    ! grep -q 'max search depth too small' verdict || fail "the depth does not suffice: $*"
}

one='-DTHIEVES=1 -DSPAWNS=3'
two='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=1'
large='-DTHIEVES=2 -DSPAWNS=2 -DBUFFER=2'

[ "${PARALLEL_TEST_LONG:-0}" = 1 ] || large=
for cast in "$one" "$two" "$large"; do
    [ -n "$cast" ] || continue
    # shellcheck disable=SC2086
    check $cast
    expect 'errors: 0' verdict
    echo "holds: $cast"
done

mutations=$(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model")
[ -n "$mutations" ] || fail 'the model lists no mutations'
for mutation in $mutations; do
    case $mutation in # the smallest cast in which it matters
    *_REST_LEFT | *_REQUEST_TAKEN) cast=$two ;;
    *) cast=$one ;;
    esac
    # shellcheck disable=SC2086
    check "-D$mutation" $cast
    expect 'assertion violated' verdict
    expect 'errors: 1' verdict
    echo "noticed: $mutation"
done
