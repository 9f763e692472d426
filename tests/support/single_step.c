/* SPDX-License-Identifier: BSD-3-Clause
 *
 * ptrace(2). The child stops itself before the body, so that nothing of the fork is stepped through. The shared object is
 * a memfd: cut to length 0, its pages are gone from every mapping at once. */
#include "tests/support/single_step.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static _Noreturn void give_up(const char *what)
{
    perror(what);
    abort();
}

struct shared_object create_shared_object(size_t size_bytes)
{
    struct shared_object object = {.size_bytes = size_bytes, .file = memfd_create("shared_object", MFD_CLOEXEC)};
    if (object.file < 0 || ftruncate(object.file, (off_t)size_bytes) != 0)
        give_up("single_step: memfd");
    object.memory = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, object.file, 0);
    if (object.memory == MAP_FAILED)
        give_up("single_step: mmap");
    return object;
}

void revoke_shared_object(struct shared_object *object)
{
    if (ftruncate(object->file, 0) != 0)
        give_up("single_step: ftruncate");
}

enum { MAY_NOT_TRACE = 125 };

static _Noreturn void run_traced(void (*body)(void *context), void *context)
{
    if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        _exit(MAY_NOT_TRACE);
    raise(SIGSTOP);
    body(context);
    _exit(0);
}

static int wait_for(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            give_up("single_step: waitpid");
    return status;
}

bool run_in_single_steps(void (*body)(void *context), bool (*after_step)(void *context), void *context, int *status)
{
    pid_t child = fork();
    if (child < 0)
        give_up("single_step: fork");
    if (child == 0)
        run_traced(body, context);
    *status = wait_for(child);
    if (WIFEXITED(*status) && WEXITSTATUS(*status) == MAY_NOT_TRACE) {
        errno = EPERM;
        return false;
    }
    bool is_stepping = true;
    while (WIFSTOPPED(*status)) {
        int stop = WSTOPSIG(*status);
        if (stop == SIGTRAP && is_stepping)
            is_stepping = after_step(context);
        /* The stops of tracing end here; other signals are the child's own, and may well end it. */
        long signal = stop == SIGTRAP || stop == SIGSTOP ? 0 : stop;
        if (ptrace(is_stepping ? PTRACE_SINGLESTEP : PTRACE_CONT, child, NULL, (void *)signal) != 0)
            give_up("single_step: ptrace");
        *status = wait_for(child);
    }
    return true;
}
