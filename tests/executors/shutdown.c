/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Shutting down: nothing is taken afterwards, what was submitted runs or is cancelled as asked, twice is fine, from
 * everywhere, and nothing hangs. */
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/kernel_view.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, RAN, CALLED };

PROPERTY(a_submission_afterwards_is_an_error)
{
    parallel_executor *executor = open_executor(1, NULL);
    ck_assert_int_eq(echo_await(echo_on(executor, 1)), 1);
    ck_assert_ok(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER));
    parallel_future *refused = mark_on(executor, RAN);
    ck_assert_int_eq(parallel_future_state(refused), PARALLEL_FAILED);
    ck_assert_code(mark_result(refused), PARALLEL_ESHUTDOWN);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "shutdown"));
    parallel_future_release(refused);
    parallel_executor_info info;
    ck_assert_ok(parallel_executor_describe(executor, &info));
    ck_assert(info.is_shut_down);
    ck_assert_uint_eq(info.started_count, 0);
    close_executor(executor);
    ck_assert_uint_eq(marks_made(RAN), 0);
}
PROPERTY_END

PROPERTY(it_may_be_asked_for_again)
{
    parallel_executor *executor = open_executor(2, NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER));
        ck_assert_ok(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL));
    }
    parallel_executor_request_shutdown(executor);
    parallel_executor_request_shutdown(NULL);
    ck_assert_code(parallel_executor_shutdown(executor, (enum parallel_shutdown_mode)7, PARALLEL_POLL),
                   PARALLEL_EINVALID);
    close_executor(executor);
    ck_assert_ok(parallel_executor_close(NULL));
    ck_assert_code(parallel_executor_shutdown(NULL, PARALLEL_SHUTDOWN_FINISH, PARALLEL_POLL), PARALLEL_EINVALID);
}
PROPERTY_END

PROPERTY(a_closed_executor_is_known_as_such)
{
    parallel_executor *executor = open_executor(1, NULL);
    close_executor(executor);
    parallel_executor_info info;
    ck_assert_code(parallel_executor_close(executor), PARALLEL_EINVALID);
    ck_assert_code(parallel_executor_describe(executor, &info), PARALLEL_EINVALID);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_POLL), PARALLEL_EINVALID);
}
PROPERTY_END

PROPERTY(it_waits_for_what_was_submitted)
{
    enum { CALLS = 50 };
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *futures[CALLS];
    for (int i = 0; i < CALLS; i++)
        futures[i] = mark_on(executor, RAN);
    ck_assert_ok(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_NEVER));
    ck_assert_uint_eq(marks_made(RAN), CALLS);
    for (int i = 0; i < CALLS; i++) {
        ck_assert_int_eq(parallel_future_state(futures[i]), PARALLEL_DONE);
        parallel_future_release(futures[i]);
    }
    close_executor(executor);
}
PROPERTY_END

PROPERTY(without_waiting_the_work_still_ends)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    parallel_future *pending = echo_on(executor, 2);
    wait_for_mark(STARTED, 1);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, parallel_deadline_in(0.001)),
                   PARALLEL_ETIMEDOUT);
    parallel_future *refused = echo_on(executor, 3);
    int value;
    ck_assert_code(echo_result(refused, &value), PARALLEL_ESHUTDOWN);
    parallel_future_release(refused);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(pending), 2);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(it_may_cancel_what_is_pending)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending[20];
    for (int i = 0; i < 20; i++)
        pending[i] = mark_on(executor, RAN);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    for (int i = 0; i < 20; i++) {
        ck_assert(parallel_future_is_cancelled(pending[i]));
        parallel_future_release(pending[i]);
    }
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    close_executor(executor);
    ck_assert_uint_eq(marks_made(RAN), 0);
}
PROPERTY_END

PROPERTY(first_finish_then_cancel)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = mark_on(executor, RAN);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_int_eq(parallel_future_state(pending), PARALLEL_PENDING);
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert(parallel_future_is_cancelled(pending));
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

static parallel_executor *own;

