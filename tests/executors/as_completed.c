/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_AS_COMPLETED and completion sets: each future once, in the order in which they end or were added, those that
 * have ended already first; deadlines that count what is left; lazy production within a window. */
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/executors/calls.h"
#include "tests/executors/suite.h"
#include "tests/support/in_child.h"
#include "tests/support/threads.h"

enum { STARTED, GATE_0 = 10, GATE_1, GATE_2 };

PROPERTY(they_come_in_the_order_in_which_they_end)
{
    parallel_executor *executor = open_executor(3, NULL);
    parallel_future *futures[3];
    for (int i = 0; i < 3; i++)
        futures[i] = hold_on(executor, i, STARTED, GATE_0 + i);
    wait_for_mark(STARTED, 3);
    static const int order[] = {2, 0, 1};
    int next = 0, status = -1;
    size_t index = 99;
    make_mark(GATE_0 + order[0]);
    PARALLEL_AS_COMPLETED(f, futures, 3, .status = &status, .index = &index)
    {
        ck_assert_ptr_eq(f, futures[order[next]]);
        ck_assert_uint_eq(index, (size_t)order[next]);
        if (++next < 3)
            make_mark(GATE_0 + order[next]);
    }
    ck_assert_int_eq(next, 3);
    ck_assert_int_eq(status, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(what_has_ended_comes_first_and_doubles_come_once)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_future *a = echo_on(executor, 1);
    parallel_future *b = echo_on(executor, 2);
    parallel_promise *promise;
    parallel_future *late;
    ck_assert_ok(parallel_promise_create(0, &promise, &late));
    ck_assert_ok(parallel_future_wait(a, PARALLEL_NEVER));
    ck_assert_ok(parallel_future_wait(b, PARALLEL_NEVER));
    parallel_future *futures[] = {late, b, a, late, b};
    parallel_future *came[5];
    int count = 0;
    PARALLEL_AS_COMPLETED(f, futures, 5)
    {
        came[count++] = f;
        if (count == 2)
            ck_assert_ok(parallel_promise_set(promise, NULL));
    }
    ck_assert_int_eq(count, 3);
    ck_assert_ptr_eq(came[0], b); /* in the order of the list */
    ck_assert_ptr_eq(came[1], a);
    ck_assert_ptr_eq(came[2], late);
    parallel_promise_destroy(promise);
    parallel_future_release(a);
    parallel_future_release(b);
    parallel_future_release(late);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(the_empty_list_runs_no_body)
{
    int status = -1;
    PARALLEL_AS_COMPLETED(f, NULL, 0, .status = &status)
        ck_abort_msg("a future came out of nothing: %p", (void *)f);
    ck_assert_int_eq(status, 0);
}
PROPERTY_END

PROPERTY(a_deadline_ends_the_loop_and_counts_what_is_left)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *futures[] = {hold_on(executor, 0, STARTED, GATE_0), hold_on(executor, 1, STARTED, GATE_1),
                                  hold_on(executor, 2, STARTED, GATE_1)};
    make_mark(GATE_0);
    ck_assert_ok(parallel_future_wait(futures[0], PARALLEL_NEVER));
    int status = 0, count = 0;
    PARALLEL_AS_COMPLETED(f, futures, 3, .deadline_ns = parallel_deadline_in(0.001), .status = &status)
    {
        ck_assert_ptr_eq(f, futures[0]);
        count++;
    }
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(status, PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "2 futures"));
    make_mark(GATE_1);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(hold_await(futures[i]), i);
    close_executor(executor);
}
PROPERTY_END

static void meet_a_deadline_without_status(void *context)
{
    (void)context;
    parallel_promise *promise;
    parallel_future *unended;
    if (parallel_promise_create(0, &promise, &unended) != 0)
        _exit(9);
    PARALLEL_AS_COMPLETED(f, &unended, 1, .deadline_ns = PARALLEL_POLL)
        (void)f;
}

