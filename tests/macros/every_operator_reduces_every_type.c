/* SPDX-License-Identifier: BSD-3-Clause */

/* Some 300 loops in one file: optimised they take a minute to compile under a sanitizer, and show nothing more. */
#if defined(__clang__)
#pragma clang optimize off
#elif defined(__GNUC__)
#pragma GCC optimize("O0")
#endif

#include <parallel.h>

#include <complex.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

#include "tests/support/property.h"

enum { COUNT = 700 };

/* Items of a small range, so that no type overflows, but for + and * of unsigned types, where that is defined. */
static int item(int i)
{
    return (i * 7919 + 13) % 101;
}

/* Runs `accumulate` in the macro, and in a plain loop with the same variable; both begin with `before`. Numbers are small
 * whole ones, so that floating-point sums are exact. */
#define EXPECT_SAME(type, operator, before, accumulate)                                                       \
    do {                                                                                                      \
        type v = (type)(before);                                                                              \
        for (int i = 0; i < COUNT; i++)                                                                       \
            accumulate;                                                                                       \
        type expected = v;                                                                                    \
        v = (type)(before);                                                                                   \
        PARALLEL_REDUCE(i, 0, COUNT, (operator, v), .workers = 3)                                             \
            accumulate;                                                                                       \
        ck_assert_msg(v == expected, #type " " #operator);                                                    \
    } while (0)

#define EXPECT_ORDER(type)                                                                                    \
    EXPECT_SAME(type, min, 50, v = (type)item(i) < v ? (type)item(i) : v);                                    \
    EXPECT_SAME(type, max, 50, v = (type)item(i) > v ? (type)item(i) : v);                                    \
    EXPECT_SAME(type, min, 0, v = (type)item(i) < v ? (type)item(i) : v);                                     \
    EXPECT_SAME(type, max, 120, v = (type)item(i) > v ? (type)item(i) : v)

#define EXPECT_NUMBERS(type)                                                                                  \
    EXPECT_SAME(type, +, 3, v = (type)(v + (type)(item(i) == 7)));                                            \
    EXPECT_SAME(type, *, 3, v = (type)(v * (type)(i % 300 == 1 ? 2 : 1)));                                    \
    EXPECT_SAME(type, &&, 1, v = (type)(v != 0 && item(i) != 55));                                                 \
    EXPECT_SAME(type, &&, 1, v = (type)(v != 0 && item(i) != 500));                                                \
    EXPECT_SAME(type, ||, 0, v = (type)(v != 0 || item(i) == 55));                                                 \
    EXPECT_SAME(type, ||, 0, v = (type)(v != 0 || item(i) == 500))

#define EXPECT_BITS(type)                                                                                     \
    EXPECT_SAME(type, &, 0x7e, v = (type)(v & (type)(item(i) | 0x52)));                                       \
    EXPECT_SAME(type, |, 1, v = (type)(v | (type)(item(i) & 0x2c)));                                          \
    EXPECT_SAME(type, ^, 1, v = (type)(v ^ (type)item(i)))

#define EXPECT_INTEGER(type)                                                                                  \
    EXPECT_NUMBERS(type);                                                                                     \
    EXPECT_BITS(type);                                                                                        \
    EXPECT_ORDER(type)

PROPERTY(of_signed_integers)
{
    EXPECT_INTEGER(signed char);
    EXPECT_INTEGER(short);
    EXPECT_INTEGER(int);
    EXPECT_INTEGER(long);
    EXPECT_INTEGER(long long);
}
PROPERTY_END

PROPERTY(of_unsigned_integers)
{
    EXPECT_INTEGER(char);
    EXPECT_INTEGER(unsigned char);
    EXPECT_INTEGER(unsigned short);
    EXPECT_INTEGER(unsigned);
    EXPECT_INTEGER(unsigned long);
    EXPECT_INTEGER(unsigned long long);
    EXPECT_SAME(unsigned, *, 1, v = v * (unsigned)(2 * i + 1)); /* wraps */
    EXPECT_SAME(unsigned char, +, 200, v = (unsigned char)(v + item(i)));
}
PROPERTY_END

PROPERTY(of_truth_values)
{
    EXPECT_SAME(bool, &&, true, v = v && item(i) != 55);
    EXPECT_SAME(bool, &&, true, v = v && item(i) != 500);
    EXPECT_SAME(bool, ||, false, v = v || item(i) == 55);
    EXPECT_SAME(bool, |, false, v = v | (item(i) == 55));
    EXPECT_SAME(bool, &, true, v = v & (item(i) != 55));
    EXPECT_SAME(bool, ^, true, v = v ^ (item(i) == 55));
}
PROPERTY_END

PROPERTY(of_real_numbers)
{
    EXPECT_NUMBERS(float);
    EXPECT_ORDER(float);
    EXPECT_NUMBERS(double);
    EXPECT_ORDER(double);
    EXPECT_NUMBERS(long double);
    EXPECT_ORDER(long double);
}
PROPERTY_END

PROPERTY(of_complex_numbers)
{
    EXPECT_SAME(double complex, +, 3, v += (double)item(i) + 2.0 * item(i + 1) * I);
    EXPECT_SAME(float complex, +, 3, v += (float)(item(i) % 10) + (float)(item(i + 1) % 10) * I);
    EXPECT_SAME(long double complex, *, 1, v *= i % 100 == 0 ? I : 1);
}
PROPERTY_END

PROPERTY(at_the_ends_of_64_bits)
{
    int64_t least = INT64_MAX, most = INT64_MIN;
    uint64_t all = UINT64_MAX, high = 0;
    PARALLEL_REDUCE(i, 0, COUNT, (min, least), (max, most), (&, all), (max, high), .workers = 4) {
        int64_t value = i == 123 ? INT64_MIN : i == 321 ? INT64_MAX : i;
        least = value < least ? value : least;
        most = value > most ? value : most;
        all &= UINT64_MAX - (i == 600);
        high = i == 555 ? UINT64_MAX : high;
    }
    ck_assert_int_eq(least, INT64_MIN);
    ck_assert_int_eq(most, INT64_MAX);
    ck_assert_uint_eq(all, UINT64_MAX - 1);
    ck_assert_uint_eq(high, UINT64_MAX);
}
PROPERTY_END

/* Sums of units pass the largest long long, though the whole sum does not. */
PROPERTY(where_partial_sums_overflow)
{
    long long sum = 0;
    PARALLEL_REDUCE(i, 0, 4, (+, sum), .workers = 2)
        sum += i < 2 ? -(LLONG_MAX / 2) - 10 : LLONG_MAX / 2 + 20;
    ck_assert_int_eq(sum, 20);
}
PROPERTY_END

struct peak {
    double value;
    int at;
};

static void keep_peak(struct peak *into, const struct peak *from)
{
    if (from->value > into->value)
        *into = *from;
}

struct histogram {
    unsigned counts[101];
};

static void add_histogram(struct histogram *into, const struct histogram *from)
{
    for (int k = 0; k < 101; k++)
        into->counts[k] += from->counts[k];
}

PROPERTY(of_structs_with_a_function)
{
    for (size_t workers = 1; workers <= 4; workers++) {
        const struct peak none = {-1, -1};
        struct peak peak = none;
        struct histogram histogram = {{1}};
        int count = 0;
        PARALLEL_REDUCE(i, 0, COUNT, (keep_peak, peak, none), (add_histogram, histogram, (struct histogram){{0, 0}}),
                        (+, count), .workers = workers) {
            if (item(i) > peak.value)
                peak = (struct peak){item(i), i};
            histogram.counts[item(i)]++;
            count++;
        }
        struct peak first = none;
        struct histogram expected = {{1}};
        for (int i = 0; i < COUNT; i++) {
            if (item(i) > first.value)
                first = (struct peak){item(i), i};
            expected.counts[item(i)]++;
        }
        ck_assert_int_eq(peak.at, first.at);
        ck_assert_mem_eq(&histogram, &expected, sizeof expected);
        ck_assert_int_eq(count, COUNT);
    }
}
PROPERTY_END

PROPERTIES(of_signed_integers, of_unsigned_integers, of_truth_values, of_real_numbers, of_complex_numbers,
           at_the_ends_of_64_bits, where_partial_sums_overflow, of_structs_with_a_function)
