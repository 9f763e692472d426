/* SPDX-License-Identifier: BSD-3-Clause
 *
 * One 64-bit word: set (bit 0), somebody may sleep (bit 1), and above them how often it was set, so that a waiter that
 * sleeps through a set and a clear still knows. Waiters sleep on its lower half; whoever sleeps while 2^30 sets come
 * and go is woken by each of them. Setting touches the word once: who waits may destroy the event at once. */
#include <libparallel/event.h>

#include "libparallel/base/error.h"
#include "libparallel/memory/halves.h"
#include "libparallel/memory/nap.h"
#include "libparallel/memory/object.h"

#define IS_SET  UINT64_C(1)
#define WAITED  UINT64_C(2)
#define ONE_SET UINT64_C(4)

struct parallel_event {
    _Atomic uint64_t state;
    enum pl_futex_scope scope;
};

int parallel_event_create(const parallel_event_options *options, parallel_event **event)
{
    static const parallel_event_options defaults;
    if (options == NULL)
        options = &defaults;
    if (event == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "event: the result is NULL");
    void *block;
    int code = pl_object_create(sizeof(parallel_event), options->shared, &block);
    if (code != 0)
        return code;
    parallel_event *made = block;
    atomic_init(&made->state, options->set ? IS_SET : 0);
    made->scope = pl_object_scope(options->shared);
    *event = made;
    return 0;
}

void parallel_event_set(parallel_event *event)
{
    enum pl_futex_scope scope = event->scope;
    uint64_t state = pl_load_relaxed(&event->state), next; /* the swap decides */
    /* Also if it is set already: the swap publishes what this caller wrote before. Release: pairs with the acquire in
     * wait() and is_set(). */
    do
        next = (state & IS_SET) != 0 ? state : ((state + ONE_SET) & ~WAITED) | IS_SET;
    while (!pl_cas_release(&event->state, &state, next));
    if ((state & WAITED) != 0 && (state & IS_SET) == 0)
        pl_futex_wake(pl_low_half(&event->state), PL_FUTEX_WAKE_ALL, scope);
}

void parallel_event_clear(parallel_event *event)
{
    /* Release: who sees the next set sees what was done before this clear. */
    pl_and_release(&event->state, ~IS_SET);
}

bool parallel_event_is_set(parallel_event *event)
{
    return (pl_load_acquire(&event->state) & IS_SET) != 0; /* pairs with the release in set() */
}

int parallel_event_wait(parallel_event *event, uint64_t deadline_ns)
{
    /* Acquire: pairs with the release in set(); so do the loads below. */
    uint64_t first = pl_load_acquire(&event->state), now = first;
    while ((now & IS_SET) == 0 && now / ONE_SET == first / ONE_SET) {
        if (deadline_ns != PARALLEL_POLL && (now & WAITED) == 0) {
            if (!pl_cas_acquire(&event->state, &now, now | WAITED))
                continue;
            now |= WAITED;
        }
        if (!pl_nap(pl_low_half(&event->state), (uint32_t)now, deadline_ns, event->scope))
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "event: not set");
        now = pl_load_acquire(&event->state);
    }
    return 0;
}

void parallel_event_destroy(parallel_event *event)
{
    pl_object_destroy(event);
}
