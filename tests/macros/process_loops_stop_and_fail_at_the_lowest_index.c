/* SPDX-License-Identifier: BSD-3-Clause
 *
 * `break` and parallel_fail() mean in children what they mean in threads. */
#include <parallel.h>

#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "tests/macros/process_loops.h"
#include "tests/support/in_child.h"

enum { COUNT = 20000 };

PROPERTY(where_they_break)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        unsigned char *ran = share_zeroed(COUNT);
        int64_t where = -1;
        PARALLEL_FOR(i, 0, COUNT, .executor = executor, .fork = fork_of_form(form), .stopped_at = &where) {
            if (i % 1000 == 777 && i > 7000)
                break;
            ran[i] = 1;
        }
        ck_assert_int_eq((int)where, 7777);
        for (int i = 0; i < 7777; i++)
            ck_assert_int_eq(ran[i], 1);
        ck_assert_int_eq(ran[7777], 0);
        int64_t both[2] = {-1, -1};
        PARALLEL_FOR_2D(i, 0, 200, j, 0, 100, .executor = executor, .fork = fork_of_form(form), .stopped_at = both)
            if (i >= 120 && j == 30)
                break;
        ck_assert_int_eq((int)both[0], 120);
        ck_assert_int_eq((int)both[1], 30);
        PARALLEL_FOR(i, 5, 50, .executor = executor, .fork = fork_of_form(form), .stopped_at = &where) {
        }
        ck_assert_int_eq((int)where, 50);
        parallel_shared_free(ran);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTY(where_they_fail)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        parallel_error status;
        int64_t where = -1;
        memset(&status, 0xff, sizeof status);
        PARALLEL_FOR(i, 0, COUNT, .executor = executor, .fork = fork_of_form(form), .status = &status,
                     .stopped_at = &where)
            if (i % 500 == 321) {
                parallel_fail(1000 + i, "item %d", i);
                break;
            }
        ck_assert_int_eq(status.code, 1321);
        ck_assert_str_eq(status.message, "item 321");
        ck_assert_int_eq((int)where, 321);
        ck_assert_int_eq(parallel_last_error()->code, 1321);
        PARALLEL_FOR(i, 0, COUNT, .executor = executor, .fork = fork_of_form(form), .status = &status,
                     .stopped_at = &where) {
            if (i == 5000)
                parallel_fail(PARALLEL_EFAILED, "the serial loop would have stopped before");
            if (i == 5 || i == 5000)
                break;
        }
        ck_assert_int_eq(status.code, 0);
        ck_assert_int_eq((int)where, 5);
        close_executor(executor);
    }
}
PROPERTY_END

static void fail_without_status(void *unused)
{
    (void)unused;
    parallel_executor *executor = open_form(0);
    PARALLEL_FOR(i, 0, 100, .executor = executor, .label = "of work")
        if (i == 31) {
            parallel_fail(PARALLEL_EFAILED, "thirty-one");
            break;
        }
}

PROPERTY(and_without_a_status_the_program_ends)
{
    struct child_outcome outcome = run_in_child(fail_without_status, NULL);
    ck_assert(ended_by_signal(&outcome, SIGABRT));
    ck_assert_msg(strstr(outcome.complaint, "loop of work failed at index 31: thirty-one") != NULL, "%s",
                  outcome.complaint);
}
PROPERTY_END

/* Returns in how many children the body heard that the task was asked to stop; or the code of a loop that was refused. */
static int loop_until_cancelled(parallel_executor *executor, atomic_int *begun, atomic_int *heard)
{
    parallel_error status;
    PARALLEL_FOR(i, 0, 3, .executor = executor, .grain = 1, .status = &status) {
        ++*begun;
        while (!parallel_is_cancelled())
            sched_yield();
        ++*heard;
    }
    return status.code != 0 ? status.code : atomic_load(heard);
}
PARALLEL_FN(int, loop_until_cancelled, parallel_executor *, atomic_int *, atomic_int *)

/* By LLVM's OpenMP runtime (docs/protocols/forked-loop.md), which this thread has met first. */
static bool is_refused_in_workers(void)
{
#ifdef _OPENMP
    int (*number)(void *);
    void *found = dlsym(RTLD_DEFAULT, "__kmpc_global_thread_num");
    memcpy(&number, &found, sizeof number);
    return number != NULL && number(NULL) == 0;
#else
    return false;
#endif
}

PROPERTY(they_hear_that_the_task_around_them_is_cancelled)
{
    for (int form = 0; form < 2; form++) {
        parallel_executor *executor = open_form(form), *threads;
        bool is_refused = is_refused_in_workers();
        atomic_int *begun = share_zeroed(sizeof *begun), *heard = share_zeroed(sizeof *heard);
        ck_assert_int_eq(parallel_executor_open("threads:1", &threads), 0);
        parallel_future *future = loop_until_cancelled_on(threads, executor, begun, heard);
        if (is_refused) {
            ck_assert_int_eq(loop_until_cancelled_await(future), PARALLEL_EMISUSE);
        } else {
            while (atomic_load(begun) < 3)
                sched_yield();
            ck_assert_int_eq(parallel_future_cancel(future), PARALLEL_ERUNNING);
            ck_assert_int_eq(loop_until_cancelled_await(future), 3);
        }
        ck_assert_int_eq(parallel_executor_close(threads), 0);
        parallel_shared_free(begun);
        parallel_shared_free(heard);
        close_executor(executor);
    }
}
PROPERTY_END

#ifndef _OPENMP

static int leave_by_return(parallel_executor *executor, enum parallel_loop_fork how, atomic_int *after,
                           parallel_error *status)
{
    PARALLEL_FOR(i, 0, 100, .executor = executor, .fork = how, .status = status)
        if (i == 40)
            return 1; /* only a child comes here: it ends */
    ++*after;
    return 0;
}

PROPERTY(whoever_leaves_the_body_otherwise_ends)
{
    for (int form = 0; form < PROCESS_LOOP_FORMS; form++) {
        parallel_executor *executor = open_form(form);
        atomic_int *after = share_zeroed(sizeof *after);
        parallel_error status;
        ck_assert_int_eq(leave_by_return(executor, fork_of_form(form), after, &status), 0);
        ck_assert_int_eq(status.code, PARALLEL_EABANDONED);
        ck_assert_ptr_nonnull(strstr(status.message, "left by return or goto"));
        PARALLEL_FOR(i, 0, 100, .executor = executor, .fork = fork_of_form(form), .status = &status)
            if (i == 40)
                goto out;
        ++*after;
    out:
        ck_assert_int_eq(status.code, PARALLEL_EABANDONED);
        ck_assert_int_eq(*after, 2);
        parallel_shared_free(after);
        close_executor(executor);
    }
}
PROPERTY_END

PROPERTIES(where_they_break, where_they_fail, and_without_a_status_the_program_ends,
           they_hear_that_the_task_around_them_is_cancelled, whoever_leaves_the_body_otherwise_ends)

#else

PROPERTIES(where_they_break, where_they_fail, and_without_a_status_the_program_ends,
           they_hear_that_the_task_around_them_is_cancelled)

#endif
