/* SPDX-License-Identifier: BSD-3-Clause
 *
 * More calls than a processes executor has slots: the rest stands in line, where it can be cancelled, is made by and by
 * whoever fills the slots, and ends with the executor if nobody can make it any more. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <libparallel/map.h>

#include "libparallel/executors/process_line.h"
#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/process_group.h"
#include "tests/support/property.h"

enum { STARTED, GATE };
enum { LONG = 4000 }; /* four times the slots */

static int length_of(const char *text)
{
    int length = 0;
    while (text[length] != '\0')
        length++;
    return length;
}
PARALLEL_FN(int, length_of, PARALLEL_STRING)

static parallel_executor *open_processes(const char *specification)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    return executor;
}

enum { SUBMITTERS = 4, ROUNDS = 5 };

static void *submit_much(void *argument)
{
    parallel_executor *executor = argument;
    parallel_future **futures = malloc(LONG * sizeof(parallel_future *));
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < LONG; i++)
            futures[i] = echo_on(executor, i);
        for (int i = 0; i < LONG; i++)
            if (echo_await(futures[i]) != i)
                return "another one's result";
    }
    free(futures);
    return NULL;
}

PROPERTY(calls_of_several_threads_are_all_made)
{
    parallel_executor *executor = open_processes("processes:2,places=none");
    pthread_t threads[SUBMITTERS];
    for (int i = 0; i < SUBMITTERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, submit_much, executor), 0);
    for (int i = 0; i < SUBMITTERS; i++) {
        void *what;
        ck_assert_int_eq(pthread_join(threads[i], &what), 0);
        ck_assert_msg(what == NULL, "%s", (const char *)what);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

/* The only worker holds the first call, and all slots are taken. */
static parallel_future *fill(parallel_executor *executor, parallel_future *futures[LONG])
{
    parallel_future *held = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    for (int i = 0; i < LONG; i++)
        futures[i] = i % 2 == 0 ? echo_on(executor, i) : length_of_on(executor, "four"); /* the second kind has a pointer */
    return held;
}

PROPERTY(those_in_line_are_cancelled_or_made)
{
    map_marks();
    parallel_executor *executor = open_processes("processes:1,places=none");
    parallel_future *futures[LONG];
    parallel_future *held = fill(executor, futures);
    for (int i = 0; i < LONG; i += 3)
        ck_assert_int_eq(parallel_future_cancel(futures[i]), 0);
    make_mark(GATE);
    ck_assert_int_eq(hold_await(held), 1);
    for (int i = 0; i < LONG; i++) {
        ck_assert_int_eq(parallel_future_wait(futures[i], PARALLEL_NEVER), 0);
        ck_assert_int_eq(parallel_future_state(futures[i]), i % 3 == 0 ? PARALLEL_CANCELLED : PARALLEL_DONE);
        int result = 0;
        if (i % 3 != 0 && i % 2 == 0)
            ck_assert_int_eq(echo_result(futures[i], &result), 0);
        else if (i % 3 != 0)
            ck_assert_int_eq(length_of_result(futures[i], &result), 0);
        ck_assert_int_eq(result, i % 3 == 0 ? 0 : i % 2 == 0 ? i : 4);
        parallel_future_release(futures[i]);
    }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTY(a_map_waits_its_turn)
{
    map_marks();
    parallel_executor *executor = open_processes("processes:1,places=none");
    parallel_future *futures[LONG];
    parallel_future *held = fill(executor, futures);
    make_mark(GATE);
    int numbers[100], results[100];
    for (int i = 0; i < 100; i++)
        numbers[i] = i;
    ck_assert_int_eq(echo_map(executor, 100, results, numbers), 0);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(results[i], i);
    for (int i = 0; i < LONG; i++)
        parallel_future_release(futures[i]);
    parallel_future_release(held);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTY(a_shutdown_that_cancels_empties_it)
{
    map_marks();
    parallel_executor *executor = open_processes("processes:1,places=none");
    parallel_future *futures[LONG];
    parallel_future *held = fill(executor, futures);
    ck_assert_int_eq(parallel_executor_shutdown(executor, PARALLEL_SHUTDOWN_CANCEL, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    for (int i = 0; i < LONG; i++) {
        ck_assert_int_eq(parallel_future_wait(futures[i], PARALLEL_NEVER), 0);
        ck_assert_int_eq(parallel_future_state(futures[i]), PARALLEL_CANCELLED);
        parallel_future_release(futures[i]);
    }
    make_mark(GATE);
    ck_assert_int_eq(hold_await(held), 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

/* Calls that were there, and those that come while it breaks, or later. */
PROPERTY(an_executor_that_breaks_ends_it)
{
    map_marks();
    ck_assert_int_eq(setpgid(0, 0), 0);
    parallel_executor *executor = open_processes("processes:1,places=none");
    parallel_future *futures[LONG];
    parallel_future *held = fill(executor, futures);
    kill_zygotes(getpid());
    bool is_broken = false;
    while (!is_broken) {
        parallel_future *late = echo_on(executor, 1);
        int result;
        is_broken = parallel_future_is_done(futures[LONG - 1]);
        ck_assert_int_eq(echo_result(late, &result), PARALLEL_EWORKER);
        parallel_future_release(late);
    }
    int result;
    for (int i = 0; i < LONG; i++) {
        ck_assert_int_eq(i % 2 == 0 ? echo_result(futures[i], &result) : length_of_result(futures[i], &result),
                         PARALLEL_EWORKER);
        parallel_future_release(futures[i]);
    }
    ck_assert_int_eq(hold_result(held, &result), PARALLEL_ECRASHED);
    parallel_future_release(held);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTY(it_keeps_the_order_and_lets_nobody_in_when_it_is_closed)
{
    static struct pl_line line;
    static struct pl_task tasks[6];
    for (int i = 0; i < 3; i++)
        ck_assert(pl_line_enter(&line, &tasks[i]));
    ck_assert_uint_eq(pl_line_length(&line), 3);
    ck_assert_ptr_eq(pl_line_leave(&line), &tasks[0]);
    for (int i = 3; i < 5; i++)
        ck_assert(pl_line_enter(&line, &tasks[i]));
    pl_line_close(&line);
    ck_assert(!pl_line_enter(&line, &tasks[5]));
    for (int i = 1; i < 5; i++)
        ck_assert_ptr_eq(pl_line_leave(&line), &tasks[i]);
    ck_assert_ptr_null(pl_line_leave(&line));
    ck_assert_uint_eq(pl_line_length(&line), 0);
}
PROPERTY_END

PROPERTIES(it_keeps_the_order_and_lets_nobody_in_when_it_is_closed, calls_of_several_threads_are_all_made, those_in_line_are_cancelled_or_made, a_map_waits_its_turn,
           a_shutdown_that_cancels_empties_it, an_executor_that_breaks_ends_it)
