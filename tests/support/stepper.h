/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A child that is stopped, or killed, after a chosen number of its machine instructions: for "a process may be killed
 * anywhere". It is traced and single-stepped, so the code under test needs no hooks, and no point is left out.
 *
 *     for (each point of step_points(body, context, ...)) {
 *         pid_t child = step_child(body, context, point);
 *         ... it is stopped in the middle of body(context): what the others do must work
 *         kill_child(child);
 *         ... and now it is dead there
 *     }
 *
 * Needs ptrace, and a processor whose atomic operations are single instructions (x86-64): with load-locked and
 * store-conditional pairs a stepped loop never ends. */
#ifndef TESTS_SUPPORT_STEPPER_H
#define TESTS_SUPPORT_STEPPER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* NULL if stepping works here, else why not. */
const char *why_no_steps(void);

/* Chooses points in a run of body(context), spread over all of its instructions from a random first one, at most
 * `most` of them; returns how many. Runs the body once in a child. The points differ with the property's seed. */
size_t step_points(void (*body)(void *context), void *context, size_t points[], size_t most);

/* Forks a child that runs body(context) and is stopped after `point` of its instructions; 0 if it ended before (another
 * run of it may be shorter), by itself and with status 0. */
pid_t step_child(void (*body)(void *context), void *context, size_t point);

/* Kills a stopped child by SIGKILL where it is, and reaps it; 0 does nothing. */
void kill_child(pid_t child);

/* The steps themselves. Forks a child that is stopped before the first instruction of body(context); 0 if this process
 * may not trace. *status is its stop, as waitpid() gives it. */
pid_t begin_steps(void (*body)(void *context), void *context, int *status);

/* Lets it run one instruction, with the signal that stopped it, if it was the child's own. False: it has ended. */
bool step(pid_t child, int *status);

/* Lets it run to its end. */
void end_steps(pid_t child, int *status);

#endif
