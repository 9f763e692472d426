/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A slot from the free ones until its call is published, and back to them.
 *
 * Loading a slot copies arguments, which may be large, so it is done without the lock: the slot is taken from the free
 * ones first, and belongs to the loader. A plain call, which has no pointers, is loaded under the lock, which is then taken
 * once for all that its submission has to do; a small one is not even that: it goes with its hint. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <libparallel/function.h>

#include "libparallel/base/error.h"
#include "libparallel/workers/known_code.h"

/* Under the lock. */
static void put_into_stock(struct pl_processes *processes, uint32_t slot)
{
    uint32_t count = pl_load_relaxed(&processes->stock_count); /* relaxed, both: under the lock */
    processes->tickets[slot].task = NULL;
    processes->stock[count] = (uint16_t)slot;
    pl_store_relaxed(&processes->stock_count, count + 1);
}

/* Under the lock: what has been returned lies on top afterwards, so that the same few slots are used where they suffice. */
static void fetch_returned(struct pl_processes *processes)
{
    uint32_t fetched_count = pl_load_relaxed(&processes->fetched_count); /* relaxed: under the lock */
    uint32_t returned_count = pl_load_acquire(&processes->returned_count); /* pairs with pl_processes_give_back() */
    while (fetched_count != returned_count)
        put_into_stock(processes, processes->returned[fetched_count++ % PL_CREW_SLOTS]);
    pl_store_relaxed(&processes->fetched_count, fetched_count);
}

/* Under the lock: there is one. */
static uint32_t take_slot(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion)
{
    fetch_returned(processes);
    uint32_t count = pl_load_relaxed(&processes->stock_count) - 1; /* relaxed, both: under the lock */
    uint32_t slot = processes->stock[count];
    pl_store_relaxed(&processes->stock_count, count);
    struct pl_ticket *ticket = &processes->tickets[slot];
    ticket->task = task;
    ticket->portion = *portion;
    ticket->is_single = portion->columns == NULL;
    ticket->hint = UINT64_MAX;
    ticket->retries = processes->retries;
    ticket->stop_reason = PL_STOP_NONE;
    ticket->is_being_loaded = false;
    return slot;
}

void pl_processes_free_slot(struct pl_processes *processes, uint32_t slot)
{
    pl_lock_acquire(&processes->lock);
    put_into_stock(processes, slot);
    pl_lock_release(&processes->lock);
}

void pl_processes_clear_slot(struct pl_processes *processes, uint32_t slot)
{
    pl_parcel_release(&processes->crew->slots[slot]);
    pl_store_relaxed(&processes->tickets[slot].call, 0); /* relaxed: no worker has it, or ever had */
    pl_processes_free_slot(processes, slot);
}

bool pl_processes_is_pending(struct pl_processes *processes, uint32_t slot)
{
    return pl_slot_state_of(pl_slot_look(&processes->crew->slots[slot]), processes->tickets[slot].generation) ==
           PL_SLOT_PENDING;
}

/* Under the lock: where the workers have a function. They have it, which was looked at when the task was submitted. */
static const parallel_function *function_there(struct pl_processes *processes, const parallel_function *function)
{
    if (function != processes->last_function) {
        processes->last_function = function;
        processes->last_there = pl_known_code_there(processes->hub->known_code, function);
    }
    return processes->last_there;
}

/* Under the lock. `others`: calls that may not have ended, beside that one. */
static void give_hint(struct pl_processes *processes, uint32_t slot, uint32_t others)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    struct pl_small_call small;
    struct pl_call_hint hint = {.slot = slot, .generation = ticket->generation, .is_settled = others == 0};
    if (ticket->is_small) {
        const struct pl_portion *portion = &ticket->portion;
        small = (struct pl_small_call){function_there(processes, portion->function), portion->arguments,
                                       portion->function->argument_size};
        hint.small = &small;
    }
    uint64_t number = processes->end.tail;
    ticket->hint = pl_crew_hint(processes->crew, &processes->end, &hint) ? number : UINT64_MAX;
}

/* Under the lock: how many tasks beside one have not ended, or may not have. */
static uint32_t count_others(struct pl_processes *processes)
{
    /* Acquire: who has given something back keeps it no more before it counts as finished. What could be published
     * meanwhile waits for the lock. */
    uint32_t others = pl_load_acquire(&processes->unfinished) - 1;
    /* Whoever collects writes there at each end: not to be looked at where it makes no difference. */
    return others > PL_KEPT_LIMIT ? others : others - pl_load_relaxed(&processes->kept_count);
}

