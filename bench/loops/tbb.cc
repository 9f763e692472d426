/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loops under oneTBB with the partitioner that -DBENCH_PARTITIONER names, on two threads. */
#include <tbb/blocked_range.h>
#include <tbb/global_control.h>
#include <tbb/parallel_for.h>
#include <tbb/parallel_reduce.h>

#include <cstdint>
#include <functional>

#define BENCH_FOR(i, n, ...)                                                                                  \
    do {                                                                                                      \
        static BENCH_PARTITIONER partitioner;                                                                 \
        tbb::parallel_for(                                                                                    \
            tbb::blocked_range<int64_t>(0, (n)),                                                              \
            [=](const tbb::blocked_range<int64_t> &range) {                                                   \
                for (int64_t i = range.begin(); i < range.end(); i++)                                         \
                    __VA_ARGS__                                                                               \
            },                                                                                                \
            partitioner);                                                                                     \
    } while (0)
#define BENCH_SUM(i, n, total, ...)                                                                           \
    do {                                                                                                      \
        static BENCH_PARTITIONER partitioner;                                                                 \
        total = tbb::parallel_reduce(                                                                         \
            tbb::blocked_range<int64_t>(0, (n)), 0.0,                                                         \
            [=](const tbb::blocked_range<int64_t> &range, double total) {                                     \
                for (int64_t i = range.begin(); i < range.end(); i++)                                         \
                    __VA_ARGS__                                                                               \
                return total;                                                                                 \
            },                                                                                                \
            std::plus<double>(), partitioner);                                                                \
    } while (0)

#include "kernels.h"

int main(int argc, char **argv)
{
    tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 2);
    return bench_loops_main(argc, argv);
}
