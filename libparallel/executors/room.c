/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Waiting for room, and making it. */
#include "libparallel/executors/room.h"

#include <libparallel/deadline.h>

#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/executors/executor.h"

#define HAS_BLOCKED (UINT32_C(1) << 31) /* a submitter sleeps until there is room */

int pl_room_open(struct pl_room *room, size_t limit, bool refuses_when_full)
{
    if (limit >= HAS_BLOCKED)
        return pl_error_set(PARALLEL_ERANGE, 0, "queue=%zu: more than %u calls cannot wait", limit, HAS_BLOCKED - 1);
    room->limit = (uint32_t)limit;
    room->refuses_when_full = refuses_when_full;
    atomic_init(&room->waiting, 0);
    return 0;
}

void pl_room_wake_all(struct pl_room *room)
{
    pl_and_release(&room->waiting, ~(uint32_t)HAS_BLOCKED); /* release: pairs with sleep_until_room() */
    pl_futex_wake(&room->waiting, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

void pl_room_leave(struct pl_room *room, size_t count)
{
    if (room->limit == 0)
        return;
    /* Release: nothing is published but the number; the futex compares it. */
    if (pl_sub_release(&room->waiting, (uint32_t)count) & HAS_BLOCKED)
        pl_room_wake_all(room);
}

/* The caller may be a worker of another executor, which somebody stands in for meanwhile. */
static void sleep_until_room(struct pl_room *room, struct pl_task_queue *queue, uint32_t waiting)
{
    uint32_t blocked = waiting | HAS_BLOCKED;
    /* Acquire: if a shutdown has taken the flag away before, its closing of the queue is seen below; if it does so after,
     * the kernel finds the word changed. */
    if (waiting != blocked && !pl_cas_acq_rel(&room->waiting, &waiting, blocked))
        return;
    if (pl_task_queue_is_closed(queue)) {
        pl_room_wake_all(room); /* the flag that was just set may hide the shutdown's step from another sleeper */
        return;
    }
    pl_executor_wait_enter();
    pl_futex_wait(&room->waiting, blocked, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
    pl_executor_wait_leave();
}

int pl_room_take(struct pl_room *room, struct pl_task_queue *queue, bool may_exceed, size_t count)
{
    uint32_t waiting = pl_load_acquire(&room->waiting); /* acquire, as below: see sleep_until_room() */
    for (;;) {
        uint32_t used = waiting & ~(uint32_t)HAS_BLOCKED;
        if (may_exceed || used < room->limit) {
            if (pl_cas_relaxed(&room->waiting, &waiting, waiting + (uint32_t)count)) /* a number, no data */
                return 0;
            continue;
        }
        if (pl_task_queue_is_closed(queue))
            return PARALLEL_ESHUTDOWN;
        if (room->refuses_when_full)
            return pl_error_set(PARALLEL_EFULL, 0, "%u calls wait already, as many as queue= allows", used);
        sleep_until_room(room, queue, waiting);
        waiting = pl_load_acquire(&room->waiting);
    }
}
