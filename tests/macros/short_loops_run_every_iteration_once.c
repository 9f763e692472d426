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
    const TTest *const tests[] = {in_every_range, below_a_break, below_a_failure};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
