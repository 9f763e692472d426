/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The ends of calls that no worker will make: at a shutdown that cancels, in an executor that can start no workers any
 * more, and after the zygote and its standby are both lost. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <signal.h>

#include "libparallel/base/error.h"

void pl_processes_end_at_home(struct pl_processes *processes, struct pl_task *task, const parallel_error *error,
                              bool is_collecting)
{
    pl_telling_later = (struct pl_telling){.is_on = is_collecting};
    if (error == NULL)
        task->class->cancel(task);
    if (pl_task_claim(task) || pl_task_state(task) == PL_TASK_RUNNING) { /* running: a map's, between two portions */
        parallel_error cancelled;
        pl_error_fill(&cancelled, PARALLEL_ECANCELLED, 0, "the executor was shut down");
        task->class->fail(task, error != NULL ? error : &cancelled);
    }
    bool is_telling_owed = pl_telling_later.is_owed;
    pl_telling_later = (struct pl_telling){.is_on = false};
    if (is_telling_owed)
        pl_process_hub_tell_later(processes->hub, task);
    else
        pl_processes_forget(processes, task);
}

static struct pl_task *take_first(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    struct pl_task *task = pl_line_leave(&processes->line);
    pl_lock_release(&processes->lock);
    return task;
}

void pl_processes_end_pending(struct pl_processes *processes, const parallel_error *error, bool is_collecting)
{
    for (struct pl_task *task; (task = take_first(processes)) != NULL;)
        pl_processes_end_at_home(processes, task, error, is_collecting);
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        pl_lock_acquire(&processes->lock);
        struct pl_task *task = processes->tickets[slot].task;
        bool is_ours = task != NULL &&
                       pl_slot_withdraw(&processes->crew->slots[slot], processes->tickets[slot].generation);
        if (is_ours)
            pl_task_come_home(task);
        pl_lock_release(&processes->lock);
        if (!is_ours)
            continue;
        pl_processes_clear_slot(processes, slot);
        pl_processes_end_at_home(processes, task, error, is_collecting);
    }
    pl_process_hub_ring(processes->hub);
}

void pl_processes_break(struct pl_processes *processes, const parallel_error *error)
{
    pl_lock_acquire(&processes->lock);
    if (!processes->is_broken)
        processes->breakage = *error;
    processes->is_broken = true;
    pl_lock_release(&processes->lock);
    pl_line_close(&processes->line);
    pl_processes_end_pending(processes, error, true);
}

void pl_processes_lose_all(struct pl_processes *processes)
{
    for (uint32_t index = 0; index < pl_processes_seat_count(processes); index++) {
        if (!pl_processes_is_staffed(processes, index))
            continue;
        struct pl_seat *seat = processes->seats[index];
        seat->status = SIGKILL;
        seat->has_lost_parent = true;
        pl_store_release(&seat->life, PL_SEAT_ENDED); /* to this thread; the zygote is gone */
    }
    parallel_error error;
    pl_error_fill(&error, PARALLEL_EWORKER, 0,
                  "the zygote and its standby have both been killed, so no worker can be started");
    pl_processes_break(processes, &error);
    (void)pl_processes_collect(processes);
}
