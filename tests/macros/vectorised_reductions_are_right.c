/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <limits.h>
#include <string.h>

#include "tests/support/property.h"

#ifdef __clang__ /* it says so where it cannot vectorise, as in a body that calls parallel_fail() */
#pragma clang diagnostic ignored "-Wpass-failed"
#endif

enum { COUNT = 100003 };

static double numbers[COUNT];
static int integers[COUNT];

static void make_numbers(void)
{
    parallel_random_stream stream = parallel_random_stream_make(1, "numbers");
    for (size_t i = 0; i < COUNT; i++) {
        parallel_random random = parallel_random_at(&stream, i);
        numbers[i] = parallel_random_double(&random) - 0.5;
        integers[i] = (int)parallel_random_below(&random, 1000);
    }
}

static double sum_of(size_t count, size_t workers)
{
    double sum = 0.1;
    PARALLEL_REDUCE_SIMD(i, 0, count, (+, sum), .workers = workers)
        sum += numbers[i];
    return sum;
}

PROPERTY(with_the_same_bits_for_any_number_of_workers)
{
    static const size_t counts[] = {0, 1, 2, 7, 255, 256, 257, 1000, 65537, COUNT};
    make_numbers();
    for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
        double plain = 0.1;
        for (size_t i = 0; i < counts[k]; i++)
            plain += numbers[i];
        double one = sum_of(counts[k], 1);
        ck_assert_msg(one - plain < 1e-10 && plain - one < 1e-10, "%.17g is not %.17g", one, plain);
        for (size_t workers = 0; workers <= 64; workers = workers < 8 ? workers + 1 : 2 * workers) {
            double sum = sum_of(counts[k], workers);
            ck_assert_msg(memcmp(&sum, &one, sizeof sum) == 0, "%zu numbers, %zu workers", counts[k], workers);
        }
    }
}
PROPERTY_END

PROPERTY(with_several_operators)
{
    make_numbers();
    long sum = 5, expected_sum = 5;
    int smallest = 2000, largest = -1, bits = 0, odd = 0;
    unsigned both = UINT_MAX, expected_both = UINT_MAX;
    int expected_smallest = 2000, expected_largest = -1, expected_bits = 0, expected_odd = 0;
    for (size_t i = 0; i < COUNT; i++) {
        int value = integers[i] + 3;
        expected_sum += value;
        expected_smallest = value < expected_smallest ? value : expected_smallest;
        expected_largest = value > expected_largest ? value : expected_largest;
        expected_bits |= value;
        expected_both &= (unsigned)value | 8;
        expected_odd ^= value;
    }
    PARALLEL_REDUCE_SIMD(i, 0, COUNT, (+, sum), (min, smallest), (max, largest), (|, bits), .workers = 3, (&, both),
                         (^, odd)) {
        int value = integers[i] + 3;
        sum += value;
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
        bits |= value;
        both &= (unsigned)value | 8;
        odd ^= value;
    }
    ck_assert_int_eq(sum, expected_sum);
    ck_assert_int_eq(smallest, expected_smallest);
    ck_assert_int_eq(largest, expected_largest);
    ck_assert_int_eq(bits, expected_bits);
    ck_assert_uint_eq(both, expected_both);
    ck_assert_int_eq(odd, expected_odd);
}
PROPERTY_END

PROPERTY(with_continue_and_unchanged_after_a_failure)
{
    for (size_t workers = 1; workers <= 4; workers++) {
        int count = 7;
        PARALLEL_REDUCE_SIMD(i, -500, 500, (+, count), .workers = workers) {
            if (i % 2 == 0)
                continue;
            count++;
        }
        ck_assert_int_eq(count, 507);
        parallel_error failure;
        PARALLEL_REDUCE_SIMD(i, 0, 1000, (+, count), .workers = workers, .status = &failure) {
            count++;
            if (i == 700)
                parallel_fail(9, "seven hundred");
        }
        ck_assert_int_eq(failure.code, 9);
        ck_assert_int_eq(count, 507);
    }
}
PROPERTY_END

PROPERTIES(with_the_same_bits_for_any_number_of_workers, with_several_operators,
           with_continue_and_unchanged_after_a_failure)
