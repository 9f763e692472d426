/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A child is killed at every so many instructions of what would wake a sleeper: it has made the change, or not, and has
 * woken the sleeper, or not. A change that was made is noticed without a second one; what else the test does then for the
 * sleeper to go on in any case makes no wake-up, if the change was made. */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/barrier.h>
#include <libparallel/event.h>
#include <libparallel/mutex.h>
#include <libparallel/queue.h>
#include <libparallel/semaphore.h>

#include "tests/memory/space.h"
#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"
#include "tests/support/stepper.h"
#include "tests/support/threads.h"

/* Each point at which a wake-up is lost costs a nap. */
enum { MOST_POINTS = UNDER_THREAD_SANITIZER ? 8 : UNDER_ADDRESS_SANITIZER ? 12 : 30 };

static void *acquire(void *semaphore)
{
    return (void *)(intptr_t)parallel_semaphore_acquire(semaphore, PARALLEL_NEVER);
}

static void release_one(void *semaphore)
{
    if (parallel_semaphore_release(semaphore, 1) != 0)
        _exit(2);
}

PROPERTY(a_kill_in_a_release_releases_or_does_not)
{
    parallel_semaphore *semaphore = NULL;
    ck_assert_ok(parallel_semaphore_create(&(parallel_semaphore_options){.shared = true}, &semaphore));
    size_t points[MOST_POINTS];
    size_t count = step_points(release_one, semaphore, points, MOST_POINTS);
    ck_assert_ok(parallel_semaphore_acquire(semaphore, PARALLEL_POLL));
    uint32_t released = 0;
    for (size_t i = 0; i < count; i++) {
        struct test_thread sleeper;
        start_thread(&sleeper, acquire, semaphore);
        wait_until_asleep(sleeper.id, semaphore);
        kill_child(step_child(release_one, semaphore, points[i]));
        ck_assert_ok(parallel_semaphore_release(semaphore, 1));
        ck_assert_int_eq((intptr_t)join_thread(&sleeper), 0);
        uint32_t value = parallel_semaphore_value(semaphore);
        ck_assert_uint_le(value, 1);
        released += value;
        if (value == 1)
            ck_assert_ok(parallel_semaphore_acquire(semaphore, PARALLEL_POLL));
    }
    printf("%u of %zu had released\n", (unsigned)released, count);
    parallel_semaphore_destroy(semaphore);
}
PROPERTY_END

static void *wait_for_event(void *event)
{
    return (void *)(intptr_t)parallel_event_wait(event, PARALLEL_NEVER);
}

static void set_event(void *event)
{
    parallel_event_set(event);
}

PROPERTY(a_kill_in_a_set_sets_or_does_not)
{
    parallel_event *event = NULL;
    ck_assert_ok(parallel_event_create(&(parallel_event_options){.shared = true}, &event));
    size_t points[MOST_POINTS];
    size_t count = step_points(set_event, event, points, MOST_POINTS);
    for (size_t i = 0; i < count; i++) {
        parallel_event_clear(event);
        struct test_thread sleeper;
        start_thread(&sleeper, wait_for_event, event);
        wait_until_asleep(sleeper.id, NULL);
        kill_child(step_child(set_event, event, points[i]));
        parallel_event_set(event); /* wakes nobody if it is set */
        ck_assert_int_eq((intptr_t)join_thread(&sleeper), 0);
    }
    parallel_event_destroy(event);
}
PROPERTY_END

static void *wait_at_barrier(void *barrier)
{
    return (void *)(intptr_t)parallel_barrier_wait(barrier, PARALLEL_NEVER, NULL);
}

static void come_to_barrier(void *barrier)
{
    int code = parallel_barrier_wait(barrier, PARALLEL_POLL, NULL);
    if (code != 0 && code != PARALLEL_ETIMEDOUT)
        _exit(2);
}

PROPERTY(a_kill_of_the_last_party_opens_the_barrier_or_does_not)
{
    parallel_barrier *barrier = NULL;
    ck_assert_ok(parallel_barrier_create(&(parallel_barrier_options){.parties = 2, .shared = true}, &barrier));
    size_t points[MOST_POINTS];
    size_t count = step_points(come_to_barrier, barrier, points, MOST_POINTS);
    for (size_t i = 0; i < count; i++) {
        struct test_thread sleeper;
        start_thread(&sleeper, wait_at_barrier, barrier);
        wait_until_asleep(sleeper.id, NULL);
        kill_child(step_child(come_to_barrier, barrier, points[i]));
        /* Opens it if the child did not; comes alone to the next round if it did. */
        int code = parallel_barrier_wait(barrier, PARALLEL_POLL, NULL);
        ck_assert(code == 0 || code == PARALLEL_ETIMEDOUT);
        ck_assert_int_eq((intptr_t)join_thread(&sleeper), 0);
    }
    parallel_barrier_destroy(barrier);
}
PROPERTY_END

static void lock_and_unlock(void *mutex)
{
    if (parallel_mutex_lock(mutex, PARALLEL_POLL) != 0 || parallel_mutex_unlock(mutex) != 0)
        _exit(2);
}

static void *lock_repair_and_unlock(void *mutex)
{
    int code = parallel_mutex_lock(mutex, PARALLEL_NEVER);
    if (code == PARALLEL_EOWNERDIED && parallel_mutex_make_consistent(mutex) != 0)
        return (void *)(intptr_t)1;
    return (void *)(intptr_t)(parallel_mutex_unlock(mutex) == 0 ? code : 1);
}

