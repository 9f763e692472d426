/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What comes back: calls that workers have finished, and deaths. One thread at a time does this (`collecting`), and it
 * calls nobody back while it does. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <libparallel/function.h>

#include "libparallel/base/copy.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"

/* ---- Ends of portions ---- */

/* Says of a task that has ended that it is forgotten; false: when it has been told. */
static bool let_go(struct pl_processes *processes, const struct pl_ended *ended)
{
    if (ended->is_telling_owed)
        pl_process_hub_tell_later(processes->hub, ended->task);
    else
        pl_task_release(ended->task);
    return !ended->is_telling_owed;
}

void pl_processes_give_back(struct pl_processes *processes)
{
    uint32_t count = pl_load_relaxed(&processes->kept_count); /* relaxed, both counts: written by who collects */
    uint32_t returned_count = pl_load_relaxed(&processes->returned_count), forgotten_count = 0;
    if (count == 0)
        return;
    pl_store_relaxed(&processes->kept_count, 0); /* published by the next store */
    for (uint32_t i = 0; i < count; i++)
        processes->returned[(returned_count + i) % PL_CREW_SLOTS] = (uint16_t)processes->kept[i].slot;
    pl_store_release(&processes->returned_count, returned_count + count); /* pairs with fetch_returned() */
    for (uint32_t i = 0; i < count; i++)
        forgotten_count += let_go(processes, &processes->kept[i]);
    pl_processes_count_ends(processes, forgotten_count);
    pl_fence_after_rmw(); /* before the caller's look at the line; partner: pl_processes_refill() of who enters it */
}

bool pl_processes_has_unended(struct pl_processes *processes)
{
    return pl_load_seq_cst(&processes->unfinished) > pl_load_relaxed(&processes->kept_count); /* relaxed: as above */
}

/* A caller that waits for the task does not wait until there are enough of them. */
static void keep(struct pl_processes *processes, const struct pl_ended *ended, struct pl_look *look)
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

void pl_processes_end_in_slot(struct pl_processes *processes, uint32_t slot, const struct pl_outcome *outcome,
                              struct pl_look *look)
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
    if (end_slot(processes, slot, &refused, &ended)) { /* not kept: the caller need not be one who collects */
        pl_processes_free_slot(processes, slot);
        pl_processes_count_ends(processes, let_go(processes, &ended));
    }
    pl_process_hub_ring(hub);
}

size_t pl_processes_index_in(const struct pl_processes *processes, uint32_t slot)
{
    const struct pl_portion *portion = &processes->tickets[slot].portion;
    if (portion->columns == NULL)
        return portion->first; /* which a worker may not have said */
    /* Relaxed: published with DONE, or the end of the worker. */
    return portion->first + pl_load_relaxed(&processes->crew->slots[slot].performance.index);
}

void pl_processes_end_done_slot(struct pl_processes *processes, uint32_t slot, int worker, struct pl_look *look)
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
        outcome.index = pl_processes_index_in(processes, slot);
    }
    pl_processes_end_in_slot(processes, slot, &outcome, look);
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
static void end_done_call(struct pl_processes *processes, const struct pl_done_call *done, int worker, struct pl_look *look)
{
    const struct pl_portion *portion = &processes->tickets[done->slot].portion;
    const struct pl_outcome outcome = {.failure = NULL, .worker = worker};
    pl_copy_small(portion->results, &done->result, portion->function->result_size);
    pl_processes_end_in_slot(processes, done->slot, &outcome, look);
}

/* Whether the call that a cell tells of is out. Acquire: pairs with publish(). If it is this call's it was written before the
 * worker had the call; else the call was found before it was announced. */
static bool is_out(const struct pl_ticket *ticket, uint32_t generation)
{
    uint64_t call = pl_load_acquire(&ticket->call);
    return call != 0 && (uint32_t)call == (uint32_t)pl_slot_tag(generation);
}

static const struct pl_ticket *ticket_at(struct pl_processes *processes, uint32_t index, uint64_t position,
                                         uint32_t *generation)
{
    struct pl_done_cell *cell = pl_done_cell_at(processes->seats[index], position);
    uint64_t word = pl_load_relaxed(&cell->word); /* relaxed: nothing is done with it that counts */
    *generation = pl_done_generation(word);
    return pl_done_is_at(word, position) ? &processes->tickets[pl_done_slot(word)] : NULL;
}

