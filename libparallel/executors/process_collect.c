/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What comes back: calls that workers have finished, and deaths. One thread at a time does this (`collecting`), and it
 * calls nobody back while it does.
 *
 * A death is first proven (the zygote has waited for the process), then the worker's done cells are emptied, then every
 * slot that still bears its number is looked at: DONE was finished and not announced; RUNNING and STOPPED are the one
 * casualty. Hints that it took and did not use are repeated. Only then the seat is free for the next worker. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <signal.h>
#include <sys/wait.h>

#include <libparallel/function.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"

/* So many workers in a row may die before they have begun to work, by an accident that is not their initializer's. */
enum { STILL_BORN_LIMIT = 16 };

/* ---- Ends of portions ---- */

/* What a look at the workers has come to. */
struct look {
    bool has_sent;  /* further portions, for which there have to be workers */
    bool is_urgent; /* what has ended must be given back now: somebody wants to be told, or it is large */
};

/* `count` is 1, or they are processes->kept. */
static void give_back(struct pl_processes *processes, const struct pl_ended *ended, uint32_t count)
{
    uint32_t forgotten_count = 0;
    pl_lock_acquire(&processes->lock);
    for (uint32_t i = 0; i < count; i++)
        pl_processes_free_slot(processes, ended[i].slot);
    if (ended == processes->kept)
        pl_store_relaxed(&processes->kept_count, 0); /* relaxed: read under this lock, or by who collects */
    pl_lock_release(&processes->lock);
    for (uint32_t i = 0; i < count; i++) {
        if (ended[i].is_telling_owed) {
            pl_process_hub_tell_later(processes->hub, ended[i].task);
        } else {
            pl_task_release(ended[i].task);
            forgotten_count++;
        }
    }
    if (forgotten_count > 0)
        pl_processes_count_ends(processes, forgotten_count);
}

void pl_processes_give_back(struct pl_processes *processes)
{
    uint32_t count = pl_load_relaxed(&processes->kept_count); /* relaxed: written by who collects */
    if (count > 0)
        give_back(processes, processes->kept, count);
}

bool pl_processes_has_unended(struct pl_processes *processes)
{
    return pl_load_seq_cst(&processes->unfinished) > pl_load_relaxed(&processes->kept_count); /* relaxed: as above */
}

/* A caller that waits for the task does not wait until there are enough of them. */
static void keep(struct pl_processes *processes, const struct pl_ended *ended, struct look *look)
{
    uint32_t count = pl_load_relaxed(&processes->kept_count);
    processes->kept[count++] = *ended;
    pl_store_relaxed(&processes->kept_count, count);
    look->is_urgent |= ended->is_telling_owed;
    if (count == PL_KEPT_LIMIT)
        pl_processes_give_back(processes);
}

/* Lets a task know how its portion ended. False: it has another one, in *portion. */
static bool end_portion(struct pl_task *task, struct pl_portion *portion, const struct pl_outcome *outcome,
                        bool *is_telling_owed)
{
    const struct pl_carriage *carriage = task->class->carriage;
    pl_telling_later = (struct pl_telling){.is_on = true};
    carriage->end(task, portion, outcome);
    bool has_ended = pl_latch_is_open(&task->state) || !carriage->next(task, outcome->worker, portion);
    *is_telling_owed = pl_telling_later.is_owed;
    pl_telling_later = (struct pl_telling){.is_on = false};
    return has_ended;
}

/* Ends what stands in a slot, and loads it with the task's next portion if there is one: false. */
static bool end_slot(struct pl_processes *processes, uint32_t slot, const struct pl_outcome *outcome,
                     struct pl_ended *ended)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    pl_store_relaxed(&ticket->call, 0); /* relaxed: a cell that comes late is compared with it, by who collects */
    ended->task = ticket->task;
    ended->slot = slot;
    bool has_ended = end_portion(ended->task, &ticket->portion, outcome, &ended->is_telling_owed);
    if (!ticket->is_plain)
        pl_parcel_release(&processes->crew->slots[slot]);
    if (has_ended)
        return true;
    pl_lock_acquire(&processes->lock);
    ticket->retries = processes->retries;
    ticket->stop_reason = PL_STOP_NONE;
    pl_lock_release(&processes->lock);
    if (!pl_processes_dispatch(processes, slot))
        pl_processes_refuse_slot(processes, slot);
    return false;
}

