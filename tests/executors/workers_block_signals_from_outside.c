/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A signal from outside is handled by the program's own threads; one that a task brings upon itself finds the program's
 * handler. */
#include <parallel.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "tests/support/property.h"

static int blocks(int signal)
{
    sigset_t mask;
    sigemptyset(&mask);
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    return sigismember(&mask, signal);
}
PARALLEL_FN(int, blocks, int)

static atomic_int handled;

static void handle(int signal)
{
    (void)signal;
    atomic_fetch_add(&handled, 1);
}

static int raise_in_task(int signal)
{
    pthread_kill(pthread_self(), signal);
    return atomic_load(&handled);
}
PARALLEL_FN(int, raise_in_task, int)

PROPERTY(and_no_others)
{
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("threads:1", &executor), 0);
    const int outside[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGALRM, SIGUSR1};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        ck_assert_int_eq(blocks_await(blocks_on(executor, outside[i])), 1);
    const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGPROF};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        ck_assert_int_eq(blocks_await(blocks_on(executor, own[i])), 0);
    ck_assert_int_eq(blocks(SIGTERM), 0); /* the caller's mask is as it was */
    struct sigaction action = {.sa_handler = handle};
    ck_assert_int_eq(sigaction(SIGFPE, &action, NULL), 0);
    ck_assert_int_eq(raise_in_task_await(raise_in_task_on(executor, SIGFPE)), 1);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(and_no_others)
