/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Room: how many submitted calls may wait for a worker. One word counts those that do; who finds no room sleeps
 * on it until a call has left, or is refused, as the executor was opened. Without a limit nothing is counted. */
#ifndef LIBPARALLEL_EXECUTORS_ROOM_H
#define LIBPARALLEL_EXECUTORS_ROOM_H

#include <stdbool.h>
#include <stddef.h>

#include "libparallel/executors/task_queue.h"

struct pl_room {
    uint32_t limit;            /* 0: none; constant, as the next */
    bool refuses_when_full;
    _Alignas(2 * PL_CACHE_LINE) _Atomic uint32_t waiting; /* calls in the queue, HAS_BLOCKED or-ed; a futex word */
};

/* PARALLEL_ERANGE: a larger limit than the word can count. */
int pl_room_open(struct pl_room *room, size_t limit, bool refuses_when_full);

/* There is a limit: enters `count` calls before they are queued; waits for room unless asked not to. `may_exceed`:
 * the caller is a worker of this executor, which is never held up or refused: it might be the one who makes room.
 * PARALLEL_EFULL; PARALLEL_ESHUTDOWN, without a message: the queue has been closed. */
int pl_room_take(struct pl_room *room, struct pl_task_queue *queue, bool may_exceed, size_t count);

/* So many calls have left the queue. */
void pl_room_leave(struct pl_room *room, size_t count);

/* Those who wait look again: the queue has been closed. Async-signal-safe. */
void pl_room_wake_all(struct pl_room *room);

#endif