/* Under the lock: a worker may claim the call from now on. */
static void publish(struct pl_processes *processes, uint32_t slot)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    if (!ticket->is_small)
        processes->crew->slots[slot].function = function_there(processes, ticket->portion.function);
    ticket->generation++;
    pl_store_release(&ticket->call, pl_slot_tag(ticket->generation)); /* publishes the ticket to is_out() */
    give_hint(processes, slot, count_others(processes));
}

/* Under the lock: the task is in the hands of the workers from now on. False: it was cancelled meanwhile. */
static bool send_away(struct pl_processes *processes, struct pl_task *task, uint32_t slot)
{
    task->position = slot;
    uint32_t word = pl_load_relaxed(&task->state.word); /* relaxed: the swap decides */
    if (word & PL_TASK_CANCEL_REQUESTED) /* of a call that is made again; later requests are made under the lock */
        pl_store_relaxed(&processes->crew->slots[slot].performance.asked, /* published with the hint */
                         pl_slot_tag(processes->tickets[slot].generation + 1));
    do {
        if (pl_task_state_of_word(word) == PL_TASK_RUNNING)
            return true; /* again, or with further calls: it is claimed for good */
        if (pl_task_state_of_word(word) != PL_TASK_PENDING)
            return false;
    } while (!pl_cas_acq_rel(&task->state.word, &word, word | PL_TASK_AWAY)); /* publishes `position` */
    return true;
}

/* The same for a task that nobody else knows yet. */
static void send_new_away(struct pl_task *task, uint32_t slot)
{
    task->position = slot;
    /* Release: publishes `position` to who gets to know the task. Relaxed look: it is this thread's own. */
    pl_store_release(&task->state.word, pl_load_relaxed(&task->state.word) | PL_TASK_AWAY);
}

bool pl_processes_take_slot(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion,
                            uint32_t *slot)
{
    *slot = take_slot(processes, task, portion);
    /* Before its arguments are read: who cancels a pending task may do away with them. */
    processes->tickets[*slot].is_being_loaded = true;
    if (send_away(processes, task, *slot))
        return true;
    put_into_stock(processes, *slot);
    return false;
}

/* Under the lock: why a call that has been loaded is not to be made after all. */
static bool is_stopped(struct pl_processes *processes, const struct pl_ticket *ticket)
{
    if (processes->is_broken)
        (void)pl_error_set_copy(&processes->breakage);
    /* Of a call that was to be made again: by somebody who thought that it ran. */
    return processes->is_broken || ticket->stop_reason != PL_STOP_NONE;
}

bool pl_processes_dispatch(struct pl_processes *processes, uint32_t slot)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    ticket->is_plain = ticket->is_small = false;
    bool is_loaded = pl_parcel_load(&ticket->portion, &processes->crew->slots[slot]) == 0;
    pl_lock_acquire(&processes->lock);
    ticket->is_being_loaded = false;
    bool is_to_be_made = is_loaded && !is_stopped(processes, ticket);
    bool is_wanted = is_to_be_made && send_away(processes, ticket->task, slot);
    if (is_wanted)
        publish(processes, slot);
    pl_lock_release(&processes->lock);
    if (is_to_be_made && !is_wanted) {
        struct pl_task *task = ticket->task;
        pl_processes_clear_slot(processes, slot);
        pl_processes_forget(processes, task);
    }
    return is_to_be_made;
}

bool pl_processes_send_plain(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion,
                             bool is_new)
{
    uint32_t slot = take_slot(processes, task, portion);
    struct pl_ticket *ticket = &processes->tickets[slot];
    if (is_new) {
        send_new_away(task, slot);
    } else if (!send_away(processes, task, slot)) {
        put_into_stock(processes, slot);
        return false;
    }
    ticket->is_plain = true;
    ticket->is_small = pl_parcel_is_small(portion);
    if (!ticket->is_small)
        pl_parcel_load_plain(portion, &processes->crew->slots[slot]);
    publish(processes, slot);
    return true;
}

void pl_processes_repeat_hints(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    uint64_t head = pl_crew_head(processes->crew);
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        uint64_t hint = processes->tickets[slot].hint;
        if (processes->tickets[slot].task != NULL && (hint < head || hint == UINT64_MAX) &&
            pl_processes_is_pending(processes, slot))
            give_hint(processes, slot, 1); /* at least: why else would it be repeated */
    }
    pl_lock_release(&processes->lock);
}