static void end_and_keep(struct pl_processes *processes, uint32_t slot, const struct pl_outcome *outcome,
                         struct look *look)
{
    struct pl_ended ended;
    look->is_urgent |= !processes->tickets[slot].is_plain;
    if (end_slot(processes, slot, outcome, &ended))
        keep(processes, &ended, look);
    else
        look->has_sent = true;
}

void pl_processes_refuse_slot(struct pl_processes *processes, uint32_t slot)
{
    parallel_failure failure;
    pl_failure_fill(&failure, parallel_last_error(), -1);
    const struct pl_outcome refused = {
        .failure = &failure, .index = processes->tickets[slot].portion.first, .worker = -1};
    struct pl_ended ended;
    struct pl_process_hub *hub = processes->hub;
    if (end_slot(processes, slot, &refused, &ended))
        give_back(processes, &ended, 1); /* the caller need not be one who collects */
    pl_process_hub_ring(hub);
}

/* The index of the call in a slot that has failed, or was being made. */
static size_t index_in(const struct pl_processes *processes, uint32_t slot)
{
    const struct pl_portion *portion = &processes->tickets[slot].portion;
    if (portion->columns == NULL)
        return portion->first; /* which a worker may not have said */
    /* Relaxed: published with DONE, or the end of the worker. */
    return portion->first + pl_load_relaxed(&processes->crew->slots[slot].performance.index);
}

/* A slot that its worker has finished. */
static void end_done_slot(struct pl_processes *processes, uint32_t slot, int worker, struct look *look)
{
    const struct pl_slot *shared = &processes->crew->slots[slot];
    const struct pl_portion *portion = &processes->tickets[slot].portion;
    if (processes->tickets[slot].is_small)
        pl_parcel_unload_small(portion, shared);
    else if (processes->tickets[slot].is_plain)
        pl_parcel_unload_plain(portion, shared);
    else
        pl_parcel_unload(portion, shared);
    parallel_failure failure;
    struct pl_outcome outcome = {.failure = NULL, .worker = worker};
    parallel_resources resources;
    if (processes->crew->is_accounted && worker >= 0) {
        pl_usage_tell(&shared->usage, worker, processes->seats[worker]->place.name, &resources);
        outcome.resources = &resources;
    }
    if (shared->performance.has_failed) {
        pl_failure_fill(&failure, &shared->failure, worker);
        outcome.failure = &failure;
        outcome.index = index_in(processes, slot);
    }
    end_and_keep(processes, slot, &outcome, look);
}

/* -1: it has gone, and what it had finished was found before it announced it. */
static int worker_of_number(const struct pl_processes *processes, uint16_t number)
{
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++)
        if (pl_processes_is_staffed(processes, index) && (uint16_t)processes->posts[index].number == number)
            return (int)index;
    return -1;
}

/* One whose outcome is all in the cell: its slot is not looked at, which would be one line more to wait for. */
static void end_done_call(struct pl_processes *processes, const struct pl_done_call *done, int worker, struct look *look)
{
    const struct pl_portion *portion = &processes->tickets[done->slot].portion;
    const struct pl_outcome outcome = {.failure = NULL, .worker = worker};
    pl_copy_small(portion->results, &done->result, portion->function->result_size);
    end_and_keep(processes, done->slot, &outcome, look);
}

static uint32_t drain(struct pl_processes *processes, uint32_t index, struct look *look)
{
    struct pl_post *post = &processes->posts[index];
    struct pl_done_call done;
    uint32_t found_count = 0;
    while (pl_crew_collect(processes->crew, processes->seats[index], &post->position, &done)) {
        const struct pl_ticket *ticket = &processes->tickets[done.slot];
        found_count++;
        /* Acquire: pairs with publish(). If it is this call's it was written before the worker had the call. */
        uint64_t call = pl_load_acquire(&ticket->call);
        if (call == 0 || (uint32_t)call != (uint32_t)pl_slot_tag(done.generation))
            continue; /* it was found before it was announced */
        if (done.has_result && ticket->is_plain && !processes->crew->is_accounted)
            end_done_call(processes, &done, (int)index, look);
        else
            end_done_slot(processes, done.slot, (int)index, look);
    }
    return found_count;
}

/* ---- Deaths ---- */

static enum pl_stop_reason stop_reason_of(struct pl_processes *processes, uint32_t slot, bool *is_broken)
{
    pl_lock_acquire(&processes->lock);
    enum pl_stop_reason reason = processes->tickets[slot].stop_reason;
    *is_broken = processes->broken != NULL;
    pl_lock_release(&processes->lock);
    return reason;
}

