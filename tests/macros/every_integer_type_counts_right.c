/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

/* Runs begin..end-1 in variables of `type` and checks that each index appeared once, seen as its distance from begin. */
#define EXPECT_RANGE(type, first, length)                                                                     \
    do {                                                                                                      \
        atomic_int hits[length + 1];                                                                          \
        memset(hits, 0, sizeof hits);                                                                         \
        type range_begin = (type)(first);                                                                     \
        type range_end = (type)(range_begin + (type)(length));                                                \
        PARALLEL_FOR(i, range_begin, range_end, .workers = 3)                                                 \
            hits[(uint64_t)i - (uint64_t)range_begin]++;                                                      \
        for (int k = 0; k < (length); k++)                                                                    \
            ck_assert_msg(hits[k] == 1, #type " from " #first ": %d ran %d times", k, hits[k]);               \
    } while (0)

PROPERTY(at_both_ends_of_its_values)
{
    EXPECT_RANGE(signed char, SCHAR_MIN, 100);
    EXPECT_RANGE(signed char, -50, 100);
    EXPECT_RANGE(signed char, SCHAR_MAX - 100, 100);
    EXPECT_RANGE(unsigned char, 0, 100);
    EXPECT_RANGE(unsigned char, UCHAR_MAX - 100, 100);
    EXPECT_RANGE(short, SHRT_MIN, 100);
    EXPECT_RANGE(short, SHRT_MAX - 100, 100);
    EXPECT_RANGE(unsigned short, USHRT_MAX - 100, 100);
    EXPECT_RANGE(int, INT_MIN, 100);
    EXPECT_RANGE(int, -50, 100);
    EXPECT_RANGE(int, INT_MAX - 100, 100);
    EXPECT_RANGE(unsigned, UINT_MAX - 100, 100);
    EXPECT_RANGE(long, LONG_MIN, 100);
    EXPECT_RANGE(long long, LLONG_MIN, 100);
    EXPECT_RANGE(long long, -50, 100);
    EXPECT_RANGE(long long, LLONG_MAX - 100, 100);
    EXPECT_RANGE(unsigned long, ULONG_MAX - 100, 100);
    EXPECT_RANGE(unsigned long long, ULLONG_MAX - 100, 100);
    EXPECT_RANGE(size_t, 0, 100);
    EXPECT_RANGE(_Bool, 0, 1);
}
PROPERTY_END

PROPERTY(over_all_values_of_64_bits)
{
    /* Too many to run all: the loop is stopped at its first iteration, and the value tells which that was. */
    int64_t where = 0;
    PARALLEL_FOR(i, INT64_MIN, INT64_MAX, .stopped_at = &where)
        break;
    ck_assert_int_eq(where, INT64_MIN);
    PARALLEL_FOR(i, 0, UINT64_MAX, .stopped_at = &where)
        break;
    ck_assert_int_eq(where, 0);
}
PROPERTY_END

PROPERTY(as_a_variable_of_the_common_type)
{
    unsigned char narrow = 3;
    size_t wide = 4;
    PARALLEL_FOR(i, 0, narrow)
        ck_assert(_Generic(i, int: 1, default: 0));
    PARALLEL_FOR(i, 0, wide)
        ck_assert(_Generic(i, size_t: 1, default: 0));
    PARALLEL_FOR(i, 0L, 5)
        ck_assert(_Generic(i, long: 1, default: 0));
    PARALLEL_FOR(i, 0, 5u)
        ck_assert(_Generic(i, unsigned: 1, default: 0));
}
PROPERTY_END

PROPERTY(not_at_all_in_an_empty_or_reversed_range)
{
    PARALLEL_FOR(i, 0, 0)
        ck_abort();
    PARALLEL_FOR(i, 5, 3)
        ck_abort();
    PARALLEL_FOR(i, 5u, 3u)
        ck_abort();
    PARALLEL_FOR(i, INT64_MAX, INT64_MIN)
        ck_abort();
    PARALLEL_FOR(i, UINT64_MAX, 0u)
        ck_abort();
    int64_t where = 0;
    PARALLEL_FOR(i, 5, 3, .stopped_at = &where)
        ck_abort();
    ck_assert_int_eq(where, 5);
}
PROPERTY_END

PROPERTY(or_refuses_a_negative_bound_beside_an_unsigned_one)
{
    parallel_error failure;
    int begin = -1;
    PARALLEL_FOR(i, begin, 10u, .status = &failure)
        ck_abort();
    ck_assert_int_eq(failure.code, PARALLEL_ERANGE);
    ck_assert_str_eq(failure.message, "begin: -1 is negative and the loop variable is unsigned");
    long end = -7;
    PARALLEL_FOR(i, (size_t)0, end, .status = &failure)
        ck_abort();
    ck_assert_int_eq(failure.code, PARALLEL_ERANGE);
    ck_assert_str_eq(failure.message, "end: -7 is negative and the loop variable is unsigned");
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ERANGE);
    /* The loop variable is a long: nothing is wrong with -1. */
    atomic_int hits = 0;
    PARALLEL_FOR(i, begin, 10L, .status = &failure)
        hits++;
    ck_assert_int_eq(failure.code, 0);
    ck_assert_int_eq(hits, 11);
}
PROPERTY_END

static int evaluations;

static int counted(int value)
{
    evaluations++;
    return value;
}

PROPERTY(with_each_bound_and_option_evaluated_once)
{
    PARALLEL_FOR(i, counted(0), counted(10), .workers = (size_t)counted(2)) {
    }
    ck_assert_int_eq(evaluations, 3);
}
PROPERTY_END

PROPERTIES(at_both_ends_of_its_values, over_all_values_of_64_bits, as_a_variable_of_the_common_type,
           not_at_all_in_an_empty_or_reversed_range, or_refuses_a_negative_bound_beside_an_unsigned_one,
           with_each_bound_and_option_evaluated_once)
