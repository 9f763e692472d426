#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A program that knows nothing of the library when it starts loads it later: what the library keeps for each thread, part of it
# where only so much can be added after the start, fits there, also beside that of an OpenMP runtime.
. "$top_srcdir/tests/support/script.sh"

library=$top_builddir/.libs/libparallel.so
[ -e "$library" ] || skip 'configured with --disable-shared'
[ "$SANITIZER" = no ] || skip 'the run-time library of a sanitizer cannot be loaded late'

cat >"$work/program.c" <<'END'
#include <dlfcn.h>
#include <stdio.h>

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (dlopen(argv[i], RTLD_NOW) == NULL) {
            printf("%s\n", dlerror());
            return 1;
        }
    return 0;
}
END
succeeds $CC -o "$work/program" "$work/program.c" -ldl
succeeds "$work/program" "$library"
for runtime in libgomp.so.1 libomp.so.5; do
    "$work/program" "$runtime" >"$work/output" 2>&1 || continue # not installed
    succeeds "$work/program" "$runtime" "$library"
done
