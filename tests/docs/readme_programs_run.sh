#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Each C program in README.md compiles without a warning, as C and as C++, and prints what README.md says. (Its lines
# for the shell: tests/install/.)
. "$top_srcdir/tests/support/script.sh"

readme=$top_srcdir/README.md

uses_inline_loops
# shellcheck disable=SC3045 # every shell of Linux has it
ulimit -c 0 # one of the programs shows how a call crashes
awk -v work="$work" '/^```c$/ { name = work "/program" ++count; next } /^```$/ { name = "" }
    name != "" { print > (name ".c"); print > (name ".cc") }
    END { if (count == 0) exit 1 }' "$readme" || fail 'README.md has no program'
sed -nE 's/^It prints `(.*)`\.$/\1/p' "$readme" >"$work/expected" # a line for each program, in their order

# run TAG STANDARD COMPILER-AND-FLAGS ENDING: each program, linked with the library of the build tree.
run() {
    number=0
    for source in "$work"/program*."$4"; do
        number=$((number + 1))
        sed -n "${number}p" "$work/expected" >"$work/wanted"
        # shellcheck disable=SC2086 # lists of flags
        succeeds "$top_builddir/libtool" --quiet --tag="$1" --mode=link $3 -std="$2" -O2 \
            -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -I"$top_srcdir" -I"$top_srcdir/macros" \
            -o "$work/program" "$source" "$top_builddir/libparallel.la" -lm
        for executor in threads serial; do
            PARALLEL_EXECUTOR=$executor "$work/program" >"$work/printed"
            diff "$work/wanted" "$work/printed" >&2 || fail "${source##*/}, $2, $executor: prints something else"
        done
    done
}
run CC c11 "$CC $SANITIZER_FLAGS $OPENMP_CFLAGS" c
run CC gnu17 "$CC $SANITIZER_FLAGS $OPENMP_CFLAGS" c
run CXX c++17 "$CXX $SANITIZER_FLAGS $OPENMP_CXXFLAGS" cc
