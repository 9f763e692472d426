/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Promises: ended by the program once, by whoever is first; waited for like any future. */
#include <stdatomic.h>
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/threads.h"

enum { STARTED };

static parallel_promise *promise;
static parallel_future *future;

static void make_promise(size_t size)
{
    ck_assert_ok(parallel_promise_create(size, &promise, &future));
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_PENDING);
}

static void end_promise(void)
{
    parallel_promise_destroy(promise);
    parallel_future_release(future);
}

PROPERTY(a_value_is_set_once)
{
    make_promise(sizeof(double));
    double value = 2.5, again = 3.5, out = 0;
    ck_assert_code(parallel_promise_value(future, PARALLEL_POLL, &out, sizeof out), PARALLEL_ETIMEDOUT);
    ck_assert_ok(parallel_promise_set(promise, &value));
    ck_assert_code(parallel_promise_set(promise, &again), PARALLEL_EDONE);
    ck_assert_code(parallel_promise_fail(promise, 1, "too late"), PARALLEL_EDONE);
    ck_assert_code(parallel_promise_start(promise), PARALLEL_EMISUSE);
    ck_assert_ok(parallel_promise_value(future, PARALLEL_NEVER, &out, sizeof out));
    ck_assert(out == 2.5);
    ck_assert_code(parallel_promise_value(future, PARALLEL_NEVER, &out, 1), PARALLEL_EWRONGFUNCTION);
    int strange;
    ck_assert_code(echo_result(future, &strange), PARALLEL_EWRONGFUNCTION);
    end_promise();
}
PROPERTY_END

PROPERTY(a_failure_is_set_once)
{
    make_promise(0);
    ck_assert_code(parallel_promise_fail(promise, 0, "no failure"), PARALLEL_EINVALID);
    ck_assert_ok(parallel_promise_fail(promise, 88, "line %d", 3));
    ck_assert_code(parallel_promise_fail(promise, 89, "again"), PARALLEL_EDONE);
    ck_assert_code(parallel_promise_set(promise, NULL), PARALLEL_EDONE);
    ck_assert_code(parallel_promise_value(future, PARALLEL_NEVER, NULL, 0), 88);
    ck_assert_str_eq(parallel_last_error()->message, "line 3");
    end_promise();
}
PROPERTY_END

PROPERTY(a_started_promise_cannot_be_cancelled)
{
    make_promise(0);
    ck_assert_ok(parallel_promise_start(promise));
    ck_assert_code(parallel_promise_start(promise), PARALLEL_EMISUSE);
    ck_assert(parallel_future_is_running(future));
    ck_assert_code(parallel_future_cancel(future), PARALLEL_ERUNNING);
    ck_assert_ok(parallel_promise_set(promise, NULL));
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_DONE);
    end_promise();
}
PROPERTY_END

PROPERTY(a_cancelled_promise_is_neither_started_nor_set)
{
    make_promise(sizeof(int));
    int value = 1;
    ck_assert_ok(parallel_future_cancel(future));
    ck_assert_code(parallel_promise_start(promise), PARALLEL_ECANCELLED);
    ck_assert_code(parallel_promise_set(promise, &value), PARALLEL_EDONE);
    ck_assert_code(parallel_promise_value(future, PARALLEL_NEVER, &value, sizeof value), PARALLEL_ECANCELLED);
    end_promise();
}
PROPERTY_END

PROPERTY(an_abandoned_promise_fails)
{
    make_promise(sizeof(int));
    parallel_promise_destroy(promise);
    int value = 7;
    ck_assert_code(parallel_promise_value(future, PARALLEL_NEVER, &value, sizeof value), PARALLEL_EABANDONED);
    ck_assert_int_eq(value, 7);
    parallel_future_release(future);
    make_promise(0);
    ck_assert_ok(parallel_promise_start(promise));
    parallel_promise_destroy(promise);
    ck_assert_code(parallel_promise_value(future, PARALLEL_NEVER, NULL, 0), PARALLEL_EABANDONED);
    parallel_future_release(future);
    parallel_promise_destroy(NULL);
}
PROPERTY_END

