/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Futures of PARALLEL_FN. */
#include <parallel.h>

static long add_one(long number)
{
    return number + 1;
}
PARALLEL_FN(long, add_one, long)

static parallel_executor *executor;
#define BENCH_FUTURE                  parallel_future *
#define BENCH_SUBMIT(future, number)  future = add_one_on(executor, number)
#define BENCH_AWAIT(future)           add_one_await(future)
#define BENCH_SUITS(kernel)           true
#define BENCH_BEGIN()                                                                                         \
    do {                                                                                                      \
        if (parallel_executor_open("threads:1", &executor) != 0)                                              \
            return 1;                                                                                         \
    } while (0)

#include "kernels.h"
