/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/futex.h"

#include <errno.h>

#include <libparallel/deadline.h>

#include "tests/support/property.h"

static _Atomic uint32_t word = 1;

PROPERTY(without_a_deadline)
{
    ck_assert_int_eq(pl_futex_wait(&word, 0, PARALLEL_NEVER, PL_FUTEX_PRIVATE), PL_FUTEX_CHANGED);
    ck_assert_int_eq(pl_futex_wait(&word, 0, PARALLEL_NEVER, PL_FUTEX_SHARED), PL_FUTEX_CHANGED);
}
PROPERTY_END

PROPERTY(even_if_the_deadline_has_passed)
{
    ck_assert_int_eq(pl_futex_wait(&word, 0, 1, PL_FUTEX_PRIVATE), PL_FUTEX_CHANGED);
}
PROPERTY_END

PROPERTY(and_leaves_errno_alone)
{
    errno = EDOM;
    ck_assert_int_eq(pl_futex_wait(&word, 0, PARALLEL_NEVER, PL_FUTEX_PRIVATE), PL_FUTEX_CHANGED);
    ck_assert_int_eq(errno, EDOM);
}
PROPERTY_END

PROPERTIES(without_a_deadline, even_if_the_deadline_has_passed, and_leaves_errno_alone)
