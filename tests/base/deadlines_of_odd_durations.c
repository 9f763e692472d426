/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/clock.h"

#include <float.h>
#include <math.h>

#include "tests/support/property.h"

PROPERTY(what_is_not_positive_is_a_poll)
{
    const double durations[] = {0.0, -0.0, -1e-300, -1.0, -DBL_MAX, -INFINITY, NAN, -NAN};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        ck_assert_uint_eq(parallel_deadline_in(durations[i]), PARALLEL_POLL);
}
PROPERTY_END

PROPERTY(what_is_too_far_away_is_never)
{
    const double durations[] = {(double)INT64_MAX / 1e9, 1e10, 1e300, DBL_MAX, INFINITY};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++)
        ck_assert_uint_eq(parallel_deadline_in(durations[i]), PARALLEL_NEVER);
}
PROPERTY_END

/* A deadline that is no poll and not never lies between the clock before and the clock after, plus the duration. */
PROPERTY(the_others_lie_that_far_ahead)
{
    const double durations[] = {DBL_MIN, 1e-10, 1e-9, 0.25, 1.0, 3600.0, 9e9};
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        uint64_t ns = (uint64_t)(durations[i] * 1e9);
        uint64_t before = pl_clock_now_ns();
        uint64_t deadline = parallel_deadline_in(durations[i]);
        ck_assert_uint_ge(deadline, before + ns);
        ck_assert_uint_le(deadline, pl_clock_now_ns() + ns);
    }
}
PROPERTY_END

PROPERTY(a_deadline_passes_once_and_for_all)
{
    ck_assert(pl_deadline_passed(PARALLEL_POLL));
    ck_assert(!pl_deadline_passed(PARALLEL_NEVER));
    ck_assert(!pl_deadline_passed(PARALLEL_NEVER - 1));
    uint64_t now = pl_clock_now_ns();
    ck_assert(pl_deadline_passed(now));
    ck_assert(pl_deadline_passed(1));
    ck_assert(!pl_deadline_passed(now + 1000000000ull * 3600));
}
PROPERTY_END

PROPERTY(a_timespec_is_the_same_time)
{
    struct timespec time = pl_timespec_of_ns(PARALLEL_NEVER);
    ck_assert_int_eq(time.tv_sec, 18446744073);
    ck_assert_int_eq(time.tv_nsec, 709551615);
    time = pl_timespec_of_ns(999999999);
    ck_assert_int_eq(time.tv_sec, 0);
    ck_assert_int_eq(time.tv_nsec, 999999999);
}
PROPERTY_END

PROPERTIES(what_is_not_positive_is_a_poll, what_is_too_far_away_is_never, the_others_lie_that_far_ahead,
           a_deadline_passes_once_and_for_all, a_timespec_is_the_same_time)
