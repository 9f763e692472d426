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

/* Two children that need each other: the worker that took the first one is lost to the second one, which was spawned after
 * the owner had answered. */
static atomic_int met;

static int meet(int value)
{
    atomic_fetch_add(&met, 1);
    while (atomic_load(&met) < 2)
        sched_yield();
    return value;
}
PARALLEL_FN(int, meet, int)

static int spin_on_both(int value)
{
    meet_task one, two;
    meet_spawn(&one, value);
    meet_spawn(&two, value);
    while (atomic_load(&met) < 2)
        sched_yield();
    return meet_sync(&two) + meet_sync(&one);
}
PARALLEL_FN(int, spin_on_both, int)

PROPERTY(by_as_many_as_it_has_children)
{
    for (int round = 0; round < 20; round++) {
        parallel_executor *executor;
        ck_assert_int_eq(parallel_executor_open("threads:3,places=none", &executor), 0);
        for (int again = 0; again < 5; again++) {
            atomic_store(&met, 0);
            ck_assert_int_eq(spin_on_both_await(spin_on_both_on(executor, round)), 2 * round);
        }
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

/* A batch that is back is synced, all but the oldest call, while its thief asks for more: what is spawned then takes the place
 * of what has gone. */
enum { BATCH = 8 };

static atomic_int begun;

static int begin(int value)
{
    atomic_fetch_add(&begun, 1);
    return value;
}
PARALLEL_FN(int, begin, int)

static int spin_on_child_after_batch(int value)
{
    begin_task batch[BATCH];
    for (int i = 0; i < BATCH; i++)
        begin_spawn(&batch[i], i);
    while (atomic_load(&begun) < BATCH)
        sched_yield();
    int sum = 0;
    for (int i = BATCH; i-- > 1;)
        sum += begin_sync(&batch[i]);
    int by = spin_on_child(value);
    return by < 0 ? -1 : sum + begin_sync(&batch[0]);
}
PARALLEL_FN(int, spin_on_child_after_batch, int)

PROPERTY(after_a_batch_that_came_back)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    for (int round = 0; round < 200; round++) {
        atomic_store(&runner, 0);
        atomic_store(&may_end, 0);
        atomic_store(&begun, 0);
        ck_assert_int_eq(spin_on_child_after_batch_await(spin_on_child_after_batch_on(executor, round)),
                         BATCH * (BATCH - 1) / 2);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* The worker that searched takes a task, which waits for the child as the owner does: the third one is called, though it was not
 * when the child was spawned, for somebody searched then. */
static int wait_until_begun(void)
{
    while (atomic_load(&begun) == 0)
        sched_yield();
    return 0;
}
PARALLEL_FN(int, wait_until_begun)

static int spawn_beside_a_task(int value)
{
    begin_task task;
    parallel_future *waiter = wait_until_begun_on(parallel_executor_current());
    begin_spawn(&task, value);
    while (atomic_load(&begun) == 0)
        sched_yield();
    int result = begin_sync(&task);
    return wait_until_begun_await(waiter) + result;
}
PARALLEL_FN(int, spawn_beside_a_task, int)

PROPERTY(while_who_searched_has_taken_a_task)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:3,places=none", &executor), 0);
    for (int round = 0; round < 1000; round++) {
        atomic_store(&begun, 0);
        ck_assert_int_eq(spawn_beside_a_task_await(spawn_beside_a_task_on(executor, round)), round);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* The owner waits for a future that its child fulfils: whoever stands in for it finds the child. */
static void keep(parallel_promise *promise)
{
    int one = 1;
    if (parallel_promise_set(promise, &one) != 0)
        abort();
}
PARALLEL_FN(void, keep, parallel_promise *)

static int wait_for_child(int value)
{
    parallel_promise *promise;
    parallel_future *future;
    if (parallel_promise_create(sizeof(int), &promise, &future) != 0)
        return -1;
    keep_task task;
    keep_spawn(&task, promise);
    int result = 0;
    if (parallel_promise_value(future, PARALLEL_NEVER, &result, sizeof result) != 0)
        result = -1;
    keep_sync(&task);
    parallel_promise_destroy(promise);
    parallel_future_release(future);
    return value + result;
}
PARALLEL_FN(int, wait_for_child, int)

static void check_wait(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (int round = 0; round < 20; round++)
        ck_assert_int_eq(wait_for_child_await(wait_for_child_on(executor, round)), round + 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(and_the_owner_waits_for_a_future)
{
    check_wait("threads:1");
    check_wait("threads:2");
}
PROPERTY_END

PROPERTIES(by_a_worker_that_sleeps_or_searches, by_a_worker_that_never_searches_long, while_the_executor_shuts_down,
           and_the_owner_sleeps_at_its_sync, by_as_many_as_it_has_children, after_a_batch_that_came_back,
           while_who_searched_has_taken_a_task, and_the_owner_waits_for_a_future)
