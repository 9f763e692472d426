/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdlib.h>
#include <string.h>

#include "tests/support/property.h"

/* Numbers of very different size, so that every other order of additions gives other bits. */
static double *make_numbers(size_t count)
{
    double *numbers = malloc(count * sizeof *numbers);
    ck_assert_ptr_nonnull(numbers);
    uint64_t state = 88172645463325252u;
    for (size_t i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        numbers[i] = ((double)(int64_t)state) / (double)((uint64_t)1 << (state % 64));
    }
    return numbers;
}

static bool same_bits(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

/* What libparallel/tasks/reduce.c promises of units: 256, or more where they would be longer than 256 iterations, up to
 * 2048. Written out serially, it is what every build of the macro must give. */
static double sum_in_units(const double *numbers, size_t count, double before)
{
    size_t units = count / 256 < 256 ? 256 : count / 256 > 2048 ? 2048 : count / 256;
    size_t unit = (count - 1) / units + 1;
    double total = before;
    for (size_t first = 0; first < count; first += unit) {
        double part = 0;
        for (size_t i = first; i < first + unit && i < count; i++)
            part += numbers[i];
        total += part;
    }
    return total;
}

PROPERTY(for_any_length_and_any_number_of_workers)
{
    static const size_t lengths[] = {1, 2, 255, 256, 257, 1000, 65535, 65537, 600000};
    for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
        double *numbers = make_numbers(lengths[l]);
        double expected = sum_in_units(numbers, lengths[l], 0.1);
        for (size_t workers = 0; workers <= 8; workers++) {
            double sum = 0.1;
            PARALLEL_REDUCE(i, 0, lengths[l], (+, sum), .workers = workers)
                sum += numbers[i];
            ck_assert_msg(same_bits(sum, expected), "%zu numbers, %zu workers: %a is not %a", lengths[l], workers, sum,
                          expected);
        }
        free(numbers);
    }
}
PROPERTY_END

PROPERTY(with_more_workers_than_cores)
{
    enum { COUNT = 10000 };
    double *numbers = make_numbers(COUNT);
    double sum = 0;
    PARALLEL_REDUCE(i, 0, COUNT, (+, sum), .workers = 64)
        sum += numbers[i];
    ck_assert(same_bits(sum, sum_in_units(numbers, COUNT, 0)));
    free(numbers);
}
PROPERTY_END

PROPERTY(in_a_hundred_runs)
{
    enum { COUNT = 3000, RUNS = 100 };
    static const size_t worker_counts[] = {1, 2, 3, 4, 7, 64};
    double *numbers = make_numbers(COUNT);
    double expected = sum_in_units(numbers, COUNT, -2.5);
    for (size_t w = 0; w < sizeof worker_counts / sizeof worker_counts[0]; w++)
        for (int run = 0; run < RUNS; run++) {
            double sum = -2.5;
            PARALLEL_REDUCE(i, 0, COUNT, (+, sum), .workers = worker_counts[w])
                sum += numbers[i];
            ck_assert_msg(same_bits(sum, expected), "%zu workers, run %d: %a is not %a", worker_counts[w], run, sum,
                          expected);
        }
    free(numbers);
}
PROPERTY_END

PROPERTY(with_units_of_the_grain)
{
    enum { COUNT = 10000, GRAIN = 333 };
    double *numbers = make_numbers(COUNT);
    double expected = 0;
    for (size_t first = 0; first < COUNT; first += GRAIN) {
        double part = 0;
        for (size_t i = first; i < first + GRAIN && i < COUNT; i++)
            part += numbers[i];
        expected += part;
    }
    for (size_t workers = 1; workers <= 8; workers++) {
        double sum = 0;
        PARALLEL_REDUCE(i, 0, COUNT, .grain = GRAIN, (+, sum), .workers = workers)
            sum += numbers[i];
        ck_assert(same_bits(sum, expected));
    }
    free(numbers);
}
PROPERTY_END

PROPERTY(up_to_a_break)
{
    /* One iteration a unit: everything up to and with the breaking one counts, nothing above it. */
    for (size_t workers = 1; workers <= 8; workers++) {
        int64_t where = 0;
        int count = 1000;
        PARALLEL_REDUCE(i, 0, 200, (+, count), .workers = workers, .stopped_at = &where) {
            count++;
            if (i % 100 == 77)
                break;
        }
        ck_assert_int_eq(where, 77);
        ck_assert_int_eq(count, 1000 + 78);
    }
    /* 100 iterations a unit: so does the breaking unit's part. */
    for (size_t workers = 1; workers <= 8; workers++) {
        int count = 0;
        PARALLEL_REDUCE(i, 0, 2000, (+, count), .workers = workers, .grain = 100) {
            count++;
            if (i % 1000 == 455)
                break;
        }
        ck_assert_int_eq(count, 456);
    }
}
PROPERTY_END

PROPERTY(unchanged_by_a_failed_or_empty_loop)
{
    for (size_t workers = 1; workers <= 4; workers++) {
        double sum = 0.3;
        int count = 5;
        parallel_error failure;
        PARALLEL_REDUCE(i, 0, 1000, (+, sum), (+, count), .workers = workers, .status = &failure) {
            sum += 1;
            count++;
            if (i == 900) {
                parallel_fail(9, "nine hundred");
                break;
            }
        }
        ck_assert_int_eq(failure.code, 9);
        ck_assert(same_bits(sum, 0.3));
        ck_assert_int_eq(count, 5);
        PARALLEL_REDUCE(i, 10, 0, (+, sum), .status = &failure)
            sum += 1;
        ck_assert_int_eq(failure.code, 0);
        ck_assert(same_bits(sum, 0.3));
    }
}
PROPERTY_END

PROPERTY(in_nested_reductions)
{
    double *numbers = make_numbers(300 * 300);
    double expected = 0;
    for (size_t i = 0; i < 300; i++)
        expected += sum_in_units(numbers + 300 * i, 300, 0);
    /* 300 rows are 150 units of two. */
    double twos = 0;
    for (size_t i = 0; i < 300; i += 2)
        twos += sum_in_units(numbers + 300 * i, 300, 0) + sum_in_units(numbers + 300 * (i + 1), 300, 0);
    for (size_t workers = 1; workers <= 4; workers++) {
        double sum = 0;
        PARALLEL_REDUCE(i, 0, (size_t)300, (+, sum), .workers = workers) {
            double row = 0;
            PARALLEL_REDUCE(j, 0, (size_t)300, (+, row))
                row += numbers[300 * i + j];
            sum += row;
        }
        ck_assert(same_bits(sum, twos));
        double fine = 0;
        PARALLEL_REDUCE(i, 0, (size_t)300, (+, fine), .workers = workers, .grain = 1) {
            double row = 0;
            PARALLEL_REDUCE(j, 0, (size_t)300, (+, row))
                row += numbers[300 * i + j];
            fine += row;
        }
        ck_assert(same_bits(fine, expected));
    }
    free(numbers);
}
PROPERTY_END

PROPERTIES(for_any_length_and_any_number_of_workers, with_more_workers_than_cores, in_a_hundred_runs,
           with_units_of_the_grain, up_to_a_break, unchanged_by_a_failed_or_empty_loop, in_nested_reductions)
