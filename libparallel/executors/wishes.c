/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Wishes: a queue for each seat. */
#include "libparallel/executors/wishes.h"

#include <stdlib.h>

#include "libparallel/base/error.h"

struct pl_wish_boxes {
    size_t count;
    struct pl_task_queue queues[];
};

int pl_wishes_prepare(struct pl_wishes *wishes, size_t count)
{
    if (pl_load_acquire(&wishes->boxes) != NULL) /* pairs with the release below */
        return 0;
    size_t size = sizeof(struct pl_wish_boxes) + count * sizeof(struct pl_task_queue);
    struct pl_wish_boxes *none = NULL, *boxes = aligned_alloc(_Alignof(struct pl_wish_boxes), size);
    if (boxes == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for wishes of %zu seats", count);
    boxes->count = count;
    for (size_t seat = 0; seat < count; seat++)
        pl_task_queue_open(&boxes->queues[seat]);
    if (!pl_cas_acq_rel(&wishes->boxes, &none, boxes)) /* publishes the queues */
        free(boxes);                                   /* somebody was faster */
    return 0;
}

void pl_wishes_destroy(struct pl_wishes *wishes)
{
    free(pl_load_relaxed(&wishes->boxes)); /* relaxed: nobody else is there */
}

static struct pl_task_queue *queue_of(struct pl_wishes *wishes, size_t seat)
{
    struct pl_wish_boxes *boxes = pl_load_acquire(&wishes->boxes); /* pairs with pl_wishes_prepare() */
    return boxes != NULL && seat < boxes->count ? &boxes->queues[seat] : NULL;
}

bool pl_wishes_have_seat(struct pl_wishes *wishes, size_t seat)
{
    return queue_of(wishes, seat) != NULL;
}

bool pl_wishes_put(struct pl_wishes *wishes, struct pl_task_queue *gate, size_t seat, struct pl_task *task)
{
    pl_add_seq_cst(&wishes->waiting, 1); /* before the look: who closes and finds nothing waiting has refused this one */
    if (pl_task_queue_is_closed(gate)) {
        pl_sub_seq_cst(&wishes->waiting, 1);
        return false;
    }
    return pl_task_queue_push(queue_of(wishes, seat), task, task); /* these are never closed */
}

bool pl_wishes_wait_at(struct pl_wishes *wishes, size_t seat)
{
    struct pl_task_queue *queue = queue_of(wishes, seat);
    return queue != NULL && !pl_task_queue_is_empty(queue);
}

struct pl_task *pl_wishes_take(struct pl_wishes *wishes, size_t seat)
{
    struct pl_task_queue *queue = queue_of(wishes, seat);
    struct pl_task *task = queue != NULL ? pl_task_queue_pop(queue) : NULL;
    if (task != NULL)
        pl_sub_seq_cst(&wishes->waiting, 1);
    return task;
}

struct pl_task *pl_wishes_take_any(struct pl_wishes *wishes, size_t from)
{
    struct pl_wish_boxes *boxes = pl_load_acquire(&wishes->boxes); /* pairs with pl_wishes_prepare() */
    struct pl_task *task = NULL;
    for (size_t i = 0; boxes != NULL && i < boxes->count && task == NULL; i++)
        task = pl_wishes_take(wishes, (from + i) % boxes->count);
    return task;
}
