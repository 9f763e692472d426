/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs a piece of code one machine instruction at a time, and lets the test act between any two of them. So "after this
 * store it touches the object no more" is not hoped to show in a stress test: the test takes the object away in the
 * very instruction after.
 *
 * The code runs in a forked child, traced by the test. What both are to see lies in shared_object(), which the test can
 * take away from under the child with revoke_shared_object(). */
#ifndef TESTS_SUPPORT_SINGLE_STEP_H
#define TESTS_SUPPORT_SINGLE_STEP_H

#include <stdbool.h>
#include <stddef.h>

struct shared_object {
    void *memory; /* zeroed; at the same address in the child */
    size_t size_bytes;
    int file;
};

/* Makes one of at least so many bytes; ends the test if it cannot be had. */
struct shared_object create_shared_object(size_t size_bytes);

/* From now on each access to the memory ends the accessing process by SIGBUS. */
void revoke_shared_object(struct shared_object *object);

/* Forks; the child runs body(context) in single steps, then ends by _exit(0). After each step the test's process runs
 * after_step(context), until it returns false; the rest of the child then runs without stops. Stores the child's wait
 * status; false, with errno set, if this process may not trace. */
bool run_in_single_steps(void (*body)(void *context), bool (*after_step)(void *context), void *context, int *status);

#endif
