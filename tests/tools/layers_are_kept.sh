#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# No file includes a header of a higher floor, and check-layers notices each way to do so.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

succeeds "$top_srcdir/tools/check-layers" "$top_srcdir"

# planted FILE INCLUDE MESSAGE: in a copy of the tree where FILE has the line as well, check-layers names it.
planted() {
    rm -rf "$work/tree"
    mkdir "$work/tree"
    cp -R "$top_srcdir/libparallel" "$top_srcdir/macros" "$top_srcdir/examples" "$top_srcdir/tools" "$work/tree"
    chmod -R u+w "$work/tree"
    echo "#include $2" >>"$work/tree/$1"
    fails "$top_srcdir/tools/check-layers" "$work/tree"
    expect "$1:$(wc -l <"$work/tree/$1"): $3" "$work/output"
    [ "$(wc -l <"$work/output")" -eq 1 ] || fail "more than one violation in $(cat "$work/output")"
}

planted libparallel/base/latch.c '<libparallel/function.h>' \
    'floor 0 (base) includes libparallel/function.h of floor 4 (executors)'
planted libparallel/base/latch.h '"libparallel/machine/any.h"' \
    'floor 0 (base) includes libparallel/machine/any.h of floor 2 (machine)'
planted libparallel/error.h '<parallel.h>' 'floor 0 (base) includes macros/parallel.h of floor 6 (macros)'
planted libparallel/settings.h '<libparallel/scope.h>' \
    'floor 0 (base) includes libparallel/scope.h of floor 4 (executors)'
planted libparallel/error.h '"libparallel/base/error.h"' 'is for users, and includes the internal'
planted macros/parallel.h '<libparallel/tasks/any.h>' 'is for users, and includes the internal'
planted examples/saxpy.c '"libparallel/base/clock.h"' 'is for users, and includes the internal'
planted tools/parallel-info.c '<libparallel/base/clock.h>' 'is for users, and includes the internal'
planted libparallel/base/clock.c '  <hwloc.h>' '<hwloc.h> is included in machine only, this is base'
planted libparallel/base/clock.c '"clock.h"' 'write the path of "clock.h" from the top of the tree'
planted libparallel/base/clock.c '<libparallel/stranger.h>' 'libparallel/stranger.h has no floor'

# The rooms of one floor.
mkdir -p "$work/tree/libparallel/memory"
rm -rf "$work/tree/libparallel/base/clock.c"
echo '#include "libparallel/report/any.h"' >"$work/tree/libparallel/memory/planted.h"
fails "$top_srcdir/tools/check-layers" "$work/tree"
expect 'planted.h:1: the rooms memory and report of one floor do not know each other' "$work/output"

# A file that the table does not know.
mkdir "$work/tree/libparallel/attic"
echo '/* nothing */' >"$work/tree/libparallel/attic/planted.h"
fails "$top_srcdir/tools/check-layers" "$work/tree"
expect 'attic/planted.h:1: has no floor: add it to the table' "$work/output"
