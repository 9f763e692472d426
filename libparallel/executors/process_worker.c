/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The life of a worker process: it claims, performs and finishes calls until it is dismissed. It has one thread, and
 * everything it shares is in the crew and its seat. */
#include <sched.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/executors/parcel.h"
#include "libparallel/executors/crew.h"
#include "libparallel/executors/executor.h"

static void perform(struct pl_crew *crew, struct pl_seat *seat, uint32_t index)
{
    struct pl_slot *slot = &crew->slots[index];
    if (crew->is_timed) {
        /* Relaxed: published by the next store. The slot is this worker's, so its generation stands. */
        pl_store_relaxed(&seat->started_ns, pl_clock_now_ns());
        pl_store_release(&seat->call, pl_slot_call(pl_load_relaxed(&slot->word), index)); /* pairs with limit_ns_of() */
    }
    struct pl_portion portion;
    pl_parcel_open(slot, &portion);
    pl_portion_perform(&portion, &slot->performance);
    if (__fpending(stdout) > 0) /* a worker may be killed at any time, and what it has printed should be seen */
        fflush(stdout);
}

/* The program has stopped the call and has the worker killed; nothing shared may be touched any more. */
static _Noreturn void await_the_end(void)
{
    for (;;)
        pause();
}

/* How long a worker that has nothing else to do puts off ringing, in turns of about 50 ns: a caller that waits for the
 * call comes to look by itself within a microsecond or two, and waking the collector beside it costs ten times as much. */
enum { TURNS_BEFORE_RING = 40 };

/* `is_owing`: a call has been finished and not announced; the announcement is made in any case. */
static bool search(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, bool is_owing, uint32_t *slot)
{
    for (uint32_t turn = 1; turn <= crew->spin_turns; turn++) {
        if (is_owing && (turn >= TURNS_BEFORE_RING || pl_crew_has_hint(crew))) {
            pl_crew_announce(crew);
            is_owing = false;
        }
        if (!is_owing && pl_crew_claim(crew, number, slot))
            return true;
        if (pl_load_relaxed(&seat->is_dismissed) != 0) /* relaxed: a request, no data */
            break;
        if (crew->yield_turns > 0 && turn % crew->yield_turns == 0)
            sched_yield();
        else
            pl_spin_pause();
    }
    if (is_owing)
        pl_crew_announce(crew);
    return false;
}

static bool initialize(struct pl_crew *crew, struct pl_seat *seat)
{
    pl_store_release(&seat->stage, PL_SEAT_INITIALIZING); /* read after the worker's death */
    if (pl_executor_become_worker((int)seat->index) != 0) {
        pl_report("worker %s: %s", seat->name, parallel_last_error()->message);
        return false;
    }
    if (crew->initializer != NULL) {
        int code = crew->initializer(crew->initializer_context);
        if (code != 0) {
            seat->initializer_code = code;
            pl_store_release(&seat->stage, PL_SEAT_REFUSED);
            return false;
        }
    }
    pl_store_release(&seat->stage, PL_SEAT_WORKING);
    return true;
}

void pl_crew_work(struct pl_seat *seat)
{
    struct pl_crew *crew = seat->crew;
    uint16_t number = (uint16_t)pl_load_acquire(&seat->start_number); /* pairs with the order */
    uint64_t position = seat->done_position;
    uint64_t call_count = 0;
    bool is_owing = false;
    if (!initialize(crew, seat))
        return;
    while (pl_load_acquire(&seat->is_dismissed) == 0) { /* pairs with the dismissal */
        uint32_t slot;
        bool has_found = search(crew, seat, number, is_owing, &slot);
        is_owing = false;
        if (!has_found) {
            if (!pl_crew_sleep(crew, seat))
                break;
            continue;
        }
        perform(crew, seat, slot);
        if (!pl_crew_finish(crew, seat, number, &position, slot))
            await_the_end();
        is_owing = true;
        if (++call_count == crew->max_calls)
            break;
    }
    if (is_owing)
        pl_crew_announce(crew);
    pl_store_release(&seat->stage, PL_SEAT_LEAVING);
}
