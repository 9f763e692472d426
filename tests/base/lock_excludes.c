/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/base/lock.h"

#include <sched.h>

#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { THREADS = 5, ROUNDS = 20000 };

static struct pl_lock lock = PL_LOCK_INITIALIZER;
static int counter; /* plain: what the lock protects, watched by the thread sanitizer */

static void *count(void *rounds)
{
    for (int round = 0; round < *(int *)rounds; round++) {
        if (round % 8 != 7)
            pl_lock_acquire(&lock);
        else
            while (!pl_lock_try(&lock))
                sched_yield();
        counter++;
        if (round % 64 == 0)
            sched_yield(); /* so that the others have to sleep */
        pl_lock_release(&lock);
    }
    return NULL;
}

PROPERTY(all_others_in_a_storm)
{
    struct test_thread threads[THREADS];
    int rounds = ROUNDS;
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], count, &rounds);
    for (int i = 0; i < THREADS; i++)
        join_thread(&threads[i]);
    ck_assert_int_eq(counter, THREADS * ROUNDS);
    ck_assert_uint_eq(pl_load_relaxed(&lock.word), 0); /* relaxed: all threads have ended */
}
PROPERTY_END

/* Each release wakes one, who wakes the next: nobody is left asleep beside a free lock. */
PROPERTY(each_sleeper_until_its_turn)
{
    struct test_thread threads[THREADS];
    int rounds = 1;
    pl_lock_acquire(&lock);
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], count, &rounds);
    for (int i = 0; i < THREADS; i++)
        wait_until_asleep(threads[i].id, &lock.word);
    ck_assert(!pl_lock_try(&lock));
    ck_assert_int_eq(counter, 0);
    pl_lock_release(&lock);
    for (int i = 0; i < THREADS; i++)
        join_thread(&threads[i]);
    ck_assert_int_eq(counter, THREADS);
}
PROPERTY_END

PROPERTIES(all_others_in_a_storm, each_sleeper_until_its_turn)
