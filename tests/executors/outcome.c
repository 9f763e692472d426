/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a future tells: its state in words, its result, its failure, all in one consistent look. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { STARTED, GATE };

PROPERTY(states_have_names)
{
    ck_assert_str_eq(parallel_state_name(PARALLEL_PENDING), "pending");
    ck_assert_str_eq(parallel_state_name(PARALLEL_RUNNING), "running");
    ck_assert_str_eq(parallel_state_name(PARALLEL_DONE), "done");
    ck_assert_str_eq(parallel_state_name(PARALLEL_FAILED), "failed");
    ck_assert_str_eq(parallel_state_name(PARALLEL_CANCELLED), "cancelled");
    ck_assert_str_eq(parallel_state_name((enum parallel_future_state)99), "unknown state");
}
PROPERTY_END

static void assert_description(parallel_future *future, const char *expected)
{
    char line[200];
    int length = parallel_future_describe(future, line, sizeof line);
    ck_assert_str_eq(line, expected);
    ck_assert_int_eq(length, (int)strlen(expected));
    char cut[5];
    ck_assert_int_eq(parallel_future_describe(future, cut, sizeof cut), length);
    ck_assert_int_eq(strncmp(cut, expected, 4), 0);
}

PROPERTY(a_line_describes_a_future_that_has_ended)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *done = echo_on(executor, 1);
    parallel_future *failed = fail_with_on(executor, PARALLEL_EFAILED);
    parallel_future *strange = fail_with_on(executor, 4711);
    parallel_future *all[] = {done, failed, strange};
    ck_assert_ok(parallel_wait(all, 3, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    assert_description(done, "echo: done");
    assert_description(failed, "fail_with: failed (PARALLEL_EFAILED: told to fail with -24)");
    assert_description(strange, "fail_with: failed (code 4711: told to fail with 4711)");
    for (int i = 0; i < 3; i++)
        parallel_future_release(all[i]);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_line_describes_a_future_on_its_way)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = echo_on(executor, 2);
    assert_description(running, "hold: running");
    assert_description(pending, "echo: pending");
    ck_assert_ok(parallel_future_cancel(pending));
    assert_description(pending, "echo: cancelled");
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_result_may_be_asked_for_again)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 5);
    for (int i = 0; i < 3; i++) {
        int value = 0;
        ck_assert_ok(echo_result(future, &value));
        ck_assert_int_eq(value, 5);
    }
    ck_assert_int_eq(echo_await(future), 5);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_deadline_that_passes_leaves_the_future_as_it_is)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_on(executor, 6, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    int value = -1;
    ck_assert_code(hold_result_until(future, PARALLEL_POLL, &value), PARALLEL_ETIMEDOUT);
    ck_assert_code(hold_result_until(future, parallel_deadline_in(0.001), &value), PARALLEL_ETIMEDOUT);
    ck_assert_code(parallel_future_wait(future, parallel_deadline_in(0.001)), PARALLEL_ETIMEDOUT);
    ck_assert_int_eq(value, -1);
    parallel_failure failure;
    ck_assert_code(parallel_future_error(future, &failure), PARALLEL_ETIMEDOUT);
    ck_assert(!parallel_future_is_done(future));
    make_mark(GATE);
    ck_assert_ok(hold_result_until(future, PARALLEL_NEVER, &value));
    ck_assert_int_eq(value, 6);
    ck_assert_ok(hold_result_until(future, PARALLEL_POLL, &value));
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_failure_arrives_with_code_message_and_worker)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = fail_with_on(executor, 77);
    int value = -1;
    ck_assert_code(fail_with_result(future, &value), 77);
    ck_assert_int_eq(value, -1);
    ck_assert_str_eq(parallel_last_error()->message, "told to fail with 77");
    parallel_failure failure;
    ck_assert_ok(parallel_future_error(future, &failure));
    ck_assert_int_eq(failure.code, 77);
    ck_assert_str_eq(failure.message, "told to fail with 77");
    ck_assert_int_eq(failure.system_errno, 0);
    ck_assert_int_eq(failure.signal, 0);
    ck_assert_int_eq(failure.exit_status, -1);
    ck_assert_int_eq(failure.worker, (kind.traits & KEEPS_WORKERS) ? 0 : failure.worker);
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_FAILED);
    ck_assert(parallel_future_is_done(future));
    ck_assert(!parallel_future_is_cancelled(future));
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_call_that_is_done_has_no_failure)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    ck_assert_ok(parallel_future_wait(future, PARALLEL_NEVER));
    parallel_failure failure = {.code = 1, .signal = 1};
    ck_assert_ok(parallel_future_error(future, &failure));
    ck_assert_int_eq(failure.code, 0);
    ck_assert_int_eq(failure.signal, 0);
    ck_assert_int_eq(failure.exit_status, -1);
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(one_look_shows_state_failure_and_result)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *done = echo_on(executor, 8);
    parallel_future *failed = fail_with_on(executor, 9);
    ck_assert_ok(parallel_future_wait(done, PARALLEL_NEVER));
    ck_assert_ok(parallel_future_wait(failed, PARALLEL_NEVER));
    enum parallel_future_state state;
    parallel_failure failure;
    int value = -1;
    ck_assert_ok(parallel_future_snapshot(done, &echo_parallel_function, &state, &failure, &value));
    ck_assert_int_eq(state, PARALLEL_DONE);
    ck_assert_int_eq(failure.code, 0);
    ck_assert_int_eq(value, 8);
    value = -1;
    ck_assert_ok(parallel_future_snapshot(failed, &fail_with_parallel_function, &state, &failure, &value));
    ck_assert_int_eq(state, PARALLEL_FAILED);
    ck_assert_int_eq(failure.code, 9);
    ck_assert_int_eq(value, -1);
    ck_assert_ok(parallel_future_snapshot(done, NULL, &state, NULL, NULL));
    ck_assert_ok(parallel_future_snapshot(done, NULL, NULL, NULL, NULL));
    ck_assert_code(parallel_future_snapshot(done, NULL, NULL, NULL, &value), PARALLEL_EINVALID);
    ck_assert_code(parallel_future_snapshot(done, &hold_parallel_function, &state, NULL, &value),
                   PARALLEL_EWRONGFUNCTION);
    parallel_future_release(done);
    parallel_future_release(failed);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(one_look_at_a_running_call_shows_no_result)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_on(executor, 3, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    enum parallel_future_state state;
    parallel_failure failure;
    int value = -1;
    ck_assert_ok(parallel_future_snapshot(future, &hold_parallel_function, &state, &failure, &value));
    ck_assert_int_eq(state, PARALLEL_RUNNING);
    ck_assert_int_eq(failure.code, 0);
    ck_assert_int_eq(value, -1);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(future), 3);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(the_result_of_another_function_is_refused)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    int value = -1;
    ck_assert_code(hold_result(future, &value), PARALLEL_EWRONGFUNCTION);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "echo"));
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "hold"));
    ck_assert_int_eq(value, -1);
    ck_assert_int_eq(echo_await(future), 1);
    close_executor(executor);
}
PROPERTY_END

