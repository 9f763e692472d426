/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

enum { LARGEST = 100000 };

static unsigned char counts[LARGEST];

PARALLEL_LOOP(count, (unsigned char *, here, int64_t, shift), i)
{
    here[i - shift]++;
}

static void check_counts(int64_t n)
{
    int wrong = 0; /* one assertion: each writes to a pipe */
    for (int64_t i = 0; i < LARGEST; i++)
        wrong += counts[i] != (i < n);
    ck_assert_int_eq(wrong, 0);
    memset(counts, 0, sizeof counts);
}

static void check_on(const char *specification)
{
    static const int64_t lengths[] = {0, 1, 2, 3, 7, 64, 1000, 4097, LARGEST};
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open(specification, &executor), 0);
    for (size_t k = 0; k < sizeof lengths / sizeof lengths[0]; k++)
        for (size_t workers = 0; workers < 6; workers++)
            for (size_t grain = 0; grain < 3; grain++) {
                parallel_loop_options options;
                memset(&options, 0, sizeof options);
                options.executor = executor;
                options.workers = workers;
                options.grain = grain * 31;
                ck_assert_int_eq(count_run_with(&options, 0, lengths[k], counts, 0), 0);
                check_counts(lengths[k]);
                count_await(count_on_with(executor, &options, 0, lengths[k], counts, 0));
                check_counts(lengths[k]);
            }
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}

PROPERTY(on_any_number_of_threads)
{
    check_on("threads:1");
    check_on("threads:2");
    check_on("threads:5");
}
PROPERTY_END

PROPERTY(on_a_serial_executor)
{
    check_on("serial");
}
PROPERTY_END

PROPERTY(without_naming_an_executor)
{
    for (int round = 0; round < 1000; round++)
        ck_assert_int_eq(count_run(0, 50, counts, 0), 0);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(counts[i], 1000 % 256);
    memset(counts, 0, sizeof counts);
    parallel_future *future = count_async(0, LARGEST, counts, 0);
    ck_assert_int_eq(count_result(future), 0);
    parallel_future_release(future);
    check_counts(LARGEST);
}
PROPERTY_END

PROPERTY(at_both_ends_of_the_index)
{
    ck_assert_int_eq(count_run(INT64_MIN, INT64_MIN + 1000, counts, INT64_MIN), 0);
    check_counts(1000);
    ck_assert_int_eq(count_run(INT64_MAX - 1000, INT64_MAX, counts, INT64_MAX - 1000), 0);
    check_counts(1000);
    ck_assert_int_eq(count_run(-500, 500, counts, -500), 0);
    check_counts(1000);
}
PROPERTY_END

PROPERTY(and_none_of_an_empty_or_reversed_range)
{
    int64_t where = -1;
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.stopped_at = &where;
    ck_assert_int_eq(count_run_with(&options, 5, 5, NULL, 0), 0);
    ck_assert_int_eq(where, 5);
    ck_assert_int_eq(count_run_with(&options, 7, -7, NULL, 0), 0);
    ck_assert_int_eq(where, 7);
    ck_assert_int_eq(count_run(INT64_MAX, INT64_MIN, NULL, 0), 0);
}
PROPERTY_END

PARALLEL_LOOP(touch_nothing, (int64_t, at), i)
{
    if (i == at)
        parallel_loop_stop();
}

PROPERTY(of_the_longest_range_up_to_a_stop)
{
    int64_t where = 0;
    parallel_loop_options options;
    memset(&options, 0, sizeof options);
    options.stopped_at = &where;
    ck_assert_int_eq(touch_nothing_run_with(&options, INT64_MIN, INT64_MAX, INT64_MIN + 12345), 0);
    ck_assert_int_eq(where, INT64_MIN + 12345);
}
PROPERTY_END

PROPERTIES(on_any_number_of_threads, on_a_serial_executor, without_naming_an_executor, at_both_ends_of_the_index,
           and_none_of_an_empty_or_reversed_range, of_the_longest_range_up_to_a_stop)
