/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The parent reads the pipe until the child, and whoever it leaves behind with the pipe open, is gone, then reaps. */
#include "tests/support/in_child.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/give_up.h"

/* Read by the thread sanitizer when the program starts. A forked child has no thread of its parent's but the one that
 * forked; the sanitizer takes the others for threads that the child forgot to join. */
const char *__tsan_default_options(void);

const char *__tsan_default_options(void)
{
    return "report_thread_leaks=0";
}

static void read_all(int from, char *text, size_t size)
{
    size_t length = 0;
    char chunk[512];
    for (ssize_t got; (got = read(from, chunk, sizeof chunk)) != 0;) {
        if (got < 0 && errno != EINTR)
            give_up("in_child: read");
        for (ssize_t i = 0; i < got && length < size - 1; i++)
            text[length++] = chunk[i];
    }
    text[length] = '\0';
}

int wait_for_child(pid_t child)
{
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            give_up("waitpid");
    return status;
}

struct child_outcome run_in_child(void (*body)(void *context), void *context)
{
    struct child_outcome outcome = {0};
    int ends[2];
    fflush(NULL); /* or the child could write the parent's buffered lines once more */
    if (pipe(ends) != 0)
        give_up("in_child: pipe");
    pid_t child = fork();
    if (child < 0)
        give_up("in_child: fork");
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body(context);
        _exit(0);
    }
    close(ends[1]);
    read_all(ends[0], outcome.complaint, sizeof outcome.complaint);
    close(ends[0]);
    outcome.status = wait_for_child(child);
    return outcome;
}

bool exited_with(const struct child_outcome *outcome, int code)
{
    return WIFEXITED(outcome->status) && WEXITSTATUS(outcome->status) == code;
}

bool ended_well(const struct child_outcome *outcome)
{
    return exited_with(outcome, 0);
}

bool ended_by_signal(const struct child_outcome *outcome, int signal)
{
    return WIFSIGNALED(outcome->status) && WTERMSIG(outcome->status) == signal;
}
