/* SPDX-License-Identifier: BSD-3-Clause
 *
 * That more than one thread takes part, when they should, and no more than there are workers. */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

static parallel_executor *open_executor(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    return executor;
}

static parallel_loop_options options_of(parallel_executor *executor)
{
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.executor = executor;
    options.grain = 1;
    return options;
}

/* Each iteration waits for all others, so it ends only if each has a thread. */
PARALLEL_LOOP(meet, (atomic_int *, arrived, int, all), i)
{
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < all)
        usleep(0);
}

PROPERTY(the_caller_and_the_workers)
{
    for (int workers = 2; workers <= 6; workers++) {
        char specification[32];
        snprintf(specification, sizeof specification, "threads:%d,places=none", workers);
        parallel_executor *executor = open_executor(specification);
        parallel_loop_options options = options_of(executor);
        for (int round = 0; round < 100; round++) {
            atomic_int arrived;
            atomic_init(&arrived, 0);
            ck_assert_int_eq(meet_run_with(&options, 0, workers, &arrived, workers), 0);
        }
        for (int round = 0; round < 20; round++) {
            atomic_int arrived;
            atomic_init(&arrived, 0);
            meet_await(meet_on_with(executor, &options, 0, workers, &arrived, workers));
        }
        ck_assert_int_eq(parallel_executor_close(executor), 0);
    }
}
PROPERTY_END

/* Inner loops whose two iterations must meet, in the iterations of an outer one: as many at once as half the workers. */
PARALLEL_LOOP(outer, (parallel_executor *, executor, atomic_int *, arrived), i)
{
    parallel_loop_options options = options_of(executor);
    for (int round = 0; round < 20; round++) {
        atomic_store(&arrived[i], 0);
        ck_assert_int_eq(meet_run_with(&options, 0, 2, &arrived[i], 2), 0);
    }
}

