/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Cancelling: a pending call is cancelled and never runs; a running one gets the request; an ended one stays as it is. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, RAN };

PROPERTY(a_pending_call_is_cancelled_and_never_runs)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = mark_on(executor, RAN);
    ck_assert_ok(parallel_future_cancel(pending));
    ck_assert_int_eq(parallel_future_state(pending), PARALLEL_CANCELLED);
    ck_assert(parallel_future_is_cancelled(pending));
    ck_assert(parallel_future_is_done(pending));
    ck_assert(!parallel_future_is_running(pending));
    ck_assert_ok(parallel_future_cancel(pending)); /* twice is fine */
    ck_assert_code(mark_result(pending), PARALLEL_ECANCELLED);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "mark"));
    parallel_failure failure;
    ck_assert_ok(parallel_future_error(pending, &failure));
    ck_assert_int_eq(failure.code, PARALLEL_ECANCELLED);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(echo_on(executor, 2)), 2); /* the queue has gone past the cancelled one */
    ck_assert_uint_eq(marks_made(RAN), 0);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

static int cancel_until_asked(void)
{
    make_mark(STARTED);
    wait_for_mark(GATE, 1);
    return parallel_is_cancelled() ? 1 : 0;
}
PARALLEL_FN(int, cancel_until_asked)

PROPERTY(a_running_call_gets_the_request_and_its_result_counts)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *asked = cancel_until_asked_on(executor);
    wait_for_mark(STARTED, 1);
    ck_assert(parallel_future_is_running(asked));
    ck_assert_code(parallel_future_cancel(asked), PARALLEL_ERUNNING);
    ck_assert_code(parallel_future_cancel(asked), PARALLEL_ERUNNING);
    ck_assert(!parallel_future_is_cancelled(asked));
    make_mark(GATE);
    ck_assert_int_eq(cancel_until_asked_await(asked), 1);
    ck_assert_int_eq(cancel_until_asked_await(cancel_until_asked_on(executor)), 0); /* the next one is not asked */
    close_executor(executor);
}
PROPERTY_END

PROPERTY(what_has_ended_cannot_be_cancelled)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *done = echo_on(executor, 1);
    parallel_future *failed = fail_with_on(executor, 5);
    ck_assert_ok(parallel_future_wait(done, PARALLEL_NEVER));
    ck_assert_ok(parallel_future_wait(failed, PARALLEL_NEVER));
    ck_assert_code(parallel_future_cancel(done), PARALLEL_EDONE);
    ck_assert_code(parallel_future_cancel(failed), PARALLEL_EDONE);
    ck_assert_int_eq(parallel_future_state(done), PARALLEL_DONE);
    ck_assert_int_eq(parallel_future_state(failed), PARALLEL_FAILED);
    ck_assert_int_eq(echo_await(done), 1);
    int value;
    ck_assert_code(fail_with_result(failed, &value), 5);
    parallel_future_release(failed);
    close_executor(executor);
}
PROPERTY_END

static bool cancel_is_asked(void)
{
    return parallel_is_cancelled();
}
PARALLEL_FN(bool, cancel_is_asked)

PROPERTY(nobody_is_asked_without_a_request)
{
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert(!cancel_is_asked_await(cancel_is_asked_on(executor)));
    ck_assert(!parallel_is_cancelled());
    close_executor(executor);
}
PROPERTY_END

static void *wait_for_cancelled(void *argument)
{
    int code = mark_result(argument);
    return (void *)(intptr_t)code;
}

PROPERTY(cancelling_wakes_who_waits)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = mark_on(executor, RAN);
    struct test_thread waiter;
    start_thread(&waiter, wait_for_cancelled, pending);
    ck_assert_ok(parallel_future_cancel(pending));
    ck_assert_int_eq((intptr_t)join_thread(&waiter), PARALLEL_ECANCELLED);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

/* Cancel races with the start: whoever wins, the future ends once, and the call has run if and only if it was not
 * cancelled. */
PROPERTY(cancelling_races_with_the_start)
{
    enum { ROUNDS = 20000 };
    parallel_executor *executor = open_executor(2, NULL);
    uint32_t ran = 0, cancelled = 0;
    for (int i = 0; i < ROUNDS; i++) {
        parallel_future *future = mark_on(executor, RAN);
        int code = parallel_future_cancel(future);
        int result = mark_result(future);
        if (code == 0) {
            ck_assert_int_eq(result, PARALLEL_ECANCELLED);
            cancelled++;
        } else {
            ck_assert(code == PARALLEL_ERUNNING || code == PARALLEL_EDONE);
            ck_assert_int_eq(result, 0);
            ran++;
        }
        parallel_future_release(future);
    }
    ck_assert_uint_eq(marks_made(RAN), ran);
    ck_assert_uint_eq(ran + cancelled, ROUNDS);
    close_executor(executor);
}
PROPERTY_END

ROW(cancel, {a_pending_call_is_cancelled_and_never_runs, HAS_WORKERS},
    {a_running_call_gets_the_request_and_its_result_counts, HAS_WORKERS}, {what_has_ended_cannot_be_cancelled, 0},
    {nobody_is_asked_without_a_request, 0}, {cancelling_wakes_who_waits, HAS_WORKERS},
    {cancelling_races_with_the_start, 0})
