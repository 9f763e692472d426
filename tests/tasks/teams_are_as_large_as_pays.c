/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/tasks/pace.h"

#include "tests/support/property.h"

PROPERTY(two_for_the_shortest_loop_that_is_shared)
{
    ck_assert_uint_eq(pl_pace_team(1000, 2), 2);
    ck_assert_uint_eq(pl_pace_team(1000, 1024), 2);
    ck_assert_uint_eq(pl_pace_team(10, 1024), 1);
    ck_assert_uint_eq(pl_pace_team(1000, 1), 1);
}
PROPERTY_END

PROPERTY(by_the_square_root_of_what_the_loop_takes)
{
    ck_assert_uint_eq(pl_pace_team(10000, 1024), 6);
    ck_assert_uint_eq(pl_pace_team(100000, 1024), 20);
    ck_assert_uint_eq(pl_pace_team(1e6f, 1024), 63);
    ck_assert_uint_eq(pl_pace_team(1e6f, 16), 16);
}
PROPERTY_END

PROPERTY(all_for_a_long_one)
{
    ck_assert_uint_eq(pl_pace_team(1e9f, 1024), 1024);
    ck_assert_uint_eq(pl_pace_team(1e30f, 32767), 32767);
}
PROPERTY_END

PROPERTIES(two_for_the_shortest_loop_that_is_shared, by_the_square_root_of_what_the_loop_takes, all_for_a_long_one)
