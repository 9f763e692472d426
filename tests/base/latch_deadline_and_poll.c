/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/latch.h"

#include "libparallel/base/clock.h"

#include "tests/support/property.h"

static struct pl_latch latch;

PROPERTY(a_poll_never_touches_the_word)
{
    ck_assert(!pl_latch_wait(&latch, PARALLEL_POLL, 1000));
    ck_assert_uint_eq(pl_load_relaxed(&latch.word), 0);
    pl_latch_open(&latch, 0);
    ck_assert(pl_latch_wait(&latch, PARALLEL_POLL, 0));
    ck_assert_uint_eq(pl_load_relaxed(&latch.word), PL_LATCH_OPEN);
}
PROPERTY_END

PROPERTY(a_wait_ends_at_its_deadline_and_not_before)
{
    uint64_t deadline = parallel_deadline_in(0.01);
    ck_assert(!pl_latch_wait(&latch, deadline, 10));
    ck_assert_uint_ge(pl_clock_now_ns(), deadline);
    ck_assert_msg(!pl_latch_wait(&latch, deadline, 0), "it may be asked again");
}
PROPERTY_END

PROPERTY(an_open_latch_beats_a_deadline_that_has_passed)
{
    pl_latch_open(&latch, 0);
    ck_assert(pl_latch_wait(&latch, pl_clock_now_ns() - 1, 0));
}
PROPERTY_END

PROPERTIES(a_poll_never_touches_the_word, a_wait_ends_at_its_deadline_and_not_before,
           an_open_latch_beats_a_deadline_that_has_passed)
