/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Resizing while running: more workers take up what waits, surplus ones go to sleep after their call. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, GATE_2 };

static void assert_worker_count(parallel_executor *executor, size_t expected)
{
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    ck_assert_uint_eq(info.worker_count, expected);
}

PROPERTY(more_workers_take_up_what_waits)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *futures[4];
    for (int i = 0; i < 4; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    ck_assert_ok(parallel_executor_resize(executor, 4));
    assert_worker_count(executor, 4);
    wait_for_mark(STARTED, 4);
    make_mark(GATE);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(surplus_workers_go_to_sleep_after_their_call)
{
    parallel_executor *executor = open_executor(3, NULL);
    parallel_future *futures[3], *later[6];
    for (int i = 0; i < 3; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE);
    wait_for_mark(STARTED, 3);
    ck_assert_ok(parallel_executor_resize(executor, 1));
    assert_worker_count(executor, 1);
    make_mark(GATE);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    for (int i = 0; i < 6; i++)
        later[i] = hold_on(executor, i, STARTED, GATE_2);
    wait_for_mark(STARTED, 4);
    make_mark(GATE_2);
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(hold_await(later[i]), i);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(bad_counts_change_nothing)
{
    parallel_executor *executor = open_executor(2, NULL);
    ck_assert_code(parallel_executor_resize(executor, 4194305), PARALLEL_ERANGE);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "4194305"));
    assert_worker_count(executor, 2);
    ck_assert_int_eq(echo_await(echo_on(executor, 1)), 1);
    ck_assert_code(parallel_executor_resize(NULL, 1), PARALLEL_EINVALID);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_kind_without_workers_refuses)
{
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert_code(parallel_executor_resize(executor, 2), PARALLEL_EMISUSE);
    close_executor(executor);
}
PROPERTY_END

static parallel_executor *shared;

static void *resize_often(void *argument)
{
    size_t most = (size_t)(intptr_t)argument;
    intptr_t code = 0;
    for (size_t i = 0; i < 200 && code == 0; i++)
        code = parallel_executor_resize(shared, 1 + i % most);
    return (void *)code;
}

/* What broke: two resizes at once read the placement that one of them had freed. */
PROPERTY(resizes_race_with_each_other_and_with_calls)
{
    const int rounds = repetitions(200);
    shared = open_executor(2, NULL);
    struct test_thread threads[2];
    start_thread(&threads[0], resize_often, (void *)(intptr_t)5);
    start_thread(&threads[1], resize_often, (void *)(intptr_t)3);
    for (int round = 0; round < rounds; round++) {
        parallel_future *futures[10];
        for (int i = 0; i < 10; i++)
            futures[i] = echo_on(shared, i);
        for (int i = 0; i < 10; i++)
            ck_assert_int_eq(echo_await(futures[i]), i);
    }
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq((intptr_t)join_thread(&threads[i]), 0);
    close_executor(shared);
}
PROPERTY_END

ROW(resize, {more_workers_take_up_what_waits, CAN_RESIZE}, {surplus_workers_go_to_sleep_after_their_call, CAN_RESIZE},
    {bad_counts_change_nothing, CAN_RESIZE}, {a_kind_without_workers_refuses, RUNS_AT_SUBMISSION},
    {resizes_race_with_each_other_and_with_calls, CAN_RESIZE})
