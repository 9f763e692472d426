/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls that do nothing but add, submitted one by one: what a future itself costs. A peer's file defines
 *
 *     BENCH_FUTURE                   type of a submitted call
 *     BENCH_SUBMIT(future, number)   submits number + 1 to a pool of one worker, the submitter not among them
 *     BENCH_AWAIT(future)            waits for it, is its result, and releases it
 *     BENCH_SUITS(kernel)            whether it can run that kernel
 *     BENCH_BEGIN()                  opens the pool
 *
 * and includes this. A program is called as `PEER KERNEL SECONDS`, as the loops are (bench/loops/kernels.h).
 *
 *     round_trip    one call: submit, await, back to back; it runs on another thread
 *     asleep        the same after a pause of 2 ms, when the worker sleeps
 *     many          COUNT calls from one thread, awaited in order when all are submitted
 *     two_sides     the same from two threads at once, half each */
#ifndef BENCH_FUTURES_KERNELS_H
#define BENCH_FUTURES_KERNELS_H

#include <pthread.h>

#include "../measure.h"

enum { COUNT = 1000000 };

#define BENCH_IS_SINGLE(kernel) (strcmp(kernel, "round_trip") == 0 || strcmp(kernel, "asleep") == 0)

static BENCH_FUTURE *futures;
static long second_sum;

static double round_trip(void)
{
    BENCH_FUTURE future;
    BENCH_SUBMIT(future, 41);
    return (double)BENCH_AWAIT(future);
}

static double submit_and_await(long first, long last)
{
    for (long i = first; i < last; i++)
        BENCH_SUBMIT(futures[i], i);
    long sum = 0;
    for (long i = first; i < last; i++)
        sum += BENCH_AWAIT(futures[i]);
    return (double)sum;
}

static double many(void)
{
    return submit_and_await(0, COUNT);
}

static void *second_side(void *unused)
{
    (void)unused;
    second_sum = (long)submit_and_await(COUNT / 2, COUNT);
    return NULL;
}

static double two_sides(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_side, NULL) != 0)
        exit(1);
    double sum = submit_and_await(0, COUNT / 2);
    pthread_join(thread, NULL);
    return sum + (double)second_sum;
}

static const struct bench_kernel bench_kernels[] = {
    {"round_trip", round_trip, 0, NULL},
    {"asleep", round_trip, 2e6, NULL},
    {"many", many, 0, NULL},
    {"two_sides", two_sides, 0, NULL},
};

int main(int argc, char **argv)
{
    futures = (BENCH_FUTURE *)bench_allocate(COUNT, sizeof *futures);
    memset((void *)futures, 1, COUNT * sizeof *futures); /* the array's pages are not what is measured */
    if (argc == 3 && !BENCH_SUITS(argv[1])) {
        puts("nan 0");
        return 0;
    }
    BENCH_BEGIN();
    return bench_main(bench_kernels, sizeof bench_kernels / sizeof bench_kernels[0], argc, argv);
}

#endif
