/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One call is stolen, by construction: its owner does not go on before it runs elsewhere. */
#include <parallel.h>

#include <sched.h>
#include <stdatomic.h>

#include <libparallel/statistics.h>

#include "tests/support/property.h"

static atomic_int runner; /* index of the worker that ran the child, + 1 */
static atomic_int may_end;

static int child(int value)
{
    atomic_store(&runner, parallel_worker_index() + 1);
    while (!atomic_load(&may_end))
        sched_yield();
    return value + 1;
}
PARALLEL_FN(int, child, int)

/* Returns the index of the owner. */
static int lose_a_child(int value)
{
    child_task task;
    child_spawn(&task, value);
    while (atomic_load(&runner) == 0)
        sched_yield();
    atomic_store(&may_end, 1);
    return child_sync(&task) == value + 1 ? parallel_worker_index() : -1;
}
PARALLEL_FN(int, lose_a_child, int)

static parallel_statistics read_of(parallel_executor *executor, int worker)
{
    parallel_statistics statistics;
    ck_assert_int_eq(parallel_statistics_read(executor, worker, &statistics), 0);
    return statistics;
}

PROPERTY(a_stolen_call_is_counted_by_its_thief)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (uint64_t round = 1; round <= 3; round++) {
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        uint64_t before[2] = {0, 0};
        if (round > 1)
            for (int worker = 0; worker < 2; worker++)
                before[worker] = read_of(executor, worker).steals;
        int owner = lose_a_child_await(lose_a_child_on(executor, 1));
        int thief = atomic_load(&runner) - 1;
        ck_assert_int_eq(owner + thief, 1);
        ck_assert_uint_eq(read_of(executor, thief).steals, before[thief] + 1);
        ck_assert_uint_eq(read_of(executor, owner).steals, before[owner]);
        parallel_statistics sum = read_of(executor, PARALLEL_ALL_WORKERS);
        ck_assert_uint_eq(sum.steals, round);
        ck_assert_uint_ge(sum.transfers, 4 * round); /* slot and record, to the thief and back */
        ck_assert_uint_ge(sum.wakes, 2);             /* both workers were started */
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int plain(int value)
{
    return value;
}
PARALLEL_FN(int, plain, int)

PROPERTY(one_worker_steals_nothing)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:1", &executor), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(plain_await(plain_on(executor, i)), i);
    parallel_statistics sum = read_of(executor, PARALLEL_ALL_WORKERS);
    ck_assert_uint_eq(sum.steals, 0);
    ck_assert_uint_eq(sum.failed_steals, 0);
    ck_assert_uint_ge(sum.wakes, 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(what_cannot_be_read_is_refused)
{
    parallel_executor *executor;
    parallel_statistics statistics = {7, 7, 7, 7};
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    ck_assert_int_eq(parallel_statistics_read(executor, 0, &statistics), PARALLEL_ERANGE);
    ck_assert_int_eq(plain_await(plain_on(executor, 1)), 1);
    ck_assert_int_eq(parallel_statistics_read(executor, 0, &statistics), 0);
    statistics.steals = 7;
    ck_assert_int_eq(parallel_statistics_read(executor, 2, &statistics), PARALLEL_ERANGE);
    ck_assert_int_eq(parallel_statistics_read(executor, -2, &statistics), PARALLEL_ERANGE);
    ck_assert_int_eq(parallel_statistics_read(executor, 0, NULL), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_statistics_read(NULL, 0, &statistics), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    ck_assert_int_eq(parallel_executor_open("serial", &executor), 0);
    ck_assert_int_eq(parallel_statistics_read(executor, PARALLEL_ALL_WORKERS, &statistics), PARALLEL_EMISUSE);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    ck_assert_uint_eq(statistics.steals, 7);
}
PROPERTY_END

PROPERTIES(a_stolen_call_is_counted_by_its_thief, one_worker_steals_nothing, what_cannot_be_read_is_refused)
