/* SPDX-License-Identifier: BSD-3-Clause
 *
 * From submission to a slot, and workers for what is in the slots. A task waits in a list of this process while all slots
 * are taken, and until it has one its state is its own; with the slot it is AWAY, and the slot decides. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"

#include <sched.h>

#include <libparallel/function.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/workers/known_code.h"

/* ---- Waking and ordering workers ---- */

/* Under the lock. */
static bool order_one(struct pl_processes *processes)
{
    if (processes->is_broken)
        return false;
    for (uint32_t i = 0; i < processes->worker_count; i++) {
        if (pl_processes_is_staffed(processes, i))
            continue;
        pl_processes_order_worker(processes, i);
        return true;
    }
    return false;
}

/* Whether each call has a worker that is awake, and who is awake looks before it sleeps; or there are no more. Relaxed, but for
 * the sleepers: whoever changes what is looked at here asks the same afterwards. */
static bool are_enough(struct pl_processes *processes, uint32_t *sleepers)
{
    uint32_t seats = pl_processes_seat_count(processes), staffed = pl_load_relaxed(&processes->staffed_count);
    *sleepers = pl_crew_count_sleepers(processes->crew, seats);
    if (*sleepers == 0 && staffed == seats)
        return true; /* nobody to wake, and no place for another one */
    /* In this order: calls that end meanwhile count as calls still. */
    uint32_t calls = PL_CREW_SLOTS - pl_processes_count_free(processes);
    calls -= pl_load_relaxed(&processes->kept_count);
    return staffed >= *sleepers && staffed - *sleepers >= calls;
}

/* Releases the lock, under which a worker has been ordered, or not. */
static void release_and_poke(struct pl_processes *processes, bool has_ordered)
{
    pl_lock_release(&processes->lock);
    if (has_ordered)
        pl_process_hub_poke(processes->hub);
}

void pl_processes_call_workers(struct pl_processes *processes)
{
    uint32_t sleepers;
    bool has_ordered = false;
    pl_fence_after_rmw(); /* between the hint and the look at the sleepers (step P3) */
    if (are_enough(processes, &sleepers))
        return;
    pl_lock_acquire(&processes->lock);
    while (!are_enough(processes, &sleepers)) {
        if (sleepers > 0 && pl_crew_wake_one(processes->crew, processes->seats, pl_processes_seat_count(processes)))
            continue;
        if (!order_one(processes))
            break;
        has_ordered = true;
    }
    release_and_poke(processes, has_ordered);
}

/* Under the lock: whether all who are awake are bound to this processor. */
static bool are_all_here(struct pl_processes *processes, int cpu)
{
    for (uint32_t i = 0; i < pl_processes_seat_count(processes); i++)
        if (pl_processes_is_staffed(processes, i) && !pl_crew_is_asleep(processes->crew, i) &&
            !pl_seat_is_bound_to(processes->seats[i], cpu))
            return false;
    return true;
}

void pl_processes_call_elsewhere(struct pl_processes *processes)
{
    /* Relaxed: written by who collects, as the caller. One that has ended may have hints left of calls that were withdrawn. */
    if (pl_load_relaxed(&processes->ended) != 0 || !pl_processes_has_unended(processes))
        return;
    int cpu = sched_getcpu();
    pl_lock_acquire(&processes->lock);
    bool is_wanted = pl_processes_has_hints(processes) && are_all_here(processes, cpu);
    bool has_woken = is_wanted && pl_crew_wake_one(processes->crew, processes->seats, pl_processes_seat_count(processes));
    release_and_poke(processes, is_wanted && !has_woken && order_one(processes));
}

void pl_processes_call_another(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    release_and_poke(processes, order_one(processes));
}

/* ---- Waiting tasks ---- */

/* Under the lock: whether a task may have a slot at once, as nobody waits for one. */
static bool has_room_for_all(struct pl_processes *processes)
{
    return pl_processes_count_free(processes) > 0 && pl_line_length(&processes->line) == 0;
}