PROPERTY(an_error_without_status_ends_the_program_with_one_line)
{
    struct child_outcome outcome = run_in_child(meet_a_deadline_without_status, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_ptr_nonnull(strstr(outcome.complaint, "as_completed.c:"));
    ck_assert_ptr_nonnull(strstr(outcome.complaint, "PARALLEL_ETIMEDOUT: 1 futures"));
}
PROPERTY_END

/* break, return and goto leave a loop whose futures have not all ended. */
static int leave_by_return(parallel_future **futures, size_t count)
{
    PARALLEL_AS_COMPLETED(f, futures, count)
    {
        int value;
        return echo_result(f, &value) == 0 ? value : -1;
    }
    return -2;
}

PROPERTY(it_may_be_left_in_the_middle)
{
    parallel_executor *executor = open_executor(1, NULL);
    parallel_promise *promise;
    parallel_future *futures[2] = {echo_on(executor, 7)};
    ck_assert_ok(parallel_promise_create(0, &promise, &futures[1]));
    ck_assert_int_eq(leave_by_return(futures, 2), 7);
    PARALLEL_AS_COMPLETED(f, futures, 2)
    {
        if (f == futures[0])
            break;
    }
    PARALLEL_AS_COMPLETED(f, futures, 2)
    {
        if (f == futures[0])
            goto out;
    }
    ck_abort();
out:
    ck_assert_ok(parallel_promise_set(promise, NULL));
    parallel_promise_destroy(promise);
    parallel_future_release(futures[0]);
    parallel_future_release(futures[1]);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(loops_may_stand_in_each_other)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_future *outer[3], *inner[2];
    for (int i = 0; i < 3; i++)
        outer[i] = echo_on(executor, i);
    for (int i = 0; i < 2; i++)
        inner[i] = echo_on(executor, i);
    int count = 0;
    PARALLEL_AS_COMPLETED(f, outer, 3)
        PARALLEL_AS_COMPLETED(g, inner, 2)
            count += f != g;
    ck_assert_int_eq(count, 6);
    for (int i = 0; i < 3; i++)
        parallel_future_release(outer[i]);
    for (int i = 0; i < 2; i++)
        parallel_future_release(inner[i]);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_set_hands_out_what_it_was_given_with_its_number)
{
    parallel_executor *executor = open_executor(2, NULL);
    parallel_completion_set *set;
    ck_assert_ok(parallel_completion_set_create(PARALLEL_AS_THEY_END, &set));
    parallel_future *future;
    size_t tag;
    ck_assert_code(parallel_completion_set_next(set, PARALLEL_NEVER, &future, &tag), PARALLEL_EEMPTY);
    bool seen[50] = {false};
    for (size_t i = 0; i < 50; i++) {
        parallel_future *fresh = echo_on(executor, (int)i);
        ck_assert_ok(parallel_completion_set_add(set, fresh, 1000 + i));
        parallel_future_release(fresh); /* the set holds on to it */
    }
    for (size_t i = 0; i < 50; i++) {
        ck_assert_uint_eq(parallel_completion_set_count(set), 50 - i);
        ck_assert_ok(parallel_completion_set_next(set, PARALLEL_NEVER, &future, &tag));
        int value;
        ck_assert_ok(echo_result_until(future, PARALLEL_POLL, &value));
        ck_assert_uint_eq((size_t)value, tag - 1000);
        ck_assert(!seen[value]);
        seen[value] = true;
    }
    ck_assert_code(parallel_completion_set_next(set, PARALLEL_NEVER, &future, NULL), PARALLEL_EEMPTY);
    parallel_completion_set_destroy(set);
    parallel_completion_set_destroy(NULL);
    ck_assert_uint_eq(parallel_completion_set_count(NULL), 0);
    close_executor(executor);
}
PROPERTY_END

PROPERTY(a_set_may_keep_the_order_of_adding)
{
    parallel_executor *executor = open_executor(3, NULL);
    parallel_completion_set *set;
    ck_assert_ok(parallel_completion_set_create(PARALLEL_AS_ADDED, &set));
    for (int i = 0; i < 3; i++) {
        parallel_future *fresh = hold_on(executor, i, STARTED, GATE_0 + i);
        ck_assert_ok(parallel_completion_set_add(set, fresh, (size_t)i));
        parallel_future_release(fresh);
    }
    parallel_future *future;
    size_t tag = 99;
    make_mark(GATE_2);
    make_mark(GATE_1);
    ck_assert_code(parallel_completion_set_next(set, PARALLEL_POLL, &future, &tag), PARALLEL_ETIMEDOUT);
    ck_assert_code(parallel_completion_set_next(set, parallel_deadline_in(0.001), &future, &tag), PARALLEL_ETIMEDOUT);
    ck_assert_ptr_nonnull(strstr(parallel_last_error()->message, "3 futures"));
    make_mark(GATE_0);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ok(parallel_completion_set_next(set, PARALLEL_NEVER, &future, &tag));
        ck_assert_uint_eq(tag, i);
    }
    parallel_completion_set_destroy(set);
    close_executor(executor);
}
PROPERTY_END

