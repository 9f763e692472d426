/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Short loops get their shares by number. The runtime may start fewer threads than it was asked for. */
#include <parallel.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/support/property.h"

enum { LARGEST = 23, RUNS = 3 };

static const size_t workers_asked[] = {1, 2, 3, 9};

static int times[LARGEST];

PROPERTY(in_every_range)
{
    for (int k = 0; k < 4; k++)
        for (int count = 1; count <= LARGEST; count++) {
            memset(times, 0, sizeof times);
            for (int run = 0; run < RUNS; run++) /* the first is timed, the others are known to be short */
                PARALLEL_FOR(i, -5, count - 5, .workers = workers_asked[k])
                    times[i + 5]++;
            int right = 0;
            for (int i = 0; i < LARGEST; i++)
                right += times[i] == (i < count ? RUNS : 0);
            ck_assert_int_eq(right, LARGEST);
        }
}
PROPERTY_END

/* What was found out about a loop serves the next run only if that has the same numbers and options. */
PROPERTY(with_other_numbers_than_before)
{
    enum { CHANGES = 3000 };
    uint32_t random = 1;
    for (int change = 0; change < CHANGES; change++) {
        random = random * 1664525 + 1013904223;
        int begin = (int)(random >> 28) - 8, count = (int)(random >> 20 & 255) % (LARGEST + 1);
        size_t workers = workers_asked[random >> 18 & 3], grain = random >> 16 & 3, inline_below = random >> 12 & 15;
        int stop = (random >> 11 & 1) != 0 ? count / 2 : LARGEST;
        int runs = 1 + (int)(random >> 9 & 3);
        memset(times, 0, sizeof times);
        for (int run = 0; run < runs; run++)
            PARALLEL_FOR(i, begin, begin + count, .workers = workers, .grain = grain, .inline_below = inline_below) {
                if (i - begin >= stop)
                    break;
                times[i - begin]++;
            }
        int right = 0;
        for (int i = 0; i < LARGEST; i++)
            right += times[i] == (i < count && i < stop ? runs : 0);
        ck_assert_int_eq(right, LARGEST);
    }
}
PROPERTY_END

PROPERTY(below_a_break)
{
    for (int k = 0; k < 4; k++)
        for (int stop = 0; stop < LARGEST; stop++)
            for (int run = 0; run < RUNS; run++) {
                int64_t where = -1;
                memset(times, 0, sizeof times);
                PARALLEL_FOR(i, 0, LARGEST, .workers = workers_asked[k], .stopped_at = &where) {
                    if (i >= stop)
                        break;
                    times[i]++;
                }
                int right = 0;
                for (int i = 0; i < LARGEST; i++)
                    right += times[i] == (i < stop);
                ck_assert_int_eq(where, stop);
                ck_assert_int_eq(right, LARGEST);
            }
}
PROPERTY_END

PROPERTY(below_a_failure)
{
    enum { MORE_RUNS = 40 }; /* in one of which the caller times its share */
    for (int k = 0; k < 4; k++)
        for (int run = 0; run < MORE_RUNS; run++) {
            int bad = run % LARGEST;
            parallel_error failure;
            int64_t where = -1;
            memset(times, 0, sizeof times);
            PARALLEL_FOR(i, 0, LARGEST, .workers = workers_asked[k], .stopped_at = &where, .status = &failure) {
                times[i]++;
                if (i >= bad) {
                    (void)parallel_fail(PARALLEL_ERANGE, "bad: %d", i);
                    break;
                }
            }
            char message[24];
            snprintf(message, sizeof message, "bad: %d", bad);
            ck_assert_int_eq(failure.code, PARALLEL_ERANGE);
            ck_assert_str_eq(failure.message, message);
            ck_assert_int_eq(where, bad);
            int right = 0;
            for (int i = 0; i <= bad; i++)
                right += times[i] == 1;
            ck_assert_int_eq(right, bad + 1);
        }
}
PROPERTY_END

int main(void)
{
    /* A runtime reads its limit when it is loaded. */
    if (getenv("OMP_THREAD_LIMIT") == NULL) {
        setenv("OMP_THREAD_LIMIT", "2", 1);
        execl("/proc/self/exe", "short_loops_run_every_iteration_once", (char *)NULL);
        return EXIT_FAILURE;
    }
    const TTest *const tests[] = {in_every_range, with_other_numbers_than_before, below_a_break, below_a_failure};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