/* What a task is to be called with first. A single call is claimed by the worker, so it is only looked at; anything else
 * is claimed now. False: there is nothing to do, and the task has ended. */
static bool first_portion(struct pl_task *task, struct pl_portion *portion)
{
    task->class->carriage->look(task, portion);
    if (portion->columns == NULL)
        return true;
    return pl_task_claim(task) && task->class->carriage->next(task, -1, portion);
}

/* A task that is on its way into a slot, for which the lock is not needed. */
struct loading {
    struct pl_task *task;
    bool has_slot; /* false: there is nothing to do, and the task has ended */
    uint32_t slot;
};

/* Under the lock; there is a free slot. */
static struct loading begin_loading(struct pl_processes *processes, struct pl_task *task)
{
    struct loading loading = {.task = task};
    struct pl_portion portion;
    loading.has_slot = first_portion(task, &portion) && pl_processes_take_slot(processes, task, &portion, &loading.slot);
    return loading;
}

/* Without the lock. */
static void finish_loading(struct pl_processes *processes, const struct loading *loading)
{
    if (!loading->has_slot)
        pl_processes_forget(processes, loading->task);
    else if (!pl_processes_dispatch(processes, loading->slot))
        pl_processes_refuse_slot(processes, loading->slot);
}

/* Calls that are sent away at a time: as many as somebody who finds the lock taken can wait for without sleep. */
enum { REFILL_BATCH = 16 };

/* Under the lock: sends plain calls away from the head of the line, up to one that is not plain, or was cancelled, which is left
 * to finish_loading() unless loading->task is NULL. Returns how many it took from the line. */
static uint32_t send_waiting(struct pl_processes *processes, struct loading *loading)
{
    uint32_t taken_count = 0;
    loading->task = NULL;
    while (taken_count < REFILL_BATCH && loading->task == NULL && pl_processes_count_free(processes) > 0) {
        struct pl_portion portion;
        struct pl_task *task = pl_line_leave(&processes->line);
        if (task == NULL)
            break;
        taken_count++;
        task->class->carriage->look(task, &portion);
        if (!pl_parcel_is_plain(&portion))
            *loading = begin_loading(processes, task);
        else if (!pl_processes_send_plain(processes, task, &portion, false))
            *loading = (struct loading){.task = task};
    }
    return taken_count;
}

bool pl_processes_refill(struct pl_processes *processes)
{
    bool has_sent = false;
    for (;;) {
        struct loading loading;
        uint32_t taken_count;
        pl_fence_after_rmw(); /* a task, or a free slot, that somebody left to us, and this role, that we leave to others */
        if (pl_processes_count_free(processes) == 0 || pl_line_length(&processes->line) == 0 ||
            !pl_lock_try(&processes->refilling))
            return has_sent;
        do {
            pl_lock_acquire(&processes->lock);
            taken_count = send_waiting(processes, &loading);
            pl_lock_release(&processes->lock);
            has_sent |= taken_count > 0;
        } while (taken_count > 0 && loading.task == NULL);
        pl_lock_release(&processes->refilling); /* to load may take long, and others can go on meanwhile */
        if (loading.task != NULL)
            finish_loading(processes, &loading);
    }
}

void pl_processes_count_ends(struct pl_processes *processes, uint32_t count)
{
    struct pl_process_hub *hub = processes->hub;
    bool is_closing = pl_load_relaxed(&processes->is_closing) != 0; /* relaxed: the collector looks in any case */
    /* Release: whoever closes the executor sees all that its tasks did. Last: then it may be closed and freed. */
    if (pl_sub_seq_cst(&processes->unfinished, count) == count && is_closing)
        pl_process_hub_ring(hub);
}

void pl_processes_forget(struct pl_processes *processes, struct pl_task *task)
{
    pl_task_release(task);
    pl_processes_count_ends(processes, 1);
}

/* ---- Submission ---- */

