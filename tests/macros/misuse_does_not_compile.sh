#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# What must not compile does not, in C and in C++; and the correct twin of each does, so that it fails for that reason.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

[ -n "$OPENMP_CFLAGS" ] || skip 'no OpenMP flags'

# compiles FLAGS STATEMENTS: in a function that has the variables below.
compiles() {
    for language in c c++; do
        if [ $language = c ]; then
            compiler="$CC -std=c11 $OPENMP_CFLAGS"
        else
            compiler="$CXX -std=c++17 $OPENMP_CXXFLAGS"
        fi
        cat >"$work/try.c" <<END
#include <parallel.h>
struct pair { int a, b; };
void add(struct pair *into, const struct pair *from);
void try_it(int n, double d, int *p, double *x, struct pair pair, parallel_error *failure, int64_t *where)
{
    float f = 0;
    int sum = 0;
    (void)n, (void)d, (void)p, (void)x, (void)pair, (void)failure, (void)where, (void)f, (void)sum;
    $2
}
END
        # shellcheck disable=SC2086 # lists of flags
        $compiler $1 -x $language -Wall -Wextra -Wshadow -Wconversion -Wpedantic -Werror -S -o /dev/null \
            -I"$top_srcdir" -I"$top_srcdir/macros" "$work/try.c" >"$work/$language.output" 2>&1 &&
            result=yes || result=no
        [ $language = c ] && compiled_c=$result || compiled_cxx=$result
    done
}

right() {
    compiles '' "$1"
    if [ "$compiled_c$compiled_cxx" != yesyes ]; then
        cat "$work"/*.output >&2
        fail "does not compile: $1"
    fi
}

wrong() {
    compiles '' "$1"
    [ "$compiled_c$compiled_cxx" = nono ] || fail "compiles (C: $compiled_c, C++: $compiled_cxx): $1"
}

right 'PARALLEL_FOR(i, 0, n) x[i] = 1;'
# Bounds that are no integers.
wrong 'PARALLEL_FOR(i, 0, d) x[0] = 1;'
wrong 'PARALLEL_FOR(i, 0.0, n) x[0] = 1;'
wrong 'PARALLEL_FOR(i, p, p + n) x[0] = 1;'
wrong 'PARALLEL_FOR(i, 0, p) x[0] = 1;'
wrong 'PARALLEL_FOR(i, 0, (__extension__ (__int128)5)) x[0] = 1;'
wrong 'PARALLEL_FOR(i, 0) x[0] = 1;'
# Leaving the body in another way than break and continue.
right 'PARALLEL_FOR(i, 0, n) { if (i == 3) break; if (i == 4) continue; x[i] = 1; }'
wrong 'PARALLEL_FOR(i, 0, n) { if (i == 3) return; x[i] = 1; }'
wrong 'PARALLEL_FOR(i, 0, n) { if (i == 3) goto out; x[i] = 1; } out: x[0] = 1;'
# Options that do not exist, or have another type.
right 'PARALLEL_FOR(i, 0, n, .grain = 4, .status = failure, .label = "rows", .stopped_at = where, .workers = 2) x[i] = 1;'
wrong 'PARALLEL_FOR(i, 0, n, .grian = 4) x[i] = 1;'
wrong 'PARALLEL_FOR(i, 0, n, .status = where) x[i] = 1;'
wrong 'PARALLEL_FOR(i, 0, n, .stopped_at = p) x[i] = 1;'
wrong 'PARALLEL_FOR(i, 0, n, 4) x[i] = 1;'
# Steps.
right 'PARALLEL_FOR_STEP(i, 0, n, 3) x[i] = 1;'
right 'PARALLEL_FOR_STEP(i, n, 0, -3L, .grain = 4, .stopped_at = where) { if (i == 3) break; x[i] = 1; }'
wrong 'PARALLEL_FOR_STEP(i, 0, n) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, 0.5) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, d) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, p) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, d, 2) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, (__extension__ (__int128)5)) x[0] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, 3, .grian = 4) x[i] = 1;'
wrong 'PARALLEL_FOR_STEP(i, 0, n, 3) { if (i == 3) return; x[i] = 1; }'
# Planes.
right 'PARALLEL_FOR_2D(i, 0, n, j, 0L, 5, .grain = 4, .stopped_at = where) { if (j == 3) break; x[i] = 1; }'
wrong 'PARALLEL_FOR_2D(i, 0, n, j, 0) x[i] = 1;'
wrong 'PARALLEL_FOR_2D(i, 0, n, j, 0, d) x[i] = 1;'
wrong 'PARALLEL_FOR_2D(i, p, p + n, j, 0, n) x[0] = 1;'
wrong 'PARALLEL_FOR_2D(i, 0, n, j, 0, n) { if (j == 3) return; x[i] = 1; }'
wrong 'PARALLEL_FOR_2D(i, 0, n, j, 0, n, .grian = 4) x[i] = 1;'
# Reductions.
right 'PARALLEL_REDUCE(i, 0, n, (+, sum)) sum += i;'
right 'PARALLEL_REDUCE(i, 0, n, (max, f), (|, sum)) { f = x[i] > 2 ? 3 : f; sum |= i; }'
right 'PARALLEL_REDUCE(i, 0, n, (add, pair, pair)) pair.a += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (-, sum)) sum -= i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (<<, sum)) sum += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (&, f)) f += 1;'
wrong 'PARALLEL_REDUCE(i, 0, n, (+, pair)) pair.a += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (+, p)) p += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (+, x[0])) x[0] += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (+, pair.a)) pair.a += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (add, sum, 0)) sum += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, +, sum) sum += i;'
right 'PARALLEL_REDUCE_SIMD(i, 0, n, (+, sum), (max, f), .workers = 2) { sum += i; f = x[i] > 2 ? 3 : f; }'
wrong 'PARALLEL_REDUCE_SIMD(i, 0, n, (add, pair, pair)) pair.a += i;'
wrong 'PARALLEL_REDUCE_SIMD(i, 0, n, (-, sum)) sum -= i;'
wrong 'PARALLEL_REDUCE_SIMD(i, 0, n, (+, sum)) { if (i == 3) break; sum += i; }'
wrong 'PARALLEL_REDUCE_SIMD(i, 0, n, (+, sum)) { if (i == 3) return; sum += i; }'
wrong 'PARALLEL_REDUCE_SIMD(i, 0, d, (+, sum)) sum += i;'
wrong 'PARALLEL_REDUCE(i, 0, n, (+, sum), .grian = 4) sum += i;'
