/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Calls that many rows submit. Their names are unique in the whole suite, for a kind may look functions up by name. */
#ifndef TESTS_EXECUTORS_CALLS_H
#define TESTS_EXECUTORS_CALLS_H

#include <parallel.h>

int echo(int value);
PARALLEL_FN(int, echo, int)

/* Makes the mark `started`, waits for the mark `gate`, returns `value`. */
int hold(int value, int started, int gate);
PARALLEL_FN(int, hold, int, int, int)

/* Fails with `code`. */
int fail_with(int code);
PARALLEL_FN(int, fail_with, int)

/* Makes the mark `started`, waits for the mark `gate`, fails with `code`. */
int hold_and_fail(int code, int started, int gate);
PARALLEL_FN(int, hold_and_fail, int, int, int)

void mark(int which);
PARALLEL_FN(void, mark, int)

#endif