PROPERTY(a_kill_with_a_mutex_leaves_it_to_who_waits)
{
    parallel_mutex *mutex = NULL;
    ck_assert_ok(parallel_mutex_create(&(parallel_mutex_options){.shared = true}, &mutex));
    size_t points[MOST_POINTS];
    size_t count = step_points(lock_and_unlock, mutex, points, MOST_POINTS), told = 0;
    for (size_t i = 0; i < count; i++) {
        pid_t child = step_child(lock_and_unlock, mutex, points[i]);
        struct test_thread waiter;
        start_thread(&waiter, lock_repair_and_unlock, mutex);
        kill_child(child);
        intptr_t code = (intptr_t)join_thread(&waiter);
        ck_assert(code == 0 || code == PARALLEL_EOWNERDIED);
        told += code != 0;
        ck_assert_ok(parallel_mutex_lock(mutex, PARALLEL_POLL));
        ck_assert_ok(parallel_mutex_unlock(mutex));
    }
    printf("%zu of %zu died as owners\n", told, count);
    parallel_mutex_destroy(mutex);
}
PROPERTY_END

enum { CHILDS = 77 }; /* the item that the child pushes */

static void push_one(void *queue)
{
    int item = CHILDS;
    if (parallel_queue_push(queue, &item, PARALLEL_POLL) != 0)
        _exit(2);
}

struct pops {
    parallel_queue *queue;
    _Atomic int first; /* item that a consumer says it has; 0 before */
    _Atomic int faults;
};

static void *pop_one(void *context)
{
    struct pops *pops = context;
    int item, none = 0;
    if (parallel_queue_pop(pops->queue, PARALLEL_NEVER, &item) != 0)
        atomic_fetch_add(&pops->faults, 1);
    else
        atomic_compare_exchange_strong(&pops->first, &none, item);
    return NULL;
}

static parallel_queue *new_queue(void)
{
    parallel_queue *queue = NULL;
    ck_assert_ok(parallel_queue_create(
        &(parallel_queue_options){.item_bytes = sizeof(int), .capacity = 4, .shared = true}, &queue));
    return queue;
}

static void push(parallel_queue *queue, int item)
{
    /* Without a poll: the dead may hold places until the next search. */
    ck_assert_ok(parallel_queue_push(queue, &item, PARALLEL_NEVER));
}

PROPERTY(a_kill_in_a_push_leaves_the_item_to_who_sleeps)
{
    parallel_queue *queue = new_queue();
    size_t points[MOST_POINTS];
    size_t count = step_points(push_one, queue, points, MOST_POINTS), pushed = 0;
    int item;
    ck_assert_ok(parallel_queue_pop(queue, PARALLEL_POLL, &item));
    for (size_t i = 0; i < count; i++) {
        struct pops pops = {.queue = queue};
        struct test_thread consumers[2];
        for (int c = 0; c < 2; c++) {
            start_thread(&consumers[c], pop_one, &pops);
            wait_until_asleep(consumers[c].id, NULL);
        }
        kill_child(step_child(push_one, queue, points[i]));
        push(queue, 1);
        while (atomic_load(&pops.first) == 0)
            sched_yield();
        /* The child's item, if there is one, is the first to go. If somebody has it, one push has woken both. */
        if (atomic_load(&pops.first) != CHILDS)
            push(queue, 2);
        else
            pushed++;
        for (int c = 0; c < 2; c++)
            join_thread(&consumers[c]);
        ck_assert_int_eq(atomic_load(&pops.faults), 0);
        while (parallel_queue_pop(queue, PARALLEL_POLL, &item) == 0)
            ck_assert_int_eq(item, 2);
    }
    printf("%zu of %zu had pushed\n", pushed, count);
    parallel_queue_destroy(queue);
}
PROPERTY_END

PROPERTY(an_item_whose_wake_up_dies_is_taken_by_another_sleeper)
{
    parallel_queue *queue = new_queue();
    struct pops pops = {.queue = queue};
    pid_t first = fork();
    ck_assert_int_ge(first, 0);
    if (first == 0) {
        pop_one(&pops);
        _exit(0);
    }
    wait_until_asleep(first, NULL);
    /* A stopped process stays in the line of those who wait, and before the others. */
    ck_assert_int_eq(kill(first, SIGSTOP), 0);
    int status;
    ck_assert_int_eq(waitpid(first, &status, WUNTRACED), first);
    ck_assert(WIFSTOPPED(status));
    struct test_thread second;
    start_thread(&second, pop_one, &pops);
    wait_until_asleep(second.id, NULL);
    push(queue, 1);
    join_thread(&second);
    ck_assert_int_eq(atomic_load(&pops.first), 1);
    kill_child(first);
    parallel_queue_destroy(queue);
}
PROPERTY_END

int main(void)
{
    const TTest *const tests[] = {a_kill_in_a_release_releases_or_does_not,
                                  a_kill_in_a_set_sets_or_does_not,
                                  a_kill_of_the_last_party_opens_the_barrier_or_does_not,
                                  a_kill_with_a_mutex_leaves_it_to_who_waits,
                                  a_kill_in_a_push_leaves_the_item_to_who_sleeps,
                                  an_item_whose_wake_up_dies_is_taken_by_another_sleeper};
    const char *reason = why_no_steps();
    if (reason != NULL) {
        printf("skipped: %s\n", reason);
        return 77;
    }
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
