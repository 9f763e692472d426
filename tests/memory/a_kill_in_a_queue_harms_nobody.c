/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A child is stopped at every so many instructions of a push and of a pop. While it is stopped there, others push and
 * pop without waiting; then it is killed there, and the queue has all its places again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <libparallel/queue.h>

#include "libparallel/memory/participant.h"
#include "tests/memory/space.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"
#include "tests/support/stepper.h"

enum {
    CAPACITY = 3,
    CHILDS = 77, /* the item that the child pushes */
    MOST_POINTS = UNDER_THREAD_SANITIZER ? 12 : UNDER_ADDRESS_SANITIZER ? 30 : 60,
};

static void push_one(void *queue)
{
    int item = CHILDS;
    if (parallel_queue_push(queue, &item, PARALLEL_POLL) != 0)
        _exit(2);
}

static void pop_one(void *queue)
{
    int item;
    if (parallel_queue_pop(queue, PARALLEL_POLL, &item) != 0)
        _exit(2);
}

static parallel_queue *new_queue(void)
{
    parallel_queue *queue = NULL;
    ck_assert_ok(parallel_queue_create(
        &(parallel_queue_options){.item_bytes = sizeof(int), .capacity = CAPACITY, .shared = true}, &queue));
    return queue;
}

static void push(parallel_queue *queue, int item, uint64_t deadline_ns)
{
    ck_assert_ok(parallel_queue_push(queue, &item, deadline_ns));
}

static int pop(parallel_queue *queue)
{
    int item = -1;
    ck_assert_ok(parallel_queue_pop(queue, PARALLEL_POLL, &item));
    return item;
}

/* All places are there, and no item is. Waits for the search for cells of the dead, which is made once a nap. */
static void check_is_whole(parallel_queue *queue)
{
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < CAPACITY; i++)
            push(queue, i, PARALLEL_NEVER);
        int item = 0;
        ck_assert_fails(parallel_queue_push(queue, &item, PARALLEL_POLL), PARALLEL_ETIMEDOUT);
        for (int i = 0; i < CAPACITY; i++)
            ck_assert_int_eq(pop(queue), i);
        ck_assert_fails(parallel_queue_pop(queue, PARALLEL_POLL, &item), PARALLEL_ETIMEDOUT);
    }
}

PROPERTY(a_kill_in_a_push_harms_nobody)
{
    parallel_queue *queue = new_queue();
    size_t points[MOST_POINTS];
    size_t count = step_points(push_one, queue, points, MOST_POINTS);
    ck_assert_uint_gt(count, MOST_POINTS / 2);
    ck_assert_int_eq(pop(queue), CHILDS);
    unsigned arrived = 0;
    for (size_t i = 0; i < count; i++) {
        pid_t child = step_child(push_one, queue, points[i]);
        /* It has one place at most, with its item in it or not. */
        push(queue, 1, PARALLEL_POLL);
        push(queue, 2, PARALLEL_POLL);
        int first = pop(queue);
        bool has_arrived = first == CHILDS;
        ck_assert_int_eq(has_arrived ? pop(queue) : first, 1);
        ck_assert_int_eq(pop(queue), 2);
        kill_child(child);
        int item;
        ck_assert_fails(parallel_queue_pop(queue, PARALLEL_POLL, &item), PARALLEL_ETIMEDOUT);
        check_is_whole(queue);
        arrived += has_arrived;
    }
    printf("%u of %zu items had arrived\n", arrived, count);
    parallel_queue_destroy(queue);
}
PROPERTY_END

PROPERTY(a_kill_in_a_pop_harms_nobody)
{
    parallel_queue *queue = new_queue();
    push(queue, 0, PARALLEL_POLL);
    size_t points[MOST_POINTS];
    size_t count = step_points(pop_one, queue, points, MOST_POINTS);
    ck_assert_uint_gt(count, MOST_POINTS / 2);
    unsigned taken = 0;
    for (size_t i = 0; i < count; i++) {
        push(queue, 10, PARALLEL_POLL);
        push(queue, 11, PARALLEL_POLL);
        pid_t child = step_child(pop_one, queue, points[i]);
        push(queue, 12, PARALLEL_POLL); /* there is room, wherever the child is */
        int first = pop(queue);
        bool was_taken = first == 11;
        ck_assert_int_eq(was_taken ? 10 : first, 10);
        ck_assert_int_eq(was_taken ? first : pop(queue), 11);
        ck_assert_int_eq(pop(queue), 12);
        kill_child(child);
        check_is_whole(queue);
        taken += was_taken;
    }
    printf("%u of %zu items were taken\n", taken, count);
    parallel_queue_destroy(queue);
}
PROPERTY_END

static void close_it(void *queue)
{
    parallel_queue_close(queue);
}

PROPERTY(a_kill_in_a_close_closes_or_does_not)
{
    size_t points[MOST_POINTS];
    parallel_queue *queue = new_queue();
    size_t count = step_points(close_it, queue, points, MOST_POINTS / 3);
    parallel_queue_destroy(queue);
    for (size_t i = 0; i < count; i++) {
        queue = new_queue();
        push(queue, 1, PARALLEL_POLL);
        kill_child(step_child(close_it, queue, points[i]));
        int item = 2;
        int code = parallel_queue_push(queue, &item, PARALLEL_POLL);
        ck_assert(code == 0 || code == PARALLEL_ECLOSED);
        ck_assert_int_eq(pop(queue), 1);
        if (code == 0)
            ck_assert_int_eq(pop(queue), 2);
        ck_assert_fails(parallel_queue_pop(queue, PARALLEL_POLL, &item), code == 0 ? PARALLEL_ETIMEDOUT : code);
        parallel_queue_close(queue);
        ck_assert_fails(parallel_queue_pop(queue, PARALLEL_POLL, &item), PARALLEL_ECLOSED);
        parallel_queue_destroy(queue);
    }
}
PROPERTY_END

int main(void)
{
    const TTest *const tests[] = {a_kill_in_a_push_harms_nobody, a_kill_in_a_pop_harms_nobody,
                                  a_kill_in_a_close_closes_or_does_not};
    const char *reason = why_no_steps();
    if (reason != NULL) {
        printf("skipped: %s\n", reason);
        return 77;
    }
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
