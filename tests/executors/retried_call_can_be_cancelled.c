/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: a call that was seen running, and lost its worker, waits to be made again; cancelled then, it belonged to
 * nobody any more, and never ended. And a call that was killed twice before its worker was dead was made again. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/process_group.h"
#include "tests/support/property.h"

enum { BORN, STARTED, GATE, RELEASED };

static const uint64_t patience_ns = UINT64_C(10000000000);

/* The second worker does not begin to work before it is released. */
static int hold_the_second(void *unused)
{
    (void)unused;
    if (make_mark(BORN) > 1)
        wait_for_mark(RELEASED, 1);
    return 0;
}

static int die_at_gate(int value)
{
    make_mark(STARTED);
    wait_for_mark(GATE, 1);
    kill(getpid(), SIGKILL);
    return value;
}
PARALLEL_FN(int, die_at_gate, int)

static void cancel_between_two_workers(bool is_seen_running)
{
    map_marks();
    parallel_executor_options options = parallel_executor_options_default();
    options.kind = "processes";
    options.workers = 1;
    options.places = "none";
    options.retries = 1;
    options.initializer = hold_the_second;
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open_with(&options, &executor), 0);
    parallel_future *future = die_at_gate_on(executor, 1), *next = echo_on(executor, 2);
    wait_for_mark(STARTED, 1);
    if (is_seen_running)
        ck_assert_int_eq(parallel_future_state(future), PARALLEL_RUNNING);
    make_mark(GATE);
    wait_for_mark(BORN, 2);
    uint64_t deadline_ns = pl_clock_now_ns() + patience_ns;
    ck_assert_int_eq(parallel_future_cancel(future), 0); /* before a second worker was ordered it was made pending anew */
    ck_assert_int_eq(parallel_future_wait(future, deadline_ns), 0);
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_CANCELLED);
    make_mark(RELEASED);
    ck_assert_int_eq(echo_await(next), 2);
    ck_assert_int_eq(marks_made(STARTED), 1);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}

PROPERTY(a_call_seen_running_is_cancelled_between_two_workers)
{
    cancel_between_two_workers(true);
}
PROPERTY_END

PROPERTY(a_call_not_seen_is_cancelled_between_two_workers)
{
    cancel_between_two_workers(false);
}
PROPERTY_END

PROPERTY(a_call_that_is_killed_twice_is_not_made_again)
{
    map_marks();
    ck_assert_int_eq(setpgid(0, 0), 0);
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none,retries=1", &executor), 0);
    parallel_future *future = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    pid_t zygote, standby;
    wait_for_zygotes(getpid(), &zygote, &standby);
    ck_assert_int_eq(kill(zygote, SIGSTOP), 0); /* it kills the worker after both requests */
    ck_assert_int_eq(parallel_future_kill(future), 0);
    (void)parallel_future_kill(future);
    ck_assert_int_eq(kill(zygote, SIGCONT), 0);
    ck_assert_int_eq(parallel_future_wait(future, pl_clock_now_ns() + patience_ns), 0);
    ck_assert_int_eq(parallel_future_state(future), PARALLEL_CANCELLED);
    ck_assert_int_eq(marks_made(STARTED), 1);
    parallel_future_release(future);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTIES(a_call_seen_running_is_cancelled_between_two_workers, a_call_not_seen_is_cancelled_between_two_workers,
           a_call_that_is_killed_twice_is_not_made_again)
