#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What `make install` puts into an empty folder is enough: with pkg-config's flags a small program compiles without a
# warning, as C and as C++, by gcc and by clang, and runs; and so do the lines that README.md gives to its reader.
. "$top_srcdir/tests/support/script.sh"

command -v pkg-config >/dev/null || skip 'no pkg-config'

# The make that runs this test hands down its flags and its jobs, which are not meant for this one.
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL
succeeds make -s -C "$top_builddir" install DESTDIR="$work/root"

pc=$(find "$work/root" -name libparallel.pc)
[ -n "$pc" ] || fail 'no libparallel.pc is installed'
for page in man1/parallel-info.1 man7/libparallel.7; do
    [ -n "$(find "$work/root" -path "*/$page")" ] || fail "$page is not installed"
done
export PKG_CONFIG_PATH="${pc%/*}" PKG_CONFIG_SYSROOT_DIR="$work/root"
export LD_LIBRARY_PATH="${pc%/pkgconfig/*}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
flags=$(pkg-config --cflags --libs libparallel)
source_tree=$(cd "$top_srcdir" && pwd)
for flag in $flags; do # the prefix may be below the source, as it is in `make distcheck`
    case $flag in
    "-I$source_tree" | "-I$source_tree/macros" | "-L$source_tree" | "-L$source_tree/.libs")
        fail "pkg-config says where the source is: $flags"
        ;;
    esac
done

cat >"$work/five.c" <<'END'
#include <parallel.h>
static int twice(int x) { return 2 * x; }
PARALLEL_FN(int, twice, int)
int main(void) { return twice_await(twice_async(21)) == 42 ? 0 : 1; }
END
cp "$work/five.c" "$work/five.cc"
warnings='-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror'

# compile_and_run SOURCE COMPILER...
compile_and_run() {
    source=$1
    shift
    # shellcheck disable=SC2086 # lists of flags
    succeeds "$@" $warnings $SANITIZER_FLAGS -o "$work/five" "$work/$source" $flags
    succeeds "$work/five"
}

# A sanitized library runs in programs of the same compiler only.
if [ "$SANITIZER" = no ]; then
    c_compilers="gcc clang"
    cxx_compilers="g++ clang++"
else
    c_compilers=$CC
    cxx_compilers=$CXX
fi
for compiler in $c_compilers; do
    command -v "$compiler" >/dev/null || continue
    for standard in c11 c17 gnu11; do
        compile_and_run five.c "$compiler" -std=$standard
    done
done
for compiler in $cxx_compilers; do
    command -v "$compiler" >/dev/null || continue
    compile_and_run five.cc "$compiler" -std=c++17
done
if [ -e "${pc%/pkgconfig/*}/libparallel.a" ]; then
    # shellcheck disable=SC2086
    succeeds $CC $SANITIZER_FLAGS -o "$work/five" "$work/five.c" \
        $(pkg-config --static --cflags --libs libparallel | sed 's/-lparallel/-l:libparallel.a/')
    succeeds env -u LD_LIBRARY_PATH "$work/five"
fi

# README.md, "Annotate your own program": the first program in program.c, then the lines of the block, one by one.
uses_inline_loops
[ -n "$OPENMP_CFLAGS" ] || skip "the compiler has no -fopenmp, which README.md's lines use"
mkdir "$work/reader" "$work/bin"
printf '#!/bin/sh\nexec %s %s "$@"\n' "$CC" "$SANITIZER_FLAGS" >"$work/bin/cc"
chmod +x "$work/bin/cc"
PATH=$work/bin:$PATH
awk '/^```c$/ { inside = 1; next } /^```$/ { if (inside) exit } inside' "$top_srcdir/README.md" >"$work/reader/program.c"
awk '/^## / { section = $0 } section == "## Annotate your own program" && /^```sh$/ { inside = 1; next }
     /^```$/ { inside = 0 } inside' "$top_srcdir/README.md" >"$work/reader/lines"
[ "$(wc -l <"$work/reader/lines")" -ge 4 ] || fail 'README.md has no lines for its reader'
printed=$(sed -nE 's/^It prints `(.*)`\.$/\1/p' "$top_srcdir/README.md" | head -n 1)
cd "$work/reader"
while read -r line; do
    sh -c "$line" >"$work/output" 2>"$work/errors" </dev/null || fail "$line: $(cat "$work/errors")"
    case $line in
    *./program*) [ "$(cat "$work/output")" = "$printed" ] || fail "$line: printed $(cat "$work/output")" ;;
    esac
    case $line in
    *SHOW_PLACES*) [ -s "$work/errors" ] || fail "$line: shows no places" ;;
    *) [ ! -s "$work/errors" ] || fail "$line: $(cat "$work/errors")" ;;
    esac
done <lines
