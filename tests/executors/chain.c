/* SPDX-License-Identifier: BSD-3-Clause
 *
 * then() and recover(): the continuation runs or is passed over, what it returns is followed, errors travel on or turn
 * into values, and a chain that would wait for itself is refused. Continuations run in this process on every kind. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"

enum { STARTED, GATE, RAN };

static parallel_executor *executor;

static int value_of(parallel_future *future)
{
    int value = -1000;
    if (echo_result(future, &value) != 0)
        value = -2000;
    return value;
}

static parallel_future *add_one(parallel_future *future, void *context)
{
    (void)context;
    make_mark(RAN);
    return echo_on(executor, value_of(future) + 1);
}

PROPERTY(a_value_goes_through_a_row_of_continuations)
{
    executor = open_executor(2, NULL);
    parallel_future *chain = echo_on(executor, 0);
    for (int i = 0; i < 10; i++) {
        parallel_future *next = parallel_future_then(chain, add_one, NULL);
        parallel_future_release(chain);
        chain = next;
    }
    ck_assert_int_eq(value_of(chain), 10);
    ck_assert_uint_eq(marks_made(RAN), 10);
    char line[100];
    parallel_future_describe(chain, line, sizeof line);
    ck_assert_str_eq(line, "chain: done");
    ck_assert_int_eq(echo_await(chain), 10);
    close_executor(executor);
}
PROPERTY_END

static parallel_future *count_only(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    make_mark(RAN);
    return NULL;
}

PROPERTY(an_end_without_a_value_is_done_but_has_no_result)
{
    executor = open_executor(1, NULL);
    parallel_future *source = echo_on(executor, 1);
    parallel_future *chain = parallel_future_then(source, count_only, NULL);
    ck_assert_ok(parallel_future_wait(chain, PARALLEL_NEVER));
    ck_assert_int_eq(parallel_future_state(chain), PARALLEL_DONE);
    int value = -1;
    ck_assert_code(echo_result(chain, &value), PARALLEL_EWRONGFUNCTION);
    ck_assert_int_eq(value, -1);
    parallel_failure failure;
    ck_assert_ok(parallel_future_error(chain, &failure));
    ck_assert_int_eq(failure.code, 0);
    parallel_future_release(chain);
    parallel_future_release(source);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(an_error_passes_over_then)
{
    executor = open_executor(2, NULL);
    parallel_future *source = fail_with_on(executor, 5);
    parallel_future *one = parallel_future_then(source, count_only, NULL);
    parallel_future *two = parallel_future_then(one, count_only, NULL);
    ck_assert_code(mark_result(two), 5);
    ck_assert_str_eq(parallel_last_error()->message, "told to fail with 5");
    ck_assert_int_eq(parallel_future_state(one), PARALLEL_FAILED);
    ck_assert_uint_eq(marks_made(RAN), 0);
    parallel_future_release(one);
    parallel_future_release(two);
    parallel_future_release(source);
    close_executor(executor);
}
PROPERTY_END

static parallel_future *turn_into_value(parallel_future *future, void *context)
{
    (void)context;
    parallel_failure failure;
    if (parallel_future_error(future, &failure) != 0)
        return NULL;
    return echo_on(executor, failure.code);
}

PROPERTY(recover_turns_an_error_into_a_value)
{
    executor = open_executor(2, NULL);
    parallel_future *source = fail_with_on(executor, 5);
    parallel_future *chain = parallel_future_recover(source, turn_into_value, NULL);
    parallel_future_release(source);
    ck_assert_int_eq(echo_await(chain), 5);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_value_passes_over_recover)
{
    executor = open_executor(2, NULL);
    parallel_future *source = echo_on(executor, 8);
    parallel_future *one = parallel_future_recover(source, count_only, NULL);
    parallel_future *two = parallel_future_recover(one, count_only, NULL);
    parallel_future_release(source);
    parallel_future_release(one);
    ck_assert_int_eq(echo_await(two), 8);
    ck_assert_uint_eq(marks_made(RAN), 0);
    close_executor(executor);
}
PROPERTY_END

static parallel_future *fail_here(parallel_future *future, void *context)
{
    (void)future;
    parallel_fail(*(int *)context, "the continuation fails with %d", *(int *)context);
    return echo_on(executor, 1); /* let go */
}

