/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Long rows of chains: neither their end nor their destruction recurses. */
#include <stdlib.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { STARTED, GATE, RAN };

static parallel_executor *executor;

static parallel_future *count_only(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    make_mark(RAN);
    return NULL;
}

enum { LONG = 100000 };

static parallel_future *make_row(parallel_future *first, bool recovers)
{
    parallel_future *last = parallel_future_retain(first);
    for (int i = 0; i < LONG; i++) {
        parallel_future *next = recovers ? parallel_future_recover(last, count_only, NULL)
                                         : parallel_future_then(last, count_only, NULL);
        parallel_future_release(last);
        last = next;
    }
    return last;
}

PROPERTY(a_failure_runs_down_a_long_row)
{
    parallel_promise *promise;
    parallel_future *promised;
    ck_assert_ok(parallel_promise_create(0, &promise, &promised));
    parallel_future *last = make_row(promised, false);
    ck_assert_ok(parallel_promise_fail(promise, 9, "from the beginning"));
    ck_assert_code(mark_result(last), 9);
    ck_assert_str_eq(parallel_last_error()->message, "from the beginning");
    parallel_future_release(last);
    parallel_future_release(promised);
    parallel_promise_destroy(promise);
}
PROPERTY_END

PROPERTY(a_value_runs_down_a_long_row)
{
    parallel_promise *promise;
    parallel_future *promised;
    ck_assert_ok(parallel_promise_create(sizeof(int), &promise, &promised));
    parallel_future *last = make_row(promised, true);
    int value = 12;
    ck_assert_ok(parallel_promise_set(promise, &value));
    value = 0;
    ck_assert_ok(parallel_promise_value(last, PARALLEL_NEVER, &value, sizeof value));
    ck_assert_int_eq(value, 12);
    parallel_future_release(promised);
    parallel_promise_destroy(promise);
    parallel_future_release(last);
}
PROPERTY_END

PROPERTY(continuations_run_down_a_long_row)
{
    executor = open_executor(2, NULL);
    parallel_future *first = hold_on(executor, 1, STARTED, GATE);
    parallel_future *last = make_row(first, false);
    make_mark(GATE);
    ck_assert_ok(parallel_future_wait(last, PARALLEL_NEVER));
    ck_assert_uint_eq(marks_made(RAN), LONG);
    parallel_future_release(first);
    parallel_future_release(last);
    close_executor(executor);
}
PROPERTY_END

/* With a promise in front also kinds that run at submission have a row to run down. */
static parallel_future *start_call(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    return echo_on(executor, 1);
}

PROPERTY(continuations_of_a_promise_run_down_a_long_row)
{
    char text[160];
    setenv("PARALLEL_EXECUTOR", specify(text, 1, NULL), 1); /* where the continuations of promises run */
    executor = parallel_executor_default();
    ck_assert_ptr_nonnull(executor);
    parallel_promise *promise;
    parallel_future *promised;
    ck_assert_ok(parallel_promise_create(0, &promise, &promised));
    parallel_future *call = parallel_future_then(promised, start_call, NULL);
    parallel_future *last = make_row(call, false);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_ok(parallel_future_wait(last, PARALLEL_NEVER));
    ck_assert_uint_eq(marks_made(RAN), LONG);
    parallel_future_release(call);
    parallel_future_release(last);
    parallel_future_release(promised);
    parallel_promise_destroy(promise);
}
PROPERTY_END

ROW(chain_rows, {a_failure_runs_down_a_long_row, 0}, {a_value_runs_down_a_long_row, 0},
    {continuations_run_down_a_long_row, HAS_WORKERS}, {continuations_of_a_promise_run_down_a_long_row, 0})
