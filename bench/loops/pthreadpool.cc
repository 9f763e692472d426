/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The loops under pthreadpool on two threads; it has no reductions: two partial sums, one an iteration of two. */
#include <pthreadpool.h>

#include <cstdint>

static pthreadpool_t pool;

template <typename Body> static void run(int64_t count, Body body)
{
    pthreadpool_parallelize_1d(
        pool, [](void *context, size_t i) { (*static_cast<Body *>(context))(static_cast<int64_t>(i)); }, &body,
        static_cast<size_t>(count), PTHREADPOOL_FLAG_DISABLE_DENORMALS);
}

#define BENCH_FOR(i, n, ...) run((n), [=](int64_t i) __VA_ARGS__)
#define BENCH_SUM(i, n, total, ...)                                                                           \
    do {                                                                                                      \
        double parts[2 * 16];                                                                                 \
        double *part = parts;                                                                                 \
        run(2, [=](int64_t half) {                                                                            \
            double total = 0;                                                                                 \
            for (int64_t i = half * (n) / 2; i < (half + 1) * (n) / 2; i++)                                   \
                __VA_ARGS__                                                                                   \
            part[16 * half] = total;                                                                          \
        });                                                                                                   \
        total = parts[0] + parts[16];                                                                         \
    } while (0)

#include "kernels.h"

int main(int argc, char **argv)
{
    pool = pthreadpool_create(2);
    if (pool == NULL)
        return 1;
    int status = bench_loops_main(argc, argv);
    pthreadpool_destroy(pool);
    return status;
}
