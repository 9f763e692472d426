/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thread that waits for a worker on the worker's own CPU: bound there it gets its results, and both run in turn; free to
 * go it leaves, and is as free as before. */
#include <sched.h>

#include "libparallel/base/clock.h"
#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/property.h"

enum { STARTED, GATE };

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

static long turn_for_us(long us)
{
    uint64_t end_ns = pl_clock_now_ns() + (uint64_t)us * 1000;
    while (pl_clock_now_ns() < end_ns)
        continue;
    return us;
}
PARALLEL_FN(long, turn_for_us, long)

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

/* What broke: the only worker process that had been started was bound to the CPU on which its caller looked for results, and
 * counted as awake, so no other one was. */
PROPERTY(bound_there_it_calls_another_process)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:2,places=cores", &executor), 0);
    cpu_set_t all;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    int cpu = where_await(where_on(executor));
    bind_to(cpu);
    int turn = 0;
    while (CPU_COUNT(&all) > 1 && where_await(where_on(executor)) == cpu)
        ck_assert_int_lt(turn++, 100000);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* What broke: it called one for an executor that had ended with hints left of calls that were withdrawn; the worker was born
 * into the seat of another executor. */
PROPERTY(nobody_is_called_for_an_executor_that_has_ended)
{
    map_marks();
    parallel_executor *waited_for, *ended;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none", &waited_for), 0);
    ck_assert_int_eq(add_one_await(add_one_on(waited_for, 1)), 2);
    for (int round = 0; round < 30; round++) {
        ck_assert_int_eq(parallel_executor_open("processes:1,places=none", &ended), 0);
        parallel_future *held = hold_on(ended, 1, STARTED, GATE), *pending[10];
        wait_for_mark(STARTED, (uint32_t)round + 1);
        for (int i = 0; i < 10; i++)
            pending[i] = echo_on(ended, i);
        ck_assert_int_eq(parallel_executor_shutdown(ended, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
        ck_assert_int_eq(parallel_future_kill(held), 0);
        ck_assert_int_eq(parallel_executor_shutdown(ended, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER), 0);
        ck_assert_int_eq(turn_for_us_await(turn_for_us_on(waited_for, 100)), 100);
        parallel_executor_info info;
        ck_assert_int_eq(parallel_executor_describe(ended, &info), 0);
        ck_assert_uint_eq(info.started_count, 0);
        for (int i = 0; i < 10; i++)
            parallel_future_release(pending[i]);
        parallel_future_release(held);
        ck_assert_int_eq(parallel_executor_close(ended), 0);
    }
    ck_assert_int_eq(parallel_executor_close(waited_for), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTIES(bound_there, bound_there_with_all_the_workers_that_there_may_be, free_to_go,
           bound_there_it_calls_another_process, nobody_is_called_for_an_executor_that_has_ended)
