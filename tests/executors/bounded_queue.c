/* SPDX-License-Identifier: BSD-3-Clause
 *
 * queue=N: a submission to a full queue waits, or is refused, as asked. Nothing is lost, and neither a worker's own
 * submissions nor a shutdown meanwhile hang. */
#include <string.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/kernel_view.h"
#include "tests/support/threads.h"

enum { STARTED, GATE, RAN, SUBMITTING };

PROPERTY(a_full_queue_refuses_if_asked_to)
{
    parallel_executor *executor = open_executor(1, "queue=2,full=refuse");
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *waiting[2] = {echo_on(executor, 2), echo_on(executor, 3)};
    parallel_future *refused = echo_on(executor, 4);
    int value;
    ck_assert_code(echo_result(refused, &value), PARALLEL_EFULL);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "2 calls wait already"));
    ck_assert_int_eq(parallel_future_state(waiting[0]), PARALLEL_PENDING);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(waiting[0]), 2);
    ck_assert_int_eq(echo_await(waiting[1]), 3);
    ck_assert_int_eq(echo_await(echo_on(executor, 5)), 5); /* there is room again */
    parallel_future_release(refused);
    close_executor(executor);
}
PROPERTY_END

struct submission {
    parallel_executor *executor;
    parallel_future *future;
    int value;
};

static void *submit_one(void *argument)
{
    struct submission *submission = argument;
    make_mark(SUBMITTING);
    submission->future = echo_on(submission->executor, submission->value);
    return NULL;
}

PROPERTY(a_full_queue_makes_its_submitter_wait)
{
    parallel_executor *executor = open_executor(1, "queue=1");
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *waiting = echo_on(executor, 2);
    struct submission submissions[3];
    struct test_thread threads[3];
    for (int i = 0; i < 3; i++) {
        submissions[i] = (struct submission){executor, NULL, 10 + i};
        start_thread(&threads[i], submit_one, &submissions[i]);
    }
    wait_for_mark(SUBMITTING, 3);
    for (int i = 0; i < 3; i++)
        wait_until_asleep(threads[i].id, NULL);
    make_mark(GATE);
    for (int i = 0; i < 3; i++) {
        join_thread(&threads[i]);
        ck_assert_int_eq(echo_await(submissions[i].future), 10 + i);
    }
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(waiting), 2);
    close_executor(executor);
}
PROPERTY_END

/* The shutdown comes while they sleep, and the worker stays busy: they must not wait for it. */
PROPERTY(a_shutdown_lets_go_who_waits_for_room)
{
    parallel_executor *executor = open_executor(1, "queue=1");
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *waiting = echo_on(executor, 2);
    struct submission submissions[3];
    struct test_thread threads[3];
    for (int i = 0; i < 3; i++) {
        submissions[i] = (struct submission){executor, NULL, 10 + i};
        start_thread(&threads[i], submit_one, &submissions[i]);
        wait_for_mark(SUBMITTING, (uint32_t)i + 1);
        wait_until_asleep(threads[i].id, NULL);
    }
    ck_assert_code(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_FINISH, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    for (int i = 0; i < 3; i++) {
        join_thread(&threads[i]);
        int value;
        ck_assert_code(echo_result(submissions[i].future, &value), PARALLEL_ESHUTDOWN);
        parallel_future_release(submissions[i].future);
    }
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(waiting), 2);
    close_executor(executor);
}
PROPERTY_END

static void bounded_hold(int round)
{
    make_mark(STARTED);
    wait_for_mark(GATE, (uint32_t)round);
}
PARALLEL_FN(void, bounded_hold, int)