static int refuse(struct pl_processes *processes)
{
    if (processes->is_broken)
        return pl_error_set_copy(&processes->breakage);
    return pl_error_set(PARALLEL_ESHUTDOWN, 0, "submission to a processes executor after its shutdown");
}

/* What can be said against calls before they have slots. */
static int check_portion(const struct pl_processes *processes, const struct pl_portion *portion)
{
    const struct pl_known_code *known = processes->hub->known_code;
    if (pl_known_code_there(known, portion->function) == NULL)
        return pl_error_set(PARALLEL_EUNKNOWNFUNCTION, 0, "%s %s, so no worker has it", portion->function->name,
                            pl_known_code_trouble(known, portion->function));
    return portion->columns != NULL ? 0 : pl_parcel_check(portion); /* a map's calls are looked at chunk by chunk */
}

/* Whether nothing can be said against a call, and it is plain. A program mostly has the same one as last time. */
static bool is_plain_and_known(struct pl_processes *processes, const struct pl_portion *portion)
{
    /* Relaxed, both: an address that is looked up again. Only a map has columns. */
    if (portion->columns == NULL && pl_load_relaxed(&processes->plain_function) == portion->function)
        return true;
    if (!pl_parcel_is_plain(portion) || pl_known_code_there(processes->hub->known_code, portion->function) == NULL)
        return false;
    pl_store_relaxed(&processes->plain_function, portion->function);
    return true;
}

/* How long a submitter waits for room before it looks again: a worker that begins a call tells nobody. */
#define ROOM_NAP_NS UINT64_C(1000000)

/* Under the lock: calls that wait for a worker to begin them, exact from queue= on: fewer need no look at each hint. A
 * hint that was repeated may be left behind by one call that runs already. */
static size_t count_waiting(struct pl_processes *processes)
{
    struct pl_crew *crew = processes->crew;
    uint64_t head = pl_crew_head(crew);
    size_t waiting = pl_line_length(&processes->line) + (size_t)(processes->end.tail - head);
    for (uint64_t ticket = head; ticket < processes->end.tail && waiting >= processes->queue_limit; ticket++) {
        uint32_t slot = pl_crew_hinted_slot(crew, ticket);
        if (processes->tickets[slot].hint != ticket || !pl_processes_is_pending(processes, slot))
            waiting--;
    }
    return waiting;
}

/* Under the lock: waits for room in the limited queue. Calls that a worker has begun do not count, and nobody tells when
 * one is begun, so the waiter is woken when a call has ended: then another one has begun. */
static int wait_for_room(struct pl_processes *processes)
{
    for (;;) {
        size_t waiting = count_waiting(processes);
        if (waiting < processes->queue_limit)
            return 0;
        if (pl_load_relaxed(&processes->is_closing) != 0 || processes->is_broken) /* relaxed: looked at again */
            return refuse(processes);
        if (processes->refuses_when_full)
            return pl_error_set(PARALLEL_EFULL, 0, "%zu calls wait already, as many as queue= allows", waiting);
        uint32_t room = pl_load_acquire(&processes->room); /* pairs with the collector's step */
        pl_lock_release(&processes->lock);
        (void)pl_futex_wait(&processes->room, room, pl_clock_now_ns() + ROOM_NAP_NS, PL_FUTEX_PRIVATE);
        pl_lock_acquire(&processes->lock);
    }
}

static void leave(struct pl_processes *processes, size_t count)
{
    if (pl_sub_seq_cst(&processes->unfinished, (uint32_t)count) == count)
        pl_process_hub_ring(processes->hub);
}

static int enter(struct pl_processes *processes, size_t count)
{
    pl_add_seq_cst(&processes->unfinished, (uint32_t)count); /* before the look; partner: pl_processes_wind_up() */
    pl_lock_acquire(&processes->lock);
    int code = 0;
    if (pl_load_seq_cst(&processes->is_closing) != 0 || processes->is_broken)
        code = refuse(processes);
    else if (processes->queue_limit > 0)
        code = wait_for_room(processes);
    pl_lock_release(&processes->lock);
    if (code != 0)
        leave(processes, count);
    return code;
}

