/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/machine/cpu_set.h"

#include "tests/machine/machines.h"

static void expect_text(const char *list, size_t size, const char *expected)
{
    char text[128];
    struct pl_cpu_set set = cpus_of(list);
    memset(text, '#', sizeof text);
    pl_cpu_set_format(&set, text, size);
    ck_assert_str_eq(text, expected);
    for (size_t i = size; i < sizeof text; i++)
        ck_assert_int_eq(text[i], '#');
}

PROPERTY(ranges_are_joined)
{
    expect_text("", 128, "none");
    expect_text("0", 128, "0");
    expect_text("0-1", 128, "0-1");
    expect_text("0,2,3,4,63,64,65,8191", 128, "0,2-4,63-65,8191");
    expect_text("0-8191", 128, "0-8191");
}
PROPERTY_END

PROPERTY(what_does_not_fit_is_cut_between_ranges)
{
    expect_text("0-3,8-9", 8, "0-3,8-9");
    expect_text("0-3,8-10", 8, "0-3,...");
    expect_text("0-3,8,10", 8, "0-3,...");
    expect_text("1000-2000,3000", 8, "...");
    expect_text("0,2,4,6,8,10", 12, "0,2,4,6,...");
    expect_text("0,2,4,6,8", 12, "0,2,4,6,8");
}
PROPERTY_END

PROPERTY(members_are_found)
{
    struct pl_cpu_set set = cpus_of("3,64-66,8191");
    ck_assert_uint_eq(pl_cpu_set_count(&set), 5);
    ck_assert_uint_eq(pl_cpu_set_next(&set, 0), 3);
    ck_assert_uint_eq(pl_cpu_set_next(&set, 3), 3);
    ck_assert_uint_eq(pl_cpu_set_next(&set, 4), 64);
    ck_assert_uint_eq(pl_cpu_set_next(&set, 67), 8191);
    ck_assert_uint_eq(pl_cpu_set_next(&set, 8192), PL_CPU_LIMIT);
    ck_assert(pl_cpu_set_has(&set, 64) && !pl_cpu_set_has(&set, 63));
}
PROPERTY_END

PROPERTIES(ranges_are_joined, what_does_not_fit_is_cut_between_ranges, members_are_found)
