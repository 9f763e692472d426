/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Callbacks: after each kind of end, in order of registration, a late one at once, each exactly once. They may do what
 * does not wait. */
#include <stdatomic.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, CALLED, RAN };

/* Callbacks run in the caller's process on every kind, so they may keep notes in its memory. */
static struct {
    int order[16];
    int count;
    enum parallel_future_state state;
    parallel_future *future;
} notes;

static void note(parallel_future *future, void *context)
{
    notes.order[notes.count++] = *(int *)context;
    notes.state = parallel_future_state(future);
    notes.future = future;
    make_mark(CALLED);
}

static int numbers[] = {0, 1, 2, 3, 4, 5, 6, 7};

static void assert_notes(int count, parallel_future *future, enum parallel_future_state state)
{
    wait_for_mark(CALLED, (uint32_t)count);
    ck_assert_int_eq(notes.count, count);
    for (int i = 0; i < count; i++)
        ck_assert_int_eq(notes.order[i], i);
    ck_assert_ptr_eq(notes.future, future);
    ck_assert_int_eq(notes.state, state);
}

PROPERTY(they_run_in_order_after_a_result)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_on(executor, 1, STARTED, GATE);
    for (int i = 0; i < 8; i++)
        ck_assert_ok(parallel_future_on_done(future, note, &numbers[i]));
    ck_assert_uint_eq(marks_made(CALLED), 0);
    make_mark(GATE);
    assert_notes(8, future, PARALLEL_DONE);
    ck_assert_int_eq(hold_await(future), 1);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(they_run_after_a_failure)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_and_fail_on(executor, 9, STARTED, GATE);
    for (int i = 0; i < 3; i++)
        ck_assert_ok(parallel_future_on_done(future, note, &numbers[i]));
    make_mark(GATE);
    assert_notes(3, future, PARALLEL_FAILED);
    int value;
    ck_assert_code(hold_and_fail_result(future, &value), 9);
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(they_run_in_the_canceller)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = mark_on(executor, RAN);
    for (int i = 0; i < 3; i++)
        ck_assert_ok(parallel_future_on_done(pending, note, &numbers[i]));
    ck_assert_ok(parallel_future_cancel(pending));
    ck_assert_int_eq(notes.count, 3); /* before cancel returned */
    assert_notes(3, pending, PARALLEL_CANCELLED);
    ck_assert_ok(parallel_future_cancel(pending));
    ck_assert_int_eq(notes.count, 3);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    parallel_future_release(pending);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_late_one_runs_at_once_in_its_caller)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 1);
    ck_assert_ok(parallel_future_wait(future, PARALLEL_NEVER));
    for (int i = 0; i < 3; i++) {
        ck_assert_ok(parallel_future_on_done(future, note, &numbers[i]));
        ck_assert_int_eq(notes.count, i + 1);
    }
    assert_notes(3, future, PARALLEL_DONE);
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

static int fail_code, wait_code, wait_list_code, next_code, close_code, map_code;
static parallel_executor *own;
static parallel_future *unended;

static void try_what_is_refused(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    fail_code = parallel_fail(1, "a callback is no task");
    wait_code = parallel_future_wait(unended, PARALLEL_NEVER);
    wait_list_code = parallel_wait(&unended, 1, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER);
    parallel_completion_set *set;
    next_code = parallel_completion_set_create(PARALLEL_AS_THEY_END, &set);
    if (next_code == 0)
        next_code = parallel_completion_set_add(set, unended, 0);
    if (next_code == 0) {
        parallel_future *next;
        next_code = parallel_completion_set_next(set, PARALLEL_NEVER, &next, NULL);
        parallel_completion_set_destroy(set);
    }
    const int zero = 0;
    int result;
    map_code = echo_map(own, 1, &result, &zero);
    close_code = parallel_executor_close(own);
    make_mark(CALLED);
}

PROPERTY(waiting_and_failing_in_them_is_refused)
{
    own = open_executor(1, NULL);
    parallel_promise *promise;
    ck_assert_ok(parallel_promise_create(0, &promise, &unended));
    parallel_future *future = echo_on(own, 3);
    ck_assert_ok(parallel_future_on_done(future, try_what_is_refused, NULL));
    wait_for_mark(CALLED, 1);
    ck_assert_int_eq(echo_await(future), 3); /* the call is not failed by its callback */
    ck_assert_int_eq(fail_code, PARALLEL_EMISUSE);
    ck_assert_int_eq(wait_code, PARALLEL_EDEADLK);
    ck_assert_int_eq(wait_list_code, PARALLEL_EDEADLK);
    ck_assert_int_eq(next_code, PARALLEL_EDEADLK);
    ck_assert_int_eq(map_code, PARALLEL_EDEADLK);
    ck_assert_int_eq(close_code, PARALLEL_EDEADLK);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    parallel_promise_destroy(promise);
    parallel_future_release(unended);
    close_executor(own);
}
PROPERTY_END

