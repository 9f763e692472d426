/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_FOR and PARALLEL_REDUCE without any option, but where both threads must meet. */
#include <parallel.h>

#define BENCH_FOR(i, n, ...)                                                                                  \
    PARALLEL_FOR(i, (int64_t)0, (int64_t)(n))                                                                 \
    __VA_ARGS__
#define BENCH_TEAM_FOR(i, n, ...)                                                                             \
    PARALLEL_FOR(i, (int64_t)0, (int64_t)(n), .grain = 1)                                                     \
    __VA_ARGS__
#define BENCH_SUM(i, n, sum, ...)                                                                             \
    PARALLEL_REDUCE(i, (int64_t)0, (int64_t)(n), (+, sum))                                                    \
    __VA_ARGS__
#define BENCH_SUM_SIMD(i, n, sum, ...)                                                                        \
    PARALLEL_REDUCE_SIMD(i, (int64_t)0, (int64_t)(n), (+, sum))                                               \
    __VA_ARGS__

#include "kernels.h"

int main(int argc, char **argv)
{
    return bench_loops_main(argc, argv);
}
