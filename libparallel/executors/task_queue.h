/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The queue between submitters and workers: any number of both, first in first out, unbounded, without allocation (the
 * tasks themselves are the links).
 *
 *     submitters --swap--> incoming: a stack, newest first    --one exchange, reversed--> ready: a list, oldest first
 *                                                                                           workers take from here
 *
 * A submitter does one compare-and-swap and never waits. Workers share a lock that only workers take, for some 20 ns a
 * task; the reversal costs each task one step, once.
 *
 * Closing is a bit in the same word that submitters swap, so each submission comes before the close or is refused.
 * Protocol: docs/protocols/threads.md. */
#ifndef LIBPARALLEL_EXECUTORS_TASK_QUEUE_H
#define LIBPARALLEL_EXECUTORS_TASK_QUEUE_H

#include "libparallel/base/lock.h"
#include "libparallel/executors/task.h"

struct pl_task_queue {
    _Alignas(2 * PL_CACHE_LINE) _Atomic uintptr_t incoming; /* newest task | 1 if closed; submitters and takers */
    _Alignas(2 * PL_CACHE_LINE) _Atomic(struct pl_task *) ready; /* under the lock; read by anybody as a hint */
    struct pl_lock lock;
};

void pl_task_queue_open(struct pl_task_queue *queue);

/* Appends the tasks first..last, linked by `next` in the order in which they are to run. False if the queue is closed.
 * A sequentially consistent read-modify-write: the first half of a publisher's step (docs/protocols/parking.md). */
bool pl_task_queue_push(struct pl_task_queue *queue, struct pl_task *first, struct pl_task *last);

/* The oldest task, or NULL. */
struct pl_task *pl_task_queue_pop(struct pl_task_queue *queue);

/* Refuses further tasks; async-signal-safe. */
static inline void pl_task_queue_close(struct pl_task_queue *queue)
{
    pl_or_seq_cst(&queue->incoming, 1); /* in the one order with pushes and with the workers' last look */
}

static inline bool pl_task_queue_is_closed(struct pl_task_queue *queue)
{
    return (pl_load_seq_cst(&queue->incoming) & 1) != 0;
}

/* True if there was nothing to take. A worker that is taking may hold what it has not yet put into `ready`; it says so
 * by calling for help itself (see threads.md). */
static inline bool pl_task_queue_is_empty(struct pl_task_queue *queue)
{
    return (pl_load_seq_cst(&queue->incoming) & ~(uintptr_t)1) == 0 && pl_load_seq_cst(&queue->ready) == NULL;
}

#endif