static void submit_one(struct pl_processes *processes, struct pl_task *task)
{
    struct loading loading;
    pl_lock_acquire(&processes->lock);
    bool has_room = has_room_for_all(processes);
    if (has_room)
        loading = begin_loading(processes, task);
    bool is_in_line = !has_room && pl_line_enter(&processes->line, task);
    pl_lock_release(&processes->lock);
    if (has_room)
        finish_loading(processes, &loading);
    else if (!is_in_line)
        pl_processes_end_at_home(processes, task, &processes->breakage, false);
}

/* A wake takes longer than all that a submission has to do. So where every worker sleeps one is woken before the call is
 * there to be found: it looks for longer than that before it sleeps again. */
static void wake_early(struct pl_processes *processes)
{
    uint32_t seats = pl_processes_seat_count(processes);
    uint32_t sleepers = pl_crew_count_sleepers(processes->crew, seats);
    /* Relaxed: one wake too many does no harm, and one too few is made up for when the hint has been given. */
    if (sleepers > 0 && sleepers == pl_load_relaxed(&processes->staffed_count))
        (void)pl_crew_wake_one(processes->crew, processes->seats, seats);
}

static int refuse_outside(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->lock);
    int code = refuse(processes);
    pl_lock_release(&processes->lock);
    return code;
}

/* For a submitter that finds others before it: it need not wait for the lock, which is theirs who put them into slots. */
static int wait_in_line(struct pl_processes *processes, struct pl_task *task)
{
    if (pl_load_seq_cst(&processes->is_closing) != 0 || !pl_line_enter(&processes->line, task))
        return refuse_outside(processes);
    if (pl_processes_refill(processes)) /* slots have become free meanwhile */
        pl_processes_call_workers(processes);
    return 0;
}

/* Everything for a plain call, under the lock at once. */
static int submit_plain(struct pl_processes *processes, struct pl_task *task, const struct pl_portion *portion)
{
    int code = 0;
    wake_early(processes);
    pl_add_seq_cst(&processes->unfinished, 1); /* before the looks; partners: pl_processes_wind_up(), the collector */
    pl_process_hub_watch(processes->hub, processes->crew);
    bool is_in_line = pl_line_length(&processes->line) > 0;
    if (!is_in_line) {
        pl_lock_acquire(&processes->lock);
        if (pl_load_seq_cst(&processes->is_closing) != 0 || processes->is_broken) {
            code = refuse(processes);
        } else {
            is_in_line = !has_room_for_all(processes);
            if (!is_in_line)
                (void)pl_processes_send_plain(processes, task, portion, true);
        }
        pl_lock_release(&processes->lock);
    }
    if (is_in_line)
        code = wait_in_line(processes, task);
    else if (code == 0)
        pl_processes_call_workers(processes);
    if (code != 0)
        leave(processes, 1);
    return code;
}

int pl_processes_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last, size_t count)
{
    struct pl_processes *processes = pl_processes_of(executor);
    struct pl_portion all;
    last->next = NULL;
    if (first == last && first->class->carriage != NULL && processes->queue_limit == 0) {
        first->class->carriage->look(first, &all);
        if (is_plain_and_known(processes, &all))
            return submit_plain(processes, first, &all);
    }
    int code = enter(processes, count);
    if (code != 0)
        return code;
    if (first->class->carriage == NULL) { /* such a task comes alone */
        code = pl_processes_submit_to_helper(processes, first);
        leave(processes, 1);
        return code;
    }
    first->class->carriage->look(first, &all); /* others that come with it are of the same map */
    code = check_portion(processes, &all);
    if (code != 0) {
        leave(processes, count);
        return code;
    }
    pl_process_hub_watch(processes->hub, processes->crew);
    while (first != NULL) {
        struct pl_task *task = first;
        first = task->next;
        submit_one(processes, task);
    }
    (void)pl_processes_refill(processes); /* slots may have become free while tasks were put in line */
    pl_processes_call_workers(processes);
    return 0;
}
