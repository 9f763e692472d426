/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Each property is tried on a queue for threads and on a shared one: they sleep in different ways. */
#include <stdint.h>

#include <libparallel/queue.h>

#include "libparallel/base/clock.h"
#include "tests/memory/space.h"
#include "tests/support/kernel_view.h"
#include "tests/support/property.h"
#include "tests/support/threads.h"

static parallel_queue *new_queue(size_t capacity, bool shared)
{
    parallel_queue *queue = NULL;
    ck_assert_ok(parallel_queue_create(
        &(parallel_queue_options){.item_bytes = sizeof(int), .capacity = capacity, .shared = shared}, &queue));
    return queue;
}

static void *pop_one(void *queue)
{
    int item;
    return (void *)(intptr_t)(parallel_queue_pop(queue, PARALLEL_NEVER, &item) == 0 ? item : -1);
}

static void *push_seven(void *queue)
{
    int item = 7;
    return (void *)(intptr_t)parallel_queue_push(queue, &item, PARALLEL_NEVER);
}

static void *pop_code(void *queue)
{
    int item;
    return (void *)(intptr_t)parallel_queue_pop(queue, PARALLEL_NEVER, &item);
}

static void a_push_wakes_sleepers(bool shared)
{
    enum { SLEEPERS = 3 };
    parallel_queue *queue = new_queue(10, shared);
    struct test_thread sleepers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        start_thread(&sleepers[i], pop_one, queue);
        wait_until_asleep(sleepers[i].id, NULL);
    }
    intptr_t sum = 0;
    for (int i = 1; i <= SLEEPERS; i++)
        ck_assert_ok(parallel_queue_push(queue, &i, PARALLEL_POLL));
    for (int i = 0; i < SLEEPERS; i++)
        sum += (intptr_t)join_thread(&sleepers[i]);
    ck_assert_int_eq(sum, 6);
    parallel_queue_destroy(queue);
}

PROPERTY(an_empty_queue_is_waited_for)
{
    a_push_wakes_sleepers(false);
    a_push_wakes_sleepers(true);
}
PROPERTY_END

static void a_pop_wakes_sleepers(bool shared)
{
    enum { SLEEPERS = 3 };
    parallel_queue *queue = new_queue(1, shared);
    int item = 7;
    ck_assert_ok(parallel_queue_push(queue, &item, PARALLEL_POLL));
    struct test_thread sleepers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        start_thread(&sleepers[i], push_seven, queue);
        wait_until_asleep(sleepers[i].id, NULL);
    }
    for (int i = 0; i <= SLEEPERS; i++)
        ck_assert_ok(parallel_queue_pop(queue, PARALLEL_NEVER, &item));
    for (int i = 0; i < SLEEPERS; i++)
        ck_assert_int_eq((intptr_t)join_thread(&sleepers[i]), 0);
    ck_assert_uint_eq(parallel_queue_count(queue), 0);
    parallel_queue_destroy(queue);
}

PROPERTY(a_full_queue_is_waited_for)
{
    a_pop_wakes_sleepers(false);
    a_pop_wakes_sleepers(true);
}
PROPERTY_END

static void deadlines_pass(bool shared)
{
    parallel_queue *queue = new_queue(1, shared);
    int item = 7;
    /* Longer than a nap, so that looking again in between does not shorten the wait. */
    uint64_t deadline = parallel_deadline_in(0.25);
    ck_assert_fails(parallel_queue_pop(queue, deadline, &item), PARALLEL_ETIMEDOUT);
    ck_assert_uint_ge(pl_clock_now_ns(), deadline);
    ck_assert_int_eq(item, 7);
    ck_assert_ok(parallel_queue_push(queue, &item, parallel_deadline_in(0.001)));
    deadline = parallel_deadline_in(0.25);
    ck_assert_fails(parallel_queue_push(queue, &item, deadline), PARALLEL_ETIMEDOUT);
    ck_assert_uint_ge(pl_clock_now_ns(), deadline);
    /* A deadline that has passed is as good as a poll: what is there is taken. */
    ck_assert_ok(parallel_queue_pop(queue, 1, &item));
    ck_assert_fails(parallel_queue_pop(queue, 1, &item), PARALLEL_ETIMEDOUT);
    parallel_queue_destroy(queue);
}

PROPERTY(a_deadline_is_kept)
{
    deadlines_pass(false);
    deadlines_pass(true);
}
PROPERTY_END

