/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/futex.h"

#include <libparallel/deadline.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { SLEEPERS = 5 };

static _Atomic uint32_t word;

static void *sleep_once(void *scope)
{
    pl_futex_wait(&word, 0, PARALLEL_NEVER, *(enum pl_futex_scope *)scope);
    return NULL;
}

static void wakes_as_many_as_asked(enum pl_futex_scope scope)
{
    struct test_thread sleepers[SLEEPERS];
    ck_assert_int_eq(pl_futex_wake(&word, PL_FUTEX_WAKE_ALL, scope), 0);
    for (int i = 0; i < SLEEPERS; i++)
        start_thread(&sleepers[i], sleep_once, &scope);
    for (int i = 0; i < SLEEPERS; i++)
        wait_until_asleep(sleepers[i].id, &word);

    ck_assert_int_eq(pl_futex_wake(&word, 1, scope), 1);
    ck_assert_int_eq(pl_futex_wake(&word, 2, scope), 2);
    ck_assert_int_eq(pl_futex_wake(&word, PL_FUTEX_WAKE_ALL, scope), SLEEPERS - 3);
    ck_assert_int_eq(pl_futex_wake(&word, PL_FUTEX_WAKE_ALL, scope), 0);
    for (int i = 0; i < SLEEPERS; i++)
        join_thread(&sleepers[i]);
}

PROPERTY(of_one_process)
{
    wakes_as_many_as_asked(PL_FUTEX_PRIVATE);
}
PROPERTY_END

PROPERTY(of_several_processes)
{
    wakes_as_many_as_asked(PL_FUTEX_SHARED);
}
PROPERTY_END

PROPERTIES(of_one_process, of_several_processes)
