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

#include "libparallel/workers/known_code.h"

uint32_t pl_processes_take_slot(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion)
{
    uint32_t slot = processes->free_slots[--processes->free_count];
    struct pl_ticket *ticket = &processes->tickets[slot];
    ticket->task = task;
    ticket->portion = *portion;
    ticket->is_single = portion->columns == NULL;
    ticket->hint = UINT64_MAX;
    ticket->retries = processes->retries;
    ticket->stop_reason = PL_STOP_NONE;
    return slot;
}

void pl_processes_free_slot(struct pl_processes *processes, uint32_t slot)
{
    processes->tickets[slot].task = NULL;
    processes->free_slots[processes->free_count++] = (uint16_t)slot;
}

void pl_processes_clear_slot(struct pl_processes *processes, uint32_t slot)
{
    pl_parcel_release(&processes->crew->slots[slot]);
    pl_store_relaxed(&processes->tickets[slot].call, 0); /* relaxed: no worker has it, or ever had */
    pl_lock_acquire(&processes->lock);
    pl_processes_free_slot(processes, slot);
    pl_lock_release(&processes->lock);
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

/* Under the lock: how many tasks have not ended, or may not have. */
static uint32_t count_unended(struct pl_processes *processes)
{
    /* Relaxed, both: whatever could be published, or given back, meanwhile waits for the lock. */
    return pl_load_relaxed(&processes->unfinished) - pl_load_relaxed(&processes->kept_count);
}

/* Under the lock: a worker may claim the call from now on. */
static void publish(struct pl_processes *processes, uint32_t slot)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    if (!ticket->is_small)
        processes->crew->slots[slot].function = function_there(processes, ticket->portion.function);
    ticket->generation++;
    pl_store_release(&ticket->call, pl_slot_tag(ticket->generation)); /* publishes the ticket to drain() */
    give_hint(processes, slot, count_unended(processes) - 1);
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

bool pl_processes_dispatch(struct pl_processes *processes, uint32_t slot)
{
    struct pl_ticket *ticket = &processes->tickets[slot];
    ticket->is_plain = ticket->is_small = false;
    if (pl_parcel_load(&ticket->portion, &processes->crew->slots[slot]) != 0)
        return false;
    pl_lock_acquire(&processes->lock);
    if (ticket->stop_reason != PL_STOP_NONE) { /* of a call that was to be made again, by somebody who thought that it ran */
        pl_lock_release(&processes->lock);
        return false;
    }
    bool is_wanted = send_away(processes, ticket->task, slot);
    if (is_wanted)
        publish(processes, slot);
    pl_lock_release(&processes->lock);
    if (!is_wanted) {
        struct pl_task *task = ticket->task;
        pl_processes_clear_slot(processes, slot);
        pl_processes_forget(processes, task);
    }
    return true;
}

bool pl_processes_send_plain(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion,
                             bool is_new)
{
    uint32_t slot = pl_processes_take_slot(processes, task, portion);
    struct pl_ticket *ticket = &processes->tickets[slot];
    if (is_new) {
        send_new_away(task, slot);
    } else if (!send_away(processes, task, slot)) {
        pl_processes_free_slot(processes, slot);
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
