/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/property.h"

static atomic_uchar *make_hits(size_t count)
{
    atomic_uchar *hits = calloc(count + 1, sizeof *hits);
    ck_assert_ptr_nonnull(hits);
    return hits;
}

static void expect_all_once(atomic_uchar *hits, size_t count)
{
    size_t k = 0;
    while (k < count && hits[k] == 1) /* Check takes its time for each assertion */
        k++;
    ck_assert_msg(k == count, "iteration %zu of %zu ran %d times", k, count, hits[k]);
    free(hits);
}

PROPERTY(each_iteration_once)
{
    static const size_t sizes[][2] = {{1, 1},    {1, 5000},  {5000, 1},    {3, 1025},  {300, 300},
                                      {7, 2048}, {1000, 33}, {257, 1030}, {64, 9000}};
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        size_t rows = sizes[k][0], columns = sizes[k][1];
        for (size_t workers = 0; workers <= 4; workers++) {
            atomic_uchar *hits = make_hits(rows * columns);
            int64_t where[2] = {-1, -1};
            PARALLEL_FOR_2D(i, 0, rows, j, 0, columns, .workers = workers, .stopped_at = where)
                hits[i * columns + j]++;
            expect_all_once(hits, rows * columns);
            ck_assert_int_eq(where[0], (int64_t)rows);
            ck_assert_int_eq(where[1], 0);
        }
    }
}
PROPERTY_END

PROPERTY(in_tiles_of_the_grain)
{
    atomic_uchar *hits = make_hits(100 * 70);
    PARALLEL_FOR_2D(i, 0, 100, j, 0, 70, .grain = 7, .workers = 3)
        hits[i * 70 + j]++;
    expect_all_once(hits, 100 * 70);
}
PROPERTY_END

PROPERTY(with_variables_of_two_types)
{
    atomic_uchar *hits = make_hits(20 * 30);
    PARALLEL_FOR_2D(i, INT_MAX - 20, INT_MAX, j, LLONG_MIN, LLONG_MIN + 30, .workers = 3) {
        ck_assert(_Generic(i, int: 1, default: 0) && _Generic(j, long long: 1, long: 1, default: 0));
        if (i == INT_MAX)
            continue;
        hits[(i - (INT_MAX - 20)) * 30 + (j - LLONG_MIN)]++;
    }
    expect_all_once(hits, 20 * 30);
    hits = make_hits(50 * 40);
    PARALLEL_FOR_2D(i, -25, 25, j, 10u, 50u, .workers = 2)
        hits[(size_t)(i + 25) * 40 + (j - 10)]++;
    expect_all_once(hits, 50 * 40);
}
PROPERTY_END

PROPERTY(nothing_in_an_empty_plane)
{
    int64_t where[2] = {-1, -1};
    PARALLEL_FOR_2D(i, 0, 0, j, 0, 10, .stopped_at = where)
        ck_abort();
    ck_assert_int_eq(where[0], 0);
    PARALLEL_FOR_2D(i, 0, 10, j, 5, 3, .stopped_at = where)
        ck_abort();
    ck_assert_int_eq(where[0], 10);
    ck_assert_int_eq(where[1], 5);
}
PROPERTY_END

PROPERTY(everything_before_the_lowest_stop)
{
    enum { ROWS = 90, COLUMNS = 3000 };
    /* Two columns of tiles further left, a later row breaks; further right, an earlier one. */
    static const int breaks[][2] = {{50, 10}, {41, 2900}, {41, 2901}, {60, 0}, {44, 1500}};
    for (size_t workers = 1; workers <= 4; workers++)
        for (size_t grain = 0; grain <= 30; grain += 10) {
            atomic_uchar *hits = make_hits((size_t)ROWS * COLUMNS);
            int64_t where[2] = {-1, -1};
            PARALLEL_FOR_2D(i, 0, ROWS, j, 0, COLUMNS, .workers = workers, .grain = grain, .stopped_at = where) {
                bool breaks_here = false;
                for (size_t k = 0; k < sizeof breaks / sizeof breaks[0]; k++)
                    breaks_here = breaks_here || (i == breaks[k][0] && j == breaks[k][1]);
                if (breaks_here)
                    break;
                hits[i * COLUMNS + j]++;
            }
            ck_assert_int_eq(where[0], 41);
            ck_assert_int_eq(where[1], 2900);
            int k = 0;
            while (k < 41 * COLUMNS + 2900 && hits[k] == 1)
                k++;
            ck_assert_msg(k == 41 * COLUMNS + 2900, "%zu workers, grain %zu: (%d, %d) ran %d times", workers, grain,
                          k / COLUMNS, k % COLUMNS, hits[k]);
            free(hits);
        }
}
PROPERTY_END

PROPERTY(and_fails_with_the_lowest_failure)
{
    for (size_t workers = 1; workers <= 4; workers++) {
        parallel_error failure;
        int64_t where[2] = {-1, -1};
        PARALLEL_FOR_2D(i, -50, 50, j, 0, 2000, .workers = workers, .status = &failure, .stopped_at = where)
            if ((i == 7 && j == 1999) || (i > 7 && j == 3)) {
                parallel_fail(9, "at %d, %d", i, j);
                break;
            }
        ck_assert_int_eq(failure.code, 9);
        ck_assert_str_eq(failure.message, "at 7, 1999");
        ck_assert_int_eq(where[0], 7);
        ck_assert_int_eq(where[1], 1999);
    }
}
PROPERTY_END

PROPERTY(but_refuses_what_it_cannot_count)
{
    parallel_error failure;
    PARALLEL_FOR_2D(i, INT64_MIN, INT64_MAX, j, 0, 3, .status = &failure)
        ck_abort();
    ck_assert_int_eq(failure.code, PARALLEL_ERANGE);
    int negative = -1;
    PARALLEL_FOR_2D(i, 0, 3, j, negative, 10u, .status = &failure)
        ck_abort();
    ck_assert_int_eq(failure.code, PARALLEL_ERANGE);
    ck_assert_str_eq(failure.message, "second begin: -1 is negative and the loop variable is unsigned");
}
PROPERTY_END

PROPERTIES(each_iteration_once, in_tiles_of_the_grain, with_variables_of_two_types, nothing_in_an_empty_plane,
           everything_before_the_lowest_stop, and_fails_with_the_lowest_failure, but_refuses_what_it_cannot_count)
