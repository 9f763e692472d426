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
#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"
#include "libparallel/base/patience.h"
#include "libparallel/executors/parcel.h"
#include "libparallel/executors/crew.h"
#include "libparallel/executors/executor.h"
#include "libparallel/workers/capture.h"

static int capture = -1; /* of this worker process: the file that its output goes to, if output=capture */

/* The same for output=tag. */
static void connect_output(const struct pl_seat *seat)
{
    int kept;
    if (!seat->outlet.is_open)
        return;
    if (pl_outlet_enter_of_program(&seat->outlet, &kept) != 0)
        pl_report("worker %s writes where the program does: %s", seat->name, parallel_last_error()->message);
    else if (seat->outlet.is_relayed)
        close(kept);
    else
        capture = kept;
}

/* Whether the outcome is all in a cell: a single call that has not failed, with a result that goes in there. */
static bool has_small_result(const struct pl_slot *slot, const struct pl_portion *portion, uint64_t *result)
{
    size_t size = portion->function->result_size;
    if (portion->columns != NULL || slot->performance.has_failed || size > sizeof *result)
        return false;
    pl_copy_small(result, portion->results, size);
    return true;
}

/* The calls that the worker makes, with addresses as it has them. */
static void open_call(struct pl_crew *crew, const struct pl_claimed_call *call, struct pl_portion *portion)
{
    struct pl_slot *slot = &crew->slots[call->slot];
    if (call->function == NULL)
        pl_parcel_open(slot, portion);
    else
        *portion = (struct pl_portion){
            .function = call->function, .arguments = call->arguments, .results = &slot->result, .first = 0, .last = 1};
}

/* True: *result is the call's. */
static bool perform(struct pl_crew *crew, struct pl_seat *seat, const struct pl_claimed_call *call, uint64_t *result)
{
    struct pl_slot *slot = &crew->slots[call->slot];
    if (crew->is_timed) {
        pl_store_relaxed(&seat->started_ns, pl_clock_now_ns()); /* relaxed: published by the next store */
        pl_store_release(&seat->call, pl_slot_call(call->generation, call->slot)); /* pairs with limit_ns_of() */
    }
    if (crew->is_accounted)
        pl_usage_of_process(&seat->usage_before);
    struct pl_portion portion;
    open_call(crew, call, &portion);
    slot->performance.has_failed = false;
    pl_portion_perform(&portion, pl_slot_tag(call->generation), &slot->performance, &slot->failure);
    if (__fpending(stdout) > 0) /* a worker may be killed at any time, and what it has printed should be seen */
        fflush(stdout);
    if (crew->is_accounted) {
        pl_usage_of_process(&slot->usage);
        pl_usage_since(&seat->usage_before, &slot->usage);
    }
    if (capture >= 0) {
        if (slot->performance.has_failed)
            pl_capture_append(capture, slot->failure.message, sizeof slot->failure.message);
        pl_capture_forget(capture);
    }
    return has_small_result(slot, &portion, result);
}

/* The program has stopped the call and has the worker killed; nothing shared may be touched any more. */
static _Noreturn void await_the_end(void)
{
    for (;;)
        pause();
}

/* What a worker keeps in mind from one search to the next. */
struct state {
    uint64_t position; /* of the next cell */
    bool is_owing; /* a call has been finished and not announced, and may have to be */
    int displacements; /* in a row */
};

/* How long a worker that has nothing else to do puts off ringing, in turns of about 50 ns: a caller that waits for the
 * call comes to look by itself within a microsecond or two, and waking the collector beside it costs ten times as much. */
enum { TURNS_BEFORE_RING = 40 };

/* Where there are not enough processors for the program and all workers, one that searches lets others run every few
 * microseconds. If somebody else has run meanwhile, for longer than a yield that comes back at once takes, and so a few times
 * in a row, the processor is wanted, and the worker had better sleep: another one is woken for the next call, elsewhere. */
enum { CROWDED_YIELD_TURNS = 40, CROWDED_DISPLACEMENTS = 3 };
#define DISPLACED_NS UINT64_C(3000)

/* True if the worker is in the way of others. */
static bool yield_to_others(struct state *state)
{
    uint64_t begin_ns = pl_clock_now_ns();
    sched_yield();
    bool was_displaced = pl_clock_now_ns() - begin_ns > DISPLACED_NS;
    state->displacements = was_displaced ? state->displacements + 1 : 0;
    if (state->displacements < CROWDED_DISPLACEMENTS)
        return false;
    state->displacements = 0;
    return true;
}

static void announce(struct pl_crew *crew, struct state *state)
{
    if (state->is_owing)
        pl_crew_announce(crew);
    state->is_owing = false;
}

/* For as long as patience says, and at least once. What is owed is announced in any case. */
static bool search(struct pl_crew *crew, struct pl_seat *seat, uint16_t number, struct state *state,
                   struct pl_claimed_call *call)
{
    uint32_t turns = pl_patience_turns();
    uint64_t looked_ns = 0;
    for (uint32_t turn = 1;; turn++) {
        bool is_settled, has_hint = pl_crew_has_hint(crew, &is_settled);
        if (is_settled)
            state->is_owing = false;
        if (has_hint || turn >= TURNS_BEFORE_RING || turn >= turns) {
            announce(crew, state);
            if (pl_crew_claim(crew, number, call))
                return true;
        }
        /* Relaxed: a request, no data. */
        if (turn >= turns || pl_load_relaxed(&seat->is_dismissed) != 0)
            break;
        if (turn % PL_PATIENCE_TURNS_BETWEEN == 0 && pl_patience_is_interrupted(&looked_ns))
            break;
        if (!crew->is_crowded || turn % CROWDED_YIELD_TURNS != 0)
            pl_spin_pause();
        else if (yield_to_others(state))
            break;
    }
    announce(crew, state);
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
    uint64_t call_count = 0;
    struct state state = {.position = seat->done_position};
    pl_crash_install(&seat->crash);
    connect_output(seat);
    if (!initialize(crew, seat))
        return;
    while (pl_load_acquire(&seat->is_dismissed) == 0) { /* pairs with the dismissal */
        struct pl_claimed_call call;
        if (!search(crew, seat, number, &state, &call)) {
            if (!pl_crew_sleep(crew, seat))
                break;
            continue;
        }
        uint64_t result = 0;
        bool has_result = perform(crew, seat, &call, &result);
        if (!pl_crew_finish(crew, seat, number, &state.position, &call, has_result ? &result : NULL))
            await_the_end();
        state.is_owing = true;
        if (++call_count == crew->max_calls)
            break;
    }
    announce(crew, &state);
    pl_store_release(&seat->stage, PL_SEAT_LEAVING);
}
