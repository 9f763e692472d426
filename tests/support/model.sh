# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# What every test that checks a model with SPIN begins with, in place of script.sh:
#
#     model_name=parking      docs/protocols/parking.pml
#     verifier_options=-E     of the checker (-E: a process may stand anywhere when nothing moves any more)
#     . "$top_srcdir/tests/support/model.sh"
#
# Gives it the words holds and notices, and $mutations, which the head of the model lists.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

model=$(cd "$top_srcdir" && pwd)/docs/protocols/$model_name.pml

command -v spin >/dev/null || skip 'spin is not installed (Debian: spin)'
command -v "${CC%% *}" >/dev/null || skip "the compiler of the checker is not installed: $CC"
cd "$work"

mutations=$(sed -n 's/^ \*  \(MUTATION_[A-Z_]*\) .*/\1/p' "$model")
[ -n "$mutations" ] || fail 'the model lists no mutations'

# check DEFINITION...: leaves the checker's verdict in the file verdict. CC and the options may hold several words.
check() {
    succeeds spin "$@" -a "$model"
    # shellcheck disable=SC2086
    succeeds $CC -O2 -w -DSAFETY -DCOLLAPSE -o pan pan.c
    # shellcheck disable=SC2086
    ./pan $verifier_options -m100000 >verdict 2>&1 || true
    expect 'State-vector' verdict # it came to an end
    ! grep -q 'max search depth too small' verdict || fail "the depth does not suffice: $*"
}

# holds CAST: the protocol does, with these definitions, in every interleaving.
holds() {
    # shellcheck disable=SC2086
    check $1
    expect 'errors: 0' verdict
    echo "holds: $1"
}

# notices MUTATION [CAST]: the checker finds what it breaks.
notices() {
    # shellcheck disable=SC2086
    check "-D$1" ${2:-}
    expect 'assertion violated' verdict
    expect 'errors: 1' verdict
    echo "noticed: $1"
}
