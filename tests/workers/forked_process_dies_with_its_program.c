/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program that is killed, or leaves in the middle, takes its forked processes along. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/workers/forked_process.h"

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"

static void tell_and_wait(void *context)
{
    char byte = 1;
    if (write(*(int *)context, &byte, 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

static void *run(void *context)
{
    static struct pl_forked_process process;
    sigset_t mask;
    sigemptyset(&mask);
    pl_forked_process_init(&process, &mask);
    (void)pl_forked_process_run(&process, tell_and_wait, context, 0);
    return NULL;
}

/* A program with one forked process, which lives when this returns; all its forked processes are our
 * descendants. */
static pid_t start_program(bool leaves_by_itself)
{
    adopt_orphans();
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    pid_t program = fork();
    if (program == 0) {
        pthread_t thread;
        int arrived[2];
        if (pipe(arrived) != 0 || pthread_create(&thread, NULL, run, &arrived[1]) != 0)
            _exit(1);
        char byte;
        if (read(arrived[0], &byte, 1) != 1 || write(ends[1], &byte, 1) != 1)
            _exit(1);
        if (leaves_by_itself)
            _exit(0);
        for (;;)
            pause();
    }
    char byte;
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    return program;
}

PROPERTY(killed)
{
    pid_t program = start_program(false);
    ck_assert_int_eq(kill(program, SIGKILL), 0);
    wait_until_no_child_is_left(); /* hangs if one lives on */
}
PROPERTY_END

PROPERTY(left)
{
    (void)start_program(true);
    wait_until_no_child_is_left();
}
PROPERTY_END

PROPERTIES(killed, left)
