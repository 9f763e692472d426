/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A program whose threads were joined has one thread, though the kernel may not have taken them off its list yet: of a
 * thousand joins one or two were counted once, and then `auto` spawned, and a zygote stayed. */
#include <pthread.h>

#include "libparallel/workers/thread_count.h"
#include "tests/support/property.h"

enum { JOINS = 8000 };

static void *nothing(void *unused)
{
    return unused;
}

PROPERTY(joined_threads_are_not_counted)
{
    for (int i = 0; i < JOINS; i++) {
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, nothing, NULL), 0);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
        ck_assert_int_eq(pl_thread_count(), 1);
    }
}
PROPERTY_END

static void *wait_for_the_end(void *barrier)
{
    pthread_barrier_wait(barrier);
    return NULL;
}

/* A thread that goes while it is listed takes the younger ones off the list with it. */
PROPERTY(living_threads_are_counted)
{
    pthread_t older, younger;
    pthread_barrier_t barrier;
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < JOINS; i++) {
        ck_assert_int_eq(pthread_create(&older, NULL, nothing, NULL), 0);
        ck_assert_int_eq(pthread_create(&younger, NULL, wait_for_the_end, &barrier), 0);
        ck_assert_int_eq(pthread_join(older, NULL), 0);
        ck_assert_int_eq(pl_thread_count(), 2);
        pthread_barrier_wait(&barrier);
        ck_assert_int_eq(pthread_join(younger, NULL), 0);
    }
    pthread_barrier_destroy(&barrier);
}
PROPERTY_END

PROPERTIES(joined_threads_are_not_counted, living_threads_are_counted)
