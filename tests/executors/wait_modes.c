/* SPDX-License-Identifier: BSD-3-Clause
 *
 * parallel_wait(): all, the first, the first that failed; what has ended already, what is listed twice, deadlines, and
 * completions that race with all that. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, GATE_2, GATE_3 };

static void release_all(parallel_future **futures, int count)
{
    for (int i = 0; i < count; i++)
        parallel_future_release(futures[i]);
}

PROPERTY(an_empty_list_is_complete)
{
    ck_assert_ok(parallel_wait(NULL, 0, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    ck_assert_ok(parallel_wait(NULL, 0, PARALLEL_FIRST_COMPLETED, PARALLEL_NEVER));
    ck_assert_ok(parallel_wait(NULL, 0, PARALLEL_FIRST_FAILED, PARALLEL_POLL));
}
PROPERTY_END

PROPERTY(all_waits_for_the_last)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *futures[] = {hold_on(executor, 0, STARTED, GATE), hold_on(executor, 1, STARTED, GATE_2)};
    wait_for_mark(STARTED, 2);
    make_mark(GATE);
    ck_assert_ok(parallel_future_wait(futures[0], PARALLEL_NEVER));
    ck_assert_code(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "1 futures have not ended"));
    ck_assert_code(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, parallel_deadline_in(0.001)), PARALLEL_ETIMEDOUT);
    make_mark(GATE_2);
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, parallel_deadline_in(60)));
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, PARALLEL_POLL));
    release_all(futures, 2);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(first_returns_with_the_first)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *futures[] = {hold_on(executor, 0, STARTED, GATE), hold_on(executor, 1, STARTED, GATE_2)};
    wait_for_mark(STARTED, 2);
    ck_assert_code(parallel_wait(futures, 2, PARALLEL_FIRST_COMPLETED, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "2 futures have not ended"));
    make_mark(GATE_2);
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_FIRST_COMPLETED, PARALLEL_NEVER));
    ck_assert(parallel_future_is_done(futures[1]));
    ck_assert(!parallel_future_is_done(futures[0]));
    make_mark(GATE);
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    release_all(futures, 2);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(first_is_satisfied_by_what_has_ended)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *done = echo_on(executor, 1);
    ck_assert_ok(parallel_future_wait(done, PARALLEL_NEVER));
    parallel_promise *promise;
    parallel_future *unended;
    ck_assert_ok(parallel_promise_create(0, &promise, &unended));
    parallel_future *futures[] = {unended, done};
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_FIRST_COMPLETED, PARALLEL_NEVER));
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_FIRST_COMPLETED, PARALLEL_POLL));
    ck_assert_code(parallel_wait(futures, 2, PARALLEL_FIRST_FAILED, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_FIRST_FAILED, PARALLEL_NEVER)); /* none fails: all */
    parallel_promise_destroy(promise);
    release_all(futures, 2);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(first_failed_passes_over_results)
{
    parallel_executor *executor = open_executor(3, NULL);
    parallel_future *futures[] = {hold_on(executor, 0, STARTED, GATE), hold_and_fail_on(executor, 9, STARTED, GATE_2),
                                  hold_on(executor, 0, STARTED, GATE_3)};
    wait_for_mark(STARTED, 3);
    make_mark(GATE);
    ck_assert_ok(parallel_future_wait(futures[0], PARALLEL_NEVER));
    ck_assert_code(parallel_wait(futures, 3, PARALLEL_FIRST_FAILED, parallel_deadline_in(0.001)), PARALLEL_ETIMEDOUT);
    make_mark(GATE_2);
    ck_assert_ok(parallel_wait(futures, 3, PARALLEL_FIRST_FAILED, PARALLEL_NEVER));
    ck_assert_int_eq(parallel_future_state(futures[1]), PARALLEL_FAILED);
    ck_assert(!parallel_future_is_done(futures[2]));
    ck_assert_ok(parallel_wait(futures, 3, PARALLEL_FIRST_FAILED, PARALLEL_POLL)); /* one has failed already */
    make_mark(GATE_3);
    ck_assert_ok(parallel_wait(futures, 3, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    parallel_failure failure;
    ck_assert_ok(parallel_future_error(futures[1], &failure));
    release_all(futures, 3);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_cancelled_future_counts_as_failed)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *futures[] = {hold_on(executor, 0, STARTED, GATE), echo_on(executor, 1)};
    wait_for_mark(STARTED, 1);
    ck_assert_ok(parallel_future_cancel(futures[1]));
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_FIRST_FAILED, PARALLEL_NEVER));
    ck_assert(!parallel_future_is_done(futures[0]));
    make_mark(GATE);
    ck_assert_ok(parallel_wait(futures, 2, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    release_all(futures, 2);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_future_that_is_listed_twice_counts_once)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *future = hold_on(executor, 0, STARTED, GATE);
    parallel_future *futures[] = {future, future, future};
    ck_assert_code(parallel_wait(futures, 3, PARALLEL_ALL_COMPLETED, parallel_deadline_in(0.001)), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "1 futures have not ended"));
    make_mark(GATE);
    ck_assert_ok(parallel_wait(futures, 3, PARALLEL_ALL_COMPLETED, parallel_deadline_in(60)));
    ck_assert_ok(parallel_wait(futures, 3, PARALLEL_FIRST_FAILED, PARALLEL_NEVER));
    parallel_future_release(future);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(futures_of_several_executors_and_promises_mix)
{
    parallel_executor *one = open_executor(1, NULL);
    parallel_executor *other = open_executor(1, NULL);
    parallel_executor *serial;
    ck_assert_ok(parallel_executor_open("serial", &serial));
    parallel_promise *promise;
    parallel_future *promised;
    ck_assert_ok(parallel_promise_create(0, &promise, &promised));
    parallel_future *futures[] = {echo_on(one, 0), promised, echo_on(other, 1), echo_on(serial, 2)};
    ck_assert_code(parallel_wait(futures, 4, PARALLEL_ALL_COMPLETED, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_ok(parallel_wait(futures, 4, PARALLEL_ALL_COMPLETED, parallel_deadline_in(60)));
    parallel_promise_destroy(promise);
    release_all(futures, 4);
    close_executor(serial);
    close_executor(other);
    close_executor(one);
}
PROPERTY_END

/* Waits in all modes, with deadlines that pass about when the calls end, while the calls end. Nothing is missed, nothing
 * hangs, and what is left after a deadline is waited for again. */
PROPERTY(completion_races_with_waits_and_deadlines)
{
    enum { CALLS = 4 };
    const int rounds = repetitions(3000);
    parallel_executor *executor = open_executor(2, NULL);
    for (int round = 0; round < rounds; round++) {
        parallel_future *futures[CALLS];
        for (int i = 0; i < CALLS; i++)
            futures[i] = round % 7 == 6 && i == 2 ? fail_with_on(executor, 3) : echo_on(executor, i);
        enum parallel_wait_mode mode = (enum parallel_wait_mode)(round % 3);
        uint64_t deadline_ns = round % 2 == 0 ? PARALLEL_NEVER : parallel_deadline_in(1e-6 * (round % 50));
        int code = parallel_wait(futures, CALLS, mode, deadline_ns);
        if (deadline_ns == PARALLEL_NEVER)
            ck_assert_code(code, 0);
        int ended = 0;
        for (int i = 0; i < CALLS; i++)
            ended += parallel_future_is_done(futures[i]);
        if (code == 0)
            ck_assert_int_ge(ended, mode == PARALLEL_ALL_COMPLETED ? CALLS : 1);
        else
            ck_assert_int_eq(code, PARALLEL_ETIMEDOUT);
        ck_assert_ok(parallel_wait(futures, CALLS, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
        for (int i = 0; i < CALLS; i++) {
            parallel_failure failure;
            ck_assert_ok(parallel_future_error(futures[i], &failure));
        }
        release_all(futures, CALLS);
    }
    close_executor(executor);
}
PROPERTY_END

/* Several threads wait for the same futures in different ways. */
enum { WAITERS = 4 };

static parallel_future *shared_futures[16];

static void *wait_in_some_way(void *argument)
{
    int way = *(int *)argument;
    int code = 0;
    if (way == 0)
        code = parallel_wait(shared_futures, 16, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER);
    else if (way == 1)
        code = parallel_wait(shared_futures, 16, PARALLEL_FIRST_FAILED, parallel_deadline_in(60));
    else
        for (int i = 0; i < 16; i++)
            code |= parallel_future_wait(shared_futures[way == 2 ? i : 15 - i], PARALLEL_NEVER);
    return (void *)(intptr_t)code;
}

PROPERTY(many_may_wait_for_the_same)
{
    static int ways[WAITERS] = {0, 1, 2, 3};
    parallel_executor *executor = open_executor(2, NULL);
    for (int i = 0; i < 16; i++)
        shared_futures[i] = hold_on(executor, i, STARTED, GATE);
    struct test_thread threads[WAITERS];
    for (int i = 0; i < WAITERS; i++)
        start_thread(&threads[i], wait_in_some_way, &ways[i]);
    make_mark(GATE);
    for (int i = 0; i < WAITERS; i++)
        ck_assert_int_eq((intptr_t)join_thread(&threads[i]), 0);
    release_all(shared_futures, 16);
    close_executor(executor);
}
PROPERTY_END

ROW(wait_modes, {an_empty_list_is_complete, 0}, {all_waits_for_the_last, HAS_WORKERS},
    {first_returns_with_the_first, HAS_WORKERS}, {first_is_satisfied_by_what_has_ended, 0},
    {first_failed_passes_over_results, HAS_WORKERS}, {a_cancelled_future_counts_as_failed, HAS_WORKERS},
    {a_future_that_is_listed_twice_counts_once, HAS_WORKERS}, {futures_of_several_executors_and_promises_mix, 0},
    {completion_races_with_waits_and_deadlines, 0}, {many_may_wait_for_the_same, HAS_WORKERS})
