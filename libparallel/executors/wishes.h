/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Wishes: calls that are to run at a certain seat of a threads executor, if that is to be had soon. A queue for each seat
 * that anybody has named, and one word that says how many calls lie in them or are on their way there. An executor in
 * which nobody wishes has none of it. docs/protocols/threads.md, "Wishes".
 *
 * Does not: know who sits where (roster.h), or call anybody (threads.c). */
#ifndef LIBPARALLEL_EXECUTORS_WISHES_H
#define LIBPARALLEL_EXECUTORS_WISHES_H

#include <stdbool.h>

#include "libparallel/executors/task_queue.h"

struct pl_wish_boxes;

struct pl_wishes {
    _Alignas(2 * PL_CACHE_LINE) _Atomic(struct pl_wish_boxes *) boxes; /* NULL until the first wish */
    _Atomic size_t waiting; /* written with each wish; read by searching workers, as `boxes` is */
};

/* Queues for `count` seats, if there are none yet; seats beyond what there is have none. Any thread. PARALLEL_ENOMEMORY. */
int pl_wishes_prepare(struct pl_wishes *wishes, size_t count);

/* Only when nobody uses them. */
void pl_wishes_destroy(struct pl_wishes *wishes);

/* Whether a seat has a queue. */
bool pl_wishes_have_seat(struct pl_wishes *wishes, size_t seat);

/* Appends a task to a seat's queue. False if `gate`, the executor's queue, is closed: after this step, or in it. */
bool pl_wishes_put(struct pl_wishes *wishes, struct pl_task_queue *gate, size_t seat, struct pl_task *task);

/* Whether anything waits, or is about to; in the one order with puts, closing, and workers that fall asleep. */
static inline bool pl_wishes_wait(struct pl_wishes *wishes)
{
    return pl_load_seq_cst(&wishes->waiting) > 0;
}

/* Whether a seat's queue has something. */
bool pl_wishes_wait_at(struct pl_wishes *wishes, size_t seat);

/* The oldest task of a seat's queue; NULL: it has none. */
struct pl_task *pl_wishes_take(struct pl_wishes *wishes, size_t seat);

/* The oldest task of the first queue that has one, from a seat on; NULL: none has. */
struct pl_task *pl_wishes_take_any(struct pl_wishes *wishes, size_t from);

#endif
