/* SPDX-License-Identifier: BSD-3-Clause
 *
 * However a program ends that has calls in forked processes, running and pending, and never closes its
 * executor, no process outlives it. */
#include <parallel.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

enum ending { RETURNS, EXITS_IN_A_CONTINUATION, EXITS_AT_ONCE, IS_KILLED };

static _Atomic int *begun;
static _Atomic int *ended;

static int work(int is_endless)
{
    ++*begun;
    while (is_endless)
        pause();
    ++*ended;
    return 0;
}
PARALLEL_FN(int, work, int)

static parallel_future *leave(parallel_future *future, void *context)
{
    (void)future, (void)context;
    exit(0);
}

static int run_program(enum ending ending)
{
    parallel_executor *executor;
    if (parallel_executor_open("fork:2,places=none", &executor) != 0)
        return 1;
    for (int i = 0; i < 6; i++)
        parallel_future_release(work_on(executor, ending != RETURNS && i == 0));
    while (*begun < 1)
        continue;
    switch (ending) {
    case RETURNS:
        break;
    case EXITS_IN_A_CONTINUATION: {
        parallel_future *call = work_on(executor, 0);
        parallel_future_release(parallel_future_then(call, leave, NULL));
        for (;;)
            pause();
    }
    case EXITS_AT_ONCE:
        _exit(0);
    case IS_KILLED:
        raise(SIGKILL);
    }
    return 0;
}

/* How many calls a program completes that ends so. */
static int completed_by(enum ending ending)
{
    adopt_orphans();
    begun = mmap(NULL, 2 * sizeof *begun, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ended = begun + 1;
    pid_t program = fork();
    if (program == 0)
        exit(run_program(ending));
    int status;
    ck_assert_int_eq(waitpid(program, &status, 0), program);
    if (ending != IS_KILLED)
        ck_assert_int_eq(status, 0);
    wait_until_no_child_is_left(); /* hangs if one lives on */
    return *ended;
}

PROPERTY(return_from_main)
{
    ck_assert_int_eq(completed_by(RETURNS), 6);
}
PROPERTY_END

PROPERTY(exit_in_a_continuation)
{
    (void)completed_by(EXITS_IN_A_CONTINUATION);
}
PROPERTY_END

PROPERTY(exit_at_once)
{
    (void)completed_by(EXITS_AT_ONCE);
}
PROPERTY_END

PROPERTY(killed)
{
    (void)completed_by(IS_KILLED);
}
PROPERTY_END

PROPERTIES(return_from_main, exit_in_a_continuation, exit_at_once, killed)