PROPERTY(of_a_loop_in_a_loop)
{
    parallel_executor *executor = open_executor("threads:4,places=none");
    parallel_loop_options options = options_of(executor);
    for (int round = 0; round < 20; round++) {
        atomic_int arrived[2];
        ck_assert_int_eq(outer_run_with(&options, 0, 2, executor, arrived), 0);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static atomic_int inside, most_inside;

static void enter(void)
{
    int now = atomic_fetch_add(&inside, 1) + 1;
    int most = atomic_load(&most_inside);
    while (now > most && !atomic_compare_exchange_weak(&most_inside, &most, now))
        continue;
}

PARALLEL_LOOP(leaf, (atomic_long *, sum), i)
{
    enter();
    for (int turn = 0; turn < 100; turn++)
        usleep(0);
    atomic_fetch_add(sum, i);
    atomic_fetch_sub(&inside, 1);
}

PARALLEL_LOOP(branch, (int, depth, atomic_long *, sum), i)
{
    (void)i;
    if (depth == 0)
        ck_assert_int_eq(leaf_run(0, 8, sum), 0);
    else
        ck_assert_int_eq(branch_run(0, 4, depth - 1, sum), 0);
}

static int tree(int depth, atomic_long *sum)
{
    return branch_run(0, 4, depth, sum);
}
PARALLEL_FN(int, tree, int, atomic_long *)

PROPERTY(of_loops_in_loops_in_tasks_and_never_more_than_workers)
{
    parallel_executor *executor = open_executor("threads:3,places=none");
    atomic_long sum;
    atomic_init(&sum, 0);
    parallel_future *futures[6];
    for (int k = 0; k < 6; k++)
        futures[k] = tree_on(executor, 2, &sum);
    for (int k = 0; k < 6; k++)
        ck_assert_int_eq(tree_await(futures[k]), 0);
    ck_assert_int_eq(atomic_load(&sum), 6L * 64 * 28);
    ck_assert_int_le(atomic_load(&most_inside), 3);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* More loops open at once than the board has posts: those that find none run in their owners. */
PARALLEL_LOOP(nested, (int, depth, atomic_long *, sum), i)
{
    if (depth > 0 && i == 0)
        ck_assert_int_eq(nested_run(0, 2, depth - 1, sum), 0);
    atomic_fetch_add(sum, 1);
}

PROPERTY(of_a_hundred_loops_in_each_other)
{
    parallel_executor *executor = open_executor("threads:2");
    parallel_loop_options options = options_of(executor);
    atomic_long sum;
    atomic_init(&sum, 0);
    for (int round = 0; round < 20; round++)
        ck_assert_int_eq(nested_run_with(&options, 0, 2, 100, &sum), 0);
    ck_assert_int_eq(atomic_load(&sum), 20 * 2 * 101);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* A task that a loop body waits for by looking, on the one worker that is left. */
static atomic_int mark;

static int set_mark(void)
{
    atomic_store(&mark, 1);
    return 0;
}
PARALLEL_FN(int, set_mark)

PARALLEL_LOOP(wait_for_task, (parallel_executor *, executor, atomic_int *, arrived), i)
{
    atomic_fetch_add(arrived, 1);
    while (atomic_load(arrived) < 2)
        usleep(0);
    if (i == 0) {
        parallel_future *future = set_mark_on(executor);
        while (atomic_load(&mark) == 0)
            usleep(0);
        set_mark_await(future);
    }
    while (atomic_load(&mark) == 0)
        usleep(0);
}

PROPERTY(while_a_task_finds_another_worker)
{
    parallel_executor *executor = open_executor("threads:2,places=none");
    parallel_loop_options options = options_of(executor);
    for (int round = 0; round < 100; round++) {
        atomic_int arrived;
        atomic_init(&arrived, 0);
        atomic_store(&mark, 0);
        ck_assert_int_eq(wait_for_task_run_with(&options, 0, 2, executor, &arrived), 0);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PARALLEL_LOOP(stop_when_shared, (atomic_bool *, is_shared), i)
{
    if (i > INT64_MIN / 2 && !atomic_load_explicit(is_shared, memory_order_relaxed))
        atomic_store(is_shared, true);
    if (i == INT64_MIN) {
        while (!atomic_load(is_shared))
            usleep(0);
        parallel_loop_stop();
    }
}

/* What broke: the longest ranges have units of 2^36 iterations, and who had begun one had to end it. */
PROPERTY(and_leave_the_longest_range_at_a_stop)
{
    parallel_executor *executor = open_executor("threads:2,places=none");
    parallel_loop_options options = options_of(executor);
    int64_t where = 0;
    options.grain = 0;
    options.stopped_at = &where;
    for (int round = 0; round < 10; round++) {
        atomic_bool is_shared;
        atomic_init(&is_shared, false);
        ck_assert_int_eq(stop_when_shared_run_with(&options, INT64_MIN, INT64_MAX, &is_shared), 0);
        ck_assert_int_eq(where, INT64_MIN);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PARALLEL_LOOP(run_until_cancelled, (atomic_bool *, begun), i)
{
    (void)i;
    if (!atomic_load_explicit(begun, memory_order_relaxed))
        atomic_store(begun, true);
}

PROPERTY(and_leave_the_longest_range_when_cancelled)
{
    parallel_executor *executor = open_executor("threads:2,places=none");
    parallel_loop_options options = options_of(executor);
    options.grain = 0;
    atomic_bool begun;
    atomic_init(&begun, false);
    parallel_future *future = run_until_cancelled_on_with(executor, &options, INT64_MIN, INT64_MAX, &begun);
    while (!atomic_load(&begun))
        usleep(0);
    parallel_future_cancel(future);
    ck_assert_int_eq(run_until_cancelled_result(future), PARALLEL_ECANCELLED);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(the_caller_and_the_workers, of_a_loop_in_a_loop, of_loops_in_loops_in_tasks_and_never_more_than_workers,
           of_a_hundred_loops_in_each_other, while_a_task_finds_another_worker,
           and_leave_the_longest_range_at_a_stop, and_leave_the_longest_range_when_cancelled)