static int shutdown_own(int mode)
{
    if (mode == 2)
        return parallel_executor_close(own);
    return parallel_executor_shutdown(own, (enum parallel_shutdown_mode)mode, PARALLEL_NEVER);
}
PARALLEL_FN(int, shutdown_own, int)

PROPERTY(from_its_own_task_it_is_started_and_nobody_waits)
{
    for (int mode = 0; mode < 3; mode++) {
        own = open_executor(1, NULL);
        ck_assert_int_eq(shutdown_own_await(shutdown_own_on(own, mode)), PARALLEL_EDEADLK);
        parallel_future *refused = echo_on(own, 1);
        int value;
        ck_assert_code(echo_result(refused, &value), PARALLEL_ESHUTDOWN);
        parallel_future_release(refused);
        close_executor(own);
    }
}
PROPERTY_END

static _Atomic int callback_code;

static void close_in_callback(parallel_future *future, void *context)
{
    (void)future;
    atomic_store(&callback_code, parallel_executor_close(context));
    make_mark(CALLED);
}

PROPERTY(from_a_callback_it_is_started_and_nobody_waits)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    ck_assert_ok(parallel_future_on_done(future, close_in_callback, executor));
    wait_for_mark(CALLED, 1);
    ck_assert_int_eq(atomic_load(&callback_code), PARALLEL_EDEADLK);
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

/* What is cancelled calls back in the thread that shuts down, and may submit there: it is refused. */
static _Atomic int refusal_code;

static void submit_in_callback(parallel_future *future, void *context)
{
    (void)future;
    parallel_future *refused = mark_on(context, RAN);
    atomic_store(&refusal_code, mark_result_until(refused, PARALLEL_POLL));
    parallel_future_release(refused);
}

PROPERTY(what_is_cancelled_calls_back)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = mark_on(executor, RAN);
    ck_assert_ok(parallel_future_on_done(pending, submit_in_callback, executor));
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_int_eq(atomic_load(&refusal_code), PARALLEL_ESHUTDOWN);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

/* Requested by a signal handler's rules: only refuses. */
PROPERTY(a_request_refuses_and_lets_the_rest_run)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    parallel_future *pending = echo_on(executor, 2);
    parallel_executor_request_shutdown(executor);
    parallel_future *refused = echo_on(executor, 3);
    int value;
    ck_assert_code(echo_result(refused, &value), PARALLEL_ESHUTDOWN);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(pending), 2);
    parallel_future_release(refused);
    close_executor(executor);
}
PROPERTY_END

/* Submitters against a shutdown: each call has run, or was refused or cancelled, and never anything else. What broke: a
 * submission that lost a swap to another one and then found the queue closed turned the other one's tasks round too. */
enum { SUBMITTERS = 3, MOST_SUBMISSIONS = 200, ROUNDS = 100 };

static int submissions; /* of each */
static _Atomic int ran, refused_count, cancelled_count, other_count;

static void *submit_until_refused(void *argument)
{
    parallel_executor *executor = argument;
    parallel_future *futures[MOST_SUBMISSIONS];
    make_mark(STARTED);
    for (int i = 0; i < submissions; i++)
        futures[i] = mark_on(executor, RAN);
    for (int i = 0; i < submissions; i++) {
        int code = mark_result(futures[i]);
        atomic_fetch_add(code == 0                       ? &ran
                         : code == PARALLEL_ESHUTDOWN    ? &refused_count
                         : code == PARALLEL_ECANCELLED   ? &cancelled_count
                                                         : &other_count,
                         1);
        parallel_future_release(futures[i]);
    }
    return NULL;
}