/* The lazy map: an endless producer, at most WINDOW calls out at once. */
static void produce_lazily(enum parallel_completion_order order)
{
    enum { WINDOW = 5 };
    const int items = repetitions(500);
    parallel_executor *executor = open_executor(2, NULL);
    parallel_completion_set *set;
    ck_assert_ok(parallel_completion_set_create(order, &set));
    int produced = 0;
    long sum = 0;
    for (int taken = 0; taken < items; taken++) {
        while (produced < items && parallel_completion_set_count(set) < WINDOW) {
            parallel_future *fresh = echo_on(executor, produced);
            ck_assert_ok(parallel_completion_set_add(set, fresh, (size_t)produced));
            parallel_future_release(fresh);
            produced++;
        }
        ck_assert_int_le(produced, taken + WINDOW);
        parallel_future *future;
        size_t tag;
        ck_assert_ok(parallel_completion_set_next(set, PARALLEL_NEVER, &future, &tag));
        if (order == PARALLEL_AS_ADDED)
            ck_assert_uint_eq(tag, (size_t)taken);
        int value;
        ck_assert_ok(echo_result(future, &value));
        sum += value;
    }
    ck_assert_int_eq(sum, (long)items * (items - 1) / 2);
    parallel_completion_set_destroy(set);
    close_executor(executor);
}

PROPERTY(a_window_bounds_lazy_production)
{
    produce_lazily(PARALLEL_AS_THEY_END);
    produce_lazily(PARALLEL_AS_ADDED);
}
PROPERTY_END

/* One thread takes while others add, and calls end meanwhile. */
static parallel_completion_set *shared_set;
static parallel_executor *shared_executor;
enum { ADDERS = 3 };
static int adds; /* of each */

static void *add_many(void *argument)
{
    for (int i = 0; i < adds; i++) {
        parallel_future *fresh = echo_on(shared_executor, i);
        int code = parallel_completion_set_add(shared_set, fresh, (size_t)i);
        parallel_future_release(fresh);
        if (code != 0)
            return argument;
        make_mark(20);
    }
    return NULL;
}

PROPERTY(adding_taking_and_ending_race)
{
    static int dummy;
    adds = repetitions(2000);
    shared_executor = open_executor(2, NULL);
    ck_assert_ok(parallel_completion_set_create(PARALLEL_AS_THEY_END, &shared_set));
    struct test_thread adders[ADDERS];
    for (int i = 0; i < ADDERS; i++)
        start_thread(&adders[i], add_many, &dummy);
    for (uint32_t taken = 0; taken < (uint32_t)(ADDERS * adds); taken++) {
        wait_for_mark(20, taken + 1); /* there is one that nobody has taken */
        parallel_future *future;
        ck_assert_ok(parallel_completion_set_next(shared_set, PARALLEL_NEVER, &future, NULL));
        ck_assert(parallel_future_is_done(future));
    }
    for (int i = 0; i < ADDERS; i++)
        ck_assert_ptr_null(join_thread(&adders[i]));
    ck_assert_uint_eq(parallel_completion_set_count(shared_set), 0);
    parallel_completion_set_destroy(shared_set);
    close_executor(shared_executor);
}
PROPERTY_END

/* destroy() while calls end: each member is let go once, by whoever comes last. */
PROPERTY(a_set_may_go_while_its_futures_end)
{
    enum { CALLS = 20 };
    const int rounds = repetitions(500);
    parallel_executor *executor = open_executor(2, NULL);
    for (int round = 0; round < rounds; round++) {
        parallel_completion_set *set;
        ck_assert_ok(parallel_completion_set_create(PARALLEL_AS_THEY_END, &set));
        for (int i = 0; i < CALLS; i++) {
            parallel_future *fresh = echo_on(executor, i);
            ck_assert_ok(parallel_completion_set_add(set, fresh, 0));
            parallel_future_release(fresh);
        }
        parallel_future *future;
        for (int i = 0; i < round % CALLS; i++)
            ck_assert_ok(parallel_completion_set_next(set, PARALLEL_NEVER, &future, NULL));
        parallel_completion_set_destroy(set);
    }
    close_executor(executor);
}
PROPERTY_END

ROW(as_completed, {they_come_in_the_order_in_which_they_end, HAS_WORKERS},
    {what_has_ended_comes_first_and_doubles_come_once, 0}, {the_empty_list_runs_no_body, 0},
    {a_deadline_ends_the_loop_and_counts_what_is_left, HAS_WORKERS},
    {an_error_without_status_ends_the_program_with_one_line, 0}, {it_may_be_left_in_the_middle, 0},
    {loops_may_stand_in_each_other, 0}, {a_set_hands_out_what_it_was_given_with_its_number, 0},
    {a_set_may_keep_the_order_of_adding, HAS_WORKERS}, {a_window_bounds_lazy_production, 0},
    {adding_taking_and_ending_race, 0}, {a_set_may_go_while_its_futures_end, 0})
