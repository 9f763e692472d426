#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Every header compiles alone, in every language that it is for; and check-headers notices one that does not.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

command -v gcc >/dev/null || command -v clang >/dev/null || skip 'neither gcc nor clang is here'
succeeds "$top_srcdir/tools/check-headers" "$top_srcdir"

# planted FILE TEXT MESSAGE: in a small tree, with this text in this header, check-headers says so.
planted() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/libparallel/base" "$work/tree/macros"
    for header in libparallel/compiler.h libparallel/base/any.h macros/parallel.h; do
        echo "/* $header */" >"$work/tree/$header"
        echo "$header" >>"$work/tree/${header%/*}/Makefile.mk"
    done
    succeeds "$top_srcdir/tools/check-headers" "$work/tree"
    echo "$2" >"$work/tree/$1"
    fails "$top_srcdir/tools/check-headers" "$work/tree"
    expect "$3" "$work/output"
}

planted libparallel/compiler.h 'static inline size_t f(void) { return 0; }' size_t
planted libparallel/compiler.h 'struct twice { int x; };' 'struct twice'
planted libparallel/compiler.h 'static inline int f(unsigned x) { return x; }' compiler.h:1
planted macros/parallel.h 'static inline int f(int class) { return class; }' '-std=c++17'
planted macros/parallel.h 'static inline int f(int x) { typeof(x) y = x; return y; }' '-std=c11'
planted libparallel/base/any.h 'static int unused_function(int x) { return x; }' '-std=gnu11'
planted libparallel/stranger.h '/* nothing */' 'libparallel/stranger.h: not listed in libparallel/Makefile.mk'