PROPERTY(a_continuation_may_fail)
{
    int code = 66;
    executor = open_executor(2, NULL);
    parallel_future *source = echo_on(executor, 8);
    parallel_future *chain = parallel_future_then(source, fail_here, &code);
    int value;
    ck_assert_code(echo_result(chain, &value), 66);
    ck_assert_str_eq(parallel_last_error()->message, "the continuation fails with 66");
    ck_assert_int_eq(echo_await(source), 8);
    parallel_future_release(chain);
    close_executor(executor);
}
PROPERTY_END

static parallel_future *follow_failure(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    return fail_with_on(executor, 44);
}

PROPERTY(what_it_returns_is_followed_into_failure)
{
    executor = open_executor(1, NULL);
    parallel_future *source = echo_on(executor, 8);
    parallel_future *chain = parallel_future_then(source, follow_failure, NULL);
    ck_assert_code(mark_result(chain), 44);
    parallel_future_release(source);
    parallel_future_release(chain);
    close_executor(executor);
}
PROPERTY_END

static parallel_future *follow_context(parallel_future *future, void *context)
{
    (void)future;
    make_mark(RAN);
    return parallel_future_retain(context);
}

PROPERTY(what_it_returns_is_followed_until_it_ends)
{
    executor = open_executor(2, NULL);
    parallel_promise *promise;
    parallel_future *promised;
    ck_assert_ok(parallel_promise_create(sizeof(int), &promise, &promised));
    parallel_future *source = echo_on(executor, 8);
    parallel_future *chain = parallel_future_then(source, follow_context, promised);
    parallel_future *beyond = parallel_future_then(chain, follow_context, promised);
    wait_for_mark(RAN, 1);
    ck_assert(parallel_future_is_running(chain));
    ck_assert_int_eq(parallel_future_state(beyond), PARALLEL_PENDING);
    ck_assert_code(parallel_future_cancel(chain), PARALLEL_ERUNNING);
    int value = 31;
    ck_assert_ok(parallel_promise_set(promise, &value));
    value = 0;
    ck_assert_ok(parallel_promise_value(chain, PARALLEL_NEVER, &value, sizeof value));
    ck_assert_int_eq(value, 31);
    ck_assert_ok(parallel_promise_value(beyond, PARALLEL_NEVER, &value, sizeof value));
    parallel_promise_destroy(promise);
    parallel_future_release(promised);
    parallel_future_release(source);
    parallel_future_release(chain);
    parallel_future_release(beyond);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(many_may_follow_one)
{
    executor = open_executor(2, NULL);
    parallel_future *source = hold_on(executor, 5, STARTED, GATE);
    parallel_future *chains[20];
    for (int i = 0; i < 20; i++)
        chains[i] = i % 2 == 0 ? parallel_future_then(source, count_only, NULL)
                               : parallel_future_recover(source, count_only, NULL);
    make_mark(GATE);
    ck_assert_ok(parallel_wait(chains, 20, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
    ck_assert_uint_eq(marks_made(RAN), 10);
    for (int i = 0; i < 20; i++)
        parallel_future_release(chains[i]);
    ck_assert_int_eq(hold_await(source), 5);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_pending_chain_is_cancelled_and_its_source_is_not)
{
    executor = open_executor(1, NULL);
    parallel_future *source = hold_on(executor, 5, STARTED, GATE);
    parallel_future *chain = parallel_future_then(source, count_only, NULL);
    parallel_future *beyond = parallel_future_then(chain, count_only, NULL);
    parallel_future *rescued = parallel_future_recover(chain, count_only, NULL);
    wait_for_mark(STARTED, 1);
    ck_assert_ok(parallel_future_cancel(chain));
    ck_assert_code(mark_result(chain), PARALLEL_ECANCELLED);
    ck_assert_code(mark_result(beyond), PARALLEL_ECANCELLED); /* it ends as its source did */
    make_mark(GATE);
    ck_assert_ok(parallel_future_wait(rescued, PARALLEL_NEVER));
    ck_assert_int_eq(parallel_future_state(rescued), PARALLEL_DONE);
    ck_assert_int_eq(hold_await(source), 5);
    close_executor(executor);
    ck_assert_uint_eq(marks_made(RAN), 1);
    parallel_future_release(chain);
    parallel_future_release(beyond);
    parallel_future_release(rescued);
}
PROPERTY_END

PROPERTY(then_on_a_future_whose_executor_is_closed_fails)
{
    executor = open_executor(1, NULL);
    parallel_future *done = echo_on(executor, 1);
    parallel_future *failed = fail_with_on(executor, 3);
    close_executor(executor);
    parallel_future *chain = parallel_future_then(done, count_only, NULL);
    ck_assert_ptr_nonnull(chain);
    ck_assert_code(mark_result(chain), PARALLEL_ESHUTDOWN);
    parallel_future *passed = parallel_future_then(failed, count_only, NULL); /* needs no executor */
    ck_assert_code(mark_result(passed), 3);
    executor = open_executor(1, NULL); /* perhaps at the same address: still not the one */
    parallel_future *again = parallel_future_then(done, count_only, NULL);
    ck_assert_code(mark_result(again), PARALLEL_ESHUTDOWN);
    ck_assert_uint_eq(marks_made(RAN), 0);
    parallel_future_release(done);
    parallel_future_release(failed);
    parallel_future_release(chain);
    parallel_future_release(passed);
    parallel_future_release(again);
    close_executor(executor);
}
PROPERTY_END

/* ---- Chains that would wait for themselves ---- */

static parallel_future *one, *other;

static parallel_future *follow_one(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    return parallel_future_retain(one);
}

static parallel_future *follow_other(parallel_future *future, void *context)
{
    (void)future;
    (void)context;
    return parallel_future_retain(other);
}

static void start_with(parallel_promise **promise, parallel_future **future)
{
    ck_assert_ok(parallel_promise_create(0, promise, future));
}

PROPERTY(a_chain_that_returns_itself_is_refused)
{
    executor = open_executor(1, NULL);
    parallel_promise *promise;
    parallel_future *source;
    start_with(&promise, &source);
    one = parallel_future_then(source, follow_one, NULL);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_code(mark_result(one), PARALLEL_EDEADLK);
    parallel_future_release(one);
    parallel_future_release(source);
    parallel_promise_destroy(promise);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(two_chains_that_return_each_other_are_refused)
{
    executor = open_executor(1, NULL);
    parallel_promise *promises[2];
    parallel_future *sources[2];
    for (int i = 0; i < 2; i++)
        start_with(&promises[i], &sources[i]);
    one = parallel_future_then(sources[0], follow_other, NULL);
    other = parallel_future_then(sources[1], follow_one, NULL);
    for (int i = 0; i < 2; i++)
        ck_assert_ok(parallel_promise_set(promises[i], NULL));
    ck_assert_code(mark_result(one), PARALLEL_EDEADLK);
    ck_assert_code(mark_result(other), PARALLEL_EDEADLK);
    parallel_future_release(one);
    parallel_future_release(other);
    for (int i = 0; i < 2; i++) {
        parallel_future_release(sources[i]);
        parallel_promise_destroy(promises[i]);
    }
    close_executor(executor);
}
PROPERTY_END

/* The circle leads through a source: `one` returns `other`, which is made of `one`. */
PROPERTY(a_chain_that_returns_what_waits_for_it_is_refused)
{
    executor = open_executor(1, NULL);
    parallel_promise *promise;
    parallel_future *source;
    start_with(&promise, &source);
    one = parallel_future_then(source, follow_other, NULL);
    parallel_future *between = parallel_future_then(one, count_only, NULL);
    other = parallel_future_then(between, count_only, NULL);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_code(mark_result(one), PARALLEL_EDEADLK);
    ck_assert_code(mark_result(other), PARALLEL_EDEADLK);
    ck_assert_code(mark_result(between), PARALLEL_EDEADLK);
    parallel_future_release(one);
    parallel_future_release(between);
    parallel_future_release(other);
    parallel_future_release(source);
    parallel_promise_destroy(promise);
    close_executor(executor);
}
PROPERTY_END

/* A continuation of the row waits for a chain that it makes itself: that one must not wait in line behind it. */
static parallel_future *wait_for_own_chain(parallel_future *future, void *context)
{
    (void)context;
    parallel_future *own = parallel_future_then(future, add_one, NULL);
    int value = value_of(own);
    parallel_future_release(own);
    return echo_on(executor, value);
}

PROPERTY(a_continuation_may_wait_for_a_chain_of_its_own)
{
    executor = open_executor(1, NULL);
    parallel_future *source = echo_on(executor, 1);
    parallel_future *chain = parallel_future_then(source, wait_for_own_chain, NULL);
    parallel_future *beyond = parallel_future_then(chain, wait_for_own_chain, NULL);
    ck_assert_int_eq(value_of(beyond), 3);
    parallel_future_release(source);
    parallel_future_release(chain);
    parallel_future_release(beyond);
    close_executor(executor);
}
PROPERTY_END

/* What broke: a late then() that waited for room in a full queue held a lock that the workers needed to make room. */
PROPERTY(a_late_then_that_waits_for_room_holds_up_nobody)
{
    const int rounds = repetitions(200);
    executor = open_executor(1, "queue=1");
    parallel_future *done = echo_on(executor, 1);
    ck_assert_ok(parallel_future_wait(done, PARALLEL_NEVER));
    for (int round = 0; round < rounds; round++) {
        parallel_future *chains[8];
        for (int i = 0; i < 8; i++)
            chains[i] = parallel_future_then(done, add_one, NULL); /* its call submits from a worker, chained again */
        ck_assert_ok(parallel_wait(chains, 8, PARALLEL_ALL_COMPLETED, PARALLEL_NEVER));
        for (int i = 0; i < 8; i++) {
            parallel_future *next = parallel_future_then(chains[i], add_one, NULL);
            ck_assert_int_eq(value_of(next), 3);
            parallel_future_release(next);
            parallel_future_release(chains[i]);
        }
    }
    parallel_future_release(done);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(bad_arguments_are_already_failed_chains)
{
    parallel_future *chain = parallel_future_then(NULL, count_only, NULL);
    ck_assert_code(mark_result(chain), PARALLEL_EINVALID);
    parallel_future_release(chain);
    executor = open_executor(1, NULL);
    parallel_future *source = echo_on(executor, 1);
    chain = parallel_future_recover(source, NULL, NULL);
    ck_assert_code(mark_result(chain), PARALLEL_EINVALID);
    parallel_future_release(chain);
    parallel_future_release(source);
    close_executor(executor);
}
PROPERTY_END

ROW(chain, {a_value_goes_through_a_row_of_continuations, 0}, {an_end_without_a_value_is_done_but_has_no_result, 0},
    {an_error_passes_over_then, 0}, {recover_turns_an_error_into_a_value, 0}, {a_value_passes_over_recover, 0},
    {a_continuation_may_fail, 0}, {what_it_returns_is_followed_into_failure, 0},
    {what_it_returns_is_followed_until_it_ends, 0}, {many_may_follow_one, HAS_WORKERS},
    {a_pending_chain_is_cancelled_and_its_source_is_not, HAS_WORKERS},
    {then_on_a_future_whose_executor_is_closed_fails, 0}, {a_chain_that_returns_itself_is_refused, 0},
    {two_chains_that_return_each_other_are_refused, 0}, {a_chain_that_returns_what_waits_for_it_is_refused, 0},
    {a_continuation_may_wait_for_a_chain_of_its_own, 0},
    {a_late_then_that_waits_for_room_holds_up_nobody, HAS_QUEUE_LIMIT},
    {bad_arguments_are_already_failed_chains, 0})