/* A future is retained by each of its holders; the last release frees it (the leak sanitizer checks that). */
PROPERTY(references_are_counted)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 4);
    ck_assert_ptr_eq(parallel_future_retain(future), future);
    ck_assert_int_eq(echo_await(future), 4);
    int value;
    ck_assert_ok(echo_result(future, &value));
    ck_assert_int_eq(value, 4);
    parallel_future_release(future);
    parallel_future_release(NULL);
    ck_assert_ptr_null(parallel_future_retain(NULL));
    close_executor(executor);
}
PROPERTY_END

PROPERTY(futures_outlive_their_executor)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *done = echo_on(executor, 11);
    parallel_future *failed = fail_with_on(executor, 12);
    close_executor(executor);
    int value;
    ck_assert_ok(echo_result_until(done, PARALLEL_POLL, &value));
    ck_assert_int_eq(value, 11);
    ck_assert_code(fail_with_result(failed, &value), 12);
    ck_assert_code(parallel_future_cancel(done), PARALLEL_EDONE);
    ck_assert_int_ge(parallel_future_fd(done), 0);
    parallel_future_release(done);
    parallel_future_release(failed);
}
PROPERTY_END

ROW(outcome, {states_have_names, 0}, {a_line_describes_a_future_that_has_ended, 0},
    {a_line_describes_a_future_on_its_way, HAS_WORKERS}, {a_result_may_be_asked_for_again, 0},
    {a_deadline_that_passes_leaves_the_future_as_it_is, HAS_WORKERS},
    {a_failure_arrives_with_code_message_and_worker, 0}, {a_call_that_is_done_has_no_failure, 0},
    {one_look_shows_state_failure_and_result, 0}, {one_look_at_a_running_call_shows_no_result, HAS_WORKERS},
    {the_result_of_another_function_is_refused, 0}, {references_are_counted, 0}, {futures_outlive_their_executor, 0})
