/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <stdatomic.h>
#include <string.h>

#include "tests/support/property.h"

#if defined(_OPENMP) && !PARALLEL_SERIAL
enum { IS_SHARED = 1 };
#else
enum { IS_SHARED = 0 };
#endif

enum { COUNT = 30000 };

static atomic_uchar hits[COUNT];

PROPERTY(and_everything_below_has_run)
{
    static const int periods[] = {1, 7, 1000, 29999, COUNT + 1};
    for (size_t p = 0; p < sizeof periods / sizeof periods[0]; p++)
        for (size_t workers = 0; workers <= 8; workers++) {
            memset(hits, 0, sizeof hits);
            int64_t where = -1;
            PARALLEL_FOR(i, 0, COUNT, .workers = workers, .stopped_at = &where) {
                hits[i]++;
                if (i % periods[p] == periods[p] - 1)
                    break;
            }
            ck_assert_int_eq(where, periods[p] <= COUNT ? periods[p] - 1 : COUNT);
            for (int i = 0; i < COUNT; i++)
                ck_assert_int_le(hits[i], 1);
            for (int i = 0; i < where; i++)
                ck_assert_int_eq(hits[i], 1);
        }
}
PROPERTY_END

PROPERTY(in_the_type_of_the_loop)
{
    int64_t where = 0;
    PARALLEL_FOR(i, -100, 100, .stopped_at = &where)
        if (i == -30)
            break;
    ck_assert_int_eq(where, -30);
}
PROPERTY_END

PROPERTY(of_the_inner_loop_alone)
{
    atomic_int rows = 0;
    PARALLEL_FOR(i, 0, 50) {
        int64_t where = 0;
        PARALLEL_FOR(j, 0, 50, .stopped_at = &where)
            if (j == i)
                break;
        if (where == i)
            rows++;
    }
    ck_assert_int_eq(rows, 50);
}
PROPERTY_END

PROPERTY(and_tells_the_bodies_above_it)
{
    /* Iteration 0 stops the loop; the others wait until they are told so. */
    PARALLEL_FOR(i, 0, 2, .workers = 2, .grain = 1) {
        ck_assert(!parallel_is_cancelled() || i == 1);
        if (i == 0)
            break;
        while (!parallel_is_cancelled())
            ;
    }
}
PROPERTY_END

/* Counts the iterations that knew of the stop and ran all the same: they are of chunks that had begun before. */
PROPERTY(within_a_grain_a_worker_of_a_billion)
{
    enum { BILLION = 1000000000, GRAIN = 1000 };
    static const int indices[] = {0, 1, 777777, 12345678, BILLION / 2 + 5, BILLION - 1};
    static atomic_long late;
    for (size_t k = 0; k < sizeof indices / sizeof indices[0]; k++)
        for (size_t workers = 1; workers <= 4; workers++) {
            /* Far into the range only from where a worker begins: nobody has to count half a billion. */
            int begin = indices[k] > 20000000 ? indices[k] - 777 : 0;
            late = 0;
            int64_t where = -1;
            PARALLEL_FOR(i, begin, BILLION, .workers = workers, .grain = GRAIN, .stopped_at = &where) {
                if (i == indices[k])
                    break;
                if (i > indices[k] && parallel_is_cancelled())
                    late++;
            }
            ck_assert_int_eq(where, indices[k]);
            ck_assert_int_le(late, (long)(workers - 1) * GRAIN);
        }
}
PROPERTY_END

/* What broke: the longest ranges have units of 2^36 iterations, and who had begun one had to end it. */
PROPERTY(of_the_longest_range_where_another_one_is_at_work)
{
    enum { PIECE = 65536 }; /* docs/protocols/claiming.md */
    static atomic_bool another;
    static atomic_long late;
    atomic_store(&another, !IS_SHARED);
    int64_t where = 0;
    PARALLEL_FOR(i, INT64_MIN, INT64_MAX, .workers = 2, .stopped_at = &where) {
        if (i > INT64_MIN / 2 && !atomic_load_explicit(&another, memory_order_relaxed))
            atomic_store(&another, true);
        if (i > INT64_MIN && parallel_is_cancelled())
            late++;
        if (i == INT64_MIN) {
            while (!atomic_load(&another))
                continue;
            break;
        }
    }
    ck_assert_int_eq(where, INT64_MIN);
    ck_assert_int_le(late, PIECE);
}
PROPERTY_END

PROPERTIES(and_everything_below_has_run, in_the_type_of_the_loop, of_the_inner_loop_alone,
           and_tells_the_bodies_above_it, within_a_grain_a_worker_of_a_billion,
           of_the_longest_range_where_another_one_is_at_work)
