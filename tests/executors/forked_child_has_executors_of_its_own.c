/* SPDX-License-Identifier: BSD-3-Clause
 *
 * In a forked child inherited executors are refused by name, inherited futures that had not ended fail, those that had
 * keep their result, and a new executor works. */
#include <parallel.h>

#include <string.h>
#include <unistd.h>

#include "tests/support/in_child.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

static int gate[2];

static int wait_at_gate(int value)
{
    char byte;
    return read(gate[0], &byte, 1) == 1 ? value : -1;
}
PARALLEL_FN(int, wait_at_gate, int)

static int same(int value)
{
    return value;
}
PARALLEL_FN(int, same, int)

struct inherited {
    parallel_executor *executor;
    parallel_future *running, *pending, *ended;
};

static void look_around(void *context)
{
    struct inherited *inherited = context;
    int value = 0;
    if (wait_at_gate_result(inherited->running, &value) != PARALLEL_EFORKED ||
        same_result(inherited->pending, &value) != PARALLEL_EFORKED || value != 0)
        _exit(2);
    if (same_result(inherited->ended, &value) != 0 || value != 5)
        _exit(3);
    parallel_future *refused = same_on(inherited->executor, 1);
    if (same_result(refused, &value) != PARALLEL_EFORKED)
        _exit(4);
    parallel_future_release(refused);
    parallel_executor *own;
    /* The thread sanitizer refuses new threads after a fork of a program that had some. */
    if (parallel_executor_open(UNDER_THREAD_SANITIZER ? "serial" : "threads:1", &own) != 0 ||
        same_await(same_on(own, 6)) != 6 || parallel_executor_close(own) != 0)
        _exit(5);
    if (!UNDER_THREAD_SANITIZER && same_await(same_async(7)) != 7)
        _exit(6);
}

PROPERTY(and_futures_that_fail)
{
    struct inherited inherited;
    ck_assert_int_eq(pipe(gate), 0);
    ck_assert_int_eq(parallel_executor_open("threads:1", &inherited.executor), 0);
    inherited.ended = same_on(inherited.executor, 5);
    ck_assert_int_eq(parallel_future_wait(inherited.ended, PARALLEL_NEVER), 0);
    inherited.running = wait_at_gate_on(inherited.executor, 8);
    inherited.pending = same_on(inherited.executor, 9);
    struct child_outcome outcome = run_in_child(look_around, &inherited);
    ck_assert_msg(ended_well(&outcome), "%x: %s", (unsigned)outcome.status, outcome.complaint);
    ck_assert_int_eq(write(gate[1], "x", 1), 1); /* the parent goes on as if nothing had happened */
    ck_assert_int_eq(wait_at_gate_await(inherited.running), 8);
    ck_assert_int_eq(same_await(inherited.pending), 9);
    ck_assert_int_eq(same_await(inherited.ended), 5);
    ck_assert_int_eq(parallel_executor_close(inherited.executor), 0);
}
PROPERTY_END

PROPERTIES(and_futures_that_fail)