PROPERTY(bad_arguments_are_refused)
{
    ck_assert_code(parallel_promise_create(1, NULL, &future), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_create(1, &promise, NULL), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_create(SIZE_MAX, &promise, &future), PARALLEL_ENOMEMORY);
    ck_assert_code(parallel_promise_create(SIZE_MAX - 100, &promise, &future), PARALLEL_ENOMEMORY);
    ck_assert_code(parallel_promise_start(NULL), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_set(NULL, NULL), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_fail(NULL, 1, "x"), PARALLEL_EINVALID);
    make_promise(4);
    ck_assert_code(parallel_promise_set(promise, NULL), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_value(NULL, PARALLEL_POLL, NULL, 0), PARALLEL_EINVALID);
    ck_assert_code(parallel_promise_value(future, PARALLEL_POLL, NULL, 4), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_PENDING);
    ck_assert_ok(parallel_future_cancel(future));
    end_promise();
}
PROPERTY_END

/* A task ends a promise for which the program waits. */
static void promise_keep(int value)
{
    if (parallel_promise_set(promise, &value) != 0)
        parallel_fail(PARALLEL_EFAILED, "the promise was kept by somebody else");
}
PARALLEL_FN(void, promise_keep, int)

PROPERTY(a_task_may_end_a_promise)
{
    parallel_executor *executor = open_executor(1, NULL);
    make_promise(sizeof(int));
    parallel_future *call = promise_keep_on(executor, 12);
    int value = 0;
    ck_assert_ok(parallel_promise_value(future, PARALLEL_NEVER, &value, sizeof value));
    ck_assert_int_eq(value, 12);
    promise_keep_await(call);
    end_promise();
    close_executor(executor);
}
PROPERTY_END

/* Many threads want to end one promise: exactly one does, and its value is the one. */
enum { RIVALS = 4, ROUNDS = 2000 };

static _Atomic int winners, winning_value;

static void *rival(void *argument)
{
    int number = *(int *)argument;
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        wait_for_mark(10, round);
        int code = 0;
        if (number == 0)
            code = parallel_future_cancel(future);
        else if (number == 1)
            code = parallel_promise_fail(promise, 1001, "lost");
        else
            code = parallel_promise_set(promise, &number);
        if (code == 0) {
            atomic_fetch_add(&winners, 1);
            atomic_store(&winning_value, number);
        }
        make_mark(11);
    }
    return NULL;
}

PROPERTY(one_of_many_rivals_wins)
{
    static int numbers[RIVALS] = {0, 1, 2, 3};
    struct test_thread threads[RIVALS];
    for (int i = 0; i < RIVALS; i++)
        start_thread(&threads[i], rival, &numbers[i]);
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        make_promise(sizeof(int));
        atomic_store(&winners, 0);
        make_mark(10);
        int value = -1;
        int code = parallel_promise_value(future, PARALLEL_NEVER, &value, sizeof value);
        wait_for_mark(11, round * RIVALS);
        ck_assert_int_eq(atomic_load(&winners), 1);
        int winner = atomic_load(&winning_value);
        ck_assert_int_eq(code, winner == 0 ? PARALLEL_ECANCELLED : winner == 1 ? 1001 : 0);
        ck_assert_int_eq(value, winner < 2 ? -1 : winner);
        end_promise();
    }
    for (int i = 0; i < RIVALS; i++)
        join_thread(&threads[i]);
}
PROPERTY_END

ROW(promise, {a_value_is_set_once, 0}, {a_failure_is_set_once, 0}, {a_started_promise_cannot_be_cancelled, 0},
    {a_cancelled_promise_is_neither_started_nor_set, 0}, {an_abandoned_promise_fails, 0},
    {bad_arguments_are_refused, 0}, {a_task_may_end_a_promise, SHARES_MEMORY}, {one_of_many_rivals_wins, 0})
