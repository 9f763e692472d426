/* SPDX-License-Identifier: BSD-3-Clause
 *
 * How the tests' own tools end when the system refuses what no test can do without. */
#ifndef TESTS_SUPPORT_GIVE_UP_H
#define TESTS_SUPPORT_GIVE_UP_H

#include <stdio.h>
#include <stdlib.h>

/* Says what failed, and why (errno), and ends the test at once; in any thread or process of it. */
static inline _Noreturn void give_up(const char *what)
{
    perror(what);
    abort();
}

#endif
