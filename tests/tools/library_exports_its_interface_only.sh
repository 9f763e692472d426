#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The shared library exports what the public headers declare, and nothing else; and check-symbols notices each way to
# do otherwise.
. "$top_srcdir/tests/support/script.sh"

library=$top_builddir/.libs/libparallel.so
[ -e "$library" ] || skip 'configured with --disable-shared'
succeeds "$top_srcdir/tools/check-symbols" "$library" "$top_srcdir"

# check FOUND: a library and a tree made of planted.c and public.h; its output is FOUND alone, or nothing.
check() {
    # shellcheck disable=SC2086 # a command with arguments
    $CC -shared -fPIC -w -o "$work/planted.so" "$work/planted.c"
    if [ -z "$1" ]; then
        succeeds "$top_srcdir/tools/check-symbols" "$work/planted.so" "$work/tree"
    else
        fails "$top_srcdir/tools/check-symbols" "$work/planted.so" "$work/tree"
        sed -i "s|$work/||" "$work/output"
        [ "$(cat "$work/output")" = "$1" ] || fail "expected '$1', got '$(cat "$work/output")'"
    fi
}

mkdir -p "$work/tree/libparallel" "$work/tree/macros"
cp "$top_srcdir/libparallel/compiler.h" "$work/tree/libparallel"
: >"$work/tree/macros/parallel.h"
cat >"$work/tree/libparallel/public.h" <<'END'
#include <libparallel/compiler.h>
typedef struct parallel_future parallel_future;
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_first(parallel_future *parallel_x, int (*callback)(int));
PARALLEL_API extern const int parallel_second[3];
static inline int parallel_inline(void) { return parallel_second[0]; }
PARALLEL_API
enum parallel_state { PARALLEL_A } parallel_third(const char *format, ...) PARALLEL_PRINTF(1, 2);
END
echo 'void parallel_first(void) {} int parallel_second[3]; void parallel_third(void) {}' >"$work/planted.c"
check ''
echo 'void pl_internal(void) {}' >>"$work/planted.c"
check 'pl_internal: exported by planted.so, but only parallel_* may be'
echo 'void parallel_first(void) {} int parallel_second[3]; void parallel_third(void) {} int parallel_fourth;' >"$work/planted.c"
check 'parallel_fourth: exported by planted.so, but declared by no public header'
echo 'void parallel_first(void) {} void parallel_third(void) {}' >"$work/planted.c"
check 'parallel_second: declared PARALLEL_API, but not exported by planted.so'