PROPERTY(it_races_with_submitters)
{
    const int rounds = openings(ROUNDS);
    submissions = repetitions(10 * MOST_SUBMISSIONS); /* where calls are processes a fifth of the others' */
    submissions = submissions < MOST_SUBMISSIONS ? submissions : MOST_SUBMISSIONS;
    for (int round = 1; round <= rounds; round++) {
        parallel_executor *executor = open_executor(2, NULL);
        struct test_thread threads[SUBMITTERS];
        for (int i = 0; i < SUBMITTERS; i++)
            start_thread(&threads[i], submit_until_refused, executor);
        wait_for_mark(STARTED, (uint32_t)(round * SUBMITTERS));
        enum parallel_shutdown_mode mode = round % 2 == 0 ? PARALLEL_SHUTDOWN_FINISH : PARALLEL_SHUTDOWN_CANCEL;
        ck_assert_ok(parallel_executor_shutdown(executor, mode, PARALLEL_NEVER));
        for (int i = 0; i < SUBMITTERS; i++)
            join_thread(&threads[i]);
        ck_assert_uint_eq(marks_made(RAN), (uint32_t)atomic_load(&ran));
        close_executor(executor);
    }
    ck_assert_int_eq(atomic_load(&other_count), 0);
    ck_assert_int_eq(atomic_load(&ran) + atomic_load(&refused_count) + atomic_load(&cancelled_count),
                     rounds * SUBMITTERS * submissions);
}
PROPERTY_END

/* What broke: whoever described, resized or shut down an executor while another thread closed it used freed memory. */
static void *describe_until_closed(void *argument)
{
    parallel_executor_info info;
    make_mark(STARTED);
    while (parallel_executor_describe(argument, &info) == 0)
        continue;
    return NULL;
}

static void *close_and_report(void *argument)
{
    make_mark(STARTED);
    return (void *)(intptr_t)parallel_executor_close(argument);
}

PROPERTY(closing_waits_for_those_who_use_it)
{
    const uint32_t rounds = (uint32_t)openings(ROUNDS);
    for (uint32_t round = 1; round <= rounds; round++) {
        parallel_executor *executor = open_executor(2, NULL);
        parallel_future_release(echo_on(executor, 1));
        struct test_thread describer, closers[2];
        start_thread(&describer, describe_until_closed, executor);
        for (int i = 0; i < 2; i++)
            start_thread(&closers[i], close_and_report, executor);
        intptr_t codes[2];
        for (int i = 0; i < 2; i++)
            codes[i] = (intptr_t)join_thread(&closers[i]);
        join_thread(&describer);
        ck_assert_int_eq(codes[0] + codes[1], PARALLEL_EINVALID); /* one closed it, the other was told so */
        ck_assert(codes[0] == 0 || codes[1] == 0);
    }
}
PROPERTY_END

PROPERTY(no_thread_and_no_process_is_left)
{
    parallel_executor *first = open_executor(1, NULL);
    ck_assert_int_eq(echo_await(echo_on(first, 1)), 1); /* the thread sanitizer adds a thread of its own to the first one */
    close_executor(first);
    size_t threads = thread_count(), children = current_children(NULL, 0);
    const int rounds = openings(20);
    for (int round = 0; round < rounds; round++) {
        parallel_executor *executor = open_executor(3, NULL);
        parallel_future *futures[30];
        for (int i = 0; i < 30; i++)
            futures[i] = echo_on(executor, i);
        for (int i = 0; i < 30; i++)
            ck_assert_int_eq(echo_await(futures[i]), i);
        close_executor(executor);
        while (thread_count() > threads) /* a joined thread stands in /proc for a moment */
            sched_yield();
        ck_assert_uint_eq(current_children(NULL, 0), children);
    }
}
PROPERTY_END

ROW(shutdown, {a_submission_afterwards_is_an_error, 0}, {it_may_be_asked_for_again, 0},
    {a_closed_executor_is_known_as_such, 0}, {it_waits_for_what_was_submitted, 0},
    {without_waiting_the_work_still_ends, HAS_WORKERS}, {it_may_cancel_what_is_pending, HAS_WORKERS},
    {first_finish_then_cancel, HAS_WORKERS}, {from_its_own_task_it_is_started_and_nobody_waits, SHARES_MEMORY},
    {from_a_callback_it_is_started_and_nobody_waits, 0}, {what_is_cancelled_calls_back, HAS_WORKERS},
    {a_request_refuses_and_lets_the_rest_run, HAS_WORKERS}, {it_races_with_submitters, 0},
    {closing_waits_for_those_who_use_it, 0}, {no_thread_and_no_process_is_left, 0})