/* A call whose worker is dead: once more, or failed. */
static void end_casualty(struct pl_processes *processes, uint32_t index, uint32_t slot, struct look *look)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    bool is_broken;
    enum pl_stop_reason reason = stop_reason_of(processes, slot, &is_broken);
    if (reason == PL_STOP_NONE && ticket->retries > 0 && !is_broken) { /* else nobody would make it */
        ticket->retries--;
        pl_parcel_release(&processes->crew->slots[slot]);
        look->has_sent = true;
        if (pl_processes_dispatch(processes, slot))
            return;
        reason = stop_reason_of(processes, slot, &is_broken);
    }
    parallel_failure failure;
    pl_processes_describe_death(processes, index, ticket->portion.function, reason, &failure);
    struct pl_outcome outcome = {.failure = &failure,
                                 .index = index_in(processes, slot),
                                 .worker = (int)index,
                                 .is_killed = reason == PL_STOP_KILL};
    parallel_resources resources;
    if (pl_processes_account_death(processes, index, &resources))
        outcome.resources = &resources;
    end_and_keep(processes, slot, &outcome, look);
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
        pl_processes_describe_birth(processes, seat->index, &error);
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

/* Of the call that is out in a slot, and who has it. For who collects, of what a dead worker has claimed, or what is done. */
static enum pl_slot_state state_in(struct pl_processes *processes, uint32_t slot, uint16_t *number)
{
    /* Acquire: as in drain(). A call that is seen in the word and not here is another one's, which has ended. */
    uint64_t call = pl_load_acquire(&processes->tickets[slot].call);
    uint64_t word = pl_slot_look(&processes->crew->slots[slot]);
    *number = pl_slot_number_of(word);
    return call != 0 ? pl_slot_state_of(word, call - 1) : PL_SLOT_UNUSED;
}

static void bury(struct pl_processes *processes, uint32_t index, struct look *look)
{
    struct pl_seat *seat = processes->seats[index];
    uint16_t number = (uint16_t)processes->posts[index].number;
    (void)drain(processes, index, look);
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        uint16_t holder;
        enum pl_slot_state state = state_in(processes, slot, &holder);
        if (holder != number)
            continue;
        if (state == PL_SLOT_DONE)
            end_done_slot(processes, slot, (int)index, look);
        else if (state == PL_SLOT_RUNNING || state == PL_SLOT_STOPPED)
            end_casualty(processes, index, slot, look);
    }
    look_at_birth(processes, seat);
    (void)vacate(processes, index);
    pl_processes_repeat_hints(processes);
}

/* The system has no process for a worker. If others live they do the work. */
static void give_up(struct pl_processes *processes, uint32_t index)
{
    struct pl_seat *seat = processes->seats[index];
    parallel_error error;
    pl_error_fill(&error, PARALLEL_EWORKER, seat->system_errno, "worker %s cannot be started", seat->name);
    if (vacate(processes, index) == 0)
        pl_processes_end_pending(processes, &error, true);
}

/* ---- Collecting ---- */

/* Whether hints lie there that nobody has taken. */
static bool has_hints(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    bool has_some = pl_crew_head(processes->crew) < processes->end.tail;
    pl_lock_release(&processes->lock);
    return has_some;
}

uint32_t pl_processes_collect(struct pl_processes *processes)
{
    struct look look = {.has_sent = false};
    uint32_t found_count = 0;
    bool has_buried = false;
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        if (!pl_processes_is_staffed(processes, index))
            continue;
        struct pl_seat *seat = processes->seats[index];
        uint32_t life = pl_load_acquire(&seat->life); /* before the cells: what a dead worker did is all there then */
        found_count += drain(processes, index, &look);
        if (life < PL_SEAT_ENDED)
            continue;
        has_buried = true;
        if (life == PL_SEAT_ENDED)
            bury(processes, index, &look);
        else
            give_up(processes, index);
    }
    if (found_count == 0 && !has_buried)
        return 0;
    /* Relaxed, all: whoever closes it later rings by himself, and a task that is put in line later has a thousand calls
     * before it, whose ends are collected later. */
    bool is_closing = pl_load_relaxed(&processes->is_closing) != 0;
    if (pl_load_relaxed(&processes->waiting_count) > 0 || is_closing || look.is_urgent || has_buried)
        pl_processes_give_back(processes); /* the executor may be closed after this, but not while this is collecting */
    if (pl_load_relaxed(&processes->waiting_count) > 0 || look.has_sent || has_buried) {
        (void)pl_processes_refill(processes);
        pl_processes_call_workers(processes);
    }
    if (processes->queue_limit > 0) {
        pl_add_seq_cst(&processes->room, 1); /* partner: wait_for_room() */
        pl_futex_wake(&processes->room, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
    }
    return found_count + has_buried;
}

