/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ptrace(2). The child stops itself before the body begins, so that a point is counted from there. */
#include "tests/support/stepper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/give_up.h"
#include "tests/support/seed.h"

/* Waits for the next stop: true; false: the child has ended, with *status. */
static bool is_stopped(pid_t child, int *status)
{
    while (waitpid(child, status, __WALL) < 0)
        if (errno != EINTR)
            give_up("stepper: waitpid");
    return WIFSTOPPED(*status);
}

enum { MAY_NOT_TRACE = 125 };

pid_t begin_steps(void (*body)(void *context), void *context, int *status)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        give_up("stepper: fork");
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
            _exit(MAY_NOT_TRACE);
        raise(SIGSTOP);
        body(context);
        _exit(0);
    }
    return is_stopped(child, status) ? child : 0;
}

static bool go_on(pid_t child, int *status, enum __ptrace_request how)
{
    /* The stops of tracing end here; other signals are the child's own, and may well end it. */
    int signal = WSTOPSIG(*status);
    if (signal == SIGTRAP || signal == SIGSTOP)
        signal = 0;
    if (ptrace(how, child, NULL, (void *)(long)signal) != 0)
        give_up("stepper: ptrace");
    return is_stopped(child, status);
}

bool step(pid_t child, int *status)
{
    return go_on(child, status, PTRACE_SINGLESTEP);
}

void end_steps(pid_t child, int *status)
{
    while (go_on(child, status, PTRACE_CONT))
        continue;
}

static void do_nothing(void *context)
{
    (void)context;
}

const char *why_no_steps(void)
{
#if defined(__x86_64__)
    int status;
    pid_t child = begin_steps(do_nothing, NULL, &status);
    if (child == 0)
        return "ptrace is not allowed here";
    kill_child(child);
    return NULL;
#else
    return "single steps are not safe for this processor's atomic operations";
#endif
}

static void check_end(int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return;
    fprintf(stderr, "stepper: the body did not end by itself: status %#x\n", (unsigned)status);
    abort();
}

static pid_t must_begin(void (*body)(void *context), void *context, int *status)
{
    pid_t child = begin_steps(body, context, status);
    if (child == 0) {
        errno = EPERM;
        give_up("stepper: ptrace");
    }
    return child;
}

size_t step_points(void (*body)(void *context), void *context, size_t points[], size_t most)
{
    unsigned long long random = property_seed();
    int status;
    pid_t child = must_begin(body, context, &status);
    size_t length = 0;
    while (step(child, &status))
        length++;
    check_end(status);
    size_t stride = length / most + 1;
    size_t count = 0;
    for (size_t at = (size_t)(next_random(&random) % stride); at < length && count < most; at += stride)
        points[count++] = at;
    return count;
}

pid_t step_child(void (*body)(void *context), void *context, size_t point)
{
    int status;
    pid_t child = must_begin(body, context, &status);
    for (size_t i = 0; i < point; i++) {
        if (!step(child, &status)) {
            check_end(status);
            return 0;
        }
    }
    return child;
}

void kill_child(pid_t child)
{
    int status;
    if (child == 0)
        return;
    if (kill(child, SIGKILL) != 0)
        give_up("stepper: kill");
    while (is_stopped(child, &status))
        continue;
}
