/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The death of a worker, for who collects. It is first proven (the zygote has waited for the process), so all that the worker
 * and the zygote have written stands; then the worker's done cells are emptied, then every slot that still bears its number is
 * looked at: DONE was finished and not announced; RUNNING and STOPPED are the one casualty. Hints that it took and did not use
 * are repeated. Only then the seat is free for the next worker. */
#include "libparallel/executors/processes.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include <libparallel/function.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/process_end.h"

/* So many workers in a row may die before they have begun to work, by an accident that is not their initializer's. */
enum { STILL_BORN_LIMIT = 16 };

/* ---- Words ---- */

/* Of a function's name in a message, so that there is room for what has happened to it. */
enum { FUNCTION_SHOWN = 64, WHO_SIZE = 128 };

/* With output: a map puts "call 23 of parse: " before it. */
enum { MESSAGE_LIMIT = PARALLEL_MESSAGE_SIZE - 24 };

/* `who`: what the words begin with, before the pid. */
static void describe_end(const struct pl_processes *processes, uint32_t index, const char *who, parallel_failure *failure)
{
    const struct pl_seat *seat = processes->seats[index];
    /* Relaxed: the end of the worker was published with ENDED. */
    const struct pl_process_end end = {.pid = pl_load_relaxed(&seat->pid), .is_status_known = true, .status = seat->status};
    pl_process_end_describe(&end, &seat->crash, (int)index, who, failure);
    if (seat->has_lost_parent)
        snprintf(failure->message, sizeof failure->message, "%s %d was lost with the zygote, which was killed", who,
                 failure->pid);
}

/* Why a call has failed whose worker has died; `reason`: why this side had it killed. */
static void describe_death(struct pl_processes *processes, uint32_t index, const parallel_function *function,
                           enum pl_stop_reason reason, parallel_failure *failure)
{
    char who[WHO_SIZE];
    const char *name = processes->seats[index]->name;
    snprintf(who, sizeof who, "%.*s: worker %s, process", FUNCTION_SHOWN, function->name, name);
    describe_end(processes, index, who, failure);
    switch (reason) {
    case PL_STOP_TIMEOUT:
        failure->code = PARALLEL_ETIMELIMIT;
        snprintf(failure->message, sizeof failure->message,
                 "%s: ran longer than timeout=%g; worker %s (pid %d) was killed", function->name,
                 (double)processes->timeout_ns * 1e-9, name, failure->pid);
        break;
    case PL_STOP_KILL:
        snprintf(failure->message, sizeof failure->message, "%s: killed on request, with worker %s (pid %d)",
                 function->name, name, failure->pid);
        break;
    case PL_STOP_NONE:
        break;
    }
    pl_processes_show_output(processes, index, failure->message, MESSAGE_LIMIT);
}

/* What that call has used, if calls are accounted for and the end of the worker is known. */
static bool account_death(const struct pl_processes *processes, uint32_t index, parallel_resources *resources)
{
    const struct pl_seat *seat = processes->seats[index];
    if (!processes->crew->is_accounted || seat->has_lost_parent)
        return false;
    struct pl_usage usage = seat->usage;
    pl_usage_since(&seat->usage_before, &usage);
    pl_usage_tell(&usage, (int)index, seat->place.name, resources);
    return true;
}

/* Why nothing is to be expected of an executor whose worker died in its initializer. */
static void describe_birth(struct pl_processes *processes, uint32_t index, parallel_error *error)
{
    parallel_failure failure;
    char who[WHO_SIZE];
    snprintf(who, sizeof who, "the initializer of worker %s: process", processes->seats[index]->name);
    describe_end(processes, index, who, &failure);
    pl_processes_show_output(processes, index, failure.message, MESSAGE_LIMIT);
    pl_error_fill(error, PARALLEL_EINITIALIZER, 0, "%s", failure.message);
}

/* ---- The casualty, and the seat ---- */

static enum pl_stop_reason stop_reason_of(struct pl_processes *processes, uint32_t slot)
{
    pl_lock_acquire(&processes->lock);
    enum pl_stop_reason reason = processes->tickets[slot].stop_reason;
    pl_lock_release(&processes->lock);
    return reason;
}