/* The same without the sleep before it: whichever step the shutdown meets. */
PROPERTY(a_shutdown_races_with_who_waits_for_room)
{
    const uint32_t rounds = (uint32_t)openings(300);
    for (uint32_t round = 1; round <= rounds; round++) {
        parallel_executor *executor = open_executor(1, "queue=1");
        parallel_future *running = bounded_hold_on(executor, (int)round);
        wait_for_mark(STARTED, round);
        parallel_future *waiting = echo_on(executor, 2);
        struct submission submissions[3];
        struct test_thread threads[3];
        for (int i = 0; i < 3; i++) {
            submissions[i] = (struct submission){executor, NULL, 10 + i};
            start_thread(&threads[i], submit_one, &submissions[i]);
        }
        wait_for_mark(SUBMITTING, 3 * round - round % 3);
        parallel_executor_request_shutdown(executor);
        for (int i = 0; i < 3; i++) {
            join_thread(&threads[i]); /* the worker is still held */
            int value;
            ck_assert_code(echo_result(submissions[i].future, &value), PARALLEL_ESHUTDOWN);
            parallel_future_release(submissions[i].future);
        }
        make_mark(GATE);
        parallel_future_release(running);
        parallel_future_release(waiting);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(nothing_is_lost_in_a_narrow_queue)
{
    enum { MOST_CALLS = 3000 };
    static parallel_future *futures[MOST_CALLS];
    const int calls = repetitions(MOST_CALLS);
    parallel_executor *executor = open_executor(3, "queue=1");
    for (int i = 0; i < calls; i++)
        futures[i] = mark_on(executor, RAN);
    for (int i = 0; i < calls; i++) {
        ck_assert_ok(mark_result(futures[i]));
        parallel_future_release(futures[i]);
    }
    ck_assert_uint_eq(marks_made(RAN), (uint32_t)calls);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(maps_pass_through_a_narrow_queue)
{
    int in[100], out[100];
    for (int i = 0; i < 100; i++)
        in[i] = i;
    parallel_executor *executor = open_executor(3, "queue=1");
    ck_assert_ok(echo_map(executor, 100, out, in));
    ck_assert_int_eq(memcmp(in, out, sizeof in), 0);
    close_executor(executor);
}
PROPERTY_END

/* A worker that submits to its own full queue is not held up: it might be the one who makes room. */
static parallel_executor *own, *other;

static int bounded_fan(int width)
{
    parallel_future *futures[50];
    for (int i = 0; i < width; i++)
        futures[i] = echo_on(own, i);
    int sum = 0;
    for (int i = 0; i < width; i++)
        sum += echo_await(futures[i]);
    return sum;
}
PARALLEL_FN(int, bounded_fan, int)

PROPERTY(a_worker_is_not_held_up_by_its_own_queue)
{
    own = open_executor(1, "queue=1");
    ck_assert_int_eq(bounded_fan_await(bounded_fan_on(own, 50)), 50 * 49 / 2);
    close_executor(own);
    own = open_executor(1, "queue=1,full=refuse");
    ck_assert_int_eq(bounded_fan_await(bounded_fan_on(own, 50)), 50 * 49 / 2);
    close_executor(own);
}
PROPERTY_END

/* What broke: a worker that waits for room in another executor's queue was not stood in for, and the other executor's
 * call waited for a call of this worker's executor. */
static int bounded_call_back(void)
{
    make_mark(STARTED);
    return echo_await(echo_on(own, 4));
}
PARALLEL_FN(int, bounded_call_back)

static int bounded_fill(void)
{
    parallel_future *first = bounded_call_back_on(other);
    parallel_future *second = bounded_call_back_on(other);
    parallel_future *third = bounded_call_back_on(other); /* waits for room until the first has been taken */
    parallel_future *fourth = bounded_call_back_on(other);
    return bounded_call_back_await(first) + bounded_call_back_await(second) + bounded_call_back_await(third) +
           bounded_call_back_await(fourth);
}
PARALLEL_FN(int, bounded_fill)

PROPERTY(a_worker_that_waits_for_room_elsewhere_is_stood_in_for)
{
    own = open_executor(1, NULL);
    other = open_executor(1, "queue=1");
    ck_assert_int_eq(bounded_fill_await(bounded_fill_on(own)), 16);
    close_executor(other);
    close_executor(own);
}
PROPERTY_END

PROPERTY(cancelled_calls_make_room_when_they_are_passed)
{
    parallel_executor *executor = open_executor(1, "queue=2,full=refuse");
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    parallel_future *waiting[2] = {echo_on(executor, 2), echo_on(executor, 3)};
    for (int i = 0; i < 2; i++) {
        ck_assert_ok(parallel_future_cancel(waiting[i]));
        parallel_future_release(waiting[i]);
    }
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    int value = 0, code;
    do { /* until the worker has passed them */
        parallel_future *future = echo_on(executor, 5);
        code = echo_result(future, &value);
        parallel_future_release(future);
    } while (code == PARALLEL_EFULL);
    ck_assert_int_eq(code, 0);
    ck_assert_int_eq(value, 5);
    close_executor(executor);
}
PROPERTY_END

ROW(bounded_queue, {a_full_queue_refuses_if_asked_to, HAS_QUEUE_LIMIT},
    {a_full_queue_makes_its_submitter_wait, HAS_QUEUE_LIMIT}, {a_shutdown_lets_go_who_waits_for_room, HAS_QUEUE_LIMIT},
    {a_shutdown_races_with_who_waits_for_room, HAS_QUEUE_LIMIT}, {nothing_is_lost_in_a_narrow_queue, HAS_QUEUE_LIMIT},
    {maps_pass_through_a_narrow_queue, HAS_QUEUE_LIMIT},
    {a_worker_is_not_held_up_by_its_own_queue, HAS_QUEUE_LIMIT | SHARES_MEMORY},
    {a_worker_that_waits_for_room_elsewhere_is_stood_in_for, HAS_QUEUE_LIMIT | SHARES_MEMORY},
    {cancelled_calls_make_room_when_they_are_passed, HAS_QUEUE_LIMIT})