/* Asks for the lines of calls that are done and will be ended next: the submitter's, all of them. */
enum { TICKETS_AHEAD = 4, TASKS_AHEAD = 2 };

static void fetch_ahead(struct pl_processes *processes, uint32_t index, uint64_t position)
{
    uint32_t generation;
    if (ticket_at(processes, index, position, &generation) == NULL)
        return; /* the lines of later cells are the worker's, who writes there next */
    const struct pl_ticket *ticket = ticket_at(processes, index, position + TICKETS_AHEAD, &generation);
    if (ticket == NULL)
        return;
    pl_prefetch_to_write(ticket);
    pl_prefetch_to_write((const char *)ticket + PL_CACHE_LINE);
    ticket = ticket_at(processes, index, position + TASKS_AHEAD, &generation);
    if (ticket == NULL || !is_out(ticket, generation))
        return;
    pl_task_fetch_to_write(ticket->task);
}

uint32_t pl_processes_drain(struct pl_processes *processes, uint32_t index, struct pl_look *look)
{
    struct pl_post *post = &processes->posts[index];
    struct pl_done_call done;
    uint32_t found_count = 0;
    while (pl_crew_collect(processes->crew, processes->seats[index], &post->position, &done)) {
        const struct pl_ticket *ticket = &processes->tickets[done.slot];
        found_count++;
        fetch_ahead(processes, index, post->position);
        if (!is_out(ticket, done.generation))
            continue;
        if (done.has_result && ticket->is_plain && !processes->crew->is_accounted)
            end_done_call(processes, &done, (int)index, look);
        else
            pl_processes_end_done_slot(processes, done.slot, (int)index, look);
    }
    return found_count;
}

enum pl_slot_state pl_processes_state_in(struct pl_processes *processes, uint32_t slot, uint16_t *number)
{
    /* Acquire: as in is_out(). A call that is seen in the word and not here is another one's, which has ended. */
    uint64_t call = pl_load_acquire(&processes->tickets[slot].call);
    uint64_t word = pl_slot_look(&processes->crew->slots[slot]);
    *number = pl_slot_number_of(word);
    return call != 0 ? pl_slot_state_of(word, call - 1) : PL_SLOT_UNUSED;
}

/* ---- Collecting ---- */

uint32_t pl_processes_collect(struct pl_processes *processes)
{
    struct pl_look look = {.has_sent = false};
    uint32_t found_count = 0;
    bool has_buried = false;
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        if (!pl_processes_is_staffed(processes, index))
            continue;
        struct pl_seat *seat = processes->seats[index];
        uint32_t life = pl_load_acquire(&seat->life); /* before the cells: what a dead worker did is all there then */
        found_count += pl_processes_drain(processes, index, &look);
        if (life < PL_SEAT_ENDED)
            continue;
        has_buried = true;
        if (life == PL_SEAT_ENDED)
            pl_processes_bury(processes, index, &look);
        else
            pl_processes_give_up(processes, index);
    }
    if (found_count == 0 && !has_buried)
        return 0;
    /* Who enters it later finds what has been returned, or has a thousand calls before it, whose ends are collected later. */
    bool has_line = pl_line_length(&processes->line) > 0;
    bool is_closing = pl_load_relaxed(&processes->is_closing) != 0; /* relaxed: whoever closes it later rings by himself */
    if (has_line || is_closing || look.is_urgent || has_buried)
        pl_processes_give_back(processes); /* the executor may be closed after this, but not while this is collecting */
    if (has_line || look.has_sent || has_buried) {
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
    struct pl_look look = {.has_sent = false};
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        uint16_t number;
        if (pl_processes_state_in(processes, slot, &number) == PL_SLOT_DONE)
            pl_processes_end_done_slot(processes, slot, worker_of_number(processes, number), &look);
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
    pl_lock_acquire(&processes->lock);
    bool has_hints = pl_processes_has_hints(processes);
    pl_lock_release(&processes->lock);
    if (head == processes->head_at_tick && has_hints) /* calls wait, and since the last tick none was taken */
        call_everybody(processes);
    processes->head_at_tick = head;
}