static void closing(bool shared)
{
    parallel_queue *queue = new_queue(2, shared);
    int item = 7;
    ck_assert_ok(parallel_queue_push(queue, &item, PARALLEL_POLL));
    ck_assert_ok(parallel_queue_push(queue, &item, PARALLEL_POLL));
    struct test_thread producer;
    start_thread(&producer, push_seven, queue);
    wait_until_asleep(producer.id, NULL);
    parallel_queue_close(queue);
    parallel_queue_close(queue);
    ck_assert_int_eq((intptr_t)join_thread(&producer), PARALLEL_ECLOSED);
    ck_assert_fails(parallel_queue_push(queue, &item, PARALLEL_NEVER), PARALLEL_ECLOSED);
    ck_assert_uint_eq(parallel_queue_count(queue), 2);
    ck_assert_ok(parallel_queue_pop(queue, PARALLEL_NEVER, &item));
    /* Also with room. */
    ck_assert_fails(parallel_queue_push(queue, &item, PARALLEL_NEVER), PARALLEL_ECLOSED);
    ck_assert_ok(parallel_queue_pop(queue, PARALLEL_NEVER, &item));
    ck_assert_fails(parallel_queue_pop(queue, PARALLEL_NEVER, &item), PARALLEL_ECLOSED);
    ck_assert_fails(parallel_queue_pop(queue, PARALLEL_POLL, &item), PARALLEL_ECLOSED);
    parallel_queue_destroy(queue);
}

PROPERTY(a_closed_queue_takes_nothing_and_gives_the_rest)
{
    closing(false);
    closing(true);
}
PROPERTY_END

static void closing_wakes(bool shared)
{
    enum { SLEEPERS = 3 };
    parallel_queue *queue = new_queue(2, shared);
    struct test_thread sleepers[SLEEPERS];
    for (int i = 0; i < SLEEPERS; i++) {
        start_thread(&sleepers[i], pop_code, queue);
        wait_until_asleep(sleepers[i].id, NULL);
    }
    parallel_queue_close(queue);
    for (int i = 0; i < SLEEPERS; i++)
        ck_assert_int_eq((intptr_t)join_thread(&sleepers[i]), PARALLEL_ECLOSED);
    parallel_queue_destroy(queue);
}

PROPERTY(closing_wakes_all_who_wait)
{
    closing_wakes(false);
    closing_wakes(true);
}
PROPERTY_END

/* The time that a thread has run until it sleeps says nothing, so what is measured is CPU time over a nap or more. */
PROPERTY(waiting_costs_no_processor)
{
    parallel_queue *queue = new_queue(1, false);
    struct test_thread sleeper;
    start_thread(&sleeper, pop_one, queue);
    wait_until_asleep(sleeper.id, NULL);
    uint64_t before = cpu_time_used_ns(0);
    int item;
    parallel_queue *never = new_queue(1, false);
    ck_assert_fails(parallel_queue_pop(never, parallel_deadline_in(0.5), &item), PARALLEL_ETIMEDOUT);
    ck_assert_uint_lt(cpu_time_used_ns(0) - before, 200000000);
    item = 7;
    ck_assert_ok(parallel_queue_push(queue, &item, PARALLEL_POLL));
    ck_assert_int_eq((intptr_t)join_thread(&sleeper), 7);
    parallel_queue_destroy(queue);
    parallel_queue_destroy(never);
}
PROPERTY_END

static int create(const parallel_queue_options *options)
{
    parallel_queue *queue = NULL;
    int code = parallel_queue_create(options, &queue);
    ck_assert_ptr_null(queue); /* untouched on failure */
    return code;
}

PROPERTY(impossible_queues_are_refused)
{
    ck_assert_fails(create(NULL), PARALLEL_EINVALID);
    ck_assert_fails(create(&(parallel_queue_options){.capacity = 1}), PARALLEL_EINVALID);
    ck_assert_fails(create(&(parallel_queue_options){.item_bytes = 1}), PARALLEL_EINVALID);
    ck_assert_fails(create(&(parallel_queue_options){.item_bytes = 1, .capacity = 16777215}), PARALLEL_ERANGE);
    ck_assert_fails(create(&(parallel_queue_options){.item_bytes = SIZE_MAX, .capacity = 1}), PARALLEL_ERANGE);
    ck_assert_fails(create(&(parallel_queue_options){.item_bytes = SIZE_MAX / 2, .capacity = 3}), PARALLEL_ERANGE);
    ck_assert_fails(create(&(parallel_queue_options){.item_bytes = SIZE_MAX / 16, .capacity = 8, .shared = true}),
                    PARALLEL_ENOMEMORY);
    parallel_queue_destroy(NULL);
}
PROPERTY_END

PROPERTIES(an_empty_queue_is_waited_for, a_full_queue_is_waited_for, a_deadline_is_kept,
           a_closed_queue_takes_nothing_and_gives_the_rest, closing_wakes_all_who_wait, waiting_costs_no_processor,
           impossible_queues_are_refused)
