/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/patience.h"

#include <stdlib.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/settings.h"

#include "tests/support/property.h"

static uint32_t turns_after_wakes_of(uint64_t ns)
{
    for (int i = 0; i < 100; i++)
        pl_patience_note_wake(pl_clock_now_ns() - ns);
    return pl_patience_turns();
}

PROPERTY(it_is_what_a_wake_costs)
{
    setenv("PARALLEL_WAIT", "auto", 1);
    uint32_t usual = pl_patience_turns();
    if (usual == 0)
        return; /* one processor: it never pays */
    uint32_t longer = turns_after_wakes_of(150000);
    uint32_t shorter = turns_after_wakes_of(0);
    ck_assert_uint_gt(longer, 2 * usual);
    ck_assert_uint_lt(shorter, usual / 2);
    ck_assert_uint_gt(shorter, 0);
    /* A wake that had to wait for a processor says nothing about the cost of wakes. */
    ck_assert_uint_lt(turns_after_wakes_of(1000000000), 2 * longer);
}
PROPERTY_END

PROPERTY(nobody_looks_who_is_told_to_sleep)
{
    setenv("PARALLEL_WAIT", "sleep", 1);
    ck_assert_uint_eq(pl_patience_turns(), 0);
    ck_assert_uint_eq(turns_after_wakes_of(150000), 0);
}
PROPERTY_END

PROPERTY(who_is_told_to_spin_does_so_whatever_wakes_cost)
{
    setenv("PARALLEL_WAIT", "spin", 1);
    uint32_t turns = pl_patience_turns();
    ck_assert_uint_gt(turns, 1000000);
    ck_assert_uint_eq(turns_after_wakes_of(0), turns);
    uint64_t looked_ns = 1;
    ck_assert(!pl_patience_is_interrupted(&looked_ns));
}
PROPERTY_END

PROPERTY(a_gap_in_time_is_an_interruption)
{
    setenv("PARALLEL_WAIT", "auto", 1);
    (void)pl_patience_turns();
    uint64_t looked_ns = 0;
    ck_assert_msg(!pl_patience_is_interrupted(&looked_ns), "the first look has nothing before it");
    looked_ns -= 5000000;
    if (pl_patience_turns() > 0)
        ck_assert(pl_patience_is_interrupted(&looked_ns));
}
PROPERTY_END

PROPERTIES(it_is_what_a_wake_costs, nobody_looks_who_is_told_to_sleep,
           who_is_told_to_spin_does_so_whatever_wakes_cost, a_gap_in_time_is_an_interruption)
