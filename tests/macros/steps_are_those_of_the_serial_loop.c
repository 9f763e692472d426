/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

enum { MOST = 300 };

static atomic_int hits[MOST];

static void expect_each_once(int count, const char *loop)
{
    for (int k = 0; k < MOST; k++)
        ck_assert_msg(hits[k] == (k < count), "%s: iteration %d of %d ran %d times", loop, k, count, hits[k]);
}

/* Runs the loop in variables of `type`, and checks that the values were the `count` ones from `first` on, each once, and
 * that the end is reported as that after the last one. */
#define EXPECT_STEPS(type, first, last, step, count)                                                          \
    do {                                                                                                      \
        memset(hits, 0, sizeof hits);                                                                         \
        type range_first = (type)(first), range_last = (type)(last);                                          \
        int64_t where = 0;                                                                                    \
        PARALLEL_FOR_STEP(i, range_first, range_last, step, .workers = 3, .stopped_at = &where) {             \
            uint64_t distance = (uint64_t)i - (uint64_t)range_first;                                          \
            uint64_t number = distance / (uint64_t)(step);                                                    \
            if (range_first > range_last)                                                                     \
                number = (0 - distance) / (0 - (uint64_t)(step));                                             \
            ck_assert(number < MOST && (uint64_t)i == (uint64_t)range_first + number * (uint64_t)(step));     \
            hits[number]++;                                                                                   \
        }                                                                                                     \
        expect_each_once(count, #type " from " #first " to " #last " by " #step);                             \
        ck_assert(where == (int64_t)((uint64_t)range_first + (uint64_t)(count) * (uint64_t)(step)));          \
    } while (0)

PROPERTY(forwards)
{
    EXPECT_STEPS(int, 0, 100, 1, 100);
    EXPECT_STEPS(int, 0, 100, 3, 34);
    EXPECT_STEPS(int, 0, 99, 3, 33);
    EXPECT_STEPS(int, -50, 50, 7, 15);
    EXPECT_STEPS(int, 0, 100, 1000, 1);
    EXPECT_STEPS(unsigned, 5, 100, 5u, 19);
    EXPECT_STEPS(size_t, 0, 1000, 10, 100);
    EXPECT_STEPS(long long, 0, 1000, (size_t)10, 100);
}
PROPERTY_END

PROPERTY(backwards)
{
    EXPECT_STEPS(int, 100, 0, -1, 100);
    EXPECT_STEPS(int, 100, 0, -3, 34);
    EXPECT_STEPS(int, 99, -1, -1, 100);
    EXPECT_STEPS(int, 50, -50, -7, 15);
    EXPECT_STEPS(unsigned, 100, 0, -1, 100);
    EXPECT_STEPS(size_t, 1000, 0, -10, 100);
    EXPECT_STEPS(long, 1000, 0, (signed char)-10, 100);
}
PROPERTY_END

PROPERTY(up_to_the_ends_of_the_type)
{
    EXPECT_STEPS(signed char, SCHAR_MIN, SCHAR_MAX, 1, 255);
    EXPECT_STEPS(unsigned char, UCHAR_MAX, 0, -1, 255);
    EXPECT_STEPS(int, INT_MAX - 10, INT_MAX, 3, 4);
    EXPECT_STEPS(int, INT_MIN + 10, INT_MIN, -3, 4);
    EXPECT_STEPS(int, INT_MIN, INT_MAX, INT_MAX, 3);
    EXPECT_STEPS(int, INT_MAX, INT_MIN, INT_MIN, 2);
    EXPECT_STEPS(unsigned, UINT_MAX - 10, UINT_MAX, 3, 4);
    EXPECT_STEPS(long long, LLONG_MAX - 10, LLONG_MAX, 3, 4);
    EXPECT_STEPS(long long, LLONG_MIN + 10, LLONG_MIN, -3, 4);
    EXPECT_STEPS(long long, LLONG_MIN, LLONG_MAX, LLONG_MAX, 3);
    EXPECT_STEPS(long long, LLONG_MAX, LLONG_MIN, LLONG_MIN, 2);
    EXPECT_STEPS(unsigned long long, 0, ULLONG_MAX, ULLONG_MAX, 1);
    EXPECT_STEPS(unsigned long long, 0, ULLONG_MAX, ULLONG_MAX / 2, 3);
    EXPECT_STEPS(unsigned long long, ULLONG_MAX, 0, LLONG_MIN, 2);
}
PROPERTY_END

PROPERTY(none_in_an_empty_range)
{
    EXPECT_STEPS(int, 5, 5, 2, 0);
    EXPECT_STEPS(int, 5, 5, -2, 0);
    EXPECT_STEPS(int, 5, 3, 2, 0);
    EXPECT_STEPS(int, 3, 5, -2, 0);
    EXPECT_STEPS(unsigned, 5, 3, 2, 0);
    EXPECT_STEPS(unsigned, 3, 5, -2, 0);
    EXPECT_STEPS(long long, LLONG_MAX, LLONG_MIN, 1, 0);
}
PROPERTY_END

PROPERTY(but_a_step_of_zero_is_refused)
{
    parallel_error failure;
    int64_t where = 77;
    PARALLEL_FOR_STEP(i, 0, 10, 0, .status = &failure, .stopped_at = &where)
        ck_abort();
    ck_assert_int_eq(failure.code, PARALLEL_EINVALID);
    ck_assert_str_eq(failure.message, "step: 0 leads nowhere");
    ck_assert_int_eq(where, 77);
}
PROPERTY_END

PROPERTY(with_the_lowest_stop_and_failure)
{
    for (size_t workers = 1; workers <= 8; workers++) {
        int64_t where = 0;
        atomic_int below = 0;
        PARALLEL_FOR_STEP(i, 9000, 0, -3, .workers = workers, .stopped_at = &where) {
            if (i % 1000 == 0 && i < 8000)
                break;
            below += i > 6000;
        }
        /* 9000, 6000 and 3000 are met; of these 6000 comes first and is below 8000. */
        ck_assert_int_eq(where, 6000);
        ck_assert_int_eq(below, 1000);
        parallel_error failure;
        PARALLEL_FOR_STEP(i, -9000, 9000, 5, .workers = workers, .status = &failure, .stopped_at = &where)
            if (i >= 500) {
                parallel_fail(9, "at %d", i);
                break;
            }
        ck_assert_int_eq(failure.code, 9);
        ck_assert_str_eq(failure.message, "at 500");
        ck_assert_int_eq(where, 500);
    }
}
PROPERTY_END

static int evaluations;

static int counted(int value)
{
    evaluations++;
    return value;
}

PROPERTY(each_bound_and_the_step_evaluated_once)
{
    PARALLEL_FOR_STEP(i, counted(10), counted(0), counted(-2), .workers = (size_t)counted(2)) {
        if (i == 4)
            continue;
    }
    ck_assert_int_eq(evaluations, 4);
}
PROPERTY_END

PROPERTIES(forwards, backwards, up_to_the_ends_of_the_type, none_in_an_empty_range, but_a_step_of_zero_is_refused,
           with_the_lowest_stop_and_failure, each_bound_and_the_step_evaluated_once)
