/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Whoever submits a burst wakes one worker at most while that one is on its way, and nobody while all are at work: the one
 * that was woken calls the next. Its way is as long as the test likes: wakes are counted, and held up. */
#include <parallel.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "libparallel/base/parking_lot.h"
#include "tests/support/property.h"

enum { CALLS = 1000 };

static atomic_int wakes, at_work, gate, holds_up;
static __thread int in_burst;

struct pl_parker *__real_pl_parking_lot_wake_apart(struct pl_parking_lot *lot, int cpu, int *woken_cpu);
struct pl_parker *__wrap_pl_parking_lot_wake_apart(struct pl_parking_lot *lot, int cpu, int *woken_cpu);

/* A wake that another thread of the program is making, which ends when that says so. */
struct pl_parker *__wrap_pl_parking_lot_wake_apart(struct pl_parking_lot *lot, int cpu, int *woken_cpu)
{
    atomic_fetch_add(&wakes, 1);
    while (!in_burst && atomic_load(&holds_up) != 0)
        sched_yield();
    return __real_pl_parking_lot_wake_apart(lot, cpu, woken_cpu);
}

static int work(int value)
{
    atomic_fetch_add(&at_work, 1);
    while (atomic_load(&gate) == 0)
        sched_yield();
    return value;
}
PARALLEL_FN(int, work, int)

static int quick(int value)
{
    return value;
}
PARALLEL_FN(int, quick, int)

static parallel_future *burst[CALLS];

static void submit_burst(parallel_executor *executor)
{
    in_burst = 1;
    for (int i = 0; i < CALLS; i++)
        burst[i] = quick_on(executor, i);
    in_burst = 0;
}

static void await_burst(void)
{
    for (int i = 0; i < CALLS; i++)
        ck_assert_int_eq(quick_await(burst[i]), i);
}

PROPERTY(nobody_while_all_are_at_work)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2,places=none", &executor), 0);
    atomic_store(&gate, 0);
    parallel_future *one = work_on(executor, 1), *other = work_on(executor, 2);
    while (atomic_load(&at_work) < 2)
        sched_yield();
    int before = atomic_load(&wakes);
    submit_burst(executor);
    ck_assert_int_eq(atomic_load(&wakes), before);
    atomic_store(&gate, 1);
    ck_assert_int_eq(work_await(one) + work_await(other), 3);
    await_burst();
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static parallel_executor *asleep;
static parallel_future *first;

static void *submit_first(void *nothing)
{
    first = quick_on(asleep, 0);
    return nothing;
}

PROPERTY(nobody_while_one_is_on_its_way)
{
    ck_assert_int_eq(parallel_executor_open("threads:2,places=none", &asleep), 0);
    ck_assert_int_eq(quick_await(quick_on(asleep, 1)), 1); /* a worker exists, and will sleep */
    atomic_store(&holds_up, 1);
    pthread_t submitter;
    int before = atomic_load(&wakes);
    /* If the worker still searches no wake is made, and it is tried again. */
    while (atomic_load(&wakes) == before) {
        ck_assert_int_eq(pthread_create(&submitter, NULL, submit_first, NULL), 0);
        while (atomic_load(&wakes) == before && pthread_tryjoin_np(submitter, NULL) != 0)
            sched_yield();
        if (atomic_load(&wakes) == before)
            ck_assert_int_eq(quick_await(first), 0);
    }
    submit_burst(asleep);
    ck_assert_int_eq(atomic_load(&wakes), before + 1);
    atomic_store(&holds_up, 0);
    ck_assert_int_eq(pthread_join(submitter, NULL), 0);
    ck_assert_int_eq(quick_await(first), 0);
    await_burst();
    ck_assert_int_eq(parallel_executor_close(asleep), 0);
}
PROPERTY_END

PROPERTIES(nobody_while_all_are_at_work, nobody_while_one_is_on_its_way)
