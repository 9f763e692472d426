/* SPDX-License-Identifier: BSD-3-Clause
 *
 * An owner that spins until its spawned calls have run, and never calls into the library meanwhile, is helped: the work
 * is seen although the other worker sleeps, searches, or came too late to ask. One that waits at a sync for a stolen call
 * goes to sleep and is woken. */
#include <parallel.h>

#include <sched.h>
#include <stdatomic.h>

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

/* Returns the child's runner if the result is right. */
static int spin_on_child(int value)
{
    child_task task;
    child_spawn(&task, value);
    while (atomic_load(&runner) == 0)
        sched_yield();
    int self = parallel_worker_index() + 1;
    atomic_store(&may_end, 1);
    if (child_sync(&task) != value + 1 || self == atomic_load(&runner))
        return -1;
    return atomic_load(&runner);
}
PARALLEL_FN(int, spin_on_child, int)

PROPERTY(by_a_worker_that_sleeps_or_searches)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (int round = 0; round < 200; round++) {
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        ck_assert_int_gt(spin_on_child_await(spin_on_child_on(executor, round)), 0);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(by_a_worker_that_never_searches_long)
{
    setenv("PARALLEL_WAIT", "sleep", 1);
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (int round = 0; round < 200; round++) {
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        ck_assert_int_gt(spin_on_child_await(spin_on_child_on(executor, round)), 0);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTY(while_the_executor_shuts_down)
{
    for (int round = 0; round < 50; round++) {
        parallel_executor *executor;
        ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        parallel_future *future = spin_on_child_on(executor, round);
        ck_assert_int_eq(parallel_executor_close(executor), 0);
        ck_assert_int_gt(spin_on_child_await(future), 0);
    }
}
PROPERTY_END

/* The owner comes to its sync while the thief is held up until the owner sleeps there: it has no worker left to spin, for
 * the gate is opened by a third worker that starts only when the owner has stopped to count as awake. */
static int open_gate(void)
{
    atomic_store(&may_end, 1);
    return 0;
}
PARALLEL_FN(int, open_gate)

static int sync_while_stolen(int value)
{
    child_task task;
    child_spawn(&task, value);
    while (atomic_load(&runner) == 0)
        sched_yield();
    parallel_future *opener = open_gate_on(parallel_executor_current());
    int result = child_sync(&task); /* both workers are taken: only a spare one can open the gate */
    return open_gate_await(opener) + result;
}
PARALLEL_FN(int, sync_while_stolen, int)

PROPERTY(and_the_owner_sleeps_at_its_sync)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (int round = 0; round < 20; round++) {
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        ck_assert_int_eq(sync_while_stolen_await(sync_while_stolen_on(executor, round)), round + 1);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(by_a_worker_that_sleeps_or_searches, by_a_worker_that_never_searches_long, while_the_executor_shuts_down,
           and_the_owner_sleeps_at_its_sync)
