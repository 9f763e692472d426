/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/property.h"

static atomic_int begun;

/* Ends only when it has been asked to. */
PARALLEL_LOOP(endless, (int, all), i)
{
    (void)i;
    atomic_fetch_add(&begun, 1);
    while (!parallel_is_cancelled() || atomic_load(&begun) < all)
        usleep(0);
}

static int around(void)
{
    return endless_run(0, 1000000000, 1);
}
PARALLEL_FN(int, around)

static parallel_executor *open_executor(void)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2,places=none", &executor), 0);
    atomic_store(&begun, 0);
    return executor;
}

PROPERTY(while_all_workers_are_inside)
{
    parallel_executor *executor = open_executor();
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.grain = 1;
    parallel_future *future = endless_on_with(executor, &options, 0, 1000000000, 2);
    while (atomic_load(&begun) < 2)
        usleep(0);
    ck_assert_int_eq(parallel_future_cancel(future), PARALLEL_ERUNNING);
    ck_assert_int_eq(endless_result(future), PARALLEL_ECANCELLED);
    ck_assert(parallel_future_is_cancelled(future));
    ck_assert_int_lt(atomic_load(&begun), 100);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(or_that_of_the_task_around)
{
    parallel_executor *executor = open_executor();
    parallel_future *future = around_on(executor);
    while (atomic_load(&begun) < 1)
        usleep(0);
    ck_assert_int_eq(parallel_future_cancel(future), PARALLEL_ERUNNING);
    ck_assert_int_eq(around_await(future), PARALLEL_ECANCELLED); /* the task's result is what the loop returned */
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PARALLEL_LOOP(counting, (atomic_long *, sum), i)
{
    atomic_fetch_add(sum, i);
}

PROPERTY(and_a_pending_one_never_begins)
{
    parallel_executor *executor = open_executor();
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.grain = 1;
    atomic_long sum;
    atomic_init(&sum, 0);
    parallel_future *first = endless_on_with(executor, &options, 0, 1000000000, 2);
    while (atomic_load(&begun) < 2)
        usleep(0);
    parallel_future *second = counting_on(executor, 0, 10, &sum); /* both workers are inside */
    ck_assert_int_eq(parallel_future_cancel(second), 0);
    ck_assert_int_eq(parallel_future_cancel(first), PARALLEL_ERUNNING);
    ck_assert_int_eq(endless_result(first), PARALLEL_ECANCELLED);
    ck_assert_int_eq(counting_result(second), PARALLEL_ECANCELLED);
    ck_assert_int_eq(atomic_load(&sum), 0);
    parallel_future_release(first);
    parallel_future_release(second);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(while_all_workers_are_inside, or_that_of_the_task_around, and_a_pending_one_never_begins)