static _Atomic(parallel_future *) made_in_callback;

static void submit_add_cancel_release(parallel_future *future, void *context)
{
    parallel_executor *executor = context;
    int value = 0;
    if (echo_result_until(future, PARALLEL_POLL, &value) != 0 || value != 4)
        return; /* asking what is there is fine; the test notices */
    if (parallel_future_on_done(future, note, &numbers[0]) != 0)
        return;
    (void)parallel_future_cancel(future);
    atomic_store(&made_in_callback, echo_on(executor, 5));
    parallel_future_release(parallel_future_retain(future));
    make_mark(CALLED);
}

PROPERTY(they_may_ask_submit_add_cancel_and_release)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = echo_on(executor, 4);
    ck_assert_ok(parallel_future_on_done(future, submit_add_cancel_release, executor));
    wait_for_mark(CALLED, 2);
    ck_assert_int_eq(notes.count, 1);
    ck_assert_int_eq(echo_await(future), 4);
    ck_assert_int_eq(echo_await(atomic_load(&made_in_callback)), 5);
    close_executor(executor);
}
PROPERTY_END

static void release_the_last_reference(parallel_future *future, void *context)
{
    (void)context;
    parallel_future_release(future);
    make_mark(CALLED);
}

PROPERTY(one_may_release_the_last_reference)
{
    parallel_executor *executor = open_executor(1, NULL);
    const uint32_t calls = (uint32_t)repetitions(1000);
    for (uint32_t i = 0; i < calls; i++) {
        parallel_future *future = echo_on(executor, 4);
        ck_assert_ok(parallel_future_on_done(future, release_the_last_reference, NULL));
    }
    wait_for_mark(CALLED, calls);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(one_may_release_the_last_reference_while_it_is_cancelled)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *pending = echo_on(executor, 4);
    ck_assert_ok(parallel_future_on_done(pending, release_the_last_reference, NULL));
    ck_assert_ok(parallel_future_cancel(pending));
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    close_executor(executor);
}
PROPERTY_END

/* Many threads add callbacks while the call ends: each is called exactly once, whoever calls it. */
enum { STORM_THREADS = 4, STORM_ROUNDS = 300, STORM_ADDS = 20 };

static _Atomic int storm_calls[STORM_THREADS * STORM_ADDS];
static parallel_future *_Atomic storm_future;

static void count_call(parallel_future *future, void *context)
{
    (void)future;
    atomic_fetch_add((_Atomic int *)context, 1);
}

static void *add_callbacks(void *argument)
{
    int thread = *(int *)argument;
    for (uint32_t round = 1; round <= STORM_ROUNDS; round++) {
        wait_for_mark(10, round); /* the future is there */
        parallel_future *future = atomic_load(&storm_future);
        for (int i = 0; i < STORM_ADDS; i++)
            if (parallel_future_on_done(future, count_call, &storm_calls[thread * STORM_ADDS + i]) != 0)
                return argument;
        make_mark(11); /* this thread is done with it */
    }
    return NULL;
}

PROPERTY(each_runs_exactly_once_in_a_storm)
{
    parallel_executor *executor = open_executor(2, NULL);
    struct test_thread threads[STORM_THREADS];
    for (int i = 0; i < STORM_THREADS; i++)
        start_thread(&threads[i], add_callbacks, &numbers[i]);
    for (uint32_t round = 1; round <= STORM_ROUNDS; round++) {
        for (int i = 0; i < STORM_THREADS * STORM_ADDS; i++)
            atomic_store(&storm_calls[i], 0);
        parallel_future *future = echo_on(executor, (int)round);
        atomic_store(&storm_future, future);
        make_mark(10);
        if (round % 2 == 0)
            (void)parallel_future_cancel(future);
        wait_for_mark(11, round * STORM_THREADS);
        close_executor(executor); /* afterwards nothing of it runs any more, callbacks included */
        for (int i = 0; i < STORM_THREADS * STORM_ADDS; i++)
            ck_assert_int_eq(atomic_load(&storm_calls[i]), 1);
        parallel_future_release(future);
        executor = open_executor(2, NULL);
    }
    for (int i = 0; i < STORM_THREADS; i++)
        ck_assert_ptr_null(join_thread(&threads[i]));
    close_executor(executor);
}
PROPERTY_END

ROW(callbacks, {they_run_in_order_after_a_result, HAS_WORKERS}, {they_run_after_a_failure, HAS_WORKERS},
    {they_run_in_the_canceller, HAS_WORKERS}, {a_late_one_runs_at_once_in_its_caller, 0},
    {waiting_and_failing_in_them_is_refused, 0}, {they_may_ask_submit_add_cancel_and_release, 0},
    {one_may_release_the_last_reference, 0},
    {one_may_release_the_last_reference_while_it_is_cancelled, HAS_WORKERS}, {each_runs_exactly_once_in_a_storm, 0})
