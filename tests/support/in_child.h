/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs a piece of a test in a forked child and brings back how it ended and what it wrote to stderr: for what happens
 * once a process (settings are read once), for what ends a process (the documented aborts), and for children forked at
 * a chosen moment. */
#ifndef TESTS_SUPPORT_IN_CHILD_H
#define TESTS_SUPPORT_IN_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

struct child_outcome {
    int status;           /* as waitpid() gives it */
    char complaint[4096]; /* what it wrote to stderr, cut */
};

/* Forks; the child runs body(context) with its stderr caught, then ends by _exit(0). */
struct child_outcome run_in_child(void (*body)(void *context), void *context);

/* Reaps a child, or learns of its stop if it is traced; returns the status as waitpid() gives it. */
int wait_for_child(pid_t child);

/* The child ended by _exit(code) in its body. */
bool exited_with(const struct child_outcome *outcome, int code);

/* The child returned from its body, or ended by _exit(0) in it. */
bool ended_well(const struct child_outcome *outcome);

/* The child was ended by this signal. */
bool ended_by_signal(const struct child_outcome *outcome, int signal);

#endif
