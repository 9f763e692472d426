/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fails one chosen allocation of the code under test, so that a test can try each of them in turn: creating is all or
 * nothing, and the error is PARALLEL_ENOMEMORY.
 *
 * The allocators are replaced at link time (--wrap), in the test program and in what is linked into it: the internal
 * library, and Check where it is a static library. Shared libraries never see a failure. So while an allocation is
 * chosen to fail, the test checks nothing: ck_assert...() allocates. A test that uses this is a unit test and says
 * `tests_floor_name_LDFLAGS = $(AM_LDFLAGS) $(failing_allocation_ldflags)`. It works under the sanitizers too. */
#ifndef TESTS_SUPPORT_FAILING_ALLOCATION_H
#define TESTS_SUPPORT_FAILING_ALLOCATION_H

#include <stdbool.h>
#include <stddef.h>

/* The calling thread's allocation number `number` from now on fails, counted from 1; the others succeed. 0: none fails.
 * Other threads' allocations always succeed, so that the numbers do not depend on the schedule. */
void fail_allocation(size_t number);

/* An allocation has failed since the calling thread's last fail_allocation(number > 0). */
bool allocation_failed(void);

/* Blocks that were allocated through the replaced allocators, by any thread, and not freed yet. */
size_t live_allocations(void);

/* Calls attempt(context) with its first allocation failing, then with its second, and so on, until one has no failing
 * allocation any more. `attempt` creates something and returns the status of that, without a ck_assert...() in between;
 * what was created it destroys again.
 * NULL if all is well, else what was wrong, in words (static storage of this thread): a failed allocation that did not
 * lead to PARALLEL_ENOMEMORY or left blocks behind, or a last attempt that did not succeed. */
const char *fail_each_allocation(int (*attempt)(void *context), void *context);

#endif
