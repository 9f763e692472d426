# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=sh
#
# What every test that is a script begins with:  . "$top_srcdir/tests/support/script.sh"
#
# Gives it $work, a folder of its own that is removed at the end, and the words fail, skip and expect. The environment is
# AM_TESTS_ENVIRONMENT in tests/Makefile.mk; the current folder is the top of the build tree.
set -eu

work=$(mktemp -d)
trap 'chmod -R u+rwX "$work"; rm -rf "$work"' EXIT

fail() {
    echo "failed: $*" >&2
    exit 1
}

skip() {
    echo "$*"
    exit 77
}

# expect TEXT FILE: the file has a line with this text.
expect() {
    grep -qF -e "$1" "$2" || {
        cat "$2" >&2
        fail "expected '$1' in the above"
    }
}

# succeeds COMMAND..., fails COMMAND...: with its output in $work/output, which is shown if it does otherwise.
succeeds() {
    "$@" >"$work/output" 2>&1 || {
        cat "$work/output" >&2
        fail "failed: $*"
    }
}

fails() {
    if "$@" >"$work/output" 2>&1; then
        cat "$work/output" >&2
        fail "did not fail: $*"
    fi
}

# Of a test whose programs have inline loops. Without OpenMP flags they run serially, and the test still means something.
uses_inline_loops() {
    if [ "$SANITIZER" = thread ] && [ "$OPENMP_RUNTIME" = libgomp ]; then
        skip 'libgomp is not instrumented, so the thread sanitizer would report races that are none'
    fi
}

# Of a test of sources, on which a sanitizer has no bearing: builds without one try it.
tries_sources_only() {
    [ "$SANITIZER" = no ] || skip 'no part of the library runs here that a sanitizer could watch'
}
