/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdatomic.h>
#include <stdint.h>

#include <libparallel/barrier.h>
#include <libparallel/event.h>
#include <libparallel/semaphore.h>

#include "tests/memory/space.h"
#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

enum { THREADS = 4, ROUNDS = 1000 };

static void *acquire(void *semaphore)
{
    return (void *)(intptr_t)parallel_semaphore_acquire(semaphore, PARALLEL_NEVER);
}

static void one_release_wakes_as_many(bool shared)
{
    parallel_semaphore *semaphore = NULL;
    ck_assert_ok(parallel_semaphore_create(&(parallel_semaphore_options){.shared = shared}, &semaphore));
    struct test_thread threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        start_thread(&threads[i], acquire, semaphore);
        wait_until_asleep(threads[i].id, NULL);
    }
    /* One by one and together: no wake-up is lost in between. */
    ck_assert_ok(parallel_semaphore_release(semaphore, 1));
    ck_assert_ok(parallel_semaphore_release(semaphore, THREADS - 1));
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq((intptr_t)join_thread(&threads[i]), 0);
    ck_assert_uint_eq(parallel_semaphore_value(semaphore), 0);
    ck_assert_fails(parallel_semaphore_acquire(semaphore, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_fails(parallel_semaphore_acquire(semaphore, parallel_deadline_in(0.15)), PARALLEL_ETIMEDOUT);
    ck_assert_ok(parallel_semaphore_release(semaphore, PARALLEL_SEMAPHORE_LARGEST));
    ck_assert_fails(parallel_semaphore_release(semaphore, 1), PARALLEL_ERANGE);
    ck_assert_uint_eq(parallel_semaphore_value(semaphore), PARALLEL_SEMAPHORE_LARGEST);
    parallel_semaphore_destroy(semaphore);
}

PROPERTY(a_semaphore_wakes_as_many_as_it_releases)
{
    one_release_wakes_as_many(false);
    one_release_wakes_as_many(true);
}
PROPERTY_END

static void *wait_for_event(void *event)
{
    return (void *)(intptr_t)parallel_event_wait(event, PARALLEL_NEVER);
}

static void a_pulse_reaches_all(bool shared)
{
    parallel_event *event = NULL;
    ck_assert_ok(parallel_event_create(&(parallel_event_options){.shared = shared}, &event));
    struct test_thread threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        start_thread(&threads[i], wait_for_event, event);
        wait_until_asleep(threads[i].id, NULL);
    }
    parallel_event_set(event);
    parallel_event_clear(event);
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq((intptr_t)join_thread(&threads[i]), 0);
    ck_assert(!parallel_event_is_set(event));
    ck_assert_fails(parallel_event_wait(event, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
    ck_assert_fails(parallel_event_wait(event, parallel_deadline_in(0.15)), PARALLEL_ETIMEDOUT);
    parallel_event_set(event);
    parallel_event_set(event);
    ck_assert_ok(parallel_event_wait(event, PARALLEL_POLL));
    parallel_event_destroy(event);
}

PROPERTY(an_event_that_is_set_and_cleared_reaches_all_who_waited)
{
    a_pulse_reaches_all(false);
    a_pulse_reaches_all(true);
}
PROPERTY_END

struct meeting {
    parallel_barrier *barrier;
    _Atomic uint32_t come[ROUNDS];
    _Atomic uint32_t last_count;
};

static void *meet(void *context)
{
    struct meeting *meeting = context;
    for (int round = 0; round < ROUNDS; round++) {
        bool is_last;
        atomic_fetch_add(&meeting->come[round], 1);
        if (parallel_barrier_wait(meeting->barrier, PARALLEL_NEVER, &is_last) != 0 ||
            atomic_load(&meeting->come[round]) != THREADS)
            return meeting;
        if (is_last)
            atomic_fetch_add(&meeting->last_count, 1);
    }
    return NULL;
}

static void *wait_at_barrier(void *barrier)
{
    return (void *)(intptr_t)parallel_barrier_wait(barrier, PARALLEL_NEVER, NULL);
}

static void barrier_holds(bool shared)
{
    static struct meeting meeting;
    meeting = (struct meeting){0};
    ck_assert_ok(parallel_barrier_create(&(parallel_barrier_options){.parties = THREADS, .shared = shared},
                                         &meeting.barrier));
    struct test_thread threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        start_thread(&threads[i], meet, &meeting);
    for (int i = 0; i < THREADS; i++)
        ck_assert_ptr_null(join_thread(&threads[i]));
    ck_assert_uint_eq(atomic_load(&meeting.last_count), ROUNDS);
    /* Who gives up has not come: the others are still one short. */
    start_thread(&threads[0], wait_at_barrier, meeting.barrier);
    wait_until_asleep(threads[0].id, NULL);
    ck_assert_fails(parallel_barrier_wait(meeting.barrier, PARALLEL_POLL, NULL), PARALLEL_ETIMEDOUT);
    ck_assert_fails(parallel_barrier_wait(meeting.barrier, parallel_deadline_in(0.15), NULL), PARALLEL_ETIMEDOUT);
    parallel_barrier_break(meeting.barrier);
    ck_assert_int_eq((intptr_t)join_thread(&threads[0]), PARALLEL_ECLOSED);
    ck_assert_fails(parallel_barrier_wait(meeting.barrier, PARALLEL_NEVER, NULL), PARALLEL_ECLOSED);
    parallel_barrier_destroy(meeting.barrier);
}

PROPERTY(a_barrier_holds_each_party_until_all_have_come)
{
    barrier_holds(false);
    barrier_holds(true);
}
PROPERTY_END

PROPERTIES(a_semaphore_wakes_as_many_as_it_releases, an_event_that_is_set_and_cleared_reaches_all_who_waited,
           a_barrier_holds_each_party_until_all_have_come)
