#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The compiler vectorises the bodies of inline loops as it does those of plain ones, with and without OpenMP flags.
. "$top_srcdir/tests/support/script.sh"

[ "$SANITIZER" = no ] || skip 'sanitizers keep compilers from vectorising'

cat >"$work/body.c" <<'END'
#include <parallel.h>
void scale(double *restrict y, const double *restrict x, size_t n, double a)
{
    PARALLEL_FOR(i, 0, n)
        y[i] = a * x[i] + y[i];
}
END
cat >"$work/step.c" <<'END'
#include <parallel.h>
void scale(double *restrict y, const double *restrict x, size_t n, double a)
{
    PARALLEL_FOR_STEP(i, n, (size_t)0, -1)
        y[i] = a * x[i] + y[i];
}
END
cat >"$work/plane.c" <<'END'
#include <parallel.h>
void scale(double *restrict y, const double *restrict x, size_t n, double a)
{
    PARALLEL_FOR_2D(i, 0, n, j, 0, n)
        y[i * n + j] = a * x[i * n + j];
}
END
cat >"$work/sum.c" <<'END'
#include <parallel.h>
long sum(const int *x, size_t n)
{
    long total = 0;
    PARALLEL_REDUCE(i, 0, n, (+, total))
        total += x[i];
    return total;
}
END

cat >"$work/simd.c" <<'END'
#include <parallel.h>
double sum(const double *x, size_t n)
{
    double total = 0;
    PARALLEL_REDUCE_SIMD(i, 0, n, (+, total))
        total += x[i];
    return total;
}
END

cat >"$work/named.c" <<'END'
#include <parallel.h>
PARALLEL_LOOP(scale, (double, a, const double *, x, double *, y), i)
{
    y[i] = a * x[i] + y[i];
}
PARALLEL_LOOP(brighten, (unsigned char *, pixels), i)
{
    pixels[i] = (unsigned char)(pixels[i] + 1);
}
int both(int64_t n, double *y, const double *x, unsigned char *pixels)
{
    return scale_run(0, n, 2, x, y) + brighten_run(0, n, pixels);
}
END

# vectorises SOURCE LINE [FLAGS]: the loop that begins in this line, with and without OpenMP flags, or with these.
vectorises() {
    for flags in "${3-}" "${3-$OPENMP_CFLAGS}"; do
        case $($CC --version) in
        *clang*) report=-Rpass=loop-vectorize said='vectorized loop' ;;
        *) report=-fopt-info-vec said='loop vectorized' ;;
        esac
        # shellcheck disable=SC2086 # a list of flags
        $CC -std=c11 $flags -O3 $report -I"$top_srcdir" -I"$top_srcdir/macros" -c -o "$work/out.o" "$work/$1" \
            >"$work/output" 2>&1
        grep -q "^[^ ]*$1:$2:.*$said" "$work/output" || {
            cat "$work/output" >&2
            fail "$1 is not vectorised with '$flags'"
        }
    done
}

vectorises body.c 4
vectorises named.c 2
vectorises named.c 6
vectorises plane.c 4
vectorises step.c 4
vectorises sum.c 5
# Only OpenMP says that a sum of floating-point numbers may be formed in any order; gcc names the line of the body.
[ -z "$OPENMP_CFLAGS" ] || vectorises simd.c '[56]' "$OPENMP_CFLAGS -DPARALLEL_SERIAL"
[ -z "$OPENMP_CFLAGS" ] || vectorises simd.c '[56]' "$OPENMP_CFLAGS"
