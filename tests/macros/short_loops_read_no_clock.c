/* SPDX-License-Identifier: BSD-3-Clause */
#include <parallel.h>

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <time.h>

#include "tests/support/property.h"

/* The clock of this program, the library's included: each reading is `step_ns` after the one before. */
static atomic_long readings;
static atomic_long step_ns;
static atomic_long time_ns;

int clock_gettime(clockid_t clock, struct timespec *now)
{
    (void)clock;
    readings++;
    long step = step_ns;
    long ns = atomic_fetch_add(&time_ns, step) + step;
    now->tv_sec = 1 + ns / 1000000000;
    now->tv_nsec = ns % 1000000000;
    return 0;
}

static long out[4];
static pthread_t caller;
static atomic_long turn; /* the run in which the caller was last seen */

/* The caller does something in each run: what a loop costs is known by the caller's part, and on a busy machine the others
 * may have done it all before the caller comes. Each of them begins with an iteration of its own share. */
static void meet(long run)
{
    if (pthread_equal(pthread_self(), caller))
        turn = run;
    while (turn != run)
        sched_yield();
}

static void run(int times, size_t workers)
{
    caller = pthread_self();
    for (int run = 0; run < times; run++) {
        long number = turn + 1;
        PARALLEL_FOR(i, 0, 4, .workers = workers) {
            meet(number);
            out[i] += i;
        }
    }
}

PROPERTY(but_for_one_in_32)
{
    enum { RUNS = 3200, MOST_THREADS = 4, READINGS_A_THREAD = 4 };
    step_ns = 10; /* the whole loop seems to take some 20 ns */
    for (size_t workers = 0; workers <= MOST_THREADS; workers++) {
        run(1, workers);
        readings = 0;
        run(RUNS, workers);
        ck_assert_int_le(readings, (RUNS / 32 + 1) * MOST_THREADS * READINGS_A_THREAD);
    }
}
PROPERTY_END

PROPERTY(until_they_have_become_long)
{
    step_ns = 10;
    run(100, 2);
    step_ns = 1000000;
    run(33, 2); /* among which one is measured */
    readings = 0;
    run(100, 2);
    /* Without OpenMP nothing is measured. */
    bool measures = false;
#if defined(_OPENMP) && !PARALLEL_SERIAL
    measures = true;
#endif
    ck_assert_int_ge(readings, measures ? 200 : 0);
}
PROPERTY_END

PROPERTIES(but_for_one_in_32, until_they_have_become_long)
