/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/parking_lot.h"

#include <libparallel/deadline.h>

#include "tests/support/property.h"

enum { WORKERS = 4 };

static struct pl_parking_lot lot;
static struct pl_parker parkers[WORKERS];

static void park_all(void)
{
    pl_parking_lot_open(&lot);
    for (int i = 0; i < WORKERS; i++)
        pl_parking_lot_enter(&lot, &parkers[i]);
}

/* Wakes all; the workers come back in this order, and none beside them. */
static void wakes_in_order(size_t count, const int order[])
{
    for (size_t i = 0; i < count; i++) {
        ck_assert_uint_eq(pl_parking_lot_count(&lot), count - i);
        ck_assert_ptr_eq(pl_parking_lot_wake_one(&lot), &parkers[order[i]]);
    }
    ck_assert_uint_eq(pl_parking_lot_count(&lot), 0);
    ck_assert_ptr_null(pl_parking_lot_wake_one(&lot));
    pl_parking_lot_close(&lot);
}

PROPERTY(of_all)
{
    park_all();
    wakes_in_order(4, (const int[]){3, 2, 1, 0});
}
PROPERTY_END

PROPERTY(of_those_left_when_some_leave)
{
    park_all();
    ck_assert(pl_parking_lot_leave(&lot, &parkers[2])); /* from the middle */
    ck_assert(pl_parking_lot_leave(&lot, &parkers[3])); /* the top */
    ck_assert(pl_parking_lot_leave(&lot, &parkers[0])); /* the bottom */
    pl_parking_lot_enter(&lot, &parkers[2]);
    wakes_in_order(2, (const int[]){2, 1});
}
PROPERTY_END

PROPERTY(of_those_left_when_deadlines_pass)
{
    park_all();
    ck_assert(!pl_parking_lot_sleep(&lot, &parkers[1], PARALLEL_POLL));
    wakes_in_order(3, (const int[]){3, 2, 0});
}
PROPERTY_END

PROPERTIES(of_all, of_those_left_when_some_leave, of_those_left_when_deadlines_pass)
