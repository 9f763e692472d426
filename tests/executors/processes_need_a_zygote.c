/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The zygote, from which all workers come: without it calls fail, and nothing hangs; where it cannot be had, or belongs to
 * another process, the executor says so, or has one of its own. */
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/process_group.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"

enum { STARTED, GATE };

static parallel_executor *open_processes(const char *specification)
{
    parallel_executor *executor;
    ck_assert_msg(parallel_executor_open(specification, &executor) == 0, "%s", parallel_last_error()->message);
    return executor;
}

static void check_still_works(parallel_executor *executor)
{
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(echo_await(echo_on(executor, i)), i);
}

static void lose_both_zygotes(const char *specification)
{
    map_marks();
    ck_assert_int_eq(setpgid(0, 0), 0);
    parallel_executor *executor = open_processes(specification);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE), *pending = echo_on(executor, 1);
    wait_for_mark(STARTED, 1);
    kill_zygotes(getpid());
    int result;
    ck_assert_int_eq(hold_result(running, &result), PARALLEL_ECRASHED);
    ck_assert_int_eq(echo_result(pending, &result), PARALLEL_EWORKER);
    parallel_future *later = echo_on(executor, 1);
    ck_assert_int_eq(echo_result(later, &result), PARALLEL_EWORKER);
    parallel_future_release(running);
    parallel_future_release(pending);
    parallel_future_release(later);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    executor = open_processes("processes:1,places=none"); /* a new one */
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}

PROPERTY(without_a_zygote_calls_fail_and_nothing_hangs)
{
    lose_both_zygotes("processes:1,places=none");
}
PROPERTY_END

/* What broke: it waited to be made again, for ever. */
PROPERTY(nor_does_a_call_that_would_be_made_again)
{
    lose_both_zygotes("processes:1,places=none,retries=1");
}
PROPERTY_END

/* The threads of the thread sanitizer cannot be told from the program's, so there it is not noticed at two. */
static void *sleep_for_ever(void *unused)
{
    for (;;)
        pause();
    return unused;
}

PROPERTY(a_zygote_is_refused_to_a_program_with_threads)
{
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread, NULL, sleep_for_ever, NULL), 0);
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,start=zygote", &executor), PARALLEL_EMISUSE);
    ck_assert(UNDER_THREAD_SANITIZER || strstr(parallel_last_error()->message, "this one has 4") != NULL);
}
PROPERTY_END

PROPERTY(a_forked_child_opens_its_own)
{
    parallel_executor *executor = open_processes("processes:1,places=none");
    check_still_works(executor);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int value;
        parallel_future *future = echo_on(executor, 2);
        if (echo_result(future, &value) != PARALLEL_EFORKED)
            _exit(1);
        parallel_future_release(future);
        if (UNDER_THREAD_SANITIZER) /* it refuses new threads after a fork of a program that had some */
            _exit(0);
        if (parallel_executor_open("processes:1,places=none", &executor) != 0)
            _exit(2);
        future = echo_on(executor, 2);
        if (echo_result(future, &value) != 0 || value != 2)
            _exit(3);
        parallel_future_release(future);
        _exit(parallel_executor_close(executor) == 0 ? 0 : 4);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    check_still_works(executor);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(without_a_zygote_calls_fail_and_nothing_hangs, nor_does_a_call_that_would_be_made_again,
           a_zygote_is_refused_to_a_program_with_threads, a_forked_child_opens_its_own)
