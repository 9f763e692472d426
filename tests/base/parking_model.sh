#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/parking.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

model=$(cd "$top_srcdir" && pwd)/docs/protocols/parking.pml

command -v spin >/dev/null || skip 'spin is not installed (Debian: spin)'
command -v "${CC%% *}" >/dev/null || skip "the compiler of the checker is not installed: $CC"
cd "$work"

# check DEFINITION...: leaves the checker's verdict in the file verdict. CC may hold options as well.
check() {
    succeeds spin "$@" -a "$model"
    # shellcheck disable=SC2086
    succeeds $CC -O1 -w -DSAFETY -DCOLLAPSE -o pan pan.c
    ./pan -m100000 >verdict 2>&1 || true
    expect 'State-vector' verdict # it came to an end
    ! grep -q 'max search depth too small' verdict || fail "the depth does not suffice: $*"
}

for cast in \
    '-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=1 -DTIMEOUTS_EACH=1' \
    '-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0' \
    '-DWORKERS=3 -DPUBLISHERS=1 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0'
do
    # shellcheck disable=SC2086
    check $cast
    expect 'errors: 0' verdict
    echo "holds: $cast"
done

mutations=$(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model")
[ -n "$mutations" ] || fail 'the model lists no mutations'
for mutation in $mutations; do
    check "-D$mutation"
    expect 'assertion violated' verdict
    expect 'errors: 1' verdict
    echo "noticed: $mutation"
done
