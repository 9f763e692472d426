#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Annotations of every signature compile without a warning as C11, C17 and C++17; calls with wrong types do not compile, and
# a C++ exception becomes the failure of its call.
. "$top_srcdir/tests/support/script.sh"

warnings='-Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror'
include="-I$top_srcdir -I$top_srcdir/macros"

# compile LANGUAGE-AND-STANDARD FILE
compile() {
    case $1 in
    c*+*) compiler=$CXX language=c++ ;;
    *) compiler=$CC language=c ;;
    esac
    # shellcheck disable=SC2086 # lists of flags
    $compiler -x $language -std="$1" $warnings $include -S -o /dev/null "$2"
}

cat >"$work/all.c" <<'END'
#include "tests/macros/annotations.h"
int main(void)
{
    return check_annotations(NULL) == ANNOTATION_COUNT ? 0 : 1;
}
END
for standard in c11 c17 c++17; do
    succeeds compile $standard "$work/all.c"
done

# wrong STATEMENT: is refused as C and as C++, and the same file without it is not.
wrong() {
    for statement in '' "$1"; do
        cat >"$work/try.c" <<END
#include <parallel.h>
struct pair { int a, b; };
double simulate(double rate, int steps, const char *name, struct pair pair);
PARALLEL_FN(double, simulate, double, int, const char *, struct pair)
void stop(void);
PARALLEL_FN(void, stop)
void try_it(parallel_future *f, double *d, int *i, struct pair pair);
void try_it(parallel_future *f, double *d, int *i, struct pair pair)
{
    (void)f, (void)d, (void)i, (void)pair;
    $statement
}
END
        for standard in c11 c++17; do
            if [ -z "$statement" ]; then
                succeeds compile $standard "$work/try.c"
            else
                fails compile $standard "$work/try.c"
            fi
        done
    done
}
wrong 'parallel_future_release(simulate_async(1.0, 2, 3.0, pair));'
wrong 'parallel_future_release(simulate_async(1.0, 2, "x"));'
wrong 'parallel_future_release(simulate_async(1.0, 2, "x", 1));'
wrong 'parallel_future_release(simulate_on(1.0, 2, "x", pair));'
wrong '(void)!simulate_result(f, i);'
wrong '*i = simulate_result(f);'
wrong '*i = stop_result(f, d);'
wrong 'pair = simulate_await(f);'
wrong 'double x = stop_await(f); (void)x;'
wrong '*i = simulate_map(NULL, 3, d, d, i);'
wrong 'simulate_result(f, d);'

[ "$SANITIZER" = no ] || exit 0 # what follows links the library by hand
cat >"$work/throw.cc" <<'END'
#include <parallel.h>
#include <cstring>
#include <stdexcept>
static int half(int n)
{
    if (n % 2 != 0)
        throw std::runtime_error("odd");
    if (n > 100)
        throw n;
    return n / 2;
}
PARALLEL_FN(int, half, int)
int main()
{
    int value = 0, in[] = {2, 4, 5, 8}, out[4];
    parallel_future *odd = half_async(3), *large = half_async(102);
    bool is_right = half_result(odd, &value) == PARALLEL_EEXCEPTION &&
                    std::strcmp(parallel_last_error()->message, "odd") == 0 &&
                    half_result(large, &value) == PARALLEL_EEXCEPTION && value == 0 && half_await(half_async(8)) == 4 &&
                    half_map(nullptr, 4, out, in) == PARALLEL_EEXCEPTION &&
                    std::strcmp(parallel_last_error()->message, "call 2 of half: odd") == 0 && out[1] == 2;
    parallel_future_release(odd);
    parallel_future_release(large);
    return is_right ? 0 : 1;
}
END
# shellcheck disable=SC2086
succeeds $CXX -std=c++17 $include -o "$work/throw" "$work/throw.cc" "$top_builddir/.libs/libparallel.so"
LD_LIBRARY_PATH=$top_builddir/.libs succeeds "$work/throw"
