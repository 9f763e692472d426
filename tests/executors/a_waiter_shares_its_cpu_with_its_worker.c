/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thread that waits for a worker on the worker's own CPU: bound there it gets its results, and both run in turn; free to
 * go it leaves, and is as free as before. */
#include <parallel.h>

#include <sched.h>

#include "tests/support/property.h"

static int where(void)
{
    return sched_getcpu();
}
PARALLEL_FN(int, where)

static long add_one(long number)
{
    return number + 1;
}
PARALLEL_FN(long, add_one, long)

static void bind_to(int cpu)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
}

PROPERTY(bound_there)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:1,places=cores", &executor), 0);
    bind_to(where_await(where_on(executor)));
    long sum = 0;
    for (long i = 0; i < 500; i++)
        sum += add_one_await(add_one_on(executor, i));
    ck_assert_int_eq(sum, 500L * 501 / 2);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(bound_there_with_all_the_workers_that_there_may_be)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads,places=cores", &executor), 0);
    bind_to(where_await(where_on(executor)));
    parallel_future *futures[200];
    long sum = 0;
    for (long i = 0; i < 200; i++)
        futures[i] = add_one_on(executor, i);
    for (long i = 0; i < 200; i++)
        sum += add_one_await(futures[i]);
    ck_assert_int_eq(sum, 200L * 201 / 2);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* On a machine of one CPU there is nowhere to go, and the waiter stays as it is. */
PROPERTY(free_to_go)
{
    cpu_set_t before, after;
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:1,places=cores", &executor), 0);
    int cpu = where_await(where_on(executor));
    for (int round = 0; round < 20; round++) {
        bind_to(cpu);
        ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0); /* there, and not bound any more */
        long sum = 0;
        for (long i = 0; i < 50; i++)
            sum += add_one_await(add_one_on(executor, i));
        ck_assert_int_eq(sum, 50L * 51 / 2);
        ck_assert_int_eq(sched_getaffinity(0, sizeof after, &after), 0);
        ck_assert(CPU_EQUAL(&before, &after));
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(bound_there, bound_there_with_all_the_workers_that_there_may_be, free_to_go)