/* ---- Limits of time, and lost wakes ---- */

bool pl_processes_stop_slot(struct pl_processes *processes, uint32_t slot, enum pl_stop_reason reason)
{
    uint16_t number = pl_slot_stop(&processes->crew->slots[slot], processes->tickets[slot].generation);
    if (number == 0)
        return false; /* it does not run, or has been stopped already, for the reason of then */
    processes->tickets[slot].stop_reason = reason;
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++)
        if (pl_processes_is_staffed(processes, index) && (uint16_t)processes->posts[index].number == number)
            /* Release: pairs with the zygote's look. */
            pl_store_release(&processes->seats[index]->kill_number, processes->posts[index].number);
    return true;
}

/* When the call that a worker runs is due; PARALLEL_NEVER if there is none. */
static uint64_t limit_ns_of(const struct pl_processes *processes, uint32_t index, uint32_t *slot)
{
    struct pl_seat *seat = processes->seats[index];
    uint64_t call = pl_load_acquire(&seat->call); /* pairs with the worker's store; publishes started_ns */
    if (!pl_processes_is_staffed(processes, index) || call == 0)
        return PARALLEL_NEVER;
    *slot = (uint32_t)call - 1;
    uint64_t word = pl_slot_look(&processes->crew->slots[*slot]);
    if (word != pl_slot_word(call >> 32, pl_slot_number_of(word), PL_SLOT_RUNNING))
        return PARALLEL_NEVER; /* it has ended since, and the slot may have another one, whose time is not known yet */
    return pl_load_relaxed(&seat->started_ns) + processes->timeout_ns;
}

uint64_t pl_processes_next_limit_ns(struct pl_processes *processes)
{
    uint64_t next_ns = PARALLEL_NEVER;
    if (processes->timeout_ns == 0)
        return next_ns;
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        uint32_t slot;
        uint64_t limit_ns = limit_ns_of(processes, index, &slot);
        if (limit_ns < next_ns)
            next_ns = limit_ns;
    }
    return next_ns;
}

static void stop_late_calls(struct pl_processes *processes, uint64_t now_ns)
{
    bool has_stopped = false;
    pl_lock_acquire(&processes->lock);
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        uint32_t slot = 0;
        if (limit_ns_of(processes, index, &slot) <= now_ns)
            has_stopped |= pl_processes_stop_slot(processes, slot, PL_STOP_TIMEOUT);
    }
    pl_lock_release(&processes->lock);
    if (has_stopped)
        pl_process_hub_poke(processes->hub);
}

/* Calls that are done, and whose worker has been stopped before it could say so. Right after all cells were emptied: a call
 * that ends here may have its cell by now, one that takes its slot may have another, and the worker's ring has room for
 * both, but not for a third. */
static void collect_unannounced(struct pl_processes *processes)
{
    struct look look = {.has_sent = false};
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        uint16_t number;
        if (state_in(processes, slot, &number) == PL_SLOT_DONE)
            end_done_slot(processes, slot, worker_of_number(processes, number), &look);
    }
    pl_processes_give_back(processes);
}

/* Whoever is thought to be awake takes nothing: it may be stopped, or was killed with the wake that was meant for
 * others. */
static void call_everybody(struct pl_processes *processes)
{
    bool has_woken = false;
    while (pl_crew_wake_one(processes->crew, processes->seats, pl_processes_seat_count(processes)))
        has_woken = true;
    if (!has_woken)
        pl_processes_call_another(processes);
}

void pl_processes_tick(struct pl_processes *processes, uint64_t now_ns)
{
    if (pl_load_relaxed(&processes->unfinished) == 0) /* relaxed: the next tick sees it */
        return;
    if (processes->timeout_ns > 0)
        stop_late_calls(processes, now_ns);
    if (processes->output == PARALLEL_OUTPUT_CAPTURE)
        pl_processes_bound_output(processes);
    uint64_t head = pl_crew_head(processes->crew);
    (void)pl_processes_collect(processes);
    collect_unannounced(processes);
    pl_processes_repeat_hints(processes);
    pl_processes_refill(processes);
    pl_processes_call_workers(processes);
    if (head == processes->head_at_tick && has_hints(processes)) /* calls wait, and since the last tick none was taken */
        call_everybody(processes);
    processes->head_at_tick = head;
}
