/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A spawned call that fails fails the enclosing task, whoever ran it; a stolen one sees that its task is cancelled;
 * spawns without a sync end the program with a message that names the function. */
#include <parallel.h>

#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "tests/support/property.h"

static atomic_int has_run;

static void fail_with(int code)
{
    parallel_fail(code, "child %d", code);
    atomic_fetch_add(&has_run, 1);
}
PARALLEL_FN(void, fail_with, int)

static int parent(int waits_for_thief)
{
    atomic_store(&has_run, 0);
    fail_with_task first, second;
    fail_with_spawn(&first, 7);
    fail_with_spawn(&second, 8);
    while (waits_for_thief && atomic_load(&has_run) < 2)
        sched_yield();
    fail_with_sync(&second);
    fail_with_sync(&first);
    return 1;
}
PARALLEL_FN(int, parent, int)

static void check_failure(const char *specification, int waits_for_thief)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (int round = 0; round < 50; round++) {
        int result = 0;
        parallel_future *future = parent_on(executor, waits_for_thief);
        ck_assert_int_eq(parent_result(future, &result), 8); /* the first sync brings the first failure */
        ck_assert_str_eq(parallel_last_error()->message, "child 8");
        ck_assert_int_eq(result, 0);
        parallel_future_release(future);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(failure_of_an_own_call)
{
    check_failure("threads:1", 0);
    check_failure("serial", 0);
}
PROPERTY_END

PROPERTY(failure_of_a_stolen_call)
{
    check_failure("threads:2", 1);
}
PROPERTY_END

static int ask(void)
{
    atomic_store(&has_run, 1);
    while (!parallel_is_cancelled())
        sched_yield();
    return 5;
}
PARALLEL_FN(int, ask)

static int cancelled_parent(void)
{
    ask_task task;
    ask_spawn(&task);
    while (!atomic_load(&has_run))
        sched_yield();
    return ask_sync(&task);
}
PARALLEL_FN(int, cancelled_parent)

PROPERTY(cancellation_reaches_a_stolen_call)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    parallel_future *future = cancelled_parent_on(executor);
    while (!atomic_load(&has_run))
        sched_yield();
    ck_assert_int_eq(parallel_future_cancel(future), PARALLEL_ERUNNING);
    ck_assert_int_eq(cancelled_parent_await(future), 5);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* Call 0 fails while the spawned call of call 1 runs. */
static int fails_or_asks(int index)
{
    if (index == 1)
        return cancelled_parent();
    while (!atomic_load(&has_run))
        sched_yield();
    parallel_fail(9, "call 0");
    return 0;
}
PARALLEL_FN(int, fails_or_asks, int)

PROPERTY(failure_of_a_map_reaches_a_stolen_call)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:3,places=none", &executor), 0);
    int results[2], indices[2] = {0, 1};
    parallel_map_options options = {.chunk = 1};
    ck_assert_int_eq(fails_or_asks_map_with(executor, 2, &options, results, indices), 9);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static int forgets_to_sync(void)
{
    static fail_with_task task;
    fail_with_spawn(&task, 9);
    return 0;
}
PARALLEL_FN(int, forgets_to_sync)

PROPERTY(a_forgotten_sync_ends_the_program)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:1", &executor), 0);
    parallel_future_release(forgets_to_sync_on(executor));
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

static long descend(long depth)
{
    if (depth == 0)
        return 0;
    extern long below(long depth);
    return below(depth - 1) + 1;
}
PARALLEL_FN(long, descend, long)

long below(long depth);
long below(long depth)
{
    descend_task task;
    descend_spawn(&task, depth);
    return descend_sync(&task);
}

static long dig(long depth)
{
    descend_task tasks[3];
    for (int i = 0; i < 3; i++)
        descend_spawn(&tasks[i], depth);
    long sum = 0;
    for (int i = 2; i >= 0; i--)
        sum += descend_sync(&tasks[i]);
    return sum;
}
PARALLEL_FN(long, dig, long)

static long hold_many(int count)
{
    descend_task *tasks = calloc((size_t)count, sizeof *tasks);
    for (int i = 0; i < count; i++)
        descend_spawn(&tasks[i], 2);
    long sum = 0;
    for (int i = count - 1; i >= 0; i--)
        sum += descend_sync(&tasks[i]);
    free(tasks);
    return sum;
}
PARALLEL_FN(long, hold_many, int)

PROPERTY(more_spawns_than_a_deque_holds)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:2", &executor), 0);
    ck_assert_int_eq(hold_many_await(hold_many_on(executor, 20000)), 40000);
    ck_assert_int_eq(dig_await(dig_on(executor, 1000)), 3000);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

int main(void)
{
    Suite *suite = suite_create(__FILE__);
    TCase *cases = tcase_create("properties");
    tcase_set_timeout(cases, PROPERTY_TIME_LIMIT);
    tcase_add_test(cases, failure_of_an_own_call);
    tcase_add_test(cases, failure_of_a_stolen_call);
    tcase_add_test(cases, cancellation_reaches_a_stolen_call);
    tcase_add_test(cases, failure_of_a_map_reaches_a_stolen_call);
    tcase_add_test(cases, more_spawns_than_a_deque_holds);
    tcase_add_test_raise_signal(cases, a_forgotten_sync_ends_the_program, SIGABRT);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
