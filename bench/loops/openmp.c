/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loops under `#pragma omp parallel for` with the schedule that -DBENCH_SCHEDULE names. */
#define BENCH_PRAGMA_(text) _Pragma(#text)
#define BENCH_PRAGMA(text)  BENCH_PRAGMA_(text)
#define BENCH_FOR(i, n, ...)                                                                                  \
    BENCH_PRAGMA(omp parallel for num_threads(2) schedule(BENCH_SCHEDULE))                                    \
    for (int64_t i = 0; i < (n); i++)                                                                         \
        __VA_ARGS__
#define BENCH_SUM(i, n, sum, ...)                                                                             \
    BENCH_PRAGMA(omp parallel for num_threads(2) schedule(BENCH_SCHEDULE) reduction(+ : sum))                 \
    for (int64_t i = 0; i < (n); i++)                                                                         \
        __VA_ARGS__
#define BENCH_SUM_SIMD(i, n, sum, ...)                                                                        \
    BENCH_PRAGMA(omp parallel for simd num_threads(2) schedule(BENCH_SCHEDULE) reduction(+ : sum))            \
    for (int64_t i = 0; i < (n); i++)                                                                         \
        __VA_ARGS__

#include "kernels.h"

int main(int argc, char **argv)
{
    return bench_loops_main(argc, argv);
}
