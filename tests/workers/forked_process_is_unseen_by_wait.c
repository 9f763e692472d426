/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The program's wait() and SIGCHLD neither see a forked process nor take its status away, whatever the
 * program does with that signal; and the program's own children end as before. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/deadline.h>

#include "libparallel/base/futex.h"
#include "libparallel/workers/forked_process.h"
#include "libparallel/workers/side_clone.h"

#include "tests/support/property.h"

struct meeting {
    _Atomic uint32_t is_running; /* shared with the child */
    _Atomic uint32_t may_end;
};

static struct meeting *meeting;
static struct pl_forked_process process;

static void open_gate(_Atomic uint32_t *gate)
{
    pl_store_release(gate, 1);
    pl_futex_wake(gate, PL_FUTEX_WAKE_ALL, PL_FUTEX_SHARED);
}

static void pass_gate(_Atomic uint32_t *gate)
{
    while (pl_load_acquire(gate) == 0)
        pl_futex_wait(gate, 0, PARALLEL_NEVER, PL_FUTEX_SHARED);
}

static void run_between_gates(void *context)
{
    (void)context;
    open_gate(&meeting->is_running);
    pass_gate(&meeting->may_end);
    _exit(9);
}

static void *run(void *context)
{
    (void)context;
    ck_assert_int_eq(pl_forked_process_run(&process, run_between_gates, NULL, 0), 0);
    return NULL;
}

static pthread_t start(void)
{
    sigset_t mask;
    sigemptyset(&mask);
    meeting = mmap(NULL, sizeof *meeting, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pl_forked_process_init(&process, &mask);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, run, NULL), 0);
    pass_gate(&meeting->is_running);
    return thread;
}

static void finish(pthread_t thread)
{
    open_gate(&meeting->may_end);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    ck_assert(process.end.is_status_known);
    ck_assert(WIFEXITED(process.end.status));
    ck_assert_int_eq(WEXITSTATUS(process.end.status), 9);
}

static _Atomic int signals_seen;

static void count_signal(int signal)
{
    (void)signal;
    pl_add_relaxed(&signals_seen, 1);
}

PROPERTY(there_is_no_child)
{
    signal(SIGCHLD, count_signal);
    pthread_t thread = start();
    ck_assert_int_eq(wait(NULL), -1);
    ck_assert_int_eq(errno, ECHILD);
    finish(thread);
    ck_assert_int_eq(wait(NULL), -1);
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(waitpid(-1, NULL, __WALL), -1); /* and no zombie is left */
    ck_assert_int_eq(errno, ECHILD);
    ck_assert_int_eq(pl_load_relaxed(&signals_seen), 0);
}
PROPERTY_END

PROPERTY(own_children_are_waited_for_as_ever)
{
    pthread_t thread = start();
    pid_t own = fork();
    if (own == 0)
        _exit(5);
    int status;
    ck_assert_int_eq(wait(&status), own);
    ck_assert_int_eq(WEXITSTATUS(status), 5);
    finish(thread);
}
PROPERTY_END

PROPERTY(a_program_that_ignores_its_children)
{
    signal(SIGCHLD, SIG_IGN);
    finish(start());
}
PROPERTY_END

static void tell_action(void *context)
{
    (void)context;
    struct sigaction action;
    sigaction(SIGCHLD, NULL, &action);
    _exit(action.sa_handler == SIG_IGN ? 1 : 0);
}

PROPERTY(the_child_has_the_action_of_the_program)
{
    signal(SIGCHLD, SIG_IGN);
    sigset_t mask;
    sigemptyset(&mask);
    pl_forked_process_init(&process, &mask);
    ck_assert_int_eq(pl_forked_process_run(&process, tell_action, NULL, 0), 0);
    ck_assert_int_eq(WEXITSTATUS(process.end.status), 1);
}
PROPERTY_END

int main(void)
{
    if (!PL_HAS_SIDE_CLONE) {
        printf("no keeper on this processor: the program's wait() sees forked processes\n");
        return 77;
    }
    const TTest *const tests[] = {there_is_no_child, own_children_are_waited_for_as_ever,
                                  a_program_that_ignores_its_children, the_child_has_the_action_of_the_program};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
