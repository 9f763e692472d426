/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a C programmer writes without a library: a C11 thread for each call. 10^6 threads at a time cannot be had. */
#include <threads.h>

struct bench_call {
    thrd_t thread;
    long number;
};

static int add_one(void *context)
{
    ((struct bench_call *)context)->number++;
    return 0;
}

static long await(struct bench_call *call)
{
    thrd_join(call->thread, NULL);
    return call->number;
}

#define BENCH_FUTURE                 struct bench_call
#define BENCH_SUBMIT(future, k)                                                                               \
    do {                                                                                                      \
        future.number = k;                                                                                    \
        if (thrd_create(&future.thread, add_one, &future) != thrd_success)                                    \
            exit(1);                                                                                          \
    } while (0)
#define BENCH_AWAIT(future)          await(&(future))
#define BENCH_SUITS(kernel)          BENCH_IS_SINGLE(kernel)
#define BENCH_BEGIN()                (void)0

#include "kernels.h"
