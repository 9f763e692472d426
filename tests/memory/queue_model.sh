#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/queue.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, wherever one
# of them dies, and each mutation of it is noticed with one of them, so that the model is known to be able to fail.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

model=$(cd "$top_srcdir" && pwd)/docs/protocols/queue.pml

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

one_producer='-DCELLS=1 -DPRODUCERS=1 -DPUSHES_EACH=2 -DCONSUMERS=2'
two_producers='-DCELLS=1 -DPRODUCERS=2 -DPUSHES_EACH=1 -DCONSUMERS=1'
two_cells='-DCELLS=2 -DPRODUCERS=1 -DPUSHES_EACH=2 -DCONSUMERS=1'

for cast in "$one_producer" "$two_producers" "$two_cells"; do
    # shellcheck disable=SC2086
    check $cast
    expect 'errors: 0' verdict
    echo "holds: $cast"
done

mutations=$(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model")
[ -n "$mutations" ] || fail 'the model lists no mutations'
for mutation in $mutations; do
    cast=$one_producer
    [ "$mutation" != MUTATION_ONE_LOOK ] || cast=$two_producers # it takes another producer to look
    # shellcheck disable=SC2086
    check "-D$mutation" $cast
    expect 'assertion violated' verdict
    expect 'errors: 1' verdict
    echo "noticed: $mutation"
done