/* A call whose worker is dead: once more, or failed. */
static void end_casualty(struct pl_processes *processes, uint32_t index, uint32_t slot, struct pl_look *look)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    enum pl_stop_reason reason = stop_reason_of(processes, slot);
    if (reason == PL_STOP_NONE && ticket->retries > 0) {
        ticket->retries--;
        pl_parcel_release(&processes->crew->slots[slot]);
        look->has_sent = true;
        if (pl_processes_dispatch(processes, slot))
            return;
        reason = stop_reason_of(processes, slot);
    }
    parallel_failure failure;
    describe_death(processes, index, ticket->portion.function, reason, &failure);
    struct pl_outcome outcome = {.failure = &failure,
                                 .index = pl_processes_index_in(processes, slot),
                                 .worker = (int)index,
                                 .is_killed = reason == PL_STOP_KILL};
    parallel_resources resources;
    if (account_death(processes, index, &resources))
        outcome.resources = &resources;
    pl_processes_end_in_slot(processes, slot, &outcome, look);
}

/* A worker that never began to work: is anything to be expected of the next one? */
static void look_at_birth(struct pl_processes *processes, const struct pl_seat *seat)
{
    parallel_error error;
    uint32_t stage = pl_load_relaxed(&seat->stage); /* relaxed: published with ENDED */
    if (stage == PL_SEAT_REFUSED) {
        pl_error_fill(&error, PARALLEL_EINITIALIZER, 0, "the initializer of worker %s returned %d", seat->name,
                      seat->initializer_code);
    } else if (stage == PL_SEAT_INITIALIZING && processes->crew->initializer != NULL && !seat->has_lost_parent &&
               !(WIFSIGNALED(seat->status) && WTERMSIG(seat->status) == SIGKILL)) {
        describe_birth(processes, seat->index, &error);
    } else if (stage < PL_SEAT_WORKING && ++processes->still_born_count >= STILL_BORN_LIMIT) {
        pl_error_fill(&error, PARALLEL_EWORKER, 0, "%d workers in a row ended before they began to work",
                      STILL_BORN_LIMIT);
    } else {
        if (stage >= PL_SEAT_WORKING)
            processes->still_born_count = 0;
        return;
    }
    pl_processes_break(processes, &error);
}

/* Returns how many workers are left. */
static uint32_t vacate(struct pl_processes *processes, uint32_t index)
{
    struct pl_seat *seat = processes->seats[index];
    pl_crew_take_bit(processes->crew, index);
    pl_lock_acquire(&processes->lock);
    pl_processes_disconnect(processes, index);
    pl_store_relaxed(&processes->posts[index].is_staffed, false); /* relaxed: seen under the lock, or by this thread */
    uint32_t staffed_count = pl_sub_relaxed(&processes->staffed_count, 1) - 1; /* relaxed: under the lock */
    pl_store_release(&seat->life, PL_SEAT_EMPTY); /* pairs with the zygote's look */
    pl_lock_release(&processes->lock);
    return staffed_count;
}

void pl_processes_bury(struct pl_processes *processes, uint32_t index, struct pl_look *look)
{
    struct pl_seat *seat = processes->seats[index];
    uint16_t number = (uint16_t)processes->posts[index].number;
    (void)pl_processes_drain(processes, index, look);
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        uint16_t holder;
        enum pl_slot_state state = pl_processes_state_in(processes, slot, &holder);
        if (holder != number)
            continue;
        if (state == PL_SLOT_DONE)
            pl_processes_end_done_slot(processes, slot, (int)index, look);
        else if (state == PL_SLOT_RUNNING || state == PL_SLOT_STOPPED)
            end_casualty(processes, index, slot, look);
    }
    look_at_birth(processes, seat);
    (void)vacate(processes, index);
    pl_processes_repeat_hints(processes);
}

void pl_processes_give_up(struct pl_processes *processes, uint32_t index)
{
    struct pl_seat *seat = processes->seats[index];
    parallel_error error;
    pl_error_fill(&error, PARALLEL_EWORKER, seat->system_errno, "worker %s cannot be started", seat->name);
    if (vacate(processes, index) == 0)
        pl_processes_end_pending(processes, &error, true);
}
