/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Of the parkers on the stack the last one that would not run on the caller's CPU is woken; where all would, the last one.
 * What a wake from the same CPU costs is no sample of what wakes cost. */
#include "libparallel/base/parking_lot.h"

#include <libparallel/deadline.h>

#include "tests/support/property.h"

static struct pl_parking_lot lot;
static struct pl_parker parkers[3];

static void park_on(int first, int second, int third)
{
    const int cpus[] = {first, second, third};
    pl_parking_lot_open(&lot);
    for (int i = 0; i < 3; i++) {
        parkers[i].cpu = cpus[i];
        pl_parking_lot_enter(&lot, &parkers[i]);
    }
}

static void expect_woken(int from, int expected, int expected_cpu)
{
    int cpu = -2;
    ck_assert_ptr_eq(pl_parking_lot_wake_apart(&lot, from, &cpu), &parkers[expected]);
    ck_assert_int_eq(cpu, expected_cpu);
    ck_assert_int_eq(parkers[expected].is_called_from_here, cpu == from && from >= 0);
    ck_assert(pl_parking_lot_doze(&parkers[expected], PARALLEL_POLL));
}

PROPERTY(the_last_one_elsewhere)
{
    park_on(0, 1, 2);
    expect_woken(2, 1, 1);
    expect_woken(2, 0, 0);
    expect_woken(2, 2, 2); /* better than nobody */
    int cpu;
    ck_assert_ptr_null(pl_parking_lot_wake_apart(&lot, 2, &cpu));
    pl_parking_lot_close(&lot);
}
PROPERTY_END

PROPERTY(one_that_may_run_anywhere_is_elsewhere)
{
    park_on(-1, 4, 4);
    expect_woken(4, 0, -1);
    expect_woken(-1, 2, 4); /* who does not know where it is takes the last one */
    expect_woken(-1, 1, 4);
    pl_parking_lot_close(&lot);
}
PROPERTY_END

PROPERTIES(the_last_one_elsewhere, one_that_may_run_anywhere_is_elsewhere)
