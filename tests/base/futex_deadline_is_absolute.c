/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/futex.h"

#include <errno.h>

#include "libparallel/base/clock.h"

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

static _Atomic uint32_t word;

PROPERTY(a_deadline_that_has_passed_does_not_sleep)
{
    errno = EDOM;
    ck_assert_int_eq(pl_futex_wait(&word, 0, PARALLEL_POLL, PL_FUTEX_PRIVATE), PL_FUTEX_TIMED_OUT);
    ck_assert_int_eq(pl_futex_wait(&word, 0, pl_clock_now_ns() - 1, PL_FUTEX_SHARED), PL_FUTEX_TIMED_OUT);
    ck_assert_int_eq(errno, EDOM);
}
PROPERTY_END

PROPERTY(a_wait_does_not_end_before_its_deadline)
{
    uint64_t deadline = parallel_deadline_in(0.01);
    while (pl_futex_wait(&word, 0, deadline, PL_FUTEX_PRIVATE) != PL_FUTEX_TIMED_OUT)
        ;
    ck_assert_uint_ge(pl_clock_now_ns(), deadline);
}
PROPERTY_END

PROPERTY(many_waits_share_one_deadline)
{
    uint64_t deadline = pl_clock_now_ns();
    for (int i = 0; i < 1000; i++)
        ck_assert_int_eq(pl_futex_wait(&word, 0, deadline, PL_FUTEX_PRIVATE), PL_FUTEX_TIMED_OUT);
}
PROPERTY_END

/* 2^64 - 2 ns is more than the kernel's clock can count, and none of its errors. */
static void *sleep_for_584_years(void *argument)
{
    return pl_futex_wait(&word, 0, PARALLEL_NEVER - 1, PL_FUTEX_PRIVATE) == PL_FUTEX_WOKEN ? argument : NULL;
}

PROPERTY(the_furthest_deadline_sleeps)
{
    struct test_thread sleeper;
    start_thread(&sleeper, sleep_for_584_years, &sleeper);
    wait_until_asleep(sleeper.id, &word);
    ck_assert_int_eq(pl_futex_wake(&word, 1, PL_FUTEX_PRIVATE), 1);
    ck_assert_msg(join_thread(&sleeper) != NULL, "the sleeper was not woken, but ended otherwise");
}
PROPERTY_END

PROPERTIES(a_deadline_that_has_passed_does_not_sleep, a_wait_does_not_end_before_its_deadline,
           many_waits_share_one_deadline, the_furthest_deadline_sleeps)
